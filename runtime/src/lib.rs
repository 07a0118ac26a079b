//! x
pub mod decision;
