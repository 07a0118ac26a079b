//! All lints: what is reported as a warning, with its level. Those that reading finds keep their codes in
//! [`resolve::codes`](crate::resolve::codes); those of this room are declared here.

use crate::resolve::codes;

/// Whether a lint is on where nobody says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// `check` warns.
    Warn,
    /// Off: a matter of taste, or right in too many policies to be told unasked.
    Pedantic,
}

/// A lint.
#[derive(Clone, Copy, Debug)]
pub struct Lint {
    /// Its code.
    pub code: &'static str,
    /// Its level.
    pub level: Level,
    /// What it finds, in one sentence.
    pub line: &'static str,
}

macro_rules! lints {
    ($($name:ident $code:literal $level:ident $line:literal)*) => {
        $(
            #[doc = $line]
            pub const $name: &str = $code;
        )*

        /// The lints of this room.
        pub const OWN: &[Lint] = &[$(Lint { code: $code, level: Level::$level, line: $line }),*];
    };
}

lints! {
    A1_MATCHES_NO_ACTION "a1-matches-no-action" Warn "An action pattern with a wildcard matches no action that its service has."
    A1_NOT_ACTION_ALLOW "a1-not-action-allow" Warn "NotAction with Allow grants every action but those named, future ones included."
    A1_REDUNDANT_ACTION "a1-redundant-action" Pedantic "An action pattern is covered by another one of the same list."
    A1_SERVICE_WIDE "a1-service-wide" Pedantic "All actions of a service are allowed on every resource."
    A1_UNKNOWN_ACTION "a1-unknown-action" Warn "An action is not one that its service has."
    A1_UNKNOWN_SERVICE "a1-unknown-service" Warn "The half before the colon of an action is no service."
    C1_CONTRADICTION "c1-contradiction" Warn "The conditions of a statement can never hold together."
    C1_REDUNDANT_VALUE "c1-redundant-value" Pedantic "A value of a condition is covered by another one of the same list."
    C2_KEY_NOT_CARRIED "c2-key-not-carried" Warn "No action of the statement carries a condition key that it asks for."
    C2_SPOOFABLE_KEY "c2-spoofable-key" Warn "A statement relies on a key that callers set as they like."
    C2_UNKNOWN_KEY "c2-unknown-key" Warn "A condition key is not documented."
    C3_OPERATOR_TYPE "c3-operator-type" Warn "The operator of a condition does not fit the type of its key."
    C4_DENY_NETWORK "c4-deny-network" Warn "A Deny for all but some networks also hits calls that AWS services make for the caller."
    C4_IF_EXISTS_ALLOW "c4-if-exists-allow" Pedantic "An Allow with an …IfExists operator also grants where the key is missing."
    C4_MFA_ABSENT "c4-mfa-absent" Warn "A condition on MFA holds, or does not deny, for access keys, whose requests lack the key."
    C4_NEGATED_ABSENT "c4-negated-absent" Warn "An Allow with a negated operator also grants where the key is missing."
    C5_ANY_VALUE_NEGATED "c5-any-value-negated" Warn "An Allow asks that any one value differs, which all but a list of exactly the named values passes."
    C5_FOR_ALL_VALUES_ALLOW "c5-for-all-values-allow" Warn "An Allow with ForAllValues also grants where the key is missing or its list is empty."
    C5_SINGLE_VALUED_KEY "c5-single-valued-key" Warn "A set operator stands with a key that holds a single value."
    C8_LIKE_EVERYTHING "c8-like-everything" Pedantic "StringLike or ArnLike with `*` asks only that the key is there."
    C8_WILDCARD_IN_EQUALS "c8-wildcard-in-equals" Warn "A value of an operator without wildcards holds a `*`, which is the character itself."
    C9_INSTANT "c9-instant" Warn "A condition asks that the current time equals an instant."
    C10_ANY_ADDRESS "c10-any-address" Warn "An address condition names all addresses and restricts nothing."
    C10_PRIVATE_ADDRESS "c10-private-address" Pedantic "aws:SourceIp is compared with a private range, which requests over the internet never come from."
    C11_BOTH_BOOLEANS "c11-both-booleans" Warn "A Bool or Null condition names both true and false."
    E1_OUTSIDE_SCP "e1-outside-scp" Warn "An Allow can never matter, since the service control policies leave nothing of it."
    E5_OUTSIDE_BOUNDARY "e5-outside-boundary" Warn "An Allow can never matter, since the permissions boundary leaves nothing of it."
    I1_EMPTY_GROUP "i1-empty-group" Pedantic "A group has policies and no users."
    I2_UNATTACHED "i2-unattached" Pedantic "A managed policy is attached to nothing."
    I3_FEDERATED_OPEN "i3-federated-open" Warn "A role trusts an identity provider without saying for whom."
    I3_FOREIGN_ACCOUNT "i3-foreign-account" Warn "A role trusts a whole foreign account without an external id."
    I3_NOBODY_ASSUMES "i3-nobody-assumes" Warn "Nobody can take a role: its trust policy allows it to nobody."
    I3_TRUST_EVERYONE "i3-trust-everyone" Warn "A role can be taken from any account."
    N1_EVERYONE "n1-everyone" Warn "A resource policy grants to everybody."
    N3_NOT_HELD "n3-not-held" Warn "A principal is a user or role that its account does not have."
    N5_CONFUSED_DEPUTY "n5-confused-deputy" Warn "A resource policy grants to a service, for whomever it acts."
    N6_NOT_PRINCIPAL "n6-not-principal" Warn "NotPrincipal with Deny spares fewer than it seems to."
    R1_ACCOUNT_PART "r1-account-part" Warn "The account part of a resource pattern is no account."
    R1_REDUNDANT_RESOURCE "r1-redundant-resource" Pedantic "A resource pattern is covered by another one of the same list."
    R1_UNKNOWN_PARTITION "r1-unknown-partition" Warn "The partition of a resource pattern does not exist."
    R3_NOT_RESOURCE_ALLOW "r3-not-resource-allow" Warn "NotResource with Allow grants on every resource but those named, future ones included."
    R4_ACTION_ELSEWHERE "r4-action-elsewhere" Warn "An action works on no resource that the statement names."
    R4_NEEDS_STAR "r4-needs-star" Warn "An action has no resources, and the statement does not name `*`."
    R4_NO_SUCH_RESOURCE "r4-no-such-resource" Warn "A resource pattern matches no type of resource that the actions work on."
    RISK_ADMINISTRATOR "risk-administrator" Warn "A policy allows every action on every resource."
    RISK_ASSUME_ANY_ROLE "risk-assume-any-role" Warn "A policy allows to take any role."
    RISK_ESCALATION "risk-escalation" Warn "Who has a policy can give himself more permissions than it says."
    RISK_PASS_ANY_ROLE "risk-pass-any-role" Warn "A policy allows to pass any role to any service."
    RISK_PERMISSIONS_WIDE "risk-permissions-wide" Pedantic "Actions that change permissions are allowed on every resource."
    RISK_SECRETS_WIDE "risk-secrets-wide" Pedantic "Secrets or keys of every kind can be read or used."
    SILENCE_NO_REASON "silence-no-reason" Warn "A lint is silenced without a reason, and is not."
    SILENCE_UNKNOWN "silence-unknown" Warn "What is to be silenced is no lint."
    SILENCE_UNUSED "silence-unused" Warn "What is to be silenced is not found."
    V1_SHADOWED "v1-shadowed" Warn "An Allow can never matter, since a Deny covers all of it."
    V3_CONTAINED "v3-contained" Warn "A statement is contained in another one of the same policy."
    V3_CONTAINED_ELSEWHERE "v3-contained-elsewhere" Warn "A statement is contained in another policy of everybody who has it."
    X1_LOST_DOLLAR "x1-lost-dollar" Warn "A key in braces without a dollar sign is plain text, no policy variable."
    X1_UNKNOWN_VARIABLE "x1-unknown-variable" Warn "A policy variable names a key that is not documented."
    X1_USERNAME_IN_ROLE "x1-username-in-role" Warn "A role's policy uses aws:username, which only users have."
}

/// The codes of reading that are lints, or lints in some places.
pub const OF_READING: &[&str] = &[
    codes::A1_SERVICE_WILDCARD,
    codes::A2_MALFORMED_ACTION,
    codes::C1_EMPTY_OPERATOR,
    codes::C10_HOST_BITS,
    codes::C4_NULL_WITH_SET_PREFIX,
    codes::C6_LIST_KEY,
    codes::C7_SHORT_ARN,
    codes::GATE_UNKNOWN_ACTION,
    codes::GATE_UNKNOWN_KEY,
    codes::GATE_WILDCARD,
    codes::I4_SESSION_LENGTH,
    codes::N3_UNRECOGNIZED_PRINCIPAL,
    codes::N5_UNHELD_ID,
    codes::N6_WITHOUT_ACCOUNT,
    codes::ORGANIZATION_DENIED,
    codes::ORGANIZATION_UNUSED,
    codes::ORGANIZATION_ACCOUNT,
    codes::P2_DUPLICATE_SID,
    codes::P2_EMPTY_LIST,
    codes::P2_ID,
    codes::P2_PRINCIPAL,
    codes::P2_RCP,
    codes::P2_RESOURCE,
    codes::P4_CHARACTERS,
    codes::P5_QUOTA,
    codes::R5_PADDED,
    codes::R5_NOTHING,
    codes::ROUTE_WITHIN,
    codes::SNAPSHOT_UNKNOWN_FIELD,
    codes::X1_MALFORMED_VARIABLE,
    codes::X1_VARIABLE_IN_2008,
    codes::X1_VARIABLE_IN_BOOL,
    codes::X3_VARIABLE_IN_NOT_RESOURCE,
];

/// All lints, sorted by code.
#[must_use]
pub fn all() -> Vec<Lint> {
    let line = |code: &str| codes::ALL.iter().find(|(known, _)| *known == code).map_or("", |(_, line)| *line);
    let trimmed = |code| line(code).strip_prefix("Lint: ").unwrap_or(line(code));
    let earlier = OF_READING.iter().map(|code| Lint { code, level: Level::Warn, line: trimmed(code) });
    let mut all: Vec<Lint> = OWN.iter().copied().chain(earlier).collect();
    all.sort_unstable_by_key(|lint| lint.code);
    all
}

/// The lint of this code.
#[must_use]
pub fn find(code: &str) -> Option<Lint> {
    all().into_iter().find(|lint| lint.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lints_are_many_and_apart() {
        let all = all();
        assert!(all.len() >= 40 && all.windows(2).all(|pair| pair[0].code != pair[1].code));
        assert!(all.iter().all(|lint| !lint.line.is_empty()));
        let known = |lint: &Lint| codes::ALL.iter().any(|(code, _)| *code == lint.code);
        assert!(!OWN.iter().any(known), "a code is declared twice");
    }

    /// The lines of the codes of reading say which are lints; here it is data. What only scenario files take as a lint is none of `check`.
    #[test]
    fn codes_of_reading_say_that_they_are_lints() {
        for (code, line) in codes::ALL {
            let line = line.replace("lint in scenarios", "").replace("an error under", "");
            let says = line.contains("Lint: ") || line.contains("lint");
            let here = OF_READING.contains(code);
            let either = [codes::P2_DUPLICATE_SID, codes::P2_PRINCIPAL].contains(code);
            assert!(says == here || either && here, "{code}");
        }
    }
}
