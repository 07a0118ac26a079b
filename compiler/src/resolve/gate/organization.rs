//! The organization: its control policies, and whether they apply (rules E1, E2).

mod idle;
mod tree;

use std::collections::{HashMap, HashSet};

use portcullis_grammar::gate::ast::{Control, Node, Organization as Given, OrganizationItem, Text};
use portcullis_grammar::source::Span;

use self::tree::Tree;
use super::scope::{self, literal};
use super::{Block, Elaborator, opening};
use crate::model::{ControlPolicy, DocumentKind, Organization};
use crate::resolve::codes;
use crate::resolve::drafts::OrganizationDraft;
use crate::resolve::organization;
use crate::resolve::reader::shown;

/// The control policies that are declared.
#[derive(Default)]
struct Controls {
    policies: Vec<ControlPolicy>,
    /// Where each stands.
    spans: Vec<Span>,
    /// The names and ids of those that could not be read.
    broken: HashSet<Box<str>>,
    /// Whether two of them have one name or id.
    clash: bool,
}

impl<'a> Elaborator<'a, '_> {
    /// Reads the organization into the drafts. What is wrong with a part of it keeps no other part from being read.
    pub(super) fn organization(&mut self, outer: &Block<'a>, given: &'a Given<'a>) {
        let file = outer.file;
        let place = self.reader(file).place(given.span);
        if let Some(first) = self.drafts.organization_place {
            let first = Some(crate::resolve::link::opening(first));
            let message = "a second organization is given".to_owned();
            let help = "a bundle is of one organization";
            crate::resolve::link::error(self.sink, codes::ORGANIZATION, place, first, message, help);
            return;
        }
        self.drafts.organization_place = Some(place);
        let lets = given.items.iter().filter_map(|item| match item {
            OrganizationItem::Let(it) => Some(it),
            _ => None,
        });
        let (scopes, templates) = (vec![outer.scope.clone()], vec![outer.templates.clone()]);
        let block = self.block(file, scopes, templates, None, lets, std::iter::empty());
        let id = scope::id(&mut self.reader(file), &given.id);
        let management = self.once(file, given, "management");
        let scps = self.once(file, given, "scps");
        let rcps = self.once(file, given, "rcps");
        let controls = self.controls(&block, given);
        let mut fine = true;
        let mut unclear = |text: Option<Text<'a>>, forms: &str| {
            self.unclear(file, given.span, text, forms);
            fine = false;
        };
        let (deny_list, has_scps) = match scps.map(|text| text.raw) {
            Some("deny-list") => (true, true),
            Some("allow-list") => (false, true),
            Some("off") => (false, false),
            _ => {
                unclear(scps, "scps deny-list, scps allow-list or scps off");
                (true, true)
            }
        };
        let is_rcp = |control: &ControlPolicy| control.document.kind == DocumentKind::Rcp;
        let has_rcps = match rcps.map(|text| text.raw) {
            Some("on") => true,
            Some("off") => false,
            None if !controls.policies.iter().any(is_rcp) => false,
            _ => {
                unclear(rcps, "rcps on or rcps off");
                true
            }
        };
        let origin = self.reader(file).origin(given.span);
        let Controls { policies, spans, broken, clash } = controls;
        let mut tree = Tree::new(policies, origin, broken, (has_scps, has_rcps), deny_list);
        tree.unsure |= clash;
        let roots: Vec<&Node<'_>> = given
            .items
            .iter()
            .filter_map(|item| match item {
                OrganizationItem::Root(node) => Some(node),
                _ => None,
            })
            .collect();
        if roots.len() != 1 {
            let message = format!("an organization has one root, not {}", roots.len());
            let span = roots.get(1).map_or(given.span, |root| root.span);
            self.reader(file).error(codes::ORGANIZATION, span, message, "write root r-… { … }");
            fine = false;
        }
        if let Some(root) = roots.first() {
            self.node(&block, root, None, 0, &mut tree);
        }
        let Some(management) = management else {
            let message = "the organization does not say which account manages it";
            let help = "add `management` and its number: no SCP and no RCP bears on it";
            self.reader(file).error(codes::ORGANIZATION, given.span, message, help);
            return;
        };
        let named = literal(&management);
        let number = self.account_number(&named).unwrap_or(named);
        if fine && !tree.unsure && !tree.members.contains_key(&number) {
            let message = format!("the management account {} is not in the tree", shown(&number));
            let help = "add it where it hangs: account NUMBER";
            self.reader(file).error(codes::ORGANIZATION, management.span, message, help);
        }
        let (Some(id), true) = (id, fine) else { return };
        if !tree.unsure && !self.damaged(file) {
            self.idle(file, &spans, &tree, &number, scps.map_or(given.span, |text| text.span));
        }
        let organization = Organization {
            id,
            management: number,
            scps: has_scps,
            rcps: has_rcps,
            nodes: tree.nodes.into_iter().map(|(node, _)| node).collect(),
            accounts: tree.members.into_values().map(|(account, _)| account).collect(),
        };
        self.drafts.organization = Some(OrganizationDraft { organization, controls: tree.controls, place });
    }

    fn unclear(&mut self, file: usize, span: Span, text: Option<Text<'a>>, forms: &str) {
        let what = forms.split(' ').next().unwrap_or("");
        let message = match text {
            Some(text) => format!("`{}` says nothing of {what}", shown(text.raw)),
            None => format!("the organization does not say whether it has {what}"),
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

    fn controls(&mut self, block: &Block<'a>, given: &'a Given<'a>) -> Controls {
        let mut controls = Controls::default();
        let (mut ids, mut names) = (HashMap::new(), HashMap::new());
        for item in &given.items {
            let OrganizationItem::Control(control) = item else { continue };
            let Some(policy) = self.control(block, control) else {
                controls
                    .broken
                    .extend([Some(&control.name), control.id.as_ref()].into_iter().flatten().map(literal));
                continue;
            };
            let first = ids.insert(policy.id.clone(), control.span);
            let of_name = names.insert((policy.name.clone(), control.is_rcp), control.span);
            if let Some(first) = first.or(of_name) {
                let message = format!("the policy `{}` is declared twice", shown(&policy.name));
                let help = "give each its own name and id";
                self.reader(block.file).clash(codes::ORGANIZATION, control.span, first, message, help);
                controls.clash = true;
            }
            controls.policies.push(policy);
            controls.spans.push(control.span);
        }
        controls
    }

    fn control(&mut self, block: &Block<'a>, control: &'a Control<'a>) -> Option<ControlPolicy> {
        let kind = if control.is_rcp { DocumentKind::Rcp } else { DocumentKind::Scp };
        let mut reader = self.reader(block.file);
        let name = scope::name(&mut reader, &control.name);
        let id = match &control.id {
            Some(id) => scope::name(&mut reader, id),
            None => name.as_ref().map(|name| format!("p-{name}").into()),
        };
        let sized = self.document(block, &control.source, kind)?;
        let (name, id) = name.zip(id)?;
        let mut reader = self.reader(block.file);
        organization::lint_size(&mut reader, &name, sized.size, opening(control.span));
        let origin = reader.origin(control.span);
        let policy = ControlPolicy { id, name, document: sized.document, origin };
        organization::check_aws_own(&mut reader, &policy, control.span);
        Some(policy)
    }
}
