//! Builds that keep and take automata: the bundle is that of a build without.

use crate::command::{Folder, finish, portcullis};

/// A snapshot with many policies on resources of their own, joined in pairs.
fn snapshot(changed: &str) -> String {
    let arn = |number: usize| format!("arn:aws:iam::123456789012:policy/P{number}");
    let attached = |number: usize| format!(r#"{{"PolicyName":"P{number}","PolicyArn":"{}"}}"#, arn(number));
    let user = |number: usize| {
        format!(
            r#"{{"Path":"/","UserName":"u{number}","Arn":"arn:aws:iam::123456789012:user/u{number}","GroupList":[],"AttachedManagedPolicies":[{},{}]}}"#,
            attached(number),
            attached((number + 1) % 80)
        )
    };
    let policy = |number: usize| {
        let name = if number == 7 { changed } else { "home" };
        format!(
            r#"{{"PolicyName":"P{number}","Arn":"{}","AttachmentCount":2,"DefaultVersionId":"v1","PolicyVersionList":[{{"VersionId":"v1","IsDefaultVersion":true,"Document":{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::b{number}/{name}/${{aws:username}}/*","arn:aws:s3:::b{number}/*.txt"]}},{{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::b{number}/sealed/*","Condition":{{"Bool":{{"aws:SecureTransport":"false"}}}}}}]}}}}]}}"#,
            arn(number)
        )
    };
    let join = |texts: Vec<String>| texts.join(",");
    format!(
        r#"{{"UserDetailList":[{}],"GroupDetailList":[],"RoleDetailList":[],"Policies":[{}]}}"#,
        join((0..80).map(user).collect()),
        join((0..80).map(policy).collect())
    )
}

/// What a build says of its cache, and the bundle.
fn build(folder: &Folder, threads: &str) -> (String, Vec<u8>) {
    let arguments = ["build", "in.json", "-o", "a.bundle", "--cache", "kept/here", "--stats"];
    let mut command = portcullis(&folder.path("."), &arguments);
    command.env("RAYON_NUM_THREADS", threads);
    let done = finish(command, b"");
    assert_eq!(done.status, 0, "{}", done.err);
    (done.err, folder.read("a.bundle"))
}

fn from_cache(stats: &str) -> (usize, usize) {
    let line = stats.lines().find_map(|line| line.strip_prefix("automata from the cache")).unwrap();
    let (found, all) = line.trim().split_once(" of ").unwrap();
    (found.parse().unwrap(), all.parse().unwrap())
}

#[test]
fn a_build_with_a_cache_is_the_build_without() {
    let folder = Folder::new();
    let without = |text: &str| {
        folder.write("in.json", text);
        let mut bundles = Vec::new();
        for threads in ["1", "2", "7"] {
            let mut command = portcullis(&folder.path("."), &["build", "in.json", "-o", "b.bundle"]);
            command.env("RAYON_NUM_THREADS", threads);
            assert_eq!(finish(command, b"").status, 0);
            bundles.push(folder.read("b.bundle"));
        }
        assert!(bundles[0] == bundles[1] && bundles[1] == bundles[2], "threads change nothing");
        bundles.swap_remove(0)
    };
    let first = without(&snapshot("home"));
    let (stats, bundle) = build(&folder, "2");
    let (found, all) = from_cache(&stats);
    assert!(bundle == first && found == 0 && all > 160, "{stats}");
    let kept = folder.read("kept/here/portcullis-automata");
    let (stats, bundle) = build(&folder, "1");
    assert!(bundle == first && from_cache(&stats) == (all, all), "{stats}");
    assert_eq!(folder.read("kept/here/portcullis-automata"), kept, "nothing new, nothing written");

    let other = without(&snapshot("house"));
    let (stats, bundle) = build(&folder, "7");
    let (found, all) = from_cache(&stats);
    assert!(bundle == other && bundle != first && found < all && all - found < 20, "{stats}");
    // What no build used any more is not kept.
    let (stats, bundle) = build(&folder, "2");
    assert!(bundle == other && from_cache(&stats) == (all, all), "{stats}");
    assert!(folder.read("kept/here/portcullis-automata") != kept);
}

#[test]
fn a_cache_that_is_none_is_told_and_built_anew() {
    let folder = Folder::new();
    folder.write("in.json", snapshot("home"));
    let (_, first) = build(&folder, "2");
    let kept = folder.read("kept/here/portcullis-automata");
    let mut flipped = kept.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for damaged in [flipped, kept[..kept.len() - 1].to_vec(), Vec::new()] {
        folder.write("kept/here/portcullis-automata", damaged);
        let (said, bundle) = build(&folder, "2");
        assert!(
            said.contains("warning: the build cache kept/here/portcullis-automata: it is damaged"),
            "{said}"
        );
        assert!(bundle == first && from_cache(&said).0 == 0, "{said}");
        assert_eq!(folder.read("kept/here/portcullis-automata"), kept, "it is mended");
    }
    // Of another compiler: nothing wrong, and nothing used.
    let mut other = kept.clone();
    other[25] ^= 1;
    folder.write("kept/here/portcullis-automata", other);
    let (said, bundle) = build(&folder, "2");
    assert!(!said.contains("warning: the build cache") && from_cache(&said).0 == 0, "{said}");
    assert!(bundle == first);
}

#[test]
fn a_cache_that_cannot_be_written_costs_no_bundle() {
    let folder = Folder::new();
    folder.write("in.json", snapshot("home"));
    folder.write("kept", "a file, no folder");
    let (said, bundle) = build(&folder, "2");
    assert!(said.contains("warning: the build cache: cannot"), "{said}");
    assert!(!bundle.is_empty());
}

/// What is not the cache's own is never lost to it.
#[test]
fn a_cache_replaces_no_other_file() {
    let folder = Folder::new();
    folder.write("in.json", snapshot("home"));
    folder.write("kept/portcullis-automata", "something else");
    let said = folder.run(&["build", "in.json", "-o", "a.bundle", "--cache", "kept"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("kept/portcullis-automata: it is no build cache"), "{}", said.err);
    assert_eq!(folder.read("kept/portcullis-automata"), b"something else");
    assert!(!folder.names(".").iter().any(|name| name.ends_with("a.bundle")));

    let said = folder.run(&["build", "in.json", "-o", "portcullis-automata", "--cache", "."]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("is where the build cache stands"), "{}", said.err);
    assert!(!folder.names(".").iter().any(|name| name == "portcullis-automata"));

    let quiet = folder.run(&["build", "-q", "in.json", "-o", "a.bundle", "--cache", "in.json"]);
    assert_eq!((quiet.status, quiet.err.as_str()), (0, ""), "the bundle is there, the cache is not");
}

/// Not through a link either.
#[cfg(unix)]
#[test]
fn a_bundle_behind_a_link_is_not_lost_to_the_cache() {
    let folder = Folder::new();
    folder.write("in.json", snapshot("home"));
    folder.write("kept/other", "");
    std::os::unix::fs::symlink("kept/portcullis-automata", folder.path("a.bundle")).unwrap();
    let done = folder.run(&["build", "in.json", "-o", "a.bundle", "--cache", "kept"]);
    assert_eq!(done.status, 0);
    assert!(done.err.contains("it is no build cache"), "{}", done.err);
    assert_eq!(folder.run(&["inspect", "a.bundle"]).status, 0, "the bundle is there");
}
