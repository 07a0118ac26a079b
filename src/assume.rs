//! Taking a role, as a question of its own (rules E8, I3, I4): may this principal take this role, and with what session then?

use std::collections::BTreeSet;
use std::fmt;

use portcullis_compiler::model::Model;
use portcullis_compiler::request::{ContextValue, Request};
use portcullis_runtime::principal::{PrincipalKind, classify};
use portcullis_runtime::value::arn;
use portcullis_runtime::{Bundle, Decision, Principal};

use crate::ask::{AskError, ask_as};

/// How a role is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// `sts:AssumeRole`.
    #[default]
    Role,
    /// `sts:AssumeRoleWithWebIdentity`: the principal is the identity provider, its claims are context.
    WebIdentity,
    /// `sts:AssumeRoleWithSAML`.
    Saml,
}

impl Way {
    /// The action that is asked for.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Role => "sts:AssumeRole",
            Self::WebIdentity => "sts:AssumeRoleWithWebIdentity",
            Self::Saml => "sts:AssumeRoleWithSAML",
        }
    }
}

/// The question, but for who asks.
#[derive(Clone, Debug, Default)]
pub struct Assumption {
    /// The role's ARN.
    pub role: String,
    /// How it is taken.
    pub way: Way,
    /// The name of the session.
    pub session_name: String,
    /// The external id that the caller gives.
    pub external_id: Option<String>,
    /// The tags of the session that is made.
    pub tags: Vec<(String, String)>,
    /// The keys of those that later sessions keep.
    pub transitive: Vec<String>,
    /// Its source identity.
    pub source_identity: Option<String>,
    /// The length that is asked for, in seconds.
    pub seconds: Option<u32>,
    /// Further context: `aws:MultiFactorAuthPresent`, the claims of an identity provider. None of the keys that stand for the fields above.
    pub context: Vec<(String, ContextValue)>,
    /// The time of the request.
    pub now: Option<i64>,
}

/// What one of the actions that taking the role needs gets.
#[derive(Clone, Debug)]
pub struct Step {
    /// The action.
    pub action: &'static str,
    /// What it gets.
    pub decision: Decision,
}

/// The session that is then made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its ARN.
    pub arn: String,
    /// How long it may last, in seconds.
    pub seconds: u32,
    /// Whether one role was taken from another one's session, which lasts an hour at most.
    pub chained: bool,
    /// Whether the bundle does not say how long the role's sessions may last, so that AWS's default of an hour stands here.
    pub length_is_default: bool,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The actions that are needed, in order, each with its decision. The role is taken if all are allowed.
    pub steps: Vec<Step>,
    /// The session; `None` if any action is denied.
    pub session: Option<Made>,
}

/// Why the question makes no sense. Every one of them means: refuse.
#[derive(Debug)]
pub enum AssumeError {
    /// The role's ARN is none.
    NoRole(String),
    /// The session's name is not 2 to 64 characters of `A`–`Z`, `a`–`z`, `0`–`9` and `_=,.@-`.
    SessionName(String),
    /// The length is not between 15 minutes and the longest that the role, or role chaining, allows.
    Length {
        /// What was asked for.
        seconds: u32,
        /// The longest.
        most: u32,
    },
    /// The context gives a key that stands for a field of the question.
    Context(String),
    /// Two tags have the same key, ignoring case.
    Tag(String),
    /// The request could not be asked.
    Ask(AskError),
}

impl fmt::Display for AssumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRole(text) => {
                write!(f, "{text:?} is no role: expected arn:aws:iam::ACCOUNT:role/NAME")
            }
            Self::SessionName(name) => write!(
                f,
                "{name:?} is no name of a session: expected 2 to 64 letters, digits and characters of _=,.@-"
            ),
            Self::Length { seconds, most } => {
                write!(f, "a session of {seconds} seconds is not possible: it lasts 900 to {most} seconds")
            }
            Self::Context(key) => {
                write!(
                    f,
                    "the context gives {key:?}, which the question itself says: leave it out, and use the field or option for it"
                )
            }
            Self::Tag(key) => {
                write!(f, "the tag {key:?} is given more than once (keys are compared ignoring case)")
            }
            Self::Ask(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AssumeError {}

/// Shortest session, AWS's default for the longest, and the longest of a chained one, in seconds (rule I4).
const SHORTEST: u32 = 900;
const HOUR: u32 = 3_600;

/// Whether a principal may take a role, and with what session. `model` is the bundle's, which knows how long a role's sessions may last.
/// A caller that is a session itself brings its session policies and tags ([`Session::principal`](portcullis_runtime::Session::principal)).
///
/// # Errors
/// [`AssumeError`] if the question makes no sense.
pub fn assume(
    bundle: &Bundle,
    model: Option<&Model>,
    caller: Principal<'_>,
    question: &Assumption,
) -> Result<Answer, AssumeError> {
    let role = match arn::split(&question.role) {
        Some(["arn", partition, "iam", "", account, name]) if arn::is_account(account) => {
            let name = name.strip_prefix("role/").and_then(|path| path.rsplit('/').next());
            name.filter(|name| !name.is_empty()).map(|name| (partition, account, name))
        }
        _ => None,
    };
    let Some((partition, account, name)) = role else {
        return Err(AssumeError::NoRole(question.role.clone()));
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_=,.@-".contains(&byte);
    let session_name = &question.session_name;
    if !(2..=64).contains(&session_name.len()) || !session_name.bytes().all(allowed) {
        return Err(AssumeError::SessionName(session_name.clone()));
    }
    let held = model.and_then(|model| model.roles.iter().find(|role| *role.identity.arn == *question.role));
    let of_role = held.and_then(|role| role.max_session_seconds);
    // A role by itself stands for a session of it: only sessions ask.
    let chained = matches!(classify(caller.text()), PrincipalKind::RoleSession | PrincipalKind::Role);
    let most = if chained { HOUR } else { of_role.unwrap_or(HOUR) };
    let seconds = question.seconds.unwrap_or(most.min(HOUR));
    if !(SHORTEST..=most).contains(&seconds) {
        return Err(AssumeError::Length { seconds, most });
    }
    let mut actions = vec![question.way.action()];
    if !question.tags.is_empty() {
        actions.push("sts:TagSession");
    }
    if question.source_identity.is_some() {
        actions.push("sts:SetSourceIdentity");
    }
    let context = context(question, seconds)?;
    let mut steps = Vec::with_capacity(actions.len());
    for action in actions {
        let request = Request {
            principal: caller.text().to_owned(),
            action: action.to_owned(),
            resource: question.role.clone(),
            context: context.clone(),
            now: question.now,
            ..Request::default()
        };
        steps.push(Step { action, decision: ask_as(bundle, caller, &request).map_err(AssumeError::Ask)? });
    }
    let session = steps.iter().all(|step| step.decision.is_allowed()).then(|| Made {
        arn: format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session_name}"),
        seconds,
        chained,
        length_is_default: !chained && of_role.is_none(),
    });
    Ok(Answer { steps, session })
}

/// What a call to take a role says itself, and the start of the keys of its tags.
const OWN_KEYS: [&str; 6] = [
    "sts:RoleSessionName",
    "sts:DurationSeconds",
    "sts:ExternalId",
    "sts:SourceIdentity",
    "sts:TransitiveTagKeys",
    "aws:TagKeys",
];
const REQUEST_TAG: &str = "aws:RequestTag/";

/// Whether a call to take a role says this key itself.
#[must_use]
pub fn is_own_key(key: &str) -> bool {
    let tag = key.get(..REQUEST_TAG.len()).is_some_and(|start| start.eq_ignore_ascii_case(REQUEST_TAG));
    tag || OWN_KEYS.iter().any(|own| own.eq_ignore_ascii_case(key))
}

/// The context of the call (rule I4). What is given besides must not say what the question says: the session that is answered would be
/// another one than was asked for.
fn context(question: &Assumption, seconds: u32) -> Result<Vec<(String, ContextValue)>, AssumeError> {
    if let Some((key, _)) = question.context.iter().find(|(key, _)| is_own_key(key)) {
        return Err(AssumeError::Context(key.clone()));
    }
    let mut seen = BTreeSet::new();
    if let Some((key, _)) = question.tags.iter().find(|(key, _)| !seen.insert(key.to_ascii_lowercase())) {
        return Err(AssumeError::Tag(key.clone()));
    }
    let mut context = question.context.clone();
    let mut set = |key: &str, value: ContextValue| context.push((key.to_owned(), value));
    let one = |text: &str| ContextValue::One(text.to_owned());
    set("sts:RoleSessionName", one(&question.session_name));
    if question.seconds.is_some() {
        set("sts:DurationSeconds", ContextValue::One(seconds.to_string()));
    }
    if let Some(id) = &question.external_id {
        set("sts:ExternalId", one(id));
    }
    if let Some(identity) = &question.source_identity {
        set("sts:SourceIdentity", one(identity));
    }
    for (key, value) in &question.tags {
        set(&format!("{REQUEST_TAG}{key}"), one(value));
    }
    if !question.tags.is_empty() {
        set("aws:TagKeys", ContextValue::Many(question.tags.iter().map(|(key, _)| key.clone()).collect()));
    }
    if !question.transitive.is_empty() {
        set("sts:TransitiveTagKeys", ContextValue::Many(question.transitive.clone()));
    }
    Ok(context)
}
