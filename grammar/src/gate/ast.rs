//! The syntax tree of a `.gate` file: what stands there and where, and not what it means.
//!
//! Every node has its span; texts are parts of the source. Lists of items hold no item that could not be read: the parser reported it and
//! went on behind it.

mod world;

pub use world::{
    Account, AccountItem, Ask, Asker, Control, Expected, Identity, IdentityItem, IdentityKind, Node,
    NodeItem, Organization, OrganizationItem, Pair, Resource, Test, TestItem,
};

use crate::source::Span;

/// A whole file.
#[derive(Clone, Debug, Default)]
pub struct File<'t> {
    /// What stands in it.
    pub items: Vec<Item<'t>>,
}

/// What may stand at the top of a file.
#[derive(Clone, Debug)]
pub enum Item<'t> {
    /// `import "file"`
    Import(Text<'t>),
    /// `let name = …`
    Let(Let<'t>),
    /// A policy that is attached to nobody, or one with parameters.
    Policy(Policy<'t>),
    /// `account 123456789012 { … }`
    Account(Account<'t>),
    /// `organization o-… { … }`
    Organization(Organization<'t>),
    /// `test "…" { … }`
    Test(Test<'t>),
    /// `route GET /path/{name} => service:Action on ARN`
    Route(Route<'t>),
}

/// A route: which requests of HTTP ask for which action on which resource. `{name}` is not yet read in its texts.
#[derive(Clone, Debug)]
pub struct Route<'t> {
    /// Its place.
    pub span: Span,
    /// The methods; `*` is all.
    pub methods: Vec<Text<'t>>,
    /// The path.
    pub path: Text<'t>,
    /// The action.
    pub action: Text<'t>,
    /// The resource.
    pub resource: Text<'t>,
}

/// A word or a text in quotes, as written, without the quotes. `$name`, `${key}` and escapes are not yet read in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'t> {
    /// Its place, quotes included.
    pub span: Span,
    /// As written, without quotes.
    pub raw: &'t str,
    /// Whether it stands in quotes.
    pub quoted: bool,
}

/// One value or several.
#[derive(Clone, Debug)]
pub enum Value<'t> {
    /// One text; it may name a list.
    Text(Text<'t>),
    /// `[…, …]`
    List(Span, Vec<Self>),
    /// `prefix[…, …]`: the prefix stands before each of them.
    Prefixed(Text<'t>, Span, Vec<Self>),
}

impl Value<'_> {
    /// Its place.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Text(text) => text.span,
            Self::List(span, _) | Self::Prefixed(_, span, _) => *span,
        }
    }
}

/// `let name = value`, or `let name = if condition`.
#[derive(Clone, Debug)]
pub struct Let<'t> {
    /// The name.
    pub name: Text<'t>,
    /// What it stands for.
    pub value: LetValue<'t>,
}

/// What a name can stand for.
#[derive(Clone, Debug)]
pub enum LetValue<'t> {
    /// Values.
    Values(Value<'t>),
    /// A condition.
    Condition(Expression<'t>),
}

/// `Name(argument, …)`: a policy with parameters, filled in.
#[derive(Clone, Debug)]
pub struct Call<'t> {
    /// Its place.
    pub span: Span,
    /// The policy.
    pub name: Text<'t>,
    /// The arguments.
    pub arguments: Vec<Value<'t>>,
}

/// Where the statements of a policy come from.
#[derive(Clone, Debug)]
pub enum Source<'t> {
    /// `{ … }`
    Body(Body<'t>),
    /// `from "file.json"`
    From(Text<'t>),
    /// `= Name(…)`
    Call(Call<'t>),
}

/// The body of a policy.
#[derive(Clone, Debug)]
pub struct Body<'t> {
    /// Its place, braces included.
    pub span: Span,
    /// What stands in it.
    pub items: Vec<BodyItem<'t>>,
}

/// What may stand in the body of a policy.
#[derive(Clone, Debug)]
pub enum BodyItem<'t> {
    /// `language 2008-10-17`
    Language(Text<'t>),
    /// A statement.
    Statement(Statement<'t>),
    /// `use Name(…)`: its statements, here.
    Use(Call<'t>),
    /// `default version v2 { … }`
    Version(Version<'t>),
}

/// A version of a managed policy.
#[derive(Clone, Debug)]
pub struct Version<'t> {
    /// Its place up to its name.
    pub span: Span,
    /// Whether it is the default.
    pub is_default: bool,
    /// `v1`, `v2`, …
    pub name: Text<'t>,
    /// What it says.
    pub source: Source<'t>,
}

/// `policy Name …`
#[derive(Clone, Debug)]
pub struct Policy<'t> {
    /// Its place up to its name.
    pub span: Span,
    /// Its name, with its path before it.
    pub name: Text<'t>,
    /// `(a, b)`: then it is no policy by itself.
    pub parameters: Option<Vec<Text<'t>>>,
    /// `version v2`, of the one that there is.
    pub version: Option<Text<'t>>,
    /// What it says.
    pub source: Source<'t>,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Statement<'t> {
    /// Its place, from name or effect to its end.
    pub span: Span,
    /// Its name, without the colon.
    pub name: Option<Text<'t>>,
    /// Its effect.
    pub effect: Effect,
    /// What stands right behind the effect: actions, or in a trust policy principals.
    pub head: Head<'t>,
    /// What follows.
    pub clauses: Vec<Clause<'t>>,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Grants.
    Allow,
    /// Denies.
    Deny,
}

/// What stands behind the effect.
#[derive(Clone, Debug)]
pub enum Head<'t> {
    /// Actions.
    Actions(Selection<'t>),
    /// Principals, in a trust policy.
    Principals(PrincipalSelection<'t>),
}

/// `a, b`, or `* except a, b`.
#[derive(Clone, Debug)]
pub struct Selection<'t> {
    /// Its place.
    pub span: Span,
    /// What is meant.
    pub values: Vec<Value<'t>>,
    /// What is not meant.
    pub except: Option<Vec<Value<'t>>>,
}

/// The same of principals.
#[derive(Clone, Debug)]
pub struct PrincipalSelection<'t> {
    /// Its place.
    pub span: Span,
    /// Who is meant.
    pub entries: Vec<Principal<'t>>,
    /// Who is not meant.
    pub except: Option<Vec<Principal<'t>>>,
}

/// Principals of one kind.
#[derive(Clone, Debug)]
pub struct Principal<'t> {
    /// Its place.
    pub span: Span,
    /// The word before it.
    pub kind: PrincipalKind,
    /// Who.
    pub values: Value<'t>,
}

/// The words that stand before principals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// None: an ARN, an account, a unique id, or `*`.
    Bare,
    /// A user of this account.
    User,
    /// A role of this account.
    Role,
    /// A session of a role of this account, `role/session`.
    Session,
    /// An account.
    Account,
    /// A service.
    Service,
    /// An identity provider.
    Federated,
    /// A canonical user.
    Canonical,
    /// A group, which can be none (rule N4).
    Group,
}

/// A part of a statement behind its head.
#[derive(Clone, Debug)]
pub enum Clause<'t> {
    /// `on …`: resources.
    On(Span, Selection<'t>),
    /// `to …`: principals.
    To(Span, PrincipalSelection<'t>),
    /// `for …`: actions, in a trust policy.
    For(Span, Selection<'t>),
    /// `if …`
    If(Span, Expression<'t>),
    /// `unless …`
    Unless(Span, Expression<'t>),
}

impl Clause<'_> {
    /// The word that it begins with, and its place.
    #[must_use]
    pub fn word(&self) -> (&'static str, Span) {
        match self {
            Self::On(span, _) => ("on", *span),
            Self::To(span, _) => ("to", *span),
            Self::For(span, _) => ("for", *span),
            Self::If(span, _) => ("if", *span),
            Self::Unless(span, _) => ("unless", *span),
        }
    }
}

/// A condition.
#[derive(Clone, Debug)]
pub struct Expression<'t> {
    /// Its place.
    pub span: Span,
    /// What it is.
    pub kind: ExpressionKind<'t>,
}

/// The kinds of conditions.
#[derive(Clone, Debug)]
pub enum ExpressionKind<'t> {
    /// All of them.
    And(Vec<Expression<'t>>),
    /// Any of them.
    Or(Vec<Expression<'t>>),
    /// Not this.
    Not(Box<Expression<'t>>),
    /// A key alone: it is true; or a name for a condition.
    Bare(Text<'t>),
    /// `exists(key)`, `missing(key)`.
    Exists(Text<'t>, bool),
    /// A comparison.
    Compare(Compare<'t>),
}

/// A comparison of a key with values.
#[derive(Clone, Debug)]
pub struct Compare<'t> {
    /// `any(key)` or `all(key)`.
    pub set: Option<Set>,
    /// The key.
    pub key: Text<'t>,
    /// How they are compared.
    pub operator: Operator<'t>,
    /// With what.
    pub values: Value<'t>,
}

/// Which of a list of request values are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// One at least.
    Any,
    /// All.
    All,
}

/// How a key is compared.
#[derive(Clone, Copy, Debug)]
pub enum Operator<'t> {
    /// A sign; by the key's type.
    Sign {
        /// Which.
        sign: Sign,
        /// Whether it also holds where the key is missing.
        or_missing: bool,
    },
    /// An operator of IAM by its name.
    Named(Text<'t>),
}

/// The signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `=`, `in`
    Equal,
    /// `!=`, `not in`
    NotEqual,
    /// `like`
    Like,
    /// `not like`
    NotLike,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}
