//! Nodes with GPUs, and the pods, of Alibaba's GPU cluster.

use std::path::Path;

use plimsoll_base::input::{InputError, Problem};
use plimsoll_base::table::{Dialect, Table};
use plimsoll_base::units::{Footprint, Resources, parse_resource};
use plimsoll_model::fleet::topology::{Affinity, Parts, Topology};

/// List of the nodes.
pub const NODES: &str = "openb_node_list_all_node.csv";

/// List of the pods.
pub const PODS: &str = "openb_pod_list_default.csv";

/// Pod of the list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Pod {
    /// Amounts that it asks for.
    pub footprint: Footprint,
}

impl Pod {
    /// Returns the GPU that it asks for \[milli-GPU\].
    pub fn gpu_milli(&self) -> u32 {
        self.footprint.amounts.0[Resources::GPU]
    }

    /// Returns true if it asks for a share of one device.
    pub fn shares_device(&self) -> bool {
        (1..1000).contains(&self.gpu_milli())
    }
}

/// Node with GPUs.
#[derive(Clone, Debug)]
pub struct Node {
    /// Free amounts.
    pub free: Resources,
    /// Division into devices.
    pub topology: Topology,
    /// Free amounts of the devices.
    pub parts: Parts,
    /// Pods on it by the GPU that each asks for: a share (0), or so many devices. None of those that ask for none.
    pub pods: [u32; 9],
}

impl Node {
    /// Returns what is free on each device \[milli-GPU\].
    pub fn devices(&self) -> &[u16] {
        &self.parts.devices[..usize::from(self.topology.devices)]
    }

    /// Returns true if it has room for a pod.
    pub fn fits(&self, pod: &Pod) -> bool {
        self.free.covers(&pod.footprint.amounts) && self.parts.have_room(&self.topology, &pod.footprint)
    }

    /// Puts a pod on it and on these devices.
    pub fn take(&mut self, pod: &Pod, devices: u16) {
        self.free = self.free.minus(&pod.footprint.amounts);
        self.parts.take(&pod.footprint, Affinity { nodes: 0, devices });
        if pod.gpu_milli() > 0 {
            self.pods[(pod.gpu_milli() / 1000) as usize] += 1;
        }
    }
}

/// The cluster and its list of pods.
pub struct Cluster {
    /// Nodes with GPUs, in the order of the list.
    pub nodes: Vec<Node>,
    /// Pods, in the order of the list.
    pub pods: Vec<Pod>,
    /// GPU of all nodes \[milli-GPU\].
    pub gpu_milli: u64,
}

impl Cluster {
    /// Reads the files of a folder.
    pub fn read(folder: &Path) -> Result<Cluster, InputError> {
        let mut nodes = Vec::new();
        for [vcpu, memory, gpu] in
            read_columns(&folder.join(NODES), [("cpu_milli", 1), ("memory_mib", 1), ("gpu", 1000)])?
        {
            let free = Resources([vcpu, memory, gpu, 0, 0]);
            let topology = Topology::new(&free, 1, true);
            if gpu > 0 {
                nodes.push(Node { free, topology, parts: topology.empty(), pods: [0; 9] });
            }
        }
        let columns = [("cpu_milli", 1), ("memory_mib", 1), ("num_gpu", 1), ("gpu_milli", 1)];
        let pod = |[vcpu, memory, number, share]: [u32; 4]| Pod {
            footprint: Footprint::from(Resources([vcpu, memory, number * share, 0, 0])),
        };
        let pods = read_columns(&folder.join(PODS), columns)?.into_iter().map(pod).collect();
        let gpu_milli = nodes.iter().map(|node| u64::from(node.free.0[Resources::GPU])).sum();
        Ok(Cluster { nodes, pods, gpu_milli })
    }
}

/// Reads columns of whole numbers below 2³², each in its units.
fn read_columns<const N: usize>(path: &Path, columns: [(&str, u64); N]) -> Result<Vec<[u32; N]>, InputError> {
    let mut table = Table::open_as(path, Dialect::default())?;
    let missing = columns.iter().filter(|(name, _)| table.column(name).is_none());
    let missing: Vec<Problem> = missing
        .map(|(name, _)| Problem::new(table.header_place().at_key(name), "found no such column, expected it"))
        .collect();
    if !missing.is_empty() {
        return Err(InputError(missing));
    }
    let positions = columns.map(|(name, units)| (table.column(name).expect("none is missing"), units));
    let mut rows = Vec::new();
    while table.advance()? {
        let mut row = [0; N];
        for (value, (column, units)) in row.iter_mut().zip(positions) {
            *value = table.parse(column, "a whole number", |text: &str| parse_resource(text, units))?;
        }
        rows.push(row);
    }
    Ok(rows)
}
