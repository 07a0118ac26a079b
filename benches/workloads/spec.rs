//! Workloads as data: policies, who has them, and requests that meet them. From this an account snapshot is made for Portcullis, and what
//! the peers read.

use portcullis::compiler::request::{ContextValue, Request};

use super::worlds::Random;

pub const ACCOUNT: &str = "123456789012";

/// One statement.
#[derive(Clone)]
pub struct Statement {
    pub deny: bool,
    pub actions: Vec<String>,
    pub resource: String,
    /// StringEquals on `aws:PrincipalTag/team`, and IpAddress on `aws:SourceIp`.
    pub condition: Option<(String, String)>,
}

/// Policies, and which of them each identity has.
pub struct Spec {
    pub policies: Vec<Vec<Statement>>,
    /// Policies of an identity, and its tag `team`.
    pub identities: Vec<(Vec<usize>, Option<String>)>,
}

pub fn arn(identity: usize) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{}", user(identity))
}

fn user(identity: usize) -> String {
    format!("user{identity:04}")
}

impl Spec {
    /// The statements of an identity.
    pub fn statements(&self, identity: usize) -> impl Iterator<Item = &Statement> {
        self.identities[identity].0.iter().flat_map(|&policy| &self.policies[policy])
    }

    /// As `aws iam get-account-authorization-details` prints it.
    pub fn snapshot(&self) -> String {
        let quoted = |texts: &[String]| {
            format!("[{}]", texts.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(","))
        };
        let statement = |it: &Statement| {
            let condition = it.condition.as_ref().map_or_else(String::new, |(team, net)| {
                format!(
                    r#","Condition":{{"StringEquals":{{"aws:PrincipalTag/team":"{team}"}},"IpAddress":{{"aws:SourceIp":"{net}"}}}}"#
                )
            });
            format!(
                r#"{{"Effect":"{}","Action":{},"Resource":"{}"{condition}}}"#,
                if it.deny { "Deny" } else { "Allow" },
                quoted(&it.actions),
                it.resource
            )
        };
        let policies = self.policies.iter().enumerate().map(|(number, statements)| {
            let statements: Vec<String> = statements.iter().map(statement).collect();
            format!(
                r#"{{"PolicyName":"P{number}","Arn":"arn:aws:iam::{ACCOUNT}:policy/P{number}","DefaultVersionId":"v1","PolicyVersionList":[{{"VersionId":"v1","IsDefaultVersion":true,"Document":{{"Version":"2012-10-17","Statement":[{}]}}}}]}}"#,
                statements.join(",")
            )
        });
        let users = self.identities.iter().enumerate().map(|(number, (policies, team))| {
            let attached: Vec<String> = policies
                .iter()
                .map(|policy| {
                    format!(
                        r#"{{"PolicyName":"P{policy}","PolicyArn":"arn:aws:iam::{ACCOUNT}:policy/P{policy}"}}"#
                    )
                })
                .collect();
            let tags = team
                .as_ref()
                .map_or_else(String::new, |team| format!(r#""Tags":[{{"Key":"team","Value":"{team}"}}],"#));
            format!(
                r#"{{"Path":"/","UserName":"{}","Arn":"{}","GroupList":[],{tags}"AttachedManagedPolicies":[{}]}}"#,
                user(number),
                arn(number),
                attached.join(",")
            )
        });
        format!(
            r#"{{"UserDetailList":[{}],"GroupDetailList":[],"RoleDetailList":[],"Policies":[{}]}}"#,
            users.collect::<Vec<_>>().join(","),
            policies.collect::<Vec<_>>().join(",")
        )
    }

    /// Requests of the first `identities`, all different: four of five are made from a statement of whoever asks, and of those most meet it.
    pub fn requests(&self, identities: usize, count: usize, seed: u64) -> Vec<Request> {
        let mut random = Random::new(seed);
        let mut seen = std::collections::HashSet::with_capacity(count);
        let mut requests = Vec::with_capacity(count);
        let everything: Vec<Vec<&Statement>> =
            (0..identities.min(self.identities.len())).map(|it| self.statements(it).collect()).collect();
        let all: Vec<&Statement> = self.policies.iter().flatten().collect();
        while requests.len() < count {
            let identity = random.below(everything.len());
            let from = if random.chance(80) { &everything[identity] } else { &all };
            let Some(&any) = random.pick(from) else { continue };
            // Where conditions ask for a team, half of the requests are for what one's own team may do.
            let team = self.identities[identity].1.as_ref().filter(|_| random.chance(50));
            let own = team.and_then(|team| {
                from.iter().find(|it| it.condition.as_ref().is_some_and(|(asked, _)| asked == team))
            });
            let statement = own.copied().unwrap_or(any);
            let Some(action) = random.pick(&statement.actions) else { continue };
            let action = action.replace('*', "");
            let mut resource = fill(&mut random, &statement.resource);
            if random.chance(15) {
                // Next to it: one letter is another one.
                let at = 20 + random.below(resource.len() - 20);
                if resource.is_char_boundary(at) && resource.as_bytes()[at].is_ascii_lowercase() {
                    resource.replace_range(at..=at, "q");
                }
            }
            let mut context = Vec::new();
            if let Some((_, net)) = &statement.condition {
                let net = net.trim_end_matches(".0.0/16");
                let net = if random.chance(50) { net } else { "172.16" };
                let ip = format!("{net}.{}.{}", random.below(250), 1 + random.below(250));
                context.push(("aws:SourceIp".to_owned(), ContextValue::One(ip)));
            }
            let request =
                Request { principal: arn(identity), action, resource, context, ..Request::default() };
            if seen.insert((identity, request.action.clone(), request.resource.clone())) {
                requests.push(request);
            }
        }
        requests
    }
}

const WORDS: &[&str] = &[
    "reports",
    "orders",
    "2026",
    "eu-west-1",
    "invoices",
    "summary",
    "a",
    "x7",
    "archive",
    "daily",
    "customers",
    "raw",
    "quarterly-results",
];

/// A resource that a pattern may meet: words instead of its wildcards.
fn fill(random: &mut Random, pattern: &str) -> String {
    let mut text = String::new();
    let last = pattern.rfind('*');
    for (at, letter) in pattern.char_indices() {
        match letter {
            '*' if Some(at) == last => {
                let word = random.word(WORDS);
                text.push_str(&format!("{word}/{}-{}.csv", random.word(WORDS), random.below(1_000_000)));
            }
            '*' if is_part(pattern, at) => {
                let before = pattern.chars().take(at).filter(|&letter| letter == ':').count();
                text.push_str(if before == 3 { "eu-west-1" } else { ACCOUNT });
            }
            '*' => text.push_str(random.word(WORDS)),
            '?' => text.push('7'),
            letter => text.push(letter),
        }
    }
    text
}

/// Whether the byte at a place stands alone between two colons.
fn is_part(pattern: &str, at: usize) -> bool {
    let colon = |at: Option<usize>| at.and_then(|at| pattern.as_bytes().get(at)) == Some(&b':');
    colon(at.checked_sub(1)) && colon(Some(at + 1))
}
