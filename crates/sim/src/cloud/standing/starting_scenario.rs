//! Scenario that begins with a fleet as it stands: its hosts, types and placement, and a trace of what runs on it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use super::StandingFleet;
use crate::cloud::world::World;
use crate::scenario::Scenario;
use crate::scenario::config::LifecycleConfig;
use plimsoll_base::catalogue::{InstanceType, InstanceTypeConfig};
use plimsoll_base::units::{
    AccountId, Decimal, Duration, NS_PER_DAY, NumaNodes, QUANTITIES, Time, write_scaled,
};
use plimsoll_model::billing::BillingConfig;
use plimsoll_model::fleet::config::{DEFAULT_MAX_HOSTS, HostGroupConfig, ZoneConfig};
use plimsoll_model::headroom::{HeadroomConfig, LossDomain};
use plimsoll_model::inventory::write::{TRACE, hosts_file};
use plimsoll_model::placement::config::{GroupConfig, GroupStrategy, PlacementConfig};
use plimsoll_model::placement::groups::GroupRule;

/// Length of a run that begins with an inventory, until its reader says another.
const DAY: Duration = Duration(NS_PER_DAY);

/// Parts of a scenario that a fleet keeps. Demand, faults, quotas, addresses, volumes and the control plane are those of the
/// question that comes next.
#[derive(Serialize)]
struct KeptParts {
    name: String,
    seed: u64,
    duration: Duration,
    lifecycle: LifecycleConfig,
    headroom: HeadroomConfig,
    /// None where nothing runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    workload: Option<StartingDemand>,
    billing: BillingConfig,
    placement: PlacementConfig,
    instance_types: Vec<InstanceTypeConfig>,
    zones: Vec<ZoneConfig>,
}

#[derive(Serialize)]
struct StartingDemand {
    trace: PathBuf,
}

/// Scenario that begins with a fleet as it stands.
pub struct StartingScenario {
    scenario: KeptParts,
    /// Zones of which no host is listed.
    pub zones_left_out: Vec<String>,
}

impl StartingScenario {
    /// Returns the scenario of a fleet of which so many hosts of each group are listed, with residents or without.
    pub fn of(
        fleet: &StandingFleet,
        of_run: &Scenario,
        hosts_of_groups: &[usize],
        has_residents: bool,
    ) -> StartingScenario {
        let mut counts = hosts_of_groups.iter();
        let mut files = (0..).map(|number| PathBuf::from(hosts_file(number)));
        let mut zones = of_run.zones.clone();
        for zone in &mut zones {
            let groups = zone.hosts.iter().zip(counts.by_ref());
            zone.hosts = groups.flat_map(|(of, count)| groups_of(of, *count, fleet.at, &mut files)).collect();
        }
        let (zones, without): (Vec<_>, Vec<_>) = zones.into_iter().partition(|zone| !zone.hosts.is_empty());
        let known: BTreeSet<&str> = of_run.instance_types.iter().map(|of| of.name.as_str()).collect();
        let asked = asked_types(&fleet.world);
        let shapes = asked.iter().filter(|of| of.is_shape && !known.contains(of.kind.name.as_str()));
        let survive = of_run.headroom.as_ref().and_then(|headroom| headroom.survive);
        let scenario = KeptParts {
            name: String::new(),
            seed: of_run.seed,
            duration: DAY,
            lifecycle: of_run.lifecycle.clone(),
            headroom: HeadroomConfig {
                every: DAY,
                survive: Some(survive.unwrap_or(LossDomain::Host)),
                types: asked.iter().map(|of| of.kind.name.clone()).collect(),
            },
            workload: has_residents.then(|| StartingDemand { trace: PathBuf::from(TRACE) }),
            billing: of_run.billing.clone(),
            placement: PlacementConfig {
                groups: placement_groups(&fleet.world, &of_run.placement.groups),
                dedicated_hosts: Vec::new(),
                capacity_reservations: Vec::new(),
                ..of_run.placement.clone()
            },
            instance_types: of_run
                .instance_types
                .iter()
                .cloned()
                .chain(shapes.map(|of| type_of(of.kind)))
                .collect(),
            zones,
        };
        StartingScenario { scenario, zones_left_out: without.into_iter().map(|zone| zone.name).collect() }
    }

    /// Returns its text, with a name.
    pub fn text(&self, name: &str) -> String {
        let mut scenario = toml::Table::try_from(&self.scenario).expect("a scenario is plain data");
        scenario.insert("name".to_string(), name.into());
        format!(
            "# The fleet as it stood in a run: hosts and what ran on them.\n#   plimsoll run scenario.toml\n{}",
            toml::to_string(&scenario).expect("a scenario is plain data")
        )
    }
}

/// Returns the host groups that a group becomes: its listed hosts, with the rest of an elastic one beside them.
fn groups_of(
    group: &HostGroupConfig,
    listed: usize,
    at: Time,
    files: &mut impl Iterator<Item = PathBuf>,
) -> Vec<HostGroupConfig> {
    let since = |time: Duration| Duration(time.0.saturating_sub(at.0));
    let of_file = (listed > 0).then(|| HostGroupConfig {
        count: None,
        elastic: false,
        max_hosts: None,
        file: files.next(),
        vcpu: None,
        memory_gib: None,
        gpu: None,
        local_storage_gib: None,
        network_gbps: None,
        families: Vec::new(),
        types: Vec::new(),
        architecture: None,
        numa_nodes: None,
        gpu_model: None,
        vcpu_ratio: None,
        memory_ratio: None,
        hosts_per_rack: None,
        reserved_vcpu: None,
        reserved_memory_gib: None,
        available_from: since(group.available_from),
        available_until: group.available_until.map(since),
        ..group.clone()
    });
    let most = group.max_hosts.unwrap_or(DEFAULT_MAX_HOSTS);
    let left = most.saturating_sub(u32::try_from(listed).expect("hosts are below 2³²"));
    let rest =
        (group.elastic && left > 0).then(|| HostGroupConfig { max_hosts: Some(left), ..group.clone() });
    of_file.into_iter().chain(rest).collect()
}

/// Type that was asked for.
struct AskedType<'a> {
    kind: &'a InstanceType,
    /// True of a size without a name.
    is_shape: bool,
}

/// Returns the types asked for so far, in the order of their ids.
fn asked_types(world: &World) -> Vec<AskedType<'_>> {
    let types = &world.directory.types;
    let named: BTreeSet<&str> = types.known().map(|kind| kind.name.as_str()).collect();
    let asked = types.iter().zip(&world.types.known).filter(|(_, known)| known.is_some());
    asked.map(|((_, kind), _)| AskedType { kind, is_shape: !named.contains(kind.name.as_str()) }).collect()
}

/// Returns a size without a name as a type of the name that messages give it.
fn type_of(shape: &InstanceType) -> InstanceTypeConfig {
    let mut amounts = shape.request.0.iter().zip(&QUANTITIES).map(|(amount, quantity)| {
        let mut text = Vec::new();
        write_scaled(&mut text, u64::from(*amount), quantity.units_per_one);
        let text = String::from_utf8(text).expect("digits and a point");
        Some(Decimal::from(text.as_str())).filter(|_| *amount > 0)
    });
    let mut next = || amounts.next().expect("an amount of each resource");
    let (vcpu, memory_gib, gpu, local_storage_gib, network_gbps) = (next(), next(), next(), next(), next());
    InstanceTypeConfig {
        name: shape.name.clone(),
        vcpu: Some(vcpu.unwrap_or(Decimal::from("0"))),
        memory_gib: Some(memory_gib.unwrap_or(Decimal::from("0"))),
        gpu,
        local_storage_gib,
        network_gbps,
        numa: shape.numa.and_then(|numa| match numa {
            NumaNodes::Fewest => None,
            NumaNodes::One => Some(1),
            NumaNodes::Two => Some(2),
        }),
        gpu_models: shape.gpu_models.clone(),
        max_interfaces: None,
        addresses_per_interface: None,
        max_attachments: None,
        on_demand_usd_per_hour: None,
    }
}

/// Returns the placement groups there are: those that every account has, and those of single accounts.
fn placement_groups(world: &World, of_scenario: &[GroupConfig]) -> Vec<GroupConfig> {
    let of_everyone = of_scenario.iter().filter(|group| group.account.is_none());
    let mut groups: Vec<GroupConfig> = of_everyone.cloned().collect();
    let shared: BTreeSet<String> = groups.iter().map(|group| group.name.clone()).collect();
    let placed = &world.hosts.placer.groups;
    for (account, account_name) in (0..).map(AccountId).zip(world.directory.accounts()) {
        for (name, id) in placed.of_account(account).filter(|(name, _)| !shared.contains(*name)) {
            groups.push(group_config(name, account_name, placed.rule(id)));
        }
    }
    groups
}

fn group_config(name: &str, account: &str, rule: GroupRule) -> GroupConfig {
    let (mut partitions, mut strict, mut most) = (None, None, None);
    let strategy = match rule {
        GroupRule::Spread { max_per_zone } => {
            most = Some(max_per_zone);
            GroupStrategy::Spread
        }
        GroupRule::Partition { partitions: number } => {
            partitions = Some(number);
            GroupStrategy::Partition
        }
        GroupRule::Cluster { strict: is_strict } => {
            strict = Some(is_strict);
            GroupStrategy::Cluster
        }
    };
    let (name, account) = (name.to_string(), Some(account.to_string()));
    GroupConfig { name, strategy, account, partitions, strict, max_per_zone: most }
}
