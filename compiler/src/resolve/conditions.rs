//! The condition block of a statement: operators, keys and values (rules C1–C6, P2, P3).

use portcullis_grammar::json::{Kind, Member, Value};
use portcullis_grammar::source::Span;
use portcullis_grammar::suggest;

use super::reader::{Reader, shown};
use super::{codes, operands};
use crate::facts::keys::holds_list;
use crate::model::{BaseOperator, Condition, Operand, Operator, SetPrefix};

/// Reads a `Condition` block: one entry per operator and key, in the order written.
pub(super) fn block(reader: &mut Reader<'_, '_>, value: &Value, variables: bool) -> Vec<Condition> {
    let mut conditions = Vec::new();
    let operators = reader.object(value, "`Condition`").unwrap_or_default();
    same_but_for_case(reader, operators, codes::P3_OPERATOR_CASE, "condition operators");
    for member in operators {
        let operator = operator(reader, &member.key, member.key_span);
        let keys = reader.object(&member.value, &format!("`{}`", shown(&member.key))).unwrap_or_default();
        if keys.is_empty() && matches!(member.value.kind, Kind::Object(_)) {
            reader.lint(
                codes::C1_EMPTY_OPERATOR,
                member.value.span,
                "an operator without keys always holds",
                "name a key, or remove the operator",
            );
        }
        same_but_for_case(reader, keys, codes::P3_KEY_CASE, "condition keys");
        for key in keys {
            if let Some(condition) = condition(reader, operator, key, variables) {
                conditions.push(condition);
            }
        }
    }
    conditions
}

/// Members whose keys differ only in case would be one key (rules C2, P3); equal ones were reported by the parser.
fn same_but_for_case(reader: &mut Reader<'_, '_>, members: &[Member], code: &'static str, what: &str) {
    let mut seen = std::collections::HashMap::with_capacity(members.len());
    for member in members {
        let Some(first) = seen.insert(member.key.to_ascii_lowercase(), member) else { continue };
        if first.key != member.key {
            let message = format!(
                "`{}` and `{}` differ only in case: {what} ignore it",
                shown(&first.key),
                shown(&member.key)
            );
            reader.clash(
                code,
                member.key_span,
                first.key_span,
                message,
                "put the values of both into one list, or remove one",
            );
        }
    }
}

fn condition(
    reader: &mut Reader<'_, '_>,
    operator: Option<Operator>,
    member: &Member,
    variables: bool,
) -> Option<Condition> {
    if member.key.is_empty() {
        reader.error(
            codes::C2_EMPTY_KEY,
            member.key_span,
            "a condition key is empty",
            "name a key, such as aws:SourceIp",
        );
    }
    let texts = texts(reader, member);
    // The values of an unknown operator cannot be read; their shape was looked at all the same.
    let operator = operator?;
    lint_meaning(reader, operator, member);
    let operands: Vec<Operand> = texts
        .into_iter()
        .filter_map(|(text, span)| operands::operand(reader, operator.base, text, span, variables))
        .collect();
    Some(Condition {
        operator,
        key: member.key.to_ascii_lowercase().into(),
        key_text: member.key.clone(),
        operands,
    })
}

/// The values as texts: a string, boolean or number, or a list of them.
fn texts<'v>(reader: &mut Reader<'_, '_>, member: &'v Member) -> Vec<(&'v str, Span)> {
    let items = match &member.value.kind {
        Kind::Array(items) => items.as_slice(),
        _ => std::slice::from_ref(&member.value),
    };
    if items.is_empty() {
        let message = format!("`{}` has an empty list of values", shown(&member.key));
        reader.error(
            codes::P2_EMPTY_VALUES,
            member.value.span,
            message,
            "write at least one value, or remove the key",
        );
    }
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        match &item.kind {
            Kind::String(text) | Kind::Number(text) => texts.push((&**text, item.span)),
            Kind::Bool(true) => texts.push(("true", item.span)),
            Kind::Bool(false) => texts.push(("false", item.span)),
            Kind::Null | Kind::Array(_) | Kind::Object(_) => {
                let message = format!(
                    "a value of `{}` has to be a string, boolean or number, not {}",
                    shown(&member.key),
                    item.kind.noun()
                );
                reader.error(codes::P2_TYPE, item.span, message, "write a string");
            }
        }
    }
    texts
}

fn lint_meaning(reader: &mut Reader<'_, '_>, operator: Operator, member: &Member) {
    let null = operator.base == BaseOperator::Null;
    if let (true, Some(set)) = (null, operator.set) {
        let always = if set == SetPrefix::ForAllValues { "always" } else { "never" };
        let message = format!("`{operator}` {always} holds, whatever the request");
        reader.lint(
            codes::C4_NULL_WITH_SET_PREFIX,
            member.key_span,
            message,
            "write `Null` without the prefix",
        );
    }
    if !null && operator.set.is_none() && holds_list(&member.key) {
        let message = format!(
            "`{}` holds a list, and `{operator}` without a set prefix never matches a list",
            shown(&member.key)
        );
        let help = format!("write `ForAnyValue:{operator}` or `ForAllValues:{operator}`");
        reader.lint(codes::C6_LIST_KEY, member.key_span, message, help);
    }
}

/// Reads an operator's name, ignoring case (rule C2).
fn operator(reader: &mut Reader<'_, '_>, text: &str, span: Span) -> Option<Operator> {
    let wrong = match parse(text) {
        Ok(operator) => return Some(operator),
        Err(wrong) => wrong,
    };
    let code = codes::C3_UNKNOWN_OPERATOR;
    let full = reader.sink.is_full(reader.source.name(), code);
    let help = if full { String::new() } else { advice(text, wrong) };
    reader.error(code, span, format!("there is no condition operator `{}`", shown(text)), help);
    None
}

/// The operator of this name.
pub(super) fn parse_operator(text: &str) -> Option<Operator> {
    parse(text).ok()
}

/// What to write for a name that is nearly one of an operator.
pub(super) fn advice_for(text: &str) -> Option<String> {
    parse(text).err().map(|wrong| advice(text, wrong)).filter(|advice| advice.starts_with("did you mean"))
}

/// What is wrong with the name of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong<'t> {
    /// This prefix.
    Prefix(&'t str),
    /// This comparison, between prefix and suffix.
    Base(&'t str),
    /// `IfExists` on `Null`.
    NullIfExists,
}

const PREFIXES: [(&str, SetPrefix); 2] =
    [("ForAnyValue", SetPrefix::ForAnyValue), ("ForAllValues", SetPrefix::ForAllValues)];

fn parse(text: &str) -> Result<Operator, Wrong<'_>> {
    let (set, rest) = match text.split_once(':') {
        None => (None, text),
        Some((prefix, rest)) => {
            let known = PREFIXES.iter().find(|(name, _)| name.eq_ignore_ascii_case(prefix));
            (Some(known.ok_or(Wrong::Prefix(prefix))?.1), rest)
        }
    };
    let suffix = rest.len().checked_sub("IfExists".len());
    let (name, if_exists) = match suffix.and_then(|at| rest.split_at_checked(at)) {
        Some((name, suffix)) if suffix.eq_ignore_ascii_case("IfExists") => (name, true),
        _ => (rest, false),
    };
    match BaseOperator::ALL.iter().copied().find(|base| base.name().eq_ignore_ascii_case(name)) {
        Some(BaseOperator::Null) if if_exists => Err(Wrong::NullIfExists),
        Some(base) => Ok(Operator { set, base, if_exists }),
        None => Err(Wrong::Base(name)),
    }
}

/// The comparison nearest to a misspelt one, with its suffix if that is what is misspelt.
fn nearest_operator(name: &str) -> Option<String> {
    let plain = BaseOperator::ALL.iter().map(|base| base.name());
    let near = suggest::nearest(name, plain.clone()).map(str::to_owned);
    near.or_else(|| {
        let suffixed: Vec<String> = plain.map(|name| format!("{name}IfExists")).collect();
        suggest::nearest(name, suffixed.iter().map(String::as_str)).map(str::to_owned)
    })
}

/// What to do about a name that is no operator.
fn advice(text: &str, wrong: Wrong<'_>) -> String {
    let (part, near) = match wrong {
        Wrong::NullIfExists => {
            return "`Null` asks whether the key exists; write it without IfExists".to_owned();
        }
        Wrong::Prefix(prefix) => {
            let near = suggest::nearest(prefix, PREFIXES.iter().map(|(name, _)| *name));
            (prefix, near.map(str::to_owned))
        }
        Wrong::Base(name) => (name, nearest_operator(name)),
    };
    match (near, wrong) {
        (Some(near), _) if !part.is_empty() => {
            format!("did you mean `{}`?", shown(&text.replacen(part, &near, 1)))
        }
        (_, Wrong::Prefix(_)) => "the prefixes are ForAnyValue: and ForAllValues:".to_owned(),
        _ => "the operators are String…, Numeric…, Date…, Bool, BinaryEquals, …IpAddress, Arn… and Null"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c2_c3_every_operator_in_every_case() {
        for base in BaseOperator::ALL {
            for (prefix, set) in [
                ("", None),
                ("ForAnyValue:", Some(SetPrefix::ForAnyValue)),
                ("ForAllValues:", Some(SetPrefix::ForAllValues)),
            ] {
                for (suffix, if_exists) in [("", false), ("IfExists", true)] {
                    let name = format!("{prefix}{}{suffix}", base.name());
                    let wanted = Operator { set, base: *base, if_exists };
                    if *base == BaseOperator::Null && if_exists {
                        assert!(parse(&name).is_err());
                        continue;
                    }
                    assert_eq!(wanted.to_string(), name);
                    for name in [name.clone(), name.to_ascii_lowercase(), name.to_ascii_uppercase()] {
                        assert_eq!(parse(&name), Ok(wanted), "{name}");
                    }
                }
            }
        }
    }

    #[test]
    fn c3_unknown_operators_get_a_suggestion() {
        for (name, help) in [
            ("StringEqual", "did you mean `StringEquals`?"),
            ("StringEqualIfExists", "did you mean `StringEqualsIfExists`?"),
            ("ForAnyValue:stringlik", "did you mean `ForAnyValue:StringLike`?"),
            ("stringnotlikeifexist", "did you mean `StringNotLikeIfExists`?"),
            ("ForAnyValues:StringLike", "did you mean `ForAnyValue:StringLike`?"),
            (
                "Equals",
                "the operators are String…, Numeric…, Date…, Bool, BinaryEquals, …IpAddress, Arn… and Null",
            ),
            ("NullIfExists", "`Null` asks whether the key exists; write it without IfExists"),
        ] {
            assert_eq!(advice(name, parse(name).unwrap_err()), help, "{name}");
        }
        for name in [
            "",
            ":",
            "IfExists",
            "ForAnyValue:",
            "é",
            "StringEquals ",
            "ForAnyValue:ForAllValues:Bool",
            "ifExistsé",
        ] {
            assert!(!advice(name, parse(name).unwrap_err()).is_empty(), "{name}");
        }
    }
}
