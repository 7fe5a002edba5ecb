//! Bills of holdings and of dedicated instances, by hand.

use super::*;
use plimsoll_base::units::HostId;

#[test]
fn a_month_of_each_volume_type() {
    let month = 730 * 3600;
    let mut books = Books::new("start_date = '2026-03-01'\nprices.month_hours = 730");
    let items = [
        (Item::VolumeSize(VolumeType::Gp3), 100),
        // 5,000 IOPS and 325 MiB/s, less what is included.
        (Item::VolumeIops(VolumeType::Gp3), 2_000),
        (Item::VolumeThroughput(VolumeType::Gp3), 200),
        (Item::VolumeSize(VolumeType::Gp2), 100),
        (Item::VolumeSize(VolumeType::Io1), 100),
        (Item::VolumeIops(VolumeType::Io1), 3_000),
        (Item::VolumeSize(VolumeType::Io2), 100),
        (Item::VolumeIops(VolumeType::Io2), 3_000),
        (Item::VolumeSize(VolumeType::St1), 500),
        (Item::VolumeSize(VolumeType::Sc1), 500),
        (Item::Snapshot, 10 * 1024),
        (Item::ArchivedSnapshot, 100 * 1024),
        (Item::PublicAddress, 3),
        (Item::DedicatedHost(0), 1),
        (Item::UnusedReservation(books.types.named("m5.large").unwrap()), 2),
    ];
    for (item, quantity) in items {
        books.billing.usage.take(at(0), A, item, quantity);
    }
    books.billing.usage.charge_once(at(0), A, Item::RestoredSnapshot, 100 * 1024);
    let usd: Vec<String> =
        books.rows(month).iter().map(|row| row.replace(" on-demand 2026-03", "")).collect();
    let expected = [
        "volume gp3: 73000 GiB-hours, 8.000000",
        "volume gp2: 73000 GiB-hours, 10.000000",
        "volume io1: 73000 GiB-hours, 12.500000",
        "volume io2: 73000 GiB-hours, 12.500000",
        "volume st1: 365000 GiB-hours, 22.500000",
        "volume sc1: 365000 GiB-hours, 7.500000",
        "volume gp3-iops: 1460000 IOPS-hours, 10.000000",
        "volume io1-iops: 2190000 IOPS-hours, 195.000000",
        "volume io2-iops: 2190000 IOPS-hours, 195.000000",
        "volume gp3-throughput: 146000 MiB/s-hours, 8.000000",
        "snapshot standard: 7300 GiB-hours, 0.500000",
        "snapshot archive: 73000 GiB-hours, 1.250000",
        "snapshot restore: 100 GiB, 3.000000",
        "address public-ipv4: 2190 address-hours, 10.950000",
        "host host-group-0: 730 host-hours, 3700.370000",
        "reservation m5.large: 5256000 instance-seconds, 140.160000",
    ];
    assert_eq!(usd, expected);
}

#[test]
fn a_dedicated_host_costs_what_its_group_does() {
    let text = "[prices]\ndedicated_host_usd_per_hour = 2\ndedicated_hosts = { m5 = 5 }";
    let mut books = Books::new(text);
    for group in 0..4 {
        books.billing.usage.take(at(0), A, Item::DedicatedHost(group), 1);
    }
    let usd: Vec<i128> = books.invoice(3600).rows.iter().map(BillRow::micro_usd).collect();
    assert_eq!(usd, [5_000_000, 2_000_000, 3_000_000, 2_000_000]);
}

#[test]
fn a_month_costs_the_same_however_long_it_is() {
    // Three months of 31, 28 and 31 days; an address is by the hour.
    let mut books = Books::new("");
    books.billing.usage.take(at(0), A, Item::VolumeSize(VolumeType::Gp3), 1_000);
    books.billing.usage.take(at(0), A, Item::VolumeIops(VolumeType::Gp3), 1_000);
    books.billing.usage.take(at(0), A, Item::Snapshot, 1_000 * 1024);
    books.billing.usage.take(at(0), A, Item::PublicAddress, 1);
    let bill = books.invoice(90 * 86_400);
    let month = |name: &str| -> Vec<i128> {
        let rows = bill.rows.iter().filter(|row| row.type_name(&books.types) == name);
        rows.map(BillRow::micro_usd).collect()
    };
    assert_eq!(month("gp3"), [80_000_000; 3]);
    assert_eq!(month("gp3-iops"), [5_000_000; 3]);
    assert_eq!(month("standard"), [50_000_000; 3]);
    assert_eq!(month("public-ipv4"), [3_720_000, 3_360_000, 3_720_000]);
}

#[test]
fn a_dedicated_host_costs_a_minute_at_least() {
    let mut books = Books::new("");
    for (number, (from, to)) in (0..).zip([(0, 10), (100, 160), (200, 300)]) {
        books.billing.take_host(at(from), A, HostId(number), 0);
        books.billing.give_host(at(to), A, HostId(number), 0);
    }
    let rows = books.rows(400);
    // 220 s at 5.069 USD/h.
    assert_eq!(rows, ["host host-group-0 on-demand 2026-01: 0.061111 host-hours, 0.309772"]);
}

#[test]
fn dedicated_instances_have_their_own_price_and_a_fee_by_the_hour() {
    let mut books = Books::new("");
    for (name, start, end, market) in [
        ("t3.medium", 0, 730 * 3600, Market::OnDemand),
        ("m5.large", 1_800, 5_400, Market::OnDemand),
        ("m4.large", 0, 3_600, Market::Spot),
    ] {
        let running =
            Running { tenancy: BilledTenancy::Dedicated, market, ..books.running(name, start, end) };
        books.bill(&running);
    }
    let expected = [
        // 0.096 USD/h and 6 %.
        "instance m5.large-dedicated on-demand 2026-01: 3600 instance-seconds, 0.101760",
        "instance t3.medium-dedicated on-demand 2026-01: 2628000 instance-seconds, 32.193000",
        "instance m4.large spot 2026-01: 3600 instance-seconds, 0.030000",
        "dedicated-fee region on-demand 2026-01: 730 region-hours, 1460.000000",
    ];
    let mut rows = books.rows(730 * 3600);
    rows.sort_by_key(|row| expected.iter().position(|expected| expected == row));
    assert_eq!(rows, expected);
    let large = books.types.named("m5.large").unwrap();
    assert_eq!(books.invoice(730 * 3600).dedicated_by_surcharge, [large]);
}

#[test]
fn dedicated_prices_can_be_set() {
    let price = |text: &str, name: &str| {
        let mut books = Books::new(text);
        let running = Running { tenancy: BilledTenancy::Dedicated, ..books.running(name, 0, 3_600) };
        let bill = books.bill(&running).invoice(3_600);
        let by_kind = |kind| bill.by_kind.get(&kind).copied().unwrap_or(0);
        (by_kind(Kind::Instance), by_kind(Kind::DedicatedFee))
    };
    assert_eq!(price("", "m4.large"), (110_000, 2_000_000));
    let own = "prices = { dedicated_instances = { 'm5.large' = 0.102 } }";
    assert_eq!(price(own, "m5.large"), (102_000, 2_000_000));
    assert_eq!(price(own, "m5.2xlarge"), (407_040, 2_000_000));
    let share = "prices = { dedicated_instance_surcharge = 0.5, dedicated_region_usd_per_hour = 0 }";
    assert_eq!(price(share, "t3.medium"), (62_400, 0));
}

#[test]
fn io2_is_cheaper_in_tiers() {
    let mut books = Books::new("prices.month_hours = 730");
    let items = [
        (Item::VolumeSize(VolumeType::Io2), 200),
        (Item::VolumeIops(VolumeType::Io2), 32_000),
        (Item::Io2IopsTier2, 32_000),
        (Item::Io2IopsTier3, 100),
    ];
    for (item, quantity) in items {
        books.billing.usage.take(at(0), A, item, quantity);
    }
    let usd: Vec<i128> = books.invoice(730 * 3600).rows.iter().map(BillRow::micro_usd).collect();
    assert_eq!(usd, [25_000_000, 2_080_000_000, 1_456_000_000, 3_185_000]);
}
