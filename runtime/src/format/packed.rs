//! Principals in bundles of many: what each has for itself, beside a profile that many share.

use super::{NONE, PackedPrincipal, Principal, Profile, limits};
use crate::value::arn;

/// In the place of a string: the one that stands right behind the ARN's.
pub const BEHIND_ARN: u32 = NONE - 1;

impl PackedPrincipal {
    /// The principal, with what its profile says. Its name is the last part of its ARN, and what stands behind its sessions follows from it.
    #[inline(always)]
    #[must_use]
    pub const fn with(self, profile: Profile) -> Principal {
        let Profile { account, account_5, account_9, unique_id, kind, boundary, tags, tag_count, .. } =
            profile;
        let Profile { place, trust, classes, .. } = profile;
        let Self { arn, identity, .. } = self;
        let (name, behind) = (NONE, NONE);
        Principal {
            arn,
            account,
            account_5,
            account_9,
            name,
            unique_id,
            kind,
            identity,
            boundary,
            tags,
            tag_count,
            place,
            behind,
            trust,
            classes,
        }
    }
}

/// Whether an ARN tells all that a packed principal does not say: its account and kind, a name, and what stands behind its sessions.
#[must_use]
pub fn tells_all(text: &str, account: &[u8], is_user: bool) -> bool {
    let Some(["arn", partition, "iam", "", of, resource]) = arn::split(text) else { return false };
    let named = resource.strip_prefix(if is_user { "user/" } else { "role/" });
    let name = named.and_then(|path| path.rsplit('/').next()).unwrap_or("");
    of.as_bytes() == account
        && partition.len() <= limits::PARTITION_BYTES
        && (1..=limits::NAME_BYTES).contains(&name.len())
}
