//! Curve of a metric by a setting: the values that were tried, in order, with the estimates of their runs.

use super::setting::SettingValue;
use super::target::{Target, TargetStatus};
use crate::figures::Figures;
use crate::statistics::{self, Interval, bonferroni};

/// The metric whose value is a count of successes among trials, so that few trials show little, however similar the
/// replications: the share, the successes, the trials.
const COUNTED: (&str, &str, &str) = ("launch.success_ratio", "launch.succeeded", "launch.requested");

/// A value of the setting and its runs.
#[derive(Clone, Debug)]
pub struct CurvePoint {
    /// The value.
    pub setting: SettingValue,
    /// The figures of its runs in the order of the seeds; at least one.
    pub figures: Vec<Figures>,
    /// True if the seed plays no part, so that one run stands for all.
    pub certain: bool,
    /// Estimate from the runs.
    pub estimate: Estimate,
}

/// Estimate of a metric, and the status of its target.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// Mean over the runs, if all have a value.
    pub mean: Option<f64>,
    /// Interval of the metric: each end has the confidence asked for, so both together have less.
    pub interval: Option<Interval>,
    /// Status of the target.
    pub status: TargetStatus,
    /// True if random runs all have one value, whose spread says nothing of how far another run may be off.
    pub alike: bool,
}

impl Estimate {
    /// Estimates the metric from runs. The metric is within each end of the interval with `confidence`.
    ///
    /// Student's t over the replications; for the share of launches that succeed also Wilson's over all launches
    /// together, whichever reaches further: refusals come in bursts, which the first takes into account, and of a few
    /// launches that all succeed the second takes into account how little that shows.
    pub fn of(figures: &[Figures], certain: bool, target: &Target, confidence: f64) -> Estimate {
        let values: Option<Vec<f64>> = figures.iter().map(|figures| figures.get(&target.metric)).collect();
        let Some(values) = values else {
            return Estimate { mean: None, interval: None, status: TargetStatus::NotShown, alike: false };
        };
        let mean = statistics::mean(&values);
        let interval = match certain {
            true => Some(Interval { low: mean, high: mean }),
            false => sampled(&values, figures, target, confidence),
        };
        let status = interval.map_or(TargetStatus::NotShown, |interval| target.judge(interval));
        let alike = !certain && interval.is_some_and(|interval| interval.low == interval.high);
        Estimate { mean: Some(mean), interval: interval.filter(|_| !alike), status, alike }
    }
}

/// Returns the interval of random runs; `None` of one run, which does not say how much another would differ.
fn sampled(values: &[f64], figures: &[Figures], target: &Target, confidence: f64) -> Option<Interval> {
    // Each end has the confidence asked for: the rest is divided between both sides.
    let two_sided = 2.0 * confidence - 1.0;
    let student = Figures::sampling(figures).interval(values, two_sided)?;
    let (share, successes, trials) = COUNTED;
    if target.metric != share {
        return Some(student);
    }
    let sum = |path| figures.iter().filter_map(|figures| figures.get(path)).sum::<f64>() as u64;
    let wilson = statistics::wilson(sum(successes), sum(trials), two_sided);
    Some(Interval { low: student.low.min(wilson.low).max(0.0), high: student.high.max(wilson.high).min(1.0) })
}

impl CurvePoint {
    /// Returns the number of runs behind the estimate.
    pub fn runs(&self) -> usize {
        self.figures.len()
    }

    /// Returns the values of a metric, if every run has one.
    pub fn values(&self, path: &str) -> Option<Vec<f64>> {
        self.figures.iter().map(|figures| figures.get(path)).collect()
    }

    /// Returns the number of runs that meet a target each by itself.
    pub fn runs_that_meet(&self, target: &Target) -> usize {
        target.runs_that_meet(&self.figures)
    }

    /// Returns the number of hosts, and the fewest hosts that any packing of the peak would need; the most of all runs.
    pub fn hosts(&self) -> Option<(u64, u64)> {
        let most = |path| Some(self.values(path)?.into_iter().fold(0.0, f64::max) as u64);
        Some((most("fleet.hosts")?, most("fleet.hosts_lower_bound_peak")?))
    }
}

/// Values that were tried, in order.
#[derive(Clone, Debug, Default)]
pub struct Curve {
    points: Vec<CurvePoint>,
}

/// Two values of the setting between which the metric is shown to go the wrong way.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Reversal {
    /// The lesser value.
    pub from: SettingValue,
    /// Next value that was tried.
    pub to: SettingValue,
    /// Mean of the metric at `to` less that at `from`, over runs with a seed in common.
    pub change: f64,
}

impl Curve {
    /// Adds a value, in place of what was known of it.
    pub fn add(&mut self, point: CurvePoint) {
        match self.points.binary_search_by_key(&point.setting, |known| known.setting) {
            Ok(known) => self.points[known] = point,
            Err(at) => self.points.insert(at, point),
        }
    }

    /// Returns the values, least first.
    pub fn points(&self) -> &[CurvePoint] {
        &self.points
    }

    /// Returns the point of a value that was tried.
    pub fn at(&self, setting: SettingValue) -> Option<&CurvePoint> {
        let at = self.points.binary_search_by_key(&setting, |point| point.setting).ok()?;
        Some(&self.points[at])
    }

    /// Returns the places where a metric falls with more of the setting, or where it grows unless it `grows` as it should.
    /// The response is monotone where there is none: no two neighbours among the values tried differ the wrong way, to
    /// `confidence` over all of them together.
    pub fn reversals(&self, metric: &str, grows: bool, confidence: f64) -> Vec<Reversal> {
        let each = bonferroni(confidence, self.points.len().saturating_sub(1));
        self.points.windows(2).filter_map(|pair| reversal(&pair[0], &pair[1], metric, grows, each)).collect()
    }
}

fn reversal(
    from: &CurvePoint,
    to: &CurvePoint,
    metric: &str,
    grows: bool,
    confidence: f64,
) -> Option<Reversal> {
    let (before, after) = (from.values(metric)?, to.values(metric)?);
    let of = |values: &[f64], certain: bool, run: usize| values.get(if certain { 0 } else { run }).copied();
    // The one run of a certain value is in every pair; else only seeds that both have are pairs.
    let differences: Vec<f64> = (0..before.len().max(after.len()))
        .map_while(|run| Some(of(&after, to.certain, run)? - of(&before, from.certain, run)?))
        .collect();
    let change = statistics::mean(&differences);
    let interval = match from.certain && to.certain {
        true => Interval { low: change, high: change },
        false => {
            let sampling = Figures::sampling(&from.figures).with(Figures::sampling(&to.figures));
            sampling.interval(&differences, confidence)?
        }
    };
    let is_away = if grows { interval.high < 0.0 } else { interval.low > 0.0 };
    is_away.then_some(Reversal { from: from.setting, to: to.setting, change })
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRIC: &str = "launch.success_ratio";

    fn target() -> Target {
        Target::parse("launch.success_ratio >= 0.9").unwrap()
    }

    fn point(setting: u64, shares: &[f64], certain: bool) -> CurvePoint {
        let run = |(seed, share): (usize, &f64)| {
            let counts = [("launch.succeeded", share * 1000.0), ("launch.requested", 1000.0)];
            Figures::made_up(seed as u64, [(METRIC, *share)].into_iter().chain(counts))
        };
        let figures: Vec<Figures> = shares.iter().enumerate().map(run).collect();
        let estimate = Estimate::of(&figures, certain, &target(), 0.95);
        CurvePoint { setting: setting.into(), figures, certain, estimate }
    }

    #[test]
    fn one_random_run_tells_nothing_and_one_certain_run_all() {
        assert_eq!(point(1, &[0.95], false).estimate.status, TargetStatus::NotShown);
        assert_eq!(point(1, &[0.95], true).estimate.status, TargetStatus::Holds);
        assert_eq!(point(1, &[0.89], true).estimate.status, TargetStatus::Fails);
    }

    #[test]
    fn runs_that_are_alike_have_no_interval() {
        let target = Target::parse("launch.failed <= 0").unwrap();
        let of = |failed: &[f64], certain| {
            let run = |failed: &f64| Figures::made_up(1, [("launch.failed", *failed)]);
            let figures: Vec<Figures> = failed.iter().map(run).collect();
            let estimate = Estimate::of(&figures, certain, &target, 0.95);
            CurvePoint { setting: 1.into(), figures, certain, estimate }
        };
        let alike = of(&[0.0; 3], false);
        assert_eq!((alike.estimate.interval, alike.estimate.alike), (None, true));
        assert_eq!((alike.estimate.status, alike.runs_that_meet(&target)), (TargetStatus::Holds, 3));
        let exact = of(&[0.0], true);
        assert!(exact.estimate.interval.is_some() && !exact.estimate.alike);
        let apart = of(&[0.0, 1.0, 0.0], false);
        assert!(apart.estimate.interval.is_some() && !apart.estimate.alike);
        assert_eq!(apart.runs_that_meet(&target), 2);
    }

    #[test]
    fn the_interval_reaches_as_far_as_either_law_has_it() {
        // Alike replications: Student's has no width, Wilson's of 3,000 launches that all succeed ends below 1.
        let alike = point(1, &[1.0; 3], false).estimate.interval.unwrap();
        let wilson = statistics::wilson(3000, 3000, 0.9);
        assert_eq!((alike.low, alike.high), (wilson.low, 1.0));
        // Replications far apart: Student's is the wider one, but no share is above 1.
        let apart = point(1, &[0.99, 0.90, 0.999], false).estimate.interval.unwrap();
        let student = statistics::student_t(&[0.99, 0.90, 0.999], 0.9).unwrap();
        assert!(student.high > 1.0);
        assert_eq!((apart.low, apart.high), (student.low, 1.0));
    }

    #[test]
    fn points_stand_in_order_and_reversals_are_shown() {
        let mut curve = Curve::default();
        curve.add(point(4, &[0.80, 0.81, 0.82], false));
        curve.add(point(1, &[0.70, 0.71, 0.73], false));
        curve.add(point(2, &[0.90, 0.915, 0.92], false));
        let settings: Vec<SettingValue> = curve.points().iter().map(|point| point.setting).collect();
        assert_eq!(settings, [1, 2, 4].map(SettingValue::from));
        assert_eq!(curve.at(3.into()).map(|point| point.setting), None);
        let reversals = curve.reversals(METRIC, true, 0.95);
        assert_eq!(reversals.len(), 1);
        assert_eq!((reversals[0].from, reversals[0].to), (2.into(), 4.into()));
        assert_eq!(curve.reversals(METRIC, false, 0.95)[0].from, 1.into());
        // Differences that the noise explains are none.
        let mut noisy = Curve::default();
        noisy.add(point(1, &[0.9, 0.8, 0.7], false));
        noisy.add(point(2, &[0.7, 0.85, 0.7], false));
        assert!(noisy.reversals(METRIC, true, 0.95).is_empty());
        // A certain one is in every pair.
        let mut mixed = Curve::default();
        mixed.add(point(1, &[0.9], true));
        mixed.add(point(2, &[0.70, 0.71, 0.72], false));
        assert_eq!(mixed.reversals(METRIC, true, 0.95).len(), 1);
    }
}
