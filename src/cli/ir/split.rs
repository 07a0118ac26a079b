//! The text of the IR as files to be committed, one for each block.
//!
//! A block is shared by all that have the same layers, so that what many may do stands in one file. It is named after one of them: after whom it is
//! named already, else the first. So who joins adds a line, and moves nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::super::output::{plain, print};
use super::super::{Failure, Outcome, Result};
use crate::compiler::ir::Block;
use crate::files::{is_there, linked_between, make_folder, read_below, remove_below, write_whole};

/// The ending of the files.
const ENDING: &str = "ir";

/// The first line of every file: by it they are known.
const MARKER: &str = "# What the policies mean, written by `portcullis ir --split`. Not to be edited.";

/// The longest name of a file or folder. Systems take 255 bytes.
const LONGEST: usize = 200;

/// What has to happen to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Add,
    Replace,
    Remove,
}

/// Brings a folder up to date, or says what is not.
pub(super) fn run(folder: &Path, blocks: &[Block], check: bool) -> Result {
    let held = read_below(folder, ENDING)?;
    let own: BTreeMap<&str, &[u8]> = held
        .iter()
        .filter(|(_, bytes)| bytes.split(|byte| *byte == b'\n').next().is_some_and(is_marker))
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    let wanted = named(blocks, |path| own.contains_key(path));
    let mut changes: BTreeMap<&str, Change> = BTreeMap::new();
    for (path, text) in &wanted {
        if let Some(link) = linked_between(folder, path) {
            return Err(Failure(format!(
                "{} is a link to another folder: nothing is written through it; remove it, or give another folder",
                link.display()
            )));
        }
        match own.get(path.as_str()) {
            Some(old) if is_same(old, text) => {}
            Some(_) => drop(changes.insert(path, Change::Replace)),
            None if is_there(&folder.join(path)) => {
                return Err(Failure(format!(
                    "{} is there and not written by `ir --split`: it is not replaced; move it, or give another folder",
                    folder.join(path).display()
                )));
            }
            None => drop(changes.insert(path, Change::Add)),
        }
    }
    // What another split wrote, into a folder below, is named by what stands in it otherwise than by its path from here.
    let left_over =
        own.iter().filter(|(path, bytes)| !wanted.contains_key(**path) && is_of_here(path, bytes));
    changes.extend(left_over.map(|(&path, _)| (path, Change::Remove)));
    if check {
        return tell(folder, &changes);
    }
    // Where capitals make no difference, what goes could be what comes: that goes first. All else goes when everything else is there.
    let coming: BTreeSet<String> = wanted.keys().map(|path| path.to_lowercase()).collect();
    let (first, last): (Vec<&str>, Vec<&str>) = changes
        .iter()
        .filter(|(_, change)| **change == Change::Remove)
        .map(|(path, _)| *path)
        .partition(|path| coming.contains(&path.to_lowercase()));
    first.iter().try_for_each(|path| remove_below(folder, path))?;
    make_folder(folder)?;
    for (path, text) in wanted.iter().filter(|(path, _)| changes.contains_key(path.as_str())) {
        let file = folder.join(path);
        make_folder(file.parent().unwrap_or(folder))?;
        write_whole(&file, text.as_bytes())?;
    }
    last.iter().try_for_each(|path| remove_below(folder, path))?;
    let line = |(path, change): (&&str, &Change)| {
        let done = if *change == Change::Remove { "removed" } else { "wrote" };
        format!("{done} {}\n", plain(&folder.join(path).display().to_string()))
    };
    print(&changes.iter().map(line).collect::<String>())?;
    Ok(Outcome::Fine)
}

/// Says which files are not up to date.
fn tell(folder: &Path, changes: &BTreeMap<&str, Change>) -> Result {
    if changes.is_empty() {
        return Ok(Outcome::Fine);
    }
    let mut text = String::new();
    for (path, change) in changes {
        let what = match change {
            Change::Add => "is missing",
            Change::Replace => "differs",
            Change::Remove => "is left over",
        };
        text.push_str(&format!("{} {what}\n", plain(&folder.join(path).display().to_string())));
    }
    text.push_str("run the same without --check, and review what changes\n");
    print(&text)?;
    Ok(Outcome::Negative)
}

/// Whether a file stands where this split would have put it.
fn is_of_here(path: &str, bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let names = text.lines().skip(1).take_while(|line| !line.starts_with(' '));
    let plain =
        |path: &str| path.trim_end_matches(&format!(".{ENDING}")).trim_end_matches('+').to_lowercase();
    names.into_iter().any(|name| plain(&path_of(name)) == plain(path))
}

fn is_marker(line: &[u8]) -> bool {
    line.strip_suffix(b"\r").unwrap_or(line) == MARKER.as_bytes()
}

/// Whether a file says this, whatever a version control system did to its ends of lines.
fn is_same(bytes: &[u8], text: &str) -> bool {
    bytes == text.as_bytes() || String::from_utf8_lossy(bytes).replace("\r\n", "\n") == text
}

/// The files of some blocks by their paths; `is_own` tells which are there already.
fn named(blocks: &[Block], is_own: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for block in blocks {
        let paths = || block.names.iter().map(|name| path_of(name));
        let Some(mut path) = paths().find(|path| is_own(path)).or_else(|| paths().next()) else { continue };
        // Two names that differ only in capitals are one file on some systems.
        while !taken.insert(path.to_lowercase()) {
            path = format!("{}+.{ENDING}", path.trim_end_matches(&format!(".{ENDING}")));
        }
        files.insert(path, format!("{MARKER}\n{block}"));
    }
    files
}

/// The path of what is named so: of a principal its account, its kind, its path and its name.
fn path_of(name: &str) -> String {
    let (kind, rest) = name.split_once(' ').unwrap_or(("", name));
    let parts: Vec<&str> = match kind {
        "account" => vec![rest, "account"],
        "resource" => std::iter::once("resources").chain(arn_parts(rest)).collect(),
        "endpoint" => vec!["endpoints", rest],
        _ => arn_parts(name).collect(),
    };
    let parts: Vec<String> = parts.into_iter().map(encoded).collect();
    format!("{}.{ENDING}", parts.join("/"))
}

/// The parts of an ARN that tell it apart: the account and what is behind it of an IAM identity, all behind the partition of others.
fn arn_parts(arn: &str) -> impl Iterator<Item = &str> {
    let mut parts = arn.splitn(6, ':');
    let identity = arn.strip_prefix("arn:aws:iam::").is_some_and(|rest| rest.contains(':'));
    let skipped = match (arn.starts_with("arn:aws:"), identity) {
        (_, true) => 4,
        (true, _) => 2,
        _ => 0,
    };
    for _ in 0..skipped {
        parts.next();
    }
    parts.flat_map(|part| part.split('/'))
}

/// A part of a path as a name that every system takes, different for different parts; of a long one several.
fn encoded(part: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+=,@.".contains(&byte);
    let mut name = String::new();
    let mut room = LONGEST;
    for (at, byte) in part.bytes().enumerate() {
        if room < 3 {
            name.push('/');
            room = LONGEST;
        }
        // A dot at the beginning hides, at the end is lost on some systems, and before the ending would make a folder look like a file.
        let dot = byte == b'.' && (at == 0 || at + 1 == part.len() || part.get(at + 1..) == Some(ENDING));
        if plain(byte) && !dot && part != "_" {
            name.push(char::from(byte));
            room -= 1;
        } else {
            name.push_str(&format!("%{byte:02X}"));
            room -= 3;
        }
    }
    if name.is_empty() { "_".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_paths() {
        for (name, path) in [
            ("arn:aws:iam::123456789012:user/alice", "123456789012/user/alice.ir"),
            ("arn:aws:iam::123456789012:role/app/web@x=1", "123456789012/role/app/web@x=1.ir"),
            ("arn:aws-cn:iam::123456789012:user/alice", "arn/aws-cn/iam/_/123456789012/user/alice.ir"),
            ("account 123456789012", "123456789012/account.ir"),
            ("resource arn:aws:s3:::a-bucket/_/x.ir/..", "resources/s3/_/_/a-bucket/%5F/x%2Eir/%2E%2E.ir"),
            (
                "resource arn:aws:sqs:eu-west-1:123456789012:jobs",
                "resources/sqs/eu-west-1/123456789012/jobs.ir",
            ),
            ("resource \"a b\"", "resources/%22a%20b%22.ir"),
            ("endpoint vpce-1", "endpoints/vpce-1.ir"),
            ("session", "session.ir"),
        ] {
            assert_eq!(path_of(name), path);
        }
        let long = path_of(&format!("resource arn:aws:s3:::{}", "é".repeat(300)));
        assert!(long.split('/').all(|part| (1..=LONGEST + 3).contains(&part.len())), "{long}");
    }

    #[test]
    fn a_file_keeps_its_name_while_anybody_has_it() {
        let block = |names: &[&str]| Block {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            body: vec!["  identity".to_owned()],
        };
        let both = [block(&["arn:aws:iam::1:user/alice", "arn:aws:iam::1:user/bob"])];
        let paths =
            |own: &[&str]| -> Vec<String> { named(&both, |path| own.contains(&path)).into_keys().collect() };
        assert_eq!(paths(&[]), ["1/user/alice.ir"]);
        assert_eq!(paths(&["1/user/bob.ir"]), ["1/user/bob.ir"]);
        assert_eq!(paths(&["1/user/alice.ir", "1/user/bob.ir"]), ["1/user/alice.ir"]);
        // Names that differ only in capitals.
        let two = [block(&["resource arn:aws:s3:::b/A"]), block(&["resource arn:aws:s3:::b/a"])];
        let paths: Vec<String> = named(&two, |_| false).into_keys().collect();
        assert_eq!(paths, ["resources/s3/_/_/b/A.ir", "resources/s3/_/_/b/a+.ir"]);
    }
}
