//! The automata that decide about one identity: layer by layer from the action through the resource's text to what comes of it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use petgraph::graph::{DiGraph, NodeIndex};
use portcullis_runtime::format::{TERMINAL_BIT, terminal};

use super::{Edge, EdgeKind, Node, NodeKind, Picture, held};
use crate::automata::{self, Automata, Budget, Outcome, TooLarge, Way};
use crate::ir::{self, ActionSet, Ir};
use crate::merge::PrincipalRef;
use crate::model::{Model, Organization};
use crate::pattern::{ActionForm, Glob, ResourceForm};
use crate::{facts, lower};

/// Actions that a box names one by one.
const MOST_NAMES: usize = 6;
/// Patterns that a box names, and texts that an arrow names.
const MOST_LISTED: usize = 6;

/// The automata of a user or role, as a bundle of it alone has them; with an action only what decides about that one. `None` where the model
/// holds no such principal. Time: that of compiling its policies.
///
/// # Errors
/// [`TooLarge`]: the automata are more than a bundle can hold.
pub fn automaton(model: &Model, principal: &str, action: Option<&str>) -> Result<Option<Picture>, TooLarge> {
    let Some((alone, kind)) = alone(model, principal) else { return Ok(None) };
    let mut ir = lower(&alone);
    let asked = action.map(|action| {
        let (service, name) = action.split_once(':').unwrap_or((action, ""));
        let half = |text: &str| Glob::literal(&text.to_ascii_lowercase());
        // A set of this action alone, which no rule has, makes it one of the vocabulary.
        let form = ActionForm::Named { service: half(service), name: half(name) };
        ir.action_sets.intern(ActionSet { negated: false, patterns: vec![form] });
        action.to_ascii_lowercase()
    });
    let automata = automata::build(&ir, Budget::default(), None)?;
    let mut drawing = Drawing {
        ir: &ir,
        automata: &automata,
        graph: DiGraph::new(),
        ends: BTreeMap::new(),
        known: HashMap::new(),
    };
    let (_, name) = principal.split_once('/').unwrap_or(("", principal));
    let mut start = Node::new(kind, name);
    start.id = principal.to_owned();
    start.emphasized = true;
    let start = drawing.graph.add_node(start);
    for (title, set) in layers(&alone, &ir) {
        drawing.layer(start, &title, set, asked.as_deref());
    }
    let what = action.map_or(String::new(), |action| format!(" about {action}"));
    Ok(Some(Picture {
        title: format!("How the policies of {principal} decide{what}"),
        notes: vec![
            "Allowed is what every layer allows and none denies. Not in the picture: the policies of resources and of sessions.".to_owned(),
            "The resource is read from left to right. Where no arrow fits, the dashed arrow of the actions counts; without one no statement applies.".to_owned(),
        ],
        graph: drawing.graph,
    }))
}

/// The model of one user or role: itself, its account, and all policies.
fn alone(model: &Model, principal: &str) -> Option<(Model, NodeKind)> {
    let mut alone = Model {
        accounts: model.accounts.clone(),
        groups: model.groups.clone(),
        policies: model.policies.clone(),
        controls: model.controls.clone(),
        organization: model.organization.clone(),
        scenario: model.scenario,
        ..Model::default()
    };
    let (account, kind) = match held(model, principal)? {
        PrincipalRef::User(user) => {
            alone.users = model.users.get(user as usize).cloned().into_iter().collect();
            (alone.users.first()?.identity.account, NodeKind::User)
        }
        PrincipalRef::Role(role) => {
            alone.roles = model.roles.get(role as usize).cloned().into_iter().collect();
            // Who may take it is no matter here.
            alone.roles.iter_mut().for_each(|role| role.trust = None);
            (alone.roles.first()?.identity.account, NodeKind::Role)
        }
    };
    let own = model.accounts.get(account.index())?.clone();
    if let Some(organization) = &mut alone.organization {
        organization
            .accounts
            .retain(|place| place.account == own || organization.management == place.account);
    }
    alone.accounts.retain(|account| *account == own);
    alone.users.iter_mut().for_each(|user| user.identity.account.0 = 0);
    alone.roles.iter_mut().for_each(|role| role.identity.account.0 = 0);
    Some((alone, kind))
}

/// The layers of the only principal, with the permission set of each.
fn layers(model: &Model, ir: &Ir) -> Vec<(String, u32)> {
    let Some(principal) = ir.principals.first() else { return Vec::new() };
    let mut layers = vec![("identity policies".to_owned(), principal.identity)];
    layers.extend(principal.boundary.map(|set| ("permissions boundary".to_owned(), set)));
    let own = model.accounts.first();
    let account = ir.accounts.iter().find(|account| Some(&account.number) == own);
    let path = |organization: &'_ Organization| -> Option<Vec<String>> {
        let place = organization.account(own?)?;
        let names = organization.path(place.parent).into_iter().map(|node| match node.parent {
            None => "the root".to_owned(),
            Some(_) if node.name.is_empty() => format!("the unit {}", node.id),
            Some(_) => format!("the unit {}", node.name),
        });
        Some(names.collect())
    };
    let path = model.organization.as_ref().and_then(path).unwrap_or_default();
    for (level, layer) in account.and_then(|it| it.scps.as_ref()).into_iter().flatten().enumerate() {
        let place = path.get(level).map_or("the account", String::as_str);
        layers.push((format!("SCPs of {place}"), layer.set));
    }
    layers
}

/// Actions that one layer decides alike.
#[derive(Debug, Default)]
struct Alike {
    /// As AWS spells them.
    actions: BTreeSet<String>,
    /// The patterns that cover them.
    patterns: BTreeSet<String>,
}

struct Drawing<'a> {
    ir: &'a Ir,
    automata: &'a Automata,
    graph: DiGraph<Node, Edge>,
    /// By what its box says: the first end that says so. Ends differ by the rules behind them, which no box tells.
    ends: BTreeMap<(NodeKind, String, Vec<String>), u32>,
    /// By end: the one that stands for it.
    known: HashMap<u32, u32>,
}

/// A state to be drawn: its word, its box, and what it comes to where its automaton fits nowhere.
type Open = (u32, NodeIndex, u32);

impl Drawing<'_> {
    fn layer(&mut self, start: NodeIndex, title: &str, set: u32, asked: Option<&str>) {
        let layer = self.graph.add_node(Node::new(NodeKind::Layer, title));
        self.graph.add_edge(start, layer, Edge::new(EdgeKind::Step));
        // By reference: the box that stands for it in this layer.
        let mut places = BTreeMap::new();
        let mut queue = VecDeque::new();
        for (roots, alike) in self.alike(set, asked) {
            let node = self.graph.add_node(self.actions(&alike));
            self.graph.add_edge(layer, node, Edge::new(EdgeKind::Step));
            let roots = if roots.is_empty() { vec![terminal::NOTHING] } else { roots };
            for root in roots {
                let fallback = self.fallback(root);
                let place = self.place(root, fallback, &mut places, &mut queue);
                self.graph.add_edge(node, place, Edge::new(EdgeKind::Step));
                if fallback != terminal::NOTHING {
                    let place = self.place(fallback, fallback, &mut places, &mut queue);
                    self.graph.add_edge(node, place, Edge::labelled(EdgeKind::Otherwise, "else"));
                }
            }
        }
        while let Some((state, node, fallback)) = queue.pop_front() {
            for (target, otherwise, texts) in self.arrows(state, fallback) {
                let kind = if otherwise { EdgeKind::Otherwise } else { EdgeKind::Step };
                let place = self.place(target, fallback, &mut places, &mut queue);
                let label = shortened(texts.into_iter(), MOST_LISTED);
                self.graph.add_edge(node, place, Edge { kind, label, conditional: false });
            }
        }
    }

    /// What an automaton comes to where nothing fits from its beginning: an arrow to it at every state would hide the others.
    fn fallback(&mut self, root: u32) -> u32 {
        if root & TERMINAL_BIT != 0 {
            return terminal::NOTHING;
        }
        let ways = self.automata.roots.ways(root);
        let last = ways.iter().rev().find(|way| way.otherwise && way.target & TERMINAL_BIT != 0);
        last.map_or(terminal::NOTHING, |way| self.shared(way.target))
    }

    /// The end that stands for all that say the same; a state itself.
    fn shared(&mut self, reference: u32) -> u32 {
        if reference & TERMINAL_BIT == 0 || reference == terminal::NOTHING {
            return reference;
        }
        if let Some(&known) = self.known.get(&reference) {
            return known;
        }
        let node = self.end(reference);
        let shared = *self.ends.entry((node.kind, node.label, node.details)).or_insert(reference);
        self.known.insert(reference, shared);
        shared
    }

    /// The ways on from a state, but for those where nothing fits. What leads there all the same is told where something else would count.
    fn ways(&mut self, state: u32, fallback: u32) -> Vec<Way> {
        let mut ways = self.automata.roots.ways(state);
        ways.retain(|way| !way.within);
        ways.iter_mut().for_each(|way| way.target = self.shared(way.target));
        let hides =
            ways.iter().any(|way| way.otherwise && way.text.starts_with("else") && way.target != fallback);
        ways.retain(|way| way.target != fallback || hides && !way.otherwise);
        ways
    }

    /// The arrows from a state: target, whether all of it is "else", and texts.
    fn arrows(&mut self, state: u32, fallback: u32) -> Vec<(u32, bool, Vec<String>)> {
        let ways = self.ways(state, fallback);
        let others = ways.iter().find(|way| way.text == "else").map(|way| way.target);
        let single = |way: &Way| way.otherwise || way.bytes.as_ref().is_some_and(|bytes| bytes.len() == 1);
        let any = ways.iter().all(|way| single(way) && (way.otherwise || Some(way.target) == others));
        let mut arrows: Vec<(u32, bool, Vec<String>)> = Vec::new();
        for way in ways {
            let mut way = if any { way } else { self.joined(way, fallback) };
            if any && (!way.otherwise || way.text == "else") {
                way = Way { text: "any character".to_owned(), otherwise: false, ..way };
            }
            match arrows.iter_mut().find(|(target, ..)| *target == way.target) {
                Some((_, otherwise, texts)) => {
                    *otherwise &= way.otherwise;
                    if !texts.contains(&way.text) {
                        texts.push(way.text);
                    }
                }
                None => arrows.push((way.target, way.otherwise, vec![way.text])),
            }
        }
        arrows
    }

    /// A way, and what is read behind it where there is but one text to go on with.
    fn joined(&mut self, mut way: Way, fallback: u32) -> Way {
        while let Some(bytes) = way.bytes.as_mut()
            && way.target & TERMINAL_BIT == 0
            && let [next] = self.ways(way.target, fallback).as_slice()
            && let Some(more) = &next.bytes
        {
            bytes.extend(more);
            way.text = automata::quoted(bytes);
            way.target = next.target;
        }
        way
    }

    /// The box of a state or an end.
    fn place(
        &mut self,
        reference: u32,
        fallback: u32,
        places: &mut BTreeMap<u32, NodeIndex>,
        queue: &mut VecDeque<Open>,
    ) -> NodeIndex {
        if let Some(&known) = places.get(&reference) {
            return known;
        }
        let is_state = reference & TERMINAL_BIT == 0;
        let node = if is_state { Node::new(NodeKind::State, "") } else { self.end(reference) };
        let place = self.graph.add_node(node);
        places.insert(reference, place);
        if is_state {
            queue.push_back((reference, place, fallback));
        }
        place
    }

    fn end(&self, reference: u32) -> Node {
        match self.automata.roots.outcome(reference) {
            Outcome::Allows(_) => Node::new(NodeKind::Allow, "allow"),
            Outcome::Denies(_) => Node::new(NodeKind::Deny, "deny"),
            Outcome::Nothing => Node::new(NodeKind::Nothing, "no statement applies"),
            Outcome::Depends { denies, allows, nothing, checks } => {
                let mut node =
                    Node::new(NodeKind::Depends, if allows.is_empty() { "deny if" } else { "allow if" });
                let mut lines: BTreeSet<(bool, String)> = BTreeSet::new();
                lines.extend(denies.iter().map(|&rule| (false, self.guard(rule, &checks))));
                lines.extend(allows.iter().map(|&rule| (true, self.guard(rule, &checks))));
                if !allows.is_empty() && !denies.is_empty() {
                    node.label = "the first that holds".to_owned();
                }
                let both = !allows.is_empty() && !denies.is_empty();
                let lines =
                    lines.into_iter().enumerate().map(|(number, (allows, guard))| match (both, allows) {
                        (true, true) if guard.is_empty() => "allow".to_owned(),
                        (true, true) => format!("allow if {guard}"),
                        (true, false) => format!("deny if {guard}"),
                        (false, _) if number > 0 => format!("or {guard}"),
                        (false, _) => guard,
                    });
                node.details = shortened(lines, MOST_LISTED);
                if !nothing && allows.is_empty() {
                    node.details.push("else: deny".to_owned());
                }
                node
            }
        }
    }

    /// What a rule asks of the context, and of the resource as far as patterns with variables are checked.
    fn guard(&self, rule: u32, checks: &BTreeSet<u32>) -> String {
        let Some(rule) = self.ir.rules.get(rule) else { return String::new() };
        let atoms = rule.guard.and_then(|guard| self.ir.guards.get(guard)).map_or(&[][..], Vec::as_slice);
        let mut texts: Vec<String> =
            atoms.iter().filter_map(|&atom| self.ir.atoms.get(atom)).map(ToString::to_string).collect();
        let known = &self.automata.roots.terminals.patterns;
        let is_checked = |form: &&ResourceForm| match form {
            ResourceForm::Parts(parts) => known.find(parts).is_some_and(|id| checks.contains(&id)),
            ResourceForm::Everything | ResourceForm::Nothing => false,
        };
        if let Some(set) = self.ir.resource_sets.get(rule.resources) {
            let checked = set.patterns.iter().filter(is_checked).map(ToString::to_string);
            let checked = shortened(checked, MOST_LISTED);
            if !checked.is_empty() {
                let not = if set.negated { "not " } else { "" };
                texts.push(format!("the resource is {not}{}", checked.join(" or ")));
            }
        }
        texts.join(" and ")
    }

    /// The actions of a set by their roots; those of most roots first, all others last.
    fn alike(&mut self, set: u32, asked: Option<&str>) -> Vec<(Vec<u32>, Alike)> {
        let automata = self.automata;
        let vocabulary = &automata.vocabulary;
        let others = self.roots(set, None);
        let used = patterns(self.ir, set);
        let mut groups: BTreeMap<Vec<u32>, Alike> = BTreeMap::new();
        for action in &vocabulary.actions {
            if asked.is_some_and(|asked| asked != action.name) {
                continue;
            }
            let roots = self.roots(set, Some((action.service, action.class)));
            if asked.is_none() && roots == others {
                continue;
            }
            let group = groups.entry(roots).or_default();
            group.actions.insert(spelled(&action.name));
            let service = vocabulary.services.get(action.service as usize);
            let patterns = service.and_then(|service| service.classes.get(action.class as usize));
            for pattern in patterns.into_iter().flatten().filter_map(|&id| vocabulary.patterns.get(id)) {
                if !used.contains(pattern) {
                    continue;
                }
                let text = self.ir.spellings.get(pattern).map(ir::Spelling::text);
                group.patterns.extend(text.map(str::to_owned));
            }
        }
        let mut groups: Vec<(Vec<u32>, Alike)> = groups.into_iter().collect();
        // By what people read, not by numbers of nodes.
        groups.sort_by(|one, other| one.1.actions.cmp(&other.1.actions));
        if asked.is_none() {
            groups.push((others, Alike::default()));
        }
        groups
    }

    /// The roots that decide about an action class, or about the actions of services that no policy names.
    fn roots(&mut self, set: u32, class: Option<(u32, u32)>) -> Vec<u32> {
        let automata = self.automata;
        let Some(table) = automata.sets.get(set as usize) else { return Vec::new() };
        let mut roots: Vec<u32> = table.parts.iter().flat_map(|&part| self.roots(part, class)).collect();
        if table.parts.is_empty() {
            let row = class.and_then(|(service, class)| {
                let (_, row) = table.services.iter().find(|(known, _)| *known == service)?;
                automata.rows.get(*row)?.get(class as usize)
            });
            let list = row.copied().unwrap_or(table.default_list);
            roots = self.automata.roots.lists.get(list).cloned().unwrap_or_default();
        }
        let mut roots: Vec<u32> = roots.into_iter().map(|root| self.shared(root)).collect();
        roots.sort_unstable();
        roots.dedup();
        roots
    }

    fn actions(&self, alike: &Alike) -> Node {
        let count = alike.actions.len();
        let mut node = Node::new(NodeKind::Actions, "every other action");
        if (1..=MOST_NAMES).contains(&count) {
            node.label = alike.actions.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        } else if count > 0 {
            node.label = format!("{count} actions");
            // Those without wildcards are actions themselves.
            let patterns = alike.patterns.iter().filter(|pattern| pattern.contains(['*', '?'])).cloned();
            let patterns = shortened(patterns, MOST_LISTED).join(", ");
            if !patterns.is_empty() {
                node.details.push(format!("of {patterns}"));
            }
            let such: Vec<&str> = alike.actions.iter().take(2).map(String::as_str).collect();
            node.details.push(format!("such as {}", such.join(", ")));
        }
        node
    }
}

/// The action patterns of a set.
fn patterns(ir: &Ir, set: u32) -> BTreeSet<&ActionForm> {
    let lists = ir.sets.get(set).into_iter().flatten();
    let rules = lists.filter_map(|&list| ir.rule_lists.get(list)).flatten();
    let actions = rules.filter_map(|&rule| ir.action_sets.get(ir.rules.get(rule)?.actions));
    actions.flat_map(|set| &set.patterns).collect()
}

/// The first of some texts, and how many more there are.
fn shortened(texts: impl Iterator<Item = String>, most: usize) -> Vec<String> {
    let mut shown: Vec<String> = texts.collect();
    if shown.len() > most {
        let more = shown.len() - most + 1;
        shown.truncate(most - 1);
        shown.push(format!("{more} more"));
    }
    shown
}

/// An action as AWS spells it.
fn spelled(action: &str) -> String {
    let known = action.split_once(':').and_then(|(prefix, name)| {
        let service = facts::known_service(prefix)?;
        let spelled = service.actions.iter().find(|known| known.eq_ignore_ascii_case(name))?;
        Some(format!("{prefix}:{spelled}"))
    });
    known.unwrap_or_else(|| action.to_owned())
}
