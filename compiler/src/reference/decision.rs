//! What a request gets, and why.

use portcullis_runtime::decision::{Effect, Layer, Reason};

/// What a request gets, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Allow, explicit deny or implicit deny (rule V1).
    pub effect: Effect,
    /// The layer that decided (rule V5).
    pub layer: Layer,
    /// Of SCPs and RCPs the level that decided, the root being 0.
    pub level: Option<usize>,
    /// Why.
    pub reason: Reason,
    /// Every statement that decided: of an explicit deny those of the layer (and level) that deny, of an allow those of all layers that took
    /// part and allow.
    pub statements: Vec<Deciding>,
}

/// A statement that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deciding {
    /// Its layer.
    pub layer: Layer,
    /// The managed policy's ARN or the inline policy's name; the id of an SCP or RCP; the ARN of the resource, or of the role whose trust
    /// policy it is; the endpoint's id, or `endpoint` where it has none; `session_policies[N]`.
    pub policy: String,
    /// The ARN of the user, group or role that an inline policy is written into; `None` for all others.
    pub holder: Option<String>,
    /// Its place among the document's statements, from 0.
    pub statement: usize,
    /// Its `Sid`.
    pub sid: Option<String>,
}
