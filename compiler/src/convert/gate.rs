//! The model as `.gate`: statements by their Sids, repeated values as `let`.

mod names;
mod organization;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use portcullis_grammar::gate::text::{name_or_quote, quoted_name, word_or_quote};
use portcullis_runtime::value::arn;

use self::names::Names;
use super::conditions::{Shape, shape};
use super::{Extent, NoForm, account_of};
use crate::facts::trust_action;
use crate::model::{
    Condition, Document, DocumentKind, DocumentVersion, Effect, Identity, ManagedPolicy, Model,
    PrincipalClause, PrincipalType, Resource, Statement, Tag,
};
use crate::resolve::gate::scope::{MOST_BYTES, MOST_TEXTS};

/// The text of a model, in no particular layout: `grammar::gate::format` gives it one. Linear, but for the sorting of lists and the search for
/// what they share, which is bounded.
///
/// # Errors
/// [`NoForm`] for an account that is in two partitions, for a list that is too long, and for routes that may not be left out.
pub fn to_gate(model: &Model, extent: &Extent) -> Result<String, NoForm> {
    extent.check(model)?;
    // Three times: what is repeated shows when everything was written, and what is repeated in that when it was written again.
    let mut names = Names::counting();
    for _ in 0..2 {
        let mut counting = Writer::new(model, extent, names);
        counting.all()?;
        if let Some(texts) = counting.too_long {
            let message = format!(
                "a list of {texts} texts is longer than one of .gate may be ({MOST_TEXTS} texts, {MOST_BYTES} bytes): split its statement"
            );
            return Err(NoForm(message));
        }
        names = counting.names.chosen(&counting.out);
    }
    let mut writer = Writer::new(model, extent, names);
    writer.all()?;
    let lets = writer.names.declarations();
    Ok(if lets.is_empty() { writer.out } else { format!("{lets}\n{}", writer.out) })
}

struct Writer<'m> {
    model: &'m Model,
    extent: &'m Extent,
    names: Names,
    /// Names of users and roles by ARN.
    identities: HashMap<&'m str, (&'static str, &'m str)>,
    out: String,
    /// The account that is being written, and its partition.
    account: Option<(&'m str, String)>,
    /// Texts of a list that is longer than the reader takes it, if there is one.
    too_long: Option<usize>,
}

impl<'m> Writer<'m> {
    fn new(model: &'m Model, extent: &'m Extent, names: Names) -> Self {
        let users = model.users.iter().map(|it| (&*it.identity.arn, ("user", &*it.identity.name)));
        let roles = model.roles.iter().map(|it| (&*it.identity.arn, ("role", &*it.identity.name)));
        Self {
            model,
            extent,
            names,
            identities: users.chain(roles).collect(),
            out: String::new(),
            account: None,
            too_long: None,
        }
    }

    fn all(&mut self) -> Result<(), NoForm> {
        let model = self.model;
        self.organization();
        for policy in model.policies.iter().filter(|it| account_of(&it.arn).is_none()) {
            if self.extent.holds(policy.origin) {
                self.policy(policy);
                self.out.push('\n');
            }
        }
        for account in model.accounts.iter().map(|account| &**account) {
            let partitions = self.partitions(account);
            if let [one, other, ..] = partitions.as_slice() {
                let message = format!(
                    "account {account} is in the partitions {one} and {other}: convert them one by one"
                );
                return Err(NoForm(message));
            }
            self.in_account(account, partitions.first().copied().unwrap_or("aws"));
        }
        // AWS's own policies are in each of its partitions.
        for partition in self.partitions("aws") {
            self.in_account("aws", partition);
        }
        let others: BTreeSet<&str> = model
            .resources
            .iter()
            .filter_map(|it| it.account.as_deref())
            .filter(|account| !model.accounts.iter().any(|known| **known == **account))
            .collect();
        for account in others {
            self.in_account(account, "aws");
        }
        Ok(())
    }

    /// The partitions that anything of an account is in, sorted.
    fn partitions(&self, number: &str) -> Vec<&'m str> {
        let model = self.model;
        let of = |identity: &Identity| {
            model.accounts.get(identity.account.index()).is_some_and(|it| **it == *number)
        };
        let identities =
            model.users.iter().map(|it| &it.identity).chain(model.roles.iter().map(|it| &it.identity));
        let identities = identities.chain(model.groups.iter().map(|it| &it.identity));
        let identities = identities.filter(|it| of(it) && self.extent.holds(it.origin)).map(|it| &*it.arn);
        let policies = model.policies.iter().filter(|it| account_of(&it.arn) == Some(number));
        let policies = policies.filter(|it| self.extent.holds(it.origin)).map(|it| &*it.arn);
        let partitions: BTreeSet<&str> =
            identities.chain(policies).filter_map(|arn| arn.split(':').nth(1)).collect();
        partitions.into_iter().collect()
    }

    /// An account with everything in it, all of one partition.
    fn in_account(&mut self, number: &'m str, partition: &'m str) {
        let model = self.model;
        let of = |identity: &Identity| {
            model.accounts.get(identity.account.index()).is_some_and(|it| **it == *number)
        };
        let extent = self.extent;
        let holds = |identity: &Identity| of(identity) && extent.holds(identity.origin);
        let mut identities: Vec<&Identity> = Vec::new();
        identities.extend(model.users.iter().map(|it| &it.identity).filter(|it| holds(it)));
        identities.extend(model.groups.iter().map(|it| &it.identity).filter(|it| holds(it)));
        identities.extend(model.roles.iter().map(|it| &it.identity).filter(|it| holds(it)));
        let policies: Vec<&ManagedPolicy> = model
            .policies
            .iter()
            .filter(|it| account_of(&it.arn) == Some(number) && extent.holds(it.origin))
            .filter(|it| it.arn.split(':').nth(1) == Some(partition))
            .collect();
        let resources: Vec<&Resource> = model
            .resources
            .iter()
            .filter(|it| it.account.as_deref() == Some(number) && extent.holds(it.origin))
            .collect();
        if identities.is_empty() && policies.is_empty() && resources.is_empty() {
            return;
        }
        let _ = writeln!(self.out, "account {number} {{");
        if partition != "aws" {
            let _ = writeln!(self.out, "partition {partition}");
        }
        self.account = Some((number, partition.to_owned()));
        for policy in policies {
            self.policy(policy);
            self.out.push('\n');
        }
        for group in model.groups.iter().filter(|it| holds(&it.identity)) {
            self.identity("group", &group.identity, &[], |_| {});
        }
        for user in model.users.iter().filter(|it| holds(&it.identity)) {
            let groups: Vec<&str> =
                user.groups.iter().filter_map(|it| model.group(*it)).map(|it| &*it.identity.name).collect();
            self.identity("user", &user.identity, &groups, |writer| {
                writer.boundary(user.boundary);
                writer.tags(&user.tags);
            });
        }
        for role in model.roles.iter().filter(|it| holds(&it.identity)) {
            self.identity("role", &role.identity, &[], |writer| {
                if let Some(trust) = &role.trust {
                    writer.out.push_str("trust ");
                    writer.body(trust);
                }
                writer.boundary(role.boundary);
                writer.tags(&role.tags);
                if let Some(seconds) = role.max_session_seconds {
                    let length = if seconds % 3_600 == 0 {
                        format!("{}h", seconds / 3_600)
                    } else {
                        seconds.to_string()
                    };
                    let _ = writeln!(writer.out, "session max {length}");
                }
            });
        }
        for resource in resources {
            self.resource(resource);
        }
        self.account = None;
        self.out.push_str("}\n\n");
    }

    fn identity(
        &mut self,
        kind: &str,
        identity: &'m Identity,
        groups: &[&str],
        more: impl FnOnce(&mut Self),
    ) {
        let _ = write!(self.out, "{kind} {}", path_and_name(&identity.path, &identity.name));
        if !groups.is_empty() {
            let groups: Vec<String> = groups.iter().map(|it| word_or_quote(it)).collect();
            let _ = write!(self.out, " in {}", groups.join(", "));
        }
        let start = self.out.len();
        self.out.push_str(" {\n");
        let inside = self.out.len();
        if !identity.unique_id.is_empty() {
            let _ = writeln!(self.out, "id {}", name_or_quote(&identity.unique_id));
        }
        more(self);
        let attached: Vec<String> = identity
            .attached
            .iter()
            .filter_map(|it| self.model.policy(*it))
            .map(|it| self.policy_name(it))
            .collect();
        if !attached.is_empty() {
            let _ = writeln!(self.out, "attach {}", attached.join(", "));
        }
        for policy in &identity.inline {
            let _ = write!(self.out, "inline {} ", name_or_quote(&policy.name));
            self.body(&policy.document);
        }
        if self.out.len() == inside {
            self.out.truncate(start);
            self.out.push('\n');
        } else {
            self.out.push_str("}\n");
        }
        self.out.push('\n');
    }

    fn boundary(&mut self, boundary: Option<crate::model::PolicyId>) {
        if let Some(policy) = boundary.and_then(|it| self.model.policy(it)) {
            let name = self.policy_name(policy);
            let _ = writeln!(self.out, "boundary {name}");
        }
    }

    fn tags(&mut self, tags: &[Tag]) {
        if !tags.is_empty() {
            let tags: Vec<String> = tags
                .iter()
                .map(|tag| format!("{} = {}", word_or_quote(&tag.key), word_or_quote(&tag.value)))
                .collect();
            let _ = writeln!(self.out, "tag {}", tags.join(", "));
        }
    }

    /// A policy as it is named where it is attached.
    fn policy_name(&self, policy: &ManagedPolicy) -> String {
        let (number, partition) =
            self.account.as_ref().map_or(("", "aws"), |(number, partition)| (*number, partition));
        let parts = arn::split(&policy.arn);
        let plain = |account: &str| parts.is_some_and(|parts| parts[1] == partition && parts[4] == account);
        if plain(number) {
            word_or_quote(&policy.name)
        } else if plain("aws") {
            word_or_quote(&format!("aws:{}", policy.arn.split(":policy/").nth(1).unwrap_or("")))
        } else {
            word_or_quote(&policy.arn)
        }
    }

    fn policy(&mut self, policy: &'m ManagedPolicy) {
        let name = match account_of(&policy.arn) {
            Some(_) => {
                let path = policy.arn.split(":policy").nth(1).unwrap_or("");
                let path = path.strip_suffix(&*policy.name).unwrap_or("/");
                path_and_name(path, &policy.name)
            }
            // Its name is that of its file, and its version says nothing.
            None => name_or_quote(policy.arn.strip_suffix(".json").unwrap_or(&policy.arn)),
        };
        let _ = write!(self.out, "policy {name} ");
        if let [version] = policy.versions.as_slice() {
            if &*version.id != "v1" && account_of(&policy.arn).is_some() {
                let _ = write!(self.out, "version {} ", name_or_quote(&version.id));
            }
            self.body(&version.document);
            return;
        }
        self.out.push_str("{\n");
        for (at, version) in policy.versions.iter().enumerate() {
            let default = if at == policy.default as usize { "default " } else { "" };
            let _ = write!(self.out, "{default}version {} ", name_or_quote(&version.id));
            self.body(&version.document);
        }
        self.out.push_str("}\n");
    }

    fn resource(&mut self, resource: &'m Resource) {
        let _ = writeln!(self.out, "resource {} {{", word_or_quote(&resource.arn));
        match &resource.tags {
            Some(tags) if tags.is_empty() => self.out.push_str("untagged\n"),
            Some(tags) => self.tags(tags),
            None => {}
        }
        if let Some(policy) = self.model.policy_of(resource) {
            self.out.push_str("policy ");
            self.body(policy);
        }
        self.out.push_str("}\n\n");
    }

    /// A document in braces.
    fn body(&mut self, document: &'m Document) {
        self.out.push_str("{\n");
        if document.version == DocumentVersion::V2008 {
            self.out.push_str("language 2008-10-17\n");
        }
        for statement in &document.statements {
            self.statement(statement, document.kind);
        }
        self.out.push_str("}\n");
    }

    fn statement(&mut self, statement: &'m Statement, kind: DocumentKind) {
        // An empty Sid, as AWS's console writes them, names nothing.
        if let Some(sid) = statement.sid.as_ref().filter(|sid| !sid.is_empty()) {
            let plain = sid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
            let name = if plain { sid.to_string() } else { quoted_name(sid) };
            let _ = write!(self.out, "{name}: ");
        }
        self.out.push_str(match statement.effect {
            Effect::Allow => "allow ",
            Effect::Deny => "deny ",
        });
        let texts: Vec<&str> = statement.actions.patterns.iter().map(|it| &*it.text).collect();
        let principals = statement.principals.as_ref().filter(|_| !kind.is_identity_type());
        let actions = self.selection(&texts, statement.actions.negated, names::Of::Actions);
        match principals {
            Some(clause) if kind == DocumentKind::Trust => {
                let who = self.principals(clause);
                self.out.push_str(&who);
                let federated = clause.entries.iter().filter(|it| it.kind == PrincipalType::Federated);
                let others = clause.entries.iter().any(|it| it.kind != PrincipalType::Federated);
                if statement.actions.negated
                    || trust_action(federated.map(|it| &*it.text), others) != texts.first().copied()
                    || texts.len() > 1
                {
                    let _ = write!(self.out, " for {actions}");
                }
            }
            Some(clause) => {
                let who = self.principals(clause);
                let _ = write!(self.out, "{actions} to {who}");
            }
            None => self.out.push_str(&actions),
        }
        if let Some(resources) = &statement.resources {
            let texts: Vec<&str> = resources.patterns.iter().map(|it| &*it.text).collect();
            let resources = self.selection(&texts, resources.negated, names::Of::Resources);
            let _ = write!(self.out, " on {resources}");
        }
        // Names are numbered as they are met, so not in the order of the tests, which is not kept.
        let mut tests: Vec<(usize, &Condition)> = statement.conditions.iter().enumerate().collect();
        tests.sort_by_cached_key(|(_, it)| (&*it.key_text, it.operator.to_string(), operands(it)));
        let mut written: Vec<(usize, String, &Condition)> =
            tests.into_iter().map(|(at, it)| (at, self.condition(it), it)).collect();
        written.sort_unstable_by_key(|(at, ..)| *at);
        let tests: Vec<(String, &str, usize)> =
            written.into_iter().map(|(_, text, it)| (text, &*it.key_text, it.operands.len())).collect();
        let conditions = self.names.condition(&tests);
        if !conditions.is_empty() {
            let _ = write!(self.out, " if {}", conditions.join(" and "));
        }
        self.out.push('\n');
    }

    /// Actions or resources, or all but some.
    fn selection(&mut self, texts: &[&str], negated: bool, of: names::Of<'_>) -> String {
        let listed = if texts.is_empty() { "[]".to_owned() } else { self.list(texts, of).join(", ") };
        if negated { format!("* except {listed}") } else { listed }
    }

    fn list(&mut self, texts: &[&str], of: names::Of<'_>) -> Vec<String> {
        let is_long = |count: usize, bytes: usize| count > MOST_TEXTS || bytes > MOST_BYTES;
        if is_long(texts.len(), texts.iter().map(|text| text.len()).sum()) {
            // Each is written once.
            let distinct: BTreeSet<&str> = texts.iter().copied().collect();
            if is_long(distinct.len(), distinct.iter().map(|text| text.len()).sum()) {
                self.too_long = Some(distinct.len());
            }
        }
        self.names.list(texts, of)
    }

    fn condition(&mut self, condition: &Condition) -> String {
        let texts = operands(condition);
        match shape(condition, &texts) {
            Shape::Whole(text) => text,
            Shape::Compared(one, several) => {
                let mut items = self.list(&texts, names::Of::Values(&condition.key_text, &several));
                match (texts.len(), items.pop()) {
                    (1, Some(only)) => format!("{one} {only}"),
                    (_, Some(last)) if items.is_empty() && (last.starts_with('$') || last.ends_with(']')) => {
                        format!("{several} {last}")
                    }
                    (_, last) => {
                        items.extend(last);
                        format!("{several} [{}]", items.join(", "))
                    }
                }
            }
        }
    }

    fn principals(&self, clause: &PrincipalClause) -> String {
        let of = |kind: PrincipalType| {
            clause.entries.iter().filter(move |entry| entry.kind == kind).map(|entry| &*entry.text)
        };
        let mut items: Vec<String> = of(PrincipalType::Everyone).map(str::to_owned).collect();
        items.extend(of(PrincipalType::Aws).map(|text| self.principal(text)));
        let kinds = [
            ("service", PrincipalType::Service),
            ("federated", PrincipalType::Federated),
            ("canonical", PrincipalType::CanonicalUser),
        ];
        for (word, kind) in kinds {
            let texts: Vec<String> = of(kind).map(word_or_quote).collect();
            match texts.as_slice() {
                [] => {}
                [only] => items.push(format!("{word} {only}")),
                several => items.push(format!("{word} [{}]", several.join(", "))),
            }
        }
        let listed = items.join(", ");
        if clause.negated { format!("* except {listed}") } else { listed }
    }

    /// A principal under `AWS`, by its name where it has one here.
    fn principal(&self, text: &str) -> String {
        let Some((number, partition)) = &self.account else { return word_or_quote(text) };
        match arn::split(text) {
            Some(["arn", of, "iam", "", account, "root"]) if of == partition && arn::is_account(account) => {
                format!("account {account}")
            }
            Some(["arn", _, "iam", "", account, _]) if account == *number => {
                match self.identities.get(text) {
                    Some((kind, name)) => format!("{kind} {}", word_or_quote(name)),
                    None => word_or_quote(text),
                }
            }
            _ => word_or_quote(text),
        }
    }
}

/// The values of a test, sorted, each once.
fn operands(condition: &Condition) -> Vec<&str> {
    let texts: BTreeSet<&str> = condition.operands.iter().map(|operand| &*operand.text).collect();
    texts.into_iter().collect()
}

fn path_and_name(path: &str, name: &str) -> String {
    name_or_quote(&if path == "/" { name.to_owned() } else { format!("{path}{name}") })
}
