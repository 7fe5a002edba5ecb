//! Text of a recommendation for the terminal: the answer, the best points, and notes.

use std::fmt::Write as _;

use super::data::RecommendationData;
use super::tables;
use crate::table::ReportTable;
use crate::terminal::{ruled, wrapped};
use comfy_table::CellAlignment;
use plimsoll_base::quote::plain;
use plimsoll_experiment::Recommendation;

/// Returns the text of a recommendation, at most `width` characters wide where words allow it.
pub fn text(recommendation: &Recommendation, width: u16) -> String {
    let data = RecommendationData::of(recommendation);
    let width = usize::from(width);
    let headline = wrapped(&format!("{}: {}", data.scenario, data.question_in_words), width);
    let mut text = format!("{headline}\n{}\n\n", wrapped(&data.answer_in_words, width));
    let several = data.futures.len() > 1;
    let shown = [several.then(|| tables::futures(&data)), Some(tables::tried(&data))];
    for table in shown.into_iter().flatten() {
        let _ = writeln!(text, "{}\n", grid(&table));
    }
    for note in &data.notes {
        let _ = writeln!(text, "{}", wrapped(note, width));
    }
    text
}

/// Returns a table with its numbers to the right and its words to the left.
fn grid(table: &ReportTable) -> String {
    let mut grid = ruled(table.header.iter().map(|name| &**name).collect::<Vec<_>>());
    for row in &table.rows {
        grid.add_row(row.iter().map(|cell| plain(cell.as_str())));
    }
    for (number, column) in grid.column_iter_mut().enumerate() {
        if table.rows.iter().any(|row| row[number].is_number()) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    grid.trim_fmt()
}
