//! The order of the rules.
