//! First shortage that a launch meets, with the room that the hosts had.

use crate::cloud::api::launch_context::LaunchContext;
use crate::cloud::api::refused::Refused;
use crate::cloud::observe::shortage::FirstShortage;
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, LimitHit, LimitKind};
use plimsoll_model::operation::Operation;

/// Notes the shortage with the room on the hosts of the zones that the launch tried.
#[cold]
pub fn note(world: &mut World, context: &LaunchContext, refused: &Refused) {
    let mut first = FirstShortage::of(context.now, Operation::Launch, refused);
    let about_hosts = |limit: LimitHit| {
        use LimitKind::{HostRoom, ZoneGpu, ZoneMemory, ZoneVcpu};
        matches!(limit.kind, ZoneVcpu | ZoneMemory | ZoneGpu | HostRoom)
    };
    let tried = &world.api.zone_order;
    if refused.reason.failure == Failure::InsufficientInstanceCapacity && first.limit.is_some_and(about_hosts)
    {
        first.room = world.hosts.placer.shortage(&context.request, tried, &world.hosts.fleet);
        first.zones = tried.len() as u16;
        first.zone = first.zone.filter(|_| tried.len() == 1);
    }
    world.recorder.ledger.first_shortage = Some(Box::new(first));
}
