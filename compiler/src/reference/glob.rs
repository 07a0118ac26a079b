//! Globs: which texts a row of tokens covers (rules A1, C8).

/// One element of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// This character and no other.
    Char(char),
    /// `*`: any run of characters, also none.
    AnyRun,
    /// `?`: exactly one Unicode scalar value.
    AnyOne,
}

/// Reads `*` and `?` as wildcards and everything else as itself: patterns without policy variables.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    text.chars()
        .map(|character| match character {
            '*' => Token::AnyRun,
            '?' => Token::AnyOne,
            other => Token::Char(other),
        })
        .collect()
}

/// Whether the whole text is covered by the whole pattern.
///
/// A table with one row per character and one column per pattern position, of which two rows are kept: `reached[i]` says whether the first
/// `i` tokens cover the characters read so far.
pub(super) fn covers(pattern: &[Token], text: &str) -> bool {
    let mut reached = vec![true];
    for token in pattern {
        // Before any character is read, only runs have been passed.
        let before = reached.last().copied().unwrap_or(false);
        reached.push(before && *token == Token::AnyRun);
    }
    for character in text.chars() {
        // No pattern position is left once a character has been read without a token for it.
        let mut next = vec![false];
        for (token, (from, here)) in pattern.iter().zip(reached.iter().zip(reached.iter().skip(1))) {
            let passed = next.last().copied().unwrap_or(false);
            next.push(match token {
                Token::Char(wanted) => *from && *wanted == character,
                Token::AnyOne => *from,
                Token::AnyRun => *here || passed,
            });
        }
        if next.iter().all(|reached| !reached) {
            return false;
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        covers(&tokens(pattern), text)
    }

    #[test]
    fn a1_wildcards() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "abc"),
            ("a*", "a"),
            ("a*c", "abbc"),
            ("*a*b*", "xxaxxbxx"),
            ("?", "ü"),
            ("?", "🦀"),
            ("a?c", "abc"),
            ("**", ""),
            ("*?", "a"),
            ("?*", "ab"),
            ("*ab", "aab"),
            ("a*ab", "aaab"),
            ("a:b*", "a:b:c/d"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("a", ""),
            ("?", ""),
            ("?", "ab"),
            ("a*c", "abcd"),
            ("*a*b*", "ba"),
            ("*?", ""),
            ("A", "a"),
            ("a*ab", "aab x"),
            ("a*ab", "ab"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
