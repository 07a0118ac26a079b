//! The TextMate grammar knows the words of the language, all and no others.

use std::collections::BTreeSet;
use std::path::Path;

use portcullis::grammar::gate::Token;

use super::command::ROOT;

#[test]
fn the_editor_highlights_every_word_of_the_language() {
    let text = std::fs::read_to_string(Path::new(ROOT).join("grammar/editor/gate.tmLanguage.json")).unwrap();
    let grammar: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rules = grammar["repository"].as_object().unwrap();
    // Every rule is used, and every rule that is used is there.
    let mut used: Vec<&str> =
        grammar["patterns"].as_array().unwrap().iter().map(|it| it["include"].as_str().unwrap()).collect();
    used.sort_unstable();
    let mut known: Vec<String> = rules.keys().map(|name| format!("#{name}")).collect();
    known.sort();
    assert_eq!(used, known);
    let mut highlighted = BTreeSet::new();
    for name in ["declaration", "condition", "keyword"] {
        let rule = rules[name]["match"].as_str().unwrap();
        let words = rule.split(")(").nth(1).and_then(|words| words.split(')').next()).unwrap();
        highlighted.extend(words.split('|').map(str::to_owned));
    }
    highlighted.extend(["allow".to_owned(), "deny".to_owned()]);
    let words: BTreeSet<String> =
        Token::KEYWORDS.iter().map(|(word, _)| word.trim_end_matches('?').to_owned()).collect();
    assert_eq!(highlighted, words);
}
