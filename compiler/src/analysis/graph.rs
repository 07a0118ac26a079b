//! Pictures as data: who gets permissions from where, the automata that decide about one identity, and the way of one request to its decision.
//!
//! In: a model, or an explanation. Out: a directed graph of labelled boxes and arrows, in an order that follows from its content alone, so that
//! equal inputs give equal pictures. How it is drawn is for others to say.

mod access;
mod automaton;
mod nodes;
mod request;

use petgraph::graph::DiGraph;

use crate::merge::PrincipalRef;
use crate::model::Model;

pub use access::{access, bearing_on};
pub use automaton::automaton;
pub use request::{Wording, request};

/// What a box stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NodeKind {
    /// Everyone, also who is not authenticated.
    Everyone,
    /// An AWS service that asks.
    Service,
    /// An identity provider.
    Provider,
    /// A principal that the inputs name and do not hold.
    Foreign,
    /// The root of an organization.
    Root,
    /// An organizational unit.
    Unit,
    /// An account.
    Account,
    /// A user.
    User,
    /// A group.
    Group,
    /// A role.
    Role,
    /// A managed policy.
    Policy,
    /// A policy written into an identity.
    Inline,
    /// A service control policy.
    Scp,
    /// A resource control policy.
    Rcp,
    /// A resource with a policy.
    Resource,
    /// A request.
    Request,
    /// One layer of policies.
    Layer,
    /// Actions that are decided alike.
    Actions,
    /// A state of an automaton: what is left of the resource is read from here.
    State,
    /// A statement.
    Statement,
    /// What nearly applies.
    Near,
    /// Where the layers are put together.
    Combination,
    /// An allow, whatever the context.
    Allow,
    /// A deny, whatever the context.
    Deny,
    /// What depends on the context or on a policy variable.
    Depends,
    /// No statement applies.
    Nothing,
}

impl NodeKind {
    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Service => "AWS service",
            Self::Provider => "identity provider",
            Self::Foreign => "principal elsewhere",
            Self::Root => "organization",
            Self::Unit => "unit",
            Self::Account => "account",
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::Policy => "managed policy",
            Self::Inline => "inline policy",
            Self::Scp => "SCP",
            Self::Rcp => "RCP",
            Self::Resource => "resource",
            Self::Request => "request",
            Self::Layer => "layer",
            Self::Actions => "actions",
            Self::State => "state",
            Self::Statement => "statement",
            Self::Near => "nearly applies",
            Self::Combination => "together",
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Depends => "depends",
            Self::Nothing => "nothing",
        }
    }
}

/// A box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it stands for.
    pub kind: NodeKind,
    /// Its name, short; may be empty.
    pub label: String,
    /// More about it, a line each.
    pub details: Vec<String>,
    /// The full name: an ARN, a number, an id; may be empty.
    pub id: String,
    /// Whether the picture is about it, or it decided.
    pub emphasized: bool,
}

impl Node {
    fn new(kind: NodeKind, label: impl Into<String>) -> Self {
        Self { kind, label: label.into(), details: Vec::new(), id: String::new(), emphasized: false }
    }
}

/// What an arrow says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EdgeKind {
    /// A place in the organization, or an identity of an account.
    Holds,
    /// A user is in a group.
    Member,
    /// A policy is given.
    Gets,
    /// A permissions boundary.
    Boundary,
    /// A control policy over all below.
    Limits,
    /// May take the role.
    Assumes,
    /// A resource's policy lets in.
    LetsIn,
    /// A trust or resource policy keeps out.
    KeepsOut,
    /// One step on.
    Step,
    /// One step on where nothing else fits.
    Otherwise,
    /// Says allow.
    Allows,
    /// Says deny.
    Denies,
    /// Would say something if some part were otherwise.
    Nearly,
    /// Says nothing, which is not enough.
    Silent,
}

impl EdgeKind {
    /// What the arrow says, for a legend.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Member => "is in",
            Self::Gets => "has the policy",
            Self::Boundary => "is limited by the boundary",
            Self::Limits => "is under the control policy",
            Self::Assumes => "may assume",
            Self::LetsIn => "is let in by the resource's policy",
            Self::KeepsOut => "is kept out",
            Self::Step => "then",
            Self::Otherwise => "else",
            Self::Allows => "allows",
            Self::Denies => "denies",
            Self::Nearly => "nearly applies",
            Self::Silent => "does not allow",
        }
    }
}

/// An arrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// What it says.
    pub kind: EdgeKind,
    /// More about it, a line each.
    pub label: Vec<String>,
    /// Whether it holds under conditions only.
    pub conditional: bool,
}

impl Edge {
    fn new(kind: EdgeKind) -> Self {
        Self { kind, label: Vec::new(), conditional: false }
    }

    fn labelled(kind: EdgeKind, label: impl Into<String>) -> Self {
        Self { kind, label: vec![label.into()], conditional: false }
    }
}

/// A picture.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// What it shows, in a line.
    pub title: String,
    /// How it is to be read, a line each.
    pub notes: Vec<String>,
    /// Boxes and arrows.
    pub graph: DiGraph<Node, Edge>,
}

/// The user or role of a model that has this ARN. Linear in them.
#[must_use]
pub fn held(model: &Model, arn: &str) -> Option<PrincipalRef> {
    let user = model.users.iter().position(|user| *user.identity.arn == *arn);
    let role = || model.roles.iter().position(|role| *role.identity.arn == *arn);
    user.map(|user| PrincipalRef::User(user as u32)).or_else(|| Some(PrincipalRef::Role(role()? as u32)))
}

#[cfg(test)]
mod tests;
