//! Live instances of every account, each in a dense table, so that a call can draw some of them at random in
//! constant time. Kept only where calls draw instances: it takes 20 bytes an instance.

use serde::{Deserialize, Serialize};

use crate::cloud::instances::reference::{Reference, Slot};
use plimsoll_base::engine::memory::prefetch;
use plimsoll_base::units::AccountId;

/// Live instances by account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LiveInstances {
    /// Live instances of each account, in arbitrary order: the last takes the place of one that leaves.
    by_account: Vec<Vec<Reference>>,
    /// Position of each slot in the table of its account; meaningless for a slot in none.
    positions: Vec<u32>,
}

impl LiveInstances {
    /// Adds a new instance.
    pub fn join(&mut self, instance: Reference) {
        let Reference { slot, account, .. } = instance;
        if self.by_account.len() <= account.index() {
            self.by_account.resize_with(account.index() + 1, Vec::new);
        }
        let table = &mut self.by_account[account.index()];
        let slots = self.positions.len().max(slot.0 as usize + 1);
        self.positions.resize(slots, 0);
        self.positions[slot.0 as usize] = table.len() as u32;
        table.push(instance);
    }

    /// Removes an instance that has ended.
    pub fn leave(&mut self, account: AccountId, slot: Slot) {
        let position = self.position(slot);
        let table = &mut self.by_account[account.index()];
        let gone = table.swap_remove(position);
        assert_eq!(gone.slot, slot, "the position of an instance is its own");
        if let Some(moved) = table.get(position) {
            self.positions[moved.slot.0 as usize] = position as u32;
        }
    }

    /// Returns the position of a live instance among those of its account.
    pub fn position(&self, slot: Slot) -> usize {
        self.positions[slot.0 as usize] as usize
    }

    /// Returns the number of live instances of all accounts.
    pub fn len(&self) -> usize {
        self.by_account.iter().map(Vec::len).sum()
    }

    /// Returns the account's live instances.
    pub fn of(&self, account: AccountId) -> &[Reference] {
        self.by_account.get(account.index()).map_or(&[], Vec::as_slice)
    }

    /// Loads the first entry that [`LiveInstances::sample`] will read. Changes nothing.
    #[inline]
    pub fn prefetch(&self, account: AccountId, ticket: u64) {
        if let Some(first) = self.first_sampled(account, ticket) {
            prefetch(first);
        }
    }

    /// Returns the instance that a ticket falls on, each with the same chance; `None` where there is none.
    #[inline]
    pub fn sample_one(&self, account: AccountId, ticket: u64) -> Option<Reference> {
        self.first_sampled(account, ticket).copied()
    }

    #[inline]
    fn first_sampled(&self, account: AccountId, ticket: u64) -> Option<&Reference> {
        let table = self.of(account);
        table.get(index_of(ticket, table.len()))
    }

    /// Returns the instances that a ticket draws: the one it falls on, each with the same chance, and those after it in the
    /// table, cyclically; fewer than `count` where there are fewer.
    #[inline]
    pub fn sample(&self, account: AccountId, ticket: u64, count: u32) -> impl Iterator<Item = Reference> {
        let table = self.of(account);
        let first = index_of(ticket, table.len());
        (first..first + table.len().min(count as usize))
            .map(|place| table[if place < table.len() { place } else { place - table.len() }])
    }
}

/// Returns the index that a ticket falls on, with a bias of less than a 2⁻⁶⁴th part of them.
#[inline]
fn index_of(ticket: u64, count: usize) -> usize {
    ((u128::from(ticket) * count as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};
    use plimsoll_base::units::InstanceId;
    use std::collections::BTreeSet;

    fn reference(account: u32, slot: Slot) -> Reference {
        Reference { slot, id: InstanceId(u64::from(slot.0)), account: AccountId(account) }
    }

    #[test]
    fn it_holds_whom_a_plain_set_holds() {
        let mut random = Seed(5).stream(Purpose::Mix, 0);
        let mut live = LiveInstances::default();
        let mut plain: Vec<BTreeSet<Slot>> = vec![BTreeSet::new(); 3];
        for _ in 0..5_000 {
            let slot = Slot(random.below(40) as u32);
            match plain.iter().position(|of_account| of_account.contains(&slot)) {
                Some(account) => {
                    live.leave(AccountId(account as u32), slot);
                    plain[account].remove(&slot);
                }
                None => {
                    let account = random.below(3) as u32;
                    live.join(reference(account, slot));
                    plain[account as usize].insert(slot);
                }
            }
            for (account, expected) in plain.iter().enumerate() {
                let account = AccountId(account as u32);
                assert_eq!(live.of(account).len(), expected.len());
                assert_eq!(
                    &live.of(account).iter().map(|instance| instance.slot).collect::<BTreeSet<_>>(),
                    expected
                );
                let count = 1 + random.below(6) as u32;
                let sample: BTreeSet<Slot> =
                    live.sample(account, random.bits(), count).map(|sample| sample.slot).collect();
                assert!(sample.is_subset(expected));
                let ticket = random.bits();
                assert_eq!(live.sample_one(account, ticket), live.sample(account, ticket, count).next());
                assert_eq!(sample.len(), expected.len().min(count as usize), "different ones");
            }
        }
    }

    #[test]
    fn everybody_has_the_same_chance() {
        let mut random = Seed(6).stream(Purpose::Mix, 0);
        let mut live = LiveInstances::default();
        (0..7).for_each(|slot| live.join(reference(0, Slot(slot))));
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            live.sample(AccountId(0), random.bits(), 2)
                .for_each(|sample| counts[sample.slot.0 as usize] += 1);
        }
        for count in counts {
            assert!((19_400..20_600).contains(&count), "{counts:?}");
        }
        for ticket in [0, u64::MAX] {
            assert_eq!(live.sample(AccountId(0), ticket, 1).count(), 1);
            assert_eq!(live.sample(AccountId(9), ticket, 1).count(), 0);
        }
    }
}
