//! Zones and host groups as a scenario writes them, and the exact hosts they stand for.
//!
//! Problems carry the key path relative to the zone list (`0.hosts.1.count`); the scenario adds the place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hardware::{Architecture, Hardware};
use super::host::GroupTenancy;
use super::host_file;
use super::host_group::{DEFAULT_HOSTS_PER_RACK, HostGroup, Hosts, ListedHost, MAX_HOSTS};
use super::sale::{MILLION, MOST_RATIO, Sale};
use super::service_window::{Drain, ServiceWindow};
use super::topology::MAX_NODES;
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::units::{Decimal, Duration, QUANTITIES, Quantity, RESOURCES, Resources, parse_scaled};

/// The most hosts an elastic group opens where the scenario does not say: each has its record from the start.
pub const DEFAULT_MAX_HOSTS: u32 = 1_000_000;

/// A zone: a place that fails on its own, with hosts in it.
///
/// Its name and hosts are required: [`resolve`] refuses their defaults.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("required" = ["name", "hosts"]))]
pub struct ZoneConfig {
    /// Name of the zone, such as `use1-az1`; unique.
    #[serde(default)]
    pub name: String,
    /// Groups of equal hosts, numbered in this order; at least one.
    #[serde(default)]
    pub hosts: Vec<HostGroupConfig>,
    /// The instance types that the zone offers; default those that its hosts run. Any other is `Unsupported` there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offers: Option<OfferConfig>,
}

/// Instance types that a zone offers: those of the families, and the single types; of one architecture, if one is given.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OfferConfig {
    /// Families, such as `m5`; without `types` too, all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub families: Vec<String>,
    /// Types beside those of the families.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// Processor architecture; default any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<Architecture>,
}

impl OfferConfig {
    /// Returns the types it means.
    pub fn hardware(&self) -> Hardware {
        Hardware::new(&self.families, &self.types, self.architecture)
    }
}

/// A group of hosts: `count` equal ones, as many as needed (`elastic`), or those of a `file`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostGroupConfig {
    /// Number of equal hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// True: a host opens when no open one fits and closes when it empties.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elastic: bool,
    /// The most hosts an elastic group opens \[hosts\]; default 1,000,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_hosts: Option<u32>,
    /// CSV file with one host a row, in order: `vcpu,memory_gib` and optionally
    /// `gpu,local_storage_gib,network_gbps,name,rack,sku,families,types,architecture,numa_nodes,gpu_model`. Relative to the
    /// scenario file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// vCPU of each host \[vCPU\].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vcpu: Option<Decimal>,
    /// Memory of each host \[GiB\].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_gib: Option<Decimal>,
    /// GPUs of each host \[GPU\]; default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<Decimal>,
    /// Local storage of each host \[GiB\]; default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_storage_gib: Option<Decimal>,
    /// Network bandwidth of each host \[Gbit/s\]; default no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_gbps: Option<Decimal>,
    /// Name of the hardware, by which `[[placement.dedicated_hosts]]` and `[billing.prices]` know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// Families of instance types that the hosts run, such as `m5`; default, without `types` too, all. A type that no
    /// host of a zone runs is `Unsupported` there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub families: Vec<String>,
    /// Instance types that the hosts run beside those of `families`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// Processor architecture of the hosts; default any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<Architecture>,
    /// Processor sockets of each host. On a dedicated host no instance spans two that has room in one; default no such
    /// limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sockets: Option<u8>,
    /// NUMA nodes of each host, 1 to 8, over which vCPU and memory are divided evenly, what is left over not sold. An
    /// instance takes one, or half of what it asks for from each of two (`[placement.numa]`). Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numa_nodes: Option<u8>,
    /// Division of the GPU of each host; default `pooled`.
    #[serde(default, skip_serializing_if = "GpuDivision::is_pooled")]
    pub gpu_division: GpuDivision,
    /// Model of the GPUs, such as `V100M32`. Instances that name models go only to hosts of these; default none of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_model: Option<String>,
    /// vCPU sold for each vCPU of a host that is not reserved, as of OpenStack's `cpu_allocation_ratio`; default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vcpu_ratio: Option<Decimal>,
    /// Memory sold for each GiB of a host that is not reserved, as of OpenStack's `ram_allocation_ratio`; default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_ratio: Option<Decimal>,
    /// Hosts that share a rack, in order \[hosts\]; default 16.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts_per_rack: Option<u32>,
    /// vCPU of each host kept for the hypervisor and not sold \[vCPU\]; default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_vcpu: Option<Decimal>,
    /// Memory of each host kept for the hypervisor and not sold \[GiB\]; default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_memory_gib: Option<Decimal>,
    /// The most instances on one host \[instances\]; default no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_instances: Option<u32>,
    /// Tenancy of the hosts; default `any`.
    #[serde(default, skip_serializing_if = "GroupTenancy::is_any")]
    pub tenancy: GroupTenancy,
    /// Time at which the hosts arrive, from the start of the run; default: they are there.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub available_from: Duration,
    /// Time at which the hosts leave for good; default: they stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_until: Option<Duration>,
    /// Time before `available_until` from which on the hosts take no more instances; default 0s.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retire_notice: Duration,
    /// Treatment of the instances still there when the hosts leave; default `migrate`.
    #[serde(default, skip_serializing_if = "Drain::is_migrate")]
    pub drain: Drain,
    /// Price for an account of each of the hosts that it has allocated as a dedicated host \[USD/h\];
    /// default what `[billing.prices]` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedicated_usd_per_hour: Option<Decimal>,
}

/// Division of the GPU of a host.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GpuDivision {
    /// A single amount, of which every instance takes what it asks for.
    #[default]
    Pooled,
    /// Devices: a whole number takes whole devices, a share of one fits on one device.
    Devices,
}

impl GpuDivision {
    fn is_pooled(&self) -> bool {
        *self == GpuDivision::Pooled
    }
}

fn is_zero(duration: &Duration) -> bool {
    *duration == Duration::ZERO
}

/// Returns the exact groups of each zone of a scenario, reading their host files; or everything that is wrong, by
/// key path.
pub fn resolve(configs: &[ZoneConfig]) -> Result<Vec<Vec<HostGroup>>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut zones: Vec<Vec<HostGroup>> = Vec::new();
    if configs.is_empty() || configs.len() > usize::from(u16::MAX) {
        let message = format!("found {} zones, expected 1 to {}", configs.len(), u16::MAX);
        problems.push(Problem::new(Place::key("zones"), message));
    }
    let mut names = BTreeSet::new();
    for (i, config) in configs.iter().enumerate() {
        let place = || Place::key(&format!("zones.{i}.name"));
        if config.name.is_empty() {
            problems.push(Problem::new(place(), "found nothing, expected the zone's name"));
        } else if !names.insert(&config.name) {
            let message = format!("found `{}` twice, expected a name that no other zone has", config.name);
            problems.push(Problem::new(place(), message));
        }
        if config.hosts.is_empty() {
            let place = Place::key(&format!("zones.{i}.hosts"));
            problems.push(
                Problem::new(place, "found no hosts, expected at least one group")
                    .with_help("add a [[zones.hosts]] table"),
            );
        }
        // A group of no hosts is one that may have some, beside others.
        if !config.hosts.is_empty() && config.hosts.iter().all(|group| group.count == Some(0)) {
            let place = Place::key(&format!("zones.{i}.hosts.0.count"));
            problems.push(Problem::new(place, "found 0 hosts, expected at least 1 in one group of the zone"));
        }
        let mut groups: Vec<HostGroup> = Vec::new();
        for (j, group) in config.hosts.iter().enumerate() {
            match group.resolve(&format!("zones.{i}.hosts.{j}")) {
                Ok(group) => groups.push(group),
                Err(mut found) => problems.append(&mut found),
            }
        }
        zones.push(groups);
    }
    let groups: usize = zones.iter().map(Vec::len).sum();
    let hosts: u64 = zones.iter().flatten().map(HostGroup::most_hosts).sum();
    for (found, what, most) in
        [(hosts, "hosts", u64::from(MAX_HOSTS)), (groups as u64, "host groups", u64::from(u16::MAX))]
    {
        if found > most {
            let message = format!("found {found} {what} in all zones, expected at most {most}");
            problems.push(Problem::new(Place::key("zones"), message));
        }
    }
    if problems.is_empty() {
        problems.extend(hosts_named_twice(configs, &zones));
    }
    if problems.is_empty() { Ok(zones) } else { Err(problems) }
}

/// Returns the hosts of all host files, each with its file. The groups are those of the zones, in order.
pub fn listed_hosts<'a>(
    configs: &'a [ZoneConfig],
    zones: &'a [Vec<HostGroup>],
) -> impl Iterator<Item = (&'a Path, &'a ListedHost)> {
    let groups = configs.iter().flat_map(|zone| &zone.hosts).zip(zones.iter().flatten());
    let listed = groups.filter_map(|(config, group)| match (&config.file, &group.hosts) {
        (Some(file), Hosts::Listed(rows)) => Some((file.as_path(), rows)),
        _ => None,
    });
    listed.flat_map(|(file, rows)| rows.iter().map(move |row| (file, row)))
}

/// Returns a problem for each name that hosts of several files have, at the later one.
fn hosts_named_twice(configs: &[ZoneConfig], zones: &[Vec<HostGroup>]) -> Vec<Problem> {
    let mut names: BTreeMap<&str, (&Path, u64)> = BTreeMap::new();
    let mut problems = Vec::new();
    for (file, row) in listed_hosts(configs, zones) {
        let Some(name) = &row.name else { continue };
        let Some((earlier, line)) = names.insert(name, (file, row.line)) else { continue };
        let message = format!(
            "found the host `{name}` of {}:{line} again, expected a name of its own",
            earlier.display()
        );
        problems.push(Problem::new(Place::file(file).at_line(row.line).at_key("name"), message));
    }
    problems
}

impl HostGroupConfig {
    /// Returns the exact hosts of this group, reading its host file if it has one. `at` is the key path of the group.
    pub fn resolve(&self, at: &str) -> Result<HostGroup, Vec<Problem>> {
        let mut problems = Problems { at, found: Vec::new() };
        let sale = self.sale(&mut problems);
        let hosts = match (self.count, self.elastic, &self.file) {
            (Some(count), false, None) => {
                if count > MAX_HOSTS {
                    problems.add("count", format!("found {count} hosts, expected at most {MAX_HOSTS}"));
                }
                self.sellable(&sale, &mut problems).map(|sellable| Hosts::Fixed { count, sellable })
            }
            (None, true, None) => {
                let max_hosts = self.max_hosts.unwrap_or(DEFAULT_MAX_HOSTS);
                if max_hosts == 0 || max_hosts > MAX_HOSTS {
                    problems.add("max_hosts", format!("found {max_hosts}, expected 1 to {MAX_HOSTS} hosts"));
                }
                self.sellable(&sale, &mut problems).map(|sellable| Hosts::Elastic { max_hosts, sellable })
            }
            (None, false, Some(file)) => {
                self.refuse_quantities_beside_file(&mut problems);
                self.listed(file, &sale, &mut problems).map(Hosts::Listed)
            }
            _ => {
                problems.found.push(
                    Problem::new(
                        Place::key(at),
                        format!("found {}, expected exactly one of `count`, `elastic` and `file`", self.supplies()),
                    )
                    .with_help("say how many hosts there are: `count = 100`, `elastic = true` or `file = \"hosts.csv\"`"),
                );
                None
            }
        };
        if self.max_hosts.is_some() && !self.elastic {
            problems.add(
                "max_hosts",
                "found a limit on a group that does not grow, expected it only beside `elastic = true`",
            );
        }
        if let Some(price) = &self.dedicated_usd_per_hour {
            self.check_price(price, &mut problems);
        }
        self.check_dates(&mut problems);
        let sockets = self.sockets.map(u32::from);
        for (key, value) in [
            ("hosts_per_rack", self.hosts_per_rack),
            ("max_instances", self.max_instances),
            ("sockets", sockets),
        ] {
            if value == Some(0) {
                problems.add(key, "found 0, expected at least 1");
            }
        }
        match hosts {
            Some(hosts) if problems.found.is_empty() => Ok(HostGroup {
                hosts,
                hosts_per_rack: self.hosts_per_rack.unwrap_or(DEFAULT_HOSTS_PER_RACK),
                max_instances: self.max_instances,
                tenancy: self.tenancy,
                hardware: self.hardware(),
                sockets: self.sockets.unwrap_or(0),
                numa_nodes: self.numa_nodes.unwrap_or(1),
                has_gpu_devices: !self.gpu_division.is_pooled(),
                service_window: self.service_window(),
            }),
            _ => Err(problems.found),
        }
    }

    /// Returns the types that the hosts run.
    fn hardware(&self) -> Hardware {
        let gpu_model = self.gpu_model.clone().filter(|model| !model.is_empty());
        Hardware { gpu_model, ..Hardware::new(&self.families, &self.types, self.architecture) }
    }

    /// Returns the time that the hosts are there.
    fn service_window(&self) -> ServiceWindow {
        ServiceWindow {
            from: self.available_from,
            until: self.available_until,
            notice: self.retire_notice,
            drain: self.drain,
        }
    }

    fn check_dates(&self, problems: &mut Problems<'_>) {
        let has_dates = self.available_from > Duration::ZERO || self.available_until.is_some();
        if has_dates && self.elastic {
            let key = if self.available_until.is_some() { "available_until" } else { "available_from" };
            problems.add(
                key,
                "found a date of hosts that open as they are needed, expected it beside `count` or `file`",
            );
        }
        if let Some(until) = self.available_until
            && until <= self.available_from
        {
            let message =
                format!("found {until}, expected later than the {} of `available_from`", self.available_from);
            problems.add("available_until", message);
        }
        if self.available_until.is_none() && (self.retire_notice > Duration::ZERO || !self.drain.is_migrate())
        {
            let key = if self.drain.is_migrate() { "retire_notice" } else { "drain" };
            problems.add(key, "found it on hosts that never leave, expected it beside `available_until`");
        }
    }

    fn check_price(&self, price: &Decimal, problems: &mut Problems<'_>) {
        if let Err(reason) = crate::billing::usd(price) {
            let found = price.as_str();
            problems
                .add("dedicated_usd_per_hour", format!("found {found}, which {reason}; expected a price"));
        }
        if self.tenancy == GroupTenancy::Shared {
            let message = "found a price of dedicated hosts in a group whose `tenancy` is `shared`";
            problems.add("dedicated_usd_per_hour", message);
        }
    }

    /// Names the ways in which the group says how many hosts it has.
    fn supplies(&self) -> String {
        let given: Vec<&str> =
            [("`count`", self.count.is_some()), ("`elastic`", self.elastic), ("`file`", self.file.is_some())]
                .into_iter()
                .filter_map(|(name, given)| given.then_some(name))
                .collect();
        if given.is_empty() { "none".to_string() } else { given.join(" and ") }
    }

    /// Returns what makes of the capacity of a host the amounts that it sells.
    fn sale(&self, problems: &mut Problems<'_>) -> Sale {
        let nodes = self.numa_nodes.unwrap_or(1);
        if nodes == 0 || usize::from(nodes) > MAX_NODES {
            problems.add("numa_nodes", format!("found {nodes}, expected 1 to {MAX_NODES}"));
        }
        let ratio = |key: &str, value: &Option<Decimal>, problems: &mut Problems<'_>| {
            let millionths =
                value.as_ref().map_or(Ok(MILLION), |ratio| parse_scaled(ratio.as_str(), MILLION));
            match millionths {
                Ok(ratio @ 1..=MOST_RATIO) => ratio,
                _ => {
                    let found = value.as_ref().map_or("1", |ratio| ratio.as_str());
                    let expected = "more than 0 and at most 1000, in steps of a millionth";
                    problems.add(key, format!("found {found}, expected {expected}"));
                    MILLION
                }
            }
        };
        Sale {
            reserve: self.reserve(problems),
            vcpu_ratio: ratio("vcpu_ratio", &self.vcpu_ratio, problems),
            memory_ratio: ratio("memory_ratio", &self.memory_ratio, problems),
            nodes: nodes.max(1),
            has_devices: !self.gpu_division.is_pooled(),
        }
    }

    /// Returns the share of each host that is not sold.
    fn reserve(&self, problems: &mut Problems<'_>) -> Resources {
        let vcpu = problems.resource("reserved_vcpu", self.reserved_vcpu.as_ref(), Resources::VCPU);
        let memory =
            problems.resource("reserved_memory_gib", self.reserved_memory_gib.as_ref(), Resources::MEMORY);
        Resources::new(vcpu.unwrap_or(0), memory.unwrap_or(0))
    }

    /// Returns what each host has to sell, or `None` when the problems say why not.
    fn sellable(&self, sale: &Sale, problems: &mut Problems<'_>) -> Option<Resources> {
        let before = problems.found.len();
        for (key, value) in [("vcpu", &self.vcpu), ("memory_gib", &self.memory_gib)] {
            if value.is_none() {
                problems.add_at_group(format!("found no `{key}`, expected how much of it each host has"));
            }
        }
        let mut capacity = Resources::ZERO;
        capacity.0[Resources::NETWORK] = u32::MAX;
        for (i, value) in self.quantities().into_iter().enumerate() {
            if let Some(amount) = problems.resource(QUANTITIES[i].key, value.as_ref(), i) {
                capacity.0[i] = amount;
            }
        }
        if problems.found.len() > before {
            return None;
        }
        for (i, key, reserved_key) in [
            (Resources::VCPU, "vcpu", "reserved_vcpu"),
            (Resources::MEMORY, "memory_gib", "reserved_memory_gib"),
        ] {
            if capacity.0[i] == 0 {
                problems.add(key, "found 0, expected more than 0");
            } else if sale.reserve.0[i] >= capacity.0[i] {
                problems.add(
                    reserved_key,
                    format!("found a reserve that leaves nothing to sell, expected less than `{key}`"),
                );
            }
        }
        if problems.found.len() > before {
            return None;
        }
        let sellable = sale.sellable(&capacity, sale.nodes);
        sellable.map_err(|(resource, message)| problems.add(QUANTITIES[resource].key, message)).ok()
    }

    /// Returns the hosts of the file, or `None` after a problem is noted.
    fn listed(&self, path: &Path, sale: &Sale, problems: &mut Problems<'_>) -> Option<Vec<ListedHost>> {
        if let Err(error) = std::fs::metadata(path) {
            problems.add("file", format!("cannot read `{}`: {error}", path.display()));
            return None;
        }
        host_file::read(path, sale).map_err(|mut in_file| problems.found.append(&mut in_file)).ok()
    }

    /// Checks that quantities come from the scenario or from the host file, not from both.
    fn refuse_quantities_beside_file(&self, problems: &mut Problems<'_>) {
        for (quantity, value) in QUANTITIES.iter().zip(self.quantities()) {
            if value.is_some() {
                problems.add(quantity.key, "found beside `file`, expected it as a column of the host file");
            }
        }
    }

    /// Returns the quantities of a host in the order of [`Resources`].
    fn quantities(&self) -> [&Option<Decimal>; RESOURCES] {
        [&self.vcpu, &self.memory_gib, &self.gpu, &self.local_storage_gib, &self.network_gbps]
    }
}

/// Collects the problems of one group.
struct Problems<'a> {
    at: &'a str,
    found: Vec<Problem>,
}

impl Problems<'_> {
    fn add(&mut self, key: &str, message: impl Into<String>) {
        self.found.push(Problem::new(Place::key(&format!("{}.{key}", self.at)), message));
    }

    fn add_at_group(&mut self, message: String) {
        self.found.push(Problem::new(Place::key(self.at), message));
    }

    /// Returns a quantity in its smallest unit.
    fn resource(&mut self, key: &str, value: Option<&Decimal>, resource: usize) -> Option<u32> {
        let value = value?;
        let Quantity { units_per_one, smallest, .. } = QUANTITIES[resource];
        value
            .resource(units_per_one)
            .map_err(|reason| {
                let found = value.as_str();
                self.add(key, format!("{found} {reason}; expected 0 or more, in steps of {smallest}"));
            })
            .ok()
    }
}
