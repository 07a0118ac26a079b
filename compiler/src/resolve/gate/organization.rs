//! The organization: the tree, its control policies, and where they are attached (rules E1, E2).

use std::collections::BTreeMap;

use portcullis_grammar::gate::ast::{Control, Node, NodeItem, Organization as Given, OrganizationItem, Text};
use portcullis_grammar::source::Span;
use portcullis_grammar::suggest;
use portcullis_runtime::value::arn;

use super::scope::literal;
use super::{Block, Elaborator, opening};
use crate::model::organization::{FULL_RCP, FULL_SCP};
use crate::model::{
    ControlId, ControlPolicy, DocumentKind, NodeId, Organization, OrganizationAccount, OrganizationNode,
};
use crate::resolve::codes;
use crate::resolve::drafts::OrganizationDraft;
use crate::resolve::organization;
use crate::resolve::reader::shown;

/// AWS's default quotas (rule P5).
const LEVELS: usize = 5;
const ATTACHED: usize = 5;

/// The tree while it is read.
struct Tree {
    controls: Vec<ControlPolicy>,
    /// Whether SCPs and RCPs are switched on, and whether the full-access SCP stands everywhere.
    scps: bool,
    rcps: bool,
    deny_list: bool,
    full_scp: ControlId,
    full_rcp: ControlId,
    nodes: Vec<(OrganizationNode, Span)>,
    members: BTreeMap<Box<str>, (OrganizationAccount, Span)>,
}

impl<'a> Elaborator<'a, '_> {
    /// Reads the organization into the drafts.
    pub(super) fn organization(&mut self, outer: &Block<'a>, given: &'a Given<'a>) {
        let file = outer.file;
        if let Some(first) =
            self.drafts.organization.as_ref().map(|first| crate::resolve::link::opening(first.place))
        {
            let place = self.reader(file).place(given.span);
            let message = "a second organization is given".to_owned();
            let help = "a bundle is of one organization";
            crate::resolve::link::error(self.sink, codes::ORGANIZATION, place, Some(first), message, help);
            return;
        }
        let lets = given.items.iter().filter_map(|item| match item {
            OrganizationItem::Let(it) => Some(it),
            _ => None,
        });
        let (scopes, templates) = (vec![outer.scope.clone()], vec![outer.templates.clone()]);
        let block = self.block(file, scopes, templates, None, lets, std::iter::empty());
        let management = self.once(file, given, "management");
        let scps = self.once(file, given, "scps");
        let rcps = self.once(file, given, "rcps");
        let controls = self.controls(&block, given);
        let has =
            |rcp: bool| controls.iter().any(|control| (control.document.kind == DocumentKind::Rcp) == rcp);
        let (deny_list, scps) = match scps.map(|text| text.raw) {
            Some("deny-list") => (true, true),
            Some("allow-list") => (false, true),
            Some("off") => (false, false),
            other => {
                self.unclear(
                    file,
                    given.span,
                    scps,
                    other.is_some(),
                    "scps deny-list, scps allow-list or scps off",
                );
                return;
            }
        };
        let rcps = match rcps.map(|text| text.raw) {
            Some("on") => true,
            Some("off") => false,
            None if !has(true) => false,
            other => {
                self.unclear(file, given.span, rcps, other.is_some(), "rcps on or rcps off");
                return;
            }
        };
        let origin = self.reader(file).origin(given.span);
        let mut controls = controls;
        organization::add_full_access(&mut controls, origin);
        let place_of =
            |id: &str| ControlId::at(controls.iter().position(|it| &*it.id == id).unwrap_or_default());
        let (full_scp, full_rcp) = (place_of(FULL_SCP), place_of(FULL_RCP));
        let mut tree = Tree {
            controls,
            scps,
            rcps,
            deny_list,
            full_scp,
            full_rcp,
            nodes: Vec::new(),
            members: BTreeMap::new(),
        };
        let roots: Vec<&Node<'_>> = given
            .items
            .iter()
            .filter_map(|item| match item {
                OrganizationItem::Root(node) => Some(node),
                _ => None,
            })
            .collect();
        let [root] = roots.as_slice() else {
            let message = format!("an organization has one root, not {}", roots.len());
            let span = roots.get(1).map_or(given.span, |root| root.span);
            self.reader(file).error(codes::ORGANIZATION, span, message, "write root r-… { … }");
            return;
        };
        self.node(&block, root, None, 0, &mut tree);
        let Some(management) = management else {
            let message = "the organization does not say which account manages it";
            let help = "add `management` and its number: no SCP and no RCP bears on it";
            self.reader(file).error(codes::ORGANIZATION, given.span, message, help);
            return;
        };
        let number = self.account_number(management.raw).unwrap_or_else(|| management.raw.into());
        if !tree.members.contains_key(&number) {
            let message = format!("the management account {} is not in the tree", shown(&number));
            let help = "add it where it hangs: account NUMBER";
            self.reader(file).error(codes::ORGANIZATION, management.span, message, help);
        }
        let organization = Organization {
            id: literal(&given.id),
            management: number,
            scps,
            rcps,
            nodes: tree.nodes.into_iter().map(|(node, _)| node).collect(),
            accounts: tree.members.into_values().map(|(account, _)| account).collect(),
        };
        let place = self.reader(file).place(given.span);
        self.drafts.organization = Some(OrganizationDraft { organization, controls: tree.controls, place });
    }

    fn unclear(&mut self, file: usize, span: Span, text: Option<Text<'a>>, given: bool, forms: &str) {
        let what = forms.split(' ').next().unwrap_or("");
        let message = match text {
            Some(text) if given => format!("`{}` says nothing of {what}", shown(text.raw)),
            _ => format!("the organization does not say whether it has {what}"),
        };
        let span = text.map_or(span, |text| text.span);
        self.reader(file).error(codes::ORGANIZATION, span, message, format!("write {forms}"));
    }

    /// An item that may stand once.
    fn once(&mut self, file: usize, given: &'a Given<'a>, word: &str) -> Option<Text<'a>> {
        let mut found: Option<(Span, Text<'a>)> = None;
        for item in &given.items {
            let (of, span, text) = match item {
                OrganizationItem::Management(span, text) => ("management", *span, *text),
                OrganizationItem::Scps(span, text) => ("scps", *span, *text),
                OrganizationItem::Rcps(span, text) => ("rcps", *span, *text),
                _ => continue,
            };
            if of != word {
                continue;
            }
            match &found {
                Some((first, _)) => {
                    let message = format!("`{word}` stands twice");
                    self.reader(file).clash(codes::GATE_TWICE, span, *first, message, "keep one of them");
                }
                None => found = Some((span, text)),
            }
        }
        found.map(|(_, text)| text)
    }

    fn controls(&mut self, block: &Block<'a>, given: &'a Given<'a>) -> Vec<ControlPolicy> {
        let mut controls: Vec<(ControlPolicy, Span)> = Vec::new();
        for item in &given.items {
            let OrganizationItem::Control(control) = item else { continue };
            let Some(policy) = self.control(block, control) else { continue };
            let same = |known: &&(ControlPolicy, Span)| {
                known.0.id == policy.id
                    || known.0.name == policy.name && known.0.document.kind == policy.document.kind
            };
            if let Some((_, first)) = controls.iter().find(same) {
                let message = format!("the policy `{}` is declared twice", shown(&policy.name));
                let help = "give each its own name and id";
                self.reader(block.file).clash(codes::ORGANIZATION, control.span, *first, message, help);
            }
            controls.push((policy, control.span));
        }
        controls.into_iter().map(|(policy, _)| policy).collect()
    }

    fn control(&mut self, block: &Block<'a>, control: &'a Control<'a>) -> Option<ControlPolicy> {
        let kind = if control.is_rcp { DocumentKind::Rcp } else { DocumentKind::Scp };
        let sized = self.document(block, &control.source, kind)?;
        let mut reader = self.reader(block.file);
        organization::lint_size(&mut reader, control.name.raw, sized.size, opening(control.span));
        let id = control.id.map_or_else(|| format!("p-{}", control.name.raw), |id| literal(&id).into());
        let origin = reader.origin(control.span);
        let policy =
            ControlPolicy { id: id.into(), name: literal(&control.name), document: sized.document, origin };
        organization::check_aws_own(&mut reader, &policy, control.span);
        Some(policy)
    }

    fn node(
        &mut self,
        block: &Block<'a>,
        node: &'a Node<'a>,
        parent: Option<NodeId>,
        depth: usize,
        tree: &mut Tree,
    ) {
        let mut reader = self.reader(block.file);
        if let Some((_, first)) = tree.nodes.iter().find(|(known, _)| known.id == literal(&node.id)) {
            let message = format!("`{}` stands twice in the tree", shown(node.id.raw));
            reader.clash(codes::ORGANIZATION, node.span, *first, message, "give each unit its own id");
        }
        if depth == LEVELS + 1 {
            let message = format!(
                "the unit `{}` is on level {depth}; AWS's default quota is {LEVELS}",
                shown(node.id.raw)
            );
            reader.lint(codes::P5_QUOTA, node.span, message, "AWS refuses this unless the quota was raised");
        }
        let (scps, rcps) = self.attached(block, &node.items, node.span, tree);
        let id = NodeId::at(tree.nodes.len());
        let name = node.name.map_or("".into(), |name| literal(&name));
        let origin = self.reader(block.file).origin(node.span);
        tree.nodes
            .push((OrganizationNode { id: literal(&node.id), name, parent, scps, rcps, origin }, node.span));
        for item in &node.items {
            match item {
                NodeItem::Attach(..) => {}
                NodeItem::Unit(unit) => self.node(block, unit, Some(id), depth + 1, tree),
                NodeItem::Account(account) => self.member(block, account, id, tree),
            }
        }
    }

    fn member(&mut self, block: &Block<'a>, account: &'a Node<'a>, parent: NodeId, tree: &mut Tree) {
        let number = self.account_number(account.id.raw).filter(|number| arn::is_account(number));
        let Some(number) = number else {
            let message = format!("`{}` is no account", shown(account.id.raw));
            let help = "write 12 digits, or the name of an account that is declared";
            self.reader(block.file).error(codes::ORGANIZATION, account.id.span, message, help);
            return;
        };
        let below = account.items.iter().find_map(|item| match item {
            NodeItem::Unit(node) | NodeItem::Account(node) => Some(node.span),
            NodeItem::Attach(..) => None,
        });
        if let Some(span) = below {
            let message = "nothing hangs below an account";
            self.reader(block.file).error(codes::ORGANIZATION, span, message, "move it into a unit");
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
        tree: &Tree,
    ) -> (Vec<ControlId>, Vec<ControlId>) {
        let mut scps: Vec<ControlId> = tree.deny_list.then_some(tree.full_scp).into_iter().collect();
        let mut rcps: Vec<ControlId> = tree.rcps.then_some(tree.full_rcp).into_iter().collect();
        for item in items {
            let NodeItem::Attach(_, values) = item else { continue };
            let names: Vec<_> = values.iter().flat_map(|value| self.names(block, value)).collect();
            for (name, span) in names {
                let matches = |control: &ControlPolicy| control.name == name || control.id == name;
                let found: Vec<usize> = tree
                    .controls
                    .iter()
                    .enumerate()
                    .filter(|(_, it)| matches(it))
                    .map(|(at, _)| at)
                    .collect();
                let [at] = found.as_slice() else {
                    let known = tree.controls.iter().map(|control| &*control.name);
                    let near = suggest::nearest(&name, known);
                    let (message, help) = if found.is_empty() {
                        let help = near.map_or("declare it with `scp` or `rcp`".to_owned(), |near| {
                            format!("did you mean `{near}`?")
                        });
                        (format!("no SCP or RCP is named `{}`", shown(&name)), help)
                    } else {
                        (
                            format!("an SCP and an RCP are named `{}`", shown(&name)),
                            "name it by its id".to_owned(),
                        )
                    };
                    self.reader(block.file).error(codes::ORGANIZATION, span, message, help);
                    continue;
                };
                let is_rcp = tree.controls.get(*at).is_some_and(|it| it.document.kind == DocumentKind::Rcp);
                let (to, on, word) =
                    if is_rcp { (&mut rcps, tree.rcps, "rcps") } else { (&mut scps, tree.scps, "scps") };
                if !on {
                    let message =
                        format!("`{}` is attached, and `{word} off` switches its kind off", shown(&name));
                    let help = "switch them on, or attach nothing";
                    self.reader(block.file).error(codes::ORGANIZATION, span, message, help);
                }
                if !to.contains(&ControlId::at(*at)) {
                    to.push(ControlId::at(*at));
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
}
