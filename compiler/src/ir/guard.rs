//! Guards: the conditions of a rule in canonical form.
//!
//! A statement's conditions all must hold (rule C1), so its decision diagram over atoms is a chain; it is stored as the sorted list of its
//! atoms, each once.

use std::fmt;

use super::text::word;
use crate::model::{Condition, OperandForm, Operator};
use crate::pattern::Glob;

/// One operator applied to one key, values sorted and each once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Atom {
    /// Key in lower case.
    pub key: Box<str>,
    /// Operator.
    pub operator: Operator,
    /// Values.
    pub operands: Vec<OperandForm>,
}

/// Atom ids that all must hold, in the order of the atoms' texts; never empty.
pub type Guard = Vec<u32>;

impl Atom {
    /// The canonical form of a condition.
    #[must_use]
    pub fn of(condition: &Condition) -> Self {
        let mut operands: Vec<OperandForm> =
            condition.operands.iter().map(|operand| operand.form.clone()).collect();
        operands.sort_unstable();
        operands.dedup();
        Self { key: condition.key.clone(), operator: condition.operator, operands }
    }
}

fn write_parts(f: &mut fmt::Formatter<'_>, parts: &[Glob; 6]) -> fmt::Result {
    let texts: Vec<String> = parts.iter().map(ToString::to_string).collect();
    write!(f, "{:?}", texts.join(":"))
}

/// An operand as people read it: texts in quotes, all else bare.
struct OperandText<'a>(&'a OperandForm);

impl fmt::Display for OperandText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            OperandForm::Text(glob) | OperandForm::Like(glob) => write!(f, "{:?}", glob.to_string()),
            OperandForm::Arn(parts) => write_parts(f, parts),
            OperandForm::ArnNothing => f.write_str("nothing"),
            OperandForm::Number(number) => f.write_str(number),
            OperandForm::Date { seconds, fraction } if fraction.is_empty() => write!(f, "@{seconds}"),
            OperandForm::Date { seconds, fraction } => write!(f, "@{seconds}.{fraction}"),
            OperandForm::Bool(value) => write!(f, "{value}"),
            OperandForm::Binary(base64) => write!(f, "base64 {base64}"),
            OperandForm::Ip { v6: true, address, prefix } => {
                write!(f, "{}/{prefix}", std::net::Ipv6Addr::from(*address))
            }
            OperandForm::Ip { v6: false, address: [a, b, c, d, ..], prefix } => {
                write!(f, "{a}.{b}.{c}.{d}/{prefix}")
            }
        }
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operator, word(&self.key))?;
        for (index, operand) in self.operands.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { " " } else { ", " }, OperandText(operand))?;
        }
        Ok(())
    }
}
