//! Where bundles go: whole or not at all, whatever stands at the target; and the same input gives the same bytes.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::command::{Done, Folder, example, portcullis};

/// Builds the example account.
fn build(folder: &Folder, output: &str) -> Done {
    folder.run(&["build", &example("acme"), "-o", output])
}

/// A document that no build takes.
fn broken(folder: &Folder) {
    folder.write("broken.json", r#"{"Version": "2020-05-01", "Statement": []}"#);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = Folder::new();
    build(&folder, "a.bundle").quiet(0);
    build(&folder, "b.bundle").quiet(0);
    assert_eq!(folder.read("a.bundle"), folder.read("b.bundle"));
    // From elsewhere, by a relative path, too: nothing of the machine is in a bundle.
    let snapshot = std::fs::read(example("acme") + "/snapshot.json").unwrap();
    let contractor = std::fs::read(example("acme") + "/policies/contractor.json").unwrap();
    folder.write("copy/snapshot.json", snapshot);
    folder.write("copy/policies/contractor.json", contractor);
    folder.write("copy/.hidden.json", "not read");
    folder.write("copy/notes.txt", "not read");
    folder.run(&["build", "copy", "-o", "c.bundle"]).quiet(0);
    assert_eq!(folder.read("a.bundle"), folder.read("c.bundle"));
    assert_eq!(folder.names("."), ["a.bundle", "b.bundle", "c.bundle", "copy"]);
}

#[test]
fn standard_output_and_standard_input() {
    let folder = Folder::new();
    let document =
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    folder
        .run_with(
            &["build", "--attach", "arn:aws:iam::123456789012:user/a=-", "-o", "a.bundle"],
            document.as_bytes(),
        )
        .quiet(0);
    let done = folder.run(&[
        "decide",
        "a.bundle",
        "--principal",
        "arn:aws:iam::123456789012:user/a",
        "--action",
        "a:b",
        "--resource",
        "*",
    ]);
    assert!(done.quiet(0).contains("at <stdin>:1:40"));
    // To standard output a bundle is written as it is.
    build(&folder, "a.bundle").quiet(0);
    let output = portcullis(&folder.path(""), &["build", &example("acme"), "-o", "-"]).output().unwrap();
    assert!(output.status.success() && output.stdout == folder.read("a.bundle"));
    assert_eq!(folder.names("."), ["a.bundle"]);
}

/// A disk that is full behind standard output is a failure, not an answer.
#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_a_failure() {
    let folder = Folder::new();
    build(&folder, "a.bundle").quiet(0);
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    for arguments in
        [vec!["ir", "a.bundle"], vec!["inspect", "a.bundle"], vec!["build", &example("acme"), "-o", "-"]]
    {
        let mut command = portcullis(&folder.path(""), &arguments);
        let output = command.stdout(full()).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            message.starts_with("error: cannot write ") && message.contains("No space left on device"),
            "{message}"
        );
    }
}

/// A slip of the hand must not cost a policy.
#[test]
fn an_input_is_never_written_over() {
    let folder = Folder::new();
    let snapshot = r#"{"UserDetailList": [{"UserName": "a", "Arn": "arn:aws:iam::123456789012:user/a"}]}"#;
    folder.write("in/a.json", snapshot);
    let message = "error: in/../in/a.json is one of the inputs: the bundle needs a file of its own\n";
    for input in ["in", "in/a.json"] {
        assert_eq!(folder.run(&["build", input, "-o", "in/../in/a.json"]).complains(2), message);
    }
    assert_eq!(folder.read("in/a.json"), snapshot.as_bytes());
}

/// Everything that keeps a bundle from being made leaves the old one as it is, and nothing beside it.
#[test]
fn a_failed_build_leaves_the_old_bundle() {
    let folder = Folder::new();
    broken(&folder);
    let failed = ["build", "broken.json", "-o", "a.bundle"];
    assert!(folder.run(&failed).complains(2).contains("error[p1-unknown-version]"));
    assert_eq!(folder.names("."), ["broken.json"], "nothing where nothing was");
    build(&folder, "a.bundle").quiet(0);
    let old = folder.read("a.bundle");
    for inputs in [vec!["broken.json"], vec!["none.json"], vec![&example("acme"), "broken.json"]] {
        folder.run(&[&["build", "-o", "a.bundle"], inputs.as_slice()].concat()).complains(2);
        assert!(folder.read("a.bundle") == old);
    }
    assert_eq!(folder.names("."), ["a.bundle", "broken.json"]);
}

#[test]
fn a_missing_folder_and_a_folder_as_target_are_refused() {
    let folder = Folder::new();
    assert_eq!(
        build(&folder, "none/a.bundle").complains(2),
        "error: cannot write none/a.bundle: its folder is not there\n"
    );
    folder.write("there/x", "");
    assert_eq!(
        build(&folder, "there").complains(2),
        "error: there is there and no ordinary file: it is not replaced\n"
    );
    assert_eq!((folder.names("."), folder.names("there")), (vec!["there".to_owned()], vec!["x".to_owned()]));
}

#[cfg(unix)]
#[test]
fn a_link_is_followed() {
    let folder = Folder::new();
    folder.write("real/a.bundle", "old");
    std::os::unix::fs::symlink("real/a.bundle", folder.path("link.bundle")).unwrap();
    build(&folder, "link.bundle").quiet(0);
    assert!(folder.path("link.bundle").is_symlink());
    assert!(folder.read("real/a.bundle").starts_with(b"PORTCULL"));
    assert_eq!(
        (folder.names("."), folder.names("real").len()),
        (vec!["link.bundle".to_owned(), "real".to_owned()], 1)
    );
    // One that leads nowhere yet is followed as well.
    std::os::unix::fs::symlink("real/new.bundle", folder.path("dangling.bundle")).unwrap();
    build(&folder, "dangling.bundle").quiet(0);
    assert!(folder.path("dangling.bundle").is_symlink());
    assert_eq!(folder.names("real"), ["a.bundle", "new.bundle"]);
}

#[cfg(unix)]
#[test]
fn devices_are_refused_and_untouched() {
    use std::os::unix::fs::FileTypeExt as _;
    let folder = Folder::new();
    assert_eq!(
        build(&folder, "/dev/null").complains(2),
        "error: /dev/null is there and no ordinary file: it is not replaced\n"
    );
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[cfg(unix)]
#[test]
fn a_new_bundle_has_the_permissions_of_any_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    build(&folder, "a.bundle").quiet(0);
    folder.write("b", "");
    let mode = |name: &str| std::fs::metadata(folder.path(name)).unwrap().permissions().mode();
    assert_eq!(mode("a.bundle"), mode("b"));
    // One that was narrowed stays narrow.
    std::fs::set_permissions(folder.path("a.bundle"), std::fs::Permissions::from_mode(0o600)).unwrap();
    build(&folder, "a.bundle").quiet(0);
    assert_eq!(mode("a.bundle") & 0o777, 0o600);
}

/// A disk of 16 KiB, gone with the value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn at(path: PathBuf) -> Option<Self> {
        std::fs::create_dir(&path).unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16k", "tmpfs"]).arg(&path);
        match mount.output() {
            Ok(output) if output.status.success() => Some(Self(path)),
            _ => {
                eprintln!("SKIPPED: no file system can be mounted here, and so no disk is full");
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_leaves_the_old_bundle_and_no_temporary_file() {
    let folder = Folder::new();
    let Some(_disk) = SmallDisk::at(folder.path("disk")) else { return };
    let message = build(&folder, "disk/a.bundle").complains(2);
    assert_eq!(message, "error: cannot write disk/a.bundle: No space left on device (os error 28)\n");
    assert_eq!(folder.names("disk"), [""; 0]);
    folder.write("disk/a.bundle", b"old");
    assert_eq!(build(&folder, "disk/a.bundle").complains(2), message);
    assert_eq!(
        (folder.names("disk"), folder.read("disk/a.bundle")),
        (vec!["a.bundle".to_owned()], b"old".to_vec())
    );
}

/// What a folder's files mean does not depend on their order, nor on how the inputs are given.
#[test]
fn the_order_of_inputs_does_not_matter() {
    let folder = Folder::new();
    let snapshot: Value =
        serde_json::from_slice(&std::fs::read(example("acme") + "/snapshot.json").unwrap()).unwrap();
    // One page for each list, so that what is named comes before or after what names it.
    let lists = ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"];
    let page = |list: &str| serde_json::json!({ list: snapshot[list] }).to_string();
    for (at, list) in lists.iter().enumerate() {
        folder.write(&format!("forwards/{at}.json"), page(list));
        folder.write(&format!("backwards/{}.json", 9 - at), page(list));
        folder.write(&format!("pages/{list}.json"), page(list));
    }
    let pages: Vec<String> = lists.iter().rev().map(|list| format!("pages/{list}.json")).collect();
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    folder.build_acme("whole.bundle");
    let whole = folder.run(&["ir", "whole.bundle"]).quiet(0);
    for inputs in [vec!["forwards"], vec!["backwards"], vec!["pages"], pages] {
        folder.run(&[&["build", "-o", "parts.bundle"], inputs.as_slice()].concat()).quiet(0);
        assert_eq!(folder.run(&["ir", "parts.bundle"]).quiet(0), whole, "{inputs:?}");
        for (action, resource) in [
            ("s3:ListBucket", "arn:aws:s3:::acme-reports"),
            ("s3:PutObject", "arn:aws:s3:::acme-reports/home/alice/a"),
            ("s3:PutObject", "arn:aws:s3:::acme-reports/archive/a"),
            ("sqs:SendMessage", "*"),
        ] {
            let ask = |bundle: &str| {
                let alice = "arn:aws:iam::123456789012:user/alice";
                let ask = [
                    "decide",
                    bundle,
                    "--principal",
                    alice,
                    "--action",
                    action,
                    "--resource",
                    resource,
                    "--format",
                    "json",
                ];
                let answer = folder.run(&ask).json();
                (
                    answer["decision"].clone(),
                    answer["layer"].clone(),
                    answer["statements"][0]["policy"].clone(),
                )
            };
            assert_eq!(ask("parts.bundle"), ask("whole.bundle"), "{inputs:?} {action}");
        }
    }
}

#[test]
fn stats_are_for_people_and_go_to_standard_error() {
    let folder = Folder::new();
    let done = folder.run(&["build", &example("acme"), "-o", "a.bundle", "--stats"]);
    assert_eq!((done.status, done.out.as_str()), (0, ""));
    for word in ["read and resolve", "bundle", "bytes", "users"] {
        assert!(done.err.contains(word), "{}", done.err);
    }
    assert!(Path::new(&folder.path("a.bundle")).is_file());
}
