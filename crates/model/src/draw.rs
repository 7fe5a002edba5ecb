//! The raw draws that distributions and arrival processes are made of, portable to the last bit.
//!
//! Every logarithm and exponential is the pinned `libm`'s, never the platform's: rand_distr falls back to
//! the C library as soon as any crate turns on `num-traits/std`, so only the tests use it, for comparison.

use plimsoll_base::engine::random::Stream;
use plimsoll_base::units::Duration;

/// Rounds nanoseconds to a [`Duration`]; saturates at 584 years. Infinity saturates too.
#[inline]
pub fn to_duration(ns: f64) -> Duration {
    debug_assert!(!ns.is_nan(), "a draw is not a number");
    Duration((ns + 0.5) as u64)
}

/// Draws uniformly from the open interval (0, 1), symmetric about one half.
#[inline]
fn open_unit(stream: &mut Stream) -> f64 {
    // 52 bits, so that the half step is exact and 1 is never reached.
    ((stream.bits() >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
}

/// Draws from the exponential distribution with mean 1.
#[inline]
pub fn exponential(stream: &mut Stream) -> f64 {
    -libm::log(stream.unit())
}

/// Draws a number of 0..`count` from exactly one draw, so that a longer list shifts no later draw. The bias is below
/// `count` ÷ 2⁶⁴.
#[inline]
pub fn index(stream: &mut Stream, count: u32) -> u32 {
    ((u128::from(stream.bits()) * u128::from(count)) >> 64) as u32
}

/// Draws from the standard normal distribution by inversion: one draw for one value, unlike polar methods.
#[inline]
pub fn normal(stream: &mut Stream) -> f64 {
    normal_quantile(open_unit(stream))
}

/// Returns the quantile of the standard normal for 0 < `p` < 1: algorithm AS 241, PPND16 (Wichura 1988), accurate to
/// about one part in 10¹⁶.
fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * ratio(r, &CENTRE);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = libm::sqrt(-libm::log(tail));
    let magnitude = if r <= 5.0 { ratio(r - 1.6, &FLANK) } else { ratio(r - 5.0, &TAIL) };
    if q < 0.0 { -magnitude } else { magnitude }
}

/// A ratio of two polynomials of degree 7, coefficients from the constant upwards.
type Ratio = [[f64; 8]; 2];

#[rustfmt::skip]
#[allow(clippy::excessive_precision)] // as published
const CENTRE: Ratio = [
    [3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
     4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3],
    [1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
     2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3],
];
#[rustfmt::skip]
#[allow(clippy::excessive_precision)] // as published
const FLANK: Ratio = [
    [1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
     1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4],
    [1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9],
];
#[rustfmt::skip]
#[allow(clippy::excessive_precision)] // as published
const TAIL: Ratio = [
    [6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
     2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7],
    [1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15],
];

fn ratio(r: f64, [above, below]: &Ratio) -> f64 {
    let polynomial = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, c| sum * r + c);
    polynomial(above) / polynomial(below)
}

/// Draws from the gamma distribution with `shape` ≥ 1 and scale 1 (Marsaglia and Tsang 2000, "A simple method for
/// generating gamma variables"). Takes a varying number of draws.
pub fn gamma(stream: &mut Stream, shape: f64) -> f64 {
    assert!(shape >= 1.0, "gamma of shape {shape} needs another method");
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let x = normal(stream);
        let root = 1.0 + c * x;
        let u = stream.unit();
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        if libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}

/// Draws from the geometric distribution over 1, 2, 3 … with this `mean` ≥ 1; from exactly one draw.
pub fn geometric(stream: &mut Stream, mean: f64) -> u32 {
    if mean <= 1.0 {
        stream.bits();
        return 1;
    }
    let more = libm::log(stream.unit()) / libm::log1p(-1.0 / mean);
    (1.0 + more) as u32
}

/// Draws from the Poisson distribution with this `mean` ≥ 0, exact in law up to f64 at any size. Takes a varying number of draws.
pub fn poisson(stream: &mut Stream, mean: f64) -> u64 {
    if mean < 10.0 { poisson_small(stream, mean) } else { poisson_large(stream, mean) }
}

/// Counts the exponential gaps that fit into `mean`.
fn poisson_small(stream: &mut Stream, mean: f64) -> u64 {
    let mut count = 0;
    let mut passed = exponential(stream);
    while passed <= mean {
        count += 1;
        passed += exponential(stream);
    }
    count
}

/// Draws by transformed rejection, algorithm PTRS (Hörmann 1993, "The transformed rejection method for generating
/// Poisson random variables"), for means of 10 and more.
fn poisson_large(stream: &mut Stream, mean: f64) -> u64 {
    let b = 0.931 + 2.53 * libm::sqrt(mean);
    let a = -0.059 + 0.02483 * b;
    let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    let accepted_at_once = 0.9277 - 3.6224 / (b - 2.0);
    let log_mean = libm::log(mean);
    loop {
        let u = open_unit(stream) - 0.5;
        let v = open_unit(stream);
        let us = 0.5 - u.abs();
        let k = libm::floor((2.0 * a / us + b) * u + mean + 0.43);
        if us >= 0.07 && v <= accepted_at_once {
            return k as u64;
        }
        if k < 0.0 || (us < 0.013 && v > us) {
            continue;
        }
        let hat = libm::log(v) + libm::log(inverse_alpha) - libm::log(a / (us * us) + b);
        if hat <= k * log_mean - mean - libm::lgamma(k + 1.0) {
            return k as u64;
        }
    }
}

/// A weighted choice in constant time and from exactly one draw: an alias table (Walker 1977, built as
/// Vose 1991).
#[derive(Clone, Debug)]
pub struct AliasTable {
    /// Per column: the part of it, of 2⁶⁴, that is its own, and the owner of the rest.
    columns: Vec<(u64, u32)>,
}

impl AliasTable {
    /// Prepares draws by weights that are finite, not negative and not all zero.
    pub fn new(weights: &[f64]) -> AliasTable {
        let total: f64 = weights.iter().sum();
        assert!(total > 0.0 && total.is_finite(), "weights {weights:?} cannot be chosen from");
        let mut share: Vec<f64> = weights.iter().map(|w| w / total * weights.len() as f64).collect();
        let (mut small, mut large): (Vec<u32>, Vec<u32>) =
            (0..weights.len() as u32).rev().partition(|&i| share[i as usize] < 1.0);
        let mut columns: Vec<(u64, u32)> = (0..weights.len() as u32).map(|i| (u64::MAX, i)).collect();
        while let (Some(lean), Some(&rich)) = (small.pop(), large.last()) {
            columns[lean as usize] = ((share[lean as usize] * (1u128 << 64) as f64) as u64, rich);
            share[rich as usize] -= 1.0 - share[lean as usize];
            if share[rich as usize] < 1.0 {
                large.pop();
                small.push(rich);
            }
        }
        AliasTable { columns }
    }

    /// Returns the index of the one chosen.
    #[inline]
    pub fn draw(&self, stream: &mut Stream) -> usize {
        let product = u128::from(stream.bits()) * self.columns.len() as u128;
        let column = (product >> 64) as usize;
        let (own, other) = self.columns[column];
        if (product as u64) < own { column } else { other as usize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};
    use statrs::distribution::{ContinuousCDF, Discrete, Normal, Poisson};

    fn stream(entity: u64) -> Stream {
        Seed(11).stream(Purpose::Lifetime, entity)
    }

    #[test]
    fn the_normal_quantile_is_the_inverse_of_the_normal() {
        let normal = Normal::standard();
        for p in [1e-300, 1e-20, 1e-9, 0.01, 0.0749, 0.0751, 0.3, 0.5, 0.7, 0.925, 0.99, 1.0 - 1e-12] {
            let (ours, theirs) = (normal_quantile(p), normal.inverse_cdf(p));
            assert!((ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0), "{p}: {ours} {theirs}");
        }
        assert_eq!(normal_quantile(0.5), 0.0);
        assert_eq!(normal_quantile(0.25), -normal_quantile(0.75));
        // Its bits, three units in the last place below the true 1.95996398454005423….
        assert_eq!(normal_quantile(0.975).to_bits(), 4611505712243081090);
    }

    #[test]
    fn poisson_follows_its_law_on_both_sides_of_the_switch() {
        for mean in [0.3, 9.5, 10.5, 40.0] {
            let mut stream = stream(1);
            let draws = 200_000;
            let mut counts = vec![0u32; 200];
            for _ in 0..draws {
                counts[poisson(&mut stream, mean) as usize] += 1;
            }
            let law = Poisson::new(mean).unwrap();
            let (mut chi, mut cells) = (0.0, 0.0);
            for (k, &count) in counts.iter().enumerate() {
                let expected = law.pmf(k as u64) * f64::from(draws);
                if expected >= 20.0 {
                    chi += (f64::from(count) - expected) * (f64::from(count) - expected) / expected;
                    cells += 1.0;
                }
            }
            // Mean and three standard deviations of chi-square.
            let limit = cells + 3.0 * libm::sqrt(2.0 * cells);
            assert!(chi < limit, "mean {mean}: chi-square {chi} of {cells} cells");
        }
    }

    #[test]
    fn poisson_of_a_large_fleet_has_its_mean_and_variance() {
        let (mean, draws) = (14_400_000.0, 20_000);
        let mut stream = stream(2);
        let deviations: Vec<f64> = (0..draws).map(|_| poisson(&mut stream, mean) as f64 - mean).collect();
        let average = deviations.iter().sum::<f64>() / f64::from(draws);
        let variance = deviations.iter().map(|d| d * d).sum::<f64>() / f64::from(draws);
        assert!(average.abs() < 3.0 * libm::sqrt(mean / f64::from(draws)), "{average}");
        assert!((variance / mean - 1.0).abs() < 0.03, "{variance}");
    }

    #[test]
    fn a_choice_follows_its_weights_and_never_takes_a_zero() {
        let weights = [3.0, 0.0, 1.0, 4.0];
        let choice = AliasTable::new(&weights);
        let mut stream = stream(3);
        let mut counts = [0u32; 4];
        for _ in 0..80_000 {
            counts[choice.draw(&mut stream)] += 1;
        }
        assert_eq!(counts[1], 0);
        for (count, weight) in counts.iter().zip(weights) {
            assert!((f64::from(*count) - weight * 10_000.0).abs() < 400.0, "{counts:?}");
        }
        assert_eq!(AliasTable::new(&[2.0]).draw(&mut stream), 0);
    }

    #[test]
    fn geometric_has_its_mean_and_begins_at_one() {
        let mut stream = stream(4);
        let sizes: Vec<u32> = (0..100_000).map(|_| geometric(&mut stream, 5.0)).collect();
        let mean = sizes.iter().map(|&n| f64::from(n)).sum::<f64>() / 100_000.0;
        assert!((mean - 5.0).abs() < 0.05, "{mean}");
        assert_eq!(sizes.iter().min(), Some(&1));
        assert_eq!(geometric(&mut stream, 1.0), 1);
    }
}
