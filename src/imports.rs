//! Files that `.gate` files name: read, and linked to where they are named.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use portcullis_compiler::resolve::{Import, codes, is_gate};
use portcullis_grammar::diagnostic::Diagnostic;
use portcullis_grammar::gate;
use portcullis_grammar::source::Source;

use crate::files::{FileError, Input, read_file, real};

/// Reads what the `.gate` files among the inputs name and adds it to them, each file once. Gives who names whom, and what could not be read.
pub(crate) fn follow(inputs: &mut Vec<Input>) -> (Vec<Import>, Vec<Diagnostic>) {
    let (mut imports, mut errors) = (Vec::new(), Vec::new());
    let mut known: Vec<Option<PathBuf>> = inputs.iter().map(|input| real(&input.path)).collect();
    let (given, mut from) = (inputs.len(), 0);
    while let Some(input) = inputs.get(from).cloned() {
        let named = if is_gate(&input.source) { gate::imports(&input.source) } else { Vec::new() };
        for gate::Import { span, path, is_document } in named {
            let refuse = |message: String, help: &str| {
                Diagnostic::error(codes::GATE_IMPORT, message).at(&input.source, span, "").help(help)
            };
            let relative = Path::new(&*path);
            if relative.has_root() || relative.components().any(|part| matches!(part, Component::Prefix(_))) {
                let message = format!("`{}` is an absolute path", path.escape_debug());
                errors.push(refuse(message, "name the file as seen from this file's folder"));
                continue;
            }
            let target = input.path.parent().unwrap_or(Path::new("")).join(relative);
            let found = real(&target);
            let to =
                found.as_ref().and_then(|found| known.iter().position(|known| known.as_ref() == Some(found)));
            let to = match to {
                Some(to) => to,
                None => match read_file(&target) {
                    Ok(text) => {
                        let name = below(input.source.name(), relative);
                        inputs.push(Input { source: Source::new(name, text), path: target });
                        known.push(found);
                        inputs.len() - 1
                    }
                    Err(error @ FileError::NotUtf8 { .. }) => {
                        errors.push(error.diagnostic());
                        continue;
                    }
                    Err(error @ FileError::Special { .. }) => {
                        errors.push(refuse(error.to_string(), "import a file"));
                        continue;
                    }
                    Err(error) => {
                        errors
                            .push(refuse(error.to_string(), "name the file as seen from this file's folder"));
                        continue;
                    }
                },
            };
            imports.push(Import { from, path, to, is_document, is_input: false });
        }
        from += 1;
    }
    let plain = imports.iter().filter(|import| !import.is_document).map(|import| import.to);
    let plain: HashSet<usize> = plain.chain(0..given).collect();
    imports.iter_mut().for_each(|import| import.is_input = plain.contains(&import.to));
    (imports, errors)
}

/// The name of a file that is named relative to another one: nothing of the machine is in it.
fn below(name: &str, path: &Path) -> String {
    let mut parts: Vec<String> = name.split('/').map(str::to_owned).collect();
    parts.pop();
    for part in path.components() {
        match part {
            Component::ParentDir if parts.last().is_some_and(|last| last != "..") => {
                parts.pop();
            }
            Component::ParentDir => parts.push("..".to_owned()),
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative_to_the_input() {
        for (name, path, below_it) in [
            ("main.gate", "a.json", "a.json"),
            ("x/main.gate", "../a.json", "a.json"),
            ("x/main.gate", "./y/../a.json", "x/a.json"),
            ("main.gate", "../../a.json", "../../a.json"),
        ] {
            assert_eq!(below(name, Path::new(path)), below_it);
        }
    }
}
