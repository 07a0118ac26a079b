//! Routes at the command line: decided by, printed, compared, and not lost.

use serde_json::json;

use super::command::{Folder, ROOT, example};

const ALICE: &str = "arn:aws:iam::123456789012:user/alice";
const BOB: &str = "arn:aws:iam::123456789012:user/bob";

/// A folder with the example behind a gateway, built.
fn reports() -> Folder {
    let folder = Folder::new();
    folder.run(&["build", &example("gateway/reports.gate"), "-o", "reports.bundle"]).quiet(0);
    folder
}

#[test]
fn the_example_holds() {
    let folder = reports();
    let file = example("gateway/reports.gate");
    folder.run(&["check", "--all", &file]).quiet(0);
    folder.run(&["fmt", "--check", &file]).quiet(0);
    let said = folder.run(&["test", &file, "--coverage"]).quiet(0);
    assert!(said.contains("5 of 5 statements decided a question"), "{said}");
    // The README shows its routes.
    let (text, readme) =
        [file, format!("{ROOT}/README.md")].map(|path| std::fs::read_to_string(path).unwrap()).into();
    let routes: String =
        text.lines().filter(|it| it.starts_with("route ")).map(|it| format!("{it}\n")).collect();
    assert!(readme.contains(&format!("```text\n{routes}```\n")), "{routes}");
}

#[test]
fn a_request_of_http_is_decided() {
    let folder = reports();
    let decide = |principal: &str, route: &str| {
        let asked =
            ["decide", "reports.bundle", "--principal", principal, "--route", route, "--format", "json"];
        let done = folder.run(&asked);
        let answer = done.json();
        (
            done.status,
            answer["decision"].as_str().unwrap().to_owned(),
            answer["reason"].as_str().unwrap().to_owned(),
        )
    };
    for (principal, route, status, reason) in [
        (ALICE, "GET /reports", 0, "statement"),
        (ALICE, "GET /reports?page=2", 0, "statement"),
        (ALICE, "HEAD /reports/7", 0, "statement"),
        (ALICE, "GET /reports/drafts/q3%20final", 0, "statement"),
        (ALICE, "GET /reports/board/q3", 1, "statement"),
        (ALICE, "PUT /reports/drafts/q3", 1, "no_statement"),
        (BOB, "PUT /reports/drafts/2026/q3", 0, "statement"),
        (BOB, "PUT /reports/7", 1, "no_statement"),
        (BOB, "DELETE /reports/7", 1, "no_route"),
        (ALICE, "GET /reports/", 1, "no_route"),
        (ALICE, "GET /reports/../reports/7", 1, "path_dot_segment"),
        (ALICE, "GET //reports", 1, "path_empty_segment"),
        (ALICE, "GET /reports/board%2Fq3", 1, "path_encoded_slash"),
    ] {
        let (found, decision, why) = decide(principal, route);
        assert_eq!((found, why.as_str()), (status, reason), "{principal} {route}: {decision}");
    }
    let refused = folder
        .run(&["decide", "reports.bundle", "--principal", ALICE, "--route", "GET /reports/7#top"])
        .quiet(1);
    assert_eq!(refused, "implicit_deny (no route)\n  a `#` stands in the target, which no request carries\n");
    let explained = folder
        .run(&["decide", "reports.bundle", "--principal", ALICE, "--route", "GET /reports/7", "--explain"])
        .quiet(0);
    assert!(
        explained.contains("asks for reports:Read on arn:aws:reports::123456789012:report/7\n"),
        "{explained}"
    );
    let wrong = folder.run(&["decide", "reports.bundle", "--principal", ALICE, "--route", "/x"]).complains(2);
    assert!(wrong.contains("a blank between"), "{wrong}");
}

/// Each end of a `--route` that is not decided says the same to machines.
#[test]
fn what_has_no_route_is_an_implicit_deny() {
    let asked = ["decide", "reports.bundle", "--principal", ALICE, "--route", "GET /", "--format", "json"];
    let expected = json!({
        "decision": "implicit_deny", "layer": "none", "level": null, "reason": "no_route", "statements": []
    });
    assert_eq!(reports().run(&asked).json(), expected);
}

#[test]
fn routes_are_printed_from_inputs_and_from_bundles() {
    let folder = reports();
    let (file, options) = (example("gateway/reports.gate"), ["ir", "reports.bundle"]);
    let text = folder.run(&["ir", &file]).quiet(0);
    assert_eq!(folder.run(&options).quiet(0), text);
    let (_, routes) = text.split_once("\nroutes\n").unwrap();
    assert!(routes.starts_with("  route GET /reports => reports:List on *\n"), "{routes}");
    assert_eq!(routes.lines().count(), 4);
    let origins = folder.run(&["ir", &file, "--origins"]).quiet(0);
    assert!(origins.contains("reports:List on *  # "), "{origins}");
    let alone = folder.run(&["ir", &file, "--principal", ALICE]).quiet(0);
    assert!(!alone.contains("route"), "{alone}");
    let split = folder.run(&["ir", &file, "--split", "access"]).quiet(0);
    assert!(split.contains("routes.ir"), "{split}");
    folder.run(&["ir", "reports.bundle", "--split", "access", "--check"]).quiet(0);
    let inspected = folder.run(&["inspect", "reports.bundle", "--format", "json"]).json();
    assert_eq!((&inspected["routes"], &inspected["format"]), (&json!(4), &json!(7)));
    folder.run(&["build", &file, "-o", "stripped.bundle", "--strip"]).quiet(0);
    folder.run(&["ir", "stripped.bundle"]).complains(2);
}

#[test]
fn a_route_that_differs_counts_as_access() {
    let folder = reports();
    let old = std::fs::read_to_string(example("gateway/reports.gate")).unwrap();
    let new = old
        .replace("route GET /reports => reports:List on *\n", "")
        .replace(
            "PUT /reports/{path*} => reports:Write on $report/{path}",
            "PUT /reports/{p*} => reports:Read on $report/{p}",
        )
        .replace("\ntest ", "\nroute POST /reports => reports:Write on *\n\ntest ");
    folder.write("new.gate", &new);
    let said = folder.run(&["diff", "reports.bundle", "new.gate"]).quiet(0);
    assert_eq!(
        said,
        "- route GET /reports => reports:List on *\n\
         + route POST /reports => reports:Write on *\n\
         - route PUT /reports/{path*} => reports:Write on arn:aws:reports::123456789012:report/{path}\n\
         + route PUT /reports/{p*} => reports:Read on arn:aws:reports::123456789012:report/{p}\n\
         no change in access but by 3 routes\n"
    );
    folder.run(&["diff", "reports.bundle", "new.gate", "--fail-on", "new-access"]).quiet(1);
    let markdown = folder.run(&["diff", "reports.bundle", "new.gate", "--format", "markdown"]).quiet(0);
    assert!(markdown.contains("**Routes**\n\n```diff\n- route GET /reports"), "{markdown}");
    let json = folder.run(&["diff", "reports.bundle", "new.gate", "--format", "json"]).json();
    assert_eq!((&json["grows"], json["routes"].as_array().unwrap().len()), (&json!(true), 3));
    let checked = folder.run(&["check", "new.gate", "--no-new-access", "reports.bundle"]).complains(1);
    assert!(checked.contains("route POST /reports => reports:Write on * differs"), "{checked}");
    // The same routes in another order and file differ in nothing.
    folder.run(&["diff", "reports.bundle", &example("gateway/reports.gate"), "--fail-on", "any"]).quiet(0);
}

#[test]
fn routes_are_not_lost_silently() {
    let folder = Folder::new();
    let file = example("gateway/reports.gate");
    let said = folder.run(&["convert", &file, "-o", "out/"]).complains(2);
    assert!(said.contains("questions of tests and 4 routes have no form in IAM JSON"), "{said}");
    folder.run(&["convert", &file, "-o", "out/", "--without-tests"]).quiet(0);
    let said = folder.run(&["convert", &file, "--to", "gate"]).complains(2);
    assert!(said.contains("routes"), "{said}");
    // One policy is wanted for an attachment.
    folder.write("one.gate", "policy P { allow a:B on * }\nroute GET /a => a:B on *\n");
    let said = folder.run(&["check", &format!("--attach={ALICE}=one.gate")]).complains(2);
    assert!(said.contains("attach-not-a-document"), "{said}");
}

/// A route over others is a lint, which is silenced where it stands.
#[test]
fn a_route_over_another_one_is_silenced_in_place() {
    let folder = Folder::new();
    let text = |comment: &str| {
        format!(
            "account 123456789012 {{ user alice }}\n{comment}route GET /a/{{x}} => a:A on *\nroute GET /a/b => a:B on *\n"
        )
    };
    folder.write("a.gate", text(""));
    assert!(folder.run(&["check", "a.gate"]).complains(1).contains("warning[route-within]"));
    folder.write("a.gate", text("# allow(route-within): b is the exception\n"));
    let done = folder.run(&["check", "a.gate"]);
    assert_eq!((done.status, done.err.as_str()), (0, "0 errors, 0 warnings, 1 silenced\n"));
}
