//! Loads a Portcullis bundle and decides requests with it.
//!
//! Bytes in, [`Bundle`] out, all of it validated once; then a [`Request`] in, a [`Decision`] out, in a time that depends on the request
//! and not on how many policies the bundle holds. `no_std` with `alloc`; deciding allocates nothing and cannot panic; whatever cannot be
//! evaluated denies. `FORMAT.md` specifies the bundle.
//!
//! ```no_run
//! use portcullis_runtime::{Bundle, EmptyContext, Request};
//! # fn gateway(bytes: Vec<u8>) -> Result<bool, portcullis_runtime::LoadError> {
//! let bundle = Bundle::from_bytes(bytes)?;
//! let decision = bundle.decide(&Request {
//!     principal: bundle.principal("arn:aws:iam::123456789012:user/alice"),
//!     action: bundle.action("s3:GetObject"),
//!     resource: "arn:aws:s3:::acme-reports/q3.csv",
//!     resource_account: None,
//!     context: &EmptyContext,
//!     now: None,
//!     context_is_complete: false,
//! });
//! # Ok(decision.is_allowed())
//! # }
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod atom;
mod bundle;
mod bytes;
mod caller;
mod classify;
mod clock;
pub mod combine;
pub mod context;
mod decide;
pub mod decision;
mod diagram;
mod direct;
mod error;
#[cfg(feature = "explain")]
pub mod explain;
pub mod format;
mod glob;
pub mod hash;
mod lanes;
mod layers;
mod leaf;
mod made;
mod owner;
pub mod path;
pub mod principal;
#[cfg(feature = "explain")]
pub mod provenance;
pub mod request;
pub mod route;
pub mod session;
mod side;
mod validate;
pub mod value;
mod view;
mod walk;

pub use bundle::Bundle;
pub use context::{Context, ContextMap, EmptyContext, ParsedValue, Values};
pub use decision::{Decision, Effect, Layer, Reason, RuleId};
pub use error::LoadError;
pub use principal::{Principal, PrincipalKind};
pub use request::{Action, Request, TextRequest};
pub use route::{NotRouted, Routed};
pub use session::{NotAnOverlay, Session};
#[cfg(feature = "encode")]
pub use validate::seal;
