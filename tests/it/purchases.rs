//! Cost of runs by how instances were bought, from the launch to the rows of the bill.

use plimsoll::billing::BillRow;
use plimsoll::cloud::outcome::Outcome;
use plimsoll::units::format_micro_usd;

use crate::support::{Experiment, calls, launches, operations};
use plimsoll::operation::Operation;

fn scenario(billing: &str) -> String {
    format!(
        "duration = '4h'
        zones = [{{ name = 'a', hosts = [{{ count = 8, vcpu = 64, memory_gib = 256 }}] }}]
        [network]
        public_addresses = 4
        {billing}"
    )
}

fn world(billing: &str, rows: &str) -> Experiment {
    Experiment::replaying(&operations(rows), &scenario(billing))
}

/// Each row as kind, type, purchase, quantity and USD.
fn rows(outcome: &Outcome) -> Vec<String> {
    let row = |row: &BillRow| {
        let (name, usd) = (row.type_name(&outcome.directory.types), format_micro_usd(row.micro_usd()));
        let (kind, purchase, quantity) = (row.kind.name(), row.purchase.name(), row.shown_quantity());
        format!("{kind} {name} {purchase}: {quantity} {}, {usd}", row.unit().name)
    };
    outcome.bill.rows.iter().map(row).collect()
}

#[test]
fn four_instances_of_900_s_share_a_reservation_of_an_hour() {
    let reserved = "[[billing.reserved]]\ntype = 'm5.large'\nusd_per_hour = 0.036\nuntil = '1h'";
    let calls = "0 launch instance=i type=m5.large count=4\n900 terminate instance=i";
    let expected = ["instance m5.large reserved: 3600 instance-seconds, 0.036000"];
    assert_eq!(rows(&world(reserved, calls).run()), expected);
    // Over the turn of an hour the first hour's use is 4 · 450 s, and the rest is on demand.
    let later = "3150 launch instance=i type=m5.large count=4\n4050 terminate instance=i";
    let expected = [
        "instance m5.large on-demand: 1800 instance-seconds, 0.048000",
        "instance m5.large reserved: 1800 instance-seconds, 0.018000",
        "commitment m5.large reserved: 1800 instance-seconds, 0.018000",
    ];
    assert_eq!(rows(&world(reserved, later).run()), expected);
}

#[test]
fn a_reservation_covers_other_sizes_of_its_family() {
    // An xlarge is two large ones, and half of it an hour is covered.
    let reserved = "[[billing.reserved]]\ntype = 'm5.large'\nusd_per_hour = 0.036\nuntil = '1h'";
    let calls = "0 launch instance=i type=m5.xlarge\n3600 terminate instance=i";
    let expected = [
        "instance m5.xlarge on-demand: 1800 instance-seconds, 0.096000",
        "instance m5.xlarge reserved: 1800 instance-seconds, 0.036000",
    ];
    assert_eq!(rows(&world(reserved, calls).run()), expected);
}

#[test]
fn a_savings_plan_is_paid_whether_used_or_not() {
    let plan = "[[billing.savings_plans]]\nusd_per_hour = 0.048\nrates = { m5 = 0.5 }\nuntil = '2h'";
    let calls = "0 launch instance=i type=m5.large\n3600 terminate instance=i";
    let expected = [
        "instance m5.large savings-plan: 3600 instance-seconds, 0.048000",
        "commitment savings-plan-0 savings-plan: 1 hours, 0.048000",
    ];
    assert_eq!(rows(&world(plan, calls).run()), expected);
}

const PRICES: &str = "[billing.spot]\nprice = { kind = 'file', file = 'spot.csv' }";

/// A price of 0.036 USD/h that rises above on-demand at a time.
fn spot(rises_at_s: u32, rows: &str) -> Experiment {
    let prices = format!("time_s,type,zone,usd_per_hour\n0,m5.large,a,0.036\n{rises_at_s},m5.large,a,0.5\n");
    world(PRICES, rows).file("spot.csv", &prices)
}

#[test]
fn spot_is_refused_below_its_price() {
    let rows = "
        0 launch type=m5.large purchase=spot max_usd_per_hour=0.0359
        1 launch type=m5.large purchase=spot max_usd_per_hour=0.036
        9000 launch type=m5.large purchase=spot";
    let (outcome, notes) = spot(9000, rows).watch();
    let expected = [(0.0, "launch", "SpotMaxPriceTooLow", 1), (9000.0, "launch", "SpotMaxPriceTooLow", 1)];
    assert_eq!((notes.refused(), launches(&outcome).1), (expected.to_vec(), 1));
    let limit = notes.refusals[0].reason.limit.expect("a price is a limit");
    assert_eq!((limit.asked, limit.left), (36_000, 35_900));
}

#[test]
fn spot_is_interrupted_two_minutes_after_its_price_rises_and_free_in_its_first_hour() {
    let launch = "0 launch instance=i type=m5.large purchase=spot";
    let outcome = spot(3000, launch).run();
    assert_eq!((outcome.disruptions.spot_interruptions, rows(&outcome)), (1, vec![]));
    // After an hour it is billed, two minutes at the highest price of its request.
    let outcome = spot(3600, launch).run();
    // 3,600 · 0.036 ÷ 3600 + 120 · 0.096 ÷ 3600: never more than the highest price, by default on-demand.
    assert_eq!(rows(&outcome), ["instance m5.large spot: 3720 instance-seconds, 0.039200"]);
    // A highest price above the price that comes is never interrupted.
    let outcome = spot(3000, &format!("{launch} max_usd_per_hour=1")).run();
    assert_eq!(outcome.disruptions.spot_interruptions, 0);
}

#[test]
fn spot_that_its_user_ends_is_billed_though_its_price_has_risen() {
    let outcome =
        spot(3000, "0 launch instance=i type=m5.large purchase=spot\n3060 terminate instance=i").run();
    // 3,000 · 0.036 ÷ 3600 + 60 · 0.096 ÷ 3600.
    assert_eq!(rows(&outcome), ["instance m5.large spot: 3060 instance-seconds, 0.031600"]);
    assert_eq!(outcome.disruptions.spot_interruptions, 0);
    assert_eq!(calls(&outcome, Operation::Terminate).1, 1);
}

#[test]
fn public_addresses_cost_half_a_cent_an_hour_in_use_and_idle() {
    let calls = "
        0 allocate-address address=e
        0 launch instance=i type=m5.large public_address=true
        3600 terminate instance=i
        7200 release-address address=e";
    let outcome = world("", calls).run();
    let expected = [
        "instance m5.large on-demand: 3600 instance-seconds, 0.096000",
        "address public-ipv4 on-demand: 3 address-hours, 0.015000",
    ];
    assert_eq!(rows(&outcome), expected);
}

#[test]
fn months_are_billed_apart() {
    let bill = world("[billing]\nstart_date = '2026-01-31'", "0 launch type=m5.large");
    let outcome =
        bill.run_with(&["duration='26h'"], crate::support::CHECKED, &mut plimsoll::cloud::observe::Silent);
    let months: Vec<(String, i128)> =
        outcome.bill.by_month.iter().map(|(month, usd)| (month.to_string(), *usd)).collect();
    assert_eq!(months, [("2026-01".to_string(), 24 * 96_000), ("2026-02".to_string(), 2 * 96_000)]);
}

/// Two accounts, all that costs.
const ALL: &str = "
    0 allocate-address address=e account=one
    0 allocate-host host=h zone=a account=two
    0 create-capacity-reservation reservation=r type=m5.large zone=a count=2 account=one
    7 launch instance=i type=m5.large count=3 account=one
    61 launch instance=j type=c5.xlarge public_address=true account=two
    77 launch instance=k type=m5.large purchase=spot account=two
    99 create-volume volume=v zone=a size_gib=33 account=two
    4001 stop instance=i account=one
    5003 terminate instance=j account=two
    6007 start instance=i account=one";

#[test]
fn a_bill_is_the_sum_of_its_accounts_and_of_its_rows() {
    let bill = world("", ALL).run().bill;
    let rows: i128 = bill.rows.iter().map(BillRow::micro_usd).sum();
    let (accounts, kinds): (i128, i128) = (bill.by_account.values().sum(), bill.by_kind.values().sum());
    assert_eq!((bill.total, bill.total, bill.total), (rows, accounts, kinds));
    assert_eq!((bill.by_account.len(), bill.by_kind.len()), (2, 5));
}

#[test]
fn prices_times_seven_make_a_bill_times_seven() {
    let own = |usd: &str, k: u32| {
        let types = format!(
            "[[instance_types]]\nname = 'own'\nvcpu = 2\nmemory_gib = 8\non_demand_usd_per_hour = {usd}\n"
        );
        let prices = format!(
            "[billing.prices]\ngp3_usd_per_gib_month = {}\npublic_address_usd_per_hour = {}\n\
             dedicated_host_usd_per_hour = {}",
            f64::from(k) * 0.125,
            f64::from(k) * 0.03125,
            k * 5
        );
        let rows = ALL.replace("m5.large", "own").replace("c5.xlarge", "own");
        world(&format!("{types}{prices}"), &rows).run().bill
    };
    let (one, seven) = (own("0.5", 1), own("3.5", 7));
    let exact = |bill: &plimsoll::billing::Bill| bill.rows.iter().map(|row| row.amount.0).sum::<i128>();
    // Each row is rounded to a unit of money, which is far below what is shown.
    let difference = exact(&seven) - 7 * exact(&one);
    assert!(difference.abs() <= 7 * one.rows.len() as i128, "{difference}");
}
