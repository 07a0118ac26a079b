//! Faults of paths: two readers of one path that read it otherwise.

use portcullis::runtime::path::NotNormal;
use portcullis::runtime::{Bundle, NotRouted};

use super::{compiled, decide};

/// A gateway that decides about `/reports/7` while its back end serves `/admin` is open. Each of these is read by some server as the path of the
/// closed route, and by another as that of the open one, or as none. Here a path has one reading or no route, and no route is no access.
#[test]
fn path_normalisation() {
    let text = "account 123456789012 {\n  user alice {\n    inline p { allow app:Read on arn:aws:app:::* }\n  }\n}\n\
        route GET /reports/{id} => app:Read on arn:aws:app:::reports/{id}\n\
        route GET /files/{path*} => app:Read on arn:aws:app:::files/{path}\n\
        route GET /admin => app:Administer on arn:aws:app:::admin\n\
        route GET /admin/{page*} => app:Administer on arn:aws:app:::admin/{page}\n";
    let model = compiled::model(compiled::resolved(&[("a.gate", text)]));
    let bundle =
        Bundle::from_bytes(compiled::bytes(&model, portcullis::compiler::automata::Budget::default()))
            .unwrap();
    // The action of the route, and whether alice is allowed.
    let ask = |target: &str| -> Result<(String, bool), NotRouted> {
        let mut resource = String::new();
        let routed = bundle.route("GET", target)?;
        routed.resource_into(&mut resource)?;
        let request = compiled::request(routed.action_name(), &resource);
        Ok((routed.action_name().to_owned(), decide(&model, &[request])[0].is_allowed()))
    };
    let refused = |target: &str| ask(target).unwrap_err();
    for (target, action) in [
        ("/reports/7", "app:Read"),
        ("/files/a/b", "app:Read"),
        ("/admin", "app:Administer"),
        ("/admin/users", "app:Administer"),
        // A query takes no part, whatever it holds.
        ("/admin?/../reports/7", "app:Administer"),
        ("/reports/7?/admin", "app:Read"),
        // A captured segment is a text, no pattern and no path.
        ("/reports/*", "app:Read"),
        ("/reports/...", "app:Read"),
        ("/reports/admin", "app:Read"),
    ] {
        assert_eq!(ask(target), Ok((action.to_owned(), action == "app:Read")), "{target}");
    }
    for (target, reason) in [
        ("//admin", NotNormal::EmptySegment),
        ("/files//admin", NotNormal::EmptySegment),
        ("/reports/..", NotNormal::DotSegment),
        ("/files/../admin", NotNormal::DotSegment),
        ("/./admin", NotNormal::DotSegment),
        ("/files/%2e%2e/admin", NotNormal::LowerCaseEscape),
        ("/files/%2E%2E/admin", NotNormal::NeedlessEscape),
        ("/files/.%2E/admin", NotNormal::NeedlessEscape),
        ("/%61dmin", NotNormal::NeedlessEscape),
        ("/reports/7%2Fadmin", NotNormal::EncodedSlash),
        ("/files/..%2Fadmin", NotNormal::EncodedSlash),
        ("/files/..%5Cadmin", NotNormal::EncodedBackslash),
        ("/files\\..\\admin", NotNormal::Backslash),
        ("/files/%252E%252E/admin", NotNormal::EncodedPercent),
        ("/files/..;/admin", NotNormal::Semicolon),
        ("/admin;a=b", NotNormal::Semicolon),
        ("/admin%3Ba=b", NotNormal::EncodedSemicolon),
        ("/admin#/reports/7", NotNormal::Fragment),
        ("/reports/7?#/admin", NotNormal::Fragment),
        ("/admin%23/reports/7", NotNormal::EncodedDelimiter),
        ("/admin%3F/reports/7", NotNormal::EncodedDelimiter),
        ("/admin%00.html", NotNormal::EncodedControl),
        ("/admin%0D%0A", NotNormal::EncodedControl),
        ("/admin\u{0}", NotNormal::Control),
        ("/admin\t", NotNormal::Control),
        // Overlong forms of a slash and of a dot, a half of a surrogate pair, and bytes that are no UTF-8.
        ("/files/..%C0%AFadmin", NotNormal::NotUtf8),
        ("/files/%C0%AE%C0%AE/admin", NotNormal::NotUtf8),
        ("/files/%ED%A0%80", NotNormal::NotUtf8),
        ("/files/%FF", NotNormal::NotUtf8),
        ("/files/\u{ff0e}\u{ff0e}/admin", NotNormal::NotAscii),
        ("/files/%u002E", NotNormal::BrokenEscape),
        ("/files/%", NotNormal::BrokenEscape),
        ("/files/a b", NotNormal::Character),
        ("admin", NotNormal::NoSlash),
        ("http://host/admin", NotNormal::NoSlash),
        ("*", NotNormal::NoSlash),
        ("", NotNormal::NoSlash),
    ] {
        assert_eq!(refused(target), NotRouted::NotNormal(reason), "{target}");
    }
    // In normal form, and no route's: capitals, a slash at the end, and less or more than a route has.
    for target in
        ["/Admin", "/ADMIN", "/admin/", "/reports/", "/reports/7/", "/reports/7/admin", "/", "/reports"]
    {
        assert_eq!(refused(target), NotRouted::NoRoute, "{target}");
    }
    // Methods are compared as they stand; one that some servers would fold has no route at all.
    for method in ["get", "Get", "HEAD", "GET ", "", "G\u{0}T", "GET,PUT"] {
        assert_eq!(bundle.route(method, "/admin").err(), Some(NotRouted::NoRoute), "{method:?}");
    }
}

/// There is no decision cache. What is joined is the resource of a route: two requests of one route never give the same one, since what a path
/// captures holds no slash, and the build wants one between two of them.
#[test]
fn cache_key_collision() {
    let route = |path: &str, resource: &str| {
        let text = format!(
            "account 123456789012 {{ user alice }}\nroute GET {path} => app:Read on arn:aws:app:::{resource}\n"
        );
        compiled::resolved(&[("a.gate", &text)])
    };
    for resource in ["{a}{b}", "{a}:{b}", "{a}-{b}", "x{a}:y:{b}z"] {
        assert!(route("/{a}/{b}", resource).model.is_none(), "{resource}");
    }
    assert!(route("/{a}/{b*}", "{b}/{a}").model.is_none());
    for (path, resource) in [("/{a}/{b}", "{a}/{b}"), ("/{a}/{b}", "{b}:x/y:{a}"), ("/{a}/{b*}", "x-{a}/{b}")]
    {
        let model = compiled::model(route(path, resource));
        let bytes = compiled::bytes(&model, portcullis::compiler::automata::Budget::default());
        let bundle = Bundle::from_bytes(bytes).unwrap();
        let mut parts = vec![String::new()];
        for _ in 0..3 {
            let longer: Vec<String> = parts
                .iter()
                .flat_map(|part| ["a", ":", "x", "-", "y"].map(|more| format!("{part}{more}")))
                .collect();
            parts.extend(longer);
        }
        parts.retain(|part| !part.is_empty());
        parts.sort();
        parts.dedup();
        let mut seen = std::collections::HashMap::new();
        let mut resource = String::new();
        for one in &parts {
            for other in &parts {
                let target = format!("/{one}/{other}");
                bundle.route("GET", &target).unwrap().resource_into(&mut resource).unwrap();
                let before = seen.insert(resource.clone(), target.clone());
                assert_eq!(before, None, "{target} gives {resource} too");
            }
        }
        assert!(seen.len() > 10_000);
    }
}
