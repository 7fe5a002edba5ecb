//! The network of a rack: transfers to its hosts that share bandwidth.
//!
//! **The rule.** Every transfer of a rack goes at the least of two equal shares: its host's bandwidth over the
//! host's transfers, and the rack's over the rack's. Bandwidth that a host cannot use stays unused: transfers are
//! never faster than under max-min fairness, and equally fast where all hosts have equally many transfers.
//!
//! All transfers of a host go at one rate, so a host needs one virtual clock, the bits that a transfer got since
//! the beginning; a transfer ends when the clock has advanced by the transfer's size since its
//! start. A change costs a step for each host of the rack with transfers and O(log n) among the host's own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::job::JobId;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, Time};

/// Units of a virtual clock in one bit. At a rate of C bit/s it moves by C · 2¹⁶ of them in a nanosecond, so that
/// a share rounded down loses less than a billionth.
const UNITS_PER_BIT: u128 = 1_000_000_000 << 16;

/// The transfers of a rack.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Link {
    /// Bandwidth of a host \[bit/s\]; `None` for no limit.
    host_bps: Option<u64>,
    /// Bandwidth of the rack \[bit/s\]; `None` for no limit.
    rack_bps: Option<u64>,
    /// Hosts with transfers.
    hosts: BTreeMap<u32, HostClock>,
    transfers: u32,
    /// When the clocks were last moved.
    moved: Time,
    /// Transfers that have begun, which orders those that end together.
    begun: u64,
    /// Time last returned by [`Link::wake`], at which the caller looks for ends.
    wake: Option<Time>,
    counts: LinkCounts,
}

persist! { Link {
    values: [hosts, transfers, moved, begun, wake, counts],
    derived: [host_bps, rack_bps],
} }

#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
struct HostClock {
    /// Amount that each of its transfers would have got so far, had it been there from the start \[units\].
    shown: u128,
    /// Its transfers by the value of the clock at their ends, then in the order of their beginnings.
    ends: BTreeMap<(u128, u64), JobId>,
}

/// A transfer on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Transfer {
    host: u32,
    end: (u128, u64),
}

/// Counts of a link in the window.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct LinkCounts {
    /// Transfers that came.
    pub joined: u64,
    /// Transfers that ended.
    pub finished: u64,
    /// Transfers that were given up.
    pub left: u64,
    /// The most at once.
    pub peak: u32,
}

impl Link {
    /// Returns a rack without transfers; `None` for no limit.
    pub fn new(host_bps: Option<u64>, rack_bps: Option<u64>) -> Link {
        Link {
            host_bps,
            rack_bps,
            hosts: BTreeMap::new(),
            transfers: 0,
            moved: Time::ZERO,
            begun: 0,
            wake: None,
            counts: LinkCounts::default(),
        }
    }

    /// Begins a transfer of so many bits to a host of the rack. The host is any number that identifies it in the rack.
    pub fn join(&mut self, now: Time, host: u32, bits: impl Into<u128>, job: JobId) -> Transfer {
        self.advance(now);
        let clock = self.hosts.entry(host).or_default();
        let end = (clock.shown + bits.into() * UNITS_PER_BIT, self.begun);
        clock.ends.insert(end, job);
        self.begun += 1;
        self.transfers += 1;
        self.counts.joined += 1;
        self.counts.peak = self.counts.peak.max(self.transfers);
        Transfer { host, end }
    }

    /// Cancels a transfer; false if it has ended.
    pub fn leave(&mut self, now: Time, transfer: Transfer) -> bool {
        self.advance(now);
        let is_there = self.remove(transfer.host, transfer.end).is_some();
        self.counts.left += u64::from(is_there);
        is_there
    }

    /// Returns the next transfer to end if nothing changes before, and when.
    pub fn next_end(&self) -> Option<(Time, JobId)> {
        self.next().map(|(at, host, end)| (at, self.hosts[&host].ends[&end]))
    }

    /// Removes and returns a transfer that has ended by now, one a call. To be called at the times that [`Link::wake`] returns.
    pub fn finish(&mut self, now: Time) -> Option<JobId> {
        self.advance(now);
        if self.wake.is_some_and(|wake| wake <= now) {
            self.wake = None;
        }
        let (at, host, end) = self.next()?;
        if at > now {
            return None;
        }
        self.counts.finished += 1;
        self.remove(host, end)
    }

    /// Returns the time to look for ends after a change, unless it or an earlier time was returned before.
    pub fn wake(&mut self) -> Option<Time> {
        let (at, ..) = self.next()?;
        if self.wake.is_some_and(|wake| wake <= at) {
            return None;
        }
        self.wake = Some(at);
        self.wake
    }

    fn remove(&mut self, host: u32, end: (u128, u64)) -> Option<JobId> {
        let clock = self.hosts.get_mut(&host)?;
        let job = clock.ends.remove(&end)?;
        if clock.ends.is_empty() {
            self.hosts.remove(&host);
        }
        self.transfers -= 1;
        Some(job)
    }

    /// Moves the clocks on to `now`.
    fn advance(&mut self, now: Time) {
        let past = u128::from(now.since(self.moved).0);
        self.moved = now;
        if past == 0 {
            return;
        }
        let by_rack = share(self.rack_bps, self.transfers as usize);
        for clock in self.hosts.values_mut() {
            let rate = least(share(self.host_bps, clock.ends.len()), by_rack);
            clock.shown = match rate {
                // An enormous bandwidth over centuries is more than any transfer.
                Some(rate) => clock.shown.saturating_add(rate.saturating_mul(past)),
                None => clock.ends.last_key_value().map_or(clock.shown, |(end, _)| clock.shown.max(end.0)),
            };
        }
    }

    /// Returns the time, host and job of the transfer that ends next: of equals the one that began first.
    fn next(&self) -> Option<(Time, u32, (u128, u64))> {
        let by_rack = share(self.rack_bps, self.transfers as usize);
        let ends = self.hosts.iter().filter_map(|(&host, clock)| {
            let (&end, _) = clock.ends.first_key_value()?;
            let left = end.0.saturating_sub(clock.shown);
            let delay = match least(share(self.host_bps, clock.ends.len()), by_rack) {
                None => 0,
                Some(rate) => u64::try_from(left.div_ceil(rate)).unwrap_or(u64::MAX),
            };
            Some((self.moved.after(Duration(delay)), end.1, host, end))
        });
        ends.min().map(|(at, _, host, end)| (at, host, end))
    }

    /// Returns the number of transfers on their way.
    pub fn transfers(&self) -> u32 {
        self.transfers
    }

    /// Counts begin anew with those on their way.
    pub fn begin_window(&mut self) {
        self.counts = LinkCounts { peak: self.transfers, ..LinkCounts::default() };
    }

    /// Returns what it did in the window.
    pub fn counts(&self) -> LinkCounts {
        self.counts
    }
}

/// Returns what each of so many transfers has of a bandwidth \[units/ns\].
fn share(bps: Option<u64>, transfers: usize) -> Option<u128> {
    bps.map(|bps| (u128::from(bps) << 16) / (transfers as u128).max(1))
}

/// Returns the lesser of two rates, of which `None` is no limit.
fn least(one: Option<u128>, other: Option<u128>) -> Option<u128> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests;
