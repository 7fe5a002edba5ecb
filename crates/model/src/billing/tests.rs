//! Bills by hand, each named after its rule, and beside a reference implementation that counts second by second.

mod commitments;
mod held;

use super::seconds::Billed;
use super::*;
use plimsoll_base::catalogue::VolumeType;
use plimsoll_base::engine::random::{Purpose, Stream};
use plimsoll_base::units::{NS_PER_S, Resources, format_micro_usd};

const A: AccountId = AccountId(0);
const ZONES: [&str; 2] = ["a", "b"];

fn at(seconds: u64) -> Time {
    Time(seconds * NS_PER_S)
}

/// Books and the types they know.
struct Books {
    billing: Billing,
    types: TypeTable,
}

impl Books {
    /// Returns the books of a `[billing]` table, in which account 0 is called `default` and account 1 `other`.
    fn new(text: &str) -> Books {
        Books::with_warmup(text, 0)
    }

    fn with_warmup(text: &str, warmup_s: u64) -> Books {
        let config: BillingConfig = toml::from_str(text).unwrap();
        let mut types = TypeTable::new(&[], &config.shape).unwrap();
        let accounts = BTreeMap::from([("default".to_string(), A), ("other".to_string(), AccountId(1))]);
        let own = Some(Money(3 * Money::UNITS_PER_USD));
        let rates = [("m5", None), ("", None), ("m5", own)];
        let host_groups = rates.map(|(sku, per_hour)| HostRate { sku, per_hour });
        let window_start = at(warmup_s);
        let calendar = config.calendar().unwrap();
        let setting =
            Setting { seed: Seed(7), window_start, calendar, zones: &ZONES, host_groups: &host_groups };
        let billing = Billing::new(&config, &setting, &accounts, &mut types).unwrap();
        Books { billing, types }
    }

    fn running(&mut self, name: &str, start: u64, end: u64) -> Running {
        Running {
            account: A,
            kind: self.types.named(name).unwrap(),
            zone: ZoneId(0),
            tenancy: BilledTenancy::Shared,
            market: Market::OnDemand,
            max_price: None,
            start: at(start),
            end: at(end),
            past_minimum: false,
            interrupted: false,
        }
    }

    fn run(&mut self, name: &str, start: u64, end: u64) -> &mut Books {
        let running = self.running(name, start, end);
        self.bill(&running)
    }

    fn bill(&mut self, running: &Running) -> &mut Books {
        self.billing.bill(running, &self.types);
        self
    }

    fn invoice(&mut self, end: u64) -> Bill {
        self.billing.invoice(at(end), &self.types)
    }

    /// Returns each row as kind, type, purchase, month, quantity and USD.
    fn rows(&mut self, end: u64) -> Vec<String> {
        let bill = self.invoice(end);
        let row = |row: &BillRow| {
            let (name, usd) = (row.type_name(&self.types), format_micro_usd(row.micro_usd()));
            let (kind, purchase, quantity) = (row.kind.name(), row.purchase.name(), row.shown_quantity());
            format!("{kind} {name} {purchase} {}: {quantity} {}, {usd}", row.month, row.unit().name)
        };
        bill.rows.iter().map(row).collect()
    }
}

/// Returns the exact sum of a bill.
fn exact(bill: &Bill) -> Money {
    bill.rows.iter().map(|row| row.amount).sum()
}

/// A regional reservation, at a thousandth of a cent a second.
const RESERVED: &str = "[[reserved]]\ntype = 'm5.large'\nusd_per_hour = 0.036\n";

#[test]
fn twenty_seconds_cost_a_minute_and_220_themselves() {
    let mut books = Books::new("");
    books.run("m5.large", 0, 20);
    assert_eq!(books.rows(100), ["instance m5.large on-demand 2026-01: 60 instance-seconds, 0.001600"]);
    books.run("m5.large", 100, 320);
    assert_eq!(books.rows(400), ["instance m5.large on-demand 2026-01: 280 instance-seconds, 0.007467"]);
}

#[test]
fn each_start_has_its_own_minimum() {
    let mut books = Books::new("");
    books.run("m5.large", 0, 20).run("m5.large", 100, 130).run("m5.large", 200, 420);
    assert_eq!(books.rows(500), ["instance m5.large on-demand 2026-01: 340 instance-seconds, 0.009067"]);
}

#[test]
fn a_run_over_the_end_of_a_month_is_split() {
    let mut books = Books::new("start_date = '2024-02-29'");
    books.run("m5.large", 86_400 - 100, 86_400 + 50);
    let expected = [
        "instance m5.large on-demand 2024-02: 100 instance-seconds, 0.002667",
        "instance m5.large on-demand 2024-03: 50 instance-seconds, 0.001333",
    ];
    assert_eq!(books.rows(90_000), expected);
    let bill = books.invoice(90_000);
    assert_eq!(bill.by_month.values().copied().collect::<Vec<_>>(), [2_667, 1_333]);
    assert_eq!((bill.total, bill.by_account[&A]), (4_000, 4_000));
}

#[test]
fn a_reservation_shared_by_four_instances_of_900_s_costs_nothing_more() {
    let mut books = Books::new(RESERVED);
    for zone in [0, 1, 0, 1] {
        let running = Running { zone: ZoneId(zone), ..books.running("m5.large", 1000, 1900) };
        books.bill(&running);
    }
    let expected = ["instance m5.large reserved 2026-01: 3600 instance-seconds, 0.036000"];
    assert_eq!(books.rows(3600), expected);
    // A fifth leaves 900 s on demand: 900 · 0.096 ÷ 3600.
    books.run("m5.large", 0, 900);
    let expected = [
        "instance m5.large on-demand 2026-01: 900 instance-seconds, 0.024000",
        "instance m5.large reserved 2026-01: 3600 instance-seconds, 0.036000",
    ];
    assert_eq!(books.rows(3600), expected);
}

#[test]
fn a_reservation_is_paid_by_the_hour_of_its_term_whether_used_or_not() {
    let text = "[[reserved]]\ntype = 'm5.large'\ncount = 2\nusd_per_hour = 0.036\nupfront_usd = 100
        from = '1h'\nuntil = '4h'";
    let mut books = Books::new(text);
    // Hours 0 and 4 are outside of the term.
    books.run("m5.large", 0, 5 * 3600);
    let expected = [
        "instance m5.large on-demand 2026-01: 7200 instance-seconds, 0.192000",
        "instance m5.large reserved 2026-01: 10800 instance-seconds, 0.108000",
        "commitment m5.large reserved 2026-01: 10800 instance-seconds, 0.108000",
        "upfront m5.large reserved 2026-01: 2 instances, 200.000000",
    ];
    assert_eq!(books.rows(5 * 3600), expected);
}

#[test]
fn hours_that_the_run_cuts_are_whole_and_those_before_the_window_free() {
    let mut books = Books::with_warmup(RESERVED, 2 * 3600 + 600);
    books.run("m5.large", 0, 3 * 3600 + 60);
    let expected = [
        "instance m5.large reserved 2026-01: 3060 instance-seconds, 0.030600",
        "commitment m5.large reserved 2026-01: 4140 instance-seconds, 0.041400",
    ];
    assert_eq!(books.rows(3 * 3600 + 60), expected);
    assert_eq!(Books::with_warmup(RESERVED, 7200).rows(7200), [""; 0], "the warm-up is the whole run");
}

#[test]
fn a_regional_reservation_covers_the_smallest_of_its_family_first() {
    // A 2xlarge: 16 units an hour.
    let mut books = Books::new("[[reserved]]\ntype = 'm5.2xlarge'\nusd_per_hour = 0.16");
    books.run("m5.4xlarge", 0, 3600).run("m5.xlarge", 0, 3600).run("m5.large", 0, 3600);
    books.run("m5d.large", 0, 3600);
    // Of 16 units the large takes 4, the xlarge 8, and the rest covers an eighth of the 4xlarge, 32.
    let expected = [
        "instance m5.4xlarge on-demand 2026-01: 3150 instance-seconds, 0.672000",
        "instance m5.4xlarge reserved 2026-01: 450 instance-seconds, 0.040000",
        "instance m5.xlarge reserved 2026-01: 3600 instance-seconds, 0.080000",
        "instance m5.large reserved 2026-01: 3600 instance-seconds, 0.040000",
        "instance m5d.large on-demand 2026-01: 3600 instance-seconds, 0.113000",
    ];
    assert_eq!(books.rows(3600), expected);
}

#[test]
fn a_zonal_reservation_covers_its_type_in_its_zone_and_comes_first() {
    // Listed after the regional one, and yet it takes what it can: nothing is left over of either.
    let text = format!("{RESERVED}[[reserved]]\ntype = 'm5.large'\nzone = 'b'\nusd_per_hour = 0.03");
    let mut books = Books::new(&text);
    for zone in [0, 1] {
        let running = Running { zone: ZoneId(zone), ..books.running("m5.large", 0, 3600) };
        books.bill(&running);
    }
    assert_eq!(books.rows(3600), ["instance m5.large reserved 2026-01: 7200 instance-seconds, 0.066000"]);
    // In zone a alone, the zonal one is not used; nor for another size in zone b.
    let mut books = Books::new("[[reserved]]\ntype = 'm5.large'\nzone = 'b'\nusd_per_hour = 0.03");
    let other_size = Running { zone: ZoneId(1), ..books.running("m5.xlarge", 0, 3600) };
    books.bill(&other_size).run("m5.large", 0, 3600);
    assert_eq!(
        books.rows(3600).last().unwrap(),
        "commitment m5.large reserved 2026-01: 3600 instance-seconds, 0.030000"
    );
}

#[test]
fn a_savings_plan_below_and_above_its_commitment() {
    // m5.large costs 0.096 and 0.048 with the plan; c5.large 0.085 and 0.068.
    let text = "[[savings_plans]]\nusd_per_hour = 0.06\ndiscount = 0.2\nrates = { m5 = 0.5 }";
    let mut books = Books::new(text);
    // First hour: half used. Second: the m5 whole, then 0.012 ÷ 0.068 of the c5's 3,600 s, whole seconds.
    books.run("m5.large", 0, 1800).run("c5.large", 3600, 7200).run("m5.large", 3600, 7200);
    let expected = [
        "instance m5.large savings-plan 2026-01: 5400 instance-seconds, 0.072000",
        "instance c5.large on-demand 2026-01: 2965 instance-seconds, 0.070007",
        "instance c5.large savings-plan 2026-01: 635 instance-seconds, 0.011994",
        "commitment savings-plan-0 savings-plan 2026-01: 0.600092 hours, 0.036006",
    ];
    assert_eq!(books.rows(7200), expected);
}

#[test]
fn savings_plans_cover_what_reservations_leave_and_only_on_demand() {
    let text = format!("{RESERVED}[[savings_plans]]\nusd_per_hour = 1\nrates = {{ 'm5.large' = 0.25 }}");
    let mut books = Books::new(&text);
    books.run("m5.large", 0, 3600).run("m5.large", 0, 3600).run("m5.xlarge", 0, 600);
    let spot = Running { market: Market::Spot, ..books.running("m5.large", 0, 3600) };
    books.bill(&spot);
    let expected = [
        "instance m5.large reserved 2026-01: 3600 instance-seconds, 0.036000",
        "instance m5.large spot 2026-01: 3600 instance-seconds, 0.028800",
        "instance m5.large savings-plan 2026-01: 3600 instance-seconds, 0.072000",
        "instance m5.xlarge on-demand 2026-01: 600 instance-seconds, 0.032000",
        "commitment savings-plan-0 savings-plan 2026-01: 0.928 hours, 0.928000",
    ];
    assert_eq!(books.rows(3600), expected);
}

#[test]
fn a_spot_interruption_in_its_first_hour_is_free_and_an_end_by_the_user_is_not() {
    let mut books = Books::new("");
    let spot = Running { market: Market::Spot, ..books.running("m5.large", 0, 3599) };
    let interrupted = Running { interrupted: true, ..spot };
    books.bill(&interrupted);
    assert_eq!(books.rows(10_000), [""; 0]);
    books.bill(&spot);
    // 3,599 · 0.0288 ÷ 3600.
    assert_eq!(books.rows(10_000), ["instance m5.large spot 2026-01: 3599 instance-seconds, 0.028792"]);
    let later = Running { end: at(3600), ..interrupted };
    books.bill(&later);
    assert_eq!(books.rows(10_000), ["instance m5.large spot 2026-01: 7199 instance-seconds, 0.057592"]);
    // The age of a resident is unknown.
    let resident = Running { past_minimum: true, end: at(1), ..interrupted };
    books.bill(&resident);
    assert_eq!(books.rows(10_000), ["instance m5.large spot 2026-01: 7200 instance-seconds, 0.057600"]);
}

#[test]
fn totals_are_the_sums_of_the_rows_shown() {
    let mut books = Books::new("");
    let shape = books.types.shape(Resources::new(1000, 1024));
    for (account, name, seconds) in
        [(1, "m5.large", 61), (0, "m5.large", 61), (0, "", 100), (2, "m5.large", 0)]
    {
        let kind = if name.is_empty() { shape } else { books.types.named(name).unwrap() };
        let running = Running {
            account: AccountId(account),
            kind,
            past_minimum: true,
            ..books.running("m5.large", 0, seconds)
        };
        books.bill(&running);
    }
    let bill = books.invoice(100);
    let usd: Vec<i128> = bill.rows.iter().map(BillRow::micro_usd).collect();
    // 61 · 0.096 ÷ 3600 = 0.0016266…; 100 · 0.044925 ÷ 3600 = 0.0012479…
    assert_eq!(usd, [1_248, 1_627, 1_627]);
    // The exact sum, 0.0045012…, would be shown as one less.
    assert_eq!((exact(&bill).to_micro_usd(), bill.total), (4_501, 4_502));
    assert_eq!(bill.by_kind, BTreeMap::from([(Kind::Instance, 4_502)]));
    assert_eq!(bill.by_purchase, BTreeMap::from([(BilledPurchase::OnDemand, 4_502)]));
    assert_eq!(bill.by_account.values().sum::<i128>(), 4_502);
    assert_eq!(bill.priced_by_shape, [shape]);
}

#[test]
fn an_empty_bill_is_zero_of_everything() {
    let bill = Books::new("").invoice(1000);
    assert_eq!((bill.total, bill.by_kind[&Kind::Instance], bill.rows.len()), (0, 0, 0));
}

const TYPES: [&str; 5] = ["m5.large", "m5.xlarge", "c5.large", "t3.micro", "m5.4xlarge"];

/// Time, account, item and amount of a holding.
type Take = (Time, AccountId, Item, u64);

/// Returns the use of every kind by a few accounts, over about three months.
fn random_use(random: &mut Stream, types: &mut TypeTable) -> (Vec<Running>, Vec<Take>) {
    let mut runs = Vec::new();
    let mut takes = Vec::new();
    for _ in 0..300 {
        let start = Time(random.below(90 * 24 * 3600 * NS_PER_S));
        let interrupted = random.below(2) == 0;
        runs.push(Running {
            account: AccountId(random.below(4) as u32),
            kind: types.named(TYPES[random.below(5) as usize]).unwrap(),
            zone: ZoneId(random.below(2) as u16),
            tenancy: if random.below(5) == 0 { BilledTenancy::Dedicated } else { BilledTenancy::Shared },
            market: if random.below(3) == 0 { Market::Spot } else { Market::OnDemand },
            max_price: None,
            start,
            end: start.after(Duration(random.below(10 * 3600 * NS_PER_S))),
            past_minimum: random.below(4) == 0,
            interrupted,
        });
        let items =
            [Item::Snapshot, Item::PublicAddress, Item::VolumeIops(VolumeType::Io1), Item::DedicatedHost(1)];
        takes.push((
            start,
            AccountId(random.below(4) as u32),
            items[random.below(4) as usize],
            random.below(99),
        ));
    }
    takes.sort_unstable();
    (runs, takes)
}

/// Commitments of the accounts 0 and 1; 2 and 3 have none.
const EVERYTHING: &str = "
    spot.price = { kind = 'mean-reverting' }
    [[reserved]]
    type = 'm5.xlarge'
    usd_per_hour = 0.1
    upfront_usd = 10
    from = '24h'
    [[reserved]]
    type = 'm5.large'
    zone = 'b'
    account = 'other'
    usd_per_hour = 0.05
    until = '1000h'
    [[savings_plans]]
    usd_per_hour = 0.05
    discount = 0.123456
    rates = { m5 = 0.3, 't3.micro' = 0.4 }
    [[savings_plans]]
    usd_per_hour = 0.03
    discount = 0.1
    account = 'other'";

const END: u64 = 91 * 24 * 3600;

fn keep(text: &str, only: Option<AccountId>, warmup_s: u64) -> Books {
    let mut books = Books::with_warmup(text, warmup_s);
    let mut random = Seed(3).stream(Purpose::Placement, 0);
    let (runs, takes) = random_use(&mut random, &mut books.types);
    let wanted = |account| only.is_none_or(|only| only == account);
    runs.iter().filter(|run| wanted(run.account)).for_each(|run| _ = books.bill(run));
    for (now, account, item, quantity) in takes.into_iter().filter(|(_, account, ..)| wanted(*account)) {
        books.billing.usage.take(now, account, item, quantity);
    }
    books
}

#[test]
fn a_runs_bill_is_the_sum_of_its_accounts_to_the_last_unit() {
    for warmup_s in [0, 1_000_000] {
        let whole = keep(EVERYTHING, None, warmup_s).invoice(END);
        let kinds: Vec<&str> = whole.by_kind.keys().map(|kind| kind.name()).collect();
        let upfront = if warmup_s == 0 { Some("upfront") } else { None };
        let expected = ["instance", "volume", "snapshot", "address", "host", "commitment"];
        let expected = expected.into_iter().chain(upfront).chain(["dedicated-fee"]);
        assert_eq!(kinds, expected.collect::<Vec<_>>());
        assert_eq!((whole.by_purchase.len(), whole.by_month.len() >= 3), (4, true));
        let mut sum = Money::ZERO;
        for account in (0..4).map(AccountId) {
            let alone = keep(EVERYTHING, Some(account), warmup_s).invoice(END);
            let own = |bill: &Bill| {
                let rows = bill.rows.iter().filter(|row| row.account == account);
                rows.map(|row| (row.kind, row.purchase, row.month, row.quantity, row.amount))
                    .collect::<Vec<_>>()
            };
            assert_eq!(own(&alone), own(&whole), "an account's bill does not depend on the others");
            sum +=
                alone.rows.iter().filter(|row| row.account == account).map(|row| row.amount).sum::<Money>();
            assert_eq!(alone.by_account[&account], whole.by_account[&account]);
        }
        assert_eq!(exact(&whole), sum);
        for sums in [whole.by_kind.values().sum(), whole.by_purchase.values().sum::<i128>()] {
            assert_eq!(sums, whole.total);
        }
        assert_eq!(whole.by_account.values().sum::<i128>(), whole.total);
        assert_eq!(whole.by_month.values().sum::<i128>(), whole.total);
    }
}

#[test]
fn prices_times_seven_give_bills_times_seven() {
    let once = "prices = { snapshot_usd_per_gib_month = 0.05, io1_usd_per_iops_month = 0.065,
            public_address_usd_per_hour = 0.005, dedicated_host_usd_per_hour = 5,
            dedicated_region_usd_per_hour = 2 }
        shape = { usd_per_vcpu_hour = 0.04, usd_per_gib_hour = 0.004 }";
    let seven = "prices = { snapshot_usd_per_gib_month = 0.35, io1_usd_per_iops_month = 0.455,
            public_address_usd_per_hour = 0.035, dedicated_host_usd_per_hour = 35,
            dedicated_region_usd_per_hour = 14 }
        shape = { usd_per_vcpu_hour = 0.28, usd_per_gib_hour = 0.028 }";
    let [once, seven] = [once, seven].map(|text| {
        let mut books = keep(text, Some(AccountId(2)), 0);
        let kind = books.types.shape(Resources::new(1500, 1000));
        let shape = Running { kind, ..books.running("m5.large", 0, 12_345) };
        books.bill(&shape);
        let bill = books.invoice(END);
        let scaled =
            |row: &&BillRow| row.kind != Kind::Instance || row.usage_type == UsageType::Instance(kind);
        bill.rows.iter().filter(scaled).copied().collect::<Vec<_>>()
    });
    assert!(once.len() > 10);
    for (once, seven) in once.iter().zip(&seven) {
        assert_eq!((once.usage_type, once.quantity), (seven.usage_type, seven.quantity));
        let difference = seven.amount.0 - 7 * once.amount.0;
        // Rounding down once a row loses less than a unit, of which there are seven.
        let least = if once.kind == Kind::Instance { 0 } else { 6 };
        assert!((0..=least).contains(&difference), "{difference} units in {once:?}");
    }
}

#[test]
fn every_problem_is_told_at_once_with_its_place() {
    let text = "
        start_date = '2026-02-29'
        [spot]
        price = { kind = 'mean-reverting', floor = 0.5, ceiling = 0.4, every = '1s', volatility = 2 }
        [prices]
        snapshot_usd_per_gib_month = -1
        dedicated_hosts = { m5 = 1e9 }
        dedicated_instances = { 'm5.large' = -1 }
        dedicated_instance_surcharge = 2
        month_hours = 0
        [[organisations]]
        accounts = ['a', 'b']
        [[organisations]]
        accounts = ['b']
        [[organisations]]
        accounts = []
        [[reserved]]
        type = 'm5.larg'
        zone = 'c'
        count = 0
        usd_per_hour = 0.00000000000001
        from = '90m'
        [[reserved]]
        type = 'm5.large'
        usd_per_hour = 1
        from = '2h'
        until = '1h'
        [[savings_plans]]
        usd_per_hour = 0
        [[savings_plans]]
        usd_per_hour = 1
        rates = { m5 = 1.0 }";
    let config: BillingConfig = toml::from_str(text).unwrap();
    let types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
    let problems: Vec<String> =
        config.validate(&ZONES, &types, None).iter().map(Problem::to_string).collect();
    let expected = "\
`billing.start_date`: found `2026-02-29`, expected a date of 1970 to 9999
  help: write it as \"2026-01-31\"
`billing.reserved.0.type`: found `m5.larg`, expected the name of an instance type
  help: did you mean `m5.large` or `m5.xlarge` or `m5d.large`?
`billing.reserved.0.zone`: found `c`, expected the name of a zone
  help: known: `a`, `b`
`billing.reserved.0.count`: found 0, expected 1 to 1000000
  help: say how many instances are reserved
`billing.reserved.0.usd_per_hour`: found 0.00000000000001, which is finer than the smallest unit
  help: give at most twelve decimals
`billing.reserved.0.from`: found 1h 30m, expected whole hours
  help: commitments are paid and used by the clock hour
`billing.reserved.1.until`: found 1h, expected more than `from`
  help: leave it out for no end
`billing.savings_plans.0.usd_per_hour`: found 0, expected more than 0
  help: a plan without a commitment covers nothing: leave it out
`billing.savings_plans.0.discount`: found neither `discount` nor `rates`: the plan covers nothing
  help: add discount = 0.28, or rates = { \"m5\" = 0.28 }
`billing.savings_plans.1.rates.\"m5\"`: found 1, which is out of range, expected a share of 0 to 0.999999999
  help: write 30 % as 0.3, with at most nine decimals
`billing.organisations.1.accounts`: `b` is in `billing.organisations.0` already
  help: name each account once, in one organisation
`billing.organisations.2.accounts`: found no account
  help: name those that share discounts
`billing.spot.price.ceiling`: found 0.4, which is out of range, expected a share of 0.5 to 4
  help: write 30 % as 0.3, with at most nine decimals
`billing.spot.price.every`: found 1s, expected at least 1m
  help: EC2's prices change some times a day: try \"5m\"
`billing.spot.price.volatility`: found 2, which is out of range, expected a share of 0 to 1
  help: write 30 % as 0.3, with at most nine decimals
`billing.prices.dedicated_instance_surcharge`: found 2, which is out of range, expected a share of 0 to 1
  help: write 30 % as 0.3, with at most nine decimals
`billing.prices.month_hours`: found 0, expected 1 to 10000
  help: leave it out for calendar months, or write 730
`billing.prices.snapshot_usd_per_gib_month`: found -1, which is negative
  help: give 0 to 1000000 USD
`billing.prices.dedicated_hosts.\"m5\"`: found 1000000000, which is too large
  help: give 0 to 1000000 USD
`billing.prices.dedicated_instances.\"m5.large\"`: found -1, which is negative
  help: give 0 to 1000000 USD";
    assert_eq!(problems.join("\n"), expected);
}
