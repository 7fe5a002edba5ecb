//! Diagnosis of one decision: the hosts that could take a request, the reasons that filter the others, the host that
//! the strategy selects, and the one it would select if that were not there. A plain scan over the whole fleet, made
//! only for decisions to be explained; it changes nothing.

use super::constraints::{self, HostRule, RackRule, Tier};
use super::index::FleetIndex;
use super::placer::Placer;
use super::request::{Constraint, Request};
use crate::fleet::Fleet;
use crate::fleet::host::{HostState, Sku};
use crate::fleet::index::cost::Cost;
use crate::fleet::topology::{Parts, Topology};
use plimsoll_base::units::{Enum, EnumMap, Footprint, HostId, RESOURCES, RackId, Resources};

/// Declares the enum and its names from one list.
macro_rules! filter_reasons {
    ($($reason:ident = $name:literal, $meaning:literal;)*) => {
        /// Reason for which a host cannot take a request.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum FilterReason {
            $(#[doc = $meaning] $reason,)*
        }

        plimsoll_base::names! { FilterReason { $($reason = $name),* } }

        impl Enum for FilterReason {
            const ALL: &'static [FilterReason] = &FilterReason::ALL;

            fn position(self) -> usize {
                self as usize
            }
        }
    };
}

#[rustfmt::skip]
filter_reasons! {
    Zone = "zone", "It is in another zone.";
    NotOpen = "not open", "It belongs to an elastic group and is not there at the moment.";
    State = "state", "It has failed, is being worked on, or is gone.";
    Tenancy = "tenancy", "It is for other tenancies, or another account's own.";
    Group = "placement group", "The rule of the placement group leaves its rack out.";
    Left = "left by the instance", "It is the host that the instance has to leave.";
    Hardware = "hardware", "It does not run the type, or its terms as a dedicated host do not admit it.";
    Alone = "not empty", "It holds instances, and this one has its host to itself.";
    Instances = "most instances", "It has as many instances as it may have.";
    Value = "no value", "The strategy's expression has no value on it.";
    Vcpu = "vCPU", "It has too little vCPU free.";
    Memory = "memory", "It has too little memory free.";
    Gpu = "GPU", "It has too little GPU free.";
    Storage = "local storage", "It has too little local storage free.";
    Network = "network bandwidth", "It has too little network bandwidth free.";
    Numa = "NUMA nodes", "It has enough vCPU and memory free, on no node, or pair of nodes, that the request may take.";
    Devices = "GPU devices", "It has enough GPU free, on no devices that the request may take.";
}

/// Reason of each resource, by its position.
const TOO_SMALL: [FilterReason; RESOURCES] = [
    FilterReason::Vcpu,
    FilterReason::Memory,
    FilterReason::Gpu,
    FilterReason::Storage,
    FilterReason::Network,
];

/// Hosts that a reason filters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Filtered {
    /// Number of them \[hosts\].
    pub hosts: u64,
    /// Hosts with no other reason \[hosts\].
    pub alone: u64,
}

/// Host as the strategy saw it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScoredHost {
    /// Host.
    pub host: HostId,
    /// Rack of the host.
    pub rack: RackId,
    /// Sellable capacity.
    pub capacity: Resources,
    /// Free amounts before placing.
    pub free: Resources,
    /// Instances on it, before placing.
    pub instances: u32,
    /// Cost, the least is best; `None` under a strategy that does not rank hosts by cost.
    pub cost: Option<Cost>,
    /// True for a host that had to be opened.
    pub opened: bool,
}

/// Hosts that there were for one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnosis {
    /// Hosts of the fleet, open or not \[hosts\].
    pub hosts: u64,
    /// Hosts that could take the request as they were \[hosts\].
    pub fitting: u64,
    /// Hosts that each reason filters; a host counts under every reason that holds.
    pub filtered: EnumMap<FilterReason, Filtered>,
    /// Host that the strategy selects, if any.
    pub winner: Option<ScoredHost>,
    /// Host that it would select if the winner were not there.
    pub runner_up: Option<ScoredHost>,
}

impl Placer {
    /// Examines every host for a request. The choice that follows is the winner, unless a capacity reservation has a
    /// slot for the request.
    pub fn diagnose(&self, request: &Request, may_open: bool, fleet: &Fleet) -> Diagnosis {
        let mut diagnosis = Diagnosis {
            hosts: fleet.hosts().len() as u64,
            fitting: 0,
            filtered: EnumMap::default(),
            winner: self.pick(request, may_open, None, fleet),
            runner_up: None,
        };
        let winner = diagnosis.winner.as_ref().map(|winner| winner.host);
        diagnosis.runner_up = winner.and_then(|winner| self.pick(request, may_open, Some(winner), fleet));
        let rules = Rules::new(self, request);
        for id in (0..fleet.hosts().len() as u32).map(HostId) {
            let filter_reasons: Vec<FilterReason> = rules.filter_reasons(id, request, fleet).collect();
            diagnosis.fitting += u64::from(filter_reasons.is_empty());
            for reason in &filter_reasons {
                let filtered = &mut diagnosis.filtered[*reason];
                filtered.hosts += 1;
                filtered.alone += u64::from(filter_reasons.len() == 1);
            }
        }
        diagnosis
    }

    /// Returns the host that the strategy selects by the plain scan, one host left out.
    fn pick(
        &self,
        request: &Request,
        may_open: bool,
        without: Option<HostId>,
        fleet: &Fleet,
    ) -> Option<ScoredHost> {
        let mut selector = self.selector.boxed_clone();
        let constraint = request.constraint.unwrap_or_default();
        let tiers = constraints::tiers(request, &constraint, &self.groups, &self.tenancies);
        let chosen = tiers.iter().find_map(|tier| {
            let mut hosts = self.index.scan(request, Some(tier), fleet);
            hosts.without = without;
            selector.select(&mut hosts, request)
        });
        if let Some(host) = chosen {
            return Some(self.scored(host, false, request, fleet));
        }
        let opened = tiers.iter().filter(|_| may_open).find_map(|tier| {
            let allows = |fleet: &Fleet, id| without != Some(id) && tier.allows(id, fleet);
            let suits = |sku: &Sku| !sku.is_barred(tier.barred);
            fleet.next_to_open(request.zone, &request.footprint(), suits, allows)
        });
        opened.map(|host| self.scored(host, true, request, fleet))
    }

    fn scored(&self, host: HostId, opened: bool, request: &Request, fleet: &Fleet) -> ScoredHost {
        let record = &fleet.hosts()[host.index()];
        ScoredHost {
            host,
            rack: fleet.rack_of(host),
            capacity: fleet.skus()[record.sku.0 as usize].capacity,
            free: record.free,
            instances: record.instances,
            cost: self.index.cost(host, request, fleet),
            opened,
        }
    }
}

/// Requirements of a request beside room, apart from the order of preference.
pub(super) struct Rules<'a> {
    hosts: Vec<HostRule<'a>>,
    racks: Vec<RackRule<'a>>,
    left: Option<HostId>,
    hardware: Tier<'a>,
    whole: bool,
    /// The index, where the strategy may take none of the hosts that fit.
    ranked: Option<&'a FleetIndex>,
}

impl<'a> Rules<'a> {
    pub(super) fn new(placer: &'a Placer, request: &Request) -> Rules<'a> {
        let constraint = request.constraint.unwrap_or_default();
        Rules {
            hosts: constraints::host_rules(request, constraint.tenancy, &placer.tenancies),
            racks: constraints::rack_rules(request, constraint.group, &placer.groups),
            left: constraint.excluded,
            hardware: constraints::suitable(
                request,
                &Constraint { whole: false, ..constraint },
                &placer.tenancies,
            ),
            whole: constraint.whole,
            ranked: placer.selector.may_refuse().then_some(&placer.index),
        }
    }

    /// Returns every reason for which a host cannot take the request.
    pub(super) fn filter_reasons(
        &self,
        id: HostId,
        request: &Request,
        fleet: &Fleet,
    ) -> impl Iterator<Item = FilterReason> {
        let host = &fleet.hosts()[id.index()];
        let sku = &fleet.skus()[host.sku.0 as usize];
        let told = [
            (FilterReason::Zone, !fleet.zones()[request.zone.index()].hosts.contains(&id.0)),
            (FilterReason::NotOpen, host.state == HostState::Closed),
            (FilterReason::State, !matches!(host.state, HostState::Active | HostState::Closed)),
            (FilterReason::Tenancy, !self.hosts.iter().any(|rule| rule.allows(id, fleet))),
            (FilterReason::Group, !self.racks.iter().any(|rule| rule.allows(id, fleet))),
            (FilterReason::Left, self.left == Some(id)),
            (FilterReason::Hardware, !self.hardware.suits(id, fleet)),
            (FilterReason::Alone, self.whole && host.instances > 0),
            (FilterReason::Instances, host.instances >= sku.max_instances),
            (FilterReason::Value, self.ranked.is_some_and(|index| index.lacks_value(id, request, fleet))),
        ];
        let (free, asked) = (host.free, request.amounts);
        let too_small = (0..RESOURCES).map(move |i| (TOO_SMALL[i], free.0[i] < asked.0[i]));
        let layouts = fleet.layouts();
        let lacks = |has: fn(&Parts, &Topology, &Footprint) -> bool| {
            layouts.parts(id, host).is_some_and(|parts| !has(parts, &sku.topology, &request.footprint()))
        };
        let covers = |resources: &[usize]| resources.iter().all(|i| free.0[*i] >= asked.0[*i]);
        let has_nodes = covers(&[Resources::VCPU, Resources::MEMORY]);
        let of_parts = [
            (FilterReason::Numa, has_nodes && lacks(Parts::have_nodes)),
            (FilterReason::Devices, covers(&[Resources::GPU]) && lacks(Parts::have_devices)),
        ];
        told.into_iter()
            .chain(too_small)
            .chain(of_parts)
            .filter(|(_, holds)| *holds)
            .map(|(reason, _)| reason)
    }
}
