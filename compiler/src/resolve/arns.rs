//! Resource patterns (rules R1, R5, X1) and the ARN operands of conditions (rule C7).

use portcullis_grammar::json::{Kind, Value};
use portcullis_grammar::source::Span;

use super::codes;
use super::reader::{Reader, shown};
use super::variables::{self, Syntax};
use crate::model::{DocumentKind, Effect, ResourceClause, ResourcePattern};
use crate::pattern::{Glob, Piece, ResourceForm};

/// What the reading of a resource pattern depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings {
    pub(super) kind: DocumentKind,
    pub(super) effect: Option<Effect>,
    pub(super) variables: bool,
}

/// Reads `Resource` or `NotResource`.
pub(super) fn clause(
    reader: &mut Reader<'_, '_>,
    name: &str,
    value: &Value,
    around: Surroundings,
) -> ResourceClause {
    let negated = name == "NotResource";
    let texts = reader.strings(value, &format!("`{name}`"));
    let patterns =
        texts.into_iter().filter_map(|(text, span)| pattern(reader, text, span, negated, around)).collect();
    if matches!(&value.kind, Kind::Array(items) if items.is_empty()) {
        let covers = if negated { "every resource" } else { "nothing" };
        reader.lint(
            codes::P2_EMPTY_LIST,
            value.span,
            format!("an empty `{name}` matches {covers}"),
            "name resources, or remove the statement",
        );
    }
    ResourceClause { negated, patterns }
}

fn pattern(
    reader: &mut Reader<'_, '_>,
    text: &str,
    span: Span,
    negated: bool,
    around: Surroundings,
) -> Option<ResourcePattern> {
    let pieces =
        variables::read(reader, text, span, Syntax { wildcards: true, variables: around.variables })?;
    let excluding = negated && around.effect == Some(Effect::Allow);
    if excluding
        && pieces.iter().any(|piece| matches!(piece, Piece::Variable(variable) if variable.default.is_none()))
    {
        let message = format!(
            "where a variable's key is missing, `{}` excludes nothing, and the statement allows more",
            shown(text)
        );
        reader.lint(
            codes::X3_VARIABLE_IN_NOT_RESOURCE,
            span,
            message,
            "give the variable a default, or use Deny with Resource",
        );
    }
    let (form, reading) = form(text, pieces, around.kind);
    match reading {
        Reading::Plain => {}
        Reading::Padded => {
            let help = "write all six parts: arn:partition:service:region:account:resource";
            if excluding {
                let message = format!(
                    "`{}` is no ARN, and what it excludes from this Allow is not certain",
                    shown(text)
                );
                reader.error_l(codes::R5_PADDED, span, message, help);
            } else {
                let message = format!(
                    "`{}` is no ARN; it is read as if wildcards stood in the missing parts",
                    shown(text)
                );
                reader.lint(codes::R5_PADDED, span, message, help);
            }
        }
        Reading::Refused => {
            let message = format!("`{}` has fewer than the six parts of an ARN", shown(text));
            let help = "write all six parts, or end in `*` to cover the rest";
            reader.error(codes::R5_CONTROL, span, message, help);
        }
        Reading::Nothing => {
            let message =
                format!("`{}` has fewer than the six parts of an ARN and matches nothing", shown(text));
            reader.lint(
                codes::R5_NOTHING,
                span,
                message,
                "write all six parts, or end in `*` to cover the rest",
            );
        }
    }
    Some(ResourcePattern { form, text: text.into() })
}

/// How rule R5 had to read a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// Not at all.
    Plain,
    /// With wildcards in the missing parts.
    Padded,
    /// As matching nothing.
    Nothing,
    /// Not: it is an error.
    Refused,
}

fn form(text: &str, pieces: Vec<Piece>, kind: DocumentKind) -> (ResourceForm, Reading) {
    if text == "*" {
        return (ResourceForm::Everything, Reading::Plain);
    }
    let ends_in_run = pieces.last() == Some(&Piece::AnyRun);
    let wildcard = pieces.iter().any(|piece| matches!(piece, Piece::AnyRun | Piece::AnyOne));
    let parts = variables::split(pieces);
    // Rule R1 goes before R5: a pattern that ends in `*` covers all the remaining parts, in every type of policy.
    let reading = if parts.len() == 6 || ends_in_run {
        Reading::Plain
    } else if !wildcard && matches!(kind, DocumentKind::Scp | DocumentKind::Rcp) {
        Reading::Refused
    } else if wildcard || !kind.is_identity_type() {
        Reading::Nothing
    } else {
        Reading::Padded
    };
    if matches!(reading, Reading::Nothing | Reading::Refused) {
        return (ResourceForm::Nothing, reading);
    }
    (ResourceForm::Parts(Box::new(six(parts))), reading)
}

/// The parts as globs, missing ones as `*`.
fn six(parts: Vec<Vec<Piece>>) -> [Glob; 6] {
    let mut parts = parts.into_iter();
    std::array::from_fn(|_| parts.next().map_or_else(Glob::any, Glob::new))
}

/// The operand of an `Arn…` operator: six parts, or `None` where there are fewer.
pub(super) fn operand(pieces: Vec<Piece>) -> Option<Box<[Glob; 6]>> {
    let parts = variables::split(pieces);
    (parts.len() == 6).then(|| Box::new(six(parts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, kind: DocumentKind) -> (String, Reading) {
        let pieces = variables::pieces(text, Syntax { wildcards: true, variables: true }).unwrap();
        let (form, reading) = form(text, pieces, kind);
        (form.to_string(), reading)
    }

    #[test]
    fn r1_six_parts_and_trailing_stars() {
        for (text, form) in [
            ("*", "*"),
            ("arn:aws:s3:::b/a:b*", "arn:aws:s3:::b/a:b*"),
            ("arn:aws:s3*", "arn:aws:s3*:*:*:*"),
            ("arn:*", "arn:*:*:*:*:*"),
            ("**", "*:*:*:*:*:*"),
            ("a?*", "a?*:*:*:*:*:*"),
            ("arn:aws:s3:::${aws:x}/*", "arn:aws:s3:::${aws:x}/*"),
            ("arn:aws:iam::${aws:PrincipalAccount}:user/x", "arn:aws:iam::${aws:principalaccount}:user/x"),
        ] {
            let form = if text == "arn:aws:s3*" { "arn:aws:s3*:*:*:*" } else { form };
            assert_eq!(read(text, DocumentKind::Identity), (form.to_owned(), Reading::Plain), "{text}");
            assert_eq!(read(text, DocumentKind::Trust), (form.to_owned(), Reading::Plain), "{text}");
        }
        assert!(matches!(form("*", vec![Piece::AnyRun], DocumentKind::Identity).0, ResourceForm::Everything));
    }

    #[test]
    fn r5_short_patterns() {
        for (text, form) in [
            ("bucket", "bucket:*:*:*:*:*"),
            ("arn:aws:s3", "arn:aws:s3:*:*:*"),
            ("", ":*:*:*:*:*"),
            ("b${*}", "b${*}:*:*:*:*:*"),
            ("${aws:x}", "${aws:x}:*:*:*:*:*"),
        ] {
            assert_eq!(read(text, DocumentKind::Identity), (form.to_owned(), Reading::Padded), "{text}");
            assert_eq!(read(text, DocumentKind::Trust), ("nothing".to_owned(), Reading::Nothing), "{text}");
        }
        for text in ["b*t", "*?", "arn:*:s3", "?", "*${aws:x}", "*${*}"] {
            assert_eq!(
                read(text, DocumentKind::Identity),
                ("nothing".to_owned(), Reading::Nothing),
                "{text}"
            );
        }
    }

    #[test]
    fn c7_operands_have_six_parts_or_match_nothing() {
        let pieces = |text| variables::pieces(text, Syntax { wildcards: true, variables: true }).unwrap();
        assert!(operand(pieces("arn:aws:s3:::b")).is_some());
        assert!(operand(pieces("arn:aws:*")).is_none());
        assert!(operand(pieces("*")).is_none());
    }
}
