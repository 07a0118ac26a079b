//! Atoms: conditions that are compared at request time against the request's context (rules C1–C12).

use core::cmp::Ordering;

use crate::caller::Caller;
use crate::classify::Remembered;
use crate::context::{Context, Values};
use crate::format::{self as f, NONE, Operand, Piece};
use crate::glob::{self, Text, Variables};
use crate::hash::equal;
use crate::value::{arn, binary, boolean, date, ip, number};
use crate::view::View;

/// What a key holds for one request.
#[derive(Clone, Copy)]
pub(crate) enum Held<'a> {
    One(Text<'a>),
    Many(&'a [alloc::string::String]),
}

/// Everything that conditions and policy variables read.
pub(crate) struct Facts<'a> {
    /// The bundle that holds the conditions: the caller's, or an overlay.
    pub(crate) view: &'a View<'a>,
    pub(crate) caller: &'a Caller<'a>,
    /// Where the classes of the keys begin that the caller defines itself; [`NONE`] where they are asked for like all others.
    pub(crate) own: u32,
    /// What the classifiers have said so far.
    pub(crate) remembered: Remembered,
}

impl<'a> Facts<'a> {
    /// Whether a resource matches an ARN pattern with variables. A resource with fewer than six parts matches none (rule R1).
    #[inline(never)]
    pub(crate) fn resource_matches(&self, pattern: u32, resource: &str) -> Option<bool> {
        match arn::split(resource) {
            Some(parts) => glob::arn_matches(self.view, pattern, &parts, self),
            None => Some(false),
        }
    }

    fn requested(&self, key: u32) -> Option<Held<'a>> {
        let context: &'a dyn Context = self.caller.request.context;
        Some(match context.get(self.view.layout.keys.get(key as usize)?)? {
            Values::One(text) => Held::One(Text::Borrowed(text)),
            Values::Parsed(value) => Held::One(Text::Borrowed(value.as_str())),
            Values::Many(texts) => Held::Many(texts),
        })
    }

    /// What a key holds, or `None` if it is missing (rule C12).
    pub(crate) fn held(&self, id: u32) -> Option<Held<'_>> {
        let key = self.view.key(id)?;
        if key.source >= f::KEY_CALLER {
            return self.caller.matched(key.source);
        }
        let request = self.caller.request;
        if request.context_is_complete {
            return self.requested(id);
        }
        match key.source {
            f::KEY_REQUEST => self.requested(id),
            f::KEY_CURRENT_TIME => {
                self.requested(id).or_else(|| request.now.map(|now| Held::One(crate::clock::iso_8601(now))))
            }
            f::KEY_EPOCH_TIME => {
                self.requested(id).or_else(|| request.now.map(|now| Held::One(crate::clock::epoch(now))))
            }
            _ => {
                let tag = if key.tag == NONE { None } else { self.view.string_bytes(key.tag) };
                self.caller.own(&key, tag).unwrap_or_else(|| self.requested(id))
            }
        }
    }

    /// Whether an atom holds. `None` if a record cannot be read, which validation excludes.
    #[inline(never)]
    pub(crate) fn atom_holds(&self, atom: f::Atom) -> Option<bool> {
        let has = |bit| atom.operator & bit != 0;
        let held = self.held(atom.key);
        if atom.operator & f::ATOM_COMPARISON == f::COMPARE_NULL {
            return self.null_holds(atom, held.is_some());
        }
        let Some(held) = held else {
            // Rule C4, in its order.
            return Some(if has(f::ATOM_IF_EXISTS) || has(f::ATOM_ALL_VALUES) {
                true
            } else {
                !has(f::ATOM_ANY_VALUE) && has(f::ATOM_NEGATED)
            });
        };
        let holds = |value: &str| Some(self.any_operand(atom, value)? != has(f::ATOM_NEGATED));
        if !has(f::ATOM_ANY_VALUE) && !has(f::ATOM_ALL_VALUES) {
            // Rule C6: a list, even of one, never matches without a set prefix.
            return match held {
                Held::One(text) => holds(text.as_str()),
                Held::Many(_) => Some(false),
            };
        }
        // Rule C5: `ForAnyValue` looks for a value that holds, `ForAllValues` for one that does not.
        let wanted = has(f::ATOM_ANY_VALUE);
        let single;
        let (one, many) = match held {
            Held::One(text) => {
                single = text;
                (Some(single.as_str()), &[][..])
            }
            Held::Many(texts) => (None, texts),
        };
        for value in one.into_iter().chain(many.iter().map(alloc::string::String::as_str)) {
            if !value.is_empty() && holds(value)? == wanted {
                return Some(wanted);
            }
        }
        Some(!wanted)
    }

    /// `Null` (rule C4): `"true"` holds for a missing key, `"false"` for a present one.
    fn null_holds(&self, atom: f::Atom, present: bool) -> Option<bool> {
        if atom.operator & f::ATOM_ALL_VALUES != 0 {
            return Some(true);
        }
        if atom.operator & f::ATOM_ANY_VALUE != 0 {
            return Some(false);
        }
        for index in atom.operands..atom.operands + atom.operand_count {
            if (self.view.operand(index)?.a == 1) != present {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Whether any of an atom's operands matches one request value, negation aside.
    fn any_operand(&self, atom: f::Atom, value: &str) -> Option<bool> {
        let comparison = atom.operator & f::ATOM_COMPARISON;
        for index in atom.operands..atom.operands + atom.operand_count {
            if self.operand_matches(comparison, self.view.operand(index)?, value)? {
                return Some(true);
            }
        }
        Some(false)
    }

    fn operand_matches(&self, comparison: u32, operand: Operand, value: &str) -> Option<bool> {
        let view = self.view;
        Some(match operand.kind {
            f::OPERAND_TEXT if comparison == f::COMPARE_STRING_IGNORE_CASE => {
                glob::equals_ignoring_case(view, operand.a, value, self)?
            }
            f::OPERAND_TEXT if comparison == f::COMPARE_BOOL => self.bool_matches(operand.a, value)?,
            f::OPERAND_TEXT | f::OPERAND_LIKE => match glob::literal(view, operand.a)? {
                Some(literal) => equal(literal, value.as_bytes()),
                None => glob::matches(view, operand.a, value.as_bytes(), self)?,
            },
            f::OPERAND_ARN => match arn::split(value) {
                Some(parts) => glob::arn_matches(view, operand.a, &parts, self)?,
                None => false,
            },
            f::OPERAND_NUMBER => {
                let policy = number::Number::parse(view.string(operand.a)?);
                let order =
                    number::Number::parse(value).zip(policy).map(|(value, policy)| value.compare(&policy));
                order_fits(comparison, f::COMPARE_NUMBER_EQUAL, order)
            }
            f::OPERAND_DATE => {
                let seconds = (u64::from(operand.c) << 32 | u64::from(operand.b)) as i64;
                let policy = date::Date { seconds, fraction: view.string(operand.a)? };
                let order =
                    date::Date::parse(value, date::Zone::UtcIfAbsent).map(|value| value.compare(&policy));
                order_fits(comparison, f::COMPARE_DATE_EQUAL, order)
            }
            f::OPERAND_BOOL => boolean::parse(value) == Some(operand.a == 1),
            f::OPERAND_BINARY => binary::is_canonical(value) && view.string(operand.a)? == value,
            f::OPERAND_IP => {
                let mut address = [0; 16];
                let (words, _) = address.as_chunks_mut::<4>();
                for (to, from) in words.iter_mut().zip([operand.b, operand.c, operand.d, operand.e]) {
                    *to = from.to_le_bytes();
                }
                let block = ip::Block { v6: operand.a & 256 != 0, address, prefix: operand.a as u8 };
                ip::parse_address(value).is_some_and(|address| block.contains(&address))
            }
            _ => false,
        })
    }

    /// `Bool` whose operand holds a variable: the substituted text is compared as a boolean; another text equals nothing (rule X1).
    fn bool_matches(&self, glob: u32, value: &str) -> Option<bool> {
        let Some(value) = boolean::parse(value) else { return Some(false) };
        glob::equals_ignoring_case(self.view, glob, if value { "true" } else { "false" }, self)
    }
}

/// Whether an order of request value to policy value fits a comparison; the five of a kind stand side by side from `equal` on.
fn order_fits(comparison: u32, equal: u32, order: Option<Ordering>) -> bool {
    let Some(order) = order else { return false };
    match comparison.wrapping_sub(equal) {
        0 => order.is_eq(),
        1 => order.is_lt(),
        2 => order.is_le(),
        3 => order.is_gt(),
        4 => order.is_ge(),
        _ => false,
    }
}

impl Variables for Facts<'_> {
    fn resolve(&self, piece: &Piece) -> Option<Text<'_>> {
        let default = || Some(Text::Borrowed(self.view.string(piece.default)?));
        match self.held(piece.value) {
            Some(Held::Many(_)) => None,
            Some(Held::One(text)) if !text.as_str().is_empty() => Some(text),
            _ if piece.default == NONE => None,
            _ => default(),
        }
    }
}
