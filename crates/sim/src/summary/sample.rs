//! Small finished run for tests of figures and of reports.

use std::path::Path;

use super::{Execution, Run};
use crate::cloud::outcome::{
    FirstFailure, FleetUse, Latency, NetworkUse, Outcome, PoolUse, Residents, Tally,
};
use crate::scenario::{Overrides, Scenario};
use plimsoll_base::catalogue::{ShapePrice, TypeTable};
use plimsoll_base::failure::Failure;
use plimsoll_base::metrics::Durations;
use plimsoll_base::units::{Duration, EnumMap, Time, ZoneId};
use plimsoll_model::billing::Bill;
use plimsoll_model::operation::Operation;
use plimsoll_model::workload::directory::{Directory, SubnetName};

/// Shows a small finished run to a test, here or in a crate above.
pub fn with_run(show: impl FnOnce(&Run<'_>)) {
    let text = "name = 'small'\nduration = '1d'\n[[zones]]\nname = 'a'\n\
                [[zones.hosts]]\ncount = 2\nvcpu = 4\nmemory_gib = 8\n\
                [workload]\narrivals = [{ process = { kind = 'poisson', per_hour = 1 }, types = { 'm5.large' = 1 } }]";
    let scenario = Scenario::parse(Path::new("small.toml"), text, &Overrides::default()).unwrap();
    let execution = Execution { simulation_s: 0.5, threads: 1, ..Execution::default() };
    show(&Run { scenario: &scenario, outcome: &outcome(), execution: &execution });
}

fn outcome() -> Outcome {
    let types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
    let subnet = SubnetName { name: "web".to_string(), zone: ZoneId(0) };
    let directory = Directory::new(types, vec!["a".to_string()], vec![subnet]);
    let hour = 3600 * plimsoll_base::units::NS_PER_S;
    let mut failed_by = EnumMap::default();
    failed_by[Failure::InsufficientInstanceCapacity] = 1;
    let launch = Tally { requested: 3, succeeded: 2, failed_by };
    let mut durations = Durations::default();
    durations.record(Duration::ZERO);
    durations.record(Duration(2_500_000_000));
    let latency = Latency { name: "launch".to_string(), histogram: durations.histogram() };
    let capacity = Failure::InsufficientInstanceCapacity;
    Outcome {
        digest: 0xabc,
        horizon: Time(24 * hour),
        warmup_end: Time(hour),
        trace_start: None,
        trace_blocks: None,
        trace_notes: Vec::new(),
        operations: vec![(Operation::Launch, launch.clone())],
        disruptions: Default::default(),
        answers: Vec::new(),
        described_instances: 0,
        described_pages: 0,
        launch,
        launch_course: Default::default(),
        autoscaling_groups: Vec::new(),
        pools: Vec::new(),
        jobs: Vec::new(),
        first_failures: vec![FirstFailure {
            failure: capacity,
            at: Time(hour),
            operation: Operation::Launch,
        }],
        first_shortage: None,
        residents: Residents::default(),
        placement_conflicts: Some(7),
        fleet: FleetUse { hosts: 2, vcpu_milli: 8000, memory_mib: 16_384, ..FleetUse::default() },
        breakdown: Default::default(),
        network: NetworkUse {
            subnets: vec![("web".to_string(), PoolUse { addresses: Some(251), ..PoolUse::default() })],
            ..NetworkUse::default()
        },
        probes: Default::default(),
        headroom: None,
        control_plane: None,
        waiters: None,
        backends: Vec::new(),
        bill: Bill::new(Vec::new(), &directory.types, |_| false),
        directory,
        latency: vec![latency],
        explanation: None,
        events: 1_000_000,
        lifecycle_events: 3,
    }
}
