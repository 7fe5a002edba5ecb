//! Digests of a small world with a bit of everything, alone and in parallel.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::{Finding, outcome};

const SCENARIO: &str = "
    duration = '2d'
    placement.strategy = 'random'
    lifecycle = { boot = '20s', stop = '30s' }
    zones = [
        { name = 'a', hosts = [{ count = 8, vcpu = 16, memory_gib = 64 }] },
        { name = 'b', hosts = [{ count = 4, vcpu = 32, memory_gib = 64 }] },
    ]
    network.subnets = [
        { name = 's', zone = 'a', cidr = '10.0.0.0/26' },
        { name = 't', zone = 'b', cidr = '10.0.1.0/26' },
    ]
    [[workload.arrivals]]
    process = { kind = 'poisson', per_hour = 20.0 }
    lifetime = { kind = 'lognormal', median = '1h', mean = '4h' }
    types = { 'm5.large' = 3, 'c5.xlarge' = 1 }
    accounts = 3
    stops = { run = { kind = 'weibull', shape = 0.7, scale = '1h' }, stopped = { kind = 'exponential', mean = '1h' } }";

/// Digest of each seed, as any machine and build of this version has it. A change of it is a change of behaviour.
const DIGESTS: [(u64, u128); 2] =
    [(1, 0x1ff6_1345_67ea_275b_b8f2_1df0_8c19_860d), (2, 0x07a0_fdef_0cb5_cab6_273f_281c_c02b_9f1b)];

pub fn run() -> Vec<Finding> {
    let hex = |digest: u128| format!("{digest:032x}");
    [1, 2]
        .into_iter()
        .flat_map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let run = || DIGESTS.into_par_iter().map(|(seed, _)| outcome(SCENARIO, seed).digest).collect();
            let found: Vec<u128> = pool.expect("two threads can be had").install(run);
            let known = DIGESTS.into_iter().zip(found);
            known.map(move |((seed, known), found)| {
                Finding::exact(format!("digest of seed {seed}, {threads} at a time"), hex(known), hex(found))
            })
        })
        .collect()
}
