//! A host with places for so many instances, offered them at random, is a loss system: its share of refusals depends on the
//! mean of the lifetimes alone.

use super::{Finding, outcome};
use crate::queueing;

/// Erlang offered, places, law of the lifetimes with a mean of one hour.
const CASES: [(f64, u32, &str); 3] = [
    (2.0, 3, "{ kind = 'exponential', mean = '1h' }"),
    (8.0, 10, "{ kind = 'lognormal', median = '30m', mean = '1h' }"),
    (20.0, 20, "{ kind = 'constant', value = '1h' }"),
];

const SEEDS: u64 = 20;

pub fn run() -> Vec<Finding> {
    CASES.into_iter().map(check).collect()
}

fn check((offered, places, lifetime): (f64, u32, &str)) -> Finding {
    let scenario = format!(
        "duration = '550h'
        warmup = '50h'
        zones = [{{ name = 'z', hosts = [{{ count = 1, vcpu = {places}, memory_gib = {places} }}] }}]
        instance_types = [{{ name = 'unit', vcpu = 1, memory_gib = 1 }}]
        [[workload.arrivals]]
        process = {{ kind = 'poisson', per_hour = {offered:.1} }}
        lifetime = {lifetime}
        types = {{ unit = 1 }}"
    );
    let refused: Vec<f64> =
        (0..SEEDS).map(|seed| 1.0 - outcome(&scenario, seed).launch.success_ratio()).collect();
    let what = format!("share refused, {offered} Erlang on {places} places");
    Finding::mean(what, queueing::erlang_b(places, offered), &refused, 0.1)
}
