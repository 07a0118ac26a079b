//! The reference evaluator: the oracle that bundles are compared with.
//!
//! In: the model and a request. Out: the decision that SEMANTICS.md gives, rule by rule, each named where it is applied. It is slow and
//! obvious on purpose, and it shares no matching and no reading of values with the compiler or the runtime: it starts from the texts that
//! the model keeps (`ActionPattern::text`, `ResourcePattern::text`, `Operand::text`, `Condition::key_text`), never from their parsed forms,
//! so that a mistake in reading shows as a difference instead of being made twice.
//!
//! One file a concept: `evaluate` is the flow of V, E and C12's request side, `principal` tells who asks, `layers` finds the policies that
//! bear on it (I), `statement` matches one statement (A, R), `condition` one condition (C1–C6), `variables` and `glob` the patterns (X, R1),
//! `values` numbers, dates, addresses and bytes (C9–C11), `context` the request's keys (C12).

mod condition;
mod context;
mod evaluate;
mod glob;
mod layers;
mod principal;
mod statement;
mod values;
mod variables;

pub use evaluate::{Deciding, Decision, decide};
