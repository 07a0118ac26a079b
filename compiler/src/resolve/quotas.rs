//! AWS's default quotas (rule P5). Each is a lint, or an error where the options say so; 5,000 users per account is always an error.

use std::collections::HashMap;

use portcullis_grammar::diagnostic::{Diagnostic, Severity};

use super::drafts::{Drafts, IdentityDraft, IdentityKind};
use super::reader::{Place, shown};
use super::sink::Sink;
use super::{Options, QuotaLevel, codes};

const MANAGED_POLICY_SIZE: usize = 6_144;
const TRUST_POLICY_SIZE: usize = 2_048;
const VERSIONS: usize = 5;
const ATTACHED: usize = 10;
const GROUPS_OF_A_USER: usize = 10;

const fn inline_size(kind: IdentityKind) -> usize {
    match kind {
        IdentityKind::User => 2_048,
        IdentityKind::Group => 5_120,
        IdentityKind::Role => 10_240,
    }
}

const fn per_account(kind: IdentityKind) -> usize {
    match kind {
        IdentityKind::User => 5_000,
        IdentityKind::Group => 300,
        IdentityKind::Role => 1_000,
    }
}

const CUSTOMER_POLICIES: usize = 1_500;

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
        drafts.identities.iter().for_each(|identity| of_identity(&mut check, identity));
        of_policies(&mut check, drafts);
    }
    of_accounts(drafts, sink, severity);
}

fn of_identity(check: &mut Check<'_>, identity: &IdentityDraft<'_>) {
    let place = opening(identity.place);
    let named =
        |what: &str| format!("{what} of the {} `{}` are", identity.kind.noun(), shown(&identity.name));
    let inline = identity.inline.iter().map(|inline| inline.content.size).sum();
    check.at_most(inline_size(identity.kind), inline, place, || {
        named("the characters of the inline policies")
    });
    check.at_most(ATTACHED, identity.attached.len(), place, || named("the managed policies"));
    check.at_most(GROUPS_OF_A_USER, identity.groups.len(), place, || named("the groups"));
    let trust = identity.trust.as_ref().map_or(0, |trust| trust.size);
    check.at_most(TRUST_POLICY_SIZE, trust, place, || named("the characters of the trust policy"));
}

fn of_policies(check: &mut Check<'_>, drafts: &Drafts<'_>) {
    // AWS's own policies are not bound by the quotas.
    for draft in drafts.policies.iter().filter(|draft| &*draft.account != "aws") {
        let place = opening(draft.place);
        let name = || shown(&draft.policy.name);
        check.at_most(VERSIONS, draft.version_count, place, || {
            format!("the versions of the policy `{}` are", name())
        });
        for (size, version) in draft.sizes.iter().zip(&draft.policy.versions) {
            let what = || {
                format!("the characters of the policy `{}` in its version {} are", name(), shown(&version.id))
            };
            check.at_most(MANAGED_POLICY_SIZE, *size, place, what);
        }
    }
}

fn of_accounts(drafts: &Drafts<'_>, sink: &mut Sink, severity: Option<Severity>) {
    let mut identities: HashMap<(&str, IdentityKind), usize> = HashMap::new();
    for identity in &drafts.identities {
        let count = identities.entry((&identity.account, identity.kind)).or_default();
        *count += 1;
        // Reported at the first one past the quota.
        let quota = per_account(identity.kind);
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
        if let (true, Some(severity)) = (*count == CUSTOMER_POLICIES + 1, severity) {
            let what =
                || format!("up to here the customer managed policies of account {} are", draft.account);
            Check { sink, severity }.at_most(CUSTOMER_POLICIES, *count, opening(draft.place), what);
        }
    }
}

/// The first character of a thing: underlining all of a user would help nobody.
fn opening(place: Place<'_>) -> Place<'_> {
    let start = place.span.start as usize;
    Place { span: portcullis_grammar::source::Span::new(start, start + 1), ..place }
}
