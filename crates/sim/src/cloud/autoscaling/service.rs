//! Service of a group: its load and capacity over time, and the load that waits or is lost.

use serde::{Deserialize, Serialize};

use crate::cloud::observe::outcome::ServiceFigures;
use plimsoll_base::units::{Duration, NS_PER_S, Time};

/// Milli-units · ns in a unit · s.
const MILLI_NS: f64 = 1000.0 * NS_PER_S as f64;

/// Load, capacity and what follows from both, as integrals over time.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct GroupService {
    reached: Time,
    /// Load of this minute \[milli-units\].
    pub load_milli: u64,
    /// Capacity in service over this minute \[milli-units · ns\].
    minute_capacity: u128,
    /// Load \[milli-units · ns\].
    load: u128,
    /// Capacity in service \[milli-units · ns\].
    capacity: u128,
    /// Load above capacity that was lost \[milli-units · ns\].
    unserved: u128,
    /// Time with utilisation above the target.
    above_target: Duration,
    /// Greatest load \[milli-units\].
    pub peak_load: u64,
    /// Load that waits \[milli-units · ns\].
    backlog: u128,
    /// Most load that waited at once \[milli-units · ns\].
    backlog_peak: u128,
    /// Time integral of the load that waits \[units · s²\].
    waited: f64,
}

/// Settings and capacity of a group that its service depends on.
#[derive(Clone, Copy, Debug)]
pub struct ServiceRule {
    /// Capacity of the instances in service \[milli-units\].
    pub capacity_milli: u64,
    /// True if load above the capacity waits.
    pub queues: bool,
    /// Utilisation to keep \[thousandths\].
    pub target_milli: Option<u64>,
}

impl GroupService {
    /// Integrates up to `now`, over a time in which the rule held.
    pub fn advance(&mut self, now: Time, rule: ServiceRule) {
        let length = now.since(self.reached);
        self.reached = now;
        if length == Duration::ZERO {
            return;
        }
        let (load, ns) = (u128::from(self.load_milli), u128::from(length.0));
        let capacity = u128::from(rule.capacity_milli);
        self.load += load * ns;
        self.capacity += capacity * ns;
        self.minute_capacity += capacity * ns;
        match rule.queues {
            true => self.wait(load, capacity, ns),
            false => self.unserved += load.saturating_sub(capacity) * ns,
        }
        if rule.target_milli.is_some_and(|target| load * 1000 > capacity * u128::from(target)) {
            self.above_target.0 += length.0;
        }
    }

    /// Lets load above the capacity wait, or works off what waits.
    fn wait(&mut self, load: u128, capacity: u128, ns: u128) {
        let before = self.backlog;
        let seconds = |ns: u128| ns as f64 / NS_PER_S as f64;
        let area = |from: u128, to: u128, ns: u128| (from + to) as f64 / MILLI_NS / 2.0 * seconds(ns);
        if load >= capacity {
            self.backlog += (load - capacity) * ns;
            self.waited += area(before, self.backlog, ns);
        } else {
            let spare = capacity - load;
            self.backlog = before.saturating_sub(spare * ns);
            // It may be worked off before the end.
            self.waited += area(before, self.backlog, ns.min(before.div_ceil(spare)));
        }
        self.backlog_peak = self.backlog_peak.max(self.backlog);
    }

    /// Returns the load that policies see: that of this minute, and what waits as a load over `drain` \[milli-units\].
    pub fn asked_milli(&self, drain: Option<Duration>) -> u64 {
        let waiting = drain.map_or(0, |drain| self.backlog / u128::from(drain.0.max(1)));
        u64::try_from(u128::from(self.load_milli) + waiting).unwrap_or(u64::MAX)
    }

    /// Ends a minute. Returns the mean capacity in it \[milli-units\].
    pub fn end_minute(&mut self, minute: Duration) -> u64 {
        (std::mem::take(&mut self.minute_capacity) / u128::from(minute.0)) as u64
    }

    /// Begins a minute with its load \[milli-units\].
    pub fn begin_minute(&mut self, load_milli: u64) {
        self.load_milli = load_milli;
        self.peak_load = self.peak_load.max(load_milli);
    }

    /// Begins to count, at the end of the warm-up: what waits goes on waiting.
    pub fn begin_window(&mut self) {
        *self = GroupService {
            reached: self.reached,
            load_milli: self.load_milli,
            minute_capacity: self.minute_capacity,
            peak_load: self.load_milli,
            backlog: self.backlog,
            backlog_peak: self.backlog,
            ..GroupService::default()
        };
    }

    /// Returns the time integral of the load that waits \[milli-units · s · ns\], and what waits now \[milli-units · s\].
    pub fn queue(&self) -> (u128, u64) {
        let integral = (self.waited * MILLI_NS) as u128;
        (integral, u64::try_from(self.backlog / u128::from(NS_PER_S)).unwrap_or(u64::MAX))
    }

    /// Returns the integrals.
    pub fn figures(&self) -> ServiceFigures {
        let load_unit_s = self.load as f64 / MILLI_NS;
        ServiceFigures {
            unserved_unit_s: self.unserved as f64 / MILLI_NS,
            load_unit_s,
            capacity_unit_s: self.capacity as f64 / MILLI_NS,
            above_target_s: self.above_target.0 as f64 / NS_PER_S as f64,
            waiting_unit_s: self.backlog as f64 / MILLI_NS,
            waiting_unit_s_peak: self.backlog_peak as f64 / MILLI_NS,
            wait_s_mean: if load_unit_s > 0.0 { self.waited / load_unit_s } else { 0.0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};

    #[test]
    fn what_waits_is_worked_off_and_its_wait_is_an_area() {
        let rule =
            |units: u64| ServiceRule { capacity_milli: units * 1000, queues: true, target_milli: None };
        let mut service = GroupService::default();
        service.begin_minute(30_000);
        // 10 units above for 60 s: 600 units · s, 30 s · 600 of waiting. Then 20 below: gone after 30 s.
        service.advance(Time(60 * NS_PER_S), rule(20));
        assert_eq!(service.asked_milli(Some(Duration::from_seconds(300))), 32_000);
        service.advance(Time(160 * NS_PER_S), rule(50));
        let figures = service.figures();
        assert_eq!((figures.waiting_unit_s, figures.waiting_unit_s_peak), (0.0, 600.0));
        assert_eq!(figures.unserved_unit_s, 0.0);
        let area = 60.0 * 600.0 / 2.0 + 30.0 * 600.0 / 2.0;
        assert!((figures.wait_s_mean - area / (30.0 * 160.0)).abs() < 1e-9, "{figures:?}");
    }

    #[test]
    fn the_queue_is_that_of_a_twin_in_small_steps_on_drawn_loads() {
        for world in 0..1000 {
            let mut random = Seed(world).stream(Purpose::Mix, 6);
            let mut service = GroupService::default();
            let (mut now, mut waiting, mut waited, mut load_sum) = (0, 0i64, 0.0, 0i64);
            for _ in 0..30 {
                let (load, capacity) = (random.below(40), random.below(40));
                service.begin_minute(load * 1000);
                let seconds = 1 + random.below(90);
                // Capacity changes within a minute too.
                for (length, capacity) in [(seconds, capacity), (1 + random.below(30), random.below(40))] {
                    now += length;
                    let rule =
                        ServiceRule { capacity_milli: capacity * 1000, queues: true, target_milli: None };
                    service.advance(Time(now * NS_PER_S), rule);
                    // In steps of a second, in which what waits changes by a whole number of units · s.
                    for _ in 0..length {
                        let net = load as i64 - capacity as i64;
                        let after = (waiting + net).max(0);
                        let share = if waiting + net < 0 { waiting as f64 / -net as f64 } else { 1.0 };
                        waited += (waiting + after) as f64 / 2.0 * share;
                        waiting = after;
                        load_sum += load as i64;
                    }
                }
            }
            let figures = service.figures();
            assert_eq!(figures.waiting_unit_s, waiting as f64, "world {world}");
            let wait = waited / (load_sum as f64).max(1.0);
            assert!(
                (figures.wait_s_mean - wait).abs() < 1e-6 * (1.0 + wait),
                "world {world}: {figures:?} {wait}"
            );
        }
    }
}
