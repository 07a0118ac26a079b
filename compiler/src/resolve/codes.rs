//! The codes of all findings, with one line each. Stable: tools filter by them. A code is led by the rule that it enforces, or by the
//! kind of input that it is about.

macro_rules! codes {
    ($($name:ident $code:literal $line:literal)*) => {
        $(
            #[doc = $line]
            pub const $name: &str = $code;
        )*

        /// Every code of this crate's front end with its line.
        pub const ALL: &[(&str, &str)] = &[$(($code, $line)),*];
    };
}

codes! {
    A1_SERVICE_WILDCARD "a1-service-wildcard" "Lint: a wildcard stands in the service half of an action."
    A2_MALFORMED_ACTION "a2-malformed-action" "Lint: an action pattern is malformed and matches nothing."
    ACCESS_CROSS_ACCOUNT "access-cross-account" "With --no-cross-account: principals of another account have access."
    ACCESS_GRANTED "access-granted" "With --not-granted: somebody can do what nobody shall."
    ACCESS_NEW "access-new" "With --no-new-access: somebody can do what they could not."
    ACCESS_PUBLIC "access-public" "With --no-public: everybody has access."
    ATTACH_NOT_A_DOCUMENT "attach-not-a-document" "An attached file is no single policy document."
    ATTACH_PRINCIPAL "attach-principal" "The principal of an attachment is no ARN of a user or role."
    C1_EMPTY_OPERATOR "c1-empty-operator" "Lint: a condition operator holds no keys and always holds."
    C10_HOST_BITS "c10-host-bits" "Lint: host bits of an address block are set and get masked."
    C10_NOT_AN_ADDRESS "c10-not-an-address" "The value of an address operator is no address or block."
    C11_NOT_A_BOOLEAN "c11-not-a-boolean" "The value of Bool or Null is neither true nor false."
    C11_NOT_BASE64 "c11-not-base64" "The value of BinaryEquals is no canonical base64."
    C2_EMPTY_KEY "c2-empty-key" "A condition key is the empty text."
    C3_UNKNOWN_OPERATOR "c3-unknown-operator" "There is no such condition operator."
    C4_NULL_WITH_SET_PREFIX "c4-null-with-set-prefix" "Lint: Null under a set prefix is constant."
    C6_LIST_KEY "c6-list-key" "Lint: a key that holds a list stands under an operator without a set prefix."
    C7_SHORT_ARN "c7-short-arn" "Lint: the value of an ARN operator has fewer than six parts and matches nothing."
    C9_NOT_A_DATE "c9-not-a-date" "The value of a date operator is no date."
    C9_NOT_A_NUMBER "c9-not-a-number" "The value of a number operator is no decimal number."
    GATE_ACCOUNT "gate-account" "An account of a .gate file has no number of 12 digits."
    GATE_ARGUMENTS "gate-arguments" "A policy with parameters is given too few or too many arguments."
    GATE_CONDITION "gate-condition" "A condition of a .gate file compares what cannot be compared so, or has no form in IAM."
    GATE_CYCLE "gate-cycle" "Files import each other in a circle, or policies use each other."
    GATE_EXCEPT "gate-except" "`except` stands behind something else than `*`."
    GATE_IMPORT "gate-import" "An imported file is not there, or not of the kind that is wanted."
    GATE_NAME "gate-name" "A name of a .gate file is not declared, is declared twice, or stands for the wrong kind of thing."
    GATE_PLACE "gate-place" "Something of a .gate file stands where it has no meaning."
    GATE_PRINCIPAL "gate-principal" "A principal of a .gate file is not named as one, or is not declared."
    GATE_SIZE "gate-size" "Something of a .gate file stands for more than is taken."
    GATE_TEST "gate-test" "A test asks nothing, or asks about what is not there."
    GATE_TWICE "gate-twice" "Something that stands once in a .gate file stands twice."
    GATE_UNKNOWN_ACTION "gate-unknown-action" "Lint: an action is not documented, in a .gate file."
    GATE_UNKNOWN_KEY "gate-unknown-key" "Lint: a condition key is not documented, in a .gate file."
    GATE_VALUE "gate-value" "A number or length of a .gate file is none."
    GATE_WILDCARD "gate-wildcard" "Lint: `=` or `in` compares with a text that holds a *, which is no wildcard there."
    I1_BAD_ARN "i1-bad-arn" "An entity's ARN is malformed or contradicts its name or path."
    I1_DUPLICATE "i1-duplicate" "An identity is given twice."
    I1_GROUP_NOT_HELD "i1-group-not-held" "A user is in a group that no input holds."
    I2_CONFLICT "i2-conflict" "A managed policy is given twice with different content."
    I2_DEFAULT_VERSION "i2-default-version" "A managed policy has not exactly one default version, or two statements about it disagree."
    I2_DUPLICATE_VERSION "i2-duplicate-version" "A managed policy has two versions of one name."
    I2_POLICY_NOT_HELD "i2-policy-not-held" "A policy is attached that no input holds."
    I4_SESSION_LENGTH "i4-session-length" "Lint: a role's longest session is not between one and twelve hours."
    INPUT_EMPTY "input-empty" "A file holds nothing to compile."
    INPUT_UNKNOWN_KIND "input-unknown-kind" "A file is none of the kinds that can be read."
    INPUT_UNSUPPORTED_KIND "input-unsupported-kind" "A file is of a kind that this version does not read."
    N1_PRINCIPAL_SHAPE "n1-principal-shape" "A principal element has the wrong shape."
    N3_UNRECOGNIZED_PRINCIPAL "n3-unrecognized-principal" "Lint: a principal is of no known form and matches nobody."
    N4_GROUP_PRINCIPAL "n4-group-principal" "A group stands as principal."
    N4_WILDCARD_PRINCIPAL "n4-wildcard-principal" "A wildcard stands inside a principal's ARN."
    N5_WILDCARD_PRINCIPAL "n5-wildcard-principal" "A wildcard stands under Service, Federated or CanonicalUser (lint in scenarios)."
    N5_UNHELD_ID "n5-unheld-id" "Lint: a principal is the unique id of an identity that no input holds."
    N6_NOT_PRINCIPAL_ALLOW "n6-not-principal-allow" "NotPrincipal stands with Effect Allow (lint in scenarios)."
    N6_WITHOUT_ACCOUNT "n6-without-account" "Lint: NotPrincipal names a user or role without its account."
    NO_PRINCIPAL "no-principal" "The inputs hold no user and no role."
    ORGANIZATION "organization" "An organization file lacks something, or contradicts itself."
    ORGANIZATION_DENIED "organization-denied" "Lint: under `scps allow-list` no SCP is attached to something that holds accounts, which are denied everything."
    ORGANIZATION_UNUSED "organization-unused" "Lint: a control policy of a .gate file is attached nowhere, or its kind is switched off."
    ORGANIZATION_ACCOUNT "organization-account" "Lint: an account's snapshot is given, and the organization does not hold the account."
    P1_UNKNOWN_VERSION "p1-unknown-version" "The language version is neither 2012-10-17 nor 2008-10-17."
    P2_ACTION "p2-action" "A statement has not exactly one of Action and NotAction."
    P2_DUPLICATE_SID "p2-duplicate-sid" "Two statements of a document have the same Sid."
    P2_EFFECT "p2-effect" "Effect is missing, or neither Allow nor Deny."
    P2_EMPTY_LIST "p2-empty-list" "Lint: an empty list of actions, resources or statements."
    P2_EMPTY_VALUES "p2-empty-values" "A condition key has an empty list of values."
    P2_ID "p2-id" "Lint: Id is ignored in identity-type policies."
    P2_MISSING_STATEMENT "p2-missing-statement" "A document has no Statement."
    P2_PRINCIPAL "p2-principal" "A principal element is missing where it has to stand, or stands where it must not (in identity policies a lint in scenarios)."
    P2_RCP "p2-rcp" "Lint: a resource control policy holds what AWS would refuse."
    P2_RESOURCE "p2-resource" "A statement has not exactly one of Resource and NotResource, or has one where none belongs (lint in trust policies)."
    P2_TYPE "p2-type" "An element of a policy document has a value of the wrong type."
    P3_KEY_CASE "p3-key-case" "Two condition keys of one operator differ only in case."
    P3_OPERATOR_CASE "p3-operator-case" "Two condition operators of one statement differ only in case."
    P3_UNKNOWN_ELEMENT "p3-unknown-element" "A policy document has an element of an unknown name."
    P4_CHARACTERS "p4-characters" "Lint: a policy document has characters that AWS does not accept."
    P5_NAME_NOT_UNIQUE "p5-name-not-unique" "Two names of one kind in one account, or of one identity's policies, differ at most in case."
    P5_QUOTA "p5-quota" "Lint: a default quota of AWS is passed; an error by option, and always for users per account."
    R5_PADDED "r5-padded" "Lint: a resource pattern of fewer than six parts is padded with wildcards; an error under Allow with NotResource (lint in scenarios)."
    R5_CONTROL "r5-control" "A resource pattern of an SCP or RCP has fewer than six parts and does not end in a wildcard."
    R5_NOTHING "r5-nothing" "Lint: a resource pattern of fewer than six parts matches nothing."
    RESOURCE_ACCOUNT "resource-account" "The account of a resource is missing, is none, or is another one than its ARN names."
    RESOURCE_ARN "resource-arn" "The ARN of a resource is none, or holds a wildcard."
    RESOURCE_DUPLICATE "resource-duplicate" "A resource is given twice."
    RESOURCE_BEYOND "resource-beyond" "A resource's policy denies what lies under it, whose requests are not known to be its own."
    RESOURCE_HIDES "resource-hides" "A resource lies under one that has a policy, and would hide it."
    RESOURCE_ROLE "resource-role" "A role stands in a resources file; its trust policy comes from the account's snapshot."
    ROUTE_ACTION "route-action" "The action of a route is not one exact action."
    ROUTE_METHOD "route-method" "A method of a route is none, or stands there twice."
    ROUTE_OVERLAP "route-overlap" "Two routes match a common request, and neither lies within the other."
    ROUTE_PATH "route-path" "The path of a route is not in normal form, or has what is no capture."
    ROUTE_RESOURCE "route-resource" "The resource of a route is no ARN that the path's captures can fill in."
    ROUTE_SIZE "route-size" "The routes together need too large an automaton."
    ROUTE_WITHIN "route-within" "Lint: a route lies within another one, and goes before it."
    SCENARIO_FIELD "scenario-field" "A scenario has an unknown field, lacks one, or one has the wrong value."
    SNAPSHOT_FIELD "snapshot-field" "An entry of a snapshot or policy list lacks a field, or one has the wrong type."
    SNAPSHOT_TRUNCATED "snapshot-truncated" "The last page of a snapshot says that there are more."
    SNAPSHOT_MISSPELT_FIELD "snapshot-misspelt-field" "A snapshot has a field whose name is nearly that of a known one."
    SNAPSHOT_UNKNOWN_FIELD "snapshot-unknown-field" "Lint: a snapshot has a field of an unknown name, which is ignored."
    TAG_DUPLICATE "tag-duplicate" "Two tags of one identity or resource have the same key, ignoring case."
    TOO_MANY "too-many" "Further findings of one code in one file are not shown."
    X1_MALFORMED_VARIABLE "x1-malformed-variable" "A policy variable is malformed (lint in a version of a managed policy that is not the default, which is then left out)."
    X1_VARIABLE_IN_2008 "x1-variable-in-2008" "Lint: a policy variable stands in a document of version 2008-10-17, where it is plain text."
    X1_VARIABLE_IN_BOOL "x1-variable-in-bool" "Lint: a policy variable stands in the value of Bool."
    X3_VARIABLE_IN_NOT_RESOURCE "x3-variable-in-not-resource" "Lint: a variable under Allow with NotResource excludes nothing where its key is missing."
}

#[cfg(test)]
mod tests {
    #[test]
    fn codes_are_sorted_apart_and_well_formed() {
        let names: Vec<&str> = super::ALL.iter().map(|(code, _)| *code).collect();
        let mut unique = names.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), names.len());
        assert!(names.iter().all(|code| {
            code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        }));
    }
}
