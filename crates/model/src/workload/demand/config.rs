//! `[workload]` as a scenario writes it.

use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::workload::arrivals::ArrivalConfig;
use crate::workload::calls::CallConfig;
use crate::workload::jobs::JobConfig;
use crate::workload::launch_policy::OnRefusalConfig;
use crate::workload::profile::ProfileConfig;
use crate::workload::trace::loaded::LoadedTrace;
use crate::workload::trace::open_ends::OpenEnds;
use crate::workload::trace::reading::{ColumnNames, TraceReading};
use crate::workload::trace::replay::RepeatConfig;
use crate::workload::trace::resample::Replicate;
use plimsoll_base::table::clock::ClockOrigin;
use plimsoll_base::units::{Duration, NS_PER_S, Time};

/// `[workload]`: the sources of the demand of a run, which are merged.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WorkloadConfig {
    /// A trace in one of the canonical forms (CSV, `.gz` allowed, or Parquet), relative to the scenario file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<PathBuf>,
    /// The moment of the trace's clock at which the run starts: `"first"` (the first row), `"epoch"` (the zero of
    /// its clock), seconds, or a date and time of UTC, for times that are dates or Unix times. Without it times
    /// are seconds from the start of the run, and dates are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_origin: Option<ClockOrigin>,
    /// Names of the trace's columns where they are not those of its form, such as
    /// `{ start_s = "launch_time", memory_gib = "ram" }`. Further columns of the trace are then not read.
    #[serde(skip_serializing_if = "ColumnNames::is_empty")]
    pub trace_columns: ColumnNames,
    /// Sizes finer than their unit (1/1000 vCPU, 1 MiB …) are rounded up, not refused.
    #[serde(skip_serializing_if = "is_default")]
    pub trace_round: bool,
    /// End of the trace's instances that have none in it: `"stay"`, or `"kaplan-meier"`, which draws each an end from
    /// what the others tell (the product-limit estimate of lifetimes, given the age seen). For a run that is longer than the
    /// trace, or repeats it.
    #[serde(skip_serializing_if = "is_default")]
    pub open_ends: OpenEnds,
    /// Replays of the trace one after the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<RepeatConfig>,
    /// Blocks of the trace that are drawn, with replacement, in place of the trace as it is: each seed makes another stretch of
    /// demand like it, and several replications show how much demand like this varies. A day or a week counts from the start of
    /// the run and has all that begins in it; only whole ones are drawn, from a trace of two or more. An account is drawn with
    /// all its launches; drawn again, it is another one, `NAME~2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicate: Option<Replicate>,
    /// Factor of all demand: below 1 it is thinned, above 1 requests are added, copies of rows of a trace among them.
    #[serde(skip_serializing_if = "is_one")]
    pub scale: f64,
    /// Factors of the demand over time: growth, weeks, days, steps.
    #[serde(skip_serializing_if = "is_default")]
    pub profile: ProfileConfig,
    /// Copies of a row of a trace, which a `scale` or `profile` above 1 makes, start later than the row by a time drawn
    /// uniformly below this; default 1h.
    #[serde(skip_serializing_if = "is_one_hour")]
    pub jitter: Duration,
    /// Other attempts of a launch of the trace that is refused; left out: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_refusal: Option<OnRefusalConfig>,
    /// State of the cloud when the run starts.
    pub start: Start,
    /// Synthetic arrivals.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arrivals: Vec<ArrivalConfig>,
    /// Synthetic calls to the API that launch nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallConfig>,
    /// Jobs that take instances of pools.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<JobConfig>,
    /// The trace in memory, where it was read before.
    #[serde(skip)]
    pub loaded: Option<Arc<LoadedTrace>>,
}

/// Longest delay of a copy of a row, unless the scenario says otherwise.
const JITTER: Duration = Duration(3600 * NS_PER_S);

impl Default for WorkloadConfig {
    fn default() -> WorkloadConfig {
        WorkloadConfig {
            trace: None,
            trace_origin: None,
            trace_columns: ColumnNames::default(),
            trace_round: false,
            open_ends: OpenEnds::Stay,
            repeat: None,
            replicate: None,
            scale: 1.0,
            profile: ProfileConfig::default(),
            jitter: JITTER,
            on_refusal: None,
            start: Start::default(),
            arrivals: Vec::new(),
            calls: Vec::new(),
            jobs: Vec::new(),
            loaded: None,
        }
    }
}

fn is_one(number: &f64) -> bool {
    *number == 1.0
}

fn is_one_hour(jitter: &Duration) -> bool {
    *jitter == JITTER
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl WorkloadConfig {
    /// Returns the settings of the reading of the trace.
    pub fn reading(&self) -> TraceReading {
        TraceReading {
            origin: self.trace_origin,
            columns: self.trace_columns.clone(),
            round: self.trace_round,
        }
    }

    /// Returns the time up to which a run of such a length needs the rows of the trace.
    pub fn trace_read_until(&self, duration: Option<Duration>) -> Time {
        let is_scaled = self.scale != 1.0 || self.profile != ProfileConfig::default();
        let is_drawn = self.replicate.is_some() || self.open_ends != OpenEnds::Stay;
        duration
            .filter(|_| !is_scaled && !is_drawn && self.repeat.is_none())
            .map_or(Time::NEVER, |duration| Time::ZERO.after(duration))
    }

    /// Returns whether there is no source of demand at all.
    pub fn is_empty(&self) -> bool {
        self.trace.is_none() && self.arrivals.is_empty() && self.calls.is_empty() && self.jobs.is_empty()
    }

    /// Returns true if no seed changes the demand: all of it is a trace, replayed as it is.
    pub fn is_certain(&self) -> bool {
        let is_as_it_is =
            self.replicate.is_none() && self.scale == 1.0 && self.profile == ProfileConfig::default();
        self.arrivals.is_empty() && self.calls.is_empty() && self.jobs.is_empty() && is_as_it_is
    }
}

/// State of the cloud when a run starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Nothing.
    #[default]
    Empty,
    /// Equilibrium of the synthetic demand: a Poisson number of instances with residual lifetimes.
    SteadyState,
}
