//! What a check against a baseline says: by how much which figures differ.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement};
use serde_json::{Value, json};

use super::amount::{amount, change, relative};
use super::terminal::ruled;
use crate::experiment::baseline::{Baseline, Checked, Standing};
use crate::experiment::metric;
use crate::experiment::{Figures, margin::Margin};

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
    pub fn text(&self, width: u16) -> String {
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
            text += &format!("\n{}\n\n", table(&different, width));
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
        })
    }
}

fn table(different: &[&Checked], width: u16) -> String {
    let mut table = ruled(["figure", "baseline", "result", "difference", "relative", "allowed", "is"]);
    for Checked { metric, held, found, standing } in different {
        let unit = metric::unit(metric);
        let difference = found.map(|found| found - held.value);
        let share = difference.filter(|_| held.value != 0.0).map(|difference| difference / held.value.abs());
        let allowed = match held.margin {
            Margin::NONE => "nothing".to_string(),
            Margin::Share(share) => relative(share).replace('+', ""),
            Margin::Absolute(most) => amount(most, unit),
        };
        table.add_row([
            metric.clone(),
            amount(held.value, unit),
            found.map_or("none".to_string(), |found| amount(found, unit)),
            difference.map(|difference| change(difference, unit)).unwrap_or_default(),
            share.map(relative).unwrap_or_default(),
            allowed,
            standing.name().to_string(),
        ]);
    }
    for (number, column) in table.column_iter_mut().enumerate() {
        match number {
            // Names are looked for as they are: they never break.
            0 => drop(column.set_constraint(ColumnConstraint::ContentWidth)),
            6 => {}
            _ => drop(column.set_cell_alignment(CellAlignment::Right)),
        }
    }
    table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    table.trim_fmt()
}
