//! Money: usage, holdings and commitments of accounts, and the bill. Exact inside, rounded where shown.
//!
//! - `seconds` determines the billed seconds of a running instance; `meter` sums them on demand by calendar
//!   month, the fast path of every account without commitments.
//! - `hours` keeps them by clock hour for accounts with a `commitment`, and settles the two.
//! - `spot` makes prices over time; `usage` sums holdings; `dedicated` adds the fees of dedicated instances.
//! - `price_list` has the default prices, `prices` those of a run.
//! - `books` records all of it; `invoice` puts rows together, and adds them up as they are shown.

mod books;
mod commitment;
mod dedicated;
mod exact;
mod hours;
mod invoice;
mod meter;
mod normalization;
mod price_list;
mod prices;
mod reader;
mod seconds;
mod spot;
mod usage;

pub use books::Billing;
pub use commitment::{OrganisationConfig, ReservedConfig, SavingsPlanConfig, SavingsPlanType};
pub use invoice::{Bill, BillRow, BilledPurchase, Kind, Unit, UsageType};
pub use price_list::PricesConfig;
pub use reader::usd;
pub use seconds::MINIMUM;
pub use spot::{FREE_IF_INTERRUPTED_WITHIN, INTERRUPTION_NOTICE, SpotConfig, SpotPriceConfig, SpotPrices};
pub use usage::{Item, Usage};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use plimsoll_base::catalogue::{ShapePrice, TypeTable};
use plimsoll_base::engine::random::Seed;
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::table::clock::begins_too_late;
use plimsoll_base::units::{AccountId, Calendar, Duration, Money, Time, TypeId, ZoneId};

/// A clock hour.
const HOUR: Duration = Duration::from_seconds(3600);

/// `[billing]` of a scenario.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BillingConfig {
    /// Price of bare shapes, and of types without a price.
    pub shape: ShapePrice,
    /// The day the run begins, at midnight UTC, which places it in calendar months; default `2026-01-01`.
    pub start_date: String,
    /// Reserved instances; default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reserved: Vec<ReservedConfig>,
    /// Savings plans; default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub savings_plans: Vec<SavingsPlanConfig>,
    /// Organisations whose accounts share discounts; default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organisations: Vec<OrganisationConfig>,
    /// Spot prices.
    pub spot: SpotConfig,
    /// Prices of holdings and of dedicated instances.
    pub prices: PricesConfig,
}

impl Default for BillingConfig {
    fn default() -> BillingConfig {
        BillingConfig {
            shape: ShapePrice::default(),
            start_date: "2026-01-01".to_string(),
            reserved: Vec::new(),
            savings_plans: Vec::new(),
            organisations: Vec::new(),
            spot: SpotConfig::default(),
            prices: PricesConfig::default(),
        }
    }
}

impl BillingConfig {
    /// Returns everything that is wrong with it, given the names of the zones in file order, the types there are, and the length of the
    /// run where it is known. `shape` is checked where the table of types is made.
    pub fn validate(&self, zones: &[&str], types: &TypeTable, duration: Option<Duration>) -> Vec<Problem> {
        let (calendar, mut problems) = match self.calendar() {
            Ok(calendar) => (calendar, Vec::new()),
            Err(problems) => (Calendar::default(), problems),
        };
        let setting = Setting { seed: Seed(0), window_start: Time::ZERO, calendar, zones, host_groups: &[] };
        let made = Billing::new(self, &setting, &BTreeMap::new(), &mut types.clone());
        match made {
            Ok(billing) => {
                let first = billing.spot.first_listed();
                problems.extend(begins_too_late("billing.spot.price", first, duration));
            }
            Err(found) => problems.extend(found),
        }
        problems
    }

    /// Returns the names of the accounts with commitments or in organisations, which need an id before the run begins.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        let reserved = self.reserved.iter().map(|reserved| reserved.account.as_str());
        let plans = self.savings_plans.iter().map(|plan| plan.account.as_str());
        let members = self.organisations.iter().flat_map(|of| &of.accounts).map(String::as_str);
        reserved.chain(plans).chain(members)
    }

    /// Returns the calendar of the run, which begins with `start_date`.
    pub fn calendar(&self) -> Result<Calendar, Vec<Problem>> {
        Calendar::starting(&self.start_date).ok_or_else(|| {
            let message = format!("found `{}`, expected a date of 1970 to 9999", self.start_date);
            vec![
                Problem::new(Place::key("billing.start_date"), message)
                    .with_help("write it as \"2026-01-31\""),
            ]
        })
    }
}

/// Facts about a run that billing needs.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Seed of the spot prices.
    pub seed: Seed,
    /// End of the warm-up: earlier usage is not billed.
    pub window_start: Time,
    /// Calendar of the run.
    pub calendar: Calendar,
    /// Names of the zones in file order.
    pub zones: &'a [&'a str],
    /// The host groups in file order. [`Item::DedicatedHost`] finds its price by its number here, which may be
    /// empty where no account has one.
    pub host_groups: &'a [HostRate<'a>],
}

/// Facts that decide the price of the dedicated hosts of a host group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HostRate<'a> {
    /// Its `sku`, `""` where it has none, by which `[billing.prices]` knows it.
    pub sku: &'a str,
    /// Its own price \[money per hour\], which takes precedence over that.
    pub per_hour: Option<Money>,
}

/// Market in which an instance is bought when it is launched (EC2 `InstanceMarketOptions`). Reservations and savings
/// plans apply to what was launched on demand.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Market {
    /// At the published price.
    #[default]
    OnDemand,
    /// At the price in force, until EC2 takes the capacity back.
    Spot,
}

/// Tenancy, as far as it has a price (EC2 `Placement`, "tenancy").
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum BilledTenancy {
    /// Shared with other accounts (EC2's `default`).
    #[default]
    Shared,
    /// Hardware of one account alone.
    Dedicated,
}

impl BilledTenancy {
    fn is_shared(&self) -> bool {
        *self == BilledTenancy::Shared
    }
}

/// An instance from entering `running` to leaving it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Running {
    /// Account that pays.
    pub account: AccountId,
    /// Its type or shape.
    pub kind: TypeId,
    /// Its zone.
    pub zone: ZoneId,
    /// Tenancy of the hardware it runs on.
    pub tenancy: BilledTenancy,
    /// Market in which it was bought.
    pub market: Market,
    /// The most a second of it may cost on the spot market; `None` for the on-demand price.
    pub max_price: Option<Money>,
    /// Time it entered `running`.
    pub start: Time,
    /// Time it left `running`.
    pub end: Time,
    /// True if its minimum was billed before `start`: the instance is part of the initial steady state.
    pub past_minimum: bool,
    /// True if EC2 ended it, for want of spot capacity or above its highest price.
    pub interrupted: bool,
}

impl Running {
    /// Returns true if it was interrupted in its first hour and so costs nothing. The age of an instance that was
    /// there when the run began is unknown: it is never refunded.
    fn is_refunded(&self) -> bool {
        let ran = self.end.since(self.start);
        self.interrupted && !self.past_minimum && ran < FREE_IF_INTERRUPTED_WITHIN
    }
}

/// Amounts billed for a stay in `running`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stay {
    /// Length \[s\].
    pub seconds: u64,
    /// Amount without discounts.
    pub amount: Money,
}

#[cfg(test)]
mod tests;
