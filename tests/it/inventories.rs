//! Inventories of tools: what they become, what is told, and a run that begins with them.

use std::fs;
use std::path::Path;

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json};

use crate::command_line::plimsoll;

fn import(place: &Path, from: &str, files: &[&str], options: &[&str]) -> Value {
    let words = [&["import", "inventory", "--json", "-o", "out", "--from", from], options, files].concat();
    let output = plimsoll(place, &words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(place: &Path, file: &str) -> String {
    fs::read_to_string(place.join(file)).unwrap()
}

fn run(place: &Path, options: &[&str]) -> Value {
    let words = [&["run", "out/scenario.toml", "--json", "--no-report", "-o", "result"], options].concat();
    let output = plimsoll(place, &words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_kubernetes_cluster_begins_as_it_stands() {
    let place = tempfile::tempdir().unwrap();
    let node = |name: &str, zone: &str| {
        let labels =
            json!({ "topology.kubernetes.io/zone": zone, "node.kubernetes.io/instance-type": "big" });
        let allocatable = json!({ "cpu": "3920m", "memory": "15Gi", "pods": "110" });
        json!({ "kind": "Node", "metadata": { "name": name, "labels": labels }, "status": { "allocatable": allocatable } })
    };
    let pod = |name: &str, node: &str, phase: &str, cpu: &str| {
        let requests = json!({ "cpu": cpu, "memory": "1Gi" });
        let spec = json!({ "nodeName": node, "containers": [{ "resources": { "requests": requests } }] });
        json!({ "kind": "Pod", "metadata": { "name": name, "namespace": "web" }, "spec": spec, "status": { "phase": phase } })
    };
    let items = json!([
        node("n1", "a"),
        node("n2", "b"),
        pod("p1", "n1", "Running", "2"),
        pod("p2", "n1", "Running", "1500m"),
        pod("p3", "n2", "Succeeded", "1"),
        pod("p4", "", "Pending", "3"),
        pod("p5", "n9", "Running", "1"),
    ]);
    fs::write(place.path().join("cluster.json"), json!({ "kind": "List", "items": items }).to_string())
        .unwrap();
    let report = import(place.path(), "kubectl", &["cluster.json"], &[]);
    assert_eq!([&report["hosts"], &report["residents"], &report["launched_at_start"]], [2, 2, 1]);
    let told = json!({ "left out: ended": ["web/p3"], "left out: on a host that is not listed": ["web/p5"] });
    assert_eq!(report["told"], told);
    assert_eq!(text(place.path(), "out/hosts.csv"), "name,sku,vcpu,memory_gib\nn1,big,3.92,15\n");
    assert_eq!(text(place.path(), "out/hosts-2.csv"), "name,sku,vcpu,memory_gib\nn2,big,3.92,15\n");
    assert_eq!(
        text(place.path(), "out/trace.csv"),
        "start_s,end_s,instance,host,account,vcpu,memory_gib\n\
         0,,web/p1,n1,web,2,1\n\
         0,,web/p2,n1,web,1.5,1\n\
         0,,web/p4,,web,3,1\n"
    );
}

/// Residents stand where they are said to, and what is launched beside them finds the room they leave.
#[test]
fn residents_of_a_trace_are_on_the_hosts_it_names() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write("hosts.csv", "name,vcpu,memory_gib\nh1,4,8\nh2,4,8\n");
    write(
        "t.csv",
        "start_s,end_s,host,vcpu,memory_gib,account\n\
         -3600,,h2,3,1,a\n\
         0,50,h2,1,1,b\n\
         0,100,,2,1,b\n\
         60,100,,4,1,b\n\
         60,100,,1,1,b\n",
    );
    let run = |trace: &str| {
        plimsoll(place.path(), &["run", trace, "--hosts", "hosts.csv", "--json", "-o", "out", "--tables"])
    };
    let summary: Value = serde_json::from_slice(&run("t.csv").output().unwrap().stdout).unwrap();
    // Three launches: the residents are no requests. The one of 4 vCPU finds 2 on h1, and 1 on h2, which a resident has left.
    assert_eq!([&summary["launch"]["requested"], &summary["launch"]["succeeded"]], [3, 2]);
    assert_eq!(summary["steady_state"]["moved_in"], 2);
    for (row, expected) in [
        (
            "0,,h1,5,1,a\n",
            "found resident 1, of 5vcpu-1gib on host `h1`, which does not run it or has no room: 4.0 vCPU",
        ),
        ("-1,,,1,1,a\n", "`start_s`: found `-1`, which is negative"),
    ] {
        write("wrong.csv", &format!("start_s,end_s,host,vcpu,memory_gib,account\n{row}"));
        run("wrong.csv").assert().code(2).stderr(contains(expected));
    }
    write("twice.csv", "name,vcpu,memory_gib\nh1,4,8\nh1,4,8\n");
    plimsoll(place.path(), &["run", "t.csv", "--hosts", "twice.csv"])
        .assert()
        .code(2)
        .stderr(contains("twice.csv:3: `name`: found `h1`, which is the name of an earlier host"));
}

/// Returns the launches of a run with two residents of 1 vCPU, on the second of two hosts of 4, under some settings.
fn launches_beside_residents(settings: &[&str]) -> Value {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write("hosts.csv", "name,vcpu,memory_gib\nh1,4,8\nh2,4,8\n");
    write("t.csv", "start_s,end_s,host,vcpu,memory_gib,account\n-3600,90000,h2,1,1,a\n0,90000,h2,1,1,b\n");
    let set = settings.iter().flat_map(|setting| ["--set", setting]);
    let arguments = ["run", "t.csv", "--hosts", "hosts.csv", "--json", "-o", "out"].into_iter().chain(set);
    let output = plimsoll(place.path(), &arguments.collect::<Vec<_>>()).output().unwrap();
    let mut summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["steady_state"]["moved_in"], 2, "{settings:?}");
    summary["launch"].take()
}

#[test]
fn residents_come_as_launches_in_each_later_replay() {
    let launch = launches_beside_residents(&["workload.repeat={ times = 2, every = '1d' }"]);
    assert_eq!([&launch["requested"], &launch["failed"]], [2, 0], "{launch}");
}

/// Growth of an imported fleet: what is added finds its room by the strategy, and is refused only where there is none.
#[test]
fn copies_of_residents_are_launches_on_any_host() {
    for (scale, requested, refused) in [("1.0", 0, 0), ("3.0", 4, 0), ("5.0", 8, 2)] {
        for jitter in ["0s", "1h"] {
            let (scale, jitter) = (format!("workload.scale={scale}"), format!("workload.jitter={jitter}"));
            let launch = launches_beside_residents(&[&scale, &jitter]);
            let for_room = launch["failed_by_code"]["InsufficientInstanceCapacity"].as_u64().unwrap_or(0);
            assert_eq!([&launch["requested"], &launch["failed"]], [requested, refused], "{scale}, {jitter}");
            assert_eq!(for_room, refused, "{launch}");
        }
    }
}

/// The worst loss is told by the name that people know.
#[test]
fn the_rack_whose_loss_is_worst_has_its_name() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write("hosts.csv", "name,rack,vcpu,memory_gib\nh1,north,4,8\nh2,south,4,8\nh3,south,4,8\nh4,,4,8\n");
    write("t.csv", "start_s,end_s,host,vcpu,memory_gib,account\n0,,h1,1,1,a\n0,,h2,3,1,a\n0,,h3,3,1,a\n");
    let settings = ["headroom.every=1h", "headroom.survive=rack", "duration=1h"];
    let arguments = ["run", "t.csv", "--hosts", "hosts.csv", "-o", "out"];
    let set = settings.iter().flat_map(|setting| ["--set", setting]);
    let arguments: Vec<&str> = arguments.into_iter().chain(set).collect();
    plimsoll(place.path(), &arguments).assert().success();
    let survival = text(place.path(), "out/survival.csv");
    let rows: Vec<&str> = survival.lines().skip(1).collect();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.contains(",south,")), "{survival}");
}

#[test]
fn residents_that_run_since_a_date_before_the_origin_are_there() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("hosts.csv"), "name,vcpu,memory_gib\nh1,4,16\n").unwrap();
    let rows = "start_s,end_s,host,type\n2025-12-01T00:00:00Z,,h1,m5.large\n2026-01-02T00:00:00Z,2026-01-03T00:00:00Z,,m5.large\n";
    fs::write(place.path().join("t.csv"), rows).unwrap();
    let words = [
        "run",
        "t.csv",
        "--hosts",
        "hosts.csv",
        "--json",
        "-o",
        "out",
        "--trace-origin",
        "2026-01-01T00:00:00Z",
    ];
    let summary: Value =
        serde_json::from_slice(&plimsoll(place.path(), &words).output().unwrap().stdout).unwrap();
    assert_eq!([&summary["launch"]["requested"], &summary["steady_state"]["moved_in"]], [1, 1]);
    assert_eq!(summary["fleet"]["instances_running_peak"], 2);
}

#[test]
fn every_source_reads_what_its_tool_writes() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    // vSphere, with thousands as RVTools may write them.
    write(
        "vinfo.csv",
        "VM,Powerstate,Template,CPUs,Memory,Cluster,Host\n\
         web1,poweredOn,False,4,\"8,192\",c1,esx1\nweb2,poweredOff,False,2,4096,c1,esx1\ngold,poweredOff,True,2,4096,c1,esx1\n\
         db,poweredOn,False,8,16384,c1,esx1\n",
    );
    write(
        "vhost.csv",
        "Host,Cluster,# Cores,# Memory,Model,in Maintenance Mode\nesx1,c1,8,\"32,768\",R650,False\n",
    );
    let report = import(place.path(), "rvtools", &["vinfo.csv", "vhost.csv"], &["--overcommit", "1.5"]);
    assert_eq!([&report["hosts"], &report["residents"]], [1, 2]);
    assert_eq!(report["told"], json!({ "left out: powered off": ["web2"], "left out: templates": ["gold"] }));
    assert_eq!(text(place.path(), "out/hosts.csv"), "name,sku,vcpu,memory_gib\nesx1,R650,12,32\n");
    let summary = run(place.path(), &[]);
    assert_eq!(summary["steady_state"]["moved_in"], 2);
    fs::remove_dir_all(place.path().join("out")).unwrap();

    // OpenStack: the list of the command line, and Placement's inventory.
    write(
        "servers.json",
        r#"[{"ID":"s1","Name":"web","Status":"ACTIVE","Flavor Name":"m1.large","Host":"cmp1","Project ID":"p"},
            {"ID":"s2","Name":"off","Status":"SHUTOFF","Flavor Name":"m1.large","Host":"cmp1","Project ID":"p"},
            {"ID":"s3","Name":"odd","Status":"ACTIVE","Flavor Name":"gone","Host":"cmp1","Project ID":"p"}]"#,
    );
    write("flavors.json", r#"[{"ID":"1","Name":"m1.large","RAM":8192,"Disk":80,"VCPUs":4}]"#);
    write(
        "hypervisors.json",
        r#"{"hypervisors":[{"hypervisor_hostname":"cmp1","vcpus":8,"memory_mb":65536,"status":"enabled"}]}"#,
    );
    write(
        "placement.json",
        r#"{"name":"cmp1","inventories":{"VCPU":{"total":8,"reserved":1,"allocation_ratio":4.0},
            "MEMORY_MB":{"total":65536,"reserved":512,"allocation_ratio":1.0}}}"#,
    );
    let files = ["servers.json", "flavors.json", "hypervisors.json", "placement.json"];
    let report = import(place.path(), "openstack", &files, &[]);
    assert_eq!([&report["hosts"], &report["residents"]], [1, 1]);
    assert_eq!(
        report["told"],
        json!({ "left out: of an unknown type": ["s3"], "left out: powered off": ["s2"] })
    );
    assert_eq!(text(place.path(), "out/hosts.csv"), "name,vcpu,memory_gib\ncmp1,28,63.5\n");
    fs::remove_dir_all(place.path().join("out")).unwrap();

    // EC2 says nothing of hosts: the instances are launched at the start, in the order of their launch.
    let instance = |id: &str, kind: &str, state: &str, time: &str| {
        json!({ "InstanceId": id, "InstanceType": kind, "State": { "Name": state }, "LaunchTime": time,
                "Placement": { "AvailabilityZone": "us-east-1a" } })
    };
    let instances = json!([
        instance("i-2", "m5.large", "running", "2026-02-01T00:00:00+00:00"),
        instance("i-1", "c5.xlarge", "running", "2026-01-01T00:00:00+00:00"),
        instance("i-3", "c5.xlarge", "stopped", "2026-01-01T00:00:00+00:00"),
    ]);
    write("ec2.json", &json!({ "Reservations": [{ "OwnerId": "123", "Instances": instances }] }).to_string());
    let report = import(place.path(), "describe-instances", &["ec2.json"], &[]);
    assert_eq!([&report["hosts"], &report["launched_at_start"]], [0, 2]);
    let assumed = |report: &Value| -> Vec<(String, Value)> {
        let told = report["told"].as_object().unwrap().clone().into_iter();
        told.filter(|(reason, _)| reason.contains("zones with assumed hosts")).collect()
    };
    assert_eq!(assumed(&report)[0].1, json!(["us-east-1a"]));
    let scenario = text(place.path(), "out/scenario.toml");
    for told in ["96 vCPU", "384 GiB", "[[zones.hosts]] of scenario.toml"] {
        assert!(assumed(&report)[0].0.contains(told), "{told} in {report:#}");
    }
    assert!(scenario.contains("vcpu       = 96 ") && scenario.contains("memory_gib = 384\n"), "{scenario}");
    // A factor for the vCPUs of hosts that are not there is no answer to anything.
    plimsoll(
        place.path(),
        &[
            "import",
            "inventory",
            "--from",
            "describe-instances",
            "ec2.json",
            "-o",
            "other",
            "--overcommit",
            "4",
        ],
    )
    .assert()
    .code(2)
    .stderr(
        contains("`--overcommit`: found a factor, but the inventory lists no hosts")
            .and(contains("assumed hosts in scenario.toml")),
    );
    assert_eq!(
        text(place.path(), "out/trace.csv"),
        "start_s,end_s,instance,account,type\n0,,i-1,123,c5.xlarge\n0,,i-2,123,m5.large\n"
    );
    assert_eq!(run(place.path(), &[])["launch"]["succeeded"], 2);
    fs::remove_dir_all(place.path().join("out")).unwrap();

    // EC2 tells of dedicated hosts: what is on them is there when the run begins.
    let on_host = |id: &str, kind: &str, host: &str| {
        let mut found = instance(id, kind, "running", "2026-01-01T00:00:00+00:00");
        found["Placement"]["Tenancy"] = json!("host");
        found["Placement"]["HostId"] = json!(host);
        found
    };
    let instances = json!([
        on_host("i-1", "m5.large", "h-1"),
        on_host("i-2", "m5.xlarge", "h-2"),
        on_host("i-3", "m5.large", "h-1"),
        on_host("i-4", "c5.large", "h-3"),
        instance("i-5", "m5.large", "running", "2026-01-01T00:00:00+00:00"),
    ]);
    write("ec2.json", &json!({ "Reservations": [{ "OwnerId": "123", "Instances": instances }] }).to_string());
    let host = |id: &str, properties: Value, state: &str| json!({ "HostId": id, "OwnerId": "123", "AvailabilityZone": "us-east-1a", "State": state, "HostProperties": properties });
    let hosts = json!([
        host("h-1", json!({ "InstanceType": "m5.large", "TotalVCpus": 4 }), "available"),
        host("h-2", json!({ "InstanceFamily": "m5", "TotalVCpus": 96 }), "available"),
        host(
            "h-4",
            json!({ "InstanceFamily": "mac1", "InstanceType": "mac1.metal", "TotalVCpus": 12 }),
            "available"
        ),
        host("h-9", json!({ "InstanceFamily": "m5", "TotalVCpus": 96 }), "released"),
    ]);
    write("dedicated.json", &json!({ "Hosts": hosts }).to_string());
    let report = import(place.path(), "describe-instances", &["ec2.json", "dedicated.json"], &[]);
    assert_eq!([&report["hosts"], &report["residents"], &report["launched_at_start"]], [4, 4, 1]);
    assert_eq!(assumed(&report)[0].1, json!(["us-east-1a"]));
    assert_eq!(
        report["told"]["hosts of an assumed size: that of the largest type of their family"],
        json!(["h-3"])
    );
    assert_eq!(report["told"].as_object().unwrap().len(), 2, "{report:#}");
    assert_eq!(
        text(place.path(), "out/hosts.csv"),
        "name,sku,families,types,vcpu,memory_gib\nh-1,m5,,m5.large,4,16\nh-2,m5,m5,,96,384\n\
         h-4,mac1,,mac1.metal,12,32\nh-3,c5,,,96,192\n"
    );
    assert_eq!(
        text(place.path(), "out/trace.csv"),
        "start_s,end_s,instance,host,account,type,tenancy\n0,,i-1,h-1,123,m5.large,host\n\
         0,,i-2,h-2,123,m5.xlarge,host\n0,,i-3,h-1,123,m5.large,host\n0,,i-4,h-3,123,c5.large,host\n\
         0,,i-5,,123,m5.large,\n"
    );
    let summary = run(place.path(), &[]);
    assert_eq!([&summary["steady_state"]["moved_in"], &summary["launch"]["succeeded"]], [4, 1]);
    fs::remove_dir_all(place.path().join("out")).unwrap();

    // Tables of one's own.
    write("mine.csv", "VM Name;Hypervisor;vCPUs;Memory MB;State\na;h1;2;2048;running\nb;h1;2;2048;stopped\n");
    write("hosts.csv", "Hostname,Cores,RAM GB,Rack\nh1,16,64,r1\n");
    let report = import(place.path(), "csv", &["mine.csv", "hosts.csv"], &[]);
    assert_eq!([&report["hosts"], &report["residents"]], [1, 1]);
    assert_eq!(text(place.path(), "out/hosts.csv"), "name,rack,vcpu,memory_gib\nh1,r1,16,64\n");
}

/// A host that sells each core several times holds what runs there, and the report names the option that says so.
#[test]
fn machines_of_an_oversubscribed_host_are_told_with_the_factor_that_holds_them() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    let machines: String =
        (0..6).map(|number| format!("vm{number},poweredOn,False,4,4096,c,esx1\n")).collect();
    write("vinfo.csv", &format!("VM,Powerstate,Template,CPUs,Memory,Cluster,Host\n{machines}"));
    write("vhost.csv", "Host,Cluster,# Cores,# Memory,Model,in Maintenance Mode\nesx1,c,8,65536,R,False\n");
    let report = import(place.path(), "rvtools", &["vinfo.csv", "vhost.csv"], &[]);
    assert_eq!(report["residents"], 2);
    assert_eq!(
        report["told"]["left out: ask for more vCPU than is left of their host"].as_array().map(Vec::len),
        Some(4)
    );
    assert_eq!(report["advice"], "--overcommit 3 sells each vCPU of a host so often that 4 more find room");
    fs::remove_dir_all(place.path().join("out")).unwrap();
    let report = import(place.path(), "rvtools", &["vinfo.csv", "vhost.csv"], &["--overcommit", "3"]);
    assert_eq!(
        (&report["residents"], &report["told"], &report["advice"]),
        (&6.into(), &json!({}), &Value::Null)
    );
}

#[test]
fn an_inventory_that_cannot_be_read_says_so() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write("bad.json", "{\n  \"kind\": }\n");
    write("empty.json", "{}");
    write("pods.json", "{\"kind\":\"List\",\"items\":[]}");
    write("book.xlsx", "PK");
    write("odd.csv", "a,b\n1,2\n");
    let import = |from: &str, file: &str| {
        plimsoll(place.path(), &["import", "inventory", "--from", from, file, "-o", "out"])
    };
    for (from, file, expected) in [
        ("kubectl", "bad.json", "bad.json:2:11: is no JSON"),
        ("kubectl", "pods.json", "found nothing that runs"),
        ("kubectl", "empty.json", "found an object without keys, expected nodes and pods"),
        (
            "describe-instances",
            "pods.json",
            "found the keys `items,kind`, expected `Reservations` or `Hosts`",
        ),
        ("openstack", "pods.json", "found an object with the keys `items,kind`, expected a server"),
        ("rvtools", "book.xlsx", "book.xlsx: is no workbook that can be read"),
        ("csv", "book.xlsx", "found a workbook, expected its sheets as CSV"),
        ("rvtools", "odd.csv", "found the columns `a,b`, expected vInfo with `VM` or vHost with `# Cores`"),
        ("csv", "odd.csv", "found the columns `a,b`, expected one that tells names"),
        ("kubctl", "odd.csv", "did you mean `kubectl`?"),
    ] {
        import(from, file).assert().code(2).stderr(contains(expected));
        assert!(!place.path().join("out").exists(), "{file}");
    }
    fs::create_dir(place.path().join("out")).unwrap();
    write("out/kept.txt", "mine");
    write("m.csv", "instance,vcpu,memory_gib\na,1,1\n");
    import("csv", "m.csv").assert().code(2).stderr(contains("expected a new or an empty folder"));
    assert_eq!(fs::read_to_string(place.path().join("out/kept.txt")).unwrap(), "mine");
    plimsoll(place.path(), &["list", "inventories"])
        .assert()
        .success()
        .stdout(contains("kubectl get nodes,pods -A -o json").or(contains("kubectl")));
}

/// Tables that could be read in two ways, and what is said of each.
#[test]
fn a_table_that_could_be_misread_is_refused() {
    const MACHINES: &str = "VM;Host;vCPU;RAM GB;State\n";
    const VINFO: &str = "VM,Powerstate,Template,CPUs,Memory,Cluster,Host\n";
    const VHOST: &str = "Host,Cluster,# Cores,# Memory,Model,in Maintenance Mode\n";
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    for (from, table, expected) in [
        // Decimal commas, and points between thousands.
        ("csv", format!("{MACHINES}a;h;1;8,5;running\n"), "found `8,5`"),
        ("csv", format!("{MACHINES}a;h;0,5;8;running\n"), "found `0,5`"),
        ("csv", format!("{MACHINES}a;h;1;8,192;running\n"), "with a point before its fraction"),
        ("csv", "Hostname;Cores;RAM GB\nh;8;512,0\n".into(), "found `512,0`"),
        ("csv", "VM,vCPU,Memory MB\na,1,8.192\n".into(), "a whole number of MiB"),
        ("rvtools", format!("{VINFO}a,poweredOn,False,4,8.192,c,h\n"), "found `8.192`"),
        ("rvtools", format!("{VHOST}h,c,8,8.000,R,False\n"), "found `8.000`"),
        // Columns and cells that are not there.
        ("csv", "VM;Host;Sockets;RAM GB\na;h;1;8\n".into(), "expected one that tells vCPUs"),
        ("csv", "VM;Host;vCPU;Mem\na;h;1;8\n".into(), "expected one that tells memory"),
        ("csv", "Hostname;Cores\nh;8\n".into(), "expected one that tells memory"),
        ("csv", format!("{MACHINES}a;h;;8;running\n"), "found nothing"),
        ("csv", format!("{MACHINES}a;h;1;;running\n"), "found nothing"),
        ("rvtools", VINFO.replace("Memory", "Mem"), "expected `Memory` among those of vInfo"),
        ("rvtools", VHOST.replace("# Memory", "RAM"), "expected `# Memory` among those of vHost"),
        ("csv", "VM,Host,Type,RAM GB\na,h,,8\n".into(), "found neither a type nor a size"),
        ("csv", "VM,vCPU,RAM GB,RAM MB\na,1,8,16384\n".into(), "found its memory in GiB and in MiB"),
        // One of two columns counts sockets, or the cores of each.
        (
            "csv",
            "VM,Host,CPU,Cores,RAM GB\na,h,2,2,8\nb,h,2,16,8\n".into(),
            "t.csv:3: found `CPU` 2 and `Cores` 16, expected one number of vCPUs",
        ),
        // States in another language.
        ("csv", format!("{MACHINES}a;h;1;8;Eingeschaltet\n"), "write `running` for what takes room"),
        ("rvtools", format!("{VINFO}a,encendido,False,4,8192,c,h\n"), "found `encendido`"),
    ] {
        write("t.csv", &table);
        plimsoll(place.path(), &["import", "inventory", "--from", from, "t.csv", "-o", "out"])
            .assert()
            .code(2)
            .stderr(contains(expected).and(contains("t.csv:")));
        assert!(!place.path().join("out").exists(), "{table}");
    }
}

/// States in the words of several tools, and hosts that tell their sockets and their cores.
#[test]
fn words_of_tools_are_read_as_they_are_meant() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    let runs = ["running", "Powered On", "poweredOn", "ACTIVE", "Up", "on", "true", "1", ""];
    let off = ["stopped", "Powered Off", "SHUTOFF", "suspended", "shut off", "false", "0", "Deallocated"];
    let rows = runs.iter().chain(&off).enumerate();
    let rows: String = rows.map(|(number, state)| format!("m{number},h,1,1,{state}\n")).collect();
    write("machines.csv", &format!("VM,Host,CPU count,RAM GB,Power state\n{rows}"));
    write("hosts.csv", "Hostname,CPU,Cores,Threads,RAM GB\nh,2,32,64,512\n");
    let report = import(place.path(), "csv", &["machines.csv", "hosts.csv"], &[]);
    assert_eq!(report["residents"], runs.len());
    assert_eq!(report["told"]["left out: powered off"].as_array().map(Vec::len), Some(off.len()));
    assert_eq!(text(place.path(), "out/hosts.csv"), "name,vcpu,memory_gib\nh,32,512\n");
    fs::remove_dir_all(place.path().join("out")).unwrap();

    // What takes no room needs no size; one of several columns of memory may be empty.
    let rows = "a,h,2,,4096,running\ngone,h,,,,terminated\noff,h,,,,stopped\n";
    write("machines.csv", &format!("VM,Host,CPUs,RAM GB,RAM MB,State\n{rows}"));
    let report = import(place.path(), "csv", &["machines.csv", "hosts.csv"], &[]);
    assert_eq!(report["told"], json!({ "left out: ended": ["gone"], "left out: powered off": ["off"] }));
    assert!(text(place.path(), "out/trace.csv").ends_with("0,,a,h,2,4\n"));
    fs::remove_dir_all(place.path().join("out")).unwrap();

    // Two columns that agree leave no doubt, nor does one of vCPUs beside others.
    for (header, row) in [("CPU,Cores", "4,4"), ("Cores,vCPU", "2,4")] {
        write("machines.csv", &format!("VM,RAM GB,{header}\na,8,{row}\n"));
        import(place.path(), "csv", &["machines.csv"], &[]);
        assert!(text(place.path(), "out/trace.csv").ends_with("0,,a,4,8\n"), "{header}");
        fs::remove_dir_all(place.path().join("out")).unwrap();
    }

    // Sizes that are written count, not those of a type with other ones.
    for (row, expected) in
        [("m5.large,4,64", "0,,a,4,64\n"), ("own.x,4,8", "0,,a,4,8\n"), ("m5.large,2,8", "0,,a,m5.large\n")]
    {
        write("machines.csv", &format!("VM,Type,vCPU,RAM GB\na,{row}\n"));
        import(place.path(), "csv", &["machines.csv"], &[]);
        let trace = text(place.path(), "out/trace.csv");
        assert!(trace.ends_with(expected), "{row}: {trace}");
        fs::remove_dir_all(place.path().join("out")).unwrap();
    }
}

#[test]
fn a_fleet_is_described_as_it_stands() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write("hosts.csv", "name,vcpu,memory_gib\na1,16,64\na2,16,64\na3,16,64\n");
    write(
        "trace.csv",
        "start_s,end_s,vcpu,memory_gib,account,host\n0,,4,16,web,a1\n0,,4,16,web,a1\n0,,4,16,web,a1\n0,,4,16,web,a2\n\
         0,,4,16,web,a2\n0,,4,16,web,a2\n0,,8,32,db,a3\n0,,4,16,db,a3\n",
    );
    write(
        "scenario.toml",
        "name = 'fleet'\nduration = '1d'\n[[zones]]\nname = 'a'\n[[zones.hosts]]\nsku = 'gen3'\nfile = 'hosts.csv'\n\
         [workload]\ntrace = 'trace.csv'\n",
    );
    let output = plimsoll(place.path(), &["describe", "scenario.toml", "--json"]).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    });
    assert_eq!([&told["fleet"]["hosts"], &told["fleet"]["hosts_used"]], [3, 3]);
    assert_eq!([&told["fleet"]["vcpu"], &told["fleet"]["vcpu_used"]], [48.0, 36.0]);
    assert_eq!((&told["groups"][0]["zone"], &told["groups"][0]["sku"]), (&"a".into(), &"gen3".into()));
    let held = |list: &str| -> Value {
        let items = told[list].as_array().unwrap().iter();
        items.map(|held| json!([held["name"], held["instances"], held["vcpu"], held["hosts"]])).collect()
    };
    assert_eq!(held("accounts"), json!([["web", 6, 24.0, 2], ["db", 2, 12.0, 1]]));
    assert_eq!(told["types"].as_array().unwrap().len(), 2);
    // Of four vCPU are free on each host, three fit; with a host lost, what it held takes all of it.
    let fits = |number: usize| {
        json!([told["types"][number]["fit"], told["types"][number]["fit_after_loss_of_host"]])
    };
    assert_eq!([fits(0), fits(1)], [json!([3, 0]), json!([0, 0])]);
    // Of three of four vCPU two find room on the two other hosts; of eight and four, the four. No zone nor rack can be lost.
    let expected = json!([{
        "domain": "host", "domains": 3, "violations": 3, "worst": "a1", "displaced": 3, "unplaced": 1,
        "spare_vcpu": 0.0, "spare_memory_gib": 0.0, "largest_type": null,
    }]);
    assert_eq!(told["losses"], expected);
    assert_eq!((&told["hosts_compacted"], &told["hosts_lower_bound"]), (&3.into(), &3.into()));
    plimsoll(place.path(), &["describe", "scenario.toml"])
        .assert()
        .success()
        .stdout(contains("3 of 3 hosts hold 8 instances of 2 accounts."))
        .stdout(contains(
            "3 of 3 hosts cannot be lost; at the worst, a1, 1\nof 3 instances find no room on the rest.",
        ));
}

/// Zones of a fleet, and a fleet of one host.
#[test]
fn a_fleet_is_described_by_zone_and_a_single_host_as_what_cannot_be_lost() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write("machines.csv", "VM,Host,vCPU,RAM GB\na,h1,4,16\nb,h2,8,32\n");
    write("hosts.csv", "Hostname,Cores,RAM GB,Zone\nh1,16,64,east\nh2,16,64,west\nh3,16,64,west\n");
    import(place.path(), "csv", &["machines.csv", "hosts.csv"], &[]);
    let told = |options: &[&str]| {
        let words = [&["describe", "out/scenario.toml"], options].concat();
        String::from_utf8(plimsoll(place.path(), &words).output().unwrap().stdout).unwrap()
    };
    let data: Value = serde_json::from_str(&told(&["--json"])).unwrap();
    let zones: Vec<Value> = (data["zones"].as_array().unwrap().iter())
        .map(|zone| json!([zone["zone"], zone["hosts"], zone["vcpu"], zone["vcpu_used"]]))
        .collect();
    assert_eq!(zones, [json!(["east", 1, 16.0, 4.0]), json!(["west", 2, 32.0, 8.0])]);
    let text = told(&[]);
    let row =
        text.lines().find(|line| line.trim_start().starts_with("west ") && line.contains("96")).unwrap();
    assert_eq!(
        row.split_whitespace().collect::<Vec<_>>(),
        ["west", "2", "1", "25.00", "%", "25.00", "%", "24", "96"],
        "{text}"
    );

    fs::remove_dir_all(place.path().join("out")).unwrap();
    write("machines.csv", "VM,Host,vCPU,RAM GB\na,h1,4,16\n");
    write("hosts.csv", "Hostname,Cores,RAM GB\nh1,16,64\n");
    import(place.path(), "csv", &["machines.csv", "hosts.csv"], &[]);
    let text = told(&[]);
    assert!(text.contains("The only host cannot be lost: nothing survives it."), "{text}");
    assert!(text.contains("nothing is left") && !text.contains("vCPU free"), "{text}");
}

/// An export without `OwnerId` has instances of no account, which stay on their dedicated hosts.
#[test]
fn dedicated_hosts_of_no_known_account_keep_what_is_on_them() {
    let place = tempfile::tempdir().unwrap();
    let placement = json!({ "Tenancy": "host", "HostId": "h-1", "AvailabilityZone": "us-east-1a" });
    let instance = json!({ "InstanceId": "i-1", "InstanceType": "m5.large", "State": { "Name": "running" },
        "LaunchTime": "2026-01-01T00:00:00+00:00", "Placement": placement });
    let host = json!({ "HostId": "h-1", "AvailabilityZone": "us-east-1a", "State": "available",
        "HostProperties": { "InstanceFamily": "m5", "TotalVCpus": 96 } });
    let document = json!({ "Reservations": [{ "Instances": [instance] }], "Hosts": [host] });
    let write = |name: &str, key: &str| {
        fs::write(place.path().join(name), json!({ key: document[key] }).to_string()).unwrap();
    };
    write("ec2.json", "Reservations");
    write("hosts.json", "Hosts");
    let report = import(place.path(), "describe-instances", &["ec2.json", "hosts.json"], &[]);
    assert_eq!(report["residents"], 1);
    assert_eq!(run(place.path(), &[])["steady_state"]["moved_in"], 1);
}

/// An instance of tenancy `dedicated` runs on a host of its account that is no dedicated host of it, though one has room, or is
/// empty: EC2 bills it for itself, and the hosts beside it.
#[test]
fn a_dedicated_instance_is_on_no_dedicated_host_of_its_account() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, document: Value| {
        fs::write(place.path().join(name), document.to_string()).unwrap();
    };
    let instance = |id: &str, placement: Value| {
        let mut found = json!({ "InstanceId": id, "InstanceType": "m5.large", "State": { "Name": "running" },
            "LaunchTime": "2026-01-01T00:00:00+00:00", "Placement": placement });
        found["Placement"]["AvailabilityZone"] = json!("us-east-1a");
        found
    };
    let instances = json!([
        instance("i-1", json!({ "Tenancy": "host", "HostId": "h-1" })),
        instance("i-2", json!({ "Tenancy": "dedicated" })),
        instance("i-3", json!({ "Tenancy": "default" })),
    ]);
    write("ec2.json", json!({ "Reservations": [{ "OwnerId": "123", "Instances": instances }] }));
    let host = |id: &str, more: Value| {
        let mut found = json!({ "HostId": id, "AvailabilityZone": "us-east-1a", "State": "available",
            "HostProperties": { "InstanceFamily": "m5", "TotalVCpus": 96 } });
        found.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        found
    };
    let hosts = json!([
        host("h-1", json!({ "OwnerId": "123", "AutoPlacement": "off" })),
        host("h-2", json!({ "OwnerId": "123", "AutoPlacement": "on", "HostRecovery": "on" })),
        host("h-3", json!({ "OwnerId": "456", "AutoPlacement": "off" })),
        host("h-4", json!({})),
    ]);
    write("hosts.json", json!({ "Hosts": hosts }));
    let report = import(place.path(), "describe-instances", &["ec2.json", "hosts.json"], &[]);
    assert_eq!([&report["residents"], &report["launched_at_start"]], [1, 2]);
    assert_eq!(report["told"]["hosts of no known account: nothing more is placed on them"], json!(["h-4"]));
    assert_eq!(report["told"].as_object().unwrap().len(), 2, "hosts are assumed beside: {report:#}");
    let scenario = text(place.path(), "out/scenario.toml");
    let terms = "[[placement.dedicated_hosts]]\naccount = \"123\"\nzone = \"us-east-1a\"\ngroup = 2\ncount = 1\n\
                 auto_placement = true\nhost_recovery = true\n";
    assert!(scenario.contains(terms), "{scenario}");
    let summary = run(place.path(), &[]);
    assert_eq!([&summary["steady_state"]["moved_in"], &summary["launch"]["succeeded"]], [1, 2]);
    // One on its dedicated host, one on a host for itself, one on a shared host; four hosts that are paid, and the instances that
    // are not on them.
    assert_eq!(summary["fleet"]["hosts_used_peak"], 3, "{}", summary["fleet"]);
    let bill = text(place.path(), "result/billing.csv");
    assert!(bill.contains("dedicated"), "{bill}");
    // A resident that names a host of another account has no place there.
    let trace = place.path().join("out/trace.csv");
    let rows = fs::read_to_string(&trace).unwrap();
    fs::write(&trace, rows.replace("h-1", "h-3")).unwrap();
    plimsoll(place.path(), &["run", "out/scenario.toml", "--no-report", "-o", "other"])
        .assert()
        .code(2)
        .stderr(contains("on host `h-3`, which is no dedicated host of its account"));
}
