//! Names and what they stand for: `let`, parameters of policies, and the expansion of texts (`$name`, `prefix[…]`).
//!
//! A name is looked up in the block where it stands, then in those around it, then in the files that its file imports. A `let` sees those above
//! it only, so that no name can stand for itself; everything else sees all of its block.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use portcullis_grammar::gate::ast::{Text, Value};
use portcullis_grammar::gate::text::{self, Malformed, Piece};
use portcullis_grammar::source::Span;

use super::conditions::Condition;
use crate::facts::keys::key_type;
use crate::resolve::codes;
use crate::resolve::reader::{Reader, shown};

/// How many texts one list may stand for. Names in names could otherwise grow without bound.
pub(crate) const MOST_TEXTS: usize = 20_000;
/// How many bytes they may have, for the same reason.
pub(crate) const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Bound {
    /// These texts.
    Texts(Rc<[Box<str>]>),
    /// This condition.
    Condition(Rc<Condition>),
    /// Something that could not be read, which was reported.
    Broken,
}

/// The names of one block.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    names: HashMap<Box<str>, (Bound, Span)>,
    outer: Vec<Rc<Scope>>,
    /// Whether a name that is not here may have been declared where something could not be read.
    unsure: bool,
}

impl Scope {
    /// A block inside others, the innermost first.
    pub(super) fn inside(outer: Vec<Rc<Scope>>, unsure: bool) -> Self {
        let unsure = unsure || outer.iter().any(|outer| outer.unsure);
        Self { names: HashMap::new(), outer, unsure }
    }

    /// Names that two blocks declare, of which nobody could tell which is meant.
    pub(super) fn common<'s>(&'s self, other: &'s Self) -> impl Iterator<Item = &'s str> {
        self.names.keys().filter(|name| other.names.contains_key(*name)).map(|name| &**name)
    }

    /// The names of this block alone.
    pub(super) fn alone(&self) -> Self {
        Self { names: self.names.clone(), outer: Vec::new(), unsure: self.unsure }
    }

    /// Fills in a parameter.
    pub(super) fn fill(&mut self, name: &Text<'_>, bound: Bound) {
        self.names.insert(name.raw.into(), (bound, name.span));
    }

    pub(super) fn get(&self, name: &str) -> Option<&Bound> {
        let own = self.names.get(name).map(|(bound, _)| bound);
        own.or_else(|| self.outer.iter().find_map(|outer| outer.get(name)))
    }

    /// Declares a name; one that the same block has already is reported.
    pub(super) fn declare(&mut self, reader: &mut Reader<'_, '_>, name: &Text<'_>, bound: Bound) {
        let identifier = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && !text.starts_with(|first: char| first.is_ascii_digit())
        };
        if !identifier(name.raw) || name.quoted {
            let message = format!("`{}` cannot be a name for a value", shown(name.raw));
            reader.error(
                codes::GATE_NAME,
                name.span,
                message,
                "use letters, digits and _, with a letter first",
            );
        }
        if let Some((_, first)) = self.names.insert(name.raw.into(), (bound, name.span)) {
            let message = format!("`{}` is declared twice here", shown(name.raw));
            reader.clash(codes::GATE_NAME, name.span, first, message, "give each its own name");
        }
    }

    fn known(&self) -> Vec<&str> {
        let own = self.names.keys().map(|name| &**name);
        own.chain(self.outer.iter().flat_map(|outer| outer.known())).collect()
    }

    /// The binding of a name, or a finding that there is none.
    pub(super) fn require(&self, reader: &mut Reader<'_, '_>, name: &str, span: Span) -> Bound {
        if let Some(bound) = self.get(name) {
            return bound.clone();
        }
        if self.unsure {
            return Bound::Broken;
        }
        let near =
            reader.near(codes::GATE_NAME, name, || self.known().into_iter().map(str::to_owned).collect());
        let help = match near {
            Some(near) => format!("did you mean `${near}`?"),
            None => {
                "declare it above with `let`; write \"\\$\" for a dollar sign, ${key} for a policy variable"
                    .to_owned()
            }
        };
        reader.error(codes::GATE_NAME, span, format!("nothing above is named `{}`", shown(name)), help);
        Bound::Broken
    }
}

/// A text after expansion, and the place that it came from.
pub(super) type Expanded = (Box<str>, Span);

/// Expands a value into texts. Nothing comes of what is wrong, which was reported.
pub(super) fn expand(reader: &mut Reader<'_, '_>, scope: &Scope, value: &Value<'_>) -> Vec<Expanded> {
    let mut texts = Vec::new();
    collect(reader, scope, value, &mut texts);
    texts
}

/// Expands several values.
pub(super) fn expand_all(reader: &mut Reader<'_, '_>, scope: &Scope, values: &[Value<'_>]) -> Vec<Expanded> {
    let mut texts = Vec::new();
    values.iter().for_each(|value| collect(reader, scope, value, &mut texts));
    texts
}

/// Expands what has to be one text.
pub(super) fn one(reader: &mut Reader<'_, '_>, scope: &Scope, text: &Text<'_>) -> Option<Expanded> {
    let texts = expand_text(reader, scope, text)?;
    match <[Box<str>; 1]>::try_from(texts) {
        Ok([only]) => Some((only, text.span)),
        Err(texts) => {
            let message = format!("`{}` stands for {} texts where one belongs", shown(text.raw), texts.len());
            reader.error(codes::GATE_NAME, text.span, message, "write one text");
            None
        }
    }
}

/// A name as it is meant, its escapes read. What else `$` and `\` begin has no meaning in a name, and is reported by [`name`].
pub(super) fn literal(text: &Text<'_>) -> Box<str> {
    let Ok(pieces) = text::pieces(text) else { return text.raw.into() };
    let mut name = String::with_capacity(text.raw.len());
    for piece in pieces {
        match piece {
            Piece::Literal(text) => name.push_str(text),
            Piece::Escaped(character) => name.push(character),
            Piece::Name(value) => name.extend(["$", value]),
        }
    }
    name.into()
}

/// The name of something that is declared; `None` if it is none, which was reported. No value stands in it: a `$` that is not escaped is an
/// error, as is an escape that is none.
pub(super) fn name(reader: &mut Reader<'_, '_>, text: &Text<'_>) -> Option<Box<str>> {
    let pieces = match text::pieces(text) {
        Ok(pieces) => pieces,
        Err(Malformed(place)) => {
            malformed(reader, text, place);
            return None;
        }
    };
    let stands = |piece: &Piece<'_>| match piece {
        Piece::Name(_) => true,
        // A policy variable, which IAM reads in policies only.
        Piece::Literal(text) => text.contains('$'),
        Piece::Escaped(_) => false,
    };
    if pieces.iter().any(stands) {
        let message = format!("`{}` is a name, in which $ stands for nothing", shown(text.raw));
        let help = "write the name itself; in quotes \\$ is a dollar sign";
        reader.error(codes::GATE_NAME, text.span, message, help);
        return None;
    }
    if pieces.is_empty() {
        reader.error(codes::GATE_NAME, text.span, "this name is empty", "write a name");
        return None;
    }
    Some(literal(text))
}

/// The id of something that is declared: a name without blanks.
pub(super) fn id(reader: &mut Reader<'_, '_>, text: &Text<'_>) -> Option<Box<str>> {
    let id = name(reader, text)?;
    if !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = format!("`{}` is no id: a blank or a character outside of ASCII is in it", shown(&id));
        reader.error(codes::GATE_VALUE, text.span, message, "write the id as AWS gives it");
        return None;
    }
    Some(id)
}

/// Reports what `$` or `\` begin and does not end, or what is no escape.
fn malformed(reader: &mut Reader<'_, '_>, text: &Text<'_>, place: Range<usize>) {
    let start = text.span.start as usize + usize::from(text.quoted);
    let span = Span::new(start + place.start, start + place.end);
    let what = text.raw.get(place).unwrap_or("");
    let (message, help) = if what == "${" {
        (
            "`${` is not closed".to_owned(),
            "write ${key} for a policy variable; in quotes \\$ is a dollar sign",
        )
    } else {
        (
            format!("`{}` has no meaning here", shown(what)),
            "write $name for a value, ${key} for a policy variable; in quotes \\$ is a dollar sign, \\\\ a backslash",
        )
    };
    reader.error(codes::GATE_NAME, span, message, help);
}

/// Whether nothing but empty lists stands in a value: nothing comes of it, and nothing was reported.
pub(super) fn holds_nothing(value: &Value<'_>) -> bool {
    matches!(value, Value::List(_, items) if items.iter().all(holds_nothing))
}

fn collect(reader: &mut Reader<'_, '_>, scope: &Scope, value: &Value<'_>, texts: &mut Vec<Expanded>) {
    match value {
        Value::Text(text) => {
            let expanded = expand_text(reader, scope, text).unwrap_or_default();
            texts.extend(expanded.into_iter().map(|it| (it, text.span)));
        }
        Value::List(_, items) => items.iter().for_each(|item| collect(reader, scope, item, texts)),
        Value::Prefixed(prefix, span, items) => {
            let Some(prefixes) = expand_text(reader, scope, prefix) else { return };
            let endings = expand_all(reader, scope, items);
            if items.iter().all(holds_nothing) {
                let message = format!("no ending stands in the list behind `{}`", shown(prefix.raw));
                reader.error(
                    codes::GATE_NAME,
                    *span,
                    message,
                    "write at least one; \"\" for the prefix alone",
                );
            }
            for prefix in &prefixes {
                texts.extend(endings.iter().map(|(ending, at)| (format!("{prefix}{ending}").into(), *at)));
            }
        }
    }
    if texts.len() > MOST_TEXTS || texts.iter().map(|(text, _)| text.len()).sum::<usize>() > MOST_BYTES {
        too_many(reader, value.span());
        texts.clear();
    }
}

fn too_many(reader: &mut Reader<'_, '_>, span: Span) {
    let message = format!("this stands for more than {MOST_TEXTS} texts or {MOST_BYTES} bytes");
    reader.error(codes::GATE_SIZE, span, message, "split it, or use a wildcard");
}

/// The texts that one text stands for: several where a name in it stands for a list. `None` if it is wrong.
fn expand_text(reader: &mut Reader<'_, '_>, scope: &Scope, text: &Text<'_>) -> Option<Vec<Box<str>>> {
    // Most texts hold nothing to expand.
    if !text.raw.contains(['$', '\\']) {
        return Some(vec![text.raw.into()]);
    }
    let pieces = match text::pieces(text) {
        Ok(pieces) => pieces,
        Err(Malformed(place)) => {
            malformed(reader, text, place);
            return None;
        }
    };
    for piece in &pieces {
        if let Piece::Literal(literal) = piece {
            variables(reader, scope, literal, text.span)?;
        }
    }
    let mut texts = vec![String::new()];
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => texts.iter_mut().for_each(|text| text.push_str(literal)),
            Piece::Escaped(character) => texts.iter_mut().for_each(|text| text.push(character)),
            Piece::Name(name) => match scope.require(reader, name, text.span) {
                Bound::Texts(values) => {
                    let length: usize = values.iter().map(|value| value.len()).sum();
                    let held: usize = texts.iter().map(String::len).sum();
                    if values.is_empty() {
                        let message =
                            format!("`${}` stands for an empty list, and so for nothing", shown(name));
                        let help = "give it a value; where nothing is meant, write []";
                        reader.error(codes::GATE_NAME, text.span, message, help);
                        return None;
                    }
                    let total = held * values.len() + length * texts.len();
                    if !reader.spend(total + 64 * texts.len() * values.len(), text.span) {
                        return None;
                    }
                    if texts.len() * values.len() > MOST_TEXTS || total > MOST_BYTES {
                        too_many(reader, text.span);
                        return None;
                    }
                    texts = texts
                        .iter()
                        .flat_map(|text| values.iter().map(move |value| format!("{text}{value}")))
                        .collect();
                }
                Bound::Condition(_) => {
                    let message = format!("`${}` is a condition, not a value", shown(name));
                    reader.error(codes::GATE_NAME, text.span, message, "use it behind `if` or `unless`");
                    return None;
                }
                Bound::Broken => return None,
            },
        }
    }
    Some(texts.into_iter().map(Into::into).collect())
}

/// Policy variables that are meant otherwise: one that is named like a value, and one that nobody knows.
fn variables(reader: &mut Reader<'_, '_>, scope: &Scope, literal: &str, span: Span) -> Option<()> {
    let mut rest = literal;
    while let Some(at) = rest.find("${") {
        let behind = rest.get(at + 2..).unwrap_or("");
        // Past its end, so that each byte is looked at once.
        let (variable, further) = behind.split_once('}').unwrap_or((behind, ""));
        let inside = variable.split(',').next().unwrap_or("");
        rest = further;
        if scope.get(inside).is_some() {
            let message =
                format!("`${{{0}}}` is a policy variable, and `{0}` is declared with `let`", shown(inside));
            reader.error(
                codes::GATE_NAME,
                span,
                message,
                format!("write ${inside}, or $({inside}) before a letter"),
            );
            return None;
        }
        let full = reader.sink.is_full(reader.source.name(), codes::GATE_UNKNOWN_KEY);
        let odd = matches!(inside, "" | "*" | "?" | "$") || inside.contains(char::is_whitespace);
        if !odd && !full && key_type(inside).is_none() {
            super::conditions::unknown_key(reader, &(inside.into(), span));
        }
    }
    Some(())
}
