//! Room and N+1 of homogeneous fleets against `hspace`, the capacity planner of Ganeti (Debian's package `ganeti-htools`).

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::command_line::plimsoll;

/// Fleets: hosts, memory of each \[MiB\], memory of an instance \[MiB\]. No memory is a multiple of the instance's: hspace wants
/// some left.
const FLEETS: [(u64, u64, u64); 5] =
    [(2, 65_536, 7_000), (3, 65_536, 7_000), (4, 65_536, 3_000), (5, 131_072, 9_000), (12, 65_536, 20_000)];

/// Returns how many instances hspace fits on an empty cluster, with or without room for any one node's.
fn hspace(hosts: u64, memory: u64, instance: u64, survives: bool) -> u64 {
    let mut command = Command::new("hspace");
    // Shared storage, so that an instance may start on any node; disk, cores and spindles never bind.
    command.arg(format!("--simulate=preferred,{hosts},100000000,{memory},1024"));
    command.args([
        "--disk-template=rbd",
        "--machine-readable=yes",
        &format!("--standard-alloc=1024,{instance},1"),
    ]);
    if !survives {
        command.arg("--no-capacity-checks");
    }
    let output = command.output().expect("hspace runs");
    let text = String::from_utf8(output.stdout).unwrap();
    let count = text.lines().find_map(|line| line.strip_prefix("HTS_FIN_INST_CNT="));
    count.and_then(|count| count.trim_matches('\'').parse().ok()).unwrap_or_else(|| panic!("{text}"))
}

/// Returns how many instances fit by `plimsoll describe`, all and such that any one host may be lost: those that fit beside
/// a first one, and that one.
fn described(hosts: u64, memory: u64, instance: u64) -> (u64, u64) {
    let place = tempfile::tempdir().unwrap();
    let gib = |mib: u64| mib as f64 / 1024.0;
    let scenario = format!(
        "name = 'fleet'\nduration = '1d'\n[[zones]]\nname = 'a'\n[[zones.hosts]]\ncount = {hosts}\nvcpu = 1024\n\
         memory_gib = {}\n[[instance_types]]\nname = 'unit'\nvcpu = 1\nmemory_gib = {}\n\
         [workload]\ntrace = 'trace.csv'\n",
        gib(memory),
        gib(instance)
    );
    fs::write(place.path().join("scenario.toml"), scenario).unwrap();
    fs::write(place.path().join("trace.csv"), "start_s,end_s,type\n0,,unit\n").unwrap();
    let output = plimsoll(place.path(), &["describe", "scenario.toml", "--json"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let json: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
    let fit = |key: &str| json["types"][0][key].as_u64().unwrap_or_else(|| panic!("{json:#}"));
    (fit("fit") + 1, fit("fit_after_loss_of_host") + 1)
}

#[test]
fn as_many_fit_as_hspace_says_with_a_host_to_lose_and_without() {
    if Command::new("hspace").arg("--version").output().is_err() {
        eprintln!("SKIPPED: hspace is not installed (Debian: ganeti-htools), nothing is compared with it");
        return;
    }
    for (hosts, memory, instance) in FLEETS {
        let theirs = (hspace(hosts, memory, instance, false), hspace(hosts, memory, instance, true));
        assert_eq!(described(hosts, memory, instance), theirs, "{hosts} hosts of {memory}, {instance} each");
    }
}
