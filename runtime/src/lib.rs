//! Loads a Portcullis bundle and decides requests.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod decision;
pub mod value;
