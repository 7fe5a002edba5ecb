//! Whole small scenarios drawn from a seed, each run with every check and twice over.
//!
//! `PLIMSOLL_SWARM=1000` adds as many fresh seeds; a failure names the seed and prints the scenario.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll::cloud::outcome::Outcome;
use plimsoll::engine::random::{Purpose, Seed, Stream};
use plimsoll::operation::Operation;
use plimsoll::placement::register::REGISTER;

use crate::support::{Experiment, launches};

/// Seeds of every test run.
const FIXED: u64 = 200;

/// A scenario in the making.
struct Draw {
    random: Stream,
    /// A seed without lifetimes that go on: everything ends before the run does.
    everything_ends: bool,
    toml: String,
    zones: u64,
    subnets: Vec<u64>,
}

const TYPES: [(&str, f64, f64); 4] =
    [("unit", 1.0, 1.0), ("slim", 2.0, 0.5), ("wide", 0.5, 6.0), ("large", 6.0, 12.0)];

const LIFETIMES: [&str; 5] = [
    "{ kind = 'constant', value = '90s' }",
    "{ kind = 'exponential', mean = '4m' }",
    "{ kind = 'uniform', min = '0s', max = '8m' }",
    "{ kind = 'weibull', shape = 0.6, scale = '2m' }",
    "{ kind = 'hyperexponential', weights = [9, 1], means = ['30s', '20m'] }",
];

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.random.below(bound)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.random.below(100) < percent
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.random.below(all.len() as u64) as usize]
    }

    fn line(&mut self, text: impl AsRef<str>) {
        writeln!(self.toml, "{}", text.as_ref()).expect("a string takes anything");
    }

    fn scenario(&mut self, seed: u64) {
        let strategy = REGISTER[self.below(REGISTER.len() as u64) as usize].name;
        self.line(format!("seed = {seed}\nduration = '1h'\nplacement.strategy = '{strategy}'"));
        if self.chance(30) {
            self.line(format!("warmup = '{}s'", seed % 3000));
        }
        if self.chance(40) {
            let [boot, stop, terminate] = [0; 3].map(|_| self.one_of(&["0s", "1s", "45s", "10m"]));
            self.line(format!(
                "lifecycle = {{ boot = '{boot}', stop = '{stop}', terminate = '{terminate}' }}"
            ));
        }
        for zone in 0..self.zones {
            self.line(format!("[[zones]]\nname = 'z{zone}'"));
            for _ in 0..1 + self.below(3) {
                self.hosts();
            }
        }
        for (name, vcpu, memory_gib) in TYPES {
            self.line(format!(
                "[[instance_types]]\nname = '{name}'\nvcpu = {vcpu:?}\nmemory_gib = {memory_gib:?}"
            ));
        }
        if self.chance(60) {
            self.network();
        }
    }

    fn hosts(&mut self) {
        let count = 1 + self.below(6);
        let many = if self.chance(30) {
            format!("elastic = true\nmax_hosts = {count}")
        } else {
            format!("count = {count}")
        };
        let (vcpu, memory) = (self.one_of(&[4.0, 8.0, 15.5]), self.one_of(&[8.0, 16.0, 31.25]));
        self.line(format!("[[zones.hosts]]\n{many}\nvcpu = {vcpu:?}\nmemory_gib = {memory:?}"));
        if self.chance(30) {
            let gpu = self.one_of(&[0.5, 4.0]);
            self.line(format!("gpu = {gpu:?}"));
        }
        if self.chance(20) {
            let most = 1 + self.below(4);
            self.line(format!("max_instances = {most}"));
        }
        if self.chance(20) {
            self.line("reserved_vcpu = 0.75\nreserved_memory_gib = 1.5");
        }
        if self.chance(40) {
            let hosts = 1 + self.below(3);
            self.line(format!("hosts_per_rack = {hosts}"));
        }
    }

    fn network(&mut self) {
        let public = self.chance(50);
        self.line("[network]");
        if public {
            let addresses = self.below(30);
            self.line(format!("public_addresses = {addresses}"));
        }
        let vpcs = 1 + self.below(2);
        for subnet in 0..1 + self.below(3) {
            let zone = self.below(self.zones);
            let (prefix, assign) = (26 + self.below(3), public && self.chance(50));
            self.line(format!(
                "[[network.subnets]]\nname = 's{subnet}'\nzone = 'z{zone}'\ncidr = '10.0.{subnet}.0/{prefix}'\n\
                 vpcs = {vpcs}\nassign_public_address = {assign}"
            ));
            self.subnets.push(zone);
        }
    }

    /// Settings of the demand that do not depend on its form: zone and subnet, where there is one.
    fn place(&mut self) -> (Option<u64>, Option<u64>) {
        let subnet = if self.subnets.is_empty() || self.chance(60) {
            None
        } else {
            Some(self.below(self.subnets.len() as u64))
        };
        let any_zone = self.below(self.zones);
        let zone = self.chance(30).then(|| subnet.map_or(any_zone, |subnet| self.subnets[subnet as usize]));
        (zone, subnet)
    }

    fn arrivals(&mut self) {
        for _ in 0..1 + self.below(2) {
            let process = self.one_of(&[
                "{ kind = 'poisson', per_hour = 200.0 }",
                "{ kind = 'constant', every = '20s' }",
                "{ kind = 'batch', per_hour = 60.0, mean_size = 4.0 }",
                "{ kind = 'mmpp', per_hour = [30, 900], mean_sojourn = ['10m', '3m'] }",
            ]);
            let (lifetime, types) = (
                self.one_of(&LIFETIMES),
                self.one_of(&["unit = 1", "unit = 3, large = 1", "slim = 1, wide = 1"]),
            );
            self.line(format!(
                "[[workload.arrivals]]\nprocess = {process}\nlifetime = {lifetime}\ntypes = {{ {types} }}"
            ));
            if self.chance(30) {
                let (count, least) = (1 + self.below(5), 1);
                self.line(format!("count = {count}\nmin_count = {least}"));
            }
            if self.chance(40) {
                self.line("accounts = 3");
            }
            if self.chance(40) {
                let (run, stopped) = (self.one_of(&LIFETIMES), self.one_of(&LIFETIMES));
                self.line(format!("stops = {{ run = {run}, stopped = {stopped} }}"));
            }
            let (zone, subnet) = self.place();
            zone.into_iter().for_each(|zone| self.line(format!("zone = 'z{zone}'")));
            subnet.into_iter().for_each(|subnet| self.line(format!("subnet = 's{subnet}'")));
        }
    }

    /// In some worlds demand reacts: launches wait or are tried again, jobs take instances of a pool, a group serves a load. Drawn from a
    /// stream of its own, so that the rest of a world stays as it is.
    fn reactions(&mut self, seed: u64, has_trace: bool, has_arrivals: bool) {
        self.random = Seed(seed).stream(Purpose::Mix, 98);
        if self.everything_ends || !self.chance(40) {
            return;
        }
        let full = self.one_of(&["refuse", "wait", "wait-backfill"]);
        self.toml = format!("placement.when_full = '{full}'\n{}", self.toml);
        if has_arrivals && self.chance(60) {
            self.on_refusal("workload.arrivals.on_refusal");
        }
        if has_trace && self.chance(60) {
            self.on_refusal("workload.on_refusal");
        }
        if self.chance(50) {
            let (size, state) = (1 + self.below(4), self.one_of(&["running", "stopped", "hibernated"]));
            let lifetime = self.one_of(&LIFETIMES);
            self.line(format!(
                "[[pools]]\nname = 'runners'\ntypes = ['unit', 'slim']\nsize = {size}\nstate = '{state}'\n\
                 [[workload.jobs]]\npool = 'runners'\nprocess = {{ kind = 'poisson', per_hour = 60 }}\nlifetime = {lifetime}"
            ));
        }
        if self.chance(60) {
            self.group();
        }
    }

    fn on_refusal(&mut self, table: &str) {
        let (attempts, delay) = (1 + self.below(4), 1 + self.below(90));
        let zones = self.one_of(&["named", "any"]);
        self.line(format!(
            "[{table}]\nattempts = {attempts}\nfirst_delay = '{delay}s'\ntypes = ['wide']\nzones = '{zones}'"
        ));
    }

    fn group(&mut self) {
        let types = self.one_of(&[
            "'unit'",
            "'large', 'unit'",
            "{ name = 'large', weight = 6 }, { name = 'unit', weight = 1 }",
            "{ name = 'slim', weight = 2 }, { name = 'wide', weight = 3 }",
        ]);
        let more = self.one_of(&[
            "",
            "spot_share = 0.4\ncapacity_rebalance = true",
            "warm_pool = { size = 2, prepared_max = 5, reuse_on_scale_in = true }",
            "warm_pool = { state = 'running', prepared_max = 6 }\nmaintenance = { min_healthy = 0.5, max_healthy = 1 }",
        ]);
        let allocation =
            self.one_of(&["prioritized", "lowest-price", "capacity-optimized", "price-capacity-optimized"]);
        let termination = self.one_of(&["oldest", "newest", "closest-to-next-hour", "allocation-strategy"]);
        let (max, units, queue) = (2 + self.below(12), 10 + self.below(100), self.chance(50));
        self.line(format!(
            "[[autoscaling_groups]]\nname = 'web'\nmax = {max}\ndesired = 2\ntypes = [{types}]\n{more}\n\
             allocation = '{allocation}'\ntermination = '{termination}'\n[autoscaling_groups.load]\n\
             units_per_instance = 10\nnoise = 0.5\nqueue = {queue}\noffered = {{ kind = 'constant', units = {units} }}\n\
             [[autoscaling_groups.policies]]\nkind = 'target-tracking'\ntarget = 0.7\n\
             [[autoscaling_groups.policies]]\nkind = 'scheduled'\nat = '7m'\nevery = '11m'\nmin = 1\ndesired = 2"
        ));
    }

    /// A bare time, sometimes between two seconds.
    fn times(&mut self, count: u64) -> Vec<f64> {
        let mut times: Vec<f64> = (0..count).map(|_| self.random.below(1_600) as f64 / 2.0).collect();
        times.sort_by(f64::total_cmp);
        times
    }

    fn location(&mut self) -> String {
        let (zone, subnet) = self.place();
        let name =
            |letter: &str, number: Option<u64>| number.map_or_else(String::new, |n| format!("{letter}{n}"));
        format!("{},{}", name("z", zone), name("s", subnet))
    }

    fn intervals(&mut self) -> String {
        let mut trace = "start_s,end_s,vcpu,memory_gib,gpu,account,zone,subnet\n".to_string();
        for start in self.times(150) {
            let end = match self.below(8) {
                0 => format!("{start:?}"),
                1 if !self.everything_ends => String::new(),
                _ => format!("{:?}", start + self.below(1_000) as f64 / 4.0),
            };
            let (_, vcpu, memory) = self.one_of(&TYPES);
            let gpu = if self.chance(10) { 0.5 } else { 0.0 };
            let (account, place) = (self.below(4), self.location());
            writeln!(trace, "{start:?},{end},{vcpu:?},{memory:?},{gpu:?},a{account},{place}")
                .expect("a string");
        }
        trace
    }

    fn operations(&mut self) -> String {
        let mut trace = "time_s,op,instance,type,count,min_count,account,zone,subnet\n".to_string();
        let mut line = |cells: String| writeln!(trace, "{cells}").expect("a string takes anything");
        let mut launched: Vec<(u64, &str)> = Vec::new();
        for time in self.times(200) {
            let ops = ["launch", "launch", "start", "stop", "reboot", "terminate", "modify", "describe"];
            let (op, (kind, _, _), account) = (self.one_of(&ops), self.one_of(&TYPES), self.below(20));
            // Now and then a call is about an instance of another account, or of none.
            let account = if account == 0 { "b" } else { "a" };
            let new = launched.len() as u64;
            if op == "launch" {
                // A name used again is that of the new instances; the old ones live on, and no call can end them.
                let again = !self.everything_ends && new > 0 && self.chance(10);
                let name = if again { self.below(new) } else { new };
                let (count, least, place) = (1 + self.below(3), 1, self.location());
                line(format!("{time:?},launch,i{name},{kind},{count},{least},{account},{place}"));
                launched.push((name, account));
            } else {
                let (name, kind) = (self.below(new + 1), if op == "modify" { kind } else { "" });
                line(format!("{time:?},{op},i{name},{kind},,,{account},,"));
            }
        }
        if self.everything_ends {
            launched.iter().for_each(|(name, account)| line(format!("900,terminate,i{name},,,,{account},,")));
        }
        trace
    }
}

/// The world of a seed; in some all instances end.
pub fn draw(seed: u64, everything_ends: bool) -> Experiment {
    let mut random = Seed(seed).stream(Purpose::Mix, 99);
    let zones = 1 + random.below(3);
    let mut draw = Draw { random, everything_ends, toml: String::new(), zones, subnets: Vec::new() };
    draw.scenario(seed);
    // A trace of either form, synthetic arrivals, or both.
    let trace = match draw.below(4) {
        0 => Some(draw.operations()),
        1 | 2 => Some(draw.intervals()),
        _ => everything_ends.then(|| draw.operations()),
    };
    draw.line("[workload]");
    if trace.is_some() {
        draw.line("trace = 'trace.csv'");
    }
    // Arrivals never end.
    let has_arrivals = !everything_ends && (trace.is_none() || draw.chance(40));
    if has_arrivals {
        if draw.chance(40) {
            draw.line("start = 'steady-state'");
        }
        draw.arrivals();
    }
    draw.reactions(seed, trace.is_some(), has_arrivals);
    let toml = draw.toml;
    Experiment::new(&toml).file("trace.csv", &trace.unwrap_or_default())
}

/// Runs a drawn world twice and holds what every run must hold, beyond what the run checks itself.
fn check(seed: u64) -> Outcome {
    let experiment = draw(seed, false);
    let describe = || experiment.describe(seed);
    let first = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| experiment.watch()));
    let Ok((first, notes)) = first else { panic!("{}", describe()) };
    let (second, _) = experiment.watch();
    assert_eq!(first.digest, second.digest, "{}", describe());
    assert_eq!(first.bill, second.bill, "{}", describe());
    let (requested, succeeded, refused) = launches(&first);
    let refused: u64 = refused.iter().map(|(_, count)| count).sum();
    let course = &first.launch_course;
    let open = course.waiting_at_end + course.retrying_at_end;
    assert_eq!(requested, succeeded + refused + open, "{}", describe());
    let told: u64 = (notes.refusals.iter())
        .filter(|refusal| refusal.operation == Operation::Launch)
        .map(|refusal| u64::from(refusal.count))
        .sum();
    assert_eq!(refused, told, "{}", describe());
    for (operation, tally) in
        first.operations.iter().filter(|(operation, _)| *operation != Operation::Launch || open == 0)
    {
        assert_eq!(tally.requested, tally.succeeded + tally.failed(), "{operation:?}: {}", describe());
    }
    let fleet = &first.fleet;
    for ratio in [
        fleet.vcpu_used_ratio_peak - fleet.vcpu_used_ratio_mean,
        1.0 - fleet.vcpu_used_ratio_peak,
        1.0 - fleet.memory_used_ratio_mean,
        1.0 - fleet.packing_density_vcpu_mean,
        1.0 - fleet.stranded_vcpu_ratio_mean,
        fleet.instances_running_peak as f64 - fleet.instances_running_mean,
        fleet.hosts_used_peak as f64 - fleet.hosts_used_mean,
    ] {
        assert!(ratio >= -1e-9, "{ratio}: {fleet:?}: {}", describe());
    }
    for (name, usage) in &first.network.subnets {
        let within = usage.used_mean <= usage.used_peak as f64 + 1e-9;
        assert!(within && usage.addresses >= Some(usage.used_peak), "{name}: {usage:?}: {}", describe());
    }
    first
}

#[test]
fn drawn_worlds_run_twice_the_same_and_lose_nothing() {
    let outcomes: Vec<Outcome> = (0..FIXED).map(check).collect();
    // They are not empty worlds: every operation succeeds in some and fails in some for every reason there is.
    let launched: u64 = outcomes.iter().map(|outcome| outcome.launch.succeeded).sum();
    assert!(launched > 50 * FIXED, "{launched} launched");
    let calls = || outcomes.iter().flat_map(|outcome| &outcome.operations);
    let succeed: BTreeSet<&str> =
        calls().filter(|(_, tally)| tally.succeeded > 0).map(|(operation, _)| operation.name()).collect();
    assert_eq!(succeed, Operation::ALL[..7].iter().map(|operation| operation.name()).collect());
    let reasons = calls().flat_map(|(_, tally)| tally.failures().map(|(failure, _)| failure.ec2_name()));
    let expected = [
        "IncorrectInstanceState",
        "InsufficientAddressCapacity",
        "InsufficientFreeAddressesInSubnet",
        "InsufficientInstanceCapacity",
        "InvalidInstanceID.NotFound",
    ];
    assert_eq!(reasons.collect::<BTreeSet<_>>(), BTreeSet::from(expected));
}

#[test]
fn fresh_worlds_too_when_asked_for() {
    let Ok(count) = std::env::var("PLIMSOLL_SWARM") else { return };
    let count: u64 = count.parse().expect("PLIMSOLL_SWARM is a number of seeds");
    #[expect(
        clippy::disallowed_methods,
        reason = "fresh seeds have to come from somewhere; they are printed"
    )]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_nanos() as u64;
    let first = FIXED + (now >> 10 & 0xffff_ffff);
    eprintln!("swarm: seeds {first} to {}", first + count);
    for seed in first..first + count {
        check(seed);
    }
}

#[test]
fn everything_returns_to_zero_when_all_have_ended() {
    let mut launched = 0;
    for seed in 0..FIXED / 2 {
        let experiment = draw(seed, true);
        let (outcome, notes) = experiment.watch();
        let end = notes.samples.last().expect("the end is sampled");
        let left = [
            end.hosts_used,
            end.vcpu_used_milli,
            end.memory_used_mib,
            end.gpu_used_milli,
            end.instances_running,
            end.instances_stopped,
            end.addresses_used,
            end.public_addresses_used,
        ];
        assert_eq!(left, [0; 8], "{}", experiment.describe(seed));
        launched += outcome.lifecycle_events;
    }
    assert!(launched > 50 * FIXED / 2, "{launched} launches and terminates");
}
