//! Whom documents name: in principal elements, and in conditions on who asks, whose patterns cover people that no input holds.

use std::collections::BTreeSet;

use crate::analysis::space::Pattern;
use crate::analysis::values::instance;
use crate::model::{Document, OperandForm, PrincipalType};
use crate::pattern::Glob;
use portcullis_runtime::value::arn;

/// Who is named.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Accounts by their numbers.
    pub(super) accounts: BTreeSet<String>,
    /// Accounts that only a pattern of numbers covers.
    pub(super) loose: BTreeSet<String>,
    /// ARNs of users, roles, sessions and providers.
    pub(super) principals: BTreeSet<String>,
    /// Services and identity providers.
    pub(super) services: BTreeSet<String>,
    /// ARNs that patterns cover, [`IN_ACCOUNT`] standing for the account.
    covered: BTreeSet<String>,
    /// Patterns of ARNs whose wildcards stand for more than a part.
    spanning: BTreeSet<String>,
}

/// Stands for an account in the ARN of somebody whom a pattern covers.
const IN_ACCOUNT: &str = "{account}";
/// Who may be covered by a pattern that does not say of what kind they are.
const KINDS: [&str; 3] = [
    "arn:aws:iam::{account}:user/",
    "arn:aws:iam::{account}:role/",
    "arn:aws:sts::{account}:federated-user/",
];

impl Names {
    /// Reads one document.
    pub(super) fn read(&mut self, document: &Document) {
        for statement in &document.statements {
            for entry in statement.principals.iter().flat_map(|clause| &clause.entries) {
                match entry.kind {
                    PrincipalType::Aws if arn::is_account(&entry.text) => {
                        self.accounts.insert(entry.text.to_string());
                    }
                    PrincipalType::Aws => {
                        self.principals.insert(entry.text.to_string());
                        if let Some([_, _, _, _, account, "root"]) = arn::split(&entry.text) {
                            self.accounts.insert(account.to_owned());
                        }
                    }
                    PrincipalType::Service | PrincipalType::Federated if &*entry.text != "*" => {
                        self.services.insert(entry.text.to_string());
                    }
                    _ => {}
                }
            }
            for condition in &statement.conditions {
                for operand in &condition.operands {
                    let text = match &operand.form {
                        OperandForm::Text(glob) | OperandForm::Like(glob) => glob.to_string(),
                        OperandForm::Arn(parts) => {
                            parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(":")
                        }
                        _ => continue,
                    };
                    self.asked_for(&condition.key, &text);
                }
            }
        }
    }

    /// Reads a value that a condition asks for.
    fn asked_for(&mut self, key: &str, text: &str) {
        match key {
            "aws:principalarn" => self.of_pattern(text),
            "aws:username" => {
                let name = instance(&Glob::wildcards(text));
                self.covered.insert(format!("arn:aws:iam::{IN_ACCOUNT}:user/{name}"));
            }
            "aws:principalaccount" => {
                let filled = filled(text);
                if text.contains(['*', '?']) {
                    self.loose.extend(filled);
                } else {
                    self.accounts.extend(filled);
                }
            }
            // Users and roles stand for every account anyway.
            "aws:principaltype" => {
                self.covered.insert(format!("arn:aws:iam::{IN_ACCOUNT}:root"));
                self.covered.insert(format!("arn:aws:sts::{IN_ACCOUNT}:federated-user/{}", super::ANYBODY));
            }
            _ => {}
        }
    }

    /// Takes a pattern of ARNs: of somebody in the account that it names, else in any.
    fn of_pattern(&mut self, pattern: &str) {
        let parts: Vec<&str> = pattern.splitn(6, ':').collect();
        let &[_, partition, service, _, account, resource] = parts.as_slice() else {
            self.spanning.insert(pattern.to_owned());
            return;
        };
        let instance = |text: &str| instance(&Glob::wildcards(text));
        let partition = if partition.contains(['*', '?']) { "aws".to_owned() } else { instance(partition) };
        let service = if service.contains(['*', '?']) { "iam".to_owned() } else { instance(service) };
        if account != "*" && account.contains(['*', '?']) {
            self.loose.extend(filled(account));
        }
        let account = if arn::is_account(account) { account } else { IN_ACCOUNT };
        self.covered.insert(format!("arn:{partition}:{service}::{account}:{}", instance(resource)));
        // A wildcard at the end of the kind, such as in `…:*`, covers users and roles.
        if resource.contains(['*', '?']) && !resource.split('/').next().is_some_and(is_kind) {
            self.spanning.insert(pattern.to_owned());
        }
    }

    /// The ARNs of those whom patterns cover, in each account that is spoken of, and in another one.
    pub(super) fn covered(&self, other: &str) -> BTreeSet<String> {
        let accounts = || self.accounts.iter().chain(&self.loose).map(String::as_str).chain([other]);
        let mut found = BTreeSet::new();
        for pattern in &self.covered {
            found.extend(accounts().map(|account| pattern.replacen(IN_ACCOUNT, account, 1)));
        }
        for pattern in &self.spanning {
            let covers = Pattern::of_glob(&Glob::wildcards(pattern));
            // What stands behind the last slash or colon is the end of a name.
            let end = pattern.rsplit(['/', ':']).next().unwrap_or_default();
            let name = instance(&Glob::wildcards(end));
            let name = if name.is_empty() { "example" } else { &name };
            for account in accounts() {
                let arns =
                    KINDS.iter().map(|kind| format!("{}{name}", kind.replacen(IN_ACCOUNT, account, 1)));
                found.extend(arns.filter(|arn| covers.matches(arn)));
            }
        }
        found
    }
}

fn is_kind(text: &str) -> bool {
    matches!(text, "user" | "role" | "federated-user" | "assumed-role" | "root")
}

/// An account whose number a pattern covers: zeros for what is not written.
fn filled(pattern: &str) -> Option<String> {
    let (before, behind) = pattern.split_once('*').unwrap_or((pattern, ""));
    let written = |text: &str| text.replace('*', "").replace('?', "0");
    let (before, behind) = (written(before), written(behind));
    let missing = 12_usize.checked_sub(before.len() + behind.len())?;
    let filled = format!("{before}{}{behind}", "0".repeat(missing));
    arn::is_account(&filled).then_some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_filled() {
        assert_eq!(filled("1234*").as_deref(), Some("123400000000"));
        assert_eq!(filled("12*34").as_deref(), Some("120000000034"));
        assert_eq!(filled("12345678901?").as_deref(), Some("123456789010"));
        assert_eq!(filled("123456789012").as_deref(), Some("123456789012"));
        assert_eq!(filled("*").as_deref(), Some("000000000000"));
        assert_eq!(
            (filled("1234"), filled("a*"), filled("1234567890123")).0.as_deref(),
            Some("123400000000")
        );
    }

    #[test]
    fn patterns_cover_people() {
        let mut names = Names::default();
        for pattern in ["arn:aws:iam::*:role/admin", "*/Deploy*", "arn:aws:iam::*", "*:root"] {
            names.asked_for("aws:principalarn", pattern);
        }
        let covered = names.covered("999999999998");
        for wanted in ["role/admin", "role/Deployexample", "user/Deployexample"] {
            let arn = format!("arn:aws:iam::999999999998:{wanted}");
            assert!(covered.contains(&arn), "{wanted}: {covered:?}");
        }
    }
}
