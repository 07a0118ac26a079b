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
    /// A role session or a federated user's session.
    Session,
    /// An AWS service or an identity provider (rules E10, N5).
    Service,
    /// None of these.
    Malformed,
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

/// Whether a path and name end in a name.
fn is_named(path: &str) -> bool {
    !path.is_empty() && !path.ends_with('/')
}

/// The kind of a principal.
pub(super) fn kind(text: &str) -> Kind {
    if text == "*" {
        return Kind::Anonymous;
    }
    if let Some(parts) = split(text) {
        return match parts {
            ["arn", _, "iam", _, account, "root"] if is_account(account) => Kind::Root,
            ["arn", _, "iam", _, account, name] if is_account(account) => match name.split_once('/') {
                Some(("user", name)) if is_named(name) => Kind::User,
                Some(("role", name)) if is_named(name) => Kind::Role,
                Some(("saml-provider" | "oidc-provider", name)) if is_named(name) => Kind::Service,
                _ => Kind::Malformed,
            },
            ["arn", _, "sts", _, account, name] if is_account(account) => match name.split_once('/') {
                Some(("federated-user", name)) if is_named(name) => Kind::Session,
                Some(("assumed-role", names)) => match names.split_once('/') {
                    Some((role, session)) if !role.is_empty() && !session.is_empty() => Kind::Session,
                    _ => Kind::Malformed,
                },
                _ => Kind::Malformed,
            },
            _ => Kind::Malformed,
        };
    }
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    let named = text.contains('.') || !text.is_empty() && text.chars().all(plain);
    if !text.contains(':') && named { Kind::Service } else { Kind::Malformed }
}

/// An identity that the model holds and that can ask.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known<'a> {
    /// A user.
    User(&'a User),
    /// A role, asking as itself.
    Role(&'a Role),
}

impl<'a> Known<'a> {
    /// The identity with exactly this ARN.
    pub(super) fn find(model: &'a Model, arn: &str) -> Option<Self> {
        let user = model.users.iter().find(|user| &*user.identity.arn == arn).map(Self::User);
        user.or_else(|| model.roles.iter().find(|role| &*role.identity.arn == arn).map(Self::Role))
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

    /// Its account's number.
    pub(super) fn account(self, model: &'a Model) -> Option<&'a str> {
        model.accounts.get(self.identity().account.index()).map(|account| &**account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_by_their_text() {
        for (text, expected) in [
            ("*", Kind::Anonymous),
            ("arn:aws:iam::123456789012:user/path/alice", Kind::User),
            ("arn:aws-cn:iam::123456789012:role/r", Kind::Role),
            ("arn:aws:iam::123456789012:root", Kind::Root),
            ("arn:aws:sts::123456789012:assumed-role/R/S", Kind::Session),
            ("arn:aws:sts::123456789012:federated-user/N", Kind::Session),
            ("arn:aws:iam::123456789012:saml-provider/idp", Kind::Service),
            ("arn:aws:iam::123456789012:oidc-provider/idp.example", Kind::Service),
            ("ec2.amazonaws.com", Kind::Service),
            ("cognito-identity", Kind::Service),
            ("accounts.example/a b", Kind::Service),
            ("", Kind::Malformed),
            ("a b", Kind::Malformed),
            ("ec2.amazonaws.com:x", Kind::Malformed),
            ("arn:aws:iam::12345678901:user/alice", Kind::Malformed),
            ("arn:aws:iam::123456789012:group/g", Kind::Malformed),
            ("arn:aws:iam::123456789012:user", Kind::Malformed),
            ("arn:aws:iam::123456789012:user/", Kind::Malformed),
            ("arn:aws:iam::123456789012:role/path/", Kind::Malformed),
            ("arn:aws:sts::123456789012:assumed-role/R", Kind::Malformed),
            ("arn:aws:s3:::bucket", Kind::Malformed),
            ("ARN:aws:iam::123456789012:user/alice", Kind::Malformed),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }
}
