//! The organization as `.gate`.

use std::fmt::Write as _;

use portcullis_grammar::gate::text::{name_or_quote, quoted_name};

use super::Writer;
use crate::model::organization::{FULL_RCP, FULL_SCP};
use crate::model::{ControlId, ControlPolicy, DocumentKind, NodeId, Organization};

impl<'m> Writer<'m> {
    /// The organization, if it is converted.
    pub(super) fn organization(&mut self) {
        let model = self.model;
        let Some(tree) = &model.organization else { return };
        if !tree.nodes.first().is_some_and(|root| self.extent.holds(root.origin)) {
            return;
        }
        let _ = writeln!(self.out, "organization {} {{", name_or_quote(&tree.id));
        let _ = writeln!(self.out, "management {}", tree.management);
        let deny_list = tree.scps && self.everywhere(tree);
        let style = match (tree.scps, deny_list) {
            (false, _) => "off",
            (true, true) => "deny-list",
            (true, false) => "allow-list",
        };
        let _ = writeln!(self.out, "scps {style}\nrcps {}\n", if tree.rcps { "on" } else { "off" });
        for control in model.controls.iter().filter(|it| !it.is_aws_own()) {
            let word = if control.document.kind == DocumentKind::Rcp { "rcp" } else { "scp" };
            let _ = write!(
                self.out,
                "{word} {} id {} ",
                name_or_quote(if control.name.is_empty() { &control.id } else { &control.name }),
                name_or_quote(&control.id)
            );
            self.body(&control.document);
            self.out.push('\n');
        }
        self.node(tree, 0, deny_list);
        self.out.push_str("}\n\n");
    }

    /// Whether the full-access SCP is attached to everything.
    fn everywhere(&self, tree: &Organization) -> bool {
        let full = |scps: &[ControlId]| {
            scps.iter().any(|id| self.model.controls.get(id.index()).is_some_and(|it| &*it.id == FULL_SCP))
        };
        tree.nodes.iter().all(|node| full(&node.scps)) && tree.accounts.iter().all(|it| full(&it.scps))
    }

    fn node(&mut self, tree: &'m Organization, at: u32, deny_list: bool) {
        let Some(node) = tree.nodes.get(at as usize) else { return };
        let word = if node.parent.is_none() { "root" } else { "unit" };
        let _ = write!(self.out, "{word} {}", name_or_quote(&node.id));
        if !node.name.is_empty() {
            let _ = write!(self.out, " {}", quoted_name(&node.name));
        }
        self.out.push_str(" {\n");
        self.attached(tree, &node.scps, &node.rcps, deny_list);
        for account in tree.accounts.iter().filter(|it| it.parent == NodeId(at)) {
            let _ = write!(self.out, "account {}", account.account);
            let start = self.out.len();
            self.out.push_str(" {\n");
            let inside = self.out.len();
            self.attached(tree, &account.scps, &account.rcps, deny_list);
            if self.out.len() == inside {
                self.out.truncate(start);
                self.out.push('\n');
            } else {
                self.out.push_str("}\n");
            }
        }
        for (below, unit) in (0_u32..).zip(&tree.nodes) {
            if unit.parent == Some(NodeId(at)) {
                self.node(tree, below, deny_list);
            }
        }
        self.out.push_str("}\n");
    }

    fn attached(&mut self, tree: &Organization, scps: &[ControlId], rcps: &[ControlId], deny_list: bool) {
        let model = self.model;
        let implied = |control: &ControlPolicy| {
            &*control.id == FULL_SCP && (deny_list || !tree.scps) || &*control.id == FULL_RCP
        };
        let policies = scps.iter().chain(rcps).filter_map(|id| model.controls.get(id.index()));
        let name = |control: &ControlPolicy| {
            let unique =
                model.controls.iter().filter(|it| it.name == control.name || it.id == control.name).count()
                    == 1;
            name_or_quote(if unique && !control.name.is_empty() { &control.name } else { &control.id })
        };
        let names: Vec<String> = policies.filter(|it| !implied(it)).map(name).collect();
        if !names.is_empty() {
            let _ = writeln!(self.out, "attach {}", names.join(", "));
        }
    }
}
