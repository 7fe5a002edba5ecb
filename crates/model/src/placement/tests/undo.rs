//! Undo: a strategy whose placements are undone selects the same hosts as another that never made them.

use super::{UNLIMITED, built, group};
use crate::fleet::Fleet;
use crate::fleet::host_group::Hosts;
use crate::fleet::topology::Affinity;
use crate::placement::config::StrategyConfig;
use crate::placement::placer::Placer;
use crate::placement::register::REGISTER;
use crate::placement::request::Request;
use crate::placement::strategy::{Candidates, Selector, Strategy, Undo};
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, HostId, Resources, ZoneId};

const STEPS: usize = 600;
const ACCOUNTS: u32 = 3;
const ZONES: u16 = 2;
/// vCPU and GiB of the requests.
const SHAPES: [(u32, u32); 3] = [(1, 2), (2, 8), (4, 4)];

/// A strategy beside another, which sees only the placements that last.
struct Pair {
    random: Stream,
    fleet: Fleet,
    placer: Placer,
    twin: Box<dyn Selector>,
    live: Vec<(HostId, Request)>,
}

impl Pair {
    fn new(strategy: Strategy, seed: u64) -> Pair {
        let sellable = Resources([16_000, 32 * 1024, 0, 0, UNLIMITED]);
        let hosts = group(Hosts::Fixed { count: 12, sellable }, None);
        let mut fleet = Fleet::new(&[vec![hosts.clone()], vec![hosts]]).expect("one capacity");
        let twin = strategy.selector.boxed_clone();
        let placer = Placer::new(strategy, &mut fleet, true);
        Pair { random: Seed(seed).stream(Purpose::Placement, 4), fleet, placer, twin, live: Vec::new() }
    }

    fn request(&mut self, account: u32, zone: u16, shape: usize) -> Request {
        let (vcpu, gib) = SHAPES[shape];
        let amounts = Resources::new(vcpu * 1000, gib * 1024);
        let shape = self.placer.shape(amounts, &self.fleet);
        Request::new(shape, amounts, AccountId(account), ZoneId(zone))
    }

    /// Returns a request and a host with room for it, drawn without the strategy, which may draw itself.
    fn draw(&mut self) -> Option<(Request, HostId)> {
        let account = self.random.below(ACCOUNTS.into()) as u32;
        let (zone, shape) = (self.random.below(ZONES.into()) as u16, self.random.below(3) as usize);
        let request = self.request(account, zone, shape);
        let hosts = self.fleet.zones()[request.zone.index()].hosts.clone().map(HostId);
        let fitting: Vec<HostId> = hosts.filter(|id| self.fleet.fits(*id, &request.footprint())).collect();
        let chosen = self.random.below(fitting.len().max(1) as u64) as usize;
        fitting.get(chosen).map(|host| (request, *host))
    }

    fn place(&mut self, request: &Request, host: HostId) -> Undo {
        self.fleet.take(host, request.zone, request.amounts);
        let undo = self.placer.placed(request, host, &self.fleet);
        self.placer.changed(host, request.zone, &mut self.fleet);
        undo
    }

    /// Places up to five requests, as a launch does that is refused in the end, and undoes them, the last first.
    fn fail(&mut self) {
        let mut placed = Vec::new();
        for _ in 0..=self.random.below(5) {
            if let Some((request, host)) = self.draw() {
                placed.push((request, host, self.place(&request, host)));
            }
        }
        while let Some((request, host, undo)) = placed.pop() {
            self.fleet.give(host, request.zone, request.amounts, Affinity::default());
            self.placer.undo(&request, host, undo, &self.fleet);
            self.placer.changed(host, request.zone, &mut self.fleet);
        }
    }

    fn launch(&mut self) {
        let Some((request, host)) = self.draw() else { return };
        self.place(&request, host);
        let partition = self.placer.index.partition(host, &self.fleet);
        self.twin.added(&request, host, partition);
        self.twin.placed(&request, host, &self.fleet);
        self.live.push((host, request));
    }

    fn end(&mut self) {
        if self.live.is_empty() {
            return;
        }
        let i = self.random.below(self.live.len() as u64) as usize;
        let (host, request) = self.live.swap_remove(i);
        self.fleet.give(host, request.zone, request.amounts, Affinity::default());
        self.placer.removed(&request, host, &self.fleet);
        self.placer.changed(host, request.zone, &mut self.fleet);
        self.twin.removed(&request, host, self.placer.index.partition(host, &self.fleet));
    }

    /// Panics unless both select the same host for every request.
    fn assert_alike(&mut self, name: &str) {
        for account in 0..ACCOUNTS {
            for (zone, shape) in (0..ZONES).flat_map(|zone| (0..SHAPES.len()).map(move |shape| (zone, shape)))
            {
                let request = self.request(account, zone, shape);
                let select = |selector: &dyn Selector| {
                    let hosts = &mut self.placer.index.scan(&request, None, &self.fleet);
                    selector.boxed_clone().select(hosts, &request)
                };
                assert_eq!(
                    select(&*self.placer.selector),
                    select(&*self.twin),
                    "{name}: placements that were undone left a trace"
                );
            }
        }
    }
}

/// Panics when placements that `strategy` undoes leave a trace in it.
fn check_undo(name: &str, strategy: impl Fn() -> Strategy) {
    for seed in 0..3 {
        let mut pair = Pair::new(strategy(), seed);
        for _ in 0..STEPS {
            match pair.random.below(5) {
                0 => pair.launch(),
                1 => pair.end(),
                _ => pair.fail(),
            }
            pair.assert_alike(name);
        }
    }
}

#[test]
fn placements_that_are_undone_leave_no_trace() {
    for entry in REGISTER {
        check_undo(entry.name, || built(&StrategyConfig::named(entry.name)));
    }
}

/// Takes the host used last of those that fit: a strategy whose state is a list.
#[derive(Clone)]
struct ListedUses {
    /// Hosts that were used, the last one first.
    recent: Vec<HostId>,
    /// False for an undo that takes the host out and forgets its former position.
    keeps_position: bool,
}

persist! { ListedUses { values: [recent], derived: [keeps_position] } }

impl ListedUses {
    fn strategy(keeps_position: bool) -> Strategy {
        Strategy::selecting(ListedUses { recent: Vec::new(), keeps_position })
    }
}

impl Selector for ListedUses {
    fn select(&mut self, hosts: &mut dyn Candidates, _request: &Request) -> Option<HostId> {
        let zone = hosts.range();
        let recent = self.recent.iter().copied().find(|id| zone.contains(&id.0) && hosts.fits(*id));
        recent.or_else(|| hosts.first_from(HostId(0)))
    }

    fn placed(&mut self, _request: &Request, host: HostId, _fleet: &Fleet) -> Undo {
        let former = self.recent.iter().position(|id| *id == host);
        former.map(|position| self.recent.remove(position));
        self.recent.insert(0, host);
        // 0: it was not in the list.
        Undo(former.map_or(0, |position| position as u64 + 1))
    }

    fn undo(&mut self, host: HostId, Undo(former): Undo) {
        self.recent.remove(0);
        if former > 0 {
            let position = if self.keeps_position { former as usize - 1 } else { self.recent.len() };
            self.recent.insert(position, host);
        }
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}

#[test]
fn a_list_that_is_undone_leaves_no_trace() {
    check_undo("a list of uses", || ListedUses::strategy(true));
}

#[test]
#[should_panic(expected = "placements that were undone left a trace")]
fn a_list_with_a_wrong_undo_is_found() {
    check_undo("a list of uses", || ListedUses::strategy(false));
}
