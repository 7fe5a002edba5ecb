//! Text from outside in output: one function for each output format. Names, keys, cells and paths may hold control
//! sequences of a terminal, markup of a page or formulas of a spreadsheet.

use std::borrow::Cow;

/// Returns true for a character that may mislead a terminal or a reader: control characters, and those that change the
/// direction of text or have no width.
fn misleads(c: char) -> bool {
    let turns =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

fn escape(text: &str, is_kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(|c| !misleads(c) || is_kept(c)) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| match misleads(c) && !is_kept(c) {
        true if c.is_control() => c.escape_debug().to_string(),
        true => c.escape_unicode().to_string(),
        false => c.to_string(),
    };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Returns text for a line on a terminal.
pub fn plain(text: &str) -> Cow<'_, str> {
    escape(text, |_| false)
}

/// Returns text for several lines on a terminal.
pub fn lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| c == '\n' || c == '\t')
}

/// Returns JSON for a terminal: the same value, with control characters in strings escaped.
pub fn json(text: &str) -> Cow<'_, str> {
    let is_kept = |c: char| !misleads(c) || c == '\n';
    if text.chars().all(is_kept) {
        return Cow::Borrowed(text);
    }
    let mut units = [0; 2];
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match is_kept(c) {
            true => shown.push(c),
            false => c.encode_utf16(&mut units).iter().for_each(|unit| shown += &format!("\\u{unit:04x}")),
        }
    }
    Cow::Owned(shown)
}

/// Returns text for a line on a terminal, of no more than about so many characters: the middle of longer text is left out.
pub fn shortened(text: &str, most: usize) -> String {
    if text.len() <= most || text.chars().nth(most).is_none() {
        return plain(text).into_owned();
    }
    let (head, tail) = (most * 3 / 8, most * 9 / 16);
    let cut = text.char_indices().nth(head).map_or(text.len(), |(at, _)| at);
    let (first, rest) = text.split_at(cut);
    let last = rest.char_indices().nth_back(tail.saturating_sub(1)).map_or(rest, |(at, _)| &rest[at..]);
    format!("{} … {}", plain(first), plain(last))
}

/// Returns text for a paragraph or a cell of a table of Markdown: no markup, no HTML, no line break.
pub fn markdown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in plain(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '&' | '~') {
            shown.push('\\');
        }
        shown.push(c);
    }
    shown
}

/// Returns text between a pair of backquotes of Markdown, in a paragraph or a cell of a table.
pub fn markdown_code(text: &str) -> String {
    let text = plain(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    format!("{fence}{space}{}{space}{fence}", text.replace('|', "\\|"))
}

/// Returns true if spreadsheets take a cell with this text for a formula.
fn begins_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Returns a cell of CSV: text that a spreadsheet would take for a formula gets a `'` before it. Numbers stay numbers.
pub fn cell(text: &str) -> Cow<'_, str> {
    if text.as_bytes().first().is_none_or(u8::is_ascii_alphanumeric) {
        return Cow::Borrowed(text);
    }
    let is_formula = begins_formula(text.trim_start_matches('\'')) && text.parse::<f64>().is_err();
    if is_formula { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Returns the text of a cell that [`cell`] wrote.
pub fn from_cell(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if begins_formula(text.trim_start_matches('\'')) => text,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_and_text_keeps_its_direction() {
        assert_eq!(
            plain("a\u{1b}]0;x\u{7}\u{9b}2J\r\nb\u{202e}c"),
            "a\\u{1b}]0;x\\u{7}\\u{9b}2J\\r\\nb\\u{202e}c"
        );
        assert_eq!(lines("a\n\tb\u{1b}"), "a\n\tb\\u{1b}");
        assert!(matches!(plain("Zürich – 東京 'a\"b\\"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_stays_the_same_value() {
        let value = serde_json::json!({ "a\u{9b}\u{202e}": ["\u{7f}", "\u{1b}", "é\n"] });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let shown = json(&text);
        assert!(!shown.chars().any(|c| misleads(c) && c != '\n'), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    #[test]
    fn long_text_keeps_both_ends() {
        let long = shortened(&"é".repeat(5_000_000), 320);
        assert_eq!(long.chars().count(), 120 + 3 + 180);
        assert_eq!(shortened(&"x".repeat(320), 320).len(), 320);
    }

    #[test]
    fn names_are_no_markup() {
        assert_eq!(markdown("<b>x</b> <!--"), "\\<b\\>x\\</b\\> \\<!--");
        assert_eq!(markdown("a\nb | c"), "a\\\\nb \\| c");
        assert_eq!(markdown_code("a`b"), "`` a`b ``");
        assert_eq!(markdown_code("launch.failed"), "`launch.failed`");
    }

    #[test]
    fn no_cell_is_a_formula_and_each_is_read_as_it_was() {
        for (text, expected) in [
            ("=cmd|'/C calc'!A0", "'=cmd|'/C calc'!A0"),
            ("+1+1", "'+1+1"),
            ("-x", "'-x"),
            ("@a", "'@a"),
            ("\tx", "'\tx"),
            ("'=x", "''=x"),
            ("'x", "'x"),
            ("-3.25", "-3.25"),
            ("+1e3", "+1e3"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected);
            assert_eq!(from_cell(expected), text);
        }
    }
}
