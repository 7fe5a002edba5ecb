//! `plimsoll run`: one simulation, a result folder, a summary.

use std::path::{Path, PathBuf};

use clap::Args;

use super::journal::{self, Journal};
use super::panic::{self, Work};
use super::progress::Watch;
use super::{arguments, output};
use crate::cloud::{Cloud, RunOptions};
use crate::input::InputError;
use crate::report::{self, Recorder, ResultFolder, terminal};
use crate::scenario::{Overrides, Scenario};
use crate::summary::{self, Run};

/// Runs one simulation, writes a result folder and prints a summary.
///
/// The result folder appears whole or not at all. An older result there is replaced when the run succeeds;
/// a folder that is no result of plimsoll is never replaced.
#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n\nThe result folder holds:\n{}", files()))]
pub struct RunArgs {
    /// The scenario file (TOML); examples are in workloads/scenarios/
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,
    #[command(flatten)]
    overriding: arguments::Overriding,
    #[command(flatten)]
    common: arguments::Common,
    /// Result folder [default: results/runs/<scenario name>/]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Writes the tables of the run too: instances, volumes, billing records … as Parquet (see docs/tables.md)
    #[arg(long)]
    tables: bool,
    /// Makes every placement by the plain scan too and stops at the first difference (slow)
    #[arg(long)]
    verify_placement: bool,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll run workloads/scenarios/quickstart.toml
  plimsoll run SCENARIO --set placement.strategy=best-fit
  plimsoll run SCENARIO --set zones.0.hosts.0.count=1200 --set duration=30d
  plimsoll run SCENARIO --set workload.trace=mine.csv.gz -o results/runs/mine
  plimsoll run SCENARIO --json | jq .launch";

/// The files of a result folder, a line each.
fn files() -> String {
    let lines = report::REGISTER.iter().map(|report| format!("  {:<16} {}", report.file, report.holds));
    lines.collect::<Vec<_>>().join("\n")
}

/// Reads the scenario, runs it, writes the result, prints the summary.
pub fn main(args: &RunArgs) -> Result<(), InputError> {
    let mut journal = Journal::begin(&args.scenario);
    args.common.limit_threads();
    let scenario = Scenario::read(&args.scenario, &Overrides::from(&args.overriding))?;
    let default_place = || Path::new("results/runs").join(&scenario.name);
    let folder = ResultFolder::begin(&args.output.clone().unwrap_or_else(default_place))?;
    journal.read(&scenario)?;

    panic::note(Some(Work { replay: journal::replay(scenario.seed), seed: scenario.seed }));
    let calendar = scenario.billing.calendar().map_err(InputError)?;
    let tables = (args.tables || scenario.output.tables).then_some(calendar);
    let mut watch =
        Watch::new(Recorder::begin(&folder, &scenario, tables)?, scenario.duration, args.common.quiet);
    let options = RunOptions { verify_placement: args.verify_placement, ..RunOptions::default() };
    let outcome = Cloud::new(&scenario, options)?.run(&mut watch)?;
    panic::note(None);
    let simulation_s = watch.finish()?;

    let execution = journal.close(simulation_s, args.common.threads());
    let run = Run { scenario: &scenario, outcome: &outcome, execution: &execution };
    report::write_at_end(&run, &folder)?;
    let place = folder.publish()?;
    show(&run, &place, args)
}

/// Prints the summary: for a program, for a person, or not at all.
fn show(run: &Run<'_>, place: &Path, args: &RunArgs) -> Result<(), InputError> {
    if args.common.json {
        let summary = serde_json::to_string_pretty(&summary::value(run)).expect("a summary is plain data");
        return output::print(&format!("{summary}\n"));
    }
    if args.common.quiet {
        return Ok(());
    }
    output::print(&format!("{}results in {}\n", terminal::summary(run, output::width()), place.display()))
}
