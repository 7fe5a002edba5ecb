//! Commitments: the usage that they cover and its order, by hand and beside a count of each second.

use super::*;
use crate::billing::commitment::{Coverable, Turn, Weight};
use plimsoll_base::units::Month;
use std::ops::Range;

/// A thing that is used for a second by an account.
type Second = (AccountId, Coverable);

/// Single holding of an account, and the seconds in which it has it.
type Held = (Second, Range<u64>);

/// Returns books with random use, and holdings that commitments may cover: their account and times.
fn kept(text: &str, warmup_s: u64) -> (Books, Vec<Running>, Vec<Held>) {
    let mut books = Books::with_warmup(text, warmup_s);
    let mut random = Seed(3).stream(Purpose::Placement, 0);
    let (runs, _) = random_use(&mut random, &mut books.types);
    runs.iter().for_each(|run| _ = books.bill(run));
    let mut held = Vec::new();
    for _ in 0..60 {
        let kind = books.types.named(TYPES[random.below(5) as usize]).unwrap();
        let items =
            [Item::UnusedReservation(kind), Item::UnusedDedicatedReservation(kind), Item::DedicatedHost(0)];
        let (account, item) = (AccountId(random.below(3) as u32), items[random.below(3) as usize]);
        let from = random.below(END - 20_000);
        held.push(((account, Coverable::Held(item)), from..from + random.below(20_000)));
    }
    // By time: what one account holds of an item overlaps.
    let mut changes: Vec<(u64, bool, AccountId, Item)> = Vec::new();
    for ((account, used), time) in &held {
        let Coverable::Held(item) = used else { continue };
        changes.push((time.start, false, *account, *item));
        changes.push((time.end, true, *account, *item));
    }
    changes.sort_unstable();
    for (second, ends, account, item) in changes {
        let usage = &mut books.billing.usage;
        let change = if ends { Usage::give } else { Usage::take };
        change(usage, at(second), account, item, 1);
    }
    (books, runs, held)
}

/// Returns the usage of each clock hour by the second, of what commitments may cover.
fn seconds_by_hour(books: &Books, runs: &[Running], held: &[Held]) -> BTreeMap<u64, Vec<Second>> {
    let mut hours: BTreeMap<u64, Vec<Second>> = BTreeMap::new();
    for run in runs.iter().filter(|run| run.market == Market::OnDemand) {
        let billed = Billed::of(run.start, run.end, run.past_minimum, books.billing.window_start);
        for second in 0..billed.seconds {
            let hour = billed.start.after(Duration::from_seconds(second)).0 / HOUR.0;
            let used = Coverable::Instances(run.kind, run.tenancy, run.zone);
            hours.entry(hour).or_default().push((run.account, used));
        }
    }
    for (used, time) in held {
        for second in time.clone().filter(|second| at(*second) >= books.billing.window_start) {
            hours.entry(second / 3600).or_default().push(*used);
        }
    }
    hours
}

/// Returns the seconds by account, usage, purchase and month, each second counted by itself.
fn second_by_second(
    books: &Books,
    hours: BTreeMap<u64, Vec<Second>>,
) -> BTreeMap<(AccountId, UsageType, BilledPurchase, Month), u64> {
    let billing = &books.billing;
    let mut sums = BTreeMap::new();
    for (hour, mut seconds) in hours {
        let month = billing.calendar.month_of(Time(hour * HOUR.0));
        let paid = (billing.window_start.0 / HOUR.0..END / 3600).contains(&hour);
        seconds.sort_unstable();
        let mut purchases = vec![BilledPurchase::OnDemand; seconds.len()];
        let mut tries: Vec<((Turn, bool, Weight), usize, usize)> = Vec::new();
        for (number, commitment) in billing.commitments.iter().enumerate() {
            if !paid || !commitment.hours.contains(&hour) {
                continue;
            }
            let payers = billing.payers.iter().find(|payers| payers.contains(&commitment.account)).unwrap();
            for (i, (account, used)) in seconds.iter().enumerate() {
                let weight = commitment.weight(*used, &billing.prices, &books.types);
                if let Some(weight) = weight.filter(|_| payers.contains(account)) {
                    let key = (commitment.turn, commitment.account != *account, weight);
                    tries.push((key, number, i));
                }
            }
        }
        tries.sort_unstable();
        let mut capacities: Vec<u128> = billing.commitments.iter().map(|of| of.capacity).collect();
        for ((_, _, Weight { weight, .. }), number, i) in tries {
            if purchases[i] == BilledPurchase::OnDemand && weight <= capacities[number] {
                capacities[number] -= weight;
                purchases[i] = billing.commitments[number].purchase;
            }
        }
        for ((account, used), purchase) in seconds.into_iter().zip(purchases) {
            *sums.entry((account, used.usage_type(), purchase, month)).or_default() += 1;
        }
    }
    sums
}

#[test]
fn commitments_cover_what_a_look_at_each_second_covers() {
    let shared = format!("organisations = [{{ accounts = ['default', 'other'] }}]\n{EVERYTHING}");
    for (text, warmup_s) in [(EVERYTHING, 0), (EVERYTHING, 1_000_000), (&shared, 0)] {
        let (mut books, runs, held) = kept(text, warmup_s);
        let hours = seconds_by_hour(&books, &runs, &held);
        let plain = second_by_second(&books, hours);
        let bill = books.invoice(END);
        let kinds = [Kind::Instance, Kind::Reservation, Kind::Host];
        let rows =
            bill.rows.iter().filter(|row| row.purchase != BilledPurchase::Spot && kinds.contains(&row.kind));
        let seconds = |row: &BillRow| u64::try_from(row.quantity / u128::from(NS_PER_S)).unwrap();
        let fast: BTreeMap<_, u64> =
            rows.map(|row| ((row.account, row.usage_type, row.purchase, row.month), seconds(row))).collect();
        assert_eq!(fast.len(), plain.len());
        for (key, seconds) in &plain {
            assert_eq!(fast.get(key), Some(seconds), "{key:?}");
        }
        assert!(fast.keys().any(|(_, usage, purchase, _)| {
            *purchase == BilledPurchase::SavingsPlan && usage.kind() == Kind::Reservation
        }));
    }
}

/// USD of an hour of an EC2 Instance and a Compute savings plan, in both orders.
#[test]
fn ec2_instance_plans_come_before_compute_plans_whatever_the_order() {
    let compute = "[[savings_plans]]\nusd_per_hour = 0.05\ndiscount = 0.2\n";
    let ec2 = "[[savings_plans]]\nusd_per_hour = 0.0576\nrates = { m5 = 0.4 }\n";
    let bills = [format!("{compute}{ec2}"), format!("{ec2}{compute}")].map(|text| {
        let mut books = Books::new(&text);
        let bill = books.run("m5.large", 0, 3600).run("c5.large", 0, 3600).invoice(3600);
        (bill.total, bill.by_purchase)
    });
    assert_eq!(bills[0], bills[1]);
    // The m5 is covered whole at 0.0576; of the c5 2,647 s at 0.068 USD/h and 953 s at 0.085.
    assert_eq!(bills[0].0, 57_600 + 50_000 + 22_501);
    // Without the family the same two plans take what they save most on: both go by one list.
    let both = "[[savings_plans]]\nusd_per_hour = 0.034\nrates = { m5 = 0.4, c5 = 0.1 }\n
        [[savings_plans]]\nusd_per_hour = 0.0575\nrates = { m5 = 0.3, c5 = 0.5 }";
    let mut books = Books::new(both);
    books.run("m5.large", 0, 3600).run("c5.large", 0, 3600);
    let bill = books.invoice(3600);
    // c5 at half price by the second plan (0.0425 of its 0.0575), then m5 by the first (0.034 buys 2,125 s), and
    // 803 s more by the rest of the second.
    let rows: Vec<(String, i128)> = (bill.rows.iter())
        .filter(|row| row.kind == Kind::Instance)
        .map(|row| (format!("{} {}", row.type_name(&books.types), row.purchase.name()), row.micro_usd()))
        .collect();
    let mut rows: Vec<(&str, i128)> = rows.iter().map(|(name, usd)| (name.as_str(), *usd)).collect();
    rows.sort_unstable();
    let expected = [
        ("c5.large savings-plan", 42_500),
        ("m5.large on-demand", 17_920),
        ("m5.large savings-plan", 48_989),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn a_plan_says_its_type_where_its_rates_do_not() {
    let text = "[[savings_plans]]\nusd_per_hour = 0.05\nrates = { m5 = 0.2 }\ntype = 'compute'\n
        [[savings_plans]]\nusd_per_hour = 0.05\nrates = { m5 = 0.1, 'm5.large' = 0.1 }";
    let books = Books::new(text);
    let turns: Vec<Turn> = books.billing.commitments.iter().map(|of| of.turn).collect();
    assert_eq!(turns, [Turn::ComputePlan, Turn::Ec2InstancePlan]);
}

#[test]
fn reserved_instances_match_tenancy() {
    let shared = "[[reserved]]\ntype = 'm5.large'\nusd_per_hour = 0.06";
    let dedicated = "[[reserved]]\ntype = 'm5.large'\nusd_per_hour = 0.07\ntenancy = 'dedicated'";
    for (text, shared_usd, dedicated_usd, unused) in
        [(shared, 60_000, 101_760, 0), (dedicated, 96_000, 70_000, 0)]
    {
        let mut books = Books::new(text);
        let of_its_own = Running { tenancy: BilledTenancy::Dedicated, ..books.running("m5.large", 0, 3600) };
        books.bill(&of_its_own).run("m5.large", 0, 3600);
        let bill = books.invoice(3600);
        let usd = |usage| {
            let rows = bill.rows.iter().filter(|row| row.usage_type == usage && row.kind == Kind::Instance);
            rows.map(BillRow::micro_usd).sum::<i128>()
        };
        let large = books.types.named("m5.large").unwrap();
        assert_eq!(usd(UsageType::Instance(large)), shared_usd);
        assert_eq!(usd(UsageType::DedicatedInstance(large)), dedicated_usd);
        assert_eq!(bill.by_kind.get(&Kind::Commitment).copied().unwrap_or(0), unused);
    }
    // One of dedicated tenancy is for its size only.
    let mut books = Books::new(dedicated);
    let larger = Running { tenancy: BilledTenancy::Dedicated, ..books.running("m5.xlarge", 0, 3600) };
    let bill = books.bill(&larger).invoice(3600);
    assert_eq!(bill.by_kind[&Kind::Commitment], 70_000);
}

#[test]
fn sizes_of_a_family_share_a_reservation() {
    let text = "[[reserved]]\ntype = 'm4.xlarge'\nusd_per_hour = 0.1
        [[reserved]]\ntype = 'c4.large'\nusd_per_hour = 0.05";
    let mut books = Books::new(text);
    books.run("m4.large", 0, 3600).run("m4.large", 0, 3600).run("c4.2xlarge", 0, 3600);
    let expected = [
        "instance m4.large reserved 2026-01: 7200 instance-seconds, 0.100000",
        "instance c4.2xlarge on-demand 2026-01: 2700 instance-seconds, 0.298500",
        "instance c4.2xlarge reserved 2026-01: 900 instance-seconds, 0.050000",
    ];
    let mut rows = books.rows(3600);
    rows.sort_by_key(|row| expected.iter().position(|expected| expected == row));
    assert_eq!(rows, expected);
}

/// Cost of an hour of an unused reservation and a dedicated host beside commitments.
#[test]
fn unused_reservations_and_hosts_are_covered() {
    let held = |text: &str, item: fn(TypeId) -> Item| {
        let mut books = Books::new(text);
        let item = item(books.types.named("m5.large").unwrap());
        books.billing.usage.take(at(0), A, item, 1);
        books.invoice(2 * 3600).total
    };
    let regional = "[[reserved]]\ntype = 'm5.large'\nusd_per_hour = 0.06";
    assert_eq!(held(regional, Item::UnusedReservation), 120_000);
    assert_eq!(held(regional, Item::UnusedDedicatedReservation), 120_000 + 203_520);
    // Zonal ones do not cover reservations.
    assert_eq!(held(&format!("{regional}\nzone = 'a'"), Item::UnusedReservation), 120_000 + 192_000);
    let plan = "[[savings_plans]]\nusd_per_hour = 0.07\ndiscount = 0.28";
    // 3,645 s of a plan at 0.06912 USD/h: all of it.
    assert_eq!(held(plan, Item::UnusedReservation), 140_000);
    let plan = "[[savings_plans]]\nusd_per_hour = 3.5483\ndiscount = 0.3";
    assert_eq!(held(plan, |_| Item::DedicatedHost(0)), 7_096_600);
    let family = "[[savings_plans]]\nusd_per_hour = 3.5483\nrates = { m5 = 0.3 }";
    assert_eq!(held(family, |_| Item::DedicatedHost(0)), 7_096_600);
    // The host of a group without SKU is of no family.
    assert_eq!(held(family, |_| Item::DedicatedHost(1)), 7_096_600 + 10_138_000);
}

#[test]
fn instances_are_covered_before_unused_reservations() {
    let text = "[[reserved]]\ntype = 'm5.large'\nusd_per_hour = 0.06";
    let mut books = Books::new(text);
    let item = Item::UnusedReservation(books.types.named("m5.large").unwrap());
    books.billing.usage.take(at(0), A, item, 1);
    books.run("m5.large", 900, 3600);
    let expected = [
        "instance m5.large reserved 2026-01: 2700 instance-seconds, 0.045000",
        "reservation m5.large on-demand 2026-01: 2700 instance-seconds, 0.072000",
        "reservation m5.large reserved 2026-01: 900 instance-seconds, 0.015000",
    ];
    assert_eq!(books.rows(3600), expected);
}

#[test]
fn an_organisation_shares_what_the_owner_leaves() {
    let reserved = "[[reserved]]\ntype = 'm5.large'\nusd_per_hour = 0.036\naccount = 'other'\n";
    let organisation = "[[organisations]]\naccounts = ['default', 'other']\n";
    let usd = |text: &str, own_s: u64| {
        let mut books = Books::new(text);
        books.run("m5.large", 0, 3600);
        let own = Running { account: AccountId(1), ..books.running("m5.large", 0, own_s) };
        let bill = books.bill(&own).invoice(3600);
        (bill.by_account[&A], bill.by_account[&AccountId(1)])
    };
    assert_eq!(usd(reserved, 1800), (96_000, 36_000));
    let shared = format!("{reserved}{organisation}");
    // Half of the hour is the owner's, the other half is billed to the account that used it.
    assert_eq!(usd(&shared, 1800), (48_000 + 18_000, 18_000));
    assert_eq!(usd(&shared, 3600), (96_000, 36_000));
    let plan = "[[savings_plans]]\nusd_per_hour = 0.072\ndiscount = 0.25\naccount = 'other'\n";
    assert_eq!(usd(&format!("{plan}{organisation}"), 1800), (48_000 + 36_000, 36_000));
}
