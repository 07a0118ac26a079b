//! `portcullis rollback`: go back to a bundle that a server has kept.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::output::print;
use super::{Failure, Outcome, Result};
use crate::live::{Kept, Store};
use crate::runtime::Bundle;

/// Arguments of `rollback`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A server with `--store FOLDER` keeps its last five good bundles there. What is pinned stays in force, across restarts and whatever the
source holds, until it is released. The server sees it within its `--interval`, or at once on SIGHUP.

Examples:
  portcullis rollback /var/lib/portcullis --list
  portcullis rollback /var/lib/portcullis                   # the one before the newest
  portcullis rollback /var/lib/portcullis --to 3f9a02c1
  portcullis rollback /var/lib/portcullis --release"
)]
pub(super) struct Arguments {
    /// The server's store
    store: PathBuf,
    /// Pin the bundle whose digest begins so, instead of the one before the newest
    #[arg(long, value_name = "DIGEST", group = "what")]
    to: Option<String>,
    /// Release what is pinned: the source's bundle counts again
    #[arg(long, group = "what")]
    release: bool,
    /// Show what is kept
    #[arg(long, group = "what")]
    list: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result {
    let store = Store::at(&arguments.store);
    let kept = store.kept()?;
    if arguments.list {
        print(&list(&kept, store.pinned()?.as_deref()))?;
        return Ok(Outcome::Fine);
    }
    if arguments.release {
        store.release()?;
        print("released: the source's bundle counts again\n")?;
        return Ok(Outcome::Fine);
    }
    let chosen = match &arguments.to {
        Some(digest) => store.find(digest)?,
        None => before(&kept, store.pinned()?.as_deref())
            .ok_or_else(|| Failure(format!("{} holds no bundle to go back to", arguments.store.display())))?,
    };
    // Whether it loads is told now, not by the server's log.
    let candidate = chosen.read()?;
    Bundle::from_bytes(candidate.bundle)
        .map_err(|error| Failure(format!("the bundle {} is damaged: {error}", chosen.digest)))?;
    store.pin(&chosen)?;
    print(&format!(
        "pinned {}; `portcullis rollback {} --release` ends it\n",
        chosen.digest,
        arguments.store.display()
    ))?;
    Ok(Outcome::Fine)
}

/// The one before the newest, or before the one that is pinned.
fn before(kept: &[Kept], pinned: Option<&str>) -> Option<Kept> {
    let current = pinned.and_then(|pinned| kept.iter().position(|kept| kept.digest == pinned)).unwrap_or(0);
    kept.get(current + 1).cloned()
}

fn list(kept: &[Kept], pinned: Option<&str>) -> String {
    let mut text = String::new();
    for (place, kept) in kept.iter().enumerate() {
        let mark = match pinned {
            Some(pinned) if pinned == kept.digest => " pinned",
            _ if place == 0 => " newest",
            _ => "",
        };
        let _ = writeln!(text, "{:>6} {}{mark}", kept.number, kept.digest);
    }
    text
}
