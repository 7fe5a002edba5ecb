//! Host faults: failures, outages of racks and zones, maintenance, and hosts that arrive or leave, as one stream of events in
//! order of time.
//!
//! The stream depends only on the scenario and its seed, not on the instances of the hosts. Failures without memory
//! are one process over all hosts, thinned to those in service, which is exact and costs one timer for a fleet
//! of any size; those with a Weibull law need a timer a host.

mod config;
mod failures;
mod injection;
mod selection;

pub use crate::fleet::service_window::Drain;
pub use config::{FaultConfig, HostFaultConfig, HostRange, MaintenanceConfig, OnFailure, OutageConfig};
pub use injection::FaultScope;
pub use selection::Selection;

use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::ops::Range;

use crate::fleet::Fleet;
use crate::fleet::service_window::ServiceWindow;
use crate::fleet::state::HostTrigger;
use failures::{Failures, Life};
use plimsoll_base::engine::random::{Purpose, Seed};
use plimsoll_base::input::{InputError, Problem};
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, HostId, Time};
use selection::Naming;

/// Fault event of a host.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum HostEvent {
    /// Arrives, and takes instances from now on.
    Arrived(HostId),
    /// Fails with the instances on it, which has not been detected yet.
    Failed(HostId),
    /// The health check finds that it has failed: its instances are treated as `on_failure` says.
    Detected(HostId),
    /// Return to service.
    Repaired(HostId),
    /// Work on it is announced: it takes no more instances.
    MaintenanceAnnounced(HostId),
    /// Work on it begins: its instances are drained.
    MaintenanceBegins(HostId, Drain),
    /// Work on it ends.
    MaintenanceEnds(HostId),
    /// Leaves for good, after notice: its instances are drained.
    Retired(HostId, Drain),
}

impl HostEvent {
    /// Returns the host.
    pub fn host(self) -> HostId {
        use HostEvent::*;
        match self {
            Arrived(host) | Failed(host) | Detected(host) | Repaired(host) => host,
            MaintenanceAnnounced(host) | MaintenanceEnds(host) => host,
            MaintenanceBegins(host, _) | Retired(host, _) => host,
        }
    }

    /// Returns what it does to the state of the host: the argument of [`Fleet::on`].
    pub fn trigger(self) -> HostTrigger {
        match self {
            HostEvent::Arrived(_) => HostTrigger::Arrive,
            HostEvent::Failed(_) => HostTrigger::Fail,
            HostEvent::Detected(_) => HostTrigger::Detect,
            HostEvent::Repaired(_) => HostTrigger::Repair,
            HostEvent::MaintenanceAnnounced(_) => HostTrigger::Announce,
            HostEvent::MaintenanceBegins(..) => HostTrigger::Begin,
            HostEvent::MaintenanceEnds(_) => HostTrigger::End,
            HostEvent::Retired(..) => HostTrigger::Retire,
        }
    }
}

/// The stream of host events.
#[derive(Debug)]
pub struct Faults {
    phases: Vec<Phase>,
    failed: BTreeMap<HostId, Failure>,
    due: BinaryHeap<Reverse<(Time, Due)>>,
    /// Events of this moment.
    happening: VecDeque<HostEvent>,
    now: Time,
    failures: Failures,
    detection: Duration,
    repair: Duration,
    on_failure: OnFailure,
    maintenance: Vec<Maintenance>,
    outages: Vec<Outage>,
    arrivals: Vec<Range<u32>>,
}

persist! { Faults {
    values: [phases, failed, due, happening, now],
    nested: [failures],
    derived: [detection, repair, on_failure, maintenance, outages, arrivals],
} }

/// Failure of a host that has not returned. Timers of other times than these are void.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Failure {
    /// Time at which it is, or was, detected.
    detected: Time,
    /// Time at which the host returns to service, unless an outage delays it.
    returns: Time,
}

/// Condition of a host.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Phase {
    InService,
    /// In service still; the maintenance of this number will begin.
    Announced(u16),
    /// In this maintenance.
    WorkedOn(u16),
    /// Failed, not yet detected.
    Failed,
    /// Failed, and detected.
    Unhealthy,
    Retired,
    /// Still to arrive.
    Absent,
}

/// Events that are due at a time. At one time they come in this order, so that ends make way for beginnings.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
enum Due {
    Detect(HostId),
    Repair(HostId),
    End(u16),
    Outage(u16),
    /// The hosts of this number arrive.
    Arrive(u16),
    Announce(u16),
    Begin(u16),
    /// The end of a life of a host, if that life is current.
    WornOut(HostId, Life),
    /// Some host fails, if it is in service.
    Failure,
}

#[derive(Debug)]
struct Maintenance {
    hosts: Selection,
    /// `None`: the hosts are retired.
    end: Option<Time>,
    drain: Drain,
}

#[derive(Debug)]
struct Outage {
    hosts: Selection,
    end: Time,
}

impl Faults {
    /// Returns the faults of a scenario on its hosts, from time zero on; `None` where hosts have no faults. `zones`
    /// are the names of the zones in file order.
    pub fn new(
        config: &FaultConfig,
        zones: &[&str],
        fleet: &Fleet,
        seed: Seed,
    ) -> Result<Option<Faults>, InputError> {
        let problems = config.validate(zones);
        if !problems.is_empty() {
            return Err(InputError(problems));
        }
        let has_dates = fleet.groups().iter().any(|group| group.service_window.is_limited());
        if config.is_empty() && !has_dates {
            return Ok(None);
        }
        let mut faults = Faults::without_plans(&config.hosts, fleet, seed);
        faults.plan(config, zones, fleet, seed).map_err(InputError)?;
        faults.plan_groups(fleet);
        faults.begin_lives();
        Ok(Some(faults))
    }

    /// Returns the faults of hosts for which nothing is planned.
    fn without_plans(config: &HostFaultConfig, fleet: &Fleet, seed: Seed) -> Faults {
        let count = fleet.hosts().len();
        Faults {
            phases: vec![Phase::InService; count],
            failed: BTreeMap::new(),
            due: BinaryHeap::new(),
            happening: VecDeque::new(),
            now: Time::ZERO,
            failures: Failures::new(config, count as u32, seed),
            detection: config.detection,
            repair: config.repair,
            on_failure: config.on_failure,
            maintenance: Vec::new(),
            outages: Vec::new(),
            arrivals: Vec::new(),
        }
    }

    /// Returns what becomes of the instances on a host that is found to have failed.
    pub fn on_failure(&self) -> OnFailure {
        self.on_failure
    }

    /// Returns the time of the next event that a host may have; [`Time::NEVER`] for never.
    pub fn due(&self) -> Time {
        match self.due.peek() {
            _ if !self.happening.is_empty() => self.now,
            Some(Reverse((at, _))) => *at,
            None => Time::NEVER,
        }
    }

    /// Returns the next event and its time, unless it is later than `limit`.
    pub fn next_until(&mut self, limit: Time) -> Option<(Time, HostEvent)> {
        loop {
            if let Some(event) = self.happening.pop_front() {
                return Some((self.now, event));
            }
            if self.due() > limit {
                return None;
            }
            let Reverse((at, due)) = self.due.pop()?;
            self.now = at;
            self.happen(due);
        }
    }

    /// Returns true if a host has failed undetected: every launch there fails too.
    pub fn has_failed_unnoticed(&self, host: HostId) -> bool {
        self.phases[host.index()] == Phase::Failed
    }

    /// Puts maintenance and outages into the calendar.
    fn plan(
        &mut self,
        config: &FaultConfig,
        zones: &[&str],
        fleet: &Fleet,
        seed: Seed,
    ) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        let mut select = |naming: Naming<'_>, key: &str, i: usize| {
            let stream = seed.stream(Purpose::Maintenance, i as u64);
            let selected = naming.select(&format!("faults.{key}.{i}"), zones, fleet, stream);
            selected.unwrap_or_else(|problem| {
                problems.push(problem);
                Selection::default()
            })
        };
        for (i, planned) in config.maintenance.iter().enumerate() {
            let begin = Time::ZERO.after(planned.at);
            let announced = Time(begin.0.saturating_sub(planned.notice.0));
            let hosts = select(planned.into(), "maintenance", i);
            let end = planned.length.map(|length| begin.after(length));
            self.maintenance.push(Maintenance { hosts, end, drain: planned.drain });
            self.schedule(announced, Due::Announce(i as u16));
            self.schedule(begin, Due::Begin(i as u16));
        }
        for (i, planned) in config.outages.iter().enumerate() {
            let begin = Time::ZERO.after(planned.at);
            let hosts = select(planned.into(), "outages", i);
            self.outages.push(Outage { hosts, end: begin.after(planned.length) });
            self.schedule(begin, Due::Outage(i as u16));
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Puts the dates of host groups into the calendar. Hosts that leave are retired like those of a maintenance without
    /// end.
    fn plan_groups(&mut self, fleet: &Fleet) {
        for group in fleet.groups() {
            let ServiceWindow { from, until, notice, drain } = group.service_window;
            let hosts = group.first.0..group.first.0 + group.count;
            if from > Duration::ZERO {
                self.phases[hosts.start as usize..hosts.end as usize].fill(Phase::Absent);
                self.schedule(Time::ZERO.after(from), Due::Arrive(self.arrivals.len() as u16));
                self.arrivals.push(hosts.clone());
            }
            if let Some(until) = until {
                let number = self.maintenance.len() as u16;
                let leave = Time::ZERO.after(until);
                self.maintenance.push(Maintenance { hosts: Selection::run(hosts), end: None, drain });
                self.schedule(Time(leave.0.saturating_sub(notice.0)), Due::Announce(number));
                self.schedule(leave, Due::Begin(number));
            }
        }
    }

    /// Draws the first failures.
    fn begin_lives(&mut self) {
        if let Some(wait) = self.failures.next_of_all() {
            self.schedule(Time::ZERO.after(wait), Due::Failure);
        }
        for host in (0..self.phases.len() as u32).map(HostId) {
            self.renew(host);
        }
    }

    /// Draws a new time to failure of a host that is as new, where hosts age.
    fn renew(&mut self, host: HostId) {
        if let Some((life, length)) = self.failures.new_life(host) {
            self.schedule(self.now.after(length), Due::WornOut(host, life));
        }
    }

    fn schedule(&mut self, at: Time, due: Due) {
        if at < Time::NEVER {
            self.due.push(Reverse((at, due)));
        }
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Detect(host) => self.detected(host),
            Due::Repair(host) => self.repaired(host),
            Due::Arrive(number) => self.arrive(number),
            Due::Announce(number) => self.announce(number),
            Due::Begin(number) => self.begin(number),
            Due::End(number) => self.end(number),
            Due::Outage(number) => self.outage(number),
            Due::WornOut(host, life) if self.failures.is_in(host, life) => self.worn_out(host),
            Due::WornOut(..) => {}
            Due::Failure => {
                let (host, wait) = self.failures.draw();
                self.schedule(self.now.after(wait), Due::Failure);
                if matches!(self.phases[host.index()], Phase::InService | Phase::Announced(_)) {
                    self.fail_alone(host);
                }
            }
        }
    }

    fn worn_out(&mut self, host: HostId) {
        match self.phases[host.index()] {
            Phase::InService | Phase::Announced(_) => self.fail_alone(host),
            // The work comes before the failure and prevents it; a host that is still to arrive does not age.
            Phase::WorkedOn(_) | Phase::Absent => self.renew(host),
            // An outage came first; the host is new when it returns.
            Phase::Failed | Phase::Unhealthy | Phase::Retired => {}
        }
    }

    fn fail_alone(&mut self, host: HostId) {
        let detected = self.now.after(self.detection);
        self.fail(host, detected, detected.after(self.repair));
    }

    fn fail(&mut self, host: HostId, detected: Time, returns: Time) {
        self.phases[host.index()] = Phase::Failed;
        self.failed.insert(host, Failure { detected, returns });
        self.happening.push_back(HostEvent::Failed(host));
        self.schedule(detected, Due::Detect(host));
        self.schedule(returns, Due::Repair(host));
    }

    fn detected(&mut self, host: HostId) {
        let is_due = self.failed.get(&host).is_some_and(|failure| failure.detected == self.now);
        if is_due && self.phases[host.index()] == Phase::Failed {
            self.phases[host.index()] = Phase::Unhealthy;
            self.happening.push_back(HostEvent::Detected(host));
        }
    }

    fn repaired(&mut self, host: HostId) {
        let Some(Failure { returns, .. }) = self.failed.get(&host).copied() else { return };
        if returns > self.now {
            return self.schedule(returns, Due::Repair(host));
        }
        assert!(self.phases[host.index()] == Phase::Unhealthy, "host {host} is not under repair");
        self.failed.remove(&host);
        self.phases[host.index()] = Phase::InService;
        self.happening.push_back(HostEvent::Repaired(host));
        self.renew(host);
    }

    fn outage(&mut self, number: u16) {
        let Outage { hosts, end } = &mut self.outages[usize::from(number)];
        let (hosts, end) = (std::mem::take(hosts), *end);
        self.strike(&hosts, end);
    }

    /// Lets hosts fail together until a time, those that are not in service for another reason included.
    fn strike(&mut self, hosts: &Selection, end: Time) {
        let detected = self.now.after(self.detection).min(end);
        for host in hosts.iter() {
            match self.phases[host.index()] {
                Phase::InService | Phase::Announced(_) => self.fail(host, detected, end),
                Phase::WorkedOn(work) => {
                    let worked_on_until = self.maintenance[usize::from(work)].end;
                    self.fail(host, detected, worked_on_until.map_or(end, |until| until.max(end)));
                }
                Phase::Failed | Phase::Unhealthy => {
                    let failure = self.failed.get_mut(&host).expect("a host that failed returns");
                    failure.returns = end.max(failure.returns);
                }
                Phase::Retired | Phase::Absent => {}
            }
        }
    }

    fn arrive(&mut self, number: u16) {
        for host in self.arrivals[usize::from(number)].clone().map(HostId) {
            self.phases[host.index()] = Phase::InService;
            self.happening.push_back(HostEvent::Arrived(host));
        }
    }

    fn announce(&mut self, number: u16) {
        for host in self.maintenance[usize::from(number)].hosts.iter() {
            let phase = &mut self.phases[host.index()];
            if *phase == Phase::InService {
                *phase = Phase::Announced(number);
                self.happening.push_back(HostEvent::MaintenanceAnnounced(host));
            }
        }
    }

    fn begin(&mut self, number: u16) {
        let Maintenance { hosts, end, drain } = &self.maintenance[usize::from(number)];
        for host in hosts.iter() {
            let phase = &mut self.phases[host.index()];
            if *phase != Phase::Announced(number) {
                continue;
            }
            let (next, event) = match end {
                Some(_) => (Phase::WorkedOn(number), HostEvent::MaintenanceBegins(host, *drain)),
                None => (Phase::Retired, HostEvent::Retired(host, *drain)),
            };
            *phase = next;
            self.happening.push_back(event);
        }
        if let Some(end) = *end {
            self.schedule(end, Due::End(number));
        }
    }

    fn end(&mut self, number: u16) {
        for host in self.maintenance[usize::from(number)].hosts.iter() {
            let phase = &mut self.phases[host.index()];
            if *phase == Phase::WorkedOn(number) {
                *phase = Phase::InService;
                self.happening.push_back(HostEvent::MaintenanceEnds(host));
            }
        }
    }
}

#[cfg(test)]
mod tests;
