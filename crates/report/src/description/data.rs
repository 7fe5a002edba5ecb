//! Data of a description.

use serde::Serialize;

use plimsoll_base::units::TypeId;
use plimsoll_model::fleet::totals::{Total, Totals};
use plimsoll_model::headroom::{LossDomain, Survival};
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::standing::description::{FleetDescription, Holding};
use plimsoll_sim::scenario::Scenario;

/// The schema of this version.
const SCHEMA: &str = "plimsoll/description/1";

/// Description of a fleet. vCPU and GPU are whole ones, memory is in GiB.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DescriptionData {
    /// Schema.
    pub schema: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Hosts of all groups.
    pub fleet: UseData,
    /// Zones, in the order of the scenario.
    pub zones: Vec<ZoneData>,
    /// Host groups, in the order of the scenario.
    pub groups: Vec<GroupData>,
    /// vCPU that is free where memory is too short for the smallest type.
    pub vcpu_stranded: f64,
    /// Memory that is free where vCPU is too short for the smallest type.
    pub memory_stranded_gib: f64,
    /// Fewest hosts that a repacking finds for what runs.
    pub hosts_compacted: Option<u64>,
    /// No packing needs fewer hosts than this.
    pub hosts_lower_bound: u64,
    /// Instances that the first moment of the demand asked for and that found no room.
    pub refused: u64,
    /// Accounts, the most vCPU first.
    pub accounts: Vec<HoldingData>,
    /// Types, the most vCPU first.
    pub types: Vec<TypeData>,
    /// Loss of any one host, rack or zone.
    pub losses: Vec<LossData>,
}

/// Hosts and their use.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct UseData {
    /// Hosts.
    pub hosts: u64,
    /// Of these, with an instance.
    pub hosts_used: u64,
    /// vCPU to sell.
    pub vcpu: f64,
    /// vCPU in use.
    pub vcpu_used: f64,
    /// Memory to sell.
    pub memory_gib: f64,
    /// Memory in use.
    pub memory_used_gib: f64,
    /// GPU to sell.
    pub gpu: f64,
    /// GPU in use.
    pub gpu_used: f64,
}

/// Zone.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ZoneData {
    /// Name.
    pub zone: String,
    /// Hosts of all its groups and their use.
    #[serde(flatten)]
    pub usage: UseData,
}

/// Host group.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct GroupData {
    /// Zone.
    pub zone: String,
    /// Kind of hardware.
    pub sku: String,
    /// Hosts and their use.
    #[serde(flatten)]
    pub usage: UseData,
}

/// Instances of an account or a type that are on hosts.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct HoldingData {
    /// Name of the account or type.
    pub name: String,
    /// Instances.
    pub instances: u64,
    /// vCPU.
    pub vcpu: f64,
    /// Memory.
    pub memory_gib: f64,
    /// GPU.
    pub gpu: f64,
    /// Hosts that have one of its instances.
    pub hosts: u64,
}

/// Type: what there is of it, and what still fits.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TypeData {
    /// Instances of it.
    #[serde(flatten)]
    pub holding: HoldingData,
    /// Instances of it alone that still fit.
    pub fit: u64,
    /// The same beside what the worst loss of one host displaces; null where there is one host.
    pub fit_after_loss_of_host: Option<u64>,
}

/// Loss of any one host, rack or zone.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct LossData {
    /// `host`, `rack` or `zone`.
    pub domain: String,
    /// Number of them.
    pub domains: u64,
    /// Of these, such whose loss leaves instances without room.
    pub violations: u64,
    /// The worst one, by name, or by number from 0.
    pub worst: String,
    /// Instances on it.
    pub displaced: u64,
    /// Of these, without room on the rest.
    pub unplaced: u64,
    /// Free vCPU after that.
    pub spare_vcpu: f64,
    /// Free memory after that.
    pub spare_memory_gib: f64,
    /// Largest type of which one still fits after any loss.
    pub largest_type: Option<String>,
}

fn cores(milli: u64) -> f64 {
    milli as f64 / 1000.0
}

fn gib(mib: u64) -> f64 {
    mib as f64 / 1024.0
}

impl DescriptionData {
    /// Returns the data of a description. `directory` has the names of the run.
    pub fn of(scenario: &Scenario, described: &FleetDescription, directory: &Directory) -> DescriptionData {
        let sample = &described.sample;
        let kinds = scenario.host_kinds();
        let zones = scenario.zones.iter().flat_map(|zone| zone.hosts.iter().map(|_| &zone.name));
        let groups =
            zones.zip(&kinds.of_group).zip(&described.groups).map(|((zone, kind), totals)| GroupData {
                zone: zone.clone(),
                sku: kinds.names[usize::from(*kind)].clone(),
                usage: UseData::of(totals),
            });
        let account = |id: usize| directory.accounts()[id].clone();
        DescriptionData {
            schema: SCHEMA.to_string(),
            scenario: scenario.name.clone(),
            zones: zones_of(scenario, &described.groups),
            groups: groups.collect(),
            fleet: UseData::of(&sum(&described.groups)),
            vcpu_stranded: cores(sample.vcpu_stranded_milli),
            memory_stranded_gib: gib(sample.memory_stranded_mib),
            hosts_compacted: described.headroom.hosts_compacted,
            hosts_lower_bound: described.headroom.hosts_lower_bound,
            refused: sample.launches_requested - sample.launches_succeeded,
            accounts: described
                .accounts
                .iter()
                .map(|(id, held)| HoldingData::of(account(id.index()), held))
                .collect(),
            types: described
                .types
                .iter()
                .map(|(kind, held)| TypeData::of(*kind, held, described, directory))
                .collect(),
            losses: described
                .survival
                .iter()
                .map(|(domain, loss)| LossData::of(*domain, loss, directory))
                .collect(),
        }
    }
}

/// Returns the use of each zone, whose host groups follow each other.
fn zones_of(scenario: &Scenario, groups: &[Totals]) -> Vec<ZoneData> {
    let mut rest = groups;
    let zones = scenario.zones.iter().map(|zone| {
        let (own, others) = rest.split_at(zone.hosts.len().min(rest.len()));
        rest = others;
        ZoneData { zone: zone.name.clone(), usage: UseData::of(&sum(own)) }
    });
    zones.collect()
}

fn sum(groups: &[Totals]) -> Totals {
    let mut sum = Totals::default();
    groups.iter().for_each(|group| sum.0.iter_mut().zip(group.0).for_each(|(sum, own)| *sum += own));
    sum
}

impl UseData {
    fn of(totals: &Totals) -> UseData {
        UseData {
            hosts: totals[Total::Hosts],
            hosts_used: totals[Total::HostsUsed],
            vcpu: cores(totals[Total::Vcpu]),
            vcpu_used: cores(totals[Total::VcpuUsed]),
            memory_gib: gib(totals[Total::Memory]),
            memory_used_gib: gib(totals[Total::MemoryUsed]),
            gpu: cores(totals[Total::Gpu]),
            gpu_used: cores(totals[Total::GpuUsed]),
        }
    }
}

impl HoldingData {
    fn of(name: String, held: &Holding) -> HoldingData {
        HoldingData {
            name,
            instances: held.instances,
            vcpu: cores(held.vcpu_milli),
            memory_gib: gib(held.memory_mib),
            gpu: cores(held.gpu_milli),
            hosts: held.hosts,
        }
    }
}

impl TypeData {
    fn of(kind: TypeId, held: &Holding, described: &FleetDescription, directory: &Directory) -> TypeData {
        let among = |counts: &[(TypeId, u64)]| {
            counts.iter().find(|(known, _)| *known == kind).map_or(0, |(_, count)| *count)
        };
        let host = described.survival.iter().find(|(domain, _)| *domain == LossDomain::Host);
        TypeData {
            holding: HoldingData::of(directory.types.get(kind).name.clone(), held),
            fit: among(&described.headroom.allocable),
            fit_after_loss_of_host: host.map(|(_, survival)| among(&survival.allocable)),
        }
    }
}

impl LossData {
    fn of(domain: LossDomain, loss: &Survival, directory: &Directory) -> LossData {
        LossData {
            domain: domain.name().to_string(),
            domains: loss.domains,
            violations: loss.violations,
            worst: loss.worst_name.clone(),
            displaced: loss.displaced,
            unplaced: loss.unplaced,
            spare_vcpu: cores(loss.spare_vcpu_milli),
            spare_memory_gib: gib(loss.spare_memory_mib),
            largest_type: loss.largest.map(|kind| directory.types.get(kind).name.clone()),
        }
    }
}
