//! Tells the kinds of inputs apart by their top-level keys and reads each (DESIGN section 6).
//!
//! A file may hold several values, one after the other or in a list: pages of a snapshot, or one policy per line.

use portcullis_grammar::diagnostic::Diagnostic;
use portcullis_grammar::json::{self, Kind, Member, Value};
use portcullis_grammar::source::{Source, Span};
use portcullis_grammar::suggest;

use super::drafts::{Drafts, PolicyDraft};
use super::reader::{Reader, shown};
use super::sink::Sink;
use super::{Options, codes, document, managed, organization, resources, snapshot};
use crate::model::{DocumentKind, FileId, ManagedPolicy, PolicyVersion};

/// The kinds of inputs, by their top-level keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    Document,
    Snapshot,
    Managed,
    Resource,
    Organization,
    /// Known, and not read by this version.
    Unsupported(&'static str),
    Unknown,
}

const KINDS: &str = "inputs are policy documents (`Statement`), account snapshots of `aws iam get-account-authorization-details` \
    (`UserDetailList`, …), lists of AWS-managed policies (`name`, `arn`, `version_id`, `document`), lists of resources (`arn`, `account`, `tags`, \
    `policy`) and organizations (`Organization`, `Roots`, `Accounts`, …)";

/// Reads one file, parsed, into the drafts.
pub(super) fn read<'a>(
    source: &'a Source,
    (values, diagnostics): (Vec<Value>, Vec<Diagnostic>),
    file: FileId,
    drafts: &mut Drafts<'a>,
    sink: &mut Sink,
    options: &Options,
) {
    let clean = diagnostics.is_empty();
    drafts.incomplete |= !clean;
    sink.extend(diagnostics);
    let mut reader = Reader { source, file, sink, leniency: options.leniency, shape: codes::SNAPSHOT_FIELD };
    let mut bare = 0;
    let mut found = 0;
    for value in &values {
        match &value.kind {
            Kind::Array(items) => {
                found += items.len();
                items.iter().for_each(|item| one(&mut reader, item, drafts, &mut bare));
            }
            _ => {
                found += 1;
                one(&mut reader, value, drafts, &mut bare);
            }
        }
    }
    if found == 0 && clean {
        reader.error(
            codes::INPUT_EMPTY,
            Span::new(0, source.text().len().min(1)),
            format!("`{}` holds nothing", shown(source.name())),
            KINDS,
        );
    }
}

/// Whether a file is one policy document and nothing else.
pub(super) fn is_document(source: &Source) -> bool {
    let (values, diagnostics) = json::parse_sequence(source);
    let [Value { kind: Kind::Object(members), .. }] = values.as_slice() else { return false };
    diagnostics.is_empty() && kind(members) == Input::Document
}

/// What a file is that stands where a policy document is wanted, and is an input of another kind.
pub(super) fn other_kind(value: &Value) -> Option<&'static str> {
    let Kind::Object(members) = &value.kind else { return None };
    match kind(members) {
        Input::Document | Input::Unknown => None,
        Input::Snapshot => Some("an account snapshot"),
        Input::Managed => Some("an entry of a list of managed policies"),
        Input::Resource => Some("a resource"),
        Input::Organization => Some("an organization"),
        Input::Unsupported(what) => Some(what),
    }
}

fn one<'a>(reader: &mut Reader<'a, '_>, value: &Value, drafts: &mut Drafts<'a>, bare: &mut usize) {
    let Kind::Object(members) = &value.kind else {
        let message = format!("{} is no input", value.kind.noun());
        reader.error(codes::INPUT_UNKNOWN_KIND, value.span, message, KINDS);
        drafts.incomplete = true;
        return;
    };
    match kind(members) {
        Input::Snapshot => snapshot::page(reader, members, drafts),
        Input::Managed => managed::entry(reader, value, members, drafts),
        Input::Resource => resources::read(reader, value, members, drafts),
        Input::Organization => organization::read(reader, value, members, drafts),
        Input::Document => {
            if let Some(sized) = document::read(reader, value, DocumentKind::Identity) {
                *bare += 1;
                let file = reader.source.name();
                // A second document of one file is told apart by its place.
                let name: Box<str> =
                    if *bare == 1 { (&**file).into() } else { format!("{file}#{bare}").into() };
                let origin = sized.document.origin;
                let versions = vec![PolicyVersion { id: "v1".into(), document: sized.document }];
                let policy = ManagedPolicy { arn: name.clone(), name, versions, default: 0, origin };
                let place = reader.place(value.span);
                drafts.policies.push(PolicyDraft {
                    policy,
                    account: "".into(),
                    sizes: vec![sized.size],
                    version_count: 1,
                    place,
                });
            }
        }
        Input::Unsupported(what) => {
            let start = Span::new(value.span.start as usize, value.span.start as usize + 1);
            reader.error(codes::INPUT_UNSUPPORTED_KIND, start, format!("this is {what}"), KINDS);
            drafts.incomplete = true;
        }
        Input::Unknown => {
            drafts.incomplete = true;
            let span = members.first().map_or(value.span, |member| member.key_span);
            // A hostile list may hold a million of these; a look at a few keys is enough for a suggestion.
            let near = members.iter().take(8).find_map(|member| {
                let known = snapshot::LISTS.iter().copied().chain(["Statement"]);
                suggest::nearest(&member.key, known)
                    .map(|name| format!("did you mean `{name}` instead of `{}`? {KINDS}", shown(&member.key)))
            });
            reader.error(
                codes::INPUT_UNKNOWN_KIND,
                span,
                "the top-level keys tell no kind of input",
                near.unwrap_or_else(|| KINDS.to_owned()),
            );
        }
    }
}

fn kind(members: &[Member]) -> Input {
    let has = |name: &str| members.iter().any(|member| &*member.key == name);
    // A misspelt case is an error of the document (rule P3), which says more than that the kind is unknown.
    let has_any_case = |name: &str| members.iter().any(|member| member.key.eq_ignore_ascii_case(name));
    if organization::is_organization(members) {
        Input::Organization
    } else if resources::is_resource(members) {
        Input::Resource
    } else if snapshot::LISTS.iter().any(|name| has(name)) {
        Input::Snapshot
    } else if has("document") && has("name") {
        Input::Managed
    } else if has("id") && has("principal") && has("action") {
        Input::Unsupported("a scenario, which `portcullis test` reads")
    } else if has_any_case("Statement") || has_any_case("Version") {
        Input::Document
    } else {
        Input::Unknown
    }
}
