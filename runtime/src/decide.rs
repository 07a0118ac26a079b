//! One request to one decision: action and principal to root lists, walks, diagrams, combination.

use crate::atom::Facts;
use crate::bundle::Bundle;
use crate::caller::Caller as Who;
use crate::classify::Remembered;
use crate::combine::{Caller, Contract, Facts as Combined, Levels, ResourceVerdict, Verdict, combine};
use crate::context::Values;
use crate::decision::{Decision, Effect, Layer, NO_LEVEL, OTHER_HOLDER, Reason, RuleId};
use crate::format::{self as f, LIST_BIT, NONE, RCP_SERVICES, Section, TERMINAL_BIT, diagram, limits};
use crate::hash::{equal, search};
use crate::leaf;
use crate::owner::{self, LevelRange};
use crate::principal::{PrincipalKind, Principals, parts};
use crate::request::{Action, Request};
use crate::value::arn;
use crate::view::View;
use crate::walk::{End, walk};

/// A decision that denies because of a reason that is no statement's.
const fn refusal(layer: Layer, reason: Reason) -> Decision {
    Decision { effect: Effect::ImplicitDeny, layer, reason, level: NO_LEVEL, rule: NONE, holder: NONE }
}

impl Bundle {
    /// Decides a request. Never fails: what cannot be evaluated denies and says why. Never panics, never allocates.
    ///
    /// A principal or action that was resolved by *another* bundle denies with [`Reason::Internal`]: its ids mean nothing here.
    ///
    /// # Complexity
    /// Independent of the number of identities, policies, resources and statements in the bundle; linear in the resource and in the context
    /// values that the conditions on its path read. What grows with an identity's own policies is the length of its root list for the
    /// action, the conditions and variable checks on the path, and one walk for each level of SCPs and RCPs. Actions outside the vocabulary cost
    /// time linear in the rules with action wildcards besides.
    #[must_use]
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        self.try_decide(request).unwrap_or(refusal(Layer::None, Reason::Internal))
    }

    /// `None` if a record cannot be read, which validation excludes.
    fn try_decide(&self, request: &Request<'_>) -> Option<Decision> {
        if request.principal.stamp != self.stamp() || request.action.stamp != self.stamp() {
            return None;
        }
        let principal = &request.principal;
        let too_long = request.resource.len() > limits::RESOURCE_BYTES
            || request.action.is_too_long()
            || principal.kind == PrincipalKind::TooLong;
        if too_long || !request.context.within_limits() {
            return Some(refusal(Layer::Limit, Reason::LimitExceeded));
        }
        let view = &self.view();
        let action = match request.action.known() {
            Some(id) => Some(view.action(id)?),
            None => None,
        };
        let flags = match &action {
            Some(action) => action.flags,
            None => unknown_flags(&request.action),
        };
        let record = if principal.is_held() { Some(view.principal(principal.id)?) } else { None };
        // Every step to a root list waits for the one before it: they come first, so that the rest is done meanwhile.
        let list = |set| match &action {
            Some(action) => list_of(view, set, action),
            None => Some(NONE),
        };
        let (identity, boundary) = match &record {
            Some(record) if record.boundary == NONE => (list(record.identity)?, None),
            Some(record) => (list(record.identity)?, Some(list(record.boundary)?)),
            None => (NONE, None),
        };
        let text = principal.text();
        let account = match &record {
            Some(record) => view.string_bytes(record.account)?,
            None => parts(principal.kind, text).account.as_bytes(),
        };
        let parts = Parts::of(request.resource.as_bytes());
        let side = resource_side(view, request, flags, parts, account)?;
        // Rule R4: `*` also matches as the action's service-level ARN; whatever matches `*` matches that as well.
        let service_arn = action.map_or(NONE, |action| action.service_arn);
        let resource = match request.resource {
            "*" if service_arn != NONE => view.string(service_arn)?,
            resource => resource,
        };
        let who = Who::new(view, request, record, side.owner_record);
        let facts = Facts { view, caller: &who, remembered: Remembered::default() };
        let layer = LayerWalk { bundle: self, view, resource, facts: &facts };
        let mut combined = Combined {
            caller: caller(principal.kind, record.as_ref()),
            known: record.is_some(),
            same_account: side.same_account,
            contract: side.contract,
            policy_held: side.grants != NONE,
            uncontrolled: flags & f::ACTION_UNCONTROLLED != 0,
            uncontrolled_for_users: flags & f::ACTION_UNCONTROLLED_FOR_USERS != 0,
            no_caller_side: flags & f::ACTION_NO_CALLER_SIDE != 0,
            owned_by_aws: parts.is_some_and(|parts| parts.owned_by_aws(flags)),
            rcps: Levels::default(),
            scps: Levels::default(),
            endpoint: None,
            resource: ResourceVerdict::default(),
            identity: Verdict::default(),
            boundary: None,
            session: None,
        };
        if let Some(record) = &record {
            combined.identity = layer.verdict(record.identity, identity)?;
            combined.boundary = match boundary {
                Some(list) => Some(layer.verdict(record.boundary, list)?),
                None => None,
            };
        }
        let mut holders = Holders::default();
        let world = view.world;
        let rails = world.controls || world.endpoints || world.endpoint != NONE;
        if rails || side.grants != NONE || side.own_rcps {
            self.guard_rails(&layer, action.as_ref(), flags, account, &side, &mut combined, &mut holders)?;
        }
        if record.is_some() {
            combined.session = self.session(request, &who, resource)?;
        }
        let decision = combine(&combined);
        let holder = match decision.layer {
            Layer::Rcp => holders.rcp,
            Layer::Scp => holders.scp,
            Layer::Endpoint => holders.endpoint,
            Layer::Resource => side.holder,
            _ => principal.id,
        };
        Some(Decision { holder, ..decision })
    }

    /// Everything but the principal's own layers: control policies, endpoint, the resource's policy.
    #[inline(never)]
    #[expect(clippy::too_many_arguments, reason = "the state of one decision")]
    fn guard_rails(
        &self,
        layer: &LayerWalk<'_>,
        action: Option<&f::Action>,
        flags: u32,
        account: &[u8],
        side: &ResourceSide<'_>,
        combined: &mut Combined,
        holders: &mut Holders,
    ) -> Option<()> {
        let (view, request) = (layer.view, layer.facts.caller.request);
        let record = layer.facts.caller.record.as_ref();
        let service_linked = record.is_some_and(|record| record.kind == f::PRINCIPAL_SERVICE_LINKED);
        if view.world.controls && !service_linked {
            let place = match record {
                Some(record) => Some(record.place),
                None if account.is_empty() => None,
                None => owner::account(view, account),
            };
            if let Some(place) = place {
                holders.scp = place;
                combined.scps = layer.levels(owner::scps(&view.account(place)?), action)?;
            }
            let of_account = match side.account {
                _ if flags & f::ACTION_RCP == 0 => None,
                AccountOf::Caller => place,
                AccountOf::Place(place) => Some(place),
                AccountOf::Text(text) => owner::account(view, text.as_bytes()),
                AccountOf::Nobody => None,
            };
            if let Some(place) = of_account.filter(|_| !side.own_rcps) {
                holders.rcp = place;
                combined.rcps = layer.levels(owner::rcps(&view.account(place)?), action)?;
            }
        }
        if side.own_rcps && !service_linked {
            let owner = layer.facts.caller.owner?;
            holders.rcp = OTHER_HOLDER | side.owner;
            combined.rcps = layer.levels(LevelRange::of(owner.rcps, owner.rcp_count), action)?;
        }
        if let Some(set) = self.endpoint_set(view, request, holders)? {
            combined.endpoint = Some(layer.set(set, action)?);
        }
        if side.grants != NONE {
            let grants = view.grants(side.grants)?;
            let direct = layer.set(grants.direct, action)?;
            combined.resource = ResourceVerdict {
                deny: direct.deny(),
                direct: direct.allow(),
                session: layer.set(grants.session, action)?.allow(),
                account: layer.set(grants.account, action)?.allow(),
            };
        }
        Some(())
    }

    /// The policy of the endpoint that a request came through (rule E12).
    fn endpoint_set(
        &self,
        view: &View<'_>,
        request: &Request<'_>,
        holders: &mut Holders,
    ) -> Option<Option<u32>> {
        if view.world.endpoint != NONE {
            return Some(Some(view.world.endpoint));
        }
        if view.world.endpoints
            && let Some(Values::One(id)) = request.context.get("aws:sourcevpce")
            && let Some(place) = owner::endpoint(view, id)
        {
            holders.endpoint = place;
            return Some(Some(view.endpoint(place)?.set));
        }
        Some(None)
    }

    /// What the session policies say (rule E6): the overlay's one set, for the overlay's action, over the caller's context.
    fn session(&self, request: &Request<'_>, who: &Who<'_>, resource: &str) -> Option<Option<Verdict>> {
        let principal = &request.principal;
        let Some(overlay) = principal.session().and_then(|session| session.overlay()) else {
            // A federated user without session policy has an empty one.
            let empty = principal.kind == PrincipalKind::FederatedUser;
            return Some(empty.then(Verdict::default));
        };
        let view = &overlay.view();
        let facts = Facts { view, caller: who, remembered: Remembered::default() };
        let layer = LayerWalk { bundle: overlay, view, resource, facts: &facts };
        let action = match overlay.action_of(request.action.text()).known() {
            Some(id) => Some(view.action(id)?),
            None => None,
        };
        Some(Some(layer.set(view.world.session, action.as_ref())?))
    }
}

/// Whose layers decided, by layer.
struct Holders {
    scp: u32,
    rcp: u32,
    endpoint: u32,
}

impl Default for Holders {
    fn default() -> Self {
        Self { scp: NONE, rcp: NONE, endpoint: NONE }
    }
}

/// The facts about an action outside the vocabulary: RCPs bear on services whole.
#[cold]
fn unknown_flags(action: &Action<'_>) -> u32 {
    let text = action.text();
    let service = text.split(|&byte| byte == b':').next().unwrap_or(&[]);
    let supported = RCP_SERVICES.iter().any(|known| service.eq_ignore_ascii_case(known.as_bytes()));
    if supported && service.len() < text.len() { f::ACTION_RCP } else { 0 }
}

/// A principal as the combination sees it.
#[inline]
fn caller(kind: PrincipalKind, record: Option<&f::Principal>) -> Caller {
    match kind {
        PrincipalKind::Held if record.is_some_and(|record| record.kind == f::PRINCIPAL_USER) => Caller::User,
        PrincipalKind::Held => Caller::Role,
        PrincipalKind::User => Caller::User,
        PrincipalKind::Role => Caller::Role,
        PrincipalKind::RoleSession => Caller::RoleSession,
        PrincipalKind::FederatedUser => Caller::FederatedUser,
        PrincipalKind::Root => Caller::Root,
        PrincipalKind::Service | PrincipalKind::Provider => Caller::Service,
        PrincipalKind::Anonymous => Caller::Anonymous,
        PrincipalKind::Malformed | PrincipalKind::TooLong => Caller::Malformed,
    }
}

/// The parts of a resource that the combination looks at.
#[derive(Clone, Copy)]
struct Parts<'a> {
    service: &'a [u8],
    account: &'a [u8],
    /// All from the account on.
    behind_account: &'a [u8],
    resource: &'a [u8],
}

impl<'a> Parts<'a> {
    /// `None` for fewer than six parts.
    #[inline(always)]
    fn of(text: &'a [u8]) -> Option<Self> {
        let [_, b, c, d, e] = arn::colons(text)?;
        Some(Self {
            service: text.get(b + 1..c)?,
            account: text.get(d + 1..e)?,
            behind_account: text.get(d + 1..)?,
            resource: text.get(e + 1..)?,
        })
    }

    /// Whether it names an account, and another one than this.
    #[inline(always)]
    fn other_account(&self, account: &[u8]) -> bool {
        // Most ARNs name no account or the caller's: one branch for both.
        let same = match (self.behind_account.first_chunk::<12>(), account.first_chunk::<12>()) {
            (Some(owner), Some(account)) => owner == account,
            _ => false,
        };
        (self.account.len() == 12) & !same && self.names_account()
    }

    /// Whether it names an account.
    fn names_account(&self) -> bool {
        self.account.len() == 12 && self.account.iter().all(u8::is_ascii_digit)
    }

    /// Whether AWS owns the resource and the action would change it (rule E11).
    #[inline]
    fn owned_by_aws(&self, flags: u32) -> bool {
        const WRITES: u32 = f::ACTION_WRITES_POLICY | f::ACTION_WRITES_ROLE | f::ACTION_WRITES_ALIAS;
        if flags & WRITES == 0 {
            return false;
        }
        let has = |bit| flags & bit != 0;
        has(f::ACTION_WRITES_POLICY)
            && self.service == b"iam"
            && self.account == b"aws"
            && self.resource.starts_with(b"policy/")
            || has(f::ACTION_WRITES_ROLE)
                && self.service == b"iam"
                && self.resource.starts_with(b"role/aws-reserved/")
            || has(f::ACTION_WRITES_ALIAS)
                && self.service == b"kms"
                && self.resource.starts_with(b"alias/aws/")
    }
}

/// Whose account a resource is in (rule V6).
#[derive(Clone, Copy)]
enum AccountOf<'a> {
    /// The caller's.
    Caller,
    /// One that the bundle holds.
    Place(u32),
    /// One by its number.
    Text(&'a str),
    /// Another one, whichever.
    Nobody,
}

/// The resource's side of a request (rules E4, E8, V6).
struct ResourceSide<'a> {
    owner: u32,
    owner_record: Option<f::Resource>,
    account: AccountOf<'a>,
    same_account: bool,
    contract: Contract,
    /// Its policy, or a role's trust policy where the action asks for that.
    grants: u32,
    /// Whose policy that is.
    holder: u32,
    /// Whether it has RCPs of its own.
    own_rcps: bool,
}

#[inline(always)]
fn resource_side<'a>(
    view: &View<'_>,
    request: &Request<'a>,
    flags: u32,
    parts: Option<Parts<'a>>,
    account: &[u8],
) -> Option<ResourceSide<'a>> {
    let mut side = ResourceSide {
        owner: NONE,
        owner_record: None,
        account: AccountOf::Caller,
        same_account: true,
        contract: Contract::None,
        grants: NONE,
        holder: NONE,
        own_rcps: false,
    };
    if view.world.resources {
        let (service, name) = parts.map_or((&[][..], &[][..]), |parts| (parts.service, parts.resource));
        if let Some(owner) = owner::owner(view, request.resource.as_bytes(), service, name) {
            let record = view.resource(owner)?;
            side.owner = owner;
            side.owner_record = Some(record);
            (side.grants, side.holder) = (record.policy, owner);
            side.own_rcps = record.rcp_count != NONE;
        }
    }
    let is_role = parts.is_some_and(|parts| parts.service == b"iam" && parts.resource.starts_with(b"role/"));
    if flags & f::ACTION_NO_CALLER_SIDE != 0 && !is_role {
        // Only a role's trust policy grants these (rule E8).
        (side.grants, side.holder) = (NONE, NONE);
    }
    if let Some(parts) = parts {
        if is_role {
            trust(view, request, flags, &mut side)?;
        } else if parts.service == b"kms" && parts.resource.starts_with(b"key/") {
            side.contract = Contract::Key;
        }
    }
    let owner_account = side.owner_record.map_or(NONE, |record| record.account);
    if owner_account != NONE {
        side.account = AccountOf::Place(owner_account);
        side.same_account = view.string_bytes(view.account(owner_account)?.number)? == account;
    } else if let Some(owner) = request.resource_account {
        side.account = AccountOf::Text(owner);
        side.same_account = equal(owner.as_bytes(), account);
    } else if let Some(parts) = parts {
        if parts.other_account(account) {
            side.account = AccountOf::Text(core::str::from_utf8(parts.account).ok()?);
            side.same_account = false;
        } else if view.world.resources
            && side.owner == NONE
            && !parts.names_account()
            && owner::declares(view, parts.service)?
        {
            side.account = AccountOf::Nobody;
            side.same_account = false;
        }
    }
    Some(side)
}

/// A role as a resource: its trust policy speaks where it is to be assumed, and of nothing else (rule E8, DESIGN section 6).
#[cold]
fn trust(view: &View<'_>, request: &Request<'_>, flags: u32, side: &mut ResourceSide<'_>) -> Option<()> {
    if flags & f::ACTION_NEEDS_TRUST == 0 {
        (side.grants, side.holder) = (NONE, NONE);
        return Some(());
    }
    side.contract = Contract::Trust;
    if side.grants == NONE
        && let Some(role) = search(request.resource.as_bytes(), &Principals { view: *view, behind: false })
    {
        (side.grants, side.holder) = (view.principal(role)?.trust, OTHER_HOLDER | role);
    }
    Some(())
}

/// The root list of an action of the vocabulary.
#[inline(always)]
fn list_of(view: &View<'_>, at: u32, action: &f::Action) -> Option<u32> {
    let set = view.set(at)?;
    let entry = view.set_service(at, f::service_slot(action.service, set.seed, set.slots))?;
    if entry.service == action.service { view.cell(entry.row, action.class) } else { Some(set.default_list) }
}

/// The evaluation of one principal's layers for one request.
struct LayerWalk<'a> {
    bundle: &'a Bundle,
    view: &'a View<'a>,
    resource: &'a str,
    facts: &'a Facts<'a>,
}

impl LayerWalk<'_> {
    /// What a permission set says: by the root list of the action, or by its rule roots where that is none.
    #[inline(always)]
    fn verdict(&self, set: u32, list: u32) -> Option<Verdict> {
        let mut verdict = Verdict::default();
        match list {
            NONE => self.rule_roots(set, &mut verdict)?,
            list => self.root_list(list, &mut verdict)?,
        }
        Some(verdict)
    }

    /// What a permission set says of an action.
    #[inline(never)]
    fn set(&self, set: u32, action: Option<&f::Action>) -> Option<Verdict> {
        let list = match action {
            Some(action) => list_of(self.view, set, action)?,
            None => NONE,
        };
        self.verdict(set, list)
    }

    /// What the levels of control policies say, from the root down.
    fn levels(&self, levels: LevelRange, action: Option<&f::Action>) -> Option<Levels> {
        let mut found = Levels::default();
        for number in 0..levels.count {
            let verdict = self.set(self.view.word(Section::Levels, levels.first + number)?, action)?;
            let level = number as u8;
            if let Some(rule) = verdict.deny() {
                found.deny = Some((level, rule));
                break;
            }
            if verdict.allow().is_none() && found.missing.is_none() {
                found.missing = Some(level);
            }
        }
        Some(found)
    }

    /// Rules whose action patterns cover an action that the vocabulary does not hold.
    #[cold]
    fn rule_roots(&self, set: u32, verdict: &mut Verdict) -> Option<()> {
        let set = self.view.set(set)?;
        let text = self.facts.caller.request.action.text();
        let mut room = [0; limits::ACTION_BYTES];
        let folded = room.get_mut(..text.len())?;
        folded.copy_from_slice(text);
        folded.make_ascii_lowercase();
        let folded = &*folded;
        for place in set.rule_roots..set.rule_roots + set.rule_root_count {
            let list = self.view.rule_root_list(self.view.word(Section::SetRuleRoots, place)?)?;
            for place in list.start..list.start + list.length {
                let root = self.view.rule_root(self.view.word(Section::RuleRootIds, place)?)?;
                if self.covers(&root, folded)? != (root.negated == 1) {
                    self.root_list(root.list, verdict)?;
                }
            }
        }
        Some(())
    }

    fn covers(&self, root: &f::RuleRoot, folded: &[u8]) -> Option<bool> {
        for place in root.patterns..root.patterns + root.pattern_count {
            if self.bundle.pattern_covers(self.view.action_pattern(place)?, folded)? {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Walks all automata of a list and joins what they say. Stops at a deny, which nothing can undo (rule V1).
    #[inline(always)]
    fn root_list(&self, list: u32, verdict: &mut Verdict) -> Option<()> {
        if list & (TERMINAL_BIT | LIST_BIT) == LIST_BIT {
            return self.roots(list, verdict);
        }
        self.root(list, verdict)
    }

    /// Several automata.
    #[inline(never)]
    fn roots(&self, list: u32, verdict: &mut Verdict) -> Option<()> {
        for root in self.view.roots(list)? {
            if verdict.deny().is_some() {
                break;
            }
            self.root(u32::from_le_bytes(*root), verdict)?;
        }
        Some(())
    }

    /// Walks one automaton.
    #[inline(always)]
    fn root(&self, root: u32, verdict: &mut Verdict) -> Option<()> {
        match walk(self.view, Section::Nodes, root, self.resource.as_bytes())? {
            End::Terminal(terminal) => self.terminal(terminal, verdict),
            End::Leaf { leaf, offset } => self.leaf(leaf, offset, verdict),
        }
    }

    #[inline(always)]
    fn terminal(&self, mut terminal: u32, verdict: &mut Verdict) -> Option<()> {
        loop {
            let rule = RuleId(terminal & f::terminal::VALUE);
            match terminal & f::terminal::KIND {
                f::terminal::ALLOWS => *verdict = verdict.allowed_by(rule),
                f::terminal::DENIES => *verdict = verdict.denied_by(rule),
                f::terminal::NOTHING => {}
                _ => {
                    terminal = self.diagram(terminal)?;
                    continue;
                }
            }
            return Some(());
        }
    }

    /// Where a diagram leads: every node leads to one that stands before it, or to a terminal of another kind.
    #[inline(never)]
    fn diagram(&self, mut terminal: u32) -> Option<u32> {
        let view = self.view;
        while terminal & f::terminal::KIND == f::terminal::DIAGRAM {
            let words = view.words_at(Section::Diagrams, (terminal & f::terminal::VALUE) as usize)?;
            let word = |at: usize| words.get(at).map(|word| u32::from_le_bytes(*word));
            let first = word(0)?;
            let count = (first >> 8) as usize;
            terminal = match first & 0xff {
                diagram::SWITCH => {
                    let class = self.facts.class(word(1)?)? as usize;
                    let table = words.get(diagram::SWITCH_WORDS + count..)?.as_flattened();
                    word(diagram::SWITCH_WORDS + usize::from(*table.get(class)?))?
                }
                diagram::SPARSE => {
                    let class = self.facts.class(word(1)?)?;
                    let (mut low, mut high) = (0, count);
                    while low < high {
                        let middle = low + (high - low) / 2;
                        let this = word(diagram::SPARSE_WORDS + 2 * middle)?;
                        if this < class {
                            low = middle + 1;
                        } else {
                            high = middle;
                        }
                    }
                    let at = diagram::SPARSE_WORDS + 2 * low;
                    if low < count && word(at)? == class { word(at + 1)? } else { word(2)? }
                }
                diagram::ATOM => {
                    let holds = self.facts.atom_holds(view.atom(word(1)?)?)?;
                    word(if holds { 3 } else { 2 })?
                }
                diagram::CHECK => {
                    let mut holds = false;
                    for at in diagram::CHECK_WORDS..diagram::CHECK_WORDS + count {
                        if self.facts.resource_matches(word(at)?, self.resource)? {
                            holds = true;
                            break;
                        }
                    }
                    word(if holds { 2 } else { 1 })?
                }
                _ => return None,
            };
        }
        Some(terminal)
    }

    /// A set leaf: all its rules are looked at, since they stand in no order.
    #[cold]
    fn leaf(&self, leaf: u32, offset: usize, verdict: &mut Verdict) -> Option<()> {
        let rest = self.resource.as_bytes().get(offset..)?;
        let verify = |pattern| self.facts.resource_matches(pattern, self.resource);
        let matched = leaf::run(self.view, leaf, rest, verify)?;
        for (place, rule) in leaf::rules(self.view, leaf)?.enumerate() {
            if matched.has(place) != rule.negated {
                self.terminal(rule.terminal, verdict)?;
            }
        }
        Some(())
    }
}
