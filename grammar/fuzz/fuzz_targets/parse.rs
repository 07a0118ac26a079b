//! Lexer, parser and layout: any text is read without a panic; what parses has one layout, which says the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_grammar::gate::{format, imports, parse};
use portcullis_grammar::source::Source;

fuzz_target!(|text: &str| {
    let source = Source::new("fuzz.gate", text);
    let parsed = parse(&source);
    let _ = imports(&source);
    match format(&source) {
        Ok(once) => {
            assert!(parsed.diagnostics.is_empty());
            let again = format(&Source::new("fuzz.gate", once.as_str()));
            assert_eq!(again.ok().as_deref(), Some(once.as_str()));
        }
        Err(found) => assert!(!found.is_empty() && found.iter().all(|it| it.code != "gate-layout")),
    }
});
