//! Who asks in a scenario, and the identity behind it.

use portcullis_grammar::source::Span;
use portcullis_runtime::principal::{PrincipalKind, classify, parts};

use super::super::codes;
use super::super::names::EntityArn;
use super::super::reader::{Reader, shown};

/// Who asks.
pub(super) struct Asker<'t> {
    /// Its account; `None` for those that have none.
    pub(super) account: Option<&'t str>,
    /// The user or role that it is, or that stands behind its session.
    pub(super) identity: Option<Behind>,
}

/// A user or role.
pub(super) struct Behind {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) is_role: bool,
}

/// Reads the principal; what is none is reported.
pub(super) fn read<'t>(reader: &mut Reader<'_, '_>, text: &'t str, span: Span) -> Option<Asker<'t>> {
    let kind = classify(text);
    let it = parts(kind, text);
    let behind = |kind: &str| Behind {
        arn: format!("arn:{}:iam::{}:{kind}/{}", it.partition, it.account, it.name),
        name: it.name.to_owned(),
        path: "/".to_owned(),
        is_role: kind == "role",
    };
    let identity = match kind {
        PrincipalKind::User | PrincipalKind::Role => match EntityArn::parse(text) {
            Ok(arn) => Some(Behind {
                arn: text.to_owned(),
                name: arn.name.to_owned(),
                path: arn.path.to_owned(),
                is_role: arn.kind == "role",
            }),
            Err(why) => return refuse(reader, text, span, why),
        },
        PrincipalKind::RoleSession => Some(behind("role")),
        PrincipalKind::FederatedUser => Some(behind("user")),
        // Any word could be the name of a service, and is more likely a mistake.
        PrincipalKind::Service if !text.contains('.') => {
            return refuse(
                reader,
                text,
                span,
                "it is no ARN, and services and identity providers have a dot in their names",
            );
        }
        PrincipalKind::Malformed => {
            let why = match EntityArn::parse(text) {
                Ok(_) => "it names a group, which cannot ask, or its name is too long",
                Err(why) => why,
            };
            return refuse(reader, text, span, why);
        }
        _ => None,
    };
    Some(Asker { account: Some(it.account).filter(|account| !account.is_empty()), identity })
}

fn refuse<'t>(reader: &mut Reader<'_, '_>, text: &str, span: Span, why: &str) -> Option<Asker<'t>> {
    let message = format!("`{}` is no principal: {why}", shown(text));
    let help = "write the ARN of a user, role, session or root user, the name of a service, or *";
    reader.error(codes::SCENARIO_FIELD, span, message, help);
    None
}
