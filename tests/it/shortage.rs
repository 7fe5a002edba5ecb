//! First shortage of a run: resource, zone, host groups, what was asked and what was free.

use serde_json::{Value, json};

use crate::command_line::{plimsoll, printed};
use crate::support::Experiment;

const HOSTS: &str = "
    name = 'short'
    duration = '1h'
    placement.strategy = 'best-fit'
    instance_types = [
        { name = 'lean', vcpu = 1, memory_gib = 1 },
        { name = 'fat', vcpu = 1, memory_gib = 12 },
        { name = 'wide', vcpu = 3, memory_gib = 2 },
    ]
    [[zones]]
    name = 'a'
    hosts = [
        { count = 2, vcpu = 4, memory_gib = 16, sku = 'gen2', types = ['lean', 'wide'] },
        { count = 2, vcpu = 4, memory_gib = 16, sku = 'gen3' },
    ]
    [[zones]]
    name = 'b'
    hosts = [{ count = 1, vcpu = 4, memory_gib = 16, sku = 'gen3' }]
    [workload]
    trace = 'trace.csv'
    ";

/// Returns the first shortage of a run of these rows, and what the terminal says of it.
fn first_shortage(rows: &str, set: &[&str]) -> (Value, String) {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("short.toml"), HOSTS).unwrap();
    std::fs::write(place.path().join("trace.csv"), format!("start_s,end_s,type,zone\n{rows}")).unwrap();
    let mut words = vec!["run", "short.toml"];
    set.iter().for_each(|set| words.extend(["--set", set]));
    let told = plimsoll(place.path(), &words).env("COLUMNS", "1000").output().unwrap();
    let text = String::from_utf8(told.stdout).unwrap();
    let answer = text.lines().nth(1).unwrap_or_else(|| panic!("{text}")).to_string();
    let summary: Value =
        serde_json::from_str(&printed(place.path(), &[&words[..], &["--json"]].concat())).unwrap();
    (summary["first_shortage"].clone(), answer)
}

#[test]
fn the_resource_that_keeps_hosts_out_is_named_with_zone_and_host_group() {
    let (first, answer) = first_shortage("10,,fat,a\n20,,fat,a\n30,,fat,a\n", &[]);
    let expected = json!({
        "code": "InsufficientInstanceCapacity", "at_s": 30.0, "operation": "launch", "type": "fat", "zone": "a",
        "zones": 1, "resource": "memory", "limit": first["limit"], "asked": 12.0, "free": 8.0, "most_free": 4.0,
        "unit": "GiB", "hosts": 2, "hosts_short": 2, "host_groups": ["gen3"],
    });
    assert_eq!(first, expected);
    assert_eq!(
        answer,
        "Ran out first: memory in a, host group gen3, after 30 s. fat asked for 12 GiB; no host had more than 4 GiB \
         free, both hosts together 8 GiB."
    );
}

#[test]
fn a_launch_that_may_go_anywhere_is_short_in_all_zones() {
    let rows = "1,,fat,\n2,,fat,\n3,,fat,\n4,,fat,\n";
    let (first, answer) = first_shortage(rows, &[]);
    assert_eq!((&first["zone"], &first["zones"], &first["hosts"]), (&Value::Null, &json!(2), &json!(3)));
    assert!(
        answer.starts_with("Ran out first: memory in both zones, host group gen3, after 4 s."),
        "{answer}"
    );
}

#[test]
fn hosts_may_be_short_of_different_resources() {
    // Zone b has one host: 2 vCPU and 3 GiB are left for an instance of 3 vCPU.
    let (first, answer) = first_shortage("1,,fat,b\n2,,lean,b\n3,,wide,b\n", &[]);
    assert_eq!(
        (&first["resource"], &first["asked"], &first["most_free"]),
        (&json!("vCPU"), &json!(3.0), &json!(2.0))
    );
    assert!(
        answer.contains(
            "vCPU in b, host group gen3, after 3 s. wide asked for 3 vCPU; no host had more than 2"
        )
    );
}

#[test]
fn addresses_and_quotas_run_out_too() {
    let addresses = [
        "network.public_addresses=1",
        "network.subnets=[{name='s', zone='a', cidr='10.0.0.0/28', assign_public_address=true}]",
    ];
    let (first, answer) = first_shortage("1,,lean,a\n2,,lean,a\n", &addresses);
    assert_eq!((&first["resource"], &first["host_groups"]), (&json!("public addresses"), &Value::Null));
    assert_eq!(answer, "Ran out first: public addresses in a, after 2 s. lean asked for 1; 0 left.");
    let (first, _) = first_shortage("1,,lean,a\n", &[]);
    assert_eq!(first, Value::Null, "nothing ran out");
}

/// Sum of what is in use and what is unmet: what a fleet that refuses nothing has in use, at every sample.
#[test]
fn what_was_refused_is_unmet_as_long_as_it_would_have_lasted() {
    let scenario = |demand: &str| {
        format!(
            "duration = '2d'\noutput.sample_every = '17m'\nlifecycle = {{ boot = '0s', stop = '0s', terminate = '0s' }}\n\
             zones = [{{ name = 'a', hosts = [{{ count = 3, vcpu = 8, memory_gib = 32 }}] }}]\n{demand}"
        )
    };
    let drawn = "[[workload.arrivals]]\nprocess = { kind = 'batch', per_hour = 3.0, mean_size = 4.0 }\ncount = 2\n\
                 lifetime = { kind = 'exponential', mean = '3h' }\ntypes = { 'm5.large' = 2, 'm5.xlarge' = 1 }";
    let waits = format!("{drawn}\non_refusal = {{ attempts = 1 }}");
    for demand in [drawn, &waits] {
        let experiment = Experiment::new(&scenario(demand));
        let (short, few) = experiment.watch();
        let (plenty, many) = experiment.watch_with(&["zones.0.hosts.0.count=400"]);
        assert!(short.launch.failed() > 20 && plenty.launch.failed() == 0);
        for (few, many) in few.samples.iter().zip(&many.samples) {
            let asked_for =
                (few.vcpu_used_milli + few.vcpu_unmet_milli, few.memory_used_mib + few.memory_unmet_mib);
            assert_eq!(asked_for, (many.vcpu_used_milli, many.memory_used_mib), "at {:?}", few.at);
            assert_eq!(many.vcpu_unmet_milli, 0);
        }
    }
}
