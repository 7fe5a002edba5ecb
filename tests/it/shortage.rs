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

/// Runs operations, and returns the first shortage and the answer.
fn of_operations(rows: &str, set: &[&str]) -> (Value, String) {
    let place = tempfile::tempdir().unwrap();
    let text = HOSTS.replace("trace.csv", "calls.csv");
    std::fs::write(place.path().join("short.toml"), text).unwrap();
    let header = "time_s,op,instance,type,zone,count,min_count";
    std::fs::write(place.path().join("calls.csv"), format!("{header}\n{rows}")).unwrap();
    let mut words = vec!["run", "short.toml"];
    set.iter().for_each(|set| words.extend(["--set", set]));
    let told = plimsoll(place.path(), &words).env("COLUMNS", "1000").output().unwrap();
    let text = String::from_utf8(told.stdout).unwrap();
    let answer = text.lines().nth(1).unwrap_or_else(|| panic!("{text}")).to_string();
    let summary = printed(place.path(), &[&words[..], &["--json"]].concat());
    let summary: Value = serde_json::from_str(&summary).unwrap();
    (summary["first_shortage"].clone(), answer)
}

#[test]
fn a_launch_of_all_or_none_says_how_many_had_room() {
    // Zone b has a host of 16 GiB, room for one of 12: two at once have not, and nothing is short afterwards.
    let (first, answer) = of_operations("10,launch,x,fat,b,2,2\n", &[]);
    assert_eq!(
        (&first["zone"], &first["asked_together"], &first["room_for"]),
        (&json!("b"), &json!(2), &json!(1))
    );
    assert_eq!(
        answer,
        "Ran out first: room on the hosts in b, after 10 s. 2 of fat were asked for at once; there was enough for 1."
    );
    // Zone a takes two, zone b one: three in one zone have room in none.
    let (first, answer) = of_operations("10,launch,x,fat,,3,3\n", &[]);
    assert_eq!((&first["zone"], &first["zones"], &first["room_for"]), (&Value::Null, &json!(2), &json!(2)));
    assert_eq!(
        answer,
        "Ran out first: room on the hosts in both zones, after 10 s. 3 of fat were asked for at once; no zone had enough for \
         more than 2."
    );
    // One of as many as fit: the zone of the first is that of the rest, the other zone has room and is not at fault.
    let (first, answer) = of_operations("10,launch,x,fat,,3,1\n", &[]);
    assert_eq!((&first["zone"], &first["zones"], &first["hosts"]), (&json!("a"), &json!(1), &json!(2)));
    assert!(
        answer.contains(
            "memory in a, host group gen3, after 10 s. fat asked for 12 GiB; no host had more than 4 GiB"
        ),
        "{answer}"
    );
    // Addresses that do not do for all.
    let subnet = "network.subnets=[{name='s', zone='b', cidr='10.0.0.0/28'}]";
    let (first, answer) = of_operations(
        "10,launch,x,lean,b,12,12\n",
        &[subnet, "zones.1.hosts.0.vcpu=64", "zones.1.hosts.0.memory_gib=64"],
    );
    assert!(
        answer.contains(
            "private addresses in b, after 10 s. 12 of lean were asked for at once; there was enough for 11."
        ),
        "{answer}"
    );
    assert_eq!(
        (&first["asked"], &first["free"], &first["unit"]),
        (&json!(12.0), &json!(11.0), &json!("addresses"))
    );
}

#[test]
fn a_launch_with_choices_names_every_zone_that_it_tried() {
    let set = ["workload.on_refusal={ zones = 'any' }"];
    let rows = "1,,fat,a\n2,,fat,a\n3,,fat,b\n10,,fat,a\n";
    let (first, answer) = first_shortage(rows, &set);
    assert_eq!((&first["zone"], &first["zones"]), (&Value::Null, &json!(2)), "{first:#}");
    assert!(answer.contains("memory in both zones, host group gen3, after 10 s. fat asked for 12 GiB; no host had more than 4 GiB"), "{answer}");
}

#[test]
fn the_warm_up_is_no_part_of_the_answer() {
    let rows = "1,900,fat,b\n2,900,fat,b\n2000,,fat,b\n";
    let (first, answer) = first_shortage(rows, &["warmup='30m'"]);
    assert_eq!(first, Value::Null, "what ran out, ran out in the warm-up");
    assert!(answer.starts_with("Yes: every instance was launched"), "{answer}");
    let (first, answer) = first_shortage(&format!("{rows}2100,,fat,b\n"), &["warmup='30m'"]);
    assert_eq!(first["at_s"], 2100.0);
    assert!(answer.contains("after 35 min"), "{answer}");
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
