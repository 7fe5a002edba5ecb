//! Traces of a bug: a word on where it happened; and inputs that once met one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use plimsoll::cloud::observe::{Observation, Observer};
use plimsoll::cloud::{Cloud, RunOptions};
use plimsoll::scenario::{Overrides, Scenario};
use plimsoll::units::{Duration, Time};
use plimsoll::workload::directory::Directory;

use crate::command_line::SCENARIO;
use crate::support::Experiment;

/// Breaks at a sample and notes what it is told of it.
#[derive(Default)]
struct Breaking {
    stopped: Option<(Time, u64)>,
}

impl Observer for Breaking {
    fn observe(&mut self, observation: &Observation, _: &Directory) {
        let Observation::Sampled(sample) = observation else { return };
        assert!(sample.at.0 < Duration::from_seconds(3600).0, "a bug for the sake of the test");
    }

    fn panicked(&mut self, now: Time, events: u64) {
        self.stopped = Some((now, events));
    }
}

#[test]
fn a_bug_tells_time_and_event_and_goes_on_as_a_panic() {
    let scenario = Scenario::parse(Path::new("small.toml"), SCENARIO, &Overrides::default()).unwrap();
    let cloud = Cloud::new(&scenario, RunOptions::default()).unwrap();
    let mut observer = Breaking::default();
    let result = catch_unwind(AssertUnwindSafe(|| cloud.run(&mut observer).map(|_| ())));
    assert!(result.is_err(), "the panic goes on");
    let (time, events) = observer.stopped.expect("the observer was told");
    assert!(time.0 <= Duration::from_seconds(3600).0 && time.0 > 0, "{time:?}");
    assert!(events > 0);
}

#[test]
fn a_shape_may_cost_more_than_64_bits_of_pico_dollars() {
    let trace = "start_s,end_s,vcpu,memory_gib\n0,7200,100000,1\n";
    let text = "zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 200000, memory_gib = 8 }] }]
        billing.shape = { usd_per_vcpu_hour = 1000, usd_per_gib_hour = 0 }";
    let (outcome, notes) = Experiment::replaying(trace, text).watch();
    // 10⁸ USD/h for two hours.
    assert_eq!(notes.samples.last().expect("one at the end").accrued_micro_usd, 200_000_000_000_000);
    assert_eq!(outcome.bill.total, 200_000_000_000_000);
}
