//! Flow of the Auto Scaling groups: minutes, orders, endings, and what becomes of instances.

use crate::cloud::autoscaling::state::GroupState;
use crate::cloud::instances::lifecycle;
use crate::cloud::instances::reference::Reference;
use crate::cloud::reaction::state::Notice;
use crate::cloud::simulation::event::{Event, Rank};
use crate::cloud::world::World;
use plimsoll_base::units::{Time, ZoneId};
use plimsoll_model::autoscaling::scaler::MINUTE;
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::{End, Launch, Sender};

/// The most instances of one request of a group. An assumption.
const MAX_PER_REQUEST: u32 = 100;

/// Share of a group that it may have beyond its number while it rebalances (Auto Scaling developer guide, "Auto Scaling
/// behavior", an older edition: by a tenth beyond the maximum).
const REBALANCING_SHARE: u32 = 10;

/// Orders the first instances of every group, and begins its minutes.
pub fn open(world: &mut World) {
    for number in 0..world.reactions_mut().groups.len() {
        reconcile(world, Time::ZERO, number);
        group(world, number).note_levels(Time::ZERO);
        await_minute(world, Time::ZERO, number);
    }
}

fn group(world: &mut World, number: usize) -> &mut GroupState {
    &mut world.reactions_mut().groups[number]
}

fn await_minute(world: &mut World, now: Time, number: usize) {
    world.timers.queue.push(now.after(MINUTE), Rank::Timer as u8, Event::GroupMinute(number as u32));
}

/// Ends a minute of a group.
pub fn on_minute(world: &mut World, now: Time, number: u32) {
    let number = number as usize;
    let cause = group(world, number).turn_minute(now, now.0 / MINUTE.0);
    if let Some(cause) = cause {
        world.reactions_mut().count_group(number, |tally| *tally.activities.entry(cause).or_insert(0) += 1);
    }
    reconcile(world, now, number);
    group(world, number).note_levels(now);
    await_minute(world, now, number);
}

/// Orders instances that are missing, or ends those that are too many; where neither is, moves some to emptier zones.
fn reconcile(world: &mut World, now: Time, number: usize) {
    let group = group(world, number);
    let (desired, running, coming) = (group.sizes.desired, group.in_service(), group.on_their_way());
    if running + coming < desired {
        return order(world, now, number, desired - running - coming);
    }
    for _ in desired..running {
        let Some(instance) = self::group(world, number).next_to_end() else { return };
        self::group(world, number).remove(now, instance.id);
        lifecycle::lifetime_over(world, now, instance.slot);
    }
    if running == desired && coming == 0 {
        rebalance(world, now, number);
    }
}

/// Orders instances in a zone that has fewer, beyond the number of the group: the next minute ends as many in the fullest one.
fn rebalance(world: &mut World, now: Time, number: usize) {
    let group = group(world, number);
    let imbalance = group.imbalance() as u32;
    if !group.rule.rebalance || imbalance < 2 {
        return;
    }
    let zone = group.rule.zones[group.emptiest_zone()];
    let most = group.sizes.desired.div_ceil(REBALANCING_SHARE);
    let kind = group.rule.kind;
    let asks = u64::from(world.learn_type(kind).amounts.vcpu_milli());
    // A zone that is full or out would send them back to the others.
    let room = world.hosts.fleet.zones()[zone.index()].free_vcpu_milli / asks.max(1);
    let instances = most.min(imbalance / 2).min(u32::try_from(room).unwrap_or(u32::MAX));
    if instances > 0 {
        world.reactions_mut().count_group(number, |tally| tally.rebalanced += u64::from(instances));
        order(world, now, number, instances);
    }
}

/// Orders instances, each in the zone that has fewest: opens launches that are due.
fn order(world: &mut World, now: Time, number: usize, instances: u32) {
    let group = group(world, number);
    let mut by_zone = vec![0; group.rule.zones.len()];
    for _ in 0..instances {
        let zone = group.emptiest_zone();
        group.order(zone, 1);
        by_zone[zone] += 1;
    }
    for (zone, mut left) in by_zone.into_iter().enumerate() {
        while left > 0 {
            let count = left.min(MAX_PER_REQUEST);
            left -= count;
            request(world, now, number, zone, count);
        }
    }
}

fn request(world: &mut World, now: Time, number: usize, zone: usize, count: u32) {
    let reactions = world.reactions_mut();
    let sender = Sender::Group(number as u16);
    let first_instance = reactions.next_own(sender, count);
    let rule = &reactions.groups[number].rule;
    let launch = Launch {
        kind: rule.kind,
        min_count: 1,
        max_count: count,
        zone: Some(rule.zones[zone]),
        subnet: None,
        public_address: None,
        handle: None,
        end: End::Never,
        options: None,
        stops: None,
        sender,
        first_instance,
    };
    let account = rule.account;
    reactions.request(now, account, launch);
}

/// Handles what has become of an instance of a group, or of a request for some.
pub fn on_notice(world: &mut World, now: Time, number: usize, notice: Notice) {
    match notice {
        Notice::Launched(instance) => {
            let zone = zone_of(world, number, instance);
            group(world, number).add(instance, zone);
        }
        Notice::Settled { zone, launched, refused } => {
            let group = group(world, number);
            let zone = group.zone_number(zone.expect("a group names its zone"));
            group.settle(zone, launched, refused);
            world.reactions_mut().count_group(number, |tally| tally.refused += u64::from(refused));
        }
        Notice::Entered(instance, State::Running) => group(world, number).run(now, instance.id),
        Notice::Entered(instance, State::Pending) => group(world, number).restart(now, instance.id),
        Notice::Entered(instance, State::Stopped) => {
            // Its host is gone, and it is not healthy.
            lose(world, now, number, instance);
            lifecycle::lifetime_over(world, now, instance.slot);
        }
        Notice::Entered(instance, State::ShuttingDown | State::Terminated) => {
            lose(world, now, number, instance);
        }
        Notice::Entered(_, State::Stopping) => {}
    }
    group(world, number).note_levels(now);
}

fn zone_of(world: &World, number: usize, instance: Reference) -> usize {
    let zone: ZoneId = world.instances.get(instance.slot).zone;
    let groups = &world.reactions.as_ref().expect("demand reacts").groups;
    groups[number].zone_number(zone)
}

/// Removes an instance that ends by no wish of the group; the next minute orders another.
fn lose(world: &mut World, now: Time, number: usize, instance: Reference) {
    if group(world, number).remove(now, instance.id).is_some() {
        world.reactions_mut().count_group(number, |tally| tally.replaced += 1);
    }
}
