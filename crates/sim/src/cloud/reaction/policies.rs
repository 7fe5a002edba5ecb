//! Policies of all senders of launches, in one place.

use plimsoll_model::autoscaling::config::AutoscalingGroup;
use plimsoll_model::pools::JobPool;
use plimsoll_model::workload::call::Sender;
use plimsoll_model::workload::demand::Demand;
use plimsoll_model::workload::launch_policy::LaunchPolicy;

/// Policies by sender.
#[derive(Clone, Debug)]
pub struct Policies {
    /// Policy of clients, who decide for themselves what follows from a refusal.
    client: LaunchPolicy,
    trace: LaunchPolicy,
    arrivals: Vec<LaunchPolicy>,
    pools: Vec<LaunchPolicy>,
    groups: Vec<LaunchPolicy>,
}

impl Policies {
    /// Returns the policies of the senders of a scenario.
    pub fn new(demand: &Demand, pools: &[JobPool], groups: &[AutoscalingGroup]) -> Policies {
        let arrivals = demand.sources().iter().map(|source| source.policy().clone()).collect();
        let groups = groups.iter().map(|group| group.policy.clone()).collect();
        let pools = pools.iter().map(|pool| pool.policy.clone()).collect();
        let client = LaunchPolicy::default();
        Policies { client, trace: demand.trace_policy().clone(), arrivals, pools, groups }
    }

    /// Returns every policy.
    pub fn all(&self) -> impl Iterator<Item = &LaunchPolicy> {
        self.arrivals.iter().chain(&self.pools).chain(&self.groups).chain([&self.trace])
    }

    /// Returns the policy of a sender.
    pub fn of(&self, sender: Sender) -> &LaunchPolicy {
        match sender {
            Sender::Client => &self.client,
            Sender::Trace => &self.trace,
            Sender::Arrivals(number) => &self.arrivals[usize::from(number)],
            Sender::Pool(number) => &self.pools[usize::from(number)],
            Sender::Group(number) | Sender::WarmPool(number) => &self.groups[usize::from(number)],
            Sender::Open(_) => panic!("an open launch keeps the sender of its first request"),
        }
    }
}
