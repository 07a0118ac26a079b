//! The front end on real data: every AWS-managed policy and a whole account resolve without an error. Skipped, with a message, where the
//! data are not beside the checkout.

use std::path::Path;

use portcullis_compiler::resolve::scenario::parse_scenarios;
use portcullis_compiler::resolve::{Options, Resolved, resolve};
use portcullis_grammar::source::Source;

#[allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test reads its data and says when it cannot"
)]
fn data(name: &str) -> Option<Source> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(Source::new(name, text)),
        Err(error) => {
            eprintln!("skipped: {}: {error}", path.display());
            None
        }
    }
}

fn assert_no_errors(resolved: &Resolved) {
    let errors: Vec<_> = resolved.diagnostics.iter().filter(|found| found.is_error()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn all_managed_policies_resolve() {
    let Some(source) = data("aws-managed-policies.jsonl") else { return };
    let resolved = resolve(&[source], &[], &Options { require_principal: false, ..Options::default() });
    assert_no_errors(&resolved);
    let model = resolved.model.unwrap();
    assert_eq!(model.policies.len(), 1_644);
    let statements = model
        .policies
        .iter()
        .flat_map(|policy| &policy.versions)
        .map(|version| version.document.statements.len());
    assert_eq!(statements.sum::<usize>(), 9_030);
}

#[test]
fn an_account_resolves() {
    let Some(source) = data("account-small.json") else { return };
    let resolved = resolve(&[source], &[], &Options::default());
    assert_no_errors(&resolved);
    let model = resolved.model.unwrap();
    assert_eq!((model.users.len(), model.groups.len(), model.roles.len()), (12, 4, 6));
    assert!(model.roles.iter().all(|role| role.trust.is_some()));
}

#[test]
fn the_sample_scenarios_are_all_read() {
    let Some(source) = data("scenarios-sample.jsonl") else { return };
    let cases = parse_scenarios(&source);
    let ids = |wanted: bool| -> Vec<String> {
        let id = |case: &Result<_, _>| match case {
            Ok(portcullis_compiler::resolve::scenario::Scenario { id, .. }) => (true, id.clone()),
            Err(portcullis_compiler::resolve::scenario::LineError { id, .. }) => {
                (false, id.clone().unwrap_or_default())
            }
        };
        cases
            .iter()
            .map(id)
            .filter(|(good, _)| *good == wanted)
            .map(|(_, id)| id.trim_start_matches("sample/").to_owned())
            .collect()
    };
    assert_eq!((ids(true).len(), ids(false).len()), (14, 0));
}
