//! Inventory of a fleet as it stands: hosts and residents as `import inventory` makes them of people's lists, and what does not
//! go with them, by reason.

use std::collections::{BTreeMap, BTreeSet};

use super::StandingFleet;
use super::starting_scenario::StartingScenario;
use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::table::Instance;
use crate::cloud::simulation::event::{Event, Stamp, Timer};
use crate::cloud::world::World;
use crate::scenario::Scenario;
use plimsoll_base::input::InputError;
use plimsoll_base::units::{AccountId, HostId, PlacementGroupId, RackId, Time, TypeId};
use plimsoll_model::fleet::config;
use plimsoll_model::fleet::host::HostState;
use plimsoll_model::fleet::host_group::{HostGroup, Hosts, ListedHost};
use plimsoll_model::fleet::topology::Affinity;
use plimsoll_model::inventory::settle::Settled;
use plimsoll_model::inventory::write::InventoryFiles;
use plimsoll_model::inventory::{InventoryHost, InventoryInstance};
use plimsoll_model::lifecycle::State;
use plimsoll_model::placement::groups::GroupRule;
use plimsoll_model::placement::request::Tenancy;
use plimsoll_model::placement::tenancies::Ownership;
use plimsoll_model::workload::call::{LaunchOptions, LaunchTenancy};
use plimsoll_model::workload::trace::columns::{Column, PARTS};
use plimsoll_model::workload::trace::options;

/// Options of a launch that a resident keeps: those that concern its host, its price and its end.
const KEPT_OPTIONS: [Column; 8] = [
    Column::Group,
    Column::Partition,
    Column::Tenancy,
    Column::Purchase,
    Column::MaxPrice,
    Column::Interruption,
    Column::Tags,
    Column::Protection,
];

/// Inventory of a fleet, and the scenario that begins with it.
pub struct StandingInventory {
    /// Hosts and residents, and what does not go with them.
    pub settled: Settled,
    /// Number of hosts of each host file; files follow each other.
    hosts_of_files: Vec<usize>,
    scenario: StartingScenario,
}

impl StandingFleet {
    /// Returns the inventory of the fleet, which stands in a run of this scenario.
    ///
    /// # Errors
    /// A host file of the scenario can no longer be read.
    pub fn inventory(&self, scenario: &Scenario) -> Result<StandingInventory, InputError> {
        let mut settled = Settled::default();
        let listing = Listing::of(self, scenario, &mut settled)?;
        listing.list_instances(&mut settled);
        listing.list_reserved_slots(&mut settled);
        let hosts_of_groups = listing.hosts_of_groups();
        let scenario = StartingScenario::of(self, scenario, &hosts_of_groups, !settled.is_empty());
        scenario.zones_left_out.iter().for_each(|zone| settled.tell("zones left out: without a host", zone));
        let hosts_of_files = hosts_of_groups.into_iter().filter(|count| *count > 0).collect();
        Ok(StandingInventory { settled, hosts_of_files, scenario })
    }
}

impl StandingInventory {
    /// Returns the files that it becomes; the scenario has the name.
    pub fn files(&self, name: &str) -> InventoryFiles<'_> {
        let mut hosts = self.settled.hosts.iter();
        InventoryFiles {
            settled: &self.settled,
            host_files: self.hosts_of_files.iter().map(|of| hosts.by_ref().take(*of).collect()).collect(),
            names_zones: false,
            scenario: self.scenario.text(name),
        }
    }
}

/// Lister of what stands in a fleet.
struct Listing<'a> {
    world: &'a World,
    at: Time,
    /// Names of the hosts that are listed.
    names: BTreeMap<HostId, String>,
    /// Ends that are known.
    ends: BTreeMap<Slot, Time>,
    /// True if racks keep their numbers, by which partitions are told apart.
    keeps_racks: bool,
}

impl<'a> Listing<'a> {
    /// Lists the hosts.
    fn of(
        fleet: &'a StandingFleet,
        scenario: &Scenario,
        settled: &mut Settled,
    ) -> Result<Listing<'a>, InputError> {
        let StandingFleet { world, at, .. } = fleet;
        let groups = config::resolve(&scenario.zones);
        let groups = groups.map_err(|problems| scenario.locate(InputError(problems)))?;
        let rows = rows_of_files(world, groups.into_iter().flatten());
        let mut taken: BTreeSet<String> = rows.values().filter_map(|row| row.name.clone()).collect();
        let of_fleet = &world.hosts.fleet;
        let (mut names, mut racks) = (BTreeMap::new(), BTreeSet::new());
        let mut keeps_racks = !of_fleet.is_elastic();
        for id in (0..of_fleet.hosts().len() as u32).map(HostId) {
            let row = rows.get(&id);
            let reason = reason_to_leave_out(world, id);
            if matches!(reason, Some(Reason::NotOpen)) {
                continue;
            }
            let own_name = row.and_then(|row| row.name.clone());
            let name = own_name.unwrap_or_else(|| free_name(id, &mut taken));
            if let Some(Reason::Stated(reason)) = reason {
                settled.tell(reason, &name);
                continue;
            }
            let rack = of_fleet.rack_of(id);
            keeps_racks &= racks.contains(&rack) || rack == RackId(racks.len() as u32);
            racks.insert(rack);
            settled.hosts.push(listed_host(world, id, name.clone(), row));
            names.insert(id, name);
        }
        Ok(Listing { world, at: *at, names, ends: ends(world), keeps_racks })
    }

    /// Returns the number of listed hosts of each host group.
    fn hosts_of_groups(&self) -> Vec<usize> {
        let groups = self.world.hosts.fleet.groups().iter();
        groups.map(|of| self.names.range(of.first..HostId(of.first.0 + of.count)).count()).collect()
    }

    /// Lists the instances that are on listed hosts, in the order of their launch, and tells of the others.
    fn list_instances(&self, settled: &mut Settled) {
        let slots = self.world.instances.slots();
        let mut slots: Vec<_> = slots.filter(|(_, instance)| instance.state != State::Terminated).collect();
        slots.sort_unstable_by_key(|(_, instance)| instance.id);
        for (slot, instance) in slots {
            let name = instance.id.0.to_string();
            match self.names.get(&instance.host).filter(|_| instance.has_host) {
                Some(host) => {
                    if instance.stops.is_some() {
                        settled.tell("kept running: they would stop and start again", &name);
                    }
                    let resident = self.resident(slot, instance, (name, host.clone()), settled);
                    settled.residents.push(resident);
                }
                None if instance.has_host => settled.tell("left out: on a host that is left out", &name),
                None if instance.state == State::Stopped => settled.tell("left out: stopped", &name),
                None => settled.tell("left out: without a host", &name),
            }
        }
    }

    fn resident(
        &self,
        slot: Slot,
        instance: &Instance,
        (name, host): (String, String),
        settled: &mut Settled,
    ) -> InventoryInstance {
        let extras = self.world.instances.extras.get(slot).filter(|_| instance.has_extras);
        let launched_with = extras.and_then(|extras| extras.options.as_deref());
        let affinity = self.world.instances.affinity(slot);
        let mut options = launched_with.cloned().unwrap_or_default();
        options.affinity = Some(affinity).filter(|affinity| *affinity != Affinity::default());
        let group = extras.and_then(|extras| extras.constraint?.group);
        if group.is_some_and(|member| !self.keeps_partitions(member.group)) {
            settled.tell("kept without their partition: racks have other numbers", &name);
            (options.group, options.partition) = (None, None);
        }
        let end = self.ends.get(&slot).map(|end| Time(end.0 - self.at.0));
        InventoryInstance { end, ..self.row((name, host), instance.kind, instance.account, &options) }
    }

    fn keeps_partitions(&self, group: PlacementGroupId) -> bool {
        self.keeps_racks || !matches!(self.world.hosts.placer.groups.rule(group), GroupRule::Partition { .. })
    }

    /// Lists the free slots of capacity reservations on listed hosts as residents of their accounts.
    fn list_reserved_slots(&self, settled: &mut Settled) {
        for (number, reservation) in self.world.hosts.reservations.all().iter().enumerate() {
            let mut slots = 0;
            let places = reservation.slots().iter().filter_map(|((id, on), count)| {
                Some((self.names.get(id)?, Some(*on).filter(|on| *on != Affinity::default()), *count))
            });
            for (host, affinity, count) in places {
                let tenancy = match reservation.tenancy() {
                    Tenancy::Dedicated => LaunchTenancy::Dedicated,
                    Tenancy::Shared | Tenancy::Host(_) => LaunchTenancy::Shared,
                };
                let options = LaunchOptions { affinity, tenancy, ..LaunchOptions::default() };
                for _ in 0..count {
                    let name = format!("reservation-{number}-{slots}");
                    slots += 1;
                    settled.tell("kept as residents: room that capacity reservations hold", &name);
                    let place = (name, host.clone());
                    settled.residents.push(self.row(
                        place,
                        reservation.kind,
                        reservation.account(),
                        &options,
                    ));
                }
            }
        }
    }

    fn row(
        &self,
        (name, host): (String, String),
        kind: TypeId,
        account: AccountId,
        of_launch: &LaunchOptions,
    ) -> InventoryInstance {
        let directory = &self.world.directory;
        let cells = options::cells(of_launch, &directory.handles);
        let is_kept = |column: &Column| KEPT_OPTIONS.contains(column) || PARTS.contains(column);
        InventoryInstance {
            name,
            host,
            kind: directory.types.get(kind).name.clone(),
            account: directory.accounts()[account.index()].clone(),
            options: cells.into_iter().filter(|(column, _)| is_kept(column)).collect(),
            ..InventoryInstance::default()
        }
    }
}

/// Returns a name for a host that has none, and takes it: host files may have given the one by its number to another host.
fn free_name(id: HostId, taken: &mut BTreeSet<String>) -> String {
    let mut name = format!("host-{}", id.0);
    while !taken.insert(name.clone()) {
        name += "-of-the-run";
    }
    name
}

/// Returns the rows of host files, by host.
fn rows_of_files(world: &World, groups: impl Iterator<Item = HostGroup>) -> BTreeMap<HostId, ListedHost> {
    let mut rows = BTreeMap::new();
    for (group, hosts) in groups.zip(world.hosts.fleet.groups()) {
        if let Hosts::Listed(listed) = group.hosts {
            rows.extend((hosts.first.0..).map(HostId).zip(listed));
        }
    }
    rows
}

/// Reason for which a host is not listed.
enum Reason {
    /// Host of an elastic group that is not in use.
    NotOpen,
    /// Reason that is told.
    Stated(&'static str),
}

fn reason_to_leave_out(world: &World, id: HostId) -> Option<Reason> {
    let owner = world.hosts.placer.tenancies().owner(id);
    match world.hosts.fleet.hosts()[id.index()].state {
        HostState::Closed => Some(Reason::NotOpen),
        HostState::Unhealthy => Some(Reason::Stated("hosts left out: unhealthy")),
        HostState::Maintenance => Some(Reason::Stated("hosts left out: in maintenance, or soon to be")),
        HostState::Retired => Some(Reason::Stated("hosts left out: retired")),
        HostState::Active | HostState::Absent => match owner {
            Some((_, Ownership::Allocated)) => {
                Some(Reason::Stated("hosts left out: dedicated to an account"))
            }
            Some((_, Ownership::Instances | Ownership::Whole)) | None => None,
        },
    }
}

fn listed_host(world: &World, id: HostId, name: String, row: Option<&ListedHost>) -> InventoryHost {
    let fleet = &world.hosts.fleet;
    let sku = fleet.layouts().sku(&fleet.hosts()[id.index()]);
    let rack = row.and_then(|row| row.rack.clone());
    InventoryHost {
        name,
        capacity: sku.capacity,
        zone: world.directory.zones()[fleet.zone_of(id).index()].clone(),
        rack: rack.unwrap_or_else(|| format!("rack-{}", fleet.rack_of(id).0)),
        hardware: fleet.hardware().get(sku.hardware).clone(),
        numa_nodes: sku.topology.nodes,
        ..InventoryHost::default()
    }
}

/// Returns the ends of instances that are known: of lifetimes that end, and of instances that leave their host already.
fn ends(world: &World) -> BTreeMap<Slot, Time> {
    let mut ends: BTreeMap<Slot, Time> = BTreeMap::new();
    world.timers.queue.each(|at, event| {
        let Event::Instance(timer, stamp, slot) = event else { return };
        let is_valid = stamp == Stamp(world.instances.get(slot).stamp);
        let ends_then = match timer {
            Timer::LifetimeOver => true,
            Timer::Terminated | Timer::Stopped => is_valid,
            _ => false,
        };
        if ends_then {
            let end = ends.entry(slot).or_insert(at);
            *end = at.min(*end);
        }
    });
    ends
}
