//! The runtime's combination against the reference's, over its whole domain (DESIGN section 3, rules E1–E13).
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it did"
)]

use portcullis::compiler::reference::combine as reference;
use portcullis::runtime::combine::{self, Caller, Contract, Facts, Levels, ResourceVerdict, Verdict};
use portcullis::runtime::{Effect, Layer, Reason, RuleId};

/// Denies, allows, both, nothing.
const SAYS: [(bool, bool); 4] = [(false, false), (false, true), (true, false), (true, true)];

const CALLERS: [(Caller, bool); 11] = [
    (Caller::User, true),
    (Caller::User, false),
    (Caller::Role, true),
    (Caller::Role, false),
    (Caller::RoleSession, true),
    (Caller::RoleSession, false),
    (Caller::FederatedUser, true),
    (Caller::FederatedUser, false),
    (Caller::Root, false),
    (Caller::Service, false),
    (Caller::Anonymous, false),
];

/// A contract, and whether the action has no caller side; the reference has one word for both.
const CONTRACTS: [(Contract, bool); 4] =
    [(Contract::None, false), (Contract::Key, false), (Contract::Trust, false), (Contract::Trust, true)];

const LEVELS: [(Option<u8>, Option<u8>); 4] =
    [(None, None), (Some(1), None), (None, Some(2)), (Some(2), Some(1))];

fn verdict((denies, allows): (bool, bool)) -> Verdict {
    let verdict = Verdict::default();
    let verdict = if denies { verdict.denied_by(RuleId(1)) } else { verdict };
    if allows { verdict.allowed_by(RuleId(2)) } else { verdict }
}

fn says((denies, allows): (bool, bool)) -> reference::Says {
    reference::Says { denies, allows }
}

/// Every layer that may be absent.
fn optional() -> impl Iterator<Item = Option<(bool, bool)>> + Clone {
    std::iter::once(None).chain(SAYS.into_iter().map(Some))
}

fn compare(facts: &Facts, bits: &reference::Bits) {
    let found = combine::combine(facts);
    let expected = reference::combine(bits);
    let found_level = found.level().map(usize::from);
    assert!(
        (found.effect(), found.layer(), found.reason(), found_level)
            == (expected.effect, expected.layer, expected.reason, expected.level),
        "{found:?} instead of {expected:?}\n{facts:#?}\n{bits:#?}"
    );
    // A statement decided exactly where the reason says so and the layer is one of statements that matched.
    let by_rule = found.reason() == Reason::Statement;
    assert_eq!(found.rule().is_some(), by_rule, "{found:?}\n{facts:#?}");
}

fn reference_caller(caller: Caller, known: bool) -> reference::Caller {
    match caller {
        Caller::Root => reference::Caller::Root,
        Caller::Service => reference::Caller::Service,
        Caller::Anonymous | Caller::Malformed => reference::Caller::Anonymous,
        _ if known => reference::Caller::Known,
        Caller::Role => reference::Caller::UnknownRole,
        Caller::User | Caller::RoleSession | Caller::FederatedUser => reference::Caller::Unknown,
    }
}

fn start(caller: Caller, known: bool, contract: Contract, no_caller_side: bool) -> (Facts, reference::Bits) {
    let facts = Facts {
        caller,
        known,
        same_account: true,
        contract,
        policy_held: false,
        uncontrolled: false,
        uncontrolled_for_users: false,
        no_caller_side,
        owned_by_aws: false,
        rcps: Levels::default(),
        scps: Levels::default(),
        endpoint: None,
        resource: ResourceVerdict::default(),
        identity: Verdict::default(),
        boundary: None,
        session: None,
    };
    let bits = reference::Bits {
        caller: reference_caller(caller, known),
        same_account: true,
        contract: match contract {
            _ if no_caller_side => reference::Contract::NoCallerSide,
            Contract::None => reference::Contract::Ordinary,
            Contract::Key => reference::Contract::Key,
            Contract::Trust => reference::Contract::Trust,
        },
        not_controlled: false,
        owned_by_aws: false,
        rcp_denies: None,
        scp_denies: None,
        scp_silent: None,
        endpoint: None,
        resource: None,
        identity: reference::Says::default(),
        boundary: None,
        session: None,
    };
    (facts, bits)
}

/// What a resource's policy can say: there is none, or any mixture of deny, direct, session and account.
fn resources() -> impl Iterator<Item = Option<reference::ResourceSays>> + Clone {
    let mixtures = (0..16_u8).map(|mix| {
        let bit = |at: u8| mix & (1 << at) != 0;
        Some(reference::ResourceSays { denies: bit(0), direct: bit(1), session: bit(2), account: bit(3) })
    });
    std::iter::once(None).chain(mixtures)
}

#[test]
fn e5_the_combination_is_the_references_over_its_whole_domain() {
    let mut count = 0_usize;
    for (caller, known) in CALLERS {
        for (contract, no_caller_side) in CONTRACTS {
            let (mut facts, mut bits) = start(caller, known, contract, no_caller_side);
            for mix in 0..8_u8 {
                let bit = |at: u8| mix & (1 << at) != 0;
                (facts.same_account, bits.same_account) = (bit(0), bit(0));
                (facts.owned_by_aws, bits.owned_by_aws) = (bit(1), bit(1));
                (facts.rcps.deny, bits.rcp_denies) =
                    if bit(2) { (Some((3, RuleId(3))), Some(3)) } else { (None, None) };
                for (deny, missing) in LEVELS {
                    facts.scps = Levels { deny: deny.map(|level| (level, RuleId(4))), missing };
                    (bits.scp_denies, bits.scp_silent) = (deny.map(usize::from), missing.map(usize::from));
                    for endpoint in optional() {
                        (facts.endpoint, bits.endpoint) = (endpoint.map(verdict), endpoint.map(says));
                        for resource in resources() {
                            facts.policy_held = resource.is_some();
                            bits.resource = resource;
                            let resource = resource.unwrap_or_default();
                            let rule = |on: bool, rule: u32| on.then_some(RuleId(rule));
                            facts.resource = ResourceVerdict {
                                deny: rule(resource.denies, 5),
                                direct: rule(resource.direct, 6),
                                session: rule(resource.session, 7),
                                account: rule(resource.account, 8),
                            };
                            for identity in SAYS {
                                (facts.identity, bits.identity) = (verdict(identity), says(identity));
                                for boundary in optional() {
                                    (facts.boundary, bits.boundary) =
                                        (boundary.map(verdict), boundary.map(says));
                                    for session in optional() {
                                        (facts.session, bits.session) =
                                            (session.map(verdict), session.map(says));
                                        compare(&facts, &bits);
                                        count += 1;
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    println!("{count} mixtures of facts, no difference");
    assert_eq!(count, 11 * 4 * 8 * 4 * 5 * 17 * 4 * 5 * 5);
}

/// Rule E8: what no policy controls is allowed to whoever is authenticated, or to users and root, whatever any layer says.
#[test]
fn e8_what_no_policy_controls() {
    for (caller, known) in CALLERS {
        for (uncontrolled, for_users) in [(true, false), (false, true)] {
            let (facts, bits) = start(caller, known, Contract::None, false);
            let deny = Verdict::default().denied_by(RuleId(1));
            let facts = Facts {
                uncontrolled,
                uncontrolled_for_users: for_users,
                identity: deny,
                endpoint: Some(deny),
                rcps: Levels { deny: Some((0, RuleId(1))), missing: None },
                ..facts
            };
            let user = matches!(caller, Caller::User | Caller::Root);
            let not_controlled = uncontrolled && caller != Caller::Anonymous || for_users && user;
            let bits = reference::Bits {
                not_controlled,
                rcp_denies: Some(0),
                identity: says((true, false)),
                endpoint: Some(says((true, false))),
                ..bits
            };
            compare(&facts, &bits);
            assert_eq!(combine::combine(&facts).is_allowed(), not_controlled);
        }
    }
}

/// What is no principal at all is denied before anything else is asked.
#[test]
fn e13_a_malformed_principal_is_denied() {
    let allow = Verdict::default().allowed_by(RuleId(1));
    let (facts, _) = start(Caller::Malformed, false, Contract::None, false);
    let resource = ResourceVerdict { direct: Some(RuleId(1)), ..ResourceVerdict::default() };
    for uncontrolled in [false, true] {
        let facts = Facts { uncontrolled, identity: allow, resource, policy_held: true, ..facts };
        let decided = combine::combine(&facts);
        assert_eq!(
            (decided.effect(), decided.layer(), decided.reason()),
            (Effect::ImplicitDeny, Layer::None, Reason::MalformedPrincipal)
        );
    }
}
