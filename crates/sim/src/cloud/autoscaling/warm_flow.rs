//! Flow of the warm pools: instances that are prepared, taken when a group scales out, and given back when it scales in.

use crate::cloud::api::start;
use crate::cloud::autoscaling::members::GroupMember;
use crate::cloud::autoscaling::orders::{self, GroupOrder, TypeOrders};
use crate::cloud::autoscaling::warm::WarmInstance;
use crate::cloud::instances::lifecycle;
use crate::cloud::instances::reference::Reference;
use crate::cloud::world::World;
use plimsoll_base::units::Time;
use plimsoll_model::lifecycle::State;
use plimsoll_model::operation::Operation;
use plimsoll_model::pools::ReadyState;
use plimsoll_model::workload::call::Sender;

/// Takes up to so many instances from the warm pool of a group, and less than one more of types with weights. Returns how many it took:
/// one that is stopped may find no room.
pub fn take(world: &mut World, now: Time, number: usize, instances: u32) -> u32 {
    let mut taken = 0;
    while taken < instances {
        let group = world.group_mut(number);
        let Some(warm) = group.warm.next_ready(&group.members.zones_by_count()) else { break };
        let is_running = world.instances.get(warm.instance.slot).state == State::Running;
        if !is_running && !starts(world, now, warm.instance) {
            break;
        }
        taken += warm.weight;
        let group = world.group_mut(number);
        group.warm.remove(warm.instance.id);
        group.adopt(now, warm, is_running);
        world.reactions_mut().count_group(number, |tally| tally.warm_starts += 1);
    }
    taken
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
    let GroupMember { instance, zone, kind, weight, .. } = *member;
    group.warm.add(WarmInstance { instance, zone, kind, weight, is_ready });
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
    let wanted = pool.wanted(group.sizes.desired);
    let mut types = TypeOrders::new(now, number, 1);
    while world.group_mut(number).warm.count() < wanted {
        order(world, now, number, &mut types);
    }
    loop {
        let group = world.group_mut(number);
        let surplus = group.warm.count().saturating_sub(wanted);
        let Some(warm) = group.warm.last_ready().filter(|warm| warm.weight <= surplus) else { return };
        group.warm.remove(warm.instance.id);
        lifecycle::lifetime_over(world, now, warm.instance.slot);
    }
}

fn order(world: &mut World, now: Time, number: usize, types: &mut TypeOrders) {
    let zone = world.group_mut(number).warm.emptiest_zone();
    let first = types.first(world, zone, false);
    world.group_mut(number).warm.order(zone, first.weight);
    let order = GroupOrder { zone, is_spot: false, first, count: 1 };
    orders::request(world, now, number, Sender::WarmPool(number as u16), order);
}

/// Handles what has become of an instance of a warm pool.
pub fn on_state(world: &mut World, now: Time, number: usize, instance: Reference, entered: State) {
    let group = world.group_mut(number);
    let state = group.rule.warm_pool.expect("the group has a warm pool").state;
    let (warm, id) = (&mut group.warm, instance.id);
    match (entered, state) {
        (State::Running, ReadyState::Running) => warm.set_ready(id, true),
        (State::Running, _) if !warm.is_ready(id) => stop(world, now, state, instance),
        (State::Running | State::Stopping, _) => {}
        (State::Pending, _) => warm.set_ready(id, false),
        (State::Stopped, ReadyState::Stopped | ReadyState::Hibernated) => warm.set_ready(id, true),
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
