//! The six policies of the study: scores of the nodes with room, as the plugins of the repository compute them, in whole points of
//! 100, and the devices that a pod gets on the best.

use super::data::{Node, Pod};
use plimsoll_base::engine::random::Stream;
use plimsoll_base::units::Resources;
use plimsoll_model::fleet::topology::NodeOrder;
use plimsoll_model::placement::fragments::TypicalRequests;

/// vCPU of the largest node, by which scores are normalised \[milli-vCPU\] (`MaxSpecCpu`).
const MOST_VCPU: f64 = 128_000.0;
/// GPU of the largest node \[milli-GPU\] (`MaxSpecGpu`).
const MOST_GPU: i64 = 8_000;

/// Rule by which a node is chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Policy {
    /// Any, and any device with room for a share.
    Random,
    /// Least dot product of what is free and what is asked for, over the devices that may serve.
    Tetris,
    /// Nodes with pods of the same number of devices first, then the fullest.
    GpuClustering,
    /// Devices that are shared already, then unused ones of a node in use, then an unused node.
    GpuPacking,
    /// Least vCPU and GPU left.
    BestFit,
    /// Least growth of the fragments that typical pods cannot use.
    Fgd,
}

/// Returns the number of devices of a pod, and what it asks for of each \[milli-GPU\].
fn split(pod: &Pod) -> (u32, u32) {
    match pod.gpu_milli() {
        0 => (0, 0),
        share if pod.shares_device() => (1, share),
        whole => (whole / 1000, 1000),
    }
}

impl Policy {
    /// Returns the node for a pod and its devices, of equal scores the first; `None` where none has room.
    pub fn choose(
        self,
        nodes: &[Node],
        pod: &Pod,
        typical: &TypicalRequests,
        random: &mut Stream,
    ) -> Option<(usize, u16)> {
        let mut best: Option<(i64, usize, u16)> = None;
        for (number, node) in nodes.iter().enumerate().filter(|(_, node)| node.fits(pod)) {
            let (score, devices) = match self {
                Policy::Random => (random.below(1 << 40) as i64, random_devices(node, pod, random)),
                Policy::Fgd => fgd(node, pod, typical),
                _ => (self.score(node, pod), devices(node, pod)),
            };
            if best.is_none_or(|(most, ..)| score > most) {
                best = Some((score, number, devices));
            }
        }
        best.map(|(_, node, devices)| (node, devices))
    }

    /// Returns the score of a node with room, the most is best.
    fn score(self, node: &Node, pod: &Pod) -> i64 {
        match self {
            Policy::Tetris => tetris(node, pod),
            Policy::GpuClustering => clustering(node, pod),
            Policy::GpuPacking => packing(node, pod),
            Policy::BestFit => best_fit(node, pod),
            Policy::Random | Policy::Fgd => panic!("{self:?} chooses devices itself"),
        }
    }
}

/// Returns the devices that a pod gets: the fullest with room for a share, or the first unused ones.
fn devices(node: &Node, pod: &Pod) -> u16 {
    let affinity = node.parts.choose(&node.topology, &pod.footprint, NodeOrder::Lowest);
    affinity.expect("the node has room").devices
}

fn random_devices(node: &Node, pod: &Pod, random: &mut Stream) -> u16 {
    if !pod.shares_device() {
        return devices(node, pod);
    }
    let roomy: Vec<usize> = with_room(node, pod).collect();
    1 << roomy[random.below(roomy.len() as u64) as usize]
}

/// Returns the devices with room for a pod that shares one.
fn with_room(node: &Node, pod: &Pod) -> impl Iterator<Item = usize> {
    let asked = pod.gpu_milli();
    let devices = node.devices().iter().enumerate();
    devices.filter(move |(_, free)| u32::from(**free) >= asked).map(|(device, _)| device)
}

/// Score of `DotProd`, after Tetris, with `dimExtMethod: share` and `normMethod: max`.
fn tetris(node: &Node, pod: &Pod) -> i64 {
    let asked = pod.gpu_milli();
    let vcpu = f64::from(node.free.vcpu_milli()) / MOST_VCPU
        * (f64::from(pod.footprint.amounts.vcpu_milli()) / MOST_VCPU);
    let of = |gpu: u32| {
        let gpu = f64::from(gpu) / MOST_GPU as f64 * (f64::from(asked) / MOST_GPU as f64);
        1.0 - (vcpu + gpu) / 2.0
    };
    let unused = 1000 * node.devices().iter().filter(|free| **free == 1000).count() as u32;
    let shared = node.devices().iter().map(|free| u32::from(*free));
    let shared = shared.filter(|free| asked < 1000 && *free < 1000 && *free >= asked);
    let groups = shared.chain((asked <= unused).then_some(unused));
    (100.0 * groups.map(of).fold(-1.0, f64::max)) as i64
}

/// `GpuClusteringScore`, in whole numbers.
fn clustering(node: &Node, pod: &Pod) -> i64 {
    if pod.gpu_milli() == 0 {
        return 0;
    }
    let left: i64 = node.devices().iter().map(|free| i64::from(*free)).sum();
    let kinds = node.pods.iter().filter(|count| **count > 0).count();
    let is_there = node.pods[(pod.gpu_milli() / 1000) as usize] > 0;
    let quarter = match (is_there, kinds) {
        (true, 1) => 75,
        (true, _) => 50,
        (false, 0) => 25,
        (false, _) => 0,
    };
    25 * (MOST_GPU - left) / MOST_GPU + quarter
}

/// `GpuPackingScore`, in whole numbers.
fn packing(node: &Node, pod: &Pod) -> i64 {
    let (number, each) = split(pod);
    if number == 0 {
        return 0;
    }
    let unused = node.devices().iter().filter(|free| **free == 1000).count() as i64;
    if unused == node.devices().len() as i64 {
        return (33 - unused).max(unused);
    }
    let mut fullest_first: Vec<i64> = node.devices().iter().map(|free| i64::from(*free)).collect();
    fullest_first.sort_unstable();
    let used: Vec<i64> =
        fullest_first.into_iter().filter(|free| *free >= i64::from(each)).take(number as usize).collect();
    match used.iter().filter(|free| **free == 1000).count() as i64 {
        0 => (100 - used.iter().map(|free| free / 10).sum::<i64>() / 10).max(50),
        opened => (50 - opened).max(33),
    }
}

/// `BestFitScore`.
fn best_fit(node: &Node, pod: &Pod) -> i64 {
    let left = |resource: usize| f64::from(node.free.0[resource] - pod.footprint.amounts.0[resource]);
    let score = left(Resources::VCPU) / MOST_VCPU * 0.5 + left(Resources::GPU) / MOST_GPU as f64 * 0.5;
    ((1.0 - score) * 100.0) as i64
}

/// `FGDScore`: the sigmoid of the fragments that a pod saves, and the devices with which it saves most.
fn fgd(node: &Node, pod: &Pod, typical: &TypicalRequests) -> (i64, u16) {
    let fragments =
        |vcpu: u32, devices: &[u16]| typical.fragments(vcpu, devices) as f64 / typical.count() as f64;
    let before = fragments(node.free.vcpu_milli(), node.devices());
    let vcpu = node.free.vcpu_milli() - pod.footprint.amounts.vcpu_milli();
    let score = |taken: u16| {
        let mut after = node.clone();
        after.take(pod, taken);
        let saved = before - fragments(vcpu, after.devices());
        (100.0 / (1.0 + libm::exp(-saved / 1000.0))) as i64
    };
    if !pod.shares_device() {
        let taken = devices(node, pod);
        return (score(taken), taken);
    }
    let scored = with_room(node, pod).map(|device| (score(1 << device), 1 << device));
    scored.reduce(|best, other| if other.0 > best.0 { other } else { best }).expect("the node has room")
}
