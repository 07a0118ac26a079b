//! What is asked for: who owns it, whose account it is, and which contract its service has (rules V6, E8, E11).

use super::combine::Contract;
use super::principal::{Asker, is_account, split};
use crate::facts;
use crate::model::{Model, Resource};
use crate::request::Request;

/// A resource that is an ARN.
#[derive(Clone, Copy, Debug)]
struct Arn<'a> {
    service: &'a str,
    account: &'a str,
    name: &'a str,
}

impl<'a> Arn<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let [_, _, service, _, account, name] = split(text)?;
        Some(Self { service, account, name })
    }

    fn is_in(self, service: &str, under: &str) -> bool {
        self.service == service && self.name.starts_with(under)
    }
}

/// Whether a table of actions holds the action (A1: ignoring case).
pub(super) fn is_one_of(action: &str, table: &[&str]) -> bool {
    table.iter().any(|known| known.eq_ignore_ascii_case(action))
}

/// Whether the resource is a role.
pub(crate) fn is_role(resource: &str) -> bool {
    Arn::of(resource).is_some_and(|arn| arn.is_in("iam", "role/"))
}

/// E8: the contract of the service.
pub(crate) fn contract(request: &Request) -> Contract {
    if is_one_of(&request.action, facts::NO_CALLER_SIDE) {
        Contract::NoCallerSide
    } else if is_one_of(&request.action, facts::TRUST_ACTIONS) && is_role(&request.resource) {
        Contract::Trust
    } else if Arn::of(&request.resource).is_some_and(|arn| arn.is_in("kms", "key/")) {
        Contract::Key
    } else {
        Contract::Ordinary
    }
}

/// E11: whether AWS owns the resource and the action would change it.
pub(crate) fn is_owned_by_aws(request: &Request) -> bool {
    let is_one_of = |table| is_one_of(&request.action, table);
    Arn::of(&request.resource).is_some_and(|arn| {
        arn.is_in("iam", "policy/") && arn.account == "aws" && is_one_of(facts::POLICY_WRITES)
            || arn.is_in("iam", "role/aws-reserved/") && is_one_of(facts::ROLE_WRITES)
            || arn.is_in("kms", "alias/aws/") && is_one_of(facts::ALIAS_WRITES)
    })
}

/// The declared resource that owns the request's: its own entry, or that of what it lies under; of several the longest (DESIGN section 6).
pub(crate) fn owner<'a>(model: &'a Model, resource: &str) -> Option<&'a Resource> {
    let owners = owners(resource);
    let entries = model.resources.iter().filter(|entry| owners.iter().any(|owner| **owner == *entry.arn));
    entries.max_by_key(|entry| entry.arn.len())
}

/// The ARNs of the resources that would own this one.
fn owners(resource: &str) -> Vec<String> {
    let mut owners = vec![resource.to_owned()];
    let Some([head, partition, service, region, account, name]) = split(resource) else { return owners };
    let mut add = |name: &str| {
        owners.push(format!("{head}:{partition}:{service}:{region}:{account}:{name}"));
    };
    match service {
        // A bucket owns its objects.
        "s3" => {
            if let Some((bucket, _)) = name.split_once('/') {
                add(bucket);
            }
        }
        // A function owns its versions and aliases.
        "lambda" => {
            let qualified = name.strip_prefix("function:").and_then(|rest| rest.split_once(':'));
            if let Some((function, _)) = qualified {
                add(&format!("function:{function}"));
            }
        }
        // A log group owns its streams, whichever of its two spellings declares it.
        "logs" => {
            if let Some(rest) = name.strip_prefix("log-group:") {
                let group = rest.split_once(':').map_or(rest, |(group, _)| group);
                add(&format!("log-group:{group}"));
                add(&format!("log-group:{group}:*"));
            }
        }
        _ => {}
    }
    owners
}

/// V6: the account of the request's resource; `None` is nobody's that is known, and so another account's.
pub(super) fn account<'a>(
    asker: &Asker<'a>,
    owner: Option<&'a Resource>,
    request: &'a Request,
) -> Option<&'a str> {
    let arn = Arn::of(&request.resource);
    if let Some(account) = owner.and_then(|owner| owner.account.as_deref()) {
        return Some(account);
    }
    if let Some(account) = request.resource_account.as_deref() {
        return Some(account);
    }
    if let Some(arn) = arn.filter(|arn| is_account(arn.account)) {
        return Some(arn.account);
    }
    // Where the model declares resources of the service, an undeclared one counts as another account's.
    let is_declared = |arn: Arn<'_>| {
        let mut declared = asker.model.resources.iter().filter_map(|entry| Arn::of(&entry.arn));
        declared.any(|declared| declared.service == arn.service)
    };
    if !asker.model.scenario && owner.is_none() && arn.is_some_and(is_declared) {
        return None;
    }
    asker.principal.account
}

#[cfg(test)]
mod tests;
