//! Reading records in place: the bytes of a bundle as little-endian words, addressed by section.
//!
//! Every read is checked against the whole bundle, so no index can panic; that a record lies in *its* section is what `validate`
//! has checked once at load.

use alloc::boxed::Box;
use alloc::string::String;

use crate::classify::Prepared;
use crate::error::LoadError;
use crate::format::{
    self, Account, Action, ActionPattern, ArnPattern, Atom, ClassText, Classifier, Endpoint, Grants,
    Interval, Key, LIST_BIT, NONE, Operand, PackedPrincipal, Piece, Principal, Profile, Range, Resource,
    Route, RouteEdge, RouteEnd, RoutePiece, RouteState, RuleRoot, Section, Service, Set, SetService, Tag,
    Threshold, index, row,
};
use crate::hash::Keys;

/// Number of sections.
pub(crate) const SECTIONS: usize = Section::ALL.len();

/// Where a section lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Byte offset, a multiple of [`crate::format::ALIGNMENT`].
    pub(crate) start: usize,
    /// Bytes.
    pub(crate) length: usize,
}

impl Extent {
    /// Byte offset of what stands behind it.
    pub(crate) const fn end(self) -> usize {
        self.start + self.length
    }
}

/// The extents of all sections, what look-ups need of the hash tables, and what a decision wants as text.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    extents: [Extent; SECTIONS],
    /// The first word of each section: in 32 bits, so that no place that a reference names can overflow the 64 of an address.
    starts: [u32; SECTIONS],
    principals: Index,
    /// Whether principals are packed.
    packed: bool,
    actions: Index,
    class_texts: Index,
    others: [Index; 4],
    pub(crate) world: World,
    /// The names of the context keys: few, and wanted as text at every condition. Empty while a bundle is validated.
    pub(crate) keys: Box<[Box<str>]>,
    /// The classifiers. Empty while a bundle is validated.
    pub(crate) classifiers: Box<[Prepared]>,
    /// By account: its place in its organization, empty where it has none. Empty while a bundle is validated.
    pub(crate) paths: Box<[String]>,
}

/// What decides at once of a principal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Brief {
    pub(crate) boundary: u32,
    pub(crate) classes: u32,
    /// The 12 digits of its account, and what stands behind them.
    pub(crate) account: [u8; 16],
}

/// What a look-up in a permission set begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SetHead {
    /// The word of the set.
    pub(crate) at: u32,
    /// Slots of services; none of a union.
    pub(crate) slots: u32,
    /// Of a union: its parts.
    pub(crate) seed: u32,
    /// Root list of the services that stand in none of the slots.
    pub(crate) default_list: u32,
}

/// What there is in a bundle, so that a decision need not look for what there is none of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    /// Set: the endpoint policy of all requests, or [`NONE`].
    pub(crate) endpoint: u32,
    /// Set: the session policies of an overlay, or [`NONE`].
    pub(crate) session: u32,
    /// Whether resources are declared.
    pub(crate) resources: bool,
    /// Whether endpoints are.
    pub(crate) endpoints: bool,
    /// Whether any account has levels of control policies.
    pub(crate) controls: bool,
    /// Whether there is none of all that.
    bare: bool,
}

impl World {
    /// Whether there are principals and their policies, and nothing else that decides.
    #[inline]
    pub(crate) const fn is_bare(&self) -> bool {
        self.bare
    }
}

/// A hash table: the keys of its seed, where in the bundle its slots begin, and how many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Index {
    pub(crate) keys: Keys,
    pub(crate) slots: u32,
    /// Of a packed table: the bits of a slot that are an id.
    pub(crate) bits: u32,
    /// Word of the bundle.
    first: u32,
}

impl Index {
    fn of(words: &[[u8; 4]], extent: Extent, slot_words: usize) -> Self {
        let first = extent.start / 4;
        let seed = words.get(first).map_or(0, |word| u32::from_le_bytes(*word));
        let slots = (extent.length / 4).saturating_sub(index::HEADER_WORDS) / slot_words;
        // A bundle is shorter than 4 GiB.
        let first = (first + index::HEADER_WORDS) as u32;
        Self { keys: Keys::of(seed), slots: slots as u32, bits: 0, first }
    }
}

impl Layout {
    pub(crate) fn new(bytes: &[u8], extents: [Extent; SECTIONS]) -> Self {
        let words = bytes.as_chunks::<4>().0;
        let extent = |section: Section| extents.get(section as usize - 1).copied().unwrap_or_default();
        let index = |section| Index::of(words, extent(section), index::SLOT_WORDS);
        let packed = extent(Section::Profiles).length > 0;
        let principals = match packed {
            true => {
                let count = extent(Section::Principals).length / (4 * PackedPrincipal::WORDS);
                let bits = index::packed_bits(count as u32).unwrap_or(u32::BITS - 1);
                Index { bits, ..Index::of(words, extent(Section::PrincipalIndex), 1) }
            }
            false => index(Section::PrincipalIndex),
        };
        let records = |section| words.get(extent(section).start / 4..).unwrap_or(&[]);
        let world = format::World::read(records(Section::World));
        let count = extent(Section::Accounts).length / (4 * Account::WORDS);
        let accounts =
            records(Section::Accounts).chunks(Account::WORDS).take(count).filter_map(Account::read);
        let levels = |count: u32| count != NONE && count > 0;
        let mut world = World {
            bare: false,
            endpoint: world.map_or(NONE, |world| world.endpoint),
            session: world.map_or(NONE, |world| world.session),
            resources: extent(Section::Resources).length > 0,
            endpoints: extent(Section::Endpoints).length > 0,
            controls: accounts.into_iter().any(|it| levels(it.scp_count) || levels(it.rcp_count)),
        };
        world.bare = !world.resources && !world.endpoints && !world.controls && world.endpoint == NONE;
        let starts = extents.map(|extent| u32::try_from(extent.start / 4).unwrap_or(u32::MAX));
        Self {
            extents,
            starts,
            principals,
            packed,
            actions: index(Section::ActionIndex),
            class_texts: index(Section::ClassTextIndex),
            others: [
                index(Section::BehindIndex),
                index(Section::AccountIndex),
                index(Section::ResourceIndex),
                index(Section::EndpointIndex),
            ],
            world,
            keys: Box::default(),
            classifiers: Box::default(),
            paths: Box::default(),
        }
    }

    #[inline]
    pub(crate) fn extent(&self, section: Section) -> Extent {
        self.extents.get(section as usize - 1).copied().unwrap_or_default()
    }

    /// The first word of a section. Behind all of a bundle if there is no such section.
    #[inline(always)]
    fn start(&self, section: Section) -> usize {
        self.starts.get(section as usize - 1).copied().unwrap_or(u32::MAX) as usize
    }
}

/// A bundle's bytes with their layout: what the decision walk reads.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) words: &'a [[u8; 4]],
    pub(crate) layout: &'a Layout,
    pub(crate) world: &'a World,
}

macro_rules! accessors {
    ($($(#[$doc:meta])* $name:ident: $record:ident in $section:ident;)*) => {
        impl<'a> View<'a> {$(
            $(#[$doc])*
            #[inline(always)]
            pub(crate) fn $name(&self, index: u32) -> Option<$record> {
                const WORDS: usize = $record::WORDS;
                $record::read(self.fixed::<WORDS>(Section::$section, index as usize * WORDS)?)
            }
        )*}
    };
}

accessors! {
    whole_principal: Principal in Principals;
    packed_principal: PackedPrincipal in Principals;
    profile: Profile in Profiles;
    account: Account in Accounts;
    grants: Grants in Grants;
    resource: Resource in Resources;
    endpoint: Endpoint in Endpoints;
    tag: Tag in Tags;
    service: Service in Services;
    arn_pattern: ArnPattern in ArnPatterns;
    glob: Range in Globs;
    piece: Piece in Pieces;
    atom: Atom in Atoms;
    operand: Operand in Operands;
    key: Key in Keys;
    classifier: Classifier in Classifiers;
    class_text: ClassText in ClassTexts;
    interval: Interval in Intervals;
    threshold: Threshold in Thresholds;
    rule_root_list: Range in RuleRootLists;
    rule_root: RuleRoot in RuleRoots;
    action_pattern: ActionPattern in ActionPatterns;
    route: Route in Routes;
    route_piece: RoutePiece in RoutePieces;
    route_state: RouteState in RouteStates;
    route_edge: RouteEdge in RouteEdges;
    route_end: RouteEnd in RouteEnds;
}

impl<'a> View<'a> {
    /// The view of a bundle that is not validated yet.
    pub(crate) fn new(bytes: &'a [u8], layout: &'a Layout) -> Self {
        let words = bytes.as_chunks::<4>().0;
        Self { bytes, words, layout, world: &layout.world }
    }

    /// Number of services of which resources are declared.
    pub(crate) fn declared_services(&self) -> u32 {
        (self.layout.extent(Section::DeclaredServices).length / 4) as u32
    }

    /// A hash table.
    #[inline]
    pub(crate) fn index(&self, section: Section) -> &'a Index {
        match section {
            Section::PrincipalIndex => &self.layout.principals,
            Section::ActionIndex => &self.layout.actions,
            Section::BehindIndex => &self.layout.others[0],
            Section::AccountIndex => &self.layout.others[1],
            Section::ResourceIndex => &self.layout.others[2],
            Section::EndpointIndex => &self.layout.others[3],
            _ => &self.layout.class_texts,
        }
    }

    /// A slot of a hash table.
    #[inline(always)]
    pub(crate) fn slot(&self, index: &Index, slot: u32) -> Option<index::Slot> {
        let at = index.first as usize + slot as usize * index::SLOT_WORDS;
        let words: &[[u8; 4]; index::SLOT_WORDS] =
            self.words.get(at..at + index::SLOT_WORDS)?.first_chunk()?;
        Some(words.map(u32::from_le_bytes))
    }

    /// Whether principals are packed.
    #[inline(always)]
    pub(crate) fn is_packed(&self) -> bool {
        self.layout.packed
    }

    /// Number of principals; an error where there is a part of one.
    pub(crate) fn principal_count(&self) -> Result<u32, LoadError> {
        let words = if self.is_packed() { PackedPrincipal::WORDS } else { Principal::WORDS };
        self.count(Section::Principals, words)
    }

    /// A principal.
    #[inline(always)]
    pub(crate) fn principal(&self, id: u32) -> Option<Principal> {
        if self.is_packed() {
            let packed = self.packed_principal(id)?;
            return Some(packed.with(self.profile(packed.profile)?));
        }
        self.whole_principal(id)
    }

    /// What the short way asks of a principal that is not packed: a few words, so that none of the others need be read.
    #[inline(always)]
    pub(crate) fn brief(&self, id: u32) -> Option<Brief> {
        let Principal { boundary, classes, .. } = self.whole_principal(id)?;
        let account = self.fixed::<4>(Section::Principals, id as usize * Principal::WORDS + 1)?;
        Some(Brief { boundary, classes, account: *account.as_flattened().first_chunk()? })
    }

    /// The same of one that is.
    #[inline(always)]
    pub(crate) fn packed_brief(&self, id: u32) -> Option<Brief> {
        let packed = self.packed_principal(id)?;
        let Profile { boundary, classes, .. } = self.profile(packed.profile)?;
        Some(Brief { boundary, classes, account: *self.account_window(id)? })
    }

    /// The account of a principal.
    pub(crate) fn account_of(&self, principal: u32) -> Option<&'a str> {
        core::str::from_utf8(self.account_window(principal)?.get(..12)?).ok()
    }

    /// The account of a principal, and what stands behind it.
    #[inline(always)]
    fn account_window(&self, principal: u32) -> Option<&'a [u8; 16]> {
        let words = if self.is_packed() {
            let profile = self.packed_principal(principal)?.profile;
            self.fixed::<4>(Section::Profiles, profile as usize * Profile::WORDS)?
        } else {
            self.fixed::<4>(Section::Principals, principal as usize * Principal::WORDS + 1)?
        };
        words.as_flattened().first_chunk()
    }

    /// The name of a principal.
    pub(crate) fn name_of(&self, principal: &Principal) -> Option<&'a str> {
        match principal.name {
            NONE => self.string(principal.arn)?.rsplit('/').next(),
            name => self.string(name),
        }
    }

    /// The unique id of a principal, if it has one.
    pub(crate) fn unique_id_of(&self, principal: &Principal) -> Option<&'a str> {
        match principal.unique_id {
            NONE => None,
            format::BEHIND_ARN => self.string(self.behind_string(principal.arn)?),
            id => self.string(id),
        }
    }

    /// The string that stands right behind another one.
    pub(crate) fn behind_string(&self, string: u32) -> Option<u32> {
        let words = self.string_bytes(string)?.len().div_ceil(4);
        string.checked_add(1)?.checked_add(u32::try_from(words).ok()?)
    }

    /// A slot of a packed table.
    #[inline(always)]
    pub(crate) fn packed_slot(&self, index: &Index, slot: u32) -> Option<u32> {
        self.words.get(index.first as usize + slot as usize).map(|word| u32::from_le_bytes(*word))
    }

    /// The permission set at a word.
    #[inline]
    pub(crate) fn set(&self, at: u32) -> Option<Set> {
        Set::read(self.fixed::<{ Set::WORDS }>(Section::Sets, at as usize)?)
    }

    /// What a look-up in the permission set at a word begins with.
    #[inline(always)]
    pub(crate) fn set_head(&self, at: u32) -> Option<SetHead> {
        let Set { slots, seed, default_list, .. } = self.set(at)?;
        Some(SetHead { at, slots, seed, default_list })
    }

    /// A service of the permission set at a word.
    #[inline]
    pub(crate) fn set_service(&self, set: u32, number: u32) -> Option<SetService> {
        let at = set as usize + Set::WORDS + number as usize * SetService::WORDS;
        SetService::read(self.fixed::<{ SetService::WORDS }>(Section::Sets, at)?)
    }

    /// The root list of a class in a row.
    #[inline(always)]
    pub(crate) fn cell(&self, row: u32, class: u32) -> Option<u32> {
        let class = if row & row::CONSTANT == 0 { class } else { 0 };
        let at = (row & row::PLACE) as usize + 1 + class as usize;
        self.words.get(self.layout.start(Section::Rows) + at).map(|word| u32::from_le_bytes(*word))
    }

    /// The action at a word.
    #[inline]
    pub(crate) fn action(&self, at: u32) -> Option<Action> {
        Action::read(self.fixed::<{ Action::WORDS }>(Section::Actions, at as usize)?)
    }

    /// The name of the action at a word.
    #[inline]
    pub(crate) fn action_name(&self, at: u32) -> Option<&'a [u8]> {
        let length = self.action(at)?.name_length as usize;
        self.bytes_at(Section::Actions, at as usize + Action::WORDS, length)
    }

    /// Some words of a section from one of them on. As all places are 32 bits wide, only their end need be checked.
    #[inline(always)]
    pub(crate) fn fixed<const WORDS: usize>(
        &self,
        section: Section,
        at: usize,
    ) -> Option<&'a [[u8; 4]; WORDS]> {
        let at = self.layout.start(section) + at;
        self.words.get(at..at + WORDS)?.first_chunk()
    }

    /// The words of a section from one of them on; they run on to the end of the bundle.
    #[inline(always)]
    pub(crate) fn words_at(&self, section: Section, at: usize) -> Option<&'a [[u8; 4]]> {
        self.words.get(self.layout.start(section) + at..)
    }

    /// One word of a section.
    #[inline(always)]
    pub(crate) fn word(&self, section: Section, at: u32) -> Option<u32> {
        self.words.get(self.layout.start(section) + at as usize).map(|word| u32::from_le_bytes(*word))
    }

    /// Bytes of a section.
    #[inline]
    pub(crate) fn section_bytes(&self, section: Section) -> &'a [u8] {
        let extent = self.layout.extent(section);
        self.bytes.get(extent.start..extent.start + extent.length).unwrap_or(&[])
    }

    /// Bytes of a section, beginning at the byte of one of its words.
    #[inline]
    pub(crate) fn bytes_at(&self, section: Section, word: usize, length: usize) -> Option<&'a [u8]> {
        let start = (self.layout.start(section) + word) * 4;
        self.bytes.get(start..start + length)
    }

    /// The bytes of a string.
    #[inline]
    pub(crate) fn string_bytes(&self, string: u32) -> Option<&'a [u8]> {
        let at = self.layout.start(Section::Strings) + string as usize;
        let length = u32::from_le_bytes(*self.words.get(at)?) as usize;
        let text = (at + 1) * 4;
        self.bytes.get(text..text + length)
    }

    /// The bytes of a string if it has this length.
    #[inline(always)]
    pub(crate) fn string_of_length(&self, string: u32, length: usize) -> Option<&'a [u8]> {
        let at = (self.layout.start(Section::Strings) + string as usize) * 4;
        let (own, text) = self.bytes.get(at..at + 4 + length)?.split_first_chunk::<4>()?;
        (u32::from_le_bytes(*own) as usize == length).then_some(text)
    }

    /// The name of the action at a word if it has this length.
    #[inline(always)]
    pub(crate) fn action_name_of_length(&self, at: u32, length: usize) -> Option<&'a [u8]> {
        const RECORD: usize = 4 * Action::WORDS;
        let at = (self.layout.start(Section::Actions) + at as usize) * 4;
        let (record, name) = self.bytes.get(at..at + RECORD + length)?.split_first_chunk::<RECORD>()?;
        (Action::read(record.as_chunks::<4>().0)?.name_length as usize == length).then_some(name)
    }

    /// The roots of a list that has several.
    #[inline]
    pub(crate) fn roots(&self, list: u32) -> Option<&'a [[u8; 4]]> {
        let words = self.words_at(Section::Roots, (list & !LIST_BIT) as usize)?;
        let (count, roots) = words.split_first()?;
        roots.get(..u32::from_le_bytes(*count) as usize)
    }

    /// A string. Validation has shown that it is UTF-8.
    #[inline]
    pub(crate) fn string(&self, string: u32) -> Option<&'a str> {
        core::str::from_utf8(self.string_bytes(string)?).ok()
    }

    /// The number of whole records or words in a section; an error if its length is no multiple of theirs.
    pub(crate) fn count(&self, section: Section, words: usize) -> Result<u32, LoadError> {
        let length = self.layout.extent(section).length;
        if !length.is_multiple_of(words * 4) {
            return Err(LoadError::Invalid {
                section,
                index: 0,
                what: "the length is no multiple of its records'",
            });
        }
        u32::try_from(length / (words * 4)).map_err(|_| LoadError::SectionTable)
    }
}
