//! The managed policies of a snapshot, with their versions (rule I2).

use portcullis_grammar::json::Value;

use super::super::drafts::{Drafts, PolicyDraft};
use super::super::reader::{Reader, fields, shown};
use super::super::{codes, document};
use super::{entity_arn, unknown_fields};
use crate::model::{Document, DocumentKind, ManagedPolicy, PolicyVersion};

const KNOWN: [&str; 5] = ["PolicyName", "Arn", "Path", "DefaultVersionId", "PolicyVersionList"];
/// Known, and without meaning for decisions.
const IGNORED: &[&str] = &[
    "PolicyId",
    "AttachmentCount",
    "PermissionsBoundaryUsageCount",
    "IsAttachable",
    "Description",
    "CreateDate",
    "UpdateDate",
    "Tags",
];

/// A version as read.
struct Version {
    id: Box<str>,
    is_default: bool,
    document: Document,
    size: usize,
}

/// Reads one policy into the drafts.
pub(super) fn read<'a>(reader: &mut Reader<'a, '_>, value: &Value, drafts: &mut Drafts<'a>) {
    let what = "a managed policy";
    let Some(members) = reader.object(value, what) else { return };
    let ([name, arn, path, default, list], unknown) = fields(members, KNOWN);
    unknown_fields(reader, unknown, what, &KNOWN, IGNORED);
    let name = reader.required_string(name, "PolicyName", what, value.span);
    let path = reader.optional_string(path);
    let arn = entity_arn(reader, arn, what, "policy", name, path, value);
    let default_id = reader.optional_string(default);
    let list = reader.required(list, "PolicyVersionList", what, value.span);
    let Some(items) =
        list.and_then(|list| reader.list(list, "`PolicyVersionList`").map(|items| (items, list.span)))
    else {
        return;
    };
    let (items, span) = items;
    let versions: Vec<_> = items.iter().filter_map(|item| version(reader, item)).collect();
    let Some((text, parsed)) = arn else { return };
    // With a broken version, what follows would only complain about its absence.
    if versions.len() < items.len() {
        return;
    }
    let mut ids: Vec<&str> = versions.iter().map(|version| &*version.id).collect();
    ids.sort_unstable();
    if let Some((repeated, _)) = ids.iter().zip(ids.iter().skip(1)).find(|(left, right)| left == right) {
        let message = format!("`{}` has two versions `{}`", shown(text), shown(repeated));
        reader.error(codes::I2_DUPLICATE_VERSION, span, message, "remove one of them");
    }
    let mut defaults = versions.iter().enumerate().filter(|(_, version)| version.is_default);
    let (first, second) = (defaults.next(), defaults.next());
    let Some((default_at, default_version)) = first.filter(|_| second.is_none()) else {
        let count = versions.iter().filter(|version| version.is_default).count();
        let message = format!("`{}` has {count} default versions instead of one", shown(text));
        reader.error(
            codes::I2_DEFAULT_VERSION,
            span,
            message,
            "mark one version with \"IsDefaultVersion\": true",
        );
        return;
    };
    if let Some(id) = default_id.filter(|id| **id != *default_version.id) {
        let message = format!(
            "`DefaultVersionId` says `{}`, and `IsDefaultVersion` says `{}`",
            shown(id),
            shown(&default_version.id)
        );
        let span = default.map_or(span, |member| member.value.span);
        reader.error(codes::I2_DEFAULT_VERSION, span, message, "both have to name one version");
    }
    let sizes = versions.iter().map(|version| version.size).collect();
    let default = u32::try_from(default_at).unwrap_or(u32::MAX);
    let versions = versions
        .into_iter()
        .map(|version| PolicyVersion { id: version.id, document: version.document })
        .collect();
    let policy = ManagedPolicy {
        arn: text.into(),
        name: parsed.name.into(),
        versions,
        default,
        origin: reader.origin(value.span),
    };
    drafts.policies.push(PolicyDraft {
        policy,
        account: parsed.account.into(),
        sizes,
        place: reader.place(value.span),
    });
}

fn version(reader: &mut Reader<'_, '_>, value: &Value) -> Option<Version> {
    const KNOWN: [&str; 3] = ["Document", "VersionId", "IsDefaultVersion"];
    let what = "a version of a managed policy";
    let members = reader.object(value, what)?;
    let ([document, id, default], unknown) = fields(members, KNOWN);
    unknown_fields(reader, unknown, what, &KNOWN, &["CreateDate"]);
    let id = reader.required_string(id, "VersionId", what, value.span);
    let is_default =
        default.is_some_and(|member| reader.boolean(&member.value, "`IsDefaultVersion`") == Some(true));
    let document = reader.required(document, "Document", what, value.span)?;
    let sized = document::read(reader, document, DocumentKind::Identity)?;
    Some(Version { id: id?.into(), is_default, document: sized.document, size: sized.size })
}
