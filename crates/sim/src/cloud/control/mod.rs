//! The control plane between a call of the demand and the flow that answers it, where a scenario models one.
//!
//! `submit` hands calls to the plane and applies its decisions. `profile` makes the description of a call for the plane;
//! `launching` counts the instances that are about to be launched; `prefetch` loads records ahead of their events.

pub mod launching;
pub mod prefetch;
pub mod profile;
pub mod submit;

use std::collections::BTreeMap;

use crate::scenario::Scenario;
use plimsoll_base::engine::random::Seed;
use plimsoll_base::persist;
use plimsoll_base::units::Time;
use plimsoll_model::control_plane::config::IndexAttribute;
use plimsoll_model::control_plane::plane::Plane;
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
}

persist! { Control {
    values: [launching, worked],
    nested: [plane],
    derived: [indexes],
} }

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
            })
        })
    }

    /// Ends the warm-up: counts begin anew, even where no further call comes.
    pub fn begin_window(&mut self, now: Time) {
        self.plane.begin_window(now);
        self.plane.note_queues(now);
        self.worked = now;
    }

    /// Panics unless every request is accounted for.
    pub fn assert_conserved(&self) {
        self.plane.assert_conserved(self.worked);
    }

    /// Loads the token buckets of a call that comes soon. Changes nothing.
    #[inline]
    pub fn prefetch_buckets(&self, call: &Call) {
        self.plane.prefetch_buckets(call.account, ApiClass::of(call.action.operation(), true));
    }
}
