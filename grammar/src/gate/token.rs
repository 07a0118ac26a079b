//! The words of the language. Longest match; a word of the language is one only where nothing longer begins there.

use logos::Logos;

macro_rules! tokens {
    (keywords { $($keyword:ident $text:literal)* } others { $($(#[$rule:meta])+ $name:ident)* }) => {
        /// A token, without its text: a span has that.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Logos)]
        #[logos(skip r"[ \t\r\n\f]+")]
        #[allow(missing_docs, reason = "each stands beside its text")]
        pub enum Token {
            $(#[token($text, priority = 100)] $keyword,)*
            $($(#[$rule])+ $name,)*
        }

        impl Token {
            /// The words of the language.
            pub const KEYWORDS: &'static [(&'static str, Self)] = &[$(($text, Self::$keyword)),*];
        }
    };
}

tokens! {
    keywords {
        Account "account" All "all" Allow "allow" And "and" Any "any" Anyone "anyone" As "as" Attach "attach"
        Boundary "boundary" By "by" Canonical "canonical" Default "default" Denied "denied" Deny "deny" Except "except"
        Exists "exists" Federated "federated" For "for" From "from" Given "given" Group "group" Id "id" If "if"
        Import "import" In "in" InOrMissing "in?" Inline "inline" Language "language" Let "let" Like "like"
        LikeOrMissing "like?" Management "management" Max "max" May "may" Missing "missing" Not "not" Of "of" On "on"
        Or "or" Organization "organization" Partition "partition" Policy "policy" Quota "quota" Rcp "rcp" Rcps "rcps"
        Resource "resource" Role "role" Root "root" Route "route" Scp "scp" Scps "scps" Service "service" Session "session" Tag "tag"
        Test "test" To "to" Trust "trust" Unit "unit" Unless "unless" Untagged "untagged" Use "use" User "user"
        Version "version" With "with"
    }
    others {
        #[token("{")] OpenBrace
        #[token("}")] CloseBrace
        #[token("[")] OpenBracket
        #[token("]")] CloseBracket
        #[token("(")] OpenParen
        #[token(")")] CloseParen
        #[token(",")] Comma
        #[token(";")] Semicolon
        #[token(":", priority = 100)] Colon
        #[token("=")] #[token("==")] Equal
        #[token("=?")] #[token("==?")] EqualOrMissing
        #[token("=>")] Arrow
        #[token("!=")] NotEqual
        #[token("!=?")] NotEqualOrMissing
        #[token("<")] Less
        #[token("<?")] LessOrMissing
        #[token("<=")] LessEqual
        #[token("<=?")] LessEqualOrMissing
        #[token(">")] Greater
        #[token(">?")] GreaterOrMissing
        #[token(">=")] GreaterEqual
        #[token(">=?")] GreaterEqualOrMissing
        #[regex(r#""([^"\\\n]|\\[^\n])*""#)] Str
        #[regex(r"[A-Za-z0-9_.\-]+:", priority = 50)] Label
        #[regex(r"([A-Za-z0-9_.\-:/*?+@%~]|\$\{[^}\n]*\}|\$\([A-Za-z_][A-Za-z0-9_]*\)|\$[A-Za-z_][A-Za-z0-9_]*)+", priority = 10)] Word
        #[regex(r"([A-Za-z0-9_.\-:/*?+@%~]|\$\{[^}\n]*\}|\$\([A-Za-z_][A-Za-z0-9_]*\)|\$[A-Za-z_][A-Za-z0-9_]*)+\[", priority = 10)] Prefix
        #[regex(r"#[^\n]*", allow_greedy = true)] Comment
    }
}

/// The word of the language that this text is.
#[must_use]
pub(super) fn keyword(text: &str) -> Option<Token> {
    Token::KEYWORDS.iter().find(|(word, _)| *word == text).map(|(_, token)| *token)
}

impl Token {
    /// Whether it is a word, of the language or not.
    pub(super) fn is_word(self) -> bool {
        matches!(self, Self::Word | Self::Label) || Self::KEYWORDS.iter().any(|(_, token)| *token == self)
    }
}
