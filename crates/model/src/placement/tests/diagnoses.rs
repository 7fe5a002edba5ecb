//! Diagnoses of decisions: against hand-made fleets, and against what every strategy takes of a fleet without the
//! winner.

use super::scenes::{ONE, OTHER, Scene, member, of, plain, scene};
use super::*;
use crate::fleet::host::HostState;
use crate::placement::diagnosis::{Diagnosis, FilterReason, ScoredHost};
use crate::placement::groups::GroupRule;
use crate::placement::request::{Constraint, Tenancy};

const ZONE: ZoneId = ZoneId(0);

/// Returns winner and runner-up.
fn ranked(diagnosis: &Diagnosis) -> (Option<u32>, Option<u32>) {
    let host = |of: &Option<ScoredHost>| of.as_ref().map(|of| of.host.0);
    (host(&diagnosis.winner), host(&diagnosis.runner_up))
}

/// Returns everything that keeps hosts out: how many, and how many by nothing else.
fn filtered(diagnosis: &Diagnosis) -> Vec<(&'static str, u64, u64)> {
    let some = diagnosis.filtered.iter().filter(|(_, kept)| kept.hosts > 0);
    some.map(|(reason, kept)| (reason.name(), kept.hosts, kept.alone)).collect()
}

/// Returns the four hosts that show how strategies differ.
fn four_hosts(strategy: &str) -> (Fleet, Placer) {
    let four = Hosts::Fixed { count: 4, sellable: Resources([8_000, 32 * 1024, 0, 0, UNLIMITED]) };
    let mut fleet = Fleet::new(&[vec![group(four, None)]]).expect("one capacity");
    for (host, vcpu, gib) in [(0, 2, 28), (1, 4, 2), (1, 1, 1), (1, 1, 1), (2, 1, 2)] {
        fleet.take(HostId(host), ZONE, Resources::new(vcpu * 1000, gib * 1024));
    }
    let strategy = register::build(&StrategyConfig::named(strategy), Seed(1));
    let placer = Placer::new(strategy.unwrap_or_else(|problems| panic!("{problems:?}")), &mut fleet, true);
    (fleet, placer)
}

fn asking(vcpu: u32, gib: u32, fleet: &Fleet, placer: &mut Placer) -> Request {
    let amounts = Resources::new(vcpu * 1000, gib * 1024);
    Request::new(placer.shape(amounts, fleet), amounts, AccountId(0), ZONE)
}

#[test]
fn the_runner_up_is_what_comes_second_by_the_rule() {
    for (name, winner, runner_up, costs) in [
        ("first-fit", 0, 1, ["none", "none"]),
        ("next-fit", 0, 1, ["none", "none"]),
        ("spread", 3, 0, ["0", "1"]),
        ("cluster", 1, 0, ["-3", "-1"]),
        ("best-fit", 1, 0, ["2000, 28672", "6000, 4096"]),
        ("worst-fit", 3, 2, ["-8000, -32768", "-7000, -30720"]),
        ("best-fit-l1", 0, 1, ["0.875000", "1.125000"]),
        ("best-fit-l2", 0, 1, ["0.578125", "0.828125"]),
        ("best-fit-linf", 0, 1, ["0.750000", "0.875000"]),
        ("worst-fit-l1", 3, 2, ["-2.000000", "-1.812500"]),
        ("worst-fit-linf", 3, 2, ["-1.000000", "-0.937500"]),
        ("dot-product", 3, 2, ["-0.375000", "-0.335938"]),
        // All four stand on one rack, and so in one partition: best-fit.
        ("partition", 1, 0, ["2000, 28672", "6000, 4096"]),
        ("expression", 1, 0, ["2.000000, 28.000000", "6.000000, 4.000000"]),
    ] {
        let (fleet, mut placer) = four_hosts(name);
        let request = asking(2, 4, &fleet, &mut placer);
        let diagnosis = placer.diagnose(&request, false, &fleet);
        assert_eq!(ranked(&diagnosis), (Some(winner), Some(runner_up)), "{name}");
        let cost = |of: &Option<ScoredHost>| {
            let cost = of.as_ref().and_then(|of| of.cost.as_ref());
            cost.map_or("none".to_string(), ToString::to_string)
        };
        assert_eq!([cost(&diagnosis.winner), cost(&diagnosis.runner_up)], costs, "{name}");
        assert_eq!((diagnosis.hosts, diagnosis.fitting, filtered(&diagnosis)), (4, 4, vec![]), "{name}");
    }
}

#[test]
fn a_host_counts_at_everything_that_is_too_small() {
    let (fleet, mut placer) = four_hosts("first-fit");
    let request = asking(7, 31, &fleet, &mut placer);
    let diagnosis = placer.diagnose(&request, false, &fleet);
    assert_eq!((diagnosis.fitting, ranked(&diagnosis)), (1, (Some(3), None)));
    assert_eq!(filtered(&diagnosis), [("vCPU", 2, 0), ("memory", 3, 1)]);
    let mut amounts = Resources::new(1_000, 1_024);
    amounts.0[Resources::GPU] = 1_000;
    let request = Request { amounts, ..request };
    let diagnosis = placer.diagnose(&request, true, &fleet);
    assert_eq!((diagnosis.fitting, ranked(&diagnosis)), (0, (None, None)));
    assert_eq!(filtered(&diagnosis), [("GPU", 4, 4)]);
}

#[test]
fn every_constraint_is_told_apart() {
    let mut scene = scene(6, 2, GroupTenancy::Any);
    let group = member(scene.group(GroupRule::Spread { max_per_zone: 7 }));
    assert_eq!(scene.launch(ONE, 0, group), Ok(0));
    // The lowest vacant host is dedicated, and the next one fails.
    assert_eq!(scene.launch(OTHER, 0, of(Tenancy::Dedicated)), Ok(1));
    let Scene { fleet, placer, .. } = &mut scene;
    fleet.set_state(HostId(2), HostState::Unhealthy);
    placer.changed(HostId(2), ZONE, fleet);
    let diagnosis = |scene: &mut Scene, constraint| {
        let request = scene.request(ONE, 0, constraint);
        scene.placer.diagnose(&request, false, &scene.fleet)
    };

    let of_group = diagnosis(&mut scene, group);
    assert_eq!((of_group.hosts, of_group.fitting, ranked(&of_group)), (12, 3, (Some(3), Some(4))));
    assert_eq!(
        filtered(&of_group),
        [("zone", 6, 6), ("state", 1, 1), ("tenancy", 1, 0), ("placement group", 2, 1)]
    );
    let of_nothing = diagnosis(&mut scene, plain());
    assert_eq!(ranked(&of_nothing), (Some(0), Some(3)));
    assert_eq!(filtered(&of_nothing), [("zone", 6, 6), ("state", 1, 1), ("tenancy", 1, 1)]);
    let leaving = Constraint { excluded: Some(HostId(0)), ..plain() };
    let of_leaving = diagnosis(&mut scene, leaving);
    assert_eq!(ranked(&of_leaving), (Some(3), Some(4)));
    assert!(filtered(&of_leaving).contains(&("left by the instance", 1, 1)));

    // A group that is full leaves no rack.
    let full =
        member(scene.placer.groups.create(OTHER, "full", GroupRule::Spread { max_per_zone: 0 }).unwrap());
    let of_full = diagnosis(&mut scene, full);
    assert_eq!((of_full.fitting, of_full.filtered[FilterReason::Group].hosts), (0, 12));
}

#[test]
fn what_would_be_opened_is_told() {
    let sellable = Resources([4_000, 4_096, 0, 0, UNLIMITED]);
    let zone = vec![
        group(Hosts::Fixed { count: 1, sellable }, Some(1)),
        group(Hosts::Elastic { max_hosts: 2, sellable }, None),
    ];
    let mut fleet = Fleet::new(&[zone]).expect("one capacity");
    let strategy = register::build(&StrategyConfig::named("best-fit"), Seed(1)).expect("it is known");
    let mut placer = Placer::new(strategy, &mut fleet, true);
    let request = asking(1, 1, &fleet, &mut placer);
    let diagnosis = placer.diagnose(&request, true, &fleet);
    assert_eq!((diagnosis.fitting, ranked(&diagnosis)), (1, (Some(0), Some(1))));
    assert_eq!(filtered(&diagnosis), [("not open", 2, 2)]);
    assert!(diagnosis.runner_up.is_some_and(|host| host.opened));

    fleet.take(HostId(0), ZONE, request.amounts);
    placer.changed(HostId(0), ZONE, &mut fleet);
    assert_eq!(ranked(&placer.diagnose(&request, false, &fleet)), (None, None));
    let diagnosis = placer.diagnose(&request, true, &fleet);
    assert_eq!(ranked(&diagnosis), (Some(1), Some(2)));
    assert_eq!(filtered(&diagnosis), [("not open", 2, 2), ("most instances", 1, 1)]);
    assert_eq!(placer.open(&request, &mut fleet), Some(HostId(1)));
}

/// Returns a world after so many launches and ends, and the next request: the same each time.
fn after(world: &World, strategy: &str, steps: usize) -> (Fleet, Placer, Request) {
    let mut random = Seed(17).stream(Purpose::Placement, 3);
    let mut fleet = Fleet::new(&world.zones).expect("few capacities");
    let built = register::build(&StrategyConfig::named(strategy), Seed(9));
    let mut placer = Placer::new(built.unwrap_or_else(|problems| panic!("{problems:?}")), &mut fleet, false);
    let mut live: Vec<(HostId, Affinity, Request)> = Vec::new();
    let mut next = |placer: &mut Placer, fleet: &Fleet| {
        let footprint = world.requests[random.below(world.requests.len() as u64) as usize];
        let zone = ZoneId(random.below(world.zones.len() as u64) as u16);
        let account = AccountId(random.below(3) as u32);
        let request = Request::new(placer.shape(footprint, fleet), footprint, account, zone);
        (request, random.below(8) >= world.launches_of_8, random.below(1 << 30) as usize)
    };
    for _ in 0..steps {
        let (request, ends, which) = next(&mut placer, &fleet);
        if ends && !live.is_empty() {
            let (host, affinity, request) = live.swap_remove(which % live.len());
            fleet.give(host, request.zone, request.footprint(), affinity);
            placer.removed(&request, host, &fleet);
            placer.changed(host, request.zone, &mut fleet);
        } else if let Some(host) = placer.choose(&request, &fleet) {
            let affinity = fleet.take(host, request.zone, request.footprint());
            placer.placed(&request, host, &fleet);
            placer.changed(host, request.zone, &mut fleet);
            live.push((host, affinity, request));
        }
    }
    let (request, ..) = next(&mut placer, &fleet);
    (fleet, placer, request)
}

#[test]
fn the_runner_up_is_what_the_strategy_takes_when_the_winner_is_gone() {
    let mut seconds = 0;
    for world in worlds().iter().filter(|world| !world.prefilled) {
        for entry in REGISTER {
            for steps in [0, 1, 7, 60, 130, 250] {
                let (fleet, mut placer, request) = after(world, entry.name, steps);
                let diagnosis = placer.diagnose(&request, false, &fleet);
                let (winner, runner_up) = ranked(&diagnosis);
                let what = || format!("{} in {} after {steps}", entry.name, world.name);
                let hosts = || (0..fleet.hosts().len() as u32).map(HostId);
                let in_zone = |id: &HostId| fleet.zone_of(*id) == request.zone;
                let fitting =
                    hosts().filter(in_zone).filter(|id| fleet.fits(*id, &request.footprint())).count();
                assert_eq!(diagnosis.fitting, fitting as u64, "{}", what());
                assert_eq!(placer.choose(&request, &fleet).map(|id| id.0), winner, "{}", what());

                let Some(winner) = winner else { continue };
                let (mut fleet, mut placer, request) = after(world, entry.name, steps);
                fleet.set_state(HostId(winner), HostState::Maintenance);
                placer.changed(HostId(winner), request.zone, &mut fleet);
                assert_eq!(placer.choose(&request, &fleet).map(|id| id.0), runner_up, "{}", what());
                seconds += u32::from(runner_up.is_some());
            }
        }
    }
    assert!(seconds > 200, "{seconds} runners-up");
}
