//! Value parsing, text to value, shared by the compiler (policy operands) and the runtime (request values).
//!
//! Nothing here allocates; parsed values borrow their text. What does not parse is `None`: an error in a policy, and a value that equals
//! nothing in a request (rules C9–C11).

pub mod arn;
pub mod binary;
pub mod boolean;
pub mod date;
pub mod ip;
pub mod number;
