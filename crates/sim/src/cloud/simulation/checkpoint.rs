//! Checkpoints: the state of a run between two events, in the order it is written, and its restoration.
//!
//! The names come first, since everything else is numbered by them. A run that goes on is assembled from the scenario, as
//! any run, and its parts take over their state. The rest is derived from the state: sums over the hosts, the placement
//! index, the instances on each host.

use crate::cloud::RunOptions;
use crate::cloud::allocation::allocator::HostAllocator;
use crate::cloud::allocation::instance_types::{InstanceTypes, TypeInfo};
use crate::cloud::allocation::requests;
use crate::cloud::api::state::ApiState;
use crate::cloud::instances::by_host::InstancesByHost;
use crate::cloud::instances::table::Instance;
use crate::cloud::observe::outcome::Residents;
use crate::cloud::observe::recorder::Recorder;
use crate::cloud::observe::row_recorder::RowRecorder;
use crate::cloud::simulation::milestones::{Milestones, Progress};
use crate::cloud::simulation::timers::Timers;
use crate::cloud::simulation::{assembly, conservation, known_ids};
use crate::cloud::world::World;
use crate::scenario::Scenario;
use plimsoll_base::engine::checkpoint::{self, Persist, Reader, RestoreError, Writer};
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::units::TypeId;
use plimsoll_model::fleet::totals::Total;
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::Call;

/// Differences between a resumed run and the one that wrote the checkpoint.
#[derive(Clone, Copy, Debug)]
pub struct Resumption {
    /// True if the strategy is the same.
    pub is_same_strategy: bool,
    /// True if the observer asks for rows.
    pub wants_rows: bool,
}

/// Writes the state of the run between two events. Handles every field of the world, so that none is forgotten.
pub fn save(
    world: &World,
    out: &mut Writer<'_>,
    milestones: &Milestones,
    residents: Residents,
    call: Option<&Call>,
) {
    let World { directory, demand, api, types, instances, hosts, network, security, .. } = world;
    let World { storage, quotas, billing, faults, timers, recorder, control, .. } = world;
    let World { reactions, by_host: _, clients: _, predictor: _, .. } = world;
    let HostAllocator { fleet, placer, reservations, members, provisions: _ } = hosts;
    let InstanceTypes { known, offers: _, numa: _ } = types;
    let ApiState { handles, tokens, .. } = api;
    let Timers { queue, .. } = timers;
    let Recorder { ledger, rows, headroom, breakdown, unmet, .. } = recorder;
    directory.save(out);
    out.put(&rows.is_some());
    fleet.save(out);
    placer.save(out);
    out.put(reservations);
    out.put(&known.iter().map(Option::is_some).collect::<Vec<bool>>());
    network.save(out);
    security.save(out);
    storage.save(out);
    quotas.save(out);
    billing.save(out);
    demand.save(out);
    instances.save(out);
    out.put(&(members, handles));
    faults.save(out);
    out.put(tokens);
    queue.save(out);
    out.put(ledger);
    control.save(out);
    reactions.save(out);
    out.put(&(headroom, breakdown, unmet));
    rows.save(out);
    milestones.save(out);
    out.put(&(residents, call));
}

/// Returns the world of a scenario as it was when a checkpoint was written, and the progress of its run.
pub fn resume(
    scenario: &Scenario,
    options: RunOptions,
    resumption: Resumption,
    from: &mut Reader<'_>,
) -> Result<(World, Progress), RestoreError> {
    let mut directory = scenario.directory().map_err(RestoreError::from)?;
    directory.restore(from)?;
    let demand = scenario.demand_beside_clients(&mut directory).map_err(RestoreError::from)?;
    let mut world =
        assembly::assemble(scenario, options, directory, demand, None).map_err(RestoreError::from)?;
    let mut progress = None;
    // A state that contradicts itself is that of no run: an assertion that finds so here finds a file that was changed.
    checkpoint::caught(|| {
        progress = Some(restore(&mut world, scenario, resumption, from)?);
        conservation::assert_conserved(&world);
        Ok(())
    })?;
    Ok((world, progress.expect("it was restored")))
}

/// Restores the state of every part, in the order that [`save`] writes it.
fn restore(
    world: &mut World,
    scenario: &Scenario,
    resumption: Resumption,
    from: &mut Reader<'_>,
) -> Result<Progress, RestoreError> {
    restore_rows(world, scenario, resumption.wants_rows, from.get()?)?;
    world.hosts.fleet.restore(from)?;
    world.hosts.placer.restore(from, &mut world.hosts.fleet, resumption.is_same_strategy)?;
    world.hosts.reservations = from.get()?;
    let requested: Vec<bool> = from.get()?;
    known_ids::check_types(world, &requested)?;
    for (id, _) in (0..).map(TypeId).zip(requested).filter(|(_, requested)| *requested) {
        let TypeInfo { .. } = world.learn_type(id);
    }
    world.network.restore(from)?;
    world.security.restore(from)?;
    world.storage.restore(from)?;
    world.quotas.restore(from)?;
    world.quotas.recognise(world.directory.accounts());
    world.billing.restore(from)?;
    world.demand.restore(from)?;
    world.instances.restore(from)?;
    (world.hosts.members, world.api.handles) = from.get()?;
    restore_faults(world, scenario, from)?;
    world.api.tokens = from.get()?;
    world.timers.queue.restore(from)?;
    world.recorder.ledger = from.get()?;
    world.control.restore(from)?;
    world.reactions.restore(from)?;
    let breakdown;
    (world.recorder.headroom, breakdown, world.recorder.unmet) = from.get()?;
    if !world.recorder.breakdown.resume(breakdown) {
        return Err(RestoreError::Corrupt);
    }
    world.recorder.rows.restore(from)?;
    let (interval, counts_minutes) = (scenario.sampling_interval(), scenario.counts_minutes());
    let mut milestones = Milestones::new(scenario.warmup, interval, counts_minutes);
    milestones.restore(from)?;
    milestones.count_minutes(&world.recorder.ledger);
    let (residents, call): (Residents, Option<Call>) = from.get()?;
    known_ids::check_ranges(world, call.as_ref())?;
    derive(world, resumption.is_same_strategy);
    Ok(Progress { milestones, residents, call })
}

/// Prepares to restore histories. Rows cover whole lives, so an observer that comes in the middle cannot have them.
fn restore_rows(
    world: &mut World,
    scenario: &Scenario,
    wants_rows: bool,
    had_rows: bool,
) -> Result<(), RestoreError> {
    if wants_rows && !had_rows {
        let problem = Problem::new(Place::key("--tables"), "the checkpoint was made without tables");
        return Err(problem.with_help("make it with `--tables` too").into());
    }
    let window_start = assembly::window_start(scenario.warmup);
    world.recorder.rows = wants_rows.then(|| Box::new(RowRecorder::new(window_start)));
    Ok(())
}

/// Restores the faults of hosts, which a run has where the scenario has some or a client has injected one.
fn restore_faults(world: &mut World, scenario: &Scenario, from: &mut Reader<'_>) -> Result<(), RestoreError> {
    if from.get()? {
        world.open_faults(&scenario.faults.hosts);
        from.get_apart(world.faults.as_mut())?;
    }
    if let Some(faults) = &mut world.faults {
        faults.cover(&world.hosts.fleet);
    }
    Ok(())
}

/// Derives sums, indexes and peaks from the restored state.
fn derive(world: &mut World, is_same_strategy: bool) {
    if let Some(by_host) = &mut world.by_host {
        *by_host = InstancesByHost::of(world.instances.slots());
    }
    if !is_same_strategy {
        let on_hosts = world.instances.slots().filter(|(_, instance)| instance.has_host);
        let mut in_order: Vec<_> = on_hosts.map(|(slot, instance)| (instance.id, slot)).collect();
        in_order.sort_unstable();
        for (_, slot) in in_order {
            let (request, host) = (requests::request_of(world, slot), world.instances.get(slot).host);
            world.hosts.placer.tell_strategy(&request, host, &mut world.hosts.fleet);
        }
        let HostAllocator { fleet, placer, reservations, .. } = &mut world.hosts;
        for (slot, host, slots) in reservations.free_slots() {
            (0..slots).for_each(|_| placer.tell_strategy(slot, host, fleet));
        }
    }
    let ledger = &mut world.recorder.ledger;
    // Where hosts did not vary before the checkpoint, and do from now on, the shares so far are noted here.
    ledger.note_shares_of_peaks();
    // The fleet may have hosts that the scenario has added.
    let totals = world.hosts.fleet.totals();
    if totals[Total::Hosts] > ledger.fleet_gauges.peak(Total::Hosts as usize) {
        ledger.note_fleet(totals);
    }
    let mut rate = 0;
    let is_running = |(_, instance): &(_, &Instance)| instance.state == State::Running;
    for (_, instance) in world.instances.slots().filter(is_running) {
        let info = world.types.of_mut(instance.kind);
        info.running += 1;
        rate += info.pico_usd_per_hour;
    }
    // Running instances have the prices of the scenario from now on.
    ledger.accrual.set_rate(rate);
}
