//! Classifiers of addresses. Two blocks are nested or apart, so the innermost block around an address says all of them: a class for each
//! block, numbered so that a block's classes and those of the blocks in it are one run.

use std::borrow::Cow;
use std::collections::BTreeMap;

use portcullis_runtime::format::class;

use super::class_set::Run;
use super::{Classifier, Classifiers, Member, Reading, Table};
use crate::model::OperandForm;

/// Family, first address and prefix: in this order a block stands before the blocks in it.
type Block = (bool, u128, u8);

fn block(operand: &OperandForm) -> Option<Block> {
    match operand {
        OperandForm::Ip { v6, address, prefix } => Some((*v6, u128::from_be_bytes(*address), *prefix)),
        _ => None,
    }
}

/// The last address of a block, all bits behind the prefix set; IPv4 stands in the first four bytes.
fn last((_, first, prefix): Block) -> u128 {
    first | u128::MAX.checked_shr(u32::from(prefix)).unwrap_or(0)
}

/// The first address of every interval of one family, with its class.
struct Intervals {
    table: Vec<(u128, u32)>,
    /// The blocks around the address that was reached, the innermost last: last address, and class.
    around: Vec<(u128, u32)>,
}

impl Intervals {
    fn new() -> Self {
        Self { table: vec![(0, class::OTHER)], around: Vec::new() }
    }

    /// From an address on, another class.
    fn turn(&mut self, start: u128, class: u32) {
        if self.table.last().is_some_and(|&(last, _)| last == start) {
            self.table.pop();
        }
        if self.table.last().is_none_or(|&(_, before)| before != class) {
            self.table.push((start, class));
        }
    }

    /// Leaves the blocks that end before an address; all of them if there is none.
    fn leave(&mut self, before: Option<u128>) {
        while let Some(&(last, _)) = self.around.last() {
            if before.is_some_and(|before| last >= before) {
                return;
            }
            self.around.pop();
            let outside = self.around.last().map_or(class::OTHER, |&(_, class)| class);
            if let Some(behind) = last.checked_add(1) {
                self.turn(behind, outside);
            }
        }
    }
}

impl Classifiers {
    /// Time: distinct blocks times their logarithm.
    pub(super) fn addresses(&mut self, key: &str, members: &[Member<'_>]) {
        let operands = members.iter().flat_map(|(_, atom)| &atom.operands);
        let mut runs: BTreeMap<Block, Run> =
            operands.filter_map(block).map(|block| (block, (0, 0))).collect();
        let [mut v4, mut v6] = [Intervals::new(), Intervals::new()];
        let mut classes = class::OTHER + 1;
        // The blocks around the one that was reached, the innermost last; once one is left, its classes are all given.
        let mut open: Vec<Block> = Vec::new();
        let mut ended: Vec<(Block, u32)> = Vec::new();
        for (&block, run) in &mut runs {
            let family = if block.0 { &mut v6 } else { &mut v4 };
            family.leave(Some(block.1));
            while let Some(&outer) = open.last().filter(|&&outer| outer.0 != block.0 || last(outer) < block.1)
            {
                ended.push((outer, classes));
                open.pop();
            }
            open.push(block);
            family.around.push((last(block), classes));
            family.turn(block.1, classes);
            *run = (classes, classes + 1);
            classes += 1;
        }
        ended.extend(open.into_iter().map(|block| (block, classes)));
        for (block, end) in ended {
            if let Some(run) = runs.get_mut(&block) {
                run.1 = end;
            }
        }
        v4.leave(None);
        v6.leave(None);
        let table = Table::Addresses { v4: v4.table, v6: v6.table };
        let classifier = Classifier { key: key.into(), reading: Reading::Address, classes, table };
        self.add(classifier, members, |_, operand| {
            let run = block(operand).and_then(|block| runs.get(&block));
            run.map_or(Cow::Borrowed(&[]), |run| Cow::Borrowed(std::slice::from_ref(run)))
        });
    }
}
