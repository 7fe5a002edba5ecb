//! Placement groups from call to host: where members stand, who is refused, and what stopping frees.

use crate::support::{Experiment, calls, launches, operations};
use plimsoll::operation::Operation;

/// Two zones of ten racks with one host for two large instances each.
const ZONES: &str = "
    duration = '1000s'
    output.sample_every = '10s'
    zones = [
        { name = 'a', hosts = [{ count = 10, vcpu = 4, memory_gib = 16, hosts_per_rack = 1 }] },
        { name = 'b', hosts = [{ count = 10, vcpu = 4, memory_gib = 16, hosts_per_rack = 1 }] },
    ]
    placement.strategy = 'first-fit'";

fn world(set: &str, rows: &str) -> Experiment {
    Experiment::replaying(&operations(rows), &format!("{ZONES}\n{set}"))
}

const SPREAD: &str = "0 create-placement-group group=g group_strategy=spread\n";

#[test]
fn the_eighth_member_of_a_spread_group_in_a_zone_is_refused() {
    let rows = format!("{SPREAD}1 launch type=m5.large zone=a group=g count=8 min_count=1");
    let (outcome, notes) = world("", &rows).watch();
    assert_eq!(launches(&outcome), (8, 7, vec![("InsufficientInstanceCapacity", 1)]));
    let limit = notes.refusals[0].reason.limit.expect("a limit decided");
    assert_eq!((limit.kind.name(), limit.asked, limit.left), ("group-instances", 1, 0));
    // Seven racks of one host: each member stands alone, though a host has room for two.
    assert_eq!(notes.at(10.0).hosts_used, 7);
}

#[test]
fn a_spread_group_has_seven_members_in_each_zone() {
    let rows =
        format!("{SPREAD}1 launch type=m5.large group=g count=7\n2 launch type=m5.large group=g count=7");
    let (outcome, notes) = world("", &rows).watch();
    assert_eq!((launches(&outcome).1, notes.at(10.0).hosts_used), (14, 14));
}

#[test]
fn a_spread_group_without_a_free_rack_refuses_though_hosts_have_room() {
    let few = "zones.0.hosts.0.count=3";
    let rows = format!("{SPREAD}1 launch type=m5.large zone=a group=g count=4 min_count=4");
    let experiment = world("", &rows);
    let mut notes = crate::support::Notes::default();
    let outcome = experiment.run_with(&[few], crate::support::CHECKED, &mut notes);
    assert_eq!(launches(&outcome), (4, 0, vec![("InsufficientInstanceCapacity", 4)]));
    assert_eq!(notes.refusals[0].reason.limit.expect("a limit decided").kind.name(), "group-racks");
}

#[test]
fn stopping_a_member_frees_its_rack_and_starting_takes_another() {
    let rows = format!(
        "{SPREAD}1 launch instance=i type=m5.large zone=a group=g count=7\n\
         2 launch instance=x type=m5.large zone=a group=g\n\
         3 stop instance=i\n\
         4 launch instance=y type=m5.large zone=a group=g count=7\n\
         5 start instance=i\n\
         6 terminate instance=y\n\
         7 start instance=i"
    );
    let (outcome, notes) = world("", &rows).watch();
    assert_eq!(launches(&outcome).1, 14);
    let refused: Vec<(f64, &str)> = notes.refused().iter().map(|told| (told.0, told.1)).collect();
    assert_eq!(refused[0], (2.0, "launch"));
    assert!(refused[1..] == [(5.0, "start"); 7], "{refused:?}");
    assert_eq!(notes.at(10.0).instances_running, 7);
}

#[test]
fn a_partition_group_fills_the_emptiest_partition_first_on_racks_of_its_own() {
    let rows = "
        0 create-placement-group group=g group_strategy=partition partitions=3
        1 launch type=m5.large zone=a group=g count=6
        2 launch type=m5.large zone=a group=g partition=1 count=6 min_count=1
        3 launch type=m5.large zone=a group=g partition=3 count=9 min_count=1";
    let (outcome, notes) = world("", rows).watch();
    // Partition 1 has racks 0, 3, 6, 9, for eight; two went there first. Partition 3 has racks 2, 5, 8.
    assert_eq!(launches(&outcome), (21, 6 + 6 + 4, vec![("InsufficientInstanceCapacity", 5)]));
    assert_eq!(notes.at(10.0).vcpu_used_milli, 32_000);
}

#[test]
fn a_partition_that_the_group_does_not_have_is_refused() {
    let rows = "
        0 create-placement-group group=g group_strategy=partition partitions=3
        1 launch type=m5.large group=g partition=4
        2 create-placement-group group=h group_strategy=partition partitions=8
        3 create-placement-group group=s group_strategy=spread partitions=2
        4 create-placement-group group=s group_strategy=spread
        5 launch type=m5.large group=s partition=1";
    let (_, notes) = world("", rows).watch();
    let expected = [
        (1.0, "launch", "InvalidParameterValue", 1),
        (2.0, "create-placement-group", "InvalidParameterValue", 1),
        (3.0, "create-placement-group", "InvalidParameterCombination", 1),
        (5.0, "launch", "InvalidParameterCombination", 1),
    ];
    assert_eq!(notes.refused(), expected);
}

#[test]
fn a_cluster_group_stays_in_the_zone_of_its_members_and_moves_when_it_has_none() {
    let rows = "
        0 create-placement-group group=g group_strategy=cluster
        1 launch instance=i type=m5.large zone=b group=g
        2 launch instance=j type=m5.large group=g
        3 launch instance=k type=m5.large zone=a group=g
        4 terminate instance=i|j
        5 launch instance=k type=m5.large zone=a group=g";
    let (_, notes) = world("", rows).watch();
    assert_eq!(notes.refused(), [(3.0, "launch", "InvalidPlacementGroup.InUse", 1)]);
    // Together on one rack.
    assert_eq!((notes.at(10.0).hosts_used, notes.at(0.0).hosts_used), (1, 0));
}

#[test]
fn a_strict_cluster_group_takes_no_second_rack() {
    for (strict, launched) in [(true, 2), (false, 5)] {
        let set = format!("[[placement.groups]]\nname = 'g'\nstrategy = 'cluster'\nstrict = {strict}");
        let rows = "1 launch type=m5.large zone=a group=g count=5 min_count=1";
        assert_eq!(launches(&world(&set, rows).run()).1, launched, "{strict}");
    }
}

#[test]
fn groups_of_the_scenario_and_of_calls_obey_the_same_rules() {
    let set = "placement.groups = [
        { name = 'each', strategy = 'spread', max_per_zone = 2 },
        { name = 'ones', strategy = 'spread', account = 'one' },
    ]";
    let set = set.replace("placement.groups", "groups").replace('\n', " ");
    let scenario = ZONES.replace(
        "placement.strategy = 'first-fit'",
        &format!("placement = {{ strategy = 'first-fit', {set} }}"),
    );
    let scenario = scenario.replace(", ] }", "] }");
    let rows = "
        0 create-placement-group group=each group_strategy=cluster account=one
        1 create-placement-group group=own group_strategy=cluster account=one
        2 create-placement-group group=own group_strategy=cluster account=one
        3 create-placement-group group=own group_strategy=spread account=two
        4 launch type=m5.large group=ones account=two
        5 launch type=m5.large zone=a group=each count=2 account=one
        6 launch type=m5.large zone=a group=each count=3 min_count=1 account=two
        7 launch instance=i type=m5.large group=own account=one
        8 delete-placement-group group=own account=one
        9 terminate instance=i account=one
        10 delete-placement-group group=own account=one
        11 launch type=m5.large group=own account=one";
    let (outcome, notes) = Experiment::replaying(&operations(rows), &scenario).watch();
    let expected = [
        (0.0, "create-placement-group", "InvalidPlacementGroup.Duplicate", 1),
        (2.0, "create-placement-group", "InvalidPlacementGroup.Duplicate", 1),
        (4.0, "launch", "InvalidPlacementGroup.Unknown", 1),
        (6.0, "launch", "InsufficientInstanceCapacity", 1),
        (8.0, "delete-placement-group", "InvalidPlacementGroup.InUse", 1),
        (11.0, "launch", "InvalidPlacementGroup.Unknown", 1),
    ];
    assert_eq!(notes.refused(), expected);
    assert_eq!(calls(&outcome, Operation::DeletePlacementGroup).1, 1);
}
