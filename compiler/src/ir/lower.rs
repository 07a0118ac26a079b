//! Statements to rules: canonical sets and guards, hash-consed.
//!
//! What is simplified here keeps the meaning by itself, statement by statement: patterns that match nothing leave their list, `*` absorbs its
//! siblings, an empty Not-form is `*`. A statement that can match no request is no rule and is noted in `dropped`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::spelling::Spelling;
use super::{ActionSet, Atom, Dropped, Ir, Principal, ResourceSet, Rule, RuleSource};
use crate::merge::{DocumentSource, Merged};
use crate::model::{ActionClause, ActionPattern, Document, Effect, Model, ResourceClause, Statement};
use crate::pattern::{ActionForm, ResourceForm};

/// Lowers all documents that the principals' layers name. Linear in the statements, but for sorting.
#[must_use]
pub fn lower(model: &Model, merged: &[Merged]) -> Ir {
    let mut lowering = Lowering { ir: Ir::default(), documents: HashMap::new(), texts: Vec::new() };
    for entry in merged {
        let identity = lowering.set(model, &entry.identity);
        let boundary = entry.boundary.as_ref().map(|documents| lowering.set(model, documents));
        lowering.ir.principals.push(Principal {
            principal: entry.principal,
            identity,
            boundary,
            identity_documents: entry.identity.clone(),
            boundary_documents: entry.boundary.clone().unwrap_or_default(),
        });
    }
    for sources in &mut lowering.ir.sources {
        sources.sort_unstable();
    }
    lowering.ir
}

struct Lowering {
    ir: Ir,
    /// Rule list of every document lowered so far.
    documents: HashMap<DocumentSource, u32>,
    /// By rule: its text, which orders rules.
    texts: Vec<String>,
}

impl Lowering {
    fn set(&mut self, model: &Model, documents: &[DocumentSource]) -> u32 {
        let mut lists: Vec<u32> = documents.iter().map(|&document| self.rule_list(model, document)).collect();
        lists.sort_unstable();
        lists.dedup();
        lists.retain(|&list| self.ir.rule_lists.get(list).is_some_and(|rules| !rules.is_empty()));
        self.ir.sets.intern(lists)
    }

    fn rule_list(&mut self, model: &Model, source: DocumentSource) -> u32 {
        if let Some(&list) = self.documents.get(&source) {
            return list;
        }
        let mut rules =
            source.document(model).map(|document| self.rules(source, document)).unwrap_or_default();
        rules.sort_by(|a, b| self.texts.get(*a as usize).cmp(&self.texts.get(*b as usize)));
        rules.dedup();
        let list = self.ir.rule_lists.intern(rules);
        self.documents.insert(source, list);
        list
    }

    fn rules(&mut self, document: DocumentSource, content: &Document) -> Vec<u32> {
        let mut rules = Vec::new();
        for (number, statement) in (0..).zip(&content.statements) {
            let source = RuleSource { document, statement: number };
            match self.rule(statement) {
                Ok(rule) => {
                    let id = self.ir.rules.intern(rule);
                    if id as usize == self.texts.len() {
                        self.texts.push(super::text::rule_text(&self.ir, rule));
                        self.ir.sources.push(Vec::new());
                    }
                    if let Some(sources) = self.ir.sources.get_mut(id as usize) {
                        sources.push(source);
                    }
                    rules.push(id);
                }
                Err(why) => self.ir.dropped.push(Dropped { source, why }),
            }
        }
        rules
    }

    fn rule(&mut self, statement: &Statement) -> Result<Rule, &'static str> {
        let actions = self.action_set(&statement.actions)?;
        let resources = match &statement.resources {
            Some(clause) => resource_set(clause)?,
            // Identity-type documents always have one (rule P2). Should another get here, a Deny covers everything, an Allow nothing.
            None if statement.effect == Effect::Deny => {
                ResourceSet { negated: false, patterns: vec![ResourceForm::Everything] }
            }
            None => return Err("it names no resource"),
        };
        let guard = if statement.conditions.is_empty() {
            None
        } else {
            let mut atoms: Vec<Atom> = statement.conditions.iter().map(Atom::of).collect();
            atoms.sort_unstable();
            atoms.dedup();
            let atoms = atoms.into_iter().map(|atom| self.ir.atoms.intern(atom)).collect();
            Some(self.ir.guards.intern(atoms))
        };
        Ok(Rule {
            effect: statement.effect,
            actions: self.ir.action_sets.intern(actions),
            resources: self.ir.resource_sets.intern(resources),
            guard,
        })
    }

    fn action_set(&mut self, clause: &ActionClause) -> Result<ActionSet, &'static str> {
        let mut patterns = Vec::new();
        for pattern in &clause.patterns {
            if pattern.form == ActionForm::Nothing {
                continue;
            }
            self.spell(pattern);
            patterns.push(pattern.form.clone());
        }
        let everything = || ActionSet { negated: false, patterns: vec![ActionForm::Everything] };
        match (patterns.contains(&ActionForm::Everything), patterns.is_empty(), clause.negated) {
            (true, _, true) => return Err("its NotAction excludes every action"),
            (_, true, false) => return Err("its Action matches nothing"),
            (true, _, false) | (_, true, true) => return Ok(everything()),
            _ => {}
        }
        patterns.sort_unstable();
        patterns.dedup();
        Ok(ActionSet { negated: clause.negated, patterns })
    }

    /// One spelling for all writers of a pattern, whatever the order of the inputs: AWS's, else the first in the order of texts.
    fn spell(&mut self, pattern: &ActionPattern) {
        match self.ir.spellings.entry(pattern.form.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(Spelling::of(pattern));
            }
            Entry::Occupied(mut entry) => entry.get_mut().or(&pattern.text),
        }
    }
}

fn resource_set(clause: &ResourceClause) -> Result<ResourceSet, &'static str> {
    let forms = clause.patterns.iter().map(|pattern| &pattern.form);
    let mut patterns: Vec<ResourceForm> =
        forms.filter(|form| **form != ResourceForm::Nothing).cloned().collect();
    let everything = || ResourceSet { negated: false, patterns: vec![ResourceForm::Everything] };
    match (patterns.contains(&ResourceForm::Everything), patterns.is_empty(), clause.negated) {
        (true, _, true) => return Err("its NotResource excludes every resource"),
        (_, true, false) => return Err("its Resource matches nothing"),
        (true, _, false) | (_, true, true) => return Ok(everything()),
        _ => {}
    }
    patterns.sort_unstable();
    patterns.dedup();
    Ok(ResourceSet { negated: clause.negated, patterns })
}
