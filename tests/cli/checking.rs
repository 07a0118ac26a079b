//! `check`, and how inputs are refused: what is wrong, where, and what to do; exit status 2, and all errors of all files at once.

use serde_json::{Value, json};

use crate::command::{Done, Folder, ROOT, example};

const ALICE: &str = "arn:aws:iam::123456789012:user/alice";

/// Checks a document, attached to a user.
fn check(document: impl AsRef<[u8]>) -> Done {
    let folder = Folder::new();
    folder.write("a.json", document);
    let attach = format!("{ALICE}=a.json");
    let done = folder.run(&["check", "--attach", &attach]);
    // What check refuses, build refuses with the same words, and ir too.
    if done.status == 2 {
        let build = folder.run(&["build", "--attach", &attach, "-o", "a.bundle"]);
        assert_eq!((build.status, &build.err, folder.names(".")), (2, &done.err, vec!["a.json".to_owned()]));
        assert_eq!(folder.run(&["ir", "--attach", &attach]), done);
    }
    done
}

/// A document with one statement of these members.
fn statement(members: &str) -> String {
    format!("{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": {{\n    {members}\n  }}\n}}\n")
}

#[test]
fn clean_inputs_say_nothing() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["check", &example("acme")]).quiet(0), "");
    let done = folder.run(&["check", &example("acme"), "--format", "json"]);
    assert_eq!(done.json(), json!({"errors": 0, "warnings": 0, "diagnostics": [], "silenced": []}));
    assert_eq!(done.status, 0);
}

#[test]
fn a_misspelt_element_is_one_error_with_a_suggestion() {
    let done = check(statement(r#""Effect": "Allow", "Action": "s3:GetObject", "Resources": "*""#));
    assert_eq!(
        done.complains(2),
        "error[p3-unknown-element]: a statement has no element `Resources`\n --> a.json:4:50\n  |\n\
         4 |     \"Effect\": \"Allow\", \"Action\": \"s3:GetObject\", \"Resources\": \"*\"\n  \
         |                                                  ^^^^^^^^^^^\n  |\n  = help: did you mean `Resource`?\n\n\
         1 error, 0 warnings\n"
    );
}

/// The README shows an error: it is the one that comes.
#[test]
fn the_readme_shows_the_error_that_comes() {
    let folder = Folder::new();
    let document = std::fs::read_to_string(example("acme") + "/policies/contractor.json").unwrap();
    folder.write("policies/contractor.json", document.replace("\"Resource\"", "\"Resources\""));
    let message = folder.run(&["check", "policies"]).complains(2);
    let readme = std::fs::read_to_string(format!("{ROOT}/README.md")).unwrap();
    assert!(readme.contains(&format!("```text\n{message}```\n")), "{message}");
}

#[test]
fn an_unknown_version_names_the_valid_ones() {
    let message = check(r#"{"Version": "2020-05-01", "Statement": []}"#).complains(2);
    assert!(message.starts_with(
        "error[p1-unknown-version]: there is no policy language version `2020-05-01`\n --> a.json:1:13\n"
    ));
    assert!(
        message.contains("^^^^^^^^^^^^") && message.contains("2012-10-17") && message.contains("2008-10-17")
    );
}

#[test]
fn a_duplicate_key_shows_both_places() {
    let message = check(statement(
        "\"Effect\": \"Allow\", \"Action\": \"*\",\n    \"Effect\": \"Deny\", \"Resource\": \"*\"",
    ))
    .complains(2);
    assert!(
        message.starts_with(
            "error[p3-duplicate-key]: the key \"Effect\" occurs twice in one object\n --> a.json:5:5\n"
        ),
        "{message}"
    );
    assert!(message.contains("here again") && message.contains("first here"), "{message}");
    assert!(message.ends_with("1 error, 0 warnings\n"), "{message}");
}

#[test]
fn an_unknown_operator_is_an_error_and_never_skipped() {
    let message = check(statement(
        r#""Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringEqual": {"k": "v"}}"#,
    ))
    .complains(2);
    assert!(
        message.starts_with("error[c3-unknown-operator]: there is no condition operator `StringEqual`\n"),
        "{message}"
    );
    assert!(message.contains("= help: did you mean `StringEquals`?\n"), "{message}");
}

#[test]
fn invalid_utf8_has_a_place_a_code_and_a_fix() {
    let message =
        check(b"{\"Version\": \"2012-10-17\",\n \"Statement\": [], \"Id\": \"\xc3\xbc\xfcx\"}\n\xff")
            .complains(2);
    assert_eq!(
        message,
        "error[p4-not-utf8]: the byte 0xfc begins no character of UTF-8\n --> a.json:2:27\n  |\n\
         2 |  \"Statement\": [], \"Id\": \"\u{fc}\u{fffd}x\"}\n  |                           ^\n  |\n  \
         = help: save the file as UTF-8\n\n1 error, 0 warnings\n"
    );
    let message = check(b"\xff\xfe{\0}\0").complains(2);
    assert!(
        message.contains("a.json:1:1")
            && message.contains("= help: this looks like UTF-16; save the file as UTF-8"),
        "{message}"
    );
}

/// THREATS: deep nesting.
#[test]
fn ten_thousand_nested_brackets_are_refused() {
    for text in ["[".repeat(10_000), "{\"a\":".repeat(10_000), "[".repeat(10_000) + &"]".repeat(10_000)] {
        let message = check(&text).complains(2);
        assert!(message.starts_with("error[p4-too-deep]: "), "{message}");
        assert!(message.contains("--> a.json:1:") && message.contains("= help: "), "{message}");
        assert!(message.len() < 1_000 && message.ends_with("1 error, 0 warnings\n"), "{message}");
    }
}

#[test]
fn missing_files_are_errors_like_others() {
    let folder = Folder::new();
    let message = folder.run(&["check", "none.json"]).complains(2);
    assert_eq!(
        message,
        "error[input-unreadable]: cannot read none.json: there is no such file or folder\n--> none.json\n = help: check the path, and \
         that the file may be read\n\n1 error, 0 warnings\n"
    );
    for command in [vec!["ir", "none.json"], vec!["build", "none.json", "-o", "a"], vec!["test", "none.json"]]
    {
        assert_eq!(folder.run(&command).complains(2), message, "{command:?}");
    }
    folder.write("empty/notes.txt", "");
    let message = folder.run(&["check", "empty"]).complains(2);
    assert!(
        message.starts_with("error[input-empty]: no .json, .jsonl or .gate file below the folder empty\n"),
        "{message}"
    );
}

/// THREATS: bad file skipped. One wrong input fails the build, and every wrong one is named.
#[test]
fn all_errors_of_all_files_come_at_once() {
    let folder = Folder::new();
    folder.write("in/a.json", statement(r#""Effect": "Alow", "Action": "*", "Resource": "*""#));
    folder.write("in/b.json", "{\"Version\": \"2012-10-17\", Statement: []}");
    folder.write("in/c.json", b"\xff");
    folder.write(
        "in/sub/d.json",
        statement(r#""Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::${""#),
    );
    let done = folder.run(&["check", "in", "none.json", "--format", "json"]);
    let found = done.json();
    let places: Vec<(&str, &str)> = found["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| (found["place"]["file"].as_str().unwrap(), found["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        places,
        [
            ("in/c.json", "p4-not-utf8"),
            ("none.json", "input-unreadable"),
            ("in/a.json", "p2-effect"),
            ("in/b.json", "json-key-expected"),
            ("in/sub/d.json", "x1-malformed-variable"),
        ]
    );
    assert_eq!((done.status, done.err.as_str(), &found["errors"]), (2, "", &json!(5)));
    let message = folder.run(&["build", "in", "none.json", "-o", "a.bundle"]).complains(2);
    for (file, code) in places {
        assert!(
            message.contains(&format!("--> {file}")) && message.contains(&format!("error[{code}]")),
            "{message}"
        );
    }
}

#[test]
fn findings_for_machines_have_all_their_fields() {
    let folder = Folder::new();
    folder.write(
        "a.json",
        statement(
            "\"Effect\": \"Allow\", \"Action\": \"s3\",\n    \"Effect\": \"Allow\", \"Resource\": \"*\"",
        ),
    );
    let arguments = ["check", "--format", "json", "--attach", "arn:aws:iam::123456789012:user/alice=a.json"];
    let done = folder.run(&arguments);
    assert_eq!((done.status, done.err.as_str()), (2, ""));
    let place = |line: u32, column: u32, text: &str, label: &str| {
        json!({
            "file": "a.json", "line": line, "column": column, "end_line": line,
            "end_column": column as usize + text.len(), "text": text, "label": label
        })
    };
    assert_eq!(
        done.json(),
        json!({
            "errors": 1, "warnings": 1,
            "diagnostics": [
                {
                    "code": "p3-duplicate-key", "severity": "error",
                    "message": "the key \"Effect\" occurs twice in one object",
                    "place": place(5, 5, "\"Effect\"", "here again"),
                    "related": [place(4, 5, "\"Effect\"", "first here")],
                    "help": "keep one of them; where both are meant, put both values into one list"
                },
                {
                    "code": "a2-malformed-action", "severity": "warning",
                    "message": "`s3` matches no action: it names no service",
                    "place": place(4, 34, "\"s3\"", ""), "related": [],
                    "help": "write service:Name, such as s3:GetObject; for every action *"
                }
            ],
            "silenced": []
        })
    );
    // Whatever the inputs, there is JSON on standard output.
    for (input, code) in [
        (b"\xff".as_slice(), "p4-not-utf8"),
        (b"", "input-empty"),
        (b"[", "json-unclosed-bracket"),
        (b"7", "input-unknown-kind"),
    ] {
        folder.write("b.json", input);
        let done = folder.run(&["check", "b.json", "--format", "json"]);
        assert_eq!((done.status, &done.json()["diagnostics"][0]["code"]), (2, &Value::from(code)));
    }
}

#[test]
fn attachments_need_a_principal_and_a_document() {
    let folder = Folder::new();
    folder.write("a.json", statement(r#""Effect": "Allow", "Action": "*", "Resource": "*""#));
    folder.write("snapshot.json", r#"{"UserDetailList": []}"#);
    for (attach, message) in [
        (
            "alice=a.json",
            "error[attach-principal]: `alice` is no principal that a policy can be attached to: it is not of the form \
             arn:partition:iam::account:kind/name\n --> a.json:1:1\n  |\n1 | {\n  | ^ this document was to be attached\n  |\n  \
             = help: write arn:aws:iam::ACCOUNT:user/NAME or arn:aws:iam::ACCOUNT:role/NAME\n\n1 error, 0 warnings\n",
        ),
        (
            "arn:aws:iam::123456789012:user/alice=snapshot.json",
            "error[attach-not-a-document]: only a policy document can be attached\n --> snapshot.json:1:1\n  |\n\
             1 | {\"UserDetailList\": []}\n  | ^^^^^^^^^^^^^^^^^^^^^^\n  |\n  = help: attach a file that holds one policy document, with \
             `Statement` at the top\n\n1 error, 0 warnings\n",
        ),
    ] {
        assert_eq!(folder.run(&["check", "--attach", attach]).complains(2), message);
    }
    assert!(
        folder
            .run(&["check", "--attach", &format!("{ALICE}=none.json")])
            .complains(2)
            .contains("error[input-unreadable]")
    );
}

#[test]
fn warnings_alone_are_status_one_and_build_goes_on() {
    let folder = Folder::new();
    folder.write("a.json", statement(r#""Effect": "Allow", "Action": "s3:Get Object", "Resource": "*""#));
    let attach = format!("{ALICE}=a.json");
    let done = folder.run(&["check", "--attach", &attach]);
    assert!(done.complains(1).ends_with("0 errors, 1 warning\n"));
    let done = folder.run(&["build", "--attach", &attach, "-o", "a.bundle"]);
    assert_eq!(done.complains(0), "1 warning; `portcullis check` shows it\n");
    folder.run(&["build", "--attach", &attach, "-o", "a.bundle", "--quiet"]).quiet(0);
}

/// The text in the message is the text of the file, however long its line is.
#[test]
fn a_snapshot_on_one_long_line_shows_the_place_alone() {
    let folder = Folder::new();
    let users: Vec<String> = (0..500)
        .map(|number| {
            format!(r#"{{"UserName": "u{number}", "Arn": "arn:aws:iam::123456789012:user/u{number}", "GroupList": []}}"#)
        })
        .collect();
    let text = format!(r#"{{"UserDetailList": [{}]}}"#, users.join(", "));
    let place = text.find("user/u250").unwrap();
    folder.write("a.json", text.replacen(":user/u250", ":user/x250", 1));
    let message = folder.run(&["check", "a.json"]).complains(2);
    let column = text[..place].rfind('"').unwrap() + 1;
    assert!(message.contains(&format!("--> a.json:1:{column}\n")), "{message}");
    assert!(
        message.contains("user/x250") && message.lines().all(|line| line.chars().count() < 200),
        "{message}"
    );
}
