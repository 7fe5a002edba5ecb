//! The door for clients from outside the scenario: a run whose clock its owner turns, and that takes calls on the way.
//!
//! The demand of the scenario goes on beside them. A session is a function of the scenario, its seed, and the calls with their
//! times: however the clock is turned between two calls, the same comes of it.

pub mod faults;
pub mod view;

pub use crate::cloud::api::client_answers::{Answer, CallNumber, CreatedResource, Effects, InstanceChange};
pub use crate::cloud::api::open_requests::{
    FulfilledRequest, SpotRequest, SpotRequestNumber, SpotRequestState,
};
pub use crate::cloud::api::released_hosts::{ReleasedHost, SHOWN_AFTER_RELEASE};

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;

use crate::cloud::RunOptions;
use crate::cloud::api::client_answers::ClientCalls;
use crate::cloud::api::client_calls;
use crate::cloud::api::security_groups;
use crate::cloud::api::spot_requests;
use crate::cloud::control::submit;
use crate::cloud::instances::reference::Reference;
use crate::cloud::observe::observer::{Detail, Observer, RunState, Silent};
use crate::cloud::observe::outbox::ObservationOutbox;
use crate::cloud::observe::outcome::Outcome;
use crate::cloud::reaction::work;
use crate::cloud::simulation::checkpoint::{self, Resumption};
use crate::cloud::simulation::event_trace;
use crate::cloud::simulation::milestones::Progress;
use crate::cloud::simulation::runner::{self, Runner};
use crate::cloud::world::World;
use crate::scenario::Scenario;
use plimsoll_base::engine::checkpoint::{Reader, RestoreError, SEAL, Writer};
use plimsoll_base::input::InputError;
use plimsoll_base::units::{AccountId, InstanceId, Time};
use plimsoll_model::workload::call::{Action, Call, Sender};
use plimsoll_model::workload::directory::Directory;
use plimsoll_model::workload::handles::Handle;

/// Run that clients call.
pub struct Session {
    world: World,
    runner: Runner,
    progress: Progress,
    /// Instances that clients have asked for.
    asked: u64,
}

impl Session {
    /// Begins the run of a world.
    pub(in crate::cloud) fn begin(
        mut world: World,
        mut runner: Runner,
        observer: &mut dyn Observer,
    ) -> Result<Session, InputError> {
        world.clients = Some(Box::<ClientCalls>::default());
        world.instances.keep_by_id();
        runner.leave_open();
        let progress = runner.begin(&mut world, observer)?;
        let mut session = Session { world, runner, progress, asked: 0 };
        session.advance(Time::ZERO, observer)?;
        Ok(session)
    }

    /// Returns the simulated time: everything up to it has happened.
    pub fn now(&self) -> Time {
        self.progress.milestones.reached
    }

    /// Returns the time at which something happens next, if no client calls before.
    pub fn next_at(&self) -> Time {
        let event = self.world.timers.queue.next_at().unwrap_or(Time::NEVER);
        let call = self.progress.call.as_ref().map_or(Time::NEVER, |call| call.at);
        event.min(call)
    }

    /// Returns the directory of the names of the run.
    pub fn directory(&self) -> &Directory {
        &self.world.directory
    }

    /// Returns the directory of the names of the run, to which calls add theirs.
    pub fn directory_mut(&mut self) -> &mut Directory {
        &mut self.world.directory
    }

    /// Lets time pass up to `to`, that moment included.
    ///
    /// # Errors
    ///
    /// The trace, which is read as the run goes on, is wrong.
    ///
    /// # Panics
    ///
    /// `to` has passed.
    pub fn advance(&mut self, to: Time, observer: &mut dyn Observer) -> Result<(), InputError> {
        assert!(to >= self.now(), "simulated time does not go back");
        let Session { world, runner, progress, .. } = self;
        let running = AssertUnwindSafe(|| runner.run_until(to, world, progress, observer));
        match catch_unwind(running) {
            Ok(halt) => halt.map(|_| ()),
            Err(panic) => {
                observer.panicked(progress.milestones.reached, progress.milestones.events);
                resume_unwind(panic);
            }
        }
    }

    /// Makes a call of a client now, after everything else that happens at this time. Its answer is there at once, or with a
    /// control plane when that has let it take effect.
    ///
    /// # Errors
    ///
    /// The trace, which is read as the run goes on, is wrong.
    pub fn submit(
        &mut self,
        account: AccountId,
        mut action: Action,
        observer: &mut dyn Observer,
    ) -> Result<CallNumber, InputError> {
        let now = self.now();
        if let Action::Launch(launch) = &mut action {
            launch.sender = Sender::Client;
            launch.first_instance = launch.sender.first_number() + self.asked;
            self.asked += u64::from(launch.max_count);
        }
        let Session { world, runner, progress, .. } = self;
        let call = Call { at: now, account, action };
        let number = world.clients.as_mut().expect("clients call").next();
        if runner.traces_events() {
            event_trace::call(world, progress.milestones.events, now, &call);
        }
        let is_launch = matches!(call.action, Action::Launch(_));
        world.advance_ledger(now);
        match world.control {
            None => client_calls::take_effect(world, now, number, &call),
            Some(_) => submit::submit_of_client(world, now, call, number),
        }
        self.follow_up(observer, is_launch)?;
        Ok(number)
    }

    /// Lets the deed of a client have its consequences: what the control plane carries out, and demand that reacts.
    fn follow_up(&mut self, observer: &mut dyn Observer, is_launch: bool) -> Result<(), InputError> {
        let now = self.now();
        let Session { world, runner, progress, .. } = self;
        if world.control.is_some() {
            submit::work(world, now);
        }
        if world.reactions.is_some() {
            // With a control plane a call may carry out others.
            work::after_call(world, now, is_launch && world.control.is_none());
        }
        // An observer that ends a run ends none that is left open.
        let _ = runner.after_step(world, &mut progress.milestones, observer);
        self.advance(now, observer)
    }

    /// Takes the answers that were given since they were last taken, in order.
    pub fn take_answers(&mut self) -> Vec<Answer> {
        std::mem::take(&mut self.world.clients.as_mut().expect("clients call").answers)
    }

    /// Takes the dedicated hosts that others have replaced since they were last taken.
    pub fn take_replaced_hosts(&mut self) -> Vec<ReleasedHost> {
        self.world.clients.as_mut().expect("clients call").released_hosts.take_replaced()
    }

    /// Takes the spot requests that were fulfilled since they were last taken, those of which `is_known` says that the answer to their call
    /// has been taken and heeded. The others are left for the next time.
    pub fn take_fulfilled_requests(
        &mut self,
        is_known: impl Fn(SpotRequestNumber) -> bool,
    ) -> Vec<FulfilledRequest> {
        self.world.clients.as_mut().expect("clients call").spot_requests.take_fulfilled(is_known)
    }

    /// Cancels a spot request now, if it is open.
    pub fn cancel_spot_request(&mut self, number: SpotRequestNumber) {
        let now = self.now();
        self.world.advance_ledger(now);
        spot_requests::cancel(&mut self.world, now, number);
    }

    /// Returns whether a call waits for its answer.
    pub fn is_awaited(&self) -> bool {
        self.world.clients.as_ref().is_some_and(|clients| clients.is_waiting())
    }

    /// Binds a handle to an instance that is shown, so that calls can name it; to none where there is none of this id.
    pub fn bind(&mut self, handle: Handle, id: InstanceId) {
        let account = self.instance(id).map(|instance| instance.account);
        let by_id = self.world.instances.by_id.as_ref().expect("instances are kept by id");
        let launched = by_id.launched(id).zip(account);
        let reference = launched.map(|((slot, _), account)| Reference { slot, id, account });
        self.world.api.handles.instances.set(handle, reference.as_slice());
    }

    /// Binds a handle, by its number among those of its kind, to a resource that is no instance.
    pub fn bind_resource(&mut self, handle: u32, resource: CreatedResource) {
        let handles = &mut self.world.api.handles;
        match resource {
            CreatedResource::Volume(id) => handles.volumes.set(handle, id),
            CreatedResource::Snapshot(id) => handles.snapshots.set(handle, id),
            CreatedResource::Image(id) => handles.images.set(handle, id),
            CreatedResource::Address(id) => handles.addresses.set(handle, id),
            CreatedResource::Interface(id) => handles.interfaces.set(handle, id),
            CreatedResource::Host(id) => handles.hosts.set(handle, id),
            CreatedResource::Reservation(id) => handles.reservations.set(handle, id),
        }
    }

    /// Creates the security groups of an account that it has from the start, unless it has them.
    pub fn open_security_groups(&mut self, account: AccountId) {
        security_groups::open_vpcs(&mut self.world, account);
    }

    /// Hands the state of the run to the observer, to be written to a checkpoint. Returns its file, where it writes one.
    ///
    /// # Errors
    ///
    /// The checkpoint cannot be written.
    pub fn checkpoint(&self, observer: &mut dyn Observer) -> Result<Option<PathBuf>, InputError> {
        let Progress { milestones, residents, call } = &self.progress;
        let save = |out: &mut Writer<'_>| {
            checkpoint::save(&self.world, out, milestones, *residents, call.as_ref());
        };
        observer.checkpoint(&RunState { at: self.now(), events: milestones.events, save: &save })
    }

    /// Returns the outcome of the run as if it ended now. The run itself goes on.
    ///
    /// # Errors
    ///
    /// A file of the scenario is no longer what it was.
    pub fn outcome_now(&self, scenario: &Scenario) -> Result<Outcome, RestoreError> {
        let Progress { milestones, residents, call } = &self.progress;
        let mut state = Vec::new();
        let mut out = Writer::new(&mut state);
        checkpoint::save(&self.world, &mut out, milestones, *residents, call.as_ref());
        out.seal().expect("memory can be written to");
        let length = (state.len() - SEAL) as u64;
        let mut source = state.as_slice();
        let resumption = Resumption { is_same_strategy: true, wants_rows: false };
        let from = &mut Reader::new(&mut source, length);
        let (mut world, progress) = checkpoint::resume(scenario, RunOptions::default(), resumption, from)?;
        world.recorder.outbox = ObservationOutbox::new(Detail::Nothing);
        Ok(runner::close(world, progress, self.now(), &mut Silent))
    }

    /// Ends the run where it is.
    pub fn close(self, observer: &mut dyn Observer) -> Outcome {
        let Session { world, progress, .. } = self;
        let horizon = progress.milestones.reached;
        runner::close(world, progress, horizon, observer)
    }
}
