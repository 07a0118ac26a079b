//! Checks of principals, accounts, resources, endpoints, and of what there is one of.

use alloc::vec;

use super::Counts;
use super::checks::{SideBySide, Starts, check, each, invalid, within};
use super::index::{index, packed_index};
use crate::error::LoadError;
use crate::format::{self as f, NONE, Section};
use crate::principal::{PrincipalKind, parts, sessions};
use crate::view::View;

/// Most bytes of a unique id, so that it fits what is made of it.
const UNIQUE_ID_BYTES: usize = 128;
/// Most levels of control policies, so that a decision can name one.
const LEVELS: u32 = 250;
/// How many times the bundle the places of accounts in their organization may take in a loaded bundle.
const SHARE: usize = 16;

/// What the records of this file refer to.
struct Known<'a> {
    counts: &'a Counts,
    sets: &'a Starts,
    accounts: u32,
    grants: u32,
}

impl Known<'_> {
    fn set(&self, set: u32) -> bool {
        self.sets.known(set)
    }

    fn optional_set(&self, set: u32) -> bool {
        set == NONE || self.set(set)
    }
}

/// Checks all of it.
pub(super) fn world(view: View<'_>, counts: &Counts, sets: &Starts, own: &[u32]) -> Result<(), LoadError> {
    let known = Known {
        counts,
        sets,
        accounts: view.count(Section::Accounts, f::Account::WORDS)?,
        grants: view.count(Section::Grants, f::Grants::WORDS)?,
    };
    let mut tags = SideBySide::new(Section::Tags, view.count(Section::Tags, f::Tag::WORDS)?);
    let mut levels = SideBySide::new(Section::Levels, view.count(Section::Levels, 1)?);
    accounts(view, &known, &mut levels)?;
    principals(view, &known, &mut tags)?;
    principal_classes(view, own)?;
    resources(view, &known, &mut tags, &mut levels)?;
    tags.finish()?;
    levels.finish()?;
    endpoints(view, &known)?;
    only(view, &known)?;
    each!(view, Tags, Tag, tag, |at, tag| {
        let strings = counts.strings.known(tag.key) && counts.strings.known(tag.value);
        check(strings, Section::Tags, at, "unknown string")?;
    });
    for at in 0..view.count(Section::Levels, 1)? {
        let set = view.word(Section::Levels, at).ok_or(invalid(Section::Levels, at, "unreadable"))?;
        check(known.set(set), Section::Levels, at, "unknown set")?;
    }
    each!(view, Grants, Grants, grants, |at, grants| {
        let sets = [grants.direct, grants.session, grants.account];
        check(sets.iter().all(|&set| known.set(set)), Section::Grants, at, "unknown set")?;
    });
    Ok(())
}

fn principals(view: View<'_>, known: &Known<'_>, tags: &mut SideBySide) -> Result<(), LoadError> {
    if view.is_packed() {
        return packed_principals(view, known, tags);
    }
    let (section, strings) = (Section::Principals, &known.counts.strings);
    each!(view, Principals, Principal, whole_principal, |at, principal| {
        let texts = [principal.arn, principal.name, principal.behind];
        check(texts.iter().all(|&text| strings.known(text)), section, at, "unknown string")?;
        check(strings.optional(principal.unique_id), section, at, "unknown string")?;
        let id = if principal.unique_id == NONE { None } else { view.string_bytes(principal.unique_id) };
        check(id.is_none_or(is_short), section, at, "a unique id of more than 128 bytes")?;
        check(known.set(principal.identity), section, at, "unknown identity set")?;
        common(view, known, section, at, &principal)?;
        tags.take(principal.tags, principal.tag_count, section, at)?;
    });
    let count = view.count(section, f::Principal::WORDS)?;
    let principal = |id| view.principal(id);
    names(view, known, Section::PrincipalIndex, count, &|id| Some(principal(id)?.arn), &|id| {
        Some(principal(id)?.identity)
    })?;
    names(view, known, Section::BehindIndex, count, &|id| Some(principal(id)?.behind), &|_| Some(0))
}

fn is_short(unique_id: &[u8]) -> bool {
    unique_id.len() <= UNIQUE_ID_BYTES
}

/// What a principal shares with others where they are packed.
fn common(
    view: View<'_>,
    known: &Known<'_>,
    section: Section,
    at: u32,
    principal: &f::Principal,
) -> Result<(), LoadError> {
    check(principal.kind <= f::PRINCIPAL_SERVICE_LINKED, section, at, "unknown kind")?;
    check(known.optional_set(principal.boundary), section, at, "unknown boundary set")?;
    let digits = principal.account().iter().all(u8::is_ascii_digit);
    check(digits, section, at, "an account of other than digits")?;
    check(principal.place < known.accounts, section, at, "unknown account")?;
    let number = view.account(principal.place).and_then(|account| view.string_bytes(account.number));
    check(number == Some(&principal.account()), section, at, "not the number of its account")?;
    check(principal.trust == NONE || principal.trust < known.grants, section, at, "unknown grants")
}

fn packed_principals(view: View<'_>, known: &Known<'_>, tags: &mut SideBySide) -> Result<(), LoadError> {
    let (section, strings) = (Section::Profiles, &known.counts.strings);
    each!(view, Profiles, Profile, profile, |at, profile| {
        let id = [NONE, f::BEHIND_ARN].contains(&profile.unique_id);
        check(id, section, at, "an unknown way to a unique id")?;
        let principal = f::PackedPrincipal { arn: 0, identity: 0, profile: at }.with(profile);
        common(view, known, section, at, &principal)?;
        tags.share(profile.tags, profile.tag_count, section, at)?;
    });
    let section = Section::Principals;
    let (mut named, profiles) = (strings.bits(), view.count(Section::Profiles, f::Profile::WORDS)?);
    each!(view, Principals, PackedPrincipal, packed_principal, |at, principal| {
        check(principal.profile < profiles, section, at, "unknown profile")?;
        check(known.set(principal.identity), section, at, "unknown identity set")?;
        check(strings.known(principal.arn), section, at, "unknown string")?;
        check(named.insert(principal.arn), section, at, "a name stands twice")?;
        let whole = view.principal(at).ok_or(invalid(section, at, "unreadable"))?;
        let text = view.string(principal.arn).unwrap_or("");
        let told = f::tells_all(text, &whole.account(), whole.kind == f::PRINCIPAL_USER);
        check(told, section, at, "an ARN that does not tell its account, kind and name")?;
        let has_id = whole.unique_id != NONE;
        let id = if has_id { view.behind_string(principal.arn) } else { None };
        let id = id.filter(|&id| strings.known(id)).and_then(|id| view.string_bytes(id));
        check(
            !has_id || id.is_some_and(is_short),
            section,
            at,
            "no unique id, or one of more than 128 bytes",
        )?;
    });
    let count = view.principal_count()?;
    let arn = |id| view.string_bytes(view.packed_principal(id)?.arn);
    packed_index(view, count, arn)?;
    behind_index(view, known, count)
}

/// What stands behind sessions, of packed principals: in the table are some, which those are whose ARN does not say it.
fn behind_index(view: View<'_>, known: &Known<'_>, count: u32) -> Result<(), LoadError> {
    let section = Section::BehindIndex;
    let (table, strings) = (view.index(section), &known.counts.strings);
    let (mut by_id, mut ids, mut held) = (vec![NONE; count as usize], Starts::new(count), 0);
    for place in 0..table.slots {
        let [_, entry, string, _] = view.slot(table, place).ok_or(invalid(section, place, "unreadable"))?;
        let Some(id) = entry.checked_sub(1) else { continue };
        check(id < count && !ids.known(id), section, place, "unknown id, or one that stands twice")?;
        check(strings.known(string), section, place, "unknown string")?;
        let principal = view.principal(id).ok_or(invalid(section, place, "unreadable"))?;
        let of = parts(PrincipalKind::Held, view.string(principal.arn).unwrap_or(""));
        let wanted = sessions(&of, principal.kind == f::PRINCIPAL_USER);
        let same = wanted.is_some_and(|wanted| view.string(string) == Some(wanted.text()));
        check(same, section, place, "not what stands behind its sessions")?;
        ids.set(id);
        by_id.iter_mut().skip(id as usize).take(1).for_each(|to| *to = string);
        held += 1;
    }
    let string = |id: u32| by_id.get(id as usize).copied();
    index(view, section, held, &ids, |_| 0, |id| view.string_bytes(string(id)?), |id| Some([string(id)?, 0]))
}

/// The classes of the keys that principals define: a class of each classifier, in order, for every principal.
fn principal_classes(view: View<'_>, own: &[u32]) -> Result<(), LoadError> {
    let section = Section::PrincipalClasses;
    let (words, each) = (view.count(section, 1)?, own.len() as u32);
    let whole = if each == 0 { words == 0 } else { words.is_multiple_of(each) };
    check(whole, section, 0, "not as many classes as classifiers ask for")?;
    for (at, classes) in (0..words).zip(own.iter().cycle()) {
        let known = view.word(section, at).is_some_and(|class| class < *classes);
        check(known, section, at, "unknown class")?;
    }
    let known = |first: u32| {
        if each == 0 { first == 0 } else { first.is_multiple_of(each) && within(first, each, words) }
    };
    if view.is_packed() {
        each!(view, Profiles, Profile, profile, |at, profile| {
            check(known(profile.classes), Section::Profiles, at, "unknown classes")?;
        });
        return Ok(());
    }
    each!(view, Principals, Principal, whole_principal, |at, principal| {
        check(known(principal.classes), Section::Principals, at, "unknown classes")?;
    });
    Ok(())
}

/// The hash table over the names of all records of a section. No two of them share a string: shared names would make the work along them
/// more than linear.
fn names(
    view: View<'_>,
    known: &Known<'_>,
    section: Section,
    count: u32,
    name: &dyn Fn(u32) -> Option<u32>,
    behind: &dyn Fn(u32) -> Option<u32>,
) -> Result<(), LoadError> {
    let (mut named, mut ids) = (known.counts.strings.bits(), Starts::new(count));
    for id in 0..count {
        let string = name(id).ok_or(invalid(section, id, "unreadable"))?;
        check(named.insert(string), section, id, "a name stands twice")?;
        ids.set(id);
    }
    let rest = |id| Some([name(id)?, behind(id)?]);
    index(view, section, count, &ids, |_| 0, |id| view.string_bytes(name(id)?), rest)
}

/// Takes the levels of a record; none where they do not apply.
fn take(levels: &mut SideBySide, first: u32, count: u32, owner: Section, at: u32) -> Result<(), LoadError> {
    if count == NONE {
        return check(first == 0, owner, at, "a level where none apply");
    }
    check(count <= LEVELS, owner, at, "more than 250 levels")?;
    levels.take(first, count, owner, at).map(|_| ())
}

fn accounts(view: View<'_>, known: &Known<'_>, levels: &mut SideBySide) -> Result<(), LoadError> {
    let (section, strings) = (Section::Accounts, &known.counts.strings);
    let mut bytes = 0;
    each!(view, Accounts, Account, account, |at, account| {
        let texts = strings.known(account.number)
            && strings.optional(account.organization)
            && strings.optional(account.path);
        check(texts, section, at, "unknown string")?;
        take(levels, account.scps, account.scp_count, section, at)?;
        take(levels, account.rcps, account.rcp_count, section, at)?;
        bytes +=
            if account.path == NONE { 0 } else { view.string_bytes(account.path).map_or(0, <[u8]>::len) };
        // A loaded bundle holds them as texts.
        check(bytes <= view.bytes.len().saturating_mul(SHARE), section, at, "places take too much room")?;
    });
    names(view, known, Section::AccountIndex, known.accounts, &|id| Some(view.account(id)?.number), &|_| {
        Some(0)
    })
}

fn resources(
    view: View<'_>,
    known: &Known<'_>,
    tags: &mut SideBySide,
    levels: &mut SideBySide,
) -> Result<(), LoadError> {
    let (section, strings) = (Section::Resources, &known.counts.strings);
    each!(view, Resources, Resource, resource, |at, resource| {
        check(strings.known(resource.arn), section, at, "unknown string")?;
        let account = resource.account == NONE || resource.account < known.accounts;
        check(account, section, at, "unknown account")?;
        check(resource.policy == NONE || resource.policy < known.grants, section, at, "unknown grants")?;
        if resource.tag_count == NONE {
            check(resource.tags == 0, section, at, "a tag where the request says them")?;
        } else {
            tags.take(resource.tags, resource.tag_count, section, at)?;
        }
        take(levels, resource.rcps, resource.rcp_count, section, at)?;
    });
    let count = view.count(section, f::Resource::WORDS)?;
    names(view, known, Section::ResourceIndex, count, &|id| Some(view.resource(id)?.arn), &|_| Some(0))?;
    let section = Section::DeclaredServices;
    let mut before: Option<&[u8]> = None;
    for at in 0..view.count(section, 1)? {
        let string = view.word(section, at).ok_or(invalid(section, at, "unreadable"))?;
        check(strings.known(string), section, at, "unknown string")?;
        let text = view.string_bytes(string).ok_or(invalid(section, at, "unreadable"))?;
        check(before.is_none_or(|before| before < text), section, at, "not ascending")?;
        before = Some(text);
    }
    Ok(())
}

fn endpoints(view: View<'_>, known: &Known<'_>) -> Result<(), LoadError> {
    let section = Section::Endpoints;
    each!(view, Endpoints, Endpoint, endpoint, |at, endpoint| {
        check(known.counts.strings.known(endpoint.id), section, at, "unknown string")?;
        check(known.set(endpoint.set), section, at, "unknown set")?;
    });
    let count = view.count(section, f::Endpoint::WORDS)?;
    names(view, known, Section::EndpointIndex, count, &|id| Some(view.endpoint(id)?.id), &|_| Some(0))
}

/// What there is one of.
fn only(view: View<'_>, known: &Known<'_>) -> Result<(), LoadError> {
    let section = Section::World;
    check(view.count(section, f::World::WORDS)? == 1, section, 0, "not one record")?;
    let sets = known.optional_set(view.world.endpoint) && known.optional_set(view.world.session);
    check(sets, section, 0, "unknown set")
}
