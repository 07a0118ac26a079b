//! The organization: a tree with control policies (SCPs and RCPs) on every node (rules E1, E2).

use bincode::{Decode, Encode};

use super::id::{ControlId, NodeId};
use super::policy::Document;
use super::statement::Origin;

/// The SCP that allows everything, which AWS attaches everywhere until somebody detaches it (rule E1).
pub const FULL_SCP: &str = "p-FullAWSAccess";
/// The RCP that allows everything, which stands everywhere (rule E2).
pub const FULL_RCP: &str = "p-RCPFullAWSAccess";

/// A service or resource control policy; which of them its document's kind tells.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ControlPolicy {
    /// Its id (`p-…`), or what stands for it in a scenario.
    pub id: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// What it says.
    pub document: Document,
    /// Where it was declared.
    pub origin: Origin,
}

impl ControlPolicy {
    /// Whether its id is that of one of the two policies that AWS attaches everywhere: no input gives them another content.
    #[must_use]
    pub fn is_aws_own(&self) -> bool {
        matches!(&*self.id, FULL_SCP | FULL_RCP)
    }
}

/// An organization: the root, its units, and the accounts in them.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Organization {
    /// Its id (`o-…`); empty where the input gives none, as in a scenario.
    pub id: Box<str>,
    /// The management account, 12 digits; empty where there is none, as in a scenario.
    pub management: Box<str>,
    /// Whether SCPs are switched on: without, no account has a level of them.
    pub scps: bool,
    /// Whether RCPs are switched on.
    pub rcps: bool,
    /// The root first; every unit behind its parent.
    pub nodes: Vec<OrganizationNode>,
    /// The accounts, sorted by number, the management account among them.
    pub accounts: Vec<OrganizationAccount>,
}

/// The root or a unit.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct OrganizationNode {
    /// Its id (`r-…`, `ou-…`).
    pub id: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// The node above; `None` for the root.
    pub parent: Option<NodeId>,
    /// The SCPs attached to it.
    pub scps: Vec<ControlId>,
    /// The RCPs attached to it. The full-access RCP, which stands everywhere, need not be among them (rule E2).
    pub rcps: Vec<ControlId>,
    /// Where it was declared.
    pub origin: Origin,
}

/// An account in its place.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct OrganizationAccount {
    /// Its number, 12 digits.
    pub account: Box<str>,
    /// The node that it hangs under.
    pub parent: NodeId,
    /// The SCPs attached to it.
    pub scps: Vec<ControlId>,
    /// The RCPs attached to it.
    pub rcps: Vec<ControlId>,
    /// Where it was declared.
    pub origin: Origin,
}

impl Organization {
    /// The place of an account. Logarithmic.
    #[must_use]
    pub fn account(&self, account: &str) -> Option<&OrganizationAccount> {
        let at = self.accounts.binary_search_by(|it| (*it.account).cmp(account)).ok()?;
        self.accounts.get(at)
    }

    /// Whether SCPs and RCPs spare this account (rules E1, E2).
    #[must_use]
    pub fn is_management(&self, account: &str) -> bool {
        *self.management == *account
    }

    /// The nodes from the root down to one.
    #[must_use]
    pub fn path(&self, node: NodeId) -> Vec<&OrganizationNode> {
        let mut path = Vec::new();
        let mut next = Some(node);
        while let Some(node) = next.and_then(|id| self.nodes.get(id.index())) {
            path.push(node);
            // A parent stands before its children, so that this ends whatever the model says.
            next = node.parent.filter(|parent| Some(*parent) < next);
        }
        path.reverse();
        path
    }

    /// The SCPs of an account level by level, from the root to the account itself (rule E1); `None` where SCPs do not apply to it: not
    /// switched on, not a member, or the management account.
    #[must_use]
    pub fn scp_levels(&self, account: &str) -> Option<Vec<&[ControlId]>> {
        let member = self.member(account).filter(|_| self.scps)?;
        let nodes = self.path(member.parent).into_iter().map(|node| &*node.scps);
        Some(nodes.chain([&*member.scps]).collect())
    }

    /// The RCPs over the resources of an account level by level (rule E2); `None` where RCPs do not apply to them.
    #[must_use]
    pub fn rcp_levels(&self, account: &str) -> Option<Vec<&[ControlId]>> {
        let member = self.member(account).filter(|_| self.rcps)?;
        let nodes = self.path(member.parent).into_iter().map(|node| &*node.rcps);
        Some(nodes.chain([&*member.rcps]).collect())
    }

    /// `o-…/r-…/ou-…/`: the value of `aws:PrincipalOrgPaths` and `aws:ResourceOrgPaths` for an account.
    #[must_use]
    pub fn org_path(&self, account: &str) -> Option<String> {
        let place = self.account(account)?;
        let ids = self.path(place.parent).into_iter().map(|node| &*node.id);
        Some(std::iter::once(&*self.id).chain(ids).fold(String::new(), |path, id| path + id + "/"))
    }

    fn member(&self, account: &str) -> Option<&OrganizationAccount> {
        self.account(account).filter(|_| !self.is_management(account))
    }
}
