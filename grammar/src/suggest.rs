//! Did you mean: the known name nearest to a misspelt one.

/// Names longer than this are not compared: the cost is the product of the lengths.
const LONGEST: usize = 64;

/// The candidate that differs only in case, else the one with the fewest edits, if they are few against its length.
#[must_use]
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    if word.len() > LONGEST {
        return None;
    }
    let folded = word.to_ascii_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (distance(&folded, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(edits, candidate)| *edits <= (candidate.len() / 4).clamp(1, 3))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// The edits from one word to the other: a character inserted, removed, replaced, or swapped with its neighbour.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    let mut last = None;
    for (index, character) in left.chars().enumerate() {
        let mut next = vec![index + 1];
        let mut diagonals = row.iter().zip(row.iter().skip(1));
        for (column, &other) in right.iter().enumerate() {
            let Some((&diagonal, &above)) = diagonals.next() else { break };
            let left = next.last().map_or(0, |edits| edits + 1);
            let mut edits = left.min(above + 1).min(diagonal + usize::from(character != other));
            let previous = column.checked_sub(1).and_then(|previous| right.get(previous));
            if last == Some(other) && previous == Some(&character) {
                let swapped = column.checked_sub(1).and_then(|previous| before.get(previous));
                edits = edits.min(swapped.map_or(edits, |edits| edits + 1));
            }
            next.push(edits);
        }
        before = std::mem::replace(&mut row, next);
        last = Some(character);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits() {
        for (left, right, edits) in [
            ("", "", 0),
            ("a", "", 1),
            ("ab", "ba", 1),
            ("statment", "statement", 1),
            ("kitten", "sitting", 3),
            ("abc", "xyz", 3),
        ] {
            assert_eq!(distance(left, right), edits, "{left} {right}");
            assert_eq!(distance(right, left), edits, "{right} {left}");
        }
    }

    #[test]
    fn near_names_only() {
        let names = ["Effect", "Action", "NotAction", "Resource"];
        assert_eq!(nearest("effect", names), Some("Effect"));
        assert_eq!(nearest("Actoin", names), Some("Action"));
        assert_eq!(nearest("Resources", names), Some("Resource"));
        assert_eq!(nearest("Colour", names), None);
        assert_eq!(nearest(&"a".repeat(100_000), names), None);
    }
}
