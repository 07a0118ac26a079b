//! The tests of `.gate` files: one bundle of all inputs, and every question put to it and to the reference evaluator.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Arguments, Format};
use crate::ask::ask;
use crate::assume::{Assumption, Way, assume, is_own_key};
use crate::build::{Builder, Read};
use crate::cli::inputs::{path_of, show};
use crate::cli::output::{plain, print, report};
use crate::cli::{Failure, Outcome, Result, explain};
use crate::compiler::analysis::explain::{Explanation, explain as explain_request};
use crate::compiler::model::{Document, Effect as Does, Model, Origin};
use crate::compiler::request::{ContextValue, Request};
use crate::compiler::resolve::gate::questions::{Expected, Question, Taking};
use crate::files::Input;
use crate::runtime::{Bundle, Decision, Effect};

/// What became of a question.
struct Answer<'q> {
    question: &'q Question,
    /// Whether all is as expected.
    passes: bool,
    /// What the bundle says; `None` where the role could not be taken.
    decision: Option<Decision>,
    /// What the reference evaluator says, and why.
    explanation: Option<Explanation>,
    /// What was decided, which is another request where taking a role failed.
    asked: Request,
    /// Why the role could be taken.
    taken: Vec<Explanation>,
    /// Whether bundle and reference evaluator agree.
    agrees: bool,
}

/// Runs the tests of some inputs.
pub(super) fn run(arguments: &Arguments, inputs: Vec<Input>) -> Result {
    let builder = Builder::new();
    let read = builder.read_these(inputs);
    let Some(model) = &read.resolved.model else {
        let errors: Vec<_> =
            read.resolved.diagnostics.iter().filter(|found| found.is_error()).cloned().collect();
        show(&errors, &read.inputs);
        return Ok(Outcome::Unusable);
    };
    let warnings = read.resolved.diagnostics.len();
    if warnings > 0 {
        // A misspelt action or key makes what may not pass.
        let (what, them) = if warnings == 1 { ("warning", "it") } else { ("warnings", "them") };
        report(&format!("{warnings} {what}; `portcullis check` shows {them}\n"));
    }
    if read.resolved.questions.is_empty() {
        let message =
            "no .gate file of the input holds a test; write test \"…\" { WHO may ACTION on RESOURCE }"
                .to_owned();
        return Err(Failure(message));
    }
    let bundle = Bundle::from_bytes(builder.compile(model)?)?;
    let answers: Vec<Answer<'_>> = read
        .resolved
        .questions
        .iter()
        .map(|question| answer(&bundle, model, question))
        .collect::<std::result::Result<_, Failure>>()?;
    let coverage = Coverage::of(model, &answers);
    match arguments.format {
        Format::Jsonl => {
            for answer in &answers {
                print(&format!("{}\n", jsonl(answer, &read)))?;
            }
        }
        Format::Human => human(&answers, &read, &coverage, arguments.coverage)?,
    }
    Ok(if answers.iter().all(|answer| answer.passes) { Outcome::Fine } else { Outcome::Negative })
}

fn answer<'q>(
    bundle: &Bundle,
    model: &Model,
    question: &'q Question,
) -> std::result::Result<Answer<'q>, Failure> {
    let mut taken_by = Vec::new();
    if let Some(Taking { caller, role, session, federated }) = &question.takes {
        // The context is of both, the taking and the question: what only one of them can carry is left to it.
        let of_taking = |(key, _): &&(String, ContextValue)| !is_own_key(key);
        let external_id =
            question.request.context.iter().find(|(key, _)| key.eq_ignore_ascii_case("sts:ExternalId"));
        let taking = Assumption {
            role: role.clone(),
            way: match (federated, caller.contains(":saml-provider/")) {
                (false, _) => Way::Role,
                (true, true) => Way::Saml,
                (true, false) => Way::WebIdentity,
            },
            session_name: session.clone(),
            external_id: external_id.and_then(|(_, value)| value.values().first().cloned()),
            context: question.request.context.iter().filter(of_taking).cloned().collect(),
            ..Assumption::default()
        };
        let taken = assume(bundle, Some(model), bundle.principal(caller), &taking).map_err(|error| {
            let place = question.source.position(question.span.start);
            Failure(format!("{}:{place}: {error}", question.source.name()))
        })?;
        for step in &taken.steps {
            let one = |text: &String| ContextValue::One(text.clone());
            let mut asked = Request {
                principal: caller.clone(),
                action: step.action.to_owned(),
                resource: role.clone(),
                context: taking.context.clone(),
                ..Request::default()
            };
            asked.context.push(("sts:RoleSessionName".to_owned(), one(session)));
            asked.context.extend(taking.external_id.iter().map(|id| ("sts:ExternalId".to_owned(), one(id))));
            let explanation = explain_request(model, &asked, &[]);
            let agrees = explain::is_same(&step.decision, &explanation.decision);
            if !agrees || !step.decision.is_allowed() {
                let explanation = Some(explanation);
                return Ok(Answer {
                    question,
                    passes: false,
                    decision: None,
                    explanation,
                    asked,
                    taken: taken_by,
                    agrees,
                });
            }
            taken_by.push(explanation);
        }
    }
    let asked = question.request.clone();
    let decision = ask(bundle, &asked)?;
    let explanation = explain_request(model, &asked, &[]);
    let agrees = explain::is_same(&decision, &explanation.decision);
    let as_expected = match &question.expected {
        Expected::May => decision.is_allowed(),
        Expected::MayNot => !decision.is_allowed(),
        Expected::DeniedBy(layer) => !decision.is_allowed() && decision.layer().name() == *layer,
    };
    let (decision, explanation) = (Some(decision), Some(explanation));
    Ok(Answer {
        question,
        passes: as_expected && agrees,
        decision,
        explanation,
        asked,
        taken: taken_by,
        agrees,
    })
}

fn expected(question: &Question) -> String {
    match &question.expected {
        Expected::May => "allow".to_owned(),
        Expected::MayNot => "deny".to_owned(),
        Expected::DeniedBy(layer) => format!("deny (layer: {layer})"),
    }
}

fn jsonl(answer: &Answer<'_>, read: &Read) -> Value {
    let question = answer.question;
    let place = question.source.position(question.span.start);
    json!({
        "test": question.test,
        "file": shown(read, question),
        "line": place.line,
        "principal": question.request.principal,
        "action": question.request.action,
        "resource": question.request.resource,
        "expected": match &question.expected {
            Expected::May => "allow",
            Expected::MayNot | Expected::DeniedBy(_) => "deny",
        },
        "expected_layer": match &question.expected { Expected::DeniedBy(layer) => Some(*layer), _ => None },
        "actual": answer.decision.as_ref().map(|decision| decision.effect().name()),
        "layer": answer.decision.as_ref().map(|decision| decision.layer().name()),
        "reference": answer.explanation.as_ref().map(|it| it.decision.effect.name()),
        "role_taken": question.takes.as_ref().map(|_| answer.decision.is_some()),
        "pass": answer.passes,
    })
}

fn shown(read: &Read, question: &Question) -> String {
    path_of(&read.inputs, &question.source)
        .map_or_else(|| question.source.name().to_string(), |path| path.display().to_string())
}

fn human(
    answers: &[Answer<'_>],
    read: &Read,
    coverage: &Coverage<'_>,
    list: bool,
) -> std::result::Result<(), Failure> {
    let mut tests: BTreeMap<(usize, u32), (&Question, bool)> = BTreeMap::new();
    for answer in answers {
        let question = answer.question;
        let file = read
            .inputs
            .iter()
            .position(|it| std::sync::Arc::ptr_eq(it.source.text(), question.source.text()));
        let test =
            tests.entry((file.unwrap_or_default(), question.test_span.start)).or_insert((question, true));
        test.1 &= answer.passes;
    }
    let mut text = String::new();
    for answer in answers.iter().filter(|answer| !answer.passes) {
        text.push_str(&failure(answer, read));
    }
    let passed = tests.values().filter(|(_, passes)| *passes).count();
    let failed = tests.len() - passed;
    let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let right = answers.iter().filter(|answer| answer.passes).count();
    let _ = writeln!(
        text,
        "{}: {passed} passed, {failed} failed ({right} of {} as expected)",
        plural(tests.len(), "test"),
        plural(answers.len(), "question")
    );
    let decided = coverage.all.len() - coverage.never.len();
    let hint = if list || coverage.never.is_empty() { "" } else { "; --coverage names the others" };
    let _ = writeln!(
        text,
        "coverage: {decided} of {} decided a question{hint}",
        plural(coverage.all.len(), "statement")
    );
    if list {
        for statement in &coverage.never {
            let _ = writeln!(text, "  never: {}", plain(&statement.described(&read.inputs)));
        }
    }
    print(&text)
}

/// A question that was answered otherwise, with what decided.
fn failure(answer: &Answer<'_>, read: &Read) -> String {
    let question = answer.question;
    let place = question.source.position(question.span.start);
    let asked = question.source.slice(question.span).split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = format!(
        "\u{1b}[1;31mFAIL\u{1b}[0m {}\n  {}:{place}: {}\n",
        plain(&question.test),
        shown(read, question),
        plain(&asked)
    );
    let _ = writeln!(text, "\u{1b}[32m  - expected: {}\u{1b}[0m", expected(question));
    let actual = match &answer.decision {
        Some(decision) => format!("{} (layer: {})", decision.effect(), decision.layer()),
        None => "the role cannot be taken".to_owned(),
    };
    let _ = writeln!(text, "\u{1b}[31m  + actual:   {actual}\u{1b}[0m");
    if let Some(explanation) = &answer.explanation {
        if !answer.agrees {
            let reference = &explanation.decision;
            let _ = writeln!(
                text,
                "    the reference evaluator says {} (layer: {}): rely on neither, and please report this",
                reference.effect, reference.layer
            );
        }
        let why = explain::explained(explanation, &answer.asked);
        why.lines().for_each(|line| {
            let _ = writeln!(text, "{}", format!("    {line}").trim_end());
        });
    }
    text.push('\n');
    text
}

/// A statement of the inputs.
struct Covered<'m> {
    model: &'m Model,
    of: &'m str,
    sid: Option<&'m str>,
    origin: Origin,
}

impl Covered<'_> {
    fn described(&self, inputs: &[Input]) -> String {
        let file = inputs.get(self.origin.file.index()).map_or_else(
            || self.model.file(self.origin.file).to_owned(),
            |input| input.path.display().to_string(),
        );
        let name = self.sid.map_or_else(|| "a statement".to_owned(), |sid| format!("statement \"{sid}\""));
        format!("{name} of {} at {file}:{}:{}", self.of, self.origin.line, self.origin.column)
    }
}

/// Which statements decided a question.
struct Coverage<'m> {
    all: Vec<(u32, u32, u32)>,
    never: Vec<Covered<'m>>,
}

impl<'m> Coverage<'m> {
    fn of(model: &'m Model, answers: &[Answer<'_>]) -> Self {
        let mut statements: BTreeMap<(u32, u32, u32), Covered<'m>> = BTreeMap::new();
        let mut add = |of: &'m str, document: &'m Document| {
            for statement in &document.statements {
                let origin = statement.origin;
                let key = (origin.file.0, origin.line, origin.column);
                let sid = statement.sid.as_deref();
                statements.entry(key).or_insert(Covered { model, of, sid, origin });
            }
        };
        let identities = model.users.iter().map(|it| &it.identity);
        let identities = identities.chain(model.groups.iter().map(|it| &it.identity));
        for identity in identities.chain(model.roles.iter().map(|it| &it.identity)) {
            identity.inline.iter().for_each(|inline| add(&identity.arn, &inline.document));
        }
        for role in &model.roles {
            role.trust.iter().for_each(|trust| add(&role.identity.arn, trust));
        }
        // AWS's own policies are not this author's to test, nor what is attached to nobody.
        let own = |arn: &str| arn.starts_with("arn:") && !arn.contains(":iam::aws:");
        for policy in model.policies.iter().filter(|it| own(&it.arn)) {
            policy.default_version().into_iter().for_each(|version| add(&policy.arn, &version.document));
        }
        for resource in &model.resources {
            model.policy_of(resource).into_iter().for_each(|document| add(&resource.arn, document));
        }
        for control in model.controls.iter().filter(|it| !it.is_aws_own()) {
            add(&control.name, &control.document);
        }
        let files: BTreeMap<&str, u32> = (0..).zip(&model.files).map(|(at, name)| (&**name, at)).collect();
        let all: Vec<_> = statements.keys().copied().collect();
        for answer in answers {
            for (explanation, report) in answer
                .explanation
                .iter()
                .chain(&answer.taken)
                .flat_map(|it| it.layers.iter().map(move |report| (it, report)))
            {
                let effect = explanation.decision.effect;
                let decides = match effect {
                    // Every layer that had to grant did.
                    Effect::Allow => true,
                    Effect::ExplicitDeny => report.layer == explanation.decision.layer,
                    Effect::ImplicitDeny => false,
                };
                let wanted = if effect == Effect::Allow { Does::Allow } else { Does::Deny };
                let matched = report.matched.iter().filter(|it| decides && it.statement.effect == wanted);
                for it in matched {
                    let file = files.get(&*it.statement.file).copied().unwrap_or(u32::MAX);
                    statements.remove(&(file, it.statement.line, it.statement.column));
                }
            }
        }
        Self { all, never: statements.into_values().collect() }
    }
}
