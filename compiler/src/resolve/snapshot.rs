//! Account snapshots: pages of `aws iam get-account-authorization-details`, as the command line or the raw API gives them.

mod identity;
mod policy;

use portcullis_grammar::json::{Kind, Member, Value};

use super::codes;
use super::drafts::{Drafts, IdentityKind, Page};
use super::names::EntityArn;
use super::reader::{Reader, fields, shown};

/// The keys that make a page.
pub(super) const LISTS: [&str; 4] = ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"];

const PAGE: [&str; 7] =
    ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies", "IsTruncated", "Marker", "NextToken"];

/// Reads one page into the drafts.
pub(super) fn page<'a>(reader: &mut Reader<'a, '_>, members: &[Member], drafts: &mut Drafts<'a>) {
    let ([users, groups, roles, policies, truncated, marker, token], unknown) = fields(members, PAGE);
    unknown_fields(reader, unknown, "a snapshot", &PAGE, &["ResponseMetadata"]);
    let (first_identity, first_policy) = (drafts.identities.len(), drafts.policies.len());
    let (mut entries, mut policies_read) = (0, 0);
    for (list, kind) in
        [(users, IdentityKind::User), (groups, IdentityKind::Group), (roles, IdentityKind::Role)]
    {
        for item in reader.items(list) {
            identity::read(reader, item, kind, drafts);
            entries += 1;
        }
    }
    for item in reader.items(policies) {
        policies_read += usize::from(policy::read(reader, item, drafts));
        entries += 1;
    }
    let read = drafts.identities.len() - first_identity + policies_read;
    let no_list =
        |member: Option<&Member>| member.is_some_and(|member| !matches!(member.value.kind, Kind::Array(_)));
    drafts.incomplete |= read < entries || [users, groups, roles, policies].into_iter().any(no_list);
    let identities = drafts.identities.iter().skip(first_identity).map(|identity| &identity.account);
    let policies = drafts.policies.iter().skip(first_policy).map(|policy| &policy.account);
    let account = identities.chain(policies).find(|account| &***account != "aws").cloned();
    let said = truncated.and_then(|member| reader.boolean(&member.value, "`IsTruncated`"));
    // The API sends `Marker` only where more follows, and the command line `NextToken`.
    let more = token.or(marker).filter(|member| member.value.kind != Kind::Null);
    let cut = match (said, truncated) {
        (Some(true), Some(member)) => Some(member),
        (Some(false), _) => token.filter(|member| member.value.kind != Kind::Null),
        _ => more,
    };
    let truncated = cut.map(|member| reader.place(member.key_span));
    drafts.pages.push(Page { account, truncated });
}

/// Fields that AWS may have added are no reason to refuse a snapshot, but nothing is ignored silently; and a field that is spelt nearly
/// like one that matters is an error: a boundary or a deny may stand in it.
pub(super) fn unknown_fields(
    reader: &mut Reader<'_, '_>,
    unknown: Vec<&Member>,
    what: &str,
    known: &[&str],
    ignored: &[&str],
) {
    for member in unknown {
        if ignored.contains(&&*member.key) {
            continue;
        }
        let (code, name) = (codes::SNAPSHOT_UNKNOWN_FIELD, shown(&member.key));
        let help = reader.did_you_mean(code, &member.key, known);
        // Statements beside the lists of a page are a policy that got into the wrong place.
        if reader.nearest(code, &member.key, known).is_some() || &*member.key == "Statement" {
            let message = format!("{what} has no field `{name}`");
            reader.error(codes::SNAPSHOT_MISSPELT_FIELD, member.key_span, message, help);
        } else {
            let message = format!("the field `{name}` of {what} is not known; it is ignored");
            reader.lint(code, member.key_span, message, help);
        }
    }
}

/// Reads the ARN of an entity and checks it against the kind, name and path that stand beside it.
fn entity_arn<'v>(
    reader: &mut Reader<'_, '_>,
    member: Option<&'v Member>,
    what: &str,
    kind: &str,
    name: Option<&str>,
    path: Option<&str>,
    whole: &Value,
) -> Option<(&'v str, EntityArn<'v>)> {
    let text = reader.required_string(member, "Arn", what, whole.span)?;
    let span = member.map_or(whole.span, |member| member.value.span);
    let parsed = match EntityArn::parse(text) {
        Ok(parsed) => parsed,
        Err(why) => {
            let message = format!("`{}` is no ARN of {what}: {why}", shown(text));
            reader.error(
                codes::I1_BAD_ARN,
                span,
                message,
                format!("write arn:aws:iam::ACCOUNT:{kind}/PATH/NAME"),
            );
            return None;
        }
    };
    let contradiction = if parsed.kind != kind {
        Some(format!("is the ARN of a {}", parsed.kind))
    } else if name.is_some_and(|name| name != parsed.name) {
        Some("has another name than stands beside it".to_owned())
    } else if path.is_some_and(|path| path != parsed.path) {
        Some("has another path than stands beside it".to_owned())
    } else {
        None
    };
    if let Some(contradiction) = contradiction {
        let message = format!("the ARN `{}` of {what} {contradiction}", shown(text));
        reader.error(
            codes::I1_BAD_ARN,
            span,
            message,
            "an ARN ends in its path and name; correct one of them",
        );
        return None;
    }
    Some((text, parsed))
}
