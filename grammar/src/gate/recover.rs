//! From the parser's errors to findings in the writer's words: what stands there, what could stand there, and what to write.

use lalrpop_util::ParseError;

use super::token::Token;
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

const CODE: &str = "gate-syntax";

/// The finding that an error is.
pub(super) fn diagnostic(
    source: &Source,
    error: &ParseError<usize, Token, ()>,
    open: Option<usize>,
) -> Diagnostic {
    let (span, found, expected) = match error {
        ParseError::UnrecognizedEof { location, expected } => {
            // The last line that holds anything shows more than the end of the file.
            let end = source.text().trim_end().len().min(*location);
            let start = source
                .text()
                .get(..end)
                .and_then(|text| text.char_indices().next_back())
                .map_or(0, |(at, _)| at);
            (Span::new(start, end.max(start)), None, expected.as_slice())
        }
        ParseError::UnrecognizedToken { token: (from, token, to), expected } => {
            (Span::new(*from, *to), Some(*token), expected.as_slice())
        }
        ParseError::ExtraToken { token: (from, token, to) } => {
            (Span::new(*from, *to), Some(*token), [].as_slice())
        }
        ParseError::InvalidToken { location } => (Span::new(*location, *location + 1), None, [].as_slice()),
        ParseError::User { .. } => (Span::default(), None, [].as_slice()),
    };
    if let (None, Some(open)) = (found, open) {
        let bracket = source.slice(Span::new(open, open + 1));
        let closing = match bracket {
            "(" => ")",
            "[" => "]",
            _ => "}",
        };
        let message = format!("the file ends here, and a `{closing}` is missing");
        return Diagnostic::error(CODE, message)
            .at(source, span, "")
            .at(source, Span::new(open, open + 1), "this is open")
            .help(format!("write `{closing}` where it ends"));
    }
    let wanted = Wanted::of(expected);
    let text = source.slice(span);
    let message = match found {
        None => format!("the file ends here, and {} is missing", wanted.noun()),
        Some(token) => format!("expected {}, found {}", wanted.noun(), shown(token, text)),
    };
    Diagnostic::error(CODE, message).at(source, span, "").help(help(found, text, &wanted))
}

fn shown(token: Token, text: &str) -> String {
    let text: String =
        text.chars().take(60).flat_map(char::escape_debug).collect::<String>().replace("\\\"", "\"");
    match token {
        Token::Str => format!("the text {text}"),
        _ => format!("`{text}`"),
    }
}

/// What the parser would have taken, as a writer thinks of it.
struct Wanted {
    words: Vec<&'static str>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Something that begins an item of the file.
    File,
    /// An item of an account.
    Account,
    /// An item of a user, group or role.
    Identity,
    /// An item of a resource.
    Resource,
    /// A statement.
    Statement,
    /// An item of an organization.
    Organization,
    /// An item of a root or unit.
    Node,
    /// A question of a test.
    Test,
    /// A name.
    Name,
    /// A value.
    Value,
    /// A condition.
    Condition,
    /// A comparison behind a key.
    Comparison,
    /// A text in quotes.
    Quoted,
    /// Who asks or is meant.
    Principal,
    /// Some of a few words or signs.
    Words,
}

impl Wanted {
    fn of(expected: &[String]) -> Self {
        let has = |name: &str| expected.iter().any(|it| it.trim_matches('"') == name);
        let words: Vec<&'static str> = Token::KEYWORDS
            .iter()
            .map(|(word, _)| *word)
            .chain(["{", "}", "[", "]", "(", ")", ",", ":", "=", "=>"])
            .filter(|word| has(word))
            .collect();
        // Where a plain name can stand every word of the language can.
        let name = has("WORD") && has("account") && has("with") && has("to");
        let kind = if name && has("[") {
            Kind::Value
        } else if name {
            Kind::Name
        } else if has("exists") {
            Kind::Condition
        } else if has("<=") {
            Kind::Comparison
        } else if has("import") {
            Kind::File
        } else if has("partition") {
            Kind::Account
        } else if has("inline") {
            Kind::Identity
        } else if has("untagged") {
            Kind::Resource
        } else if has("management") {
            Kind::Organization
        } else if has("unit") {
            Kind::Node
        } else if has("given") {
            Kind::Test
        } else if has("allow") {
            Kind::Statement
        } else if has("federated") {
            Kind::Principal
        } else if has("WORD") {
            Kind::Value
        } else if has("STRING") && words.is_empty() {
            Kind::Quoted
        } else {
            Kind::Words
        };
        Self { words, kind }
    }

    fn noun(&self) -> String {
        let noun = match self.kind {
            Kind::File => "an account, an organization, a policy, a route, a test, `let` or `import`",
            Kind::Account => "something that an account holds",
            Kind::Identity => "something that a user, group or role has",
            Kind::Resource => "something that a resource has",
            Kind::Statement => "a statement",
            Kind::Organization => "something that an organization holds",
            Kind::Node => "something that hangs in the tree",
            Kind::Test => "a question",
            Kind::Name => "a name",
            Kind::Value => "a value",
            Kind::Condition => "a condition",
            Kind::Comparison => "a comparison",
            Kind::Quoted => "a text in double quotes",
            Kind::Principal => "a principal",
            Kind::Words => return self.list(),
        };
        // A block can always end as well.
        if self.words.contains(&"}") && self.kind != Kind::Comparison {
            format!("{noun} or `}}`")
        } else {
            noun.to_owned()
        }
    }

    fn list(&self) -> String {
        let quoted: Vec<String> = self.words.iter().take(12).map(|word| format!("`{word}`")).collect();
        match quoted.split_last() {
            None => "the end of the file".to_owned(),
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        }
    }

    fn form(&self) -> String {
        let form = match self.kind {
            Kind::File => {
                "write account 123456789012 { … }, policy Name { … }, test \"…\" { … }, or import \"file\""
            }
            Kind::Account => {
                "an account holds let, policy, user, group, role, resource, partition, quota and test"
            }
            Kind::Identity => {
                "they have attach, inline, boundary, tag, id, and roles also trust and session max"
            }
            Kind::Resource => "a resource has tag, untagged and policy",
            Kind::Statement => {
                "write name: allow ACTIONS on RESOURCES if CONDITION; with commas between actions and between resources"
            }
            Kind::Organization => "an organization holds management, scps, rcps, scp, rcp, let and root",
            Kind::Node => "a root or unit has attach, unit and account",
            Kind::Test => "write WHO may ACTION on RESOURCE with KEY = VALUE, may not, or denied by LAYER",
            Kind::Name => {
                "write a name; in double quotes if it holds other characters than letters, digits and _.-+@/"
            }
            Kind::Value => "write a word, a text in double quotes, $name, or a list [a, b]",
            Kind::Condition => {
                "write key = value, key in [a, b], exists(key), not …, or a key alone if it is true or false"
            }
            Kind::Comparison => {
                "write =, !=, in, like, <, <=, >, >= or the name of an IAM operator behind the key"
            }
            Kind::Quoted => "write \"…\"",
            Kind::Principal => {
                "write an ARN, user NAME, role NAME, account NUMBER, service NAME, federated NAME, or *"
            }
            Kind::Words => return format!("write {}", self.list()),
        };
        form.to_owned()
    }
}

fn help(found: Option<Token>, text: &str, wanted: &Wanted) -> String {
    match found {
        None => return format!("write {}, or close what is open with }}", wanted.list_or_form()),
        Some(Token::Word) if text.starts_with("//") || text.starts_with("/*") || text.starts_with("--") => {
            return "comments begin with #".to_owned();
        }
        Some(Token::Str)
            if matches!(
                text,
                "\"Effect\"" | "\"Action\"" | "\"Resource\"" | "\"Version\"" | "\"Statement\"" | "\"Sid\""
            ) =>
        {
            return "this is JSON: write allow … on …, or take the policy in with policy Name from \"file.json\"".to_owned();
        }
        Some(Token::OpenBrace) if wanted.kind == Kind::File => {
            return "a .gate file is no JSON; give JSON files as inputs of their own, or name them with import \"file.json\"".to_owned();
        }
        Some(Token::OpenBrace | Token::OpenParen) if wanted.kind == Kind::Value => {
            return "a list stands in brackets: [a, b]".to_owned();
        }
        Some(Token::Exists | Token::Missing | Token::Any | Token::All) if wanted.words == ["("] => {}
        _ if wanted.words == ["("] => return format!("write the key in parentheses, such as exists({text})"),
        Some(Token::Equal | Token::NotEqual) if wanted.kind == Kind::Value => {
            return "write one sign: =".to_owned();
        }
        Some(found) if misplaced(found, wanted.kind).is_some() => {
            return misplaced(found, wanted.kind).unwrap_or_default().to_owned();
        }
        Some(Token::Word) if text.ends_with(":allow") || text.ends_with(":deny") => {
            return "put a blank behind the colon".to_owned();
        }
        Some(Token::Prefix) if wanted.kind == Kind::Comparison => {
            return "put a blank before the bracket".to_owned();
        }
        Some(Token::Label) if wanted.kind == Kind::Value => {
            return format!(
                "a colon at the end makes `{text}` the name of a statement; write {text}* for all of a service"
            );
        }
        _ => {}
    }
    if let Some(meant) = translated(text).filter(|meant| wanted.words.contains(meant)) {
        return format!("write `{meant}`");
    }
    let near = crate::suggest::nearest(text, wanted.words.iter().copied());
    match near.filter(|near| near.len() > 1 && *near != text) {
        Some(near) => format!("did you mean `{near}`?"),
        None if found.is_some_and(|found| is_meant_as_value(found, wanted.kind)) => {
            format!("{}; a word of the language in double quotes: \"{text}\"", wanted.form())
        }
        None => wanted.form(),
    }
}

/// Whether a word of the language was likely meant as a value, and not as what it is: before those that go on, or begin a statement, a value
/// is missing.
fn is_meant_as_value(found: Token, wanted: Kind) -> bool {
    let goes_on = matches!(
        found,
        Token::On
            | Token::To
            | Token::For
            | Token::If
            | Token::Unless
            | Token::And
            | Token::Or
            | Token::With
            | Token::Except
            | Token::Allow
            | Token::Deny
            | Token::Word
            | Token::Label
    );
    matches!(wanted, Kind::Value | Kind::Principal) && found.is_word() && !goes_on
}

impl Wanted {
    fn list_or_form(&self) -> String {
        if self.words.contains(&"}") { "`}`".to_owned() } else { self.list() }
    }
}

/// Where a word of the language belongs that stands where it cannot.
fn misplaced(found: Token, wanted: Kind) -> Option<&'static str> {
    Some(match (found, wanted) {
        (Token::User | Token::Group | Token::Role | Token::Resource, Kind::File) => {
            "it is of an account: write it in account 123456789012 { … }"
        }
        (Token::Allow | Token::Deny | Token::Label, Kind::Identity) => {
            "statements stand in a policy: write inline NAME { … }, or attach a policy"
        }
        (Token::Allow | Token::Deny | Token::Label, Kind::Account | Kind::File) => {
            "statements stand in a policy: write policy NAME { … }"
        }
        (Token::Route, _) => "routes stand at the top of a file, outside of everything",
        (Token::Import, _) => "import stands at the top of a file, outside of everything",
        (Token::Account, Kind::Account | Kind::Identity | Kind::Statement) => {
            "accounts stand beside each other: is a } missing above?"
        }
        (Token::User | Token::Group | Token::Role | Token::Policy | Token::Test, Kind::Statement) => {
            "is a } missing above?"
        }
        (Token::Test, Kind::Identity | Kind::Resource | Kind::Organization) => "is a } missing above?",
        _ => return None,
    })
}

/// Words that other languages have for it.
fn translated(text: &str) -> Option<&'static str> {
    Some(match text.to_ascii_lowercase().as_str() {
        "permit" | "grant" => "allow",
        "forbid" | "reject" => "deny",
        "when" | "where" => "if",
        "action" | "actions" | "effect" => "allow",
        "resources" => "on",
        "principal" | "principals" => "to",
        "ou" => "unit",
        "include" => "import",
        "managed" => "policy",
        "var" | "const" => "let",
        "permissions_boundary" | "permissionsboundary" => "boundary",
        "can" | "should" | "allowed" => "may",
        "cannot" | "mustn't" => "may",
        "tags" => "tag",
        "groups" => "in",
        "managed_policy" => "policy",
        _ => return None,
    })
}
