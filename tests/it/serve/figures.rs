//! `/metrics`: families that are declared, samples that are theirs, and what Prometheus' own linter says.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

use super::actions::{Asker, launch, texts, with_server};
use super::process::Server;

/// Returns the figures of a server with a control plane, refusals and a bill.
fn exposed() -> String {
    let more =
        "control_plane = { preset = 'zero', gateway.service = { kind = 'constant', value = '30ms' } }\n";
    let server = Server::start_with(more, &["--clock", "stepped", "--auto-advance", "10s"]);
    for _ in 0..40 {
        server.post("/", &launch("&Placement.AvailabilityZone=a"));
    }
    server.post("/_plimsoll/clock", "{\"advance\": \"2m\"}");
    let text = server.get("/metrics").1;
    server.stop();
    text
}

#[test]
fn every_sample_is_of_a_family_and_there_once() {
    let text = exposed();
    let mut kinds = BTreeMap::new();
    let (mut seen, mut last) = (BTreeSet::new(), "");
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(kinds.insert(name, kind).is_none(), "{name} is declared twice");
            last = name;
        } else if !line.starts_with('#') {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(seen.insert(sample), "{sample} is there twice");
            assert!(sample.starts_with(last), "{sample} is not with its family, {last}");
        }
    }
    let value = |sample: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("{sample}: {text}")).parse::<f64>().unwrap()
    };
    assert_eq!(kinds["plimsoll_answer_seconds"], "histogram");
    assert_eq!(value("plimsoll_answer_seconds_bucket{operation=\"launch\",le=\"0.025\"}"), 0.0);
    assert!(value("plimsoll_answer_seconds_bucket{operation=\"launch\",le=\"0.05\"}") >= 40.0);
    assert!(
        value("plimsoll_refused_calls_total{operation=\"launch\",code=\"InsufficientInstanceCapacity\"}")
            > 0.0
    );
    assert!(value("plimsoll_stage_arrivals_total{stage=\"gateway\"}") >= 40.0);
    assert!(value("plimsoll_instance_cost_usd_per_hour") > 0.0);
    assert!(value("plimsoll_headroom_instances{zone=\"a\",type=\"m5.large\"}") < 16.0);
}

#[test]
fn the_linter_of_prometheus_is_content() {
    let spawned = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut linter) = spawned else {
        eprintln!("SKIPPED: there is no promtool; Debian's package prometheus has it");
        return;
    };
    linter.stdin.take().unwrap().write_all(exposed().as_bytes()).unwrap();
    let told = linter.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&[told.stdout, told.stderr].concat()).into_owned();
    assert!(told.status.success() && text.is_empty(), "{text}");
}

#[test]
fn the_table_of_instances_looks_at_the_newest_alone_and_says_so() {
    let large =
        "zones = [{ name = 'a', hosts = [{ count = 50, vcpu = 192, memory_gib = 768 }] }]\n[workload]\n";
    with_server(large, None, |asker| {
        let tag = "&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Team&TagSpecification.1.Tag.1.Value=Red";
        let first = asker.get(&launch(tag));
        let found = |asker: &mut Asker<'_>, wanted: &str| {
            let found = asker.live(wanted).1;
            (found["instances"].as_array().unwrap().len(), found["complete"] == true)
        };
        for (wanted, count) in
            [("", 1), (" ", 1), ("team=RED", 1), ("blue", 0), (&texts(&first, "instanceId")[0], 1)]
        {
            assert_eq!(found(asker, wanted), (count, true), "{wanted}");
        }
        asker.get("Action=RunInstances&InstanceType=m5.large&ImageId=ami-1&MinCount=4500&MaxCount=4500");
        assert_eq!(found(asker, ""), (200, false));
        assert_eq!(found(asker, "m5"), (200, false));
        assert_eq!(found(asker, "red"), (0, false), "it is older than those that are looked at");
    });
}
