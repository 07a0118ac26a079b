//! Who asks: principals by name and by ARN, and the roles that they take first.

use portcullis_grammar::gate::ast::{Asker, PrincipalKind, Text};
use portcullis_grammar::source::Span;
use portcullis_runtime::value::arn;

use super::Taking;
use crate::resolve::codes;
use crate::resolve::drafts::IdentityKind;
use crate::resolve::gate::names::World;
use crate::resolve::gate::principals::session_arn;
use crate::resolve::gate::scope::one;
use crate::resolve::gate::{Block, Elaborator};
use crate::resolve::reader::shown;

/// How many that have one name are listed.
const MOST_NAMED: usize = 8;

/// The name of a session that a test does not name.
const SESSION: &str = "test";

impl<'a> Elaborator<'a, '_> {
    /// Who asks: the principal, and the role that is taken before.
    pub(super) fn asker(&mut self, block: &Block<'a>, asker: &Asker<'a>) -> Option<(String, Option<Taking>)> {
        let Some(who) = &asker.who else { return Some(("*".to_owned(), None)) };
        let (text, span) = one(&mut self.reader(block.file), &block.scope, who)?;
        let principal = self.who(block, asker.kind, &text, span)?;
        let Some(role) = &asker.role else { return Some((principal.into(), None)) };
        let (taken, _) = one(&mut self.reader(block.file), &block.scope, role)?;
        let (name, session) =
            taken.rsplit_once('/').filter(|_| !taken.contains(':')).unwrap_or((&*taken, SESSION));
        if name.contains(':') && !arn::split(name).is_some_and(|parts| parts[5].starts_with("role/")) {
            let message = format!("`{}` is no role", shown(name));
            let help = "write the role's name, or its ARN, arn:aws:iam::ACCOUNT:role/NAME";
            self.reader(block.file).error(codes::GATE_TEST, role.span, message, help);
            return None;
        }
        let arn =
            if name.contains(':') { Some(name.into()) } else { self.role_of(block, &principal, name, role) };
        let arn = arn?;
        let Some(principal_of) = session_arn(&arn, session) else {
            let message = format!("`{}` is no role", shown(&taken));
            self.reader(block.file).error(
                codes::GATE_TEST,
                role.span,
                message,
                "write the role's name or ARN",
            );
            return None;
        };
        let federated = asker.kind == PrincipalKind::Federated;
        let taking =
            Taking { caller: principal.into(), role: arn.into(), session: session.to_owned(), federated };
        Some((principal_of.into(), Some(taking)))
    }

    /// A role by its name: of the account of who takes it, else the only one of that name.
    fn role_of(&mut self, block: &Block<'a>, caller: &str, name: &str, text: &Text<'a>) -> Option<Box<str>> {
        let account = arn::split(caller).map_or("", |parts| parts[4]);
        let own = self.world.identity(account, IdentityKind::Role, name).map(Into::into);
        own.or_else(|| self.who(block, PrincipalKind::Role, name, text.span))
    }

    fn who(&mut self, block: &Block<'a>, kind: PrincipalKind, text: &str, span: Span) -> Option<Box<str>> {
        let of_kind = match kind {
            PrincipalKind::Bare if text == "*" => return Some(text.into()),
            PrincipalKind::Bare if text.contains(':') => return self.by_arn(block, text, span),
            PrincipalKind::Bare => None,
            PrincipalKind::User => Some("user/"),
            PrincipalKind::Role => Some("role/"),
            PrincipalKind::Session if block.account.is_none() => {
                let (role, session) = text.split_once('/').unwrap_or((text, SESSION));
                let role = self.who(block, PrincipalKind::Role, role, span)?;
                return session_arn(&role, session);
            }
            _ => return self.principal(block, kind, text, span),
        };
        // `acme/alice`: the alice of that account.
        let (account, name) = match text.split_once('/') {
            Some((account, name)) => match self.account_number(account) {
                Some(number) => (Some(number), name),
                None => {
                    let message = format!("`{}` is no account", shown(account));
                    let help =
                        "write 12 digits, or the name of an account that is declared, before the slash";
                    self.reader(block.file).error(codes::GATE_TEST, span, message, help);
                    return None;
                }
            },
            None => (block.account.as_ref().map(|account| account.number.clone()), text),
        };
        let fits =
            |arn: &&str| of_kind.is_none_or(|kind| arn::split(arn).is_some_and(|it| it[5].starts_with(kind)));
        let all = self.world.anywhere(name).iter().map(|arn| &**arn);
        // Of one account two can have the name; of all accounts there may be many, which are looked through where no account is named.
        let mut found: Vec<&str> = match account.as_deref() {
            Some(account) => {
                let kinds = [IdentityKind::User, IdentityKind::Role];
                kinds
                    .iter()
                    .filter_map(|kind| self.world.identity(account, *kind, name))
                    .filter(fits)
                    .collect()
            }
            None => all.clone().filter(fits).collect(),
        };
        // A test in an account may ask about another one's.
        if found.is_empty() && !text.contains('/') {
            found = all.filter(fits).collect();
        }
        // Of a user and a role of one name and account the user is meant.
        if let [first, second] = found.as_slice()
            && of_kind.is_none()
            && arn::split(first).zip(arn::split(second)).is_some_and(|(a, b)| a[4] == b[4])
        {
            found.retain(|arn| arn.contains(":user/"));
        }
        match found.as_slice() {
            [only] => Some((*only).into()),
            [] => {
                if self.drafts.incomplete {
                    return None;
                }
                let near = self.near(block.file, codes::GATE_TEST, name, World::all_names);
                let near = near.filter(|near| *near != *name);
                let help = match (near, kind) {
                    (Some(near), _) => format!("did you mean `{near}`?"),
                    (None, PrincipalKind::Role) => "declare it, or write the role's ARN".to_owned(),
                    (None, _) => "declare it, or write an ARN, `anyone`, or service NAME".to_owned(),
                };
                let what = match kind {
                    PrincipalKind::Role => "role",
                    PrincipalKind::User => "user",
                    _ => "user or role",
                };
                let message = format!("no {what} is named `{}`", shown(text));
                self.reader(block.file).error(codes::GATE_TEST, span, message, help);
                None
            }
            several => {
                let some: Vec<&str> = several.iter().take(MOST_NAMED).copied().collect();
                let more = if several.len() > MOST_NAMED { ", …" } else { "" };
                let help = format!("write account/{0} or one of {1}{more}", shown(name), some.join(", "));
                let message = format!("{} users or roles are named `{}`", several.len(), shown(text));
                self.reader(block.file).error(codes::GATE_TEST, span, message, help);
                None
            }
        }
    }

    /// A principal by its ARN. One that names nobody of an account that the inputs hold is misspelt, and whatever it may not would show
    /// nothing.
    fn by_arn(&mut self, block: &Block<'a>, text: &str, span: Span) -> Option<Box<str>> {
        let (message, help) = match arn::split(text) {
            Some(parts) if parts[0] == "arn" && self.world.holds(text) != Some(false) => {
                return Some(text.into());
            }
            Some(parts) if parts[0] == "arn" => {
                let message = format!("account {} has no `{}`", parts[4], shown(parts[5]));
                (message, "correct its path and name, or declare it")
            }
            _ => {
                let message = format!("`{}` is no principal", shown(text));
                (message, "write the name of a user or role, an ARN, `anyone`, or service NAME")
            }
        };
        if !self.drafts.incomplete {
            self.reader(block.file).error(codes::GATE_TEST, span, message, help);
        }
        None
    }
}
