//! Policy documents (rules P1, P2): versions and statements.

use std::collections::HashMap;

use portcullis_grammar::json::{self, Kind, Member, Value};
use portcullis_grammar::source::Span;

use super::arns::Surroundings;
use super::reader::{Reader, fields, shown};
use super::{actions, arns, codes, conditions, principals, size};
use crate::model::{
    ActionClause, Document, DocumentKind, DocumentVersion, Effect, PrincipalClause, PrincipalEntry,
    PrincipalType, ResourceClause, Statement,
};

const ELEMENTS: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT_ELEMENTS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// A document and its size as quotas count it.
#[derive(Clone, Debug)]
pub(super) struct Sized {
    pub(super) document: Document,
    pub(super) size: usize,
}

/// Reads a document that is given as an object, or as text in a string (the raw API's way). `None` where there is none, which was
/// reported; a document with errors is given as far as it could be read.
pub(super) fn read(reader: &mut Reader<'_, '_>, value: &Value, kind: DocumentKind) -> Option<Sized> {
    if !matches!(value.kind, Kind::String(_)) {
        return Some(Sized { document: document(reader, value, kind)?, size: size::of(value) });
    }
    let parsed = json::parse_embedded(reader.source, value);
    let damaged = parsed.damaged;
    reader.sink.extend(parsed.diagnostics);
    let inner = parsed.value.filter(|_| !damaged)?;
    Some(Sized { document: document(reader, &inner, kind)?, size: size::of(&inner) })
}

fn document(reader: &mut Reader<'_, '_>, value: &Value, kind: DocumentKind) -> Option<Document> {
    let outside = std::mem::replace(&mut reader.shape, codes::P2_TYPE);
    let document =
        reader.object(value, "a policy document").map(|members| elements(reader, value, members, kind));
    reader.shape = outside;
    document
}

fn elements(reader: &mut Reader<'_, '_>, value: &Value, members: &[Member], kind: DocumentKind) -> Document {
    size::lint_characters(reader, value);
    let [version, id, statement] = named(reader, members, "a policy document", ELEMENTS);
    let version = version.map_or(DocumentVersion::V2008, |member| read_version(reader, &member.value));
    if let Some(member) = id {
        reader.string(&member.value, "`Id`");
        if kind.is_identity_type() && &*member.key == "Id" {
            reader.lint(
                codes::P2_ID,
                member.key_span,
                "`Id` means nothing in an identity-type policy",
                "remove it",
            );
        }
    }
    let mut statements = Vec::new();
    match statement.map(|member| &member.value) {
        None => {
            let start = Span::new(value.span.start as usize, value.span.start as usize + 1);
            reader.error(
                codes::P2_MISSING_STATEMENT,
                start,
                "this document has no `Statement`",
                "add \"Statement\": [ … ]",
            );
        }
        Some(Value { kind: Kind::Array(items), span }) => {
            if items.is_empty() {
                reader.lint(
                    codes::P2_EMPTY_LIST,
                    *span,
                    "a document without statements grants nothing",
                    "add a statement",
                );
            }
            statements.extend(items.iter().filter_map(|item| self::statement(reader, item, kind, version)));
        }
        Some(single) => statements.extend(self::statement(reader, single, kind, version)),
    }
    if let Some(member) = statement {
        duplicate_sids(reader, &member.value, kind);
    }
    Document { version, kind, statements, origin: reader.origin(value.span) }
}

/// The elements of these names. Others are reported, and read as the elements that they mean.
fn named<'v, const N: usize>(
    reader: &mut Reader<'_, '_>,
    members: &'v [Member],
    what: &str,
    names: [&'static str; N],
) -> [Option<&'v Member>; N] {
    let (mut found, unknown) = fields(members, names);
    let meant = reader.meant(codes::P3_UNKNOWN_ELEMENT, &unknown, names);
    for member in unknown {
        let message = format!("{what} has no element `{}`", shown(&member.key));
        let help = reader.did_you_mean(codes::P3_UNKNOWN_ELEMENT, &member.key, &names);
        reader.error(codes::P3_UNKNOWN_ELEMENT, member.key_span, message, help);
    }
    for (at, member) in meant.into_iter().enumerate() {
        let name = names.get(at).copied().unwrap_or("");
        // An element whose counterpart stands is not missing.
        let counterpart =
            |other: &str| other.strip_prefix("Not") == Some(name) || name.strip_prefix("Not") == Some(other);
        let stands = names.iter().zip(&found).any(|(other, slot)| slot.is_some() && counterpart(other));
        if let Some(slot) = found.get_mut(at).filter(|_| !stands) {
            *slot = slot.or(member);
        }
    }
    found
}

fn read_version(reader: &mut Reader<'_, '_>, value: &Value) -> DocumentVersion {
    match reader.string(value, "`Version`") {
        Some("2008-10-17") => DocumentVersion::V2008,
        Some("2012-10-17") | None => DocumentVersion::V2012,
        Some(other) => {
            let message = format!("there is no policy language version `{}`", shown(other));
            let help = "the versions are \"2012-10-17\", which reads policy variables, and \"2008-10-17\"; neither is the date of the policy";
            reader.error(codes::P1_UNKNOWN_VERSION, value.span, message, help);
            DocumentVersion::V2012
        }
    }
}

/// Sids name statements in findings and explanations; an empty one names nothing.
fn duplicate_sids(reader: &mut Reader<'_, '_>, statements: &Value, kind: DocumentKind) {
    let Kind::Array(items) = &statements.kind else { return };
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for item in items {
        let Kind::Object(members) = &item.kind else { continue };
        let Some(sid) = members.iter().find(|member| &*member.key == "Sid") else { continue };
        let Kind::String(text) = &sid.value.kind else { continue };
        if text.is_empty() {
            continue;
        }
        match seen.get(&**text).copied() {
            Some(first) => {
                let message = format!("two statements have the Sid `{}`", shown(text));
                // Rule P2: AWS refuses it in identity-type and trust policies alone.
                if !kind.is_identity_type() && kind != DocumentKind::Trust {
                    let help = "give each statement its own Sid, or none";
                    reader.lint(codes::P2_DUPLICATE_SID, sid.value.span, message, help);
                    continue;
                }
                reader.clash(
                    codes::P2_DUPLICATE_SID,
                    sid.value.span,
                    first,
                    message,
                    "give each statement its own Sid, or none",
                );
            }
            None => {
                seen.insert(text, sid.value.span);
            }
        }
    }
}

fn statement(
    reader: &mut Reader<'_, '_>,
    value: &Value,
    kind: DocumentKind,
    version: DocumentVersion,
) -> Option<Statement> {
    let members = reader.object(value, "a statement")?;
    let [sid, effect, principal, not_principal, action, not_action, resource, not_resource, condition] =
        named(reader, members, "a statement", STATEMENT_ELEMENTS);
    let variables = version == DocumentVersion::V2012;
    let sid = sid.and_then(|member| reader.string(&member.value, "`Sid`"));
    let effect = read_effect(reader, effect, value.span);
    let principals = read_principals(reader, (kind, effect), principal, not_principal, value.span);
    if kind == DocumentKind::Rcp {
        lint_rcp(reader, effect, not_action, value.span, members);
    }
    let actions = read_actions(reader, action, not_action, value.span);
    let around = Surroundings { kind, effect, variables };
    let resources = read_resources(reader, around, resource, not_resource, value.span);
    let conditions =
        condition.map(|member| conditions::block(reader, &member.value, variables)).unwrap_or_default();
    Some(Statement {
        sid: sid.map(Into::into),
        effect: effect?,
        principals,
        actions: actions?,
        resources,
        conditions,
        variables,
        origin: reader.origin(value.span),
    })
}

fn read_effect(reader: &mut Reader<'_, '_>, member: Option<&Member>, span: Span) -> Option<Effect> {
    let help = "write \"Effect\": \"Allow\" or \"Effect\": \"Deny\"";
    let Some(member) = member else {
        reader.error(codes::P2_EFFECT, opening(span), "this statement has no `Effect`", help);
        return None;
    };
    match reader.string(&member.value, "`Effect`")? {
        "Allow" => Some(Effect::Allow),
        "Deny" => Some(Effect::Deny),
        other => {
            let message = format!("`{}` is no effect", shown(other));
            let help = match reader.nearest(codes::P2_EFFECT, other, &["Allow", "Deny"]) {
                Some(_) => reader.did_you_mean(codes::P2_EFFECT, other, &["Allow", "Deny"]),
                None => help.to_owned(),
            };
            reader.error(codes::P2_EFFECT, member.value.span, message, help);
            None
        }
    }
}

/// The opening bracket: where a finding about something missing points to.
fn opening(span: Span) -> Span {
    Span::new(span.start as usize, span.start as usize + 1)
}

/// Of an element and its Not-form, the one that stands, with its name; both is an error.
fn one_of<'v>(
    reader: &mut Reader<'_, '_>,
    code: &'static str,
    names: [&'static str; 2],
    plain: Option<&'v Member>,
    not: Option<&'v Member>,
) -> Option<(&'static str, &'v Member)> {
    if let (Some(first), Some(second)) = (plain, not) {
        let message = format!("a statement has both `{}` and `{}`", names[0], names[1]);
        reader.clash(
            code,
            second.key_span,
            first.key_span,
            message,
            "keep one of them, or make two statements",
        );
    }
    plain.map(|member| (names[0], member)).or(not.map(|member| (names[1], member)))
}

fn read_actions(
    reader: &mut Reader<'_, '_>,
    plain: Option<&Member>,
    not: Option<&Member>,
    span: Span,
) -> Option<ActionClause> {
    let Some((name, member)) = one_of(reader, codes::P2_ACTION, ["Action", "NotAction"], plain, not) else {
        reader.error(
            codes::P2_ACTION,
            opening(span),
            "this statement has neither `Action` nor `NotAction`",
            "add \"Action\"",
        );
        return None;
    };
    Some(actions::clause(reader, name, &member.value))
}

fn read_resources(
    reader: &mut Reader<'_, '_>,
    around: Surroundings,
    plain: Option<&Member>,
    not: Option<&Member>,
    span: Span,
) -> Option<ResourceClause> {
    let member = one_of(reader, codes::P2_RESOURCE, ["Resource", "NotResource"], plain, not);
    match (around.kind, member) {
        (DocumentKind::Trust | DocumentKind::Resource, None) => {}
        (_, None) => {
            let help = "add \"Resource\"; for every resource \"*\"";
            reader.error(
                codes::P2_RESOURCE,
                opening(span),
                "this statement has neither `Resource` nor `NotResource`",
                help,
            );
        }
        (DocumentKind::Trust, Some((name, member))) => {
            let message = format!("`{name}` has no place in a trust policy, whose resource is the role");
            reader.lint(codes::P2_RESOURCE, member.key_span, message, "remove it");
        }
        _ => {}
    }
    member.map(|(name, member)| arns::clause(reader, name, &member.value, around))
}

/// The principals of a statement. Where the document's kind makes an absent element mean everybody, or where one was reported, `None`.
fn read_principals(
    reader: &mut Reader<'_, '_>,
    (kind, effect): (DocumentKind, Option<Effect>),
    plain: Option<&Member>,
    not: Option<&Member>,
    span: Span,
) -> Option<PrincipalClause> {
    if kind.is_identity_type() {
        for (name, member) in [("Principal", plain), ("NotPrincipal", not)] {
            let Some(member) = member else { continue };
            let message = format!(
                "`{name}` has no place in an identity-type policy, whose principal is who it is attached to"
            );
            reader.error_l(codes::P2_PRINCIPAL, member.key_span, message, "remove it");
        }
        return None;
    }
    if kind == DocumentKind::Trust {
        if let Some(member) = not {
            reader.error(
                codes::P2_PRINCIPAL,
                member.key_span,
                "a trust policy cannot have `NotPrincipal`",
                "name who may assume the role in \"Principal\"",
            );
        }
        if plain.or(not).is_none() {
            reader.error(
                codes::P2_PRINCIPAL,
                opening(span),
                "this statement of a trust policy has no `Principal`",
                "add \"Principal\"",
            );
        }
        return plain.map(|member| principals::clause(reader, "Principal", &member.value));
    }
    let found = one_of(reader, codes::P2_PRINCIPAL, ["Principal", "NotPrincipal"], plain, not);
    let Some((name, member)) = found else {
        if kind == DocumentKind::Resource {
            let help = "add \"Principal\"; for everybody \"*\"";
            let message = "this statement of a resource policy has no `Principal`";
            reader.error(codes::P2_PRINCIPAL, opening(span), message, help);
        } else {
            let message = "without `Principal` this statement means everybody";
            reader.lint(codes::P2_PRINCIPAL, opening(span), message, "write \"Principal\": \"*\"");
        }
        // Nobody's statement is refused above; everybody's is this.
        return (kind != DocumentKind::Resource).then(everybody);
    };
    let clause = principals::clause(reader, name, &member.value);
    let everybody = clause.entries.iter().all(|entry| &*entry.text == "*");
    if kind == DocumentKind::Rcp && (clause.negated || !everybody) {
        let message = "AWS accepts no principal but \"*\" in a resource control policy";
        reader.lint(codes::P2_RCP, member.key_span, message, "write \"Principal\": \"*\" and use conditions");
    }
    if clause.negated {
        principals::lint_not_principal(reader, &clause, effect, member);
    }
    Some(clause)
}

fn everybody() -> PrincipalClause {
    let entry = PrincipalEntry { kind: PrincipalType::Everyone, text: "*".into() };
    PrincipalClause { negated: false, entries: vec![entry] }
}

/// What AWS would refuse in a resource control policy (rule P2).
fn lint_rcp(
    reader: &mut Reader<'_, '_>,
    effect: Option<Effect>,
    not_action: Option<&Member>,
    span: Span,
    members: &[Member],
) {
    if let Some(member) = not_action {
        let message = "AWS accepts no `NotAction` in a resource control policy";
        reader.lint(codes::P2_RCP, member.key_span, message, "name the actions");
    }
    let everything = |name: &str| {
        let member = members.iter().find(|member| &*member.key == name);
        member.is_some_and(|member| match &member.value.kind {
            Kind::String(text) => &**text == "*",
            Kind::Array(items) => {
                matches!(items.as_slice(), [Value { kind: Kind::String(text), .. }] if &**text == "*")
            }
            _ => false,
        })
    };
    let full =
        everything("Action") && everything("Resource") && !members.iter().any(|it| &*it.key == "Condition");
    if effect == Some(Effect::Allow) && !full {
        let message = "AWS accepts no Allow in a resource control policy but that of the full-access policy";
        reader.lint(
            codes::P2_RCP,
            opening(span),
            message,
            "remove it: the full-access policy stands on every level",
        );
    }
}
