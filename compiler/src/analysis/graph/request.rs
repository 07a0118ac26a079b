//! The way of one request to its decision: layer by layer the statements that apply or nearly do, and what comes of them together.

use petgraph::graph::{DiGraph, NodeIndex};
use portcullis_runtime::decision::Layer;

use super::{Edge, EdgeKind, Node, NodeKind, Picture};
use crate::analysis::explain::{Explanation, LayerReport, Named, NearMiss, Verdict};
use crate::model::Effect;
use crate::request::Request;

/// Statements of one kind that a layer shows before it only counts them.
const MOST_STATEMENTS: usize = 8;

/// How findings are worded: analyses give data.
pub trait Wording {
    /// A layer and whose it is.
    fn layer(&self, layer: Layer, of: &str) -> String;
    /// What a statement that nearly applies would need.
    fn needs(&self, near: &NearMiss) -> String;
    /// Why the decision is what it is.
    fn reason(&self) -> String;
}

/// The picture of an explanation.
#[must_use]
pub fn request(explanation: &Explanation, request: &Request, words: &dyn Wording) -> Picture {
    let decision = &explanation.decision;
    let mut graph = DiGraph::new();
    let mut asks = Node::new(NodeKind::Request, request.action.clone());
    asks.details = vec![format!("by {}", request.principal), format!("on {}", request.resource)];
    asks.emphasized = true;
    let asks = graph.add_node(asks);
    let mut layers = Vec::with_capacity(explanation.layers.len());
    for (number, report) in (1..).zip(&explanation.layers) {
        let mut node =
            Node::new(NodeKind::Layer, format!("{number}. {}", words.layer(report.layer, &report.of)));
        node.emphasized = (report.layer, report.level) == (decision.layer, decision.level);
        node.details.push(verdict(report).to_owned());
        if node.emphasized {
            node.details.push("this decided".to_owned());
        }
        let node = graph.add_node(node);
        graph.add_edge(asks, node, Edge::new(EdgeKind::Step));
        layers.push(node);
    }
    let mut together = Node::new(NodeKind::Combination, "all layers together");
    together.details =
        vec!["a denial wins;".to_owned(), "every layer that bears on it has to allow".to_owned()];
    let together = graph.add_node(together);
    for (report, &layer) in explanation.layers.iter().zip(&layers) {
        statements(&mut graph, report, layer, together, words);
    }
    if layers.is_empty() {
        graph.add_edge(asks, together, Edge::new(EdgeKind::Step));
    }
    let kind =
        if decision.effect == portcullis_runtime::Effect::Allow { NodeKind::Allow } else { NodeKind::Deny };
    let mut end = Node::new(kind, decision.effect.name());
    end.details = vec![format!("by the layer: {}", decision.layer), words.reason()];
    end.emphasized = true;
    let end = graph.add_node(end);
    graph.add_edge(together, end, Edge::new(EdgeKind::Step));
    Picture {
        title: format!("{} asks for {} on {}", request.principal, request.action, request.resource),
        notes: vec!["The layers are in the order in which a denial of theirs would be told.".to_owned()],
        graph,
    }
}

fn verdict(report: &LayerReport) -> &'static str {
    match report.verdict {
        Verdict::Denies => "denies",
        Verdict::Allows => "allows",
        // The full-access RCP stands on every level.
        Verdict::Silent if report.layer == Layer::Rcp => "denies nothing",
        Verdict::Silent => "does not allow",
    }
}

/// The statements of a layer between it and what comes of all of them.
fn statements(
    graph: &mut DiGraph<Node, Edge>,
    report: &LayerReport,
    layer: NodeIndex,
    together: NodeIndex,
    words: &dyn Wording,
) {
    for matched in report.matched.iter().take(MOST_STATEMENTS) {
        let node = graph.add_node(statement(NodeKind::Statement, &matched.statement));
        let kind = match matched.statement.effect {
            Effect::Allow => EdgeKind::Allows,
            Effect::Deny => EdgeKind::Denies,
        };
        graph.add_edge(layer, node, Edge::new(EdgeKind::Step));
        graph.add_edge(node, together, Edge::labelled(kind, kind.name()));
    }
    for near in report.near.iter().take(MOST_STATEMENTS) {
        let mut node = statement(NodeKind::Near, &near.statement);
        node.details.push(words.needs(near));
        let verb = match near.statement.effect {
            Effect::Allow => "would allow",
            Effect::Deny => "would deny",
        };
        let node = graph.add_node(node);
        graph.add_edge(layer, node, Edge::new(EdgeKind::Nearly));
        graph.add_edge(node, together, Edge::labelled(EdgeKind::Nearly, verb));
    }
    if report.matched.is_empty() {
        let silent = if report.layer == Layer::Rcp { EdgeKind::Step } else { EdgeKind::Silent };
        graph.add_edge(layer, together, Edge::labelled(silent, verdict(report)));
    }
    let hidden = [report.matched.len(), report.near.len()].map(|count| count.saturating_sub(MOST_STATEMENTS));
    let hidden: usize = hidden.iter().sum();
    let told = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 more statement {what}")),
        _ => Some(format!("{count} more statements {what}")),
    };
    if let Some(node) = graph.node_weight_mut(layer) {
        node.details.extend(told(hidden, "like those shown"));
        node.details.extend(told(report.others, "about something else"));
    }
}

fn statement(kind: NodeKind, named: &Named) -> Node {
    let name = named.sid.as_ref().map_or_else(|| format!("statement {}", named.index + 1), Clone::clone);
    let mut node = Node::new(kind, name);
    node.details.push(named.policy.clone());
    let place = (!named.file.is_empty()).then(|| format!("at {}:{}", named.file, named.line));
    let place: Vec<String> = named.version.clone().into_iter().chain(place).collect();
    if !place.is_empty() {
        node.details.push(place.join(", "));
    }
    node
}
