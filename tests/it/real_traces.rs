//! Real traces from start to end, every placement made again by the plain scan.

use plimsoll::cloud::RunOptions;
use plimsoll::cloud::observe::Silent;
use plimsoll::placement::register::REGISTER;

use crate::support::run_file;

const VERIFIED: RunOptions = RunOptions { verify_placement: true, check_conservation: false };

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
