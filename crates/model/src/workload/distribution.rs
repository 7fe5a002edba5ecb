//! Distributions of times: their form in a scenario, and the sampler of each.
//!
//! Samplers are inverse transforms on `libm`: the same bits on every machine, and (gamma apart, which
//! only the equilibrium of a Weibull law needs) a fixed number of draws per value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

use super::settings::Settings;
use crate::draw::{self, AliasTable, exponential, to_duration};
use plimsoll_base::engine::random::Stream;
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::table::Table;
use plimsoll_base::units::{Duration, parse_seconds};

/// A distribution of times.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Distribution {
    /// Constant time.
    Constant {
        /// The time.
        value: Duration,
    },
    /// Without memory.
    Exponential {
        /// Mean.
        mean: Duration,
    },
    /// Equally likely between two ends.
    Uniform {
        /// Shortest.
        min: Duration,
        /// Longest.
        max: Duration,
    },
    /// The exponential of a normal variable.
    Lognormal {
        /// Median.
        median: Duration,
        /// Mean, above the median.
        mean: Duration,
    },
    /// With a hazard that falls (`shape` below 1) or rises (above 1) with age.
    Weibull {
        /// Exponent k of the age, above 0.
        shape: f64,
        /// The time that a share of 1/e outlives.
        scale: Duration,
    },
    /// With a power-law tail; its mean is infinite for a `shape` of 1 or less.
    Pareto {
        /// Shortest.
        min: Duration,
        /// Exponent α of the tail, above 0.
        shape: f64,
    },
    /// A mixture of exponentials.
    Hyperexponential {
        /// Relative frequency of each part.
        weights: Vec<f64>,
        /// Mean of each part.
        means: Vec<Duration>,
    },
    /// Drawn again from a sample, each value equally likely, nothing between them.
    Empirical {
        /// A table (CSV, `.gz` allowed, or Parquet) of one column with a header: times \[s\]. Relative to
        /// the scenario file.
        file: PathBuf,
    },
}

impl Distribution {
    /// Returns the sampler, or everything that is wrong with the settings. `key` is the dotted path of the
    /// distribution in the scenario, `base_dir` the folder of the scenario file.
    pub fn compile(&self, key: &str, base_dir: &Path) -> Result<Sampler, Vec<Problem>> {
        let mut settings = Settings::at(key);
        match self {
            Distribution::Constant { value } => settings.finish(|| Law::Constant(*value)),
            Distribution::Exponential { mean } => {
                settings.lasting("mean", *mean);
                settings.finish(|| Law::Exponential { mean: ns(*mean) })
            }
            Distribution::Uniform { min, max } => {
                if max < min {
                    settings.wrong("max", max, "at least `min`");
                }
                settings.finish(|| Law::Uniform { min: ns(*min), max: ns(*max) })
            }
            Distribution::Lognormal { median, mean } => {
                settings.lasting("median", *median);
                if mean <= median {
                    settings.wrong("mean", mean, "more than the median: the law is skewed to the right");
                }
                settings.finish(|| lognormal(ns(*median), ns(*mean)))
            }
            Distribution::Weibull { shape, scale } => {
                settings.positive("shape", *shape);
                settings.lasting("scale", *scale);
                settings.finish(|| Law::Weibull { scale: ns(*scale), power: 1.0 / shape })
            }
            Distribution::Pareto { min, shape } => {
                settings.lasting("min", *min);
                settings.positive("shape", *shape);
                settings.finish(|| Law::Pareto { min: ns(*min), shape: *shape })
            }
            Distribution::Hyperexponential { weights, means } => hyperexponential(settings, weights, means),
            Distribution::Empirical { file } => empirical(&base_dir.join(file)).map_err(|p| vec![p]),
        }
        .map(Sampler)
    }
}

fn ns(duration: Duration) -> f64 {
    duration.0 as f64
}

fn lognormal(median: f64, mean: f64) -> Law {
    // mean = median · exp(σ²/2).
    Law::Lognormal { median, sigma: libm::sqrt(2.0 * libm::log(mean / median)) }
}

fn hyperexponential(
    mut settings: Settings,
    weights: &[f64],
    means: &[Duration],
) -> Result<Law, Vec<Problem>> {
    settings.weights("weights", weights);
    if means.len() != weights.len() {
        let expected = format!("as many as `weights`: {}", weights.len());
        settings.wrong("means", format!("{} means", means.len()), &expected);
    }
    for (i, mean) in means.iter().enumerate() {
        settings.lasting(&format!("means.{i}"), *mean);
    }
    settings.finish(|| {
        let means: Vec<f64> = means.iter().map(|mean| ns(*mean)).collect();
        let total: f64 = weights.iter().sum();
        let time: Vec<f64> = weights.iter().zip(&means).map(|(w, m)| w / total * m).collect();
        Law::Hyperexponential(Box::new(Hyperexponential {
            part: AliasTable::new(weights),
            part_by_time: AliasTable::new(&time),
            mean: time.iter().sum(),
            means,
        }))
    })
}

fn empirical(file: &Path) -> Result<Law, Problem> {
    let mut table = Table::open(file)?;
    if table.header().len() != 1 {
        let found = format!("found {} columns, expected one: times in seconds", table.header().len());
        return Err(Problem::new(Place::file(file).at_line(1), found));
    }
    if parse_seconds(&table.header()[0]).is_ok() {
        let found = format!("found the value `{}`, expected a header", table.header()[0]);
        return Err(Problem::new(Place::file(file).at_line(1), found)
            .with_help("name the column in the first line, such as `seconds`"));
    }
    let mut values = Vec::new();
    while table.advance()? {
        values.push(table.parse(0, "seconds, 0 or more", parse_seconds)?);
    }
    if values.is_empty() {
        return Err(Problem::new(
            Place::file(file),
            "found no values, expected at least one below the header",
        ));
    }
    let mut reached = 0.0;
    let reached: Vec<f64> = values
        .iter()
        .map(|value| {
            reached += ns(*value);
            reached
        })
        .collect();
    Ok(Law::Empirical(Box::new(Empirical { values, reached })))
}

/// Sampler of the times of one distribution.
#[derive(Clone, Debug)]
pub struct Sampler(Law);

/// The laws, with their parameters in \[ns\].
#[derive(Clone, Debug)]
enum Law {
    Constant(Duration),
    Exponential { mean: f64 },
    Uniform { min: f64, max: f64 },
    Lognormal { median: f64, sigma: f64 },
    Weibull { scale: f64, power: f64 },
    Pareto { min: f64, shape: f64 },
    Hyperexponential(Box<Hyperexponential>),
    Empirical(Box<Empirical>),
}

#[derive(Clone, Debug)]
struct Hyperexponential {
    part: AliasTable,
    /// Chooses a part by the share of time spent in it: weight times mean.
    part_by_time: AliasTable,
    means: Vec<f64>,
    mean: f64,
}

#[derive(Clone, Debug)]
struct Empirical {
    values: Vec<Duration>,
    /// Sums of the values up to each one \[ns\].
    reached: Vec<f64>,
}

impl Sampler {
    /// Draws a duration.
    #[inline]
    pub fn draw(&self, stream: &mut Stream) -> Duration {
        to_duration(match &self.0 {
            Law::Exponential { mean } => mean * exponential(stream),
            Law::Constant(value) => return *value,
            Law::Uniform { min, max } => min + (max - min) * stream.unit(),
            Law::Lognormal { median, sigma } => median * libm::exp(sigma * draw::normal(stream)),
            Law::Weibull { scale, power } => scale * libm::pow(exponential(stream), *power),
            Law::Pareto { min, shape } => pareto(stream, *min, *shape),
            Law::Hyperexponential(law) => law.means[law.part.draw(stream)] * exponential(stream),
            Law::Empirical(law) => {
                return law.values[stream.below(law.values.len() as u64) as usize];
            }
        })
    }

    /// Returns true if every time is of no length.
    #[inline]
    pub fn takes_no_time(&self) -> bool {
        matches!(self.0, Law::Constant(Duration::ZERO))
    }

    /// Returns the mean \[ns\], or `None` where it is infinite.
    pub fn mean_ns(&self) -> Option<f64> {
        let mean = match &self.0 {
            Law::Constant(value) => ns(*value),
            Law::Exponential { mean } => *mean,
            Law::Uniform { min, max } => (min + max) / 2.0,
            Law::Lognormal { median, sigma } => median * libm::exp(sigma * sigma / 2.0),
            Law::Weibull { scale, power } => scale * libm::tgamma(1.0 + power),
            Law::Pareto { shape, .. } if *shape <= 1.0 => f64::INFINITY,
            Law::Pareto { min, shape } => min * shape / (shape - 1.0),
            Law::Hyperexponential(law) => law.mean,
            Law::Empirical(law) => law.reached[law.reached.len() - 1] / law.reached.len() as f64,
        };
        mean.is_finite().then_some(mean)
    }

    /// Draws the age and residual life of a lifetime under way in equilibrium: its total length is drawn in proportion to
    /// length, and a uniform share of it has passed (inspection paradox). The mean must be finite and above
    /// zero.
    pub fn draw_in_equilibrium(&self, stream: &mut Stream) -> (Duration, Duration) {
        let memoryless = |mean: f64, stream: &mut Stream| {
            (to_duration(mean * exponential(stream)), to_duration(mean * exponential(stream)))
        };
        let total = match &self.0 {
            Law::Exponential { mean } => return memoryless(*mean, stream),
            Law::Hyperexponential(law) => {
                return memoryless(law.means[law.part_by_time.draw(stream)], stream);
            }
            Law::Constant(value) => *value,
            Law::Uniform { min, max } => {
                to_duration(libm::sqrt(min * min + stream.unit() * (max * max - min * min)))
            }
            // Weighting by x moves the mean of ln x by σ².
            Law::Lognormal { median, sigma } => {
                to_duration(median * libm::exp(sigma * (draw::normal(stream) + sigma)))
            }
            // (x/scale)^k is exponential; weighted by x it is gamma with shape 1 + 1/k.
            Law::Weibull { scale, power } => {
                to_duration(scale * libm::pow(draw::gamma(stream, 1.0 + power), *power))
            }
            Law::Pareto { min, shape } => {
                assert!(*shape > 1.0, "no equilibrium: the mean is infinite");
                to_duration(pareto(stream, *min, shape - 1.0))
            }
            Law::Empirical(law) => {
                let at = law.reached[law.reached.len() - 1] * stream.unit();
                law.values[law.reached.partition_point(|reached| *reached < at)]
            }
        };
        let residual = Duration((ns(total) * stream.unit()) as u64).min(total);
        (Duration(total.0 - residual.0), residual)
    }
}

fn pareto(stream: &mut Stream, min: f64, shape: f64) -> f64 {
    min * libm::pow(stream.unit(), -1.0 / shape)
}

#[cfg(test)]
mod tests;
