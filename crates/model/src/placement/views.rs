//! Views of several schedulers on one fleet, each out of date by some time: the hosts that they choose need not have room any more.
//!
//! Schedulers place in turn. Each sees the fleet as it was at its last refresh, and what it placed itself since; the refreshes of
//! several are spread over the delay. A host that has no room when it is chosen is a conflict: the scheduler then sees that host as it
//! is, and chooses again (optimistic concurrency over shared state: Schwarzkopf et al., "Omega: flexible, scalable schedulers for
//! large compute clusters", EuroSys 2013, section 3.4; Protean's allocation agents, OSDI 2020, work so too).

use std::collections::BTreeSet;

use super::index::FleetIndex;
use super::request::Request;
use super::stale::StaleConfig;
use super::strategy::{Selector, Strategy};
use crate::fleet::Fleet;
use plimsoll_base::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use plimsoll_base::units::{Duration, Footprint, HostId, Time};

/// View of one scheduler.
struct View {
    fleet: Fleet,
    index: FleetIndex,
    /// Hosts that have changed since it saw them.
    outdated: BTreeSet<HostId>,
    /// Time of its next refresh.
    due: Time,
}

impl View {
    /// Sees a host as it is.
    fn see(&mut self, id: HostId, selector: &dyn Selector, fleet: &Fleet) {
        self.outdated.remove(&id);
        self.fleet.copy_host(id, fleet);
        self.index.changed(id, fleet.zone_of(id), selector, &mut self.fleet);
    }
}

/// Views of all schedulers.
pub struct Views {
    delay: Duration,
    retries: u32,
    views: Vec<View>,
    /// Number of the scheduler whose turn is next.
    turn: usize,
    /// Scheduler that chose last, and the host, until that is known to have changed.
    chosen: Option<(usize, HostId)>,
    /// Choices of hosts that had no room any more.
    conflicts: u64,
}

/// Hosts as each scheduler sees them; the rest follows from the scenario.
impl Persist for Views {
    fn save(&self, out: &mut Writer<'_>) {
        let Views { delay: _, retries: _, views, turn, chosen, conflicts } = self;
        out.put(&(*turn as u64, chosen.map(|(view, host)| (view as u64, host)), conflicts));
        out.put(&(views.len() as u64));
        for View { fleet, index: _, outdated, due } in views {
            fleet.save(out);
            out.put(&(outdated, due));
        }
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        let (turn, chosen, conflicts): (u64, Option<(u64, HostId)>, u64) = from.get()?;
        let count: u64 = from.get()?;
        if count != self.views.len() as u64 || turn >= count || chosen.is_some_and(|(view, _)| view >= count)
        {
            return Err(RestoreError::Corrupt);
        }
        (self.turn, self.conflicts) = (turn as usize, conflicts);
        self.chosen = chosen.map(|(view, host)| (view as usize, host));
        for view in &mut self.views {
            view.fleet.restore(from)?;
            (view.outdated, view.due) = from.get()?;
        }
        Ok(())
    }
}

impl Views {
    /// Returns the views of as many schedulers as there are strategies, equal ones, on a fleet. None is indexed yet.
    pub fn new(strategies: Vec<Strategy>, rule: &StaleConfig, fleet: &Fleet) -> Views {
        let view = |mut strategy: Strategy| {
            let fleet = fleet.without_marks();
            let index = FleetIndex::new(&mut strategy, &fleet);
            View { fleet, index, outdated: BTreeSet::new(), due: Time::ZERO }
        };
        let views = strategies.into_iter().map(view).collect();
        let StaleConfig { delay, retries, .. } = *rule;
        Views { delay, retries, views, turn: 0, chosen: None, conflicts: 0 }
    }

    /// Returns the number of views.
    pub fn count(&self) -> usize {
        self.views.len()
    }

    /// Sees all hosts as they are in a state that has no views, or another number of them. No view is indexed yet.
    pub fn see_all(&mut self, fleet: &Fleet) {
        for view in &mut self.views {
            view.fleet = fleet.without_marks();
            view.outdated.clear();
        }
    }

    /// Makes the index of every view anew, which knows these requests.
    pub fn index_hosts(&mut self, requests: &[Footprint], selector: &dyn Selector) {
        for View { fleet, index, .. } in &mut self.views {
            index.begin_anew(requests, fleet);
            for id in (0..fleet.hosts().len() as u32).map(HostId) {
                index.changed(id, fleet.zone_of(id), selector, fleet);
            }
        }
    }

    /// Has every view know a request, by the number that it has in every index.
    pub fn know(&mut self, request: &Footprint) {
        for View { fleet, index, .. } in &mut self.views {
            index.shape(request, fleet);
        }
    }

    /// Returns the choices of hosts that had no room any more.
    pub fn conflicts(&self) -> u64 {
        self.conflicts
    }

    /// Refreshes the views whose time has come.
    pub fn advance(&mut self, now: Time, selector: &dyn Selector, fleet: &Fleet) {
        let count = self.views.len() as u64;
        for (number, view) in (0..count).zip(&mut self.views) {
            if now >= view.due {
                view.due = next_refresh(now, self.delay, (number, count));
                std::mem::take(&mut view.outdated).into_iter().for_each(|id| view.see(id, selector, fleet));
            }
        }
    }

    /// Notes that a host was opened for the launch of the scheduler that found none in its last choice.
    pub fn opened(&mut self, host: HostId) {
        let last = (self.turn + self.views.len() - 1) % self.views.len();
        self.chosen = Some((last, host));
    }

    /// Notes that a host has changed, which the scheduler sees that has just placed an instance there.
    pub fn changed(&mut self, id: HostId, selector: &dyn Selector, fleet: &Fleet) {
        for view in &mut self.views {
            view.outdated.insert(id);
        }
        if let Some((number, _)) = self.chosen.take_if(|(_, host)| *host == id) {
            self.views[number].see(id, selector, fleet);
        }
    }

    /// Returns the host that the scheduler whose turn it is selects, and that has room. With `verify` every choice is made again by the
    /// plain scan of what it sees.
    pub fn choose(
        &mut self,
        request: &Request,
        selector: &mut dyn Selector,
        fleet: &Fleet,
        verify: bool,
    ) -> Option<HostId> {
        let number = self.turn;
        self.turn = (number + 1) % self.views.len();
        let view = &mut self.views[number];
        for _ in 0..=self.retries {
            let twin = verify.then(|| selector.boxed_clone());
            let chosen = view.index.search(selector, request, &view.fleet);
            if let Some(mut twin) = twin {
                let expected = twin.select(&mut view.index.scan(request, None, &view.fleet), request);
                assert_eq!(chosen, expected, "the index of a view and the plain scan differ for {request:?}");
            }
            let host = chosen?;
            if fleet.fits(host, &request.footprint()) {
                self.chosen = Some((number, host));
                return Some(host);
            }
            self.conflicts += 1;
            view.see(host, selector, fleet);
        }
        None
    }
}

/// Returns the first time after `now` at which a scheduler refreshes its view: once in each delay, the refreshes of all of them
/// spread over it.
fn next_refresh(now: Time, delay: Duration, (number, count): (u64, u64)) -> Time {
    let delay = u128::from(delay.0);
    let ahead = delay * u128::from(number) / u128::from(count);
    let period = (u128::from(now.0) + ahead) / delay;
    Time(u64::try_from((period + 1) * delay - ahead).unwrap_or(u64::MAX))
}
