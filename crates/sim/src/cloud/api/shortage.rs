//! First shortage that a launch meets, with the room that the hosts had.

use crate::cloud::api::launch_context::LaunchContext;
use crate::cloud::api::refused::Refused;
use crate::cloud::observe::shortage::FirstShortage;
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, LimitHit, LimitKind};
use plimsoll_base::units::ZoneId;
use plimsoll_model::operation::Operation;

/// Notes the shortage that a launch meets, if it is the first, with the room on the hosts of the zones that it tried. The
/// instances of its batch stay: where there are some, their zone alone was to take the others.
#[inline]
pub fn note_launch(world: &mut World, context: &LaunchContext, refused: &Refused) {
    if !is_first(world, refused) {
        return;
    }
    let tried = match world.api.batch.is_empty() {
        true => world.api.zone_order.clone(),
        false => vec![context.request.zone],
    };
    note(world, context, refused, &tried);
}

/// Returns whether a refusal is the first for want of something that is counted.
pub fn is_first(world: &World, refused: &Refused) -> bool {
    refused.reason.failure.shortage().is_some() && world.recorder.ledger.first_shortage.is_none()
}

/// Notes the shortage with the room on the hosts of the zones that were tried.
#[cold]
pub fn note(world: &mut World, context: &LaunchContext, refused: &Refused, tried: &[ZoneId]) {
    let mut first = FirstShortage::of(context.now, Operation::Launch, refused);
    first.together = context.launch.min_count;
    let about_hosts = |limit: LimitHit| {
        use LimitKind::{HostRoom, ZoneGpu, ZoneMemory, ZoneVcpu};
        matches!(limit.kind, ZoneVcpu | ZoneMemory | ZoneGpu | HostRoom)
    };
    if refused.reason.failure == Failure::InsufficientInstanceCapacity && first.limit.is_some_and(about_hosts)
    {
        // Where some had room, the hosts have it again: what was wanting is room for all together.
        if first.placed == 0 {
            first.room = world.hosts.placer.shortage(&context.request, tried, &world.hosts.fleet);
        }
        first.zones = tried.len() as u16;
        first.zone = tried.first().copied().filter(|_| tried.len() == 1);
    }
    world.recorder.ledger.first_shortage = Some(Box::new(first));
}
