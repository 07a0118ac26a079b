//! Questions about a model that are more than one decision: why a request gets what it gets.
//!
//! In: the model, which a bundle carries, and a question. Out: findings as data; whoever asks words them. Every analysis stands on the
//! reference evaluator and is as pure as it is.

pub mod explain;
pub mod graph;
