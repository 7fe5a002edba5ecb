//! Options that several subcommands share.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::{machine, output};
use crate::disk;
use crate::input::{InputError, Place, Problem};
use crate::report;
use crate::scenario::Overrides;
use crate::table::clock::ClockOrigin;
use crate::units::figures::grouped;
use crate::workload::trace::reading::{ColumnNames, TraceReading};

/// Changes to a scenario.
#[derive(Args, Debug)]
pub struct Overriding {
    /// Set a key of the scenario, such as zones.0.hosts.0.count=500; repeatable
    ///
    /// PATH is dotted, items of lists by number from 0, names with dots in quotes. VALUE is TOML; a bare word
    /// is a string. Files named so are relative to the current folder, not to the scenario's.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Seed of every random draw, instead of the scenario's
    #[arg(long, value_name = "N", value_parser = seed)]
    pub seed: Option<u64>,
}

impl From<&Overriding> for Overrides {
    fn from(options: &Overriding) -> Overrides {
        Overrides { set: options.set.clone(), seed: options.seed, ..Overrides::default() }
    }
}

/// The reading of a trace that is not written as the forms say.
#[derive(Args, Debug)]
pub struct ReadingOptions {
    /// Names of the trace's columns, such as start=launch_time,end=terminate_time; its further columns are then not read
    #[arg(long, value_name = "COLUMN=NAME,…")]
    columns: Option<ColumnNames>,
    /// Count times from this moment: `first` (the first row), `epoch`, seconds, or a date and time of UTC
    #[arg(long, value_name = "ORIGIN")]
    trace_origin: Option<ClockOrigin>,
    /// Round sizes that are finer than their unit up
    #[arg(long)]
    round: bool,
}

impl ReadingOptions {
    /// Returns the settings.
    pub fn settings(&self) -> TraceReading {
        let columns = self.columns.clone().unwrap_or_default();
        TraceReading { origin: self.trace_origin, columns, round: self.round }
    }
}

/// Threads and output.
#[derive(Args, Debug)]
pub struct Common {
    /// Threads to use, no more than there are processors [default: all]; results never depend on them
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    threads: Option<NonZero<usize>>,
    /// Print nothing but errors and the reason of a check that failed: no summary, no progress
    #[arg(short, long)]
    pub quiet: bool,
    /// Print the summary as JSON on standard output, and nothing else there
    #[arg(long)]
    pub json: bool,
}

impl Common {
    /// Returns the threads that may be used: more than processors would only take memory.
    pub fn threads(&self) -> usize {
        let cores = machine::cores();
        self.threads.map_or(cores, NonZero::get).min(cores)
    }

    /// Limits parallel work to that many threads.
    pub fn limit_threads(&self) {
        // It fails only when the pool is there already, which nothing before this makes.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(self.threads()).build_global();
    }

    /// Tells the reason of a check that failed where nothing else is printed.
    pub fn tell_failure(&self, reason: impl FnOnce() -> String) {
        if self.quiet {
            output::tell(&format!("{}\n", reason().trim_end()));
        }
    }

    /// Prints the result of an experiment: as JSON for a program, as text of a width for a person, or not at all.
    pub fn show<T: Serialize>(
        &self,
        place: &Path,
        data: impl FnOnce() -> T,
        text: impl FnOnce(u16) -> String,
    ) -> Result<(), InputError> {
        if self.json {
            return output::print_json(&report::json(&data()));
        }
        if self.quiet {
            return Ok(());
        }
        output::print(&format!("{}results in {}\n", text(output::width()), place.display()))
    }
}

/// Replications where fewer do not decide.
#[derive(Args, Debug)]
pub struct MoreReplications {
    /// The most replications of a value, where fewer do not show whether the targets hold [default: 8 times --replications]
    #[arg(long, value_name = "N", value_parser = replications)]
    max_replications: Option<NonZero<usize>>,
}

impl MoreReplications {
    /// Default factor of the replications asked for: three more rounds.
    const FACTOR: usize = 8;

    /// Returns the most replications where so many are asked for.
    pub fn most(&self, replications: usize) -> usize {
        self.max_replications.map_or(MoreReplications::FACTOR * replications, NonZero::get)
    }
}

/// Scenario and replications of an experiment.
#[derive(Args, Debug)]
pub struct Experiment {
    /// The scenario file (TOML); examples are in workloads/scenarios/
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,
    /// Replications, with the seeds from the scenario's on
    #[arg(short = 'R', long, value_name = "N", default_value = "10", value_parser = replications)]
    pub replications: NonZero<usize>,
    /// Confidence level of the intervals
    #[arg(long, value_name = "SHARE", default_value = "95%", value_parser = confidence)]
    pub confidence: f64,
    #[command(flatten)]
    pub overriding: Overriding,
    #[command(flatten)]
    pub common: Common,
}

/// Refuses a folder of checkpoints inside the result folder, which holds only the result when it appears.
pub fn check_checkpoint_dir(folder: &Path, result: &Path) -> Result<(), InputError> {
    if !disk::is_within(folder, result) {
        return Ok(());
    }
    let found = format!("found `{}`, which is in the result folder", folder.display());
    let problem = Problem::new(Place::key("--checkpoint-dir"), found);
    Err(problem.with_help("name a folder beside the result").into())
}

/// Most replications: their figures are kept in memory side by side.
const MOST_REPLICATIONS: usize = 1_000_000;

/// Reads a seed.
pub fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("expected a whole number from 0 to {}", grouped(u64::MAX)))
}

/// Reads a number of things of which there is one at least.
pub fn at_least_one(text: &str) -> Result<NonZero<usize>, String> {
    text.parse().map_err(|_| "expected a whole number of 1 or more".to_string())
}

/// Reads a number of replications.
pub fn replications(text: &str) -> Result<NonZero<usize>, String> {
    let number = text.parse().ok().filter(|number: &NonZero<usize>| number.get() <= MOST_REPLICATIONS);
    number.ok_or_else(|| format!("expected a whole number from 1 to {}", grouped(MOST_REPLICATIONS as u64)))
}

/// Reads `95%` or `0.95`.
pub fn confidence(text: &str) -> Result<f64, String> {
    let number = match text.trim().strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
        None => text.trim().parse(),
    };
    let confidence = number.ok().filter(|confidence| *confidence >= 0.5 && *confidence < 1.0);
    confidence.ok_or_else(|| "expected a share from 50% to less than 100%, such as 95% or 0.95".to_string())
}
