//! Handles: the names that a trace gives to resources. Each stands for the latest resource made under it.

use serde::{Deserialize, Serialize};

use crate::cloud::instances::reference::Reference;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{
    CapacityReservationId, ElasticAddressId, HostId, ImageId, InterfaceId, SnapshotId, VolumeId,
};
use plimsoll_model::workload::handles::Handle;

/// Resources of one kind by the number of their handle.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HandleTable<Id>(Vec<Option<Id>>);

impl<Id> Default for HandleTable<Id> {
    fn default() -> HandleTable<Id> {
        HandleTable(Vec::new())
    }
}

impl<Id: Copy> HandleTable<Id> {
    /// Returns the resource of a handle; refused with `unknown` where there is none.
    pub fn find(&self, name: u32, unknown: Failure) -> Result<Id, FailureReason> {
        self.0.get(name as usize).copied().flatten().ok_or(unknown.into())
    }

    /// Binds a handle to a resource.
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
pub struct InstanceHandles(Vec<Vec<Reference>>);

impl InstanceHandles {
    /// Returns the instances of a handle; none where no launch has used it.
    pub fn of(&self, name: Handle) -> &[Reference] {
        self.0.get(name.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// Binds a handle to these instances.
    pub fn set(&mut self, name: Handle, instances: &[Reference]) {
        let name = name.0 as usize;
        if self.0.len() <= name {
            self.0.resize_with(name + 1, Vec::new);
        }
        self.0[name].clear();
        self.0[name].extend_from_slice(instances);
    }

    /// Adds an instance to those of a bound handle.
    pub fn add(&mut self, name: Handle, instance: Reference) {
        self.0[name.0 as usize].push(instance);
    }
}

/// Resources by the handles of a demand.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Handles {
    /// Instances.
    pub instances: InstanceHandles,
    /// Volumes.
    pub volumes: HandleTable<VolumeId>,
    /// Snapshots.
    pub snapshots: HandleTable<SnapshotId>,
    /// Images.
    pub images: HandleTable<ImageId>,
    /// Elastic addresses.
    pub addresses: HandleTable<ElasticAddressId>,
    /// Network interfaces.
    pub interfaces: HandleTable<InterfaceId>,
    /// Dedicated hosts.
    pub hosts: HandleTable<HostId>,
    /// Capacity reservations.
    pub reservations: HandleTable<CapacityReservationId>,
}

impl Handles {
    /// Binds the handle of a call, if it has one, to these instances.
    pub fn bind(&mut self, handle: Option<Handle>, instances: &[Reference]) {
        if let Some(handle) = handle {
            self.instances.set(handle, instances);
        }
    }
}
