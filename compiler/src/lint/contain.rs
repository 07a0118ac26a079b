//! Whether one pattern contains another, or can meet it: exact for wildcards, careful where variables make it uncertain.
//!
//! `covers` is only true where everything that the second matches is matched by the first; `meets` is only false where nothing is matched
//! by both. A variable stands for any text where that is the careful side, and is equal to nothing but itself on the other.

use crate::model::{
    ActionClause, Condition, Effect, PrincipalClause, PrincipalType, ResourceClause, Statement,
};
use crate::pattern::{ActionForm, Glob, Piece, ResourceForm};

/// More pairs of patterns, and longer pairs of patterns, are not compared: whoever writes them shall not make others wait.
const MOST_PAIRS: usize = 10_000;
const MOST_STEPS: usize = 1_000_000;

/// One step of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// This character.
    Char(char),
    /// Any one character.
    One,
    /// Any run of characters.
    Run,
    /// Any run of characters without a slash.
    Segment,
}

/// The steps of a glob; variables are any text.
pub(super) fn tokens(glob: &Glob) -> Vec<Token> {
    let mut tokens = Vec::new();
    for piece in glob.pieces() {
        match piece {
            Piece::Literal(text) => tokens.extend(text.chars().map(Token::Char)),
            Piece::AnyOne => tokens.push(Token::One),
            Piece::AnyRun | Piece::Variable(_) => tokens.push(Token::Run),
        }
    }
    tokens
}

/// The steps of the ARN of a resource type, `*` and `+` as `data/regenerate.py` says, in its six parts.
pub(super) fn template(arn: &str) -> Vec<Vec<Token>> {
    let step = |character| match character {
        '*' => Token::Run,
        '+' => Token::Segment,
        other => Token::Char(other),
    };
    arn.splitn(6, ':').map(|part| part.chars().map(step).collect()).collect()
}

/// Whether a glob matches all that another matches.
pub(super) fn glob_covers(outer: &Glob, inner: &Glob) -> bool {
    if outer.is_any() || outer == inner {
        return true;
    }
    if outer.has_variable() {
        return false;
    }
    let (outer, inner) = (tokens(outer), tokens(inner));
    if outer.len().saturating_mul(inner.len()) > MOST_STEPS {
        return false;
    }
    // The inner one is taken for a text in which `?` and `*` are characters of their own: `*` takes any of them, `?` all but `*`.
    let (mut at, mut taken) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while let Some(have) = inner.get(taken) {
        let fits = match outer.get(at) {
            Some(Token::Run) => {
                back = Some((at, taken));
                at += 1;
                continue;
            }
            Some(Token::One) => *have != Token::Run,
            Some(token) => token == have,
            None => false,
        };
        if fits {
            at += 1;
            taken += 1;
        } else if let Some((star, from)) = back {
            back = Some((star, from + 1));
            at = star + 1;
            taken = from + 1;
        } else {
            return false;
        }
    }
    outer.get(at..).is_some_and(|rest| rest.iter().all(|token| *token == Token::Run))
}

/// Whether some text is matched by both.
pub(super) fn tokens_meet(left: &[Token], right: &[Token]) -> bool {
    let begin = left.iter().zip(right).take_while(|(one, other)| is_char(one) && is_char(other));
    let end =
        left.iter().rev().zip(right.iter().rev()).take_while(|(one, other)| is_char(one) && is_char(other));
    if begin.chain(end).any(|(one, other)| one != other) {
        return false;
    }
    if left.len().saturating_mul(right.len()) > MOST_STEPS {
        return true;
    }
    // Row by row: which ends of `right` can be reached together with each end of `left`.
    let width = right.len() + 1;
    let mut row = vec![false; width];
    if let Some(first) = row.first_mut() {
        *first = true;
    }
    for at in 0..=left.len() {
        let here = left.get(at).copied();
        let mut next = vec![false; width];
        for column in 0..width {
            if !row.get(column).copied().unwrap_or(false) {
                continue;
            }
            let there = right.get(column).copied();
            let reach = |row: &mut Vec<bool>, column: usize| {
                if let Some(cell) = row.get_mut(column) {
                    *cell = true;
                }
            };
            if let Some(there) = there {
                // A run on the left takes one step of the right; a run on the right ends.
                let taken = match here {
                    Some(Token::Run) => true,
                    Some(Token::Segment) => there != Token::Char('/'),
                    _ => false,
                };
                if taken || matches!(there, Token::Run | Token::Segment) {
                    reach(&mut row, column + 1);
                }
            }
            if let Some(here) = here {
                let passes = matches!(here, Token::Run | Token::Segment)
                    || there == Some(Token::Run)
                    || there == Some(Token::Segment) && here != Token::Char('/');
                if passes {
                    reach(&mut next, column);
                }
                let one = match (here, there) {
                    (Token::Char(one), Some(Token::Char(other))) => one == other,
                    (Token::Char(_) | Token::One, Some(Token::Char(_) | Token::One)) => true,
                    _ => false,
                };
                if one {
                    reach(&mut next, column + 1);
                }
            }
        }
        if at == left.len() {
            return row.last().copied().unwrap_or(false);
        }
        row = next;
    }
    false
}

fn is_char(token: &Token) -> bool {
    matches!(token, Token::Char(_))
}

fn glob_meets(left: &Glob, right: &Glob) -> bool {
    left.is_any() || right.is_any() || tokens_meet(&tokens(left), &tokens(right))
}

/// Whether a resource pattern covers another.
pub(super) fn resource_covers(outer: &ResourceForm, inner: &ResourceForm) -> bool {
    match (outer, inner) {
        (ResourceForm::Everything, _) | (_, ResourceForm::Nothing) => true,
        (ResourceForm::Parts(outer), ResourceForm::Parts(inner)) => {
            outer.iter().zip(inner.iter()).all(|(outer, inner)| glob_covers(outer, inner))
        }
        _ => false,
    }
}

fn resource_meets(left: &ResourceForm, right: &ResourceForm) -> bool {
    match (left, right) {
        (ResourceForm::Nothing, _) | (_, ResourceForm::Nothing) => false,
        (ResourceForm::Parts(left), ResourceForm::Parts(right)) => {
            left.iter().zip(right.iter()).all(|(left, right)| glob_meets(left, right))
        }
        _ => true,
    }
}

/// Whether an action pattern covers another.
pub(super) fn action_covers(outer: &ActionForm, inner: &ActionForm) -> bool {
    match (outer, inner) {
        (ActionForm::Everything, _) | (_, ActionForm::Nothing) => true,
        (
            ActionForm::Named { service, name },
            ActionForm::Named { service: inner_service, name: inner_name },
        ) => glob_covers(service, inner_service) && glob_covers(name, inner_name),
        _ => false,
    }
}

fn action_meets(left: &ActionForm, right: &ActionForm) -> bool {
    match (left, right) {
        (ActionForm::Nothing, _) | (_, ActionForm::Nothing) => false,
        (ActionForm::Named { service, name }, ActionForm::Named { service: service_2, name: name_2 }) => {
            glob_meets(service, service_2) && glob_meets(name, name_2)
        }
        _ => true,
    }
}

/// A union of patterns, or the complement of one.
struct Set<'p, T> {
    negated: bool,
    forms: Vec<&'p T>,
}

/// How patterns of one kind compare.
struct Compare<T> {
    covers: fn(&T, &T) -> bool,
    meets: fn(&T, &T) -> bool,
    is_everything: fn(&T) -> bool,
}

impl<T> Compare<T> {
    fn set_covers(&self, outer: &Set<'_, T>, inner: &Set<'_, T>) -> bool {
        if outer.forms.len().saturating_mul(inner.forms.len()) > MOST_PAIRS {
            return false;
        }
        let any = |forms: &[&T], inner: &T| forms.iter().any(|outer| (self.covers)(outer, inner));
        match (outer.negated, inner.negated) {
            (false, false) => inner.forms.iter().all(|inner| any(&outer.forms, inner)),
            (true, false) => {
                inner.forms.iter().all(|inner| !outer.forms.iter().any(|out| (self.meets)(out, inner)))
            }
            (true, true) => outer.forms.iter().all(|left_out| any(&inner.forms, left_out)),
            (false, true) => outer.forms.iter().any(|form| (self.is_everything)(form)),
        }
    }

    fn sets_meet(&self, left: &Set<'_, T>, right: &Set<'_, T>) -> bool {
        if left.forms.len().saturating_mul(right.forms.len()) > MOST_PAIRS {
            return true;
        }
        match (left.negated, right.negated) {
            (false, false) => {
                left.forms.iter().any(|one| right.forms.iter().any(|other| (self.meets)(one, other)))
            }
            (true, true) => true,
            (false, true) => {
                left.forms.iter().any(|one| !right.forms.iter().any(|out| (self.covers)(out, one)))
            }
            (true, false) => self.sets_meet(right, left),
        }
    }
}

const ACTIONS: Compare<ActionForm> = Compare {
    covers: action_covers,
    meets: action_meets,
    is_everything: |form| matches!(form, ActionForm::Everything),
};

const RESOURCES: Compare<ResourceForm> = Compare {
    covers: resource_covers,
    meets: resource_meets,
    is_everything: |form| matches!(form, ResourceForm::Everything),
};

fn actions(clause: &ActionClause) -> Set<'_, ActionForm> {
    Set { negated: clause.negated, forms: clause.patterns.iter().map(|pattern| &pattern.form).collect() }
}

fn resources(clause: &ResourceClause) -> Set<'_, ResourceForm> {
    Set { negated: clause.negated, forms: clause.patterns.iter().map(|pattern| &pattern.form).collect() }
}

/// Whether a clause matches an action, given in lower case.
pub(super) fn names_action(clause: &ActionClause, service: &str, name: &str) -> bool {
    let action = ActionForm::Named { service: Glob::literal(service), name: Glob::literal(name) };
    ACTIONS.set_covers(&actions(clause), &Set { negated: false, forms: vec![&action] })
}

/// Whether a statement applies wherever another does.
pub(super) fn statement_covers(outer: &Statement, inner: &Statement) -> bool {
    ACTIONS.set_covers(&actions(&outer.actions), &actions(&inner.actions))
        && resources_cover(outer, inner)
        && principals_cover(outer.principals.as_ref(), inner.principals.as_ref())
        && outer.conditions.iter().all(|wanted| inner.conditions.iter().any(|has| same(wanted, has)))
}

fn resources_cover(outer: &Statement, inner: &Statement) -> bool {
    match (&outer.resources, &inner.resources) {
        (None, None) => true,
        (Some(outer), Some(inner)) => RESOURCES.set_covers(&resources(outer), &resources(inner)),
        (Some(outer), None) => {
            !outer.negated && outer.patterns.iter().any(|it| matches!(it.form, ResourceForm::Everything))
        }
        (None, Some(_)) => false,
    }
}

fn principals_cover(outer: Option<&PrincipalClause>, inner: Option<&PrincipalClause>) -> bool {
    match (outer, inner) {
        (None, None) => true,
        (Some(outer), Some(inner)) => {
            let everyone = |clause: &PrincipalClause| {
                let is = |entry: &crate::model::PrincipalEntry| {
                    matches!(entry.kind, PrincipalType::Everyone | PrincipalType::Aws) && &*entry.text == "*"
                };
                !clause.negated && clause.entries.iter().any(is)
            };
            outer == inner
                || everyone(outer)
                || !outer.negated
                    && !inner.negated
                    && inner.entries.iter().all(|it| outer.entries.contains(it))
        }
        _ => false,
    }
}

/// Whether two conditions say the same.
pub(super) fn same(left: &Condition, right: &Condition) -> bool {
    let within = |one: &Condition, other: &Condition| {
        one.operands.iter().all(|operand| other.operands.iter().any(|it| it.form == operand.form))
    };
    left.operator == right.operator && left.key == right.key && within(left, right) && within(right, left)
}

/// Whether two statements of identity-type documents can apply to one request; conditions are left aside.
pub(super) fn statements_meet(left: &Statement, right: &Statement) -> bool {
    ACTIONS.sets_meet(&actions(&left.actions), &actions(&right.actions))
        && match (&left.resources, &right.resources) {
            (Some(left), Some(right)) => RESOURCES.sets_meet(&resources(left), &resources(right)),
            _ => true,
        }
}

/// Whether statements allow nothing of what a statement is about: none of them meets it, or one denies all of it.
pub(super) fn leaves_nothing<'s>(
    limits: impl Iterator<Item = &'s Statement> + Clone,
    of: &Statement,
) -> bool {
    let denied = limits.clone().any(|it| it.effect == Effect::Deny && statement_covers(it, of));
    denied || !limits.clone().any(|it| it.effect == Effect::Allow && statements_meet(it, of))
}

#[cfg(test)]
mod tests;
