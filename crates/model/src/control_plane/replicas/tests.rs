use super::*;
use crate::control_plane::testing::{assert_comes_back, at};

#[test]
fn a_replica_shows_what_was_its_lag_ago() {
    let mut replicas = Replicas::new(vec![Duration::ZERO, Duration::from_seconds(2)]);
    // Made at 10 s and changed at 20 s.
    let mut read = |replica, now| replicas.read(replica, at(now), at(10), at(if now < 20 { 10 } else { 20 }));
    assert_eq!([read(0, 10), read(0, 20)], [Read::Fresh; 2]);
    assert_eq!([read(1, 11), read(1, 12), read(1, 19)], [Read::NotYet, Read::Fresh, Read::Fresh]);
    assert_eq!([read(1, 20), read(1, 21), read(1, 22)], [Read::Stale, Read::Stale, Read::Fresh]);
    assert_eq!(replicas.shows(1, at(1)), Time::ZERO, "nothing is from before the start");
    let counts = replicas.counts();
    assert_eq!((counts.fresh, counts.stale, counts.not_yet), (5, 2, 1));
    assert_comes_back(&replicas);
}

#[test]
fn replicas_take_turns() {
    let mut replicas = Replicas::new(vec![Duration::ZERO; 3]);
    let turns: Vec<usize> = (0..7).filter_map(|_| replicas.take_turn()).collect();
    assert_eq!(turns, [0, 1, 2, 0, 1, 2, 0]);
    assert_eq!(Replicas::new(Vec::new()).take_turn(), None);
}
