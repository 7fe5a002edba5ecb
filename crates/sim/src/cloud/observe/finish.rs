//! End of a run: bills the instances that still run, and makes the outcome from the records.

use std::borrow::Cow;

use crate::cloud::instances::metering;
use crate::cloud::instances::table::Instance;
use crate::cloud::observe::ledger::{InstanceTotal, SHARES};
use crate::cloud::observe::outcome::{
    BackendUse, ElasticUse, FleetUse, FragmentationUse, GroupUse, JobPoolUse, JobUse, Latency, LaunchCourse,
    LevelUse, NetworkUse, Outcome, PoolUse, Residents, Tally, WaiterUse,
};
use crate::cloud::observe::{decisions, headroom};
use crate::cloud::pools::state::JobTally;
use crate::cloud::world::World;
use plimsoll_base::metrics::{Durations, Level, UseOverTime};
use plimsoll_base::units::{Money, NS_PER_S, Resources, Time};
use plimsoll_model::control_plane::plane::figures::ControlPlaneUse;
use plimsoll_model::fleet::totals::Total;
use plimsoll_model::lifecycle::State;
use plimsoll_model::network::Subnet;
use plimsoll_model::operation::Operation;

/// Returns the outcome of a run that has ended.
pub fn finish(
    mut world: World,
    horizon: Time,
    warmup_end: Time,
    events: u64,
    residents: Residents,
) -> Outcome {
    let control_plane = world.control.as_ref().map(|control| control.plane.finish(horizon));
    let latency = latencies(&world, control_plane.as_ref());
    let bill = world.billing.invoice(horizon, &world.directory.types);
    let explanation = decisions::take_explanation(&mut world);
    world.recorder.ledger.note_shares_of_peaks();
    let ledger = &world.recorder.ledger;
    let mut first_failures: Vec<_> = ledger.first_failures.iter().filter_map(|(_, first)| *first).collect();
    first_failures.sort_by_key(|first| (first.at, first.failure));
    Outcome {
        digest: ledger.digest.value(),
        horizon,
        warmup_end: warmup_end.min(horizon),
        trace_start: world.demand.first_event(),
        trace_blocks: world.demand.trace_blocks(),
        trace_notes: world.demand.notes(),
        launch: launch_tally(&world),
        launch_course: launch_course(&world, horizon),
        autoscaling_groups: autoscaling_groups(&world, warmup_end.min(horizon), horizon),
        pools: pools(&world, horizon),
        jobs: jobs(&world),
        operations: (ledger.operations.iter())
            .filter(|(_, tally)| tally.requested > 0)
            .map(|(operation, tally)| (operation, tally.clone()))
            .collect(),
        first_failures,
        first_shortage: ledger.first_shortage.as_deref().cloned(),
        residents,
        disruptions: ledger.disruptions,
        answers: (ledger.answers.iter())
            .filter(|(_, tally)| tally.requested > 0)
            .map(|(operation, tally)| (operation, tally.clone()))
            .collect(),
        described_instances: ledger.described.instances,
        described_pages: ledger.described.pages,
        placement_conflicts: world.hosts.placer.conflicts(),
        fleet: fleet_use(&world),
        breakdown: world.recorder.breakdown.clone(),
        network: network_use(&world, horizon),
        probes: world.security.decisions().clone(),
        headroom: headroom::headroom_use(&world),
        control_plane,
        waiters: waiters(&world),
        backends: backend_use(&world, horizon),
        bill,
        latency,
        explanation,
        events,
        lifecycle_events: ledger.lifecycle_events,
        directory: world.directory,
    }
}

/// Returns the launches by outcome: those that are open at the end were requested, and neither succeeded nor failed.
fn launch_tally(world: &World) -> Tally {
    let mut tally = world.recorder.ledger.launch.clone();
    tally.requested += world.reactions.as_ref().map_or(0, |reactions| reactions.open_instances());
    tally
}

/// Returns the counts of the waiters of clients.
fn waiters(world: &World) -> Option<WaiterUse> {
    let waiters = world.control.as_ref()?.waiters.as_ref()?;
    let tally = waiters.tally();
    Some(WaiterUse {
        begun: tally.begun,
        polls: tally.polls,
        succeeded: tally.succeeded,
        failed: tally.failed,
        gave_up: tally.gave_up,
        waiting_at_end: waiters.waiting(),
    })
}

/// Returns the figures of the Auto Scaling groups.
fn autoscaling_groups(world: &World, from: Time, horizon: Time) -> Vec<(String, GroupUse)> {
    let groups = world.reactions.iter().flat_map(|reactions| &reactions.groups);
    groups
        .map(|group| {
            let (rule, figures, tally) = (&group.rule, group.figures(horizon), &group.tally);
            let per_instance = rule.load.as_ref().map_or(1, |load| load.milli_per_instance);
            let first = rule.types[0];
            let fleet = i128::from(figures.peak_load_milli.div_ceil(per_instance * u64::from(first.weight)));
            let per_second = world.directory.types.get(first.kind).price_per_second.0;
            let seconds = i128::from(horizon.since(from).0 / NS_PER_S);
            let figures = GroupUse {
                account: rule.account,
                figures,
                activities: tally.activities.clone(),
                replaced: tally.replaced,
                refused: tally.refused,
                replaced_ahead: tally.replaced_ahead,
                rebalanced: tally.rebalanced,
                warm_starts: tally.warm_starts,
                reused: tally.reused,
                is_unstable: group.is_unstable(horizon),
                fixed_fleet_micro_usd: per_second * fleet * seconds / (Money::UNITS_PER_USD / 1_000_000),
            };
            (rule.name.clone(), figures)
        })
        .collect()
}

/// Returns the figures of the pools.
fn pools(world: &World, horizon: Time) -> Vec<(String, JobPoolUse)> {
    let pools = world.reactions.iter().flat_map(|reactions| &reactions.pools);
    pools
        .map(|pool| {
            let levels = &pool.levels;
            let figures = JobPoolUse {
                account: pool.rule.account,
                size: pool.rule.size,
                ready_mean: levels.ready.mean(horizon),
                coming_mean: levels.coming.mean(horizon),
                busy_mean: levels.busy.mean(horizon),
                busy_peak: levels.busy.peak(),
                waiting_mean: levels.waiting.mean(horizon),
                waiting_peak: levels.waiting.peak(),
            };
            (pool.rule.name.clone(), figures)
        })
        .collect()
}

/// Returns the figures of the jobs of each source.
fn jobs(world: &World) -> Vec<(String, JobUse)> {
    let Some(reactions) = &world.reactions else { return Vec::new() };
    let waiting = |source: usize| {
        let waiting = reactions.pools.iter().flat_map(|pool| &pool.waiting);
        waiting.filter(|job| usize::from(job.source) == source).count() as u64
    };
    let figures = |(source, tally): (usize, &JobTally)| JobUse {
        arrived: tally.arrived,
        started_at_once: tally.at_once,
        lost: tally.lost,
        waiting_at_end: waiting(source),
        waits: tally.waits.histogram(),
    };
    let names = reactions.job_names.iter().cloned();
    names.zip(reactions.jobs.iter().enumerate().map(figures)).collect()
}

/// Returns the course of the launches. Where demand does not react, each is one attempt for the first choice.
fn launch_course(world: &World, horizon: Time) -> LaunchCourse {
    let ledger = &world.recorder.ledger;
    let Some(reactions) = &world.reactions else {
        let (calls, launched) = (ledger.operations[Operation::Launch].requested, ledger.launch.succeeded);
        let by_attempt = (launched > 0).then_some((1, launched)).into_iter().collect();
        return LaunchCourse {
            attempts: calls,
            by_attempt,
            first_choice: launched,
            ..LaunchCourse::default()
        };
    };
    let tally = &reactions.tally;
    let [first_choice, other_type, other_zone] = tally.by_choice;
    LaunchCourse {
        attempts: tally.attempts,
        by_attempt: tally.by_attempt.clone(),
        first_choice,
        other_type,
        other_zone,
        waited: tally.waited,
        waiting_at_end: reactions.waiting_instances(),
        waiting_mean: tally.line_length.mean(horizon),
        waiting_peak: tally.line_length.peak(),
        is_unstable: tally.is_unstable(horizon),
        retrying_at_end: reactions.retrying_instances(),
        preempted: tally.preempted,
        requeued: tally.requeued,
    }
}

/// Bills the instances that still run.
pub fn bill_running(world: &mut World, horizon: Time) {
    for slot in world.instances.all_slots() {
        let Instance { state, since, .. } = *world.instances.get(slot);
        if state == State::Running {
            metering::bill(world, since, horizon, slot);
        }
    }
}

/// Returns the figures of the fleet.
fn fleet_use(world: &World) -> FleetUse {
    let (gauges, instances) = (&world.recorder.ledger.fleet_gauges, &world.recorder.ledger.instance_gauges);
    let ratio = |over: Total, under: Total| gauges.mean_ratio(over as usize, under as usize);
    let peak = |total: Total| gauges.peak(total as usize);
    let [vcpu_peak, memory_peak, gpu_peak] = peak_shares(world);
    let hosts_used_ns = gauges.integral(Total::HostsUsed as usize);
    let bounds = lower_bounds(world);
    let was_open = gauges.integral(Total::Hosts as usize) > 0;
    FleetUse {
        hosts: peak(Total::Hosts),
        hosts_mean: gauges.mean(Total::Hosts as usize),
        hosts_peak_at: world.hosts.fleet.is_elastic().then_some(world.recorder.ledger.hosts_peak_at),
        vcpu_milli: peak(Total::Vcpu),
        memory_mib: peak(Total::Memory),
        gpu_milli: peak(Total::Gpu),
        hosts_used_peak: peak(Total::HostsUsed),
        hosts_lower_bound_peak: bounds.iter().map(|(peak, _)| *peak).max().unwrap_or(0),
        hosts_lower_bound_mean: bounds.iter().map(|(_, mean)| *mean).fold(0.0, f64::max),
        hosts_used_mean: gauges.mean(Total::HostsUsed as usize),
        hosts_empty_ratio_mean: if was_open { 1.0 - ratio(Total::HostsUsed, Total::Hosts) } else { 0.0 },
        host_seconds_used: hosts_used_ns as f64 / NS_PER_S as f64,
        vcpu_used_ratio_mean: ratio(Total::VcpuUsed, Total::Vcpu),
        vcpu_used_ratio_peak: vcpu_peak,
        memory_used_ratio_mean: ratio(Total::MemoryUsed, Total::Memory),
        memory_used_ratio_peak: memory_peak,
        gpu_used_ratio_mean: ratio(Total::GpuUsed, Total::Gpu),
        gpu_used_ratio_peak: gpu_peak,
        packing_density_vcpu_mean: ratio(Total::VcpuUsed, Total::VcpuNonempty),
        packing_density_memory_mean: ratio(Total::MemoryUsed, Total::MemoryNonempty),
        stranded_vcpu_ratio_mean: ratio(Total::VcpuStranded, Total::Vcpu),
        stranded_memory_ratio_mean: ratio(Total::MemoryStranded, Total::Memory),
        instances_running_mean: instances.mean(InstanceTotal::Running as usize),
        instances_running_peak: instances.peak(InstanceTotal::Running as usize),
    }
}

/// Returns the number of hosts that the instances need by each resource alone, at the peak and on average: amount in use ÷
/// most that any host has of it.
fn lower_bounds(world: &World) -> [(u64, f64); 3] {
    let bound = |(total, resource): (Total, usize)| {
        let most = world.hosts.fleet.skus().iter().map(|sku| u64::from(sku.capacity.0[resource])).max();
        let most = most.unwrap_or(0).max(1);
        let gauges = &world.recorder.ledger.fleet_gauges;
        (gauges.peak(total as usize).div_ceil(most), gauges.mean(total as usize) / most as f64)
    };
    [
        (Total::VcpuUsed, Resources::VCPU),
        (Total::MemoryUsed, Resources::MEMORY),
        (Total::GpuUsed, Resources::GPU),
    ]
    .map(bound)
}

/// Returns the greatest shares of vCPU, memory and GPU in use.
fn peak_shares(world: &World) -> [f64; SHARES.len()] {
    world.recorder.ledger.peak_shares.map(|peak| peak.value())
}

/// Returns the figures of subnets and addresses.
fn network_use(world: &World, horizon: Time) -> NetworkUse {
    let pool = |addresses: Option<u64>, usage: &UseOverTime| PoolUse {
        addresses,
        used_mean: usage.mean(horizon),
        used_peak: usage.peak(),
        exhausted_at: usage.exhausted_at(),
        fragmentation: None,
    };
    let subnet = |subnet: &Subnet| PoolUse {
        fragmentation: subnet.fragmentation().map(|fragmentation| FragmentationUse {
            mean: fragmentation.mean(horizon),
            peak: fragmentation.peak(),
        }),
        ..pool(Some(subnet.addresses), &subnet.usage)
    };
    let elastic = world.network.elastic();
    let limit = world.network.public_addresses();
    NetworkUse {
        subnets: (world.network.subnets().iter()).map(|of| (of.name.clone(), subnet(of))).collect(),
        public: pool(limit.map(u64::from), world.network.public_usage()),
        elastic: ElasticUse {
            allocated: pool(None, &elastic.allocated),
            associated: pool(None, &elastic.associated),
            idle: pool(None, &elastic.idle),
        },
    }
}

/// Returns the figures of the storage of each zone.
fn backend_use(world: &World, horizon: Time) -> Vec<(String, BackendUse)> {
    let used = |level: &Level| LevelUse {
        limit: level.limit(),
        used_mean: level.mean(horizon),
        used_peak: level.peak(),
        exhausted_at: level.exhausted_at(),
    };
    (world.directory.zones().iter().zip(world.storage.backends()))
        .map(|(zone, backend)| {
            let backend = BackendUse {
                capacity_gib: used(backend.capacity_gib()),
                iops: used(backend.iops()),
                throughput_mibps: used(backend.throughput_mibps()),
            };
            (zone.clone(), backend)
        })
        .collect()
}

/// Returns durations: from the calls to their effects, then to their answers, then at each stage.
fn latencies(world: &World, control_plane: Option<&ControlPlaneUse>) -> Vec<Latency> {
    let operations = world.recorder.ledger.durations.iter();
    let mut all: Vec<(String, Cow<'_, Durations>)> = operations
        .map(|(operation, durations)| (operation.name().to_string(), Cow::Borrowed(durations)))
        .collect();
    if let Some(ControlPlaneUse { answers, stages, .. }) = control_plane {
        all.extend(
            answers
                .iter()
                .map(|(operation, times)| (format!("api.{}", operation.name()), Cow::Borrowed(times))),
        );
        for stage in stages {
            all.push((format!("stage.{}.wait", stage.name), Cow::Borrowed(&stage.waits)));
            all.push((format!("stage.{}.service", stage.name), Cow::Borrowed(&stage.services)));
        }
    }
    if let Some(waiters) = world.control.as_ref().and_then(|control| control.waiters.as_ref()) {
        all.push(("wait_for.running".to_string(), Cow::Borrowed(&waiters.tally().waits)));
    }
    if let Some(reactions) = &world.reactions {
        all.extend(reactions.tally.latencies());
    }
    let some = all.into_iter().filter(|(_, durations)| durations.count() > 0);
    some.map(|(name, durations)| Latency { name, histogram: durations.histogram() }).collect()
}
