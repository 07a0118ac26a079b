//! The users, groups and roles of a snapshot.

use portcullis_grammar::json::{Kind, Member, Value};

use super::super::drafts::{Drafts, IdentityDraft, IdentityKind, InlineDraft, Reference};
use super::super::reader::{Reader, fields, shown};
use super::super::{codes, document, tags};
use super::{entity_arn, unknown_fields};
use crate::model::DocumentKind;

const USER: &[&str] = &[
    "Path",
    "UserName",
    "UserId",
    "Arn",
    "UserPolicyList",
    "GroupList",
    "AttachedManagedPolicies",
    "PermissionsBoundary",
    "Tags",
];
const GROUP: &[&str] = &["Path", "GroupName", "GroupId", "Arn", "GroupPolicyList", "AttachedManagedPolicies"];
const ROLE: &[&str] = &[
    "Path",
    "RoleName",
    "RoleId",
    "Arn",
    "AssumeRolePolicyDocument",
    "RolePolicyList",
    "AttachedManagedPolicies",
    "PermissionsBoundary",
    "Tags",
    "MaxSessionDuration",
];
/// Known, and without meaning for decisions.
const IGNORED: &[&str] =
    &["CreateDate", "PasswordLastUsed", "InstanceProfileList", "RoleLastUsed", "Description"];

/// The fields of one kind of identity.
struct Shape {
    what: &'static str,
    known: &'static [&'static str],
    name: &'static str,
    id: &'static str,
    inline: &'static str,
}

const fn shape(kind: IdentityKind) -> Shape {
    match kind {
        IdentityKind::User => {
            Shape { what: "a user", known: USER, name: "UserName", id: "UserId", inline: "UserPolicyList" }
        }
        IdentityKind::Group => Shape {
            what: "a group",
            known: GROUP,
            name: "GroupName",
            id: "GroupId",
            inline: "GroupPolicyList",
        },
        IdentityKind::Role => {
            Shape { what: "a role", known: ROLE, name: "RoleName", id: "RoleId", inline: "RolePolicyList" }
        }
    }
}

/// Reads one identity into the drafts.
pub(super) fn read<'a>(
    reader: &mut Reader<'a, '_>,
    value: &Value,
    kind: IdentityKind,
    drafts: &mut Drafts<'a>,
) {
    let shape = shape(kind);
    let Some(members) = reader.object(value, shape.what) else { return };
    let unknown = members.iter().filter(|member| !shape.known.contains(&&*member.key)).collect();
    unknown_fields(reader, unknown, shape.what, shape.known, IGNORED);
    let (common, _) =
        fields(members, [shape.name, shape.id, shape.inline, "Path", "Arn", "AttachedManagedPolicies"]);
    let [name, id, inline, path, arn, attached] = common;
    let name = reader.required_string(name, shape.name, shape.what, value.span);
    let path = reader.optional_string(path);
    let unique_id = reader.optional_string(id).unwrap_or("");
    let arn = entity_arn(reader, arn, shape.what, kind.noun(), name, path, value);
    let inline: Vec<_> = reader.items(inline).iter().filter_map(|item| inline_policy(reader, item)).collect();
    let attached: Vec<_> =
        reader.items(attached).iter().filter_map(|item| attached_policy(reader, item)).collect();
    // What this kind does not have was reported as unknown, and is not read.
    let of_kind =
        |member: Option<&'_ Member>| member.filter(|member| shape.known.contains(&&*member.key)).cloned();
    let (others, _) = fields(
        members,
        ["GroupList", "PermissionsBoundary", "Tags", "AssumeRolePolicyDocument", "MaxSessionDuration"],
    );
    let [groups, boundary, tags, trust, session] = others.map(of_kind);
    let groups = group_names(reader, groups.as_ref());
    let boundary = boundary.and_then(|member| boundary_arn(reader, &member.value));
    let listed = reader.items(tags.as_ref());
    let tags = tags::list(reader, listed);
    let trust = trust.and_then(|member| document::read(reader, &member.value, DocumentKind::Trust));
    let max_session_seconds = session.and_then(|member| session_seconds(reader, &member.value));
    let Some((text, parsed)) = arn else { return };
    let place = reader.place(value.span);
    if let Some(trust) = &trust {
        drafts.keep_principal_ids(&trust.document, place);
    }
    drafts.identities.push(IdentityDraft {
        kind,
        arn: text.into(),
        account: parsed.account.into(),
        name: parsed.name.into(),
        path: parsed.path.into(),
        unique_id: unique_id.into(),
        inline,
        attached,
        groups,
        boundary,
        tags,
        trust,
        max_session_seconds,
        origin: reader.origin(value.span),
        place,
    });
}

fn inline_policy<'a>(reader: &mut Reader<'a, '_>, value: &Value) -> Option<InlineDraft<'a>> {
    const KNOWN: [&str; 2] = ["PolicyName", "PolicyDocument"];
    let what = "an inline policy";
    let members = reader.object(value, what)?;
    let ([name, document], unknown) = fields(members, KNOWN);
    unknown_fields(reader, unknown, what, &KNOWN, &[]);
    let name = reader.required_string(name, "PolicyName", what, value.span);
    let document = reader.required(document, "PolicyDocument", what, value.span);
    let content = document.and_then(|document| document::read(reader, document, DocumentKind::Identity))?;
    Some(InlineDraft { name: name?.into(), content, place: reader.place(value.span) })
}

fn attached_policy<'a>(reader: &mut Reader<'a, '_>, value: &Value) -> Option<Reference<'a>> {
    const KNOWN: [&str; 2] = ["PolicyName", "PolicyArn"];
    let what = "an attached policy";
    let members = reader.object(value, what)?;
    let ([name, arn], unknown) = fields(members, KNOWN);
    unknown_fields(reader, unknown, what, &KNOWN, &[]);
    reader.optional_string(name);
    let text = reader.required_string(arn, "PolicyArn", what, value.span)?;
    Some(Reference {
        text: text.into(),
        place: reader.place(arn.map_or(value.span, |member| member.value.span)),
    })
}

fn boundary_arn<'a>(reader: &mut Reader<'a, '_>, value: &Value) -> Option<Reference<'a>> {
    const KNOWN: [&str; 2] = ["PermissionsBoundaryType", "PermissionsBoundaryArn"];
    let what = "a permissions boundary";
    let members = reader.object(value, what)?;
    let ([kind, arn], unknown) = fields(members, KNOWN);
    unknown_fields(reader, unknown, what, &KNOWN, &[]);
    // The service model says the one, the service itself the other.
    if let Some(text) = reader.optional_string(kind)
        && !matches!(text, "PermissionsBoundaryPolicy" | "Policy")
    {
        let message = format!("there is no type of boundary `{}`", shown(text));
        let span = kind.map_or(value.span, |member| member.value.span);
        reader.error(codes::SNAPSHOT_FIELD, span, message, "the type is PermissionsBoundaryPolicy");
    }
    let text = reader.required_string(arn, "PermissionsBoundaryArn", what, value.span)?;
    Some(Reference {
        text: text.into(),
        place: reader.place(arn.map_or(value.span, |member| member.value.span)),
    })
}

fn group_names<'a>(reader: &mut Reader<'a, '_>, member: Option<&Member>) -> Vec<Reference<'a>> {
    let names = reader.items(member).iter();
    names
        .filter_map(|item| {
            let text = reader.string(item, "a group's name")?;
            Some(Reference { text: text.into(), place: reader.place(item.span) })
        })
        .collect()
}

fn session_seconds(reader: &mut Reader<'_, '_>, value: &Value) -> Option<u32> {
    let seconds = match &value.kind {
        Kind::Number(text) => text.parse::<u32>().ok(),
        _ => None,
    };
    match seconds {
        None => {
            reader.error(
                codes::SNAPSHOT_FIELD,
                value.span,
                "`MaxSessionDuration` has to be a whole number of seconds",
                "write seconds, such as 3600",
            );
        }
        Some(3_600..=43_200) => {}
        Some(_) => {
            let message = "a role's longest session is between one and twelve hours";
            reader.lint(codes::I4_SESSION_LENGTH, value.span, message, "write 3600 to 43200");
        }
    }
    seconds
}
