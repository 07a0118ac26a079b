//! Attachments given on the command line: a document as inline policy of a user or role.

use portcullis_grammar::diagnostic::Diagnostic;
use portcullis_grammar::json::{self, Kind, Value};
use portcullis_grammar::source::{Source, Span};

use super::document::Sized;
use super::drafts::{Drafts, IdentityDraft, IdentityKind, InlineDraft};
use super::gate::{self, GateFile};
use super::names::EntityArn;
use super::reader::{Place, Reader, shown};
use super::sink::Sink;
use super::{Attachment, Options, codes, document};
use crate::model::{DocumentKind, FileId};

/// Reads the document of an attachment, which stands at a place among the sources, and adds it to its principal, which is created where no
/// input holds it. `gate` is its syntax tree, if it is in the `.gate` language.
pub(super) fn read<'a>(
    attachment: &Attachment,
    (sources, at): (&'a [Source], usize),
    gate: Option<&'a [GateFile<'a>]>,
    drafts: &mut Drafts<'a>,
    sink: &mut Sink,
    options: &Options,
) {
    let Some(source) = sources.get(at) else { return };
    let principal = principal(&attachment.principal, source, sink);
    let (content, span) = match gate {
        Some(gate) => {
            (gate::single(sources, gate, drafts, sink, options, DocumentKind::Identity), Span::default())
        }
        None => json_document(source, FileId::at(at), sink, options),
    };
    let Some(content) = content else { return };
    let place = Place { source, span };
    let Some((kind, arn)) = principal else { return };
    let inline = InlineDraft { name: (&**source.name()).into(), content, place };
    let held = drafts
        .identities
        .iter_mut()
        .find(|identity| identity.kind == kind && *identity.arn == *attachment.principal);
    if let Some(held) = held {
        held.inline.push(inline);
        return;
    }
    drafts.identities.push(IdentityDraft {
        kind,
        arn: attachment.principal.as_str().into(),
        account: arn.account.into(),
        name: arn.name.into(),
        path: arn.path.into(),
        unique_id: "".into(),
        attached: Vec::new(),
        groups: Vec::new(),
        boundary: None,
        tags: Vec::new(),
        trust: None,
        max_session_seconds: None,
        origin: inline.content.document.origin,
        place: inline.place,
        inline: vec![inline],
    });
}

fn json_document(source: &Source, file: FileId, sink: &mut Sink, options: &Options) -> (Option<Sized>, Span) {
    let parsed = json::parse(source);
    sink.extend(parsed.diagnostics);
    let Some(value) = parsed.value.filter(|_| !parsed.damaged) else { return (None, Span::default()) };
    let mut reader = Reader { source, file, sink, leniency: options.leniency, shape: codes::SNAPSHOT_FIELD };
    if !is_document(&value) {
        let help = "attach a file that holds one policy document, with `Statement` at the top";
        reader.error(
            codes::ATTACH_NOT_A_DOCUMENT,
            value.span,
            "only a policy document can be attached",
            help,
        );
        return (None, value.span);
    }
    (document::read(&mut reader, &value, DocumentKind::Identity), value.span)
}

fn principal<'t>(text: &'t str, source: &Source, sink: &mut Sink) -> Option<(IdentityKind, EntityArn<'t>)> {
    let why = match EntityArn::parse(text) {
        Ok(arn) if arn.kind == "user" => return Some((IdentityKind::User, arn)),
        Ok(arn) if arn.kind == "role" => return Some((IdentityKind::Role, arn)),
        Ok(_) => "it names no user or role",
        Err(why) => why,
    };
    let message = format!("`{}` is no principal that a policy can be attached to: {why}", shown(text));
    let found = Diagnostic::error(codes::ATTACH_PRINCIPAL, message).at(
        source,
        Span::default(),
        "this document was to be attached",
    );
    sink.push(found.help("write arn:aws:iam::ACCOUNT:user/NAME or arn:aws:iam::ACCOUNT:role/NAME"));
    None
}

fn is_document(value: &Value) -> bool {
    let Kind::Object(members) = &value.kind else { return false };
    members
        .iter()
        .any(|member| ["Statement", "Version"].iter().any(|name| member.key.eq_ignore_ascii_case(name)))
}
