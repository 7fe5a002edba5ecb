//! Fragments of GPU after FGD (Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient
//! Descent", USENIX ATC 2023, section 3): what is free on the devices of a host and of no use to typical requests.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use plimsoll_base::units::Resources;

/// Requests that are typical, with their numbers: the most frequent ones, until they make up 95 % of all. Only vCPU and
/// GPU count.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TypicalRequests(Vec<(Resources, u64)>);

/// Thousandths of a device.
const WHOLE: u32 = 1000;

impl TypicalRequests {
    /// Returns the typical ones of some requests with their numbers.
    pub fn of(requests: &[(Resources, u64)]) -> TypicalRequests {
        let mut counts: BTreeMap<Resources, u64> = BTreeMap::new();
        for (amounts, count) in requests {
            let mut counted = Resources::ZERO;
            for resource in [Resources::VCPU, Resources::GPU] {
                counted.0[resource] = amounts.0[resource];
            }
            *counts.entry(counted).or_default() += count;
        }
        let all: u64 = counts.values().sum();
        let mut typical: Vec<(Resources, u64)> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        typical.sort_by_key(|(_, count)| Reverse(*count));
        let mut counted = 0;
        typical.retain(|(_, count)| {
            let before = counted;
            counted += count;
            before * 100 < all * 95
        });
        TypicalRequests(typical)
    }

    /// Returns the number of typical requests.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Returns the GPU that the typical requests cannot use on a host with so much vCPU and these devices free, the sum over
    /// them \[milli-GPU\]: all of it where one does not fit or asks for none, else that of devices with too little.
    pub fn fragments(&self, vcpu_milli: u32, devices: &[u16]) -> u64 {
        let free = |device: &u16| u64::from(*device);
        let all: u64 = devices.iter().map(free).sum();
        let of = |request: &Resources| {
            let (number, each) = split(request);
            let useful = || devices.iter().filter(|device| u32::from(**device) >= each);
            let fits = vcpu_milli >= request.vcpu_milli() && useful().count() as u32 >= number;
            if number > 0 && fits { all - useful().map(free).sum::<u64>() } else { all }
        };
        self.0.iter().map(|(request, count)| count * of(request)).sum()
    }
}

/// Returns the number of devices of a request, and what it asks for of each \[milli-GPU\].
fn split(request: &Resources) -> (u32, u32) {
    match request.0[Resources::GPU] {
        0 => (0, 0),
        share if share < WHOLE => (1, share),
        whole => (whole / WHOLE, WHOLE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(vcpu: u32, gpu_milli: u32) -> Resources {
        Resources([vcpu * 1000, 7, gpu_milli, 0, 0])
    }

    #[test]
    fn what_typical_requests_cannot_use_is_a_fragment() {
        let with_storage = Resources([2000, 9, 500, 40, 1]);
        let requests =
            [(gpu(2, 500), 50), (with_storage, 10), (gpu(4, 2000), 35), (gpu(1, 0), 4), (gpu(9, 100), 1)];
        let typical = TypicalRequests::of(&requests);
        assert_eq!(typical.count(), 95, "the rest is rare");
        // A half fits on the second and third device, two whole ones nowhere.
        assert_eq!(typical.fragments(8_000, &[400, 700, 1000]), 60 * 400 + 35 * 2100);
        // Two vCPU are too few for four.
        assert_eq!(typical.fragments(2_000, &[1000, 1000]), 35 * 2000);
        assert_eq!(typical.fragments(8_000, &[1000, 1000, 300]), 60 * 300 + 35 * 300);
        assert_eq!(typical.fragments(8_000, &[]), 0);
    }
}
