//! Help, completions, the manual page, usage errors and colours.

use std::process::Command;

use crate::command::{Folder, finish, portcullis};

const COMMANDS: [&str; 14] = [
    "build",
    "check",
    "decide",
    "explain",
    "assume",
    "test",
    "fmt",
    "convert",
    "ir",
    "graph",
    "inspect",
    "bench",
    "completions",
    "man",
];

#[test]
fn help_names_every_command_and_has_examples() {
    let folder = Folder::new();
    let help = folder.run(&["--help"]).quiet(0);
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
        let own = folder.run(&[command, "--help"]).quiet(0);
        assert!(own.contains(&format!("Usage: portcullis {command}")), "{own}");
        let plain = ["completions", "man"].contains(&command);
        assert!(
            plain
                || own.contains(&format!("Example:\n  portcullis {command} "))
                || own.contains(&format!("Examples:\n  portcullis {command} ")),
            "{own}"
        );
    }
    assert!(
        help.ends_with("Exit status: 0 fine or allowed, 1 findings or denied, 2 unusable input or usage.\n")
    );
    assert_eq!(folder.run(&["--version"]).quiet(0), format!("portcullis {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn usage_errors_are_status_two() {
    let folder = Folder::new();
    let ask = ["decide", "a.bundle", "--principal", "p", "--action", "a:b", "--resource", "*"];
    let with = |more: &[&'static str]| [&ask, more].concat();
    for (arguments, message) in [
        (vec![], "Usage: portcullis <COMMAND>"),
        (vec!["frobnicate"], "unrecognized subcommand 'frobnicate'"),
        (vec!["build", "in.json"], "--output <FILE>"),
        (vec!["build", "-o", "a.bundle"], "<INPUT>"),
        (vec!["check"], "<INPUT>"),
        (vec!["test"], "<FILE>"),
        (vec!["decide", "a.bundle", "--principal", "p"], "--action <ACTION>"),
        (vec!["check", "x", "--format", "yaml"], "[possible values: human, json, sarif]"),
        (
            vec!["check", "--attach", "alice.json"],
            "expected PRINCIPAL=FILE, such as arn:aws:iam::123456789012:user/alice=alice.json",
        ),
        (with(&["--now", "yesterday"]), "expected epoch seconds or ISO 8601, such as 2026-11-23T10:00:00Z"),
        (with(&["--resource-account", "12"]), "\"12\" is no account: expected 12 digits"),
        (with(&["--contexts", "a=b"]), "'--contexts'"),
    ] {
        let err = folder.run(&arguments).complains(2);
        assert!(err.contains(message), "{arguments:?}: {err}");
    }
}

#[test]
fn completions_and_the_manual_page_know_every_command() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder.run(&["completions", shell]).quiet(0);
        for word in COMMANDS.iter().chain(&["resource-account", "attach"]) {
            assert!(script.contains(word), "{shell} {word}");
        }
    }
    let bash = folder.run(&["completions", "bash"]).quiet(0);
    assert!(bash.contains("complete -F _portcullis"));
    if let Ok(checked) = Command::new("bash").args(["-n", "-c", &bash]).output() {
        assert!(checked.status.success(), "{checked:?}");
    }
    let page = folder.run(&["man"]).quiet(0);
    assert!(page.contains(".TH portcullis 1"));
    assert!(COMMANDS.iter().all(|command| page.contains(command)));
}

/// Files and pipes get no escape sequences; a terminal gets colours, unless NO_COLOR is set.
#[test]
fn colours_are_for_terminals() {
    let folder = Folder::new();
    folder.build_acme("a.bundle");
    folder.write("a.json", "{\"Statement\": 1}");
    let ask = ["decide", "a.bundle", "--principal", "p", "--action", "a:b", "--resource", "*"];
    let why = [&["explain"], &ask[1..]].concat();
    for arguments in
        [&ask[..], &why, &["check", "a.json"], &["decide", "none"], &["--help"], &["check", "none"]]
    {
        let done = folder.run(arguments);
        assert!(!done.out.contains('\u{1b}') && !done.err.contains('\u{1b}'), "{done:?}");
    }
    // `script` gives its child a terminal.
    let on_a_terminal = |arguments: &str, no_color: bool| {
        let shell = format!("{} {arguments}", env!("CARGO_BIN_EXE_portcullis"));
        let mut command = Command::new("script");
        command.args(["-qec", &shell, "/dev/null"]).current_dir(folder.path(""));
        for (name, _) in std::env::vars_os() {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        if no_color {
            command.env("NO_COLOR", "1");
        }
        finish(command, b"")
    };
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("SKIPPED: there is no `script` that gives a program a terminal");
        return;
    }
    let words = ask[1..].join(" ").replace('*', "'*'");
    let why = format!("explain {words}");
    for arguments in
        [format!("decide {words}"), why, "check a.json".to_owned(), "decide none --requests -".to_owned()]
    {
        assert!(on_a_terminal(&arguments, false).out.contains("\u{1b}["), "{arguments}");
        let plain = on_a_terminal(&arguments, true);
        assert!(!plain.out.contains('\u{1b}') && !plain.out.is_empty(), "{plain:?}");
    }
}

/// THREATS, in kind: what an input says must not steer the terminal of the one who reads it.
#[test]
fn names_from_inputs_do_not_steer_the_terminal() {
    let folder = Folder::new();
    folder.write(
        "a.json",
        r#"{"UserDetailList": [{"UserName": "a", "Arn": "arn:aws:iam::123456789012:user/a", "UserPolicyList": [{"PolicyName":
            "\u001b[2J\nallow\u202e", "PolicyDocument": {"Version": "2012-10-17", "Statement": {"Sid": "\u001b[1m", "Effect": "Deny",
            "Action": "*", "Resource": ["*"]}}}]}]}"#,
    );
    folder.run(&["build", "a.json", "-o", "a.bundle", "--quiet"]).quiet(0);
    let user = "arn:aws:iam::123456789012:user/a";
    let mut command = portcullis(
        &folder.path(""),
        &["decide", "a.bundle", "--principal", user, "--action", "a:b", "--resource", "*"],
    );
    command.env("CLICOLOR_FORCE", "1");
    let done = finish(command, b"");
    assert_eq!(
        done.quiet(1),
        "\u{1b}[1;31mexplicit_deny\u{1b}[0m (layer: identity)\n  denied by statement \"\\u{1b}[1m\" of \
         arn:aws:iam::123456789012:user/a#\\u{1b}[2J\\u{a}allow\\u{202e}\n    at a.json:2:96\n"
    );
    let ask =
        ["explain", "a.bundle", "--principal", user, "--action", "a:b\u{1b}", "--resource", "*\u{202e}"];
    let why = folder.run(&ask).quiet(1);
    assert!(!why.contains(['\u{1b}', '\u{202e}']) && why.contains("a#\\u{1b}[2J\\u{a}allow"), "{why}");
    let origins = folder.run(&["ir", "a.bundle", "--origins"]).quiet(0);
    assert!(!origins.contains(['\u{1b}', '\u{202e}']) && origins.lines().count() == 3, "{origins}");
}
