//! Requests, and the handles that actions resolve to.

use crate::bundle::Bundle;
use crate::bytes::find;
use crate::context::Context;
use crate::format::{self as f, Section};
use crate::format::{ActionPattern, limits};
use crate::hash::{Table, search_folded};
use crate::principal::Principal;
use crate::view::{Index, View};

/// One question to a bundle.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Who asks: [`Bundle::principal`].
    pub principal: Principal<'a>,
    /// What for: [`Bundle::action`].
    pub action: Action<'a>,
    /// On what: an ARN, or `*` where the action has no resource (rule R4).
    pub resource: &'a str,
    /// The account that owns the resource, if the caller knows it (rule V6).
    pub resource_account: Option<&'a str>,
    /// The context.
    pub context: &'a dyn Context,
    /// Now, in seconds since 1970-01-01T00:00:00Z: for `aws:CurrentTime` and `aws:EpochTime` (rule C12). The runtime has no clock.
    pub now: Option<i64>,
    /// Take the context as complete: add and override nothing (rule C12, scenario files).
    pub context_is_complete: bool,
}

/// What is asked for, resolved against one bundle. Resolve it once per route and keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action<'a> {
    pub(crate) stamp: u32,
    /// The vocabulary's id, or [`NONE`](f::NONE).
    id: u32,
    /// The text of an action outside the vocabulary, as far as an action may be long.
    text: &'a [u8],
}

impl<'a> Action<'a> {
    /// Whether the bundle's vocabulary holds the action; one that it does not hold is decided just as exactly, but slower.
    #[inline]
    #[must_use]
    pub const fn is_in_vocabulary(&self) -> bool {
        self.id != f::NONE
    }

    /// The vocabulary's id.
    #[inline]
    pub(crate) const fn known(&self) -> Option<u32> {
        if self.id == f::NONE { None } else { Some(self.id) }
    }

    /// The text of an action outside the vocabulary.
    #[inline]
    pub(crate) const fn text(&self) -> &'a [u8] {
        self.text
    }

    /// Whether it is longer than an action may be (rule V4).
    #[inline]
    pub(crate) const fn is_too_long(&self) -> bool {
        self.text.len() > limits::ACTION_BYTES
    }
}

/// The names of actions.
struct Actions<'a>(View<'a>);

impl Table for Actions<'_> {
    #[inline]
    fn view(&self) -> &View<'_> {
        &self.0
    }

    #[inline]
    fn index(&self) -> &Index {
        self.0.index(Section::ActionIndex)
    }

    #[inline]
    fn names(&self) -> Section {
        Section::Actions
    }
}

impl Bundle {
    /// Resolves an action such as `s3:GetObject`; case does not matter (rule A1). Never fails. Linear in the text; allocates nothing.
    #[inline]
    #[must_use]
    pub fn action<'a>(&self, text: &'a str) -> Action<'a> {
        self.action_of(text.as_bytes())
    }

    #[inline]
    pub(crate) fn action_of<'a>(&self, text: &'a [u8]) -> Action<'a> {
        let known =
            if text.len() > limits::ACTION_BYTES { None } else { search_folded(text, &Actions(self.view())) };
        Action { stamp: self.stamp(), id: known.unwrap_or(f::NONE), text }
    }

    /// Whether an action pattern covers an action outside the vocabulary. Both halves compare each by itself (rule A1).
    pub(crate) fn pattern_covers(&self, pattern: ActionPattern, folded: &[u8]) -> Option<bool> {
        if pattern.name == f::NONE {
            return Some(true);
        }
        let Some(colon) = find(folded, b':') else { return Some(false) };
        let view = self.view();
        let (service, name) = folded.split_at_checked(colon)?;
        let name = name.get(1..)?;
        Some(
            crate::glob::matches(&view, pattern.service, service, &crate::glob::NoVariables)?
                && crate::glob::matches(&view, pattern.name, name, &crate::glob::NoVariables)?,
        )
    }
}
