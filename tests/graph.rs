//! `portcullis graph`: the pictures of the examples, as DOT in snapshots and as SVG to be read, and pictures of worlds made by chance.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]

#[path = "support/command.rs"]
mod command;
#[path = "support/worlds.rs"]
mod worlds;

use command::{Folder, ROOT, example};

const ALICE: &str = "arn:aws:iam::123456789012:user/alice";

/// The pictures of the examples: name, and arguments behind the input.
fn pictures() -> Vec<(&'static str, String, Vec<&'static str>)> {
    let request = |principal: &'static str, resource: &'static str| {
        vec!["--request", "--principal", principal, "--action", "s3:GetObject", "--resource", resource]
    };
    let reader = "arn:aws:sts::444455556666:assumed-role/reader/task-1";
    let mut near = request(ALICE, "arn:aws:s3:::acme-reports/q3.csv");
    near.extend(["--context", "aws:SourceIp=192.0.2.1"]);
    vec![
        ("access", example("acme.gate"), vec![]),
        ("access-organization", example("organization"), vec![]),
        (
            "access-deployer",
            example("organization"),
            vec!["--principal", "arn:aws:iam::111122223333:role/deployer"],
        ),
        ("automaton", example("acme.gate"), vec!["--automaton", "--principal", ALICE]),
        (
            "automaton-get-object",
            example("acme.gate"),
            vec!["--automaton", "--principal", ALICE, "--action", "s3:GetObject"],
        ),
        ("request", example("acme.gate"), near),
        (
            "request-organization",
            example("organization"),
            request(reader, "arn:aws:s3:::acme-reports/public/q3.csv"),
        ),
    ]
}

#[test]
fn pictures_of_the_examples_as_dot() {
    let folder = Folder::new();
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(format!("{ROOT}/tests/fixtures/graph"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (name, input, arguments) in pictures() {
        let arguments: Vec<&str> = ["graph", &input].into_iter().chain(arguments).collect();
        let dot = folder.run(&arguments).quiet(0);
        settings.bind(|| insta::assert_snapshot!(name, dot));
    }
}

/// Numbers of an element's attributes.
fn numbers(tag: &str, names: [&str; 4]) -> [f64; 4] {
    names.map(|name| {
        let (_, rest) = tag.split_once(&format!(" {name}=\"")).unwrap_or_else(|| panic!("{name}: {tag}"));
        rest.split('"').next().unwrap().parse().unwrap()
    })
}

/// Every element is closed, and what is text is escaped.
fn assert_well_formed(svg: &str) {
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').unwrap_or_else(|| panic!("{tag}"));
        assert!(!text.contains('>'), "{text}");
        for entity in text.split('&').skip(1) {
            assert!(
                ["amp;", "lt;", "gt;", "quot;"].iter().any(|known| entity.starts_with(known)),
                "{entity}"
            );
        }
        let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap();
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) => assert_eq!(open.pop(), Some(name), "{tag}"),
            (_, false) => open.push(name),
            _ => assert_eq!(tag.matches('"').count() % 2, 0, "{tag}"),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

/// Nothing reaches out of the picture, and no box stands over another box or the text of an arrow.
fn assert_legible(svg: &str) {
    assert_well_formed(svg);
    let (wide, high) = {
        let [_, _, wide, high] = numbers(svg, ["width", "height", "width", "height"]);
        (wide, high)
    };
    let mut places: Vec<[f64; 4]> = Vec::new();
    for class in ["box", "label"] {
        let start = format!("<rect class=\"{class}\"");
        let tags = svg.split(&start).skip(1);
        places.extend(tags.map(|tag| numbers(tag, ["x", "y", "width", "height"])));
    }
    for (number, one) in places.iter().enumerate() {
        assert!(one[0] + one[2] <= wide && one[1] + one[3] <= high, "{one:?} of {wide} × {high}");
        for other in places.iter().skip(number + 1) {
            let apart = |at: usize| {
                one[at] + one[at + 2] <= other[at] + 0.3 || other[at] + other[at + 2] <= one[at] + 0.3
            };
            assert!(apart(0) || apart(1), "{one:?} {other:?}");
        }
    }
}

#[test]
fn pictures_of_the_examples_as_svg() {
    let folder = Folder::new();
    for (name, input, arguments) in pictures() {
        let arguments: Vec<&str> = ["graph", &input, "-o", "a.svg"].into_iter().chain(arguments).collect();
        folder.run(&arguments).quiet(0);
        let svg = String::from_utf8(folder.read("a.svg")).unwrap();
        assert_legible(&svg);
        assert!(svg.matches("<rect class=\"box\"").count() >= 5, "{name}");
    }
    assert_eq!(folder.names("."), ["a.svg"]);
}

/// The picture in the README is what the command draws.
#[test]
fn the_committed_picture_is_up_to_date() {
    let committed = format!("{ROOT}/examples/pictures/acme.svg");
    let drawn = Folder::new().run(&["graph", &example("acme.gate"), "--format", "svg"]).quiet(0);
    if std::env::var_os("INSTA_UPDATE").is_some_and(|how| how == "always") {
        std::fs::write(&committed, &drawn).unwrap();
    }
    assert!(
        std::fs::read_to_string(&committed).unwrap().replace("\r\n", "\n") == drawn,
        "portcullis graph examples/acme.gate -o examples/pictures/acme.svg"
    );
}

#[test]
fn inputs_in_any_order_and_their_bundle_give_one_picture() {
    let folder = Folder::new();
    let files = ["analytics.json", "organization.json", "reports.json", "resources.json"]
        .map(|name| format!("{}/{name}", example("organization")));
    let run = |inputs: &[&str]| folder.run(&[&["graph", "--format", "svg"], inputs].concat()).quiet(0);
    let one = run(&files.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(run(&files.iter().rev().map(String::as_str).collect::<Vec<_>>()), one);
    folder.run(&["build", &example("organization"), "-o", "a.bundle"]).quiet(0);
    assert_eq!(run(&["a.bundle"]), one);
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let folder = Folder::new();
    let acme = &example("acme.gate");
    for (arguments, message) in [
        (
            vec![acme, "--principal", "bob"],
            "no user or role of the inputs has the ARN bob; did you mean arn:aws:iam::123456789012:user/bob?",
        ),
        (
            vec![acme, "--principal", "arn:aws:iam::123456789012:user/alise"],
            "did you mean arn:aws:iam::123456789012:user/alice?",
        ),
        (
            vec![acme, "--automaton", "--principal", "arn:aws:iam::123456789012:group/analysts"],
            "no user or role of the inputs has the ARN",
        ),
        (vec![acme, "--automaton"], "--principal <ARN>"),
        (vec![acme, "--request", "--principal", ALICE, "--action", "s3:GetObject"], "--resource <RESOURCE>"),
        (
            vec![acme, "--principal", ALICE, "--action", "s3:GetObject"],
            "--action needs --automaton, or --request and --resource",
        ),
        (
            vec![acme, "--automaton", "--principal", ALICE, "--action", "GetObject"],
            "expected one such as s3:GetObject",
        ),
        (vec![acme, "--principal", ALICE, "--context", "a=b"], "--request"),
        (vec![acme, "-o", "a.png"], "end it in .svg or .dot, or give --format"),
        (vec![acme, "-o", "missing/a.svg"], "its folder is not there"),
        (vec!["missing.json"], "there is no such file or folder"),
    ] {
        let arguments: Vec<&str> = [&["graph"], &arguments[..]].concat();
        let err = folder.run(&arguments).complains(2);
        assert!(err.contains(message), "{arguments:?}: {err}");
    }
    assert_eq!(folder.names("."), Vec::<String>::new());
    folder.run(&["build", acme, "-o", "a.bundle", "--strip"]).quiet(0);
    let err = folder.run(&["graph", "a.bundle"]).complains(2);
    assert!(err.contains("does not hold its model"), "{err}");
}

/// Names of an input never become markup.
#[test]
fn names_are_escaped() {
    let folder = Folder::new();
    folder.write(
        "a.json",
        r#"{"UserDetailList": [{"UserName": "a", "Arn": "arn:aws:iam::123456789012:user/a", "UserPolicyList": [{"PolicyName": "<b>\"&\\N\n",
            "PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}]}]}"#,
    );
    let dot = folder.run(&["graph", "a.json"]).quiet(0);
    assert!(dot.contains(r#"label="inline policy\n<b>\"&amp;\\N\\u{a}""#), "{dot}");
    let svg = folder.run(&["graph", "a.json", "--format", "svg"]).quiet(0);
    assert_well_formed(&svg);
    assert!(svg.contains(r"&lt;b&gt;&quot;&amp;\N\u{a}</text>"), "{svg}");
}

#[test]
fn what_is_too_large_to_be_read_is_refused_as_svg() {
    let folder = Folder::new();
    let users: Vec<String> = (0..400)
        .map(|number| {
            format!(
                r#"{{"UserName": "u{number}", "Arn": "arn:aws:iam::123456789012:user/u{number}", "UserPolicyList": [{{"PolicyName": "p",
                    "PolicyDocument": {{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}}}}}]}}"#
            )
        })
        .collect();
    folder.write("a.json", format!(r#"{{"UserDetailList": [{}]}}"#, users.join(",")));
    let err = folder.run(&["graph", "a.json", "-o", "a.svg"]).complains(2);
    assert_eq!(
        err,
        "error: 800 boxes and 400 arrows are too many to be drawn legibly: give --principal for one identity alone; --format dot writes all of it\n"
    );
    let one = folder.run(&[
        "graph",
        "a.json",
        "--principal",
        "arn:aws:iam::123456789012:user/u7",
        "--format",
        "svg",
    ]);
    assert_legible(&one.quiet(0));
    assert_eq!(folder.run(&["graph", "a.json"]).quiet(0).lines().count(), 1_205);
}

/// Any world has its pictures.
#[test]
fn worlds_by_chance() {
    let folder = Folder::new();
    for seed in 0..25 {
        let world = worlds::world(seed, 3);
        folder.write("a.json", &world.snapshot);
        for format in ["dot", "svg"] {
            let done = folder.run(&["graph", "a.json", "--format", format]);
            assert_eq!((done.status, done.err.as_str()), (0, ""), "seed {seed}");
            if format == "svg" {
                assert_legible(&done.out);
            }
        }
        for request in &world.requests {
            let asked = ["--principal", &request.principal, "--action", &request.action];
            let request: &[&str] =
                &["graph", "a.json", "--format", "svg", "--request", "--resource", &request.resource];
            let done = folder.run(&[request, &asked].concat());
            assert_eq!((done.status, done.err.as_str()), (0, ""), "seed {seed} {asked:?}");
            assert_legible(&done.out);
            let done =
                folder.run(&[&["graph", "a.json", "--automaton", "--format", "dot"], &asked[..2]].concat());
            let unknown = done.err.contains("no user or role") && done.status == 2;
            assert!(
                unknown || (done.status, done.err.as_str()) == (0, ""),
                "seed {seed} {asked:?}: {}",
                done.err
            );
            assert!(unknown || done.out.starts_with("digraph "), "{}", done.out);
        }
    }
}
