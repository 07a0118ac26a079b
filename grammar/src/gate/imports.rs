//! The files that a `.gate` file names: from its tree, so that a name of something else that stands behind such a word is none of them.

use super::ast::{
    AccountItem, Body, BodyItem, IdentityItem, Item, OrganizationItem, Source as PolicySource, Text,
};
use super::lexer::Lexer;
use super::parse::parse;
use super::token::Token;
use crate::source::{Source, Span};

/// A file that another one names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Where it is named, quotes included.
    pub span: Span,
    /// The path as written, without quotes.
    pub path: Box<str>,
    /// Whether it is the document of a policy (`from`), or a file by itself (`import`).
    pub is_document: bool,
}

/// The files that a `.gate` file names, as far as it can be read. Linear.
#[must_use]
pub fn imports(source: &Source) -> Vec<Import> {
    // Most files name no other, and that the tokens say sooner than the tree.
    let mut before = None;
    let names = Lexer::new(source).flatten().any(|(_, token, _)| {
        let names = token == Token::Str && matches!(before, Some(Token::Import | Token::From));
        before = Some(token);
        names
    });
    let mut found = Found(Vec::new());
    if names {
        parse(source).file.items.iter().for_each(|item| found.item(item));
    }
    found.0
}

struct Found(Vec<Import>);

impl Found {
    fn add(&mut self, path: &Text<'_>, is_document: bool) {
        self.0.push(Import { span: path.span, path: path.raw.into(), is_document });
    }

    fn item(&mut self, item: &Item<'_>) {
        match item {
            Item::Import(path) => self.add(path, false),
            Item::Policy(policy) => self.source(&policy.source),
            Item::Account(account) => account.items.iter().for_each(|item| match item {
                AccountItem::Policy(policy) => self.source(&policy.source),
                AccountItem::Identity(identity) => self.identity(&identity.items),
                AccountItem::Resource(resource) => self.identity(&resource.items),
                AccountItem::Let(_)
                | AccountItem::Test(_)
                | AccountItem::Partition(_)
                | AccountItem::Quota(..) => {}
            }),
            Item::Organization(organization) => organization.items.iter().for_each(|item| {
                if let OrganizationItem::Control(control) = item {
                    self.source(&control.source);
                }
            }),
            Item::Let(_) | Item::Test(_) | Item::Route(_) => {}
        }
    }

    fn identity(&mut self, items: &[IdentityItem<'_>]) {
        for item in items {
            if let IdentityItem::Inline(_, _, source)
            | IdentityItem::Trust(_, source)
            | IdentityItem::Policy(_, source) = item
            {
                self.source(source);
            }
        }
    }

    fn source(&mut self, source: &PolicySource<'_>) {
        match source {
            PolicySource::From(path) => self.add(path, true),
            PolicySource::Body(body) => self.body(body),
            PolicySource::Call(_) => {}
        }
    }

    fn body(&mut self, body: &Body<'_>) {
        for item in &body.items {
            if let BodyItem::Version(version) = item {
                self.source(&version.source);
            }
        }
    }
}
