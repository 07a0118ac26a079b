//! How wide texts are, and where they are broken into lines.
//!
//! A picture names no font that every machine has, so that the widths here are those of a wide one: what fits it fits the others.

/// A font in a size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Font {
    /// Pixels.
    pub(crate) size: f64,
    /// Whether it is bold.
    pub(crate) bold: bool,
}

/// Of what a box is.
pub(crate) const KIND: Font = Font { size: 10.0, bold: false };
/// Of the name of a box.
pub(crate) const NAME: Font = Font { size: 12.0, bold: true };
/// Of what else it says.
pub(crate) const DETAIL: Font = Font { size: 11.0, bold: false };
/// Of arrows.
pub(crate) const ARROW: Font = Font { size: 11.0, bold: false };
/// Of the title.
pub(crate) const TITLE: Font = Font { size: 15.0, bold: true };

/// Widest line of a box.
pub(crate) const NODE_WIDTH: f64 = 290.0;
/// Widest line of an arrow.
pub(crate) const ARROW_WIDTH: f64 = 230.0;

/// Widths of the characters from U+0020 to U+007E, in thousandths of the size.
const PLAIN: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636,
    636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295,
    295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838,
    500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521,
    392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];

/// The same in bold.
const BOLD: [u16; 95] = [
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696,
    696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372,
    372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838,
    500, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595,
    478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
];

/// All other characters: as wide as any of the usual fonts has one.
const OTHER: u16 = 1_100;

/// The width of a text in pixels.
pub(crate) fn width(text: &str, font: Font) -> f64 {
    let table = if font.bold { &BOLD } else { &PLAIN };
    let of = |character: char| {
        let place = (character as usize).checked_sub(' ' as usize);
        f64::from(place.and_then(|place| table.get(place)).copied().unwrap_or(OTHER))
    };
    text.chars().map(of).sum::<f64>() * font.size / 1_000.0
}

/// What adding widths up in another order may come to.
const ROUNDING: f64 = 1e-6;

/// A text in lines no wider than this: broken behind spaces; within a word that fits no line, or would leave one nearly empty, behind slashes,
/// colons and commas, else where it must be. No character is lost.
pub(crate) fn wrapped(text: &str, font: Font, most: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let begun = lines.last().map_or(0.0, |line| width(line, font));
        let room = if begun > 0.0 && begun < most / 4.0 { most - begun } else { most };
        if width(word.trim_end(), font) <= room {
            push(&mut lines, word, font, most);
        } else {
            word.split_inclusive(['/', ':', ',']).for_each(|piece| push(&mut lines, piece, font, most));
        }
    }
    lines
}

/// Adds a piece of text to the last line, or as a line of its own, or as several. Linear in the piece.
fn push(lines: &mut Vec<String>, piece: &str, font: Font, most: f64) {
    let wide = width(piece.trim_end(), font);
    if let Some(line) = lines.last_mut()
        && width(line, font) + wide <= most
    {
        return line.push_str(piece);
    }
    if lines.last().is_none_or(|line| !line.is_empty()) {
        lines.push(String::new());
    }
    let mut room = most;
    for character in piece.chars() {
        let wide = width(character.encode_utf8(&mut [0; 4]), font);
        // What cannot be seen at the end of a line may stand over it.
        if wide > room - ROUNDING && character != ' ' && lines.last().is_some_and(|line| !line.is_empty()) {
            lines.push(String::new());
            room = most;
        }
        room -= wide;
        if let Some(line) = lines.last_mut() {
            line.push(character);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As long as any text of an input.
    #[test]
    fn long_words_take_no_longer_than_others() {
        let lines = wrapped(&"x".repeat(1 << 20), NAME, NODE_WIDTH);
        assert_eq!(lines.iter().map(String::len).sum::<usize>(), 1 << 20);
    }

    #[test]
    fn lines_are_no_wider_than_allowed_and_lose_nothing() {
        let texts = [
            "",
            "a",
            "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
            "two words",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
        ];
        for text in texts {
            for most in [1.0, 40.0, NODE_WIDTH, ARROW_WIDTH] {
                let lines = wrapped(text, NAME, most);
                assert_eq!(lines.concat(), text);
                let fits = |line: &str| line.chars().count() == 1 || width(line, NAME) <= most;
                assert!(lines.iter().all(|line| fits(line.trim_end())), "{lines:?} {most}");
            }
        }
    }
}
