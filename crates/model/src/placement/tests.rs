//! Every strategy against the plain scan, over worlds that are awkward in different ways, and one scene
//! that shows how the strategies differ.

mod bounds;
mod callables;
mod constrained;
mod diagnoses;
mod expressions;
mod histories;
mod scenes;
mod undo;
mod views;

use std::collections::BTreeMap;

use super::config::StrategyConfig;
use super::exits::ExitHour;
use super::placer::Placer;
use super::register::{self, REGISTER};
use super::request::Request;
use super::strategy::Strategy;
use crate::fleet::host::GroupTenancy;
use crate::fleet::host_group::{HostGroup, Hosts, ListedHost};
use crate::fleet::index::by_class::EqualHosts;
use crate::fleet::topology::Affinity;
use crate::fleet::{Change, Fleet};
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::units::{AccountId, Footprint, HostId, NumaNodes, Resources, Time, ZoneId};

/// A fleet and its requests.
struct World {
    name: &'static str,
    zones: Vec<Vec<HostGroup>>,
    requests: Vec<Footprint>,
    /// Of eight operations, how many are launches while there is room.
    launches_of_8: u64,
    /// Every host starts with amounts of its own taken.
    prefilled: bool,
    decisions: usize,
}

impl World {
    fn new(name: &'static str, zones: Vec<Vec<HostGroup>>, requests: Vec<impl Into<Footprint>>) -> World {
        let requests = requests.into_iter().map(Into::into).collect();
        World { name, zones, requests, launches_of_8: 5, prefilled: false, decisions: 4_000 }
    }
}

fn group(hosts: Hosts, max_instances: Option<u32>) -> HostGroup {
    HostGroup {
        hosts,
        hosts_per_rack: 4,
        max_instances,
        tenancy: GroupTenancy::Any,
        hardware: Default::default(),
        sockets: 0,
        numa_nodes: 1,
        has_gpu_devices: false,
        service_window: Default::default(),
    }
}

const UNLIMITED: u32 = u32::MAX;

fn draw(random: &mut Stream, count: usize, mut one: impl FnMut(&mut Stream) -> Resources) -> Vec<Resources> {
    (0..count).map(|_| one(random)).collect()
}

fn worlds() -> Vec<World> {
    let mut random = Seed(11).stream(Purpose::Placement, 1);
    let even = Resources([64_000, 262_144, 0, 0, UNLIMITED]);
    let ec2 = [(2, 1), (2, 2), (2, 4), (2, 8), (4, 16), (8, 32)];
    let plain = ec2.map(|(vcpu, gib)| Resources::new(vcpu * 1000, gib * 1024)).to_vec();
    // A reserve leaves odd capacities; some hosts have GPUs, storage, or a network limit.
    let odd = [
        Resources([47_500, 190_001, 8_000, 0, 25_000]),
        Resources([95_250, 393_216, 0, 900_000, UNLIMITED]),
        Resources([31_999, 131_072, 4_000, 500, 10_000]),
    ];
    let listed = (0..60).map(|i| ListedHost {
        name: None,
        sellable: odd[i % 3],
        rack: Some(format!("r{}", i % 13)),
        hardware: None,
        numa_nodes: None,
        gpu_model: None,
        line: 0,
    });
    let fractional = |random: &mut Stream| {
        let mut amounts = Resources::new(1 + random.below(9_000) as u32, 1 + random.below(40_000) as u32);
        if random.below(3) == 0 {
            amounts.0[Resources::GPU] = random.below(2_000) as u32;
        }
        if random.below(5) == 0 {
            amounts.0[Resources::NETWORK] = random.below(3_000) as u32;
        }
        if random.below(9) == 0 {
            amounts.0[Resources::STORAGE] = random.below(400) as u32;
        }
        amounts
    };
    let few_odd = draw(&mut random, 40, fractional);
    let many_odd = draw(&mut random, 700, fractional);
    let small = draw(&mut random, 3_000, |random| {
        Resources::new(1 + random.below(700) as u32, 1 + random.below(3_000) as u32)
    });
    let fixed = |count, sellable| group(Hosts::Fixed { count, sellable }, None);
    let two_zones = vec![
        vec![fixed(20, odd[0]), group(Hosts::Fixed { count: 20, sellable: odd[1] }, Some(5))],
        vec![group(Hosts::Listed(listed.collect()), None)],
    ];
    let elastic = group(Hosts::Elastic { max_hosts: 2, sellable: even }, None);
    let uneven = Resources([60_001, 95_537, 0, 0, UNLIMITED]);
    vec![
        World::new("equal hosts", vec![vec![fixed(30, even)]], plain.clone()),
        World::new("three SKUs in two zones, GPUs, fractions, a limit of instances", two_zones, few_odd),
        World::new(
            "more distinct requests than a word has bits",
            vec![vec![fixed(40, odd[0]), fixed(40, odd[1]), fixed(40, odd[2])]],
            many_odd,
        ),
        divided("NUMA nodes and GPU devices", 40, &mut random),
        divided("NUMA nodes and GPU devices, more distinct requests than a word has bits", 300, &mut random),
        World { launches_of_8: 4, ..World::new("elastic", vec![vec![fixed(2, odd[1]), elastic]], plain) },
        World {
            prefilled: true,
            decisions: 600,
            ..World::new(MANY_CLASSES, vec![vec![fixed(6_000, uneven)]], small)
        },
    ]
}

/// Returns a world of hosts with and without NUMA nodes and GPU devices, and so many distinct requests.
fn divided(name: &'static str, requests: usize, random: &mut Stream) -> World {
    let host =
        |vcpu: u32, gib: u32, gpus: u32| Resources([vcpu * 1000, gib * 1024, gpus * 1000, 0, UNLIMITED]);
    let of =
        |hosts, numa_nodes, has_gpu_devices| HostGroup { numa_nodes, has_gpu_devices, ..group(hosts, None) };
    let fixed = |count, sellable| Hosts::Fixed { count, sellable };
    let zones = vec![vec![
        of(fixed(14, host(32, 128, 8)), 2, true),
        of(fixed(6, host(64, 96, 0)), 4, false),
        of(fixed(6, host(48, 96, 4)), 1, false),
        of(fixed(8, host(16, 64, 4)), 1, true),
        of(Hosts::Elastic { max_hosts: 3, sellable: host(32, 128, 8) }, 2, true),
    ]];
    let mut footprint = || {
        let gpu = match random.below(4) {
            0 => 1 + random.below(999) as u32,
            1 => 1000 * (1 + random.below(4) as u32),
            _ => 0,
        };
        let amounts = Resources([random.below(14_000) as u32, random.below(40_000) as u32, gpu, 0, 0]);
        Footprint {
            amounts,
            numa: [NumaNodes::Fewest, NumaNodes::One, NumaNodes::Two][random.below(3) as usize],
        }
    };
    let requests: Vec<Footprint> = (0..requests).map(|_| footprint()).collect();
    World::new(name, zones, requests)
}

/// The world with as many classes as hosts.
const MANY_CLASSES: &str = "as many classes as hosts";

/// Returns a strategy that minimizes these expressions.
fn expressions(minimize: &[&str]) -> StrategyConfig {
    let list = minimize.iter().map(|text| toml::Value::from(*text)).collect();
    let parameters = [("minimize".to_string(), toml::Value::Array(list))].into();
    StrategyConfig { parameters, ..StrategyConfig::named("expression") }
}

/// Returns every strategy of the register, and expressions over each sort of name, alone and together.
fn every_strategy() -> Vec<StrategyConfig> {
    let named = REGISTER.iter().map(|entry| StrategyConfig::named(entry.name));
    let stated = [
        &["count"][..],
        &["-count", "free.vcpu"],
        &["rack", "-free_share.memory"],
        &["if(count < 3, rack, -count)", "abs(free_share.vcpu - free_share.memory)"],
        &["abs(free.vcpu - request.vcpu) + 3 * abs(free.memory / 4 - request.memory)"],
        &["-numa.most_vcpu * request_share.memory", "gpu.unused + gpu.largest", "numa.least_memory"],
        &["-exit.left", "free.vcpu"],
        &["if(exit.left < request.left, 1, 0)", "exit.left", "free.vcpu"],
        &["abs(request.left - 12) * free.vcpu + request.vcpu", "rack"],
        &["abs(exit.left - 12) + request.vcpu * free_share.memory", "count"],
        &["floor(4 * free_share.vcpu)", "request.nodes * rack", "exp(free_share.memory) - ln(count + 1)"],
    ];
    named.chain(stated.map(expressions)).collect()
}

/// Returns the strategy of a configuration.
fn built(config: &StrategyConfig) -> Strategy {
    register::build(config, Seed(9)).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Choices of a strategy in a world.
struct Choices {
    /// Host of each request; `None` where it was refused.
    hosts: Vec<Option<HostId>>,
    refused: usize,
    /// The most classes of the index.
    classes: usize,
    /// Classes that searches by bounds have looked at.
    looked_at: usize,
}

/// Operations after which a filling of the fleet begins or ends.
const FILLING_OPERATIONS: usize = 300;

/// Panics unless the index counts the hosts of each zone that take instances as one by one, where it knows them by class.
fn assert_classes(placer: &Placer, fleet: &Fleet) {
    for (zone, number) in fleet.zones().iter().zip(0..) {
        let Some(classes) = placer.hosts_by_class(ZoneId(number)) else { continue };
        let (mut found, mut expected) = (BTreeMap::new(), BTreeMap::new());
        for EqualHosts { sku, free, parts, hosts } in classes {
            *found.entry((sku, free, parts)).or_insert(0) += hosts;
        }
        for id in zone.hosts.clone().map(HostId).filter(|id| fleet.accepts(*id)) {
            let host = &fleet.hosts()[id.index()];
            *expected.entry((host.sku, host.free, fleet.layouts().parts(id, host))).or_insert(0) += 1;
        }
        assert_eq!(found, expected, "zone {number}");
    }
}

/// Launches and ends at random, a filling and none by turns; every choice is checked by the placer itself.
fn agree(world: &World, strategy: &StrategyConfig) -> Choices {
    let (mut random, mut exits) =
        (Seed(5).stream(Purpose::Placement, 2), Seed(5).stream(Purpose::Prediction, 0));
    let mut fleet = Fleet::new(&world.zones).expect("few capacities");
    if world.prefilled {
        for host in (0..fleet.hosts().len() as u32).map(HostId) {
            let taken = Resources::new(random.below(60_000) as u32, random.below(95_000) as u32);
            fleet.take(host, fleet.zone_of(host), taken);
        }
    }
    let mut placer = Placer::new(built(strategy), &mut fleet, true);
    let mut live: Vec<(HostId, Affinity, Request)> = Vec::new();
    let (mut decisions, mut refused, mut classes, mut hosts) = (0, 0, 0, Vec::new());
    let mut operations = 0;
    while decisions < world.decisions {
        operations += 1;
        if operations % FILLING_OPERATIONS == 0 {
            match operations / FILLING_OPERATIONS % 2 {
                1 => placer.begin_filling(),
                _ => placer.end_filling(&mut fleet),
            }
        }
        if operations % 100 == 0 {
            assert_classes(&placer, &fleet);
        }
        if !live.is_empty() && random.below(8) >= world.launches_of_8 {
            let (host, affinity, request) = live.swap_remove(random.below(live.len() as u64) as usize);
            let change = fleet.give(host, request.zone, request.footprint(), affinity);
            placer.removed(&request, host, &fleet);
            assert!(change == Change::Amounts || fleet.hosts()[host.index()].instances == 0);
            placer.changed(host, request.zone, &mut fleet);
            continue;
        }
        let footprint = world.requests[random.below(world.requests.len() as u64) as usize];
        let Footprint { amounts, numa } = footprint;
        let zone = ZoneId(random.below(world.zones.len() as u64) as u16);
        let hour = decisions as u64 / 20;
        placer.advance(Time(hour * 3_600_000_000_000), &mut fleet);
        let exit = exits.below(50) as u32;
        let exit = if exit == 49 { ExitHour::UNKNOWN } else { ExitHour(hour as u32 + exit) };
        let request = Request {
            shape: placer.shape(footprint, &fleet),
            amounts,
            numa,
            account: AccountId(random.below(3) as u32),
            zone,
            constraint: None,
            exit,
        };
        fleet.note_request(&amounts);
        decisions += 1;
        let chosen = placer.choose(&request, &fleet).or_else(|| {
            let opened = fleet.open(zone, footprint)?;
            placer.changed(opened, zone, &mut fleet);
            assert_eq!(placer.choose(&request, &fleet), Some(opened), "a host was opened for the request");
            Some(opened)
        });
        hosts.push(chosen);
        match chosen {
            None => refused += 1,
            Some(host) => {
                let affinity = fleet.take(host, zone, footprint);
                placer.placed(&request, host, &fleet);
                placer.changed(host, zone, &mut fleet);
                live.push((host, affinity, request));
            }
        }
        classes = classes.max(placer.classes());
    }
    fleet.assert_conserved();
    for (host, affinity, request) in live {
        fleet.give(host, request.zone, request.footprint(), affinity);
        placer.changed(host, request.zone, &mut fleet);
    }
    fleet.assert_conserved();
    assert!(world.prefilled || fleet.hosts().iter().all(|host| host.instances == 0));
    Choices { hosts, refused, classes, looked_at: placer.index.looked_at() }
}

#[test]
fn every_strategy_takes_the_host_the_plain_scan_takes() {
    for world in worlds() {
        let mut refusals = 0;
        // A scan of thousands of hosts for every expression would take minutes.
        let count = if world.prefilled { REGISTER.len() } else { usize::MAX };
        for strategy in every_strategy().into_iter().take(count) {
            refusals += agree(&world, &strategy).refused;
        }
        assert!(refusals > 0 || world.prefilled, "{}: nothing was ever refused", world.name);
    }
}

#[test]
fn there_are_more_than_five_thousand_classes() {
    let world = worlds().into_iter().find(|world| world.name == MANY_CLASSES).expect("it is listed");
    let Choices { classes, .. } = agree(&world, &StrategyConfig::named("best-fit"));
    assert!(classes > 5_000, "{classes} classes");
}

/// Nodes of 4 vCPU and 8 GiB: what is free on each, and the host and node that a strategy takes for an instance.
///
/// | host | node 0 | node 1 | lesser shares | sums of shares |
/// |------|--------|--------|---------------|----------------|
/// | 0    | 4, 8   | 4, 8   | 1, 1          | 2, 2           |
/// | 1    | 0, 8   | 3, 7   | 0, ¾          | 1, 1⅝          |
/// | 2    | 2, 2   | 3, 3   | ¼, ⅜          | ¾, 1⅛          |
/// | 3    | 3, 3   | 4, 8   | ⅜, 1          | 1⅛, 2          |
#[test]
fn balance_fit_takes_the_host_whose_nodes_differ_most_and_its_freer_node() {
    let capacity = Resources([8_000, 16 * 1024, 0, 0, UNLIMITED]);
    let hosts = HostGroup { numa_nodes: 2, ..group(Hosts::Fixed { count: 4, sellable: capacity }, None) };
    let zone = ZoneId(0);
    let on_one_node = |(vcpu, gib): (u32, u32)| Footprint {
        amounts: Resources::new(vcpu * 1000, gib * 1024),
        numa: NumaNodes::One,
    };
    for (name, numa, host, nodes) in [
        ("balance-fit", NumaNodes::One, 1, 0b10),
        ("balance-fit-l1", NumaNodes::One, 3, 0b10),
        ("balance-fit", NumaNodes::Two, 0, 0b11),
        ("first-fit", NumaNodes::One, 0, 0b01),
    ] {
        let mut fleet = Fleet::new(&[vec![hosts.clone()]]).expect("one capacity");
        for (host, on_first, on_second) in [(1, (4, 0), (1, 1)), (2, (2, 6), (1, 5)), (3, (1, 5), (0, 0))]
            .map(|(id, a, b)| (HostId(id), a, b))
        {
            // The first node is full while the second is taken from.
            let whole = fleet.take(host, zone, on_one_node((4, 8)));
            fleet.take(host, zone, on_one_node(on_second));
            fleet.give(host, zone, on_one_node((4, 8)), whole);
            fleet.take(host, zone, on_one_node(on_first));
        }
        let strategy = register::build(&StrategyConfig::named(name), Seed(1))
            .unwrap_or_else(|problems| panic!("{problems:?}"));
        let mut placer = Placer::new(strategy, &mut fleet, true);
        let footprint = Footprint { numa, ..on_one_node((1, 1)) };
        let request = Request::new(placer.shape(footprint, &fleet), footprint, AccountId(0), zone);
        let chosen = placer.choose(&request, &fleet).expect("there is room");
        let affinity = fleet.take(chosen, zone, footprint);
        assert_eq!((chosen, affinity.nodes), (HostId(host), nodes), "{name}");
    }
}

/// A request for 2 vCPU and 4 GiB, four hosts: the choice of each strategy.
///
/// | host | free vCPU | free GiB | instances |
/// |------|-----------|----------|-----------|
/// | 0    | 6         | 4        | 1         |
/// | 1    | 2         | 28       | 3         |
/// | 2    | 7         | 30       | 1         |
/// | 3    | 8         | 32       | 0         |
#[test]
fn four_hosts_show_how_strategies_differ() {
    let expected = [
        ("first-fit", 0),
        ("next-fit", 0),
        ("spread", 3),
        ("cluster", 1),
        ("best-fit", 1),
        ("worst-fit", 3),
        ("best-fit-l1", 0),
        ("best-fit-l2", 0),
        ("best-fit-linf", 0),
        ("worst-fit-l1", 3),
        ("worst-fit-l2", 3),
        ("worst-fit-linf", 3),
        ("dot-product", 3),
        ("balance-fit", 0),
        ("balance-fit-l1", 0),
        ("expression", 1),
        ("lexicographic", 0),
        ("la-binary", 1),
        ("nilas", 1),
        ("lava", 1),
        ("dvla", 1),
        ("move-to-front", 0),
        ("borg-hybrid", 0),
        ("fgd", 1),
    ];
    let four = Hosts::Fixed { count: 4, sellable: Resources([8_000, 32 * 1024, 0, 0, UNLIMITED]) };
    for (name, host) in expected {
        let mut fleet = Fleet::new(&[vec![group(four.clone(), None)]]).expect("one capacity");
        let zone = ZoneId(0);
        for (host, vcpu, gib) in [(0, 2, 28), (1, 4, 2), (1, 1, 1), (1, 1, 1), (2, 1, 2)] {
            fleet.take(HostId(host), zone, Resources::new(vcpu * 1000, gib * 1024));
        }
        let strategy = register::build(&StrategyConfig::named(name), Seed(1))
            .unwrap_or_else(|problems| panic!("{problems:?}"));
        let mut placer = Placer::new(strategy, &mut fleet, true);
        let amounts = Resources::new(2_000, 4 * 1024);
        let request = Request::new(placer.shape(amounts, &fleet), amounts, AccountId(0), zone);
        assert_eq!(placer.choose(&request, &fleet), Some(HostId(host)), "{name}");
    }
}
