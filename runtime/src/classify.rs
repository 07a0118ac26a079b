//! Context keys to classes: each of the first 64 classifiers is asked at most once a request (DESIGN section 3, guards),
//! and at up to eight nodes a layer on the short way before that (`diagram`).

mod prepared;

use core::cell::{Cell, OnceCell};
use core::hint::select_unpredictable;
use core::net::IpAddr;

use crate::atom::{Facts, Held};
use crate::context::{Context, ParsedValue, Values};
use crate::format::index::Slot;
use crate::format::{self as f, NONE, Section, TERMINAL_BIT, class};
use crate::glob::simple_lower_case;
use crate::hash::{Table, classifier_tweak, search_id};
use crate::value::{boolean, date, ip, number};
use crate::view::{Index, Layout, View};
use crate::walk::{End, walk};
use prepared::Buckets;
pub(crate) use prepared::Prepared;

/// Classes that are remembered beside a decision's other facts, and in all.
const NEAR: usize = 8;
const ALL: usize = 64;
/// Classifiers of which bundles hold the class of every principal, so that they grow with the principals and not with their square.
#[cfg(feature = "encode")]
const OWN: usize = 32;

/// The classes found so far. What comes after 64 classifiers is found anew each time.
#[derive(Default)]
pub(crate) struct Remembered {
    count: Cell<usize>,
    /// Classifier and class.
    near: [Cell<(u32, u32)>; NEAR],
    /// Room for the rest, which most decisions do not need.
    far: OnceCell<[Cell<(u32, u32)>; ALL - NEAR]>,
}

impl Remembered {
    fn entry(&self, at: usize) -> Option<&Cell<(u32, u32)>> {
        match at.checked_sub(NEAR) {
            None => self.near.get(at),
            Some(at) => self.far.get_or_init(|| [const { Cell::new((0, 0)) }; ALL - NEAR]).get(at),
        }
    }

    #[inline]
    fn find(&self, classifier: u32) -> Option<u32> {
        let found = (0..self.count.get()).filter_map(|at| self.entry(at)).map(Cell::get);
        found.into_iter().find(|&(known, _)| known == classifier).map(|(_, class)| class)
    }

    #[inline]
    fn add(&self, classifier: u32, class: u32) {
        let count = self.count.get();
        if count < ALL
            && let Some(entry) = self.entry(count)
        {
            entry.set((classifier, class));
            self.count.set(count + 1);
        }
    }
}

/// Where the classes begin that a caller defines by itself; [`NONE`] for sessions, whose tags and names are their own, and where the
/// request's context says everything.
#[inline]
pub(crate) fn own_classes(request: &crate::Request<'_>, classes: u32) -> u32 {
    if request.principal.is_itself() && !request.context_is_complete { classes } else { NONE }
}

impl Facts<'_> {
    /// The class of a classifier's key in this request. `None` if a record cannot be read, which validation excludes.
    #[inline(always)]
    pub(crate) fn class(&self, classifier: u32) -> Option<u32> {
        let prepared = self.view.layout.classifiers.get(classifier as usize)?;
        let own = prepared.record.own;
        if own != NONE && self.own != NONE {
            return self.view.word(Section::PrincipalClasses, self.own.wrapping_add(own));
        }
        self.asked_class(classifier, prepared)
    }

    /// The same of a key that the principal does not define by itself.
    #[inline(never)]
    fn asked_class(&self, classifier: u32, prepared: &Prepared) -> Option<u32> {
        if let Some(class) = self.remembered.find(classifier) {
            return Some(class);
        }
        let class = if prepared.source == f::KEY_REQUEST {
            // What most conditions ask for, without the detour over what else a key may hold.
            let other = |value: Value<'_>| of_value(self.view, classifier, prepared, value);
            requested_class(self.view.layout, self.caller.request.context, prepared, other)?
        } else {
            self.of_held(classifier, prepared)?
        };
        self.remembered.add(classifier, class);
        Some(class)
    }

    /// The class of a key that the request alone does not tell.
    #[inline(never)]
    fn of_held(&self, classifier: u32, prepared: &Prepared) -> Option<u32> {
        Some(match self.held(prepared.record.key) {
            None => class::MISSING,
            Some(Held::Many(_)) => class::LIST,
            Some(Held::One(text)) => of_value(self.view, classifier, prepared, Value::text(text.as_str()))?,
        })
    }
}

#[cfg(feature = "encode")]
impl crate::Bundle {
    /// For the writer of bundles: the first 32 classifiers of keys that principals define themselves, and by principal the class of each.
    /// `None` if a record cannot be read, which validation excludes.
    ///
    /// # Complexity
    /// Linear in the principals times these classifiers.
    #[must_use]
    pub fn own_classes(&self) -> Option<(alloc::vec::Vec<u32>, alloc::vec::Vec<alloc::vec::Vec<u32>>)> {
        let view = &self.view();
        let mut own = alloc::vec::Vec::new();
        for classifier in 0..view.count(Section::Classifiers, f::Classifier::WORDS).ok()? {
            if f::is_own(view.key(view.classifier(classifier)?.key)?.source) && own.len() < OWN {
                own.push(classifier);
            }
        }
        let mut classes = alloc::vec::Vec::new();
        for id in 0..self.principal_count() as u32 {
            let request = crate::Request {
                principal: crate::Principal::held(self.stamp(), id, view.string(view.principal(id)?.arn)?),
                action: self.action(""),
                resource: "",
                resource_account: None,
                context: &crate::EmptyContext,
                now: None,
                context_is_complete: false,
            };
            let room = crate::caller::Room::default();
            let caller = crate::caller::Caller { view, request: &request, owner: NONE, room: &room };
            let facts = Facts { view, caller: &caller, own: NONE, remembered: Remembered::default() };
            classes.push(own.iter().map(|&it| facts.class(it)).collect::<Option<_>>()?);
        }
        Some((own, classes))
    }
}

/// The class of a key that the request's context tells: of an IPv4 address at once, of every other value what `other` says.
#[inline(always)]
pub(crate) fn requested_class(
    layout: &Layout,
    context: &dyn Context,
    classifier: &Prepared,
    other: impl FnOnce(Value<'_>) -> Option<u32>,
) -> Option<u32> {
    let buckets = classifier.buckets.as_deref();
    match context.get(layout.keys.get(classifier.record.key as usize)?) {
        None => Some(class::MISSING),
        Some(Values::Many(_)) => Some(class::LIST),
        Some(Values::One(text)) => {
            let at_once = buckets.and_then(|buckets| of_v4_text(buckets, text));
            at_once.or_else(|| other(Value::text(text)))
        }
        Some(Values::Parsed(value)) => match buckets.zip(value.v4()) {
            None => other(value.into()),
            Some((buckets, address)) => buckets.class(address),
        },
    }
}

/// The class of an IPv4 address in text; `None` for what is not read as one at once.
#[inline(never)]
fn of_v4_text(buckets: &Buckets, text: &str) -> Option<u32> {
    buckets.class(ip::four_parts(text.as_bytes())?)
}

/// A value, as text or parsed already.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    text: &'a str,
    parsed: Option<&'a ParsedValue>,
}

impl<'a> Value<'a> {
    const fn text(text: &'a str) -> Self {
        Self { text, parsed: None }
    }
}

impl<'a> From<&'a ParsedValue> for Value<'a> {
    fn from(value: &'a ParsedValue) -> Self {
        Self { text: value.as_str(), parsed: Some(value) }
    }
}

/// The class of one value. Linear in the value's text, and logarithmic in the classifier's intervals or thresholds.
#[inline(never)]
pub(crate) fn of_value(view: &View<'_>, id: u32, prepared: &Prepared, value: Value<'_>) -> Option<u32> {
    let Value { text: value, parsed } = value;
    let classifier = &prepared.record;
    Some(match classifier.reading {
        f::CLASSIFY_TEXT => of_text(view, id, classifier.root, value.as_bytes())?,
        f::CLASSIFY_FOLDED => {
            let mut room = [0; class::FOLDED_BYTES];
            match fold(value, &mut room) {
                Some(folded) => of_text(view, id, classifier.root, folded)?,
                None => class::OTHER,
            }
        }
        f::CLASSIFY_ADDRESS => match parsed {
            None => of_address(view, prepared, ip::address(value))?,
            Some(parsed) => of_address(view, prepared, parsed.address().map(|it| it.first()))?,
        },
        f::CLASSIFY_NUMBER => match number::Number::parse(value) {
            Some(value) => by_thresholds(view, classifier, |threshold| {
                let text = view.string(threshold.text)?;
                // What the compiler writes parses; another text is above everything.
                Some(number::Number::parse(text).map_or(core::cmp::Ordering::Less, |it| value.compare(&it)))
            })?,
            None => class::OTHER,
        },
        f::CLASSIFY_DATE => match parsed
            .map_or_else(|| date::Date::parse(value, date::Zone::UtcIfAbsent), ParsedValue::date)
        {
            Some(value) => by_thresholds(view, classifier, |threshold| {
                let seconds = (u64::from(threshold.high) << 32 | u64::from(threshold.low)) as i64;
                Some(value.compare(&date::Date { seconds, fraction: view.string(threshold.text)? }))
            })?,
            None => class::OTHER,
        },
        f::CLASSIFY_BOOL => match parsed.map_or_else(|| boolean::parse(value), ParsedValue::boolean) {
            Some(true) => class::TRUE,
            Some(false) => class::FALSE,
            None => class::OTHER,
        },
        _ => class::OTHER,
    })
}

/// The texts of one classifier.
#[derive(Clone, Copy)]
struct Texts<'a> {
    view: &'a View<'a>,
    classifier: u32,
}

impl Table for Texts<'_> {
    #[inline]
    fn view(&self) -> View<'_> {
        *self.view
    }

    #[inline]
    fn index(&self) -> &Index {
        self.view.index(Section::ClassTextIndex)
    }

    #[inline]
    fn tweak(&self) -> u32 {
        classifier_tweak(self.classifier)
    }

    #[inline]
    fn fits(&self, [_, _, _, classifier]: Slot) -> bool {
        classifier == self.classifier
    }
}

/// The class of a text: its own, or that of the wildcards that match it.
fn of_text(view: &View<'_>, classifier: u32, root: u32, text: &[u8]) -> Option<u32> {
    if let Some(id) = search_id(text, Texts { view, classifier }) {
        return Some(view.class_text(id)?.class);
    }
    match walk(view.words_at(Section::ClassNodes, 0)?, root, text)? {
        End::Terminal(class) => Some(class & !TERMINAL_BIT),
        End::Leaf { .. } => None,
    }
}

/// A text in simple lower case (rule C8); `None` if that is not ASCII, or longer than anything that can match.
fn fold<'a>(text: &str, room: &'a mut [u8; class::FOLDED_BYTES]) -> Option<&'a [u8]> {
    let mut length = 0;
    for character in text.chars() {
        let lower = u8::try_from(simple_lower_case(character)).ok().filter(u8::is_ascii)?;
        *room.get_mut(length)? = lower;
        length += 1;
    }
    room.get(..length)
}

/// The class of the last interval that begins at or before an address; what is no address is in a class of its own.
fn of_address(view: &View<'_>, classifier: &Prepared, address: Option<IpAddr>) -> Option<u32> {
    match address {
        None => Some(class::OTHER),
        Some(IpAddr::V4(address)) => classifier.buckets.as_ref()?.class(address.to_bits()),
        Some(IpAddr::V6(address)) => of_v6(view, &classifier.record, address.to_bits()),
    }
}

/// The class of an IPv6 address, whose intervals stand behind the others.
///
/// There is no branch on which half it is in: no processor could guess it.
#[inline(never)]
fn of_v6(view: &View<'_>, classifier: &f::Classifier, wanted: u128) -> Option<u32> {
    let v4 = classifier.root;
    let (start, mut size) = (classifier.start + v4, classifier.length.checked_sub(v4)?);
    let holds = |record: &[[u8; 4]; f::Interval::WORDS]| {
        record.as_flattened().first_chunk().is_some_and(|it| u128::from_be_bytes(*it) <= wanted)
    };
    let records = view.words_at(Section::Intervals, start as usize * f::Interval::WORDS)?;
    let (records, _) = records.as_chunks::<{ f::Interval::WORDS }>();
    let mut base = 0;
    while size > 1 {
        let half = size / 2;
        let middle = base + half;
        base = select_unpredictable(holds(records.get(middle as usize)?), middle, base);
        size -= half;
    }
    f::Interval::read(records.get(base as usize)?).map(|interval| interval.class)
}

/// The first address of an interval.
pub(crate) fn first_address(interval: &f::Interval) -> u128 {
    let mut bytes = [0; 16];
    let (words, _) = bytes.as_chunks_mut::<4>();
    for (to, from) in words.iter_mut().zip([interval.a, interval.b, interval.c, interval.d]) {
        *to = from.to_le_bytes();
    }
    u128::from_be_bytes(bytes)
}

/// The class of a value between thresholds, by the order of the value to each.
fn by_thresholds(
    view: &View<'_>,
    classifier: &f::Classifier,
    order: impl Fn(&f::Threshold) -> Option<core::cmp::Ordering>,
) -> Option<u32> {
    let (mut low, mut high) = (0, classifier.length);
    while low < high {
        let middle = low + (high - low) / 2;
        match order(&view.threshold(classifier.start + middle)?)? {
            core::cmp::Ordering::Equal => return Some(class::ORDERED + 2 * middle + 1),
            core::cmp::Ordering::Less => high = middle,
            core::cmp::Ordering::Greater => low = middle + 1,
        }
    }
    Some(class::ORDERED + 2 * low)
}
