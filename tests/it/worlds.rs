//! Small worlds drawn from a seed in which everything that constrains placement happens at once: groups,
//! tenancies, reservations, quotas, spot prices and faults of hosts. Each runs twice with every check.

use std::collections::BTreeSet;
use std::fmt::Write;

use plimsoll::cloud::outcome::Outcome;
use plimsoll::engine::random::{Purpose, Seed, Stream};

use crate::support::{Experiment, launches, operations};

const WORLDS: u64 = 120;

/// A world in the making.
struct World {
    random: Stream,
    zones: u64,
    toml: String,
    calls: String,
    /// True if hosts have NUMA nodes and GPU devices, and some types ask for them.
    divided: bool,
}

impl World {
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

    fn fleet(&mut self) {
        let strategy = self.one_of(&["spread", "first-fit", "best-fit", "random", "next-fit", "partition"]);
        if self.divided {
            self.line(
                "instance_types = [{ name = 'half.gpu', vcpu = 1, memory_gib = 4, gpu = 0.5, gpu_models = ['T4'] }, \
                 { name = 'two.nodes', vcpu = 3, memory_gib = 9, gpu = 1, numa = 2 }]",
            );
        }
        self.line(format!("duration = '1h'\nheadroom.every = '10m'\nplacement.strategy = '{strategy}'"));
        if self.chance(50) {
            self.line("lifecycle = { boot = '20s', stop = '30s', terminate = '10s' }");
        }
        for zone in 0..self.zones {
            self.line(format!("[[zones]]\nname = 'z{zone}'"));
            for group in 0..1 + self.below(2) {
                let (count, racks) = (3 + self.below(7), 1 + self.below(2));
                let many = if self.chance(20) { "elastic = true\nmax_hosts" } else { "count" };
                let tenancy = self.one_of(&["any", "any", "any", "shared", "dedicated"]);
                self.line(format!(
                    "[[zones.hosts]]\n{many} = {count}\nvcpu = 8\nmemory_gib = 32\n\
                     hosts_per_rack = {racks}\ntenancy = '{tenancy}'"
                ));
                if self.divided {
                    let model = if group == 0 { "T4" } else { "P100" };
                    self.line(format!(
                        "numa_nodes = 2\nmemory_ratio = 1.25\ngpu = 2\ngpu_division = 'devices'\n\
                         gpu_model = '{model}'"
                    ));
                }
            }
        }
        self.line("[network]\npublic_addresses = 40");
        for zone in 0..self.zones {
            let assign = self.chance(50);
            self.line(format!(
                "[[network.subnets]]\nname = 's{zone}'\nzone = 'z{zone}'\ncidr = '10.0.{zone}.0/26'\n\
                 assign_public_address = {assign}"
            ));
        }
    }

    fn provisions(&mut self) {
        self.line("[[placement.groups]]\nname = 'ours'\nstrategy = 'cluster'\nstrict = true");
        self.line("[[placement.groups]]\nname = 'few'\nstrategy = 'spread'\nmax_per_zone = 2");
        for number in 0..self.below(3) {
            let (zone, count) = (self.below(self.zones), 1 + self.below(4));
            let (from, length) = (self.below(1000), 200 + self.below(2000));
            let (matching, tenancy) =
                (self.one_of(&["open", "targeted"]), self.one_of(&["shared", "shared", "dedicated"]));
            let until = format!("until = '{}s'", from + length);
            let until = if self.chance(50) { until } else { String::new() };
            self.line(format!(
                "[[placement.capacity_reservations]]\nname = 'held{number}'\naccount = 'a'\n\
                 type = 'm5.large'\nzone = 'z{zone}'\ncount = {count}\nfrom = '{from}s'\n{until}\n\
                 matching = '{matching}'\ntenancy = '{tenancy}'"
            ));
        }
    }

    fn limits(&mut self) {
        if self.chance(60) {
            let (vcpus, spot, instances) = (8 + self.below(40), 4 + self.below(12), 6 + self.below(20));
            let lag = self.one_of(&["0s", "45s"]);
            self.line(format!(
                "[quotas]\nlag = '{lag}'\nvcpus.standard = {vcpus}\nspot_vcpus.standard = {spot}\n\
                 elastic_addresses = 2\nvolumes = 4\ndedicated_hosts = 2\ncapacity_reservations = 2\n\
                 [[quotas.accounts]]\naccount = 'b'\ninstances = {instances}"
            ));
        }
        if self.chance(70) {
            self.line(
                "[billing.spot]\nprice = { kind = 'mean-reverting', discount_mean = 0.2, volatility = 0.2, \
                 reversion = 0.2, every = '1m', ceiling = 2 }",
            );
        }
    }

    fn faults(&mut self) {
        let on_failure = self.one_of(&["restart", "restart", "stop", "terminate"]);
        self.line(format!(
            "[faults.hosts]\nmean_time_between_failures = '4h'\ndetection = '20s'\nrepair = '9m'\n\
             on_failure = '{on_failure}'"
        ));
        for _ in 0..2 + self.below(4) {
            let (zone, at, notice) = (self.below(self.zones), 300 + self.below(3000), self.below(300));
            let drain = self.one_of(&["migrate", "migrate", "stop", "terminate"]);
            let length = self.one_of(&["length = '5m'", "length = '20m'", ""]);
            self.line(format!(
                "[[faults.maintenance]]\nat = '{at}s'\nzone = 'z{zone}'\nhosts = {{ count = 2 }}\n\
                 notice = '{notice}s'\ndrain = '{drain}'\n{length}"
            ));
        }
        if self.chance(30) {
            let zone = self.below(self.zones);
            self.line(format!("[[faults.outages]]\nat = '25m'\nzone = 'z{zone}'\nlength = '4m'"));
        }
    }

    fn launch(&mut self, number: u64) -> String {
        let plain = ["m5.large", "m5.large", "m5.xlarge", "m5.2xlarge"];
        let divided = ["m5.large", "half.gpu", "two.nodes", "m5.2xlarge"];
        let (kind, count) = (self.one_of(if self.divided { &divided } else { &plain }), self.below(3));
        let mut call = format!("launch instance=i{number} type={kind} count={} min_count=1", count + 1);
        if self.chance(30) {
            write!(call, " zone=z{}", self.below(self.zones)).expect("a string");
        }
        let options = [
            "group=spread",
            "group=part",
            "group=part partition=2",
            "group=close",
            "group=ours",
            "group=few",
            "tenancy=dedicated",
            "tenancy=dedicated group=close",
            "tenancy=dedicated group=spread",
            "tenancy=host",
            "host=h0",
            "host=h1",
            "reservation=held0",
            "reservation=r0 type=m5.large",
            "purchase=spot",
            "purchase=spot max_usd_per_hour=0.05",
            "purchase=spot group=part",
            "purchase=spot tenancy=dedicated",
            "volumes=/dev/sdf:gp3:8",
        ];
        if self.chance(75) {
            let option = self.one_of(&options).replace(" type=m5.large", "");
            write!(call, " {option}").expect("a string");
        }
        call
    }

    fn manage(&mut self) -> String {
        let (n, zone) = (self.below(2), self.below(self.zones));
        match self.below(14) {
            0 => "create-placement-group group=spread group_strategy=spread".to_string(),
            1 => "create-placement-group group=part group_strategy=partition partitions=3".to_string(),
            2 => "create-placement-group group=close group_strategy=cluster".to_string(),
            3 => format!("delete-placement-group group={}", self.one_of(&["spread", "part", "close", "few"])),
            4 | 5 => format!("allocate-host host=h{n} zone=z{zone}"),
            6 => format!("release-host host=h{n}"),
            7 | 8 => {
                let (count, open) = (1 + self.below(3), self.chance(50));
                format!(
                    "create-capacity-reservation reservation=r{n} type=m5.large zone=z{zone} count={count} \
                     open={open}"
                )
            }
            9 => format!("cancel-capacity-reservation reservation={}", self.one_of(&["r0", "r1", "held0"])),
            10 => format!("allocate-address address=e{}", self.below(4)),
            11 => format!("release-address address=e{}", self.below(4)),
            12 => format!("create-volume volume=v{} zone=z{zone} size_gib=10", self.below(6)),
            _ => format!("delete-volume volume=v{}", self.below(6)),
        }
    }

    fn calls(&mut self) {
        let mut times: Vec<u64> = (0..220).map(|_| self.below(3500)).collect();
        times.sort_unstable();
        let mut launched = 0;
        for time in times {
            let call = match self.below(10) {
                0..4 => {
                    launched += 1;
                    self.launch(launched - 1)
                }
                4..6 => self.manage(),
                _ => {
                    let op =
                        self.one_of(&["start", "start", "stop", "stop", "terminate", "reboot", "hibernate"]);
                    format!("{op} instance=i{}", self.below(launched + 1))
                }
            };
            let account = self.one_of(&["a", "a", "b"]);
            writeln!(self.calls, "{time} {call} account={account}").expect("a string");
        }
    }
}

/// The world of a seed.
pub fn draw(seed: u64) -> Experiment {
    let mut random = Seed(seed).stream(Purpose::Mix, 98);
    let zones = 1 + random.below(2);
    let (toml, calls) = (format!("seed = {seed}\n"), String::new());
    let mut world = World { random, zones, toml, calls, divided: seed.is_multiple_of(3) };
    world.fleet();
    world.provisions();
    world.limits();
    world.faults();
    world.calls();
    Experiment::replaying(&operations(&world.calls), &world.toml)
}

/// Runs a drawn world twice and holds what every run must hold, beyond what the run checks itself.
fn check(seed: u64) -> Outcome {
    let experiment = draw(seed);
    let describe = || experiment.describe(seed);
    let first = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| experiment.run()));
    let Ok(first) = first else { panic!("{}", describe()) };
    assert_eq!(first.digest, experiment.run().digest, "{}", describe());
    let (requested, succeeded, refused) = launches(&first);
    assert_eq!(requested, succeeded + refused.iter().map(|(_, count)| count).sum::<u64>(), "{}", describe());
    let rows: i128 = first.bill.rows.iter().map(plimsoll::billing::BillRow::micro_usd).sum();
    let accounts: i128 = first.bill.by_account.values().sum();
    assert_eq!((first.bill.total, first.bill.total), (rows, accounts), "{}", describe());
    first
}

#[test]
fn worlds_of_every_constraint_and_fault_lose_nothing_and_run_twice_the_same() {
    let outcomes: Vec<Outcome> = (0..WORLDS).map(check).collect();
    let disruptions = |count: fn(&Outcome) -> u64| outcomes.iter().map(count).sum::<u64>();
    for (what, count) in [
        ("migrations", disruptions(|outcome| outcome.disruptions.migrations)),
        ("recoveries", disruptions(|outcome| outcome.disruptions.recoveries)),
        ("instances lost", disruptions(|outcome| outcome.disruptions.instances_lost)),
        ("interruptions", disruptions(|outcome| outcome.disruptions.spot_interruptions)),
        ("launches", disruptions(|outcome| outcome.launch.succeeded) / 10),
    ] {
        assert!(count > WORLDS / 2, "{count} {what}");
    }
    let tallies = outcomes.iter().flat_map(|outcome| &outcome.operations);
    let refused = tallies.flat_map(|(_, tally)| tally.failures().map(|(failure, _)| failure.ec2_name()));
    let refused: BTreeSet<&str> = refused.collect();
    let missing: Vec<&&str> = REFUSALS.iter().filter(|name| !refused.contains(**name)).collect();
    assert!(missing.is_empty(), "never met: {missing:?}; met: {refused:?}");
}

/// Every way in which the parts that constrain placement say no.
const REFUSALS: [&str; 22] = [
    "AddressLimitExceeded",
    "HostLimitExceeded",
    "IncorrectInstanceState",
    "IncorrectState",
    "InstanceLimitExceeded",
    "InsufficientHostCapacity",
    "InsufficientInstanceCapacity",
    "InvalidAllocationID.NotFound",
    "InvalidCapacityReservationId.NotFound",
    "InvalidHostID.NotFound",
    "InvalidInstanceID.NotFound",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidPlacementGroup.Duplicate",
    "InvalidPlacementGroup.InUse",
    "InvalidPlacementGroup.Unknown",
    "MaxSpotInstanceCountExceeded",
    "ReservationCapacityExceeded",
    "SpotMaxPriceTooLow",
    "UnsupportedHibernationConfiguration",
    "VcpuLimitExceeded",
    "VolumeLimitExceeded",
];
