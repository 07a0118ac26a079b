//! How action patterns are spelled for people: as AWS spells its actions, so that two writers of one pattern, or an unrelated policy that
//! writes it in another case, do not show in the text.

use crate::facts;
use crate::model::ActionPattern;
use crate::pattern::{ActionForm, Glob, Piece};

/// How a pattern is spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    text: Box<str>,
    /// Whether this is AWS's spelling, and not a writer's.
    known: bool,
}

impl Spelling {
    /// AWS's spelling, else the writer's.
    pub(super) fn of(pattern: &ActionPattern) -> Self {
        match spelling(&pattern.form) {
            Some(text) => Self { text: text.into(), known: true },
            None => Self { text: pattern.text.clone(), known: false },
        }
    }

    /// Of two writers' spellings the first in the order of texts.
    pub(super) fn or(&mut self, written: &str) {
        if !self.known && *written < *self.text {
            self.text = written.into();
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Spells a pattern like the first known action that it covers; `None` where it covers none, and the writer's spelling has to do.
/// Linear in the actions of the service.
fn spelling(form: &ActionForm) -> Option<String> {
    let ActionForm::Named { service, name } = form else { return None };
    let prefix = service.as_literal()?;
    let known = facts::known_service(prefix)?;
    let spelled = known.actions.iter().find_map(|action| like(name, action))?;
    Some(format!("{prefix}:{spelled}"))
}

/// The pattern with its letters as in this action, if it covers it.
fn like(pattern: &Glob, action: &str) -> Option<String> {
    let runs: Vec<&[Piece]> = pattern.pieces().split(|piece| *piece == Piece::AnyRun).collect();
    let (last, before) = runs.split_last()?;
    let mut spelled = String::new();
    let mut rest = action;
    for (index, run) in before.iter().enumerate() {
        // The first run stands at the beginning, each further one at the first place where it fits.
        let places = if index == 0 { 0..=0 } else { 0..=rest.len() };
        let (text, behind) = places.filter_map(|at| rest.get(at..)).find_map(|rest| run_at(run, rest))?;
        spelled.push_str(&text);
        spelled.push('*');
        rest = behind;
    }
    // The last one stands at the end.
    let places = if before.is_empty() { 0..=0 } else { 0..=rest.len() };
    let mut ends = places.filter_map(|at| rest.get(at..)).filter_map(|rest| run_at(last, rest));
    let (text, _) = ends.find(|(_, behind)| behind.is_empty())?;
    Some(spelled + &text)
}

/// Literals and `?` at the beginning of a text: how they are spelled there, and what is behind them.
fn run_at<'t>(run: &[Piece], text: &'t str) -> Option<(String, &'t str)> {
    let mut spelled = String::new();
    let mut rest = text;
    for piece in run {
        match piece {
            Piece::Literal(literal) => {
                let (head, tail) = rest.split_at_checked(literal.len())?;
                if !head.eq_ignore_ascii_case(literal) {
                    return None;
                }
                spelled.push_str(head);
                rest = tail;
            }
            Piece::AnyOne => {
                let mut characters = rest.chars();
                characters.next()?;
                spelled.push('?');
                rest = characters.as_str();
            }
            Piece::AnyRun | Piece::Variable(_) => return None,
        }
    }
    Some((spelled, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_spelled_like_known_actions() {
        let spelled = |service: &str, name: &str| {
            spelling(&ActionForm::Named { service: Glob::wildcards(service), name: Glob::wildcards(name) })
        };
        for (service, name, text) in [
            ("s3", "getobject", "s3:GetObject"),
            ("s3", "getobject*", "s3:GetObject*"),
            ("s3", "*object", "s3:*Object"),
            ("s3", "?etobjec?", "s3:?etObjec?"),
            ("s3", "*bucket*policy*", "s3:*Bucket*Policy*"),
            ("s3", "*", "s3:*"),
            ("ec2", "describe*s", "ec2:Describe*s"),
        ] {
            assert_eq!(spelled(service, name).as_deref(), Some(text));
        }
        for (service, name) in
            [("s3", "nosuchthing"), ("s3", "getobject?x?"), ("mine", "get"), ("*", "getobject"), ("s3", "é")]
        {
            assert_eq!(spelled(service, name), None, "{service}:{name}");
        }
    }
}
