//! The line of the launches that wait: higher priority first, first in, first out within a priority.
//!
//! A launch waits for one zone or for any. It is served in its turn: once one cannot be served, none after it may use the
//! zones that it waits for, which a [`Pass`] along the line keeps account of.

use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

use plimsoll_base::persist;
use plimsoll_base::units::ZoneId;

/// Place in the line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct LinePlace {
    priority: Reverse<i32>,
    ticket: i64,
}

/// Launches that wait, each by a number that the line does not interpret.
#[derive(Clone, Debug, Default)]
pub struct WaitingLine {
    /// Launches that wait for a zone, by zone.
    by_zone: Vec<BTreeMap<LinePlace, u32>>,
    /// Launches that any zone will do for.
    any: BTreeMap<LinePlace, u32>,
    /// Ticket of the next that joins at the end.
    last: i64,
    /// Ticket of the last that joined at the front.
    first: i64,
}

persist! { WaitingLine {
    values: [by_zone, any, last, first],
} }

impl WaitingLine {
    /// Returns an empty line for so many zones.
    pub fn new(zones: usize) -> WaitingLine {
        WaitingLine { by_zone: vec![BTreeMap::new(); zones], ..WaitingLine::default() }
    }

    /// Returns the number of launches that wait.
    pub fn len(&self) -> usize {
        self.any.len() + self.by_zone.iter().map(BTreeMap::len).sum::<usize>()
    }

    /// Returns whether no launch waits.
    pub fn is_empty(&self) -> bool {
        self.any.is_empty() && self.by_zone.iter().all(BTreeMap::is_empty)
    }

    /// Returns the numbers of those that wait, in the order of the line.
    pub fn numbers(&self) -> Vec<u32> {
        let mut all: Vec<(LinePlace, u32)> = self
            .by_zone
            .iter()
            .chain([&self.any])
            .flatten()
            .map(|(place, number)| (*place, *number))
            .collect();
        all.sort_unstable();
        all.into_iter().map(|(_, number)| number).collect()
    }

    /// Adds a launch behind all others of its priority.
    pub fn join(&mut self, priority: i32, zone: Option<ZoneId>, number: u32) -> LinePlace {
        self.last += 1;
        self.put(LinePlace { priority: Reverse(priority), ticket: self.last }, zone, number)
    }

    /// Adds a launch before all others of its priority.
    pub fn rejoin(&mut self, priority: i32, zone: Option<ZoneId>, number: u32) -> LinePlace {
        self.first -= 1;
        self.put(LinePlace { priority: Reverse(priority), ticket: self.first }, zone, number)
    }

    fn put(&mut self, place: LinePlace, zone: Option<ZoneId>, number: u32) -> LinePlace {
        self.side_mut(zone).insert(place, number);
        place
    }

    /// Removes a launch.
    pub fn leave(&mut self, place: LinePlace, zone: Option<ZoneId>) {
        let was_there = self.side_mut(zone).remove(&place);
        assert!(was_there.is_some(), "a launch leaves the line that it was not in");
    }

    fn side_mut(&mut self, zone: Option<ZoneId>) -> &mut BTreeMap<LinePlace, u32> {
        match zone {
            Some(zone) => &mut self.by_zone[zone.index()],
            None => &mut self.any,
        }
    }
}

/// Passage along the line from its first launch on.
#[derive(Clone, Debug)]
pub struct Pass {
    /// Place of the launch that was served last.
    at: Option<LinePlace>,
    /// Zones that are closed to those that come later.
    closed: Vec<bool>,
}

impl Pass {
    /// Returns a passage along the line of so many zones.
    pub fn new(zones: usize) -> Pass {
        Pass { at: None, closed: vec![false; zones] }
    }

    /// Returns the next launch that waits for a zone that is not closed; `None` after the last.
    pub fn next(&mut self, line: &WaitingLine) -> Option<u32> {
        if self.closed.iter().all(|closed| *closed) {
            return None;
        }
        let after = |side: &BTreeMap<LinePlace, u32>| {
            use std::ops::Bound::{Excluded, Unbounded};
            let from = self.at.map_or(Unbounded, Excluded);
            side.range((from, Unbounded)).next().map(|(place, number)| (*place, *number))
        };
        let open =
            line.by_zone.iter().zip(&self.closed).filter(|(_, closed)| !**closed).map(|(side, _)| side);
        let (place, number) = open.chain([&line.any]).filter_map(after).min()?;
        self.at = Some(place);
        Some(number)
    }

    /// Closes a zone, or every one, to the launches that come later.
    pub fn close(&mut self, zone: Option<ZoneId>) {
        match zone {
            Some(zone) => self.closed[zone.index()] = true,
            None => self.closed.fill(true),
        }
    }

    /// Returns, by zone, which ones are closed.
    pub fn closed(&self) -> &[bool] {
        &self.closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};

    /// A launch of the plain twin: priority, order, zone, number.
    type Waiting = (Reverse<i32>, i64, Option<ZoneId>, u32);

    /// Serves every launch that fits, by one look at all of them in order: `room` has the places of each zone.
    fn serve_plainly(waiting: &[Waiting], room: &mut [u32]) -> Vec<(u32, ZoneId)> {
        let mut sorted = waiting.to_vec();
        sorted.sort_by_key(|(priority, order, ..)| (*priority, *order));
        let (mut closed, mut served) = (vec![false; room.len()], Vec::new());
        for (_, _, zone, number) in sorted {
            let usable =
                (0..room.len()).filter(|z| !closed[*z] && zone.is_none_or(|zone| zone.index() == *z));
            let usable: Vec<usize> = usable.collect();
            match usable.iter().find(|z| room[**z] > 0) {
                Some(z) => {
                    room[*z] -= 1;
                    served.push((number, ZoneId(*z as u16)));
                }
                None => usable.iter().for_each(|z| closed[*z] = true),
            }
        }
        served
    }

    fn serve(
        line: &WaitingLine,
        zones: &BTreeMap<u32, Option<ZoneId>>,
        room: &mut [u32],
    ) -> Vec<(u32, ZoneId)> {
        let (mut pass, mut served) = (Pass::new(room.len()), Vec::new());
        while let Some(number) = pass.next(line) {
            let zone = zones[&number];
            let mut usable =
                (0..room.len()).filter(|z| !pass.closed()[*z] && zone.is_none_or(|of| of.index() == *z));
            match usable.find(|z| room[*z] > 0) {
                Some(z) => {
                    room[z] -= 1;
                    served.push((number, ZoneId(z as u16)));
                }
                None => pass.close(zone),
            }
        }
        served
    }

    #[test]
    fn it_serves_whom_a_look_at_all_of_them_serves() {
        let mut random = Seed(19).stream(Purpose::Mix, 0);
        for _ in 0..2_000 {
            let zones = 1 + random.below(3) as usize;
            let (mut line, mut plain, mut zone_of) = (WaitingLine::new(zones), Vec::new(), BTreeMap::new());
            for number in 0..random.below(12) as u32 {
                let zone = random.below(zones as u64 + 1).checked_sub(1).map(|zone| ZoneId(zone as u16));
                let priority = random.below(3) as i32;
                let order = match random.below(4) {
                    0 => line.rejoin(priority, zone, number),
                    _ => line.join(priority, zone, number),
                };
                plain.push((Reverse(priority), order.ticket, zone, number));
                zone_of.insert(number, zone);
            }
            let room: Vec<u32> = (0..zones).map(|_| random.below(4) as u32).collect();
            let expected = serve_plainly(&plain, &mut room.clone());
            assert_eq!(serve(&line, &zone_of, &mut room.clone()), expected);
            assert_eq!(line.numbers().len(), line.len());
        }
    }

    #[test]
    fn those_that_were_taken_out_come_first_of_their_priority_again() {
        let mut line = WaitingLine::new(1);
        let first = line.join(0, None, 1);
        line.join(0, Some(ZoneId(0)), 2);
        line.join(5, Some(ZoneId(0)), 3);
        line.leave(first, None);
        line.rejoin(0, None, 1);
        assert_eq!(line.numbers(), [3, 1, 2]);
    }
}
