//! `plimsoll serve`: the cloud of a scenario over HTTP, until it is interrupted; then a result folder, as a run writes it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::journal::{self, Journal};
use super::machine::Stopwatch;
use super::panic::{self, Work};
use super::source::ScenarioSource;
use super::{arguments, interrupt, machine, output};
use crate::cloud::explain::Subject;
use crate::cloud::observe::{Detail, Observation, Observer, RunState, Silent};
use crate::cloud::outcome::Outcome;
use crate::cloud::{Cloud, RunOptions};
use crate::experiment::objective;
use crate::input::{InputError, Place, Problem};
use crate::report::run::checkpoint::CheckpointPlan;
use crate::report::run::{self as report, explanation, terminal};
use crate::report::{ResultFolder, StreamedReports, render};
use crate::scenario::{Overrides, Scenario};
use crate::server::clock::ClockMode;
use crate::server::http::{self, RunReports, ServerConfig};
use crate::server::routes::Explain;
use crate::summary::{Execution, Run};
use crate::units::{Duration, Time, parse_duration};
use crate::workload::directory::Directory;

/// Serve the cloud of a scenario to EC2 clients, and write a result folder at the end.
///
/// The server speaks EC2's Query protocol: boto3, the AWS CLI and others call it as they call EC2, by its URL as their
/// endpoint. Beside it are a live page at /, REST at /api/v1 (openapi.json describes it), figures for Prometheus at /metrics, and faults
/// at /_plimsoll/fault. The account is named by the access key id; no signature is checked. Demand of the scenario goes on
/// beside the clients. Ctrl-C or SIGTERM ends it.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ServeArgs {
    #[command(flatten)]
    source: ScenarioSource,
    #[command(flatten)]
    overriding: arguments::Overriding,
    #[command(flatten)]
    common: arguments::Common,
    /// Address and port to listen on. Any address but a loopback one lets others in: there is no authentication
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8780")]
    listen: SocketAddr,
    /// Clock: `real`, `scaled=N` (N simulated seconds a second), or `stepped`, which stands until a client advances it at
    /// /_plimsoll/clock
    #[arg(long, value_name = "CLOCK", default_value = "real")]
    clock: ClockMode,
    /// Let a stepped clock jump by this much at each request of a waiter, such as 15s
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    auto_advance: Option<Duration>,
    /// Name of the region that clients see
    #[arg(long, value_name = "NAME", default_value = "us-east-1")]
    region: String,
    /// Keep a journal in this folder: each request is on disk before its answer leaves, and a server that was killed goes on
    /// from there
    #[arg(long, value_name = "DIR")]
    journal: Option<PathBuf>,
    /// Let clients ask for checkpoints at /_plimsoll/fork, and write them into this folder: everything that happens is recorded
    /// for them
    #[arg(long, value_name = "DIR")]
    checkpoint_dir: Option<PathBuf>,
    /// Result folder [default: results/runs/<scenario name>/]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Draw neither charts nor report.html; `plimsoll report` does it later
    #[arg(long)]
    no_report: bool,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll serve SCENARIO
  plimsoll serve SCENARIO --clock scaled=60
  plimsoll serve SCENARIO --clock stepped --auto-advance 15s
  plimsoll serve SCENARIO --journal results/journal
  aws --endpoint-url http://127.0.0.1:8780 --region us-east-1 ec2 describe-instances
  curl -d '{\"advance\": \"1h\"}' http://127.0.0.1:8780/_plimsoll/clock
  curl -d '{\"fail\": {\"zone\": \"us-east-1a\"}, \"for\": \"30m\"}' http://127.0.0.1:8780/_plimsoll/fault";

/// Serves until an interrupt, writes the result, prints the summary.
pub fn main(args: &ServeArgs) -> Result<(), InputError> {
    check(args)?;
    let file = args.source.file()?;
    let mut journal = Journal::begin(&file);
    args.common.limit_threads();
    let scenario = args.source.read_for_clients(&file, &Overrides::from(&args.overriding))?;
    objective::check(&scenario)?;
    machine::check_fits(&scenario)?;
    let place = args.output.clone().unwrap_or_else(|| Path::new("results/runs").join(&scenario.name));
    if let Some(folder) = &args.checkpoint_dir {
        arguments::check_checkpoint_dir(folder, &place)?;
    }
    let folder = ResultFolder::begin(&place)?;
    journal.read(&scenario)?;

    panic::note(Some(Work { replay: journal::replay(scenario.seed), seed: scenario.seed }));
    let tables = scenario.output.tables.then(|| scenario.billing_calendar());
    let mut recorder = StreamedReports::begin(&folder, &scenario, tables)?;
    if let Some(folder) = &args.checkpoint_dir {
        recorder.write_checkpoints(folder, CheckpointPlan::WhenAsked, &scenario, journal.inputs())?;
    }
    let simulation = Stopwatch::start();
    interrupt::expect();
    let outcome = serve(&scenario, args, &mut recorder)?;
    panic::note(None);
    recorder.finish()?;

    let execution = journal.close(simulation.seconds(), args.common.threads());
    let run = Run { scenario: &scenario, outcome: &outcome, execution: &execution };
    report::write_at_end(&run, &folder)?;
    if !args.no_report {
        render::write(&folder)?;
    }
    let place = folder.publish()?;
    show(&run, &place, args)
}

/// Refuses options that contradict each other, and a folder of checkpoints whose name clients could not be told.
fn check(args: &ServeArgs) -> Result<(), InputError> {
    if let Some(folder) = args.checkpoint_dir.as_ref().filter(|folder| folder.to_str().is_none()) {
        let found = format!("found `{}`, which is no text in UTF-8", folder.display());
        let problem = Problem::new(Place::key("--checkpoint-dir"), found);
        return Err(problem.with_help("name another folder: clients are told its files in JSON").into());
    }
    if args.auto_advance.is_some() && args.clock != ClockMode::Stepped {
        let found = format!("found it with --clock {}, whose time passes by itself", args.clock);
        let problem = Problem::new(Place::key("--auto-advance"), found);
        return Err(problem.with_help("add --clock stepped, or leave it out").into());
    }
    Ok(())
}

/// Serves the cloud of a scenario until an interrupt.
fn serve(
    scenario: &Scenario,
    args: &ServeArgs,
    recorder: &mut StreamedReports<'_>,
) -> Result<Outcome, InputError> {
    let cloud = Cloud::for_clients(scenario, RunOptions::default())?;
    let config = ServerConfig {
        listen: args.listen,
        clock: args.clock,
        auto_advance: args.auto_advance,
        region: args.region.clone(),
        journal: args.journal.clone(),
        can_fork: args.checkpoint_dir.is_some(),
    };
    let summarise = |outcome: &Outcome| {
        let execution = Execution::default();
        report::summary::value(&Run { scenario, outcome, execution: &execution })
    };
    let explain = args.journal.clone().map(|folder| explainer(scenario.clone(), folder));
    let reports = RunReports { summarise: &summarise, explain };
    let listening = |address: SocketAddr| {
        if !address.ip().is_loopback() {
            output::tell("warning: others can reach this address, and there is no authentication\n");
        }
        output::tell(&format!("listening on http://{address}\n"));
    };
    http::serve(scenario, cloud, &config, &mut Served(recorder), reports, listening, interrupt::came)
}

/// Returns the function that explains an instance: it makes the run again from its journal, and listens.
fn explainer(scenario: Scenario, folder: PathBuf) -> Explain {
    Arc::new(move |instance| {
        let mut cloud = Cloud::for_clients(&scenario, RunOptions::default())?;
        cloud.explain(Subject::Instance(instance));
        let outcome = http::replay(&scenario, cloud, &folder, &mut Silent)?;
        let execution = Execution::default();
        let run = Run { scenario: &scenario, outcome: &outcome, execution: &execution };
        Ok(explanation::value(&run).filter(|_| outcome.has_explanation()))
    })
}

/// Recorder of a run that is served, which tells where a bug ends it.
struct Served<'a, 'b>(&'a mut StreamedReports<'b>);

impl Observer for Served<'_, '_> {
    fn panicked(&mut self, now: Time, events: u64) {
        panic::tell_where(now, events);
    }

    fn detail(&self) -> Detail {
        self.0.detail()
    }

    fn observe(&mut self, observation: &Observation, directory: &Directory) {
        self.0.observe(observation, directory);
    }

    fn checkpoint(&mut self, state: &RunState<'_>) -> Result<Option<PathBuf>, InputError> {
        self.0.checkpoint(state)
    }
}

/// Prints the summary: for a program, for a person, or not at all.
fn show(run: &Run<'_>, place: &Path, args: &ServeArgs) -> Result<(), InputError> {
    if args.common.json {
        return output::print_json(&report::summary::value(run));
    }
    if args.common.quiet {
        return Ok(());
    }
    let text = terminal::text(run, &[], output::width());
    output::print(&format!("{text}results in {}\n", place.display()))
}
