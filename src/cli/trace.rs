//! `plimsoll trace`: conversion of real traces to the canonical form, synthetic traces from a scenario, summaries of traces.

use std::fmt::Display;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::file_kind::{self, FileKind};
use super::{arguments, output};
use crate::catalogue::{ShapePrice, TypeTable};
use crate::disk;
use crate::input::{InputError, Place, Problem};
use crate::scenario::{Overrides, Scenario};
use crate::workload::directory::Directory;
use crate::workload::generate;
use crate::workload::trace::describe::describe;
use crate::workload::trace::import::Format;

/// Import, describe and generate traces of demand.
#[derive(Args, Debug)]
pub struct TraceArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    Import(ImportArgs),
    Describe(DescribeArgs),
    Generate(GenerateArgs),
}

/// Convert a published trace to the canonical form.
///
/// Rows that the canonical form cannot represent are counted and reported by reason.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  plimsoll trace import --format azure-v1 azure_v1_test.csv.gz -o azure.csv.gz
  plimsoll trace import vmtable.csv.gz -o azure.csv.gz     what it is taken for is told
  plimsoll trace import --format openb pods.csv -o openb.parquet --hosts nodes.csv --hosts-out hosts.csv")]
struct ImportArgs {
    /// The trace as it was published; - is standard input
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The format of the trace (`plimsoll list traces`); without it the header and the first rows decide
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// The file to write: .csv, .csv.gz, .csv.zst or .parquet
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// The format's list of hosts, which becomes a host file
    #[arg(long, value_name = "FILE", requires = "hosts_out")]
    hosts: Option<PathBuf>,
    /// The host file to write (CSV), for `file` of [[zones.hosts]]
    #[arg(long, value_name = "FILE", requires = "hosts")]
    hosts_out: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Summarise a trace: how much it holds, when, of what shapes, for how long.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  plimsoll trace describe workloads/traces/openb.csv.gz")]
struct DescribeArgs {
    /// A trace in canonical form: .csv, .csv.gz, .csv.zst or .parquet; - is standard input
    trace: PathBuf,
    /// A scenario whose instance types the trace names
    #[arg(long)]
    scenario: Option<PathBuf>,
    #[command(flatten)]
    reading: arguments::ReadingOptions,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// Generate a trace of intervals from the synthetic arrivals of a scenario.
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  plimsoll trace generate workloads/scenarios/ip-exhaustion.toml --seed 7 -o synthetic.csv.gz")]
struct GenerateArgs {
    /// The scenario file
    scenario: PathBuf,
    /// The file to write: .csv, .csv.gz, .csv.zst or .parquet
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    #[command(flatten)]
    overriding: arguments::Overriding,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Carries out the subcommand.
pub fn main(args: &TraceArgs) -> Result<(), InputError> {
    match &args.action {
        Action::Import(args) => import(args),
        Action::Describe(args) => tell(&description(args)?, args.json),
        Action::Generate(args) => tell(&generated(args)?, args.json),
    }
}

fn import(args: &ImportArgs) -> Result<(), InputError> {
    let format = match &args.format {
        Some(name) => Format::named(name)?,
        None => Format::of(&args.input)?,
    };
    if args.hosts_out.as_ref().is_some_and(|hosts| disk::is_same_place(hosts, &args.output)) {
        let message = format!("found `{}`, which `-o` names too", args.output.display());
        let problem = Problem::new(Place::key("--hosts-out"), message);
        return Err(problem.with_help("name a file of its own for the hosts").into());
    }
    let inputs = || [Some(args.input.as_path()), args.hosts.as_deref()].into_iter().flatten();
    output::refuse_inputs("-o", &args.output, inputs())?;
    if let Some(hosts_out) = &args.hosts_out {
        output::refuse_inputs("--hosts-out", hosts_out, inputs())?;
    }
    let mut report = format.import(&args.input, &args.output)?;
    if let (Some(hosts), Some(hosts_out)) = (&args.hosts, &args.hosts_out) {
        report.hosts = Some(format.import_hosts(hosts, hosts_out)?);
    }
    tell(&report, args.json)
}

fn description(args: &DescribeArgs) -> Result<impl Display + Serialize, InputError> {
    file_kind::expect_trace(&args.trace, &args.reading.settings())?;
    let types = match &args.scenario {
        Some(path) => {
            let scenario = Scenario::read(path, &Overrides::default())?;
            TypeTable::new(&scenario.instance_types, &scenario.billing.shape)?
        }
        None => TypeTable::new(&[], &ShapePrice::default())?,
    };
    describe(&args.trace, &args.reading.settings(), &mut Directory::without_scenario(types))
}

fn generated(args: &GenerateArgs) -> Result<impl Display + Serialize, InputError> {
    file_kind::expect(&args.scenario, FileKind::Scenario)?;
    let scenario = Scenario::read(&args.scenario, &Overrides::from(&args.overriding))?;
    let Some(duration) = scenario.duration else {
        let problem =
            Problem::new(Place::key("duration"), "found nothing, expected how long a trace to make");
        return Err(scenario.locate(problem.with_help("add `--set duration=30d`").into()));
    };
    let files = scenario.files();
    let inputs = files.iter().chain([&args.scenario]).map(PathBuf::as_path);
    output::refuse_inputs("-o", &args.output, inputs)?;
    let (mut directory, mut demand) = scenario.demand()?;
    generate::generate(&mut demand, &mut directory, duration, &args.output)
        .map_err(|error| scenario.locate(error))
}

/// Prints a report: for a program or for a person.
fn tell(report: &(impl Display + Serialize), json: bool) -> Result<(), InputError> {
    if json {
        return output::print_json(report);
    }
    output::print(&format!("{report}\n"))
}
