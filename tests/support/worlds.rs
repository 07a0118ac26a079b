//! Worlds made by chance, for comparing what is compiled with the reference: account snapshots with policies that collide, and requests that
//! meet them.
//!
//! Everything follows from the seed. Worlds resolve without errors; lints are wanted. A test uses this file as
//! `#[path = "support/worlds.rs"] mod worlds;`.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    missing_docs,
    reason = "every integration test uses a part of its own"
)]

#[path = "worlds/fill.rs"]
mod fill;
#[path = "worlds/json.rs"]
mod json;
#[path = "worlds/managed.rs"]
mod managed;
#[path = "worlds/policy.rs"]
mod policy;
#[path = "worlds/random.rs"]
mod random;
#[path = "worlds/request.rs"]
mod request;
#[path = "worlds/words.rs"]
mod words;

use portcullis_compiler::request::Request;

pub use managed::{managed_requests, managed_snapshot};
use policy::Shape;
pub use random::Random;
use request::Asker;
use words::ACCOUNT;

/// A snapshot, and requests of and around those it holds.
pub struct World {
    /// In the shape of `aws iam get-account-authorization-details`.
    pub snapshot: String,
    pub requests: Vec<Request>,
}

/// A managed policy: its ARN, its text in the snapshot, and what its default version says.
struct Managed {
    arn: String,
    text: String,
    shapes: Vec<Shape>,
}

fn managed_policy(random: &mut Random, index: usize, broad: bool) -> Managed {
    let owner = random.word_or(&[ACCOUNT], 20, &["aws"]);
    let arn = format!("arn:aws:iam::{owner}:policy/P{index}");
    let count = 1 + random.below(3);
    let default = random.below(count);
    let mut versions = Vec::new();
    let mut shapes = Vec::new();
    // The newest version comes first, as AWS prints them.
    for version in (0..count).rev() {
        let (document, says) = policy::document(random, broad);
        if version == default {
            shapes = says;
        }
        versions.push(format!(
            "{{\"VersionId\":\"v{}\",\"IsDefaultVersion\":{},\"Document\":{},\"CreateDate\":\"2026-01-01T00:00:00+00:00\"}}",
            version + 1,
            version == default,
            json::embedded(random, &document),
        ));
    }
    let text = format!(
        "{{\"PolicyName\":\"P{index}\",\"PolicyId\":\"ANPA{index:017}\",\"Arn\":\"{arn}\",\"Path\":\"/\",\"DefaultVersionId\":\"v{}\",\
         \"AttachmentCount\":0,\"PermissionsBoundaryUsageCount\":0,\"IsAttachable\":true,\"PolicyVersionList\":{}}}",
        default + 1,
        json::list(&versions),
    );
    Managed { arn, text, shapes }
}

/// Inline policies under the list name that the kind of identity has, attached policies, and what both say.
fn policies_of(random: &mut Random, list: &str, managed: &[Managed]) -> (String, Vec<Shape>) {
    let mut shapes = Vec::new();
    let mut inline = Vec::new();
    for index in 0..random.below(3) {
        let (document, says) = policy::document(random, false);
        shapes.extend(says);
        let document = json::embedded(random, &document);
        inline.push(format!("{{\"PolicyName\":\"I{index}\",\"PolicyDocument\":{document}}}"));
    }
    let mut attached = Vec::new();
    for policy in managed.iter().filter(|_| random.chance(35)) {
        shapes.extend(policy.shapes.iter().cloned());
        let name = policy.arn.rsplit('/').next().unwrap_or_default();
        attached.push(format!("{{\"PolicyName\":\"{name}\",\"PolicyArn\":\"{}\"}}", policy.arn));
    }
    let text =
        format!("\"{list}\":{},\"AttachedManagedPolicies\":{}", json::list(&inline), json::list(&attached));
    (text, shapes)
}

/// Boundary and tags of a user or role, as members; what the boundary says is added to `shapes`.
fn boundary_and_tags(random: &mut Random, asker: &mut Asker, boundaries: &[Managed]) -> String {
    let mut text = String::new();
    if let Some(policy) = random.pick(boundaries).filter(|_| random.chance(35)) {
        asker.shapes.extend(policy.shapes.iter().cloned());
        text = format!(
            ",\"PermissionsBoundary\":{{\"PermissionsBoundaryType\":\"{}\",\"PermissionsBoundaryArn\":\"{}\"}}",
            random.word(&["PermissionsBoundaryPolicy", "Policy"]),
            policy.arn
        );
    }
    if random.chance(60) {
        let (key, value) = (random.word(&["team", "Team"]), random.word(&["a", "b", "x:y", "", "\u{e9}"]));
        asker.own.push((format!("aws:principaltag/{}", key.to_ascii_lowercase()), value.to_owned()));
        text.push_str(&format!(
            ",\"Tags\":[{{\"Key\":\"{key}\",\"Value\":{}}}]",
            json::string(random, value)
        ));
    }
    text
}

/// Makes a world of a seed, with so many requests.
pub fn world(seed: u64, requests: usize) -> World {
    let random = &mut Random::new(seed);
    let count = 1 + random.below(4);
    let policies: Vec<Managed> = (0..count).map(|index| managed_policy(random, index, false)).collect();
    let boundaries: Vec<Managed> = (0..2)
        .map(|index| {
            let broad = random.chance(75);
            managed_policy(random, count + index, broad)
        })
        .collect();

    let mut groups = Vec::new();
    let mut group_shapes = Vec::new();
    for index in 0..random.below(3) {
        let (text, shapes) = policies_of(random, "GroupPolicyList", &policies);
        group_shapes.push(shapes);
        groups.push(format!(
            "{{\"Path\":\"/\",\"GroupName\":\"g{index}\",\"GroupId\":\"AGPA{index:017}\",\"Arn\":\"arn:aws:iam::{ACCOUNT}:group/g{index}\",{text}}}"
        ));
    }

    let mut askers = Vec::new();
    let mut users = Vec::new();
    for (index, name) in ["a", "ab", "b", "ba"].into_iter().enumerate().take(1 + random.below(4)) {
        let path = random.word(&["/", "/", "/p/"]);
        let arn = format!("arn:aws:iam::{ACCOUNT}:user{path}{name}");
        let id = format!("AIDA{index:017}");
        let (text, shapes) = policies_of(random, "UserPolicyList", &policies);
        let mut asker = Asker { own: own_keys(&arn, "User", &id), arn, shapes };
        asker.own.push(("aws:username".to_owned(), name.to_owned()));
        let mut names = Vec::new();
        for (index, shapes) in group_shapes.iter().enumerate().filter(|_| random.chance(50)) {
            asker.shapes.extend(shapes.iter().cloned());
            names.push(format!("\"g{index}\""));
        }
        let rest = boundary_and_tags(random, &mut asker, &boundaries);
        users.push(format!(
            "{{\"Path\":\"{path}\",\"UserName\":\"{name}\",\"UserId\":\"{id}\",\"Arn\":\"{}\",\"GroupList\":{},{text}{rest}}}",
            asker.arn,
            json::list(&names)
        ));
        askers.push(asker);
    }

    let mut roles = Vec::new();
    for (index, name) in ["a", "r"].into_iter().enumerate().take(random.below(3)) {
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
        let id = format!("AROA{index:017}");
        let (text, shapes) = policies_of(random, "RolePolicyList", &policies);
        let mut asker = Asker { own: own_keys(&arn, "AssumedRole", &id), arn, shapes };
        let rest = boundary_and_tags(random, &mut asker, &boundaries);
        let trust = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"ec2.amazonaws.com\"},\
                     \"Action\":\"sts:AssumeRole\"}}";
        roles.push(format!(
            "{{\"Path\":\"/\",\"RoleName\":\"{name}\",\"RoleId\":\"{id}\",\"Arn\":\"{}\",\"AssumeRolePolicyDocument\":{},\
             \"InstanceProfileList\":[],{text}{rest}}}",
            asker.arn,
            json::embedded(random, trust)
        ));
        askers.push(asker);
    }

    let policies: Vec<String> = policies.into_iter().chain(boundaries).map(|policy| policy.text).collect();
    let snapshot = format!(
        "{{\"UserDetailList\":{},\"GroupDetailList\":{},\"RoleDetailList\":{},\"Policies\":{}}}",
        json::list(&users),
        json::list(&groups),
        json::list(&roles),
        json::list(&policies)
    );
    let requests = (0..requests).map(|_| any_request(random, &askers)).collect();
    World { snapshot, requests }
}

/// The keys that an identity defines itself (rule C12), but for those that only some have.
fn own_keys(arn: &str, kind: &str, id: &str) -> Vec<(String, String)> {
    [
        ("aws:principalarn", arn),
        ("aws:principalaccount", ACCOUNT),
        ("aws:principaltype", kind),
        ("aws:userid", id),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .to_vec()
}

/// A request, of a known identity in most cases.
fn any_request(random: &mut Random, askers: &[Asker]) -> Request {
    // Those without any statement get few questions.
    let first = random.pick(askers).cloned().unwrap_or_default();
    let mut asker =
        if first.shapes.is_empty() { random.pick(askers).cloned().unwrap_or_default() } else { first };
    if random.chance(12) {
        asker.arn = random
            .word(&[
                "*",
                "ec2.amazonaws.com",
                "arn:aws:iam::123456789012:root",
                "arn:aws:iam::123456789012:user/nobody",
                "arn:aws:iam::123456789012:role/nobody",
                "arn:aws:iam::210987654321:user/a",
                "arn:aws:sts::123456789012:assumed-role/a/session",
                "arn:aws:sts::123456789012:federated-user/a",
                "arn:aws:iam::123456789012:saml-provider/idp",
                "arn:aws:iam::123456789012:group/g0",
                "arn:aws:iam::123456789012:user/p/",
                "arn:aws:iam::123456789012:User/a",
                "arn:aws:iam::12345678901:user/a",
                "not a principal",
                "",
            ])
            .to_owned();
    }
    request::request(random, &asker)
}
