//! The managed policies of a snapshot, with their versions (rule I2).

use portcullis_grammar::diagnostic::{Diagnostic, Severity};
use portcullis_grammar::json::Value;
use portcullis_grammar::source::Span;

use super::super::document::Sized;
use super::super::drafts::{Drafts, PolicyDraft};
use super::super::reader::{Reader, fields, shown};
use super::super::sink::Sink;
use super::super::{codes, document};
use super::{entity_arn, unknown_fields};
use crate::model::{DocumentKind, ManagedPolicy, PolicyVersion};

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
    /// `None` where it is left out of the model, which was reported.
    content: Option<Sized>,
}

/// Reads one policy into the drafts. Whether it could be read.
pub(super) fn read<'a>(reader: &mut Reader<'a, '_>, value: &Value, drafts: &mut Drafts<'a>) -> bool {
    let before = drafts.policies.len();
    let known = read_new(reader, value, drafts).is_some();
    known || drafts.policies.len() > before
}

/// Reads a policy, unless it is an AWS-managed one that another account holds in the same words: then `Some`.
fn read_new<'a>(reader: &mut Reader<'a, '_>, value: &Value, drafts: &mut Drafts<'a>) -> Option<()> {
    let what = "a managed policy";
    let members = reader.object(value, what)?;
    let ([name, arn, path, default, list], unknown) = fields(members, KNOWN);
    unknown_fields(reader, unknown, what, &KNOWN, IGNORED);
    let name = reader.required_string(name, "PolicyName", what, value.span);
    let path = reader.optional_string(path);
    let arn = entity_arn(reader, arn, what, "policy", name, path, value);
    let default_id = reader.optional_string(default);
    let list = reader.required(list, "PolicyVersionList", what, value.span);
    let list = list?;
    let (items, span) = (reader.list(list, "`PolicyVersionList`")?, list.span);
    let words = reader.source.text().get(span.start as usize..span.end as usize);
    let of_aws = arn.as_ref().filter(|(_, parsed)| parsed.account == "aws").map(|(text, _)| *text);
    if let Some(text) = of_aws
        && let Some((same, default)) = drafts.managed.get(text)
        && words == Some(*same)
        && default_id == default.as_deref()
    {
        return Some(());
    }
    // The opening bracket: underlining all versions would help nobody.
    let span = Span::new(span.start as usize, span.start as usize + 1);
    let versions: Vec<_> = items.iter().filter_map(|item| version(reader, item)).collect();
    let (text, parsed) = arn?;
    // With a broken version, what follows would only complain about its absence.
    if versions.len() < items.len() {
        return None;
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
        let message = match count {
            0 => format!("`{}` has no default version", shown(text)),
            _ => format!("`{}` has {count} default versions instead of one", shown(text)),
        };
        reader.error(
            codes::I2_DEFAULT_VERSION,
            span,
            message,
            "mark one version with \"IsDefaultVersion\": true",
        );
        return None;
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
    let before = versions.iter().take(default_at).filter(|version| version.content.is_some()).count();
    let version_count = versions.len();
    let mut sizes = Vec::with_capacity(version_count);
    let mut kept = Vec::with_capacity(version_count);
    for Version { id, content, .. } in versions {
        let Some(content) = content else { continue };
        sizes.push(content.size);
        kept.push(PolicyVersion { id, document: content.document });
    }
    let policy = ManagedPolicy {
        arn: text.into(),
        name: parsed.name.into(),
        versions: kept,
        default: u32::try_from(before).unwrap_or(u32::MAX),
        origin: reader.origin(value.span),
    };
    if let (Some(text), Some(words)) = (of_aws, words) {
        drafts.managed.insert(text.into(), (words, default_id.map(Into::into)));
    }
    let place = reader.place(value.span);
    drafts.policies.push(PolicyDraft { policy, account: parsed.account.into(), sizes, version_count, place });
    None
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
    let content = if is_default {
        Some(document::read(reader, document, DocumentKind::Identity)?)
    } else {
        dormant(reader, document)?
    };
    Some(Version { id: id?.into(), is_default, content })
}

/// Reads a version that no attachment means. It is checked like any other, since a rollback may make it the default; but AWS takes
/// malformed variables, and one in an old version must not keep an account from being compiled: such a version is left out, with a
/// lint. Other errors cannot come from AWS and refuse the input.
fn dormant(reader: &mut Reader<'_, '_>, document: &Value) -> Option<Option<Sized>> {
    let mut sink = Sink::default();
    let mut aside = Reader {
        source: reader.source,
        file: reader.file,
        sink: &mut sink,
        leniency: reader.leniency,
        shape: reader.shape,
    };
    let content = document::read(&mut aside, document, DocumentKind::Identity);
    let found = sink.finish();
    let mut errors = found.iter().filter(|found| found.is_error()).peekable();
    if errors.peek().is_none() || errors.any(|found| found.code != codes::X1_MALFORMED_VARIABLE) {
        reader.sink.extend(found);
        return content.map(Some);
    }
    reader.sink.extend(found.into_iter().map(|found| {
        let message = format!("{}; this version is not the default and is left out", found.message);
        if found.is_error() { Diagnostic { severity: Severity::Warning, message, ..found } } else { found }
    }));
    Some(None)
}
