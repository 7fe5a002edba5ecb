//! The looks at a fleet's headroom: against small worlds counted by hand, and that a look changes nothing.

use plimsoll::cloud::observe::{Observation, Observer, Silent};
use plimsoll::headroom::Headroom;
use plimsoll::workload::directory::Directory;

use crate::support::{CHECKED, Experiment};

/// Writes down every look.
#[derive(Default)]
struct Looks(Vec<Look>);

struct Look {
    at_s: f64,
    headroom: Headroom,
    /// Types by name.
    allocable: Vec<(String, u64)>,
}

impl Observer for Looks {
    fn observe(&mut self, observation: &Observation, directory: &Directory) {
        let Observation::HeadroomSampled(at, headroom) = observation else { return };
        let allocable = headroom.allocable.iter();
        let by_name = allocable.map(|(kind, count)| (directory.types.get(*kind).name.clone(), *count));
        let allocable = by_name.collect();
        self.0.push(Look { at_s: at.as_seconds(), headroom: headroom.clone(), allocable });
    }
}

/// Two hosts of 8 vCPU; spread puts one instance of 2 vCPU on each.
const TWO_HOSTS: &str = "
    duration = '100s'
    output.sample_every = '10s'
    headroom.every = '20s'
    placement.strategy = 'spread'
    instance_types = [
        { name = 'two', vcpu = 2, memory_gib = 1 },
        { name = 'seven', vcpu = 7, memory_gib = 1 },
    ]
    [[zones]]
    name = 'z'
    hosts = [{ count = 2, vcpu = 8, memory_gib = 64 }]";

const DEMAND: &str = "start_s,end_s,type
5,55,two
5,95,two
6,7,seven
";

#[test]
fn a_look_counts_what_fits_beside_what_runs() {
    let mut looks = Looks::default();
    let outcome = Experiment::replaying(DEMAND, TWO_HOSTS).run_with(&[], CHECKED, &mut looks);
    let times: Vec<f64> = looks.0.iter().map(|look| look.at_s).collect();
    assert_eq!(times, [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);

    // At 20 s six vCPU are free on each host: three of type two on each, none of type seven.
    let Look { headroom, allocable, .. } = &looks.0[1];
    assert_eq!(allocable, &[("two".to_string(), 6), ("seven".to_string(), 0)]);
    let inflation = headroom.inflation.expect("two instances run");
    assert_eq!((inflation.instances, inflation.ratio, inflation.stranded_vcpu_ratio), (6, 3.0, 0.0));
    assert_eq!((headroom.hosts_compacted, headroom.hosts_lower_bound), (Some(1), 1));

    // At 60 s one host is empty: four of type two there and three on the other; seven fits again.
    assert_eq!(looks.0[3].allocable, [("two".to_string(), 7), ("seven".to_string(), 1)]);
    // At 100 s nothing runs: there is no mix to grow.
    assert_eq!(looks.0[5].headroom.inflation, None);

    let used = outcome.headroom.expect("the scenario asks for it");
    assert_eq!((used.instances.count, used.instances.least, used.instances.most), (4, 6.0, 7.0));
    assert_eq!((used.hosts_lower_bound.count, used.hosts_lower_bound.last), (6, 0.0));
}

#[test]
fn what_does_not_fit_into_an_hour_is_seen_coming() {
    // One more address and 1/64 of the vCPU an hour: 100 addresses and 128 vCPU are full after as many hours.
    let rows: String = (0..60).map(|hour| format!("{},,two\n", hour * 3600)).collect();
    let text = "
        duration = '60h'
        headroom.every = '1h'
        output.sample_every = '1h'
        placement.strategy = 'first-fit'
        instance_types = [{ name = 'two', vcpu = 2, memory_gib = 1 }]
        network.subnets = [{ name = 'a', zone = 'z', cidr = '10.0.0.0/25' }]
        [[zones]]
        name = 'z'
        hosts = [{ count = 16, vcpu = 8, memory_gib = 64 }]";
    let outcome = Experiment::replaying(&format!("start_s,end_s,type\n{rows}"), text).run();
    let exhaustion = outcome.headroom.expect("the scenario asks for it").exhaustion;
    let hours = |what: &str| {
        let (_, found) =
            exhaustion.iter().find(|(resource, _)| resource.name == what).expect("it has a limit");
        [found.earliest_s, found.at_s, found.latest_s].map(|at| at.expect("it grows") / 3600.0)
    };
    for (what, full_after) in [("vCPU", 64.0), ("subnet a", 123.0)] {
        let [earliest, at, latest] = hours(what);
        assert!(earliest <= at && at <= latest, "{what}");
        assert!((at - full_after).abs() < 2.5, "{what} after {at} h");
    }
    assert!(exhaustion.iter().all(|(resource, _)| resource.name != "GPU"), "there is none");
}

/// Best fit decreasing puts 4 and 4 on one host and has no place for the last 3; it stands as 4, 3, 3 on each.
#[test]
fn a_repacking_is_never_worse_than_what_stands() {
    let rows: String = [4, 3, 3, 4, 3, 3].iter().map(|vcpu| format!("0,90,{vcpu},1\n")).collect();
    let text = "
        duration = '100s'
        headroom.every = '50s'
        output.sample_every = '50s'
        placement.strategy = 'first-fit'
        [[zones]]
        name = 'z'
        hosts = [{ count = 2, vcpu = 10, memory_gib = 64 }]";
    let mut looks = Looks::default();
    let trace = format!("start_s,end_s,vcpu,memory_gib\n{rows}");
    let outcome = Experiment::replaying(&trace, text).run_with(&[], CHECKED, &mut looks);
    assert_eq!(outcome.first_failures, []);
    let at_50 = &looks.0[1].headroom;
    assert_eq!((at_50.hosts_compacted, at_50.hosts_lower_bound), (Some(2), 2));
}

#[test]
fn a_look_changes_nothing() {
    let experiment = Experiment::replaying(DEMAND, TWO_HOSTS);
    let looked = experiment.run();
    let blind = experiment.run_with(&["headroom.every='1h'"], CHECKED, &mut Silent);
    assert_eq!(looked.digest, blind.digest);
    assert_eq!(looked.events, blind.events);
}

/// Each loss of a host, rack or zone by hand.
#[test]
fn the_loss_of_a_host_a_rack_or_a_zone_is_measured() {
    let fleet = |survive: &str| {
        format!(
            "
            duration = '10s'
            headroom = {{ every = '10s', survive = '{survive}' }}
            placement.strategy = 'first-fit'
            instance_types = [
                {{ name = 'two', vcpu = 2, memory_gib = 1 }},
                {{ name = 'six', vcpu = 6, memory_gib = 1 }},
            ]
            [[zones]]
            name = 'y'
            hosts = [{{ count = 2, vcpu = 8, memory_gib = 64, hosts_per_rack = 1 }}]
            [[zones]]
            name = 'z'
            hosts = [{{ count = 2, vcpu = 8, memory_gib = 64, hosts_per_rack = 2 }}]"
        )
    };
    let demand = "start_s,end_s,type,zone\n1,,six,y\n1,,two,y\n1,,six,z\n";
    let look = |survive: &str| {
        let mut looks = Looks::default();
        Experiment::replaying(demand, &fleet(survive)).run_with(&[], CHECKED, &mut looks);
        looks.0.pop().unwrap().headroom.survival.unwrap()
    };
    let counts = |survival: &plimsoll::headroom::Survival| -> Vec<u64> {
        survival.allocable.iter().map(|(_, count)| *count).collect()
    };
    // Hosts hold 6 + 2, nothing, 6, nothing. Whichever is lost, the others take its instances; the least is left without
    // either of the free ones: 8 and 2 vCPU.
    let host = look("host");
    assert_eq!((host.domains, host.violations, host.unplaced), (4, 0, 0));
    assert_eq!(host.spare_vcpu_milli, 10_000);
    assert_eq!(counts(&host), [1, 5]);
    // The rack of both hosts of z: its six goes to the free host of y, where two vCPU are left.
    let rack = look("rack");
    assert_eq!((rack.domains, rack.violations, rack.worst_name.as_str(), rack.displaced), (3, 0, "2", 1));
    assert_eq!((rack.spare_vcpu_milli, counts(&rack)), (2000, vec![0, 1]));
    // Zone y: its six goes to the free host of z, its two beside one of the sixes there.
    let zone = look("zone");
    assert_eq!((zone.domains, zone.violations, zone.worst_name.as_str(), zone.displaced), (2, 0, "y", 2));
    assert_eq!(counts(&zone), [0, 1]);
}
