//! Classifiers of numbers and moments: below the first threshold, the first, between the first and the second, and so on. So what an
//! operator asks of one operand is one run of classes.

use std::borrow::Cow;
use std::hash::Hash;

use portcullis_runtime::format::class;
use portcullis_runtime::value::number::Number;

use super::class_set::Run;
use super::{Classifier, Classifiers, Member, Reading, Table};
use crate::intern::HashMap;
use crate::model::{BaseOperator, OperandForm};

/// The classes in which a value is to the threshold with this class what an operator asks for, negation aside.
fn run(operator: BaseOperator, threshold: u32, classes: u32) -> Run {
    use BaseOperator as B;
    match operator {
        B::NumericLessThan | B::DateLessThan => (class::ORDERED, threshold),
        B::NumericLessThanEquals | B::DateLessThanEquals => (class::ORDERED, threshold + 1),
        B::NumericGreaterThan | B::DateGreaterThan => (threshold + 1, classes),
        B::NumericGreaterThanEquals | B::DateGreaterThanEquals => (threshold, classes),
        _ => (threshold, threshold + 1),
    }
}

impl Classifiers {
    /// Time: distinct numbers times their logarithm.
    pub(super) fn numbers(&mut self, key: &str, members: &[Member<'_>]) {
        let texts = members.iter().flat_map(|(_, atom)| &atom.operands).filter_map(|operand| match operand {
            OperandForm::Number(text) => Some(&**text),
            _ => None,
        });
        let mut texts: Vec<&str> = texts.collect();
        // The texts are canonical: equal numbers have equal texts.
        texts.sort_unstable();
        texts.dedup();
        let mut numbers: Vec<(Option<Number<'_>>, &str)> =
            texts.into_iter().map(|text| (Number::parse(text), text)).collect();
        numbers.sort_by(|(a, _), (b, _)| {
            let order = a.as_ref().zip(b.as_ref()).map(|(a, b)| a.compare(b));
            order.unwrap_or(std::cmp::Ordering::Equal)
        });
        let numbers: Vec<&str> = numbers.into_iter().map(|(_, text)| text).collect();
        let table = Table::Numbers(numbers.iter().map(|&text| text.into()).collect());
        self.thresholds(key, Reading::Number, table, numbers, members, |operand| match operand {
            OperandForm::Number(text) => Some(&**text),
            _ => None,
        });
    }

    /// Time: distinct moments times their logarithm.
    pub(super) fn dates(&mut self, key: &str, members: &[Member<'_>]) {
        fn moment(operand: &OperandForm) -> Option<(i64, &str)> {
            match operand {
                OperandForm::Date { seconds, fraction } => Some((*seconds, fraction)),
                _ => None,
            }
        }
        let operands = members.iter().flat_map(|(_, atom)| &atom.operands);
        let mut moments: Vec<(i64, &str)> = operands.filter_map(moment).collect();
        moments.sort_unstable();
        moments.dedup();
        let table =
            Table::Dates(moments.iter().map(|&(seconds, fraction)| (seconds, fraction.into())).collect());
        self.thresholds(key, Reading::Date, table, moments, members, moment);
    }

    fn thresholds<'a, T: Eq + Hash>(
        &mut self,
        key: &str,
        reading: Reading,
        table: Table,
        ascending: Vec<T>,
        members: &[Member<'a>],
        value: impl Fn(&'a OperandForm) -> Option<T>,
    ) {
        let classes = class::ORDERED + 2 * ascending.len() as u32 + 1;
        let class_of: HashMap<T, u32> =
            ascending.into_iter().zip((class::ORDERED + 1..).step_by(2)).collect();
        self.add(Classifier { key: key.into(), reading, classes, table }, members, |operator, operand| {
            let threshold = value(operand).and_then(|value| class_of.get(&value));
            threshold.map_or(Cow::Borrowed(&[]), |&it| Cow::Owned(vec![run(operator, it, classes)]))
        });
    }
}
