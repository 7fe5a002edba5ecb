//! Tables that a reader can sort and filter.

use std::borrow::Cow;

use maud::{Markup, html};

use plimsoll_base::units::figures::{decimal, grouped};

/// A cell.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    /// Words.
    Words(String),
    /// A number, and how it is written.
    Number(f64, String),
    /// Nothing.
    Empty,
}

impl Cell {
    /// Words.
    pub fn words(words: impl Into<String>) -> Cell {
        let words = words.into();
        if words.is_empty() { Cell::Empty } else { Cell::Words(words) }
    }

    /// A whole number.
    pub fn count(count: u64) -> Cell {
        Cell::Number(count as f64, grouped(count))
    }

    /// A number with so many decimals.
    pub fn number(value: f64, places: usize) -> Cell {
        Cell::Number(value, decimal(value, places))
    }

    fn is_number(&self) -> bool {
        matches!(self, Cell::Number(..))
    }
}

/// A table with a heading for each column.
pub struct Table {
    /// What it shows.
    pub title: &'static str,
    /// What is to be known beside it; may be empty.
    pub caption: String,
    /// The headings, with units.
    pub header: Vec<Cow<'static, str>>,
    /// The rows, as long as the header.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Headings that are always the same.
    pub fn header<const N: usize>(names: [&'static str; N]) -> Vec<Cow<'static, str>> {
        names.map(Cow::Borrowed).to_vec()
    }
}

/// Most rows that a page shows of a table.
const MOST: usize = 2000;

/// The table; nothing where it has no rows.
pub fn table(table: &Table) -> Markup {
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

fn cell(cell: &Cell, right: bool) -> Markup {
    match cell {
        Cell::Words(words) => html! { td.right[right] { bdi { (words) } } },
        Cell::Number(value, words) => html! { td.right[right] data-value=(value) { (words) } },
        Cell::Empty => html! { td.right[right] {} },
    }
}
