//! A checkpoint that was changed and sealed anew is refused, or describes a state that a run can go on from.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use plimsoll::cloud::observe::Silent;
use plimsoll::engine::random::{Purpose, Seed};
use plimsoll::report::run::checkpoint::{Resumed, resume};
use plimsoll::units::Time;
use sha2::{Digest, Sha256};

use crate::checkpoints::Journey;
use crate::support::{CHECKED, Experiment};
use crate::{swarm_operations, worlds};

/// Length of the seal \[bytes\].
const SEAL: usize = 32;

/// Flips bits of the state, one in each copy. Gives how many were refused, and how many were read and then broke.
fn flip(experiment: &Experiment, seed: u64, copies: u64) -> (u64, u64) {
    let folder = tempfile::tempdir().unwrap();
    let scenario = experiment.scenario(&[]);
    let at = [Time(scenario.duration.expect("drawn worlds have an end").0 / 2)];
    let run = Journey {
        scenario: &scenario,
        options: CHECKED,
        checkpoints: &at,
        folder: folder.path(),
        from: None,
    };
    run.run();
    let whole = fs::read(run.file(at[0])).unwrap();
    let state = &whole[..whole.len() - SEAL];
    let mut random = Seed(seed).stream(Purpose::Mix, 103);
    let (mut refused, mut broke) = (0, 0);
    let file = folder.path().join("changed.checkpoint");
    for _ in 0..copies {
        let mut changed = state.to_vec();
        let place = state.len() / 3 + random.below(state.len() as u64 * 2 / 3) as usize;
        changed[place] ^= 1 << random.below(8);
        let seal = Sha256::digest(&changed);
        changed.extend_from_slice(&seal);
        fs::write(&file, changed).unwrap();
        // Reading never panics.
        match resume(&file, &scenario, &[], CHECKED, &mut Silent) {
            Err(error) => {
                assert!(error.to_string().contains("changed.checkpoint"), "{error}");
                refused += 1;
            }
            Ok(Resumed { cloud, .. }) => {
                broke += u64::from(catch_unwind(AssertUnwindSafe(|| cloud.run(&mut Silent))).is_err());
            }
        }
    }
    (refused, broke)
}

#[test]
fn a_changed_state_is_refused_when_it_is_read() {
    const COPIES: u64 = 60;
    let (mut refused, mut broke, mut all) = (0, 0, 0);
    for seed in 500..504 {
        for experiment in [worlds::draw(seed), swarm_operations::draw(seed)] {
            let (of_these, of_those) = flip(&experiment, seed, COPIES);
            (refused, broke, all) = (refused + of_these, broke + of_those, all + COPIES);
        }
    }
    eprintln!("{all} changed, {refused} refused, {broke} broke later");
    assert!(refused > all / 8, "{refused} of {all} were refused");
    // Numbers that no other part of the state contradicts, such as a time in the future, cannot be told from right ones.
    assert!(broke < all / 20, "{broke} of {all} broke after they were read");
}
