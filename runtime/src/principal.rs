//! Who asks: the kinds of principals, and what the bundle holds of them (DESIGN section 5, rules N1–N5, E13).

use crate::bundle::Bundle;
use crate::format::{NONE, Section, limits};
use crate::hash::{Found, SHORT_BYTES, Table, search, search_id, search_packed, search_short};
use crate::made::Made;
use crate::session::Session;
use crate::value::arn;
use crate::view::{Brief, Index, SetHead, View};

/// Who asks, resolved against one bundle. Resolve it once per session and keep it: of a user or role it holds what decides, so that a decision need not
/// look for it.
#[derive(Clone, Copy, Debug)]
pub struct Principal<'a> {
    pub(crate) stamp: u32,
    /// The user or role that the bundle holds, behind a session too; or [`NONE`].
    pub(crate) id: u32,
    pub(crate) kind: PrincipalKind,
    /// What decides of a user or role itself, where it was resolved in advance.
    pub(crate) layers: Option<(SetHead, Brief)>,
    pub(crate) source: Source<'a>,
}

/// Where the text of a principal is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    Text(&'a str),
    Session(&'a Session),
}

/// The kinds of principals, as their texts tell them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PrincipalKind {
    /// A user or role that the bundle holds.
    Held,
    /// A user that it does not hold.
    User,
    /// A role that it does not hold.
    Role,
    /// A session of a role.
    RoleSession,
    /// A federated user.
    FederatedUser,
    /// An account's root user.
    Root,
    /// A service, or an identity provider by its name.
    Service,
    /// An identity provider by its ARN.
    Provider,
    /// `*`: nobody in particular.
    Anonymous,
    /// None of these.
    Malformed,
    /// Longer than a principal may be (rule V4).
    TooLong,
}

impl<'a> Principal<'a> {
    /// A user or role of a bundle.
    #[inline]
    pub(crate) const fn held(stamp: u32, id: u32, text: &'a str) -> Self {
        Self { stamp, id, kind: PrincipalKind::Held, layers: None, source: Source::Text(text) }
    }

    /// What kind of principal it is.
    #[inline]
    #[must_use]
    pub const fn kind(&self) -> PrincipalKind {
        self.kind
    }

    /// Whether it is a user or role of the bundle itself, and no session.
    #[inline]
    pub(crate) fn is_itself(&self) -> bool {
        self.kind == PrincipalKind::Held && self.session().is_none()
    }

    /// Whether the bundle holds the user or role that it is, or that stands behind its session.
    #[inline]
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.id != NONE
    }

    /// Its text.
    #[inline]
    #[must_use]
    pub fn text(&self) -> &'a str {
        match self.source {
            Source::Text(text) => text,
            Source::Session(session) => session.text(),
        }
    }

    /// What its session adds.
    #[inline]
    pub(crate) const fn session(&self) -> Option<&'a Session> {
        match self.source {
            Source::Text(_) => None,
            Source::Session(session) => Some(session),
        }
    }
}

/// The parts of a principal's text that the rules look at; empty where it has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts<'a> {
    /// The partition.
    pub partition: &'a str,
    /// The account, 12 digits; empty for an identity provider, which is no principal of its account (rule N2).
    pub account: &'a str,
    /// The last segment of a user's or role's path, the role of a session, a federated user's name.
    pub name: &'a str,
    /// What stands behind a session: all but the session's name. Else empty.
    pub behind: &'a str,
    /// The name of a role session.
    pub session: &'a str,
}

/// The parts of a principal of a kind, as [`classify`] tells it. Linear.
#[must_use]
pub fn parts(kind: PrincipalKind, text: &str) -> Parts<'_> {
    let Some([_, partition, _, _, account, resource]) = arn::split(text) else { return Parts::default() };
    let parts = Parts { partition, account, ..Parts::default() };
    let last = || resource.rsplit('/').next().unwrap_or("");
    match kind {
        PrincipalKind::RoleSession => {
            let names = resource.split_once('/').and_then(|(_, names)| names.split_once('/'));
            let (name, session) = names.unwrap_or(("", ""));
            let behind = text.get(..text.len().saturating_sub(session.len() + 1)).unwrap_or("");
            Parts { name, session, behind, ..parts }
        }
        PrincipalKind::FederatedUser => Parts { name: last(), behind: text, ..parts },
        PrincipalKind::Held | PrincipalKind::User | PrincipalKind::Role => Parts { name: last(), ..parts },
        PrincipalKind::Root => parts,
        // An identity provider's ARN names an account, but it is no principal of it (rule N2).
        _ => Parts::default(),
    }
}

/// What a principal is, by its text alone: never [`PrincipalKind::Held`]. Linear.
#[cold]
#[must_use]
pub fn classify(text: &str) -> PrincipalKind {
    if text.len() > limits::RESOURCE_BYTES {
        return PrincipalKind::TooLong;
    }
    if text == "*" {
        return PrincipalKind::Anonymous;
    }
    let Some([head, partition, service, _, account, resource]) = arn::split(text) else {
        // A service or an identity provider: `ec2.amazonaws.com`, `accounts.google.com`.
        let name = !text.is_empty() && !text.bytes().any(|byte| byte.is_ascii_whitespace() || byte == b':');
        return if name { PrincipalKind::Service } else { PrincipalKind::Malformed };
    };
    if head != "arn" || !arn::is_account(account) || partition.len() > limits::PARTITION_BYTES {
        return PrincipalKind::Malformed;
    }
    let named = |prefix: &str| {
        resource.strip_prefix(prefix).is_some_and(|name| !name.is_empty() && !name.ends_with('/'))
    };
    let short = |name: &str| !name.is_empty() && name.len() <= limits::NAME_BYTES;
    match service {
        "iam" if resource == "root" => PrincipalKind::Root,
        "iam" if named("user/") => PrincipalKind::User,
        "iam" if named("role/") && resource.rsplit('/').next().is_some_and(short) => PrincipalKind::Role,
        "iam" if named("saml-provider/") || named("oidc-provider/") => PrincipalKind::Provider,
        "sts" if resource.strip_prefix("federated-user/").is_some_and(short) => PrincipalKind::FederatedUser,
        "sts" => {
            let names = resource.strip_prefix("assumed-role/").and_then(|names| names.split_once('/'));
            match names.is_some_and(|(role, session)| short(role) && short(session)) {
                true => PrincipalKind::RoleSession,
                false => PrincipalKind::Malformed,
            }
        }
        _ => PrincipalKind::Malformed,
    }
}

/// The ARNs of principals that are not packed.
#[derive(Clone, Copy)]
struct Names<'a>(&'a Bundle);

impl Table for Names<'_> {
    #[inline]
    fn view(&self) -> View<'_> {
        self.0.view()
    }

    #[inline]
    fn index(&self) -> &Index {
        self.view().index(Section::PrincipalIndex)
    }
}

/// The same by a view, or what stands behind the sessions of all.
#[derive(Clone, Copy)]
struct Principals<'a> {
    view: &'a View<'a>,
    behind: bool,
}

impl Table for Principals<'_> {
    #[inline]
    fn view(&self) -> View<'_> {
        *self.view
    }

    #[inline]
    fn index(&self) -> &Index {
        self.view.index(if self.behind { Section::BehindIndex } else { Section::PrincipalIndex })
    }
}

impl Bundle {
    /// Resolves a principal: an ARN, a service name or `*`. Never fails: what is unknown or malformed is a principal that no identity
    /// policy speaks for (rule E13). Linear in the text; allocates nothing.
    ///
    /// A session's ARN is that session without session policies, tags and source identity; [`Bundle::assume`] makes one with them.
    #[inline]
    #[must_use]
    pub fn principal<'a>(&self, text: &'a str) -> Principal<'a> {
        let principal = self.principal_of(text, self.principal_slot(text.as_bytes()).id());
        let layers = if principal.kind == PrincipalKind::Held { self.layers(principal.id) } else { None };
        Principal { layers, ..principal }
    }

    /// What decides of a user or role.
    fn layers(&self, id: u32) -> Option<(SetHead, Brief)> {
        let view = self.view();
        Some((view.set_head(view.principal(id)?.identity)?, self.brief(id)?))
    }

    /// The principal of a text, of the user or role that was found under it, or [`NONE`].
    #[inline]
    pub(crate) fn principal_of<'a>(&self, text: &'a str, id: u32) -> Principal<'a> {
        let (id, kind) = match id {
            NONE => self.stranger(text),
            id => (id, PrincipalKind::Held),
        };
        Principal { stamp: self.stamp(), id, kind, layers: None, source: Source::Text(text) }
    }

    /// The user or role of an ARN; the last word is its identity set.
    #[inline(never)]
    pub(crate) fn principal_slot(&self, text: &[u8]) -> Found {
        if text.len() > SHORT_BYTES || self.view().is_packed() {
            return self.other_principal_slot(text);
        }
        search_short(text, Names(self))
    }

    /// The same for what few principals are as long as, and in bundles of many: what it takes is not to burden the others.
    #[inline(never)]
    fn other_principal_slot(&self, text: &[u8]) -> Found {
        if text.len() > limits::RESOURCE_BYTES {
            return Found::NOTHING;
        }
        let view = self.view();
        if view.is_packed() {
            let Some(id) = search_packed(text, &view) else { return Found::NOTHING };
            let identity = view.packed_principal(id).map_or(NONE, |principal| principal.identity);
            return Found::of([0, id.wrapping_add(1), 0, identity]);
        }
        search(text, Names(self))
    }

    /// What else a principal is, and the user or role behind its session, or [`NONE`].
    #[cold]
    #[inline(never)]
    fn stranger(&self, text: &str) -> (u32, PrincipalKind) {
        let kind = classify(text);
        (behind(&self.view(), kind, text).unwrap_or(NONE), kind)
    }
}

/// The user or role behind a session.
fn behind(view: &View<'_>, kind: PrincipalKind, text: &str) -> Option<u32> {
    let it = parts(kind, text);
    match kind {
        PrincipalKind::RoleSession => held_behind(view, it.behind, &it, false),
        PrincipalKind::FederatedUser => held_behind(view, it.behind, &it, true),
        _ => None,
    }
}

/// The role that stands behind the sessions of this name, whatever its path.
pub(crate) fn role_of_name(view: &View<'_>, role: &Parts<'_>) -> Option<u32> {
    held_behind(view, sessions(role, false)?.text(), role, false)
}

fn held_behind(view: &View<'_>, behind: &str, it: &Parts<'_>, is_user: bool) -> Option<u32> {
    let id = search_id(behind.as_bytes(), Principals { view, behind: true });
    if id.is_some() || !view.is_packed() {
        return id;
    }
    // Without a path the ARN follows; only others stand in the table. Nothing else is taken for it: no region, no name of several segments.
    if sessions(it, is_user)?.text() != behind {
        return None;
    }
    let kind = if is_user { ":user/" } else { ":role/" };
    let arn = Made::of(&["arn:", it.partition, ":iam::", it.account, kind, it.name])?;
    held(view, arn.text().as_bytes())
}

/// The user or role of an ARN.
pub(crate) fn held(view: &View<'_>, arn: &[u8]) -> Option<u32> {
    match view.is_packed() {
        true => search_packed(arn, view),
        false => search_id(arn, Principals { view, behind: false }),
    }
}

/// What stands behind the sessions of a role, and of a user's name when it is federated.
pub(crate) fn sessions(of: &Parts<'_>, is_user: bool) -> Option<Made> {
    let kind = if is_user { ":federated-user/" } else { ":assumed-role/" };
    Made::of(&["arn:", of.partition, ":sts::", of.account, kind, of.name])
}
