//! What parses, and what is said about what does not.

use super::ast::{AccountItem, BodyItem, Item, Source as PolicySource};
use super::lexer::Lexer;
use super::{MAX_DEPTH, format, imports, parse};
use crate::source::Source;

const ACME: &str = r#"
account 123456789012 "acme" {
  let reports = arn:aws:s3:::acme-reports
  let office  = [10.0.0.0/8, 2001:db8::/32]

  policy ReadReports {
    list:   allow s3:ListBucket on $reports
    read:   allow s3:GetObject* on $reports/* if aws:SourceIp in $office
    home:   allow s3:*Object    on $reports/home/${aws:username}/*
    sealed: deny  s3:PutObject, s3:DeleteObject on $reports/archive/*
            deny  * on * unless aws:SecureTransport
  }
  policy Legacy from "legacy.json"

  group analysts { attach ReadReports }
  user  alice in analysts { tag team = "finance"; boundary Developers }
  role  deployer {
    trust { allow user alice if aws:MultiFactorAuthPresent }
    attach aws:PowerUserAccess
    session max 4h
  }
}
test "alice reads reports from the office" {
  alice may s3:GetObject on arn:aws:s3:::acme-reports/q3.csv with aws:SourceIp = 10.1.2.3
  alice may not s3:DeleteObject on arn:aws:s3:::acme-reports/archive/q1.csv
}
"#;

fn messages(text: &str) -> Vec<String> {
    let source = Source::new("a.gate", text);
    parse(&source)
        .diagnostics
        .iter()
        .map(|found| {
            let place = source.position(found.labels[0].span.start);
            format!("{place} {} | {}", found.message, found.help.as_deref().unwrap_or(""))
        })
        .collect()
}

#[test]
fn the_example_of_the_design_parses() {
    assert_eq!(messages(ACME), Vec::<String>::new());
    let source = Source::new("acme.gate", ACME);
    let parsed = parse(&source);
    let [Item::Account(account), Item::Test(test)] = parsed.file.items.as_slice() else { panic!() };
    assert_eq!((account.number.raw, account.items.len(), test.items.len()), ("123456789012", 7, 2));
    let AccountItem::Policy(policy) = &account.items[2] else { panic!() };
    let PolicySource::Body(body) = &policy.source else { panic!() };
    let names: Vec<_> = body
        .items
        .iter()
        .map(|item| match item {
            BodyItem::Statement(statement) => {
                (statement.name.map_or("", |name| name.raw), statement.clauses.len())
            }
            _ => panic!(),
        })
        .collect();
    assert_eq!(names, [("list", 1), ("read", 2), ("home", 1), ("sealed", 1), ("", 2)]);
}

#[test]
fn several_errors_in_one_run() {
    let text = "account 1 {\n policy A { allow s3:Get on * deny on x\n b: allow s3:* on }\n usr bob\n user carol { atach X tag a = }\n}\ntest \"a\" { x mya y }\npolicy {";
    let found = messages(text);
    let begins: Vec<&str> = found.iter().map(|it| it.split('|').next().unwrap_or("").trim()).collect();
    assert_eq!(
        begins,
        [
            "2:36 expected a value, found `on`",
            "3:19 expected a value, found `}`",
            "4:2 expected something that an account holds or `}`, found `usr`",
            "5:15 expected something that a user, group or role has or `}`, found `atach`",
            "7:14 expected `as`, `denied`, `may` or `,`, found `mya`",
            "8:8 the file ends here, and a `}` is missing",
        ]
    );
}

#[test]
fn depth_is_bounded() {
    for (open, most) in [("[", 100_000), ("not ", 100_000), ("(", 100_000)] {
        let text = format!("policy A {{ allow s3:* on * if {}", open.repeat(most));
        let found = messages(&text);
        assert!(found.iter().any(|it| it.contains("nested more than")), "{found:#?}");
        let fine = format!("policy A {{ allow s3:* on * if {}", open.repeat(MAX_DEPTH - 1));
        assert!(!messages(&fine).iter().any(|it| it.contains("nested more than")));
    }
}

/// The canonical layout of a text; formatting it again changes nothing.
fn formatted(text: &str) -> String {
    let once = format(&Source::new("a.gate", text)).unwrap();
    assert_eq!(format(&Source::new("a.gate", once.as_str())).unwrap(), once);
    once
}

#[test]
fn one_layout_and_comments_stay() {
    let text = "#!top\n\n\n\n# of it\naccount   123456789012 \"acme\"{ # opens\n# first\nlet a=[10.0.0.0/8,   2001:db8::/32,]\n\n\n
  policy P{list: allow s3:ListBucket on $a;deny * on * unless aws:SecureTransport}\ngroup g{attach P}\nuser u in g;user v in g{}\n
policy Q { allow s3:GetObject, # why
  # and this
  s3:PutObject on arn:aws:s3:::a/* if aws:TagKeys ForAnyValue:StringEquals [a,b]or not(exists(aws:x)and any( aws:y )in[c]) # end
} # behind\n}\ntest \"t\" { u may s3:GetObject on x with a==b }\n# last";
    assert_eq!(
        formatted(text),
        r#"#!top

# of it
account 123456789012 "acme" { # opens
  # first
  let a = [10.0.0.0/8, 2001:db8::/32]

  policy P {
    list: allow s3:ListBucket on $a
    deny * on * unless aws:SecureTransport
  }
  group g { attach P }
  user u in g
  user v in g {}

  policy Q {
    allow s3:GetObject, # why
        # and this
        s3:PutObject on arn:aws:s3:::a/* if aws:TagKeys ForAnyValue:StringEquals [a, b] or not (exists(aws:x)
        and any(aws:y) in [c]) # end
  } # behind
}
test "t" {
  u may s3:GetObject on x with a = b
}
# last
"#
    );
}

#[test]
fn long_lines_are_broken() {
    let many: Vec<String> = (0..30).map(|at| format!("s3:Action{at}")).collect();
    let text = format!("policy P {{ allow {} on * }}", many.join(", "));
    let text = formatted(&text);
    assert!(text.lines().all(|line| line.len() <= 110) && text.lines().count() > 4, "{text}");
}

#[test]
fn files_are_named_by_what_imports_and_not_by_names() {
    let text = r#"import "a.gate"
policy P from "p.json"
policy from version v1 { allow s3:* on * }
account 1 {
  policy Q { version v1 from "q.json" version v2 { allow s3:* on "import" } }
  role r { trust from "t.json" inline from from "i.json" tag import = "no" }
  resource arn:a { policy from "r.json" }
}
organization o { scp S from "s.json" root from "Root" { unit import "Dev" } }
"#;
    let found = imports(&Source::new("a.gate", text));
    let found: Vec<(&str, bool)> = found.iter().map(|it| (&*it.path, it.is_document)).collect();
    let files = ["p.json", "q.json", "t.json", "i.json", "r.json", "s.json"].map(|path| (path, true));
    assert_eq!(found, [&[("a.gate", false)], &files[..]].concat());
}

#[test]
fn reading_stops_where_nothing_is_understood() {
    let policy = "policy P { allow s3:* on * }";
    let read = |wrong: usize| {
        let source = Source::new("a.gate", format!("{}\n{policy}", "x; ".repeat(wrong)));
        let parsed = parse(&source);
        (parsed.diagnostics.len(), parsed.file.items.len())
    };
    // Of one line one error is shown, and what follows is read; but not behind thousands of them, each of which takes long.
    assert_eq!((read(900), read(300_000)), ((1, 1), (1, 0)));
}

#[test]
fn a_brace_behind_a_comment_stands_on_the_next_line() {
    let text = "policy A # c\n{ allow s3:* on * }\naccount 1 # c\n# d\n { user a # e\n in b # f\n {} \n role r { trust # g\n { allow user a } } }";
    assert_eq!(
        formatted(text),
        "policy A # c
{ allow s3:* on * }
account 1 # c
    # d
{
  user a # e
      in b # f
  {}
  role r {
    trust # g
    { allow user a }
  }
}
"
    );
}

#[test]
fn a_comment_can_stand_anywhere() {
    let text = formatted(ACME);
    let source = Source::new("a.gate", text.as_str());
    for (start, _, _) in Lexer::new(&source).flatten() {
        let (before, behind) = text.split_at(start);
        formatted(&format!("{before} # c\n{behind}"));
        formatted(&format!("{before}\n# c\n\n# d\n{behind}"));
    }
}

const ROUTES: &str = r#"
let reports = arn:aws:reports::
route GET /reports/{id} => reports:Read on $reports:{id}
route  [ GET , "HEAD", ]   /files/{folder}/{path*}=>files:Read   on "arn:aws:files:::{folder}/{path}" ; route * / => a:B on *
policy P { allow a:B on * }
"#;

#[test]
fn routes_have_one_layout() {
    assert_eq!(messages(ROUTES), Vec::<String>::new());
    let source = Source::new("a.gate", ROUTES);
    let parsed = parse(&source);
    let [_, Item::Route(one), Item::Route(two), Item::Route(three), _] = parsed.file.items.as_slice() else {
        panic!()
    };
    assert_eq!((one.path.raw, one.resource.raw), ("/reports/{id}", "$reports:{id}"));
    assert_eq!(
        (two.methods.len(), two.path.raw, two.action.raw),
        (2, "/files/{folder}/{path*}", "files:Read")
    );
    assert_eq!(
        (three.methods[0].raw, three.path.raw, source.slice(three.span)),
        ("*", "/", "route * / => a:B on *")
    );
    let text = formatted(ROUTES);
    assert_eq!(
        text,
        r#"let reports = arn:aws:reports::
route GET /reports/{id} => reports:Read on $reports:{id}
route [GET, "HEAD"] /files/{folder}/{path*} => files:Read on "arn:aws:files:::{folder}/{path}"
route * / => a:B on *
policy P { allow a:B on * }
"#
    );
    // Long ones are broken, and comments stay.
    let long =
        formatted(&format!("route GET /{0}/{{id}} => a:{0} on arn:aws:a:::{0}/{{id}}", "a".repeat(60)));
    assert_eq!(long.lines().map(|line| line.starts_with("    ")).collect::<Vec<_>>(), [false, true, true]);
    let source = Source::new("a.gate", text.as_str());
    for (start, _, _) in Lexer::new(&source).flatten() {
        let (before, behind) = text.split_at(start);
        formatted(&format!("{before} # c\n{behind}"));
        formatted(&format!("{before}\n# c\n\n# d\n{behind}"));
    }
}

/// What stands in braces belongs to a word of a route, and to no other.
#[test]
fn braces_are_blocks_but_in_routes() {
    for text in [
        "route GET /a => a:A on *\naccount 123456789012{}",
        "policy route{allow a:B on *}",
        "let route = a\naccount 1{resource arn:a:b:c:d:e{untagged}user route{attach route}}",
        "route GET /a => a:A on *\npolicy P{allow a:B on *}\norganization route{root r{}}",
    ] {
        assert_eq!(messages(text), Vec::<String>::new(), "{text}");
        formatted(text);
    }
    // One that is not closed ends with its word.
    let found =
        messages("route GET /a/{id => a:A on *\nroute GET /b/{a b} => a:A on *\npolicy P { allow a:B on * }");
    assert_eq!(found, ["2:17 expected `=>`, found `b` | write `=>`"]);
}
