//! Runs the real binary in a folder of its own. A test uses this file as `#[path = "support/command.rs"] mod command;`.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "every integration test uses a part of its own")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the package is: the examples are below it, and the shared data beside it.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// How a run ended, and what it said.
#[derive(Debug, PartialEq, Eq)]
pub struct Done {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Done {
    /// The standard output of a run that ended with this status and said nothing on standard error.
    #[track_caller]
    pub fn quiet(self, status: i32) -> String {
        assert_eq!((self.status, self.err.as_str()), (status, ""), "{}", self.out);
        self.out
    }

    /// The standard error of a run that ended with this status and printed nothing.
    #[track_caller]
    pub fn complains(self, status: i32) -> String {
        assert_eq!((self.status, self.out.as_str()), (status, ""), "{}", self.err);
        self.err
    }

    /// The standard output as JSON, one value a line.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{line}: {why}")))
            .collect()
    }

    /// The standard output as one JSON value.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|why| panic!("{}: {why}", self.out))
    }
}

/// The binary with these arguments, colours left to what it finds.
pub fn portcullis(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.current_dir(folder).args(arguments);
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end with this standard input.
pub fn finish(mut command: Command, input: &[u8]) -> Done {
    let streams = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = streams.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        // A program that does not read its input closes it: that is no failure of the test.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    });
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Done { status: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// A temporary folder, the current one of the commands that run in it.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Everything in a folder below, hidden files too, sorted.
    pub fn names(&self, below: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(below)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub fn run(&self, arguments: &[&str]) -> Done {
        self.run_with(arguments, b"")
    }

    pub fn run_with(&self, arguments: &[&str], input: &[u8]) -> Done {
        finish(portcullis(self.0.path(), arguments), input)
    }

    /// Builds the example account from its `.gate` file, as the README does.
    pub fn build_acme_gate(&self, bundle: &str) {
        self.run(&["build", &example("acme.gate"), "-o", bundle]).quiet(0);
    }

    /// Builds the example account into a bundle of this name.
    pub fn build_acme(&self, name: &str) {
        self.run(&["build", &example("acme"), "-o", name]).quiet(0);
    }
}

/// The path of an example.
pub fn example(name: &str) -> String {
    format!("{ROOT}/examples/{name}")
}

/// The path of a file of the shared data; `None`, with a message, where it is not there.
pub fn shared_data(name: &str) -> Option<String> {
    let path = format!("{ROOT}/../shared/data/{name}");
    if Path::new(&path).exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: ../shared/data/{name} is not there");
    None
}
