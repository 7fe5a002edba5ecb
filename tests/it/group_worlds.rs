//! Auto Scaling groups of drawn worlds, second by second beside a plain twin: zones, weights, purchase options, warm pools, limits, and load
//! that waits. The sizes themselves are held to another twin (`crates/model/src/autoscaling/scaler/tests.rs`).

use std::fmt::Write;

use plimsoll::engine::random::{Purpose, Seed};

use crate::support::Experiment;

/// Group of a drawn world.
#[derive(Clone, Debug)]
struct World {
    zones: usize,
    boot: u64,
    desired: u64,
    /// Number from the end of each of these minutes on.
    scheduled: Vec<(u64, u64)>,
    /// Weights of `m5.large` and `m5.xlarge`, as far as the group has them. There is room for all, so that it only ever asks for the one
    /// that is cheapest by weight; the first, if both cost the same.
    weights: Vec<u64>,
    /// Units by minute, and capacity of an instance of weight 1.
    loads: Vec<u64>,
    per_instance: u64,
    newest: bool,
    base: u64,
    spot_share_milli: u64,
    warm: Option<Warm>,
    /// Beyond the number, and below it, in thousandths, while zones are evened out.
    limits: Option<(u64, u64)>,
}

#[derive(Clone, Debug)]
struct Warm {
    size: u64,
    prepared_max: u64,
    is_stopped: bool,
    reuse: bool,
}

const MINUTES: u64 = 40;
const STOP: u64 = 20;
const MAX: u64 = 30;

fn draw(seed: u64) -> World {
    let mut random = Seed(seed).stream(Purpose::Mix, 29);
    let mut below = |bound: u64| random.below(bound);
    let mut scheduled = Vec::new();
    let mut minute = 0;
    while minute < MINUTES {
        minute += 1 + below(8);
        scheduled.push((minute, below(MAX)));
    }
    let is_mixed = below(2) == 0;
    let warm = (!is_mixed && below(3) > 0).then(|| Warm {
        size: below(6),
        prepared_max: 1 + below(MAX),
        is_stopped: below(2) == 0,
        reuse: below(2) == 0,
    });
    let weights = match below(3) {
        0 => vec![1],
        1 => vec![1 + below(4)],
        _ => vec![1 + below(4), 1 + below(6)],
    };
    World {
        weights,
        zones: 1 + below(3) as usize,
        boot: [17, 37, 95, 140][below(4) as usize],
        desired: below(MAX),
        scheduled,
        loads: (0..=MINUTES).map(|_| below(300)).collect(),
        per_instance: 1 + below(20),
        newest: below(2) == 0,
        base: if is_mixed { below(8) } else { 0 },
        spot_share_milli: if is_mixed { 100 * (1 + below(10)) } else { 0 },
        warm,
        limits: (below(2) == 0)
            .then(|| if below(2) == 0 { (100 * below(10), 0) } else { (0, 100 * (1 + below(9))) }),
    }
}

fn scenario(world: &World) -> String {
    let mut text = format!(
        "duration = '{MINUTES}m'\noutput.sample_every = '1m'\nlifecycle = {{ boot = '{}s', stop = '{STOP}s' }}\n",
        world.boot
    );
    for zone in 0..world.zones {
        writeln!(text, "[[zones]]\nname = 'z{zone}'\nhosts = [{{ count = 50, vcpu = 16, memory_gib = 64 }}]")
            .unwrap();
    }
    let termination = if world.newest { "newest" } else { "oldest" };
    let spot = world.spot_share_milli as f64 / 1000.0;
    let types: Vec<String> = (["m5.large", "m5.xlarge"].iter().zip(&world.weights))
        .map(|(name, weight)| format!("{{ name = '{name}', weight = {weight} }}"))
        .collect();
    let types = if world.weights == [1] { "'m5.large'".to_string() } else { types.join(", ") };
    writeln!(
        text,
        "[[autoscaling_groups]]\nname = 'g'\nmin = 0\nmax = {MAX}\ndesired = {}\ntypes = [{types}]\nallocation = 'lowest-price'\ntermination = '{termination}'\n\
         on_demand_base = {}\nspot_share = {spot}",
        world.desired, world.base
    )
    .unwrap();
    if let Some((beyond, below)) = world.limits {
        let (min, max) = (1.0 - below as f64 / 1000.0, 1.0 + beyond as f64 / 1000.0);
        let min = if beyond == 0 && below == 0 { 0.999 } else { min };
        writeln!(text, "maintenance = {{ min_healthy = {min:.3}, max_healthy = {max:.3} }}").unwrap();
    }
    if let Some(warm) = &world.warm {
        let state = if warm.is_stopped { "stopped" } else { "running" };
        writeln!(
            text,
            "warm_pool = {{ size = {}, prepared_max = {}, state = '{state}', reuse_on_scale_in = {} }}",
            warm.size, warm.prepared_max, warm.reuse
        )
        .unwrap();
    }
    let steps: Vec<String> = (0..)
        .zip(&world.loads)
        .map(|(minute, units)| format!("{{ at = '{minute}m', units = {units} }}"))
        .collect();
    writeln!(
        text,
        "[autoscaling_groups.load]\nunits_per_instance = {}\nqueue = true\noffered = {{ kind = 'steps', steps = [{}] }}",
        world.per_instance,
        steps.join(", ")
    )
    .unwrap();
    for (minute, desired) in &world.scheduled {
        writeln!(
            text,
            "[[autoscaling_groups.policies]]\nkind = 'scheduled'\nat = '{minute}m'\ndesired = {desired}"
        )
        .unwrap();
    }
    text
}

/// Instance of the twin.
#[derive(Clone, Debug)]
struct Plain {
    number: u64,
    zone: usize,
    is_spot: bool,
    /// Second from which on it runs, or is ready.
    since: u64,
}

/// Plain twin of a group: two lists of instances.
struct Twin<'a> {
    world: &'a World,
    now: u64,
    desired: u64,
    group: Vec<Plain>,
    pool: Vec<Plain>,
    launched: u64,
}

impl Twin<'_> {
    /// Weight of every instance of the group.
    fn weight(&self) -> u64 {
        // The second type costs twice as much as the first.
        match self.world.weights[..] {
            [weight] => weight,
            [first, second] if second > 2 * first => second,
            _ => self.world.weights[0],
        }
    }

    fn sum<'b>(&self, instances: impl Iterator<Item = &'b Plain>) -> u64 {
        instances.count() as u64 * self.weight()
    }

    fn running_in(&self, zone: usize) -> u64 {
        self.sum(self.group.iter().filter(|i| i.zone == zone && i.since <= self.now))
    }

    fn all_in(&self, zone: usize) -> u64 {
        self.sum(self.group.iter().filter(|i| i.zone == zone))
    }

    fn running(&self) -> u64 {
        self.sum(self.group.iter().filter(|i| i.since <= self.now))
    }

    fn all(&self) -> u64 {
        self.sum(self.group.iter())
    }

    fn pooled(&self) -> u64 {
        self.sum(self.pool.iter())
    }

    fn on_demand_of(&self, all: u64) -> u64 {
        let above =
            all.saturating_sub(self.world.base) as f64 * (1.0 - self.world.spot_share_milli as f64 / 1000.0);
        all.min(self.world.base) + (above - 1e-9).ceil() as u64
    }

    fn wanted(&self) -> u64 {
        self.world
            .warm
            .as_ref()
            .map_or(0, |warm| warm.prepared_max.saturating_sub(self.desired).max(warm.size))
    }

    fn take(&mut self) -> bool {
        let mut zones: Vec<usize> = (0..self.world.zones).collect();
        zones.sort_by_key(|zone| self.all_in(*zone));
        for zone in zones {
            let ready = self.pool.iter().filter(|i| i.zone == zone && i.since <= self.now);
            let Some(number) = ready.map(|i| i.number).min() else { continue };
            let place = self.pool.iter().position(|i| i.number == number).unwrap();
            let mut instance = self.pool.remove(place);
            let is_stopped = self.world.warm.as_ref().unwrap().is_stopped;
            instance.since = self.now + if is_stopped { self.world.boot } else { 0 };
            self.group.push(instance);
            return true;
        }
        false
    }

    fn order(&mut self, count: u64) {
        let on_demand = self.sum(self.group.iter().filter(|i| !i.is_spot));
        let on_demand = if self.world.spot_share_milli == 0 {
            count
        } else {
            self.on_demand_of(self.all() + count).saturating_sub(on_demand).min(count)
        };
        let mut orders: Vec<(usize, bool)> = Vec::new();
        let weight = self.weight();
        while (orders.len() as u64) * weight < count {
            let ordered = |zone: &usize| orders.iter().filter(|(z, _)| z == zone).count() as u64 * weight;
            let zone = (0..self.world.zones).min_by_key(|zone| self.all_in(*zone) + ordered(zone));
            orders.push((zone.unwrap(), orders.len() as u64 * weight >= on_demand));
        }
        // Requests go out by zone, on demand first.
        orders.sort();
        for (zone, is_spot) in orders {
            self.launched += 1;
            self.group.push(Plain {
                number: self.launched,
                zone,
                is_spot,
                since: self.now + self.world.boot,
            });
        }
    }

    fn end_one(&mut self) -> Option<Plain> {
        let mut running: Vec<Plain> = self.group.iter().filter(|i| i.since <= self.now).cloned().collect();
        let on_demand = self.sum(running.iter().filter(|i| !i.is_spot));
        if on_demand < self.running() {
            let ends_spot = on_demand <= self.on_demand_of(self.desired);
            running.retain(|i| i.is_spot == ends_spot);
        }
        let most = running.iter().map(|i| self.running_in(i.zone)).max();
        running.retain(|i| Some(self.running_in(i.zone)) == most);
        running.sort_by_key(|i| i.number);
        let gone = if self.world.newest { running.last() } else { running.first() }?.clone();
        self.group.retain(|i| i.number != gone.number);
        Some(gone)
    }

    fn minute(&mut self) {
        let (running, all) = (self.running(), self.all());
        if all < self.desired {
            let mut missing = self.desired - all;
            while missing > 0 && self.take() {
                missing = missing.saturating_sub(self.weight());
            }
            self.order(missing);
        } else {
            while self.running() >= self.desired + self.weight() {
                let mut gone = self.end_one().unwrap();
                let is_kept =
                    self.world.warm.as_ref().is_some_and(|warm| warm.reuse) && self.pooled() < self.wanted();
                if is_kept {
                    let is_stopped = self.world.warm.as_ref().unwrap().is_stopped;
                    gone.since = self.now + if is_stopped { STOP } else { 0 };
                    self.pool.push(gone);
                }
            }
            if running == all && self.running() == running {
                self.even_out();
            }
        }
        self.tend();
    }

    fn even_out(&mut self) {
        let counts: Vec<u64> = (0..self.world.zones).map(|zone| self.running_in(zone)).collect();
        let difference = counts.iter().max().unwrap() - counts.iter().min().unwrap();
        // As much as evens the two zones out, and still does if the last instance is of the largest weight.
        let most = (difference / 2 + 1).saturating_sub(*self.world.weights.iter().max().unwrap());
        let (beyond, below) = match self.world.limits {
            None => (MAX - self.desired + MAX / 10, 0),
            Some((0, 0)) => (0, self.desired / 1000),
            Some((beyond, below)) => (self.desired * beyond / 1000, self.desired * below / 1000),
        };
        let (launched, ended) = (beyond.min(most), below.min(most));
        for _ in 0..ended / self.weight() {
            self.end_one();
        }
        self.order(launched + ended);
    }

    fn tend(&mut self) {
        let Some(warm) = &self.world.warm else { return };
        while self.pooled() < self.wanted() {
            let in_zone = |zone: &usize| self.pool.iter().filter(|i| i.zone == *zone).count();
            let zone = (0..self.world.zones).min_by_key(in_zone).unwrap();
            self.launched += 1;
            let stop = if warm.is_stopped { STOP } else { 0 };
            let since = self.now + self.world.boot + stop;
            self.pool.push(Plain { number: self.launched, zone, is_spot: false, since });
        }
        while self.pooled() >= self.wanted() + self.weight() {
            let ready = self.pool.iter().filter(|i| i.since <= self.now).map(|i| i.number).max();
            let Some(number) = ready else { return };
            self.pool.retain(|i| i.number != number);
        }
    }
}

#[test]
fn a_thousand_drawn_groups_are_those_of_a_plain_twin() {
    let mut seen = [0u64; 6];
    for seed in 0..1000 {
        let world = draw(seed);
        let experiment = Experiment::new(&scenario(&world));
        let (outcome, notes) = experiment.watch();
        let mut twin = Twin {
            world: &world,
            now: 0,
            desired: world.desired,
            group: Vec::new(),
            pool: Vec::new(),
            launched: 0,
        };
        let (mut waiting, mut spot, mut ready) = (0u64, 0u64, 0u64);
        for minute in 0..MINUTES {
            for (_, desired) in world.scheduled.iter().filter(|(at, _)| *at == minute) {
                twin.desired = *desired;
            }
            twin.minute();
            let found = &notes.at(60.0 * minute as f64).autoscaling_groups[0].1;
            let running = twin.running();
            let expected = (twin.desired, running, twin.all() - running, waiting as f64);
            let found = (
                u64::from(found.desired),
                u64::from(found.in_service),
                u64::from(found.coming),
                found.service.waiting_unit_s,
            );
            assert_eq!(found, expected, "minute {minute}: {world:?}\n{}", experiment.describe(seed));
            for _ in 0..60 {
                let (load, capacity) = (world.loads[minute as usize], twin.running() * world.per_instance);
                waiting = (waiting + load).saturating_sub(capacity);
                spot += twin.sum(twin.group.iter().filter(|i| i.is_spot && i.since <= twin.now));
                ready += twin.sum(twin.pool.iter().filter(|i| i.since <= twin.now));
                twin.now += 1;
            }
        }
        let group = &outcome.autoscaling_groups[0].1;
        let seconds = (MINUTES * 60) as f64;
        let near = |found: f64, sum: u64| (found * seconds - sum as f64).abs() < 1e-3;
        assert!(near(group.figures.spot_in_service_mean, spot), "{:?} {spot}: {world:?}", group.figures);
        assert!(near(group.figures.warm_ready_mean, ready), "{:?} {ready}: {world:?}", group.figures);
        let sums = [spot, ready, group.warm_starts, group.reused, group.rebalanced, waiting];
        seen.iter_mut().zip(sums).for_each(|(sum, count)| *sum += count);
    }
    assert!(seen.iter().all(|sum| *sum > 80), "all of it happens: {seen:?}");
}
