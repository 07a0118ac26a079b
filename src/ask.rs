//! An owned request put to a bundle.

use std::fmt;
use std::sync::Arc;

use portcullis_compiler::model::Model;
use portcullis_compiler::request::{ContextValue, Request, Session};
use portcullis_compiler::{CompileError, CompileOptions, compile};
use portcullis_runtime::context::DuplicateKey;
use portcullis_runtime::{Bundle, ContextMap, Decision, LoadError, NotAnOverlay};

/// Why a request could not be asked. Every one of them means: refuse.
#[derive(Debug)]
pub enum AskError {
    /// The context gives a key twice, ignoring case (rule C12).
    DuplicateKey(DuplicateKey),
    /// The session policies could not be compiled.
    Compile(CompileError),
    /// The overlay of the session policies does not load: a bug of this compiler.
    Load(LoadError),
    /// It loads, and is no overlay: a bug of this compiler.
    NotAnOverlay,
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateKey(key) => key.fmt(f),
            Self::Compile(error) => error.fmt(f),
            Self::Load(error) => error.fmt(f),
            Self::NotAnOverlay => NotAnOverlay.fmt(f),
        }
    }
}

impl std::error::Error for AskError {}

/// A session as the runtime holds it, its policies compiled to an overlay (DESIGN section 5).
///
/// # Errors
/// [`AskError`] if the policies do not compile.
pub fn session(
    bundle: &Bundle,
    principal: &str,
    session: &Session,
) -> Result<portcullis_runtime::Session, AskError> {
    let mut made = bundle.assume(principal);
    if !session.policies.is_empty() {
        let model = Model { session: Some(session.policies.clone()), ..Model::default() };
        let options = CompileOptions { strip: true, ..CompileOptions::default() };
        let bytes = compile(&model, &options).map_err(AskError::Compile)?;
        let overlay = Bundle::from_bytes(bytes).map_err(AskError::Load)?;
        made = made.with_policies(Arc::new(overlay)).map_err(|NotAnOverlay| AskError::NotAnOverlay)?;
    }
    // Of two keys that differ only in case the first counts.
    for (key, value) in session.tags.iter().rev() {
        made = made.with_tag(key, value.as_str());
    }
    Ok(match &session.source_identity {
        Some(identity) => made.with_source_identity(identity.as_str()),
        None => made,
    })
}

/// The context of an owned request as the runtime reads it.
///
/// # Errors
/// [`AskError::DuplicateKey`].
pub fn context_of(request: &Request) -> Result<ContextMap, AskError> {
    let mut context = ContextMap::new();
    for (key, value) in &request.context {
        let added = match value {
            ContextValue::One(text) => context.insert(key, text.as_str()),
            ContextValue::Many(texts) => context.insert_list(key, texts.iter().map(String::as_str)),
        };
        added.map_err(AskError::DuplicateKey)?;
    }
    Ok(context)
}

/// Decides an owned request: the way of the command line and of tests. A gateway fills a [`portcullis_runtime::Request`] itself and
/// allocates nothing.
///
/// # Errors
/// [`AskError`] if the context gives a key twice, or session policies do not compile.
pub fn ask(bundle: &Bundle, request: &Request) -> Result<Decision, AskError> {
    match &request.session {
        None => Ok(bundle.decide_text(&text_request(request, &context_of(request)?))),
        Some(of) => ask_as(bundle, session(bundle, &request.principal, of)?.principal(), request),
    }
}

/// An owned request as the runtime takes one that is all text, with its context built. The session is left out.
#[must_use]
pub fn text_request<'a>(
    request: &'a Request,
    context: &'a dyn portcullis_runtime::Context,
) -> portcullis_runtime::TextRequest<'a> {
    portcullis_runtime::TextRequest {
        principal: &request.principal,
        action: &request.action,
        resource: &request.resource,
        resource_account: request.resource_account.as_deref(),
        context,
        now: request.now,
        context_is_complete: request.context_complete,
    }
}

/// The same for a principal that is resolved already, such as a session.
///
/// # Errors
/// [`AskError`] if the context gives a key twice.
pub fn ask_as(
    bundle: &Bundle,
    principal: portcullis_runtime::Principal<'_>,
    request: &Request,
) -> Result<Decision, AskError> {
    let context = context_of(request)?;
    Ok(bundle.decide(&portcullis_runtime::Request {
        principal,
        action: bundle.action(&request.action),
        resource: &request.resource,
        resource_account: request.resource_account.as_deref(),
        context: &context,
        now: request.now,
        context_is_complete: request.context_complete,
    }))
}
