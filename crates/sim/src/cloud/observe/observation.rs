//! Observations: the facts that a run reports while it goes on, as data.
//!
//! A new observation is a variant of [`Observation`] and a report that consumes it.

use serde::{Deserialize, Serialize};

use crate::cloud::observe::dispatched::Dispatched;
use crate::cloud::observe::minutes::Minute;
use crate::cloud::observe::outcome::GroupFigures;
use crate::cloud::observe::rows::TableRow;
use crate::cloud::observe::tally::LaunchLatency;
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{AccountId, Time, TypeId, ZoneId};
use plimsoll_model::control_plane::plane::figures::StageSample;
use plimsoll_model::fleet::fill::Fill;
use plimsoll_model::fleet::totals::Totals;
use plimsoll_model::headroom::Headroom;
use plimsoll_model::operation::Operation;
use plimsoll_model::workload::directory::Directory;

/// Fact that a run reports.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Observation {
    /// A request was refused after the warm-up.
    Refused(Refusal),
    /// A sampling interval ended.
    Sampled(Sample),
    /// A minute after the warm-up ended, or the run in the middle of it; only where the scenario counts minutes.
    MinuteEnded(Minute),
    /// The headroom of the fleet was sampled.
    HeadroomSampled(Time, Headroom),
    /// A resource has ended, or the run has: the row of its table.
    Row(TableRow),
    /// An event or call was dispatched; only where [`crate::cloud::RunOptions::trace_events`] asks for it.
    Dispatched(Dispatched),
}

impl Observation {
    /// Returns whether the directory has every account, type and zone that the observation names.
    pub fn is_within(&self, directory: &Directory) -> bool {
        match self {
            Observation::Refused(refusal) => directory.has(refusal.account, refusal.kind, refusal.zone),
            Observation::HeadroomSampled(_, headroom) => {
                headroom.allocable.iter().all(|(kind, _)| kind.index() < directory.types.len())
            }
            Observation::Row(row) => row.is_within(directory),
            Observation::Sampled(_) | Observation::MinuteEnded(_) | Observation::Dispatched(_) => true,
        }
    }
}

/// Refused request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// Time of the refusal.
    pub at: Time,
    /// Operation requested.
    pub operation: Operation,
    /// Account that sent the request.
    pub account: AccountId,
    /// Type of the instance, if one was named.
    pub kind: Option<TypeId>,
    /// Zone requested, or the zone in which the request failed.
    pub zone: Option<ZoneId>,
    /// Failure, and the limit that decided.
    pub reason: FailureReason,
    /// Number of instances refused \[instances\]; 1 for other calls.
    pub count: u32,
    /// Number in the demand of the first instance that a launch requested; `None` for other calls.
    pub launch: Option<u64>,
}

/// State of the cloud at a moment: one row of the time series.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Time of the sample.
    pub at: Time,
    /// Totals of each host group, but for what is stranded; empty where there is one.
    pub groups: Vec<Totals>,
    /// Hosts open.
    pub hosts: u64,
    /// Hosts with at least one instance.
    pub hosts_used: u64,
    /// vCPU that can be sold \[milli-vCPU\].
    pub vcpu_milli: u64,
    /// vCPU in use \[milli-vCPU\].
    pub vcpu_used_milli: u64,
    /// Memory that can be sold \[MiB\].
    pub memory_mib: u64,
    /// Memory in use \[MiB\].
    pub memory_used_mib: u64,
    /// GPU that can be sold \[milli-GPU\].
    pub gpu_milli: u64,
    /// GPU in use \[milli-GPU\].
    pub gpu_used_milli: u64,
    /// vCPU of non-empty hosts \[milli-vCPU\].
    pub vcpu_nonempty_milli: u64,
    /// Memory of non-empty hosts \[MiB\].
    pub memory_nonempty_mib: u64,
    /// vCPU free where memory is too short for the smallest request so far \[milli-vCPU\].
    pub vcpu_stranded_milli: u64,
    /// Memory free where vCPU is too short for the smallest request so far \[MiB\].
    pub memory_stranded_mib: u64,
    /// vCPU that refused instances would have in use by now \[milli-vCPU\].
    pub vcpu_unmet_milli: u64,
    /// Memory that refused instances would have in use by now \[MiB\].
    pub memory_unmet_mib: u64,
    /// Instances running.
    pub instances_running: u64,
    /// Instances stopped.
    pub instances_stopped: u64,
    /// Instances requested since the end of the warm-up.
    pub launches_requested: u64,
    /// Instances launched of those requested.
    pub launches_succeeded: u64,
    /// Instances whose launches wait for room.
    pub launches_waiting: u64,
    /// Time that the launches since the last sample took, from the first attempt to running; `None` where there was none, or all
    /// take equally long.
    pub launch_latency: Option<LaunchLatency>,
    /// Private addresses in use over all subnets.
    pub addresses_used: u64,
    /// Private addresses in use, by subnet.
    pub subnet_addresses_used: Vec<u64>,
    /// Public addresses in use.
    pub public_addresses_used: u64,
    /// Elastic addresses allocated.
    pub elastic_addresses: u64,
    /// Size of all volumes \[GiB\].
    pub volume_gib_used: u64,
    /// Cost of what ran since the end of the warm-up, as it accrued: without minimums \[micro-USD\].
    pub accrued_micro_usd: i128,
    /// Events dispatched since the start.
    pub events: u64,
    /// Auto Scaling groups, by name, in file order.
    pub autoscaling_groups: Vec<(String, GroupFigures)>,
    /// Stages of the control plane; empty where none are modelled.
    pub stages: Vec<StageSample>,
    /// Fill of the hosts.
    pub fill: Box<Fill>,
}
