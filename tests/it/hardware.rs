//! Hardware that types run on: families, types and architectures of host groups, zones and dedicated hosts; sockets;
//! bare metal alone on its host.

use plimsoll::operation::Operation;

use crate::support::{CHECKED, Experiment, Notes, calls, launches, operations};

/// Zones in TOML, and rows of operations; each strategy finds the same room.
fn world(zones: &str, rows: &str) -> Experiment {
    let scenario = format!("duration = '10h'\noutput.sample_every = '1s'\n{zones}");
    Experiment::replaying(&operations(rows), &scenario)
}

fn hosts(count: u32, vcpu: u32, more: &str) -> String {
    format!("{{ count = {count}, vcpu = {vcpu}, memory_gib = {}, {more} }}", vcpu * 8)
}

/// A zone `z` of these groups.
fn zone(groups: &[String]) -> String {
    format!("zones = [{{ name = 'z', hosts = [{}] }}]", groups.join(", "))
}

const UNSUPPORTED: &str = "Unsupported";

/// A host of x86 runs neither Graviton nor Mac types: no host of the zone does, and the zone lacks them.
#[test]
fn a_host_group_says_what_its_hosts_run() {
    let rows = "
        0 launch instance=a type=m7g.large zone=z
        1 launch instance=b type=mac2.metal tenancy=host zone=z
        2 launch instance=c type=m5.large zone=z
        3 launch instance=d type=c5.large zone=z";
    let refused = |group: &str| {
        let (outcome, notes) = world(&zone(&[hosts(1, 100, group)]), rows).watch();
        assert!(notes.refused().iter().all(|(_, _, why, _)| *why == UNSUPPORTED), "{:?}", notes.refused());
        (notes.refused().iter().map(|(at, ..)| *at as u32).collect::<Vec<_>>(), launches(&outcome).1)
    };
    assert_eq!(refused("architecture = 'x86_64'"), (vec![0, 1], 2));
    assert_eq!(refused("families = ['m5']"), (vec![0, 1, 3], 1));
    assert_eq!(refused("families = ['m7g'], types = ['c5.large']"), (vec![1, 2], 2));
    assert_eq!(refused("families = ['m5', 'm7g'], architecture = 'arm64'"), (vec![1, 2, 3], 1));
}

/// Two groups of their own families in one zone: each type goes to its own, whatever the strategy, and is refused when
/// that is full although the other is empty. The plain scan agrees (`CHECKED`).
#[test]
fn every_strategy_keeps_families_apart() {
    let groups = [hosts(2, 8, "families = ['m5']"), hosts(2, 8, "families = ['c5', 'm7g']")];
    let rows = "
        0 launch instance=a type=m5.large count=5 min_count=1
        1 launch instance=b type=c5.large count=5 min_count=1
        2 launch instance=c type=m5.xlarge count=4 min_count=1
        3 launch instance=d type=m7g.large count=9 min_count=1
        4 terminate instance=a
        5 launch instance=e type=c5.large count=9 min_count=1
        6 launch instance=f type=m5.large count=9 min_count=1";
    for strategy in plimsoll::placement::register::REGISTER.iter().map(|entry| entry.name) {
        let experiment = world(&zone(&groups), rows);
        let set = format!("placement.strategy={strategy}");
        let mut notes = Notes::default();
        experiment.run_with(&[&set], CHECKED, &mut notes);
        let full = notes.refused();
        assert!(full.iter().all(|(_, _, why, _)| *why == "InsufficientInstanceCapacity"), "{strategy}");
        assert!(notes.samples.iter().all(|sample| sample.hosts_used <= 4), "{strategy}");
        let used = |at: f64| notes.at(at).vcpu_used_milli / 1000;
        assert_eq!((used(0.0), used(1.0)), (10, 20), "{strategy}");
        assert_eq!((used(3.0), used(5.0)), (used(2.0) + 6, used(2.0) + 6 - 10), "{strategy}");
        assert_eq!(used(6.0), 32, "{strategy}: all is full at last");
    }
}

/// A zone that does not offer a type is left out where none is named, and `Unsupported` where it is, whatever its hosts
/// run; starting there is too.
#[test]
fn a_zone_says_what_it_offers() {
    let zones = "
        [[zones]]
        name = 'a'
        hosts = [{ count = 9, vcpu = 64, memory_gib = 512 }]
        offers = { families = ['m5'], types = ['c5.large'] }
        [[zones]]
        name = 'b'
        hosts = [{ count = 1, vcpu = 8, memory_gib = 64, architecture = 'arm64' }]";
    let rows = "
        0 launch type=r5.large zone=a
        1 launch type=m5.large zone=a
        2 launch type=m5.large zone=b
        3 launch instance=g type=m7g.large
        4 launch type=r5.large
        5 launch instance=c type=c5.large
        6 launch type=c5.xlarge
        7 stop instance=c
        8 modify instance=c type=c5.xlarge
        9 start instance=c
        10 create-capacity-reservation reservation=r type=r5.large zone=a
        11 allocate-host host=h zone=b family=m5
        12 allocate-host host=h zone=b type=m5.large
        13 allocate-host host=h zone=a family=r5";
    let (outcome, notes) = world(zones, rows).watch();
    let refused: Vec<u32> = notes.refused().iter().map(|(at, ..)| *at as u32).collect();
    assert_eq!(refused, [0, 2, 4, 6, 9, 10, 11, 12, 13]);
    assert!(notes.refused().iter().all(|(_, _, why, _)| *why == UNSUPPORTED));
    assert_eq!(launches(&outcome).1, 3);
}

/// c5, r5 and m7g are refused on an m5 host, be it by its group or by what it was allocated for.
#[test]
fn a_dedicated_host_takes_a_family_or_a_type() {
    let launches_of = |allocate: &str| {
        format!(
            "0 allocate-host zone=z host=h {allocate}
            1 launch type=r5.4xlarge host=h
            2 launch type=c5.4xlarge host=h
            3 launch type=m7g.4xlarge host=h
            4 launch type=m5.4xlarge host=h
            5 launch type=m5.xlarge host=h"
        )
    };
    for (group, allocate, refused) in [
        ("", "", vec![]),
        ("families = ['m5']", "", vec![1, 2, 3]),
        ("", "family=m5", vec![1, 2, 3]),
        ("", "type=m5.xlarge", vec![1, 2, 3, 4]),
        ("families = ['m5', 'c5']", "family=c5", vec![1, 3, 4, 5]),
    ] {
        let (_, notes) = world(&zone(&[hosts(1, 96, group)]), &launches_of(allocate)).watch();
        let found: Vec<u32> = notes.refused().iter().map(|(at, ..)| *at as u32).collect();
        assert_eq!(found, refused, "{group} {allocate}");
        assert!(notes.refused().iter().all(|(_, _, why, _)| *why == UNSUPPORTED));
    }
}

/// A host is allocated from the group that runs the family, and launches that name no host go to it only if it says so.
#[test]
fn hosts_are_allocated_for_a_family_and_place_automatically_only_if_told() {
    let groups = [
        hosts(2, 72, "families = ['c5'], dedicated_usd_per_hour = 3.366"),
        hosts(2, 96, "families = ['m5'], dedicated_usd_per_hour = 5.069"),
    ];
    let rows = "
        0 allocate-host host=h zone=z family=m5
        1 launch type=m5.large tenancy=host
        2 launch type=m5.large host=h
        3 launch type=c5.large tenancy=host
        10 allocate-host host=g zone=z family=c5 auto_placement=true
        11 launch instance=i type=c5.large tenancy=host
        12 launch type=m5.large tenancy=host
        13 allocate-host host=f zone=z family=r5";
    let (outcome, notes) = world(&zone(&groups), rows).watch();
    let no = |at| (at, "launch", "InsufficientHostCapacity", 1);
    assert_eq!(notes.refused(), [no(1.0), no(3.0), no(12.0), (13.0, "allocate-host", UNSUPPORTED, 1)]);
    assert_eq!(launches(&outcome).1, 2);
    let paid = outcome.bill.by_kind[&plimsoll::billing::Kind::Host];
    // Ten hours of an m5 host; ten seconds less of a c5 host.
    assert_eq!(paid, 50_690_000 + 3_366_000 * 35_990 / 3600);
}

/// Two sockets of 48 vCPU hold an r5.8xlarge of 32 each: two, not three; of 4xlarge three each, of 16xlarge one in all.
#[test]
fn a_dedicated_host_holds_so_many_of_a_size() {
    let allocated = |kind: &str, sockets: &str| {
        let rows = format!("0 allocate-host host=h zone=z\n1 launch type={kind} count=9 min_count=1 host=h");
        let outcome = world(&zone(&[hosts(3, 96, sockets)]), &rows).run();
        launches(&outcome).1
    };
    for (kind, with, without) in
        [("r5.8xlarge", 2, 3), ("r5.4xlarge", 6, 6), ("r5.16xlarge", 1, 1), ("r5.12xlarge", 2, 2)]
    {
        assert_eq!((allocated(kind, "sockets = 2"), allocated(kind, "")), (with, without), "{kind}");
    }
    // What left makes room for others.
    let rows = "
        0 allocate-host host=h zone=z
        1 launch instance=a type=r5.8xlarge count=2 host=h
        2 launch type=r5.8xlarge host=h
        3 terminate instance=a
        4 launch type=r5.8xlarge count=2 host=h";
    let (_, notes) = world(&zone(&[hosts(3, 96, "sockets = 2")]), rows).watch();
    assert_eq!(notes.refused(), [(2.0, "launch", "InsufficientHostCapacity", 1)]);
}

/// An instance of bare metal goes to an empty host, and no other comes to it until it has left.
#[test]
fn bare_metal_has_its_host_to_itself() {
    let rows = "
        0 launch instance=m type=m5.metal
        1 launch instance=a type=m5.large
        2 terminate instance=m
        3 launch instance=a type=m5.large
        4 launch instance=m type=m5.metal
        5 terminate instance=a
        6 launch instance=m type=m5.metal tenancy=dedicated
        7 launch instance=b type=m5.large tenancy=dedicated
        8 stop instance=m
        9 launch instance=b type=m5.large tenancy=dedicated
        10 start instance=m
        11 terminate instance=b
        12 start instance=m";
    let (outcome, notes) = world(&zone(&[hosts(1, 200, "")]), rows).watch();
    let no = |at, operation| (at, operation, "InsufficientInstanceCapacity", 1);
    let expected = [no(1.0, "launch"), no(4.0, "launch"), no(7.0, "launch"), no(10.0, "start")];
    assert_eq!(notes.refused(), expected);
    assert_eq!(launches(&outcome).1, 4);
    assert_eq!(calls(&outcome, Operation::Start), (2, 1, vec![("InsufficientInstanceCapacity", 1)]));
    // On a dedicated host it is no other.
    let rows = "
        0 allocate-host host=h zone=z
        1 launch instance=m type=m5.metal host=h
        2 launch instance=a type=m5.large host=h
        3 terminate instance=m
        4 launch instance=a type=m5.large host=h
        5 launch instance=m type=m5.metal host=h";
    let (_, notes) = world(&zone(&[hosts(1, 200, "")]), rows).watch();
    let full = |at| (at, "launch", "InsufficientHostCapacity", 1);
    assert_eq!(notes.refused(), [full(2.0), full(5.0)]);
    // A reservation holds whole hosts for it.
    let rows = "
        0 create-capacity-reservation reservation=r type=m5.metal zone=z count=2
        1 launch type=m5.large
        2 launch instance=m type=m5.metal
        3 launch type=m5.large
        4 cancel-capacity-reservation reservation=r
        5 launch type=m5.large";
    let (_, notes) = world(&zone(&[hosts(2, 200, "")]), rows).watch();
    let full = |at| no(at, "launch");
    assert_eq!(notes.refused(), [full(1.0), full(3.0)]);
}

/// A host file says it row by row, and an elastic group opens hosts of its own hardware only.
#[test]
fn host_files_and_elastic_groups_know_hardware() {
    let zones = "zones = [{ name = 'z', hosts = [{ file = 'hosts.csv', families = ['r5'] },
        { elastic = true, max_hosts = 1, vcpu = 4, memory_gib = 32, types = ['t3.xlarge'] }] }]";
    let file = "vcpu,memory_gib,families,architecture\n4,32,m5|c5,\n4,32,,arm64\n4,32,,\n";
    let rows = "
        0 launch type=c5.xlarge
        1 launch type=m5.large
        2 launch type=m7g.xlarge
        3 launch type=r5.xlarge
        4 launch type=t3.xlarge
        5 launch type=t3.large
        6 launch type=r5.large";
    let (_, notes) = world(&zones.replace('\n', " "), rows).file("hosts.csv", file).watch();
    let full = |at| (at, "launch", "InsufficientInstanceCapacity", 1);
    assert_eq!(notes.refused(), [full(1.0), (5.0, "launch", UNSUPPORTED, 1), full(6.0)]);
}

/// A misspelt family would bar what was meant without a word.
#[test]
fn names_of_hardware_are_known() {
    let zones = "
        [[zones]]
        name = 'z'
        hosts = [{ count = 1, vcpu = 8, memory_gib = 64, families = ['m55', 'unit'], types = ['m5.lage'] }]
        offers = { families = ['c5x'] }
        [[placement.dedicated_hosts]]
        account = 'one'
        zone = 'z'
        family = 'r55'
        [[instance_types]]
        name = 'unit'
        vcpu = 1
        memory_gib = 1";
    let experiment = world(zones, "0 launch type=m5.large");
    let told = std::panic::catch_unwind(|| experiment.scenario(&[])).unwrap_err();
    let told = told.downcast_ref::<String>().expect("a message");
    for (key, help) in [
        ("zones.0.hosts.0.families.0", "`m5`"),
        ("zones.0.hosts.0.types.0", "`m5.large`"),
        ("zones.0.offers.families.0", "`c5`"),
        ("placement.dedicated_hosts.0.family", "`r5`"),
    ] {
        let place = told.lines().position(|line| line.contains(key)).unwrap_or_else(|| panic!("{told}"));
        assert!(told.lines().skip(place).take(2).any(|line| line.contains(help)), "{key}: {told}");
    }
    assert!(!told.contains("families.1"), "a type of the scenario is known: {told}");
}

/// A group that has no hosts, beside one that does, leaves everything as it was: of each strategy, before and behind the other.
#[test]
fn a_group_of_no_hosts_changes_nothing() {
    let rows = "
        0 launch instance=a type=m5.large count=5 min_count=1
        1 launch instance=b type=m5.2xlarge count=5 min_count=1
        4 terminate instance=a
        5 launch instance=c type=m5.xlarge count=9 min_count=1";
    for strategy in plimsoll::placement::register::REGISTER.iter().map(|entry| entry.name) {
        let digest = |groups: &[String]| {
            let set = format!("placement.strategy={strategy}");
            let outcome = world(&zone(groups), rows).run_with(&[&set], CHECKED, &mut Notes::default());
            (outcome.digest, outcome.fleet.hosts, launches(&outcome))
        };
        let (full, empty) = (hosts(3, 16, ""), hosts(0, 32, ""));
        let alone = digest(std::slice::from_ref(&full));
        assert_eq!(alone, digest(&[full.clone(), empty.clone()]), "{strategy}");
        assert_eq!(alone, digest(&[empty, full]), "{strategy}");
    }
}
