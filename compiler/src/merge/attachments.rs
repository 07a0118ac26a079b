//! From memberships and attachments to layers, along a graph: principal → group → document (rules I1, I2).

use std::collections::BTreeSet;

use petgraph::graph::{DiGraph, NodeIndex};

use super::{DocumentSource, Merged, PrincipalRef};
use crate::model::{Identity, Model};

/// A node of the attachment graph.
#[derive(Clone, Copy, Debug)]
enum Node {
    Principal,
    Group,
    Document(DocumentSource),
}

/// The layers of every principal, users first, in the order of the model.
///
/// Edges lead from a user to its groups and from users, groups and roles to their documents; what a principal reaches is its identity
/// layer. Linear in the graph for every principal.
pub(super) fn principals(model: &Model) -> Vec<Merged> {
    let mut graph = DiGraph::<Node, ()>::new();
    let managed: Vec<NodeIndex> = (0..model.policies.len() as u32)
        .map(|policy| graph.add_node(Node::Document(DocumentSource::Managed(policy))))
        .collect();
    let attach = |graph: &mut DiGraph<Node, ()>,
                  from: NodeIndex,
                  identity: &Identity,
                  inline: &dyn Fn(u32) -> DocumentSource| {
        for place in 0..identity.inline.len() as u32 {
            let document = graph.add_node(Node::Document(inline(place)));
            graph.update_edge(from, document, ());
        }
        for policy in &identity.attached {
            if let Some(&document) = managed.get(policy.index()) {
                graph.update_edge(from, document, ());
            }
        }
    };
    let groups: Vec<NodeIndex> = (0_u32..)
        .zip(&model.groups)
        .map(|(number, group)| {
            let node = graph.add_node(Node::Group);
            attach(&mut graph, node, &group.identity, &|place| DocumentSource::GroupInline(number, place));
            node
        })
        .collect();
    let mut principals = Vec::with_capacity(model.users.len() + model.roles.len());
    for (number, user) in (0_u32..).zip(&model.users) {
        let node = graph.add_node(Node::Principal);
        attach(&mut graph, node, &user.identity, &|place| DocumentSource::UserInline(number, place));
        for group in &user.groups {
            if let Some(&group) = groups.get(group.index()) {
                graph.update_edge(node, group, ());
            }
        }
        principals.push((node, PrincipalRef::User(number), user.boundary));
    }
    for (number, role) in (0_u32..).zip(&model.roles) {
        let node = graph.add_node(Node::Principal);
        attach(&mut graph, node, &role.identity, &|place| DocumentSource::RoleInline(number, place));
        principals.push((node, PrincipalRef::Role(number), role.boundary));
    }
    principals
        .into_iter()
        .map(|(node, principal, boundary)| {
            let boundary = boundary.map(|policy| vec![DocumentSource::Managed(policy.0)]);
            let trust = match principal {
                PrincipalRef::Role(role) => {
                    let trusts = model.roles.get(role as usize).is_some_and(|role| role.trust.is_some());
                    trusts.then_some(DocumentSource::Trust(role))
                }
                PrincipalRef::User(_) => None,
            };
            Merged { principal, identity: reachable(&graph, node), boundary, trust }
        })
        .collect()
}

/// The documents that a node reaches, sorted.
fn reachable(graph: &DiGraph<Node, ()>, from: NodeIndex) -> Vec<DocumentSource> {
    let mut documents = BTreeSet::new();
    // The graph is two edges deep, so a plain stack costs what is reached; petgraph's `Dfs` would clear a bit for every node of the
    // whole graph for each principal.
    let mut stack = vec![from];
    while let Some(node) = stack.pop() {
        match graph.node_weight(node) {
            Some(Node::Document(document)) => {
                documents.insert(*document);
            }
            _ => stack.extend(graph.neighbors(node)),
        }
    }
    documents.into_iter().collect()
}
