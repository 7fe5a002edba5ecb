//! `plimsoll run`: one simulation, a result folder, a summary.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::journal::{self, Journal};
use super::panic::{self, Work};
use super::progress::Watch;
use super::{arguments, output};
use crate::cloud::{Cloud, RunOptions};
use crate::input::{InputError, Place, Problem};
use crate::report::checkpoint::{self, Checkpoints, HashedFile, Resumed};
use crate::report::{self, Recorder, ResultFolder, terminal};
use crate::scenario::{Overrides, Scenario};
use crate::summary::{self, Run};
use crate::units::{Duration, Time, parse_duration};

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
    /// Writes the whole run down at this simulated time, such as 12h; repeatable. Later runs go on from there
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    checkpoint_at: Vec<Duration>,
    /// Folder of the checkpoints
    #[arg(long, value_name = "DIR", default_value = "results/checkpoints", requires = "checkpoint_at")]
    checkpoint_dir: PathBuf,
    /// Goes on from a checkpoint of the same scenario; some settings may differ (`plimsoll list branching`)
    #[arg(long, value_name = "FILE")]
    from_checkpoint: Option<PathBuf>,
    /// Draws neither charts nor report.html; `plimsoll report` does it later
    #[arg(long)]
    no_report: bool,
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
  plimsoll run SCENARIO --json | jq .launch
  plimsoll run SCENARIO --checkpoint-at 3d
  plimsoll run SCENARIO --from-checkpoint results/checkpoints/NAME-3d.checkpoint \
      --set placement.strategy=best-fit -o results/runs/what-if";

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
    let mut recorder = Recorder::begin(&folder, &scenario, tables)?;
    let cloud = begin(&scenario, journal.inputs(), args, &mut recorder)?;
    let mut watch = Watch::new(recorder, scenario.duration, args.common.quiet);
    let outcome = cloud.run(&mut watch)?;
    panic::note(None);
    let simulation_s = watch.finish()?;
    if let Some(file) = &args.from_checkpoint {
        journal.note(file)?;
    }

    let execution = journal.close(simulation_s, args.common.threads());
    let run = Run { scenario: &scenario, outcome: &outcome, execution: &execution };
    report::write_at_end(&run, &folder)?;
    if !args.no_report {
        report::write_drawn(&folder)?;
    }
    let place = folder.publish()?;
    show(&run, &place, args)
}

/// The run at its beginning, or at a checkpoint; it will be written down where that was asked for.
fn begin(
    scenario: &Scenario,
    files: &[HashedFile],
    args: &RunArgs,
    recorder: &mut Recorder<'_>,
) -> Result<Cloud, InputError> {
    let options = RunOptions { verify_placement: args.verify_placement, ..RunOptions::default() };
    let times: BTreeSet<Time> = args.checkpoint_at.iter().map(|at| Time::ZERO.after(*at)).collect();
    if !times.is_empty() {
        recorder.write_checkpoints(&args.checkpoint_dir, times.len(), scenario, files)?;
    }
    let (mut cloud, began) = match &args.from_checkpoint {
        Some(file) => {
            let Resumed { cloud, at } = checkpoint::resume(file, scenario, files, options, recorder)?;
            (cloud, at)
        }
        None => (Cloud::new(scenario, options)?, Time::ZERO),
    };
    let end = scenario.duration.map_or(Time::NEVER, |duration| Time::ZERO.after(duration));
    if let Some(at) = times.iter().find(|at| **at < began || **at >= end) {
        let (at, began, end) = (Duration(at.0), Duration(began.0), Duration(end.0));
        let message = match scenario.duration {
            Some(_) => {
                format!("found {at}, expected a time from {began} on and before the end of the run, {end}")
            }
            None => format!("found {at}, expected a time from {began} on, where the run begins"),
        };
        return Err(Problem::new(Place::key("--checkpoint-at"), message).into());
    }
    cloud.checkpoint_at(times);
    Ok(cloud)
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
    let mut text = format!("{}results in {}\n", terminal::summary(run, output::width()), place.display());
    for at in args.checkpoint_at.iter().collect::<BTreeSet<_>>() {
        let file = Checkpoints::path(&args.checkpoint_dir, &run.scenario.name, Time::ZERO.after(*at));
        text += &format!("checkpoint in {}\n", file.display());
    }
    output::print(&text)
}
