//! Sizes and characters of documents (rules P4, P5).

use portcullis_grammar::json::{Kind, Value};
use portcullis_grammar::source::Span;

use super::codes;
use super::reader::Reader;

/// Characters without white space, as quotas count them: of the document in its shortest spelling, so that it makes no difference
/// how a file spells or encodes it.
pub(super) fn of(value: &Value) -> usize {
    let commas = |items: usize| items.saturating_sub(1);
    match &value.kind {
        Kind::Null => 4,
        Kind::Bool(true) => 4,
        Kind::Bool(false) => 5,
        Kind::Number(text) => text.len(),
        Kind::String(text) => of_text(text),
        Kind::Array(items) => 2 + commas(items.len()) + items.iter().map(of).sum::<usize>(),
        Kind::Object(members) => {
            let member =
                |member: &portcullis_grammar::json::Member| of_text(&member.key) + 1 + of(&member.value);
            2 + commas(members.len()) + members.iter().map(member).sum::<usize>()
        }
    }
}

fn of_text(text: &str) -> usize {
    let of_character = |character: char| match character {
        '"' | '\\' => 2,
        character if character.is_whitespace() => 0,
        _ => 1,
    };
    2 + text.chars().map(of_character).sum::<usize>()
}

/// One lint for the first character of a document that AWS does not accept (rule P4).
pub(super) fn lint_characters(reader: &mut Reader<'_, '_>, document: &Value) {
    let Some((character, span)) = foreign(document) else { return };
    let message = format!(
        "the character {character:?} (U+{:04X}) is outside of what AWS accepts in a policy",
        u32::from(character)
    );
    reader.lint(
        codes::P4_CHARACTERS,
        span,
        message,
        "use tab, line feed, carriage return and U+0020 to U+00FF only",
    );
}

fn foreign(value: &Value) -> Option<(char, Span)> {
    let foreign_in = |text: &str, span| {
        text.chars().find(|&character| !is_accepted(character)).map(|character| (character, span))
    };
    match &value.kind {
        Kind::Null | Kind::Bool(_) | Kind::Number(_) => None,
        Kind::String(text) => foreign_in(text, value.span),
        Kind::Array(items) => items.iter().find_map(foreign),
        Kind::Object(members) => members
            .iter()
            .find_map(|member| foreign_in(&member.key, member.key_span).or_else(|| foreign(&member.value))),
    }
}

fn is_accepted(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{ff}')
}
