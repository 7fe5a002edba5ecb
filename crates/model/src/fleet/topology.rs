//! The parts of a host that an instance cannot spread over: NUMA nodes and GPU devices. What is free on each, and which
//! of them an instance takes.
//!
//! - vCPU and memory are the nodes': an instance takes one node, or half of what it asks for from each of two; of an odd
//!   amount the lower node gives the greater half. Two nodes are the lowest pair with room.
//! - GPU is the devices': a whole number takes whole devices, the lowest that are unused; a share of one fits on one
//!   device, the fullest with room for it, of equal ones the lowest (`AllocateGpuId` of open-gpu-share, the simulator of
//!   openb's authors). Above one, no device has room for a part of one: such a request fits nowhere.
//! - Local storage and network are the host's as a whole.
//!
//! A host that is not divided has no record of parts, and costs nothing.

use serde::{Deserialize, Serialize};

use plimsoll_base::units::{Footprint, NumaNodes, Resources};

/// The most NUMA nodes of a host: two sockets of four, as of EPYC in its finest setting (NPS4).
pub const MAX_NODES: usize = 8;

/// The most GPU devices of a host whose devices are told apart.
pub const MAX_DEVICES: usize = 16;

/// Thousandths of a whole device.
const WHOLE: u16 = 1000;

/// vCPU and memory of one node: its capacity, or what is free of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct NodeRoom {
    /// vCPU \[milli-vCPU\].
    pub vcpu_milli: u32,
    /// Memory \[MiB\].
    pub memory_mib: u32,
}

impl NodeRoom {
    fn of(amounts: &Resources) -> NodeRoom {
        NodeRoom { vcpu_milli: amounts.vcpu_milli(), memory_mib: amounts.memory_mib() }
    }

    /// Returns both halves of some amounts, the greater first.
    fn halves(amounts: &Resources) -> [NodeRoom; 2] {
        let all = NodeRoom::of(amounts);
        let less = NodeRoom { vcpu_milli: all.vcpu_milli / 2, memory_mib: all.memory_mib / 2 };
        [all.minus(less), less]
    }

    #[inline]
    fn covers(self, asked: NodeRoom) -> bool {
        self.vcpu_milli >= asked.vcpu_milli && self.memory_mib >= asked.memory_mib
    }

    fn minus(self, taken: NodeRoom) -> NodeRoom {
        NodeRoom {
            vcpu_milli: self.vcpu_milli - taken.vcpu_milli,
            memory_mib: self.memory_mib - taken.memory_mib,
        }
    }

    fn plus(self, given: NodeRoom) -> NodeRoom {
        NodeRoom {
            vcpu_milli: self.vcpu_milli + given.vcpu_milli,
            memory_mib: self.memory_mib + given.memory_mib,
        }
    }

    /// Returns true if there is so much vCPU and memory.
    pub fn has(self, amounts: &Resources) -> bool {
        self.covers(NodeRoom::of(amounts))
    }

    /// Returns a measure of the shares of a node of this capacity that are free, in double precision. Quotient, sum and
    /// minimum are rounded alike on every machine, and as NumPy rounds them (IEEE 754): published results depend on it.
    pub fn share(self, capacity: NodeRoom, measure: NodeMeasure) -> f64 {
        let vcpu = f64::from(self.vcpu_milli) / f64::from(capacity.vcpu_milli);
        let memory = f64::from(self.memory_mib) / f64::from(capacity.memory_mib);
        match measure {
            NodeMeasure::Lesser => vcpu.min(memory),
            NodeMeasure::Sum => vcpu + memory,
        }
    }
}

/// Division of the hosts of one kind into parts. The default is none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Topology {
    /// NUMA nodes; 0 where vCPU and memory are not divided.
    pub nodes: u8,
    /// GPU devices; 0 where GPU is one amount.
    pub devices: u8,
    /// Capacity of each node.
    pub node: NodeRoom,
}

impl Topology {
    /// Returns the division of a capacity, whose vCPU and memory are a multiple of the nodes and GPU a whole number of
    /// devices, where it is told apart. One node is none.
    pub fn new(capacity: &Resources, nodes: u8, has_devices: bool) -> Topology {
        let nodes = if nodes > 1 { nodes } else { 0 };
        let each = |amount: u32| amount.checked_div(u32::from(nodes)).unwrap_or(0);
        let devices = if has_devices { capacity.0[Resources::GPU] / u32::from(WHOLE) } else { 0 };
        Topology {
            nodes,
            devices: devices as u8,
            node: NodeRoom {
                vcpu_milli: each(capacity.vcpu_milli()),
                memory_mib: each(capacity.memory_mib()),
            },
        }
    }

    /// Returns true if hosts are not divided.
    #[inline]
    pub fn is_flat(&self) -> bool {
        self.nodes == 0 && self.devices == 0
    }

    /// Returns the parts of an empty host.
    pub fn empty(&self) -> Parts {
        let mut parts = Parts::default();
        parts.nodes[..usize::from(self.nodes)].fill(self.node);
        parts.devices[..usize::from(self.devices)].fill(WHOLE);
        parts
    }

    /// Returns true if an instance takes two nodes of such a host.
    fn splits(&self, footprint: &Footprint) -> bool {
        match footprint.numa {
            NumaNodes::Fewest => !self.node.covers(NodeRoom::of(&footprint.amounts)),
            NumaNodes::One => false,
            NumaNodes::Two => true,
        }
    }
}

/// Measure of what is free of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NodeMeasure {
    /// The lesser of the shares of its vCPU and memory that are free.
    Lesser,
    /// The sum of both.
    Sum,
}

/// Order in which the nodes of a host are tried for an instance that takes one; of equal ones the lowest comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NodeOrder {
    /// From the lowest.
    #[default]
    Lowest,
    /// From the one with the most left.
    Most(NodeMeasure),
    /// From the one with the least left.
    Least(NodeMeasure),
}

/// Parts of its host that an instance is on: a bit for each. None of them on a host that is not divided.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Affinity {
    /// NUMA nodes.
    pub nodes: u8,
    /// GPU devices.
    pub devices: u16,
}

/// Room on each part of a host: 96 bytes. Parts that it does not have are 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Parts {
    /// Of the nodes.
    pub nodes: [NodeRoom; MAX_NODES],
    /// Of the devices \[milli-GPU\].
    pub devices: [u16; MAX_DEVICES],
}

impl Parts {
    /// Returns true if an instance fits on the nodes and devices.
    pub fn have_room(&self, topology: &Topology, footprint: &Footprint) -> bool {
        self.have_nodes(topology, footprint) && self.have_devices(topology, footprint)
    }

    /// Returns true if an instance fits on the nodes.
    pub fn have_nodes(&self, topology: &Topology, footprint: &Footprint) -> bool {
        self.nodes_for(topology, footprint, NodeOrder::Lowest).is_some()
    }

    /// Returns true if an instance fits on the devices.
    pub fn have_devices(&self, topology: &Topology, footprint: &Footprint) -> bool {
        self.devices_for(topology, &footprint.amounts).is_some()
    }

    /// Returns the parts that an instance takes; `None` where it does not fit.
    pub fn choose(&self, topology: &Topology, footprint: &Footprint, order: NodeOrder) -> Option<Affinity> {
        let nodes = self.nodes_for(topology, footprint, order)?;
        let devices = self.devices_for(topology, &footprint.amounts)?;
        Some(Affinity { nodes, devices })
    }

    fn nodes_for(&self, topology: &Topology, footprint: &Footprint, order: NodeOrder) -> Option<u8> {
        let rooms = &self.nodes[..usize::from(topology.nodes)];
        if rooms.is_empty() {
            return Some(0);
        }
        if topology.splits(footprint) {
            let [greater, less] = NodeRoom::halves(&footprint.amounts);
            let low = rooms.iter().position(|room| room.covers(greater))?;
            let above = rooms[low + 1..].iter().position(|room| room.covers(less))?;
            return Some(1 << low | 1 << (low + 1 + above));
        }
        let asked = NodeRoom::of(&footprint.amounts);
        let mut fitting = (0..rooms.len()).filter(|node| rooms[*node].covers(asked));
        let node = match order {
            NodeOrder::Lowest => fitting.next()?,
            // Of equal ones the first.
            NodeOrder::Most(measure) => fitting.min_by(|a, b| {
                let left = |node: usize| rooms[node].share(topology.node, measure);
                left(*b).total_cmp(&left(*a))
            })?,
            NodeOrder::Least(measure) => fitting.min_by(|a, b| {
                let left = |node: usize| rooms[node].share(topology.node, measure);
                left(*a).total_cmp(&left(*b))
            })?,
        };
        Some(1 << node)
    }

    fn devices_for(&self, topology: &Topology, amounts: &Resources) -> Option<u16> {
        let asked = amounts.0[Resources::GPU];
        let devices = &self.devices[..usize::from(topology.devices)];
        if devices.is_empty() || asked == 0 {
            return Some(0);
        }
        let whole = u32::from(WHOLE);
        if asked < whole {
            let roomy = (0..devices.len()).filter(|device| u32::from(devices[*device]) >= asked);
            return roomy.min_by_key(|device| devices[*device]).map(|device| 1 << device);
        }
        if !asked.is_multiple_of(whole) {
            return None;
        }
        let unused = (0..devices.len()).filter(|device| devices[*device] == WHOLE);
        let taken = unused.take((asked / whole) as usize).fold(0, |taken: u16, device| taken | 1 << device);
        (taken.count_ones() == asked / whole).then_some(taken)
    }

    /// Returns true if these are parts for an instance, as many as it takes, and have room for it.
    pub fn have_room_on(&self, topology: &Topology, footprint: &Footprint, affinity: Affinity) -> bool {
        let [nodes, devices] = [u32::from(affinity.nodes), u32::from(affinity.devices)];
        if nodes >> topology.nodes != 0 || devices >> topology.devices != 0 {
            return false;
        }
        let asked = footprint.amounts.0[Resources::GPU];
        let share = if asked == 0 { 0 } else { asked.min(u32::from(WHOLE)) };
        let wanted_nodes = if topology.nodes == 0 { 0 } else { 1 + u32::from(topology.splits(footprint)) };
        let wanted_devices = if topology.devices == 0 || asked == 0 { 0 } else { asked.div_ceil(share) };
        if (nodes.count_ones(), devices.count_ones()) != (wanted_nodes, wanted_devices)
            || wanted_devices > 0 && wanted_devices * share != asked
        {
            return false;
        }
        let parts = match wanted_nodes {
            2 => NodeRoom::halves(&footprint.amounts),
            _ => [NodeRoom::of(&footprint.amounts); 2],
        };
        let mut on_nodes = (0..MAX_NODES).filter(|number| nodes >> number & 1 == 1).zip(parts);
        let mut on_devices = (0..MAX_DEVICES).filter(|number| devices >> number & 1 == 1);
        on_nodes.all(|(number, part)| self.nodes[number].covers(part))
            && on_devices.all(|number| u32::from(self.devices[number]) >= share)
    }

    /// Takes the amounts of an instance from the parts it is on.
    pub fn take(&mut self, footprint: &Footprint, affinity: Affinity) {
        self.each(footprint, affinity, |room, part| *room = room.minus(part), |free, share| *free -= share);
    }

    /// Gives the amounts of an instance back to the parts it is on. Panics where that is more than was taken.
    pub fn give(&mut self, topology: &Topology, footprint: &Footprint, affinity: Affinity) {
        self.each(footprint, affinity, |room, part| *room = room.plus(part), |free, share| *free += share);
        let is_whole = |room: &NodeRoom| topology.node.covers(*room);
        assert!(
            self.nodes.iter().all(is_whole) && self.devices.iter().all(|free| *free <= WHOLE),
            "a part of a host is given back more than was taken"
        );
    }

    fn each(
        &mut self,
        footprint: &Footprint,
        affinity: Affinity,
        node: impl Fn(&mut NodeRoom, NodeRoom),
        device: impl Fn(&mut u16, u16),
    ) {
        let nodes = (0..MAX_NODES).filter(|number| affinity.nodes >> number & 1 == 1);
        match affinity.nodes.count_ones() {
            0 => {}
            1 => nodes.for_each(|number| node(&mut self.nodes[number], NodeRoom::of(&footprint.amounts))),
            2 => {
                let halves = NodeRoom::halves(&footprint.amounts);
                nodes.zip(halves).for_each(|(number, half)| node(&mut self.nodes[number], half));
            }
            more => panic!("an instance on {more} nodes"),
        }
        if let Some(share) = footprint.amounts.0[Resources::GPU].checked_div(affinity.devices.count_ones()) {
            let devices = (0..MAX_DEVICES).filter(|number| affinity.devices >> number & 1 == 1);
            devices.for_each(|number| device(&mut self.devices[number], share as u16));
        }
    }

    /// Returns folded products of whole words, to find equal parts by.
    pub(super) fn hash(&self) -> usize {
        let rooms =
            self.nodes.iter().map(|room| u64::from(room.vcpu_milli) << 32 | u64::from(room.memory_mib));
        let four = |shares: &[u16]| shares.iter().fold(0, |word, share| word << 16 | u64::from(*share));
        let words = rooms.chain(self.devices.chunks(4).map(four));
        let fold = |hash: u64, word: u64| {
            let product = u128::from(hash ^ word) * 0x9e37_79b9_7f4a_7c15_d6e8_feb8_6659_fd93;
            (product >> 64) as u64 ^ product as u64
        };
        words.fold(0xe703_7ed1_a0b4_28db, fold) as usize
    }

    /// Returns true if these are the parts of a host of which so much is free.
    pub fn are_of(&self, topology: &Topology, free: &Resources) -> bool {
        let whole = topology.empty();
        let nodes = self.nodes.iter().zip(&whole.nodes).all(|(room, capacity)| capacity.covers(*room));
        let devices = self.devices.iter().zip(&whole.devices).all(|(share, capacity)| share <= capacity);
        let [vcpu, memory, gpu] = self.sums();
        let [free_vcpu, free_memory, free_gpu, ..] = free.0.map(u64::from);
        nodes
            && devices
            && (topology.nodes == 0 || (vcpu, memory) == (free_vcpu, free_memory))
            && (topology.devices == 0 || gpu == free_gpu)
    }

    /// Returns the vCPU \[milli-vCPU\] and memory \[MiB\] free on all nodes, and the GPU \[milli-GPU\] on all devices.
    pub fn sums(&self) -> [u64; 3] {
        let of = |amount: fn(&NodeRoom) -> u32| self.nodes.iter().map(|room| u64::from(amount(room))).sum();
        let devices = self.devices.iter().map(|free| u64::from(*free)).sum();
        [of(|room| room.vcpu_milli), of(|room| room.memory_mib), devices]
    }
}

#[cfg(test)]
mod tests;
