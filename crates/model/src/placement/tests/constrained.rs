//! Random operations under every constraint and strategy: each choice beside the plain scan, and after each
//! operation the rules themselves, derived anew from the existing instances.

use std::collections::BTreeMap;

use super::{built, every_strategy};
use crate::fleet::Fleet;
use crate::fleet::hardware::{Hardware, Model};
use crate::fleet::host::GroupTenancy;
use crate::fleet::host::{HostState, Pool};
use crate::fleet::host_group::{HostGroup, Hosts, ListedHost};
use crate::fleet::topology::Affinity;
use crate::placement::config::StrategyConfig;
use crate::placement::exits::ExitHour;
use crate::placement::groups::GroupRule;
use crate::placement::placer::Placer;
use crate::placement::request::{Constraint, Membership, Request, Tenancy};
use crate::placement::reservations::{Preference, Reservation, Reservations, Terms};
use crate::placement::tenancies::{HostTerms, Ownership, Takes};
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::units::{
    AccountId, CapacityReservationId, Footprint, HostId, NumaNodes, PlacementGroupId, RackId, Resources,
    Time, TypeId, ZoneId,
};

const DECISIONS: usize = 16_000;
const ACCOUNTS: u64 = 3;

const RULES: [GroupRule; 5] = [
    GroupRule::Spread { max_per_zone: 7 },
    GroupRule::Spread { max_per_zone: 3 },
    GroupRule::Partition { partitions: 3 },
    GroupRule::Cluster { strict: false },
    GroupRule::Cluster { strict: true },
];

/// vCPU and GiB of what is asked for.
const SHAPES: [(u32, u32); 5] = [(2, 4), (2, 8), (4, 16), (8, 16), (16, 64)];

/// GPU \[milli-GPU\], NUMA nodes and GPU models of the shapes, on a fleet of divided hosts.
const PARTS: [(u32, NumaNodes, &[&str]); 5] = [
    (0, NumaNodes::Fewest, &[]),
    (400, NumaNodes::One, &["T4"]),
    (1_000, NumaNodes::Two, &[]),
    (0, NumaNodes::Fewest, &[]),
    (2_000, NumaNodes::Fewest, &["T4", "P100"]),
];

struct Live {
    host: HostId,
    affinity: Affinity,
    request: Request,
    claim: Option<CapacityReservationId>,
}

struct World {
    random: Stream,
    fleet: Fleet,
    placer: Placer,
    live: Vec<Live>,
    reservations: Reservations,
    reserved: Vec<CapacityReservationId>,
    allocated: Vec<(AccountId, HostId)>,
    terms: BTreeMap<HostId, HostTerms>,
    refused: usize,
    claimed: usize,
    /// True if hosts have NUMA nodes and GPU devices, and requests ask for them.
    divided: bool,
    /// Hour that it is.
    hour: u32,
}

/// Returns the hardware of these families; without any, of all.
fn runs(families: &[&str]) -> Hardware {
    let families: Vec<String> = families.iter().map(ToString::to_string).collect();
    Hardware::new(&families, &[], None)
}

/// Returns the family of a type: the first two are of `a`, the last ones of `b`, of which the largest is of bare metal.
fn family(kind: TypeId) -> &'static str {
    if kind.0 < 2 { "a" } else { "b" }
}

fn is_whole(kind: TypeId) -> bool {
    kind.index() == SHAPES.len() - 1
}

fn fleet(divided: bool) -> Fleet {
    let gpu = if divided { 4_000 } else { 0 };
    let sellable = Resources([32_000, 128 * 1024, gpu, 0, u32::MAX]);
    let small = Resources([16_000, 96 * 1024, gpu, 0, u32::MAX]);
    let group = |hosts, tenancy, families: &[&str]| HostGroup {
        hosts,
        hosts_per_rack: 3,
        max_instances: Some(9),
        tenancy,
        hardware: Hardware { gpu_model: divided.then(|| "T4".to_string()), ..runs(families) },
        sockets: 2,
        numa_nodes: if divided { 2 } else { 1 },
        has_gpu_devices: divided,
        service_window: Default::default(),
    };
    let fixed = |count, sellable| Hosts::Fixed { count, sellable };
    let listed = |i| ListedHost {
        name: None,
        sellable: if i % 2 == 0 { sellable } else { small },
        rack: Some(format!("r{}", i % 7)),
        hardware: (i % 3 == 0).then(|| runs(&["b"])),
        numa_nodes: (divided && i % 5 == 0).then_some(4),
        gpu_model: (divided && i % 2 == 0).then(|| "P100".to_string()),
        line: 0,
    };
    Fleet::new(&[
        vec![
            group(fixed(12, sellable), GroupTenancy::Any, &[]),
            group(fixed(5, small), GroupTenancy::Shared, &["a", "b"]),
            group(fixed(5, small), GroupTenancy::Dedicated, &[]),
            group(Hosts::Elastic { max_hosts: 6, sellable }, GroupTenancy::Any, &["b"]),
        ],
        vec![group(Hosts::Listed((0..18).map(listed).collect()), GroupTenancy::Any, &[])],
    ])
    .expect("few capacities")
}

impl World {
    fn new(strategy: &StrategyConfig, seed: u64, divided: bool) -> World {
        let mut fleet = fleet(divided);
        let mut placer = Placer::new(built(strategy), &mut fleet, true);
        for kind in (0..SHAPES.len() as u32).map(TypeId) {
            placer.note_family(kind, family(kind));
        }
        for (i, rule) in RULES.iter().enumerate() {
            placer.groups.create_for_everyone(&i.to_string(), *rule);
        }
        World {
            random: Seed(seed).stream(Purpose::Placement, 3),
            fleet,
            placer,
            live: Vec::new(),
            reservations: Reservations::default(),
            reserved: Vec::new(),
            allocated: Vec::new(),
            terms: BTreeMap::new(),
            refused: 0,
            claimed: 0,
            divided,
            hour: 0,
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.random.below(bound as u64) as usize
    }

    fn constraint(&mut self, account: AccountId) -> Option<Constraint> {
        let group = (self.below(2) == 0).then(|| {
            let rule = self.below(RULES.len());
            let group = self.placer.groups.named(account, &rule.to_string()).expect("everyone has it");
            let partition = (rule == 2 && self.below(3) == 0).then(|| self.below(3) as u16);
            Membership { group, partition }
        });
        let tenancy = match self.below(8) {
            0..4 => Tenancy::Shared,
            4..6 => Tenancy::Dedicated,
            6 => Tenancy::Host(None),
            _ if self.allocated.is_empty() => Tenancy::Host(None),
            _ => {
                Tenancy::Host(Some(self.allocated[self.random.below(self.allocated.len() as u64) as usize].1))
            }
        };
        let excluded = (!self.live.is_empty() && self.below(4) == 0).then(|| {
            let one = self.below(self.live.len());
            self.live[one].host
        });
        Constraint { group, tenancy, excluded, ..Constraint::default() }.or_none()
    }

    fn request(&mut self, constrained: bool) -> (Request, TypeId) {
        let kind = self.below(SHAPES.len());
        let (vcpu, gib) = SHAPES[kind];
        let mut footprint = Footprint::from(Resources::new(vcpu * 1000, gib * 1024));
        if self.divided {
            (footprint.amounts.0[Resources::GPU], footprint.numa, _) = PARTS[kind];
        }
        let Footprint { amounts, numa } = footprint;
        let account = AccountId(self.random.below(ACCOUNTS) as u32);
        let zone = ZoneId(self.below(2) as u16);
        let constraint = if constrained { self.constraint(account) } else { None };
        let shape = self.placer.shape(footprint, &self.fleet);
        let kind = TypeId(kind as u32);
        let exit = self.exit();
        (self.of_type(Request { shape, amounts, numa, account, zone, constraint, exit }, kind), kind)
    }

    /// Draws the hour of a predicted end, or none, and lets an hour pass at times.
    fn exit(&mut self) -> ExitHour {
        self.hour += u32::from(self.below(40) == 0);
        self.placer.advance(Time(u64::from(self.hour) * 3_600_000_000_000), &mut self.fleet);
        if self.below(12) == 0 { ExitHour::UNKNOWN } else { ExitHour(self.hour + self.below(40) as u32) }
    }

    /// Returns the GPU models of a type.
    fn gpu_models(&self, kind: TypeId) -> Vec<String> {
        let (_, _, models) = PARTS[kind.index()];
        models.iter().filter(|_| self.divided).map(ToString::to_string).collect()
    }

    /// Returns a request with what its type asks of hosts.
    fn of_type(&self, request: Request, kind: TypeId) -> Request {
        let constraint = request.constraint.unwrap_or_default();
        let gpu_models = self.gpu_models(kind);
        let model = Model { name: family(kind), architectures: "", gpu_models: &gpu_models };
        let barred = self.fleet.barring(&model);
        let names_type = matches!(constraint.tenancy, Tenancy::Host(_)).then_some(kind);
        let constraint = Constraint { barred, whole: is_whole(kind), kind: names_type, ..constraint };
        Request { constraint: constraint.or_none(), ..request }
    }

    fn launch(&mut self) {
        let (request, kind) = {
            let constrained = self.below(3) > 0;
            self.request(constrained)
        };
        if self.placer.check(&request, &self.fleet).is_err() {
            return;
        }
        let preference = match self.below(6) {
            0 => Preference::Avoid,
            1 if !self.reserved.is_empty() => {
                let one = self.below(self.reserved.len());
                Preference::Targeted(self.reserved[one])
            }
            _ => Preference::Open,
        };
        let Ok(claim) =
            self.reservations.claim(&request, kind, preference, &mut self.placer, &mut self.fleet)
        else {
            return;
        };
        if let Some((id, (host, affinity))) = claim {
            self.claimed += 1;
            self.live.push(Live { host, affinity, request, claim: Some(id) });
            return;
        }
        let World { placer, fleet, .. } = self;
        let Some(host) = placer.choose(&request, fleet).or_else(|| placer.open(&request, fleet)) else {
            self.refused += 1;
            let limit = self.placer.explain(&request, &self.fleet).limit.expect("a limit decided");
            assert!(limit.asked > limit.left, "{limit:?}");
            let range = self.fleet.zones()[request.zone.index()].hosts.clone();
            let missed = range.map(HostId).find(|id| self.may_take(&request, *id));
            assert_eq!(missed, None, "{request:?} was refused although a host may take it");
            return;
        };
        assert!(self.may_take(&request, host), "{request:?} was put on {host}");
        let affinity = self.fleet.take(host, request.zone, request.footprint());
        self.placer.placed(&request, host, &self.fleet);
        self.placer.changed(host, request.zone, &mut self.fleet);
        self.live.push(Live { host, affinity, request, claim: None });
    }

    fn end(&mut self, i: usize) {
        let Live { host, affinity, request, claim } = self.live.swap_remove(i);
        let World { placer, fleet, reservations, .. } = self;
        if claim.is_some_and(|id| reservations.give_back(&request, id, (host, affinity), placer, fleet)) {
            return;
        }
        fleet.give(host, request.zone, request.footprint(), affinity);
        placer.removed(&request, host, fleet);
        placer.changed(host, request.zone, fleet);
    }

    fn reserve(&mut self) {
        let (mut slot, kind) = self.request(false);
        let is_dedicated = self.below(3) == 0;
        slot.constraint =
            is_dedicated.then_some(Constraint { tenancy: Tenancy::Dedicated, ..Constraint::default() });
        let slot = Request { exit: ExitHour::UNKNOWN, ..self.of_type(slot, kind) };
        let terms = Terms { kind, count: 1 + self.below(5) as u32, is_open: self.below(3) > 0, until: None };
        let World { placer, fleet, reservations, .. } = self;
        self.reserved.extend(reservations.reserve(&slot, terms, 0, placer, fleet));
    }

    fn step(&mut self) -> bool {
        let World { placer, fleet, reservations, .. } = self;
        match self.random.below(40) {
            0 => self.reserve(),
            1 if !self.reserved.is_empty() => {
                let id = self.reserved.swap_remove(self.random.below(self.reserved.len() as u64) as usize);
                let account = reservations.get(id).account();
                reservations.cancel(account, id, placer, fleet).expect("it was there");
            }
            2 => {
                let account = AccountId(self.random.below(ACCOUNTS) as u32);
                let zone = ZoneId(self.random.below(2) as u16);
                let kind = TypeId(self.random.below(SHAPES.len() as u64) as u32);
                let takes = match self.random.below(3) {
                    0 => Takes::Anything,
                    1 => Takes::Family(family(kind).to_string()),
                    _ => Takes::Type(kind),
                };
                let suits = |hardware: &Hardware| match &takes {
                    Takes::Anything => true,
                    _ => hardware.runs_any_of(family(kind)),
                };
                let terms = HostTerms {
                    takes: takes.clone(),
                    auto_placement: self.random.below(4) > 0,
                    recovery: false,
                };
                let host = placer.allocate_host(
                    account,
                    (zone, &[]),
                    (terms.clone(), fleet.hardware().barring_where(suits)),
                    fleet,
                );
                self.terms.extend(host.as_ref().map(|host| (*host, terms)));
                self.allocated.extend(host.map(|host| (account, host)));
            }
            3 | 4 if !self.allocated.is_empty() => {
                let i = self.random.below(self.allocated.len() as u64) as usize;
                let (account, host) = self.allocated[i];
                if placer.release_host(account, host, fleet).is_ok() {
                    self.allocated.swap_remove(i);
                }
            }
            5 if !self.live.is_empty() => {
                let host = self.live[self.random.below(self.live.len() as u64) as usize].host;
                reservations.move_slots(host, placer, fleet);
            }
            6..20 if !self.live.is_empty() => {
                let i = self.below(self.live.len());
                self.end(i);
            }
            _ => {
                self.launch();
                return true;
            }
        }
        false
    }

    /// Returns the rules, by the instances and slots that are there.
    fn may_take(&self, request: &Request, host: HostId) -> bool {
        let constraint = request.constraint.unwrap_or_default();
        let open = self.fleet.hosts()[host.index()].state == HostState::Active;
        if !open || !self.fleet.has_room(host, &request.footprint()) || constraint.excluded == Some(host) {
            return false;
        }
        let allocated = self.allocated.iter().find(|(_, other)| *other == host).map(|(account, _)| *account);
        let tenancy_of_group = self.fleet.groups()[self.fleet.group_of(host)].tenancy;
        let mut tenants = self.tenants(host).into_iter();
        let tenancy_allows = match constraint.tenancy {
            Tenancy::Shared => {
                allocated.is_none()
                    && tenancy_of_group != GroupTenancy::Dedicated
                    && tenants.all(|(_, tenancy)| tenancy == Tenancy::Shared)
            }
            Tenancy::Dedicated => {
                allocated.is_none()
                    && tenancy_of_group != GroupTenancy::Shared
                    && tenants.all(|tenant| tenant == (request.account, Tenancy::Dedicated))
            }
            Tenancy::Host(named) => {
                allocated == Some(request.account) && named.is_none_or(|named| named == host)
            }
        };
        tenancy_allows
            && self.hardware_allows(request, &constraint, host)
            && constraint.group.is_none_or(|membership| self.group_allows(membership, request, host))
    }

    /// Returns true if a host runs the type, is empty where it is to be, and admits it as a dedicated host.
    fn hardware_allows(&self, request: &Request, constraint: &Constraint, host: HostId) -> bool {
        let size = (request.amounts.vcpu_milli(), request.amounts.memory_mib());
        let kind = SHAPES.iter().position(|(vcpu, gib)| size == (vcpu * 1000, gib * 1024));
        let kind = TypeId(kind.expect("a shape") as u32);
        let sku = self.fleet.skus()[usize::from(self.fleet.hosts()[host.index()].sku.0)];
        let (hardware, models) = (self.fleet.hardware().get(sku.hardware), self.gpu_models(kind));
        let has_model =
            models.is_empty() || models.iter().any(|model| hardware.gpu_model.as_ref() == Some(model));
        let runs = hardware.runs_any_of(family(kind)) && has_model;
        let there: Vec<&Live> = self.live.iter().filter(|live| live.host == host).collect();
        let tenants = self.tenants(host).len();
        let slots = self.reserved.iter().map(|id| self.reservations.get(*id));
        let has_whole = there.iter().any(|live| live.request.constraint.is_some_and(|of| of.whole))
            || slots.into_iter().any(|of| is_whole(of.kind) && has_slot(of, host));
        if !runs || has_whole || (is_whole(kind) && tenants > 0) {
            return false;
        }
        let Tenancy::Host(named) = constraint.tenancy else { return true };
        let terms = &self.terms[&host];
        let is_taken = match &terms.takes {
            Takes::Anything => true,
            Takes::Family(wanted) => wanted == family(kind),
            Takes::Type(only) => *only == kind,
        };
        // Two sockets, each with half of the vCPU.
        let (vcpu, of_socket) = (request.amounts.vcpu_milli(), sku.capacity.vcpu_milli() / 2);
        let most = if vcpu > of_socket { 1 } else { 2 * (of_socket / vcpu) as usize };
        let of_type = there.iter().filter(|live| live.request.amounts == request.amounts).count();
        is_taken && (named.is_some() || terms.auto_placement) && of_type < most
    }

    fn group_allows(&self, membership: Membership, request: &Request, host: HostId) -> bool {
        let racks = self.members(membership.group, request.zone);
        let elsewhere = self.members(membership.group, ZoneId(1 - request.zone.0));
        let rack = self.fleet.rack_of(host);
        match self.placer.groups.rule(membership.group) {
            GroupRule::Spread { max_per_zone } => {
                !racks.contains(&rack) && (racks.len() as u32) < max_per_zone
            }
            GroupRule::Partition { partitions } => membership
                .partition
                .is_none_or(|partition| rack.0 % u32::from(partitions) == u32::from(partition)),
            GroupRule::Cluster { strict } => {
                elsewhere.is_empty() && (!strict || racks.is_empty() || racks.contains(&rack))
            }
        }
    }

    /// Returns the account and tenancy of all instances and free slots on a host.
    fn tenants(&self, host: HostId) -> Vec<(AccountId, Tenancy)> {
        let instances = self.live.iter().filter(|live| live.host == host).map(|live| live.request);
        let slots = self.reserved.iter().map(|id| self.reservations.get(*id));
        let slots = slots.filter(|reservation| has_slot(reservation, host));
        let tenancy = |request: &Request| request.constraint.unwrap_or_default().tenancy;
        instances
            .map(|request| (request.account, tenancy(&request)))
            .chain(slots.map(|reservation| (reservation.account(), reservation.tenancy())))
            .collect()
    }

    /// Returns the rack of each member of a group in a zone.
    fn members(&self, group: PlacementGroupId, zone: ZoneId) -> Vec<RackId> {
        let is_member = |live: &&Live| live.request.group() == Some(group) && live.request.zone == zone;
        self.live.iter().filter(is_member).map(|live| self.fleet.rack_of(live.host)).collect()
    }

    fn check(&self) {
        self.fleet.assert_conserved();
        let mut instances = vec![0; self.fleet.hosts().len()];
        self.live.iter().for_each(|live| instances[live.host.index()] += 1);
        for id in &self.reserved {
            let reservation = self.reservations.get(*id);
            let used = self.live.iter().filter(|live| live.claim == Some(*id)).count() as u32;
            assert_eq!(reservation.free + used, reservation.count, "a reservation lost room");
            assert_eq!(reservation.slots().values().sum::<u32>(), reservation.free);
            reservation.slots().iter().for_each(|((host, _), slots)| instances[host.index()] += slots);
        }
        self.check_parts();
        for (id, host) in self.fleet.hosts().iter().enumerate() {
            assert_eq!(host.instances, instances[id], "host {id}");
            self.check_tenancy(HostId(id as u32), host.pool);
        }
        let mut racks = BTreeMap::<(PlacementGroupId, ZoneId), Vec<RackId>>::new();
        for live in &self.live {
            if let Some(group) = live.request.group() {
                racks.entry((group, live.request.zone)).or_default().push(self.fleet.rack_of(live.host));
            }
        }
        for ((group, zone), mut racks) in racks {
            assert_eq!(self.placer.groups.members(group, zone).count as usize, racks.len());
            let members = racks.len();
            racks.sort_unstable();
            racks.dedup();
            match self.placer.groups.rule(group) {
                GroupRule::Spread { max_per_zone } => {
                    assert!(racks.len() == members && members as u32 <= max_per_zone);
                }
                GroupRule::Cluster { .. } => assert_eq!(self.placer.groups.bound_to(group), Some(zone)),
                GroupRule::Partition { .. } => {}
            }
        }
        for live in &self.live {
            let partition = live.request.constraint.and_then(|constraint| constraint.group?.partition);
            let rack = self.fleet.rack_of(live.host).0;
            assert!(partition.is_none_or(|partition| rack % 3 == u32::from(partition)));
        }
    }

    /// Panics unless each node and device has free what the instances and slots on it leave.
    fn check_parts(&self) {
        let slots = self.reserved.iter().flat_map(|id| {
            let reservation = self.reservations.get(*id);
            let all = reservation.slots().iter();
            all.flat_map(|(place, count)| vec![(*place, reservation.slot().footprint()); *count as usize])
        });
        let live = self.live.iter().map(|live| ((live.host, live.affinity), live.request.footprint()));
        let mut left: Vec<Vec<[u32; 3]>> = Vec::new();
        for host in self.fleet.hosts() {
            let topology = self.fleet.layouts().sku(host).topology;
            let node = [topology.node.vcpu_milli, topology.node.memory_mib, 0];
            let mut parts = vec![node; usize::from(topology.nodes)];
            parts.extend(vec![[0, 0, 1000]; usize::from(topology.devices)]);
            left.push(parts);
        }
        for ((host, affinity), Footprint { amounts, .. }) in live.chain(slots) {
            let nodes =
                usize::from(self.fleet.layouts().sku(&self.fleet.hosts()[host.index()]).topology.nodes);
            let on: Vec<usize> = (0..nodes).filter(|node| affinity.nodes >> node & 1 == 1).collect();
            let devices: Vec<usize> = (0..16).filter(|device| affinity.devices >> device & 1 == 1).collect();
            assert_eq!(on.is_empty(), nodes == 0, "an instance on no node");
            for node in &on {
                // All sizes of these tests are even.
                left[host.index()][*node][0] -= amounts.vcpu_milli() / on.len() as u32;
                left[host.index()][*node][1] -= amounts.memory_mib() / on.len() as u32;
            }
            for device in &devices {
                left[host.index()][nodes + device][2] -= amounts.0[Resources::GPU] / devices.len() as u32;
            }
        }
        for (id, (host, left)) in (0..).map(HostId).zip(self.fleet.hosts().iter().zip(&left)) {
            let Some(parts) = self.fleet.layouts().parts(id, host) else { continue };
            let topology = self.fleet.layouts().sku(host).topology;
            let nodes = parts.nodes[..usize::from(topology.nodes)].iter();
            let nodes = nodes.map(|node| [node.vcpu_milli, node.memory_mib, 0]);
            let devices = parts.devices[..usize::from(topology.devices)].iter();
            let found: Vec<[u32; 3]> = nodes.chain(devices.map(|free| [0, 0, u32::from(*free)])).collect();
            assert_eq!(found, *left, "host {id}");
        }
    }

    fn check_tenancy(&self, host: HostId, pool: Pool) {
        let tenants = self.tenants(host);
        let owner = self.placer.tenancies().owner(host);
        assert_eq!(owner.is_some(), pool == Pool::Owned, "host {host}");
        match owner {
            Some((account, Ownership::Instances)) => {
                assert!(!tenants.is_empty());
                assert!(tenants.iter().all(|tenant| *tenant == (account, Tenancy::Dedicated)));
            }
            Some((account, Ownership::Whole)) => {
                assert!(tenants.len() == 1 && tenants[0].0 == account, "host {host}");
            }
            Some((account, Ownership::Allocated)) => {
                assert!(self.allocated.contains(&(account, host)));
                let is_own = |(other, tenancy): &(AccountId, Tenancy)| {
                    *other == account && matches!(tenancy, Tenancy::Host(_))
                };
                assert!(tenants.iter().all(is_own));
            }
            None => assert!(tenants.iter().all(|(_, tenancy)| *tenancy == Tenancy::Shared)),
        }
    }

    /// Ends everything; then nothing may be left.
    fn end_all(&mut self) {
        while !self.live.is_empty() {
            self.end(0);
        }
        for id in std::mem::take(&mut self.reserved) {
            let account = self.reservations.get(id).account();
            self.reservations.cancel(account, id, &mut self.placer, &mut self.fleet).expect("it was there");
        }
        for (account, host) in std::mem::take(&mut self.allocated) {
            self.placer.release_host(account, host, &mut self.fleet).expect("it is empty");
        }
        self.check();
        assert!(self.fleet.hosts().iter().all(|host| host.instances == 0 && host.pool != Pool::Owned));
    }
}

fn has_slot(reservation: &Reservation, host: HostId) -> bool {
    reservation.slots().keys().any(|(of, _)| *of == host)
}

#[test]
fn every_strategy_keeps_every_rule_and_takes_the_host_the_plain_scan_takes() {
    let strategies = every_strategy();
    for (seed, (strategy, divided)) in
        strategies.iter().flat_map(|strategy| [(strategy, false), (strategy, true)]).enumerate()
    {
        let mut world = World::new(strategy, seed as u64, divided);
        let mut decisions = 0;
        while decisions < DECISIONS {
            decisions += usize::from(world.step());
            world.check();
        }
        assert!(world.refused > DECISIONS / 100 && world.claimed > DECISIONS / 100, "{strategy:?}");
        world.end_all();
    }
}
