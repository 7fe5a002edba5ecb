//! Capacity reservations and what runs already, spot, preferences, quotas and end dates, as EC2 documents them.

use plimsoll::billing::Kind;
use plimsoll::cloud::outcome::Outcome;
use plimsoll::operation::Operation;

use crate::support::{Experiment, calls, launches, operations};

/// Hosts for one m5.large each, or for as many as they have room for.
fn world(hosts: u32, vcpu: u32, set: &str, rows: &str) -> Experiment {
    let memory = vcpu * 4;
    let scenario = format!(
        "duration = '10h'
        output.sample_every = '1s'
        placement.strategy = 'first-fit'
        [[zones]]
        name = 'a'
        hosts = [{{ count = {hosts}, vcpu = {vcpu}, memory_gib = {memory} }}]
        {set}"
    );
    Experiment::replaying(&operations(rows), &scenario)
}

fn paid(outcome: &Outcome, kind: Kind) -> i128 {
    outcome.bill.by_kind.get(&kind).copied().unwrap_or(0)
}

/// Ten instances, and after an hour a reservation for ten: those that run already are in it, so that it needs no room
/// and costs nothing. 10 · 0.096 USD · 24 h, in a full cloud and in one with room for twice as many.
#[test]
fn an_open_reservation_takes_the_instances_that_run() {
    let rows = "0 launch instance=n type=m5.large count=10 zone=a
        3600 create-capacity-reservation type=m5.large count=10 zone=a reservation=r open=true";
    for hosts in [10, 20] {
        let experiment = world(hosts, 2, "", rows);
        let (outcome, notes) = experiment.watch_with(&["duration=24h"]);
        assert_eq!(notes.refused(), [], "{hosts} hosts");
        assert_eq!(outcome.fleet.hosts_used_peak, 10);
        assert_eq!((outcome.bill.total, paid(&outcome, Kind::Reservation)), (23_040_000, 0));
    }
    // A targeted one takes no instance that has not named it.
    let targeted = rows.replace("open=true", "open=false");
    let refused = world(10, 2, "", &targeted).watch().1.refused();
    let no_room = "InsufficientInstanceCapacity";
    assert_eq!(refused, [(3600.0, "create-capacity-reservation", no_room, 1)]);
    assert_eq!(world(20, 2, "", &targeted).run().fleet.hosts_used_peak, 20);
}

/// Two instances in a reservation of three, on hosts for one each. It grows by what runs outside and by fresh room, never above the room there
/// is, and shrinks no further than what is in use.
#[test]
fn a_reservation_grows_and_shrinks() {
    let rows = "
        0 create-capacity-reservation reservation=r type=m5.large count=3 zone=a
        0 create-capacity-reservation reservation=t type=m5.large count=1 zone=a open=false
        1 launch instance=n type=m5.large count=2 zone=a
        2 launch instance=o type=m5.large zone=a reservation_preference=none
        10 modify-capacity-reservation reservation=r count=1
        20 modify-capacity-reservation reservation=r count=2
        30 launch instance=p type=m5.large zone=a
        40 modify-capacity-reservation reservation=r count=4
        50 modify-capacity-reservation reservation=r count=9
        60 modify-capacity-reservation reservation=r open=false
        70 modify-capacity-reservation reservation=t open=true
        80 modify-capacity-reservation reservation=r count=1500
        90 modify-capacity-reservation reservation=x count=1";
    let (outcome, notes) = world(6, 2, "", rows).watch();
    let refused = [
        (10.0, "InvalidParameterValue"),
        (50.0, "InsufficientInstanceCapacity"),
        (60.0, "IncorrectState"),
        (80.0, "InvalidParameterValue"),
        (90.0, "InvalidCapacityReservationId.NotFound"),
    ];
    let refused = refused.map(|(at, code)| (at, "modify-capacity-reservation", code, 1));
    assert_eq!(notes.refused(), refused);
    // Slots count as hosts in use: three of r, one of t, one outside, then p; from 40 s on r holds p and a slot more.
    let used = |at: f64| notes.at(at).hosts_used;
    assert_eq!([9.0, 19.0, 29.0, 39.0, 49.0].map(used), [5, 5, 4, 5, 6]);
    assert_eq!(calls(&outcome, Operation::ModifyReservation).1, 3);
}

/// The end date may come earlier, later or never, and the former one means nothing then. Slots are paid for until the end.
#[test]
fn an_end_date_is_changed() {
    for (change, hours) in [
        ("", 2),
        ("1800 modify-capacity-reservation reservation=r expires_s=3600", 1),
        ("1800 modify-capacity-reservation reservation=r expires_s=10800", 3),
    ] {
        let rows = format!(
            "0 create-capacity-reservation reservation=r type=m5.large count=1 zone=a expires_s=7200\n{change}"
        );
        let outcome = world(1, 2, "", &rows).run();
        assert_eq!(paid(&outcome, Kind::Reservation), hours * 96_000, "{change}");
        assert_eq!(calls(&outcome, Operation::CancelReservation), (1, 1, vec![]));
    }
    let over = "0 create-capacity-reservation reservation=r type=m5.large count=1 zone=a
        10 modify-capacity-reservation reservation=r expires_s=5";
    let refused = world(1, 2, "", over).watch().1.refused();
    assert_eq!(refused, [(10.0, "modify-capacity-reservation", "InvalidParameterValue", 1)]);
}

/// A reservation of the scenario ends once, at the date that a call has set last.
#[test]
fn a_reservation_of_the_scenario_takes_another_end_date() {
    let provided = "[[placement.capacity_reservations]]
        name = 'r'
        account = 'default'
        zone = 'a'
        type = 'm5.large'
        count = 1
        until = '3h'";
    for (expires_s, hours) in [(7200, 2), (14_400, 4)] {
        let rows = format!("10 modify-capacity-reservation reservation=r expires_s={expires_s}");
        let (outcome, notes) = world(1, 2, provided, &rows).watch();
        assert_eq!((notes.refused(), paid(&outcome, Kind::Reservation)), (vec![], hours * 96_000));
    }
}

/// An instance outside an idle, targeted reservation is in it once that is opened, and counts for what it grows by in the same call.
#[test]
fn a_reservation_that_is_opened_takes_the_instances_that_run() {
    let rows = "
        0 create-capacity-reservation reservation=t type=m5.large count=1 zone=a open=false
        0 launch instance=n type=m5.large count=2 zone=a
        3600 modify-capacity-reservation reservation=t open=true count=2";
    let (outcome, notes) = world(3, 2, "", rows).watch();
    assert_eq!(notes.refused(), []);
    // The slot was paid for during the first hour, and its room is free from then on.
    assert_eq!(paid(&outcome, Kind::Reservation), 96_000);
    assert_eq!([3599.0, 3602.0].map(|at| notes.at(at).hosts_used), [3, 2]);
}

/// The end date counts by the clock of the trace, as the times of its calls do.
#[test]
fn an_end_date_counts_from_the_origin_of_the_trace() {
    let rows = "1735689600 create-capacity-reservation reservation=r type=m5.large count=1 zone=a expires_s=1735693200";
    let outcome = world(1, 2, "", rows).watch_with(&["workload.trace_origin=first"]).0;
    assert_eq!(paid(&outcome, Kind::Reservation), 96_000);
}

/// A running instance counts only with the same account, type, zone and tenancy, on demand, and unless it wants none.
#[test]
fn it_takes_those_alone_that_match() {
    for (options, there) in [
        ("", 1),
        ("reservation_preference=open", 1),
        ("reservation_preference=none", 0),
        ("purchase=spot", 0),
        ("tenancy=dedicated", 0),
        ("account=other", 0),
        ("zone=b", 0),
    ] {
        let options =
            if options.contains("zone") { options.to_string() } else { format!("{options} zone=a") };
        let rows = format!(
            "0 launch instance=n type=m5.large {options}
            60 create-capacity-reservation type=m5.large count=3 zone=a reservation=r"
        );
        let more = "[[zones]]\nname = 'b'\nhosts = [{ count = 1, vcpu = 2, memory_gib = 8 }]";
        let (outcome, notes) = world(9, 2, more, &rows).watch();
        assert_eq!(notes.refused(), [], "{options}");
        // What is free until the end, 9 h 59 min later.
        let free = i128::from(3 - there) * 96_000 * (36_000 - 60) / 3600;
        assert_eq!(paid(&outcome, Kind::Reservation), free, "{options}");
    }
}

/// A reservation for two, three instances: when one of the two leaves, the third is in it, and the room of the one
/// that left is free for all.
#[test]
fn when_a_slot_is_left_another_that_runs_follows() {
    let rows = "
        0 create-capacity-reservation type=m5.large count=2 zone=a reservation=r account=one
        1 launch instance=i type=m5.large count=2 account=one
        2 launch instance=k type=m5.large account=one
        3 launch type=m5.large account=two
        10 stop instance=i account=one
        11 launch instance=x type=m5.large account=two
        12 launch type=m5.large account=two
        20 terminate instance=x account=two
        29 start instance=i account=one
        40 terminate instance=k account=one
        50 launch type=m5.large account=two";
    let (outcome, notes) = world(3, 2, "", rows).watch();
    let no = |at| (at, "launch", "InsufficientInstanceCapacity", 1);
    // At 10 s both instances stop: one slot is the third's, the other free.
    // At 29 s one of the two that start gets the free slot, the other the room of x; at 40 s the latter follows k.
    assert_eq!(notes.refused(), [no(3.0), no(12.0)]);
    assert_eq!(launches(&outcome).1, 5);
    assert_eq!(calls(&outcome, Operation::Start), (1, 1, vec![]));
    let free = 2 + 19; // Two slots for a second, one for nineteen, at 0.096 USD/h.
    assert_eq!(paid(&outcome, Kind::Reservation), free * 96_000 / 3600);
}

/// Instances of a reservation that is cancelled are taken by another with free slots, whose room is free then.
#[test]
fn when_a_reservation_ends_another_takes_its_instances() {
    let rows = "
        0 create-capacity-reservation type=m5.large count=1 zone=a reservation=r
        1 launch instance=i type=m5.large
        2 create-capacity-reservation type=m5.large count=1 zone=a reservation=s
        3 launch type=m5.large account=two
        4 cancel-capacity-reservation reservation=r
        5 launch type=m5.large account=two
        6 launch type=m5.large account=two";
    let (outcome, notes) = world(2, 2, "", rows).watch();
    let no = |at| (at, "launch", "InsufficientInstanceCapacity", 1);
    assert_eq!(notes.refused(), [no(3.0), no(6.0)]);
    // A second of the first and two of the second.
    assert_eq!(paid(&outcome, Kind::Reservation), 3 * 96_000 / 3600);
}

#[test]
fn spot_uses_no_reservation() {
    let held = "0 create-capacity-reservation reservation=r zone=a type=m5.2xlarge count=1";
    let rows = format!("{held}\n10 launch instance=a type=m5.2xlarge purchase=spot");
    let (_, notes) = world(1, 8, "", &rows).watch();
    assert_eq!(notes.refused(), [(10.0, "launch", "InsufficientInstanceCapacity", 1)]);
    for wish in ["reservation=r", "reservation_preference=capacity-reservations-only"] {
        let rows = format!("{held}\n10 launch instance=a type=m5.2xlarge purchase=spot {wish}");
        let refused = world(1, 8, "", &rows).watch().1.refused();
        assert_eq!(refused, [(10.0, "launch", "InvalidParameterCombination", 1)], "{wish}");
    }
}

#[test]
fn a_launch_says_which_reservations_it_may_use() {
    let held = "0 create-capacity-reservation reservation=r zone=a type=m5.large count=1 open=";
    let launch = "launch type=m5.large";
    let rows = format!(
        "{held}true
        1 {launch} reservation_preference=none
        2 {launch} reservation_preference=none
        3 {launch} reservation_preference=capacity-reservations-only
        4 {launch} reservation_preference=capacity-reservations-only
        5 {launch} reservation=r reservation_preference=capacity-reservations-only
        6 {launch} reservation=r reservation_preference=open
        7 {launch} reservation=r reservation_preference=none"
    );
    let (outcome, notes) = world(2, 2, "", &rows).watch();
    let expected = [
        (2.0, "launch", "InsufficientInstanceCapacity", 1),
        (4.0, "launch", "ReservationCapacityExceeded", 1),
        (5.0, "launch", "ReservationCapacityExceeded", 1),
        (6.0, "launch", "InvalidParameterCombination", 1),
        (7.0, "launch", "InvalidParameterCombination", 1),
    ];
    assert_eq!(notes.refused(), expected);
    assert_eq!(launches(&outcome).1, 2);
    // A reservation that is targeted is none that an instance comes into by itself.
    let rows = format!("{held}false\n1 {launch} reservation_preference=capacity-reservations-only");
    let refused = world(2, 2, "", &rows).watch().1.refused();
    assert_eq!(refused, [(1.0, "launch", "ReservationCapacityExceeded", 1)]);
    // Arrivals say it in the same words.
    let text = "duration = '10s'
        [[zones]]
        name = 'a'
        hosts = [{ count = 1, vcpu = 2, memory_gib = 8 }]
        [[placement.capacity_reservations]]
        name = 'r'
        account = 'default'
        type = 'm5.large'
        zone = 'a'
        [[workload.arrivals]]
        process = { kind = 'constant', every = '5s' }
        lifetime = { kind = 'constant', value = '1h' }
        types = { 'm5.large' = 1 }
        reservation_preference = 'none'";
    assert_eq!(launches(&Experiment::new(text).run()).1, 0);
}

/// Six m5.2xlarge are 48 vCPUs: too much under a quota of 16. Two are all of it, and instances in them take no more.
#[test]
fn reservations_count_against_the_quota_of_instances() {
    let create = |at: u32, name: &str, count: u32| {
        format!("{at} create-capacity-reservation reservation={name} zone=a type=m5.2xlarge count={count}\n")
    };
    let quota = "quotas = { vcpus = { standard = 16 }, lag = '0s' }";
    let (_, notes) = world(8, 8, "", &create(0, "r", 6)).watch_with(&[&quota.replacen(" = ", "=", 1)]);
    let refused = notes.refusals[0];
    assert_eq!(notes.refused(), [(0.0, "create-capacity-reservation", "VcpuLimitExceeded", 1)]);
    let limit = refused.reason.limit.expect("a quota decides");
    assert_eq!((limit.asked, limit.left), (48, 16));
    let rows = create(0, "r", 2)
        + "1 launch type=m5.large
           2 launch instance=i type=m5.2xlarge count=2
           3 launch type=m5.2xlarge
           4 stop instance=i
           5 launch type=m5.large
           6 start instance=i
           7 terminate instance=i
           8 cancel-capacity-reservation reservation=r
           9 launch instance=k type=m5.2xlarge count=2\n"
        + &create(10, "s", 3)
        + &create(11, "s", 2)
        + "12 launch type=m5.large
           13 terminate instance=k
           14 launch type=m5.large
           15 cancel-capacity-reservation reservation=s
           16 launch type=m5.large";
    let (_, notes) = world(8, 8, "", &rows).watch_with(&[&quota.replacen(" = ", "=", 1)]);
    let no = |at, operation| (at, operation, "VcpuLimitExceeded", 1);
    let expected = [
        no(1.0, "launch"),
        no(3.0, "launch"),
        no(5.0, "launch"),
        // Two of the three run already: one more is too much, none is not.
        no(10.0, "create-capacity-reservation"),
        no(12.0, "launch"),
        no(14.0, "launch"),
    ];
    assert_eq!(notes.refused(), expected);
}

#[test]
fn a_reservation_ends_at_its_end_date() {
    let rows = "
        0 create-capacity-reservation reservation=r zone=a type=m5.large count=2 expires_s=11
        1 launch instance=i type=m5.large
        9 launch type=m5.large account=two
        12 launch type=m5.large account=two
        12 create-capacity-reservation reservation=s zone=a type=m5.large expires_s=12
        13 create-capacity-reservation reservation=t zone=a type=m5.large expires_s=20
        16 cancel-capacity-reservation reservation=t";
    let (outcome, notes) = world(2, 2, "", rows).watch();
    let expected = [
        (9.0, "launch", "InsufficientInstanceCapacity", 1),
        (12.0, "create-capacity-reservation", "InvalidParameterValue", 1),
    ];
    assert_eq!(notes.refused(), expected);
    assert_eq!(launches(&outcome).1, 2);
    assert_eq!(calls(&outcome, Operation::CancelReservation), (2, 2, vec![]));
    // Two slots for a second, then one until 11 s; the last is used by the instance that the first has left.
    assert_eq!(paid(&outcome, Kind::Reservation), (2 + 10) * 96_000 / 3600);
}
