//! Elastic addresses, further interfaces, secondary addresses and prefixes: whose they are, what they cost, when
//! there are none.

use plimsoll::cloud::outcome::Outcome;
use plimsoll::failure::{LimitHit, LimitKind};
use plimsoll::operation::Operation;

use crate::support::{Experiment, Notes, calls, held, launches, operations};

/// Three public addresses; a subnet whose instances get one, and one of 59 addresses whose instances do not.
const CLOUD: &str = "
    duration = '10000s'
    output.sample_every = '10s'
    placement.strategy = 'first-fit'
    zones = [{ name = 'z', hosts = [{ count = 40, vcpu = 8, memory_gib = 32 }] }]
    [network]
    public_addresses = 3
    [[network.subnets]]
    name = 'open'
    zone = 'z'
    cidr = '10.0.0.0/28'
    assign_public_address = true
    [[network.subnets]]
    name = 'closed'
    zone = 'z'
    cidr = '10.0.1.0/26'";

fn watch(rows: &str) -> (Outcome, Notes) {
    Experiment::replaying(&operations(rows), CLOUD).watch()
}

#[test]
fn an_elastic_address_stays_through_stop_and_start_and_takes_the_place_of_the_automatic_one() {
    let rows = "0 launch instance=a type=m5.large subnet=open
        10 allocate-address address=e
        20 associate-address address=e instance=a
        100 stop instance=a
        200 start instance=a
        300 terminate instance=a
        400 release-address address=e";
    let (outcome, notes) = watch(rows);
    assert_eq!(notes.reasons(), []);
    let public = [0.0, 10.0, 20.0, 150.0, 250.0, 350.0, 450.0].map(|at| notes.at(at).public_addresses_used);
    assert_eq!(public, [1, 2, 1, 1, 1, 1, 0]);
    assert_eq!(held(&outcome, "public-ipv4"), 20 + (400 - 10));
}

#[test]
fn an_instance_that_loses_its_elastic_address_gets_an_automatic_one_if_it_wants_one_and_runs() {
    let rows = "0 launch instance=a type=m5.large subnet=open
        0 launch instance=b type=m5.large subnet=closed
        0 allocate-address address=e
        10 associate-address address=e instance=b
        20 disassociate-address address=e
        30 associate-address address=e instance=a
        40 disassociate-address address=e
        50 associate-address address=e instance=a
        60 stop instance=a
        70 disassociate-address address=e
        80 terminate instance=a|b";
    let (_, notes) = watch(rows);
    assert_eq!(notes.reasons(), []);
    let public =
        [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 90.0].map(|at| notes.at(at).public_addresses_used);
    assert_eq!(public, [2, 2, 1, 2, 1, 1, 1, 1]);
}

#[test]
fn an_elastic_address_moves_only_where_the_call_allows_it() {
    let rows = "0 launch instance=a type=m5.large subnet=open
        0 launch instance=b type=m5.large subnet=open
        0 allocate-address address=e
        10 associate-address address=e instance=a
        20 associate-address address=e instance=a
        30 associate-address address=e instance=b reassociate=false
        40 release-address address=e
        50 associate-address address=e instance=b
        60 terminate instance=b
        70 disassociate-address address=e
        80 associate-address address=e instance=b
        90 release-address address=e
        100 release-address address=e
        110 associate-address address=e instance=a";
    let (outcome, notes) = watch(rows);
    let expected = [
        (30, "Resource.AlreadyAssociated"),
        (40, "InvalidIPAddress.InUse"),
        (80, "InvalidInstanceID.NotFound"),
        (100, "InvalidAllocationID.NotFound"),
        (110, "InvalidAllocationID.NotFound"),
    ];
    assert_eq!(notes.reasons(), expected);
    assert_eq!(calls(&outcome, Operation::AssociateAddress).1, 3);
    // a gave its own back at 10 and got one again at 50.
    assert_eq!([20.0, 60.0, 100.0].map(|at| notes.at(at).public_addresses_used), [2, 2, 1]);
}

#[test]
fn the_public_pool_and_the_quota_limit_elastic_addresses_and_idle_ones_cost() {
    let rows: String = (0..4).map(|i| format!("{i} allocate-address address=e{i}\n")).collect();
    let (outcome, notes) = watch(&rows);
    assert_eq!(notes.reasons(), [(3, "InsufficientAddressCapacity")]);
    assert_eq!(outcome.network.public.exhausted_at.map(|at| at.as_seconds()), Some(3.0));
    assert_eq!(held(&outcome, "public-ipv4"), 10_000 + 9_999 + 9_998);
    let rows = rows + "10 release-address address=e0\n11 allocate-address address=e5";
    let trace = operations(&rows);
    let (_, notes) = Experiment::replaying(&trace, &format!("quotas.elastic_addresses = 2\n{CLOUD}")).watch();
    assert_eq!(notes.reasons(), [(2, "AddressLimitExceeded"), (3, "AddressLimitExceeded")]);
}

#[test]
fn interfaces_and_addresses_have_the_limits_of_the_type() {
    // An m5.large has three interfaces of ten addresses each.
    let rows = "0 launch instance=a type=m5.large subnet=closed interfaces=3
        1 launch instance=a type=m5.large subnet=closed addresses=10
        2 launch instance=a type=m5.large subnet=closed interfaces=2 addresses=9
        3 create-interface interface=i subnet=closed
        4 attach-interface interface=i instance=a
        5 assign-addresses instance=a addresses=1
        6 unassign-addresses instance=a addresses=1
        7 assign-addresses instance=a addresses=1
        8 unassign-addresses instance=a addresses=10
        9 terminate instance=a";
    let (_, notes) = watch(rows);
    let expected = [
        (0, "AttachmentLimitExceeded"),
        (1, "PrivateIpAddressLimitExceeded"),
        (4, "AttachmentLimitExceeded"),
        (5, "PrivateIpAddressLimitExceeded"),
        (8, "InvalidParameterValue"),
    ];
    assert_eq!(notes.reasons(), expected);
    let limit = |bound, asked, left| Some(LimitHit { kind: bound, asked, left });
    assert_eq!(notes.refusals[0].reason.limit, limit(LimitKind::TypeInterfaces, 1, 0));
    assert_eq!(notes.refusals[1].reason.limit, limit(LimitKind::TypeAddresses, 10, 9));
    let used = [10.0, 20.0].map(|at| notes.at(at).addresses_used);
    // Only the interface that was made by itself is left.
    assert_eq!(used, [1, 1]);
}

#[test]
fn an_interface_of_its_own_outlives_its_instance_and_is_deleted_while_attached_to_nothing() {
    let rows = "0 create-interface interface=i subnet=closed
        0 launch instance=a type=m5.large subnet=closed
        10 attach-interface interface=i instance=a
        20 attach-interface interface=i instance=a
        30 delete-interface interface=i
        40 terminate instance=a
        50 detach-interface interface=i
        60 delete-interface interface=i
        70 delete-interface interface=i";
    let (_, notes) = watch(rows);
    let expected = [
        (20, "InvalidNetworkInterface.InUse"),
        (30, "InvalidNetworkInterface.InUse"),
        (50, "InvalidAttachmentID.NotFound"),
        (70, "InvalidNetworkInterfaceID.NotFound"),
    ];
    assert_eq!(notes.reasons(), expected);
    assert_eq!([30.0, 40.0, 50.0, 60.0].map(|at| notes.at(at).addresses_used), [2, 1, 1, 0]);
}

#[test]
fn a_type_that_cannot_have_the_interfaces_there_are_does_not_start() {
    let rows = "0 launch instance=a type=m5.large subnet=closed interfaces=2
        10 stop instance=a
        20 modify instance=a type=t3.micro
        30 start instance=a
        40 modify instance=a type=m5.large
        50 start instance=a";
    assert_eq!(watch(rows).1.reasons(), [(30, "AttachmentLimitExceeded")]);
}

#[test]
fn a_fragmented_subnet_has_no_prefix_although_addresses_are_free() {
    // Of the four blocks of a /26 the first holds the reserved addresses, the last the broadcast address. One
    // address in each of the two between is in use.
    let fill: String =
        (0..29).map(|i| format!("{i} launch instance=i{i} type=t3.micro subnet=closed\n")).collect();
    let free: String =
        (0..28).filter(|i| *i != 12).map(|i| format!("{} terminate instance=i{i}\n", 100 + i)).collect();
    let rows = format!(
        "{fill}{free}200 assign-addresses instance=i12 prefixes=1
        210 assign-addresses instance=i12 addresses=1
        220 terminate instance=i12
        230 launch instance=b type=m5.large subnet=closed prefixes=1
        240 launch instance=c type=m5.large subnet=closed prefixes=1
        300 terminate instance=b
        310 terminate instance=i28"
    );
    let (outcome, notes) = watch(&rows);
    assert_eq!(notes.reasons(), [(200, "InsufficientCidrBlocks"), (240, "InsufficientCidrBlocks")]);
    let limit = LimitHit { kind: LimitKind::SubnetPrefixes, asked: 1, left: 0 };
    assert_eq!(notes.refusals[0].reason.limit, Some(limit));
    assert_eq!([190.0, 210.0, 220.0, 230.0].map(|at| notes.at(at).addresses_used), [2, 3, 1, 18]);
    assert_eq!(notes.at(400.0).addresses_used, 0, "everything is back");
    assert_eq!(outcome.network.subnets[1].1.used_peak, 29);
}

#[test]
fn of_addresses_and_prefixes_asked_for_together_both_come_or_neither() {
    let rows = "0 launch instance=a type=m5.large subnet=closed
        10 assign-addresses instance=a addresses=2 prefixes=3
        20 assign-addresses instance=a addresses=2 prefixes=2
        30 unassign-addresses instance=a addresses=1 prefixes=2
        40 terminate instance=a";
    let (_, notes) = watch(rows);
    assert_eq!(notes.reasons(), [(10, "InsufficientCidrBlocks")]);
    assert_eq!([10.0, 20.0, 30.0, 40.0, 50.0].map(|at| notes.at(at).addresses_used), [1, 35, 2, 0, 0]);
}

#[test]
fn corrected_the_first_four_addresses_of_a_subnet_and_the_last_are_never_given_out() {
    let rows = "0 launch instance=a type=m5.large subnet=closed count=60 min_count=1
        10 launch instance=b type=m5.large subnet=open count=12 min_count=1 public_address=false";
    let (outcome, notes) = watch(rows);
    assert_eq!(launches(&outcome).1, 59 + 11);
    assert!(notes.refused().iter().all(|refused| refused.2 == "InsufficientFreeAddressesInSubnet"));
    let addresses = outcome.network.subnets.iter().map(|(_, usage)| usage.addresses.unwrap());
    assert_eq!(addresses.collect::<Vec<_>>(), [16 - 5, 64 - 5]);
}

/// A further interface has addresses and prefixes of its own, within the limits of its instance's type, and keeps them when it
/// is detached.
#[test]
fn a_further_interface_has_secondary_addresses_of_its_own() {
    let rows = "0 launch instance=a type=t3.micro subnet=closed
        0 create-interface interface=i subnet=closed
        10 attach-interface interface=i instance=a
        20 assign-addresses interface=i addresses=1
        30 assign-addresses interface=i addresses=1
        40 unassign-addresses interface=i addresses=2
        50 assign-addresses interface=j addresses=1
        60 assign-addresses interface=i addresses=1 account=other
        70 detach-interface interface=i
        80 assign-addresses interface=i prefixes=1
        90 unassign-addresses interface=i addresses=1 prefixes=1
        100 terminate instance=a
        110 delete-interface interface=i";
    let (_, notes) = watch(rows);
    // A t3.micro has two interfaces of two addresses each; what is attached to nothing has no limit yet.
    let expected = [
        (30, "PrivateIpAddressLimitExceeded"),
        (40, "InvalidParameterValue"),
        (50, "InvalidNetworkInterfaceID.NotFound"),
        (60, "InvalidNetworkInterfaceID.NotFound"),
    ];
    assert_eq!(notes.reasons(), expected);
    let used = [10.0, 20.0, 80.0, 90.0, 100.0, 110.0].map(|at| notes.at(at).addresses_used);
    assert_eq!(used, [2, 3, 19, 2, 1, 0]);
}

/// A call of which a part cannot be assigns nothing: more prefixes than any subnet has, more than the interface takes.
#[test]
fn addresses_and_prefixes_are_assigned_all_or_none() {
    for prefixes in ["70000", "5000"] {
        let rows = format!(
            "0 create-interface interface=i subnet=closed
            10 assign-addresses interface=i addresses=1 prefixes={prefixes}
            20 unassign-addresses interface=i addresses=1"
        );
        let (_, notes) = watch(&rows);
        assert_eq!(notes.reasons().iter().map(|(at, _)| *at).collect::<Vec<_>>(), [10, 20], "{prefixes}");
        assert_eq!([0.0, 10.0, 20.0].map(|at| notes.at(at).addresses_used), [1; 3], "{prefixes}");
    }
}

/// A /24 takes 60 instances on addresses that are spread over it, and no prefix fits: with 64 addresses reserved four
/// do, whatever instances come, and these find no room one reservation earlier.
#[test]
fn a_cidr_reservation_keeps_room_for_prefixes() {
    let run = |reservations: &str| {
        let scenario = format!(
            "duration = '1h'
            output.sample_every = '10s'
            [[zones]]
            name = 'a'
            hosts = [{{ count = 8, vcpu = 96, memory_gib = 384 }}]
            [[network.subnets]]
            name = 'n'
            zone = 'a'
            cidr = '10.0.0.0/24'
            {reservations}"
        );
        let rows = "0 launch instance=f type=t3.nano subnet=n count=251 min_count=1
            10 launch instance=p type=m5.large subnet=n prefixes=4
            20 terminate instance=f
            30 launch instance=q type=m5.large subnet=n prefixes=4
            40 terminate instance=q
            50 launch instance=r type=m5.large subnet=n prefixes=8";
        let (_, notes) = Experiment::replaying(&operations(rows), &scenario).watch();
        let used = [10.0, 30.0, 50.0].map(|at| notes.at(at).addresses_used);
        (notes.reasons().into_iter().map(|(at, why)| (at, why.to_string())).collect::<Vec<_>>(), used)
    };
    let none = |at| (at, "InsufficientFreeAddressesInSubnet".to_string());
    assert_eq!(run(""), (vec![none(10)], [251, 65, 129]));
    let kept = "cidr_reservations = [{ cidr = '10.0.0.64/26', type = 'prefix' }]";
    assert_eq!(run(kept), (vec![none(0), none(10)], [187, 65, 129]));
    // Half of it is for addresses that calls name: none do.
    let explicit = "cidr_reservations = [{ cidr = '10.0.0.128/25', type = 'explicit' }]";
    let too_few = (50, "InsufficientCidrBlocks".to_string());
    assert_eq!(run(explicit), (vec![none(0), none(10), too_few], [124, 65, 0]));
}
