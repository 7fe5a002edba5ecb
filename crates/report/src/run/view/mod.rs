//! View of a run: words and tables that the terminal and the page share.

mod answer;
mod breakdown;
mod reacting;
mod shortage;
mod tables;
pub mod words;

pub use breakdown::BreakdownBy;
pub use tables::in_path_order;

use super::summary::Summary;
use crate::table::ReportTable;

/// View of a run.
pub struct RunView {
    /// Name of the scenario.
    pub name: String,
    /// Strategy, hosts, simulated time and seed.
    pub headline: String,
    /// Question that the run answers.
    pub question: String,
    /// Answer: objectives met or missed, else what did not keep up, how many hosts it takes, or what ran out first.
    pub answer: String,
    /// Limits of the figures, in sentences.
    pub remarks: Vec<String>,
    /// Reasons why the figures may mislead.
    pub warnings: Vec<String>,
    /// Tables, in order; those that would be empty are left out.
    pub tables: Vec<ReportTable>,
    /// Tables by zone, kind of hosts and type, in this order; those of one row are left out.
    pub breakdowns: Vec<(BreakdownBy, ReportTable)>,
}

impl RunView {
    /// Returns the view of a run with this summary.
    pub fn of(summary: &Summary) -> RunView {
        let missing = summary.objectives.iter().filter_map(|objective| objective.missing.as_ref());
        let without_figure = missing.map(|missing| format!("objective without a figure: {missing}"));
        let warnings = summary.warnings.iter().cloned().chain(without_figure);
        RunView {
            name: summary.scenario.clone(),
            headline: words::headline(summary),
            question: words::question(summary),
            answer: answer::answer(summary),
            remarks: words::steady_state(summary).into_iter().collect(),
            warnings: warnings.collect(),
            tables: tables::all(summary),
            breakdowns: BreakdownBy::ALL
                .map(|by| (by, by.table(summary)))
                .into_iter()
                .filter(|(_, table)| table.rows.len() > 1)
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests;
