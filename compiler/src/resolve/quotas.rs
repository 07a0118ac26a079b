//! AWS's default quotas (rule P5). Each is a lint, or an error where the options say so; 5,000 users per account is always an error.

use std::collections::HashMap;

use portcullis_grammar::diagnostic::{Diagnostic, Severity};

use super::drafts::{Drafts, IdentityDraft, IdentityKind};
use super::reader::{Place, shown};
use super::sink::Sink;
use super::{Options, QuotaLevel, codes};

/// The quotas that an account can declare to have raised, by the names of the `.gate` language.
pub(super) const NAMES: [&str; 11] = [
    "users",
    "groups",
    "roles",
    "policies",
    "versions",
    "attached-policies",
    "groups-of-a-user",
    "policy-size",
    "user-inline-size",
    "group-inline-size",
    "role-inline-size",
];

/// AWS's defaults of the same, and of trust policies.
const fn default_of(name: &str) -> usize {
    match name.as_bytes() {
        b"users" => 5_000,
        b"groups" => 300,
        b"roles" => 1_000,
        b"policies" => 1_500,
        b"versions" => 5,
        b"attached-policies" | b"groups-of-a-user" => 10,
        b"policy-size" => 6_144,
        b"user-inline-size" | b"trust-size" => 2_048,
        b"group-inline-size" => 5_120,
        b"role-inline-size" => 10_240,
        _ => 0,
    }
}

const fn inline_size(kind: IdentityKind) -> &'static str {
    match kind {
        IdentityKind::User => "user-inline-size",
        IdentityKind::Group => "group-inline-size",
        IdentityKind::Role => "role-inline-size",
    }
}

const fn per_account(kind: IdentityKind) -> &'static str {
    match kind {
        IdentityKind::User => "users",
        IdentityKind::Group => "groups",
        IdentityKind::Role => "roles",
    }
}

/// The quota of an account: AWS's default, or what the account says.
fn quota(drafts: &Drafts<'_>, account: &str, name: &'static str) -> usize {
    drafts.quotas.get(&(account.into(), name)).copied().unwrap_or(default_of(name))
}

/// Compares a count with its quota.
struct Check<'s> {
    sink: &'s mut Sink,
    severity: Severity,
}

impl Check<'_> {
    fn at_most(&mut self, quota: usize, count: usize, place: Place<'_>, what: impl FnOnce() -> String) {
        if count <= quota {
            return;
        }
        let message = format!("{} {count}; AWS's default quota is {quota}", what());
        let found = Diagnostic { severity: self.severity, ..Diagnostic::error(codes::P5_QUOTA, message) };
        self.sink.push(
            found
                .at(place.source, place.span, "")
                .help("AWS refuses this unless the account's quota was raised"),
        );
    }
}

/// Checks everything that was read.
pub(super) fn check(drafts: &Drafts<'_>, sink: &mut Sink, options: &Options) {
    let severity = match options.quotas {
        QuotaLevel::Ignore => None,
        QuotaLevel::Lint => Some(Severity::Warning),
        QuotaLevel::Error => Some(Severity::Error),
    };
    if let Some(severity) = severity {
        let mut check = Check { sink, severity };
        drafts.identities.iter().for_each(|identity| of_identity(&mut check, drafts, identity));
        of_policies(&mut check, drafts);
    }
    of_accounts(drafts, sink, severity);
}

fn of_identity(check: &mut Check<'_>, drafts: &Drafts<'_>, identity: &IdentityDraft<'_>) {
    let place = opening(identity.place);
    let quota = |name| quota(drafts, &identity.account, name);
    let named =
        |what: &str| format!("{what} of the {} `{}` are", identity.kind.noun(), shown(&identity.name));
    let inline = identity.inline.iter().map(|inline| inline.content.size).sum();
    check.at_most(quota(inline_size(identity.kind)), inline, place, || {
        named("the characters of the inline policies")
    });
    check.at_most(quota("attached-policies"), identity.attached.len(), place, || {
        named("the managed policies")
    });
    check.at_most(quota("groups-of-a-user"), identity.groups.len(), place, || named("the groups"));
    let trust = identity.trust.as_ref().map_or(0, |trust| trust.size);
    check.at_most(default_of("trust-size"), trust, place, || named("the characters of the trust policy"));
}

fn of_policies(check: &mut Check<'_>, drafts: &Drafts<'_>) {
    // AWS's own policies are not bound by the quotas.
    for draft in drafts.policies.iter().filter(|draft| &*draft.account != "aws") {
        let place = opening(draft.place);
        let name = || shown(&draft.policy.name);
        let quota = |name| quota(drafts, &draft.account, name);
        check.at_most(quota("versions"), draft.version_count, place, || {
            format!("the versions of the policy `{}` are", name())
        });
        for (size, version) in draft.sizes.iter().zip(&draft.policy.versions) {
            let what = || {
                format!("the characters of the policy `{}` in its version {} are", name(), shown(&version.id))
            };
            check.at_most(quota("policy-size"), *size, place, what);
        }
    }
}

fn of_accounts(drafts: &Drafts<'_>, sink: &mut Sink, severity: Option<Severity>) {
    let mut identities: HashMap<(&str, IdentityKind), usize> = HashMap::new();
    for identity in &drafts.identities {
        let count = identities.entry((&identity.account, identity.kind)).or_default();
        *count += 1;
        // Reported at the first one past the quota.
        let quota = quota(drafts, &identity.account, per_account(identity.kind));
        if *count != quota + 1 {
            continue;
        }
        let severity = if identity.kind == IdentityKind::User { Some(Severity::Error) } else { severity };
        if let Some(severity) = severity {
            let what =
                || format!("up to here the {}s of account {} are", identity.kind.noun(), identity.account);
            Check { sink, severity }.at_most(quota, *count, opening(identity.place), what);
        }
    }
    let mut policies: HashMap<&str, usize> = HashMap::new();
    for draft in drafts.policies.iter().filter(|draft| draft.account.len() == 12) {
        let count = policies.entry(&draft.account).or_default();
        *count += 1;
        let quota = quota(drafts, &draft.account, "policies");
        if let (true, Some(severity)) = (*count == quota + 1, severity) {
            let what =
                || format!("up to here the customer managed policies of account {} are", draft.account);
            Check { sink, severity }.at_most(quota, *count, opening(draft.place), what);
        }
    }
}

/// The first character of a thing: underlining all of a user would help nobody.
fn opening(place: Place<'_>) -> Place<'_> {
    let start = place.span.start as usize;
    Place { span: portcullis_grammar::source::Span::new(start, start + 1), ..place }
}
