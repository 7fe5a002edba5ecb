//! The simulated world: the parts that own the state of a run. Flows are functions over it, a file each in `api`,
//! `instances`, `control` and `simulation`; short helpers that they share are here.

use crate::cloud::allocation::allocator::HostAllocator;
use crate::cloud::allocation::instance_types::{InstanceTypes, TypeInfo};
use crate::cloud::api::client_answers::ClientCalls;
use crate::cloud::api::state::ApiState;
use crate::cloud::autoscaling::state::GroupState;
use crate::cloud::control::Control;
use crate::cloud::instances::by_host::InstancesByHost;
use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::table::Instances;
use crate::cloud::observe::recorder::Recorder;
use crate::cloud::reaction::state::Reactions;
use crate::cloud::simulation::event::Timer;
use crate::cloud::simulation::timers::Timers;
use plimsoll_base::engine::queue::Lane;
use plimsoll_base::units::{HostId, Time, TypeId, ZoneId};
use plimsoll_model::billing::Billing;
use plimsoll_model::faults::{Faults, HostFaultConfig};
use plimsoll_model::network::Network;
use plimsoll_model::network::security::SecurityGroups;
use plimsoll_model::placement::prediction::Predictor;
use plimsoll_model::quota::Quotas;
use plimsoll_model::storage::Storage;
use plimsoll_model::workload::demand::Demand;
use plimsoll_model::workload::directory::Directory;

/// Parts of a run. Each owns its state.
pub struct World {
    /// Handles of everything, by number.
    pub directory: Directory,
    /// Calls to come, and the behaviour of the instances that they launch.
    pub demand: Demand,
    /// State that the API keeps between calls.
    pub api: ApiState,
    /// Instance types that were requested.
    pub types: InstanceTypes,
    /// Instances.
    pub instances: Instances,
    /// Hosts and what decides on them.
    pub hosts: HostAllocator,
    /// Subnets, addresses and interfaces.
    pub network: Network,
    /// Security groups.
    pub security: SecurityGroups,
    /// Volumes, snapshots and images.
    pub storage: Storage,
    /// Limits of the accounts.
    pub quotas: Quotas,
    /// Meter, prices and bills.
    pub billing: Billing,
    /// Faults of hosts; `None` where hosts have none.
    pub faults: Option<Faults>,
    /// Instances by host; `None` where no flow asks for them.
    pub by_host: Option<InstancesByHost>,
    /// Events to come.
    pub timers: Timers,
    /// Records of what happens.
    pub recorder: Recorder,
    /// Control plane that calls pass before they take effect; `None` where they take effect at once.
    pub control: Option<Box<Control>>,
    /// Open launches, and what else follows from answers; `None` where demand does not react.
    pub reactions: Option<Box<Reactions>>,
    /// Calls of clients that wait for their answers, and answers; `None` where no client calls.
    pub clients: Option<Box<ClientCalls>>,
    /// Predictions of lifetimes; `None` where the strategy knows none.
    pub predictor: Option<Box<Predictor>>,
}

impl World {
    /// Returns the control plane of a run that has one.
    #[inline]
    pub fn control_mut(&mut self) -> &mut Control {
        self.control.as_mut().expect("there is a control plane")
    }

    /// Returns the reactions of a run in which demand reacts.
    #[inline]
    pub fn reactions_mut(&mut self) -> &mut Reactions {
        self.reactions.as_mut().expect("demand reacts")
    }

    /// Returns an Auto Scaling group, by its number.
    pub fn group_mut(&mut self, number: usize) -> &mut GroupState {
        &mut self.reactions_mut().groups[number]
    }

    /// Integrates the totals up to `now`. Every flow that changes a total comes after this.
    #[inline(always)] // every event
    pub fn advance_ledger(&mut self, now: Time) {
        self.recorder.ledger.advance(now, self.hosts.fleet.totals());
    }

    /// Returns whether hosts come and go in the course of the run.
    #[inline]
    pub fn hosts_vary(&self) -> bool {
        self.hosts.fleet.is_elastic() || self.faults.is_some()
    }

    /// Notes the totals of the fleet for all peaks, after hosts opened, closed or were reserved.
    #[cold]
    pub fn note_hosts(&mut self) {
        self.recorder.ledger.note_fleet(self.hosts.fleet.totals());
        self.recorder.ledger.note_shares(self.hosts.fleet.totals());
    }

    /// Lets hosts have faults, which they have where the scenario says so or one is injected.
    pub fn open_faults(&mut self, config: &HostFaultConfig) {
        if self.faults.is_none() {
            // Hosts vary from now on: what has been used of those there were is known by its peaks.
            self.recorder.ledger.note_shares_of_peaks();
            self.faults = Some(Faults::injected_alone(config, &self.hosts.fleet));
        }
        if self.by_host.is_none() {
            self.by_host = Some(InstancesByHost::of(self.instances.slots()));
        }
    }

    /// Notes that an instance is on its host.
    #[inline]
    pub fn note_on_host(&mut self, slot: Slot) {
        if let Some(by_host) = &mut self.by_host {
            by_host.add(self.instances.get(slot), slot);
        }
    }

    /// Notes that an instance leaves its host.
    #[inline]
    pub fn note_off_host(&mut self, slot: Slot) {
        if let Some(by_host) = &mut self.by_host {
            by_host.remove(self.instances.get(slot), slot);
        }
    }

    /// Returns the instances on a host, in the order of launch; none where they are not kept.
    pub fn instances_on(&self, host: HostId) -> Vec<Slot> {
        self.by_host.as_ref().map_or_else(Vec::new, |by_host| by_host.on(host))
    }

    /// Returns a type that is requested. The first request makes it known to the fleet and the index.
    #[inline]
    pub fn learn_type(&mut self, id: TypeId) -> &TypeInfo {
        self.types.learn(id, &self.directory.types, &mut self.hosts)
    }

    /// Returns whether a zone offers a type.
    pub fn is_offered(&self, kind: TypeId, zone: ZoneId) -> bool {
        self.types.is_offered(kind, zone, &self.directory.types, &self.hosts.fleet)
    }

    /// Sets a timer of an instance.
    #[inline]
    pub fn set_timer(&mut self, at: Time, timer: Timer, slot: Slot) {
        self.timers.set(at, timer, slot, self.instances.get_mut(slot));
    }

    /// Sets the timer of the end of an instance.
    #[inline]
    pub fn set_lifetime(&mut self, end: Time, slot: Slot) {
        if let Some(reactions) = &mut self.reactions {
            reactions.note_end(slot, end);
        }
        self.timers.set_lifetime(end, slot, self.instances.get_mut(slot));
    }

    /// Sets a timer of an instance that ends a step of fixed length.
    #[inline]
    pub fn set_lane_timer(&mut self, lane: Lane, now: Time, timer: Timer, slot: Slot) {
        self.timers.set_lane(lane, now, timer, slot, self.instances.get_mut(slot));
    }
}
