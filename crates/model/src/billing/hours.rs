//! Usage by clock hour of the accounts that have commitments, and the part of it that these cover.
//!
//! Hours are those of the calendar: a run starts at midnight. An hour that the warm-up or the end of the
//! run cuts is paid, and covers, as a whole one.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

use super::commitment::{Commitment, Coverable, Turn, Weight};
use super::prices::Prices;
use super::seconds::Billed;
use super::usage::Usage;
use super::{HOUR, UsageType};
use plimsoll_base::catalogue::TypeTable;
use plimsoll_base::units::{AccountId, Calendar, Month, NS_PER_S, Time};

/// Billed time of instances by account, type and clock hour \[ns\]. Nothing is settled before the end of
/// the run: an instance that runs on may have used any hour since its start.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct HourlyUsage {
    instances: BTreeMap<(AccountId, Coverable), Vec<u128>>,
}

/// Settled usage of accounts that share commitments.
#[derive(Clone, Debug, Default)]
pub(super) struct Settlement {
    /// Left on demand \[ns\].
    pub on_demand: BTreeMap<(AccountId, UsageType, Month), u128>,
    /// Covered, by number of the commitment and by account of the usage.
    pub covered: BTreeMap<(usize, AccountId, UsageType, Month), Covered>,
}

/// Usage that a commitment covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Covered {
    /// Time \[ns\].
    pub ns: u128,
    /// Capacity that it takes.
    pub used: u128,
}

/// Facts of a run that settling needs beside usage and commitments.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    /// The clock hours of the run that are paid.
    pub hours: &'a Range<u64>,
    pub calendar: Calendar,
    pub prices: &'a Prices,
    pub types: &'a TypeTable,
}

/// Usage of one sort by one account.
struct Column<'a> {
    account: AccountId,
    used: Coverable,
    by_hour: &'a [u128],
}

/// A commitment that may cover a column, in the order in which they are tried: least first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    turn: Turn,
    /// True if the usage is of another account than the owner.
    is_shared: bool,
    weight: Weight,
    commitment: usize,
    column: usize,
}

impl HourlyUsage {
    pub fn add(&mut self, account: AccountId, used: Coverable, billed: Billed) {
        let by_hour = self.instances.entry((account, used)).or_default();
        let next_hour = |time: Time| Time((time.0 / HOUR.0 + 1) * HOUR.0);
        for piece in billed.pieces(next_hour) {
            let hour = usize::try_from(piece.start.0 / HOUR.0).expect("an hour of the run");
            if by_hour.len() <= hour {
                by_hour.resize(hour + 1, 0);
            }
            by_hour[hour] += u128::from(piece.seconds) * u128::from(NS_PER_S);
        }
    }

    /// Applies the commitments of some accounts to what they use, hour by hour.
    pub fn settle(
        &self,
        held: &Usage,
        accounts: &[AccountId],
        commitments: &[Commitment],
        terms: &Terms<'_>,
    ) -> Settlement {
        let columns = self.columns(held, accounts);
        let candidates = candidates(&columns, accounts, commitments, terms);
        let mut settlement = Settlement::default();
        let last = columns.iter().map(|column| column.by_hour.len()).max().unwrap_or(0);
        for hour in 0..last {
            let mut left: Vec<u128> =
                columns.iter().map(|column| column.by_hour.get(hour).copied().unwrap_or(0)).collect();
            if left.iter().all(|ns| *ns == 0) {
                continue;
            }
            let hour = hour as u64;
            let month = terms.calendar.month_of(Time(hour * HOUR.0));
            if terms.hours.contains(&hour) {
                for (number, column, covered) in cover(hour, &candidates, commitments, &mut left) {
                    let Column { account, used, .. } = columns[column];
                    let key = (number, account, used.usage_type(), month);
                    let sum = settlement.covered.entry(key).or_default();
                    sum.ns += covered.ns;
                    sum.used += covered.used;
                }
            }
            for (column, ns) in columns.iter().zip(left).filter(|(_, ns)| *ns > 0) {
                let key = (column.account, column.used.usage_type(), month);
                *settlement.on_demand.entry(key).or_default() += ns;
            }
        }
        settlement
    }

    fn columns<'a>(&'a self, held: &'a Usage, accounts: &[AccountId]) -> Vec<Column<'a>> {
        let instances = self.instances.iter().map(|(&(account, used), by_hour)| (account, used, by_hour));
        let held = held.hourly().iter();
        let held = held.map(|(&(account, item), by_hour)| (account, Coverable::Held(item), by_hour));
        let theirs = instances.chain(held).filter(|(account, ..)| accounts.contains(account));
        theirs.map(|(account, used, by_hour)| Column { account, used, by_hour }).collect()
    }
}

/// Returns the commitments of some accounts and the columns that each may cover, in order.
fn candidates(
    columns: &[Column<'_>],
    accounts: &[AccountId],
    commitments: &[Commitment],
    terms: &Terms<'_>,
) -> Vec<Candidate> {
    let theirs = || commitments.iter().enumerate().filter(|(_, of)| accounts.contains(&of.account));
    let mut candidates = Vec::new();
    for (column, Column { account, used, .. }) in columns.iter().enumerate() {
        for (commitment, of) in theirs() {
            if let Some(weight) = of.weight(*used, terms.prices, terms.types) {
                let (turn, is_shared) = (of.turn, of.account != *account);
                candidates.push(Candidate { turn, is_shared, weight, commitment, column });
            }
        }
    }
    candidates.sort_unstable();
    candidates
}

/// Takes what the commitments cover of one hour from what is `left` of each column, by whole seconds.
fn cover(
    hour: u64,
    candidates: &[Candidate],
    commitments: &[Commitment],
    left: &mut [u128],
) -> Vec<(usize, usize, Covered)> {
    let capacity = |of: &Commitment| if of.hours.contains(&hour) { of.capacity } else { 0 };
    let mut capacities: Vec<u128> = commitments.iter().map(capacity).collect();
    let mut taken = Vec::new();
    for &Candidate { weight: Weight { weight, .. }, commitment, column, .. } in candidates {
        let room = capacities[commitment] / weight;
        let seconds = (left[column] / u128::from(NS_PER_S)).min(room);
        if seconds > 0 {
            let (ns, used) = (seconds * u128::from(NS_PER_S), seconds * weight);
            capacities[commitment] -= used;
            left[column] -= ns;
            taken.push((commitment, column, Covered { ns, used }));
        }
    }
    taken
}
