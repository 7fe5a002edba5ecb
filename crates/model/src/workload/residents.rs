//! Residents: the instances that are there when a run starts in steady state, oldest first.
//!
//! They are drawn by process, 16 bytes each, sorted by process, and merged as they are asked for: at a steady state of millions
//! they are most of the memory that a run touches before it begins.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::iter::Peekable;
use std::vec;

use super::call::Resident;
use plimsoll_base::units::Duration;

/// Age and residual life of a resident.
pub type EquilibriumLife = (Duration, Duration);

/// Residents that are still to come, oldest first; of the same age those of the first process, then the one that ends first.
#[derive(Debug, Default)]
pub struct DrawnResidents {
    /// Residents of each process that has any.
    processes: Vec<(u16, Peekable<vec::IntoIter<EquilibriumLife>>)>,
    /// Next of each, by its place in `processes`; empty where there is only one.
    next: BinaryHeap<Next>,
    len: usize,
}

/// Greatest first: age, then the process that comes first.
type Next = (Duration, Reverse<usize>);

impl DrawnResidents {
    /// Adds the residents of a process, which come after those of the processes before it.
    pub(super) fn add(&mut self, process: u16, mut drawn: Vec<EquilibriumLife>) {
        drawn.sort_unstable_by_key(|(age, residual)| {
            u128::from(u64::MAX - age.0) << u64::BITS | u128::from(residual.0)
        });
        if drawn.is_empty() {
            return;
        }
        self.len += drawn.len();
        let drawn = drawn.into_iter().peekable();
        self.processes.push((process, drawn));
        if self.processes.len() > 1 {
            let next: Vec<Next> = (0..self.processes.len()).filter_map(|place| self.next_of(place)).collect();
            self.next = next.into();
        }
    }

    fn next_of(&mut self, place: usize) -> Option<Next> {
        let (age, _) = self.processes[place].1.peek()?;
        Some((*age, Reverse(place)))
    }

    /// Returns the place of the process of the next resident.
    #[inline]
    fn next_place(&mut self) -> Option<usize> {
        if self.processes.len() <= 1 {
            return (!self.processes.is_empty()).then_some(0);
        }
        let (_, Reverse(place)) = self.next.pop()?;
        Some(place)
    }
}

impl Iterator for DrawnResidents {
    type Item = Resident;

    #[inline]
    fn next(&mut self) -> Option<Resident> {
        let place = self.next_place()?;
        let (process, drawn) = &mut self.processes[place];
        let (process, (age, residual)) = (*process, drawn.next()?);
        self.len -= 1;
        if self.processes.len() > 1 {
            let next = self.next_of(place);
            self.next.extend(next);
        }
        Some(Resident { age, residual, process })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len, Some(self.len))
    }
}

impl ExactSizeIterator for DrawnResidents {}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};

    #[test]
    fn come_as_from_one_sorted_list() {
        for processes in 0..5 {
            let mut random = Seed(7).stream(Purpose::Lifetime, u64::from(processes));
            let (mut residents, mut plain) = (DrawnResidents::default(), Vec::new());
            for process in 0..processes {
                let mut draw = || Duration(random.below(40));
                let drawn: Vec<EquilibriumLife> = (0..300 * process).map(|_| (draw(), draw())).collect();
                let all = drawn.iter().map(|(age, residual)| (Reverse(*age), process, *residual));
                plain.extend(all);
                residents.add(process, drawn);
            }
            plain.sort();
            assert_eq!(residents.len(), plain.len());
            let found = residents.map(|it| (Reverse(it.age), it.process, it.residual));
            assert!(found.eq(plain), "{processes} processes");
        }
    }
}
