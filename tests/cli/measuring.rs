//! `bench`: a bundle measured on this machine. How fast it is nobody asserts here.

use crate::command::{Folder, example};

#[test]
fn a_bundle_is_measured_with_requests_of_its_own() {
    let folder = Folder::new();
    folder.build_acme("a.bundle");
    let report = folder.run(&["bench", "a.bundle", "--seconds", "0.01", "--format", "json"]).json();
    assert!(report["requests"].as_u64().unwrap() > 10, "{report}");
    let bytes = |name: &str| report[name].as_f64().unwrap();
    assert!(bytes("hot_section_bytes") > 0.0 && bytes("hot_section_bytes") < bytes("bytes"), "{report}");
    assert!(bytes("mean_request_bytes") > 40.0, "{report}");
    let allowed = report["allowed"].as_u64().unwrap();
    assert!(allowed > 0 && allowed < report["requests"].as_u64().unwrap(), "{report}");
    for way in ["strings", "handles"] {
        let number = |name: &str| report[way][name].as_f64().unwrap();
        assert!(number("p50_ns") > 0.0 && number("p50_ns") <= number("p90_ns"), "{report}");
        assert!(number("p90_ns") <= number("p99_ns"), "{report}");
        assert!(number("decisions_per_second_one_core") > 0.0, "{report}");
        assert!(number("decisions_per_second_all_cores") > 0.0, "{report}");
    }
    let human = folder.run(&["bench", "a.bundle", "--seconds", "0.01"]).quiet(0);
    assert!(human.contains("\nstrings ") && human.contains("\nhandles ") && human.contains("p99"), "{human}");
}

#[test]
fn a_bundle_is_measured_with_requests_of_a_file() {
    let folder = Folder::new();
    folder.run(&["build", &example("acme"), "-o", "a.bundle", "--strip"]).quiet(0);
    folder.write(
        "requests.jsonl",
        r#"{"principal":"arn:aws:iam::123456789012:user/alice","action":"s3:ListBucket","resource":"arn:aws:s3:::acme-reports"}
{"principal":"*","action":"s3:ListBucket","resource":"*","context":{"aws:SourceIp":"10.0.0.1"}}
"#,
    );
    let ask = ["bench", "a.bundle", "--seconds", "0.01", "--requests", "requests.jsonl", "--format", "json"];
    let report = folder.run(&ask).json();
    assert_eq!((report["requests"].as_u64(), report["allowed"].as_u64()), (Some(2), Some(1)));
}

#[test]
fn what_cannot_be_measured_is_said() {
    let folder = Folder::new();
    folder.run(&["build", &example("acme"), "-o", "a.bundle", "--strip"]).quiet(0);
    assert_eq!(
        folder.run(&["bench", "a.bundle"]).complains(2),
        "error: the bundle was built with --strip and does not hold its model; give requests of your own with --requests FILE\n"
    );
    folder.write("requests.jsonl", "{\"principal\":\"*\"}\n");
    let ask = ["bench", "a.bundle", "--requests", "requests.jsonl"];
    assert_eq!(folder.run(&ask).complains(2), "error: requests.jsonl:1: the field \"action\" is missing\n");
    folder.write("requests.jsonl", "");
    assert_eq!(folder.run(&ask).complains(2), "error: there are no requests to measure with\n");
    let error = folder.run(&["bench", "a.bundle", "--seconds", "0"]).complains(2);
    assert!(error.contains("expected a number of seconds from 0.001 to 3600"), "{error}");
}
