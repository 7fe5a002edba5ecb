//! The speed of the control plane: calls to the API through every stage, nine of ten of them questions that the cache
//! answers, on a fleet of 100,000 hosts with 200,000 instances.
//!
//! `cargo bench --bench api` prints a table in Markdown, medians of three rounds; `-- --smoke` runs everything at a
//! hundredth of its size, once, to see that it works. The goal is a million calls a second on one core. What is four
//! times as long takes no more memory: that is bounded by what is on its way, not by what has passed.

mod shared;

use plimsoll::scenario::{Overrides, Scenario};

use shared::{Case, Measured, roofline, simulated};

const CASES: &[Case] = &[
    Case {
        name: "roofline",
        what: "100 k hosts, 200 k instances: pop, touch one instance and one host, push",
        run: |scale| roofline(100_000 / scale, 200_000 / scale, 20_000_000 / scale),
    },
    Case {
        name: "read-heavy",
        what: "5 M calls, 90 % describe, 8 % other calls, 2 % launches",
        run: |scale| call(50, scale),
    },
    Case { name: "read-heavy, longer", what: "the same, 20 M calls", run: |scale| call(200, scale) },
];

fn main() {
    shared::bench(CASES, "calls/s");
}

/// A hundred thousand calls a second for so long. Every stage takes time and has a limit, and is two thirds busy at
/// most; clients would wait for 10 s, and try again; there are throttles, which hold nobody back.
const SCENARIO: &str = "
    name = 'api'
    zones = [{ name = 'a', hosts = [{ count = 100_000, vcpu = 64, memory_gib = 256 }] }]
    placement.strategy = 'best-fit'

    [control_plane]
    preset = 'zero'
    clients    = { timeout = '10s', attempts = 3 }
    throttle   = { enabled = true, requests.describe = { bucket = 10_000, per_s = 5_000 } }
    gateway    = { servers = 300, queue_limit = 10_000, service = { kind = 'exponential', mean = '2ms' } }
    validation = { servers = 30, service = { kind = 'exponential', mean = '2ms' } }
    cache      = { enabled = true, ttl = '300s', coalesce = true }
    queue      = { visibility_timeout = '60s', max_receives = 5 }
    workers    = { count = 15_000, service = { kind = 'exponential', mean = '50ms' } }
    hypervisor = { servers = 10_000, service = { kind = 'exponential', mean = '1s' } }
    breaker    = { enabled = true }

    [control_plane.database]
    servers  = 200
    read     = { kind = 'exponential', mean = '1ms' }
    write    = { kind = 'exponential', mean = '5ms' }
    replicas = 2
    lag      = '10ms'
    pool     = { min = 20, max = 500, acquire_timeout = '30s', connect = '5ms' }

    [workload]
    start = 'steady-state'
    [[workload.arrivals]]
    name     = 'fleet'
    process  = { kind = 'poisson', per_hour = 7_200_000.0 }
    lifetime = { kind = 'exponential', mean = '100s' }
    types    = { 't3.small' = 1, 't3.large' = 1 }
    accounts = 256
    [[workload.calls]]
    process     = { kind = 'poisson', per_hour = 352_800_000.0 }
    operations  = { describe = 90, create-tags = 4, reboot = 2, modify = 2 }
    accounts_of = ['fleet']";

/// Calls for so many simulated seconds, with fleet and calls divided by `scale`.
fn call(seconds: u64, scale: u64) -> Measured {
    let set = vec![
        format!("duration={seconds}s"),
        format!("zones.0.hosts.0.count={}", 100_000 / scale),
        format!("workload.arrivals.0.process.per_hour={}.0", 7_200_000 / scale),
        format!("workload.calls.0.process.per_hour={}.0", 352_800_000 / scale),
    ];
    let overrides = Overrides { set, seed: None, ..Overrides::default() };
    let scenario = Scenario::parse("api.toml".as_ref(), SCENARIO, &overrides).expect("it is well formed");
    let (outcome, seconds) = simulated(&scenario);
    let plane = outcome.control_plane.expect("a control plane is modelled");
    assert!(plane.unstable.is_empty() && plane.counts.refused * 1000 < plane.counts.calls, "{plane:?}");
    let hits = plane.records.and_then(|records| records.hit_ratio()).expect("somebody asks");
    assert!(hits > 0.6, "the cache answers {hits}");
    Measured { count: plane.counts.calls, seconds }
}
