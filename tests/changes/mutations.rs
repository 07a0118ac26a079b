//! Worlds with something changed: a word of a policy, or something that no policy says and conditions ask for all the same, such as a tag, an id,
//! a path, the unit of an account, whose a resource is.
#![allow(unreachable_pub, reason = "a part of one test")]

/// Words of policies, and what they become.
const WORDS: &[(&str, &str)] = &[
    ("\"Allow\"", "\"Deny\""),
    ("\"Deny\"", "\"Allow\""),
    ("\"NotAction\"", "\"Action\""),
    ("s3:Get", "s3:Put"),
    ("StringEquals", "StringNotEquals"),
    ("\"NotResource\"", "\"Resource\""),
];

/// What identities of one account are.
const IDENTITIES: &[(&str, &str)] = &[
    ("\"Value\":\"a\"", "\"Value\":\"b\""),
    ("\"Value\":\"b\"", "\"Value\":\"a\""),
    ("\"Value\":\"x:y\"", "\"Value\":\"a\""),
    ("\"Value\":\"\"", "\"Value\":\"b\""),
    ("\"Key\":\"team\"", "\"Key\":\"dept\""),
    ("\"Key\":\"Team\"", "\"Key\":\"dept\""),
    ("\"UserId\":\"AIDA0", "\"UserId\":\"AIDA9"),
    ("\"RoleId\":\"AROA0", "\"RoleId\":\"AROA9"),
];

/// What identities, resources and accounts of an organization are.
const PLACES: &[(&str, &str)] = &[
    ("\"Value\": \"red\"", "\"Value\": \"blue\""),
    ("\"Value\": \"blue\"", "\"Value\": \"red\""),
    ("{\"Team\": \"red\"}", "{\"Team\": \"blue\"}"),
    ("{\"Team\": \"blue\"}", "{\"Other\": \"blue\"}"),
    ("\"Key\": \"Team\"", "\"Key\": \"Other\""),
    ("\"UserId\": \"AIDAAAAAAAAAAAAAA", "\"UserId\": \"AIDABBBBBBBBBBBBBB"),
    ("\"RoleId\": \"AROAAAAAAAAAAAAAA", "\"RoleId\": \"AROABBBBBBBBBBBBBB"),
    (
        "\"ou-2\": [{\"Id\": \"111111111111\"}], \"ou-1\": [{",
        "\"ou-2\": [], \"ou-1\": [{\"Id\": \"111111111111\"}, {",
    ),
    (
        "\"ou-1\": [{\"Id\": \"222222222222\"}], \"r-1\": [{",
        "\"ou-1\": [], \"r-1\": [{\"Id\": \"222222222222\"}, {",
    ),
    ("\"MasterAccountId\": \"999999999999\"", "\"MasterAccountId\": \"222222222222\""),
    ("\"account\": \"111111111111\"", "\"account\": \"222222222222\""),
    ("\"account\": \"222222222222\"", "\"account\": \"111111111111\""),
    ("{\"Id\": \"o-1\",", "{\"Id\": \"o-2\","),
    ("\"Path\": \"/svc/\"", "\"Path\": \"/far/\""),
];

/// The same organization, whose conditions compare a key of the request with tags, so that it matters what these are.
pub fn by_tags(files: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    let variables = [
        ("\"aws:PrincipalTag/team\": \"red\"", "\"k:x\": \"${aws:PrincipalTag/team}\""),
        ("\"aws:PrincipalOrgID\": \"o-1\"", "\"k:x\": \"${aws:PrincipalTag/team}\""),
        ("\"aws:ResourceOrgID\": \"o-1\"", "\"k:x\": \"${aws:ResourceTag/team}\""),
        ("\"aws:PrincipalAccount\": \"111111111111\"", "\"k:x\": \"${aws:PrincipalTag/team}\""),
        ("\"aws:ResourceAccount\": \"${aws:PrincipalAccount}\"", "\"k:x\": \"${aws:PrincipalTag/team}\""),
        ("\"aws:PrincipalTag/team\": \"${aws:PrincipalTag/team}\"", "\"k:x\": \"${aws:ResourceTag/team}\""),
        ("\"aws:PrincipalTag/Team\": [\"red\", \"blue\"]", "\"k:x\": \"${aws:PrincipalTag/team}\""),
        ("\"k:x\": \"1\"", "\"k:x\": \"${aws:PrincipalTag/team}\""),
    ];
    let changed =
        |text: &String| variables.iter().fold(text.clone(), |text, (from, to)| text.replace(from, to));
    files.iter().map(|(name, text)| (*name, changed(text))).collect()
}

/// The same organization where every tag has the other value.
pub fn tags(files: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    let swapped = |text: &String| {
        let mut text = text.clone();
        for lead in ["\"Value\": \"", "{\"Team\": \""] {
            for (from, to) in [("red", "-"), ("blue", "red"), ("-", "blue")] {
                text = text.replace(&format!("{lead}{from}\""), &format!("{lead}{to}\""));
            }
        }
        text
    };
    files.iter().map(|(name, text)| (*name, swapped(text))).collect()
}

/// One place of a text that one of these pairs names, replaced; the text itself where there is none.
fn replaced(text: &str, pairs: &[(&str, &str)], seed: u64) -> String {
    let start = (seed % pairs.len() as u64) as usize;
    let (before, behind) = pairs.split_at(start);
    for (from, to) in behind.iter().chain(before) {
        let places: Vec<usize> = text.match_indices(from).map(|(at, _)| at).collect();
        if !places.is_empty() {
            let at = places[(seed as usize / pairs.len()) % places.len()];
            return format!("{}{to}{}", &text[..at], &text[at + from.len()..]);
        }
    }
    text.to_owned()
}

/// The same world with one word of a policy changed.
pub fn word(text: &str, seed: u64) -> String {
    replaced(text, WORDS, seed)
}

/// The same world where an identity is tagged otherwise or was made anew.
pub fn identity(text: &str, seed: u64) -> String {
    replaced(text, IDENTITIES, seed)
}

/// The same organization where something of what its parts are has changed.
pub fn place(files: &[(&'static str, String)], seed: u64) -> Vec<(&'static str, String)> {
    // A pair that the first file does not have may be one of another.
    let order = files.iter().enumerate().cycle().skip(seed as usize % files.len()).take(files.len());
    for (at, (_, text)) in order {
        let changed = replaced(text, PLACES, seed / 3);
        if changed != *text {
            // A role's path stands in its ARN too.
            let changed = if changed.contains("\"/far/\"") {
                changed.replace(":role/svc/app", ":role/far/app")
            } else {
                changed
            };
            let mut files = files.to_vec();
            files[at].1 = changed;
            return files;
        }
    }
    files.to_vec()
}
