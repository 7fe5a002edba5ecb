use super::*;
use crate::control_plane::testing::{assert_comes_back, at};
use crate::units::NS_PER_S;

/// Launches: 5 requests and 2 more a second, 10 instances and 1 more a second. Stops: 1 request, never another.
fn throttle() -> Throttle {
    let mut limits = Each::<Class, ClassLimits>::default();
    limits[Class::Launch] = ClassLimits {
        requests: Some(Limit { bucket: 5, milli_per_s: 2_000 }),
        resources: Some(Limit { bucket: 10, milli_per_s: 1_000 }),
    };
    limits[Class::Stop] =
        ClassLimits { requests: Some(Limit { bucket: 1, milli_per_s: 0 }), resources: None };
    Throttle::new(limits)
}

const ACCOUNT: AccountId = AccountId(7);

#[test]
fn both_buckets_must_pass_and_a_refusal_takes_nothing() {
    let mut throttle = throttle();
    assert_eq!(throttle.admit(at(0), ACCOUNT, Class::Launch, 8), Ok(()));
    // 2 instances are left: 4 more take 2 s. The requests that are refused cost no token of either bucket.
    for _ in 0..100 {
        let refusal = throttle.admit(at(0), ACCOUNT, Class::Launch, 4);
        assert_eq!(refusal, Err(Duration::from_seconds(2)));
    }
    for _ in 0..4 {
        assert_eq!(throttle.admit(at(0), ACCOUNT, Class::Launch, 0), Ok(()));
    }
    // Requests lack now too; the longer of both delays is told.
    assert_eq!(throttle.admit(at(0), ACCOUNT, Class::Launch, 1), Err(Duration(NS_PER_S / 2)));
    assert_eq!(throttle.admit(at(0), ACCOUNT, Class::Launch, 4), Err(Duration::from_seconds(2)));
    assert_eq!(throttle.admit(at(2), ACCOUNT, Class::Launch, 4), Ok(()));
    let counts = ThrottleCounts { passed: 6, by_requests: 2, by_resources: 100 };
    assert_eq!(throttle.counts()[Class::Launch], counts);
    assert_comes_back(&throttle);
}

#[test]
fn accounts_and_classes_do_not_share() {
    let mut throttle = throttle();
    for account in [3, 1_000, 0].map(AccountId) {
        assert_eq!(throttle.admit(at(0), account, Class::Stop, 1), Ok(()));
        assert_eq!(throttle.admit(at(9), account, Class::Stop, 1), Err(Duration(u64::MAX)));
        assert_eq!(throttle.admit(at(9), account, Class::Launch, 10), Ok(()));
    }
    assert_eq!(throttle.buckets.len(), 3 * Class::ALL.len(), "those who never called have no buckets");
    for _ in 0..1_000 {
        assert_eq!(throttle.admit(at(9), ACCOUNT, Class::Write, 1), Ok(()), "no limit is none");
    }
}

#[test]
fn classes_stand_at_their_positions_and_know_their_operations() {
    for (i, class) in Class::ALL.iter().enumerate() {
        assert_eq!(class.position(), i);
    }
    let of = |operation| Class::of(operation, true);
    assert_eq!(of(Operation::Describe), Class::Describe);
    assert_eq!(Class::of(Operation::Describe, false), Class::DescribeUnpaged);
    assert_eq!((of(Operation::Hibernate), of(Operation::CreateTags)), (Class::Stop, Class::Write));
    let mut names: Vec<&str> = Class::ALL.iter().map(|class| class.name()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), Class::ALL.len());
}
