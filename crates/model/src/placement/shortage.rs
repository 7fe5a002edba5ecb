//! Shortage of room for a request: the resource that the hosts lack which could take it otherwise. A plain scan over the
//! hosts of its zones, made once a run; it changes nothing.

use serde::{Deserialize, Serialize};

use super::diagnosis::{FilterReason, Rules};
use super::placer::Placer;
use super::request::Request;
use crate::fleet::Fleet;
use plimsoll_base::units::{HostId, RESOURCES, ZoneId};

/// Reasons for want of room: each resource, in the order of [`Resources`](plimsoll_base::units::Resources), then the number
/// of instances that they may have, their NUMA nodes and their GPU devices.
const ROOM: [FilterReason; RESOURCES + 3] = [
    FilterReason::Vcpu,
    FilterReason::Memory,
    FilterReason::Gpu,
    FilterReason::Storage,
    FilterReason::Network,
    FilterReason::Instances,
    FilterReason::Numa,
    FilterReason::Devices,
];

/// Shortage of room for a request on the hosts that could take it but for room. Amounts are in the smallest unit of the
/// resource.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Shortage {
    /// Position among the [resources](plimsoll_base::units::Resources) of the one that keeps most hosts out; [`RESOURCES`]
    /// where it is the number of instances a host may have, one and two more where it is NUMA nodes and GPU devices.
    pub resource: usize,
    /// Amount of it that the request needs.
    pub asked: u64,
    /// Greatest amount of it that is free on one host.
    pub most_free: u64,
    /// Amount of it that is free on all of them together.
    pub free: u64,
    /// The hosts that could take the request but for room \[hosts\].
    pub hosts: u64,
    /// Number of them with too little of it \[hosts\].
    pub short: u64,
    /// Their host groups, by number in file order over all zones.
    pub groups: Vec<u16>,
}

impl Shortage {
    /// Number of the positions that [`Shortage::resource`] may have.
    pub const POSITIONS: usize = ROOM.len();
}

impl Placer {
    /// Returns the shortage of room for a request in the zones; `None` where no host is short of anything.
    pub fn shortage(&self, request: &Request, zones: &[ZoneId], fleet: &Fleet) -> Option<Shortage> {
        let mut groups: Vec<u16> = Vec::new();
        let mut short = [(0_u64, 0_u64); ROOM.len()];
        let (mut free, mut most_free, mut hosts) = ([0_u64; ROOM.len()], [0_u64; ROOM.len()], 0);
        for zone in zones {
            let request = Request { zone: *zone, ..*request };
            let rules = Rules::new(self, &request);
            for id in fleet.zones()[zone.index()].hosts.clone().map(HostId) {
                let lacking: Vec<FilterReason> = rules.filter_reasons(id, &request, fleet).collect();
                if !lacking.iter().all(|reason| ROOM.contains(reason)) {
                    continue;
                }
                hosts += 1;
                let group = fleet.group_of(id) as u16;
                if groups.last() != Some(&group) {
                    groups.push(group);
                }
                for (i, reason) in ROOM.iter().enumerate() {
                    let is_short = lacking.contains(reason);
                    short[i].0 += u64::from(is_short && lacking.len() == 1);
                    short[i].1 += u64::from(is_short);
                    let amount = fleet.hosts()[id.index()].free.0.get(i).copied().map_or(0, u64::from);
                    free[i] += amount;
                    most_free[i] = most_free[i].max(amount);
                }
            }
        }
        groups.sort_unstable();
        // What alone keeps a host out decides; of equal ones the first.
        let resource = (0..ROOM.len()).max_by_key(|i| (short[*i], std::cmp::Reverse(*i)))?;
        (short[resource].1 > 0).then(|| Shortage {
            resource,
            asked: request.amounts.0.get(resource).copied().map_or(1, u64::from),
            most_free: most_free[resource],
            free: free[resource],
            hosts,
            short: short[resource].1,
            groups,
        })
    }
}
