//! Hosts by what they can take, on which instances are placed best fit first.

use super::classes::{Classes, Position};
use super::room::WholeRoom;
use super::{HostClass, Room, Share};
use plimsoll_base::units::Resources;

/// Hosts by what they can take, least vCPU first: the order of best fit.
///
/// Hosts without parts, which most fleets have alone, are apart from the others: their rooms are a fifth of the size.
#[derive(Default)]
pub struct Stock {
    whole: Classes<WholeRoom>,
    divided: Classes<Room>,
}

/// Place of equal hosts, until the next change.
#[derive(Clone, Copy, Debug)]
enum Place {
    Whole(Position),
    Divided(Position),
}

impl Stock {
    /// Returns the hosts of some classes.
    pub fn new(classes: &[HostClass]) -> Stock {
        let mut stock = Stock::default();
        classes.iter().for_each(|class| stock.put(class.room, class.hosts));
        stock
    }

    /// Returns the classes of equal hosts.
    pub fn classes(&self) -> impl Iterator<Item = HostClass> {
        let of_whole = self.whole.iter().map(|(whole, hosts)| HostClass { room: whole_room(whole), hosts });
        of_whole.chain(self.divided.iter().map(|(room, hosts)| HostClass { room, hosts }))
    }

    /// Places instances of one size where the least is free, and returns the number without room. `moved` learns of hosts
    /// whose room changes: what it was, what it is, how many.
    ///
    /// Best fit fills a host before it turns to the next, since a host that took one has less free than before: whole hosts
    /// move at once.
    pub fn place(&mut self, share: &Share, count: u64, mut moved: impl FnMut(Room, Room, u64)) -> u64 {
        let mut missing = count;
        while missing > 0 {
            let Some(place) = self.least_with_room(share) else { break };
            let HostClass { room, hosts } = self.at(place);
            let per_host = room.fits(share);
            let (filled, each) =
                if missing >= per_host { (hosts.min(missing / per_host), per_host) } else { (1, missing) };
            let left = room.less(share, each);
            match place {
                Place::Whole(position) => self.whole.take_at(position, filled),
                Place::Divided(position) => self.divided.take_at(position, filled),
            }
            self.put(left, filled);
            moved(room, left, filled);
            missing -= filled * each;
        }
        missing
    }

    /// Returns the place of the hosts with the least free that take an instance of a type.
    #[inline]
    fn least_with_room(&self, share: &Share) -> Option<Place> {
        let free = Resources::new(share.amounts.vcpu_milli(), 0);
        let least = WholeRoom { free, instances: 0, hardware: 0 };
        let whole = self.whole.find_from(&least, |room| room.has_room(share)).map(Place::Whole);
        if self.divided.is_empty() {
            return whole;
        }
        let divided = self.divided.find_from(&whole_room(least), |room| room.has_room(share));
        whole.into_iter().chain(divided.map(Place::Divided)).min_by_key(|place| self.at(*place).room)
    }

    /// Returns the hosts at a place.
    #[inline]
    fn at(&self, place: Place) -> HostClass {
        match place {
            Place::Whole(position) => {
                let (whole, hosts) = self.whole.at(position);
                HostClass { room: whole_room(whole), hosts }
            }
            Place::Divided(position) => {
                let (room, hosts) = self.divided.at(position);
                HostClass { room, hosts }
            }
        }
    }

    /// Adds equal hosts.
    #[inline]
    pub fn put(&mut self, room: Room, hosts: u64) {
        match room.parts {
            None => self.whole.put(room.whole, hosts),
            Some(_) => self.divided.put(room, hosts),
        }
    }

    /// Takes equal hosts away, which are there.
    #[inline]
    pub fn take(&mut self, room: Room, hosts: u64) {
        match room.parts {
            None => self.whole.take(&room.whole, hosts),
            Some(_) => self.divided.take(&room, hosts),
        }
    }
}

/// Returns the room of a host that is not divided.
fn whole_room(whole: WholeRoom) -> Room {
    Room { whole, parts: None }
}
