//! The bill: rows as shown, rounded one by one, and totals that are the sums of the rows shown.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::BilledTenancy;
use super::usage::Item;
use plimsoll_base::catalogue::TypeTable;
use plimsoll_base::names;
use plimsoll_base::units::{AccountId, Money, Month, TypeId};

/// Kind of a row of the bill.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Kind {
    /// Running instances.
    Instance,
    /// Volumes: size, IOPS, throughput.
    Volume,
    /// Snapshots.
    Snapshot,
    /// Public addresses.
    Address,
    /// Dedicated hosts.
    Host,
    /// Unused capacity that reservations hold.
    Reservation,
    /// Unused part of reserved instances and savings plans.
    Commitment,
    /// Upfront payments for reserved instances, when their term begins.
    Upfront,
    /// The fee of a region in which dedicated instances run.
    DedicatedFee,
}

names! { Kind {
    Instance = "instance",
    Volume = "volume",
    Snapshot = "snapshot",
    Address = "address",
    Host = "host",
    Reservation = "reservation",
    Commitment = "commitment",
    Upfront = "upfront",
    DedicatedFee = "dedicated-fee",
} }

impl Kind {
    /// Returns the kind of something held.
    pub(super) const fn of(item: Item) -> Kind {
        match item {
            Item::VolumeSize(_)
            | Item::VolumeIops(_)
            | Item::Io2IopsTier2
            | Item::Io2IopsTier3
            | Item::VolumeThroughput(_) => Kind::Volume,
            Item::Snapshot | Item::ArchivedSnapshot | Item::RestoredSnapshot => Kind::Snapshot,
            Item::PublicAddress => Kind::Address,
            Item::DedicatedHost(_) => Kind::Host,
            Item::UnusedReservation(_) | Item::UnusedDedicatedReservation(_) => Kind::Reservation,
        }
    }
}

/// Purchase option of usage.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum BilledPurchase {
    /// At the published price, second by second.
    OnDemand,
    /// By reserved instances.
    Reserved,
    /// At the spot price in force.
    Spot,
    /// By a savings plan.
    SavingsPlan,
}

names! { BilledPurchase {
    OnDemand = "on-demand",
    Reserved = "reserved",
    Spot = "spot",
    SavingsPlan = "savings-plan",
} }

/// Usage type of a row, finer than its kind (EC2's usage type).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum UsageType {
    /// A type or shape of instances, or reserved instances of it.
    Instance(TypeId),
    /// The same of dedicated tenancy.
    DedicatedInstance(TypeId),
    /// Clock hours in which an account has dedicated instances running.
    DedicatedRegion,
    /// Something held.
    Held(Item),
    /// A savings plan, by its number in file order.
    SavingsPlan(u32),
}

impl UsageType {
    /// Returns the usage type of instances of a type and tenancy.
    pub(super) const fn instances(kind: TypeId, tenancy: BilledTenancy) -> UsageType {
        match tenancy {
            BilledTenancy::Shared => UsageType::Instance(kind),
            BilledTenancy::Dedicated => UsageType::DedicatedInstance(kind),
        }
    }

    /// Returns its entry on the bill if no commitment covers it.
    pub(super) const fn kind(self) -> Kind {
        match self {
            UsageType::Instance(_) | UsageType::DedicatedInstance(_) => Kind::Instance,
            UsageType::DedicatedRegion => Kind::DedicatedFee,
            UsageType::Held(item) => Kind::of(item),
            UsageType::SavingsPlan(_) => Kind::Commitment,
        }
    }
}

/// Small units of one that are MiB of GiB.
const MIB_PER_GIB: u128 = 1024;

/// The unit of a quantity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unit {
    /// Its word in results.
    pub name: &'static str,
    /// Small units, in which rows count, in one of these.
    per_one: u128,
}

impl Unit {
    const fn seconds(name: &'static str) -> Unit {
        Unit { name, per_one: 1_000_000_000 }
    }

    const fn hours(name: &'static str) -> Unit {
        Unit { name, per_one: super::HOUR.0 as u128 }
    }
}

/// A row of a bill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BillRow {
    /// Account that pays.
    pub account: AccountId,
    /// Kind of the usage.
    pub kind: Kind,
    /// Its usage type.
    pub usage_type: UsageType,
    /// Purchase option.
    pub purchase: BilledPurchase,
    /// Its calendar month.
    pub month: Month,
    /// Quantity \[unit · ns\]; of [`Kind::Upfront`], the number of payments.
    pub quantity: u128,
    /// The exact amount.
    pub amount: Money,
}

impl BillRow {
    /// Returns the amount as it is shown \[micro-USD\].
    pub fn micro_usd(&self) -> i128 {
        self.amount.to_micro_usd()
    }

    /// Returns the time that instances are billed for \[s\]; `None` where the row is not for instances.
    pub fn billed_seconds(&self) -> Option<u64> {
        let seconds = self.quantity / u128::from(plimsoll_base::units::NS_PER_S);
        (self.kind == Kind::Instance).then(|| u64::try_from(seconds).expect("billed seconds fit 64 bits"))
    }

    /// Returns the name of what it counts: of the type or shape, `gp3`, `gp3-iops`, `savings-plan-0` …
    pub fn type_name(&self, types: &TypeTable) -> String {
        match self.usage_type {
            UsageType::Instance(kind) => types.get(kind).name.clone(),
            UsageType::DedicatedInstance(kind) => format!("{}-dedicated", types.get(kind).name),
            UsageType::DedicatedRegion => "region".to_string(),
            UsageType::SavingsPlan(number) => format!("savings-plan-{number}"),
            UsageType::Held(item) => match item {
                Item::VolumeSize(kind) => kind.name().to_string(),
                Item::VolumeIops(kind) => format!("{}-iops", kind.name()),
                Item::Io2IopsTier2 => "io2-iops-tier2".to_string(),
                Item::Io2IopsTier3 => "io2-iops-tier3".to_string(),
                Item::VolumeThroughput(kind) => format!("{}-throughput", kind.name()),
                Item::Snapshot => "standard".to_string(),
                Item::ArchivedSnapshot => "archive".to_string(),
                Item::RestoredSnapshot => "restore".to_string(),
                Item::PublicAddress => "public-ipv4".to_string(),
                Item::DedicatedHost(group) => format!("host-group-{group}"),
                Item::UnusedReservation(kind) => types.get(kind).name.clone(),
                Item::UnusedDedicatedReservation(kind) => format!("{}-dedicated", types.get(kind).name),
            },
        }
    }

    /// Returns the unit of its quantity.
    pub fn unit(&self) -> Unit {
        match (self.kind, self.usage_type) {
            (Kind::Upfront, _) => Unit { name: "instances", per_one: 1 },
            (_, UsageType::Instance(_) | UsageType::DedicatedInstance(_)) => {
                Unit::seconds("instance-seconds")
            }
            (_, UsageType::DedicatedRegion) => Unit::hours("region-hours"),
            (_, UsageType::SavingsPlan(_)) => Unit::hours("hours"),
            (_, UsageType::Held(item)) => match item {
                Item::VolumeSize(_) => Unit::hours("GiB-hours"),
                Item::Snapshot | Item::ArchivedSnapshot => {
                    Unit { name: "GiB-hours", per_one: super::HOUR.0 as u128 * MIB_PER_GIB }
                }
                Item::RestoredSnapshot => Unit { name: "GiB", per_one: MIB_PER_GIB },
                Item::VolumeIops(_) | Item::Io2IopsTier2 | Item::Io2IopsTier3 => Unit::hours("IOPS-hours"),
                Item::VolumeThroughput(_) => Unit::hours("MiB/s-hours"),
                Item::PublicAddress => Unit::hours("address-hours"),
                Item::DedicatedHost(_) => Unit::hours("host-hours"),
                Item::UnusedReservation(_) | Item::UnusedDedicatedReservation(_) => {
                    Unit::seconds("instance-seconds")
                }
            },
        }
    }

    /// Returns the quantity in its unit, with at most six decimals, rounded down.
    pub fn shown_quantity(&self) -> String {
        let per_one = self.unit().per_one;
        let millionths = self.quantity % per_one * 1_000_000 / per_one;
        let text = format!("{}.{millionths:06}", self.quantity / per_one);
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    }

    /// Returns the type that `[billing.shape]` may have priced.
    fn type_at_list_price(&self) -> Option<TypeId> {
        match self.usage_type {
            UsageType::Instance(kind) if self.purchase != BilledPurchase::Reserved => Some(kind),
            UsageType::Held(Item::UnusedReservation(kind)) if self.purchase != BilledPurchase::Reserved => {
                Some(kind)
            }
            _ => self.type_at_dedicated_price(),
        }
    }

    /// Returns the type whose price of dedicated tenancy it is at.
    fn type_at_dedicated_price(&self) -> Option<TypeId> {
        match self.usage_type {
            UsageType::DedicatedInstance(kind)
                if matches!(self.purchase, BilledPurchase::OnDemand | BilledPurchase::SavingsPlan) =>
            {
                Some(kind)
            }
            UsageType::Held(Item::UnusedDedicatedReservation(kind))
                if self.purchase != BilledPurchase::Reserved =>
            {
                Some(kind)
            }
            _ => None,
        }
    }
}

/// A bill as it is shown: every figure is a sum of rows as they are shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bill {
    /// The rows, by account, kind, type, purchase and month.
    pub rows: Vec<BillRow>,
    /// Sum of the rows \[micro-USD\].
    pub total: i128,
    /// Sum by what is billed \[micro-USD\].
    pub by_kind: BTreeMap<Kind, i128>,
    /// Sum by how it was bought \[micro-USD\].
    pub by_purchase: BTreeMap<BilledPurchase, i128>,
    /// Sum by the account that pays \[micro-USD\].
    pub by_account: BTreeMap<AccountId, i128>,
    /// Sum by calendar month \[micro-USD\].
    pub by_month: BTreeMap<Month, i128>,
    /// Types that `[billing.shape]` priced, for want of a price of their own, in ascending order.
    pub priced_by_shape: Vec<TypeId>,
    /// Types of dedicated tenancy that were priced by a surcharge, for want of a price of their own, in ascending order.
    pub dedicated_by_surcharge: Vec<TypeId>,
}

impl Bill {
    /// Adds up rows, given of which types dedicated instances have no price of their own.
    pub fn new(rows: Vec<BillRow>, types: &TypeTable, by_surcharge: impl Fn(TypeId) -> bool) -> Bill {
        // A row without cost is shown as zero, not left out.
        let mut by_kind = BTreeMap::from([(Kind::Instance, 0)]);
        let mut by_purchase = BTreeMap::from([(BilledPurchase::OnDemand, 0)]);
        let (mut by_account, mut by_month) = (BTreeMap::new(), BTreeMap::new());
        for row in &rows {
            let micro_usd = row.micro_usd();
            *by_kind.entry(row.kind).or_default() += micro_usd;
            *by_purchase.entry(row.purchase).or_default() += micro_usd;
            *by_account.entry(row.account).or_default() += micro_usd;
            *by_month.entry(row.month).or_default() += micro_usd;
        }
        let priced_by_shape =
            types_of(&rows, BillRow::type_at_list_price, |kind| types.get(kind).priced_by_shape);
        let dedicated_by_surcharge = types_of(&rows, BillRow::type_at_dedicated_price, by_surcharge);
        let total = rows.iter().map(BillRow::micro_usd).sum();
        Bill {
            rows,
            total,
            by_kind,
            by_purchase,
            by_account,
            by_month,
            priced_by_shape,
            dedicated_by_surcharge,
        }
    }
}

/// Returns the types that some rows are of and that something holds of, each once, in ascending order.
fn types_of(
    rows: &[BillRow],
    of: impl Fn(&BillRow) -> Option<TypeId>,
    holds: impl Fn(TypeId) -> bool,
) -> Vec<TypeId> {
    let types: BTreeSet<TypeId> = rows.iter().filter_map(of).filter(|kind| holds(*kind)).collect();
    types.into_iter().collect()
}
