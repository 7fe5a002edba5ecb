//! What a bug leaves behind: a word on where it happened.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use plimsoll::cloud::observe::{Observer, Sample};
use plimsoll::cloud::{Cloud, RunOptions};
use plimsoll::scenario::{Overrides, Scenario};
use plimsoll::units::{Duration, Time};

use crate::command_line::SCENARIO;

/// Breaks at a sample and notes what it is told of it.
#[derive(Default)]
struct Breaking {
    stopped: Option<(Time, u64)>,
}

impl Observer for Breaking {
    fn sampled(&mut self, sample: &Sample) {
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
