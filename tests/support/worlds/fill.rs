//! Filling patterns in: texts that a pattern likely covers, and a little damage.

use portcullis_compiler::request::ContextValue;

use super::random::Random;

/// The values that variables take in a request.
pub struct Values<'a> {
    pub own: &'a [(String, String)],
    pub context: &'a [(String, ContextValue)],
}

impl Values<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let own =
            self.own.iter().find(|(own, _)| own.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str());
        own.or_else(|| match self.context.iter().find(|(given, _)| given.eq_ignore_ascii_case(key))? {
            (_, ContextValue::One(value)) => Some(value),
            (_, ContextValue::Many(_)) => None,
        })
    }
}

/// A text that the pattern is likely to cover. `stay` keeps colons out of what fills the first five parts.
pub fn fill(random: &mut Random, pattern: &str, variables: bool, stay: bool, values: &Values<'_>) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        if variables
            && let Some((inside, behind)) = rest.strip_prefix("${").and_then(|inside| inside.split_once('}'))
        {
            let (key, default) =
                inside.split_once(',').map_or((inside, None), |(key, text)| (key, Some(text)));
            let default = default.map(|text| text.trim_matches([' ', '\'']));
            out.push_str(match key {
                "*" | "?" | "$" => key,
                _ => values.get(key).filter(|value| !value.is_empty()).or(default).unwrap_or("a"),
            });
            rest = behind;
            continue;
        }
        let inside_first_parts = stay && out.matches(':').count() < 5;
        match first {
            '*' if inside_first_parts => out.push_str(random.word(&["", "a", "ab", "aws", "3"])),
            '*' => out.push_str(random.word(&[
                "",
                "a",
                "b/a",
                "x:y",
                "\u{e9}",
                "ab",
                "Object",
                "Get",
                "\u{1f980}b",
            ])),
            '?' => out.push_str(random.word(&["a", "e", "\u{e9}", "\u{1f980}", "3", "b"])),
            other => out.push(other),
        }
        rest = rest.strip_prefix(first).unwrap_or_default();
    }
    out
}

/// A little damage: a character dropped, doubled, replaced or put in between.
pub fn damage(random: &mut Random, text: &str) -> String {
    let at = random.below(text.chars().count().max(1));
    let kind = random.below(5);
    let mut out = String::new();
    for (index, character) in text.chars().enumerate() {
        match (index == at, kind) {
            (true, 0) => {}
            (true, 1) => out.extend([character, character]),
            (true, 2) => out.push_str(random.word(&["\u{e9}", "\u{1f980}", "*", "A", "?"])),
            (true, 3) => out.extend([':', character]),
            (true, _) => out.extend([character, '/']),
            _ => out.push(character),
        }
    }
    out
}
