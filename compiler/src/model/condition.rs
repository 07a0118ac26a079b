//! Conditions: operators, keys and parsed operands (rules C1–C11, X1).

use std::fmt;

use bincode::{Decode, Encode};

use crate::pattern::Glob;

/// One operator applied to one key.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Condition {
    /// The operator.
    pub operator: Operator,
    /// The context key in lower case (rule C2).
    pub key: Box<str>,
    /// The key as written.
    pub key_text: Box<str>,
    /// The values, never empty (rule P2); any may match, or with a negated operator none (rule C1).
    pub operands: Vec<Operand>,
}

/// A condition operator with its prefix and suffix (rule C3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub struct Operator {
    /// `ForAnyValue:` or `ForAllValues:`.
    pub set: Option<SetPrefix>,
    /// The comparison.
    pub base: BaseOperator,
    /// Whether `IfExists` follows; never on `Null`.
    pub if_exists: bool,
}

/// A set prefix (rule C5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub enum SetPrefix {
    /// At least one request value must match.
    ForAnyValue,
    /// Every request value must match.
    ForAllValues,
}

macro_rules! operators {
    ($($name:ident)*) => {
        /// The comparisons (rule C3).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
        #[allow(missing_docs, reason = "the names are AWS's")]
        pub enum BaseOperator { $($name),* }

        impl BaseOperator {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name as AWS writes it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

operators! {
    StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike
    NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals NumericGreaterThan NumericGreaterThanEquals
    DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan DateGreaterThanEquals
    Bool BinaryEquals IpAddress NotIpAddress ArnEquals ArnLike ArnNotEquals ArnNotLike Null
}

impl BaseOperator {
    /// Whether it holds where none of the values matches (rule C1).
    #[must_use]
    pub fn is_negated(self) -> bool {
        matches!(
            self,
            Self::StringNotEquals
                | Self::StringNotEqualsIgnoreCase
                | Self::StringNotLike
                | Self::NumericNotEquals
                | Self::DateNotEquals
                | Self::NotIpAddress
                | Self::ArnNotEquals
                | Self::ArnNotLike
        )
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.set {
            Some(SetPrefix::ForAnyValue) => f.write_str("ForAnyValue:")?,
            Some(SetPrefix::ForAllValues) => f.write_str("ForAllValues:")?,
            None => {}
        }
        f.write_str(self.base.name())?;
        if self.if_exists { f.write_str("IfExists") } else { Ok(()) }
    }
}

/// One value of a condition: its text as written and what it means under its operator.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub struct Operand {
    /// What it means.
    pub form: OperandForm,
    /// As written; JSON booleans and numbers as their text.
    pub text: Box<str>,
}

/// A parsed operand; which variant stands is fixed by the operator.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub enum OperandForm {
    /// `String…Equals…` and `Bool` with a variable: literals and variables, no wildcards.
    Text(Glob),
    /// `StringLike`, `StringNotLike`: literals, variables and wildcards.
    Like(Glob),
    /// `Arn…`: six parts, each compared by itself (rule C7).
    Arn(Box<[Glob; 6]>),
    /// `Arn…` with fewer than six parts: matches nothing (rule C7).
    ArnNothing,
    /// `Numeric…`: canonical decimal text (rule C9): no plus sign, no leading zeros but one before the point, no trailing
    /// zeros behind it, no negative zero.
    Number(Box<str>),
    /// `Date…`: seconds since 1970-01-01T00:00:00Z, and the digits of the fraction without trailing zeros.
    Date {
        /// Seconds, rounded down.
        seconds: i64,
        /// Digits of the fraction.
        fraction: Box<str>,
    },
    /// `Bool` without a variable, and `Null`.
    Bool(bool),
    /// `BinaryEquals`: canonical base64, which equals exactly where its bytes do (rule C11).
    Binary(Box<str>),
    /// `IpAddress`, `NotIpAddress`: the first address of the block with host bits masked, and the prefix length. IPv4 in the first
    /// four bytes.
    Ip {
        /// Whether it is IPv6.
        v6: bool,
        /// Network order.
        address: [u8; 16],
        /// Prefix length in bits.
        prefix: u8,
    },
}
