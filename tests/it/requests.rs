//! EC2's answers to single calls: batches of instances, addresses that move, placement groups, hibernation, spot,
//! pages.

use plimsoll::failure::ErrorSide;
use plimsoll::operation::Operation;

use crate::support::{Experiment, calls, launches, operations};

/// Two zones with eight hosts each, four vCPUs a host, each on a rack of its own.
fn world(set: &str, rows: &str) -> Experiment {
    let scenario = format!(
        "duration = '3h'
        output.sample_every = '1s'
        placement.strategy = 'first-fit'
        [[zones]]
        name = 'a'
        hosts = [{{ count = 8, vcpu = 8, memory_gib = 256, hosts_per_rack = 1 }}]
        [[zones]]
        name = 'b'
        hosts = [{{ count = 8, vcpu = 8, memory_gib = 256, hosts_per_rack = 1 }}]
        {set}"
    );
    Experiment::replaying(&operations(rows), &scenario)
}

/// Instances alive at a second.
fn alive(notes: &crate::support::Notes, at: f64) -> u64 {
    notes.at(at).instances_running + notes.at(at).instances_stopped
}

/// A name that stands for nothing, or for an instance of another account: nothing happens to the others.
#[test]
fn one_unknown_instance_refuses_the_whole_call() {
    for unknown in ["nosuch", "theirs"] {
        for (operation, more) in [
            ("terminate", ""),
            ("stop", ""),
            ("reboot", ""),
            ("create-tags", "tags=k=v"),
            ("delete-tags", "tag_keys=k"),
            ("modify", "protection=true"),
        ] {
            let rows = format!(
                "0 launch instance=a type=m5.large
                0 launch instance=b type=m5.large count=2
                0 launch instance=theirs type=m5.large account=two
                10 {operation} instance=a|{unknown}|b {more}
                20 terminate instance=a|b"
            );
            let (outcome, notes) = world("", &rows).watch();
            assert_eq!(notes.refused(), [(10.0, operation, "InvalidInstanceID.NotFound", 1)], "{unknown}");
            assert_eq!((alive(&notes, 11.0), alive(&notes, 21.0)), (4, 1), "{operation} {unknown}");
            let of = Operation::named(operation).expect("an operation");
            let answers = outcome.answers.iter().find(|(answered, _)| *answered == of).expect("answers");
            let expected = if of == Operation::Terminate { (7, 3) } else { (4, 0) };
            assert_eq!((answers.1.requested, answers.1.succeeded), expected, "{operation}");
        }
    }
    // One that has ended is still known.
    let rows = "0 launch instance=a type=m5.large\n0 launch instance=b type=m5.large
        5 terminate instance=a\n10 terminate instance=a|b";
    let (outcome, notes) = world("", rows).watch();
    assert_eq!((notes.refused(), alive(&notes, 11.0)), (vec![], 0));
    assert_eq!(calls(&outcome, Operation::Terminate), (2, 2, vec![]));
}

/// The example of `TerminateInstances`: A and B in one zone are terminated, C, which is protected, and D in another
/// are not.
#[test]
fn a_protected_instance_keeps_those_of_its_zone() {
    let rows = "
        0 launch instance=a|b type=m5.large zone=a
        0 launch instance=c type=m5.large zone=b protection=true
        0 launch instance=d type=m5.large zone=b
        10 terminate instance=a|c|d
        20 modify instance=c protection=false
        30 terminate instance=c|d";
    let rows = rows.replace("instance=a|b type", "instance=a count=2 type");
    let (outcome, notes) = world("", &rows).watch();
    assert_eq!(notes.refused(), [(10.0, "terminate", "OperationNotPermitted", 1)]);
    assert_eq!([9.0, 11.0, 31.0].map(|at| alive(&notes, at)), [4, 2, 0]);
    assert_eq!(calls(&outcome, Operation::Terminate), (2, 1, vec![("OperationNotPermitted", 1)]));
}

/// An instance that boots for 40 s takes no address before it runs, and one that is shutting down no volume.
#[test]
fn addresses_and_volumes_wait_for_instances_that_run() {
    let set = "[lifecycle]
        boot = '40s'
        terminate = '15s'
        [network]
        subnets = [{ name = 's', zone = 'a', cidr = '10.0.0.0/24' }]";
    let rows = "
        0 allocate-address address=e
        0 create-volume volume=v zone=a volume_type=gp3 size_gib=8
        0 launch instance=a type=m5.large subnet=s
        20 associate-address instance=a address=e
        41 associate-address instance=a address=e
        50 terminate instance=a
        55 attach-volume instance=a volume=v device=/dev/sdf";
    let (_, notes) = world(set, rows).watch();
    let expected =
        [(20.0, "associate-address", "InvalidInstanceID", 1), (55.0, "attach-volume", "IncorrectState", 1)];
    assert_eq!(notes.refused(), expected);
}

/// A spot instance that would end on interruption has a one-time request, and is not stopped by its owner either.
#[test]
fn only_spot_instances_of_persistent_requests_are_stopped() {
    let rows = "
        0 launch instance=a type=m5.large
        0 launch instance=b type=m5.large purchase=spot
        0 launch instance=c type=m5.large purchase=spot interruption=stop
        0 launch instance=d type=m5.large purchase=spot hibernation=true
        0 launch instance=e type=m5.large hibernation=true
        10 stop instance=a
        11 stop instance=b
        12 stop instance=c
        13 hibernate instance=d
        14 hibernate instance=b
        15 stop instance=e
        60 start instance=c";
    let (outcome, notes) = world("", rows).watch();
    let expected =
        [(11.0, "stop", "UnsupportedOperation", 1), (14.0, "hibernate", "UnsupportedOperation", 1)];
    assert_eq!(notes.refused(), expected);
    assert_eq!(calls(&outcome, Operation::Start), (1, 1, vec![]));
}

/// A stopped member of a cluster group whose others have gone to another zone since, and a stopped instance of a dedicated host that takes
/// another type by now.
#[test]
fn a_start_that_no_room_would_help_says_why() {
    let rows = "
        0 create-placement-group group=g group_strategy=cluster
        0 launch instance=a type=m5.large group=g zone=a
        10 stop instance=a
        20 launch instance=b type=m5.large group=g zone=b
        30 start instance=a
        40 allocate-host host=h zone=a type=m5.large
        41 launch instance=c type=m5.large host=h
        50 stop instance=c
        60 modify-host host=h family=m5
        61 modify-host host=h type=m5.xlarge
        70 start instance=c";
    let (_, notes) = world("[lifecycle]\nstop = '1s'", rows).watch();
    let expected = [(30.0, "start", "InvalidPlacementGroup.InUse", 1), (70.0, "start", "Unsupported", 1)];
    assert_eq!(notes.refused(), expected);
}

#[test]
fn an_elastic_address_moves_unless_it_is_told_to_stay() {
    let network = "[network]\nsubnets = [{ name = 's', zone = 'a', cidr = '10.0.0.0/24' }]";
    let rows = "
        0 allocate-address address=e
        0 launch instance=a type=m5.large subnet=s
        0 launch instance=b type=m5.large subnet=s
        1 associate-address instance=a address=e
        2 associate-address instance=a address=e
        3 associate-address instance=b address=e
        4 associate-address instance=a address=e reassociate=false
        5 release-address address=e
        6 disassociate-address address=e
        7 disassociate-address address=e
        8 release-address address=e
        9 release-address address=e";
    let (_, notes) = world(network, rows).watch();
    let expected = [
        (4.0, "associate-address", "Resource.AlreadyAssociated", 1),
        (5.0, "release-address", "InvalidIPAddress.InUse", 1),
        (9.0, "release-address", "InvalidAllocationID.NotFound", 1),
    ];
    assert_eq!(notes.refused(), expected);
}

#[test]
fn a_placement_group_is_deleted_when_its_instances_have_ended() {
    let rows = "
        0 create-placement-group group=g group_strategy=spread
        1 launch instance=a group=g type=m5.large
        10 stop instance=a
        20 delete-placement-group group=g
        30 start instance=a
        40 launch instance=b group=g type=m5.large
        50 terminate instance=a
        60 delete-placement-group group=g
        70 terminate instance=b
        80 delete-placement-group group=g";
    let (outcome, notes) = world("", rows).watch();
    let no = |at| (at, "delete-placement-group", "InvalidPlacementGroup.InUse", 1);
    assert_eq!(notes.refused(), [no(20.0), no(60.0)]);
    assert_eq!(launches(&outcome).1, 2);
}

/// Every burstable family, Mac and M7i-flex are no members of cluster groups, nor can members become such.
#[test]
fn types_that_cluster_groups_do_not_take() {
    let group = "0 create-placement-group group=g group_strategy=";
    for kind in [
        "t2.small",
        "t3.large",
        "t3a.large",
        "t4g.large",
        "m7i-flex.large",
        "c8i-flex.large",
        "m3.large",
        "mac1.metal",
    ] {
        let rows = format!("{group}cluster\n1 launch instance=a group=g type={kind}");
        let refused = world("", &rows).watch().1.refused();
        assert_eq!(refused, [(1.0, "launch", "InvalidParameterCombination", 1)], "{kind}");
    }
    for (strategy, kind) in [("cluster", "m5.large"), ("cluster", "c5.large"), ("spread", "t3.large")] {
        let rows = format!("{group}{strategy}\n1 launch instance=a group=g type={kind}");
        assert_eq!(world("", &rows).watch().1.refused(), [], "{kind}");
    }
    let rows = format!(
        "{group}cluster\n1 launch instance=a group=g type=m5.large\n2 stop instance=a\n3 modify instance=a type=t3.large
        4 modify instance=a type=m5.xlarge\n5 start instance=a"
    );
    assert_eq!(world("", &rows).watch().1.refused(), [(3.0, "modify", "InvalidParameterCombination", 1)]);
}

/// A cluster group has members in one zone: asking for another is a mistake of the caller, and no lack of hosts.
#[test]
fn a_cluster_group_in_another_zone_is_in_use() {
    let network = "[network]\nsubnets = [{ name = 's', zone = 'b', cidr = '10.0.0.0/24' },
        { name = 't', zone = 'a', cidr = '10.0.1.0/24' }]";
    let rows = "
        0 create-placement-group group=g group_strategy=cluster
        1 launch instance=a group=g type=m5.large zone=a
        2 launch instance=b group=g type=m5.large zone=b
        3 launch instance=c group=g type=m5.large subnet=s
        4 launch instance=d group=g type=m5.large
        5 terminate instance=a|d
        6 launch instance=e group=g type=m5.large zone=b
        7 launch instance=f group=g type=m5.large zone=a";
    let (outcome, notes) = world(network, rows).watch();
    let no = |at| (at, "launch", "InvalidPlacementGroup.InUse", 1);
    assert_eq!(notes.refused(), [no(2.0), no(3.0), no(7.0)]);
    assert!(notes.refusals.iter().all(|refusal| refusal.reason.failure.entry().class == ErrorSide::Client));
    assert!(outcome.first_failures.iter().all(|first| !first.failure.is_fault_of_service()));
}

#[test]
fn combinations_that_ec2_does_not_take() {
    let groups = "0 create-placement-group group=p group_strategy=partition partitions=3
        0 create-placement-group group=q group_strategy=partition partitions=2";
    for (options, refusal) in [
        ("group=p tenancy=dedicated", Some("InvalidParameterCombination")),
        ("group=q tenancy=dedicated", None),
        ("group=p", None),
        ("purchase=spot tenancy=host", Some("InvalidParameterCombination")),
        ("purchase=spot tenancy=dedicated", None),
        ("hibernation=true", None),
    ] {
        let rows = format!("{groups}\n1 launch instance=a type=m5.large {options}");
        let refused = world("", &rows).watch().1.refused();
        let expected = refusal.map(|why| (1.0, "launch", why, 1));
        assert_eq!(refused, expected.into_iter().collect::<Vec<_>>(), "{options}");
    }
    // 244 GiB are too much to hibernate, and a whole host cannot.
    for kind in ["r4.8xlarge", "a1.metal"] {
        let rows = format!("1 launch instance=a type={kind} hibernation=true");
        let refused = world("", &rows).watch_with(&["zones.0.hosts.0.vcpu=64"]).1.refused();
        assert_eq!(refused, [(1.0, "launch", "UnsupportedHibernationConfiguration", 1)], "{kind}");
    }
    // So are families that the guide does not list; a type of the scenario's own has none.
    for (kind, refused) in
        [("m5n.large", 1), ("g4dn.xlarge", 1), ("m5.large", 0), ("t3.micro", 0), ("own", 0)]
    {
        let set = "[[instance_types]]\nname = 'own'\nvcpu = 1\nmemory_gib = 1";
        let rows = format!("1 launch instance=a type={kind} hibernation=true");
        let found = world(set, &rows).watch().1.refused();
        assert_eq!(found.len(), refused, "{kind}: {found:?}");
        assert!(found.iter().all(|(.., why, _)| *why == "UnsupportedHibernationConfiguration"), "{kind}");
    }
    let rows = "0 launch instance=a type=m5.large\n1 describe instance=a page_size=5";
    assert_eq!(world("", rows).watch().1.refused(), [(1.0, "describe", "InvalidParameterCombination", 1)]);
}

/// EC2 was seen to let a start of a running instance pass, and a stop of a stopped one; so it is where a scenario says.
#[test]
fn a_call_for_the_state_that_is_there_passes_where_the_scenario_says_so() {
    let rows = "
        0 launch instance=a type=m5.large
        5 start instance=a
        20 start instance=a
        30 stop instance=a
        35 stop instance=a
        36 start instance=a
        50 stop instance=a
        60 reboot instance=a
        70 terminate instance=a
        75 start instance=a
        90 stop instance=a";
    let set = "[lifecycle]\nboot = '10s'\nstop = '10s'\nterminate = '10s'";
    let refused = |more: &str| {
        let notes = world(&format!("{set}\n{more}"), rows).watch().1;
        assert!(notes.refused().iter().all(|(_, _, why, _)| *why == "IncorrectInstanceState"));
        notes.refused().iter().map(|(at, ..)| *at as u32).collect::<Vec<_>>()
    };
    assert_eq!(refused(""), [5, 20, 35, 36, 50, 60, 75, 90]);
    assert_eq!(refused("repeated_calls = 'pass'"), [36, 60, 75, 90]);
}

/// A price above on-demand from 3,000 s to 6,000 s: the instance is stopped two minutes after it rises, started by EC2
/// alone when it has fallen, and goes on.
#[test]
fn a_spot_instance_stops_and_starts_again_with_its_price() {
    let prices =
        "time_s,type,zone,usd_per_hour\n0,m5.large,a,0.036\n3000,m5.large,a,0.5\n6000,m5.large,a,0.04\n";
    let set = "[billing.spot]\nprice = { kind = 'file', file = 'spot.csv' }";
    let run = |options: &str, more: &str| {
        let rows = format!("0 launch instance=s type=m5.large zone=a purchase=spot {options}\n{more}");
        world(set, &rows).file("spot.csv", prices).watch()
    };
    let running = |notes: &crate::support::Notes| {
        [3119.0, 3121.0, 5999.0, 6001.0].map(|at| {
            let sample = notes.at(at);
            (sample.instances_running, sample.instances_stopped)
        })
    };
    let stopped = [(1, 0), (0, 1), (0, 1), (1, 0)];
    for options in ["interruption=stop", "interruption=hibernate", "hibernation=true"] {
        let (outcome, notes) = run(options, "4000 start instance=s");
        assert_eq!(running(&notes), stopped, "{options}");
        assert_eq!(notes.refused(), [(4000.0, "start", "IncorrectInstanceState", 1)], "{options}");
        assert_eq!(outcome.disruptions.spot_interruptions, 1);
    }
    let (_, notes) = run("interruption=terminate", "");
    assert_eq!(running(&notes), [(1, 0), (0, 0), (0, 0), (0, 0)]);
    // One that found no room looks again: it starts at 6,300 s, for the room is there from 6,100 s on.
    let fill = "3500 launch instance=f type=m5.large count=32 zone=a\n6100 terminate instance=f";
    let (_, notes) = run("interruption=stop", fill);
    assert_eq!((notes.at(6299.0).instances_running, notes.at(6301.0).instances_running), (0, 1));
    // Its user may end it, and it is gone.
    let (_, notes) = run("interruption=stop", "4000 terminate instance=s");
    assert_eq!(running(&notes)[2..], [(0, 0), (0, 0)]);
    for (options, more) in [
        ("interruption=stop hibernation=true", ""),
        ("interruption=stop group=g", "create"),
        ("hibernation=true group=g", "create"),
    ] {
        let group =
            if more.is_empty() { "" } else { "0 create-placement-group group=g group_strategy=spread" };
        let rows = format!("{group}\n1 launch instance=s type=m5.large zone=a purchase=spot {options}");
        let refused = world(set, &rows).file("spot.csv", prices).watch().1.refused();
        assert_eq!(refused, [(1.0, "launch", "InvalidParameterCombination", 1)], "{options}");
    }
}

/// The root volume has to hold the memory: 8 GiB of an m5.large in 8 GiB or more, of an SSD type.
#[test]
fn the_memory_of_an_instance_that_hibernates_fits_on_its_root_volume() {
    let refused = |root: &str, options: &str| {
        let set = format!(
            "[[images]]\nname = 'i'\nblock_devices = [{{ device = '/dev/sda1', {root} }}, \
             {{ device = '/dev/sdf', size_gib = 100 }}]"
        );
        let rows = format!("1 launch instance=a type=m5.large image=i {options}");
        let (_, notes) = world(&set, &rows).watch();
        let limits = notes.refusals.iter().map(|of| of.reason.limit.map(|limit| (limit.asked, limit.left)));
        (
            notes.refused().iter().map(|(.., why, _)| why.to_string()).collect::<Vec<_>>(),
            limits.collect::<Vec<_>>(),
        )
    };
    let no = vec!["UnsupportedHibernationConfiguration".to_string()];
    assert_eq!(refused("size_gib = 8", "hibernation=true"), (vec![], vec![]));
    assert_eq!(refused("size_gib = 7", "hibernation=true"), (no.clone(), vec![Some((8192, 7168))]));
    assert_eq!(refused("size_gib = 7", ""), (vec![], vec![]), "without hibernation");
    assert_eq!(refused("size_gib = 100, type = 'standard'", "hibernation=true"), (no, vec![None]));
    let larger = "hibernation=true volumes=/dev/sda1::20";
    assert_eq!(refused("size_gib = 7", larger), (vec![], vec![]), "the launch asks for a larger root");
}

/// EC2 reserves capacity for 1 to 1,000 instances a call, and an account has 500 placement groups, of names of 255
/// characters.
#[test]
fn sizes_of_reservations_and_numbers_of_groups_are_limited() {
    let reserve = |count: u32| {
        let rows = format!("1 create-capacity-reservation type=t3.nano count={count} zone=a reservation=r");
        world("", &rows).watch_with(&["zones.0.hosts.0.count=500"]).1
    };
    assert_eq!(reserve(1000).refused(), []);
    let notes = reserve(1001);
    assert_eq!(notes.refused(), [(1.0, "create-capacity-reservation", "InvalidParameterValue", 1)]);
    let limit = notes.refusals[0].reason.limit.unwrap();
    assert_eq!((limit.asked, limit.left), (1001, 1000));

    let create = |name: &str| format!("0 create-placement-group group={name} group_strategy=spread\n");
    let mut rows: String = (0..500).map(|i| create(&format!("g{i}"))).collect();
    rows += "1 create-placement-group group=more group_strategy=spread
        2 create-placement-group group=more group_strategy=spread account=other
        3 delete-placement-group group=g7
        4 create-placement-group group=more group_strategy=spread";
    let refused = world("", &rows).watch_with(&["quotas.vcpus.standard=1000"]).1.refused();
    assert_eq!(refused, [(1.0, "create-placement-group", "PlacementGroupLimitExceeded", 1)]);
    // Accounts without quotas have no limit: the last row meets the group of the second.
    let refused = world("", &rows).watch().1.refused();
    assert_eq!(refused, [(4.0, "create-placement-group", "InvalidPlacementGroup.Duplicate", 1)]);
    let rows = create(&"n".repeat(255)) + &create(&"m".repeat(256));
    let refused = world("", &rows).watch().1.refused();
    assert_eq!(refused, [(0.0, "create-placement-group", "InvalidParameterValue", 1)]);
}
