//! From drafts to the model: names become ids, and what only all inputs together can tell is checked (rules I1, I2, P5).

use std::collections::{BTreeSet, HashMap};
use std::mem;

use portcullis_grammar::diagnostic::Diagnostic;
use portcullis_grammar::source::Span;
use portcullis_runtime::value::arn;

use super::drafts::{
    Drafts, IdentityDraft, IdentityKind, OrganizationDraft, Page, PolicyDraft, Reference, ResourceDraft,
};
use super::is_gate;
use super::reader::{Place, shown};
use super::sink::Sink;
use super::{codes, routes};
use crate::model::resource::owner_name;
use crate::model::{
    AccountId, Document, DocumentKind, Endpoint, FileId, Group, GroupId, Identity, InlinePolicy,
    ManagedPolicy, Model, Origin, PolicyId, Resource, Role, User,
};

/// Makes the model of what was read. It is whole only if no error was reported.
pub(super) fn model(mut drafts: Drafts<'_>, files: Vec<Box<str>>, sink: &mut Sink) -> Model {
    let complete = !drafts.incomplete;
    if complete {
        unfinished_pages(&drafts.pages, sink);
    }
    let identities = mem::take(&mut drafts.identities);
    unique_identities(&identities, sink);
    if complete {
        unheld_ids(&drafts.principal_ids, &identities, sink);
    }
    let policies = unique_policies(mem::take(&mut drafts.policies), sink);
    let accounts: BTreeSet<&str> = identities
        .iter()
        .map(|identity| &*identity.account)
        .chain(policies.iter().map(|policy| &*policy.account))
        .filter(|account| account.len() == 12)
        .collect();
    let linker = Linker {
        complete,
        accounts: accounts
            .iter()
            .enumerate()
            .map(|(at, account)| (Box::from(*account), AccountId::at(at)))
            .collect(),
        groups: group_ids(&identities),
        policies: policies
            .iter()
            .enumerate()
            .map(|(at, draft)| (draft.policy.arn.clone(), PolicyId::at(at)))
            .collect(),
    };
    let mut model =
        Model { files, accounts: accounts.into_iter().map(Into::into).collect(), ..Model::default() };
    for draft in identities {
        linker.add(draft, &mut model, sink);
    }
    model.policies = policies.into_iter().map(|draft| draft.policy).collect();
    resources(mem::take(&mut drafts.resources), &mut model, sink);
    model.routes = routes::routes(mem::take(&mut drafts.routes), sink);
    if let Some(draft) = drafts.organization {
        if complete {
            outsiders(&model, &draft, sink);
        }
        model.controls = draft.controls;
        model.organization = Some(draft.organization);
    }
    model
}

/// Accounts over which no SCP and no RCP stands, for all that the inputs say.
fn outsiders(model: &Model, draft: &OrganizationDraft<'_>, sink: &mut Sink) {
    let owners = model.resources.iter().filter_map(|resource| resource.account.as_ref());
    let accounts: BTreeSet<&Box<str>> = model.accounts.iter().chain(owners).collect();
    for account in accounts.into_iter().filter(|account| draft.organization.account(account).is_none()) {
        let place = opening(draft.place);
        let message =
            format!("the organization does not hold the account {account}, so that no SCP or RCP limits it");
        let found = Diagnostic::warning(codes::ORGANIZATION_ACCOUNT, message);
        let help = "add the account to the list of its parent, if it is a member";
        sink.push(found.at(place.source, place.span, "in this organization").help(help));
    }
}

/// Resources by ARN, each once, and the endpoints among them.
fn resources(mut drafts: Vec<ResourceDraft<'_>>, model: &mut Model, sink: &mut Sink) {
    drafts.sort_by(|a, b| (owner_name(&a.arn), a.origin).cmp(&(owner_name(&b.arn), b.origin)));
    for (first, second) in drafts.iter().zip(drafts.iter().skip(1)) {
        if owner_name(&first.arn) == owner_name(&second.arn) {
            let message = format!("the resource `{}` is given twice", shown(&second.arn));
            error(
                sink,
                codes::RESOURCE_DUPLICATE,
                second.place,
                Some(first.place),
                message,
                "remove one of them",
            );
        }
    }
    let inherited = inherited_policies(&drafts, sink);
    for (draft, inherited) in drafts.into_iter().zip(inherited) {
        let document = draft.policy.map(|policy| policy.document).or(inherited);
        let (policy, endpoint) = match document {
            Some(document) if document.kind == DocumentKind::Endpoint => (None, Some(document)),
            other => (other, None),
        };
        if let Some(document) = endpoint {
            let id = draft.arn.rsplit_once('/').map(|(_, id)| id.into());
            model.endpoints.push(Endpoint { id, documents: vec![document], origin: draft.origin });
        }
        model.resources.push(Resource {
            arn: draft.arn,
            account: draft.account,
            tags: draft.tags,
            policy,
            rcps: None,
            origin: draft.origin,
        });
    }
    model.endpoints.sort_by(|a, b| a.id.cmp(&b.id));
    let twice = model.endpoints.iter().zip(model.endpoints.iter().skip(1)).find(|(a, b)| a.id == b.id);
    if let Some((endpoint, _)) = twice {
        let message = format!("two endpoints have the id `{}`", shown(endpoint.id.as_deref().unwrap_or("")));
        sink.push(Diagnostic::error(codes::RESOURCE_DUPLICATE, message).help("remove one of them"));
    }
}

/// A request's owner is the longest one, which would hide the policy of what it lies under, and its denies. An object or a log stream has no
/// policy of its own in AWS: its bucket's or log group's speaks of it. A version or alias of a function has: the function's does not.
///
/// Gives by draft the policy that it has from its owner.
fn inherited_policies(drafts: &[ResourceDraft<'_>], sink: &mut Sink) -> Vec<Option<Document>> {
    let mut inherited = vec![None; drafts.len()];
    let by_name: HashMap<&str, &ResourceDraft<'_>> =
        drafts.iter().map(|draft| (owner_name(&draft.arn), draft)).collect();
    for (draft, inherited) in drafts.iter().zip(&mut inherited) {
        let name = owner_name(&draft.arn);
        let Some([_, _, service, _, _, resource]) = arn::split(name) else { continue };
        let Some(length) = arn::above(service.as_bytes(), resource.as_bytes()) else { continue };
        let may_have = service == "lambda";
        if draft.policy.is_some() {
            if !may_have {
                let below = shown(&draft.arn);
                let message =
                    format!("`{below}` has no policy of its own in AWS, and this one would hide its owner's");
                let help = "give the policy to the bucket or log group, for this resource alone";
                let found = Diagnostic::error(codes::RESOURCE_HIDES, message);
                sink.push(found.at(draft.place.source, draft.place.span, "").help(help));
            }
            continue;
        }
        let above = name.get(..name.len() - resource.len() + length).and_then(|above| by_name.get(above));
        let Some((above, policy)) = above.and_then(|above| Some((above, above.policy.as_ref()?))) else {
            continue;
        };
        if may_have {
            let (below, above_arn) = (shown(&draft.arn), shown(&above.arn));
            let message =
                format!("`{below}` has no policy, and hides that of `{above_arn}`, under which it lies");
            let help = "remove it, or repeat the policy there";
            let found = Diagnostic::error(codes::RESOURCE_HIDES, message)
                .at(draft.place.source, draft.place.span, "")
                .at(above.place.source, above.place.span, "whose policy it would hide");
            sink.push(found.help(help));
        } else {
            *inherited = Some(policy.document.clone());
        }
    }
    inherited
}

pub(super) fn error(
    sink: &mut Sink,
    code: &'static str,
    place: Place<'_>,
    first: Option<Place<'_>>,
    message: String,
    help: &str,
) {
    let found = Diagnostic::error(code, message).at(place.source, place.span, "");
    let found = match first {
        Some(first) => found.at(first.source, first.span, "first here"),
        None => found,
    };
    sink.push(found.help(help));
}

/// The opening bracket of something: underlining all of it would help nobody.
pub(super) fn opening(place: Place<'_>) -> Place<'_> {
    let start = place.span.start as usize;
    Place { span: Span::new(start, start + 1), ..place }
}

/// Fail closed: what a missing page denies would be allowed. A page without entities of an account belongs to the one before it.
fn unfinished_pages(pages: &[Page<'_>], sink: &mut Sink) {
    let mut last: HashMap<&str, Option<Place<'_>>> = HashMap::new();
    let mut current = "";
    for page in pages {
        if let Some(account) = &page.account {
            // Pages before the first account belong to it.
            if current.is_empty() {
                last.remove("");
            }
            current = account;
        }
        last.insert(current, page.truncated);
    }
    let mut cut: Vec<_> =
        last.into_iter().filter_map(|(account, place)| place.map(|place| (account, place))).collect();
    cut.sort_unstable_by_key(|(account, _)| *account);
    for (account, place) in cut {
        let of = if account.is_empty() { String::new() } else { format!(" of account {account}") };
        let message = format!("the last page of the snapshot{of} says that another one follows");
        error(
            sink,
            codes::SNAPSHOT_TRUNCATED,
            place,
            None,
            message,
            "give all pages, in the order in which they were fetched",
        );
    }
}

fn unique_identities(identities: &[IdentityDraft<'_>], sink: &mut Sink) {
    let mut seen: HashMap<(&str, IdentityKind, String), &IdentityDraft<'_>> =
        HashMap::with_capacity(identities.len());
    for identity in identities {
        unique_inline(identity, sink);
        let key = (&*identity.account, identity.kind, identity.name.to_ascii_lowercase());
        let Some(first) = seen.insert(key, identity) else { continue };
        let noun = identity.kind.noun();
        let (code, message) = if first.arn == identity.arn {
            (codes::I1_DUPLICATE, format!("the {noun} `{}` is given twice", shown(&identity.arn)))
        } else {
            let message = format!(
                "the {noun} names `{}` and `{}` of one account differ at most in case or path",
                shown(&first.arn),
                shown(&identity.arn)
            );
            (codes::P5_NAME_NOT_UNIQUE, message)
        };
        let help =
            "names are unique in an account, ignoring case and path; check that no page is given twice";
        error(sink, code, opening(identity.place), Some(opening(first.place)), message, help);
    }
}

fn unique_inline(identity: &IdentityDraft<'_>, sink: &mut Sink) {
    let mut seen: HashMap<String, Place<'_>> = HashMap::new();
    for inline in &identity.inline {
        if let Some(first) = seen.insert(inline.name.to_ascii_lowercase(), inline.place) {
            let message = format!(
                "the {} `{}` has two inline policies `{}`",
                identity.kind.noun(),
                shown(&identity.name),
                shown(&inline.name)
            );
            error(
                sink,
                codes::P5_NAME_NOT_UNIQUE,
                opening(inline.place),
                Some(opening(first)),
                message,
                "give each its own name",
            );
        }
    }
}

/// Managed policies by ARN, each once: two snapshots may hold the same AWS-managed policy.
fn unique_policies<'a>(drafts: Vec<PolicyDraft<'a>>, sink: &mut Sink) -> Vec<PolicyDraft<'a>> {
    let mut kept: Vec<PolicyDraft<'a>> = Vec::with_capacity(drafts.len());
    let mut by_arn: HashMap<Box<str>, usize> = HashMap::with_capacity(drafts.len());
    let mut by_name: HashMap<(Box<str>, String), usize> = HashMap::with_capacity(drafts.len());
    for draft in drafts {
        if let Some(first) = by_arn.get(&draft.policy.arn).and_then(|&at| kept.get(at)) {
            if placeless(&first.policy) != placeless(&draft.policy) {
                let message = format!(
                    "the policy `{}` is given twice, with different content",
                    shown(&draft.policy.arn)
                );
                let help = "remove one of them; all inputs have to be of one moment";
                error(
                    sink,
                    codes::I2_CONFLICT,
                    opening(draft.place),
                    Some(opening(first.place)),
                    message,
                    help,
                );
            }
            continue;
        }
        let name = (draft.account.clone(), draft.policy.name.to_ascii_lowercase());
        if draft.account.len() == 12
            && let Some(first) = by_name.get(&name).and_then(|&at| kept.get(at))
        {
            let message = format!(
                "the policy names `{}` and `{}` of one account differ at most in case or path",
                shown(&first.policy.arn),
                shown(&draft.policy.arn)
            );
            let help = "names are unique in an account, ignoring case and path";
            error(
                sink,
                codes::P5_NAME_NOT_UNIQUE,
                opening(draft.place),
                Some(opening(first.place)),
                message,
                help,
            );
        }
        by_arn.insert(draft.policy.arn.clone(), kept.len());
        by_name.insert(name, kept.len());
        kept.push(draft);
    }
    kept
}

/// The policy without where it stands, for comparison.
fn placeless(policy: &ManagedPolicy) -> ManagedPolicy {
    const NOWHERE: Origin = Origin { file: FileId(0), line: 0, column: 0 };
    let mut policy = policy.clone();
    policy.origin = NOWHERE;
    for version in &mut policy.versions {
        version.document.origin = NOWHERE;
        version.document.statements.iter_mut().for_each(|statement| statement.origin = NOWHERE);
    }
    policy
}

fn unheld_ids(ids: &[Reference<'_>], identities: &[IdentityDraft<'_>], sink: &mut Sink) {
    if ids.is_empty() {
        return;
    }
    let held: BTreeSet<&str> = identities.iter().map(|identity| &*identity.unique_id).collect();
    for id in ids.iter().filter(|id| !held.contains(&*id.text)) {
        let message = format!(
            "the principal `{}` is the id of no user or role of the inputs, perhaps of a deleted one",
            shown(&id.text)
        );
        let place = opening(id.place);
        sink.push(
            Diagnostic::warning(codes::N5_UNHELD_ID, message)
                .at(place.source, place.span, "named in its policy")
                .help("remove it, or name the principal by its ARN"),
        );
    }
}

fn group_ids(identities: &[IdentityDraft<'_>]) -> HashMap<(Box<str>, String), GroupId> {
    let groups = identities.iter().filter(|identity| identity.kind == IdentityKind::Group);
    groups
        .enumerate()
        .map(|(at, group)| ((group.account.clone(), group.name.to_ascii_lowercase()), GroupId::at(at)))
        .collect()
}

/// The names of all entities.
struct Linker {
    /// Whether everything could be read: only then a name that nothing has is an error.
    complete: bool,
    accounts: HashMap<Box<str>, AccountId>,
    groups: HashMap<(Box<str>, String), GroupId>,
    policies: HashMap<Box<str>, PolicyId>,
}

impl Linker {
    fn add(&self, draft: IdentityDraft<'_>, model: &mut Model, sink: &mut Sink) {
        let mut attached: Vec<PolicyId> =
            draft.attached.iter().filter_map(|policy| self.policy(policy, sink)).collect();
        let mut seen = BTreeSet::new();
        attached.retain(|policy| seen.insert(*policy));
        let boundary = draft.boundary.as_ref().and_then(|policy| self.policy(policy, sink));
        let groups =
            draft.groups.iter().filter_map(|group| self.group(&draft.account, group, sink)).collect();
        let inline = draft
            .inline
            .into_iter()
            .map(|inline| InlinePolicy { name: inline.name, document: inline.content.document })
            .collect();
        let identity = Identity {
            arn: draft.arn,
            name: draft.name,
            path: draft.path,
            unique_id: draft.unique_id,
            account: self.accounts.get(&draft.account).copied().unwrap_or(AccountId(0)),
            inline,
            attached,
            origin: draft.origin,
        };
        let trust: Option<Document> = draft.trust.map(|trust| trust.document);
        match draft.kind {
            IdentityKind::User => model.users.push(User { identity, groups, boundary, tags: draft.tags }),
            IdentityKind::Group => model.groups.push(Group { identity }),
            IdentityKind::Role => model.roles.push(Role {
                identity,
                trust,
                boundary,
                tags: draft.tags,
                max_session_seconds: draft.max_session_seconds,
            }),
        }
    }

    fn policy(&self, reference: &Reference<'_>, sink: &mut Sink) -> Option<PolicyId> {
        let found = self.policies.get(&reference.text).copied();
        if found.is_none() && self.complete {
            let message = format!("no input holds the policy `{}`", shown(&reference.text));
            let name = reference.text.rsplit('/').next().unwrap_or("");
            let account = reference.text.split(":policy/").next().unwrap_or("");
            let source = reference.place.source.name();
            let near = sink.near(source, codes::I2_POLICY_NOT_HELD, name, || {
                let known = self.policies.keys().filter(|arn| arn.starts_with(account));
                known.filter_map(|arn| arn.rsplit('/').next()).collect()
            });
            let near = near.map(|near| format!("did you mean `{near}`?"));
            let help = if let Some(near) = &near {
                near
            } else if is_gate(reference.place.source) && !reference.text.contains(":iam::aws:") {
                "declare it in the account, policy NAME { … }; write aws:NAME for one of AWS's, an ARN for another account's"
            } else if reference.text.contains(":iam::aws:policy/") {
                "give the AWS-managed policies as an input: a snapshot that lists them under Policies, or a list of them (.jsonl)"
            } else {
                "fetch the snapshot without a filter, so that it lists the account's policies under Policies"
            };
            error(sink, codes::I2_POLICY_NOT_HELD, reference.place, None, message, help);
        }
        found
    }

    fn group(&self, account: &str, reference: &Reference<'_>, sink: &mut Sink) -> Option<GroupId> {
        let found = self.groups.get(&(Box::from(account), reference.text.to_ascii_lowercase())).copied();
        if found.is_none() && self.complete {
            let message =
                format!("no input holds the group `{}` of account {account}", shown(&reference.text));
            let source = reference.place.source.name();
            let near = sink.near(source, codes::I1_GROUP_NOT_HELD, &reference.text, || {
                let known = self.groups.keys().filter(|(of, _)| **of == *account);
                known.map(|(_, name)| name.as_str()).collect()
            });
            let near = near.map(|near| format!("did you mean `{near}`?"));
            let help = match &near {
                Some(near) => near,
                None if is_gate(reference.place.source) => "declare it in the account: group NAME",
                None => "fetch the snapshot without a filter, so that it lists GroupDetailList",
            };
            error(sink, codes::I1_GROUP_NOT_HELD, reference.place, None, message, help);
        }
        found
    }
}
