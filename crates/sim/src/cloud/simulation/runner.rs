//! The runner: takes the next event or call in order, to the end of the run.

use std::collections::BTreeSet;
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

/// Course of a run: its length, its milestones and its checkpoints.
pub struct Runner {
    options: RunOptions,
    /// End of the run; `None`: the end of the trace.
    duration: Option<Duration>,
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
            duration: scenario.duration,
            warmup: scenario.warmup,
            sampling_interval: scenario.sampling_interval(),
            counts_minutes: scenario.counts_minutes(),
            checkpoints: BTreeSet::new(),
            resume_from: None,
        }
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
        world.recorder.outbox = ObservationOutbox::new(observer.detail());
        let mut progress = match self.resume_from.take() {
            Some(progress) => {
                observer.started();
                *progress
            }
            None => self.open(&mut world, observer)?,
        };
        let running = AssertUnwindSafe(|| self.run_to_the_end(&mut world, &mut progress, observer));
        let horizon = match catch_unwind(running) {
            Ok(horizon) => horizon?,
            Err(panic) => {
                observer.panicked(progress.milestones.reached, progress.milestones.events);
                resume_unwind(panic);
            }
        };
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
        Ok(finish::finish(world, horizon, milestones.warmup_end, milestones.events, residents))
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

    #[inline(never)] // a name for profilers
    fn run_to_the_end(
        &mut self,
        world: &mut World,
        progress: &mut Progress,
        observer: &mut dyn Observer,
    ) -> Result<Time, InputError> {
        let end = self.duration.map(|duration| Time::ZERO.after(duration));
        let Progress { milestones, residents, call } = progress;
        let mut call = call.take();
        let mut checkpoint = self.checkpoints.pop_first().unwrap_or(Time::NEVER);
        let mut until_batch = 1;
        loop {
            let call_at = call.as_ref().map_or(Time::NEVER, |call| call.at);
            // Without a duration the demand is a trace, and the run ends with its last event.
            let horizon = match (end, &call) {
                (Some(end), _) => end,
                (None, Some(_)) => Time::NEVER,
                (None, None) => end_of_trace(world, milestones.reached),
            };
            let until = call_at.min(horizon).min(checkpoint);
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
            } else if checkpoint < call_at.min(horizon) {
                let at = checkpoint;
                milestones.reach(world, at, observer);
                let save = |out: &mut Writer<'_>| {
                    checkpoint::save(world, out, milestones, *residents, call.as_ref())
                };
                observer.checkpoint(&RunState { at, events: milestones.events, save: &save });
                checkpoint = self.checkpoints.pop_first().unwrap_or(Time::NEVER);
                continue;
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
                    if is_launch {
                        work::after_launch(world, call_at)
                    } else {
                        work::after_event(world, call_at)
                    }
                }
                call = world.demand.next(&mut world.directory)?;
                prefetch::prefetch_calls(world, call.as_ref());
            } else {
                return check_checkpoints(checkpoint, horizon).map(|()| horizon);
            }
            milestones.events += 1;
            world.recorder.outbox.deliver(observer, &world.directory);
            if milestones.events.is_multiple_of(PROGRESS_EVENTS)
                && observer.progressed(milestones.reached, milestones.events).is_break()
            {
                return Ok(milestones.reached);
            }
            if self.options.check_conservation {
                conservation::assert_conserved(world);
            }
        }
    }
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
