//! Path of an accepted call from the queue to a worker; deliveries, and failures of deliveries.
//!
//! The job of an attempt waits while its message is with the queue and the workers; each delivery is a job of its own.

use super::flow::StepOutcome;
use super::jobs::{Job, Task};
use super::path::{JobPath, Route, Step};
use super::requests::RequestId;
use super::{Plane, PlaneTimer};
use crate::control_plane::breaker::Breaker;
use crate::control_plane::config::{QueueConfig, WorkerConfig};
use crate::control_plane::job::JobId;
use crate::control_plane::message_queue::{Expired, Failed, MessageId, MessageQueue, QueueRules};
use plimsoll_base::failure::Failure;
use plimsoll_base::metrics::Durations;
use plimsoll_base::persist;
use plimsoll_base::units::Time;

/// The messages, and how long they wait.
#[derive(Clone, Debug)]
pub(super) struct Messages {
    pub queue: MessageQueue,
    /// Times for which messages were visible before each delivery.
    pub waits: Durations,
    /// Sum of these times \[ns\].
    pub waited: u128,
}

persist! { Messages {
    values: [waits, waited],
    nested: [queue],
} }

impl Messages {
    pub fn new(queue: &QueueConfig, workers: &WorkerConfig) -> Messages {
        let queue = MessageQueue::new(QueueRules {
            queue_limit: queue.queue_limit.0,
            visibility_timeout: queue.visibility_timeout,
            max_receives: queue.max_receives.0,
            redelivery_delay: queue.redelivery_delay,
            slots: workers.count.0.map(|count| count.saturating_mul(workers.prefetch)),
        });
        Messages { queue, waits: Durations::default(), waited: 0 }
    }

    pub fn begin_window(&mut self, now: Time) {
        self.queue.begin_window(now);
        self.waits = Durations::default();
        self.waited = 0;
    }
}

impl Plane {
    /// Accepts a call as a message. Calls about instances are answered now.
    pub(super) fn enqueue(&mut self, now: Time, id: JobId) -> StepOutcome {
        let Job { task: Task::Attempt(request), path, .. } = self.jobs[id] else {
            unreachable!("only attempts become messages")
        };
        if self.messages.queue.send(now, id).is_none() {
            return self.fail(now, id, Failure::ServiceUnavailable);
        }
        self.jobs[id].step = Step::InQueue;
        if matches!(path, JobPath::Call { route: Route::Instance, .. }) {
            self.answer(now, request, id);
        }
        self.receive(now);
        StepOutcome::Waits
    }

    /// Delivers messages to workers as long as there are any and workers have room for them.
    fn receive(&mut self, now: Time) {
        while let Some(delivery) = self.messages.queue.receive(now) {
            self.messages.waits.record(delivery.waited);
            self.messages.waited += u128::from(delivery.waited.0);
            let Job { task: Task::Attempt(request), path, .. } = self.jobs[delivery.job] else {
                unreachable!("messages are about attempts")
            };
            let task = Task::Delivery(request, delivery.message);
            let job = self.jobs.add(Job::new(task, path, Step::Worker));
            self.requests[request].jobs += 1;
            self.outbox.resume(job);
            if let Some(expires) = delivery.expires {
                self.outbox.set_timer(expires, PlaneTimer::MessageExpires, delivery.message.0);
            }
        }
    }

    /// Ends a delivery with success. The first delivery of a message to succeed ends the attempt that it was about.
    pub(super) fn message_is_done(&mut self, now: Time, id: JobId, request: RequestId, message: MessageId) {
        if let Some(attempt) = self.messages.queue.finish(now, message) {
            self.answer(now, request, attempt);
            self.end_attempt(attempt, request);
        }
        self.end_job(id, request);
        self.receive(now);
    }

    /// Ends a delivery with failure.
    pub(super) fn delivery_failed(&mut self, now: Time, id: JobId, request: RequestId, message: MessageId) {
        match self.messages.queue.fail(now, message) {
            Failed::Delayed(until) => self.outbox.set_timer(until, PlaneTimer::MessageVisible, message.0),
            Failed::Dead(attempt) => self.attempt_failed(now, attempt, request, Failure::InternalError),
            Failed::Visible | Failed::Nothing => {}
        }
        self.end_job(id, request);
        self.receive(now);
    }

    /// Ends the visibility time-out of a message: if it is not done, it is delivered again.
    pub(super) fn message_expires(&mut self, now: Time, message: u32) {
        if let Expired::Dead(attempt) = self.messages.queue.expire(now, MessageId(message)) {
            let Task::Attempt(request) = self.jobs[attempt].task else {
                unreachable!("messages are about attempts")
            };
            self.attempt_failed(now, attempt, request, Failure::InternalError);
        }
        self.receive(now);
    }

    /// Makes a message visible again.
    pub(super) fn message_appears(&mut self, now: Time, message: u32) {
        self.messages.queue.appear(now, MessageId(message));
        self.receive(now);
    }

    /// Returns the breaker around the stage that a worker calls at a step.
    pub(super) fn breaker_of(&mut self, step: Step) -> Option<&mut Breaker> {
        match step {
            Step::Hypervisor => self.breakers[0].as_mut(),
            Step::Storage => self.breakers[1].as_mut(),
            _ => None,
        }
    }
}
