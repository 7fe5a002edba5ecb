//! Money and durations as `summary.json` has them.

use serde::{Deserialize, Deserializer};

/// Millionths of a dollar; in files a decimal string of dollars with six places.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct MicroUsd(pub i128);

impl MicroUsd {
    /// Returns the amount in whole cents, rounded half up.
    pub fn cents(self) -> i128 {
        const MICRO_USD_PER_CENT: i128 = 10_000;
        (self.0 + MICRO_USD_PER_CENT / 2).div_euclid(MICRO_USD_PER_CENT)
    }
}

impl<'de> Deserialize<'de> for MicroUsd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MicroUsd, D::Error> {
        let text = String::deserialize(deserializer)?;
        let expected =
            || serde::de::Error::custom(format!("`{text}` where dollars with six places are expected"));
        let (whole, places) =
            text.split_once('.').filter(|(_, places)| places.len() == 6).ok_or_else(expected)?;
        format!("{whole}{places}").parse().map(MicroUsd).map_err(|_| expected())
    }
}

/// Percentiles of durations \[s\].
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub struct LatencyFigures {
    /// Number of durations.
    pub count: u64,
    /// Mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p999: f64,
    /// Greatest.
    pub max: f64,
}
