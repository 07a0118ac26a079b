//! Hash consing: equal things get one id. Ids are given in the order of first sight, so that the same input gives the same ids.

use std::hash::Hash;

/// A map for looking up: its order differs from run to run, and where one is gone through, that must not show. Its seeds differ from run to run
/// too, so that names that collide in it are not known before.
pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;
/// The same for a set.
pub(crate) type HashSet<K> = std::collections::HashSet<K, foldhash::fast::RandomState>;

/// A table of distinct items. The map is for looking up only and is never iterated, so its order cannot reach the output. Whole items are
/// compared, never a digest alone.
#[derive(Clone, Debug)]
pub struct Interner<T> {
    items: Vec<T>,
    ids: HashMap<T, u32>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { items: Vec::new(), ids: HashMap::default() }
    }
}

impl<T: Clone + Eq + Hash> Interner<T> {
    /// The id of an item, a new one if it was not seen before. Constant time but for hashing the item.
    pub fn intern(&mut self, item: T) -> u32 {
        if let Some(&id) = self.ids.get(&item) {
            return id;
        }
        let id = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        self.items.push(item.clone());
        self.ids.insert(item, id);
        id
    }

    /// The id of an item that was seen.
    pub fn find(&self, item: &T) -> Option<u32> {
        self.ids.get(item).copied()
    }
}

impl<T: Clone + Eq + Hash> Interner<Vec<T>> {
    /// [`Interner::intern`] of a list that is only copied if it was not seen before.
    pub(crate) fn intern_list(&mut self, list: &[T]) -> u32 {
        match self.ids.get(list) {
            Some(&id) => id,
            None => self.intern(list.to_vec()),
        }
    }
}

impl<T> Interner<T> {
    /// The item behind an id.
    #[must_use]
    pub fn get(&self, id: u32) -> Option<&T> {
        self.items.get(id as usize)
    }

    /// All items, by id.
    #[must_use]
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// All items, by id, and nothing else any more.
    #[must_use]
    pub fn into_items(self) -> Vec<T> {
        self.items
    }

    /// Number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
