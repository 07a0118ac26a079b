//! One request to one decision: action and principal to root lists, walks, diagrams, combination.

use crate::atom::Facts;
use crate::bundle::Bundle;
use crate::classify::Remembered;
use crate::combine::{Caller, Facts as Combined, ResourceSide, Verdict, combine};
use crate::decision::{Decision, Effect, Layer, Reason, RuleId};
use crate::format::{self as f, LIST_BIT, NONE, Section, TERMINAL_BIT, diagram, limits};
use crate::hash::equal;
use crate::leaf;
use crate::request::{PrincipalKind, Request};
use crate::value::arn;
use crate::view::View;
use crate::walk::{End, walk};

/// A decision that denies because of a reason that is no statement's.
const fn refusal(layer: Layer, reason: Reason) -> Decision {
    Decision { effect: Effect::ImplicitDeny, layer, reason, rule: NONE, principal: NONE }
}

impl Bundle {
    /// Decides a request. Never fails: what cannot be evaluated denies and says why. Never panics, never allocates.
    ///
    /// A principal or action that was resolved by *another* bundle denies with [`Reason::Internal`]: its ids mean nothing here.
    ///
    /// # Complexity
    /// Independent of the number of identities, policies and statements in the bundle; linear in the resource and in the context
    /// values that the conditions on its path read. What grows with an identity's own policies is the length of its root list for the
    /// action, and the conditions and variable checks on the path. Actions outside the vocabulary cost time linear in the principal's rules
    /// with action wildcards besides.
    #[must_use]
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        self.try_decide(request).unwrap_or(refusal(Layer::None, Reason::Internal))
    }

    /// `None` if a record cannot be read, which validation excludes.
    fn try_decide(&self, request: &Request<'_>) -> Option<Decision> {
        if request.principal.stamp != self.stamp() || request.action.stamp != self.stamp() {
            return None;
        }
        let too_long = request.resource.len() > limits::RESOURCE_BYTES
            || request.action.is_too_long()
            || request.principal.is_too_long();
        if too_long || !request.context.within_limits() {
            return Some(refusal(Layer::Limit, Reason::LimitExceeded));
        }
        let view = &self.view();
        let action = match request.action.known() {
            Some(id) => Some(view.action(id)?),
            None => None,
        };
        let flags = action.map_or(0, |action| action.flags);
        let Some(id) = request.principal.known() else { return Some(strangers(request, flags)) };
        let principal = view.principal(id)?;
        // Every step to a root list waits for the one before it: they come first, so that the rest is done meanwhile.
        let list = |set| match &action {
            Some(action) => list_of(view, set, action),
            None => Some(NONE),
        };
        let identity = list(principal.identity)?;
        let boundary = if principal.boundary == NONE { None } else { Some(list(principal.boundary)?) };
        let account = view.string_bytes(principal.account)?;
        let parts = Parts::of(request.resource.as_bytes());
        let side = resource_side(request, flags, parts, account);
        // Rule R4: `*` also matches as the action's service-level ARN; whatever matches `*` matches that as well.
        let service_arn = action.map_or(NONE, |action| action.service_arn);
        let resource = match request.resource {
            "*" if service_arn != NONE => view.string(service_arn)?,
            resource => resource,
        };
        let facts = Facts { view, request, principal: id, remembered: Remembered::default() };
        let layer = LayerWalk { bundle: self, view, resource, facts: &facts };
        let identity = layer.verdict(principal.identity, identity)?;
        let boundary = match boundary {
            Some(list) => Some(layer.verdict(principal.boundary, list)?),
            None => None,
        };
        let is_user = principal.kind == f::PRINCIPAL_USER;
        let combined = combined(Caller::Known, is_user, flags, parts, side);
        Some(Decision { principal: id, ..combine(&Combined { identity, boundary, ..combined }) })
    }
}

/// What the combination looks at, but for the verdicts.
#[inline]
fn combined(
    caller: Caller,
    caller_is_user: bool,
    flags: u32,
    parts: Option<Parts<'_>>,
    resource: ResourceSide,
) -> Combined {
    let flag = |bit| flags & bit != 0;
    Combined {
        caller,
        caller_is_user,
        uncontrolled: flag(f::ACTION_UNCONTROLLED),
        uncontrolled_for_users: flag(f::ACTION_UNCONTROLLED_FOR_USERS),
        no_caller_side: flag(f::ACTION_NO_CALLER_SIDE),
        owned_by_aws: parts.is_some_and(|parts| parts.owned_by_aws(flags)),
        resource,
        identity: Verdict::default(),
        boundary: None,
    }
}

/// The decision for a principal that the bundle does not hold (rule E13).
#[cold]
fn strangers(request: &Request<'_>, flags: u32) -> Decision {
    let (caller, is_user, account) = match request.principal.kind() {
        PrincipalKind::Foreign { account, user } => (Caller::Unknown, user, account),
        PrincipalKind::Root { account } => (Caller::Root, true, account),
        PrincipalKind::Session { account } => (Caller::Session, false, account),
        PrincipalKind::Service => (Caller::Service, false, ""),
        PrincipalKind::Anonymous => (Caller::Anonymous, false, ""),
        PrincipalKind::Known(_) | PrincipalKind::Malformed | PrincipalKind::TooLong => {
            (Caller::Malformed, false, "")
        }
    };
    let parts = Parts::of(request.resource.as_bytes());
    let side = resource_side(request, flags, parts, account.as_bytes());
    combine(&combined(caller, is_user, flags, parts, side))
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
        let named = self.account.len() == 12;
        named & !same && self.account.iter().all(u8::is_ascii_digit)
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

/// What the resource's side would have to allow (rules E4, E8, V6).
#[inline]
fn resource_side(
    request: &Request<'_>,
    flags: u32,
    parts: Option<Parts<'_>>,
    account: &[u8],
) -> ResourceSide {
    if let Some(parts) = parts {
        if flags & f::ACTION_NEEDS_TRUST != 0
            && parts.service == b"iam"
            && parts.resource.starts_with(b"role/")
        {
            return ResourceSide::Trust;
        }
        if parts.service == b"kms" && parts.resource.starts_with(b"key/") {
            return ResourceSide::Key;
        }
    }
    let other = match (request.resource_account, parts) {
        (Some(owner), _) => !equal(owner.as_bytes(), account),
        (None, Some(parts)) => parts.other_account(account),
        (None, None) => false,
    };
    if other { ResourceSide::OtherAccount } else { ResourceSide::Free }
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

    /// Rules whose action patterns cover an action that the vocabulary does not hold.
    #[cold]
    fn rule_roots(&self, set: u32, verdict: &mut Verdict) -> Option<()> {
        let set = self.view.set(set)?;
        let text = self.facts.request.action.text();
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
