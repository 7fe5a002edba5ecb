use super::*;

fn backoff(jitter: Jitter) -> Backoff {
    let (first, longest) = (Duration::from_seconds(1), Duration::from_seconds(10));
    Backoff { attempts: 7, first, longest, multiplier_milli: 2_000, jitter }
}

/// Returns the delay after an attempt \[s\], for the lowest and the highest draw.
fn ends(jitter: Jitter, attempt: u32, previous_s: u64) -> [f64; 2] {
    [0, u64::MAX].map(|draw| {
        let delay = backoff(jitter).delay(attempt, Duration::from_seconds(previous_s), draw);
        delay.expect("there are attempts left").as_seconds()
    })
}

#[test]
fn without_jitter_delays_double_up_to_the_longest() {
    let delays = (1..=7).map(|attempt| backoff(Jitter::None).delay(attempt, Duration::ZERO, 12_345));
    let expected = [Some(1), Some(2), Some(4), Some(8), Some(10), Some(10), None];
    assert!(delays.eq(expected.map(|seconds| seconds.map(Duration::from_seconds))));
}

#[test]
fn jitter_reaches_from_end_to_end() {
    assert_eq!(ends(Jitter::Full, 3, 0), [0.0, 4.0]);
    assert_eq!(ends(Jitter::Equal, 3, 0), [2.0, 4.0]);
    assert_eq!(ends(Jitter::Full, 6, 0), [0.0, 10.0]);
    assert_eq!(ends(Jitter::Decorrelated, 1, 0), [1.0, 3.0]);
    assert_eq!(ends(Jitter::Decorrelated, 2, 2), [1.0, 6.0]);
    assert_eq!(ends(Jitter::Decorrelated, 2, 9), [1.0, 10.0]);
}

#[test]
fn one_attempt_is_never_repeated() {
    let once = Backoff { attempts: 1, ..backoff(Jitter::Full) };
    assert_eq!(once.delay(1, Duration::ZERO, 0), None);
}

#[test]
fn extremes_do_not_overflow() {
    let longest = Duration(u64::MAX);
    let far = Backoff { attempts: u32::MAX, longest, multiplier_milli: u32::MAX, ..backoff(Jitter::None) };
    assert_eq!(far.delay(u32::MAX - 1, longest, 0), Some(longest));
    for jitter in [Jitter::Full, Jitter::Equal, Jitter::Decorrelated] {
        assert_eq!(Backoff { jitter, ..far }.delay(1_000, longest, u64::MAX), Some(longest), "{jitter:?}");
    }
    // A multiplier of one stays where it is, for however many attempts.
    let even = Backoff { multiplier_milli: 1_000, ..far };
    assert_eq!(even.delay(u32::MAX - 1, Duration::ZERO, 0), Some(Duration::from_seconds(1)));
    // One below it falls.
    let falling = Backoff { multiplier_milli: 500, ..far };
    assert_eq!(falling.delay(3, Duration::ZERO, 0), Some(Duration(250_000_000)));
}
