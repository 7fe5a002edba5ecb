//! Time-outs of one length: a FIFO, of which only the first has a timer. Most are void before they are due.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use plimsoll_base::units::{Duration, Time};

/// Time-outs of one length.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deadlines<T> {
    /// `None` for no time-out.
    length: Option<Duration>,
    entries: VecDeque<(Time, T)>,
    /// Time of the timer that is set.
    awaited: Option<Time>,
}

impl<T: Copy> Deadlines<T> {
    /// Returns an empty queue of time-outs of a length; `None` for never.
    pub fn new(length: Option<Duration>) -> Deadlines<T> {
        Deadlines { length, entries: VecDeque::new(), awaited: None }
    }

    /// Adds a time-out. Earlier ones for which `is_over` returns true are dropped.
    #[inline]
    pub fn push(&mut self, now: Time, what: T, is_over: impl Fn(T) -> bool) {
        let Some(length) = self.length else { return };
        while self.entries.front().is_some_and(|(_, first)| is_over(*first)) {
            self.entries.pop_front();
        }
        self.entries.push_back((now.after(length), what));
    }

    /// Returns the time at which to call [`Deadlines::due`], unless a timer is set already.
    #[inline]
    pub fn wake(&mut self) -> Option<Time> {
        match (self.awaited, self.entries.front()) {
            (None, Some((first, _))) => {
                self.awaited = Some(*first);
                self.awaited
            }
            _ => None,
        }
    }

    /// Returns the next that is due, void or not; `None` when there is no more.
    pub fn due(&mut self, now: Time) -> Option<T> {
        if self.awaited.is_some_and(|at| at <= now) {
            self.awaited = None;
        }
        let (at, what) = *self.entries.front()?;
        if at > now {
            return None;
        }
        self.entries.pop_front();
        Some(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_asks_for_an_event() {
        let mut deadlines = Deadlines::new(Some(Duration(10)));
        deadlines.push(Time(0), 'a', |_| false);
        assert_eq!(deadlines.wake(), Some(Time(10)));
        deadlines.push(Time(3), 'b', |_| false);
        deadlines.push(Time(3), 'c', |_| false);
        assert_eq!(deadlines.wake(), None);
        assert_eq!((deadlines.due(Time(10)), deadlines.due(Time(10))), (Some('a'), None));
        assert_eq!(deadlines.wake(), Some(Time(13)));
        assert_eq!((deadlines.due(Time(13)), deadlines.due(Time(13))), (Some('b'), Some('c')));
        assert_eq!((deadlines.due(Time(13)), deadlines.wake()), (None, None));
    }

    #[test]
    fn what_is_over_is_forgotten_without_an_event() {
        let mut deadlines = Deadlines::new(Some(Duration(10)));
        deadlines.push(Time(0), 1, |_| false);
        deadlines.push(Time(1), 2, |_| true);
        assert_eq!(deadlines.wake(), Some(Time(11)));
        let mut never = Deadlines::new(None);
        never.push(Time(0), 1, |_| false);
        assert_eq!(never.wake(), None);
    }
}
