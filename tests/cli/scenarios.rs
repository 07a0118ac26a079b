//! `test`: scenario files, for people and for machines, with exit statuses.

use serde_json::{Value, json};

use crate::command::{Folder, ROOT, example, shared_data};

fn fixture(name: &str) -> String {
    format!("{ROOT}/tests/fixtures/scenarios/{name}")
}

fn lines(name: &str) -> Vec<String> {
    std::fs::read_to_string(fixture(name)).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn cases_that_pass_are_counted() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["test", &fixture("fields.jsonl")]).quiet(0), "6 passed, 0 failed\n");
    assert_eq!(folder.run(&["test", &example("scenarios.jsonl")]).quiet(0), "3 passed, 0 failed\n");
    let input = std::fs::read(fixture("fields.jsonl")).unwrap();
    assert_eq!(folder.run_with(&["test", "-"], &input).quiet(0), "6 passed, 0 failed\n");
    folder.write("in/a.jsonl", &input);
    folder.write("in/b.jsonl", &input);
    assert_eq!(folder.run(&["test", "in"]).quiet(0), "12 passed, 0 failed\n");
}

#[test]
fn one_json_line_a_case_in_order() {
    let folder = Folder::new();
    let done = folder.run(&["test", "--format", "jsonl", &fixture("fields.jsonl")]);
    assert_eq!((done.status, done.err.as_str()), (0, ""));
    let cases: Vec<Value> =
        lines("fields.jsonl").iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected: Vec<Value> = cases
        .iter()
        .map(|case| {
            let effect = &case["expected"];
            json!({"id": case["id"], "expected": effect, "actual": effect, "reference": effect, "pass": true})
        })
        .collect();
    assert_eq!(done.json_lines(), expected);
}

/// A case of every layer: all answered by the bundle and by the reference.
#[test]
fn every_layer_is_evaluated() {
    let folder = Folder::new();
    let file = fixture("layers.jsonl");
    let done = folder.run(&["test", "--format", "jsonl", &file]);
    let answers = done.json_lines();
    assert_eq!((done.status, done.err.as_str(), answers.len()), (0, "", lines("layers.jsonl").len()));
    for answer in answers {
        assert_eq!((&answer["actual"], &answer["reference"]), (&answer["expected"], &answer["expected"]));
    }
}

/// A case that does not compile is said, with its expectation.
#[test]
fn what_does_not_compile_is_said_case_by_case() {
    let folder = Folder::new();
    let good = lines("layers.jsonl").swap_remove(0);
    let wrong = good.replace("\"Effect\": \"Allow\"", "\"Effect\": \"allow\"");
    assert_ne!(wrong, good);
    folder.write("a.jsonl", wrong);
    let done = folder.run(&["test", "--format", "jsonl", "a.jsonl"]);
    let case: Value = serde_json::from_str(&good).unwrap();
    let message = "`allow` is no effect";
    assert_eq!(
        (done.status, done.json_lines()),
        (
            1,
            vec![json!({
                "id": case["id"], "expected": case["expected"], "actual": "error", "reference": null,
                "pass": false, "message": message
            })]
        )
    );
}

#[test]
fn failures_errors_and_cases_without_expectation() {
    let folder = Folder::new();
    let good = lines("fields.jsonl").swap_remove(0);
    let wrong = good
        .replace("\"expected\": \"allow\"", "\"expected\": \"explicit_deny\"")
        .replace("sample/", "wrong/");
    let unjudged = good.replace(", \"expected\": \"allow\"", "").replace("sample/", "unjudged/");
    assert!(wrong != good && unjudged != good);
    folder.write("a.jsonl", format!("{wrong}\n\n{good}\n{unjudged}"));
    assert_eq!(
        folder.run(&["test", "a.jsonl"]).quiet(1),
        "FAIL wrong/identity-allow (a.jsonl:1)\n  expected explicit_deny, the bundle says allow (layer: identity)\n\
         note unjudged/identity-allow (a.jsonl:4)\n  expected nothing, the bundle says allow (layer: identity)\n\
         1 passed, 1 failed, 1 without expectation\n"
    );
    let answers = folder.run(&["test", "a.jsonl", "--format", "jsonl"]).json_lines();
    assert_eq!(
        answers[2],
        json!({"id": "unjudged/identity-allow", "expected": null, "actual": "allow", "reference": "allow", "pass": null})
    );
    // Without expectation nothing fails.
    folder.write("b.jsonl", &unjudged);
    assert_eq!(folder.run(&["test", "b.jsonl"]).status, 0);
}

#[test]
fn unreadable_lines_are_status_two_and_the_others_are_answered() {
    let folder = Folder::new();
    let good = lines("fields.jsonl").swap_remove(0);
    let field = good.replace("\"action\"", "\"acton\"");
    folder.write("a.jsonl", format!("{good}\n{{\"id\": \"x\"\n{field}\n[]\n{good}\n"));
    let done = folder.run(&["test", "a.jsonl", "--format", "jsonl"]);
    assert_eq!((done.status, done.err.as_str()), (2, "2 lines are no scenario\n"));
    let answers = done.json_lines();
    let pass: Vec<&Value> = answers.iter().map(|answer| &answer["pass"]).collect();
    assert_eq!(pass, [&json!(true), &Value::Null, &json!(false), &Value::Null, &json!(true)]);
    assert_eq!(answers[1]["line"], 2);
    assert_eq!(
        answers[3],
        json!({"id": null, "line": 4, "actual": "error", "message": "a scenario has to be an object, not a list"})
    );
    assert_eq!(answers[2]["message"], "a scenario has no field `acton`");
    let human = folder.run(&["test", "a.jsonl"]);
    assert_eq!(human.status, 2);
    assert!(
        human
            .out
            .contains("FAIL sample/identity-allow (a.jsonl:3)\n  error: a scenario has no field `acton`\n  help: did you mean `action`?\n"),
        "{}",
        human.out
    );
    assert!(human.out.ends_with("2 passed, 3 failed\n"), "{}", human.out);
}

#[test]
fn unreadable_files_are_status_two() {
    let folder = Folder::new();
    let message = folder.run(&["test", "none.jsonl"]).complains(2);
    assert!(message.starts_with("error[input-unreadable]: "), "{message}");
    folder.write("latin.jsonl", b"{\"id\": \"\xff\"}");
    let message = folder.run(&["test", "latin.jsonl", "--format", "jsonl"]).complains(2);
    assert!(
        message.starts_with("error[p4-not-utf8]: ") && message.contains("--> latin.jsonl:1:9"),
        "{message}"
    );
}

/// The cases of the shared sample: those of layers that are built pass, the others are errors, none is wrong.
#[test]
fn the_shared_sample_is_read() {
    let Some(file) = shared_data("scenarios-sample.jsonl") else { return };
    let done = Folder::new().run(&["test", "--format", "jsonl", &file]);
    for answer in done.json_lines() {
        assert!(answer["pass"] == true || answer["actual"] == "error", "{answer}");
    }
}

/// A file that lost its contents must not pass for one whose cases all do.
#[test]
fn a_file_without_scenarios_is_unusable() {
    let folder = Folder::new();
    folder.write("empty.jsonl", "\n");
    let message = folder.run(&["test", "empty.jsonl"]).complains(2);
    assert!(message.contains("no scenario"), "{message}");
}
