//! Who and what the inputs declare by name, so that `.gate` files can name it: accounts, users, groups, roles and policies.

use std::collections::HashMap;

use portcullis_grammar::gate::ast::{Account, AccountItem, IdentityKind as Kind, Item, Text};
use portcullis_runtime::value::arn;

use super::GateFile;
use super::scope::literal;
use crate::resolve::drafts::{Drafts, IdentityKind};

/// The names of one account.
#[derive(Debug, Default)]
struct Names {
    /// ARNs by kind and name in lower case.
    identities: HashMap<(IdentityKind, String), Box<str>>,
    /// ARNs by partition and name in lower case: AWS has policies of one name in each of its partitions.
    policies: HashMap<(Box<str>, String), Box<str>>,
}

/// The names of all accounts.
#[derive(Debug, Default)]
pub(super) struct World {
    accounts: HashMap<Box<str>, Names>,
    /// Accounts by the name that they are declared with; `None` where two have one name.
    numbers: HashMap<Box<str>, Option<Box<str>>>,
    /// The partitions that accounts are in, where anything says so.
    partitions: HashMap<Box<str>, Box<str>>,
    /// The ARNs of users and roles by name in lower case, sorted.
    anywhere: HashMap<String, Vec<Box<str>>>,
}

impl World {
    /// The names that JSON files and `.gate` files declare.
    pub(super) fn of(files: &[GateFile<'_>], drafts: &Drafts<'_>) -> Self {
        let mut world = Self::default();
        for identity in &drafts.identities {
            let names = world.accounts.entry(identity.account.clone()).or_default();
            names
                .identities
                .insert((identity.kind, identity.name.to_ascii_lowercase()), identity.arn.clone());
        }
        for identity in &drafts.identities {
            if let Some(parts) = arn::split(&identity.arn) {
                world.partitions.entry(identity.account.clone()).or_insert_with(|| parts[1].into());
            }
        }
        let accounts = files.iter().flat_map(|file| &file.parsed.file.items);
        for account in
            accounts.filter_map(|item| if let Item::Account(account) = item { Some(account) } else { None })
        {
            if let Some(partition) = said_partition(account).filter(|_| account.number.raw != "aws") {
                world.partitions.entry(account.number.raw.into()).or_insert_with(|| partition.raw.into());
            }
        }
        for draft in &drafts.policies {
            world.policy(&draft.account, &draft.policy.name, &draft.policy.arn);
        }
        for file in files {
            for item in &file.parsed.file.items {
                if let Item::Account(account) = item {
                    world.declare(account);
                }
            }
        }
        for names in world.accounts.values() {
            let all = names.identities.iter().filter(|((kind, _), _)| *kind != IdentityKind::Group);
            for ((_, name), arn) in all {
                world.anywhere.entry(name.clone()).or_default().push(arn.clone());
            }
        }
        world.anywhere.values_mut().for_each(|arns| arns.sort_unstable());
        world
    }

    fn policy(&mut self, account: &str, name: &str, arn: &str) {
        let names = self.accounts.entry(account.into()).or_default();
        let partition = arn::split(arn).map_or("", |parts| parts[1]);
        names.policies.insert((partition.into(), name.to_ascii_lowercase()), arn.into());
    }

    fn declare(&mut self, account: &Account<'_>) {
        let number = account.number.raw;
        if let Some(name) = account.name {
            let known = self.numbers.entry(literal(&name)).or_insert_with(|| Some(number.into()));
            if known.as_deref() != Some(number) {
                *known = None;
            }
        }
        let partition = self.partition_of(account);
        for item in &account.items {
            match item {
                AccountItem::Policy(policy) if policy.parameters.is_none() => {
                    let name = literal(&policy.name);
                    let arn = entity_arn(&partition, number, "policy", &name);
                    self.policy(number, split_name(&name).1, &arn);
                }
                AccountItem::Identity(identity) => {
                    let kind = kind_of(identity.kind);
                    let given = literal(&identity.name);
                    let arn = entity_arn(&partition, number, kind.noun(), &given);
                    let names = self.accounts.entry(number.into()).or_default();
                    let name = split_name(&given).1.to_ascii_lowercase();
                    names.identities.insert((kind, name), arn);
                }
                _ => {}
            }
        }
    }

    /// The partition of an account's block: what it says, else what the account is in, else `aws`.
    pub(super) fn partition_of(&self, account: &Account<'_>) -> Box<str> {
        let known = || self.partitions.get(account.number.raw).cloned();
        let said = said_partition(account).map(|text| text.raw.into());
        said.or_else(known).unwrap_or_else(|| "aws".into())
    }

    /// The partition that another part of the inputs says of this account, where the block says otherwise.
    pub(super) fn other_partition(&self, account: &Account<'_>) -> Option<&str> {
        let known = self.partitions.get(account.number.raw)?;
        said_partition(account).filter(|said| *said.raw != **known).map(|_| &**known)
    }

    /// The ARN of a user, group or role.
    pub(super) fn identity(&self, account: &str, kind: IdentityKind, name: &str) -> Option<&str> {
        self.accounts.get(account)?.identities.get(&(kind, name.to_ascii_lowercase())).map(|arn| &**arn)
    }

    /// The ARNs of the users and roles of this name in all accounts, sorted.
    pub(super) fn anywhere(&self, name: &str) -> &[Box<str>] {
        self.anywhere.get(&name.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// Whether a principal is a user, a role, or a session of a role that the inputs hold; `None` where they hold nothing of its account, or
    /// it is none of these.
    pub(super) fn holds(&self, principal: &str) -> Option<bool> {
        let [_, _, service, _, account, resource] = arn::split(principal)?;
        let names = self.accounts.get(account).filter(|names| !names.identities.is_empty())?;
        let (kind, name) = resource.split_once('/')?;
        let has = |kind, name: &str| names.identities.get(&(kind, name.to_ascii_lowercase()));
        let last = name.rsplit('/').next().unwrap_or("");
        match (service, kind) {
            ("iam", "user") => Some(has(IdentityKind::User, last).is_some_and(|arn| **arn == *principal)),
            ("iam", "role") => Some(has(IdentityKind::Role, last).is_some_and(|arn| **arn == *principal)),
            ("sts", "assumed-role") => {
                Some(has(IdentityKind::Role, name.split('/').next().unwrap_or("")).is_some())
            }
            _ => None,
        }
    }

    /// The names of an account, sorted.
    pub(super) fn identity_names(&self, account: &str, kind: IdentityKind) -> Vec<String> {
        let names = self.accounts.get(account).into_iter().flat_map(|names| names.identities.iter());
        let mut names: Vec<String> = names
            .filter(|((of, _), _)| *of == kind)
            .filter_map(|(_, arn)| arn.rsplit('/').next().map(str::to_owned))
            .collect();
        names.sort_unstable();
        names
    }

    /// All users and roles, sorted.
    pub(super) fn all_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .accounts
            .keys()
            .flat_map(|account| {
                [IdentityKind::User, IdentityKind::Role].map(|kind| self.identity_names(account, kind))
            })
            .flatten()
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The ARN of a policy of an account, or of AWS (`aws`), by its name.
    pub(super) fn policy_arn(&self, account: &str, partition: &str, name: &str) -> Option<Box<str>> {
        let key = (partition.into(), name.to_ascii_lowercase());
        self.accounts.get(account)?.policies.get(&key).cloned()
    }

    /// The number of the account of this name.
    pub(super) fn number(&self, name: &str) -> Option<Box<str>> {
        self.numbers.get(name).cloned().flatten()
    }
}

/// The partition that an account's block says.
pub(super) fn said_partition<'t>(account: &Account<'t>) -> Option<Text<'t>> {
    account.items.iter().find_map(|item| match item {
        AccountItem::Partition(text) => Some(*text),
        _ => None,
    })
}

/// The kind of an identity.
pub(super) const fn kind_of(kind: Kind) -> IdentityKind {
    match kind {
        Kind::User => IdentityKind::User,
        Kind::Group => IdentityKind::Group,
        Kind::Role => IdentityKind::Role,
    }
}

/// Path, from `/` to `/`, and name of something that is written with its path or without.
pub(super) fn split_name(text: &str) -> (String, &str) {
    match text.rsplit_once('/') {
        Some((path, name)) => (
            format!("/{}", path.strip_prefix('/').unwrap_or(path))
                + if path.trim_matches('/').is_empty() { "" } else { "/" },
            name,
        ),
        None => ("/".to_owned(), text),
    }
}

/// The ARN of an entity that is written with its path or without.
pub(super) fn entity_arn(partition: &str, account: &str, kind: &str, text: &str) -> Box<str> {
    let (path, name) = split_name(text);
    format!("arn:{partition}:iam::{account}:{kind}{path}{name}").into()
}

/// Whether this is a number of an account, or that of AWS's own policies.
pub(super) fn is_number(text: &str) -> bool {
    text == "aws" || arn::is_account(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_and_without_paths() {
        for (text, path, name) in [
            ("a", "/", "a"),
            ("/a", "/", "a"),
            ("/x/a", "/x/", "a"),
            ("x/y/a", "/x/y/", "a"),
            ("/x//a", "/x//", "a"),
        ] {
            assert_eq!(split_name(text), (path.to_owned(), name), "{text}");
        }
        assert_eq!(&*entity_arn("aws", "1", "role", "/app/x"), "arn:aws:iam::1:role/app/x");
    }
}
