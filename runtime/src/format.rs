//! The bundle format: header, sections and records. `FORMAT.md` is its specification; this file is the one description from which
//! both the reader and (feature `encode`) the writer of every record come.

pub mod index;
mod packed;
mod rcp;
mod section;
mod values;
mod words;

pub use packed::{BEHIND_ARN, tells_all};
pub use rcp::RCP_SERVICES;
pub use section::Section;
pub use values::*;
pub use words::{class, diagram, terminal};

/// The first eight bytes of every bundle.
pub const MAGIC: [u8; 8] = *b"PORTCULL";
/// The format version that this crate writes.
pub const FORMAT_VERSION: u32 = 7;
/// The oldest format version that this crate reads: in those before, rows and the slots of actions are others.
pub const OLDEST_FORMAT: u32 = 7;
/// The oldest reader version that can read what this crate writes.
pub const OLDEST_READER: u32 = 7;
/// Length of the header in bytes; the section table follows.
pub const HEADER_BYTES: usize = 64;
/// Where in the header the digest stands: it covers all bytes but its own.
pub const DIGEST_AT: usize = 32;
/// Bytes of one entry of the section table: kind, offset, length, zero; a `u32` each.
pub const SECTION_ENTRY_BYTES: usize = 16;
/// Sections begin at multiples of this.
pub const ALIGNMENT: usize = 8;

/// Set in a reference that is a terminal; else the reference is the word index of a node.
pub const TERMINAL_BIT: u32 = 1 << 31;
/// Set in a root list that has two roots or more: the other bits are its place in `Roots`. Without it, and without [`TERMINAL_BIT`], a
/// root list is its only root.
pub const LIST_BIT: u32 = 1 << 30;
/// "None" where a field may be absent and zero is an id.
pub const NONE: u32 = u32::MAX;

/// Request limits (rule V4, DESIGN section 3).
pub mod limits {
    /// Bytes of a resource ARN and of a principal.
    pub const RESOURCE_BYTES: usize = 2_048;
    /// Bytes of an action.
    pub const ACTION_BYTES: usize = 256;
    /// Bytes of the name of a role, session or federated user, and of any packed principal.
    pub const NAME_BYTES: usize = 64;
    /// Bytes of the partition of a principal.
    pub const PARTITION_BYTES: usize = 32;
    /// Bytes of one context value.
    pub const VALUE_BYTES: usize = 8_192;
    /// Context keys of a request.
    pub const CONTEXT_KEYS: usize = 256;
    /// Bytes of a request target, its query included.
    pub const TARGET_BYTES: usize = 8_192;
    /// Bytes of a literal segment of a route, and of a method.
    pub const SEGMENT_BYTES: usize = 255;
}

/// The slot of a service in a set with so many, a power of two. No two services of a set share one.
#[inline]
#[must_use]
pub const fn service_slot(service: u32, seed: u32, slots: u32) -> u32 {
    (service ^ service.wrapping_mul(seed) >> 16) & slots.wrapping_sub(1)
}

/// Rows: what a row's id holds.
pub mod row {
    /// The highest bit: all classes have the row's only root list.
    pub const CONSTANT: u32 = 1 << 31;
    /// The others: the word of its number of cells.
    pub const PLACE: u32 = !CONSTANT;
}

/// Limits of a set leaf: what fits the fixed scratch of a decision. Alternatives and blocks are as many as it takes.
pub mod leaf {
    /// 64-bit words of one block's state.
    pub const BLOCK_WORDS: usize = 64;
    /// Rules of one leaf.
    pub const RULES: usize = 1_024;
    /// Words of a leaf before its rules: number of rules, number of blocks.
    pub const HEADER_WORDS: usize = 2;
    /// Words of a rule: terminal, flags.
    pub const RULE_WORDS: usize = 2;
    /// Flag of a rule: its resources are negated.
    pub const NEGATED: u32 = 1;
    /// Words of a block before its masks: 64-bit words of its state, classes, alternatives, and 256 bytes of class map.
    pub const BLOCK_HEADER_WORDS: usize = 3 + 64;
    /// Words of an alternative: place of its rule in the leaf, ARN pattern to verify or [`super::NONE`], accepting bit.
    pub const ALTERNATIVE_WORDS: usize = 3;
}

macro_rules! records {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name { $($(#[$field_doc])* pub $field: u32,)* }

        impl $name {
            /// Words of one record.
            pub const WORDS: usize = [$(stringify!($field)),*].len();

            /// Reads a record off the front of some words; `None` if they are too few.
            #[inline]
            #[must_use]
            pub fn read(words: &[[u8; 4]]) -> Option<Self> {
                let &[$($field,)* ..] = words else { return None };
                Some(Self { $($field: u32::from_le_bytes($field),)* })
            }

            /// Appends the record's bytes.
            #[cfg(feature = "encode")]
            pub fn write(&self, to: &mut alloc::vec::Vec<u8>) {
                $(to.extend_from_slice(&self.$field.to_le_bytes());)*
            }
        }
    )*};
}

records! {
    /// A part of another section.
    Range {
        /// First item.
        start,
        /// Number of items.
        length,
    }
    /// A user or role.
    Principal {
        /// String: the ARN.
        arn,
        /// Digits 1 to 4 of the account, as they stand.
        account,
        /// Digits 5 to 8.
        account_5,
        /// Digits 9 to 12.
        account_9,
        /// String: the name.
        name,
        /// String: the unique id, or [`NONE`].
        unique_id,
        /// [`PRINCIPAL_USER`], [`PRINCIPAL_ROLE`] or [`PRINCIPAL_SERVICE_LINKED`].
        kind,
        /// Set: the identity layer.
        identity,
        /// Set: the permissions boundary, or [`NONE`].
        boundary,
        /// First tag.
        tags,
        /// Number of tags.
        tag_count,
        /// Account.
        place,
        /// String: the ARN of its sessions, or of a federated user's, without the session's name.
        behind,
        /// Grants: the trust policy of a role, or [`NONE`].
        trust,
        /// First of its classes in `PrincipalClasses`.
        classes,
    }
    /// A user or role in a bundle of many: what is its own.
    PackedPrincipal {
        /// String: the ARN.
        arn,
        /// Set: the identity layer.
        identity,
        /// Profile: all else.
        profile,
    }
    /// What users and roles in a bundle of many have in common: the fields of a [`Principal`] that do not stand in [`PackedPrincipal`].
    Profile {
        /// Digits 1 to 4 of the account, as they stand.
        account,
        /// Digits 5 to 8.
        account_5,
        /// Digits 9 to 12.
        account_9,
        /// [`BEHIND_ARN`], or [`NONE`] without a unique id.
        unique_id,
        /// [`PRINCIPAL_USER`], [`PRINCIPAL_ROLE`] or [`PRINCIPAL_SERVICE_LINKED`].
        kind,
        /// Set: the permissions boundary, or [`NONE`].
        boundary,
        /// First tag; 0 without tags.
        tags,
        /// Number of tags.
        tag_count,
        /// Account.
        place,
        /// Grants: the trust policy of a role, or [`NONE`].
        trust,
        /// First of its classes in `PrincipalClasses`.
        classes,
    }
    /// An account.
    Account {
        /// String: the number.
        number,
        /// First level of SCPs.
        scps,
        /// Number of levels of SCPs, or [`NONE`] where they do not apply.
        scp_count,
        /// First level of RCPs.
        rcps,
        /// Number of levels of RCPs, or [`NONE`] where they do not apply.
        rcp_count,
        /// String: the id of its organization, or [`NONE`].
        organization,
        /// String: its place in the organization, or [`NONE`].
        path,
    }
    /// What a resource's policy or a role's trust policy says.
    Grants {
        /// Set: what it grants by direct matches, and all that it denies.
        direct,
        /// Set: what it grants by matches at session level.
        session,
        /// Set: what it grants by matches at account level.
        account,
    }
    /// A resource with an owner.
    Resource {
        /// String: the ARN.
        arn,
        /// Account, or [`NONE`] where the request says.
        account,
        /// First tag.
        tags,
        /// Number of tags, or [`NONE`] where the request says.
        tag_count,
        /// Grants: its policy, or [`NONE`].
        policy,
        /// First level of RCPs of its own.
        rcps,
        /// Number of levels of RCPs of its own, or [`NONE`] where its account's count.
        rcp_count,
    }
    /// A VPC endpoint.
    Endpoint {
        /// String: the id.
        id,
        /// Set: its policy.
        set,
    }
    /// What there is one of in a bundle.
    World {
        /// Set: the endpoint policy of all requests, or [`NONE`].
        endpoint,
        /// Set: the session policies, in an overlay; else [`NONE`].
        session,
    }
    /// A tag of a principal.
    Tag {
        /// String: the key in lower case.
        key,
        /// String: the value.
        value,
    }
    /// A permission set: one layer of some principals.
    Set {
        /// Number of slots for services with a row of their own, a power of two: their records follow.
        slots,
        /// What spreads the services over the slots.
        seed,
        /// Root list of every vocabulary action whose service has no row here.
        default_list,
        /// First of its rule root lists.
        rule_roots,
        /// Number of rule root lists.
        rule_root_count,
    }
    /// A service of a set with its row.
    SetService {
        /// Service, or [`NONE`] in an empty slot.
        service,
        /// Row.
        row,
    }
    /// A service of the vocabulary.
    Service {
        /// String: the prefix in lower case.
        name,
        /// Number of action classes.
        classes,
    }
    /// An action of the vocabulary.
    Action {
        /// Service.
        service,
        /// Class within the service.
        class,
        /// Bits `ACTION_…`.
        flags,
        /// String: the ARN that a resource `*` also matches as (rule R4), or [`NONE`].
        service_arn,
        /// Bytes of its name, `service:name` in lower case, which follows.
        name_length,
    }
    /// A pattern of six parts; each field is a glob.
    ArnPattern {
        /// First part.
        part0,
        /// Second part.
        part1,
        /// Third part.
        part2,
        /// Fourth part.
        part3,
        /// Fifth part.
        part4,
        /// Sixth part.
        part5,
    }
    /// A piece of a glob.
    Piece {
        /// `PIECE_…`.
        kind,
        /// Literal: string. Variable: key. Else 0.
        value,
        /// Variable: string of the default, or [`NONE`]. Else 0.
        default,
    }
    /// One operator applied to one key.
    Atom {
        /// `COMPARE_…`, with the bits `ATOM_…`.
        operator,
        /// Key.
        key,
        /// First operand.
        operands,
        /// Number of operands, at least 1.
        operand_count,
    }
    /// One value of a condition.
    Operand {
        /// `OPERAND_…`.
        kind,
        /// Text, like: glob. ARN: pattern. Number, binary: string. Date: string of the fraction. Bool: 0 or 1. IP: prefix, plus 256
        /// for IPv6.
        a,
        /// Date: low half of the seconds. IP: bytes 0 to 3 of the address, as they stand.
        b,
        /// Date: high half. IP: bytes 4 to 7.
        c,
        /// IP: bytes 8 to 11.
        d,
        /// IP: bytes 12 to 15.
        e,
    }
    /// What conditions tell apart about a key.
    Classifier {
        /// `CLASSIFY_…`: how its values are read.
        reading,
        /// Key.
        key,
        /// Number of classes.
        classes,
        /// Texts: first word in `ClassNodes`, for texts that stand for no class by themselves. Addresses: first of its intervals. Numbers, dates: first of its thresholds. Else 0.
        start,
        /// Number of these.
        length,
        /// Texts: the root. Addresses: the number of IPv4 intervals. Else 0.
        root,
        /// Its place among the classes of each principal, or [`NONE`] where principals do not define the key.
        own,
    }
    /// A text that some operand is, without wildcards.
    ClassText {
        /// Classifier.
        classifier,
        /// String: the text.
        text,
        /// Class.
        class,
    }
    /// Addresses of one class.
    Interval {
        /// Bytes 0 to 3 of the first address, as they stand.
        a,
        /// Bytes 4 to 7.
        b,
        /// Bytes 8 to 11.
        c,
        /// Bytes 12 to 15.
        d,
        /// Class.
        class,
    }
    /// A number or a moment that separates classes.
    Threshold {
        /// String: the number, or the fraction of a second.
        text,
        /// Date: low half of the seconds. Else 0.
        low,
        /// Date: high half. Else 0.
        high,
    }
    /// A context key that the bundle mentions.
    Key {
        /// String: the name in lower case.
        name,
        /// `KEY_…`: where its value comes from (rule C12).
        source,
        /// Principal tag: string of the tag's key in lower case. Else [`NONE`].
        tag,
    }
    /// A rule that can match actions outside the vocabulary.
    RuleRoot {
        /// First action pattern.
        patterns,
        /// Number of action patterns.
        pattern_count,
        /// 1 for `NotAction`.
        negated,
        /// Root list: the automaton of this rule alone.
        list,
    }
    /// An action pattern.
    ActionPattern {
        /// Glob of the service half, or [`NONE`] for `*` alone.
        service,
        /// Glob of the name half, or [`NONE`] for `*` alone.
        name,
    }
    /// A route: from requests of HTTP to an action and a resource.
    Route {
        /// String: methods and path as declared.
        pattern,
        /// String: the action.
        action,
        /// First piece of its resource.
        pieces,
        /// Number of pieces, at least 1.
        piece_count,
    }
    /// A piece of the resource of a route.
    RoutePiece {
        /// `ROUTE_…`.
        kind,
        /// Literal: string. Else the segment of the path, from 0.
        value,
    }
    /// What is known of a path after some of its segments.
    RouteState {
        /// First edge.
        edges,
        /// Number of edges.
        edge_count,
        /// State behind a segment that is not empty and no edge's, or [`NONE`].
        other,
        /// First end.
        ends,
        /// Number of ends.
        end_count,
    }
    /// Where a segment leads.
    RouteEdge {
        /// String: the segment.
        text,
        /// State.
        target,
    }
    /// The route of a method, where the path ends.
    RouteEnd {
        /// String: the method, or [`NONE`] for all others.
        method,
        /// Route.
        route,
    }
}

impl Principal {
    /// The 12 digits of its account.
    #[inline]
    #[must_use]
    pub fn account(&self) -> [u8; 12] {
        let mut digits = [0; 12];
        let words = [self.account, self.account_5, self.account_9];
        for (to, from) in digits.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *to = from.to_le_bytes();
        }
        digits
    }
}
