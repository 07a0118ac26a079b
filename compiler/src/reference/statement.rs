//! Whether one statement applies to a request (rules A1, A2, R1–R5, C1).

use super::condition;
use super::context::Context;
use super::glob;
use super::principal::split;
use super::variables::{self, Unit};
use crate::facts;
use crate::model::{ActionClause, ResourceClause, Statement};

/// Whether a statement of an identity-type document applies: its actions, its resources and all its conditions (C1). A principal element there is
/// ignored (P2).
pub(super) fn applies(statement: &Statement, action: &str, resource: &str, context: &Context) -> bool {
    let variables = statement.variables;
    actions(&statement.actions, action)
        && statement
            .resources
            .as_ref()
            .is_some_and(|clause| resources(clause, variables, action, resource, context))
        && statement.conditions.iter().all(|condition| condition::holds(condition, variables, context))
}

/// A1: `NotAction` is the complement of the union. P2: an empty list matches nothing, its Not-form everything.
fn actions(clause: &ActionClause, action: &str) -> bool {
    clause.patterns.iter().any(|pattern| action_covered(&pattern.text, action)) != clause.negated
}

/// A1, A2: one action pattern.
pub(super) fn action_covered(pattern: &str, action: &str) -> bool {
    // A1: `*` alone matches every action, also one without a colon.
    if pattern == "*" {
        return true;
    }
    // A2: nothing is trimmed or split.
    if pattern.contains(|character: char| character.is_whitespace() || character == ',') {
        return false;
    }
    let (Some((service, name)), Some((asked_service, asked_name))) =
        (pattern.split_once(':'), action.split_once(':'))
    else {
        return false;
    };
    // A1: halves compare each by itself, ignoring ASCII case.
    let half = |pattern: &str, text: &str| {
        glob::covers(&glob::tokens(&pattern.to_ascii_lowercase()), &text.to_ascii_lowercase())
    };
    !name.is_empty() && half(service, asked_service) && half(name, asked_name)
}

/// R3: `NotResource` is the complement of the union. P2: an empty list matches nothing, its Not-form everything.
fn resources(
    clause: &ResourceClause,
    variables: bool,
    action: &str,
    resource: &str,
    context: &Context,
) -> bool {
    let mut asked = vec![resource];
    if resource == "*" {
        // R4: `*` in a request for an action with a service-level ARN also matches as that ARN.
        let level = facts::SERVICE_LEVEL_ARNS.iter().find(|(known, _)| known.eq_ignore_ascii_case(action));
        asked.extend(level.map(|(_, arn)| *arn));
    }
    let covered =
        |text: &str| asked.iter().any(|resource| resource_covered(text, variables, resource, context));
    clause.patterns.iter().any(|pattern| covered(&pattern.text)) != clause.negated
}

/// R1, R2, R5, X1–X3: one resource pattern of an identity-type document and one resource.
pub(super) fn resource_covered(pattern: &str, variables: bool, resource: &str, context: &Context) -> bool {
    // R1: `*` alone matches everything.
    if pattern == "*" {
        return true;
    }
    // R1: a resource with fewer than six parts (R4: `*` among them) is matched by `*` alone.
    let Some(asked) = split(resource) else { return false };
    let units = variables::read(pattern, variables);
    let ends_in_run = units.last() == Some(&Unit::AnyRun);
    let has_wildcard = units.iter().any(|unit| matches!(unit, Unit::AnyRun | Unit::AnyOne));
    let mut parts = variables::split(units);
    if parts.len() < asked.len() {
        // R1: one that ends in `*` covers all the remaining parts; this goes before R5.
        // R5: without any wildcard it is padded too, in identity, session and boundary documents; with one it matches nothing.
        if has_wildcard && !ends_in_run {
            return false;
        }
        parts.resize(asked.len(), vec![Unit::AnyRun]);
    }
    // R1: part by part, so that a wildcard stays inside its part, but for the sixth, which holds all further colons. R2: case-sensitive.
    parts.iter().zip(asked).all(|(part, text)| {
        variables::substitute(part, context).is_some_and(|pattern| glob::covers(&pattern, text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::ContextValue;

    fn covered(pattern: &str, resource: &str) -> bool {
        let name = ContextValue::One("al:ice".to_owned());
        let context = Context::of([("aws:username", name), ("k:star", ContextValue::One("*".to_owned()))]);
        resource_covered(pattern, true, resource, &context)
    }

    #[test]
    fn a1_actions() {
        for (pattern, action) in [
            ("*", "s3:GetObject"),
            ("*", "anything"),
            ("s3:*", "S3:getobject"),
            ("S3:GET*", "s3:GetObject"),
            ("*:*", "a:b"),
            ("s?:GetObject", "s3:GetObject"),
            ("s3:Get?bject", "s3:Getübject"),
            ("a:b:c", "a:b:c"),
            ("a:*", "a:b:c"),
            ("*:c", "a:c"),
        ] {
            assert!(action_covered(pattern, action), "{pattern} {action}");
        }
        for (pattern, action) in [
            ("s3:*", "s3"),
            ("*:*", "s3"),
            ("s3:Get", "s3:GetObject"),
            ("s*c", "a:c"),
            ("*:c", "a:b:c"),
            ("s3:É", "s3:é"),
        ] {
            assert!(!action_covered(pattern, action), "{pattern} {action}");
        }
    }

    #[test]
    fn a2_malformed_patterns_match_nothing() {
        for pattern in [
            "",
            "s3",
            "**",
            "s3:",
            "s3: GetObject",
            " s3:GetObject",
            "s3:GetObject,s3:PutObject",
            "s3:Get\tObject",
        ] {
            for action in ["s3:GetObject", "s3:", "s3", "", pattern] {
                assert!(!action_covered(pattern, action), "{pattern} {action}");
            }
        }
    }

    #[test]
    fn r1_six_parts() {
        for (pattern, resource) in [
            ("*", "*"),
            ("*", "no arn"),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::b/a:b/c"),
            ("arn:*", "arn:aws:s3:::b"),
            ("arn:aws:s*", "arn:aws:s3:::b"),
            ("*:*:*:*:*:*", "a:b:c:d:e:f:g"),
            ("arn:*:s3:::b", "arn:aws:s3:::b"),
            ("**", ":::::"),
        ] {
            assert!(covered(pattern, resource), "{pattern} {resource}");
        }
        for (pattern, resource) in [
            ("arn:*:b", "arn:aws:s3:::b"),
            ("arn:aws:s3*:b", "arn:aws:s3:::b"),
            ("**", "*"),
            ("*:*:*:*:*:*", "*"),
            ("a*", "a:b:c:d:e"),
            ("arn:*:s3:::b", "arn:aws:cn:s3:::b"),
            ("no arn", "no arn"),
        ] {
            assert!(!covered(pattern, resource), "{pattern} {resource}");
        }
    }

    #[test]
    fn r2_resources_are_case_sensitive() {
        assert!(!covered("arn:aws:s3:::B", "arn:aws:s3:::b"));
    }

    #[test]
    fn r3_not_resource_is_the_complement_of_the_union() {
        let clause = |negated, texts: &[&str]| ResourceClause {
            negated,
            patterns: texts
                .iter()
                .map(|text| crate::model::ResourcePattern {
                    form: crate::pattern::ResourceForm::Nothing,
                    text: (*text).into(),
                })
                .collect(),
        };
        let asks = |clause: &ResourceClause, resource| {
            resources(clause, true, "s3:Get", resource, &Context::default())
        };
        let not = clause(true, &["arn:aws:s3:::a", "arn:aws:s3:::b"]);
        assert!(
            !asks(&not, "arn:aws:s3:::a") && !asks(&not, "arn:aws:s3:::b") && asks(&not, "arn:aws:s3:::c")
        );
        assert!(asks(&clause(true, &[]), "arn:aws:s3:::a"));
        assert!(!asks(&clause(false, &[]), "arn:aws:s3:::a"));
        // R4: `*` is matched by a NotResource that does not cover it.
        assert!(asks(&not, "*"));
        assert!(!asks(&clause(true, &["*"]), "*"));
    }

    #[test]
    fn r4_service_level_arns() {
        let clause = |negated| ResourceClause {
            negated,
            patterns: vec![crate::model::ResourcePattern {
                form: crate::pattern::ResourceForm::Nothing,
                text: "arn:aws:s3:::*".into(),
            }],
        };
        for negated in [false, true] {
            let asks = |action| resources(&clause(negated), true, action, "*", &Context::default());
            assert_eq!(asks("S3:listAllMyBuckets"), !negated);
            assert_eq!(asks("s3:ListBucket"), negated);
        }
    }

    #[test]
    fn r5_short_patterns() {
        assert!(covered("arn:aws:s3", "arn:aws:s3:::b"));
        assert!(covered("arn", "arn:aws:s3:::b"));
        assert!(!covered("arn:aws:s?", "arn:aws:s3:::b"));
        assert!(!covered("a*n:aws", "arn:aws:s3:::b"));
        assert!(covered("a*n:aw*", "arn:aws:s3:::b"), "R1 goes before R5");
        assert!(covered("arn:aws:${*}", "arn:aws:*:::b"), "an escaped wildcard is none");
        assert!(!covered("arn:aws:${*}", "arn:aws:s3:::b"));
        assert!(covered("arn:aws:s3:${none, ''}", "arn:aws:s3:::b"), "a variable is no wildcard");
    }

    #[test]
    fn x2_parts_are_split_before_substitution() {
        assert!(covered("arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/al:ice/x"));
        assert!(!covered("arn:aws:s3:${aws:username}::b", "arn:aws:s3:al:ice:b"));
        assert!(!covered("arn:aws:s3:::${k:star}", "arn:aws:s3:::b"));
        assert!(covered("arn:aws:s3:::${k:star}", "arn:aws:s3:::*"));
    }

    #[test]
    fn x3_a_pattern_without_its_value_matches_nothing() {
        assert!(!covered("arn:aws:s3:::${aws:none}*", "arn:aws:s3:::x"));
        assert!(covered("arn:aws:s3:::${aws:none, 'x'}*", "arn:aws:s3:::xy"));
    }
}
