//! Resources files: a list of `{"arn", "account", "tags", "policy"}` (DESIGN section 6).

use portcullis_grammar::json::{Kind, Member, Value};
use portcullis_grammar::source::Span;
use portcullis_runtime::value::arn;

use super::drafts::{Drafts, ResourceDraft};
use super::reader::{Reader, fields, shown};
use super::snapshot::unknown_fields;
use super::{codes, document, tags};
use crate::model::resource::owner_name;
use crate::model::{DocumentKind, Effect, Origin, Tag};

const FIELDS: [&str; 4] = ["arn", "account", "tags", "policy"];
const WHAT: &str = "a resource";

/// Whether an object is a resource: it has an ARN, and something to say of it.
pub(super) fn is_resource(members: &[Member]) -> bool {
    let has = |name: &str| members.iter().any(|member| &*member.key == name);
    has("arn") && (has("account") || has("policy") || has("tags"))
}

/// What is declared of a resource.
pub(super) struct Declared {
    /// Its ARN as written, and where it stands.
    pub(super) text: Box<str>,
    pub(super) span: Span,
    /// The account that is given.
    pub(super) account: Option<Box<str>>,
    pub(super) tags: Option<Vec<Tag>>,
    pub(super) policy: Option<document::Sized>,
    pub(super) origin: Origin,
}

/// What the policy of this ARN's resource is attached as.
pub(super) fn kind_of(arn: &str) -> DocumentKind {
    match arn::split(arn) {
        Some([_, _, "ec2", _, _, name]) if name.starts_with("vpc-endpoint/") => DocumentKind::Endpoint,
        _ => DocumentKind::Resource,
    }
}

/// Reads one resource into the drafts.
pub(super) fn read<'a>(
    reader: &mut Reader<'a, '_>,
    value: &Value,
    members: &[Member],
    drafts: &mut Drafts<'a>,
) {
    let ([arn_member, account, tags, policy], unknown) = fields(members, FIELDS);
    unknown_fields(reader, unknown, WHAT, &FIELDS, &[]);
    let text = reader.required_string(arn_member, "arn", WHAT, value.span);
    let span = arn_member.map_or(value.span, |member| member.value.span);
    let given = |member: Option<&'_ Member>| member.filter(|member| member.value.kind != Kind::Null).cloned();
    let account = given(account).and_then(|member| {
        let said = reader.string(&member.value, "`account`")?;
        owner(reader, said, member.value.span, text.unwrap_or(""))
    });
    let tags = given(tags).map(|member| tags::object_or_list(reader, &member.value));
    let kind = kind_of(text.unwrap_or(""));
    let policy = given(policy).and_then(|member| document::read(reader, &member.value, kind));
    let Some(text) = text else {
        drafts.incomplete = true;
        return;
    };
    let origin = reader.origin(value.span);
    declare(reader, Declared { text: text.into(), span, account, tags, policy, origin }, drafts);
}

/// Checks what is declared of a resource, and adds it to the drafts.
pub(super) fn declare<'a>(reader: &mut Reader<'a, '_>, declared: Declared, drafts: &mut Drafts<'a>) {
    let Declared { text, span, account, tags, policy, origin } = declared;
    let parts = arn::split(&text).filter(|parts| parts[0] == "arn");
    // They would be read as characters, and the policy would speak of nothing that exists: its denies would be lost.
    if parts.is_some() && owner_name(&text).contains(['*', '?']) {
        let message = format!("a wildcard stands in the resource `{}`", shown(&text));
        let help = "name the resource itself, such as the bucket: it owns what lies under it";
        reader.error(codes::RESOURCE_ARN, span, message, help);
    }
    let Some(parts) = parts else {
        let message = format!("`{}` is no ARN of a resource", shown(&text));
        let help = "write arn:partition:service:region:account:resource";
        reader.error(codes::RESOURCE_ARN, span, message, help);
        drafts.incomplete = true;
        return;
    };
    if parts[2] == "iam" && parts[5].starts_with("role/") {
        let message =
            format!("`{}` is a role, whose trust policy comes from its account's snapshot", shown(&text));
        let help = "give the account snapshot as an input, or declare the role with its trust, and remove this entry";
        reader.error(codes::RESOURCE_ROLE, span, message, help);
        return;
    }
    let in_arn = Some(parts[4]).filter(|account| arn::is_account(account)).map(Into::into);
    let account = account.or(in_arn);
    if account.is_none() {
        // It would count as every caller's own, and no RCP would bear on it.
        let message = format!("nothing says whose account `{}` is in", shown(&text));
        reader.error(codes::RESOURCE_ACCOUNT, span, message, "add \"account\", 12 digits");
    }
    let place = reader.place(span);
    if let Some(policy) = &policy {
        drafts.keep_principal_ids(&policy.document, place);
        denies_beyond(reader, owner_name(&text), policy, span);
    }
    drafts.resources.push(ResourceDraft { arn: text, account, tags, policy, origin, place });
}

/// Denies about what lies under a resource, but is not known to be its own (`arn::above`): they would never be asked.
fn denies_beyond(reader: &mut Reader<'_, '_>, owner: &str, policy: &document::Sized, span: Span) {
    let denies = policy.document.statements.iter().filter(|statement| statement.effect == Effect::Deny);
    let clauses = denies.filter_map(|statement| statement.resources.as_ref()).filter(|it| !it.negated);
    for pattern in clauses.flat_map(|clause| &clause.patterns) {
        let below = pattern.text.strip_prefix(owner).is_some_and(|rest| rest.starts_with(['/', ':']));
        let Some([_, _, service, _, _, name]) = arn::split(&pattern.text).filter(|_| below) else { continue };
        let length = arn::above(service.as_bytes(), name.as_bytes());
        let owned = length.is_some_and(|length| pattern.text.len() - name.len() + length == owner.len());
        if !owned {
            let message = format!(
                "the policy of `{}` denies `{}`, and nothing says that this is its own: the deny would be lost",
                shown(owner),
                shown(&pattern.text)
            );
            let help = "declare what lies under it as resources of their own, with this policy";
            reader.error(codes::RESOURCE_BEYOND, span, message, help);
        }
    }
}

/// The account that is given, which the ARN must not contradict.
pub(super) fn owner(reader: &mut Reader<'_, '_>, account: &str, span: Span, arn: &str) -> Option<Box<str>> {
    let contradicts = arn::split(arn).is_some_and(|parts| arn::is_account(parts[4]) && parts[4] != account);
    if !arn::is_account(account) {
        let message = format!("`{}` is no account", shown(account));
        reader.error(codes::RESOURCE_ACCOUNT, span, message, "write 12 digits");
    } else if contradicts {
        let message = format!("the ARN names another account than `{account}`");
        reader.error(codes::RESOURCE_ACCOUNT, span, message, "correct one of them");
    }
    Some(account.into())
}
