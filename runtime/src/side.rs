//! The resource's side of a request: its parts, its owner and account, and the contract of its service (rules E4, E8, E11, V6).

use crate::combine::Contract;
use crate::decision::OTHER_HOLDER;
use crate::format::{self as f, NONE};
use crate::hash::equal;
use crate::owner;
use crate::principal;
use crate::request::Request;
use crate::value::arn;
use crate::view::View;

/// Actions that change what AWS may own (rule E11).
const WRITES: u32 = f::ACTION_WRITES_POLICY | f::ACTION_WRITES_ROLE | f::ACTION_WRITES_ALIAS;

/// The parts of a resource that the combination looks at.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'a> {
    service: &'a [u8],
    account: &'a [u8],
    resource: &'a [u8],
}

impl<'a> Parts<'a> {
    /// `None` for fewer than six parts.
    #[inline(always)]
    pub(crate) fn of(text: &'a [u8]) -> Option<Self> {
        let [_, b, c, d, e] = arn::colons(text)?;
        Some(Self {
            service: text.get(b + 1..c)?,
            account: text.get(d + 1..e)?,
            resource: text.get(e + 1..)?,
        })
    }

    /// Whether it names an account, and another one than this.
    fn other_account(&self, account: &[u8]) -> bool {
        self.names_account() && self.account != account
    }

    /// Whether it names an account.
    fn names_account(&self) -> bool {
        self.account.try_into().is_ok_and(are_digits)
    }

    /// The resource's contract (rule E8).
    #[inline(always)]
    fn contract(&self, flags: u32) -> Contract {
        if flags & f::ACTION_NEEDS_TRUST != 0 && self.is_role() {
            Contract::Trust
        } else if self.service == b"kms" && self.resource.starts_with(b"key/") {
            Contract::Key
        } else {
            Contract::None
        }
    }

    /// Whether it is a role.
    fn is_role(&self) -> bool {
        self.service == b"iam" && self.resource.starts_with(b"role/")
    }

    /// Whether AWS owns the resource and the action would change it (rule E11).
    #[inline]
    pub(crate) fn owned_by_aws(&self, flags: u32) -> bool {
        if flags & WRITES == 0 {
            return false;
        }
        let has = |bit| flags & bit != 0;
        has(f::ACTION_WRITES_POLICY)
            && self.service == b"iam"
            && self.account == b"aws"
            && self.resource.starts_with(b"policy/")
            || has(f::ACTION_WRITES_ROLE)
                && self.service == b"iam"
                && self.resource.starts_with(b"role/aws-reserved/")
            || has(f::ACTION_WRITES_ALIAS)
                && self.service == b"kms"
                && self.resource.starts_with(b"alias/aws/")
    }
}

/// Whose account a resource is in (rule V6).
#[derive(Clone, Copy)]
pub(crate) enum AccountOf<'a> {
    /// The caller's.
    Caller,
    /// One that the bundle holds.
    Place(u32),
    /// One by its number.
    Text(&'a str),
    /// Another one, whichever.
    Nobody,
}

/// The resource's side of a request (rules E4, E8, V6).
pub(crate) struct ResourceSide<'a> {
    pub(crate) owner: u32,
    pub(crate) owner_record: Option<f::Resource>,
    pub(crate) account: AccountOf<'a>,
    pub(crate) same_account: bool,
    pub(crate) contract: Contract,
    /// Its policy, or a role's trust policy where the action asks for that.
    pub(crate) grants: u32,
    /// Whose policy that is.
    pub(crate) holder: u32,
    /// Whether it has RCPs of its own.
    pub(crate) own_rcps: bool,
}

/// The resource's side in a bundle without resources.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BareSide {
    pub(crate) same_account: bool,
    pub(crate) contract: Contract,
    pub(crate) owned_by_aws: bool,
    /// Whether there is a contract, or AWS owns it.
    pub(crate) unusual: bool,
}

impl Default for BareSide {
    fn default() -> Self {
        Self { same_account: true, contract: Contract::None, owned_by_aws: false, unusual: false }
    }
}

/// Whether a resource is of an account, and its contract, in a bundle without resources. Behind the twelve digits of the account anything
/// may stand.
#[inline(always)]
pub(crate) fn bare_side(resource: &str, said: Option<&str>, flags: u32, account: &[u8; 16]) -> BareSide {
    const CONTRACTS: u32 = f::ACTION_NEEDS_TRUST | WRITES;
    let Some(found) = arn::glance(resource.as_bytes(), account) else {
        return slow_side(resource, said, flags, account);
    };
    if (flags & CONTRACTS != 0) | found.is_kms {
        return slow_side(resource, said, flags, account);
    }
    let same_account = match said {
        Some(owner) => is_window(owner, account),
        None => !found.is_foreign,
    };
    BareSide { same_account, ..BareSide::default() }
}

/// The side of `*` in a bundle without resources: of the caller, unless another account is said.
#[inline(always)]
pub(crate) fn side_of_all(said: Option<&str>, account: &[u8; 16]) -> BareSide {
    BareSide { same_account: said.is_none_or(|owner| is_window(owner, account)), ..BareSide::default() }
}

/// Whether a text is exactly the first twelve bytes of a window.
#[inline(always)]
fn is_window(text: &str, account: &[u8; 16]) -> bool {
    text.as_bytes().first_chunk::<12>() == account.first_chunk() && text.len() == 12
}

/// Whether all of these are ASCII digits.
#[inline(always)]
fn are_digits(text: &[u8; 12]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // A digit becomes 0 to 9, which stays below 0x80 with 0x76 added; no other byte does, or it is not below before.
    let others = |eight: &[u8; 8]| {
        let from_zero = u64::from_le_bytes(*eight) ^ (0x30 * ONES);
        (from_zero | from_zero.wrapping_add(0x76 * ONES)) & (0x80 * ONES)
    };
    match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) => others(first) | others(last) == 0,
        _ => false,
    }
}

/// The side of a resource that may have a contract, of one in another partition than `aws`, and of what is no ARN as most are.
#[inline(never)]
fn slow_side(resource: &str, said: Option<&str>, flags: u32, account: &[u8; 16]) -> BareSide {
    let (own, _) = account.split_at(12);
    let parts = Parts::of(resource.as_bytes());
    let same_account = match (said, &parts) {
        (Some(owner), _) => owner.as_bytes() == own,
        (None, Some(parts)) => !parts.other_account(own),
        (None, None) => true,
    };
    let contract = parts.map_or(Contract::None, |parts| parts.contract(flags));
    let owned_by_aws = parts.is_some_and(|parts| parts.owned_by_aws(flags));
    BareSide { same_account, contract, owned_by_aws, unusual: contract != Contract::None || owned_by_aws }
}

pub(crate) fn resource_side<'a>(
    view: &View<'_>,
    request: &Request<'a>,
    flags: u32,
    parts: Option<Parts<'a>>,
    account: &[u8],
) -> Option<ResourceSide<'a>> {
    let mut side = ResourceSide {
        owner: NONE,
        owner_record: None,
        account: AccountOf::Caller,
        same_account: true,
        contract: Contract::None,
        grants: NONE,
        holder: NONE,
        own_rcps: false,
    };
    if view.world.resources {
        let (service, name) = parts.map_or((&[][..], &[][..]), |parts| (parts.service, parts.resource));
        if let Some(owner) = owner::owner(view, request.resource.as_bytes(), service, name) {
            let record = view.resource(owner)?;
            side.owner = owner;
            side.owner_record = Some(record);
            (side.grants, side.holder) = (record.policy, owner);
            side.own_rcps = record.rcp_count != NONE;
        }
    }
    let is_role = parts.is_some_and(|parts| parts.service == b"iam" && parts.resource.starts_with(b"role/"));
    if flags & f::ACTION_NO_CALLER_SIDE != 0 && !is_role {
        // Only a role's trust policy grants these (rule E8).
        (side.grants, side.holder) = (NONE, NONE);
    }
    side.contract = parts.map_or(Contract::None, |parts| parts.contract(flags));
    if is_role {
        trust(view, request, flags, &mut side)?;
    }
    let owner_account = side.owner_record.map_or(NONE, |record| record.account);
    if owner_account != NONE {
        side.account = AccountOf::Place(owner_account);
        side.same_account = view.string_bytes(view.account(owner_account)?.number)? == account;
    } else if let Some(owner) = request.resource_account {
        side.account = AccountOf::Text(owner);
        side.same_account = equal(owner.as_bytes(), account);
    } else if let Some(parts) = parts {
        if parts.other_account(account) {
            side.account = AccountOf::Text(core::str::from_utf8(parts.account).ok()?);
            side.same_account = false;
        } else if view.world.resources
            && side.owner == NONE
            && !parts.names_account()
            && owner::declares(view, parts.service)?
        {
            side.account = AccountOf::Nobody;
            side.same_account = false;
        }
    }
    Some(side)
}

/// A role as a resource: its trust policy speaks where it is to be assumed, and of nothing else (rule E8, DESIGN section 6).
#[cold]
fn trust(view: &View<'_>, request: &Request<'_>, flags: u32, side: &mut ResourceSide<'_>) -> Option<()> {
    if flags & f::ACTION_NEEDS_TRUST == 0 {
        (side.grants, side.holder) = (NONE, NONE);
        return Some(());
    }
    if side.grants == NONE
        && let Some(role) = principal::held(view, request.resource.as_bytes())
    {
        (side.grants, side.holder) = (view.principal(role)?.trust, OTHER_HOLDER | role);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;

    /// V6, E8: what is seen at a glance is what the parts say, over texts of pieces that matter, about every place where one might begin.
    #[test]
    fn v6_a_glance_sees_what_the_parts_say() {
        let window = *b"123456789012\x01\x02\x03\x04";
        let pieces = [
            "",
            ":",
            "arn",
            "aws",
            "kms",
            "s3",
            "iam",
            "key/",
            "key/1",
            "123456789012",
            "123456789013",
            "12345678901",
            "1234567890123",
            "12345678901x",
            "eu-central-1",
            "aws-us-gov",
            "role/a",
            "ä",
            "*",
            "a-part-that-is-longer-than-any-other",
        ];
        let mut state = 7_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        let (mut foreign, mut quick, mut keys) = (0, 0, 0);
        for round in 0..200_000 {
            let mut text = String::new();
            for part in 0..random(8) {
                if part > 0 {
                    text.push(':');
                }
                text.push_str(pieces[random(pieces.len())]);
            }
            if round % 3 == 0 {
                // An account where accounts stand, behind parts of all lengths.
                let account = pieces[9 + random(5)];
                let before = "x".repeat(random(34));
                let third = ["kms", "s3", ""][random(3)];
                let rest: String = "key/123".chars().take(random(8)).collect();
                text = match random(4) {
                    0 => alloc::format!("arn:{before}:{third}::{account}:{rest}"),
                    1 => alloc::format!("arn:aws:{before}::{account}:{rest}"),
                    2 => alloc::format!("arn:aws:{third}:{before}:{account}:{rest}"),
                    _ => alloc::format!("arn:aws:{third}:::{before}{account}"),
                };
            } else if round % 3 == 1 {
                text.insert_str(0, "arn:aws:");
            }
            let flags = [0, 0, 0, f::ACTION_NEEDS_TRUST, f::ACTION_WRITES_ROLE][random(5)];
            let said = [
                None,
                None,
                Some("123456789012"),
                Some("123456789013"),
                Some("1234567890123"),
                Some("12345678901"),
                Some(""),
            ][random(7)];
            let expected = slow_side(&text, said, flags, &window);
            let found = bare_side(&text, said, flags, &window);
            let all = |it: &BareSide| (it.same_account, it.contract, it.owned_by_aws, it.unusual);
            assert_eq!(all(&found), all(&expected), "{text} {said:?} {flags}");
            foreign += usize::from(!expected.same_account);
            keys += usize::from(expected.contract == Contract::Key);
            quick += usize::from(arn::glance(text.as_bytes(), &window).is_some());
        }
        // An account at every place, with every number of bytes behind it.
        for region in 0..40 {
            for behind in 0..20 {
                for account in ["123456789012:", "123456789013:", "1234567890130", "12345678901x:", ":", ""] {
                    let text =
                        alloc::format!("arn:aws:s3:{}:{account}{}", "r".repeat(region), "b".repeat(behind));
                    let (found, expected) =
                        (bare_side(&text, None, 0, &window), slow_side(&text, None, 0, &window));
                    assert_eq!(found.same_account, expected.same_account, "{text}");
                }
            }
        }
        assert!(foreign > 10_000 && quick > 50_000 && keys > 500, "{foreign} {quick} {keys}");
        // The shortest key, and what is too short to be one.
        assert!(bare_side("::kms:::key/", None, 0, &window).unusual);
        let short: Vec<&str> = Vec::from(["*", "", ":::::", "::kms:::key"]);
        assert!(short.iter().all(|text| !bare_side(text, None, 0, &window).unusual));
        for said in [None, Some("123456789012"), Some("123456789013"), Some("1234567890123"), Some("")] {
            let all = |it: BareSide| (it.same_account, it.contract, it.owned_by_aws, it.unusual);
            assert_eq!(
                all(side_of_all(said, &window)),
                all(slow_side("*", said, f::ACTION_WRITES_ROLE, &window))
            );
        }
    }

    #[test]
    fn v6_an_account_is_twelve_digits() {
        let account = *b"012345678999";
        assert!(are_digits(&account));
        for at in 0..account.len() {
            for byte in 0..=255_u8 {
                let mut other = account;
                other[at] = byte;
                assert_eq!(are_digits(&other), byte.is_ascii_digit(), "{at} {byte}");
            }
        }
    }
}
