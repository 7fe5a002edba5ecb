//! Spot that runs dry: a launch on demand that finds no room takes that of spot instances. By hand, and beside a plain twin.

use std::cmp::Reverse;

use plimsoll::cloud::outcome::Outcome;
use plimsoll::engine::random::{Purpose, Seed};

use crate::support::{Experiment, Notes, launches, operations};

/// Runs a host of 8 vCPUs under first fit, filled with spot instances of 2 vCPUs at 0, 1, 2 and 3 s.
fn full(more: &str, trace: &str) -> (Outcome, Notes) {
    let spot: String =
        (0..4).map(|i| format!("{i} launch instance=s{i} type=m5.large purchase=spot\n")).collect();
    let text = format!(
        "duration = '1h'
        zones = [{{ name = 'a', hosts = [{{ count = 1, vcpu = 8, memory_gib = 32 }}] }}]
        output.sample_every = '10s'
        [placement]
        strategy = 'first-fit'
        reclaims_spot = true
        {more}"
    );
    Experiment::replaying(&operations(&(spot + trace)), &text).watch()
}

fn reclaimed(outcome: &Outcome) -> (u64, u64) {
    (outcome.disruptions.spot_interruptions, outcome.disruptions.spot_reclaimed)
}

#[test]
fn a_launch_that_waits_gets_the_room_of_the_youngest_after_two_minutes() {
    let (outcome, notes) = full("when_full = 'wait'", "100 launch instance=d type=m5.xlarge");
    assert_eq!(launches(&outcome), (5, 5, vec![]));
    assert_eq!(reclaimed(&outcome), (2, 2));
    assert_eq!(outcome.launch_course.waited, 1);
    let running = |at: f64| notes.at(at).instances_running;
    // Four spot instances until 220 s, then two beside the one on demand.
    assert_eq!((running(110.0), running(210.0), running(230.0)), (4, 4, 3));
}

#[test]
fn a_launch_is_refused_all_the_same_and_gives_notice_once() {
    let rows = "100 launch instance=d type=m5.xlarge\n110 launch instance=e type=m5.large\n230 launch instance=f type=m5.xlarge";
    let (outcome, notes) = full("", rows);
    // The second finds none, and takes another: what comes free is for the first. Three are gone by 230 s, and the third fits.
    let at: Vec<f64> = notes.refused().iter().map(|(at, ..)| *at).collect();
    assert_eq!(at, [100.0, 110.0]);
    assert_eq!(reclaimed(&outcome), (3, 3));
    assert_eq!(launches(&outcome).1, 5);
}

#[test]
fn a_spot_launch_takes_nothing_and_neither_does_any_without_the_setting() {
    let (outcome, _) = full("", "100 launch instance=d type=m5.xlarge purchase=spot");
    assert_eq!(reclaimed(&outcome), (0, 0));
    let (outcome, _) = full("", "100 launch instance=d type=m5.4xlarge");
    assert_eq!(reclaimed(&outcome), (0, 0), "no host is large enough");
}

#[test]
fn a_launch_of_several_counts_on_the_room_that_is_free_and_takes_none_in_vain() {
    // Once the last spot instance ends there is room for one of three; the two youngest of the others give theirs.
    let rows = "90 terminate instance=s3\n100 launch instance=d type=m5.large count=3 min_count=3\n\
                230 launch instance=e type=m5.large count=3 min_count=3";
    let (outcome, notes) = full("", rows);
    let at: Vec<f64> = notes.refused().iter().map(|(at, ..)| *at).collect();
    assert_eq!((at, reclaimed(&outcome)), (vec![100.0], (2, 2)));
    // Five never fit on a host of eight vCPUs: no notice is given.
    let (outcome, _) = full("", "100 launch instance=d type=m5.large count=5 min_count=5");
    assert_eq!(reclaimed(&outcome), (0, 0));
}

#[test]
fn a_start_that_finds_no_room_takes_that_of_the_youngest() {
    let rows = "10 terminate instance=s3\n11 launch instance=x type=m5.large\n20 stop instance=x\n\
                30 launch instance=s4 type=m5.large purchase=spot\n100 start instance=x\n110 start instance=x\n230 start instance=x";
    let (outcome, notes) = full("", rows);
    let at: Vec<f64> = notes.refused().iter().map(|(at, ..)| *at).collect();
    assert_eq!((at, reclaimed(&outcome)), (vec![100.0, 110.0], (1, 1)));
    assert_eq!((notes.at(210.0).instances_running, notes.at(240.0).instances_running), (4, 4));
}

/// Instance of the twin: its place in the order of launch, its launch, its vCPUs, whether it is spot, and the time at which it is taken.
#[derive(Clone, Debug)]
struct Plain {
    id: usize,
    launch: usize,
    vcpus: u32,
    is_spot: bool,
    taken: Option<u32>,
}

/// Row of a drawn trace: time \[s\], number of instances, vCPUs of each, purchase, and time of the end.
struct Row {
    at: u32,
    count: usize,
    vcpus: u32,
    is_spot: bool,
    end: u32,
}

const HOST_VCPUS: u32 = 16;

/// Order of the hosts: those with room first; then the fewest victims, the youngest oldest one, the lowest host.
type Order = (bool, usize, Reverse<Option<usize>>, usize);

/// Returns the host for another instance of a launch, and the instances to take there, the oldest first. `plan` has the hosts of those
/// before it, `taken` what is taken for them.
fn next_host(
    on: &[Vec<Plain>],
    vcpus: u32,
    claims: &[(usize, u32, u32)],
    plan: &[usize],
    taken: &[usize],
) -> Option<(Order, Vec<usize>)> {
    let mut best: Option<(Order, Vec<usize>)> = None;
    for (number, host) in on.iter().enumerate() {
        let claimed: u32 = claims.iter().filter(|claim| claim.0 == number).map(|claim| claim.1).sum();
        let planned = plan.iter().filter(|of| **of == number).count() as u32 * vcpus;
        let stays = |i: &&Plain| !taken.contains(&i.id);
        let left_beside = |stay: u32| i64::from(HOST_VCPUS) - i64::from(stay + claimed + planned);
        let mut left = left_beside(host.iter().filter(stays).map(|i| i.vcpus).sum());
        let mut victims: Vec<Plain> = Vec::new();
        let waits = left < i64::from(vcpus) || host.iter().any(|i| taken.contains(&i.id));
        if left < i64::from(vcpus) {
            // What is free once all that have notice are gone.
            left =
                left_beside(host.iter().filter(stays).filter(|i| i.taken.is_none()).map(|i| i.vcpus).sum());
            let spot = host.iter().filter(|i| i.is_spot && i.taken.is_none()).filter(stays);
            let mut spot: Vec<Plain> = spot.cloned().collect();
            spot.sort_by_key(|i| i.id);
            while left < i64::from(vcpus) {
                let Some(youngest) = spot.pop() else { break };
                left += i64::from(youngest.vcpus);
                victims.insert(0, youngest);
            }
            if left < i64::from(vcpus) {
                continue;
            }
            victims.retain(|victim| {
                let is_spared = left - i64::from(victim.vcpus) >= i64::from(vcpus);
                left -= if is_spared { i64::from(victim.vcpus) } else { 0 };
                !is_spared
            });
        }
        let victims: Vec<usize> = victims.into_iter().map(|victim| victim.id).collect();
        let order = (waits, victims.len(), Reverse(victims.first().copied()), number);
        if best.as_ref().is_none_or(|(of_best, _)| order < *of_best) {
            best = Some((order, victims));
        }
    }
    best
}

/// Returns the launches that a plain reading of the rule refuses, and the number of instances that it takes.
fn twin(rows: &[Row], hosts: usize) -> (Vec<u32>, u64) {
    let mut on: Vec<Vec<Plain>> = vec![Vec::new(); hosts];
    // Claims of launches: host, vCPUs, and the time at which they are void.
    let mut claims: Vec<(usize, u32, u32)> = Vec::new();
    let (mut refused, mut taken, mut launched) = (Vec::new(), 0, 0);
    for (launch, row) in rows.iter().enumerate() {
        for host in &mut on {
            host.retain(|instance| {
                let is_taken = instance.taken.is_some_and(|at| at <= row.at);
                let ends = rows[instance.launch].end.min(instance.taken.unwrap_or(u32::MAX));
                taken += u64::from(is_taken && rows[instance.launch].end > instance.taken.unwrap());
                ends > row.at
            });
        }
        claims.retain(|(_, _, due)| *due >= row.at);
        let mut after = on.clone();
        let places_one = |nth: usize| {
            let used = |host: &Vec<Plain>| host.iter().map(|instance| instance.vcpus).sum::<u32>();
            let host = after.iter_mut().find(|host| used(host) + row.vcpus <= HOST_VCPUS)?;
            host.push(Plain {
                id: launched + nth,
                launch,
                vcpus: row.vcpus,
                is_spot: row.is_spot,
                taken: None,
            });
            Some(())
        };
        if (0..row.count).map(places_one).all(|placed| placed.is_some()) {
            on = after;
            launched += row.count;
            continue;
        }
        refused.push(row.at);
        if row.is_spot {
            continue;
        }
        let (mut plan, mut victims, mut waits) = (Vec::new(), Vec::new(), false);
        while plan.len() < row.count {
            let Some(((waits_there, .., host), more)) = next_host(&on, row.vcpus, &claims, &plan, &victims)
            else {
                break;
            };
            plan.push(host);
            victims.extend(more);
            waits |= waits_there;
        }
        if plan.len() < row.count || !waits {
            continue;
        }
        for instance in on.iter_mut().flatten().filter(|instance| victims.contains(&instance.id)) {
            instance.taken = Some(row.at + 120);
        }
        let there = plan.iter().flat_map(|host| &on[*host]);
        let due = there.filter_map(|instance| instance.taken).max().expect("room comes free");
        claims.extend(plan.into_iter().map(|host| (host, row.vcpus, due)));
    }
    let end = 4 * 3600;
    for instance in on.iter().flatten() {
        taken += u64::from(instance.taken.is_some_and(|at| at <= end && rows[instance.launch].end > at));
    }
    (refused, taken)
}

#[test]
fn a_plain_twin_refuses_and_takes_the_same_on_drawn_worlds() {
    let mut sums = (0, 0);
    for seed in 0..60 {
        let mut random = Seed(seed).stream(Purpose::Mix, 23);
        let mut below = |bound: u64| random.below(bound) as u32;
        let hosts = 2 + below(4);
        let (mut at, mut rows) = (0, Vec::new());
        while at < 3 * 3600 {
            at += 5 + below(90);
            let vcpus = [2, 4, 8][below(3) as usize];
            // Ends are a second after or before launches never: all are odd, launches even.
            let (is_spot, count) = (below(3) > 0, if below(3) > 0 { 1 } else { 1 + below(4) as usize });
            rows.push(Row { at: at * 2, count, vcpus, is_spot, end: at * 2 + 1 + 2 * below(2500) });
            at = rows.last().unwrap().at / 2;
        }
        rows.retain(|row| row.at < 4 * 3600);
        let mut trace: Vec<(u32, String)> = Vec::new();
        for (i, row) in rows.iter().enumerate() {
            let kind = match row.vcpus {
                2 => "m5.large",
                4 => "m5.xlarge",
                _ => "m5.2xlarge",
            };
            let purchase = if row.is_spot { " purchase=spot" } else { "" };
            let count = format!("count={0} min_count={0}", row.count);
            trace.push((row.at, format!("{} launch instance=i{i} type={kind} {count}{purchase}", row.at)));
            if row.end < 4 * 3600 {
                trace.push((row.end, format!("{} terminate instance=i{i}", row.end)));
            }
        }
        trace.sort();
        let trace: Vec<String> = trace.into_iter().map(|(_, row)| row).collect();
        let experiment = Experiment::replaying(
            &operations(&trace.join("\n")),
            &format!(
                "duration = '4h'
                zones = [{{ name = 'a', hosts = [{{ count = {hosts}, vcpu = 16, memory_gib = 64 }}] }}]
                placement = {{ strategy = 'first-fit', reclaims_spot = true }}"
            ),
        );
        let (outcome, notes) = experiment.watch();
        let refused: Vec<u32> = notes
            .refused()
            .iter()
            .filter(|refusal| refusal.1 == "launch")
            .map(|refusal| refusal.0 as u32)
            .collect();
        let (expected, taken) = twin(&rows, hosts as usize);
        assert_eq!(refused, expected, "{}", experiment.describe(seed));
        assert_eq!(outcome.disruptions.spot_reclaimed, taken, "{}", experiment.describe(seed));
        sums = (sums.0 + refused.len(), sums.1 + taken);
    }
    assert!(sums.0 > 500 && sums.1 > 300, "{sums:?}");
}
