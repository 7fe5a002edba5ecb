//! Money: what accounts use, hold and have committed to, and the bill it makes. Exact inside, rounded
//! where shown.
//!
//! - `seconds` says what is billed of a running instance; `meter` sums it on demand by calendar month, the
//!   fast path of every account without commitments.
//! - `hours` keeps it by clock hour for accounts with a `commitment`, and settles the two.
//! - `spot` makes prices over time; `usage` sums what is held, at the `prices` of a month or hour.
//! - `invoice` puts rows together, and adds them up as they are shown.

mod commitment;
mod exact;
mod hours;
mod invoice;
mod meter;
mod normalization;
mod prices;
mod reader;
mod seconds;
mod spot;
mod usage;

pub use commitment::{ReservedConfig, SavingsPlanConfig};
pub use invoice::{Bill, BillRow, Kind, Purchase, Unit, UsageType};
pub use prices::PricesConfig;
pub(crate) use reader::usd;
pub use seconds::MINIMUM;
pub use spot::{FREE_IF_INTERRUPTED_WITHIN, INTERRUPTION_NOTICE, SpotConfig, SpotPriceConfig, SpotPrices};
pub use usage::{Item, Usage};

use std::collections::BTreeMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalogue::{ShapePrice, TypeTable};
use crate::engine::random::Seed;
use crate::input::{Place, Problem};
use crate::persist;
use crate::units::{AccountId, Calendar, Duration, Money, Month, Time, TypeId, ZoneId};
use commitment::Commitment;
use hours::HourlyUsage;
use meter::Meter;
use prices::Prices;
use seconds::Billed;

/// A clock hour.
const HOUR: Duration = Duration::from_seconds(3600);

/// `[billing]` of a scenario.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BillingConfig {
    /// What bare shapes cost, and types without a price.
    pub shape: ShapePrice,
    /// The day the run begins, at midnight UTC, which places it in calendar months; default `2026-01-01`.
    pub start_date: String,
    /// Reserved instances; default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reserved: Vec<ReservedConfig>,
    /// Savings plans; default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub savings_plans: Vec<SavingsPlanConfig>,
    /// Spot prices.
    pub spot: SpotConfig,
    /// Prices of what is held.
    pub prices: PricesConfig,
}

impl Default for BillingConfig {
    fn default() -> BillingConfig {
        BillingConfig {
            shape: ShapePrice::default(),
            start_date: "2026-01-01".to_string(),
            reserved: Vec::new(),
            savings_plans: Vec::new(),
            spot: SpotConfig::default(),
            prices: PricesConfig::default(),
        }
    }
}

impl BillingConfig {
    /// Everything that is wrong with it, given the names of the zones in file order and the types there are.
    /// What `shape` says is checked where the table of types is made.
    pub fn validate(&self, zones: &[&str], types: &TypeTable) -> Vec<Problem> {
        let setting = Setting { seed: Seed(0), window_start: Time::ZERO, zones, host_groups: &[] };
        Billing::new(self, &setting, &BTreeMap::new(), &mut types.clone()).err().unwrap_or_default()
    }

    /// The names of the accounts with commitments, which need an id before the run begins.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        let reserved = self.reserved.iter().map(|reserved| reserved.account.as_str());
        reserved.chain(self.savings_plans.iter().map(|plan| plan.account.as_str()))
    }

    /// The calendar of the run, which begins with `start_date`.
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

/// What billing has to know of a run.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Of the spot prices.
    pub seed: Seed,
    /// End of the warm-up: what was before is not billed.
    pub window_start: Time,
    /// Names of the zones in file order.
    pub zones: &'a [&'a str],
    /// The host groups in file order. [`Item::DedicatedHost`] finds its price by its number here, which may be
    /// empty where nobody has one.
    pub host_groups: &'a [HostRate<'a>],
}

/// What decides the price of the dedicated hosts of a host group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HostRate<'a> {
    /// Its `sku`, `""` where it has none, by which `[billing.prices]` knows it.
    pub sku: &'a str,
    /// Its own price \[money per hour\], which comes before that.
    pub per_hour: Option<Money>,
}

/// How an instance is bought when it is launched (EC2 `InstanceMarketOptions`). Reservations and savings
/// plans apply to what was launched on demand.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Market {
    /// At the published price.
    #[default]
    OnDemand,
    /// At the price in force, until EC2 wants it back.
    Spot,
}

/// One instance from entering `running` to leaving it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Running {
    /// Who pays.
    pub account: AccountId,
    /// Its type or shape.
    pub kind: TypeId,
    /// Its zone.
    pub zone: ZoneId,
    /// How it was bought.
    pub market: Market,
    /// When it entered `running`.
    pub start: Time,
    /// When it left it.
    pub end: Time,
    /// Its minimum was billed before `start`: it is one that a run in steady state begins with.
    pub past_minimum: bool,
    /// EC2 ended it, for want of spot capacity or above its highest price.
    pub interrupted: bool,
}

impl Running {
    /// Interrupted in its first hour, it costs nothing. One that was there when the run began has been running
    /// for longer than anybody knows.
    fn is_refunded(&self) -> bool {
        let ran = self.end.since(self.start);
        self.interrupted && !self.past_minimum && ran < FREE_IF_INTERRUPTED_WITHIN
    }
}

/// What a stay in `running` is billed with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stay {
    /// How long \[s\].
    pub seconds: u64,
    /// What it costs by itself.
    pub amount: Money,
}

/// The books of one run.
#[derive(Clone, Debug)]
pub struct Billing {
    /// What accounts hold.
    pub usage: Usage,
    /// Spot prices.
    pub spot: SpotPrices,
    calendar: Calendar,
    window_start: Time,
    meter: Meter,
    prices: Prices,
    commitments: Vec<Commitment>,
    /// Whether an account has commitments, by its number; as long as the greatest that has.
    committed: Vec<bool>,
    hourly: HourlyUsage,
    spot_sums: BTreeMap<(AccountId, TypeId, Month), SpotSum>,
}

persist! { Billing {
    values: [hourly, spot_sums],
    parts: [usage, spot, meter],
    made: [calendar, window_start, prices, commitments, committed],
} }

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct SpotSum {
    seconds: u64,
    amount: Money,
}

impl Billing {
    /// Empty books, or everything that is wrong with the configuration. `accounts` has the id of each name of
    /// [`BillingConfig::accounts`].
    pub fn new(
        config: &BillingConfig,
        setting: &Setting<'_>,
        accounts: &BTreeMap<String, AccountId>,
        types: &mut TypeTable,
    ) -> Result<Billing, Vec<Problem>> {
        let mut problems = Vec::new();
        let calendar = told(config.calendar(), &mut problems);
        let promised = (config.reserved.as_slice(), config.savings_plans.as_slice());
        let commitments = told(commitment::resolve(promised, setting.zones, accounts, types), &mut problems);
        let source = told(config.spot.resolve(setting.zones, types), &mut problems);
        let prices = told(Prices::new(&config.prices, setting.host_groups), &mut problems);
        let (Some(calendar), Some(commitments), Some(source), Some(prices)) =
            (calendar, commitments, source, prices)
        else {
            return Err(problems);
        };
        let most = commitments.iter().map(|commitment| commitment.account.index() + 1).max().unwrap_or(0);
        let mut committed = vec![false; most];
        commitments.iter().for_each(|commitment| committed[commitment.account.index()] = true);
        Ok(Billing {
            usage: Usage::new(calendar, setting.window_start),
            spot: SpotPrices::new(source, setting.seed),
            calendar,
            window_start: setting.window_start,
            meter: Meter::new(calendar),
            prices,
            commitments,
            committed,
            hourly: HourlyUsage::default(),
            spot_sums: BTreeMap::new(),
        })
    }

    /// Bills an instance that has left `running`, or still is in it when the run ends.
    #[inline(always)] // every end
    pub fn bill(&mut self, running: &Running, types: &TypeTable) {
        let billed = self.billed(running);
        let committed = self.committed.get(running.account.index()).is_some_and(|committed| *committed);
        if running.market == Market::Spot {
            self.bill_spot(running, billed, types);
        } else if committed {
            self.hourly.add(running.account, running.kind, running.zone, billed);
        } else {
            self.meter.add(running.account, running.kind, billed);
        }
    }

    #[cold]
    fn bill_spot(&mut self, running: &Running, billed: Billed, types: &TypeTable) {
        if running.is_refunded() {
            return;
        }
        let &Running { account, kind, zone, .. } = running;
        let calendar = self.calendar;
        for piece in billed.pieces(|time| calendar.next_month(time)) {
            let sum = self.spot_sums.entry((account, kind, calendar.month_of(piece.start))).or_default();
            sum.seconds += piece.seconds;
            sum.amount += self.spot.amount(types, kind, zone, piece);
        }
    }

    /// What [`Billing::bill`] bills, and what it costs if nothing but this were known: what the account has
    /// committed to may make it cheaper, which the end of the run decides.
    pub fn stay(&mut self, running: &Running, types: &TypeTable) -> Stay {
        let billed = self.billed(running);
        match running.market {
            Market::Spot if running.is_refunded() => Stay { seconds: 0, amount: Money::ZERO },
            Market::Spot => {
                let amount = self.spot.amount(types, running.kind, running.zone, billed);
                Stay { seconds: billed.seconds, amount }
            }
            Market::OnDemand => {
                let price = types.get(running.kind).price_per_second.0;
                let amount = price.checked_mul(i128::from(billed.seconds)).expect("money overflows 128 bits");
                Stay { seconds: billed.seconds, amount: Money(amount) }
            }
        }
    }

    #[inline]
    fn billed(&self, running: &Running) -> Billed {
        Billed::of(running.start, running.end, running.past_minimum, self.window_start)
    }

    /// The bill up to `end`, the end of the run.
    pub fn invoice(&mut self, end: Time, types: &TypeTable) -> Bill {
        let mut rows = Rows::default();
        for ((account, kind, month), seconds) in self.meter.sums() {
            rows.add_on_demand(account, kind, month, seconds, types);
        }
        for (&(account, kind, month), sum) in &self.spot_sums {
            let what = (Kind::Instance, UsageType::Instance(kind), Purchase::Spot);
            rows.add(account, what, month, instance_ns(sum.seconds), sum.amount);
        }
        self.add_committed(end, types, &mut rows);
        for (account, item, month, unit_ns) in self.usage.sums(end) {
            let what = (Kind::of(item), UsageType::Held(item), Purchase::OnDemand);
            rows.add(account, what, month, unit_ns, self.prices.of(item, types).of(unit_ns));
        }
        Bill::new(rows.finish(), types)
    }

    /// Rows of the accounts with commitments: what these covered, what they left on demand, what was paid and
    /// not used.
    fn add_committed(&self, end: Time, types: &TypeTable, rows: &mut Rows) {
        let hours = self.window_start.0 / HOUR.0..end.0.div_ceil(HOUR.0);
        // A window that never begins has no hours.
        let hours = if end > self.window_start { hours } else { 0..0 };
        let mut used: BTreeMap<(usize, Month), Used> = BTreeMap::new();
        let accounts = (0..).zip(&self.committed).filter(|(_, committed)| **committed);
        for account in accounts.map(|(account, _)| AccountId(account)) {
            let settled = self.hourly.settle(account, &self.commitments, &hours, self.calendar, types);
            for ((kind, month), seconds) in settled.on_demand {
                rows.add_on_demand(account, kind, month, seconds, types);
            }
            for ((number, kind, month), covered) in settled.covered {
                let commitment = &self.commitments[number];
                let amount = commitment.price_of(covered.used);
                let what = (Kind::Instance, UsageType::Instance(kind), commitment.purchase);
                rows.add(account, what, month, instance_ns(covered.seconds), amount);
                let sum = used.entry((number, month)).or_default();
                sum.capacity += covered.used;
                sum.amount += amount;
            }
        }
        for (number, commitment) in self.commitments.iter().enumerate() {
            let hours = commitment.hours.start.max(hours.start)..commitment.hours.end.min(hours.end);
            let unused = (Kind::Commitment, commitment.usage_type, commitment.purchase);
            for (month, count) in self.by_month(hours.clone()) {
                let used = used.get(&(number, month)).copied().unwrap_or_default();
                let left = u128::from(count) * commitment.capacity - used.capacity;
                let paid = Money(commitment.per_hour.0 * i128::from(count));
                rows.add(commitment.account, unused, month, commitment.unused_ns(left), paid - used.amount);
            }
            if commitment.upfront > Money::ZERO && hours.contains(&commitment.hours.start) {
                let month = self.calendar.month_of(Time(commitment.hours.start * HOUR.0));
                let what = (Kind::Upfront, commitment.usage_type, commitment.purchase);
                rows.add(commitment.account, what, month, u128::from(commitment.count), commitment.upfront);
            }
        }
    }

    /// How many clock hours begin in each month.
    fn by_month(&self, hours: Range<u64>) -> BTreeMap<Month, u64> {
        let mut months = BTreeMap::new();
        for hour in hours {
            *months.entry(self.calendar.month_of(Time(hour * HOUR.0))).or_default() += 1;
        }
        months
    }
}

/// What was used of a commitment in a month.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    capacity: u128,
    amount: Money,
}

/// Instance-seconds in the unit that rows count them in.
fn instance_ns(seconds: u64) -> u128 {
    u128::from(seconds) * u128::from(crate::units::NS_PER_S)
}

/// The value of a result, or `None` after telling its problems.
fn told<T>(result: Result<T, Vec<Problem>>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|found| problems.extend(found)).ok()
}

/// What a row is for: kind, usage type and purchase.
type What = (Kind, UsageType, Purchase);

/// The rows of a bill as they come together.
#[derive(Default)]
struct Rows(BTreeMap<(AccountId, What, Month), (u128, Money)>);

impl Rows {
    fn add(&mut self, account: AccountId, what: What, month: Month, quantity: u128, amount: Money) {
        let (quantities, amounts) = self.0.entry((account, what, month)).or_default();
        *quantities += quantity;
        *amounts += amount;
    }

    fn add_on_demand(
        &mut self,
        account: AccountId,
        kind: TypeId,
        month: Month,
        seconds: u64,
        types: &TypeTable,
    ) {
        let price = types.get(kind).price_per_second.0;
        let amount = Money(price.checked_mul(i128::from(seconds)).expect("money overflows 128 bits"));
        let what = (Kind::Instance, UsageType::Instance(kind), Purchase::OnDemand);
        self.add(account, what, month, instance_ns(seconds), amount);
    }

    /// By account, kind, usage type, purchase and month; what is nothing at all is left out.
    fn finish(self) -> Vec<BillRow> {
        let something = |(quantity, amount): &(u128, Money)| *quantity > 0 || *amount != Money::ZERO;
        let rows = self.0.into_iter().filter(|(_, sums)| something(sums));
        rows.map(|((account, (kind, usage_type, purchase), month), (quantity, amount))| BillRow {
            account,
            kind,
            usage_type,
            purchase,
            month,
            quantity,
            amount,
        })
        .collect()
    }
}

#[cfg(test)]
mod tests;
