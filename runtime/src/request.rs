//! Requests, and the handles that actions resolve to.

use crate::bundle::Bundle;
use crate::bytes::find;
use crate::context::Context;
use crate::format::index::{Slot, action_class, action_flags, action_word};
use crate::format::{self as f, Section};
use crate::format::{ActionPattern, limits};
use crate::hash::{Found, SHORT_BYTES, Table, search_folded, search_short_folded};
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

/// What is asked for, resolved against one bundle. Resolve it once per route and keep it: of an action of the vocabulary it holds what decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action<'a> {
    pub(crate) stamp: u32,
    /// The vocabulary's id, or [`NONE`](f::NONE).
    id: u32,
    /// What decides of it, where it was resolved in advance.
    pub(crate) kind: Option<ActionKind>,
    /// Its text: actions outside the vocabulary are decided by it, and so are session policies.
    text: &'a [u8],
}

/// One question to a bundle, all of it texts: what [`Request`] is before principal and action are resolved. Means the same.
#[derive(Clone, Copy)]
pub struct TextRequest<'a> {
    /// Who asks: an ARN, a service name or `*`.
    pub principal: &'a str,
    /// What for, such as `s3:GetObject`.
    pub action: &'a str,
    /// [`Request::resource`]
    pub resource: &'a str,
    /// [`Request::resource_account`]
    pub resource_account: Option<&'a str>,
    /// [`Request::context`]
    pub context: &'a dyn Context,
    /// [`Request::now`]
    pub now: Option<i64>,
    /// [`Request::context_is_complete`]
    pub context_is_complete: bool,
}

impl<'a> TextRequest<'a> {
    /// The request of what principal and action were resolved to.
    pub(crate) const fn resolved(&self, principal: Principal<'a>, action: Action<'a>) -> Request<'a> {
        let Self { resource, resource_account, context, now, context_is_complete, .. } = *self;
        Request { principal, action, resource, resource_account, context, now, context_is_complete }
    }
}

impl<'a> Action<'a> {
    /// An action of a bundle's vocabulary.
    pub(crate) const fn known_as(stamp: u32, id: u32, text: &'a str) -> Self {
        Self { stamp, id, kind: None, text: text.as_bytes() }
    }

    /// Whether the bundle's vocabulary holds the action; one that it does not hold is decided just as exactly, but slower.
    #[inline]
    #[must_use]
    pub const fn is_in_vocabulary(&self) -> bool {
        self.id != f::NONE
    }

    /// The vocabulary's id, or [`NONE`](f::NONE).
    #[inline]
    pub(crate) const fn id(&self) -> u32 {
        self.id
    }

    /// The vocabulary's id.
    #[inline]
    pub(crate) const fn known(&self) -> Option<u32> {
        if self.id == f::NONE { None } else { Some(self.id) }
    }

    /// Its text.
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

/// What decides of an action of the vocabulary, in one word: its service, and above that its class and its flags, as its name's slot tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ActionKind(u64);

impl ActionKind {
    /// As its record tells it. `None` for what has no room in a slot, which validation excludes.
    #[inline(always)]
    pub(crate) fn of(action: &f::Action) -> Option<Self> {
        let word = action_word(action.class, action.flags)?;
        Some(Self(u64::from(word) << 32 | u64::from(action.service)))
    }

    #[inline(always)]
    pub(crate) const fn service(self) -> u32 {
        self.0 as u32
    }

    #[inline(always)]
    pub(crate) const fn class(self) -> u32 {
        action_class((self.0 >> 32) as u32)
    }

    #[inline(always)]
    pub(crate) const fn flags(self) -> u32 {
        action_flags((self.0 >> 32) as u32)
    }
}

impl From<Found> for ActionKind {
    #[inline(always)]
    fn from(found: Found) -> Self {
        Self(found.words())
    }
}

/// The names of actions.
#[derive(Clone, Copy)]
struct Actions<'a>(&'a Bundle);

impl Table for Actions<'_> {
    #[inline]
    fn view(&self) -> View<'_> {
        self.0.view()
    }

    #[inline]
    fn index(&self) -> &Index {
        self.view().index(Section::ActionIndex)
    }

    #[inline(always)]
    fn name(&self, [_, entry, ..]: Slot, length: usize) -> Option<&[u8]> {
        self.view().action_name_of_length(entry.wrapping_sub(1), length)
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
        let found = self.action_slot(text);
        let (id, kind) = (found.id(), found.into());
        Action { stamp: self.stamp(), id, kind: (id != f::NONE).then_some(kind), text }
    }

    /// What the vocabulary holds under a name: the words are its kind.
    #[inline(never)]
    pub(crate) fn action_slot(&self, text: &[u8]) -> Found {
        if text.len() > SHORT_BYTES {
            return self.long_action_slot(text);
        }
        search_short_folded(text, Actions(self))
    }

    /// The same for what few actions are as long as: what it takes is not to burden the others.
    #[inline(never)]
    fn long_action_slot(&self, text: &[u8]) -> Found {
        if text.len() > limits::ACTION_BYTES {
            return Found::NOTHING;
        }
        search_folded(text, Actions(self))
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
