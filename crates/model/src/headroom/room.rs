//! Room left on a host, as a whole and on its parts.

use super::Share;
use crate::fleet::host::Sku;
use crate::fleet::topology::{NodeOrder, Parts, Topology};
use plimsoll_base::units::{Footprint, RESOURCES, Resources};

/// Room left on a host as a whole, whatever its parts have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct WholeRoom {
    /// Free amounts. Network bandwidth is `u32::MAX` where it has no limit.
    pub free: Resources,
    /// Instances it may still have; `u32::MAX` where there is no limit.
    pub instances: u32,
    /// Number of the set of types that the host runs.
    pub hardware: u8,
}

impl WholeRoom {
    /// Returns true if the host takes an instance of a type.
    #[inline]
    pub fn has_room(&self, share: &Share) -> bool {
        self.free.covers(&share.amounts) && self.instances > 0 && !self.is_barred(share)
    }

    #[inline]
    fn is_barred(&self, share: &Share) -> bool {
        share.barred >> self.hardware & 1 == 1
    }

    /// Returns the number of instances of a type that the host takes.
    pub fn fits(&self, share: &Share) -> u64 {
        if self.is_barred(share) {
            return 0;
        }
        let of = |i: usize| match (self.free.0[i], share.amounts.0[i]) {
            (u32::MAX, _) | (_, 0) => u64::MAX,
            (free, asked) => u64::from(free / asked),
        };
        let most = if self.instances == u32::MAX { u64::MAX } else { u64::from(self.instances) };
        // An empty request fits any number of times: it counts once.
        match (0..RESOURCES).map(of).fold(most, u64::min) {
            u64::MAX => 1,
            count => count,
        }
    }

    /// Returns what is left after `count` instances of a type, which fit.
    pub fn less(&self, share: &Share, count: u64) -> WholeRoom {
        let count = u32::try_from(count).expect("what fits on a host is counted in 32 bits");
        let mut left = *self;
        for i in 0..RESOURCES {
            if left.free.0[i] != u32::MAX {
                let taken = share.amounts.0[i].checked_mul(count);
                left.free.0[i] = taken
                    .and_then(|taken| left.free.0[i].checked_sub(taken))
                    .expect("no more is taken than fits");
            }
        }
        if left.instances != u32::MAX {
            left.instances -= count;
        }
        left
    }
}

/// Room left on a host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Room {
    /// Room on the host as a whole.
    pub whole: WholeRoom,
    /// Division of the host and the room on its parts, if it is divided.
    pub parts: Option<(Topology, Parts)>,
}

impl Room {
    /// Returns the room of an empty host.
    pub fn empty(sku: &Sku) -> Room {
        let Sku { capacity: free, max_instances: instances, hardware, topology, .. } = *sku;
        Room {
            whole: WholeRoom { free, instances, hardware },
            parts: (!topology.is_flat()).then(|| (topology, topology.empty())),
        }
    }

    /// Returns true if the host takes an instance of a type.
    #[inline]
    pub fn has_room(&self, share: &Share) -> bool {
        let has_parts = |(topology, parts): &(Topology, Parts)| parts.have_room(topology, &share.footprint());
        self.whole.has_room(share) && self.parts.as_ref().is_none_or(has_parts)
    }

    /// Returns the number of instances of a type that the host takes.
    pub fn fits(&self, share: &Share) -> u64 {
        let most = self.whole.fits(share);
        match &self.parts {
            None => most,
            Some((topology, parts)) => filled(topology, parts, &share.footprint(), most).1,
        }
    }

    /// Returns what is left after `count` instances of a type, which fit.
    pub fn less(&self, share: &Share, count: u64) -> Room {
        let parts = self.parts.as_ref().map(|(topology, parts)| {
            let (left, placed) = filled(topology, parts, &share.footprint(), count);
            assert_eq!(placed, count, "no more is taken than fits");
            (*topology, left)
        });
        Room { whole: self.whole.less(share, count), parts }
    }
}

/// Returns the parts of a host after at most so many instances of a size, placed one after the other as a fleet does, and
/// their number.
fn filled(topology: &Topology, parts: &Parts, footprint: &Footprint, most: u64) -> (Parts, u64) {
    let (mut parts, mut placed) = (*parts, 0);
    while placed < most
        && let Some(affinity) = parts.choose(topology, footprint, NodeOrder::Lowest)
    {
        parts.take(footprint, affinity);
        placed += 1;
    }
    (parts, placed)
}
