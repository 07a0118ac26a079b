//! Whole worlds made by chance: two accounts, an organization, resources with policies, endpoints, and requests of every kind of principal, with
//! sessions. Everything follows from the seed, and words are few, so that much collides.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "every integration test uses a part of its own")]

use portcullis::compiler::request::{ContextValue, Request, Session};
use portcullis::compiler::resolve::scenario::parse_scenarios;
use portcullis::grammar::source::Source;

use super::worlds::Random;

const A: &str = "111111111111";
const B: &str = "222222222222";
const M: &str = "999999999999";

const ACTIONS: &[&str] = &[
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListAllMyBuckets",
    "sqs:SendMessage",
    "kms:Decrypt",
    "kms:DeleteAlias",
    "sts:AssumeRole",
    "sts:TagSession",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:GetCallerIdentity",
    "sts:GetSessionToken",
    "iam:PassRole",
    "iam:CreatePolicyVersion",
    "lambda:InvokeFunction",
    "logs:PutLogEvents",
    "ec2:RunInstances",
];

const PATTERNS: &[&str] = &[
    "*",
    "*",
    "*",
    "*",
    "*",
    "*",
    "*",
    "s3:*",
    "s3:Get*",
    "sts:*",
    "sts:Assume*",
    "kms:*",
    "*:*e*",
    "lambda:*",
    "iam:*",
    "sqs:Send*",
];

const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:s3:::declared",
    "arn:aws:s3:::declared/a/b",
    "arn:aws:s3:::plain/a",
    "arn:aws:s3:::undeclared/a",
    "arn:aws:sqs:eu-west-1:111111111111:queue",
    "arn:aws:sqs:eu-west-1:222222222222:queue",
    "arn:aws:sqs:eu-west-1:333333333333:queue",
    "arn:aws:kms:eu-west-1:111111111111:key/1",
    "arn:aws:kms:eu-west-1:222222222222:key/2",
    "arn:aws:kms:eu-west-1:111111111111:alias/aws/s3",
    "arn:aws:iam::111111111111:role/admin",
    "arn:aws:iam::111111111111:role/svc/app",
    "arn:aws:iam::222222222222:role/remote",
    "arn:aws:iam::222222222222:role/unknown",
    "arn:aws:iam::111111111111:role/aws-reserved/x",
    "arn:aws:iam::aws:policy/ReadOnlyAccess",
    "arn:aws:lambda:eu-west-1:111111111111:function:f",
    "arn:aws:lambda:eu-west-1:111111111111:function:f:live",
    "arn:aws:logs:eu-west-1:111111111111:log-group:g",
    "arn:aws:logs:eu-west-1:111111111111:log-group:g:log-stream:s",
    "arn:aws:ec2:eu-west-1::instance/i",
];

const PRINCIPALS: &[&str] = &[
    "arn:aws:iam::111111111111:user/alice",
    "arn:aws:iam::111111111111:user/team/bob",
    "arn:aws:iam::222222222222:user/carol",
    "arn:aws:iam::111111111111:role/admin",
    "arn:aws:iam::111111111111:role/svc/app",
    "arn:aws:iam::111111111111:role/aws-service-role/x.amazonaws.com/linked",
    "arn:aws:iam::222222222222:role/remote",
    "arn:aws:sts::111111111111:assumed-role/admin/s",
    "arn:aws:sts::111111111111:assumed-role/app/s",
    "arn:aws:sts::111111111111:assumed-role/linked/s",
    "arn:aws:sts::222222222222:assumed-role/remote/s",
    "arn:aws:sts::111111111111:federated-user/alice",
    "arn:aws:sts::111111111111:federated-user/bob",
];

const STRANGERS: &[&str] = &[
    "*",
    "ec2.amazonaws.com",
    "accounts.google.com",
    "arn:aws:iam::111111111111:saml-provider/idp",
    "arn:aws:iam::111111111111:root",
    "arn:aws:iam::222222222222:root",
    "arn:aws:iam::333333333333:root",
    "arn:aws:iam::111111111111:user/nobody",
    "arn:aws:iam::111111111111:user/bob",
    "arn:aws:iam::111111111111:role/app",
    "arn:aws:iam::111111111111:role/unknown",
    "arn:aws:iam::333333333333:user/dave",
    "arn:aws:iam::333333333333:role/x/far",
    "arn:aws:sts::111111111111:assumed-role/unknown/s",
    "arn:aws:sts::333333333333:assumed-role/far/s",
    "arn:aws:sts::111111111111:federated-user/nobody",
    "arn:aws-cn:sts::111111111111:assumed-role/admin/s",
    "arn:aws:sts::111111111111:assumed-role/admin",
    "nonsense with blanks",
];

const ENTRIES: &[&str] = &[
    r#""*""#,
    r#"{"AWS": "*"}"#,
    r#"{"AWS": ["111111111111", "222222222222"]}"#,
    r#"{"AWS": "111111111111"}"#,
    r#"{"AWS": "arn:aws:iam::222222222222:root"}"#,
    r#"{"AWS": ["333333333333", "arn:aws:iam::111111111111:root"]}"#,
    r#"{"AWS": "arn:aws:iam::111111111111:user/alice"}"#,
    r#"{"AWS": ["arn:aws:iam::111111111111:user/team/bob", "arn:aws:iam::333333333333:user/dave"]}"#,
    r#"{"AWS": "arn:aws:iam::111111111111:user/bob"}"#,
    r#"{"AWS": "arn:aws:iam::222222222222:user/carol"}"#,
    r#"{"AWS": "arn:aws:iam::111111111111:role/admin"}"#,
    r#"{"AWS": ["arn:aws:iam::111111111111:role/svc/app", "222222222222"]}"#,
    r#"{"AWS": "arn:aws:iam::111111111111:role/app"}"#,
    r#"{"AWS": ["arn:aws:iam::333333333333:role/far", "arn:aws:iam::111111111111:role/unknown"]}"#,
    r#"{"AWS": "arn:aws:sts::111111111111:assumed-role/admin/s"}"#,
    r#"{"AWS": ["arn:aws:sts::111111111111:federated-user/alice", "arn:aws:sts::333333333333:assumed-role/far/s"]}"#,
    r#"{"AWS": ["AIDAAAAAAAAAAAAAAA01", "AROAAAAAAAAAAAAAAA01", "AROAAAAAAAAAAAAAAA99"]}"#,
    r#"{"Service": ["ec2.amazonaws.com", "s3.amazonaws.com"]}"#,
    r#"{"Federated": ["accounts.google.com", "arn:aws:iam::111111111111:saml-provider/idp"]}"#,
    r#"{"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}"#,
    r#"{"AWS": "arn:aws:iam::111111111111:role/admin", "Service": "ec2.amazonaws.com"}"#,
];

const CONDITIONS: &[&str] = &[
    r#"{"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/svc/app"}}"#,
    r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}"#,
    r#"{"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:user/*", "arn:aws:sts::*:federated-user/*"]}}"#,
    r#"{"StringNotEquals": {"aws:PrincipalAccount": "111111111111"}}"#,
    r#"{"StringEquals": {"aws:PrincipalOrgID": "o-1"}}"#,
    r#"{"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}"#,
    r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/ou-1/*"}}"#,
    r#"{"Null": {"aws:PrincipalOrgPaths": "true"}}"#,
    r#"{"StringEquals": {"aws:PrincipalTag/team": "red"}}"#,
    r#"{"StringEqualsIfExists": {"aws:PrincipalTag/Team": ["red", "blue"]}}"#,
    r#"{"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}"#,
    r#"{"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}"#,
    r#"{"StringNotEquals": {"aws:ResourceAccount": "111111111111"}}"#,
    r#"{"StringEquals": {"aws:ResourceOrgID": "o-1"}}"#,
    r#"{"ForAllValues:StringLike": {"aws:ResourceOrgPaths": "o-1/r-1/ou-1*"}}"#,
    r#"{"StringEquals": {"aws:PrincipalType": ["User", "Account"]}}"#,
    r#"{"StringLike": {"aws:userid": ["AROA*:s", "111111111111*", "AIDA*"]}}"#,
    r#"{"StringNotLike": {"aws:username": "a*"}}"#,
    r#"{"Null": {"aws:username": "false"}}"#,
    r#"{"Bool": {"aws:PrincipalIsAWSService": "true"}}"#,
    r#"{"StringEquals": {"aws:SourceIdentity": "me"}}"#,
    r#"{"StringEquals": {"k:x": "1"}}"#,
    r#"{"StringNotEquals": {"k:x": "1"}}"#,
    r#"{"StringEquals": {"k:x": "${aws:PrincipalTag/team}"}}"#,
    r#"{"StringNotEquals": {"k:x": "${aws:ResourceTag/team}"}}"#,
    r#"{"StringLike": {"aws:userid": ["AROABBBBBBBBBBBBBB*", "AIDAAAAAAAAAAAAAAA0?"]}}"#,
];

/// A world: its files by name, and requests.
pub struct Whole {
    pub files: Vec<(&'static str, String)>,
    pub requests: Vec<Request>,
}

/// The kinds of documents.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Identity,
    Scp,
    Rcp,
    Resource,
    Trust,
    Endpoint,
}

fn statement(random: &mut Random, kind: Kind, sid: usize, deny: usize) -> String {
    let effect = if random.chance(deny) { "Deny" } else { "Allow" };
    let action = if random.chance(75) { random.word(PATTERNS) } else { random.word(ACTIONS) };
    let (not, action) = if random.chance(5) { ("Not", random.word(ACTIONS)) } else { ("", action) };
    let mut text = format!(r#"{{"Sid": "S{sid}", "Effect": "{effect}", "{not}Action": "{action}""#);
    let absent = kind == Kind::Trust || kind == Kind::Resource && random.chance(25);
    if !absent {
        let resource = match random.below(10) {
            0..=7 => "*",
            8 if random.chance(50) => "arn:aws:s3:::declared/*",
            8 => "arn:aws:s3:::*/${aws:username}",
            _ => random.word(RESOURCES),
        };
        let not = if random.chance(6) { "Not" } else { "" };
        text.push_str(&format!(r#", "{not}Resource": "{resource}""#));
    }
    match kind {
        Kind::Identity | Kind::Scp => {}
        Kind::Rcp if random.chance(60) => text.push_str(r#", "Principal": "*""#),
        _ => {
            let not = kind != Kind::Trust && effect == "Deny" && random.chance(35);
            let name = if not { "NotPrincipal" } else { "Principal" };
            text.push_str(&format!(r#", "{name}": {}"#, random.word(ENTRIES)));
        }
    }
    if random.chance(16) {
        text.push_str(&format!(r#", "Condition": {}"#, random.word(CONDITIONS)));
    }
    text + "}"
}

fn document(random: &mut Random, kind: Kind, deny: usize) -> String {
    let count = 1 + random.below(3);
    let statements: Vec<String> = (0..count).map(|sid| statement(random, kind, sid, deny)).collect();
    format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(", "))
}

fn tags(random: &mut Random) -> String {
    let teams: &[&str] = &["red", "blue"];
    match random.below(3) {
        0 => String::new(),
        _ => format!(r#", "Tags": [{{"Key": "Team", "Value": "{}"}}]"#, random.word(teams)),
    }
}

/// One user or role.
fn identity(random: &mut Random, number: usize, arn: &str, account: &str) -> String {
    let (_, resource) = arn.rsplit_once(':').unwrap();
    let (kind, path) = resource.split_once('/').unwrap();
    let (path, name) =
        path.rsplit_once('/').map_or(("/".to_owned(), path), |(path, name)| (format!("/{path}/"), name));
    let inline: Vec<String> = (0..1 + random.below(3))
        .map(|at| {
            format!(
                r#"{{"PolicyName": "i{at}", "PolicyDocument": {}}}"#,
                document(random, Kind::Identity, 15)
            )
        })
        .collect();
    let boundary = if random.chance(18) {
        format!(
            r#", "PermissionsBoundary": {{"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::{account}:policy/Boundary"}}"#
        )
    } else {
        String::new()
    };
    let (label, prefix) = if kind == "user" { ("User", "AIDA") } else { ("Role", "AROA") };
    let rest = match kind {
        "user" => r#", "GroupList": []"#.to_owned(),
        _ if random.chance(80) => {
            format!(r#", "AssumeRolePolicyDocument": {}"#, document(random, Kind::Trust, 15))
        }
        _ => String::new(),
    };
    format!(
        r#"{{"Path": "{path}", "{label}Name": "{name}", "{label}Id": "{prefix}AAAAAAAAAAAAAA{number:02}", "Arn": "{arn}", "{label}PolicyList": [{}], "AttachedManagedPolicies": []{rest}{boundary}{}}}"#,
        inline.join(", "),
        tags(random)
    )
}

fn snapshot(random: &mut Random, account: &str, first: usize) -> String {
    let mut lists = [Vec::new(), Vec::new()];
    for (number, arn) in
        PRINCIPALS.iter().enumerate().filter(|(_, arn)| arn.contains(":iam::") && arn.contains(account))
    {
        let list = usize::from(arn.contains(":role/"));
        if random.chance(94) {
            lists[list].push(identity(random, number + first, arn, account));
        }
    }
    let boundary = document(random, Kind::Identity, 15);
    format!(
        r#"{{"UserDetailList": [{}], "GroupDetailList": [], "RoleDetailList": [{}], "Policies": [{{"PolicyName": "Boundary", "PolicyId": "ANPA1", "Arn": "arn:aws:iam::{account}:policy/Boundary", "Path": "/", "DefaultVersionId": "v1", "PolicyVersionList": [{{"VersionId": "v1", "IsDefaultVersion": true, "Document": {boundary}}}]}}]}}"#,
        lists[0].join(", "),
        lists[1].join(", ")
    )
}

fn organization(random: &mut Random) -> String {
    let mut policies = Vec::new();
    for number in 0..4 {
        let (kind, name) = if number < 3 { (Kind::Scp, "SERVICE") } else { (Kind::Rcp, "RESOURCE") };
        let document = document(random, kind, if kind == Kind::Rcp { 100 } else { 40 });
        policies.push(format!(
            r#"{{"PolicySummary": {{"Id": "p-{number}", "Name": "P{number}", "Type": "{name}_CONTROL_POLICY"}}, "Content": {document}}}"#
        ));
    }
    let scps = random.chance(90);
    // Nothing is attached of a type that is switched off.
    let attachable = if scps { &["p-0", "p-1", "p-2", "p-3"][..] } else { &["p-3"] };
    let mut attached = Vec::new();
    for target in ["r-1", "ou-1", "ou-2", A, B, M] {
        let mut ids: Vec<&str> = Vec::new();
        if random.chance(96) {
            ids.push("p-FullAWSAccess");
        }
        ids.push("p-RCPFullAWSAccess");
        ids.extend(attachable.iter().filter(|_| random.chance(8)));
        let ids: Vec<String> = ids.iter().map(|id| format!(r#"{{"Id": "{id}"}}"#)).collect();
        attached.push(format!(r#""{target}": [{}]"#, ids.join(", ")));
    }
    let management = random.word(&[M, M, M, A]);
    let scps = if scps { r#"{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}, "# } else { "" };
    format!(
        r#"{{"Organization": {{"Id": "o-1", "MasterAccountId": "{management}"}},
            "Roots": {{"Roots": [{{"Id": "r-1", "Name": "Root", "PolicyTypes": [{scps}{{"Type": "RESOURCE_CONTROL_POLICY", "Status": "ENABLED"}}]}}]}},
            "OrganizationalUnits": {{"r-1": [{{"Id": "ou-1", "Name": "one"}}], "ou-1": [{{"Id": "ou-2", "Name": "two"}}], "ou-2": []}},
            "Accounts": {{"ou-2": [{{"Id": "{A}"}}], "ou-1": [{{"Id": "{B}"}}], "r-1": [{{"Id": "{M}"}}]}},
            "PoliciesForTarget": {{{}}}, "Policies": [{}]}}"#,
        attached.join(", "),
        policies.join(", ")
    )
}

fn resources(random: &mut Random) -> String {
    let mut items = Vec::new();
    for (arn, accounts) in [
        ("arn:aws:s3:::declared", &[A, B, "333333333333"][..]),
        ("arn:aws:s3:::plain", &[A]),
        ("arn:aws:sqs:eu-west-1:111111111111:queue", &[A]),
        ("arn:aws:sqs:eu-west-1:222222222222:queue", &[B]),
        ("arn:aws:kms:eu-west-1:111111111111:key/1", &[A]),
        ("arn:aws:kms:eu-west-1:222222222222:key/2", &[B]),
        ("arn:aws:lambda:eu-west-1:111111111111:function:f", &[A]),
        ("arn:aws:logs:eu-west-1:111111111111:log-group:g:*", &[A]),
    ] {
        if !random.chance(80) {
            continue;
        }
        let mut item = format!(r#"{{"arn": "{arn}", "account": "{}""#, random.word(accounts));
        if random.chance(75) {
            item.push_str(&format!(r#", "policy": {}"#, document(random, Kind::Resource, 20)));
        }
        if random.chance(50) {
            item.push_str(&format!(r#", "tags": {{"Team": "{}"}}"#, random.word(&["red", "blue"])));
        }
        items.push(item + "}");
    }
    if random.chance(50) {
        let arn = format!("arn:aws:ec2:eu-west-1:{A}:vpc-endpoint/vpce-1");
        items.push(format!(
            r#"{{"arn": "{arn}", "account": "{A}", "policy": {}}}"#,
            document(random, Kind::Endpoint, 20)
        ));
    }
    format!("[{}]", items.join(",\n"))
}

/// Session policies, as a scenario has them.
fn session_policies(random: &mut Random) -> Vec<portcullis::compiler::model::Document> {
    let documents: Vec<String> =
        (0..1 + random.below(2)).map(|_| document(random, Kind::Identity, 15)).collect();
    let case = format!(
        r#"{{"id": "s", "principal": "*", "action": "a:b", "resource": "*", "session_policies": [{}]}}"#,
        documents.join(", ")
    );
    parse_scenarios(&Source::new("session.jsonl", case)).remove(0).unwrap().session_policies
}

fn request(random: &mut Random) -> Request {
    let known = random.chance(92);
    let principal = if known { random.word(PRINCIPALS) } else { random.word(STRANGERS) };
    let mut context = Vec::new();
    for (key, values) in [
        ("k:x", &["1", "2", "red", "blue"][..]),
        ("aws:SourceVpce", &["vpce-1", "vpce-2"]),
        ("aws:ResourceTag/team", &["red", "blue"]),
        ("aws:ResourceAccount", &[A, B]),
        ("aws:PrincipalTag/team", &["red", "blue"]),
        ("aws:PrincipalArn", &["arn:aws:iam::111111111111:role/svc/app"]),
        ("aws:PrincipalOrgID", &["o-1", "o-2"]),
        ("aws:SourceIdentity", &["me", "you"]),
        ("aws:username", &["alice"]),
    ] {
        if random.chance(25) {
            let value = random.word(values).to_owned();
            let is_list = key == "aws:SourceVpce" && random.chance(10);
            let value = if is_list { ContextValue::Many(vec![value]) } else { ContextValue::One(value) };
            context.push((key.to_owned(), value));
        }
    }
    let session = random.chance(if principal.contains(":sts:") { 45 } else { 8 }).then(|| Session {
        policies: if random.chance(70) { session_policies(random) } else { Vec::new() },
        tags: if random.chance(40) {
            vec![("TEAM".to_owned(), random.word(&["red", "green"]).to_owned())]
        } else {
            Vec::new()
        },
        source_identity: random.chance(30).then(|| "me".to_owned()),
    });
    // What belongs together is asked for together, more often than not.
    let account = principal.split(':').nth(4).unwrap_or("");
    let near: Vec<&str> = RESOURCES
        .iter()
        .copied()
        .filter(|it| *it == "*" || it.contains(":::") || !account.is_empty() && it.contains(account))
        .collect();
    let resource = if random.chance(70) { random.word(&near) } else { random.word(RESOURCES) };
    let service = resource.split(':').nth(2).unwrap_or("s3");
    let service = if service == "iam" { random.word(&["iam", "sts", "sts"]) } else { service };
    let fitting: Vec<&str> =
        ACTIONS.iter().copied().filter(|action| action.split(':').next() == Some(service)).collect();
    let action = if random.chance(75) && !fitting.is_empty() {
        random.word(&fitting)
    } else if random.chance(10) {
        random.word(&["s3:Unheard", "unheard:Of", "kms:unheard", "sts:x"])
    } else {
        random.word(ACTIONS)
    };
    Request {
        principal: principal.to_owned(),
        action: action.to_owned(),
        resource: resource.to_owned(),
        resource_account: random.chance(15).then(|| random.word(&[A, B, "333333333333"]).to_owned()),
        context,
        now: None,
        context_complete: random.chance(8),
        session,
    }
}

/// Makes a world of a seed, with so many requests.
pub fn world(seed: u64, requests: usize) -> Whole {
    let random = &mut Random::new(seed);
    let mut files = vec![("a.json", snapshot(random, A, 0)), ("b.json", snapshot(random, B, 0))];
    if random.chance(75) {
        files.push(("organization.json", organization(random)));
    }
    if random.chance(80) {
        files.push(("resources.json", resources(random)));
    }
    Whole { files, requests: (0..requests).map(|_| request(random)).collect() }
}
