//! Which rows of a diagram are left in each class of a classifier, found by going over the classes once.

use std::collections::BTreeSet;

use super::{Diagrams, NIL, Row, Test, node};
use crate::intern::HashMap;

/// The rows whose test of the classifier holds in the class that was reached, by what their next test is.
#[derive(Default)]
struct Active {
    /// No other test: they decide.
    denies: BTreeSet<u32>,
    allows: BTreeSet<u32>,
    /// Open still.
    open_denies: BTreeSet<u32>,
    open_allows: BTreeSet<u32>,
}

impl Active {
    fn of(&mut self, row: &Row, rest: u32) -> &mut BTreeSet<u32> {
        match (row.allows(), rest == NIL) {
            (false, true) => &mut self.denies,
            (true, true) => &mut self.allows,
            (false, false) => &mut self.open_denies,
            (true, false) => &mut self.open_allows,
        }
    }

    /// The rows that matter: a deny decides all, an allow all other allows (rule V1).
    fn rows(&self) -> Vec<u32> {
        if let Some(&deny) = self.denies.first() {
            return vec![deny];
        }
        let allows = match self.allows.first() {
            Some(allow) => std::slice::from_ref(allow).iter(),
            None => [].iter(),
        };
        let open = if self.allows.is_empty() { Some(&self.open_allows) } else { None };
        self.open_denies.iter().chain(allows).chain(open.into_iter().flatten()).copied().collect()
    }
}

impl Diagrams {
    /// The node that decides all tests of a classifier. Time: linear in the runs of all tests, and in what is left to decide behind it;
    /// `None` past the limits.
    pub(super) fn by_class(
        &mut self,
        classifier: u32,
        rows: &[Row],
        otherwise: u32,
    ) -> Option<Result<u32, Vec<u32>>> {
        let classes = self.classes.get(classifier as usize).copied().unwrap_or(0);
        // Places in `rows`: of those that do not ask for the class, and by class of those that begin or cease to hold.
        let mut others = Vec::new();
        let mut turns: Vec<(u32, u32)> = Vec::new();
        for (place, row) in (0..).zip(rows) {
            match self.split(row) {
                Some((Test::Class { classifier: own, set }, _)) if own == classifier => {
                    let runs = self.sets.get(set).map_or(&[][..], |set| set.runs());
                    self.attempt.take(2 * runs.len())?;
                    turns.extend(runs.iter().flat_map(|&(first, end)| [(first, place), (end, place)]));
                }
                _ => others.push(place),
            }
        }
        turns.sort_unstable();
        let mut active = Active::default();
        let mut ways: HashMap<Vec<u32>, u32> = HashMap::default();
        let mut runs: Vec<(u32, u32)> = Vec::new();
        let (mut class, mut turns) = (0, turns.into_iter().peekable());
        while class < classes {
            while let Some((_, place)) = turns.next_if(|turn| turn.0 == class) {
                let Some(row) = rows.get(place as usize) else { continue };
                let rest = self.split(row).map_or(NIL, |(_, rest)| rest);
                let rows = active.of(row, rest);
                // No two runs of one set touch: what holds already ceases to.
                if !rows.remove(&place) {
                    rows.insert(place);
                }
            }
            let left = active.rows();
            self.attempt.take(1 + left.len())?;
            let target = match ways.get(&left) {
                Some(&target) => target,
                None => {
                    let rest = self.left(classifier, rows, &others, &left)?;
                    let target = self.build(rest, otherwise)?;
                    ways.insert(left, target);
                    target
                }
            };
            if runs.last().is_none_or(|&(_, before)| before != target) {
                runs.push((class, target));
            }
            class = turns.peek().map_or(classes, |turn| turn.0);
        }
        Some(node::by_class(classifier, classes, &runs))
    }

    /// The rows that are left in a class, in their order, without the test.
    fn left(&mut self, classifier: u32, rows: &[Row], others: &[u32], left: &[u32]) -> Option<Vec<Row>> {
        self.attempt.take(others.len() + left.len())?;
        let mut places = [others, left].concat();
        places.sort_unstable();
        let row = |&place: &u32| {
            let row = *rows.get(place as usize)?;
            match self.split(&row) {
                Some((Test::Class { classifier: own, .. }, rest)) if own == classifier => {
                    Some(Row { tests: rest, ..row })
                }
                _ => Some(row),
            }
        };
        Some(places.iter().filter_map(row).collect())
    }
}
