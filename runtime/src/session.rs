//! Sessions: a principal with session policies, tags and a source identity (DESIGN section 5, rules E6, I3).

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::bundle::Bundle;
use crate::format::NONE;
use crate::principal::{Principal, PrincipalKind, Source};

/// A session of a role, or of a federated user, of one bundle. Making one allocates; deciding with it does not.
///
/// Keep it as long as the session lasts, and ask with [`Session::principal`].
#[derive(Clone, Debug)]
pub struct Session {
    stamp: u32,
    id: u32,
    kind: PrincipalKind,
    text: String,
    overlay: Option<Arc<Bundle>>,
    /// Keys in lower case.
    tags: Vec<(String, String)>,
    source_identity: Option<String>,
}

/// The bundle is no overlay: it was not made of session policies. Taking it for one would take its session policies for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnOverlay;

impl fmt::Display for NotAnOverlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bundle was not made of session policies")
    }
}

impl core::error::Error for NotAnOverlay {}

impl Bundle {
    /// A session by its ARN (`arn:aws:sts::123456789012:assumed-role/deployer/build-17`, `…:federated-user/bob`), so far without session
    /// policies, tags and source identity. Any other principal may be given: session policies then limit it all the same.
    #[must_use]
    pub fn assume(&self, principal: &str) -> Session {
        let Principal { stamp, id, kind, .. } = self.principal(principal);
        Session {
            stamp,
            id,
            kind,
            text: principal.into(),
            overlay: None,
            tags: Vec::new(),
            source_identity: None,
        }
    }
}

impl Session {
    /// The session with session policies: an overlay, which the compiler makes of them.
    ///
    /// # Errors
    /// [`NotAnOverlay`] for another bundle.
    pub fn with_policies(self, overlay: Arc<Bundle>) -> Result<Self, NotAnOverlay> {
        if overlay.view().world.session == NONE {
            return Err(NotAnOverlay);
        }
        Ok(Self { overlay: Some(overlay), ..self })
    }

    /// The session with one more tag, which counts before the identity's tag of that key (rule C12). Keys are compared ignoring case; of
    /// equal ones the last counts.
    #[must_use]
    pub fn with_tag(mut self, key: &str, value: impl Into<String>) -> Self {
        let key = key.to_ascii_lowercase();
        self.tags.retain(|(known, _)| *known != key);
        self.tags.push((key, value.into()));
        self
    }

    /// The session with a source identity.
    #[must_use]
    pub fn with_source_identity(self, identity: impl Into<String>) -> Self {
        Self { source_identity: Some(identity.into()), ..self }
    }

    /// The principal to ask with.
    #[inline]
    #[must_use]
    pub fn principal(&self) -> Principal<'_> {
        let source = Source::Session(self);
        Principal { stamp: self.stamp, id: self.id, kind: self.kind, layers: None, source }
    }

    /// Its ARN.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    #[inline]
    pub(crate) fn overlay(&self) -> Option<&Bundle> {
        self.overlay.as_deref()
    }

    pub(crate) fn source_identity(&self) -> Option<&str> {
        self.source_identity.as_deref()
    }

    /// The value of a tag by its key in lower case.
    pub(crate) fn tag(&self, key: &[u8]) -> Option<&str> {
        self.tags.iter().find(|(known, _)| known.as_bytes() == key).map(|(_, value)| value.as_str())
    }
}
