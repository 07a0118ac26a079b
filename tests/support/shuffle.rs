//! The same account written another way: order, names of statements and of inline policies, duplicates, scalars and lists, encodings. A test uses
//! this file as `#[path = "support/shuffle.rs"] mod shuffle;`, beside `worlds`.

#![allow(unreachable_pub, missing_docs, reason = "every integration test uses a part of its own")]

use portcullis::grammar::json::{Kind, Value, parse, parse_embedded};
use portcullis::grammar::source::Source;

use crate::worlds::Random;

/// JSON to be changed. Scalars are kept as written.
#[derive(Clone)]
enum Json {
    Bare(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

fn read(source: &Source, value: &Value) -> Json {
    match &value.kind {
        Kind::Null => Json::Bare("null".to_owned()),
        Kind::Bool(value) => Json::Bare(value.to_string()),
        Kind::Number(text) => Json::Bare(text.to_string()),
        Kind::String(text) => Json::Text(text.to_string()),
        Kind::Array(items) => Json::List(items.iter().map(|item| read(source, item)).collect()),
        Kind::Object(members) => {
            let member = |member: &portcullis::grammar::json::Member| {
                let is_document = matches!(&*member.key, "PolicyDocument" | "Document");
                let value = match &member.value.kind {
                    // A document may be text in a string: it is taken out of it.
                    Kind::String(_) if is_document => {
                        read(source, &parse_embedded(source, &member.value).value.unwrap())
                    }
                    _ => read(source, &member.value),
                };
                (member.key.to_string(), value)
            };
            Json::Object(members.iter().map(member).collect())
        }
    }
}

fn string(text: &str) -> String {
    let escaped = text.chars().map(|character| match character {
        '"' | '\\' => format!("\\{character}"),
        ' '.. => character.to_string(),
        _ => format!("\\u{:04x}", u32::from(character)),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

impl Json {
    fn write(&self) -> String {
        match self {
            Self::Bare(text) => text.clone(),
            Self::Text(text) => string(text),
            Self::List(items) => {
                format!("[{}]", items.iter().map(Self::write).collect::<Vec<_>>().join(", "))
            }
            Self::Object(members) => {
                let members =
                    members.iter().map(|(key, value)| format!("{}: {}", string(key), value.write()));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn items(&mut self) -> &mut Vec<Self> {
        // A scalar is a list of one.
        if !matches!(self, Self::List(_)) {
            let one = std::mem::replace(self, Self::List(Vec::new()));
            *self = Self::List(vec![one]);
        }
        let Self::List(items) = self else { unreachable!() };
        items
    }

    fn members(&mut self) -> &mut Vec<(String, Self)> {
        let Self::Object(members) = self else { panic!("no object: {}", self.write()) };
        members
    }

    fn get(&mut self, key: &str) -> Option<&mut Self> {
        self.members().iter_mut().find(|(known, _)| known == key).map(|(_, value)| value)
    }
}

/// Any order of a list.
fn any_order<T>(random: &mut Random, items: &mut [T]) {
    for at in (1..items.len()).rev() {
        items.swap(at, random.below(at + 1));
    }
}

/// A list in which order and number of equal items mean nothing, and one item may stand alone.
fn set(random: &mut Random, value: &mut Json) {
    let items = value.items();
    if let Some(again) = random.pick(items).cloned().filter(|_| random.chance(20)) {
        items.push(again);
    }
    any_order(random, items);
    if let [one] = items.as_slice()
        && random.chance(50)
    {
        *value = one.clone();
    }
}

fn statement(random: &mut Random, statement: &mut Json, name: &str) {
    let members = statement.members();
    members.retain(|(key, _)| key != "Sid");
    if random.chance(50) {
        members.push(("Sid".to_owned(), Json::Text(name.to_owned())));
    }
    for element in ["Action", "NotAction", "Resource", "NotResource"] {
        if let Some(value) = statement.get(element) {
            set(random, value);
        }
    }
    if let Some(conditions) = statement.get("Condition") {
        for (operator, keys) in conditions.members() {
            *operator = random.any_case(operator);
            for (key, values) in keys.members() {
                *key = random.any_case(key);
                for value in values.items() {
                    // Numbers and booleans mean the same as their text (P2).
                    if let Json::Bare(text) = value
                        && random.chance(50)
                    {
                        *value = Json::Text(text.clone());
                    }
                }
                set(random, values);
            }
            any_order(random, keys.members());
        }
        any_order(random, conditions.members());
    }
    any_order(random, statement.members());
}

fn document(random: &mut Random, document: &mut Json) {
    let Some(statements) = document.get("Statement") else { return };
    let items = statements.items();
    if let Some(again) = random.pick(items).cloned().filter(|_| random.chance(20)) {
        items.push(again);
    }
    any_order(random, items);
    for (at, item) in items.iter_mut().enumerate() {
        statement(random, item, &format!("N{at}"));
    }
    if let [one] = items.as_slice()
        && random.chance(50)
    {
        *statements = one.clone();
    }
    any_order(random, document.members());
    // As the API gives it, now and then.
    if random.chance(20) {
        *document = Json::Text(document.write());
    }
}

/// The lists of an entry whose order means nothing.
const LISTS: [&str; 8] = [
    "UserDetailList",
    "GroupDetailList",
    "RoleDetailList",
    "Policies",
    "GroupList",
    "AttachedManagedPolicies",
    "PolicyVersionList",
    "Tags",
];
const INLINE: [&str; 3] = ["UserPolicyList", "GroupPolicyList", "RolePolicyList"];

fn entry(random: &mut Random, value: &mut Json) {
    for (key, value) in value.members() {
        let key = key.as_str();
        if key == "Document" || key == "PolicyDocument" {
            document(random, value);
        } else if LISTS.contains(&key) || INLINE.contains(&key) {
            let items = value.items();
            any_order(random, items);
            for (at, item) in items.iter_mut().enumerate() {
                if let Json::Object(_) = item {
                    entry(random, item);
                }
                if INLINE.contains(&key)
                    && let Some(name) = item.get("PolicyName")
                {
                    *name = Json::Text(format!("renamed-{at}"));
                }
            }
        }
    }
    any_order(random, value.members());
}

/// The account, written another way.
pub fn shuffled(random: &mut Random, snapshot: &str) -> String {
    let source = Source::new("snapshot.json", snapshot);
    let mut page = read(&source, &parse(&source).value.unwrap());
    entry(random, &mut page);
    page.write()
}
