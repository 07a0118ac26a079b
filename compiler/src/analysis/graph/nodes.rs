//! Boxes and arrows by their names, collected in any order and given in one.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::DiGraph;

use super::{Edge, EdgeKind, Node, NodeKind};

/// What names a box: its kind and its full name.
pub(super) type Key = (NodeKind, String);

/// Boxes and arrows, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    pub(super) nodes: BTreeMap<Key, Node>,
    pub(super) edges: BTreeMap<(Key, Key, EdgeKind, bool), BTreeSet<String>>,
}

impl Nodes {
    /// Adds a box, unless it is there.
    pub(super) fn node(&mut self, kind: NodeKind, id: &str, make: impl FnOnce(&mut Node)) -> Key {
        let key = (kind, id.to_owned());
        self.nodes.entry(key.clone()).or_insert_with(|| {
            let mut node = Node { id: id.to_owned(), ..Node::new(kind, id) };
            make(&mut node);
            node
        });
        key
    }

    /// Adds an arrow; more labels are added to those of the one that is there.
    pub(super) fn edge(&mut self, from: &Key, to: &Key, kind: EdgeKind, label: Option<String>, dashed: bool) {
        self.edges.entry((from.clone(), to.clone(), kind, dashed)).or_default().extend(label);
    }

    /// The boxes that arrows of some kinds lead to, all the way.
    pub(super) fn closure(&self, from: &Key, kinds: &[EdgeKind], backwards: bool) -> BTreeSet<Key> {
        let mut next: BTreeMap<&Key, Vec<&Key>> = BTreeMap::new();
        for (from, to, kind, _) in self.edges.keys() {
            if kinds.contains(kind) {
                let (from, to) = if backwards { (to, from) } else { (from, to) };
                next.entry(from).or_default().push(to);
            }
        }
        let mut found = BTreeSet::from([from.clone()]);
        let mut stack = vec![from];
        while let Some(key) = stack.pop() {
            for &to in next.get(key).into_iter().flatten() {
                if found.insert(to.clone()) {
                    stack.push(to);
                }
            }
        }
        found
    }

    /// Leaves only what a test keeps.
    pub(super) fn retain(&mut self, keeps: impl Fn(&Key) -> bool) {
        self.nodes.retain(|key, _| keeps(key));
        self.edges.retain(|(from, to, ..), _| keeps(from) && keeps(to));
    }

    /// The graph, in the order of the names.
    pub(super) fn into_graph(self) -> DiGraph<Node, Edge> {
        let mut graph = DiGraph::with_capacity(self.nodes.len(), self.edges.len());
        let mut places = BTreeMap::new();
        for (key, node) in self.nodes {
            places.insert(key, graph.add_node(node));
        }
        for ((from, to, kind, conditional), labels) in self.edges {
            if let (Some(&from), Some(&to)) = (places.get(&from), places.get(&to)) {
                graph.add_edge(from, to, Edge { kind, label: labels.into_iter().collect(), conditional });
            }
        }
        graph
    }
}
