//! What one would write in an afternoon: a loop over statements.

use hashbrown::HashMap;
use portcullis::compiler::merge::{PrincipalRef, merge};
use portcullis::compiler::model::{Effect as Sign, Model};
use portcullis::compiler::request::Request;

/// One statement as a naive engine holds it: texts.
struct Statement {
    deny: bool,
    conditional: bool,
    not_action: bool,
    actions: Vec<String>,
    not_resource: bool,
    resources: Vec<String>,
}

/// A loop over the statements of the principal's identity layer, with the usual two-pointer wildcard match. It stops short of conditions: a
/// conditional statement costs its matching and then counts as not holding.
pub struct Naive(HashMap<String, Vec<Statement>, foldhash::fast::RandomState>);

fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star, mut mark) = (0, 0, usize::MAX, 0);
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = p;
            mark = t;
            p += 1;
        } else if p < pattern.len() && (pattern[p] == b'?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if star != usize::MAX {
            p = star + 1;
            mark += 1;
            t = mark;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

impl Naive {
    pub fn new(model: &Model) -> Self {
        let mut map = HashMap::default();
        for merged in merge(model).principals {
            let arn = match merged.principal {
                PrincipalRef::User(id) => &model.users[id as usize].identity.arn,
                PrincipalRef::Role(id) => &model.roles[id as usize].identity.arn,
            };
            let documents = merged.identity.iter().filter_map(|source| source.document(model));
            let statements = documents.flat_map(|document| &document.statements).map(|statement| {
                let resources = statement.resources.as_ref().expect("identity statements name resources");
                Statement {
                    deny: statement.effect == Sign::Deny,
                    conditional: !statement.conditions.is_empty(),
                    not_action: statement.actions.negated,
                    actions: statement
                        .actions
                        .patterns
                        .iter()
                        .map(|it| it.text.to_ascii_lowercase())
                        .collect(),
                    not_resource: resources.negated,
                    resources: resources.patterns.iter().map(|it| it.text.to_string()).collect(),
                }
            });
            map.insert(arn.to_string(), statements.collect());
        }
        Self(map)
    }

    pub fn allows(&self, request: &Request) -> bool {
        let action = request.action.to_ascii_lowercase();
        let mut allowed = false;
        for statement in self.0.get(&request.principal).map_or(&[][..], Vec::as_slice) {
            let any = |patterns: &[String], text: &str| {
                patterns.iter().any(|pattern| wildcard(pattern.as_bytes(), text.as_bytes()))
            };
            if any(&statement.actions, &action) != statement.not_action
                && any(&statement.resources, &request.resource) != statement.not_resource
                && !statement.conditional
            {
                if statement.deny {
                    return false;
                }
                allowed = true;
            }
        }
        allowed
    }
}
