//! Objectives: the figures that a scenario requires of its run, and the verdict on each.

use serde_json::{Value, json};

use super::figures::Figures;
use super::metric::{self, RATIO};
use plimsoll_base::input::{InputError, Place, Problem, did_you_mean};
use plimsoll_sim::scenario::Scenario;
use plimsoll_sim::scenario::objective::ObjectiveConfig;
use plimsoll_sim::summary::percentiles;

/// Objective with the value and the verdict of a run.
#[derive(Clone, PartialEq, Debug)]
pub struct Judged<'a> {
    /// Objective.
    pub objective: &'a ObjectiveConfig,
    /// Value of the run; `None` where it has no such figure.
    pub value: Option<f64>,
    /// True if the value meets the objective.
    pub met: bool,
    /// Reason why there is no value, with the nearest names, where one is required.
    pub missing: Option<String>,
}

/// Refuses objectives about metrics that no run can have, and bounds of shares that are not from 0 to 1. The contents of tables, such as the operations with
/// a latency, are known only after the run: see [`judge`].
pub fn check(scenario: &Scenario) -> Result<(), InputError> {
    let mut problems = Vec::new();
    for (i, objective) in scenario.objectives.iter().enumerate() {
        let place = Place::key(&format!("objectives.{i}.metric"));
        problems.extend(unknown(&objective.metric, place));
        if metric::unit(&objective.metric) == RATIO {
            let bounds = [("at_most", objective.at_most), ("at_least", objective.at_least)];
            problems.extend(bounds.into_iter().filter_map(|(key, bound)| no_share(i, key, bound?)));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(scenario.locate(InputError(problems))) }
}

/// Refuses a bound of a share that is none.
fn no_share(objective: usize, key: &str, bound: f64) -> Option<Problem> {
    let place = Place::key(&format!("objectives.{objective}.{key}"));
    let problem = || Problem::new(place, format!("found {bound}, expected a share from 0 to 1"));
    (!(0.0..=1.0).contains(&bound)).then(|| problem().with_help("say `0.99` for 99 of 100"))
}

fn unknown(path: &str, place: Place) -> Option<Problem> {
    if metric::entry(path).is_none() {
        let mut problem = Problem::new(place, format!("no metric is called `{path}`"));
        let near = did_you_mean(path, metric::register().map(|metric| metric.path));
        problem.help = near.or(Some("`plimsoll list metrics` shows them all".to_string()));
        return Some(problem);
    }
    let (table, figure) = path.rsplit_once('.')?;
    let known = || percentiles::FIGURES.iter().map(|figure| figure.name).chain(["count"]);
    if table.starts_with("latency_s.") && !known().any(|name| name == figure) {
        let mut problem = Problem::new(place, format!("a latency has no `{figure}`"));
        problem.help = did_you_mean(figure, known());
        return Some(problem);
    }
    None
}

/// Judges every objective of a scenario by the figures of its run, in the order of the file.
///
/// An objective without a value is not met, but for two sorts of figure. An error code that no request met was met 0 times.
/// A resource that never ran out counts as having lasted longer than any time asked for.
pub fn judge<'a>(scenario: &'a Scenario, figures: &Figures) -> Vec<Judged<'a>> {
    let place = Place::default();
    let judged = scenario.objectives.iter().map(|objective| {
        let path = &objective.metric;
        let value = figures.get(path);
        let never = value.is_none() && metric::is_first_time(path);
        let seen = if never { f64::INFINITY } else { value.unwrap_or(f64::NAN) };
        // No number compares with NaN, so that an objective without a value is not met.
        let met = objective.at_most.is_none_or(|most| seen <= most)
            && objective.at_least.is_none_or(|least| seen >= least);
        let missing = figures.find(path, &place).err().filter(|_| !never).map(|error| error.to_string());
        Judged { objective, value, met, missing }
    });
    judged.collect()
}

/// Returns the verdicts as `summary.json` has them.
pub fn value(judged: &[Judged<'_>]) -> Value {
    let verdict = |judged: &Judged<'_>| {
        json!({
            "metric": judged.objective.metric,
            "at_most": judged.objective.at_most,
            "at_least": judged.objective.at_least,
            "value": judged.value,
            "met": judged.met,
            "missing": judged.missing,
        })
    };
    judged.iter().map(verdict).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_sim::scenario::Overrides;
    use plimsoll_sim::summary::sample::with_run;
    use std::path::Path;

    fn scenario(objectives: &str) -> Scenario {
        let text = format!(
            "name = 'small'\nduration = '1d'\nobjectives = [{objectives}]\n[[zones]]\nname = 'a'\n\
             hosts = [{{ count = 2, vcpu = 4, memory_gib = 8 }}]\n[workload]\n\
             arrivals = [{{ process = {{ kind = 'poisson', per_hour = 1 }}, types = {{ 'm5.large' = 1 }} }}]"
        );
        Scenario::parse(Path::new("small.toml"), &text, &Overrides::default())
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// The run of the tests: three launches asked for, one refused for want of room after an hour.
    #[test]
    fn a_run_meets_what_it_meets() {
        let cases = [
            ("metric = 'launch.success_ratio', at_least = 0.5", true),
            ("metric = 'launch.success_ratio', at_least = 0.99", false),
            ("metric = 'launch.failed', at_least = 1, at_most = 1", true),
            ("metric = 'launch.failed', at_least = 2, at_most = 3", false),
            ("metric = 'latency_s.launch.p50', at_most = 0", true),
            ("metric = 'latency_s.launch.max', at_most = 2.4", false),
            ("metric = 'latency_s.stop.p99', at_most = 60", false),
            ("metric = 'launch.failed_by_code.InternalError', at_most = 0", true),
            ("metric = 'network.public.exhausted_at_s', at_least = 3600", true),
            ("metric = 'first_failures.InsufficientInstanceCapacity.at_s', at_least = 7200", false),
        ];
        with_run(|run| {
            for (text, met) in cases {
                let scenario = scenario(&format!("{{ {text} }}"));
                assert_eq!(check(&scenario), Ok(()), "{text}");
                assert_eq!(judge(&scenario, &Figures::of(run))[0].met, met, "{text}");
            }
        });
    }

    #[test]
    fn what_the_run_does_not_have_is_told_with_the_nearest_names() {
        with_run(|run| {
            let scenario = scenario("{ metric = 'latency_s.lunch.p99', at_most = 60 }");
            let judged = judge(&scenario, &Figures::of(run)).remove(0);
            assert_eq!((judged.value, judged.met), (None, false));
            let missing = judged.missing.expect("no metric of this name");
            assert!(missing.contains("did you mean `latency_s.launch.p99`"), "{missing}");
        });
    }

    #[test]
    fn a_share_beyond_one_is_refused_with_its_place() {
        for (bound, is_refused) in
            [("99", true), ("1.0001", true), ("-0.1", true), ("0", false), ("1", false)]
        {
            for key in ["at_least", "at_most"] {
                let scenario = scenario(&format!("{{ metric = 'launch.success_ratio', {key} = {bound} }}"));
                let told = check(&scenario).err().map(|error| error.to_string());
                assert_eq!(told.is_some(), is_refused, "{key} = {bound}");
                let has_place =
                    |told: &String| told.contains("small.toml:3:") && told.contains("a share from 0 to 1");
                assert!(told.as_ref().is_none_or(has_place), "{told:?}");
            }
        }
        let count = scenario("{ metric = 'launch.failed', at_most = 99 }");
        assert_eq!(check(&count), Ok(()));
    }

    #[test]
    fn what_no_run_can_have_is_refused_at_once() {
        for (metric, help) in [
            ("launch.sucess_ratio", "did you mean `launch.success_ratio`"),
            ("latency_s.launch.p99.9", "known: `mean`"),
            ("latency_s.launch.p95", "did you mean `p9"),
            ("engine.wall_s", "plimsoll list metrics"),
        ] {
            let scenario = scenario(&format!("{{ metric = '{metric}', at_most = 1 }}"));
            let told = check(&scenario).unwrap_err().to_string();
            assert!(told.contains("small.toml:3:") && told.contains(help), "{told}");
        }
    }
}
