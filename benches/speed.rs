//! The speed of whole runs beside the roofline: what a core can do at all when an event is no more than
//! the next of a good queue, one instance record and one host record.
//!
//! `cargo bench --bench speed` prints a table in Markdown; `-- --smoke` runs everything at a hundredth of
//! its size, once, to see that it works. Each run is a process of its own, so that one's memory is not
//! another's, and rounds go over all cases, so that a noisy minute does not fall on one of them.

#![allow(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

use std::process::Command;
use std::time::Instant;

use plimsoll::cloud::observe::Observer;
use plimsoll::cloud::{Cloud, RunOptions};
use plimsoll::engine::memory::{advise_huge_pages, prefetch};
use plimsoll::engine::queue::EventQueue;
use plimsoll::engine::random::{Purpose, Seed};
use plimsoll::scenario::{Overrides, Scenario};
use plimsoll::units::Time;

/// Rounds over all cases; the table shows medians.
const ROUNDS: usize = 3;

/// One line of the table.
struct Case {
    name: &'static str,
    what: &'static str,
    run: fn(scale: u64) -> Measured,
}

/// What one run measured.
#[derive(Clone, Copy)]
struct Measured {
    events: u64,
    seconds: f64,
}

const CASES: &[Case] = &[
    Case {
        name: "roofline",
        what: "1 M hosts, 14.4 M instances: pop, touch one instance and one host, push",
        run: |scale| roofline(1_000_000 / scale, 14_400_000 / scale, 20_000_000 / scale),
    },
    Case {
        name: "million-hosts",
        what: "1 M hosts, 14.4 M instances, 5 M launches, best-fit",
        run: |scale| simulate("million-hosts", 1_000_000, 36_000_000, scale, "best-fit"),
    },
    Case {
        name: "ten-million-hosts",
        what: "10 M hosts, 20 M instances, 5 M launches, best-fit",
        run: |scale| simulate("ten-million-hosts", 10_000_000, 36_000_000, scale, "best-fit"),
    },
    Case {
        name: "ten-thousand-hosts",
        what: "10 k hosts, 144 k instances, 5 M launches, best-fit",
        run: |scale| {
            let settings = ["duration=50000s", "zones.0.hosts.0.count=10000"];
            let per_hour = "workload.arrivals.0.process.per_hour=360000.0";
            run_scenario("million-hosts", &[&settings[..], &[per_hour]].concat(), "best-fit", scale)
        },
    },
    Case {
        name: "first-fit",
        what: "as million-hosts, first-fit",
        run: |scale| simulate("million-hosts", 1_000_000, 36_000_000, scale, "first-fit"),
    },
    Case {
        name: "spread",
        what: "as million-hosts, spread",
        run: |scale| simulate("million-hosts", 1_000_000, 36_000_000, scale, "spread"),
    },
    Case {
        name: "dot-product",
        what: "as million-hosts, dot-product",
        run: |scale| simulate("million-hosts", 1_000_000, 36_000_000, scale, "dot-product"),
    },
    Case {
        name: "fractional",
        what: "100 k hosts, 1.4 M instances of 2,000 distinct fractional shapes, best-fit",
        run: |scale| fractional(100_000 / scale, "best-fit"),
    },
    Case {
        name: "fractional-spread",
        what: "as fractional, spread",
        run: |scale| fractional(100_000 / scale, "spread"),
    },
    Case {
        name: "fractional-dot-product",
        what: "a tenth of fractional, dot-product",
        run: |scale| fractional(10_000 / scale, "dot-product"),
    },
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| arguments.iter().position(|arg| arg == name).and_then(|i| arguments.get(i + 1));
    let scale = if arguments.iter().any(|arg| arg == "--smoke") { 100 } else { 1 };
    if let Some(name) = value("--case") {
        let case = CASES.iter().find(|case| case.name == name).expect("a case of the list");
        let measured = (case.run)(scale);
        println!("{} {} {}", measured.events, measured.seconds, peak_memory_bytes());
        return;
    }
    let only = value("--only").cloned();
    let cases: Vec<&Case> =
        CASES.iter().filter(|case| only.as_deref().is_none_or(|only| only == case.name)).collect();
    let rounds = if scale > 1 { 1 } else { ROUNDS };
    table(&cases, &measure(&cases, rounds, scale));
}

/// Runs every case once a round, each in its own process: events a second and bytes of memory.
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

fn table(cases: &[&Case], results: &[Vec<(f64, u64)>]) {
    println!("| case | what | events/s | least to most | of the roofline | memory |");
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
fn roofline(hosts: u64, instances: u64, events: u64) -> Measured {
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
    let mut records = Vec::with_capacity(instances as usize);
    plimsoll::engine::memory::advise_huge_pages_for_capacity(&mut records);
    records.extend((0..instances).map(|_| Instance { host: random.below(hosts) as u32, seen: 0 }));
    let mut machines = vec![Host { seen: 0 }; hosts as usize];
    advise_huge_pages(&machines);
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
    Measured { events, seconds }
}

/// A scenario of `workloads/scenarios`, with its fleet and its demand divided by `scale`.
fn simulate(name: &str, hosts: u64, per_hour: u64, scale: u64, strategy: &str) -> Measured {
    let hosts = format!("zones.0.hosts.0.count={}", hosts / scale);
    let per_hour = format!("workload.arrivals.0.process.per_hour={}.0", per_hour / scale);
    run_scenario(name, &[&hosts, &per_hour], strategy, 1)
}

fn run_scenario(name: &str, settings: &[&str], strategy: &str, shorten: u64) -> Measured {
    let path = format!("{}/workloads/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let mut set: Vec<String> = settings.iter().map(ToString::to_string).collect();
    set.push(format!("placement.strategy={strategy}"));
    if shorten > 1 {
        set.push("duration=500s".to_string());
    }
    run(Scenario::read(path.as_ref(), &Overrides { set, seed: None }).expect("a scenario of the project"))
}

/// Two thousand shapes in hundredths of a vCPU and MiB: no two hosts are alike, every one a class.
fn fractional(hosts: u64, strategy: &str) -> Measured {
    let mut random = Seed(7).stream(Purpose::Mix, 0);
    let mut text = format!(
        "name = 'fractional'\nduration = '500s'\nzones = [{{ name = 'a', hosts = [{{ count = {}, vcpu = 64, \
         memory_gib = 256 }}] }}]\nplacement.strategy = '{strategy}'\n",
        hosts
    );
    let mut weights = Vec::new();
    for i in 0..2_000 {
        let (vcpu, mib) = (50 + random.below(600), 256 + random.below(16_000));
        text += &format!(
            "[[instance_types]]\nname = 'x.{i}'\nvcpu = {}.{:02}\nmemory_gib = {}\non_demand_usd_per_hour = 0.1\n",
            vcpu / 100,
            vcpu % 100,
            mib as f64 / 1024.0
        );
        weights.push(format!("'x.{i}' = 1"));
    }
    text += &format!(
        "[workload]\nstart = 'steady-state'\n[[workload.arrivals]]\nprocess = {{ kind = 'poisson', per_hour = {}.0 }}\n\
         lifetime = {{ kind = 'exponential', mean = '24m' }}\ntypes = {{ {} }}\n",
        36 * hosts,
        weights.join(", ")
    );
    run(Scenario::parse("fractional.toml".as_ref(), &text, &Overrides::default()).expect("it is well formed"))
}

fn run(scenario: Scenario) -> Measured {
    struct Clock {
        started: Option<Instant>,
        seconds: f64,
    }
    impl Observer for Clock {
        fn started(&mut self) {
            self.started = Some(Instant::now());
        }
        fn ended(&mut self) {
            self.seconds = self.started.expect("it was started").elapsed().as_secs_f64();
        }
    }
    let cloud = Cloud::new(&scenario, RunOptions::default()).expect("a scenario that was checked");
    let mut clock = Clock { started: None, seconds: 0.0 };
    let outcome = cloud.run(&mut clock).expect("synthetic demand has no faults");
    Measured { events: outcome.lifecycle_events, seconds: clock.seconds }
}

/// The most memory this process has had.
fn peak_memory_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}
