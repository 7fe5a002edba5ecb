//! When the records of the database were made and last changed: what decides whether a replica or the cache is behind.

use serde::{Deserialize, Serialize};

use super::path::RecordKey;
use plimsoll_base::engine::memory::prefetch;
use plimsoll_base::units::{AccountId, Time};

/// The record of an instance, on one line of the processor's cache.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[repr(align(32))]
struct Record {
    /// Whose: 1 + the number of the instance; 0 for nobody's.
    owner: u64,
    made: Time,
    changed: Time,
}

/// The records of all instances, by their place in the cloud's table, and the last change of each account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Records {
    records: Vec<Record>,
    accounts: Vec<Time>,
}

impl Records {
    /// The record of an instance changes; the first change makes it.
    #[inline]
    pub fn changed(&mut self, now: Time, slot: u32, id: u64, account: AccountId) {
        if self.records.len() <= slot as usize {
            self.records.resize(slot as usize + 1, Record::default());
        }
        let record = &mut self.records[slot as usize];
        if record.owner != id + 1 {
            *record = Record { owner: id + 1, made: now, changed: now };
        }
        record.changed = now;
        if self.accounts.len() <= account.index() {
            self.accounts.resize(account.index() + 1, Time::ZERO);
        }
        self.accounts[account.index()] = now;
    }

    /// Loads the record of a place. Changes nothing.
    #[inline]
    pub fn prefetch(&self, slot: u32) {
        if let Some(record) = self.records.get(slot as usize) {
            prefetch(record);
        }
    }

    /// When what a call is about was made, and when it last changed.
    #[inline]
    pub fn times(&self, record: RecordKey) -> (Time, Time) {
        match record {
            RecordKey::Instance { id, slot } => {
                let record = self.records.get(slot as usize).filter(|record| record.owner == id + 1);
                record.map_or((Time::ZERO, Time::ZERO), |record| (record.made, record.changed))
            }
            RecordKey::Query { account, .. } => {
                (Time::ZERO, self.accounts.get(account.index()).copied().unwrap_or(Time::ZERO))
            }
            RecordKey::InstanceType(_) | RecordKey::None => (Time::ZERO, Time::ZERO),
        }
    }
}
