//! What `LINTS.md` says of each lint.

/// The whole text.
pub const TEXT: &str = include_str!("../../LINTS.md");

/// The section of a code, from its heading to the next.
#[must_use]
pub fn section(code: &str) -> Option<&'static str> {
    sections().find(|(of, _)| *of == code).map(|(_, text)| text)
}

/// All sections with their codes, in order.
pub fn sections() -> impl Iterator<Item = (&'static str, &'static str)> {
    let starts = TEXT.match_indices("\n## ").map(|(at, _)| at + 1);
    let ends = starts.clone().skip(1).chain([TEXT.len()]);
    starts.zip(ends).filter_map(|(start, end)| {
        let text = TEXT.get(start..end)?;
        let code = text.strip_prefix("## ")?.lines().next()?.trim();
        Some((code, text.trim_end()))
    })
}
