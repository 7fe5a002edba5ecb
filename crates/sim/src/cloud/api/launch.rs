//! Launches: allocates for the instances of a call, registers them and begins their lives.

use crate::cloud::allocation::membership;
use crate::cloud::api::ends::lifetime;
use crate::cloud::api::launch_batch;
use crate::cloud::api::launch_context::LaunchContext;
use crate::cloud::api::launch_options::{self, Idempotency};
use crate::cloud::api::refused::Refused;
use crate::cloud::api::shortage;
use crate::cloud::control::profile;
use crate::cloud::instances::lifecycle;
use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::table::Instance;
use crate::cloud::observe::ledger::DigestEvent;
use crate::cloud::observe::log::log_decision;
use crate::cloud::world::World;
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{AccountId, Duration, InstanceId, Time, ZoneId};
use plimsoll_model::lifecycle::State;
use plimsoll_model::operation::Operation;
use plimsoll_model::placement::reservations::Preference;
use plimsoll_model::workload::call::{End, Launch};

#[inline(always)] // every launch
pub fn launch(world: &mut World, now: Time, account: AccountId, launch: &Launch) {
    let mut context = context(world, now, account, launch);
    let refused = match allocate(world, &mut context) {
        Ok(Idempotency::New) => None,
        Ok(Idempotency::Repeated) => return world.recorder.ledger.count_call(Operation::Launch, None),
        Err(refused) => Some(refused),
    };
    count(world, &context, refused);
    begin_all(world, &context);
}

/// Allocates for the instances of a launch; the batch holds the allocations. `Err` is the refusal of the rest.
#[inline(always)] // every launch
pub fn allocate(world: &mut World, context: &mut LaunchContext) -> Result<Idempotency, Refused> {
    world.api.batch.clear();
    match apply_options(world, context) {
        Ok(Idempotency::New) => launch_batch::allocate(world, context).map(|()| Idempotency::New),
        Ok(Idempotency::Repeated) => Ok(Idempotency::Repeated),
        Err(reason) => Err(Refused::launch(context.launch, reason, context.launch.zone)),
    }
}

/// Counts a launch by its outcome, and gives its instances their handle.
#[inline(always)] // every launch
pub fn count(world: &mut World, context: &LaunchContext, refused: Option<Refused>) {
    let LaunchContext { now, account, launch, .. } = *context;
    let launched = world.api.batch.len() as u32;
    let missing = launch.max_count - launched;
    let failure = refused.map(|refused| refused.reason.failure);
    log_decision!(
        "plimsoll::launch",
        now,
        account = account.0,
        kind = launch.kind.0,
        launched,
        missing,
        ?failure
    );
    world.recorder.ledger.count_call(Operation::Launch, failure.filter(|_| launched == 0));
    world.recorder.ledger.count_launch(launch.max_count, failure, missing);
    if world.recorder.ledger.in_window {
        let refused_by = refused.and_then(|refused| refused.zone);
        let zone = if launched > 0 { Some(context.request.zone) } else { refused_by };
        world.recorder.breakdown.count(launch.kind, zone, launched, missing);
    }
    if let Some(refused) = refused {
        shortage::note_launch(world, context, &refused);
        world.recorder.refuse(now, Operation::Launch, account, refused, missing);
        let lifetimes = drawn_lifetimes(world, launch);
        world.recorder.unmet.note(now, launch, missing, &context.request.amounts, &lifetimes);
    }
    world.api.handles.bind(launch.handle, &[]);
}

/// Applies the options of a launch that has any.
#[inline]
pub fn apply_options(world: &mut World, context: &mut LaunchContext) -> Result<Idempotency, FailureReason> {
    match context.launch.options.as_deref() {
        None => Ok(Idempotency::New),
        Some(options) => launch_options::apply_options(world, options, context),
    }
}

/// Registers the instances of the batch and begins their lives.
#[inline]
pub fn begin_all(world: &mut World, context: &LaunchContext) {
    let launched = world.api.batch.len() as u32;
    let token = context.launch.options.as_deref().and_then(|options| options.token.as_ref());
    let mut instances = Vec::new();
    for i in 0..launched {
        let slot = register(world, context, i);
        if token.is_some() {
            instances.push(world.instances.reference(slot));
        }
        begin(world, context.now, slot, context.launch, i);
    }
    if let Some(token) = token.filter(|_| launched > 0) {
        world.api.tokens.remember(context.now, context.account, token, context.launch, instances);
    }
}

/// Returns the context of a launch, without its options.
#[inline]
pub fn context<'a>(
    world: &mut World,
    now: Time,
    account: AccountId,
    launch: &'a Launch,
) -> LaunchContext<'a> {
    // Zones are tried one after the other.
    let info = world.types.learn(launch.kind, &world.directory.types, &mut world.hosts);
    let request = info.request(account, ZoneId::default());
    let (known_end, is_bought) = (None, false);
    LaunchContext { now, account, request, preference: Preference::Open, launch, known_end, is_bought }
}

/// Adds the instance of the `i`-th allocation of the batch to the table, pending.
#[inline]
pub fn register(world: &mut World, context: &LaunchContext, i: u32) -> Slot {
    let LaunchContext { account, launch, .. } = *context;
    let allocation = world.api.batch[i as usize];
    let slot = world.instances.add(Instance {
        id: InstanceId(0),
        since: context.now,
        number: launch.first_instance + u64::from(i),
        host: allocation.host,
        kind: launch.kind,
        account,
        subnet: allocation.subnet,
        address: allocation.address,
        cycle: 0,
        zone: allocation.zone,
        stops: launch.stops,
        timers: 0,
        stamp: 0,
        state: State::Pending,
        has_host: true,
        has_public_address: allocation.has_public_address,
        wants_public_address: allocation.has_public_address,
        past_minimum: false,
        has_extras: false,
    });
    world.instances.set_affinity(slot, allocation.affinity);
    world.instances.set_exit(slot, allocation.exit);
    world.note_on_host(slot);
    if let Some(reactions) = &mut world.reactions {
        reactions.note_launched(world.instances.reference(slot), launch);
    }
    if let Some(options) = &launch.options {
        launch_options::register_options(world, slot, context, options);
    }
    if !world.hosts.reservations.is_empty() {
        membership::enter(world, slot, allocation.reservation);
    }
    if let Some(handle) = launch.handle {
        world.api.handles.instances.add(handle, world.instances.reference(slot));
    }
    slot
}

/// Begins the life of a registered instance.
#[inline]
fn begin(world: &mut World, now: Time, slot: Slot, launch: &Launch, i: u32) {
    let instance = world.instances.get(slot);
    let (id, host, account) = (instance.id, instance.host, instance.account);
    let since = lifecycle::time_of_entry(world, now, slot, State::Pending);
    world.instances.get_mut(slot).since = since.min(Time(now.0 - world.recorder.call_age.0));
    world.recorder.ledger.digest(now, DigestEvent::Launched, id, host);
    let end = match launch.end {
        End::Never => None,
        End::At(end) => Some(end.max(now)),
        // The control plane decides when it runs.
        End::Drawn if world.control.is_some() => None,
        End::Drawn => Some(now.after(lifecycle::boot_time(world, slot)).after(lifetime(world, i))),
    };
    if let Some(end) = end.filter(|end| *end > now) {
        world.set_lifetime(end, slot);
    }
    lifecycle::note_allocation(world, slot);
    match world.control {
        None => lifecycle::boot(world, now, slot),
        Some(_) => {
            let image = profile::image_of(world, account, launch);
            let lifetime = (launch.end == End::Drawn).then(|| lifetime(world, i));
            lifecycle::bring_up(world, now, slot, image, lifetime);
        }
    }
    if end == Some(now) {
        // The end of a lifetime is no call that has been on its way.
        let call_age = std::mem::take(&mut world.recorder.call_age);
        lifecycle::lifetime_over(world, now, slot);
        world.recorder.call_age = call_age;
    }
}

/// Returns the lifetimes of the launch that takes effect now, where they are drawn; else none.
pub fn drawn_lifetimes(world: &World, launch: &Launch) -> Box<[Duration]> {
    match (launch.end, &world.api.delayed_lifetimes) {
        (End::Drawn, Some(lifetimes)) => lifetimes.clone(),
        (End::Drawn, None) => world.demand.lifetimes().into(),
        _ => Box::default(),
    }
}
