//! The reference: a route as a list of segments, compared one by one. It shares nothing with the compiler or the runtime.

use super::worlds::Random;

/// A route as it is declared.
#[derive(Debug)]
pub(super) struct Declared {
    methods: Vec<&'static str>,
    /// A literal, `{0}` with the number of its segment, or `{0*}`.
    path: Vec<String>,
    resource: String,
}

/// Some random routes, likely to meet.
pub(super) fn random(random: &mut Random) -> Vec<Declared> {
    (0..1 + random.below(4)).map(|_| one(random)).collect()
}

fn one(random: &mut Random) -> Declared {
    let methods = match random.below(4) {
        0 => vec!["*"],
        1 => vec!["GET", "HEAD"],
        2 => vec!["PUT", "GET"],
        _ => vec!["GET"],
    };
    let length = random.below(4);
    let mut path: Vec<String> = (0..length)
        .map(|at| match random.below(2) {
            0 => format!("{{c{at}}}"),
            _ => random.word(&["a", "b", "%C3%A9"]).to_owned(),
        })
        .collect();
    match random.below(4) {
        0 if length < 3 => path.push(format!("{{c{length}*}}")),
        1 => path.push(String::new()),
        _ if length == 0 => path.push(String::new()),
        _ => {}
    }
    let captures: Vec<&str> = path.iter().filter(|it| it.starts_with('{')).map(String::as_str).collect();
    let mut names: Vec<String> = captures.iter().map(|it| it.replace('*', "")).collect();
    // Some captures go unused.
    if random.chance(20) {
        names.reverse();
        names.truncate(1);
    }
    let resource = match names.as_slice() {
        [] => "*".to_owned(),
        names => format!("arn:aws:app:::x:{}", names.join("/y/")),
    };
    Declared { methods, path, resource }
}

impl Declared {
    /// The route in the language; its action says its number.
    pub(super) fn text(&self, number: usize) -> String {
        let methods = match self.methods.as_slice() {
            [only] => (*only).to_owned(),
            several => format!("[{}]", several.join(", ")),
        };
        format!("route {methods} /{} => app:Action{number} on {}", self.path.join("/"), self.resource)
    }

    /// Whether it matches a request.
    pub(super) fn matches(&self, method: &str, path: &[&str]) -> bool {
        let methods = self.methods == ["*"] || self.methods.contains(&method);
        let mut rest = path;
        for segment in &self.path {
            let Some((first, behind)) = rest.split_first() else { return false };
            if segment.ends_with("*}") {
                return methods && !first.is_empty();
            }
            let fits = if segment.starts_with('{') { !first.is_empty() } else { first == segment };
            if !fits {
                return false;
            }
            rest = behind;
        }
        methods && rest.is_empty()
    }

    /// The resource that a path which it matches asks for.
    pub(super) fn resource(&self, path: &[&str]) -> String {
        let mut resource = self.resource.clone();
        for (at, segment) in self.path.iter().enumerate().filter(|(_, segment)| segment.starts_with('{')) {
            let value = if segment.ends_with("*}") { path[at..].join("/") } else { path[at].to_owned() };
            resource = resource.replace(&segment.replace('*', ""), &value.replace("%C3%A9", "\u{e9}"));
        }
        resource
    }
}
