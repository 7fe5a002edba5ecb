//! Times at which records of the database were created and last changed, by which replicas and the cache are stale.

use serde::{Deserialize, Serialize};

use super::path::RecordKey;
use plimsoll_base::engine::memory::prefetch;
use plimsoll_base::units::{AccountId, Time};

/// Record of an instance. Fits one line of the processor's cache.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[repr(align(32))]
struct Record {
    /// 1 + number of the instance; 0 for none.
    owner: u64,
    made: Time,
    changed: Time,
}

/// Records of all instances, by their place in the cloud's table, and the last change of each account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Records {
    records: Vec<Record>,
    accounts: Vec<Time>,
}

impl Records {
    /// Notes a change of the record of an instance; the first change creates it.
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

    /// Returns the times at which a record was created and last changed.
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
