//! The operations that can be called without naming anything, each with the function that makes a call.
//!
//! A new one is a line in [`REGISTER`]: scenarios and their error messages take the names from it.

use std::sync::Arc;

use crate::operation::Operation;
use crate::workload::call::{Action, Modification, Query, Tag, Targets};
use crate::workload::handles::{AddressHandle, VolumeHandle};
use crate::workload::resource_call::{ResourceCall, VolumeSpec};
use plimsoll_base::units::ZoneId;

/// Makes the call that a draw, uniform over 64 bits, stands for.
pub type MakeCall = fn(&Template, u64) -> Action;

/// Parts that the calls of a source have in common; shared with each, so that most allocate nothing.
#[derive(Debug)]
pub struct Template {
    /// Instances a call is about.
    pub count: u32,
    /// Calls of `describe` ask for all of the account's.
    pub describes_account: bool,
    /// Instances a page of `describe`.
    pub page_size: Option<u32>,
    /// Changes that `modify` makes.
    pub change: Arc<Modification>,
    /// Tags that `create-tags` adds.
    pub tags: Arc<[Tag]>,
    /// The keys of the tags that `delete-tags` removes.
    pub tag_keys: Arc<[String]>,
    /// The name of the volumes that are made.
    pub volume: VolumeHandle,
    /// Properties of the volumes.
    pub spec: VolumeSpec,
    /// The zones they are in, one drawn for each.
    pub zones: Vec<ZoneId>,
    /// The name of the elastic addresses that are taken.
    pub address: AddressHandle,
}

impl Template {
    fn targets(&self, draw: u64) -> Targets {
        Targets::Drawn { draw, count: self.count }
    }
}

/// Every operation that needs no name.
pub const REGISTER: &[(Operation, MakeCall)] = &[
    (Operation::Describe, describe),
    (Operation::Start, |of, draw| Action::Start(of.targets(draw))),
    (Operation::Stop, |of, draw| Action::Stop(of.targets(draw), false)),
    (Operation::Hibernate, |of, draw| Action::Stop(of.targets(draw), true)),
    (Operation::Reboot, |of, draw| Action::Reboot(of.targets(draw))),
    (Operation::Terminate, |of, draw| Action::Terminate(of.targets(draw))),
    (Operation::Modify, |of, draw| Action::Modify(of.targets(draw), of.change.clone())),
    (Operation::CreateTags, |of, draw| Action::CreateTags(of.targets(draw), of.tags.clone())),
    (Operation::DeleteTags, |of, draw| Action::DeleteTags(of.targets(draw), of.tag_keys.clone())),
    (Operation::CreateVolume, create_volume),
    (Operation::AllocateAddress, |of, _| {
        Action::Resource(Box::new(ResourceCall::AllocateAddress(of.address)))
    }),
];

fn describe(of: &Template, draw: u64) -> Action {
    let targets = (!of.describes_account).then(|| of.targets(draw));
    Action::Describe(Query { targets, filters: Vec::new(), page_size: of.page_size })
}

fn create_volume(of: &Template, draw: u64) -> Action {
    let zone = of.zones[((u128::from(draw) * of.zones.len() as u128) >> 64) as usize];
    let Template { volume, spec, .. } = *of;
    Action::Resource(Box::new(ResourceCall::CreateVolume {
        volume,
        zone,
        spec,
        snapshot: None,
        multi_attach: false,
    }))
}
