use proptest::prelude::*;

use super::*;
use crate::control_plane::testing::{assert_comes_back, at, cases};

/// Bits of a second at a megabit per second.
const SECOND: u64 = 1_000_000;

#[test]
fn a_host_shares_its_bandwidth_among_its_transfers() {
    let mut link = Link::new(Some(SECOND), None);
    link.join(at(0), 0, 4 * SECOND, JobId(1));
    link.join(at(2), 0, SECOND, JobId(2));
    link.join(at(2), 7, SECOND, JobId(3));
    // Of host 0 each has half from 2 s on: job 2 ends at 4 s, and job 1 with 1 s left at 5 s.
    assert_eq!(link.wake(), Some(at(3)));
    assert_eq!((link.finish(at(3)), link.finish(at(3))), (Some(JobId(3)), None));
    assert_eq!(link.wake(), Some(at(4)));
    assert_eq!(link.wake(), None, "the caller knows");
    assert_comes_back(&link);
    assert_eq!((link.finish(at(4)), link.next_end()), (Some(JobId(2)), Some((at(5), JobId(1)))));
    assert_eq!((link.finish(at(5)), link.next_end(), link.transfers()), (Some(JobId(1)), None, 0));
    assert_eq!(link.counts(), LinkCounts { joined: 3, finished: 3, left: 0, peak: 3 });
}

#[test]
fn the_lesser_share_decides() {
    // Four transfers on four hosts: a quarter of the rack each, though a host has more.
    let mut link = Link::new(Some(SECOND), Some(2 * SECOND));
    for host in 0..4 {
        link.join(at(0), host, SECOND, JobId(host));
    }
    assert_eq!(link.next_end(), Some((at(2), JobId(0))));
    let ended: Vec<_> = std::iter::from_fn(|| link.finish(at(2))).collect();
    assert_eq!(ended, [0, 1, 2, 3].map(JobId), "of those that end together the first to begin is first");
}

#[test]
fn who_leaves_makes_room() {
    let mut link = Link::new(Some(SECOND), None);
    link.join(at(0), 0, 2 * SECOND, JobId(1));
    let other = link.join(at(0), 0, 2 * SECOND, JobId(2));
    assert!(link.leave(at(2), other) && !link.leave(at(2), other));
    assert_eq!(link.next_end(), Some((at(3), JobId(1))));
    assert_eq!((link.counts().left, link.transfers()), (1, 1));
}

#[test]
fn without_a_limit_transfers_take_no_time() {
    let mut link = Link::new(None, None);
    link.join(at(1), 0, u64::MAX, JobId(1));
    assert_eq!((link.wake(), link.finish(at(1))), (Some(at(1)), Some(JobId(1))));
}

#[test]
fn no_size_wraps_and_no_bandwidth_overflows() {
    // 2³² GiB are 2⁶⁵ bits.
    let mut link = Link::new(Some(SECOND), None);
    link.join(at(0), 0, 1u128 << 65, JobId(1));
    let (end, _) = link.next_end().expect("a transfer is on its way");
    assert_eq!(end, Time::NEVER, "2⁶⁵ bits at a bit a second or so");
    assert_eq!(link.finish(at(1_000_000)), None);
    let mut link = Link::new(Some(u64::MAX), None);
    link.join(at(0), 0, 1u128 << 65, JobId(1));
    link.join(Time(1), 1, 1u128 << 65, JobId(2));
    assert!(link.finish(Time(u64::MAX)).is_some());
}

/// Bits that a transfer has left.
struct Left {
    host: u32,
    bits: f64,
    job: JobId,
}

/// Returns a transfer's rate by the rule \[bit/ns\].
fn plain_rate(transfers: &[Left], host: u32, host_bps: Option<u64>, rack_bps: Option<u64>) -> f64 {
    let of_host = transfers.iter().filter(|other| other.host == host).count() as f64;
    let share = |bps: Option<u64>, among: f64| bps.map_or(f64::INFINITY, |bps| bps as f64 / 1e9 / among);
    share(host_bps, of_host).min(share(rack_bps, transfers.len() as f64))
}

/// Moves plain transfers on, from change to change; the ends with their times \[ns\].
fn plain_ends(
    transfers: &mut Vec<Left>,
    from: f64,
    to: f64,
    host: u64,
    rack: Option<u64>,
) -> Vec<(f64, JobId)> {
    let (mut now, mut ends) = (from, Vec::new());
    loop {
        let rates: Vec<f64> =
            transfers.iter().map(|t| plain_rate(transfers, t.host, Some(host), rack)).collect();
        let delays = transfers.iter().zip(&rates).map(|(transfer, rate)| transfer.bits / rate);
        let soonest = delays.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
        let past = soonest.map_or(to - now, |(_, delay)| delay.min(to - now));
        transfers.iter_mut().zip(&rates).for_each(|(transfer, rate)| transfer.bits -= rate * past);
        match soonest {
            Some((first, delay)) if delay <= to - now => {
                now += delay;
                ends.push((now, transfers.remove(first).job));
            }
            _ => return ends,
        }
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn transfers_end_when_plain_sharing_says(
        host_bps in 1_000_000..40_000_000_000u64,
        rack_bps in prop::option::of(1_000_000..80_000_000_000u64),
        joins in prop::collection::vec((0..2_000_000_000u64, 0..4u32, 1_000..40_000_000_000u64), 1..40),
    ) {
        let mut link = Link::new(Some(host_bps), rack_bps);
        let (mut plain, mut expected, mut found) = (Vec::new(), Vec::new(), Vec::new());
        let mut now = Time::ZERO;
        let mut joins = joins.into_iter().enumerate().peekable();
        while let Some((job, (past, host, bits))) = joins.next() {
            let job = JobId(job as u32);
            link.join(now, host, bits, job);
            plain.push(Left { host, bits: bits as f64, job });
            let until = if joins.peek().is_some() { now.after(Duration(past)) } else { Time(1 << 60) };
            expected.extend(plain_ends(&mut plain, now.0 as f64, until.0 as f64, host_bps, rack_bps));
            while let Some((end, job)) = link.next_end().filter(|(end, _)| *end <= until) {
                prop_assert_eq!(link.finish(end), Some(job));
                found.push((end.0 as f64, job));
            }
            now = until;
        }
        prop_assert_eq!(found.len(), expected.len());
        prop_assert_eq!(link.transfers(), 0);
        let by_job = |ends: &mut Vec<(f64, JobId)>| ends.sort_by_key(|(_, job)| *job);
        by_job(&mut found);
        by_job(&mut expected);
        for ((end, job), (exact, _)) in found.into_iter().zip(expected) {
            // Shares are rounded down by less than a billionth, each change to a nanosecond.
            let tolerance = 100.0 + exact * 1e-8;
            prop_assert!((end - exact).abs() <= tolerance, "{job:?} ends at {end}, exactly {exact}");
        }
    }
}
