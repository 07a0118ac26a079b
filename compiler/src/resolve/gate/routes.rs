//! Routes of the language: methods, a path in normal form with captures, one action, and a resource that the captures fill in.

use portcullis_grammar::gate::ast::{self, Text};
use portcullis_grammar::source::Span;
use portcullis_runtime::format::limits;
use portcullis_runtime::path::{self, NotNormal};
use portcullis_runtime::route::is_method;
use portcullis_runtime::value::arn;

use super::{Block, Elaborator, scope};
use crate::model::route::{Piece, Route, Segment};
use crate::resolve::codes;
use crate::resolve::drafts::RouteDraft;
use crate::resolve::reader::{Reader, shown};

impl<'a> Elaborator<'a, '_> {
    /// A route, if it is one; else that was reported.
    pub(super) fn route(&mut self, block: &Block<'a>, route: &ast::Route<'a>) {
        let mut reader = self.reader(block.file);
        let methods = methods(&mut reader, route);
        let path = text(&mut reader, block, &route.path, codes::ROUTE_PATH);
        let path = path.and_then(|text| self::path(&mut reader, &text, route.path.span));
        let action = text(&mut reader, block, &route.action, codes::ROUTE_ACTION);
        let action = action.and_then(|text| self::action(&mut reader, text, route.action.span));
        let template = text(&mut reader, block, &route.resource, codes::ROUTE_RESOURCE);
        // What it can name is in the path.
        let (Some(path), Some(template)) = (path, template) else { return };
        let resource = resource(&mut reader, &template, &path, route.resource.span);
        let (Some(methods), Some(action), Some(resource)) = (methods, action, resource) else { return };
        let (origin, place) = (reader.origin(route.span), reader.place(route.span));
        let route = Route { methods, path, action, resource, origin };
        self.drafts.routes.push(RouteDraft { route, place });
    }
}

/// The one text of a part of a route, names filled in.
fn text(
    reader: &mut Reader<'_, '_>,
    block: &Block<'_>,
    text: &Text<'_>,
    code: &'static str,
) -> Option<Box<str>> {
    if text.raw.contains("${") {
        let message = "a policy variable has no meaning in a route";
        reader.error(code, text.span, message, "write {name} for what the path captures, $name for a value");
        return None;
    }
    scope::one(reader, &block.scope, text).map(|(text, _)| text)
}

fn methods(reader: &mut Reader<'_, '_>, route: &ast::Route<'_>) -> Option<Vec<Box<str>>> {
    if let [only] = route.methods.as_slice()
        && only.raw == "*"
    {
        return Some(Vec::new());
    }
    let mut methods: Vec<Box<str>> = Vec::new();
    let mut fine = true;
    if route.methods.is_empty() {
        let help = "write a method, such as GET, or * for all";
        reader.error(codes::ROUTE_METHOD, route.span, "this route has no method", help);
        fine = false;
    }
    for method in &route.methods {
        let wrong = if method.raw == "*" {
            Some((
                "`*` stands for all methods, and no list".to_owned(),
                "write * without brackets".to_owned(),
            ))
        } else if !is_method(method.raw) || method.raw.contains('$') {
            let upper = method.raw.to_ascii_uppercase();
            let help =
                if is_method(&upper) { format!("write {upper}") } else { "write GET, POST, …".to_owned() };
            Some((format!("`{}` is no method: they are words of capital letters", shown(method.raw)), help))
        } else if methods.iter().any(|known| **known == *method.raw) {
            Some((format!("`{}` stands here twice", shown(method.raw)), "take one away".to_owned()))
        } else {
            None
        };
        match wrong {
            Some((message, help)) => {
                reader.error(codes::ROUTE_METHOD, method.span, message, help);
                fine = false;
            }
            None => methods.push(method.raw.into()),
        }
    }
    methods.sort_unstable();
    fine.then_some(methods)
}

/// Whether a text can name a capture.
fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

fn path(reader: &mut Reader<'_, '_>, text: &str, span: Span) -> Option<Vec<Segment>> {
    let mut error = |message: String, help: String| {
        reader.error(codes::ROUTE_PATH, span, message, help);
        None
    };
    if text.len() > limits::TARGET_BYTES {
        let message = format!("this path is longer than a path may be, {} bytes", limits::TARGET_BYTES);
        return error(message, "shorten it".to_owned());
    }
    let mut segments: Vec<Segment> = Vec::new();
    let mut plain = String::new();
    let inside = text.strip_prefix('/').unwrap_or(text);
    for segment in inside.split('/') {
        plain.push('/');
        if !segment.contains(['{', '}']) {
            plain.push_str(segment);
            segments.push(Segment::Literal(segment.into()));
            continue;
        }
        plain.push('x');
        let inside = segment.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
        let name = inside.map(|it| it.strip_suffix('*').unwrap_or(it)).filter(|name| is_name(name));
        let Some(name) = name else {
            let message = format!("`{}` is no segment of a route", shown(segment));
            let help = "a capture is a whole segment, {name}, or {name*} for the rest of the path; braces are written %7B and %7D";
            return error(message, help.to_owned());
        };
        if matches!(segments.last(), Some(Segment::Rest(_))) {
            break;
        }
        let taken = segments
            .iter()
            .any(|known| matches!(known, Segment::One(known) | Segment::Rest(known) if **known == *name));
        if taken {
            return error(
                format!("`{{{name}}}` stands here twice"),
                "give each capture its own name".to_owned(),
            );
        }
        let is_rest = inside.is_some_and(|inside| inside.ends_with('*'));
        segments.push(if is_rest { Segment::Rest(name.into()) } else { Segment::One(name.into()) });
    }
    if segments.len() < inside.split('/').count()
        || segments.iter().rev().skip(1).any(|it| matches!(it, Segment::Rest(_)))
    {
        let message = "what captures the rest of the path is not its last segment";
        return error(message.to_owned(), "write {name} for one segment".to_owned());
    }
    if text.contains('?') {
        let message = "a query takes no part in routing, and stands in no route";
        return error(message.to_owned(), "write the path alone".to_owned());
    }
    let reason = if text.starts_with('/') { path::check(&plain).err() } else { Some(NotNormal::NoSlash) };
    if let Some(reason) = reason {
        let message = format!("`{}` is no path in normal form: {}", shown(text), reason.sentence());
        let help = match normal(text) {
            Some(normal) => format!("write {normal}"),
            None => "take it away: no request with it is routed".to_owned(),
        };
        return error(message, help);
    }
    let long = segments.iter().find_map(|it| match it {
        Segment::Literal(text) if text.len() > limits::SEGMENT_BYTES => Some(text),
        _ => None,
    });
    if let Some(long) = long {
        let message = format!("the segment `{}` has more than {} bytes", shown(long), limits::SEGMENT_BYTES);
        return error(message, "shorten it, or capture it".to_owned());
    }
    Some(segments)
}

/// The normal form of a path, captures as they are; `None` if it has none.
fn normal(text: &str) -> Option<String> {
    let mut segments: Vec<String> = Vec::new();
    let all: Vec<&str> = text.strip_prefix('/').unwrap_or(text).split('/').collect();
    for (number, segment) in all.iter().enumerate() {
        let is_last = number + 1 == all.len();
        let segment =
            if segment.starts_with('{') { (*segment).to_owned() } else { encode(&decode(segment))? };
        match segment.as_str() {
            "" | "." if !is_last => {}
            "." => segments.push(String::new()),
            ".." => {
                segments.pop();
                if is_last {
                    segments.push(String::new());
                }
            }
            _ => segments.push(segment),
        }
    }
    Some(format!("/{}", segments.join("/")))
}

/// What a segment stands for, however it is encoded.
fn decode(segment: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = segment.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        if first == b'%'
            && let &[high, low, ref further @ ..] = behind
            && let (Some(high), Some(low)) = (digit(high), digit(low))
        {
            bytes.push((high << 4 | low) as u8);
            rest = further;
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The one way to write a segment; `None` if it can stand in no path.
fn encode(segment: &str) -> Option<String> {
    let mut text = String::new();
    for character in segment.chars() {
        if path::forbidden(character).is_some() || character == char::REPLACEMENT_CHARACTER {
            return None;
        }
        let mut bytes = [0; 4];
        for &byte in character.encode_utf8(&mut bytes).as_bytes() {
            if path::is_plain(byte) {
                text.push(char::from(byte));
            } else {
                text.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    Some(text)
}

fn action(reader: &mut Reader<'_, '_>, text: Box<str>, span: Span) -> Option<Box<str>> {
    let halves = text.split_once(':').filter(|(service, name)| !service.is_empty() && !name.is_empty());
    let odd = |it: char| it.is_whitespace() || it.is_control() || "*?,{}".contains(it);
    if halves.is_none() || text.contains(odd) || text.len() > limits::ACTION_BYTES {
        let message = format!("`{}` is not one action", shown(&text));
        let help = "write service:Name, such as reports:Read, without wildcards; a route asks for one action";
        reader.error(codes::ROUTE_ACTION, span, message, help);
        return None;
    }
    super::actions::one(reader, &text, span);
    Some(text)
}

fn resource(reader: &mut Reader<'_, '_>, text: &str, path: &[Segment], span: Span) -> Option<Vec<Piece>> {
    if text == "*" {
        return Some(vec![Piece::Literal(text.into())]);
    }
    let read = pieces(text, path);
    if let Err((message, help)) = &read {
        reader.error(codes::ROUTE_RESOURCE, span, message.clone(), *help);
    }
    read.ok()
}

type Wrong = (String, &'static str);

/// The pieces of a resource, or what is wrong with it.
fn pieces(text: &str, path: &[Segment]) -> Result<Vec<Piece>, Wrong> {
    let whole = "write all six parts, arn:partition:service:region:account:resource, or * for an action without a resource";
    let parts = arn::split(text).filter(|parts| parts[0] == "arn" && !parts[5].is_empty());
    let Some([head @ .., _]) = parts else {
        return Err((format!("`{}` is no ARN", shown(text)), whole));
    };
    if head.iter().any(|part| part.contains(['{', '}'])) {
        let message = "a capture stands outside of the last part of this ARN".to_owned();
        return Err((
            message,
            "whose resource it is, is no matter of the path: write the first five parts out",
        ));
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut rest, mut length) = (text, 0);
    loop {
        let (literal, behind) = rest.split_once('{').unwrap_or((rest, ""));
        if literal.contains(['*', '?', '}']) || literal.contains(char::is_control) || literal.ends_with('$') {
            let message = format!("`{}` holds what no template of one resource can hold", shown(text));
            return Err((
                message,
                "write {name} for what the path captures; wildcards and ${…} have no meaning here",
            ));
        }
        length += literal.len();
        match pieces.last() {
            Some(Piece::Capture(last)) if !literal.is_empty() || !behind.is_empty() => {
                if let Some(Segment::Rest(name)) = path.get(*last as usize) {
                    let message =
                        format!("something stands behind `{{{name}}}`, which captures slashes as well");
                    return Err((
                        message,
                        "let it be the last thing, so that no two paths ask for one resource",
                    ));
                }
                if !behind.is_empty() && !literal.contains('/') {
                    let message =
                        "no slash stands between two captures, so that two paths could ask for one resource";
                    return Err((message.to_owned(), "write a slash between them"));
                }
            }
            _ => {}
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.into()));
        }
        if literal.len() == rest.len() {
            break;
        }
        let (name, further) = behind.split_once('}').unwrap_or((behind, ""));
        let (name, as_rest) = name.strip_suffix('*').map_or((name, false), |name| (name, true));
        let captured = path.iter().position(|segment| match segment {
            Segment::One(own) => **own == *name && !as_rest,
            Segment::Rest(own) => **own == *name,
            Segment::Literal(_) => false,
        });
        let Some(captured) = captured else {
            let message = format!("the path captures nothing as `{{{}}}`", shown(name));
            return Err((message, "write the name of a capture of the path, as it stands there"));
        };
        pieces.push(Piece::Capture(captured as u32));
        rest = further;
        if rest.is_empty() {
            break;
        }
    }
    if length > limits::RESOURCE_BYTES {
        let message = format!("this is longer than a resource may be, {} bytes", limits::RESOURCE_BYTES);
        return Err((message, "shorten it"));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_form_is_found_where_there_is_one() {
        for (text, expected) in [
            ("a//b/./c/../d", Some("/a/b/d")),
            ("/%41%2e%7e/x", Some("/A.~/x")),
            ("/caf\u{e9}/%c3%a9/q 3", Some("/caf%C3%A9/%C3%A9/q%203")),
            ("/{id}/..", Some("/")),
            ("/a/.", Some("/a/")),
            ("/a;b", None),
            ("/a%2Fb", None),
            ("/%ff", None),
        ] {
            assert_eq!(normal(text).as_deref(), expected, "{text}");
            assert!(expected.is_none_or(|text| text.contains('{') || path::check(text).is_ok()), "{text}");
        }
    }
}
