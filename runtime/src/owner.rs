//! Whose a resource is, and what its policies are (rules V6, E2, E8, DESIGN section 6).

use crate::format::{self as f, NONE, Section};
use crate::hash::{Table, search_id};
use crate::value::arn;
use crate::view::{Index, View};

/// The ARNs of resources.
#[derive(Clone, Copy)]
struct Resources<'a>(&'a View<'a>);

impl Table for Resources<'_> {
    fn view(&self) -> View<'_> {
        *self.0
    }

    fn index(&self) -> &Index {
        self.0.index(Section::ResourceIndex)
    }
}

/// The numbers of accounts.
#[derive(Clone, Copy)]
struct Accounts<'a>(&'a View<'a>);

impl Table for Accounts<'_> {
    fn view(&self) -> View<'_> {
        *self.0
    }

    fn index(&self) -> &Index {
        self.0.index(Section::AccountIndex)
    }
}

/// The ids of endpoints.
#[derive(Clone, Copy)]
struct Endpoints<'a>(&'a View<'a>);

impl Table for Endpoints<'_> {
    fn view(&self) -> View<'_> {
        *self.0
    }

    fn index(&self) -> &Index {
        self.0.index(Section::EndpointIndex)
    }
}

/// The account of a number.
pub(crate) fn account(view: &View<'_>, number: &[u8]) -> Option<u32> {
    search_id(number, Accounts(view))
}

/// The endpoint of an id.
pub(crate) fn endpoint(view: &View<'_>, id: &str) -> Option<u32> {
    search_id(id.as_bytes(), Endpoints(view))
}

/// The resource that owns an ARN: the longest of those that are it, or under which it lies. Two look-ups, however many there are.
///
/// `service` and `name` are the third and the sixth part.
pub(crate) fn owner(view: &View<'_>, text: &[u8], service: &[u8], name: &[u8]) -> Option<u32> {
    if let Some(found) = search_id(text, Resources(view)) {
        return Some(found);
    }
    let above = text.get(..text.len() - name.len() + arn::above(service, name)?)?;
    search_id(above, Resources(view))
}

/// Whether resources of this service are declared: one of them that is not, and names no account, is another account's (rule V6).
pub(crate) fn declares(view: &View<'_>, service: &[u8]) -> Option<bool> {
    let (mut low, mut high) = (0, view.declared_services());
    while low < high {
        let middle = low + (high - low) / 2;
        let known = view.string_bytes(view.word(Section::DeclaredServices, middle)?)?;
        match known.cmp(service) {
            core::cmp::Ordering::Equal => return Some(true),
            core::cmp::Ordering::Less => low = middle + 1,
            core::cmp::Ordering::Greater => high = middle,
        }
    }
    Some(false)
}

/// The levels of control policies over something; none where they do not apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LevelRange {
    pub(crate) first: u32,
    pub(crate) count: u32,
}

impl LevelRange {
    pub(crate) const fn of(first: u32, count: u32) -> Self {
        if count == NONE { Self { first: 0, count: 0 } } else { Self { first, count } }
    }
}

/// The SCPs of an account (rule E1).
pub(crate) const fn scps(account: &f::Account) -> LevelRange {
    LevelRange::of(account.scps, account.scp_count)
}

/// The RCPs over an account's resources (rule E2).
pub(crate) const fn rcps(account: &f::Account) -> LevelRange {
    LevelRange::of(account.rcps, account.rcp_count)
}
