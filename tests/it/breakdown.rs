//! Figures by zone, by kind of hosts and by instance type, against a world counted by hand.

use std::fs;

use serde_json::{Value, json};

use crate::command_line::printed;
use crate::support::{CHECKED, Experiment};
use plimsoll::cloud::observe::Silent;

const HOSTS: &str = "
    duration = '100s'
    output.sample_every = '10s'
    placement.strategy = 'first-fit'
    instance_types = [
        { name = 'small', vcpu = 1, memory_gib = 2 },
        { name = 'large', vcpu = 4, memory_gib = 4 },
    ]
    [[zones]]
    name = 'a'
    hosts = [
        { count = 1, vcpu = 4, memory_gib = 16, sku = 'old' },
        { count = 1, vcpu = 8, memory_gib = 16, sku = 'new' },
    ]
    [[zones]]
    name = 'b'
    hosts = [{ count = 2, vcpu = 8, memory_gib = 16, sku = 'new' }]
    ";

/// In zone a: 4 vCPU on the old host throughout, 4 on the new one from 41 s on, and a refusal. In zone b: 1 vCPU to 45 s.
const DEMAND: &str = "start_s,end_s,type,zone
0,,large,a
5,45,small,b
41,,large,a
60,,large,a
70,,large,a
";

fn workplace() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let scenario = format!("name = 'parts'\n{HOSTS}\n[workload]\ntrace = 'trace.csv'\n");
    fs::write(place.path().join("parts.toml"), scenario).unwrap();
    fs::write(place.path().join("trace.csv"), DEMAND).unwrap();
    place
}

#[test]
fn parts_of_the_fleet_have_their_own_figures() {
    let place = workplace();
    let summary = printed(place.path(), &["run", "parts.toml", "--json"]);
    let summary: Value = serde_json::from_str(&summary).unwrap();
    let figures =
        |part: &Value, keys: &[&str]| -> Vec<Value> { keys.iter().map(|key| part[key].clone()).collect() };
    let keys = ["name", "launched", "refused", "hosts", "hosts_used_peak", "vcpu", "vcpu_used_ratio_peak"];
    // Of the last launch in zone a no host has 4 vCPU left: 4 of 12 were free until 60 s.
    assert_eq!(
        figures(&summary["by_zone"][0], &keys),
        [json!("a"), json!(3), json!(1), json!(2), json!(2), json!(12.0), json!(1.0)]
    );
    assert_eq!(
        figures(&summary["by_zone"][1], &keys),
        [json!("b"), json!(1), json!(0), json!(2), json!(1), json!(16.0), json!(1.0 / 16.0)]
    );
    let keys = ["name", "hosts", "hosts_used_peak", "memory_gib", "memory_used_ratio_peak"];
    assert_eq!(
        figures(&summary["by_sku"][0], &keys),
        [json!("old"), json!(1), json!(1), json!(16.0), json!(0.25)]
    );
    assert_eq!(
        figures(&summary["by_sku"][1], &keys),
        [json!("new"), json!(3), json!(1), json!(48.0), json!(8.0 / 48.0)]
    );
    // No sample is from the four seconds in which two of the new hosts were in use. Eleven samples: the old host is full in all of them.
    assert_eq!(summary["by_sku"][0]["vcpu_used_ratio_mean"], 1.0);
    assert_eq!(
        summary["by_type"],
        json!([
            { "name": "large", "launched": 3, "refused": 1, "running_mean": 22.0 / 11.0, "running_peak": 3 },
            { "name": "small", "launched": 1, "refused": 0, "running_mean": 4.0 / 11.0, "running_peak": 1 },
        ])
    );
    // Each sample of the groups adds up to that of the fleet.
    let read = |name: &str| fs::read_to_string(place.path().join("results/runs/parts").join(name)).unwrap();
    let groups = read("host_groups.csv");
    assert!(groups.starts_with("time_s,group,zone,sku,hosts,hosts_used,vcpu,vcpu_used,"), "{groups}");
    assert!(groups.contains("\n50,1,a,new,1,1,8,4,16,4,0,0\n50,2,b,new,2,0,16,0,32,0,0,0\n"), "{groups}");
    let page = read("report.html");
    for chart in ["vcpu-by-zone", "memory-by-zone", "vcpu-by-sku", "memory-by-sku"] {
        assert!(page.contains(&format!("data-chart=\"{chart}\"")), "{chart}");
    }
}

#[test]
fn the_terminal_breaks_a_run_down_where_it_is_asked_to() {
    let place = workplace();
    let plain = printed(place.path(), &["run", "parts.toml"]);
    assert!(!plain.contains("By zone"), "{plain}");
    let text = printed(place.path(), &["run", "parts.toml", "--by", "zone,sku,type"]);
    for part in ["By zone", "By host group", "By type", "vCPU free", "GiB free", " old "] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[test]
fn groups_are_counted_as_their_hosts_are() {
    // The check of conservation holds the totals of the groups to their hosts after every event.
    let faults = "[faults]
        hosts = { detection = '5s' }
        outages = [{ at = '50s', zone = 'a', length = '20s' }]";
    let text = format!("{HOSTS}\n{faults}");
    for strategy in ["first-fit", "spread"] {
        let set = format!("placement.strategy={strategy}");
        let outcome = Experiment::replaying(DEMAND, &text).run_with(&[&set], CHECKED, &mut Silent);
        assert!(outcome.breakdown.samples() > 10);
    }
}
