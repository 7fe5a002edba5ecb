//! Comparisons with a known answer: the intervals must hold it as often as their confidence says.

use std::path::Path;

use super::*;
use crate::Variant;
use crate::margin::Margin;
use crate::replicate::NoListener;
use crate::verdict::Certainty;
use crate::{Design, design::Precision};
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_sim::scenario::Overrides;

const TEXT: &str = "name = 'small'\nduration = '3h'\n[[zones]]\nname = 'a'\n\
    [[zones.hosts]]\ncount = 4\nvcpu = 4\nmemory_gib = 8\n[workload]\narrivals = \
    [{ process = { kind = 'poisson', per_hour = 40 }, lifetime = { kind = 'exponential', mean = '20m' }, \
    types = { 'm5.large' = 1 } }]";

fn scenario(set: &[&str]) -> Scenario {
    let overrides = Overrides {
        set: set.iter().map(|set| set.to_string()).collect(),
        seed: None,
        ..Overrides::default()
    };
    Scenario::parse(Path::new("small.toml"), TEXT, &overrides).unwrap()
}

fn design(labels: &[&str], replications: usize, metrics: &[&str]) -> Design {
    let variant = |label: &&str| Variant { label: label.to_string(), overrides: Overrides::default() };
    Design {
        scenario: "small.toml".into(),
        variants: labels.iter().map(variant).collect(),
        replications,
        precision: None,
        metrics: metrics.iter().map(|name| name.to_string()).collect(),
        confidence: 0.95,
    }
}

/// Number of made-up comparisons, to count how often an interval holds the true difference.
const COMPARISONS: u64 = 1000;

/// The metrics of the made-up comparisons.
const METRICS: [&str; 3] = ["fleet.hosts_used_mean", "launch.succeeded", "launch.requested"];

/// True difference in hosts needed of each variant to the baseline \[hosts\].
const TRUE_DIFFERENCES: [f64; 3] = [0.0, 0.5, -2.0];

/// Instances asked for in a replication.
const ASKED_FOR: u64 = 400;

/// Returns a draw with mean 0 that is not normal: the sum of three uniform ones and some of an exponential.
fn noise(stream: &mut Stream) -> f64 {
    let uniform: f64 = (0..3).map(|_| stream.unit() - 0.5).sum();
    uniform - 0.2 * (libm::log(stream.unit()) + 1.0)
}

/// Returns a replication of demand with `common` in it, of a variant that needs `shift` more hosts and launches a share of
/// what is asked for.
fn made_up(seed: u64, common: f64, shift: f64, share: f64, stream: &mut Stream) -> Figures {
    let launched = (0..ASKED_FOR).filter(|_| stream.unit() <= share).count();
    let values = [100.0 + common + shift + noise(stream), launched as f64, ASKED_FOR as f64];
    Figures::made_up(seed, METRICS.into_iter().zip(values))
}

/// Returns a comparison of variants of `scenario`, which does not run, whose figures are drawn from the stream of its number.
fn made_up_comparison(number: u64, scenario: &Scenario, share: f64) -> Comparison {
    let mut stream = Seed(number).stream(Purpose::Mix, 0);
    let labels = ["baseline", "a", "b", "c"];
    let mut arms: Vec<Arm> = labels.map(|label| Arm::new(label.to_string(), scenario.clone())).into();
    for seed in 0..10 {
        let common = 5.0 * noise(&mut stream);
        for (arm, shift) in arms.iter_mut().zip([0.0].into_iter().chain(TRUE_DIFFERENCES)) {
            arm.add(made_up(seed, common, shift, share, &mut stream), &SampleSeries::default());
        }
    }
    Comparison::of(design(&labels, 10, &METRICS[..1]), arms).unwrap()
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let scenario = scenario(&[]);
    let (mut alone, mut together, mut shares, mut shares_held) = (0, 0, 0, 0);
    for number in 0..COMPARISONS {
        let share = [0.9, 0.97, 0.995][number as usize % 3];
        let comparison = made_up_comparison(number, &scenario, share);
        let paired: Vec<_> = (comparison.rows.iter().filter_map(|row| row.difference.as_ref()))
            .map(|difference| match &difference.certainty {
                Certainty::Paired(paired) => paired.clone(),
                other => panic!("{other:?}"),
            })
            .collect();
        let truth = || paired.iter().zip(TRUE_DIFFERENCES);
        alone += u64::from(truth().nth(1).is_some_and(|(paired, truth)| paired.alone.contains(truth)));
        together += u64::from(truth().all(|(paired, truth)| paired.interval.contains(truth)));
        if let Some(interval) = comparison.arms[1].success_interval(0.95) {
            shares += 1;
            shares_held += u64::from(interval.contains(share));
        }
        assert!(paired.iter().all(|paired| paired.correlation.unwrap() > 0.5), "a common seed helps");
    }
    let share = |count: u64| count as f64 / COMPARISONS as f64;
    assert!((0.93..=0.97).contains(&share(alone)), "Student's t held the truth in {}", share(alone));
    assert!(shares > COMPARISONS / 2, "the share of launches has an interval in {shares} alone");
    let shares_held = shares_held as f64 / shares as f64;
    assert!((0.93..=0.97).contains(&shares_held), "that of the share of launches held it in {shares_held}");
    assert!(
        (0.93..=0.99).contains(&share(together)),
        "all intervals together held it in {}",
        share(together)
    );
}

#[test]
fn a_real_difference_is_found_and_a_false_one_is_not() {
    let scenario = scenario(&[]);
    let (mut found, mut false_alarms) = (0, 0);
    for number in 0..COMPARISONS {
        let comparison = made_up_comparison(number, &scenario, 0.97);
        let verdicts: Vec<Verdict> = comparison.rows.iter().filter_map(|row| row.verdict).collect();
        false_alarms += u64::from(verdicts[0] != Verdict::NotShown);
        found += u64::from(verdicts[2] == Verdict::Better);
    }
    assert!(false_alarms <= COMPARISONS / 20, "{false_alarms} differences were shown where there are none");
    assert!(found > COMPARISONS * 9 / 10, "only {found} differences of two hosts were shown");
}

fn carried_out(design: &Design, sets: &[&[&str]]) -> Comparison {
    design.run(sets.iter().map(|set| scenario(set)).collect(), usize::MAX, &NoListener).unwrap()
}

#[test]
fn replications_share_their_seeds_and_are_those_of_single_runs() {
    let sets: [&[&str]; 2] = [&[], &["zones.0.hosts.0.count=6"]];
    let comparison = carried_out(&design(&["four", "six"], 6, &[]), &sets);
    for (arm, set) in comparison.arms.iter().zip(sets) {
        for (number, figures) in arm.figures.iter().enumerate() {
            let mut scenario = scenario(set);
            scenario.seed += number as u64;
            assert_eq!(*figures, crate::trial::run(&scenario).unwrap());
        }
    }
    let row =
        comparison.rows.iter().find(|row| row.metric == "launch.success_ratio" && row.arm == 1).unwrap();
    assert_eq!(row.verdict, Some(Verdict::Better), "{row:?}");
    assert_eq!(comparison.family, comparison.metrics().len());
}

#[test]
fn the_same_scenario_twice_is_the_same() {
    let comparison = carried_out(&design(&["a", "b"], 3, &["launch", "fleet", "billing.total"]), &[&[], &[]]);
    assert!(comparison.metrics().len() > 20, "tables stand for what is in them");
    assert!(comparison.rows.iter().all(|row| row.arm == 0 || row.verdict == Some(Verdict::Same)));
}

#[test]
fn replications_are_added_until_intervals_are_narrow() {
    let mut design = design(&["four", "five"], 4, &["fleet.hosts_used_mean"]);
    let sets: [&[&str]; 2] = [&[], &["zones.0.hosts.0.count=5"]];
    let wide = carried_out(&design, &sets).rows[1].difference.as_ref().unwrap().half_width().unwrap();
    let mut with = |half_width: f64, most_replications: usize| {
        design.precision = Some(Precision { half_width: Margin::Absolute(half_width), most_replications });
        let comparison = carried_out(&design, &sets);
        (comparison.precise, comparison.replications())
    };
    assert_eq!(with(wide * 1.01, 50), (Some(true), 4));
    let (precise, replications) = with(wide / 2.0, 200);
    assert!(precise == Some(true) && replications > 4, "{replications}");
    assert_eq!(with(wide / 1e6, 7), (Some(false), 7));
}

#[test]
fn a_metric_of_no_run_is_told() {
    let told = |metric: &str| {
        let design = design(&["a", "b"], 1, &[metric]);
        design.run(vec![scenario(&[]), scenario(&[])], 1, &NoListener).unwrap_err().to_string()
    };
    assert!(told("latency_s.lunch").contains("no metric is called `latency_s.lunch`"));
    assert!(told("network.public.exhausted_at_s").contains("has no value in this run"));
}

#[test]
fn the_warm_up_is_advised_where_a_run_begins_empty() {
    let set: &[&str] = &["duration=20h", "zones.0.hosts.0.count=400", "workload.arrivals.0.lifetime.mean=1h"];
    let comparison = carried_out(&design(&["a", "b"], 8, &[]), &[set, set]);
    let advised = comparison.arms[0].settled_from_s().unwrap().unwrap();
    assert!((3600.0..6.0 * 3600.0).contains(&advised), "{advised} s to fill from empty");
    let steady: Vec<&str> = set.iter().copied().chain(["workload.start=steady-state"]).collect();
    let comparison = carried_out(&design(&["a", "b"], 8, &[]), &[&steady, &steady]);
    assert_eq!(comparison.arms[0].settled_from_s(), Some(Some(0.0)), "it begins in equilibrium");
}
