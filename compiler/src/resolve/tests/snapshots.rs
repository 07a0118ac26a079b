//! Account snapshots, their pages and what they name.

use super::*;

const ANY: &str =
    r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;

fn user(name: &str, members: &str) -> String {
    format!(
        r#"{{"Path": "/", "UserName": "{name}", "UserId": "AIDAEFF2ANRHJRCCCVQHN", "Arn": "arn:aws:iam::123456789012:user/{name}", "CreateDate": "x"{members}}}"#
    )
}

fn users(list: &[String]) -> String {
    format!(r#"{{"UserDetailList": [{}]}}"#, list.join(","))
}

fn policy(arn: &str, members: &str) -> String {
    let name = arn.rsplit('/').next().unwrap_or("");
    format!(r#"{{"PolicyName": "{name}", "Arn": "{arn}"{members}}}"#)
}

fn versions(list: &[(&str, bool)]) -> String {
    let one = |(id, default): &(&str, bool)| {
        format!(r#"{{"VersionId": "{id}", "IsDefaultVersion": {default}, "Document": {ANY}}}"#)
    };
    format!(r#", "PolicyVersionList": [{}]"#, list.iter().map(one).collect::<Vec<_>>().join(","))
}

const P: &str = "arn:aws:iam::123456789012:policy/p";

#[test]
fn i1_names_become_ids() {
    let attached = format!(
        r#", "GroupList": ["G"], "AttachedManagedPolicies": [{{"PolicyName": "p", "PolicyArn": "{P}"}}], "PermissionsBoundary": {{"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "{P}"}}, "Tags": [{{"Key": "k", "Value": "v"}}], "UserPolicyList": [{{"PolicyName": "i", "PolicyDocument": {ANY}}}]"#
    );
    let snapshot = format!(
        r#"{{"UserDetailList": [{}], "GroupDetailList": [{{"GroupName": "g", "Arn": "arn:aws:iam::123456789012:group/x/g", "Path": "/x/"}}], "Policies": [{}], "IsTruncated": false}}"#,
        user("alice", &attached),
        policy(P, &versions(&[("v1", false), ("v2", true)]))
    );
    let resolved = files(&[&snapshot]);
    assert_eq!(found(&resolved), []);
    let model = resolved.model.unwrap();
    let alice = &model.users[0];
    assert_eq!(
        (alice.groups.len(), alice.identity.attached.len(), alice.identity.inline.len(), alice.tags.len()),
        (1, 1, 1, 1)
    );
    assert_eq!(&*model.group(alice.groups[0]).unwrap().identity.arn, "arn:aws:iam::123456789012:group/x/g");
    let boundary = model.policy(alice.boundary.unwrap()).unwrap();
    assert_eq!((&*boundary.arn, &*boundary.default_version().unwrap().id), (P, "v2"));
    assert_eq!(model.accounts, [Box::from("123456789012")]);
}

#[test]
fn i1_what_is_named_has_to_be_held() {
    let attached =
        r#", "GroupList": ["g"], "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/X"}]"#;
    let resolved = files(&[&users(&[user("alice", attached)])]);
    assert_eq!(
        found(&resolved),
        [
            (codes::I1_GROUP_NOT_HELD, "\"g\"".to_owned()),
            (codes::I2_POLICY_NOT_HELD, "\"arn:aws:iam::aws:policy/X\"".to_owned())
        ]
    );
    assert!(resolved.diagnostics[1].help.as_ref().unwrap().contains("AWS-managed"));
    let line = format!(
        r#"{{"name": "X", "arn": "arn:aws:iam::aws:policy/X", "version_id": "v3", "document": {ANY}}}"#
    );
    let withdrawn = format!(r#"{{"name": "Y", "arn": null, "version_id": "v1", "document": {ANY}}}"#);
    let held = files(&[
        &users(&[user("alice", &attached.replace("\"GroupList\": [\"g\"]", "\"GroupList\": []"))]),
        &format!("{line}\n{withdrawn}\n"),
    ]);
    assert_eq!(found(&held), []);
    assert_eq!(held.model.unwrap().policies.len(), 2);
}

#[test]
fn i1_nothing_is_missing_where_something_could_not_be_read() {
    let attached = r#", "GroupList": ["g"], "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::123456789012:policy/p"}]"#;
    let alice = users(&[user("alice", attached)]);
    for (broken, code) in [
        (r#"{"Policies": [{"PolicyName": "p"}]}"#, codes::SNAPSHOT_FIELD),
        (r#"{"GroupDetailList": null}"#, codes::SNAPSHOT_FIELD),
        (r#"{"GroupDetailList": ["#, "json-unclosed-bracket"),
        (r#"{"groups": []}"#, codes::INPUT_UNKNOWN_KIND),
        (r#"{"name": "p", "document": 1}"#, codes::P2_TYPE),
    ] {
        let found = codes_of(&files(&[&alice, broken]));
        assert!(
            !found.is_empty() && found.iter().all(|found| *found == code || *found == "snapshot-field"),
            "{broken}: {found:?}"
        );
    }
    let options = Options { complete: false, ..Options::default() };
    assert!(resolve(&[Source::new("a", alice.as_str())], &[], &options).diagnostics.is_empty());
    assert!(resolve(&[], &[], &options).diagnostics.is_empty());
}

#[test]
fn i1_arns_names_and_paths_agree() {
    let with = |arn: &str, path: &str| {
        codes_of(&files(&[&format!(
            r#"{{"UserDetailList": [{{"Path": "{path}", "UserName": "alice", "Arn": "{arn}"}}]}}"#
        )]))
    };
    assert_eq!(with("arn:aws:iam::123456789012:user/x/alice", "/x/"), [""; 0]);
    for (arn, path) in [
        ("arn:aws:iam::123456789012:user/alice", "/x/"),
        ("arn:aws:iam::123456789012:user/bob", "/"),
        ("arn:aws:iam::123456789012:role/alice", "/"),
        ("arn:aws:iam::1234:user/alice", "/"),
        ("alice", "/"),
    ] {
        assert_eq!(with(arn, path), [codes::I1_BAD_ARN], "{arn}");
    }
}

#[test]
fn i2_one_default_version() {
    let with = |members: &str| {
        codes_of(&files(&[&format!(
            r#"{{"UserDetailList": [{}], "Policies": [{}]}}"#,
            user("a", ""),
            policy(P, members)
        )]))
    };
    let two = versions(&[("v1", false), ("v2", true)]);
    assert_eq!(with(&two), [""; 0]);
    assert_eq!(with(&format!(r#"{two}, "DefaultVersionId": "v2""#)), [""; 0]);
    assert_eq!(with(&format!(r#"{two}, "DefaultVersionId": "v1""#)), [codes::I2_DEFAULT_VERSION]);
    assert_eq!(with(&versions(&[("v1", false)])), [codes::I2_DEFAULT_VERSION]);
    assert_eq!(with(&versions(&[("v1", true), ("v2", true)])), [codes::I2_DEFAULT_VERSION]);
    assert_eq!(with(&versions(&[])), [codes::I2_DEFAULT_VERSION]);
    assert_eq!(with(&versions(&[("v1", true), ("v1", false)])), [codes::I2_DUPLICATE_VERSION]);
    assert_eq!(with(""), [codes::SNAPSHOT_FIELD]);
    let six: Vec<_> = ["v1", "v2", "v3", "v4", "v5", "v6"].iter().map(|id| (*id, *id == "v6")).collect();
    assert_eq!(with(&versions(&six)), [codes::P5_QUOTA]);
    // A version that is not the default is checked too: a rollback makes it count.
    assert_eq!(with(&two.replacen("Allow", "allow", 1)), [codes::P2_EFFECT]);
}

#[test]
fn i2_a_malformed_variable_in_an_old_version_leaves_it_out() {
    let three = versions(&[("v3", false), ("v2", true), ("v1", false)]);
    let broken = |nth: usize| {
        const FROM: &str = r#""Resource": "*""#;
        let mut text = String::new();
        for (at, piece) in three.split_inclusive(FROM).enumerate() {
            let to = if at == nth { r#""Resource": "arn:aws:s3:::${aws:*""# } else { FROM };
            text += &piece.replace(FROM, to);
        }
        files(&[&format!(r#"{{"UserDetailList": [{}], "Policies": [{}]}}"#, user("a", ""), policy(P, &text))])
    };
    for (nth, left) in [(0, ["v2", "v1"]), (2, ["v3", "v2"])] {
        let resolved = broken(nth);
        assert_eq!(codes_of(&resolved), [codes::X1_MALFORMED_VARIABLE]);
        let policy = &resolved.model.unwrap().policies[0];
        assert_eq!(policy.versions.iter().map(|version| &*version.id).collect::<Vec<_>>(), left);
        assert_eq!(&*policy.default_version().unwrap().id, "v2");
    }
    assert!(broken(1).model.is_none());
}

#[test]
fn i2_equal_policies_merge_and_others_conflict() {
    let one =
        format!(r#"{{"Policies": [{}]}}"#, policy("arn:aws:iam::aws:policy/X", &versions(&[("v1", true)])));
    let alice = users(&[user("alice", "")]);
    let equal = files(&[&alice, &one, &format!("\n\n{one}")]);
    assert_eq!(found(&equal), []);
    assert_eq!(equal.model.unwrap().policies.len(), 1);
    assert_eq!(codes_of(&files(&[&alice, &one, &one.replace("Allow", "Deny")])), [codes::I2_CONFLICT]);
}

#[test]
fn p5_names_are_unique_ignoring_case() {
    assert_eq!(
        codes_of(&files(&[&users(&[user("alice", ""), user("Alice", "")])])),
        [codes::P5_NAME_NOT_UNIQUE]
    );
    assert_eq!(
        codes_of(&files(&[&users(&[user("alice", "")]), &users(&[user("alice", "")])])),
        [codes::I1_DUPLICATE]
    );
    let inline = format!(
        r#", "UserPolicyList": [{{"PolicyName": "i", "PolicyDocument": {ANY}}}, {{"PolicyName": "I", "PolicyDocument": {ANY}}}]"#
    );
    assert_eq!(codes_of(&files(&[&users(&[user("alice", &inline)])])), [codes::P5_NAME_NOT_UNIQUE]);
    let policies = format!(
        r#"{{"UserDetailList": [{}], "Policies": [{}, {}]}}"#,
        user("a", ""),
        policy(P, &versions(&[("v1", true)])),
        policy("arn:aws:iam::123456789012:policy/P", &versions(&[("v1", true)]))
    );
    assert_eq!(codes_of(&files(&[&policies])), [codes::P5_NAME_NOT_UNIQUE]);
}

#[test]
fn p5_quotas_are_lints_but_for_users() {
    let long = "x".repeat(3_000);
    let document = ANY.replace("\"*\"}", &format!("\"arn:aws:s3:::{long}\"}}"));
    let inline = format!(r#", "UserPolicyList": [{{"PolicyName": "i", "PolicyDocument": {document}}}]"#);
    let text = users(&[user("alice", &inline)]);
    let resolved = files(&[&text]);
    assert_eq!(codes_of(&resolved), [codes::P5_QUOTA]);
    assert!(resolved.model.is_some());
    let with =
        |quotas| resolve(&[Source::new("a", text.as_str())], &[], &Options { quotas, ..Options::default() });
    assert!(with(QuotaLevel::Error).model.is_none());
    assert_eq!(found(&with(QuotaLevel::Ignore)), []);
    let many: Vec<_> = (0..5_001).map(|number| user(&format!("u{number}"), "")).collect();
    let resolved = resolve(
        &[Source::new("a", users(&many))],
        &[],
        &Options { quotas: QuotaLevel::Ignore, ..Options::default() },
    );
    assert_eq!(codes_of(&resolved), [codes::P5_QUOTA]);
    assert!(resolve(&[Source::new("a", users(&many[1..]))], &[], &Options::default()).model.is_some());
}

#[test]
fn p5_white_space_does_not_count() {
    let value = |text: &str| portcullis_grammar::json::parse(&Source::new("t", text)).value.unwrap();
    let compact = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Sid":"","Action":["a:b","c:d"],"Condition":{"Bool":{"k":true,"n":12}}}]}"#;
    let spaced = compact.replace(',', " ,\n\t").replace(':', ": ").replace("\\u", "");
    assert_eq!(size::of(&value(compact)), compact.len());
    assert_eq!(size::of(&value(&spaced)), compact.len());
}

#[test]
fn pages_come_in_files_lists_and_one_after_the_other() {
    let page = |name: &str, members: &str| format!(r#"{{"UserDetailList": [{}]{members}}}"#, user(name, ""));
    let (first, last) =
        (page("a", r#", "IsTruncated": true, "Marker": "m""#), page("b", r#", "IsTruncated": false"#));
    for texts in [
        vec![first.clone(), last.clone()],
        vec![format!("[{first},{last}]")],
        vec![format!("{first}{last}")],
        vec![format!("{first}\n{last}\n")],
    ] {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let resolved = files(&texts);
        assert_eq!(found(&resolved), []);
        assert_eq!(resolved.model.unwrap().users.len(), 2);
    }
    let other = last.replace("123456789012", "210987654321");
    for texts in [vec![&*first], vec![&*last, &*first], vec![&*first, &*other]] {
        assert_eq!(codes_of(&files(&texts)), [codes::SNAPSHOT_TRUNCATED]);
    }
    assert_eq!(codes_of(&files(&[&page("a", r#", "NextToken": "t""#)])), [codes::SNAPSHOT_TRUNCATED]);
    // A last page may hold AWS-managed policies alone.
    let policies = format!(
        r#"{{"Policies": [{}], "IsTruncated": false}}"#,
        policy("arn:aws:iam::aws:policy/X", &versions(&[("v1", true)]))
    );
    assert_eq!(found(&files(&[&first, &policies])), []);
}

#[test]
fn documents_of_the_raw_api_point_into_the_outer_text() {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect()
    };
    let with = |document: &str| {
        files(&[&users(&[user(
            "alice",
            &format!(r#", "UserPolicyList": [{{"PolicyName": "i", "PolicyDocument": "{document}"}}]"#),
        )])])
    };
    for document in [encode(ANY), ANY.replace('"', "\\\"")] {
        let resolved = with(&document);
        assert_eq!(found(&resolved), []);
        assert_eq!(resolved.model.unwrap().users[0].identity.inline[0].document.statements.len(), 1);
    }
    let wrong = ANY.replace("Allow", "Alow");
    assert_eq!(found(&with(&encode(&wrong))), [(codes::P2_EFFECT, "%22Alow%22".to_owned())]);
    assert_eq!(found(&with(&wrong.replace('"', "\\\""))), [(codes::P2_EFFECT, "\\\"Alow\\\"".to_owned())]);
    assert_eq!(codes_of(&with("%7B%22")), ["json-unclosed-string"]);
}

#[test]
fn unknown_fields_are_lints_and_misspelt_or_missing_ones_errors() {
    let resolved = files(&[&users(&[user("alice", r#", "LoginProfile": []"#)])]);
    assert_eq!(found(&resolved), [(codes::SNAPSHOT_UNKNOWN_FIELD, "\"LoginProfile\"".to_owned())]);
    assert!(resolved.model.is_some());
    // What stands in it may limit or deny: it must not get lost.
    let resolved = files(&[&users(&[user("alice", r#", "PermisionsBoundary": {}"#)])]);
    assert_eq!(found(&resolved), [(codes::SNAPSHOT_MISSPELT_FIELD, "\"PermisionsBoundary\"".to_owned())]);
    let resolved = files(&[&users(&[user("alice", r#", "UserPolicyLst": []"#)])]);
    assert_eq!(found(&resolved), [(codes::SNAPSHOT_MISSPELT_FIELD, "\"UserPolicyLst\"".to_owned())]);
    assert!(resolved.diagnostics[0].help.as_ref().unwrap().contains("`UserPolicyList`"));
    let both = files(&[r#"{"UserDetailList": [], "Statement": []}"#]);
    assert!(codes_of(&both).contains(&codes::SNAPSHOT_MISSPELT_FIELD));
    assert_eq!(codes_of(&files(&[r#"{"UserDetailList": [{"UserName": "x"}]}"#])), [codes::SNAPSHOT_FIELD]);
    for (members, code) in [
        (r#", "GroupList": null"#, codes::SNAPSHOT_FIELD),
        (r#", "GroupList": "g""#, codes::SNAPSHOT_FIELD),
        (r#", "Tags": [{"Key": "k"}]"#, codes::SNAPSHOT_FIELD),
        (r#", "UserPolicyList": [{"PolicyName": "i"}]"#, codes::SNAPSHOT_FIELD),
        (r#", "UserPolicyList": [{"PolicyName": "i", "PolicyDocument": 1}]"#, codes::P2_TYPE),
        (
            r#", "PermissionsBoundary": {"PermissionsBoundaryType": "X", "PermissionsBoundaryArn": "y"}"#,
            codes::SNAPSHOT_FIELD,
        ),
        (r#", "AssumeRolePolicyDocument": {}"#, codes::SNAPSHOT_UNKNOWN_FIELD),
    ] {
        assert!(codes_of(&files(&[&users(&[user("alice", members)])])).contains(&code), "{members}");
    }
}

#[test]
fn i4_session_lengths() {
    let with = |seconds: &str| {
        files(&[&format!(
            r#"{{"RoleDetailList": [{{"RoleName": "r", "Arn": "arn:aws:iam::123456789012:role/r", "MaxSessionDuration": {seconds}}}]}}"#
        )])
    };
    assert_eq!(with("7200").model.unwrap().roles[0].max_session_seconds, Some(7_200));
    assert_eq!(codes_of(&with("60")), [codes::I4_SESSION_LENGTH]);
    assert_eq!(codes_of(&with("-1")), [codes::SNAPSHOT_FIELD]);
    assert_eq!(codes_of(&with("\"3600\"")), [codes::SNAPSHOT_FIELD]);
}

/// What is said of an AWS-managed policy is said for every account that holds it, at its own place.
#[test]
fn i2_each_account_is_told_of_an_aws_managed_policy() {
    let lints = r#", "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": true, "Document": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3", "Resource": "arn:aws:s3:::b"}]}}]"#;
    let page = |account: &str, before: &str| {
        let user = user("a", "").replace("123456789012", account);
        let policy = policy("arn:aws:iam::aws:policy/X", lints);
        format!(r#"{before}{{"UserDetailList": [{user}], "Policies": [{policy}]}}"#)
    };
    let [one, two, three] =
        [page("123456789012", ""), page("210987654321", "\n\n  "), page("345678901234", "\n")];
    let resolved = files(&[&one, &two, &three]);
    let told = found(&resolved);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|told| *told == (codes::A2_MALFORMED_ACTION, "\"s3\"".to_owned())), "{told:?}");
    let files: Vec<&str> = resolved.diagnostics.iter().map(|it| &**it.labels[0].source.name()).collect();
    assert_eq!(files, ["0.json", "1.json", "2.json"]);
    let lines =
        resolved.diagnostics.iter().map(|it| it.labels[0].source.position(it.labels[0].span.start).line);
    assert_eq!(lines.collect::<Vec<_>>(), [1, 3, 2]);
    assert_eq!(resolved.model.unwrap().policies.len(), 1);
}
