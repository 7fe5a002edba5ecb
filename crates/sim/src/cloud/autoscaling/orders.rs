//! Orders of a group: what it asks for next, in which zone, of which type and purchase option; and which of its instances ends next.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cloud::autoscaling::members::{EndsFirst, GroupMember, GroupMembers};
use crate::cloud::reaction::room;
use crate::cloud::world::World;
use plimsoll_base::units::{Money, Time, ZoneId};
use plimsoll_model::autoscaling::config::TerminationPolicy;
use plimsoll_model::autoscaling::group_type::GroupType;
use plimsoll_model::autoscaling::mix::TypeOffer;
use plimsoll_model::pools::ReadyState;
use plimsoll_model::workload::call::{End, Launch, LaunchOptions, Sender};

/// The most instances of one request of a group. An assumption.
const MAX_PER_REQUEST: u32 = 100;

/// Types of a group in the order of its allocation strategy, at one time.
pub struct TypeOrders {
    now: Time,
    group: usize,
    /// Instances that a zone is to have room for \[instances by weight\].
    instances: u32,
    /// Orders by zone and whether they are for the spot market, once they have been asked for.
    orders: BTreeMap<(usize, bool), Vec<GroupType>>,
}

impl TypeOrders {
    /// Returns the orders of a group for so many instances in a zone.
    pub fn new(now: Time, group: usize, instances: u32) -> TypeOrders {
        TypeOrders { now, group, instances, orders: BTreeMap::new() }
    }

    /// Returns the type that is asked for first in a zone.
    pub fn first(&mut self, world: &mut World, zone: usize, is_spot: bool) -> GroupType {
        self.of(world, zone, is_spot)[0]
    }

    fn of(&mut self, world: &mut World, zone: usize, is_spot: bool) -> &[GroupType] {
        let (now, group, instances) = (self.now, self.group, self.instances);
        self.orders
            .entry((zone, is_spot))
            .or_insert_with(|| types_in_order(world, now, group, (zone, is_spot), instances))
    }
}

/// Orders instances, each in the zone that has fewest: opens launches that are due. Of types with weights it orders at least as many,
/// and less than one more of them.
pub fn order(world: &mut World, now: Time, number: usize, instances: u32) {
    let on_demand = world.group_mut(number).on_demand_missing(instances);
    order_in(world, now, number, (instances, on_demand), GroupMembers::emptiest_zone);
}

/// Orders as many spot instances in place of those at risk of an interruption, in other zones if there are any.
pub fn replace(world: &mut World, now: Time, number: usize, instances: u32) {
    order_in(world, now, number, (instances, 0), GroupMembers::emptiest_safe_zone);
}

fn order_in(
    world: &mut World,
    now: Time,
    number: usize,
    (instances, on_demand): (u32, u32),
    next_zone: fn(&GroupMembers) -> usize,
) {
    let group = world.group_mut(number);
    let zones = group.rule.zones.len() as u32;
    let mut types = TypeOrders::new(now, number, instances.div_ceil(zones));
    // By zone and purchase option, on demand first.
    let mut orders: BTreeMap<(usize, bool), u32> = BTreeMap::new();
    let mut ordered = 0;
    while ordered < instances {
        let (zone, is_spot) = (next_zone(&world.group_mut(number).members), ordered >= on_demand);
        let weight = types.first(world, zone, is_spot).weight;
        world.group_mut(number).members.order(zone, is_spot, weight);
        *orders.entry((zone, is_spot)).or_insert(0) += 1;
        ordered += weight;
    }
    for ((zone, is_spot), mut left) in orders {
        let first = types.first(world, zone, is_spot);
        while left > 0 {
            let count = left.min(MAX_PER_REQUEST);
            left -= count;
            let order = GroupOrder { zone, is_spot, first, count };
            request(world, now, number, Sender::Group(number as u16), order);
        }
    }
}

fn types_in_order(
    world: &mut World,
    now: Time,
    number: usize,
    (zone, is_spot): (usize, bool),
    instances: u32,
) -> Vec<GroupType> {
    let rule = &world.group_mut(number).rule;
    let (types, mix, zone) = (rule.types.clone(), rule.mix, rule.zones[zone]);
    let looks_at = mix.allocation.looks_at();
    let offers: Vec<TypeOffer> =
        types.iter().map(|of| offer(world, now, *of, (zone, is_spot), looks_at)).collect();
    mix.order(&offers, instances).into_iter().map(|position| types[position]).collect()
}

fn offer(
    world: &mut World,
    now: Time,
    GroupType { kind, weight }: GroupType,
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
    TypeOffer { price, weight, room: room.saturating_mul(u64::from(weight)) }
}

/// Instances of one type that are asked for together.
#[derive(Clone, Copy, Debug)]
pub struct GroupOrder {
    /// Position of the zone in the list of the group.
    pub zone: usize,
    pub is_spot: bool,
    pub first: GroupType,
    pub count: u32,
}

/// Opens a launch of a group or of its warm pool that is due.
pub fn request(world: &mut World, now: Time, number: usize, sender: Sender, order: GroupOrder) {
    let reactions = world.reactions_mut();
    let rule = &reactions.groups[number].rule;
    // Another type of less weight takes more instances, and each has a number.
    let least = rule.types.iter().map(|of| of.weight).min().expect("a group has a type");
    let first_instance = reactions.next_own(sender, (order.count * order.first.weight).div_ceil(least));
    let rule = &reactions.groups[number].rule;
    let launch = Launch {
        kind: order.first.kind,
        min_count: 1,
        max_count: order.count,
        zone: Some(rule.zones[order.zone]),
        subnet: None,
        public_address: None,
        handle: None,
        end: End::Never,
        options: options(rule.warm_pool.map(|pool| pool.state), order.is_spot),
        stops: None,
        sender,
        first_instance,
    };
    let account = rule.account;
    reactions.request(now, account, launch);
}

/// Returns the options of the instances of a group: on the spot market or not, and so that they can hibernate where its warm pool has
/// them do so.
fn options(pool: Option<ReadyState>, is_spot: bool) -> Option<Arc<LaunchOptions>> {
    let hibernation = pool == Some(ReadyState::Hibernated);
    let spot = is_spot.then(Default::default);
    (hibernation || is_spot)
        .then(|| Arc::new(LaunchOptions { hibernation, spot, ..LaunchOptions::default() }))
}

/// Returns the running instance that ends next: of the purchase option of which there are too many, of the fullest zones, by the
/// termination policy.
pub fn next_to_end(world: &mut World, number: usize, types: &mut TypeOrders) -> Option<GroupMember> {
    let group = world.group_mut(number);
    let (is_spot, termination, zones) = (group.ends_spot(), group.rule.termination, group.rule.zones.len());
    let ends_first = match termination {
        TerminationPolicy::Newest => EndsFirst::Newest,
        TerminationPolicy::ClosestToNextHour => EndsFirst::ClosestToNextHour(types.now),
        TerminationPolicy::Oldest | TerminationPolicy::AllocationStrategy => EndsFirst::Oldest,
    };
    if termination != TerminationPolicy::AllocationStrategy {
        return group.members.next_to_end(is_spot, |_, _| 0, ends_first);
    }
    let orders: Vec<Vec<GroupType>> =
        (0..zones).map(|zone| types.of(world, zone, is_spot.unwrap_or(false)).to_vec()).collect();
    let rank = |zone: usize, kind| {
        orders[zone].iter().position(|of| of.kind == kind).expect("it is a type of the group")
    };
    world.group_mut(number).members.next_to_end(is_spot, rank, ends_first)
}
