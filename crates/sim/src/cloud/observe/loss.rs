//! Loss of any one host, rack or zone: what the fleet could still take then.

use crate::cloud::world::World;
use plimsoll_base::units::{HostId, RackId};
use plimsoll_model::headroom::{Census, HostAtRisk, LossDomain, Share, Survival, room_of};
use plimsoll_model::lifecycle::State;

/// Measures the consequences of the loss of any one domain. `asked` holds every type asked for so far. Instances on dedicated
/// hosts are left out, as their hosts are no part of the headroom.
pub fn survival(world: &World, domain: LossDomain, census: &Census, asked: &[Share]) -> Option<Survival> {
    let fleet = &world.hosts.fleet;
    let mut on_hosts = on_hosts(world, asked).into_iter().peekable();
    let mut hosts = Vec::new();
    for id in (0..fleet.hosts().len() as u32).map(HostId) {
        let mut instances: Vec<(u32, u64)> = Vec::new();
        while let Some((_, kind)) = on_hosts.next_if(|(on, _)| *on == id) {
            match instances.last_mut() {
                Some((last, count)) if *last == kind => *count += 1,
                _ => instances.push((kind, 1)),
            }
        }
        if let Some(room) = room_of(id, fleet) {
            let domain = match domain {
                LossDomain::Host => id.0,
                LossDomain::Rack => fleet.rack_of(id).0,
                LossDomain::Zone => u32::from(fleet.zone_of(id).0),
            };
            hosts.push(HostAtRisk { domain, room, instances });
        }
    }
    // Stable: hosts of a rack in the order of their ids. Racks of a file need not follow each other.
    hosts.sort_by_key(|host| host.domain);
    let mut survival = Survival::of(census, &hosts, asked)?;
    let name = match domain {
        LossDomain::Host => fleet.name_of(HostId(survival.worst)),
        LossDomain::Rack => fleet.rack_name(RackId(survival.worst)),
        LossDomain::Zone => world.directory.zones().get(survival.worst as usize).map(String::as_str),
    };
    survival.worst_name = name.map_or_else(|| survival.worst.to_string(), str::to_string);
    Some(survival)
}

/// Returns host and type of every instance that has one, in order; types by their position among those asked for.
fn on_hosts(world: &World, asked: &[Share]) -> Vec<(HostId, u32)> {
    let mut positions = vec![u32::MAX; asked.iter().map(|share| share.kind.index() + 1).max().unwrap_or(0)];
    asked.iter().zip(0..).for_each(|(share, position)| positions[share.kind.index()] = position);
    let placed = world
        .instances
        .slots()
        .filter(|(_, instance)| instance.has_host && instance.state != State::Terminated);
    let mut on_hosts: Vec<(HostId, u32)> =
        placed.map(|(_, instance)| (instance.host, positions[instance.kind.index()])).collect();
    on_hosts.sort_unstable();
    on_hosts
}
