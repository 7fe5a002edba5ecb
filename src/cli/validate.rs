//! `plimsoll validate`: files checked without running anything.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::file_kind::FileKind;
use super::{Conclusion, output};
use crate::catalogue::{ShapePrice, TypeTable};
use crate::experiment::baseline::Baseline;
use crate::experiment::objective;
use crate::experiment::sweep::{Plan, SweepConfig};
use crate::fleet::host_file;
use crate::fleet::sale::Sale;
use crate::input::{InputError, Place, Problem};
use crate::scenario::{Overrides, Scenario};
use crate::table::clock::ClockOrigin;
use crate::units::figures::grouped;
use crate::workload::directory::Directory;
use crate::workload::trace::describe::describe;
use crate::workload::trace::reading::TraceReading;

/// Check scenarios, sweeps, baselines, traces and host files, and run nothing.
///
/// The contents of a file show its kind. Traces are read to their end; files that a scenario or sweep names
/// are opened.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  plimsoll validate mine.toml mine-trace.csv
  plimsoll validate --json mine.toml     for editors: every problem with line and column

Exit codes: 0 all is well, 2 something is wrong.")]
pub struct ValidateArgs {
    /// The files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// Findings about a file.
#[derive(Serialize)]
struct Finding {
    file: String,
    kind: Option<&'static str>,
    valid: bool,
    /// Contents in a few words, of a valid file.
    holds: Option<String>,
    problems: Vec<FoundProblem>,
}

/// A problem as editors take it.
#[derive(Serialize)]
struct FoundProblem {
    file: Option<String>,
    line: Option<u64>,
    column: Option<u64>,
    key: Option<String>,
    message: String,
    help: Option<String>,
}

impl From<&Problem> for FoundProblem {
    fn from(problem: &Problem) -> FoundProblem {
        let Place { file, line, column, key } = problem.place.clone();
        FoundProblem {
            file: file.map(|file| file.display().to_string()),
            line,
            column,
            key,
            message: problem.message.clone(),
            help: problem.help.clone(),
        }
    }
}

/// Checks every file, and prints the findings of all.
pub fn main(args: &ValidateArgs) -> Result<Conclusion, InputError> {
    let mut findings = Vec::new();
    let mut text = String::new();
    for path in &args.files {
        let kind = kind_of(path);
        let checked = kind.map_or_else(|| Err(no_kind(path)), |kind| check(path, kind));
        match &checked {
            Ok(holds) => text += &format!("ok     {}: {holds}\n", path.display()),
            Err(error) => text += &format!("wrong  {}\n{error}\n", path.display()),
        }
        findings.push(Finding {
            file: path.display().to_string(),
            kind: kind.map(FileKind::name),
            valid: checked.is_ok(),
            problems: checked
                .as_ref()
                .err()
                .iter()
                .flat_map(|error| &error.0)
                .map(FoundProblem::from)
                .collect(),
            holds: checked.ok(),
        });
    }
    match args.json {
        true => output::print_json(&serde_json::json!({ "files": findings }))?,
        false => output::print(&text)?,
    }
    Ok(match findings.iter().all(|finding| finding.valid) {
        true => Conclusion::Done,
        false => Conclusion::InputWrong,
    })
}

/// Returns the kind of a file; a TOML file that does not show it, or cannot be read, is taken for a scenario.
fn kind_of(path: &Path) -> Option<FileKind> {
    let is_toml = path.extension().is_some_and(|ending| ending == "toml");
    FileKind::of(path).or(is_toml.then_some(FileKind::Scenario))
}

fn no_kind(path: &Path) -> InputError {
    let message = match fs::metadata(path) {
        Ok(_) => "found none of the files that are checked".to_string(),
        Err(error) => format!("cannot be read: {error}"),
    };
    let help = "name a scenario, sweep or baseline (TOML), or a trace or host file (CSV, Parquet) with a header: \
                `start_s` or `time_s` makes a trace, `vcpu` and `memory_gib` alone a host file";
    Problem::new(Place::file(path), message).with_help(help).into()
}

/// Reads a file of a kind as the commands do; returns its contents in a few words.
fn check(path: &Path, kind: FileKind) -> Result<String, InputError> {
    let holds = match kind {
        FileKind::Scenario => scenario(path)?,
        FileKind::Sweep => {
            format!("{} runs", grouped(Plan::make(&SweepConfig::read(path)?)?.runs.len() as u64))
        }
        FileKind::Baseline => baseline(path)?,
        FileKind::Trace => trace(path)?,
        FileKind::Hosts => {
            let hosts = host_file::read(path, &Sale::default()).map_err(InputError)?;
            format!("{} hosts", grouped(hosts.len() as u64))
        }
    };
    Ok(format!("{}, {holds}", kind.name()))
}

fn scenario(path: &Path) -> Result<String, InputError> {
    let scenario = Scenario::read(path, &Overrides::default())?;
    objective::check(&scenario)?;
    scenario.demand()?;
    let zones = match scenario.zones.len() {
        1 => "1 zone".to_string(),
        zones => format!("{} zones", grouped(zones as u64)),
    };
    Ok(format!("{zones}, {}", scenario.placement.strategy.name))
}

fn baseline(path: &Path) -> Result<String, InputError> {
    let text = fs::read_to_string(path)
        .map_err(|error| Problem::new(Place::file(path), format!("cannot be read: {error}")))?;
    let baseline = Baseline::parse(path, &text)?;
    Ok(format!("of scenario `{}`", baseline.scenario))
}

fn trace(path: &Path) -> Result<String, InputError> {
    let types = TypeTable::new(&[], &ShapePrice::default())?;
    let mut directory = Directory::without_scenario(types);
    // Times from any origin, dates included: the scenario decides what they count from.
    let reading = TraceReading { origin: Some(ClockOrigin::First), ..TraceReading::default() };
    let description = describe(path, &reading, &mut directory)?;
    Ok(format!("{} rows", grouped(description.rows)))
}
