//! Where the items and statements of a file begin and end, and where its comments are: what a comment above an item is about.

use super::ast::{
    Account, AccountItem, Body, BodyItem, Control, Identity, IdentityItem, Item, Node, NodeItem,
    OrganizationItem, Policy, Resource, Source as Origin,
};
use super::lexer::Lexer;
use super::parse::parse;
use crate::source::{Source, Span};

/// The places of all comments, each with its `#`. Linear.
#[must_use]
pub fn comments(source: &Source) -> Vec<Span> {
    let mut lexer = Lexer::new(source);
    lexer.comments = Some(Vec::new());
    lexer.by_ref().for_each(drop);
    lexer.comments.unwrap_or_default()
}

/// The places of all items and statements that could be read: accounts, identities, policies, versions, control policies, units,
/// routes and statements. What lies in another follows it. Linear.
#[must_use]
pub fn extents(source: &Source) -> Vec<Span> {
    let parsed = parse(source);
    let mut found = Extents(Vec::new());
    for item in &parsed.file.items {
        match item {
            Item::Policy(policy) => drop(found.policy(policy)),
            Item::Account(account) => found.account(account),
            Item::Organization(organization) => {
                found.item(organization.span, |found| {
                    organization.items.iter().fold(None, |end, item| {
                        let next = match item {
                            OrganizationItem::Control(control) => Some(found.control(control)),
                            OrganizationItem::Root(node) => Some(found.node(node)),
                            _ => None,
                        };
                        next.or(end)
                    })
                });
            }
            Item::Route(route) => found.0.push(route.span),
            Item::Import(_) | Item::Let(_) | Item::Test(_) => {}
        }
    }
    found.0
}

struct Extents(Vec<Span>);

impl Extents {
    /// An item that begins with `head`; `inside` finds what lies in it and says where the last of that ends.
    fn item(&mut self, head: Span, inside: impl FnOnce(&mut Self) -> Option<Span>) -> Span {
        let place = self.0.len();
        self.0.push(head);
        let whole = inside(self).map_or(head, |last| head.to(last));
        if let Some(span) = self.0.get_mut(place) {
            *span = whole;
        }
        whole
    }

    fn policy(&mut self, policy: &Policy<'_>) -> Span {
        self.item(policy.span, |found| found.origin(&policy.source))
    }

    fn control(&mut self, control: &Control<'_>) -> Span {
        self.item(control.span, |found| found.origin(&control.source))
    }

    fn origin(&mut self, source: &Origin<'_>) -> Option<Span> {
        Some(match source {
            Origin::Body(body) => self.body(body),
            Origin::From(text) => text.span,
            Origin::Call(call) => call.span,
        })
    }

    fn body(&mut self, body: &Body<'_>) -> Span {
        for item in &body.items {
            match item {
                BodyItem::Statement(statement) => self.0.push(statement.span),
                BodyItem::Use(call) => self.0.push(call.span),
                BodyItem::Version(version) => {
                    self.item(version.span, |found| found.origin(&version.source));
                }
                BodyItem::Language(_) => {}
            }
        }
        body.span
    }

    fn account(&mut self, account: &Account<'_>) {
        self.item(account.span, |found| {
            account.items.iter().fold(None, |end, item| {
                let next = match item {
                    AccountItem::Policy(policy) => Some(found.policy(policy)),
                    AccountItem::Identity(identity) => Some(found.identity(identity)),
                    AccountItem::Resource(resource) => Some(found.resource(resource)),
                    _ => None,
                };
                next.or(end)
            })
        });
    }

    fn identity(&mut self, identity: &Identity<'_>) -> Span {
        self.item(identity.span, |found| found.identity_items(&identity.items))
    }

    fn resource(&mut self, resource: &Resource<'_>) -> Span {
        self.item(resource.span, |found| found.identity_items(&resource.items))
    }

    fn identity_items(&mut self, items: &[IdentityItem<'_>]) -> Option<Span> {
        items.iter().fold(None, |end, item| {
            let next = match item {
                IdentityItem::Inline(span, _, source)
                | IdentityItem::Trust(span, source)
                | IdentityItem::Policy(span, source) => Some(self.item(*span, |found| found.origin(source))),
                IdentityItem::Attach(span, _)
                | IdentityItem::Boundary(span, _)
                | IdentityItem::Tag(span, _)
                | IdentityItem::Untagged(span)
                | IdentityItem::Id(span, _)
                | IdentityItem::SessionMax(span, _) => {
                    self.0.push(*span);
                    Some(*span)
                }
            };
            next.or(end)
        })
    }

    fn node(&mut self, node: &Node<'_>) -> Span {
        self.item(node.span, |found| {
            node.items.iter().fold(None, |_, item| match item {
                NodeItem::Unit(node) | NodeItem::Account(node) => Some(found.node(node)),
                NodeItem::Attach(span, _) => {
                    found.0.push(*span);
                    Some(*span)
                }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_lie_in_their_policies() {
        let text = "# one\npolicy P { # two\n  A: allow s3:Get*\n    on *\n  deny s3:* on *\n}\naccount 123456789012 {\n  user u {\n    attach P\n  }\n}\n";
        let source = Source::new("a.gate", text);
        let texts: Vec<&str> = extents(&source).into_iter().map(|span| source.slice(span)).collect();
        assert_eq!(texts.len(), 6, "{texts:?}");
        assert!(texts[0].starts_with("policy P") && texts[0].ends_with('}'));
        assert_eq!(texts[1], "A: allow s3:Get*\n    on *");
        assert!(texts[3].starts_with("account") && texts[3].contains("attach"));
        let comments: Vec<&str> = comments(&source).into_iter().map(|span| source.slice(span)).collect();
        assert_eq!(comments, ["# one", "# two"]);
    }
}
