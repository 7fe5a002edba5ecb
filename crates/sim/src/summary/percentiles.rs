//! Figures of a distribution of times: percentiles, mean, maximum.

use hdrhistogram::Histogram;

/// A percentile, or another figure of a distribution.
pub struct Figure {
    /// Name in `summary.json`.
    pub name: &'static str,
    /// Value \[ns\].
    pub ns: fn(&Histogram<u64>) -> u64,
}

/// The figures of a distribution, after its count. A percentile is the greatest value of its bucket, up to
/// a thousandth above what was recorded: HdrHistogram's convention, which its other readers share.
#[rustfmt::skip]
pub const FIGURES: [Figure; 6] = [
    Figure { name: "mean", ns: |histogram| histogram.mean().round() as u64 },
    Figure { name: "p50", ns: |histogram| histogram.value_at_quantile(0.5) },
    Figure { name: "p90", ns: |histogram| histogram.value_at_quantile(0.9) },
    Figure { name: "p99", ns: |histogram| histogram.value_at_quantile(0.99) },
    Figure { name: "p999", ns: |histogram| histogram.value_at_quantile(0.999) },
    Figure { name: "max", ns: |histogram| histogram.max() },
];
