//! Values of conditions: numbers, dates, addresses and bytes, read from text (rules C9–C11). `None` is what does not parse.

pub(super) mod address;
pub(super) mod binary;
pub(crate) mod date;
pub(super) mod decimal;

/// `true` or `false`, ignoring case (C11).
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Whether the text is one or more ASCII digits.
fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| character.is_ascii_digit())
}
