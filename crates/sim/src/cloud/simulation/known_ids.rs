//! Check of every id in a checkpoint, once, when the checkpoint is read.

use crate::cloud::instances::table::Instance;
use crate::cloud::world::World;
use plimsoll_base::engine::checkpoint::RestoreError;
use plimsoll_base::units::{AccountId, SubnetId};
use plimsoll_model::placement::shortage::Shortage;
use plimsoll_model::workload::call::{Action, Call};

/// Checks that the types that were requested exist.
pub fn check_types(world: &World, asked_for: &[bool]) -> Result<(), RestoreError> {
    if asked_for.len() <= world.directory.types.len() { Ok(()) } else { Err(RestoreError::Corrupt) }
}

/// Checks that every instance, and the next call, name only accounts, types, zones, subnets and hosts that exist.
pub fn check_ranges(world: &World, next: Option<&Call>) -> Result<(), RestoreError> {
    let are_within = world.instances.slots().all(|(_, instance)| is_within(world, instance));
    let is_next_within = next.is_none_or(|call| {
        let (kind, zone, subnet) = match &call.action {
            Action::Launch(launch) => (Some(launch.kind), launch.zone, launch.subnet),
            _ => (None, None, None),
        };
        world.directory.has(call.account, kind, zone) && subnet.is_none_or(|subnet| has_subnet(world, subnet))
    });
    let is_shortage_within = world.recorder.ledger.first_shortage.as_deref().is_none_or(|first| {
        let of_groups = |room: &Shortage| {
            let groups = world.hosts.fleet.groups().len();
            room.resource < Shortage::POSITIONS
                && room.groups.iter().all(|group| usize::from(*group) < groups)
        };
        world.directory.has(AccountId::default(), first.kind, first.zone)
            && first.room.as_ref().is_none_or(of_groups)
    });
    if are_within && is_next_within && is_shortage_within { Ok(()) } else { Err(RestoreError::Corrupt) }
}

/// Returns whether everything that the record of an instance names is known.
fn is_within(world: &World, instance: &Instance) -> bool {
    let Instance { account, kind, zone, subnet, host, has_host, .. } = *instance;
    world.directory.has(account, Some(kind), Some(zone))
        && world.types.known.get(kind.index()).is_some_and(Option::is_some)
        && (world.network.subnets().is_empty() || has_subnet(world, subnet))
        && (!has_host || host.index() < world.hosts.fleet.hosts().len())
}

fn has_subnet(world: &World, subnet: SubnetId) -> bool {
    subnet.index() < world.network.subnets().len()
}
