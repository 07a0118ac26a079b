//! `ir --split`: the text as files to be committed.

use crate::command::{Folder, example};

const MARKER: &str = "# What the policies mean, written by `portcullis ir --split`. Not to be edited.\n";

/// An account whose users have these policies.
fn account(users: &[(&str, &str)]) -> String {
    let users: Vec<String> = users
        .iter()
        .map(|(name, action)| {
            format!(
                r#"{{"UserName": "{name}", "Arn": "arn:aws:iam::123456789012:user/{name}", "UserPolicyList": [{{"PolicyName": "p", "PolicyDocument":
                    {{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}}}}}]}}"#
            )
        })
        .collect();
    format!(r#"{{"UserDetailList": [{}]}}"#, users.join(","))
}

fn text(folder: &Folder, name: &str) -> String {
    String::from_utf8(folder.read(name)).unwrap()
}

#[test]
fn one_file_for_each_block() {
    let folder = Folder::new();
    let organization = example("organization");
    let wrote = folder.run(&["ir", &organization, "--split", "access"]).quiet(0);
    assert_eq!(
        wrote,
        "wrote access/111122223333/account.ir\nwrote access/111122223333/role/deployer.ir\nwrote access/111122223333/user/alice.ir\n\
         wrote access/444455556666/role/jobs/reader.ir\nwrote access/resources/s3/_/_/acme-reports.ir\n"
    );
    // Together they are the text.
    let files: Vec<&str> = wrote.lines().map(|line| line.strip_prefix("wrote ").unwrap()).collect();
    let mut blocks: Vec<String> = files
        .iter()
        .map(|file| text(&folder, file).strip_prefix(MARKER).unwrap().trim_end().to_owned())
        .collect();
    let whole = folder.run(&["ir", &organization]).quiet(0);
    let mut wanted: Vec<&str> = whole.trim_end().split("\n\n").collect();
    blocks.sort();
    wanted.sort_unstable();
    assert_eq!(blocks, wanted);
    // A second run has nothing to do, from a bundle either.
    assert_eq!(folder.run(&["ir", &organization, "--split", "access"]).quiet(0), "");
    folder.run(&["build", &organization, "-o", "a.bundle"]).quiet(0);
    assert_eq!(folder.run(&["ir", "a.bundle", "--split", "access", "--check"]).quiet(0), "");
}

#[test]
fn who_joins_or_leaves_moves_few_lines() {
    let folder = Folder::new();
    let split = |users: &[(&str, &str)]| {
        folder.write("a.json", account(users));
        folder.run(&["ir", "a.json", "--split", "access"]).quiet(0)
    };
    let file = |name: &str| format!("access/123456789012/user/{name}.ir");
    split(&[("carol", "s3:*"), ("dave", "s3:*"), ("erin", "sqs:*")]);
    assert_eq!(folder.names("access/123456789012/user"), ["carol.ir", "erin.ir"]);
    let before = text(&folder, &file("carol"));
    // One who is first by name joins: a line more in the file that is there.
    assert_eq!(
        split(&[("alice", "s3:*"), ("carol", "s3:*"), ("dave", "s3:*"), ("erin", "sqs:*")]),
        format!("wrote {}\n", file("carol"))
    );
    let arn = "arn:aws:iam::123456789012:user/";
    assert_eq!(
        text(&folder, &file("carol")),
        before.replace(&format!("{arn}carol"), &format!("{arn}alice\n{arn}carol"))
    );
    // The one after whom it is named gets something else.
    assert_eq!(
        split(&[("alice", "s3:*"), ("carol", "ec2:*"), ("dave", "s3:*"), ("erin", "sqs:*")]),
        format!("wrote {}\nwrote {}\n", file("alice"), file("carol"))
    );
    // A change of policy is a change of one line of one file.
    let before = text(&folder, &file("erin"));
    assert_eq!(
        split(&[("alice", "s3:*"), ("carol", "ec2:*"), ("dave", "s3:*"), ("erin", "sns:*")]),
        format!("wrote {}\n", file("erin"))
    );
    assert_eq!(text(&folder, &file("erin")), before.replace("sqs:*", "sns:*"));
    // What is gone is removed.
    assert_eq!(
        split(&[("alice", "s3:*"), ("dave", "s3:*")]),
        format!("removed {}\nremoved {}\n", file("carol"), file("erin"))
    );
    assert_eq!(folder.names("access/123456789012/user"), ["alice.ir"]);
}

#[test]
fn a_build_is_told_which_files_are_not_up_to_date() {
    let folder = Folder::new();
    folder.write("a.json", account(&[("alice", "s3:*"), ("bob", "sqs:*")]));
    folder.run(&["ir", "a.json", "--split", "access"]).quiet(0);
    folder.write("a.json", account(&[("alice", "s3:Get*"), ("carol", "sns:*")]));
    let check = || folder.run(&["ir", "a.json", "--split", "access", "--check"]);
    let user = "access/123456789012/user";
    assert_eq!(
        check().quiet(1),
        format!(
            "{user}/alice.ir differs\n{user}/bob.ir is left over\n{user}/carol.ir is missing\n\
             run the same without --check, and review what changes\n"
        )
    );
    assert_eq!(folder.names(user), ["alice.ir", "bob.ir"], "nothing was written");
    folder.run(&["ir", "a.json", "--split", "access"]).quiet(0);
    assert_eq!(check().quiet(0), "");
    // Some version control systems change the ends of lines.
    let file = format!("{user}/alice.ir");
    folder.write(&file, text(&folder, &file).replace('\n', "\r\n"));
    assert_eq!(check().quiet(0), "");
    assert_eq!(folder.run(&["ir", "a.json", "--split", "missing", "--check"]).status, 1);
    assert!(!folder.path("missing").exists());
}

#[test]
fn what_somebody_else_wrote_stays() {
    let folder = Folder::new();
    folder.write("a.json", account(&[("alice", "s3:*")]));
    folder.write("access/notes.ir", "mine");
    folder.write("access/123456789012/user/README.md", "mine");
    folder.run(&["ir", "a.json", "--split", "access"]).quiet(0);
    folder.write("a.json", account(&[("bob", "s3:*")]));
    assert_eq!(
        folder.run(&["ir", "a.json", "--split", "access"]).quiet(0),
        "removed access/123456789012/user/alice.ir\nwrote access/123456789012/user/bob.ir\n"
    );
    assert_eq!(folder.names("access"), ["123456789012", "notes.ir"]);
    assert_eq!(folder.names("access/123456789012/user"), ["README.md", "bob.ir"]);
    // In the place of a file that is wanted, it is refused before anything is written.
    folder.write("a.json", account(&[("alice", "s3:*"), ("carol", "sqs:*")]));
    folder.write("access/123456789012/user/carol.ir", "mine");
    let err = folder.run(&["ir", "a.json", "--split", "access"]).complains(2);
    assert!(err.contains("carol.ir is there and not written by `ir --split`: it is not replaced"), "{err}");
    assert_eq!(folder.names("access/123456789012/user"), ["README.md", "bob.ir", "carol.ir"]);
    for (arguments, message) in [
        (vec!["ir", "a.json", "--check"], "--split <DIR>"),
        (vec!["ir", "a.json", "--split", "x", "--principal", "y"], "cannot be used with"),
        (vec!["ir", "a.json", "--split", "a.json"], "a.json"),
    ] {
        let err = folder.run(&arguments).complains(2);
        assert!(err.contains(message), "{err}");
    }
}

/// A set of many is one file.
#[test]
fn nine_hundred_users_with_one_set() {
    let folder = Folder::new();
    let names: Vec<String> = (0..900).map(|number| format!("u{number}")).collect();
    let users: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "s3:*")).collect();
    folder.write("a.json", account(&users));
    assert_eq!(
        folder.run(&["ir", "a.json", "--split", "access"]).quiet(0),
        "wrote access/123456789012/user/u0.ir\n"
    );
    assert_eq!(text(&folder, "access/123456789012/user/u0.ir").lines().count(), 903);
}

/// A split into a folder below is another's, and a folder that is a link leads elsewhere.
#[test]
fn what_another_split_wrote_stays() {
    let folder = Folder::new();
    folder.run(&["ir", &example("organization"), "--split", "all/prod"]).quiet(0);
    let before = folder.names("all/prod");
    let said = folder.run(&["ir", &example("acme.gate"), "--split", "all"]).quiet(0);
    assert!(!said.contains("removed"), "{said}");
    assert_eq!(folder.names("all/prod"), before);
    #[cfg(unix)]
    {
        std::fs::create_dir_all(folder.path("out")).unwrap();
        std::fs::create_dir_all(folder.path("linked")).unwrap();
        std::os::unix::fs::symlink(folder.path("out"), folder.path("linked/123456789012")).unwrap();
        let said = folder.run(&["ir", &example("acme.gate"), "--split", "linked"]).complains(2);
        assert!(said.contains("linked/123456789012 is a link to another folder"), "{said}");
        assert!(folder.names("out").is_empty());
    }
}
