//! Instances whose hosts fail, are maintained, or go.

use crate::support::{Experiment, billed_seconds, launches, operations};

/// Hosts for two large instances each, one a rack.
fn world(hosts: u32, set: &str, rows: &str) -> Experiment {
    let scenario = format!(
        "duration = '1000s'
        output.sample_every = '1s'
        placement.strategy = 'first-fit'
        {set}
        [[zones]]
        name = 'a'
        hosts = [{{ count = {hosts}, vcpu = 4, memory_gib = 16, hosts_per_rack = 1 }}]
        [network]
        public_addresses = 8
        [[network.subnets]]
        name = 's'
        zone = 'a'
        cidr = '10.0.0.0/28'
        assign_public_address = true"
    );
    Experiment::replaying(&operations(rows), &scenario)
}

/// The first host fails at 100 s, and its failure is found 20 s later.
fn outage(on_failure: &str) -> String {
    format!(
        "[faults]
        hosts = {{ detection = '20s', on_failure = '{on_failure}' }}
        outages = [{{ at = '100s', zone = 'a', hosts = {{ count = 1 }}, length = '200s' }}]"
    )
}

/// The first host is worked on from 100 s to 300 s.
fn maintenance(more: &str) -> String {
    format!(
        "[[faults.maintenance]]
        at = '100s'
        zone = 'a'
        hosts = {{ count = 1 }}
        {more}"
    )
}

const PAIR: &str = "0 launch instance=i type=m5.large count=2";

#[test]
fn instances_of_a_failed_host_come_up_elsewhere_once_the_failure_is_found() {
    let set = format!("lifecycle.boot = '10s'\n{}", outage("restart"));
    let (outcome, notes) = world(2, &set, PAIR).watch();
    let disruptions = outcome.disruptions;
    assert_eq!((disruptions.host_failures, disruptions.recoveries, disruptions.instances_lost), (1, 2, 0));
    // Pending from 120 s to 130 s.
    let running = [119.0, 121.0, 131.0].map(|at| notes.at(at).instances_running);
    assert_eq!(running, [2, 0, 2]);
    // They keep their addresses, and hold one place only.
    for at in [50.0, 121.0, 500.0] {
        let sample = notes.at(at);
        assert_eq!((sample.addresses_used, sample.public_addresses_used), (2, 2), "{at} s");
    }
    assert_eq!(notes.at(500.0).hosts_used, 1);
    assert_eq!(billed_seconds(&outcome), 2 * (110 + 870));
    // A recovery is no launch.
    let launch = outcome.latency.iter().find(|latency| latency.name == "launch").expect("launches took time");
    assert_eq!(launch.histogram.len(), 2);
}

#[test]
fn a_dedicated_host_is_replaced_by_one_of_its_hardware() {
    let rows = operations(
        "0 allocate-host host=h zone=a host_recovery=true
         1 launch instance=i type=m5.large host=h
         150 allocate-host host=g zone=a
         151 launch type=m5.2xlarge host=g",
    );
    let small = "{ count = 1, vcpu = 4, memory_gib = 16 }";
    for (hosts, recoveries, refused) in [
        // The third host is as the first; the second, which comes before it, is left for another.
        (format!("{small}, {{ count = 1, vcpu = 8, memory_gib = 32 }}, {small}"), 1, 0),
        (format!("{small}, {{ count = 1, vcpu = 8, memory_gib = 32 }}"), 0, 0),
    ] {
        let scenario = format!(
            "duration = '1000s'
            placement.strategy = 'first-fit'
            zones = [{{ name = 'a', hosts = [{hosts}] }}]
            lifecycle = {{ boot = '10s', stop = '1s' }}
            {}",
            outage("stop")
        );
        let (outcome, notes) = Experiment::replaying(&rows, &scenario).watch();
        let disruptions = outcome.disruptions;
        assert_eq!((disruptions.host_failures, disruptions.recoveries), (1, recoveries), "{hosts}");
        assert_eq!(disruptions.instances_lost, 1 - recoveries, "{hosts}");
        assert_eq!(notes.refused().len(), refused, "{hosts}: {:?}", notes.refused());
    }
}

#[test]
fn another_host_replaces_a_dedicated_host_that_recovers() {
    let rows = |recovery: bool| {
        format!(
            "0 allocate-host host=h zone=a host_recovery={recovery}
             1 launch instance=i type=m5.large host=h
             2 launch instance=j type=m5.large host=h
             20 stop instance=j
             50 describe
             200 start instance=j
             210 stop instance=i
             230 start instance=i
             240 release-host host=h
             400 allocate-host host=g|k zone=a"
        )
    };
    let set = format!("lifecycle = {{ boot = '10s', stop = '1s' }}\n{}", outage("stop"));
    let (outcome, notes) = world(3, &set, &rows(true)).watch();
    let disruptions = outcome.disruptions;
    assert_eq!((disruptions.host_failures, disruptions.recoveries, disruptions.instances_lost), (1, 1, 0));
    assert_eq!([119.0, 121.0, 131.0].map(|at| notes.at(at).instances_running), [1, 0, 1]);
    let expected = [
        // EC2 user guide, \"Host recovery\": \"Stopped instances are not recovered\"; the name stands for the host that was released.
        (200.0, "start", "InsufficientHostCapacity", 1),
        (240.0, "release-host", "InvalidHostID.NotFound", 1),
    ];
    assert_eq!(
        notes.refused(),
        expected,
        "the recovered instance starts on the other host, and the failed one is free again"
    );
    let (outcome, notes) = world(3, &set, &rows(false)).watch();
    assert_eq!((outcome.disruptions.recoveries, outcome.disruptions.instances_lost), (0, 1));
    assert_eq!(notes.at(131.0).instances_running, 0);
    let (outcome, _) = world(1, &set, &rows(true)).watch();
    assert_eq!(
        (outcome.disruptions.recoveries, outcome.disruptions.instances_lost),
        (0, 1),
        "no other host is there"
    );
}

#[test]
fn instances_of_a_failed_host_keep_their_names() {
    let rows = format!("{PAIR}\n200 stop instance=i\n210 start instance=i\n220 terminate instance=i");
    let (outcome, notes) = world(2, &outage("restart"), &rows).watch();
    assert!(notes.refusals.is_empty());
    assert_eq!((outcome.disruptions.recoveries, notes.at(230.0).addresses_used), (2, 0));
}

#[test]
fn what_finds_no_room_elsewhere_is_stopped_and_can_be_started_later() {
    let rows =
        format!("{PAIR}\n1 launch instance=j type=m5.large\n200 start instance=i\n400 start instance=i");
    let (outcome, notes) = world(2, &outage("restart"), &rows).watch();
    assert_eq!((outcome.disruptions.recoveries, outcome.disruptions.instances_lost), (1, 1));
    let states = |at| (notes.at(at).instances_running, notes.at(at).instances_stopped);
    assert_eq!([50.0, 150.0, 450.0].map(states), [(3, 0), (2, 1), (3, 0)]);
    // One of the two is running all along; the other has no room until the host is whole again.
    let told: Vec<&str> = notes.refused().iter().map(|told| told.2).collect();
    assert_eq!(told, ["IncorrectInstanceState", "InsufficientInstanceCapacity", "IncorrectInstanceState"]);
}

#[test]
fn instances_of_a_failed_host_are_stopped_or_terminated_where_that_is_the_rule() {
    for (rule, stopped, addresses) in [("stop", 2, 2), ("terminate", 0, 0)] {
        let (outcome, notes) = world(2, &outage(rule), PAIR).watch();
        let sample = notes.at(150.0);
        assert_eq!((sample.instances_running, sample.instances_stopped), (0, stopped), "{rule}");
        assert_eq!((sample.addresses_used, sample.public_addresses_used), (addresses, 0), "{rule}");
        assert_eq!((outcome.disruptions.instances_lost, billed_seconds(&outcome)), (2, 240), "{rule}");
    }
}

#[test]
fn corrected_migration_allocates_nothing_twice_and_leaves_the_source_host() {
    let set = maintenance("notice = '50s'\nlength = '200s'");
    let (outcome, notes) = world(2, &set, PAIR).watch();
    assert_eq!((outcome.disruptions.migrations, outcome.disruptions.instances_lost), (2, 0));
    for at in [50.0, 100.0, 101.0, 500.0] {
        let sample = notes.at(at);
        assert_eq!((sample.addresses_used, sample.public_addresses_used), (2, 2), "{at} s");
        assert_eq!((sample.instances_running, sample.vcpu_used_milli), (2, 4000), "{at} s");
    }
    assert_eq!(outcome.network.subnets[0].1.used_peak, 2, "no second address, not even for a moment");
    // Billing goes on as if nothing had happened.
    assert_eq!(billed_seconds(&outcome), 2000);
}

#[test]
fn corrected_migration_without_another_host_changes_nothing_but_the_state() {
    let set = maintenance("length = '200s'");
    let (outcome, notes) = world(1, &set, PAIR).watch();
    assert_eq!((outcome.disruptions.migrations, outcome.disruptions.instances_lost), (0, 2));
    let sample = notes.at(150.0);
    assert_eq!((sample.instances_stopped, sample.addresses_used, sample.public_addresses_used), (2, 2, 0));
}

#[test]
fn a_lifetime_goes_on_through_a_migration() {
    let trace = "start_s,end_s,type\n0,400,m5.large\n";
    let scenario = "duration = '1000s'
        zones = [{ name = 'a', hosts = [{ count = 2, vcpu = 4, memory_gib = 16 }] }]
        placement.strategy = 'first-fit'
        [[faults.maintenance]]
        at = '100s'
        zone = 'a'
        hosts = { count = 1 }";
    let outcome = Experiment::replaying(trace, scenario).run();
    assert_eq!((outcome.disruptions.migrations, billed_seconds(&outcome)), (1, 400));
}

#[test]
fn a_host_that_is_announced_takes_no_more_instances_and_a_retired_one_never_does() {
    let rows = "
        60 launch type=m5.large count=2 min_count=1
        70 launch type=m5.large
        400 launch type=m5.large";
    let (set, retired) = (maintenance("notice = '50s'\nlength = '200s'"), maintenance("notice = '50s'"));
    assert_eq!(launches(&world(2, &set, rows).run()).1, 3);
    assert_eq!(launches(&world(2, &retired, rows).run()).1, 2);
}

#[test]
fn an_outage_of_a_zone_stops_what_is_in_it() {
    let set = "[faults]
        hosts = { detection = '20s' }
        outages = [{ at = '100s', zone = 'a', length = '200s' }]";
    let rows = format!("{PAIR}\n50 launch type=m5.large\n150 launch type=m5.large\n400 launch type=m5.large");
    let (outcome, notes) = world(2, set, &rows).watch();
    assert_eq!((outcome.disruptions.host_failures, outcome.disruptions.instances_lost), (2, 3));
    assert_eq!(launches(&outcome), (5, 4, vec![("InsufficientInstanceCapacity", 1)]));
    assert_eq!(notes.at(150.0).instances_stopped, 3);
}

#[test]
fn members_of_a_spread_group_that_move_keep_to_racks_of_their_own() {
    let rows = "
        0 create-placement-group group=g group_strategy=spread
        1 launch type=m5.large group=g count=3";
    for (hosts, migrations, lost) in [(4, 1, 0), (3, 0, 1)] {
        let outcome = world(hosts, &maintenance(""), rows).run();
        let disruptions = outcome.disruptions;
        assert_eq!((disruptions.migrations, disruptions.instances_lost), (migrations, lost), "{hosts} hosts");
    }
}

#[test]
fn a_full_spread_group_can_still_move() {
    let rows = "
        0 create-placement-group group=g group_strategy=spread
        1 launch type=m5.large group=g count=7";
    assert_eq!(world(8, &maintenance(""), rows).run().disruptions.migrations, 1);
}

#[test]
fn quota_is_held_through_a_move() {
    let set = format!("quotas.instances = 2\n{}", outage("restart"));
    let rows =
        format!("{PAIR}\n150 launch type=m5.large\n200 terminate instance=i\n210 launch type=m5.large");
    let (outcome, notes) = world(3, &set, &rows).watch();
    assert_eq!(notes.refused(), [(150.0, "launch", "InstanceLimitExceeded", 1)]);
    assert_eq!(outcome.disruptions.recoveries, 2);
}

#[test]
fn room_of_a_reservation_moves_with_its_host() {
    let reserve = "0 create-capacity-reservation reservation=r type=m5.large zone=a count=2 open=false";
    // Unused, half used and used; then both slots are in use or free on the second host.
    for used in 0..=2 {
        let launch = format!("1 launch instance=i type=m5.large reservation=r count={used}");
        let launch = if used > 0 { launch } else { String::new() };
        let rows = format!(
            "{reserve}\n{launch}\n200 launch type=m5.large reservation=r count=2 min_count=1\n\
             210 launch type=m5.large count=2 min_count=1"
        );
        for set in [maintenance(""), outage("restart")] {
            let (outcome, notes) = world(2, &set, &rows).watch();
            let disruptions = outcome.disruptions;
            assert_eq!(
                (disruptions.migrations + disruptions.recoveries, disruptions.instances_lost),
                (used, 0),
                "{used}"
            );
            // All of the reservation is used by 200 s, and no other instance has found room.
            assert_eq!(notes.at(205.0).instances_running, 2, "{used}");
            assert_eq!(notes.at(220.0).instances_running, 2, "{used}");
        }
    }
}

#[test]
fn faults_repeat_with_the_seed() {
    let set =
        "seed = 3\nfaults.hosts = { mean_time_between_failures = '5m', repair = '1m', detection = '5s' }";
    let experiment = world(6, set, "0 launch type=m5.large count=8");
    let (first, second) = (experiment.run(), experiment.run());
    assert!(
        first.disruptions.host_failures > 5 && first.disruptions.recoveries > 5,
        "{:?}",
        first.disruptions
    );
    assert_eq!((first.digest, first.disruptions), (second.digest, second.disruptions));
}
