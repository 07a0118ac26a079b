//! Accounts and what they hold, the organization, and tests.

use super::{Let, Policy, PrincipalKind, Source, Text, Value};
use crate::source::Span;

/// `account 123456789012 "name" { … }`
#[derive(Clone, Debug)]
pub struct Account<'t> {
    /// Its place up to its number.
    pub span: Span,
    /// Its number, or `aws`.
    pub number: Text<'t>,
    /// Its name.
    pub name: Option<Text<'t>>,
    /// What it holds.
    pub items: Vec<AccountItem<'t>>,
}

/// What an account holds.
#[derive(Clone, Debug)]
pub enum AccountItem<'t> {
    /// `let name = …`
    Let(Let<'t>),
    /// A managed policy, or one with parameters.
    Policy(Policy<'t>),
    /// A user, group or role.
    Identity(Identity<'t>),
    /// A resource.
    Resource(Resource<'t>),
    /// A test.
    Test(Test<'t>),
    /// `partition aws-cn`
    Partition(Text<'t>),
    /// `quota name number`
    Quota(Text<'t>, Text<'t>),
}

/// A user, group or role.
#[derive(Clone, Debug)]
pub struct Identity<'t> {
    /// Its place up to its name.
    pub span: Span,
    /// What it is.
    pub kind: IdentityKind,
    /// Its name, with its path before it.
    pub name: Text<'t>,
    /// The groups that a user is in.
    pub groups: Vec<Value<'t>>,
    /// What it has.
    pub items: Vec<IdentityItem<'t>>,
}

/// What an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// A user.
    User,
    /// A group.
    Group,
    /// A role.
    Role,
}

/// What an identity or a resource has.
#[derive(Clone, Debug)]
pub enum IdentityItem<'t> {
    /// `attach A, B`
    Attach(Span, Vec<Value<'t>>),
    /// `inline Name …`
    Inline(Span, Text<'t>, Source<'t>),
    /// `boundary Name`
    Boundary(Span, Text<'t>),
    /// `tag key = value, …`
    Tag(Span, Vec<(Text<'t>, Text<'t>)>),
    /// `untagged`
    Untagged(Span),
    /// `id AIDA…`
    Id(Span, Text<'t>),
    /// `session max 4h`
    SessionMax(Span, Text<'t>),
    /// `trust …`
    Trust(Span, Source<'t>),
    /// `policy …`, of a resource
    Policy(Span, Source<'t>),
}

/// `resource arn:… { … }`
#[derive(Clone, Debug)]
pub struct Resource<'t> {
    /// Its place up to its ARN.
    pub span: Span,
    /// Its ARN.
    pub arn: Text<'t>,
    /// What it has.
    pub items: Vec<IdentityItem<'t>>,
}

/// `organization o-… { … }`
#[derive(Clone, Debug)]
pub struct Organization<'t> {
    /// Its place up to its id.
    pub span: Span,
    /// Its id.
    pub id: Text<'t>,
    /// What it holds.
    pub items: Vec<OrganizationItem<'t>>,
}

/// What an organization holds.
#[derive(Clone, Debug)]
pub enum OrganizationItem<'t> {
    /// `let name = …`
    Let(Let<'t>),
    /// `management 123456789012`
    Management(Span, Text<'t>),
    /// `scps …`
    Scps(Span, Text<'t>),
    /// `rcps …`
    Rcps(Span, Text<'t>),
    /// `scp Name …` or `rcp Name …`
    Control(Control<'t>),
    /// `root r-… { … }`
    Root(Node<'t>),
}

/// A service or resource control policy.
#[derive(Clone, Debug)]
pub struct Control<'t> {
    /// Its place up to its name.
    pub span: Span,
    /// Whether it is an RCP.
    pub is_rcp: bool,
    /// Its name.
    pub name: Text<'t>,
    /// Its id.
    pub id: Option<Text<'t>>,
    /// What it says.
    pub source: Source<'t>,
}

/// The root, a unit or an account of the tree.
#[derive(Clone, Debug)]
pub struct Node<'t> {
    /// Its place up to its id.
    pub span: Span,
    /// Its id or number.
    pub id: Text<'t>,
    /// Its name.
    pub name: Option<Text<'t>>,
    /// What hangs below it or is attached to it.
    pub items: Vec<NodeItem<'t>>,
}

/// What hangs below a node or is attached to it.
#[derive(Clone, Debug)]
pub enum NodeItem<'t> {
    /// `attach A, B`
    Attach(Span, Vec<Value<'t>>),
    /// A unit.
    Unit(Node<'t>),
    /// An account.
    Account(Node<'t>),
}

/// `test "…" { … }`
#[derive(Clone, Debug)]
pub struct Test<'t> {
    /// Its place up to its name.
    pub span: Span,
    /// Its name.
    pub name: Text<'t>,
    /// What is asked.
    pub items: Vec<TestItem<'t>>,
}

/// What stands in a test.
#[derive(Clone, Debug)]
pub enum TestItem<'t> {
    /// Questions with the answers that are expected.
    Ask(Ask<'t>),
    /// `given key = value, … { … }`: context of several questions.
    Given(Vec<Pair<'t>>, Vec<Self>),
}

/// Questions: each who with each action on each resource.
#[derive(Clone, Debug)]
pub struct Ask<'t> {
    /// Its place.
    pub span: Span,
    /// Who asks.
    pub who: Vec<Asker<'t>>,
    /// The answer that is expected.
    pub expected: Expected<'t>,
    /// For which actions.
    pub actions: Vec<Value<'t>>,
    /// On which resources.
    pub resources: Option<Vec<Value<'t>>>,
    /// `of 123456789012`: the account of the resource.
    pub owner: Option<Text<'t>>,
    /// `with key = value, …`
    pub context: Vec<Pair<'t>>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Asker<'t> {
    /// Its place.
    pub span: Span,
    /// The word before the name.
    pub kind: PrincipalKind,
    /// Who; `None` for `anyone`.
    pub who: Option<Text<'t>>,
    /// `as role` or `as role/session`.
    pub role: Option<Text<'t>>,
}

/// The answer that a test expects.
#[derive(Clone, Copy, Debug)]
pub enum Expected<'t> {
    /// `may`
    May,
    /// `may not`
    MayNot,
    /// `denied by layer`
    DeniedBy(Text<'t>),
}

/// A key of the context with its value.
#[derive(Clone, Debug)]
pub struct Pair<'t> {
    /// The key.
    pub key: Text<'t>,
    /// Its value; a list is one in brackets.
    pub value: Value<'t>,
}
