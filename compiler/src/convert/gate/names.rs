//! Names for what a text repeats: long values, lists, parts of lists and conditions that stand there several times become `let`.
//!
//! A text is written three times. The first time the lists of actions, resources and values are counted, the second time the conditions,
//! which hold values by their names; the third time everything that was counted has its name.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use portcullis_grammar::gate::text::{is_word, word_or_quote};
use portcullis_runtime::value::arn;

use crate::convert::lists::factored;
use crate::convert::share::{Element, Problem, Standing, Symbol, share};

/// What a set is made of, and what its parts are named for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of<'k> {
    /// Actions: their service.
    Actions,
    /// Resources: their type.
    Resources,
    /// Values: the key that they are compared with, and the test without them.
    Values(&'k str, &'k str),
}

/// How often a beginning of resources stands there before it gets a name, and how long it has to be.
const OFTEN_ALONE: usize = 3;
const LONG_ALONE: usize = 18;
/// How many characters a name has to save.
const LEAST: u32 = 32;

/// How long what a name is made of may be.
const LONGEST_HINT: usize = 32;

/// How far names are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Lists,
    Conditions,
    Written,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Actions,
    Resources,
    Values,
    Conditions,
}

impl Kind {
    fn of(of: Of<'_>) -> Self {
        match of {
            Of::Actions => Self::Actions,
            Of::Resources => Self::Resources,
            Of::Values(..) => Self::Values,
        }
    }

    /// The name of what is of several classes.
    fn mixed(self) -> &'static str {
        match self {
            Self::Actions => "actions",
            Self::Resources => "resources",
            Self::Values => "values",
            Self::Conditions => "when",
        }
    }

    /// How few elements have a name.
    fn fewest(self) -> u32 {
        match self {
            Self::Actions | Self::Values => 2,
            Self::Resources | Self::Conditions => 1,
        }
    }
}

/// The sets of a kind, as they are counted.
#[derive(Default)]
struct Counted {
    sets: BTreeMap<Vec<String>, Standing>,
    /// What a text is named for, and what the reader of `.gate` counts for it. A text of several is named for none.
    classes: HashMap<String, (String, u32)>,
    /// Tests and their values.
    tests: HashSet<(String, Vec<String>)>,
}

/// Words of a list, or tests of a condition: texts, and names by number.
type Words = Vec<Result<String, usize>>;

impl Counted {
    fn class(&mut self, text: &str, class: String, charge: usize) {
        let charge = u32::try_from(charge).unwrap_or(u32::MAX);
        let known = self.classes.entry(text.to_owned()).or_insert_with(|| (class.clone(), charge));
        if known.0 != class {
            known.0.clear();
        }
    }
}

/// What a name stands for. The name is given where it is declared first, so names are numbered in the order of the text.
struct Named {
    hint: String,
    name: Option<String>,
    kind: Kind,
    words: Words,
    is_declared: bool,
}

/// What is counted, and what has a name.
pub(super) struct Names {
    stage: Stage,
    counted: BTreeMap<Kind, Counted>,
    /// Beginnings of resources: how often.
    bases: BTreeMap<String, usize>,
    /// The names of those.
    chosen: BTreeMap<String, String>,
    /// How each set is written.
    sets: BTreeMap<Kind, HashMap<Vec<String>, Words>>,
    named: Vec<Named>,
    taken: Taken,
    /// Declarations in their order, and the beginnings that are among them.
    declarations: String,
    declared: HashSet<String>,
}

impl Names {
    /// For the first time.
    pub(super) fn counting() -> Self {
        Self {
            stage: Stage::Lists,
            counted: BTreeMap::new(),
            bases: BTreeMap::new(),
            chosen: BTreeMap::new(),
            sets: BTreeMap::new(),
            named: Vec::new(),
            taken: Taken::default(),
            declarations: String::new(),
            declared: HashSet::new(),
        }
    }

    /// For the next time: what was counted in this text has a name now.
    pub(super) fn chosen(mut self, text: &str) -> Self {
        let counted = std::mem::take(&mut self.counted);
        let bases = std::mem::take(&mut self.bases);
        if self.stage == Stage::Lists {
            // What looks like a policy variable would be one that is no name.
            for inside in text.split("${").skip(1) {
                self.taken.take(inside.split(['}', ',']).next().unwrap_or("").trim());
            }
            let often =
                bases.into_iter().filter(|(base, count)| *count >= OFTEN_ALONE && base.len() >= LONG_ALONE);
            for (base, _) in often {
                let name = self.taken.free(&identifier(base.rsplit(':').next().unwrap_or("")));
                self.chosen.insert(base, name);
            }
        } else {
            // Parts of lists stand once: how often a beginning stands there is known only now.
            self.chosen.retain(|base, _| bases.get(base).is_some_and(|count| *count >= OFTEN_ALONE));
        }
        for (kind, counted) in counted {
            self.choose(kind, counted);
        }
        for named in &mut self.named {
            named.is_declared = false;
        }
        self.declarations.clear();
        self.declared.clear();
        self.stage = if self.stage == Stage::Lists { Stage::Conditions } else { Stage::Written };
        self
    }

    fn choose(&mut self, kind: Kind, counted: Counted) {
        let texts: Vec<&String> = {
            let texts: HashSet<&String> = counted.sets.keys().flatten().collect();
            let mut texts: Vec<&String> = texts.into_iter().collect();
            texts.sort_unstable();
            texts
        };
        let numbers: HashMap<&String, u32> = texts.iter().copied().zip(0..).collect();
        let based =
            |text: &str| base(text).and_then(|base| Some((self.chosen.get(base)?.as_str(), base.len())));
        let based: Vec<Option<(&str, usize)>> =
            texts.iter().map(|text| based(text).filter(|_| kind == Kind::Resources)).collect();
        let classes: Vec<&str> = texts
            .iter()
            .zip(&based)
            .map(|(text, based)| match based {
                Some((name, _)) => name,
                None => counted.classes.get(*text).map_or("", |(class, _)| class.as_str()),
            })
            .collect();
        let mut class_names: Vec<&str> = classes.clone();
        class_names.sort_unstable();
        class_names.dedup();
        let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
        // `$`, the name, and the two digits that most have.
        let reference = |name: &str| length(name) + 4;
        let elements = texts.iter().zip(&classes).zip(&based).map(|((text, class), based)| Element {
            cost: match based {
                Some((name, base)) => length(name) + length(text.get(*base..).unwrap_or("")) + 1,
                None => cost(kind, text),
            },
            charge: counted.classes.get(*text).map_or(0, |(_, charge)| *charge),
            class: class_names.binary_search(class).ok().and_then(|at| u32::try_from(at).ok()).unwrap_or(0),
        });
        let numbered = |set: &Vec<String>| set.iter().filter_map(|text| numbers.get(text).copied()).collect();
        let shared = share(Problem {
            elements: elements.collect(),
            sets: counted.sets.iter().map(|(set, count)| (numbered(set), *count)).collect(),
            names: class_names.iter().map(|name| reference(name)).collect(),
            mixed: reference(kind.mixed()),
            fewest: kind.fewest(),
            least: LEAST,
        });
        let first = self.named.len();
        let words = |symbols: &Vec<Symbol>| {
            let words = symbols.iter().map(|symbol| match symbol {
                Symbol::Part(part) => Err(first + *part as usize),
                Symbol::Element(element) => {
                    Ok(texts.get(*element as usize).map(|text| (*text).clone()).unwrap_or_default())
                }
            });
            words.collect::<Words>()
        };
        let hint = |class: &Option<u32>| {
            let class =
                class.and_then(|class| class_names.get(class as usize)).filter(|class| !class.is_empty());
            class.map_or(kind.mixed(), |class| class).to_owned()
        };
        let named = shared.parts.iter().zip(&shared.classes).map(|(part, class)| Named {
            hint: hint(class),
            name: None,
            kind,
            words: words(part),
            is_declared: false,
        });
        let named: Vec<Named> = named.collect();
        let sets = counted.sets.keys().cloned().zip(shared.sets.iter().map(words)).collect();
        self.sets.insert(kind, sets);
        self.named.extend(named);
    }

    /// The declarations of the names that were used.
    pub(super) fn declarations(&self) -> &str {
        &self.declarations
    }

    /// A list as it is written: the names of parts that it shares, and what else is in it.
    pub(super) fn list(&mut self, texts: &[&str], of: Of<'_>) -> Vec<String> {
        let kind = Kind::of(of);
        let mut key: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        key.sort_unstable();
        key.dedup();
        if self.stage == Stage::Lists {
            self.bases(&key, of);
            let counted = self.counted.entry(kind).or_default();
            for text in &key {
                counted.class(text, class(text, of), text.len() + 64);
            }
            let words: Vec<String> = key.iter().map(|text| word_or_quote(text)).collect();
            // A test that stands there again will have a name itself.
            let is_new = match of {
                Of::Values(_, test) => counted.tests.insert((test.to_owned(), key.clone())),
                Of::Actions | Of::Resources => true,
            };
            let standing = counted.sets.entry(key).or_default();
            standing.times += u32::from(is_new);
            standing.most += 1;
            return factored(&words);
        }
        match self.sets.get(&kind).and_then(|sets| sets.get(&key)).cloned() {
            Some(words) => self.items(kind, words),
            None => self.items(kind, key.into_iter().map(Ok).collect()),
        }
    }

    /// The tests of a condition as they are written, each with the key that it is about and the number of its values: the names of what it
    /// shares, and what else is in it.
    pub(super) fn condition(&mut self, tests: &[(String, &str, usize)]) -> Vec<String> {
        let mut key: Vec<String> = tests.iter().map(|(text, ..)| text.clone()).collect();
        key.sort_unstable();
        key.dedup();
        let in_order = || tests.iter().map(|(text, ..)| text.clone()).collect();
        match self.stage {
            Stage::Lists => in_order(),
            Stage::Conditions => {
                let counted = self.counted.entry(Kind::Conditions).or_default();
                for (text, about, values) in tests {
                    // Of a test the reader counts the values and itself, and what joins it to others.
                    counted.class(text, key_name(about), 128 * (values + 2));
                }
                let standing = counted.sets.entry(key).or_default();
                standing.times += 1;
                standing.most += 1;
                in_order()
            }
            Stage::Written => match self.sets.get(&Kind::Conditions).and_then(|sets| sets.get(&key)).cloned()
            {
                Some(words) if words.iter().any(Result::is_err) => self.items(Kind::Conditions, words),
                _ => in_order(),
            },
        }
    }

    fn items(&mut self, kind: Kind, words: Words) -> Vec<String> {
        let mut texts = Vec::new();
        let mut names = Vec::new();
        for word in words {
            match word {
                Ok(text) if kind == Kind::Conditions => texts.push(text),
                Ok(text) => texts.push(self.word(&text, kind)),
                Err(number) => names.push(self.name(number)),
            }
        }
        if kind == Kind::Conditions {
            names.sort_unstable();
            names.extend(texts);
            return names;
        }
        texts.extend(names);
        factored(&texts)
    }

    /// `$name`, declared.
    fn name(&mut self, number: usize) -> String {
        let Some(named) = self.named.get_mut(number) else { return String::new() };
        if let Some(name) = named.name.as_ref().filter(|_| named.is_declared) {
            return format!("${name}");
        }
        named.is_declared = true;
        let (kind, words) = (named.kind, named.words.clone());
        let items = self.items(kind, words);
        let Some(named) = self.named.get_mut(number) else { return String::new() };
        let name = named.name.get_or_insert_with(|| self.taken.free(&named.hint)).clone();
        let _ = match items.as_slice() {
            _ if kind == Kind::Conditions => {
                writeln!(self.declarations, "let {name} = if {}", items.join(" and "))
            }
            [only] => writeln!(self.declarations, "let {name} = {only}"),
            _ => writeln!(self.declarations, "let {name} = [{}]", items.join(", ")),
        };
        format!("${name}")
    }

    fn bases(&mut self, texts: &[String], of: Of<'_>) {
        for text in texts.iter().filter(|text| matches!(of, Of::Resources) && is_word(text)) {
            if let Some(base) = base(text) {
                *self.bases.entry(base.to_owned()).or_default() += 1;
            }
        }
    }

    /// A text as it is written, with the name of what it begins with.
    fn word(&mut self, text: &str, kind: Kind) -> String {
        if kind != Kind::Resources || !is_word(text) {
            return word_or_quote(text);
        }
        let Some(base) = base(text) else { return word_or_quote(text) };
        if self.stage == Stage::Conditions {
            *self.bases.entry(base.to_owned()).or_default() += 1;
        }
        let Some(name) = self.chosen.get(base) else { return text.to_owned() };
        if self.declared.insert(base.to_owned()) {
            let _ = writeln!(self.declarations, "let {name} = {base}");
        }
        format!("${name}{}", text.get(base.len()..).unwrap_or(""))
    }
}

/// Roughly what a text costs in a list: beginnings that others have too are written once.
fn cost(kind: Kind, text: &str) -> u32 {
    let length = match kind {
        Kind::Actions => {
            let name = text.rsplit(':').next().unwrap_or(text);
            let first =
                name.bytes().skip(1).position(|byte| byte.is_ascii_uppercase()).map_or(0, |at| at + 1);
            name.len().min((name.len() - first).max(5))
        }
        Kind::Resources => arn::split(text).map_or(text.len(), |parts| parts[5].len() + 3),
        Kind::Values => text.len(),
        Kind::Conditions => text.len(),
    };
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// What parts with a text are named for.
fn class(text: &str, of: Of<'_>) -> String {
    match of {
        Of::Actions => text.split_once(':').map_or(String::new(), |(service, _)| identifier(service)),
        Of::Resources => arn::split(text).map_or(String::new(), |parts| {
            let kind = parts[5].split(['/', ':', '*', '$']).next().unwrap_or("");
            identifier(if kind.is_empty() || parts[5].len() == kind.len() { parts[2] } else { kind })
        }),
        Of::Values(key, _) => key_name(key),
    }
}

/// The last part of a condition key, as a name.
fn key_name(key: &str) -> String {
    identifier(key.rsplit([':', '/']).next().unwrap_or(""))
}

/// The resource that an ARN is of or lies under: up to the first slash of its last part, without wildcards and variables.
fn base(text: &str) -> Option<&str> {
    let parts = arn::split(text)?;
    let start = text.len() - parts[5].len();
    let end = parts[5].find('/').map_or(text.len(), |at| start + at);
    let base = text.get(..end)?;
    (!base.contains(['*', '?', '$']) && end > start && parts[2] == "s3").then_some(base)
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
            name.push(if upper && !name.is_empty() { character.to_ascii_uppercase() } else { character });
            upper = false;
        } else {
            upper = true;
        }
        if name.len() >= LONGEST_HINT {
            break;
        }
    }
    // Of capitals at the beginning the last one begins a word, if a small letter follows.
    let capitals = name.bytes().take_while(u8::is_ascii_uppercase).count();
    let follows = name.as_bytes().get(capitals).is_some_and(u8::is_ascii_lowercase);
    let lower = if capitals > 1 && follows { capitals - 1 } else { capitals };
    name.get(..lower).unwrap_or("").to_ascii_lowercase() + name.get(lower..).unwrap_or("")
}

/// Names that are taken.
#[derive(Default)]
struct Taken {
    names: HashSet<String>,
    /// By hint: the number to try next.
    next: HashMap<String, usize>,
}

impl Taken {
    fn take(&mut self, name: &str) {
        self.names.insert(name.to_owned());
    }

    fn free(&mut self, hint: &str) -> String {
        let hint = if hint.is_empty() { "values" } else { hint };
        let next = self.next.entry(hint.to_owned()).or_insert(1);
        loop {
            let name = if *next == 1 { hint.to_owned() } else { format!("{hint}_{next}") };
            *next += 1;
            if self.names.insert(name.clone()) {
                return name;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_of_letters() {
        let cases = [
            ("AWSServiceName", "awsServiceName"),
            ("SG", "sg"),
            ("SourceIp", "sourceIp"),
            ("acme-lake.dev", "acmeLakeDev"),
            ("2nd", "_2nd"),
            ("", ""),
            ("*", ""),
            ("aws:", "aws"),
        ];
        for (text, name) in cases {
            assert_eq!(identifier(text), name);
        }
        assert_eq!(identifier(&"x".repeat(300)).len(), LONGEST_HINT);
    }

    #[test]
    fn no_name_is_given_twice() {
        let mut taken = Taken::default();
        taken.take("a");
        taken.take("a_3");
        assert_eq!(["a", "a", "a_2", ""].map(|hint| taken.free(hint)), ["a_2", "a_4", "a_2_2", "values"]);
    }
}
