//! Principal elements (rules N1–N6). Kept as written; what AWS would refuse is refused here.

use portcullis_grammar::json::{Kind, Member, Value};
use portcullis_grammar::source::Span;
use portcullis_runtime::value::arn;

use super::codes;
use super::reader::{Reader, shown};
use crate::model::{Effect, PrincipalClause, PrincipalEntry, PrincipalType};

const TYPES: [(&str, PrincipalType); 4] = [
    ("AWS", PrincipalType::Aws),
    ("Service", PrincipalType::Service),
    ("Federated", PrincipalType::Federated),
    ("CanonicalUser", PrincipalType::CanonicalUser),
];

/// Reads `Principal` or `NotPrincipal`.
pub(super) fn clause(reader: &mut Reader<'_, '_>, name: &str, value: &Value) -> PrincipalClause {
    let negated = name == "NotPrincipal";
    let mut entries = Vec::new();
    match &value.kind {
        Kind::String(text) if &**text == "*" => {
            entries.push(PrincipalEntry { kind: PrincipalType::Everyone, text: "*".into() })
        }
        Kind::Object(members) if !members.is_empty() => {
            members.iter().for_each(|member| typed(reader, member, &mut entries));
        }
        _ => {
            let message = format!("`{name}` has to be \"*\" or an object such as {{\"AWS\": …}}");
            let help = "write {\"AWS\": ARN or account}, {\"Service\": …}, {\"Federated\": …} or \"*\"";
            reader.error(codes::N1_PRINCIPAL_SHAPE, value.span, message, help);
        }
    }
    PrincipalClause { negated, entries }
}

fn typed(reader: &mut Reader<'_, '_>, member: &Member, entries: &mut Vec<PrincipalEntry>) {
    let Some((name, kind)) = TYPES.iter().copied().find(|(name, _)| **name == *member.key) else {
        let message = format!("there is no type of principal `{}`", shown(&member.key));
        let help = reader.did_you_mean(codes::P3_UNKNOWN_ELEMENT, &member.key, &TYPES.map(|(name, _)| name));
        reader.error(codes::P3_UNKNOWN_ELEMENT, member.key_span, message, help);
        return;
    };
    let texts = reader.strings(&member.value, &format!("`{name}`"));
    if texts.is_empty() && matches!(&member.value.kind, Kind::Array(_)) {
        reader.error(
            codes::N1_PRINCIPAL_SHAPE,
            member.value.span,
            format!("`{name}` names no principal"),
            "name one, or remove it",
        );
    }
    for (text, span) in texts {
        match kind {
            PrincipalType::Aws => aws(reader, text, span),
            _ if text == "*" => {
                let message = format!("\"*\" under `{name}` matches nothing");
                let help = "name the principals; \"*\" stands alone or under AWS";
                reader.error_l(codes::N5_WILDCARD_PRINCIPAL, span, message, help);
            }
            _ => {}
        }
        entries.push(PrincipalEntry { kind, text: text.into() });
    }
}

/// What rules N2 to N5 say about an entry under `AWS`.
fn aws(reader: &mut Reader<'_, '_>, text: &str, span: Span) {
    if text == "*" || arn::is_account(text) || is_unique_id(text) {
        return;
    }
    if text.contains(['*', '?']) {
        let message = format!("a wildcard stands inside the principal `{}`", shown(text));
        let help = "name each principal; or write \"*\" with a condition on aws:PrincipalArn";
        reader.error(codes::N4_WILDCARD_PRINCIPAL, span, message, help);
        return;
    }
    let known = match arn::split(text) {
        Some(["arn", _, "iam", "", _, resource]) if resource.starts_with("group/") => {
            let help = "name the users, or attach an identity policy to the group";
            reader.error(codes::N4_GROUP_PRINCIPAL, span, "a group cannot be a principal", help);
            return;
        }
        Some(["arn", _, "iam", "", account, resource]) => {
            arn::is_account(account)
                && (resource == "root" || resource.starts_with("user/") || resource.starts_with("role/"))
        }
        Some(["arn", _, "sts", "", account, resource]) => {
            arn::is_account(account)
                && (resource.starts_with("assumed-role/") || resource.starts_with("federated-user/"))
        }
        _ => false,
    };
    if !known {
        let message = format!("`{}` is no account, user, role or session, and matches nobody", shown(text));
        reader.lint(
            codes::N3_UNRECOGNIZED_PRINCIPAL,
            span,
            message,
            "write an account number or the ARN of a user, role or session",
        );
    }
}

/// What rule N6 says about `NotPrincipal`.
pub(super) fn lint_not_principal(
    reader: &mut Reader<'_, '_>,
    clause: &PrincipalClause,
    effect: Option<Effect>,
    member: &Member,
) {
    if effect == Some(Effect::Allow) {
        let message = "`NotPrincipal` with Allow grants to everybody who is not named, anonymous callers too";
        reader.error_l(
            codes::N6_NOT_PRINCIPAL_ALLOW,
            member.key_span,
            message,
            "name the principals in \"Principal\"",
        );
    }
    let account_of = |text: &str| match arn::split(text) {
        Some(["arn", _, "iam", "", account, resource]) if resource != "root" => Some(account.to_owned()),
        _ => None,
    };
    let names = |account: &str| {
        clause.entries.iter().any(|entry| {
            *entry.text == *account
                || matches!(arn::split(&entry.text), Some([_, _, "iam", _, of, "root"]) if of == account)
        })
    };
    let missing =
        clause.entries.iter().find_map(|entry| account_of(&entry.text).filter(|account| !names(account)));
    if let Some(account) = missing {
        let message = format!(
            "a user or role of account {account} is named in `NotPrincipal`, the account itself is not"
        );
        reader.lint(
            codes::N6_WITHOUT_ACCOUNT,
            member.key_span,
            message,
            "AWS may deny all the same: add the account's ARN, arn:aws:iam::ACCOUNT:root",
        );
    }
}

/// Whether this looks like the unique id of a user or role (rule N5).
pub(super) fn is_unique_id(text: &str) -> bool {
    let form =
        text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    form && (text.starts_with("AIDA") || text.starts_with("AROA"))
}
