//! Flow of the warm pools: instances that are prepared, taken when a group scales out, and given back when it scales in.

use std::sync::Arc;

use crate::cloud::api::start;
use crate::cloud::autoscaling::state::GroupMember;
use crate::cloud::autoscaling::warm::WarmInstance;
use crate::cloud::instances::lifecycle;
use crate::cloud::instances::reference::Reference;
use crate::cloud::world::World;
use plimsoll_base::units::Time;
use plimsoll_model::lifecycle::State;
use plimsoll_model::operation::Operation;
use plimsoll_model::pools::ReadyState;
use plimsoll_model::workload::call::{End, Launch, LaunchOptions, Sender};

/// Takes up to so many instances from the warm pool of a group. Returns how many it took: one that is stopped may find no room.
pub fn take(world: &mut World, now: Time, number: usize, instances: u32) -> u32 {
    for taken in 0..instances {
        let group = world.group_mut(number);
        let Some(warm) = group.warm.next_ready(&group.zones_by_count()) else { return taken };
        let is_running = world.instances.get(warm.instance.slot).state == State::Running;
        if !is_running && !starts(world, now, warm.instance) {
            return taken;
        }
        let group = world.group_mut(number);
        group.warm.remove(warm.instance.id);
        group.adopt(now, warm, is_running);
        world.reactions_mut().count_group(number, |tally| tally.warm_starts += 1);
    }
    instances
}

/// Starts a stopped instance. Returns whether it found room.
fn starts(world: &mut World, now: Time, instance: Reference) -> bool {
    let answer = start::start(world, now, instance.slot);
    world.recorder.ledger.count_call(Operation::Start, answer.err().map(|reason| reason.failure));
    answer.is_ok()
}

/// Gives an instance of a group back to its warm pool, where that takes it. Returns whether it does.
pub fn give_back(world: &mut World, now: Time, number: usize, member: &GroupMember) -> bool {
    let group = world.group_mut(number);
    let Some(pool) = group.rule.warm_pool.filter(|pool| pool.reuse_on_scale_in) else { return false };
    if group.warm.count() >= pool.wanted(group.sizes.desired) {
        return false;
    }
    let is_ready = pool.state == ReadyState::Running;
    let GroupMember { instance, zone, kind, .. } = *member;
    group.warm.add(WarmInstance { instance, zone, kind, is_ready });
    world.reactions_mut().count_group(number, |tally| tally.reused += 1);
    if !is_ready {
        stop(world, now, pool.state, instance);
    }
    true
}

fn stop(world: &mut World, now: Time, state: ReadyState, instance: Reference) {
    world.recorder.ledger.count_call(Operation::Stop, None);
    lifecycle::stop(world, now, instance.slot, state == ReadyState::Hibernated);
}

/// Orders instances that are missing in a warm pool, or ends those that are too many.
pub fn tend(world: &mut World, now: Time, number: usize) {
    let group = world.group_mut(number);
    let Some(pool) = group.rule.warm_pool else { return };
    let (wanted, there) = (pool.wanted(group.sizes.desired), group.warm.count());
    for _ in there..wanted {
        order(world, now, number);
    }
    for _ in wanted..there {
        let Some(warm) = world.group_mut(number).warm.last_ready() else { return };
        world.group_mut(number).warm.remove(warm.instance.id);
        lifecycle::lifetime_over(world, now, warm.instance.slot);
    }
}

fn order(world: &mut World, now: Time, number: usize) {
    let reactions = world.reactions_mut();
    let first_instance = reactions.next_own(1);
    let group = &mut reactions.groups[number];
    let zone = group.warm.emptiest_zone();
    group.warm.order(zone);
    let launch = Launch {
        kind: group.rule.kinds[0],
        min_count: 1,
        max_count: 1,
        zone: Some(group.rule.zones[zone]),
        subnet: None,
        public_address: None,
        handle: None,
        end: End::Never,
        options: options(group.rule.warm_pool.map(|pool| pool.state), false),
        stops: None,
        sender: Sender::WarmPool(number as u16),
        first_instance,
    };
    let account = group.rule.account;
    reactions.request(now, account, launch);
}

/// Returns the options of the instances of a group: on the spot market or not, and so that they can hibernate where its warm pool has
/// them do so.
pub fn options(pool: Option<ReadyState>, is_spot: bool) -> Option<Arc<LaunchOptions>> {
    let hibernation = pool == Some(ReadyState::Hibernated);
    let spot = is_spot.then(Default::default);
    (hibernation || is_spot)
        .then(|| Arc::new(LaunchOptions { hibernation, spot, ..LaunchOptions::default() }))
}

/// Handles what has become of an instance of a warm pool.
pub fn on_state(world: &mut World, now: Time, number: usize, instance: Reference, entered: State) {
    let group = world.group_mut(number);
    let state = group.rule.warm_pool.expect("the group has a warm pool").state;
    let warm = group.warm.get_mut(instance.id).expect("the instance is in the pool");
    match (entered, state) {
        (State::Running, ReadyState::Running) => warm.is_ready = true,
        (State::Running, _) if !warm.is_ready => stop(world, now, state, instance),
        (State::Running | State::Stopping, _) => {}
        (State::Pending, _) => warm.is_ready = false,
        (State::Stopped, ReadyState::Stopped | ReadyState::Hibernated) => warm.is_ready = true,
        (State::Stopped, ReadyState::Running) => {
            // Its host is gone.
            group.warm.remove(instance.id);
            lifecycle::lifetime_over(world, now, instance.slot);
        }
        (State::ShuttingDown | State::Terminated, _) => {
            group.warm.remove(instance.id);
        }
    }
}
