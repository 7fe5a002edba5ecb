//! Outcome of a run: plain figures, from which every report is made. Nothing here knows a file or a clock.
//!
//! Counts, means and peaks begin at the end of the warm-up; first times are absolute.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::cloud::observe::breakdown::Breakdown;
use crate::cloud::observe::explain::{Decision, Explanation};
use plimsoll_base::metrics::forecast::Exhaustion;
use plimsoll_base::units::{AccountId, Time, TypeId, ZoneId};
use plimsoll_model::autoscaling::scaler::ScalingCause;
use plimsoll_model::billing::Bill;
use plimsoll_model::control_plane::plane::figures::ControlPlaneUse;
use plimsoll_model::headroom::Shares;
use plimsoll_model::network::security::Decisions;
use plimsoll_model::operation::Operation;
use plimsoll_model::workload::directory::Directory;

pub use crate::cloud::observe::shortage::FirstShortage;
pub use crate::cloud::observe::tally::{Disruptions, FirstFailure, Tally};

/// Every figure of one run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Hash over the ordered stream of everything that happened.
    pub digest: u128,
    /// End of the simulation: its duration, or the last event of the trace.
    pub horizon: Time,
    /// End of the warm-up, at most `horizon`.
    pub warmup_end: Time,
    /// Time of the trace's first row; `None` where the demand has no trace.
    pub trace_start: Option<Time>,
    /// Days, weeks or accounts that the trace was drawn from; `None` where it was replayed as it is.
    pub trace_blocks: Option<u64>,
    /// Parts of the trace that were read otherwise than they are written, a sentence each.
    pub trace_notes: Vec<String>,
    /// Launches \[instances\].
    pub launch: Tally,
    /// Launches by attempt, choice and wait.
    pub launch_course: LaunchCourse,
    /// Auto Scaling groups, by name, in file order.
    pub autoscaling_groups: Vec<(String, GroupUse)>,
    /// Pools of instances for jobs, by name, in file order.
    pub pools: Vec<(String, JobPoolUse)>,
    /// Sources of jobs, by name, in file order.
    pub jobs: Vec<(String, JobUse)>,
    /// Every operation that was called at least once, in the order of [`Operation`] \[calls\].
    pub operations: Vec<(Operation, Tally)>,
    /// The first refusal for each reason, warm-up included, in the order of time.
    pub first_failures: Vec<FirstFailure>,
    /// First shortage of room, addresses or quota, warm-up included; `None` where nothing ran out.
    pub first_shortage: Option<FirstShortage>,
    /// Instances that existed when the run began in steady state.
    pub residents: Residents,
    /// Events that no call asked for.
    pub disruptions: Disruptions,
    /// Answers of calls on instances, one an instance, of every operation that had any.
    pub answers: Vec<(Operation, Tally)>,
    /// Number of instances that calls of `describe` found.
    pub described_instances: u64,
    /// Number of pages that these filled.
    pub described_pages: u64,
    /// Choices of schedulers by views out of date that had no room any more; `None` where all see the fleet as it is.
    pub placement_conflicts: Option<u64>,
    /// Hosts and their use.
    pub fleet: FleetUse,
    /// Use and launches by zone, kind of hosts and type.
    pub breakdown: Breakdown,
    /// Addresses.
    pub network: NetworkUse,
    /// Counts of the probes by the rule that decided.
    pub probes: Decisions,
    /// Statistics of the headroom samples; `None` where the scenario asks for none.
    pub headroom: Option<HeadroomUse>,
    /// Figures of the control plane; `None` where none is modelled.
    pub control_plane: Option<ControlPlaneUse>,
    /// Counts of the waiters of clients; `None` where none waits.
    pub waiters: Option<WaiterUse>,
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
    /// Successful launches and terminations \[instances\] since the start, warm-up included.
    pub lifecycle_events: u64,
}

impl Outcome {
    /// Returns whether there is anything to tell about the subject of `--explain`.
    pub fn has_explanation(&self) -> bool {
        let is_empty = |of: &Explanation| of.decisions.is_empty() && of.steps.is_empty();
        self.explanation.as_ref().is_some_and(|explanation| !is_empty(explanation))
    }

    /// Returns the decisions about the subject of `--explain`; empty without one.
    pub fn decisions(&self) -> &[Decision] {
        self.explanation.as_ref().map_or(&[], |explanation| &explanation.decisions)
    }
}

/// Statistics of the headroom samples, warm-up left out. A figure has no value where no sample had one.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct HeadroomUse {
    /// Additional instances of the live mix that would have fitted \[instances\].
    pub instances: SampleSpan,
    /// These instances ÷ the running instances.
    pub ratio: SampleSpan,
    /// vCPU still free once the fleet took no more of them ÷ all vCPU.
    pub stranded_vcpu_ratio: SampleSpan,
    /// Memory still free once the fleet took no more of them ÷ all memory.
    pub stranded_memory_ratio: SampleSpan,
    /// Free capacity that an instance of the live mix could not use ÷ all capacity.
    pub unusable: ShareSpans,
    /// Fragments as FGD counts them ÷ all capacity.
    pub fgd: ShareSpans,
    /// Hosts that a repacking would have needed.
    pub hosts_compacted: SampleSpan,
    /// Hosts that any packing would have needed.
    pub hosts_lower_bound: SampleSpan,
    /// Instances that the worst loss of one host, rack or zone would have left without room.
    pub loss_unplaced: SampleSpan,
    /// Hosts, racks or zones whose loss would have left instances without room.
    pub loss_violations: SampleSpan,
    /// Instances of each type alone that would have fitted.
    pub allocable: BTreeMap<TypeId, SampleSpan>,
    /// Time at which each limited resource runs out if it goes on as it did.
    pub exhaustion: Vec<(LimitedResource, Exhaustion)>,
}

/// Something that may run out.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LimitedResource {
    /// Its name.
    pub name: String,
    /// Its zone, if it is in one.
    pub zone: Option<ZoneId>,
    /// The kind of hosts that it is of, by number, if it is of one.
    pub host_kind: Option<u16>,
}

/// Shares of each resource over several samples; GPU has values where hosts have some.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ShareSpans {
    /// Shares of vCPU.
    pub vcpu: SampleSpan,
    /// Shares of memory.
    pub memory: SampleSpan,
    /// Shares of GPU.
    pub gpu: SampleSpan,
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
pub struct SampleSpan {
    /// Number of values.
    pub count: u64,
    /// Sum of the values.
    pub sum: f64,
    /// Least value.
    pub least: f64,
    /// Greatest value.
    pub most: f64,
    /// Last value.
    pub last: f64,
}

impl SampleSpan {
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

    /// Returns the mean of the values; `None` where there is none.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// Counts of the waiters of clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WaiterUse {
    /// Waiters begun.
    pub begun: u64,
    /// Calls of `describe` that they made.
    pub polls: u64,
    /// Waiters that saw all their instances run.
    pub succeeded: u64,
    /// Waiters that saw one end or stop, or whose call was refused for good.
    pub failed: u64,
    /// Waiters that polled as often, or for as long, as they do.
    pub gave_up: u64,
    /// Waiters that still wait at the end.
    pub waiting_at_end: u64,
}

/// Course of the launches: attempts, choices, waits.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LaunchCourse {
    /// Attempts begun \[attempts\].
    pub attempts: u64,
    /// Instances launched at each attempt \[instances\].
    pub by_attempt: BTreeMap<u32, u64>,
    /// Instances launched as the launch asked for in the first place \[instances\].
    pub first_choice: u64,
    /// Instances launched of another type \[instances\].
    pub other_type: u64,
    /// Instances launched in another zone \[instances\].
    pub other_zone: u64,
    /// Instances whose launch waited for room before it succeeded \[instances\].
    pub waited: u64,
    /// Instances whose launch waits for room at the end \[instances\].
    pub waiting_at_end: u64,
    /// Mean number of instances whose launches wait \[instances\].
    pub waiting_mean: f64,
    /// Most instances whose launches waited at once \[instances\].
    pub waiting_peak: u64,
    /// True if the line grew through the second half of the run.
    pub is_unstable: bool,
    /// Instances whose launch will make another attempt at the end \[instances\].
    pub retrying_at_end: u64,
    /// Instances whose room was taken by a launch of higher priority \[instances\].
    pub preempted: u64,
    /// Instances of these that were launched again \[instances\].
    pub requeued: u64,
}

/// Integrals of the service of a group so far.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ServiceFigures {
    /// Load above capacity that was lost \[units · s\].
    pub unserved_unit_s: f64,
    /// Load \[units · s\].
    pub load_unit_s: f64,
    /// Capacity \[units · s\].
    pub capacity_unit_s: f64,
    /// Time with utilisation above the target \[s\].
    pub above_target_s: f64,
    /// Load that waits \[units · s\].
    pub waiting_unit_s: f64,
    /// Most load that waited at once \[units · s\].
    pub waiting_unit_s_peak: f64,
    /// Mean wait of the load, by Little's law \[s\].
    pub wait_s_mean: f64,
}

/// Figures of a group at a moment, or over the window.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct GroupFigures {
    /// Load \[milli-units\].
    pub load_milli: u64,
    /// Capacity in service \[milli-units\].
    pub capacity_milli: u64,
    /// Instances that the group is to have.
    pub desired: u32,
    /// Instances that run.
    pub in_service: u32,
    /// Instances that are ordered or come up.
    pub coming: u32,
    /// Service so far.
    pub service: ServiceFigures,
    /// Greatest load \[milli-units\].
    pub peak_load_milli: u64,
    /// Mean number of running instances.
    pub in_service_mean: f64,
    /// Greatest number of running instances.
    pub in_service_peak: u64,
    /// Mean of the desired number.
    pub desired_mean: f64,
    /// Greatest desired number.
    pub desired_peak: u64,
    /// Mean number of running instances on the spot market.
    pub spot_in_service_mean: f64,
    /// Mean number of prepared instances that were ready.
    pub warm_ready_mean: f64,
}

/// Use of an Auto Scaling group.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct GroupUse {
    /// Account that pays for the group.
    pub account: AccountId,
    /// Figures over the window.
    pub figures: GroupFigures,
    /// Changes of the desired number, by cause.
    pub activities: BTreeMap<ScalingCause, u64>,
    /// Instances launched in place of others that were lost \[instances\].
    pub replaced: u64,
    /// Instances whose launch was refused, each time \[instances\].
    pub refused: u64,
    /// Instances ended once others ran in their place, ahead of an interruption \[instances\].
    pub replaced_ahead: u64,
    /// Instances moved to a zone with fewer \[instances\].
    pub rebalanced: u64,
    /// Instances taken from the warm pool \[instances\].
    pub warm_starts: u64,
    /// Instances given back to it \[instances\].
    pub reused: u64,
    /// True if the load that waits grew through the second half of the run.
    pub is_unstable: bool,
    /// Cost of a fixed fleet of the type that is tried first which serves the greatest load, over the window \[micro-USD\].
    pub fixed_fleet_micro_usd: i128,
}

/// Use of a pool of instances for jobs.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct JobPoolUse {
    /// Account that pays for the pool.
    pub account: AccountId,
    /// Instances that are ready or coming up while no job waits \[instances\].
    pub size: u32,
    /// Mean number of instances that were ready \[instances\].
    pub ready_mean: f64,
    /// Mean number of instances that were ordered or coming up \[instances\].
    pub coming_mean: f64,
    /// Mean number of instances that a job had \[instances\].
    pub busy_mean: f64,
    /// Most instances that jobs had at once \[instances\].
    pub busy_peak: u64,
    /// Mean number of jobs that waited \[jobs\].
    pub waiting_mean: f64,
    /// Most jobs that waited at once \[jobs\].
    pub waiting_peak: u64,
}

/// Jobs of a source.
#[derive(Clone, PartialEq, Debug)]
pub struct JobUse {
    /// Jobs that came \[jobs\].
    pub arrived: u64,
    /// Jobs that found an instance ready \[jobs\].
    pub started_at_once: u64,
    /// Jobs whose instance was lost before they were done \[jobs\].
    pub lost: u64,
    /// Jobs that wait at the end \[jobs\].
    pub waiting_at_end: u64,
    /// Times from the arrival of a job until its instance runs \[ns\].
    pub waits: Histogram<u64>,
}

/// Instances that existed when the run began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Residents {
    /// Residents drawn from the equilibrium \[instances\].
    pub expected: u64,
    /// Residents of these that were placed on a host \[instances\].
    pub placed: u64,
}

/// Size and use of the fleet. Ratios are 0 to 1 of what can be sold: capacity less reserve.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FleetUse {
    /// Hosts \[hosts\]; of elastic groups the most that were open at once.
    pub hosts: u64,
    /// Mean of the hosts that were open \[hosts\].
    pub hosts_mean: f64,
    /// Time at which most hosts were open; `None` where no group is elastic.
    pub hosts_peak_at: Option<Time>,
    /// vCPU of `hosts` that can be sold \[milli-vCPU\].
    pub vcpu_milli: u64,
    /// Memory of `hosts` that can be sold \[MiB\].
    pub memory_mib: u64,
    /// GPU of `hosts` that can be sold \[milli-GPU\].
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

/// Use of addresses.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct NetworkUse {
    /// Every subnet, in file order.
    pub subnets: Vec<(String, PoolUse)>,
    /// The public pool.
    pub public: PoolUse,
    /// Elastic addresses.
    pub elastic: ElasticUse,
}

/// Use of elastic addresses.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ElasticUse {
    /// All elastic addresses.
    pub allocated: PoolUse,
    /// Addresses associated with an instance.
    pub associated: PoolUse,
    /// Addresses associated with none.
    pub idle: PoolUse,
}

/// Use of the storage backend of a zone.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct BackendUse {
    /// Space \[GiB\].
    pub capacity_gib: LevelUse,
    /// Operations a second \[IOPS\].
    pub iops: LevelUse,
    /// Throughput \[MiB/s\].
    pub throughput_mibps: LevelUse,
}

/// Use of one resource of a backend, in its unit.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LevelUse {
    /// Capacity; `None` for no limit.
    pub limit: Option<u64>,
    /// Mean in use.
    pub used_mean: f64,
    /// Most in use at once.
    pub used_peak: u64,
    /// Time from the start of the scenario at which a request first found too little left; `None` if none did.
    pub exhausted_at: Option<Time>,
}

/// Use of one pool of addresses.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PoolUse {
    /// Addresses that can be given out; `None` for no limit.
    pub addresses: Option<u64>,
    /// Mean in use.
    pub used_mean: f64,
    /// Most in use at once.
    pub used_peak: u64,
    /// Time from the start of the scenario at which a request first found no address left; `None` if none did.
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
    /// Returns the share of the addresses in use at the peak, 0 to 1; 0 where there is no limit.
    pub fn peak_ratio(&self) -> f64 {
        match self.addresses {
            Some(addresses) if addresses > 0 => self.used_peak as f64 / addresses as f64,
            _ => 0.0,
        }
    }
}

/// Durations of one kind.
#[derive(Clone, Debug)]
pub struct Latency {
    /// Name of an operation such as `launch`, or of a stage of the control plane.
    pub name: String,
    /// Every duration \[ns\].
    pub histogram: Histogram<u64>,
}
