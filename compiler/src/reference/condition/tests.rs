//! Every operator against every kind of request value: missing, one, a list of any length, and what does not parse.

use super::*;
use crate::model::{Operand, OperandForm, Operator};

fn condition(operator: Operator, operands: &[&str]) -> Condition {
    let operand = |text: &&str| Operand { form: OperandForm::ArnNothing, text: (*text).into() };
    Condition {
        operator,
        key: "k:key".into(),
        key_text: "k:Key".into(),
        operands: operands.iter().map(operand).collect(),
    }
}

fn operator(set: Option<SetPrefix>, base: BaseOperator, if_exists: bool) -> Operator {
    Operator { set, base, if_exists }
}

fn ask(operator: Operator, operands: &[&str], value: Option<ContextValue>) -> bool {
    let context = value.map_or_else(Context::default, |value| Context::of([("K:kEY", value)]));
    holds(&condition(operator, operands), true, &context)
}

fn one(value: &str) -> Option<ContextValue> {
    Some(ContextValue::One(value.to_owned()))
}

fn many(values: &[&str]) -> Option<ContextValue> {
    Some(ContextValue::Many(values.iter().map(|value| (*value).to_owned()).collect()))
}

/// The operator on one value without prefix or suffix.
fn plain(base: BaseOperator, operand: &str, value: &str) -> bool {
    ask(operator(None, base, false), &[operand], one(value))
}

/// A policy value, a request value of which the operator holds, and one of which it does not.
fn samples(base: BaseOperator) -> [&'static str; 3] {
    use BaseOperator as O;
    match base {
        O::StringEquals => ["Abc", "Abc", "abc"],
        O::StringNotEquals => ["Abc", "abc", "Abc"],
        O::StringEqualsIgnoreCase => ["Äbc", "äBC", "Abc"],
        O::StringNotEqualsIgnoreCase => ["Äbc", "Abc", "äBC"],
        O::StringLike => ["a*?c", "abbc", "ac"],
        O::StringNotLike => ["a*?c", "ac", "abbc"],
        O::NumericEquals => ["1.0", "+01", "2"],
        O::NumericNotEquals => ["1.0", "2", "1"],
        O::NumericLessThan => ["10", "9.5", "10"],
        O::NumericLessThanEquals => ["10", "10.0", "11"],
        O::NumericGreaterThan => ["-1", "0", "-1.0"],
        O::NumericGreaterThanEquals => ["-1", "-1.0", "-2"],
        O::DateEquals => ["2026-01-01", "2026-01-01T01:00:00+01:00", "2027"],
        O::DateNotEquals => ["2026-01-01", "2026-01-02", "2026"],
        O::DateLessThan => ["2026-01-01", "0", "2026"],
        O::DateLessThanEquals => ["2026-01-01", "2026", "2026-01-01T00:00:00.1"],
        O::DateGreaterThan => ["2026-01-01", "2026-01-01T00:00:00.1", "2026"],
        O::DateGreaterThanEquals => ["2026-01-01", "2026", "0"],
        O::Bool => ["true", "TRUE", "false"],
        O::BinaryEquals => ["QQ==", "QQ==", "QUI="],
        O::IpAddress => ["10.0.0.0/8", "10.1.2.3", "11.1.2.3"],
        O::NotIpAddress => ["10.0.0.0/8", "11.1.2.3", "10.1.2.3"],
        O::ArnEquals | O::ArnLike => ["arn:aws:*:::a*", "arn:aws:s3:::a:b", "arn:aws:s3:::b"],
        O::ArnNotEquals | O::ArnNotLike => ["arn:aws:*:::a*", "arn:aws:s3:::b", "arn:aws:s3:::a:b"],
        O::Null => ["true", "", ""],
    }
}

fn all_but_null() -> impl Iterator<Item = (BaseOperator, [&'static str; 3])> {
    let operators = BaseOperator::ALL.iter().filter(|base| **base != BaseOperator::Null);
    operators.map(|base| (*base, samples(*base)))
}

const SETS: [Option<SetPrefix>; 3] = [None, Some(SetPrefix::ForAnyValue), Some(SetPrefix::ForAllValues)];

const PREFIXES: [SetPrefix; 2] = [SetPrefix::ForAnyValue, SetPrefix::ForAllValues];

#[test]
fn c1_any_value_matches_and_a_negated_operator_wants_none() {
    for (base, [operand, holds, fails]) in all_but_null() {
        assert!(plain(base, operand, holds), "{base:?}");
        assert!(!plain(base, operand, fails), "{base:?}");
        // A second value that matches helps a positive operator and breaks a negated one.
        assert!(ask(operator(None, base, false), &["zzz", operand], one(holds)), "{base:?}");
        assert!(!ask(operator(None, base, false), &["zzz", operand], one(fails)), "{base:?}");
    }
}

#[test]
fn c4_a_missing_key() {
    for (base, [operand, ..]) in all_but_null() {
        for set in SETS {
            assert!(ask(operator(set, base, true), &[operand], None), "{set:?} {base:?} IfExists");
            let expected = match set {
                Some(SetPrefix::ForAllValues) => true,
                Some(SetPrefix::ForAnyValue) => false,
                None => test(base).1,
            };
            assert_eq!(ask(operator(set, base, false), &[operand], None), expected, "{set:?} {base:?}");
        }
    }
}

#[test]
fn c4_null() {
    let null = |set, operands: &[&str], value| ask(operator(set, BaseOperator::Null, false), operands, value);
    for present in [one(""), one("v"), many(&[]), many(&[""]), many(&["v"]), many(&["v", "w"])] {
        assert!(!null(None, &["true"], present.clone()), "{present:?}");
        assert!(null(None, &["false"], present.clone()), "{present:?}");
        assert!(null(None, &["true", "false"], present.clone()), "{present:?}");
        for operand in ["true", "false"] {
            assert!(null(Some(SetPrefix::ForAllValues), &[operand], present.clone()), "{present:?}");
            assert!(!null(Some(SetPrefix::ForAnyValue), &[operand], present.clone()), "{present:?}");
        }
    }
    assert!(null(None, &["true"], None));
    assert!(!null(None, &["false"], None));
    assert!(null(None, &["false", "true"], None));
    assert!(null(Some(SetPrefix::ForAllValues), &["false"], None));
    assert!(!null(Some(SetPrefix::ForAnyValue), &["true"], None));
}

#[test]
fn c5_set_prefixes() {
    for (base, [operand, holds, fails]) in all_but_null() {
        for if_exists in [false, true] {
            let [any, all] =
                PREFIXES.map(|set| move |value| ask(operator(Some(set), base, if_exists), &[operand], value));
            // Nothing left to test: an empty list, an empty text, a list of empty texts.
            for empty in [many(&[]), one(""), many(&["", ""])] {
                assert!(!any(empty.clone()), "{base:?} {empty:?}");
                assert!(all(empty.clone()), "{base:?} {empty:?}");
            }
            // One value, a list of one, and one beside dropped empty texts are the same.
            for (value, expected) in [(holds, true), (fails, false)] {
                for same in [one(value), many(&[value]), many(&["", value, ""])] {
                    assert_eq!(any(same.clone()), expected, "{base:?} {same:?}");
                    assert_eq!(all(same.clone()), expected, "{base:?} {same:?}");
                }
            }
            assert!(any(many(&[fails, holds])), "{base:?}");
            assert!(!all(many(&[fails, holds])), "{base:?}");
            assert!(any(many(&[holds, holds])) && all(many(&[holds, holds])), "{base:?}");
            assert!(!any(many(&[fails, fails])), "{base:?}");
        }
    }
}

#[test]
fn c6_a_list_without_set_prefix_never_matches() {
    for (base, [operand, holds, fails]) in all_but_null() {
        for if_exists in [false, true] {
            for list in [many(&[]), many(&[holds]), many(&[fails]), many(&[holds, fails])] {
                assert!(!ask(operator(None, base, if_exists), &[operand], list.clone()), "{base:?} {list:?}");
            }
        }
    }
}

#[test]
fn c7_arns() {
    let like = |operand, value| plain(BaseOperator::ArnLike, operand, value);
    assert!(like("arn:aws:s3:::*", "arn:aws:s3:::a:b/c"));
    assert!(like("arn:aws:s?:::b", "arn:aws:s3:::b"));
    assert!(!like("arn:*:b", "arn:aws:s3:::b"), "a wildcard stays inside its part");
    assert!(!like("*", "arn:aws:s3:::b"), "fewer than six parts match nothing");
    assert!(!like("arn:aws:s3:::*", "arn:aws:s3"));
    assert!(!like("arn:aws:S3:::b", "arn:aws:s3:::b"), "case-sensitive");
    for (operand, value) in [("*", "arn:aws:s3:::b"), ("arn:aws:s3:::*", "no arn")] {
        assert!(
            plain(BaseOperator::ArnNotLike, operand, value)
                && plain(BaseOperator::ArnNotEquals, operand, value)
        );
    }
}

#[test]
fn c8_texts() {
    assert!(!plain(BaseOperator::StringEquals, "a*", "ab"), "no wildcards");
    assert!(plain(BaseOperator::StringEquals, "a*", "a*"));
    assert!(plain(BaseOperator::StringLike, "a*c", "a:/\u{fc}c"));
    assert!(!plain(BaseOperator::StringLike, "a*", "Ab"));
    assert!(
        plain(BaseOperator::StringLike, "a${*}", "a*") && !plain(BaseOperator::StringLike, "a${*}", "ab")
    );
    // Simple lower case maps one character to one: final sigma stays apart, the Kelvin sign does not.
    assert!(plain(BaseOperator::StringEqualsIgnoreCase, "\u{212a}", "k"));
    assert!(!plain(BaseOperator::StringEqualsIgnoreCase, "\u{3c3}", "\u{3c2}"));
    assert!(!plain(BaseOperator::StringEqualsIgnoreCase, "stra\u{df}e", "STRASSE"));
    assert!(plain(BaseOperator::StringEqualsIgnoreCase, "\u{130}", "i"));
}

#[test]
fn c9_c10_c11_what_does_not_parse_equals_nothing() {
    for (base, [operand, ..]) in all_but_null() {
        let name = base.name();
        if name.contains("String") {
            continue;
        }
        for odd in ["\u{1f980}", " ", "1e3", "10.0.0.0/8", "arn:aws:s3", "tru", "Q"] {
            assert_eq!(plain(base, operand, odd), test(base).1, "{base:?} {odd}");
            let set = |set| ask(operator(Some(set), base, false), &[operand], one(odd));
            assert!(PREFIXES.iter().all(|prefix| set(*prefix) == test(base).1), "{base:?} {odd}");
        }
        assert_eq!(plain(base, operand, ""), test(base).1, "{base:?}: an empty text is present");
    }
}

#[test]
fn c11_bool_with_a_variable() {
    let context = |value: &str| {
        Context::of([
            ("k:key", ContextValue::One("True".to_owned())),
            ("k:v", ContextValue::One(value.to_owned())),
        ])
    };
    let bool_of = condition(operator(None, BaseOperator::Bool, false), &["${k:v}"]);
    assert!(holds(&bool_of, true, &context("tRUE")));
    assert!(!holds(&bool_of, true, &context("false")));
    assert!(!holds(&bool_of, true, &context("1")), "text that is no boolean equals nothing");
    assert!(!holds(&bool_of, false, &context("true")), "X1: no variables in documents of 2008");
}

#[test]
fn x3_a_value_without_its_variable_equals_nothing() {
    for (base, [_, _, value]) in all_but_null() {
        if base.name().contains("String") || base.name().contains("Arn") || base == BaseOperator::Bool {
            let operand = if base.name().contains("Arn") { "arn:aws:s3:::${k:none}" } else { "${k:none}" };
            assert_eq!(plain(base, operand, value), test(base).1, "{base:?}");
        }
    }
    assert!(plain(BaseOperator::StringEquals, "${k:none, 'v'}", "v"));
    assert!(plain(BaseOperator::StringLike, "${k:key}", "a*"), "a value is compared with itself");
    assert!(!ask(
        operator(Some(SetPrefix::ForAnyValue), BaseOperator::StringEquals, false),
        &["${k:key, 'v'}"],
        many(&["v"])
    ));
}
