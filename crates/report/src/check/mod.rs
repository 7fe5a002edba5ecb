//! What a check against a baseline says: by how much which figures differ.

pub mod charts;
mod load;
mod page;

pub use load::CheckData;
pub use page::page;

use comfy_table::CellAlignment;
use serde_json::{Value, json};

use crate::format::{amount, change, relative};
use crate::terminal::ruled;
use plimsoll_experiment::baseline::{Baseline, Checked, Standing};
use plimsoll_experiment::metric;
use plimsoll_experiment::{Figures, margin::Margin};

/// Name of the file that holds a check, as `plimsoll check --json` prints it.
pub const JSON: &str = "check.json";

/// The schema of this version.
const SCHEMA: &str = "plimsoll/check/1";

/// A result beside a baseline.
pub struct Check<'a> {
    /// What is held.
    pub baseline: &'a Baseline,
    /// The figures of the result.
    pub figures: &'a Figures,
    /// Both, figure by figure.
    pub checked: &'a [Checked],
}

impl Check<'_> {
    /// Whether some figure fails.
    pub fn fails(&self) -> bool {
        self.checked.iter().any(|checked| checked.standing.fails())
    }

    /// For a person: the figures that differ, and what is to be known about them.
    pub fn text(&self) -> String {
        let different: Vec<&Checked> =
            self.checked.iter().filter(|checked| checked.standing != Standing::Same).collect();
        let failing = different.iter().filter(|checked| checked.standing.fails()).count();
        let (name, all) = (&self.baseline.scenario, self.checked.len());
        let mut text = match (different.len(), failing) {
            (0, _) => format!("{name}: all {all} figures are those of the baseline\n"),
            (some, 0) => {
                format!("{name}: {some} of {all} figures differ from the baseline, none for the worse\n")
            }
            (some, failing) => {
                format!(
                    "{name}: {some} of {all} figures differ from the baseline, {failing} of them more than is allowed\n"
                )
            }
        };
        if !different.is_empty() {
            text += &format!("\n{}\n\n", table(&different));
        }
        for note in self.notes() {
            text += &format!("{note}\n");
        }
        text
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let is_other_scenario = self.baseline.scenario_sha256 != self.figures.scenario_sha256;
        if is_other_scenario {
            notes.push("The scenario is not as it was when the baseline was made.".to_string());
        }
        let not_held = self.baseline.not_held(self.figures);
        if !not_held.is_empty() {
            notes.push(format!("Happened, and the baseline does not hold it: {}.", not_held.join(", ")));
        }
        if self.baseline.digest != self.figures.digest && !is_other_scenario {
            notes.push(
                "The digest is another: what happened differs, if only in what no figure tells.".to_string(),
            );
        }
        notes
    }

    /// For a program.
    pub fn value(&self) -> Value {
        let figures: Vec<Value> = (self.checked.iter())
            .map(|Checked { metric, held, found, standing }| {
                json!({
                    "metric": metric,
                    "unit": metric::unit(metric),
                    "better": held.better.name(),
                    "baseline": held.value,
                    "result": found,
                    "tolerance": held.margin.beside(held.value),
                    "standing": standing.name(),
                    "fails": standing.fails(),
                })
            })
            .collect();
        json!({
            "schema": SCHEMA,
            "scenario": self.baseline.scenario,
            "fails": self.fails(),
            "same_digest": self.baseline.digest == self.figures.digest,
            "same_scenario": self.baseline.scenario_sha256 == self.figures.scenario_sha256,
            "figures": figures,
            "not_held": self.baseline.not_held(self.figures),
        })
    }
}

/// The longest name of a figure that stands on one line; of others the last word has a line of its own.
const NAME_LENGTH: usize = 34;

/// The figures that differ. What may be allowed has a column where something is.
fn table(different: &[&Checked]) -> String {
    let some_is_allowed = different.iter().any(|checked| checked.held.margin != Margin::NONE);
    let mut header = vec!["figure", "baseline", "result", "difference", "relative"];
    header.extend(some_is_allowed.then_some("allowed"));
    header.push("is");
    let mut table = ruled(header);
    for checked in different {
        table.add_row(cells(checked, some_is_allowed));
    }
    let last = table.column_count() - 1;
    for (number, column) in table.column_iter_mut().enumerate() {
        if number > 0 && number < last {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

fn cells(Checked { metric, held, found, standing }: &Checked, some_is_allowed: bool) -> Vec<String> {
    let unit = metric::unit(metric);
    let absent = if metric::is_first_time(metric) { "never" } else { "none" };
    let difference = found.map(|found| found - held.value);
    let share = difference.filter(|_| held.value != 0.0).map(|difference| difference / held.value.abs());
    let name = match metric.rsplit_once('.') {
        Some((table, word)) if metric.chars().count() > NAME_LENGTH => format!("{table}.\n  {word}"),
        _ => metric.clone(),
    };
    let mut cells = vec![
        name,
        amount(held.value, unit),
        found.map_or(absent.to_string(), |found| amount(found, unit)),
        difference.map(|difference| change(difference, unit)).unwrap_or_default(),
        share.map(relative).unwrap_or_default(),
    ];
    cells.extend(some_is_allowed.then(|| match held.margin {
        Margin::NONE => "nothing".to_string(),
        Margin::Share(share) => relative(share).replace('+', ""),
        Margin::Absolute(most) => amount(most, unit),
    }));
    cells.push(standing.name().to_string());
    cells
}
