//! Tables and sentences of the terminal, the same for every kind of result.

use comfy_table::{CellAlignment, LineStyle, Row, Table, TableStyle};

use crate::table as tables;
use plimsoll_base::quote::plain;

/// Returns a table with a rule under its header.
pub fn ruled(header: impl Into<Row>) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_header(header);
    table
}

/// Returns a sentence on lines of at most `width` characters.
pub fn wrapped(sentence: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines.join("\n")
}

/// Returns the table whose first column has the title for its heading; every other column is aligned right.
pub fn numbers(of: &tables::ReportTable) -> Table {
    let header = std::iter::once(&*of.title).chain(of.header.iter().skip(1).map(|name| &**name));
    let mut table = ruled(header.collect::<Vec<_>>());
    for row in &of.rows {
        table.add_row(row.iter().map(|cell| plain(cell.as_str())));
    }
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}
