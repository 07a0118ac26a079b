//! Worlds for tests, made by hand: a short way to write statements, documents and what they are attached to.

use crate::model::{
    AccountId, ActionClause, ActionPattern, BaseOperator, Condition, ControlId, ControlPolicy, Document,
    DocumentKind, DocumentVersion, Effect, Endpoint, FileId, Identity, InlinePolicy, ManagedPolicy, Model,
    NodeId, Operand, OperandForm, Operator, Organization, OrganizationAccount, OrganizationNode, Origin,
    PolicyId, PolicyVersion, PrincipalClause, PrincipalEntry, PrincipalType, Resource, ResourceClause,
    ResourcePattern, Role, Statement, User,
};
use crate::pattern::{ActionForm, ResourceForm};
use crate::request::{ContextValue, Request, Session};

pub(crate) const ORIGIN: Origin = Origin { file: FileId(0), line: 1, column: 1 };
/// The account of most principals.
pub(crate) const OWN: &str = "111111111111";
/// Another account.
pub(crate) const OTHER: &str = "222222222222";

fn statement(effect: Effect, action: &str, resource: &str) -> Statement {
    Statement {
        sid: Some(format!("{effect:?}").into()),
        effect,
        principals: None,
        actions: ActionClause {
            negated: false,
            patterns: vec![ActionPattern { form: ActionForm::Nothing, text: action.into() }],
        },
        resources: Some(ResourceClause {
            negated: false,
            patterns: vec![ResourcePattern { form: ResourceForm::Nothing, text: resource.into() }],
        }),
        conditions: Vec::new(),
        variables: true,
        origin: ORIGIN,
    }
}

pub(crate) fn allow(action: &str, resource: &str) -> Statement {
    statement(Effect::Allow, action, resource)
}

pub(crate) fn deny(action: &str, resource: &str) -> Statement {
    statement(Effect::Deny, action, resource)
}

pub(crate) fn without_resource(statement: Statement) -> Statement {
    Statement { resources: None, ..statement }
}

/// An entry as `aws:TEXT`, `service:TEXT`, `federated:TEXT`, `canonical:TEXT`, or the bare `*`.
fn entry(text: &str) -> PrincipalEntry {
    let (kind, text) = match text.split_once(':') {
        Some(("aws", text)) => (PrincipalType::Aws, text),
        Some(("service", text)) => (PrincipalType::Service, text),
        Some(("federated", text)) => (PrincipalType::Federated, text),
        Some(("canonical", text)) => (PrincipalType::CanonicalUser, text),
        _ => (PrincipalType::Everyone, text),
    };
    PrincipalEntry { kind, text: text.into() }
}

/// `Principal`.
pub(crate) fn to(statement: Statement, entries: &[&str]) -> Statement {
    let entries = entries.iter().map(|text| entry(text)).collect();
    Statement { principals: Some(PrincipalClause { negated: false, entries }), ..statement }
}

/// `NotPrincipal`.
pub(crate) fn not_to(statement: Statement, entries: &[&str]) -> Statement {
    let entries = entries.iter().map(|text| entry(text)).collect();
    Statement { principals: Some(PrincipalClause { negated: true, entries }), ..statement }
}

/// `StringEquals` on one key.
pub(crate) fn when(mut statement: Statement, key: &str, value: &str) -> Statement {
    statement.conditions.push(Condition {
        operator: Operator { set: None, base: BaseOperator::StringEquals, if_exists: false },
        key: key.to_ascii_lowercase().into(),
        key_text: key.into(),
        operands: vec![Operand { form: OperandForm::ArnNothing, text: value.into() }],
    });
    statement
}

pub(crate) fn document(kind: DocumentKind, statements: Vec<Statement>) -> Document {
    Document { version: DocumentVersion::V2012, kind, statements, origin: ORIGIN }
}

fn identity(arn: &str, statements: Vec<Statement>) -> Identity {
    let (_, rest) = arn.split_once('/').unwrap();
    let (path, name) =
        rest.rsplit_once('/').map_or(("/".to_owned(), rest), |(path, name)| (format!("/{path}/"), name));
    Identity {
        arn: arn.into(),
        name: name.into(),
        path: path.into(),
        unique_id: "".into(),
        account: AccountId(0),
        inline: vec![InlinePolicy {
            name: "inline".into(),
            document: document(DocumentKind::Identity, statements),
        }],
        attached: Vec::new(),
        origin: ORIGIN,
    }
}

/// An empty world of one account.
pub(crate) fn world() -> Model {
    Model { files: vec!["test".into()], accounts: vec![OWN.into()], ..Model::default() }
}

/// Adds to a world; whatever is added last is what the next addition refers to.
pub(crate) trait World: Sized {
    fn user(self, arn: &str, statements: Vec<Statement>) -> Self;
    fn role(self, arn: &str, statements: Vec<Statement>) -> Self;
    /// The boundary of all users and roles so far.
    fn bounded(self, statements: Vec<Statement>) -> Self;
    /// The trust policy of the last role.
    fn trusting(self, statements: Vec<Statement>) -> Self;
    fn resource(self, arn: &str, account: Option<&str>, policy: Option<Vec<Statement>>) -> Self;
    fn endpoint(self, id: Option<&str>, statements: Vec<Statement>) -> Self;
    /// An organization of the root and the accounts [`OWN`] and [`OTHER`] under it; a third one is the management account.
    fn organization(self, root: [Vec<Statement>; 2], account: [Vec<Statement>; 2]) -> Self;
    fn scenario(self) -> Self;
}

impl World for Model {
    fn user(mut self, arn: &str, statements: Vec<Statement>) -> Self {
        self.users.push(User {
            identity: identity(arn, statements),
            groups: Vec::new(),
            boundary: None,
            tags: Vec::new(),
        });
        self
    }

    fn role(mut self, arn: &str, statements: Vec<Statement>) -> Self {
        self.roles.push(Role {
            identity: identity(arn, statements),
            trust: None,
            boundary: None,
            tags: Vec::new(),
            max_session_seconds: None,
        });
        self
    }

    fn bounded(mut self, statements: Vec<Statement>) -> Self {
        let document = document(DocumentKind::Identity, statements);
        self.policies.push(ManagedPolicy {
            arn: "boundary".into(),
            name: "boundary".into(),
            versions: vec![PolicyVersion { id: "v1".into(), document }],
            default: 0,
            origin: ORIGIN,
        });
        let boundary = Some(PolicyId::at(self.policies.len() - 1));
        self.users.iter_mut().for_each(|user| user.boundary = boundary);
        self.roles.iter_mut().for_each(|role| role.boundary = boundary);
        self
    }

    fn trusting(mut self, statements: Vec<Statement>) -> Self {
        self.roles.last_mut().unwrap().trust = Some(document(DocumentKind::Trust, statements));
        self
    }

    fn resource(mut self, arn: &str, account: Option<&str>, policy: Option<Vec<Statement>>) -> Self {
        self.resources.push(Resource {
            arn: arn.into(),
            account: account.map(Into::into),
            tags: None,
            policy: policy.map(|statements| document(DocumentKind::Resource, statements)),
            rcps: None,
            origin: ORIGIN,
        });
        self.resources.sort_by(|a, b| a.arn.cmp(&b.arn));
        self
    }

    fn endpoint(mut self, id: Option<&str>, statements: Vec<Statement>) -> Self {
        let documents = vec![document(DocumentKind::Endpoint, statements)];
        self.endpoints.push(Endpoint { id: id.map(Into::into), documents, origin: ORIGIN });
        self
    }

    fn organization(mut self, root: [Vec<Statement>; 2], account: [Vec<Statement>; 2]) -> Self {
        let mut add = |id: &str, kind, statements| {
            self.controls.push(ControlPolicy {
                id: id.into(),
                name: id.into(),
                document: document(kind, statements),
                origin: ORIGIN,
            });
            vec![ControlId::at(self.controls.len() - 1)]
        };
        let [root_scps, root_rcps] = root;
        let [account_scps, account_rcps] = account;
        let node = OrganizationNode {
            id: "r-1".into(),
            name: "root".into(),
            parent: None,
            scps: add("p-root-scp", DocumentKind::Scp, root_scps),
            rcps: add("p-root-rcp", DocumentKind::Rcp, root_rcps),
            origin: ORIGIN,
        };
        let scps = add("p-account-scp", DocumentKind::Scp, account_scps);
        let rcps = add("p-account-rcp", DocumentKind::Rcp, account_rcps);
        let place = |account: &str| OrganizationAccount {
            account: account.into(),
            parent: NodeId(0),
            scps: scps.clone(),
            rcps: rcps.clone(),
            origin: ORIGIN,
        };
        self.organization = Some(Organization {
            id: "o-1".into(),
            management: "333333333333".into(),
            scps: true,
            rcps: true,
            nodes: vec![node],
            accounts: vec![place(OWN), place(OTHER), place("333333333333")],
        });
        self
    }

    fn scenario(self) -> Self {
        Self { scenario: true, ..self }
    }
}

pub(crate) fn request(principal: &str, action: &str, resource: &str) -> Request {
    Request {
        principal: principal.to_owned(),
        action: action.to_owned(),
        resource: resource.to_owned(),
        ..Request::default()
    }
}

/// A request with session policies, one document for each list.
pub(crate) fn in_session(request: Request, policies: Vec<Vec<Statement>>) -> Request {
    let policies =
        policies.into_iter().map(|statements| document(DocumentKind::Session, statements)).collect();
    Request { session: Some(Session { policies, ..Session::default() }), ..request }
}

pub(crate) fn with(mut request: Request, key: &str, value: &str) -> Request {
    request.context.push((key.to_owned(), ContextValue::One(value.to_owned())));
    request
}
