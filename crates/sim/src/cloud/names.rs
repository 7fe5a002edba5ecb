//! What the names of a trace stand for: each the latest thing made under it.

use serde::{Deserialize, Serialize};

use super::reference::Reference;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{
    CapacityReservationId, ElasticAddressId, HostId, ImageId, InterfaceId, SnapshotId, VolumeId,
};
use plimsoll_model::workload::handles::Handle;

/// The names of one kind of thing, by number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Book<Id>(Vec<Option<Id>>);

impl<Id> Default for Book<Id> {
    fn default() -> Book<Id> {
        Book(Vec::new())
    }
}

impl<Id: Copy> Book<Id> {
    /// Returns what a name stands for; refused with `unknown` where it stands for nothing.
    pub fn find(&self, name: u32, unknown: Failure) -> Result<Id, FailureReason> {
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

/// The names of instances: each stands for those of the latest launch under it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct InstanceBook(Vec<Vec<Reference>>);

impl InstanceBook {
    /// Returns what a name stands for; nothing where no launch has used it.
    pub fn of(&self, name: Handle) -> &[Reference] {
        self.0.get(name.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// A name stands for these from now on.
    pub fn set(&mut self, name: Handle, instances: &[Reference]) {
        let name = name.0 as usize;
        if self.0.len() <= name {
            self.0.resize_with(name + 1, Vec::new);
        }
        self.0[name].clear();
        self.0[name].extend_from_slice(instances);
    }

    /// A name that was set stands for one more.
    pub fn add(&mut self, name: Handle, instance: Reference) {
        self.0[name.0 as usize].push(instance);
    }
}

/// What the names of a demand stand for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Names {
    /// Instances.
    pub instances: InstanceBook,
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
