//! One decision looked at closely: which hosts could take a request, what kept the others out, which host the
//! strategy takes, and which it would take if that were not there. A plain scan over the whole fleet, made for a
//! decision that somebody asks about, which changes nothing.

use super::constraints::{self, Constraint, HostRule, RackRule, Tier};
use super::placer::Placer;
use super::strategy::Request;
use crate::fleet::Fleet;
use crate::fleet::host::{HostState, Sku};
use crate::fleet::index::cost::Cost;
use plimsoll_base::units::{Closed, Each, HostId, RESOURCES, RackId, Resources};

/// Makes the enum and its words of one list.
macro_rules! barriers {
    ($($barrier:ident = $name:literal, $meaning:literal;)*) => {
        /// What keeps a host from taking a request.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Barrier {
            $(#[doc = $meaning] $barrier,)*
        }

        impl Barrier {
            /// Its word in results.
            pub const fn name(self) -> &'static str {
                match self { $(Barrier::$barrier => $name,)* }
            }
        }

        impl Closed for Barrier {
            const ALL: &'static [Barrier] = &[$(Barrier::$barrier,)*];

            fn position(self) -> usize {
                self as usize
            }
        }
    };
}

#[rustfmt::skip]
barriers! {
    Zone = "zone", "It is in another zone.";
    NotOpen = "not open", "It belongs to an elastic group and is not there at the moment.";
    State = "state", "It has failed, is being worked on, or is gone.";
    Tenancy = "tenancy", "It is for other tenancies, or another account's own.";
    Group = "placement group", "The rule of the placement group leaves its rack out.";
    Left = "left by the instance", "It is the host that the instance has to leave.";
    Hardware = "hardware", "It does not run the type, or its terms as a dedicated host do not admit it.";
    Alone = "not empty", "It holds instances, and this one has its host to itself.";
    Instances = "most instances", "It has as many instances as it may have.";
    Vcpu = "vCPU", "It has too little vCPU free.";
    Memory = "memory", "It has too little memory free.";
    Gpu = "GPU", "It has too little GPU free.";
    Storage = "local storage", "It has too little local storage free.";
    Network = "network bandwidth", "It has too little network bandwidth free.";
}

/// The barrier of each resource, by its position.
const TOO_SMALL: [Barrier; RESOURCES] =
    [Barrier::Vcpu, Barrier::Memory, Barrier::Gpu, Barrier::Storage, Barrier::Network];

/// Hosts that a barrier keeps out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KeptOut {
    /// All of them \[hosts\].
    pub hosts: u64,
    /// Those that nothing else keeps out \[hosts\].
    pub alone: u64,
}

/// A host as the strategy saw it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Considered {
    /// The host.
    pub host: HostId,
    /// Its rack.
    pub rack: RackId,
    /// What it can sell in all.
    pub capacity: Resources,
    /// What was free of it, before placing.
    pub free: Resources,
    /// Instances on it, before placing.
    pub instances: u32,
    /// What it costs, least is best; `None` under a strategy that does not rank hosts by cost.
    pub cost: Option<Cost>,
    /// It had to be opened.
    pub opened: bool,
}

/// What there was to decide about one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Survey {
    /// Hosts of the fleet, open or not.
    pub hosts: u64,
    /// Those that could take the request as they stood \[hosts\].
    pub fitting: u64,
    /// What kept the others out, each host counted at everything that does.
    pub kept_out: Each<Barrier, KeptOut>,
    /// What the strategy takes; `None`: nothing.
    pub winner: Option<Considered>,
    /// What it would take if the winner were not there.
    pub runner_up: Option<Considered>,
}

impl Placer {
    /// Looks at every host for a request. The choice that follows is the winner, unless a capacity reservation
    /// has a slot for the request.
    pub fn survey(&self, request: &Request, may_open: bool, fleet: &Fleet) -> Survey {
        let mut survey = Survey {
            hosts: fleet.hosts().len() as u64,
            fitting: 0,
            kept_out: Each::default(),
            winner: self.pick(request, may_open, None, fleet),
            runner_up: None,
        };
        let winner = survey.winner.as_ref().map(|winner| winner.host);
        survey.runner_up = winner.and_then(|winner| self.pick(request, may_open, Some(winner), fleet));
        let rules = Rules::new(self, request);
        for id in (0..fleet.hosts().len() as u32).map(HostId) {
            let barriers: Vec<Barrier> = rules.barriers(id, request, fleet).collect();
            survey.fitting += u64::from(barriers.is_empty());
            for barrier in &barriers {
                let kept_out = &mut survey.kept_out[*barrier];
                kept_out.hosts += 1;
                kept_out.alone += u64::from(barriers.len() == 1);
            }
        }
        survey
    }

    /// What the strategy takes by the plain scan, of all hosts but one.
    fn pick(
        &self,
        request: &Request,
        may_open: bool,
        without: Option<HostId>,
        fleet: &Fleet,
    ) -> Option<Considered> {
        let mut selector = self.selector.boxed_clone();
        let constraint = request.constraint.unwrap_or_default();
        let tiers = constraints::tiers(request, &constraint, &self.groups, &self.tenancies);
        let chosen = tiers.iter().find_map(|tier| {
            let mut hosts = self.index.scan(request, Some(tier), fleet);
            hosts.without = without;
            selector.select(&mut hosts, request)
        });
        if let Some(host) = chosen {
            return Some(self.considered(host, false, request, fleet));
        }
        let opened = tiers.iter().filter(|_| may_open).find_map(|tier| {
            let allows = |fleet: &Fleet, id| without != Some(id) && tier.allows(id, fleet);
            let suits = |sku: &Sku| !sku.is_barred(tier.barred);
            fleet.next_to_open(request.zone, &request.amounts, suits, allows)
        });
        opened.map(|host| self.considered(host, true, request, fleet))
    }

    fn considered(&self, host: HostId, opened: bool, request: &Request, fleet: &Fleet) -> Considered {
        let record = &fleet.hosts()[host.index()];
        Considered {
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

/// What a request asks of its host beside room, apart from the order of preference.
struct Rules<'a> {
    hosts: Vec<HostRule<'a>>,
    racks: Vec<RackRule<'a>>,
    left: Option<HostId>,
    hardware: Tier<'a>,
    whole: bool,
}

impl<'a> Rules<'a> {
    fn new(placer: &'a Placer, request: &Request) -> Rules<'a> {
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
        }
    }

    /// Everything that keeps a host from taking the request.
    fn barriers(&self, id: HostId, request: &Request, fleet: &Fleet) -> impl Iterator<Item = Barrier> {
        let host = &fleet.hosts()[id.index()];
        let sku = &fleet.skus()[host.sku.0 as usize];
        let told = [
            (Barrier::Zone, !fleet.zones()[request.zone.index()].hosts.contains(&id.0)),
            (Barrier::NotOpen, host.state == HostState::Closed),
            (Barrier::State, !matches!(host.state, HostState::Active | HostState::Closed)),
            (Barrier::Tenancy, !self.hosts.iter().any(|rule| rule.allows(id, fleet))),
            (Barrier::Group, !self.racks.iter().any(|rule| rule.allows(id, fleet))),
            (Barrier::Left, self.left == Some(id)),
            (Barrier::Hardware, !self.hardware.suits(id, fleet)),
            (Barrier::Alone, self.whole && host.instances > 0),
            (Barrier::Instances, host.instances >= sku.max_instances),
        ];
        let (free, asked) = (host.free, request.amounts);
        let too_small = (0..RESOURCES).map(move |i| (TOO_SMALL[i], free.0[i] < asked.0[i]));
        told.into_iter().chain(too_small).filter(|(_, holds)| *holds).map(|(barrier, _)| barrier)
    }
}
