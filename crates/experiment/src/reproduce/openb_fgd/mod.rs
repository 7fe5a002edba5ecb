//! `openb-fgd`: GPU allocation of six policies on Alibaba's GPU cluster (Weng et al., "Beware of Fragmentation", USENIX ATC 2023;
//! repository hkust-adsl/kubernetes-scheduler-simulator at 8f3d641, `fgd-expected-results/analysis_allo_discrete.csv.gz`, default
//! list of pods, Apache-2.0).
//!
//! Pods arrive in random order on the nodes with GPUs and never leave; pods drawn from the list are added until all ask for 1.3 times
//! the GPUs there are. A figure is the share of the GPUs that is allocated when as many are asked for as there are, or in the end: the
//! mean over ten seeds. The orders of Go's generator cannot be drawn here, so that the figures hold within a point; the order of the
//! policies is the published one. Of nodes with equal scores the first is taken: a choice at random among them allocates
//! five points less with FGD and two less with both GPU rules, so that the published runs cannot have made it.

mod data;
mod policy;

use std::path::Path;

use rayon::prelude::*;

use self::data::{Cluster, Pod};
use self::policy::Policy;
use crate::reproduce::{PublishedFigure, Study};
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::input::InputError;
use plimsoll_base::units::Resources;
use plimsoll_model::placement::fragments::TypicalRequests;

/// The study.
pub const STUDY: Study = Study {
    name: "openb-fgd",
    description: "GPU allocation of six policies on Alibaba's GPU cluster, ten seeds: 12 figures within a point, and their order",
    source: "FGD (USENIX ATC 2023, github.com/hkust-adsl/kubernetes-scheduler-simulator at 8f3d641, Apache-2.0)",
    files: &[data::NODES, data::PODS],
    figures,
};

/// Policies with their published means \[%\]: when as many GPUs are asked for as there are, and in the end.
const PUBLISHED: [(&str, Policy, [&str; 2]); 6] = [
    ("Random", Policy::Random, ["86.30", "87.47"]),
    ("DotProd", Policy::Tetris, ["90.62", "90.85"]),
    ("GpuClustering", Policy::GpuClustering, ["91.65", "91.88"]),
    ("GpuPacking", Policy::GpuPacking, ["91.78", "92.00"]),
    ("BestFit", Policy::BestFit, ["92.86", "93.08"]),
    ("FGD", Policy::Fgd, ["95.23", "95.39"]),
];

const TABLES: [&str; 2] = ["GPU allocated at 100 % asked for [%]", "GPU allocated in the end [%]"];

/// Seeds of the published runs. Another generator draws other orders from them.
const SEEDS: std::ops::Range<u64> = 42..52;

/// GPU asked for by all pods, by the GPU there is, in tenths.
const TUNED_TENTHS: u64 = 13;

/// Greatest difference to a published mean \[percentage points\].
const TOLERANCE: f64 = 1.0;

fn figures(folder: &Path) -> Result<Vec<PublishedFigure>, InputError> {
    let cluster = Cluster::read(folder)?;
    let runs: Vec<(usize, u64)> =
        (0..PUBLISHED.len()).flat_map(|policy| SEEDS.map(move |seed| (policy, seed))).collect();
    let shares: Vec<(usize, [f64; 2])> = runs
        .into_par_iter()
        .map(|(policy, seed)| (policy, allocated(&cluster, PUBLISHED[policy].1, seed)))
        .collect();
    let mean = |policy: usize, column: usize| {
        let of_policy = shares.iter().filter(|(of, _)| *of == policy).map(|(_, shares)| shares[column]);
        of_policy.sum::<f64>() / SEEDS.count() as f64
    };
    let mut figures = Vec::new();
    for (column, table) in TABLES.into_iter().enumerate() {
        for (policy, (name, _, published)) in PUBLISHED.iter().enumerate() {
            figures.push(PublishedFigure {
                table: table.to_string(),
                name: name.to_string(),
                published: published[column].to_string(),
                ours: format!("{:.2}", mean(policy, column)),
                tolerance: Some(TOLERANCE),
            });
        }
        let mut order: Vec<usize> = (0..PUBLISHED.len()).collect();
        order.sort_by(|a, b| mean(*a, column).total_cmp(&mean(*b, column)));
        let names = |order: &[usize]| order.iter().map(|i| PUBLISHED[*i].0).collect::<Vec<_>>().join(" < ");
        figures.push(PublishedFigure {
            table: table.to_string(),
            name: "order".to_string(),
            published: names(&(0..PUBLISHED.len()).collect::<Vec<_>>()),
            ours: names(&order),
            tolerance: None,
        });
    }
    Ok(figures)
}

/// Returns the shares of the GPUs that a policy allocates \[%\].
fn allocated(cluster: &Cluster, policy: Policy, seed: u64) -> [f64; 2] {
    let mut random = Seed(seed).stream(Purpose::Placement, 0);
    let pods = arrivals(cluster, &mut random);
    let requests: Vec<(Resources, u64)> = pods.iter().map(|pod| (pod.footprint.amounts, 1)).collect();
    let typical = TypicalRequests::of(&requests);
    let mut nodes = cluster.nodes.clone();
    let (mut asked, mut allocated, mut at_capacity) = (0, 0, None);
    for pod in &pods {
        asked += u64::from(pod.gpu_milli());
        if let Some((node, devices)) = policy.choose(&nodes, pod, &typical, &mut random) {
            nodes[node].take(pod, devices);
            allocated += u64::from(pod.gpu_milli());
        }
        if asked >= cluster.gpu_milli {
            at_capacity.get_or_insert(allocated);
        }
    }
    let share = |allocated: u64| 100.0 * allocated as f64 / cluster.gpu_milli as f64;
    [share(at_capacity.expect("more is asked for than there is")), share(allocated)]
}

/// Returns the pods in the order of their arrival.
fn arrivals(cluster: &Cluster, random: &mut Stream) -> Vec<Pod> {
    let mut pods = cluster.pods.clone();
    let mut asked: u64 = pods.iter().map(|pod| u64::from(pod.gpu_milli())).sum();
    while asked * 10 < cluster.gpu_milli * TUNED_TENTHS {
        let pod = cluster.pods[random.below(cluster.pods.len() as u64) as usize];
        asked += u64::from(pod.gpu_milli());
        pods.push(pod);
    }
    for last in (1..pods.len()).rev() {
        pods.swap(last, random.below(last as u64 + 1) as usize);
    }
    pods
}
