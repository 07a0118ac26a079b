//! How boxes and arrows of pictures look, and their texts in lines. Colours are light under dark text, and none says what no word says too.

use portcullis_compiler::analysis::graph::{Edge, EdgeKind, Node, NodeKind};

/// Dark text.
pub(crate) const INK: &str = "#1a1a1a";
/// Text that is less important.
pub(crate) const FAINT: &str = "#555555";

/// The colour inside a box.
pub(crate) const fn fill(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Everyone | NodeKind::Deny => "#f9d0c9",
        NodeKind::Service | NodeKind::Provider | NodeKind::Combination => "#e6e6f5",
        NodeKind::Foreign | NodeKind::Inline | NodeKind::Near | NodeKind::Nothing => "#f3f3f3",
        NodeKind::Root | NodeKind::Unit => "#e3edf5",
        NodeKind::Account | NodeKind::Layer => "#d6e7f4",
        NodeKind::User | NodeKind::Request => "#fff2bf",
        NodeKind::Group | NodeKind::Actions => "#fde5cc",
        NodeKind::Role => "#e1f2d4",
        NodeKind::Policy | NodeKind::Statement => "#eef7fb",
        NodeKind::Scp => "#f2e3f6",
        NodeKind::Rcp => "#eadff2",
        NodeKind::Resource => "#d9f0eb",
        NodeKind::State => "#ffffff",
        NodeKind::Allow => "#cfeccf",
        NodeKind::Depends => "#fff2bf",
    }
}

/// The colour of an arrow and its text.
pub(crate) const fn stroke(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::Holds | EdgeKind::Otherwise | EdgeKind::Nearly | EdgeKind::Silent => "#6e6e6e",
        EdgeKind::Member => "#8a5a00",
        EdgeKind::Gets | EdgeKind::Step => "#333333",
        EdgeKind::Boundary => "#b34700",
        EdgeKind::Limits => "#7b3fa0",
        EdgeKind::Assumes => "#005fa3",
        EdgeKind::LetsIn => "#00695c",
        EdgeKind::KeepsOut | EdgeKind::Denies => "#b3261e",
        EdgeKind::Allows => "#1b6e33",
    }
}

/// Whether an arrow is dashed.
pub(crate) const fn is_dashed(edge: &Edge) -> bool {
    edge.conditional || matches!(edge.kind, EdgeKind::Otherwise | EdgeKind::Nearly | EdgeKind::Silent)
}

/// What a box says before its name, unless that says it already.
pub(crate) const fn prefix(node: &Node) -> Option<&'static str> {
    match node.kind {
        NodeKind::State
        | NodeKind::Allow
        | NodeKind::Deny
        | NodeKind::Depends
        | NodeKind::Nothing
        | NodeKind::Combination
        | NodeKind::Everyone => None,
        kind => Some(kind.name()),
    }
}

/// What part of a box a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// What it is.
    Kind,
    /// Its name.
    Name,
    /// More about it.
    Detail,
}

/// The texts of a box, not yet in lines.
pub(crate) fn texts(node: &Node) -> Vec<(Part, String)> {
    let kind = prefix(node).map(|kind| (Part::Kind, kind.to_owned()));
    let name = (!node.label.is_empty()).then(|| (Part::Name, visible(&node.label)));
    let details = node.details.iter().map(|detail| (Part::Detail, visible(detail)));
    kind.into_iter().chain(name).chain(details).collect()
}

/// Text of an input as it may stand in a picture: what cannot be seen, or turns the direction of writing, is escaped.
pub(crate) fn visible(text: &str) -> String {
    let hides = |character: char| {
        character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if hides(character) { safe.extend(character.escape_unicode()) } else { safe.push(character) }
    }
    safe
}
