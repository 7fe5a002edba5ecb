//! EC2's rules of bills and volumes, each with the answer that its documentation gives; `docs/model/ec2-rules.md` names
//! the documentation.

use plimsoll::billing::{BillRow, Kind};
use plimsoll::cloud::outcome::Outcome;
use plimsoll::units::format_micro_usd;

use crate::support::{Experiment, operations};

/// Two zones with room for everything, a stated time and billing.
fn experiment(duration: &str, more: &str, rows: &str) -> Experiment {
    let scenario = format!(
        "duration = '{duration}'
        [[zones]]
        name = 'a'
        hosts = [{{ count = 20, vcpu = 96, memory_gib = 768, local_storage_gib = 10000 }}]
        [[zones]]
        name = 'b'
        hosts = [{{ count = 20, vcpu = 96, memory_gib = 768, local_storage_gib = 10000 }}]
        {more}"
    );
    Experiment::replaying(&operations(rows), &scenario)
}

fn bill(duration: &str, more: &str, rows: &str) -> Outcome {
    experiment(duration, more, rows).run()
}

fn total(outcome: &Outcome) -> String {
    format_micro_usd(outcome.bill.total)
}

fn by_kind(outcome: &Outcome, kind: Kind) -> String {
    format_micro_usd(outcome.bill.by_kind.get(&kind).copied().unwrap_or(0))
}

/// Kind, type, purchase and USD of each row.
fn rows(outcome: &Outcome) -> Vec<String> {
    let row = |row: &BillRow| {
        let (name, usd) = (row.type_name(&outcome.directory.types), format_micro_usd(row.micro_usd()));
        format!("{} {name} {} {usd}", row.kind.name(), row.purchase.name())
    };
    outcome.bill.rows.iter().map(row).collect()
}

/// When calls were refused and why.
fn refused(duration: &str, more: &str, rows: &str) -> Vec<(u64, &'static str)> {
    experiment(duration, more, rows).watch().1.reasons()
}

#[test]
fn ec2_instance_savings_plans_come_before_compute_ones() {
    let compute = "[[billing.savings_plans]]\nusd_per_hour = 0.05\ndiscount = 0.2\n";
    let ec2 = "[[billing.savings_plans]]\nusd_per_hour = 0.0576\nrates = { m5 = 0.4 }\n";
    let calls =
        "0 launch instance=a type=m5.large\n0 launch instance=b type=c5.large\n7200 terminate instance=a|b";
    for plans in [format!("{compute}{ec2}"), format!("{ec2}{compute}")] {
        // The m5.large is covered at 0.0576 USD/h, the c5.large for 2,647 s of each hour at 0.068.
        assert_eq!(total(&bill("2h", &plans, calls)), "0.260203");
    }
}

#[test]
fn savings_plans_cover_unused_capacity_reservations() {
    let more = "[[placement.capacity_reservations]]
        name = 'cr'
        account = 'default'
        type = 'm5.large'
        zone = 'a'
        count = 1
        [[billing.savings_plans]]
        usd_per_hour = 0.07
        discount = 0.28";
    assert_eq!(total(&bill("2h", more, "7200 describe")), "0.140000");
}

#[test]
fn regional_reserved_instances_cover_unused_capacity_reservations() {
    let more = "[[placement.capacity_reservations]]
        name = 'r'
        account = 'default'
        type = 'm5.large'
        zone = 'a'
        count = 1
        [[billing.reserved]]
        type = 'm5.large'
        usd_per_hour = 0.06";
    let expected = ["instance t3.nano on-demand 0.052000", "reservation m5.large reserved 0.600000"];
    assert_eq!(rows(&bill("10h", more, "0 launch instance=z type=t3.nano zone=a")), expected);
    // A zonal one covers no reservation.
    let zonal = bill("10h", &format!("{more}\nzone = 'a'"), "0 launch instance=z type=t3.nano zone=a");
    assert_eq!(by_kind(&zonal, Kind::Reservation), "0.960000");
}

#[test]
fn savings_plans_cover_dedicated_hosts() {
    let more = "[[billing.savings_plans]]\nusd_per_hour = 3.5483\ndiscount = 0.3";
    let outcome = bill("2h", more, "0 allocate-host host=h zone=a\n7200 release-host host=h");
    assert_eq!(total(&outcome), "7.096600");
}

#[test]
fn reserved_instances_match_tenancy_and_share_a_family() {
    let more = "[[billing.reserved]]
        type = 'm4.xlarge'
        usd_per_hour = 0.1
        [[billing.reserved]]
        type = 'c4.large'
        usd_per_hour = 0.05
        [[billing.reserved]]
        type = 'm5.large'
        usd_per_hour = 0.06";
    let calls = "0 launch type=m4.large count=2
        0 launch type=c4.2xlarge count=3
        0 launch type=m5.large tenancy=dedicated";
    let expected = [
        "instance m4.large reserved 0.100000",
        "instance c4.2xlarge on-demand 1.094500",
        "instance c4.2xlarge reserved 0.050000",
        "instance m5.large-dedicated on-demand 0.101760",
        "commitment m5.large reserved 0.060000",
        "dedicated-fee region on-demand 2.000000",
    ];
    let mut rows = rows(&bill("1h", more, calls));
    rows.sort_by_key(|row| expected.iter().position(|expected| expected == row));
    assert_eq!(rows, expected);
}

#[test]
fn an_organisation_shares_discounts() {
    let more = "[[billing.organisations]]
        accounts = ['payer', 'user']
        [[billing.reserved]]
        account = 'payer'
        type = 'm5.large'
        usd_per_hour = 0.06";
    let calls = "0 launch type=m5.large account=user\n0 launch type=m5.large account=other";
    let expected = ["instance m5.large reserved 0.060000", "instance m5.large on-demand 0.096000"];
    assert_eq!(rows(&bill("1h", more, calls)), expected);
}

#[test]
fn dedicated_instances_have_a_price_and_a_fee_of_their_own() {
    let calls = "0 launch instance=a type=t3.medium tenancy=dedicated\n2628000 terminate instance=a";
    let outcome = bill("730h", "", calls);
    assert_eq!(by_kind(&outcome, Kind::Instance), "32.193000");
    assert_eq!(by_kind(&outcome, Kind::DedicatedFee), "1460.000000");
    assert!(outcome.bill.dedicated_by_surcharge.is_empty());
}

#[test]
fn spot_costs_no_more_than_its_highest_price() {
    let calls = "0 launch instance=i type=m5.large purchase=spot max_usd_per_hour=0.1";
    let prices = "time_s,type,zone,usd_per_hour\n0,m5.large,a,0.036\n5000,m5.large,a,0.5\n";
    let more = "[billing.spot]\nprice = { kind = 'file', file = 'spot.csv' }";
    let outcome = experiment("3h", more, calls).file("spot.csv", prices).run();
    // 5,000 s at 0.036 USD/h, then two minutes of notice at 0.1.
    assert_eq!(total(&outcome), "0.053333");
}

#[test]
fn a_month_of_a_volume_costs_the_same_in_every_month() {
    let calls = "0 create-volume volume=v zone=a size_gib=1000 volume_type=gp3 iops=4000 throughput_mibps=250
        0 create-volume volume=short zone=a size_gib=1000 volume_type=gp3
        20 delete-volume volume=short";
    let outcome = bill("90d", "[billing]\nstart_date = '2026-01-01'", calls);
    let months: Vec<String> = outcome.bill.by_month.values().map(|usd| format_micro_usd(*usd)).collect();
    // A minute of 1,000 GiB of gp3 in January is 80 · 60 ÷ 2,678,400.
    assert_eq!(months, ["90.001792", "90.000000", "90.000000"]);
    let february = "[billing]\nstart_date = '2026-02-01'";
    let calls =
        "0 create-volume volume=v zone=a size_gib=1000 volume_type=gp3\n2419200 delete-volume volume=v";
    assert_eq!(total(&bill("28d", february, calls)), "80.000000");
}

#[test]
fn a_volume_that_goes_with_its_instance_costs_a_minute() {
    let more = "[[images]]
        name = 'base'
        block_devices = [{ device = '/dev/sda1', size_gib = 744 }]";
    let calls = "0 launch instance=i type=m5.large image=base\n10 terminate instance=i";
    // 744 GiB for a minute of a month of 744 h at 0.08.
    assert_eq!(by_kind(&bill("1h", more, calls), Kind::Volume), "0.001333");
}

#[test]
fn provisioned_iops_of_io2_have_tiers() {
    let calls = "0 create-volume volume=v zone=a size_gib=200 volume_type=io2 iops=64000\n7200 delete-volume volume=v";
    // 25 + 2,080 + 1,456 USD a month, 2 h of 730 and of January's 744.
    assert_eq!(total(&bill("2h", "[billing.prices]\nmonth_hours = 730", calls)), "9.756164");
    assert_eq!(total(&bill("2h", "", calls)), "9.572580");
}

#[test]
fn a_volume_is_modified_four_times_in_any_24_hours() {
    let calls = "0 create-volume volume=v zone=a size_gib=100 volume_type=gp3
        3600 modify-volume volume=v size_gib=110
        7200 modify-volume volume=v size_gib=120
        10800 modify-volume volume=v size_gib=130
        14400 modify-volume volume=v size_gib=140
        18000 modify-volume volume=v size_gib=150
        90001 modify-volume volume=v size_gib=160
        90100 create-volume volume=w zone=a size_gib=1000 volume_type=gp3 iops=20000
        90200 create-volume volume=x zone=a size_gib=1000 volume_type=gp3 iops=16000 throughput_mibps=2000
        90300 create-volume volume=y zone=a size_gib=20000 volume_type=gp3
        90400 create-volume volume=z zone=a size_gib=1000 volume_type=io2 iops=100000";
    let more = "[storage]\nmodify = '10s'\noptimize = '50s'";
    assert_eq!(refused("2d", more, calls), [(18_000, "VolumeModificationRateExceeded")]);
    // While one is optimizing, there is no other.
    let calls = "0 create-volume volume=v zone=a size_gib=100
        1 modify-volume volume=v size_gib=110
        30 modify-volume volume=v size_gib=120
        61 modify-volume volume=v size_gib=120";
    assert_eq!(refused("1h", more, calls), [(30, "IncorrectModificationState")]);
}

#[test]
fn a_volume_is_attached_to_running_and_stopped_instances_only() {
    let more = "[storage]\nattach = '10s'\n[lifecycle]\nboot = '100s'\nstop = '100s'";
    let calls = "0 create-volume volume=v zone=a size_gib=100
        100 launch instance=a type=m5.large zone=a
        150 attach-volume instance=a volume=v device=/dev/sdf
        250 stop instance=a
        300 attach-volume instance=a volume=v device=/dev/sdf
        400 attach-volume instance=a volume=v device=/dev/sdf";
    assert_eq!(refused("1h", more, calls), [(150, "IncorrectState"), (300, "IncorrectState")]);
}

#[test]
fn five_snapshots_of_a_volume_are_pending_at_once() {
    let snapshots = |kind: &str| {
        let create = format!("0 create-volume volume=v zone=a size_gib=1000 volume_type={kind}\n");
        let calls: String =
            (0..7).map(|i| format!("{} create-snapshot volume=v snapshot=s{i}\n", 100 + i)).collect();
        refused("3d", "[storage]\nsnapshot_mibps = 100", &format!("{create}{calls}"))
    };
    let many = |times: std::ops::Range<u64>| -> Vec<_> {
        times.map(|time| (time, "ConcurrentSnapshotLimitExceeded")).collect()
    };
    assert_eq!(snapshots("gp3"), many(105..107));
    assert_eq!(snapshots("sc1"), many(101..107));
}

#[test]
fn snapshots_cost_what_was_written_and_then_what_changed() {
    let calls = "0 create-volume volume=v zone=a size_gib=100
        0 create-snapshot volume=v snapshot=first
        864000 create-snapshot volume=v snapshot=second";
    let snapshots = |more: &str| by_kind(&bill("31d", more, calls), Kind::Snapshot);
    // 100 GiB for a month at 0.05, and for 21 of 31 days whole or 20 % more.
    assert_eq!(snapshots(""), "8.387097");
    assert_eq!(snapshots("[storage]\nchanged_share_per_day = 0.02"), "5.677419");
    assert_eq!(snapshots("[storage]\nchanged_share_per_day = 0.02\nwritten_share = 0.1"), "0.838710");
}

#[test]
fn archived_snapshots_cost_less_and_ninety_days_at_least() {
    let calls = "0 create-volume volume=v zone=a size_gib=100 volume_type=gp3
        0 create-snapshot volume=v snapshot=s
        0 archive-snapshot snapshot=s
        0 create-snapshot volume=v snapshot=t
        0 archive-snapshot snapshot=t
        864000 restore-snapshot snapshot=t";
    let more = "[billing.prices]\nmonth_hours = 720";
    let snapshots: Vec<String> =
        rows(&bill("30d", more, calls)).into_iter().filter(|row| row.starts_with("snapshot")).collect();
    // A month of 720 h of one and, of the other, 20 days in the standard tier, three months in the archive, and
    // 100 GiB at 0.03.
    let expected = [
        "snapshot standard on-demand 3.333333",
        "snapshot archive on-demand 5.000000",
        "snapshot restore on-demand 3.000000",
    ];
    assert_eq!(snapshots, expected);
}

#[test]
fn a_volume_with_multi_attach_is_at_two_instances() {
    let calls = |multi_attach: &str, detach: &str| {
        format!(
            "0 create-volume volume=v zone=a size_gib=100 volume_type=io2 iops=1000 {multi_attach}
            0 launch instance=a type=m5.large zone=a
            0 launch instance=b type=m5.large zone=a
            100 attach-volume instance=a volume=v device=/dev/sdf
            200 attach-volume instance=b volume=v device=/dev/sdf
            300 detach-volume volume=v {detach}
            400 terminate instance=a|b
            500 delete-volume volume=v"
        )
    };
    let refused = |multi_attach: &str, detach: &str| refused("1h", "", &calls(multi_attach, detach));
    assert_eq!(refused("multi_attach=true", "instance=a"), []);
    assert_eq!(refused("multi_attach=true", ""), [(300, "MissingParameter")]);
    assert_eq!(refused("", "instance=b"), [(200, "VolumeInUse"), (300, "InvalidAttachment.NotFound")]);
    let gp3 = "0 create-volume volume=w zone=a size_gib=100 volume_type=gp3 multi_attach=true";
    assert_eq!(self::refused("1h", "", gp3), [(0, "InvalidParameterCombination")]);
}
