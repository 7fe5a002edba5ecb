//! Tables and sentences of the terminal, the same for every kind of result.

use comfy_table::{CellAlignment, LineStyle, Row, Table, TableStyle};

/// A table with a rule under its header.
pub fn ruled(header: impl Into<Row>) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_header(header);
    table
}

/// A sentence on lines of at most `width` characters.
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

/// A table with a rule under its header; every column but the first stands to the right.
pub fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = ruled(header);
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}
