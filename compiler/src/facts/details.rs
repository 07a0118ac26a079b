//! What the service authorization reference says of each action: access level, resource types and condition keys. Source:
//! `data/action-facts.txt`, whose form `data/regenerate.py` describes; read when first asked for.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::known_service;

/// What an action does, as AWS classifies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads.
    Read,
    /// Lists.
    List,
    /// Writes.
    Write,
    /// Tags.
    Tagging,
    /// Grants or changes permissions.
    Permissions,
}

/// A type of resources.
#[derive(Debug)]
pub struct ResourceType {
    /// Its ARNs: `*` for what is chosen, `+` for what is chosen and holds no slash.
    pub arns: Vec<&'static str>,
    /// The condition keys that it brings, in lower case, ending in `*` where the policy chooses a part; `aws:` keys left out.
    pub keys: Vec<String>,
}

/// What is known of an action.
#[derive(Debug)]
pub struct ActionFacts {
    /// Its access level.
    pub access: Access,
    /// The places of its resource types in those of its service; none where its requests name the resource `*`.
    types: Vec<usize>,
    /// The condition keys that it brings by itself; `aws:` keys left out.
    keys: Vec<String>,
}

/// What is known of a service.
#[derive(Debug, Default)]
pub struct ServiceFacts {
    types: Vec<ResourceType>,
    groups: Vec<ActionFacts>,
    whole: bool,
    /// By the action's name in lower case.
    of: BTreeMap<String, usize>,
}

impl ServiceFacts {
    /// What is known of an action, by its name in lower case.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&ActionFacts> {
        self.groups.get(*self.of.get(name)?)
    }

    /// The name of an action as it is kept here, if there is one of this name in lower case. Logarithmic.
    #[must_use]
    pub fn name(&self, name: &str) -> Option<&str> {
        self.of.get_key_value(name).map(|(name, _)| &**name)
    }

    /// All actions, by their names in lower case, sorted.
    pub fn actions(&self) -> impl Iterator<Item = (&str, &ActionFacts)> {
        self.of.iter().filter_map(|(name, group)| Some((&**name, self.groups.get(*group)?)))
    }

    /// The resource types of an action.
    pub fn types<'f>(&'f self, action: &'f ActionFacts) -> impl Iterator<Item = &'f ResourceType> {
        action.types.iter().filter_map(|at| self.types.get(*at))
    }

    /// Whether what is known of this service's resource types is whole.
    #[must_use]
    pub fn has_all_types(&self) -> bool {
        self.whole
    }

    /// Whether requests for an action carry a key that is not global; both in lower case.
    #[must_use]
    pub fn carries(&self, action: &ActionFacts, key: &str) -> bool {
        let is = |known: &String| match known.strip_suffix('*') {
            Some(prefix) => key.starts_with(prefix),
            None => *known == *key,
        };
        action.keys.iter().any(is) || self.types(action).any(|kind| kind.keys.iter().any(is))
    }
}

/// Services of whose resource types the reference does not tell all: two have the prefix `apigateway`, of which the actions of one stand for
/// both; and CloudFormation's transforms are missing.
const INCOMPLETE: [&str; 2] = ["apigateway", "cloudformation"];

static FACTS: LazyLock<HashMap<&'static str, ServiceFacts>> = LazyLock::new(|| {
    let mut services = HashMap::new();
    let (mut prefix, mut facts, mut keys) = ("", ServiceFacts::default(), Vec::new());
    for line in include_str!("../../data/action-facts.txt").lines() {
        let named = |places: &str, keys: &[String]| -> Vec<String> {
            numbers(places, ',').filter_map(|at| keys.get(at).cloned()).collect()
        };
        match line.split_once(' ') {
            None => {
                prefix = line;
                facts = ServiceFacts::default();
                keys.clear();
            }
            Some(("K", names)) => keys.extend(names.split(' ').map(str::to_ascii_lowercase)),
            Some(("R", rest)) => {
                let (arns, of) = rest.split_once('\t').unwrap_or((rest, ""));
                let arns = arns.split(' ').collect();
                facts.types.push(ResourceType { arns, keys: named(of, &keys) });
            }
            Some(("G", rest)) => {
                let mut parts = rest.split(';');
                let access = match parts.next() {
                    Some("R") => Access::Read,
                    Some("L") => Access::List,
                    Some("T") => Access::Tagging,
                    Some("P") => Access::Permissions,
                    _ => Access::Write,
                };
                let types = numbers(parts.next().unwrap_or(""), ',').collect();
                let keys = named(parts.next().unwrap_or(""), &keys);
                facts.groups.push(ActionFacts { access, types, keys });
            }
            Some((_, groups)) => {
                let names = known_service(prefix).map_or(&[][..], |known| &known.actions);
                let names = names.iter().map(|name| name.to_ascii_lowercase());
                facts.of = names.zip(numbers(groups, ' ')).collect();
                facts.whole = !INCOMPLETE.contains(&prefix);
                services.insert(prefix, std::mem::take(&mut facts));
            }
        }
    }
    services
});

fn numbers(text: &str, by: char) -> impl Iterator<Item = usize> + '_ {
    text.split(by).filter_map(|number| number.parse().ok())
}

/// What is known of a service, by its prefix in lower case.
#[must_use]
pub fn service(prefix: &str) -> Option<&'static ServiceFacts> {
    FACTS.get(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::known_services;

    #[test]
    fn every_known_action_has_facts() {
        for known in known_services() {
            let facts = service(known.prefix).unwrap();
            for name in &known.actions {
                assert!(facts.action(&name.to_ascii_lowercase()).is_some(), "{}:{name}", known.prefix);
            }
            for arn in facts.types.iter().flat_map(|kind| &kind.arns) {
                assert!(arn.split(':').count() >= 6 && arn.starts_with("arn:*:"), "{arn}");
            }
        }
    }

    #[test]
    fn facts_of_some_actions() {
        let s3 = service("s3").unwrap();
        let list = s3.action("listbucket").unwrap();
        let arns: Vec<&str> = s3.types(list).flat_map(|kind| kind.arns.iter().copied()).collect();
        assert!(arns.contains(&"arn:*:s3:::+"), "{arns:?}");
        assert!(s3.carries(list, "s3:prefix") && !s3.carries(list, "s3:existingobjecttag/x"));
        let get = s3.action("getobject").unwrap();
        assert!(!s3.carries(get, "s3:prefix") && s3.carries(get, "s3:existingobjecttag/x"));
        assert_eq!(s3.types(s3.action("listallmybuckets").unwrap()).count(), 0);
        let iam = service("iam").unwrap();
        assert!(iam.carries(iam.action("passrole").unwrap(), "iam:passedtoservice"));
        assert_eq!(iam.action("createpolicyversion").unwrap().access, Access::Permissions);
    }
}
