//! Usage by clock hour, for the accounts that have commitments, and what these cover of it.
//!
//! Hours are those of the calendar: a run starts at midnight. An hour that the warm-up or the end of the
//! run cuts is paid, and covers, as a whole one.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

use super::HOUR;
use super::commitment::{Commitment, Weight};
use super::seconds::Billed;
use crate::catalogue::TypeTable;
use crate::units::{AccountId, Calendar, Month, Time, TypeId, ZoneId};

/// Billed seconds by account, type, zone and clock hour. Nothing is settled before the end of the run: an
/// instance that runs on may have used any hour since its start.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct HourlyUsage {
    seconds: BTreeMap<(AccountId, TypeId, ZoneId), Vec<u64>>,
}

/// What became of an account's usage.
#[derive(Clone, Debug, Default)]
pub(super) struct Settlement {
    /// Left on demand \[s\].
    pub on_demand: BTreeMap<(TypeId, Month), u64>,
    /// Covered, by number of the commitment.
    pub covered: BTreeMap<(usize, TypeId, Month), Covered>,
}

/// Usage that a commitment covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Covered {
    /// Time \[s\].
    pub seconds: u64,
    /// What it takes of the capacity.
    pub used: u128,
}

/// The usage of one type in one zone.
struct Column<'a> {
    kind: TypeId,
    zone: ZoneId,
    by_hour: &'a [u64],
}

impl HourlyUsage {
    pub fn add(&mut self, account: AccountId, kind: TypeId, zone: ZoneId, billed: Billed) {
        let by_hour = self.seconds.entry((account, kind, zone)).or_default();
        let next_hour = |time: Time| Time((time.0 / HOUR.0 + 1) * HOUR.0);
        for piece in billed.pieces(next_hour) {
            let hour = usize::try_from(piece.start.0 / HOUR.0).expect("an hour of the run");
            if by_hour.len() <= hour {
                by_hour.resize(hour + 1, 0);
            }
            by_hour[hour] += piece.seconds;
        }
    }

    /// Applies the commitments of an account, in their order, to each hour; those of others are left out.
    /// `hours` are those of the run that are paid.
    pub fn settle(
        &self,
        account: AccountId,
        commitments: &[Commitment],
        hours: &Range<u64>,
        calendar: Calendar,
        types: &TypeTable,
    ) -> Settlement {
        let columns = self.columns(account);
        let own = commitments.iter().enumerate().filter(|(_, commitment)| commitment.account == account);
        let own: Vec<_> = own
            .map(|(number, commitment)| (number, commitment, order(commitment, &columns, types)))
            .collect();
        let mut settlement = Settlement::default();
        let last = columns.iter().map(|column| column.by_hour.len()).max().unwrap_or(0);
        for hour in 0..last {
            let mut left: Vec<u64> =
                columns.iter().map(|column| column.by_hour.get(hour).copied().unwrap_or(0)).collect();
            if left.iter().all(|seconds| *seconds == 0) {
                continue;
            }
            let hour = hour as u64;
            let month = calendar.month_of(Time(hour * HOUR.0));
            for (number, commitment, order) in &own {
                if hours.contains(&hour) && commitment.hours.contains(&hour) {
                    for (column, covered) in cover(commitment.capacity, order, &mut left) {
                        let key = (*number, columns[column].kind, month);
                        let sum = settlement.covered.entry(key).or_default();
                        sum.seconds += covered.seconds;
                        sum.used += covered.used;
                    }
                }
            }
            for (column, seconds) in columns.iter().zip(left) {
                *settlement.on_demand.entry((column.kind, month)).or_default() += seconds;
            }
        }
        settlement.on_demand.retain(|_, seconds| *seconds > 0);
        settlement
    }

    fn columns(&self, account: AccountId) -> Vec<Column<'_>> {
        let first = (account, TypeId(0), ZoneId(0));
        let of_account = self.seconds.range(first..).take_while(|((of, ..), _)| *of == account);
        of_account.map(|(&(_, kind, zone), by_hour)| Column { kind, zone, by_hour }).collect()
    }
}

/// The columns that a commitment covers, in the order it takes them.
fn order(commitment: &Commitment, columns: &[Column<'_>], types: &TypeTable) -> Vec<(Weight, usize)> {
    let mut order: Vec<(Weight, usize)> = (columns.iter().enumerate())
        .filter_map(|(i, column)| Some((commitment.weight(column.kind, column.zone, types)?, i)))
        .collect();
    order.sort_unstable();
    order
}

/// Takes what one hour covers from what is `left`, by whole seconds.
fn cover(capacity: u128, order: &[(Weight, usize)], left: &mut [u64]) -> Vec<(usize, Covered)> {
    let mut capacity = capacity;
    let mut taken = Vec::new();
    for &(Weight { weight, .. }, column) in order {
        let room = u64::try_from(capacity / weight).unwrap_or(u64::MAX);
        let seconds = left[column].min(room);
        if seconds > 0 {
            let used = u128::from(seconds) * weight;
            capacity -= used;
            left[column] -= seconds;
            taken.push((column, Covered { seconds, used }));
        }
    }
    taken
}
