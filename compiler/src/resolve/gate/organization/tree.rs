//! The tree of an organization: root, units and accounts, and what is attached to each.

use std::collections::{BTreeMap, HashMap, HashSet};

use portcullis_grammar::gate::ast::{Node, NodeItem};
use portcullis_grammar::source::Span;
use portcullis_runtime::value::arn;

use crate::model::organization::{FULL_RCP, FULL_SCP};
use crate::model::{
    ControlId, ControlPolicy, DocumentKind, NodeId, OrganizationAccount, OrganizationNode, Origin,
};
use crate::resolve::gate::scope::{self, literal};
use crate::resolve::gate::{Block, Elaborator};
use crate::resolve::reader::shown;
use crate::resolve::{codes, organization};

/// AWS's default quotas (rule P5).
const LEVELS: usize = 5;
const ATTACHED: usize = 5;

/// The tree while it is read.
pub(super) struct Tree {
    /// Those that are declared, then AWS's own.
    pub(super) controls: Vec<ControlPolicy>,
    /// Their places by name and by id.
    named: HashMap<Box<str>, Vec<usize>>,
    /// The names and ids of those that could not be read.
    broken: HashSet<Box<str>>,
    /// Whether SCPs and RCPs are switched on, and whether the full-access SCP stands everywhere.
    pub(super) scps: bool,
    pub(super) rcps: bool,
    pub(super) deny_list: bool,
    full_scp: ControlId,
    full_rcp: ControlId,
    pub(super) nodes: Vec<(OrganizationNode, Span)>,
    /// Where each id stands.
    ids: HashMap<Box<str>, Span>,
    pub(super) members: BTreeMap<Box<str>, (OrganizationAccount, Span)>,
    /// The places of the policies that are attached to something.
    pub(super) attached: HashSet<usize>,
    /// Whether a part of it could not be read.
    pub(super) unsure: bool,
}

impl Tree {
    pub(super) fn new(
        mut controls: Vec<ControlPolicy>,
        origin: Origin,
        broken: HashSet<Box<str>>,
        (scps, rcps): (bool, bool),
        deny_list: bool,
    ) -> Self {
        organization::add_full_access(&mut controls, origin);
        let place_of =
            |id: &str| ControlId::at(controls.iter().position(|it| &*it.id == id).unwrap_or_default());
        let (full_scp, full_rcp) = (place_of(FULL_SCP), place_of(FULL_RCP));
        let mut named: HashMap<Box<str>, Vec<usize>> = HashMap::new();
        for (at, control) in controls.iter().enumerate() {
            named.entry(control.name.clone()).or_default().push(at);
            if control.id != control.name {
                named.entry(control.id.clone()).or_default().push(at);
            }
        }
        Self {
            controls,
            named,
            unsure: !broken.is_empty(),
            broken,
            scps,
            rcps,
            deny_list,
            full_scp,
            full_rcp,
            nodes: Vec::new(),
            ids: HashMap::new(),
            members: BTreeMap::new(),
            attached: HashSet::new(),
        }
    }
}

impl<'a> Elaborator<'a, '_> {
    /// Reads the root or a unit, and what hangs below it.
    pub(super) fn node(
        &mut self,
        block: &Block<'a>,
        node: &'a Node<'a>,
        parent: Option<NodeId>,
        depth: usize,
        tree: &mut Tree,
    ) {
        let mut reader = self.reader(block.file);
        let id = scope::id(&mut reader, &node.id);
        tree.unsure |= id.is_none();
        let id = id.unwrap_or_else(|| literal(&node.id));
        if let Some(first) = tree.ids.insert(id.clone(), node.span) {
            let message = format!("`{}` stands twice in the tree", shown(&id));
            reader.clash(codes::ORGANIZATION, node.span, first, message, "give each unit its own id");
        }
        if depth == LEVELS + 1 {
            let message =
                format!("the unit `{}` is on level {depth}; AWS's default quota is {LEVELS}", shown(&id));
            reader.lint(codes::P5_QUOTA, node.span, message, "AWS refuses this unless the quota was raised");
        }
        let name = node.name.and_then(|name| scope::name(&mut reader, &name)).unwrap_or_default();
        let (scps, rcps) = self.attached(block, &node.items, node.span, tree);
        let at = NodeId::at(tree.nodes.len());
        let origin = self.reader(block.file).origin(node.span);
        tree.nodes.push((OrganizationNode { id, name, parent, scps, rcps, origin }, node.span));
        for item in &node.items {
            match item {
                NodeItem::Attach(..) => {}
                NodeItem::Unit(unit) => self.node(block, unit, Some(at), depth + 1, tree),
                NodeItem::Account(account) => self.member(block, account, at, tree),
            }
        }
    }

    fn member(&mut self, block: &Block<'a>, account: &'a Node<'a>, parent: NodeId, tree: &mut Tree) {
        let number = self.account_number(&literal(&account.id)).filter(|number| arn::is_account(number));
        let Some(number) = number else {
            let message = format!("`{}` is no account", shown(account.id.raw));
            let help = "write 12 digits, or the name of an account that is declared";
            self.reader(block.file).error(codes::ORGANIZATION, account.id.span, message, help);
            tree.unsure = true;
            return;
        };
        if let Some(name) = &account.name {
            scope::name(&mut self.reader(block.file), name);
        }
        let below = account.items.iter().find_map(|item| match item {
            NodeItem::Unit(node) | NodeItem::Account(node) => Some(node.span),
            NodeItem::Attach(..) => None,
        });
        if let Some(span) = below {
            let message = "nothing hangs below an account";
            self.reader(block.file).error(codes::ORGANIZATION, span, message, "move it into a unit");
            tree.unsure = true;
        }
        let (scps, rcps) = self.attached(block, &account.items, account.span, tree);
        let origin = self.reader(block.file).origin(account.span);
        let place = OrganizationAccount { account: number.clone(), parent, scps, rcps, origin };
        if let Some((_, first)) = tree.members.insert(number.clone(), (place, account.span)) {
            let message = format!("the account {number} stands twice in the organization's tree");
            let help = "an account has one parent: remove one of them";
            self.reader(block.file).clash(codes::ORGANIZATION, account.span, first, message, help);
        }
    }

    /// The SCPs and RCPs of a root, unit or account.
    fn attached(
        &mut self,
        block: &Block<'a>,
        items: &[NodeItem<'a>],
        place: Span,
        tree: &mut Tree,
    ) -> (Vec<ControlId>, Vec<ControlId>) {
        let mut scps: Vec<ControlId> = tree.deny_list.then_some(tree.full_scp).into_iter().collect();
        let mut rcps: Vec<ControlId> = tree.rcps.then_some(tree.full_rcp).into_iter().collect();
        let mut seen: HashSet<ControlId> = scps.iter().chain(&rcps).copied().collect();
        for item in items {
            let NodeItem::Attach(_, values) = item else { continue };
            let names: Vec<_> = values.iter().flat_map(|value| self.names(block, value)).collect();
            // What an empty name should have named is not known.
            tree.unsure |= names.is_empty();
            for (name, span) in names {
                let Some(at) = self.control_of(block, &name, span, tree) else {
                    tree.unsure = true;
                    continue;
                };
                let is_rcp = tree.controls.get(at).is_some_and(|it| it.document.kind == DocumentKind::Rcp);
                let (to, on, word) =
                    if is_rcp { (&mut rcps, tree.rcps, "rcps") } else { (&mut scps, tree.scps, "scps") };
                if !on {
                    let message =
                        format!("`{}` is attached, and `{word} off` switches its kind off", shown(&name));
                    let help = "switch them on, or attach nothing";
                    self.reader(block.file).error(codes::ORGANIZATION, span, message, help);
                    tree.unsure = true;
                }
                tree.attached.insert(at);
                if seen.insert(ControlId::at(at)) {
                    to.push(ControlId::at(at));
                }
            }
        }
        for (count, noun) in [(scps.len(), "SCPs"), (rcps.len(), "RCPs")] {
            if count > ATTACHED {
                let message = format!("{count} {noun} are attached here; AWS's default quota is {ATTACHED}");
                let help = "AWS refuses this unless the quota was raised";
                self.reader(block.file).lint(codes::P5_QUOTA, place, message, help);
            }
        }
        (scps, rcps)
    }

    /// The place of a policy that is given by name or id; `None` if it is not known which, which was reported.
    fn control_of(&mut self, block: &Block<'a>, name: &str, span: Span, tree: &Tree) -> Option<usize> {
        let found = tree.named.get(name).map_or(&[][..], Vec::as_slice);
        if let [at] = found {
            return Some(*at);
        }
        let mut reader = self.reader(block.file);
        if found.is_empty() {
            if !tree.broken.contains(name) {
                let known = || tree.controls.iter().map(|control| control.name.to_string()).collect();
                let near = reader.near(codes::ORGANIZATION, name, known);
                let help = near.map_or("declare it with `scp` or `rcp`".to_owned(), |near| {
                    format!("did you mean `{near}`?")
                });
                let message = format!("no SCP or RCP is named `{}`", shown(name));
                reader.error(codes::ORGANIZATION, span, message, help);
            }
            return None;
        }
        let found: Vec<&ControlPolicy> = found.iter().filter_map(|at| tree.controls.get(*at)).collect();
        let of = |control: &&ControlPolicy| {
            let noun = if control.document.kind == DocumentKind::Rcp { "RCP" } else { "SCP" };
            format!("the {noun} `{}` with the id `{}`", shown(&control.name), shown(&control.id))
        };
        let some: Vec<String> = found.iter().take(4).map(of).collect();
        let message = format!("`{}` names {} policies: {}", shown(name), found.len(), some.join(", "));
        let help = if found.iter().all(|control| &*control.name == name) {
            "name it by its id"
        } else {
            "give no policy the name or id of another one"
        };
        reader.error(codes::ORGANIZATION, span, message, help);
        None
    }
}
