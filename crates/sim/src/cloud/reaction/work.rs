//! Work after every event and call: requests that are due, and the line.

use crate::cloud::autoscaling;
use crate::cloud::control::submit;
use crate::cloud::pools;
use crate::cloud::reaction::{attempts, line};
use crate::cloud::world::World;
use plimsoll_base::units::Time;
use plimsoll_model::workload::call::{Action, Call, Sender};

/// Begins what reacts, at the start of a run.
pub fn open(world: &mut World) {
    if world.reactions.is_some() {
        pools::flow::open(world);
        autoscaling::flow::open(world);
        work(world, Time::ZERO);
    }
}

/// Carries on after a call.
#[inline]
pub fn after_call(world: &mut World, now: Time, is_launch: bool) {
    if is_launch { after_launch(world, now) } else { after_event(world, now) }
}

/// Carries on after an event, which may have set room free.
#[inline(never)]
pub fn after_event(world: &mut World, now: Time) {
    let reactions = world.reactions_mut();
    reactions.may_serve |= !reactions.line.is_empty();
    work(world, now);
}

/// Carries on after a launch has been called for, which sets no room free.
#[inline(never)]
fn after_launch(world: &mut World, now: Time) {
    work(world, now);
}

/// Makes the requests that are due and serves the line, until nothing more follows.
fn work(world: &mut World, now: Time) {
    loop {
        let has_delivered = deliver(world, now);
        let due = std::mem::take(&mut world.reactions_mut().due);
        let may_serve = std::mem::take(&mut world.reactions_mut().may_serve);
        if !has_delivered && due.is_empty() && !may_serve {
            return;
        }
        world.advance_ledger(now);
        for number in due {
            send(world, now, number);
        }
        if may_serve {
            line::serve(world, now);
        }
        if world.control.is_some() {
            submit::work(world, now);
        }
    }
}

/// Tells the owners of instances what has become of these. Returns whether there was anything to tell.
fn deliver(world: &mut World, now: Time) -> bool {
    let has_notices = !world.reactions_mut().notices.is_empty();
    while !world.reactions_mut().notices.is_empty() {
        world.advance_ledger(now);
        for (sender, notice) in std::mem::take(&mut world.reactions_mut().notices) {
            match sender {
                Sender::Pool(number) => pools::flow::on_notice(world, now, number.into(), notice),
                Sender::Group(number) | Sender::WarmPool(number) => {
                    autoscaling::flow::on_notice(world, now, number.into(), sender, notice);
                }
                Sender::Client | Sender::Trace | Sender::Arrivals(_) | Sender::Open(_) => {}
            }
        }
    }
    has_notices
}

/// Sends the next request of an open launch, through the control plane where there is one.
fn send(world: &mut World, now: Time, number: u32) {
    if world.control.is_none() {
        return attempts::request(world, now, number);
    }
    let mut launch = attempts::asked(world, now, number);
    launch.sender = Sender::Open(number);
    let account = world.reactions_mut().open[&number].account;
    submit::submit(world, now, Call { at: now, account, action: Action::Launch(launch) });
}
