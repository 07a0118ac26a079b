//! The crafted bundles, as changes to the golden one.

use portcullis::runtime::format::{self as f, NONE, Section, TERMINAL_BIT, diagram, node};

use super::Parts;
use crate::nodes::nodes;

/// The first word of the first block of the first leaf.
fn block(parts: &Parts) -> usize {
    f::leaf::HEADER_WORDS + parts.words(Section::Leaves)[0] as usize * f::leaf::RULE_WORDS
}

/// The first word of the first node of a kind.
fn node_at(parts: &Parts, kind: u32) -> usize {
    let nodes = nodes(&parts.words(Section::Nodes));
    nodes.iter().find(|node| node.kind == kind).unwrap().at
}

pub(super) type Change = fn(&mut Parts);

/// Sentence, the section whose record is refused, a part of what is said, and the change.
pub(super) const STRUCTURE: &[(u32, Section, &str, Change)] = &[
    (7, Section::Tags, "no multiple", |it| it.content(Section::Tags).extend([0; 4])),
    (7, Section::Nodes, "no multiple", |it| it.content(Section::Nodes).extend([0; 2])),
    (14, Section::Actions, "without room", |it| {
        // Of a service whose rows all stand for all classes.
        let (sets, actions) = (it.words(Section::Sets), it.words(Section::Actions));
        let plain = |service: u32| {
            let slots = it.slots().into_iter().filter(|&slot| sets[slot] == service);
            slots.into_iter().all(|slot| sets[slot + 1] & f::row::CONSTANT != 0)
        };
        let services = it.words(Section::Services).len() as u32 / 2;
        let service = (0..services).find(|&service| plain(service)).unwrap();
        let mut at = 0;
        while actions[at] != service {
            at += f::Action::WORDS + actions[at + 4].div_ceil(4) as usize;
        }
        it.set(Section::Services, service as usize * 2 + 1, (1 << 24) + 1);
        it.set(Section::Actions, at + 1, 1 << 24);
    }),
    (16, Section::Sets, "past the end", |it| it.content(Section::Sets).extend([0; 4])),
    (16, Section::Sets, "past the end", |it| it.set(Section::Sets, 0, 1 << 30)),
    (16, Section::Sets, "unknown root list", |it| it.set(Section::Sets, 2, f::terminal::NOTHING | 1)),
    (16, Section::Sets, "power of two", |it| it.set(Section::Sets, 0, 3)),
    (16, Section::Sets, "less than two", |it| it.union(f::terminal::NOTHING, 1)),
    (16, Section::Sets, "a default list", |it| it.union(f::terminal::ALLOWS, 2)),
    (16, Section::Sets, "what is no set with slots", |it| {
        it.union(f::terminal::NOTHING, 2);
        let last = it.words(Section::Sets).len() - 1;
        it.set(Section::Sets, last, it.words(Section::Sets)[last] + 1);
    }),
    (16, Section::Sets, "what is no set with slots", |it| {
        it.union(f::terminal::NOTHING, 2);
        let first = it.words(Section::Sets).len() - f::Set::WORDS - 2;
        it.union(f::terminal::NOTHING, 2);
        let last = it.words(Section::Sets).len() - 1;
        it.set(Section::Sets, last, first as u32);
    }),
    (16, Section::Sets, "ascending", |it| {
        it.union(f::terminal::NOTHING, 2);
        let last = it.words(Section::Sets).len() - 1;
        it.set(Section::Sets, last, it.words(Section::Sets)[last - 1]);
    }),
    (16, Section::Sets, "unknown service", |it| it.set(Section::Sets, it.service(), 1 << 20)),
    (16, Section::Sets, "another slot", |it| {
        let words = it.words(Section::Sets);
        let slots = it.slots();
        let twin = slots.windows(2).find(|pair| pair[1] == pair[0] + 2 && words[pair[0]] != NONE).unwrap();
        it.set(Section::Sets, twin[1], words[twin[0]]);
        it.set(Section::Sets, twin[1] + 1, words[twin[0] + 1]);
    }),
    (16, Section::Sets, "a row in an empty slot", |it| it.set(Section::Sets, it.service(), NONE)),
    (17, Section::SetRuleRoots, "ascending", |it| {
        let set = it.words(Section::Sets);
        let mut at = 0;
        while set[at + 4] < 2 {
            at += f::Set::WORDS + 2 * set[at] as usize;
        }
        let first = set[at + 3] as usize;
        it.set(Section::SetRuleRoots, first + 1, it.words(Section::SetRuleRoots)[first]);
    }),
    (17, Section::SetRuleRoots, "unknown id", |it| it.set(Section::SetRuleRoots, 0, 1 << 20)),
    (17, Section::Sets, "does not begin", |it| it.set(Section::Sets, 3, 1)),
    (18, Section::Sets, "unknown row", |it| {
        let row = it.service() + 1;
        it.set(Section::Sets, row, it.words(Section::Sets)[row] ^ 1 << 30);
    }),
    (18, Section::Sets, "unknown row", |it| {
        let (row, cells) = (it.service() + 1, it.row(|cells| cells > 1));
        it.set(Section::Sets, row, cells as u32 + 1);
    }),
    (19, Section::Sets, "does not fit", |it| {
        let row = it.row(|cells| cells > 1);
        let cells = it.words(Section::Rows)[row];
        let (services, sets) = (it.words(Section::Services), it.words(Section::Sets));
        let fits = |slot: usize| sets[slot] == NONE || services[sets[slot] as usize * 2 + 1] == cells;
        let other = it.slots().into_iter().find(|&slot| !fits(slot)).unwrap();
        it.set(Section::Sets, other + 1, row as u32);
    }),
    (19, Section::Sets, "does not fit", |it| {
        let row = it.row(|cells| cells > 1) as u32;
        let sets = it.words(Section::Sets);
        let slot = it.slots().into_iter().find(|&slot| sets[slot] != NONE && sets[slot + 1] == row).unwrap();
        it.set(Section::Sets, slot + 1, row | f::row::CONSTANT);
    }),
    (20, Section::Rows, "without cells", |it| it.set(Section::Rows, 0, 0)),
    (20, Section::Rows, "past the end", |it| it.set(Section::Rows, 0, 1 << 20)),
    (20, Section::Rows, "past the end", |it| it.set(Section::Rows, 0, u32::MAX)),
    (21, Section::Rows, "unknown root list", |it| it.set(Section::Rows, 1, f::terminal::NOTHING | 1)),
    (22, Section::RuleRootIds, "unknown id", |it| it.set(Section::RuleRootIds, 0, 1 << 20)),
    (22, Section::RuleRootIds, "ascending", |it| {
        let list = it.find(Section::RuleRootLists, 2, |list| list[1] > 1);
        let first = it.words(Section::RuleRootLists)[list] as usize;
        it.set(Section::RuleRootIds, first + 1, it.words(Section::RuleRootIds)[first]);
    }),
    (22, Section::RuleRootLists, "does not begin", |it| it.set(Section::RuleRootLists, 0, 1)),
    (23, Section::RuleRoots, "does not begin", |it| it.set(Section::RuleRoots, 0, 1)),
    (23, Section::RuleRoots, "unknown negation", |it| it.set(Section::RuleRoots, 2, 2)),
    (23, Section::RuleRoots, "unknown root list", |it| it.set(Section::RuleRoots, 3, 1 << 29)),
    (24, Section::ActionPatterns, "unknown glob", |it| it.set(Section::ActionPatterns, 0, NONE)),
    (24, Section::ActionPatterns, "a variable", |it| {
        let pieces = it.words(Section::Pieces);
        let globs = it.words(Section::Globs);
        let own = |glob: &[u32]| &pieces[glob[0] as usize * 3..(glob[0] + glob[1]) as usize * 3];
        let variable = globs.chunks(2).position(|glob| own(glob).chunks(3).any(|piece| piece[0] == 3));
        it.set(Section::ActionPatterns, 0, variable.unwrap() as u32);
    }),
    (25, Section::ArnPatterns, "unknown glob", |it| it.set(Section::ArnPatterns, 5, NONE)),
    (26, Section::Globs, "does not begin", |it| it.set(Section::Globs, 2, 0)),
    (26, Section::Pieces, "unknown kind", |it| it.set(Section::Pieces, 0, 4)),
    (26, Section::Pieces, "unknown kind", |it| {
        let at = it.find(Section::Pieces, 3, |piece| piece[0] == f::PIECE_LITERAL);
        it.set(Section::Pieces, at + 1, NONE);
    }),
    (26, Section::Pieces, "unknown kind", |it| {
        let at = it.find(Section::Pieces, 3, |piece| piece[0] == f::PIECE_ANY_RUN);
        it.set(Section::Pieces, at + 1, 1);
    }),
    (26, Section::Pieces, "unknown kind", |it| {
        let at = it.find(Section::Pieces, 3, |piece| piece[0] == f::PIECE_VARIABLE);
        it.set(Section::Pieces, at + 1, 1 << 20);
    }),
    (27, Section::Atoms, "operator bits", |it| it.set(Section::Atoms, 0, 1 << 12)),
    (27, Section::Atoms, "set prefixes", |it| it.set(Section::Atoms, 0, 3 << 10)),
    (27, Section::Atoms, "unknown key", |it| it.set(Section::Atoms, 1, NONE)),
    (28, Section::Atoms, "no operand", |it| it.set(Section::Atoms, 3, 0)),
    (28, Section::Atoms, "does not begin", |it| it.set(Section::Atoms, f::Atom::WORDS + 2, 0)),
    (28, Section::Operands, "another operator", |it| {
        let at = it.find(Section::Operands, f::Operand::WORDS, |operand| operand[0] == f::OPERAND_IP);
        it.set(Section::Operands, at, f::OPERAND_TEXT);
    }),
    (28, Section::Operands, "another operator", |it| it.set(Section::Atoms, 0, 200)),
    (29, Section::Operands, "unknown kind or value", |it| {
        let at = it.find(Section::Operands, f::Operand::WORDS, |operand| operand[0] == f::OPERAND_NUMBER);
        it.set(Section::Operands, at + 1, NONE);
    }),
    (29, Section::Operands, "unknown kind or value", |it| {
        let at = it.find(Section::Operands, f::Operand::WORDS, |operand| operand[0] == f::OPERAND_BOOL);
        it.set(Section::Operands, at + 1, 2);
    }),
    (29, Section::Operands, "unknown kind or value", |it| {
        let at = it.find(Section::Operands, f::Operand::WORDS, |operand| operand[1..3] == [8, 10]);
        it.set(Section::Operands, at + 1, 33);
    }),
    (29, Section::Operands, "unknown kind or value", |it| {
        let like = it.find(Section::Operands, f::Operand::WORDS, |operand| operand[0] == f::OPERAND_LIKE);
        let text = it.find(Section::Operands, f::Operand::WORDS, |operand| operand[0] == f::OPERAND_TEXT);
        it.set(Section::Operands, text + 1, it.words(Section::Operands)[like + 1]);
    }),
    (29, Section::Operands, "without meaning", |it| {
        let text = it.find(Section::Operands, f::Operand::WORDS, |operand| operand[0] == f::OPERAND_TEXT);
        it.set(Section::Operands, text + 2, 1);
    }),
    (30, Section::Keys, "unknown string", |it| it.set(Section::Keys, 0, NONE)),
    (30, Section::Keys, "unknown string or source", |it| it.set(Section::Keys, 1, f::KEY_SOURCES + 1)),
    (30, Section::Keys, "twice", |it| it.set(Section::Keys, 3, it.words(Section::Keys)[0])),
    (30, Section::Keys, "a tag", |it| {
        let at = it.find(Section::Keys, 3, |key| key[1] == f::KEY_PRINCIPAL_TAG);
        it.set(Section::Keys, at + 2, NONE);
    }),
    (30, Section::Keys, "a tag", |it| {
        let at = it.find(Section::Keys, 3, |key| key[1] == f::KEY_REQUEST);
        it.set(Section::Keys, at + 2, 0);
    }),
    (30, Section::Keys, "lower case", |it| {
        let name = it.add_string(b"aws:SourceIp");
        let at = it.find(Section::Keys, 3, |key| key[1] == f::KEY_REQUEST);
        it.set(Section::Keys, at, name);
    }),
    (31, Section::Classifiers, "unknown key", |it| it.set(Section::Classifiers, 1, NONE)),
    (31, Section::Classifiers, "unknown reading", |it| {
        let at = it.classifier(f::CLASSIFY_PRESENCE);
        it.set(Section::Classifiers, at, 7);
    }),
    (31, Section::Classifiers, "not the classes", |it| {
        let at = it.classifier(f::CLASSIFY_NUMBER);
        it.set(Section::Classifiers, at + 2, it.words(Section::Classifiers)[at + 2] + 1);
    }),
    (31, Section::Classifiers, "not the classes", |it| {
        let at = it.classifier(f::CLASSIFY_BOOL);
        it.set(Section::Classifiers, at + 2, 4);
    }),
    (31, Section::Classifiers, "a table where none", |it| {
        let at = it.classifier(f::CLASSIFY_BOOL);
        it.set(Section::Classifiers, at + 3, 1);
    }),
    (31, Section::Classifiers, "a root where none", |it| {
        let at = it.classifier(f::CLASSIFY_DATE);
        it.set(Section::Classifiers, at + 5, 1);
    }),
    (32, Section::Classifiers, "unknown root", |it| {
        let at = it.classifier(f::CLASSIFY_TEXT);
        it.set(Section::Classifiers, at + 5, TERMINAL_BIT | 1 << 20);
    }),
    (32, Section::Classifiers, "does not begin", |it| {
        let at = it.classifier(f::CLASSIFY_TEXT);
        it.set(Section::Classifiers, at + 3, 1);
    }),
    (32, Section::ClassNodes, "no record", |it| it.content(Section::ClassNodes).extend([0; 4])),
    (32, Section::ClassNodes, "unknown node", |it| it.set(Section::ClassNodes, 0, 99)),
    (32, Section::ClassNodes, "unknown terminal", |it| {
        it.set(Section::ClassNodes, 1, TERMINAL_BIT | 1 << 20)
    }),
    (32, Section::ClassNodes, "unknown leaf", |it| {
        // The five words of the first node as a leaf and a skip.
        let end = TERMINAL_BIT;
        for (at, word) in [node::LEAF, 0, node::SKIP, end, end].into_iter().enumerate() {
            it.set(Section::ClassNodes, at, word);
        }
    }),
    (33, Section::Classifiers, "one of the families", |it| {
        let at = it.classifier(f::CLASSIFY_ADDRESS);
        it.set(Section::Classifiers, at + 5, 0);
    }),
    (33, Section::Intervals, "not the lowest", |it| it.set(Section::Intervals, 0, 1)),
    // Of an IPv4 address there are four bytes.
    (33, Section::Intervals, "without meaning", |it| it.set(Section::Intervals, 3, 1)),
    (33, Section::Intervals, "not ascending", |it| it.set(Section::Intervals, 5, 0)),
    (33, Section::Intervals, "unknown class", |it| it.set(Section::Intervals, 4, 1 << 20)),
    (34, Section::Thresholds, "unknown string", |it| it.set(Section::Thresholds, 0, NONE)),
    (34, Section::Thresholds, "without meaning", |it| {
        let at = it.classifier(f::CLASSIFY_NUMBER);
        let first = it.words(Section::Classifiers)[at + 3] as usize;
        it.set(Section::Thresholds, first * 3 + 1, 1);
    }),
    (35, Section::ClassTexts, "unknown classifier", |it| it.set(Section::ClassTexts, 0, 1 << 20)),
    (35, Section::ClassTexts, "of something else", |it| {
        let at = it.classifier(f::CLASSIFY_PRESENCE);
        it.set(Section::ClassTexts, 0, (at / f::Classifier::WORDS) as u32);
    }),
    (35, Section::ClassTexts, "unknown class", |it| it.set(Section::ClassTexts, 2, 1 << 20)),
    (35, Section::ClassTexts, "shared too much", |it| {
        let long = it.add_string(&vec![b'x'; 100_000]);
        let record = [it.words(Section::ClassTexts)[0], long, it.words(Section::ClassTexts)[2]];
        it.set_words(Section::ClassTexts, &record.repeat(40));
    }),
    (36, Section::Diagrams, "past the end", |it| it.content(Section::Diagrams).extend([3, 0, 0, 0])),
    (36, Section::Diagrams, "unknown node", |it| it.set(Section::Diagrams, 0, 9)),
    (36, Section::Diagrams, "past the end", |it| {
        let at = it.diagram(diagram::RUNS);
        it.set(Section::Diagrams, at, 0xff_ffff << 8 | diagram::RUNS);
    }),
    (36, Section::Diagrams, "no targets", |it| {
        let at = it.diagram(diagram::SWITCH);
        it.set(Section::Diagrams, at, diagram::SWITCH);
    }),
    (36, Section::Diagrams, "no pattern", |it| {
        it.content(Section::Diagrams).extend([4, 0, 0, 0].iter().chain(&[0; 8]));
    }),
    // A node that leads to itself would never end.
    (37, Section::Diagrams, "not before", |it| {
        let at = it.diagram(diagram::ATOM);
        it.set(Section::Diagrams, at + 2, f::terminal::DIAGRAM | at as u32);
    }),
    (37, Section::Diagrams, "not before", |it| {
        let at = it.diagram(diagram::SPARSE);
        it.set(Section::Diagrams, at + 2, f::terminal::DIAGRAM | f::terminal::VALUE);
    }),
    (37, Section::Diagrams, "not before", |it| {
        let at = it.diagram(diagram::CHECK);
        it.set(Section::Diagrams, at + 1, 0);
    }),
    (37, Section::Diagrams, "not before", |it| {
        let at = it.diagram(diagram::SWITCH);
        it.set(Section::Diagrams, at + 2, f::terminal::NOTHING | 1);
    }),
    (37, Section::Diagrams, "not before", |it| {
        let at = it.diagram(diagram::RUNS);
        it.set(Section::Diagrams, at + 4, f::terminal::DIAGRAM | at as u32);
    }),
    (38, Section::Diagrams, "unknown classifier", |it| {
        let at = it.diagram(diagram::RUNS);
        it.set(Section::Diagrams, at + 1, 1 << 20);
    }),
    (38, Section::Diagrams, "unknown classifier", |it| {
        let at = it.diagram(diagram::SWITCH);
        it.set(Section::Diagrams, at + 1, 1 << 20);
    }),
    (38, Section::Diagrams, "unknown atom", |it| {
        let at = it.diagram(diagram::ATOM);
        it.set(Section::Diagrams, at + 1, 1 << 20);
    }),
    (38, Section::Diagrams, "unknown ARN pattern", |it| {
        let at = it.diagram(diagram::CHECK);
        it.set(Section::Diagrams, at + 3, 1 << 20);
    }),
    (38, Section::Diagrams, "past the targets", |it| {
        let at = it.diagram(diagram::SWITCH);
        let targets = (it.words(Section::Diagrams)[at] >> 8) as usize;
        it.content(Section::Diagrams)[(at + 2 + targets) * 4] = 0xff;
    }),
    (38, Section::Diagrams, "not ascending", |it| {
        let at = it.diagram(diagram::SPARSE);
        it.set(Section::Diagrams, at + 3, u32::MAX);
    }),
    (38, Section::Diagrams, "not ascending", |it| {
        let at = it.diagram(diagram::RUNS);
        let second = it.words(Section::Diagrams)[at + 5];
        it.set(Section::Diagrams, at + 3, second);
    }),
    (39, Section::Leaves, "past the end", |it| {
        let length = it.content(Section::Leaves).len();
        it.content(Section::Leaves).truncate(length - 4);
    }),
    (39, Section::Leaves, "no rules", |it| it.content(Section::Leaves).extend([0; 8])),
    (40, Section::Leaves, "too many", |it| it.set(Section::Leaves, 0, 1_025)),
    (40, Section::Leaves, "unknown terminal", |it| it.set(Section::Leaves, 2, NONE)),
    (40, Section::Leaves, "unknown flags", |it| it.set(Section::Leaves, 3, 4)),
    (40, Section::Leaves, "unknown terminal", |it| it.set(Section::Leaves, 2, f::terminal::NOTHING | 1)),
    (41, Section::Leaves, "block size", |it| {
        let block = block(it);
        it.set(Section::Leaves, block, 65);
    }),
    (41, Section::Leaves, "number of classes", |it| {
        let block = block(it);
        it.set(Section::Leaves, block + 1, 0);
    }),
    (41, Section::Leaves, "unknown class", |it| {
        let block = block(it);
        it.set(Section::Leaves, block + 3, NONE);
    }),
    (41, Section::Leaves, "unknown rule", |it| {
        let last = it.words(Section::Leaves).len() - 3;
        it.set(Section::Leaves, last, 1_024);
    }),
    (41, Section::Leaves, "unknown ARN pattern", |it| {
        let last = it.words(Section::Leaves).len() - 2;
        it.set(Section::Leaves, last, NONE - 1);
    }),
    (41, Section::Leaves, "accepting bit", |it| {
        let last = it.words(Section::Leaves).len() - 1;
        it.set(Section::Leaves, last, 64 * 64);
    }),
    // A walk would read the keys of a branch past the end.
    (42, Section::ClassNodes, "too close to the end", |it| {
        let class = TERMINAL_BIT | f::class::OTHER;
        it.set_words(Section::ClassNodes, &[1 << 8 | node::BRANCH, class, class, u32::from(b':'), class]);
        it.set_words(Section::Classifiers, &[f::CLASSIFY_TEXT, 0, f::class::OTHER + 1, 0, 5, 0, NONE]);
        for &section in Section::ALL.iter().filter(|section| **section > Section::ClassNodes) {
            it.content(section).clear();
        }
    }),
    (42, Section::Nodes, "unknown node", |it| it.set(Section::Nodes, 0, 0)),
    (42, Section::Nodes, "unknown node", |it| it.set(Section::Nodes, 0, node::LITERAL)),
    (42, Section::Nodes, "unknown node", |it| it.set(Section::Nodes, 0, 17 << 8 | node::BRANCH)),
    (42, Section::Nodes, "unknown node", |it| it.set(Section::Nodes, 0, 257 << 8 | node::TABLE)),
    (42, Section::Nodes, "unknown node", |it| it.set(Section::Nodes, 0, 8 << 16 | node::SKIP)),
    (42, Section::Nodes, "unknown node", |it| {
        it.set(Section::Nodes, 0, u32::from(b'/') << 24 | node::SEARCH)
    }),
    (42, Section::Nodes, "past the end", |it| it.set(Section::Nodes, 0, 0xff_ffff << 8 | node::LITERAL)),
    (42, Section::Nodes, "past the end", |it| it.set(Section::Nodes, 0, 0xffff << 8 | node::SEARCH)),
    (43, Section::Nodes, "unknown terminal", |it| {
        let at = node_at(it, node::LITERAL);
        it.set(Section::Nodes, at + 1, f::terminal::NOTHING | 1);
    }),
    // The middle of a node, where the bytes of a literal could pass for a node that leads back to itself.
    (43, Section::Nodes, "unknown node or terminal", |it| {
        let at = node_at(it, node::LITERAL);
        it.set(Section::Nodes, at + 3, at as u32 + 4);
    }),
    (43, Section::Nodes, "unknown node or terminal", |it| {
        let at = node_at(it, node::SKIP);
        it.set(Section::Nodes, at + 2, NONE);
    }),
    (43, Section::Nodes, "unknown node or terminal", |it| {
        let at = node_at(it, node::SEARCH);
        it.set(Section::Nodes, at + 2, at as u32 + 1);
    }),
    (43, Section::Nodes, "unknown node or terminal", |it| {
        let at = node_at(it, node::TABLE);
        it.set(Section::Nodes, at + 66, 1 << 30);
    }),
    (43, Section::Nodes, "unknown leaf", |it| {
        let at = node_at(it, node::LEAF);
        it.set(Section::Nodes, at + 1, 1);
    }),
    (44, Section::Nodes, "not ascending", |it| {
        // One of several keys.
        let all = nodes(&it.words(Section::Nodes));
        let branch = all.iter().find(|node| node.kind == node::BRANCH && node.parameter > 1);
        it.set(Section::Nodes, branch.expect("one of many").at + 3, 0);
    }),
    (44, Section::Nodes, "past the targets", |it| {
        let at = node_at(it, node::TABLE);
        it.set(Section::Nodes, at + 2, NONE);
    }),
    (45, Section::Roots, "unknown node or terminal", |it| it.set(Section::Roots, 1, NONE)),
    (45, Section::Roots, "less than two", |it| it.set(Section::Roots, 0, 1)),
    (45, Section::Roots, "past the end", |it| it.set(Section::Roots, 0, 1 << 20)),
    (45, Section::Roots, "empty terminal", |it| it.set(Section::Roots, 1, f::terminal::NOTHING)),
    (45, Section::Roots, "out of order", |it| it.set(Section::Roots, 2, it.words(Section::Roots)[1])),
];
