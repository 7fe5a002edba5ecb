//! Describing: the instances that match a query, and the pages that they fill.

use crate::cloud::api::refused::Refused;
use crate::cloud::api::targets;
use crate::cloud::control::launching;
use crate::cloud::instances::reference::{Reference, Slot};
use crate::cloud::instances::table::Instance;
use crate::cloud::observe::ledger::{DigestEvent, NO_HOST};
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{AccountId, InstanceId, Time};
use plimsoll_model::lifecycle::State;
use plimsoll_model::operation::Operation;
use plimsoll_model::workload::call::{Filter, Query, Targets};

/// The most filters of a call (EC2 user guide, "Filtering resources": 50 a request).
const MAX_FILTERS: usize = 50;

/// Answers a call of `describe`. A name without instances refuses the whole call, as EC2 does.
pub fn describe(world: &mut World, now: Time, account: AccountId, query: &Query) {
    let answer = matching(world, now, account, query);
    if let Ok(instances) = answer {
        world.recorder.ledger.described(instances, pages(instances, query.page_size));
        world.recorder.ledger.record_latency(Operation::Describe, world.recorder.call_age);
    }
    let answer = answer.map(|_| ()).map_err(Refused::outright);
    world.recorder.answer(now, Operation::Describe, account, answer);
}

/// Returns the number of requests of a listing, each for a page; a query that is refused, or asks for everything at once,
/// is one.
pub fn pages_of(world: &mut World, account: AccountId, query: &Query) -> u64 {
    match query.page_size {
        Some(size) if query.targets.is_none() && Query::PAGE_SIZES.contains(&size) => {
            pages(of_account(world, account, &query.filters), Some(size))
        }
        _ => 1,
    }
}

/// Returns the number of instances that meet the query.
fn matching(world: &mut World, now: Time, account: AccountId, query: &Query) -> Result<u64, FailureReason> {
    if let Some(size) = query.page_size.filter(|size| !Query::PAGE_SIZES.contains(size)) {
        return Err(Failure::InvalidParameterValue.because(
            LimitKind::PageSize,
            u64::from(size),
            u64::from(*Query::PAGE_SIZES.end()),
        ));
    }
    if query.page_size.is_some() && query.targets.is_some() {
        // `DescribeInstances`, "MaxResults": "You cannot specify this parameter and the instance IDs parameter in
        // the same request."
        return Err(Failure::InvalidParameterCombination.into());
    }
    if query.filters.len() > MAX_FILTERS {
        let asked = query.filters.len() as u64;
        return Err(Failure::FilterLimitExceeded.because(
            LimitKind::FiltersPerCall,
            asked,
            MAX_FILTERS as u64,
        ));
    }
    let Some(targets) = &query.targets else {
        world.recorder.ledger.digest(now, DigestEvent::Described, InstanceId(u64::from(account.0)), NO_HOST);
        return Ok(of_account(world, account, &query.filters));
    };
    if let Targets::Drawn { draw, count: 1 } = *targets {
        // Most calls of a source are of this form: it needs no list, and means no instance that is being launched.
        let drawn = world.instances.sample_one(account, draw);
        let reference = drawn.ok_or(Failure::InvalidInstanceIdNotFound)?;
        return Ok(u64::from(describe_one(world, now, reference, &query.filters)));
    }
    let found = targets::resolve(world, account, targets);
    let mut launching = launching::launching_among(world, targets);
    let matching = found.iter().try_fold(0, |matching, instance| {
        if instance.is_none() && launching > 0 {
            launching -= 1;
            return Ok(matching + u64::from(shows(State::Pending, &query.filters)));
        }
        let reference = instance.filter(|reference| reference.account == account);
        let reference = reference.ok_or(Failure::InvalidInstanceIdNotFound)?;
        Ok(matching + u64::from(describe_one(world, now, reference, &query.filters)))
    });
    world.api.targets = found;
    matching
}

/// Returns whether an instance meets all filters.
fn describe_one(world: &mut World, now: Time, reference: Reference, filters: &[Filter]) -> bool {
    let slot = world.instances.resolve(reference);
    let host = slot.map(|slot| world.instances.get(slot)).filter(|instance| instance.has_host);
    let host = host.map_or(NO_HOST, |instance| instance.host);
    world.recorder.ledger.digest(now, DigestEvent::Described, reference.id, host);
    match slot {
        Some(slot) => meets_all(world, slot, world.instances.get(slot), filters),
        // EC2 shows an ended instance for a while; of its attributes only the state is known here.
        None => shows(State::Terminated, filters),
    }
}

/// Returns the number of the account's live instances that meet all filters. Without filters it is a stored count; with
/// them every instance of the cloud is examined.
fn of_account(world: &mut World, account: AccountId, filters: &[Filter]) -> u64 {
    if filters.is_empty() {
        return world.instances.alive_of(account);
    }
    let alive = |instance: &Instance| instance.account == account && instance.state != State::Terminated;
    let meets =
        |(slot, instance): &(Slot, &Instance)| alive(instance) && meets_all(world, *slot, instance, filters);
    world.instances.slots().filter(meets).count() as u64
}

/// Returns whether a live instance meets all filters.
fn meets_all(world: &World, slot: Slot, instance: &Instance, filters: &[Filter]) -> bool {
    filters.iter().all(|filter| match filter {
        Filter::State(states) => states.contains(&instance.state),
        Filter::Type(kind) => instance.kind == *kind,
        Filter::Zone(zone) => instance.zone == *zone,
        Filter::Subnet(subnet) => instance.subnet == *subnet,
        Filter::Tag(key, value) => {
            let found = world.instances.extras.get(slot).and_then(|extras| extras.tags.get(key));
            found.is_some_and(|found| value.as_ref().is_none_or(|value| value == found))
        }
    })
}

/// Returns the number of pages that so many instances fill; an empty answer is a page too.
fn pages(instances: u64, page_size: Option<u32>) -> u64 {
    page_size.map_or(1, |size| instances.div_ceil(u64::from(size)).max(1))
}

/// Returns whether an instance of which only the state is known meets all filters.
fn shows(state: State, filters: &[Filter]) -> bool {
    filters.iter().all(|filter| matches!(filter, Filter::State(states) if states.contains(&state)))
}
