//! Orders of a group: what it asks for next, in which zone, of which type and purchase option; and which of its instances ends next.

use crate::cloud::autoscaling::state::GroupMember;
use crate::cloud::autoscaling::warm_flow;
use crate::cloud::reaction::room;
use crate::cloud::world::World;
use plimsoll_base::units::{Money, Time, TypeId, ZoneId};
use plimsoll_model::autoscaling::config::TerminationPolicy;
use plimsoll_model::autoscaling::mix::TypeOffer;
use plimsoll_model::workload::call::{End, Launch, Sender};

/// The most instances of one request of a group. An assumption.
const MAX_PER_REQUEST: u32 = 100;

/// Orders instances, each in the zone that has fewest: opens launches that are due.
pub fn order(world: &mut World, now: Time, number: usize, instances: u32) {
    let group = world.group_mut(number);
    let on_demand = group.on_demand_missing(instances);
    // By zone, and by purchase option: on demand, on the spot market.
    let mut orders = vec![[0; 2]; group.rule.zones.len()];
    for i in 0..instances {
        let (zone, is_spot) = (group.emptiest_zone(), i >= on_demand);
        group.order(zone, is_spot, 1);
        orders[zone][usize::from(is_spot)] += 1;
    }
    for (zone, by_purchase) in orders.into_iter().enumerate() {
        for (is_spot, mut left) in [false, true].into_iter().zip(by_purchase) {
            if left == 0 {
                continue;
            }
            let kind = types_in_order(world, now, number, (zone, is_spot), left)[0];
            while left > 0 {
                let count = left.min(MAX_PER_REQUEST);
                left -= count;
                request(world, now, number, (zone, is_spot), kind, count);
            }
        }
    }
}

/// Returns the types of a group in the order in which it asks for them, for so many instances in a zone.
fn types_in_order(
    world: &mut World,
    now: Time,
    number: usize,
    (zone, is_spot): (usize, bool),
    instances: u32,
) -> Vec<TypeId> {
    let rule = &world.group_mut(number).rule;
    let (kinds, mix, zone) = (rule.kinds.clone(), rule.mix, rule.zones[zone]);
    let offers: Vec<TypeOffer> = kinds
        .iter()
        .map(|kind| offer(world, now, *kind, (zone, is_spot), mix.allocation.looks_at()))
        .collect();
    mix.order(&offers, instances).into_iter().map(|position| kinds[position]).collect()
}

fn offer(
    world: &mut World,
    now: Time,
    kind: TypeId,
    (zone, is_spot): (ZoneId, bool),
    (looks_at_price, looks_at_room): (bool, bool),
) -> TypeOffer {
    world.learn_type(kind);
    let types = &world.directory.types;
    let price = match (looks_at_price, is_spot) {
        (false, _) => Money(0),
        (true, false) => types.get(kind).price_per_second,
        (true, true) => world.billing.spot.price(types, kind, zone, now),
    };
    let room = if looks_at_room { room::instances_that_fit(world, kind, zone) } else { 0 };
    TypeOffer { price, room }
}

fn request(
    world: &mut World,
    now: Time,
    number: usize,
    (zone, is_spot): (usize, bool),
    kind: TypeId,
    count: u32,
) {
    let reactions = world.reactions_mut();
    let first_instance = reactions.next_own(count);
    let rule = &reactions.groups[number].rule;
    let launch = Launch {
        kind,
        min_count: 1,
        max_count: count,
        zone: Some(rule.zones[zone]),
        subnet: None,
        public_address: None,
        handle: None,
        end: End::Never,
        options: warm_flow::options(rule.warm_pool.map(|pool| pool.state), is_spot),
        stops: None,
        sender: Sender::Group(number as u16),
        first_instance,
    };
    let account = rule.account;
    reactions.request(now, account, launch);
}

/// Returns the running instance that ends next: of the fullest zone, the first of these; of the purchase option of which there are too
/// many; by the termination policy.
pub fn next_to_end(world: &mut World, now: Time, number: usize) -> Option<GroupMember> {
    let group = world.group_mut(number);
    let zone = group.fullest_zone()?;
    let is_spot = group.ends_spot();
    let termination = group.rule.termination;
    if termination != TerminationPolicy::AllocationStrategy {
        return group.next_to_end(zone, is_spot, termination == TerminationPolicy::Newest, None);
    }
    let order = types_in_order(world, now, number, (zone, is_spot.unwrap_or(false)), 1);
    world.group_mut(number).next_to_end(zone, is_spot, false, Some(&order))
}
