//! States of hosts: the one table of legal transitions, and the totals that follow a transition.
//!
//! ```text
//! active ─detected─▶ unhealthy ─repaired─▶ active
//! active ─maintenance announced─▶ maintenance ─maintenance ended─▶ active
//! closed, active, unhealthy, maintenance ─retired─▶ retired
//! absent ─arrives─▶ active
//! ```

use super::Fleet;
use super::host::HostState;
use crate::transition::Transition;
use plimsoll_base::names;
use plimsoll_base::units::HostId;

names! { HostState {
    Closed = "closed",
    Active = "active",
    Unhealthy = "unhealthy",
    Maintenance = "maintenance",
    Retired = "retired",
    Absent = "absent",
} }

impl HostState {
    /// Returns the effect of `trigger` on a host in this state.
    #[inline]
    pub const fn on(self, trigger: HostTrigger) -> Transition<HostState> {
        TRANSITIONS[trigger as usize][self as usize]
    }
}

/// Cause of a transition of a host. The numbers are rows of the table of transitions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum HostTrigger {
    /// Failure that the health check has not found yet.
    Fail,
    /// Detection of a failure by the health check.
    Detect,
    /// Repair.
    Repair,
    /// Announcement of maintenance: the host takes no more instances.
    Announce,
    /// Begin of maintenance.
    Begin,
    /// End of maintenance.
    End,
    /// Retirement.
    Retire,
    /// Arrival of a host that was still to come.
    Arrive,
}

impl HostTrigger {
    /// Every trigger, in the order of the rows.
    pub const ALL: [HostTrigger; 8] = {
        use HostTrigger::*;
        [Fail, Detect, Repair, Announce, Begin, End, Retire, Arrive]
    };
}

/// Table of legal transitions: a row for each trigger, a column for each state.
///
/// A host that has failed takes instances until the health check detects it. A closed host is a machine of an
/// elastic group nonetheless, and can fail or be maintained. A host whose maintenance is announced, or
/// under way, can fail, and then returns by its repair. No maintenance begins on one that is unhealthy.
#[rustfmt::skip]
const TRANSITIONS: [[Transition<HostState>; HostState::ALL.len()]; HostTrigger::ALL.len()] = {
    use HostState::{Active, Maintenance, Retired, Unhealthy};
    use Transition::{Never, Stay, To};
    [
        //             closed           active           unhealthy    maintenance    retired  absent
        /* fail     */ [Stay,            Stay,            Never,       Stay,          Never,   Never],
        /* detect   */ [To(Unhealthy),   To(Unhealthy),   Never,       To(Unhealthy), Never,   Never],
        /* repair   */ [Never,           Never,           To(Active),  Never,         Never,   Never],
        /* announce */ [To(Maintenance), To(Maintenance), Never,       Never,         Never,   Never],
        /* begin    */ [Never,           Never,           Never,       Stay,          Never,   Never],
        /* end      */ [Never,           Never,           Never,       To(Active),    Never,   Never],
        /* retire   */ [To(Retired),     To(Retired),     To(Retired), To(Retired),   Never,   Never],
        /* arrive   */ [Never,           Never,           Never,       Never,         Never,   To(Active)],
    ]
};

impl Fleet {
    /// Moves a host by the table of transitions, and returns its new state. The placement index must be updated
    /// afterwards. Panics on a transition that cannot happen.
    pub fn on(&mut self, id: HostId, trigger: HostTrigger) -> HostState {
        let state = self.hosts[id.index()].state;
        match state.on(trigger) {
            Transition::To(next) => self.set_state(id, next),
            Transition::Stay => state,
            Transition::Refused(_) | Transition::Never => {
                panic!("host {id} is {}: {trigger:?} cannot happen", state.name())
            }
        }
    }

    /// Puts a host into a state, and returns its new state: an empty one of an elastic group that would be
    /// active is closed, until it is opened. Instances on it stay; giving them back never makes it active.
    pub fn set_state(&mut self, id: HostId, state: HostState) -> HostState {
        assert!(state != HostState::Closed, "hosts close by themselves when they empty");
        let host = self.hosts[id.index()];
        let group = self.group_of(id);
        let closes = state == HostState::Active && self.groups[group].elastic && host.instances == 0;
        let state = if closes { HostState::Closed } else { state };
        self.count_out(id);
        self.hosts[id.index()].state = state;
        self.count_in(id);
        if self.groups[group].elastic {
            if closes {
                self.closed[group].insert(id.0);
            } else {
                self.closed[group].remove(&id.0);
            }
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Change;
    use crate::fleet::host::GroupTenancy;
    use crate::fleet::host_group::{HostGroup, Hosts};
    use crate::fleet::topology::Affinity;
    use crate::fleet::totals::{Total, Totals};
    use crate::transition;
    use plimsoll_base::engine::random::{Purpose, Seed};
    use plimsoll_base::units::{Resources, ZoneId};

    /// Every pair of state and trigger once more, in words.
    #[test]
    fn every_state_and_trigger() {
        for (row, trigger) in HostTrigger::ALL.into_iter().enumerate() {
            assert_eq!(trigger as usize, row);
        }
        for (column, state) in HostState::ALL.into_iter().enumerate() {
            assert_eq!(state as usize, column);
        }
        let words = HostTrigger::ALL.map(|trigger| format!("{trigger:?}"));
        let triggers: Vec<_> = HostTrigger::ALL.into_iter().zip(words.iter().map(String::as_str)).collect();
        let states = HostState::ALL.map(|state| (state, state.name()));
        let expected = "\
Fail: closed
Fail: active
Fail: maintenance
Detect: closed -> unhealthy
Detect: active -> unhealthy
Detect: maintenance -> unhealthy
Repair: unhealthy -> active
Announce: closed -> maintenance
Announce: active -> maintenance
Begin: maintenance
End: maintenance -> active
Retire: closed -> retired
Retire: active -> retired
Retire: unhealthy -> retired
Retire: maintenance -> retired
Arrive: absent -> active";
        assert_eq!(transition::print(&states, &triggers, HostState::on, HostState::name), expected);
    }

    const ZONE: ZoneId = ZoneId(0);
    const CAPACITY: Resources = Resources([8_000, 16_384, 2_000, 0, u32::MAX]);

    fn fleet(hosts: Hosts) -> Fleet {
        Fleet::new(&[vec![HostGroup {
            hosts,
            hosts_per_rack: 2,
            max_instances: None,
            tenancy: GroupTenancy::Any,
            hardware: Default::default(),
            sockets: 0,
            numa_nodes: 1,
            has_gpu_devices: false,
            service_window: Default::default(),
        }]])
        .unwrap()
    }

    #[test]
    fn what_is_free_on_an_unhealthy_host_is_not_free() {
        let mut fleet = fleet(Hosts::Fixed { count: 2, sellable: CAPACITY });
        let (host, request) = (HostId(0), Resources::new(1_000, 1_024));
        fleet.take(host, ZONE, request);
        assert_eq!(fleet.on(host, HostTrigger::Detect), HostState::Unhealthy);
        assert!(!fleet.accepts(host));
        assert_eq!(fleet.zones()[0].free_vcpu_milli, 8_000);
        assert_eq!((fleet.totals()[Total::Hosts], fleet.totals()[Total::VcpuUsed]), (2, 1_000));
        assert_eq!(fleet.give(host, ZONE, request, Affinity::default()), Change::Closed);
        assert_eq!((fleet.totals()[Total::Hosts], fleet.totals()[Total::Vcpu]), (1, 8_000));
        assert!(!fleet.accepts(host), "a host that empties stays unhealthy");
        fleet.assert_conserved();
        assert_eq!(fleet.on(host, HostTrigger::Repair), HostState::Active);
        assert_eq!(fleet.zones()[0].free_vcpu_milli, 16_000);
        fleet.assert_conserved();
    }

    #[test]
    fn a_closed_host_in_maintenance_is_not_opened() {
        let mut fleet = fleet(Hosts::Elastic { max_hosts: 2, sellable: CAPACITY });
        let request = Resources::new(1_000, 1_024);
        assert_eq!(fleet.on(HostId(0), HostTrigger::Announce), HostState::Maintenance);
        assert_eq!(fleet.open(ZONE, request), Some(HostId(1)));
        fleet.take(HostId(1), ZONE, request);
        assert_eq!(fleet.open(ZONE, request), None);
        fleet.on(HostId(1), HostTrigger::Detect);
        fleet.give(HostId(1), ZONE, request, Affinity::default());
        assert_eq!(fleet.on(HostId(0), HostTrigger::End), HostState::Closed);
        assert_eq!(fleet.open(ZONE, request), Some(HostId(0)), "host 1 is unhealthy, not closed");
        fleet.take(HostId(0), ZONE, request);
        assert_eq!(fleet.on(HostId(0), HostTrigger::Retire), HostState::Retired);
        assert_eq!(fleet.give(HostId(0), ZONE, request, Affinity::default()), Change::Closed);
        assert_eq!(fleet.open(ZONE, request), None);
        assert_eq!(fleet.totals()[Total::Hosts], 0);
        fleet.assert_conserved();
    }

    #[test]
    #[should_panic(expected = "host 0 is active: Repair cannot happen")]
    fn an_impossible_move_is_a_bug() {
        fleet(Hosts::Fixed { count: 1, sellable: CAPACITY }).on(HostId(0), HostTrigger::Repair);
    }

    /// Returns the totals from the hosts alone, without anything that [`Fleet`] shares with its own check.
    fn plain_totals(fleet: &Fleet, smallest: &Resources) -> Totals {
        let mut totals = Totals::default();
        for host in fleet.hosts() {
            let active = host.state == HostState::Active;
            let [vcpu, memory, gpu, ..] = CAPACITY.0.map(u64::from);
            let [free_vcpu, free_memory, free_gpu, ..] = host.free.0.map(u64::from);
            let mut add = |total, amount| totals[total] += amount;
            if active || host.instances > 0 {
                add(Total::Hosts, 1);
                add(Total::Vcpu, vcpu);
                add(Total::Memory, memory);
                add(Total::Gpu, gpu);
            }
            if host.instances > 0 {
                add(Total::HostsUsed, 1);
                add(Total::VcpuNonempty, vcpu);
                add(Total::MemoryNonempty, memory);
            }
            add(Total::VcpuUsed, vcpu - free_vcpu);
            add(Total::MemoryUsed, memory - free_memory);
            add(Total::GpuUsed, gpu - free_gpu);
            if active && free_memory < u64::from(smallest.memory_mib()) {
                add(Total::VcpuStranded, free_vcpu);
            }
            if active && free_vcpu < u64::from(smallest.vcpu_milli()) {
                add(Total::MemoryStranded, free_memory);
            }
        }
        totals
    }

    #[test]
    fn random_moves_takes_and_gives_keep_every_total() {
        let smallest = Resources([1_500, 4_000, 0, 0, 0]);
        for (seed, hosts) in [
            (1, Hosts::Fixed { count: 12, sellable: CAPACITY }),
            (2, Hosts::Elastic { max_hosts: 12, sellable: CAPACITY }),
        ] {
            let mut random = Seed(seed).stream(Purpose::HostFault, 0);
            let mut fleet = fleet(hosts);
            fleet.note_request(&smallest);
            let mut live: Vec<(HostId, Resources)> = Vec::new();
            let (mut moves, mut taken) = (0, 0);
            for _ in 0..20_000 {
                let id = HostId(random.below(12) as u32);
                let request = Resources([
                    1_500 + random.below(3_000) as u32,
                    4_000 + random.below(4_000) as u32,
                    random.below(500) as u32,
                    0,
                    0,
                ]);
                match random.below(8) {
                    0..3 => {
                        let id = if fleet.fits(id, &request.into()) {
                            Some(id)
                        } else {
                            fleet.open(ZONE, request)
                        };
                        if let Some(id) = id.filter(|id| fleet.fits(*id, &request.into())) {
                            fleet.take(id, ZONE, request);
                            live.push((id, request));
                            taken += 1;
                        }
                    }
                    3..6 if !live.is_empty() => {
                        let (id, request) = live.swap_remove(random.below(live.len() as u64) as usize);
                        fleet.give(id, ZONE, request, Affinity::default());
                    }
                    _ => {
                        // Retiring every host would end the test early.
                        let trigger = HostTrigger::ALL[random.below(6) as usize];
                        if fleet.hosts()[id.index()].state.on(trigger) != Transition::Never {
                            fleet.on(id, trigger);
                            moves += 1;
                        }
                    }
                }
                assert_eq!(*fleet.totals(), plain_totals(&fleet, &smallest));
                fleet.assert_conserved();
            }
            assert!(moves > 1_000 && taken > 1_000, "{moves} moves and {taken} instances are too few");
        }
    }
}
