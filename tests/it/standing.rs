//! A fleet as it stands in a run, written out as an inventory and read back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use plimsoll::cloud::observe::Silent;
use plimsoll::cloud::standing::StandingFleet;
use plimsoll::cloud::standing::description::FleetDescription;
use plimsoll::cloud::{Cloud, RunOptions};
use plimsoll::engine::random::{Purpose, Seed};
use plimsoll::headroom::{LossDomain, Survival};
use plimsoll::scenario::{Overrides, Scenario};
use plimsoll::units::{NS_PER_S, Time, TypeId};
use predicates::str::contains;
use serde_json::{Value, json};

use crate::command_line::plimsoll;
use crate::support::CHECKED;
use crate::worlds;

const WORLDS: u64 = 90;

fn stand(scenario: &Scenario, at: Time, options: RunOptions) -> StandingFleet {
    let cloud = Cloud::for_clients(scenario, options).unwrap_or_else(|error| panic!("{error}"));
    StandingFleet::of(cloud, Some(at), &mut Silent).unwrap_or_else(|error| panic!("{error}"))
}

/// Room that is left, with types by name: for each type, the largest, and what the loss of a part would do.
#[derive(PartialEq, Debug)]
struct Fits {
    allocable: BTreeMap<String, u64>,
    largest: Option<String>,
    losses: Vec<(LossDomain, Loss)>,
}

/// Number of domains, of violations, instances displaced and without room, free vCPU and memory, the largest type and what fits.
type Loss = ([u64; 6], Option<String>, BTreeMap<String, u64>);

fn fits(fleet: &StandingFleet, described: &FleetDescription) -> Fits {
    let name = |kind: TypeId| fleet.directory().types.get(kind).name.clone();
    let by_name =
        |counts: &[(TypeId, u64)]| counts.iter().map(|(kind, count)| (name(*kind), *count)).collect();
    let loss = |of: &Survival| {
        let counts =
            [of.domains, of.violations, of.displaced, of.unplaced, of.spare_vcpu_milli, of.spare_memory_mib];
        (counts, of.largest.map(name), by_name(&of.allocable))
    };
    Fits {
        allocable: by_name(&described.headroom.allocable),
        largest: described.headroom.largest.map(name),
        losses: described.survival.iter().map(|(domain, survival)| (*domain, loss(survival))).collect(),
    }
}

/// Instances of each account and of each type.
fn held(fleet: &StandingFleet, described: &FleetDescription) -> [BTreeMap<String, u64>; 2] {
    let accounts = described.accounts.iter();
    let types = described.types.iter().filter(|(_, held)| held.instances > 0);
    [
        accounts
            .map(|(id, held)| (fleet.directory().accounts()[id.index()].clone(), held.instances))
            .collect(),
        types.map(|(kind, held)| (fleet.directory().types.get(*kind).name.clone(), held.instances)).collect(),
    ]
}

/// Zones, several kinds of hosts, NUMA nodes and GPU devices, placement groups, tenancies, reservations and faults, as drawn: the
/// fleet that is read back takes as much of every type as the one that was written, whatever part of it is lost.
#[test]
fn an_inventory_that_is_read_back_has_the_headroom_of_the_run() {
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let (mut residents, mut parts) = (0, 0);
    for seed in 0..WORLDS {
        let experiment = worlds::draw(seed);
        let at = Time(Seed(seed).stream(Purpose::Mix, 99).below(3500) * NS_PER_S);
        let describe = || format!("at {} s, {}", at.as_seconds(), experiment.describe(seed));
        let fleet = stand(&experiment.scenario(&[]), at, RunOptions::default());
        let inventory = fleet.inventory(&experiment.scenario(&[])).unwrap();
        let folder = experiment.folder().join("fleet");
        inventory.files("fleet").write(&folder).unwrap_or_else(|error| panic!("{error}\n{}", describe()));
        let read = Scenario::read_for_clients(&folder.join("scenario.toml"), &Overrides::default());
        let read = read.unwrap_or_else(|error| panic!("{error}\n{}", describe()));
        let back = stand(&read, Time::ZERO, CHECKED);
        let [was, is] = [&fleet, &back].map(StandingFleet::description);

        let settled = &inventory.settled;
        let (fits_before, fits_after) = (fits(&fleet, &was), fits(&back, &is));
        assert_eq!(fits_after.allocable, fits_before.allocable, "{}", describe());
        assert_eq!(fits_after.largest, fits_before.largest, "{}", describe());
        let holds = "kept as residents: room that capacity reservations hold";
        // A loss displaces what reservations hold as if it ran; racks of an elastic group are not those of its listed hosts.
        if !settled.told.contains_key(holds) && !experiment.toml().contains("elastic") {
            assert_eq!(fits_after.losses, fits_before.losses, "{}", describe());
        }
        if settled.told.is_empty() {
            assert_eq!(held(&back, &is), held(&fleet, &was), "{}", describe());
        }
        residents += settled.residents.len();
        let is_part = |(column, _): &(plimsoll::workload::trace::columns::Column, String)| {
            plimsoll::workload::trace::columns::PARTS.contains(column)
        };
        parts += settled.residents.iter().filter(|of| of.options.iter().any(is_part)).count();
        told.extend(settled.told.keys());
    }
    assert!(residents > 1000 && parts > 300, "{residents} residents, {parts} on parts");
    let expected = [
        "hosts left out: dedicated to an account",
        "hosts left out: in maintenance, or soon to be",
        "hosts left out: unhealthy",
        "kept as residents: room that capacity reservations hold",
        "left out: on a host that is left out",
        "left out: stopped",
    ];
    let missing: Vec<&&str> = expected.iter().filter(|reason| !told.contains(**reason)).collect();
    assert!(missing.is_empty(), "never told: {missing:?}; told: {told:?}");
}

const TWO_GROUPS: &str = "
    name = 'test'
    duration = '10d'
    placement.strategy = 'first-fit'
    [[zones]]
    name = 'a'
    [[zones.hosts]]
    count = 2
    vcpu = 8
    memory_gib = 32
    [[zones.hosts]]
    count = 1
    vcpu = 4
    memory_gib = 16
    available_from = '5d'
    [workload]
    trace = 'trace.csv'
";

/// Ends that are known, hosts still to come, a moment of the run and a checkpoint, by the command line.
#[test]
fn the_command_writes_a_fleet_that_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write("scenario.toml", TWO_GROUPS);
    write(
        "trace.csv",
        "start_s,end_s,vcpu,memory_gib,account\n0,,6,8,web\n3600,864000,6,8,db\n7200,180000,2,4,web\n500000,,4,4,web\n",
    );
    let command = |words: &[&str]| plimsoll(place.path(), words);
    let export = |more: &[&str]| {
        let words = [&["export", "inventory", "scenario.toml", "--json"], more].concat();
        let output = command(&words).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let report = export(&["--at", "2d", "-o", "fleet"]);
    assert_eq!(
        report,
        json!({ "output": "fleet", "hosts": 3, "residents": 3, "launched_at_start": 0, "told": {} })
    );
    let text = |name: &str| fs::read_to_string(place.path().join(name)).unwrap();
    assert_eq!(
        text("fleet/trace.csv"),
        "start_s,end_s,instance,host,account,type\n0,,0,host-0,web,6vcpu-8gib\n\
         0,691200,1,host-1,db,6vcpu-8gib\n0,7200,2,host-0,web,2vcpu-4gib\n"
    );
    assert_eq!(
        text("fleet/hosts.csv"),
        "name,rack,vcpu,memory_gib\nhost-0,rack-0,8,32\nhost-1,rack-0,8,32\n"
    );
    assert!(
        text("fleet/scenario.toml").contains("available_from = \"3d\""),
        "{}",
        text("fleet/scenario.toml")
    );

    command(&["run", "scenario.toml", "--checkpoint-at", "2d", "--checkpoint-dir", "points", "-q"])
        .assert()
        .success();
    let point = ["--from-checkpoint", "points/test-2d.checkpoint"];
    export(&[&point[..], &["-o", "again"]].concat());
    for name in ["scenario.toml", "trace.csv", "hosts.csv", "hosts-2.csv"] {
        let renamed = text(&format!("again/{name}")).replace("\"again\"", "\"fleet\"");
        assert_eq!(renamed, text(&format!("fleet/{name}")), "{name}");
    }
    // It goes on: the lifetime of one ends, and the hosts to come are there.
    let described = |words: &[&str]| {
        let output = command(&[&["describe", "--json"], words].concat()).output().unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        // A host without a name is told by its number.
        let losses = told["losses"].to_string().replace("host-0", "0");
        json!([told["fleet"]["hosts"], told["fleet"]["vcpu_used"], told["types"], losses])
    };
    assert_eq!(described(&["fleet/scenario.toml"]), described(&["scenario.toml", "--at", "2d"]));
    let later = described(&["fleet/scenario.toml", "--set", "duration=9d", "--at", "4d"]);
    assert_eq!([&later[0], &later[1]], [&json!(3), &json!(12.0)]);
    assert_eq!(described(&[&["scenario.toml", "--at", "6d"], &point[..]].concat())[1], 16.0);

    // Without --at: the end of the run.
    assert_eq!(export(&["-o", "end"])["residents"], 2);
    // It knows what ends after it, as any other moment does.
    export(&["--set", "duration=5d", "-o", "early"]);
    export(&["--at", "5d", "-o", "within"]);
    assert!(text("early/trace.csv").contains("\n0,432000,1,host-1,db,"), "{}", text("early/trace.csv"));
    assert_eq!(text("early/trace.csv"), text("within/trace.csv"));
    for (words, expected) in [
        (
            &["--at", "11d", "-o", "x"][..],
            "found 11d, expected a time of the run, from 0s on up to its end, 10d",
        ),
        (&["--at", "1d", "-o", "x", point[0], point[1]], "found 1d, expected a time of the run, from 2d on"),
        (&["--at", "1d", "-o", "fleet"], "expected a new or an empty folder"),
    ] {
        let words = [&["export", "inventory", "scenario.toml"], words].concat();
        command(&words).assert().code(2).stderr(contains(expected));
    }
}

/// A resident may make its host dedicated, and name the parts that it is on; where it cannot be there, the run says so.
#[test]
fn residents_say_how_and_on_which_parts_they_are_on_their_hosts() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write("hosts.csv", "name,vcpu,memory_gib,numa_nodes\nh1,8,16,2\nh2,8,16,1\n");
    let run = |rows: &str| {
        write("t.csv", &format!("start_s,end_s,host,vcpu,memory_gib,account,tenancy,on_numa_nodes\n{rows}"));
        plimsoll(place.path(), &["describe", "--json", "t.csv", "--hosts", "hosts.csv"])
    };
    // Beside 1 vCPU on each node three of 2 vCPU fit: one on each node, and none where both are on one.
    let fit = |rows: &str| {
        let output = run(rows).output().unwrap();
        let told: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        told["types"][0]["fit"].as_u64().unwrap()
    };
    assert_eq!(fit("0,,h1,3,1,a,,0\n0,,h1,3,1,a,,1\n0,,h2,3,1,a,,\n"), 1);
    assert_eq!(fit("0,,h1,2,1,a,,1\n0,,h1,2,1,a,,1\n"), 6);
    assert_eq!(fit("0,,h1,2,1,a,,0\n0,,h1,2,1,a,,1\n0,,h2,2,1,a,dedicated,\n"), 2);
    let no_room = "which does not run it or has no room";
    for (rows, expected) in [
        ("0,,h1,2,1,a,,2\n", no_room),
        ("0,,h1,2,1,a,,0|1\n", no_room),
        ("0,,h2,2,1,a,,0\n", no_room),
        ("0,,h1,2,1,a,,0\n0,,h1,3,1,a,,0\n", no_room),
        ("0,,h2,2,1,a,,\n0,,h2,2,1,a,dedicated,\n", no_room),
        ("0,,h2,2,1,a,dedicated,\n0,,h2,2,1,b,dedicated,\n", no_room),
        ("0,,h1,2,1,a,,9\n", "found `9`, which is above the most that a host has"),
        ("5,,h1,2,1,a,,1\n", "`on_numa_nodes`: found `1`, which is of no resident, which starts at 0"),
        ("5,,h1,2,1,a,dedicated,\n", "does not go with a `host`, unless of a resident"),
    ] {
        // A row that begins later is read when its time has come, or right away.
        run(rows).assert().code(2).stderr(contains(expected));
    }
}
