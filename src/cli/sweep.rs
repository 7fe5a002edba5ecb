//! `plimsoll sweep`: a scenario over ranges of settings, as a whole or in parts for several machines.
//!
//! Finished runs are kept beside the result until it is complete, so that a sweep that was stopped, in whatever way,
//! is carried on by the same command.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::file_kind::{self, FileKind};
use super::journal::Journal;
use super::trials::TrialWatch;
use super::{arguments, interrupt, machine, output};
use crate::disk::{WholeFile, cannot_write};
use crate::experiment::sweep::{self, FinishedRun, Plan, Shard, Store, SweepConfig};
use crate::input::{InputError, Place, Problem};
use crate::report::sweep::{self as sweep_report, SweepSummary};
use crate::report::{ResultFolder, render};

/// Run a scenario over ranges of settings, each point with several seeds.
///
/// The sweep file names a scenario, axes over any of its keys, and seeds. The result is one table with a row for each
/// run, the same bytes however many threads, machines and attempts it took.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = format!("{EXAMPLES}\n\nThe result folder holds:\n{}", files()))]
pub struct SweepArgs {
    #[command(subcommand)]
    step: Option<Step>,
    /// The sweep file (TOML); an example is in workloads/sweeps/
    #[arg(value_name = "SWEEP", required = true)]
    sweep: Option<PathBuf>,
    /// Do only the I-th of N equal shares and keep its runs for `plimsoll merge`
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    #[command(flatten)]
    common: arguments::Common,
    /// Result folder [default: results/runs/<sweep name>/]; with --shard the folder of runs [default:
    /// results/runs/<sweep name>-parts/]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// The steps of a sweep one by one, for engines that hand out work.
#[derive(Subcommand, Debug)]
enum Step {
    /// Write the plan: every run with its number, values and seed, and the hashes of all files
    Plan(PlanArgs),
    /// Do one run of a plan, unless it is done already
    Exec(ExecArgs),
}

#[derive(Args, Debug)]
struct PlanArgs {
    /// The sweep file (TOML)
    #[arg(value_name = "SWEEP")]
    sweep: PathBuf,
    /// The plan [default: <sweep name>.plan.json]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Args, Debug)]
struct ExecArgs {
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Number of the run, from 0
    #[arg(long, value_name = "I", value_parser = index)]
    index: usize,
    /// Folder of runs, for `plimsoll merge` [default: results/runs/<sweep name>-parts/]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll sweep workloads/sweeps/hosts-by-strategy.toml
  plimsoll sweep SWEEP --shard 1/4      on the first of four machines
  plimsoll merge DIR DIR DIR DIR        the folders of the four, put together
  plimsoll sweep plan SWEEP -o plan.json
  plimsoll sweep exec plan.json --index 17";

/// Returns the files of the result folder, a line each.
fn files() -> String {
    let lines = sweep_report::FILES.iter().map(|(file, holds)| format!("  {file:<14} {holds}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Carries out a sweep, or a step of one.
pub fn main(args: &SweepArgs) -> Result<(), InputError> {
    match (&args.step, &args.sweep) {
        (Some(Step::Plan(args)), _) => plan(args),
        (Some(Step::Exec(args)), _) => exec(args),
        (None, Some(file)) => match args.shard {
            Some(shard) => part(args, file, shard),
            None => whole(args, file),
        },
        (None, None) => unreachable!("clap asks for the sweep file where there is no step"),
    }
}

/// Does all runs and writes the result.
fn whole(args: &SweepArgs, file: &Path) -> Result<(), InputError> {
    file_kind::expect(file, FileKind::Sweep)?;
    let journal = Journal::begin(file);
    args.common.limit_threads();
    let plan = Plan::make(&SweepConfig::read(file)?)?;
    let place = args.output.clone().unwrap_or_else(|| Path::new("results/runs").join(&plan.name));
    ResultFolder::check(&place)?;
    let store = Store::open(&unfinished(&place), &plan, folder_of(file))?;
    let runs: Vec<usize> = (0..plan.runs.len()).collect();
    let simulation_s = run_missing(&plan, folder_of(file), &runs, &store, &args.common)?;
    let finished = sweep::collect(&plan, std::slice::from_ref(&store))?;
    let place = publish(&plan, &finished, &place, journal, simulation_s, &args.common)?;
    store.remove();
    show(&plan, &finished, &place, &args.common)
}

/// Does a share of the runs and keeps them for merging.
fn part(args: &SweepArgs, file: &Path, shard: Shard) -> Result<(), InputError> {
    args.common.limit_threads();
    let plan = Plan::make(&SweepConfig::read(file)?)?;
    let place = args.output.clone().unwrap_or_else(|| parts(&plan));
    let store = Store::open(&place, &plan, folder_of(file))?;
    let runs: Vec<usize> = shard.runs(plan.runs.len()).collect();
    run_missing(&plan, folder_of(file), &runs, &store, &args.common)?;
    if args.common.quiet || args.common.json {
        return Ok(());
    }
    let place = place.display();
    output::print(&format!("shard {shard}: {} of {} runs in {place}\n", runs.len(), plan.runs.len()))
}

fn plan(args: &PlanArgs) -> Result<(), InputError> {
    let plan = Plan::make(&SweepConfig::read(&args.sweep)?)?;
    let place = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.plan.json", plan.name)));
    let folder = folder_of(&args.sweep);
    let inputs = plan.inputs.iter().chain([&plan.scenario]);
    let inputs: Vec<PathBuf> = inputs.map(|input| folder.join(&input.file)).collect();
    output::refuse_inputs("-o", &place, inputs.iter().chain([&args.sweep]).map(PathBuf::as_path))?;
    let mut file = WholeFile::create(&place)?;
    file.write_all(plan.to_json(&place, folder).as_bytes()).map_err(|error| cannot_write(&place, &error))?;
    file.finish()?;
    output::print(&format!("{} runs, numbered from 0, in {}\n", plan.runs.len(), place.display()))
}

fn exec(args: &ExecArgs) -> Result<(), InputError> {
    let (plan, folder) = Plan::read(&args.plan)?;
    let Some(run) = plan.runs.get(args.index) else {
        let message = format!("found {}, expected a run from 0 to {}", args.index, plan.runs.len() - 1);
        return Err(Problem::new(Place::key("--index"), message).into());
    };
    plan.check_inputs(&folder, [run])?;
    machine::check_fits(&plan.scenario(&folder, run)?)?;
    let store = Store::open(&args.output.clone().unwrap_or_else(|| parts(&plan)), &plan, &folder)?;
    let watch = TrialWatch::new(true);
    let result = sweep::execute(&plan, &folder, &[args.index], &store, 1, &watch);
    watch.finish();
    result.map(|_| ())
}

/// Does the runs that are missing and returns the time it took \[s\].
fn run_missing(
    plan: &Plan,
    folder: &Path,
    runs: &[usize],
    store: &Store,
    common: &arguments::Common,
) -> Result<f64, InputError> {
    let at_most = machine::how_many_fit(plan.most_bytes(folder, runs, machine::free_bytes())?);
    let watch = TrialWatch::new(common.quiet);
    let result = sweep::execute(plan, folder, runs, store, at_most, &watch);
    let simulation_s = watch.finish();
    match result {
        Err(_) if interrupt::came() => {
            let message = "interrupted: the finished runs are kept, no result was written";
            Err(Problem::new(Place::default(), message).with_help("the same command carries on").into())
        }
        result => result.map(|_| simulation_s),
    }
}

/// Writes the result of a whole sweep and returns its place.
pub(super) fn publish(
    plan: &Plan,
    finished: &[FinishedRun],
    place: &Path,
    journal: Journal,
    simulation_s: f64,
    common: &arguments::Common,
) -> Result<PathBuf, InputError> {
    let folder = ResultFolder::begin(place)?;
    let execution = journal.close(simulation_s, common.threads());
    render::publish(folder, &sweep_report::files(plan, finished, &execution))
}

/// Prints the sweep: for a program, for a person, or not at all.
pub(super) fn show(
    plan: &Plan,
    finished: &[FinishedRun],
    place: &Path,
    common: &arguments::Common,
) -> Result<(), InputError> {
    common.show(place, || SweepSummary::of(plan, finished), |_| sweep_report::terminal::text(plan, finished))
}

/// Returns the hidden folder beside a result in which its finished runs are kept until it is complete.
fn unfinished(place: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(place.file_name().unwrap_or_default());
    name.push(".unfinished");
    place.with_file_name(name)
}

/// Returns the default folder for the parts of a sweep.
fn parts(plan: &Plan) -> PathBuf {
    Path::new("results/runs").join(format!("{}-parts", plan.name))
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}

/// Reads the number of a run.
fn index(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "expected the number of a run of the plan, from 0".to_string())
}
