//! Jobs that continue now, in order. There is seldom more than one.

use std::collections::VecDeque;

use crate::control_plane::job::JobId;

/// Queue with its first element outside the buffer.
#[derive(Clone, Debug, Default)]
pub(super) struct RunQueue {
    first: Option<JobId>,
    others: VecDeque<JobId>,
}

impl RunQueue {
    /// Adds a job behind all others.
    #[inline]
    pub fn push(&mut self, job: JobId) {
        match self.first {
            None => self.first = Some(job),
            Some(_) => self.others.push_back(job),
        }
    }

    /// Removes and returns the next job.
    #[inline]
    pub fn pop(&mut self) -> Option<JobId> {
        let first = self.first?;
        self.first = if self.others.is_empty() { None } else { self.others.pop_front() };
        Some(first)
    }

    /// Returns true if no job continues.
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};

    #[test]
    fn it_is_a_plain_queue() {
        let mut random = Seed(3).stream(Purpose::Mix, 0);
        let (mut run_queue, mut plain) = (RunQueue::default(), VecDeque::new());
        for number in 0..10_000 {
            if random.below(2) == 0 {
                run_queue.push(JobId(number));
                plain.push_back(JobId(number));
            } else {
                assert_eq!(run_queue.pop(), plain.pop_front());
            }
            assert_eq!(run_queue.is_empty(), plain.is_empty());
        }
    }
}
