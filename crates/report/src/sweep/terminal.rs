//! Text of a sweep for the terminal: the settings that were varied, and a few figures along each axis.

use std::fmt::Write as _;

use comfy_table::CellAlignment;

use crate::format::amount;
use crate::terminal::ruled;
use plimsoll_base::quote::plain;
use plimsoll_base::units::figures::grouped;
use plimsoll_experiment::metric;
use plimsoll_experiment::statistics::mean;
use plimsoll_experiment::sweep::{FinishedRun, Plan};

/// Figures that are shown for every value of an axis.
const SHOWN: [&str; 4] =
    ["launch.success_ratio", "fleet.hosts_used_mean", "fleet.packing_density_vcpu_mean", "billing.total"];

/// Most values of an axis that are shown; of more, the first and the last of them are.
const VALUES_MOST: usize = 20;

/// Returns the sweep in words and tables: for every axis the mean of some figures over all runs with each of its values.
pub fn text(plan: &Plan, finished: &[FinishedRun]) -> String {
    let (runs, seeds) = (plan.runs.len(), plan.seeds().len());
    let mut text = format!(
        "{}: {} over {} axes, {} points × {} seeds = {} runs\n",
        plan.name,
        plan.scenario_name,
        plan.axes.len(),
        grouped((runs / seeds.max(1)) as u64),
        grouped(seeds as u64),
        grouped(runs as u64),
    );
    for (axis, path) in plan.axes.iter().enumerate() {
        let _ = write!(text, "\n{}\n", along(axis, path, plan, finished));
    }
    text.push_str(
        "\neach row: the mean over all runs with that value, whatever the other axes and the seed\n",
    );
    text
}

fn along(axis: usize, path: &str, plan: &Plan, finished: &[FinishedRun]) -> String {
    let values = plan.values_of(axis);
    let shown: Vec<&str> = SHOWN.into_iter().filter(|path| finished[0].figures.contains_key(*path)).collect();
    let path = plain(path);
    let header: Vec<&str> = [&*path, "runs"].into_iter().chain(shown.iter().copied()).collect();
    let mut table = ruled(&header);
    let left_out = values.len() > VALUES_MOST;
    for (number, value) in values.iter().enumerate() {
        if left_out && (VALUES_MOST / 2..values.len() - VALUES_MOST / 2).contains(&number) {
            if number == VALUES_MOST / 2 {
                table.add_row(["…"]);
            }
            continue;
        }
        let runs = plan.runs.iter().zip(finished).filter(|(run, _)| run.values[axis] == **value);
        let runs: Vec<&FinishedRun> = runs.map(|(_, finished)| finished).collect();
        let cell = |path: &&str| {
            let figures: Vec<f64> = runs.iter().filter_map(|run| run.figures.get(*path).copied()).collect();
            if figures.is_empty() { "none".to_string() } else { amount(mean(&figures), metric::unit(path)) }
        };
        let cells = [value_in_words(value), grouped(runs.len() as u64)].into_iter();
        table.add_row(cells.chain(shown.iter().map(cell)));
    }
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table.trim_fmt()
}

/// Returns a value as a person writes it, without quotes.
fn value_in_words(value: &toml::Value) -> String {
    plain(&value.as_str().map_or_else(|| value.to_string(), str::to_string)).into_owned()
}
