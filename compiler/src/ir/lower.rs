//! Statements to rules: canonical sets and guards, hash-consed.
//!
//! What is simplified here keeps the meaning by itself, statement by statement: patterns that match nothing leave their list, `*` absorbs its
//! siblings, an empty Not-form is `*`. A statement that can match no request is no rule and is noted in `dropped`.

use super::principals;
use super::spelling::Spelling;
use super::{
    Account, ActionSet, Atom, Dropped, Grant, Ir, Layer, Principal, Resource, ResourcePolicy, ResourceSet,
    Rule, RuleSource,
};
use crate::intern::HashMap;
use crate::merge::{DocumentSource, Layers};
use crate::model::{
    ActionClause, ActionPattern, Document, DocumentKind, Effect, Model, ResourceClause, Statement,
};
use crate::pattern::{ActionForm, Glob, ResourceForm};

/// Lowers all documents that the layers name. Linear in the statements, but for sorting.
#[must_use]
pub fn lower(model: &Model, layers: &Layers) -> Ir {
    let mut lowering =
        Lowering { model, ir: Ir::default(), documents: HashMap::default(), texts: Vec::new() };
    for entry in &layers.principals {
        let identity = lowering.set(&entry.identity, Grant::Any);
        let boundary = entry.boundary.as_ref().map(|documents| lowering.set(documents, Grant::Any));
        let trust = entry.trust.map(|document| lowering.resource_policy(document));
        lowering.ir.principals.push(Principal {
            principal: entry.principal,
            identity,
            boundary,
            identity_documents: entry.identity.clone(),
            boundary_documents: entry.boundary.clone().unwrap_or_default(),
            trust,
        });
    }
    for account in &layers.accounts {
        let (scps, rcps) = (lowering.levels(account.scps.as_ref()), lowering.levels(account.rcps.as_ref()));
        lowering.ir.accounts.push(Account { number: account.number.clone(), scps, rcps });
    }
    for resource in &layers.resources {
        let policy = resource.policy.map(|document| lowering.resource_policy(document));
        let rcps = lowering.levels(resource.rcps.as_ref());
        lowering.ir.resources.push(Resource { policy, rcps });
    }
    lowering.ir.endpoints = layers.endpoints.iter().map(|documents| lowering.layer(documents)).collect();
    lowering.ir.session = layers.session.as_ref().map(|documents| lowering.layer(documents));
    for sources in &mut lowering.ir.sources {
        sources.sort_unstable();
        sources.dedup();
    }
    lowering.ir
}

struct Lowering<'m> {
    model: &'m Model,
    ir: Ir,
    /// Rule list of every document lowered so far, by which of its grants count.
    documents: HashMap<(DocumentSource, Grant), u32>,
    /// By rule: its text, which orders rules.
    texts: Vec<String>,
}

impl Lowering<'_> {
    fn levels(&mut self, levels: Option<&Vec<Vec<DocumentSource>>>) -> Option<Vec<Layer>> {
        levels.map(|levels| levels.iter().map(|documents| self.layer(documents)).collect())
    }

    fn layer(&mut self, documents: &[DocumentSource]) -> Layer {
        Layer { set: self.set(documents, Grant::Any), documents: documents.to_vec() }
    }

    fn resource_policy(&mut self, document: DocumentSource) -> ResourcePolicy {
        ResourcePolicy {
            direct: self.set(&[document], Grant::Direct),
            session: self.set(&[document], Grant::Session),
            account: self.set(&[document], Grant::Account),
            document,
        }
    }

    fn set(&mut self, documents: &[DocumentSource], grant: Grant) -> u32 {
        let mut lists: Vec<u32> = documents.iter().map(|&document| self.rule_list(document, grant)).collect();
        lists.sort_unstable();
        lists.dedup();
        lists.retain(|&list| self.ir.rule_lists.get(list).is_some_and(|rules| !rules.is_empty()));
        self.ir.sets.intern(lists)
    }

    fn rule_list(&mut self, source: DocumentSource, grant: Grant) -> u32 {
        if let Some(&list) = self.documents.get(&(source, grant)) {
            return list;
        }
        let content = source.document(self.model);
        let mut rules = content.map(|content| self.rules(source, content, grant)).unwrap_or_default();
        rules.sort_by(|a, b| self.texts.get(*a as usize).cmp(&self.texts.get(*b as usize)));
        rules.dedup();
        let list = self.ir.rule_lists.intern(rules);
        self.documents.insert((source, grant), list);
        list
    }

    fn rules(&mut self, document: DocumentSource, content: &Document, grant: Grant) -> Vec<u32> {
        let mut rules = Vec::new();
        for (number, statement) in (0..).zip(&content.statements) {
            let source = RuleSource { document, statement: number };
            match self.statement(statement, content.kind, document, grant) {
                Ok(found) => rules.extend(found.into_iter().map(|rule| self.intern(rule, source))),
                // Of a document that is lowered grant by grant, said once.
                Err(why) if matches!(grant, Grant::Any | Grant::Direct) => {
                    self.ir.dropped.push(Dropped { source, why });
                }
                Err(_) => {}
            }
        }
        rules
    }

    fn intern(&mut self, rule: Rule, source: RuleSource) -> u32 {
        let id = self.ir.rules.intern(rule);
        if id as usize == self.texts.len() {
            self.texts.push(super::text::rule_text(&self.ir, rule));
            self.ir.sources.push(Vec::new());
        }
        if let Some(sources) = self.ir.sources.get_mut(id as usize) {
            sources.push(source);
        }
        id
    }

    /// The rules of a statement: one for each alternative under which it speaks of whoever asks.
    fn statement(
        &mut self,
        statement: &Statement,
        kind: DocumentKind,
        document: DocumentSource,
        grant: Grant,
    ) -> Result<Vec<Rule>, &'static str> {
        let actions = self.action_set(&statement.actions)?;
        let resources = match &statement.resources {
            Some(clause) => resource_set(clause)?,
            None => self.without_resource(statement.effect, kind, document)?,
        };
        let everybody = [Vec::new()];
        let principals = statement.principals.as_ref();
        let named;
        let alternatives = if kind.is_identity_type() {
            &everybody[..]
        } else {
            named = principals::alternatives(self.model, principals, statement.effect, grant);
            &named
        };
        let actions = self.ir.action_sets.intern(actions);
        let resources = self.ir.resource_sets.intern(resources);
        let conditions: Vec<Atom> = statement.conditions.iter().map(Atom::of).collect();
        let mut rules = Vec::with_capacity(alternatives.len());
        for alternative in alternatives {
            let mut atoms: Vec<Atom> = conditions.iter().chain(alternative).cloned().collect();
            atoms.sort_unstable();
            atoms.dedup();
            let atoms: Vec<u32> = atoms.into_iter().map(|atom| self.ir.atoms.intern(atom)).collect();
            let guard = (!atoms.is_empty()).then(|| self.ir.guards.intern(atoms));
            rules.push(Rule { effect: statement.effect, actions, resources, guard });
        }
        Ok(rules)
    }

    /// What a statement without a resource element covers (rule P2).
    fn without_resource(
        &self,
        effect: Effect,
        kind: DocumentKind,
        document: DocumentSource,
    ) -> Result<ResourceSet, &'static str> {
        let one = |form| ResourceSet { negated: false, patterns: vec![form] };
        match (kind, document) {
            // The role, which alone is asked for.
            (DocumentKind::Trust, _) => Ok(one(ResourceForm::Everything)),
            (DocumentKind::Resource, DocumentSource::Resource(resource)) => {
                let arn = self.model.resources.get(resource as usize).map_or("", |resource| &*resource.arn);
                let parts = portcullis_runtime::value::arn::split(arn);
                // What is no ARN owns nothing but itself.
                Ok(one(parts.map_or(ResourceForm::Everything, |parts| {
                    ResourceForm::Parts(Box::new(parts.map(Glob::literal)))
                })))
            }
            // Every other document has one. Should one get here without, a Deny covers everything, an Allow nothing.
            _ if effect == Effect::Deny => Ok(one(ResourceForm::Everything)),
            _ => Err("it names no resource"),
        }
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
        match self.ir.spellings.get_mut(&pattern.form) {
            Some(spelling) => spelling.or(&pattern.text),
            None => {
                self.ir.spellings.insert(pattern.form.clone(), Spelling::of(pattern));
            }
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
