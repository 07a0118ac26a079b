//! Who is matched by which entry, and at which level.

use super::super::support::{World, allow, deny, not_to, to, world};
use super::*;
use crate::model::Model;

const ALICE: &str = "arn:aws:iam::111111111111:user/alice";
const BOB: &str = "arn:aws:iam::111111111111:user/team/bob";
const ROLE: &str = "arn:aws:iam::111111111111:role/team/r";
const ROLE_SESSION: &str = "arn:aws:sts::111111111111:assumed-role/r/s";
const FEDERATED_BOB: &str = "arn:aws:sts::111111111111:federated-user/bob";
const ROOT: &str = "arn:aws:iam::111111111111:root";
const PROVIDER: &str = "arn:aws:iam::111111111111:saml-provider/idp";
const SERVICE: &str = "ec2.amazonaws.com";
/// Everybody above and nobody in particular.
const EVERYBODY: [&str; 9] = [ALICE, BOB, ROLE, ROLE_SESSION, FEDERATED_BOB, ROOT, PROVIDER, SERVICE, "*"];

fn held() -> Model {
    let mut model = world().user(ALICE, vec![]).user(BOB, vec![]).role(ROLE, vec![]);
    model.users[1].identity.unique_id = "AIDABOBBOBBOBBOBBOB".into();
    model.roles[0].identity.unique_id = "AROARRRRRRRRRRRRRRR".into();
    model
}

fn level_in(model: &Model, statement: &Statement, principal: &str) -> Option<Level> {
    level(statement, DocumentKind::Resource, &Asker::of(model, principal))
}

/// The level at which `Principal` with one entry matches.
fn one(model: &Model, entry: &str, principal: &str) -> Option<Level> {
    level_in(model, &to(allow("*", "*"), &[entry]), principal)
}

/// Checks that an entry matches exactly these of [`EVERYBODY`].
fn matches(entry: &str, expected: &[(&str, Level)]) {
    for principal in EVERYBODY {
        let wanted = expected.iter().find(|(name, _)| *name == principal).map(|(_, level)| *level);
        assert_eq!(one(&held(), entry, principal), wanted, "{entry} {principal}");
    }
}

#[test]
fn n1_a_star_matches_everybody_directly() {
    for principal in EVERYBODY {
        for entry in ["*", "aws:*"] {
            assert_eq!(one(&held(), entry, principal), Some(Level::Direct), "{entry} {principal}");
        }
    }
    // Anonymous requests match nothing else.
    for entry in ["aws:111111111111", "aws:AIDABOBBOBBOBBOBBOB", "service:x.amazonaws.com", "federated:idp"] {
        assert_eq!(one(&held(), entry, "*"), None, "{entry}");
    }
}

#[test]
fn n2_an_account_matches_everybody_in_it_at_account_level() {
    let all = [ALICE, BOB, ROLE, ROLE_SESSION, FEDERATED_BOB, ROOT].map(|name| (name, Level::Account));
    matches("aws:111111111111", &all);
    matches("aws:arn:aws:iam::111111111111:root", &all);
    matches("aws:222222222222", &[]);
    matches("aws:11111111111", &[]);
    // Known or not.
    let foreign = "arn:aws:iam::111111111111:user/nobody";
    assert_eq!(one(&held(), "aws:111111111111", foreign), Some(Level::Account));
}

#[test]
fn n3_users_roles_and_sessions() {
    matches(&format!("aws:{ALICE}"), &[(ALICE, Level::Direct)]);
    matches(&format!("aws:{BOB}"), &[(BOB, Level::Direct), (FEDERATED_BOB, Level::Session)]);
    matches(&format!("aws:{ROLE}"), &[(ROLE, Level::Session), (ROLE_SESSION, Level::Session)]);
    matches(&format!("aws:{ROLE_SESSION}"), &[(ROLE_SESSION, Level::Direct)]);
    matches(&format!("aws:{FEDERATED_BOB}"), &[(FEDERATED_BOB, Level::Direct)]);
    for entry in [
        "aws:arn:aws:sts::111111111111:assumed-role/r/other",
        "aws:arn:aws:sts::111111111111:assumed-role/R/s",
        "aws:arn:aws:iam::111111111111:user/Alice",
        "aws:arn:aws:iam::222222222222:role/team/r",
        "aws:arn:aws-cn:iam::111111111111:role/team/r",
        "aws:arn:aws:iam::111111111111:user/r",
        "aws:arn:aws:iam::111111111111:role/alice",
        "aws:arn:aws:iam:eu-west-1:111111111111:role/team/r",
    ] {
        matches(entry, &[]);
    }
    // The closest of several entries counts.
    let several = to(allow("*", "*"), &["aws:111111111111", &format!("aws:{ALICE}"), "service:x"]);
    assert_eq!(level_in(&held(), &several, ALICE), Some(Level::Direct));
    assert_eq!(level_in(&held(), &several, BOB), Some(Level::Account));
}

#[test]
fn n3_the_path_counts_where_the_identity_is_held() {
    let elsewhere = "aws:arn:aws:iam::111111111111:role/r";
    let bob_elsewhere = "aws:arn:aws:iam::111111111111:user/bob";
    matches(elsewhere, &[]);
    matches(bob_elsewhere, &[]);
    // A bare role under another path than the held one is nobody's: neither its own ARN nor the held one's names it.
    let bare = "arn:aws:iam::111111111111:role/r";
    for entry in [elsewhere, &format!("aws:{ROLE}")] {
        assert_eq!(one(&held(), entry, bare), None, "{entry}");
    }
    assert_eq!(one(&held(), "aws:111111111111", bare), Some(Level::Account));
    // Not held: account and name alone.
    for entry in [elsewhere, &format!("aws:{ROLE}")] {
        assert_eq!(one(&world(), entry, ROLE_SESSION), Some(Level::Session), "{entry}");
    }
    assert_eq!(one(&world(), bob_elsewhere, FEDERATED_BOB), Some(Level::Session));
}

#[test]
fn n3_in_a_scenario_account_and_name_alone() {
    let model = world().role("arn:aws:iam::111111111111:role/r", vec![]).scenario();
    for path in ["", "team/", "x/y/"] {
        let entry = format!("aws:arn:aws:iam::111111111111:role/{path}r");
        assert_eq!(one(&model, &entry, ROLE_SESSION), Some(Level::Session), "{entry}");
    }
    assert_eq!(one(&model, "aws:arn:aws:iam::111111111111:role/team", ROLE_SESSION), None);
    let model = world().user("arn:aws:iam::111111111111:user/bob", vec![]).scenario();
    assert_eq!(one(&model, &format!("aws:{BOB}"), FEDERATED_BOB), Some(Level::Session));
}

#[test]
fn n4_groups_and_wildcards_match_nobody() {
    matches("aws:arn:aws:iam::111111111111:group/g", &[]);
    matches("aws:arn:aws:iam::111111111111:user/*", &[]);
    matches("aws:arn:aws:iam::111111111111:*", &[]);
    matches("aws:arn:aws:sts::111111111111:assumed-role/r/*", &[]);
}

#[test]
fn n5_services_and_providers_match_by_exact_name() {
    matches("service:ec2.amazonaws.com", &[(SERVICE, Level::Direct)]);
    matches("federated:ec2.amazonaws.com", &[(SERVICE, Level::Direct)]);
    matches("aws:ec2.amazonaws.com", &[]);
    matches("service:EC2.amazonaws.com", &[]);
    matches(&format!("federated:{PROVIDER}"), &[(PROVIDER, Level::Direct)]);
    matches(&format!("service:{PROVIDER}"), &[]);
    matches(&format!("aws:{PROVIDER}"), &[]);
    matches("service:*", &[]);
    matches("federated:*", &[]);
    matches("canonical:*", &[]);
    matches("canonical:0123456789abcdef", &[]);
    // Users do not stand under Federated.
    matches(&format!("federated:{ALICE}"), &[]);
}

#[test]
fn n5_unique_ids_mean_the_identity_that_has_them() {
    matches("aws:AIDABOBBOBBOBBOBBOB", &[(BOB, Level::Direct), (FEDERATED_BOB, Level::Session)]);
    matches("aws:AROARRRRRRRRRRRRRRR", &[(ROLE, Level::Session), (ROLE_SESSION, Level::Session)]);
    matches("aws:AIDANOBODYNOBODYNOB", &[]);
    // Nobody has the empty id, although many have none.
    matches("aws:", &[]);
}

#[test]
fn p2_an_absent_principal_is_everybody_in_rcps_and_endpoint_policies() {
    let asker = held();
    let asker = Asker::of(&asker, "*");
    for (kind, expected) in [
        (DocumentKind::Rcp, Some(Level::Direct)),
        (DocumentKind::Endpoint, Some(Level::Direct)),
        (DocumentKind::Resource, None),
        (DocumentKind::Trust, None),
    ] {
        assert_eq!(level(&allow("*", "*"), kind, &asker), expected, "{kind:?}");
    }
}

/// Whom of [`EVERYBODY`] a `NotPrincipal` with `Deny` spares.
fn spared(model: &Model, entries: &[&str]) -> Vec<&'static str> {
    let statement = not_to(deny("*", "*"), entries);
    EVERYBODY.into_iter().filter(|it| level_in(model, &statement, it).is_none()).collect()
}

#[test]
fn n6_a_deny_spares_whom_an_entry_matches_directly_or_at_session_level() {
    let model = held();
    assert_eq!(spared(&model, &[&format!("aws:{ALICE}")]), [ALICE]);
    assert_eq!(spared(&model, &[&format!("aws:{ROLE}")]), [ROLE, ROLE_SESSION]);
    assert_eq!(spared(&model, &[&format!("aws:{BOB}")]), [BOB, FEDERATED_BOB]);
    assert_eq!(
        spared(&model, &[&format!("aws:{ROLE_SESSION}"), "service:ec2.amazonaws.com"]),
        [ROLE_SESSION, SERVICE]
    );
    // An account entry alone spares nobody but that account's root user.
    assert_eq!(spared(&model, &["aws:111111111111"]), [ROOT]);
    assert_eq!(spared(&model, &["aws:222222222222"]), [""; 0]);
    assert_eq!(
        spared(&model, &["aws:arn:aws:iam::111111111111:root", &format!("aws:{ALICE}")]),
        [ALICE, ROOT]
    );
    // "*" spares everybody, but not under another type.
    assert_eq!(spared(&model, &["*"]), EVERYBODY);
    assert_eq!(spared(&model, &["aws:*"]), EVERYBODY);
    assert_eq!(spared(&model, &["service:*"]), [""; 0]);
}

#[test]
fn n6_a_principal_with_a_boundary_is_never_spared() {
    let model = held().bounded(vec![allow("*", "*")]);
    for entries in [&["*"][..], &["aws:*", &format!("aws:{ALICE}"), &format!("aws:{ROLE}")]] {
        assert_eq!(spared(&model, entries), [ROOT, PROVIDER, SERVICE, "*"], "{entries:?}");
    }
}

#[test]
fn n6_an_allow_matches_directly_whom_no_entry_matches_at_any_level() {
    let granted = |entries: &[&str]| -> Vec<&str> {
        let statement = not_to(allow("*", "*"), entries);
        let model = held();
        let all = EVERYBODY.into_iter().map(|it| (it, level_in(&model, &statement, it)));
        all.filter_map(|(it, level)| level.map(|level| assert_eq!(level, Level::Direct)).map(|()| it))
            .collect()
    };
    assert_eq!(granted(&["aws:111111111111"]), [PROVIDER, SERVICE, "*"]);
    assert_eq!(granted(&["*"]), [""; 0]);
    assert_eq!(
        granted(&[&format!("aws:{ROLE}"), &format!("aws:{BOB}")]),
        [ALICE, ROOT, PROVIDER, SERVICE, "*"]
    );
}
