//! `plimsoll recommend`: the settings that cost least with which all targets hold.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use clap::Args;

use super::file_kind::{self, FileKind};
use super::journal::Journal;
use super::trials::TrialWatch;
use super::{Conclusion, arguments, machine};
use crate::experiment::recommendation::{
    self as experiment, Assumption, CostFunction, RecommendationPlan, VariableRequest,
};
use crate::experiment::sizing::Target;
use crate::input::InputError;
use crate::report::{ResultFolder, recommendation, render};
use crate::scenario::Overrides;
use crate::scenario::edited_text::edited_text;

/// Find the settings that cost least with which all targets hold.
///
/// Every point, a choice for each setting, is run with the same seeds. Where the cost is a sum over the settings, points are
/// ruled out by others (branch and bound), and the answer is the best there is, as long as more of a setting never hurts. Where
/// the cost is measured, such as a bill, the search goes to better neighbours until there is none. With --assume, what may
/// come is searched too, and the choice of least regret is told beside that of least cost.
#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n\nThe result folder holds:\n{}\n\n{EXIT}", files()))]
pub struct RecommendArgs {
    #[command(flatten)]
    experiment: arguments::Experiment,
    /// Setting to choose and its values: PATH=FROM..TO, PATH=FROM..TO:STEP or PATH=A,B,C; `*` in a path for all, which then have
    /// one value; repeatable
    #[arg(long, value_name = "PATH=VALUES", required = true)]
    vary: Vec<VariableRequest>,
    /// Cost to minimize: a sum of settings of --vary and metrics, each times a number
    #[arg(long, value_name = "COST")]
    minimize: CostFunction,
    /// Target: a metric (`plimsoll list metrics`), one of >= > <= <, a number; repeatable [default: the [[objectives]] of the
    /// scenario]
    #[arg(long, alias = "target", value_name = "TARGET", value_parser = Target::parse)]
    until: Vec<Target>,
    /// Setting that is known only to lie in an interval, such as workload.scale=0.9..1.3; repeatable
    #[arg(long, value_name = "PATH=LOW..HIGH")]
    assume: Vec<Assumption>,
    /// The most runs
    #[arg(long, value_name = "RUNS", default_value = "2000", value_parser = arguments::at_least_one)]
    budget: NonZero<usize>,
    #[command(flatten)]
    more: arguments::MoreReplications,
    /// Result folder [default: results/runs/<scenario name>-recommendation/]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll recommend SCENARIO --vary zones.0.hosts.0.count=0..40 --vary zones.0.hosts.1.count=0..20 \
      --minimize '310*zones.0.hosts.0.count + 540*zones.0.hosts.1.count' --until 'launch.success_ratio >= 0.999'
  plimsoll recommend SCENARIO --vary 'zones.*.hosts.0.count=10..200:10' --vary placement.strategy=best-fit,spread \
      --minimize 'zones.*.hosts.0.count' --assume workload.scale=0.9..1.3
  plimsoll recommend SCENARIO --vary billing.savings_plans.0.usd_per_hour=0.5..50:0.5 --minimize billing.total";

const EXIT: &str = "\
Exit codes: 0 found, 1 the targets hold at no point tried, 2 the input was wrong.";

/// Returns the files of the result folder, a line each.
fn files() -> String {
    let lines = recommendation::FILES.iter().map(|(file, holds)| format!("  {file:<19} {holds}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Searches, writes the result, prints the answer and what was tried.
pub fn main(args: &RecommendArgs) -> Result<Conclusion, InputError> {
    let path = &args.experiment.scenario;
    file_kind::expect(path, FileKind::Scenario)?;
    let mut journal = Journal::begin(path);
    args.experiment.common.limit_threads();
    let checked = plan(args).check()?;
    let default_place =
        || Path::new("results/runs").join(format!("{}-recommendation", checked.scenario.name));
    let named = args.output.clone().unwrap_or_else(default_place);
    // What could not be written in the end is refused now.
    edited_text(path, &(&args.experiment.overriding).into(), &named)?;
    let folder = ResultFolder::begin(&named)?;
    machine::check_fits(&checked.scenario)?;
    journal.read(&checked.scenario)?;
    let watch = TrialWatch::new(args.experiment.common.quiet);
    let result = experiment::search(checked, &machine::how_many_fit, &watch);
    let simulation_s = watch.finish();
    let found = result?;
    let text = found.recommended().map(|point| {
        let mut overrides = Overrides::from(&args.experiment.overriding);
        overrides.set.extend(found.checked.assignments(point));
        edited_text(path, &overrides, &named)
    });
    let execution = journal.close(simulation_s, args.experiment.common.threads());
    let files = recommendation::files(&found, text.transpose()?, &execution);
    let place = render::publish(folder, &files)?;
    args.experiment.common.show(
        &place,
        || recommendation::RecommendationData::of(&found),
        |width| recommendation::terminal::text(&found, width),
    )?;
    if found.recommended().is_some() {
        return Ok(Conclusion::Done);
    }
    args.experiment.common.tell_failure(|| recommendation::RecommendationData::of(&found).answer_in_words);
    Ok(Conclusion::CheckFailed)
}

fn plan(args: &RecommendArgs) -> RecommendationPlan {
    let replications = args.experiment.replications.get();
    RecommendationPlan {
        scenario: args.experiment.scenario.clone(),
        overrides: (&args.experiment.overriding).into(),
        variables: args.vary.clone(),
        cost: args.minimize.clone(),
        targets: args.until.clone(),
        assumptions: args.assume.clone(),
        budget: args.budget.get(),
        replications,
        most_replications: args.more.most(replications),
        confidence: args.experiment.confidence,
    }
}
