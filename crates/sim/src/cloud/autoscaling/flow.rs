//! Flow of the Auto Scaling groups: minutes, orders, endings, and what becomes of instances.

use crate::cloud::autoscaling::members::GroupMember;
use crate::cloud::autoscaling::orders::{TypeOrders, next_to_end, order, replace};
use crate::cloud::autoscaling::warm::WarmInstance;
use crate::cloud::autoscaling::warm_flow;
use crate::cloud::instances::lifecycle;
use crate::cloud::instances::reference::Reference;
use crate::cloud::reaction::state::Notice;
use crate::cloud::simulation::event::{Event, Rank};
use crate::cloud::world::World;
use plimsoll_base::units::{Time, ZoneId};
use plimsoll_model::autoscaling::group_type::GroupType;
use plimsoll_model::autoscaling::scaler::MINUTE;
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::Sender;

/// Orders the first instances of every group, and begins its minutes.
pub fn open(world: &mut World) {
    for number in 0..world.reactions_mut().groups.len() {
        reconcile(world, Time::ZERO, number);
        world.group_mut(number).note_levels(Time::ZERO);
        await_minute(world, Time::ZERO, number);
    }
}

fn await_minute(world: &mut World, now: Time, number: usize) {
    world.timers.queue.push(now.after(MINUTE), Rank::Timer as u8, Event::GroupMinute(number as u32));
}

/// Ends a minute of a group.
pub fn on_minute(world: &mut World, now: Time, number: u32) {
    let number = number as usize;
    let cause = world.group_mut(number).turn_minute(now, now.0 / MINUTE.0);
    if let Some(cause) = cause {
        world.reactions_mut().count_group(number, |tally| *tally.activities.entry(cause).or_insert(0) += 1);
    }
    reconcile(world, now, number);
    world.group_mut(number).note_levels(now);
    await_minute(world, now, number);
}

/// Brings a group to its number, and its warm pool to its own.
fn reconcile(world: &mut World, now: Time, number: usize) {
    reach_number(world, now, number);
    warm_flow::tend(world, now, number);
}

/// Takes instances that are missing from the warm pool or orders them, or ends those that are too many; where neither is, moves some to
/// emptier zones.
fn reach_number(world: &mut World, now: Time, number: usize) {
    let group = world.group_mut(number);
    let (desired, running) = (group.sizes.desired, group.members.in_service());
    let there = running + group.members.on_their_way();
    if there < desired {
        let missing = desired - there;
        let taken = warm_flow::take(world, now, number, missing);
        return order(world, now, number, missing.saturating_sub(taken));
    }
    replace_at_risk(world, now, number);
    let ended = end_some(world, now, number, running.saturating_sub(desired), warm_flow::give_back);
    if ended == 0 && there == running {
        rebalance(world, now, number);
    }
}

/// Orders instances in place of those at risk of an interruption, as far as the group may have them beyond its number.
fn replace_at_risk(world: &mut World, now: Time, number: usize) {
    let group = world.group_mut(number);
    let there = group.members.in_service() + group.members.on_their_way();
    let replacements = group.members.at_risk().min(group.rule.maintenance.beyond(group.sizes));
    let missing = (group.sizes.desired + replacements).saturating_sub(there.max(group.sizes.desired));
    if missing > 0 {
        replace(world, now, number, missing);
    }
}

/// Ends at most so many instances, and returns how many; `keeps` may have another use for one.
fn end_some(
    world: &mut World,
    now: Time,
    number: usize,
    instances: u32,
    keeps: impl Fn(&mut World, Time, usize, &GroupMember) -> bool,
) -> u32 {
    let mut types = TypeOrders::new(now, number, 1);
    let mut left = instances;
    while let Some(member) = next_to_end(world, number, &mut types).filter(|member| member.weight <= left) {
        left -= member.weight;
        if world.group_mut(number).members.is_at_risk(member.instance.id) {
            world.reactions_mut().count_group(number, |tally| tally.replaced_ahead += 1);
        }
        world.group_mut(number).remove(now, member.instance.id);
        if !keeps(world, now, number, &member) {
            lifecycle::lifetime_over(world, now, member.instance.slot);
        }
    }
    instances - left
}

/// Moves instances to a zone that has fewer: orders some there beyond the number of the group, and the next minute ends as many in the
/// fullest one; or ends some first, where its limits allow none beyond.
fn rebalance(world: &mut World, now: Time, number: usize) {
    let group = world.group_mut(number);
    // What moves may be up to a weight more, and must not make the emptier zone the fuller one.
    let most = (group.members.imbalance() / 2).saturating_sub(group.rule.largest_weight() - 1);
    if !group.rule.rebalance || most == 0 {
        return;
    }
    let zone = group.rule.zones[group.members.emptiest_zone()];
    let (beyond, ends_first) =
        (group.rule.maintenance.beyond(group.sizes), group.rule.maintenance.ends_first(group.sizes));
    let (GroupType { kind, weight }, has_spot) = (group.rule.types[0], group.rule.mix.spot_share_milli > 0);
    if has_spot
        && world.billing.spot.price(&world.directory.types, kind, zone, now)
            > world.directory.types.get(kind).price_per_second
    {
        return;
    }
    let asks = u64::from(world.learn_type(kind).amounts.vcpu_milli());
    // A zone that is full or out would send them back to the others.
    let room = world.hosts.fleet.zones()[zone.index()].free_vcpu_milli / asks.max(1) * u64::from(weight);
    let most = most.min(u32::try_from(room).unwrap_or(u32::MAX));
    let (launched, ended) = (beyond.min(most), ends_first.min(most));
    let moved = launched + ended;
    if moved == 0 {
        return;
    }
    world.reactions_mut().count_group(number, |tally| tally.rebalanced += u64::from(moved));
    end_some(world, now, number, ended, |_, _, _, _| false);
    order(world, now, number, moved);
}

/// Handles what has become of an instance of a group or of its warm pool, or of a request for some.
pub fn on_notice(world: &mut World, now: Time, number: usize, sender: Sender, notice: Notice) {
    let is_warm = matches!(sender, Sender::WarmPool(_));
    match notice {
        Notice::Launched(instance, is_spot) => {
            let zone = zone_of(world, number, instance);
            let kind = world.instances.get(instance.slot).kind;
            let group = world.group_mut(number);
            let weight = group.rule.weight_of(kind);
            if is_warm {
                group.warm.add(WarmInstance { instance, zone, kind, weight, is_ready: false });
            } else {
                group.members.add(GroupMember { instance, zone, kind, weight, is_spot, running: None });
            }
        }
        Notice::Settled { zone, kind, is_spot, asked, refused } => {
            let group = world.group_mut(number);
            let zone = group.zone_number(zone.expect("a group names its zone"));
            let ordered = asked * group.rule.weight_of(kind);
            if is_warm {
                group.warm.settle(zone, ordered);
            } else {
                group.members.settle(zone, is_spot, ordered);
            }
            world.reactions_mut().count_group(number, |tally| tally.refused += u64::from(refused));
        }
        Notice::AtRisk(instance) => {
            world.group_mut(number).members.note_risk(instance.id);
            replace_at_risk(world, now, number);
        }
        Notice::Entered(instance, state) if world.group_mut(number).warm.has(instance.id) => {
            warm_flow::on_state(world, now, number, instance, state);
        }
        Notice::Entered(instance, state) => on_state(world, now, number, instance, state),
    }
    world.group_mut(number).note_levels(now);
}

/// Handles what has become of an instance of a group.
fn on_state(world: &mut World, now: Time, number: usize, instance: Reference, state: State) {
    match state {
        State::Running => world.group_mut(number).run(now, instance.id),
        State::Pending => world.group_mut(number).restart(now, instance.id),
        State::Stopped => {
            // Its host is gone, and it is not healthy.
            lose(world, now, number, instance);
            lifecycle::lifetime_over(world, now, instance.slot);
        }
        State::ShuttingDown | State::Terminated => lose(world, now, number, instance),
        State::Stopping => {}
    }
}

fn zone_of(world: &World, number: usize, instance: Reference) -> usize {
    let zone: ZoneId = world.instances.get(instance.slot).zone;
    let groups = &world.reactions.as_ref().expect("demand reacts").groups;
    groups[number].zone_number(zone)
}

/// Removes an instance that ends by no wish of the group; the next minute orders another.
fn lose(world: &mut World, now: Time, number: usize, instance: Reference) {
    if world.group_mut(number).remove(now, instance.id).is_some() {
        world.reactions_mut().count_group(number, |tally| tally.replaced += 1);
    }
}
