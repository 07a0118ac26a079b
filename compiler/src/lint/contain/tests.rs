//! Containment against plain matching of all texts of a small alphabet.

use super::*;

fn glob(text: &str) -> Glob {
    Glob::wildcards(text)
}

#[test]
fn globs_cover_what_they_contain() {
    for (outer, inner, covers) in [
        ("*", "", true),
        ("a*", "ab*", true),
        ("ab*", "a*", false),
        ("*a*b*", "xaybz", true),
        ("*a*b*", "b*a", false),
        ("a?c", "abc", true),
        ("a?c", "a*c", false),
        ("?*", "a*", true),
        ("?*", "*", false),
        ("a*?", "a?*", true),
        ("get*", "getobject", true),
        ("", "", true),
        ("", "a", false),
        ("*b", "*ab", true),
        ("a*a", "a", false),
    ] {
        assert_eq!(glob_covers(&glob(outer), &glob(inner)), covers, "{outer} {inner}");
    }
}

#[test]
fn globs_meet_where_a_text_fits_both() {
    for (left, right, meets) in [
        ("a*", "*b", true),
        ("a*", "b*", false),
        ("a*c", "a*d", false),
        ("", "*", true),
        ("", "?", false),
        ("a?", "?b", true),
        ("*ab*", "*ba*", true),
        ("a", "a", true),
        ("a", "ab", false),
        ("a*b", "ab", true),
        ("a*bc", "ab*c", true),
        ("abc", "a?d", false),
    ] {
        assert_eq!(glob_meets(&glob(left), &glob(right)), meets, "{left} {right}");
        assert_eq!(glob_meets(&glob(right), &glob(left)), meets, "{right} {left}");
    }
}

/// Against all texts of a small alphabet, matched by the reference's matcher in the plainest way.
#[test]
fn containment_is_right_on_small_patterns() {
    fn matches(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => matches(rest, text) || !text.is_empty() && matches(pattern, &text[1..]),
            (['?', rest @ ..], [_, behind @ ..]) => matches(rest, behind),
            ([one, rest @ ..], [other, behind @ ..]) => one == other && matches(rest, behind),
            _ => false,
        }
    }
    let words = |alphabet: &[char], length: u32| -> Vec<Vec<char>> {
        let mut all = vec![vec![]];
        let mut last = all.clone();
        for _ in 0..length {
            last = last
                .iter()
                .flat_map(|word: &Vec<char>| {
                    alphabet.iter().map(|it| [word.as_slice(), &[*it]].concat()).collect::<Vec<_>>()
                })
                .collect();
            all.extend(last.clone());
        }
        all
    };
    let texts = words(&['a', 'b', 'z'], 4);
    let patterns = words(&['a', 'b', '*', '?'], 3);
    let sets: Vec<Vec<bool>> =
        patterns.iter().map(|it| texts.iter().map(|text| matches(it, text)).collect()).collect();
    let globs: Vec<Glob> = patterns.iter().map(|it| glob(&it.iter().collect::<String>())).collect();
    for (outer, wide) in globs.iter().zip(&sets) {
        for (inner, narrow) in globs.iter().zip(&sets) {
            let contained = narrow.iter().zip(wide).all(|(narrow, wide)| !narrow || *wide);
            let says = glob_covers(outer, inner);
            // Never said where it is not so; and found wherever the outer one has no `?`.
            assert!(contained || !says, "{outer} {inner}");
            assert!(says || !contained || outer.pieces().contains(&Piece::AnyOne), "{outer} {inner}");
            let both = narrow.iter().zip(wide).any(|(narrow, wide)| *narrow && *wide);
            assert_eq!(glob_meets(outer, inner), both, "{outer} {inner}");
        }
    }
}

#[test]
fn names_of_buckets_hold_no_slash() {
    let bucket = template("arn:*:s3:::+");
    let meets = |name: &str| tokens_meet(bucket.last().unwrap(), &tokens(&glob(name)));
    assert!(meets("b") && meets("b*") && meets("*") && meets("b*c"));
    assert!(!meets("b/*") && !meets("b/k") && !meets("*/x"));
}
