//! Launches that wait for room: against queueing theory, and against a plain simulation of the rules, launch by launch.

use std::collections::BTreeMap;

use plimsoll::cloud::observe::{Detail, Observation, Observer};
use plimsoll::cloud::outcome::Outcome;
use plimsoll::cloud::rows::TableRow;
use plimsoll::engine::random::{Purpose, Seed, Stream};
use plimsoll::queueing::mmc_wait;
use plimsoll::units::{Duration, NS_PER_S};
use plimsoll::workload::directory::Directory;

use crate::support::{CHECKED, Experiment, Notes, UNCHECKED, assert_agrees};

/// A host with so many places, and Poisson launches for exponential times with a mean of one minute.
fn servers(places: u32, arrivals: &str) -> Experiment {
    Experiment::new(&format!(
        "duration = '40h'
        warmup = '4h'
        placement.when_full = 'wait'
        zones = [{{ name = 'z', hosts = [{{ count = {places}, vcpu = 1, memory_gib = 1 }}] }}]
        [[instance_types]]
        name = 'unit'
        vcpu = 1
        memory_gib = 1
        {arrivals}"
    ))
}

fn arrivals(per_minute: f64, more: &str) -> String {
    format!(
        "[[workload.arrivals]]
        process = {{ kind = 'poisson', per_hour = {} }}
        lifetime = {{ kind = 'exponential', mean = '1m' }}
        types = {{ unit = 1 }}
        {more}",
        60.0 * per_minute
    )
}

/// Mean of a duration of a run \[s\], and the number of values.
fn mean(outcome: &Outcome, name: &str) -> (f64, f64) {
    let found = outcome.latency.iter().find(|latency| latency.name == name);
    found.map_or((0.0, 0.0), |latency| (latency.histogram.mean() / 1e9, latency.histogram.len() as f64))
}

fn replicate(experiment: &Experiment, count: u64, figure: impl Fn(&Outcome) -> f64) -> Vec<f64> {
    let run = |seed| experiment.run_with(&[&format!("seed={seed}")], UNCHECKED, &mut Notes::default());
    (0..count).map(|seed| figure(&run(seed))).collect()
}

#[test]
fn a_fleet_whose_launches_wait_is_mmc() {
    for (places, load, width) in [(1, 0.6, 0.25), (4, 0.7, 0.25), (8, 0.85, 0.25)] {
        let rate = f64::from(places) * load;
        let experiment = servers(places, &arrivals(rate, ""));
        let waits = replicate(&experiment, 12, |outcome| {
            assert_eq!(outcome.launch.failed(), 0, "nobody is refused");
            mean(outcome, "placement_wait").0
        });
        assert_agrees("M/M/c", &waits, 60.0 * mmc_wait(places, rate, 1.0), width);
    }
}

#[test]
fn with_preemption_each_priority_waits_as_if_the_lower_ones_were_not_there() {
    // Equal services: both together are M/M/c, the higher priority alone is too (Takagi 1991, "Queueing Analysis", 3.5).
    for (places, high, low) in [(1, 0.3, 0.35), (3, 1.0, 1.1)] {
        let both = format!("{}\n{}", arrivals(high, "priority = 1\npreempts = true"), arrivals(low, ""));
        let experiment = servers(places, &both);
        let of_high = replicate(&experiment, 12, |outcome| mean(outcome, "placement_wait.priority1").0);
        let of_all = replicate(&experiment, 12, |outcome| {
            let (first, launches) = mean(outcome, "placement_wait");
            let (again, requeued) = mean(outcome, "requeue_wait");
            assert!(outcome.launch_course.preempted > 100, "{:?}", outcome.launch_course);
            first + again * requeued / launches
        });
        assert_agrees("higher priority", &of_high, 60.0 * mmc_wait(places, high, 1.0), 0.2);
        assert_agrees("both together", &of_all, 60.0 * mmc_wait(places, high + low, 1.0), 0.2);
    }
}

#[test]
fn without_preemption_priorities_are_cobhams() {
    // M/M/1 without preemption (Cobham 1954): W0 / ((1 − σ of those above) (1 − σ with it)), W0 the rest of a service.
    let (high, low) = (0.3, 0.4);
    let both = format!("{}\n{}", arrivals(high, "priority = 1"), arrivals(low, ""));
    let experiment = servers(1, &both);
    let rest = 60.0 * (high + low);
    for (name, exact) in [
        ("placement_wait.priority1", rest / (1.0 - high)),
        ("placement_wait.priority0", rest / ((1.0 - high) * (1.0 - high - low))),
    ] {
        let waits = replicate(&experiment, 12, |outcome| mean(outcome, name).0);
        assert_agrees(name, &waits, exact, 0.25);
    }
}

/// Notes the time of the call, the end and the host of each instance.
#[derive(Default)]
struct Lives(Vec<(u64, u64, u32)>);

impl Observer for Lives {
    fn detail(&self) -> Detail {
        Detail::Rows
    }

    fn observe(&mut self, observation: &Observation, _: &Directory) {
        if let Observation::Row(TableRow::Instance(row)) = observation {
            let (called, ended) =
                (row.launched.expect("it was launched"), row.terminated.expect("it has ended"));
            self.0.push((called.0 / 1000, ended.0 / 1000, row.host.0));
        }
    }
}

/// A launch of the plain simulation; times are microseconds.
#[derive(Clone, Copy, Debug)]
struct Job {
    at: u64,
    lasts: u64,
    vcpu: u64,
    zone: Option<usize>,
}

/// A host: its zone, its vCPU, and the ends and sizes of those on it.
#[derive(Clone, Debug)]
struct Machine {
    zone: usize,
    vcpu: u64,
    on: Vec<(u64, u64)>,
}

impl Machine {
    fn free(&self) -> u64 {
        self.vcpu - self.on.iter().map(|(_, vcpu)| vcpu).sum::<u64>()
    }
}

/// Simulates the rules by looking at everything at every time. Returns call, end and host of each job, and panics where the
/// first of the line starts later than it was promised.
fn simulate_plainly(jobs: &[Job], mut machines: Vec<Machine>, backfills: bool) -> Vec<(u64, u64, u32)> {
    let zones = 1 + machines.iter().map(|machine| machine.zone).max().unwrap_or(0);
    let (mut line, mut lives, mut next): (Vec<Job>, Vec<(u64, u64, u32)>, usize) = Default::default();
    let mut promised: BTreeMap<u64, u64> = BTreeMap::new();
    loop {
        let end = machines.iter().flat_map(|machine| &machine.on).map(|(end, _)| *end).min();
        let call = jobs.get(next).map(|job| job.at);
        let Some(now) = end.into_iter().chain(call).min() else { return lives };
        if end == Some(now) {
            machines.iter_mut().for_each(|machine| machine.on.retain(|(end, _)| *end > now));
        } else {
            line.push(jobs[next]);
            next += 1;
        }
        let (mut headed, mut closed) = (vec![false; zones], vec![false; zones]);
        let mut promises: Vec<(u64, usize)> = Vec::new();
        line.retain(|job| {
            let mut own: Vec<usize> = (0..zones).filter(|z| job.zone.is_none_or(|zone| zone == *z)).collect();
            let free = |machines: &[Machine], zone: usize| -> u64 {
                machines.iter().filter(|machine| machine.zone == zone).map(Machine::free).sum()
            };
            own.sort_by_key(|zone| std::cmp::Reverse(free(&machines, *zone)));
            let starts = |host: usize, machines: &mut Vec<Machine>, lives: &mut Vec<_>| {
                machines[host].on.push((now + job.lasts, job.vcpu));
                lives.push((job.at, now + job.lasts, host as u32));
                let promise = promised.get(&job.at).copied().unwrap_or(u64::MAX);
                assert!(now <= promise, "the first of the line was delayed: {now}, promised {promise}");
            };
            let first_fit = |zone: usize, not: Option<usize>, machines: &[Machine]| {
                (0..machines.len()).find(|host| {
                    let machine = &machines[*host];
                    machine.zone == zone && Some(*host) != not && machine.free() >= job.vcpu
                })
            };
            for zone in own.iter().filter(|zone| !headed[**zone]) {
                if let Some(host) = first_fit(*zone, None, &machines) {
                    starts(host, &mut machines, &mut lives);
                    return false;
                }
            }
            if backfills {
                for zone in own.iter().filter(|zone| headed[**zone] && !closed[**zone]) {
                    let promise = promises.iter().find(|(_, host)| machines[*host].zone == *zone);
                    let not = promise.filter(|(at, _)| now + job.lasts > *at).map(|(_, host)| *host);
                    if let Some(host) = first_fit(*zone, not, &machines) {
                        starts(host, &mut machines, &mut lives);
                        return false;
                    }
                }
            }
            let unheaded: Vec<usize> = own.iter().copied().filter(|zone| !headed[*zone]).collect();
            let room_at = |host: usize| {
                let machine = &machines[host];
                let mut ends = machine.on.clone();
                ends.sort_unstable();
                let mut free = machine.free();
                ends.into_iter().find_map(|(end, vcpu)| {
                    free += vcpu;
                    (free >= job.vcpu).then_some((end, host))
                })
            };
            let hosts = (0..machines.len()).filter(|host| unheaded.contains(&machines[*host].zone));
            let promise = hosts.filter_map(room_at).min();
            for zone in unheaded {
                headed[zone] = true;
                closed[zone] = !backfills || promise.is_none();
            }
            if let Some((at, host)) = promise.filter(|_| backfills) {
                promises.push((at, host));
                let at = at.min(promised.get(&job.at).copied().unwrap_or(u64::MAX));
                promised.insert(job.at, at);
            }
            true
        });
    }
}

fn draw(random: &mut Stream, zones: u64) -> (Vec<Job>, Vec<Machine>) {
    let mut at = 0;
    let count = 40 + random.below(40);
    let jobs = (0..count).map(|_| {
        at += 1 + random.below(60_000_000);
        let zone = random.below(2 * zones) as usize;
        Job {
            at,
            lasts: 1 + random.below(400_000_000),
            vcpu: [1, 2, 4, 8][random.below(4) as usize],
            zone: (zone < zones as usize && zones > 1).then_some(zone),
        }
    });
    let jobs = jobs.collect();
    let machines = (0..zones as usize).flat_map(|zone| {
        let hosts = 1 + zone % 2 + (count % 3) as usize;
        (0..hosts).map(move |host| Machine { zone, vcpu: if host == 0 { 8 } else { 12 }, on: Vec::new() })
    });
    (jobs, machines.collect())
}

fn experiment(jobs: &[Job], machines: &[Machine], when_full: &str) -> Experiment {
    let mut text =
        format!("placement = {{ strategy = 'first-fit', when_full = '{when_full}' }}\nduration = '30d'\n");
    for zone in 0..=machines.last().expect("a machine").zone {
        text += &format!("[[zones]]\nname = 'z{zone}'\n");
        for machine in machines.iter().filter(|machine| machine.zone == zone) {
            text += &format!("[[zones.hosts]]\ncount = 1\nvcpu = {}\nmemory_gib = 100\n", machine.vcpu);
        }
    }
    let mut trace = String::from("start_s,end_s,vcpu,memory_gib,zone\n");
    for job in jobs {
        let zone = job.zone.map_or(String::new(), |zone| format!("z{zone}"));
        let seconds = |us: u64| format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
        trace += &format!("{},{},{},1,{zone}\n", seconds(job.at), seconds(job.at + job.lasts), job.vcpu);
    }
    Experiment::replaying(&trace, &text)
}

#[test]
fn every_launch_starts_when_and_where_a_plain_simulation_starts_it() {
    let mut random = Seed(7).stream(Purpose::Mix, 1);
    let mut passed = 0;
    for world in 0..120 {
        let (jobs, machines) = draw(&mut random, 1 + world % 3);
        let mut of_both = Vec::new();
        for (when_full, backfills) in [("wait", false), ("wait-backfill", true)] {
            let mut expected = simulate_plainly(&jobs, machines.clone(), backfills);
            expected.sort_unstable();
            let mut found = Lives::default();
            let outcome = experiment(&jobs, &machines, when_full).run_with(&[], CHECKED, &mut found);
            found.0.sort_unstable();
            assert_eq!(found.0, expected, "world {world}, {when_full}");
            assert_eq!(outcome.launch.succeeded, jobs.len() as u64);
            of_both.push(expected);
        }
        passed += usize::from(of_both[0] != of_both[1]);
    }
    assert!(passed > 60, "backfilling changes {passed} worlds");
}

/// Returns start and host of each job of a run, in the order of the jobs.
fn starts(jobs: &[Job], machines: &[Machine], when_full: &str) -> Vec<(u64, usize)> {
    let mut lives = Lives::default();
    experiment(jobs, machines, when_full).run_with(&[], CHECKED, &mut lives);
    lives.0.sort_unstable();
    // Each is called at a time of its own.
    jobs.iter().zip(lives.0).map(|(job, (_, ended, host))| (ended - job.lasts, host as usize)).collect()
}

#[test]
fn nothing_overtakes_in_strict_order() {
    let mut random = Seed(11).stream(Purpose::Mix, 1);
    let (mut waited, mut overtaken) = (0, 0);
    for world in 0..60 {
        let (jobs, machines) = draw(&mut random, 1 + world % 3);
        // Pairs of which the later one starts before the earlier one, in a zone that the earlier one waits for.
        let overtakes = |starts: &[(u64, usize)]| {
            let pairs = (0..jobs.len()).flat_map(|later| (0..later).map(move |earlier| (earlier, later)));
            pairs
                .filter(|(earlier, later)| {
                    let zone = machines[starts[*later].1].zone;
                    starts[*later].0 < starts[*earlier].0 && jobs[*earlier].zone.is_none_or(|of| of == zone)
                })
                .count()
        };
        let strict = starts(&jobs, &machines, "wait");
        assert_eq!(overtakes(&strict), 0, "world {world}");
        waited += jobs.iter().zip(&strict).filter(|(job, (start, _))| *start > job.at).count();
        overtaken += overtakes(&starts(&jobs, &machines, "wait-backfill"));
    }
    assert!(waited > 500 && overtaken > 500, "{waited} wait, {overtaken} are overtaken with backfilling");
}

#[test]
fn the_first_head_that_others_pass_starts_no_later_than_without_backfilling() {
    let mut random = Seed(12).stream(Purpose::Mix, 1);
    let (mut passed, mut sooner) = (0, 0);
    for world in 0..120 {
        let (jobs, machines) = draw(&mut random, 1);
        let [strict, backfilled] =
            ["wait", "wait-backfill"].map(|when_full| starts(&jobs, &machines, when_full));
        // Up to the first pass both runs are the same, so that the head of the line then is the same too.
        let differ = (0..jobs.len()).filter(|job| backfilled[*job].0 < strict[*job].0);
        let Some(pass) = differ.map(|job| backfilled[job].0).min() else { continue };
        let head = (0..jobs.len()).find(|job| jobs[*job].at <= pass && backfilled[*job].0 > pass);
        let Some(head) = head else { continue };
        assert!(backfilled[head].0 <= strict[head].0, "world {world}: {head} is delayed");
        passed += 1;
        sooner += usize::from(backfilled[head].0 < strict[head].0);
    }
    assert!(passed > 60, "{passed} heads are passed, {sooner} start sooner");
}

#[test]
fn who_waits_too_long_is_refused_and_who_waits_at_the_end_is_counted() {
    let trace = "start_s,end_s,vcpu,memory_gib\n0,100,8,1\n10,60,8,1\n20,70,4,1\n30,500,2,1\n";
    let world = "duration = '140s'\nplacement = { when_full = 'wait', longest_wait = '95s' }
        zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 8, memory_gib = 8 }] }]";
    let (outcome, notes) = Experiment::replaying(trace, world).watch();
    // The second starts at 100 s, before its 95 s are over; the third has waited for 95 s at 115 s, the fourth at 125 s.
    assert_eq!(
        notes.reasons(),
        [(115, "InsufficientInstanceCapacity"), (125, "InsufficientInstanceCapacity")]
    );
    assert_eq!((outcome.launch.requested, outcome.launch.succeeded, outcome.launch_course.waited), (4, 2, 1));
    let (wait, launches) = mean(&outcome, "placement_wait");
    assert_eq!((wait.round(), launches), (45.0, 2.0));
    let patient = Experiment::replaying(trace, &world.replace(", longest_wait = '95s'", ""));
    let (outcome, notes) = patient.watch();
    assert_eq!((outcome.launch.requested, outcome.launch.succeeded, outcome.launch.failed()), (4, 2, 0));
    assert_eq!(outcome.launch_course.waiting_at_end, 2);
    assert_eq!(outcome.launch_course.waiting_peak, 3);
    assert_eq!(notes.samples.last().expect("the end is sampled").launches_waiting, 2);
}

#[test]
fn what_launches_took_is_sampled_with_those_of_the_interval_alone() {
    let trace = "start_s,end_s,vcpu,memory_gib\n0,100,8,1\n10,160,8,1\n20,170,4,1\n30,500,2,1\n161,170,2,1\n";
    let world = "duration = '400s'\noutput = { sample_every = '60s' }\nplacement = { when_full = 'wait' }
        zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 8, memory_gib = 8 }] }]";
    let (_, notes) = Experiment::replaying(trace, world).watch();
    let seconds = |latency: Duration| (latency.0 as f64 / 1e9).round() as u64;
    let found: Vec<(u64, u64, u64)> = notes
        .samples
        .iter()
        .filter_map(|sample| {
            let latency = sample.launch_latency?;
            Some((sample.at.0 / NS_PER_S, seconds(latency.median), seconds(latency.p99)))
        })
        .collect();
    // The first waits for nothing; the second from 10 s to 100 s, and lasts 150 s; the others from 20 s, 30 s and 161 s to 250 s.
    assert_eq!(found, [(0, 0, 0), (120, 90, 90), (300, 220, 230)]);
    // Where all launches take equally long, no time is spent on it.
    let (_, notes) =
        Experiment::replaying(trace, &world.replace("placement = { when_full = 'wait' }", "")).watch();
    assert!(notes.samples.iter().all(|sample| sample.launch_latency.is_none()));
}

#[test]
fn a_launch_that_no_host_could_ever_take_is_refused_at_once() {
    let trace = "start_s,end_s,vcpu,memory_gib\n0,100,9,1\n10,60,8,1\n";
    let world = "placement.when_full = 'wait'
        zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 8, memory_gib = 8 }] }]";
    let (outcome, notes) = Experiment::replaying(trace, world).watch();
    assert_eq!(notes.reasons(), [(0, "InsufficientInstanceCapacity")]);
    assert_eq!(outcome.launch.succeeded, 1);
}

#[test]
fn a_preemption_takes_the_fewest_and_youngest_after_its_notice() {
    let experiment = Experiment::new(
        "duration = '20m'
        placement = { strategy = 'first-fit', when_full = 'wait', preempted = 'terminate' }
        zones = [{ name = 'z', hosts = [{ count = 2, vcpu = 4, memory_gib = 64 }] }]
        instance_types = [
            { name = 'one', vcpu = 1, memory_gib = 1 },
            { name = 'three', vcpu = 3, memory_gib = 1 },
        ]
        [[workload.arrivals]]
        process = { kind = 'constant', every = '1m' }
        lifetime = { kind = 'constant', value = '10h' }
        types = { one = 1 }
        [[workload.arrivals]]
        process = { kind = 'constant', every = '10m' }
        lifetime = { kind = 'constant', value = '1h' }
        types = { three = 1 }
        priority = 2
        preempts = true
        notice = '2m'",
    );
    let (outcome, _) = experiment.watch();
    // By 10 min a large one and five small ones fill both hosts, four of these the second: the younger three make room, after
    // two minutes. The first large one came to an empty cloud.
    assert_eq!(outcome.launch_course.preempted, 3);
    let (wait, launches) = mean(&outcome, "placement_wait.priority2");
    assert_eq!((wait.round(), launches), (60.0, 2.0));
}

#[test]
fn a_queue_without_a_limit_under_overload_is_told_as_unstable() {
    let stable = servers(2, &arrivals(1.4, "")).run_with(&[], UNCHECKED, &mut Notes::default());
    assert!(!stable.launch_course.is_unstable);
    let overload = servers(2, &arrivals(2.5, "")).run_with(&[], UNCHECKED, &mut Notes::default());
    assert!(overload.launch_course.is_unstable, "{:?}", overload.launch_course);
    assert!(overload.launch_course.waiting_peak > 500);
}
