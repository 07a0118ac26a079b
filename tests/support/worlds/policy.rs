//! Policy documents made by chance: a small alphabet, so that patterns overlap, and every form that the rules know.

use portcullis_compiler::model::{BaseOperator, Operator, SetPrefix};

use super::json;
use super::random::Random;
use super::words::{self, ACCOUNT};

/// What a statement says, for making requests that meet it.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    pub variables: bool,
    pub actions: Vec<String>,
    pub not_action: bool,
    pub resources: Vec<String>,
    pub not_resource: bool,
    pub conditions: Vec<ConditionShape>,
}

/// What a condition says.
#[derive(Clone, Debug)]
pub struct ConditionShape {
    pub operator: Operator,
    pub key: String,
    pub operands: Vec<String>,
}

fn condition(random: &mut Random, variables: bool) -> ConditionShape {
    let base = *random.pick(BaseOperator::ALL).unwrap_or(&BaseOperator::StringEquals);
    let set = match random.below(10) {
        0 | 1 => Some(SetPrefix::ForAnyValue),
        2 | 3 => Some(SetPrefix::ForAllValues),
        _ => None,
    };
    let if_exists = base != BaseOperator::Null && random.chance(20);
    let operands = (0..=random.below(3))
        .map(|_| {
            let rare = if base.name().starts_with("String") { 30 } else { 0 };
            random.word_or(words::operand_pool(base), rare, words::STRING_OPERANDS)
        })
        // Elsewhere a variable in a Bool is an error; in String and Arn operators it is plain text (X1).
        .map(|text| {
            if base == BaseOperator::Bool && !variables && text.contains('$') { "true" } else { text }
                .to_owned()
        })
        .collect();
    ConditionShape {
        operator: Operator { set, base, if_exists },
        key: random.word(words::KEYS).to_owned(),
        operands,
    }
}

fn action_pattern(random: &mut Random) -> String {
    let text = match random.below(20) {
        0 => random.word(words::ODD_ACTION_PATTERNS),
        1 => random.word(words::SPECIAL_ACTIONS),
        2..=9 => random.word(words::ACTIONS),
        _ => random.word(words::ACTION_PATTERNS),
    };
    if random.chance(20) { random.any_case(text) } else { text.to_owned() }
}

fn resource_pattern(random: &mut Random, padding_allowed: bool) -> String {
    let mut text = match random.below(20) {
        0..=10 => random.word(words::RESOURCES),
        11..=14 => random.word(words::VARIABLE_RESOURCES),
        15 if padding_allowed => random.word(words::SHORT_RESOURCES),
        _ => return parts(random),
    };
    // R5: padding under Allow with NotResource is an error.
    if !padding_allowed && text.split(':').count() < 6 {
        text = "arn:aws:s3:::a*";
    }
    text.to_owned()
}

/// Six parts, each by chance.
fn parts(random: &mut Random) -> String {
    let name: String = (0..=random.below(4))
        .map(|_| random.word(&["a", "b", "*", "?", "/", ":", "\u{e9}", "${k:name}"]))
        .collect();
    [
        random.word_or(&["arn"], 10, &["*", "a?n"]),
        random.word_or(&["aws"], 15, &["*", "aws-cn", "a*"]),
        random.word(&["s3", "svc", "s*", "*", "s?", "kms", "iam"]),
        random.word(&["", "a", "*", "?"]),
        random.word(&["", ACCOUNT, "*", "123*"]),
        &name,
    ]
    .join(":")
}

fn shape(random: &mut Random, deny: bool, variables: bool) -> Shape {
    let many = |random: &mut Random| if random.chance(2) { 0 } else { 1 + random.below(3) };
    let not_action = random.chance(12);
    let not_resource = random.chance(12);
    let actions = (0..many(random)).map(|_| action_pattern(random)).collect();
    let resources = (0..many(random)).map(|_| resource_pattern(random, deny || !not_resource)).collect();
    let conditions = match random.below(10) {
        0..=4 => 0,
        5..=7 => 1,
        8 => 2,
        _ => 3,
    };
    let conditions = (0..conditions).map(|_| condition(random, variables)).collect();
    Shape { variables, actions, not_action, resources, not_resource, conditions }
}

/// An operator may stand once in a block, and a key once in an operator (P3).
fn without_repetitions(conditions: Vec<ConditionShape>) -> Vec<(Operator, Vec<ConditionShape>)> {
    let mut blocks: Vec<(Operator, Vec<ConditionShape>)> = Vec::new();
    for condition in conditions {
        let position = blocks.iter().position(|(operator, _)| *operator == condition.operator);
        match position.and_then(|at| blocks.get_mut(at)) {
            None => blocks.push((condition.operator, vec![condition])),
            Some((_, keys)) if keys.iter().any(|other| other.key.eq_ignore_ascii_case(&condition.key)) => {}
            Some((_, keys)) => keys.push(condition),
        }
    }
    blocks
}

fn render_condition(random: &mut Random, condition: &ConditionShape) -> String {
    let base = condition.operator.base;
    let bare = match base {
        BaseOperator::Bool | BaseOperator::Null => &["true", "false"][..],
        _ if base.name().starts_with("Numeric") => &["1", "-1", "0", "0.1", "10"][..],
        _ => &[],
    };
    let mut items = Vec::new();
    for text in &condition.operands {
        let bare = bare.contains(&text.as_str()) && random.chance(30);
        items.push(if bare { text.clone() } else { json::string(random, text) });
    }
    let value = match items.as_slice() {
        [one] if random.chance(50) => one.clone(),
        _ => json::list(&items),
    };
    format!("{}:{value}", json::string(random, &condition.key))
}

/// One statement: its text and its shape.
fn statement(random: &mut Random, index: usize, deny: bool, variables: bool) -> (String, Shape) {
    let mut shape = shape(random, deny, variables);
    let blocks = without_repetitions(std::mem::take(&mut shape.conditions));
    let mut members = vec![format!("\"Effect\":\"{}\"", if deny { "Deny" } else { "Allow" })];
    if random.chance(60) {
        members.push(format!("\"Sid\":\"S{index}\""));
    }
    let not = |negated| if negated { "Not" } else { "" };
    members.push(format!("\"{}Action\":{}", not(shape.not_action), json::strings(random, &shape.actions)));
    members.push(format!(
        "\"{}Resource\":{}",
        not(shape.not_resource),
        json::strings(random, &shape.resources)
    ));
    if !blocks.is_empty() {
        let mut texts = Vec::new();
        for (operator, keys) in &blocks {
            let name = operator.to_string();
            let name = if random.chance(10) { random.any_case(&name) } else { name };
            let keys: Vec<String> =
                keys.iter().map(|condition| render_condition(random, condition)).collect();
            texts.push(format!("\"{name}\":{{{}}}", keys.join(",")));
        }
        members.push(format!("\"Condition\":{{{}}}", texts.join(",")));
    }
    shape.conditions = blocks.into_iter().flat_map(|(_, keys)| keys).collect();
    // The order of members means nothing.
    let turn = random.below(members.len());
    members.rotate_left(turn);
    (format!("{{{}}}", members.join(",")), shape)
}

/// A document: its text and its statements. A `broad` one begins with a statement that allows everything.
pub fn document(random: &mut Random, broad: bool) -> (String, Vec<Shape>) {
    let variables = random.chance(75);
    let version = match variables {
        true => "\"Version\":\"2012-10-17\",",
        false => random.word(&["\"Version\":\"2008-10-17\",", ""]),
    };
    let mut texts = Vec::new();
    let mut shapes = Vec::new();
    if broad {
        texts.push("{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}".to_owned());
    }
    let count = if random.chance(3) { 0 } else { 1 + random.below(4) };
    for index in 0..count {
        let deny = random.chance(25);
        let (text, shape) = statement(random, index, deny, variables);
        texts.push(text);
        shapes.push(shape);
    }
    let statements = match texts.as_slice() {
        [one] if random.chance(30) => one.clone(),
        _ => json::list(&texts),
    };
    (format!("{{{version}\"Statement\":{statements}}}"), shapes)
}
