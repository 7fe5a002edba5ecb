//! What is paid for as long as it is held: how much of each item an account holds, summed over time, exact.

use std::collections::BTreeMap;

use crate::catalogue::VolumeType;
use crate::units::{AccountId, Calendar, Month, Time, TypeId};

/// What is paid for while it is held, with its unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Item {
    /// Size of volumes \[GiB\].
    VolumeSize(VolumeType),
    /// Provisioned IOPS that are paid for apart from the size \[IOPS\].
    VolumeIops(VolumeType),
    /// Provisioned throughput that is paid for apart from the size \[MiB/s\].
    VolumeThroughput(VolumeType),
    /// Size of snapshots \[GiB\].
    Snapshot,
    /// Public addresses, in use or idle \[addresses\].
    PublicAddress,
    /// Dedicated hosts of a host group, by its number in file order \[hosts\].
    DedicatedHost(u32),
    /// Instances of a type that capacity reservations hold and nobody uses \[instances\].
    UnusedReservation(TypeId),
}

/// Quantity × time by account, item and calendar month \[unit · ns\]. A change costs one look-up, however
/// long it was since the last.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    calendar: Calendar,
    held: BTreeMap<(AccountId, Item), Held>,
    sums: BTreeMap<(AccountId, Item, Month), u128>,
    window_start: Time,
}

#[derive(Clone, Copy, Debug, Default)]
struct Held {
    quantity: u64,
    since: Time,
}

impl Usage {
    /// Nothing held, at time zero of a calendar.
    pub fn new(calendar: Calendar) -> Usage {
        Usage { calendar, ..Usage::default() }
    }

    /// An account holds so much more of an item from now on.
    pub fn take(&mut self, now: Time, account: AccountId, item: Item, quantity: u64) {
        let held = self.reach(now, account, item);
        held.quantity = held.quantity.checked_add(quantity).expect("a quantity held overflows 64 bits");
    }

    /// An account holds so much less of an item from now on.
    pub fn give(&mut self, now: Time, account: AccountId, item: Item, quantity: u64) {
        let held = self.reach(now, account, item);
        held.quantity = held.quantity.checked_sub(quantity).expect("what is given back was held");
    }

    /// How much of an item an account holds.
    pub fn held(&self, account: AccountId, item: Item) -> u64 {
        self.held.get(&(account, item)).map_or(0, |held| held.quantity)
    }

    /// True when nobody holds anything.
    pub fn is_empty(&self) -> bool {
        self.held.values().all(|held| held.quantity == 0)
    }

    /// The warm-up ends: what was summed so far is forgotten, what is held stays.
    pub fn begin_window(&mut self, now: Time) {
        self.window_start = now;
        self.sums.clear();
    }

    /// The sums up to `end`, those above zero, in ascending order of account, item and month.
    pub fn sums(&mut self, end: Time) -> impl Iterator<Item = (AccountId, Item, Month, u128)> + '_ {
        let held: Vec<(AccountId, Item)> = self.held.keys().copied().collect();
        for (account, item) in held {
            self.reach(end, account, item);
        }
        self.sums
            .iter()
            .filter(|(_, sum)| **sum > 0)
            .map(|(&(account, item, month), &sum)| (account, item, month, sum))
    }

    /// Adds what was held since the last change, month by month.
    fn reach(&mut self, now: Time, account: AccountId, item: Item) -> &mut Held {
        let held = self.held.entry((account, item)).or_default();
        let mut from = held.since.max(self.window_start);
        while from < now && held.quantity > 0 {
            let to = self.calendar.next_month(from).min(now);
            let sum = self.sums.entry((account, item, self.calendar.month_of(from))).or_default();
            *sum += u128::from(held.quantity) * u128::from(to.since(from).0);
            from = to;
        }
        held.since = now;
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::NS_PER_S;

    #[test]
    fn quantities_are_summed_by_month_and_window() {
        let day = |day: u64| Time(day * 86_400 * NS_PER_S);
        let (a, item) = (AccountId(0), Item::Snapshot);
        let mut usage = Usage::new(Calendar::default());
        usage.take(day(0), a, item, 10);
        usage.begin_window(day(30));
        usage.take(day(32), a, item, 5);
        usage.give(day(33), a, item, 15);
        assert!(usage.is_empty());
        let unit_days: Vec<_> = usage
            .sums(day(40))
            .map(|(_, _, month, sum)| (month.to_string(), sum / u128::from(day(1).0)))
            .collect();
        assert_eq!(unit_days, [("2026-01".to_string(), 10), ("2026-02".to_string(), 10 + 15)]);
    }
}
