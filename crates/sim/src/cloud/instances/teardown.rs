//! Teardown: releases the resources of an instance with extras when it ends.

use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::volumes;
use crate::cloud::world::World;
use plimsoll_base::units::Time;
use plimsoll_model::network::security::MemberId;

/// Releases the resources and extras of an instance that has ended.
#[cold]
pub fn release_extras(world: &mut World, now: Time, slot: Slot) {
    let instance = world.instances.get(slot);
    let (id, account) = (instance.id, instance.account);
    world.network.instance_ended(now, id);
    volumes::release(world, now, account, id);
    world.instances.elastic_ip_holders.remove(&id);
    world.instances.with_volumes.remove(&id);
    let Some(mut extras) = world.instances.extras.remove(slot) else { return };
    if let Some(by_id) = &mut world.instances.by_id {
        by_id.keep_tags(id, std::mem::take(&mut extras.tags));
    }
    if let Some(member) = extras.constraint.and_then(|constraint| constraint.group) {
        world.hosts.placer.groups.dismiss(member.group);
    }
    if extras.has_joined {
        world.security.leave(MemberId::Instance(id));
    }
}
