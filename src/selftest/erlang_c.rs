//! A gateway with so many servers, reached by calls at random while every other stage takes no time, is the queue of
//! Erlang's formula C.

use super::{Finding, outcome};
use crate::control_plane::stage::StageName;
use crate::queueing;

/// Servers, share of their time that is asked for.
const CASES: [(u32, f64); 3] = [(1, 0.5), (4, 0.7), (4, 0.85)];

const SEEDS: u64 = 20;

pub fn run() -> Vec<Finding> {
    CASES.into_iter().map(check).collect()
}

fn check((servers, load): (u32, f64)) -> Finding {
    let rate = f64::from(servers) * load;
    let scenario = format!(
        "duration = '3h'
        warmup = '10m'
        zones = [{{ name = 'z', hosts = [{{ count = 1, vcpu = 4, memory_gib = 4 }}] }}]
        control_plane.preset = 'zero'
        control_plane.gateway = {{ servers = {servers}, service = {{ kind = 'exponential', mean = '1s' }} }}
        [[workload.calls]]
        process = {{ kind = 'poisson', per_hour = {:.1} }}
        operations = {{ describe = 1 }}",
        rate * 3600.0
    );
    let waits: Vec<f64> = (0..SEEDS).filter_map(|seed| mean_wait_s(&scenario, seed)).collect();
    let what = format!("seconds waited on average, {servers} servers busy {} % of the time", load * 100.0);
    Finding::mean(what, queueing::mmc_wait(servers, rate, 1.0), &waits, 0.2)
}

fn mean_wait_s(scenario: &str, seed: u64) -> Option<f64> {
    let plane = outcome(scenario, seed).control_plane?;
    let gateway = plane.stages.iter().find(|stage| stage.name == StageName::Gateway)?;
    gateway.usage.wait_s_mean()
}
