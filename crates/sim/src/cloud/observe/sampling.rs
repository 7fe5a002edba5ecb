//! Samples of the state of the cloud.

use crate::cloud::observe::ledger::InstanceTotal;
use crate::cloud::observe::observation::{Observation, Sample};
use crate::cloud::observe::observer::Detail;
use crate::cloud::world::World;
use plimsoll_base::units::Time;
use plimsoll_model::fleet::totals::Total;

/// Reports the state of the cloud.
pub fn sample(world: &mut World, at: Time, events: u64) {
    if world.recorder.ledger.in_window {
        note_parts(world);
    }
    // Whether or not its total is shown: what has ended is forgotten.
    world.recorder.unmet.advance(at);
    let launch_latency = world.recorder.ledger.take_recent_launches();
    if !world.recorder.outbox.wants(Detail::Series) {
        return;
    }
    let sample = Sample { launch_latency, ..state(world, at, events) };
    world.recorder.outbox.push(Observation::Sampled(sample));
}

/// Returns the state of the cloud. Unmet demand is that of the last sample; what launches took since then is left out.
pub fn state(world: &World, at: Time, events: u64) -> Sample {
    let (vcpu_unmet_milli, memory_unmet_mib) = world.recorder.unmet.totals();
    let (totals, ledger) = (world.hosts.fleet.totals(), &world.recorder.ledger);
    let subnet_addresses_used: Vec<u64> =
        world.network.subnets().iter().map(|subnet| subnet.usage.used()).collect();
    let autoscaling_groups = world.reactions.iter().flat_map(|reactions| &reactions.groups);
    let groups = world.hosts.fleet.groups().len();
    let of_groups = if groups > 1 { 0..groups } else { 0..0 };
    Sample {
        at,
        groups: of_groups.map(|group| *world.hosts.fleet.group_totals(group)).collect(),
        hosts: totals[Total::Hosts],
        hosts_used: totals[Total::HostsUsed],
        vcpu_milli: totals[Total::Vcpu],
        vcpu_used_milli: totals[Total::VcpuUsed],
        memory_mib: totals[Total::Memory],
        memory_used_mib: totals[Total::MemoryUsed],
        gpu_milli: totals[Total::Gpu],
        gpu_used_milli: totals[Total::GpuUsed],
        vcpu_nonempty_milli: totals[Total::VcpuNonempty],
        memory_nonempty_mib: totals[Total::MemoryNonempty],
        vcpu_stranded_milli: totals[Total::VcpuStranded],
        memory_stranded_mib: totals[Total::MemoryStranded],
        vcpu_unmet_milli,
        memory_unmet_mib,
        instances_running: ledger.instances[InstanceTotal::Running as usize],
        instances_stopped: ledger.instances[InstanceTotal::Stopped as usize],
        launches_requested: ledger.launch.requested,
        launches_succeeded: ledger.launch.succeeded,
        launches_waiting: world.reactions.as_ref().map_or(0, |reactions| reactions.waiting_instances()),
        launch_latency: None,
        addresses_used: subnet_addresses_used.iter().sum(),
        subnet_addresses_used,
        public_addresses_used: world.network.public_usage().used(),
        elastic_addresses: world.network.elastic().allocated.used(),
        volume_gib_used: world.storage.backends().iter().map(|backend| backend.capacity_gib().used()).sum(),
        accrued_micro_usd: ledger.accrual.micro_usd(),
        events,
        autoscaling_groups: autoscaling_groups
            .map(|group| (group.rule.name.clone(), group.figures(at)))
            .collect(),
        stages: world.control.as_ref().map(|control| control.plane.sample(at)).unwrap_or_default(),
        fill: Box::new(world.hosts.fleet.fill()),
    }
}

/// Notes the use of each zone, kind of hosts and instance type.
fn note_parts(world: &mut World) {
    let World { hosts, types, recorder, .. } = world;
    let groups = hosts.fleet.groups().iter().enumerate();
    let groups = groups.map(|(number, group)| (group, hosts.fleet.group_totals(number)));
    recorder.breakdown.note_fleet(groups);
    let running = types.known.iter().map(|info| info.as_ref().map_or(0, |info| info.running));
    recorder.breakdown.note_types(running);
}
