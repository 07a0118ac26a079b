//! Principals by name: users, roles and sessions of the account, accounts, services, identity providers (rules N1–N6).

use portcullis_grammar::gate::ast::{Principal, PrincipalKind, PrincipalSelection};
use portcullis_grammar::json::{Kind, Member, Value};
use portcullis_grammar::source::Span;
use portcullis_runtime::value::arn;

use super::json::{member, object, string, strings};
use super::scope::{Expanded, expand};
use super::{Block, Elaborator};
use crate::facts::trust_action;
use crate::resolve::codes;
use crate::resolve::drafts::IdentityKind;
use crate::resolve::principals::is_unique_id;
use crate::resolve::reader::shown;

impl<'a> Elaborator<'a, '_> {
    /// `Principal` or `NotPrincipal`.
    pub(super) fn principals(
        &mut self,
        block: &Block<'a>,
        span: Span,
        who: &PrincipalSelection<'a>,
    ) -> Option<Member> {
        let Some(except) = &who.except else {
            return Some(member("Principal", span, self.typed(block, &who.entries, who.span)?));
        };
        let everybody = self.typed(block, &who.entries, who.span)?;
        if !matches!(&everybody.kind, Kind::String(_)) {
            let message = "`except` needs a `*` before it";
            let help = "write * except …: IAM can say all but some, not some but others";
            self.reader(block.file).error(codes::GATE_EXCEPT, who.span, message, help);
            return None;
        }
        Some(member("NotPrincipal", span, self.typed(block, except, who.span)?))
    }

    /// The entries under their types.
    fn typed(&mut self, block: &Block<'a>, entries: &[Principal<'a>], span: Span) -> Option<Value> {
        let mut types: [(&str, Vec<Expanded>); 4] =
            [("AWS", vec![]), ("Service", vec![]), ("Federated", vec![]), ("CanonicalUser", vec![])];
        let mut whole = true;
        for entry in entries {
            let place = match entry.kind {
                PrincipalKind::Service => 1,
                PrincipalKind::Federated => 2,
                PrincipalKind::Canonical => 3,
                _ => 0,
            };
            let texts = expand(&mut self.reader(block.file), &block.scope, &entry.values);
            whole &= !texts.is_empty();
            for (text, at) in texts {
                match self.principal(block, entry.kind, &text, at) {
                    Some(text) => {
                        if let Some((_, list)) = types.get_mut(place) {
                            list.push((text, at));
                        }
                    }
                    None => whole = false,
                }
            }
        }
        if !whole {
            return None;
        }
        if let [(_, aws), (_, a), (_, b), (_, c)] = &types
            && matches!(aws.as_slice(), [(text, _)] if &**text == "*")
            && a.is_empty()
            && b.is_empty()
            && c.is_empty()
        {
            return Some(string("*", span));
        }
        let members = types.into_iter().filter(|(_, list)| !list.is_empty());
        let members = members.map(|(name, list)| {
            let at = list.first().map_or(span, |(_, at)| *at);
            member(name, at, strings(list, at))
        });
        Some(object(members.collect(), span))
    }

    /// The text of one principal as IAM names it.
    pub(super) fn principal(
        &mut self,
        block: &Block<'a>,
        kind: PrincipalKind,
        text: &str,
        span: Span,
    ) -> Option<Box<str>> {
        match kind {
            PrincipalKind::Group => {
                let help = "name the users, or attach a policy to the group";
                let message = "a group cannot be a principal";
                self.reader(block.file).error(codes::N4_GROUP_PRINCIPAL, span, message, help);
                None
            }
            PrincipalKind::Service | PrincipalKind::Federated | PrincipalKind::Canonical => Some(text.into()),
            PrincipalKind::Bare => {
                if text == "*" || text.contains(':') || arn::is_account(text) || is_unique_id(text) {
                    return Some(text.into());
                }
                let message = format!("`{}` alone names no principal", shown(text));
                let help = format!("write user {0}, role {0}, service {0} or an ARN", shown(text));
                self.reader(block.file).error(codes::GATE_PRINCIPAL, span, message, help);
                None
            }
            PrincipalKind::Account => {
                let number = self.account_number(text);
                let Some(number) = number.filter(|number| arn::is_account(number)) else {
                    let message = format!("`{}` is no account", shown(text));
                    let help = "write 12 digits, or the name of an account that is declared";
                    self.reader(block.file).error(codes::GATE_PRINCIPAL, span, message, help);
                    return None;
                };
                let partition = block.account.as_ref().map_or("aws", |account| &account.partition);
                Some(format!("arn:{partition}:iam::{number}:root").into())
            }
            PrincipalKind::User => self.identity_arn(block, IdentityKind::User, text, span),
            PrincipalKind::Role => self.identity_arn(block, IdentityKind::Role, text, span),
            PrincipalKind::Session => {
                let Some((role, name)) = text.split_once('/') else {
                    let message = format!("`{}` is no session", shown(text));
                    self.reader(block.file).error(
                        codes::GATE_PRINCIPAL,
                        span,
                        message,
                        "write session ROLE/NAME",
                    );
                    return None;
                };
                let role = self.identity_arn(block, IdentityKind::Role, role, span)?;
                session_arn(&role, name)
            }
        }
    }

    /// The ARN of a user or role of this account by its name.
    pub(super) fn identity_arn(
        &mut self,
        block: &Block<'a>,
        kind: IdentityKind,
        name: &str,
        span: Span,
    ) -> Option<Box<str>> {
        let Some(account) = &block.account else {
            let message = format!(
                "the {} `{}` is of no account here: this stands outside of them",
                kind.noun(),
                shown(name)
            );
            let help = "name it by its ARN, or move this into an account";
            self.reader(block.file).error(codes::GATE_PRINCIPAL, span, message, help);
            return None;
        };
        let number = account.number.clone();
        let found = self.world.identity(&number, kind, name).map(Into::into);
        if found.is_none() && !self.drafts.incomplete {
            let near = self
                .near(block.file, codes::GATE_PRINCIPAL, name, |world| world.identity_names(&number, kind));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "declare it, or name one of another account by its ARN, arn:aws:iam::ACCOUNT:{}/NAME",
                    kind.noun()
                ),
            };
            let message = format!("account {number} has no {} `{}`", kind.noun(), shown(name));
            self.reader(block.file).error(codes::GATE_PRINCIPAL, span, message, help);
        }
        found
    }
}

/// The ARN of a session of a role.
pub(super) fn session_arn(role: &str, session: &str) -> Option<Box<str>> {
    let [_, partition, _, _, account, resource] = arn::split(role)?;
    let name = resource.rsplit('/').next()?;
    Some(format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}").into())
}

/// What a statement of a trust policy that names no action is about.
pub(super) fn default_action(principals: &Member) -> Option<&'static str> {
    let Kind::Object(types) = &principals.value.kind else { return trust_action(std::iter::empty(), true) };
    let federated = types.iter().filter(|entry| &*entry.key == "Federated");
    let texts = federated.flat_map(|entry| match &entry.value.kind {
        Kind::Array(items) => items.as_slice(),
        _ => std::slice::from_ref(&entry.value),
    });
    let texts = texts.filter_map(|item| match &item.kind {
        Kind::String(text) => Some(&**text),
        _ => None,
    });
    trust_action(texts, types.iter().any(|entry| &*entry.key != "Federated"))
}
