//! Hosts by what they can take, on which instances are placed best fit first.

use std::collections::BTreeMap;

use super::{HostClass, Room, Share};
use plimsoll_base::units::Resources;

/// Hosts by what they can take, least vCPU first: the order of best fit.
pub struct Stock(BTreeMap<Room, u64>);

impl Stock {
    /// Returns the hosts of some classes.
    pub fn new(classes: &[HostClass]) -> Stock {
        Stock(classes.iter().map(|class| (class.room, class.hosts)).collect())
    }

    /// Returns the classes of equal hosts, in order.
    pub fn classes(&self) -> impl Iterator<Item = (&Room, &u64)> {
        self.0.iter()
    }

    /// Places instances of one size where the least is free, and returns the number without room. `moved` learns of hosts
    /// whose room changes: what it was, what it is, how many.
    ///
    /// Best fit fills a host before it turns to the next, since a host that took one has less free than before: whole hosts
    /// move at once.
    pub fn place(&mut self, share: &Share, count: u64, mut moved: impl FnMut(Room, Room, u64)) -> u64 {
        let mut missing = count;
        while missing > 0 {
            let free = Resources::new(share.amounts.vcpu_milli(), 0);
            let least = Room { free, instances: 0, hardware: 0, parts: None };
            let fitting = self.0.range_mut(least..).find(|(room, _)| room.has_room(share));
            let Some((&room, hosts)) = fitting else { break };
            let per_host = room.fits(share);
            let (filled, each) =
                if missing >= per_host { ((*hosts).min(missing / per_host), per_host) } else { (1, missing) };
            let left = room.less(share, each);
            *hosts -= filled;
            if *hosts == 0 {
                self.0.remove(&room);
            }
            self.put(left, filled);
            moved(room, left, filled);
            missing -= filled * each;
        }
        missing
    }

    /// Adds equal hosts.
    pub fn put(&mut self, room: Room, hosts: u64) {
        *self.0.entry(room).or_insert(0) += hosts;
    }

    /// Takes equal hosts away, which are there.
    pub fn take(&mut self, room: Room, hosts: u64) {
        let left = self.0.get_mut(&room).expect("the class is there");
        *left -= hosts;
        if *left == 0 {
            self.0.remove(&room);
        }
    }
}
