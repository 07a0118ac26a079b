//! Owners, accounts and contracts.

use super::super::support::{OTHER, OWN, World, request, world};
use super::*;

const ALICE: &str = "arn:aws:iam::111111111111:user/alice";

fn owner_of(declared: &[&str], resource: &str) -> Option<String> {
    let model = declared.iter().fold(world(), |model, arn| model.resource(arn, Some(OWN), None));
    owner(&model, resource).map(|owner| owner.arn.to_string())
}

#[test]
fn v6_what_lies_under_a_resource_has_its_owner() {
    for (declared, resource) in [
        ("arn:aws:s3:::b", "arn:aws:s3:::b"),
        ("arn:aws:s3:::b", "arn:aws:s3:::b/x/y:z"),
        ("arn:aws:lambda:r:111111111111:function:f", "arn:aws:lambda:r:111111111111:function:f:prod"),
        ("arn:aws:logs:r:111111111111:log-group:g", "arn:aws:logs:r:111111111111:log-group:g:log-stream:s"),
        ("arn:aws:logs:r:111111111111:log-group:g", "arn:aws:logs:r:111111111111:log-group:g:*"),
        ("arn:aws:logs:r:111111111111:log-group:g:*", "arn:aws:logs:r:111111111111:log-group:g"),
        ("arn:aws:logs:r:111111111111:log-group:g:*", "arn:aws:logs:r:111111111111:log-group:g:log-stream:s"),
        ("arn:aws:sqs:r:111111111111:q", "arn:aws:sqs:r:111111111111:q"),
        ("*", "*"),
    ] {
        assert_eq!(owner_of(&[declared], resource).as_deref(), Some(declared), "{resource}");
    }
    for (declared, resource) in [
        ("arn:aws:s3:::b", "arn:aws:s3:::bb/x"),
        ("arn:aws:s3:::b/x", "arn:aws:s3:::b/x/y"),
        ("arn:aws:s3:::b", "arn:aws-cn:s3:::b/x"),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x"),
        ("arn:aws:lambda:r:111111111111:function:f", "arn:aws:lambda:r:111111111111:function:ff"),
        ("arn:aws:lambda:r:111111111111:function:f", "arn:aws:lambda:x:111111111111:function:f:prod"),
        ("arn:aws:logs:r:111111111111:log-group:g", "arn:aws:logs:r:111111111111:log-group:gg:x"),
        ("arn:aws:sqs:r:111111111111:q", "arn:aws:sqs:r:111111111111:q/x"),
    ] {
        assert_eq!(owner_of(&[declared], resource), None, "{resource}");
    }
    let both = ["arn:aws:s3:::b", "arn:aws:s3:::b/x"];
    assert_eq!(owner_of(&both, "arn:aws:s3:::b/x").as_deref(), Some("arn:aws:s3:::b/x"), "the longest");
}

#[test]
fn v6_the_account_in_the_order_of_the_rule() {
    let bucket = "arn:aws:s3:::b";
    let declared = world().resource(bucket, Some(OTHER), None);
    let account = |model: &Model, principal: &str, resource: &str, given: Option<&str>| {
        let request =
            Request { resource_account: given.map(str::to_owned), ..request(principal, "s3:Get", resource) };
        let asker = Asker::of(model, principal);
        account(&asker, owner(model, resource), &request).map(str::to_owned)
    };
    // The owner's, whatever the request says.
    assert_eq!(account(&declared, ALICE, bucket, Some("999999999999")).as_deref(), Some(OTHER));
    assert_eq!(account(&declared, ALICE, "arn:aws:s3:::b/x", None).as_deref(), Some(OTHER));
    // The request's, before the ARN's.
    let queue = "arn:aws:sqs:r:222222222222:q";
    assert_eq!(account(&world(), ALICE, queue, Some("999999999999")).as_deref(), Some("999999999999"));
    // The ARN's, if it has 12 digits.
    assert_eq!(account(&world(), ALICE, queue, None).as_deref(), Some(OTHER));
    assert_eq!(account(&world(), ALICE, "arn:aws:sqs:r:22222222222:q", None).as_deref(), Some(OWN));
    // The principal's; nobody has one for those who have none.
    assert_eq!(account(&world(), ALICE, bucket, None).as_deref(), Some(OWN));
    assert_eq!(account(&world(), "*", bucket, None), None);
    // Where resources of the service are declared, an undeclared one is another account's: fail closed.
    assert_eq!(account(&declared, ALICE, "arn:aws:s3:::other", None), None);
    assert_eq!(account(&declared, ALICE, "arn:aws:s3:::other", Some(OWN)).as_deref(), Some(OWN));
    assert_eq!(account(&declared, ALICE, "arn:aws:sns:::other", None).as_deref(), Some(OWN));
    assert_eq!(account(&declared, ALICE, "*", None).as_deref(), Some(OWN));
    // An owner without an account lets the rule go on; so does a scenario, which declares the one resource that it asks for.
    let silent = world().resource(bucket, None, None);
    assert_eq!(account(&silent, ALICE, bucket, None).as_deref(), Some(OWN));
    assert_eq!(account(&silent, ALICE, bucket, Some(OTHER)).as_deref(), Some(OTHER));
    assert_eq!(account(&silent.scenario(), ALICE, "arn:aws:s3:::other", None).as_deref(), Some(OWN));
}

#[test]
fn e8_contracts() {
    let role = "arn:aws:iam::111111111111:role/r";
    let key = "arn:aws:kms:eu-west-1:111111111111:key/k";
    for (action, resource, expected) in [
        ("sts:AssumeRole", role, Contract::Trust),
        ("STS:tagsession", role, Contract::Trust),
        ("sts:SetSourceIdentity", role, Contract::Trust),
        ("iam:PassRole", role, Contract::Ordinary),
        ("sts:AssumeRole", "*", Contract::Ordinary),
        ("sts:AssumeRole", ALICE, Contract::Ordinary),
        ("sts:AssumeRoleWithSAML", role, Contract::NoCallerSide),
        ("sts:AssumeRoleWithWebIdentity", "*", Contract::NoCallerSide),
        ("kms:Decrypt", key, Contract::Key),
        ("other:Anything", key, Contract::Key),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:111111111111:alias/k", Contract::Ordinary),
        ("s3:GetObject", "arn:aws:s3:::key/k", Contract::Ordinary),
    ] {
        assert_eq!(contract(&request(ALICE, action, resource)), expected, "{action} {resource}");
    }
}
