//! Billed seconds on demand by account, type and calendar month: summed first, multiplied with the price once.

use std::collections::BTreeMap;

use super::seconds::Billed;
use plimsoll_base::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, Calendar, Month, Time, TypeId};

/// Sums billed seconds. Usage in the current month costs one look-up in a table without hashing;
/// usage that crosses a month, or comes late for one, is split.
#[derive(Clone, Debug)]
pub struct Meter {
    calendar: Calendar,
    /// The latest month with billed usage.
    month: Month,
    /// Bounds of the month.
    month_start: Time,
    month_end: Time,
    /// Billed in it.
    table: Table,
    /// Billed in earlier months.
    earlier: BTreeMap<(AccountId, TypeId, Month), u64>,
}

persist! { Meter {
    values: [month, month_start, month_end, earlier],
    nested: [table],
    derived: [calendar],
} }

impl Meter {
    /// Returns an empty meter in the month of time zero.
    pub fn new(calendar: Calendar) -> Meter {
        let (month_start, month_end) = (Time::ZERO, calendar.next_month(Time::ZERO));
        let month = calendar.month_of(Time::ZERO);
        Meter { calendar, month, month_start, month_end, table: Table::default(), earlier: BTreeMap::new() }
    }

    /// Adds seconds to be billed of an account and type.
    #[inline(always)] // every end
    pub fn add(&mut self, account: AccountId, kind: TypeId, billed: Billed) {
        if billed.start >= self.month_start && billed.begins_before(self.month_end) {
            self.table.add(account, kind, billed.seconds);
        } else {
            self.add_by_month(account, kind, billed);
        }
    }

    #[cold]
    fn add_by_month(&mut self, account: AccountId, kind: TypeId, billed: Billed) {
        let calendar = self.calendar;
        for piece in billed.pieces(|time| calendar.next_month(time)) {
            let month = calendar.month_of(piece.start);
            while self.month < month {
                self.turn_page();
            }
            if month == self.month {
                self.table.add(account, kind, piece.seconds);
            } else {
                *self.earlier.entry((account, kind, month)).or_default() += piece.seconds;
            }
        }
    }

    /// Begins the next month.
    fn turn_page(&mut self) {
        for row in std::mem::take(&mut self.table).rows {
            *self.earlier.entry((row.account, row.kind, self.month)).or_default() += row.seconds;
        }
        self.month = Month(self.month.0 + 1);
        self.month_start = self.month_end;
        self.month_end = self.calendar.next_month(self.month_start);
    }

    /// Returns the seconds that were billed, those above zero, by account, type and month.
    pub fn sums(&self) -> BTreeMap<(AccountId, TypeId, Month), u64> {
        let mut sums = self.earlier.clone();
        for row in &self.table.rows {
            *sums.entry((row.account, row.kind, self.month)).or_default() += row.seconds;
        }
        sums.retain(|_, seconds| *seconds > 0);
        sums
    }
}

/// Types of a page of the index.
const PAGE: usize = 64;

/// Index that stands for nothing.
const NONE: u32 = u32::MAX;

/// The seconds of one month. Rows are found in two steps, account then page of types, without hashing: few
/// accounts of few types stay in the nearest cache, many of many cost memory only for what they use.
#[derive(Clone, Debug, Default)]
struct Table {
    /// For each account, the page of each 64 types, or [`NONE`].
    accounts: Vec<Vec<u32>>,
    /// For each type of a page, its row, or [`NONE`].
    pages: Vec<[u32; PAGE]>,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    account: AccountId,
    kind: TypeId,
    /// Billed so far \[s\].
    seconds: u64,
}

/// The rows in order, from which the index is rebuilt.
impl Persist for Table {
    fn save(&self, out: &mut Writer<'_>) {
        out.put_length(self.rows.len());
        self.rows.iter().for_each(|row| out.put(&(row.account, row.kind, row.seconds)));
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        *self = Table::default();
        for _ in 0..from.get_length()? {
            let (account, kind, seconds) = from.get()?;
            self.add(account, kind, seconds);
        }
        Ok(())
    }
}

impl Table {
    #[inline]
    fn add(&mut self, account: AccountId, kind: TypeId, seconds: u64) {
        let row = self.row(account, kind);
        let sum = &mut self.rows[row as usize].seconds;
        *sum = sum.checked_add(seconds).expect("billed seconds overflow 64 bits");
    }

    /// Returns the row of an account and type, made at its first use.
    #[inline]
    fn row(&mut self, account: AccountId, kind: TypeId) -> u32 {
        let page = self.accounts.get(account.index()).and_then(|pages| pages.get(kind.index() / PAGE));
        if let Some(rows) = page.and_then(|&page| self.pages.get(page as usize)) {
            let row = rows[kind.index() % PAGE];
            if row != NONE {
                return row;
            }
        }
        self.new_row(account, kind)
    }

    #[cold]
    fn new_row(&mut self, account: AccountId, kind: TypeId) -> u32 {
        let row = u32::try_from(self.rows.len()).expect("fewer than 2³² pairs of account and type");
        self.rows.push(Row { account, kind, seconds: 0 });
        if self.accounts.len() <= account.index() {
            self.accounts.resize(account.index() + 1, Vec::new());
        }
        let pages = &mut self.accounts[account.index()];
        if pages.len() <= kind.index() / PAGE {
            pages.resize(kind.index() / PAGE + 1, NONE);
        }
        let page = &mut pages[kind.index() / PAGE];
        if *page == NONE {
            *page = u32::try_from(self.pages.len()).expect("fewer pages than rows");
            self.pages.push([NONE; PAGE]);
        }
        self.pages[*page as usize][kind.index() % PAGE] = row;
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};
    use plimsoll_base::units::{Duration, NS_PER_S};

    fn seconds(seconds: u64) -> Time {
        Time(seconds * NS_PER_S)
    }

    #[test]
    fn random_use_gives_what_a_map_gives_second_by_second() {
        let calendar = Calendar::default();
        for (accounts, kinds) in [(1, 6), (500, 3), (3, 500), (30, 30)] {
            let mut random = Seed(1).stream(Purpose::Placement, 0);
            let mut meter = Meter::new(calendar);
            let mut plain: BTreeMap<(AccountId, TypeId, Month), u64> = BTreeMap::new();
            let mut now = Time::ZERO;
            for _ in 0..5_000 {
                let account = AccountId(random.below(accounts) as u32);
                let kind = TypeId(random.below(kinds) as u32);
                // Some four months in all, not always forwards.
                now = now.after(Duration(random.below(4_000 * NS_PER_S)));
                let start = Time(now.0.saturating_sub(random.below(10_000 * NS_PER_S)));
                let billed = Billed { start, seconds: random.below(100) };
                meter.add(account, kind, billed);
                for second in 0..billed.seconds {
                    let month = calendar.month_of(start.after(Duration::from_seconds(second)));
                    *plain.entry((account, kind, month)).or_default() += 1;
                }
            }
            assert!(
                plain.keys().map(|(_, _, month)| month).max() > Some(&calendar.month_of(seconds(6_000_000)))
            );
            assert_eq!(meter.sums(), plain);
        }
    }

    #[test]
    fn an_interval_over_the_end_of_a_month_is_split_at_the_second() {
        let january = 31 * 86_400;
        let mut meter = Meter::new(Calendar::default());
        let (account, kind) = (AccountId(0), TypeId(0));
        meter.add(account, kind, Billed { start: seconds(january - 100), seconds: 250 });
        // Begins in January by half a second.
        let start = Time(seconds(january).0 - NS_PER_S / 2);
        meter.add(account, kind, Billed { start, seconds: 60 });
        // Late for January.
        meter.add(account, kind, Billed { start: seconds(10), seconds: 7 });
        // Over February, 28 days.
        meter.add(account, kind, Billed { start: seconds(january), seconds: 28 * 86_400 + 1 });
        let sums: Vec<(String, u64)> =
            meter.sums().into_iter().map(|((_, _, month), seconds)| (month.to_string(), seconds)).collect();
        let expected = [("2026-01", 100 + 1 + 7), ("2026-02", 150 + 59 + 28 * 86_400), ("2026-03", 1)];
        assert_eq!(sums, expected.map(|(month, seconds)| (month.to_string(), seconds)));
    }
}
