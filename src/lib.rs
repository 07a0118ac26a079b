//! Portcullis: access policies compiled into decision automata. The facade for programs that compile policies, and the command line.
//!
//! A gateway that only decides needs `portcullis-runtime` alone.

pub mod ask;

pub use portcullis_compiler as compiler;
pub use portcullis_grammar as grammar;
pub use portcullis_runtime as runtime;
