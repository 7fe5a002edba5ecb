//! Host groups with every quantity exact, as [`resolve`](super::config::resolve) makes them of a scenario.

use super::hardware::Hardware;
use super::host::GroupTenancy;
use super::service_window::ServiceWindow;
use plimsoll_base::units::Resources;

/// The most hosts one fleet may have: their records alone then fill several GiB.
pub const MAX_HOSTS: u32 = 100_000_000;

/// Hosts in one rack where the scenario does not say: half of a 42-unit rack in 2U servers, with room for switches.
pub const DEFAULT_HOSTS_PER_RACK: u32 = 16;

/// Host group with every quantity exact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostGroup {
    /// Its hosts.
    pub hosts: Hosts,
    /// Hosts that share a rack where the hosts do not name one \[hosts\].
    pub hosts_per_rack: u32,
    /// The most instances on one host \[instances\], if there is a limit.
    pub max_instances: Option<u32>,
    /// Tenancy of the instances that the hosts take.
    pub tenancy: GroupTenancy,
    /// Types that the hosts run, unless the host file gives them.
    pub hardware: Hardware,
    /// Processor sockets of each; 0 if not given.
    pub sockets: u8,
    /// NUMA nodes of each that instances do not spread over; 1 if not given.
    pub numa_nodes: u8,
    /// True if their GPU devices are told apart.
    pub has_gpu_devices: bool,
    /// Time that they are there.
    pub service_window: ServiceWindow,
}

/// Hosts of a group. Sellable is capacity less reserve; network is `u32::MAX` where it has no limit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hosts {
    /// So many equal hosts.
    Fixed {
        /// Number of hosts \[hosts\].
        count: u32,
        /// Sellable capacity of each.
        sellable: Resources,
    },
    /// As many equal hosts as the demand needs.
    Elastic {
        /// The most that are open at once \[hosts\].
        max_hosts: u32,
        /// Sellable capacity of each.
        sellable: Resources,
    },
    /// The hosts of a file, in order.
    Listed(Vec<ListedHost>),
}

/// Host of a host file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedHost {
    /// Name, by which residents refer to it.
    pub name: Option<String>,
    /// Sellable capacity.
    pub sellable: Resources,
    /// The rack it names, if any.
    pub rack: Option<String>,
    /// Types that the host runs, if the file gives them.
    pub hardware: Option<Hardware>,
    /// NUMA nodes, if the file gives them.
    pub numa_nodes: Option<u8>,
    /// Model of its GPUs, if the file gives it.
    pub gpu_model: Option<String>,
    /// Line of the file.
    pub line: u64,
}

impl HostGroup {
    /// Returns a group of hosts as they are where a scenario says no more of them.
    pub fn of(hosts: Hosts) -> HostGroup {
        HostGroup {
            hosts,
            hosts_per_rack: DEFAULT_HOSTS_PER_RACK,
            max_instances: None,
            tenancy: GroupTenancy::Any,
            hardware: Hardware::default(),
            sockets: 0,
            numa_nodes: 1,
            has_gpu_devices: false,
            service_window: ServiceWindow::default(),
        }
    }

    /// Returns the greatest number of hosts of the group \[hosts\].
    pub fn most_hosts(&self) -> u64 {
        match &self.hosts {
            Hosts::Fixed { count, .. } => u64::from(*count),
            Hosts::Elastic { max_hosts, .. } => u64::from(*max_hosts),
            Hosts::Listed(rows) => rows.len() as u64,
        }
    }
}
