//! What of a request's context is fixed before anybody asks: by who asks, and by the declared resource that is asked for (rule C12).
//!
//! For analyses, which ask about all requests of a principal at once: a condition on a fixed key is decided for all of them.

use super::condition;
use super::context::Context;
use super::principal::Kind;
use super::situation::Situation;
use super::variables;
use crate::facts;
use crate::model::Condition;
use crate::request::ContextValue;

/// The name of the session that stands for all sessions with tags of their own.
pub(crate) const TAGGED: &str = "session-with-tags";

/// The fixed part of a context, and which keys it speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fixed {
    context: Context,
    /// Whether all keys are fixed that a principal defines itself.
    principal: bool,
    /// Whether a session may bring tags of its own.
    session_tags: bool,
    /// Whether the name of the session is left open.
    is_session: bool,
    /// Whether the resource's tags are known.
    tags: bool,
    /// Whether the resource's account is known.
    account: bool,
}

impl Fixed {
    /// What is fixed for requests like this one, whose own context is empty.
    pub(crate) fn of(situation: &Situation<'_>) -> Self {
        let kind = situation.asker.principal.kind;
        Self {
            context: situation.context.clone(),
            principal: super::context::is_fixed(&situation.asker),
            session_tags: situation.asker.principal.session == TAGGED,
            is_session: kind == Kind::RoleSession,
            tags: situation.owner.is_some_and(|owner| owner.tags.is_some()),
            account: situation.owner.is_some_and(|owner| owner.account.is_some()),
        }
    }

    /// What a key, in lower case, is fixed to: `None` where the request says, `Some(None)` where no request has it.
    pub(crate) fn get(&self, key: &str) -> Option<Option<&ContextValue>> {
        if self.session_tags && key.starts_with("aws:principaltag/") {
            return None;
        }
        // The names of sessions, with which their ids end, are whoever's who takes the role.
        if self.is_session && key == "aws:userid" && self.context.get(key).is_some() {
            return None;
        }
        if let Some(value) = self.context.get(key) {
            return Some(Some(value));
        }
        let is_absent = self.principal && facts::is_principal_key(key)
            || key == "aws:username"
            || self.tags && key.starts_with("aws:resourcetag/")
            || self.account && matches!(key, "aws:resourceorgid" | "aws:resourceorgpaths");
        is_absent.then_some(None)
    }

    /// Whether a session of who asks may bring tags of its own.
    pub(crate) fn has_session_tags(&self) -> bool {
        self.session_tags
    }

    /// What a key holds unless a session brings another value: a tag of its role, an id with its name.
    pub(crate) fn held(&self, key: &str) -> Option<&ContextValue> {
        self.context.get(key)
    }

    /// Whether a condition holds where the request gives these values besides. Keys are in lower case.
    pub(crate) fn holds(
        &self,
        condition: &Condition,
        read_variables: bool,
        given: &[(String, Option<ContextValue>)],
    ) -> bool {
        let mut context = self.context.clone();
        for (key, value) in given {
            context.put(key, value.clone());
        }
        condition::holds(condition, read_variables, &context)
    }

    /// A condition's value with its variables replaced; `None` where one of them is not fixed, `Some(None)` where it equals nothing (rule X3).
    pub(crate) fn operand(&self, text: &str, read_variables: bool) -> Option<Option<String>> {
        let units = variables::read(text, read_variables);
        let is_fixed = variables::variable_keys(text)
            .all(|key| !read_variables || self.get(&key.to_ascii_lowercase()).is_some());
        is_fixed.then(|| variables::text(&units, &self.context))
    }
}

/// The keys that a condition looks at, in lower case: its own, and those of the variables in its values.
pub(crate) fn keys(condition: &Condition, read_variables: bool) -> Vec<String> {
    let mut keys = vec![condition.key.to_string()];
    if read_variables {
        let variables = condition.operands.iter().flat_map(|operand| variables::variable_keys(&operand.text));
        keys.extend(variables.map(|key| key.to_ascii_lowercase()));
    }
    keys.sort();
    keys.dedup();
    keys
}
