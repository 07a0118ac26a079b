//! `ir`, `inspect` and `build --stats`: what was understood, and what a bundle holds.

use crate::command::{Folder, example, finish, portcullis};

#[test]
fn inputs_and_their_bundle_have_one_text() {
    let folder = Folder::new();
    folder.build_acme("a.bundle");
    let text = folder.run(&["ir", &example("acme")]).quiet(0);
    assert_eq!(folder.run(&["ir", "a.bundle"]).quiet(0), text);
    assert!(
        text.contains(
            "arn:aws:iam::123456789012:user/alice\n  identity\n    deny s3:DeleteObject, s3:PutObject on "
        ),
        "{text}"
    );
    let origins = folder.run(&["ir", &example("acme"), "--origins"]).quiet(0);
    assert_eq!(folder.run(&["ir", "a.bundle", "--origins"]).quiet(0), origins);
    assert!(
        origins.contains("  # arn:aws:iam::123456789012:policy/ReadReports \"Sealed\" snapshot.json:115\n"),
        "{origins}"
    );
    let without: Vec<&str> = origins.lines().map(|line| line.split("  # ").next().unwrap()).collect();
    assert_eq!(without, text.lines().collect::<Vec<_>>(), "origins add comments and nothing else");
}

#[test]
fn one_principal_alone() {
    let folder = Folder::new();
    folder.build_acme("a.bundle");
    let bob = "arn:aws:iam::123456789012:user/bob";
    let text = folder.run(&["ir", "a.bundle", "--principal", bob]).quiet(0);
    assert_eq!(
        text,
        format!(
            "{bob}\n  identity\n    allow sqs:DeleteMessage, sqs:ReceiveMessage on \
             arn:aws:sqs:eu-west-1:123456789012:jobs-${{aws:username}}\n"
        )
    );
    assert!(folder.run(&["ir", "a.bundle"]).quiet(0).contains(&text));
    assert_eq!(
        folder.run(&["ir", "a.bundle", "--principal", "bob"]).complains(2),
        "error: no user or role of the inputs has the ARN bob; did you mean arn:aws:iam::123456789012:user/bob?\n"
    );
}

#[test]
fn a_stripped_bundle_decides_and_says_that_its_model_is_gone() {
    let folder = Folder::new();
    folder.build_acme("whole.bundle");
    folder.run(&["build", &example("acme"), "-o", "a.bundle", "--strip"]).quiet(0);
    assert!(folder.read("a.bundle").len() < folder.read("whole.bundle").len());
    assert_eq!(
        folder.run(&["ir", "a.bundle"]).complains(2),
        "error: the bundle was built with --strip and does not hold its model\n"
    );
    for bundle in ["a.bundle", "whole.bundle"] {
        let ask = [
            "decide",
            bundle,
            "--principal",
            "arn:aws:iam::123456789012:user/alice",
            "--action",
            "s3:ListBucket",
            "--resource",
            "arn:aws:s3:::acme-reports",
        ];
        assert!(folder.run(&ask).quiet(0).contains("at snapshot.json:96:15"), "{bundle}");
    }
}

#[test]
fn facts_and_sizes_of_a_bundle() {
    let folder = Folder::new();
    folder.build_acme("a.bundle");
    let facts = folder.run(&["inspect", "a.bundle", "--format", "json"]);
    assert_eq!((facts.status, facts.err.as_str()), (0, ""));
    let report = facts.json();
    let length = folder.read("a.bundle").len() as u64;
    assert_eq!((report["bytes"].as_u64(), report["digest"].as_str().unwrap().len()), (Some(length), 64));
    let number = |name: &str| report["facts"][name].as_u64().unwrap();
    assert_eq!(
        [number("users"), number("groups"), number("roles"), number("managed_policies")],
        [2, 1, 1, 3]
    );
    let sections = report["sections"].as_object().unwrap();
    let total: u64 = sections.values().map(|bytes| bytes.as_u64().unwrap()).sum();
    assert!(total < length && total * 10 > length * 9, "{total} of {length}");
    let human = folder.run(&["inspect", "a.bundle"]).quiet(0);
    assert!(human.starts_with(&format!(
        "format {}, {length} bytes, BLAKE3 {}\n",
        report["format"],
        report["digest"].as_str().unwrap()
    )));
    for name in sections.keys() {
        assert!(human.contains(&format!("\n  {name} ")), "{name}: {human}");
    }
}

#[test]
fn what_permission_sets_cost() {
    let folder = Folder::new();
    folder.build_acme("a.bundle");
    let report = folder.run(&["inspect", "a.bundle", "--sets", "2", "--format", "json"]).json();
    let sets = report["sets"].as_array().unwrap();
    assert_eq!(sets.len(), 2);
    let cost = |set: &serde_json::Value| set["bytes"].as_u64().unwrap() + set["row_bytes"].as_u64().unwrap();
    assert!(cost(&sets[0]) >= cost(&sets[1]) && cost(&sets[1]) > 0, "{report}");
    let whole = folder.run(&["inspect", "a.bundle", "--sets", "1000", "--format", "json"]).json();
    let all = whole["sets"].as_array().unwrap();
    let bytes: u64 = all.iter().map(|set| set["bytes"].as_u64().unwrap()).sum();
    assert_eq!(Some(bytes), whole["sections"]["Sets"].as_u64(), "every set is seen");
    // Sets may share rows, but none has more than there are.
    let rows: Vec<u64> = all.iter().map(|set| set["row_bytes"].as_u64().unwrap()).collect();
    let section = whole["sections"]["Rows"].as_u64().unwrap();
    assert!(rows.iter().all(|&bytes| bytes <= section) && rows.iter().sum::<u64>() >= section, "{whole}");
    let holders: u64 = all.iter().map(|set| set["principals"].as_u64().unwrap()).sum();
    assert!(holders >= 3, "{whole}");
    let human = folder.run(&["inspect", "a.bundle", "--sets", "1000"]).quiet(0);
    assert!(human.contains("services  arn:aws:iam::123456789012:"), "{human}");
    assert!(folder.run(&["inspect", "a.bundle", "--format", "json"]).json().get("sets").is_none());
}

#[test]
fn steps_of_a_build_and_their_times() {
    let folder = Folder::new();
    let stats = folder.run(&["build", &example("acme"), "-o", "a.bundle", "--stats"]);
    assert_eq!(stats.status, 0);
    for step in
        ["read and resolve", "merge and lower", "build automata", "write and re-read", "write the file"]
    {
        let line = stats.err.lines().find(|line| line.starts_with(step));
        assert!(line.is_some_and(|line| line.ends_with(" ms")), "{step}: {}", stats.err);
    }
}

/// What is parsed side by side comes out as if it were not.
#[test]
fn the_bytes_are_the_same_for_any_number_of_threads() {
    let folder = Folder::new();
    for account in 0..9 {
        let user = |name: &str| {
            format!(
                r#"{{"Path":"/","UserName":"{name}","Arn":"arn:aws:iam::00000000000{account}:user/{name}","GroupList":[],"AttachedManagedPolicies":[{{"PolicyName":"Own","PolicyArn":"arn:aws:iam::00000000000{account}:policy/Own"}},{{"PolicyName":"All","PolicyArn":"arn:aws:iam::aws:policy/All"}}]}}"#
            )
        };
        let policy = |owner: &str, name: &str, action: &str| {
            format!(
                r#"{{"PolicyName":"{name}","Arn":"arn:aws:iam::{owner}:policy/{name}","AttachmentCount":{account},"DefaultVersionId":"v1","PolicyVersionList":[{{"VersionId":"v1","IsDefaultVersion":true,"Document":{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"{action}","Resource":"*"}}}}}}]}}"#
            )
        };
        let own = policy(&format!("00000000000{account}"), "Own", &format!("s3:Get{account}*"));
        let text = format!(
            r#"{{"UserDetailList":[{},{}],"GroupDetailList":[],"RoleDetailList":[],"Policies":[{own},{}]}}"#,
            user("a"),
            user("b"),
            policy("aws", "All", "sqs:*"),
        );
        folder.write(&format!("in/{account}.json"), &text);
    }
    let mut bundles = Vec::new();
    for threads in ["1", "2", "7"] {
        let mut command = portcullis(&folder.path("."), &["build", "in", "-o", "a.bundle"]);
        command.env("RAYON_NUM_THREADS", threads);
        let done = finish(command, b"");
        assert_eq!((done.status, done.err.as_str()), (0, ""), "{}", done.out);
        bundles.push(folder.read("a.bundle"));
    }
    assert!(bundles[0] == bundles[1] && bundles[1] == bundles[2]);
    let ask = [
        "decide",
        "a.bundle",
        "--principal",
        "arn:aws:iam::000000000008:user/b",
        "--action",
        "sqs:SendMessage",
    ];
    let answer = folder.run(&[&ask[..], &["--resource", "arn:aws:sqs:eu-west-1:000000000008:q"]].concat());
    assert_eq!(answer.status, 0, "{}", answer.out);
}

/// Two accounts that hold an AWS-managed policy in different words still do not both count.
#[test]
fn an_aws_managed_policy_in_other_words_is_a_contradiction() {
    let folder = Folder::new();
    let page = |effect: &str| {
        format!(
            r#"{{"UserDetailList":[],"GroupDetailList":[],"RoleDetailList":[],"Policies":[{{"PolicyName":"All","Arn":"arn:aws:iam::aws:policy/All","DefaultVersionId":"v1","PolicyVersionList":[{{"VersionId":"v1","IsDefaultVersion":true,"Document":{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}","Action":"*","Resource":"*"}}}}}}]}}]}}"#
        )
    };
    folder.write("a.json", page("Allow"));
    folder.write("b.json", page("Deny"));
    let found = folder.run(&["check", "a.json", "b.json"]);
    assert_eq!(found.status, 2, "{}", found.out);
    assert!(found.err.contains("arn:aws:iam::aws:policy/All"), "{}", found.err);
}
