//! Modification of instances: type, termination protection, security groups.

use crate::cloud::allocation::requests;
use crate::cloud::api::{launch_options, security_groups};
use crate::cloud::instances::reference::Slot;
use crate::cloud::world::World;
use plimsoll_base::failure::FailureReason;
use plimsoll_model::workload::call::Modification;

/// Changes an instance; all of it or nothing.
pub fn modify(world: &mut World, slot: Slot, change: &Modification) -> Result<(), FailureReason> {
    // The changes that can be refused come first.
    if let Some(kind) = change.kind {
        let group = requests::request_of(world, slot).group();
        launch_options::check_group_type(world, &world.directory.types.get(kind).name, group)?;
    }
    if let Some(groups) = &change.security_groups {
        security_groups::change_groups(world, slot, groups)?;
    }
    if let Some(kind) = change.kind {
        // The index and the quotas have to know the type, which may never have been launched.
        world.learn_type(kind);
        world.instances.get_mut(slot).kind = kind;
    }
    if let Some(protected) = change.protected {
        world.instances.extras_mut(slot).protected = protected;
    }
    Ok(())
}
