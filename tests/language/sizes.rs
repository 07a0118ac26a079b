//! What large files cost: time near linear in their text. Without any clock: each of these took minutes where it took the square.

use std::fmt::Write as _;

use super::compiled::resolved;

/// The codes of the findings about a file.
fn found(text: &str) -> Vec<&'static str> {
    resolved(&[("a.gate", text)]).diagnostics.iter().map(|found| found.code).collect()
}

#[test]
fn variables_that_do_not_end() {
    let text = |it: &str| format!("account 123456789012 {{ user a {{ tag k = \"{it}\" }} }}");
    assert_eq!(found(&text(&"${".repeat(500_000))), ["gate-name"]);
    assert_eq!(found(&text(&format!("{}}}", "${".repeat(500_000)))), Vec::<&str>::new());
}

#[test]
fn many_units_and_control_policies() {
    let mut text = String::from("organization o-acme12345 { management 123456789012 scps deny-list\n");
    for at in 0..20_000 {
        let _ = writeln!(text, "scp S{at} {{ deny s3:* on * }}");
    }
    text += "root r-acme { account 123456789012\n";
    for at in 0..20_000 {
        let _ = writeln!(text, "unit ou-{at} {{ attach S{at} }}");
    }
    text += "} }\naccount 123456789012 { user a }\n";
    assert_eq!(found(&text), Vec::<&str>::new());
}

#[test]
fn many_accounts_tests_and_versions() {
    let mut text = String::new();
    for at in 0..4_000 {
        let _ = writeln!(text, "account {at:012} {{ user a  user b{at} }}");
        let _ = writeln!(
            text,
            "test \"{at}\" {{ {at:012}/a, b{at} may s3:GetObject on arn:aws:s3:::b/k of {at:012} }}"
        );
    }
    text += "account 123456789012 { policy P {\ndefault version v1 { allow s3:* on * }\n";
    for at in 2..20_000 {
        let _ = writeln!(text, "version v{at} {{ allow s3:* on * }}");
    }
    text += "} }\n";
    assert_eq!(found(&text), ["p5-quota"]);
}
