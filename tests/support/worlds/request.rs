//! Requests made to collide with statements: patterns filled in, values derived from operands, and then a little damaged.

use portcullis_compiler::model::{BaseOperator, Operator};
use portcullis_compiler::request::{ContextValue, Request};

use super::fill::{Values, damage, fill};
use super::policy::{ConditionShape, Shape};
use super::random::Random;
use super::words::{self, ACCOUNT, ACTIONS, KEYS, STRINGS};

/// The moment around which `now` lies: 2026-11-23T10:00:00Z.
const NOW: i64 = 1_795_428_000;

/// One who asks: a known identity with the statements that bear on it, or anybody.
#[derive(Clone, Debug, Default)]
pub struct Asker {
    pub arn: String,
    /// What the snapshot says of its own keys (rule C12): key in lower case and value.
    pub own: Vec<(String, String)>,
    pub shapes: Vec<Shape>,
}

fn action(random: &mut Random, shape: &Shape) -> String {
    let chosen = match random.pick(&shape.actions) {
        Some(pattern) if !shape.not_action && pattern != "*" => {
            let none = Values { own: &[], context: &[] };
            fill(random, pattern, false, false, &none)
        }
        // Everything, or all but some.
        _ => random.word_or(ACTIONS, 8, words::SPECIAL_ACTIONS).to_owned(),
    };
    match random.below(20) {
        0..=3 => random.any_case(&chosen),
        4 if random.chance(30) => damage(random, &chosen),
        _ => chosen,
    }
}

fn resource(random: &mut Random, shape: &Shape, action: &str, values: &Values<'_>) -> String {
    let pattern = random.pick(&shape.resources).filter(|pattern| !shape.not_resource && *pattern != "*");
    let mut text = match pattern {
        Some(pattern) => fill(random, pattern, shape.variables, true, values),
        None => match random.below(10) {
            0..=2 => "*".to_owned(),
            3 => random.word(&["", "a", "no arn", "a:b:c:d:e", ":::::"]).to_owned(),
            _ => {
                let service = action.split(':').next().unwrap_or_default().to_ascii_lowercase();
                let region = random.word(&["", "a", "eu-west-1"]);
                let account = random.word(&["", ACCOUNT]);
                let name = random.word(&[
                    "a",
                    "a/b",
                    "a:b",
                    "b",
                    "key/a",
                    "role/a",
                    "alias/aws/a",
                    "policy/a",
                    "role/aws-reserved/a",
                ]);
                format!("arn:aws:{service}:{region}:{account}:{name}")
            }
        },
    };
    // R1, R5: what a short pattern leaves open.
    if pattern.is_some() && !random.chance(10) {
        while text.matches(':').count() < 5 {
            text.push(':');
            text.push_str(random.word(&["", "a", "aws", "s3"]));
        }
    }
    if random.chance(10) { damage(random, &text) } else { text }
}

/// A request value for a condition's key; `wanted` says whether it should make the condition hold.
fn value(
    random: &mut Random,
    condition: &ConditionShape,
    variables: bool,
    wanted: bool,
    values: &Values<'_>,
) -> ContextValue {
    let Operator { set, base, .. } = condition.operator;
    let equal = wanted != base.is_negated();
    let one = |random: &mut Random| match (equal, random.pick(&condition.operands)) {
        (true, Some(operand)) => near(random, base, operand, variables, values),
        _ => match random.below(10) {
            0 => String::new(),
            1 | 2 => random.word(STRINGS).to_owned(),
            3..=5 => random.word(words::odd_pool(base)).to_owned(),
            _ => random.word(words::operand_pool(base)).to_owned(),
        },
    };
    match set {
        None if !random.chance(6) => ContextValue::One(one(random)),
        Some(_) if random.chance(30) => ContextValue::One(one(random)),
        _ => {
            let count = random.below(4);
            ContextValue::Many((0..count).map(|_| one(random)).collect())
        }
    }
}

/// A request value that the operator's positive form likely finds equal to the operand, if not spelt the same.
fn near(
    random: &mut Random,
    base: BaseOperator,
    operand: &str,
    variables: bool,
    values: &Values<'_>,
) -> String {
    let name = base.name();
    if name.contains("Ip") {
        return operand.split('/').next().unwrap_or_default().to_owned();
    }
    if name.starts_with("Arn") {
        return fill(random, operand, variables, true, values);
    }
    if name.contains("Like") {
        return fill(random, operand, variables, false, values);
    }
    if name.starts_with("Numeric") && random.chance(40) {
        return match operand.strip_prefix(['+', '-']) {
            Some(_) => format!("{operand}{}", if operand.contains('.') { "0" } else { ".0" }),
            None => format!("+0{operand}"),
        };
    }
    let text = match name.starts_with("String") || base == BaseOperator::Bool {
        // No wildcards here: only variables are replaced.
        true if operand.contains("${") => fill(random, operand, variables, false, values),
        _ => operand.to_owned(),
    };
    if name.contains("IgnoreCase") || base == BaseOperator::Bool { random.any_case(&text) } else { text }
}

/// The keys of the variables in a pattern.
fn variable_keys(pattern: &str) -> impl Iterator<Item = &str> {
    let inside = pattern.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
    inside.filter_map(|(inside, _)| inside.split(',').next()).filter(|key| !matches!(*key, "*" | "?" | "$"))
}

/// Gives a key a value, unless the context has it already.
fn give(random: &mut Random, context: &mut Vec<(String, ContextValue)>, key: &str, value: ContextValue) {
    if !context.iter().any(|(given, _)| given.eq_ignore_ascii_case(key)) {
        let key = if random.chance(15) { random.any_case(key) } else { key.to_owned() };
        context.push((key, value));
    }
}

fn context(random: &mut Random, shape: &Shape, own: &[(String, String)]) -> Vec<(String, ContextValue)> {
    let mut context = Vec::new();
    // Variables first, so that values can be derived from them.
    let patterns = shape.conditions.iter().flat_map(|condition| &condition.operands).chain(&shape.resources);
    for key in patterns.flat_map(|pattern| variable_keys(pattern)) {
        if shape.variables && random.chance(70) {
            let text =
                random.word_or(&["a", "b", "ab", "s3", "true"], 20, &["", "x:y", "*", "\u{e9}"]).to_owned();
            let text =
                if random.chance(8) { ContextValue::Many(vec![text]) } else { ContextValue::One(text) };
            give(random, &mut context, key, text);
        }
    }
    for condition in &shape.conditions {
        if random.chance(88) {
            let wanted = random.chance(85);
            let value = value(random, condition, shape.variables, wanted, &Values { own, context: &context });
            give(random, &mut context, &condition.key, value);
        }
    }
    for _ in 0..random.below(3) {
        let (key, text) = (random.word(KEYS), random.word(STRINGS).to_owned());
        give(random, &mut context, key, ContextValue::One(text));
    }
    context
}

/// Past one of the limits of rule V4.
fn past_a_limit(random: &mut Random, request: &mut Request) {
    match random.below(4) {
        0 => request.resource.push_str(&"a".repeat(2_048)),
        1 => request.action.push_str(&"a".repeat(256)),
        2 => request.principal.push_str(&"a".repeat(2_048)),
        _ => {
            let long = ContextValue::Many(vec!["a".repeat(8_193)]);
            match request.context.first_mut() {
                Some((_, value)) => *value = long,
                None => request.context.push(("k:x".to_owned(), long)),
            }
        }
    }
}

/// A request of somebody, made to meet one of its statements.
pub fn request(random: &mut Random, asker: &Asker) -> Request {
    let everything = Shape { resources: vec!["*".to_owned()], ..Shape::default() };
    let shape = random.pick(&asker.shapes).unwrap_or(&everything);
    let context = context(random, shape, &asker.own);
    let action = action(random, shape);
    let context_complete = random.chance(8);
    // In a scenario the principal's keys are those of the request (rule C12).
    let own: &[_] = if context_complete { &[] } else { &asker.own };
    let resource = resource(random, shape, &action, &Values { own, context: &context });
    let resource_account = match random.below(20) {
        0..=3 => Some(ACCOUNT.to_owned()),
        4 => Some("210987654321".to_owned()),
        _ => None,
    };
    let now = match random.below(10) {
        0..=5 => Some(NOW + i64::try_from(random.below(5)).unwrap_or(0) - 2),
        6 => Some(
            random
                .word(&["0", "-1", "-62167219200", "253402300799", "253402300800", "1"])
                .parse()
                .unwrap_or(0),
        ),
        _ => None,
    };
    let mut request = Request {
        principal: asker.arn.clone(),
        action,
        resource,
        resource_account,
        context,
        now,
        context_complete,
        session: None,
    };
    if random.below(200) == 0 {
        past_a_limit(random, &mut request);
    }
    request
}
