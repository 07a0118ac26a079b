//! Managed policies and their versions to drafts (rule I2).

use std::collections::HashMap;

use portcullis_grammar::gate::ast::{BodyItem, Policy, Source, Text};

use super::names::{entity_arn, split_name};
use super::scope::{self, literal};
use super::{Block, Elaborator};
use crate::model::{DocumentKind, ManagedPolicy, PolicyVersion};
use crate::resolve::codes;
use crate::resolve::document::Sized;
use crate::resolve::drafts::PolicyDraft;
use crate::resolve::reader::shown;

/// Versions by name.
type Versions = Vec<(Box<str>, Sized)>;

impl<'a> Elaborator<'a, '_> {
    /// A managed policy, or outside of an account one that nothing can be attached by.
    pub(super) fn policy(&mut self, block: &Block<'a>, policy: &'a Policy<'a>) {
        let given = scope::name(&mut self.reader(block.file), &policy.name);
        let known = given.is_some();
        let given = given.unwrap_or_else(|| literal(&policy.name));
        let name = split_name(&given).1;
        let arn: Box<str> = match &block.account {
            Some(account) => entity_arn(&account.partition, &account.number, "policy", &given),
            None => given.clone(),
        };
        let checked = known && (block.account.is_none() || self.checked_arn(block, &arn, policy.name.span));
        let Some((versions, default)) = self.versions(block, policy) else {
            self.drafts.incomplete = true;
            return;
        };
        if !checked {
            self.drafts.incomplete = true;
            return;
        }
        let reader = self.reader(block.file);
        let (origin, place) = (reader.origin(policy.span), reader.place(policy.span));
        let sizes = versions.iter().map(|(_, sized)| sized.size).collect();
        let version_count = versions.len();
        let kept = versions.into_iter().map(|(id, sized)| PolicyVersion { id, document: sized.document });
        let name: Box<str> = if block.account.is_some() { name.into() } else { arn.clone() };
        let policy = ManagedPolicy { arn, name, versions: kept.collect(), default, origin };
        let account = block.account.as_ref().map_or("".into(), |account| account.number.clone());
        self.drafts.policies.push(PolicyDraft { policy, account, sizes, version_count, place });
    }

    /// The versions of a policy, and the place of the default one.
    fn versions(&mut self, block: &Block<'a>, policy: &'a Policy<'a>) -> Option<(Versions, u32)> {
        let listed: Vec<_> = match &policy.source {
            Source::Body(body) => body
                .items
                .iter()
                .filter_map(|item| match item {
                    BodyItem::Version(version) => Some(version),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        if listed.is_empty() {
            let fine = policy.version.is_none_or(|version| self.version(block, &version));
            let id = policy.version.map_or("v1", |version| version.raw);
            let sized = self.document(block, &policy.source, DocumentKind::Identity)?;
            return fine.then(|| (vec![(id.into(), sized)], 0));
        }
        let forms: Vec<bool> = listed.iter().map(|version| self.version(block, &version.name)).collect();
        let mut fine = forms.into_iter().all(|fine| fine);
        let mut reader = self.reader(block.file);
        if let Source::Body(body) = &policy.source
            && body.items.len() != listed.len()
        {
            let message = format!("`{}` has versions, and statements beside them", shown(policy.name.raw));
            let help = "move the statements into a version";
            reader.error(codes::GATE_PLACE, policy.span, message, help);
            fine = false;
        }
        if let Some(version) = policy.version {
            let message = "the versions stand in the braces already";
            reader.error(codes::GATE_PLACE, version.span, message, "take the version before them away");
            fine = false;
        }
        let mut seen = HashMap::with_capacity(listed.len());
        for version in &listed {
            let (name, span) = (version.name.raw, version.name.span);
            if let Some(first) = seen.insert(name, span) {
                let message = format!("two versions are named `{}`", shown(name));
                reader.clash(codes::I2_DUPLICATE_VERSION, span, first, message, "give each its own name");
                fine = false;
            }
        }
        let defaults: Vec<usize> = listed
            .iter()
            .enumerate()
            .filter(|(_, version)| version.is_default || listed.len() == 1)
            .map(|(at, _)| at)
            .collect();
        let [default] = defaults.as_slice() else {
            let message = match defaults.len() {
                0 => format!("none of the versions of `{}` is the default", shown(policy.name.raw)),
                count => format!("{count} versions of `{}` are the default", shown(policy.name.raw)),
            };
            reader.error(
                codes::I2_DEFAULT_VERSION,
                policy.span,
                message,
                "write `default` before one of them",
            );
            return None;
        };
        let mut versions = Vec::with_capacity(listed.len());
        for version in &listed {
            let sized = self.document(block, &version.source, DocumentKind::Identity);
            versions.push((version.name.raw.into(), sized?));
        }
        fine.then_some((versions, u32::try_from(*default).unwrap_or(u32::MAX)))
    }

    /// Whether this can be the name of a version, which is a number; else that is reported.
    fn version(&mut self, block: &Block<'a>, name: &Text<'a>) -> bool {
        let number = name.raw.strip_prefix('v').filter(|number| !number.starts_with('0'));
        // AWS's own form: `v3`, or `v3.` and letters, digits and dashes.
        let fine = number.is_some_and(|number| {
            let (number, more) = number.split_once('.').unwrap_or((number, ""));
            let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
                && more.bytes().all(letters)
        });
        if !fine {
            let message = format!("`{}` is no version", shown(name.raw));
            self.reader(block.file).error(codes::GATE_VALUE, name.span, message, "write v1, v2, …");
        }
        fine
    }
}
