//! Organization files: what `aws organizations` prints, gathered in one object (rules E1, E2, DESIGN section 6).
//!
//! `Organization` is that of `describe-organization`; `Roots` the list of `list-roots`; `OrganizationalUnits` and `Accounts` hold by the id of
//! a parent what `list-organizational-units-for-parent` and `list-accounts-for-parent` list; `PoliciesForTarget` holds by the id of a target what
//! `list-policies-for-target` lists for both types of policies; `Policies` are those of `describe-policy`. A list may also stand inside the
//! object that the command prints. What a list would hold that is not there is not known: no list counts as empty.

mod controls;

pub(in crate::resolve) use controls::{add_full_access, check_aws_own, lint_size};

use std::collections::{BTreeMap, BTreeSet, HashMap};

use portcullis_grammar::json::{Kind, Member, Value};
use portcullis_grammar::source::Span;
use portcullis_runtime::value::arn;

use super::codes;
use super::drafts::{Drafts, OrganizationDraft};
use super::reader::{Reader, fields, shown};
use super::snapshot::unknown_fields;
use crate::model::organization::{FULL_RCP, FULL_SCP};
use crate::model::{
    ControlId, ControlPolicy, DocumentKind, NodeId, Organization, OrganizationAccount, OrganizationNode,
};

const FIELDS: [&str; 6] =
    ["Organization", "Roots", "OrganizationalUnits", "Accounts", "PoliciesForTarget", "Policies"];
/// Deepest tree that is read, root and account included.
const DEPTH: usize = 100;
/// The types of policies that decide.
const SCP_TYPE: &str = "SERVICE_CONTROL_POLICY";
const RCP_TYPE: &str = "RESOURCE_CONTROL_POLICY";
/// The other types of policies that AWS Organizations knows: they decide no request.
const OTHER_POLICY_TYPES: [&str; 11] = [
    "AISERVICES_OPT_OUT_POLICY",
    "BACKUP_POLICY",
    "BEDROCK_POLICY",
    "CHATBOT_POLICY",
    "DECLARATIVE_POLICY_EC2",
    "INSPECTOR_POLICY",
    "NETWORK_SECURITY_DIRECTOR_POLICY",
    "S3_POLICY",
    "SECURITYHUB_POLICY",
    "TAG_POLICY",
    "UPGRADE_ROLLOUT_POLICY",
];

/// Whether an object is an organization file.
pub(super) fn is_organization(members: &[Member]) -> bool {
    let has = |name: &str| members.iter().any(|member| &*member.key == name);
    has("Organization") || has("Roots") || has("OrganizationalUnits") || has("PoliciesForTarget")
}

/// Reads an organization into the drafts.
pub(super) fn read<'a>(
    reader: &mut Reader<'a, '_>,
    value: &Value,
    members: &[Member],
    drafts: &mut Drafts<'a>,
) {
    let ([organization, roots, units, accounts, targets, policies], unknown) = fields(members, FIELDS);
    unknown_fields(reader, unknown, "an organization file", &FIELDS, &["ResponseMetadata"]);
    let mut all = true;
    for (member, name) in [organization, roots, units, accounts, targets].iter().zip(FIELDS) {
        all &= reader.required(*member, name, "an organization file", value.span).is_some();
    }
    let place = reader.place(value.span);
    if let Some(first) = drafts.organization_place {
        let (place, first) = (super::link::opening(place), super::link::opening(first));
        let message = "a second organization is given".to_owned();
        super::link::error(
            reader.sink,
            codes::ORGANIZATION,
            place,
            Some(first),
            message,
            "a bundle is of one organization",
        );
        return;
    }
    drafts.organization_place = Some(place);
    let (Some(organization), Some(roots), Some(units), Some(accounts), Some(targets)) =
        (organization, roots, units, accounts, targets)
    else {
        drafts.incomplete = true;
        return;
    };
    let about = about(reader, organization);
    let mut tree = Tree {
        controls: controls::read_policies(reader, policies),
        ids: HashMap::new(),
        management: about.as_ref().map(|(_, management)| management.clone()),
        scps: false,
        rcps: false,
        targets: by_id(reader, targets, "Policies"),
        units: by_id(reader, units, "OrganizationalUnits"),
        accounts: by_id(reader, accounts, "Accounts"),
        nodes: Vec::new(),
        members: BTreeMap::new(),
        seen: BTreeSet::new(),
    };
    tree.ids =
        (0..).zip(&tree.controls).map(|(at, control)| (control.id.to_string(), ControlId(at))).collect();
    let root = read_root(reader, roots, &mut tree);
    if root.is_some() {
        tree.unreached(reader);
    }
    let (Some((id, management)), Some(())) = (about, root) else {
        drafts.incomplete |= !all || reader.sink.failed();
        return;
    };
    let Tree { controls, nodes, members, scps, rcps, .. } = tree;
    let accounts: Vec<OrganizationAccount> = members.into_values().collect();
    if !accounts.iter().any(|account| *account.account == *management) {
        let message = format!("the management account {} is in no list of accounts", shown(&management));
        let help = "add the output of list-accounts-for-parent for every parent";
        reader.error(codes::ORGANIZATION, organization.key_span, message, help);
    }
    let organization = Organization { id, management, scps, rcps, nodes, accounts };
    drafts.organization = Some(OrganizationDraft { organization, controls, place });
}

/// Id and management account.
fn about(reader: &mut Reader<'_, '_>, member: &Member) -> Option<(Box<str>, Box<str>)> {
    let what = "the organization";
    let members = reader.object(&member.value, "`Organization`")?;
    let ([id, master, management], _) = fields(members, ["Id", "MasterAccountId", "ManagementAccountId"]);
    let id = reader.required_string(id, "Id", what, member.value.span);
    let account =
        reader.required_string(master.or(management), "MasterAccountId", what, member.value.span)?;
    if !arn::is_account(account) {
        let message = format!("`{}` is no account", shown(account));
        reader.error(codes::ORGANIZATION, member.value.span, message, "write 12 digits");
        return None;
    }
    Some((id?.into(), account.into()))
}

/// A list, or the object that a command prints around it.
fn listed<'v>(reader: &mut Reader<'_, '_>, value: &'v Value, name: &str, what: &str) -> &'v [Value] {
    match &value.kind {
        Kind::Object(members) => match members.iter().find(|member| &*member.key == name) {
            Some(member) => {
                // The command line merges pages; a page of the raw API says that more follows.
                if let Some(more) =
                    members.iter().find(|it| &*it.key == "NextToken" && it.value.kind != Kind::Null)
                {
                    let help = "fetch all pages, and give them as one list";
                    reader.error(
                        codes::ORGANIZATION,
                        more.key_span,
                        format!("{what} is cut off: more follows"),
                        help,
                    );
                }
                reader.list(&member.value, what).unwrap_or_default()
            }
            None => {
                reader.error(
                    codes::ORGANIZATION,
                    value.span,
                    format!("{what} holds no `{name}`"),
                    "give the list",
                );
                &[]
            }
        },
        _ => reader.list(value, what).unwrap_or_default(),
    }
}

/// Lists by the id of what they belong to.
fn by_id<'v>(reader: &mut Reader<'_, '_>, member: &'v Member, name: &str) -> HashMap<&'v str, Listed<'v>> {
    let members = reader.object(&member.value, &format!("`{}`", member.key)).unwrap_or_default();
    let lists = members.iter().map(|member| {
        let what = format!("the list of `{}`", shown(&member.key));
        let items = listed(reader, &member.value, name, &what);
        (&*member.key, Listed { items, span: member.key_span })
    });
    lists.collect()
}

/// A list, and where its key stands.
#[derive(Clone, Copy)]
struct Listed<'v> {
    items: &'v [Value],
    span: Span,
}

/// The tree while it is read.
struct Tree<'v> {
    controls: Vec<ControlPolicy>,
    ids: HashMap<String, ControlId>,
    management: Option<Box<str>>,
    /// Whether SCPs and RCPs are switched on.
    scps: bool,
    rcps: bool,
    targets: HashMap<&'v str, Listed<'v>>,
    units: HashMap<&'v str, Listed<'v>>,
    accounts: HashMap<&'v str, Listed<'v>>,
    nodes: Vec<OrganizationNode>,
    members: BTreeMap<Box<str>, OrganizationAccount>,
    /// Ids of the nodes that were reached.
    seen: BTreeSet<&'v str>,
}

/// Reads the root and all below it; `None` if it does not say enough for that.
fn read_root<'v>(reader: &mut Reader<'_, '_>, roots: &'v Member, tree: &mut Tree<'v>) -> Option<()> {
    let items = listed(reader, &roots.value, "Roots", "`Roots`");
    let [root] = items else {
        let message = format!("an organization has one root, not {}", items.len());
        reader.error(codes::ORGANIZATION, roots.key_span, message, "give the output of list-roots");
        return None;
    };
    let members = reader.object(root, "the root")?;
    let ([types], _) = fields(members, ["PolicyTypes"]);
    // Without it nobody knows whether control policies apply: taking them for switched off would fail open.
    reader.required(types, "PolicyTypes", "the root", root.span)?;
    let mut enabled = BTreeSet::new();
    for item in reader.items(types) {
        let Some(members) = reader.object(item, "a policy type") else { continue };
        let ([name, status], _) = fields(members, ["Type", "Status"]);
        let name = reader.required_string(name, "Type", "a policy type", item.span);
        let status = reader.required_string(status, "Status", "a policy type", item.span);
        // While one is being switched on or off, it is taken for on: that denies more.
        if let (Some(name), Some(_)) = (name, status) {
            enabled.insert(name);
        }
    }
    tree.scps = enabled.contains(SCP_TYPE);
    tree.rcps = enabled.contains(RCP_TYPE);
    tree.node(reader, root, None, 0);
    Some(())
}

impl<'v> Tree<'v> {
    /// Reads a node and all below it.
    fn node(&mut self, reader: &mut Reader<'_, '_>, value: &'v Value, parent: Option<NodeId>, depth: usize) {
        let what = if parent.is_none() { "the root" } else { "an organizational unit" };
        let Some(members) = reader.object(value, what) else { return };
        let ([id, name], _) = fields(members, ["Id", "Name"]);
        let Some(id) = reader.required_string(id, "Id", what, value.span) else { return };
        let name = reader.optional_string(name).unwrap_or("");
        let place = opening(value.span);
        if !self.seen.insert(id) {
            let message = format!("`{}` stands twice in the organization's tree", shown(id));
            reader.error(
                codes::ORGANIZATION,
                place,
                message,
                "a unit has one parent; check the lists of units",
            );
            return;
        }
        if depth > DEPTH {
            let message = format!("the organization is deeper than {DEPTH} levels");
            reader.error(
                codes::ORGANIZATION,
                place,
                message,
                "AWS has five levels of units; check the lists of units",
            );
            return;
        }
        if depth == 6 {
            let message = format!("the unit `{}` is on the sixth level; AWS's default quota is 5", shown(id));
            reader.lint(codes::P5_QUOTA, place, message, "AWS refuses this unless the quota was raised");
        }
        let (scps, rcps) = self.attached(reader, id, place);
        let node = NodeId::at(self.nodes.len());
        let origin = reader.origin(value.span);
        self.nodes.push(OrganizationNode { id: id.into(), name: name.into(), parent, scps, rcps, origin });
        let of = |list: Option<&Listed<'v>>| list.map(|list| list.items);
        let accounts = of(self.accounts.get(id)).unwrap_or_else(|| {
            let message = format!("`Accounts` does not say which accounts lie in `{}`", shown(id));
            missing(reader, place, message, "list-accounts-for-parent")
        });
        for account in accounts {
            self.account(reader, account, node);
        }
        let units = of(self.units.get(id)).unwrap_or_else(|| {
            let message = format!("`OrganizationalUnits` does not say which units lie in `{}`", shown(id));
            missing(reader, place, message, "list-organizational-units-for-parent")
        });
        for unit in units {
            self.node(reader, unit, Some(node), depth + 1);
        }
    }

    fn account(&mut self, reader: &mut Reader<'_, '_>, value: &'v Value, parent: NodeId) {
        let what = "an account of the organization";
        let Some(members) = reader.object(value, what) else { return };
        let ([id], _) = fields(members, ["Id"]);
        let Some(id) = reader.required_string(id, "Id", what, value.span) else { return };
        let place = opening(value.span);
        if !arn::is_account(id) {
            reader.error(
                codes::ORGANIZATION,
                place,
                format!("`{}` is no account", shown(id)),
                "write 12 digits",
            );
            return;
        }
        let (scps, rcps) = self.attached(reader, id, place);
        self.seen.insert(id);
        let origin = reader.origin(value.span);
        let account = OrganizationAccount { account: id.into(), parent, scps, rcps, origin };
        if self.members.insert(id.into(), account).is_some() {
            let message = format!("the account {id} stands twice in the organization's tree");
            reader.error(
                codes::ORGANIZATION,
                place,
                message,
                "an account has one parent; check the lists of accounts",
            );
        }
    }

    /// The SCPs and RCPs of a target.
    fn attached(
        &self,
        reader: &mut Reader<'_, '_>,
        target: &str,
        place: Span,
    ) -> (Vec<ControlId>, Vec<ControlId>) {
        let (mut scps, mut rcps) = (Vec::new(), Vec::new());
        let list = self.targets.get(target).map(|list| list.items);
        let items = list.unwrap_or_else(|| {
            let message = format!("`PoliciesForTarget` does not say what is attached to `{}`", shown(target));
            missing(reader, place, message, "list-policies-for-target, for both types of policies")
        });
        for item in items {
            let Some(members) = reader.object(item, "an attached policy") else { continue };
            let ([id, kind], _) = fields(members, ["Id", "Type"]);
            let Some(id) = reader.required_string(id, "Id", "an attached policy", item.span) else {
                continue;
            };
            let place_of_kind = kind.map_or(item.span, |member| member.value.span);
            let kind = reader.optional_string(kind);
            let known = self.ids.get(id);
            if known.is_none() && kind.is_some_and(|kind| OTHER_POLICY_TYPES.contains(&kind)) {
                // Tag policies and their like decide nothing here.
                continue;
            }
            let Some(&control) = known else {
                let message = format!(
                    "the policy `{}` is attached to `{}`, and not described",
                    shown(id),
                    shown(target)
                );
                let help = "add the output of describe-policy to `Policies`";
                reader.error(codes::ORGANIZATION, opening(item.span), message, help);
                continue;
            };
            let is_rcp =
                self.controls.get(control.index()).is_some_and(|it| it.document.kind == DocumentKind::Rcp);
            let (to, on, full, of) = if is_rcp {
                (&mut rcps, self.rcps, FULL_RCP, RCP_TYPE)
            } else {
                (&mut scps, self.scps, FULL_SCP, SCP_TYPE)
            };
            if let Some(said) = kind.filter(|said| *said != of) {
                let message =
                    format!("`{}` is attached as `{}`, and described as {of}", shown(id), shown(said));
                reader.error(codes::ORGANIZATION, place_of_kind, message, "correct one of them");
            }
            if !on && id != full {
                // AWS detaches them all when a type is switched off.
                let message = format!(
                    "the policy `{}` is attached to `{}`, and the root's `PolicyTypes` do not switch on {of}",
                    shown(id),
                    shown(target)
                );
                let help =
                    "fetch all lists at one moment; AWS detaches the policies of a type that is switched off";
                reader.error(codes::ORGANIZATION, opening(item.span), message, help);
            }
            if !to.contains(&control) {
                to.push(control);
            }
        }
        let is_full = |control: &ControlId| self.ids.get(FULL_RCP) == Some(control);
        if list.is_some() && self.rcps && !self.is_management(target) && !rcps.iter().any(is_full) {
            // AWS attaches it everywhere, and nobody can detach it: without it the list is one of SCPs only.
            let message = format!("the RCPs that are attached to `{}` are not listed", shown(target));
            let help = "add the output of list-policies-for-target with the filter RESOURCE_CONTROL_POLICY, which always holds p-RCPFullAWSAccess";
            reader.error(codes::ORGANIZATION, place, message, help);
        }
        for (count, noun) in [(scps.len(), "SCPs"), (rcps.len(), "RCPs")] {
            if count > 5 {
                let message =
                    format!("{count} {noun} are attached to `{}`; AWS's default quota is 5", shown(target));
                reader.lint(codes::P5_QUOTA, place, message, "AWS refuses this unless the quota was raised");
            }
        }
        (scps, rcps)
    }

    /// Whether this is the management account, on which no control policy bears.
    fn is_management(&self, target: &str) -> bool {
        self.management.as_deref() == Some(target)
    }

    /// Lists of units and accounts whose parent is not in the tree would be lost, and with them what limits them.
    fn unreached(&self, reader: &mut Reader<'_, '_>) {
        let mut lost: Vec<(&str, Span)> = [&self.units, &self.accounts, &self.targets]
            .into_iter()
            .flatten()
            .filter(|(id, _)| !self.seen.contains(**id))
            .map(|(id, list)| (*id, list.span))
            .collect();
        lost.sort_unstable_by_key(|(_, span)| span.start);
        for (id, span) in lost {
            let message = format!("`{}` is no root, unit or account of the tree", shown(id));
            reader.error(
                codes::ORGANIZATION,
                span,
                message,
                "add the list that it stands in, or remove this one",
            );
        }
    }
}

/// A list that is not there: taking it for empty would lose the policies that limit what it names.
fn missing<'v>(reader: &mut Reader<'_, '_>, place: Span, message: String, command: &str) -> &'v [Value] {
    let help = format!("add the output of {command}; an empty list if there is none");
    reader.error(codes::ORGANIZATION, place, message, help);
    &[]
}

fn opening(span: Span) -> Span {
    Span::new(span.start as usize, span.start as usize + 1)
}
