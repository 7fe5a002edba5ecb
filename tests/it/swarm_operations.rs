//! Small worlds with every operation of the API drawn from a seed: whatever is called in whatever order, nothing is
//! lost, and two runs are the same.

use std::collections::BTreeSet;

use plimsoll::cloud::outcome::{Outcome, Tally};
use plimsoll::engine::random::{Purpose, Seed, Stream};
use plimsoll::operation::Operation;

use crate::support::{Experiment, operations};

/// Seeds of every test run.
const WORLDS: u64 = 120;

/// Calls of a world.
const CALLS: u64 = 300;

/// Two zones, one of them small, and narrow limits everywhere, so that each is met now and then.
const WORLD: &str = "
    duration = '2h'
    warmup = '5m'
    placement.strategy = 'best-fit'
    [[zones]]
    name = 'z0'
    hosts = [{ count = 6, vcpu = 16, memory_gib = 64, hosts_per_rack = 1 }]
    [[zones]]
    name = 'z1'
    hosts = [{ count = 2, vcpu = 8, memory_gib = 32, hosts_per_rack = 1 }]
    [network]
    public_addresses = 6
    security_group_limits = { groups_per_account = 8 }
    [[network.subnets]]
    name = 's0'
    zone = 'z0'
    cidr = '10.0.0.0/26'
    assign_public_address = true
    [[network.subnets]]
    name = 's1'
    zone = 'z1'
    cidr = '10.0.1.0/28'
    [[network.subnets]]
    name = 's2'
    zone = 'z0'
    cidr = '10.0.0.0/27'
    vpc = 'other'
    [[network.security_groups]]
    name = 'web'
    ingress = [{ protocol = 'tcp', ports = '443', source = 'self' }]
    [[images]]
    name = 'base'
    block_devices = [{ device = '/dev/sda1', size_gib = 8 }, { device = '/dev/sdf', size_gib = 4, delete_on_termination = false }]
    [[images]]
    name = 'broken'
    state = 'failed'";

/// Calls that every world begins with: chance alone hits what is attached too seldom.
const ATTACHED: &str = "
    0 create-volume volume=w zone=z0 size_gib=1 account=a
    0 create-interface interface=w subnet=s0 account=a
    0 launch instance=w type=t3.micro subnet=s0 account=a
    310 attach-volume volume=w instance=w device=/dev/sdf account=a
    310 attach-interface interface=w instance=w account=a
    320 assign-addresses instance=w addresses=1 account=a
    330 unassign-addresses instance=w addresses=1 account=a
    400 detach-volume volume=w account=a
    400 detach-interface interface=w account=a
    420 terminate instance=w account=a
    430 delete-volume volume=w account=a
    430 delete-interface interface=w account=a
";

/// Settings of which a world has one each.
const VARIANTS: [[&str; 3]; 3] = [
    ["", "lifecycle = { boot = '20s', stop = '30s', terminate = '10s' }", "lifecycle = { stop = '5m' }"],
    [
        "storage = { backends = [{ zone = 'z0', capacity_gib = 400 }] }",
        "storage = { create = '5s', attach = '3s', detach = '7s', delete = '20s', modify = '30s', optimize = '2m', \
         snapshot_mibps = 100, image = '1m', backends = [{ zone = 'z1', iops = 9000 }] }",
        "storage = { delete = '10m', snapshot_mibps = 5, backends = [{ zone = 'z0', throughput_mibps = 1000 }] }",
    ],
    [
        "",
        "quotas = { vcpus.standard = 24, elastic_addresses = 2, volumes = 9, snapshots = 2, dedicated_hosts = 1, \
         capacity_reservations = 1, security_groups = 6 }",
        "quotas = { lag = '2m', instances = 8 }",
    ],
];

/// The calls of a world in the making.
struct Draw {
    random: Stream,
}

impl Draw {
    fn chance(&mut self, percent: u64) -> bool {
        self.random.below(100) < percent
    }

    fn one_of(&mut self, all: &[&'static str]) -> &'static str {
        all[self.random.below(all.len() as u64) as usize]
    }

    /// Name drawn from a few, so that calls meet.
    fn name(&mut self, letter: &str) -> String {
        format!("{letter}{}", self.random.below(5))
    }

    /// Some cell, or none.
    fn perhaps(&mut self, percent: u64, cells: &[&'static str]) -> &'static str {
        if self.chance(percent) { self.one_of(cells) } else { "" }
    }

    /// An instance, or a few.
    fn targets(&mut self) -> String {
        let names: Vec<String> = (0..1 + self.random.below(3)).map(|_| self.name("i")).collect();
        if self.chance(70) { names[0].clone() } else { names.join("|") }
    }

    fn launch(&mut self) -> String {
        let options = [
            (40, &["image=base", "image=broken", "image=m0", "image=m1"][..]),
            (15, &["volumes=/dev/sdg:gp3:20", "volumes=/dev/sdg:io2:16:800:keep|/dev/sdh::300"]),
            (20, &["security_groups=web", "security_groups=g0|web", "security_groups=g1"]),
            (25, &["group=p0", "group=p1", "group=p2 partition=2"]),
            (15, &["tenancy=dedicated", "tenancy=host", "host=h0", "reservation=r0"]),
            (10, &["purchase=spot", "purchase=spot max_usd_per_hour=0.000001"]),
            (15, &["interfaces=1", "interfaces=9", "addresses=2", "addresses=99", "prefixes=1"]),
            (20, &["tags=team=a", "tags=team=b|stage=test"]),
            (10, &["token=t0", "token=t1"]),
            (5, &["user_data_bytes=16384", "user_data_bytes=16385"]),
            (10, &["protection=true"]),
            (30, &["hibernation=true"]),
            (30, &["zone=z0", "zone=z1"]),
            (30, &["subnet=s0", "subnet=s1", "subnet=s2"]),
            (10, &["public_address=true", "public_address=false"]),
        ];
        let options: Vec<&str> = options.map(|(percent, cells)| self.perhaps(percent, cells)).into();
        let count = self.perhaps(30, &["count=3", "count=4 min_count=1", "count=30"]);
        let kind = self.one_of(&["t3.micro", "m5.large", "c5.2xlarge"]);
        format!("type={kind} {count} {}", options.join(" "))
    }

    fn rule(&mut self, end: &str) -> String {
        let peer = self.one_of(&["10.0.0.0/26", "0.0.0.0/0", "self", "sg:web", "sg:g1", "sg:absent"]);
        let traffic = self.one_of(&[
            "protocol=tcp ports=443",
            "protocol=tcp ports=0",
            "protocol=udp ports=1-9",
            "protocol=all",
            "protocol=all ports=1",
            "protocol=icmp ports=8/0",
        ]);
        let group = self.one_of(&["g0", "g1", "web", "default"]);
        format!("security_group={group} {traffic} {end}={peer}")
    }

    /// Returns what a call of an operation says beside its time.
    fn cells(&mut self, operation: Operation) -> String {
        use Operation::*;
        let i = self.name("i");
        let (volume, snapshot) = (self.one_of(&["v0", "v1"]), self.name("n"));
        let [image, group] =
            [self.one_of(&["m0", "m1", "base"]), self.one_of(&["g0", "g1", "g2", "g3", "default"])];
        let [address, interface] = [self.name("a"), self.name("e")];
        let placement_group = self.one_of(&["p0", "p1", "p2"]);
        let zone = self.one_of(&["z0", "z1"]);
        match operation {
            Launch => panic!("launches are drawn with their names"),
            Start | Stop | Reboot | Terminate | Hibernate => format!("instance={}", self.targets()),
            Describe => {
                let filters =
                    self.perhaps(50, &["filters=state=running,stopped|tag:team=a", "filters=zone=z0"]);
                let page = self.perhaps(50, &["page_size=5", "page_size=4"]);
                let of = if self.chance(50) { format!("instance={}", self.targets()) } else { String::new() };
                format!("{of} {filters} {page}")
            }
            Modify => {
                let change = self.one_of(&[
                    "type=m5.large",
                    "type=c5.2xlarge",
                    "protection=true",
                    "protection=false",
                    "security_groups=web|default",
                    "security_groups=g0 protection=false",
                ]);
                format!("instance={} {change}", self.targets())
            }
            CreateTags => format!("instance={} tags=team=a|k={}", self.targets(), self.random.below(9)),
            DeleteTags => format!("instance={} tag_keys=team|nothing", self.targets()),
            CreateVolume => {
                let spec = self.one_of(&[
                    "size_gib=30",
                    "size_gib=300 volume_type=st1",
                    "volume_type=io1 size_gib=8",
                    "volume_type=io2 size_gib=8 iops=100 multi_attach=true",
                ]);
                let filled = self.perhaps(30, &["snapshot=n0", "snapshot=n1"]);
                format!("volume={volume} zone={zone} {spec} {filled}")
            }
            AttachVolume => {
                let device = self.one_of(&["/dev/sdf", "/dev/sdi", "/dev/sdj", "/dev/sdk", "nowhere"]);
                format!("volume={volume} instance={i} device={device}")
            }
            DetachVolume => format!("volume={volume} {}", self.perhaps(30, &["instance=i0", "instance=i1"])),
            DeleteVolume => format!("volume={volume}"),
            ModifyVolume => {
                let change =
                    self.one_of(&["size_gib=40", "size_gib=90 iops=4000", "volume_type=gp2", "size_gib=2"]);
                format!("volume={volume} {change}")
            }
            CreateSnapshot => format!("snapshot={snapshot} volume={volume}"),
            DeleteSnapshot | ArchiveSnapshot | RestoreSnapshot => format!("snapshot={snapshot}"),
            RegisterImage => {
                let of = self.one_of(&["size_gib=8", "snapshot=n0", "snapshot=n1 size_gib=50 public=true"]);
                format!("image={image} {of}")
            }
            DeregisterImage => format!("image={image}"),
            CreateSecurityGroup => {
                format!("security_group={group} {}", self.perhaps(30, &["vpc=other", "vpc=nowhere"]))
            }
            DeleteSecurityGroup => format!("security_group={group}"),
            AuthorizeIngress | RevokeIngress => self.rule("source"),
            AuthorizeEgress | RevokeEgress => self.rule("destination"),
            Probe => {
                let mut end = |percent| {
                    let address = self.one_of(&["10.0.0.4", "10.0.1.4", "192.0.2.1"]).to_string();
                    if self.chance(percent) { self.name("i") } else { address }
                };
                let (from, to) = (end(70), end(70));
                let packet = self.one_of(&[
                    "protocol=tcp ports=443",
                    "protocol=icmp ports=8/0",
                    "protocol=udp ports=5",
                ]);
                format!("from={from} to={to} {packet}")
            }
            AllocateAddress | DisassociateAddress | ReleaseAddress => format!("address={address}"),
            AssociateAddress => {
                format!("address={address} instance={i} {}", self.perhaps(40, &["reassociate=true"]))
            }
            CreateInterface => {
                format!("interface={interface} subnet={}", self.one_of(&["s0", "s1", "s2"]))
            }
            AttachInterface => format!("interface={interface} instance={i}"),
            DetachInterface | DeleteInterface => format!("interface={interface}"),
            AssignAddresses | UnassignAddresses => {
                let count =
                    self.one_of(&["addresses=1", "prefixes=1", "addresses=2 prefixes=1", "addresses=20"]);
                format!("instance={i} {count}")
            }
            CreatePlacementGroup => {
                let rule = self.one_of(&[
                    "group_strategy=spread",
                    "group_strategy=cluster",
                    "group_strategy=partition partitions=2",
                    "group_strategy=partition partitions=9",
                    "group_strategy=spread partitions=2",
                ]);
                format!("group={placement_group} {rule}")
            }
            DeletePlacementGroup => format!("group={placement_group}"),
            AllocateHost => {
                let terms = self.one_of(&["", "", "family=m5 host_recovery=true", "auto_placement=true"]);
                format!("host={} zone={zone} {terms}", self.one_of(&["h0", "h0", "h1", "h1", "h0|h1"]))
            }
            ModifyHost => {
                let terms =
                    self.one_of(&["family=m5", "type=m5.large", "auto_placement=true", "host_recovery=true"]);
                format!("host={} {terms}", self.one_of(&["h0", "h1"]))
            }
            ReleaseHost => format!("host={}", self.one_of(&["h0", "h1"])),
            CreateReservation => {
                let terms = self.one_of(&[
                    "count=2 type=m5.large",
                    "count=50 type=m5.large",
                    "type=t3.micro open=false",
                ]);
                format!("reservation={} zone={zone} {terms}", self.one_of(&["r0", "r1"]))
            }
            ModifyReservation => {
                let change = self.one_of(&["count=1", "count=3", "count=60", "open=true", "expires_s=40"]);
                format!("reservation={} {change}", self.one_of(&["r0", "r1"]))
            }
            CancelReservation => format!("reservation={}", self.one_of(&["r0", "r1"])),
        }
    }

    /// The calls of a world, one a line. The instances of a name end before it stands for others, so that
    /// none is left in the end.
    fn calls(&mut self) -> String {
        // The smallest subnet runs out once in every world: chance alone does it too seldom.
        let fill = (0..12).map(|i| format!("7000 create-interface interface=f{i} subnet=s1 account=a\n"));
        let clear = (0..12).map(|i| format!("7000 delete-interface interface=f{i} account=a\n"));
        let full: String = fill.chain(clear).collect();
        let (mut text, mut time) = (ATTACHED.to_string(), 430);
        for _ in 0..CALLS {
            time += self.random.below(40);
            // Instances are what the rest is about.
            let operation = match self.random.below(8) {
                0 => Operation::Launch,
                _ => self.operation(),
            };
            if operation == Operation::Launch {
                let name = self.name("i");
                text += &end(time, &name);
                text += &format!("{time} launch instance={name} {} {}\n", self.launch(), self.account());
            } else {
                let (op, cells) = (operation.name(), self.cells(operation));
                text += &format!("{time} {op} {cells} {}\n", self.account());
            }
        }
        text + &end(7000, "i0|i1|i2|i3|i4") + &full
    }

    /// Any operation but `launch`, the first.
    fn operation(&mut self) -> Operation {
        Operation::ALL[1 + self.random.below(Operation::ALL.len() as u64 - 1) as usize]
    }

    /// Now and then a call is about a resource of another account.
    fn account(&mut self) -> &'static str {
        if self.chance(8) { "account=b" } else { "account=a" }
    }
}

/// Calls that end the instances of these names, of either account: an unknown one would refuse a whole call.
fn end(time: u64, names: &str) -> String {
    let of = |(account, name): (&str, &str)| {
        format!(
            "{time} modify instance={name} protection=false account={account}
            {time} terminate instance={name} account={account}\n"
        )
    };
    let of_both = |name| [("a", name), ("b", name)].map(of).concat();
    names.split('|').map(of_both).collect()
}

/// The world of a seed: calls of every kind.
pub fn draw(seed: u64) -> Experiment {
    let mut draw = Draw { random: Seed(seed).stream(Purpose::Mix, 98) };
    let variants = VARIANTS.map(|variants| draw.one_of(&variants));
    let calls = operations(&draw.calls());
    Experiment::replaying(&calls, &format!("seed = {seed}\n{}\n{WORLD}", variants.join("\n")))
}

/// Runs a drawn world twice and holds what every run must hold, beyond what the run checks itself.
fn check(seed: u64) -> Outcome {
    let experiment = draw(seed);
    let describe = || experiment.describe(seed);
    let first = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| experiment.watch()));
    let Ok((first, notes)) = first else { panic!("{}", describe()) };
    let second = experiment.run();
    assert_eq!(first.digest, second.digest, "{}", describe());
    assert_eq!(first.bill, second.bill, "{}", describe());
    let end = notes.samples.last().expect("the end is sampled");
    assert_eq!((end.instances_running, end.instances_stopped), (0, 0), "{}", describe());
    first
}

#[test]
fn whatever_is_called_in_whatever_order_nothing_is_lost() {
    let outcomes: Vec<Outcome> = (0..WORLDS).map(check).collect();
    // They are not empty worlds: every operation succeeds in some and fails in some.
    let those = |how: fn(&Tally) -> bool| -> BTreeSet<&str> {
        let all = outcomes.iter().flat_map(|outcome| &outcome.operations);
        all.filter(|(_, tally)| how(tally)).map(|(operation, _)| operation.name()).collect()
    };
    let all: BTreeSet<&str> = Operation::ALL.iter().map(|operation| operation.name()).collect();
    let never = |some: BTreeSet<&'static str>| all.difference(&some).copied().collect::<Vec<_>>();
    assert_eq!(never(those(|tally| tally.succeeded > 0)), [""; 0], "these never succeed");
    assert_eq!(never(those(|tally| tally.failed() > 0)), [""; 0], "these never fail");
}
