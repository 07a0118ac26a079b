//! The fields of a scenario but for its documents.

use std::collections::HashMap;

use portcullis_grammar::json::{Kind, Member, Value};
use portcullis_runtime::decision::Effect;
use portcullis_runtime::value::arn;

use super::super::codes;
use super::super::reader::{self, Reader, shown};
use crate::request::ContextValue;

const NAMES: [&str; 14] = [
    "id",
    "principal",
    "action",
    "resource",
    "resource_account",
    "context",
    "identity_policies",
    "boundaries",
    "scps",
    "rcps",
    "session_policies",
    "resource_policy",
    "endpoint_policies",
    "expected",
];

/// The members of a scenario by name.
pub(super) struct Fields<'v> {
    pub(super) id: Option<&'v Member>,
    pub(super) principal: Option<&'v Member>,
    pub(super) action: Option<&'v Member>,
    pub(super) resource: Option<&'v Member>,
    pub(super) resource_account: Option<&'v Member>,
    pub(super) context: Option<&'v Member>,
    pub(super) identity_policies: Option<&'v Member>,
    pub(super) boundaries: Option<&'v Member>,
    pub(super) scps: Option<&'v Member>,
    pub(super) rcps: Option<&'v Member>,
    pub(super) session_policies: Option<&'v Member>,
    pub(super) resource_policy: Option<&'v Member>,
    pub(super) endpoint_policies: Option<&'v Member>,
    pub(super) expected: Option<&'v Member>,
}

/// Sorts the members; unknown ones are errors.
pub(super) fn of<'v>(reader: &mut Reader<'_, '_>, members: &'v [Member]) -> Fields<'v> {
    let (mut found, unknown) = reader::fields(members, NAMES);
    let meant = reader.meant(codes::SCENARIO_FIELD, &unknown, NAMES);
    found.iter_mut().zip(meant).for_each(|(slot, member)| *slot = slot.or(member));
    for member in unknown {
        let message = format!("a scenario has no field `{}`", shown(&member.key));
        reader.error(
            codes::SCENARIO_FIELD,
            member.key_span,
            message,
            reader.did_you_mean(codes::SCENARIO_FIELD, &member.key, &NAMES),
        );
    }
    let [
        id,
        principal,
        action,
        resource,
        resource_account,
        context,
        identity_policies,
        boundaries,
        scps,
        rcps,
        session_policies,
        resource_policy,
        endpoint_policies,
        expected,
    ] = found;
    Fields {
        id,
        principal,
        action,
        resource,
        resource_account,
        context,
        identity_policies,
        boundaries,
        scps,
        rcps,
        session_policies,
        resource_policy,
        endpoint_policies,
        expected,
    }
}

/// A member that is there and not `null`, where `null` means its absence.
pub(super) fn given(member: Option<&Member>) -> Option<&Value> {
    member.map(|member| &member.value).filter(|value| value.kind != Kind::Null)
}

pub(super) fn expected(reader: &mut Reader<'_, '_>, member: Option<&Member>) -> Option<Effect> {
    const EFFECTS: [Effect; 3] = [Effect::Allow, Effect::ExplicitDeny, Effect::ImplicitDeny];
    let value = &member?.value;
    let text = reader.string(value, "`expected`")?;
    let effect = EFFECTS.into_iter().find(|effect| effect.name() == text);
    if effect.is_none() {
        let message = format!("`expected` is `{}`, which is no decision", shown(text));
        reader.error(
            codes::SCENARIO_FIELD,
            value.span,
            message,
            reader.did_you_mean(codes::SCENARIO_FIELD, text, &EFFECTS.map(Effect::name)),
        );
    }
    effect
}

pub(super) fn account(reader: &mut Reader<'_, '_>, member: Option<&Member>) -> Option<String> {
    let value = given(member)?;
    let text = reader.string(value, "`resource_account`")?;
    if !arn::is_account(text) {
        let message = format!("`resource_account` is `{}`, which is no account", shown(text));
        reader.error(codes::SCENARIO_FIELD, value.span, message, "write 12 digits, or null");
    }
    Some(text.to_owned())
}

/// The context; a key given twice, ignoring case, is refused (rule C12).
pub(super) fn context(reader: &mut Reader<'_, '_>, member: Option<&Member>) -> Vec<(String, ContextValue)> {
    let Some(member) = member else { return Vec::new() };
    let members = reader.object(&member.value, "`context`").unwrap_or_default();
    let mut seen: HashMap<String, &Member> = HashMap::new();
    let mut context = Vec::with_capacity(members.len());
    for member in members {
        if let Some(first) = seen.insert(member.key.to_ascii_lowercase(), member)
            && first.key != member.key
        {
            let message = format!(
                "the context gives `{}` and `{}`, which are one key",
                shown(&first.key),
                shown(&member.key)
            );
            reader.clash(
                codes::SCENARIO_FIELD,
                member.key_span,
                first.key_span,
                message,
                "keys are compared ignoring case: give one of them",
            );
        }
        let what = format!("the context key `{}`", shown(&member.key));
        let value = match &member.value.kind {
            Kind::String(text) => ContextValue::One(text.to_string()),
            _ => {
                let texts = reader.strings(&member.value, &what);
                ContextValue::Many(texts.into_iter().map(|(text, _)| text.to_owned()).collect())
            }
        };
        context.push((member.key.to_string(), value));
    }
    context
}
