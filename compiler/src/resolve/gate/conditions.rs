//! Conditions: expressions to the operators of IAM (rules C1–C6), and to several statements where one cannot say it.
//!
//! An expression becomes tests, each one operator on one key. `not` moves inwards to the tests and turns each into the one that holds
//! exactly where it does not, missing keys included. What is then a choice between several conjunctions becomes as many statements.

mod normal;

pub(super) use normal::statements;

use portcullis_grammar::gate::ast::{
    Compare, Expression, ExpressionKind, Operator as Sign, Set, Sign as Kind, Text,
};
use portcullis_grammar::source::Span;
use portcullis_grammar::suggest;
use portcullis_runtime::value::boolean;

use super::scope::{Bound, Expanded, Scope, expand, holds_nothing, one};
use crate::facts::keys::{KeyType, ValueType, key_type, keys_of};
use crate::facts::known_service;
use crate::model::{BaseOperator, Operator, SetPrefix};
use crate::resolve::codes;
use crate::resolve::conditions::{advice_for, parse_operator};
use crate::resolve::reader::{Reader, shown};

/// One operator on one key.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) operator: Operator,
    pub(super) key: Expanded,
    pub(super) values: Vec<Expanded>,
}

/// A condition whose names are looked up and whose operators are known.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    And(Vec<Self>),
    Or(Vec<Self>),
    Test(Test),
}

impl Condition {
    /// How deep it nests.
    fn depth(&self) -> usize {
        match self {
            Self::And(parts) | Self::Or(parts) => 1 + parts.iter().map(Self::depth).max().unwrap_or(0),
            Self::Test(_) => 1,
        }
    }

    /// How many tests it holds.
    fn size(&self) -> usize {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::size).sum::<usize>() + 1,
            Self::Test(test) => 1 + test.values.len(),
        }
    }

    /// The same, standing at another place: where its name is used.
    pub(super) fn at(&self, span: Span) -> Self {
        match self {
            Self::And(parts) => Self::And(parts.iter().map(|part| part.at(span)).collect()),
            Self::Or(parts) => Self::Or(parts.iter().map(|part| part.at(span)).collect()),
            Self::Test(test) => Self::Test(Test {
                operator: test.operator,
                key: (test.key.0.clone(), span),
                values: test.values.iter().map(|(text, _)| (text.clone(), span)).collect(),
            }),
        }
    }
}

/// How deep a condition with a name may nest, the names in it included.
const MOST_NESTED: usize = 64;

/// Reads an expression that gets a name.
pub(super) fn named_condition(
    reader: &mut Reader<'_, '_>,
    scope: &Scope,
    expression: &Expression<'_>,
) -> Option<Condition> {
    let condition = read(reader, scope, expression, false)?;
    if condition.depth() > MOST_NESTED {
        let message = format!("conditions that stand in each other nest more than {MOST_NESTED} deep");
        reader.error(codes::GATE_SIZE, expression.span, message, "make them flatter");
        return None;
    }
    Some(condition)
}

/// Reads an expression; `negated` for its opposite. `None` if it is wrong, which was reported.
pub(super) fn read(
    reader: &mut Reader<'_, '_>,
    scope: &Scope,
    expression: &Expression<'_>,
    negated: bool,
) -> Option<Condition> {
    let condition = match &expression.kind {
        ExpressionKind::Not(inner) => return read(reader, scope, inner, !negated),
        ExpressionKind::And(parts) | ExpressionKind::Or(parts) => {
            let read: Vec<_> = parts.iter().map(|part| read(reader, scope, part, negated)).collect();
            let parts = read.into_iter().collect::<Option<Vec<_>>>()?;
            let all = matches!(expression.kind, ExpressionKind::And(_)) != negated;
            return Some(if all { Condition::And(parts) } else { Condition::Or(parts) });
        }
        ExpressionKind::Bare(text) => bare(reader, scope, text)?,
        ExpressionKind::Exists(key, exists) => {
            let key = self::key(reader, scope, key)?;
            Condition::Test(presence(key, *exists))
        }
        ExpressionKind::Compare(compare) => self::compare(reader, scope, compare)?,
    };
    if negated { negate(reader, &condition, expression.span) } else { Some(condition) }
}

/// A key alone, or the name of a condition.
fn bare(reader: &mut Reader<'_, '_>, scope: &Scope, text: &Text<'_>) -> Option<Condition> {
    if let Some(name) = text.raw.strip_prefix('$').filter(|_| !text.quoted) {
        match scope.get(name) {
            Some(Bound::Condition(condition)) => {
                // A test takes some hundred bytes.
                let fine = reader.spend(128 * condition.size(), text.span);
                return fine.then(|| condition.at(text.span));
            }
            Some(Bound::Texts(_)) => {
                let message = format!("`${}` is a value, not a condition", shown(name));
                let help =
                    format!("compare a key with it: aws:SourceIp in ${name}; or declare let {name} = if …");
                reader.error(codes::GATE_CONDITION, text.span, message, help);
                return None;
            }
            Some(Bound::Broken) | None => {}
        }
    }
    let key = self::key(reader, scope, text)?;
    match key_type(&key.0) {
        None | Some(KeyType { value: ValueType::Bool, is_list: false }) => {}
        Some(kind) => {
            let message = format!("`{}` is not true or false, but holds {}", shown(&key.0), noun(kind));
            reader.error(codes::GATE_CONDITION, text.span, message, "compare it, or write exists(…)");
            return None;
        }
    }
    let operator = Operator { set: None, base: BaseOperator::Bool, if_exists: false };
    let values = vec![("true".into(), key.1)];
    Some(Condition::Test(Test { operator, key, values }))
}

fn presence(key: Expanded, exists: bool) -> Test {
    let value = if exists { "false" } else { "true" };
    let values = vec![(value.into(), key.1)];
    Test { operator: Operator { set: None, base: BaseOperator::Null, if_exists: false }, key, values }
}

/// A key; one that nobody knows is a lint where its service is known.
fn key(reader: &mut Reader<'_, '_>, scope: &Scope, text: &Text<'_>) -> Option<Expanded> {
    let key = one(reader, scope, text)?;
    if !text.quoted && !key.0.contains(':') {
        let message = format!(
            "`{}` is no condition key: a key has a service and a colon before its name",
            shown(&key.0)
        );
        let name = key.0.rsplit('.').next().unwrap_or("").to_ascii_lowercase();
        let global =
            keys_of("aws").iter().find(|it| it.to_ascii_lowercase().strip_prefix("aws:") == Some(&name));
        let help = match global {
            Some(global) => format!("write {global}"),
            None => format!("write aws:… or s3:…; values stand in a list: in [a, {}]", shown(&key.0)),
        };
        reader.error(codes::GATE_CONDITION, key.1, message, help);
        return None;
    }
    if key_type(&key.0).is_none() && !reader.sink.is_full(reader.source.name(), codes::GATE_UNKNOWN_KEY) {
        unknown_key(reader, &key);
    }
    Some(key)
}

pub(super) fn unknown_key(reader: &mut Reader<'_, '_>, (key, span): &Expanded) {
    let lower = key.to_ascii_lowercase();
    let service = lower.split_once(':').map_or("", |(service, _)| service);
    let known = keys_of(service);
    let near = suggest::nearest(key, known.iter().copied());
    // `SourceIp` and `aw:SourceIp` mean one of everybody's keys.
    let name = lower.rsplit_once(':').map_or(&*lower, |(_, name)| name);
    let global = || {
        keys_of("aws").iter().copied().find(|it| it.to_ascii_lowercase().strip_prefix("aws:") == Some(name))
    };
    let near = near.or_else(|| if known.is_empty() { global() } else { None });
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if known_service(service).is_some() || service == "aws" => {
            "no request is known to carry it; check its name".to_owned()
        }
        // A service of somebody's own.
        None => return,
    };
    let message = format!("the condition key `{}` is not known", shown(key));
    reader.lint(codes::GATE_UNKNOWN_KEY, *span, message, help);
}

fn noun(kind: KeyType) -> &'static str {
    match (kind.value, kind.is_list) {
        (_, true) => "a list",
        (ValueType::String, _) => "a text",
        (ValueType::Arn, _) => "an ARN",
        (ValueType::Bool, _) => "true or false",
        (ValueType::Numeric, _) => "a number",
        (ValueType::Date, _) => "a date",
        (ValueType::IpAddress, _) => "an address",
    }
}

fn compare(reader: &mut Reader<'_, '_>, scope: &Scope, compare: &Compare<'_>) -> Option<Condition> {
    let key = self::key(reader, scope, &compare.key);
    let values = expand(reader, scope, &compare.values);
    let set = compare.set.map(|set| match set {
        Set::Any => SetPrefix::ForAnyValue,
        Set::All => SetPrefix::ForAllValues,
    });
    let key = key?;
    let operator = match &compare.operator {
        Sign::Named(name) => named(reader, name, set)?,
        Sign::Sign { sign, or_missing } => {
            let base = signed(reader, *sign, &key, set.is_some(), &values)?;
            Operator { set, base, if_exists: *or_missing }
        }
    };
    let ordered = is_ordering(operator.base);
    let of_truth = matches!(compare.operator, Sign::Sign { .. })
        && key_type(&key.0).is_some_and(|kind| kind.value == ValueType::Bool);
    if values.is_empty() {
        // An empty list, or values that were reported.
        if holds_nothing(&compare.values) {
            let message = format!("`{}` is compared with an empty list", shown(&key.0));
            reader.error(codes::P2_EMPTY_VALUES, compare.values.span(), message, "write at least one value");
        }
        return None;
    }
    if ordered && values.len() > 1 && matches!(compare.operator, Sign::Sign { .. }) {
        let message = "less and greater compare with one value".to_owned();
        reader.error(codes::GATE_CONDITION, compare.values.span(), message, "write one value");
        return None;
    }
    if let Sign::Sign { sign: Kind::Equal | Kind::NotEqual, .. } = compare.operator
        && matches!(operator.base, BaseOperator::StringEquals | BaseOperator::StringNotEquals)
        && let Some((text, span)) = values.iter().find(|(text, _)| text.contains('*'))
    {
        let message = format!("`=` and `in` take the * in `{}` for the character", shown(text));
        reader.lint(
            codes::GATE_WILDCARD,
            *span,
            message,
            "write `like` for a wildcard, ${*} for the character",
        );
    }
    if let Some((text, span)) = values.iter().find(|(text, _)| of_truth && boolean::parse(text).is_none()) {
        let message = format!("`{}` is neither true nor false", shown(text));
        reader.error(codes::C11_NOT_A_BOOLEAN, *span, message, "write true or false");
        return None;
    }
    Some(Condition::Test(Test { operator, key, values }))
}

/// An operator of IAM by its name.
fn named(reader: &mut Reader<'_, '_>, name: &Text<'_>, set: Option<SetPrefix>) -> Option<Operator> {
    match parse_operator(name.raw) {
        Some(operator) if operator.set.is_some() && set.is_some() => {
            let message =
                format!("`{}` has a prefix, and any(…) or all(…) stands around the key", shown(name.raw));
            reader.error(codes::GATE_CONDITION, name.span, message, "keep one of them");
            None
        }
        Some(operator) => Some(Operator { set: operator.set.or(set), ..operator }),
        None => {
            let message = format!("`{}` is no comparison", shown(name.raw));
            let signs = "write =, !=, in, not in, like, <, <=, >, >=";
            let near = suggest::nearest(name.raw, ["in", "not", "like", "and", "or", "on"])
                .filter(|_| name.raw.len() > 2);
            let help = match (name.raw, near) {
                ("is" | "eq" | "equals" | "===", _) => "write `=`".to_owned(),
                ("matches" | "~" | "=~", _) => "write `like`, with * and ?".to_owned(),
                (_, Some(near)) => format!("did you mean `{near}`?"),
                _ => {
                    advice_for(name.raw).unwrap_or_else(|| format!("{signs}, or the name of an IAM operator"))
                }
            };
            reader.error(codes::GATE_CONDITION, name.span, message, help);
            None
        }
    }
}

/// The operator of a sign, by the type of the key; of a key that nobody knows, by the value.
fn signed(
    reader: &mut Reader<'_, '_>,
    sign: Kind,
    key: &Expanded,
    in_set: bool,
    values: &[Expanded],
) -> Option<BaseOperator> {
    use BaseOperator as O;
    let known = key_type(&key.0);
    if known.is_some_and(|kind| kind.is_list) && !in_set {
        let message = format!(
            "`{}` holds a list, of which a comparison has to say how many values it means",
            shown(&key.0)
        );
        let help = format!(
            "write any({0}) or all({0}); all(…) also holds of an empty list and where the key is missing",
            key.0
        );
        reader.error(codes::C6_LIST_KEY, key.1, message, help);
        return None;
    }
    let number = |text: &str| portcullis_runtime::value::number::Number::parse(text).is_some();
    let ordering = matches!(sign, Kind::Less | Kind::LessEqual | Kind::Greater | Kind::GreaterEqual);
    let kind = match known {
        Some(kind) => kind.value,
        None if ordering && values.iter().all(|(text, _)| number(text)) => ValueType::Numeric,
        None if ordering => ValueType::Date,
        None => ValueType::String,
    };
    let operator = match (kind, sign) {
        (ValueType::String, Kind::Equal) => O::StringEquals,
        (ValueType::String, Kind::NotEqual) => O::StringNotEquals,
        (ValueType::String, Kind::Like) => O::StringLike,
        (ValueType::String, Kind::NotLike) => O::StringNotLike,
        (ValueType::Arn, Kind::Equal) => O::ArnEquals,
        (ValueType::Arn, Kind::NotEqual) => O::ArnNotEquals,
        (ValueType::Arn, Kind::Like) => O::ArnLike,
        (ValueType::Arn, Kind::NotLike) => O::ArnNotLike,
        (ValueType::Bool, Kind::Equal) => O::Bool,
        // See `opposite_base`.
        (ValueType::Bool, Kind::NotEqual) => O::StringNotEqualsIgnoreCase,
        (ValueType::IpAddress, Kind::Equal) => O::IpAddress,
        (ValueType::IpAddress, Kind::NotEqual) => O::NotIpAddress,
        (ValueType::Numeric, Kind::Equal) => O::NumericEquals,
        (ValueType::Numeric, Kind::NotEqual) => O::NumericNotEquals,
        (ValueType::Numeric, Kind::Less) => O::NumericLessThan,
        (ValueType::Numeric, Kind::LessEqual) => O::NumericLessThanEquals,
        (ValueType::Numeric, Kind::Greater) => O::NumericGreaterThan,
        (ValueType::Numeric, Kind::GreaterEqual) => O::NumericGreaterThanEquals,
        (ValueType::Date, Kind::Equal) => O::DateEquals,
        (ValueType::Date, Kind::NotEqual) => O::DateNotEquals,
        (ValueType::Date, Kind::Less) => O::DateLessThan,
        (ValueType::Date, Kind::LessEqual) => O::DateLessThanEquals,
        (ValueType::Date, Kind::Greater) => O::DateGreaterThan,
        (ValueType::Date, Kind::GreaterEqual) => O::DateGreaterThanEquals,
        _ => {
            let what = noun(KeyType { value: kind, is_list: false });
            let message = format!("`{}` holds {what}, which cannot be compared so", shown(&key.0));
            let help = match kind {
                ValueType::Numeric | ValueType::Date => "write =, !=, in, <, <=, > or >=",
                ValueType::Bool => "write the key alone, `not` before it, or `= false`",
                ValueType::IpAddress => "write = or in, with addresses or blocks such as 10.0.0.0/8",
                ValueType::String | ValueType::Arn => "write =, !=, in, not in, like or not like",
            };
            reader.error(codes::GATE_CONDITION, key.1, message, help);
            return None;
        }
    };
    Some(operator)
}

fn is_ordering(base: BaseOperator) -> bool {
    use BaseOperator as O;
    matches!(
        base,
        O::NumericLessThan
            | O::NumericLessThanEquals
            | O::NumericGreaterThan
            | O::NumericGreaterThanEquals
            | O::DateLessThan
            | O::DateLessThanEquals
            | O::DateGreaterThan
            | O::DateGreaterThanEquals
    )
}

/// The condition that holds exactly where this one does not, with two exceptions that IAM has no operator for: of a list of request
/// values under an operator without a set prefix neither holds (rule C6), and of a value that is no number or date neither an order nor its
/// opposite (rule C9).
pub(super) fn negate(reader: &mut Reader<'_, '_>, condition: &Condition, span: Span) -> Option<Condition> {
    match condition {
        Condition::And(parts) | Condition::Or(parts) => {
            let negated: Vec<_> = parts.iter().map(|part| negate(reader, part, span)).collect();
            let parts = negated.into_iter().collect::<Option<Vec<_>>>()?;
            Some(if matches!(condition, Condition::And(_)) {
                Condition::Or(parts)
            } else {
                Condition::And(parts)
            })
        }
        Condition::Test(test) => opposite(test).or_else(|| {
            let message = format!("IAM has no operator that holds where `{}` does not", test.operator);
            reader.error(codes::GATE_CONDITION, span, message, "say what has to hold instead");
            None
        }),
    }
}

/// Whether a test holds where its key is missing (rule C4).
fn holds_where_missing(operator: Operator) -> bool {
    operator.if_exists
        || operator.set == Some(SetPrefix::ForAllValues)
        || operator.set.is_none() && operator.base.is_negated()
}

fn opposite(test: &Test) -> Option<Condition> {
    let Operator { set, base, .. } = test.operator;
    if base == BaseOperator::Null {
        let all = |wanted: &str| test.values.iter().all(|(value, _)| value.eq_ignore_ascii_case(wanted));
        return match set {
            None if all("true") => Some(Condition::Test(presence(test.key.clone(), true))),
            None if all("false") => Some(Condition::Test(presence(test.key.clone(), false))),
            _ => None,
        };
    }
    if is_ordering(base) && test.values.len() > 1 {
        return None;
    }
    let base = opposite_base(base)?;
    let set = set.map(|set| match set {
        SetPrefix::ForAnyValue => SetPrefix::ForAllValues,
        SetPrefix::ForAllValues => SetPrefix::ForAnyValue,
    });
    let plain = Operator { set, base, if_exists: false };
    let wanted = !holds_where_missing(test.operator);
    let of =
        |operator| Condition::Test(Test { operator, key: test.key.clone(), values: test.values.clone() });
    Some(match (wanted, holds_where_missing(plain)) {
        (true, false) => of(Operator { if_exists: true, ..plain }),
        (false, true) => Condition::And(vec![Condition::Test(presence(test.key.clone(), true)), of(plain)]),
        _ => of(plain),
    })
}

fn opposite_base(base: BaseOperator) -> Option<BaseOperator> {
    use BaseOperator as O;
    Some(match base {
        O::StringEquals => O::StringNotEquals,
        O::StringNotEquals => O::StringEquals,
        O::StringEqualsIgnoreCase => O::StringNotEqualsIgnoreCase,
        O::StringNotEqualsIgnoreCase => O::StringEqualsIgnoreCase,
        O::StringLike => O::StringNotLike,
        O::StringNotLike => O::StringLike,
        O::NumericEquals => O::NumericNotEquals,
        O::NumericNotEquals => O::NumericEquals,
        O::NumericLessThan => O::NumericGreaterThanEquals,
        O::NumericLessThanEquals => O::NumericGreaterThan,
        O::NumericGreaterThan => O::NumericLessThanEquals,
        O::NumericGreaterThanEquals => O::NumericLessThan,
        O::DateEquals => O::DateNotEquals,
        O::DateNotEquals => O::DateEquals,
        O::DateLessThan => O::DateGreaterThanEquals,
        O::DateLessThanEquals => O::DateGreaterThan,
        O::DateGreaterThan => O::DateLessThanEquals,
        O::DateGreaterThanEquals => O::DateLessThan,
        // IAM has no negated Bool: true and false are texts that compare ignoring case (rule C11), and what is neither is unequal to both.
        O::Bool => O::StringNotEqualsIgnoreCase,
        O::IpAddress => O::NotIpAddress,
        O::NotIpAddress => O::IpAddress,
        O::ArnEquals => O::ArnNotEquals,
        O::ArnNotEquals => O::ArnEquals,
        O::ArnLike => O::ArnNotLike,
        O::ArnNotLike => O::ArnLike,
        O::BinaryEquals | O::Null => return None,
    })
}
