//! The model as IAM JSON: account snapshots, resources, an organization, policy documents.

use portcullis_grammar::json::{Kind, Member, Value};
use portcullis_grammar::source::Span;

use super::{Extent, NoForm, account_of};
use crate::model::{
    Document, DocumentKind, DocumentVersion, Effect, Identity, InlinePolicy, ManagedPolicy, Model, PolicyId,
    PrincipalClause, PrincipalType, Statement, Tag,
};

/// A JSON file.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name, without folder.
    pub name: String,
    /// What stands in it.
    pub value: Value,
}

fn value(kind: Kind) -> Value {
    Value { span: Span::default(), kind }
}

fn string(text: &str) -> Value {
    value(Kind::String(text.into()))
}

fn list(items: impl IntoIterator<Item = Value>) -> Value {
    value(Kind::Array(items.into_iter().collect()))
}

fn object<'k>(members: impl IntoIterator<Item = (&'k str, Value)>) -> Value {
    let member = |(key, value): (&str, Value)| Member { key_span: Span::default(), key: key.into(), value };
    value(Kind::Object(members.into_iter().map(member).collect()))
}

/// One text by itself, several as a list, as AWS writes them.
fn strings<'t>(texts: impl IntoIterator<Item = &'t str>) -> Value {
    let mut texts: Vec<Value> = texts.into_iter().map(string).collect();
    match (texts.len(), texts.pop()) {
        (1, Some(only)) => only,
        (_, last) => list(texts.into_iter().chain(last)),
    }
}

/// The JSON files that a model is. Linear.
///
/// # Errors
/// [`NoForm`] for a policy outside of accounts with several versions: a document has none; and for routes that may not be left out.
pub fn to_json(model: &Model, extent: &Extent) -> Result<Vec<Output>, NoForm> {
    extent.check(model)?;
    let mut outputs = Vec::new();
    for account in &model.accounts {
        let value = snapshot(model, extent, account);
        outputs.extend(value.map(|value| Output { name: format!("{account}.json"), value }));
    }
    let of_aws: Vec<Value> = policies(model, extent, "aws");
    if !of_aws.is_empty() {
        let value = object([("Policies", list(of_aws))]);
        outputs.push(Output { name: "aws-managed.json".into(), value });
    }
    let resources: Vec<Value> =
        model.resources.iter().filter(|it| extent.holds(it.origin)).map(|it| resource(model, it)).collect();
    if !resources.is_empty() {
        outputs.push(Output { name: "resources.json".into(), value: list(resources) });
    }
    if model
        .organization
        .as_ref()
        .is_some_and(|it| it.nodes.first().is_some_and(|root| extent.holds(root.origin)))
    {
        outputs.extend(organization(model).map(|value| Output { name: "organization.json".into(), value }));
    }
    for policy in model.policies.iter().filter(|it| extent.holds(it.origin) && account_of(&it.arn).is_none())
    {
        let [version] = policy.versions.as_slice() else {
            let count = policy.versions.len();
            let message = format!(
                "the policy `{}` has {count} versions and is of no account: a document has none",
                policy.name
            );
            return Err(NoForm(message));
        };
        let name = policy.name.rsplit('/').next().unwrap_or("policy");
        let name = if name.ends_with(".json") { name.to_owned() } else { format!("{name}.json") };
        outputs.push(Output { name, value: document(&version.document) });
    }
    Ok(outputs)
}

/// A policy document.
#[must_use]
pub(super) fn document(document: &Document) -> Value {
    let version = match document.version {
        DocumentVersion::V2008 => "2008-10-17",
        DocumentVersion::V2012 => "2012-10-17",
    };
    object([
        ("Version", string(version)),
        ("Statement", list(document.statements.iter().map(|it| statement(it, document.kind)))),
    ])
}

fn statement(statement: &Statement, kind: DocumentKind) -> Value {
    let mut members = Vec::new();
    if let Some(sid) = &statement.sid {
        members.push(("Sid", string(sid)));
    }
    let effect = match statement.effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    };
    members.push(("Effect", string(effect)));
    if let Some(clause) = &statement.principals
        && !kind.is_identity_type()
    {
        members.push((if clause.negated { "NotPrincipal" } else { "Principal" }, principals(clause)));
    }
    let actions = &statement.actions;
    let texts = actions.patterns.iter().map(|pattern| &*pattern.text);
    members.push((if actions.negated { "NotAction" } else { "Action" }, strings(texts)));
    if let Some(resources) = &statement.resources {
        let texts = resources.patterns.iter().map(|pattern| &*pattern.text);
        members.push((if resources.negated { "NotResource" } else { "Resource" }, strings(texts)));
    }
    if !statement.conditions.is_empty() {
        let mut operators: Vec<(String, Vec<(&str, Value)>)> = Vec::new();
        for condition in &statement.conditions {
            let name = condition.operator.to_string();
            let values = strings(condition.operands.iter().map(|operand| &*operand.text));
            let entry = (&*condition.key_text, values);
            match operators.iter_mut().find(|(known, _)| *known == name) {
                Some((_, keys)) => keys.push(entry),
                None => operators.push((name, vec![entry])),
            }
        }
        let operators: Vec<(String, Value)> =
            operators.into_iter().map(|(name, keys)| (name, object(keys))).collect();
        let block = object(operators.iter().map(|(name, keys)| (name.as_str(), keys.clone())));
        members.push(("Condition", block));
    }
    object(members)
}

fn principals(clause: &PrincipalClause) -> Value {
    if clause.entries.iter().any(|entry| entry.kind == PrincipalType::Everyone) {
        return string("*");
    }
    let types = [
        ("AWS", PrincipalType::Aws),
        ("Service", PrincipalType::Service),
        ("Federated", PrincipalType::Federated),
        ("CanonicalUser", PrincipalType::CanonicalUser),
    ];
    let of = |(name, kind): (&'static str, PrincipalType)| {
        let texts: Vec<&str> =
            clause.entries.iter().filter(|entry| entry.kind == kind).map(|entry| &*entry.text).collect();
        (!texts.is_empty()).then(|| (name, strings(texts)))
    };
    object(types.into_iter().filter_map(of))
}

/// The snapshot of an account; `None` where nothing of it is converted.
fn snapshot(model: &Model, extent: &Extent, number: &str) -> Option<Value> {
    let of = |identity: &Identity| {
        extent.holds(identity.origin)
            && model.accounts.get(identity.account.index()).is_some_and(|account| **account == *number)
    };
    let users = model.users.iter().filter(|user| of(&user.identity)).map(|user| {
        let mut members = common(model, &user.identity, "User");
        let groups = user.groups.iter().filter_map(|group| model.group(*group));
        members.push(("GroupList", list(groups.map(|group| string(&group.identity.name)))));
        limits(model, user.boundary, &user.tags, &mut members);
        object(members)
    });
    let groups = model.groups.iter().filter(|group| of(&group.identity));
    let groups = groups.map(|group| object(common(model, &group.identity, "Group")));
    let roles = model.roles.iter().filter(|role| of(&role.identity)).map(|role| {
        let mut members = common(model, &role.identity, "Role");
        members.extend(role.trust.as_ref().map(|trust| ("AssumeRolePolicyDocument", document(trust))));
        limits(model, role.boundary, &role.tags, &mut members);
        if let Some(seconds) = role.max_session_seconds {
            members.push(("MaxSessionDuration", value(Kind::Number(seconds.to_string().into()))));
        }
        object(members)
    });
    let (users, groups, roles): (Vec<_>, Vec<_>, Vec<_>) =
        (users.collect(), groups.collect(), roles.collect());
    let policies = policies(model, extent, number);
    let some = !(users.is_empty() && groups.is_empty() && roles.is_empty() && policies.is_empty());
    some.then(|| {
        object([
            ("UserDetailList", list(users)),
            ("GroupDetailList", list(groups)),
            ("RoleDetailList", list(roles)),
            ("Policies", list(policies)),
        ])
    })
}

type Members = Vec<(&'static str, Value)>;

fn common(model: &Model, identity: &Identity, kind: &str) -> Members {
    let (name, id, inline) = match kind {
        "User" => ("UserName", "UserId", "UserPolicyList"),
        "Group" => ("GroupName", "GroupId", "GroupPolicyList"),
        _ => ("RoleName", "RoleId", "RolePolicyList"),
    };
    let mut members = vec![("Path", string(&identity.path)), (name, string(&identity.name))];
    if !identity.unique_id.is_empty() {
        members.push((id, string(&identity.unique_id)));
    }
    members.push(("Arn", string(&identity.arn)));
    let policy = |policy: &InlinePolicy| {
        object([("PolicyName", string(&policy.name)), ("PolicyDocument", document(&policy.document))])
    };
    members.push((inline, list(identity.inline.iter().map(policy))));
    let attached = identity
        .attached
        .iter()
        .filter_map(|policy| model.policy(*policy))
        .map(|policy| object([("PolicyName", string(&policy.name)), ("PolicyArn", string(&policy.arn))]));
    members.push(("AttachedManagedPolicies", list(attached)));
    members
}

fn limits(model: &Model, boundary: Option<PolicyId>, tags: &[Tag], members: &mut Members) {
    if let Some(policy) = boundary.and_then(|policy| model.policy(policy)) {
        let kind = ("PermissionsBoundaryType", string("PermissionsBoundaryPolicy"));
        members
            .push(("PermissionsBoundary", object([kind, ("PermissionsBoundaryArn", string(&policy.arn))])));
    }
    let tag = |tag: &Tag| object([("Key", string(&tag.key)), ("Value", string(&tag.value))]);
    members.push(("Tags", list(tags.iter().map(tag))));
}

fn policies(model: &Model, extent: &Extent, account: &str) -> Vec<Value> {
    let of =
        |policy: &&ManagedPolicy| extent.holds(policy.origin) && account_of(&policy.arn) == Some(account);
    let policy = |policy: &ManagedPolicy| {
        let default = policy.default as usize;
        let versions = policy.versions.iter().enumerate().map(|(at, version)| {
            object([
                ("VersionId", string(&version.id)),
                ("IsDefaultVersion", value(Kind::Bool(at == default))),
                ("Document", document(&version.document)),
            ])
        });
        object([
            ("PolicyName", string(&policy.name)),
            ("Arn", string(&policy.arn)),
            ("DefaultVersionId", string(policy.default_version().map_or("", |version| &version.id))),
            ("PolicyVersionList", list(versions)),
        ])
    };
    model.policies.iter().filter(of).map(policy).collect()
}

fn resource(model: &Model, resource: &crate::model::Resource) -> Value {
    let mut members = vec![("arn", string(&resource.arn))];
    members.extend(resource.account.as_ref().map(|account| ("account", string(account))));
    if let Some(tags) = &resource.tags {
        members.push(("tags", object(tags.iter().map(|tag| (&*tag.key, string(&tag.value))))));
    }
    members.extend(model.policy_of(resource).map(|policy| ("policy", document(policy))));
    object(members)
}

fn organization(model: &Model) -> Option<Value> {
    const TYPES: [(DocumentKind, &str); 2] =
        [(DocumentKind::Scp, "SERVICE_CONTROL_POLICY"), (DocumentKind::Rcp, "RESOURCE_CONTROL_POLICY")];
    let tree = model.organization.as_ref()?;
    let type_of =
        |kind: DocumentKind| TYPES.iter().find(|(known, _)| *known == kind).map_or("", |(_, name)| *name);
    let enabled = [(tree.scps, TYPES[0].1), (tree.rcps, TYPES[1].1)].into_iter().filter(|(on, _)| *on);
    let enabled = enabled.map(|(_, name)| object([("Type", string(name)), ("Status", string("ENABLED"))]));
    let root = tree.nodes.first()?;
    let root_value =
        object([("Id", string(&root.id)), ("Name", string(&root.name)), ("PolicyTypes", list(enabled))]);
    let (mut units, mut accounts, mut targets) = (Vec::new(), Vec::new(), Vec::new());
    let attached = |controls: &[crate::model::ControlId], more: &[crate::model::ControlId]| {
        let policies = controls.iter().chain(more).filter_map(|id| model.controls.get(id.index()));
        list(policies.map(|it| {
            object([
                ("Id", string(&it.id)),
                ("Name", string(&it.name)),
                ("Type", string(type_of(it.document.kind))),
            ])
        }))
    };
    for (at, node) in (0_u32..).zip(&tree.nodes) {
        let below = tree.nodes.iter().filter(|it| it.parent.is_some_and(|parent| parent.0 == at));
        units.push((
            &*node.id,
            list(below.map(|it| object([("Id", string(&it.id)), ("Name", string(&it.name))]))),
        ));
        let below = tree.accounts.iter().filter(|it| it.parent.0 == at);
        accounts.push((&*node.id, list(below.map(|it| object([("Id", string(&it.account))])))));
        targets.push((&*node.id, attached(&node.scps, &node.rcps)));
    }
    targets.extend(tree.accounts.iter().map(|it| (&*it.account, attached(&it.scps, &it.rcps))));
    let policies = model.controls.iter().map(|it| {
        let kind = type_of(it.document.kind);
        let summary = object([("Id", string(&it.id)), ("Name", string(&it.name)), ("Type", string(kind))]);
        object([("PolicySummary", summary), ("Content", document(&it.document))])
    });
    Some(object([
        ("Organization", object([("Id", string(&tree.id)), ("MasterAccountId", string(&tree.management))])),
        ("Roots", list([root_value])),
        ("OrganizationalUnits", object(units)),
        ("Accounts", object(accounts)),
        ("PoliciesForTarget", object(targets)),
        ("Policies", list(policies)),
    ]))
}
