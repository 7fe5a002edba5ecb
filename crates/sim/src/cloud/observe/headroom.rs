//! Samples of the headroom of the fleet, and their statistics.

use crate::cloud::allocation::instance_types::TypeInfo;
use crate::cloud::observe::loss;
use crate::cloud::observe::observation::Observation;
use crate::cloud::observe::observer::Detail;
use crate::cloud::observe::outcome::HeadroomUse;
use crate::cloud::world::World;
use plimsoll_base::metrics::Trend;
use plimsoll_base::units::{Resources, Time, TypeId};
use plimsoll_model::fleet::totals::Total;
use plimsoll_model::headroom::{Census, Headroom, Share};

/// Samples the headroom if a sample is due: reports it, and notes it for the figures of the run.
pub fn sample_if_due(world: &mut World, at: Time) {
    let Some(mut sampler) = world.recorder.headroom.take_if(|sampler| sampler.next <= at) else { return };
    let (census, asked) = (Census::of(&world.hosts.fleet), live_mix(world));
    let mut headroom = Headroom::of(&census, &asked);
    headroom.survival = sampler.survive.and_then(|domain| loss::survival(world, domain, &census, &asked));
    if world.recorder.ledger.in_window {
        sampler.note(&headroom);
        for (name, level) in levels(world) {
            sampler.trend_of(name).sample(at.as_seconds(), level);
        }
    }
    if world.recorder.outbox.wants(Detail::Series) {
        world.recorder.outbox.push(Observation::HeadroomSampled(at, headroom));
    }
    sampler.next = at.after(sampler.every);
    world.recorder.headroom = Some(sampler);
}

/// Returns every type asked for so far, with the number of its running instances.
fn live_mix(world: &World) -> Vec<Share> {
    let asked = world.types.known.iter().zip(0..).filter_map(|(kind, id)| Some((TypeId(id), kind.as_ref()?)));
    let barred = |of: &TypeInfo| of.constraint.map_or(0, |constraint| constraint.barred);
    asked
        .map(|(kind, of)| Share { kind, amounts: of.amounts, barred: barred(of), count: of.running })
        .collect()
}

/// Returns the resources that have a limit, by name, and the share of each in use, 0 to 1.
fn levels(world: &World) -> Vec<(String, f64)> {
    let totals = world.hosts.fleet.totals();
    let share = |used: u64, all: u64| if all == 0 { 0.0 } else { used as f64 / all as f64 };
    let has_gpu = world.hosts.fleet.skus().iter().any(|sku| sku.capacity.0[Resources::GPU] > 0);
    let mut levels = Vec::new();
    for (name, used, all) in [
        ("vcpu", Total::VcpuUsed, Total::Vcpu),
        ("memory", Total::MemoryUsed, Total::Memory),
        ("gpu", Total::GpuUsed, Total::Gpu),
    ] {
        if all != Total::Gpu || has_gpu {
            levels.push((name.to_string(), share(totals[used], totals[all])));
        }
    }
    for subnet in world.network.subnets() {
        levels.push((format!("subnet {}", subnet.name), share(subnet.usage.used(), subnet.addresses)));
    }
    if let Some(addresses) = world.network.public_addresses() {
        let used = world.network.public_usage().used();
        levels.push(("public addresses".to_string(), share(used, u64::from(addresses))));
    }
    for (zone, backend) in world.directory.zones().iter().zip(world.storage.backends()) {
        let capacity = backend.capacity_gib();
        if let Some(limit) = capacity.limit() {
            levels.push((format!("volumes of {zone}"), share(capacity.used(), limit)));
        }
    }
    levels
}

/// Returns statistics of the samples; `None` where the scenario asks for none.
pub fn headroom_use(world: &World) -> Option<HeadroomUse> {
    let sampler = world.recorder.headroom.as_ref()?;
    let mut seen = sampler.seen.clone();
    let exhaustion = |(name, trend): &(String, Trend)| Some((name.clone(), trend.exhaustion(1.0)?));
    seen.exhaustion = sampler.trends.iter().filter_map(exhaustion).collect();
    Some(seen)
}
