//! Text of a sweep for the terminal: a few figures by the settings that were varied.

use std::fmt::Write as _;

use comfy_table::CellAlignment;

use super::points::{Spread, by_point};
use crate::format::amount;
use crate::terminal::ruled;
use crate::warned::Gathered;
use plimsoll_base::quote::plain;
use plimsoll_base::units::figures::grouped;
use plimsoll_experiment::metric;
use plimsoll_experiment::sweep::{FinishedRun, Plan};

/// Figures that are shown.
const SHOWN: [&str; 4] =
    ["launch.success_ratio", "fleet.hosts_used_mean", "fleet.packing_density_vcpu_mean", "billing.total"];

/// Most rows of a table; of more, the first and the last are shown.
const ROWS_MOST: usize = 40;

/// Returns the sweep in words and tables: figures by point where there are few; else by the values of one axis at a time,
/// over the other axes, but never over different demand.
pub fn text(plan: &Plan, finished: &[FinishedRun]) -> String {
    let mut text = tables(plan, finished);
    for note in Gathered::of(finished.iter().map(|run| run.warnings.as_slice())).sentences() {
        let _ = writeln!(text, "\n{note}");
    }
    text
}

fn tables(plan: &Plan, finished: &[FinishedRun]) -> String {
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
    let every: Vec<usize> = (0..plan.axes.len()).collect();
    let (demands, others): (Vec<usize>, Vec<usize>) = every.iter().partition(|axis| is_demand(**axis, plan));
    if runs / seeds.max(1) <= ROWS_MOST || others.is_empty() {
        let _ = write!(text, "\n{}\n", by_values(&every, plan, finished));
        text.push_str("\neach row: the mean over the seeds; runs.csv has each run\n");
        return text;
    }
    for axis in others {
        let axes: Vec<usize> = demands.iter().copied().chain([axis]).collect();
        let _ = write!(text, "\n{}\n", by_values(&axes, plan, finished));
    }
    let whatever = if demands.is_empty() { "the other axes" } else { "other axes that are no demand" };
    let _ = write!(
        text,
        "\neach row: the mean over all runs with these values, whatever {whatever} and the seed\n",
    );
    text
}

/// Returns whether an axis says which demand there is: a mean over two traces is about neither.
fn is_demand(axis: usize, plan: &Plan) -> bool {
    let is_word = |value: &&toml::Value| value.is_str() || value.is_table() || value.is_array();
    plan.axes[axis].starts_with("workload.") && plan.values_of(axis).iter().any(is_word)
}

/// Returns a table with a row for each combination of values on some axes.
fn by_values(axes: &[usize], plan: &Plan, finished: &[FinishedRun]) -> String {
    let shown: Vec<&str> = SHOWN.into_iter().filter(|path| finished[0].figures.contains_key(*path)).collect();
    let paths: Vec<_> = axes.iter().map(|axis| plain(&plan.axes[*axis])).collect();
    let header: Vec<&str> =
        paths.iter().map(|path| &**path).chain(["runs"]).chain(shown.iter().copied()).collect();
    let mut table = ruled(&header);
    let value = |axis: &usize, run: usize| value_in_words(&plan.runs[run].values[*axis]);
    let key = |run: usize| axes.iter().map(|axis| value(axis, run) + "\n").collect();
    let points = by_point(plan.runs.len(), key);
    let left_out = points.len() > ROWS_MOST;
    for (number, runs) in points.iter().enumerate() {
        if left_out && (ROWS_MOST / 2..points.len() - ROWS_MOST / 2).contains(&number) {
            if number == ROWS_MOST / 2 {
                table.add_row(["…"]);
            }
            continue;
        }
        let cell = |path: &&str| {
            let values = runs.iter().filter_map(|run| finished[*run].figures.get(*path).copied());
            Spread::of(values).map_or("none".to_string(), |spread| amount(spread.mean, metric::unit(path)))
        };
        let settings = axes.iter().map(|axis| value(axis, runs[0]));
        table.add_row(settings.chain([grouped(runs.len() as u64)]).chain(shown.iter().map(cell)));
    }
    table
        .column_iter_mut()
        .skip(axes.len())
        .for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table.trim_fmt()
}

/// Returns a value as a person writes it, without quotes.
fn value_in_words(value: &toml::Value) -> String {
    plain(&value.as_str().map_or_else(|| value.to_string(), str::to_string)).into_owned()
}
