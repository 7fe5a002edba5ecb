//! The speed of whole runs beside the roofline: what a core can do at all when an event is no more than
//! the next of a good queue, one instance record and one host record.
//!
//! `cargo bench --bench speed` prints a table in Markdown; `-- --smoke` runs everything at a hundredth of
//! its size, once, to see that it works. Each run is a process of its own, so that one's memory is not
//! another's, and rounds go over all cases, so that a noisy minute does not fall on one of them.

mod shared;

use plimsoll::engine::random::{Purpose, Seed};
use plimsoll::scenario::{Overrides, Scenario};

use shared::{Case, Measured, roofline, simulated};

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
    shared::bench(CASES, "events/s");
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
    run(&Scenario::read(path.as_ref(), &Overrides { set, seed: None, ..Overrides::default() })
        .expect("a scenario of the project"))
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
    run(&Scenario::parse("fractional.toml".as_ref(), &text, &Overrides::default())
        .expect("it is well formed"))
}

fn run(scenario: &Scenario) -> Measured {
    let (outcome, seconds) = simulated(scenario);
    Measured { count: outcome.lifecycle_events, seconds }
}
