//! Any graph becomes a picture: nothing cut, no box over another.

use petgraph::graph::{DiGraph, NodeIndex};

use super::*;

/// Numbers by chance, from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

fn node(kind: NodeKind, label: &str, details: &[&str]) -> Node {
    Node {
        kind,
        label: label.to_owned(),
        details: details.iter().map(|detail| (*detail).to_owned()).collect(),
        id: String::new(),
        emphasized: false,
    }
}

fn picture(graph: DiGraph<Node, Edge>) -> Picture {
    Picture { title: "title".to_owned(), notes: vec!["note".to_owned()], graph }
}

/// Left, top, width and height of every box.
fn boxes(svg: &str) -> Vec<[f64; 4]> {
    let number = |tag: &str, name: &str| -> f64 {
        let (_, rest) = tag.split_once(&format!(" {name}=\"")).unwrap();
        rest.split('"').next().unwrap().parse().unwrap()
    };
    let tags = svg.split("<rect class=\"box\"").skip(1);
    tags.map(|tag| ["x", "y", "width", "height"].map(|name| number(tag, name))).collect()
}

fn assert_legible(picture: &Picture) {
    let svg = svg(picture).unwrap();
    let boxes = boxes(&svg);
    for (number, one) in boxes.iter().enumerate() {
        for other in boxes.iter().skip(number + 1) {
            let apart = |at: usize| {
                one[at] + one[at + 2] <= other[at] + 0.2 || other[at] + other[at + 2] <= one[at] + 0.2
            };
            assert!(apart(0) || apart(1), "{one:?} {other:?}");
        }
    }
    // The lines of a box, together, are all that it has to say.
    let drawn: Vec<&str> = svg.split("<g class=\"node\">").skip(1).collect();
    assert_eq!(drawn.len(), picture.graph.node_count());
    for (drawn, node) in drawn.iter().zip(picture.graph.node_weights()) {
        let lines = drawn.split("</g>").next().unwrap().split("<text ").skip(1);
        let said: String = lines.map(|line| line.split(['>', '<']).nth(1).unwrap()).collect();
        let texts: String =
            super::super::style::texts(node).into_iter().map(|(_, text)| escaped(&text)).collect();
        let bare = |text: &str| text.replace(' ', "");
        assert_eq!(bare(&said), bare(&texts));
    }
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[test]
fn small_and_odd_graphs() {
    assert_legible(&picture(DiGraph::new()));
    let mut graph = DiGraph::new();
    let one = graph.add_node(node(NodeKind::Role, "one", &[]));
    assert_legible(&picture(graph.clone()));
    graph.add_edge(
        one,
        one,
        Edge { kind: EdgeKind::Assumes, label: vec!["itself".to_owned()], conditional: true },
    );
    assert_legible(&picture(graph.clone()));
    let other = graph.add_node(node(
        NodeKind::Role,
        "<other> & \"last\" \u{202e}\u{7}",
        &["a\nb", &"arn:aws:x/".repeat(40)],
    ));
    for (from, to) in [(one, other), (other, one), (one, other), (other, other), (other, other)] {
        graph.add_edge(from, to, Edge { kind: EdgeKind::Assumes, label: Vec::new(), conditional: false });
    }
    graph.add_node(node(NodeKind::User, "alone", &["漢字"]));
    assert_legible(&picture(graph.clone()));
    let svg = svg(&picture(graph)).unwrap();
    assert!(svg.contains("&lt;other&gt; &amp; &quot;last&quot; \\u{202e}\\u{7}"), "{svg}");
}

#[test]
fn graphs_by_chance() {
    const KINDS: [NodeKind; 5] =
        [NodeKind::User, NodeKind::Layer, NodeKind::State, NodeKind::Policy, NodeKind::Actions];
    const EDGES: [EdgeKind; 3] = [EdgeKind::Gets, EdgeKind::Otherwise, EdgeKind::Assumes];
    for seed in 0..150 {
        let mut random = Random(seed);
        let nodes = 1 + random.below(14);
        let mut graph = DiGraph::new();
        for number in 0..nodes {
            let long = "part/".repeat(random.below(20));
            let kind = KINDS[random.below(KINDS.len())];
            let label = if kind == NodeKind::State { String::new() } else { format!("{long}{number}") };
            graph.add_node(node(kind, &label, &[]));
        }
        for _ in 0..random.below(24) {
            let [from, to] = [random.below(nodes), random.below(nodes)].map(NodeIndex::new);
            let label = (0..random.below(3)).map(|line| format!("line {line}")).collect();
            graph.add_edge(
                from,
                to,
                Edge { kind: EDGES[random.below(3)], label, conditional: random.below(2) == 0 },
            );
        }
        let picture = picture(graph);
        assert_legible(&picture);
        assert_eq!(svg(&picture).unwrap(), svg(&picture).unwrap());
    }
}

#[test]
fn what_nobody_could_read_is_refused() {
    let mut graph = DiGraph::new();
    let first = graph.add_node(node(NodeKind::User, "0", &[]));
    for number in 1..5_000 {
        let next = graph.add_node(node(NodeKind::User, &number.to_string(), &[]));
        graph.add_edge(first, next, Edge { kind: EdgeKind::Gets, label: Vec::new(), conditional: false });
    }
    let picture = picture(graph);
    assert_eq!(
        svg(&picture).unwrap_err().to_string(),
        "5000 boxes and 4999 arrows are too many to be drawn legibly"
    );
    assert!(super::super::dot::dot(&picture).lines().count() > 9_999);
}
