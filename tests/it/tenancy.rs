//! Owners of hosts and of room: dedicated instances, dedicated hosts, capacity reservations, and their bills.

use plimsoll::billing::Kind;
use plimsoll::cloud::outcome::Outcome;

use crate::support::{Experiment, launches, operations};

/// Hosts for two large instances each.
fn world(hosts: u32, group: &str, set: &str, rows: &str) -> Experiment {
    let scenario = format!(
        "duration = '10h'
        output.sample_every = '1s'
        placement.strategy = 'first-fit'
        [[zones]]
        name = 'a'
        [[zones.hosts]]
        count = {hosts}
        vcpu = 4
        memory_gib = 16
        {group}
        {set}"
    );
    Experiment::replaying(&operations(rows), &scenario)
}

/// Returns what a kind of things cost \[micro-USD\].
fn paid(outcome: &Outcome, kind: Kind) -> i128 {
    outcome.bill.by_kind.get(&kind).copied().unwrap_or(0)
}

#[test]
fn dedicated_instances_share_no_host_with_another_account() {
    let rows = "
        0 launch instance=i type=m5.large tenancy=dedicated account=one
        1 launch instance=j type=m5.large tenancy=dedicated account=two
        2 launch instance=k type=m5.large account=three
        3 launch instance=l type=m5.large tenancy=dedicated account=one
        4 launch instance=m type=m5.large tenancy=dedicated account=three
        5 launch instance=n type=m5.large account=one
        6 terminate instance=i|l account=one
        7 launch instance=m type=m5.large tenancy=dedicated account=three";
    let (outcome, notes) = world(3, "", "", rows).watch();
    assert_eq!(notes.refused(), [(4.0, "launch", "InsufficientInstanceCapacity", 1)]);
    assert_eq!(launches(&outcome).1, 6);
    assert_eq!([0.0, 1.0, 2.0, 3.0].map(|at| notes.at(at).hosts_used), [1, 2, 3, 3]);
}

#[test]
fn a_dedicated_host_is_its_accounts_until_it_is_released_empty() {
    let rows = "
        0 allocate-host host=h zone=a account=one
        1 launch instance=i type=m5.large count=3 min_count=1 host=h account=one
        2 launch type=m5.large host=h account=two
        3 launch type=m5.large tenancy=host account=two
        4 release-host host=h account=one
        5 release-host host=h account=two
        6 launch instance=j type=m5.large count=2 account=two
        7 launch type=m5.large account=two
        8 allocate-host host=g zone=a account=two
        9 terminate instance=i account=one
        10 release-host host=h account=one
        11 launch type=m5.large account=two
        12 release-host host=h account=one";
    let (_, notes) = world(2, "", "", rows).watch();
    let expected = [
        (1.0, "launch", "InsufficientHostCapacity", 1),
        (2.0, "launch", "InvalidHostID.NotFound", 1),
        (3.0, "launch", "InsufficientHostCapacity", 1),
        (4.0, "release-host", "IncorrectState", 1),
        (5.0, "release-host", "InvalidHostID.NotFound", 1),
        (7.0, "launch", "InsufficientInstanceCapacity", 1),
        (8.0, "allocate-host", "InsufficientHostCapacity", 1),
        (12.0, "release-host", "InvalidHostID.NotFound", 1),
    ];
    assert_eq!(notes.refused(), expected);
}

#[test]
fn several_dedicated_hosts_are_allocated_together_or_not_at_all() {
    let rows = "
        0 allocate-host host=g|h zone=a account=one
        1 allocate-host host=i|j zone=a account=two
        2 release-host host=g account=one
        3 allocate-host host=i|j zone=a account=two
        4 release-host host=i account=two
        5 release-host host=h account=one";
    let (outcome, notes) = world(3, "", "", rows).watch();
    let expected = [(1.0, "allocate-host", "InsufficientHostCapacity", 1)];
    assert_eq!(notes.refused(), expected, "one that was free is free again");
    assert!(paid(&outcome, Kind::Host) > 0);
    let (_, notes) = world(3, "", "[quotas]\ndedicated_hosts = 2", &rows.replace("g|h", "g|h|k")).watch();
    let expected = [
        (0.0, "allocate-host", "HostLimitExceeded", 1),
        (2.0, "release-host", "InvalidHostID.NotFound", 1),
        (3.0, "allocate-host", "HostLimitExceeded", 1),
        (5.0, "release-host", "InvalidHostID.NotFound", 1),
    ];
    assert_eq!(notes.refused(), expected, "none of the three was allocated");
}

#[test]
fn the_terms_of_a_dedicated_host_change_where_its_instances_allow_it() {
    let rows = "
        0 allocate-host host=h zone=a type=m5.large account=one
        1 launch instance=i type=m5.large tenancy=host account=one
        2 modify-host host=h auto_placement=true account=one
        3 launch instance=i type=m5.large tenancy=host account=one
        4 modify-host host=h family=m5 account=one
        5 modify-host host=h family=c5 account=one
        6 modify-host host=h auto_placement=true account=two
        7 stop instance=i account=one
        9 modify-host host=h family=m5 account=one
        10 launch instance=j type=m5.xlarge tenancy=host account=one
        11 modify-host host=h type=m5.large account=one
        12 modify-host host=h type=m5.xlarge account=one
        13 modify-host host=h auto_placement=false account=one
        14 terminate instance=j account=one
        16 start instance=i account=one
        17 release-host host=h account=one
        18 modify-host host=h auto_placement=true account=one";
    let (_, notes) = world(2, "", "[lifecycle]\nstop = '1s'\nterminate = '1s'", rows).watch();
    let expected = [
        (1.0, "launch", "InsufficientHostCapacity", 1),
        (4.0, "modify-host", "IncorrectState", 1),
        (5.0, "modify-host", "InvalidParameterValue", 1),
        (6.0, "modify-host", "InvalidHostID.NotFound", 1),
        (11.0, "modify-host", "IncorrectState", 1),
        (16.0, "start", "InsufficientHostCapacity", 1),
        (18.0, "modify-host", "InvalidHostID.NotFound", 1),
    ];
    assert_eq!(notes.refused(), expected);
}

#[test]
fn host_groups_say_whom_they_are_for() {
    let rows = "
        0 launch type=m5.large
        1 launch type=m5.large tenancy=dedicated
        2 allocate-host host=h zone=a";
    let refused = |tenancy: &str| {
        let (_, notes) = world(2, &format!("tenancy = '{tenancy}'"), "", rows).watch();
        notes.refused().iter().map(|told| told.1).collect::<Vec<_>>()
    };
    assert_eq!(refused("shared"), ["launch", "allocate-host"]);
    assert_eq!(refused("dedicated"), ["launch"]);
    assert_eq!(refused("any"), ["allocate-host"]);
}

#[test]
fn a_dedicated_host_costs_its_groups_own_price_or_that_of_its_hardware() {
    let rows = "
        0 allocate-host host=h zone=a
        0 launch instance=i type=m5.large host=h
        7200 terminate instance=i
        7200 release-host host=h";
    for (group, set, usd) in [
        ("", "", 5_069_000),
        ("sku = 'm5'", "[billing.prices]\ndedicated_hosts = { m5 = 3, c5 = 4 }", 3_000_000),
        ("dedicated_usd_per_hour = 2.5", "", 2_500_000),
        (
            "sku = 'm5'\ndedicated_usd_per_hour = 2.5",
            "[billing.prices]\ndedicated_hosts = { m5 = 3 }",
            2_500_000,
        ),
    ] {
        let outcome = world(2, group, set, rows).run();
        assert_eq!(paid(&outcome, Kind::Host), 2 * usd, "{group} {set}");
    }
}

#[test]
fn instances_on_a_dedicated_host_cost_nothing_beside_it() {
    let rows = "0 allocate-host host=h zone=a\n0 launch type=m5.large host=h\n0 launch type=m5.large";
    // EC2: "You pay for the host and are not billed for the instances on it."
    assert_eq!(paid(&world(2, "", "", rows).run(), Kind::Instance), 960_000);
}

#[test]
fn dedicated_hosts_of_the_scenario_are_there_from_the_beginning() {
    let set = "[[placement.dedicated_hosts]]\naccount = 'one'\nzone = 'a'\ncount = 3";
    let rows = "0 launch type=m5.large count=5 min_count=1 tenancy=host account=one";
    let (outcome, notes) = world(2, "", set, rows).watch();
    // Of three there is room for two, and on them for four instances.
    assert_eq!(notes.refused()[0], (0.0, "allocate-host", "InsufficientHostCapacity", 1));
    assert_eq!((launches(&outcome).1, paid(&outcome, Kind::Host)), (4, 20 * 5_069_000));
}

const HELD: &str = "[[placement.capacity_reservations]]\nname = 'r'\naccount = 'one'\ntype = 'm5.large'\n\
                    zone = 'a'\ncount = 2\n";

#[test]
fn an_unused_reservation_costs_what_its_instances_would() {
    let rows = "7200 launch instance=i type=m5.large account=one\n18000 terminate instance=i account=one";
    let outcome = world(1, "", HELD, rows).run();
    // Two slots for 10 h, less one for 3 h, and the instance for these, at 0.096 USD/h.
    assert_eq!(
        (paid(&outcome, Kind::Reservation), paid(&outcome, Kind::Instance)),
        (17 * 96_000, 3 * 96_000)
    );
}

#[test]
fn a_reservation_holds_room_against_others_and_is_used_first() {
    let rows = "
        1 launch type=m5.large account=two
        2 launch instance=i type=m5.large count=2 account=one
        3 launch type=m5.large account=one
        4 stop instance=i account=one
        5 launch type=m5.large account=two
        6 start instance=i account=one
        7 terminate instance=i account=one
        8 launch type=m5.xlarge account=one
        9 launch type=m5.large account=one";
    let (_, notes) = world(1, "", HELD, rows).watch();
    let no = |at, count| (at, "launch", "InsufficientInstanceCapacity", count);
    assert_eq!(notes.refused(), [no(1.0, 1), no(3.0, 1), no(5.0, 1), no(8.0, 1)]);
}

#[test]
fn a_targeted_reservation_is_used_only_by_who_names_it() {
    let held = format!("{HELD}matching = 'targeted'");
    let rows = "
        1 launch type=m5.large account=one
        2 launch type=m5.large account=two reservation=r
        3 launch type=m5.xlarge account=one reservation=r
        4 launch type=m5.large account=one reservation=r count=3 min_count=1
        5 launch type=m5.large account=one reservation=unknown";
    let (outcome, notes) = world(1, "", &held, rows).watch();
    let expected = [
        (1.0, "launch", "InsufficientInstanceCapacity", 1),
        (2.0, "launch", "InvalidCapacityReservationId.NotFound", 1),
        (3.0, "launch", "InvalidParameterValue", 1),
        (4.0, "launch", "ReservationCapacityExceeded", 1),
        (5.0, "launch", "InvalidCapacityReservationId.NotFound", 1),
    ];
    assert_eq!(notes.refused(), expected);
    assert_eq!(launches(&outcome).1, 2);
}

#[test]
fn a_reservation_is_cancelled_or_expires_and_gives_its_free_room_back() {
    let rows = "
        1 launch instance=i type=m5.large account=one
        3 launch type=m5.large account=two";
    let expiring = format!("{HELD}until = '2s'");
    let (outcome, _) = world(1, "", &expiring, rows).watch();
    assert_eq!(launches(&outcome), (2, 2, vec![]));
    // Two slots for one second, one for another: 3 · 0.096 ÷ 3600 USD.
    assert_eq!(paid(&outcome, Kind::Reservation), 80);
    let by_call = "
        0 create-capacity-reservation reservation=r type=m5.large zone=a count=2 account=one
        1 launch instance=i type=m5.large account=one
        1 create-capacity-reservation reservation=s type=m5.large zone=a count=1 account=two
        1.5 cancel-capacity-reservation reservation=r account=two
        2 cancel-capacity-reservation reservation=r account=one
        2 cancel-capacity-reservation reservation=r account=one
        3 create-capacity-reservation reservation=s type=m5.large zone=a count=1 account=two
        4 terminate instance=i account=one
        5 launch type=m5.large account=three";
    let (outcome, notes) = world(1, "", "", by_call).watch();
    let expected = [
        (1.0, "create-capacity-reservation", "InsufficientInstanceCapacity", 1),
        (1.5, "cancel-capacity-reservation", "InvalidCapacityReservationId.NotFound", 1),
        (2.0, "cancel-capacity-reservation", "InvalidCapacityReservationId.NotFound", 1),
    ];
    assert_eq!(notes.refused(), expected);
    assert_eq!(launches(&outcome).1, 2);
}
