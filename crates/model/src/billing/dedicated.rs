//! Dedicated instances of accounts without commitments, and the fee of a region in which they run.
//!
//! Beside their own price they cost an hour's fee for each clock hour in which at least one of the account is
//! running in the region, whatever its type (Amazon EC2 Dedicated Instances pricing); a run is one region.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::HOUR;
use super::seconds::Billed;
use plimsoll_base::units::{AccountId, Calendar, Month, Time, TypeId};

/// Use of dedicated instances.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct DedicatedUsage {
    /// Billed on demand \[s\].
    seconds: BTreeMap<(AccountId, TypeId, Month), u64>,
    /// True for clock hours in which at least one was running.
    hours: BTreeMap<AccountId, Vec<bool>>,
}

impl DedicatedUsage {
    /// Notes the clock hours in which an account has one running.
    pub fn note_hours(&mut self, account: AccountId, billed: Billed) {
        if billed.seconds == 0 {
            return;
        }
        let last = billed.start.0 + (billed.seconds - 1) * plimsoll_base::units::NS_PER_S;
        let hour = |ns: u64| usize::try_from(ns / HOUR.0).expect("an hour of the run");
        let hours = self.hours.entry(account).or_default();
        if hours.len() <= hour(last) {
            hours.resize(hour(last) + 1, false);
        }
        hours[hour(billed.start.0)..=hour(last)].fill(true);
    }

    /// Adds what is billed on demand.
    pub fn add(&mut self, account: AccountId, kind: TypeId, billed: Billed, calendar: Calendar) {
        for piece in billed.pieces(|time| calendar.next_month(time)) {
            *self.seconds.entry((account, kind, calendar.month_of(piece.start))).or_default() +=
                piece.seconds;
        }
    }

    /// Returns the seconds billed on demand, by account, type and month.
    pub fn sums(&self) -> impl Iterator<Item = ((AccountId, TypeId, Month), u64)> {
        self.seconds.iter().map(|(key, seconds)| (*key, *seconds))
    }

    /// Returns the number of clock hours that have the fee, by account and month.
    pub fn fees(&self, calendar: Calendar) -> BTreeMap<(AccountId, Month), u64> {
        let mut fees = BTreeMap::new();
        for (account, hours) in &self.hours {
            for hour in (0..).zip(hours).filter(|(_, runs)| **runs).map(|(hour, _)| hour) {
                *fees.entry((*account, calendar.month_of(Time(hour * HOUR.0)))).or_default() += 1;
            }
        }
        fees
    }
}
