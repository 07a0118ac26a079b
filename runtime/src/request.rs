//! Requests, and the handles that principals and actions resolve to.

use crate::bundle::Bundle;
use crate::context::Context;
use crate::format::{self as f, Section};
use crate::format::{ActionPattern, limits};
use crate::hash::{Table, find, search, search_folded};
use crate::value::arn;
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

/// Who asks, resolved against one bundle. Resolve it once per session and keep it.
///
/// Two words, so that it is handed over in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Principal<'a> {
    pub(crate) stamp: u32,
    /// A principal's id, or one of the numbers behind [`LAST_ID`].
    id: u32,
    account: Option<&'a [u8; 12]>,
}

/// Ids that are none of the bundle's principals; it cannot hold so many.
const LAST_ID: u32 = u32::MAX - 16;
const USER: u32 = LAST_ID + 1;
const ROLE: u32 = LAST_ID + 2;
const ROOT: u32 = LAST_ID + 3;
const SESSION: u32 = LAST_ID + 4;
const SERVICE: u32 = LAST_ID + 5;
const ANONYMOUS: u32 = LAST_ID + 6;
const MALFORMED: u32 = LAST_ID + 7;
const TOO_LONG: u32 = LAST_ID + 8;

/// What a principal is to a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrincipalKind<'a> {
    /// Held by the bundle.
    Known(u32),
    /// A user or role that the bundle does not hold.
    Foreign {
        /// Its account.
        account: &'a str,
        /// Whether it is a user.
        user: bool,
    },
    /// An account's root user.
    Root {
        /// Its account.
        account: &'a str,
    },
    /// A session of a role or of a federated user.
    Session {
        /// Its account.
        account: &'a str,
    },
    /// A service or an identity provider.
    Service,
    /// `*`: nobody in particular.
    Anonymous,
    /// None of these.
    Malformed,
    /// Longer than a principal may be (rule V4).
    TooLong,
}

impl<'a> Principal<'a> {
    /// What this principal is to its bundle.
    #[inline]
    #[must_use]
    pub fn kind(&self) -> PrincipalKind<'a> {
        let account = || self.account.and_then(|account| core::str::from_utf8(account).ok()).unwrap_or("");
        match self.id {
            USER | ROLE => PrincipalKind::Foreign { account: account(), user: self.id == USER },
            ROOT => PrincipalKind::Root { account: account() },
            SESSION => PrincipalKind::Session { account: account() },
            SERVICE => PrincipalKind::Service,
            ANONYMOUS => PrincipalKind::Anonymous,
            MALFORMED => PrincipalKind::Malformed,
            TOO_LONG => PrincipalKind::TooLong,
            id => PrincipalKind::Known(id),
        }
    }

    /// Whether it is longer than a principal may be (rule V4).
    #[inline]
    pub(crate) const fn is_too_long(&self) -> bool {
        self.id == TOO_LONG
    }

    /// The id of a principal that the bundle holds.
    #[inline]
    pub(crate) const fn known(&self) -> Option<u32> {
        if self.id <= LAST_ID { Some(self.id) } else { None }
    }

    fn new(stamp: u32, kind: PrincipalKind<'a>) -> Self {
        let (id, account) = match kind {
            PrincipalKind::Known(id) => (id, ""),
            PrincipalKind::Foreign { account, user } => (if user { USER } else { ROLE }, account),
            PrincipalKind::Root { account } => (ROOT, account),
            PrincipalKind::Session { account } => (SESSION, account),
            PrincipalKind::Service => (SERVICE, ""),
            PrincipalKind::Anonymous => (ANONYMOUS, ""),
            PrincipalKind::Malformed => (MALFORMED, ""),
            PrincipalKind::TooLong => (TOO_LONG, ""),
        };
        Self { stamp, id, account: account.as_bytes().first_chunk() }
    }
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

/// What a principal that the bundle does not hold is, by its text alone.
#[cold]
fn classify(text: &str) -> PrincipalKind<'_> {
    if text.len() > limits::RESOURCE_BYTES {
        return PrincipalKind::TooLong;
    }
    if text == "*" {
        return PrincipalKind::Anonymous;
    }
    let Some([head, _, service, _, account, resource]) = arn::split(text) else {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let name = !text.contains(':') && (text.contains('.') || !text.is_empty() && text.bytes().all(plain));
        return if name { PrincipalKind::Service } else { PrincipalKind::Malformed };
    };
    if head != "arn" || !arn::is_account(account) {
        return PrincipalKind::Malformed;
    }
    let named = |prefix: &str| {
        resource.strip_prefix(prefix).is_some_and(|name| !name.is_empty() && !name.ends_with('/'))
    };
    match service {
        "iam" if resource == "root" => PrincipalKind::Root { account },
        "iam" if named("user/") => PrincipalKind::Foreign { account, user: true },
        "iam" if named("role/") => PrincipalKind::Foreign { account, user: false },
        "iam" if named("saml-provider/") || named("oidc-provider/") => PrincipalKind::Service,
        "sts" if named("federated-user/") => PrincipalKind::Session { account },
        "sts"
            if resource
                .strip_prefix("assumed-role/")
                .and_then(|rest| rest.split_once('/'))
                .is_some_and(|(role, session)| !role.is_empty() && !session.is_empty()) =>
        {
            PrincipalKind::Session { account }
        }
        _ => PrincipalKind::Malformed,
    }
}

/// The ARNs of principals.
struct Principals<'a>(View<'a>);

impl Table for Principals<'_> {
    #[inline]
    fn view(&self) -> &View<'_> {
        &self.0
    }

    #[inline]
    fn index(&self) -> &Index {
        self.0.index(Section::PrincipalIndex)
    }

    #[inline]
    fn name(&self, id: u32) -> Option<&[u8]> {
        self.0.string_bytes(self.0.principal(id)?.arn)
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
    fn name(&self, id: u32) -> Option<&[u8]> {
        self.0.action_name(id)
    }
}

impl Bundle {
    /// Resolves a principal: an ARN, a service name or `*`. Never fails: what is unknown or malformed is a principal that no identity
    /// policy speaks for (rule E13). Linear in the text; allocates nothing.
    #[inline]
    #[must_use]
    pub fn principal<'a>(&self, text: &'a str) -> Principal<'a> {
        if text.len() <= limits::RESOURCE_BYTES
            && let Some(id) = search(text.as_bytes(), &Principals(self.view()))
        {
            return Principal { stamp: self.stamp(), id, account: None };
        }
        Principal::new(self.stamp(), classify(text))
    }

    /// Resolves an action such as `s3:GetObject`; case does not matter (rule A1). Never fails. Linear in the text; allocates nothing.
    #[inline]
    #[must_use]
    pub fn action<'a>(&self, text: &'a str) -> Action<'a> {
        let text = text.as_bytes();
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
