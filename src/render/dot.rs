//! Pictures in the DOT language, for Graphviz and whatever reads it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use petgraph::visit::EdgeRef as _;
use portcullis_compiler::analysis::graph::{Edge, Node, NodeKind, Picture};

use super::style::{self, Part, fill, is_dashed, stroke, visible};
use super::svg::text::{DETAIL, NAME, NODE_WIDTH, wrapped};

/// The picture as a DOT file. Names are those of what is drawn, so that a change moves few lines. Linear in the picture.
pub(crate) fn dot(picture: &Picture) -> String {
    let mut text = String::new();
    let title = visible(&picture.title);
    let _ = writeln!(text, "digraph {} {{", quoted(&title));
    let notes: Vec<String> =
        std::iter::once(title).chain(picture.notes.iter().map(|note| visible(note))).collect();
    let _ = writeln!(
        text,
        "  graph [rankdir=LR, labelloc=t, fontname=\"Helvetica,Arial,sans-serif\", label={}];",
        label(&notes)
    );
    text.push_str("  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica,Arial,sans-serif\", fontsize=11];\n");
    text.push_str("  edge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=10];\n");
    let names = names(picture);
    for (node, name) in picture.graph.node_weights().zip(&names) {
        let _ = writeln!(text, "  {name} [{}];", attributes(node));
    }
    for edge in picture.graph.edge_references() {
        let ends =
            [edge.source(), edge.target()].map(|end| names.get(end.index()).map_or("", String::as_str));
        let _ = writeln!(text, "  {} -> {} [{}];", ends[0], ends[1], arrow(edge.weight()));
    }
    text.push_str("}\n");
    text
}

/// The name of every node: what it stands for, or its number where that has no name or is there twice.
fn names(picture: &Picture) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let name = |(number, node): (usize, &Node)| {
        let full = quoted(&visible(&format!("{} {}", node.kind.name(), node.id)));
        let fits = !node.id.is_empty() || node.kind == NodeKind::Everyone;
        if fits && taken.insert(full.clone()) { full } else { format!("n{number}") }
    };
    picture.graph.node_weights().enumerate().map(name).collect()
}

fn attributes(node: &Node) -> String {
    if node.kind == NodeKind::State {
        return format!(
            "shape=circle, width=0.15, fixedsize=true, label=\"\", fillcolor=\"{}\"",
            fill(node.kind)
        );
    }
    let lines = style::texts(node).into_iter().flat_map(|(part, text)| {
        let font = if part == Part::Name { NAME } else { DETAIL };
        wrapped(&text, font, NODE_WIDTH)
    });
    let lines: Vec<String> = lines.collect();
    let mut text = format!("label={}, fillcolor=\"{}\"", label(&lines), fill(node.kind));
    if node.kind == NodeKind::Near {
        text.push_str(", style=\"rounded,filled,dashed\"");
    }
    if node.emphasized {
        text.push_str(", penwidth=2.5");
    }
    if !node.id.is_empty() {
        let _ = write!(text, ", tooltip={}", label(&[visible(&node.id)]));
    }
    text
}

fn arrow(edge: &Edge) -> String {
    let colour = stroke(edge.kind);
    let mut text = format!("color=\"{colour}\"");
    if !edge.label.is_empty() {
        let lines: Vec<String> = edge.label.iter().map(|line| visible(line)).collect();
        let _ = write!(text, ", fontcolor=\"{colour}\", label={}", label(&lines));
    }
    if is_dashed(edge) {
        text.push_str(", style=dashed");
    }
    let _ = write!(text, ", tooltip=\"{}\"", edge.kind.name());
    text
}

/// A name in quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Lines as a label: in it backslashes and entities have a meaning.
fn label(lines: &[String]) -> String {
    let lines: Vec<String> = lines
        .iter()
        .map(|line| line.replace('&', "&amp;").replace('\\', "\\\\").replace('"', "\\\""))
        .collect();
    format!("\"{}\"", lines.join("\\n"))
}
