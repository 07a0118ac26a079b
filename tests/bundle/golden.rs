//! Golden bytes and golden decisions.

use std::fmt::Write as _;
use std::path::PathBuf;

use portcullis::ask::ask;
use portcullis::compiler::automata::Budget;
use portcullis::compiler::model::Model;
use portcullis::compiler::request::{ContextValue, Request};
use portcullis::compiler::{CompileOptions, PackedFrom, compile, reference};
use portcullis::runtime::format::{self as f, NONE, Section, diagram, node};
use portcullis::runtime::{Bundle, Effect, LoadError};

use super::compiled;
use super::nodes::{Node, nodes};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// The bytes of the golden bundle; new ones where they are to be blessed.
pub(super) fn bytes() -> Vec<u8> {
    if blessing() {
        return compiled::bytes(&model(), Budget::default());
    }
    std::fs::read(path("v7.bundle")).unwrap()
}

/// The bytes of the golden bundle as one of many principals: they are packed in it.
pub(super) fn packed_bytes() -> Vec<u8> {
    if blessing() {
        return packed(&model());
    }
    std::fs::read(path("v7-packed.bundle")).unwrap()
}

fn packed(model: &Model) -> Vec<u8> {
    compile(model, &CompileOptions { packed_from: PackedFrom(0), ..CompileOptions::default() }).unwrap()
}

fn model() -> Model {
    let texts =
        ["v1.json", "v1-organization.json", "v1-resources.json", "v2.gate", "v4.gate", "v5.gate", "v6.gate"]
            .map(|name| (name, std::fs::read_to_string(path(name)).unwrap()));
    let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    compiled::model(compiled::resolved(&files))
}

fn blessing() -> bool {
    std::env::var_os("PORTCULLIS_BLESS").is_some()
}

/// The requests of `v1.txt`: the line up to the arrow, the request, and what stands behind the arrow.
pub(super) fn recorded() -> Vec<(String, Request, String)> {
    let text = std::fs::read_to_string(path("v1.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (left, right) = line.split_once("->").unwrap();
            (left.to_owned(), request(left), right.trim().to_owned())
        })
        .collect()
}

fn request(line: &str) -> Request {
    let mut words = line.split_whitespace();
    let principal = match words.next().unwrap() {
        "*" => "*".to_owned(),
        "bob" => "arn:aws:iam::123456789012:user/p/bob".to_owned(),
        name if name.contains([':', '.']) => name.to_owned(),
        "deployer" => "arn:aws:iam::123456789012:role/deployer".to_owned(),
        name => format!("arn:aws:iam::123456789012:user/{name}"),
    };
    let (action, resource) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    let mut request = Request { principal, action, resource, ..Request::default() };
    for word in words {
        let (key, value) = word.split_once('=').unwrap();
        let list = value.strip_prefix('[').and_then(|inside| inside.strip_suffix(']'));
        match (key, list) {
            ("now", _) => request.now = Some(value.parse().unwrap()),
            ("aws:ResourceAccount", _) => request.resource_account = Some(value.to_owned()),
            (_, Some(items)) => {
                let items = items.split(',').map(str::to_owned).collect();
                request.context.push((key.to_owned(), ContextValue::Many(items)));
            }
            _ => request.context.push((key.to_owned(), ContextValue::One(value.to_owned()))),
        }
    }
    request
}

#[test]
fn the_writer_still_writes_the_golden_bytes() {
    let plain = compiled::bytes(&model(), Budget::default());
    for (file, golden, written) in
        [("v7.bundle", bytes(), plain), ("v7-packed.bundle", packed_bytes(), packed(&model()))]
    {
        if blessing() {
            std::fs::write(path(file), &written).unwrap();
        }
        let first = golden.iter().zip(&written).position(|(a, b)| a != b);
        assert!(
            golden == written,
            "the writer gives other bytes than tests/golden/{file} ({} instead of {}, first at {first:?}). If that is on purpose: did the \
             format change in a way that older readers would misread? Then it needs a new version. Else bless the new bytes: \
             PORTCULLIS_BLESS=1 cargo test --test bundle",
            written.len(),
            golden.len(),
        );
    }
}

/// Packed principals decide what those decide that are not.
#[test]
fn packed_principals_decide_what_others_do() {
    let packed = Bundle::from_bytes(packed_bytes()).unwrap();
    let plain = Bundle::from_bytes(bytes()).unwrap();
    assert_eq!((plain.format_version(), packed.format_version()), (f::FORMAT_VERSION, f::FORMAT_VERSION));
    for (line, request, _) in recorded() {
        let said = |bundle| {
            let it = ask(bundle, &request).unwrap();
            (it.effect(), it.layer(), it.reason())
        };
        assert_eq!(said(&packed), said(&plain), "{line}");
    }
    assert!(recorded().len() > 110, "{}", recorded().len());
    assert_eq!(packed.principals().collect::<Vec<_>>().len(), packed.principal_count());
    assert!(packed.principal_count() > 2);
}

/// Principals are packed where there are some, and every ARN tells what a packed one does not say.
#[test]
fn a_name_that_is_too_long_is_not_packed() {
    let of = |name: &str| {
        let text = format!(
            "account 123456789012 {{\n  user {name} {{\n    inline p {{ allow s3:* on * }}\n  }}\n}}\n"
        );
        let bundle =
            Bundle::from_bytes(packed(&compiled::model(compiled::resolved(&[("a.gate", &text)])))).unwrap();
        bundle.section(Section::Profiles).len() / (4 * f::Profile::WORDS)
    };
    assert_eq!((of(&"x".repeat(64)), of(&"x".repeat(65))), (1, 0));
    let nobody = packed(&Model::default());
    assert_eq!(Bundle::from_bytes(nobody).unwrap().principal_count(), 0);
}

/// Bundles of versions that are no longer read say so, and what to do.
#[test]
fn bundles_of_older_versions_are_refused() {
    for version in 1..f::OLDEST_FORMAT {
        let old = std::fs::read(path(&format!("v{version}.bundle"))).unwrap();
        let error = Bundle::from_bytes(old).unwrap_err();
        assert_eq!(error, LoadError::TooOld { version });
        assert!(error.to_string().contains("build the bundle anew"), "{error}");
    }
}

/// What the golden bundle answers to requests of HTTP: the route, its action, and the resource.
pub(super) const ROUTED: &[(&str, &str, &str)] = &[
    ("GET", "/", "GET / reports:List *"),
    ("HEAD", "/reports/7?format=csv", "[GET, HEAD] /reports/{id} reports:Read arn:acme:reports:::7"),
    ("GET", "/reports/archive", "[GET, HEAD] /reports/archive reports:List *"),
    ("POST", "/status", "* /status reports:List *"),
    ("GET", "/status", "GET /status reports:Status *"),
    ("get", "/status", "no_route"),
    (
        "PUT",
        "/reports/7/parts/a%20b/",
        "PUT /reports/{id}/parts/{part}/ reports:Write arn:acme:reports:::7/parts/a b",
    ),
    ("GET", "/files/a/b/c/", "GET /files/{folder}/{path*} files:Read arn:acme:files:::a/b/c/"),
    ("GET", "/files/caf%C3%A9/b", "GET /files/caf%C3%A9/{path*} files:ReadCoffee arn:acme:files:::coffee/b"),
    ("PUT", "/reports/7", "no_route"),
    ("GET", "/reports/7/", "no_route"),
    ("GET", "/reports//", "path_empty_segment"),
];

/// The route of a request, its action and resource as one line; or why there is none.
pub(super) fn routed(bundle: &Bundle, method: &str, target: &str) -> String {
    let mut resource = String::new();
    match bundle.route(method, target) {
        Ok(routed) => match routed.resource_into(&mut resource) {
            Ok(()) => format!("{} {} {resource}", routed.pattern(), routed.action_name()),
            Err(error) => error.name().to_owned(),
        },
        Err(error) => error.name().to_owned(),
    }
}

#[test]
fn the_reader_routes_as_recorded() {
    let bundle = Bundle::from_bytes(bytes()).unwrap();
    for (method, target, expected) in ROUTED {
        assert_eq!(routed(&bundle, method, target), *expected, "{method} {target}");
    }
    // Stripped or not, a bundle says its routes.
    let read = portcullis::compiler::bundle::model_of(&bundle).unwrap();
    let texts = |model: &Model| model.routes.0.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(texts(&read), texts(&model()));
}

#[test]
fn the_reader_decides_golden_requests_as_recorded() {
    let (bundle, model) = (Bundle::from_bytes(bytes()).unwrap(), model());
    let mut text = String::new();
    for line in std::fs::read_to_string(path("v1.txt")).unwrap().lines().filter(|line| line.starts_with('#'))
    {
        writeln!(text, "{line}").unwrap();
    }
    let mut wrong = Vec::new();
    let mut effects = std::collections::BTreeMap::<&str, usize>::new();
    for (line, request, expected) in recorded() {
        let decided = ask(&bundle, &request).unwrap();
        let reference = reference::decide(&model, &request);
        assert_eq!(
            (decided.effect(), decided.layer(), decided.reason(), decided.level().map(usize::from)),
            (reference.effect, reference.layer, reference.reason, reference.level),
            "{line}"
        );
        let found = format!("{} {} {}", decided.effect(), decided.layer(), decided.reason().name());
        writeln!(text, "{line}-> {found}").unwrap();
        if found != expected {
            wrong.push(format!("{line}-> {found}, recorded is {expected:?}"));
        }
        *effects.entry(decided.effect().name()).or_default() += 1;
        let statements = bundle.provenance().unwrap().statements(&decided).len();
        assert_eq!(statements > 0, decided.rule().is_some(), "{line}");
    }
    if blessing() {
        std::fs::write(path("v1.txt"), text).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for effect in [Effect::Allow, Effect::ExplicitDeny, Effect::ImplicitDeny] {
        assert!(effects.get(effect.name()).is_some_and(|&count| count >= 5), "{effects:?}");
    }
}

/// Every word of a section, as records of so many words.
pub(super) fn records(bundle: &Bundle, section: Section, words: usize) -> Vec<Vec<u32>> {
    let (chunks, _) = bundle.section(section).as_chunks::<4>();
    let all: Vec<u32> = chunks.iter().map(|word| u32::from_le_bytes(*word)).collect();
    all.chunks(words).map(<[u32]>::to_vec).collect()
}

/// The first node of each kind, by walking over the diagrams as FORMAT.md says.
pub(super) fn diagrams(words: &[u32], classifiers: &[u32]) -> std::collections::BTreeMap<u32, usize> {
    let mut first = std::collections::BTreeMap::new();
    let mut at = 0;
    while at < words.len() {
        let (kind, count) = (words[at] & 0xff, (words[at] >> 8) as usize);
        first.entry(kind).or_insert(at);
        at += match kind {
            diagram::SWITCH => {
                let classes = classifiers[words[at + 1] as usize * f::Classifier::WORDS + 2];
                diagram::SWITCH_WORDS + count + classes.div_ceil(4) as usize
            }
            diagram::SPARSE | diagram::RUNS => diagram::SPARSE_WORDS + 2 * count,
            diagram::ATOM => diagram::ATOM_WORDS,
            diagram::CHECK => diagram::CHECK_WORDS + count,
            other => panic!("diagram node {other}"),
        };
    }
    first
}

/// What the golden bundle does not hold, no test of damage can damage.
#[test]
fn the_golden_bundle_holds_every_kind_of_record() {
    let bundle = Bundle::from_bytes(bytes()).unwrap();
    for (section, length) in bundle.sections() {
        assert!(length > 0 || section == Section::Profiles, "section {} is empty", section.name());
    }
    let packed = Bundle::from_bytes(packed_bytes()).unwrap();
    let profiles = records(&packed, Section::Profiles, f::Profile::WORDS);
    assert!(profiles.iter().any(|it| it[3] == NONE) && profiles.iter().any(|it| it[3] == f::BEHIND_ARN));
    assert!(profiles.iter().any(|it| it[7] > 0) && profiles.iter().any(|it| it[7] == 0));
    assert!(records(&packed, Section::BehindIndex, 1).concat()[2..].chunks(4).any(|slot| slot[1] > 0));
    let seen = |values: Vec<u32>, all: std::ops::RangeInclusive<u32>, what: &str| {
        for value in all {
            assert!(values.contains(&value), "no {what} {value}");
        }
    };
    let column = |section, words: usize, field: usize| -> Vec<u32> {
        records(&bundle, section, words).iter().map(|record| record[field]).collect()
    };
    let nodes = nodes(&records(&bundle, Section::Nodes, 1).concat());
    let kinds: Vec<u32> = nodes.iter().map(|node| node.kind).collect();
    seen(kinds.clone(), node::LITERAL..=node::LEAF, "node kind");
    seen(kinds, node::SEGMENT..=node::PREFIXES, "node kind");
    let table = |kind: u32, test: &dyn Fn(&Node, &[u32]) -> bool| {
        let words = records(&bundle, Section::Nodes, 1).concat();
        assert!(nodes.iter().any(|node| node.kind == kind && test(node, &words)), "no such table");
    };
    let sizes = |node: &Node, words: &[u32], header: usize| -> Vec<u32> {
        let slots =
            words[node.at + header..].chunks(f::slot::WORDS).take(super::nodes::slots(node.parameter));
        slots.map(|slot| slot[0]).filter(|&size| size != 0).collect()
    };
    // Segments that fit their slots, stand beside them, and are long; before a delimiter, and at the end.
    table(node::SEGMENT, &|node, words| {
        let sizes = sizes(node, words, f::segment::HEADER_WORDS);
        let has = |from: u32, to: u32| sizes.iter().any(|size| (from..to).contains(size));
        let ends = sizes.iter().any(|size| size & f::segment::ENDS != 0);
        has(1, 16) && has(16, 17) && has(17, 33) && has(33, 100) && ends
    });
    // Texts of several lengths, and what goes on without any of them, and what does not.
    table(node::PREFIXES, &|node, words| {
        let sizes = sizes(node, words, node::PREFIXES_WORDS);
        words[node.at + 1] == f::terminal::NOTHING && sizes.iter().min() != sizes.iter().max()
    });
    table(node::PREFIXES, &|node, words| words[node.at + 1] & f::TERMINAL_BIT == 0);
    assert!(nodes.iter().any(Node::skips_several), "no skip over several bytes");
    assert!(
        nodes.iter().any(|node| node.kind == node::BRANCH && node.parameter > 1),
        "no branch of several keys"
    );
    seen(column(Section::Operands, f::Operand::WORDS, 0), f::OPERAND_TEXT..=f::OPERAND_IP, "operand kind");
    let operators = column(Section::Atoms, f::Atom::WORDS, 0);
    let comparisons = operators.iter().map(|operator| operator & f::ATOM_COMPARISON).collect();
    seen(comparisons, f::COMPARE_STRING..=f::COMPARE_NULL, "comparison");
    for bit in [f::ATOM_NEGATED, f::ATOM_IF_EXISTS, f::ATOM_ANY_VALUE, f::ATOM_ALL_VALUES] {
        assert!(operators.iter().any(|operator| operator & bit != 0), "no operator with bit {bit}");
    }
    seen(column(Section::Pieces, f::Piece::WORDS, 0), f::PIECE_LITERAL..=f::PIECE_VARIABLE, "piece kind");
    seen(column(Section::Keys, f::Key::WORDS, 1), f::KEY_REQUEST..=f::KEY_SOURCES, "key source");
    let words = |section| records(&bundle, section, 1).concat();
    let diagrams = diagrams(&words(Section::Diagrams), &words(Section::Classifiers));
    seen(diagrams.into_keys().collect(), diagram::SWITCH..=diagram::RUNS, "diagram node");
    let readings = column(Section::Classifiers, f::Classifier::WORDS, 0);
    seen(readings, f::CLASSIFY_TEXT..=f::CLASSIFY_PRESENCE, "reading");
    seen(column(Section::RuleRoots, f::RuleRoot::WORDS, 2), 0..=1, "negation of rule roots");
    let pieces = column(Section::RoutePieces, f::RoutePiece::WORDS, 0);
    seen(pieces, f::ROUTE_LITERAL..=f::ROUTE_REST, "piece of a route");
}
