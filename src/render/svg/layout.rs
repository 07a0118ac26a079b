//! Where boxes, arrows and their texts stand.

use std::collections::BTreeMap;

use dagre::graph::{Graph, GraphOptions};
use dagre::layout::types::LabelPos;
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir, layout};
use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef as _;
use portcullis_compiler::analysis::graph::{Node, NodeKind, Picture};

use super::super::style::{self, Part, visible};
use super::text::{ARROW, ARROW_WIDTH, DETAIL, Font, KIND, NAME, NODE_WIDTH, width, wrapped};

/// Pixels from one line to the next, as a share of the font's size.
const LINE: f64 = 1.3;
/// Pixels around the text of a box.
const PADDING: f64 = 9.0;
/// The radius of a state.
pub(super) const RADIUS: f64 = 6.0;

/// A line of text within something.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) part: Part,
    pub(super) font: Font,
    pub(super) text: String,
    /// From the top of what it stands in to its base line.
    pub(super) base: f64,
}

/// A box.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    /// The middle.
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) lines: Vec<Line>,
}

/// An arrow: points on its way, and its text around a point. Of an arrow between two boxes every other piece, from the first on, is level: it
/// bends between columns of boxes only, so that it runs through none.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) points: Vec<(f64, f64)>,
    pub(super) text: Option<Placed>,
    /// Whether it leads from a box to itself.
    pub(super) is_loop: bool,
}

/// All of a picture, in the order of its graph.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) boxes: Vec<Placed>,
    pub(super) ways: Vec<Way>,
}

/// Text in lines, and the room that they take.
fn set(texts: Vec<(Part, String)>, most: f64, of: impl Fn(Part) -> Font) -> Placed {
    let (mut wide, mut high, mut lines) = (0.0_f64, 0.0, Vec::new());
    for (part, text) in texts {
        let font = of(part);
        for text in wrapped(&text, font, most) {
            let text = text.trim_end().to_owned();
            wide = wide.max(width(&text, font));
            lines.push(Line { part, font, text, base: high + font.size });
            high += font.size * LINE;
        }
    }
    Placed { x: 0.0, y: 0.0, width: wide, height: high, lines }
}

fn room(node: &Node) -> Placed {
    if node.kind == NodeKind::State {
        return Placed { x: 0.0, y: 0.0, width: 2.0 * RADIUS, height: 2.0 * RADIUS, lines: Vec::new() };
    }
    let mut placed = set(style::texts(node), NODE_WIDTH, |part| match part {
        Part::Kind => KIND,
        Part::Name => NAME,
        Part::Detail => DETAIL,
    });
    placed.width = (placed.width + 2.0 * PADDING).max(40.0);
    placed.height += 2.0 * PADDING - 3.0;
    placed.lines.iter_mut().for_each(|line| line.base += PADDING - 1.5);
    placed
}

/// Places everything: from left to right, few arrows crossing. Deterministic.
pub(super) fn place(picture: &Picture) -> Layout {
    let mut graph: Graph<NodeLabel, EdgeLabel> =
        Graph::with_options(GraphOptions { directed: true, multigraph: true, compound: false });
    let mut boxes: Vec<Placed> = picture.graph.node_weights().map(room).collect();
    for (number, placed) in boxes.iter_mut().enumerate().filter(|(_, placed)| !placed.lines.is_empty()) {
        let arrows = |direction| picture.graph.edges_directed(NodeIndex::new(number), direction).count();
        let most = arrows(Direction::Incoming).max(arrows(Direction::Outgoing)) as f64;
        let more = (most * ARROWS + 8.0).min(TALLEST) - placed.height;
        if more > 0.0 {
            placed.height += more;
            placed.lines.iter_mut().for_each(|line| line.base += more / 2.0);
        }
    }
    for (number, placed) in boxes.iter().enumerate() {
        let label = NodeLabel { width: placed.width, height: placed.height, ..NodeLabel::default() };
        graph.set_node(number.to_string(), Some(label));
    }
    let mut ways = Vec::with_capacity(picture.graph.edge_count());
    for (number, edge) in picture.graph.edge_references().enumerate() {
        let lines: Vec<(Part, String)> =
            edge.weight().label.iter().map(|line| (Part::Detail, visible(line))).collect();
        let text = (!lines.is_empty()).then(|| set(lines, ARROW_WIDTH, |_| ARROW));
        let (width, height) = text.as_ref().map_or((0.0, 0.0), |text| (text.width + 10.0, text.height + 4.0));
        let weight = picture.graph.node_weight(edge.target()).map_or(1, weight);
        let label = EdgeLabel { width, height, weight, labelpos: LabelPos::Center, ..EdgeLabel::default() };
        let ends = [edge.source(), edge.target()].map(|end| end.index().to_string());
        graph.set_edge(ends[0].as_str(), ends[1].as_str(), Some(label), Some(&number.to_string()));
        ways.push(Way { points: Vec::new(), text, is_loop: edge.source() == edge.target() });
    }
    let options = LayoutOptions {
        rankdir: RankDir::LR,
        nodesep: 16.0,
        edgesep: 12.0,
        // Many arrows that bend between two columns want room to be told apart.
        ranksep: (60.0 + picture.graph.edge_count() as f64 / 3.0).min(120.0),
        // Of two orders with as many crossings the one that is nearer to the order of the graph.
        tie_keep_first: true,
        ..LayoutOptions::default()
    };
    layout(&mut graph, Some(options));
    for (number, placed) in boxes.iter_mut().enumerate() {
        if let Some((x, y)) = graph.node(&number.to_string()).and_then(|label| label.x.zip(label.y)) {
            (placed.x, placed.y) = (x, y);
        }
    }
    for edge in graph.edges() {
        let way = edge.name.as_deref().and_then(|name| ways.get_mut(name.parse::<usize>().ok()?));
        let (Some(way), Some(label)) = (way, graph.edge_by_obj(&edge)) else { continue };
        way.points = label.points.iter().map(|point| (point.x, point.y)).collect();
        if let (Some(text), Some((x, y))) = (&mut way.text, label.x.zip(label.y)) {
            (text.x, text.y) = (x, y);
        }
    }
    let ends: Vec<[usize; 2]> =
        picture.graph.edge_references().map(|edge| [edge.source().index(), edge.target().index()]).collect();
    dock(&boxes, &ends, &mut ways);
    let columns = Columns::of(&boxes, &ways);
    ways.iter_mut().filter(|way| !way.is_loop).for_each(|way| columns.bend(way));
    Layout { boxes, ways }
}

/// How much an arrow to a box should be short: what belongs to a column stands in it.
const fn weight(node: &Node) -> i32 {
    match node.kind {
        NodeKind::Layer | NodeKind::Actions | NodeKind::Statement | NodeKind::Near => 4,
        _ => 1,
    }
}

/// Pixels that an arrow wants at a side of a box, as far as that makes none taller than this.
const ARROWS: f64 = 8.0;
const TALLEST: f64 = 160.0;

/// Most pixels between two arrows at a side of a box.
const DOCKS: f64 = 14.0;

/// Where an arrow meets a side of a box: the height of the point next to it, the arrow, and whether it begins there.
type Dock = (f64, usize, bool);

/// Lets arrows begin and end at the sides of their boxes, beside each other and in the order of where they come from or go to. Arrows from a
/// box to itself stay as they are.
fn dock(boxes: &[Placed], ends: &[[usize; 2]], ways: &mut [Way]) {
    let mut docks: BTreeMap<(usize, bool), Vec<Dock>> = BTreeMap::new();
    for (number, (way, [from, to])) in ways.iter().zip(ends).enumerate() {
        let [first, .., last] = way.points.as_slice() else { continue };
        let (Some(second), Some(before)) = (way.points.get(1), way.points.iter().rev().nth(1)) else {
            continue;
        };
        if from == to {
            continue;
        }
        let right = |at: usize, x: f64| boxes.get(at).is_some_and(|placed| x >= placed.x);
        docks.entry((*from, right(*from, second.0.max(first.0)))).or_default().push((second.1, number, true));
        docks.entry((*to, right(*to, before.0.min(last.0)))).or_default().push((before.1, number, false));
    }
    for ((at, right), mut arrows) in docks {
        let Some(placed) = boxes.get(at) else { continue };
        arrows.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        let gap = ((placed.height - 8.0).max(0.0) / arrows.len() as f64).min(DOCKS);
        let x = if right { placed.x + placed.width / 2.0 } else { placed.x - placed.width / 2.0 };
        let first = placed.y - gap * (arrows.len() - 1) as f64 / 2.0;
        for (place, (_, number, begins)) in arrows.into_iter().enumerate() {
            let point = ways
                .get_mut(number)
                .and_then(|way| if begins { way.points.first_mut() } else { way.points.last_mut() });
            if let Some(point) = point {
                *point = (x, first + gap * place as f64);
            }
        }
    }
}

/// The columns in which boxes and the texts of arrows stand: from where to where each reaches.
struct Columns(Vec<(f64, f64)>);

impl Columns {
    fn of(boxes: &[Placed], ways: &[Way]) -> Self {
        let texts = ways.iter().filter(|way| !way.is_loop).filter_map(|way| way.text.as_ref());
        // What stands in one column has one middle, but for rounding.
        let mut columns: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
        for placed in boxes.iter().chain(texts) {
            let (left, right) = (placed.x - placed.width / 2.0, placed.x + placed.width / 2.0);
            let column = columns.entry((placed.x * 4.0).round() as i64).or_insert((left, right));
            *column = (column.0.min(left), column.1.max(right));
        }
        Self(columns.into_values().collect())
    }

    /// The column that a point stands in; itself where it stands between two.
    fn at(&self, x: f64) -> Option<(f64, f64)> {
        self.0.iter().copied().find(|(left, right)| (left - 0.5..=right + 0.5).contains(&x))
    }

    /// Lets an arrow cross columns level, and bend between them.
    fn bend(&self, way: &mut Way) {
        let [first, middle @ .., last] = way.points.as_slice() else { return };
        let middle = middle.iter().filter(|point| self.at(point.0).is_some());
        let points: Vec<(f64, f64)> = std::iter::once(first).chain(middle).chain([last]).copied().collect();
        let mut bent = vec![*first];
        for pair in points.windows(2) {
            let &[from, to] = pair else { continue };
            let (before, behind) =
                (self.at(from.0).unwrap_or((from.0, from.0)), self.at(to.0).unwrap_or((to.0, to.0)));
            let (leaves, enters) = if to.0 >= from.0 { (before.1, behind.0) } else { (before.0, behind.1) };
            bent.extend([(leaves, from.1), (enters, to.1)]);
        }
        bent.push(*last);
        way.points = bent;
    }
}
