//! What the names of a trace stand for: each the latest thing made under it.

use crate::failure::{Failure, Reason};
use crate::units::{
    CapacityReservationId, ElasticAddressId, HostId, ImageId, InterfaceId, SnapshotId, VolumeId,
};

/// The names of one kind of thing, by number.
#[derive(Clone, Debug)]
pub struct Book<Id>(Vec<Option<Id>>);

impl<Id> Default for Book<Id> {
    fn default() -> Book<Id> {
        Book(Vec::new())
    }
}

impl<Id: Copy> Book<Id> {
    /// What a name stands for; refused with `unknown` where it stands for nothing.
    pub fn find(&self, name: u32, unknown: Failure) -> Result<Id, Reason> {
        self.0.get(name as usize).copied().flatten().ok_or(unknown.into())
    }

    /// A name stands for this from now on.
    pub fn set(&mut self, name: u32, id: Id) {
        let name = name as usize;
        if self.0.len() <= name {
            self.0.resize(name + 1, None);
        }
        self.0[name] = Some(id);
    }
}

/// The names of everything that has an id of its own and is no instance.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Volumes.
    pub volumes: Book<VolumeId>,
    /// Snapshots.
    pub snapshots: Book<SnapshotId>,
    /// Images.
    pub images: Book<ImageId>,
    /// Elastic addresses.
    pub addresses: Book<ElasticAddressId>,
    /// Network interfaces.
    pub interfaces: Book<InterfaceId>,
    /// Dedicated hosts.
    pub hosts: Book<HostId>,
    /// Capacity reservations.
    pub reservations: Book<CapacityReservationId>,
}
