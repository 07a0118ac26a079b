//! Scenario files: JSON Lines, one self-contained case a line (DESIGN section 6).
//!
//! In: the text of a file. Out: for each line that is not blank the case, with a model of its own, or why it cannot be evaluated. A case
//! that uses a layer or a kind of principal which this version does not evaluate is such an error: an answer that ignores a layer would
//! be wrong without anybody noticing.

mod fields;
mod principal;

use portcullis_grammar::diagnostic::Diagnostic;
use portcullis_grammar::json::{self, Kind, Value};
use portcullis_grammar::source::{Source, Span};
use portcullis_runtime::decision;

use super::document::Sized;
use super::reader::Reader;
use super::sink::Sink;
use super::{Leniency, codes, document};
use crate::model::{
    AccountId, Document, DocumentKind, DocumentVersion, FileId, Identity, InlinePolicy, ManagedPolicy, Model,
    Origin, PolicyId, PolicyVersion, Role, User,
};
use crate::request::{ContextValue, Request};
use principal::Asker;

/// One case.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub id: String,
    /// Its line, from 1.
    pub line: u32,
    /// The ARN of the user or role that asks.
    pub principal: String,
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// The account of the resource, where the case gives it.
    pub resource_account: Option<String>,
    /// The context, complete as written (rule C12).
    pub context: Vec<(String, ContextValue)>,
    /// The user or role with its policies.
    pub model: Model,
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
            session: None,
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
    let identity = documents(reader, fields.identity_policies);
    let boundaries = documents(reader, fields.boundaries);
    fields::layers_not_built(reader, &fields);
    let span = fields.principal.map_or(value.span, |member| member.value.span);
    let asker = principal.and_then(|principal| principal::read(reader, principal, span));
    let origin = reader.origin(value.span);
    let model = model(&asker?, identity, boundaries, origin, reader.source);
    Some(Scenario {
        id: id.clone()?,
        line,
        principal: principal?.to_owned(),
        action: action?.to_owned(),
        resource: resource?.to_owned(),
        resource_account,
        context,
        model,
        expected: *expected,
        diagnostics: Vec::new(),
    })
}

/// The documents of a list, in order.
fn documents(reader: &mut Reader<'_, '_>, member: Option<&json::Member>) -> Vec<Document> {
    let items = reader.items(member).iter();
    items
        .filter_map(|item| match item.kind {
            // Documents inside strings are the raw API's; a scenario is written for this format.
            Kind::Object(_) => {
                document::read(reader, item, DocumentKind::Identity).map(|Sized { document, .. }| document)
            }
            _ => {
                reader.object(item, "a policy document");
                None
            }
        })
        .collect()
}

/// A model of one identity. Several boundary documents are one policy (rule V3): their statements side by side, each with its own
/// reading of variables.
fn model(
    asker: &Asker<'_>,
    identity: Vec<Document>,
    boundaries: Vec<Document>,
    origin: Origin,
    source: &Source,
) -> Model {
    let mut model = Model {
        files: vec![(&**source.name()).into()],
        accounts: vec![asker.arn.account.into()],
        ..Model::default()
    };
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
        arn: asker.text.into(),
        name: asker.arn.name.into(),
        path: asker.arn.path.into(),
        unique_id: "".into(),
        account: AccountId(0),
        inline: identity.into_iter().enumerate().map(named).collect(),
        attached: Vec::new(),
        origin,
    };
    if asker.is_role {
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
    model
}

#[cfg(test)]
mod tests;
