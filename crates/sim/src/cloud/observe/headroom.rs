//! Samples of the headroom of the fleet, and their statistics.

use crate::cloud::allocation::instance_types::TypeInfo;
use crate::cloud::observe::ledger::SHARES;
use crate::cloud::observe::loss;
use crate::cloud::observe::observation::Observation;
use crate::cloud::observe::observer::Detail;
use crate::cloud::observe::outcome::{HeadroomUse, LimitedResource};
use crate::cloud::world::World;
use plimsoll_base::metrics::forecast;
use plimsoll_base::units::{Resources, Time, TypeId, ZoneId};
use plimsoll_model::fleet::totals::Total;
use plimsoll_model::headroom::{Census, Headroom, Inflation, Share, allocable, inflate};

/// Samples the headroom if a sample is due: reports it, and notes it for the figures of the run.
pub fn sample_if_due(world: &mut World, at: Time) {
    let Some(mut sampler) = world.recorder.headroom.take_if(|sampler| sampler.next <= at) else { return };
    let (zones, asked) = (Census::by_zone(&world.hosts.fleet, &world.hosts.placer), live_mix(world));
    let census = Census::sum(&zones);
    let mut headroom = measure(world, &census, &asked);
    headroom.survival = sampler.survive.and_then(|domain| loss::survival(world, domain, &census, &asked));
    if world.recorder.ledger.in_window {
        sampler.note(&headroom);
        for (resource, level) in levels(world, &zones, &asked, headroom.inflation) {
            sampler.history_of(resource).sample(at.as_seconds(), level);
        }
    }
    if world.recorder.outbox.wants(Detail::Series) {
        world.recorder.outbox.push(Observation::HeadroomSampled(at, headroom));
    }
    sampler.next = at.after(sampler.every);
    world.recorder.headroom = Some(sampler);
}

/// Measures the headroom of the fleet, without a loss.
pub fn measure(world: &World, census: &Census, asked: &[Share]) -> Headroom {
    let mut headroom = Headroom::of(census, asked);
    // As it stands is a packing too: no repacking has to be worse, nor to be found at all.
    let used = world.hosts.fleet.totals()[Total::HostsUsed];
    headroom.hosts_compacted = Some(headroom.hosts_compacted.unwrap_or(used).min(used));
    headroom
}

/// Returns how many instances of each type asked for so far would still fit in each zone, if nothing else came.
pub fn allocable_now(world: &World) -> Vec<(ZoneId, TypeId, u64)> {
    let (zones, asked) = (Census::by_zone(&world.hosts.fleet, &world.hosts.placer), live_mix(world));
    let of_zone = |(census, zone): (&Census, u16)| {
        let of = |share: &Share| (ZoneId(zone), share.kind, allocable(census, share));
        asked.iter().map(of).collect::<Vec<_>>()
    };
    zones.iter().zip(0..).flat_map(of_zone).collect()
}

/// Returns every type asked for so far, with the number of its running instances.
pub fn live_mix(world: &World) -> Vec<Share> {
    let asked = world.types.known.iter().zip(0..).filter_map(|(kind, id)| Some((TypeId(id), kind.as_ref()?)));
    let barred = |of: &TypeInfo| of.constraint.map_or(0, |constraint| constraint.barred);
    asked
        .map(|(kind, of)| {
            let TypeInfo { amounts, numa, running: count, .. } = *of;
            Share { kind, amounts, numa, barred: barred(of), count }
        })
        .collect()
}

/// Returns what has a limit, and the share of each in use, 0 to 1: the resources of the hosts of each zone and kind, the room
/// of each zone for the live mix, addresses, and the room of volumes. `of_fleet` is the growth that fits on all zones together.
fn levels(
    world: &World,
    zones: &[Census],
    asked: &[Share],
    of_fleet: Option<Inflation>,
) -> Vec<(LimitedResource, f64)> {
    let running: Vec<Share> = asked.iter().copied().filter(|share| share.count > 0).collect();
    let mut levels = Vec::new();
    for (number, census) in (0..).zip(zones) {
        let inflation = if zones.len() == 1 { of_fleet } else { inflate(census, &running) };
        levels.extend(levels_of_zone(ZoneId(number), census, inflation));
    }
    levels.extend(levels_of_kinds(world));
    for subnet in world.network.subnets() {
        let (name, zone) = (format!("subnet {}", subnet.name), Some(subnet.zone));
        let resource = LimitedResource { name, zone, host_kind: None };
        levels.push((resource, share(subnet.usage.used(), subnet.addresses)));
    }
    if let Some(addresses) = world.network.public_addresses() {
        let used = world.network.public_usage().used();
        let resource = LimitedResource { name: "public addresses".to_string(), ..LimitedResource::default() };
        levels.push((resource, share(used, u64::from(addresses))));
    }
    for (number, backend) in (0..).zip(world.storage.backends()) {
        let capacity = backend.capacity_gib();
        if let Some(limit) = capacity.limit() {
            let zone = Some(ZoneId(number));
            let resource = LimitedResource { name: "volumes".to_string(), zone, host_kind: None };
            levels.push((resource, share(capacity.used(), limit)));
        }
    }
    levels
}

fn share(used: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { used as f64 / all as f64 }
}

fn levels_of_zone(
    zone: ZoneId,
    census: &Census,
    inflation: Option<Inflation>,
) -> Vec<(LimitedResource, f64)> {
    let resources = RESOURCES_OF_HOSTS.map(|(name, resource)| (name, census.use_ratio(resource)));
    let levels = resources.into_iter().chain([("room", room_use(census, inflation))]);
    let named = |name: &str| LimitedResource { name: name.to_string(), zone: Some(zone), host_kind: None };
    levels.filter_map(|(name, level)| Some((named(name), level?))).collect()
}

/// Returns the levels of each kind of hosts, where there are several.
fn levels_of_kinds(world: &World) -> Vec<(LimitedResource, f64)> {
    let fleet = &world.hosts.fleet;
    let kinds =
        world.recorder.breakdown.by_kind((0..fleet.groups().len()).map(|group| fleet.group_totals(group)));
    let mut levels = Vec::new();
    for (number, totals) in (0..).zip(&kinds).filter(|_| kinds.len() > 1) {
        for ((name, _), (used, all)) in RESOURCES_OF_HOSTS.into_iter().zip(SHARES) {
            if totals[all] > 0 {
                let resource =
                    LimitedResource { name: name.to_string(), zone: None, host_kind: Some(number) };
                levels.push((resource, share(totals[used], totals[all])));
            }
        }
    }
    levels
}

/// Resources of hosts that are forecast, by name.
const RESOURCES_OF_HOSTS: [(&str, usize); 3] =
    [("vCPU", Resources::VCPU), ("memory", Resources::MEMORY), ("GPU", Resources::GPU)];

/// Returns the share of the room for the live mix that is taken, by vCPU: what is stranded when the mix fits no more counts
/// as no room. `None` where the mix has no limit.
fn room_use(census: &Census, inflation: Option<Inflation>) -> Option<f64> {
    let used = census.use_ratio(Resources::VCPU)?;
    let stranded = inflation?.stranded_vcpu_ratio;
    (stranded < 1.0).then(|| used / (1.0 - stranded))
}

/// Returns statistics of the samples; `None` where the scenario asks for none.
pub fn headroom_use(world: &World) -> Option<HeadroomUse> {
    let sampler = world.recorder.headroom.as_ref()?;
    let mut seen = sampler.seen.clone();
    let exhaustion = |(number, (resource, history)): (u64, &(LimitedResource, _))| {
        Some((resource.clone(), forecast::exhaustion(history, 1.0, number)?))
    };
    seen.exhaustion = (0..).zip(&sampler.levels).filter_map(exhaustion).collect();
    Some(seen)
}
