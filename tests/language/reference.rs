//! The language's reference: every file in it is one, laid out, and stands for the JSON beside it.

use std::path::Path;

use portcullis::compiler::lint::registry::OWN;

use super::command::{ROOT, finish, portcullis};

/// A fenced block: what stands behind its opening fence, its text, and the line of the fence.
struct Block {
    info: String,
    text: String,
    line: usize,
    /// Whether text other than a sentence or two stands between it and the block before.
    apart: bool,
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let mut between = 0;
    for (line, text) in (1..).zip(markdown.lines()) {
        match (&mut open, text.strip_prefix("```")) {
            (None, Some(info)) => {
                let apart = between > 1;
                open = Some(Block { info: info.trim().to_owned(), text: String::new(), line, apart });
            }
            (None, None) => between += usize::from(!text.trim().is_empty()),
            (Some(_), Some("")) => {
                blocks.extend(open.take());
                between = 0;
            }
            (Some(block), _) => block.text += &format!("{text}\n"),
        }
    }
    blocks
}

#[test]
fn every_example_of_the_reference_holds() {
    let markdown = std::fs::read_to_string(Path::new(ROOT).join("grammar/LANGUAGE.md")).unwrap();
    let blocks = blocks(&markdown);
    let (mut files, mut pairs) = (0, 0);
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| block.info == "gate") {
        files += 1;
        let place = format!("LANGUAGE.md:{}", block.line);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.gate"), &block.text).unwrap();
        let run = |arguments: &[&str]| finish(portcullis(folder.path(), arguments), b"");
        let checked = run(&["check", "a.gate"]);
        let found: Vec<&str> = checked
            .err
            .lines()
            .filter(|line| line.starts_with("error[") || line.starts_with("warning["))
            .collect();
        // Lints of what may be said, and likely is not meant, are no matter of the language.
        let is_lint = |line: &&str| OWN.iter().any(|it| line.starts_with(&format!("warning[{}]", it.code)));
        let others = found.iter().filter(|line| !is_lint(line) && !line.starts_with("error[no-principal]"));
        assert_eq!(others.count(), 0, "{place}: {}", checked.err);
        let laid_out = run(&["fmt", "--check", "a.gate"]);
        assert_eq!((laid_out.status, laid_out.err.as_str()), (0, ""), "{place}: not laid out");
        if block.text.contains("\ntest \"") {
            let tested = run(&["test", "a.gate"]);
            assert_eq!(tested.status, 0, "{place}: {}{}", tested.out, tested.err);
        }
        let Some(json) = blocks.get(at + 1).filter(|next| next.info.starts_with("json") && !next.apart)
        else {
            continue;
        };
        pairs += 1;
        let done = run(&["convert", "a.gate", "--without-tests", "-o", "out/"]);
        assert_eq!((done.status, done.err.as_str()), (0, ""), "{place}");
        let mut names: Vec<_> = std::fs::read_dir(folder.path().join("out"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        let name = match json.info.split_once(' ') {
            Some((_, name)) => name.trim().into(),
            None => {
                assert_eq!(names.len(), 1, "{place}: which of {names:?}?");
                names[0].clone()
            }
        };
        let text = std::fs::read_to_string(folder.path().join("out").join(&name)).unwrap();
        assert_eq!(text, json.text, "LANGUAGE.md:{}", json.line);
    }
    assert!(files >= 10 && pairs >= 8, "{files} files, {pairs} with JSON");
}
