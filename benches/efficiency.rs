//! Worth of a second core: runs of a comparison and of a sweep on one thread and on two.
//!
//! `cargo bench --bench efficiency` prints a table in Markdown; `-- --smoke` does a few short runs once, to see that it
//! works. One thread and two take turns, and which of them begins changes from pair to pair, so that a noisy minute
//! falls on both. Efficiency is the rate on two threads by twice that on one, the median over the pairs; on a quiet
//! machine with two cores it is to be at least 0.9.

#![allow(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

use std::path::{Path, PathBuf};
use std::time::Instant;

use plimsoll::experiment::sweep::{self, Plan, Store, SweepConfig};
use plimsoll::experiment::{Design, NoListener, Variant};
use plimsoll::scenario::Overrides;

/// Pairs of one thread and two.
const PAIRS: usize = 5;

/// Threads measured against one thread \[threads\].
const THREADS: usize = 2;

/// Least efficiency that is wanted.
const GOAL: f64 = 0.9;

/// Work that is divided among threads.
struct Case {
    name: &'static str,
    what: &'static str,
    /// Does it on the threads of the pool it is called in, and tells how many runs it made.
    work: fn(is_smoke: bool) -> usize,
}

const CASES: [Case; 2] = [
    Case {
        name: "compare",
        what: "quickstart, eight strategies, eight seeds of the two that draw",
        work: compare,
    },
    Case {
        name: "sweep",
        what: "hosts-by-strategy: three strategies, five sizes; kept on disk",
        work: run_sweep,
    },
];

fn main() {
    let is_smoke = std::env::args().any(|word| word == "--smoke");
    println!(
        "| case | what | runs | one thread | {THREADS} threads | efficiency | least to most | ≥ {GOAL} |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|---|");
    for case in &CASES {
        println!("{}", line(case, if is_smoke { 1 } else { PAIRS }, is_smoke));
    }
}

/// Measures a case in pairs: its line of the table.
fn line(case: &Case, pairs: usize, is_smoke: bool) -> String {
    let mut runs = 0;
    let (mut alone, mut together, mut efficiency) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..pairs {
        let mut seconds = [0.0; 2];
        let threads = [1, THREADS];
        for turn in 0..2 {
            let which = (turn + pair) % 2;
            (runs, seconds[which]) = measure(case, threads[which], is_smoke);
        }
        alone.push(runs as f64 / seconds[0]);
        together.push(runs as f64 / seconds[1]);
        efficiency.push(seconds[0] / (THREADS as f64 * seconds[1]));
    }
    let (middle, least, most) = (median(&efficiency), least(&efficiency), most(&efficiency));
    format!(
        "| {} | {} | {runs} | {:.2} runs/s | {:.2} runs/s | {middle:.3} | {least:.3} to {most:.3} | {} |",
        case.name,
        case.what,
        median(&alone),
        median(&together),
        match (is_smoke, middle >= GOAL) {
            (true, _) => "too short to tell",
            (false, true) => "yes",
            (false, false) => "no",
        },
    )
}

/// Runs made, and the time they took \[s\], on so many threads.
fn measure(case: &Case, threads: usize, is_smoke: bool) -> (usize, f64) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be had");
    let began = Instant::now();
    let runs = pool.install(|| (case.work)(is_smoke));
    (runs, began.elapsed().as_secs_f64())
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads").join(name)
}

/// Strategies that are compared, the two that draw with every seed.
const STRATEGIES: [&str; 8] = [
    "first-fit",
    "best-fit",
    "best-fit-l2",
    "best-fit-linf",
    "dot-product",
    "cluster",
    "random",
    "power-of-two",
];

fn compare(is_smoke: bool) -> usize {
    let set = |name: &str| {
        let short = is_smoke.then(|| "duration=6h".to_string());
        [format!("placement.strategy={name}")].into_iter().chain(short).collect()
    };
    let variant = |name: &&str| Variant {
        label: name.to_string(),
        overrides: Overrides { set: set(name), seed: None, ..Overrides::default() },
    };
    let design = Design {
        scenario: file("scenarios/quickstart.toml"),
        variants: STRATEGIES.iter().map(variant).collect(),
        replications: 8,
        precision: None,
        metrics: Vec::new(),
        confidence: 0.95,
    };
    let scenarios = design.scenarios().expect("a scenario of the project");
    let comparison = design.run(scenarios, usize::MAX, &NoListener).expect("a scenario of the project runs");
    // Each that is certain took two runs to show it, of which one was kept.
    comparison.arms.iter().map(|arm| if arm.certain { 2 } else { arm.replications() }).sum()
}

fn run_sweep(is_smoke: bool) -> usize {
    let sweep = file("sweeps/hosts-by-strategy.toml");
    let folder = sweep.parent().expect("it lies in a folder").to_path_buf();
    let plan =
        Plan::make(&SweepConfig::read(&sweep).expect("a sweep of the project")).expect("its files are there");
    let place = tempfile::tempdir().expect("a folder for the runs");
    let store = Store::open(&place.path().join("runs"), &plan, &folder).expect("an empty folder takes runs");
    let some = if is_smoke { 2 } else { plan.runs.len() };
    let runs: Vec<usize> = (0..some).collect();
    sweep::execute(&plan, &folder, &runs, &store, usize::MAX, &NoListener)
        .expect("a sweep of the project runs")
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}
