//! Usage that is paid for as long as it is held: the amount of each item of an account, summed over time, exact.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::seconds::MINIMUM;
use super::{BilledTenancy, HOUR};
use plimsoll_base::catalogue::VolumeType;
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, Calendar, Duration, Month, Time, TypeId};

/// Items that are paid for while they are held, with their units.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Item {
    /// Size of volumes \[GiB\].
    VolumeSize(VolumeType),
    /// Provisioned IOPS that are paid for apart from the size \[IOPS\].
    VolumeIops(VolumeType),
    /// IOPS of io2 volumes over 32,000 and up to 64,000 \[IOPS\].
    Io2IopsTier2,
    /// IOPS of io2 volumes over 64,000 \[IOPS\].
    Io2IopsTier3,
    /// Provisioned throughput that is paid for apart from the size \[MiB/s\].
    VolumeThroughput(VolumeType),
    /// Size of what snapshots keep \[MiB\].
    Snapshot,
    /// Size of snapshots in the archive tier \[MiB\].
    ArchivedSnapshot,
    /// Size of snapshots that came back from the archive tier, once each \[MiB\].
    RestoredSnapshot,
    /// Public addresses, in use or idle \[addresses\].
    PublicAddress,
    /// Dedicated hosts of a host group, by its number in file order \[hosts\].
    DedicatedHost(u32),
    /// Unused instances of a type that capacity reservations hold \[instances\].
    UnusedReservation(TypeId),
    /// The same of capacity reservations of dedicated tenancy \[instances\].
    UnusedDedicatedReservation(TypeId),
}

impl Item {
    /// Returns the item of unused instances that a capacity reservation of this tenancy holds.
    pub fn unused_reservation(kind: TypeId, tenancy: BilledTenancy) -> Item {
        match tenancy {
            BilledTenancy::Shared => Item::UnusedReservation(kind),
            BilledTenancy::Dedicated => Item::UnusedDedicatedReservation(kind),
        }
    }

    /// Returns true if commitments may cover it, which is settled by the clock hour.
    pub(super) const fn may_be_covered(self) -> bool {
        match self {
            Item::DedicatedHost(_) | Item::UnusedReservation(_) | Item::UnusedDedicatedReservation(_) => true,
            Item::VolumeSize(_)
            | Item::VolumeIops(_)
            | Item::Io2IopsTier2
            | Item::Io2IopsTier3
            | Item::VolumeThroughput(_)
            | Item::Snapshot
            | Item::ArchivedSnapshot
            | Item::RestoredSnapshot
            | Item::PublicAddress => false,
        }
    }
}

/// Quantity × time by account, item and calendar month \[unit · ns\]. A change costs one look-up, however
/// long it was since the last.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    calendar: Calendar,
    held: BTreeMap<(AccountId, Item), Held>,
    sums: BTreeMap<(AccountId, Item, Month), u128>,
    /// By clock hour, what commitments may cover of accounts that have some.
    hourly: BTreeMap<(AccountId, Item), Vec<u128>>,
    window_start: Time,
    /// The accounts that have commitments, by number; as long as the greatest that has.
    committed: Vec<bool>,
    /// The month of the last change, which is that of most: its number, a time in it, and its end.
    month: Option<(Month, Time, Time)>,
}

persist! { Usage {
    values: [held, sums, hourly],
    derived: [calendar, window_start, committed, month],
} }

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Held {
    quantity: u64,
    since: Time,
}

impl Usage {
    /// Returns empty books at time zero of a calendar. Only what is held after `window_start` is summed.
    pub fn new(calendar: Calendar, window_start: Time) -> Usage {
        Usage { calendar, window_start, ..Usage::default() }
    }

    /// Returns the same with a sum for each clock hour of what commitments may cover, for the accounts marked.
    pub(super) fn by_hour_for(self, committed: Vec<bool>) -> Usage {
        Usage { committed, ..self }
    }

    /// Adds to the amount of an item that an account holds.
    pub fn take(&mut self, now: Time, account: AccountId, item: Item, quantity: u64) {
        let held = self.reach(now, account, item);
        held.quantity = held.quantity.checked_add(quantity).expect("a quantity held overflows 64 bits");
    }

    /// Subtracts from the amount of an item that an account holds.
    pub fn give(&mut self, now: Time, account: AccountId, item: Item, quantity: u64) {
        let held = self.reach(now, account, item);
        held.quantity = held.quantity.checked_sub(quantity).expect("what is given back was held");
    }

    /// Charges the rest of the first minute for what was held from `since` to `now`: the least that is billed
    /// of a volume (Amazon EBS pricing: per second, at least 60 seconds) and of a dedicated host (Amazon EC2
    /// Dedicated Hosts pricing, the same). Called with [`Usage::give`] when something is given back for good.
    pub fn charge_minimum(&mut self, now: Time, account: AccountId, item: Item, quantity: u64, since: Time) {
        self.add(account, item, quantity, now, since.after(MINIMUM));
    }

    /// Charges at `now` for a quantity up to `until`, as the rest of a least time.
    pub fn charge_at_once(&mut self, now: Time, account: AccountId, item: Item, quantity: u64, until: Time) {
        if now >= self.window_start && until > now {
            let (month, _) = self.month_of(now);
            let sum = self.sums.entry((account, item, month)).or_default();
            *sum += u128::from(quantity) * u128::from(until.since(now).0);
        }
    }

    /// Charges at `now` for a quantity of what costs something once.
    pub fn charge_once(&mut self, now: Time, account: AccountId, item: Item, quantity: u64) {
        if now >= self.window_start {
            let (month, _) = self.month_of(now);
            let sum = self.sums.entry((account, item, month)).or_default();
            *sum += u128::from(quantity);
        }
    }

    /// Returns how much of an item an account holds.
    pub fn held(&self, account: AccountId, item: Item) -> u64 {
        self.held.get(&(account, item)).map_or(0, |held| held.quantity)
    }

    /// Returns true if no account holds anything.
    pub fn is_empty(&self) -> bool {
        self.held.values().all(|held| held.quantity == 0)
    }

    /// Sums what is still held up to `end`.
    pub(super) fn reach_end(&mut self, end: Time) {
        let held: Vec<(AccountId, Item)> = self.held.keys().copied().collect();
        for (account, item) in held {
            self.reach(end, account, item);
        }
    }

    /// Returns the sums by clock hour of what commitments may cover, as far as they were asked for \[unit · ns\].
    pub(super) fn hourly(&self) -> &BTreeMap<(AccountId, Item), Vec<u128>> {
        &self.hourly
    }

    /// Returns the other sums up to `end`, those above zero, in ascending order of account, item and month.
    pub fn sums(&mut self, end: Time) -> impl Iterator<Item = (AccountId, Item, Month, u128)> + '_ {
        self.reach_end(end);
        self.sums
            .iter()
            .filter(|(_, sum)| **sum > 0)
            .map(|(&(account, item, month), &sum)| (account, item, month, sum))
    }

    /// Adds what was held since the last change.
    fn reach(&mut self, now: Time, account: AccountId, item: Item) -> &mut Held {
        let held = self.held.entry((account, item)).or_default();
        let Held { quantity, since } = *held;
        held.since = now;
        if quantity > 0 {
            self.add(account, item, quantity, since, now);
        }
        self.held.entry((account, item)).or_default()
    }

    /// Adds a quantity from one time to another, month by month or hour by hour.
    fn add(&mut self, account: AccountId, item: Item, quantity: u64, from: Time, to: Time) {
        let mut from = from.max(self.window_start);
        if item.may_be_covered() && self.committed.get(account.index()).is_some_and(|committed| *committed) {
            let sums = self.hourly.entry((account, item)).or_default();
            add_by_hour(sums, from, to, |piece| u128::from(quantity) * u128::from(piece.0));
            return;
        }
        while from < to {
            let (month, end) = self.month_of(from);
            let end = end.min(to);
            let sum = self.sums.entry((account, item, month)).or_default();
            *sum += u128::from(quantity) * u128::from(end.since(from).0);
            from = end;
        }
    }

    /// Returns the month that a time lies in, and its end.
    fn month_of(&mut self, time: Time) -> (Month, Time) {
        match self.month {
            Some((month, within, end)) if within <= time && time < end => (month, end),
            _ => {
                let (month, end) = (self.calendar.month_of(time), self.calendar.next_month(time));
                self.month = Some((month, time, end));
                (month, end)
            }
        }
    }
}

/// Adds to the sum of each clock hour from one time to another what its piece comes to.
pub(super) fn add_by_hour(sums: &mut Vec<u128>, from: Time, to: Time, amount: impl Fn(Duration) -> u128) {
    let mut from = from;
    while from < to {
        let hour = from.0 / HOUR.0;
        let end = Time((hour + 1).saturating_mul(HOUR.0)).min(to);
        let hour = usize::try_from(hour).expect("an hour of the run");
        if sums.len() <= hour {
            sums.resize(hour + 1, 0);
        }
        sums[hour] += amount(end.since(from));
        from = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::units::NS_PER_S;

    fn seconds(seconds: u64) -> Time {
        Time(seconds * NS_PER_S)
    }

    #[test]
    fn quantities_are_summed_by_month_and_window() {
        let day = |day: u64| seconds(day * 86_400);
        let (a, item) = (AccountId(0), Item::Snapshot);
        let mut usage = Usage::new(Calendar::default(), day(30));
        usage.take(day(0), a, item, 10);
        usage.take(day(32), a, item, 5);
        usage.give(day(33), a, item, 15);
        assert!(usage.is_empty());
        let unit_days: Vec<_> = usage
            .sums(day(40))
            .map(|(_, _, month, sum)| (month.to_string(), sum / u128::from(day(1).0)))
            .collect();
        assert_eq!(unit_days, [("2026-01".to_string(), 10), ("2026-02".to_string(), 10 + 15)]);
    }

    #[test]
    fn a_volume_of_ten_seconds_costs_a_minute() {
        let (a, item) = (AccountId(0), Item::VolumeSize(VolumeType::Gp3));
        let mut usage = Usage::new(Calendar::default(), Time::ZERO);
        for (from, to) in [(0, 10), (100, 160), (200, 300)] {
            usage.take(seconds(from), a, item, 8);
            usage.give(seconds(to), a, item, 8);
            usage.charge_minimum(seconds(to), a, item, 8, seconds(from));
        }
        let gib_seconds: Vec<u128> =
            usage.sums(seconds(400)).map(|(.., sum)| sum / u128::from(NS_PER_S)).collect();
        assert_eq!(gib_seconds, [8 * (60 + 60 + 100)]);
    }
}
