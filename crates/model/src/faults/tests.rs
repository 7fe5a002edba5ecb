//! Host faults by example, against reference implementations, and against their laws.

use statrs::distribution::{Binomial, DiscreteCDF, Poisson};

use super::*;
use crate::fleet::host::GroupTenancy;
use crate::fleet::host::HostState;
use crate::fleet::host_group::{HostGroup, Hosts};
use crate::placement::config::StrategyConfig;
use crate::placement::placer::Placer;
use crate::placement::register::{self, REGISTER};
use crate::placement::request::Request;
use plimsoll_base::engine::random::Stream;
use plimsoll_base::units::{AccountId, NS_PER_S, Resources, ZoneId};

const ZONES: [&str; 2] = ["a", "b"];

/// Returns two zones of so many hosts each, two to a rack.
fn fleet(hosts: Hosts) -> Fleet {
    let group = HostGroup {
        hosts,
        hosts_per_rack: 2,
        max_instances: None,
        tenancy: GroupTenancy::Any,
        hardware: Default::default(),
        sockets: 0,
        numa_nodes: 1,
        has_gpu_devices: false,
        service_window: Default::default(),
    };
    Fleet::new(&[vec![group.clone()], vec![group]]).unwrap()
}

fn fixed(count: u32) -> Fleet {
    fleet(Hosts::Fixed { count, sellable: Resources::new(8_000, 16_384) })
}

fn faults_on(fleet: &Fleet, text: &str, seed: u64) -> Faults {
    let config: FaultConfig = toml::from_str(text).unwrap();
    Faults::new(&config, &ZONES, fleet, Seed(seed)).unwrap().unwrap()
}

/// Returns all events up to a time \[s\].
fn events(faults: &mut Faults, until: u64) -> Vec<(Time, HostEvent)> {
    std::iter::from_fn(|| faults.next_until(Time(until * NS_PER_S))).collect()
}

/// Returns the events in words: the host, and the result for its instances.
fn words(text: &str, hosts_per_zone: u32) -> String {
    let mut faults = faults_on(&fixed(hosts_per_zone), text, 1);
    let line = |(at, event): (Time, HostEvent)| {
        let drain = match event {
            HostEvent::MaintenanceBegins(_, drain) | HostEvent::Retired(_, drain) => format!(" {drain:?}"),
            _ => String::new(),
        };
        format!("{} {:?} {}{drain}", Duration(at.0), event.trigger(), event.host())
    };
    events(&mut faults, 1_000_000).into_iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn without_faults_there_is_nothing() {
    let config: FaultConfig = toml::from_str("hosts.detection = '1m'").unwrap();
    assert!(Faults::new(&config, &ZONES, &fixed(1), Seed(1)).unwrap().is_none());
}

#[test]
fn every_place_that_a_zone_has_not_is_told_at_once() {
    let text = "
        [[maintenance]]
        at = '1d'
        zone = 'a'
        hosts = { first = 4, count = 1 }
        [[outages]]
        at = '1d'
        zone = 'b'
        racks = { first = 1, count = 2 }
        length = '1h'";
    let config: FaultConfig = toml::from_str(text).unwrap();
    let error = Faults::new(&config, &ZONES, &fixed(4), Seed(1)).unwrap_err().to_string();
    let expected = "\
`faults.maintenance.0.hosts`: found 1 hosts from number 4 on, expected some of the zone's 4
  help: hosts are counted from 0
`faults.outages.0.racks`: found 2 racks from number 1 on, expected some of the zone's 2
  help: racks are counted from 0";
    assert_eq!(error, expected);
}

#[test]
fn a_zone_fails_as_a_whole_and_returns_in_order() {
    let text = "outages = [{ at = '10s', zone = 'b', length = '1h' }]";
    let expected = "\
10s Fail 2
10s Fail 3
40s Detect 2
40s Detect 3
1h 10s Repair 2
1h 10s Repair 3";
    assert_eq!(words(text, 2), expected);
}

#[test]
fn an_outage_that_ends_before_the_health_check_is_found_at_its_end() {
    let text = "outages = [{ at = '10s', zone = 'a', length = '5s', hosts = { count = 1 } }]";
    assert_eq!(words(text, 2), "10s Fail 0\n15s Detect 0\n15s Repair 0");
}

#[test]
fn overlapping_outages_keep_a_host_down_until_the_last_ends() {
    let text = "outages = [
        { at = '10s', zone = 'a', length = '100s' },
        { at = '60s', zone = 'a', length = '10s' },
        { at = '70s', zone = 'a', length = '100s' },
        { at = '170s', zone = 'a', length = '5s' }]";
    let expected = "\
10s Fail 0
40s Detect 0
2m 50s Repair 0
2m 50s Fail 0
2m 55s Detect 0
2m 55s Repair 0";
    assert_eq!(words(text, 1), expected);
}

#[test]
fn maintenance_has_notice_beginning_and_end() {
    let text = "
        [[maintenance]]
        at = '1h'
        zone = 'a'
        notice = '10m'
        length = '1h'
        [[maintenance]]
        at = '90m'
        zone = 'b'
        drain = 'stop'";
    let expected = "\
50m Announce 0
1h Begin 0 Migrate
1h 30m Announce 1
1h 30m Retire 1 Stop
2h End 0";
    assert_eq!(words(text, 1), expected);
}

#[test]
fn one_maintenance_at_a_time() {
    let text = "maintenance = [
        { at = '10m', zone = 'a', length = '10m', notice = '5m' },
        { at = '15m', zone = 'a', length = '10m' },
        { at = '20m', zone = 'a', length = '10m' }]";
    let expected = "\
5m Announce 0
10m Begin 0 Migrate
20m End 0
20m Announce 0
20m Begin 0 Migrate
30m End 0";
    assert_eq!(words(text, 1), expected);
}

#[test]
fn a_host_that_fails_after_the_notice_leaves_the_maintenance() {
    let text = "
        maintenance = [{ at = '10m', zone = 'a', length = '10m', notice = '5m' }]
        outages = [{ at = '8m', zone = 'a', length = '1m' }]";
    let expected = "\
5m Announce 0
8m Fail 0
8m 30s Detect 0
9m Repair 0";
    assert_eq!(words(text, 1), expected);
}

#[test]
fn a_host_that_an_outage_meets_at_work_returns_when_both_are_over() {
    let text = "
        maintenance = [{ at = '10m', zone = 'a', length = '10m' }]
        outages = [{ at = '12m', zone = 'a', length = '1m' }]";
    let expected = "\
10m Announce 0
10m Begin 0 Migrate
12m Fail 0
12m 30s Detect 0
20m Repair 0";
    assert_eq!(words(text, 1), expected);
}

#[test]
fn what_failed_unnoticed_is_known_between_failure_and_detection_only() {
    let text = "outages = [{ at = '10s', zone = 'a', length = '1h' }]";
    let mut faults = faults_on(&fixed(1), text, 1);
    assert_eq!(faults.due(), Time(10 * NS_PER_S));
    let mut unnoticed = |until: u64| {
        events(&mut faults, until);
        faults.has_failed_unnoticed(HostId(0))
    };
    assert!(!unnoticed(9) && unnoticed(10) && unnoticed(39) && !unnoticed(40) && !unnoticed(4_000));
    assert_eq!(faults.due(), Time::NEVER);
}

/// Random outages of one host at a time, beside the union of their times.
#[test]
fn random_outages_agree_with_the_union_of_their_times() {
    for seed in 0..200 {
        let mut random = Seed(seed).stream(Purpose::Mix, 0);
        let outages: Vec<[u64; 3]> =
            (0..20).map(|_| [random.below(4), random.below(1_000), 1 + random.below(120)]).collect();
        let text: Vec<String> = outages
            .iter()
            .map(|[host, at, length]| {
                format!("{{ zone = 'a', hosts = {{ first = {host}, count = 1 }}, at = '{at}s', length = '{length}s' }}")
            })
            .collect();
        let mut faults = faults_on(&fixed(4), &format!("outages = [{}]", text.join(", ")), seed);
        let found = events(&mut faults, 10_000);
        for host in 0..4 {
            let down: Vec<u64> = found
                .iter()
                .filter(|(_, event)| event.host() == HostId(host))
                .filter(|(_, event)| !matches!(event, HostEvent::Detected(_)))
                .map(|(at, _)| at.0 / NS_PER_S)
                .collect();
            for second in 0..1_200 {
                let expected = outages
                    .iter()
                    .any(|[of, at, length]| *of == u64::from(host) && *at <= second && second < at + length);
                let changes = down.iter().filter(|at| **at <= second).count();
                assert_eq!(changes % 2 == 1, expected, "host {host} at {second}s of seed {seed}");
            }
        }
    }
}

const EVERYTHING: &str = "
    [hosts]
    mean_time_between_failures = '3h'
    repair = '20m'
    weibull_shape = 1.0
    [[maintenance]]
    at = '5h'
    zone = 'a'
    share = 0.5
    notice = '1h'
    length = '2h'
    [[maintenance]]
    at = '6h'
    zone = 'a'
    length = '30m'
    [[maintenance]]
    at = '7h'
    zone = 'b'
    racks = { first = 1, count = 1 }
    notice = '10m'
    [[outages]]
    at = '6h'
    zone = 'b'
    length = '40m'
    [[outages]]
    at = '330m'
    zone = 'a'
    racks = { count = 3 }
    length = '3h'";

/// Every event is a legal transition of its host, in order of time, at any times of the queries.
#[test]
fn the_stream_is_legal_and_of_the_seed_alone() {
    for law in ["", "weibull_shape = 1.5"] {
        let text = EVERYTHING.replace("weibull_shape = 1.0", law);
        let fleet = fixed(20);
        for seed in 0..20 {
            let all = events(&mut faults_on(&fleet, &text, seed), 86_400);
            assert!(all.windows(2).all(|pair| pair[0].0 <= pair[1].0));
            let mut moved = fleet.clone();
            for (_, event) in &all {
                moved.on(event.host(), event.trigger());
                moved.assert_conserved();
            }
            assert!(moved.hosts().iter().any(|host| host.state == HostState::Retired));
            let mut again = faults_on(&fleet, &text, seed);
            let piecewise: Vec<_> = (0..=8_640).flat_map(|i| events(&mut again, 10 * i)).collect();
            assert_eq!(piecewise, all);
            assert_ne!(events(&mut faults_on(&fleet, &text, seed + 100), 86_400), all);
        }
    }
}

/// Returns the failures up to a time \[s\].
fn failures(text: &str, hosts: u32, until: u64, seed: u64) -> Vec<HostId> {
    let all = events(&mut faults_on(&fixed(hosts), text, seed), until);
    all.into_iter()
        .filter(|(_, event)| matches!(event, HostEvent::Failed(_)))
        .map(|(_, event)| event.host())
        .collect()
}

/// The probability that each exact bound is missed.
const MISS: f64 = 1e-6;

/// Of 200 hosts that are repaired at once, the failures in a time are a Poisson count; with a Weibull shape of 1
/// as well as without memory.
#[test]
fn failures_come_at_their_rate() {
    for law in ["", "weibull_shape = 1.0"] {
        let text =
            format!("[hosts]\nmean_time_between_failures = '10h'\ndetection = '0s'\nrepair = '0s'\n{law}");
        let found = failures(&text, 100, 100 * 36_000, 7);
        let all = Poisson::new(200.0 * 100.0).unwrap();
        let bounds = all.inverse_cdf(MISS)..=all.inverse_cdf(1.0 - MISS);
        assert!(bounds.contains(&(found.len() as u64)), "{} failures, expected {bounds:?}", found.len());
        let each = Poisson::new(100.0).unwrap();
        let bounds = each.inverse_cdf(MISS)..=each.inverse_cdf(1.0 - MISS);
        for host in (0..200).map(HostId) {
            let count = found.iter().filter(|failed| **failed == host).count() as u64;
            assert!(bounds.contains(&count), "host {host} failed {count} times, expected {bounds:?}");
        }
    }
}

/// Of 20,000 hosts that never return, those that have failed by a time are a binomial count.
#[test]
fn lives_follow_their_law() {
    let (mean_h, hosts) = (100.0, 20_000);
    for (law, shape, gamma) in [("", 1.0, 1.0), ("weibull_shape = 2.0", 2.0, 0.886_226_925_452_758)] {
        let text = format!("[hosts]\nmean_time_between_failures = '100h'\nrepair = '300w'\n{law}");
        for hours in [10, 50, 100, 200] {
            let found = failures(&text, hosts / 2, hours * 3_600, hours).len() as u64;
            let age = libm::pow(hours as f64 * gamma / mean_h, shape);
            let all = Binomial::new(1.0 - libm::exp(-age), hosts.into()).unwrap();
            let bounds = all.inverse_cdf(MISS)..=all.inverse_cdf(1.0 - MISS);
            assert!(bounds.contains(&found), "{found} of shape {shape} after {hours} h, expected {bounds:?}");
        }
    }
}

/// Hosts leave and re-enter the index of every strategy: the plain scan beside it finds the same host, and
/// none that is out of service.
#[test]
fn placement_follows_the_state_of_hosts() {
    for entry in REGISTER {
        for hosts in [
            Hosts::Fixed { count: 20, sellable: Resources::new(8_000, 16_384) },
            Hosts::Elastic { max_hosts: 20, sellable: Resources::new(8_000, 16_384) },
        ] {
            place_under_faults(entry.name, fleet(hosts));
        }
    }
}

fn place_under_faults(strategy: &str, mut fleet: Fleet) {
    let mut random: Stream = Seed(2).stream(Purpose::Mix, 0);
    let mut faults = faults_on(&fleet, EVERYTHING, 3);
    let strategy = register::build(&StrategyConfig::named(strategy), Seed(9)).unwrap();
    let mut placer = Placer::new(strategy, &mut fleet, true);
    let mut live: Vec<(HostId, Request)> = Vec::new();
    for second in (0..43_200).step_by(20) {
        for (_, event) in events(&mut faults, second) {
            fleet.on(event.host(), event.trigger());
            placer.changed(event.host(), fleet.zone_of(event.host()), &mut fleet);
        }
        let zone = ZoneId(random.below(2) as u16);
        let amounts =
            Resources::new(500 + 500 * random.below(4) as u32, 1_024 + 1_024 * random.below(4) as u32);
        if random.below(2) == 0 {
            let request = Request::new(placer.shape(amounts, &fleet), amounts, AccountId(0), zone);
            let chosen = placer.choose(&request, &fleet).or_else(|| fleet.open(zone, amounts));
            if let Some(host) = chosen {
                assert!(fleet.fits(host, &amounts.into()));
                fleet.take(host, zone, amounts);
                placer.placed(&request, host, &fleet);
                placer.changed(host, zone, &mut fleet);
                live.push((host, request));
            }
        } else if !live.is_empty() {
            let (host, request) = live.swap_remove(random.below(live.len() as u64) as usize);
            placer.removed(&request, host, &fleet);
            fleet.give(host, request.zone, request.amounts, Default::default());
            placer.changed(host, request.zone, &mut fleet);
        }
    }
    fleet.assert_conserved();
}

/// Failure of a host in the plain twin of injected faults.
#[derive(Clone, Copy)]
struct PlainFailure {
    detected: u64,
    returns: u64,
    is_known: bool,
}

/// Injected faults by going over all hosts at every second.
struct PlainInjection {
    hosts: Vec<Option<PlainFailure>>,
    events: Vec<(u64, HostEvent)>,
}

impl PlainInjection {
    fn pass(&mut self, second: u64) {
        for (host, failed) in (0..).map(HostId).zip(&mut self.hosts) {
            if let Some(failure) =
                failed.as_mut().filter(|failure| !failure.is_known && failure.detected == second)
            {
                failure.is_known = true;
                self.events.push((second, HostEvent::Detected(host)));
            }
        }
        for (host, failed) in (0..).map(HostId).zip(&mut self.hosts) {
            if failed.is_some_and(|failure| failure.returns == second) {
                *failed = None;
                self.events.push((second, HostEvent::Repaired(host)));
            }
        }
    }

    fn fail(&mut self, second: u64, host: HostId, until: u64) {
        match &mut self.hosts[host.index()] {
            Some(failure) => failure.returns = failure.returns.max(until),
            none => {
                let detected = (second + 30).min(until);
                *none = Some(PlainFailure { detected, returns: until, is_known: false });
                self.events.push((second, HostEvent::Failed(host)));
            }
        }
    }

    fn repair(&mut self, second: u64, hosts: &[HostId]) {
        for host in hosts {
            if let Some(failure) = &mut self.hosts[host.index()] {
                failure.returns = second;
                failure.detected = second;
            }
        }
        self.pass(second);
    }
}

#[test]
fn injected_faults_agree_with_their_plain_twin() {
    let fleet = fixed(3);
    let count = fleet.hosts().len() as u64;
    for seed in 0..60 {
        let mut random = Seed(seed).stream(Purpose::Placement, 0);
        let mut faults = Faults::injected_alone(&HostFaultConfig::default(), &fleet);
        let mut plain = PlainInjection { hosts: vec![None; count as usize], events: Vec::new() };
        let (mut found, mut second) = (Vec::new(), 0);
        let note = |faults: &mut Faults, found: &mut Vec<_>, second| {
            found.extend(events(faults, second).into_iter().map(|(at, event)| (at.0 / NS_PER_S, event)));
        };
        for _ in 0..40 {
            let next = second + 1 + random.below(25);
            (second + 1..=next).for_each(|second| plain.pass(second));
            note(&mut faults, &mut found, next);
            second = next;
            let now = Time(second * NS_PER_S);
            let first = random.below(count);
            let hosts: Vec<HostId> = (first..count.min(first + 2)).map(|host| HostId(host as u32)).collect();
            let selection: Selection = hosts.iter().map(|host| host.0).collect();
            if random.below(3) == 0 {
                faults.repair_now(now, &selection);
                plain.repair(second, &hosts);
            } else {
                let never = random.below(3) == 0;
                let until = if never { u64::MAX } else { second + 1 + random.below(90) };
                let end = if never { Time::NEVER } else { Time(until * NS_PER_S) };
                faults.fail_now(now, &selection, end);
                hosts.iter().for_each(|host| plain.fail(second, *host, until));
            }
            note(&mut faults, &mut found, second);
        }
        assert!(plain.events.len() > 20, "seed {seed}: hardly anything happened");
        assert_eq!(found, plain.events, "seed {seed}");
    }
}

#[test]
fn an_injected_fault_shifts_no_failure_that_is_drawn() {
    let text = "hosts = { mean_time_between_failures = '1h', repair = '1m' }";
    let failures_of = |faults: &mut Faults, host: u32| -> Vec<Time> {
        let all = events(faults, 1_000_000).into_iter();
        all.filter(|(_, event)| *event == HostEvent::Failed(HostId(host))).map(|(at, _)| at).collect()
    };
    let (mut with, mut without) = (faults_on(&fixed(4), text, 7), faults_on(&fixed(4), text, 7));
    with.fail_now(Time(1), &Selection::run(0..1), Time(2));
    let of_others = |faults: &mut Faults| failures_of(faults, 1);
    let (found, expected) = (of_others(&mut with), of_others(&mut without));
    assert!(expected.len() > 100);
    assert_eq!(found, expected);
}

#[test]
fn a_scope_names_hosts_that_there_are() {
    let fleet = fixed(5); // two to a rack
    let hosts = |scope: FaultScope| scope.hosts(&fleet).iter().map(|host| host.0).collect::<Vec<_>>();
    assert_eq!(hosts(FaultScope::Host(HostId(9))), [9]);
    assert!(hosts(FaultScope::Host(HostId(10))).is_empty());
    assert_eq!(hosts(FaultScope::Zone(ZoneId(1))), [5, 6, 7, 8, 9]);
    assert_eq!(hosts(FaultScope::Rack(ZoneId(1), 0)), [5, 6]);
    assert_eq!(hosts(FaultScope::Rack(ZoneId(1), 2)), [9]);
    assert!(hosts(FaultScope::Rack(ZoneId(1), 3)).is_empty());
    assert!(hosts(FaultScope::Rack(ZoneId(1), u32::MAX)).is_empty());
    assert_eq!(fleet.zones().len(), 2);
    assert!(FaultScope::Host(HostId(10)).hosts(&fleet).is_empty());
    assert_eq!(FaultScope::Zone(ZoneId(0)).hosts(&fleet).len(), 5);
}
