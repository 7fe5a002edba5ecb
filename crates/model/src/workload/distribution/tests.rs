use super::*;
use plimsoll_base::engine::random::{Purpose, Seed};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::Distribution as _;
use std::fs;

/// Every law, with its parameters for the oracles in seconds.
const LAWS: [&str; 7] = [
    "kind = 'exponential'\nmean = '100s'",
    "kind = 'uniform'\nmin = '50s'\nmax = '150s'",
    "kind = 'lognormal'\nmedian = '60s'\nmean = '100s'",
    "kind = 'weibull'\nshape = 0.7\nscale = '80s'",
    "kind = 'weibull'\nshape = 2.5\nscale = '80s'",
    "kind = 'pareto'\nmin = '60s'\nshape = 2.5",
    "kind = 'hyperexponential'\nweights = [3, 1]\nmeans = ['20s', '340s']",
];

const DRAWS: usize = 100_000;

fn config(toml: &str) -> Distribution {
    toml::from_str(toml).unwrap()
}

fn sampler(toml: &str) -> Sampler {
    config(toml).compile("lifetime", Path::new("")).unwrap()
}

fn stream(entity: u64) -> Stream {
    Seed(5).stream(Purpose::Lifetime, entity)
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// Returns the greatest distance between the distribution of a sorted sample and `cdf`.
fn distance(sample: &[f64], cdf: impl Fn(f64) -> f64) -> f64 {
    let n = sample.len() as f64;
    let gaps = sample.iter().enumerate().map(|(i, x)| {
        let expected = cdf(*x);
        (expected - i as f64 / n).abs().max((expected - (i + 1) as f64 / n).abs())
    });
    gaps.fold(0.0, f64::max)
}

/// Returns the distribution of a sorted sample, as a function.
fn of_sample(sample: &[f64]) -> impl Fn(f64) -> f64 {
    move |x| sample.partition_point(|value| *value <= x) as f64 / sample.len() as f64
}

/// Returns rand_distr's sampler of the same law \[s\].
fn oracle(toml: &str) -> Vec<f64> {
    let random = &mut ChaCha8Rng::seed_from_u64(9);
    let seconds = |duration: Duration| duration.as_seconds();
    let mut draw: Box<dyn FnMut() -> f64> = match config(toml) {
        Distribution::Exponential { mean } => {
            let law = rand_distr::Exp::new(1.0 / seconds(mean)).unwrap();
            Box::new(move || law.sample(random))
        }
        Distribution::Uniform { min, max } => {
            let law = rand_distr::Uniform::new(seconds(min), seconds(max)).unwrap();
            Box::new(move || law.sample(random))
        }
        Distribution::Lognormal { median, mean } => {
            let mu = libm::log(seconds(median));
            let sigma = libm::sqrt(2.0 * (libm::log(seconds(mean)) - mu));
            let law = rand_distr::LogNormal::new(mu, sigma).unwrap();
            Box::new(move || law.sample(random))
        }
        Distribution::Weibull { shape, scale } => {
            let law = rand_distr::Weibull::new(seconds(scale), shape).unwrap();
            Box::new(move || law.sample(random))
        }
        Distribution::Pareto { min, shape } => {
            let law = rand_distr::Pareto::new(seconds(min), shape).unwrap();
            Box::new(move || law.sample(random))
        }
        Distribution::Hyperexponential { weights, means } => {
            let part = rand_distr::weighted::WeightedIndex::new(weights).unwrap();
            let laws: Vec<_> =
                means.iter().map(|mean| rand_distr::Exp::new(1.0 / seconds(*mean)).unwrap()).collect();
            Box::new(move || {
                let i = part.sample(random);
                laws[i].sample(random)
            })
        }
        law => panic!("no oracle for {law:?}"),
    };
    sorted((0..DRAWS).map(|_| draw()).collect())
}

#[test]
fn every_law_is_that_of_rand_distr() {
    // Kolmogorov-Smirnov, two samples of n: 1.95·√(2/n) is passed by chance once in a thousand seeds; these
    // are fixed.
    let limit = 1.95 * libm::sqrt(2.0 / DRAWS as f64);
    for (i, toml) in LAWS.iter().enumerate() {
        let (law, mut stream) = (sampler(toml), stream(i as u64));
        let ours = sorted((0..DRAWS).map(|_| law.draw(&mut stream).as_seconds()).collect());
        let distance = distance(&ours, of_sample(&oracle(toml)));
        assert!(distance < limit, "{toml}: distance {distance}");
    }
}

#[test]
fn the_mean_is_the_mean_of_the_draws() {
    for (i, toml) in LAWS.iter().enumerate() {
        let (law, mut stream) = (sampler(toml), stream(50 + i as u64));
        let draws = 1_000_000;
        let mean = (0..draws).map(|_| law.draw(&mut stream).as_seconds()).sum::<f64>() / f64::from(draws);
        let expected = law.mean_ns().unwrap() / 1e9;
        assert!((mean / expected - 1.0).abs() < 0.01, "{toml}: {mean} {expected}");
        assert!(toml.contains("weibull") || (expected - 100.0).abs() < 1e-6, "{toml}: {expected}");
    }
    assert_eq!(sampler("kind = 'pareto'\nmin = '1s'\nshape = 1").mean_ns(), None);
    assert_eq!(sampler("kind = 'weibull'\nshape = 0.001\nscale = '1s'").mean_ns(), None);
}

/// In equilibrium the residual life and the age have density (1 − F(x)) ÷ mean: the share of the mean of
/// min(L, x). The oracle takes it from rand_distr's sample.
#[test]
fn age_and_residual_life_follow_renewal_theory() {
    // The oracle is a sample, and that of a length-biased heavy tail converges slowly.
    let limit = 0.012;
    for (i, toml) in LAWS.iter().enumerate() {
        let lives = oracle(toml);
        let total: f64 = lives.iter().sum();
        let mut reached = vec![0.0];
        for life in &lives {
            reached.push(reached[reached.len() - 1] + life);
        }
        let cdf = |x: f64| {
            let below = lives.partition_point(|life| *life <= x);
            (reached[below] + (lives.len() - below) as f64 * x) / total
        };
        let (law, mut stream) = (sampler(toml), stream(100 + i as u64));
        let draws: Vec<_> = (0..DRAWS).map(|_| law.draw_in_equilibrium(&mut stream)).collect();
        let ages = sorted(draws.iter().map(|(age, _)| age.as_seconds()).collect());
        let residuals = sorted(draws.iter().map(|(_, residual)| residual.as_seconds()).collect());
        for (what, sample) in [("age", ages), ("residual", residuals)] {
            let distance = distance(&sample, cdf);
            assert!(distance < limit, "{what} of {toml}: distance {distance}");
        }
    }
}

#[test]
fn an_empirical_law_draws_its_values_and_in_equilibrium_by_their_length() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.csv"), "seconds\n1\n0\n2.5\n6.5\n").unwrap();
    let law = config("kind = 'empirical'\nfile = 's.csv'").compile("l", folder.path()).unwrap();
    assert_eq!(law.mean_ns(), Some(2.5e9));
    let mut stream = stream(7);
    let mut counts = std::collections::BTreeMap::new();
    let mut biased = std::collections::BTreeMap::new();
    for _ in 0..40_000 {
        *counts.entry(law.draw(&mut stream).0 / 100_000_000).or_insert(0u32) += 1;
        let (age, residual) = law.draw_in_equilibrium(&mut stream);
        *biased.entry((age.0 + residual.0) / 100_000_000).or_insert(0u32) += 1;
    }
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [0, 10, 25, 65]);
    assert!(counts.values().all(|count| count.abs_diff(10_000) < 400), "{counts:?}");
    assert_eq!(biased.keys().copied().collect::<Vec<_>>(), [10, 25, 65]);
    assert!((f64::from(biased[&65]) / 40_000.0 - 0.65).abs() < 0.01, "{biased:?}");
}

#[test]
fn known_bits() {
    let mut first = Vec::new();
    for toml in LAWS {
        let (law, mut stream) = (sampler(toml), stream(0));
        first.push(law.draw(&mut stream).0);
        first.push(law.draw_in_equilibrium(&mut stream).1.0);
    }
    assert_eq!(first, KNOWN, "a sampler changed: every result of every seed changes with it");
}

#[rustfmt::skip]
const KNOWN: [u64; 14] = [
    198793043103, 9744376881, 63697861900, 135278691192, 19857265459, 1430603333654, 213489927482,
    4553152386, 105305355779, 85934464673, 132889337716, 54909643829, 263646042, 433845456506,
];

#[test]
fn no_parameter_makes_a_draw_that_is_no_time() {
    for toml in [
        "kind = 'constant'\nvalue = '0s'",
        "kind = 'uniform'\nmin = '0s'\nmax = '580y'",
        "kind = 'lognormal'\nmedian = '1ns'\nmean = '500y'",
        "kind = 'weibull'\nshape = 0.001\nscale = '1s'",
        "kind = 'pareto'\nmin = '1s'\nshape = 0.001",
        "kind = 'exponential'\nmean = '580y'",
    ] {
        let (law, mut stream) = (sampler(toml), stream(1));
        for _ in 0..10_000 {
            law.draw(&mut stream);
        }
    }
}

#[test]
fn everything_wrong_is_told() {
    let problems = |toml: &str| {
        let problems = config(toml).compile("l", Path::new("nowhere")).unwrap_err();
        problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
    };
    for (toml, expected) in [
        ("kind = 'exponential'\nmean = '0s'", "`l.mean`: found 0s, expected more than no time"),
        ("kind = 'uniform'\nmin = '2s'\nmax = '1s'", "`l.max`: found 1s, expected at least `min`"),
        (
            "kind = 'lognormal'\nmedian = '2s'\nmean = '2s'",
            "`l.mean`: found 2s, expected more than the median: the law is skewed to the right",
        ),
        (
            "kind = 'weibull'\nshape = -1\nscale = '0s'",
            "`l.shape`: found -1, expected a number above 0\n`l.scale`: found 0s, expected more than no time",
        ),
        ("kind = 'pareto'\nmin = '1s'\nshape = inf", "`l.shape`: found inf, expected a number above 0"),
        (
            "kind = 'hyperexponential'\nweights = [0, nan]\nmeans = ['1s']",
            "`l.weights`: found NaN, expected weights of 0 or more\n\
             `l.means`: found 1 means, expected as many as `weights`: 2",
        ),
    ] {
        assert_eq!(problems(toml), expected);
    }
    assert!(problems("kind = 'empirical'\nfile = 'x.csv'").contains("x.csv: found no such file"));
    let unknown = toml::from_str::<Distribution>("kind = 'exponential'\nmean = '1s'\nmedian = '1s'");
    assert!(unknown.unwrap_err().to_string().contains("unknown field `median`"));
}

#[test]
fn a_bad_sample_names_its_line() {
    let folder = tempfile::tempdir().unwrap();
    for (text, expected) in [
        ("s\n", "s.csv: found no values"),
        ("60\n120\n", "s.csv:1: found the value `60`, expected a header\n  help: name the column"),
        ("s,t\n1,2\n", "s.csv:1: found 2 columns, expected one"),
        ("s\n1\n-2\n", "s.csv:3: `s`: found `-2`, which is negative; expected seconds, 0 or more"),
        ("s\n1\nnan\n", "s.csv:3: `s`: found `nan`, which is not finite"),
    ] {
        fs::write(folder.path().join("s.csv"), text).unwrap();
        let problems = config("kind = 'empirical'\nfile = 's.csv'").compile("l", folder.path()).unwrap_err();
        assert!(problems[0].to_string().contains(expected), "{}", problems[0]);
    }
}
