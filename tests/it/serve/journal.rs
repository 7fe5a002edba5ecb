//! The journal of a server: a run that was killed goes on as it was, and is repeated to the same digest.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;

use super::process::{Server, digest, try_post};

/// Ids of all instances in an answer.
fn ids(body: &str) -> Vec<String> {
    body.split("<instanceId>").skip(1).map(|rest| rest[..19].to_string()).collect()
}

fn launch(server: &Server) -> Option<String> {
    let form = "Action=RunInstances&ImageId=ami-1&InstanceType=m5.large&MinCount=1&MaxCount=1";
    ids(&server.post("/", form).1).pop()
}

/// Returns the digest of the run that the journal in a server's folder makes again.
fn replayed(folder: &Path) -> String {
    let output = Command::new(cargo_bin("plimsoll"))
        .args(["run", "s.toml", "--replay", "j", "-o", "again", "--no-report", "--quiet"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    digest(&folder.join("again"))
}

#[test]
fn a_killed_server_goes_on_with_every_answered_request_and_no_other() {
    let mut server = Server::start(&["--clock", "stepped", "--journal", "j"]);
    let mut acknowledged = Vec::new();
    for _ in 0..5 {
        for _ in 0..4 {
            acknowledged.extend(launch(&server));
            server.post("/_plimsoll/clock", "{\"advance\": \"7s\"}");
        }
        if let Some(oldest) = acknowledged.first().cloned().filter(|_| acknowledged.len() > 6) {
            server.post("/", &format!("Action=TerminateInstances&InstanceId.1={oldest}"));
        }
        let before = server.post("/", "Action=DescribeInstances").1;
        server = server.kill_and_restart();
        let after = server.post("/", "Action=DescribeInstances").1;
        // Request ids go on; everything else is the same.
        let shown = |body: &str| body.split("</requestId>").nth(1).unwrap().to_string();
        assert_eq!(shown(&before), shown(&after));
    }
    let found = ids(&server.post("/", "Action=DescribeInstances").1);
    assert_eq!(found, acknowledged);
    let (result, folder) = server.stop();
    assert_eq!(digest(&result), replayed(folder.path()));
}

#[test]
fn what_a_kill_has_left_of_the_last_line_is_cut_off() {
    let server = Server::start(&["--clock", "stepped", "--journal", "j"]);
    let id = launch(&server).unwrap();
    let server = server.kill_and_restart_after(|folder| {
        let file = folder.join("j/journal.jsonl");
        let mut bytes = fs::read(&file).unwrap();
        // In the middle of a letter of two bytes.
        bytes.extend(&"{\"at_ns\":5,\"request\":[\"té".as_bytes()[..25]);
        fs::write(file, bytes).unwrap();
    });
    assert_eq!(ids(&server.post("/", "Action=DescribeInstances").1), [id]);
    assert!(launch(&server).is_some());
    let server = server.kill_and_restart();
    assert_eq!(ids(&server.post("/", "Action=DescribeInstances").1).len(), 2);
    server.stop();
}

/// Serves on the journal that is in a folder, and returns what came of it.
fn serve_again(folder: &Path, more: &[&str]) -> Output {
    let words =
        ["serve", "s.toml", "--listen", "127.0.0.1:0", "--clock", "stepped", "--journal", "j", "-o", "x"];
    Command::new(cargo_bin("plimsoll")).args(words).args(more).current_dir(folder).output().unwrap()
}

#[test]
fn the_journal_of_another_run_is_refused() {
    let server = Server::start(&["--clock", "stepped", "--journal", "j"]);
    launch(&server);
    let output = serve_again(server.folder(), &[]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && told.contains("another server writes this journal"), "{told}");
    let (_, folder) = server.stop();
    for (more, what) in [(["--seed", "7"], "seed"), (["--region", "eu-west-1"], "--region")] {
        let output = serve_again(folder.path(), &more);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && told.contains(what), "{told}");
    }
}

/// Allocates addresses until the server is gone; returns those that were answered.
fn allocate_until_gone(address: &str) -> Vec<String> {
    let mut answered = Vec::new();
    while let Some((200, body)) = try_post(address, "Action=AllocateAddress&Version=2016-11-15") {
        let id = body.split("<allocationId>").nth(1).unwrap().split('<').next().unwrap();
        answered.push(id.to_string());
    }
    answered
}

#[test]
fn kills_under_load_lose_no_answered_request() {
    const CLIENTS: usize = 4;
    let kills: u64 = std::env::var("PLIMSOLL_KILLS").map_or(8, |kills| kills.parse().unwrap());
    let mut server = Server::start(&["--clock", "real", "--journal", "j"]);
    let mut answered = BTreeSet::new();
    for kill in 1..=kills {
        let address = server.address().to_string();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let address = address.clone();
                std::thread::spawn(move || allocate_until_gone(&address))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(20 * (1 + kill % 8)));
        server = server.kill_and_restart();
        for client in clients {
            answered.extend(client.join().unwrap());
        }
        let body = server.post("/", "Action=DescribeAddresses").1;
        let found: BTreeSet<String> = body
            .split("<allocationId>")
            .skip(1)
            .map(|rest| rest.split('<').next().unwrap().to_string())
            .collect();
        let lost: Vec<&String> = answered.difference(&found).collect();
        assert!(lost.is_empty(), "answered before kill {kill} and gone: {lost:?}");
        // One request of each client was on its way at each kill.
        assert!(
            found.len() <= answered.len() + CLIENTS * kill as usize,
            "{} and {}",
            found.len(),
            answered.len()
        );
    }
    assert!(answered.len() > 50, "the clients had hardly an answer: {}", answered.len());
    let (result, folder) = server.stop();
    assert_eq!(digest(&result), replayed(folder.path()));
}
