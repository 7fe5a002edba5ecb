//! Helpers that the tests of the mechanisms share.

use std::fmt::Debug;

use proptest::test_runner::{Config, RngSeed};
use serde::Serialize;
use serde::de::DeserializeOwned;

use plimsoll_base::units::{NS_PER_S, Time};

/// Returns so many random cases, the same in every run.
pub fn cases(number: u32) -> Config {
    Config { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::with_cases(number) }
}

/// Returns so many whole seconds after the start.
pub fn at(seconds: u64) -> Time {
    Time(seconds * NS_PER_S)
}

/// Panics unless a part comes back from its bytes as it was.
#[track_caller]
pub fn assert_comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(part: &T) {
    let bytes = postcard::to_stdvec(part).expect("every part can be written");
    let back: T = postcard::from_bytes(&bytes).expect("what was written can be read");
    assert_eq!(&back, part);
}
