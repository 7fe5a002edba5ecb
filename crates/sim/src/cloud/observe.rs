//! What a run tells the world while it goes on. The cloud writes no file: an observer does.

use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

use super::checkpoint::Moment;
pub use super::minutes::Minute;
use super::rows::Row;
use plimsoll_base::failure::Reason;
use plimsoll_base::units::{AccountId, Time, TypeId, ZoneId};
use plimsoll_model::control_plane::plane::figures::StageSample;
use plimsoll_model::fleet::fill::Fill;
use plimsoll_model::headroom::Headroom;
use plimsoll_model::operation::Operation;
use plimsoll_model::workload::directory::Directory;

/// One refused request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// When.
    pub at: Time,
    /// What was asked for.
    pub operation: Operation,
    /// Who asked.
    pub account: AccountId,
    /// The type of the instance, if one was named.
    pub kind: Option<TypeId>,
    /// The zone asked for, or the one the request ended in.
    pub zone: Option<ZoneId>,
    /// Why, and which limit decided.
    pub reason: Reason,
    /// How many instances were refused \[instances\]; 1 for other calls.
    pub count: u32,
    /// Of a launch: the number in the demand of the first instance it asked for.
    pub launch: Option<u64>,
}

/// The state of the cloud at a moment: one row of the time series.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub at: Time,
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
    /// Instances running.
    pub instances_running: u64,
    /// Instances stopped.
    pub instances_stopped: u64,
    /// Instances asked for since the end of the warm-up.
    pub launches_requested: u64,
    /// Of these, launched.
    pub launches_succeeded: u64,
    /// Private addresses in use over all subnets.
    pub addresses_used: u64,
    /// Private addresses in use, by subnet.
    pub subnet_addresses_used: Vec<u64>,
    /// Public addresses in use.
    pub public_addresses_used: u64,
    /// Elastic addresses there are.
    pub elastic_addresses: u64,
    /// Size of all volumes \[GiB\].
    pub volume_gib_used: u64,
    /// Cost of what ran since the end of the warm-up, as it accrued: without minimums \[micro-USD\].
    pub accrued_micro_usd: i128,
    /// Events dispatched since the start.
    pub events: u64,
    /// The stages of the control plane; none where none are modelled.
    pub stages: Vec<StageSample>,
    /// How full the hosts are; of large fleets only in some samples.
    pub fill: Option<Box<Fill>>,
}

/// Takes what a run tells. Every method has an empty default.
pub trait Observer {
    /// What was there from the start has moved in; the simulation begins.
    fn started(&mut self) {}
    /// The simulation has ended; what follows is bookkeeping.
    fn ended(&mut self) {}
    /// A bug ended the simulation at this time, in the event after so many. The panic goes on after this.
    fn panicked(&mut self, _now: Time, _events: u64) {}
    /// A request was refused (not during warm-up).
    fn refused(&mut self, _refusal: &Refusal, _directory: &Directory) {}
    /// A sampling interval ended.
    fn sampled(&mut self, _sample: &Sample, _directory: &Directory) {}
    /// A minute after the warm-up ended, or the run in the middle of it; where the scenario has them counted.
    fn minute_ended(&mut self, _minute: &Minute) {}
    /// Somebody looked at the headroom.
    fn looked(&mut self, _at: Time, _headroom: &Headroom, _directory: &Directory) {}
    /// Whether [`Observer::row`] is to be called. Asked once, before anything else.
    fn wants_rows(&self) -> bool {
        false
    }
    /// Something has ended, or the run has: its row of a table.
    fn row(&mut self, _row: &Row, _directory: &Directory) {}
    /// A time has come at which the run was to be written down. The run goes on as if nothing had happened.
    fn checkpoint(&mut self, _moment: &Moment<'_>) {}
    /// Called every few thousand events with the simulated time reached and the events so far. `Break` ends
    /// the run there: a file cannot be written or a person has lost patience. Its outcome is worth nothing then.
    fn progressed(&mut self, _now: Time, _events: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Observes nothing.
pub struct Silent;

impl Observer for Silent {}
