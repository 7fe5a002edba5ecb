//! The parts by themselves: the event queue by pending events, a placement by hosts and strategy, an
//! address pool, a source of calls, a station, a cache. Costs that should stay flat as the first number grows.
//!
//! `-- --test` does each once to see that it works, at its smaller sizes only: filling the larger takes a minute.

use std::hint::black_box;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use plimsoll::catalogue::{ShapePrice, TypeTable};
use plimsoll::control_plane::cache::{Cache, CacheRules, Lookup};
use plimsoll::control_plane::job::JobId;
use plimsoll::control_plane::station::Station;
use plimsoll::control_plane::throttle::{ApiClass, ClassLimits, Limits, Throttle};
use plimsoll::control_plane::token_bucket::Limit;
use plimsoll::engine::queue::EventQueue;
use plimsoll::engine::random::{Purpose, Seed};
use plimsoll::fleet::Fleet;
use plimsoll::fleet::host::GroupTenancy;
use plimsoll::fleet::host_group::{HostGroup, Hosts};
use plimsoll::fleet::topology::Affinity;
use plimsoll::network::AddressPool;
use plimsoll::operation::Operation;
use plimsoll::placement::config::StrategyConfig;
use plimsoll::placement::placer::Placer;
use plimsoll::placement::register;
use plimsoll::placement::request::Request;
use plimsoll::units::{AccountId, Duration, HostId, Resources, Time, ZoneId};
use plimsoll::workload::demand::{Demand, WorkloadConfig};
use plimsoll::workload::directory::Directory;

/// The sizes to go through: all, or those that are ready at once when nothing is measured.
fn sizes<T: Copy>(all: &[T]) -> &[T] {
    let is_smoke = std::env::args().any(|argument| argument == "--test");
    if is_smoke { &all[..1] } else { all }
}

/// Pop the next event and schedule another: the hold model, lifetimes exponential.
fn queue(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("queue/hold");
    let mut random = Seed(1).stream(Purpose::Lifetime, 0);
    let delays: Vec<u64> = (0..1 << 16).map(|_| (-libm::log(random.unit()) * 1e13) as u64).collect();
    for &pending in sizes(&[1_000u64, 100_000, 10_000_000]) {
        let mut queue = EventQueue::<u64>::new();
        for event in 0..pending {
            queue.push(Time(delays[event as usize % delays.len()] + event), 0, event);
        }
        let mut turn = 0usize;
        group.bench_function(BenchmarkId::from_parameter(pending), |bencher| {
            bencher.iter(|| {
                let (now, event) = queue.pop().expect("as many are pushed as popped");
                turn = (turn + 7919) % delays.len();
                queue.push(Time(now.0 + delays[turn]), 0, event);
            });
        });
    }
}

/// Strategies, and expressions that state the rules of some of them.
fn strategies() -> Vec<(String, StrategyConfig)> {
    let named = ["best-fit", "worst-fit-l2", "first-fit", "spread", "random", "dot-product"];
    let stated = [
        ("best-fit", "minimize = ['free.vcpu', 'free.memory']"),
        ("worst-fit-l2", "minimize = '-(free_share.vcpu^2 + free_share.memory^2)'"),
        (
            "dot-product",
            "minimize = '-(free_share.vcpu * request_share.vcpu + free_share.memory * request_share.memory)'",
        ),
        ("spread", "minimize = 'count'"),
    ];
    let named = named.map(|name| (name.to_string(), StrategyConfig::named(name)));
    let stated = stated.map(|(rule, parameters)| {
        let parameters = toml::from_str(parameters).expect("parameters of a strategy");
        (
            format!("expression of {rule}"),
            StrategyConfig { parameters, ..StrategyConfig::named("expression") },
        )
    });
    named.into_iter().chain(stated).collect()
}

/// An instance leaves a random place and another is placed, on a fleet about three quarters full.
fn placement(criterion: &mut Criterion) {
    let shapes = [(2, 1), (2, 2), (2, 4), (2, 8), (4, 16), (8, 32)];
    for (name, strategy) in strategies() {
        let mut group = criterion.benchmark_group(format!("placement/{name}"));
        for &hosts in sizes(&[10_000u32, 1_000_000]) {
            let sellable = Resources([64_000, 262_144, 0, 0, u32::MAX]);
            let hosts_of = HostGroup {
                hosts: Hosts::Fixed { count: hosts, sellable },
                hosts_per_rack: 16,
                max_instances: None,
                tenancy: GroupTenancy::Any,
                hardware: Default::default(),
                sockets: 0,
                numa_nodes: 1,
                has_gpu_devices: false,
                service_window: Default::default(),
            };
            let mut fleet = Fleet::new(&[vec![hosts_of]]).expect("one capacity");
            let strategy = register::build(&strategy, Seed(1));
            let mut placer =
                Placer::new(strategy.unwrap_or_else(|problems| panic!("{problems:?}")), &mut fleet, false);
            let mut random = Seed(2).stream(Purpose::Mix, 0);
            let mut live: Vec<(HostId, Request)> = Vec::new();
            let place = |placer: &mut Placer, fleet: &mut Fleet, kind: u64| {
                let (vcpu, gib) = shapes[kind as usize];
                let amounts = Resources::new(vcpu * 1000, gib * 1024);
                let shape = placer.shape(amounts, fleet);
                let request = Request::new(shape, amounts, AccountId(0), ZoneId(0));
                let host = placer.choose(&request, fleet).expect("the fleet has room");
                fleet.take(host, ZoneId(0), amounts);
                placer.placed(&request, host, fleet);
                placer.changed(host, ZoneId(0), fleet);
                (host, request)
            };
            for _ in 0..u64::from(hosts) * 144 / 10 {
                live.push(place(&mut placer, &mut fleet, random.below(6)));
            }
            group.bench_function(BenchmarkId::from_parameter(hosts), |bencher| {
                bencher.iter(|| {
                    let leaving = random.below(live.len() as u64) as usize;
                    let (host, request) = live[leaving];
                    fleet.give(host, ZoneId(0), request.amounts, Affinity::default());
                    placer.removed(&request, host, &fleet);
                    placer.changed(host, ZoneId(0), &mut fleet);
                    live[leaving] = place(&mut placer, &mut fleet, random.below(6));
                });
            });
        }
    }
}

fn addresses(criterion: &mut Criterion) {
    let mut pool = AddressPool::new(65_536, 4);
    let mut random = Seed(3).stream(Purpose::Mix, 0);
    let mut held: Vec<u32> = (0..56_000).map(|_| pool.allocate().expect("it has 65,531")).collect();
    criterion.bench_function("addresses/release and allocate", |bencher| {
        bencher.iter(|| {
            let leaving = random.below(held.len() as u64) as usize;
            pool.release(held[leaving]);
            held[leaving] = black_box(pool.allocate().expect("one was just released"));
        });
    });
}

/// The next call of a source of calls, a million a second of nine in ten asking for an instance.
fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("demand/calls");
    for (name, process) in [
        ("poisson", "{ kind = 'poisson', per_hour = 3.6e9 }"),
        ("diurnal", "{ kind = 'diurnal', per_hour = 3.6e9, peak_to_mean = 2, peak_at = '14h' }"),
    ] {
        let toml = format!(
            "[[calls]]\nprocess = {process}\n\
             operations = {{ describe = 90, reboot = 4, create-tags = 4, create-volume = 2 }}\naccounts = 1000"
        );
        let config: WorkloadConfig = toml::from_str(&toml).expect("settings of a workload");
        let types = TypeTable::new(&[], &ShapePrice::default()).expect("the catalogue is whole");
        let mut directory = Directory::new(types, vec!["a".to_string()], Vec::new());
        let demand = Demand::open(&config, None, Seed(4), Path::new(""), &mut directory);
        let mut demand = demand.unwrap_or_else(|error| panic!("{error}"));
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(demand.next(&mut directory).expect("no file to read")));
        });
    }
}

/// A job comes to a station and another is done, with so many waiting before it.
fn station(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("control plane/station");
    for &waiting in sizes(&[0u32, 1_000, 1_000_000]) {
        let servers = (waiting > 0).then_some(1);
        let mut station = Station::new(servers, None);
        for job in 0..waiting {
            black_box(station.arrive(Time(0), JobId(job)));
        }
        let (mut now, mut began) = (0, Time(0));
        group.bench_function(BenchmarkId::from_parameter(waiting), |bencher| {
            bencher.iter(|| {
                now += 100;
                black_box(station.arrive(Time(now), JobId(0)));
                let began_before = if waiting > 0 { began } else { Time(now) };
                black_box(station.complete(Time(now), began_before));
                began = Time(now);
            });
        });
    }
}

/// A look, and a load where it misses: nine in ten of the keys fit.
fn cache(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("control plane/cache");
    for &keys in sizes(&[1_000u64, 100_000, 1_000_000]) {
        let capacity = (keys / 10 * 9) as u32;
        let ttl = Some(Duration::from_seconds(300));
        let mut cache = Cache::new(CacheRules { capacity, ttl, invalidate_on_write: true, coalesce: false });
        let mut random = Seed(5).stream(Purpose::Mix, 0);
        let mut now = 0;
        let mut look = || {
            now += 1_000;
            let key = random.below(keys);
            let look = cache.lookup(Time(now), key, 0);
            if matches!(look, Lookup::Miss { .. }) {
                cache.fill(Time(now), key, 0);
            }
            look
        };
        for _ in 0..keys * 4 {
            black_box(look());
        }
        group.bench_function(BenchmarkId::from_parameter(keys), |bencher| bencher.iter(|| black_box(look())));
    }
}

/// A request of one of so many accounts, with both buckets.
fn throttle(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("control plane/throttle");
    for &accounts in sizes(&[10u64, 10_000]) {
        let limit = Some(Limit { bucket: 100, milli_per_s: 20_000 });
        let mut limits = Limits::default();
        limits.classes[ApiClass::Describe] = ClassLimits { requests: limit, resources: limit };
        let mut throttle = Throttle::new(limits);
        let mut random = Seed(6).stream(Purpose::Mix, 0);
        let mut now = 0;
        group.bench_function(BenchmarkId::from_parameter(accounts), |bencher| {
            bencher.iter(|| {
                now += 1_000_000;
                let account = AccountId(random.below(accounts) as u32);
                black_box(throttle.admit(Time(now), account, (ApiClass::Describe, Operation::Describe), 1))
            });
        });
    }
}

criterion_group!(benches, queue, placement, addresses, calls, station, cache, throttle);
criterion_main!(benches);
