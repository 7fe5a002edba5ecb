//! A message queue with at-least-once delivery, and the slots of the workers that receive from it.
//!
//! A message is visible until a worker receives it, then in flight. Where it is not finished before the
//! visibility time-out it is delivered again while the first delivery goes on; after so many receives it is a
//! dead letter. Whichever delivery finishes first deletes the message; later ones find nothing left to do.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::job::JobId;
use super::occupancy::Occupancy;
use plimsoll_base::metrics::Level;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, Time};

/// Rules of a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QueueRules {
    /// The most messages that may wait; `None` for no limit.
    pub queue_limit: Option<u32>,
    /// Visibility time-out: the longest time of a delivery before the message is delivered again; `None` for no limit.
    pub visibility_timeout: Option<Duration>,
    /// Deliveries after which a message that is not finished is a dead letter, at least 1; `None` for any number.
    pub max_receives: Option<u32>,
    /// Delay after a failed delivery before the message is visible again.
    pub redelivery_delay: Duration,
    /// Messages that workers hold at once: their number times what each fetches ahead; `None` for no limit.
    pub slots: Option<u32>,
}

/// A message, numbered by its slot, which is used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct MessageId(pub u32);

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum State {
    /// In the queue since this time.
    Visible(Time),
    /// Delayed until this time.
    Delayed(Time),
    /// Received; visible again at this time.
    InFlight(Time),
    /// Finished or a dead letter.
    Gone,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Message {
    job: JobId,
    state: State,
    receives: u32,
    /// Deliveries that workers still hold.
    held: u32,
    /// True while it is in the queue, gone or not.
    is_listed: bool,
}

/// A queue and the slots of its workers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MessageQueue {
    rules: QueueRules,
    messages: Vec<Message>,
    free: Vec<MessageId>,
    /// Visible messages, and some that are gone.
    list: VecDeque<MessageId>,
    visible: Occupancy,
    delayed: u32,
    in_flight: u32,
    /// Slots of workers over time: each is taken from a delivery until the worker lets go of it.
    slots: Level,
    counts: QueueCounts,
}

persist! { MessageQueue {
    values: [messages, free, list, visible, delayed, in_flight, counts],
    nested: [slots],
    derived: [rules],
} }

/// Counts of a queue in the window.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct QueueCounts {
    /// Messages inside when the window began.
    pub carried: u64,
    /// Messages that came.
    pub sent: u64,
    /// Messages that found the queue full.
    pub refused: u64,
    /// Deliveries.
    pub deliveries: u64,
    /// Deliveries of a message that had been delivered before.
    pub redelivered: u64,
    /// Messages that were finished.
    pub finished: u64,
    /// Deliveries that ended when their message was gone already.
    pub duplicates: u64,
    /// Messages given up after too many receives.
    pub dead_letters: u64,
}

/// Delivery of a message to a worker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// The message.
    pub message: MessageId,
    /// The job that it is about.
    pub job: JobId,
    /// Number of the delivery, from 1.
    pub receive: u32,
    /// Time for which the message was visible before.
    pub waited: Duration,
    /// Time to call [`MessageQueue::expire`]; `None` for never.
    pub expires: Option<Time>,
}

/// State of a message after a failed delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failed {
    /// Visible again.
    Visible,
    /// Visible from then on: [`MessageQueue::appear`] is to be called.
    Delayed(Time),
    /// A dead letter: the job that it was about.
    Dead(JobId),
    /// Gone already, or another delivery of it is still on its way.
    Nothing,
}

/// State of a message after its visibility time-out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expired {
    /// Visible again; the delivery goes on.
    Visible,
    /// A dead letter: the job that it was about. Its deliveries go on.
    Dead(JobId),
    /// The delivery had ended in time.
    Nothing,
}

impl MessageQueue {
    /// Returns an empty queue.
    pub fn new(rules: QueueRules) -> MessageQueue {
        MessageQueue {
            rules,
            messages: Vec::new(),
            free: Vec::new(),
            list: VecDeque::new(),
            visible: Occupancy::default(),
            delayed: 0,
            in_flight: 0,
            slots: Level::new(rules.slots.map(u64::from)),
            counts: QueueCounts::default(),
        }
    }

    /// Adds a message about a job, visible at once; `None` if the queue is full.
    pub fn send(&mut self, now: Time, job: JobId) -> Option<MessageId> {
        self.counts.sent += 1;
        if self.rules.queue_limit.is_some_and(|limit| self.visible.present() + self.delayed >= limit) {
            self.counts.refused += 1;
            return None;
        }
        let message = Message { job, state: State::Gone, receives: 0, held: 0, is_listed: false };
        let id = match self.free.pop() {
            Some(id) => {
                self.messages[id.0 as usize] = message;
                id
            }
            None => {
                self.messages.push(message);
                MessageId((self.messages.len() - 1) as u32)
            }
        };
        self.show(now, id);
        Some(id)
    }

    /// Delivers the first visible message to a worker, if there are both a message and a slot for it.
    pub fn receive(&mut self, now: Time) -> Option<Delivery> {
        if self.slots.left() == 0 {
            return None;
        }
        loop {
            let id = self.list.pop_front()?;
            self.messages[id.0 as usize].is_listed = false;
            if let State::Visible(since) = self.messages[id.0 as usize].state {
                return Some(self.deliver(now, id, since));
            }
            self.tidy(id);
        }
    }

    fn deliver(&mut self, now: Time, id: MessageId, since: Time) -> Delivery {
        self.visible.leave(now, since);
        self.in_flight += 1;
        self.slots.take(now, 1);
        self.slots.note();
        self.counts.deliveries += 1;
        let expires = self.rules.visibility_timeout.map(|timeout| now.after(timeout));
        let message = &mut self.messages[id.0 as usize];
        message.state = State::InFlight(expires.unwrap_or(Time::NEVER));
        message.receives += 1;
        message.held += 1;
        self.counts.redelivered += u64::from(message.receives > 1);
        let (job, receive) = (message.job, message.receives);
        Delivery { message: id, job, receive, waited: now.since(since), expires }
    }

    /// Deletes a message that a worker has finished and frees its slot; returns the job that the message was about where
    /// this delivery is the first to finish.
    pub fn finish(&mut self, now: Time, id: MessageId) -> Option<JobId> {
        self.let_go(now, id);
        let job = self.remove(now, id);
        match job {
            Some(_) => self.counts.finished += 1,
            None => self.counts.duplicates += 1,
        }
        self.tidy(id);
        job
    }

    /// Takes in the failure of a worker with a message and frees its slot. The message is tried again, unless it is gone or
    /// another delivery of it is on its way.
    pub fn fail(&mut self, now: Time, id: MessageId) -> Failed {
        self.let_go(now, id);
        let message = self.messages[id.0 as usize];
        let failed = match message.state {
            State::InFlight(_) if message.held == 0 => self.put_back(now, id),
            State::Gone => {
                self.counts.duplicates += 1;
                Failed::Nothing
            }
            _ => Failed::Nothing,
        };
        self.tidy(id);
        failed
    }

    fn put_back(&mut self, now: Time, id: MessageId) -> Failed {
        if self.is_spent(id) {
            return Failed::Dead(self.bury(now, id));
        }
        self.in_flight -= 1;
        if self.rules.redelivery_delay == Duration::ZERO {
            self.show(now, id);
            return Failed::Visible;
        }
        let at = now.after(self.rules.redelivery_delay);
        self.delayed += 1;
        self.messages[id.0 as usize].state = State::Delayed(at);
        Failed::Delayed(at)
    }

    /// Ends the visibility time-out of a delivery: to be called at [`Delivery::expires`].
    pub fn expire(&mut self, now: Time, id: MessageId) -> Expired {
        // A message that took the slot since, or was delivered since, expires at another time.
        if self.messages[id.0 as usize].state != State::InFlight(now) {
            return Expired::Nothing;
        }
        if self.is_spent(id) {
            return Expired::Dead(self.bury(now, id));
        }
        self.in_flight -= 1;
        self.show(now, id);
        Expired::Visible
    }

    /// Ends the delay of a message: to be called at the time of [`Failed::Delayed`]; true if it is visible now.
    pub fn appear(&mut self, now: Time, id: MessageId) -> bool {
        let is_due = self.messages[id.0 as usize].state == State::Delayed(now);
        if is_due {
            self.delayed -= 1;
            self.show(now, id);
        }
        is_due
    }

    fn show(&mut self, now: Time, id: MessageId) {
        self.visible.enter(now);
        let message = &mut self.messages[id.0 as usize];
        message.state = State::Visible(now);
        message.is_listed = true;
        self.list.push_back(id);
    }

    fn is_spent(&self, id: MessageId) -> bool {
        self.rules.max_receives.is_some_and(|most| self.messages[id.0 as usize].receives >= most)
    }

    fn bury(&mut self, now: Time, id: MessageId) -> JobId {
        self.counts.dead_letters += 1;
        self.remove(now, id).expect("it was in flight")
    }

    /// Takes a message away from where it is; `None` where it is gone.
    fn remove(&mut self, now: Time, id: MessageId) -> Option<JobId> {
        let message = &mut self.messages[id.0 as usize];
        match std::mem::replace(&mut message.state, State::Gone) {
            State::Visible(since) => self.visible.leave(now, since),
            State::Delayed(_) => self.delayed -= 1,
            State::InFlight(_) => self.in_flight -= 1,
            State::Gone => return None,
        }
        Some(message.job)
    }

    fn let_go(&mut self, now: Time, id: MessageId) {
        let held = &mut self.messages[id.0 as usize].held;
        *held = held.checked_sub(1).expect("a worker lets go of a message that it does not hold");
        self.slots.give_back(now, 1);
    }

    /// Frees the slot of a message that is gone and that no worker holds.
    fn tidy(&mut self, id: MessageId) {
        let Message { state, held, is_listed, .. } = self.messages[id.0 as usize];
        if state == State::Gone && held == 0 && !is_listed {
            self.free.push(id);
        }
    }

    /// Returns the number of messages that a worker could receive.
    pub fn visible(&self) -> u32 {
        self.visible.present()
    }

    /// Returns the number of messages that wait for their delay.
    pub fn delayed(&self) -> u32 {
        self.delayed
    }

    /// Returns the number of messages received and neither finished nor visible again.
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Returns the slots of workers over time.
    pub fn slots(&self) -> &Level {
        &self.slots
    }

    /// Returns the visible messages over time.
    pub fn backlog(&self) -> &Occupancy {
        &self.visible
    }

    /// Begins the statistics anew with what is inside.
    pub fn begin_window(&mut self, now: Time) {
        self.visible.begin_window(now);
        self.slots.begin_window(now);
        self.counts = QueueCounts { carried: self.inside(), ..QueueCounts::default() };
    }

    /// Returns its counts in the window.
    pub fn counts(&self) -> QueueCounts {
        self.counts
    }

    fn inside(&self) -> u64 {
        u64::from(self.visible()) + u64::from(self.delayed) + u64::from(self.in_flight)
    }

    /// Panics unless every message that came is finished, dead or inside, and every slot is accounted for.
    pub fn assert_conserved(&self, now: Time) {
        let QueueCounts { carried, sent, refused, finished, dead_letters, .. } = self.counts;
        assert_eq!(carried + sent, refused + finished + dead_letters + self.inside(), "messages are lost");
        let held: u32 = self.messages.iter().map(|message| message.held).sum();
        assert_eq!(u64::from(held), self.slots.used(), "slots of workers are lost");
        let visible = self.messages.iter().filter(|message| matches!(message.state, State::Visible(_)));
        assert_eq!(visible.count(), self.visible() as usize, "visible messages are miscounted");
        assert!(
            self.slots.limit().is_none_or(|slots| self.slots.used() <= slots),
            "workers hold more than they can"
        );
        self.visible.assert_little(now);
    }
}

#[cfg(test)]
mod tests;
