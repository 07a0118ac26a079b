//! Bundles that are none, or no longer: every command that reads one says so and decides nothing.

use crate::command::Folder;

const ASK: [&str; 6] =
    ["--principal", "arn:aws:iam::123456789012:user/alice", "--action", "a:b", "--resource", "*"];

/// What every command that takes a bundle says about this file, which is the same.
fn refused(folder: &Folder, name: &str) -> String {
    let decide = [&["decide", name][..], &ASK].concat();
    let message = folder.run(&decide).complains(2);
    assert_eq!(folder.run(&["inspect", name]).complains(2), message);
    assert_eq!(folder.run_with(&["decide", name, "--requests", "-"], b"{}").complains(2), message);
    message
}

fn damaged(why: &str) -> String {
    format!("error: b.bundle is no usable bundle: {why}; build it anew with `portcullis build`\n")
}

#[test]
fn truncated_bundles_are_refused() {
    let folder = Folder::new();
    folder.build_acme("a.bundle");
    let whole = folder.read("a.bundle");
    for length in [0, 1, 7, 8, 40, whole.len() / 2, whole.len() - 1] {
        folder.write("b.bundle", &whole[..length]);
        let message = refused(&folder, "b.bundle");
        assert!(message.starts_with("error: b.bundle is no usable bundle: "), "{message}");
        assert!(message.ends_with("; build it anew with `portcullis build`\n"), "{message}");
    }
    folder.write("b.bundle", &whole[..whole.len() / 2]);
    let lengths = format!(
        "the header says {} bytes, there are {}: truncated or extended",
        whole.len(),
        whole.len() / 2
    );
    assert_eq!(refused(&folder, "b.bundle"), damaged(&lengths));
    assert_eq!(folder.run(&["ir", "b.bundle"]).complains(2), damaged(&lengths));
    folder.write("b.bundle", [whole.as_slice(), b"x"].concat());
    assert!(refused(&folder, "b.bundle").contains("truncated or extended"));
}

/// Those of older formats say what to do, once.
#[test]
fn bundles_of_older_formats_are_refused() {
    let folder = Folder::new();
    for version in 1..6 {
        let old = format!("{}/tests/golden/v{version}.bundle", env!("CARGO_MANIFEST_DIR"));
        folder.write("b.bundle", std::fs::read(old).unwrap());
        assert_eq!(
            refused(&folder, "b.bundle"),
            format!(
                "error: b.bundle is no usable bundle: format version {version} is older than this reader reads, which is 7 and newer: build the \
                 bundle anew with `portcullis build`\n"
            )
        );
    }
}

#[test]
fn bit_flipped_bundles_are_refused() {
    let folder = Folder::new();
    folder.build_acme("a.bundle");
    let whole = folder.read("a.bundle");
    for place in (0..whole.len()).step_by(whole.len() / 12) {
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << (place % 8);
        folder.write("b.bundle", &bytes);
        let message = refused(&folder, "b.bundle");
        assert!(message.starts_with("error: b.bundle is no usable bundle: "), "{place}: {message}");
    }
    let mut bytes = whole;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    folder.write("b.bundle", &bytes);
    assert_eq!(refused(&folder, "b.bundle"), damaged("the digest does not fit: the bytes were damaged"));
}

#[test]
fn what_is_no_bundle_is_refused() {
    let folder = Folder::new();
    folder
        .write("b.bundle", format!(r#"{{"Version": "2012-10-17",{}"Statement": []}}"#, "\n".repeat(10_000)));
    assert_eq!(refused(&folder, "b.bundle"), damaged("not a bundle: the first bytes are not `PORTCULL`"));
    assert_eq!(
        refused(&folder, "none.bundle"),
        "error: cannot read none.bundle: there is no such file or folder\n"
    );
    folder.write("folder/x", "");
    assert!(refused(&folder, "folder").starts_with("error: cannot read folder: "));
}

/// A bundle where inputs belong is told apart from a policy in some other encoding.
#[test]
fn a_bundle_is_no_input() {
    let folder = Folder::new();
    folder.build_acme("a.bundle");
    let message = folder.run(&["check", "a.bundle"]).complains(2);
    assert!(message.starts_with("error[p4-not-utf8]: "), "{message}");
    assert!(
        message.contains("= help: this is a bundle; give the inputs that it was built from\n"),
        "{message}"
    );
}
