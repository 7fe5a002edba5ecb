//! The demand of a run: a trace, synthetic arrivals and synthetic calls, as one stream of calls in time order.
//!
//! At equal times the trace's call comes first, then the arrival processes, then the sources of calls, each in the
//! order of the scenario.
//! The demand does not depend on the answers of the cloud.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::arrivals::{ArrivalConfig, ArrivalSource, Stops};
use super::call::{Action, Call, LaunchOptions, LaunchTenancy, Resident, StopsId};
use super::calls::{CallConfig, CallSource};
use super::directory::Directory;
use super::handles::HostHandle;
use super::jobs::{JobConfig, JobSource};
use super::launch_policy::{LaunchPolicy, OnRefusalConfig};
use super::profile::{DemandLayer, Intensity, ProfileConfig};
use super::trace::origin::TraceOrigin;
use super::trace::reading::{ColumnNames, TraceReading};
use super::trace::replay::{RepeatConfig, Replay, TraceReplay};
use plimsoll_base::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::{AccountId, Duration, HostId, NS_PER_S, Time};

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
    pub trace_origin: Option<TraceOrigin>,
    /// Names of the trace's columns where they are not those of its form, such as
    /// `{ start_s = "launch_time", memory_gib = "ram" }`. Further columns of the trace are then not read.
    #[serde(skip_serializing_if = "ColumnNames::is_empty")]
    pub trace_columns: ColumnNames,
    /// Sizes finer than their unit (1/1000 vCPU, 1 MiB …) are rounded up, not refused.
    #[serde(skip_serializing_if = "is_default")]
    pub trace_round: bool,
    /// Replays of the trace one after the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<RepeatConfig>,
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
            repeat: None,
            scale: 1.0,
            profile: ProfileConfig::default(),
            jitter: JITTER,
            on_refusal: None,
            start: Start::default(),
            arrivals: Vec::new(),
            calls: Vec::new(),
            jobs: Vec::new(),
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

    /// Returns whether there is no source of demand at all.
    pub fn is_empty(&self) -> bool {
        self.trace.is_none() && self.arrivals.is_empty() && self.calls.is_empty() && self.jobs.is_empty()
    }

    /// Returns true if no seed changes the demand: all of it is a trace, replayed as it is.
    pub fn is_certain(&self) -> bool {
        let is_as_it_is = self.scale == 1.0 && self.profile == ProfileConfig::default();
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

/// Random draws set aside for one running or stopped time, more than any distribution takes on average.
const DRAWS_PER_TIME: u64 = 8;

/// Cycles of stopping and starting that are traced back to find the phase of a resident.
const MAX_CYCLES: u32 = 1_000_000;

/// The position of the trace among the sources: before every other.
const TRACE: u32 = 0;

/// A stream of calls in time order.
#[derive(Debug)]
pub struct Demand {
    seed: Seed,
    start: Start,
    trace: Option<TraceReplay>,
    /// Policy of the launches of the trace about room that is short.
    trace_policy: LaunchPolicy,
    /// The trace's next call, whose time is in `queue`.
    ahead: Option<Call>,
    /// Sources of every layer, layer by layer.
    sources: Vec<ArrivalSource>,
    callers: Vec<CallSource>,
    /// Sources of jobs, likewise; they are no calls, and not in `queue`.
    jobs: Vec<JobSource>,
    /// Number of layers, 1 or more: with several, a source has its place by their number and that of the sources.
    layers: u16,
    /// The next time of the trace, then of each arrival process, then of each source of calls, numbered so.
    queue: BinaryHeap<Turn>,
    /// Instances asked for so far.
    instances: u64,
    lifetimes: Vec<Duration>,
}

/// Returns the options of a launch but for the host; `None` where these are none.
fn without_host(options: &LaunchOptions) -> Option<Arc<LaunchOptions>> {
    let left = LaunchOptions { host: None, tenancy: LaunchTenancy::Shared, ..options.clone() };
    (left != LaunchOptions::default()).then(|| Arc::new(left))
}

/// Time and number of the next source, in this order. As one number, which is compared without a branch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Turn(Reverse<u128>);

impl Turn {
    #[inline]
    fn new((at, source): (Time, u32)) -> Turn {
        Turn(Reverse(u128::from(at.0) << 32 | u128::from(source)))
    }

    #[inline]
    fn at(self) -> Time {
        Time((self.0.0 >> 32) as u64)
    }

    #[inline]
    fn source(self) -> u32 {
        self.0.0 as u32
    }
}

/// Phase of an instance in its stopping and starting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Phase {
    /// Number of the cycle, from 0.
    pub cycle: u32,
    /// Running, or else stopped.
    pub running: bool,
    /// Time until that changes.
    pub left: Duration,
}

/// The place of each source; those that the scenario adds at the end begin now.
impl Persist for Demand {
    fn save(&self, out: &mut Writer<'_>) {
        let Demand {
            seed: _,
            start: _,
            trace,
            trace_policy: _,
            ahead,
            sources,
            callers,
            jobs,
            layers,
            queue: _,
            instances,
            lifetimes,
        } = self;
        out.put(&(layers, sources.len(), callers.len()));
        out.put(&(ahead, instances, lifetimes));
        trace.save(out);
        sources.save(out);
        callers.save(out);
        jobs.save(out);
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        let saved: (u16, usize, usize) = from.get()?;
        self.check_layers(saved)?;
        (self.ahead, self.instances, self.lifetimes) = from.get()?;
        self.trace.restore(from)?;
        self.sources.restore(from)?;
        self.callers.restore(from)?;
        self.jobs.restore(from)?;
        let trace = self.trace.as_ref().map(|_| self.ahead.as_ref().map_or(Time::NEVER, |call| call.at));
        let trace = trace.map(|at| (at, TRACE));
        let others =
            self.sources.iter().map(ArrivalSource::at).chain(self.callers.iter().map(CallSource::at));
        self.queue = trace.into_iter().chain(others.zip(TRACE + 1..)).map(Turn::new).collect();
        Ok(())
    }
}

impl Demand {
    /// Returns the demand of a run in which nothing is asked for by itself.
    pub fn none(seed: Seed) -> Demand {
        Demand {
            seed,
            start: Start::Empty,
            trace: None,
            trace_policy: LaunchPolicy::default(),
            ahead: None,
            sources: Vec::new(),
            callers: Vec::new(),
            jobs: Vec::new(),
            layers: 1,
            queue: BinaryHeap::new(),
            instances: 0,
            lifetimes: Vec::new(),
        }
    }

    /// Opens the trace and compiles the arrivals, or returns every problem. Relative names of files
    /// are relative to `base_dir`, the folder of the scenario. Demand grows up to `duration`, the end of the run.
    pub fn open(
        config: &WorkloadConfig,
        duration: Option<Duration>,
        seed: Seed,
        base_dir: &Path,
        directory: &mut Directory,
    ) -> Result<Demand, InputError> {
        let mut problems = Vec::new();
        let intensity = Intensity::compile(config.scale, &config.profile, duration);
        let intensity = intensity.map_err(|wrong| problems.extend(wrong)).ok().flatten();
        if config.trace.is_none()
            && config.arrivals.is_empty()
            && config.calls.is_empty()
            && config.jobs.is_empty()
        {
            let found = "found no demand, expected a trace, arrivals or calls";
            let problem = Problem::new(Place::key("workload"), found);
            problems.push(problem.with_help("set `workload.trace` or add [[workload.arrivals]]"));
        }
        let is_empty = config.trace.as_ref().is_some_and(|file| file.as_os_str().is_empty());
        if is_empty {
            problems.push(Problem::new(
                Place::key("workload.trace"),
                "found nothing, expected the name of a file",
            ));
        }
        let trace = config.trace.as_ref().filter(|_| !is_empty);
        let replay = || Replay {
            reading: config.reading(),
            repeat: config.repeat,
            intensity: intensity.clone(),
            jitter: config.jitter,
        };
        let trace = trace.map(|file| TraceReplay::open(&base_dir.join(file), replay(), seed));
        let trace = trace.and_then(|trace| trace.map_err(|error| problems.extend(error.0)).ok());
        let rule = config.on_refusal.as_ref().map(|rule| rule.compile("workload.on_refusal", &[], directory));
        let on_refusal = rule.and_then(|rule| rule.map_err(|wrong| problems.extend(wrong)).ok());
        if config.on_refusal.is_some() && config.trace.is_none() {
            let found = "found a table without a trace, expected one beside `workload.trace`";
            let problem = Problem::new(Place::key("workload.on_refusal"), found);
            problems.push(problem.with_help("put it into [[workload.arrivals]] for synthetic demand"));
        }
        let layers = intensity.as_ref().map_or(1, Intensity::layers);
        let most = usize::from(u16::MAX / layers);
        if config.arrivals.len().max(config.calls.len()).max(config.jobs.len()) > most {
            let found =
                format!("found up to {layers} times the demand, expected less with more than {most} sources");
            problems.push(Problem::new(Place::key("workload.scale"), found));
            return Err(InputError(problems));
        }
        let (mut sources, mut callers, mut names) = (Vec::new(), Vec::new(), Vec::new());
        let mut jobs = Vec::new();
        for layer in 0..layers {
            let mut wrong = Vec::new();
            let (arrivals, of_layer) = compile(
                "workload.arrivals",
                &config.arrivals,
                ArrivalConfig::name_or_number,
                |arrivals, source, key| {
                    let layer = DemandLayer { source, layer };
                    arrivals.compile(layer, key, seed, intensity.as_ref(), base_dir, directory)
                },
                &mut wrong,
            );
            let of_arrivals = of_layer;
            if layer == 0 {
                names = arrivals;
            }
            let (_, of_layer) = compile(
                "workload.calls",
                &config.calls,
                CallConfig::name_or_number,
                |calls, source, key| {
                    let layer = DemandLayer { source, layer };
                    calls.compile(layer, key, seed, intensity.as_ref(), (&names, &of_arrivals), directory)
                },
                &mut wrong,
            );
            sources.extend(of_arrivals);
            callers.extend(of_layer);
            let (_, of_layer) = compile(
                "workload.jobs",
                &config.jobs,
                JobConfig::name_or_number,
                |jobs, source, key| {
                    jobs.compile(DemandLayer { source, layer }, key, seed, intensity.as_ref(), base_dir)
                },
                &mut wrong,
            );
            jobs.extend(of_layer);
            if !wrong.is_empty() {
                problems.extend(wrong);
                break;
            }
        }
        if config.start == Start::SteadyState {
            check_steady_state(config, &sources, &mut problems);
        }
        if !problems.is_empty() {
            return Err(InputError(problems));
        }
        let made = (sources.len(), callers.len());
        let of_all = |count: usize| count * usize::from(layers);
        assert_eq!(
            made,
            (of_all(config.arrivals.len()), of_all(config.calls.len())),
            "a source is missing and nothing is wrong"
        );
        let mut demand = Demand {
            seed,
            start: config.start,
            trace,
            trace_policy: LaunchPolicy { on_refusal, ..LaunchPolicy::default() },
            ahead: None,
            queue: (sources.iter().map(ArrivalSource::at).chain(callers.iter().map(CallSource::at)))
                .zip(TRACE + 1..)
                .map(Turn::new)
                .collect(),
            sources,
            callers,
            jobs,
            layers,
            instances: 0,
            lifetimes: Vec::new(),
        };
        match (demand.read_ahead(directory)?, &config.trace) {
            (Some(at), _) => demand.queue.push(Turn::new((at, TRACE))),
            (None, Some(file)) if !demand.trace.as_ref().is_some_and(TraceReplay::has_rows) => {
                let place = Place::file(&base_dir.join(file));
                let problem = Problem::new(place, "found a header and no rows, expected a trace of demand");
                return Err(problem.with_help("write one row per instance or call below the header").into());
            }
            (None, _) => {}
        }
        Ok(demand)
    }

    /// Returns the next call, `None` after the last one (or 584 years).
    #[inline]
    pub fn next(&mut self, directory: &mut Directory) -> Result<Option<Call>, InputError> {
        let Some(turn) = self.queue.peek().copied().filter(|turn| turn.at() < Time::NEVER) else {
            return Ok(None);
        };
        let who = turn.source();
        let number = (who - TRACE).checked_sub(1).map(|number| number as usize);
        let mut call = match number {
            None => self.ahead.take().expect("the queue has a time of the trace only with its call"),
            Some(number) => match self.sources.get_mut(number) {
                Some(source) => source.take(&mut self.lifetimes),
                None => self.callers[number - self.sources.len()].take(),
            },
        };
        self.number_instances(&mut call);
        let then = match number {
            None => self.read_ahead(directory)?.unwrap_or(Time::NEVER),
            Some(number) => match self.sources.get(number) {
                Some(source) => source.at(),
                None => self.callers[number - self.sources.len()].at(),
            },
        };
        // Changing the top in place costs one sift, and none at all while it stays the top.
        *self.queue.peek_mut().expect("it was peeked at above") = Turn::new((then, who));
        Ok(Some(call))
    }

    /// Returns the next call and the host it names if it is the trace's, at the start of the run, and launches an instance on
    /// a host of the fleet: one that is there already. Call it before the first [`Demand::next`].
    pub fn next_resident(
        &mut self,
        directory: &mut Directory,
        host_of: impl Fn(&str) -> Option<HostId>,
    ) -> Result<Option<(Call, HostId)>, InputError> {
        let host = match &self.ahead {
            Some(Call { at: Time::ZERO, action: Action::Launch(launch), .. }) => {
                launch.options.as_deref().and_then(|options| options.host)
            }
            _ => None,
        };
        let host = host.and_then(|HostHandle(handle)| host_of(&directory.handles.hosts()[handle as usize]));
        let Some(host) = host else { return Ok(None) };
        let mut call = self.ahead.take().expect("it names a host");
        if let Action::Launch(launch) = &mut call.action {
            launch.options = launch.options.take().and_then(|options| without_host(&options));
        }
        self.number_instances(&mut call);
        let then = self.read_ahead(directory)?.unwrap_or(Time::NEVER);
        self.queue.retain(|turn| turn.source() != TRACE);
        self.queue.push(Turn::new((then, TRACE)));
        Ok(Some((call, host)))
    }

    /// Returns account and draw of the next synthetic call, if already known; used to prefetch.
    #[inline]
    pub fn outlook(&self) -> Option<(AccountId, u64)> {
        let number = (self.queue.peek()?.source() - TRACE).checked_sub(1)? as usize;
        Some(self.callers.get(number.checked_sub(self.sources.len())?)?.outlook())
    }

    /// Refuses the layers of another run, where a source would take the place of another.
    fn check_layers(&self, saved: (u16, usize, usize)) -> Result<(), RestoreError> {
        let found = (self.layers, self.sources.len(), self.callers.len());
        if saved == found || (saved.0, found.0) == (1, 1) {
            return Ok(());
        }
        let message = "found demand that is scaled otherwise than at the checkpoint: it has other layers";
        let help = "keep `workload.scale`, `workload.profile`, the sources of demand, and with growth the `duration`";
        Err(Problem::new(Place::key("workload.scale"), message).with_help(help).into())
    }

    /// Gives the instances of a launch their numbers.
    #[inline]
    fn number_instances(&mut self, call: &mut Call) {
        if let Action::Launch(launch) = &mut call.action {
            launch.first_instance = self.instances;
            self.instances += u64::from(launch.max_count);
        }
    }

    fn read_ahead(&mut self, directory: &mut Directory) -> Result<Option<Time>, InputError> {
        if let Some(trace) = &mut self.trace {
            self.ahead = trace.next(directory)?;
        }
        Ok(self.ahead.as_ref().map(|call| call.at))
    }

    /// Returns the lifetimes of the instances of the launch that was last returned, if they are drawn: one for each
    /// of its `max_count`, whether it gets them or not.
    #[inline]
    pub fn lifetimes(&self) -> &[Duration] {
        &self.lifetimes
    }

    /// Returns the arrival processes, in the order of the scenario.
    pub fn sources(&self) -> &[ArrivalSource] {
        &self.sources
    }

    /// Returns the sources of jobs, layer by layer.
    pub fn jobs(&self) -> &[JobSource] {
        &self.jobs
    }

    /// Takes the next job of a source. Returns the time that it needs its instance for.
    pub fn take_job(&mut self, source: usize) -> Duration {
        self.jobs[source].take()
    }

    /// Returns what the launches of the trace do about room that is short.
    pub fn trace_policy(&self) -> &LaunchPolicy {
        &self.trace_policy
    }

    /// Returns the greatest time seen in the trace so far, a start or an end. Once [`Demand::next`] has returned
    /// `None`, the trace's last event.
    pub fn last_event(&self) -> Time {
        self.trace.as_ref().map_or(Time::ZERO, TraceReplay::last_event)
    }

    /// Returns what was read of the trace otherwise than it is written, a sentence each.
    pub fn notes(&self) -> Vec<String> {
        self.trace.as_ref().map_or(Vec::new(), TraceReplay::notes)
    }

    /// Returns the time of the trace's first row.
    pub fn first_event(&self) -> Option<Time> {
        self.trace.as_ref().and_then(TraceReplay::first_event)
    }

    /// Returns true if a part of the demand is a trace.
    pub fn has_trace(&self) -> bool {
        self.trace.is_some()
    }

    /// Returns true if the demand ends by itself: it is a trace alone.
    pub fn ends(&self) -> bool {
        self.sources.is_empty() && self.callers.is_empty() && self.jobs.is_empty()
    }

    /// Returns true if a part of the demand is synthetic calls.
    pub fn has_calls(&self) -> bool {
        !self.callers.is_empty()
    }

    /// Returns true if some calls are about instances that are drawn from the existing ones.
    pub fn draws_instances(&self) -> bool {
        self.callers.iter().any(CallSource::draws_instances)
    }

    /// Returns the instances that are there when the run starts, oldest first; empty unless the workload starts in
    /// steady state. Call it before the first [`Demand::next`], and [`Demand::resident`] for each in turn.
    pub fn residents(&mut self) -> Vec<Resident> {
        assert_eq!(self.instances, 0, "residents come before every other instance");
        let mut residents = Vec::new();
        if self.start == Start::Empty {
            return residents;
        }
        for (source, process) in self.sources.iter_mut().zip(0..) {
            let expected = source.expected_residents("").expect("checked when the demand was opened");
            source.draw_residents(process, expected, &mut residents);
        }
        // Equal in all three is equal altogether, so that the order needs no stable sort, which would take
        // half as much memory again.
        residents
            .sort_unstable_by_key(|resident| (Reverse(resident.age), resident.process, resident.residual));
        residents
    }

    /// Returns the request that brought a resident, as one of a single instance at the start of the run. To be
    /// called once for each of [`Demand::residents`], in their order.
    #[inline]
    pub fn resident(&mut self, resident: &Resident) -> Call {
        let mut call = self.sources[usize::from(resident.process)].resident();
        self.number_instances(&mut call);
        call
    }

    /// Returns how long an instance runs in a cycle of its stopping and starting. A function of the seed and its
    /// arguments alone. `instance` is its number in the demand, cycles count from 0.
    pub fn run_time(&self, stops: StopsId, instance: u64, cycle: u32) -> Duration {
        let stream = &mut self.stop_start_stream(instance, 2 * u64::from(cycle));
        self.stops(stops).run.draw(stream)
    }

    /// Returns how long an instance stays stopped in a cycle, after running.
    pub fn stopped_time(&self, stops: StopsId, instance: u64, cycle: u32) -> Duration {
        let stream = &mut self.stop_start_stream(instance, 2 * u64::from(cycle) + 1);
        self.stops(stops).stopped.draw(stream)
    }

    /// Returns where an instance of this age stands in its stopping and starting, had nothing held it up. After a
    /// million cycles it is taken to begin another one.
    pub fn phase(&self, stops: StopsId, instance: u64, age: Duration) -> Phase {
        let mut passed = Duration::ZERO;
        for cycle in 0..MAX_CYCLES {
            for running in [true, false] {
                let time = if running {
                    self.run_time(stops, instance, cycle)
                } else {
                    self.stopped_time(stops, instance, cycle)
                };
                let end = Duration(passed.0.saturating_add(time.0));
                if end > age {
                    return Phase { cycle, running, left: Duration(end.0 - age.0) };
                }
                passed = end;
            }
        }
        let left = self.run_time(stops, instance, MAX_CYCLES);
        Phase { cycle: MAX_CYCLES, running: true, left }
    }

    fn stop_start_stream(&self, instance: u64, time: u64) -> Stream {
        self.seed.stream(Purpose::StopStart, instance).from_draw(time * DRAWS_PER_TIME)
    }

    fn stops(&self, stops: StopsId) -> &Stops {
        let source = &self.sources[usize::from(stops.0)];
        source.stops().expect("an id of stops belongs to a process that has them")
    }
}

/// Returns the names of a list of sources, which stands at `key`, and the sources that could be made of it. One that cannot
/// be made has a problem, or refers to something that has one.
fn compile<Config, Made>(
    key: &str,
    list: &[Config],
    name: fn(&Config, u16) -> String,
    mut make: impl FnMut(&Config, u16, &str) -> Result<Made, Vec<Problem>>,
    problems: &mut Vec<Problem>,
) -> (Vec<String>, Vec<Made>) {
    let (mut names, mut met, mut made) = (Vec::new(), BTreeSet::new(), Vec::new());
    let Ok(_) = u16::try_from(list.len()) else {
        let found = format!("found {} processes, expected at most 65,535", list.len());
        problems.push(Problem::new(Place::key(key), found));
        return (names, made);
    };
    for (config, number) in list.iter().zip(0..) {
        let path = format!("{key}.{number}");
        match make(config, number, &path) {
            Ok(source) => made.push(source),
            Err(wrong) => problems.extend(wrong),
        }
        let name = name(config, number);
        if !met.insert(name.clone()) {
            let found = format!("found `{name}` again, expected a name of its own");
            problems.push(Problem::new(Place::key(&format!("{path}.name")), found));
        }
        names.push(name);
    }
    (names, made)
}

fn check_steady_state(config: &WorkloadConfig, sources: &[ArrivalSource], problems: &mut Vec<Problem>) {
    if config.arrivals.is_empty() {
        let found = "found \"steady-state\" without arrivals, expected \"empty\": a trace has no equilibrium";
        problems.push(Problem::new(Place::key("workload.start"), found));
    }
    for source in sources {
        let path = format!("workload.arrivals.{}", source.number());
        problems.extend(source.expected_residents(&path).err());
    }
}

#[cfg(test)]
mod tests;
