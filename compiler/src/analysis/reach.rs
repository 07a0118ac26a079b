//! The reverse questions: what a principal can do, who can do something, and whether nobody can (checks).
//!
//! A comparison of a world with one in which nothing is allowed: every region is then one of what is allowed, with an example.

use std::collections::BTreeSet;

use super::callers::{Asker, AskerKind, askers};
use super::diff::{Access, Literal, Meaning, Report};
use super::limits::is_limiting;
use super::regions::Query;
use super::scene::{Place, own_account};
use super::survey::Survey;
use super::universe::{Universe, peopled};
use crate::facts;
use crate::model::Model;
use crate::pattern::{ActionForm, Glob, ResourceForm};
use crate::request::ContextValue;

/// What is asked about: patterns of actions and resources, and what is known of the context.
#[derive(Clone, Debug, Default)]
pub struct Question {
    action: Option<ActionForm>,
    resource: Option<ResourceForm>,
    given: Vec<(String, ContextValue)>,
}

/// Why a question is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoQuestion {
    /// The action is no `service:Name` with wildcards, and not `*`.
    Action(String),
    /// The resource is no ARN pattern of six parts, and not `*`.
    Resource(String),
}

impl std::fmt::Display for NoQuestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Action(text) => {
                write!(
                    f,
                    "{text:?} is no action: expected `service:Name`, such as iam:PassRole or s3:Get*, or `*`"
                )
            }
            Self::Resource(text) => write!(
                f,
                "{text:?} is no resource: expected an ARN of six parts, such as arn:aws:s3:::bucket/*, or `*`"
            ),
        }
    }
}

impl std::error::Error for NoQuestion {}

impl Question {
    /// A question about actions and resources.
    ///
    /// # Errors
    /// [`NoQuestion`] where one of them is not what its name says.
    pub fn new(action: &str, resource: &str) -> Result<Self, NoQuestion> {
        let action = match action.to_ascii_lowercase().split_once(':') {
            _ if action == "*" => None,
            Some((service, name))
                if !service.is_empty() && !name.is_empty() && !action.contains(char::is_whitespace) =>
            {
                Some(ActionForm::Named { service: Glob::wildcards(service), name: Glob::wildcards(name) })
            }
            _ => return Err(NoQuestion::Action(action.to_owned())),
        };
        let parts: Vec<Glob> = resource.splitn(6, ':').map(Glob::wildcards).collect();
        let resource = match <[Glob; 6]>::try_from(parts) {
            _ if resource == "*" => None,
            Ok(parts) => Some(ResourceForm::Parts(Box::new(parts))),
            Err(_) => return Err(NoQuestion::Resource(resource.to_owned())),
        };
        Ok(Self { action, resource, given: Vec::new() })
    }

    /// The same where the context has these keys.
    #[must_use]
    pub fn with(mut self, given: Vec<(String, ContextValue)>) -> Self {
        self.given = given;
        self
    }

    fn query(&self) -> Query {
        Query { action: self.action.clone(), resource: self.resource.clone(), given: self.given.clone() }
    }
}

/// What one principal can do: a user or role by its ARN, or whoever else would ask. Empty where the name is nobody's.
#[must_use]
pub fn can(model: &Model, principal: &str, question: &Question) -> Report {
    let universe = Universe::new(&[model]);
    let all = askers(&universe);
    let named: Vec<Asker> =
        all.iter().filter(|asker| asker.name == principal || asker.principal == principal).cloned().collect();
    let asked = if named.is_empty() {
        // Somebody whom the model does not name: asked as they are.
        let (name, principal) = (principal.to_owned(), principal.to_owned());
        vec![Asker { kind: AskerKind::Named, name, principal }]
    } else {
        named
    };
    survey(&universe, question, &asked)
}

/// Who can do something, and when.
#[must_use]
pub fn who_can(model: &Model, question: &Question) -> Report {
    let universe = Universe::new(&[model]);
    let all = askers(&universe);
    survey(&universe, question, &all)
}

/// What anybody can do of what nobody shall; root users aside, who can do everything in their account.
#[must_use]
pub fn not_granted(model: &Model, question: &Question) -> Report {
    let universe = Universe::new(&[model]);
    let own = own_accounts(model);
    let all = askers(&universe);
    let asked: Vec<Asker> =
        all.into_iter().filter(|asker| asker.kind != AskerKind::Root || asker.is_outside(&own)).collect();
    survey(&universe, question, &asked)
}

/// What is open to the public: to whoever is not authenticated, to everybody in accounts that nobody named, and to everybody with an account at
/// an identity provider that anybody can have one at, if no condition limits it to somebody known.
#[must_use]
pub fn public(model: &Model) -> Report {
    let universe = Universe::new(&[model]);
    let all = askers(&universe);
    let asked: Vec<Asker> = all
        .into_iter()
        .filter(|asker| match asker.kind {
            AskerKind::Anonymous | AskerKind::OtherAccounts => true,
            AskerKind::Service => facts::shared_provider(&asker.principal).is_some(),
            _ => false,
        })
        .collect();
    let mut report = survey(&universe, &Question::default(), &asked);
    let conditions = std::mem::take(&mut report.conditions);
    let limits = |literal: &Literal| match conditions.get(literal.number) {
        Some(Meaning::Condition(condition, _)) => is_limiting(condition, literal.holds),
        _ => false,
    };
    for group in &mut report.groups {
        group.changes.retain(|change| match &change.after {
            Access::When(cases) => !cases.iter().all(|case| case.iter().any(limits)),
            _ => true,
        });
    }
    report.groups.retain(|group| !group.changes.is_empty());
    Report { conditions, ..report }
}

/// What is open to principals of accounts that the model does not hold.
#[must_use]
pub fn cross_account(model: &Model) -> Report {
    let universe = Universe::new(&[model]);
    let own = own_accounts(model);
    let all = askers(&universe);
    let foreign = |asker: &Asker| {
        // An identity provider of another account has its people; services and public providers are of none.
        let is_service = matches!(asker.kind, AskerKind::Service | AskerKind::OtherServices);
        (!is_service || own_account(&asker.principal).is_some()) && asker.is_outside(&own)
    };
    let asked: Vec<Asker> = all.into_iter().filter(foreign).collect();
    let mut report = survey(&universe, &Question::default(), &asked);
    // What another account's people may do with what is their own, or with what no input declares, is nobody's access to ours.
    for group in &mut report.groups {
        let own: BTreeSet<Option<String>> =
            group.principals.iter().map(|asker| own_account(&asker.principal)).collect();
        group.changes.retain(|change| match &change.place {
            Place::Own | Place::Elsewhere => false,
            Place::Declared { account, .. } => own.iter().any(|own| own.is_none() || own != account),
            Place::Role { .. } => true,
        });
    }
    report.groups.retain(|group| !group.changes.is_empty());
    report
}

/// The accounts that are ours: those of identities and of the organization. Whose resources are declared beside them need not be.
fn own_accounts(model: &Model) -> BTreeSet<String> {
    let organization = model.organization.iter().flat_map(|it| &it.accounts);
    peopled(model).chain(organization.map(|place| place.account.to_string())).collect()
}

fn survey(universe: &Universe<'_>, question: &Question, asked: &[Asker]) -> Report {
    let mut survey = Survey::new(universe, question.query());
    survey.all(asked);
    survey.report()
}
