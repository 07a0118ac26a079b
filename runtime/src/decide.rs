//! One request to one decision: who asks and what for, the layers that apply, and their combination.

use crate::atom::Facts;
use crate::bundle::Bundle;
use crate::caller::{Caller as Who, Room};
use crate::classify::{Remembered, own_classes};
use crate::combine::{Caller, Facts as Combined, ResourceVerdict, Verdict, combine};
use crate::context::{Context, Values};
use crate::decision::{Decision, Effect, Layer, OTHER_HOLDER, Outcome, Reason};
use crate::diagram::{by_classes, is_node};
use crate::direct::{self, Own};
use crate::format::{self as f, NONE, RCP_SERVICES, Section, limits};
use crate::layers::{LayerWalk, list_of};
use crate::owner::{self, LevelRange};
use crate::principal::{Principal, PrincipalKind, parts};
use crate::request::{Action, ActionKind, Request, TextRequest};
use crate::side::{AccountOf, Parts, ResourceSide, bare_side, resource_side, side_of_all};
use crate::view::{Brief, SetHead, View};
use crate::walk::{reach, reach_apart};

/// A decision that denies because of a reason that is no statement's.
const fn refusal(layer: Layer, reason: Reason) -> Decision {
    Decision::new(Effect::ImplicitDeny, layer, reason, NONE, NONE)
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
        let (principal, action) = (&request.principal, &request.action);
        let is_ours = principal.stamp == self.stamp() && action.stamp == self.stamp();
        if is_ours
            && self.is_plain(request.resource, request.context)
            && let (Some((identity, principal)), Some(kind)) = (&principal.layers, action.kind)
        {
            let plain = Plain {
                identity: *identity,
                principal,
                action: (action.id(), kind),
                resource: request.resource,
                resource_account: request.resource_account,
                context: request.context,
                context_is_complete: request.context_is_complete,
            };
            let outcome = self.by_own_layers(&plain, |own| direct::by_conditions(self, request, own));
            if let Some(decision) = outcome.of_holder(request.principal.id) {
                return decision;
            }
        }
        self.by_whatever_counts(request)
    }

    /// Decides a request of texts: as [`Bundle::decide`] with [`Bundle::principal`] and [`Bundle::action`], in less time. Never fails, never
    /// panics, never allocates.
    ///
    /// # Complexity
    /// That of [`Bundle::decide`], and linear in the texts of principal and action.
    #[must_use]
    pub fn decide_text(&self, request: &TextRequest<'_>) -> Decision {
        let (held, known) =
            (self.principal_slot(request.principal.as_bytes()), self.action_slot(request.action.as_bytes()));
        let (id, action) = (held.id(), known.id());
        if id != NONE
            && action != NONE
            && self.is_plain(request.resource, request.context)
            && let view = self.view()
            && let (Some(principal), Some(identity)) = (self.brief(id), view.set_head(held.last()))
        {
            let plain = Plain {
                identity,
                principal: &principal,
                action: (action, known.into()),
                resource: request.resource,
                resource_account: request.resource_account,
                context: request.context,
                context_is_complete: request.context_is_complete,
            };
            let outcome = self.by_own_layers(&plain, |own| self.text_by_conditions(request, id, action, own));
            if let Some(decision) = outcome.of_holder(id) {
                return decision;
            }
        }
        self.text_by_whatever_counts(request, id, action)
    }

    /// The resolved form of a request for what takes longer.
    #[inline(never)]
    fn text_by_conditions(&self, request: &TextRequest<'_>, id: u32, action: u32, own: &Own<'_>) -> Outcome {
        let principal = Principal::held(self.stamp(), id, request.principal);
        let action = Action::known_as(self.stamp(), action, request.action);
        direct::by_conditions(self, &request.resolved(principal, action), own)
    }

    #[inline(never)]
    fn text_by_whatever_counts(&self, request: &TextRequest<'_>, id: u32, action: u32) -> Decision {
        let principal = self.principal_of(request.principal, id);
        let action = Action::known_as(self.stamp(), action, request.action);
        self.by_whatever_counts(&request.resolved(principal, action))
    }

    /// Decides whatever is asked.
    #[inline(never)]
    fn by_whatever_counts(&self, request: &Request<'_>) -> Decision {
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
        self.by_all_layers(request, &self.view())
    }

    /// Whether nothing but identity policies and permissions boundaries decides, and what is asked is within the limits.
    ///
    /// Asked first: a call further down would have to save what is known by then.
    #[inline(always)]
    fn is_plain(&self, resource: &str, context: &dyn Context) -> bool {
        let within_limits = context.within_limits();
        self.view().world.is_bare() && resource.len() <= limits::RESOURCE_BYTES && within_limits
    }

    /// Decides for a user or role itself that asks for an action of the vocabulary, in a bundle without resources, endpoints and control
    /// policies; not known for everybody else, or if a record cannot be read. `pending` is asked where walks alone do not decide.
    #[inline(always)]
    fn by_own_layers(&self, plain: &Plain<'_>, pending: impl FnOnce(&Own<'_>) -> Outcome) -> Outcome {
        const UNKNOWN: Outcome = Outcome::UNKNOWN;
        let view = self.view();
        let Plain { identity, principal: record, action: (action, kind), .. } = *plain;
        let flags = kind.flags();
        let Some(identity) = list_of(self, identity, kind) else { return UNKNOWN };
        let (resource, side) = if plain.resource == "*" {
            let Some(resource) = self.asked_for_all(action) else { return UNKNOWN };
            (resource, side_of_all(plain.resource_account, &record.account))
        } else {
            let side = bare_side(plain.resource, plain.resource_account, flags, &record.account);
            (plain.resource, side)
        };
        let Some(nodes) = view.words_at(Section::Nodes, 0) else { return UNKNOWN };
        let text = resource.as_bytes();
        let end = reach(nodes, identity, text);
        // No boundary is one that allows everything; known here, it leaves little to compare.
        let (boundary, mut ends, outcome) = if record.boundary == NONE {
            let ends = [end, f::terminal::ALLOWS];
            (f::terminal::ALLOWS, ends, direct::decision(ends, flags, side))
        } else {
            let boundary = view.set_head(record.boundary).and_then(|set| list_of(self, set, kind));
            let Some(boundary) = boundary else { return UNKNOWN };
            let ends = [end, reach_apart(nodes, boundary, text)];
            (boundary, ends, direct::decision(ends, flags, side))
        };
        if outcome != UNKNOWN {
            return outcome;
        }
        if !plain.context_is_complete {
            for end in ends.iter_mut().filter(|end| is_node(**end)) {
                *end = by_classes(self, plain.context, record.classes, *end);
            }
            let outcome = direct::decision(ends, flags, side);
            if outcome != UNKNOWN {
                return outcome;
            }
        }
        let lists = [identity, boundary];
        pending(&Own { resource, classes: record.classes, lists, ends, side, flags })
    }

    /// What the short way asks of a principal.
    #[inline(always)]
    pub(crate) fn brief(&self, id: u32) -> Option<Brief> {
        if self.view().is_packed() { self.packed_brief(id) } else { self.view().brief(id) }
    }

    #[inline(never)]
    fn packed_brief(&self, id: u32) -> Option<Brief> {
        self.view().packed_brief(id)
    }

    /// What the automata are asked about where `*` is. Rule R4: it also matches as the action's service-level ARN; whatever matches `*`
    /// matches that as well.
    #[inline(never)]
    fn asked_for_all(&self, action: u32) -> Option<&str> {
        let view = self.view();
        match view.action(action)?.service_arn {
            NONE => Some("*"),
            service_arn => view.string(service_arn),
        }
    }

    /// Decides for whoever asks, through every layer.
    #[inline(never)]
    fn by_all_layers(&self, request: &Request<'_>, view: &View<'_>) -> Option<Decision> {
        let action = match request.action.known() {
            Some(id) => Some(view.action(id)?),
            None => None,
        };
        let flags = match &action {
            Some(action) => action.flags,
            None => unknown_flags(&request.action),
        };
        let principal = &request.principal;
        let record = if principal.is_held() { Some(view.principal(principal.id)?) } else { None };
        let account = match &record {
            Some(record) => &record.account(),
            None => parts(principal.kind, principal.text()).account.as_bytes(),
        };
        let parts = Parts::of(request.resource.as_bytes());
        let side = resource_side(view, request, flags, parts, account)?;
        let resource = match (request.resource, request.action.known()) {
            ("*", Some(action)) => self.asked_for_all(action)?,
            (resource, _) => resource,
        };
        let room = Room::default();
        let who = Who { view, request, owner: side.owner, room: &room };
        let own = record.as_ref().map_or(NONE, |record| own_classes(request, record.classes));
        let facts = Facts { view, caller: &who, own, remembered: Remembered::default() };
        let layer = LayerWalk { bundle: self, view, resource, facts: &facts };
        let mut combined = Combined {
            caller: caller(principal.kind, record.as_ref()),
            known: record.is_some(),
            same_account: side.same_account,
            contract: side.contract,
            policy_held: side.grants != NONE,
            owned_by_aws: parts.is_some_and(|parts| parts.owned_by_aws(flags)),
            ..Combined::of_action(flags)
        };
        let action = action.as_ref();
        if let Some(record) = &record {
            combined.identity = layer.set(record.identity, action)?;
            if record.boundary != NONE {
                combined.boundary = Some(layer.set(record.boundary, action)?);
            }
        }
        let mut holders = Holders::default();
        if !view.world.is_bare() || side.grants != NONE {
            self.guard_rails(
                &layer,
                record.as_ref(),
                action,
                flags,
                account,
                &side,
                &mut combined,
                &mut holders,
            )?;
        }
        combined.session = self.session(request, &who, resource)?;
        let decision = combine(&combined);
        let holder = match decision.layer() {
            Layer::Rcp => holders.rcp,
            Layer::Scp => holders.scp,
            Layer::Endpoint => holders.endpoint,
            Layer::Resource => side.holder,
            _ => principal.id,
        };
        Some(decision.of_holder(holder))
    }

    /// Everything but the principal's own layers: control policies, endpoint, the resource's policy.
    #[inline(never)]
    #[expect(clippy::too_many_arguments, reason = "the state of one decision")]
    fn guard_rails(
        &self,
        layer: &LayerWalk<'_>,
        record: Option<&f::Principal>,
        action: Option<&f::Action>,
        flags: u32,
        account: &[u8],
        side: &ResourceSide<'_>,
        combined: &mut Combined,
        holders: &mut Holders,
    ) -> Option<()> {
        let view = layer.view;
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
            let owner = side.owner_record?;
            holders.rcp = OTHER_HOLDER | side.owner;
            combined.rcps = layer.levels(LevelRange::of(owner.rcps, owner.rcp_count), action)?;
        }
        combined.endpoint = endpoint(layer, action, holders)?;
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

    /// What the session policies say (rule E6): the overlay's one set, for the overlay's action, over the caller's context.
    fn session(&self, request: &Request<'_>, who: &Who<'_>, resource: &str) -> Option<Option<Verdict>> {
        let principal = &request.principal;
        let Some(overlay) = principal.session().and_then(|session| session.overlay()) else {
            // A federated user without session policy has an empty one.
            let empty = principal.kind == PrincipalKind::FederatedUser;
            return Some(empty.then(Verdict::default));
        };
        let view = &overlay.view();
        let facts = Facts { view, caller: who, own: NONE, remembered: Remembered::default() };
        let layer = LayerWalk { bundle: overlay, view, resource, facts: &facts };
        let action = match overlay.action_of(request.action.text()).known() {
            Some(id) => Some(view.action(id)?),
            None => None,
        };
        Some(Some(layer.set(view.world.session, action.as_ref())?))
    }
}

/// What the policy of the endpoint says through which a request came (rule E12).
fn endpoint(
    layer: &LayerWalk<'_>,
    action: Option<&f::Action>,
    holders: &mut Holders,
) -> Option<Option<Verdict>> {
    let (view, request) = (layer.view, layer.facts.caller.request);
    let set = if view.world.endpoint != NONE {
        view.world.endpoint
    } else if view.world.endpoints {
        let place = match request.context.get("aws:sourcevpce") {
            Some(Values::One(id)) => owner::endpoint(view, id),
            Some(Values::Parsed(id)) => owner::endpoint(view, id.as_str()),
            // Through which of them it came nobody can tell: nothing lets it pass.
            Some(Values::Many(_)) => return Some(Some(Verdict::default())),
            None => None,
        };
        let Some(place) = place else { return Some(None) };
        holders.endpoint = place;
        view.endpoint(place)?.set
    } else {
        return Some(None);
    };
    Some(Some(layer.set(set, action)?))
}

/// What the short way looks at.
struct Plain<'a> {
    /// The identity set.
    identity: SetHead,
    principal: &'a Brief,
    /// Its id, and what decides of it.
    action: (u32, ActionKind),
    resource: &'a str,
    resource_account: Option<&'a str>,
    context: &'a dyn Context,
    context_is_complete: bool,
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
