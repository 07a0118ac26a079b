//! Control policies: those that an organization file describes, and the two of AWS that need no description (rules E1, E2).

use portcullis_grammar::json::{Member, Value};
use portcullis_grammar::source::Span;

use super::{RCP_TYPE, SCP_TYPE, listed, opening};
use crate::model::organization::{FULL_RCP, FULL_SCP};
use crate::model::{
    ActionClause, ActionPattern, ControlPolicy, Document, DocumentKind, DocumentVersion, Effect, Origin,
    PrincipalClause, PrincipalEntry, PrincipalType, ResourceClause, ResourcePattern, Statement,
};
use crate::pattern::{ActionForm, ResourceForm};
use crate::resolve::codes;
use crate::resolve::document::{self, Sized};
use crate::resolve::reader::{Reader, fields, shown};

/// The policies that are described, and those of AWS that need no description.
pub(super) fn read_policies(reader: &mut Reader<'_, '_>, member: Option<&Member>) -> Vec<ControlPolicy> {
    let mut controls: Vec<ControlPolicy> = Vec::new();
    let items =
        member.map(|member| listed(reader, &member.value, "Policies", "`Policies`")).unwrap_or_default();
    for item in items {
        let Some(control) = read_policy(reader, item) else { continue };
        if controls.iter().any(|known| known.id == control.id) {
            let message = format!("the policy `{}` is described twice", shown(&control.id));
            reader.error(codes::ORGANIZATION, opening(item.span), message, "remove one of them");
        }
        controls.push(control);
    }
    let origin = reader.origin(member.map_or_else(Span::default, |member| member.key_span));
    add_full_access(&mut controls, origin);
    controls
}

/// Adds the policies of AWS that need no description.
pub(in crate::resolve) fn add_full_access(controls: &mut Vec<ControlPolicy>, origin: Origin) {
    for (id, name, kind) in
        [(FULL_SCP, "FullAWSAccess", DocumentKind::Scp), (FULL_RCP, "RCPFullAWSAccess", DocumentKind::Rcp)]
    {
        if !controls.iter().any(|known| &*known.id == id) {
            let document = Document {
                version: DocumentVersion::V2012,
                kind,
                statements: vec![everything(kind, origin)],
                origin,
            };
            let policy = ControlPolicy { id: id.into(), name: name.into(), document, origin };
            controls.push(policy);
        }
    }
}

/// The one statement of the full-access policies.
fn everything(kind: DocumentKind, origin: Origin) -> Statement {
    let everybody = PrincipalEntry { kind: PrincipalType::Everyone, text: "*".into() };
    Statement {
        sid: None,
        effect: Effect::Allow,
        principals: (kind == DocumentKind::Rcp)
            .then(|| PrincipalClause { negated: false, entries: vec![everybody] }),
        actions: ActionClause {
            negated: false,
            patterns: vec![ActionPattern { form: ActionForm::Everything, text: "*".into() }],
        },
        resources: Some(ResourceClause {
            negated: false,
            patterns: vec![ResourcePattern { form: ResourceForm::Everything, text: "*".into() }],
        }),
        conditions: Vec::new(),
        variables: true,
        origin,
    }
}

/// A policy as `describe-policy` prints it, with or without the `Policy` around it.
fn read_policy(reader: &mut Reader<'_, '_>, value: &Value) -> Option<ControlPolicy> {
    let what = "a policy of the organization";
    let mut members = reader.object(value, what)?;
    if let [Member { key, value, .. }] = members
        && &**key == "Policy"
    {
        members = reader.object(value, what)?;
    }
    let ([summary, content], _) = fields(members, ["PolicySummary", "Content"]);
    let summary = reader.required(summary, "PolicySummary", what, value.span)?;
    let content = reader.required(content, "Content", what, value.span);
    let of_summary = reader.object(summary, "`PolicySummary`")?;
    let ([id, name, kind], _) = fields(of_summary, ["Id", "Name", "Type"]);
    let id = reader.required_string(id, "Id", what, summary.span);
    let name = reader.optional_string(name).unwrap_or("");
    let kind = match reader.required_string(kind, "Type", what, summary.span)? {
        SCP_TYPE => DocumentKind::Scp,
        RCP_TYPE => DocumentKind::Rcp,
        // Tag policies and their like decide nothing here.
        _ => return None,
    };
    let Sized { document, size } = document::read(reader, content?, kind)?;
    lint_size(reader, name, size, opening(value.span));
    let policy =
        ControlPolicy { id: id?.into(), name: name.into(), document, origin: reader.origin(value.span) };
    check_aws_own(reader, &policy, opening(value.span));
    Some(policy)
}

/// Refuses a policy that has the id of one of AWS's own and says something else: whatever knows these two by their ids would lose it.
pub(in crate::resolve) fn check_aws_own(reader: &mut Reader<'_, '_>, policy: &ControlPolicy, place: Span) {
    let kind = if &*policy.id == FULL_RCP { DocumentKind::Rcp } else { DocumentKind::Scp };
    let wanted = everything(kind, policy.origin);
    let same = |statement: &Statement| {
        let Statement { effect, principals, actions, resources, conditions, .. } = statement;
        let is = (effect, actions, resources) == (&wanted.effect, &wanted.actions, &wanted.resources);
        is && conditions.is_empty() && principals.as_ref().is_none_or(everybody)
    };
    let document = &policy.document;
    let full =
        document.kind == kind && !document.statements.is_empty() && document.statements.iter().all(same);
    if policy.is_aws_own() && !full {
        let message = format!(
            "`{}` is a policy of AWS, which allows everything, and says something else here",
            policy.id
        );
        let help = "nobody can change that policy: give this one the id that it has";
        reader.error(codes::ORGANIZATION, place, message, help);
    }
}

fn everybody(clause: &PrincipalClause) -> bool {
    !clause.negated && clause.entries.iter().all(|entry| &*entry.text == "*")
}

/// Lints a control policy that is larger than AWS takes (rule P5).
pub(in crate::resolve) fn lint_size(reader: &mut Reader<'_, '_>, name: &str, size: usize, place: Span) {
    const SIZE: usize = 5_120;
    if size > SIZE {
        let message =
            format!("the characters of the policy `{}` are {size}; AWS's quota is {SIZE}", shown(name));
        reader.lint(codes::P5_QUOTA, place, message, "AWS refuses this unless the quota was raised");
    }
}
