//! Faults of meaning: denies lost, grants from nowhere, lists cut short.

use portcullis::ask::ask;
use portcullis::compiler::request::{ContextValue, Request};
use portcullis::runtime::{Decision, Effect, Reason};

use super::{compiled, decide, worlds};

/// Random worlds: whatever is merged, folded and shared, and in whichever order statements stand, the decisions stay those of the source.
#[test]
fn optimiser_changed_meaning() {
    for seed in 10_000..10_040 {
        let world = worlds::world(seed, 60);
        let model = compiled::model(compiled::resolved(&[("world.json", &world.snapshot)]));
        let decided = decide(&model, &world.requests);
        let mut other = model.clone();
        let policies = other.policies.iter_mut().flat_map(|policy| &mut policy.versions);
        let documents = policies.map(|version| &mut version.document);
        let users = other.users.iter_mut().map(|user| &mut user.identity);
        let inline = users.flat_map(|identity| &mut identity.inline).map(|inline| &mut inline.document);
        documents.chain(inline).for_each(|document| document.statements.reverse());
        let again = decide(&other, &world.requests);
        for ((one, other), request) in decided.iter().zip(&again).zip(&world.requests) {
            let [one, other] = [one, other].map(|it| (it.effect(), it.layer(), it.reason()));
            assert_eq!(one, other, "seed {seed}: {request:#?}");
        }
    }
}

/// Rule V1, with the deny and the allow in every pair of places.
#[test]
fn narrow_allow_hid_a_wide_deny() {
    let narrow = compiled::statement("Allow", "s3:GetObject", &["arn:aws:s3:::a/b/c"]);
    let wide = [
        compiled::statement("Deny", "*", &["*"]),
        compiled::statement("Deny", "s3:*", &["arn:aws:s3:::a*"]),
        compiled::statement("Deny", "*:Get*", &["*"]),
        r#"{"Effect": "Deny", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::z"}"#.to_owned(),
        r#"{"Effect": "Deny", "Action": "s3:Get*", "Resource": "*", "Condition": {"Null": {"k:x": "true"}}}"#
            .to_owned(),
        r#"{"Effect": "Deny", "Action": "s3:Get*", "Resource": "arn:aws:s3:::a/${aws:username, 'x'}*"}"#
            .replace("aws:username", "k:none")
            .replace("'x'", "'b'"),
    ];
    let request = compiled::request("s3:GetObject", "arn:aws:s3:::a/b/c");
    let other = compiled::statement("Allow", "*", &["*"]);
    for deny in &wide {
        let statements: &[&[&[&String]]] = &[
            &[&[&narrow, deny]],
            &[&[deny, &narrow]],
            &[&[&other, deny, &narrow]],
            &[&[&narrow], &[deny]],
            &[&[deny], &[&other]],
        ];
        for documents in statements {
            let own = |statements: &[&String]| {
                compiled::document(&statements.iter().map(|&it| it.clone()).collect::<Vec<_>>())
            };
            let documents: Vec<String> = documents.iter().map(|statements| own(statements)).collect();
            let texts: Vec<&str> = documents.iter().map(String::as_str).collect();
            let model = compiled::model(compiled::attached(&texts));
            let decided = decide(&model, std::slice::from_ref(&request))[0];
            assert_eq!(decided.effect(), Effect::ExplicitDeny, "{documents:#?}");
        }
    }
}

/// Rules C5 and C6: several values are several values.
#[test]
fn multi_valued_header() {
    let statement = |effect: &str, action: &str, operator: &str| {
        format!(
            r#"{{"Effect": "{effect}", "Action": "{action}", "Resource": "*", "Condition": {{"{operator}": {{"k:x": ["good", "fine"]}}}}}}"#
        )
    };
    let document = compiled::document(&[
        statement("Allow", "svc:Plain", "StringEquals"),
        statement("Allow", "svc:Not", "StringNotEquals"),
        statement("Allow", "svc:All", "ForAllValues:StringEquals"),
        statement("Allow", "svc:Any", "ForAnyValue:StringEquals"),
        compiled::statement("Allow", "svc:Denied", &["*"]),
        statement("Deny", "svc:Denied", "ForAnyValue:StringNotEquals"),
    ]);
    let model = compiled::model(compiled::attached(&[&document]));
    let allowed = |values: ContextValue| -> Vec<bool> {
        let requests: Vec<Request> = ["Plain", "Not", "All", "Any", "Denied"]
            .iter()
            .map(|name| {
                let mut request = compiled::request(&format!("svc:{name}"), "*");
                request.context.push(("k:x".to_owned(), values.clone()));
                request
            })
            .collect();
        decide(&model, &requests).iter().map(Decision::is_allowed).collect()
    };
    let many =
        |values: &[&str]| allowed(ContextValue::Many(values.iter().map(|&it| it.to_owned()).collect()));
    assert_eq!(allowed(ContextValue::One("good".to_owned())), [true, false, true, true, true]);
    assert_eq!(many(&["good"]), [false, false, true, true, true]);
    assert_eq!(many(&["good", "fine"]), [false, false, true, true, true]);
    // The first value alone would have passed.
    assert_eq!(many(&["good", "evil"]), [false, false, false, true, false]);
    assert_eq!(many(&["evil", "good"]), [false, false, false, true, false]);
    assert_eq!(many(&["evil"]), [false, false, false, false, false]);
    // Joined, they are not two values.
    assert_eq!(allowed(ContextValue::One("good,evil".to_owned())), [false, true, false, false, false]);
}

/// Nothing is granted to who has no policy, and nothing by a layer that is there but empty (rules V2, E13).
#[test]
fn inherits_all() {
    let snapshot = r#"{
        "UserDetailList": [
            {"Path": "/", "UserName": "alice", "UserId": "AIDA1", "Arn": "arn:aws:iam::123456789012:user/alice", "GroupList": ["admins"],
             "UserPolicyList": [], "AttachedManagedPolicies": []},
            {"Path": "/", "UserName": "bare", "UserId": "AIDA2", "Arn": "arn:aws:iam::123456789012:user/bare", "GroupList": ["nothing"],
             "UserPolicyList": [], "AttachedManagedPolicies": []},
            {"Path": "/", "UserName": "bound", "UserId": "AIDA3", "Arn": "arn:aws:iam::123456789012:user/bound", "GroupList": ["admins"],
             "UserPolicyList": [], "AttachedManagedPolicies": [],
             "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/Empty"}}],
        "GroupDetailList": [
            {"Path": "/", "GroupName": "admins", "GroupId": "AGPA1", "Arn": "arn:aws:iam::123456789012:group/admins",
             "GroupPolicyList": [{"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17",
                "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}], "AttachedManagedPolicies": []},
            {"Path": "/", "GroupName": "nothing", "GroupId": "AGPA2", "Arn": "arn:aws:iam::123456789012:group/nothing",
             "GroupPolicyList": [], "AttachedManagedPolicies": []}],
        "RoleDetailList": [],
        "Policies": [{"PolicyName": "Empty", "PolicyId": "ANPA1", "Arn": "arn:aws:iam::123456789012:policy/Empty", "Path": "/",
            "DefaultVersionId": "v1", "AttachmentCount": 0, "PermissionsBoundaryUsageCount": 1, "IsAttachable": true,
            "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": true, "CreateDate": "2026-01-01T00:00:00+00:00",
                "Document": {"Version": "2012-10-17", "Statement": []}}]}]}"#;
    let model = compiled::model(compiled::resolved(&[("a.json", snapshot)]));
    let request = |principal: &str| Request {
        principal: principal.to_owned(),
        ..compiled::request("s3:GetObject", "arn:aws:s3:::a")
    };
    let user = |name: &str| request(&format!("arn:aws:iam::123456789012:user/{name}"));
    assert!(decide(&model, &[user("alice")])[0].is_allowed());
    let others = [
        user("bare"),
        user("bound"),
        user("alice2"),
        user("Alice"),
        user("x/alice"),
        request("arn:aws:iam::123456789012:group/admins"),
        request("arn:aws:iam::210987654321:user/alice"),
        request("arn:aws-cn:iam::123456789012:user/alice"),
        request("alice"),
        request("*"),
        request(""),
    ];
    for decided in decide(&model, &others) {
        assert_eq!((decided.effect(), decided.reason() == Reason::Statement), (Effect::ImplicitDeny, false));
    }
}

/// Rule E8: who may take a role is for its trust policy to say, however wide the caller's own policies are.
#[test]
fn simulator_drops_trust_policies() {
    let document = compiled::document(&[compiled::statement("Allow", "*", &["*"])]);
    let model = compiled::model(compiled::attached(&[&document]));
    let bundle = compiled::bundle(&model);
    let role = "arn:aws:iam::123456789012:role/x/admin";
    for action in [
        "AssumeRole",
        "assumerole",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "TagSession",
        "SetSourceIdentity",
    ] {
        let request = compiled::request(&format!("STS:{action}"), role);
        let decided = decide(&model, std::slice::from_ref(&request))[0];
        assert_eq!((decided.is_allowed(), decided.reason()), (false, Reason::NoTrustPolicy), "{action}");
        assert_eq!(ask(&bundle, &request).unwrap().effect(), Effect::ImplicitDeny);
    }
    assert!(decide(&model, &[compiled::request("iam:GetRole", role)])[0].is_allowed());
}

/// V6, V1: an entry for an object says its tags; what its bucket's policy denies stays denied.
#[test]
fn an_entry_for_an_object_hid_its_buckets_deny() {
    let user = r#"{"UserDetailList":[{"Path":"/","UserName":"alice","Arn":"arn:aws:iam::123456789012:user/alice","UserPolicyList":[
        {"PolicyName":"all","PolicyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}}]}]}"#;
    let bucket = r#"{"arn":"arn:aws:s3:::b","account":"123456789012","policy":{"Version":"2012-10-17","Statement":[
        {"Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::b/*"}]}}"#;
    let object = r#"{"arn":"arn:aws:s3:::b/x","account":"123456789012","tags":{"team":"red"}}"#;
    for resources in [format!("[{bucket}]"), format!("[{object},{bucket}]"), format!("[{bucket},{object}]")] {
        let model = compiled::model(compiled::resolved(&[("a.json", user), ("r.json", &resources)]));
        let requests = ["s3:DeleteObject", "s3:GetObject"].map(|action| Request {
            principal: "arn:aws:iam::123456789012:user/alice".to_owned(),
            ..compiled::request(action, "arn:aws:s3:::b/x")
        });
        let effects: Vec<Effect> = decide(&model, &requests).iter().map(Decision::effect).collect();
        assert_eq!(effects, [Effect::ExplicitDeny, Effect::Allow], "{resources}");
    }
}
