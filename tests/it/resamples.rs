//! Traces drawn anew: intervals of comparisons over demand like the recorded one.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use plimsoll::engine::random::{Purpose, Seed, Stream};
use plimsoll::experiment::trial::Variant;
use plimsoll::experiment::verdict::{Certainty, Paired};
use plimsoll::experiment::{Design, NoListener};
use plimsoll::scenario::Overrides;

use crate::checkpoints;
use crate::support::{CHECKED, Experiment, UNCHECKED};

const DAY_S: u64 = 86_400;
const DAYS: u64 = 14;

/// Returns a record of fourteen days. Days differ by chance in how busy they are, as the sum of four exponential draws does.
fn record(stream: &mut Stream) -> String {
    let mut trace = String::from("start_s,end_s,type,account\n");
    for day in 0..DAYS {
        let level = (0..4).map(|_| -libm::log(stream.unit())).sum::<f64>() / 4.0;
        let launches = (40.0 * level) as u64;
        let mut starts: Vec<u64> = (0..launches).map(|_| day * DAY_S + stream.below(DAY_S)).collect();
        // The last hour of a day has a launch, so that the last day counts as whole.
        starts.push((day + 1) * DAY_S - 1 - stream.below(3600));
        starts.sort_unstable();
        for start in starts {
            let life = (-14_400.0 * libm::log(stream.unit())) as u64;
            writeln!(trace, "{start},{},m5.large,a{}", start + life, stream.below(30)).unwrap();
        }
    }
    trace
}

const SCENARIO: &str = "name = 'record'\nduration = '14d'\n[[zones]]\nname = 'a'\n[[zones.hosts]]\ncount = 4\nvcpu = 4\n\
    memory_gib = 16\n[workload]\ntrace = 'trace.csv'\n";

/// Compares four hosts with five on a record in a folder.
fn design(folder: &Path, replications: usize) -> Design {
    let variant = |label: &str, set: &[&str]| Variant {
        label: label.to_string(),
        overrides: Overrides {
            set: set.iter().map(ToString::to_string).collect(),
            seed: None,
            ..Overrides::default()
        },
    };
    Design {
        scenario: folder.join("scenario.toml"),
        variants: vec![variant("four", &[]), variant("five", &["zones.0.hosts.0.count=5"])],
        replications,
        precision: None,
        metrics: vec!["launch.failed".to_string(), "fleet.instances_running_mean".to_string()],
        confidence: 0.95,
    }
}

/// Returns the differences of a comparison on a record, replicated as `replicate` says, metric by metric.
fn compare(trace: &str, replicate: &str, replications: usize) -> Vec<(f64, Option<Paired>)> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("trace.csv"), trace).unwrap();
    fs::write(folder.path().join("scenario.toml"), format!("{SCENARIO}{replicate}")).unwrap();
    let design = design(folder.path(), replications);
    let scenarios = design.scenarios().unwrap();
    let comparison = design.run(scenarios, usize::MAX, &NoListener).unwrap();
    let differences = comparison.rows.iter().filter_map(|row| row.difference.clone());
    differences
        .map(|difference| {
            let paired = match difference.certainty {
                Certainty::Paired(paired) => Some(paired),
                _ => None,
            };
            (difference.mean, paired)
        })
        .collect()
}

/// The interval of a comparison on one record of two weeks holds the mean difference over all such weeks as often as it says.
#[test]
fn the_interval_of_a_record_drawn_anew_holds_the_truth_of_all_such_records() {
    const RECORDS: u64 = 400;
    let mut stream = Seed(17).stream(Purpose::Mix, 0);
    let mut sums = [0.0; 2];
    for _ in 0..1500 {
        for (sum, (difference, _)) in sums.iter_mut().zip(compare(&record(&mut stream), "", 1)) {
            *sum += difference / 1500.0;
        }
    }
    let mut held = [0_u64; 2];
    for _ in 0..RECORDS {
        let found = compare(&record(&mut stream), "replicate = 'days'", 5);
        for ((held, truth), (_, paired)) in held.iter_mut().zip(sums).zip(found) {
            *held += u64::from(paired.is_some_and(|paired| paired.alone.contains(truth)));
        }
    }
    let shares = held.map(|held| held as f64 / RECORDS as f64);
    assert!(shares.iter().all(|share| (0.93..=0.97).contains(share)), "{shares:?} of {sums:?}");
}

#[test]
fn a_run_of_a_trace_drawn_anew_goes_on_from_a_checkpoint() {
    let trace = record(&mut Seed(2).stream(Purpose::Mix, 1));
    for replicate in ["days", "weeks", "accounts"] {
        for further in ["", "repeat = { times = 2, every = '14d' }", "scale = 1.5"] {
            let text = SCENARIO.replace("name = 'record'\n", "").replace("14d", "28d");
            let experiment = Experiment::new(&format!("{text}replicate = '{replicate}'\n{further}"));
            let experiment = experiment.file("trace.csv", &trace);
            let mut random = Seed(6).stream(Purpose::Mix, 2);
            checkpoints::check(&experiment.scenario(&[]), CHECKED, &mut random, &|| experiment.describe(42));
        }
    }
}

#[test]
fn each_seed_draws_other_demand_and_the_same_seed_the_same() {
    let trace = record(&mut Seed(2).stream(Purpose::Mix, 1));
    let text = SCENARIO.replace("name = 'record'\n", "");
    let experiment = Experiment::new(&format!("{text}replicate = 'days'\n")).file("trace.csv", &trace);
    let digest =
        |seed: &str| experiment.run_with(&[seed], UNCHECKED, &mut plimsoll::cloud::observe::Silent).digest;
    assert_eq!(digest("seed=1"), digest("seed=1"));
    assert_ne!(digest("seed=1"), digest("seed=2"));
}
