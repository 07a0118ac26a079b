//! Names for what a text repeats: long values and lists that stand there several times become `let`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use portcullis_grammar::gate::text::{is_word, word_or_quote};
use portcullis_runtime::value::arn;

/// What a text is one of, which gives its name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of<'k> {
    /// Actions.
    Actions,
    /// Resources.
    Resources,
    /// Values of this key.
    Key(&'k str),
}

/// How often something stands there before it gets a name, and how long it has to be.
const OFTEN: usize = 2;
const LONG_LIST: usize = 40;
const OFTEN_ALONE: usize = 3;
const LONG_ALONE: usize = 18;

/// A list that was counted.
struct Repeated {
    count: usize,
    length: usize,
    hint: String,
}

/// What is counted, or, the second time, what has a name.
#[derive(Default)]
pub(super) struct Names {
    /// Lists by their texts, sorted: how often, how long when written, and the name that fits.
    lists: BTreeMap<Vec<String>, Repeated>,
    /// Beginnings of resources: how often.
    bases: BTreeMap<String, usize>,
    /// The names of both, the second time.
    chosen: HashMap<String, String>,
    chosen_lists: HashMap<Vec<String>, String>,
    /// Names in the order of their declaration, with what they stand for.
    order: Vec<(String, String)>,
    counting: bool,
}

impl Names {
    /// For the first time.
    pub(super) fn counting() -> Self {
        Self { counting: true, ..Self::default() }
    }

    /// For the second time: what was repeated has a name now.
    pub(super) fn chosen(self) -> Self {
        let mut names = Self::default();
        let mut taken = HashSet::new();
        for (base, count) in &self.bases {
            if *count >= OFTEN_ALONE && base.len() >= LONG_ALONE {
                let name = free(&resource_name(base), &mut taken);
                names.order.push((name.clone(), word_or_quote(base)));
                names.chosen.insert(base.clone(), name);
            }
        }
        for (texts, list) in self.lists {
            if list.count >= OFTEN && list.length >= LONG_LIST {
                names.chosen_lists.insert(texts, free(&list.hint, &mut taken));
            }
        }
        names
    }

    /// The declarations of the names that were used.
    pub(super) fn declarations(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.order {
            let _ = writeln!(text, "let {name} = {value}");
        }
        text
    }

    /// A text as it is written, with the name of what it begins with.
    pub(super) fn word(&mut self, text: &str, of: Of<'_>) -> String {
        if !matches!(of, Of::Resources) || !is_word(text) {
            return word_or_quote(text);
        }
        let Some(base) = base(text) else { return word_or_quote(text) };
        if self.counting {
            *self.bases.entry(base.to_owned()).or_default() += 1;
            return text.to_owned();
        }
        match self.chosen.get(base) {
            Some(name) => format!("${name}{}", text.get(base.len()..).unwrap_or("")),
            None => text.to_owned(),
        }
    }

    /// A list as it is written, or its name.
    pub(super) fn list(&mut self, texts: &[&str], items: Vec<String>, of: Of<'_>) -> Vec<String> {
        if texts.len() < 2 {
            return items;
        }
        let mut key: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        key.sort_unstable();
        key.dedup();
        if self.counting {
            let length = items.join(", ").len();
            let hint = || hint(&items, of);
            let entry = self.lists.entry(key).or_insert_with(|| Repeated { count: 0, length, hint: hint() });
            entry.count += 1;
            return items;
        }
        let Some(name) = self.chosen_lists.get(&key) else { return items };
        if !self.order.iter().any(|(known, _)| known == name) {
            let text = items.join(", ");
            let is_one = items.len() == 1;
            self.order.push((name.clone(), if is_one { text } else { format!("[{text}]") }));
        }
        vec![format!("${name}")]
    }
}

/// The resource that an ARN is of or lies under: up to the first slash of its last part, without wildcards and variables.
fn base(text: &str) -> Option<&str> {
    let parts = arn::split(text)?;
    let start = text.len() - parts[5].len();
    let end = parts[5].find('/').map_or(text.len(), |at| start + at);
    let base = text.get(..end)?;
    (!base.contains(['*', '?', '$']) && end > start && parts[2] == "s3").then_some(base)
}

fn resource_name(base: &str) -> String {
    identifier(base.rsplit(':').next().unwrap_or(base))
}

/// A name for a list.
fn hint(items: &[String], of: Of<'_>) -> String {
    match of {
        Of::Key(key) => identifier(key),
        Of::Actions | Of::Resources => {
            let first = items.first().map_or("", String::as_str);
            let head = first.split(['[', ',']).next().unwrap_or("");
            let head = if let Of::Resources = of {
                head.rsplit(':').find(|it| !it.is_empty()).unwrap_or("")
            } else {
                head
            };
            let name = identifier(head);
            if items.len() == 1 && !name.is_empty() {
                name
            } else if let Of::Resources = of {
                "resources".to_owned()
            } else {
                format!("{name}AndMore")
            }
        }
    }
}

/// Letters and digits of a text, words capitalized but the first.
fn identifier(text: &str) -> String {
    let mut name = String::new();
    let mut upper = false;
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            if name.is_empty() && character.is_ascii_digit() {
                name.push('_');
            }
            let first = name.is_empty();
            name.push(match (first, upper) {
                (true, _) => character.to_ascii_lowercase(),
                (_, true) => character.to_ascii_uppercase(),
                _ => character,
            });
            upper = false;
        } else {
            upper = true;
        }
    }
    if name.is_empty() { "values".to_owned() } else { name }
}

fn free(hint: &str, taken: &mut HashSet<String>) -> String {
    let names = std::iter::once(hint.to_owned()).chain((2..).map(|number: usize| format!("{hint}{number}")));
    let name = names.into_iter().find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(name.clone());
    name
}
