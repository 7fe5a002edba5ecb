//! Billed seconds by account and type: summed first, multiplied with the price once.

use super::invoice::{BillRow, Kind, Purchase};
use crate::catalogue::TypeTable;
use crate::units::{AccountId, Money, TypeId};

/// A row of the meter: one account and type, on demand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MeterRow(u32);

/// Types of a page of the index.
const PAGE: usize = 64;

/// Where an index says there is nothing.
const NONE: u32 = u32::MAX;

/// Sums billed seconds. Rows are found in two steps, account then page of types, without hashing: few
/// accounts of few types stay in the nearest cache, many of many cost memory only for what they use.
#[derive(Clone, Debug, Default)]
pub struct Meter {
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

impl Meter {
    /// A meter that has seen nothing.
    pub fn new() -> Meter {
        Meter::default()
    }

    /// The row of an account and type, made at its first use.
    #[inline]
    pub fn row(&mut self, account: AccountId, kind: TypeId) -> MeterRow {
        let page = self.accounts.get(account.index()).and_then(|pages| pages.get(kind.index() / PAGE));
        if let Some(rows) = page.and_then(|&page| self.pages.get(page as usize)) {
            let row = rows[kind.index() % PAGE];
            if row != NONE {
                return MeterRow(row);
            }
        }
        self.new_row(account, kind)
    }

    #[cold]
    fn new_row(&mut self, account: AccountId, kind: TypeId) -> MeterRow {
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
        MeterRow(row)
    }

    /// So many more seconds are billed.
    #[inline]
    pub fn add(&mut self, row: MeterRow, seconds: u64) {
        let sum = &mut self.rows[row.0 as usize].seconds;
        *sum = sum.checked_add(seconds).expect("billed seconds overflow 64 bits");
    }

    /// What was billed so far, exact.
    pub fn total(&self, types: &TypeTable) -> Money {
        self.rows.iter().map(|row| row.amount(types)).sum()
    }

    /// The rows with something billed, by account, then type in the order of first use.
    pub fn invoice(&self, types: &TypeTable) -> Vec<BillRow> {
        let mut rows: Vec<&Row> = self.rows.iter().filter(|row| row.seconds > 0).collect();
        rows.sort_by_key(|row| (row.account, row.kind));
        rows.into_iter().map(|row| row.bill(types)).collect()
    }
}

impl Row {
    fn amount(&self, types: &TypeTable) -> Money {
        let price = types.get(self.kind).price_per_second.0;
        Money(price.checked_mul(i128::from(self.seconds)).expect("money overflows 128 bits"))
    }

    fn bill(&self, types: &TypeTable) -> BillRow {
        BillRow {
            account: self.account,
            kind: Kind::Instance,
            instance_type: self.kind,
            purchase: Purchase::OnDemand,
            seconds: self.seconds,
            amount: self.amount(types),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::ShapePrice;
    use crate::engine::random::{Purpose, Seed};
    use crate::units::Resources;
    use std::collections::BTreeMap;

    fn types(count: u32) -> TypeTable {
        let mut types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
        for i in 0..count {
            types.shape(Resources::new(1 + i, 1 + 3 * i));
        }
        types
    }

    #[test]
    fn random_use_gives_what_a_map_gives() {
        for (accounts, kinds) in [(1, 6), (5000, 3), (3, 5000), (300, 300)] {
            let mut random = Seed(1).stream(Purpose::Placement, 0);
            let mut meter = Meter::new();
            let mut plain: BTreeMap<(AccountId, TypeId), u64> = BTreeMap::new();
            for _ in 0..50_000 {
                let account = AccountId(random.below(accounts) as u32);
                let kind = TypeId(random.below(kinds) as u32);
                let seconds = random.below(100);
                let row = meter.row(account, kind);
                meter.add(row, seconds);
                *plain.entry((account, kind)).or_default() += seconds;
            }
            plain.retain(|_, seconds| *seconds > 0);
            let rows = meter.invoice(&types(kinds as u32));
            let rows: Vec<_> =
                rows.iter().map(|row| ((row.account, row.instance_type), row.seconds)).collect();
            assert_eq!(rows, plain.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_runs_bill_is_the_sum_of_its_accounts_to_the_last_unit() {
        let types = types(50);
        let mut random = Seed(2).stream(Purpose::Placement, 0);
        let mut together = Meter::new();
        let mut apart: BTreeMap<AccountId, Meter> = BTreeMap::new();
        for _ in 0..10_000 {
            let account = AccountId(random.below(20) as u32);
            let kind = TypeId(random.below(50) as u32);
            let seconds = random.below(1 << 30);
            for meter in [&mut together, apart.entry(account).or_default()] {
                let row = meter.row(account, kind);
                meter.add(row, seconds);
            }
        }
        let sum: Money = apart.values().map(|meter| meter.total(&types)).sum();
        assert_eq!(together.total(&types), sum);
        assert_eq!(together.invoice(&types).iter().map(|row| row.amount).sum::<Money>(), sum);
    }
}
