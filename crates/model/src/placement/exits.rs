//! Predicted ends of the instances on each host, by the hour, for strategies that place by lifetimes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use plimsoll_base::units::{HostId, NS_PER_HOUR, Time};

/// Hour, from the beginning of the run, by whose end an instance is predicted to have left its host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ExitHour(pub u32);

/// Hours that count for an instance that has more left or no prediction.
pub const LONGEST_H: u32 = 1000;

impl ExitHour {
    /// No prediction: the instance may stay for ever.
    pub const UNKNOWN: ExitHour = ExitHour(u32::MAX);

    /// Returns the hour of an end: the next full one.
    pub fn of(end: Time) -> ExitHour {
        // 584 years of hours, the most that a time can be, are far below the number that says unknown.
        ExitHour(end.0.div_ceil(NS_PER_HOUR) as u32)
    }

    /// Returns the hours from the one that it is until this one is over: 0 if it is; without prediction as many as can be.
    #[inline]
    pub fn left(self, now: u32) -> u32 {
        match self {
            ExitHour::UNKNOWN => u32::MAX,
            ExitHour(hour) => hour.saturating_sub(now),
        }
    }
}

impl Default for ExitHour {
    fn default() -> ExitHour {
        ExitHour::UNKNOWN
    }
}

/// Steps of the time that is left \[h\].
const STEPS_H: [u32; 13] = [0, 1, 2, 4, 8, 16, 24, 48, 72, 96, 120, 144, 168];

/// Bands of the time that is left: numbers from 0, each up to its bound \[h\], the last without bound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bands(Cow<'static, [u32]>);

impl Bands {
    /// Returns the bands with these upper bounds \[h\], in ascending order.
    pub fn new(bounds: &[u32]) -> Bands {
        assert!(bounds.is_sorted_by(|a, b| a < b), "bounds of bands ascend");
        Bands(Cow::Owned(bounds.to_vec()))
    }

    /// Returns the bands by which strategies tell hosts apart that look at the last end.
    pub fn steps() -> Bands {
        Bands(Cow::Borrowed(&STEPS_H))
    }

    /// Returns the upper bound of a band; of the last one [`LONGEST_H`].
    pub fn bound(&self, band: u32) -> u32 {
        self.0.get(band as usize).copied().unwrap_or(LONGEST_H)
    }

    /// Returns the upper bound of each band, that of the last one [`LONGEST_H`].
    pub fn bounds(&self) -> Vec<u32> {
        (0..self.count()).map(|band| self.bound(band)).collect()
    }

    /// Returns the number of bands.
    pub fn count(&self) -> u32 {
        self.0.len() as u32 + 1
    }

    /// Returns the band of so many hours.
    #[inline]
    pub fn of(&self, hours: u32) -> u32 {
        self.0.partition_point(|bound| *bound < hours) as u32
    }

    /// Returns the hours after which so many that pass one by one are in a lower band, if there is one.
    pub fn until_lower(&self, hours: u32) -> Option<u32> {
        Some(hours - self.0[self.of(hours).checked_sub(1)? as usize])
    }
}

/// Instances on a host that are predicted to end in the same hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Ending {
    hour: ExitHour,
    instances: u32,
    /// vCPU of all of them \[milli-vCPU\].
    vcpu_milli: u64,
}

/// Predicted ends on every host.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Exits {
    /// By host: its instances by the hours of their ends, in ascending order.
    by_host: Vec<Vec<Ending>>,
    /// Hour that it is, rounded down.
    now: u32,
    /// True where instances that outlive their predictions are predicted anew.
    #[serde(skip)]
    repredicts: bool,
    /// Hosts that are to be looked at again, by hour. It follows from the hosts, which are indexed anew when a run is restored.
    #[serde(skip)]
    due: BTreeMap<u32, Vec<HostId>>,
    /// By host: the first hour in which it is due; none for hosts beyond the end.
    #[serde(skip)]
    due_at: Vec<Option<u32>>,
}

impl Exits {
    /// Returns those of hosts without instances.
    pub fn new(hosts: usize) -> Exits {
        Exits {
            by_host: vec![Vec::new(); hosts],
            now: 0,
            repredicts: false,
            due: BTreeMap::new(),
            due_at: Vec::new(),
        }
    }

    /// Returns them for so many hosts, those that are new without instances.
    pub fn of_hosts(mut self, hosts: usize) -> Exits {
        self.by_host.resize(hosts, Vec::new());
        self
    }

    /// Predicts instances anew that outlive their predictions, or not, from now on.
    pub fn set_repredicts(&mut self, repredicts: bool) {
        self.repredicts = repredicts;
    }

    /// Returns true where instances that outlive their predictions are predicted anew.
    pub fn repredicts(&self) -> bool {
        self.repredicts
    }

    /// Returns the hours that instances have left by the latest prediction. One that outlives its first is predicted to have ended an
    /// hour later, then two hours later than first, four, eight and so on; without new predictions it ends now.
    #[inline]
    fn left_of(&self, ending: &Ending) -> u32 {
        let left = ending.hour.left(self.now);
        if left > 0 || !self.repredicts {
            return left;
        }
        let overdue = self.now - ending.hour.0;
        (overdue + 1).next_power_of_two() - overdue
    }

    /// Notes the time. Returns true if another hour has begun.
    #[inline]
    pub fn advance(&mut self, now: Time) -> bool {
        let hour = (now.0 / NS_PER_HOUR) as u32;
        std::mem::replace(&mut self.now, hour) != hour
    }

    /// Returns the hour that it is.
    pub fn now(&self) -> u32 {
        self.now
    }

    /// Has a host looked at again in an hour to come.
    pub fn schedule(&mut self, host: HostId, hour: u32) {
        if self.due_at.len() <= host.index() {
            self.due_at.resize(self.by_host.len(), None);
        }
        let due_at = &mut self.due_at[host.index()];
        if due_at.is_none_or(|earlier| hour < earlier) {
            *due_at = Some(hour);
            self.due.entry(hour).or_default().push(host);
        }
    }

    /// Returns the hosts that are due by now, and forgets that they are.
    pub fn take_due(&mut self) -> Vec<HostId> {
        let later = self.due.split_off(&self.now.saturating_add(1));
        let due = std::mem::replace(&mut self.due, later);
        let mut hosts = Vec::new();
        for (hour, candidates) in due {
            // A host that was scheduled again for an earlier hour is in both.
            let is_due = |id: &HostId| self.due_at[id.index()].take_if(|at| *at == hour).is_some();
            hosts.extend(candidates.into_iter().filter(is_due));
        }
        hosts
    }

    /// Counts an instance on a host.
    pub fn add(&mut self, host: HostId, exit: ExitHour, vcpu_milli: u32) {
        let endings = &mut self.by_host[host.index()];
        let vcpu_milli = u64::from(vcpu_milli);
        match endings.binary_search_by_key(&exit, |ending| ending.hour) {
            Ok(at) => {
                endings[at].instances += 1;
                endings[at].vcpu_milli += vcpu_milli;
            }
            Err(at) => endings.insert(at, Ending { hour: exit, instances: 1, vcpu_milli }),
        }
    }

    /// Counts an instance no longer.
    pub fn remove(&mut self, host: HostId, exit: ExitHour, vcpu_milli: u32) {
        let endings = &mut self.by_host[host.index()];
        let at = endings.binary_search_by_key(&exit, |ending| ending.hour);
        let at = at.expect("an instance that leaves its host was counted there");
        endings[at].instances -= 1;
        endings[at].vcpu_milli -= u64::from(vcpu_milli);
        if endings[at].instances == 0 {
            endings.remove(at);
        }
    }

    /// Returns the hours until the last instance of a host has ended: 0 for one that is overdue; `None` where it has none.
    #[inline]
    pub fn left(&self, host: HostId) -> Option<u32> {
        let endings = &self.by_host[host.index()];
        match self.repredicts {
            false => endings.last().map(|ending| self.left_of(ending)),
            true => endings.iter().map(|ending| self.left_of(ending)).max(),
        }
    }

    /// Returns the hours until the last instance of a host has ended, rounded up to the bound of its band of [`Bands::steps`]; 0 where
    /// it has none.
    pub fn left_in_steps(&self, host: HostId) -> u32 {
        let steps = Bands::steps();
        steps.bound(steps.of(self.left(host).unwrap_or(0)))
    }

    /// Returns the hours until a request that ends in an hour has ended, rounded up in the same way; as many as can be without prediction.
    #[inline]
    pub fn request_left_in_steps(&self, exit: ExitHour) -> u32 {
        let steps = Bands::steps();
        steps.bound(steps.of(exit.left(self.now)))
    }

    /// Returns the hour in which the time that the last instance of a host has left is in a lower band, if it comes to that.
    pub fn falls_at(&self, host: HostId, bands: &Bands) -> Option<u32> {
        let falls_in = bands.until_lower(self.left(host)?);
        self.now.checked_add(falls_in.into_iter().chain(self.predicted_in(host)).min()?)
    }

    /// Returns the hours after which an instance of a host is predicted anew if it is still there, where that is done.
    pub fn predicted_in(&self, host: HostId) -> Option<u32> {
        let endings = &self.by_host[host.index()];
        self.repredicts.then(|| endings.iter().map(|ending| self.left_of(ending)).min())?
    }

    /// Returns the hours until an instance of a host has ended, the mean by vCPU, rounded down; `None` where it has none. An
    /// instance without prediction has [`LONGEST_H`].
    pub fn mean_left(&self, host: HostId) -> Option<u32> {
        let endings = &self.by_host[host.index()];
        let weighted =
            |ending: &Ending| u128::from(self.left_of(ending).min(LONGEST_H)) * u128::from(ending.vcpu_milli);
        let all: u64 = endings.iter().map(|ending| ending.vcpu_milli).sum();
        let mean = endings.iter().map(weighted).sum::<u128>().checked_div(u128::from(all)).unwrap_or(0);
        (!endings.is_empty()).then_some(mean as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(hours: u64) -> ExitHour {
        ExitHour::of(Time(hours * NS_PER_HOUR))
    }

    #[test]
    fn the_last_end_decides() {
        let mut exits = Exits::new(2);
        let host = HostId(1);
        assert_eq!(
            (ExitHour::of(Time(1)), hour(1), ExitHour::of(Time(0))),
            (ExitHour(1), ExitHour(1), ExitHour(0))
        );
        for (exit, vcpu_milli) in [(hour(3), 1000), (hour(7), 4000), (hour(7), 2000), (hour(5), 1000)] {
            exits.add(host, exit, vcpu_milli);
        }
        // (3 + 7 · 6 + 5) / 8
        assert_eq!((exits.left(host), exits.mean_left(host)), (Some(7), Some(6)));
        exits.remove(host, hour(7), 2000);
        assert_eq!(exits.left(host), Some(7));
        exits.remove(host, hour(7), 4000);
        assert_eq!((exits.left(host), exits.mean_left(host)), (Some(5), Some(4)));
        assert!(exits.advance(Time(4 * NS_PER_HOUR + 1)) && !exits.advance(Time(4 * NS_PER_HOUR + 2)));
        assert_eq!((exits.now(), exits.left(host), exits.mean_left(host)), (4, Some(1), Some(0)));
        exits.remove(host, hour(5), 1000);
        assert_eq!(exits.left(host), Some(0), "it is overdue");
        exits.remove(host, hour(3), 1000);
        assert_eq!((exits.left(host), exits.mean_left(HostId(0))), (None, None));
        assert_eq!(ExitHour::UNKNOWN.left(9), u32::MAX);
    }

    #[test]
    fn bands_are_lower_once_their_hours_have_passed() {
        let bands = Bands::new(&[0, 1, 4]);
        assert_eq!([0, 1, 2, 4, 5, u32::MAX].map(|hours| bands.of(hours)), [0, 1, 2, 2, 3, 3]);
        for hours in 1..9 {
            let until = bands.until_lower(hours).expect("there is a lower one");
            assert!(bands.of(hours - until) < bands.of(hours));
            assert_eq!(bands.of(hours - until + 1), bands.of(hours));
        }
        assert_eq!((bands.until_lower(0), bands.count()), (None, 4));
        assert_eq!([0, 1, 2, 3, 4].map(|band| bands.bound(band)), [0, 1, 4, LONGEST_H, LONGEST_H]);
    }

    #[test]
    fn an_instance_that_outlives_its_predictions_is_predicted_to_stay_longer_each_time() {
        let mut exits = Exits::new(1);
        exits.set_repredicts(true);
        let (host, bands) = (HostId(0), Bands::new(&[0, 1, 2, 4]));
        exits.add(host, hour(3), 1000);
        exits.add(host, hour(4), 3000);
        let mut lefts = Vec::new();
        for now in 0..12 {
            exits.advance(Time(now * NS_PER_HOUR));
            lefts.push(exits.left(host).expect("it has instances"));
        }
        // The ends of the first are 3, 4, 5, 7 and 11; of the second 4, 5, 6, 8 and 12.
        assert_eq!(lefts, [4, 3, 2, 1, 1, 2, 2, 4, 4, 3, 2, 8]);
        exits.advance(Time(9 * NS_PER_HOUR));
        assert_eq!((exits.mean_left(host), exits.predicted_in(host)), (Some(2), Some(2)));
        assert_eq!(exits.falls_at(host, &bands), Some(10));
    }

    #[test]
    fn a_host_is_due_once_at_its_first_hour() {
        let mut exits = Exits::new(3);
        let at = |hours: u64| Time(hours * NS_PER_HOUR);
        exits.schedule(HostId(0), 5);
        exits.schedule(HostId(0), 3);
        exits.schedule(HostId(0), 4);
        exits.schedule(HostId(2), 9);
        exits.advance(at(2));
        assert_eq!(exits.take_due(), []);
        exits.advance(at(6));
        assert_eq!(exits.take_due(), [HostId(0)]);
        exits.schedule(HostId(0), 8);
        exits.advance(at(20));
        assert_eq!(exits.take_due(), [HostId(0), HostId(2)]);
    }
}
