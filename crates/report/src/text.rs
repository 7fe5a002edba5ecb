//! Names in sentences. A name from a trace or a scenario may be of any length, and may hold signs that turn the direction
//! of the text after it: in a sentence it is shortened, and its effect on the direction ends with it.

use plimsoll_base::quote::plain;

/// Begins text that is isolated from the writing direction around it (U+2068, first strong isolate).
pub const APART: char = '\u{2068}';

/// Ends such text (U+2069, pop directional isolate).
pub const TOGETHER: char = '\u{2069}';

/// Most letters of a name in a sentence.
const LONGEST: usize = 80;

/// Returns a name as it stands in a sentence.
pub fn name(name: &str) -> String {
    let mut letters = name.chars().map(|c| if matches!(c, APART | TOGETHER) { '\u{fffd}' } else { c });
    let shown: String = letters.by_ref().take(LONGEST).collect();
    let rest = if letters.next().is_some() { "…" } else { "" };
    format!("{APART}{shown}{rest}{TOGETHER}")
}

/// Returns a sentence in pieces, each with whether it is a name.
pub fn pieces(sentence: &str) -> impl Iterator<Item = (bool, &str)> {
    // Names hold neither sign, so that these alternate.
    let pieces = sentence.split([APART, TOGETHER]).enumerate().map(|(i, piece)| (i % 2 == 1, piece));
    pieces.filter(|(_, piece)| !piece.is_empty())
}

/// Returns a sentence for a line on a terminal, its names without the signs around them.
pub fn unmarked(sentence: &str) -> String {
    pieces(sentence).map(|(_, piece)| plain(piece)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_where_it_ends() {
        let sentence = format!("Is {} better?", name("a\u{202e}\u{2069}b\u{2068}"));
        let found: Vec<(bool, &str)> = pieces(&sentence).collect();
        let expected = [(false, "Is "), (true, "a\u{202e}\u{fffd}b\u{fffd}"), (false, " better?")];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_name_is_short() {
        let long = "long".repeat(2500);
        assert_eq!(name(&long).chars().count(), 80 + "…".chars().count() + 2);
        assert_eq!(name("first-fit"), "\u{2068}first-fit\u{2069}");
    }
}
