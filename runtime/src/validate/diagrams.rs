//! Checks of the diagrams and of the classifiers behind them.

use alloc::vec::Vec;

use super::Counts;
use super::checks::{SideBySide, Starts, check, each, invalid, within};
use super::index::index;
use super::nodes::{References, nodes};
use crate::classify::first_address;
use crate::error::LoadError;
use crate::format::{self as f, NONE, Section, TERMINAL_BIT, class, diagram, terminal};
use crate::hash::classifier_tweak;
use crate::view::View;

/// Where diagrams begin.
pub(super) struct Terminals(Starts);

impl Terminals {
    /// Whether this is a terminal: a rule, nothing, or the first word of a diagram node.
    pub(super) fn known(&self, reference: u32) -> bool {
        let value = reference & terminal::VALUE;
        match reference & terminal::KIND {
            terminal::DENIES | terminal::ALLOWS => true,
            terminal::DIAGRAM => self.0.known(value),
            terminal::NOTHING => value == 0,
            _ => false,
        }
    }
}

/// Nodes stand side by side and use the section up; each leads to terminals, and to nodes before it, so that every way ends.
pub(super) fn diagrams(view: View<'_>, counts: &Counts) -> Result<Terminals, LoadError> {
    let section = Section::Diagrams;
    let words = view.count(section, 1)?;
    let atoms = view.count(Section::Atoms, f::Atom::WORDS)?;
    let mut terminals = Terminals(Starts::new(words));
    let mut at = 0;
    while at < words {
        let word = |index: u32| view.word(section, at + index).ok_or(invalid(section, at, "unreadable"));
        // Only nodes that stand before this one are known by now.
        let target = |index: u32| {
            check(
                terminals.known(word(index)?),
                section,
                at,
                "unknown terminal, or a node that is not before",
            )
        };
        let sized = |length: u32| check(within(at, length, words), section, at, "node past the end");
        let first = word(0)?;
        let count = first >> 8;
        let classes = |index: u32| {
            let id = word(index)?;
            check(id < counts.classifiers, section, at, "unknown classifier")?;
            let classifier = view.classifier(id).ok_or(invalid(section, at, "unreadable"))?;
            Ok(classifier.classes)
        };
        let length = match first & 0xff {
            diagram::SWITCH => {
                sized(diagram::SWITCH_WORDS as u32)?;
                check((1..=256).contains(&count), section, at, "no targets or too many")?;
                let classes = classes(1)?;
                let table = diagram::SWITCH_WORDS as u32 + count;
                let length = table + classes.div_ceil(4);
                sized(length)?;
                for index in diagram::SWITCH_WORDS as u32..table {
                    target(index)?;
                }
                let whole =
                    view.bytes_at(section, (at + table) as usize, classes.next_multiple_of(4) as usize);
                let (own, gap) =
                    whole.and_then(|whole| whole.split_at_checked(classes as usize)).unwrap_or_default();
                let known =
                    own.iter().all(|&index| u32::from(index) < count) && gap.iter().all(|&byte| byte == 0);
                check(known, section, at, "index past the targets")?;
                length
            }
            diagram::SPARSE | diagram::RUNS => {
                sized(diagram::SPARSE_WORDS as u32)?;
                classes(1)?;
                target(2)?;
                let length = diagram::SPARSE_WORDS as u32 + 2 * count;
                sized(length)?;
                let mut least = 0;
                for index in (diagram::SPARSE_WORDS as u32..length).step_by(2) {
                    let class = word(index)?;
                    check(class >= least, section, at, "classes not ascending")?;
                    check(class < u32::MAX, section, at, "classes not ascending")?;
                    least = class + 1;
                    target(index + 1)?;
                }
                length
            }
            diagram::ATOM => {
                sized(diagram::ATOM_WORDS as u32)?;
                check(count == 0 && word(1)? < atoms, section, at, "unknown atom")?;
                target(2)?;
                target(3)?;
                diagram::ATOM_WORDS as u32
            }
            diagram::CHECK => {
                let length = diagram::CHECK_WORDS as u32 + count;
                sized(length)?;
                check(count > 0, section, at, "no pattern")?;
                target(1)?;
                target(2)?;
                for index in diagram::CHECK_WORDS as u32..length {
                    check(word(index)? < counts.arn_patterns, section, at, "unknown ARN pattern")?;
                }
                length
            }
            _ => return Err(invalid(section, at, "unknown node")),
        };
        terminals.0.set(at);
        at += length;
    }
    Ok(terminals)
}

/// The nodes of one classifier.
struct ClassNodes {
    starts: Starts,
    classes: u32,
}

impl References for ClassNodes {
    fn node(&self, place: u32) -> bool {
        self.starts.known(place)
    }

    fn terminal(&self, reference: u32) -> bool {
        reference & TERMINAL_BIT != 0 && reference & !TERMINAL_BIT < self.classes
    }

    fn leaf(&self, _place: u32) -> bool {
        false
    }
}

/// Texts are those of classifiers of texts, no two of one classifier equal, and are found in the hash table.
fn class_texts(view: View<'_>, counts: &Counts) -> Result<(), LoadError> {
    let section = Section::ClassTexts;
    let count = view.count(section, f::ClassText::WORDS)?;
    let mut ids = Starts::new(count);
    let mut bytes: u64 = 0;
    each!(view, ClassTexts, ClassText, class_text, |at, it| {
        let known = it.classifier < counts.classifiers && counts.strings.known(it.text);
        check(known, section, at, "unknown classifier or string")?;
        let classifier = view.classifier(it.classifier).ok_or(invalid(section, at, "unreadable"))?;
        check(
            classifier.reading <= f::CLASSIFY_FOLDED,
            section,
            at,
            "a text of a classifier of something else",
        )?;
        check(it.class < classifier.classes, section, at, "unknown class")?;
        // Texts may be shared between classifiers, but not so that hashing them is more than linear in the bundle.
        bytes += view.string_bytes(it.text).map_or(0, <[u8]>::len) as u64;
        check(bytes <= 16 * view.bytes.len() as u64, section, at, "texts are shared too much")?;
        ids.set(at);
    });
    let tweak_of = |id| view.class_text(id).map_or(0, |it| classifier_tweak(it.classifier));
    let name = |id| view.class_text(id).and_then(|it| view.string_bytes(it.text));
    let rest = |id| view.class_text(id).map(|it| [it.text, it.classifier]);
    index(view, Section::ClassTextIndex, count, &ids, tweak_of, name, rest)
}

/// Classifiers have the classes that all have, and tables of their reading that name no other class than theirs.
///
/// Gives the number of classes of those whose keys principals define, by their place among the classes of each.
pub(super) fn classifiers(view: View<'_>, counts: &Counts) -> Result<Vec<u32>, LoadError> {
    let mut defined = Vec::new();
    let count = |section, words| view.count(section, words);
    let words = count(Section::ClassNodes, 1)?;
    let mut class_nodes = SideBySide::new(Section::ClassNodes, words);
    let mut intervals = SideBySide::new(Section::Intervals, count(Section::Intervals, f::Interval::WORDS)?);
    let mut thresholds =
        SideBySide::new(Section::Thresholds, count(Section::Thresholds, f::Threshold::WORDS)?);
    each!(view, Classifiers, Classifier, classifier, |at, it| {
        let section = Section::Classifiers;
        check(it.key < counts.keys, section, at, "unknown key")?;
        let classes = match it.reading {
            f::CLASSIFY_TEXT | f::CLASSIFY_FOLDED => {
                let own = class_nodes.take(it.start, it.length, section, at)?;
                let mut found =
                    ClassNodes { starts: Starts::between(own.start, own.end), classes: it.classes };
                nodes(view, Section::ClassNodes, own, &mut found, |found| &mut found.starts)?;
                let known =
                    if it.root & TERMINAL_BIT == 0 { found.node(it.root) } else { found.terminal(it.root) };
                check(known, section, at, "unknown root")?;
                it.classes.max(class::OTHER + 1)
            }
            f::CLASSIFY_ADDRESS => {
                let own = intervals.take(it.start, it.length, section, at)?;
                let split = it.root > 0 && it.root < it.length;
                check(split, section, at, "no interval of one of the families")?;
                let mut before: Option<u128> = None;
                for place in own {
                    let interval =
                        view.interval(place).ok_or(invalid(Section::Intervals, place, "unreadable"))?;
                    let address = first_address(&interval);
                    let v4 = place < it.start + it.root;
                    let bare = !v4 || interval.b | interval.c | interval.d == 0;
                    check(bare, Section::Intervals, place, "a word without meaning is not zero")?;
                    if place == it.start || place == it.start + it.root {
                        check(
                            address == 0,
                            Section::Intervals,
                            place,
                            "the first address is not the lowest",
                        )?;
                    } else {
                        let ascends = before.is_some_and(|before| before < address);
                        check(ascends, Section::Intervals, place, "addresses not ascending")?;
                    }
                    check(interval.class < it.classes, Section::Intervals, place, "unknown class")?;
                    before = Some(address);
                }
                it.classes.max(class::OTHER + 1)
            }
            f::CLASSIFY_NUMBER | f::CLASSIFY_DATE => {
                for place in thresholds.take(it.start, it.length, section, at)? {
                    let section = Section::Thresholds;
                    let threshold = view.threshold(place).ok_or(invalid(section, place, "unreadable"))?;
                    check(counts.strings.known(threshold.text), section, place, "unknown string")?;
                    let bare = it.reading == f::CLASSIFY_DATE || threshold.low == 0 && threshold.high == 0;
                    check(bare, section, place, "a word without meaning is not zero")?;
                }
                // A section is shorter than 4 GiB: no overflow.
                class::ORDERED + 2 * it.length + 1
            }
            f::CLASSIFY_BOOL => class::FALSE + 1,
            f::CLASSIFY_PRESENCE => class::OTHER + 1,
            _ => return Err(invalid(section, at, "unknown reading")),
        };
        check(it.classes == classes, section, at, "not the classes of its reading")?;
        if it.own != NONE {
            let source = view.key(it.key).map_or(f::KEY_REQUEST, |key| key.source);
            check(f::is_own(source), section, at, "principals do not define its key")?;
            check(
                it.own as usize == defined.len(),
                section,
                at,
                "out of order among the principals' classes",
            )?;
            defined.push(it.classes);
        }
        let tables = matches!(it.reading, f::CLASSIFY_BOOL | f::CLASSIFY_PRESENCE);
        check(!tables || it.start == 0 && it.length == 0, section, at, "a table where none belongs")?;
        let rooted = matches!(it.reading, f::CLASSIFY_TEXT | f::CLASSIFY_FOLDED | f::CLASSIFY_ADDRESS);
        check(rooted || it.root == 0, section, at, "a root where none belongs")?;
    });
    class_nodes.finish()?;
    class_texts(view, counts)?;
    intervals.finish()?;
    thresholds.finish()?;
    Ok(defined)
}
