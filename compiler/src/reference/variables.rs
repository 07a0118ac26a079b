//! Policy variables: reading them in patterns and putting the request's values in their place (rules X1–X4).

use super::context::Context;
use super::glob::Token;
use crate::request::ContextValue;

/// One unit of a pattern's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// A character that stands for itself.
    Char(char),
    /// `*`.
    AnyRun,
    /// `?`.
    AnyOne,
    /// `${key}` or `${key, 'default'}`.
    Variable {
        /// The key, as written.
        key: String,
        /// The default.
        default: Option<String>,
    },
    /// A `${` that begins no variable. The front end refuses it in documents that read variables; here it matches nothing.
    Malformed,
}

/// Reads a pattern; `variables` says whether variables are read in it (X1: documents of version 2012-10-17 only; elsewhere `${…}` is plain
/// text, wildcards inside included).
pub(super) fn read(text: &str, variables: bool) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if variables && let Some(inside) = rest.strip_prefix("${") {
            // A default holds no `}` (X1), so the first one ends the variable.
            let Some((inside, behind)) = inside.split_once('}') else {
                units.push(Unit::Malformed);
                return units;
            };
            units.push(variable(inside));
            rest = behind;
            continue;
        }
        units.push(match first {
            '*' => Unit::AnyRun,
            '?' => Unit::AnyOne,
            other => Unit::Char(other),
        });
        rest = rest.strip_prefix(first).unwrap_or_default();
    }
    units
}

/// The keys of the variables in a pattern of a document that reads them, in order.
pub(crate) fn variable_keys(text: &str) -> impl Iterator<Item = String> {
    read(text, true).into_iter().filter_map(|unit| match unit {
        Unit::Variable { key, .. } => Some(key),
        _ => None,
    })
}

/// What stands between `${` and `}`.
fn variable(inside: &str) -> Unit {
    match inside {
        // X1: `${*}`, `${?}` and `${$}` are the literal characters.
        "*" => return Unit::Char('*'),
        "?" => return Unit::Char('?'),
        "$" => return Unit::Char('$'),
        _ => {}
    }
    let (key, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((key, default)) => {
            // X1: the blank after the comma may be absent.
            let default = default.strip_prefix(' ').unwrap_or(default);
            match default.strip_prefix('\'').and_then(|default| default.strip_suffix('\'')) {
                Some(default) if !default.contains('\'') => (key, Some(default.to_owned())),
                _ => return Unit::Malformed,
            }
        }
    };
    if key.is_empty() || key.contains(char::is_whitespace) {
        return Unit::Malformed;
    }
    Unit::Variable { key: key.to_owned(), default }
}

/// Splits at the first five colons (R1, C7). X1: a variable is one unit, a colon inside it splits nothing. X2: this comes before
/// substitution.
pub(super) fn split(units: Vec<Unit>) -> Vec<Vec<Unit>> {
    let mut parts = vec![Vec::new()];
    for unit in units {
        if unit == Unit::Char(':') && parts.len() < 6 {
            parts.push(Vec::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(unit);
        }
    }
    parts
}

/// The pattern with the request's values in place of its variables; `None` where it matches nothing (X3).
pub(super) fn substitute(units: &[Unit], context: &Context) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    for unit in units {
        match unit {
            Unit::Char(character) => tokens.push(Token::Char(*character)),
            Unit::AnyRun => tokens.push(Token::AnyRun),
            Unit::AnyOne => tokens.push(Token::AnyOne),
            // X2: the value is literal text: a wildcard in it is none.
            Unit::Variable { key, default } => {
                tokens.extend(value(key, default.as_deref(), context)?.chars().map(Token::Char));
            }
            Unit::Malformed => return None,
        }
    }
    Some(tokens)
}

/// What a variable stands for in this request (X3).
fn value<'a>(key: &str, default: Option<&'a str>, context: &'a Context) -> Option<&'a str> {
    match context.get(key) {
        // A key that holds a list never substitutes, default or not.
        Some(ContextValue::Many(_)) => None,
        Some(ContextValue::One(value)) if !value.is_empty() => Some(value),
        // Missing or an empty text: the default, else nothing matches.
        _ => default,
    }
}

/// The text with variables replaced, for operators without wildcards: `*` and `?` are themselves.
pub(super) fn text(units: &[Unit], context: &Context) -> Option<String> {
    let tokens = substitute(units, context)?;
    Some(
        tokens
            .into_iter()
            .map(|token| match token {
                Token::Char(character) => character,
                Token::AnyRun => '*',
                Token::AnyOne => '?',
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(value: ContextValue) -> Context {
        Context::of([("aws:Key", value)])
    }

    fn one(value: &str) -> ContextValue {
        ContextValue::One(value.to_owned())
    }

    #[test]
    fn x1_forms() {
        let variable = |key: &str, default: Option<&str>| {
            vec![Unit::Variable { key: key.to_owned(), default: default.map(str::to_owned) }]
        };
        assert_eq!(read("${aws:x}", true), variable("aws:x", None));
        assert_eq!(read("${aws:x, 'd e'}", true), variable("aws:x", Some("d e")));
        assert_eq!(read("${aws:x,''}", true), variable("aws:x", Some("")));
        assert_eq!(read("${*}${?}${$}", true), vec![Unit::Char('*'), Unit::Char('?'), Unit::Char('$')]);
        assert_eq!(read("$a*", true), vec![Unit::Char('$'), Unit::Char('a'), Unit::AnyRun]);
        for malformed in ["${", "${}", "${a b}", "${a, d}", "${a, 'it's'}", "${a,  'd'}", "${a, 'x"] {
            assert_eq!(read(malformed, true), vec![Unit::Malformed], "{malformed}");
        }
    }

    #[test]
    fn x1_plain_text_in_documents_of_2008() {
        assert_eq!(
            read("${*}", false),
            vec![Unit::Char('$'), Unit::Char('{'), Unit::AnyRun, Unit::Char('}')]
        );
        assert_eq!(split(read("${a:b}", false)).len(), 2);
        assert_eq!(split(read("${a:b}", true)).len(), 1);
    }

    #[test]
    fn x2_a_value_is_literal_text() {
        let tokens = substitute(&read("${aws:key}", true), &context(one("a*?")));
        assert_eq!(tokens, Some(vec![Token::Char('a'), Token::Char('*'), Token::Char('?')]));
    }

    #[test]
    fn x3_missing_empty_and_lists() {
        let plain = read("${aws:key}", true);
        let fallback = read("${aws:key, 'd'}", true);
        let d = Some("d".to_owned());
        assert_eq!(text(&plain, &Context::default()), None);
        assert_eq!(text(&fallback, &Context::default()), d);
        assert_eq!(text(&plain, &context(one(""))), None);
        assert_eq!(text(&fallback, &context(one(""))), d);
        let list = context(ContextValue::Many(vec!["v".to_owned()]));
        assert_eq!(text(&plain, &list), None);
        assert_eq!(text(&fallback, &list), None);
        assert_eq!(text(&read("${aws:none, ''}", true), &list), Some(String::new()));
    }

    #[test]
    fn x4_names_ignore_case() {
        assert_eq!(text(&read("${AWS:KEY}", true), &context(one("v"))), Some("v".to_owned()));
    }
}
