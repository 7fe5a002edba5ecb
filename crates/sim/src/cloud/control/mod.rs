//! The control plane between a call of the demand and the flow that carries it out, where a scenario models one.
//!
//! `submit` hands calls to the plane, `work` does what the plane wishes: let a call have its effect, refuse it, let an
//! instance run. `profile` is what the plane has to know of a call; `launching` knows who is on the way to being
//! launched; `bring_up` takes instances from their host to running; `foresight` loads what will be looked at.

mod bring_up;
mod foresight;
mod launching;
mod profile;

use std::collections::BTreeMap;

use super::Cloud;
use super::calls::Refused;
use super::event::{Event, Rank};
use super::reference::Slot;
use crate::scenario::Scenario;
use plimsoll_base::engine::random::Seed;
use plimsoll_base::failure::Failure;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, Time};
use plimsoll_model::control_plane::config::Index;
use plimsoll_model::control_plane::job::JobId;
use plimsoll_model::control_plane::plane::requests::RequestId;
use plimsoll_model::control_plane::plane::{Effect, Plane, PlaneTimer};
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::{Action, Call, End};
use plimsoll_model::workload::handles::Handle;

/// The control plane of a run, and the call that has its effect now.
pub(super) struct Control {
    pub plane: Plane,
    /// What a `describe` finds instances by.
    indexes: Vec<Index>,
    /// The lifetimes of the instances that are launched now.
    lifetimes: Box<[Duration]>,
    /// How long ago the call was meant to come that has its effect now.
    late: Duration,
    /// Launches that have been called for and have had no effect, by the name of their instances.
    launching: BTreeMap<Handle, u32>,
    /// When there was last something to do.
    worked: Time,
}

persist! { Control {
    values: [launching, worked],
    nested: [plane],
    derived: [indexes, lifetimes, late],
} }

impl Control {
    /// The control plane of a scenario; `None` where accepted calls take effect at once.
    pub fn new(scenario: &Scenario) -> Option<Box<Control>> {
        let config = &scenario.control_plane;
        config.is_modelled().then(|| {
            Box::new(Control {
                plane: Plane::new(config, scenario.lifecycle.boot, Seed(scenario.seed)),
                indexes: config.database.indexes.clone(),
                lifetimes: Box::default(),
                late: Duration::ZERO,
                launching: BTreeMap::new(),
                worked: Time::ZERO,
            })
        })
    }

    /// The warm-up is over: what is counted begins anew, also where no call comes any more.
    pub fn begin_window(&mut self, now: Time) {
        self.plane.begin_window(now);
        self.plane.note_queues(now);
        self.worked = now;
    }

    /// Panics unless nobody is lost on the way.
    pub fn assert_conserved(&self) {
        self.plane.assert_conserved(self.worked);
    }
}

impl Cloud {
    fn control_mut(&mut self) -> &mut Control {
        self.control.as_mut().expect("there is a control plane")
    }

    /// The run begins.
    pub(super) fn open_control(&mut self) {
        if let Some(control) = &mut self.control {
            control.plane.open();
            self.work(Time::ZERO);
        }
    }

    /// A client calls.
    #[inline]
    pub(super) fn submit(&mut self, now: Time, call: Call) {
        if call.action.is_traffic() {
            // A packet between instances is no request to the API.
            self.advance_ledger(now);
            return self.on_call(now, &call);
        }
        let profile = self.profile(&call);
        self.note_launching(&call);
        let lifetimes = match &call.action {
            Action::Launch(launch) if launch.end == End::Drawn => self.demand.lifetimes().into(),
            _ => Box::default(),
        };
        self.control_mut().plane.submit(now, call, lifetimes, profile);
        self.work(now);
    }

    /// An alarm of the control plane rings.
    #[inline]
    pub(super) fn on_plane_timer(&mut self, now: Time, timer: PlaneTimer, number: u32) {
        self.control_mut().plane.fire(now, timer, number);
    }

    /// Does what the control plane wishes until it wishes nothing more, and sets its alarms.
    #[inline]
    pub(super) fn work(&mut self, now: Time) {
        let rows = self.instances.alive();
        let control = self.control_mut();
        control.worked = now;
        control.plane.note_instance_count(rows);
        while let Some(effect) = self.control_mut().plane.next(now) {
            match effect {
                Effect::Commit(job, request) => self.act(now, job, request),
                Effect::Refuse(request, failure) => self.refuse_for_good(now, request, failure),
                Effect::Finish(job) => {
                    let instance = self.control_mut().plane.came_up(job);
                    self.advance_ledger(now);
                    self.come_up(now, instance);
                }
            }
        }
        while let Some((at, timer, number)) = self.control_mut().plane.next_timer() {
            if self.comes_too_soon(at) {
                self.prefetch_for_timer(timer, number);
            }
            self.queue.push(at, Rank::Timer as u8, Event::Control(timer, number));
        }
    }

    /// A call has its effect, unless a worker comes to it before the instances that it is about are launched.
    fn act(&mut self, now: Time, job: JobId, request: RequestId) {
        let (call, lifetimes) = self.control_mut().plane.take_call(request);
        if self.is_early(&call) {
            return self.control_mut().plane.postpone(now, job, request, call);
        }
        if let Action::Describe(query) = &call.action
            && query.page_size.is_some()
            && u64::from(self.control_mut().plane.pages_before(request)) + 1
                < self.pages_of(call.account, query)
        {
            return self.control_mut().plane.turn_page(now, job, request, call);
        }
        self.note_launched(&call);
        if !matches!(call.action, Action::Describe(_)) {
            self.advance_ledger(now);
        }
        let control = self.control_mut();
        control.late = now.since(call.at);
        control.lifetimes = lifetimes;
        self.on_call(now, &call);
        let control = self.control_mut();
        control.late = Duration::ZERO;
        control.plane.committed(now, job);
    }

    /// A call never has an effect.
    #[cold]
    fn refuse_for_good(&mut self, now: Time, request: RequestId, failure: Failure) {
        let (call, _) = self.control_mut().plane.take_call(request);
        self.control_mut().plane.refusal_told(request);
        self.note_launched(&call);
        let operation = call.action.operation();
        self.ledger.count_call(operation, Some(failure));
        let (mut refused, mut count) = (Refused::outright(failure), 1);
        if let Action::Launch(launch) = &call.action {
            (refused.kind, refused.zone, count) = (Some(launch.kind), launch.zone, launch.max_count);
            self.ledger.count_launch(count, Some(failure), count);
            self.name(launch.handle, &[]);
        }
        self.refuse(now, operation, call.account, refused, count);
    }

    /// Returns how long ago the call was meant to come that has its effect now.
    #[inline]
    pub(super) fn late(&self) -> Duration {
        self.control.as_ref().map_or(Duration::ZERO, |control| control.late)
    }

    /// An instance enters a state: its record changes, and one that passes to another state does so since it was
    /// called for. Gives that time.
    #[inline(always)] // every state of every instance; without a control plane that is nothing
    pub(super) fn note_entry(&mut self, now: Time, slot: Slot, state: State) -> Time {
        if self.control.is_none() { now } else { self.record_entry(now, slot, state) }
    }

    #[inline(never)]
    fn record_entry(&mut self, now: Time, slot: Slot, state: State) -> Time {
        let control = self.control.as_mut().expect("there is a control plane");
        let instance = self.instances.get(slot);
        control.plane.record_changed(now, slot.0, instance.id.0, instance.account);
        match state {
            State::Pending | State::Stopping | State::ShuttingDown => Time(now.0 - control.late.0),
            State::Running | State::Stopped | State::Terminated => now,
        }
    }
}
