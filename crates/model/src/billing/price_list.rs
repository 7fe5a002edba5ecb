//! `[billing.prices]`: EC2's list prices of us-east-1, each of which a scenario may replace, with their dates.
//!
//! Volumes, snapshots and addresses: Amazon EBS pricing and Amazon VPC pricing; io2's tiers as Amazon EBS pricing
//! has them; dedicated hosts: Amazon EC2 Dedicated Hosts pricing. The prices of a month were the same in
//! Infracost's estimates of 2026-08-21.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use plimsoll_base::units::Decimal;

/// `[billing.prices]`: prices of holdings and of dedicated instances. A price of a month is shared out over the
/// hours of the calendar month.
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
    /// The first 32,000 IOPS of io2 volumes \[USD/IOPS-month\]; default 0.065.
    pub io2_usd_per_iops_month: Decimal,
    /// IOPS of io2 volumes over 32,000 and up to 64,000 \[USD/IOPS-month\]; default 0.0455.
    pub io2_usd_per_iops_month_over_32000: Decimal,
    /// IOPS of io2 volumes over 64,000 \[USD/IOPS-month\]; default 0.03185.
    pub io2_usd_per_iops_month_over_64000: Decimal,
    /// Size of st1 volumes \[USD/GiB-month\]; default 0.045.
    pub st1_usd_per_gib_month: Decimal,
    /// Size of sc1 volumes \[USD/GiB-month\]; default 0.015.
    pub sc1_usd_per_gib_month: Decimal,
    /// Size of standard (magnetic) volumes \[USD/GiB-month\]; default 0.05. Their requests are not billed.
    pub standard_usd_per_gib_month: Decimal,
    /// Size of snapshots \[USD/GiB-month\]; default 0.05.
    pub snapshot_usd_per_gib_month: Decimal,
    /// Size of snapshots in the archive tier \[USD/GiB-month\]; default 0.0125.
    pub snapshot_archive_usd_per_gib_month: Decimal,
    /// Size of snapshots that are moved back from there \[USD/GiB\]; default 0.03.
    pub snapshot_restore_usd_per_gib: Decimal,
    /// Public addresses, in use or idle \[USD/h\]; default 0.005.
    pub public_address_usd_per_hour: Decimal,
    /// Dedicated hosts whose group has no `dedicated_usd_per_hour` and that `dedicated_hosts` does not name
    /// \[USD/h\]; default 5.069, an m5 host.
    pub dedicated_host_usd_per_hour: Decimal,
    /// Dedicated hosts by the `sku` of their group \[USD/h\]: `{ "m5" = 5.069 }`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dedicated_hosts: BTreeMap<String, Decimal>,
    /// Dedicated instances by type \[USD/h\]: `{ "m5.large" = 0.102 }`. Types left out: the known price, or
    /// `dedicated_instance_surcharge` on the on-demand price.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dedicated_instances: BTreeMap<String, Decimal>,
    /// Surcharge of dedicated instances without a price of their own, as a share of the on-demand price. Left
    /// out: 0.06, and 0.1 for families that are not built on the Nitro System.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dedicated_instance_surcharge: Option<Decimal>,
    /// Fee for each clock hour in which an account has at least one dedicated instance running \[USD/h\];
    /// default 2.
    pub dedicated_region_usd_per_hour: Decimal,
    /// Hours that the prices of a month are for, whatever the month, as calculators have it: 730. Left out: those
    /// of the calendar month, as bills have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month_hours: Option<u32>,
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
            io2_usd_per_iops_month_over_32000: Decimal::from("0.0455"),
            io2_usd_per_iops_month_over_64000: Decimal::from("0.03185"),
            st1_usd_per_gib_month: Decimal::from("0.045"),
            sc1_usd_per_gib_month: Decimal::from("0.015"),
            standard_usd_per_gib_month: Decimal::from("0.05"),
            snapshot_usd_per_gib_month: Decimal::from("0.05"),
            snapshot_archive_usd_per_gib_month: Decimal::from("0.0125"),
            snapshot_restore_usd_per_gib: Decimal::from("0.03"),
            public_address_usd_per_hour: Decimal::from("0.005"),
            dedicated_host_usd_per_hour: Decimal::from("5.069"),
            dedicated_hosts: BTreeMap::new(),
            dedicated_instances: BTreeMap::new(),
            dedicated_instance_surcharge: None,
            dedicated_region_usd_per_hour: Decimal::from("2"),
            month_hours: None,
        }
    }
}
