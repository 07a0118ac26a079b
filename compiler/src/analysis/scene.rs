//! A scene: one who asks, and a place where the resources lie. In it every layer is known, and what is left open is which action, which
//! resource and which context.

use std::sync::Arc;

use super::HashMap;
use super::space::Pattern;
use super::universe::{Known, Side, Universe, substituted};
use crate::facts;
use crate::ir::{self, ResourceSet};
use crate::model::{Effect, Model, OperandForm};
use crate::pattern::ResourceForm;
use crate::reference::combine::{Bits, Caller, Contract, ResourceSays, Says, combine};
use crate::reference::{Fixed, Names, Situation, contract, is_owned_by_aws, is_role};
use crate::request::{ContextValue, Request};
use portcullis_runtime::decision::Effect as Decided;
use portcullis_runtime::value::arn;

/// Where the resources of a scene lie.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// Resources that no input declares, of the caller's own account.
    Own,
    /// Resources that have a policy of their own which no input holds, and which has to allow: those of other accounts, keys of KMS, roles to
    /// be taken. What the caller's side allows there is allowed if that policy does.
    Elsewhere,
    /// A declared resource and what lies under it.
    Declared {
        /// Its ARN.
        arn: String,
        /// Its account.
        account: Option<String>,
    },
    /// A role, for the actions that take it.
    Role {
        /// Its ARN.
        arn: String,
    },
}

impl Place {
    /// The ARN of a declared resource or role, and which of them it is.
    pub(super) fn arn(&self) -> Option<(bool, &str)> {
        match self {
            Self::Own | Self::Elsewhere => None,
            Self::Declared { arn, .. } => Some((false, arn)),
            Self::Role { arn } => Some((true, arn)),
        }
    }

    /// Patterns of the resources of this place; none where it is everywhere.
    pub(super) fn scope(&self) -> Vec<(Pattern, String)> {
        match self {
            Self::Own | Self::Elsewhere => Vec::new(),
            Self::Role { arn } => vec![(Pattern::literal(arn), literal(arn))],
            Self::Declared { arn, .. } => {
                let name = crate::model::resource::owner_name(arn);
                let mut scope = vec![(Pattern::literal(name), literal(name))];
                let Some([_, _, service, _, _, resource]) = arn::split(name) else { return scope };
                let under = match service {
                    "s3" if !resource.contains('/') => "/",
                    "lambda" if resource.strip_prefix("function:").is_some_and(|it| !it.contains(':')) => ":",
                    "logs" if resource.strip_prefix("log-group:").is_some_and(|it| !it.contains(':')) => ":",
                    _ => return scope,
                };
                let below = format!("{name}{under}");
                scope.push((Pattern::literal(&below).and_more(), format!("{}*", literal(&below))));
                scope
            }
        }
    }

    /// A request that lies here, as far as layers are told by it.
    pub(super) fn probe(&self, principal: &str, given: &[(String, ContextValue)]) -> Request {
        let of = |action: &str, resource: &str, account: Option<&str>| Request {
            principal: principal.to_owned(),
            action: action.to_owned(),
            resource: resource.to_owned(),
            resource_account: account.map(str::to_owned),
            context: given.to_vec(),
            ..Request::default()
        };
        match self {
            Self::Own | Self::Elsewhere => {
                of("probe:Probe", "arn:aws:probe:::probe", own_account(principal).as_deref())
            }
            Self::Declared { arn, account } => {
                of("probe:Probe", crate::model::resource::owner_name(arn), account.as_deref())
            }
            Self::Role { arn } => of("sts:AssumeRole", arn, None),
        }
    }
}

/// The account that a principal's ARN names.
pub(super) fn own_account(principal: &str) -> Option<String> {
    let [_, _, _, _, account, _] = arn::split(principal)?;
    arn::is_account(account).then(|| account.to_owned())
}

/// A text as a pattern that covers nothing else.
fn literal(text: &str) -> String {
    crate::pattern::Glob::literal(text).to_string()
}

/// Where a rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Slot {
    Rcp,
    Scp(u32),
    Direct,
    Session,
    Account,
    Identity,
    Boundary,
}

impl Slot {
    /// Whether an allow here can be what grants.
    pub(super) fn grants(self) -> bool {
        matches!(self, Self::Direct | Self::Session | Self::Account | Self::Identity)
    }
}

/// A rule as it stands in a scene: what is fixed there is decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Effective {
    pub(super) slot: Slot,
    pub(super) effect: Effect,
    /// Common id of its action set.
    pub(super) actions: u32,
    pub(super) resources: Arc<ResourceSet>,
    /// Common ids of the conditions that are left.
    pub(super) guard: Vec<u32>,
}

/// What layers there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    caller: Caller,
    same_account: bool,
    /// Whether actions that are free for users are so for this caller.
    user_or_root: bool,
    scps: u32,
    resource: bool,
    boundary: bool,
    /// Whether the policy of the resource is taken to allow the caller's account.
    assumed: bool,
    /// Whether the resource's policy is a role's trust policy.
    trust: bool,
    /// Whether it is a federated user, whose session has no policy here, and so an empty one (rule E6).
    federated: bool,
    /// Whether it is somebody of another account, of whose people no input holds any: their own policies are taken to allow.
    foreign: bool,
}

/// One world's side of a scene.
#[derive(Debug)]
pub(super) struct Layers {
    pub(super) shape: Shape,
    pub(super) rules: Vec<Effective>,
    pub(super) fixed: Fixed,
    names: Names,
}

/// What the rules of a scene say of one request, in this order.
pub(super) const VOICES: [Voice; 10] = [
    Voice::Denies(Kind::Rcp),
    Voice::Denies(Kind::Scp),
    Voice::Silent,
    Voice::Denies(Kind::Resource),
    Voice::Allows(Slot::Direct),
    Voice::Allows(Slot::Session),
    Voice::Allows(Slot::Account),
    Voice::Denies(Kind::Own),
    Voice::Allows(Slot::Identity),
    Voice::Allows(Slot::Boundary),
];

/// One of the facts that the combination looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    /// Some statement of these layers denies.
    Denies(Kind),
    /// Some level of SCPs allows nothing.
    Silent,
    /// Some statement of the layer allows.
    Allows(Slot),
}

/// Layers whose denies are told apart by the combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Rcp,
    Scp,
    Resource,
    /// Identity and boundary.
    Own,
}

impl Kind {
    pub(super) fn of(slot: Slot) -> Self {
        match slot {
            Slot::Rcp => Self::Rcp,
            Slot::Scp(_) => Self::Scp,
            Slot::Direct | Slot::Session | Slot::Account => Self::Resource,
            Slot::Identity | Slot::Boundary => Self::Own,
        }
    }
}

impl Shape {
    /// Whether what the caller's own account says is assumed.
    pub(super) fn is_foreign(&self) -> bool {
        self.foreign
    }

    pub(super) fn is_user_or_root(&self) -> bool {
        self.user_or_root
    }

    pub(super) fn scps(&self) -> u32 {
        self.scps
    }

    /// Whether a request is allowed of which the layers say so; `request` has its action and resource.
    pub(super) fn allows(&self, request: &Request, voices: &[bool]) -> bool {
        let &[rcp, scp, silent, resource, direct, session, account, own, identity, boundary] = voices else {
            return false;
        };
        let is_one_of =
            |table: &[&str]| table.iter().any(|known| known.eq_ignore_ascii_case(&request.action));
        let not_controlled = self.caller != Caller::Anonymous && is_one_of(facts::UNCONTROLLED)
            || self.user_or_root && is_one_of(facts::UNCONTROLLED_FOR_USERS);
        // E8: a trust policy is consulted for the actions that take the role, and for those nothing else is.
        let contract = contract(request);
        let takes_role = matches!(contract, Contract::Trust | Contract::NoCallerSide);
        let consulted =
            self.resource && takes_role == self.trust && (self.trust || !is_role(&request.resource));
        let outcome = combine(&Bits {
            caller: if self.foreign { Caller::Known } else { self.caller },
            same_account: self.same_account && !self.assumed,
            contract,
            not_controlled,
            owned_by_aws: is_owned_by_aws(request),
            rcp_denies: rcp.then_some(0),
            scp_denies: scp.then_some(0),
            scp_silent: silent.then_some(0),
            endpoint: None,
            resource: (consulted || self.assumed).then_some(ResourceSays {
                denies: resource && consulted,
                direct: direct && consulted,
                session: session && consulted,
                account: account && consulted || self.assumed,
            }),
            identity: Says { denies: own, allows: identity || self.foreign },
            boundary: self.boundary.then_some(Says { denies: false, allows: boundary }),
            session: self.federated.then_some(Says::default()),
        });
        outcome.effect == Decided::Allow
    }
}

impl Layers {
    /// The layers of a scene in one world; `None` where the principal is none.
    pub(super) fn of(
        universe: &Universe<'_>,
        side: &Side<'_>,
        principal: &str,
        place: &Place,
        given: &[(String, ContextValue)],
    ) -> Option<Self> {
        let probe = place.probe(principal, given);
        let situation = Situation::of(side.model, &probe).ok()?;
        let fixed = Fixed::of(&situation);
        let names = situation.names();
        let mut folding =
            Folding { universe, fixed: &fixed, names: &names, known: HashMap::default(), rules: Vec::new() };
        let known = situation.identity().and_then(|identity| side.principal(&identity.arn));
        if let Some(known) = known {
            folding.add(&side.set(known.identity), Slot::Identity);
            if let Some(boundary) = known.boundary {
                folding.add(&side.set(boundary), Slot::Boundary);
            }
        }
        let spared = situation.is_service_linked();
        let account = situation.own_account().and_then(|account| side.account(account)).filter(|_| !spared);
        let scps = account.and_then(|account| account.scps.as_ref()).map_or(&[][..], Vec::as_slice);
        for (level, layer) in (0..).zip(scps) {
            folding.add(&side.set(layer.set), Slot::Scp(level));
        }
        let owner =
            situation.resource_account().and_then(|account| side.account(account)).filter(|_| !spared);
        // Of another account's resource nothing is known, its RCPs neither.
        let owner = owner.filter(|_| *place != Place::Elsewhere);
        for layer in owner.and_then(|account| account.rcps.as_ref()).into_iter().flatten() {
            folding.add(&side.set(layer.set), Slot::Rcp);
        }
        let policy = resource_policy(side, place);
        if let Some(policy) = policy {
            folding.add(&side.set(policy.direct), Slot::Direct);
            folding.add(&side.set(policy.session), Slot::Session);
            folding.add(&side.set(policy.account), Slot::Account);
        }
        let (is_user_or_root, federated) = (names.is_user_or_root, names.user.is_some());
        // What another account gives its people is not known: a resource is open to them as far as its own policy is.
        let is_unknown = matches!(situation.caller, Caller::Unknown | Caller::UnknownRole);
        let has_people = situation.own_account().is_some_and(|account| universe.has_people(account));
        let lies_here = matches!(place, Place::Declared { .. } | Place::Role { .. });
        let foreign = is_unknown && lies_here && !situation.same_account() && !has_people;
        let mut rules = folding.rules;
        rules.sort_unstable();
        rules.dedup();
        let shape = Shape {
            caller: situation.caller,
            same_account: situation.same_account(),
            user_or_root: is_user_or_root,
            scps: scps.len() as u32,
            resource: policy.is_some(),
            boundary: known.is_some_and(|known| known.boundary.is_some()),
            assumed: *place == Place::Elsewhere,
            trust: matches!(place, Place::Role { .. }),
            federated,
            foreign,
        };
        Some(Self { shape, rules, fixed, names })
    }
}

impl Layers {
    /// Whether the policy of a place says something for this caller at all, of whom these are the layers where nothing is declared. Without,
    /// nobody else's resource and no role is open to it.
    pub(super) fn is_let_in(&self, universe: &Universe<'_>, side: &Side<'_>, place: &Place) -> bool {
        let Some(policy) = resource_policy(side, place) else { return false };
        let mut folding = Folding {
            universe,
            fixed: &self.fixed,
            names: &self.names,
            known: HashMap::default(),
            rules: Vec::new(),
        };
        for set in [policy.direct, policy.session, policy.account] {
            folding.add(&side.set(set), Slot::Direct);
        }
        folding.rules.iter().any(|rule| rule.effect == Effect::Allow)
    }
}

/// The policy of a place.
fn resource_policy<'s>(side: &'s Side<'_>, place: &Place) -> Option<&'s ir::ResourcePolicy> {
    match place {
        Place::Own | Place::Elsewhere => None,
        Place::Role { arn } => side.principal(arn)?.trust.as_ref(),
        Place::Declared { arn, .. } => {
            let at = declared(side.model, arn)?;
            side.ir.resources.get(at)?.policy.as_ref()
        }
    }
}

/// The place of a declared resource in its model's list, which is sorted.
pub(super) fn declared(model: &Model, arn: &str) -> Option<usize> {
    model.resources.binary_search_by(|resource| (*resource.arn).cmp(arn)).ok()
}

/// Decides what is fixed in rules.
struct Folding<'a, 'm> {
    universe: &'a Universe<'m>,
    fixed: &'a Fixed,
    names: &'a Names,
    /// Conditions that were looked at: what is fixed of them.
    known: HashMap<u32, Option<bool>>,
    rules: Vec<Effective>,
}

impl Folding<'_, '_> {
    fn add(&mut self, rules: &[u32], slot: Slot) {
        for &id in rules {
            let Some(rule) = self.universe.rules.get(id) else { continue };
            let mut guard = Vec::new();
            let mut holds = true;
            for &atom in &rule.guard {
                match self.atom(atom) {
                    Some(true) => {}
                    Some(false) => holds = false,
                    None => guard.push(atom),
                }
            }
            if !holds {
                continue;
            }
            let Some(resources) =
                self.universe.resources.get(rule.resources).and_then(|set| self.resources(set))
            else {
                continue;
            };
            self.rules.push(Effective { slot, effect: rule.effect, actions: rule.actions, resources, guard });
        }
    }

    /// The set with what is fixed in it; `None` where it covers nothing.
    fn resources(&self, set: &Arc<ResourceSet>) -> Option<Arc<ResourceSet>> {
        if !set.patterns.iter().any(ResourceForm::has_variable) {
            return Some(Arc::clone(set));
        }
        let replaced = set.patterns.iter().map(|form| substituted(form, &|key| self.fixed.get(key)));
        let mut patterns: Vec<ResourceForm> =
            replaced.filter(|form| *form != ResourceForm::Nothing).collect();
        patterns.sort_unstable();
        patterns.dedup();
        match (patterns.is_empty(), set.negated) {
            (true, false) => None,
            (true, true) => {
                Some(Arc::new(ResourceSet { negated: false, patterns: vec![ResourceForm::Everything] }))
            }
            _ => Some(Arc::new(ResourceSet { negated: set.negated, patterns })),
        }
    }

    /// What a condition comes to, where that is fixed.
    fn atom(&mut self, id: u32) -> Option<bool> {
        if let Some(&known) = self.known.get(&id) {
            return known;
        }
        let known = self.universe.atoms.get(id as usize).and_then(|known| self.decide(known));
        self.known.insert(id, known);
        known
    }

    fn decide(&self, known: &Known) -> Option<bool> {
        if let Some((condition, variables)) = &known.written {
            let is_fixed = known.keys.iter().all(|key| self.fixed.get(key).is_some());
            return is_fixed.then(|| self.fixed.holds(condition, *variables, &[]));
        }
        let names = self.names;
        let value: Option<String> = match &*known.atom.key {
            ir::DIRECT => names.direct.clone(),
            ir::BEHIND => {
                let role = names
                    .role
                    .as_ref()
                    .map(|[partition, account, name]| ir::behind_session(partition, account, name));
                let user = names
                    .user
                    .as_ref()
                    .map(|[partition, account, name]| ir::behind_federated(partition, account, name));
                role.or(user)
            }
            ir::ACCOUNT => names.account.clone(),
            ir::ROOT => names.root.clone(),
            ir::NAME => names.name.clone(),
            ir::BOUNDED => names.bounded.then(|| "true".to_owned()),
            _ => return None,
        };
        let is_one = known.atom.operands.iter().any(|operand| match operand {
            OperandForm::Text(glob) => glob.as_literal().is_some_and(|text| value.as_deref() == Some(text)),
            _ => false,
        });
        Some(is_one != known.atom.operator.base.is_negated())
    }
}
