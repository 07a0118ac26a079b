//! Lists of texts, shortly: sorted, each once, with what they begin with written once.

use std::collections::BTreeSet;

use portcullis_grammar::gate::Token;
use portcullis_grammar::gate::text::word_or_quote;

/// Texts of `.gate`, as they stand there: `a, b, prefix[c, d]`, each of which is one value.
pub(super) fn factored(words: &[String]) -> Vec<String> {
    let words: BTreeSet<&str> = words.iter().map(String::as_str).collect();
    let (quoted, plain): (Vec<&str>, Vec<&str>) = words.into_iter().partition(|word| word.starts_with('"'));
    let mut items = groups(&plain);
    items.extend(quoted.into_iter().map(str::to_owned));
    items
}

/// Groups sorted words by what they begin with, where that saves something.
fn groups(words: &[&str]) -> Vec<String> {
    let mut items = Vec::new();
    let mut rest = words;
    while let Some((first, behind)) = rest.split_first() {
        let mut prefix: &str = first;
        let mut best: Option<(usize, &str, usize)> = None;
        for (more, word) in behind.iter().enumerate() {
            let count = more + 2;
            // Where nothing is lost but for the newest word, the others were looked at before.
            let shared = common(prefix, word);
            let is_same = more > 0 && shared == prefix && boundary(prefix, &[word]) == prefix;
            prefix = if is_same { prefix } else { boundary(shared, rest.get(..count).unwrap_or(&[])) };
            if prefix.is_empty() {
                break;
            }
            // The brackets cost two characters.
            let saved = (prefix.len() * (count - 1)).saturating_sub(2);
            // A word of the language before a bracket would be that word, and a list.
            let is_keyword = Token::KEYWORDS.iter().any(|(word, _)| *word == prefix);
            if saved > best.map_or(0, |(saved, _, _)| saved) && !is_keyword {
                best = Some((saved, prefix, count));
            }
        }
        match best {
            Some((_, prefix, count)) => {
                let endings: Vec<&str> =
                    rest.iter().take(count).map(|word| word.get(prefix.len()..).unwrap_or("")).collect();
                items.push(format!("{prefix}[{}]", groups(&endings).join(", ")));
                rest = rest.get(count..).unwrap_or(&[]);
            }
            None => {
                // What is left of a word may be one of the language, or nothing.
                items.push(if first.contains('$') { (*first).to_owned() } else { word_or_quote(first) });
                rest = behind;
            }
        }
    }
    items
}

fn common<'t>(one: &'t str, other: &str) -> &'t str {
    let length = one.char_indices().zip(other.chars()).find(|((_, a), b)| a != b).map(|((at, _), _)| at);
    one.get(..length.unwrap_or(one.len().min(other.len()))).unwrap_or("")
}

/// The longest part of a prefix behind which, in all words, a new word begins: neither inside a word nor inside `${…}` or `$name`.
fn boundary<'t>(prefix: &'t str, words: &[&str]) -> &'t str {
    let mut prefix = prefix;
    while let Some(last) = prefix.chars().next_back() {
        let opened =
            prefix.rfind("${").is_some_and(|at| !prefix.get(at..).is_some_and(|rest| rest.contains('}')));
        let named = prefix.rfind('$').is_some_and(|at| {
            prefix
                .get(at + 1..)
                .is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
        });
        let begins = |word: &&str| {
            let next = word.get(prefix.len()..).and_then(|rest| rest.chars().next());
            next.is_none_or(|next| {
                if named {
                    !(next.is_ascii_alphanumeric() || next == '_')
                } else {
                    next.is_ascii_uppercase() && !last.is_ascii_uppercase()
                        || !next.is_ascii_alphanumeric()
                        || !last.is_ascii_alphanumeric()
                }
            })
        };
        if !opened && last != '$' && words.iter().all(begins) {
            return prefix;
        }
        prefix = prefix.get(..prefix.len() - last.len_utf8()).unwrap_or("");
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        factored(&words).join(", ")
    }

    #[test]
    fn what_words_begin_with_is_written_once() {
        assert_eq!(of(&["s3:GetObject"]), "s3:GetObject");
        assert_eq!(
            of(&["ec2:DescribeInstances", "ec2:DescribeVpcs", "ec2:RunInstances", "ec2:DescribeVpcs"]),
            "ec2:Describe[Instances, Vpcs], ec2:RunInstances"
        );
        assert_eq!(of(&["arn:aws:s3:::a", "arn:aws:s3:::a/*", "*"]), "*, arn:aws:s3:::a[\"\", /*]");
        assert_eq!(of(&["$acmeReports", "$acmeData/x"]), "$acmeData/x, $acmeReports");
        assert_eq!(of(&["a/${aws:xa}", "a/${aws:xb}", "\"q\""]), "a/${aws:xa}, a/${aws:xb}, \"q\"");
        assert_eq!(of(&["ab", "ac", "A1"]), "A1, ab, ac");
        assert_eq!(of(&["user", "user/*", "user/x"]), "\"user\", user/[*, x]");
        assert_eq!(of(&["x:in", "x:inner", "x:on"]), "x:[\"in\", inner, \"on\"]");
    }
}
