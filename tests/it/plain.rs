//! A plain simulator of interval traces that shares no code with the product: rows, a heap of departures, and
//! a look at every host for every placement: slow and short.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// vCPU, memory, GPU and local storage in their small units; network has no limit here.
pub type Amounts = [u64; 4];

pub struct Row {
    pub start_ns: u64,
    /// None: never.
    pub end_ns: Option<u64>,
    pub amounts: Amounts,
    pub account: u32,
    pub zone: Option<usize>,
}

#[derive(Clone)]
pub struct PlainHost {
    pub capacity: Amounts,
    pub zone: usize,
    pub rack: u32,
}

/// Events of the rows, in order: launched on a host, left it, or found none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Launched { at: u64, row: usize, host: usize },
    Left { at: u64, row: usize, host: usize },
    Refused { at: u64, row: usize },
}

#[derive(Default)]
pub struct Results {
    pub steps: Vec<Step>,
    pub horizon_ns: u64,
    pub peak_hosts_used: u64,
    pub host_ns_used: u128,
    pub milli_vcpu_ns_used: u128,
    pub billed_seconds: u64,
}

pub struct Plain<'a> {
    strategy: &'a str,
    hosts: &'a [PlainHost],
    free: Vec<Amounts>,
    instances: Vec<u64>,
    /// By account and partition of a zone.
    partitions: BTreeMap<(u32, usize, u32), u64>,
    last_used: usize,
    /// By host: the number of the placement that used it last, 0 for none.
    last_uses: Vec<i128>,
    /// By host: whether a placement has filled it to nine tenths since it was empty.
    is_recycled: Vec<bool>,
    /// By host: the hours in which its instances end, and their vCPU.
    exits: Vec<Vec<(i128, i128)>>,
    /// A common multiple of all capacities: every ratio is a whole number of its parts.
    whole: i128,
}

const PARTITIONS: u32 = 7;
const HOUR_NS: u64 = 3_600_000_000_000;

/// Returns the hour by whose end the instance of a row has ended.
fn exit(row: &Row) -> i128 {
    row.end_ns.map_or(u32::MAX.into(), |end| end.div_ceil(HOUR_NS).into())
}

impl<'a> Plain<'a> {
    pub fn new(strategy: &'a str, hosts: &'a [PlainHost]) -> Plain<'a> {
        let gcd = |mut a: i128, mut b: i128| {
            while b != 0 {
                (a, b) = (b, a % b);
            }
            a
        };
        let ratios =
            ["-l", "dot-product", "lexicographic", "borg-hybrid"].iter().any(|of| strategy.contains(of));
        let capacities = hosts.iter().flat_map(|host| host.capacity).filter(|c| ratios && *c > 0);
        let whole = capacities.fold(1, |whole, c| whole / gcd(whole, i128::from(c)) * i128::from(c));
        assert!(whole < 1 << 60, "sums of squares of this many parts would not fit");
        Plain {
            strategy,
            hosts,
            free: hosts.iter().map(|host| host.capacity).collect(),
            instances: vec![0; hosts.len()],
            partitions: BTreeMap::new(),
            last_used: 0,
            last_uses: vec![0; hosts.len()],
            is_recycled: vec![false; hosts.len()],
            exits: vec![Vec::new(); hosts.len()],
            whole,
        }
    }

    fn partition(&self, account: u32, host: usize) -> (u32, usize, u32) {
        (account, self.hosts[host].zone, self.hosts[host].rack % PARTITIONS)
    }

    /// Returns what a strategy wants least of, compared from left to right.
    fn cost(&self, row: &Row, host: usize) -> [i128; 4] {
        let (free, capacity) = (self.free[host].map(i128::from), self.hosts[host].capacity.map(i128::from));
        let [vcpu, memory, ..] = free;
        let there = || (0..4).filter(|i| capacity[*i] > 0);
        let ratio = |i: usize| free[i] * (self.whole / capacity[i]);
        let l1 = || there().map(ratio).sum::<i128>();
        let l2 = || there().map(|i| ratio(i) * ratio(i)).sum::<i128>();
        let linf = || there().map(ratio).max().unwrap();
        let request = |i: usize| i128::from(row.amounts[i]) * (self.whole / capacity[i]);
        let round = (host + self.hosts.len() - self.last_used) % self.hosts.len();
        let (account, zone, number) = self.partition(row.account, host);
        let in_partition = self.partitions.get(&(account, zone, number)).copied().unwrap_or(0);
        match self.strategy {
            // These hosts have no NUMA nodes that could differ.
            "first-fit" | "balance-fit" | "balance-fit-l1" => [0; 4],
            "next-fit" => [round as i128, 0, 0, 0],
            "move-to-front" => [-self.last_uses[host], 0, 0, 0],
            "spread" => [self.instances[host].into(), 0, 0, 0],
            "cluster" => [-i128::from(self.instances[host]), 0, 0, 0],
            // The default of `expression` is the rule of best fit, and these hosts have no devices that could be in fragments.
            "best-fit" | "expression" | "fgd" => [vcpu, memory, 0, 0],
            "worst-fit" => [-vcpu, -memory, 0, 0],
            "best-fit-l1" => [l1(), 0, 0, 0],
            "best-fit-l2" => [l2(), 0, 0, 0],
            "best-fit-linf" => [linf(), 0, 0, 0],
            "worst-fit-l1" => [-l1(), 0, 0, 0],
            "worst-fit-l2" => [-l2(), 0, 0, 0],
            "worst-fit-linf" => [-linf(), 0, 0, 0],
            "dot-product" => [-there().map(|i| request(i) * ratio(i)).sum::<i128>(), 0, 0, 0],
            "lexicographic" => {
                let is_empty = there().all(|i| free[i] == capacity[i]);
                let greatest = 10 * ratio(0).max(ratio(1)) / self.whole;
                [is_empty.into(), greatest, 10 * (ratio(0) + ratio(1)) / self.whole, 0]
            }
            "borg-hybrid" => {
                let difference = (ratio(0) - request(0) - ratio(1) + request(1)).abs();
                [ratio(0) + ratio(1) + 2 * difference, 0, 0, 0]
            }
            "lava" => {
                let class = |hours: i128| [1, 10, 100, 1000].iter().filter(|bound| **bound < hours).count();
                let own = class(self.hours_asked(row)) as i128;
                let of = self.hours_left(row.start_ns, host).map(|hours| class(hours) as i128);
                let level = match (of, self.is_recycled[host]) {
                    (Some(of), true) if of > own => of,
                    (Some(of), false) if of >= own => 10 + of,
                    (Some(of), false) => 30 - of,
                    (None, _) => 40,
                    (Some(of), true) => 60 - of,
                };
                [level, vcpu, memory, 0]
            }
            "dvla" => {
                let band = |hours: i128| (0..10).filter(|power| 1 << power < hours).count() as i128;
                let asked = band(self.hours_asked(row));
                let level = match self.mean_hours_left(row.start_ns, host) {
                    None => 1000,
                    Some(hours) if band(hours) < asked => 2 * (asked - band(hours)),
                    Some(hours) => band(hours) - asked,
                };
                [level, vcpu, memory, 0]
            }
            "la-binary" => {
                let is_long = |hours: i128| hours > 2;
                let level = match self.hours_left(row.start_ns, host) {
                    None => 1,
                    Some(hours) if is_long(hours) == is_long(self.hours_asked(row)) => 0,
                    Some(_) => 2,
                };
                [level, vcpu, memory, 0]
            }
            "nilas" => {
                let steps = [0, 1, 2, 4, 8, 16, 24, 48, 72, 96, 120, 144, 168];
                let step = |hours: i128| steps.iter().filter(|bound| **bound < hours).count() as i128;
                let (asked, left) = (self.hours_asked(row), self.hours_left(row.start_ns, host).unwrap_or(0));
                [(step(asked) - step(left)).max(0), vcpu, memory, 0]
            }
            "partition" => [in_partition.into(), number.into(), vcpu, memory],
            other => panic!("`{other}` draws nothing at random: state its rule here (tests/it/plain.rs) too"),
        }
    }

    /// Returns the hours from the one that has begun until the last instance of a host has ended; `None` where it has none.
    fn hours_left(&self, now_ns: u64, host: usize) -> Option<i128> {
        let (last, _) = self.exits[host].iter().max()?;
        Some((last - i128::from(now_ns / HOUR_NS)).max(0))
    }

    /// Returns the mean by vCPU of the hours that the instances of a host have left, 1000 at most; `None` where it has none.
    fn mean_hours_left(&self, now_ns: u64, host: usize) -> Option<i128> {
        let left = |hour: i128| (hour - i128::from(now_ns / HOUR_NS)).clamp(0, 1000);
        let all: i128 = self.exits[host].iter().map(|(_, vcpu)| vcpu).sum();
        let weighted = self.exits[host].iter().map(|(hour, vcpu)| left(*hour) * vcpu).sum::<i128>();
        (!self.exits[host].is_empty()).then(|| weighted / all.max(1))
    }

    /// Returns the hours from the one that has begun until the instance of a row ends.
    fn hours_asked(&self, row: &Row) -> i128 {
        exit(row) - i128::from(row.start_ns / HOUR_NS)
    }

    fn choose(&self, row: &Row) -> Option<usize> {
        let free_in = |zone: usize| -> u64 {
            (0..self.hosts.len()).filter(|h| self.hosts[*h].zone == zone).map(|h| self.free[h][0]).sum()
        };
        let zones = 1 + self.hosts.iter().map(|host| host.zone).max().unwrap();
        let mut order: Vec<usize> = row.zone.map_or((0..zones).collect(), |zone| vec![zone]);
        if order.len() > 1 {
            order.sort_by_key(|zone| Reverse(free_in(*zone)));
        }
        let fits = |host: &usize| (0..4).all(|i| row.amounts[i] <= self.free[*host][i]);
        order.into_iter().find_map(|zone| {
            let mut in_zone =
                (0..self.hosts.len()).filter(|host| self.hosts[*host].zone == zone).filter(fits);
            if self.strategy == "first-fit" {
                return in_zone.next();
            }
            in_zone.min_by_key(|host| self.cost(row, *host))
        })
    }

    /// Puts an instance on a host, or takes it off.
    fn shift(&mut self, row: &Row, host: usize, on: bool) {
        for (free, amount) in self.free[host].iter_mut().zip(row.amounts) {
            *free = if on { *free - amount } else { *free + amount };
        }
        let by = |count: &mut u64| *count = if on { *count + 1 } else { *count - 1 };
        by(&mut self.instances[host]);
        let partition = self.partition(row.account, host);
        by(self.partitions.entry(partition).or_default());
        if on {
            self.last_used = host;
            self.last_uses[host] = 1 + self.last_uses.iter().max().unwrap();
            self.exits[host].push((exit(row), row.amounts[0].into()));
            let (free, capacity) = (self.free[host], self.hosts[host].capacity);
            let is_full = (0..2).any(|i| (capacity[i] - free[i]) * 100 >= capacity[i] * 90);
            self.is_recycled[host] = is_full || (self.is_recycled[host] && self.instances[host] > 1);
        } else {
            let ending = (exit(row), i128::from(row.amounts[0]));
            let at = self.exits[host].iter().position(|of| *of == ending).unwrap();
            self.exits[host].swap_remove(at);
        }
    }

    /// Replays rows, which come in the order of their start.
    pub fn replay(mut self, rows: &[Row]) -> Results {
        let mut results = Results::default();
        // By time, then in the order of launches.
        let mut departures: BinaryHeap<Reverse<(u64, usize, usize)>> = BinaryHeap::new();
        let horizon = rows.iter().map(|row| row.end_ns.unwrap_or(row.start_ns)).max().unwrap_or(0);
        let (mut now, mut hosts_used, mut milli_vcpu, mut next) = (0u64, 0u64, 0u64, 0);
        loop {
            let leaves_at = departures.peek().map_or(u64::MAX, |Reverse((at, ..))| *at);
            let comes_at = rows.get(next).map_or(u64::MAX, |row| row.start_ns);
            let at = leaves_at.min(comes_at).min(horizon);
            results.host_ns_used += u128::from(hosts_used) * u128::from(at - now);
            results.milli_vcpu_ns_used += u128::from(milli_vcpu) * u128::from(at - now);
            now = at;
            let leaving = if leaves_at <= comes_at && leaves_at <= horizon {
                departures.pop().map(|Reverse((_, row, host))| (row, host))
            } else if let Some(row) = rows.get(next) {
                next += 1;
                let Some(host) = self.choose(row) else {
                    results.steps.push(Step::Refused { at, row: next - 1 });
                    continue;
                };
                self.shift(row, host, true);
                results.steps.push(Step::Launched { at, row: next - 1, host });
                milli_vcpu += row.amounts[0];
                hosts_used += u64::from(self.instances[host] == 1);
                results.peak_hosts_used = results.peak_hosts_used.max(hosts_used);
                let ran = row.end_ns.unwrap_or(horizon) - row.start_ns;
                results.billed_seconds += ran.div_ceil(1_000_000_000).max(60);
                // An instance that ends as it starts is gone before anything else happens.
                let leaves_at_once = row.end_ns == Some(at);
                if let Some(end) = row.end_ns.filter(|_| !leaves_at_once) {
                    departures.push(Reverse((end, next - 1, host)));
                }
                leaves_at_once.then_some((next - 1, host))
            } else {
                results.horizon_ns = horizon;
                return results;
            };
            if let Some((row, host)) = leaving {
                self.shift(&rows[row], host, false);
                results.steps.push(Step::Left { at, row, host });
                milli_vcpu -= rows[row].amounts[0];
                hosts_used -= u64::from(self.instances[host] == 0);
            }
        }
    }
}
