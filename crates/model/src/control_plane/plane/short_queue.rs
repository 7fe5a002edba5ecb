//! A queue that seldom holds more than one.

use std::collections::VecDeque;

/// Queue with its first element outside the buffer.
#[derive(Clone, Debug)]
pub(super) struct ShortQueue<T> {
    first: Option<T>,
    others: VecDeque<T>,
}

impl<T> Default for ShortQueue<T> {
    fn default() -> ShortQueue<T> {
        ShortQueue { first: None, others: VecDeque::new() }
    }
}

impl<T: Copy> ShortQueue<T> {
    /// Adds an element behind all others.
    #[inline]
    pub fn push(&mut self, element: T) {
        match self.first {
            None => self.first = Some(element),
            Some(_) => self.others.push_back(element),
        }
    }

    /// Removes and returns the first element.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let first = self.first?;
        self.first = if self.others.is_empty() { None } else { self.others.pop_front() };
        Some(first)
    }

    /// Returns true if it holds nothing.
    #[inline]
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
        let (mut queue, mut plain) = (ShortQueue::default(), VecDeque::new());
        for number in 0..10_000 {
            if random.below(2) == 0 {
                queue.push(number);
                plain.push_back(number);
            } else {
                assert_eq!(queue.pop(), plain.pop_front());
            }
            assert_eq!(queue.is_empty(), plain.is_empty());
        }
    }
}
