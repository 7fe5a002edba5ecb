//! Common parts of the benchmarks of whole runs: cases, each run in a process of its own, and the roofline beside which they
//! stand.

#![allow(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

use std::process::Command;
use std::time::Instant;

use plimsoll::cloud::observe::{Detail, Observer};
use plimsoll::cloud::outcome::Outcome;
use plimsoll::cloud::{Cloud, RunOptions};
use plimsoll::engine::memory::prefetch;
use plimsoll::engine::queue::EventQueue;
use plimsoll::engine::random::{Purpose, Seed};
use plimsoll::scenario::Scenario;
use plimsoll::units::Time;

/// Rounds over all cases; the table shows medians.
const ROUNDS: usize = 3;

/// Line of the table.
pub struct Case {
    pub name: &'static str,
    pub what: &'static str,
    pub run: fn(scale: u64) -> Measured,
}

/// Measurement of a run: how much it did of what is counted, and in which time.
#[derive(Clone, Copy)]
pub struct Measured {
    pub count: u64,
    pub seconds: f64,
}

/// Runs the cases that the command line names, and prints a table of how many they do a second. The first case is the
/// roofline.
pub fn bench(cases: &[Case], unit: &str) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| arguments.iter().position(|arg| arg == name).and_then(|i| arguments.get(i + 1));
    let scale = if arguments.iter().any(|arg| arg == "--smoke") { 100 } else { 1 };
    if let Some(name) = value("--case") {
        let case = cases.iter().find(|case| case.name == name).expect("a case of the list");
        let measured = (case.run)(scale);
        println!("{} {} {}", measured.count, measured.seconds, peak_memory_bytes());
        return;
    }
    let only = value("--only").cloned();
    let cases: Vec<&Case> =
        cases.iter().filter(|case| only.as_deref().is_none_or(|only| only == case.name)).collect();
    let rounds = if scale > 1 { 1 } else { ROUNDS };
    table(unit, &cases, &measure(&cases, rounds, scale));
}

/// Runs every case once a round, each in its own process: how many a second and bytes of memory.
fn measure(cases: &[&Case], rounds: usize, scale: u64) -> Vec<Vec<(f64, u64)>> {
    let this = std::env::current_exe().expect("a program has a file");
    let mut results = vec![Vec::new(); cases.len()];
    for _ in 0..rounds {
        for (case, results) in cases.iter().zip(&mut results) {
            let mut command = Command::new(&this);
            command.args(["--case", case.name]);
            if scale > 1 {
                command.arg("--smoke");
            }
            let output = command.output().expect("a case can be started");
            assert!(output.status.success(), "{}: {}", case.name, String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8(output.stdout).expect("numbers");
            let numbers: Vec<f64> =
                text.split_whitespace().map(|number| number.parse().expect("a number")).collect();
            results.push((numbers[0] / numbers[1], numbers[2] as u64));
        }
    }
    results
}

fn table(unit: &str, cases: &[&Case], results: &[Vec<(f64, u64)>]) {
    println!("| case | what | {unit} | least to most | of the roofline | memory |");
    println!("|---|---|---|---|---|---|");
    let median = |runs: &[(f64, u64)]| {
        let mut speeds: Vec<f64> = runs.iter().map(|(speed, _)| *speed).collect();
        speeds.sort_by(f64::total_cmp);
        (speeds[0], speeds[speeds.len() / 2], speeds[speeds.len() - 1])
    };
    let roofline = cases.iter().position(|case| case.name == "roofline").map(|i| median(&results[i]).1);
    for (case, runs) in cases.iter().zip(results) {
        let (least, middle, most) = median(runs);
        let share =
            roofline.map_or("–".to_string(), |roofline| format!("{:.0} %", 100.0 * middle / roofline));
        let memory = runs.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0);
        println!(
            "| {} | {} | {:.2} M | {:.2} to {:.2} M | {share} | {:.2} GiB |",
            case.name,
            case.what,
            middle / 1e6,
            least / 1e6,
            most / 1e6,
            memory as f64 / (1u64 << 30) as f64
        );
    }
}

/// A cloud's records without a cloud: nothing that simulates can be faster.
pub fn roofline(hosts: u64, instances: u64, events: u64) -> Measured {
    #[derive(Clone, Copy)]
    #[repr(align(64))]
    struct Instance {
        host: u32,
        seen: u64,
    }
    #[derive(Clone, Copy)]
    #[repr(align(32))]
    struct Host {
        seen: u64,
    }
    const BATCH: usize = 16;
    let mut random = Seed(42).stream(Purpose::Lifetime, 0);
    let delays: Vec<u64> = (0..1 << 16).map(|_| (-libm::log(random.unit()) * 1.44e12) as u64).collect();
    let one = |_| Instance { host: random.below(hosts) as u32, seen: 0 };
    let mut records: Vec<Instance> = (0..instances).map(one).collect();
    let mut machines = vec![Host { seen: 0 }; hosts as usize];
    let mut queue = EventQueue::<u64>::new();
    for instance in 0..instances {
        queue.push(Time(delays[instance as usize % delays.len()] + instance), 0, instance);
    }
    let start = Instant::now();
    for event in 0..events {
        if event.is_multiple_of(BATCH as u64) {
            queue.ahead(2 * BATCH..3 * BATCH).for_each(|instance| prefetch(&records[instance as usize]));
            for instance in queue.ahead(BATCH..2 * BATCH) {
                prefetch(&machines[records[instance as usize].host as usize]);
            }
        }
        let (now, instance) = queue.pop().expect("as many are pushed as popped");
        let record = &mut records[instance as usize];
        record.seen += now.0;
        machines[record.host as usize].seen += 1;
        let delay = delays[(event.wrapping_mul(0x9e37_79b9) >> 8) as usize % delays.len()];
        queue.push(Time(now.0 + delay), 0, instance);
    }
    let seconds = start.elapsed().as_secs_f64();
    assert!(machines.iter().map(|host| host.seen).sum::<u64>() == events);
    Measured { count: events, seconds }
}

/// Simulates a scenario: what came of it, and how long that took, without making the cloud \[s\].
pub fn simulated(scenario: &Scenario) -> (Outcome, f64) {
    struct Clock {
        started: Option<Instant>,
        seconds: f64,
    }
    impl Observer for Clock {
        fn detail(&self) -> Detail {
            Detail::Nothing
        }
        fn started(&mut self) {
            self.started = Some(Instant::now());
        }
        fn ended(&mut self) {
            self.seconds = self.started.expect("it was started").elapsed().as_secs_f64();
        }
    }
    let cloud = Cloud::new(scenario, RunOptions::default()).expect("a scenario that was checked");
    let mut clock = Clock { started: None, seconds: 0.0 };
    let outcome = cloud.run(&mut clock).expect("synthetic demand has no faults");
    (outcome, clock.seconds)
}

/// The most memory this process has had.
fn peak_memory_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}
