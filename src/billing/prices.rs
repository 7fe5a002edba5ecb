//! What is held costs by the month or the hour: EC2's prices of us-east-1, each of which a scenario may replace.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::exact::share;
use super::reader::Reader;
use super::{HOUR, HostRate, Item};
use crate::catalogue::{TypeTable, VolumeType};
use crate::input::Problem;
use crate::units::{Decimal, Money, NS_PER_S};

/// Hours of a month as prices count them, whatever its days (AWS price list: 730).
const HOURS_OF_MONTH: u64 = 730;

/// `[billing.prices]`: what is paid for as long as it is held. Months are of 730 hours.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PricesConfig {
    /// Size of gp3 volumes \[USD/GiB-month\]; default 0.08.
    pub gp3_usd_per_gib_month: Decimal,
    /// IOPS of gp3 volumes over the included 3,000 \[USD/IOPS-month\]; default 0.005.
    pub gp3_usd_per_iops_month: Decimal,
    /// Throughput of gp3 volumes over the included 125 MiB/s \[USD/(MiB/s)-month\]; default 0.04.
    pub gp3_usd_per_mibps_month: Decimal,
    /// Size of gp2 volumes \[USD/GiB-month\]; default 0.10.
    pub gp2_usd_per_gib_month: Decimal,
    /// Size of io1 volumes \[USD/GiB-month\]; default 0.125.
    pub io1_usd_per_gib_month: Decimal,
    /// IOPS of io1 volumes \[USD/IOPS-month\]; default 0.065.
    pub io1_usd_per_iops_month: Decimal,
    /// Size of io2 volumes \[USD/GiB-month\]; default 0.125.
    pub io2_usd_per_gib_month: Decimal,
    /// IOPS of io2 volumes, all at the price of the first 32,000 \[USD/IOPS-month\]; default 0.065.
    pub io2_usd_per_iops_month: Decimal,
    /// Size of st1 volumes \[USD/GiB-month\]; default 0.045.
    pub st1_usd_per_gib_month: Decimal,
    /// Size of sc1 volumes \[USD/GiB-month\]; default 0.015.
    pub sc1_usd_per_gib_month: Decimal,
    /// Size of snapshots \[USD/GiB-month\]; default 0.05.
    pub snapshot_usd_per_gib_month: Decimal,
    /// Public addresses, in use or idle \[USD/h\]; default 0.005.
    pub public_address_usd_per_hour: Decimal,
    /// Dedicated hosts whose group has no `dedicated_usd_per_hour` and that `dedicated_hosts` does not name
    /// \[USD/h\]; default 5.069, an m5 host.
    pub dedicated_host_usd_per_hour: Decimal,
    /// Dedicated hosts by the `sku` of their group \[USD/h\]: `{ "m5" = 5.069 }`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dedicated_hosts: BTreeMap<String, Decimal>,
}

impl Default for PricesConfig {
    fn default() -> PricesConfig {
        PricesConfig {
            gp3_usd_per_gib_month: Decimal::from("0.08"),
            gp3_usd_per_iops_month: Decimal::from("0.005"),
            gp3_usd_per_mibps_month: Decimal::from("0.04"),
            gp2_usd_per_gib_month: Decimal::from("0.1"),
            io1_usd_per_gib_month: Decimal::from("0.125"),
            io1_usd_per_iops_month: Decimal::from("0.065"),
            io2_usd_per_gib_month: Decimal::from("0.125"),
            io2_usd_per_iops_month: Decimal::from("0.065"),
            st1_usd_per_gib_month: Decimal::from("0.045"),
            sc1_usd_per_gib_month: Decimal::from("0.015"),
            snapshot_usd_per_gib_month: Decimal::from("0.05"),
            public_address_usd_per_hour: Decimal::from("0.005"),
            dedicated_host_usd_per_hour: Decimal::from("5.069"),
            dedicated_hosts: BTreeMap::new(),
        }
    }
}

/// A price: so much money for a unit held for so long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Price {
    money: Money,
    per_ns: u128,
}

impl Price {
    fn per_hours(money: Money, hours: u64) -> Price {
        Price { money, per_ns: u128::from(hours) * u128::from(HOUR.0) }
    }

    /// The amount for a quantity · time \[unit · ns\], rounded down to a unit of money.
    pub fn of(self, unit_ns: u128) -> Money {
        share(self.money, unit_ns, self.per_ns)
    }
}

/// The prices of a run.
#[derive(Clone, Debug)]
pub(super) struct Prices {
    gib_month: BTreeMap<VolumeType, Money>,
    iops_month: BTreeMap<VolumeType, Money>,
    mibps_month: BTreeMap<VolumeType, Money>,
    snapshot_gib_month: Money,
    public_address_hour: Money,
    /// By number of the host group.
    dedicated_host_hour: Vec<Money>,
    other_dedicated_host_hour: Money,
}

impl Prices {
    /// The prices of a scenario with these host groups, in file order.
    pub fn new(config: &PricesConfig, host_groups: &[HostRate]) -> Result<Prices, Vec<Problem>> {
        use VolumeType::{Gp2, Gp3, Io1, Io2, Sc1, St1};
        let mut problems = Vec::new();
        let mut reader = Reader { path: "billing.prices".to_string(), problems: &mut problems };
        let mut usd = |key: &str, value: &Decimal| reader.usd(key, value);
        let gib_month = [
            (Gp3, usd("gp3_usd_per_gib_month", &config.gp3_usd_per_gib_month)),
            (Gp2, usd("gp2_usd_per_gib_month", &config.gp2_usd_per_gib_month)),
            (Io1, usd("io1_usd_per_gib_month", &config.io1_usd_per_gib_month)),
            (Io2, usd("io2_usd_per_gib_month", &config.io2_usd_per_gib_month)),
            (St1, usd("st1_usd_per_gib_month", &config.st1_usd_per_gib_month)),
            (Sc1, usd("sc1_usd_per_gib_month", &config.sc1_usd_per_gib_month)),
        ];
        let iops_month = [
            (Gp3, usd("gp3_usd_per_iops_month", &config.gp3_usd_per_iops_month)),
            (Io1, usd("io1_usd_per_iops_month", &config.io1_usd_per_iops_month)),
            (Io2, usd("io2_usd_per_iops_month", &config.io2_usd_per_iops_month)),
        ];
        let mibps_month = [(Gp3, usd("gp3_usd_per_mibps_month", &config.gp3_usd_per_mibps_month))];
        let snapshot_gib_month = usd("snapshot_usd_per_gib_month", &config.snapshot_usd_per_gib_month);
        let public_address_hour = usd("public_address_usd_per_hour", &config.public_address_usd_per_hour);
        let other_dedicated_host_hour =
            usd("dedicated_host_usd_per_hour", &config.dedicated_host_usd_per_hour);
        let by_sku: BTreeMap<&str, Money> = (config.dedicated_hosts.iter())
            .map(|(sku, price)| (sku.as_str(), usd(&format!("dedicated_hosts.\"{sku}\""), price)))
            .collect();
        let host_hour = |group: &HostRate| {
            let by_sku = || by_sku.get(group.sku).copied().unwrap_or(other_dedicated_host_hour);
            group.per_hour.unwrap_or_else(by_sku)
        };
        let prices = Prices {
            gib_month: BTreeMap::from(gib_month),
            iops_month: BTreeMap::from(iops_month),
            mibps_month: BTreeMap::from(mibps_month),
            snapshot_gib_month,
            public_address_hour,
            dedicated_host_hour: host_groups.iter().map(host_hour).collect(),
            other_dedicated_host_hour,
        };
        if problems.is_empty() { Ok(prices) } else { Err(problems) }
    }

    /// The price of an item. Unused reserved capacity costs what its instances would on demand (EC2 user
    /// guide, "Capacity Reservation pricing and billing").
    pub fn of(&self, item: Item, types: &TypeTable) -> Price {
        let month = |prices: &BTreeMap<VolumeType, Money>, kind: VolumeType| {
            let money =
                *prices.get(&kind).unwrap_or_else(|| panic!("{} volumes sell no {item:?}", kind.name()));
            Price::per_hours(money, HOURS_OF_MONTH)
        };
        match item {
            Item::VolumeSize(kind) => month(&self.gib_month, kind),
            Item::VolumeIops(kind) => month(&self.iops_month, kind),
            Item::VolumeThroughput(kind) => month(&self.mibps_month, kind),
            Item::Snapshot => Price::per_hours(self.snapshot_gib_month, HOURS_OF_MONTH),
            Item::PublicAddress => Price::per_hours(self.public_address_hour, 1),
            Item::DedicatedHost(group) => {
                let own = self.dedicated_host_hour.get(group as usize).copied();
                Price::per_hours(own.unwrap_or(self.other_dedicated_host_hour), 1)
            }
            Item::UnusedReservation(kind) => {
                Price { money: types.get(kind).price_per_second, per_ns: u128::from(NS_PER_S) }
            }
        }
    }
}
