//! Predicted ends of the instances on each host, by the hour, for strategies that place by lifetimes.

use serde::{Deserialize, Serialize};

use plimsoll_base::units::{HostId, Time};

/// Hour, from the beginning of the run, by whose end an instance is predicted to have left its host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ExitHour(pub u32);

const NS_PER_HOUR: u64 = 3_600_000_000_000;

impl ExitHour {
    /// No prediction: the instance may stay for ever.
    pub const UNKNOWN: ExitHour = ExitHour(u32::MAX);

    /// Returns the hour of an end: the next full one.
    pub fn of(end: Time) -> ExitHour {
        // 584 years of hours, the most that a time can be, are far below the number that says unknown.
        ExitHour(end.0.div_ceil(NS_PER_HOUR) as u32)
    }
}

impl Default for ExitHour {
    fn default() -> ExitHour {
        ExitHour::UNKNOWN
    }
}

/// Hosts whose last instance is predicted to end in the same hour; those without instances first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ExitGroup {
    /// Hosts without instances.
    Empty,
    /// Hosts with instances, the last of which ends in this hour.
    At(ExitHour),
}

impl ExitGroup {
    /// Returns its number: in the order of groups.
    pub fn number(self) -> u32 {
        match self {
            ExitGroup::Empty => 0,
            ExitGroup::At(ExitHour(hour)) => hour.saturating_add(1),
        }
    }

    /// Returns the group of a number.
    pub fn of(number: u32) -> ExitGroup {
        match number {
            0 => ExitGroup::Empty,
            u32::MAX => ExitGroup::At(ExitHour::UNKNOWN),
            _ => ExitGroup::At(ExitHour(number - 1)),
        }
    }

    /// Returns the hours after `now` until the last instance has ended: 0 for one that is overdue.
    pub fn hours_left(self, now: u32) -> u32 {
        match self {
            ExitGroup::Empty => 0,
            ExitGroup::At(ExitHour(hour)) => hour.saturating_sub(now),
        }
    }
}

/// Predicted ends on every host.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Exits {
    /// By host: hours and the instances that end in each, in ascending order.
    by_host: Vec<Vec<(ExitHour, u32)>>,
    /// Hour that it is, rounded down.
    now: u32,
}

impl Exits {
    /// Returns those of hosts without instances.
    pub fn new(hosts: usize) -> Exits {
        Exits { by_host: vec![Vec::new(); hosts], now: 0 }
    }

    /// Returns them for so many hosts, those that are new without instances.
    pub fn of_hosts(mut self, hosts: usize) -> Exits {
        self.by_host.resize(hosts, Vec::new());
        self
    }

    /// Notes the time.
    pub fn advance(&mut self, now: Time) {
        self.now = (now.0 / NS_PER_HOUR) as u32;
    }

    /// Returns the hour that it is.
    pub fn now(&self) -> u32 {
        self.now
    }

    /// Counts an instance on a host.
    pub fn add(&mut self, host: HostId, exit: ExitHour) {
        let hours = &mut self.by_host[host.index()];
        match hours.binary_search_by_key(&exit, |(hour, _)| *hour) {
            Ok(at) => hours[at].1 += 1,
            Err(at) => hours.insert(at, (exit, 1)),
        }
    }

    /// Counts an instance no longer.
    pub fn remove(&mut self, host: HostId, exit: ExitHour) {
        let hours = &mut self.by_host[host.index()];
        let at = hours.binary_search_by_key(&exit, |(hour, _)| *hour);
        let at = at.expect("an instance that leaves its host was counted there");
        hours[at].1 -= 1;
        if hours[at].1 == 0 {
            hours.remove(at);
        }
    }

    /// Returns the group of a host.
    pub fn group(&self, host: HostId) -> ExitGroup {
        self.by_host[host.index()].last().map_or(ExitGroup::Empty, |(hour, _)| ExitGroup::At(*hour))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_end_decides() {
        let mut exits = Exits::new(2);
        let host = HostId(1);
        let hour = |hours: u64| ExitHour::of(Time(hours * NS_PER_HOUR));
        assert_eq!(
            (ExitHour::of(Time(1)), hour(1), ExitHour::of(Time(0))),
            (ExitHour(1), ExitHour(1), ExitHour(0))
        );
        for exit in [hour(3), hour(7), hour(7), hour(5)] {
            exits.add(host, exit);
        }
        exits.remove(host, hour(7));
        assert_eq!(exits.group(host), ExitGroup::At(hour(7)));
        exits.remove(host, hour(7));
        assert_eq!(exits.group(host), ExitGroup::At(hour(5)));
        exits.advance(Time(4 * NS_PER_HOUR + 1));
        assert_eq!(exits.now(), 4);
        assert_eq!(
            [exits.group(host), ExitGroup::At(hour(2)), ExitGroup::Empty].map(|of| of.hours_left(4)),
            [1, 0, 0]
        );
        for group in [ExitGroup::Empty, ExitGroup::At(hour(0)), ExitGroup::At(ExitHour::UNKNOWN)] {
            assert_eq!(ExitGroup::of(group.number()), group);
        }
        exits.remove(host, hour(5));
        exits.remove(host, hour(3));
        assert_eq!((exits.group(host), exits.group(HostId(0))), (ExitGroup::Empty, ExitGroup::Empty));
    }
}
