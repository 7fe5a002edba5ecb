//! The path of a call through the control plane, from top to bottom.
//!
//! ```text
//! read:     gateway ─▶ cache ─hit──────────────────────────────────▶ answer
//!                        └miss▶ connection ─▶ replica or primary ──▶ answer
//! write:    gateway ─▶ validation ─▶ records it is about, read as above ─▶ connection ─▶ primary ─▶
//!           ├ of a record:    effect, answer
//!           ├ of an instance: answer; queue ─▶ worker ─▶ hypervisor (─▶ storage) ─▶ effect
//!           └ of a volume:    queue ─▶ worker ─▶ storage ─▶ effect, answer
//! instance: host ─▶ download of the image ─▶ boot ─▶ connection ─▶ primary ─▶ running
//! ```
//!
//! [`Plane::enter`] carries out a step, `path` gives the next one. A job continues step by step until it has to wait;
//! steps that take no time need no event.

use super::jobs::Task;
use super::path::Step;
use super::requests::{Client, ClientRequest, RequestId};
use super::stage::Arrival;
use super::stages::StageId;
use super::{Effect, Plane, PlaneTimer};
use crate::control_plane::breaker::BreakerVerdict;
use crate::control_plane::job::JobId;
use crate::control_plane::station::Next;
use plimsoll_base::failure::Failure;
use plimsoll_base::units::{Duration, Time};

/// Outcome of a step.
pub(super) enum StepOutcome {
    /// The job continues.
    Passed,
    /// The job waits, or is over.
    Waits,
    /// The request takes effect, which the owner of the plane carries out.
    Commits(RequestId),
    /// The instance runs, which the owner of the plane carries out.
    Finishes,
}

impl Plane {
    /// Takes a job through its steps until it waits.
    #[inline]
    pub(super) fn advance(&mut self, now: Time, id: JobId) -> Option<Effect> {
        let mut step = self.jobs[id].step;
        loop {
            match self.enter(now, id, step) {
                StepOutcome::Passed => step = self.leave(now, id),
                StepOutcome::Waits => return None,
                StepOutcome::Commits(request) => return Some(Effect::Commit(id, request)),
                StepOutcome::Finishes => return Some(Effect::Finish(id)),
            }
        }
    }

    /// Carries out the step of a job.
    #[inline]
    fn enter(&mut self, now: Time, id: JobId, step: Step) -> StepOutcome {
        match step {
            Step::Gateway | Step::Validation | Step::Worker => self.serve(now, id, step, step.stage()),
            Step::CacheLookup => self.cache_lookup(now, id),
            Step::CacheResult => self.cache_result(now, id),
            Step::ConnectToRead => {
                self.jobs[id].node = self.database.node_to_read();
                self.connect(now, id)
            }
            Step::ConnectToWrite => {
                self.jobs[id].node = 0;
                self.connect(now, id)
            }
            Step::Read | Step::Write => self.serve(now, id, step, StageId::node(self.jobs[id].node)),
            Step::CacheFill => self.cache_fill(now, id),
            Step::Enqueue => self.enqueue(now, id),
            Step::Hypervisor | Step::Storage => self.serve_behind_breaker(now, id, step, step.stage()),
            Step::Commit => self.commit(now, id),
            Step::Download => self.download(now, id),
            Step::Boot => self.boot(now, id),
            Step::Finish => StepOutcome::Finishes,
            Step::AwaitCacheFill | Step::InQueue => {
                unreachable!("a job that waits for another does not move by itself")
            }
        }
    }

    /// Leaves a step: releases what the job held there. Returns the next step.
    #[inline]
    fn leave(&mut self, now: Time, id: JobId) -> Step {
        let has_cache = self.database.caches.is_some();
        let job = &mut self.jobs[id];
        let (step, verdict) = (job.step, job.verdict.take());
        let next = job.path.next(step, has_cache, job.cache_hit);
        job.step = next;
        if let Some(verdict) = verdict {
            self.breaker_of(step).expect("a breaker let it through").succeeded(verdict);
        }
        if matches!(step, Step::Read | Step::Write) {
            self.disconnect(now, id);
        }
        next
    }

    /// Lets a job that has waited continue in its turn.
    #[inline]
    pub(super) fn go_on(&mut self, now: Time, id: JobId) {
        self.leave(now, id);
        self.outbox.resume(id);
    }

    /// Takes a job to a stage with servers.
    #[inline]
    fn serve(&mut self, now: Time, id: JobId, step: Step, at: StageId) -> StepOutcome {
        let stage = &mut self.stages[at.index()];
        if stage.is_open() && self.rules.times.takes_no_time(step) {
            stage.pass();
            return StepOutcome::Passed;
        }
        match stage.arrive(now, id) {
            Arrival::Served => {
                if self.begin(now, id, at, Duration::ZERO) {
                    return StepOutcome::Waits;
                }
                self.release(now, at, now);
                StepOutcome::Passed
            }
            Arrival::Waits => {
                if let Some(due) = self.stages[at.index()].deadlines.wake() {
                    self.outbox.set_timer(due, PlaneTimer::QueueTimeout, u32::from(at.0));
                }
                StepOutcome::Waits
            }
            Arrival::Refused => self.fail(now, id, Failure::ServiceUnavailable),
        }
    }

    /// Takes a job to a stage with servers, unless a breaker refuses it.
    fn serve_behind_breaker(&mut self, now: Time, id: JobId, step: Step, at: StageId) -> StepOutcome {
        if let Some(breaker) = self.breaker_of(step) {
            match breaker.ask(now) {
                BreakerVerdict::Refused => return self.fail(now, id, Failure::ServiceUnavailable),
                verdict => self.jobs[id].verdict = Some(verdict),
            }
        }
        self.serve(now, id, step, at)
    }

    /// Looks a record up in the cache. Where that takes no time, which is the rule, the result follows at once.
    #[inline]
    fn cache_lookup(&mut self, now: Time, id: JobId) -> StepOutcome {
        let entered = self.serve(now, id, Step::CacheLookup, StageId::CACHE);
        if !matches!(entered, StepOutcome::Passed) {
            return entered;
        }
        self.jobs[id].step = Step::CacheResult;
        self.cache_result(now, id)
    }

    /// Begins the service of a job. Returns false where it takes no time.
    #[inline]
    fn begin(&mut self, now: Time, id: JobId, at: StageId, waited: Duration) -> bool {
        let job = &mut self.jobs[id];
        job.began = now;
        let (step, scans) = (job.step, job.path.scans());
        let time = self.service_time(step, scans, at);
        self.stages[at.index()].note(waited, time);
        if time > Duration::ZERO {
            self.outbox.set_timer(now.after(time), PlaneTimer::Served, id.0);
        }
        time > Duration::ZERO
    }

    /// Ends the service of a job.
    #[inline]
    pub(super) fn served(&mut self, now: Time, id: JobId) {
        let job = &self.jobs[id];
        let (at, began) = (job.stage(), job.began);
        self.release(now, at, began);
        self.go_on(now, id);
    }

    /// Frees a server: the next job that waits begins.
    #[inline]
    fn release(&mut self, now: Time, at: StageId, began: Time) {
        let next = self.stages[at.index()].station.complete(now, began);
        if let Some(next) = next {
            self.begin_next(now, at, next);
        }
    }

    /// Begins the service of a job that has waited, and, where that takes no time, of the next ones.
    pub(super) fn begin_next(&mut self, now: Time, at: StageId, next: Next) {
        let mut next = Some(next);
        while let Some(Next { job, waited }) = next {
            if self.begin(now, job, at, waited) {
                return;
            }
            next = self.stages[at.index()].station.complete(now, now);
            self.go_on(now, job);
        }
    }

    /// Returns the service time of a step at a stage; a read without an index scans every instance.
    #[inline]
    fn service_time(&mut self, step: Step, scans: bool, at: StageId) -> Duration {
        let (times, stage) = (&self.rules.times, &mut self.stages[at.index()]);
        let mut time = times.of(step).draw(&mut stage.stream);
        if scans && step == Step::Read {
            time = Duration(time.0.saturating_add(times.scan_per_row.0.saturating_mul(self.instance_count)));
        }
        stage.stretched(time)
    }

    /// Times out jobs that have waited too long at a stage.
    pub(super) fn queue_times_out(&mut self, now: Time, at: StageId) {
        while let Some(id) = self.stages[at.index()].give_up(now) {
            self.fail(now, id, Failure::InternalError);
        }
        if let Some(due) = self.stages[at.index()].deadlines.wake() {
            self.outbox.set_timer(due, PlaneTimer::QueueTimeout, u32::from(at.0));
        }
    }

    /// Lets a job take effect, unless its request has taken effect or its client has given up.
    #[inline]
    fn commit(&mut self, now: Time, id: JobId) -> StepOutcome {
        let request = match self.jobs[id].task {
            Task::Attempt(request) | Task::Delivery(request, _) => request,
            Task::BringUp(_) => unreachable!("an instance that comes up has had its effect"),
        };
        let ClientRequest { client, is_settled, .. } = &mut self.requests[request];
        if *client == Client::GaveUp {
            self.results.counts.orphaned += 1;
        } else if *is_settled {
            self.results.counts.duplicates += 1;
        } else {
            *is_settled = true;
            return StepOutcome::Commits(request);
        }
        self.committed(now, id);
        StepOutcome::Waits
    }

    /// Ends a job that has taken effect.
    #[inline]
    pub fn committed(&mut self, now: Time, id: JobId) {
        match self.jobs[id].task {
            Task::Attempt(request) => {
                self.answer(now, request, id);
                self.end_attempt(id, request);
            }
            Task::Delivery(request, message) => self.message_is_done(now, id, request, message),
            Task::BringUp(_) => unreachable!("an instance that comes up has had its effect"),
        }
    }

    /// Fails a job: releases its resources and notifies its waiter.
    pub(super) fn fail(&mut self, now: Time, id: JobId, failure: Failure) -> StepOutcome {
        let step = self.jobs[id].step;
        self.disconnect(now, id);
        self.cache_fill_fails(id);
        if let Some(verdict) = self.jobs[id].verdict.take() {
            self.breaker_of(step).expect("a breaker let it through").failed(now, verdict);
        }
        match self.jobs[id].task {
            Task::Attempt(request) => self.attempt_failed(now, id, request, failure),
            Task::Delivery(request, message) => self.delivery_failed(now, id, request, message),
            Task::BringUp(_) => {
                self.jobs[id].step = Step::ConnectToWrite;
                let again = self.rules.times.again;
                self.outbox.set_timer(now.after(again), PlaneTimer::RetryWrite, id.0);
            }
        }
        StepOutcome::Waits
    }
}
