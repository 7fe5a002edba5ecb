//! Faults that clients inject into a run: hosts and stages of the control plane fail, or are repaired, at their word.

use crate::cloud::instances::recovery;
use crate::cloud::observe::observer::Observer;
use crate::cloud::session::Session;
use plimsoll_base::input::InputError;
use plimsoll_base::units::{Duration, HostId, Time};
use plimsoll_model::control_plane::config::StageOutageConfig;
use plimsoll_model::faults::{HostFaultConfig, Selection};

impl Session {
    /// Lets hosts fail now, for a time or until they are repaired. Detection and what becomes of the instances are those of the
    /// scenario.
    ///
    /// # Errors
    ///
    /// The trace, which is read as the run goes on, is wrong.
    pub fn fail_hosts(
        &mut self,
        config: &HostFaultConfig,
        hosts: &Selection,
        length: Option<Duration>,
        observer: &mut dyn Observer,
    ) -> Result<(), InputError> {
        let now = self.now();
        let until = end_of(now, length);
        self.world.open_faults(config);
        self.world.advance_ledger(now);
        recovery::inject(&mut self.world, now, |faults| faults.fail_now(now, hosts, until));
        self.follow_up(observer, false)
    }

    /// Returns whether a host has failed and the failure is not detected yet.
    pub fn has_failed_unnoticed(&self, host: HostId) -> bool {
        self.world.faults.as_ref().is_some_and(|faults| faults.has_failed_unnoticed(host))
    }

    /// Returns failed hosts to service now, whatever made them fail.
    ///
    /// # Errors
    ///
    /// The trace, which is read as the run goes on, is wrong.
    pub fn repair_hosts(&mut self, hosts: &Selection, observer: &mut dyn Observer) -> Result<(), InputError> {
        let now = self.now();
        if self.world.faults.is_none() {
            return Ok(()); // None has failed yet.
        }
        self.world.advance_ledger(now);
        recovery::inject(&mut self.world, now, |faults| faults.repair_now(now, hosts));
        self.follow_up(observer, false)
    }

    /// Puts a stage of the control plane into an outage now, for a time or until it is repaired.
    ///
    /// # Errors
    ///
    /// The trace, which is read as the run goes on, is wrong.
    ///
    /// # Panics
    ///
    /// The outage is none that the control plane of the scenario can have.
    pub fn fail_stage(
        &mut self,
        outage: &StageOutageConfig,
        length: Option<Duration>,
        observer: &mut dyn Observer,
    ) -> Result<(), InputError> {
        let now = self.now();
        self.world.control_mut().plane.fail_now(now, outage, end_of(now, length));
        self.follow_up(observer, false)
    }

    /// Ends the injected outage of a stage now, if it is in one. Returns whether there is such a stage.
    ///
    /// # Errors
    ///
    /// The trace, which is read as the run goes on, is wrong.
    pub fn repair_stage(&mut self, stage: &str, observer: &mut dyn Observer) -> Result<bool, InputError> {
        let now = self.now();
        let Some(control) = &mut self.world.control else { return Ok(false) };
        if !control.plane.repair_now(now, stage) {
            return Ok(false);
        }
        self.follow_up(observer, false)?;
        Ok(true)
    }
}

/// Returns the end of a fault of a length; [`Time::NEVER`] where it lasts until it is repaired.
fn end_of(now: Time, length: Option<Duration>) -> Time {
    length.map_or(Time::NEVER, |length| now.after(length))
}
