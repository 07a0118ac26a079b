//! The values of conditions: text to operand, as the operator wants it (rules C7–C11, X1).

use portcullis_grammar::source::Span;
use portcullis_runtime::value::{binary, boolean, date, ip, number};

use super::reader::{Reader, shown};
use super::variables::{self, Syntax};
use super::{arns, codes};
use crate::model::{BaseOperator, Operand, OperandForm};
use crate::pattern::{Glob, Piece};

/// What an operator wants of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Text,
    Like,
    Arn,
    Number,
    Date,
    Bool,
    Null,
    Binary,
    Address,
}

fn wanted(operator: BaseOperator) -> Wanted {
    use BaseOperator as O;
    match operator {
        O::StringEquals | O::StringNotEquals | O::StringEqualsIgnoreCase | O::StringNotEqualsIgnoreCase => {
            Wanted::Text
        }
        O::StringLike | O::StringNotLike => Wanted::Like,
        O::NumericEquals
        | O::NumericNotEquals
        | O::NumericLessThan
        | O::NumericLessThanEquals
        | O::NumericGreaterThan
        | O::NumericGreaterThanEquals => Wanted::Number,
        O::DateEquals
        | O::DateNotEquals
        | O::DateLessThan
        | O::DateLessThanEquals
        | O::DateGreaterThan
        | O::DateGreaterThanEquals => Wanted::Date,
        O::Bool => Wanted::Bool,
        O::Null => Wanted::Null,
        O::BinaryEquals => Wanted::Binary,
        O::IpAddress | O::NotIpAddress => Wanted::Address,
        O::ArnEquals | O::ArnLike | O::ArnNotEquals | O::ArnNotLike => Wanted::Arn,
    }
}

/// Reads one value; `None` where it does not parse, which was reported.
pub(super) fn operand(
    reader: &mut Reader<'_, '_>,
    operator: BaseOperator,
    text: &str,
    span: Span,
    variables: bool,
) -> Option<Operand> {
    let mut pieces = |wildcards| variables::read(reader, text, span, Syntax { wildcards, variables });
    let form = match wanted(operator) {
        Wanted::Text => OperandForm::Text(Glob::new(pieces(false)?)),
        Wanted::Like => OperandForm::Like(Glob::new(pieces(true)?)),
        Wanted::Arn => {
            let pieces = pieces(true)?;
            arn(reader, text, span, pieces)
        }
        Wanted::Bool => {
            let pieces = pieces(false)?;
            truth(reader, text, span, pieces)?
        }
        Wanted::Null => OperandForm::Bool(read(
            reader,
            text,
            span,
            codes::C11_NOT_A_BOOLEAN,
            "neither true nor false",
            "write \"true\" or \"false\"",
            boolean::parse,
        )?),
        Wanted::Number => {
            let help = "write a decimal number, without exponent, with digits on both sides of a point";
            let number = read(
                reader,
                text,
                span,
                codes::C9_NOT_A_NUMBER,
                "no decimal number",
                help,
                number::Number::parse,
            )?;
            OperandForm::Number(number.to_string().into())
        }
        Wanted::Date => moment(reader, text, span)?,
        Wanted::Binary => {
            let help = "encode in the standard alphabet, padded with `=`";
            read(reader, text, span, codes::C11_NOT_BASE64, "no canonical base64", help, |text| {
                binary::is_canonical(text).then_some(())
            })?;
            OperandForm::Binary(text.into())
        }
        Wanted::Address => address(reader, text, span)?,
    };
    Some(Operand { form, text: text.into() })
}

fn read<'t, T>(
    reader: &mut Reader<'_, '_>,
    text: &'t str,
    span: Span,
    code: &'static str,
    what: &str,
    help: &str,
    parse: impl FnOnce(&'t str) -> Option<T>,
) -> Option<T> {
    let value = parse(text);
    if value.is_none() {
        reader.error(code, span, format!("`{}` is {what}", shown(text)), help);
    }
    value
}

fn arn(reader: &mut Reader<'_, '_>, text: &str, span: Span, pieces: Vec<Piece>) -> OperandForm {
    if let Some(parts) = arns::operand(pieces) {
        return OperandForm::Arn(parts);
    }
    let message = format!("`{}` has fewer than the six parts of an ARN and matches nothing", shown(text));
    reader.lint(
        codes::C7_SHORT_ARN,
        span,
        message,
        "write all six parts, each with its own wildcards; or use StringLike",
    );
    OperandForm::ArnNothing
}

fn truth(reader: &mut Reader<'_, '_>, text: &str, span: Span, pieces: Vec<Piece>) -> Option<OperandForm> {
    let glob = Glob::new(pieces);
    if glob.has_variable() {
        reader.lint(
            codes::X1_VARIABLE_IN_BOOL,
            span,
            "AWS documents no policy variables under Bool",
            "use StringEquals, or write true or false",
        );
        return Some(OperandForm::Text(glob));
    }
    let value = read(
        reader,
        text,
        span,
        codes::C11_NOT_A_BOOLEAN,
        "neither true nor false",
        "write \"true\" or \"false\"",
        boolean::parse,
    )?;
    Some(OperandForm::Bool(value))
}

fn moment(reader: &mut Reader<'_, '_>, text: &str, span: Span) -> Option<OperandForm> {
    let help = match date::Date::parse(text, date::Zone::UtcIfAbsent) {
        Some(_) => "a time needs its zone: end in Z for UTC, or in an offset such as +02:00",
        None => "write a date such as 2030-01-31 or 2030-01-31T10:00:00Z, or whole seconds since 1970",
    };
    let parse = |text| date::Date::parse(text, date::Zone::Required);
    let date = read(reader, text, span, codes::C9_NOT_A_DATE, "no date", help, parse)?;
    Some(OperandForm::Date { seconds: date.seconds, fraction: date.fraction.into() })
}

fn address(reader: &mut Reader<'_, '_>, text: &str, span: Span) -> Option<OperandForm> {
    let help = "write an IPv4 or IPv6 address, or a block such as 10.0.0.0/8";
    let (block, masked) =
        read(reader, text, span, codes::C10_NOT_AN_ADDRESS, "no address or block", help, ip::Block::parse)?;
    if masked {
        let message = format!("`{}` has bits set behind its prefix; they do not count", shown(text));
        reader.lint(codes::C10_HOST_BITS, span, message, "write the first address of the block");
    }
    Some(OperandForm::Ip { v6: block.v6, address: block.address, prefix: block.prefix })
}
