//! Whether a request lies in what a report tells, and what the report then says of it: how reports are checked against decisions.

use super::callers::{Asker, askers};
use super::cover::Term;
use super::diff::{Access, Certainty, Change, Meaning, Report};
use super::scene::{Place, own_account};
use super::space::Pattern;
use super::universe::Universe;
use crate::facts;
use crate::model::Model;
use crate::reference::combine::Contract;
use crate::reference::{Fixed, Situation, contract, is_owned_by_aws, owner};
use crate::request::Request;
use portcullis_runtime::value::arn;

/// Everybody whom a comparison of two worlds asks about.
#[must_use]
pub fn principals(old: &Model, new: &Model) -> Vec<Asker> {
    askers(&Universe::new(&[old, new]))
}

/// The account in which a comparison takes a request's resource to lie: that of its declaration, else the one that its ARN names, else the
/// caller's own.
#[must_use]
pub fn account(old: &Model, new: &Model, request: &Request) -> Option<String> {
    let declared =
        |model| owner(model, &request.resource).map(|owner| (owner.arn.len(), owner.account.clone()));
    let longest = [declared(old), declared(new)].into_iter().flatten().max_by_key(|(length, _)| *length);
    if let Some((_, Some(account))) = longest {
        return Some(account.to_string());
    }
    let named = arn::split(&request.resource).map(|[_, _, _, _, account, _]| account);
    let named = named.filter(|account| arn::is_account(account)).map(str::to_owned);
    named.or_else(|| own_account(&request.principal))
}

impl Term {
    /// Whether an action is one of these.
    #[must_use]
    pub fn has_action(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        let matches = |text: &String| Pattern::of_text(&text.to_ascii_lowercase(), false).matches(&action);
        self.all.iter().all(matches) && !self.except.iter().any(matches)
    }

    /// Whether a resource is one of these, asked for with an action (rule R4).
    #[must_use]
    pub fn has_resource(&self, action: &str, resource: &str) -> bool {
        let service = facts::SERVICE_LEVEL_ARNS.iter().find(|(known, _)| known.eq_ignore_ascii_case(action));
        let also = service.filter(|_| resource == "*").map(|(_, arn)| *arn);
        let matches = |text: &String| {
            let pattern = Pattern::of_text(text, true);
            // What is no ARN is matched by `*` alone.
            let direct = (text == "*" || arn::split(resource).is_some()) && pattern.matches(resource);
            direct || also.is_some_and(|arn| pattern.matches(arn))
        };
        self.all.iter().all(matches) && !self.except.iter().any(matches)
    }
}

impl Report {
    /// What the report says that a request gets in either world, where it says anything; `None` where nothing changes by it.
    ///
    /// The request's principal is that of one of [`principals`]; `context_complete` is not set.
    #[must_use]
    pub fn says(&self, old: &Model, new: &Model, request: &Request) -> Option<(bool, bool)> {
        self.says_of(&request.principal, old, new, request)
    }

    /// The same of a request by one of those for whom another principal stands: an example may be of a session with a name of its own.
    #[must_use]
    pub fn says_of(
        &self,
        principal: &str,
        old: &Model,
        new: &Model,
        request: &Request,
    ) -> Option<(bool, bool)> {
        if Situation::of(new, request).is_ok_and(|situation| situation.is_not_controlled()) {
            return None;
        }
        let place = place(&[old, new], request)?;
        let is_asked =
            |group: &&super::diff::Group| group.principals.iter().any(|asker| asker.principal == principal);
        let changes = self.groups.iter().filter(is_asked).flat_map(|group| &group.changes);
        // Of what is assumed of others' policies no decision of these worlds speaks, but for actions that ask for no policy of the caller's.
        let no_caller_side =
            facts::NO_CALLER_SIDE.iter().any(|known| known.eq_ignore_ascii_case(&request.action));
        let mut changes =
            changes.filter(|change| no_caller_side || change.certainty != Certainty::IfCallerAllows);
        let change = changes.find(|change| is_in(change, &place, request))?;
        Some((self.holds(&change.before, old, request), self.holds(&change.after, new, request)))
    }

    fn holds(&self, access: &Access, model: &Model, request: &Request) -> bool {
        let cases = match access {
            Access::Never => return false,
            Access::Always => return true,
            Access::When(cases) => cases,
        };
        let Ok(situation) = Situation::of(model, request) else { return false };
        let fixed = Fixed::of(&situation);
        let is_so = |number: usize| match self.conditions.get(number) {
            Some(Meaning::Condition(condition, variables)) => fixed.holds(condition, *variables, &[]),
            Some(Meaning::Resource(pattern)) => situation.covers(pattern),
            Some(Meaning::Fixed) | None => false,
        };
        cases.iter().any(|case| case.iter().all(|literal| is_so(literal.number) == literal.holds))
    }
}

fn is_in(change: &Change, place: &Place, request: &Request) -> bool {
    let is_here = match (&change.place, place) {
        (Place::Declared { arn, .. }, Place::Declared { arn: other, .. }) => arn == other,
        (own, other) => own == other,
    };
    is_here
        && change.actions.iter().any(|term| term.has_action(&request.action))
        && change.resources.iter().any(|term| term.has_resource(&request.action, &request.resource))
}

/// Where a request's resource lies; `None` in another account.
fn place(models: &[&Model], request: &Request) -> Option<Place> {
    let is_trust = facts::TRUST_ACTIONS.iter().any(|known| known.eq_ignore_ascii_case(&request.action));
    let is_role = |model: &&&Model| model.roles.iter().any(|role| *role.identity.arn == *request.resource);
    if is_trust && models.iter().find(is_role).is_some() {
        return Some(Place::Role { arn: request.resource.clone() });
    }
    let owners = models.iter().filter_map(|model| owner(model, &request.resource));
    if let Some(owner) = owners.max_by_key(|owner| owner.arn.len()) {
        return Some(Place::Declared { arn: owner.arn.to_string(), account: None });
    }
    let own = own_account(&request.principal)?;
    // A resource lies in the account that its ARN names, whatever else a request says of it.
    let named = arn::split(&request.resource).map(|[_, _, _, _, account, _]| account);
    if named.is_some_and(|named| arn::is_account(named) && named != own) {
        return None;
    }
    // Where the resource's own policy has to allow, and what AWS owns, nobody's own policies decide.
    if contract(request) != Contract::Ordinary || is_owned_by_aws(request) {
        return None;
    }
    let situation = Situation::of(models.first()?, request).ok()?;
    (situation.resource_account() == Some(&own)).then_some(Place::Own)
}
