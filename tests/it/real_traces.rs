//! Real traces from start to end, every placement made again by the plain scan.

use std::io::Write;
use std::path::Path;

use flate2::read::GzDecoder;
use plimsoll::cloud::RunOptions;
use plimsoll::cloud::observe::Silent;
use plimsoll::placement::register::REGISTER;

use crate::support::run_file;

const VERIFIED: RunOptions =
    RunOptions { verify_placement: true, check_conservation: false, trace_events: false };

/// Pods on 1,523 hosts of many kinds, most with GPUs.
#[test]
fn openb_is_placed_as_the_plain_scan_places_it_by_every_strategy() {
    const PODS: u64 = 8_152;
    for entry in REGISTER {
        let set = [&*format!("placement.strategy='{}'", entry.name)];
        let outcome = run_file("workloads/scenarios/openb.toml", &set, VERIFIED, &mut Silent);
        assert_eq!(outcome.launch.requested, PODS, "{}", entry.name);
        assert!(outcome.launch.succeeded > PODS / 2, "{}: {:?}", entry.name, outcome.launch);
    }
}

/// The columns `vmid,cpu,mem,at,lt`, the times in seconds written as decimals, as intervals.
fn huawei(original: &Path, intervals: &Path) {
    let file = GzDecoder::new(std::fs::File::open(original).expect("the trace can be opened"));
    let text = std::io::read_to_string(file).expect("the trace is text");
    let mut out = std::io::BufWriter::new(std::fs::File::create(intervals).expect("a file for a test"));
    writeln!(out, "start_s,end_s,vcpu,memory_gib").expect("room for a file of a test");
    for line in text.lines().skip(1) {
        let [_, vcpu, memory_gib, at, lifetime] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("five columns: {line}")
        };
        let second = |text: &str| text.parse::<f64>().expect("a number") as u64;
        let (start, end) = (second(at), second(at) + second(lifetime));
        writeln!(out, "{start},{end},{vcpu},{memory_gib}").expect("room for a file of a test");
    }
}

/// A month of a zone on hosts so few that some is refused. The trace's licence keeps it out of the repository.
#[test]
fn huawei_is_placed_as_the_plain_scan_places_it() {
    let original =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/huawei-east-1/Huawei-East-1-lt.csv.gz");
    if !original.exists() {
        eprintln!(
            "SKIPPED: placement on Huawei's trace is not verified, {} is not there",
            original.display()
        );
        return;
    }
    let folder = tempfile::tempdir().expect("a folder for a test");
    let trace = folder.path().join("huawei.csv");
    huawei(&original, &trace);
    for entry in REGISTER {
        let set = [&*format!("placement.strategy='{}'", entry.name), &*format!("workload.trace={trace:?}")];
        let outcome = run_file("workloads/scenarios/huawei.toml", &set, VERIFIED, &mut Silent);
        let (requested, refused) = (outcome.launch.requested, outcome.launch.failed());
        eprintln!("{}: {refused} of {requested} refused", entry.name);
        assert_eq!(requested, 116_313, "{}", entry.name);
        assert!(refused > 0 && refused < requested / 5, "{}: {refused} refused, a tight fit", entry.name);
    }
}
