//! Verdicts on the difference between a variant and the baseline, metric by metric.

use super::metric;
use super::statistics::{self, DemandSampling, Interval, Normality, Variety};
use plimsoll_sim::summary::metrics::Better;

/// Verdict of a metric on a variant, beside the baseline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The difference is to the good.
    Better,
    /// The difference is to the bad.
    Worse,
    /// There is no difference, and nothing about it is random.
    Same,
    /// Too few replications differ for an interval of the difference.
    TooFewEvents,
    /// The interval holds zero: the replications show no difference. That is no proof of there being none.
    NotShown,
    /// The figures cannot say which is better.
    NotComparable(Reason),
}

/// Reason why figures cannot say which variant is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// Neither more nor less of it is good by itself.
    NoDirection,
    /// The variant seems better, and half of the difference or more may come from doing less work.
    LessWork,
    /// The variant seems worse, and half of the difference or more may come from doing more work.
    MoreWork,
    /// Either of the two has no value, such as the time at which something ran out that never did.
    NoValue,
    /// There is one replication, which does not show how much random demand varies.
    OneReplication,
}

impl Verdict {
    /// Returns the name in files.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Same => "same",
            Verdict::TooFewEvents => "too-few-events",
            Verdict::NotShown => "no-difference-shown",
            Verdict::NotComparable(_) => "not-comparable",
        }
    }

    /// Returns the words for a person.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Same => "the same",
            Verdict::TooFewEvents => "too few events",
            Verdict::NotShown => "no difference shown",
            Verdict::NotComparable(reason) => reason.words(),
        }
    }
}

impl Reason {
    /// Returns the words for a person.
    pub fn words(self) -> &'static str {
        match self {
            Reason::NoDirection => "neither way is better by itself",
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
    /// Difference ÷ mean of the baseline; `None` where that is 0.
    pub relative: Option<f64>,
    /// Certainty.
    pub certainty: Certainty,
}

/// Certainty of a difference.
#[derive(Clone, PartialEq, Debug)]
pub enum Certainty {
    /// Neither run draws anything from the seed: this is the difference, not an estimate of it.
    Exact,
    /// Estimate from a single pair of runs.
    OnePair,
    /// Estimate from several pairs of runs, too few of which differ from the others for an interval.
    Sparse(Variety),
    /// Estimate from the differences of several pairs of runs with a seed in common.
    Paired(Paired),
}

/// Estimate of a difference from several pairs of runs.
#[derive(Clone, PartialEq, Debug)]
pub struct Paired {
    /// Pairs.
    pub replications: usize,
    /// Relation of the runs to the demand that they stand for.
    pub sampling: DemandSampling,
    /// Interval of the mean difference at the confidence that lets all intervals of the comparison hold together.
    pub interval: Interval,
    /// The same as if it were the only one.
    pub alone: Interval,
    /// The interval of the median difference by order statistics, which supposes no distribution; `None` where
    /// there are too few pairs, and for resamples, which are no independent ones.
    pub median: Option<Interval>,
    /// Correlation of the pairs: how much the common seed helps; `None` where either does not vary.
    pub correlation: Option<f64>,
    /// Evidence that the differences are about normal: only where it is plausible do the intervals claim the confidence
    /// asked for.
    pub normality: Normality,
}

/// The confidence of intervals: alone, and so that all of a family hold together.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Confidence {
    /// Confidence of a single interval.
    pub alone: f64,
    /// Confidence of each of the family.
    pub each: f64,
}

impl Difference {
    /// Returns the difference of pairs of values (baseline, variant), at least one. `exact`: nothing about them is random.
    pub fn of(
        pairs: &[(f64, f64)],
        exact: bool,
        sampling: DemandSampling,
        confidence: Confidence,
    ) -> Difference {
        let (baseline, variant): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let differences: Vec<f64> = pairs.iter().map(|(baseline, variant)| variant - baseline).collect();
        let mean = statistics::mean(&differences);
        let baseline_mean = statistics::mean(&baseline);
        let relative = (baseline_mean != 0.0).then(|| mean / baseline_mean.abs());
        let interval = |confidence| sampling.interval(&differences, confidence);
        let variety = Variety::around(&differences, 0.0);
        let certainty = match (interval(confidence.each), interval(confidence.alone)) {
            _ if exact => Certainty::Exact,
            (Some(_), Some(_)) if !variety.tells() => Certainty::Sparse(variety),
            (Some(interval), Some(alone)) => Certainty::Paired(Paired {
                replications: pairs.len(),
                sampling,
                interval,
                alone,
                median: match sampling {
                    DemandSampling::Independent => {
                        statistics::quantile_interval(&differences, 0.5, confidence.alone)
                    }
                    DemandSampling::Resampled { .. } => None,
                },
                correlation: statistics::correlation(&baseline, &variant),
                normality: Normality::of(&differences),
            }),
            _ => Certainty::OnePair,
        };
        Difference { mean, relative, certainty }
    }

    /// Returns half the length of the interval; 0 where the difference is exact or all pairs are equal, `None` where an interval
    /// would have a width that is not known.
    pub fn half_width(&self) -> Option<f64> {
        match &self.certainty {
            Certainty::Exact => Some(0.0),
            Certainty::Paired(paired) => Some(paired.interval.half_width()),
            Certainty::Sparse(variety) if variety.differing == 0 => Some(0.0),
            Certainty::OnePair | Certainty::Sparse(_) => None,
        }
    }
}

/// Returns the verdict on a difference in `path`. `work` is the surplus of the variant's work over the baseline's, as a
/// share of the baseline's.
pub fn judge(path: &str, difference: &Difference, work: f64) -> Verdict {
    let shown = match &difference.certainty {
        Certainty::OnePair => return Verdict::NotComparable(Reason::OneReplication),
        Certainty::Sparse(_) => return Verdict::TooFewEvents,
        Certainty::Exact => difference.mean != 0.0,
        Certainty::Paired(paired) => !paired.interval.contains(0.0),
    };
    if !shown {
        let exact = difference.certainty == Certainty::Exact;
        return if exact { Verdict::Same } else { Verdict::NotShown };
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

/// Returns whether the metric falls where less work is done: a cloud that refuses everything uses no host. Such a
/// metric is taken to grow in proportion to the work at most.
fn grows_with_work(path: &str) -> bool {
    let starts =
        ["fleet.hosts_used", "fleet.host_seconds_used", "faults.instances_lost", "spot_interruptions"];
    starts.iter().any(|start| path.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed, Stream};

    const ALONE: Confidence = Confidence { alone: 0.95, each: 0.95 };

    fn verdict(path: &str, pairs: &[(f64, f64)], work: f64) -> Verdict {
        judge(path, &Difference::of(pairs, false, DemandSampling::Independent, ALONE), work)
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
            ("launch.failed", &same, Verdict::TooFewEvents),
            ("launch.failed", &[(0.0, 0.0), (0.0, 3.0), (0.0, 0.0)], Verdict::TooFewEvents),
            ("launch.failed", &up[..1], Verdict::NotComparable(Reason::OneReplication)),
        ] {
            assert_eq!(verdict(path, pairs, 0.0), expected, "{path} {pairs:?}");
        }
    }

    #[test]
    fn what_draws_nothing_is_exact() {
        let exact = |variant| Difference::of(&[(4.0, variant)], true, DemandSampling::Independent, ALONE);
        assert_eq!(exact(5.0).half_width(), Some(0.0));
        assert_eq!(exact(5.0).relative, Some(0.25));
        assert_eq!(judge("launch.failed", &exact(5.0), 0.0), Verdict::Worse);
        assert_eq!(judge("launch.failed", &exact(4.0), 0.0), Verdict::Same);
    }

    #[test]
    fn refusing_work_flatters_no_variant() {
        let path = "fleet.hosts_used_mean";
        let fewer = [(100.0, 95.0), (101.0, 96.1), (99.0, 94.2)];
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
        let pairs: Vec<(f64, f64)> = (0..8)
            .map(|i| (f64::from(i), f64::from(i) + 1.0 + f64::from(i % 2) + f64::from(i) / 64.0))
            .collect();
        let Certainty::Paired(paired) =
            Difference::of(&pairs, false, DemandSampling::Independent, ALONE).certainty
        else {
            panic!()
        };
        assert!(paired.correlation.unwrap() > 0.97);
        assert!(
            paired.interval == paired.alone && paired.median == Some(Interval { low: 1.0, high: 2.109_375 })
        );
        let wider = Difference::of(
            &pairs,
            false,
            DemandSampling::Independent,
            Confidence { alone: 0.95, each: 0.99 },
        );
        assert!(wider.half_width().unwrap() > paired.alone.half_width());
    }

    /// Returns a count of events with this mean (Knuth's product of uniform draws).
    fn poisson(stream: &mut Stream, mean: f64) -> f64 {
        let (least, mut product, mut count) = (libm::exp(-mean), stream.unit(), 0.0);
        while product > least {
            product *= stream.unit();
            count += 1.0;
        }
        count
    }

    /// Returns a crowd of events of this mean size, or with the rest of the chance none.
    fn crowd(stream: &mut Stream, chance: f64, mean: f64) -> f64 {
        if stream.unit() < chance { (-mean * libm::log(stream.unit())).ceil() } else { 0.0 }
    }

    /// A value of a run, or of the runs of a pair, with its mean.
    type Drawn = (&'static str, f64, fn(&mut Stream) -> (f64, f64));

    /// Returns how many of so many comparisons have an interval of 95 %, and in how many of these it holds the truth: all that are
    /// shown, and those whose differences are plausibly normal, which alone claim to.
    fn coverage((_, truth, draw): Drawn, replications: u64, comparisons: u64) -> [(u64, u64); 2] {
        let mut tallies = [(0, 0); 2];
        for seed in 0..comparisons {
            let mut stream = Seed(seed).stream(Purpose::Mix, replications);
            let pairs: Vec<_> = (0..replications).map(|_| draw(&mut stream)).collect();
            let difference = Difference::of(&pairs, false, DemandSampling::Independent, ALONE);
            let Certainty::Paired(paired) = difference.certainty else { continue };
            assert!(paired.alone.half_width() > 0.0, "random runs have a width");
            let is_claimed = paired.normality == Normality::Plausible;
            for (_, tally) in [true, is_claimed].into_iter().zip(&mut tallies).filter(|(counts, _)| *counts) {
                tally.0 += 1;
                tally.1 += u64::from(paired.alone.contains(truth));
            }
        }
        tallies
    }

    /// Of rare and of common events, alone and in crowds: an interval that is shown holds the true difference about as
    /// often as it says, with few replications and with many.
    #[test]
    fn intervals_that_are_shown_hold_the_truth() {
        let kinds: [Drawn; 7] = [
            ("0.05 events", 0.05, |s| (poisson(s, 0.05), poisson(s, 0.1))),
            ("0.5 events", 0.5, |s| (poisson(s, 0.5), poisson(s, 1.0))),
            ("3 events", 3.0, |s| (poisson(s, 3.0), poisson(s, 6.0))),
            ("rare crowds", 0.0, |s| (crowd(s, 0.1, 50.0), crowd(s, 0.1, 50.0))),
            ("common crowds", 0.0, |s| (crowd(s, 0.8, 50.0), crowd(s, 0.8, 50.0))),
            ("100 events", 20.0, |s| {
                let common = poisson(s, 100.0);
                (common + poisson(s, 20.0), common + poisson(s, 40.0))
            }),
            ("a mean", 0.5, |s| {
                let common = s.unit();
                (common + s.unit(), common + s.unit() + 0.5)
            }),
        ];
        for kind in kinds {
            for replications in [3, 5, 10, 20] {
                let [(shown, held), _] = coverage(kind, replications, 1000);
                // Of few that are shown chance decides how many hold; of many a binomial share is within 2 %.
                let share = held as f64 / shown.max(1) as f64;
                assert!(
                    shown < 200 || (0.91..=0.985).contains(&share),
                    "{}, {replications} replications: {held} of {shown} intervals held the truth",
                    kind.0
                );
            }
        }
    }

    /// Returns a draw with a tail that falls as x^(−shape), whose mean is 0.
    fn pareto(stream: &mut Stream, shape: f64) -> f64 {
        libm::exp(-libm::log(stream.unit()) / shape) - shape / (shape - 1.0)
    }

    /// Returns the exponential of a normal draw of this deviation, whose mean is 0.
    fn lognormal(stream: &mut Stream, sigma: f64) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(stream.unit()));
        let normal = radius * libm::cos(2.0 * std::f64::consts::PI * stream.unit());
        libm::exp(sigma * normal) - libm::exp(sigma * sigma / 2.0)
    }

    /// Returns a draw that is about normal: the sum of twelve uniform ones.
    fn even(stream: &mut Stream) -> f64 {
        (0..12).map(|_| stream.unit() - 0.5).sum()
    }

    /// Kinds of differences: with the tail of one variant heavy, with those of both, and with none.
    const TAILS: [Drawn; 9] = [
        ("Pareto 2.5, one", 0.0, |s| (0.0, pareto(s, 2.5))),
        ("Pareto 2.5, both", 0.0, |s| (pareto(s, 2.5), pareto(s, 2.5))),
        ("Pareto 1.5, one", 0.0, |s| (0.0, pareto(s, 1.5))),
        ("log-normal 1, one", 0.0, |s| (0.0, lognormal(s, 1.0))),
        ("log-normal 1.5, one", 0.0, |s| (0.0, lognormal(s, 1.5))),
        ("log-normal 1.5, both", 0.0, |s| (lognormal(s, 1.5), lognormal(s, 1.5))),
        ("exponential, one", 0.0, |s| (1.0, -libm::log(s.unit()))),
        ("uniform", 0.0, |s| (s.unit(), s.unit())),
        ("normal", 0.0, |s| (even(s), even(s))),
    ];

    /// Of the comparisons of every kind at most 5 % claim 95 % and miss the truth, and where a fifth of them claim it they hold it in 93
    /// to 97 %. Fewer than twenty
    /// replications claim it only of normal differences.
    #[test]
    fn intervals_of_heavy_tails_claim_no_more_than_they_hold() {
        const COMPARISONS: u64 = 2000;
        for kind in TAILS {
            for replications in [3, 5, 10, 20, 50] {
                let [(shown, held), (claimed, kept)] = coverage(kind, replications, COMPARISONS);
                let percent = |part: u64, of: u64| 100.0 * part as f64 / of.max(1) as f64;
                println!(
                    "{:22} {replications:3}: held {:.1} % of {shown}; claimed {:.1} %, of which {:.1} % held",
                    kind.0,
                    percent(held, shown),
                    percent(claimed, COMPARISONS),
                    percent(kept, claimed)
                );
                let name = format!("{}, {replications} replications", kind.0);
                assert!(replications >= 20 || claimed == 0, "{name}: so few do not show their shape");
                let missed = percent(claimed - kept, COMPARISONS);
                assert!(missed <= 5.0, "{name}: {missed} % claim what does not hold");
                let share = percent(kept, claimed);
                let is_rare = claimed < COMPARISONS / 5;
                assert!(is_rare || (93.0..=97.0).contains(&share), "{name}: {share} % of {claimed} hold");
                let is_normal = ["uniform", "normal"].contains(&kind.0);
                assert!(replications < 20 || !is_normal || percent(claimed, COMPARISONS) > 70.0, "{name}");
            }
        }
    }
}
