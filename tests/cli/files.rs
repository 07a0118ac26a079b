//! What is read of a folder and by `import`, and what `fmt` leaves of a file beside its text.
#![cfg(unix)]

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::command::{Folder, finish, portcullis};

/// Somebody who is not root and owns nothing.
const NOBODY: u32 = 65_534;

fn is_root(folder: &Folder) -> bool {
    std::fs::metadata(folder.path(".")).unwrap().uid() == 0
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn pipes_and_devices_are_read_only_where_they_are_given() {
    let folder = Folder::new();
    folder.write("a/main.gate", "account 123456789012 {\n  user alice\n}\n");
    symlink("/dev/zero", folder.path("a/zero.gate")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.path("a/pipe.json")).status().unwrap().success());
    let found = folder.run(&["check", "a"]).complains(2);
    for name in ["pipe.json", "zero.gate"] {
        assert!(found.contains(&format!("a/{name} is no ordinary file: it is not read")), "{found}");
    }
    assert!(folder.run(&["fmt", "a"]).complains(2).contains("zero.gate is no ordinary file"));
    folder.write("b.gate", "import \"a/zero.gate\"\nimport \"a/pipe.json\"\n");
    let found = folder.run(&["check", "b.gate"]).complains(2);
    assert_eq!(found.matches("error[gate-import]").count(), 2, "{found}");
    // A pipe that is given is one that somebody writes to.
    let text = r#"{"UserDetailList": [{"UserName": "a", "Arn": "arn:aws:iam::123456789012:user/a"}]}"#;
    let command = portcullis(&folder.path("."), &["check", "/dev/stdin"]);
    finish(command, text.as_bytes()).quiet(0);
}

#[test]
fn fmt_minds_gate_files_alone_and_goes_on() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("a")).unwrap();
    std::fs::write(folder.path("a/x.json"), b"\xff\xfe").unwrap();
    folder.write("a/a/a.gate", "let  a = b");
    folder.write("a/z.gate", "let  a = b");
    mode(&folder.path("."), 0o755);
    for path in ["a", "a/z.gate", "a/a/a.gate"] {
        mode(&folder.path(path), 0o777);
    }
    mode(&folder.path("a/a"), 0o555);
    let mut command = portcullis(&folder.path("."), &["fmt", "a"]);
    if is_root(&folder) {
        command.uid(NOBODY).gid(NOBODY);
    }
    let found = finish(command, b"").complains(2);
    mode(&folder.path("a/a"), 0o755);
    assert!(found.contains("error[output-unwritable]: cannot write a/a/a.gate"), "{found}");
    let text = |path: &str| std::fs::read_to_string(folder.path(path)).unwrap();
    assert_eq!((&*text("a/a/a.gate"), &*text("a/z.gate")), ("let  a = b", "let a = b\n"));
    folder.run(&["fmt", "a"]).quiet(0);
}

#[test]
fn fmt_keeps_owner_and_permissions() {
    let folder = Folder::new();
    folder.write("a.gate", "let  a = b");
    let path = folder.path("a.gate");
    if is_root(&folder) {
        chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    mode(&path, 0o640);
    let facts = || {
        let facts = std::fs::metadata(&path).unwrap();
        (facts.uid(), facts.gid(), facts.mode())
    };
    let before = facts();
    folder.run(&["fmt", "a.gate"]).quiet(0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "let a = b\n");
    assert_eq!(facts(), before);
}
