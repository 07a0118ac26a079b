//! The reference evaluator: the oracle that bundles are compared with.
//!
//! In: the model and a request. Out: the decision that SEMANTICS.md gives, rule by rule, each named where it is applied. It is slow and
//! obvious on purpose, and it shares no matching and no reading of values with the compiler or the runtime: it starts from the texts that
//! the model keeps (`ActionPattern::text`, `ResourcePattern::text`, `PrincipalEntry::text`, `Operand::text`, `Condition::key_text`), never
//! from their parsed forms, so that a mistake in reading shows as a difference instead of being made twice.
//!
//! One file a concept: `situation` reads the request, `principal` tells who asks, `resource` what is asked for (V6, E8, E11), `layers` and
//! `organization` find the policies that bear on it (I, E), `evaluate` asks every layer of them, `combine` weighs what they say (V1, V5, E);
//! `statement` compares one statement part by part (A, R), `principals` its principal element (N), `condition` one condition (C1–C6),
//! `variables` and `glob` the patterns (X, R1), `values` numbers, dates, addresses and bytes (C9–C11), `context` the request's keys (C12).
//!
//! `analysis` looks at the same examination of every statement that the decision is made from.

pub mod combine;
mod condition;
mod context;
mod decision;
mod evaluate;
mod fixed;
mod glob;
mod layers;
mod organization;
mod principal;
mod principals;
mod resource;
mod situation;
mod statement;
mod values;
mod variables;

pub use decision::{Deciding, Decision};
pub use evaluate::decide;
pub use principals::Level;

pub(crate) use evaluate::{Examined, Found, Layers};
pub(crate) use fixed::{Fixed, TAGGED, keys as condition_keys};
pub(crate) use layers::Located;
pub(crate) use resource::{contract, is_owned_by_aws, is_role, owner};
pub(crate) use situation::{Names, Situation};
pub(crate) use statement::actions as names_action;
pub(crate) use values::date::text as date_text;
pub(crate) use variables::variable_keys;

#[cfg(test)]
#[path = "reference/tests/support.rs"]
pub(crate) mod support;
