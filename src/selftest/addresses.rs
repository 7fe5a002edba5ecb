//! Subnets filled to their last address.

use super::{Finding, outcome};
use crate::failure::Failure;

/// Length of the prefix, and addresses that instances can have.
const CASES: [(u32, u64); 3] = [(28, 11), (26, 59), (24, 251)];

/// Launches of each case, more than any of them has addresses.
const LAUNCHES: u64 = 300;

pub fn run() -> Vec<Finding> {
    CASES.into_iter().flat_map(check).collect()
}

fn check((prefix, addresses): (u32, u64)) -> [Finding; 2] {
    let outcome = outcome(
        &format!(
            "duration = '299m'
            zones = [{{ name = 'z', hosts = [{{ count = 1, vcpu = 400, memory_gib = 400 }}] }}]
            instance_types = [{{ name = 'unit', vcpu = 1, memory_gib = 1 }}]
            network.subnets = [{{ name = 's', zone = 'z', cidr = '10.0.0.0/{prefix}' }}]
            [[workload.arrivals]]
            process = {{ kind = 'constant', every = '1m' }}
            types = {{ unit = 1 }}"
        ),
        1,
    );
    let refused = outcome.launch.failed_by[Failure::InsufficientFreeAddressesInSubnet];
    [
        Finding::exact(format!("instances in a /{prefix}"), addresses, outcome.launch.succeeded),
        Finding::exact(
            format!("refused for want of an address in a /{prefix}"),
            LAUNCHES - addresses,
            refused,
        ),
    ]
}
