//! Money of whole runs: months and commitments, from the keys of a scenario to the rows of the bill.

use crate::support::Experiment;
use plimsoll::cloud::outcome::Outcome;
use plimsoll::scenario::{Overrides, Scenario};
use plimsoll::units::format_micro_usd;

const ZONES: &str = "zones = [{ name = 'z', hosts = [{ count = 4, vcpu = 64, memory_gib = 512 }] }]";

/// Each row as account, kind, type, purchase, month and USD.
fn rows(outcome: &Outcome) -> Vec<String> {
    let directory = &outcome.directory;
    let row = |row: &plimsoll::billing::BillRow| {
        let account = &directory.accounts()[row.account.index()];
        let (name, usd) = (row.type_name(&directory.types), format_micro_usd(row.micro_usd()));
        format!("{account} {} {name} {} {} {usd}", row.kind.name(), row.purchase.name(), row.month)
    };
    outcome.bill.rows.iter().map(row).collect()
}

#[test]
fn a_bill_has_a_row_for_each_calendar_month() {
    let text = format!("billing.start_date = '2024-02-29'\n{ZONES}");
    let trace = "start_s,end_s,type\n82800,90000,m5.large\n86399,86400,m5.large\n";
    let outcome = Experiment::replaying(trace, &text).run();
    // An hour and a second of February, an hour and the 59 s of March that a minimum reaches into.
    let expected = [
        "default instance m5.large on-demand 2024-02 0.096027",
        "default instance m5.large on-demand 2024-03 0.097573",
    ];
    assert_eq!(rows(&outcome), expected);
}

#[test]
fn a_reservation_covers_the_usage_of_its_account_only() {
    let text = format!(
        "{ZONES}
        [[billing.reserved]]
        account = 'a'
        type = 'm5.large'
        usd_per_hour = 0.06"
    );
    let trace = "start_s,end_s,type,account\n0,1800,m5.large,a\n0,1800,m5.large,b\n900,3600,m5.large,a\n";
    let outcome = Experiment::replaying(trace, &text).run();
    // 4,500 s of account a, an hour of them reserved.
    let expected = [
        "a instance m5.large on-demand 2026-01 0.024000",
        "a instance m5.large reserved 2026-01 0.060000",
        "b instance m5.large on-demand 2026-01 0.048000",
    ];
    assert_eq!(rows(&outcome), expected);
}

#[test]
fn problems_of_billing_have_their_line() {
    let text = format!(
        "name = 'test'
{ZONES}
[billing]
start_date = '2026-13-01'
[[billing.reserved]]
type = 'm5.large'
zone = 'y'
usd_per_hour = 1
[workload]
trace = 'trace.csv'"
    );
    let path = std::path::Path::new("scenario.toml");
    let problems = Scenario::parse(path, &text, &Overrides::default()).unwrap_err().to_string();
    for told in [
        "scenario.toml:4:14: `billing.start_date`: found `2026-13-01`, expected a date of 1970 to 9999",
        "scenario.toml:7:8: `billing.reserved.0.zone`: found `y`, expected the name of a zone",
    ] {
        assert!(problems.contains(told), "{problems}");
    }
}
