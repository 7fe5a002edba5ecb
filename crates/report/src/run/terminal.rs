//! The summary that a run prints when it ends.

use std::fmt::Write as _;

use comfy_table::{ColumnConstraint, ContentArrangement, Width};

use super::summary::{Engine, Summary};
use super::view::{BreakdownBy, RunView};
use crate::terminal;
use crate::text::unmarked;
use plimsoll_base::units::figures::{compact, grouped};
use plimsoll_sim::summary::Run;

/// Greatest width of the first columns, which are as wide as the widest of them, so that columns are aligned.
const FIRST_COLUMN_MOST: u16 = 44;

/// Returns the answer of a run alone, which says what objectives it misses.
pub fn reason(run: &Run<'_>) -> String {
    unmarked(&RunView::of(&Summary::of(run)).answer)
}

/// Returns the summary of a run, with the breakdowns that are asked for, at most `width` characters wide where words allow it.
pub fn text(run: &Run<'_>, by: &[BreakdownBy], width: u16) -> String {
    let summary = Summary::of(run);
    let view = RunView::of(&summary);
    let answer = terminal::wrapped(&unmarked(&view.answer), usize::from(width));
    let mut text = format!("{}: {}\n{answer}\n", view.name, view.headline);
    for remark in &view.remarks {
        let _ = writeln!(text, "{remark}");
    }
    for warning in &view.warnings {
        let _ = writeln!(text, "Warning: {warning}");
    }
    let broken_down = view.breakdowns.iter().filter(|(what, _)| by.contains(what)).map(|(_, table)| table);
    let mut tables: Vec<_> = view.tables.iter().chain(broken_down).map(terminal::numbers).collect();
    let first_column = tables.iter().map(|table| table.column_max_content_widths()[0]).max().unwrap_or(0);
    for table in &mut tables {
        let widths = table.column_max_content_widths();
        // Numbers are not broken for the sake of first columns of one width. Two for the padding, one for a line.
        let left = width.saturating_sub(widths[1..].iter().map(|width| width + 3).sum::<u16>() + 3);
        let first_column = first_column.min(FIRST_COLUMN_MOST).min(left.max(widths[0]));
        if let Some(column) = table.column_mut(0) {
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(first_column + 2)));
        }
        table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
        let _ = write!(text, "\n{}\n", table.trim_fmt());
    }
    let _ = write!(text, "\n{}\n", footer(&summary));
    text
}

fn footer(Summary { engine, digest, .. }: &Summary) -> String {
    let Engine { events, wall_s, events_per_s, lifecycle_events_per_s, peak_memory_bytes } = engine;
    let memory = peak_memory_bytes
        .map_or_else(String::new, |bytes| format!(", {} MiB of memory at most", grouped(bytes >> 20)));
    format!(
        "{} events in {wall_s:.2} s: {} events/s, {} lifecycle events/s\ndigest {digest}{memory}",
        grouped(*events),
        compact(*events_per_s),
        compact(*lifecycle_events_per_s),
    )
}
