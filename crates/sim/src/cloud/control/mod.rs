//! The control plane between a call of the demand and the flow that answers it, where a scenario models one.
//!
//! `submit` hands calls to the plane and applies its decisions. `profile` makes the description of a call for the plane;
//! `launching` counts the instances that are about to be launched; `waiters` are clients that wait until these run, `polling` their
//! flow; `prefetch` loads records ahead of their events.

pub mod launching;
pub mod polling;
pub mod prefetch;
pub mod profile;
pub mod submit;
pub mod waiters;

use std::collections::BTreeMap;

use crate::cloud::control::waiters::Waiters;
use crate::scenario::Scenario;
use plimsoll_base::engine::random::Seed;
use plimsoll_base::failure::Failure;
use plimsoll_base::persist;
use plimsoll_base::units::Time;
use plimsoll_model::control_plane::config::IndexAttribute;
use plimsoll_model::control_plane::plane::Plane;
use plimsoll_model::control_plane::plane::requests::RequestId;
use plimsoll_model::control_plane::throttle::ApiClass;
use plimsoll_model::workload::call::Call;
use plimsoll_model::workload::handles::Handle;

/// Control plane of a run, with the state that the cloud keeps for it.
pub struct Control {
    pub plane: Plane,
    /// Attributes by which a `describe` finds instances without a scan.
    indexes: Vec<IndexAttribute>,
    /// Number of launches that were requested and have not taken effect yet, by the handle of their instances.
    launching: BTreeMap<Handle, u32>,
    /// Time at which effects were last carried out.
    worked: Time,
    /// Waiters of clients; `None` where none waits.
    pub waiters: Option<Waiters>,
    /// Launch that takes effect now, where its client learns of a refusal.
    pub taking_effect: Option<LaunchInEffect>,
}

persist! { Control {
    values: [launching, worked],
    nested: [plane, waiters],
    derived: [indexes, taking_effect],
} }

/// Launch of a client of an SDK while it takes effect.
#[derive(Clone, Copy, Debug)]
pub struct LaunchInEffect {
    pub request: RequestId,
    pub outcome: EffectOutcome,
}

/// Outcome of a launch that takes effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EffectOutcome {
    /// Instances, or a place in the line.
    Succeeded,
    /// Refusal after which its client makes no other attempt.
    Refused,
    /// Refusal after which its client makes another attempt for this open launch.
    TriedAgain(u32),
}

impl Control {
    /// Returns the control plane of a scenario; `None` where accepted calls take effect at once.
    pub fn new(scenario: &Scenario) -> Option<Box<Control>> {
        let config = &scenario.control_plane;
        config.is_modelled().then(|| {
            Box::new(Control {
                plane: Plane::new(config, Seed(scenario.seed)),
                indexes: config.database.indexes.clone(),
                launching: BTreeMap::new(),
                worked: Time::ZERO,
                waiters: Waiters::new(scenario),
                taking_effect: None,
            })
        })
    }

    /// Tells the client of the launch that takes effect now, which is this open one, of its refusal. Returns whether it makes another
    /// attempt.
    pub fn tries_again(&mut self, now: Time, number: u32, failure: Failure) -> bool {
        let Some(in_effect) = &mut self.taking_effect else { return false };
        let again = self.plane.launch_took_effect(now, in_effect.request, Some(failure));
        in_effect.outcome = if again { EffectOutcome::TriedAgain(number) } else { EffectOutcome::Refused };
        again
    }

    /// Ends the warm-up: counts begin anew, even where no further call comes.
    pub fn begin_window(&mut self, now: Time) {
        self.plane.begin_window(now);
        self.plane.note_queues(now);
        self.worked = now;
        if let Some(waiters) = &mut self.waiters {
            waiters.begin_window();
        }
    }

    /// Panics unless every request is accounted for.
    pub fn assert_conserved(&self) {
        self.plane.assert_conserved(self.worked);
        if let Some(waiters) = &self.waiters {
            waiters.assert_conserved();
        }
    }

    /// Loads the token buckets of a call that comes soon. Changes nothing.
    #[inline]
    pub fn prefetch_buckets(&self, call: &Call) {
        self.plane.prefetch_buckets(call.account, ApiClass::of(call.action.operation(), true));
    }
}
