//! Booleans (rule C11).

/// `true` or `false`, ignoring ASCII case.
#[must_use]
pub fn parse(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}
