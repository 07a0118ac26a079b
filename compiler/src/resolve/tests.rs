//! What the front end takes, refuses and says, from text to model.

mod documents;
mod snapshots;

use super::*;

const ALICE: &str = "arn:aws:iam::123456789012:user/alice";

/// Resolves one document, attached to a user.
fn attached(document: &str) -> Resolved {
    let attachment = Attachment { principal: ALICE.to_owned(), source: Source::new("doc.json", document) };
    resolve(&[], &[attachment], &Options::default())
}

fn files(texts: &[&str]) -> Resolved {
    let named = |(at, text): (usize, &&str)| Source::new(format!("{at}.json"), *text);
    let sources: Vec<_> = texts.iter().enumerate().map(named).collect();
    resolve(&sources, &[], &Options::default())
}

/// Code and underlined text of every finding.
fn found(resolved: &Resolved) -> Vec<(&'static str, String)> {
    assert_eq!(resolved.model.is_none(), resolved.diagnostics.iter().any(Diagnostic::is_error));
    assert!(resolved.diagnostics.iter().all(|found| found.help.is_some() && !found.message.ends_with('.')));
    assert!(
        resolved
            .diagnostics
            .iter()
            .all(|found| codes::ALL.iter().any(|(code, _)| *code == found.code) || is_json(found.code))
    );
    let text = |found: &Diagnostic| {
        found.labels.first().map_or_else(String::new, |label| label.source.slice(label.span).to_owned())
    };
    resolved.diagnostics.iter().map(|found| (found.code, text(found))).collect()
}

fn is_json(code: &str) -> bool {
    code.starts_with("json-")
        || code.starts_with("gate-")
        || code == "p3-duplicate-key"
        || code.starts_with("p4-")
}

fn codes_of(resolved: &Resolved) -> Vec<&'static str> {
    found(resolved).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn no_principal_is_an_error_that_names_attach() {
    let document = r#"{"Version": "2012-10-17", "Statement": []}"#;
    let resolved = files(&[document]);
    assert!(codes_of(&resolved).contains(&codes::NO_PRINCIPAL));
    assert!(resolved.diagnostics[0].help.as_ref().unwrap().contains("--attach PRINCIPAL=FILE"));
    let options = Options { require_principal: false, ..Options::default() };
    let model = resolve(&[Source::new("a.json", document)], &[], &options).model.unwrap();
    assert_eq!((&*model.policies[0].arn, model.policies.len()), ("a.json", 1));
    assert_eq!(codes_of(&resolve(&[], &[], &Options::default())), [codes::NO_PRINCIPAL]);
}

#[test]
fn attachments_create_their_principal_or_add_to_it() {
    let document =
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let attach = |principal: &str, name: &str| Attachment {
        principal: principal.to_owned(),
        source: Source::new(name, document),
    };
    let role = "arn:aws:iam::123456789012:role/x/r";
    let resolved = resolve(
        &[],
        &[attach(ALICE, "a.json"), attach(ALICE, "b.json"), attach(role, "a.json")],
        &Options::default(),
    );
    let model = resolved.model.unwrap();
    let names: Vec<_> = model.users[0].identity.inline.iter().map(|inline| &*inline.name).collect();
    assert_eq!((names, &*model.roles[0].identity.path), (vec!["a.json", "b.json"], "/x/"));
    assert_eq!(model.files.iter().map(|name| &**name).collect::<Vec<_>>(), ["a.json", "b.json", "a.json"]);
    assert_eq!(model.file(model.roles[0].identity.inline[0].document.origin.file), "a.json");
    for principal in ["alice", "arn:aws:iam::123456789012:group/g", "arn:aws:iam::123456789012:root"] {
        assert_eq!(
            codes_of(&resolve(&[], &[attach(principal, "a.json")], &Options::default())),
            [codes::ATTACH_PRINCIPAL]
        );
    }
    let twice = resolve(&[], &[attach(ALICE, "a.json"), attach(ALICE, "a.json")], &Options::default());
    assert_eq!(codes_of(&twice), [codes::P5_NAME_NOT_UNIQUE]);
    assert_eq!(codes_of(&attached(r#"{"UserDetailList": []}"#)), [codes::ATTACH_NOT_A_DOCUMENT]);
}

#[test]
fn kinds_are_told_by_their_keys() {
    for (text, code) in [
        ("", codes::INPUT_EMPTY),
        ("[]", codes::INPUT_EMPTY),
        ("[1]", codes::INPUT_UNKNOWN_KIND),
        ("\"x\"", codes::INPUT_UNKNOWN_KIND),
        ("{}", codes::INPUT_UNKNOWN_KIND),
        (r#"{"Statements": []}"#, codes::INPUT_UNKNOWN_KIND),
        (r#"{"statement": []}"#, codes::P3_UNKNOWN_ELEMENT),
        (r#"{"Roots": []}"#, codes::SNAPSHOT_FIELD),
        (r#"[{"arn": "x", "account": "y"}]"#, codes::RESOURCE_ARN),
        (r#"{"id": "x", "principal": "p", "action": "a", "resource": "r"}"#, codes::INPUT_UNSUPPORTED_KIND),
        ("{", "json-unclosed-bracket"),
    ] {
        assert!(codes_of(&files(&[text])).contains(&code), "{text}");
    }
    let gate = resolve(&[Source::new("x.gate", "account 1 {")], &[], &Options::default());
    assert_eq!(codes_of(&gate), ["gate-syntax"]);
}

#[test]
fn findings_of_one_code_are_capped_and_errors_come_first() {
    let mut statements = vec![r#"{"Effect": "Allow", "Action": "bad", "Resource": "*"}"#; 500];
    statements.push(r#"{"Effect": "Alow", "Action": "*", "Resource": "*"}"#);
    let resolved = attached(&format!(r#"{{"Statement": [{}]}}"#, statements.join(",")));
    let codes = codes_of(&resolved);
    assert_eq!(codes[0], codes::P2_EFFECT);
    assert_eq!(codes.iter().filter(|&&code| code == codes::A2_MALFORMED_ACTION).count(), 100);
    assert_eq!(codes.iter().filter(|&&code| code == codes::TOO_MANY).count(), 1);
}
