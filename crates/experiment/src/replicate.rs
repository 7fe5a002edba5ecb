//! Trials in parallel, with their results in the order of their numbers whatever the threads.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::trace_cache::TraceCache;
use super::trial::{self, SampleSeries, Trial};
use plimsoll_base::input::InputError;
use plimsoll_base::units::Time;
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::observe::{Observation, Observer};
use plimsoll_sim::scenario::Scenario;

/// Listener to the progress of trials, called on the threads that they run on and so in any order. Every method has an empty
/// default.
pub trait ProgressListener: Sync {
    /// Called when `trials` more trials are to run.
    fn planned(&self, _trials: usize) {}
    /// Called when a trial begins on the calling thread.
    fn began(&self, _number: usize, _scenario: &Scenario) {}
    /// Called when a trial has reached a simulated time, after so many events; first at 0 after none. An error ends
    /// the whole experiment with it.
    fn progressed(&self, _number: usize, _now: Time, _events: u64) -> Result<(), InputError> {
        Ok(())
    }
    /// Called when a bug ends a trial; the panic goes on after the call.
    fn panicked(&self, _number: usize, _now: Time, _events: u64) {}
    /// Called when a trial has ended.
    fn ended(&self, _number: usize) {}
}

/// Listener that ignores everything.
pub struct NoListener;

impl ProgressListener for NoListener {}

/// Runs trials 0 to `count` − 1, never more than `at_most` at once, and returns the results of `keep` for each,
/// in order. `scenario` makes the scenario of a trial just before it runs, so that few are held at once; `cache` has their
/// traces.
///
/// # Errors
///
/// That of the first trial, in order, that cannot run: trials begin in order, and none begins after an error.
pub fn run_all<T: Send>(
    count: usize,
    at_most: usize,
    scenario: impl Fn(usize) -> Result<Scenario, InputError> + Sync,
    keep: impl Fn(usize, Trial) -> Result<T, InputError> + Sync,
    cache: &TraceCache,
    listener: &dyn ProgressListener,
) -> Result<Vec<T>, InputError> {
    listener.planned(count);
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let finished: Mutex<Vec<(usize, Result<T, InputError>)>> = Mutex::new(Vec::with_capacity(count));
    let work = || {
        while !failed.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            let result = scenario(number)
                .and_then(|mut scenario| {
                    cache.attach(&mut scenario);
                    run_one(number, &scenario, listener)
                })
                .and_then(|trial| keep(number, trial));
            if result.is_err() {
                failed.store(true, Ordering::Relaxed);
            }
            finished.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
            listener.ended(number);
        }
    };
    let workers = at_most.clamp(1, rayon::current_num_threads()).min(count);
    rayon::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|_| work());
        }
    });
    let mut finished = finished.into_inner().unwrap_or_else(PoisonError::into_inner);
    finished.sort_by_key(|(number, _)| *number);
    finished.into_iter().map(|(_, result)| result).collect()
}

fn run_one(number: usize, scenario: &Scenario, listener: &dyn ProgressListener) -> Result<Trial, InputError> {
    listener.began(number, scenario);
    listener.progressed(number, Time::ZERO, 0)?;
    let mut observer = TrialObserver { number, listener, series: SampleSeries::default(), ended_by: None };
    let figures = trial::run_watched(scenario, &mut observer)?;
    match observer.ended_by {
        Some(error) => Err(error),
        None => Ok(Trial { figures, series: observer.series }),
    }
}

/// Watches one trial for the listener.
struct TrialObserver<'a> {
    number: usize,
    listener: &'a dyn ProgressListener,
    series: SampleSeries,
    ended_by: Option<InputError>,
}

impl Observer for TrialObserver<'_> {
    fn panicked(&mut self, now: Time, events: u64) {
        self.listener.panicked(self.number, now, events);
    }

    fn observe(&mut self, observation: &Observation, _: &Directory) {
        let Observation::Sampled(sample) = observation else { return };
        self.series.time_s.push(sample.at.as_seconds());
        self.series.hosts_used.push(sample.hosts_used as f64);
        self.series.instances_running.push(sample.instances_running as f64);
    }

    fn progressed(&mut self, now: Time, events: u64) -> ControlFlow<()> {
        match self.listener.progressed(self.number, now, events) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.ended_by = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use plimsoll_base::input::{Place, Problem};
    use plimsoll_sim::scenario::Overrides;

    const TEXT: &str = "name = 'small'\nduration = '2h'\n[[zones]]\nname = 'a'\n\
        [[zones.hosts]]\ncount = 4\nvcpu = 4\nmemory_gib = 8\n[workload]\narrivals = \
        [{ process = { kind = 'poisson', per_hour = 60 }, lifetime = { kind = 'exponential', mean = '20m' }, \
        types = { 'm5.large' = 1 } }]";

    fn scenario(seed: u64) -> Result<Scenario, InputError> {
        Scenario::parse(
            Path::new("small.toml"),
            TEXT,
            &Overrides { set: Vec::new(), seed: Some(seed), ..Overrides::default() },
        )
    }

    fn digests(count: usize, at_most: usize, threads: usize) -> Vec<String> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let keep = |_, trial: Trial| Ok(trial.figures.digest);
        let all = || {
            run_all(
                count,
                at_most,
                |number| scenario(number as u64),
                keep,
                &TraceCache::default(),
                &NoListener,
            )
        };
        pool.install(all).unwrap()
    }

    #[test]
    fn results_are_in_order_whatever_the_threads() {
        let one_by_one: Vec<String> =
            (0..9).map(|seed| trial::run(&scenario(seed).unwrap()).unwrap().digest).collect();
        for (at_most, threads) in [(1, 1), (1, 4), (2, 4), (usize::MAX, 4), (0, 2)] {
            assert_eq!(digests(9, at_most, threads), one_by_one, "{at_most} at once on {threads} threads");
        }
        assert!(digests(0, 1, 1).is_empty());
    }

    #[test]
    fn never_more_run_at_once_than_may() {
        struct Most(AtomicUsize, AtomicUsize);
        impl ProgressListener for Most {
            fn began(&self, _: usize, _: &Scenario) {
                let running = self.0.fetch_add(1, Ordering::SeqCst) + 1;
                self.1.fetch_max(running, Ordering::SeqCst);
            }
            fn ended(&self, _: usize) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(8).build().unwrap();
        let most = Most(AtomicUsize::new(0), AtomicUsize::new(0));
        let all =
            || run_all(40, 3, |number| scenario(number as u64), |_, _| Ok(()), &TraceCache::default(), &most);
        pool.install(all).unwrap();
        assert!((1..=3).contains(&most.1.into_inner()));
    }

    #[test]
    fn the_first_error_in_order_is_told() {
        let fails = |number: usize| Err(Problem::new(Place::default(), format!("trial {number}")).into());
        let keep = |number, _| if number == 3 || number == 5 { fails(number) } else { Ok(number) };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        let all = || {
            run_all(
                40,
                usize::MAX,
                |number| scenario(number as u64),
                keep,
                &TraceCache::default(),
                &NoListener,
            )
        };
        assert_eq!(pool.install(all).unwrap_err().to_string(), "trial 3");
    }

    #[test]
    fn the_audience_can_end_it() {
        struct Impatient;
        impl ProgressListener for Impatient {
            fn progressed(&self, _: usize, _: Time, _: u64) -> Result<(), InputError> {
                Err(Problem::new(Place::default(), "interrupted").into())
            }
        }
        let long = |_| {
            let set = vec!["duration=2000d".to_string()];
            Scenario::parse(
                Path::new("small.toml"),
                TEXT,
                &Overrides { set, seed: None, ..Overrides::default() },
            )
        };
        let result = run_all(2, 1, long, |_, _| Ok(()), &TraceCache::default(), &Impatient);
        assert_eq!(result.unwrap_err().to_string(), "interrupted");
    }
}
