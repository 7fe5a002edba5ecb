//! `plimsoll size`: the smallest, or the largest, value of a setting with which a target holds.

use std::path::{Path, PathBuf};

use clap::Args;

use super::file_kind::{self, FileKind};
use super::journal::Journal;
use super::trials::TrialWatch;
use super::{Conclusion, arguments, machine};
use crate::experiment::sizing::{self as experiment, Coupling, Seek, SettingValue, SizingPlan, Target};
use crate::input::InputError;
use crate::report::{ResultFolder, render, sizing};

/// Find the smallest, or the largest, value of a setting with which a target holds.
///
/// The search doubles or halves the scenario's own value until it has passed the answer, then halves the interval; every
/// value is run with the same seeds. It prints the curve it learned, and whether more of the setting always led towards
/// the target.
#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n\nThe result folder holds:\n{}\n\n{EXIT}", files()))]
pub struct SizeArgs {
    #[command(flatten)]
    experiment: arguments::Experiment,
    /// The setting, a number at a dotted path, items of lists by number from 0, `*` for all. Several numbers, by `*` or by
    /// the option again, have one value
    #[arg(long, value_name = "PATH", required = true)]
    vary: Vec<String>,
    /// Let several numbers keep their proportions instead: the first has the value, the others follow, rounded up
    #[arg(long)]
    keep_proportions: bool,
    /// Find the largest value with which the target holds: how much load it takes
    #[arg(long)]
    largest: bool,
    /// Target of the search: a metric (`plimsoll list metrics`), one of >= > <= <, a number
    #[arg(long, alias = "target", value_name = "TARGET", value_parser = Target::parse)]
    until: Target,
    /// The least value to try [default: one step]
    #[arg(long, value_name = "N")]
    from: Option<SettingValue>,
    /// The most value to try [default: 1,024 times the scenario's own, or 65,536 steps, if the scenario takes so much]
    #[arg(long, value_name = "N")]
    to: Option<SettingValue>,
    /// Distance of two neighbouring values [default: 1 for whole numbers, else the third digit of the scenario's own value]
    #[arg(long, value_name = "N")]
    step: Option<SettingValue>,
    #[command(flatten)]
    more: arguments::MoreReplications,
    /// Result folder [default: results/runs/<scenario name>-sizing/]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll size SCENARIO --vary zones.0.hosts.0.count --until 'launch.success_ratio >= 0.9999'
  plimsoll size SCENARIO --vary network.public_addresses --until 'launch.failed <= 0'
  plimsoll size SCENARIO --vary control_plane.workers.count --until 'latency_s.launch.p99 < 60'
  plimsoll size SCENARIO --vary 'zones.*.hosts.0.count' --keep-proportions --until 'launch.success_ratio >= 0.999'
  plimsoll size SCENARIO --vary workload.scale --largest --until 'launch.success_ratio >= 0.999'";

const EXIT: &str = "\
Exit codes: 0 found, 1 the target does not hold at any value tried, 2 the input was wrong.";

/// Returns the files of the result folder, a line each.
fn files() -> String {
    let lines = sizing::FILES.iter().map(|(file, holds)| format!("  {file:<14} {holds}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Searches, writes the result, prints the answer and the curve.
pub fn main(args: &SizeArgs) -> Result<Conclusion, InputError> {
    file_kind::expect(&args.experiment.scenario, FileKind::Scenario)?;
    let mut journal = Journal::begin(&args.experiment.scenario);
    args.experiment.common.limit_threads();
    let plan = plan(args);
    let (scenario, setting) = plan.check()?;
    let default_place = || Path::new("results/runs").join(format!("{}-sizing", scenario.name));
    let folder = ResultFolder::begin(&args.output.clone().unwrap_or_else(default_place))?;
    machine::check_fits(&scenario)?;
    journal.read(&scenario)?;
    let watch = TrialWatch::new(args.experiment.common.quiet);
    let result = experiment::search(&plan, scenario, setting, &machine::how_many_fit, &watch);
    let simulation_s = watch.finish();
    let sizing = result?;
    let execution = journal.close(simulation_s, args.experiment.common.threads());
    let place = render::publish(folder, &sizing::files(&sizing, &execution))?;
    args.experiment.common.show(
        &place,
        || sizing::SizingData::of(&sizing),
        |width| sizing::terminal::text(&sizing, width),
    )?;
    if sizing.result.answer().is_some() {
        return Ok(Conclusion::Done);
    }
    args.experiment.common.tell_failure(|| sizing::SizingData::of(&sizing).answer_in_words);
    Ok(Conclusion::CheckFailed)
}

fn plan(args: &SizeArgs) -> SizingPlan {
    let replications = args.experiment.replications.get();
    SizingPlan {
        scenario: args.experiment.scenario.clone(),
        overrides: (&args.experiment.overriding).into(),
        patterns: args.vary.clone(),
        coupling: if args.keep_proportions { Coupling::Proportional } else { Coupling::Shared },
        step: args.step,
        seek: if args.largest { Seek::Largest } else { Seek::Smallest },
        target: args.until.clone(),
        least: args.from,
        most: args.to,
        replications,
        most_replications: args.more.most(replications),
        confidence: args.experiment.confidence,
    }
}
