//! Amounts that a host sells, from the capacity that it has: less the reserve, times the ratios of overcommit, in equal
//! parts for its NUMA nodes.

use super::topology::MAX_DEVICES;
use plimsoll_base::units::{QUANTITIES, Resources};

/// Parts of a ratio of 1.
pub const MILLION: u128 = 1_000_000;

/// The greatest ratio, a thousandfold.
pub const MOST_RATIO: u128 = 1000 * MILLION;

/// Rules by which the hosts of a group sell their capacity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sale {
    /// Amounts kept for the hypervisor.
    pub reserve: Resources,
    /// vCPU sold for each that is not reserved, in millionths.
    pub vcpu_ratio: u128,
    /// Memory sold for each MiB that is not reserved, in millionths.
    pub memory_ratio: u128,
    /// NUMA nodes, at least 1.
    pub nodes: u8,
    /// True if GPU devices are told apart.
    pub has_devices: bool,
}

impl Default for Sale {
    /// Returns the rules by which all is sold, once.
    fn default() -> Sale {
        Sale {
            reserve: Resources::ZERO,
            vcpu_ratio: MILLION,
            memory_ratio: MILLION,
            nodes: 1,
            has_devices: false,
        }
    }
}

impl Sale {
    /// Returns the amounts that a host of so many nodes sells of a capacity above the reserve, or the resource for which it
    /// cannot, and why.
    pub fn sellable(&self, capacity: &Resources, nodes: u8) -> Result<Resources, (usize, String)> {
        let mut sellable = capacity.minus(&self.reserve);
        for (resource, ratio) in [(Resources::VCPU, self.vcpu_ratio), (Resources::MEMORY, self.memory_ratio)]
        {
            let sold = u128::from(sellable.0[resource]) * ratio / MILLION;
            let sold = sold / u128::from(nodes) * u128::from(nodes);
            let fits = |sold: &u32| *sold > 0 && *sold < u32::MAX;
            sellable.0[resource] = u32::try_from(sold).ok().filter(fits).ok_or_else(|| {
                let key = QUANTITIES[resource].key;
                (resource, format!("found {sold} units to sell, expected at least one on each node, and below 2³² ({key})"))
            })?;
        }
        let gpu = sellable.0[Resources::GPU];
        if self.has_devices && (!gpu.is_multiple_of(1000) || gpu / 1000 > MAX_DEVICES as u32) {
            let found = f64::from(gpu) / 1000.0;
            let message =
                format!("found {found}, expected 0 to {MAX_DEVICES} whole devices, as `gpu_division` says");
            return Err((Resources::GPU, message));
        }
        Ok(sellable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_sells_what_is_not_reserved_times_the_ratio_in_equal_nodes() {
        let sale = Sale {
            reserve: Resources::new(1_000, 1_024),
            vcpu_ratio: 4 * MILLION,
            memory_ratio: MILLION * 3 / 2,
            nodes: 2,
            has_devices: true,
        };
        let capacity = Resources([17_000, 9 * 1024 + 1, 2_000, 5, u32::MAX]);
        let sold = Resources([64_000, 12 * 1024, 2_000, 5, u32::MAX]);
        assert_eq!(sale.sellable(&capacity, 2), Ok(sold), "an odd MiB is on neither node");
        let odd = Sale { memory_ratio: MILLION, ..sale };
        assert_eq!(odd.sellable(&capacity, 1).unwrap().memory_mib(), 8 * 1024 + 1);
        let halves = Resources([17_000, 9 * 1024, 1_500, 0, 0]);
        assert_eq!(sale.sellable(&halves, 2).unwrap_err().0, Resources::GPU);
        let many = Sale { vcpu_ratio: MOST_RATIO, ..sale };
        assert_eq!(many.sellable(&Resources::new(5_000_000, 2_048), 1).unwrap_err().0, Resources::VCPU);
    }
}
