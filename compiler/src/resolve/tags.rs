//! Tags of identities and of resources, whose keys are parts of condition keys and so compared ignoring case (rules C2, C12).

use std::collections::HashMap;

use portcullis_grammar::json::{Kind, Value};
use portcullis_grammar::source::Span;

use super::codes;
use super::reader::{Reader, fields, shown};
use super::snapshot::unknown_fields;
use crate::model::Tag;

/// Tags as AWS lists them.
pub(super) fn list(reader: &mut Reader<'_, '_>, items: &[Value]) -> Vec<Tag> {
    let tags = items.iter().filter_map(|item| one(reader, item)).collect();
    unique(reader, tags)
}

/// Tags as an object, or as AWS lists them.
pub(super) fn object_or_list(reader: &mut Reader<'_, '_>, value: &Value) -> Vec<Tag> {
    let Kind::Object(members) = &value.kind else {
        let items = reader.list(value, "`tags`").unwrap_or_default();
        return list(reader, items);
    };
    let tags = members.iter().filter_map(|member| {
        let value = reader.string(&member.value, &format!("the tag `{}`", shown(&member.key)))?;
        Some((Tag { key: member.key.clone(), value: value.into() }, member.key_span))
    });
    let tags = tags.collect();
    unique(reader, tags)
}

fn one(reader: &mut Reader<'_, '_>, value: &Value) -> Option<(Tag, Span)> {
    const KNOWN: [&str; 2] = ["Key", "Value"];
    let members = reader.object(value, "a tag")?;
    let ([key, text], unknown) = fields(members, KNOWN);
    unknown_fields(reader, unknown, "a tag", &KNOWN, &[]);
    let span = key.map_or(value.span, |member| member.value.span);
    let key = reader.required_string(key, "Key", "a tag", value.span);
    let text = reader.required_string(text, "Value", "a tag", value.span);
    Some((Tag { key: key?.into(), value: text?.into() }, span))
}

/// Of two keys that condition keys cannot tell apart only one value could count, and a deny on the other would be lost.
pub(super) fn unique(reader: &mut Reader<'_, '_>, tags: Vec<(Tag, Span)>) -> Vec<Tag> {
    let mut seen: HashMap<String, Span> = HashMap::with_capacity(tags.len());
    for (tag, span) in &tags {
        if let Some(first) = seen.insert(tag.key.to_ascii_lowercase(), *span) {
            let message =
                format!("the tag `{}` is given twice: keys are compared ignoring case", shown(&tag.key));
            reader.clash(codes::TAG_DUPLICATE, *span, first, message, "remove one of them");
        }
    }
    tags.into_iter().map(|(tag, _)| tag).collect()
}
