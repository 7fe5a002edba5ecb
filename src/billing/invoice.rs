//! The bill: rows as people see them, rounded one by one, and totals that are the sums of what is shown.

use std::collections::BTreeMap;

use crate::catalogue::TypeTable;
use crate::units::{AccountId, Money, TypeId};

/// What is billed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Running instances.
    Instance,
}

impl Kind {
    /// Its word in results.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Instance => "instance",
        }
    }
}

/// How it was bought.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Purchase {
    /// At the published price, second by second.
    OnDemand,
}

impl Purchase {
    /// Its word in results.
    pub const fn name(self) -> &'static str {
        match self {
            Purchase::OnDemand => "on-demand",
        }
    }
}

/// One row of a bill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BillRow {
    /// Who pays.
    pub account: AccountId,
    /// For what.
    pub kind: Kind,
    /// Type or shape of the instances.
    pub instance_type: TypeId,
    /// How it was bought.
    pub purchase: Purchase,
    /// Billed time over all instances \[s\].
    pub seconds: u64,
    /// The exact amount.
    pub amount: Money,
}

impl BillRow {
    /// The amount as it is shown \[micro-USD\].
    pub fn micro_usd(&self) -> i128 {
        self.amount.to_micro_usd()
    }
}

/// A bill as it is shown: every figure is a sum of rows as they are shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bill {
    /// The rows, by account and type.
    pub rows: Vec<BillRow>,
    /// Sum of the rows \[micro-USD\].
    pub total: i128,
    /// Sum by what is billed \[micro-USD\].
    pub by_kind: BTreeMap<Kind, i128>,
    /// Sum by how it was bought \[micro-USD\].
    pub by_purchase: BTreeMap<Purchase, i128>,
    /// What `[billing.shape]` priced, for want of a price of its own, in ascending order.
    pub priced_by_shape: Vec<TypeId>,
}

impl Bill {
    /// Adds up the rows of [`Meter::invoice`](super::Meter::invoice).
    pub fn new(rows: Vec<BillRow>, types: &TypeTable) -> Bill {
        // What costs nothing is shown as nothing, not left out.
        let mut by_kind = BTreeMap::from([(Kind::Instance, 0)]);
        let mut by_purchase = BTreeMap::from([(Purchase::OnDemand, 0)]);
        let mut priced_by_shape: Vec<TypeId> = Vec::new();
        for row in &rows {
            *by_kind.entry(row.kind).or_default() += row.micro_usd();
            *by_purchase.entry(row.purchase).or_default() += row.micro_usd();
            if types.get(row.instance_type).priced_by_shape {
                priced_by_shape.push(row.instance_type);
            }
        }
        priced_by_shape.sort_unstable();
        priced_by_shape.dedup();
        let total = rows.iter().map(BillRow::micro_usd).sum();
        Bill { rows, total, by_kind, by_purchase, priced_by_shape }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Meter;
    use super::*;
    use crate::catalogue::ShapePrice;
    use crate::units::{Resources, format_micro_usd};

    #[test]
    fn totals_are_the_sums_of_the_rows_shown() {
        let mut types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
        let large = types.named("m5.large").unwrap();
        let shape = types.shape(Resources::new(1000, 1024));
        let mut meter = Meter::new();
        for (account, kind, seconds) in [(1, large, 1), (0, large, 1), (0, shape, 100), (2, large, 0)] {
            let row = meter.row(AccountId(account), kind);
            meter.add(row, seconds);
        }
        let bill = Bill::new(meter.invoice(&types), &types);
        let shown: Vec<(u32, &str, u64, String)> = (bill.rows.iter())
            .map(|row| {
                let name = types.get(row.instance_type).name.as_str();
                (row.account.0, name, row.seconds, format_micro_usd(row.micro_usd()))
            })
            .collect();
        // 0.096 ÷ 3600 = 0.0000266…; 100 · 0.044925 ÷ 3600 = 0.0012479…
        let expected = [
            (0, "m5.large", 1, "0.000027".to_string()),
            (0, "1vcpu-1gib", 100, "0.001248".to_string()),
            (1, "m5.large", 1, "0.000027".to_string()),
        ];
        assert_eq!(shown, expected);
        // The exact sum, 0.00130125, would be shown as one less.
        assert_eq!(meter.total(&types).to_micro_usd(), 1_301);
        assert_eq!(bill.total, 1_302);
        assert_eq!(bill.by_kind, BTreeMap::from([(Kind::Instance, 1_302)]));
        assert_eq!(bill.by_purchase, BTreeMap::from([(Purchase::OnDemand, 1_302)]));
        assert_eq!(bill.priced_by_shape, [shape]);
    }

    #[test]
    fn an_empty_bill_is_zero_of_everything() {
        let types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
        let bill = Bill::new(Meter::new().invoice(&types), &types);
        assert_eq!((bill.total, bill.by_kind[&Kind::Instance]), (0, 0));
    }
}
