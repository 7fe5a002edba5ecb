//! Fragmentation: what is free and yet of no use to the instances that are asked for.

use serde::{Deserialize, Serialize};

use super::{Census, Room, Share};
use crate::units::Resources;

/// Shares of what can be sold that are free and of no use.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Fragmentation {
    /// Of all vCPU.
    pub vcpu_ratio: f64,
    /// Of all memory.
    pub memory_ratio: f64,
}

/// The expected share of each resource that an instance drawn from the live mix could not use: Σ over hosts
/// and types of p(type) · (free there that the type cannot take), by all that can be sold. The measure of
/// FGD (Weng et al. 2023, "Beware of Fragmentation", section 3) carried over to resources that divide: where a
/// type fits, what is left beside as many of it as fit is of no use to it; where it does not, all is.
/// `None` while nothing runs.
pub fn fragmentation(census: &Census, running: &[Share]) -> Option<Fragmentation> {
    let drawn: u64 = running.iter().map(|share| share.count).sum();
    if drawn == 0 {
        return None;
    }
    let ratio = |resource: usize| {
        let useless: u128 = (census.classes.iter())
            .map(|class| u128::from(class.hosts) * useless(&class.room, running, resource))
            .sum();
        let all = Census::total(&census.empty, resource);
        if all == 0 { 0.0 } else { useless as f64 / drawn as f64 / all as f64 }
    };
    Some(Fragmentation { vcpu_ratio: ratio(Resources::VCPU), memory_ratio: ratio(Resources::MEMORY) })
}

/// Free on one host and of no use, summed over the instances of the mix.
fn useless(room: &Room, running: &[Share], resource: usize) -> u128 {
    let of = |share: &Share| {
        let used = room.fits(share) * u64::from(share.amounts.0[resource]);
        u128::from(share.count) * u128::from(u64::from(room.free.0[resource]).saturating_sub(used))
    };
    running.iter().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{census, share};
    use super::*;

    #[test]
    fn what_a_type_cannot_take_is_fragmented_for_it() {
        // Two hosts of 8 vCPU: one with 3 free, one with 1.
        let census = census(&[(3000, 8192, 1), (1000, 8192, 1)], 8000, 8192);
        let two = share(0, 2000, 1024, 1);
        // Beside one instance of 2 vCPU stays 1, on the other host all of 1.
        assert_eq!(fragmentation(&census, &[two]).unwrap().vcpu_ratio, 2.0 / 16.0);
        // One of 1 vCPU can use everything; a mix is between.
        let mix = [two, share(1, 1000, 1024, 3)];
        assert_eq!(fragmentation(&census, &mix).unwrap().vcpu_ratio, 2.0 / 16.0 / 4.0);
        assert_eq!(fragmentation(&census, &[]), None);
    }
}
