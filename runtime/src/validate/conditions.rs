//! Checks of globs, ARN patterns, atoms, operands and keys.

use super::Counts;
use super::checks::{Bits, SideBySide, check, each, invalid};
use crate::error::LoadError;
use crate::format::{self as f, NONE, Section};
use crate::view::View;

/// What globs hold, a bit for each glob.
pub(super) struct Globs {
    /// A `*` or `?`.
    pub(super) wildcards: Bits,
    /// A variable.
    pub(super) variables: Bits,
}

pub(super) fn patterns(view: View<'_>, counts: &Counts) -> Result<Globs, LoadError> {
    each!(view, ArnPatterns, ArnPattern, arn_pattern, |at, arn| {
        let globs = [arn.part0, arn.part1, arn.part2, arn.part3, arn.part4, arn.part5];
        check(globs.iter().all(|&glob| glob < counts.globs), Section::ArnPatterns, at, "unknown glob")?;
    });
    let mut pieces = SideBySide::new(Section::Pieces, view.count(Section::Pieces, f::Piece::WORDS)?);
    let mut globs = Globs { wildcards: Bits::new(counts.globs), variables: Bits::new(counts.globs) };
    each!(view, Globs, Range, glob, |at, glob| {
        for index in pieces.take(glob.start, glob.length, Section::Globs, at)? {
            let section = Section::Pieces;
            let piece = view.piece(index).ok_or(invalid(section, index, "unreadable"))?;
            let bare = piece.value == 0 && piece.default == 0;
            let known = match piece.kind {
                f::PIECE_LITERAL => counts.strings.known(piece.value) && piece.default == 0,
                f::PIECE_ANY_RUN | f::PIECE_ANY_ONE => {
                    globs.wildcards.set(at);
                    bare
                }
                f::PIECE_VARIABLE => {
                    globs.variables.set(at);
                    piece.value < counts.keys && counts.strings.optional(piece.default)
                }
                _ => false,
            };
            check(known, section, index, "unknown kind, string or key")?;
        }
    });
    pieces.finish()?;
    Ok(globs)
}

/// Whether an operand kind may stand under a comparison.
fn fits(comparison: u32, kind: u32) -> bool {
    match comparison {
        f::COMPARE_STRING | f::COMPARE_STRING_IGNORE_CASE => kind == f::OPERAND_TEXT,
        f::COMPARE_LIKE => kind == f::OPERAND_LIKE,
        f::COMPARE_NUMBER_EQUAL..=f::COMPARE_NUMBER_GREATER_EQUAL => kind == f::OPERAND_NUMBER,
        f::COMPARE_DATE_EQUAL..=f::COMPARE_DATE_GREATER_EQUAL => kind == f::OPERAND_DATE,
        f::COMPARE_BOOL => kind == f::OPERAND_BOOL || kind == f::OPERAND_TEXT,
        f::COMPARE_BINARY => kind == f::OPERAND_BINARY,
        f::COMPARE_IP => kind == f::OPERAND_IP,
        f::COMPARE_ARN => kind == f::OPERAND_ARN || kind == f::OPERAND_ARN_NOTHING,
        f::COMPARE_NULL => kind == f::OPERAND_BOOL,
        _ => false,
    }
}

pub(super) fn atoms(view: View<'_>, counts: &Counts, globs: &Globs) -> Result<(), LoadError> {
    let count = view.count(Section::Operands, f::Operand::WORDS)?;
    let mut operands = SideBySide::new(Section::Operands, count);
    let bits =
        f::ATOM_COMPARISON | f::ATOM_NEGATED | f::ATOM_IF_EXISTS | f::ATOM_ANY_VALUE | f::ATOM_ALL_VALUES;
    each!(view, Atoms, Atom, atom, |at, atom| {
        let section = Section::Atoms;
        check(atom.operator & !bits == 0, section, at, "unknown operator bits")?;
        let both = f::ATOM_ANY_VALUE | f::ATOM_ALL_VALUES;
        check(atom.operator & both != both, section, at, "both set prefixes")?;
        check(atom.key < counts.keys, section, at, "unknown key")?;
        check(atom.operand_count > 0, section, at, "no operand")?;
        for index in operands.take(atom.operands, atom.operand_count, section, at)? {
            let section = Section::Operands;
            let operand = view.operand(index).ok_or(invalid(section, index, "unreadable"))?;
            let comparison = atom.operator & f::ATOM_COMPARISON;
            check(fits(comparison, operand.kind), section, index, "operand of another operator")?;
            self::operand(counts, globs, index, operand)?;
        }
    });
    operands.finish()?;
    let mut named = counts.strings.bits();
    each!(view, Keys, Key, key, |at, key| {
        let section = Section::Keys;
        let known = counts.strings.known(key.name) && key.source <= f::KEY_SOURCES;
        check(known, section, at, "unknown string or source")?;
        let name = view.string_bytes(key.name).unwrap_or(&[]);
        // Requests are asked by it; what principal elements became is asked of nobody.
        let lower = key.source >= f::KEY_CALLER || !name.iter().any(u8::is_ascii_uppercase);
        check(lower, section, at, "a name not in lower case")?;
        // A loaded bundle holds the names as texts: shared ones could take more than the bundle does.
        check(named.insert(key.name), section, at, "a name stands twice")?;
        let has_tag = matches!(key.source, f::KEY_PRINCIPAL_TAG | f::KEY_RESOURCE_TAG);
        let tag = if has_tag { counts.strings.known(key.tag) } else { key.tag == NONE };
        check(tag, section, at, "a tag where none belongs, or none where one does")?;
    });
    Ok(())
}

fn operand(counts: &Counts, globs: &Globs, at: u32, operand: f::Operand) -> Result<(), LoadError> {
    let known = match operand.kind {
        f::OPERAND_TEXT => operand.a < counts.globs && !globs.wildcards.has(operand.a),
        f::OPERAND_LIKE => operand.a < counts.globs,
        f::OPERAND_ARN => operand.a < counts.arn_patterns,
        f::OPERAND_ARN_NOTHING => operand.a == 0,
        f::OPERAND_NUMBER | f::OPERAND_BINARY | f::OPERAND_DATE => counts.strings.known(operand.a),
        f::OPERAND_BOOL => operand.a <= 1,
        f::OPERAND_IP => operand.a & 0xff <= if operand.a & 256 == 0 { 32 } else { 128 } && operand.a < 512,
        _ => false,
    };
    check(known, Section::Operands, at, "unknown kind or value")?;
    let used = match operand.kind {
        f::OPERAND_IP => 4,
        f::OPERAND_DATE => 2,
        _ => 0,
    };
    let unused = [operand.b, operand.c, operand.d, operand.e];
    let zeros = unused.iter().skip(used).all(|&word| word == 0);
    check(zeros, Section::Operands, at, "a word without meaning is not zero")
}
