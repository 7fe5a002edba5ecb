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

fn cell(cell: &TableCell, right: bool) -> Markup {
    match cell {
        TableCell::Text(text) => html! { td.right[right] { bdi { (text) } } },
        TableCell::Number(value, words) => {
            let (better, worse) = (words.ends_with('▲'), words.ends_with('▼'));
            html! { td.right[right].better[better].worse[worse] data-value=(value) { (words) } }
        }
        TableCell::Empty => html! { td.right[right] {} },
    }
}
