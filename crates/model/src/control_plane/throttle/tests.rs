use super::*;
use crate::control_plane::testing::{assert_comes_back, at};
use plimsoll_base::units::NS_PER_S;

/// Returns a throttle. Launches: 5 requests and 2 more a second, 10 instances and 1 more a second. Stops: 1 request, never
/// another.
fn throttle() -> Throttle {
    let mut limits = Limits::default();
    limits.classes[ApiClass::Launch] = ClassLimits {
        requests: Some(Limit { bucket: 5, milli_per_s: 2_000 }),
        resources: Some(Limit { bucket: 10, milli_per_s: 1_000 }),
    };
    limits.classes[ApiClass::Stop] =
        ClassLimits { requests: Some(Limit { bucket: 1, milli_per_s: 0 }), resources: None };
    Throttle::new(limits)
}

const ACCOUNT: AccountId = AccountId(7);
const LAUNCH: (ApiClass, Operation) = (ApiClass::Launch, Operation::Launch);
const STOP: (ApiClass, Operation) = (ApiClass::Stop, Operation::Stop);
const REBOOT: (ApiClass, Operation) = (ApiClass::Write, Operation::Reboot);

#[test]
fn both_buckets_must_pass_and_a_refusal_takes_nothing() {
    let mut throttle = throttle();
    assert_eq!(throttle.admit(at(0), ACCOUNT, LAUNCH, 8), Ok(()));
    // 2 instances are left: 4 more take 2 s. The requests that are refused cost no token of either bucket.
    for _ in 0..100 {
        let refusal = throttle.admit(at(0), ACCOUNT, LAUNCH, 4);
        assert_eq!(refusal, Err(Duration::from_seconds(2)));
    }
    for _ in 0..4 {
        assert_eq!(throttle.admit(at(0), ACCOUNT, LAUNCH, 0), Ok(()));
    }
    // Requests lack now too; the longer of both delays is returned.
    assert_eq!(throttle.admit(at(0), ACCOUNT, LAUNCH, 1), Err(Duration(NS_PER_S / 2)));
    assert_eq!(throttle.admit(at(0), ACCOUNT, LAUNCH, 4), Err(Duration::from_seconds(2)));
    assert_eq!(throttle.admit(at(2), ACCOUNT, LAUNCH, 4), Ok(()));
    let counts = ThrottleCounts { passed: 6, by_requests: 2, by_resources: 100 };
    assert_eq!(throttle.counts()[ApiClass::Launch], counts);
    assert_comes_back(&throttle);
}

#[test]
fn accounts_and_classes_do_not_share() {
    let mut throttle = throttle();
    for account in [3, 1_000, 0].map(AccountId) {
        assert_eq!(throttle.admit(at(0), account, STOP, 1), Ok(()));
        assert_eq!(throttle.admit(at(9), account, STOP, 1), Err(Duration(u64::MAX)));
        assert_eq!(throttle.admit(at(9), account, LAUNCH, 10), Ok(()));
    }
    assert_eq!(
        throttle.buckets.things.len(),
        3 * ApiClass::ALL.len(),
        "accounts without calls have no buckets"
    );
    for _ in 0..1_000 {
        assert_eq!(throttle.admit(at(9), ACCOUNT, REBOOT, 1), Ok(()), "no limit is none");
    }
    assert_eq!(throttle.of_writes, Shelf::default(), "and needs no bucket");
}

#[test]
fn every_write_has_a_bucket_of_its_own() {
    let limit = |bucket| Some(Limit { bucket, milli_per_s: 0 });
    let mut limits = Limits::default();
    limits.classes[ApiClass::Write].requests = limit(50);
    limits.writes[Operation::CreateTags] = limit(100);
    let mut throttle = Throttle::new(limits);
    let writes: Vec<Operation> =
        Operation::ALL.iter().copied().filter(|&op| ApiClass::of(op, true) == ApiClass::Write).collect();
    assert!(writes.len() > 30);
    for account in [0, 9].map(AccountId) {
        for &operation in &writes {
            let most = if operation == Operation::CreateTags { 100 } else { 50 };
            let mut admit = || throttle.admit(at(0), account, (ApiClass::Write, operation), 8);
            assert_eq!((0..200).filter(|_| admit().is_ok()).count(), most, "{}", operation.name());
        }
    }
    let refused = writes.len() as u64 * 2 * 150 - 2 * 50;
    let passed = writes.len() as u64 * 2 * 50 + 2 * 50;
    let counts = ThrottleCounts { passed, by_requests: refused, by_resources: 0 };
    assert_eq!(throttle.counts()[ApiClass::Write], counts);
    assert_comes_back(&throttle);
}

#[test]
fn classes_stand_at_their_positions_and_know_their_operations() {
    for (i, class) in ApiClass::ALL.iter().enumerate() {
        assert_eq!(class.position(), i);
    }
    let of = |operation| ApiClass::of(operation, true);
    assert_eq!(of(Operation::Describe), ApiClass::Describe);
    assert_eq!(ApiClass::of(Operation::Describe, false), ApiClass::DescribeUnpaged);
    assert_eq!((of(Operation::Hibernate), of(Operation::CreateTags)), (ApiClass::Stop, ApiClass::Write));
    let mut names: Vec<&str> = ApiClass::ALL.iter().map(|class| class.name()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), ApiClass::ALL.len());
}
