//! `plimsoll merge`: parts of a sweep, done in several places, put together.

use std::path::{Path, PathBuf};

use clap::Args;

use super::journal::Journal;
use super::{arguments, sweep as command};
use crate::experiment::sweep;
use crate::experiment::sweep::{Plan, Store};
use crate::input::{InputError, Place, Problem};

/// Merge the parts of a sweep: the same bytes as if it had run in one place.
#[derive(Args, Debug)]
pub struct MergeArgs {
    /// Folders of runs, written by `plimsoll sweep --shard` or `plimsoll sweep exec`
    #[arg(value_name = "DIR", required = true)]
    parts: Vec<PathBuf>,
    #[command(flatten)]
    common: arguments::Common,
    /// Result folder [default: results/runs/<sweep name>/]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Collects the runs, writes the result, prints the tables.
pub fn main(args: &MergeArgs) -> Result<(), InputError> {
    let journal = Journal::begin(&args.parts[0]);
    let (stores, plan) = open(&args.parts)?;
    let finished = sweep::collect(&plan, &stores)?;
    let default_place = || Path::new("results/runs").join(&plan.name);
    let place = args.output.clone().unwrap_or_else(default_place);
    let place = command::publish(&plan, &finished, &place, journal, 0.0, &args.common)?;
    command::show(&plan, &finished, &place, &args.common)
}

/// Returns the stores, and the plan that all of them have.
fn open(parts: &[PathBuf]) -> Result<(Vec<Store>, Plan), InputError> {
    let (first, plan) = Store::existing(&parts[0])?;
    let mut stores = vec![first];
    for part in &parts[1..] {
        let (store, other) = Store::existing(part)?;
        if !plan.is_same_as(&other) {
            let message = format!("holds runs of another plan than {}", parts[0].display());
            let problem = Problem::new(Place::file(part), message);
            return Err(problem.with_help("merge parts of one sweep, made from the same files").into());
        }
        stores.push(store);
    }
    Ok((stores, plan))
}
