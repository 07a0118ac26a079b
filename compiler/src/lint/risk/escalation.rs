//! Combinations of actions by which who has them gets more permissions than he was given. Publicly known; written down from what each action
//! does.

use super::super::findings::Findings;
use super::super::registry as lint;
use super::{gives, is_denied, point};
use crate::facts::known_service;
use crate::model::{Document, Effect, Statement};

/// A way: the actions that it takes, in lower case, and what they do together.
struct Way {
    actions: &'static [&'static str],
    does: &'static str,
}

const fn way(actions: &'static [&'static str], does: &'static str) -> Way {
    Way { actions, does }
}

const WAYS: &[Way] = &[
    way(&["iam:createpolicyversion"], "puts anything into a policy that he has"),
    way(&["iam:setdefaultpolicyversion"], "makes an older, wider version of a policy count"),
    way(&["iam:attachuserpolicy"], "attaches any policy to himself"),
    way(&["iam:attachgrouppolicy"], "attaches any policy to a group that he is in"),
    way(&["iam:attachrolepolicy", "sts:assumerole"], "attaches any policy to a role and takes it"),
    way(&["iam:putuserpolicy"], "writes any policy into himself"),
    way(&["iam:putgrouppolicy"], "writes any policy into a group that he is in"),
    way(&["iam:putrolepolicy", "sts:assumerole"], "writes any policy into a role and takes it"),
    way(&["iam:addusertogroup"], "joins any group"),
    way(&["iam:createaccesskey"], "makes access keys for any user"),
    way(&["iam:createloginprofile"], "gives any user a password of his choice"),
    way(&["iam:updateloginprofile"], "changes the password of any user"),
    way(&["iam:updateassumerolepolicy", "sts:assumerole"], "makes any role trust him and takes it"),
    way(&["iam:deleteuserpermissionsboundary"], "takes the boundary off himself"),
    way(&["iam:putuserpermissionsboundary"], "replaces his own boundary by a wider one"),
    way(
        &["iam:deactivatemfadevice", "iam:resyncmfadevice", "iam:updateloginprofile"],
        "takes over any user with MFA",
    ),
    way(&["iam:passrole", "lambda:createfunction", "lambda:invokefunction"], "runs a function with any role"),
    way(
        &["iam:passrole", "lambda:createfunction", "lambda:addpermission"],
        "runs a function with any role, from elsewhere",
    ),
    way(
        &["iam:passrole", "lambda:createfunction", "lambda:createeventsourcemapping"],
        "runs a function with any role, by an event",
    ),
    way(&["lambda:updatefunctioncode"], "puts code into functions, which runs with their roles"),
    way(
        &["lambda:updatefunctionconfiguration", "lambda:publishlayerversion"],
        "puts a layer into functions, which runs with their roles",
    ),
    way(&["iam:passrole", "ec2:runinstances"], "starts an instance with any role"),
    way(&["iam:passrole", "ec2:associateiaminstanceprofile"], "gives an instance any role"),
    way(&["iam:passrole", "ec2:requestspotinstances"], "starts a spot instance with any role"),
    way(&["ec2-instance-connect:sendsshpublickey"], "logs in to instances and has their roles"),
    way(&["ssm:sendcommand"], "runs commands on instances with their roles"),
    way(&["ssm:startsession"], "opens a shell on instances with their roles"),
    way(&["iam:passrole", "ssm:startautomationexecution"], "runs an automation with any role"),
    way(&["iam:passrole", "cloudformation:createstack"], "makes a stack with any role"),
    way(&["iam:passrole", "cloudformation:createstackset"], "makes stacks with any role"),
    way(&["cloudformation:updatestack"], "changes stacks, which are updated with their roles"),
    way(&["iam:passrole", "glue:createdevendpoint"], "makes an endpoint with any role and logs in"),
    way(&["iam:passrole", "glue:createjob", "glue:startjobrun"], "runs a job with any role"),
    way(&["iam:passrole", "glue:updatejob", "glue:startjobrun"], "runs a job with any role"),
    way(&["glue:updatedevendpoint"], "logs in to endpoints and has their roles"),
    way(
        &["iam:passrole", "sagemaker:createnotebookinstance", "sagemaker:createpresignednotebookinstanceurl"],
        "opens a notebook with any role",
    ),
    way(&["sagemaker:createpresignednotebookinstanceurl"], "opens notebooks and has their roles"),
    way(&["iam:passrole", "sagemaker:createtrainingjob"], "runs a training job with any role"),
    way(&["iam:passrole", "sagemaker:createprocessingjob"], "runs a processing job with any role"),
    way(&["iam:passrole", "codebuild:createproject", "codebuild:startbuild"], "runs a build with any role"),
    way(&["codebuild:updateproject", "codebuild:startbuild"], "changes builds, which run with their roles"),
    way(&["iam:passrole", "codestar:createproject"], "makes a project whose role may do much"),
    way(
        &["iam:passrole", "datapipeline:createpipeline", "datapipeline:putpipelinedefinition"],
        "runs a pipeline with any role",
    ),
    way(&["iam:passrole", "ecs:registertaskdefinition", "ecs:runtask"], "runs a container with any role"),
    way(
        &["iam:passrole", "ecs:registertaskdefinition", "ecs:createservice"],
        "runs containers with any role",
    ),
    way(&["ecs:executecommand"], "runs commands in containers with their roles"),
    way(
        &["iam:passrole", "states:createstatemachine", "states:startexecution"],
        "runs a state machine with any role",
    ),
    way(&["iam:passrole", "scheduler:createschedule"], "has a schedule act with any role"),
    way(
        &["iam:passrole", "batch:registerjobdefinition", "batch:submitjob"],
        "runs a batch job with any role",
    ),
    way(&["iam:passrole", "elasticmapreduce:runjobflow"], "runs a cluster with any role"),
    way(&["iam:passrole", "apprunner:createservice"], "runs a service with any role"),
    way(
        &[
            "iam:passrole",
            "bedrock-agentcore:createcodeinterpreter",
            "bedrock-agentcore:invokecodeinterpreter",
        ],
        "runs code with any role",
    ),
    way(
        &["iam:createsamlprovider", "iam:updateassumerolepolicy"],
        "lets an identity provider of his own into any role",
    ),
    way(&["iam:updatesamlprovider"], "takes over an identity provider that roles trust"),
    way(
        &["iam:addclientidtoopenidconnectprovider", "iam:updateassumerolepolicy"],
        "lets tokens of his own into any role",
    ),
    way(&["sso:putinlinepolicytopermissionset"], "writes any policy into a permission set that he has"),
    way(&["sso:attachmanagedpolicytopermissionset"], "attaches any policy to a permission set that he has"),
    way(&["sso:createaccountassignment"], "assigns himself any permission set"),
];

/// How many ways are told.
const MOST_TOLD: usize = 3;

/// Looks for ways in a document; one finding tells them all.
pub(super) fn check(found: &mut Findings<'_>, document: &Document) {
    let allows: Vec<&Statement> = document
        .statements
        .iter()
        .filter(|it| it.effect == Effect::Allow && it.conditions.is_empty() && !is_denied(document, it))
        .collect();
    let giving =
        |action: &str| allows.iter().copied().find(|it| gives(it, action) && !denies(document, action));
    let ways: Vec<&Way> =
        WAYS.iter().filter(|way| way.actions.iter().all(|action| giving(action).is_some())).collect();
    let Some(action) = ways.first().and_then(|way| way.actions.first().copied()) else { return };
    let Some(statement) = giving(action) else { return };
    let told: Vec<String> = ways
        .iter()
        .take(MOST_TOLD)
        .map(|way| {
            format!(
                "{} ({})",
                way.actions.iter().map(|it| spelled(it)).collect::<Vec<_>>().join(" + "),
                way.does
            )
        })
        .collect();
    let more = match ways.len().saturating_sub(MOST_TOLD) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let message = format!("who has this policy can get more permissions by {}{more}", told.join("; "));
    let help =
        "name the users, roles or resources that are meant, or set a permissions boundary by condition";
    found.statement(lint::RISK_ESCALATION, statement, point(statement, action), message, help);
}

/// An action as the reference spells it.
fn spelled(action: &str) -> String {
    let (prefix, name) = action.split_once(':').unwrap_or(("", action));
    let known =
        known_service(prefix).and_then(|it| it.actions.iter().find(|it| it.eq_ignore_ascii_case(name)));
    format!("{prefix}:{}", known.copied().unwrap_or(name))
}

/// Whether a Deny without conditions names an action.
fn denies(document: &Document, action: &str) -> bool {
    document.statements.iter().any(|it| it.effect == Effect::Deny && gives(it, action))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::details::service;

    #[test]
    fn every_action_of_a_way_is_a_known_one() {
        for action in WAYS.iter().flat_map(|way| way.actions) {
            let (prefix, name) = action.split_once(':').unwrap();
            assert!(service(prefix).is_some_and(|facts| facts.action(name).is_some()), "{action}");
        }
        assert!(WAYS.len() > 40);
    }
}
