//! Residents: the instances that exist when a run starts, drawn in steady state, or of the trace on the hosts that it names.

use crate::cloud::api::launch_options::Idempotency;
use crate::cloud::api::{launch, launch_batch};
use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::{lifecycle, spot};
use crate::cloud::observe::ledger::DigestEvent;
use crate::cloud::observe::outcome::Residents;
use crate::cloud::simulation::event::Timer;
use crate::cloud::world::World;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::figures::decimal;
use plimsoll_base::units::{HostId, Time};
use plimsoll_model::lifecycle::State;
use plimsoll_model::placement::request::{Constraint, Request, Tenancy};
use plimsoll_model::placement::tenancies::Ownership;
use plimsoll_model::workload::call::{Action, Call, End, Launch, Resident};

/// Slots reserved beyond the residents, so that ordinary fluctuation does not reallocate the table.
const HEADROOM: usize = 64;

/// Places the residents: those of the trace, then drawn ones in the order of their sampled start. They are past their minimum
/// bill and count as no requests; drawn ones that do not fit are only counted.
///
/// # Errors
/// A resident of the trace that does not fit on its host, or a row that cannot be read.
pub fn seed(world: &mut World) -> Result<Residents, InputError> {
    let residents = world.demand.residents();
    let of_trace = place_residents_of_trace(world)?;
    if residents.len() == 0 {
        return Ok(Residents { expected: of_trace, placed: of_trace });
    }
    world.instances.reserve(residents.len() + residents.len() / HEADROOM);
    let (expected, mut placed) = (of_trace + residents.len() as u64, of_trace);
    world.hosts.placer.begin_filling();
    for resident in residents {
        placed += u64::from(place_resident(world, &resident));
    }
    world.hosts.placer.end_filling(&mut world.hosts.fleet);
    world.recorder.ledger.note_fleet(world.hosts.fleet.totals());
    world.recorder.ledger.note_instances();
    Ok(Residents { expected, placed })
}

/// Places the rows of the trace whose instances are there already, and returns their number.
fn place_residents_of_trace(world: &mut World) -> Result<u64, InputError> {
    let mut placed = 0;
    loop {
        let (fleet, tenancies) = (&world.hosts.fleet, world.hosts.placer.tenancies());
        let is_dedicated = |host| matches!(tenancies.owner(host), Some((_, Ownership::Allocated)));
        let host_of = |name: &str| fleet.named(name).map(|host| (host, is_dedicated(host)));
        let next = world.demand.next_resident(&mut world.directory, host_of)?;
        let Some((Call { account, action: Action::Launch(launch), .. }, place)) = next else { break };
        let host = place.host;
        world.api.batch.clear();
        let mut context = launch::context(world, Time::ZERO, account, &launch);
        context.is_bought = true;
        let problem = |world: &World, why: String| misplaced(world, &launch, host, placed + 1, &why);
        let applied = launch::apply_options(world, &mut context);
        applied.map_err(|reason| problem(world, format!("is refused: {}", reason.failure.ec2_name())))?;
        context.request.zone = world.hosts.fleet.zone_of(host);
        name_dedicated_host(&mut context.request, host);
        match launch_batch::allocate_on(world, &mut context, place) {
            Ok(true) => {}
            Ok(false) => return Err(problem(world, no_room(world, &context.request, host)).into()),
            Err(reason) => {
                return Err(problem(world, format!("is refused: {}", reason.failure.ec2_name())).into());
            }
        }
        let slot = launch::register(world, &context, 0);
        enter(world, slot);
        if let End::At(end) = launch.end {
            world.set_lifetime(end, slot);
        }
        if launch.options.is_some() {
            spot::watch_price(world, Time::ZERO, slot);
        }
        placed += 1;
    }
    if placed > 0 {
        world.recorder.ledger.note_fleet(world.hosts.fleet.totals());
        world.recorder.ledger.note_instances();
    }
    Ok(placed)
}

/// Returns the problem of a resident of the trace that cannot be where it is said to be.
fn misplaced(world: &World, launch: &Launch, host: HostId, number: u64, why: &str) -> Problem {
    let kind = &world.directory.types.get(launch.kind).name;
    let host = world.hosts.fleet.name_of(host).unwrap_or_default();
    let message = format!("found resident {number}, of {kind} on host `{host}`, which {why}");
    Problem::new(Place::key("workload.trace"), message).with_help(
        "let the host file say what the hosts sell, overcommitted capacity included, or leave the row out",
    )
}

/// Has a resident of tenancy `host` name the host that it is on, as a launch on it would.
fn name_dedicated_host(request: &mut Request, host: HostId) {
    if let Some(Constraint { tenancy: tenancy @ Tenancy::Host(None), .. }) = &mut request.constraint {
        *tenancy = Tenancy::Host(Some(host));
    }
}

fn no_room(world: &World, request: &Request, host: HostId) -> String {
    let of_account = Some((request.account, Ownership::Allocated));
    if matches!(request.tenancy(), Tenancy::Host(_))
        && world.hosts.placer.tenancies().owner(host) != of_account
    {
        return "is no dedicated host of its account".to_string();
    }
    let free = world.hosts.fleet.hosts()[host.index()].free;
    let (vcpu, memory) = (f64::from(free.vcpu_milli()) / 1000.0, f64::from(free.memory_mib()) / 1024.0);
    format!(
        "does not run it or has no room: {} vCPU and {} GiB are free there",
        decimal(vcpu, 1),
        decimal(memory, 1)
    )
}

/// Places a resident; `false` where it does not fit.
fn place_resident(world: &mut World, resident: &Resident) -> bool {
    let Call { account, action: Action::Launch(launch), .. } = world.demand.resident(resident) else {
        panic!("a resident was launched")
    };
    world.api.batch.clear();
    let mut context = launch::context(world, Time::ZERO, account, &launch);
    context.known_end = Some(Time::ZERO.after(resident.residual));
    if launch::apply_options(world, &mut context) != Ok(Idempotency::New)
        || launch_batch::allocate(world, &mut context).is_err()
    {
        return false;
    }
    let slot = launch::register(world, &context, 0);
    enter(world, slot);
    world.set_lifetime(Time::ZERO.after(resident.residual), slot);
    // Before the resident may turn out to be stopped, which voids the watch.
    if launch.options.is_some() {
        spot::watch_price(world, Time::ZERO, slot);
    }
    join_cycle(world, slot, resident);
    true
}

/// Has a registered resident run from the start.
fn enter(world: &mut World, slot: Slot) {
    let instance = world.instances.get_mut(slot);
    instance.state = State::Running;
    instance.past_minimum = true;
    let (id, host, kind) = (instance.id, instance.host, instance.kind);
    world.recorder.ledger.digest(Time::ZERO, DigestEvent::Resident, id, host);
    lifecycle::start_counting(world, kind);
    lifecycle::time_of_entry(world, Time::ZERO, slot, State::Running);
}

/// Puts a resident that stops and starts into its phase of the cycle.
fn join_cycle(world: &mut World, slot: Slot, resident: &Resident) {
    let instance = world.instances.get(slot);
    let Some(stops) = instance.stops else { return };
    let phase = world.demand.phase(stops, instance.number, resident.age);
    world.instances.get_mut(slot).cycle = phase.cycle;
    if phase.running {
        world.set_timer(Time::ZERO.after(phase.left), Timer::StopDue, slot);
    } else {
        lifecycle::stop_resident(world, slot, Time::ZERO.after(phase.left));
    }
}
