use super::*;
use crate::control_plane::testing::{assert_comes_back, at};

/// Returns a breaker that opens after two failures for a minute.
fn breaker() -> Breaker {
    Breaker::new(2, Duration::from_seconds(60))
}

fn opened() -> Breaker {
    let mut breaker = breaker();
    for _ in 0..2 {
        assert_eq!(breaker.ask(at(0)), BreakerVerdict::Pass);
        breaker.failed(at(0), BreakerVerdict::Pass);
    }
    breaker
}

#[test]
fn a_cycle_from_closed_to_closed() {
    let mut breaker = opened();
    assert_eq!(breaker.ask(at(59)), BreakerVerdict::Refused);
    assert_eq!(breaker.ask(at(60)), BreakerVerdict::Trial);
    assert_eq!(breaker.ask(at(60)), BreakerVerdict::Refused, "one trial at a time");
    breaker.failed(at(61), BreakerVerdict::Trial);
    assert_eq!(breaker.ask(at(120)), BreakerVerdict::Refused, "it is open for a minute from the failure on");
    assert_eq!(breaker.ask(at(121)), BreakerVerdict::Trial);
    breaker.succeeded(BreakerVerdict::Trial);
    assert_eq!(breaker.ask(at(122)), BreakerVerdict::Pass);
    assert_eq!(breaker.counts(), BreakerCounts { passed: 5, refused: 3, opened: 2, closed: 1 });
    assert_comes_back(&breaker);
}

#[test]
fn only_failures_in_a_row_open_it() {
    let mut breaker = breaker();
    for _ in 0..10 {
        breaker.failed(at(0), BreakerVerdict::Pass);
        breaker.succeeded(BreakerVerdict::Pass);
    }
    assert_eq!(breaker.ask(at(0)), BreakerVerdict::Pass);
}

#[test]
fn outcomes_from_before_it_opened_decide_nothing() {
    let mut open = opened();
    open.succeeded(BreakerVerdict::Pass);
    open.failed(at(30), BreakerVerdict::Pass);
    assert_eq!(open.ask(at(60)), BreakerVerdict::Trial, "neither closed nor open for longer");
    open.succeeded(BreakerVerdict::Pass);
    open.failed(at(70), BreakerVerdict::Pass);
    assert_eq!(open.ask(at(200)), BreakerVerdict::Refused, "the trial alone decides");
    open.succeeded(BreakerVerdict::Trial);
    assert_eq!(open.ask(at(200)), BreakerVerdict::Pass);
}

#[test]
#[should_panic(expected = "lets nothing through")]
fn no_failure_is_no_threshold() {
    Breaker::new(0, Duration::ZERO);
}
