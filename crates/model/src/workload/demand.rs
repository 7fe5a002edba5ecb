//! The demand of a run: a trace, synthetic arrivals and synthetic calls, as one stream of calls in time order.
//!
//! At equal times the trace's call comes first, then the arrival processes, then the sources of calls, each in the
//! order of the scenario.
//! The demand does not depend on the answers of the cloud.

mod config;
mod sources;

pub use config::{Start, WorkloadConfig};

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;

use super::arrivals::{ArrivalSource, Stops};
use super::call::{Action, Call, Resident, StopsId};
use super::calls::CallSource;
use super::directory::Directory;
use super::handles::HostHandle;
use super::jobs::JobSource;
use super::launch_policy::LaunchPolicy;
use super::residents::DrawnResidents;
use super::trace::replay::TraceReplay;
use crate::fleet::topology::Affinity;
use plimsoll_base::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::{AccountId, Duration, HostId, Time};
use sources::Sources;

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

/// Place of a resident of the trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ResidentPlace {
    /// Host.
    pub host: HostId,
    /// Parts of the host; `None`: those that it would be placed on.
    pub affinity: Option<Affinity>,
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
        let Sources { trace, trace_policy, arrivals, callers, jobs, layers } =
            Sources::compile(config, duration, seed, base_dir, directory).map_err(InputError)?;
        let times = arrivals.iter().map(ArrivalSource::at).chain(callers.iter().map(CallSource::at));
        let mut demand = Demand {
            seed,
            start: config.start,
            trace,
            trace_policy,
            ahead: None,
            queue: times.zip(TRACE + 1..).map(Turn::new).collect(),
            sources: arrivals,
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

    /// Returns the next call and the place it names if it is the trace's, at the start of the run, and launches an instance on
    /// a host of the fleet: one that is there already. Call it before the first [`Demand::next`]. `host_of` tells beside the host of
    /// a name whether it is a dedicated host, whose residents have its tenancy.
    pub fn next_resident(
        &mut self,
        directory: &mut Directory,
        host_of: impl Fn(&str) -> Option<(HostId, bool)>,
    ) -> Result<Option<(Call, ResidentPlace)>, InputError> {
        let host = match &self.ahead {
            Some(Call { at: Time::ZERO, action: Action::Launch(launch), .. }) => {
                launch.options.as_deref().and_then(|options| options.host)
            }
            _ => None,
        };
        let host = host.and_then(|HostHandle(handle)| host_of(&directory.handles.hosts()[handle as usize]));
        let Some((host, is_dedicated)) = host else { return Ok(None) };
        let mut call = self.ahead.take().expect("it names a host");
        let mut affinity = None;
        if let Action::Launch(launch) = &mut call.action {
            affinity = launch.options.as_ref().and_then(|options| options.affinity);
            launch.options = launch.options.take().and_then(|options| options.without_host(is_dedicated));
        }
        self.number_instances(&mut call);
        let then = self.read_ahead(directory)?.unwrap_or(Time::NEVER);
        self.queue.retain(|turn| turn.source() != TRACE);
        self.queue.push(Turn::new((then, TRACE)));
        Ok(Some((call, ResidentPlace { host, affinity })))
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

    /// Returns the number of days, weeks or accounts that the trace is drawn from; `None` if it is replayed as it is.
    pub fn trace_blocks(&self) -> Option<u64> {
        self.trace.as_ref().and_then(TraceReplay::blocks)
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
    pub fn residents(&mut self) -> DrawnResidents {
        assert_eq!(self.instances, 0, "residents come before every other instance");
        let mut residents = DrawnResidents::default();
        if self.start == Start::Empty {
            return residents;
        }
        for (source, process) in self.sources.iter_mut().zip(0..) {
            let expected = source.expected_residents("").expect("checked when the demand was opened");
            residents.add(process, source.draw_residents(expected));
        }
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

#[cfg(test)]
mod tests;
