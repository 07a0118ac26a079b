//! Questions about a model, or about two, that are more than one decision: why a request gets what it gets, what changes, who can do what.
//!
//! In: the models, which bundles carry, and a question. Out: findings as data; whoever asks words them. Every analysis stands on the
//! reference evaluator and is as pure as it is: `explain` looks at the examination of one request; all others walk the automata of whole
//! regions of requests (`universe` says two worlds in common terms, `scene` who asks and where, `regions` which actions, resources and contexts,
//! from `space`, `logic`, `solve` and `values`; `cover` says a region in few patterns), and every example that they show is one that the
//! reference evaluator decides so.

mod apart;
mod callers;
mod cover;
pub mod diff;
mod examples;
pub mod explain;
pub mod graph;
mod limits;
mod logic;
mod members;
pub mod reach;
mod regions;
mod scene;
mod solve;
mod space;
mod survey;
mod universe;
mod values;

/// Maps that are only looked up in; where one is gone through, its order does not show.
type HashMap<K, V> = std::collections::HashMap<K, V, foldhash::fast::FixedState>;
type HashSet<K> = std::collections::HashSet<K, foldhash::fast::FixedState>;

pub use callers::{Asker, AskerKind};
pub use cover::Term;
pub use members::{account, principals};
pub use scene::Place;
