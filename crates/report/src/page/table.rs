//! Tables in a page, which a reader can sort and filter.

use maud::{Markup, html};

use crate::table::{ReportTable, TableCell};
use plimsoll_base::units::figures::grouped;

/// Most rows that a page shows of a table.
const MOST: usize = 2000;

/// Returns the table; nothing where it has no rows.
pub fn table(table: &ReportTable) -> Markup {
    if table.rows.is_empty() {
        return html! {};
    }
    let is_number = |column: usize| table.rows.iter().any(|row| row[column].is_number());
    let right: Vec<bool> = (0..table.header.len()).map(is_number).collect();
    html! {
        section.table {
            h3 { (table.title) }
            @if !table.caption.is_empty() { p.note { (table.caption) } }
            div.scroll tabindex="0" role="region" aria-label=(table.title) {
                table.data {
                    thead { tr {
                        @for (name, right) in table.header.iter().zip(&right) {
                            th.right[*right] scope="col" { (name) }
                        }
                    } }
                    tbody {
                        @for row in table.rows.iter().take(MOST) {
                            tr { @for (cell, right) in row.iter().zip(&right) { (self::cell(cell, *right)) } }
                        }
                    }
                }
            }
            @if table.rows.len() > MOST {
                p.note { "The first " (grouped(MOST as u64)) " of " (grouped(table.rows.len() as u64)) " rows." }
            }
        }
    }
}

/// Longest word of a path that is not broken within \[bytes\].
const LONG_WORD: usize = 16;

/// Longest word that is not broken within, of a path and of any other text, whose words are names such as those of errors \[characters\].
const LONGEST_WHOLE: [usize; 2] = [24, 40];

/// Returns a text that may be broken behind the dots of a path, within the long names between them, and within names that never end, so
/// that the name of a metric need not make a table wider than the page.
fn breakable(text: &str) -> Markup {
    let is_path = text.contains('.') && !text.contains(char::is_whitespace);
    let words = if is_path { text.split_inclusive('.').collect() } else { vec![text] };
    let pieces = words.into_iter().flat_map(|word| match is_path && word.len() > LONG_WORD {
        true => parts(word),
        false => vec![word],
    });
    let pieces = pieces.flat_map(chunks);
    html! {
        @for (i, piece) in pieces.enumerate() {
            @if i > 0 { wbr; }
            (piece)
        }
    }
}

/// Returns the parts of a name: before each capital letter that follows a small one, and behind each `_`.
fn parts(name: &str) -> Vec<&str> {
    let letters: Vec<(usize, char)> = name.char_indices().collect();
    let begins = letters.windows(2).filter_map(|pair| {
        let ((_, before), (at, letter)) = (pair[0], pair[1]);
        (before == '_' || (before.is_lowercase() && letter.is_uppercase())).then_some(at)
    });
    let (mut parts, mut from) = (Vec::new(), 0);
    for at in begins {
        parts.push(&name[from..at]);
        from = at;
    }
    parts.push(&name[from..]);
    parts
}

/// Returns a text in chunks: whole, but for words that are longer than any word is.
fn chunks(text: &str) -> Vec<&str> {
    let (mut chunks, mut from, mut word_at) = (Vec::new(), 0, 0);
    for word in text.split_inclusive(char::is_whitespace) {
        let longest = LONGEST_WHOLE[usize::from(!word.contains('.'))];
        for (number, (at, _)) in word.char_indices().enumerate() {
            if number >= longest && (number - longest).is_multiple_of(LONG_WORD) {
                chunks.push(&text[from..word_at + at]);
                from = word_at + at;
            }
        }
        word_at += word.len();
    }
    chunks.push(&text[from..]);
    chunks
}

fn cell(cell: &TableCell, right: bool) -> Markup {
    match cell {
        TableCell::Text(text) => html! { td.right[right] { bdi { (breakable(text)) } } },
        TableCell::Number(value, words) => {
            let (better, worse) = (words.ends_with('▲'), words.ends_with('▼'));
            html! { td.right[right].better[better].worse[worse] data-value=(value) { (words) } }
        }
        TableCell::Empty => html! { td.right[right] {} },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_metric_may_be_broken_and_a_sentence_stays() {
        for (text, expected) in [
            ("launch.failed", "launch.<wbr>failed"),
            (
                "launch.failed_by_code.InsufficientFreeAddressesInSubnet",
                "launch.<wbr>failed_by_code.<wbr>Insufficient<wbr>Free<wbr>Addresses<wbr>In<wbr>Subnet",
            ),
            ("fleet.hosts_with_an_instance", "fleet.<wbr>hosts_<wbr>with_<wbr>an_<wbr>instance"),
            ("a sentence. And more", "a sentence. And more"),
            (
                "subnets.endlessendlessendlessendlessendlessendlessendless.used",
                "subnets.<wbr>endlessendlessendlessend<wbr>lessendlessendle<wbr>ssendless.<wbr>used",
            ),
            ("words of eight letters, of which many follow", "words of eight letters, of which many follow"),
            ("InsufficientInstanceCapacity", "InsufficientInstanceCapacity"),
        ] {
            assert_eq!(breakable(text).into_string(), expected);
        }
    }
}
