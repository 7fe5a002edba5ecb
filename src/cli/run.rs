//! `plimsoll run`: one simulation, a result folder, a summary.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::journal::{self, Journal};
use super::panic::{self, Work};
use super::progress::Watch;
use super::source::ScenarioSource;
use super::{Conclusion, arguments, callables, machine, output};
use crate::cloud::explain::Subject;
use crate::cloud::outcome::Outcome;
use crate::cloud::{Cloud, RunOptions};
use crate::disk;
use crate::experiment::{Figures, estimate, objective};
use crate::input::{InputError, Place, Problem};
use crate::report::run::checkpoint::{self, CheckpointPlan, Checkpoints, HashedFile, Resumed};
use crate::report::run::event_trace::EventTrace;
use crate::report::run::{self as report, explanation, terminal};
use crate::report::{ResultFolder, StreamedReports, render};
use crate::scenario::{Overrides, Scenario};
use crate::summary::Run;
use crate::units::figures::grouped;
use crate::units::{Duration, InstanceId, Time, parse_duration};

/// Run one simulation, write a result folder and print a summary.
///
/// The result folder appears whole or not at all. An older result there is replaced when the run succeeds;
/// a folder that is no result of plimsoll is never replaced.
#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n\nThe result folder holds:\n{}", files()))]
pub struct RunArgs {
    #[command(flatten)]
    source: ScenarioSource,
    #[command(flatten)]
    overriding: arguments::Overriding,
    #[command(flatten)]
    common: arguments::Common,
    #[command(flatten)]
    callables: callables::CallableOptions,
    /// Result folder [default: results/runs/<scenario name>/]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Write the tables of the run too: instances, volumes, billing records … as Parquet (see docs/tables.md)
    #[arg(long)]
    tables: bool,
    /// Write a checkpoint at this simulated time, such as 12h; repeatable. Later runs can start from it
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    checkpoint_at: Vec<Duration>,
    /// Folder of the checkpoints
    #[arg(long, value_name = "DIR", default_value = "results/checkpoints", requires = "checkpoint_at")]
    checkpoint_dir: PathBuf,
    /// Start from a checkpoint of the same scenario; some settings may differ (`plimsoll list branching`)
    #[arg(long, value_name = "FILE")]
    from_checkpoint: Option<PathBuf>,
    /// Repeat the requests in the journal of `plimsoll serve --journal`, and end where it ends
    #[cfg(feature = "serve")]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["checkpoint_at", "from_checkpoint", "explain", "trace_events"])]
    replay: Option<PathBuf>,
    /// Explain every placement decision about one instance: that with this number (as in the tables), or the one that a
    /// launch asked for, placed or not: launch:N, where N is the number in the column `launch` of failures.csv
    #[arg(long, value_name = "ID", value_parser = subject)]
    explain: Option<Subject>,
    /// Write a line of JSON for each event and call of the run to this file: to see what happens in which order
    #[arg(long, value_name = "FILE")]
    trace_events: Option<PathBuf>,
    /// Print tables by zone, by kind of hosts (the sku of their host group), by instance type; repeatable
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    by: Vec<By>,
    /// Draw fleet use, refusals and rates in the terminal during the run
    #[arg(long, conflicts_with = "quiet")]
    live: bool,
    /// Check the scenario and all that it names, report its size, and run nothing
    #[arg(long)]
    dry_run: bool,
    /// Draw neither charts nor report.html; `plimsoll report` does it later
    #[arg(long)]
    no_report: bool,
    /// End with exit code 1 if the run misses one of the scenario's [[objectives]]; the result is written all
    /// the same
    #[arg(long)]
    enforce_objectives: bool,
    /// Make every placement by the plain scan too and stop at the first difference (slow)
    #[arg(long)]
    verify_placement: bool,
}

/// Part of a run by which the terminal breaks it down.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum By {
    Zone,
    Sku,
    Type,
}

impl From<By> for report::BreakdownBy {
    fn from(by: By) -> report::BreakdownBy {
        match by {
            By::Zone => report::BreakdownBy::Zone,
            By::Sku => report::BreakdownBy::Sku,
            By::Type => report::BreakdownBy::Type,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  plimsoll run workloads/scenarios/quickstart.toml
  plimsoll run --example retry-storm
  plimsoll run mine.csv.gz --hosts hosts.csv --set placement.strategy=best-fit
  plimsoll run SCENARIO --set placement.strategy=best-fit
  plimsoll run SCENARIO --set zones.0.hosts.0.count=1200 --set duration=30d
  plimsoll run SCENARIO --set workload.trace=mine.csv.gz -o results/runs/mine
  plimsoll run SCENARIO --json | jq .launch
  plimsoll run SCENARIO --by zone,sku
  plimsoll run SCENARIO --explain 17
  plimsoll run SCENARIO --checkpoint-at 3d
  plimsoll run SCENARIO --from-checkpoint results/checkpoints/NAME-3d.checkpoint \
      --set placement.strategy=best-fit -o results/runs/what-if";

/// Returns the files of a result folder, a line each.
fn files() -> String {
    let lines = report::REGISTER.iter().map(|report| format!("  {:<16} {}", report.file, report.holds));
    lines.collect::<Vec<_>>().join("\n")
}

/// Reads the scenario, runs it, writes the result, prints the summary.
pub fn main(args: &RunArgs) -> Result<Conclusion, InputError> {
    let file = args.source.file()?;
    let mut journal = Journal::begin(&file);
    args.common.limit_threads();
    let scenario = read(args, &file)?;
    check_objectives(&scenario, args)?;
    machine::check_fits(&scenario)?;
    if args.dry_run {
        return tell_size(&scenario, args).map(Conclusion::from);
    }
    let default_place = || Path::new("results/runs").join(&scenario.name);
    let place = args.output.clone().unwrap_or_else(default_place);
    if !args.checkpoint_at.is_empty() {
        arguments::check_checkpoint_dir(&args.checkpoint_dir, &place)?;
    }
    if let Some(events) = &args.trace_events {
        let files = scenario.files();
        output::refuse_inputs("--trace-events", events, files.iter().chain([&file]).map(PathBuf::as_path))?;
        if disk::is_same_place(events, &place) {
            let message = format!("found `{}`, where the result goes", events.display());
            let problem = Problem::new(Place::key("--trace-events"), message);
            return Err(problem.with_help("name a file of its own").into());
        }
    }
    let folder = ResultFolder::begin(&place)?;
    journal.read(&scenario)?;

    panic::note(Some(Work { replay: journal::replay(scenario.seed), seed: scenario.seed }));
    let calendar = scenario.billing_calendar();
    let tables = (args.tables || scenario.output.tables).then_some(calendar);
    let mut recorder = StreamedReports::begin(&folder, &scenario, tables)?;
    let simulation = begin(&scenario, journal.inputs(), args, &mut recorder)?;
    let mut watch = Watch::new(recorder, scenario.duration, args.common.quiet);
    if args.live {
        watch.draw(format!("{}: {}", scenario.name, scenario.placement.strategy.name));
    }
    let outcome = simulation.run(&scenario, &mut watch)?;
    panic::note(None);
    let simulation_s = watch.finish()?;
    check_explained(&outcome, args)?;
    if let Some(file) = &args.from_checkpoint {
        journal.note(file)?;
    }

    let execution = journal.close(simulation_s, args.common.threads());
    let run = Run { scenario: &scenario, outcome: &outcome, execution: &execution };
    report::write_at_end(&run, &folder)?;
    if !args.no_report {
        render::write(&folder)?;
    }
    let place = folder.publish()?;
    show(&run, &place, args)?;
    Ok(conclude(&run, args))
}

/// Reads the scenario: for clients where their requests are repeated, and for the rest of a run where it goes on.
fn read(args: &RunArgs, file: &Path) -> Result<Scenario, InputError> {
    let callables = args.callables.door()?;
    let overrides = Overrides { callables, ..Overrides::from(&args.overriding) };
    #[cfg(feature = "serve")]
    if args.replay.is_some() {
        return args.source.read_for_clients(file, &overrides);
    }
    match args.from_checkpoint {
        Some(_) => args.source.read_for_branch(file, &overrides),
        None => args.source.read(file, &overrides),
    }
}

/// Simulation that is ready to run.
enum Simulation {
    /// Run of a cloud.
    Run(Box<Cloud>),
    /// Repetition of what the journal in a folder holds.
    #[cfg(feature = "serve")]
    Replay(Box<Cloud>, PathBuf),
}

impl Simulation {
    fn run(self, scenario: &Scenario, watch: &mut Watch<'_>) -> Result<Outcome, InputError> {
        #[cfg(not(feature = "serve"))]
        let _ = scenario;
        match self {
            Simulation::Run(cloud) => cloud.run(watch),
            #[cfg(feature = "serve")]
            Simulation::Replay(cloud, folder) => {
                crate::server::http::replay(scenario, *cloud, &folder, watch)
            }
        }
    }
}

/// Opens the demand and prints the size of the run.
fn tell_size(scenario: &Scenario, args: &RunArgs) -> Result<(), InputError> {
    scenario.demand()?;
    let hosts = grouped(estimate::most_hosts(scenario)?);
    let zones = match scenario.zones.len() {
        1 => "1 zone".to_string(),
        zones => format!("{zones} zones"),
    };
    let memory_mib = grouped(estimate::estimated_bytes(scenario)?.div_ceil(1 << 20));
    if args.callables.take_standard_output() {
        return Ok(());
    }
    output::print(&format!(
        "{}: {hosts} hosts in {zones}, {}; about {memory_mib} MiB of memory. Nothing was run.\n",
        scenario.name, scenario.placement.strategy.name,
    ))
}

/// Checks that objectives are about known metrics, and that there are some where they are enforced.
fn check_objectives(scenario: &Scenario, args: &RunArgs) -> Result<(), InputError> {
    if args.enforce_objectives && scenario.objectives.is_empty() {
        let problem = Problem::new(Place::key("--enforce-objectives"), "the scenario has no objectives");
        return Err(problem
            .with_help("state some: [[objectives]] with `metric` and `at_most` or `at_least`")
            .into());
    }
    objective::check(scenario)
}

/// Returns the conclusion on the objectives, where they are enforced.
fn conclude(run: &Run<'_>, args: &RunArgs) -> Conclusion {
    let judged = || objective::judge(run.scenario, &Figures::of(run));
    if !args.enforce_objectives || judged().iter().all(|judged| judged.met) {
        return Conclusion::Done;
    }
    args.common.tell_failure(|| format!("{}: {}", run.scenario.name, terminal::reason(run)));
    Conclusion::CheckFailed
}

/// Begins a run at time zero or at a checkpoint; it will write the checkpoints that were asked for.
fn begin(
    scenario: &Scenario,
    files: &[HashedFile],
    args: &RunArgs,
    recorder: &mut StreamedReports<'_>,
) -> Result<Simulation, InputError> {
    let options = RunOptions {
        verify_placement: args.verify_placement,
        trace_events: args.trace_events.is_some(),
        ..RunOptions::default()
    };
    if let Some(file) = &args.trace_events {
        recorder.add("--trace-events", EventTrace::begin(file)?);
    }
    #[cfg(feature = "serve")]
    if let Some(folder) = &args.replay {
        let cloud = Box::new(Cloud::for_clients(scenario, options)?);
        return Ok(Simulation::Replay(cloud, folder.clone()));
    }
    let times: BTreeSet<Time> = args.checkpoint_at.iter().map(|at| Time::ZERO.after(*at)).collect();
    if !times.is_empty() {
        let plan = CheckpointPlan::AtTimes(times.len());
        recorder.write_checkpoints(&args.checkpoint_dir, plan, scenario, files)?;
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
    if let Some(subject) = args.explain {
        cloud.explain(subject);
    }
    Ok(Simulation::Run(Box::new(cloud)))
}

/// Reads the subject of `--explain`.
fn subject(text: &str) -> Result<Subject, String> {
    let (number, of): (&str, fn(u64) -> Subject) = match text.strip_prefix("launch:") {
        Some(number) => (number, Subject::Launch),
        None => (text, |number| Subject::Instance(InstanceId(number))),
    };
    number.parse().map(of).map_err(|_| "expected the number of an instance, or launch:N".to_string())
}

/// Refuses an explanation of an instance or launch about which nothing was decided.
fn check_explained(outcome: &Outcome, args: &RunArgs) -> Result<(), InputError> {
    let Some(subject) = args.explain.filter(|_| !outcome.has_explanation()) else { return Ok(()) };
    let (message, help) = match subject {
        Subject::Instance(id) => (
            format!("no placement was decided for an instance {}", id.0),
            "number an instance of the run, from 0; of a refused launch see launch:N in failures.csv",
        ),
        Subject::Launch(number) => (
            format!("no placement was decided for launch {number}"),
            "it was refused before that, or asks for nothing; failures.csv says why",
        ),
    };
    Err(Problem::new(Place::key("--explain"), message).with_help(help).into())
}

/// Prints the summary: for a program, for a person, or not at all.
fn show(run: &Run<'_>, place: &Path, args: &RunArgs) -> Result<(), InputError> {
    if args.common.json {
        return output::print_json(&report::summary::value(run));
    }
    if args.common.quiet || args.callables.take_standard_output() {
        return Ok(());
    }
    let by: Vec<report::BreakdownBy> = args.by.iter().copied().map(Into::into).collect();
    let mut text = terminal::text(run, &by, output::width());
    if let Some(explanation) = &run.outcome.explanation {
        text += &format!("\n{}\n", explanation::page(run, explanation));
    }
    text += &format!("results in {}\n", place.display());
    for at in args.checkpoint_at.iter().collect::<BTreeSet<_>>() {
        let file = Checkpoints::path(&args.checkpoint_dir, &run.scenario.name, Time::ZERO.after(*at));
        text += &format!("checkpoint in {}\n", file.display());
    }
    output::print(&text)
}
