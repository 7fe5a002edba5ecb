//! The tables of a run as others read them: schema, rows, bytes, and the page that describes them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row as ReadRow};
use plimsoll::billing::{BilledPurchase, Kind};
use plimsoll::catalogue::{ShapePrice, TypeTable, VolumeType};
use plimsoll::cloud::observe::{Detail, Observation, Observer, Refusal};
use plimsoll::cloud::rows::*;
use plimsoll::columnar::ColumnForm;
use plimsoll::failure::{Failure, LimitKind};
use plimsoll::lifecycle::State;
use plimsoll::operation::Operation;
use plimsoll::report::run::tables::TABLES;
use plimsoll::report::{ResultFolder, StreamedReports};
use plimsoll::scenario::{Overrides, Scenario};
use plimsoll::storage::{ImageState, SnapshotState, VolumeState};
use plimsoll::units::{
    AccountId, Calendar, Duration, HostId, ImageId, InstanceId, Money, PlacementGroupId, RuleId,
    SecurityGroupId, SnapshotId, SubnetId, Time, VolumeId, ZoneId,
};
use plimsoll::workload::directory::{Directory, SubnetName};
use predicates::prelude::*;
use predicates::str::contains;

use crate::command_line::{plimsoll, workplace};

/// Every row of a table.
fn read(folder: &Path, table: &str) -> Vec<ReadRow> {
    let file = File::open(folder.join(format!("tables/{table}.parquet"))).unwrap();
    let file = SerializedFileReader::new(file).unwrap();
    file.get_row_iter(None).unwrap().map(Result::unwrap).collect()
}

/// The value of a column.
fn field<'a>(row: &'a ReadRow, column: &str) -> &'a Field {
    row.get_column_iter().find(|(name, _)| *name == column).unwrap().1
}

fn integer(row: &ReadRow, column: &str) -> i128 {
    match field(row, column) {
        Field::Long(value) => (*value).into(),
        Field::TimestampMicros(value) => (*value).into(),
        Field::Decimal(value) => value.data().iter().fold(0, |sum, byte| sum << 8 | i128::from(*byte)),
        other => panic!("{column} is {other:?}"),
    }
}

/// All tables as text, a line each row.
fn shown(folder: &Path) -> String {
    let mut text = String::new();
    for table in TABLES {
        text += &format!("{}\n", table.name());
        for row in read(folder, table.name()) {
            text += &format!("  {}\n", row.to_string().replace('\n', "\\n"));
        }
    }
    text
}

fn hour(hours: u64) -> Time {
    Time::ZERO.after(Duration::from_seconds(3600 * hours))
}

/// Names of the most inconvenient kind.
fn directory() -> Directory {
    let types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
    let subnet = SubnetName { name: "it's \"web\"".to_string(), zone: ZoneId(0) };
    let mut directory = Directory::new(types, vec!["z\u{f8}ne, 1".to_string()], vec![subnet]);
    directory.account("line\nbreak; DROP TABLE instances; --");
    directory.account(&"ten kilobytes ".repeat(700));
    directory.types.named("m5.large").unwrap();
    directory
}

/// Rows of every table, with and without what may be missing.
fn sample(kind: plimsoll::units::TypeId) -> Vec<TableRow> {
    let (account, zone) = (AccountId(0), ZoneId(0));
    let instance = InstanceRow {
        instance: InstanceId(7),
        account,
        image: Some(ImageId(1)),
        kind,
        purchase: BilledPurchase::OnDemand,
        state: State::Terminated,
        zone,
        subnet: Some(SubnetId(0)),
        private_address: Some([10, 0, 0, 4].into()),
        has_public_address: true,
        placement_group: Some(PlacementGroupId(3)),
        host: HostId(12),
        launched: Some(hour(1)),
        terminated: Some(hour(800)),
    };
    let alive = InstanceRow {
        instance: InstanceId(8),
        account: AccountId(1),
        image: None,
        state: State::Running,
        subnet: None,
        private_address: None,
        has_public_address: false,
        placement_group: None,
        launched: None,
        terminated: None,
        ..instance.clone()
    };
    let tag = |key: &str, value: &str| {
        let (key, value) = (key.to_string(), value.to_string());
        TableRow::InstanceTag(InstanceTagRow { instance: InstanceId(7), key, value })
    };
    let measured = |instance, metric| {
        TableRow::InstanceMetric(InstanceMetricRow { instance, metric, from: hour(1), until: hour(800) })
    };
    let metrics = |instance| {
        [
            InstanceMetric::Running(Duration(1_500_000_000)),
            InstanceMetric::Stopped(Duration::from_seconds(7200)),
            InstanceMetric::Starts(2),
            InstanceMetric::Billed(62),
        ]
        .map(|metric| measured(instance, metric))
    };
    let record = |start, end, seconds| {
        TableRow::BillingRecord(BillingRecordRow {
            account,
            resource: Kind::Instance,
            resource_id: 7,
            instance_type: Some(kind),
            purchase: BilledPurchase::OnDemand,
            start,
            end,
            seconds,
            cost: Money(Money::UNITS_PER_USD / 3 * 2),
        })
    };
    let mut rows = vec![
        TableRow::Instance(instance),
        TableRow::Instance(alive),
        tag("team", "a'; \"b\"\n"),
        tag("", ""),
    ];
    rows.extend([metrics(InstanceId(7)), metrics(InstanceId(8))].concat());
    rows.extend([record(hour(1), hour(2), 3600), record(hour(780), hour(800), 72_000)]);
    rows.extend(sample_storage(account, zone));
    rows.extend(sample_security(account));
    rows
}

fn sample_storage(account: AccountId, zone: ZoneId) -> Vec<TableRow> {
    let volume = VolumeRow {
        volume: VolumeId(4),
        account,
        zone,
        kind: VolumeType::Gp3,
        size_gib: 100,
        iops: 3000,
        throughput_mibps: 125,
        state: VolumeState::Deleted,
        snapshot: Some(SnapshotId(9)),
        created: hour(1),
        deleted: Some(hour(11)),
    };
    let kept = VolumeRow {
        volume: VolumeId(5),
        state: VolumeState::InUse,
        snapshot: None,
        deleted: None,
        ..volume.clone()
    };
    let attachment = VolumeAttachmentRow {
        volume: VolumeId(5),
        instance: InstanceId(7),
        device: "/dev/sdf".to_string(),
        delete_on_termination: false,
        attached: hour(2),
        detached: Some(hour(3)),
    };
    let again = VolumeAttachmentRow {
        instance: InstanceId(8),
        attached: hour(4),
        detached: None,
        ..attachment.clone()
    };
    vec![
        TableRow::Volume(volume),
        TableRow::Volume(kept),
        TableRow::VolumeAttachment(attachment),
        TableRow::VolumeAttachment(again),
        TableRow::Snapshot(SnapshotRow {
            snapshot: SnapshotId(9),
            account,
            volume: VolumeId(4),
            volume_size_gib: 100,
            state: SnapshotState::Completed,
            started: hour(1),
            completed: Some(hour(2)),
            deleted: None,
        }),
        TableRow::Image(ImageRow {
            image: ImageId(1),
            account: Some(account),
            name: "golden".to_string(),
            state: ImageState::Available,
            is_public: true,
            root_snapshot: Some(SnapshotId(9)),
            root_size_gib: Some(8),
            registered: hour(0),
            deregistered: None,
        }),
    ]
}

fn sample_security(account: AccountId) -> Vec<TableRow> {
    let group = SecurityGroupRow {
        group: SecurityGroupId(2),
        account,
        name: "web".to_string(),
        vpc: "main".to_string(),
    };
    let rule = SecurityGroupRuleRow {
        rule: RuleId(6),
        group: SecurityGroupId(2),
        is_egress: false,
        protocol: "tcp".to_string(),
        ports: Some((22, 22)),
        cidr: Some("0.0.0.0/0".parse().unwrap()),
        peer_group: None,
    };
    let all = SecurityGroupRuleRow {
        rule: RuleId(7),
        is_egress: true,
        protocol: "-1".to_string(),
        ports: None,
        cidr: None,
        peer_group: Some(SecurityGroupId(2)),
        ..rule.clone()
    };
    vec![TableRow::SecurityGroup(group), TableRow::SecurityGroupRule(rule), TableRow::SecurityGroupRule(all)]
}

/// A result with rows in every table. The queries of the page run on it, see `tests/tables/queries.py`.
fn sample_result(place: &Path) {
    let _ = fs::remove_dir_all(place);
    let mut directory = directory();
    let kind = directory.types.named("m5.large").unwrap();
    let folder = ResultFolder::begin(place).unwrap();
    let scenario = Path::new("workloads/scenarios/quickstart.toml");
    let scenario = Scenario::read(scenario, &Overrides::default()).unwrap();
    let calendar = Calendar::starting("2026-01-31").unwrap();
    let mut recorder = StreamedReports::begin(&folder, &scenario, Some(calendar)).unwrap();
    assert_eq!(recorder.detail(), Detail::Rows);
    let rows = sample(kind).into_iter().map(Observation::Row);
    rows.for_each(|row| recorder.observe(&row, &directory));
    for reason in [
        Failure::InsufficientFreeAddressesInSubnet.because(LimitKind::SubnetAddresses, 5, 2),
        Failure::InvalidParameterValue.into(),
    ] {
        let zone = Some(ZoneId(0));
        let (operation, account, kind) = (Operation::Launch, AccountId(0), Some(kind));
        let refusal = Refusal { at: hour(1), operation, account, kind, zone, reason, count: 3, launch: None };
        recorder.observe(&Observation::Refused(refusal), &directory);
    }
    recorder.finish().unwrap();
    folder.publish().unwrap();
}

#[test]
fn every_table_takes_rows_of_hostile_names_and_missing_values() {
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("tables");
    sample_result(&place);
    insta::assert_snapshot!(shown(&place));
    let failures = fs::read_to_string(place.join("failures.csv")).unwrap();
    let ends: Vec<&str> = failures.rsplit("m5.large,").take(2).map(str::trim_end).collect();
    assert_eq!(ends[0], "\"z\u{f8}ne, 1\",InvalidParameterValue,3,,,,,");
    assert!(
        ends[1].contains("InsufficientFreeAddressesInSubnet,3,subnet-addresses,5,2,addresses"),
        "{}",
        ends[1]
    );
}

#[test]
fn the_page_describes_every_column() {
    let mut expected = String::new();
    for table in TABLES {
        expected +=
            &format!("### {}\n\n{}.\n\n| column | type | |\n|---|---|---|\n", table.name(), table.holds());
        for (field, meaning) in table.columns() {
            let form = match field.form {
                ColumnForm::Integer => "BIGINT".to_string(),
                ColumnForm::Decimal { digits, places } => format!("DECIMAL({digits},{places})"),
                ColumnForm::Timestamp => "TIMESTAMP".to_string(),
                ColumnForm::Double => "DOUBLE".to_string(),
                ColumnForm::Boolean => "BOOLEAN".to_string(),
                ColumnForm::Text => "VARCHAR".to_string(),
            };
            let null = if field.optional { ", NULL" } else { "" };
            expected += &format!("| `{}` | {form}{null} | {meaning} |\n", field.name);
        }
        expected.push('\n');
    }
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tables.md")).unwrap();
    assert!(page.contains(&expected), "docs/tables.md should contain:\n\n{expected}");
}

/// A world in which two instances live, one stops and starts again, and one is refused.
const SMALL: &str = "
name = 'small'
duration = '1h'
warmup = '5m'
zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 3, memory_gib = 8 }] }]
instance_types = [{ name = 'unit', vcpu = 1, memory_gib = 1, on_demand_usd_per_hour = 3.6 }]
lifecycle = { boot = '10s', stop = '20s' }
network.subnets = [{ name = 's', zone = 'z', cidr = '10.0.0.0/28' }]
workload.trace = 'trace.csv'
output.tables = true
";

const TRACE: &str = "\
time_s,op,instance,type,account
0,launch,gone,unit,a
60,launch,a,unit,a
100,terminate,gone,,a
240,launch,b,unit,b
360,stop,a,,a
600.25,start,a,,a
700,launch,c,unit,b
900,launch,d,unit,b
1000,terminate,c,,b
1200,stop,b,,b
";

#[test]
fn the_tables_of_a_small_world() {
    let place = workplace();
    fs::write(place.path().join("small.toml"), SMALL).unwrap();
    fs::write(place.path().join("trace.csv"), TRACE).unwrap();
    plimsoll(place.path(), &["run", "small.toml", "-o", "out", "--quiet"]).assert().success();
    insta::assert_snapshot!(shown(&place.path().join("out")));
}

#[test]
fn the_tables_add_up_to_the_summary_and_the_bill() {
    let place = workplace();
    plimsoll(place.path(), &["run", "scenario.toml", "-o", "out", "--quiet", "--tables"]).assert().success();
    let out = place.path().join("out");
    let summary = fs::read_to_string(out.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    let count = |path: &str| i128::from(summary.pointer(path).unwrap().as_u64().unwrap());

    let instances = read(&out, "instances");
    let with = |column: &str, value: &str| {
        instances.iter().filter(|row| field(row, column) == &Field::Str(value.to_string())).count() as i128
    };
    assert_eq!(with("state", "terminated"), count("/operations/terminate/succeeded"));
    // The warm-up of six hours ends at 06:00 of 2026-01-01.
    let window_start = 1_767_247_200_000_000;
    let in_window = instances.iter().filter(|row| integer(row, "launch_time") >= window_start);
    assert_eq!(in_window.count() as i128, count("/launch/succeeded"));
    assert_eq!(read(&out, "instance_metrics").len(), 4 * instances.len());

    let mut billed: BTreeMap<(String, String), (i128, i128)> = BTreeMap::new();
    for row in read(&out, "billing_records") {
        let name = |column| field(&row, column).to_string().trim_matches('"').to_string();
        let sum = billed.entry((name("account"), name("instance_type"))).or_default();
        sum.0 += integer(&row, "billed_s");
        sum.1 += integer(&row, "cost_usd");
    }
    let bill = fs::read_to_string(out.join("billing.csv")).unwrap();
    let mut bill = csv::Reader::from_reader(bill.as_bytes());
    let header = bill.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let mut rows = 0;
    for row in bill.records().map(Result::unwrap).filter(|row| &row[column("kind")] == "instance") {
        let (seconds, femto_usd) =
            billed[&(row[column("account")].to_string(), row[column("type")].to_string())];
        assert_eq!(seconds.to_string(), row[column("billed_s")], "{row:?}");
        let usd: f64 = row[column("usd")].parse().unwrap();
        assert!((femto_usd as f64 / 1e15 - usd).abs() < 1e-6, "{row:?}: {femto_usd}");
        rows += 1;
    }
    assert!(rows == billed.len() && rows > 5);
}

#[test]
fn what_was_there_before_the_run_has_no_time_of_launch() {
    let place = workplace();
    let set = ["--set", "warmup=0s", "--set", "workload.start=steady-state"];
    let words = ["run", "scenario.toml", "-o", "out", "--quiet", "--tables"];
    plimsoll(place.path(), &[&words[..], &set].concat()).assert().success();
    let out = place.path().join("out");
    let summary = fs::read_to_string(out.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    let instances = read(&out, "instances");
    let residents = instances.iter().filter(|row| field(row, "launch_time") == &Field::Null).count() as u64;
    assert_eq!(Some(residents), summary["steady_state"]["moved_in"].as_u64());
    assert_eq!(Some(instances.len() as u64 - residents), summary["launch"]["succeeded"].as_u64());
}

#[test]
fn the_same_run_gives_the_same_bytes_and_tables_change_nothing_else() {
    let place = workplace();
    for (out, flag) in [("a", "--tables"), ("b", "--tables"), ("c", "--quiet")] {
        plimsoll(place.path(), &["run", "scenario.toml", "-o", out, flag]).assert().success();
    }
    let bytes = |out: &str, file: &str| fs::read(place.path().join(out).join(file)).unwrap();
    for table in TABLES {
        assert!(bytes("a", table.file()) == bytes("b", table.file()), "{}", table.name());
    }
    assert!(!place.path().join("c/tables").exists());
    assert_eq!(bytes("a", "timeseries.csv"), bytes("c", "timeseries.csv"));
}

/// As with any other file of a result.
#[cfg(unix)]
#[test]
fn a_table_that_cannot_be_written_leaves_nothing() {
    let place = workplace();
    let program = assert_cmd::cargo::cargo_bin("plimsoll");
    let run = "run scenario.toml -o out --tables --set output.sample_every=1d --set network.subnets.0.cidr=10.0.0.0/20";
    let line = format!("ulimit -f 20; exec '{}' {run}", program.display());
    let message = contains("out/tables/").and(contains("cannot be written: File too large"));
    let mut command = assert_cmd::Command::new("bash");
    command.args(["-c", &line]).current_dir(&place).assert().code(2).stderr(message);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "only the scenario is there");
}

/// A zone with too little space for the second volume, and a group with a rule.
const HELD: &str = "
name = 'held'
duration = '1h'
zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 4, memory_gib = 8 }] }]
instance_types = [{ name = 'unit', vcpu = 1, memory_gib = 1, on_demand_usd_per_hour = 3.6 }]
billing.start_date = '2027-03-01'
network.subnets = [{ name = 's', zone = 'z', cidr = '10.0.0.0/24' }]
storage.backends = [{ zone = 'z', capacity_gib = 100 }]
workload.trace = 'held.csv'
output.tables = true
";

const HELD_TRACE: &str = "\
time_s,op,instance,type,account,volume,zone,size_gib,device,snapshot,security_group,protocol,ports,source,address
0,launch,i,unit,a,,,,,,,,,,
10,create-volume,,,a,v,z,60,,,,,,,
20,create-volume,,,a,w,z,50,,,,,,,
60,attach-volume,i,,a,v,,,/dev/sdf,,,,,,
90,create-snapshot,,,a,v,,,,s,,,,,
120,create-security-group,,,a,,,,,,web,,,,
130,authorize-ingress,,,a,,,,,,web,tcp,443,0.0.0.0/0,
140,allocate-address,,,a,,,,,,,,,,e
1800,detach-volume,,,a,v,,,,,,,,,
1860,delete-volume,,,a,v,,,,,,,,,
";

#[test]
fn what_accounts_hold_is_told_in_every_file() {
    let place = workplace();
    fs::write(place.path().join("held.toml"), HELD).unwrap();
    fs::write(place.path().join("held.csv"), HELD_TRACE).unwrap();
    let told = contains("volumes of zone z").and(contains("Billed for")).and(contains("elastic"));
    plimsoll(place.path(), &["run", "held.toml", "-o", "out"]).assert().success().stdout(told);
    let out = place.path().join("out");

    let volumes = read(&out, "volumes");
    assert_eq!(volumes.len(), 1, "{}", shown(&out));
    assert_eq!(field(&volumes[0], "state"), &Field::Str("deleted".to_string()));
    // 2027-03-01 00:00:10, of the calendar of the scenario.
    assert_eq!(integer(&volumes[0], "create_time"), 1_803_859_210_000_000);
    assert_ne!(field(&read(&out, "volume_attachments")[0], "detach_time"), &Field::Null);
    assert_eq!(integer(&read(&out, "snapshots")[0], "volume_size_gib"), 60);
    let rules = read(&out, "security_group_rules");
    let web = rules
        .iter()
        .find(|rule| field(rule, "cidr") != &Field::Null && perhaps(rule, "from_port") == Some(443));
    assert_eq!(web.map(|rule| field(rule, "protocol")), Some(&Field::Str("tcp".to_string())));

    let failures = fs::read_to_string(out.join("failures.csv")).unwrap();
    assert!(failures.contains(",1,backend-capacity,50,40,GiB"), "{failures}");
    let summary = fs::read_to_string(out.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    let backend = &summary["storage"]["backends"][0];
    assert_eq!((&backend["zone"], &backend["capacity_gib"]), (&"z".into(), &100.into()));
    assert_eq!(
        (&backend["capacity_used_peak_gib"], &backend["capacity_exhausted_at_s"]),
        (&60.into(), &20.0.into())
    );
    assert_eq!(summary["network"]["elastic"]["idle_peak"], 1);
    assert_eq!(summary["network"]["probes"]["allowed"], 0);
    assert!(summary["billing"]["by_account"]["a"].is_string());
}

/// The whole number of a column, if there is one.
fn perhaps(row: &ReadRow, column: &str) -> Option<i128> {
    (field(row, column) != &Field::Null).then(|| integer(row, column))
}
