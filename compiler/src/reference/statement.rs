//! One statement and one request, part by part (rules A1, A2, R1–R5, C1).

use super::condition;
use super::context::Context;
use super::glob;
use super::principal::split;
use super::variables::{self, Unit};
use crate::facts;
use crate::model::{ActionClause, Condition, DocumentKind, ResourceClause, Statement};

/// The request and its context, as far as a statement looks at them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The action.
    pub(super) action: &'a str,
    /// The resource.
    pub(super) resource: &'a str,
    /// The context.
    pub(super) context: &'a Context,
}

/// A statement beside a request: every part can be asked by itself, and the statement covers the request where all of them do (C1). Its
/// principal element is looked at in `principals`; in an identity-type document it is ignored (P2).
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    /// The statement.
    pub(super) statement: &'a Statement,
    /// What its document is attached as.
    pub(super) kind: DocumentKind,
    /// The ARN that its document is attached to.
    pub(super) own: Option<&'a str>,
    /// The request.
    pub(super) asked: Asked<'a>,
}

impl<'a> Parts<'a> {
    /// Whether its actions hold the request's.
    pub(super) fn action(&self) -> bool {
        actions(&self.statement.actions, self.asked.action)
    }

    /// Whether its resources hold the request's.
    pub(super) fn resource(&self) -> bool {
        match (&self.statement.resources, self.kind) {
            (Some(clause), _) => resources(clause, self.statement.variables, self.kind, &self.asked),
            // P2: absent means the resource that the policy is attached to, and nothing under it; a trust policy speaks of its role alone.
            (None, DocumentKind::Trust) => true,
            (None, DocumentKind::Resource) => self.own == Some(self.asked.resource),
            (None, _) => false,
        }
    }

    /// Its conditions in the order written, and whether each holds.
    pub(super) fn conditions(&self) -> impl Iterator<Item = (&'a Condition, bool)> + use<'a> {
        let Self { statement, asked, .. } = *self;
        let holds = move |it| condition::holds(it, statement.variables, asked.context);
        statement.conditions.iter().map(move |it| (it, holds(it)))
    }

    /// Whether all of these parts hold.
    pub(super) fn cover(&self) -> bool {
        self.action() && self.resource() && self.conditions().all(|(_, holds)| holds)
    }
}

/// A1: `NotAction` is the complement of the union. P2: an empty list matches nothing, its Not-form everything.
pub(crate) fn actions(clause: &ActionClause, action: &str) -> bool {
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
fn resources(clause: &ResourceClause, variables: bool, kind: DocumentKind, asked: &Asked<'_>) -> bool {
    let covers = |text: &str| covers(text, variables, kind, asked);
    clause.patterns.iter().any(|pattern| covers(&pattern.text)) != clause.negated
}

/// Whether one resource pattern of a document of this kind covers what is asked for.
pub(super) fn covers(pattern: &str, variables: bool, kind: DocumentKind, asked: &Asked<'_>) -> bool {
    let mut names = vec![asked.resource];
    if asked.resource == "*" {
        // R4: `*` in a request for an action with a service-level ARN also matches as that ARN.
        let mut table = facts::SERVICE_LEVEL_ARNS.iter();
        let level = table.find(|(known, _)| known.eq_ignore_ascii_case(asked.action));
        names.extend(level.map(|(_, arn)| *arn));
    }
    names.iter().any(|name| resource_covered(pattern, variables, kind, name, asked.context))
}

/// R1, R2, R5, X1–X3: one resource pattern of a document of this kind and one resource.
fn resource_covered(
    pattern: &str,
    variables: bool,
    kind: DocumentKind,
    resource: &str,
    context: &Context,
) -> bool {
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
        // R5: without any wildcard it is padded in identity, session and boundary documents; in the others it matches nothing. With one it
        // matches nothing anywhere.
        let padded = !has_wildcard && matches!(kind, DocumentKind::Identity | DocumentKind::Session);
        // R1: one that ends in `*` covers all the remaining parts, in every type of policy; this goes before R5.
        if !ends_in_run && !padded {
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
    use super::super::support;
    use super::*;
    use crate::request::ContextValue;

    fn covered(pattern: &str, resource: &str) -> bool {
        let name = ContextValue::One("al:ice".to_owned());
        let context = Context::of([("aws:username", name), ("k:star", ContextValue::One("*".to_owned()))]);
        resource_covered(pattern, true, DocumentKind::Identity, resource, &context)
    }

    fn asks(clause: &ResourceClause, action: &str, resource: &str) -> bool {
        let asked = Asked { action, resource, context: &Context::default() };
        resources(clause, true, DocumentKind::Identity, &asked)
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
        let asks = |clause: &ResourceClause, resource| asks(clause, "s3:Get", resource);
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
            let asks = |action| asks(&clause(negated), action, "*");
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
    fn r5_short_patterns_by_the_kind_of_document() {
        use DocumentKind as K;
        let context = Context::default();
        let covers = |pattern, kind| resource_covered(pattern, true, kind, "arn:aws:s3:::b", &context);
        for kind in [K::Identity, K::Session] {
            assert!(covers("arn:aws:s3", kind), "{kind:?}");
        }
        for kind in [K::Scp, K::Rcp, K::Resource, K::Trust, K::Endpoint] {
            assert!(!covers("arn:aws:s3", kind), "{kind:?}");
            // R1 goes before R5 in every type of policy.
            assert!(covers("arn:aws:s*", kind), "{kind:?}");
        }
    }

    #[test]
    fn p2_an_absent_resource_is_the_one_that_the_policy_is_attached_to() {
        let statement = support::without_resource(support::allow("s3:*", "*"));
        let context = Context::default();
        let asked = |resource| Asked { action: "s3:Get", resource, context: &context };
        let own = Some("arn:aws:s3:::b");
        let covers =
            |kind, resource| Parts { statement: &statement, kind, own, asked: asked(resource) }.cover();
        assert!(covers(DocumentKind::Resource, "arn:aws:s3:::b"));
        assert!(!covers(DocumentKind::Resource, "arn:aws:s3:::b/x"));
        assert!(covers(DocumentKind::Trust, "anything"));
        assert!(!covers(DocumentKind::Endpoint, "arn:aws:s3:::b"));
    }

    #[test]
    fn c1_every_part_can_be_asked_by_itself() {
        let statement =
            support::when(support::when(support::allow("s3:Get", "arn:aws:s3:::a"), "k:x", "1"), "k:y", "1");
        let one = |value: &str| ContextValue::One(value.to_owned());
        let context = Context::of([("k:x", one("1")), ("k:y", one("2"))]);
        let parts = |action, resource| {
            let asked = Asked { action, resource, context: &context };
            let parts = Parts { statement: &statement, kind: DocumentKind::Identity, own: None, asked };
            let conditions: Vec<bool> = parts.conditions().map(|(_, holds)| holds).collect();
            assert_eq!(conditions, [true, false]);
            assert!(!parts.cover());
            (parts.action(), parts.resource())
        };
        assert_eq!(parts("s3:Get", "arn:aws:s3:::a"), (true, true));
        assert_eq!(parts("s3:Put", "arn:aws:s3:::a"), (false, true));
        assert_eq!(parts("s3:Get", "arn:aws:s3:::b"), (true, false));
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
