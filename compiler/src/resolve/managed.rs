//! Lists of AWS-managed policies, one JSON object per line: `{"name", "arn", "version_id", "document"}`.

use portcullis_grammar::json::{Kind, Member, Value};

use super::drafts::{Drafts, PolicyDraft};
use super::names::EntityArn;
use super::reader::{Reader, fields, shown};
use super::snapshot::unknown_fields;
use super::{codes, document};
use crate::model::{DocumentKind, ManagedPolicy, PolicyVersion};

const FIELDS: [&str; 4] = ["name", "arn", "version_id", "document"];

/// Reads one entry.
pub(super) fn entry<'a>(
    reader: &mut Reader<'a, '_>,
    value: &Value,
    members: &[Member],
    drafts: &mut Drafts<'a>,
) {
    let what = "an entry of a policy list";
    let ([name, arn, version, document], unknown) = fields(members, FIELDS);
    unknown_fields(reader, unknown, what, &FIELDS, &[]);
    let name = reader.required_string(name, "name", what, value.span);
    let document = reader.required(document, "document", what, value.span);
    let sized = document.and_then(|value| document::read(reader, value, DocumentKind::Identity));
    let version = reader.optional_string(version).unwrap_or("v1");
    // Policies that AWS has withdrawn have no ARN, and nothing can be attached by it.
    let arn = arn.filter(|member| member.value.kind != Kind::Null);
    let arn_text = reader.optional_string(arn);
    let mut account: Box<str> = "aws".into();
    if let (Some(text), Some(member)) = (arn_text, arn) {
        match EntityArn::parse(text) {
            Ok(parsed) if parsed.kind == "policy" && name.is_none_or(|name| name == parsed.name) => {
                account = parsed.account.into()
            }
            Ok(_) => {
                let message = format!("`{}` is no ARN of a policy of this name", shown(text));
                reader.error(
                    codes::I1_BAD_ARN,
                    member.value.span,
                    message,
                    "check the entry's `name` and `arn`",
                );
            }
            Err(why) => {
                let message = format!("`{}` is no ARN of a policy: {why}", shown(text));
                reader.error(
                    codes::I1_BAD_ARN,
                    member.value.span,
                    message,
                    "write arn:aws:iam::aws:policy/NAME",
                );
            }
        }
    }
    let (Some(name), Some(sized)) = (name, sized) else {
        drafts.incomplete = true;
        return;
    };
    let policy = ManagedPolicy {
        arn: arn_text.unwrap_or(name).into(),
        name: name.into(),
        origin: reader.origin(value.span),
        versions: vec![PolicyVersion { id: version.into(), document: sized.document }],
        default: 0,
    };
    drafts.policies.push(PolicyDraft {
        policy,
        account,
        sizes: vec![sized.size],
        version_count: 1,
        place: reader.place(value.span),
    });
}
