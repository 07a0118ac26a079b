//! Principals by their text.

use super::*;

#[test]
fn principals_by_their_text() {
    for (text, expected) in [
        ("*", Kind::Anonymous),
        ("arn:aws:iam::123456789012:user/path/alice", Kind::User),
        ("arn:aws-cn:iam::123456789012:role/r", Kind::Role),
        ("arn:aws:iam::123456789012:root", Kind::Root),
        ("arn:aws:sts::123456789012:assumed-role/R/S", Kind::RoleSession),
        ("arn:aws:sts::123456789012:federated-user/N", Kind::FederatedUser),
        ("arn:aws:iam::123456789012:saml-provider/idp", Kind::Provider),
        ("arn:aws:iam::123456789012:oidc-provider/idp.example/x", Kind::Provider),
        ("ec2.amazonaws.com", Kind::Service),
        ("cognito-identity", Kind::Service),
        ("oidc.example/id/x", Kind::Service),
        ("user/alice", Kind::Service),
        ("", Kind::Malformed),
        ("a b", Kind::Malformed),
        ("accounts.example/a b", Kind::Malformed),
        ("ec2.amazonaws.com:x", Kind::Malformed),
        ("arn:aws:iam::12345678901:user/alice", Kind::Malformed),
        ("arn:aws:iam::123456789012:group/g", Kind::Malformed),
        ("arn:aws:iam::123456789012:user", Kind::Malformed),
        ("arn:aws:iam::123456789012:user/", Kind::Malformed),
        ("arn:aws:iam::123456789012:role/path/", Kind::Malformed),
        ("arn:aws:iam::123456789012:root/x", Kind::Malformed),
        ("arn:aws:iam::123456789012:saml-provider/", Kind::Malformed),
        ("arn:aws:iam::123456789012:assumed-role/R/S", Kind::Malformed),
        ("arn:aws:sts::123456789012:assumed-role/R", Kind::Malformed),
        ("arn:aws:sts::123456789012:assumed-role/R/", Kind::Malformed),
        ("arn:aws:sts::123456789012:assumed-role//S", Kind::Malformed),
        ("arn:aws:sts::123456789012:federated-user/", Kind::Malformed),
        ("arn:aws:sts::123456789012:root", Kind::Malformed),
        ("arn:aws:s3:::bucket", Kind::Malformed),
        ("ARN:aws:iam::123456789012:user/alice", Kind::Malformed),
    ] {
        assert_eq!(Principal::of(text).kind, expected, "{text}");
    }
}

#[test]
fn names_have_at_most_64_bytes() {
    let [fits, long] = [64, 65].map(|length| "n".repeat(length));
    for (name, wanted) in [(fits, true), (long, false)] {
        for text in [
            format!("arn:aws:iam::123456789012:role/path/{name}"),
            format!("arn:aws:sts::123456789012:assumed-role/{name}/s"),
            format!("arn:aws:sts::123456789012:assumed-role/r/{name}"),
            format!("arn:aws:sts::123456789012:federated-user/{name}"),
        ] {
            assert_eq!(Principal::of(&text).kind != Kind::Malformed, wanted, "{text}");
        }
    }
}

#[test]
fn parts_of_a_principal() {
    let role = Principal::of("arn:aws-cn:iam::123456789012:role/a/b/r");
    assert_eq!(
        (role.partition, role.account, role.path, role.name),
        ("aws-cn", Some("123456789012"), "a/b/", "r")
    );
    let session = Principal::of("arn:aws:sts::123456789012:assumed-role/R/S");
    assert_eq!((session.name, session.session, session.path), ("R", "S", ""));
    let provider = Principal::of("arn:aws:iam::123456789012:saml-provider/idp");
    assert_eq!(provider.account, None, "an identity provider is nobody of the account");
}
