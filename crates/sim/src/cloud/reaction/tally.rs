//! Counts of open launches: attempts, waits, choices, preemptions.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::cloud::reaction::open_launch::LaunchChoice;
use plimsoll_base::metrics::{Durations, QueueHistory, TimeWeighted};
use plimsoll_base::units::{Duration, Time};

/// Counts since the end of the warm-up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LaunchTally {
    /// Attempts begun \[attempts\].
    pub attempts: u64,
    /// Instances launched at each attempt \[instances\].
    pub by_attempt: BTreeMap<u32, u64>,
    /// Instances launched by [`LaunchChoice`] \[instances\].
    pub by_choice: [u64; 3],
    /// Instances launched after their launch had waited in line \[instances\].
    pub waited: u64,
    /// Instances that were preempted \[instances\].
    pub preempted: u64,
    /// Instances launched again after that \[instances\].
    pub requeued: u64,
    /// Times in line before an instance was launched, zero among them, by priority.
    pub waits: BTreeMap<i32, Durations>,
    /// Instances that launches in line ask for \[instances\].
    pub line_length: TimeWeighted,
    /// History of that.
    pub line_history: QueueHistory,
    /// Times in line between the preemption of an instance and its next launch, by priority.
    pub requeue_waits: BTreeMap<i32, Durations>,
}

impl LaunchTally {
    /// Returns the times in line, by name: of all launches, of each priority where there are several, and of those that were
    /// launched again.
    pub fn latencies(&self) -> Vec<(String, Cow<'_, Durations>)> {
        let mut named = Vec::new();
        for (name, by_priority) in [("placement_wait", &self.waits), ("requeue_wait", &self.requeue_waits)] {
            let mut all = Durations::default();
            by_priority.values().for_each(|waits| all.add(waits));
            named.push((name.to_string(), Cow::Owned(all)));
            if self.waits.len() > 1 {
                let of = |(priority, waits)| (format!("{name}.priority{priority}"), Cow::Borrowed(waits));
                named.extend(by_priority.iter().map(of));
            }
        }
        named
    }

    /// Begins to count anew, at the end of the warm-up.
    pub fn begin_window(&mut self, now: Time) {
        let mut line_length = self.line_length;
        line_length.begin_window(now);
        *self = LaunchTally { line_length, ..LaunchTally::default() };
    }

    /// Notes the length of the line.
    pub fn note_line(&mut self, now: Time) {
        let length = self.line_length;
        self.line_history.note(now, || vec![length.integral(now)]);
    }

    /// Returns whether the line grew through the second half of the run, which ends now.
    pub fn is_unstable(&self, now: Time) -> bool {
        let length = &self.line_length;
        self.line_history.grew(0, now, length.integral(now), length.value())
    }

    /// Counts instances that begin to wait.
    pub fn joined(&mut self, now: Time, instances: u32) {
        self.line_length.add(now, instances.into());
        self.line_length.note_peak();
    }

    /// Counts instances that wait no longer.
    pub fn left(&mut self, now: Time, instances: u32) {
        self.line_length.subtract(now, instances.into());
    }

    /// Counts the instances of a launch that succeeded.
    pub fn launched(&mut self, instances: u32, attempt: u32, choice: LaunchChoice) {
        *self.by_attempt.entry(attempt).or_insert(0) += u64::from(instances);
        self.by_choice[choice as usize] += u64::from(instances);
    }

    /// Records the time in line of each of these instances.
    pub fn waited(&mut self, instances: u32, priority: i32, wait: Duration) {
        let waits = self.waits.entry(priority).or_default();
        (0..instances).for_each(|_| waits.record(wait));
        self.waited += if wait > Duration::ZERO { u64::from(instances) } else { 0 };
    }

    /// Records the time in line of each of these instances, which were launched again.
    pub fn requeued(&mut self, instances: u32, priority: i32, wait: Duration) {
        let waits = self.requeue_waits.entry(priority).or_default();
        (0..instances).for_each(|_| waits.record(wait));
        self.requeued += u64::from(instances);
    }
}
