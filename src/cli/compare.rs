//! `plimsoll compare`: the same demand under several variants, with their differences and verdicts.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use clap::Args;

use super::file_kind::{self, FileKind};
use super::journal::Journal;
use super::trials::TrialWatch;
use super::variants::variants;
use super::{Conclusion, arguments, callables, machine};
use crate::experiment::design::{DEFAULT_METRICS, Design, Precision};
use crate::experiment::estimate::estimated_bytes;
use crate::experiment::margin::Margin;
use crate::input::{InputError, Place, Problem};
use crate::report::{ResultFolder, comparison, render};

/// Compare variants of a scenario under the same demand.
///
/// Replication by replication all variants have the same seed, and so meet the same demand. For each metric: the
/// means, the paired difference to the first variant with its confidence interval, and a verdict.
#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n\nThe result folder holds:\n{}\n\n{EXIT}", files()))]
pub struct CompareArgs {
    #[command(flatten)]
    experiment: arguments::Experiment,
    #[command(flatten)]
    callables: callables::CallableOptions,
    /// Placement strategies to compare, the first being the baseline; `all` stands for those not named
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    strategies: Vec<String>,
    /// Settings to compare, as many at once as you like; repeatable. A single one is compared with the scenario as
    /// it stands
    #[arg(long, value_name = "LABEL:PATH=VALUE[,PATH=VALUE…]")]
    variant: Vec<String>,
    /// Add replications until half of every interval is no more than this: a share of the baseline such as 1%, or a number in
    /// the metric's unit. Of the metrics named by --metrics, else of launch.success_ratio
    #[arg(long, value_name = "WIDTH", value_parser = Margin::parse)]
    until_half_width: Option<Margin>,
    /// The most replications of each variant with --until-half-width
    #[arg(long, value_name = "N", default_value = "200", requires = "until_half_width", value_parser = arguments::replications)]
    max_replications: NonZero<usize>,
    /// Metrics to compare, or whole tables of them such as latency_s.launch (`plimsoll list metrics`)
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', long_help = metrics_help())]
    metrics: Vec<String>,
    /// Result folder [default: results/runs/<scenario name>-comparison/]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll compare SCENARIO --strategies first-fit,best-fit,spread
  plimsoll compare SCENARIO --strategies all --replications 20
  plimsoll compare SCENARIO --variant larger:zones.0.hosts.0.count=1050
  plimsoll compare SCENARIO --strategies best-fit,spread --until-half-width 1% \\
      --metrics fleet.hosts_used_mean";

const EXIT: &str = "\
Exit codes: 0 done, 1 --until-half-width was not reached, 2 the input was wrong.";

/// Returns the files of the result folder, a line each.
fn files() -> String {
    let lines = comparison::FILES.iter().map(|(file, holds)| format!("  {file:<16} {holds}"));
    lines.collect::<Vec<_>>().join("\n")
}

fn metrics_help() -> String {
    let names = DEFAULT_METRICS.map(|name| format!("  {name}")).join("\n");
    format!(
        "Metrics to compare, or whole tables of them such as latency_s.launch (`plimsoll list metrics`)\n\n\
         Without it:\n{names}"
    )
}

/// Runs the variants, writes the result, prints the tables.
pub fn main(args: &CompareArgs) -> Result<Conclusion, InputError> {
    file_kind::expect(&args.experiment.scenario, FileKind::Scenario)?;
    let mut journal = Journal::begin(&args.experiment.scenario);
    args.experiment.common.limit_threads();
    let design = design(args)?;
    let scenarios = design.check().and_then(|()| design.scenarios())?;
    let default_place = || Path::new("results/runs").join(format!("{}-comparison", scenarios[0].name));
    let folder = ResultFolder::begin(&args.output.clone().unwrap_or_else(default_place))?;
    let mut most_bytes = 1;
    for scenario in &scenarios {
        machine::check_fits(scenario)?;
        journal.read(scenario)?;
        most_bytes = most_bytes.max(estimated_bytes(scenario)?);
    }
    let watch = TrialWatch::new(args.experiment.common.quiet);
    let result = design.run(scenarios, machine::how_many_fit(most_bytes), &watch);
    let simulation_s = watch.finish();
    let comparison = result?;
    let execution = journal.close(simulation_s, args.experiment.common.threads());
    let place = render::publish(folder, &comparison::files(&comparison, &execution))?;
    if !args.callables.take_standard_output() {
        args.experiment.common.show(
            &place,
            || comparison::ComparisonData::of(&comparison),
            |width| comparison::terminal::text(&comparison, width),
        )?;
    }
    if comparison.precise != Some(false) {
        return Ok(Conclusion::Done);
    }
    args.experiment.common.tell_failure(|| comparison::terminal::reason(&comparison));
    Ok(Conclusion::CheckFailed)
}

fn design(args: &CompareArgs) -> Result<Design, InputError> {
    let precision = args
        .until_half_width
        .map(|half_width| Precision { half_width, most_replications: args.max_replications.get() });
    if precision.is_some_and(|precision| precision.most_replications < args.experiment.replications.get()) {
        let message = format!(
            "found {}, fewer than the {} of --replications",
            args.max_replications, args.experiment.replications
        );
        return Err(Problem::new(Place::key("--max-replications"), message)
            .with_help("allow more, or ask for fewer")
            .into());
    }
    let mut variants = variants(&args.strategies, &args.variant, &args.experiment.overriding)?;
    let callables = args.callables.door()?;
    variants.iter_mut().for_each(|variant| variant.overrides.callables.clone_from(&callables));
    Ok(Design {
        scenario: args.experiment.scenario.clone(),
        variants,
        replications: args.experiment.replications.get(),
        precision,
        metrics: args.metrics.clone(),
        confidence: args.experiment.confidence,
    })
}
