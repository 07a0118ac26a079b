//! The normal form: conjunctions of tests, any of which has to hold, each one statement of IAM (rule C1).

use portcullis_grammar::source::Span;

use super::{Condition, Test};
use crate::model::{BaseOperator, Operator, SetPrefix};
use crate::resolve::codes;
use crate::resolve::reader::{Reader, shown};

/// How many statements one expression may become.
const MOST_STATEMENTS: usize = 64;

/// The conjunctions, any of which has to hold: each is one statement. Every operator and key stands once in each.
pub(in crate::resolve::gate) fn statements(
    reader: &mut Reader<'_, '_>,
    condition: &Condition,
    span: Span,
) -> Option<Vec<Vec<Test>>> {
    let Some(conjunctions) = choices(condition) else {
        let message = format!("this condition would become more than {MOST_STATEMENTS} statements");
        reader.error(codes::GATE_SIZE, span, message, "split the statement");
        return None;
    };
    let possible: Vec<_> = conjunctions.into_iter().filter(|tests| !contradicts(tests)).collect();
    if possible.is_empty() {
        let message = "this condition never holds: it wants a key that is both there and missing";
        reader.error(codes::GATE_CONDITION, span, message, "correct it, or remove the statement");
        return None;
    }
    let merged: Vec<_> = absorbed(possible).into_iter().map(|tests| merge(reader, tests, span)).collect();
    merged.into_iter().collect()
}

/// The conjunctions without those that another one, which asks less, covers.
fn absorbed(conjunctions: Vec<Vec<Test>>) -> Vec<Vec<Test>> {
    let equal = |one: &Test, other: &Test| {
        same(one, other)
            && one.values.iter().map(|(text, _)| text).eq(other.values.iter().map(|(text, _)| text))
    };
    let within = |one: &[Test], other: &[Test]| one.iter().all(|test| other.iter().any(|it| equal(test, it)));
    let mut kept: Vec<Vec<Test>> = Vec::with_capacity(conjunctions.len());
    for tests in conjunctions {
        if !kept.iter().any(|known| within(known, &tests)) {
            kept.retain(|known| !within(&tests, known));
            kept.push(tests);
        }
    }
    kept
}

/// Whether a key has to be there and to be missing at once.
fn contradicts(tests: &[Test]) -> bool {
    let asks = |test: &Test, wanted: &str| {
        test.operator.base == BaseOperator::Null
            && test.operator.set.is_none()
            && test.values.iter().all(|(value, _)| value.eq_ignore_ascii_case(wanted))
    };
    let missing = tests.iter().filter(|test| asks(test, "true"));
    missing.into_iter().any(|test| {
        tests.iter().any(|other| asks(other, "false") && other.key.0.eq_ignore_ascii_case(&test.key.0))
    })
}

/// The disjunctive normal form; `None` where it is too large.
fn choices(condition: &Condition) -> Option<Vec<Vec<Test>>> {
    match condition {
        Condition::Test(test) => Some(vec![vec![test.clone()]]),
        Condition::Or(parts) => {
            let mut all: Vec<Vec<Test>> = Vec::new();
            for part in parts {
                for choice in choices(part)? {
                    // Equal but for the values of one test: one statement with the values of both.
                    if let [test] = choice.as_slice()
                        && let Some([known]) = all.iter_mut().map(Vec::as_mut_slice).find(|known| {
                            matches!(known, [known] if same(known, test) && joins_by_or(known.operator))
                        })
                    {
                        known.values.extend(test.values.iter().cloned());
                        continue;
                    }
                    all.push(choice);
                }
            }
            (all.len() <= MOST_STATEMENTS).then_some(all)
        }
        Condition::And(parts) => {
            let mut all = vec![Vec::new()];
            for part in parts {
                let choices = choices(part)?;
                if all.len() * choices.len() > MOST_STATEMENTS {
                    return None;
                }
                all = all
                    .iter()
                    .flat_map(|before| choices.iter().map(move |choice| [before.as_slice(), choice].concat()))
                    .collect();
            }
            Some(all)
        }
    }
}

fn same(one: &Test, other: &Test) -> bool {
    one.operator == other.operator && one.key.0.eq_ignore_ascii_case(&other.key.0)
}

/// Whether one operator with the values of two is either of the two (rule C1).
fn joins_by_or(operator: Operator) -> bool {
    operator.base != BaseOperator::Null
        && !operator.base.is_negated()
        && operator.set != Some(SetPrefix::ForAllValues)
}

/// Whether one operator with the values of two is both of the two (rule C1).
fn joins_by_and(operator: Operator) -> bool {
    operator.base.is_negated() && operator.set != Some(SetPrefix::ForAnyValue)
}

/// Each operator and key once: IAM has one place for both.
fn merge(reader: &mut Reader<'_, '_>, tests: Vec<Test>, span: Span) -> Option<Vec<Test>> {
    let mut merged: Vec<Test> = Vec::with_capacity(tests.len());
    for mut test in tests {
        let texts = |test: &Test| test.values.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>();
        let Some(known) = merged.iter_mut().find(|known| same(known, &test)) else {
            merged.push(test);
            continue;
        };
        if texts(known) == texts(&test) {
            continue;
        }
        if joins_by_and(known.operator) {
            known.values.extend(test.values);
            continue;
        }
        // Where the first holds the key is there, so that the second may say `IfExists`.
        let asked = test.operator;
        test.operator.if_exists = true;
        let free = asked.base != BaseOperator::Null && !merged.iter().any(|known| same(known, &test));
        if !free || asked.if_exists {
            let message =
                format!("one statement cannot ask `{asked}` of `{}` several times", shown(&test.key.0));
            let help =
                "IAM has one place for each operator and key: write one comparison, or another operator";
            reader.error(codes::GATE_CONDITION, span, message, help);
            return None;
        }
        merged.push(test);
    }
    Some(merged)
}
