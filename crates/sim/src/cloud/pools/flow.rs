//! Flow of the pools: orders, jobs, and what becomes of instances.

use std::sync::Arc;

use crate::cloud::api::start;
use crate::cloud::instances::lifecycle;
use crate::cloud::instances::reference::Reference;
use crate::cloud::pools::state::{InstancePool, PoolJob};
use crate::cloud::reaction::state::Notice;
use crate::cloud::simulation::event::{Event, Rank};
use crate::cloud::world::World;
use plimsoll_base::units::Time;
use plimsoll_model::lifecycle::State;
use plimsoll_model::operation::Operation;
use plimsoll_model::pools::ReadyState;
use plimsoll_model::workload::call::{End, Launch, LaunchOptions, Sender};

/// Orders the first instances of every pool, and sets the timers of the first jobs.
pub fn open(world: &mut World) {
    for number in 0..world.reactions_mut().pools.len() {
        for _ in 0..pool(world, number).rule.size {
            order(world, Time::ZERO, number);
        }
        pool(world, number).note_levels(Time::ZERO);
    }
    for source in 0..world.demand.jobs().len() {
        await_job(world, source);
    }
}

fn pool(world: &mut World, number: usize) -> &mut InstancePool {
    &mut world.reactions_mut().pools[number]
}

fn await_job(world: &mut World, source: usize) {
    let at = world.demand.jobs()[source].at();
    if at < Time::NEVER {
        world.timers.queue.push(at, Rank::Timer as u8, Event::Job(source as u32));
    }
}

/// Orders an instance: opens a launch that is due.
fn order(world: &mut World, now: Time, number: usize) {
    let reactions = world.reactions_mut();
    let sender = Sender::Pool(number as u16);
    let first_instance = reactions.next_own(sender, 1);
    let pool = &mut reactions.pools[number];
    let rule = &pool.rule;
    let zones = rule.zones.len() as u64;
    let zone = (zones > 0).then(|| rule.zones[(pool.orders % zones) as usize]);
    let options = LaunchOptions { hibernation: true, ..LaunchOptions::default() };
    let launch = Launch {
        kind: rule.kind,
        min_count: 1,
        max_count: 1,
        zone,
        subnet: None,
        public_address: None,
        handle: None,
        end: End::Never,
        options: (rule.state == ReadyState::Hibernated).then(|| Arc::new(options)),
        stops: None,
        sender,
        first_instance,
    };
    let account = rule.account;
    pool.orders += 1;
    pool.ordered += 1;
    reactions.request(now, account, launch);
}

/// Takes a job in, and awaits the next of its source.
pub fn on_job(world: &mut World, now: Time, source: u32) {
    let source = source as usize;
    let lifetime = world.demand.take_job(source);
    let job = PoolJob { source: world.demand.jobs()[source].number, arrived: now, lifetime, done: None };
    await_job(world, source);
    let reactions = world.reactions_mut();
    let number = reactions.pool_of_jobs[usize::from(job.source)];
    let ready = reactions.pools[number].ready.pop_front();
    reactions.count_jobs(job.source, |tally| {
        tally.arrived += 1;
        tally.at_once += u64::from(ready.is_some());
    });
    order(world, now, number);
    match ready {
        Some(instance) => give(world, now, number, instance, job),
        None => pool(world, number).waiting.push_back(job),
    }
    pool(world, number).note_levels(now);
}

/// Gives a job its instance, which runs or is stopped.
fn give(world: &mut World, now: Time, number: usize, instance: Reference, job: PoolJob) {
    pool(world, number).busy.insert(instance.id, job);
    if world.instances.get(instance.slot).state == State::Running {
        return begin(world, now, number, instance);
    }
    let answer = start::start(world, now, instance.slot);
    world.recorder.ledger.count_call(Operation::Start, answer.err().map(|reason| reason.failure));
    if answer.is_err() {
        // There is no room for it: the job waits, first of all, for another.
        let pool = pool(world, number);
        pool.busy.remove(&instance.id);
        pool.waiting.push_front(job);
        order(world, now, number);
        lifecycle::lifetime_over(world, now, instance.slot);
    }
}

/// Begins a job on its instance, which runs.
fn begin(world: &mut World, now: Time, number: usize, instance: Reference) {
    let job = pool(world, number).busy.get_mut(&instance.id).expect("a job has the instance");
    let done = now.after(job.lifetime);
    job.done = Some(done);
    let (source, wait) = (job.source, now.since(job.arrived));
    world.reactions_mut().count_jobs(source, |tally| tally.waits.record(wait));
    world.set_lifetime(done, instance.slot);
}

/// Handles what has become of an instance of a pool.
pub fn on_notice(world: &mut World, now: Time, number: usize, notice: Notice) {
    match notice {
        Notice::Launched(instance, _) => {
            let pool = pool(world, number);
            pool.ordered -= 1;
            pool.coming.insert(instance.id, instance);
        }
        Notice::Entered(instance, State::Running) => on_running(world, now, number, instance),
        Notice::Entered(instance, State::Pending) => {
            // It comes up again after its host failed.
            let pool = pool(world, number);
            if let Some(place) = pool.ready.iter().position(|ready| ready.id == instance.id) {
                pool.ready.remove(place);
                pool.coming.insert(instance.id, instance);
            }
        }
        Notice::Entered(instance, State::Stopped) => match pool(world, number).coming.remove(&instance.id) {
            Some(_) => make_ready(world, now, number, instance),
            // Its host is gone.
            None => lose(world, now, number, instance),
        },
        Notice::Entered(instance, State::ShuttingDown | State::Terminated) => {
            lose(world, now, number, instance);
        }
        Notice::Entered(_, State::Stopping) | Notice::Settled { .. } | Notice::AtRisk(_) => {}
    }
    pool(world, number).note_levels(now);
}

fn on_running(world: &mut World, now: Time, number: usize, instance: Reference) {
    let pool = pool(world, number);
    let (state, jobs_wait) = (pool.rule.state, !pool.waiting.is_empty());
    if pool.busy.get(&instance.id).is_some_and(|job| job.done.is_none()) {
        return begin(world, now, number, instance);
    }
    if !pool.coming.contains_key(&instance.id) {
        return;
    }
    if state == ReadyState::Running || jobs_wait {
        pool.coming.remove(&instance.id);
        return make_ready(world, now, number, instance);
    }
    world.recorder.ledger.count_call(Operation::Stop, None);
    lifecycle::stop(world, now, instance.slot, state == ReadyState::Hibernated);
}

/// Gives an instance to the job that has waited longest, or adds it to those that are ready.
fn make_ready(world: &mut World, now: Time, number: usize, instance: Reference) {
    match pool(world, number).waiting.pop_front() {
        Some(job) => give(world, now, number, instance, job),
        None => pool(world, number).ready.push_back(instance),
    }
}

/// Handles the end of an instance: with its job, or before, so that another is ordered in its place.
fn lose(world: &mut World, now: Time, number: usize, instance: Reference) {
    let pool = pool(world, number);
    if let Some(job) = pool.busy.remove(&instance.id) {
        if job.done.is_none_or(|done| now < done) {
            world.reactions_mut().count_jobs(job.source, |tally| tally.lost += 1);
        }
    } else {
        let was_ready = pool.ready.iter().position(|ready| ready.id == instance.id);
        was_ready.map(|place| pool.ready.remove(place));
        if was_ready.is_some() || pool.coming.remove(&instance.id).is_some() {
            order(world, now, number);
        }
    }
    if world.instances.get(instance.slot).state == State::Stopped {
        lifecycle::lifetime_over(world, now, instance.slot);
    }
}
