//! Compaction: the number of hosts that the running instances would need if all were placed anew.

use std::cmp::Reverse;

use super::stock::Stock;
use super::{Census, HostClass, Share};

/// Returns the number of hosts that best fit decreasing needs for these instances on the hosts of the census, emptied: largest
/// instances first, into the fullest host that takes them, a new host only where none does. An upper bound on the
/// least number, at most a few percent above it in practice. `None` where it finds no room for all.
pub fn hosts_needed(census: &Census, instances: &[Share]) -> Option<u64> {
    let mut packing = Packing { empty: census.empty.clone(), open: Stock::new(&[]), hosts: 0 };
    let mut largest_first = instances.to_vec();
    largest_first.sort_by_key(|share| (Reverse(census.size(&share.amounts)), share.kind));
    largest_first.iter().all(|share| packing.place(share)).then_some(packing.hosts)
}

struct Packing {
    empty: Vec<HostClass>,
    open: Stock,
    /// Hosts opened.
    hosts: u64,
}

impl Packing {
    /// Places so many instances of one size; false when there is no room for all.
    fn place(&mut self, share: &Share) -> bool {
        let mut missing = share.count;
        loop {
            missing = self.open.place(share, missing, |_, _, _| {});
            if missing == 0 {
                return true;
            }
            if !self.open_hosts(share, missing) {
                return false;
            }
        }
    }

    /// Opens as many hosts as these instances fill, of the kind that takes the most of them; false where none takes any.
    fn open_hosts(&mut self, share: &Share, missing: u64) -> bool {
        let left = self.empty.iter_mut().filter(|class| class.hosts > 0 && class.room.has_room(share));
        let Some(class) = left.max_by_key(|class| class.room.fits(share)) else { return false };
        let opened = missing.div_ceil(class.room.fits(share)).min(class.hosts);
        class.hosts -= opened;
        self.hosts += opened;
        self.open.put(class.room, opened);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{census, share};
    use super::*;

    #[test]
    fn what_is_spread_out_goes_onto_few_hosts() {
        // Ten hosts of 8 vCPU, each with one instance of 2: three hosts would do.
        let census = census(&[(6000, 65_536, 10)], 8000, 65_536);
        assert_eq!(hosts_needed(&census, &[share(0, 2000, 1024, 10)]), Some(3));
        // Four of 5 vCPU need a host each; ten of 1 vCPU go beside them.
        assert_eq!(hosts_needed(&census, &[share(1, 1000, 1024, 10), share(0, 5000, 1024, 4)]), Some(4));
        assert_eq!(hosts_needed(&census, &[]), Some(0));
        assert_eq!(hosts_needed(&census, &[share(0, 5000, 1024, 11)]), None);
    }

    #[test]
    fn it_is_never_below_the_lower_bound_nor_above_one_host_each() {
        use plimsoll_base::engine::random::{Purpose, Seed};
        let mut random = Seed(8).stream(Purpose::Mix, 0);
        let census = census(&[(8000, 16_384, 60)], 8000, 16_384);
        for _ in 0..200 {
            let mix: Vec<Share> = (0..1 + random.below(5) as u32)
                .map(|kind| {
                    let vcpu = 1000 * (1 + random.below(8) as u32);
                    share(kind, vcpu, 1024 * (1 + random.below(16) as u32), random.below(12))
                })
                .collect();
            let needed = hosts_needed(&census, &mix).expect("60 hosts are enough for 60 instances");
            let instances: u64 = mix.iter().map(|share| share.count).sum();
            assert!((census.hosts_lower_bound(&mix)..=instances).contains(&needed), "{needed} for {mix:?}");
        }
    }
}
