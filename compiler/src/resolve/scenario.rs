//! Scenario files: JSON Lines, one self-contained case a line (DESIGN section 6).
//!
//! In: the text of a file. Out: for each line that is not blank the case, with a model of its own, or why it cannot be evaluated.
//!
//! A case is a small world: the identity behind the principal, an organization whose levels are the case's SCPs with the principal's account
//! in it, the resource of the request with its policy and RCPs, and an endpoint through which every request comes.

mod fields;
mod principal;

use portcullis_grammar::diagnostic::Diagnostic;
use portcullis_grammar::json::{self, Kind, Value};
use portcullis_grammar::source::{Source, Span};
use portcullis_runtime::decision;
use portcullis_runtime::value::arn;

use super::document::Sized;
use super::reader::Reader;
use super::sink::Sink;
use super::{Leniency, codes, document};
use crate::model::{
    AccountId, ControlId, ControlPolicy, Document, DocumentKind, DocumentVersion, Endpoint, FileId, Identity,
    InlinePolicy, ManagedPolicy, Model, NodeId, Organization, OrganizationAccount, OrganizationNode, Origin,
    PolicyId, PolicyVersion, Resource, Role, User,
};
use crate::request::{ContextValue, Request, Session};
use principal::{Asker, Behind};

/// One case.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub id: String,
    /// Its line, from 1.
    pub line: u32,
    /// Who asks.
    pub principal: String,
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// The account of the resource, where the case gives it.
    pub resource_account: Option<String>,
    /// The context, complete as written (rule C12).
    pub context: Vec<(String, ContextValue)>,
    /// The world of the case.
    pub model: Model,
    /// The session policies; none is no session policy.
    pub session_policies: Vec<Document>,
    /// The effect that the case expects, if it says one.
    pub expected: Option<decision::Effect>,
    /// Lints about its documents.
    pub diagnostics: Vec<Diagnostic>,
}

impl Scenario {
    /// The question of the case.
    #[must_use]
    pub fn request(&self) -> Request {
        Request {
            principal: self.principal.clone(),
            action: self.action.clone(),
            resource: self.resource.clone(),
            resource_account: self.resource_account.clone(),
            context: self.context.clone(),
            now: None,
            context_complete: true,
            session: (!self.session_policies.is_empty())
                .then(|| Session { policies: self.session_policies.clone(), ..Session::default() }),
        }
    }
}

/// Why a line is no case that can be evaluated.
#[derive(Clone, Debug)]
pub struct LineError {
    /// The line, from 1.
    pub line: u32,
    /// The id of the case, where it could be read.
    pub id: Option<String>,
    /// The first error in one sentence.
    pub message: String,
    /// The effect that the case expects, where it could be read.
    pub expected: Option<decision::Effect>,
    /// All findings.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads all cases of a file: one entry per line that is not blank, in order. Linear.
#[must_use]
pub fn parse_scenarios(source: &Source) -> Vec<Result<Scenario, LineError>> {
    json::lines(source).map(|(line, span)| one(source, line, span)).collect()
}

fn one(source: &Source, line: u32, span: Span) -> Result<Scenario, LineError> {
    let mut sink = Sink::default();
    let parsed = json::parse_part(source, span);
    sink.extend(parsed.diagnostics);
    let mut id = None;
    let mut expected = None;
    let mut scenario = None;
    if let Some(value) = parsed.value.filter(|_| !parsed.damaged) {
        let mut reader = Reader {
            source,
            file: FileId(0),
            sink: &mut sink,
            leniency: Leniency::Scenario,
            shape: codes::SCENARIO_FIELD,
        };
        scenario = case(&mut reader, line, &value, &mut id, &mut expected);
    }
    let failed = sink.failed();
    let diagnostics = sink.finish();
    match scenario {
        Some(scenario) if !failed => Ok(Scenario { diagnostics, ..scenario }),
        _ => {
            let first = diagnostics.iter().find(|found| found.is_error());
            let message =
                first.map_or_else(|| "this line is no scenario".to_owned(), |found| found.message.clone());
            Err(LineError { line, id, message, expected, diagnostics })
        }
    }
}

/// Reads one case. `id` and `expected` are also for the report on a case that fails.
fn case(
    reader: &mut Reader<'_, '_>,
    line: u32,
    value: &Value,
    id: &mut Option<String>,
    expected: &mut Option<decision::Effect>,
) -> Option<Scenario> {
    let members = reader.object(value, "a scenario")?;
    let fields = fields::of(reader, members);
    let what = "a scenario";
    *id = reader.required_string(fields.id, "id", what, value.span).map(str::to_owned);
    *expected = fields::expected(reader, fields.expected);
    let principal = reader.required_string(fields.principal, "principal", what, value.span);
    let action = reader.required_string(fields.action, "action", what, value.span);
    let resource = reader.required_string(fields.resource, "resource", what, value.span);
    let resource_account = fields::account(reader, fields.resource_account);
    let context = fields::context(reader, fields.context);
    let mut of = |member, kind| {
        let items = reader.items(member);
        documents(reader, items, kind)
    };
    let identity = of(fields.identity_policies, DocumentKind::Identity);
    let boundaries = of(fields.boundaries, DocumentKind::Identity);
    let session_policies = of(fields.session_policies, DocumentKind::Session);
    let endpoint = of(fields.endpoint_policies, DocumentKind::Endpoint);
    let layers = Layers {
        identity,
        boundaries,
        endpoint,
        scps: levels(reader, fields.scps, DocumentKind::Scp),
        rcps: levels(reader, fields.rcps, DocumentKind::Rcp),
        policy: fields::given(fields.resource_policy)
            .and_then(|value| one_document(reader, value, resource_kind(resource.unwrap_or("")))),
    };
    let span = fields.principal.map_or(value.span, |member| member.value.span);
    let asker = principal.and_then(|principal| principal::read(reader, principal, span));
    let origin = reader.origin(value.span);
    let model = model(&asker?, layers, resource?, origin, reader.source);
    Some(Scenario {
        id: id.clone()?,
        line,
        principal: principal?.to_owned(),
        action: action?.to_owned(),
        resource: resource?.to_owned(),
        resource_account,
        context,
        model,
        session_policies,
        expected: *expected,
        diagnostics: Vec::new(),
    })
}

/// The documents of a case, layer by layer.
struct Layers {
    identity: Vec<Document>,
    boundaries: Vec<Document>,
    scps: Vec<Vec<Document>>,
    rcps: Vec<Vec<Document>>,
    endpoint: Vec<Document>,
    policy: Option<Document>,
}

/// A role's policy is its trust policy.
fn resource_kind(resource: &str) -> DocumentKind {
    match arn::split(resource) {
        Some([_, _, "iam", _, _, name]) if name.starts_with("role/") => DocumentKind::Trust,
        _ => DocumentKind::Resource,
    }
}

/// The documents of a list, in order.
fn documents(reader: &mut Reader<'_, '_>, items: &[Value], kind: DocumentKind) -> Vec<Document> {
    items.iter().filter_map(|item| one_document(reader, item, kind)).collect()
}

fn one_document(reader: &mut Reader<'_, '_>, item: &Value, kind: DocumentKind) -> Option<Document> {
    match item.kind {
        // Documents inside strings are the raw API's; a scenario is written for this format.
        Kind::Object(_) => document::read(reader, item, kind).map(|Sized { document, .. }| document),
        _ => {
            reader.object(item, "a policy document");
            None
        }
    }
}

/// The levels of an organization, each with its documents.
fn levels(
    reader: &mut Reader<'_, '_>,
    member: Option<&json::Member>,
    kind: DocumentKind,
) -> Vec<Vec<Document>> {
    let levels = reader.items(member);
    let levels = levels.iter().map(|level| {
        let items = reader.list(level, "each level").unwrap_or_default();
        documents(reader, items, kind)
    });
    levels.collect()
}

/// The world of a case. Several boundary documents are one policy (rule V3): their statements side by side, each with its own reading of
/// variables.
fn model(asker: &Asker<'_>, layers: Layers, resource: &str, origin: Origin, source: &Source) -> Model {
    let mut model = Model {
        files: vec![(&**source.name()).into()],
        accounts: asker.account.map(Into::into).into_iter().collect(),
        scenario: true,
        ..Model::default()
    };
    if let Some(identity) = &asker.identity {
        add_identity(&mut model, identity, layers.identity, layers.boundaries, origin);
    }
    if let Some(account) = asker.account.filter(|_| !layers.scps.is_empty()) {
        add_organization(&mut model, account, layers.scps, origin);
    }
    let rcps = (!layers.rcps.is_empty()).then(|| {
        let levels = layers.rcps.into_iter().enumerate();
        levels.map(|(level, documents)| controls(&mut model, "rcps", level, documents)).collect()
    });
    if layers.policy.is_some() || rcps.is_some() {
        let arn = resource.into();
        model.resources.push(Resource {
            arn,
            account: None,
            tags: None,
            policy: layers.policy,
            rcps,
            origin,
        });
    }
    if !layers.endpoint.is_empty() {
        model.endpoints.push(Endpoint { id: None, documents: layers.endpoint, origin });
    }
    model
}

fn add_identity(
    model: &mut Model,
    behind: &Behind,
    identity: Vec<Document>,
    boundaries: Vec<Document>,
    origin: Origin,
) {
    let boundary = (!boundaries.is_empty()).then(|| {
        let statements = boundaries.into_iter().flat_map(|document| document.statements).collect();
        let document =
            Document { version: DocumentVersion::V2012, kind: DocumentKind::Identity, statements, origin };
        let versions = vec![PolicyVersion { id: "v1".into(), document }];
        model.policies.push(ManagedPolicy {
            arn: "boundaries".into(),
            name: "boundaries".into(),
            versions,
            default: 0,
            origin,
        });
        PolicyId(0)
    });
    let named = |(at, document)| InlinePolicy { name: format!("identity_policies[{at}]").into(), document };
    let identity = Identity {
        arn: behind.arn.as_str().into(),
        name: behind.name.as_str().into(),
        path: behind.path.as_str().into(),
        unique_id: "".into(),
        account: AccountId(0),
        inline: identity.into_iter().enumerate().map(named).collect(),
        attached: Vec::new(),
        origin,
    };
    if behind.is_role {
        model.roles.push(Role {
            identity,
            trust: None,
            boundary,
            tags: Vec::new(),
            max_session_seconds: None,
        });
    } else {
        model.users.push(User { identity, groups: Vec::new(), boundary, tags: Vec::new() });
    }
}

/// Adds the documents of a level as control policies.
fn controls(model: &mut Model, field: &str, level: usize, documents: Vec<Document>) -> Vec<ControlId> {
    let documents = documents.into_iter().enumerate();
    documents
        .map(|(at, document)| {
            let id: Box<str> = format!("{field}[{level}][{at}]").into();
            let origin = document.origin;
            model.controls.push(ControlPolicy { id: id.clone(), name: id, document, origin });
            ControlId::at(model.controls.len() - 1)
        })
        .collect()
}

/// An organization whose levels over the account are these: the last is the account's own.
fn add_organization(model: &mut Model, account: &str, levels: Vec<Vec<Document>>, origin: Origin) {
    let mut levels: Vec<Vec<ControlId>> = levels
        .into_iter()
        .enumerate()
        .map(|(level, documents)| controls(model, "scps", level, documents))
        .collect();
    let scps = levels.pop().unwrap_or_default();
    let nodes: Vec<OrganizationNode> = levels
        .into_iter()
        .enumerate()
        .map(|(level, scps)| OrganizationNode {
            id: format!("scps[{level}]").into(),
            name: "".into(),
            parent: level.checked_sub(1).map(NodeId::at),
            scps,
            rcps: Vec::new(),
            origin,
        })
        .collect();
    let parent = NodeId::at(nodes.len().saturating_sub(1));
    let place = OrganizationAccount { account: account.into(), parent, scps, rcps: Vec::new(), origin };
    model.organization = Some(Organization {
        id: "".into(),
        management: "".into(),
        scps: true,
        rcps: false,
        nodes,
        accounts: vec![place],
    });
}

#[cfg(test)]
mod tests;
