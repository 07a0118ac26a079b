//! One question, one answer: the bundle in force, or a denial that says why there is none.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::config::Config;
use super::metrics::{Metrics, Protocol};
use super::record::{Line, Log};
use crate::cli::requests::clock;
use crate::live::{Following, Live, Loaded, Unready};
use crate::runtime::{ContextMap, Decision, Effect, Request};

/// Why a request is denied without a decision of the bundle, beside [`Unready`] and the reasons of a path that leads nowhere.
pub(super) const REFUSALS: &[&str] = &[
    "malformed_request",
    "malformed_http",
    "body_too_large",
    "batch_too_large",
    "overloaded",
    "timeout",
    "no_route",
    "too_long",
    "log_unavailable",
    "internal",
];

/// How many explanations are made or wait for it: one at a time is made.
const EXPLANATIONS: usize = 16;

/// What is asked for.
#[derive(Debug)]
pub(super) enum What {
    /// An action on a resource.
    Direct { action: String, resource: String },
    /// A request that the routes of the bundle lead to an action.
    Route { method: String, target: String },
}

/// A question, as it was understood.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) id: Option<String>,
    pub(super) principal: String,
    pub(super) what: What,
    pub(super) resource_account: Option<String>,
    pub(super) context: ContextMap,
    /// The context's keys, for the log.
    pub(super) keys: Vec<String>,
}

/// The same, for the log.
pub(super) struct Question<'q> {
    pub(super) protocol: Protocol,
    pub(super) id: Option<&'q str>,
    pub(super) method: Option<&'q str>,
    pub(super) target: Option<&'q str>,
    pub(super) route: Option<&'q str>,
    pub(super) principal: Option<&'q str>,
    pub(super) action: Option<&'q str>,
    pub(super) resource: Option<&'q str>,
    pub(super) resource_account: Option<&'q str>,
    pub(super) context: Option<&'q ContextMap>,
    pub(super) keys: &'q [String],
}

impl Question<'_> {
    /// One that could not be read.
    const fn unread(protocol: Protocol) -> Self {
        Self {
            protocol,
            id: None,
            method: None,
            target: None,
            route: None,
            principal: None,
            action: None,
            resource: None,
            resource_account: None,
            context: None,
            keys: &[],
        }
    }
}

/// The answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// What the request gets, but for a dry run.
    pub(super) effect: Effect,
    pub(super) layer: &'static str,
    pub(super) level: Option<u8>,
    pub(super) reason: &'static str,
    /// The first 16 digits of the digest of the bundle that decided.
    pub(super) bundle: Option<Arc<str>>,
    /// Whether everything is let through.
    pub(super) dry_run: bool,
    /// Whether it may help to say who one is.
    pub(super) anonymous: bool,
}

impl Answer {
    /// Whether the request is let through.
    pub(super) fn is_allowed(&self) -> bool {
        self.effect == Effect::Allow
    }

    /// The same, where a dry run lets everything through.
    pub(super) fn passes(&self) -> bool {
        self.dry_run || self.is_allowed()
    }
}

/// The decision point: shared by all connections.
pub(super) struct Point {
    pub(super) config: Config,
    pub(super) live: Arc<Live>,
    pub(super) metrics: Metrics,
    pub(super) log: Option<Log>,
    /// How many requests may still be decided, all of whose bytes are there.
    pub(super) requests: Semaphore,
    /// How many bodies may still be read over HTTP, and how many calls over gRPC: who begins to say something and does not end keeps out nobody but
    /// those who ask in the same way.
    pub(super) bodies: Semaphore,
    pub(super) calls: Semaphore,
    /// How many explanations may wait for their turn.
    pub(super) explanations: Semaphore,
    /// Who follows the source, where somebody does.
    pub(super) following: Option<Following>,
    pub(super) explaining: super::explain::Explainer,
}

impl Point {
    pub(super) fn new(
        config: Config,
        live: Arc<Live>,
        following: Option<Following>,
        metrics: Metrics,
        log: Option<Log>,
    ) -> Self {
        let [requests, bodies, calls] = [(); 3].map(|()| Semaphore::new(config.limits.requests));
        let explanations = Semaphore::new(EXPLANATIONS);
        let explaining = super::explain::Explainer::default();
        Self { config, live, metrics, log, requests, bodies, calls, explanations, following, explaining }
    }

    /// Whether somebody looks at the source: nobody would tell otherwise that the bundle only grows old.
    pub(super) fn is_followed(&self) -> bool {
        self.following.as_ref().is_none_or(Following::is_at_work)
    }

    /// Whether a request is being answered.
    pub(super) fn is_busy(&self) -> bool {
        let most = self.config.limits.requests;
        [&self.requests, &self.bodies, &self.calls].iter().any(|it| it.available_permits() < most)
            || self.explanations.available_permits() < EXPLANATIONS
    }

    /// Whether the process decides: it has a bundle that counts, somebody looks at the source, and where no line of the log may be lost, the log can
    /// be written. Else why not.
    pub(super) fn ready(&self) -> Result<Arc<Loaded>, String> {
        let loaded = self.live.in_force().map_err(|unready| format!("{unready} ({})", unready.name()))?;
        if !self.is_followed() {
            return Err("nobody looks at the source of the bundle any more".to_owned());
        }
        if self.log.as_ref().is_some_and(|log| log.is_blocking() && log.is_stuck()) {
            return Err("the decision log cannot be written".to_owned());
        }
        Ok(loaded)
    }

    /// Answers questions, all by the same bundle, and logs what was answered. What is no question is a reason to refuse. Where the log may not lose a
    /// line, the lines have their places before anything is decided; the caller gives up when the time of the request is over.
    pub(super) async fn answer(
        &self,
        protocol: Protocol,
        asked: &[Result<Asked, &'static str>],
    ) -> Vec<Answer> {
        let places = match &self.log {
            Some(log) if log.is_blocking() => {
                // Half of the time that a request has: the other half is for saying why.
                let places =
                    tokio::time::timeout(self.config.limits.time / 2, log.reserve(asked.len())).await;
                match places.ok().flatten() {
                    Some(places) => Some(places),
                    None => return asked.iter().map(|_| self.refuse(protocol, "log_unavailable")).collect(),
                }
            }
            _ => None,
        };
        // Nothing in there panics that we know of. Should it, nobody is let through, and the process goes on.
        let decided = catch_unwind(AssertUnwindSafe(|| self.decide(protocol, asked)));
        let (answers, lines) = decided.unwrap_or_else(|_| {
            (asked.iter().map(|_| self.refuse(protocol, "internal")).collect(), Vec::new())
        });
        match (&self.log, places) {
            (_, Some(places)) => {
                for (place, line) in places.zip(lines) {
                    place.send(Line::Text(line));
                }
            }
            (Some(log), None) => lines.into_iter().for_each(|line| log.put(line)),
            (None, None) => {}
        }
        answers
    }

    fn decide(
        &self,
        protocol: Protocol,
        asked: &[Result<Asked, &'static str>],
    ) -> (Vec<Answer>, Vec<Vec<u8>>) {
        let now = clock();
        let mut lines = Vec::new();
        let decide = |loaded: Result<&Loaded, Unready>, lines: &mut Vec<Vec<u8>>| {
            let bundle: Option<Arc<str>> = loaded.ok().map(|loaded| short(loaded.digest()).into());
            let mut resource = String::new();
            asked
                .iter()
                .map(|asked| self.one(protocol, loaded, bundle.clone(), asked, now, &mut resource, lines))
                .collect()
        };
        let decided = self.live.with(|loaded| decide(Ok(loaded), &mut lines));
        let answers = decided.unwrap_or_else(|unready| decide(Err(unready), &mut lines));
        (answers, lines)
    }

    #[expect(clippy::too_many_arguments, reason = "what a batch shares, and what is one's own")]
    fn one(
        &self,
        protocol: Protocol,
        loaded: Result<&Loaded, Unready>,
        bundle: Option<Arc<str>>,
        asked: &Result<Asked, &'static str>,
        now: Option<i64>,
        resource: &mut String,
        lines: &mut Vec<Vec<u8>>,
    ) -> Answer {
        let asked = match asked {
            Ok(asked) => asked,
            Err(reason) => {
                let answer = self.refuse_with(reason, bundle);
                lines
                    .extend(self.log.as_ref().and_then(|log| log.line(&Question::unread(protocol), &answer)));
                return answer;
            }
        };
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(unready) => {
                let answer = self.refuse_with(unready.name(), None);
                self.note(protocol, asked, None, &answer, lines);
                return answer;
            }
        };
        let held = loaded.bundle();
        let (action, resource, led) = match &asked.what {
            What::Direct { action, resource } => {
                (held.action(action), resource.as_str(), (None, action.as_str()))
            }
            What::Route { method, target } => match held.route_into(method, target, resource) {
                Ok(routed) => {
                    (routed.action(), resource.as_str(), (Some(routed.pattern()), routed.action_name()))
                }
                Err(error) => {
                    let answer = self.refuse_with(error.name(), bundle);
                    self.note(protocol, asked, None, &answer, lines);
                    return answer;
                }
            },
        };
        let principal = held.principal(&asked.principal);
        let decision = held.decide(&Request {
            principal,
            action,
            resource,
            resource_account: asked.resource_account.as_deref(),
            context: &asked.context,
            now,
            context_is_complete: false,
        });
        let answer = self.decided(protocol, asked, &decision, bundle);
        self.note(protocol, asked, Some((led.0, led.1, resource)), &answer, lines);
        answer
    }

    fn decided(
        &self,
        protocol: Protocol,
        asked: &Asked,
        decision: &Decision,
        bundle: Option<Arc<str>>,
    ) -> Answer {
        let (effect, layer) = (decision.effect(), decision.layer().name());
        self.metrics.decided(protocol, effect.name(), layer);
        let dry_run = self.config.dry_run;
        if dry_run && effect != Effect::Allow {
            self.metrics.dry_run.inc();
        }
        Answer {
            effect,
            layer,
            level: decision.level(),
            reason: decision.reason().name(),
            bundle,
            dry_run,
            anonymous: asked.principal == super::identity::ANONYMOUS,
        }
    }

    /// Counts and logs what was said and could not even be answered, so that nothing is let through whatever the configuration says.
    pub(super) fn unanswered(&self, protocol: Protocol, reason: &'static str) {
        self.metrics.refused(reason);
        self.put_unread(protocol, &self.undecided(reason));
    }

    /// A denial without a decision, of what never became a question.
    pub(super) fn refuse(&self, protocol: Protocol, reason: &'static str) -> Answer {
        let answer = self.refuse_with(reason, None);
        self.put_unread(protocol, &answer);
        answer
    }

    /// Logs what is said to something that never became a question.
    fn put_unread(&self, protocol: Protocol, answer: &Answer) {
        if let Some(log) = &self.log
            && let Some(line) = log.line(&Question::unread(protocol), answer)
        {
            log.put(line);
        }
    }

    fn refuse_with(&self, reason: &'static str, bundle: Option<Arc<str>>) -> Answer {
        self.metrics.refused(reason);
        if self.config.dry_run {
            self.metrics.dry_run.inc();
        }
        self.denial(reason, bundle)
    }

    /// What is said where nothing was to be decided, or nobody hears it: a dry run lets nothing through there, and nothing is counted.
    pub(super) fn undecided(&self, reason: &'static str) -> Answer {
        Answer { dry_run: false, ..self.denial(reason, None) }
    }

    fn denial(&self, reason: &'static str, bundle: Option<Arc<str>>) -> Answer {
        Answer {
            effect: Effect::ImplicitDeny,
            layer: "none",
            level: None,
            reason,
            bundle,
            dry_run: self.config.dry_run,
            anonymous: false,
        }
    }

    /// Makes the line of the log.
    fn note(
        &self,
        protocol: Protocol,
        asked: &Asked,
        led: Option<(Option<&str>, &str, &str)>,
        answer: &Answer,
        lines: &mut Vec<Vec<u8>>,
    ) {
        let Some(log) = &self.log else { return };
        let (method, target) = match &asked.what {
            What::Direct { .. } => (None, None),
            What::Route { method, target } => (Some(method.as_str()), Some(target.as_str())),
        };
        let (action, resource) = match (&asked.what, led) {
            (_, Some((_, action, resource))) => (Some(action), Some(resource)),
            (What::Direct { action, resource }, None) => (Some(action.as_str()), Some(resource.as_str())),
            (What::Route { .. }, None) => (None, None),
        };
        let question = Question {
            protocol,
            id: asked.id.as_deref(),
            method,
            target,
            route: led.and_then(|(route, _, _)| route),
            principal: Some(&asked.principal),
            action,
            resource,
            resource_account: asked.resource_account.as_deref(),
            context: Some(&asked.context),
            keys: &asked.keys,
        };
        lines.extend(log.line(&question, answer));
    }
}

/// The digits of a digest that people are shown.
pub(super) fn short(digest: &str) -> &str {
    digest.get(..16).unwrap_or(digest)
}
