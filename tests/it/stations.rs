//! The mechanisms of a control plane against what queueing theory says of each, with a confidence interval.
//!
//! Every figure is the mean of independent replications with fixed seeds, each of a station that starts empty and
//! is measured after a warm-up.

use plimsoll::backoff::{Backoff, Jitter};
use plimsoll::control_plane::breaker::{Breaker, BreakerVerdict};
use plimsoll::control_plane::cache::{Cache, CacheRules, Lookup};
use plimsoll::control_plane::job::JobId;
use plimsoll::control_plane::link::Link;
use plimsoll::control_plane::station::{Admission, Station, StationUse, Ticket};
use plimsoll::control_plane::token_bucket::{Limit, TokenBucket};
use plimsoll::engine::queue::EventQueue;
use plimsoll::engine::random::{Purpose, Seed};
use plimsoll::queueing;
use plimsoll::units::{Duration, NS_PER_S, Time};
use plimsoll::workload::distribution::{Distribution, Sampler};

use crate::support::assert_agrees;

/// Replications behind each figure.
const REPLICATIONS: u64 = 20;

fn sampler(distribution: Distribution) -> Sampler {
    distribution
        .compile("service", std::path::Path::new(""))
        .unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn exponential(mean_s: f64) -> Sampler {
    sampler(Distribution::Exponential { mean: seconds(mean_s) })
}

fn seconds(seconds: f64) -> Duration {
    Duration((seconds * NS_PER_S as f64).round() as u64)
}

/// A station with Poisson arrivals at one a second.
struct Experiment {
    servers: u32,
    queue_limit: Option<u32>,
    service: Sampler,
    /// Returns the time that a job waits for its service.
    patience: Option<Duration>,
    /// Seconds measured, after a tenth as many to warm up.
    length_s: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Event {
    #[default]
    Arrival,
    /// The service that began then ends.
    End(Time),
    GivesUp(u64),
}

impl Experiment {
    fn new(servers: u32, service: Sampler) -> Experiment {
        Experiment { servers, queue_limit: None, service, patience: None, length_s: 20_000 }
    }

    /// Returns what a replication measures.
    fn replicate(&self, seed: u64) -> StationUse {
        let mut station = Station::new(Some(self.servers), self.queue_limit);
        let mut events = EventQueue::<Event>::new();
        let mut arrivals = Seed(seed).stream(Purpose::CallArrival, 0);
        let mut services = Seed(seed).stream(Purpose::Lifetime, 0);
        let gaps = exponential(1.0);
        let (warm, end) = (Time((self.length_s / 10) * NS_PER_S), Time(self.length_s / 10 * 11 * NS_PER_S));
        let mut is_warm = false;
        events.push(Time::ZERO, 0, Event::Arrival);
        while let Some((now, event)) = events.pop_until(end) {
            if !is_warm && now >= warm {
                station.begin_window(now);
                is_warm = true;
            }
            let starts = match event {
                Event::Arrival => {
                    events.push(now.after(gaps.draw(&mut arrivals)), 0, Event::Arrival);
                    match (station.arrive(now, JobId(0)), self.patience) {
                        (Admission::Queued(Ticket(ticket)), Some(patience)) => {
                            events.push(now.after(patience), 0, Event::GivesUp(ticket));
                            false
                        }
                        (admission, _) => admission == Admission::Served,
                    }
                }
                Event::End(began) => station.complete(now, began).is_some(),
                Event::GivesUp(ticket) => {
                    station.abandon(now, Ticket(ticket));
                    false
                }
            };
            if starts {
                events.push(now.after(self.service.draw(&mut services)), 0, Event::End(now));
            }
        }
        station.assert_conserved(end);
        station.usage(end)
    }

    /// Returns what each replication measures.
    fn run(&self) -> Vec<StationUse> {
        (0..REPLICATIONS).map(|seed| self.replicate(seed)).collect()
    }
}

/// A figure of each replication.
fn figures(uses: &[StationUse], figure: impl Fn(&StationUse) -> f64) -> Vec<f64> {
    uses.iter().map(figure).collect()
}

fn wait_s(usage: &StationUse) -> f64 {
    usage.wait_s_mean().expect("jobs came")
}

#[test]
fn waits_of_many_servers_are_erlangs_at_three_loads() {
    for (servers, load, width) in [(1, 0.5, 0.05), (4, 0.7, 0.08), (16, 0.9, 0.2)] {
        let mean_service = load * f64::from(servers);
        let experiment = Experiment::new(servers, exponential(mean_service));
        let what = format!("wait in M/M/{servers} at load {load}");
        let exact = queueing::mmc_wait(servers, 1.0, mean_service);
        let uses = experiment.run();
        assert_agrees(&what, &figures(&uses, wait_s), exact, width);
        let busy = figures(&uses, |usage| usage.busy_ratio().expect("time passed"));
        assert_agrees("busy ratio", &busy, load, 0.02);
    }
}

#[test]
fn waits_of_one_server_are_pollaczeks_and_khinchines() {
    let laws = [
        ("constant", sampler(Distribution::Constant { value: seconds(0.7) }), 0.0),
        // Uniform from 0: the variance is a third of the squared mean.
        ("uniform", sampler(Distribution::Uniform { min: seconds(0.0), max: seconds(1.4) }), 1.0 / 3.0),
        // Half of the mean is the median: the squared variation is (mean ÷ median)² − 1.
        ("lognormal", sampler(Distribution::Lognormal { median: seconds(0.35), mean: seconds(0.7) }), 3.0),
    ];
    for (law, service, squared_variation) in laws {
        let mut experiment = Experiment::new(1, service);
        experiment.length_s = 60_000;
        let exact = queueing::pollaczek_khinchine(1.0, 0.7, squared_variation);
        assert_agrees(&format!("wait in M/G/1, {law}"), &figures(&experiment.run(), wait_s), exact, 0.15);
    }
}

#[test]
fn a_bounded_queue_refuses_as_many_as_its_states_say() {
    for (servers, queue_limit, mean_service) in [(1, 3, 0.9), (3, 2, 4.0), (2, 0, 1.0)] {
        let mut experiment = Experiment::new(servers, exponential(mean_service));
        experiment.queue_limit = Some(queue_limit);
        let exact = queueing::mmck(servers, queue_limit, 1.0, mean_service);
        let what = format!("M/M/{servers}/{}", servers + queue_limit);
        let uses = experiment.run();
        let refused = figures(&uses, |usage| usage.refused as f64 / usage.arrivals as f64);
        assert_agrees(&format!("refusals of {what}"), &refused, exact.refused, 0.05);
        if queue_limit > 0 {
            assert_agrees(&format!("wait in {what}"), &figures(&uses, wait_s), exact.wait, 0.05);
            let queue = figures(&uses, |usage| usage.queue_length_mean().expect("time passed"));
            assert_agrees(&format!("queue of {what}"), &queue, exact.queue_length, 0.05);
        }
    }
}

#[test]
fn as_many_give_up_as_barrers_formula_says() {
    for (mean_service, patience) in [(0.8, 2.0), (1.0, 1.0), (2.0, 3.0)] {
        let mut experiment = Experiment::new(1, exponential(mean_service));
        experiment.patience = Some(seconds(patience));
        let given_up = figures(&experiment.run(), |usage| usage.timed_out as f64 / usage.arrivals as f64);
        let exact = queueing::mm1_patience(1.0, mean_service, patience);
        assert_agrees(&format!("giving up at load {mean_service}"), &given_up, exact, 0.04);
    }
}

#[test]
fn transfers_that_share_a_link_stay_as_long_as_processor_sharing_says() {
    // M/M/1 with processor sharing: as many inside as first come first served, ρ ÷ (1 − ρ) on average.
    let (load, bps) = (0.6, 1_000_000_000u64);
    let bits = exponential(load);
    let gaps = exponential(1.0);
    let stays: Vec<f64> = (0..REPLICATIONS)
        .map(|seed| {
            let mut link = Link::new(Some(bps), None);
            let mut arrivals = Seed(seed).stream(Purpose::CallArrival, 0);
            let mut sizes = Seed(seed).stream(Purpose::Lifetime, 0);
            let (mut next, mut came, mut stayed) = (Time::ZERO, Vec::new(), 0);
            while came.len() < 10_000 {
                while let Some((end, job)) = link.next_end().filter(|(end, _)| *end <= next) {
                    assert_eq!(link.finish(end), Some(job));
                    stayed += end.since(came[job.0 as usize]).0;
                }
                // A nanosecond of the law is a bit: at 1 Gbit/s, a second is a second.
                link.join(next, 0, bits.draw(&mut sizes).0, JobId(came.len() as u32));
                came.push(next);
                next = next.after(gaps.draw(&mut arrivals));
            }
            while let Some((end, job)) = link.next_end() {
                link.finish(end);
                stayed += end.since(came[job.0 as usize]).0;
            }
            stayed as f64 / came.len() as f64 / NS_PER_S as f64
        })
        .collect();
    assert_agrees("stay in M/M/1-PS", &stays, load / (1.0 - load), 0.05);
}

#[test]
fn a_cache_hits_as_often_as_renewal_says() {
    for (look_rate, ttl) in [(0.2, 1.0), (1.0, 1.0), (10.0, 3.0)] {
        let gaps = exponential(1.0 / look_rate);
        let ratios: Vec<f64> = (0..REPLICATIONS)
            .map(|seed| {
                let ttl = Some(seconds(ttl));
                let rules = CacheRules { capacity: 1, ttl, invalidate_on_write: false, coalesce: false };
                let mut cache = Cache::new(rules);
                let mut looks = Seed(seed).stream(Purpose::CallArrival, 0);
                let mut now = Time::ZERO;
                for _ in 0..20_000 {
                    now = now.after(gaps.draw(&mut looks));
                    if cache.lookup(now, 7, 0) != (Lookup::Hit { stale: false }) {
                        cache.fill(now, 7, 0);
                    }
                }
                cache.counts().hit_ratio().expect("it was looked for")
            })
            .collect();
        let exact = queueing::ttl_hit_ratio(look_rate, ttl);
        assert_agrees(&format!("hit ratio at λT = {}", look_rate * ttl), &ratios, exact, 0.03);
    }
}

#[test]
fn delays_have_the_means_of_their_jitter() {
    // After the third attempt, 4 s without jitter; decorrelated, the previous delay was 2 s: from 1 s to 6 s.
    let cases = [(Jitter::None, 4.0), (Jitter::Full, 2.0), (Jitter::Equal, 3.0), (Jitter::Decorrelated, 3.5)];
    for (jitter, exact) in cases {
        let (first, longest) = (seconds(1.0), seconds(10.0));
        let backoff = Backoff { attempts: 9, first, longest, multiplier_milli: 2_000, jitter };
        let mut draws = Seed(1).stream(Purpose::Lifetime, 0);
        let mut delay = || {
            let delay = backoff.delay(3, seconds(2.0), draws.bits());
            delay.expect("attempts are left").as_seconds()
        };
        let means: Vec<f64> =
            (0..REPLICATIONS).map(|_| (0..2_000).map(|_| delay()).sum::<f64>() / 2_000.0).collect();
        assert_agrees(&format!("delay with {jitter:?} jitter"), &means, exact, 0.02);
    }
}

#[test]
fn a_bucket_passes_exactly_what_flows_in_under_any_greater_demand() {
    // 100 at once and 20 a second: of calls every 10 ms, after t seconds exactly 100 + 20 t have passed.
    let limit = Limit { bucket: 100, milli_per_s: 20_000 };
    let mut bucket = TokenBucket::full(limit);
    let mut passed = 0;
    for call in 0..=360_000u64 {
        passed += u64::from(bucket.try_take(limit, Time(call * 10_000_000), 1).is_ok());
        if call % 100 == 0 && call >= 200 {
            assert_eq!(passed, 100 + 20 * (call / 100), "after {} s", call / 100);
        }
    }
}

#[test]
fn a_breaker_lets_through_one_trial_in_each_cycle_of_an_outage() {
    // Calls every second fail from 100 s to 400 s. Five failures open it at 104 s; trials at 164, 224, 284 and
    // 344 s fail, and that at 404 s succeeds.
    let mut breaker = Breaker::new(5, seconds(60.0));
    let (mut trials, mut refused) = (Vec::new(), 0);
    for second in 0..500 {
        let now = Time(second * NS_PER_S);
        let verdict = breaker.ask(now);
        match verdict {
            BreakerVerdict::Refused => {
                refused += 1;
                continue;
            }
            BreakerVerdict::Trial => trials.push(second),
            BreakerVerdict::Pass => {}
        }
        if (100..400).contains(&second) { breaker.failed(now, verdict) } else { breaker.succeeded(verdict) }
    }
    assert_eq!(trials, [164, 224, 284, 344, 404]);
    assert_eq!(refused, 404 - 105 - 4);
    let counts = breaker.counts();
    assert_eq!((counts.opened, counts.closed, counts.passed), (5, 1, 500 - refused));
}
