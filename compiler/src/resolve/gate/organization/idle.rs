//! Control policies that bear on nothing, and accounts to which none allows anything: most likely an `attach` was forgotten.

use portcullis_grammar::source::Span;

use super::tree::Tree;
use crate::model::DocumentKind;
use crate::resolve::codes;
use crate::resolve::gate::Elaborator;
use crate::resolve::reader::shown;

impl Elaborator<'_, '_> {
    /// Lints an organization whose parts were all read. `spans` are those of its own control policies, which are the first.
    pub(super) fn idle(&mut self, file: usize, spans: &[Span], tree: &Tree, management: &str, style: Span) {
        let mut reader = self.reader(file);
        for (at, (control, span)) in tree.controls.iter().zip(spans).enumerate() {
            let is_rcp = control.document.kind == DocumentKind::Rcp;
            let (on, kind) = if is_rcp { (tree.rcps, "rcps") } else { (tree.scps, "scps") };
            let name = shown(&control.name);
            if !on {
                let message = format!("`{name}` does nothing: `{kind} off` switches its kind off");
                reader.lint(codes::ORGANIZATION_UNUSED, *span, message, "switch them on, or remove it");
            } else if !tree.attached.contains(&at) && !control.is_aws_own() {
                let message = format!("`{name}` does nothing: it is attached nowhere");
                let help = "attach it to the root, a unit or an account, or remove it";
                reader.lint(codes::ORGANIZATION_UNUSED, *span, message, help);
            }
        }
        if !tree.scps || tree.deny_list {
            return;
        }
        let members = || tree.members.values().filter(|(account, _)| *account.account != *management);
        // Nodes with an account below them that SCPs bear on.
        let mut bears = vec![false; tree.nodes.len()];
        for (account, _) in members() {
            let mut at = Some(account.parent);
            while let Some(node) = at
                && let Some(known) = bears.get_mut(node.index()).filter(|known| !**known)
            {
                *known = true;
                at = tree.nodes.get(node.index()).and_then(|(node, _)| node.parent);
            }
        }
        let nodes = tree.nodes.iter().zip(bears).filter(|(_, bears)| *bears);
        let nodes = nodes.map(|((node, span), _)| (&*node.id, *span, node.scps.is_empty(), "what is in it"));
        let accounts = members().map(|(it, span)| (&*it.account, *span, it.scps.is_empty(), "it"));
        let targets: Vec<_> = nodes.chain(accounts).collect();
        let help = "attach FullAWSAccess or what is allowed, or write scps deny-list";
        if !targets.is_empty() && targets.iter().all(|(_, _, bare, _)| *bare) {
            let message =
                "no SCP is attached to anything: all accounts but the one that manages are denied everything";
            reader.lint(codes::ORGANIZATION_DENIED, style, message, help);
            return;
        }
        for (id, span, _, what) in targets.iter().filter(|(_, _, bare, _)| *bare) {
            let message = format!("no SCP is attached to `{}`: {what} is denied everything", shown(id));
            reader.lint(codes::ORGANIZATION_DENIED, *span, message, help);
        }
    }
}
