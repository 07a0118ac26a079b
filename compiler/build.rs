//! A name for what builds automata, so that automata of another version of it are never taken for its own: a hash of the sources.

#![allow(clippy::disallowed_methods, reason = "of the sources alone, while they are built")]

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// All files below a folder, sorted.
fn files(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { files(&path, found)? } else { found.push(path) }
    }
    found.sort();
    Ok(())
}

fn main() -> std::io::Result<()> {
    let mut hasher = DefaultHasher::new();
    let mut sources = Vec::new();
    files(Path::new("src"), &mut sources)?;
    for source in sources {
        std::fs::read(source)?.hash(&mut hasher);
    }
    std::env::var_os("CARGO_PKG_VERSION").hash(&mut hasher);
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rustc-env=PORTCULLIS_AUTOMATA={:016x}", hasher.finish());
    Ok(())
}
