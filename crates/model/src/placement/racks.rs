//! Hosts of each rack, listed when first asked for.

use crate::fleet::Fleet;
use plimsoll_base::units::{HostId, RackId};

/// Hosts by rack.
#[derive(Clone, Debug, Default)]
pub struct RackHosts {
    /// Begin of the hosts of each rack in `hosts`, and the end of the last. Empty until asked.
    starts: Vec<u32>,
    hosts: Vec<HostId>,
}

impl RackHosts {
    /// Returns the hosts of a rack, in ascending order.
    pub fn hosts(&mut self, rack: RackId, fleet: &Fleet) -> &[HostId] {
        if self.starts.is_empty() {
            *self = RackHosts::list(fleet);
        }
        let (start, end) = (self.starts[rack.index()], self.starts[rack.index() + 1]);
        &self.hosts[start as usize..end as usize]
    }

    fn list(fleet: &Fleet) -> RackHosts {
        let ids = || (0..fleet.hosts().len() as u32).map(HostId);
        let racks = ids().map(|id| fleet.rack_of(id).index() + 1).max().unwrap_or(0);
        let mut starts = vec![0; racks + 1];
        for id in ids() {
            starts[fleet.rack_of(id).index() + 1] += 1;
        }
        for rack in 0..racks {
            starts[rack + 1] += starts[rack];
        }
        let mut hosts = vec![HostId(0); fleet.hosts().len()];
        let mut next = starts.clone();
        for id in ids() {
            let place = &mut next[fleet.rack_of(id).index()];
            hosts[*place as usize] = id;
            *place += 1;
        }
        RackHosts { starts, hosts }
    }
}
