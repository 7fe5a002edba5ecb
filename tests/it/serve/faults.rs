//! Faults that clients inject, and the checkpoints and explanations that they ask for.
#![cfg(unix)]

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};

use super::actions::{Asker, launch, texts, with_server};
use super::process::{Server, digest};

/// Two zones of two racks with a host each, which take two instances of `m5.large`.
const ZONES: &str = "
lifecycle = { boot = '40s', stop = '20s', terminate = '15s' }
faults.hosts = { detection = '10s' }
[[zones]]
name = 'a'
hosts = [{ count = 2, vcpu = 4, memory_gib = 16, hosts_per_rack = 1 }]
[[zones]]
name = 'b'
hosts = [{ count = 2, vcpu = 4, memory_gib = 16, hosts_per_rack = 1 }]
[workload]
";

fn injected(asker: &mut Asker<'_>, body: Value) -> Value {
    let (status, answer) = asker.fault(&body.to_string());
    assert_eq!(status, 200, "{body}: {answer}");
    answer
}

fn in_zone(zone: &str, count: u32) -> String {
    let launch = "Action=RunInstances&InstanceType=m5.large&ImageId=ami-1&MinCount";
    format!("{launch}={count}&MaxCount={count}&Placement.AvailabilityZone={zone}")
}

fn full() -> (u16, String) {
    (500, "InsufficientInstanceCapacity".to_string())
}

#[test]
fn a_zone_that_fails_takes_its_instances_along_and_returns() {
    with_server(ZONES, None, |asker| {
        asker.get(&in_zone("a", 4));
        asker.get(&in_zone("b", 1));
        asker.advance("1m");
        assert_eq!(injected(asker, json!({ "fail": { "zone": "a" } }))["hosts"], 2);
        asker.advance("9s");
        assert_eq!(asker.states(), ["running"; 5], "the failure is not detected yet");
        asker.advance("1s");
        let after = ["stopped", "stopped", "stopped", "stopped", "running"];
        assert_eq!(asker.states(), after, "there is no other host in the zone");
        assert_eq!(asker.refused(&in_zone("a", 1)), full());
        asker.advance("1d");
        assert_eq!(asker.refused(&in_zone("a", 1)), full(), "it lasts until it is repaired");
        assert_eq!(injected(asker, json!({ "repair": { "zone": "a" } }))["hosts"], 2);
        asker.get(&in_zone("a", 4));
    });
}

#[test]
fn a_host_or_a_rack_that_fails_leaves_the_others() {
    with_server(ZONES, None, |asker| {
        let first = texts(&asker.get(&in_zone("a", 1)), "instanceId").remove(0);
        asker.advance("1m");
        // A strategy fills the first host first.
        assert_eq!(injected(asker, json!({ "fail": { "host": 0 }, "for": "5m" }))["hosts"], 1);
        asker.advance("10s");
        assert_eq!(asker.states(), ["pending"], "it comes up again on the other host");
        asker.advance("40s");
        assert_eq!(asker.states(), ["running"]);
        asker.get(&in_zone("a", 1));
        assert_eq!(asker.refused(&in_zone("a", 1)), full());
        asker.advance("4m10s");
        asker.get(&in_zone("a", 2));
        injected(asker, json!({ "fail": { "zone": "a", "rack": 1 } }));
        asker.get(&format!("Action=TerminateInstances&InstanceId.1={first}"));
        asker.advance("10s");
        assert_eq!(asker.refused(&in_zone("a", 1)), full());
        // Repaired before the failure is detected: its instances have lost it all the same.
        let lost = texts(&asker.get(&in_zone("b", 1)), "instanceId").remove(0);
        asker.advance("1m");
        injected(asker, json!({ "fail": { "zone": "b" } }));
        injected(asker, json!({ "repair": { "zone": "b" } }));
        let described = asker.get(&format!("Action=DescribeInstances&InstanceId.1={lost}"));
        assert!(
            described.contains("<name>stopped</name>"),
            "no host of the zone was there for it: {described}"
        );
        asker.get(&in_zone("b", 3));
    });
}

/// The zones behind a control plane that takes no time.
fn behind_a_control_plane() -> String {
    format!("control_plane.preset = 'zero'\n{ZONES}")
}

#[test]
fn an_instance_comes_up_behind_a_control_plane_after_a_fault() {
    with_server(&behind_a_control_plane(), None, |asker| {
        asker.get(&in_zone("a", 1));
        asker.advance("1m");
        assert_eq!(asker.states(), ["running"]);
        injected(asker, json!({ "fail": { "host": 0 } }));
        injected(asker, json!({ "repair": { "host": 0 } }));
        asker.advance("1h");
        assert_eq!(asker.states(), ["running"], "its restart goes on without another call");
    });
}

#[test]
fn repeated_faults_leave_no_timer_that_does_harm() {
    for text in [ZONES.to_string(), behind_a_control_plane()] {
        fail_and_repair_in_turn(&text);
    }
}

fn fail_and_repair_in_turn(text: &str) {
    with_server(text, None, |asker| {
        asker.get(&in_zone("a", 2));
        for _ in 0..20 {
            injected(asker, json!({ "fail": { "zone": "a" }, "for": "25s" }));
            asker.advance("7s");
            injected(asker, json!({ "repair": { "zone": "a" } }));
            asker.advance("2s");
            injected(asker, json!({ "fail": { "host": 0 }, "for": "9s" }));
            asker.advance("15s");
        }
        asker.advance("1m");
        asker.get("Action=DescribeInstances");
        let starts = asker.get(&in_zone("b", 4));
        assert_eq!(texts(&starts, "instanceId").len(), 4);
        assert!(asker.states().iter().any(|state| state == "stopped"));
    });
}

#[test]
fn wrong_faults_are_refused_and_change_nothing() {
    with_server(ZONES, None, |asker| {
        asker.get(&in_zone("a", 4));
        for body in [
            "",
            "{}",
            "[]",
            "{\"fail\": {}}",
            "{\"fail\": {\"zone\": \"c\"}}",
            "{\"fail\": {\"host\": 4}}",
            "{\"fail\": {\"host\": -1}}",
            "{\"fail\": {\"rack\": 1}}",
            "{\"fail\": {\"zone\": \"a\", \"rack\": 2}}",
            "{\"fail\": {\"zone\": \"a\", \"host\": 0}}",
            "{\"fail\": {\"zone\": \"a\"}, \"repair\": {\"zone\": \"a\"}}",
            "{\"fail\": {\"zone\": \"a\"}, \"for\": \"0s\"}",
            "{\"fail\": {\"zone\": \"a\"}, \"for\": \"soon\"}",
            "{\"repair\": {\"zone\": \"a\"}, \"for\": \"1m\"}",
            "{\"fail\": {\"zone\": \"a\", \"kind\": \"hang\"}}",
            "{\"fail\": {\"stage\": \"primary\"}}",
            "{\"repair\": {\"stage\": \"primary\"}}",
            "{\"repair\": {\"zone\": \"a\", \"kind\": \"hang\"}}",
            "{\"fail\": {\"planet\": \"earth\"}}",
        ] {
            let (status, answer) = asker.fault(body);
            assert_eq!((status, &answer["error"]["code"]), (400, &json!("InvalidParameterValue")), "{body}");
            let message = answer["error"]["message"].as_str().unwrap();
            assert!(message.contains("expected") || message.contains("Expected"), "{body}: {message}");
        }
        let told = asker.fault("{\"fail\": {\"stage\": \"primary\"}}").1["error"]["message"].to_string();
        assert!(told.contains("models no control plane (set control_plane.preset"), "{told}");
        injected(asker, json!({ "repair": { "zone": "a" } }));
        asker.advance("1h");
        assert_eq!(asker.states(), ["running"; 4]);
    });
}

#[test]
fn a_stage_that_fails_refuses_hangs_or_is_slow() {
    let text = format!(
        "control_plane = {{ preset = 'zero', gateway.service = {{ kind = 'constant', value = '1s' }} }}\n{ZONES}"
    );
    let step = Some(plimsoll::units::Duration::from_seconds(30));
    with_server(&text, step, |asker| {
        let took = |asker: &mut Asker<'_>| {
            let before = asker.now_s();
            let (status, _) = asker.ask(&launch(""));
            (status, asker.now_s() - before)
        };
        assert_eq!(took(asker), (200, 1.0));
        injected(asker, json!({ "fail": { "stage": "gateway" } }));
        assert_eq!(took(asker).0, 503, "refuses");
        injected(asker, json!({ "repair": { "stage": "gateway" } }));
        assert_eq!(took(asker), (200, 1.0));
        let slow = json!({ "stage": "gateway", "kind": "slow", "factor": 3 });
        injected(asker, json!({ "fail": slow, "for": "1m" }));
        assert_eq!(took(asker), (200, 3.0));
        // The end of an outage that another has replaced is void.
        injected(asker, json!({ "fail": { "stage": "gateway", "kind": "hang" }, "for": "61s" }));
        asker.advance("59s");
        let (status, seconds) = took(asker);
        assert!(status == 200 && (2.0..=3.1).contains(&seconds), "{status} {seconds}");
        let told = |asker: &mut Asker<'_>, body: Value| {
            let (status, answer) = asker.fault(&body.to_string());
            assert_eq!(status, 400, "{body}");
            answer["error"]["message"].as_str().unwrap().to_string()
        };
        for (wrong, first) in [
            (json!({ "stage": "moat", "kind": "hang", "factor": 3 }), "stage"),
            (json!({ "stage": "gateway", "kind": "slow" }), "factor"),
        ] {
            let told = told(asker, json!({ "fail": wrong }));
            assert!(told.starts_with(&format!("`fault.{first}`: ")), "{told}");
        }
        for wrong in [
            json!({ "stage": "moat" }),
            json!({ "stage": "gateway", "kind": "hang" }),
            json!({ "stage": "gateway", "factor": 3 }),
        ] {
            told(asker, json!({ "repair": wrong }));
        }
    });
}

#[test]
fn the_figures_of_now_know_injected_faults() {
    with_server(ZONES, None, |asker| {
        asker.get(&in_zone("a", 2));
        injected(asker, json!({ "fail": { "zone": "a" } }));
        asker.advance("20s");
        assert_eq!(asker.summary().0, 200);
    });
}

#[test]
fn the_live_page_sees_every_host_and_instance() {
    with_server(ZONES, None, |asker| {
        asker.get(&in_zone("a", 3));
        asker.get(&in_zone("b", 1));
        asker.refused(&in_zone("a", 9));
        injected(asker, json!({ "fail": { "zone": "b", "rack": 1 } }));
        asker.advance("1m");
        let (live, found) = asker.live("");
        assert_eq!(live["level"], "host");
        let cells = |zone: usize, key: &str| -> Vec<f64> {
            let cells = live["zones"][zone]["cells"].as_array().unwrap();
            cells.iter().map(|cell| cell[key].as_f64().unwrap()).collect()
        };
        assert_eq!(cells(0, "number"), [0.0, 1.0]);
        assert_eq!(cells(1, "number"), [2.0, 3.0]);
        assert_eq!((cells(0, "vcpus"), cells(0, "vcpus_used").iter().sum::<f64>()), (vec![4.0; 2], 6.0));
        assert_eq!(cells(0, "instances").iter().sum::<f64>(), 3.0);
        assert_eq!((cells(0, "down"), cells(1, "down")), (vec![0.0; 2], vec![0.0, 1.0]));
        assert_eq!(live["fleet"]["hosts_down"], 1);
        assert_eq!(live["launches"], json!({ "requested": 13, "succeeded": 4 }));
        let refused = json!({ "InsufficientInstanceCapacity": 1 });
        assert_eq!(live["calls"][0], json!({ "operation": "launch", "requested": 3, "refused": refused }));
        let price = live["cost_usd_per_hour"].as_f64().unwrap();
        assert!((price - 4.0 * 0.096).abs() < 1e-9, "four m5.large: {price}");
        assert_eq!((found["instances"].as_array().unwrap().len(), &found["complete"]), (4, &json!(true)));
        let of_b = asker.live("ZONE b").1;
        assert_eq!(of_b["instances"], json!([]), "columns are searched, one by one");
        for (wanted, count) in [("m5", 4), ("running", 4), ("c5", 0), ("default", 4)] {
            assert_eq!(asker.live(wanted).1["instances"].as_array().unwrap().len(), count, "{wanted}");
        }
    });
    let racks = "zones = [{ name = 'a', hosts = [{ count = 4000, vcpu = 4, memory_gib = 16, hosts_per_rack = 10 }] },
        { name = 'b', hosts = [{ count = 25, vcpu = 4, memory_gib = 16, hosts_per_rack = 10 }] }]\n[workload]\n";
    with_server(racks, None, |asker| {
        injected(asker, json!({ "fail": { "zone": "b", "rack": 2 } }));
        let live = asker.live("").0;
        let cells = |zone: usize| live["zones"][zone]["cells"].as_array().unwrap().clone();
        assert_eq!((&live["level"], cells(0).len(), cells(1).len()), (&json!("rack"), 400, 3));
        let [_, whole, last] = cells(1).try_into().unwrap();
        assert_eq!((&whole["number"], &whole["hosts"], &whole["down"]), (&json!(1), &json!(10), &json!(0)));
        assert_eq!((&last["number"], &last["hosts"], &last["down"]), (&json!(2), &json!(5), &json!(5)));
    });
    let groups = racks.replace("hosts_per_rack = 10", "hosts_per_rack = 1");
    with_server(&groups, None, |asker| {
        let live = asker.live("").0;
        assert_eq!(
            (&live["level"], live["zones"][0]["cells"].as_array().unwrap().len()),
            (&json!("group"), 1)
        );
        assert_eq!(live["zones"][1]["cells"][0]["hosts"], 25);
    });
}

/// Runs a command in a folder, and returns the folder of its result.
fn run(folder: &Path, words: &[&str]) -> String {
    let command = Command::new(cargo_bin("plimsoll"))
        .args(["run", "s.toml", "-o", "again", "--no-report", "--quiet"])
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(command.status.success(), "{words:?}: {}", String::from_utf8_lossy(&command.stderr));
    digest(&folder.join("again"))
}

#[test]
fn faults_are_in_the_journal() {
    let mut server = Server::start(&["--clock", "stepped", "--journal", "j"]);
    for round in 0..4 {
        server.post("/", &launch(""));
        server.post("/_plimsoll/clock", "{\"advance\": \"3m\"}");
        let (host, other) = (round % 4, (round + 1) % 4);
        let body = json!({ "fail": { "host": host }, "for": "10m" }).to_string();
        assert_eq!(server.post("/_plimsoll/fault", &body).0, 200);
        server.post("/_plimsoll/clock", "{\"advance\": \"20s\"}");
        let body = json!({ "repair": { "host": other } }).to_string();
        assert_eq!(server.post("/_plimsoll/fault", &body).0, 200);
        let before = server.post("/", "Action=DescribeInstances").1;
        server = server.kill_and_restart();
        let after = server.post("/", "Action=DescribeInstances").1;
        let shown = |body: &str| body.split("</requestId>").nth(1).unwrap().to_string();
        assert_eq!(shown(&before), shown(&after));
    }
    let (result, folder) = server.stop();
    let summary = fs::read_to_string(result.join("summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["faults"]["host_failures"], 4);
    assert_eq!(digest(&result), run(folder.path(), &["--replay", "j"]));
}

/// Launches without waiting for the answer, until the journal has the request; returns the connection.
fn launch_and_leave(server: &Server, number: usize) -> TcpStream {
    let connection = server.begin(&launch(""));
    let journal = server.folder().join("j/journal.jsonl");
    while fs::read_to_string(&journal).unwrap().matches("RunInstances").count() < number {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    connection
}

#[test]
fn a_run_goes_on_from_a_fork_as_the_server_did() {
    // With a control plane a call is on its way when the fork is made; without faults of its own the scenario has one injected.
    for more in ["", "control_plane.preset = 'aws-like'\n"] {
        let more = format!("output.sample_every = '1m'\n{more}");
        let options = ["--clock", "stepped", "--checkpoint-dir", "forks", "--journal", "j"];
        let server = Server::start_with(&more, &options);
        let mut connections = Vec::new();
        for number in 1..=3 {
            connections.push(launch_and_leave(&server, number));
            server.post("/_plimsoll/clock", "{\"advance\": \"90s\"}");
        }
        server.post("/_plimsoll/fault", "{\"fail\": {\"host\": 0}, \"for\": \"10m\"}");
        server.post("/_plimsoll/clock", "{\"advance\": \"45s\"}");
        connections.push(launch_and_leave(&server, 4));
        let (status, fork) = server.post("/_plimsoll/fork", "");
        let fork: Value = serde_json::from_str(&fork).unwrap();
        assert_eq!((status, &fork["now_s"]), (200, &json!(315.0)), "{fork}");
        server.post("/_plimsoll/clock", "{\"advance\": \"1h\"}");
        let (result, folder) = server.stop();
        let file = fork["checkpoint"].as_str().unwrap();
        let words = ["--from-checkpoint", file, "--set", "duration=3915s"];
        assert_eq!(digest(&result), run(folder.path(), &words), "{more}");
        let again = |file: &str| fs::read_to_string(folder.path().join(file).join("timeseries.csv")).unwrap();
        assert_eq!(again("out"), again("again"), "the reports are whole");
    }
}

#[test]
fn a_fork_of_a_scenario_without_demand_needs_a_time_to_end() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.toml"), format!("name = 'idle'\n{ZONES}")).unwrap();
    let options = ["--clock", "stepped", "--checkpoint-dir", "forks"].map(String::from);
    let server = Server::start_in(folder, options.into());
    server.post("/", &in_zone("a", 4));
    server.post("/_plimsoll/clock", "{\"advance\": \"1h\"}");
    let fork = server.post("/_plimsoll/fork", "").1;
    let fork: Value = serde_json::from_str(&fork).unwrap();
    let file = fork["checkpoint"].as_str().unwrap().to_string();
    assert_eq!(file, "forks/idle-1h.checkpoint");
    let (result, folder) = server.stop();
    let refused = Command::new(cargo_bin("plimsoll"))
        .args(["run", "s.toml", "-o", "again", "--from-checkpoint", &file])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && told.contains("`duration`: found nothing"), "{told}");
    let words = ["--from-checkpoint", &file, "--set", "duration=1h"];
    assert_eq!(digest(&result), run(folder.path(), &words));
    run(folder.path(), &["--from-checkpoint", &file, "--set", "duration=2h"]);
    let summary = fs::read_to_string(folder.path().join("again/summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["fleet"]["instances_running_peak"], 4, "they are still there: {summary}");
}

#[test]
fn each_fork_is_a_file_of_its_own() {
    let server = Server::start(&["--clock", "stepped", "--checkpoint-dir", "forks"]);
    server.post("/_plimsoll/clock", "{\"advance\": \"5m\"}");
    let fork = |server: &Server| {
        let (status, fork) = server.post("/_plimsoll/fork", "");
        assert_eq!(status, 200, "{fork}");
        serde_json::from_str::<Value>(&fork).unwrap()["checkpoint"].as_str().unwrap().to_string()
    };
    assert_eq!(fork(&server), "forks/served-5m.checkpoint");
    let first = fs::read(server.folder().join("forks/served-5m.checkpoint")).unwrap();
    server.post("/", &launch(""));
    assert_eq!(fork(&server), "forks/served-5m-2.checkpoint");
    let server = server.kill_and_restart();
    server.post("/_plimsoll/clock", "{\"advance\": \"5m\"}");
    assert_eq!(fork(&server), "forks/served-5m-3.checkpoint", "another server has the folder too");
    assert!(fs::read(server.folder().join("forks/served-5m.checkpoint")).unwrap() == first);
    server.stop();
}

#[test]
fn a_server_without_a_folder_for_checkpoints_records_nothing_for_them() {
    let server = Server::start(&["--clock", "stepped"]);
    let (status, told) = server.post("/_plimsoll/fork", "");
    assert!(status == 409 && told.contains("--checkpoint-dir"), "{told}");
    let (_, folder) = server.stop();
    assert!(!folder.path().join("results").exists());
}

#[test]
fn an_instance_is_explained_from_the_journal() {
    let server = Server::start(&["--clock", "stepped", "--journal", "j"]);
    server.post("/_plimsoll/clock", "{\"advance\": \"5m\"}");
    let launched = server.post("/", &launch("")).1;
    let id = texts(&launched, "instanceId").remove(0);
    let get = |path: &str| {
        let (status, body) = server.get(&format!("/_plimsoll/explain/{path}"));
        (status, serde_json::from_str::<Value>(&body).unwrap())
    };
    let (status, explanation) = get(&id);
    assert_eq!(status, 200, "{explanation}");
    let decision = &explanation["decisions"][0];
    assert_eq!((&decision["occasion"], &decision["time_s"]), (&json!("launch"), &json!(300.0)), "{decision}");
    assert_eq!(decision["ending"]["is"], "placed");
    for (unknown, status, code) in [
        ("i-0", 400, "InvalidInstanceID.Malformed"),
        ("i-00000000000000000", 404, "InstanceNotFound"),
        ("i-0123abcd", 404, "InstanceNotFound"),
    ] {
        let (found, answer) = get(unknown);
        assert_eq!((found, &answer["error"]["code"]), (status, &json!(code)), "{unknown}");
    }
    server.stop();
    let server = Server::start(&["--clock", "stepped"]);
    let (status, told) = server.get(&format!("/_plimsoll/explain/{id}"));
    assert!(status == 409 && told.contains("--journal"), "{told}");
    server.stop();
}
