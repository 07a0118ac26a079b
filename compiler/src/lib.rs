//! The compiler: syntax in, bundle out.

pub mod facts;
pub mod model;
pub mod pattern;
pub mod reference;
pub mod request;
pub mod resolve;
