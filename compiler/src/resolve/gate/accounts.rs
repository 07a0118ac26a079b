//! Accounts: users, groups, roles and resources to drafts (rules I1, I3).

use std::rc::Rc;

use portcullis_grammar::gate::ast::{Account, AccountItem, Identity, IdentityItem, Resource, Text, Value};
use portcullis_grammar::source::Span;

use super::names::{entity_arn, is_number, kind_of, split_name};
use super::scope::{self, expand, expand_all, literal, one};
use super::{AccountOf, Block, Elaborator};
use crate::model::{DocumentKind, Tag};
use crate::resolve::drafts::{IdentityDraft, IdentityKind, InlineDraft, Reference};
use crate::resolve::names::EntityArn;
use crate::resolve::reader::shown;
use crate::resolve::resources::{self, Declared};
use crate::resolve::{codes, tags};

impl<'a> Elaborator<'a, '_> {
    /// Everything in an account but its tests.
    pub(super) fn account(&mut self, outer: &Block<'a>, account: &'a Account<'a>) {
        let Some(block) = self.account_block(outer, account) else { return };
        for item in &account.items {
            match item {
                AccountItem::Policy(policy) if policy.parameters.is_none() => self.policy(&block, policy),
                AccountItem::Identity(identity) => self.identity(&block, identity),
                AccountItem::Resource(resource) => self.resource(&block, resource),
                AccountItem::Quota(name, number) => self.quota(&block, name, number),
                AccountItem::Test(test) => self.tests.push((block.clone(), test)),
                AccountItem::Let(_) | AccountItem::Policy(_) | AccountItem::Partition(_) => {}
            }
        }
    }

    /// The block of an account; `None` if its number is none.
    fn account_block(&mut self, outer: &Block<'a>, account: &'a Account<'a>) -> Option<Block<'a>> {
        if let Some(name) = &account.name {
            scope::name(&mut self.reader(outer.file), name);
        }
        let number = account.number.raw;
        if !is_number(number) {
            let message = format!("`{}` is no account", shown(number));
            let help = "write 12 digits, or aws for AWS's own policies";
            self.reader(outer.file).error(codes::GATE_ACCOUNT, account.number.span, message, help);
            self.drafts.incomplete = true;
            return None;
        }
        let mut partitions = account.items.iter().filter_map(|item| match item {
            AccountItem::Partition(text) => Some(text),
            _ => None,
        });
        let first = partitions.next();
        if let (Some(first), Some(second)) = (first, partitions.next()) {
            let message = "`partition` stands twice";
            self.reader(outer.file).clash(
                codes::GATE_TWICE,
                second.span,
                first.span,
                message,
                "keep one of them",
            );
        }
        if let Some(text) = first.filter(|text| !is_partition(text.raw)) {
            let message = format!("`{}` is no partition", shown(text.raw));
            self.reader(outer.file).error(
                codes::GATE_VALUE,
                text.span,
                message,
                "write aws, aws-cn, aws-us-gov, …",
            );
        }
        if let (Some(other), Some(text)) = (self.world.other_partition(account), first) {
            let message = format!("account {number} is in the partition `{}` elsewhere", shown(other));
            let help = "an account is in one partition: correct one of them";
            self.reader(outer.file).error(codes::GATE_TWICE, text.span, message, help);
        }
        let of = AccountOf { number: number.into(), partition: self.world.partition_of(account) };
        let lets = account.items.iter().filter_map(|item| match item {
            AccountItem::Let(it) => Some(it),
            _ => None,
        });
        let policies = account.items.iter().filter_map(|item| match item {
            AccountItem::Policy(policy) => Some(policy),
            _ => None,
        });
        let (scopes, templates) = (vec![Rc::clone(&outer.scope)], vec![Rc::clone(&outer.templates)]);
        Some(self.block(outer.file, scopes, templates, Some(of), lets, policies))
    }

    /// Whether an ARN is one of an IAM entity; else that is reported.
    pub(super) fn checked_arn(&mut self, block: &Block<'a>, arn: &str, span: Span) -> bool {
        let Err(why) = EntityArn::parse(arn) else { return true };
        let message = format!("`{}` cannot be: {why}", shown(arn));
        let help = "names have letters, digits and _+=,.@-, with a path such as /team/ before them";
        self.reader(block.file).error(codes::I1_BAD_ARN, span, message, help);
        false
    }

    fn identity(&mut self, block: &Block<'a>, identity: &'a Identity<'a>) {
        let Some(account) = block.account.clone() else { return };
        let kind = kind_of(identity.kind);
        if &*account.number == "aws" {
            let message = format!("AWS's own account holds policies, no {}s", kind.noun());
            let help = "write the number of the account that it is in";
            self.reader(block.file).error(codes::GATE_PLACE, identity.span, message, help);
            return;
        }
        let given = scope::name(&mut self.reader(block.file), &identity.name);
        let known = given.is_some();
        let given = given.unwrap_or_else(|| literal(&identity.name));
        let arn = entity_arn(&account.partition, &account.number, kind.noun(), &given);
        let (path, name) = split_name(&given);
        let checked = known && self.checked_arn(block, &arn, identity.name.span);
        let reader = self.reader(block.file);
        let (origin, place) = (reader.origin(identity.span), reader.place(identity.span));
        let mut draft = IdentityDraft {
            kind,
            arn,
            account: account.number.clone(),
            name: name.into(),
            path: path.into(),
            unique_id: "".into(),
            inline: Vec::new(),
            attached: Vec::new(),
            groups: self.references(block, &identity.groups),
            boundary: None,
            tags: Vec::new(),
            trust: None,
            max_session_seconds: None,
            origin,
            place,
        };
        let mut tags = Vec::new();
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for item in &identity.items {
            let (word, span, only_for) = facts_of(item);
            if !only_for.contains(&kind) {
                let message = format!("a {} has no `{word}`", kind.noun());
                let who: Vec<_> = only_for.iter().map(|kind| format!("a {}", kind.noun())).collect();
                let help = match (item, who.len()) {
                    (IdentityItem::Policy(..), _) => {
                        "write inline NAME { … }, or attach a policy of the account".to_owned()
                    }
                    (_, 0) => "only resources have it".to_owned(),
                    (_, 1) => format!("only {} has it", who.join("")),
                    _ => format!("only {} have it", who.join(" and ")),
                };
                self.reader(block.file).error(codes::GATE_PLACE, span, message, help);
                continue;
            }
            let repeats =
                matches!(item, IdentityItem::Attach(..) | IdentityItem::Inline(..) | IdentityItem::Tag(..));
            if !repeats && !self.first(block, &mut seen, (word, span), kind.noun()) {
                continue;
            }
            match item {
                IdentityItem::Attach(_, policies) => {
                    let policies = self.policies_of(block, policies);
                    draft.attached.extend(policies);
                }
                IdentityItem::Inline(span, name, source) => {
                    let name = scope::name(&mut self.reader(block.file), name).unwrap_or_default();
                    if let Some(content) = self.document(block, source, DocumentKind::Identity) {
                        let place = self.reader(block.file).place(*span);
                        draft.inline.push(InlineDraft { name, content, place });
                    }
                }
                IdentityItem::Boundary(_, policy) => {
                    let texts = one(&mut self.reader(block.file), &block.scope, policy);
                    draft.boundary = texts.map(|(text, span)| self.policy_reference(block, &text, span));
                }
                IdentityItem::Tag(_, pairs) => tags.extend(self.tags(block, pairs)),
                IdentityItem::Id(_, id) => {
                    draft.unique_id = scope::id(&mut self.reader(block.file), id).unwrap_or_default()
                }
                IdentityItem::SessionMax(_, length) => {
                    draft.max_session_seconds = self.seconds(block, length)
                }
                IdentityItem::Trust(_, source) => {
                    draft.trust = self.document(block, source, DocumentKind::Trust);
                    if let Some(trust) = &draft.trust {
                        self.drafts.keep_principal_ids(&trust.document, place);
                    }
                }
                IdentityItem::Untagged(_) | IdentityItem::Policy(..) => {}
            }
        }
        draft.tags = tags::unique(&mut self.reader(block.file), tags);
        if checked {
            self.drafts.identities.push(draft);
        } else {
            self.drafts.incomplete = true;
        }
    }

    /// Whether a word stands for the first time; else that is reported.
    fn first(
        &mut self,
        block: &Block<'a>,
        seen: &mut Vec<(&'static str, Span)>,
        (word, span): (&'static str, Span),
        of: &str,
    ) -> bool {
        if let Some((_, first)) = seen.iter().find(|(known, _)| *known == word) {
            let message = format!("`{word}` stands twice for one {of}");
            self.reader(block.file).clash(codes::GATE_TWICE, span, *first, message, "keep one of them");
            return false;
        }
        seen.push((word, span));
        true
    }

    fn references(&mut self, block: &Block<'a>, values: &[Value<'a>]) -> Vec<Reference<'a>> {
        let texts = expand_all(&mut self.reader(block.file), &block.scope, values);
        let reader = self.reader(block.file);
        texts.into_iter().map(|(text, span)| Reference { text, place: reader.place(span) }).collect()
    }

    fn policies_of(&mut self, block: &Block<'a>, values: &[Value<'a>]) -> Vec<Reference<'a>> {
        let texts = expand_all(&mut self.reader(block.file), &block.scope, values);
        texts.into_iter().map(|(text, span)| self.policy_reference(block, &text, span)).collect()
    }

    /// A policy by its name, by `aws:` and its name, or by its ARN. One that nothing declares is reported when all inputs are known.
    fn policy_reference(&mut self, block: &Block<'a>, text: &str, span: Span) -> Reference<'a> {
        let place = self.reader(block.file).place(span);
        let account = block.account.as_ref();
        let partition = account.map_or("aws", |account| &account.partition);
        let of = |number: &str, name: &str| {
            // With a path it says where it is, and means no other.
            let known =
                if name.contains('/') { None } else { self.world.policy_arn(number, partition, name) };
            known.unwrap_or_else(|| entity_arn(partition, number, "policy", name))
        };
        let text = if text.starts_with("arn:") {
            text.into()
        } else if let Some(name) = text.strip_prefix("aws:") {
            of("aws", name)
        } else {
            account.map_or_else(|| text.into(), |account| of(&account.number, text))
        };
        Reference { text, place }
    }

    fn tags(&mut self, block: &Block<'a>, pairs: &[(Text<'a>, Text<'a>)]) -> Vec<(Tag, Span)> {
        let mut reader = self.reader(block.file);
        let tag = |(key, value): &(Text<'_>, Text<'_>)| {
            let key = one(&mut reader, &block.scope, key);
            let value = one(&mut reader, &block.scope, value);
            let ((key, span), (value, _)) = key.zip(value)?;
            Some((Tag { key, value }, span))
        };
        pairs.iter().filter_map(tag).collect()
    }

    /// A length: `4h`, `90m`, or seconds.
    fn seconds(&mut self, block: &Block<'a>, length: &Text<'a>) -> Option<u32> {
        let (digits, unit) = match length.raw.as_bytes().last() {
            Some(b'h') => (length.raw.strip_suffix('h'), 3_600),
            Some(b'm') => (length.raw.strip_suffix('m'), 60),
            Some(b's') => (length.raw.strip_suffix('s'), 1),
            _ => (Some(length.raw), 1),
        };
        let number = digits.filter(|digits| is_digits(digits)).and_then(|digits| digits.parse::<u32>().ok());
        let seconds = number.and_then(|number| number.checked_mul(unit));
        let mut reader = self.reader(block.file);
        match seconds {
            None => {
                let message = format!("`{}` is no length of a session", shown(length.raw));
                reader.error(
                    codes::GATE_VALUE,
                    length.span,
                    message,
                    "write hours, minutes or seconds: 4h, 90m, 3600",
                );
            }
            Some(3_600..=43_200) => {}
            Some(_) => {
                let message = "a role's longest session is between one and twelve hours";
                reader.lint(codes::I4_SESSION_LENGTH, length.span, message, "write 1h to 12h");
            }
        }
        seconds
    }

    fn resource(&mut self, block: &Block<'a>, resource: &'a Resource<'a>) {
        if block.account.as_ref().is_some_and(|account| &*account.number == "aws") {
            let message = "AWS's own account holds policies, no resources";
            let help = "write the number of the account that it is in";
            self.reader(block.file).error(codes::GATE_PLACE, resource.span, message, help);
            return;
        }
        let arn = one(&mut self.reader(block.file), &block.scope, &resource.arn);
        let Some((text, span)) = arn else {
            self.drafts.incomplete = true;
            return;
        };
        let mut tags: Option<Vec<(Tag, Span)>> = None;
        let mut policy = None;
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for item in &resource.items {
            let (word, span, _) = facts_of(item);
            let repeats = matches!(item, IdentityItem::Tag(..));
            if !repeats && !self.first(block, &mut seen, (word, span), "resource") {
                continue;
            }
            match item {
                IdentityItem::Tag(_, pairs) => {
                    let more = self.tags(block, pairs);
                    tags.get_or_insert_default().extend(more);
                }
                IdentityItem::Untagged(_) => {
                    tags.get_or_insert_default();
                }
                IdentityItem::Policy(_, source) => {
                    policy = self.document(block, source, resources::kind_of(&text))
                }
                _ => {
                    let message = format!("a resource has no `{word}`");
                    let help = "it has tag, untagged, and a policy of its own: policy { … }";
                    self.reader(block.file).error(codes::GATE_PLACE, span, message, help);
                }
            }
        }
        if let (Some((_, at)), Some(tags)) = (seen.iter().find(|(word, _)| *word == "untagged"), &tags)
            && !tags.is_empty()
        {
            let message = "a resource that is untagged has tags";
            self.reader(block.file).error(codes::GATE_TWICE, *at, message, "remove `untagged`, or the tags");
        }
        let tags = tags.map(|tags| tags::unique(&mut self.reader(block.file), tags));
        let account =
            block.account.as_ref().map(|account| account.number.clone()).filter(|number| &**number != "aws");
        let mut reader = Elaborator::reader_of(self.sources, self.sink, self.options, block.file);
        let origin = reader.origin(resource.span);
        let account = account.and_then(|account| resources::owner(&mut reader, &account, span, &text));
        resources::declare(&mut reader, Declared { text, span, account, tags, policy, origin }, self.drafts);
    }

    fn quota(&mut self, block: &Block<'a>, name: &Text<'a>, number: &Text<'a>) {
        let Some(account) = &block.account else { return };
        let account = account.number.clone();
        let known = crate::resolve::quotas::NAMES;
        let Some(most) = Some(number.raw).filter(|text| is_digits(text)).and_then(|text| text.parse().ok())
        else {
            let message = format!("`{}` is no number", shown(number.raw));
            self.reader(block.file).error(codes::GATE_VALUE, number.span, message, "write digits");
            return;
        };
        let Some(quota) = known.iter().copied().find(|known| *known == name.raw) else {
            let near = portcullis_grammar::suggest::nearest(name.raw, known.iter().copied());
            let help = near.map_or_else(
                || format!("the quotas are {}", known.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("there is no quota `{}`", shown(name.raw));
            self.reader(block.file).error(codes::GATE_NAME, name.span, message, help);
            return;
        };
        if self.drafts.quotas.insert((account, quota), most).is_some() {
            let message = format!("the quota `{quota}` is given twice");
            self.reader(block.file).error(codes::GATE_TWICE, name.span, message, "keep one of them");
        }
    }

    /// The texts of a value that has to be one name each.
    pub(super) fn names(&mut self, block: &Block<'a>, value: &Value<'a>) -> Vec<(Box<str>, Span)> {
        expand(&mut self.reader(block.file), &block.scope, value)
    }
}

/// Whether this is a number without a sign, which Rust would take.
fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether this is a partition as AWS names them.
fn is_partition(text: &str) -> bool {
    let form = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    (text == "aws" || text.starts_with("aws-")) && text.bytes().all(form)
}

/// The word that an item begins with, its place, and whose it can be.
fn facts_of(item: &IdentityItem<'_>) -> (&'static str, Span, &'static [IdentityKind]) {
    use IdentityKind::{Group, Role, User};
    match item {
        IdentityItem::Attach(span, _) => ("attach", *span, &[User, Group, Role]),
        IdentityItem::Inline(span, ..) => ("inline", *span, &[User, Group, Role]),
        IdentityItem::Boundary(span, _) => ("boundary", *span, &[User, Role]),
        IdentityItem::Tag(span, _) => ("tag", *span, &[User, Role]),
        IdentityItem::Untagged(span) => ("untagged", *span, &[]),
        IdentityItem::Id(span, _) => ("id", *span, &[User, Group, Role]),
        IdentityItem::SessionMax(span, _) => ("session max", *span, &[Role]),
        IdentityItem::Trust(span, _) => ("trust", *span, &[Role]),
        IdentityItem::Policy(span, _) => ("policy", *span, &[]),
    }
}
