//! One request to one decision: action and principal to root lists, walks, residues, combination.

use crate::bundle::Bundle;
use crate::combine::{Caller, Facts as Combined, ResourceSide, Verdict, combine};
use crate::decision::{Decision, Effect, Layer, Reason, RuleId};
use crate::format::{self as f, NONE, Section, limits};
use crate::guard::Facts;
use crate::hash::equal;
use crate::leaf;
use crate::request::{PrincipalKind, Request};
use crate::value::arn;
use crate::view::View;
use crate::walk::{End, walk};

/// A decision that denies because of a reason that is no statement's.
const fn refusal(layer: Layer, reason: Reason) -> Decision {
    Decision { effect: Effect::ImplicitDeny, layer, reason, rule: None, principal: None }
}

impl Bundle {
    /// Decides a request. Never fails: what cannot be evaluated denies and says why. Never panics, never allocates.
    ///
    /// A principal or action that was resolved by *another* bundle denies with [`Reason::Internal`]: its ids mean nothing here.
    ///
    /// # Complexity
    /// Independent of the number of identities, policies and statements in the bundle; linear in the resource and in the context
    /// values that the guards on its path read. What grows with an identity's own policies is the length of its root list for the
    /// action, and the guards and variable checks on the path. Actions outside the vocabulary cost time linear in the principal's rules
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
            || request.principal.kind() == PrincipalKind::TooLong;
        if too_long || !request.context.within_limits() {
            return Some(refusal(Layer::Limit, Reason::LimitExceeded));
        }
        let view = self.view();
        let action = match request.action.known() {
            Some(id) => Some(view.action(id)?),
            None => None,
        };
        let flags = action.map_or(0, |action| action.flags);
        let flag = |bit| flags & bit != 0;
        let principal = match request.principal.known() {
            Some(id) => Some((id, view.principal(id)?)),
            None => None,
        };
        let (caller, caller_is_user, account) = match (request.principal.kind(), principal) {
            (_, Some((_, principal))) => {
                (Caller::Known, principal.kind == f::PRINCIPAL_USER, view.string_bytes(principal.account)?)
            }
            (PrincipalKind::Foreign { account, user }, _) => (Caller::Unknown, user, account.as_bytes()),
            (PrincipalKind::Root { account }, _) => (Caller::Root, true, account.as_bytes()),
            (PrincipalKind::Session { account }, _) => (Caller::Session, false, account.as_bytes()),
            (PrincipalKind::Service, _) => (Caller::Service, false, &b""[..]),
            (PrincipalKind::Anonymous, _) => (Caller::Anonymous, false, &b""[..]),
            _ => (Caller::Malformed, false, &b""[..]),
        };
        let resource = Parts::of(request.resource.as_bytes());
        let mut facts = Combined {
            caller,
            caller_is_user,
            uncontrolled: flag(f::ACTION_UNCONTROLLED),
            uncontrolled_for_users: flag(f::ACTION_UNCONTROLLED_FOR_USERS),
            no_caller_side: flag(f::ACTION_NO_CALLER_SIDE),
            owned_by_aws: resource.is_some_and(|resource| resource.owned_by_aws(flags)),
            resource: resource_side(request, flags, resource, account),
            identity: Verdict::default(),
            boundary: None,
        };
        let Some((id, principal)) = principal else { return Some(combine(&facts)) };
        // Rule R4: `*` also matches as the action's service-level ARN; whatever matches `*` matches that as well.
        let service_arn = action.map_or(NONE, |action| action.service_arn);
        let resource = match request.resource {
            "*" if service_arn != NONE => view.string(service_arn)?,
            resource => resource,
        };
        let layer = LayerWalk {
            bundle: self,
            view,
            action: action.as_ref(),
            resource,
            facts: &Facts { view, request, principal },
        };
        facts.identity = layer.verdict(principal.identity)?;
        if principal.boundary != NONE {
            facts.boundary = Some(layer.verdict(principal.boundary)?);
        }
        let decision = combine(&facts);
        Some(Decision { principal: Some(id), ..decision })
    }
}

/// The parts of a resource that the combination looks at.
#[derive(Clone, Copy)]
struct Parts<'a> {
    service: &'a [u8],
    account: &'a [u8],
    resource: &'a [u8],
}

impl<'a> Parts<'a> {
    /// `None` for fewer than six parts.
    #[inline]
    fn of(text: &'a [u8]) -> Option<Self> {
        let [_, b, c, d, e] = arn::colons(text)?;
        Some(Self {
            service: text.get(b + 1..c)?,
            account: text.get(d + 1..e)?,
            resource: text.get(e + 1..)?,
        })
    }

    /// Whether AWS owns the resource and the action would change it (rule E11).
    fn owned_by_aws(&self, flags: u32) -> bool {
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
        (None, Some(parts)) => {
            let owner = parts.account;
            owner.len() == 12 && !equal(owner, account) && owner.iter().all(u8::is_ascii_digit)
        }
        (None, None) => false,
    };
    if other { ResourceSide::OtherAccount } else { ResourceSide::Free }
}

/// The evaluation of one principal's layers for one request.
struct LayerWalk<'a> {
    bundle: &'a Bundle,
    view: View<'a>,
    action: Option<&'a f::Action>,
    resource: &'a str,
    facts: &'a Facts<'a>,
}

impl LayerWalk<'_> {
    /// What a permission set says.
    fn verdict(&self, set: u32) -> Option<Verdict> {
        let set = self.view.set(set)?;
        let mut verdict = Verdict::default();
        match self.action {
            Some(action) => self.root_list(self.list_of(&set, action)?, &mut verdict)?,
            None => self.rule_roots(&set, &mut verdict)?,
        }
        Some(verdict)
    }

    /// The root list of an action of the vocabulary.
    #[inline]
    fn list_of(&self, set: &f::Set, action: &f::Action) -> Option<u32> {
        let view = self.view;
        if set.service_count > 0 {
            // Always the same steps for a set, and a choice instead of a branch at each: nothing to guess wrong.
            let (mut base, mut size) = (set.services, set.service_count);
            while size > 1 {
                let half = size / 2;
                let middle = view.set_service(base + half)?;
                base = if middle.service <= action.service { base + half } else { base };
                size -= half;
            }
            let entry = view.set_service(base)?;
            if entry.service == action.service {
                return self.cell(view.row(entry.row)?, action.class);
            }
        }
        Some(set.default_list)
    }

    /// The root list of a class in a row.
    #[inline]
    fn cell(&self, row: f::Row, class: u32) -> Option<u32> {
        let cells = self.view.section_bytes(Section::Cells);
        let (start, class) = (row.cells as usize, class as usize);
        let index = match row.width {
            0 => 0,
            1 => u32::from(*cells.get(start + class)?),
            _ => u32::from(u16::from_le_bytes(*cells.get(start + class * 2..)?.first_chunk::<2>()?)),
        };
        self.view.word(Section::Palettes, row.palette + index)
    }

    /// Rules whose action patterns cover an action that the vocabulary does not hold.
    fn rule_roots(&self, set: &f::Set, verdict: &mut Verdict) -> Option<()> {
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
    #[inline]
    fn root_list(&self, list: u32, verdict: &mut Verdict) -> Option<()> {
        let list = self.view.root_list(list)?;
        self.root(list.root, verdict)?;
        for place in list.rest..list.rest + list.rest_count {
            if verdict.deny().is_some() {
                break;
            }
            self.root(self.view.word(Section::Roots, place)?, verdict)?;
        }
        Some(())
    }

    /// Walks one automaton.
    #[inline]
    fn root(&self, root: u32, verdict: &mut Verdict) -> Option<()> {
        match walk(self.view, root, self.resource.as_bytes())? {
            End::Terminal(terminal) => self.terminal(terminal, verdict),
            End::Leaf { leaf, offset } => self.leaf(leaf, offset, verdict),
        }
    }

    #[inline]
    fn terminal(&self, terminal: u32, verdict: &mut Verdict) -> Option<()> {
        if terminal == 0 {
            return Some(());
        }
        let terminal = self.view.terminal(terminal)?;
        if terminal.flags != 0 {
            let rule = RuleId(terminal.rule);
            if terminal.flags & f::TERMINAL_DENY != 0 {
                *verdict = verdict.denied_by(rule);
                return Some(());
            }
            *verdict = verdict.allowed_by(rule);
        }
        for place in terminal.residues..terminal.residues + terminal.residue_count {
            let residue = self.view.residue(place)?;
            let denies = residue.flags & f::RESIDUE_DENY != 0;
            if !denies && verdict.allow().is_some() {
                // Residues stand denies first: from here on nothing could change the verdict.
                break;
            }
            if self.checks_hold(&residue)? && self.facts.guard_holds(residue.guard)? {
                record(verdict, denies, residue.rule);
                if denies {
                    break;
                }
            }
        }
        Some(())
    }

    /// Whether a residue's resource patterns match: any of them, or if negated none (rules R3, X2, X3).
    fn checks_hold(&self, residue: &f::Residue) -> Option<bool> {
        if residue.check_count == 0 {
            return Some(true);
        }
        let negated = residue.flags & f::RESIDUE_NEGATED != 0;
        for place in residue.checks..residue.checks + residue.check_count {
            let pattern = self.view.word(Section::Checks, place)?;
            if self.facts.resource_matches(pattern, self.resource)? {
                return Some(!negated);
            }
        }
        Some(negated)
    }

    /// A set leaf: all its rules are looked at, since they stand in no order.
    #[cold]
    fn leaf(&self, leaf: u32, offset: usize, verdict: &mut Verdict) -> Option<()> {
        let rest = self.resource.as_bytes().get(offset..)?;
        let verify = |pattern| self.facts.resource_matches(pattern, self.resource);
        let matched = leaf::run(self.view, leaf, rest, verify)?;
        for (place, rule) in leaf::rules(self.view, leaf)?.enumerate() {
            let negated = rule.flags & f::RESIDUE_NEGATED != 0;
            if matched.has(place) != negated && self.facts.guard_holds(rule.guard)? {
                record(verdict, rule.flags & f::RESIDUE_DENY != 0, rule.rule);
            }
        }
        Some(())
    }
}

fn record(verdict: &mut Verdict, denies: bool, rule: u32) {
    let rule = RuleId(rule);
    *verdict = if denies { verdict.denied_by(rule) } else { verdict.allowed_by(rule) };
}
