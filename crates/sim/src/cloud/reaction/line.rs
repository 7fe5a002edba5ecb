//! The line of the launches that wait for room: serves them in their turn.
//!
//! Strict order: a launch that finds no room closes the zones it waits for to all that come later. With backfilling it only
//! gets a promise there, which those that pass it must keep (see [`backfill`](super::backfill)).

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::cloud::api::refused::Refused;
use crate::cloud::reaction::backfill::{self, Promise};
use crate::cloud::reaction::open_launch::LineTurn;
use crate::cloud::reaction::{attempts, preemption, reclaim};
use crate::cloud::world::World;
use plimsoll_base::failure::Failure;
use plimsoll_base::units::{HostId, Time, TypeId, ZoneId};
use plimsoll_model::waiting::config::WhenFull;
use plimsoll_model::waiting::line::Pass;
use plimsoll_model::workload::call::Launch;

/// Passage along the line, with what those before have been promised.
struct Passage {
    pass: Pass,
    /// Zones, by number, in which one before found no room.
    headed: Vec<bool>,
    promises: Vec<Promise>,
    /// Requests of single instances that found no room: type, zone, and the host that it was not to use.
    failed: BTreeSet<(TypeId, ZoneId, Option<HostId>)>,
}

/// Serves those that wait, as far as there is room.
pub fn serve(world: &mut World, now: Time) {
    let zones = world.hosts.fleet.zones().len();
    let mut passage = Passage {
        pass: Pass::new(zones),
        headed: vec![false; zones],
        promises: Vec::new(),
        failed: BTreeSet::new(),
    };
    world.reactions_mut().heads = vec![None; zones];
    while let Some(number) = passage.pass.next(&world.reactions_mut().line) {
        serve_one(world, now, number, &mut passage);
    }
}

/// Serves a launch in its turn, or lets it wait on.
fn serve_one(world: &mut World, now: Time, number: u32, passage: &mut Passage) {
    let asked = attempts::asked(world, now, number);
    let turn = world.reactions_mut().open[&number].turn.expect("who is in line has a turn");
    let own: Vec<ZoneId> = zones_of(turn, passage).filter(|zone| !passage.headed[zone.index()]).collect();
    if !own.is_empty() {
        match first_in(world, now, number, &asked, &own, passage) {
            Ok(()) => return,
            Err(refused) if refused.reason.failure != Failure::InsufficientInstanceCapacity => {
                return attempts::leave_line(world, now, number, refused);
            }
            Err(_) => {}
        }
    }
    if passes(world, now, number, &asked, turn, passage) {
        return;
    }
    let is_strict = world.reactions_mut().rules.when_full == WhenFull::Wait;
    let promise = if is_strict { None } else { backfill::promise(world, &asked, &own) };
    for zone in own {
        passage.headed[zone.index()] = true;
        world.reactions_mut().heads[zone.index()] = Some(turn.place);
        if promise.is_none() {
            passage.pass.close(Some(zone));
        }
    }
    passage.promises.extend(promise);
}

/// Returns the zones that a launch may still use in this passage.
fn zones_of(turn: LineTurn, passage: &Passage) -> impl Iterator<Item = ZoneId> {
    let zones = (0..passage.headed.len() as u16)
        .map(ZoneId)
        .filter(move |zone| turn.zone.is_none_or(|of| of == *zone));
    let closed = passage.pass.closed().to_vec();
    zones.filter(move |zone| !closed[zone.index()])
}

/// Launches one that is the first of its zones, perhaps in the room of others.
fn first_in(
    world: &mut World,
    now: Time,
    number: u32,
    asked: &Launch,
    own: &[ZoneId],
    passage: &Passage,
) -> Result<(), Refused> {
    world.api.closed_zones.clone_from(&passage.headed);
    let mut answer = attempts::attempt(world, now, number, asked, None);
    let is_full = |answer: &Result<(), Refused>| {
        answer.is_err_and(|refused| refused.reason.failure == Failure::InsufficientInstanceCapacity)
    };
    if is_full(&answer) && preemption::preempt(world, now, number, asked, own) {
        answer = attempts::attempt(world, now, number, asked, None);
    }
    if is_full(&answer) {
        reclaim::reclaim(world, now, asked);
    }
    world.api.closed_zones.clear();
    answer
}

/// Launches one that does not delay those before it, in a zone where one of them has a promise.
fn passes(
    world: &mut World,
    now: Time,
    number: u32,
    asked: &Launch,
    turn: LineTurn,
    passage: &mut Passage,
) -> bool {
    let mut zones: Vec<ZoneId> =
        zones_of(turn, passage).filter(|zone| passage.headed[zone.index()]).collect();
    if zones.is_empty() || asked.options.is_some() {
        return false;
    }
    zones.sort_by_key(|zone| Reverse(world.hosts.fleet.zones()[zone.index()].free_vcpu_milli));
    let gone = backfill::gone_by(world, now, number, asked);
    for zone in zones {
        let promise = passage.promises.iter().find(|promise| promise.zone == zone);
        let excluded =
            promise.filter(|promise| gone.is_none_or(|gone| gone > promise.at)).map(|promise| promise.host);
        let attempted = (asked.kind, zone, excluded);
        if asked.max_count == 1 && passage.failed.contains(&attempted) {
            continue;
        }
        let there = Launch { zone: Some(zone), ..asked.clone() };
        if attempts::attempt(world, now, number, &there, excluded).is_ok() {
            return true;
        }
        passage.failed.insert(attempted);
    }
    false
}
