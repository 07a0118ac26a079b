//! Session policies: the documents that are given when a session is made (rules E6, P5).

use portcullis_grammar::json::{self, Kind, Value};
use portcullis_grammar::source::{Source, Span};

use super::document::{self, Sized};
use super::reader::{Reader, shown};
use super::sink::Sink;
use super::{Options, QuotaLevel, codes};
use crate::model::{Document, DocumentKind, FileId};

/// AWS's quota for a session policy, in characters.
const SIZE: usize = 2_048;

/// Reads the documents of a file: one, several one after the other, or a list of them.
pub(super) fn read(source: &Source, file: FileId, sink: &mut Sink, options: &Options) -> Vec<Document> {
    let (values, diagnostics) = json::parse_sequence(source);
    let clean = diagnostics.is_empty();
    sink.extend(diagnostics);
    let mut reader = Reader { source, file, sink, leniency: options.leniency, shape: codes::P2_TYPE };
    let items: Vec<&Value> = values
        .iter()
        .flat_map(|value| match &value.kind {
            Kind::Array(items) => items.as_slice(),
            _ => std::slice::from_ref(value),
        })
        .collect();
    if items.is_empty() && clean {
        let message = format!("`{}` holds no session policy", shown(source.name()));
        let span = Span::new(0, source.text().len().min(1));
        reader.error(
            codes::INPUT_EMPTY,
            span,
            message,
            "give a policy document; one without statements allows nothing",
        );
    }
    items.into_iter().filter_map(|item| one(&mut reader, item, options)).collect()
}

fn one(reader: &mut Reader<'_, '_>, item: &Value, options: &Options) -> Option<Document> {
    let Sized { document, size } = document::read(reader, item, DocumentKind::Session)?;
    if size > SIZE && options.quotas != QuotaLevel::Ignore {
        let message = format!("the characters of the session policy are {size}; AWS's quota is {SIZE}");
        let span = Span::new(item.span.start as usize, item.span.start as usize + 1);
        match options.quotas {
            QuotaLevel::Error => reader.error(codes::P5_QUOTA, span, message, "AWS refuses this"),
            _ => reader.lint(codes::P5_QUOTA, span, message, "AWS refuses this"),
        }
    }
    Some(document)
}
