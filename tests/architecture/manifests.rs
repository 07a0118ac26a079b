//! Which crate may know which, and what may never be in them.

use super::{files, read, root};

/// The crates, their manifests' folders, and the crates of this workspace that each may depend on.
const CRATES: &[(&str, &str, &[&str])] = &[
    ("portcullis-grammar", "grammar/", &[]),
    ("portcullis-runtime", "runtime/", &[]),
    ("portcullis-compiler", "compiler/", &["portcullis-grammar", "portcullis-runtime"]),
    ("portcullis", "", &["portcullis-grammar", "portcullis-compiler", "portcullis-runtime"]),
];

/// The dependencies of a manifest, those for tests and builds included: name and the rest of the line.
fn dependencies(manifest: &str) -> Vec<(String, String)> {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
            // A dependency may have a table of its own.
            if let Some((_, name)) = section.split_once("dependencies.") {
                found.push((name.to_owned(), String::new()));
            }
        } else if section.ends_with("dependencies")
            && section != "workspace.dependencies"
            && !line.starts_with('#')
            && let Some((name, rest)) = line.split_once(['.', '=', ' '])
        {
            found.push((name.to_owned(), rest.to_owned()));
        }
    }
    found
}

#[test]
fn arrows_between_crates_lead_one_way() {
    for (name, folder, allowed) in CRATES {
        let manifest = read(&format!("{folder}Cargo.toml"));
        assert!(manifest.contains(&format!("name = \"{name}\"")));
        let own: Vec<String> = dependencies(&manifest)
            .into_iter()
            .map(|(dependency, _)| dependency)
            .filter(|dependency| dependency.starts_with("portcullis"))
            .collect();
        let forbidden: Vec<&String> = own.iter().filter(|it| !allowed.contains(&it.as_str())).collect();
        assert!(forbidden.is_empty(), "{name} depends on {forbidden:?}");
        assert!(
            allowed.iter().all(|it| own.iter().any(|own| own == it)),
            "{name}: {own:?}, allowed {allowed:?}"
        );
    }
}

/// Nothing more without a reason in its manifest: this is what a gateway links.
#[test]
fn the_runtime_depends_on_four_crates() {
    let mut found = dependencies(&read("runtime/Cargo.toml"));
    found.sort();
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["bincode", "blake3", "memchr", "safe_arch"]);
    assert!(found[0].1.contains("optional = true"));
    assert!(read("runtime/src/lib.rs").lines().any(|line| line == "#![no_std]"));
}

#[test]
fn unsafe_code_is_forbidden_everywhere() {
    let workspace = read("Cargo.toml");
    assert!(workspace.contains("unsafe_code = \"forbid\""));
    for (name, folder, _) in CRATES {
        let manifest = read(&format!("{folder}Cargo.toml"));
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} has lints of its own");
    }
    let entries =
        ["grammar/src/lib.rs", "compiler/src/lib.rs", "runtime/src/lib.rs", "src/lib.rs", "src/main.rs"];
    for entry in entries {
        assert!(
            read(entry).lines().any(|line| line == "#![forbid(unsafe_code)]"),
            "{entry} does not forbid it"
        );
    }
}

/// The three crates below the command line are pure. Clippy looks, by a list in each crate's own `clippy.toml`; this looks that it does.
#[test]
fn files_clock_and_environment_are_the_command_lines() {
    for folder in ["grammar", "compiler", "runtime"] {
        let lints = read(&format!("{folder}/clippy.toml"));
        for forbidden in [
            "std::fs::read",
            "std::fs::write",
            "std::fs::File::open",
            "std::env::var",
            "std::time::Instant::now",
            "std::time::SystemTime::now",
            "std::process::exit",
            "std::thread::spawn",
        ] {
            assert!(lints.contains(&format!("{{ path = \"{forbidden}\",")), "{folder}: {forbidden}");
        }
    }
    let workspace = read("Cargo.toml");
    for lint in
        ["disallowed_methods", "print_stdout", "print_stderr", "unwrap_used", "indexing_slicing", "panic"]
    {
        assert!(workspace.contains(&format!("{lint} = \"deny\"")), "{lint} is not denied");
    }
    let library = files(&[".rs"]).into_iter().filter(|file| {
        ["grammar/src/", "compiler/src/", "runtime/src/"].iter().any(|folder| file.path.starts_with(folder))
    });
    for file in library {
        for module in ["std::fs", "std::net::Tcp", "std::process", "std::env"] {
            assert!(!file.text.contains(module), "{} uses {module}", file.path);
        }
    }
}

/// The README's commands say `cargo run` and no more: of several programs one has to be meant.
#[test]
fn cargo_run_is_the_command_line() {
    let done = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let members = metadata["workspace_default_members"].as_array().unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let of = |package: &&serde_json::Value| members.contains(&package["id"]);
    let runs: Vec<&str> =
        packages.iter().filter(of).filter_map(|package| package["default_run"].as_str()).collect();
    assert_eq!(runs, ["portcullis"]);
}
