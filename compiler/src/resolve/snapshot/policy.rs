//! The managed policies of a snapshot, with their versions (rule I2).

use portcullis_grammar::diagnostic::{Diagnostic, Severity};
use portcullis_grammar::json::Value;
use portcullis_grammar::source::Span;

use super::super::document::Sized;
use super::super::drafts::{Drafts, ManagedDraft, PolicyDraft};
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

/// A policy that could be read.
enum Entry<'a> {
    /// For the drafts.
    New(PolicyDraft<'a>),
    /// An AWS-managed one that another account holds in the same words: the drafts have it.
    Held,
}

/// Reads one policy into the drafts. Whether it could be read.
pub(super) fn read<'a>(reader: &mut Reader<'a, '_>, value: &Value, drafts: &mut Drafts<'a>) -> bool {
    let entry = entry(reader, value, drafts);
    let could = entry.is_some();
    if let Some(Entry::New(policy)) = entry {
        drafts.policies.push(policy);
    }
    could
}

/// Reads a policy; `None` where it could not be read, which was reported.
fn entry<'a>(reader: &mut Reader<'a, '_>, value: &Value, drafts: &mut Drafts<'a>) -> Option<Entry<'a>> {
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
        && let Some(held) = drafts.managed.get(text)
        && words == Some(held.words)
        && default_id == held.default.as_deref()
    {
        again(reader, held, span.start);
        return Some(Entry::Held);
    }
    let start = span.start;
    // The opening bracket: underlining all versions would help nobody.
    let span = Span::new(span.start as usize, span.start as usize + 1);
    let (versions, found) = match of_aws {
        Some(_) => aside(reader, |reader| versions(reader, items)),
        None => (versions(reader, items), Vec::new()),
    };
    reader.sink.extend(found.iter().cloned());
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
        let held = ManagedDraft { words, start, default: default_id.map(Into::into), found };
        drafts.managed.insert(text.into(), held);
    }
    let place = reader.place(value.span);
    let account = parsed.account.into();
    Some(Entry::New(PolicyDraft { policy, account, sizes, version_count, place }))
}

/// Says of a policy what was found where its words stood before: each account's file is told of its own.
fn again(reader: &mut Reader<'_, '_>, held: &ManagedDraft<'_>, start: u32) {
    let moved = |place: u32| place.saturating_sub(held.start).saturating_add(start) as usize;
    for found in &held.found {
        let mut found = found.clone();
        for label in &mut found.labels {
            label.source = reader.source.clone();
            label.span = Span::new(moved(label.span.start), moved(label.span.end));
        }
        reader.sink.push(found);
    }
}

/// Reads something; its findings are given instead of recorded.
fn aside<'a, T>(
    reader: &mut Reader<'a, '_>,
    read: impl FnOnce(&mut Reader<'a, '_>) -> T,
) -> (T, Vec<Diagnostic>) {
    let mut sink = Sink::default();
    let read = read(&mut Reader {
        source: reader.source,
        file: reader.file,
        sink: &mut sink,
        leniency: reader.leniency,
        shape: reader.shape,
    });
    (read, sink.finish())
}

/// The versions that could be read.
fn versions(reader: &mut Reader<'_, '_>, items: &[Value]) -> Vec<Version> {
    items.iter().filter_map(|item| version(reader, item)).collect()
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
    let (content, found) = aside(reader, |reader| document::read(reader, document, DocumentKind::Identity));
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
