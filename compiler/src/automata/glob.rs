//! Which known action names a pattern covers: the compile-time half of rule A1.

use crate::pattern::{Glob, Piece};

/// Whether a glob without variables matches a whole text. Greedy from `*` to `*`, over characters.
pub(super) fn matches(glob: &Glob, text: &str) -> bool {
    // What most actions of a service fail at, without a copy of either.
    let begins = |piece: Option<&Piece>| match piece {
        Some(Piece::Literal(literal)) => text.starts_with(&**literal),
        _ => true,
    };
    let ends = |piece: Option<&Piece>| match piece {
        Some(Piece::Literal(literal)) => text.ends_with(&**literal),
        _ => true,
    };
    if !begins(glob.pieces().first()) || !ends(glob.pieces().last()) {
        return false;
    }
    let text: Vec<char> = text.chars().collect();
    let mut units = Vec::new();
    for piece in glob.pieces() {
        match piece {
            Piece::Literal(literal) => units.extend(literal.chars().map(Unit::Is)),
            Piece::AnyOne => units.push(Unit::One),
            Piece::AnyRun => units.push(Unit::Run),
            // Actions have no variables (rule X1).
            Piece::Variable(_) => return false,
        }
    }
    let (mut at, mut place) = (0, 0);
    let mut retry = None;
    loop {
        match (units.get(at), text.get(place)) {
            (Some(Unit::Run), _) => {
                at += 1;
                retry = Some((at, place));
                continue;
            }
            (None, None) => return true,
            (Some(Unit::One), Some(_)) => {}
            (Some(Unit::Is(wanted)), Some(found)) if wanted == found => {}
            _ => match retry {
                Some((behind, from)) if from < text.len() => {
                    retry = Some((behind, from + 1));
                    (at, place) = (behind, from + 1);
                    continue;
                }
                _ => return false,
            },
        }
        at += 1;
        place += 1;
    }
}

enum Unit {
    Is(char),
    One,
    Run,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a1_wildcards_of_action_names() {
        for (pattern, text, expected) in [
            ("get*", "getobject", true),
            ("*object*", "getobjectacl", true),
            ("get?bject", "getobject", true),
            ("get?", "get", false),
            ("*", "", true),
            ("", "", true),
            ("*a*b", "aab", true),
            ("*a*b", "aaba", false),
            ("ä?", "äö", true),
        ] {
            assert_eq!(matches(&Glob::wildcards(pattern), text), expected, "{pattern} {text}");
        }
    }
}
