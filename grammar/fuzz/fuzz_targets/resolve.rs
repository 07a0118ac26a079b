//! From text to model and back: any text is resolved without a panic; what resolves converts to JSON and `.gate` that resolve too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_compiler::convert::{Extent, to_gate, to_json};
use portcullis_compiler::ir::{TextOptions, print};
use portcullis_compiler::model::Model;
use portcullis_compiler::resolve::{Options, resolve};
use portcullis_compiler::{ir, lower};
use portcullis_grammar::source::Source;

fn text(model: &Model) -> String {
    let lowered = lower(model);
    assert!(ir::verify(&lowered).is_ok());
    print(&lowered, model, &TextOptions::default())
}

fuzz_target!(|text_of_file: &str| {
    let options = Options { require_principal: false, ..Options::default() };
    let Some(model) = resolve(&[Source::new("fuzz.gate", text_of_file)], &[], &options).model else { return };
    let _ = to_json(&model, &Extent::default());
    let Ok(gate) = to_gate(&model, &Extent::default()) else { return };
    let back = resolve(&[Source::new("back.gate", gate.as_str())], &[], &options);
    let Some(back) = back.model else { panic!("{gate}\n{:#?}", back.diagnostics.first()) };
    assert_eq!(text(&model), text(&back));
});
