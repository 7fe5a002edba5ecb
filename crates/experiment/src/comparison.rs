//! Comparison of variants of a scenario under the same seeds, with their differences and verdicts.
//!
//! Replication `r` of every variant has the seed of the first plus `r`, so that all meet the same demand (common
//! random numbers). Every run is measured over the window that scenario and demand fix, whatever a variant does with
//! them. Replications are added in steps that depend on the figures alone, never on threads or time.

use std::collections::BTreeSet;

use super::design::Design;
use super::figures::Figures;
use super::metric;
use super::replicate::{ProgressListener, run_all};
use super::statistics::{self, DemandSampling, Interval, Normality, Variety, bonferroni};
use super::trace_cache::TraceCache;
use super::trial::SampleSeries;
use super::verdict::{Confidence, Difference, Reason, Verdict, judge};
use plimsoll_base::input::{InputError, Place};
use plimsoll_model::faults::FaultConfig;
use plimsoll_sim::scenario::Scenario;

/// A variant and all its runs.
#[derive(Clone, Debug)]
pub struct Arm {
    /// Label.
    pub label: String,
    /// The scenario it runs, with the first seed.
    pub scenario: Scenario,
    /// Figures of its replications in the order of the seeds; only one where the variant is certain.
    pub figures: Vec<Figures>,
    /// True if the seed plays no part: two seeds gave the same figures and the same digest.
    pub certain: bool,
    /// The state of the cloud over time in each replication.
    states: Vec<States>,
}

/// Parts of a run's time over which its state is averaged, to see whether it drifts.
const PARTS: usize = 20;

/// Confidence with which a run that does not drift is taken for settled.
const SETTLED: f64 = 0.99;

/// The state of the cloud in one replication: means over [`PARTS`] equal parts of its time.
#[derive(Clone, Debug)]
struct States {
    /// End of the run \[s\].
    end_s: f64,
    /// Hosts with an instance \[hosts\].
    hosts_used: Vec<f64>,
    /// Instances running \[instances\].
    instances_running: Vec<f64>,
}

impl States {
    /// Returns the states of a run; `None` unless each part has a sample.
    fn of(series: &SampleSeries) -> Option<States> {
        Some(States {
            end_s: *series.time_s.last()?,
            hosts_used: statistics::means_of_parts(&series.hosts_used, PARTS)?,
            instances_running: statistics::means_of_parts(&series.instances_running, PARTS)?,
        })
    }
}

/// A metric of one variant.
#[derive(Clone, PartialEq, Debug)]
pub struct ComparisonRow {
    /// Path of the metric.
    pub metric: String,
    /// Number of the variant; 0 is the baseline.
    pub arm: usize,
    /// Mean over the replications, if all have a value.
    pub mean: Option<f64>,
    /// Interval of the mean by itself, where there are several replications and enough of them differ.
    pub interval: Option<Interval>,
    /// Difference to the baseline; the baseline has none.
    pub difference: Option<Difference>,
    /// Verdict; the baseline has none.
    pub verdict: Option<Verdict>,
}

/// A finished comparison.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Design.
    pub design: Design,
    /// The variants, the baseline first.
    pub arms: Vec<Arm>,
    /// Metric by metric, in each the variants in order.
    pub rows: Vec<ComparisonRow>,
    /// Confidence of the intervals.
    pub confidence: Confidence,
    /// Differences that are estimated, and so have an interval that holds together with the others.
    pub family: usize,
    /// True if the precision asked for was reached; `None` where none was asked for.
    pub precise: Option<bool>,
}

impl Design {
    /// Runs the variants as [`Design::scenarios`] has read them. At most `at_most` runs are in memory at once.
    pub fn run(
        &self,
        scenarios: Vec<Scenario>,
        at_most: usize,
        listener: &dyn ProgressListener,
    ) -> Result<Comparison, InputError> {
        let labelled = self.variants.iter().zip(scenarios);
        let mut arms: Vec<Arm> =
            labelled.map(|(variant, scenario)| Arm::new(variant.label.clone(), scenario)).collect();
        // Two replications show which variants the seed does not touch, and names of metrics that no run has.
        let cache = TraceCache::default();
        extend(&mut arms, self.replications.min(2), at_most, &cache, listener)?;
        expand(&self.metrics(), &arms)?;
        arms.iter_mut().for_each(Arm::settle_certainty);
        extend(&mut arms, self.replications, at_most, &cache, listener)?;
        let mut replications = self.replications;
        loop {
            let comparison = Comparison::of(self.clone(), arms)?;
            match self.precision {
                Some(precision)
                    if comparison.precise == Some(false) && replications < precision.most_replications =>
                {
                    replications = (replications + replications.div_ceil(2)).min(precision.most_replications);
                    arms = comparison.arms;
                    extend(&mut arms, replications, at_most, &cache, listener)?;
                }
                _ => return Ok(comparison),
            }
        }
    }
}

/// Returns whether a scenario may draw nothing that matters from its seed: its demand is certain, and no host fails by
/// chance, which two seeds that both draw no failure would not show.
pub(super) fn may_be_certain(scenario: &Scenario) -> bool {
    scenario.has_certain_demand() && scenario.faults == FaultConfig::default()
}

/// Runs every variant that depends on the seed until it has so many replications.
fn extend(
    arms: &mut [Arm],
    replications: usize,
    at_most: usize,
    cache: &TraceCache,
    listener: &dyn ProgressListener,
) -> Result<(), InputError> {
    let mut missing: Vec<(usize, usize)> = Vec::new();
    for (number, arm) in arms.iter().enumerate().filter(|(_, arm)| !arm.certain) {
        missing.extend((arm.figures.len()..replications).map(|replication| (replication, number)));
    }
    // Replication by replication, so that an interrupted comparison has runs of every variant.
    missing.sort_unstable();
    let scenario = |task: usize| {
        let (replication, arm) = missing[task];
        Ok(arms[arm].replication(replication))
    };
    let trials = run_all(missing.len(), at_most, scenario, |_, trial| Ok(trial), cache, listener)?;
    for ((_, arm), trial) in missing.iter().zip(trials) {
        arms[*arm].add(trial.figures, &trial.series);
    }
    Ok(())
}

impl Arm {
    fn new(label: String, scenario: Scenario) -> Arm {
        Arm { label, scenario, figures: Vec::new(), certain: false, states: Vec::new() }
    }

    /// Returns the scenario of a replication.
    fn replication(&self, number: usize) -> Scenario {
        let mut scenario = self.scenario.clone();
        scenario.seed = scenario.seed.wrapping_add(number as u64);
        scenario
    }

    fn add(&mut self, figures: Figures, series: &SampleSeries) {
        self.figures.push(figures);
        self.states.extend(States::of(series));
    }

    /// Keeps one replication where two seeds have shown that the seed plays no part.
    fn settle_certainty(&mut self) {
        if let [first, second] = &self.figures[..]
            && may_be_certain(&self.scenario)
            && Figures::are_alike(first, second)
        {
            self.certain = true;
            self.figures.truncate(1);
            self.states.truncate(1);
        }
    }

    /// Returns the number of replications; the one of a certain variant stands for all.
    pub fn replications(&self) -> usize {
        self.figures.len()
    }

    /// Returns the values of a metric, if every replication has one.
    pub fn values(&self, path: &str) -> Option<Vec<f64>> {
        self.figures.iter().map(|figures| figures.get(path)).collect()
    }

    fn mean(&self, path: &str) -> Option<f64> {
        self.values(path).map(|values| statistics::mean(&values))
    }

    /// Returns the instances launched and asked for, over all replications.
    pub fn launches(&self) -> (u64, u64) {
        let sum = |path| self.values(path).map_or(0, |values| values.iter().map(|value| *value as u64).sum());
        (sum("launch.succeeded"), sum("launch.requested"))
    }

    /// Returns the interval of the share of instances that are launched, over the replications; `None` where too few
    /// of them differ.
    pub fn success_interval(&self, confidence: f64) -> Option<Interval> {
        let interval = self.interval_of_mean(&self.success_shares()?, confidence)?;
        Some(Interval { low: interval.low.max(0.0), high: interval.high.min(1.0) })
    }

    /// Returns the evidence that the shares of instances launched are about normal, which their interval supposes.
    pub fn success_normality(&self) -> Option<Normality> {
        self.success_shares().map(|shares| Normality::of(&shares))
    }

    /// Returns the share of instances that are launched in each replication.
    fn success_shares(&self) -> Option<Vec<f64>> {
        let (launched, asked_for) = (self.values("launch.succeeded")?, self.values("launch.requested")?);
        let pairs = launched.iter().zip(&asked_for);
        Some(pairs.map(|(launched, asked_for)| launched / asked_for.max(1.0)).collect())
    }

    /// Returns how the runs relate to the demand that they stand for.
    pub fn sampling(&self) -> DemandSampling {
        Figures::sampling(&self.figures)
    }

    /// Returns the interval of the mean of a value of each run; `None` where too few of them differ.
    fn interval_of_mean(&self, values: &[f64], confidence: f64) -> Option<Interval> {
        Variety::of(values).tells().then(|| self.sampling().interval(values, confidence))?
    }

    /// Returns the time \[s\] from which on hosts in use and instances running no longer drift. `None` for a trace, which has
    /// no steady state, and for fewer than three replications; the inner `None` where they drift throughout the first half.
    pub fn settled_from_s(&self) -> Option<Option<f64>> {
        if self.scenario.workload.trace.is_some() {
            return None;
        }
        let each = bonferroni(SETTLED, 2);
        let settled = |parts: fn(&States) -> &Vec<f64>| {
            let replications: Vec<Vec<f64>> =
                self.states.iter().map(|states| parts(states).clone()).collect();
            statistics::settled_from(&replications, each)
        };
        let (hosts, instances) =
            (settled(|states| &states.hosts_used)?, settled(|states| &states.instances_running)?);
        let part_s = self.states[0].end_s / PARTS as f64;
        Some(hosts.zip(instances).map(|(hosts, instances)| hosts.max(instances) as f64 * part_s))
    }
}

impl Comparison {
    /// Evaluates the runs of a design.
    fn of(design: Design, arms: Vec<Arm>) -> Result<Comparison, InputError> {
        let metrics = expand(&design.metrics(), &arms)?;
        let estimated = |arm: &Arm| {
            !(arm.certain && arms[0].certain) && arm.replications().max(arms[0].replications()) > 1
        };
        let family = metrics.len() * arms[1..].iter().filter(|arm| estimated(arm)).count();
        let alone = design.confidence;
        let confidence = Confidence { alone, each: bonferroni(alone, family) };
        let mut rows = Vec::new();
        for metric in &metrics {
            for (number, arm) in arms.iter().enumerate() {
                rows.push(row(metric, number, arm, &arms[0], confidence));
            }
        }
        let mut comparison = Comparison { design, arms, rows, confidence, family, precise: None };
        comparison.precise = comparison.is_precise()?;
        Ok(comparison)
    }

    /// Returns whether the differences are as precise as was asked for.
    fn is_precise(&self) -> Result<Option<bool>, InputError> {
        let Some(precision) = self.design.precision else { return Ok(None) };
        let metrics = expand(&self.design.precise_metrics(), &self.arms)?;
        let precise = metrics.iter().all(|metric| {
            let baseline_mean = self.arms[0].mean(metric).unwrap_or(0.0);
            let allowed = precision.half_width.beside(baseline_mean);
            self.arms[1..].iter().all(|arm| match difference(metric, arm, &self.arms[0], self.confidence) {
                Some(difference) => difference.half_width().is_some_and(|half_width| half_width <= allowed),
                // A metric without a value gets none by another replication.
                None => true,
            })
        });
        Ok(Some(precise))
    }

    /// Returns the metrics, in order.
    pub fn metrics(&self) -> Vec<&str> {
        self.rows.iter().filter(|row| row.arm == 0).map(|row| row.metric.as_str()).collect()
    }

    /// Returns the number of replications of the variants that depend on the seed; 1 where none does.
    pub fn replications(&self) -> usize {
        self.arms.iter().map(Arm::replications).max().unwrap_or(0)
    }
}

/// Returns the metrics that names stand for, in the order of the names; a table stands for those of its figures that any
/// variant has, in the order of the register.
fn expand(names: &[&str], arms: &[Arm]) -> Result<Vec<String>, InputError> {
    let mut expanded: Vec<String> = Vec::new();
    for name in names {
        let mut found: BTreeSet<(usize, &str)> = BTreeSet::new();
        for figures in arms.iter().flat_map(|arm| &arm.figures) {
            let within = |path: &str| path.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
            let paths = figures.iter().map(|(path, _)| path).filter(|path| path == name || within(path));
            found.extend(paths.map(|path| (metric::rank(path), path)));
            if figures.get(name).is_some() {
                found.insert((metric::rank(name), name));
            }
        }
        if found.is_empty() {
            arms[0].figures[0].find(name, &Place::key("--metrics"))?;
        }
        for (_, path) in found {
            if !expanded.iter().any(|earlier| earlier == path) {
                expanded.push(path.to_string());
            }
        }
    }
    Ok(expanded)
}

fn row(metric: &str, number: usize, arm: &Arm, baseline: &Arm, confidence: Confidence) -> ComparisonRow {
    let values = arm.values(metric);
    let mut row = ComparisonRow {
        metric: metric.to_string(),
        arm: number,
        mean: values.as_ref().map(|values| statistics::mean(values)),
        interval: values.and_then(|values| arm.interval_of_mean(&values, confidence.alone)),
        difference: None,
        verdict: None,
    };
    if number > 0 {
        row.difference = difference(metric, arm, baseline, confidence);
        row.verdict = Some(match &row.difference {
            Some(difference) => judge(metric, difference, extra_work(metric, arm, baseline)),
            None => Verdict::NotComparable(Reason::NoValue),
        });
    }
    row
}

/// Returns the difference of a variant to the baseline, pair by pair; the one run of a certain variant is in every pair.
fn difference(metric: &str, arm: &Arm, baseline: &Arm, confidence: Confidence) -> Option<Difference> {
    let (ours, theirs) = (arm.values(metric)?, baseline.values(metric)?);
    let of = |values: &[f64], certain: bool, number: usize| values[if certain { 0 } else { number }];
    let pairs: Vec<(f64, f64)> = (0..ours.len().max(theirs.len()))
        .map(|number| (of(&theirs, baseline.certain, number), of(&ours, arm.certain, number)))
        .collect();
    // Runs of one digest are one run, whatever was drawn: where their figures are equal too, there is no difference.
    let digests = |arm: &Arm| arm.figures.iter().map(|figures| figures.digest.clone()).collect::<Vec<_>>();
    let same =
        digests(arm) == digests(baseline) && pairs.iter().all(|(baseline, variant)| baseline == variant);
    let exact = same || arm.certain && baseline.certain;
    Some(Difference::of(&pairs, exact, arm.sampling().with(baseline.sampling()), confidence))
}

/// Surplus of a variant's work over the baseline's, as a share of the baseline's: in instances running or in
/// vCPU in use, whichever could excuse more of the difference in `metric`.
fn extra_work(metric: &str, arm: &Arm, baseline: &Arm) -> f64 {
    let share = |path: &str| match (arm.mean(path), baseline.mean(path)) {
        (Some(ours), Some(theirs)) if theirs != 0.0 => (ours - theirs) / theirs,
        _ => 0.0,
    };
    let fewer = arm.mean(metric) < baseline.mean(metric);
    let (instances, vcpu) = (share("fleet.instances_running_mean"), share("fleet.vcpu_used_ratio_mean"));
    if fewer { instances.min(vcpu) } else { instances.max(vcpu) }
}

#[cfg(test)]
mod tests;
