//! The words that worlds are made of: few, so that patterns and requests meet.

use portcullis_compiler::model::BaseOperator;

/// The account of every world.
pub const ACCOUNT: &str = "123456789012";

/// Actions that requests name; of services that AWS knows and of others.
pub const ACTIONS: &[&str] = &[
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListAllMyBuckets",
    "kms:Decrypt",
    "kms:CreateAlias",
    "iam:PassRole",
    "iam:CreatePolicyVersion",
    "sts:AssumeRole",
    "svc:Get",
    "svc:GetIt",
    "svc:Put",
    "zap:Get",
    "zap:G\u{e9}t",
    "zap:G\u{c9}t",
    "q:a:b",
];

pub const SPECIAL_ACTIONS: &[&str] =
    &["sts:AssumeRoleWithSAML", "sts:GetCallerIdentity", "sts:GetSessionToken", "sts:TagSession"];

pub const ACTION_PATTERNS: &[&str] = &[
    "*",
    "s3:*",
    "s3:Get*",
    "S3:get*",
    "s3:?etObject",
    "s3:*Object",
    "s3:*e*",
    "s3:GETOBJECT",
    "svc:*",
    "svc:G*t",
    "svc:Get?t",
    "sv?:Get",
    "*:Get*",
    "s*:*",
    "*:*",
    "zap:*",
    "zap:G?t",
    "kms:*",
    "iam:*",
    "sts:*",
    "q:*b",
    "q:a:*",
    "*3:*a*b*",
];

/// Patterns that match nothing (rule A2), and an action without colon.
pub const ODD_ACTION_PATTERNS: &[&str] = &[
    "s3",
    "s3:",
    "s3: GetObject",
    "s3:Get,s3:Put",
    "**",
    "s3:Get\u{a0}Object",
    ":Get",
    "",
    "${aws:username}:Get",
];

pub const RESOURCES: &[&str] = &[
    "*",
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::a*",
    "arn:aws:s3:::a/*",
    "arn:aws:s3:::a?b",
    "arn:aws:s3:::*/a",
    "arn:aws:s3:::*a*b*",
    "arn:aws:s?:*::a",
    "arn:*:s3:::a/b*",
    "arn:aws:*:*:*:*",
    "a?n:aws:s3:::b*",
    "arn:aws:iam::123456789012:role/*",
    "arn:aws:iam::*:policy/a*",
    "arn:aws:iam::aws:policy/*",
    "arn:aws:iam::123456789012:role/aws-reserved/*",
    "arn:aws:kms:*:123456789012:key/a*",
    "arn:aws:kms:*:123456789012:alias/*",
    "arn:aws:svc:a:123456789012:a:b",
    "arn:aws:svc:a:123456789012:*:b",
    "arn:aws:svc:a:123456789012:\u{e9}*",
    "arn:aws:svc::210987654321:a",
];

/// Short of six parts, or no ARN (rules R1, R5).
pub const SHORT_RESOURCES: &[&str] = &[
    "arn:aws:s3",
    "arn:aws:s*",
    "arn:*",
    "a*",
    "**",
    "arn:aws:s?",
    "arn:aws:*:b",
    "arn",
    "arn:aws:s3::",
    "a",
    "?*",
];

/// Resources with policy variables; plain text in documents of 2008 (rule X1).
pub const VARIABLE_RESOURCES: &[&str] = &[
    "arn:aws:s3:::${aws:username}",
    "arn:aws:s3:::${aws:username}/*",
    "arn:aws:s3:::${AWS:UserName, 'a'}*",
    "arn:aws:s3:::*${aws:PrincipalTag/team, 'b'}",
    "arn:aws:s3:::${k:name}${k:name}",
    "arn:aws:s3:::a${*}${k:name, ''}b",
    "arn:aws:s3:::${?}*${$}",
    "arn:aws:${k:name, 's3'}:::*",
    "arn:aws:s3:${k:name}::a*",
    "arn:aws:s3:${k:name, 'b:a'}::a",
    "arn:${k:name}",
    "arn:aws:s3:::${k:list, 'a'}*",
    "${k:name, 'arn'}:aws:s3:::a*",
    "arn:aws:svc:*:${aws:PrincipalAccount}:${aws:userid}*",
    "arn:aws:svc:${aws:PrincipalTag/Team}:*:*${k:name}*",
    "arn:aws:s*:${k:name,'a'}:*",
];

/// Context keys; the first ones belong to the principal (rule C12).
pub const KEYS: &[&str] = &[
    "aws:username",
    "aws:PrincipalTag/team",
    "aws:principaltag/TEAM",
    "aws:PrincipalArn",
    "aws:PrincipalType",
    "aws:PrincipalOrgID",
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:SourceIp",
    "aws:SecureTransport",
    "aws:TagKeys",
    "k:name",
    "K:Name",
    "k:list",
    "k:x",
];

pub const STRINGS: &[&str] = &[
    "a",
    "b",
    "ab",
    "A",
    "\u{e9}",
    "\u{c9}",
    "a*",
    "?",
    "",
    "1",
    "true",
    "User",
    "AssumedRole",
    "a/b",
    "s3",
];
pub const STRING_OPERANDS: &[&str] = &[
    "${aws:username}",
    "${k:name, 'a'}",
    "a${*}",
    "${aws:PrincipalTag/team}*",
    "${k:list, 'a'}",
    "*b",
    "a?",
    "*",
    "\u{212a}",
];
pub const NUMBERS: &[&str] = &[
    "1",
    "01",
    "1.0",
    "+1",
    "-1",
    "0",
    "-0",
    "0.1",
    "0.09",
    "10",
    "1795428000",
    "99999999999999999999",
    "99999999999999999999.5",
];
pub const DATES: &[&str] = &[
    "2026-11-23T10:00:00Z",
    "2026-11-23T11:00:00+01:00",
    "2026-11-23T10:00Z",
    "2026-11-23T10:00:00.50Z",
    "2026-11-23",
    "2026-11",
    "2026",
    "1795428000",
    "-1",
    "+2026",
    "0",
    "9999-12-31T23:59:59.999Z",
    "0000",
];
pub const ADDRESSES: &[&str] = &[
    "10.1.2.3",
    "10.0.0.0/8",
    "10.9.9.9/8",
    "0.0.0.0/0",
    "2001:db8::/32",
    "2001:DB8::1",
    "::/0",
    "::ffff:10.1.2.3",
    "192.0.2.0/31",
];
pub const BYTES: &[&str] = &["QQ==", "QUI=", "QUJD", "", "+/+/"];
pub const ARNS: &[&str] = &[
    "arn:aws:s3:::a*",
    "arn:aws:s3:::*",
    "arn:*:s?:*:*:a:b",
    "*",
    "arn:aws:s3",
    "arn:aws:iam::123456789012:user/*",
    "arn:aws:iam::123456789012:user/${aws:username}",
    "arn:aws:iam::*:*/a",
    "arn:aws:s3:::${k:name, 'a'}",
    "arn:aws:s3:${k:name}::a",
];

/// The values that an operator can take; the ones with variables are left out where variables are not read but would have to be.
pub fn operand_pool(base: BaseOperator) -> &'static [&'static str] {
    let name = base.name();
    match base {
        BaseOperator::Bool => &["true", "false", "TRUE", "${k:name}"],
        BaseOperator::Null => &["true", "false"],
        BaseOperator::BinaryEquals => BYTES,
        _ if name.contains("Ip") => ADDRESSES,
        _ if name.starts_with("Arn") => ARNS,
        _ if name.starts_with("Date") => DATES,
        _ if name.starts_with("Numeric") => NUMBERS,
        _ => STRINGS,
    }
}

/// Request values that do not parse, or only in a request, or not as they seem to.
pub fn odd_pool(base: BaseOperator) -> &'static [&'static str] {
    let name = base.name();
    match base {
        BaseOperator::Bool => &["1", "true ", "yes", "fAlSe"],
        BaseOperator::BinaryEquals => &["QR==", "QQ", "QQ=", "QQ== ", "====", "-_-_"],
        _ if name.contains("Ip") => {
            &["10.0.0.0/8", "10.1.2", "010.1.2.3", "fe80::1%1", "::ffff:10.1.2.3", "10.1.2.3 "]
        }
        _ if name.starts_with("Arn") => &["arn:aws:s3", "*", "arn:aws:s3:::", "ARN:aws:s3:::a", ":::::"],
        _ if name.starts_with("Date") => &[
            "2026-11-23T10:00:00",
            "2026-11-23T10:00",
            "2026-11-23T10:00:60Z",
            "2026-11-23T24:00Z",
            "2026-11-23t10:00Z",
            "2026-02-29",
            "2026-13",
            "1e3",
            "99999999999999999999",
        ],
        _ if name.starts_with("Numeric") => &["1e3", ".5", "1.", "+", "--1", "NaN", "\u{663}", "0x1"],
        _ => &["\u{c9}", "\u{e9}", "\u{130}", "k", "a\u{1f980}", "A*"],
    }
}
