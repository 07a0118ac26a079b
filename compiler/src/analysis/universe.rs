//! One or two worlds in common terms: the rules of both get one numbering, so that what is equal on both sides is seen to be equal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::HashMap;
use super::space::Pattern;
use crate::facts;
use crate::intern::Interner;
use crate::ir::{self, ActionSet, Atom, Ir, ResourceSet};
use crate::model::{Condition, Effect, Model};
use crate::pattern::{ActionForm, Glob, Piece, ResourceForm};
use crate::reference;
use crate::request::ContextValue;

/// A rule in common terms. Ids of the interners in [`Universe`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Rule {
    pub(super) effect: Effect,
    pub(super) actions: u32,
    pub(super) resources: u32,
    /// Conditions that all must hold, sorted.
    pub(super) guard: Vec<u32>,
}

/// A condition.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// In canonical form.
    pub(super) atom: Atom,
    /// A condition that has this form, and whether variables are read in its values; `None` for what principal elements became.
    pub(super) written: Option<(Condition, bool)>,
    /// The keys that it looks at, in lower case.
    pub(super) keys: Vec<String>,
}

/// One world.
#[derive(Debug)]
pub(crate) struct Side<'m> {
    pub(super) model: &'m Model,
    pub(super) ir: Ir,
    /// By rule of the IR: its common id.
    rules: Vec<u32>,
    /// Place among the IR's principals, by ARN.
    principals: HashMap<String, usize>,
}

impl<'m> Side<'m> {
    fn new(model: &'m Model) -> Self {
        let ir = crate::lower(model);
        let users = model.users.iter().map(|user| &user.identity);
        let identities = users.chain(model.roles.iter().map(|role| &role.identity));
        let principals =
            identities.enumerate().map(|(place, identity)| (identity.arn.to_string(), place)).collect();
        Self { model, ir, rules: Vec::new(), principals }
    }

    /// The layers of a held user or role.
    pub(super) fn principal(&self, arn: &str) -> Option<&ir::Principal> {
        self.principals.get(arn).and_then(|&place| self.ir.principals.get(place))
    }

    /// The account of a number.
    pub(super) fn account(&self, number: &str) -> Option<&ir::Account> {
        let at = self.ir.accounts.binary_search_by(|account| (*account.number).cmp(number)).ok()?;
        self.ir.accounts.get(at)
    }

    /// The rules of a permission set in common terms, sorted, each once.
    pub(super) fn set(&self, set: u32) -> Vec<u32> {
        let lists = self.ir.sets.get(set).map_or(&[][..], Vec::as_slice);
        let rules = lists.iter().filter_map(|&list| self.ir.rule_lists.get(list)).flatten();
        let mut rules: Vec<u32> = rules.filter_map(|&rule| self.rules.get(rule as usize)).copied().collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }
}

/// What both worlds are said in.
#[derive(Debug, Default)]
pub(crate) struct Universe<'m> {
    /// One world, or the old one and the new one.
    pub(super) sides: Vec<Side<'m>>,
    pub(super) actions: Interner<ActionSet>,
    /// All action patterns that cover something, sorted by their forms.
    forms: Vec<(ActionForm, Pattern)>,
    /// By action set: the places of its patterns among them, ascending.
    forms_of: Vec<Vec<u32>>,
    /// By action set: whether it has an action that takes a role.
    roles: Vec<bool>,
    /// Actions that the combination itself tells apart.
    pub(super) controlled: Vec<(&'static str, Pattern)>,
    pub(super) resources: Interner<Arc<ResourceSet>>,
    pub(super) atoms: Vec<Known>,
    pub(super) rules: Interner<Rule>,
    /// How action patterns are spelled for people.
    pub(super) spellings: HashMap<ActionForm, String>,
    /// Accounts that have users or roles in one of the worlds.
    peopled: BTreeSet<String>,
}

impl<'m> Universe<'m> {
    /// Lowers the worlds. Linear in them, but for sorting.
    pub(super) fn new(models: &[&'m Model]) -> Self {
        let mut universe =
            Self { sides: models.par_iter().map(|model| Side::new(model)).collect(), ..Self::default() };
        // In the order of their texts, so that nothing of the order of the inputs shows.
        let mut atoms: BTreeMap<(String, Atom), Option<(Condition, bool)>> = BTreeMap::new();
        for side in &universe.sides {
            for (atom, written) in written(side) {
                let known = atoms.entry((atom.to_string(), atom)).or_default();
                if known.is_none() {
                    *known = written;
                }
            }
        }
        let mut ids: HashMap<Atom, u32> = HashMap::default();
        for (number, ((_, atom), written)) in (0..).zip(atoms) {
            ids.insert(atom.clone(), number);
            let keys = written
                .as_ref()
                .map(|(condition, variables)| reference::condition_keys(condition, *variables));
            universe.atoms.push(Known { atom, written, keys: keys.unwrap_or_default() });
        }
        let mut sides = std::mem::take(&mut universe.sides);
        for side in &mut sides {
            side.rules =
                side.ir.rules.items().iter().map(|rule| universe.rule(&side.ir, rule, &ids)).collect();
            for (form, spelling) in &side.ir.spellings {
                universe.spellings.entry(form.clone()).or_insert_with(|| spelling.text().to_owned());
            }
        }
        universe.sides = sides;
        universe.peopled = models.iter().flat_map(|model| peopled(model)).collect();
        universe.number_actions();
        universe
    }

    /// Numbers the patterns of actions, once for all scenes.
    fn number_actions(&mut self) {
        let forms: BTreeSet<&ActionForm> =
            self.actions.items().iter().flat_map(|set| &set.patterns).collect();
        let forms: Vec<(ActionForm, Pattern)> = forms
            .into_iter()
            .filter_map(|form| Pattern::of_action(form).map(|pattern| (form.clone(), pattern)))
            .collect();
        let number = |form: &ActionForm| {
            let found = forms.binary_search_by(|(known, _)| known.cmp(form));
            found.ok().map(|place| place as u32)
        };
        let of = |set: &ActionSet| {
            let mut numbers: Vec<u32> = set.patterns.iter().filter_map(number).collect();
            numbers.sort_unstable();
            numbers
        };
        self.forms_of = self.actions.items().iter().map(of).collect();
        let pattern = |action: &str| Pattern::of_action(&named(action));
        self.controlled =
            facts::controlled_actions().filter_map(|action| Some((action, pattern(action)?))).collect();
        let taking: Vec<Pattern> = facts::TRUST_ACTIONS.iter().filter_map(|action| pattern(action)).collect();
        let takes: Vec<bool> = forms
            .iter()
            .map(|(_, pattern)| taking.iter().any(|action| super::space::meet(pattern, action)))
            .collect();
        let has = |numbers: &Vec<u32>| numbers.iter().any(|&form| takes.get(form as usize) == Some(&true));
        let sets = self.actions.items().iter().zip(&self.forms_of);
        self.roles = sets.map(|(set, numbers)| set.negated || has(numbers)).collect();
        self.forms = forms;
    }

    /// The patterns of an action set, by the places that they have among all.
    pub(super) fn forms_of(&self, actions: u32) -> &[u32] {
        self.forms_of.get(actions as usize).map_or(&[], Vec::as_slice)
    }

    /// An action pattern by its place.
    pub(super) fn form(&self, place: u32) -> Option<&(ActionForm, Pattern)> {
        self.forms.get(place as usize)
    }

    /// Whether some world holds users or roles of an account. Of one that is spoken of without, by its resources or by the organization,
    /// nobody knows what its people may.
    pub(super) fn has_people(&self, account: &str) -> bool {
        self.peopled.contains(account)
    }

    /// Whether an action set has an action that takes a role.
    pub(super) fn takes_roles(&self, actions: u32) -> bool {
        self.roles.get(actions as usize).copied().unwrap_or(true)
    }

    fn rule(&mut self, ir: &Ir, rule: &ir::Rule, ids: &HashMap<Atom, u32>) -> u32 {
        let actions = ir.action_sets.get(rule.actions).cloned();
        let resources = ir.resource_sets.get(rule.resources).cloned();
        let atoms = rule.guard.and_then(|guard| ir.guards.get(guard)).map_or(&[][..], Vec::as_slice);
        let mut guard: Vec<u32> = atoms
            .iter()
            .filter_map(|&atom| ir.atoms.get(atom).and_then(|atom| ids.get(atom)).copied())
            .collect();
        guard.sort_unstable();
        let none = || ActionSet { negated: false, patterns: Vec::new() };
        let nowhere = || ResourceSet { negated: false, patterns: Vec::new() };
        let actions = self.actions.intern(actions.unwrap_or_else(none));
        let resources = self.resources.intern(Arc::new(resources.unwrap_or_else(nowhere)));
        self.rules.intern(Rule { effect: rule.effect, actions, resources, guard })
    }

    /// How an action pattern is spelled.
    pub(super) fn action_text(&self, form: &ActionForm) -> String {
        match form {
            ActionForm::Everything => "*".to_owned(),
            other => match self.spellings.get(other) {
                Some(text) => text.clone(),
                None => match other {
                    ActionForm::Named { service, name } => spelled(&format!("{service}:{name}")),
                    _ => String::new(),
                },
            },
        }
    }
}

/// The accounts of users and roles.
pub(super) fn peopled(model: &Model) -> impl Iterator<Item = String> {
    let users = model.users.iter().map(|user| &user.identity);
    let identities = users.chain(model.roles.iter().map(|role| &role.identity));
    identities.filter_map(|identity| model.accounts.get(identity.account.index())).map(ToString::to_string)
}

/// The conditions of a world, with one that was written so.
fn written(side: &Side<'_>) -> Vec<(Atom, Option<(Condition, bool)>)> {
    let mut found: Vec<(Atom, Option<(Condition, bool)>)> = Vec::new();
    for sources in &side.ir.sources {
        let Some(source) = sources.first() else { continue };
        let statements =
            source.document.document(side.model).map_or(&[][..], |document| &document.statements);
        let Some(statement) = statements.get(source.statement as usize) else { continue };
        found.extend(
            statement
                .conditions
                .iter()
                .map(|condition| (Atom::of(condition), Some((condition.clone(), statement.variables)))),
        );
    }
    found.extend(side.ir.atoms.items().iter().map(|atom| (atom.clone(), None)));
    found
}

/// An action as a pattern.
pub(super) fn named(action: &str) -> ActionForm {
    let (service, name) = action.split_once(':').unwrap_or((action, ""));
    ActionForm::Named { service: Glob::literal(service), name: Glob::literal(&name.to_ascii_lowercase()) }
}

/// An action as AWS spells it, if it is a documented one.
pub(super) fn spelled(action: &str) -> String {
    let Some((service, name)) = action.split_once(':') else { return action.to_owned() };
    let known = facts::known_service(service)
        .and_then(|known| known.actions.iter().find(|known| known.eq_ignore_ascii_case(name)));
    known.map_or_else(|| action.to_owned(), |known| format!("{service}:{known}"))
}

/// A resource pattern with its variables replaced by what is fixed; those that are not fixed stay.
pub(super) fn substituted<'v>(
    form: &ResourceForm,
    value: &dyn Fn(&str) -> Option<Option<&'v ContextValue>>,
) -> ResourceForm {
    let ResourceForm::Parts(parts) = form else { return form.clone() };
    let mut made: Vec<Glob> = Vec::with_capacity(6);
    for (index, part) in parts.iter().enumerate() {
        let mut pieces = Vec::new();
        for piece in part.pieces() {
            let Piece::Variable(variable) = piece else {
                pieces.push(piece.clone());
                continue;
            };
            let text = match value(&variable.key) {
                None => {
                    pieces.push(piece.clone());
                    continue;
                }
                // X3: a list never substitutes; missing or empty is the default, else nothing matches.
                Some(Some(ContextValue::Many(_))) => return ResourceForm::Nothing,
                Some(Some(ContextValue::One(text))) if !text.is_empty() => text.clone(),
                Some(_) => match &variable.default {
                    Some(text) => text.to_string(),
                    None => return ResourceForm::Nothing,
                },
            };
            // X2: in the first five parts a value with a colon matches nothing.
            if index < 5 && text.contains(':') {
                return ResourceForm::Nothing;
            }
            pieces.push(Piece::Literal(text.into()));
        }
        made.push(Glob::new(pieces));
    }
    match <[Glob; 6]>::try_from(made) {
        Ok(parts) => ResourceForm::Parts(Box::new(parts)),
        Err(_) => ResourceForm::Nothing,
    }
}

/// Patterns of a set, numbered together with others.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    pub(super) patterns: Vec<Pattern>,
    pub(super) texts: Vec<String>,
    ids: HashMap<Pattern, u32>,
}

impl Numbered {
    /// The number of a pattern; its text is the first one that it is given with.
    pub(super) fn add(&mut self, pattern: Pattern, text: impl FnOnce() -> String) -> u32 {
        if let Some(&id) = self.ids.get(&pattern) {
            return id;
        }
        let id = self.patterns.len() as u32;
        self.patterns.push(pattern.clone());
        self.texts.push(text());
        self.ids.insert(pattern, id);
        id
    }

    /// The text of a pattern.
    pub(super) fn text(&self, id: u32) -> &str {
        self.texts.get(id as usize).map_or("", |text| text)
    }
}
