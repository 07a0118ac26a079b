//! The IR as people review it (DESIGN section 8): sorted, one rule a line, names by content, nothing that an unrelated change would move.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use super::lines::lines;
use super::{ActionSet, Ir, Layer, ResourcePolicy, ResourceSet, Rule, Spelling};
use crate::merge::{DocumentSource, PrincipalRef};
use crate::model::route::Route;
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

/// The lines of some sets.
fn set_lines(
    ir: &Ir,
    model: &Model,
    sets: &[u32],
    documents: &[DocumentSource],
    origins: bool,
) -> Vec<String> {
    let lists = sets.iter().filter_map(|&set| ir.sets.get(set)).flatten();
    let rules = lists.filter_map(|&list| ir.rule_lists.get(list)).flatten();
    let joined = lines(ir, rules.copied());
    let texts = joined.iter().map(|line| {
        let mut text = line_text(ir, line.effect, &line.actions, &line.resources, line.guard);
        if origins {
            text.push_str(&origin_text(ir, model, &line.rules, documents));
        }
        text
    });
    let mut lines: Vec<String> = texts.collect();
    // Denies first: they win.
    lines.sort_by(|a, b| b.starts_with("deny").cmp(&a.starts_with("deny")).then_with(|| a.cmp(b)));
    lines.dedup();
    lines
}

fn origin_text(ir: &Ir, model: &Model, rules: &BTreeSet<u32>, documents: &[DocumentSource]) -> String {
    let sources = rules.iter().filter_map(|&rule| ir.sources.get(rule as usize)).flatten();
    let mut texts: Vec<String> = sources
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

/// Collects blocks by content, so that neither ids nor the order of the inputs show.
struct Blocks<'a> {
    ir: &'a Ir,
    model: &'a Model,
    origins: bool,
    names: BTreeMap<Vec<String>, Vec<String>>,
}

impl Blocks<'_> {
    /// A layer: its title, and a line for each rule.
    fn layer(&self, body: &mut Vec<String>, title: &str, sets: &[u32], documents: &[DocumentSource]) {
        body.push(format!("  {title}"));
        let lines = set_lines(self.ir, self.model, sets, documents, self.origins);
        body.extend(lines.into_iter().map(|line| format!("    {line}")));
    }

    fn policy(&self, body: &mut Vec<String>, title: &str, policy: &ResourcePolicy) {
        let sets = [policy.direct, policy.session, policy.account];
        self.layer(body, title, &sets, &[policy.document]);
    }

    fn levels(&self, body: &mut Vec<String>, title: &str, names: &[&str], levels: Option<&Vec<Layer>>) {
        for (number, level) in levels.into_iter().flatten().enumerate() {
            let name = names.get(number).map_or(Cow::Borrowed("account"), |name| word(name));
            self.layer(body, &format!("{title} {name}"), &[level.set], &level.documents);
        }
    }

    fn add(&mut self, name: &str, body: Vec<String>) {
        self.names.entry(body).or_default().push(name.to_owned());
    }

    fn principals(&mut self, wanted: Option<&str>) {
        for principal in &self.ir.principals {
            let Some(arn) = arn(self.model, principal.principal) else { continue };
            if wanted.is_some_and(|wanted| wanted != arn) {
                continue;
            }
            let mut body = Vec::new();
            self.layer(&mut body, "identity", &[principal.identity], &principal.identity_documents);
            if let Some(boundary) = principal.boundary {
                self.layer(&mut body, "boundary", &[boundary], &principal.boundary_documents);
            }
            if let Some(trust) = &principal.trust {
                self.policy(&mut body, "trust", trust);
            }
            self.add(arn, body);
        }
    }

    /// Accounts over which control policies stand, level by level from the root.
    fn accounts(&mut self) {
        for account in &self.ir.accounts {
            let organization = self.model.organization.as_ref();
            let place = organization.and_then(|it| Some((it, it.account(&account.number)?)));
            let nodes =
                place.map(|(organization, place)| organization.path(place.parent)).unwrap_or_default();
            let names: Vec<&str> = nodes.iter().map(|node| &*node.id).collect();
            let mut body = Vec::new();
            self.levels(&mut body, "scp", &names, account.scps.as_ref());
            self.levels(&mut body, "rcp", &names, account.rcps.as_ref());
            if !body.is_empty() {
                self.add(&format!("account {}", account.number), body);
            }
        }
    }

    fn resources(&mut self) {
        for (resource, layers) in self.model.resources.iter().zip(&self.ir.resources) {
            let mut body = Vec::new();
            if let Some(account) = &resource.account {
                body.push(format!("  owned by {account}"));
            }
            for tag in resource.tags.iter().flatten() {
                body.push(format!("  tag {} = {}", word(&tag.key), word(&tag.value)));
            }
            body.sort();
            if let Some(policy) = &layers.policy {
                self.policy(&mut body, "policy", policy);
            }
            self.levels(&mut body, "rcp", &[], layers.rcps.as_ref());
            self.add(&format!("resource {}", word(&resource.arn)), body);
        }
        for (endpoint, layer) in self.model.endpoints.iter().zip(&self.ir.endpoints) {
            let mut body = Vec::new();
            self.layer(&mut body, "policy", &[layer.set], &layer.documents);
            let id = endpoint.id.as_deref().unwrap_or("of every request");
            self.add(&format!("endpoint {id}"), body);
        }
        if let Some(session) = &self.ir.session {
            let mut body = Vec::new();
            self.layer(&mut body, "policy", &[session.set], &session.documents);
            self.add("session", body);
        }
    }
}

/// A part of the text: what has equal layers, and who has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// All that have it, sorted: ARNs of principals, `account NUMBER`, `resource ARN`, `endpoint ID`, `session`, `routes`.
    pub names: Vec<String>,
    /// The layers with their rules, a line each.
    pub body: Vec<String>,
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.names.iter().chain(&self.body).try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// The blocks of the IR: principals, accounts under control policies, resources and endpoints, each kind by its names, and the routes. What has equal layers
/// shares one block. Nothing of the order of inputs shows.
///
/// Equal text for equal meaning under order, `Sid`s, duplicates, scalar or list, and the cutting of statements. Linear in the text.
#[must_use]
pub fn blocks(ir: &Ir, model: &Model, options: &TextOptions) -> Vec<Block> {
    let mut blocks = Blocks { ir, model, origins: options.origins, names: BTreeMap::new() };
    blocks.principals(options.principal.as_deref());
    if options.principal.is_none() {
        blocks.accounts();
        blocks.resources();
    }
    let named = blocks.names.into_iter().map(|(body, mut names)| {
        names.sort();
        Block { names, body }
    });
    let mut named: Vec<Block> = named.collect();
    // Principals first, by their ARNs.
    let rank = |block: &Block| {
        block.names.first().map_or(0, |name| {
            ["account ", "resource ", "endpoint ", "session"]
                .iter()
                .position(|kind| name.starts_with(kind))
                .map_or(0, |at| at + 1)
        })
    };
    named.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.names.cmp(&b.names)));
    if options.principal.is_none() && !model.routes.0.is_empty() {
        named.push(routes(model, options.origins));
    }
    named
}

/// Prints the IR: all its [`blocks`], an empty line between each two.
#[must_use]
pub fn print(ir: &Ir, model: &Model, options: &TextOptions) -> String {
    let texts: Vec<String> = blocks(ir, model, options).iter().map(Block::to_string).collect();
    texts.join("\n")
}

/// The routes, a line each, sorted.
fn routes(model: &Model, origins: bool) -> Block {
    let line = |route: &Route| match origins && route.origin.line > 0 {
        true => format!("  {route}  # {}:{}", word(model.file(route.origin.file)), route.origin.line),
        false => format!("  {route}"),
    };
    let mut body: Vec<String> = model.routes.0.iter().map(line).collect();
    body.sort_unstable();
    Block { names: vec!["routes".to_owned()], body }
}

fn arn(model: &Model, principal: PrincipalRef) -> Option<&str> {
    match principal {
        PrincipalRef::User(user) => model.users.get(user as usize).map(|user| &*user.identity.arn),
        PrincipalRef::Role(role) => model.roles.get(role as usize).map(|role| &*role.identity.arn),
    }
}

/// One rule as one line. Distinct rules have distinct lines.
pub(super) fn rule_text(ir: &Ir, rule: Rule) -> String {
    let (actions, resources) = (ir.action_sets.get(rule.actions), ir.resource_sets.get(rule.resources));
    let text = actions.zip(resources);
    text.map_or_else(String::new, |(actions, resources)| {
        line_text(ir, rule.effect, actions, resources, rule.guard)
    })
}

fn line_text(
    ir: &Ir,
    effect: Effect,
    actions: &ActionSet,
    resources: &ResourceSet,
    guard: Option<u32>,
) -> String {
    let verb = match effect {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    };
    let mut line = format!("{verb} {} on {}", actions_text(ir, actions), resources_text(resources));
    let atoms = guard.and_then(|guard| ir.guards.get(guard)).map_or(&[][..], Vec::as_slice);
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
