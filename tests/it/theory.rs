//! Runs against what queueing theory says exactly: loss systems, infinite servers, small Markov chains.

use std::collections::BTreeMap;

use plimsoll::cloud::observe::{Observation, Observer, Refusal};
use plimsoll::placement::register::REGISTER;
use plimsoll::queueing::erlang_b;
use plimsoll::workload::directory::Directory;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::support::{Experiment, Notes, UNCHECKED, assert_agrees, billed_seconds, interval};

/// A mean of one hour under laws as different as they come.
const LIFETIMES: [(&str, &str); 6] = [
    ("constant", "{ kind = 'constant', value = '1h' }"),
    ("exponential", "{ kind = 'exponential', mean = '1h' }"),
    ("uniform", "{ kind = 'uniform', min = '6m', max = '114m' }"),
    ("lognormal", "{ kind = 'lognormal', median = '30m', mean = '1h' }"),
    ("hyperexponential", "{ kind = 'hyperexponential', weights = [3, 1], means = ['20m', '3h'] }"),
    // scale · Γ(1 + 1/0.5) = 2 · scale.
    ("weibull", "{ kind = 'weibull', shape = 0.5, scale = '30m' }"),
];

#[test]
fn blocking_is_erlangs_for_every_law_of_lifetimes_with_the_same_mean() {
    for (law, lifetime) in LIFETIMES {
        let experiment = Experiment::new(&format!(
            "duration = '550h'
            warmup = '50h'
            [[zones]]
            name = 'z'
            hosts = [{{ count = 1, vcpu = 10, memory_gib = 10 }}]
            [[instance_types]]
            name = 'unit'
            vcpu = 1
            memory_gib = 1
            [[workload.arrivals]]
            process = {{ kind = 'poisson', per_hour = 8.0 }}
            lifetime = {lifetime}
            types = {{ unit = 1 }}"
        ));
        let blocked: Vec<f64> = (0..30)
            .map(|seed| {
                let seed = format!("seed={seed}");
                let outcome = experiment.run_with(&[&seed], UNCHECKED, &mut Notes::default());
                1.0 - outcome.launch.success_ratio()
            })
            .collect();
        assert_agrees(law, &blocked, erlang_b(10, 8.0), 0.08);
    }
}

/// Share of each class refused on one host: (offered Erlang, size) a class (Kaufman 1981, Roberts 1981).
fn kaufman_roberts(places: usize, classes: &[(f64, usize)]) -> Vec<f64> {
    let mut in_use = vec![0.0; places + 1];
    in_use[0] = 1.0;
    for j in 1..=places {
        let from = |&(offered, size): &(f64, usize)| {
            if size <= j { offered * size as f64 * in_use[j - size] / j as f64 } else { 0.0 }
        };
        in_use[j] = classes.iter().map(from).sum();
    }
    let all: f64 = in_use.iter().sum();
    let refused = |&(_, size): &(f64, usize)| in_use[places + 1 - size..].iter().sum::<f64>() / all;
    classes.iter().map(refused).collect()
}

/// Counts refused instances by type.
#[derive(Default)]
struct RefusedByType(BTreeMap<String, u32>);

impl Observer for RefusedByType {
    fn observe(&mut self, observation: &Observation, directory: &Directory) {
        let Observation::Refused(refusal) = observation else { return };
        let name = &directory.types.get(refusal.kind.expect("launches name a type")).name;
        *self.0.entry(name.clone()).or_default() += refusal.count;
    }
}

#[test]
fn two_sizes_on_one_host_are_refused_as_kaufman_and_roberts_say() {
    let classes = [(6.0, 1), (2.0, 4)];
    let exact = kaufman_roberts(16, &classes);
    let small = "[[workload.arrivals]]
        process = { kind = 'poisson', per_hour = 6.0 }
        lifetime = { kind = 'lognormal', median = '40m', mean = '1h' }
        types = { small = 1 }";
    let large = "[[workload.arrivals]]
        process = { kind = 'poisson', per_hour = 1.0 }
        lifetime = { kind = 'uniform', min = '1h', max = '3h' }
        types = { large = 1 }";
    let experiment = |arrivals: &str| {
        Experiment::new(&format!(
            "duration = '1050h'
            warmup = '50h'
            zones = [{{ name = 'z', hosts = [{{ count = 1, vcpu = 16, memory_gib = 16 }}] }}]
            instance_types = [
                {{ name = 'small', vcpu = 1, memory_gib = 1 }},
                {{ name = 'large', vcpu = 4, memory_gib = 4 }},
            ]
            {arrivals}"
        ))
    };
    let both = experiment(&format!("{small}\n{large}"));
    let small_alone = experiment(small);
    let (mut of_small, mut of_large) = (Vec::new(), Vec::new());
    for seed in 0..20 {
        let seed = format!("seed={seed}");
        let mut refused = RefusedByType::default();
        let outcome = both.run_with(&[&seed], UNCHECKED, &mut refused);
        // A process has streams of its own: alone it asks for the same.
        let alone = small_alone.run_with(&[&seed], UNCHECKED, &mut RefusedByType::default());
        let small_asked = alone.launch.requested;
        let large_asked = outcome.launch.requested - small_asked;
        of_small.push(f64::from(refused.0["small"]) / small_asked as f64);
        of_large.push(f64::from(refused.0["large"]) / large_asked as f64);
    }
    assert_agrees("small", &of_small, exact[0], 0.1);
    assert_agrees("large", &of_large, exact[1], 0.1);
}

#[test]
fn equal_requests_that_divide_every_host_are_refused_identically_by_every_strategy() {
    let experiment = Experiment::new(
        "duration = '400h'
        [[zones]]
        name = 'z'
        [[zones.hosts]]
        count = 5
        vcpu = 4
        memory_gib = 16
        hosts_per_rack = 2
        [[zones.hosts]]
        count = 3
        vcpu = 8
        memory_gib = 16
        [[zones.hosts]]
        count = 2
        vcpu = 6
        memory_gib = 40
        [[instance_types]]
        name = 'unit'
        vcpu = 2
        memory_gib = 4
        [[workload.arrivals]]
        process = { kind = 'batch', per_hour = 6.0, mean_size = 3.0 }
        lifetime = { kind = 'weibull', shape = 0.7, scale = '1h' }
        accounts = 3
        types = { unit = 1 }",
    );
    // 5 · 2 + 3 · 4 + 2 · 3 = 28 places for about 23 Erlang.
    let mut expected: Option<(String, Vec<Refusal>)> = None;
    for entry in REGISTER {
        let strategy = format!("placement.strategy='{}'", entry.name);
        let mut notes = Notes::default();
        experiment.run_with(&[&strategy], crate::support::CHECKED, &mut notes);
        assert!(notes.refusals.len() > 500, "{}: {} refusals", entry.name, notes.refusals.len());
        match &expected {
            None => expected = Some((entry.name.to_string(), notes.refusals)),
            Some((first, refusals)) => {
                assert!(*refusals == notes.refusals, "{first} and {} refuse different requests", entry.name);
            }
        }
    }
}

#[test]
fn without_limits_a_steady_state_begins_and_stays_poisson() {
    const MEAN: f64 = 30.0;
    const RUNS: u32 = 150;
    for (law, lifetime) in LIFETIMES {
        let experiment = Experiment::new(&format!(
            "duration = '1h'
            output.sample_every = '1h'
            zones = [{{ name = 'z', hosts = [{{ elastic = true, max_hosts = 100, vcpu = 4, memory_gib = 8 }}] }}]
            [[instance_types]]
            name = 'unit'
            vcpu = 1
            memory_gib = 1
            [workload]
            start = 'steady-state'
            [[workload.arrivals]]
            process = {{ kind = 'poisson', per_hour = {MEAN:?} }}
            lifetime = {lifetime}
            types = {{ unit = 1 }}"
        ));
        let (mut at_start, mut at_end) = (Vec::new(), Vec::new());
        for seed in 0..RUNS {
            let mut notes = Notes::default();
            let outcome = experiment.run_with(&[&format!("seed={seed}")], UNCHECKED, &mut notes);
            assert_eq!(outcome.residents.placed, outcome.residents.expected, "elastic hosts hold everyone");
            assert_eq!(notes.samples[0].instances_running, outcome.residents.placed);
            at_start.push(outcome.residents.placed as f64);
            at_end.push(notes.samples.last().expect("the end is sampled").instances_running as f64);
        }
        for (when, counts) in [("start", &at_start), ("end", &at_end)] {
            let what = format!("{law}, {when}");
            assert_agrees(&what, counts, MEAN, 0.08);
            // Fisher's index of dispersion: variance and mean of a Poisson law are the same.
            let mean = counts.iter().sum::<f64>() / counts.len() as f64;
            let dispersion: f64 = counts.iter().map(|count| (count - mean).powi(2) / mean).sum();
            let law = ChiSquared::new(f64::from(RUNS - 1)).expect("degrees of freedom");
            let p = law.cdf(dispersion);
            assert!((0.0005..0.9995).contains(&p), "{what}: dispersion {dispersion:.1} over {RUNS} runs");
        }
    }
}

#[test]
fn littles_law_holds_to_the_last_nanosecond() {
    // Whole seconds, a minute or longer, so that the bill is the time run.
    let mut rows: Vec<(u64, u64)> = (0..300).map(|i: u64| (i * i % 997, 60 + i * 7919 % 1201)).collect();
    rows.sort_unstable();
    let mut trace = "start_s,end_s,vcpu,memory_gib\n".to_string();
    for (start, length) in &rows {
        trace += &format!("{start},{},1,1\n", start + length);
    }
    let hosts = "zones = [{ name = 'z', hosts = [{ count = 20, vcpu = 8, memory_gib = 8 }] }]";
    let outcome = Experiment::replaying(&trace, hosts).run();
    assert!(outcome.launch.failed() > 0 && outcome.launch.succeeded > 100, "{:?}", outcome.launch);
    // L = λ · W: the mean of those running × the time is the sum of what each of them stayed.
    let horizon = outcome.horizon.as_seconds();
    let instance_seconds = outcome.fleet.instances_running_mean * horizon;
    assert_eq!(instance_seconds.round() as u64, billed_seconds(&outcome));
    assert!((instance_seconds - instance_seconds.round()).abs() < 1e-6);
}

/// Instances of size 1 and 2 on each of the hosts.
type ChainState = [(u8, u8); HOSTS];

/// Score of a strategy, which wants the least, by what a host has free.
type Cost = fn(u8) -> u8;

const HOSTS: usize = 2;
const PLACES: u8 = 4;
const SIZES: [u8; 2] = [1, 3];
/// Requests of each size an hour, all living an hour on average.
const RATES: [f64; 2] = [2.2, 1.0];

fn free(host: (u8, u8)) -> u8 {
    PLACES - host.0 * SIZES[0] - host.1 * SIZES[1]
}

/// The host that takes a size: of those that fit the one of least cost, the lowest on ties.
fn chosen(state: &ChainState, size: u8, cost: Cost) -> Option<usize> {
    (0..HOSTS).filter(|&i| free(state[i]) >= size).min_by_key(|&i| cost(free(state[i])))
}

/// Share of each size refused in equilibrium, by solving the chain.
fn chain(cost: Cost) -> [f64; 2] {
    let one: Vec<(u8, u8)> = (0..=PLACES)
        .flat_map(|small| (0..=PLACES).map(move |large| (small, large)))
        .filter(|(small, large)| small * SIZES[0] + large * SIZES[1] <= PLACES)
        .collect();
    let states: Vec<ChainState> = one.iter().flat_map(|a| one.iter().map(move |b| [*a, *b])).collect();
    let index: BTreeMap<ChainState, usize> =
        states.iter().enumerate().map(|(i, state)| (*state, i)).collect();
    let mut moves: Vec<(usize, usize, f64)> = Vec::new();
    for (from, state) in states.iter().enumerate() {
        for class in 0..2 {
            if let Some(host) = chosen(state, SIZES[class], cost) {
                let mut to = *state;
                if class == 0 {
                    to[host].0 += 1
                } else {
                    to[host].1 += 1
                }
                moves.push((from, index[&to], RATES[class]));
            }
            for host in 0..HOSTS {
                let here = if class == 0 { state[host].0 } else { state[host].1 };
                if here > 0 {
                    let mut to = *state;
                    if class == 0 {
                        to[host].0 -= 1
                    } else {
                        to[host].1 -= 1
                    }
                    moves.push((from, index[&to], f64::from(here)));
                }
            }
        }
    }
    // Uniformised: a step of a chain in discrete time with the same equilibrium.
    const STEPS: u32 = 20_000;
    let fastest = RATES[0] + RATES[1] + f64::from(PLACES) * HOSTS as f64;
    let mut share = vec![1.0 / states.len() as f64; states.len()];
    for _ in 0..STEPS {
        let before = share.clone();
        for &(from, to, rate) in &moves {
            let flow = before[from] * rate / fastest;
            share[from] -= flow;
            share[to] += flow;
        }
    }
    SIZES.map(|size| {
        let full = states.iter().zip(&share).filter(|(state, _)| chosen(state, size, cost).is_none());
        full.map(|(_, share)| share).sum()
    })
}

#[test]
fn a_markov_chain_tells_first_best_and_worst_fit_apart() {
    let strategies: [(&str, Cost); 3] =
        [("first-fit", |_| 0), ("best-fit", |free| free), ("worst-fit", |free| PLACES - free)];
    let mut refused = Vec::new();
    for (strategy, cost) in strategies {
        let exact = chain(cost);
        let experiment = Experiment::new(&format!(
            "duration = '3020h'
            warmup = '20h'
            placement.strategy = '{strategy}'
            zones = [{{ name = 'z', hosts = [{{ count = {HOSTS}, vcpu = {PLACES}, memory_gib = 64 }}] }}]
            instance_types = [
                {{ name = 'small', vcpu = {}, memory_gib = 1 }},
                {{ name = 'large', vcpu = {}, memory_gib = 1 }},
            ]
            [[workload.arrivals]]
            process = {{ kind = 'poisson', per_hour = {:?} }}
            lifetime = {{ kind = 'exponential', mean = '1h' }}
            types = {{ small = {:?}, large = {:?} }}",
            SIZES[0],
            SIZES[1],
            RATES[0] + RATES[1],
            RATES[0],
            RATES[1],
        ));
        let mut of_large = Vec::new();
        for seed in 0..20 {
            let mut by_type = RefusedByType::default();
            experiment.run_with(&[&format!("seed={seed}")], UNCHECKED, &mut by_type);
            // Against the number expected, not the number drawn: unbiased, if a little wider.
            of_large.push(f64::from(by_type.0["large"]) / (RATES[1] * 3000.0));
        }
        assert_agrees(strategy, &of_large, exact[1], 0.05);
        let (_, half) = interval(&of_large, 0.999);
        refused.push((exact[1], half));
    }
    for pair in refused.windows(2) {
        let (difference, width) = ((pair[0].0 - pair[1].0).abs(), pair[0].1 + pair[1].1);
        assert!(difference > width, "strategies differ by {difference:.4}, less than ± {width:.4} can tell");
    }
}
