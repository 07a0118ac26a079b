//! What one permission set says about a request: root list, walks, diagrams.

use crate::atom::Facts;
use crate::bundle::Bundle;
use crate::combine::{Levels, Verdict};
use crate::decision::RuleId;
use crate::diagram::by_class;
use crate::format::{self as f, LIST_BIT, NONE, Section, TERMINAL_BIT, diagram, limits};
use crate::leaf;
use crate::owner::LevelRange;
use crate::request::ActionKind;
use crate::view::{SetHead, View};
use crate::walk::{End, UNKNOWN, walk};

/// In place of a root list: several parts of a union have one.
pub(crate) const SEVERAL: u32 = !TERMINAL_BIT;

/// The root list of an action of the vocabulary, or [`SEVERAL`].
#[inline(always)]
pub(crate) fn list_of(bundle: &Bundle, set: SetHead, action: ActionKind) -> Option<u32> {
    if set.slots == 0 {
        return Some(of_union(bundle, set.at, set.seed, action));
    }
    of_slots(&bundle.view(), set, action)
}

/// The only root list that the parts of a union have, if it is only one. What cannot be read counts as several, and whoever looks at them
/// finds it out.
#[inline(never)]
fn of_union(bundle: &Bundle, at: u32, count: u32, action: ActionKind) -> u32 {
    only_list(&bundle.view(), at, count, action).unwrap_or(SEVERAL)
}

#[inline(always)]
fn only_list(view: &View<'_>, at: u32, count: u32, action: ActionKind) -> Option<u32> {
    let mut found = f::terminal::NOTHING;
    for part in parts(view, at, count)? {
        let part = u32::from_le_bytes(*part);
        let list = of_slots(view, view.set_head(part)?, action)?;
        if list != f::terminal::NOTHING && list != found {
            if found != f::terminal::NOTHING {
                return None;
            }
            found = list;
        }
    }
    Some(found)
}

/// The ids of the parts of a union.
#[inline]
fn parts<'a>(view: &View<'a>, at: u32, count: u32) -> Option<&'a [[u8; 4]]> {
    view.words_at(Section::Sets, at as usize + f::Set::WORDS)?.get(..count as usize)
}

/// The root list of a set with slots.
#[inline(always)]
fn of_slots(view: &View<'_>, set: SetHead, action: ActionKind) -> Option<u32> {
    let entry = view.set_service(set.at, f::service_slot(action.service(), set.seed, set.slots))?;
    if entry.service == action.service() {
        view.cell(entry.row, action.class())
    } else {
        Some(set.default_list)
    }
}

/// The evaluation of one principal's layers for one request.
pub(crate) struct LayerWalk<'a> {
    pub(crate) bundle: &'a Bundle,
    pub(crate) view: &'a View<'a>,
    pub(crate) resource: &'a str,
    pub(crate) facts: &'a Facts<'a>,
}

impl LayerWalk<'_> {
    /// What a permission set says: by the root list of the action, or by its rule roots where that is none.
    #[inline]
    fn verdict(&self, set: u32, list: u32, action: Option<&f::Action>) -> Option<Verdict> {
        let mut verdict = Verdict::default();
        match list {
            NONE => self.rule_roots(set, &mut verdict)?,
            SEVERAL => self.union(set, action?, &mut verdict)?,
            list => self.root_list(list, &mut verdict)?,
        }
        Some(verdict)
    }

    /// What a terminal comes to: a verdict, or [`UNKNOWN`] as it was.
    #[inline(always)]
    pub(crate) fn end(&self, end: u32) -> Option<u32> {
        if end & f::terminal::KIND == f::terminal::DIAGRAM && end != UNKNOWN {
            self.diagram(end)
        } else {
            Some(end)
        }
    }

    /// What a permission set says: by the terminal that its root list led to, or [`UNKNOWN`] where that takes more than a walk.
    #[inline]
    pub(crate) fn from(&self, set: u32, list: u32, end: u32, action: &f::Action) -> Option<Verdict> {
        if end == UNKNOWN {
            return self.verdict(set, list, Some(action));
        }
        let mut verdict = Verdict::default();
        self.terminal(end, &mut verdict)?;
        Some(verdict)
    }

    /// What a permission set says of an action.
    #[inline(never)]
    pub(crate) fn set(&self, set: u32, action: Option<&f::Action>) -> Option<Verdict> {
        let list = match action {
            Some(action) => list_of(self.bundle, self.view.set_head(set)?, ActionKind::of(action)?)?,
            None => NONE,
        };
        self.verdict(set, list, action)
    }

    /// Walks the root lists of all parts of a union. Stops at a deny.
    #[inline(never)]
    fn union(&self, at: u32, action: &f::Action, verdict: &mut Verdict) -> Option<()> {
        for part in parts(self.view, at, self.view.set(at)?.seed)? {
            let part = u32::from_le_bytes(*part);
            self.root_list(
                of_slots(self.view, self.view.set_head(part)?, ActionKind::of(action)?)?,
                verdict,
            )?;
            // Nothing can undo a deny.
            let denied = verdict.deny().is_some();
            if denied {
                break;
            }
        }
        Some(())
    }

    /// What the levels of control policies say, from the root down.
    pub(crate) fn levels(&self, levels: LevelRange, action: Option<&f::Action>) -> Option<Levels> {
        let mut found = Levels::default();
        for number in 0..levels.count {
            let verdict = self.set(self.view.word(Section::Levels, levels.first + number)?, action)?;
            let level = number as u8;
            if let Some(rule) = verdict.deny() {
                found.deny = Some((level, rule));
                break;
            }
            if verdict.allow().is_none() && found.missing.is_none() {
                found.missing = Some(level);
            }
        }
        Some(found)
    }

    /// Rules whose action patterns cover an action that the vocabulary does not hold.
    #[cold]
    fn rule_roots(&self, set: u32, verdict: &mut Verdict) -> Option<()> {
        let set = self.view.set(set)?;
        let text = self.facts.caller.request.action.text();
        let mut room = [0; limits::ACTION_BYTES];
        let folded = room.get_mut(..text.len())?;
        folded.copy_from_slice(text);
        folded.make_ascii_lowercase();
        let folded = &*folded;
        for place in set.rule_roots..set.rule_roots + set.rule_root_count {
            let list = self.view.rule_root_list(self.view.word(Section::SetRuleRoots, place)?)?;
            for place in list.start..list.start + list.length {
                let root = self.view.rule_root(self.view.word(Section::RuleRootIds, place)?)?;
                if self.covers(&root, folded)? != (root.negated == 1) {
                    self.root_list(root.list, verdict)?;
                }
            }
        }
        Some(())
    }

    fn covers(&self, root: &f::RuleRoot, folded: &[u8]) -> Option<bool> {
        for place in root.patterns..root.patterns + root.pattern_count {
            if self.bundle.pattern_covers(self.view.action_pattern(place)?, folded)? {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Walks all automata of a list and joins what they say. Stops at a deny, which nothing can undo (rule V1).
    #[inline(always)]
    fn root_list(&self, list: u32, verdict: &mut Verdict) -> Option<()> {
        if list & (TERMINAL_BIT | LIST_BIT) == LIST_BIT {
            return self.roots(list, verdict);
        }
        self.root(list, verdict)
    }

    /// Several automata.
    #[inline(never)]
    fn roots(&self, list: u32, verdict: &mut Verdict) -> Option<()> {
        for root in self.view.roots(list)? {
            if verdict.deny().is_some() {
                break;
            }
            self.root(u32::from_le_bytes(*root), verdict)?;
        }
        Some(())
    }

    /// Walks one automaton.
    #[inline(always)]
    fn root(&self, root: u32, verdict: &mut Verdict) -> Option<()> {
        match walk(self.view.words_at(Section::Nodes, 0)?, root, self.resource.as_bytes())? {
            End::Terminal(terminal) => self.terminal(terminal, verdict),
            End::Leaf { leaf, offset } => self.leaf(leaf, offset, verdict),
        }
    }

    #[inline(always)]
    fn terminal(&self, mut terminal: u32, verdict: &mut Verdict) -> Option<()> {
        loop {
            let rule = RuleId(terminal & f::terminal::VALUE);
            match terminal & f::terminal::KIND {
                f::terminal::ALLOWS => *verdict = verdict.allowed_by(rule),
                f::terminal::DENIES => *verdict = verdict.denied_by(rule),
                f::terminal::NOTHING => {}
                _ => {
                    terminal = self.diagram(terminal)?;
                    continue;
                }
            }
            return Some(());
        }
    }

    /// Where a diagram leads: every node leads to one that stands before it, or to a terminal of another kind.
    #[inline(never)]
    fn diagram(&self, mut terminal: u32) -> Option<u32> {
        let view = self.view;
        while terminal & f::terminal::KIND == f::terminal::DIAGRAM {
            let words = view.words_at(Section::Diagrams, (terminal & f::terminal::VALUE) as usize)?;
            let word = |at: usize| words.get(at).map(|word| u32::from_le_bytes(*word));
            let first = word(0)?;
            let count = (first >> 8) as usize;
            terminal = match first & 0xff {
                diagram::ATOM => {
                    let holds = self.facts.atom_holds(view.atom(word(1)?)?)?;
                    word(if holds { 3 } else { 2 })?
                }
                diagram::CHECK => {
                    let mut holds = false;
                    for at in diagram::CHECK_WORDS..diagram::CHECK_WORDS + count {
                        if self.facts.resource_matches(word(at)?, self.resource)? {
                            holds = true;
                            break;
                        }
                    }
                    word(if holds { 2 } else { 1 })?
                }
                _ => by_class(words, first, self.facts.class(word(1)?)?)?,
            };
        }
        Some(terminal)
    }

    /// A set leaf: all its rules are looked at, since they stand in no order.
    #[cold]
    fn leaf(&self, leaf: u32, offset: usize, verdict: &mut Verdict) -> Option<()> {
        let rest = self.resource.as_bytes().get(offset..)?;
        let verify = |pattern| self.facts.resource_matches(pattern, self.resource);
        let matched = leaf::run(self.view, leaf, rest, verify)?;
        for (place, rule) in leaf::rules(self.view, leaf)?.enumerate() {
            if matched.has(place) != rule.negated {
                self.terminal(rule.terminal, verdict)?;
            }
        }
        Some(())
    }
}
