//! Boolean functions of conditions: reduced ordered binary decision diagrams, hash-consed, within a budget.
//!
//! Equal functions are equal nodes, which is how two policies are seen to mean the same. Source: R. E. Bryant, "Graph-Based Algorithms for
//! Boolean Function Manipulation" (1986); sums of products after S. Minato, "Fast Generation of Irredundant Sum-of-Products Forms from Binary
//! Decision Diagrams" (1992).

use super::HashMap;

/// A function.
pub(super) type Node = u32;

/// Holds never.
pub(super) const NEVER: Node = 0;
/// Holds always.
pub(super) const ALWAYS: Node = 1;

/// Behind the last variable: the level of the two constants.
const LEAF: u32 = u32::MAX;

/// A product: literals that all must hold, by variable, each with whether it stands plain.
pub(crate) type Cube = Vec<(u32, bool)>;

/// More nodes than this are not made.
const MOST_NODES: usize = 1 << 17;
/// A sum of more products than this is nothing that anybody reads.
const MOST_CUBES: usize = 256;

/// The budget is spent: whoever asked has to say so, and must not take the answer for exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spent;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operation {
    And,
    Or,
}

/// A table of functions.
#[derive(Debug)]
pub(super) struct Logic {
    /// Variable, the function where it is false, the function where it is true.
    nodes: Vec<(u32, Node, Node)>,
    ids: HashMap<(u32, Node, Node), Node>,
    results: HashMap<(Operation, Node, Node), Node>,
    negations: HashMap<Node, Node>,
}

impl Default for Logic {
    fn default() -> Self {
        Self {
            nodes: vec![(LEAF, NEVER, NEVER), (LEAF, ALWAYS, ALWAYS)],
            ids: HashMap::default(),
            results: HashMap::default(),
            negations: HashMap::default(),
        }
    }
}

impl Logic {
    /// The variable that a function asks first, and what it is where that is false and true; `None` for the constants.
    pub(super) fn branch(&self, node: Node) -> Option<(u32, Node, Node)> {
        self.nodes.get(node as usize).copied().filter(|(variable, ..)| *variable != LEAF)
    }

    fn level(&self, node: Node) -> u32 {
        self.nodes.get(node as usize).map_or(LEAF, |(variable, ..)| *variable)
    }

    fn cofactors(&self, node: Node, variable: u32) -> (Node, Node) {
        match self.branch(node) {
            Some((first, no, yes)) if first == variable => (no, yes),
            _ => (node, node),
        }
    }

    fn node(&mut self, variable: u32, no: Node, yes: Node) -> Result<Node, Spent> {
        if no == yes {
            return Ok(no);
        }
        if let Some(&known) = self.ids.get(&(variable, no, yes)) {
            return Ok(known);
        }
        if self.nodes.len() >= MOST_NODES {
            return Err(Spent);
        }
        let id = self.nodes.len() as Node;
        self.nodes.push((variable, no, yes));
        self.ids.insert((variable, no, yes), id);
        Ok(id)
    }

    /// The function that is one variable.
    pub(super) fn variable(&mut self, variable: u32) -> Result<Node, Spent> {
        self.node(variable, NEVER, ALWAYS)
    }

    /// Both hold.
    pub(super) fn and(&mut self, a: Node, b: Node) -> Result<Node, Spent> {
        match (a, b) {
            (NEVER, _) | (_, NEVER) => Ok(NEVER),
            (ALWAYS, other) | (other, ALWAYS) => Ok(other),
            _ if a == b => Ok(a),
            _ => self.apply(Operation::And, a, b),
        }
    }

    /// At least one holds.
    pub(super) fn or(&mut self, a: Node, b: Node) -> Result<Node, Spent> {
        match (a, b) {
            (ALWAYS, _) | (_, ALWAYS) => Ok(ALWAYS),
            (NEVER, other) | (other, NEVER) => Ok(other),
            _ if a == b => Ok(a),
            _ => self.apply(Operation::Or, a, b),
        }
    }

    fn apply(&mut self, operation: Operation, a: Node, b: Node) -> Result<Node, Spent> {
        let key = (operation, a.min(b), a.max(b));
        if let Some(&known) = self.results.get(&key) {
            return Ok(known);
        }
        let variable = self.level(a).min(self.level(b));
        let ((a0, a1), (b0, b1)) = (self.cofactors(a, variable), self.cofactors(b, variable));
        let (no, yes) = match operation {
            Operation::And => (self.and(a0, b0)?, self.and(a1, b1)?),
            Operation::Or => (self.or(a0, b0)?, self.or(a1, b1)?),
        };
        let result = self.node(variable, no, yes)?;
        self.results.insert(key, result);
        Ok(result)
    }

    /// Does not hold.
    pub(super) fn not(&mut self, a: Node) -> Result<Node, Spent> {
        let Some((variable, no, yes)) = self.branch(a) else {
            return Ok(if a == NEVER { ALWAYS } else { NEVER });
        };
        if let Some(&known) = self.negations.get(&a) {
            return Ok(known);
        }
        let (no, yes) = (self.not(no)?, self.not(yes)?);
        let result = self.node(variable, no, yes)?;
        self.negations.insert(a, result);
        Ok(result)
    }

    /// A function of functions: `decide` says what it is where each of them is known.
    pub(super) fn of(&mut self, functions: &[Node], decide: &dyn Fn(&[bool]) -> bool) -> Result<Node, Spent> {
        let mut known = HashMap::default();
        self.compose(functions.to_vec(), decide, &mut known)
    }

    fn compose(
        &mut self,
        functions: Vec<Node>,
        decide: &dyn Fn(&[bool]) -> bool,
        known: &mut HashMap<Vec<Node>, Node>,
    ) -> Result<Node, Spent> {
        if let Some(&result) = known.get(&functions) {
            return Ok(result);
        }
        let variable = functions.iter().map(|&function| self.level(function)).min().unwrap_or(LEAF);
        let result = if variable == LEAF {
            let values: Vec<bool> = functions.iter().map(|&function| function == ALWAYS).collect();
            if decide(&values) { ALWAYS } else { NEVER }
        } else {
            if known.len() >= MOST_NODES {
                return Err(Spent);
            }
            let (no, yes): (Vec<Node>, Vec<Node>) =
                functions.iter().map(|&function| self.cofactors(function, variable)).unzip();
            let no = self.compose(no, decide, known)?;
            let yes = self.compose(yes, decide, known)?;
            self.node(variable, no, yes)?
        };
        known.insert(functions, result);
        Ok(result)
    }

    /// The function as a sum of products, of which none and no literal of one is superfluous. The empty sum holds never, an empty product
    /// always.
    pub(super) fn sum(&mut self, function: Node) -> Result<Vec<Cube>, Spent> {
        let (mut cubes, _) = self.between(function, function)?;
        cubes.iter_mut().for_each(|cube| cube.sort_unstable());
        cubes.sort_unstable();
        Ok(cubes)
    }

    /// A sum that holds at least where the first function does, and at most where the second does.
    fn between(&mut self, least: Node, most: Node) -> Result<(Vec<Cube>, Node), Spent> {
        if least == NEVER {
            return Ok((Vec::new(), NEVER));
        }
        if most == ALWAYS {
            return Ok((vec![Cube::new()], ALWAYS));
        }
        let variable = self.level(least).min(self.level(most));
        let ((l0, l1), (m0, m1)) = (self.cofactors(least, variable), self.cofactors(most, variable));
        let (not_m0, not_m1) = (self.not(m0)?, self.not(m1)?);
        let only_no = self.and(l0, not_m1)?;
        let (mut cubes, no) = self.between(only_no, m0)?;
        let only_yes = self.and(l1, not_m0)?;
        let (with, yes) = self.between(only_yes, m1)?;
        let (not_no, not_yes) = (self.not(no)?, self.not(yes)?);
        let (left0, left1) = (self.and(l0, not_no)?, self.and(l1, not_yes)?);
        let left = self.or(left0, left1)?;
        let both = self.and(m0, m1)?;
        let (rest, either) = self.between(left, both)?;
        cubes.iter_mut().for_each(|cube| cube.push((variable, false)));
        cubes.extend(with.into_iter().map(|mut cube| {
            cube.push((variable, true));
            cube
        }));
        cubes.extend(rest);
        if cubes.len() > MOST_CUBES {
            return Err(Spent);
        }
        let plain = self.variable(variable)?;
        let negated = self.not(plain)?;
        let (no, yes) = (self.and(negated, no)?, self.and(plain, yes)?);
        let sum = self.or(no, yes)?;
        Ok((cubes, self.or(sum, either)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_functions_are_equal_nodes() {
        let mut logic = Logic::default();
        let (a, b) = (logic.variable(0).unwrap(), logic.variable(1).unwrap());
        let not_a = logic.not(a).unwrap();
        let (left, right) = (logic.and(a, b).unwrap(), logic.and(not_a, b).unwrap());
        assert_eq!(logic.or(left, right), Ok(b));
        assert_eq!(logic.or(a, not_a), Ok(ALWAYS));
        assert_eq!(logic.and(a, not_a), Ok(NEVER));
    }

    #[test]
    fn sums_are_short() {
        let mut logic = Logic::default();
        let (a, b, c) = (logic.variable(0).unwrap(), logic.variable(1).unwrap(), logic.variable(2).unwrap());
        let ab = logic.and(a, b).unwrap();
        let function = logic.or(ab, c).unwrap();
        assert_eq!(logic.sum(function), Ok(vec![vec![(0, true), (1, true)], vec![(2, true)]]));
        assert_eq!(logic.sum(NEVER), Ok(vec![]));
        assert_eq!(logic.sum(ALWAYS), Ok(vec![vec![]]));
    }

    #[test]
    fn functions_of_functions() {
        let mut logic = Logic::default();
        let (a, b) = (logic.variable(0).unwrap(), logic.variable(1).unwrap());
        let exclusive =
            logic.of(&[a, b], &|values| values.iter().filter(|value| **value).count() == 1).unwrap();
        assert_eq!(logic.sum(exclusive), Ok(vec![vec![(0, false), (1, true)], vec![(0, true), (1, false)]]));
    }
}
