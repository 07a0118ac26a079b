//! Routes against a slow, obvious reference, and paths against an encoder that knows one way to write them.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that panics has failed, and one of chance says what it met"
)]

#[path = "support/compiled.rs"]
mod compiled;
#[path = "routes/paths.rs"]
mod paths;
#[path = "routes/reference.rs"]
mod reference;
#[path = "support/worlds.rs"]
mod worlds;

use std::collections::BTreeSet;

use portcullis::compiler::resolve::codes;
use portcullis::grammar::gate::format;
use portcullis::grammar::source::Source;
use portcullis::runtime::{Bundle, NotRouted};

use reference::{Declared, random};
use worlds::Random;

/// A file with these routes.
fn file(routes: &[String]) -> String {
    format!("account 123456789012 {{\n  user alice\n}}\n{}\n", routes.join("\n"))
}

/// What a bundle answers: the number of the route, by its action, and the resource.
fn routed(bundle: &Bundle, method: &str, target: &str) -> Option<(usize, String)> {
    let mut resource = "what stood there before".to_owned();
    match bundle.route(method, target) {
        Ok(found) => {
            found.resource_into(&mut resource).unwrap();
            let number = found.action_name().strip_prefix("app:Action").unwrap();
            assert_eq!(bundle.action(found.action_name()), found.action());
            Some((number.parse().unwrap(), resource))
        }
        Err(NotRouted::NoRoute) => None,
        Err(error) => panic!("{method} {target}: {error}"),
    }
}

/// All requests over few segments, deep enough to tell any two of the random routes apart.
fn universe() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut paths: Vec<Vec<&str>> = vec![vec![]];
    let mut all = vec![vec![""]];
    for _ in 0..4 {
        let longer = paths
            .iter()
            .flat_map(|path| ["a", "b", "%C3%A9"].map(|segment| [path.as_slice(), &[segment]].concat()));
        paths = longer.collect();
        all.extend(paths.iter().cloned());
        all.extend(paths.iter().map(|path| [path.as_slice(), &[""]].concat()));
    }
    let methods = ["GET", "HEAD", "PUT", "POST"];
    all.iter().flat_map(|path| methods.map(|method| (method, path.clone()))).collect()
}

/// Every answer of the automaton is that of the reference, and so is what is refused and what is reported.
#[test]
fn routing_equals_the_reference() {
    let universe = universe();
    let (mut refused, mut within, mut hits) = (0, 0, 0);
    for seed in 0..if compiled::long() { 20_000 } else { 300 } {
        let routes: Vec<Declared> = random(&mut Random::new(seed));
        let text = file(&routes.iter().enumerate().map(|(at, it)| it.text(at)).collect::<Vec<_>>());
        // By route: the requests that it matches, by their place in the universe.
        let matched: Vec<BTreeSet<usize>> = routes
            .iter()
            .map(|route| {
                let places = universe.iter().enumerate();
                places.filter(|(_, (method, path))| route.matches(method, path)).map(|it| it.0).collect()
            })
            .collect();
        let (mut clash, mut inner) = (false, false);
        for (at, one) in matched.iter().enumerate() {
            for other in matched.iter().skip(at + 1).filter(|other| !other.is_disjoint(one)) {
                let (less, more) = (one.is_subset(other), one.is_superset(other));
                clash |= less == more;
                inner |= less != more;
            }
        }
        let resolved = compiled::resolved(&[("a.gate", &text)]);
        let has = |code: &str| resolved.diagnostics.iter().any(|found| found.code == code);
        let others: Vec<&str> = resolved.diagnostics.iter().map(|found| found.code).collect();
        assert_eq!(
            (has(codes::ROUTE_OVERLAP), has(codes::ROUTE_WITHIN)),
            (clash, inner),
            "{others:?}\n{text}"
        );
        within += usize::from(inner);
        let Some(model) = resolved.model else {
            refused += 1;
            continue;
        };
        let laid_out = format(&Source::new("a.gate", text.as_str())).unwrap();
        assert_eq!(format(&Source::new("a.gate", laid_out.as_str())).unwrap(), laid_out);
        let again = compiled::model(compiled::resolved(&[("a.gate", &laid_out)]));
        assert!(
            model.routes.0.iter().map(ToString::to_string).eq(again.routes.0.iter().map(ToString::to_string))
        );
        let bundle = compiled::bundle(&model);
        assert_eq!(bundle.route_count(), routes.len());
        for (place, (method, path)) in universe.iter().enumerate() {
            let fitting = (0..routes.len()).filter(|route| matched[*route].contains(&place));
            let expected = fitting.min_by_key(|route| matched[*route].len());
            let expected = expected.map(|route| (route, routes[route].resource(path)));
            hits += usize::from(expected.is_some());
            let target = format!("/{}", path.join("/"));
            assert_eq!(routed(&bundle, method, &target), expected, "{method} {target}\n{text}");
            assert_eq!(routed(&bundle, method, &format!("{target}?a=/b//../c")), expected);
            // Not in normal form, a path has no route.
            assert!(bundle.route(method, &format!("{target}/.")).is_err());
            assert_eq!(bundle.route(&method.to_lowercase(), &target).err(), Some(NotRouted::NoRoute));
        }
    }
    println!("{refused} sets refused, {within} with routes within others, {hits} requests with a route");
    assert!(refused > 30 && within > 30 && hits > 10_000);
}

/// The order of routes, and the files that they stand in, mean nothing.
#[test]
fn the_order_of_routes_means_nothing() {
    let routes = [
        "route GET /a/{x} => a:A on *",
        "route GET /a/b => a:B on *",
        "route * /{p*} => a:C on arn:aws:a:::{p}",
    ];
    let routes = routes.map(str::to_owned);
    let backwards: Vec<String> = routes.iter().rev().cloned().collect();
    let sections = |files: &[(&str, &str)]| {
        let bundle = compiled::bundle(&compiled::model(compiled::resolved(files)));
        use portcullis::runtime::format::Section;
        [Section::Routes, Section::RouteStates, Section::RouteEdges, Section::RouteEnds]
            .map(|section| bundle.section(section).to_vec())
    };
    let one = sections(&[("a.gate", &file(&routes))]);
    assert!(one == sections(&[("a.gate", &file(&backwards))]));
    assert!(one == sections(&[("a.gate", &file(&routes[..1])), ("b.gate", &routes[1..].join("\n"))]));
}

/// A thousand routes are one automaton of few states, and the longest target is read once.
#[test]
fn many_routes_and_long_targets() {
    let mut routes: Vec<String> = (0..1_000)
        .map(|at| {
            format!("route GET /service-{at}/{{id}}/part-{at} => app:Action{at} on arn:aws:app:::{{id}}")
        })
        .collect();
    routes.push("route GET /deep/{path*} => app:Action1000 on arn:aws:app:::{path}".to_owned());
    let bundle = compiled::bundle(&compiled::model(compiled::resolved(&[("a.gate", &file(&routes))])));
    for at in [0, 1, 9, 10, 99, 500, 999] {
        let target = format!("/service-{at}/7/part-{at}");
        assert_eq!(routed(&bundle, "GET", &target), Some((at, "arn:aws:app:::7".to_owned())));
        assert_eq!(routed(&bundle, "GET", &format!("/service-{at}/7/part-{}", at + 1)), None);
    }
    let answer = |target: &str| {
        let mut resource = String::new();
        let found = bundle.route("GET", target).and_then(|found| found.resource_into(&mut resource));
        (found.err(), resource.len())
    };
    let head = "arn:aws:app:::".len();
    // Rule V4: a resource has at most 2,048 bytes, a target 8,192.
    let fits = "a/".repeat((2_048 - head) / 2);
    assert_eq!(answer(&format!("/deep/{fits}")), (None, 2_048));
    assert_eq!(answer(&format!("/deep/{fits}a")), (Some(NotRouted::TooLong), 0));
    // Three bytes of a path are one of a resource, or more of them fewer.
    assert_eq!(answer(&format!("/deep/{}", "%20".repeat(2_048 - head))), (None, 2_048));
    assert_eq!(answer(&format!("/deep/{}", "%C3%A9".repeat(1_018))), (Some(NotRouted::TooLong), 0));
    let target = format!("/deep/{}", "a".repeat(8_192 - 6));
    assert_eq!(answer(&target), (Some(NotRouted::TooLong), 0));
    assert!(bundle.route("GET", &target).is_ok());
    assert_eq!(bundle.route("GET", &format!("{target}a")).err(), Some(NotRouted::TooLong));
    assert_eq!(
        bundle.route("GET", &format!("/deep/a?{}", "a".repeat(8_192))).err(),
        Some(NotRouted::TooLong)
    );
}

/// `let` values, quotes and lists in routes, and names that are words of the language.
#[test]
fn routes_take_values_and_names() {
    let text = "let v = [v2]\nlet data = arn:aws:app::\nlet whole = \"arn:aws:app:::x/{id}\"\n\
        account 123456789012 { user alice }\n\
        route [\"GET\", HEAD,] /$v/{id} => \"app:Action0\" on $data:{id}/on\n\
        route GET \"/${}\" => app:A on *\n";
    let resolved = compiled::resolved(&[("a.gate", text)]);
    assert_eq!(compiled::errors(&resolved), [codes::ROUTE_PATH]);
    let text = text.replace("route GET \"/${}\" => app:A on *", "route PUT /{route}/{on*} => app:Action1 on \"arn:aws:app:::{route}/{on*}\"\nroute GET /q/{id} => app:Action2 on $whole");
    let bundle = compiled::bundle(&compiled::model(compiled::resolved(&[("a.gate", &text)])));
    for (method, target, expected) in [
        ("GET", "/v2/7", Some((0, "arn:aws:app:::7/on"))),
        ("PUT", "/a/b/c", Some((1, "arn:aws:app:::a/b/c"))),
        ("GET", "/q/%7B%7D", Some((2, "arn:aws:app:::x/{}"))),
        ("PUT", "/a", None),
    ] {
        let expected = expected.map(|(number, resource)| (number, resource.to_owned()));
        assert_eq!(routed(&bundle, method, target), expected, "{method} {target}");
    }
    // `route` is a name where only a name can stand, and a block behind a word is none of its.
    let text = "let route = [a]\npolicy route{allow s3:* on *}\nroute GET /a => a:A on *\naccount 123456789012{}\n\
        account 123456789013 {\n  user route { tag route = route }\n  resource arn:aws:s3:::a{untagged}\n}\n";
    let found = compiled::resolved(&[("a.gate", text)]).diagnostics;
    assert!(
        found.iter().all(|it| !it.is_error()),
        "{:?}",
        found.iter().map(|it| &it.message).collect::<Vec<_>>()
    );
}
