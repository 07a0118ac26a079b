//! The flow of E over its whole domain, and each of its rules by itself.

use super::*;

const SILENT: Says = Says { denies: false, allows: false };
const ALLOWS: Says = Says { denies: false, allows: true };
const DENIES: Says = Says { denies: true, allows: true };
const NOTHING: ResourceSays = ResourceSays { denies: false, direct: false, session: false, account: false };
const DIRECT: ResourceSays = ResourceSays { direct: true, ..NOTHING };
const SESSION: ResourceSays = ResourceSays { session: true, ..NOTHING };
const ACCOUNT: ResourceSays = ResourceSays { account: true, ..NOTHING };

/// A known principal on a resource of its account, without any grant.
const BASE: Bits = Bits {
    caller: Caller::Known,
    same_account: true,
    contract: Contract::Ordinary,
    not_controlled: false,
    owned_by_aws: false,
    rcp_denies: None,
    scp_denies: None,
    scp_silent: None,
    endpoint: None,
    resource: None,
    identity: SILENT,
    boundary: None,
    session: None,
};
const GRANTED: Bits = Bits { identity: ALLOWS, ..BASE };

const CALLERS: [Caller; 6] =
    [Caller::Known, Caller::Unknown, Caller::UnknownRole, Caller::Root, Caller::Service, Caller::Anonymous];
const CONTRACTS: [Contract; 4] = [Contract::Ordinary, Contract::Key, Contract::Trust, Contract::NoCallerSide];

fn decided(bits: Bits) -> (Effect, Layer) {
    let outcome = combine(&bits);
    (outcome.effect, outcome.layer)
}

fn says() -> impl Iterator<Item = Says> + Clone {
    (0..4).map(|bits| Says { denies: bits & 1 == 1, allows: bits & 2 == 2 })
}

fn optional<T>(values: impl Iterator<Item = T>) -> impl Iterator<Item = Option<T>> {
    std::iter::once(None).chain(values.map(Some))
}

/// Calls with every mixture of bits of these callers, but for levels other than the first.
fn everything(mut check: impl FnMut(&Bits)) {
    let resources = (0..16).map(|bits| ResourceSays {
        denies: bits & 1 != 0,
        direct: bits & 2 != 0,
        session: bits & 4 != 0,
        account: bits & 8 != 0,
    });
    let resources: Vec<_> = optional(resources).collect();
    let layers: Vec<_> = optional(says()).collect();
    let flags = [false, true];
    for (caller, contract) in CALLERS.iter().flat_map(|caller| CONTRACTS.map(|contract| (*caller, contract)))
    {
        for (same_account, owned_by_aws) in flags.iter().flat_map(|one| flags.map(|two| (*one, two))) {
            for resource in &resources {
                for endpoint in [None, Some(ALLOWS), Some(DENIES), Some(SILENT)] {
                    for scp in 0..3 {
                        for (boundary, session) in
                            layers.iter().flat_map(|one| layers.iter().map(move |two| (one, two)))
                        {
                            for identity in says() {
                                check(&Bits {
                                    caller,
                                    same_account,
                                    contract,
                                    owned_by_aws,
                                    scp_denies: (scp == 1).then_some(0),
                                    scp_silent: (scp == 2).then_some(0),
                                    endpoint,
                                    resource: *resource,
                                    identity,
                                    boundary: *boundary,
                                    session: *session,
                                    ..BASE
                                });
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The rules once more as one sentence for each kind of caller, without order or layers.
fn is_allowed(bits: &Bits) -> bool {
    let resource = bits.resource.unwrap_or_default();
    let allowed_by = |layer: Option<Says>| layer.is_none_or(|says| says.allows && !says.denies);
    let any = resource.direct || resource.session || resource.account;
    // E2, E12, E11, and the resource's own deny bear on everybody.
    if bits.rcp_denies.is_some() || bits.owned_by_aws || resource.denies || !allowed_by(bits.endpoint) {
        return false;
    }
    if bits.contract == Contract::NoCallerSide {
        return resource.direct || resource.session && bits.caller != Caller::Unknown;
    }
    if matches!(bits.caller, Caller::Service | Caller::Anonymous) {
        return resource.direct || resource.session;
    }
    if bits.scp_denies.is_some() || bits.scp_silent.is_some() {
        return false;
    }
    let is_strict = bits.contract != Contract::Ordinary;
    match (bits.caller, bits.same_account) {
        (Caller::Root, true) => !is_strict || any,
        (Caller::Root, false) => any,
        // E6: session policies, which may be given for whoever asks, deny; and limit what a match at session level grants.
        (Caller::UnknownRole | Caller::Unknown, _) if bits.session.is_some_and(|says| says.denies) => false,
        (Caller::UnknownRole, same) => {
            same && (resource.direct || resource.session && allowed_by(bits.session))
        }
        (Caller::Unknown, same) => same && resource.direct,
        (_, same) => {
            let denied = bits.identity.denies
                || [bits.boundary, bits.session].iter().flatten().any(|says| says.denies);
            let limits = allowed_by(bits.boundary) && allowed_by(bits.session);
            let own = bits.identity.allows && limits;
            !denied
                && if same {
                    own && (!is_strict || any) || resource.direct || resource.session && limits
                } else {
                    own && any
                }
        }
    }
}

#[test]
fn e_the_whole_domain() {
    everything(|bits| {
        let outcome = combine(bits);
        assert_eq!(outcome.effect == Effect::Allow, is_allowed(bits), "{bits:?} {outcome:?}");
        // V5: a layer that is not there decides nothing.
        let is_there = match outcome.layer {
            Layer::Scp => bits.scp_denies.or(bits.scp_silent).is_some(),
            Layer::Endpoint => bits.endpoint.is_some(),
            Layer::Boundary => bits.boundary.is_some(),
            Layer::Session => bits.session.is_some(),
            Layer::Service => bits.owned_by_aws,
            Layer::Identity | Layer::Resource => true,
            _ => false,
        };
        assert!(is_there, "{bits:?} {outcome:?}");
        // Levels belong to control policies, and `counted` to allows.
        assert_eq!(outcome.level.is_some(), outcome.layer == Layer::Scp, "{bits:?}");
        assert_eq!(outcome.counted.is_some(), outcome.effect == Effect::Allow, "{bits:?}");
    });
}

#[test]
fn v1_another_deny_never_grants_and_another_allow_never_takes_away() {
    let is_allowed = |bits: Bits| combine(&bits).effect == Effect::Allow;
    let more = |says: Says| Says { allows: true, ..says };
    everything(|bits| {
        let resource = bits.resource.map(|it| ResourceSays { direct: true, ..it });
        let kinder = [
            Bits { identity: more(bits.identity), ..*bits },
            Bits { boundary: bits.boundary.map(more), ..*bits },
            Bits { session: None, ..*bits },
            Bits { scp_silent: None, ..*bits },
            Bits { resource, ..*bits },
        ];
        let resource = bits.resource.filter(|it| it.denies);
        let harsher = [
            Bits { identity: Says { denies: true, ..bits.identity }, ..*bits },
            Bits { boundary: bits.boundary.or(Some(SILENT)), ..*bits },
            Bits { rcp_denies: Some(0), ..*bits },
            Bits { resource, ..*bits },
        ];
        let before = is_allowed(*bits);
        assert!(!before || kinder.into_iter().all(is_allowed), "{bits:?}");
        assert!(before || !harsher.into_iter().any(is_allowed), "{bits:?}");
    });
}

#[test]
fn v5_explicit_denies_in_their_order() {
    let mut bits = Bits {
        rcp_denies: Some(1),
        scp_denies: Some(2),
        endpoint: Some(DENIES),
        resource: Some(ResourceSays { denies: true, ..DIRECT }),
        identity: DENIES,
        boundary: Some(DENIES),
        session: Some(DENIES),
        ..BASE
    };
    let mut next = |layer, level, clear: fn(&mut Bits)| {
        let outcome = combine(&bits);
        assert_eq!((outcome.effect, outcome.layer, outcome.level), (Effect::ExplicitDeny, layer, level));
        clear(&mut bits);
    };
    next(Layer::Rcp, Some(1), |bits| bits.rcp_denies = None);
    next(Layer::Scp, Some(2), |bits| bits.scp_denies = None);
    next(Layer::Endpoint, None, |bits| bits.endpoint = None);
    next(Layer::Resource, None, |bits| bits.resource = None);
    next(Layer::Identity, None, |bits| bits.identity = ALLOWS);
    next(Layer::Boundary, None, |bits| bits.boundary = None);
    next(Layer::Session, None, |bits| bits.session = None);
    assert_eq!(decided(bits), (Effect::Allow, Layer::Identity));
}

#[test]
fn v5_implicit_denies_in_their_order() {
    let mut bits = Bits {
        scp_silent: Some(1),
        endpoint: Some(SILENT),
        same_account: false,
        boundary: Some(SILENT),
        session: Some(SILENT),
        ..BASE
    };
    let mut next = |layer, reason, level, give: fn(&mut Bits)| {
        let outcome = combine(&bits);
        assert_eq!((outcome.layer, outcome.reason, outcome.level), (layer, reason, level));
        assert_eq!(outcome.effect, Effect::ImplicitDeny);
        give(&mut bits);
    };
    next(Layer::Scp, Reason::NoStatement, Some(1), |bits| bits.scp_silent = None);
    next(Layer::Endpoint, Reason::NoStatement, None, |bits| bits.endpoint = Some(ALLOWS));
    next(Layer::Resource, Reason::CrossAccount, None, |bits| bits.resource = Some(NOTHING));
    next(Layer::Resource, Reason::NoStatement, None, |bits| bits.resource = Some(ACCOUNT));
    next(Layer::Identity, Reason::NoStatement, None, |bits| bits.identity = ALLOWS);
    next(Layer::Boundary, Reason::NoStatement, None, |bits| bits.boundary = Some(ALLOWS));
    next(Layer::Session, Reason::NoStatement, None, |bits| bits.session = Some(ALLOWS));
    assert_eq!(decided(bits), (Effect::Allow, Layer::Identity));
}

#[test]
fn v5_what_is_missing_is_named() {
    let reason = |caller, contract, resource| {
        combine(&Bits { caller, contract, resource, same_account: false, ..GRANTED }).reason
    };
    for caller in CALLERS {
        for contract in CONTRACTS {
            let has_account = !matches!(caller, Caller::Service | Caller::Anonymous);
            let expected = match contract {
                Contract::Trust | Contract::NoCallerSide => Reason::NoTrustPolicy,
                Contract::Key => Reason::NoKeyPolicy,
                Contract::Ordinary if has_account => Reason::CrossAccount,
                Contract::Ordinary => Reason::NoResourcePolicy,
            };
            assert_eq!(reason(caller, contract, None), expected, "{caller:?} {contract:?}");
            assert_eq!(
                reason(caller, contract, Some(NOTHING)),
                Reason::NoStatement,
                "{caller:?} {contract:?}"
            );
        }
    }
}

#[test]
fn e3_within_one_account_either_side_suffices() {
    assert_eq!(decided(GRANTED), (Effect::Allow, Layer::Identity));
    for resource in [DIRECT, SESSION] {
        let bits = Bits { resource: Some(resource), ..BASE };
        assert_eq!(decided(bits), (Effect::Allow, Layer::Resource));
        assert_eq!(decided(Bits { identity: ALLOWS, ..bits }), (Effect::Allow, Layer::Identity));
    }
    // An account-level match does not grant by itself.
    let bits = Bits { resource: Some(ACCOUNT), ..BASE };
    assert_eq!(decided(bits), (Effect::ImplicitDeny, Layer::Identity));
}

#[test]
fn e4_another_account_needs_both_sides() {
    let other = Bits { same_account: false, ..GRANTED };
    assert_eq!(decided(other), (Effect::ImplicitDeny, Layer::Resource));
    for resource in [DIRECT, SESSION, ACCOUNT] {
        let bits = Bits { resource: Some(resource), ..other };
        assert_eq!(decided(bits), (Effect::Allow, Layer::Identity));
        assert_eq!(decided(Bits { identity: SILENT, ..bits }), (Effect::ImplicitDeny, Layer::Identity));
        // E5 is for the same account only.
        assert_eq!(decided(Bits { boundary: Some(SILENT), ..bits }), (Effect::ImplicitDeny, Layer::Boundary));
        assert_eq!(decided(Bits { session: Some(SILENT), ..bits }), (Effect::ImplicitDeny, Layer::Session));
    }
}

#[test]
fn e5_e6_a_direct_match_grants_past_boundary_and_session() {
    for (limit, layer) in [
        (Bits { boundary: Some(SILENT), ..BASE }, Layer::Boundary),
        (Bits { session: Some(SILENT), ..BASE }, Layer::Session),
    ] {
        assert_eq!(decided(Bits { identity: ALLOWS, ..limit }), (Effect::ImplicitDeny, layer));
        assert_eq!(decided(Bits { resource: Some(DIRECT), ..limit }), (Effect::Allow, Layer::Resource));
        // A session-level match does not.
        assert_eq!(decided(Bits { resource: Some(SESSION), ..limit }), (Effect::ImplicitDeny, layer));
        // Without a grant it is the identity that did not allow.
        assert_eq!(decided(limit), (Effect::ImplicitDeny, Layer::Identity));
    }
    // An explicit deny in them always denies.
    let denied = Bits { resource: Some(DIRECT), boundary: Some(DENIES), ..BASE };
    assert_eq!(decided(denied), (Effect::ExplicitDeny, Layer::Boundary));
}

#[test]
fn e7_root() {
    let root = Bits {
        caller: Caller::Root,
        identity: DENIES,
        boundary: Some(DENIES),
        session: Some(DENIES),
        ..BASE
    };
    assert_eq!(decided(root), (Effect::Allow, Layer::Identity));
    assert_eq!(combine(&root).reason, Reason::RootUser);
    assert_eq!(decided(Bits { scp_denies: Some(0), ..root }), (Effect::ExplicitDeny, Layer::Scp));
    assert_eq!(decided(Bits { scp_silent: Some(0), ..root }), (Effect::ImplicitDeny, Layer::Scp));
    assert_eq!(decided(Bits { endpoint: Some(SILENT), ..root }), (Effect::ImplicitDeny, Layer::Endpoint));
    let denied = Some(ResourceSays { denies: true, ..NOTHING });
    assert_eq!(decided(Bits { resource: denied, ..root }), (Effect::ExplicitDeny, Layer::Resource));
    for contract in [Contract::Key, Contract::Trust] {
        let strict = Bits { contract, ..root };
        assert_eq!(decided(strict), (Effect::ImplicitDeny, Layer::Resource));
        assert_eq!(decided(Bits { resource: Some(ACCOUNT), ..strict }), (Effect::Allow, Layer::Identity));
    }
    let across = Bits { same_account: false, resource: Some(ACCOUNT), ..root };
    assert_eq!(decided(across), (Effect::Allow, Layer::Resource));
}

#[test]
fn e8_keys_and_trust_policies() {
    for contract in [Contract::Key, Contract::Trust] {
        let strict = Bits { contract, ..GRANTED };
        assert_eq!(decided(strict), (Effect::ImplicitDeny, Layer::Resource));
        assert_eq!(
            decided(Bits { resource: Some(NOTHING), ..strict }),
            (Effect::ImplicitDeny, Layer::Resource)
        );
        for resource in [DIRECT, SESSION, ACCOUNT].map(Some) {
            assert_eq!(decided(Bits { resource, ..strict }), (Effect::Allow, Layer::Identity));
        }
        let silent = Bits { identity: SILENT, ..strict };
        for resource in [DIRECT, SESSION].map(Some) {
            assert_eq!(decided(Bits { resource, ..silent }), (Effect::Allow, Layer::Resource));
        }
        assert_eq!(
            decided(Bits { resource: Some(ACCOUNT), ..silent }),
            (Effect::ImplicitDeny, Layer::Identity)
        );
        // E5 limits it.
        let bounded = Bits { boundary: Some(SILENT), ..strict };
        assert_eq!(
            decided(Bits { resource: Some(SESSION), ..bounded }),
            (Effect::ImplicitDeny, Layer::Boundary)
        );
        assert_eq!(decided(Bits { resource: Some(DIRECT), ..bounded }), (Effect::Allow, Layer::Resource));
    }
}

#[test]
fn e8_actions_without_a_caller_side() {
    for caller in CALLERS {
        let bits = Bits {
            caller,
            contract: Contract::NoCallerSide,
            same_account: false,
            scp_denies: Some(0),
            identity: DENIES,
            boundary: Some(DENIES),
            session: Some(DENIES),
            resource: Some(DIRECT),
            ..BASE
        };
        assert_eq!(decided(bits), (Effect::Allow, Layer::Resource), "{caller:?}");
        assert_eq!(
            decided(Bits { resource: Some(ACCOUNT), ..bits }),
            (Effect::ImplicitDeny, Layer::Resource)
        );
        assert_eq!(decided(Bits { rcp_denies: Some(0), ..bits }), (Effect::ExplicitDeny, Layer::Rcp));
    }
}

#[test]
fn e8_what_no_policy_controls() {
    let free = Bits { not_controlled: true, rcp_denies: Some(0), identity: DENIES, ..BASE };
    assert_eq!(decided(free), (Effect::Allow, Layer::Service));
}

#[test]
fn e9_e10_resource_policies_grant_to_services_and_nobody() {
    for caller in [Caller::Service, Caller::Anonymous] {
        let bits = Bits { caller, same_account: false, scp_silent: Some(0), resource: Some(DIRECT), ..BASE };
        assert_eq!(decided(bits), (Effect::Allow, Layer::Resource));
        assert_eq!(decided(Bits { resource: None, ..bits }), (Effect::ImplicitDeny, Layer::Resource));
        assert_eq!(decided(Bits { rcp_denies: Some(0), ..bits }), (Effect::ExplicitDeny, Layer::Rcp));
        assert_eq!(decided(Bits { endpoint: Some(SILENT), ..bits }), (Effect::ImplicitDeny, Layer::Endpoint));
    }
}

#[test]
fn e11_what_aws_owns() {
    let owned = Bits { owned_by_aws: true, scp_silent: Some(0), ..GRANTED };
    assert_eq!(decided(owned), (Effect::ImplicitDeny, Layer::Service));
    // After V1's explicit denies.
    assert_eq!(decided(Bits { identity: DENIES, ..owned }), (Effect::ExplicitDeny, Layer::Identity));
}

#[test]
fn e13_unknown_principals() {
    for caller in [Caller::Unknown, Caller::UnknownRole] {
        let bits = Bits { caller, identity: ALLOWS, ..BASE };
        assert_eq!(combine(&bits).reason, Reason::UnknownPrincipal);
        assert_eq!(decided(bits), (Effect::ImplicitDeny, Layer::Identity));
        assert_eq!(decided(Bits { resource: Some(DIRECT), ..bits }), (Effect::Allow, Layer::Resource));
        assert_eq!(
            decided(Bits { resource: Some(ACCOUNT), ..bits }),
            (Effect::ImplicitDeny, Layer::Identity)
        );
        let across = Bits { same_account: false, resource: Some(DIRECT), ..bits };
        assert_eq!(combine(&across).reason, Reason::UnknownPrincipal);
    }
    // A bare role's own ARN matches at session level; that of the role behind an unknown session grants nothing.
    let named = Bits { resource: Some(SESSION), ..BASE };
    assert_eq!(decided(Bits { caller: Caller::UnknownRole, ..named }), (Effect::Allow, Layer::Resource));
    assert_eq!(decided(Bits { caller: Caller::Unknown, ..named }), (Effect::ImplicitDeny, Layer::Identity));
}
