//! Portcullis: access policies compiled into decision automata. The facade for programs that compile policies, and the command line.
//!
//! A build script compiles with [`Builder`], a gateway decides with [`runtime::Bundle`]. A gateway that only decides needs
//! `portcullis-runtime` alone.
#![forbid(unsafe_code)]

pub mod ask;
pub mod assume;
mod build;
pub mod cache;
#[cfg(feature = "cli")]
pub mod cli;
pub mod files;
mod imports;
#[cfg(feature = "tower")]
pub mod layer;
#[cfg(feature = "live")]
pub mod live;
#[cfg(feature = "cli")]
mod render;
#[cfg(feature = "serve")]
pub mod server;
#[cfg(feature = "live")]
pub mod trust;

pub use build::{BuildError, Builder, Read};
pub use portcullis_compiler as compiler;
pub use portcullis_grammar as grammar;
pub use portcullis_runtime as runtime;
