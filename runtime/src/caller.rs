//! What a request's principal and resource say about themselves: the keys that no caller can forge (rule C12), and those by which principal
//! elements are matched (rules N1–N6).

use core::cell::OnceCell;

use crate::atom::Held;
use crate::format::{self as f, NONE};
use crate::glob::Text;
use crate::made::Made;
use crate::owner;
use crate::principal::{PrincipalKind, parts, role_of_name, sessions};
use crate::request::Request;
use crate::view::View;

/// Who asks and what for, to the one bundle that holds principals and resources; an overlay's conditions ask it too.
pub(crate) struct Caller<'a> {
    /// The bundle that holds them.
    pub(crate) view: &'a View<'a>,
    pub(crate) request: &'a Request<'a>,
    /// The resource that owns the request's, or [`NONE`]. Records are read when they are asked for: most requests ask for none.
    pub(crate) owner: u32,
    pub(crate) room: &'a Room,
}

/// Room for the texts that are made for a request, which few requests need.
#[derive(Default)]
pub(crate) struct Room {
    arn: OnceCell<Option<Made>>,
    user_id: OnceCell<Option<Made>>,
    behind: OnceCell<Option<Made>>,
}

/// What a key holds: nothing at all where the request's context counts.
type Own<'a> = Option<Option<Held<'a>>>;

fn one(text: &str) -> Option<Held<'_>> {
    Some(Held::One(Text::Borrowed(text)))
}

impl<'a> Caller<'a> {
    /// The record of the user or role, behind a session too.
    fn record(&self) -> Option<f::Principal> {
        let id = self.request.principal.id;
        if id == NONE { None } else { self.view.principal(id) }
    }

    const fn kind(&self) -> PrincipalKind {
        self.request.principal.kind
    }

    fn string(&self, string: u32) -> Option<Held<'_>> {
        if string == NONE {
            return None;
        }
        one(self.view.string(string)?)
    }

    fn made<'s>(cell: &'s OnceCell<Option<Made>>, parts: &[&str]) -> Option<Held<'s>> {
        one(cell.get_or_init(|| Made::of(parts)).as_ref()?.text())
    }

    /// What principal elements are matched by (rules N1–N6): never the context.
    pub(crate) fn matched(&self, source: u32) -> Option<Held<'_>> {
        let text = self.request.principal.text();
        let kind = self.kind();
        let is_role = || self.record().is_some_and(|record| record.kind != f::PRINCIPAL_USER);
        match source {
            f::KEY_CALLER => match kind {
                PrincipalKind::Held if is_role() => None,
                PrincipalKind::Held | PrincipalKind::User => one(text),
                PrincipalKind::RoleSession | PrincipalKind::FederatedUser => one(text),
                _ => None,
            },
            f::KEY_CALLER_BEHIND => match kind {
                PrincipalKind::Held if is_role() => self.behind_own(),
                PrincipalKind::RoleSession | PrincipalKind::FederatedUser => one(parts(kind, text).behind),
                PrincipalKind::Role => self.behind_role(),
                _ => None,
            },
            f::KEY_CALLER_ACCOUNT => one(parts(kind, text).account).filter(|_| self.has_account()),
            f::KEY_CALLER_ROOT => one(parts(kind, text).account).filter(|_| kind == PrincipalKind::Root),
            f::KEY_CALLER_NAME => match kind {
                PrincipalKind::Service | PrincipalKind::Provider => one(text),
                _ => None,
            },
            f::KEY_CALLER_BOUNDED => {
                one("true").filter(|_| self.record().is_some_and(|it| it.boundary != NONE))
            }
            _ => None,
        }
    }

    fn has_account(&self) -> bool {
        matches!(
            self.kind(),
            PrincipalKind::Held
                | PrincipalKind::User
                | PrincipalKind::Role
                | PrincipalKind::RoleSession
                | PrincipalKind::FederatedUser
                | PrincipalKind::Root
        )
    }

    /// A role that the bundle does not hold, as what stands behind its sessions; none where the bundle holds a role of that name under
    /// another path.
    fn behind_role(&self) -> Option<Held<'_>> {
        let text = self.request.principal.text();
        let it = parts(PrincipalKind::Role, text);
        let made = one(self.room.behind.get_or_init(|| sessions(&it, false)).as_ref()?.text());
        if role_of_name(self.view, &it).is_none() { made } else { None }
    }

    /// What stands behind the sessions of the role itself.
    fn behind_own(&self) -> Option<Held<'_>> {
        match self.record()?.behind {
            NONE => {
                let it = parts(PrincipalKind::Role, self.request.principal.text());
                one(self.room.behind.get_or_init(|| sessions(&it, false)).as_ref()?.text())
            }
            behind => self.string(behind),
        }
    }

    /// The keys that principal and resource define (rule C12).
    pub(crate) fn own(&self, key: &f::Key, tag: Option<&[u8]>) -> Own<'_> {
        match key.source {
            f::KEY_RESOURCE_TAG
            | f::KEY_RESOURCE_ACCOUNT
            | f::KEY_RESOURCE_ORG_ID
            | f::KEY_RESOURCE_ORG_PATHS => self.of_resource(key.source, tag),
            f::KEY_SOURCE_IDENTITY => {
                let held = self.request.principal.is_held()
                    || self.kind() == PrincipalKind::Root && self.root_account().is_some();
                let session = self.request.principal.session().filter(|_| held);
                session.and_then(|session| session.source_identity()).map(one)
            }
            source => match self.kind() {
                PrincipalKind::Root if self.root_account().is_some() => Some(self.of_root(source)),
                _ if self.request.principal.is_held() => Some(self.of_known(source, tag)),
                PrincipalKind::Service | PrincipalKind::Provider | PrincipalKind::Anonymous => {
                    Some(self.of_service(source))
                }
                _ => self.of_stranger(source),
            },
        }
    }

    fn root_account(&self) -> Option<f::Account> {
        let number = parts(PrincipalKind::Root, self.request.principal.text()).account;
        self.view.account(owner::account(self.view, number.as_bytes())?)
    }

    fn of_root(&self, source: u32) -> Option<Held<'_>> {
        let text = self.request.principal.text();
        match source {
            f::KEY_PRINCIPAL_ARN => one(text),
            f::KEY_PRINCIPAL_ACCOUNT | f::KEY_USER_ID => one(parts(PrincipalKind::Root, text).account),
            f::KEY_PRINCIPAL_TYPE => one("Account"),
            f::KEY_PRINCIPAL_IS_SERVICE => one("false"),
            f::KEY_PRINCIPAL_ORG_ID => self.string(self.root_account()?.organization),
            f::KEY_PRINCIPAL_ORG_PATHS => {
                let number = parts(PrincipalKind::Root, text).account;
                self.path(owner::account(self.view, number.as_bytes())?)
            }
            _ => None,
        }
    }

    fn path(&self, account: u32) -> Option<Held<'_>> {
        let path = self.view.layout.paths.get(account as usize).filter(|path| !path.is_empty())?;
        Some(Held::Many(core::slice::from_ref(path)))
    }

    /// A user, role or session that the bundle holds.
    fn of_known(&self, source: u32, tag: Option<&[u8]>) -> Option<Held<'_>> {
        let record = self.record()?;
        let principal = self.request.principal;
        let (kind, text) = (self.kind(), principal.text());
        let is_user = kind == PrincipalKind::Held && record.kind == f::PRINCIPAL_USER;
        match source {
            f::KEY_USERNAME if is_user => one(self.view.name_of(&record)?),
            f::KEY_USER_ID => match kind {
                PrincipalKind::FederatedUser => {
                    let it = parts(kind, text);
                    Self::made(&self.room.user_id, &[it.account, ":", it.name])
                }
                PrincipalKind::RoleSession => {
                    let id = self.view.unique_id_of(&record)?;
                    Self::made(&self.room.user_id, &[id, ":", parts(kind, text).session])
                }
                _ => one(self.view.unique_id_of(&record)?),
            },
            f::KEY_PRINCIPAL_ARN if kind == PrincipalKind::FederatedUser => one(text),
            f::KEY_PRINCIPAL_ARN => self.string(record.arn),
            f::KEY_PRINCIPAL_ACCOUNT => one(self.view.account_of(principal.id)?),
            f::KEY_PRINCIPAL_TYPE => one(match kind {
                PrincipalKind::FederatedUser => "FederatedUser",
                _ if is_user => "User",
                _ => "AssumedRole",
            }),
            f::KEY_PRINCIPAL_TAG => {
                let wanted = tag?;
                if let Some(value) = principal.session().and_then(|session| session.tag(wanted)) {
                    return one(value);
                }
                if kind == PrincipalKind::FederatedUser {
                    return None;
                }
                self.tag(record.tags, record.tag_count, wanted)
            }
            f::KEY_PRINCIPAL_ORG_ID => self.string(self.view.account(record.place)?.organization),
            f::KEY_PRINCIPAL_ORG_PATHS => self.path(record.place),
            f::KEY_PRINCIPAL_IS_SERVICE => one("false"),
            _ => None,
        }
    }

    fn tag(&self, first: u32, count: u32, wanted: &[u8]) -> Option<Held<'_>> {
        let tags = (first..first + count).filter_map(|tag| self.view.tag(tag));
        let tag = tags.into_iter().find(|tag| self.view.string_bytes(tag.key) == Some(wanted))?;
        self.string(tag.value)
    }

    /// A principal of an account that the bundle does not hold: what its ARN says, and all else from the request.
    fn of_stranger(&self, source: u32) -> Own<'_> {
        let (kind, text) = (self.kind(), self.request.principal.text());
        let it = parts(kind, text);
        Some(match source {
            f::KEY_USERNAME => one(it.name).filter(|_| kind == PrincipalKind::User),
            f::KEY_PRINCIPAL_ARN if kind == PrincipalKind::RoleSession => {
                Self::made(&self.room.arn, &["arn:", it.partition, ":iam::", it.account, ":role/", it.name])
            }
            f::KEY_PRINCIPAL_ARN => one(text),
            f::KEY_PRINCIPAL_ACCOUNT => one(it.account),
            f::KEY_PRINCIPAL_TYPE => one(match kind {
                PrincipalKind::User => "User",
                PrincipalKind::FederatedUser => "FederatedUser",
                PrincipalKind::Root => "Account",
                _ => "AssumedRole",
            }),
            f::KEY_PRINCIPAL_IS_SERVICE => one("false"),
            _ => return None,
        })
    }

    /// A service, an identity provider or nobody in particular.
    fn of_service(&self, source: u32) -> Option<Held<'_>> {
        let (kind, text) = (self.kind(), self.request.principal.text());
        match source {
            f::KEY_PRINCIPAL_TYPE => one("Anonymous").filter(|_| kind == PrincipalKind::Anonymous),
            f::KEY_PRINCIPAL_IS_SERVICE => {
                let aws = [".amazonaws.com", ".amazonaws.com.cn"].iter().any(|end| text.ends_with(end));
                one(if kind == PrincipalKind::Service && aws { "true" } else { "false" })
            }
            _ => None,
        }
    }

    /// A resource that the bundle holds; what it does not say of it, the request says.
    fn of_resource(&self, source: u32, tag: Option<&[u8]>) -> Own<'_> {
        if self.owner == NONE {
            return None;
        }
        let owner = self.view.resource(self.owner)?;
        if source == f::KEY_RESOURCE_TAG {
            return (owner.tag_count != NONE).then(|| self.tag(owner.tags, owner.tag_count, tag?));
        }
        if owner.account == NONE {
            return None;
        }
        let account = self.view.account(owner.account)?;
        Some(match source {
            f::KEY_RESOURCE_ACCOUNT => self.string(account.number),
            f::KEY_RESOURCE_ORG_ID => self.string(account.organization),
            _ => self.path(owner.account),
        })
    }
}
