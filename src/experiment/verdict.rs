//! What the difference between a variant and the baseline shows, metric by metric.

use super::metric;
use super::statistics::{self, Interval};
use crate::summary::metrics::Better;

/// What a metric says of a variant, beside the baseline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The difference is to the good.
    Better,
    /// The difference is to the bad.
    Worse,
    /// There is none, in any replication.
    Same,
    /// The interval holds zero: the replications show no difference. That is no proof of there being none.
    NotShown,
    /// The figures cannot say which is better.
    NotComparable(Reason),
}

/// Why figures cannot say which variant is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// Neither more nor less of it is good by itself.
    NoDirection,
    /// It looks better, and as much of it as half may come from doing less work.
    LessWork,
    /// It looks worse, and as much of it as half may come from doing more work.
    MoreWork,
    /// One of the two has no value, such as a time at which nothing ran out.
    NoValue,
    /// One replication of random demand says nothing of how much it varies.
    OneReplication,
}

impl Verdict {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Same => "same",
            Verdict::NotShown => "no-difference-shown",
            Verdict::NotComparable(_) => "not-comparable",
        }
    }

    /// Its words for a person.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Same => "the same",
            Verdict::NotShown => "no difference shown",
            Verdict::NotComparable(reason) => reason.words(),
        }
    }
}

impl Reason {
    /// Its words for a person.
    pub fn words(self) -> &'static str {
        match self {
            Reason::NoDirection => "neither is good",
            Reason::LessWork => "less work done",
            Reason::MoreWork => "more work done",
            Reason::NoValue => "no value",
            Reason::OneReplication => "one replication",
        }
    }
}

/// A variant's difference to the baseline in one metric.
#[derive(Clone, PartialEq, Debug)]
pub struct Difference {
    /// Mean of the variant less mean of the baseline, in the metric's unit.
    pub mean: f64,
    /// The same by the mean of the baseline, unless that is 0.
    pub relative: Option<f64>,
    /// How well it is known.
    pub certainty: Certainty,
}

/// How well a difference is known.
#[derive(Clone, PartialEq, Debug)]
pub enum Certainty {
    /// Neither run draws anything from the seed: this is the difference, not an estimate of it.
    Exact,
    /// From one pair of runs.
    OnePair,
    /// From the differences of several pairs of runs with a seed in common.
    Paired(Paired),
}

/// What several pairs of runs say of a difference.
#[derive(Clone, PartialEq, Debug)]
pub struct Paired {
    /// Pairs.
    pub replications: usize,
    /// Student's interval at the confidence that lets all intervals of the comparison hold together.
    pub interval: Interval,
    /// Student's interval as if it were the only one.
    pub alone: Interval,
    /// The interval of the median difference by order statistics, which supposes no distribution; `None` where
    /// there are too few pairs.
    pub median: Option<Interval>,
    /// Correlation of the pairs: how much the common seed helps; `None` where either does not vary.
    pub correlation: Option<f64>,
}

/// The confidence of intervals: alone, and so that all of a family hold together.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Confidence {
    /// Of one interval that is looked at alone.
    pub alone: f64,
    /// Of each of the family.
    pub each: f64,
}

impl Difference {
    /// Of pairs of values (baseline, variant), at least one. `exact`: nothing about them is random.
    pub fn of(pairs: &[(f64, f64)], exact: bool, confidence: Confidence) -> Difference {
        let (baseline, variant): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let differences: Vec<f64> = pairs.iter().map(|(baseline, variant)| variant - baseline).collect();
        let mean = statistics::mean(&differences);
        let baseline_mean = statistics::mean(&baseline);
        let relative = (baseline_mean != 0.0).then(|| mean / baseline_mean.abs());
        let interval = |confidence| statistics::student_t(&differences, confidence);
        let certainty = match (interval(confidence.each), interval(confidence.alone)) {
            _ if exact => Certainty::Exact,
            (Some(interval), Some(alone)) => Certainty::Paired(Paired {
                replications: pairs.len(),
                interval,
                alone,
                median: statistics::quantile_interval(&differences, 0.5, confidence.alone),
                correlation: statistics::correlation(&baseline, &variant),
            }),
            _ => Certainty::OnePair,
        };
        Difference { mean, relative, certainty }
    }

    /// Half the length of the interval; 0 for what is exact, nothing for one pair.
    pub fn half_width(&self) -> Option<f64> {
        match &self.certainty {
            Certainty::Exact => Some(0.0),
            Certainty::Paired(paired) => Some(paired.interval.half_width()),
            Certainty::OnePair => None,
        }
    }
}

/// What a difference in `path` shows. `work` is by how much the variant does more work than the baseline, as a
/// share of the baseline's.
pub fn judge(path: &str, difference: &Difference, work: f64) -> Verdict {
    let shown = match &difference.certainty {
        Certainty::OnePair => return Verdict::NotComparable(Reason::OneReplication),
        Certainty::Exact => difference.mean != 0.0,
        Certainty::Paired(paired) => !paired.interval.contains(0.0),
    };
    if !shown {
        let never_differs = match &difference.certainty {
            Certainty::Paired(paired) => paired.interval == Interval { low: 0.0, high: 0.0 },
            _ => true,
        };
        return if never_differs { Verdict::Same } else { Verdict::NotShown };
    }
    let to_the_good = match metric::better(path) {
        Better::Neither => return Verdict::NotComparable(Reason::NoDirection),
        Better::Higher => difference.mean > 0.0,
        Better::Lower => difference.mean < 0.0,
    };
    let explained = grows_with_work(path) && 2.0 * work.abs() > difference.relative.unwrap_or(0.0).abs();
    match to_the_good {
        true if explained && work < 0.0 => Verdict::NotComparable(Reason::LessWork),
        false if explained && work > 0.0 => Verdict::NotComparable(Reason::MoreWork),
        true => Verdict::Better,
        false => Verdict::Worse,
    }
}

/// Whether less of it is needed, or suffered, where less work is done: who refuses everything uses no host. Such a
/// metric is taken to grow in proportion to the work at most.
fn grows_with_work(path: &str) -> bool {
    let starts =
        ["fleet.hosts_used", "fleet.host_seconds_used", "faults.instances_lost", "spot_interruptions"];
    starts.iter().any(|start| path.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: Confidence = Confidence { alone: 0.95, each: 0.95 };

    fn verdict(path: &str, pairs: &[(f64, f64)], work: f64) -> Verdict {
        judge(path, &Difference::of(pairs, false, ALONE), work)
    }

    #[test]
    fn a_verdict_needs_a_direction_and_an_interval_beside_zero() {
        let up = [(1.0, 2.0), (2.0, 3.1), (3.0, 3.9)];
        let unclear = [(1.0, 2.0), (2.0, 1.1), (3.0, 3.1)];
        let same = [(1.0, 1.0), (2.0, 2.0)];
        let none = Verdict::NotComparable(Reason::NoDirection);
        for (path, pairs, expected) in [
            ("launch.succeeded", &up[..], Verdict::Better),
            ("launch.failed", &up, Verdict::Worse),
            ("launch.failed_by_code.InternalError", &up, Verdict::Worse),
            ("billing.total", &up, none),
            ("launch.failed", &unclear, Verdict::NotShown),
            ("billing.total", &unclear, Verdict::NotShown),
            ("launch.failed", &same, Verdict::Same),
            ("launch.failed", &up[..1], Verdict::NotComparable(Reason::OneReplication)),
        ] {
            assert_eq!(verdict(path, pairs, 0.0), expected, "{path} {pairs:?}");
        }
    }

    #[test]
    fn what_draws_nothing_is_exact() {
        let exact = |variant| Difference::of(&[(4.0, variant)], true, ALONE);
        assert_eq!(exact(5.0).half_width(), Some(0.0));
        assert_eq!(exact(5.0).relative, Some(0.25));
        assert_eq!(judge("launch.failed", &exact(5.0), 0.0), Verdict::Worse);
        assert_eq!(judge("launch.failed", &exact(4.0), 0.0), Verdict::Same);
    }

    #[test]
    fn refusing_work_flatters_nobody() {
        let path = "fleet.hosts_used_mean";
        let fewer = [(100.0, 95.0), (101.0, 96.0), (99.0, 94.2)];
        assert_eq!(verdict(path, &fewer, 0.0), Verdict::Better);
        assert_eq!(
            verdict(path, &fewer, -0.01),
            Verdict::Better,
            "1 % less work does not explain 5 % fewer hosts"
        );
        assert_eq!(verdict(path, &fewer, -0.04), Verdict::NotComparable(Reason::LessWork));
        assert_eq!(verdict(path, &fewer, 0.04), Verdict::Better);
        let more = fewer.map(|(a, b)| (b, a));
        assert_eq!(verdict(path, &more, 0.04), Verdict::NotComparable(Reason::MoreWork));
        assert_eq!(verdict("launch.failed", &more, 0.04), Verdict::Worse);
    }

    #[test]
    fn the_common_seed_shows_as_correlation() {
        let pairs: Vec<(f64, f64)> =
            (0..8).map(|i| (f64::from(i), f64::from(i) + 1.0 + f64::from(i % 2))).collect();
        let Certainty::Paired(paired) = Difference::of(&pairs, false, ALONE).certainty else { panic!() };
        assert!(paired.correlation.unwrap() > 0.97);
        assert!(paired.interval == paired.alone && paired.median == Some(Interval { low: 1.0, high: 2.0 }));
        let wider = Difference::of(&pairs, false, Confidence { alone: 0.95, each: 0.99 });
        assert!(wider.half_width().unwrap() > paired.alone.half_width());
    }
}
