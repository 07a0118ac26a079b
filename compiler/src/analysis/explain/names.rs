//! What statements and layers are called, and what policy variables stand for.

use portcullis_runtime::decision::Layer;

use super::Named;
use crate::model::{Model, OrganizationNode, Statement};
use crate::reference::{Decision, Examined, Found, Layers, Located, Situation};
use crate::request::ContextValue;

/// What names are looked up in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'a> {
    pub(super) model: &'a Model,
    pub(super) situation: &'a Situation<'a>,
    /// The files of session policies, which are none of the model's.
    pub(super) session_files: &'a [String],
}

impl Names<'_> {
    /// A statement of a layer.
    pub(super) fn statement(&self, located: &Located<'_>, layer: Layer) -> Named {
        let Located { policy, holder, index, statement, .. } = located;
        let managed = || self.model.policies.iter().find(|held| *held.arn == **policy)?.default_version();
        let is_managed = holder.is_none() && matches!(layer, Layer::Identity | Layer::Boundary);
        let version = if is_managed { managed() } else { None };
        let file = match layer {
            Layer::Session => {
                self.session_files.get(statement.origin.file.index()).map_or("", |file| file.as_str())
            }
            _ => self.model.file(statement.origin.file),
        };
        Named {
            policy: holder.map_or_else(|| policy.clone(), |holder| format!("{holder}#{policy}")),
            version: version.map(|version| version.id.to_string()).filter(|id| !id.is_empty()),
            sid: statement.sid.as_deref().map(str::to_owned),
            index: *index,
            effect: statement.effect,
            file: file.to_owned(),
            line: statement.origin.line,
            column: statement.origin.column,
        }
    }

    /// The statements that decided, each once: a control policy may be attached at several levels.
    pub(super) fn decisive(&self, decision: &Decision, layers: &Layers<'_>) -> Vec<Named> {
        let alone = [&layers.endpoint, &layers.resource, &layers.identity, &layers.boundary, &layers.session];
        let all = layers.rcps.iter().chain(&layers.scps).chain(alone.into_iter().flatten());
        let all: Vec<(&Found<'_>, &Examined<'_>)> =
            all.flat_map(|found| found.statements.iter().map(move |it| (found, it))).collect();
        let mut named = Vec::new();
        for deciding in &decision.statements {
            let is_it = |(found, examined): &&(&Found<'_>, &Examined<'_>)| {
                let Located { policy, holder, index, .. } = &examined.located;
                found.layer == deciding.layer
                    && (policy, *holder, index)
                        == (&deciding.policy, deciding.holder.as_deref(), &deciding.statement)
            };
            let statement = all.iter().find(is_it);
            let statement = statement.map(|(found, it)| self.statement(&it.located, found.layer));
            named.extend(statement.filter(|statement| !named.contains(statement)));
        }
        named
    }

    /// Whose layer it is.
    pub(super) fn holder(&self, layer: Layer, level: Option<usize>) -> String {
        let situation = self.situation;
        let identity = || situation.identity().map_or_else(String::new, |identity| identity.arn.to_string());
        match layer {
            Layer::Scp => self.level(situation.own_account(), level),
            Layer::Rcp => self.level(situation.resource_account(), level),
            Layer::Identity | Layer::Boundary => identity(),
            Layer::Session => situation.principal().to_owned(),
            Layer::Resource => situation.resource().to_owned(),
            Layer::Endpoint => match situation.value("aws:SourceVpce") {
                Some(ContextValue::One(id)) => id.clone(),
                _ => "endpoint".to_owned(),
            },
            _ => String::new(),
        }
    }

    /// A level of the organization over an account: the root, a unit, or the account itself.
    fn level(&self, account: Option<&str>, level: Option<usize>) -> String {
        let account = account.unwrap_or_default();
        let path = || {
            let organization = self.model.organization.as_ref()?;
            Some(organization.path(organization.account(account)?.parent))
        };
        let node = |node: &OrganizationNode| {
            let kind = if node.parent.is_none() { "root" } else { "unit" };
            let name = if node.name.is_empty() { &node.id } else { &node.name };
            // The root is called so, unless somebody gave it another name.
            if name.eq_ignore_ascii_case(kind) { kind.to_owned() } else { format!("{kind} {name}") }
        };
        let path = path().unwrap_or_default();
        level.and_then(|level| path.get(level)).map_or_else(|| format!("account {account}"), |it| node(it))
    }

    /// The policy variables in texts of a statement, each once, and what each stands for.
    pub(super) fn variables(
        &self,
        texts: &[String],
        statement: &Statement,
    ) -> Vec<(String, Option<ContextValue>)> {
        let mut found: Vec<(String, Option<ContextValue>)> = Vec::new();
        if statement.variables {
            for key in texts.iter().flat_map(|text| crate::reference::variable_keys(text)) {
                if !found.iter().any(|(known, _)| known.eq_ignore_ascii_case(&key)) {
                    let value = self.situation.value(&key).cloned();
                    found.push((key, value));
                }
            }
        }
        found
    }
}
