//! The books of a run: they record usage and holdings, and make the bill at the end.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

use super::commitment::{self, Commitment, Coverable};
use super::dedicated::DedicatedUsage;
use super::hours::{HourlyUsage, Terms};
use super::invoice::{Bill, BillRow, BilledPurchase, Kind, UsageType};
use super::meter::Meter;
use super::prices::Prices;
use super::seconds::Billed;
use super::spot::SpotPrices;
use super::usage::{Item, Usage};
use super::{BilledTenancy, BillingConfig, HOUR, Market, Running, Setting, Stay};
use plimsoll_base::catalogue::TypeTable;
use plimsoll_base::input::Problem;
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, Calendar, HostId, Money, Month, NS_PER_S, Time, TypeId};

/// The books of one run.
#[derive(Clone, Debug)]
pub struct Billing {
    /// Holdings of accounts over time.
    pub usage: Usage,
    /// Spot prices.
    pub spot: SpotPrices,
    pub(super) calendar: Calendar,
    pub(super) window_start: Time,
    meter: Meter,
    pub(super) prices: Prices,
    pub(super) commitments: Vec<Commitment>,
    /// Accounts that share commitments; an account without organisation is a group of its own here.
    pub(super) payers: Vec<Vec<AccountId>>,
    /// True for accounts whose usage commitments may cover, by number; as long as the greatest of which
    /// that is so.
    committed: Vec<bool>,
    hourly: HourlyUsage,
    dedicated: DedicatedUsage,
    /// Times of allocation of dedicated hosts.
    hosts: BTreeMap<HostId, Time>,
    spot_sums: BTreeMap<(AccountId, TypeId, Month), SpotSum>,
}

persist! { Billing {
    values: [hourly, dedicated, hosts, spot_sums],
    nested: [usage, spot, meter],
    derived: [calendar, window_start, prices, commitments, payers, committed],
} }

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct SpotSum {
    seconds: u64,
    amount: Money,
}

impl Billing {
    /// Returns empty books, or everything that is wrong with the configuration. `accounts` has the id of each name of
    /// [`BillingConfig::accounts`].
    pub fn new(
        config: &BillingConfig,
        setting: &Setting<'_>,
        accounts: &BTreeMap<String, AccountId>,
        types: &mut TypeTable,
    ) -> Result<Billing, Vec<Problem>> {
        let mut problems = Vec::new();
        let promised = (config.reserved.as_slice(), config.savings_plans.as_slice());
        let commitments = told(commitment::resolve(promised, setting.zones, accounts, types), &mut problems);
        let organisations = commitment::resolve_organisations(&config.organisations, accounts);
        let organisations = told(organisations, &mut problems);
        let source = told(config.spot.resolve(setting.zones, types), &mut problems);
        let prices = told(Prices::new(&config.prices, setting.host_groups), &mut problems);
        let calendar = setting.calendar;
        let (Some(commitments), Some(organisations), Some(source), Some(prices)) =
            (commitments, organisations, source, prices)
        else {
            return Err(problems);
        };
        let payers = payers(&commitments, organisations);
        let most = payers.iter().flatten().map(|account| account.index() + 1).max().unwrap_or(0);
        let mut committed = vec![false; most];
        payers.iter().flatten().for_each(|account| committed[account.index()] = true);
        Ok(Billing {
            usage: Usage::new(calendar, setting.window_start).by_hour_for(committed.clone()),
            spot: SpotPrices::new(source, config.spot.recommendation_ahead, setting.seed),
            calendar,
            window_start: setting.window_start,
            meter: Meter::new(calendar),
            prices,
            commitments,
            payers,
            committed,
            hourly: HourlyUsage::default(),
            dedicated: DedicatedUsage::default(),
            hosts: BTreeMap::new(),
            spot_sums: BTreeMap::new(),
        })
    }

    /// Bills an instance that has left `running`, or is running at the end of the run.
    #[inline(always)] // every end
    pub fn bill(&mut self, running: &Running, types: &TypeTable) {
        let billed = self.billed(running);
        let committed = self.committed.get(running.account.index()).is_some_and(|committed| *committed);
        if committed || running.market == Market::Spot || running.tenancy == BilledTenancy::Dedicated {
            self.bill_apart(running, billed, committed, types);
        } else {
            self.meter.add(running.account, running.kind, billed);
        }
    }

    /// Bills what is more than an instance of shared tenancy on demand.
    #[cold]
    fn bill_apart(&mut self, running: &Running, billed: Billed, committed: bool, types: &TypeTable) {
        let &Running { account, kind, zone, tenancy, .. } = running;
        if tenancy == BilledTenancy::Dedicated {
            self.dedicated.note_hours(account, billed);
        }
        if running.market == Market::Spot {
            self.bill_spot(running, billed, types);
        } else if committed {
            self.hourly.add(account, Coverable::Instances(kind, tenancy, zone), billed);
        } else {
            self.dedicated.add(account, kind, billed, self.calendar);
        }
    }

    fn bill_spot(&mut self, running: &Running, billed: Billed, types: &TypeTable) {
        if running.is_refunded() {
            return;
        }
        let &Running { account, kind, .. } = running;
        let calendar = self.calendar;
        for piece in billed.pieces(|time| calendar.next_month(time)) {
            let sum = self.spot_sums.entry((account, kind, calendar.month_of(piece.start))).or_default();
            sum.seconds += piece.seconds;
            sum.amount += self.spot.amount(types, (kind, running.zone), running.max_price, piece);
        }
    }

    /// Returns the cost of what [`Billing::bill`] bills, if nothing but this were known: what the account has
    /// committed to may make it cheaper, which the end of the run decides.
    pub fn stay(&mut self, running: &Running, types: &TypeTable) -> Stay {
        let billed = self.billed(running);
        match running.market {
            Market::Spot if running.is_refunded() => Stay { seconds: 0, amount: Money::ZERO },
            Market::Spot => {
                let market = (running.kind, running.zone);
                let amount = self.spot.amount(types, market, running.max_price, billed);
                Stay { seconds: billed.seconds, amount }
            }
            Market::OnDemand => {
                let price = self.prices.instance(running.kind, running.tenancy, types).0;
                let amount = price.checked_mul(i128::from(billed.seconds)).expect("money overflows 128 bits");
                Stay { seconds: billed.seconds, amount: Money(amount) }
            }
        }
    }

    /// Starts to bill a dedicated host of a host group to an account.
    pub fn take_host(&mut self, now: Time, account: AccountId, host: HostId, group: u32) {
        self.usage.take(now, account, Item::DedicatedHost(group), 1);
        self.hosts.insert(host, now);
    }

    /// Stops billing a dedicated host to an account, which pays for a minute at least.
    pub fn give_host(&mut self, now: Time, account: AccountId, host: HostId, group: u32) {
        let since = self.hosts.remove(&host).expect("what is released was allocated");
        self.usage.give(now, account, Item::DedicatedHost(group), 1);
        self.usage.charge_minimum(now, account, Item::DedicatedHost(group), 1, since);
    }

    #[inline]
    fn billed(&self, running: &Running) -> Billed {
        Billed::of(running.start, running.end, running.past_minimum, self.window_start)
    }

    /// Returns the bill up to `end`, the end of the run.
    pub fn invoice(&mut self, end: Time, types: &TypeTable) -> Bill {
        self.usage.reach_end(end);
        let mut rows = Rows { sums: BTreeMap::new(), prices: &self.prices, types };
        for ((account, kind, month), seconds) in self.meter.sums() {
            rows.add_on_demand(account, UsageType::Instance(kind), month, instance_ns(seconds));
        }
        for ((account, kind, month), seconds) in self.dedicated.sums() {
            rows.add_on_demand(account, UsageType::DedicatedInstance(kind), month, instance_ns(seconds));
        }
        for ((account, month), hours) in self.dedicated.fees(self.calendar) {
            let ns = u128::from(hours) * u128::from(HOUR.0);
            rows.add_on_demand(account, UsageType::DedicatedRegion, month, ns);
        }
        for (&(account, kind, month), sum) in &self.spot_sums {
            let what = (Kind::Instance, UsageType::Instance(kind), BilledPurchase::Spot);
            rows.add(account, what, month, instance_ns(sum.seconds), sum.amount);
        }
        self.add_committed(end, &mut rows);
        for (account, item, month, unit_ns) in self.usage.sums(end) {
            rows.add_on_demand(account, UsageType::Held(item), month, unit_ns);
        }
        Bill::new(rows.finish(), types, |kind| self.prices.dedicated_by_surcharge(kind, types))
    }

    /// Adds the rows of the accounts with commitments: what these covered, what they left on demand, what was paid and
    /// not used. Usage is billed to the account that used it, the unused part of a commitment to its owner.
    fn add_committed(&self, end: Time, rows: &mut Rows<'_>) {
        let hours = self.window_start.0 / HOUR.0..end.0.div_ceil(HOUR.0);
        // A window that never begins has no hours.
        let hours = if end > self.window_start { hours } else { 0..0 };
        let terms = Terms { hours: &hours, calendar: self.calendar, prices: &self.prices, types: rows.types };
        let mut used: BTreeMap<(usize, Month), Used> = BTreeMap::new();
        for accounts in &self.payers {
            let settled = self.hourly.settle(&self.usage, accounts, &self.commitments, &terms);
            for ((account, usage, month), ns) in settled.on_demand {
                rows.add_on_demand(account, usage, month, ns);
            }
            for ((number, account, usage, month), covered) in settled.covered {
                let commitment = &self.commitments[number];
                let amount = commitment.price_of(covered.used);
                let what = (usage.kind(), usage, commitment.purchase);
                rows.add(account, what, month, covered.ns, amount);
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

    /// Returns the number of clock hours that begin in each month.
    fn by_month(&self, hours: Range<u64>) -> BTreeMap<Month, u64> {
        let mut months = BTreeMap::new();
        for hour in hours {
            *months.entry(self.calendar.month_of(Time(hour * HOUR.0))).or_default() += 1;
        }
        months
    }
}

/// Returns the accounts that share commitments: those of each organisation that has some, and each other account that
/// has some by itself.
fn payers(commitments: &[Commitment], organisations: Vec<Vec<AccountId>>) -> Vec<Vec<AccountId>> {
    let mut payers = organisations;
    for commitment in commitments {
        if !payers.iter().any(|accounts| accounts.contains(&commitment.account)) {
            payers.push(vec![commitment.account]);
        }
    }
    let has_some = |accounts: &Vec<AccountId>| commitments.iter().any(|of| accounts.contains(&of.account));
    payers.retain(has_some);
    payers
}

/// Use of a commitment in a month.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    capacity: u128,
    amount: Money,
}

/// Converts instance-seconds to the unit that rows count them in.
fn instance_ns(seconds: u64) -> u128 {
    u128::from(seconds) * u128::from(NS_PER_S)
}

/// Returns the value of a result, or `None` after its problems are noted.
fn told<T>(result: Result<T, Vec<Problem>>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|found| problems.extend(found)).ok()
}

/// Subject of a row: kind, usage type and purchase.
type What = (Kind, UsageType, BilledPurchase);

/// The rows of a bill as they come together.
struct Rows<'a> {
    sums: BTreeMap<(AccountId, What, Month), (u128, Money)>,
    prices: &'a Prices,
    types: &'a TypeTable,
}

impl Rows<'_> {
    fn add(&mut self, account: AccountId, what: What, month: Month, quantity: u128, amount: Money) {
        let (quantities, amounts) = self.sums.entry((account, what, month)).or_default();
        *quantities += quantity;
        *amounts += amount;
    }

    /// Adds so much of a usage at its price on demand; what is not yet there for these three.
    fn add_on_demand(&mut self, account: AccountId, usage: UsageType, month: Month, unit_ns: u128) {
        let amount = self.prices.of(usage, self.types).of(unit_ns, month);
        self.add(account, (usage.kind(), usage, BilledPurchase::OnDemand), month, unit_ns, amount);
    }

    /// Returns the rows by account, kind, usage type, purchase and month, without empty ones.
    fn finish(self) -> Vec<BillRow> {
        let something = |(quantity, amount): &(u128, Money)| *quantity > 0 || *amount != Money::ZERO;
        let rows = self.sums.into_iter().filter(|(_, sums)| something(sums));
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
