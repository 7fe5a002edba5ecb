//! `plimsoll run`: one simulation, a result folder, a summary.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use sha2::{Digest, Sha256};

use super::machine::{self, Stopwatch};
use super::panic::{self, Work};
use super::progress::Watch;
use super::{arguments, output};
use crate::cloud::{Cloud, RunOptions};
use crate::input::{InputError, Place, Problem};
use crate::report::{self, Recorder, ResultFolder, terminal};
use crate::scenario::{Overrides, Scenario};
use crate::summary::{self, Execution, Run};

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
    let whole = Stopwatch::start();
    let started = machine::now();
    args.common.limit_threads();
    let scenario = Scenario::read(&args.scenario, &Overrides::from(&args.overriding))?;
    let default_place = || Path::new("results/runs").join(&scenario.name);
    let folder = ResultFolder::begin(&args.output.clone().unwrap_or_else(default_place))?;
    let inputs = scenario.files().into_iter().map(hashed).collect::<Result<_, _>>()?;

    panic::note(Some(Work { replay: replay(&scenario), seed: scenario.seed }));
    let calendar = scenario.billing.calendar().map_err(InputError)?;
    let tables = (args.tables || scenario.output.tables).then_some(calendar);
    let mut watch =
        Watch::new(Recorder::begin(&folder, &scenario, tables)?, scenario.duration, args.common.quiet);
    let options = RunOptions { verify_placement: args.verify_placement, ..RunOptions::default() };
    let outcome = Cloud::new(&scenario, options)?.run(&mut watch)?;
    panic::note(None);
    let simulation_s = watch.finish()?;

    let execution = Execution {
        scenario_file: args.scenario.clone(),
        command_line: command_line(),
        started,
        simulation_s,
        wall_s: whole.seconds(),
        threads: args.common.threads(),
        peak_memory_bytes: machine::peak_memory_bytes(),
        inputs,
        machine: machine::describe(),
    };
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

/// A file the scenario reads, with the SHA-256 of its content.
fn hashed(path: PathBuf) -> Result<(PathBuf, String), InputError> {
    let hash = || {
        let mut hasher = Sha256::new();
        io::copy(&mut File::open(&path)?, &mut hasher)?;
        Ok::<_, io::Error>(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    };
    match hash() {
        Ok(hash) => Ok((path, hash)),
        Err(error) => Err(Problem::new(Place::file(&path), format!("cannot be read: {error}")).into()),
    }
}

fn command_line() -> Vec<String> {
    std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// The command that makes the same run again.
fn replay(scenario: &Scenario) -> String {
    let quoted = |word: String| {
        let plain = word.chars().all(|c| c.is_alphanumeric() || "-_./=,:+".contains(c));
        if plain && !word.is_empty() { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
    };
    let mut words: Vec<String> = command_line().into_iter().map(quoted).collect();
    if !words.iter().any(|word| word.starts_with("--seed")) {
        words.extend(["--seed".to_string(), scenario.seed.to_string()]);
    }
    words.join(" ")
}
