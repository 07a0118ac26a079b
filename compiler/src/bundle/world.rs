//! Who and what there is: principals, accounts, resources and endpoints as records, with hash tables over their names.

use std::collections::BTreeSet;

use portcullis_runtime::format::{self as f, NONE, Section};
use portcullis_runtime::value::arn;

use super::sections::Sections;
use super::strings::{Named, index, packed_index};
use super::write::{WriteError, Writer};
use crate::intern::{HashMap, Interner};
use crate::ir::{self, Ir, Layer, ResourcePolicy, behind_federated, behind_session};
use crate::merge::PrincipalRef;
use crate::model::{Identity, Model, Tag};

/// The path of roles that services are linked to (rule E1).
const SERVICE_LINKED: &str = "/aws-service-role/";

/// A user or role, and what stands behind its sessions.
struct Holder<'m> {
    principal: &'m ir::Principal,
    identity: &'m Identity,
    tags: &'m [Tag],
    is_user: bool,
    account: &'m str,
    partition: &'m str,
    sessions: String,
}

impl Holder<'_> {
    /// Whether the ARN tells the rest, as it does wherever AWS made it. If one does not, none is packed.
    fn is_told(&self) -> bool {
        let Identity { arn, name, .. } = self.identity;
        f::tells_all(arn, self.account.as_bytes(), self.is_user) && arn.rsplit('/').next() == Some(&**name)
    }

    /// Whether the ARN is what the runtime makes of a session's.
    fn has_plain_path(&self) -> bool {
        let kind = if self.is_user { "user" } else { "role" };
        let plain = format!("arn:{}:iam::{}:{kind}/{}", self.partition, self.account, self.identity.name);
        *plain == *self.identity.arn
    }
}

fn holders<'m>(model: &'m Model, ir: &'m Ir) -> Vec<Holder<'m>> {
    let holder = |principal: &'m ir::Principal| {
        let (identity, tags, is_user): (&Identity, &[Tag], bool) = match principal.principal {
            PrincipalRef::User(id) => {
                let user = model.users.get(id as usize)?;
                (&user.identity, &user.tags, true)
            }
            PrincipalRef::Role(id) => {
                let role = model.roles.get(id as usize)?;
                (&role.identity, &role.tags, false)
            }
        };
        let account = model.accounts.get(identity.account.index()).map_or("", |account| account);
        let partition = arn::split(&identity.arn).map_or("", |[_, partition, ..]| partition);
        let sessions = if is_user { behind_federated } else { behind_session };
        let sessions = sessions(partition, account, &identity.name);
        Some(Holder { principal, identity, tags, is_user, account, partition, sessions })
    };
    ir.principals.iter().filter_map(holder).collect()
}

/// Packed principals: string, identity set, and a profile that others may have too.
#[derive(Default)]
pub(super) struct Packed {
    principals: Vec<(u32, u32, f::Profile)>,
}

impl Packed {
    /// Gives the principals their classes, each by its place.
    pub(super) fn classify(&mut self, classes: impl Iterator<Item = u32>) {
        for ((_, _, profile), classes) in self.principals.iter_mut().zip(classes) {
            profile.classes = classes;
        }
    }

    /// Both sections; profiles in the order of their first principals.
    pub(super) fn write(&self, sections: &mut Sections) {
        let (mut records, mut profiles) = (Vec::new(), Interner::<f::Profile>::default());
        for &(arn, identity, profile) in &self.principals {
            f::PackedPrincipal { arn, identity, profile: profiles.intern(profile) }.write(&mut records);
        }
        let mut written = Vec::new();
        profiles.items().iter().for_each(|profile| profile.write(&mut written));
        sections.set(Section::Principals, records);
        sections.set(Section::Profiles, written);
    }
}

/// Records that several of the sections share.
#[derive(Default)]
struct Shared {
    tags: Vec<u8>,
    tag_count: u32,
    levels: Vec<u32>,
    grants: Vec<u8>,
    grant_count: u32,
    known_grants: HashMap<[u32; 3], u32>,
}

impl Writer {
    /// Writes all of it; behind the permission sets, which it names.
    pub(super) fn world(&mut self, model: &Model, ir: &Ir) -> Result<(), WriteError> {
        let mut shared = Shared::default();
        self.principals(model, ir, &mut shared)?;
        self.accounts(model, ir, &mut shared)?;
        self.resources(model, ir, &mut shared)?;
        self.endpoints(model, ir)?;
        self.sections.put(Section::Tags, shared.tags);
        self.sections.put_words(Section::Levels, shared.levels);
        self.sections.put(Section::Grants, shared.grants);
        Ok(())
    }

    fn principals(&mut self, model: &Model, ir: &Ir, shared: &mut Shared) -> Result<(), WriteError> {
        let held = holders(model, ir);
        if held.len() >= self.packed_from.max(1) && held.iter().all(Holder::is_told) {
            return self.packed_principals(ir, &held, shared);
        }
        let mut records = Vec::new();
        let (mut arns, mut behind, mut identities) = (Vec::new(), Vec::new(), Vec::new());
        for holder in held {
            let profile = self.profile(ir, &holder, holder.tags, shared);
            let Holder { principal, identity, .. } = holder;
            let (arn, set) = (self.strings.id(&identity.arn), self.set(principal.identity));
            f::Principal {
                name: self.strings.id(&identity.name),
                unique_id: match &*identity.unique_id {
                    "" => NONE,
                    id => self.strings.id(id),
                },
                behind: self.strings.id(&holder.sessions),
                ..f::PackedPrincipal { arn, identity: set, profile: 0 }.with(profile)
            }
            .write(&mut records);
            arns.push(identity.arn.to_string());
            identities.push(set);
            behind.push(holder.sessions);
        }
        self.sections.put(Section::Principals, records);
        self.index(Section::PrincipalIndex, &arns, &identities)?;
        self.index(Section::BehindIndex, &behind, &[])
    }

    /// Users and roles of a bundle of many: what each has for itself, and profiles that many share.
    fn packed_principals(
        &mut self,
        ir: &Ir,
        held: &[Holder<'_>],
        shared: &mut Shared,
    ) -> Result<(), WriteError> {
        let mut packed = Packed::default();
        let mut known_tags: HashMap<Vec<(&str, &str)>, u32> = HashMap::default();
        let mut behind = Vec::new();
        for (holder, id) in held.iter().zip(0..) {
            let Holder { principal, identity, tags, .. } = *holder;
            // Tags that stand there already are named once more.
            let own: Vec<(&str, &str)> = tags.iter().map(|tag| (&*tag.key, &*tag.value)).collect();
            let known = known_tags.get(&own).copied();
            let written = if known.is_some() { &[][..] } else { tags };
            let mut profile = self.profile(ir, holder, written, shared);
            if let Some(first) = known.or(tags.is_empty().then_some(0)) {
                (profile.tags, profile.tag_count) = (first, tags.len() as u32);
            }
            known_tags.insert(own, profile.tags);
            let arn = match &*identity.unique_id {
                "" => self.strings.id(&identity.arn),
                id => {
                    profile.unique_id = f::BEHIND_ARN;
                    self.strings.pair(&identity.arn, id)
                }
            };
            if !holder.has_plain_path() {
                behind.push((holder.sessions.as_str(), id));
            }
            packed.principals.push((arn, self.set(principal.identity), profile));
        }
        let arns: Vec<&str> = held.iter().map(|holder| &*holder.identity.arn).collect();
        let sessions = held.iter().map(|holder| holder.sessions.as_str()).collect();
        for mut names in [arns.clone(), sessions] {
            names.sort_unstable();
            if let Some((twice, _)) = names.iter().zip(names.iter().skip(1)).find(|(a, b)| a == b) {
                return Err(WriteError::DuplicateName((*twice).to_owned()));
            }
        }
        self.sections.put(Section::PrincipalIndex, packed_index(&arns).ok_or(WriteError::Crowded)?);
        let named: Vec<Named<'_>> = behind
            .into_iter()
            .map(|(text, id)| Named { text, id, rest: [self.strings.id(text), 0] })
            .collect();
        self.sections.put(Section::BehindIndex, index(&named).ok_or(WriteError::Crowded)?);
        packed.write(&mut self.sections);
        self.packed = Some(packed);
        Ok(())
    }

    /// What a user or role has that others may have too.
    fn profile(&mut self, ir: &Ir, holder: &Holder<'_>, tags: &[Tag], shared: &mut Shared) -> f::Profile {
        let Holder { principal, identity, account, .. } = *holder;
        let (tags, tag_count) = self.tags(tags, shared);
        // The runtime refuses what is not 12 digits.
        let digits =
            |four: usize| account.as_bytes().as_chunks().0.get(four).map_or(0, |it| u32::from_le_bytes(*it));
        f::Profile {
            account: digits(0),
            account_5: digits(1),
            account_9: digits(2),
            unique_id: NONE,
            kind: match holder.is_user {
                true => f::PRINCIPAL_USER,
                false if identity.path.starts_with(SERVICE_LINKED) => f::PRINCIPAL_SERVICE_LINKED,
                false => f::PRINCIPAL_ROLE,
            },
            boundary: principal.boundary.map_or(NONE, |set| self.set(set)),
            tags,
            tag_count,
            place: place(ir, account),
            trust: self.grants(principal.trust.as_ref(), shared),
            classes: 0,
        }
    }

    fn accounts(&mut self, model: &Model, ir: &Ir, shared: &mut Shared) -> Result<(), WriteError> {
        let mut records = Vec::new();
        let organization = model.organization.as_ref();
        for account in &ir.accounts {
            let (scps, scp_count) = self.levels(account.scps.as_deref(), shared);
            let (rcps, rcp_count) = self.levels(account.rcps.as_deref(), shared);
            let member = organization.filter(|it| it.account(&account.number).is_some() && !it.id.is_empty());
            let path = member.and_then(|organization| organization.org_path(&account.number));
            f::Account {
                number: self.strings.id(&account.number),
                scps,
                scp_count,
                rcps,
                rcp_count,
                organization: member.map_or(NONE, |organization| self.strings.id(&organization.id)),
                path: path.map_or(NONE, |path| self.strings.id(&path)),
            }
            .write(&mut records);
        }
        self.sections.put(Section::Accounts, records);
        let numbers: Vec<String> = ir.accounts.iter().map(|account| account.number.to_string()).collect();
        self.index(Section::AccountIndex, &numbers, &[])
    }

    fn resources(&mut self, model: &Model, ir: &Ir, shared: &mut Shared) -> Result<(), WriteError> {
        let mut records = Vec::new();
        let mut services = BTreeSet::new();
        for (resource, layers) in model.resources.iter().zip(&ir.resources) {
            let (tags, tag_count) = match &resource.tags {
                Some(tags) => self.tags(tags, shared),
                None => (0, NONE),
            };
            let (rcps, rcp_count) = self.levels(layers.rcps.as_deref(), shared);
            f::Resource {
                arn: self.strings.id(resource.owner_name()),
                account: resource.account.as_deref().map_or(NONE, |account| place(ir, account)),
                tags,
                tag_count,
                policy: self.grants(layers.policy.as_ref(), shared),
                rcps,
                rcp_count,
            }
            .write(&mut records);
            // In a scenario a resource without an account is the principal's (DESIGN section 6).
            if let Some([_, _, service, ..]) = arn::split(&resource.arn).filter(|_| !model.scenario) {
                services.insert(service);
            }
        }
        self.sections.put(Section::Resources, records);
        let services: Vec<u32> = services.into_iter().map(|service| self.strings.id(service)).collect();
        self.sections.put_words(Section::DeclaredServices, services);
        let arns: Vec<String> =
            model.resources.iter().map(|resource| resource.owner_name().to_owned()).collect();
        self.index(Section::ResourceIndex, &arns, &[])
    }

    fn endpoints(&mut self, model: &Model, ir: &Ir) -> Result<(), WriteError> {
        let mut records = Vec::new();
        let mut ids = Vec::new();
        let mut everywhere = NONE;
        for (endpoint, layer) in model.endpoints.iter().zip(&ir.endpoints) {
            match &endpoint.id {
                Some(id) => {
                    f::Endpoint { id: self.strings.id(id), set: self.set(layer.set) }.write(&mut records);
                    ids.push(id.to_string());
                }
                None if everywhere == NONE => everywhere = self.set(layer.set),
                None => return Err(WriteError::DuplicateName("the endpoint of all requests".to_owned())),
            }
        }
        self.sections.put(Section::Endpoints, records);
        self.index(Section::EndpointIndex, &ids, &[])?;
        let session = ir.session.as_ref().map_or(NONE, |layer| self.set(layer.set));
        let mut world = Vec::new();
        f::World { endpoint: everywhere, session }.write(&mut world);
        self.sections.put(Section::World, world);
        Ok(())
    }

    /// A hash table over names, whose ids are their places in the list, with what else their slots hold, if anything.
    fn index(&mut self, section: Section, names: &[String], also: &[u32]) -> Result<(), WriteError> {
        let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        if let Some((twice, _)) = sorted.iter().zip(sorted.iter().skip(1)).find(|(a, b)| a == b) {
            return Err(WriteError::DuplicateName((*twice).to_owned()));
        }
        let also = also.iter().copied().chain(std::iter::repeat(0));
        let named = names.iter().zip(0..).zip(also);
        let named: Vec<Named<'_>> =
            named.map(|((text, id), also)| Named { text, id, rest: [self.strings.id(text), also] }).collect();
        self.sections.put(section, index(&named).ok_or(WriteError::Crowded)?);
        Ok(())
    }

    /// First tag, and how many.
    fn tags(&mut self, tags: &[Tag], shared: &mut Shared) -> (u32, u32) {
        let first = shared.tag_count;
        for tag in tags {
            let key = self.strings.id(&tag.key.to_ascii_lowercase());
            f::Tag { key, value: self.strings.id(&tag.value) }.write(&mut shared.tags);
            shared.tag_count += 1;
        }
        (first, tags.len() as u32)
    }

    /// First level, and how many.
    fn levels(&mut self, levels: Option<&[Layer]>, shared: &mut Shared) -> (u32, u32) {
        let Some(levels) = levels else { return (0, NONE) };
        let first = shared.levels.len() as u32;
        shared.levels.extend(levels.iter().map(|level| self.set(level.set)));
        (first, levels.len() as u32)
    }

    fn grants(&mut self, policy: Option<&ResourcePolicy>, shared: &mut Shared) -> u32 {
        let Some(policy) = policy else { return NONE };
        let [direct, session, account] =
            [policy.direct, policy.session, policy.account].map(|set| self.set(set));
        *shared.known_grants.entry([direct, session, account]).or_insert_with(|| {
            f::Grants { direct, session, account }.write(&mut shared.grants);
            shared.grant_count += 1;
            shared.grant_count - 1
        })
    }
}

/// The place of an account among the records; `NONE`, which the runtime refuses, for one that is not there.
fn place(ir: &Ir, account: &str) -> u32 {
    let found = ir.accounts.binary_search_by(|it: &ir::Account| (*it.number).cmp(account));
    found.map_or(NONE, |place| place as u32)
}
