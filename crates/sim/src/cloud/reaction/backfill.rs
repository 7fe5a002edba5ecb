//! Backfilling by EASY (Lifka, "The ANL/IBM SP scheduling system", 1995): the first of the line has the promise of a host at
//! the earliest time at which one has room for it, by the known ends of the instances that are there. A later launch may pass
//! if it is gone by then, or goes to another host.
//!
//! The promise is exact for a launch of one instance with no options. Any other gets none, and then none passes it; so it is
//! where the end of an instance is not known and every host has some of these.

use crate::cloud::instances::reference::Slot;
use crate::cloud::reaction::room::RoomWithout;
use crate::cloud::world::World;
use plimsoll_base::units::{HostId, Time, ZoneId};
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::{End, Launch};

/// Host that the first of the line gets, and the time from which on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Promise {
    pub at: Time,
    pub host: HostId,
    pub zone: ZoneId,
}

/// Returns the promise for a launch that finds no room now in these zones; the lowest host at equal times.
pub fn promise(world: &World, asked: &Launch, zones: &[ZoneId]) -> Option<Promise> {
    if asked.options.is_some() || asked.max_count != 1 || !world.hosts.reservations.is_empty() {
        return None;
    }
    let mut best: Option<Promise> = None;
    for &zone in zones {
        let hosts = world.hosts.fleet.zones()[zone.index()].hosts.clone();
        for host in hosts.map(HostId) {
            let at = room_at(world, asked, host).filter(|at| best.is_none_or(|best| *at < best.at));
            best = at.map(|at| Promise { at, host, zone }).or(best);
        }
    }
    best
}

/// Returns the time at which a host has room for a launch, by the known ends of its instances.
fn room_at(world: &World, asked: &Launch, host: HostId) -> Option<Time> {
    let mut room = RoomWithout::on(world, asked, host)?;
    let by_host = world.by_host.as_ref().expect("instances by host are kept for backfilling");
    let mut ends: Vec<(Time, Slot)> =
        by_host.on(host).into_iter().filter_map(|slot| Some((leaves_at(world, slot)?, slot))).collect();
    ends.sort_unstable();
    let mut ends = ends.into_iter().peekable();
    while let Some((end, slot)) = ends.next() {
        room.remove(slot);
        // All that leave at one time leave before the line is served.
        let is_last = ends.peek().is_none_or(|(next, _)| *next > end);
        if is_last && room.fits() {
            return Some(end);
        }
    }
    None
}

/// Returns the time at which an instance leaves its host, where it is known.
fn leaves_at(world: &World, slot: Slot) -> Option<Time> {
    let instance = world.instances.get(slot);
    let end = match instance.state {
        State::ShuttingDown => instance.since,
        _ => world.reactions.as_ref().expect("demand reacts").facts(slot).end,
    };
    let timers = &world.timers;
    let terminate = timers.time_of(&timers.terminate, instance.number, instance.cycle);
    (end < Time::NEVER).then(|| end.after(terminate))
}

/// Returns the time by which the instances of a launch have left if they are launched now, where it is known.
pub fn gone_by(world: &World, now: Time, number: u32, asked: &Launch) -> Option<Time> {
    let timers = &world.timers;
    let lifetimes = &world.reactions.as_ref().expect("demand reacts").open[&number].lifetimes;
    let gone = |i: u32| {
        let instance = asked.first_instance + u64::from(i);
        let end = match asked.end {
            End::Never => None,
            End::At(end) => Some(end.max(now)),
            // How long the control plane takes to bring it up is not known.
            End::Drawn if world.control.is_some() => None,
            End::Drawn => {
                let up = now.after(timers.time_of(&timers.boot, instance, 0));
                Some(up.after(lifetimes[i as usize]))
            }
        };
        end.map(|end| end.after(timers.time_of(&timers.terminate, instance, 0)))
    };
    (0..asked.max_count).try_fold(now, |last, i| gone(i).map(|gone| last.max(gone)))
}
