//! Values that a context key may have, so that every combination of the conditions on it that some value makes true is made true by one of
//! them: for texts by walking the patterns of all conditions at once, for numbers, dates and addresses by the values at and around each
//! threshold.

use super::solve::Open;
use super::space::{Pattern, minterms};
use crate::model::{BaseOperator, OperandForm};
use crate::pattern::Glob;
use crate::request::ContextValue;

/// Candidates for a key, `None` standing for its absence, and whether they are enough to say that what none of them does no value does.
#[derive(Clone, Debug, Default)]
pub(super) struct Candidates {
    pub(super) values: Vec<Option<ContextValue>>,
    pub(super) complete: bool,
}

/// More texts than this are not looked at for one key.
const MOST_TEXTS: usize = 200;

/// The candidates for one key, given all conditions on it.
pub(super) fn candidates(conditions: &[Open<'_>]) -> Candidates {
    let mut texts: Vec<String> = Vec::new();
    let mut patterns: Vec<Pattern> = Vec::new();
    let mut complete = true;
    let mut is_list = false;
    // A text may be told by how it is written and by what it stands for, and be in any combination of the two.
    let (mut by_text, mut by_value, mut by_case, mut by_wildcard) = (false, false, false, false);
    for &Open { condition, variables, fixed } in conditions {
        is_list |= condition.operator.set.is_some();
        by_case |= is_ignoring_case(condition.operator.base);
        for operand in &condition.operands {
            match &operand.form {
                OperandForm::Text(_) => by_text = true,
                OperandForm::Like(_) | OperandForm::Arn(_) => (by_text, by_wildcard) = (true, true),
                OperandForm::ArnNothing => {}
                _ if condition.operator.base == BaseOperator::Null => {}
                _ => by_value = true,
            }
        }
        for operand in &condition.operands {
            match &operand.form {
                OperandForm::Text(glob) | OperandForm::Like(glob) if glob.has_variable() => {
                    match fixed.operand(&operand.text, variables) {
                        Some(Some(text)) if matches!(operand.form, OperandForm::Text(_)) => {
                            texts.extend(cases(&text, condition.operator.base));
                            patterns.push(Pattern::literal(&text));
                        }
                        Some(None) => {}
                        _ => {
                            complete = false;
                            texts.push(instance(glob));
                        }
                    }
                }
                OperandForm::Text(glob) => {
                    let text = glob.as_literal().unwrap_or_default();
                    texts.extend(cases(text, condition.operator.base));
                    patterns.push(Pattern::literal(text));
                }
                OperandForm::Like(glob) => {
                    texts.push(instance(glob));
                    patterns.push(Pattern::of_glob(glob));
                }
                OperandForm::Arn(parts) => {
                    complete &= !parts.iter().any(Glob::has_variable);
                    let text: Vec<String> = parts.iter().map(instance).collect();
                    texts.push(text.join(":"));
                    let form = crate::pattern::ResourceForm::Parts(parts.clone());
                    patterns.extend(Pattern::of_resource(&form));
                }
                OperandForm::ArnNothing => {}
                OperandForm::Number(number) => {
                    // Thresholds that lie nearer to each other than a number's neighbours to it.
                    complete &= number.split_once('.').is_none_or(|(_, fraction)| fraction.len() < FINER);
                    texts.extend(around_number(number));
                }
                OperandForm::Date { seconds, fraction } => {
                    complete &= fraction.is_empty();
                    texts
                        .extend([*seconds, seconds.saturating_add(1), seconds.saturating_sub(1)].map(moment));
                }
                OperandForm::Bool(_) => texts.extend(["true".to_owned(), "false".to_owned()]),
                OperandForm::Binary(base64) => texts.push(base64.to_string()),
                OperandForm::Ip { v6, address, prefix } => texts.extend(around_block(*v6, *address, *prefix)),
            }
        }
    }
    complete &= !(by_text && by_value || by_case && by_wildcard);
    if !patterns.is_empty() {
        patterns.sort();
        patterns.dedup();
        match minterms(&patterns, None) {
            Ok(found) => texts.extend(found.into_iter().map(|minterm| minterm.example)),
            Err(_) => complete = false,
        }
    }
    // What nothing compares equal to, and what is no number, date or address.
    texts.push("other".to_owned());
    let mut seen = std::collections::BTreeSet::new();
    texts.retain(|text| seen.insert(text.clone()));
    complete &= texts.len() <= MOST_TEXTS;
    texts.truncate(MOST_TEXTS);
    let mut values: Vec<Option<ContextValue>> =
        texts.iter().map(|text| Some(ContextValue::One(text.clone()))).collect();
    values.push(None);
    let many =
        |texts: &[&String]| Some(ContextValue::Many(texts.iter().map(|text| (*text).clone()).collect()));
    if is_list {
        // Lists before single values: that is how such keys come.
        let mut lists: Vec<Option<ContextValue>> = texts.iter().map(|text| many(&[text])).collect();
        for (at, text) in texts.iter().enumerate().take(24) {
            lists.extend(texts.iter().take(24).skip(at + 1).map(|other| many(&[text, other])));
        }
        lists.extend((texts.len() == 3).then(|| many(&texts.iter().collect::<Vec<_>>())));
        complete &= texts.len() <= 3;
        lists.push(many(&[]));
        values.splice(0..0, lists);
    } else {
        values.extend(texts.first().map(|text| many(&[text])));
    }
    // Present, and no value.
    values.push(Some(ContextValue::One(String::new())));
    Candidates { values, complete }
}

/// A text that a pattern covers, as people would write one.
pub(super) fn instance(glob: &Glob) -> String {
    use crate::pattern::Piece;
    let piece = |piece: &Piece| match piece {
        Piece::Literal(text) => text.to_string(),
        Piece::AnyRun => "example".to_owned(),
        Piece::AnyOne => "x".to_owned(),
        Piece::Variable(_) => "value".to_owned(),
    };
    glob.pieces().iter().map(piece).collect()
}

fn is_ignoring_case(operator: BaseOperator) -> bool {
    matches!(operator, BaseOperator::StringEqualsIgnoreCase | BaseOperator::StringNotEqualsIgnoreCase)
}

/// A text, and the same in another case where the operator may tell them apart.
fn cases(text: &str, operator: BaseOperator) -> Vec<String> {
    let mut texts = vec![text.to_owned()];
    if is_ignoring_case(operator) {
        let swapped = |character: char| {
            if character.is_lowercase() {
                character.to_uppercase().next().unwrap_or(character)
            } else {
                character.to_lowercase().next().unwrap_or(character)
            }
        };
        texts.push(text.chars().map(swapped).collect());
        // One letter in another case is neither of the two, unless there is but one.
        let last = text.char_indices().rfind(|(_, it)| swapped(*it) != *it);
        texts.extend(last.map(|(at, it)| {
            let (before, behind) = text.split_at_checked(at).unwrap_or((text, ""));
            let behind: String = behind.chars().skip(1).collect();
            format!("{before}{}{behind}", swapped(it))
        }));
    }
    texts
}

/// A number, and one just below and just above it.
fn around_number(number: &str) -> Vec<String> {
    let mut texts = vec![number.to_owned()];
    if let Ok(whole) = number.parse::<i64>() {
        texts.extend([whole.saturating_sub(1).to_string(), whole.saturating_add(1).to_string()]);
    }
    texts.extend([beside(number, false), beside(number, true)]);
    texts
}

/// How many digits behind the last one of a number its neighbours differ from it.
const FINER: usize = 7;

/// The number that is greater, or less, by one in the last of [`FINER`] further digits.
fn beside(number: &str, greater: bool) -> String {
    let (negative, plain) = number.strip_prefix('-').map_or((false, number), |plain| (true, plain));
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).chain([b'0'; FINER]).collect();
    let is_zero = digits.iter().all(|digit| *digit == b'0');
    // Away from zero the digits count up, towards it down; below zero lies what is away from it on the other side.
    let away = is_zero || negative != greater;
    let (from, to) = if away { (b'9', b'0') } else { (b'0', b'9') };
    for digit in digits.iter_mut().rev() {
        if *digit == from {
            *digit = to;
            continue;
        }
        *digit = if away { *digit + 1 } else { *digit - 1 };
        break;
    }
    if away && digits.first() == Some(&b'0') && !whole.starts_with('0') {
        digits.insert(0, b'1');
    }
    let point = digits.len() - fraction.len() - FINER;
    let sign = if negative && !is_zero || is_zero && !greater { "-" } else { "" };
    let text: String = digits.into_iter().map(char::from).collect();
    let (whole, fraction) = text.split_at_checked(point).unwrap_or((&text, "0"));
    format!("{sign}{whole}.{fraction}")
}

/// A moment in the form that requests have it.
fn moment(seconds: i64) -> String {
    crate::reference::date_text(seconds).unwrap_or_else(|| seconds.to_string())
}

/// The first and last address of a block, those before and behind it, and one in the middle.
fn around_block(v6: bool, address: [u8; 16], prefix: u8) -> Vec<String> {
    let text = |number: u128| {
        if v6 {
            std::net::Ipv6Addr::from(number).to_string()
        } else {
            std::net::Ipv4Addr::from(number as u32).to_string()
        }
    };
    let (width, number) = if v6 {
        (128_u32, u128::from_be_bytes(address))
    } else {
        let [a, b, c, d, ..] = address;
        (32, u128::from(u32::from_be_bytes([a, b, c, d])))
    };
    let host_bits = width.saturating_sub(u32::from(prefix));
    let size = 1_u128.checked_shl(host_bits).unwrap_or(0);
    let last = number.wrapping_add(size.wrapping_sub(1));
    let most = if v6 { u128::MAX } else { u128::from(u32::MAX) };
    let mut texts =
        vec![text(number.saturating_add(u128::from(size > 2)).min(most)), text(number), text(last.min(most))];
    texts.extend(number.checked_sub(1).map(text));
    texts.extend(last.checked_add(1).filter(|next| *next <= most && size != 0).map(text));
    texts.push(if v6 { "192.0.2.1".to_owned() } else { "2001:db8::1".to_owned() });
    texts.push(if v6 { "2001:db8::1".to_owned() } else { "192.0.2.1".to_owned() });
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_neighbours() {
        let mut address = [0; 16];
        address[..4].copy_from_slice(&[10, 1, 0, 0]);
        let texts = around_block(false, address, 16);
        for wanted in ["10.1.0.1", "10.1.0.0", "10.1.255.255", "10.0.255.255", "10.2.0.0"] {
            assert!(texts.iter().any(|text| text == wanted), "{wanted}: {texts:?}");
        }
        assert!(!around_block(false, [0; 16], 0).is_empty());
        assert!(!around_block(true, [0xff; 16], 128).is_empty());
    }

    #[test]
    fn numbers_have_neighbours() {
        for (number, less, greater) in [
            ("5", "4.9999999", "5.0000001"),
            ("-5", "-5.0000001", "-4.9999999"),
            ("0", "-0.0000001", "0.0000001"),
            ("1.5", "1.49999999", "1.50000001"),
            ("99999999999999999999.5", "99999999999999999999.49999999", "99999999999999999999.50000001"),
            ("10", "09.9999999", "10.0000001"),
        ] {
            assert_eq!((&*beside(number, false), &*beside(number, true)), (less, greater));
        }
    }
}
