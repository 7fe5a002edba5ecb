//! A small scene for each rule of the constraints.

use crate::fleet::Fleet;
use crate::fleet::host::GroupTenancy;
use crate::fleet::host::Pool;
use crate::fleet::host_group::{HostGroup, Hosts};
use crate::fleet::topology::Affinity;
use crate::placement::config::StrategyConfig;
use crate::placement::groups::GroupRule;
use crate::placement::placer::Placer;
use crate::placement::register;
use crate::placement::request::{Constraint, Membership, Request, Tenancy};
use crate::placement::reservations::{Preference, Reservations, Terms};
use crate::placement::tenancies::{HostTerms, Takes};
use plimsoll_base::engine::random::Seed;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{
    AccountId, CapacityReservationId, HostId, PlacementGroupId, Resources, TypeId, ZoneId,
};

pub(super) const ONE: AccountId = AccountId(1);
pub(super) const OTHER: AccountId = AccountId(2);
const KIND: TypeId = TypeId(0);

/// A zone of equal hosts with 4 vCPU and 4 GiB, and requests for 1 of each.
pub(super) struct Scene {
    pub fleet: Fleet,
    pub placer: Placer,
    pub reservations: Reservations,
}

/// Returns a scene under first-fit: `hosts` in racks of `hosts_per_rack`, in two equal zones.
pub(super) fn scene(hosts: u32, hosts_per_rack: u32, tenancy: GroupTenancy) -> Scene {
    let sellable = Resources([4_000, 4_096, 0, 0, u32::MAX]);
    let hosts = Hosts::Fixed { count: hosts, sellable };
    let group = HostGroup {
        hosts,
        hosts_per_rack,
        max_instances: None,
        tenancy,
        hardware: Default::default(),
        sockets: 0,
        numa_nodes: 1,
        has_gpu_devices: false,
        service_window: Default::default(),
    };
    of_groups(&[vec![group.clone()], vec![group]])
}

fn of_groups(zones: &[Vec<HostGroup>]) -> Scene {
    let mut fleet = Fleet::new(zones).expect("few capacities");
    let strategy = register::build(&StrategyConfig::named("first-fit"), Seed(1));
    let strategy = strategy.unwrap_or_else(|problems| panic!("{problems:?}"));
    let placer = Placer::new(strategy, &mut fleet, true);
    Scene { fleet, placer, reservations: Reservations::default() }
}

/// Terms of a dedicated host that takes every type.
fn anything() -> (HostTerms, u64) {
    (HostTerms { takes: Takes::Anything, auto_placement: true, recovery: false }, 0)
}

impl Scene {
    pub fn group(&mut self, rule: GroupRule) -> PlacementGroupId {
        self.placer.groups.create(ONE, "g", rule).unwrap()
    }

    pub fn request(&mut self, account: AccountId, zone: u16, constraint: Constraint) -> Request {
        let amounts = Resources::new(1_000, 1_024);
        let shape = self.placer.shape(amounts, &self.fleet);
        let constraint = constraint.or_none();
        Request { constraint, ..Request::new(shape, amounts, account, ZoneId(zone)) }
    }

    pub fn launch(
        &mut self,
        account: AccountId,
        zone: u16,
        constraint: Constraint,
    ) -> Result<u32, FailureReason> {
        let request = self.request(account, zone, constraint);
        let Scene { fleet, placer, .. } = self;
        placer.check(&request, fleet)?;
        let found = placer.choose(&request, fleet).or_else(|| placer.open(&request, fleet));
        let host = found.ok_or_else(|| placer.explain(&request, fleet))?;
        fleet.take(host, request.zone, request.amounts);
        placer.placed(&request, host, fleet);
        placer.changed(host, request.zone, fleet);
        Ok(host.0)
    }

    fn end(&mut self, account: AccountId, zone: u16, constraint: Constraint, host: u32) {
        let request = self.request(account, zone, constraint);
        self.fleet.give(HostId(host), request.zone, request.amounts, Affinity::default());
        self.placer.removed(&request, HostId(host), &self.fleet);
        self.placer.changed(HostId(host), request.zone, &mut self.fleet);
    }

    fn reserve(&mut self, count: u32, is_open: bool) -> Result<CapacityReservationId, FailureReason> {
        let slot = self.request(ONE, 0, plain());
        let Scene { fleet, placer, reservations } = self;
        reservations.reserve(&slot, Terms { kind: KIND, count, is_open, until: None }, 0, placer, fleet)
    }
}

type Claimed = Option<(CapacityReservationId, HostId)>;

impl Scene {
    fn claim(
        &mut self,
        request: &Request,
        kind: TypeId,
        preference: Preference,
    ) -> Result<Claimed, FailureReason> {
        let found = self.reservations.claim(request, kind, preference, &mut self.placer, &mut self.fleet);
        found.map(|claim| claim.map(|(id, (host, _))| (id, host)))
    }
}

pub(super) fn plain() -> Constraint {
    Constraint::default()
}

pub(super) fn member(group: PlacementGroupId) -> Constraint {
    Constraint { group: Some(Membership { group, partition: None }), ..plain() }
}

pub(super) fn of(tenancy: Tenancy) -> Constraint {
    Constraint { tenancy, ..plain() }
}

fn no_room(bound: LimitKind) -> FailureReason {
    Failure::InsufficientInstanceCapacity.because(bound, 1, 0)
}

#[test]
fn a_spread_group_takes_one_rack_a_member() {
    let mut scene = scene(6, 2, GroupTenancy::Any);
    let group = member(scene.group(GroupRule::Spread { max_per_zone: 7 }));
    let hosts: Vec<u32> = (0..3).map(|_| scene.launch(ONE, 0, group).unwrap()).collect();
    assert_eq!(hosts, [0, 2, 4]);
    assert_eq!(scene.launch(ONE, 0, group), Err(no_room(LimitKind::GroupRacks)));
    assert_eq!(scene.launch(ONE, 1, group), Ok(6), "every zone has its own racks");
    scene.end(ONE, 0, group, 2);
    assert_eq!(scene.launch(ONE, 0, group), Ok(2), "an instance that ends or stops leaves the rack");
}

#[test]
fn the_eighth_of_a_spread_group_in_a_zone_is_refused() {
    let mut scene = scene(20, 1, GroupTenancy::Any);
    let group = member(scene.group(GroupRule::Spread { max_per_zone: 7 }));
    assert!((0..7).all(|_| scene.launch(ONE, 0, group).is_ok()));
    assert_eq!(scene.launch(ONE, 0, group), Err(no_room(LimitKind::GroupInstances)));
    assert!(scene.launch(ONE, 1, group).is_ok());
}

#[test]
fn partitions_fill_evenly_unless_one_is_named() {
    let mut scene = scene(6, 1, GroupTenancy::Any);
    let id = scene.group(GroupRule::Partition { partitions: 3 });
    let hosts: Vec<u32> = (0..4).map(|_| scene.launch(ONE, 0, member(id)).unwrap()).collect();
    assert_eq!(hosts, [0, 1, 2, 0]);
    let named = |partition| Constraint {
        group: Some(Membership { group: id, partition: Some(partition) }),
        ..plain()
    };
    let hosts: Vec<u32> = (0..6).map(|_| scene.launch(ONE, 0, named(2)).unwrap()).collect();
    assert_eq!(hosts, [2, 2, 2, 5, 5, 5]);
    assert_eq!(scene.launch(ONE, 0, named(2)), Ok(5));
    assert_eq!(scene.launch(ONE, 0, named(2)), Err(no_room(LimitKind::GroupRacks)));
    assert_eq!(scene.launch(ONE, 0, named(3)), Err(Failure::InvalidParameterValue.into()));
}

#[test]
fn a_cluster_group_stays_together() {
    for (strict, ninth) in [(false, Ok(0)), (true, Err(no_room(LimitKind::GroupRacks)))] {
        let mut scene = scene(6, 2, GroupTenancy::Any);
        let group = member(scene.group(GroupRule::Cluster { strict }));
        // Rack 0 is nearly full, so that the first member stands there and the second finds it full.
        let excluding = |host| Constraint { excluded: Some(HostId(host)), ..group };
        let first = Constraint { excluded: Some(HostId(0)), ..plain() };
        (0..3).for_each(|_| assert_eq!(scene.launch(OTHER, 0, first), Ok(1)));
        assert_eq!(scene.launch(ONE, 0, excluding(0)), Ok(1));
        assert_eq!(scene.launch(ONE, 1, group), Err(no_room(LimitKind::GroupRacks)), "another zone");
        (0..4).for_each(|_| assert_eq!(scene.launch(ONE, 0, group), Ok(0)));
        assert_eq!(scene.launch(ONE, 0, group).map(|host| host - 2), ninth);
    }
}

#[test]
fn the_rack_with_most_members_comes_first() {
    let mut scene = scene(6, 2, GroupTenancy::Any);
    let group = member(scene.group(GroupRule::Cluster { strict: false }));
    let first = scene.launch(ONE, 0, group).unwrap();
    assert_eq!(first, 0);
    // Two more on rack 2, as if a migration had brought them.
    let request = scene.request(ONE, 0, group);
    for _ in 0..2 {
        scene.fleet.take(HostId(5), ZoneId(0), request.amounts);
        scene.placer.placed(&request, HostId(5), &scene.fleet);
        scene.placer.changed(HostId(5), ZoneId(0), &mut scene.fleet);
    }
    assert_eq!(scene.launch(ONE, 0, group), Ok(4));
}

#[test]
fn a_dedicated_instance_shares_its_host_with_its_account_only() {
    let mut scene = scene(3, 1, GroupTenancy::Any);
    assert_eq!(scene.launch(OTHER, 0, plain()), Ok(0));
    assert_eq!(scene.launch(ONE, 0, of(Tenancy::Dedicated)), Ok(1), "host 0 is not empty");
    assert_eq!(scene.launch(ONE, 0, of(Tenancy::Dedicated)), Ok(1), "its own host first");
    assert_eq!(scene.launch(OTHER, 0, of(Tenancy::Dedicated)), Ok(2));
    (0..3).for_each(|_| assert_eq!(scene.launch(ONE, 0, plain()), Ok(0)));
    assert_eq!(scene.launch(ONE, 0, plain()), Err(no_room(LimitKind::HostRoom)));
    assert_eq!(scene.launch(AccountId(3), 0, of(Tenancy::Dedicated)), Err(no_room(LimitKind::TenancyHosts)));
    scene.end(ONE, 0, of(Tenancy::Dedicated), 1);
    assert_eq!(scene.fleet.hosts()[1].pool, Pool::Owned);
    scene.end(ONE, 0, of(Tenancy::Dedicated), 1);
    assert_eq!(scene.fleet.hosts()[1].pool, Pool::Shared, "it emptied");
    assert_eq!(scene.launch(OTHER, 0, plain()), Ok(1));
}

#[test]
fn host_groups_say_whom_they_are_for() {
    let mut kept = scene(2, 1, GroupTenancy::Dedicated);
    assert_eq!(kept.launch(ONE, 0, plain()), Err(no_room(LimitKind::HostRoom)));
    assert_eq!(kept.launch(ONE, 0, of(Tenancy::Dedicated)), Ok(0));
    kept.end(ONE, 0, of(Tenancy::Dedicated), 0);
    assert_eq!(kept.launch(ONE, 0, plain()), Err(no_room(LimitKind::HostRoom)));
    let mut shared = scene(2, 1, GroupTenancy::Shared);
    assert_eq!(shared.launch(ONE, 0, plain()), Ok(0));
    assert_eq!(shared.launch(ONE, 0, of(Tenancy::Dedicated)), Err(no_room(LimitKind::TenancyHosts)));
}

#[test]
fn a_dedicated_host_takes_what_its_account_puts_there() {
    let mut scene = scene(3, 1, GroupTenancy::Any);
    assert_eq!(scene.launch(OTHER, 0, plain()), Ok(0));
    let host = scene.placer.allocate_host(ONE, (ZoneId(0), &[0]), anything(), &mut scene.fleet).unwrap();
    assert_eq!(host, HostId(1), "host 0 is not empty");
    let named = of(Tenancy::Host(Some(host)));
    assert_eq!(scene.launch(OTHER, 0, named), Err(Failure::InvalidHostIdNotFound.into()));
    (0..2).for_each(|_| assert_eq!(scene.launch(ONE, 0, named), Ok(1)));
    (0..2).for_each(|_| assert_eq!(scene.launch(ONE, 0, of(Tenancy::Host(None))), Ok(1)));
    let full = Failure::InsufficientHostCapacity.because(LimitKind::DedicatedHostRoom, 1, 0);
    assert_eq!(scene.launch(ONE, 0, named), Err(full));
    let in_use = scene.placer.release_host(ONE, host, &mut scene.fleet);
    assert_eq!(in_use, Err(Failure::IncorrectState.into()));
    (0..4).for_each(|_| scene.end(ONE, 0, named, 1));
    assert_eq!(scene.fleet.hosts()[1].pool, Pool::Owned, "it is paid for until its release");
    scene.placer.release_host(ONE, host, &mut scene.fleet).unwrap();
    (0..3).for_each(|_| assert_eq!(scene.launch(OTHER, 0, plain()), Ok(0)));
    assert_eq!(scene.launch(OTHER, 0, plain()), Ok(1));
}

#[test]
fn what_ec2_does_not_combine_is_refused() {
    let mut scene = scene(3, 1, GroupTenancy::Any);
    let group = member(scene.group(GroupRule::Spread { max_per_zone: 7 }));
    for tenancy in [Tenancy::Host(None), Tenancy::Dedicated] {
        let refused = scene.launch(ONE, 0, Constraint { tenancy, ..group });
        assert_eq!(refused, Err(Failure::InvalidParameterCombination.into()));
    }
}

#[test]
fn an_elastic_host_opens_for_one_account_and_closes_behind_it() {
    let sellable = Resources([4_000, 4_096, 0, 0, u32::MAX]);
    let hosts = Hosts::Elastic { max_hosts: 2, sellable };
    let tenancy = GroupTenancy::Any;
    let mut scene = of_groups(&[vec![HostGroup {
        hosts,
        hosts_per_rack: 1,
        max_instances: None,
        tenancy,
        hardware: Default::default(),
        sockets: 0,
        numa_nodes: 1,
        has_gpu_devices: false,
        service_window: Default::default(),
    }]]);
    assert_eq!(scene.launch(ONE, 0, of(Tenancy::Dedicated)), Ok(0));
    assert_eq!(scene.launch(OTHER, 0, plain()), Ok(1));
    scene.end(ONE, 0, of(Tenancy::Dedicated), 0);
    scene.end(OTHER, 0, plain(), 1);
    assert_eq!(
        scene.placer.allocate_host(ONE, (ZoneId(0), &[]), anything(), &mut scene.fleet),
        Ok(HostId(0))
    );
    assert_eq!(scene.launch(ONE, 0, of(Tenancy::Host(None))), Ok(0));
    scene.end(ONE, 0, of(Tenancy::Host(None)), 0);
    assert_eq!(scene.placer.release_host(ONE, HostId(0), &mut scene.fleet), Ok(anything().0));
    assert!(scene.fleet.hosts().iter().all(|host| host.state == crate::fleet::host::HostState::Closed));
    scene.fleet.assert_conserved();
}

#[test]
fn a_reservation_keeps_room_that_a_matching_launch_takes_over() {
    let mut scene = scene(2, 1, GroupTenancy::Any);
    let id = scene.reserve(6, true).unwrap();
    assert_eq!((scene.launch(OTHER, 0, plain()), scene.launch(OTHER, 0, plain())), (Ok(1), Ok(1)));
    assert_eq!(
        scene.launch(OTHER, 0, plain()),
        Err(Failure::InsufficientInstanceCapacity.because(LimitKind::ZoneVcpu, 1_000, 0))
    );
    let (own, others) = (scene.request(ONE, 0, plain()), scene.request(OTHER, 0, plain()));
    assert_eq!(scene.claim(&others, KIND, Preference::Open), Ok(None), "another account");
    assert_eq!(scene.claim(&own, TypeId(1), Preference::Open), Ok(None), "another type");
    assert_eq!(scene.claim(&own, KIND, Preference::Open), Ok(Some((id, HostId(0)))));
    assert_eq!(scene.reservations.get(id).free, 5);
    let Scene { fleet, placer, reservations } = &mut scene;
    assert!(reservations.give_back(&own, id, (HostId(0), Affinity::default()), placer, fleet));
    assert_eq!(reservations.get(id).free, 6);
    let taken = scene.claim(&own, KIND, Preference::Open);
    assert_eq!(taken, Ok(Some((id, HostId(0)))));
    let Scene { fleet, placer, reservations } = &mut scene;
    assert_eq!(reservations.cancel(ONE, id, placer, fleet), Ok(5));
    assert!(
        !reservations.give_back(&own, id, (HostId(0), Affinity::default()), placer, fleet),
        "what was used is ordinary now"
    );
    let unknown = Failure::InvalidCapacityReservationIdNotFound.into();
    assert_eq!(reservations.cancel(ONE, id, placer, fleet), Err(unknown));
    assert_eq!(fleet.hosts()[0].instances, 1);
    assert_eq!(fleet.hosts()[1].instances, 2);
}

#[test]
fn a_targeted_reservation_waits_for_its_name() {
    let mut scene = scene(2, 1, GroupTenancy::Any);
    let id = scene.reserve(1, false).unwrap();
    let own = scene.request(ONE, 0, plain());
    assert_eq!(scene.claim(&own, KIND, Preference::Open), Ok(None));
    let named = Preference::Targeted(id);
    assert_eq!(scene.claim(&own, TypeId(1), named), Err(Failure::InvalidParameterValue.into()));
    assert_eq!(scene.claim(&own, KIND, named), Ok(Some((id, HostId(0)))));
    let full = Failure::ReservationCapacityExceeded.because(LimitKind::ReservationInstances, 1, 0);
    assert_eq!(scene.claim(&own, KIND, named), Err(full));
}

#[test]
fn a_reservation_is_made_whole_or_not_at_all() {
    let mut scene = scene(2, 1, GroupTenancy::Any);
    assert!(scene.reserve(9, true).is_err());
    assert!(scene.fleet.hosts().iter().all(|host| host.instances == 0));
    assert!(scene.reserve(8, true).is_ok());
}

#[test]
fn slots_move_off_a_host_while_there_is_room_elsewhere() {
    let mut scene = scene(2, 1, GroupTenancy::Any);
    let id = scene.reserve(3, true).unwrap();
    assert_eq!(scene.launch(OTHER, 0, Constraint { excluded: Some(HostId(0)), ..plain() }), Ok(1));
    let Scene { fleet, placer, reservations } = &mut scene;
    assert_eq!(reservations.move_slots(HostId(0), placer, fleet), 3);
    assert_eq!(reservations.get(id).slots().get(&(HostId(1), Affinity::default())), Some(&3));
}
