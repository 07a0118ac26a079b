//! Who asks in a scenario: a user or a role, so far.

use portcullis_grammar::source::Span;
use portcullis_runtime::value::arn;

use super::super::codes;
use super::super::names::EntityArn;
use super::super::reader::{Reader, shown};

/// The user or role that asks.
pub(super) struct Asker<'t> {
    pub(super) text: &'t str,
    pub(super) arn: EntityArn<'t>,
    pub(super) is_role: bool,
}

/// Reads the principal; any other than a user or role is reported.
pub(super) fn read<'t>(reader: &mut Reader<'_, '_>, text: &'t str, span: Span) -> Option<Asker<'t>> {
    let parsed = EntityArn::parse(text);
    if let Ok(arn) = parsed
        && matches!(arn.kind, "user" | "role")
    {
        return Some(Asker { text, arn, is_role: arn.kind == "role" });
    }
    if let Some(kind) = not_evaluated(text) {
        let message = format!("this version does not evaluate {kind} (`principal` is `{}`)", shown(text));
        reader.error(codes::SCENARIO_UNSUPPORTED, span, message, "users and roles are evaluated");
    } else {
        let why = parsed.err().unwrap_or("it is neither a user nor a role");
        let message = format!("`{}` is no principal: {why}", shown(text));
        reader.error(codes::SCENARIO_FIELD, span, message, "write the ARN of a user or role");
    }
    None
}

/// The kind of a principal that exists and is not evaluated.
fn not_evaluated(text: &str) -> Option<&'static str> {
    if text == "*" {
        return Some("anonymous principals");
    }
    match arn::split(text) {
        Some(["arn", _, "sts", "", account, resource]) if arn::is_account(account) => {
            let session = resource.starts_with("assumed-role/") || resource.starts_with("federated-user/");
            session.then_some("sessions")
        }
        Some(["arn", _, "iam", "", account, "root"]) if arn::is_account(account) => Some("root users"),
        Some(["arn", _, "iam", "", account, resource]) if arn::is_account(account) => {
            let provider = resource.starts_with("saml-provider/") || resource.starts_with("oidc-provider/");
            provider.then_some("identity providers")
        }
        Some(_) => None,
        None => {
            let name = text.contains('.')
                && !text.contains(|character: char| character.is_whitespace() || character == ':');
            name.then_some("service principals and identity providers")
        }
    }
}
