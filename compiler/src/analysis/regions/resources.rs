//! The resources of a class of actions: the minterms of their patterns, and which of them lie in the scene's place.

use std::collections::BTreeSet;

use super::{Class, Covers, Scene, Voiced};
use crate::analysis::scene::{Place, own_account};
use crate::analysis::space::{Minterm, Pattern, TooMany, meet};
use crate::analysis::universe::Numbered;
use crate::analysis::values::instance;
use crate::analysis::{HashMap, HashSet};
use crate::facts;
use crate::ir::ResourceSet;
use crate::pattern::{Glob, ResourceForm};
use crate::reference::{self, combine::Contract};
use portcullis_runtime::value::arn;

/// The resources of a class of actions.
pub(super) struct Resources {
    pub(super) numbered: Numbered,
    pub(super) walked: Vec<u32>,
    pub(super) minterms: Vec<Minterm>,
    scope: Vec<u32>,
    /// Patterns of declared resources that lie elsewhere.
    excluded: Vec<u32>,
    /// The caller's own account, and any account.
    accounts: Option<(u32, u32)>,
    query: Option<u32>,
    /// By form: its number.
    numbers: HashMap<ResourceForm, u32>,
    /// An action of the class.
    action: String,
}

impl Resources {
    pub(super) fn walk(
        scene: &Scene<'_, '_>,
        rules: &[Voiced],
        lead: &[usize],
        class: &Class,
        action: &str,
        excluded: &[String],
    ) -> Result<Self, TooMany> {
        let mut numbered = Numbered::default();
        let mut numbers = HashMap::default();
        let sets: Vec<(usize, &ResourceSet)> =
            class.rules.iter().filter_map(|&at| Some((at, &*rules.get(at)?.rule.resources))).collect();
        let mut add = |numbered: &mut Numbered, form: &ResourceForm| {
            if let Some(&known) = numbers.get(form) {
                return Some(known);
            }
            let id = numbered.add(Pattern::of_resource(form)?, || form.to_string());
            numbers.insert(form.clone(), id);
            Some(id)
        };
        let mut everything = true;
        let mut walked = Vec::new();
        let granting = scene.granting(rules);
        // Without a leading rule everything is looked at.
        let leads = if lead.is_empty() { [lead, lead] } else { [lead, granting.as_slice()] };
        for leading in leads.into_iter().filter(|leading| !leading.is_empty()) {
            let leading = || sets.iter().filter(|(at, _)| leading.contains(at)).map(|(_, set)| set);
            everything = leading().any(|set| set.negated || set.patterns.contains(&ResourceForm::Everything));
            if !everything {
                let forms: BTreeSet<&ResourceForm> = leading().flat_map(|set| &set.patterns).collect();
                walked.extend(forms.into_iter().filter_map(|form| add(&mut numbered, form)));
                break;
            }
        }
        let scope: Vec<u32> =
            scene.place.scope().into_iter().map(|(pattern, text)| numbered.add(pattern, || text)).collect();
        let query = scene.query.resource.as_ref().and_then(|form| add(&mut numbered, form));
        let any_resource = matches!(scene.query.resource, None | Some(ResourceForm::Everything));
        if let Some(query) = query.filter(|_| !any_resource) {
            walked = vec![query];
        } else if !scope.is_empty() {
            walked.clone_from(&scope);
        } else if everything {
            walked = add(&mut numbered, &ResourceForm::Everything).into_iter().collect();
        }
        let leading: Vec<Pattern> =
            walked.iter().filter_map(|&id| numbered.patterns.get(id as usize)).cloned().collect();
        let matters = |pattern: &Pattern| leading.iter().any(|lead| meet(lead, pattern));
        let forms: HashSet<&ResourceForm> = sets.iter().flat_map(|(_, set)| &set.patterns).collect();
        let mut forms: Vec<&ResourceForm> = forms.into_iter().collect();
        forms.sort_unstable();
        for form in forms {
            if Pattern::of_resource(form).is_some_and(|pattern| matters(&pattern)) {
                add(&mut numbered, form);
            }
        }
        // What the combination itself tells apart: keys of KMS, and what AWS owns.
        let mut structural = vec!["arn:*:kms:*:*:key/*"];
        let is_one_of = |table: &[&str]| table.iter().any(|known| known.eq_ignore_ascii_case(action));
        if is_one_of(facts::POLICY_WRITES) {
            structural.push("arn:*:iam:*:aws:policy/*");
        }
        if is_one_of(facts::ROLE_WRITES) {
            structural.push("arn:*:iam:*:*:role/aws-reserved/*");
        }
        if is_one_of(facts::ALIAS_WRITES) {
            structural.push("arn:*:kms:*:*:alias/aws/*");
        }
        if is_one_of(facts::TRUST_ACTIONS) {
            structural.push("arn:*:iam:*:*:role/*");
        }
        for text in structural {
            let parts: Vec<Glob> = text.splitn(6, ':').map(Glob::wildcards).collect();
            let Ok(parts) = <[Glob; 6]>::try_from(parts) else { continue };
            let mut parts = parts;
            // The combination does not look at what stands before the service.
            let [head, partition, ..] = &mut parts;
            (*head, *partition) = (Glob::any(), Glob::any());
            let form = ResourceForm::Parts(Box::new(parts));
            if Pattern::of_resource(&form).is_some_and(|pattern| matters(&pattern)) {
                numbered.add(Pattern::of_resource(&form).unwrap_or_default(), || text.to_owned());
            }
        }
        let mut outside = Vec::new();
        for arn in excluded {
            let place = Place::Declared { arn: arn.clone(), account: None };
            outside.extend(place.scope().into_iter().map(|(pattern, text)| numbered.add(pattern, || text)));
        }
        let accounts = match (scene.place, own_account(scene.principal)) {
            (Place::Own | Place::Elsewhere, Some(own)) => {
                let mine = numbered.add(Pattern::account(Some(&own)), || format!("*:*:*:*:{own}:*"));
                Some((mine, numbered.add(Pattern::account(None), || "*:*:*:*:????????????:*".to_owned())))
            }
            _ => None,
        };
        let mut minterms = scene.walks.minterms(&numbered.patterns, &walked)?.to_vec();
        for minterm in &mut minterms {
            // What is no ARN is matched by `*` alone: `*` itself stands for all of it.
            if arn::split(&minterm.example)
                .is_none_or(|[_, partition, service, ..]| partition.is_empty() || service.is_empty())
                && minterm.matched.iter().all(|&number| {
                    Pattern::everything()
                        == *numbered.patterns.get(number as usize).unwrap_or(&Pattern::everything())
                })
            {
                minterm.example = "*".to_owned();
            }
        }
        // R4: `*` may also be asked for as the ARN of a service.
        let service_level =
            facts::SERVICE_LEVEL_ARNS.iter().find(|(known, _)| known.eq_ignore_ascii_case(action));
        if let Some((_, arn)) = service_level.filter(|_| any_resource && *scene.place == Place::Own) {
            let covers = |form: &ResourceForm| {
                *form == ResourceForm::Everything
                    || Pattern::of_resource(form).is_some_and(|pattern| pattern.matches(arn))
            };
            let mut matched: Vec<u32> =
                numbers.iter().filter(|(form, _)| covers(form)).map(|(_, &number)| number).collect();
            matched.sort_unstable();
            matched.dedup();
            minterms.push(Minterm { matched, example: "*".to_owned() });
        }
        Ok(Self {
            numbered,
            walked,
            minterms,
            scope,
            excluded: outside,
            accounts,
            query,
            numbers,
            action: action.to_owned(),
        })
    }

    /// Whether the resources of a minterm lie in the scene's place.
    pub(super) fn is_here(&self, scene: &Scene<'_, '_>, minterm: &Minterm) -> bool {
        let in_scope = self.scope.is_empty() || self.scope.iter().any(|&pattern| minterm.has(pattern));
        let asked = match (&scene.query.resource, self.query) {
            (Some(ResourceForm::Everything), _) | (_, None) => true,
            (_, Some(query)) => minterm.has(query),
        };
        let lies_here = match scene.place {
            Place::Elsewhere => {
                (self.is_foreign(minterm) || self.has_contract(scene, minterm))
                    && !self.is_aws_own(scene, minterm)
            }
            Place::Own => {
                let set_apart = self.has_contract(scene, minterm) || self.is_aws_own(scene, minterm);
                !self.is_foreign(minterm) && !set_apart
            }
            _ => true,
        };
        in_scope && asked && lies_here && !self.excluded.iter().any(|&pattern| minterm.has(pattern))
    }

    /// Whether the resource's own policy has to allow whatever the account (rule E8).
    fn has_contract(&self, scene: &Scene<'_, '_>, minterm: &Minterm) -> bool {
        let request = scene.request(&self.action, &minterm.example);
        reference::contract(&request) != Contract::Ordinary
    }

    /// Whether they lie in another account.
    fn is_foreign(&self, minterm: &Minterm) -> bool {
        self.accounts.is_some_and(|(own, any)| minterm.has(any) && !minterm.has(own))
    }

    /// Whether it does not matter if a description covers them: another place says what holds of them.
    pub(super) fn is_of_another_place(&self, scene: &Scene<'_, '_>, minterm: &Minterm) -> bool {
        let lies_there = match scene.place {
            Place::Elsewhere | Place::Own => !self.is_here(scene, minterm),
            _ => false,
        };
        lies_there || self.excluded.iter().any(|&pattern| minterm.has(pattern))
    }

    /// Whether AWS owns it, and nobody may (rule E11).
    fn is_aws_own(&self, scene: &Scene<'_, '_>, minterm: &Minterm) -> bool {
        reference::is_owned_by_aws(&scene.request(&self.action, &minterm.example))
    }

    /// What a set covers of the resources of a minterm.
    pub(super) fn covers(
        &self,
        set: &ResourceSet,
        minterm: &Minterm,
        variables: &mut Vec<ResourceForm>,
    ) -> Covers {
        let mut open = Vec::new();
        for form in &set.patterns {
            let matched = match form {
                ResourceForm::Everything => true,
                form => self.numbers.get(form).is_some_and(|&number| minterm.has(number)),
            };
            if !matched {
                continue;
            }
            if !form.has_variable() {
                return if set.negated { Covers::No } else { Covers::Yes };
            }
            let known = variables.iter().position(|known| known == form);
            let place = known.unwrap_or_else(|| {
                variables.push(form.clone());
                variables.len() - 1
            });
            open.push(place as u32);
        }
        open.sort_unstable();
        match (open.is_empty(), set.negated) {
            (true, false) => Covers::No,
            (true, true) => Covers::Yes,
            (false, negated) => Covers::Where { negated, variables: open },
        }
    }

    /// Whether a resource matches the patterns of a minterm, and no others.
    pub(super) fn is_of(&self, resource: &str, minterm: &Minterm) -> bool {
        let mut numbered = (0..).zip(&self.numbered.patterns);
        numbered.all(|(number, pattern)| pattern.matches(resource) == minterm.has(number))
    }

    /// A resource of a minterm as people would write one, where there is one.
    pub(super) fn nice(&self, scene: &Scene<'_, '_>, minterm: &Minterm) -> String {
        if minterm.example == "*" {
            return minterm.example.clone();
        }
        let account = own_account(scene.principal);
        let account = account.as_deref().unwrap_or("123456789012");
        let mut candidates = Vec::new();
        for (form, number) in &self.numbers {
            if let ResourceForm::Parts(parts) = form
                && minterm.has(*number)
            {
                let [head, partition, service, region, owner, name] = &**parts;
                let or = |glob: &Glob, text: &str| {
                    if glob.is_any() { text.to_owned() } else { instance(glob) }
                };
                let no_region = matches!(service.as_literal(), Some("s3" | "iam" | "sts"));
                for (region_text, owner_text) in [("us-east-1", account), ("", account), ("", "")] {
                    let text = [
                        or(head, "arn"),
                        or(partition, "aws"),
                        or(service, "s3"),
                        or(region, if no_region { "" } else { region_text }),
                        or(owner, owner_text),
                        instance(name),
                    ];
                    candidates.push(text.join(":"));
                }
            }
        }
        candidates.extend([
            "arn:aws:s3:::example-bucket/example".to_owned(),
            format!("arn:aws:sqs:us-east-1:{account}:example"),
        ]);
        // The longest says the most.
        candidates.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        candidates
            .into_iter()
            .find(|text| self.is_of(text, minterm))
            .unwrap_or_else(|| minterm.example.clone())
    }
}
