//! What a run yields: plain figures, from which every report is made. Nothing here knows a file or a clock.
//!
//! Counts, means and peaks begin at the end of the warm-up; first times are absolute.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::cloud::observe::explain::{Decision, Explanation};
use plimsoll_base::metrics::Exhaustion;
use plimsoll_base::units::{Time, TypeId};
use plimsoll_model::billing::Bill;
use plimsoll_model::control_plane::plane::figures::ControlPlaneUse;
use plimsoll_model::headroom::Shares;
use plimsoll_model::network::security::Decisions;
use plimsoll_model::operation::Operation;
use plimsoll_model::workload::directory::Directory;

pub use crate::cloud::observe::tally::{Disruptions, FirstFailure, Tally};

/// Every figure of one run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Hash over the ordered stream of everything that happened.
    pub digest: u128,
    /// Where the simulation ended: its duration, or the last event of the trace.
    pub horizon: Time,
    /// End of the warm-up, at most `horizon`.
    pub warmup_end: Time,
    /// Time of the trace's first row; `None` where the demand has no trace.
    pub trace_start: Option<Time>,
    /// Launches \[instances\].
    pub launch: Tally,
    /// Every operation that was called at least once, in the order of [`Operation`] \[calls\].
    pub operations: Vec<(Operation, Tally)>,
    /// The first refusal for each reason, warm-up included, in the order of time.
    pub first_failures: Vec<FirstFailure>,
    /// What was there when the run began in steady state.
    pub residents: Residents,
    /// Events that no call asked for.
    pub disruptions: Disruptions,
    /// Answers of calls on instances, one an instance, of every operation that had any.
    pub answers: Vec<(Operation, Tally)>,
    /// Instances that calls of `describe` found.
    pub described_instances: u64,
    /// Pages they filled.
    pub described_pages: u64,
    /// Hosts and what is on them.
    pub fleet: FleetUse,
    /// Addresses.
    pub network: NetworkUse,
    /// What decided the probes.
    pub probes: Decisions,
    /// Statistics of the headroom samples; `None` where the scenario asks for none.
    pub headroom: Option<HeadroomUse>,
    /// What came of the calls on their way; `None` where no control plane is modelled.
    pub control_plane: Option<ControlPlaneUse>,
    /// The backend of the volumes of every zone, in file order, by the zone's name.
    pub backends: Vec<(String, BackendUse)>,
    /// Money.
    pub bill: Bill,
    /// The names behind the ids of the bill.
    pub directory: Directory,
    /// Durations of what took time, by name, such as `launch`; each with at least one value.
    pub latency: Vec<Latency>,
    /// Decisions about the subject of `--explain`; `None` without one.
    pub explanation: Option<Explanation>,
    /// Events dispatched since the start, warm-up included.
    pub events: u64,
    /// Successful launches and terminates \[instances\] since the start, warm-up included.
    pub lifecycle_events: u64,
}

impl Outcome {
    /// Returns the decisions about the subject of `--explain`; empty without one.
    pub fn decisions(&self) -> &[Decision] {
        self.explanation.as_ref().map_or(&[], |explanation| &explanation.decisions)
    }
}

/// Statistics of the headroom samples, warm-up left out. A figure has no value where no sample had one.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct HeadroomUse {
    /// More of the live mix that would have fitted \[instances\].
    pub instances: Span,
    /// The same by the instances that ran.
    pub ratio: Span,
    /// Free vCPU at the end of that inflation, by all there was.
    pub stranded_vcpu_ratio: Span,
    /// Free memory at the end of that inflation, by all there was.
    pub stranded_memory_ratio: Span,
    /// Room free that an instance of the live mix could not use, by all there was.
    pub unusable: ShareSpans,
    /// Fragments as FGD counts them, by all there was.
    pub fgd: ShareSpans,
    /// Hosts that a repacking would have needed.
    pub hosts_compacted: Span,
    /// Hosts that any packing would have needed.
    pub hosts_lower_bound: Span,
    /// Instances of each type alone that would have fitted.
    pub allocable: BTreeMap<TypeId, Span>,
    /// When what is limited runs out if it goes on as it did, by its name.
    pub exhaustion: Vec<(String, Exhaustion)>,
}

/// Shares of each resource over several samples; GPU has values where hosts have some.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ShareSpans {
    /// Of vCPU.
    pub vcpu: Span,
    /// Of memory.
    pub memory: Span,
    /// Of GPU.
    pub gpu: Span,
}

impl ShareSpans {
    /// Adds the shares of a sample.
    pub fn note(&mut self, shares: &Shares) {
        self.vcpu.note(shares.vcpu);
        self.memory.note(shares.memory);
        if let Some(gpu) = shares.gpu {
            self.gpu.note(gpu);
        }
    }
}

/// Values of several samples.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Span {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The least of them.
    pub least: f64,
    /// The greatest.
    pub most: f64,
    /// The last.
    pub last: f64,
}

impl Span {
    /// Adds the value of a sample.
    pub fn note(&mut self, value: f64) {
        if self.count == 0 {
            (self.least, self.most) = (value, value);
        }
        self.count += 1;
        self.sum += value;
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        self.last = value;
    }

    /// Their mean; `None` where there is no value.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// The instances that were there when the run began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Residents {
    /// Drawn from the equilibrium \[instances\].
    pub expected: u64,
    /// Of these, placed on a host \[instances\].
    pub placed: u64,
}

/// What the fleet has and how it was used. Ratios are 0 to 1 of what can be sold: capacity less reserve.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FleetUse {
    /// Hosts \[hosts\]; of elastic groups the most that were open at once.
    pub hosts: u64,
    /// What `hosts` have to sell \[milli-vCPU\].
    pub vcpu_milli: u64,
    /// What `hosts` have to sell \[MiB\].
    pub memory_mib: u64,
    /// What `hosts` have to sell \[milli-GPU\].
    pub gpu_milli: u64,
    /// Most hosts with at least one instance \[hosts\].
    pub hosts_used_peak: u64,
    /// Hosts that any packing would have needed at the peak \[hosts\].
    pub hosts_lower_bound_peak: u64,
    /// The same on average; not a whole number.
    pub hosts_lower_bound_mean: f64,
    /// Mean of the hosts with at least one instance \[hosts\].
    pub hosts_used_mean: f64,
    /// Mean share of open hosts without any instance.
    pub hosts_empty_ratio_mean: f64,
    /// Time integral of the hosts with at least one instance \[host · s\].
    pub host_seconds_used: f64,
    /// Mean share of vCPU in use.
    pub vcpu_used_ratio_mean: f64,
    /// Peak share of vCPU in use.
    pub vcpu_used_ratio_peak: f64,
    /// Mean share of memory in use.
    pub memory_used_ratio_mean: f64,
    /// Peak share of memory in use.
    pub memory_used_ratio_peak: f64,
    /// Mean share of GPU in use; 0 without GPUs.
    pub gpu_used_ratio_mean: f64,
    /// Peak share of GPU in use; 0 without GPUs.
    pub gpu_used_ratio_peak: f64,
    /// Mean of vCPU in use ÷ vCPU of non-empty hosts.
    pub packing_density_vcpu_mean: f64,
    /// Mean of memory in use ÷ memory of non-empty hosts.
    pub packing_density_memory_mean: f64,
    /// Mean share of vCPU that is free where memory is too short for the smallest request.
    pub stranded_vcpu_ratio_mean: f64,
    /// Mean share of memory that is free where vCPU is too short for the smallest request.
    pub stranded_memory_ratio_mean: f64,
    /// Mean of the instances running \[instances\].
    pub instances_running_mean: f64,
    /// Most instances running at once \[instances\].
    pub instances_running_peak: u64,
}

/// How addresses were used.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct NetworkUse {
    /// Every subnet, in file order.
    pub subnets: Vec<(String, PoolUse)>,
    /// The public pool.
    pub public: PoolUse,
    /// Elastic addresses.
    pub elastic: ElasticUse,
}

/// How elastic addresses were used.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ElasticUse {
    /// All there are.
    pub allocated: PoolUse,
    /// Addresses associated with an instance.
    pub associated: PoolUse,
    /// Addresses associated with none.
    pub idle: PoolUse,
}

/// How the backend of the volumes of a zone was used.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct BackendUse {
    /// Space \[GiB\].
    pub capacity_gib: LevelUse,
    /// Operations a second \[IOPS\].
    pub iops: LevelUse,
    /// Throughput \[MiB/s\].
    pub throughput_mibps: LevelUse,
}

/// How one resource of a backend was used, in its unit.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LevelUse {
    /// What there is; `None` for no limit.
    pub limit: Option<u64>,
    /// Mean in use.
    pub used_mean: f64,
    /// Most in use at once.
    pub used_peak: u64,
    /// When a request first found too little left, if ever, counted from the start of the scenario.
    pub exhausted_at: Option<Time>,
}

/// How one pool of addresses was used.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PoolUse {
    /// Addresses that can be given out; `None` for no limit.
    pub addresses: Option<u64>,
    /// Mean in use.
    pub used_mean: f64,
    /// Most in use at once.
    pub used_peak: u64,
    /// When a request first found no address left, if ever, counted from the start of the scenario.
    pub exhausted_at: Option<Time>,
    /// Fragmentation of the free addresses; `None` where no call asked for a prefix.
    pub fragmentation: Option<FragmentationUse>,
}

/// The share of the free addresses that can be part of no prefix, 0 to 1.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct FragmentationUse {
    /// Mean of these addresses over the mean of the free ones.
    pub mean: f64,
    /// The greatest share.
    pub peak: f64,
}

impl PoolUse {
    /// Share of the addresses in use at the peak, 0 to 1; 0 where there is no limit.
    pub fn peak_ratio(&self) -> f64 {
        match self.addresses {
            Some(addresses) if addresses > 0 => self.used_peak as f64 / addresses as f64,
            _ => 0.0,
        }
    }
}

/// How long something took.
#[derive(Clone, Debug)]
pub struct Latency {
    /// What: an operation such as `launch`, later a stage.
    pub name: String,
    /// Every duration \[ns\].
    pub histogram: Histogram<u64>,
}
