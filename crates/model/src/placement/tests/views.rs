//! Schedulers that see the fleet out of date: every choice has room, and is the one of the plain scan of what is seen.

use super::*;
use crate::placement::stale::StaleConfig;
use plimsoll_base::failure::LimitKind;
use plimsoll_base::units::Duration;

const SECOND: u64 = 1_000_000_000;

struct Scene {
    fleet: Fleet,
    placer: Placer,
    random: Stream,
    live: Vec<(HostId, Request)>,
}

impl Scene {
    fn new(strategy: &StrategyConfig, rule: Option<StaleConfig>) -> Scene {
        let sellable = Resources([16_000, 64 * 1024, 0, 0, UNLIMITED]);
        let hosts = group(Hosts::Fixed { count: 12, sellable }, None);
        let mut fleet = Fleet::new(&[vec![hosts]]).expect("one capacity");
        let mut placer = Placer::new(built(strategy), &mut fleet, true);
        if let Some(rule) = &rule {
            let strategies = (0..rule.schedulers).map(|_| built(strategy)).collect();
            placer.place_by_views(strategies, rule, &fleet);
        }
        Scene { fleet, placer, random: Seed(3).stream(Purpose::Placement, 5), live: Vec::new() }
    }

    /// Launches or ends an instance. Returns the host of a launch, `None` where it was refused.
    fn step(&mut self, now: u64) -> Option<Option<HostId>> {
        if !self.live.is_empty() && self.random.below(20) >= 11 {
            let one = self.random.below(self.live.len() as u64) as usize;
            let (host, request) = self.live.swap_remove(one);
            self.fleet.give(host, request.zone, request.footprint(), Affinity::default());
            self.placer.removed(&request, host, &self.fleet);
            self.placer.changed(host, request.zone, &mut self.fleet);
            return None;
        }
        let vcpu = 1 << self.random.below(4);
        let amounts = Resources::new(vcpu * 1000, vcpu * 4 * 1024);
        let zone = ZoneId(0);
        let shape = self.placer.shape(amounts, &self.fleet);
        let request = Request::new(shape, amounts, AccountId(0), zone);
        self.placer.advance(Time(now * SECOND), &mut self.fleet);
        let chosen = self.placer.choose(&request, &self.fleet);
        if let Some(host) = chosen {
            assert!(self.fleet.fits(host, &request.footprint()), "a host without room was taken");
            self.fleet.take(host, zone, amounts);
            self.placer.placed(&request, host, &self.fleet);
            self.placer.changed(host, zone, &mut self.fleet);
            self.live.push((host, request));
        }
        Some(chosen)
    }

    /// Returns the choices of so many launches, one a second.
    fn choices(&mut self, launches: usize) -> Vec<Option<HostId>> {
        let mut now = 0;
        let mut choices = Vec::new();
        while choices.len() < launches {
            now += 1;
            choices.extend(self.step(now));
        }
        choices
    }
}

fn rule(schedulers: u32, delay_s: u64, retries: u32) -> Option<StaleConfig> {
    Some(StaleConfig { schedulers, delay: Duration(delay_s * SECOND), retries })
}

#[test]
fn schedulers_conflict_unless_there_is_one_or_none_is_out_of_date() {
    for strategy in ["first-fit", "best-fit", "spread", "next-fit", "random", "partition", "dot-product"] {
        let strategy = StrategyConfig::named(strategy);
        let exact = Scene::new(&strategy, None).choices(2_000);
        let mut fresh = Scene::new(&strategy, rule(3, 1, 0));
        assert_eq!(
            fresh.choices(2_000),
            exact,
            "{strategy:?}: views as old as a second are right every second"
        );
        assert_eq!(fresh.placer.conflicts(), Some(0));
        let mut alone = Scene::new(&strategy, rule(1, 100, 0));
        let late = alone.choices(2_000);
        assert_eq!(alone.placer.conflicts(), Some(0), "{strategy:?}: what one placed itself it knows");
        let refused = |choices: &[Option<HostId>]| choices.iter().filter(|choice| choice.is_none()).count();
        assert!(
            late != exact && refused(&late) > refused(&exact),
            "{strategy:?}: it does not see what has ended"
        );
        let mut several = Scene::new(&strategy, rule(4, 100, 0));
        let hasty = refused(&several.choices(2_000));
        let conflicts = several.placer.conflicts().expect("there are views");
        assert!(conflicts > 0 && conflicts <= hasty as u64, "{strategy:?}: each conflict is a refusal");
        let mut patient = Scene::new(&strategy, rule(4, 100, 11));
        assert!(refused(&patient.choices(2_000)) < hasty, "{strategy:?}: who tries again finds room");
    }
}

/// Two schedulers, of which each sees what it placed itself: the second takes the host that the first has filled, and tries the next.
#[test]
fn a_conflict_shows_the_host_as_it_is() {
    for (retries, expected) in [(0, None), (1, Some(HostId(1)))] {
        let mut scene = Scene::new(&StrategyConfig::named("first-fit"), rule(2, 60, retries));
        let amounts = Resources::new(16_000, 1024);
        let zone = ZoneId(0);
        let shape = scene.placer.shape(amounts, &scene.fleet);
        let request = Request::new(shape, amounts, AccountId(0), zone);
        let mut launch = || {
            scene.placer.advance(Time(SECOND), &mut scene.fleet);
            let host = scene.placer.choose(&request, &scene.fleet)?;
            scene.fleet.take(host, zone, amounts);
            scene.placer.placed(&request, host, &scene.fleet);
            scene.placer.changed(host, zone, &mut scene.fleet);
            Some(host)
        };
        assert_eq!([launch(), launch()], [Some(HostId(0)), expected]);
        assert_eq!(scene.placer.conflicts(), Some(1));
        let limit = scene.placer.explain(&request, &scene.fleet).limit.expect("a limit decided");
        assert_eq!(limit.kind, LimitKind::StrategyHosts, "there is room that the scheduler did not find");
    }
}

/// A scheduler that finds no room has a host opened, and sees it: the next launch goes there, long before it refreshes its view.
#[test]
fn a_host_that_was_opened_for_a_scheduler_is_seen_by_it() {
    let sellable = Resources([16_000, 64 * 1024, 0, 0, UNLIMITED]);
    let mut fleet =
        Fleet::new(&[vec![group(Hosts::Elastic { max_hosts: 12, sellable }, None)]]).expect("one capacity");
    let strategy = StrategyConfig::named("best-fit");
    let mut placer = Placer::new(built(&strategy), &mut fleet, true);
    placer.place_by_views(vec![built(&strategy)], &rule(1, 600, 0).expect("a rule"), &fleet);
    let (amounts, zone) = (Resources::new(4_000, 16 * 1024), ZoneId(0));
    let request = Request::new(placer.shape(amounts, &fleet), amounts, AccountId(0), zone);
    let mut launch = |second: u64| {
        placer.advance(Time(second * SECOND), &mut fleet);
        let host =
            placer.choose(&request, &fleet).or_else(|| placer.open(&request, &mut fleet)).expect("room");
        fleet.take(host, zone, amounts);
        placer.placed(&request, host, &fleet);
        placer.changed(host, zone, &mut fleet);
        host.0
    };
    assert_eq!([1, 2, 3, 4, 5].map(&mut launch), [0, 0, 0, 0, 1]);
}
