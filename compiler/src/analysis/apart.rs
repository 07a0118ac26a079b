//! Conditions that are left open and yet not the same in two worlds.
//!
//! What a condition compares with may be a variable (`s3:prefix = "${aws:PrincipalTag/team}"`), whose value is fixed in either world and
//! differs: by a tag that changed, a resource's or a principal's; and a role that was made anew has sessions with another id. Such a condition
//! counts as two, one for either world, though its text is the same.

use std::collections::BTreeMap;

use super::scene::Layers;
use super::solve::{USER_ID, role_id};
use super::universe::{Known, Universe};
use crate::reference::Fixed;
use crate::request::ContextValue;

/// Conditions with this bit are as the old world has them.
const OLD: u32 = 1 << 29;

/// The number of a condition in [`Universe::atoms`].
pub(super) fn number(atom: u32) -> u32 {
    atom & !OLD
}

/// What is fixed in the world that a condition belongs to.
pub(super) fn fixed(layers: &[Layers], atom: u32) -> Option<&Fixed> {
    let side = if atom & OLD == 0 { layers.last() } else { layers.first() };
    side.map(|layers| &layers.fixed)
}

/// Marks the old world's conditions that are not the new one's, though they read the same.
pub(super) fn tell_apart(universe: &Universe<'_>, layers: &mut [Layers]) {
    let [old, new] = layers else { return };
    if old.fixed == new.fixed {
        return;
    }
    let differs =
        |atom: u32| known(universe, atom).is_some_and(|known| keys(known, old, new).next().is_some());
    let mut marked = old.rules.clone();
    for rule in &mut marked {
        for atom in rule.guard.iter_mut().filter(|atom| differs(**atom)) {
            *atom |= OLD;
        }
        rule.guard.sort_unstable();
    }
    marked.sort_unstable();
    old.rules = marked;
}

/// For people: the values that tell conditions apart which read the same, by condition.
pub(super) fn told(universe: &Universe<'_>, layers: &[Layers]) -> BTreeMap<u32, String> {
    let mut told = BTreeMap::new();
    let [old, new] = layers else { return told };
    for &atom in old.rules.iter().flat_map(|rule| &rule.guard).filter(|atom| **atom & OLD != 0) {
        let Some(known) = known(universe, atom) else { continue };
        for (number, side) in [(atom, old), (number(atom), new)] {
            let values = keys(known, old, new).map(|key| match side.fixed.held(key) {
                Some(ContextValue::One(id)) if key == USER_ID => {
                    format!("{key} is {}:…", role_id(id).unwrap_or(id))
                }
                Some(ContextValue::One(text)) => format!("{key} is {text:?}"),
                Some(ContextValue::Many(texts)) => format!("{key} is {texts:?}"),
                None => format!("without {key}"),
            });
            told.insert(number, values.collect::<Vec<_>>().join(", "));
        }
    }
    told
}

fn known<'u>(universe: &'u Universe<'_>, atom: u32) -> Option<&'u Known> {
    universe.atoms.get(number(atom) as usize)
}

/// The keys of a condition that are fixed otherwise in the new world.
fn keys<'k>(known: &'k Known, old: &Layers, new: &Layers) -> impl Iterator<Item = &'k String> {
    let id = |layers: &Layers| match layers.fixed.held(USER_ID) {
        Some(ContextValue::One(id)) => role_id(id).map(str::to_owned),
        _ => None,
    };
    // The name of a session is whoever's who takes the role; the id before it is not.
    let another_id = id(old).zip(id(new)).is_some_and(|(old, new)| old != new);
    known
        .keys
        .iter()
        .filter(move |key| old.fixed.get(key) != new.fixed.get(key) || another_id && key.as_str() == USER_ID)
}
