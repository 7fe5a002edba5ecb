//! Sentences of a check that terminal and Markdown share.

use super::data::{CheckData, CheckedData};
use plimsoll_experiment::baseline::FigureStatus;

/// Returns the figures that differ, those that fail first.
pub fn different(check: &CheckData) -> Vec<&CheckedData> {
    let mut different: Vec<&CheckedData> =
        check.figures.iter().filter(|checked| checked.standing != FigureStatus::Same).collect();
    different.sort_by_key(|checked| !checked.fails);
    different
}

/// Returns how many figures differ, and how many of them more than is allowed.
pub fn verdict(check: &CheckData) -> String {
    let different = different(check);
    let failing = different.iter().filter(|checked| checked.fails).count();
    let (name, all) = (&check.scenario, check.figures.len());
    match (different.len(), failing) {
        (0, _) => format!("{name}: all {all} figures are those of the baseline"),
        (some, 0) => format!("{name}: {some} of {all} figures differ from the baseline, none for the worse"),
        (some, failing) => {
            format!(
                "{name}: {some} of {all} figures differ from the baseline, {failing} of them more than is allowed"
            )
        }
    }
}

/// Returns the notes on a check: what else is not as it was.
pub fn notes(check: &CheckData) -> Vec<String> {
    let mut notes = Vec::new();
    if !check.same_scenario {
        notes.push("The scenario is not as it was when the baseline was made.".to_string());
    }
    if !check.not_held.is_empty() {
        notes.push(format!("Happened, and the baseline does not hold it: {}.", check.not_held.join(", ")));
    }
    if !check.same_digest && check.same_scenario {
        notes.push(
            "The digest differs: something happened differently, perhaps where no figure shows it."
                .to_string(),
        );
    }
    notes
}
