//! Injected faults: hosts that fail, or are repaired, at the word of a client, beside those that the scenario plans or draws.

use super::config::HostFaultConfig;
use super::selection::{self, Selection};
use super::{Due, Faults, Phase};
use crate::fleet::Fleet;
use plimsoll_base::engine::random::Seed;
use plimsoll_base::units::{HostId, Time, ZoneId};

/// Hosts that an injected fault is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultScope {
    /// Host.
    Host(HostId),
    /// Rack of a zone, counted from 0 in the order of their first host.
    Rack(ZoneId, u32),
    /// Every host of a zone.
    Zone(ZoneId),
}

impl FaultScope {
    /// Returns the hosts; none where the fleet has no such host or rack.
    pub fn hosts(self, fleet: &Fleet) -> Selection {
        let of_zone = |zone: ZoneId| fleet.zones()[zone.index()].hosts.clone();
        match self {
            FaultScope::Host(host) if host.index() < fleet.hosts().len() => {
                Selection::run(host.0..host.0 + 1)
            }
            FaultScope::Host(_) => Selection::default(),
            FaultScope::Rack(zone, rack) => {
                selection::on_racks(of_zone(zone), rack..rack.saturating_add(1), fleet)
            }
            FaultScope::Zone(zone) => Selection::run(of_zone(zone)),
        }
    }
}

impl Faults {
    /// Returns the faults of hosts that fail only where faults are injected.
    pub fn injected_alone(config: &HostFaultConfig, fleet: &Fleet) -> Faults {
        let never = HostFaultConfig { mean_time_between_failures: None, ..config.clone() };
        Faults::without_plans(&never, fleet, Seed(0))
    }

    /// Lets hosts fail now until a time, or with [`Time::NEVER`] until they are repaired. Hosts that have failed already, or are
    /// worked on, are not in service before that either. The events are due at once.
    ///
    /// # Panics
    ///
    /// Events before now have not been taken.
    pub fn fail_now(&mut self, now: Time, hosts: &Selection, until: Time) {
        self.come_to(now);
        self.strike(hosts, until);
    }

    /// Returns failed hosts to service now, whatever made them fail. Those whose failure is not detected yet are detected first, so that
    /// their instances have lost them all the same. The events are due at once.
    ///
    /// # Panics
    ///
    /// Events before now have not been taken.
    pub fn repair_now(&mut self, now: Time, hosts: &Selection) {
        self.come_to(now);
        for host in hosts.iter() {
            let Some(failure) = self.failed.get_mut(&host) else { continue };
            failure.returns = now;
            if self.phases[host.index()] == Phase::Failed {
                failure.detected = now;
                self.schedule(now, Due::Detect(host));
            }
            self.schedule(now, Due::Repair(host));
        }
    }

    /// Takes over hosts that the fleet has got since, which are in service.
    pub fn cover(&mut self, fleet: &Fleet) {
        self.phases.resize(fleet.hosts().len(), Phase::InService);
    }

    fn come_to(&mut self, now: Time) {
        assert!(self.due() > now, "events of hosts have not been taken");
        self.now = now;
    }
}
