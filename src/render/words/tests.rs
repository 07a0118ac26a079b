//! Conditions, and what else is put into words.

use portcullis_compiler::analysis::explain::Compared;
use portcullis_compiler::model::{BaseOperator as O, Operator, SetPrefix};
use portcullis_compiler::request::ContextValue;

use super::*;

fn condition(base: O, values: &[&str], request: Option<&str>) -> Compared {
    Compared {
        operator: Operator { set: None, base, if_exists: false },
        key: "k".to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
        variables: Vec::new(),
        request: request.map(|text| ContextValue::One(text.to_owned())),
    }
}

/// Every operator that holds, and what would make it not hold.
#[test]
fn c3_every_operator_and_its_opposite() {
    for (base, values, holds, fails) in [
        (O::StringEquals, &["a"][..], "a", "other than a"),
        (O::StringEquals, &["a", "b"], "one of a and b", "none of a and b"),
        (O::StringNotEquals, &["a"], "other than a", "a"),
        (O::StringNotEquals, &["a", "b"], "none of a and b", "one of a and b"),
        (
            O::StringEqualsIgnoreCase,
            &["a"],
            "a, whatever the case of letters",
            "other than a, whatever the case of letters",
        ),
        (
            O::StringNotEqualsIgnoreCase,
            &["a"],
            "other than a, whatever the case of letters",
            "a, whatever the case of letters",
        ),
        (O::StringLike, &["a*", "b"], "like a* or b", "not like a* or b"),
        (O::StringNotLike, &["a*"], "not like a*", "like a*"),
        (O::NumericEquals, &["1"], "1", "other than 1"),
        (O::NumericNotEquals, &["1"], "other than 1", "1"),
        (O::NumericLessThan, &["1"], "less than 1", "at least 1"),
        (O::NumericLessThan, &["1", "2"], "less than 1 or 2", "not less than 1 or 2"),
        (O::NumericLessThanEquals, &["1"], "at most 1", "more than 1"),
        (O::NumericGreaterThan, &["1"], "more than 1", "at most 1"),
        (O::NumericGreaterThanEquals, &["1"], "at least 1", "less than 1"),
        (O::DateEquals, &["2026"], "2026", "other than 2026"),
        (O::DateNotEquals, &["2026"], "other than 2026", "2026"),
        (O::DateLessThan, &["2026"], "before 2026", "not before 2026"),
        (O::DateLessThanEquals, &["2026"], "not after 2026", "after 2026"),
        (O::DateGreaterThan, &["2026"], "after 2026", "not after 2026"),
        (O::DateGreaterThanEquals, &["2026"], "not before 2026", "before 2026"),
        (O::Bool, &["true"], "true", "not true"),
        (O::BinaryEquals, &["QQ=="], "QQ==, as base64", "other than QQ==, as base64"),
        (O::IpAddress, &["10.0.0.0/8"], "in 10.0.0.0/8", "not in 10.0.0.0/8"),
        (O::NotIpAddress, &["10.0.0.0/8"], "not in 10.0.0.0/8", "in 10.0.0.0/8"),
        (O::ArnEquals, &["a"], "like a", "not like a"),
        (O::ArnLike, &["a"], "like a", "not like a"),
        (O::ArnNotEquals, &["a"], "not like a", "like a"),
        (O::ArnNotLike, &["a"], "not like a", "like a"),
        (O::Null, &["true"], "missing", "given"),
        (O::Null, &["FALSE"], "given", "missing"),
    ] {
        let condition = condition(base, values, Some("v"));
        let said = [("is", true, holds), ("were", false, fails)];
        for (verb, wanted, words) in said {
            let expected = format!("k {verb} {words} (the request has v)");
            assert_eq!(conditions::state(&condition, verb, wanted), expected, "{}", base.name());
        }
    }
}

#[test]
fn c4_c5_c6_missing_keys_sets_and_lists() {
    let missing = condition(O::StringEquals, &["a"], None);
    assert_eq!(conditions::state(&missing, "were", true), "k were a (the request does not have it)");
    let missing = condition(O::StringNotEquals, &["a"], None);
    assert_eq!(
        conditions::state(&missing, "is", true),
        "k is missing or other than a (the request does not have it)"
    );
    let mut optional = condition(O::StringEquals, &["a"], Some("b"));
    optional.operator.if_exists = true;
    assert_eq!(conditions::state(&optional, "were", true), "k were missing or a (the request has b)");
    assert_eq!(
        conditions::state(&optional, "were", false),
        "k were given, and other than a (the request has b)"
    );
    let list = Some(ContextValue::Many(vec!["a".to_owned(), "b".to_owned()]));
    let many = Compared { request: list, ..condition(O::StringEquals, &["a"], None) };
    assert_eq!(
        conditions::state(&many, "were", true),
        "k were a (the request has the list [a, b], and StringEquals takes a single value only)"
    );
    let with = |set, base| Compared {
        operator: Operator { set: Some(set), base, if_exists: false },
        ..many.clone()
    };
    for (condition, holds, said) in [
        (with(SetPrefix::ForAnyValue, O::StringEquals), true, "some value of k were a"),
        (with(SetPrefix::ForAnyValue, O::StringEquals), false, "no value of k were a"),
        (with(SetPrefix::ForAllValues, O::StringEquals), true, "every value of k were a"),
        (with(SetPrefix::ForAllValues, O::StringEquals), false, "some value of k were other than a"),
    ] {
        assert_eq!(
            conditions::state(&condition, "were", holds),
            format!("{said} (the request has the list [a, b])")
        );
    }
}

#[test]
fn x3_variables_and_long_lists() {
    let value = |text: &str| ContextValue::One(text.to_owned());
    let told = variables(&[("a".to_owned(), Some(value("x"))), ("b".to_owned(), None)]);
    assert_eq!(told, " where a is x and b is missing");
    assert_eq!(variables(&[("a".to_owned(), Some(value("")))]), " where a is an empty text");
    let entries = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
    for (count, said) in
        [(0, ""), (1, "0"), (2, "0 or 1"), (5, "0, 1, 2, 3 or 4"), (7, "0, 1, 2, 3, 4 or 2 more")]
    {
        assert_eq!(list(&entries(count), "or"), said);
    }
    let clause = |negated, count| Clause { negated, entries: entries(count), variables: Vec::new() };
    assert_eq!(super::clause(&clause(false, 2), true), "0 or 1");
    assert_eq!(super::clause(&clause(true, 2), false), "none of 0 and 1");
    assert_eq!(super::clause(&clause(true, 1), false), "not 0");
    assert_eq!(super::clause(&clause(false, 0), true), "one that it names, and it names none");
}
