//! The crafted bundles, as changes to the golden one.

use portcullis::runtime::format::{self as f, NONE, Section, TERMINAL_BIT, node};
use portcullis::runtime::hash::{hash, slot};

use super::Parts;

/// The first word of the first block of the first leaf.
fn block(parts: &Parts) -> usize {
    f::leaf::HEADER_WORDS + parts.words(Section::Leaves)[0] as usize * f::leaf::RULE_WORDS
}

/// The first word of the first node of a kind.
fn node_at(parts: &Parts, kind: u32) -> usize {
    let words = parts.words(Section::Nodes);
    let mut at = 0;
    loop {
        let parameter = (words[at] >> 8) as usize;
        if words[at] & 0xff == kind {
            return at;
        }
        at += match words[at] & 0xff {
            node::LITERAL => 4 + parameter.div_ceil(4),
            node::BRANCH => 3 + parameter.div_ceil(4) + parameter,
            node::TABLE => 66 + parameter,
            node::SUFFIX => 3 + parameter.div_ceil(4),
            node::SKIP => 3,
            _ => 2,
        };
    }
}

pub(super) type Change = fn(&mut Parts);

/// Sentence, the section whose record is refused, a part of what is said, and the change.
pub(super) const STRUCTURE: &[(u32, Section, &str, Change)] = &[
    (7, Section::Tags, "no multiple", |it| it.content(Section::Tags).extend([0; 4])),
    (7, Section::Nodes, "no multiple", |it| it.content(Section::Nodes).extend([0; 2])),
    (8, Section::StringOffsets, "no end offset", |it| it.content(Section::StringOffsets).clear()),
    (8, Section::StringOffsets, "first offset", |it| it.set(Section::StringOffsets, 0, 1)),
    (8, Section::StringOffsets, "out of order", |it| it.set(Section::StringOffsets, 2, 0)),
    (8, Section::StringOffsets, "last offset", |it| it.content(Section::StringBytes).push(b'x')),
    (8, Section::StringBytes, "not UTF-8", |it| it.content(Section::StringBytes)[3] = 0xff),
    (8, Section::StringOffsets, "out of order", |it| {
        it.content(Section::StringBytes).extend("é".bytes());
        let mut offsets = it.words(Section::StringOffsets);
        let end = *offsets.last().unwrap();
        offsets.extend([end + 1, end + 2]);
        it.set_words(Section::StringOffsets, &offsets);
    }),
    (9, Section::PrincipalIndex, "no seed", |it| it.content(Section::PrincipalIndex).clear()),
    (9, Section::PrincipalIndex, "power of two", |it| it.content(Section::PrincipalIndex).extend([0; 4])),
    (9, Section::PrincipalIndex, "half of them", |it| {
        it.content(Section::PrincipalIndex).truncate(4 + 4 * 4);
    }),
    (10, Section::PrincipalIndex, "unknown id", |it| {
        let place = it.words(Section::PrincipalIndex).iter().rposition(|&word| word != 0).unwrap();
        it.set(Section::PrincipalIndex, place, 4);
    }),
    (10, Section::ActionIndex, "filled slots", |it| {
        let place = it.words(Section::ActionIndex).iter().rposition(|&word| word != 0).unwrap();
        it.set(Section::ActionIndex, place, 0);
    }),
    (10, Section::ActionIndex, "not found", |it| it.set(Section::ActionIndex, 0, 1)),
    (10, Section::PrincipalIndex, "not found", |it| {
        let places: Vec<usize> =
            (1..9).filter(|&place| it.words(Section::PrincipalIndex)[place] != 0).collect();
        it.set(Section::PrincipalIndex, places[0], it.words(Section::PrincipalIndex)[places[1]]);
    }),
    // An entry 128 slots behind its home, all slots between filled with others.
    (10, Section::PrincipalIndex, "not found", |it| {
        let record = it.words(Section::Principals)[..f::Principal::WORDS].to_vec();
        let mut names = Vec::new();
        for number in 0_u32.. {
            let name = format!("n{number}");
            if slot(hash(0, name.as_bytes()), 512) == 7 {
                names.push(it.add_string(name.as_bytes()));
            }
            if names.len() == 129 {
                break;
            }
        }
        let mut records = Vec::new();
        for name in &names {
            records.extend(&record);
            let at = records.len() - record.len();
            records[at] = *name;
            records[at + 7..at + 9].fill(0);
        }
        it.content(Section::Tags).clear();
        it.set_words(Section::Principals, &records);
        it.set_words(Section::PrincipalIndex, &[0; 513]);
        it.index(Section::PrincipalIndex, &names);
    }),
    (11, Section::PrincipalIndex, "twice", |it| {
        it.set(Section::Principals, f::Principal::WORDS, it.words(Section::Principals)[0]);
    }),
    (11, Section::PrincipalIndex, "twice", |it| {
        let twin = it.string(it.words(Section::Principals)[0]);
        let id = it.add_string(&twin);
        it.set(Section::Principals, f::Principal::WORDS, id);
        let names = it.names(Section::Principals, f::Principal::WORDS);
        it.index(Section::PrincipalIndex, &names);
    }),
    (12, Section::Principals, "unknown string", |it| it.set(Section::Principals, 0, 1 << 20)),
    (12, Section::Principals, "unknown string", |it| it.set(Section::Principals, 3, NONE - 1)),
    (12, Section::Principals, "unknown kind", |it| it.set(Section::Principals, 4, 2)),
    (12, Section::Principals, "identity set", |it| it.set(Section::Principals, 5, NONE)),
    (12, Section::Principals, "boundary set", |it| it.set(Section::Principals, 6, 1 << 20)),
    (12, Section::Principals, "reserved", |it| it.set(Section::Principals, 9, 1)),
    (13, Section::Principals, "does not begin", |it| it.set(Section::Principals, 7, 1)),
    (13, Section::Principals, "too long", |it| it.set(Section::Principals, 8, u32::MAX)),
    (13, Section::Tags, "no record", |it| it.content(Section::Tags).extend([0; 8])),
    (13, Section::Tags, "unknown string", |it| it.set(Section::Tags, 1, NONE)),
    (14, Section::Actions, "unknown string", |it| it.set(Section::Actions, 0, NONE)),
    (14, Section::Actions, "unknown string", |it| it.set(Section::Actions, 4, 1 << 20)),
    (14, Section::Actions, "unknown flags", |it| it.set(Section::Actions, 3, 1 << 7)),
    (14, Section::Actions, "unknown service", |it| it.set(Section::Actions, 1, 1 << 20)),
    (14, Section::Actions, "class past", |it| it.set(Section::Actions, 2, 1 << 20)),
    (14, Section::Actions, "lower case", |it| {
        let capital = it.add_string(b"Svc:Get");
        it.set(Section::Actions, 0, capital);
        let names = it.names(Section::Actions, f::Action::WORDS);
        it.index(Section::ActionIndex, &names);
    }),
    (15, Section::Services, "unknown string", |it| it.set(Section::Services, 0, NONE)),
    (16, Section::Sets, "unknown root list", |it| it.set(Section::Sets, 2, 1 << 20)),
    (16, Section::Sets, "does not begin", |it| {
        let at = it.find(Section::Sets, f::Set::WORDS, |set| set[0] > 0);
        it.set(Section::Sets, at, 0);
    }),
    (16, Section::SetServices, "no record", |it| it.content(Section::SetServices).extend([0; 8])),
    (16, Section::SetServices, "unknown service", |it| {
        let last = it.words(Section::SetServices).len() - 2;
        it.set(Section::SetServices, last, 1 << 20);
    }),
    (16, Section::SetServices, "not ascending", |it| {
        let set = it.find(Section::Sets, f::Set::WORDS, |set| set[1] > 1);
        let first = it.words(Section::Sets)[set] as usize;
        it.set(Section::SetServices, (first + 1) * 2, it.words(Section::SetServices)[first * 2]);
    }),
    (17, Section::SetRuleRoots, "ascending", |it| {
        let set = it.find(Section::Sets, f::Set::WORDS, |set| set[4] > 1);
        let first = it.words(Section::Sets)[set + 3] as usize;
        it.set(Section::SetRuleRoots, first + 1, it.words(Section::SetRuleRoots)[first]);
    }),
    (17, Section::SetRuleRoots, "unknown id", |it| it.set(Section::SetRuleRoots, 0, 1 << 20)),
    (17, Section::Sets, "does not begin", |it| it.set(Section::Sets, 3, 1)),
    (18, Section::SetServices, "unknown row", |it| it.set(Section::SetServices, 1, 1 << 20)),
    (18, Section::SetServices, "does not fit", |it| {
        let row = it.find(Section::Rows, f::Row::WORDS, |row| row[2] > 0);
        let cells = it.words(Section::Rows)[row + 4];
        let services = it.words(Section::Services);
        let other = it.find(Section::SetServices, 2, |entry| services[entry[0] as usize * 2 + 1] != cells);
        it.set(Section::SetServices, other + 1, (row / f::Row::WORDS) as u32);
    }),
    (19, Section::Palettes, "unknown root list", |it| it.set(Section::Palettes, 0, 1 << 20)),
    (20, Section::Rows, "empty palette", |it| it.set(Section::Rows, 1, 0)),
    (20, Section::Rows, "palette out of range", |it| it.set(Section::Rows, 0, u32::MAX)),
    (20, Section::Rows, "unknown width", |it| it.set(Section::Rows, 2, 3)),
    (20, Section::Rows, "counts some", |it| {
        let at = it.find(Section::Rows, f::Row::WORDS, |row| row[2] > 0);
        it.set(Section::Rows, at + 2, 0);
    }),
    (21, Section::Rows, "does not begin", |it| {
        let at = it.find(Section::Rows, f::Row::WORDS, |row| row[2] > 0 && row[3] > 0);
        it.set(Section::Rows, at + 3, 0);
    }),
    (21, Section::Rows, "too long", |it| {
        it.content(Section::Cells).pop();
    }),
    (21, Section::Rows, "past the palette", |it| it.content(Section::Cells)[0] = 0xff),
    (21, Section::Cells, "no record", |it| it.content(Section::Cells).push(0)),
    (22, Section::RuleRootIds, "unknown id", |it| it.set(Section::RuleRootIds, 0, 1 << 20)),
    (22, Section::RuleRootIds, "ascending", |it| {
        let list = it.find(Section::RuleRootLists, 2, |list| list[1] > 1);
        let first = it.words(Section::RuleRootLists)[list] as usize;
        it.set(Section::RuleRootIds, first + 1, it.words(Section::RuleRootIds)[first]);
    }),
    (22, Section::RuleRootLists, "does not begin", |it| it.set(Section::RuleRootLists, 0, 1)),
    (23, Section::RuleRoots, "does not begin", |it| it.set(Section::RuleRoots, 0, 1)),
    (23, Section::RuleRoots, "unknown negation", |it| it.set(Section::RuleRoots, 2, 2)),
    (23, Section::RuleRoots, "unknown root list", |it| it.set(Section::RuleRoots, 3, 1 << 20)),
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
    (27, Section::Guards, "empty guard", |it| it.set(Section::Guards, 1, 0)),
    (27, Section::Guards, "does not begin", |it| it.set(Section::Guards, 2, 0)),
    (27, Section::GuardAtoms, "unknown atom", |it| it.set(Section::GuardAtoms, 0, 1 << 20)),
    (27, Section::GuardAtoms, "not ascending", |it| {
        let guard = it.find(Section::Guards, 2, |guard| guard[1] > 1);
        let first = it.words(Section::Guards)[guard] as usize;
        it.set(Section::GuardAtoms, first + 1, it.words(Section::GuardAtoms)[first]);
    }),
    (28, Section::Atoms, "operator bits", |it| it.set(Section::Atoms, 0, 1 << 12)),
    (28, Section::Atoms, "set prefixes", |it| it.set(Section::Atoms, 0, 3 << 10)),
    (28, Section::Atoms, "unknown key", |it| it.set(Section::Atoms, 1, NONE)),
    (29, Section::Atoms, "no operand", |it| it.set(Section::Atoms, 3, 0)),
    (29, Section::Atoms, "does not begin", |it| it.set(Section::Atoms, f::Atom::WORDS + 2, 0)),
    (29, Section::Operands, "another operator", |it| {
        let at = it.find(Section::Operands, f::Operand::WORDS, |operand| operand[0] == f::OPERAND_IP);
        it.set(Section::Operands, at, f::OPERAND_TEXT);
    }),
    (29, Section::Operands, "another operator", |it| it.set(Section::Atoms, 0, 200)),
    (30, Section::Operands, "unknown kind or value", |it| {
        let at = it.find(Section::Operands, f::Operand::WORDS, |operand| operand[0] == f::OPERAND_NUMBER);
        it.set(Section::Operands, at + 1, NONE);
    }),
    (30, Section::Operands, "unknown kind or value", |it| {
        let at = it.find(Section::Operands, f::Operand::WORDS, |operand| operand[0] == f::OPERAND_BOOL);
        it.set(Section::Operands, at + 1, 2);
    }),
    (30, Section::Operands, "unknown kind or value", |it| {
        let at = it.find(Section::Operands, f::Operand::WORDS, |operand| operand[1..3] == [8, 10]);
        it.set(Section::Operands, at + 1, 33);
    }),
    (30, Section::Operands, "unknown kind or value", |it| {
        let like = it.find(Section::Operands, f::Operand::WORDS, |operand| operand[0] == f::OPERAND_LIKE);
        let text = it.find(Section::Operands, f::Operand::WORDS, |operand| operand[0] == f::OPERAND_TEXT);
        it.set(Section::Operands, text + 1, it.words(Section::Operands)[like + 1]);
    }),
    (30, Section::Operands, "without meaning", |it| {
        let text = it.find(Section::Operands, f::Operand::WORDS, |operand| operand[0] == f::OPERAND_TEXT);
        it.set(Section::Operands, text + 2, 1);
    }),
    (31, Section::Keys, "unknown string", |it| it.set(Section::Keys, 0, NONE)),
    (31, Section::Keys, "unknown string or source", |it| it.set(Section::Keys, 1, 11)),
    (31, Section::Keys, "twice", |it| it.set(Section::Keys, 3, it.words(Section::Keys)[0])),
    (31, Section::Keys, "a tag", |it| {
        let at = it.find(Section::Keys, 3, |key| key[1] == f::KEY_PRINCIPAL_TAG);
        it.set(Section::Keys, at + 2, NONE);
    }),
    (31, Section::Keys, "a tag", |it| {
        let at = it.find(Section::Keys, 3, |key| key[1] == f::KEY_REQUEST);
        it.set(Section::Keys, at + 2, 0);
    }),
    (32, Section::Terminals, "no empty terminal", |it| it.content(Section::Terminals).clear()),
    (32, Section::Terminals, "terminal 0 is not empty", |it| {
        it.set(Section::Terminals, 0, 1);
        it.set(Section::Terminals, 1, it.words(Section::TerminalRules)[0]);
        it.set(Section::Terminals, 3, 1);
    }),
    (33, Section::Terminals, "unknown flags, or both", |it| it.set(Section::Terminals, 0, 3)),
    (33, Section::Terminals, "flags without rules", |it| {
        let at = it.find(Section::Terminals, f::Terminal::WORDS, |terminal| terminal[0] == 1);
        it.set(Section::Terminals, at, 0);
    }),
    (33, Section::Terminals, "does not begin", |it| {
        let at = it.find(Section::Terminals, f::Terminal::WORDS, |terminal| terminal[2] > 0);
        it.set(Section::Terminals, at + 2, 0);
    }),
    (33, Section::Terminals, "not the first of its rules", |it| {
        let at = it.find(Section::Terminals, f::Terminal::WORDS, |terminal| terminal[0] == 1);
        it.set(Section::Terminals, at + 1, NONE - 1);
    }),
    (34, Section::Terminals, "does not begin", |it| {
        let at = it.find(Section::Terminals, f::Terminal::WORDS, |terminal| terminal[4] > 0);
        it.set(Section::Terminals, at + 4, 0);
    }),
    (34, Section::Residues, "a deny behind an allow", |it| {
        let pairs = it.find(Section::Terminals, f::Terminal::WORDS, |terminal| terminal[5] > 1);
        let first = it.words(Section::Terminals)[pairs + 4] as usize * f::Residue::WORDS;
        it.set(Section::Residues, first + 1, 0);
        it.set(Section::Residues, first + f::Residue::WORDS + 1, f::RESIDUE_DENY);
    }),
    (33, Section::Terminals, "flags without rules", |it| {
        let at = it.find(Section::Terminals, f::Terminal::WORDS, |terminal| terminal[0] == 2);
        it.set(Section::Terminals, at + 1, NONE);
        it.set(Section::TerminalRules, it.words(Section::Terminals)[at + 2] as usize, NONE);
    }),
    (35, Section::Residues, "no rule", |it| it.set(Section::Residues, 0, NONE)),
    (35, Section::Residues, "unknown flags", |it| it.set(Section::Residues, 1, 4)),
    (35, Section::Residues, "unknown guard", |it| it.set(Section::Residues, 2, NONE - 1)),
    (35, Section::Residues, "negated without", |it| {
        let at = it.find(Section::Residues, f::Residue::WORDS, |residue| residue[4] == 0);
        it.set(Section::Residues, at + 1, f::RESIDUE_NEGATED | f::RESIDUE_DENY);
    }),
    (35, Section::Residues, "does not begin", |it| it.set(Section::Residues, 3, 1)),
    (35, Section::Checks, "unknown ARN pattern", |it| it.set(Section::Checks, 0, 1 << 20)),
    (36, Section::Leaves, "past the end", |it| {
        let length = it.content(Section::Leaves).len();
        it.content(Section::Leaves).truncate(length - 4);
    }),
    (36, Section::Leaves, "no rules", |it| it.content(Section::Leaves).extend([0; 8])),
    (37, Section::Leaves, "too many", |it| it.set(Section::Leaves, 0, 1_025)),
    (37, Section::Leaves, "no rule", |it| it.set(Section::Leaves, 2, NONE)),
    (37, Section::Leaves, "unknown flags", |it| it.set(Section::Leaves, 3, 4)),
    (37, Section::Leaves, "unknown guard", |it| it.set(Section::Leaves, 4, 1 << 20)),
    (38, Section::Leaves, "block size", |it| {
        let block = block(it);
        it.set(Section::Leaves, block, 65);
    }),
    (38, Section::Leaves, "number of classes", |it| {
        let block = block(it);
        it.set(Section::Leaves, block + 1, 0);
    }),
    (38, Section::Leaves, "unknown class", |it| {
        let block = block(it);
        it.set(Section::Leaves, block + 3, NONE);
    }),
    (38, Section::Leaves, "unknown rule", |it| {
        let last = it.words(Section::Leaves).len() - 3;
        it.set(Section::Leaves, last, 1_024);
    }),
    (38, Section::Leaves, "unknown ARN pattern", |it| {
        let last = it.words(Section::Leaves).len() - 2;
        it.set(Section::Leaves, last, NONE - 1);
    }),
    (38, Section::Leaves, "accepting bit", |it| {
        let last = it.words(Section::Leaves).len() - 1;
        it.set(Section::Leaves, last, 64 * 64);
    }),
    (39, Section::Nodes, "unknown node", |it| it.set(Section::Nodes, 0, 0)),
    (39, Section::Nodes, "unknown node", |it| it.set(Section::Nodes, 0, node::LITERAL)),
    (39, Section::Nodes, "unknown node", |it| it.set(Section::Nodes, 0, 17 << 8 | node::BRANCH)),
    (39, Section::Nodes, "unknown node", |it| it.set(Section::Nodes, 0, 257 << 8 | node::TABLE)),
    (39, Section::Nodes, "unknown node", |it| it.set(Section::Nodes, 0, 256 << 8 | node::SKIP)),
    (39, Section::Nodes, "past the end", |it| it.set(Section::Nodes, 0, 0xff_ffff << 8 | node::LITERAL)),
    (40, Section::Nodes, "unknown terminal", |it| {
        let at = node_at(it, node::LITERAL);
        it.set(Section::Nodes, at + 1, TERMINAL_BIT);
    }),
    // The middle of a node, where the bytes of a literal could pass for a node that leads back to itself.
    (40, Section::Nodes, "unknown node or terminal", |it| {
        let at = node_at(it, node::LITERAL);
        it.set(Section::Nodes, at + 3, at as u32 + 4);
    }),
    (40, Section::Nodes, "unknown node or terminal", |it| {
        let at = node_at(it, node::SKIP);
        it.set(Section::Nodes, at + 2, NONE);
    }),
    (40, Section::Nodes, "unknown node or terminal", |it| {
        let at = node_at(it, node::TABLE);
        it.set(Section::Nodes, at + 66, 1 << 30);
    }),
    (40, Section::Nodes, "unknown leaf", |it| {
        let at = node_at(it, node::LEAF);
        it.set(Section::Nodes, at + 1, 1);
    }),
    (41, Section::Nodes, "not ascending", |it| {
        let at = node_at(it, node::BRANCH);
        it.set(Section::Nodes, at + 3, 0);
    }),
    (41, Section::Nodes, "past the targets", |it| {
        let at = node_at(it, node::TABLE);
        it.set(Section::Nodes, at + 2, NONE);
    }),
    (42, Section::Roots, "unknown node or terminal", |it| it.set(Section::Roots, 0, NONE)),
    (42, Section::RootLists, "unknown node or terminal", |it| it.set(Section::RootLists, 0, NONE)),
    (42, Section::RootLists, "does not begin", |it| {
        let at = it.find(Section::RootLists, f::RootList::WORDS, |list| list[1] > 0);
        it.set(Section::RootLists, at + 1, 0);
    }),
    (42, Section::RootLists, "behind the empty terminal", |it| {
        let at = it.find(Section::RootLists, f::RootList::WORDS, |list| list[2] > 0);
        it.set(Section::RootLists, at, f::TERMINAL_BIT);
    }),
    (42, Section::Roots, "out of order", |it| {
        let list = it.find(Section::RootLists, f::RootList::WORDS, |list| list[2] > 0);
        let (root, rest) = (it.words(Section::RootLists)[list], it.words(Section::RootLists)[list + 1]);
        it.set(Section::Roots, rest as usize, root);
    }),
];
