//! A `tower` layer: asks the bundle in force before a service is called.
//!
//! A [`Mapper`] says what a request asks for; [`Routes`] is the ready-made one, which goes by the routes of the bundle. Whatever cannot be mapped or
//! decided is answered with 403 (401 where nobody in particular asks), and the service is not called.
//!
//! ```no_run
//! # use std::sync::Arc;
//! use portcullis::layer::{GuardLayer, Routes};
//! # fn router(live: Arc<portcullis::live::Live>) {
//! // Who asks is what your authentication left in the request; `None` is nobody in particular.
//! let routes = Routes::new(|request: &http::request::Parts| request.extensions.get::<Caller>().map(|caller| caller.0.clone()));
//! let layer = GuardLayer::new(live, routes);
//! # let _ = layer; }
//! # #[derive(Clone)] struct Caller(String);
//! ```

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{SystemTime, UNIX_EPOCH};

use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use pin_project_lite::pin_project;
use portcullis_runtime::{Bundle, ContextMap, Effect, Layer as PolicyLayer, TextRequest as Asked};
use tower_layer::Layer;
use tower_service::Service;

use crate::live::Live;

/// What a request asks for.
#[derive(Debug, Default)]
pub struct Question {
    /// Who asks: an ARN; `*` is nobody in particular.
    pub principal: String,
    /// `service:Name`.
    pub action: String,
    /// An ARN, or `*` where the action has no resource.
    pub resource: String,
    /// The account that owns the resource, where it is known (rule V6).
    pub resource_account: Option<String>,
    /// The context.
    pub context: ContextMap,
}

/// A request that asks for nothing that is known: it is denied, for this reason (snake case, for metrics).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmapped(pub &'static str);

/// Says what a request asks for.
pub trait Mapper: Send + Sync {
    /// The question that a request is. `bundle` is the one that will decide it.
    ///
    /// # Errors
    /// [`Unmapped`]: the request is denied.
    fn map(&self, request: &Parts, bundle: &Bundle) -> Result<Question, Unmapped>;
}

impl<F> Mapper for F
where
    F: Fn(&Parts, &Bundle) -> Result<Question, Unmapped> + Send + Sync,
{
    fn map(&self, request: &Parts, bundle: &Bundle) -> Result<Question, Unmapped> {
        self(request, bundle)
    }
}

type Says<T> = Box<dyn Fn(&Parts) -> T + Send + Sync>;

/// Maps by the routes of the bundle. The path is taken as the request has it when it comes to the layer: put the layer around a whole router, not inside of
/// a nested one, which may have taken a prefix off. A path that is not in normal form is denied, so the service sees none.
pub struct Routes {
    principal: Says<Option<String>>,
    context: Says<ContextMap>,
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").finish_non_exhaustive()
    }
}

impl Routes {
    /// By the routes of the bundle; who asks is what `principal` says, from a place that clients cannot write to. `None` is nobody in particular.
    #[must_use]
    pub fn new(principal: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { principal: Box::new(principal), context: Box::new(|_| ContextMap::new()) }
    }

    /// The context of a request; without this there is none.
    #[must_use]
    pub fn context(mut self, context: impl Fn(&Parts) -> ContextMap + Send + Sync + 'static) -> Self {
        self.context = Box::new(context);
        self
    }
}

impl Mapper for Routes {
    fn map(&self, request: &Parts, bundle: &Bundle) -> Result<Question, Unmapped> {
        let target = request.uri.path_and_query().map_or("", |target| target.as_str());
        let mut resource = String::new();
        let routed = bundle.route_into(request.method.as_str(), target, &mut resource);
        let routed = routed.map_err(|error| Unmapped(error.name()))?;
        Ok(Question {
            principal: (self.principal)(request).unwrap_or_else(|| "*".to_owned()),
            action: routed.action_name().to_owned(),
            resource,
            resource_account: None,
            context: (self.context)(request),
        })
    }
}

/// What became of a request: in the extensions of one that was let through, in those of the answer where it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What was decided; of a dry run, what would have been.
    pub effect: Effect,
    /// The layer that decided, where a bundle did.
    pub layer: Option<PolicyLayer>,
    /// Why, in snake case.
    pub reason: &'static str,
    /// The digest of the bundle that decided.
    pub bundle: Option<Arc<str>>,
    /// Whether everything is let through.
    pub dry_run: bool,
}

type Hears = dyn Fn(&Parts, &Outcome) + Send + Sync;

/// Puts a guard before a service.
pub struct GuardLayer<M> {
    live: Arc<Live>,
    mapper: Arc<M>,
    dry_run: bool,
    hears: Arc<Hears>,
}

struct Shared<M> {
    live: Arc<Live>,
    mapper: Arc<M>,
    dry_run: bool,
    hears: Arc<Hears>,
}

impl<M> fmt::Debug for GuardLayer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardLayer").field("live", &self.live).finish_non_exhaustive()
    }
}

impl<M> Clone for GuardLayer<M> {
    fn clone(&self) -> Self {
        Self {
            live: Arc::clone(&self.live),
            mapper: Arc::clone(&self.mapper),
            dry_run: self.dry_run,
            hears: Arc::clone(&self.hears),
        }
    }
}

impl<M: Mapper> GuardLayer<M> {
    /// A guard that asks the bundle in force.
    #[must_use]
    pub fn new(live: Arc<Live>, mapper: M) -> Self {
        Self { live, mapper: Arc::new(mapper), dry_run: false, hears: Arc::new(|_, _| {}) }
    }

    /// Who hears of every outcome: logs, metrics.
    #[must_use]
    pub fn report(mut self, hears: impl Fn(&Parts, &Outcome) + Send + Sync + 'static) -> Self {
        self.hears = Arc::new(hears);
        self
    }

    /// Decides and reports, but lets everything through; every answer says so in `x-portcullis-dry-run`.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }
}

impl<M> Shared<M>
where
    M: Mapper,
{
    /// What becomes of a request, and whether nobody in particular asked.
    fn decide(&self, request: &Parts) -> (Outcome, bool) {
        let refused = |reason: &'static str, bundle: Option<Arc<str>>| Outcome {
            effect: Effect::ImplicitDeny,
            layer: None,
            reason,
            bundle,
            dry_run: self.dry_run,
        };
        let decided = self.live.with(|loaded| {
            let bundle = loaded.bundle();
            let digest = Some(loaded.digest().into());
            let question = match self.mapper.map(request, bundle) {
                Ok(question) => question,
                Err(Unmapped(reason)) => return (refused(reason, digest), false),
            };
            let now = SystemTime::now().duration_since(UNIX_EPOCH).ok();
            let decision = bundle.decide_text(&Asked {
                principal: &question.principal,
                action: &question.action,
                resource: &question.resource,
                resource_account: question.resource_account.as_deref(),
                context: &question.context,
                now: now.and_then(|now| i64::try_from(now.as_secs()).ok()),
                context_is_complete: false,
            });
            let outcome = Outcome {
                effect: decision.effect(),
                layer: Some(decision.layer()),
                reason: decision.reason().name(),
                bundle: digest,
                dry_run: self.dry_run,
            };
            (outcome, question.principal == "*")
        });
        decided.unwrap_or_else(|unready| (refused(unready.name(), None), false))
    }
}

impl<S, M> Layer<S> for GuardLayer<M> {
    type Service = Guard<S, M>;

    fn layer(&self, service: S) -> Guard<S, M> {
        let Self { live, mapper, dry_run, hears } = self.clone();
        Guard { service, shared: Arc::new(Shared { live, mapper, dry_run, hears }) }
    }
}

/// A service with a guard before it.
pub struct Guard<S, M> {
    service: S,
    shared: Arc<Shared<M>>,
}

impl<S: fmt::Debug, M> fmt::Debug for Guard<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("service", &self.service).finish_non_exhaustive()
    }
}

impl<S: Clone, M> Clone for Guard<S, M> {
    fn clone(&self) -> Self {
        Self { service: self.service.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<S, M, B, R> Service<Request<B>> for Guard<S, M>
where
    S: Service<Request<B>, Response = Response<R>>,
    M: Mapper,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Answer<S::Future, R>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let (outcome, anonymous) = self.shared.decide(&parts);
        (self.shared.hears)(&parts, &outcome);
        let dry_run = self.shared.dry_run.then_some(outcome.effect);
        if outcome.effect == Effect::Allow || self.shared.dry_run {
            parts.extensions.insert(outcome);
            let call = self.service.call(Request::from_parts(parts, body));
            return Answer { call: Some(call), denial: None, dry_run };
        }
        let mut denial = Response::new(R::default());
        *denial.status_mut() = if anonymous { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
        denial.extensions_mut().insert(outcome);
        Answer { call: None, denial: Some(denial), dry_run }
    }
}

pin_project! {
    /// The answer of the service, or the denial.
    #[derive(Debug)]
    pub struct Answer<F, R> {
        #[pin]
        call: Option<F>,
        denial: Option<Response<R>>,
        dry_run: Option<Effect>,
    }
}

impl<F, R, E> Future for Answer<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Default,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = match this.call.as_pin_mut() {
            Some(call) => ready!(call.poll(context))?,
            // Polled after its end, which nobody may do, a denial is one still.
            None => this.denial.take().unwrap_or_else(|| {
                let mut again = Response::new(R::default());
                *again.status_mut() = StatusCode::FORBIDDEN;
                again
            }),
        };
        if let Some(effect) = this.dry_run {
            let name = HeaderName::from_static("x-portcullis-dry-run");
            response.headers_mut().insert(name, HeaderValue::from_static(effect.name()));
        }
        Poll::Ready(Ok(response))
    }
}
