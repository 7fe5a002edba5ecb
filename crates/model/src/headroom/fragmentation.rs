//! Fragmentation: free room that requested instances cannot use, by two measures.

use serde::{Deserialize, Serialize};

use super::{Census, Room, Share};
use plimsoll_base::units::Resources;

/// A share of everything that can be sold, for each resource that has a figure \[0 to 1\].
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Shares {
    /// Of all vCPU.
    pub vcpu: f64,
    /// Of all memory.
    pub memory: f64,
    /// Of all GPU; `None` where no host has one.
    pub gpu: Option<f64>,
}

/// Room on a host that instances of one type cannot use, in the unit of `resource`.
type Measure = fn(room: &Room, share: &Share, resource: usize) -> u64;

/// Returns the expected share of each resource that an instance drawn from the live mix could not use: Σ over hosts and types of
/// p(type) · (free on the host, less what as many instances of the type as fit would take), by all that can be sold.
/// `None` while nothing runs.
pub fn unusable(census: &Census, running: &[Share]) -> Option<Shares> {
    shares(census, running, |room, share, resource| {
        let used = room.fits(share) * u64::from(share.amounts.0[resource]);
        u64::from(room.whole.free.0[resource]).saturating_sub(used)
    })
}

/// Returns the expected fragment of each resource as FGD counts it (Weng et al., "Beware of Fragmentation", USENIX ATC 2023,
/// section 3.2): Σ over hosts and types of p(type) · (all that is free on the host where not a single instance of the
/// type fits or the type asks for none of the resource, nothing elsewhere), by all that can be sold. `None` while
/// nothing runs.
///
/// The paper counts GPU alone, and on a host where the type fits also the GPUs whose free share is too small for it.
/// Here a GPU is no device but an amount, of which a fitting type leaves no such share.
pub fn fgd(census: &Census, running: &[Share]) -> Option<Shares> {
    shares(census, running, |room, share, resource| {
        let usable = share.amounts.0[resource] > 0 && room.has_room(share);
        if usable { 0 } else { u64::from(room.whole.free.0[resource]) }
    })
}

fn shares(census: &Census, running: &[Share], measure: Measure) -> Option<Shares> {
    let drawn: u64 = running.iter().map(|share| share.count).sum();
    if drawn == 0 {
        return None;
    }
    let of_all = |resource: usize| {
        let lost: u128 = (census.classes.iter())
            .map(|class| {
                let of = |share: &Share| {
                    u128::from(share.count) * u128::from(measure(&class.room, share, resource))
                };
                u128::from(class.hosts) * running.iter().map(of).sum::<u128>()
            })
            .sum();
        let all = Census::total(&census.empty, resource);
        (all > 0).then(|| lost as f64 / drawn as f64 / all as f64)
    };
    Some(Shares {
        vcpu: of_all(Resources::VCPU).unwrap_or(0.0),
        memory: of_all(Resources::MEMORY).unwrap_or(0.0),
        gpu: of_all(Resources::GPU),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{census, share};
    use super::*;

    #[test]
    fn room_beside_as_many_as_fit_is_unusable() {
        // Two hosts of 8 vCPU: one with 3 free, one with 1.
        let census = census(&[(3000, 8192, 1), (1000, 8192, 1)], 8000, 8192);
        let two = share(0, 2000, 1024, 1);
        // Beside one instance of 2 vCPU stays 1, on the other host all of 1.
        assert_eq!(unusable(&census, &[two]).unwrap().vcpu, 2.0 / 16.0);
        // One of 1 vCPU can use everything; a mix is between.
        let mix = [two, share(1, 1000, 1024, 3)];
        assert_eq!(unusable(&census, &mix).unwrap().vcpu, 2.0 / 16.0 / 4.0);
        assert_eq!(unusable(&census, &[]), None);
    }

    #[test]
    fn a_host_is_a_fragment_to_fgd_where_not_one_instance_fits() {
        let census = census(&[(3000, 8192, 1), (1000, 8192, 1)], 8000, 8192);
        let two = share(0, 2000, 1024, 1);
        // On the host with 3 vCPU one fits, so that nothing there is a fragment; all of the other host's room is.
        let shares = fgd(&census, &[two]).unwrap();
        assert_eq!((shares.vcpu, shares.memory, shares.gpu), (1.0 / 16.0, 8192.0 / 16_384.0, None));
        let mix = [two, share(1, 1000, 1024, 3)];
        assert_eq!(fgd(&census, &mix).unwrap().vcpu, 1.0 / 16.0 / 4.0);
        assert_eq!(fgd(&census, &[]), None);
    }

    #[test]
    fn free_gpu_is_a_fragment_to_types_without_gpu() {
        let mut census = census(&[(8000, 8192, 1), (8000, 8192, 1)], 8000, 8192);
        for class in census.classes.iter_mut().chain(&mut census.empty) {
            class.room.whole.free.0[Resources::GPU] = 2000;
        }
        let (cpu, mut gpu) = (share(0, 1000, 1024, 3), share(1, 1000, 1024, 1));
        gpu.amounts.0[Resources::GPU] = 1000;
        assert_eq!(fgd(&census, &[cpu, gpu]).unwrap().gpu, Some(0.75));
        assert_eq!(fgd(&census, &[gpu]).unwrap().gpu, Some(0.0));
        // Both GPUs serve two instances: no part of them is unusable for requests of one GPU.
        assert_eq!(unusable(&census, &[gpu]).unwrap().gpu, Some(0.0));
        gpu.amounts.0[Resources::GPU] = 1500;
        assert_eq!(unusable(&census, &[gpu]).unwrap().gpu, Some(0.25));
    }
}
