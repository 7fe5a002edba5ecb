//! Launches that are tried again after a refusal, as other types and in other zones: against a plain simulation.

use std::collections::BTreeMap;

use plimsoll::cloud::outcome::LaunchCourse;
use plimsoll::engine::random::{Purpose, Seed, Stream};

use crate::support::{CHECKED, Experiment, Notes, launches};

/// A launch of the plain simulation; times are seconds.
struct Job {
    at: u64,
    lasts: u64,
    zone: usize,
}

/// Rule of the plain simulation: attempts, delay before the second, greatest delay, time to give up after.
struct Rule {
    attempts: u32,
    first: u64,
    longest: u64,
    give_up: u64,
    other_type: bool,
    any_zone: bool,
}

/// Simulates one launch after the other by looking at all instances. A large instance takes two places, a small one takes one;
/// delays double. At one time ends come first, then attempts that are due in the order of their launches, then calls.
fn simulate_plainly(jobs: &[Job], places: &[u64], rule: &Rule) -> (LaunchCourse, u64) {
    let mut course = LaunchCourse::default();
    let (mut failed, mut placed): (u64, Vec<(u64, usize, u64)>) = (0, Vec::new());
    // Time, kind (an attempt that is due, a call), order, launch, attempt.
    let mut due: BTreeMap<(u64, u8, u64), (usize, u32)> = BTreeMap::new();
    for (number, job) in jobs.iter().enumerate() {
        due.insert((job.at, 1, number as u64), (number, 1));
    }
    let mut order = 0;
    while let Some(((now, ..), (number, attempt))) = due.pop_first() {
        let job = &jobs[number];
        course.attempts += 1;
        placed.retain(|(end, ..)| *end > now);
        let free =
            |zone: usize| places[zone] - placed.iter().filter(|at| at.1 == zone).map(|at| at.2).sum::<u64>();
        let all: Vec<usize> = (0..places.len()).collect();
        let mut choices = vec![(2, vec![job.zone])];
        choices.extend(rule.any_zone.then(|| (2, all.clone())));
        choices
            .extend(rule.other_type.then(|| (1, if rule.any_zone { all.clone() } else { vec![job.zone] })));
        let found = choices.iter().find_map(|(size, zones)| {
            let mut zones = zones.clone();
            zones.sort_by_key(|zone| std::cmp::Reverse(free(*zone)));
            Some((*size, zones.into_iter().find(|zone| free(*zone) >= *size)?))
        });
        if let Some((size, zone)) = found {
            placed.push((now + job.lasts, zone, size));
            *course.by_attempt.entry(attempt).or_insert(0) += 1;
            course.other_type += u64::from(size == 1);
            course.other_zone += u64::from(size == 2 && zone != job.zone);
            course.first_choice += u64::from(size == 2 && zone == job.zone);
            continue;
        }
        let delay = (rule.first << (attempt - 1)).min(rule.longest);
        if attempt >= rule.attempts || now + delay > job.at + rule.give_up {
            failed += 1;
        } else {
            order += 1;
            due.insert((now + delay, 0, order), (number, attempt + 1));
        }
    }
    (course, failed)
}

fn draw(random: &mut Stream) -> (Vec<Job>, Vec<u64>, Rule) {
    let places: Vec<u64> = (0..1 + random.below(3)).map(|_| 2 + random.below(5)).collect();
    let mut at = 0;
    let jobs = (0..60).map(|_| {
        at += random.below(40);
        Job { at, lasts: 1 + random.below(300), zone: random.below(places.len() as u64) as usize }
    });
    let jobs = jobs.collect();
    let first = 1 + random.below(30);
    let rule = Rule {
        attempts: 1 + random.below(6) as u32,
        first,
        longest: first + random.below(200),
        give_up: 20 + random.below(400),
        other_type: random.below(2) == 0,
        any_zone: random.below(2) == 0,
    };
    (jobs, places, rule)
}

#[test]
fn counts_by_attempt_and_by_choice_are_those_of_a_plain_simulation() {
    let mut random = Seed(11).stream(Purpose::Mix, 2);
    let mut sums = [0; 4];
    for world in 0..150 {
        let (jobs, places, rule) = draw(&mut random);
        let mut text = String::from("duration = '2h'\nplacement.strategy = 'first-fit'\n");
        text += "instance_types = [{ name = 'large', vcpu = 2, memory_gib = 1 }, { name = 'small', vcpu = 1, memory_gib = 1 }]\n";
        for (zone, vcpu) in places.iter().enumerate() {
            text += &format!(
                "[[zones]]\nname = 'z{zone}'\nhosts = [{{ count = 1, vcpu = {vcpu}, memory_gib = 64 }}]\n"
            );
        }
        let (types, zones) =
            (if rule.other_type { "'small'" } else { "" }, if rule.any_zone { "any" } else { "named" });
        text += &format!(
            "[workload]\ntrace = 'trace.csv'\n[workload.on_refusal]\nattempts = {}\nfirst_delay = '{}s'\n\
             longest_delay = '{}s'\ngive_up_after = '{}s'\njitter = 'none'\ntypes = [{types}]\nzones = '{zones}'\n",
            rule.attempts, rule.first, rule.longest, rule.give_up
        );
        let mut trace = String::from("start_s,end_s,type,zone\n");
        for Job { at, lasts, zone } in &jobs {
            trace += &format!("{at},{},large,z{zone}\n", at + lasts);
        }
        let outcome =
            Experiment::new(&text).file("trace.csv", &trace).run_with(&[], CHECKED, &mut Notes::default());
        let (expected, failed) = simulate_plainly(&jobs, &places, &rule);
        let found = LaunchCourse { waiting_mean: 0.0, ..outcome.launch_course.clone() };
        assert_eq!(found, expected, "world {world}");
        assert_eq!(outcome.launch.failed(), failed, "world {world}");
        assert_eq!(outcome.launch.requested, jobs.len() as u64, "each is counted once");
        sums[0] += failed;
        sums[1] += found.other_type;
        sums[2] += found.other_zone;
        sums[3] +=
            found.by_attempt.iter().filter(|(attempt, _)| **attempt > 1).map(|(_, count)| count).sum::<u64>();
    }
    assert!(sums.iter().all(|sum| *sum > 200), "everything happens: {sums:?}");
}

#[test]
fn a_launch_that_succeeds_at_the_third_attempt_counts_once_with_its_wait() {
    let trace = "start_s,end_s,vcpu,memory_gib\n0,100,8,1\n10,60,8,1\n";
    let world = "lifecycle.boot = '5s'
        zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 8, memory_gib = 8 }] }]
        [workload]
        trace = 'trace.csv'
        on_refusal = { attempts = 5, first_delay = '40s', multiplier = 2, jitter = 'none' }";
    let (outcome, notes) = Experiment::new(world).file("trace.csv", trace).watch();
    // Attempts at 10, 50 and 130 s; it lives for the 50 s that the trace gives it, counted from the launch.
    assert_eq!(launches(&outcome), (2, 2, vec![]));
    assert!(notes.refusals.is_empty(), "no launch was refused for good");
    assert_eq!(outcome.launch_course.attempts, 4);
    assert_eq!(outcome.launch_course.by_attempt, BTreeMap::from([(1, 1), (3, 1)]));
    let latency =
        outcome.latency.iter().find(|latency| latency.name == "launch").expect("launches take time");
    assert_eq!(
        (latency.histogram.max() as f64 / 1e9).round(),
        125.0,
        "120 s until the third attempt, and the boot"
    );
    assert_eq!(outcome.horizon.as_seconds(), 180.0);
}

#[test]
fn a_quota_is_not_worth_another_attempt_unless_the_scenario_says_so() {
    let world = "duration = '1h'
        zones = [{ name = 'z', hosts = [{ count = 4, vcpu = 8, memory_gib = 32 }] }]
        quotas.vcpus.standard = 2
        [[workload.arrivals]]
        process = { kind = 'constant', every = '10m' }
        lifetime = { kind = 'constant', value = '11m' }
        types = { 'm5.large' = 1 }
        [workload.arrivals.on_refusal]
        attempts = 5
        first_delay = '2m'
        jitter = 'none'";
    let (plain, _) = Experiment::new(world).watch();
    assert!(plain.launch.failed() >= 2, "{:?}", plain.launch);
    assert_eq!(plain.launch_course.attempts, plain.launch.requested);
    let (other, _) = Experiment::new(&format!("{world}\ncodes = ['VcpuLimitExceeded']")).watch();
    assert!(other.launch.failed() < plain.launch.failed(), "{:?}", other.launch);
    assert!(other.launch_course.by_attempt[&2] >= 2);
}

#[test]
fn attempts_go_through_the_control_plane() {
    let world = "duration = '1h'
        zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 4, memory_gib = 32 }] }]
        control_plane = { preset = 'zero', workers = { count = 1, service = { kind = 'constant', value = '1s' } } }
        [[workload.arrivals]]
        process = { kind = 'poisson', per_hour = 60 }
        lifetime = { kind = 'exponential', mean = '2m' }
        types = { 'm5.large' = 1 }
        [workload.arrivals.on_refusal]
        attempts = 4
        first_delay = '30s'
        types = ['t3.micro', 't3.small']";
    let (outcome, _) = Experiment::new(world).watch();
    let course = &outcome.launch_course;
    assert!(course.attempts > outcome.launch.requested, "{course:?}");
    assert!(course.by_attempt.len() > 1, "{course:?}");
    let plane = outcome.control_plane.as_ref().expect("it is modelled");
    let launches = plane.stages.iter().find(|stage| stage.name.to_string() == "workers").expect("workers");
    assert!(launches.usage.arrivals > course.attempts, "each choice is a request of its own");
    assert_eq!(
        outcome.launch.requested,
        outcome.launch.succeeded + outcome.launch.failed() + course.retrying_at_end
    );
}
