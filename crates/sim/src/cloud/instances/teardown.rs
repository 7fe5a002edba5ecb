//! What a launch takes beside host and first address, and what an instance has beyond its record.

use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::volumes;
use crate::cloud::world::World;
use plimsoll_base::units::Time;
use plimsoll_model::network::security::MemberId;

/// An instance with more than its record has ended: that is gone too.
#[cold]
pub fn release_extras(world: &mut World, now: Time, slot: Slot) {
    let instance = world.instances.get(slot);
    let (id, account) = (instance.id, instance.account);
    world.network.instance_ended(now, id);
    volumes::release(world, now, account, id);
    world.instances.elastic_ip_holders.remove(&id);
    world.instances.with_volumes.remove(&id);
    let Some(extras) = world.instances.extras.remove(slot) else { return };
    if let Some(member) = extras.constraint.and_then(|constraint| constraint.group) {
        world.hosts.placer.groups.dismiss(member.group);
    }
    if extras.has_joined {
        world.security.leave(MemberId::Instance(id));
    }
}
