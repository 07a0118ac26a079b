//! Pictures as SVG, drawn here: nothing else need be installed.

mod layout;
pub(crate) mod text;

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use portcullis_compiler::analysis::graph::{Edge, EdgeKind, Node, NodeKind, Picture};

use self::layout::{Layout, Placed, RADIUS, Way, place};
use self::text::{ARROW, DETAIL, Font, TITLE, width, wrapped};
use super::style::{FAINT, INK, Part, fill, is_dashed, stroke, visible};

/// More boxes than these are no picture that anybody reads.
const MOST_NODES: usize = 300;
/// More arrows than these neither.
const MOST_EDGES: usize = 500;
/// Nor more states of automata than these, of which each has several texts beside it.
const MOST_STATES: usize = 120;

/// Pixels around everything.
const MARGIN: f64 = 24.0;
/// The length of an arrow's head.
const HEAD: f64 = 8.0;

/// Too many boxes or arrows to be drawn legibly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooLarge {
    /// Boxes.
    pub(crate) nodes: usize,
    /// Arrows.
    pub(crate) edges: usize,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} boxes and {} arrows are too many to be drawn legibly", self.nodes, self.edges)
    }
}

/// The picture as an SVG document.
///
/// # Errors
/// [`TooLarge`].
pub(crate) fn svg(picture: &Picture) -> Result<String, TooLarge> {
    let (nodes, edges) = (picture.graph.node_count(), picture.graph.edge_count());
    let states = picture.graph.node_weights().filter(|node| node.kind == NodeKind::State).count();
    if nodes > MOST_NODES || edges > MOST_EDGES || states > MOST_STATES {
        return Err(TooLarge { nodes, edges });
    }
    let layout = place(picture);
    let mut drawn = Canvas::default();
    let nodes: Vec<&Node> = picture.graph.node_weights().collect();
    let edges: Vec<&Edge> = picture.graph.edge_weights().collect();
    let top = drawn.head(picture, &layout);
    let _ = writeln!(drawn.body, "<g transform=\"translate({} {top:.1})\">", MARGIN);
    for (way, edge) in layout.ways.iter().zip(&edges) {
        drawn.arrow(way, edge);
    }
    for (placed, node) in layout.boxes.iter().zip(&nodes) {
        drawn.node(placed, node);
    }
    for (way, edge) in layout.ways.iter().zip(&edges) {
        if let Some(text) = &way.text {
            drawn.label(text, edge);
        }
    }
    drawn.body.push_str("</g>\n");
    drawn.high += top;
    drawn.legend(&edges);
    Ok(drawn.finish(picture))
}

/// What is drawn so far, and how large it is.
#[derive(Default)]
struct Canvas {
    body: String,
    wide: f64,
    high: f64,
}

impl Canvas {
    fn covers(&mut self, x: f64, y: f64) {
        self.wide = self.wide.max(x);
        self.high = self.high.max(y);
    }

    /// Title and notes; where the picture below them begins.
    fn head(&mut self, picture: &Picture, layout: &Layout) -> f64 {
        let right = layout.boxes.iter().map(|placed| placed.x + placed.width / 2.0).fold(480.0, f64::max);
        let mut base = MARGIN;
        let texts =
            std::iter::once((&picture.title, TITLE)).chain(picture.notes.iter().map(|it| (it, DETAIL)));
        for (text, font) in texts {
            for line in wrapped(&visible(text), font, right) {
                base += font.size * 1.1;
                self.text(&line, font, MARGIN, base, "start", if font.bold { INK } else { FAINT });
                self.wide = self.wide.max(width(&line, font));
                base += font.size * 0.3;
            }
        }
        base + 14.0
    }

    fn text(&mut self, text: &str, font: Font, x: f64, y: f64, anchor: &str, colour: &str) {
        let weight = if font.bold { " font-weight=\"bold\"" } else { "" };
        let _ = writeln!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{}\"{weight} text-anchor=\"{anchor}\" fill=\"{colour}\">{}</text>",
            font.size,
            escaped(text.trim_end())
        );
    }

    fn node(&mut self, placed: &Placed, node: &Node) {
        let Placed { x, y, width, height, lines } = placed;
        let (left, top) = (x - width / 2.0, y - height / 2.0);
        self.covers(left + width, top + height);
        let pen = if node.emphasized { 2.5 } else { 1.0 };
        let edge = if node.emphasized { INK } else { "#7a7a7a" };
        let colour = fill(node.kind);
        let _ = writeln!(self.body, "<g class=\"node\">");
        if !node.id.is_empty() {
            let _ =
                writeln!(self.body, "<title>{} {}</title>", node.kind.name(), escaped(&visible(&node.id)));
        }
        if node.kind == NodeKind::State {
            let _ = writeln!(
                self.body,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{RADIUS}\" fill=\"{colour}\" stroke=\"{INK}\"/>"
            );
        } else {
            let dashed = if node.kind == NodeKind::Near { " stroke-dasharray=\"5 3\"" } else { "" };
            let _ = writeln!(
                self.body,
                "<rect class=\"box\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"6\" fill=\"{colour}\" \
                 stroke=\"{edge}\" stroke-width=\"{pen}\"{dashed}/>"
            );
        }
        for line in lines {
            let colour = if line.part == Part::Kind { FAINT } else { INK };
            self.text(&line.text, line.font, *x, top + line.base, "middle", colour);
        }
        self.body.push_str("</g>\n");
    }

    fn label(&mut self, placed: &Placed, edge: &Edge) {
        let Placed { x, y, width, height, lines } = placed;
        let (left, top) = (x - width / 2.0 - 3.0, y - height / 2.0);
        self.covers(left + width + 6.0, top + height);
        let _ = writeln!(
            self.body,
            "<rect class=\"label\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{height:.1}\" rx=\"3\" fill=\"#ffffff\" \
             fill-opacity=\"0.92\"/>",
            width + 6.0
        );
        for line in lines {
            self.text(&line.text, line.font, *x, top + line.base, "middle", stroke(edge.kind));
        }
    }

    fn arrow(&mut self, way: &Way, edge: &Edge) {
        let [first, middle @ .., last] = way.points.as_slice() else { return };
        for (x, y) in &way.points {
            self.covers(*x, *y);
        }
        let before = middle.last().unwrap_or(first);
        // An arrow from a box to itself comes back from where it bends around to.
        let depth = middle.iter().map(|point| point.1).fold(first.1, f64::max) - first.1;
        let direction = match way.is_loop {
            true => unit(-0.4, -1.0),
            false => unit(last.0 - before.0, last.1 - before.1),
        };
        // The line ends within its head, which alone touches the box.
        let neck = (last.0 - direction.0 * HEAD * 0.8, last.1 - direction.1 * HEAD * 0.8);
        let mut path = format!("M{:.1} {:.1}", first.0, first.1);
        let mut from = *first;
        if way.is_loop {
            let (left, right, low) = (first.0 - depth / 2.0, last.0 + depth / 2.0, first.1 + depth * 1.3);
            let _ = write!(path, "C{left:.1} {low:.1} {right:.1} {low:.1} {:.1} {:.1}", neck.0, neck.1);
        }
        for (number, to) in middle.iter().chain([&neck]).enumerate().filter(|_| !way.is_loop) {
            if number % 2 == 0 {
                let _ = write!(path, "L{:.1} {:.1}", to.0, to.1);
            } else {
                let half = (from.0 + to.0) / 2.0;
                let _ =
                    write!(path, "C{half:.1} {:.1} {half:.1} {:.1} {:.1} {:.1}", from.1, to.1, to.0, to.1);
            }
            from = *to;
        }
        let (colour, dashed) =
            (stroke(edge.kind), if is_dashed(edge) { " stroke-dasharray=\"5 3\"" } else { "" });
        let _ = writeln!(
            self.body,
            "<path class=\"arrow\" d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.3\"{dashed}/>"
        );
        self.triangle(*last, direction, colour);
    }

    fn triangle(&mut self, tip: (f64, f64), (dx, dy): (f64, f64), colour: &str) {
        let back = (tip.0 - dx * HEAD, tip.1 - dy * HEAD);
        let side = (dy * HEAD * 0.42, -dx * HEAD * 0.42);
        let _ = writeln!(
            self.body,
            "<polygon points=\"{:.1},{:.1} {:.1},{:.1} {:.1},{:.1}\" fill=\"{colour}\"/>",
            tip.0,
            tip.1,
            back.0 + side.0,
            back.1 + side.1,
            back.0 - side.0,
            back.1 - side.1
        );
    }

    /// What the arrows of this picture mean.
    fn legend(&mut self, edges: &[&Edge]) {
        let kinds: BTreeSet<EdgeKind> = edges.iter().map(|edge| edge.kind).collect();
        let named = |kind: &EdgeKind| !matches!(kind, EdgeKind::Step);
        let mut entries: Vec<(&str, &str, bool)> = kinds
            .into_iter()
            .filter(named)
            .map(|kind| {
                (
                    kind.name(),
                    stroke(kind),
                    matches!(kind, EdgeKind::Otherwise | EdgeKind::Nearly | EdgeKind::Silent),
                )
            })
            .collect();
        let conditional = |edge: &&&Edge| edge.conditional && !matches!(edge.kind, EdgeKind::Nearly);
        if edges.iter().any(|edge| conditional(&edge)) {
            entries.push(("under conditions", INK, true));
        }
        let most = self.wide.max(520.0);
        let (mut x, mut y) = (0.0, self.high + 34.0);
        for (name, colour, dashed) in entries {
            let needed = 46.0 + width(name, ARROW);
            if x > 0.0 && x + needed > most {
                (x, y) = (0.0, y + 18.0);
            }
            let (left, middle) = (MARGIN + x, y - 4.0);
            let dashed = if dashed { " stroke-dasharray=\"5 3\"" } else { "" };
            let _ = writeln!(
                self.body,
                "<path d=\"M{left:.1} {middle:.1}H{:.1}\" stroke=\"{colour}\" stroke-width=\"1.3\"{dashed}/>",
                left + 20.0
            );
            self.triangle((left + 27.0, middle), (1.0, 0.0), colour);
            self.text(name, ARROW, left + 33.0, y, "start", INK);
            x += needed + 14.0;
            self.wide = self.wide.max(x);
            self.high = self.high.max(y);
        }
    }

    fn finish(self, picture: &Picture) -> String {
        let (wide, high) = ((self.wide + 2.0 * MARGIN).ceil(), (self.high + MARGIN).ceil());
        let title = escaped(&visible(&picture.title));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\" role=\"img\" \
             font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\">\n<title>{title}</title>\n\
             <rect width=\"{wide}\" height=\"{high}\" fill=\"#ffffff\"/>\n{}</svg>\n",
            self.body
        )
    }
}

/// A direction of length one; to the right where there is none.
fn unit(x: f64, y: f64) -> (f64, f64) {
    let length = x.hypot(y);
    if length > 0.0 { (x / length, y / length) } else { (1.0, 0.0) }
}

/// Text as it stands in XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
