//! Who asks: the kinds of principals, told by their text, and the identities that the model holds.

use crate::model::{Identity, Model, PolicyId, Role, Tag, User};

/// A kind of principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `*`: not authenticated (rule E9).
    Anonymous,
    /// A user's ARN.
    User,
    /// A role's ARN: the role itself.
    Role,
    /// The root user of an account (rule E7).
    Root,
    /// A session of a role.
    RoleSession,
    /// A federated user's session.
    FederatedUser,
    /// An identity provider by its ARN (rule N5).
    Provider,
    /// An AWS service, or an identity provider by its name (rules E10, N5).
    Service,
    /// None of these.
    Malformed,
}

/// A principal read off its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Principal<'a> {
    /// The whole text.
    pub(super) text: &'a str,
    /// What it is.
    pub(super) kind: Kind,
    /// The ARN's partition; empty for what is no ARN.
    pub(super) partition: &'a str,
    /// The account of users, roles, sessions and root. Services, identity providers and anonymous callers have none.
    pub(super) account: Option<&'a str>,
    /// The path of a user or role: what stands before its name, with the `/` behind it. Session ARNs drop it (N3).
    pub(super) path: &'a str,
    /// The name of the user or role, the role behind a session, or the federated user's name.
    pub(super) name: &'a str,
    /// The name of a role's session.
    pub(super) session: &'a str,
}

/// A text split at the first five colons (R1); `None` for fewer than six parts.
pub(super) fn split(text: &str) -> Option<[&str; 6]> {
    let mut parts = text.splitn(6, ':');
    let mut next = || parts.next();
    Some([next()?, next()?, next()?, next()?, next()?, next()?])
}

/// Twelve ASCII digits (V6).
pub(super) fn is_account(text: &str) -> bool {
    text.chars().count() == 12 && text.chars().all(|character| character.is_ascii_digit())
}

/// The longest name of a role, a session or a federated user, in bytes.
const LONGEST_NAME: usize = 64;

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_NAME
}

impl<'a> Principal<'a> {
    /// Reads a principal.
    pub(super) fn of(text: &'a str) -> Self {
        let bare = |kind| Self { text, kind, partition: "", account: None, path: "", name: "", session: "" };
        if text == "*" {
            return bare(Kind::Anonymous);
        }
        let Some(parts) = split(text) else {
            return bare(if is_service(text) { Kind::Service } else { Kind::Malformed });
        };
        let ["arn", partition, service @ ("iam" | "sts"), _, account, resource] = parts else {
            return bare(Kind::Malformed);
        };
        if !is_account(account) {
            return bare(Kind::Malformed);
        }
        let of = |kind, path, name, session| Self {
            text,
            kind,
            partition,
            account: Some(account),
            path,
            name,
            session,
        };
        let read = match (service, resource.split_once('/')) {
            ("iam", None) if resource == "root" => Some(of(Kind::Root, "", "", "")),
            ("iam", Some(("user", rest))) => {
                let (path, name) = path_and_name(rest);
                (!name.is_empty()).then(|| of(Kind::User, path, name, ""))
            }
            ("iam", Some(("role", rest))) => {
                let (path, name) = path_and_name(rest);
                is_name(name).then(|| of(Kind::Role, path, name, ""))
            }
            ("iam", Some(("saml-provider" | "oidc-provider", rest))) => {
                (!rest.is_empty() && !rest.ends_with('/')).then(|| bare(Kind::Provider))
            }
            ("sts", Some(("federated-user", name))) => {
                (is_name(name) && !name.ends_with('/')).then(|| of(Kind::FederatedUser, "", name, ""))
            }
            ("sts", Some(("assumed-role", rest))) => match rest.split_once('/') {
                Some((role, session)) if is_name(role) && is_name(session) => {
                    Some(of(Kind::RoleSession, "", role, session))
                }
                _ => None,
            },
            _ => None,
        };
        read.unwrap_or(bare(Kind::Malformed))
    }
}

/// What stands behind `user/` or `role/`: the path with the `/` that ends it, and the name.
fn path_and_name(rest: &str) -> (&str, &str) {
    let name = rest.rsplit('/').next().unwrap_or(rest);
    (rest.strip_suffix(name).unwrap_or_default(), name)
}

/// A name without colons and white space: `ec2.amazonaws.com`, `accounts.google.com`.
fn is_service(text: &str) -> bool {
    !text.is_empty() && !text.contains(|character: char| character == ':' || character.is_ascii_whitespace())
}

/// An identity that the model holds and whose policies bear on the request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known<'a> {
    /// A user, or the user behind a federated user.
    User(&'a User),
    /// A role, asking as itself or through a session.
    Role(&'a Role),
}

impl<'a> Known<'a> {
    /// The identity whose policies bear on a principal: the user or role with exactly its ARN, the role behind its session (E6), the user
    /// behind the federated user (E6, N3). Root has no identity policies (E7).
    pub(super) fn find(model: &'a Model, principal: &Principal<'_>) -> Option<Self> {
        let is_it = |identity: &Identity| &*identity.arn == principal.text;
        match principal.kind {
            Kind::User => model.users.iter().find(|user| is_it(&user.identity)).map(Self::User),
            Kind::Role => model.roles.iter().find(|role| is_it(&role.identity)).map(Self::Role),
            Kind::RoleSession | Kind::FederatedUser => Self::behind(model, principal),
            _ => None,
        }
    }

    /// The held user or role of the principal's partition, account and name, whatever its path: session ARNs drop it (N3).
    pub(super) fn behind(model: &'a Model, principal: &Principal<'_>) -> Option<Self> {
        let is_it = |identity: &Identity| {
            let held = Principal::of(&identity.arn);
            (held.partition, held.account, held.name)
                == (principal.partition, principal.account, principal.name)
        };
        match principal.kind {
            Kind::User | Kind::FederatedUser => {
                model.users.iter().find(|user| is_it(&user.identity)).map(Self::User)
            }
            Kind::Role | Kind::RoleSession => {
                model.roles.iter().find(|role| is_it(&role.identity)).map(Self::Role)
            }
            _ => None,
        }
    }

    /// What every identity has.
    pub(super) fn identity(self) -> &'a Identity {
        match self {
            Self::User(user) => &user.identity,
            Self::Role(role) => &role.identity,
        }
    }

    /// Its tags.
    pub(super) fn tags(self) -> &'a [Tag] {
        match self {
            Self::User(user) => &user.tags,
            Self::Role(role) => &role.tags,
        }
    }

    /// Its permissions boundary.
    pub(super) fn boundary(self) -> Option<PolicyId> {
        match self {
            Self::User(user) => user.boundary,
            Self::Role(role) => role.boundary,
        }
    }
}

/// A principal together with what the model knows of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker<'a> {
    /// The world.
    pub(super) model: &'a Model,
    /// Who asks.
    pub(super) principal: Principal<'a>,
    /// The identity whose policies bear on it.
    pub(super) known: Option<Known<'a>>,
}

impl<'a> Asker<'a> {
    /// Finds a principal in the model.
    pub(super) fn of(model: &'a Model, text: &'a str) -> Self {
        let principal = Principal::of(text);
        Self { model, principal, known: Known::find(model, &principal) }
    }

    /// N6: whether it has a permissions boundary, its own or that of the identity behind its session.
    pub(super) fn has_boundary(&self) -> bool {
        self.known.is_some_and(|known| known.boundary().is_some())
    }

    /// E1, E2: whether it is a service-linked role, told by the path of a role that the model holds and never by a name.
    pub(super) fn is_service_linked(&self) -> bool {
        match self.known {
            Some(Known::Role(role)) => {
                Principal::of(&role.identity.arn).path.starts_with("aws-service-role/")
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
