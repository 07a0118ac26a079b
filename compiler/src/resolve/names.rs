//! ARNs of users, groups, roles and managed policies, taken apart (rule I1).

use portcullis_runtime::value::arn;

/// An IAM entity's ARN, `arn:partition:iam::account:kind/path/name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EntityArn<'t> {
    /// 12 digits, or `aws` for AWS's own policies.
    pub(super) account: &'t str,
    /// `user`, `group`, `role` or `policy`.
    pub(super) kind: &'t str,
    /// From `/` to `/`.
    pub(super) path: &'t str,
    /// The last part.
    pub(super) name: &'t str,
}

impl<'t> EntityArn<'t> {
    /// Takes an ARN apart; the error says what is wrong with it.
    pub(super) fn parse(text: &'t str) -> Result<Self, &'static str> {
        let Some(["arn", partition, service, region, account, resource]) = arn::split(text) else {
            return Err("it is not of the form arn:partition:iam::account:kind/name");
        };
        let partition_form = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if partition.is_empty() || !partition.bytes().all(partition_form) {
            return Err("its partition is malformed");
        }
        if service != "iam" || !region.is_empty() {
            return Err("it is not of the service iam, which has no region");
        }
        let slash = resource.find('/').ok_or("it has no kind and name behind the account")?;
        let (kind, path_and_name) = resource.split_at_checked(slash).unwrap_or(("", ""));
        if !matches!(kind, "user" | "group" | "role" | "policy") {
            return Err("it names no user, group, role or policy");
        }
        if !(arn::is_account(account) || kind == "policy" && account == "aws") {
            return Err("its account is not 12 digits");
        }
        let name_at = path_and_name.rfind('/').map_or(0, |slash| slash + 1);
        let (path, name) = path_and_name.split_at_checked(name_at).unwrap_or(("", ""));
        if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("its path holds a blank or a character outside of ASCII");
        }
        if !is_name(name) {
            return Err("its name is empty or holds other characters than letters, digits and _+=,.@-");
        }
        Ok(Self { account, kind, path, name })
    }
}

/// Whether this can be the name of an IAM entity.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i1_arns_of_entities() {
        let parsed = EntityArn::parse("arn:aws-cn:iam::123456789012:role/a/b/deployer").unwrap();
        assert_eq!(
            parsed,
            EntityArn { account: "123456789012", kind: "role", path: "/a/b/", name: "deployer" }
        );
        assert_eq!(EntityArn::parse("arn:aws:iam::123456789012:user/x").unwrap().path, "/");
        assert_eq!(EntityArn::parse("arn:aws:iam::aws:policy/service-role/X").unwrap().account, "aws");
        for bad in [
            "",
            "alice",
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::12345678901:user/x",
            "arn:aws:iam::aws:user/x",
            "arn:aws:s3::123456789012:user/x",
            "arn:aws:iam:eu-west-1:123456789012:user/x",
            "arn:aws:iam::123456789012:user/",
            "arn:aws:iam::123456789012:user/a b",
            "arn:aws:iam::123456789012:user/a*",
            "arn::iam::123456789012:user/x",
            "ARN:aws:iam::123456789012:user/x",
            "arn:aws:iam::123456789012:mfa/x",
            "arn:aws:iam::123456789012:user/ü",
            "arn:aws:iam::123456789012:user/ö/x",
        ] {
            assert!(EntityArn::parse(bad).is_err(), "{bad}");
        }
    }
}
