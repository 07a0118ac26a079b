//! FORMAT.md says what `runtime/src/format.rs` and `runtime/src/validate*` do: sections, records, values, and where each sentence is checked.

use portcullis::runtime::format::Section;

use super::read;

/// The cells of the table rows of a text.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").map(str::trim).collect())
}

#[test]
fn the_specification_lists_all_sections() {
    let text = read("runtime/FORMAT.md");
    let listed: Vec<(String, String)> = rows(&text)
        .filter(|row| row.len() == 3 && row[0].parse::<u32>().is_ok() && row[1].starts_with('`'))
        .filter(|row| row[1].trim_matches('`').starts_with(|first: char| first.is_ascii_uppercase()))
        .filter(|row| !row[1].contains('_') && !row[1].contains(", "))
        .map(|row| (row[0].to_owned(), row[1].trim_matches('`').to_owned()))
        .filter(|(_, name)| name.chars().any(|it| it.is_ascii_lowercase()))
        .collect();
    let sections: Vec<(String, String)> = Section::ALL
        .iter()
        .map(|&section| ((section as u32).to_string(), section.name().to_owned()))
        .collect();
    assert_eq!(listed, sections);
}

/// The records of `format.rs`: names and fields.
fn records() -> Vec<(String, Vec<String>)> {
    let text = read("runtime/src/format.rs");
    let (_, block) = text.split_once("\nrecords! {\n").unwrap();
    let (block, _) = block.split_once("\n}\n").unwrap();
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for line in block.lines().map(str::trim).filter(|line| !line.starts_with("///")) {
        if let Some(name) = line.strip_suffix(" {") {
            found.push((name.to_owned(), Vec::new()));
        } else if let (Some(field), Some((_, fields))) = (line.strip_suffix(','), found.last_mut()) {
            fields.push(field.to_owned());
        }
    }
    found
}

#[test]
fn the_specification_lists_all_records_and_fields() {
    let text = read("runtime/FORMAT.md");
    let records = records();
    assert!(records.len() > 15);
    for (name, fields) in records {
        let heading = text.split(&format!("\n### `{name}`")).nth(1);
        let section = heading.and_then(|rest| rest.split("\n#").next());
        let section = section.unwrap_or_else(|| panic!("no heading for {name}"));
        let listed: Vec<&str> = rows(section.split("\n\n").next().unwrap())
            .filter(|row| row[0].starts_with('`'))
            .map(|row| row[0].trim_matches('`'))
            .collect();
        assert_eq!(listed, fields, "{name}");
    }
}

#[test]
fn the_specification_names_all_values() {
    let text = read("runtime/FORMAT.md");
    let values = read("runtime/src/format/values.rs");
    let mut count = 0;
    for line in values.lines().filter_map(|line| line.trim().strip_prefix("pub const ")) {
        let (name, rest) = line.split_once(": u32 = ").unwrap_or(("", ""));
        // Bounds are said in words, node kinds in a table that the node's own name leads.
        if name.is_empty() || ["ACTION_FLAGS", "KEY_SOURCES"].contains(&name) {
            continue;
        }
        count += 1;
        let value = rest.trim_end_matches(';');
        let number: u32 = match value.split_once(" << ") {
            Some(("1", shift)) => 1 << shift.parse::<u32>().unwrap(),
            _ => value
                .strip_prefix("0x")
                .map_or_else(|| value.parse().unwrap(), |digits| u32::from_str_radix(digits, 16).unwrap()),
        };
        let said =
            [format!("{number} `{name}`"), format!("| {number} | `{name}`"), format!("`{name}` = {number}")];
        assert!(said.iter().any(|said| text.contains(said)), "FORMAT.md does not say {said:?}");
    }
    assert!(count > 60);
}

#[test]
fn every_sentence_names_the_function_that_checks_it() {
    let text = read("runtime/FORMAT.md");
    let sentences: Vec<&str> = text
        .lines()
        .filter(|line| line.split_once(". ").is_some_and(|(number, _)| number.parse::<u32>().is_ok()))
        .filter(|line| line.contains(" — "))
        .collect();
    assert!(sentences.len() > 40);
    for sentence in sentences {
        let (_, function) = sentence.rsplit_once(" — `").unwrap();
        let (file, name) = function.trim_end_matches('`').split_once("::").unwrap();
        let path = match file {
            "validate" | "view" => format!("runtime/src/{file}.rs"),
            _ => format!("runtime/src/validate/{file}.rs"),
        };
        let text = read(&path);
        let found = ["(", "<"].iter().any(|behind| text.contains(&format!("fn {name}{behind}")));
        assert!(found, "{path} has no function {name}: {sentence}");
    }
}
