//! From the examination of every statement to reports: what applies, what nearly does, and in which part it fails.

use super::names::Names;
use super::{Clause, Compared, LayerReport, Matched, NearMiss, Part, Verdict, element};
use crate::model::{Condition, Statement};
use crate::reference::combine::{Bits, Caller, Contract};
use crate::reference::{Examined, Found, Layers};

/// The most parts in which a statement that nearly applies may fail.
const MOST_FAILED: usize = 2;

/// The reports of all layers in the order of rule V5.
pub(super) fn layers(found: &Layers<'_>, bits: &Bits, names: &Names<'_>) -> Vec<LayerReport> {
    let levels = [&found.rcps, &found.scps]
        .into_iter()
        .flat_map(|levels| levels.iter().enumerate().map(|(level, found)| report(found, Some(level), names)));
    // E6, E7: session policies limit whoever has a side of its own but root.
    let is_limited = bits.contract != Contract::NoCallerSide
        && !matches!(bits.caller, Caller::Root | Caller::Service | Caller::Anonymous);
    let session = found.session.as_ref().filter(|_| is_limited);
    let others = [&found.endpoint, &found.resource, &found.identity, &found.boundary].map(Option::as_ref);
    let others = others.into_iter().chain([session]);
    let others = others.flatten().map(|found| report(found, None, names));
    levels.chain(others).collect()
}

fn report(found: &Found<'_>, level: Option<usize>, names: &Names<'_>) -> LayerReport {
    let (mut matched, mut near, mut others) = (Vec::new(), Vec::new(), 0);
    for examined in &found.statements {
        let named = || names.statement(&examined.located, found.layer);
        let compare = |condition: &Condition| compared(condition, examined.located.statement, names);
        if let Some(level) = examined.applies {
            matched.push(Matched {
                statement: named(),
                level,
                resources: resources(examined.located.statement, names)
                    .filter(|clause| clause.negated || clause.entries.iter().all(|entry| entry != "*")),
                conditions: examined.conditions().into_iter().map(|(it, _)| compare(it)).collect(),
            });
            continue;
        }
        let failed = if examined.action() { failed(examined, names) } else { Vec::new() };
        if (1..=MOST_FAILED).contains(&failed.len()) {
            near.push(NearMiss { statement: named(), failed });
        } else {
            others += 1;
        }
    }
    // What fails in fewer parts is nearer.
    near.sort_by_key(|miss| miss.failed.len());
    let says = found.says();
    let verdict = match (says.denies, says.allows) {
        (true, _) => Verdict::Denies,
        (false, true) => Verdict::Allows,
        (false, false) => Verdict::Silent,
    };
    LayerReport {
        layer: found.layer,
        level,
        of: names.holder(found.layer, level),
        verdict,
        matched,
        near,
        others,
    }
}

/// The parts other than the action that fail.
fn failed(examined: &Examined<'_>, names: &Names<'_>) -> Vec<Part> {
    let statement = examined.located.statement;
    let mut failed = Vec::new();
    if examined.principal().is_none() {
        failed.push(Part::Principal(statement.principals.as_ref().map(|clause| Clause {
            negated: clause.negated,
            entries: clause.entries.iter().map(|it| format!("{}{}", element(it.kind), it.text)).collect(),
            variables: Vec::new(),
        })));
    }
    if !examined.resource() {
        failed.push(Part::Resource(resources(statement, names)));
    }
    let conditions = examined.conditions().into_iter().filter(|(_, holds)| !holds);
    failed.extend(conditions.map(|(it, _)| Part::Condition(compared(it, statement, names))));
    failed
}

fn resources(statement: &Statement, names: &Names<'_>) -> Option<Clause> {
    statement.resources.as_ref().map(|clause| {
        let entries: Vec<String> = clause.patterns.iter().map(|pattern| pattern.text.to_string()).collect();
        Clause { negated: clause.negated, variables: names.variables(&entries, statement), entries }
    })
}

fn compared(condition: &Condition, statement: &Statement, names: &Names<'_>) -> Compared {
    let values: Vec<String> = condition.operands.iter().map(|operand| operand.text.to_string()).collect();
    Compared {
        operator: condition.operator,
        key: condition.key_text.to_string(),
        variables: names.variables(&values, statement),
        values,
        request: names.situation.value(&condition.key_text).cloned(),
    }
}
