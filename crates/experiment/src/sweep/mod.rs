//! Sweeps: the runs of a scenario over a grid or a drawn design of settings, each with several seeds.
//!
//! A sweep file ([`config`]) names axes; a [`design`] makes points of them; a [`plan`] lists the runs. Each finished
//! run is kept in a [`store`], from which all are [`collect`]ed: the same results in the same order however the runs
//! were divided among threads, processes, machines and attempts.

pub mod config;
pub mod design;
pub mod plan;
mod refusals;
pub mod shard;
pub mod store;

use std::path::Path;

pub use config::SweepConfig;
pub use plan::{Plan, hex};
pub use shard::Shard;
pub use store::{FinishedRun, Store};

use super::{ProgressListener, TraceCache, run_all};
use plimsoll_base::input::{InputError, Place, Problem};

/// Does those of `runs` that the store does not hold yet, never more than `at_most` at once, and returns how many
/// these were. `folder` is that of the sweep file. The listener is given their place among `runs`, less
/// those that are done.
pub fn execute(
    plan: &Plan,
    folder: &Path,
    runs: &[usize],
    store: &Store,
    at_most: usize,
    listener: &dyn ProgressListener,
) -> Result<usize, InputError> {
    let missing: Vec<usize> =
        runs.iter().copied().filter(|run| store.get(&plan.runs[*run]).is_none()).collect();
    let planned = |number: usize| &plan.runs[missing[number]];
    run_all(
        missing.len(),
        at_most,
        |number| plan.scenario(folder, planned(number)),
        |number, trial| {
            let run = planned(number);
            store.keep(run, &FinishedRun::new(run, &trial.figures))
        },
        &TraceCache::default(),
        listener,
    )?;
    Ok(missing.len())
}

/// Returns every run of a plan from the stores that hold them, in order.
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
