//! The runner: takes the next event or call in order, to the end of the run.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::cloud::RunOptions;
use crate::cloud::api::dispatch;
use crate::cloud::control::submit;
use crate::cloud::instances::recovery;
use crate::cloud::observe::observer::{Detail, Observer, RunState};
use crate::cloud::observe::outbox::ObservationOutbox;
use crate::cloud::observe::outcome::Outcome;
use crate::cloud::observe::row_recorder::RowRecorder;
use crate::cloud::observe::{finish, headroom, instance_rows, resource_rows};
use crate::cloud::reaction::work;
use crate::cloud::simulation::milestones::{Milestones, Progress};
use crate::cloud::simulation::timers::BATCH;
use crate::cloud::simulation::{
    assembly, checkpoint, conservation, event_trace, events, prefetch, provisioning, steady_state,
};
use crate::cloud::world::World;
use crate::scenario::Scenario;
use plimsoll_base::engine::checkpoint::Writer;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::{Duration, Time};
use plimsoll_model::operation::Operation;
use plimsoll_model::workload::call::{Action, Call};

/// Number of events between two calls of [`Observer::progressed`].
const PROGRESS_EVENTS: u64 = 1 << 14;

/// End of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum RunEnd {
    /// A time of the scenario.
    At(Time),
    /// The last event of the trace.
    WithTrace,
    /// None: clients call for as long as they like.
    Open,
}

/// Reason for which a run is where it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Halt {
    /// Everything up to the time asked for has happened.
    Reached,
    /// The run has ended.
    Ended(Time),
    /// The observer has ended it.
    Stopped(Time),
}

/// Course of a run: its length, its milestones and its checkpoints.
pub struct Runner {
    options: RunOptions,
    end: RunEnd,
    warmup: Duration,
    sampling_interval: Duration,
    counts_minutes: bool,
    /// Times of the checkpoints requested.
    checkpoints: BTreeSet<Time>,
    /// Progress of a run that goes on from a checkpoint.
    resume_from: Option<Box<Progress>>,
}

impl Runner {
    /// Returns the runner of a scenario.
    pub fn new(scenario: &Scenario, options: RunOptions) -> Runner {
        Runner {
            options,
            end: scenario
                .duration
                .map_or(RunEnd::WithTrace, |duration| RunEnd::At(Time::ZERO.after(duration))),
            warmup: scenario.warmup,
            sampling_interval: scenario.sampling_interval(),
            counts_minutes: scenario.counts_minutes(),
            checkpoints: BTreeSet::new(),
            resume_from: None,
        }
    }

    /// Lets the run go on until it is closed, whatever the scenario says.
    pub fn leave_open(&mut self) {
        self.end = RunEnd::Open;
    }

    /// Returns whether events and calls are reported.
    pub fn traces_events(&self) -> bool {
        self.options.trace_events
    }

    /// Begins where a checkpoint was written.
    pub fn resume_from(&mut self, progress: Progress) {
        self.resume_from = Some(Box::new(progress));
    }

    /// Requests checkpoints at these times.
    pub fn checkpoint_at(&mut self, times: impl IntoIterator<Item = Time>) {
        self.checkpoints.extend(times);
    }

    /// Runs to the end.
    pub fn run(mut self, mut world: World, observer: &mut dyn Observer) -> Result<Outcome, InputError> {
        if let (RunEnd::At(end), true) = (self.end, self.checkpoints.is_empty()) {
            // Nothing looks at the events after it. A checkpoint keeps them: the run that goes on from it may be longer.
            world.timers.queue.end_at(end);
        }
        let mut progress = self.begin(&mut world, observer)?;
        let running = AssertUnwindSafe(|| self.run_to_the_end(&mut world, &mut progress, observer));
        let horizon = match catch_unwind(running) {
            Ok(horizon) => horizon?,
            Err(panic) => {
                observer.panicked(progress.milestones.reached, progress.milestones.events);
                resume_unwind(panic);
            }
        };
        Ok(close(world, progress, horizon, observer))
    }

    /// Begins a run, or goes on from a checkpoint.
    pub fn begin(&mut self, world: &mut World, observer: &mut dyn Observer) -> Result<Progress, InputError> {
        world.recorder.outbox = ObservationOutbox::new(observer.detail());
        match self.resume_from.take() {
            Some(progress) => {
                observer.started();
                Ok(*progress)
            }
            None => self.open(world, observer),
        }
    }

    /// Makes the state at time zero.
    fn open(&mut self, world: &mut World, observer: &mut dyn Observer) -> Result<Progress, InputError> {
        if world.recorder.outbox.wants(Detail::Rows) {
            let window_start = assembly::window_start(self.warmup);
            world.recorder.rows = Some(Box::new(RowRecorder::new(window_start)));
            world.storage.keep_history();
        }
        let provided = provisioning::provide(world);
        let residents = steady_state::seed(world)?;
        recovery::schedule_next(world);
        observer.started();
        submit::open(world);
        let mut milestones = Milestones::new(self.warmup, self.sampling_interval, self.counts_minutes);
        milestones.reach(world, Time::ZERO, observer);
        work::open(world);
        // Provisioned hosts that do not fit are reported as refused calls.
        for (account, answer) in provided {
            world.recorder.answer(Time::ZERO, Operation::AllocateHost, account, answer);
        }
        world.recorder.outbox.deliver(observer, &world.directory);
        let call = world.demand.next(&mut world.directory)?;
        Ok(Progress { milestones, residents, call })
    }

    /// Runs to the end, with a halt at each checkpoint.
    fn run_to_the_end(
        &mut self,
        world: &mut World,
        progress: &mut Progress,
        observer: &mut dyn Observer,
    ) -> Result<Time, InputError> {
        loop {
            let checkpoint = self.checkpoints.pop_first().unwrap_or(Time::NEVER);
            let halt = self.run_until(checkpoint, world, progress, observer)?;
            // First: what a rule that has failed leaves behind is nothing to save, and no other error hides its own.
            if let Some(error) = world.hosts.placer.failure() {
                return Err(error.clone());
            }
            match halt {
                Halt::Ended(horizon) => return check_checkpoints(checkpoint, horizon).map(|()| horizon),
                Halt::Stopped(at) => return Ok(at),
                Halt::Reached => {
                    let Progress { milestones, residents, call } = &*progress;
                    let save = |out: &mut Writer<'_>| {
                        checkpoint::save(world, out, milestones, *residents, call.as_ref())
                    };
                    observer.checkpoint(&RunState {
                        at: checkpoint,
                        events: milestones.events,
                        save: &save,
                    })?;
                }
            }
        }
    }

    /// Runs until everything up to a time has happened, its calls included, or to the end if that comes first.
    #[inline(never)] // a name for profilers
    pub fn run_until(
        &mut self,
        pause: Time,
        world: &mut World,
        progress: &mut Progress,
        observer: &mut dyn Observer,
    ) -> Result<Halt, InputError> {
        let Progress { milestones, residents: _, call: next } = progress;
        let mut call = next.take();
        let mut until_batch = 1;
        loop {
            let call_at = call.as_ref().map_or(Time::NEVER, |call| call.at);
            // Without a duration the demand is a trace, and the run ends with its last event.
            let horizon = match (self.end, &call) {
                (RunEnd::At(end), _) => end,
                (RunEnd::Open, _) | (RunEnd::WithTrace, Some(_)) => Time::NEVER,
                (RunEnd::WithTrace, None) => end_of_trace(world, milestones.reached),
            };
            let until = call_at.min(horizon).min(pause);
            if let Some((at, event)) = world.timers.queue.pop_until(until) {
                milestones.pass_time(world, at, observer);
                until_batch -= 1;
                if until_batch == 0 {
                    until_batch = BATCH;
                    prefetch::prefetch_batch(world);
                }
                if self.options.trace_events {
                    event_trace::event(world, milestones.events, at, event);
                }
                events::on_event(world, at, event);
                if world.control.is_some() {
                    submit::work(world, at);
                }
                if world.reactions.is_some() {
                    work::after_event(world, at);
                }
            } else if pause < call_at.min(horizon) {
                milestones.reach(world, pause, observer);
                *next = call;
                return Ok(Halt::Reached);
            } else if call_at <= horizon && call.is_some() {
                milestones.pass_time(world, call_at, observer);
                if self.options.trace_events {
                    event_trace::call(world, milestones.events, call_at, call.as_ref().expect("checked"));
                }
                match world.control {
                    None => {
                        world.advance_ledger(call_at);
                        dispatch::call(world, call_at, call.as_ref().expect("checked"));
                    }
                    Some(_) => submit::submit(world, call_at, call.take().expect("checked")),
                }
                if world.reactions.is_some() {
                    // With a control plane a call may carry out others.
                    let is_launch = matches!(&call, Some(Call { action: Action::Launch(_), .. }));
                    work::after_call(world, call_at, is_launch);
                }
                call = world.demand.next(&mut world.directory)?;
                prefetch::prefetch_calls(world, call.as_ref());
            } else {
                return Ok(Halt::Ended(horizon));
            }
            if self.after_step(world, milestones, observer).is_break() {
                return Ok(Halt::Stopped(milestones.reached));
            }
        }
    }

    /// Counts an event or call, and delivers what it led to. Breaks where the observer ends the run.
    #[inline(always)] // every event
    pub fn after_step(
        &self,
        world: &mut World,
        milestones: &mut Milestones,
        observer: &mut dyn Observer,
    ) -> ControlFlow<()> {
        milestones.events += 1;
        world.recorder.outbox.deliver(observer, &world.directory);
        if milestones.events.is_multiple_of(PROGRESS_EVENTS) {
            observer.progressed(milestones.reached, milestones.events)?;
            if world.hosts.placer.failure().is_some() {
                return ControlFlow::Break(());
            }
        }
        if self.options.check_conservation {
            conservation::assert_conserved(world);
        }
        ControlFlow::Continue(())
    }
}

/// Closes a run at its end: the last sample, the last bills, the outcome.
pub fn close(mut world: World, progress: Progress, horizon: Time, observer: &mut dyn Observer) -> Outcome {
    let Progress { mut milestones, residents, .. } = progress;
    milestones.reach(&mut world, horizon, observer);
    milestones.end(&mut world, horizon);
    headroom::sample_if_due(&mut world, horizon);
    world.recorder.outbox.deliver(observer, &world.directory);
    observer.ended();
    conservation::assert_conserved(&world);
    finish::bill_running(&mut world, horizon);
    instance_rows::record_live_instances(&mut world, horizon, observer);
    resource_rows::report(&mut world, observer);
    finish::finish(world, horizon, milestones.warmup_end, milestones.events, residents)
}

/// Returns the end of a run whose demand is a trace that has no more calls: its last event, which launches that wait or are
/// tried again may delay.
fn end_of_trace(world: &World, reached: Time) -> Time {
    let last = world.demand.last_event();
    let Some(reactions) = &world.reactions else { return last };
    // Faults never end: then the run waits for no launch.
    let is_open = !reactions.open.is_empty() && world.faults.is_none() && !world.timers.queue.is_empty();
    if is_open { Time::NEVER } else { last.max(reactions.last_end()).max(reached) }
}

/// Refuses a checkpoint that was requested for a time after the end.
fn check_checkpoints(next: Time, horizon: Time) -> Result<(), InputError> {
    if next == Time::NEVER {
        return Ok(());
    }
    let ended = Duration(horizon.0);
    let found = format!("found {}, expected a time before the end of the run, {ended}", Duration(next.0));
    Err(Problem::new(Place::key("--checkpoint-at"), found).into())
}
