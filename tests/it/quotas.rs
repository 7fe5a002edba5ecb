//! Quotas from call to refusal: what counts, for how long, and what a refusal tells.

use crate::support::{Experiment, Notes, operations};

fn world(quotas: &str, rows: &str) -> Notes {
    let scenario = format!(
        "duration = '1000s'
        placement.strategy = 'first-fit'
        zones = [{{ name = 'a', hosts = [{{ count = 8, vcpu = 64, memory_gib = 256, local_storage_gib = 900 }}] }}]
        [network]
        public_addresses = 4
        [quotas]
        {quotas}"
    );
    Experiment::replaying(&operations(rows), &scenario).watch().1
}

/// Each refusal as time, EC2's name, what was asked and what was left.
fn told(notes: &Notes) -> Vec<(f64, &'static str, u64, u64)> {
    let one = |refusal: &plimsoll::cloud::observe::Refusal| {
        let limit = refusal.reason.limit.expect("a quota is a limit");
        (refusal.at.as_seconds(), refusal.reason.failure.ec2_name(), limit.asked, limit.left)
    };
    notes.refusals.iter().map(one).collect()
}

#[test]
fn vcpus_are_counted_by_group_of_families_and_spot_apart() {
    let rows = "
        1 launch type=m5.large count=3
        2 launch type=c5.xlarge
        3 launch type=x1e.xlarge
        4 launch type=x1e.xlarge
        5 launch type=m5.large purchase=spot count=2
        6 launch type=m5.xlarge purchase=spot
        7 launch type=m5.large";
    let notes = world("vcpus = { standard = 8, x = 4 }\nspot_vcpus.standard = 6", rows);
    let expected = [
        (2.0, "VcpuLimitExceeded", 4, 2),
        (4.0, "VcpuLimitExceeded", 4, 0),
        (6.0, "MaxSpotInstanceCountExceeded", 4, 2),
    ];
    assert_eq!(told(&notes), expected);
}

#[test]
fn instances_addresses_and_volumes_have_their_quotas() {
    let rows = "
        1 launch instance=i type=m5.large count=3 min_count=1
        2 allocate-address address=e
        3 allocate-address address=f
        4 release-address address=e
        5 allocate-address address=f
        6 create-volume volume=v zone=a size_gib=8
        7 create-volume volume=w zone=a size_gib=8
        8 delete-volume volume=v
        9 create-volume volume=w zone=a size_gib=8";
    let notes = world("instances = 2\nelastic_addresses = 1\nvolumes = 1", rows);
    let expected = [
        (1.0, "InstanceLimitExceeded", 1, 0),
        (3.0, "AddressLimitExceeded", 1, 0),
        (7.0, "VolumeLimitExceeded", 1, 0),
    ];
    assert_eq!(told(&notes), expected);
}

#[test]
fn an_instance_counts_until_the_lag_after_its_end_is_over_and_again_from_its_start() {
    let rows = "
        1 launch instance=i type=m5.large
        10 stop instance=i
        39 launch instance=j type=m5.large
        40 launch instance=k type=m5.large
        50 start instance=i
        60 terminate instance=k
        89 start instance=i
        90 start instance=i";
    let notes = world("lag = '30s'\ninstances = 1", rows);
    let expected = [39.0, 50.0, 89.0].map(|at| (at, "InstanceLimitExceeded", 1, 0));
    assert_eq!(told(&notes), expected);
}

#[test]
fn an_account_may_have_limits_of_its_own() {
    let quotas = "instances = 1\n[[quotas.accounts]]\naccount = 'big'\ninstances = 3";
    let rows = "
        1 launch type=m5.large count=4 min_count=1 account=big
        2 launch type=m5.large count=4 min_count=1 account=small";
    let refused: Vec<(f64, u32)> =
        world(quotas, rows).refused().iter().map(|told| (told.0, told.3)).collect();
    assert_eq!(refused, [(1.0, 1), (2.0, 3)]);
}

#[test]
fn a_launch_that_fails_counts_for_nothing() {
    let rows = "
        1 launch type=m5.24xlarge count=2
        2 launch type=m5.large count=4 min_count=4
        3 launch type=m5.large count=3";
    let notes = world("instances = 3", rows);
    let names: Vec<&str> = notes.refused().iter().map(|told| told.2).collect();
    assert_eq!(names, ["InsufficientInstanceCapacity", "InstanceLimitExceeded"]);
}

#[test]
fn a_type_that_no_call_has_launched_counts_from_the_next_start() {
    let rows = "
        1 launch instance=i type=m5.large
        2 stop instance=i
        3 modify instance=i type=m5.2xlarge
        4 start instance=i
        5 modify instance=i type=m5.xlarge
        6 start instance=i
        7 launch type=m5.large";
    let notes = world("vcpus.standard = 4", rows);
    assert_eq!(told(&notes), [(4.0, "VcpuLimitExceeded", 8, 4), (7.0, "VcpuLimitExceeded", 2, 0)]);
}

#[test]
fn instances_on_a_dedicated_host_count_for_no_vcpus() {
    let rows = "
        1 allocate-host host=h zone=a
        2 launch type=m5.4xlarge host=h
        3 launch type=m5.large
        4 launch type=m5.large
        5 allocate-host host=g zone=a";
    let notes = world("vcpus.standard = 2\ndedicated_hosts = 1", rows);
    assert_eq!(told(&notes), [(4.0, "VcpuLimitExceeded", 2, 0), (5.0, "HostLimitExceeded", 1, 0)]);
}
