//! Residents: the instances that exist when a run starts in steady state.

use crate::cloud::api::launch_options::Idempotency;
use crate::cloud::api::{launch, launch_batch};
use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::{lifecycle, spot};
use crate::cloud::observe::ledger::DigestEvent;
use crate::cloud::observe::outcome::Residents;
use crate::cloud::simulation::event::Timer;
use crate::cloud::world::World;
use plimsoll_base::units::Time;
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::{Action, Call, Resident};

/// Slots reserved beyond the residents, so that ordinary fluctuation does not reallocate the table.
const HEADROOM: usize = 64;

/// Places the residents in the order of their sampled start. They are past their minimum bill and
/// count as no requests; those that do not fit are only counted.
pub fn seed(world: &mut World) -> Residents {
    let residents = world.demand.residents();
    if residents.is_empty() {
        return Residents::default();
    }
    world.instances.reserve(residents.len() + residents.len() / HEADROOM);
    let mut placed = 0;
    for resident in &residents {
        placed += u64::from(place_resident(world, resident));
    }
    world.recorder.ledger.note_fleet(world.hosts.fleet.totals());
    world.recorder.ledger.note_instances();
    Residents { expected: residents.len() as u64, placed }
}

/// Places a resident; `false` where it does not fit.
fn place_resident(world: &mut World, resident: &Resident) -> bool {
    let Call { account, action: Action::Launch(launch), .. } = world.demand.resident(resident) else {
        panic!("a resident was launched")
    };
    world.api.batch.clear();
    let mut context = launch::context(world, Time::ZERO, account, &launch);
    if launch::apply_options(world, &mut context) != Ok(Idempotency::New)
        || launch_batch::allocate(world, &mut context).is_err()
    {
        return false;
    }
    let slot = launch::register(world, &context, 0);
    let instance = world.instances.get_mut(slot);
    instance.state = State::Running;
    instance.past_minimum = true;
    let (id, host, kind) = (instance.id, instance.host, instance.kind);
    world.recorder.ledger.digest(Time::ZERO, DigestEvent::Resident, id, host);
    lifecycle::start_counting(world, kind);
    lifecycle::time_of_entry(world, Time::ZERO, slot, State::Running);
    world.set_lifetime(Time::ZERO.after(resident.residual), slot);
    // Before the resident may turn out to be stopped, which voids the watch.
    if launch.options.is_some() {
        spot::watch_price(world, Time::ZERO, slot);
    }
    join_cycle(world, slot, resident);
    true
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
