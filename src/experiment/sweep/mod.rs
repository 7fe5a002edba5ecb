//! Sweeps: the runs of a scenario over a grid or a drawn design of settings, each with several seeds.
//!
//! A sweep file ([`config`]) names axes; a [`design`] makes points of them; a [`plan`] lists the runs. Each finished
//! run is kept in a [`store`], from which the [`table`] of all is made: the same bytes however the runs were divided
//! among threads, processes, machines and attempts.

pub mod config;
pub mod design;
pub mod plan;
mod refusals;
pub mod shard;
pub mod store;
pub mod table;

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub use config::SweepConfig;
pub use plan::Plan;
pub use shard::Shard;
pub use store::{FinishedRun, Store};
pub use table::RunTable;

use super::{Audience, run_all};
use crate::input::{InputError, Place, Problem};

/// The schema of `sweep.json` of this version.
const SCHEMA: &str = "plimsoll/sweep/1";

/// Does those of `runs` that the store does not hold yet, never more than `at_most` at once, and tells how many
/// these were. `folder` is that of the sweep file. The audience hears of them by their place among `runs`, less
/// those that are done.
pub fn execute(
    plan: &Plan,
    folder: &Path,
    runs: &[usize],
    store: &Store,
    at_most: usize,
    audience: &dyn Audience,
) -> Result<usize, InputError> {
    let missing: Vec<usize> = runs.iter().copied().filter(|run| store.get(&plan.runs[*run]).is_none()).collect();
    let planned = |number: usize| &plan.runs[missing[number]];
    run_all(
        missing.len(),
        at_most,
        |number| plan.scenario(folder, planned(number)),
        |number, trial| {
            let run = planned(number);
            store.keep(run, &FinishedRun::new(run, &trial.figures))
        },
        audience,
    )?;
    Ok(missing.len())
}

/// Every run of a plan from the stores that hold them, in order.
///
/// # Errors
///
/// Runs that are in none of the stores.
pub fn collect(plan: &Plan, stores: &[Store]) -> Result<Vec<FinishedRun>, InputError> {
    let mut missing = Vec::new();
    let mut finished = Vec::with_capacity(plan.runs.len());
    for (number, run) in plan.runs.iter().enumerate() {
        match stores.iter().find_map(|store| store.get(run)) {
            Some(found) => finished.push(found),
            None => missing.push(number),
        }
    }
    if missing.is_empty() {
        return Ok(finished);
    }
    const SHOWN: usize = 10;
    let shown: Vec<String> = missing.iter().take(SHOWN).map(usize::to_string).collect();
    let more = if missing.len() > SHOWN { ", …" } else { "" };
    let of = plan.runs.len();
    let message = format!("{} of {of} runs are missing: {}{more}", missing.len(), shown.join(", "));
    let problem = Problem::new(Place::key(&plan.name), message);
    Err(problem.with_help("`plimsoll sweep exec PLAN --index I` does one of them").into())
}

/// `sweep.json`: what was swept, and one digest over all runs.
pub fn summary(plan: &Plan, finished: &[FinishedRun]) -> Value {
    let mut hasher = Sha256::new();
    finished.iter().for_each(|run| hasher.update(&run.digest));
    let mut seeds: Vec<u64> = Vec::new();
    plan.runs.iter().for_each(|run| {
        if !seeds.contains(&run.seed) {
            seeds.push(run.seed);
        }
    });
    let axes: Vec<Value> = (plan.axes.iter().enumerate())
        .map(|(axis, path)| {
            let mut values: Vec<&toml::Value> = Vec::new();
            for run in plan.runs.iter().step_by(seeds.len()) {
                if !values.contains(&&run.values[axis]) {
                    values.push(&run.values[axis]);
                }
            }
            json!({ "path": path, "values": values })
        })
        .collect();
    json!({
        "schema": SCHEMA,
        "version": plan.version,
        "name": plan.name,
        "scenario": plan.scenario_name,
        "scenario_file": plan.scenario,
        "inputs": plan.inputs,
        "axes": axes,
        "seeds": seeds,
        "runs": plan.runs.len(),
        "digest": &plan::hex(&hasher.finalize())[..32],
    })
}
