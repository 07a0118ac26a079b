//! Globs, ARN patterns, keys, atoms and classifiers as records.

use portcullis_runtime::format::{self as f, NONE, Section};
use portcullis_runtime::hash::classifier_tweak;

use super::sections::Sections;
use super::strings::{Named, Strings, index_by};
use crate::automata::{Classifier, Reading, Table};
use crate::intern::Interner;
use crate::ir::{self, Atom, Ir};
use crate::model::{BaseOperator, OperandForm, Operator, SetPrefix};
use crate::pattern::{Glob, Piece};

/// Patterns and keys, interned as they are met.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    globs: Interner<Glob>,
    arns: Interner<Box<[Glob; 6]>>,
    keys: Interner<Box<str>>,
}

impl Patterns {
    pub(super) fn glob(&mut self, glob: &Glob) -> u32 {
        self.globs.intern(glob.clone())
    }

    pub(super) fn arn(&mut self, parts: &[Glob; 6]) -> u32 {
        self.arns.intern(Box::new(parts.clone()))
    }

    fn key(&mut self, key: &str) -> u32 {
        self.keys.intern(key.into())
    }

    /// Writes the atoms that are compared at request time, by their ids in the IR.
    pub(super) fn atoms(&mut self, ir: &Ir, used: &[u32], strings: &mut Strings, sections: &mut Sections) {
        let (mut atoms, mut operands) = (Vec::new(), Vec::new());
        let mut count = 0;
        for atom in used.iter().filter_map(|&id| ir.atoms.get(id)) {
            f::Atom {
                operator: operator_bits(atom.operator),
                key: self.key(&atom.key),
                operands: count,
                operand_count: atom.operands.len() as u32,
            }
            .write(&mut atoms);
            count += atom.operands.len() as u32;
            self.operands(atom, strings, &mut operands);
        }
        sections.put(Section::Atoms, atoms);
        sections.put(Section::Operands, operands);
    }

    /// Writes the classifiers. `None` if no hash table holds their texts, which they would have to be made for.
    pub(super) fn classifiers(
        &mut self,
        all: &[Classifier],
        strings: &mut Strings,
        sections: &mut Sections,
    ) -> Option<()> {
        let (mut records, mut nodes) = (Vec::new(), Vec::<u32>::new());
        let (mut intervals, mut interval_count) = (Vec::new(), 0);
        let (mut thresholds, mut threshold_count) = (Vec::new(), 0);
        let (mut texts, mut names) = (Vec::<f::ClassText>::new(), Vec::new());
        for (id, classifier) in (0..).zip(all) {
            let (start, length, root) = match &classifier.table {
                Table::Texts { exact, words, relocations, root } => {
                    for (text, class) in exact {
                        let string = strings.id(text);
                        names.push(Named { text, id: texts.len() as u32, rest: [string, id] });
                        texts.push(f::ClassText { classifier: id, text: string, class: *class });
                    }
                    let base = nodes.len() as u32;
                    nodes.extend(words);
                    for place in relocations {
                        if let Some(word) = nodes.get_mut((base + place) as usize) {
                            *word += base;
                        }
                    }
                    let moved = if root & f::TERMINAL_BIT == 0 { root + base } else { *root };
                    (base, words.len() as u32, moved)
                }
                Table::Addresses { v4, v6 } => {
                    let start = interval_count;
                    for (address, class) in v4.iter().chain(v6) {
                        let bytes = address.to_be_bytes();
                        let words = bytes.as_chunks::<4>().0;
                        let word =
                            |index: usize| words.get(index).map_or(0, |word| u32::from_le_bytes(*word));
                        f::Interval { a: word(0), b: word(1), c: word(2), d: word(3), class: *class }
                            .write(&mut intervals);
                        interval_count += 1;
                    }
                    (start, interval_count - start, v4.len() as u32)
                }
                Table::Numbers(numbers) => {
                    let start = threshold_count;
                    for number in numbers {
                        f::Threshold { text: strings.id(number), low: 0, high: 0 }.write(&mut thresholds);
                        threshold_count += 1;
                    }
                    (start, threshold_count - start, 0)
                }
                Table::Dates(dates) => {
                    let start = threshold_count;
                    for (seconds, fraction) in dates {
                        let (low, high) = (*seconds as u64 as u32, (*seconds as u64 >> 32) as u32);
                        f::Threshold { text: strings.id(fraction), low, high }.write(&mut thresholds);
                        threshold_count += 1;
                    }
                    (start, threshold_count - start, 0)
                }
                Table::None => (0, 0, 0),
            };
            let reading = match classifier.reading {
                Reading::Text => f::CLASSIFY_TEXT,
                Reading::Folded => f::CLASSIFY_FOLDED,
                Reading::Address => f::CLASSIFY_ADDRESS,
                Reading::Number => f::CLASSIFY_NUMBER,
                Reading::Date => f::CLASSIFY_DATE,
                Reading::Bool => f::CLASSIFY_BOOL,
                Reading::Presence => f::CLASSIFY_PRESENCE,
            };
            let key = self.key(&classifier.key);
            f::Classifier { reading, key, classes: classifier.classes, start, length, root, own: NONE }
                .write(&mut records);
        }
        let classifier_of = |id: u32| texts.get(id as usize).map_or(0, |text| text.classifier);
        let index = index_by(&names, |id| classifier_tweak(classifier_of(id)))?;
        let mut text_records = Vec::new();
        texts.iter().for_each(|text| text.write(&mut text_records));
        sections.put(Section::ClassTexts, text_records);
        sections.put(Section::ClassTextIndex, index);
        sections.put(Section::Classifiers, records);
        sections.put_words(Section::ClassNodes, nodes);
        sections.put(Section::Intervals, intervals);
        sections.put(Section::Thresholds, thresholds);
        Some(())
    }

    fn operands(&mut self, atom: &Atom, strings: &mut Strings, to: &mut Vec<u8>) {
        for operand in &atom.operands {
            let record = |kind, a| f::Operand { kind, a, b: 0, c: 0, d: 0, e: 0 };
            let record = match operand {
                OperandForm::Text(glob) => record(f::OPERAND_TEXT, self.glob(glob)),
                OperandForm::Like(glob) => record(f::OPERAND_LIKE, self.glob(glob)),
                OperandForm::Arn(parts) => record(f::OPERAND_ARN, self.arn(parts)),
                OperandForm::ArnNothing => record(f::OPERAND_ARN_NOTHING, 0),
                OperandForm::Number(number) => record(f::OPERAND_NUMBER, strings.id(number)),
                OperandForm::Date { seconds, fraction } => f::Operand {
                    b: *seconds as u64 as u32,
                    c: (*seconds as u64 >> 32) as u32,
                    ..record(f::OPERAND_DATE, strings.id(fraction))
                },
                OperandForm::Bool(value) => record(f::OPERAND_BOOL, u32::from(*value)),
                OperandForm::Binary(base64) => record(f::OPERAND_BINARY, strings.id(base64)),
                OperandForm::Ip { v6, address, prefix } => {
                    let words = address.as_chunks::<4>().0;
                    let word = |index: usize| words.get(index).map_or(0, |word| u32::from_le_bytes(*word));
                    let a = u32::from(*prefix) + if *v6 { 256 } else { 0 };
                    f::Operand { b: word(0), c: word(1), d: word(2), e: word(3), ..record(f::OPERAND_IP, a) }
                }
            };
            record.write(to);
        }
    }

    /// Writes everything interned; to be called last.
    pub(super) fn finish(mut self, strings: &mut Strings, sections: &mut Sections) {
        let mut arns = Vec::new();
        for parts in self.arns.items().to_vec() {
            let [part0, part1, part2, part3, part4, part5] = parts.each_ref().map(|part| self.glob(part));
            f::ArnPattern { part0, part1, part2, part3, part4, part5 }.write(&mut arns);
        }
        sections.put(Section::ArnPatterns, arns);
        let (mut globs, mut pieces) = (Vec::new(), Vec::new());
        let mut count = 0;
        for glob in self.globs.items().to_vec() {
            f::Range { start: count, length: glob.pieces().len() as u32 }.write(&mut globs);
            count += glob.pieces().len() as u32;
            for piece in glob.pieces() {
                let record = match piece {
                    Piece::Literal(text) => {
                        f::Piece { kind: f::PIECE_LITERAL, value: strings.id(text), default: 0 }
                    }
                    Piece::AnyRun => f::Piece { kind: f::PIECE_ANY_RUN, value: 0, default: 0 },
                    Piece::AnyOne => f::Piece { kind: f::PIECE_ANY_ONE, value: 0, default: 0 },
                    Piece::Variable(variable) => f::Piece {
                        kind: f::PIECE_VARIABLE,
                        value: self.key(&variable.key),
                        default: variable.default.as_ref().map_or(NONE, |text| strings.id(text)),
                    },
                };
                record.write(&mut pieces);
            }
        }
        sections.put(Section::Globs, globs);
        sections.put(Section::Pieces, pieces);
        let mut keys = Vec::new();
        for key in self.keys.items() {
            let (source, tag) = key_source(key);
            f::Key { name: strings.id(key), source, tag: tag.map_or(NONE, |tag| strings.id(tag)) }
                .write(&mut keys);
        }
        sections.put(Section::Keys, keys);
    }
}

/// Where the value of a key comes from (rule C12), and the tag of `aws:PrincipalTag/…` and `aws:ResourceTag/…`.
fn key_source(key: &str) -> (u32, Option<&str>) {
    if let Some(tag) = key.strip_prefix("aws:principaltag/") {
        return (f::KEY_PRINCIPAL_TAG, Some(tag));
    }
    if let Some(tag) = key.strip_prefix("aws:resourcetag/") {
        return (f::KEY_RESOURCE_TAG, Some(tag));
    }
    let source = match key {
        ir::DIRECT => f::KEY_CALLER,
        ir::BEHIND => f::KEY_CALLER_BEHIND,
        ir::ACCOUNT => f::KEY_CALLER_ACCOUNT,
        ir::ROOT => f::KEY_CALLER_ROOT,
        ir::NAME => f::KEY_CALLER_NAME,
        ir::BOUNDED => f::KEY_CALLER_BOUNDED,
        "aws:sourceidentity" => f::KEY_SOURCE_IDENTITY,
        "aws:resourceaccount" => f::KEY_RESOURCE_ACCOUNT,
        "aws:resourceorgid" => f::KEY_RESOURCE_ORG_ID,
        "aws:resourceorgpaths" => f::KEY_RESOURCE_ORG_PATHS,
        "aws:username" => f::KEY_USERNAME,
        "aws:userid" => f::KEY_USER_ID,
        "aws:principalarn" => f::KEY_PRINCIPAL_ARN,
        "aws:principalaccount" => f::KEY_PRINCIPAL_ACCOUNT,
        "aws:principaltype" => f::KEY_PRINCIPAL_TYPE,
        "aws:principalorgid" => f::KEY_PRINCIPAL_ORG_ID,
        "aws:principalorgpaths" => f::KEY_PRINCIPAL_ORG_PATHS,
        "aws:principalisawsservice" => f::KEY_PRINCIPAL_IS_SERVICE,
        "aws:currenttime" => f::KEY_CURRENT_TIME,
        "aws:epochtime" => f::KEY_EPOCH_TIME,
        _ => f::KEY_REQUEST,
    };
    (source, None)
}

fn operator_bits(operator: Operator) -> u32 {
    use BaseOperator as B;
    let comparison = match operator.base {
        B::StringEquals | B::StringNotEquals => f::COMPARE_STRING,
        B::StringEqualsIgnoreCase | B::StringNotEqualsIgnoreCase => f::COMPARE_STRING_IGNORE_CASE,
        B::StringLike | B::StringNotLike => f::COMPARE_LIKE,
        B::NumericEquals | B::NumericNotEquals => f::COMPARE_NUMBER_EQUAL,
        B::NumericLessThan => f::COMPARE_NUMBER_LESS,
        B::NumericLessThanEquals => f::COMPARE_NUMBER_LESS_EQUAL,
        B::NumericGreaterThan => f::COMPARE_NUMBER_GREATER,
        B::NumericGreaterThanEquals => f::COMPARE_NUMBER_GREATER_EQUAL,
        B::DateEquals | B::DateNotEquals => f::COMPARE_DATE_EQUAL,
        B::DateLessThan => f::COMPARE_DATE_LESS,
        B::DateLessThanEquals => f::COMPARE_DATE_LESS_EQUAL,
        B::DateGreaterThan => f::COMPARE_DATE_GREATER,
        B::DateGreaterThanEquals => f::COMPARE_DATE_GREATER_EQUAL,
        B::Bool => f::COMPARE_BOOL,
        B::BinaryEquals => f::COMPARE_BINARY,
        B::IpAddress | B::NotIpAddress => f::COMPARE_IP,
        B::ArnEquals | B::ArnLike | B::ArnNotEquals | B::ArnNotLike => f::COMPARE_ARN,
        B::Null => f::COMPARE_NULL,
    };
    let bit = |on: bool, bit: u32| if on { bit } else { 0 };
    comparison
        | bit(operator.base.is_negated(), f::ATOM_NEGATED)
        | bit(operator.if_exists, f::ATOM_IF_EXISTS)
        | bit(operator.set == Some(SetPrefix::ForAnyValue), f::ATOM_ANY_VALUE)
        | bit(operator.set == Some(SetPrefix::ForAllValues), f::ATOM_ALL_VALUES)
}
