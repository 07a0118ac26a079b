//! The IR as people review it (DESIGN section 8): sorted, one rule a line, names by content, nothing that an unrelated change would move.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{ActionSet, Ir, ResourceSet, Rule, Spelling};
use crate::merge::PrincipalRef;
use crate::model::{Effect, Model};
use crate::pattern::ActionForm;

/// What to print.
#[derive(Clone, Debug, Default)]
pub struct TextOptions {
    /// Only this principal, by its ARN.
    pub principal: Option<String>,
    /// Behind every rule a comment with its statements: file, line, policy.
    pub origins: bool,
}

/// The texts that a set is printed with: first line, and a line each.
fn set_lines(
    ir: &Ir,
    model: &Model,
    set: u32,
    documents: &[crate::merge::DocumentSource],
    origins: bool,
) -> Vec<String> {
    let lists = ir.sets.get(set).map_or(&[][..], Vec::as_slice);
    let rules = lists.iter().filter_map(|&list| ir.rule_lists.get(list)).flatten();
    let mut lines: Vec<String> = rules
        .filter_map(|&id| {
            let mut line = rule_text(ir, *ir.rules.get(id)?);
            if origins {
                line.push_str(&origin_text(ir, model, id, documents));
            }
            Some(line)
        })
        .collect();
    // Denies first: they win.
    lines.sort_by(|a, b| b.starts_with("deny").cmp(&a.starts_with("deny")).then_with(|| a.cmp(b)));
    lines.dedup();
    lines
}

fn origin_text(ir: &Ir, model: &Model, rule: u32, documents: &[crate::merge::DocumentSource]) -> String {
    let sources = ir.sources.get(rule as usize).map_or(&[][..], Vec::as_slice);
    let mut texts: Vec<String> = sources
        .iter()
        .filter(|source| documents.binary_search(&source.document).is_ok())
        .filter_map(|source| {
            let statement = source.document.document(model)?.statements.get(source.statement as usize)?;
            let sid = statement.sid.as_deref().map(|sid| format!(" {sid:?}")).unwrap_or_default();
            let (name, file) = (source.document.name(model), model.file(statement.origin.file));
            Some(format!("{}{sid} {}:{}", word(&name), word(file), statement.origin.line))
        })
        .collect();
    texts.sort();
    texts.dedup();
    format!("  # {}", texts.join("; "))
}

/// Prints the IR. Principals with equal layers share one block, named by them.
///
/// Equal text for equal meaning under order, `Sid`s, duplicates, and scalar or list. Linear in the text.
#[must_use]
pub fn print(ir: &Ir, model: &Model, options: &TextOptions) -> String {
    // Blocks by content, so that neither ids nor the order of the inputs show.
    let mut blocks: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for principal in &ir.principals {
        let Some(arn) = arn(model, principal.principal) else { continue };
        if options.principal.as_deref().is_some_and(|wanted| wanted != arn) {
            continue;
        }
        let mut body = vec!["  identity".to_owned()];
        let indent = |line: String| format!("    {line}");
        body.extend(
            set_lines(ir, model, principal.identity, &principal.identity_documents, options.origins)
                .into_iter()
                .map(indent),
        );
        if let Some(boundary) = principal.boundary {
            body.push("  boundary".to_owned());
            let documents = &principal.boundary_documents;
            body.extend(set_lines(ir, model, boundary, documents, options.origins).into_iter().map(indent));
        }
        blocks.entry(body).or_default().push(arn.to_owned());
    }
    let mut named: Vec<(Vec<String>, Vec<String>)> = blocks
        .into_iter()
        .map(|(body, mut names)| {
            names.sort();
            (names, body)
        })
        .collect();
    named.sort();
    let mut text = String::new();
    for (names, body) in named {
        if !text.is_empty() {
            text.push('\n');
        }
        for name in names {
            let _ = writeln!(text, "{name}");
        }
        for line in body {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

fn arn(model: &Model, principal: PrincipalRef) -> Option<&str> {
    match principal {
        PrincipalRef::User(user) => model.users.get(user as usize).map(|user| &*user.identity.arn),
        PrincipalRef::Role(role) => model.roles.get(role as usize).map(|role| &*role.identity.arn),
    }
}

/// One rule as one line. Distinct rules have distinct lines.
pub(super) fn rule_text(ir: &Ir, rule: Rule) -> String {
    let mut line = String::from(match rule.effect {
        Effect::Allow => "allow ",
        Effect::Deny => "deny ",
    });
    if let Some(actions) = ir.action_sets.get(rule.actions) {
        line.push_str(&actions_text(ir, actions));
    }
    line.push_str(" on ");
    if let Some(resources) = ir.resource_sets.get(rule.resources) {
        line.push_str(&resources_text(resources));
    }
    let atoms = rule.guard.and_then(|guard| ir.guards.get(guard)).map_or(&[][..], Vec::as_slice);
    for (index, &atom) in atoms.iter().enumerate() {
        line.push_str(if index == 0 { " if " } else { " and " });
        if let Some(atom) = ir.atoms.get(atom) {
            let _ = write!(line, "{atom}");
        }
    }
    line
}

fn actions_text(ir: &Ir, actions: &ActionSet) -> String {
    let mut texts: Vec<&str> = actions
        .patterns
        .iter()
        .map(|pattern| match pattern {
            ActionForm::Everything => "*",
            other => ir.spellings.get(other).map_or("", Spelling::text),
        })
        .collect();
    texts.sort_unstable();
    listed(actions.negated, &texts)
}

fn resources_text(resources: &ResourceSet) -> String {
    let mut texts: Vec<String> = resources.patterns.iter().map(ToString::to_string).collect();
    texts.sort_unstable();
    listed(resources.negated, &texts)
}

fn listed(negated: bool, texts: &[impl AsRef<str>]) -> String {
    let words: Vec<Cow<'_, str>> = texts.iter().map(|text| word(text.as_ref())).collect();
    let list = words.join(", ");
    if negated { format!("not [{list}]") } else { list }
}

/// A word of the text: as it is, or in quotes with escapes where something in it could be taken for the text around it, or cannot be seen.
pub(super) fn word(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b",\"[]".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("{text:?}"))
    }
}
