//! `comparison.json`: variants beside each other, metric by metric, written and read.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{JSON, notes};
use crate::load::{json, typed};
use crate::manifest;
use plimsoll_base::input::InputError;
use plimsoll_experiment::comparison::{Arm, Comparison, ComparisonRow};
use plimsoll_experiment::metric;
use plimsoll_experiment::statistics::{Interval, Normality};
use plimsoll_experiment::verdict::{self, Certainty, Reason};

/// The schema of this version.
const SCHEMA: &str = "plimsoll/comparison/1";

/// Ends of an interval.
pub type Ends = (f64, f64);

/// Result of a comparison.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ComparisonData {
    /// Schema of the file.
    pub schema: String,
    /// Version of plimsoll.
    pub version: String,
    /// Name of the scenario.
    pub scenario: String,
    /// First seed.
    pub seed: u64,
    /// Label of the variant that all others are compared with.
    pub baseline: String,
    /// Most runs of a variant.
    pub replications: usize,
    /// Confidence of all intervals together, 0 to 1.
    pub confidence: f64,
    /// Confidence of each of them, 0 to 1.
    pub confidence_each: f64,
    /// Number of intervals that hold together.
    pub intervals: usize,
    /// True if the precision asked for was reached; `None` where none was asked for.
    pub precise: Option<bool>,
    /// Variants, the baseline first.
    pub variants: Vec<VariantData>,
    /// Metrics, in the order of the register.
    pub metrics: Vec<MetricData>,
    /// Sentences on how sure the figures are.
    pub notes: Vec<String>,
    /// `manifest.json`.
    #[serde(skip)]
    pub manifest: Value,
}

/// Variant of a comparison.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct VariantData {
    /// Name.
    pub label: String,
    /// Settings, as `--set` takes them.
    pub set: Vec<String>,
    /// Name of the placement strategy.
    pub strategy: String,
    /// SHA-256 of the resolved scenario, in hexadecimal.
    pub scenario_sha256: String,
    /// True if the seed plays no part, so that figures have no spread.
    pub exact: bool,
    /// Seed of each run.
    pub seeds: Vec<u64>,
    /// Digest of each run.
    pub digests: Vec<String>,
    /// Launches of all runs.
    pub launches: Launches,
    /// Time after which the runs no longer drift \[s\]; `None` where they always do, or this is not known.
    pub settled_from_s: Option<f64>,
}

/// Launches of all runs of a variant \[instances\].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Launches {
    /// Number requested.
    pub requested: u64,
    /// Number launched.
    pub succeeded: u64,
    /// Interval of the share that was launched, 0 to 1.
    pub interval: Option<Ends>,
    /// Evidence that the shares of the runs are about normal: `plausible`, `untold` or `doubtful`.
    pub normality: Option<NormalityData>,
}

/// Metric of every variant.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MetricData {
    /// Path.
    pub metric: String,
    /// Unit.
    pub unit: String,
    /// Direction that is good: `higher`, `lower`, `neither`.
    pub better: String,
    /// Figures of each variant, in their order.
    pub variants: Vec<VariantMetricData>,
}

/// Metric of one variant, and its difference to the baseline's.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct VariantMetricData {
    /// Label of the variant.
    pub label: String,
    /// Mean over the runs; `None` where a run has no value.
    pub mean: Option<f64>,
    /// Interval of the mean by itself.
    pub mean_interval: Option<Ends>,
    /// Value of each run; `None` where one has none.
    pub values: Option<Vec<f64>>,
    /// Verdict on the difference; the baseline has none.
    #[serde(flatten)]
    pub judgement: Option<Judgement>,
    /// Difference; none where one of the two has no value.
    #[serde(flatten)]
    pub difference: Option<DifferenceData>,
    /// Estimate of the difference from several pairs of runs with a seed in common.
    #[serde(flatten)]
    pub estimate: Option<PairedData>,
}

/// Verdict and its reason.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Judgement {
    /// Verdict.
    pub verdict: VerdictData,
    /// Reason why the two are not comparable, in words.
    pub reason: Option<String>,
}

/// Verdict on a difference.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictData {
    /// Difference to the good.
    Better,
    /// Difference to the bad.
    Worse,
    /// No difference, and nothing random about it.
    Same,
    /// Too few runs differ for an interval.
    TooFewEvents,
    /// The interval holds zero.
    NoDifferenceShown,
    /// The figures cannot say which is better.
    NotComparable,
}

/// Difference of the means.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct DifferenceData {
    /// Mean of the variant less mean of the baseline, in the unit of the metric.
    #[serde(rename = "difference")]
    pub mean: f64,
    /// Difference ÷ mean of the baseline; `None` where that is 0.
    #[serde(default, rename = "relative_difference")]
    pub relative: Option<f64>,
    /// True if it is no estimate: neither run draws anything from the seed.
    #[serde(default)]
    pub exact: bool,
}

/// Estimate of a difference from several pairs of runs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PairedData {
    /// Enough pairs differ for an interval.
    Paired(EstimateData),
    /// Too few pairs differ for an interval.
    Sparse(Sparse),
}

/// Estimate with an interval.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct EstimateData {
    /// Pairs of runs.
    #[serde(default)]
    pub pairs: usize,
    /// Interval, with the confidence of all intervals together.
    pub interval: Ends,
    /// Interval as if it were the only one.
    #[serde(default)]
    pub interval_alone: Option<Ends>,
    /// Interval of the median difference.
    #[serde(default)]
    pub median_interval: Option<Ends>,
    /// Correlation of the pairs; `None` where either does not vary.
    #[serde(default)]
    pub correlation: Option<f64>,
    /// Evidence that the differences are about normal, which the intervals suppose.
    #[serde(default)]
    pub normality: NormalityData,
}

/// Evidence that values are about normal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NormalityData {
    /// Values of the shape of normal ones.
    Plausible,
    /// Values that are too few to tell.
    #[default]
    Untold,
    /// Values of another shape.
    Doubtful,
}

impl NormalityData {
    fn of(normality: Normality) -> NormalityData {
        match normality {
            Normality::Plausible => NormalityData::Plausible,
            Normality::Untold => NormalityData::Untold,
            Normality::Doubtful => NormalityData::Doubtful,
        }
    }

    /// Returns the name in files.
    pub fn name(self) -> &'static str {
        match self {
            NormalityData::Plausible => Normality::Plausible.name(),
            NormalityData::Untold => Normality::Untold.name(),
            NormalityData::Doubtful => Normality::Doubtful.name(),
        }
    }
}

/// Estimate without an interval.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Sparse {
    /// Pairs of runs.
    pub pairs: usize,
    /// Pairs that differ.
    pub pairs_that_differ: usize,
    /// Pairs that would suffice if the same share of them differed.
    pub pairs_that_would_tell: usize,
}

impl ComparisonData {
    /// Returns the data of a finished comparison, without a manifest.
    pub fn of(comparison: &Comparison) -> ComparisonData {
        let baseline = &comparison.arms[0];
        let variants = comparison.arms.iter().zip(&comparison.design.variants);
        ComparisonData {
            schema: SCHEMA.to_string(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            scenario: baseline.scenario.name.clone(),
            seed: baseline.scenario.seed,
            baseline: baseline.label.clone(),
            replications: comparison.replications(),
            confidence: comparison.confidence.alone,
            confidence_each: comparison.confidence.each,
            intervals: comparison.family,
            precise: comparison.precise,
            variants: variants
                .map(|(arm, of)| VariantData::of(arm, of, comparison.confidence.alone))
                .collect(),
            metrics: comparison.metrics().into_iter().map(|path| MetricData::of(path, comparison)).collect(),
            notes: notes::notes(comparison),
            manifest: Value::Null,
        }
    }

    /// Reads the result in a folder.
    ///
    /// # Errors
    ///
    /// A file that is missing, or holds something else than plimsoll writes.
    pub fn open(folder: &Path) -> Result<ComparisonData, InputError> {
        let comparison: ComparisonData = typed(folder, JSON)?;
        Ok(ComparisonData { manifest: json(folder, manifest::FILE)?, ..comparison })
    }
}

impl VariantData {
    fn of(arm: &Arm, variant: &plimsoll_experiment::Variant, confidence: f64) -> VariantData {
        let (succeeded, requested) = arm.launches();
        let interval = arm.success_interval(confidence);
        VariantData {
            label: arm.label.clone(),
            set: variant.overrides.set.clone(),
            strategy: arm.scenario.placement.strategy.name.clone(),
            scenario_sha256: arm.scenario.hash(),
            exact: arm.certain,
            seeds: arm.figures.iter().map(|figures| figures.seed).collect(),
            digests: arm.figures.iter().map(|figures| figures.digest.clone()).collect(),
            launches: Launches {
                requested,
                succeeded,
                interval: interval.map(ends),
                normality: interval.and_then(|_| arm.success_normality()).map(NormalityData::of),
            },
            settled_from_s: arm.settled_from_s().flatten(),
        }
    }
}

impl MetricData {
    fn of(path: &str, comparison: &Comparison) -> MetricData {
        let rows = comparison.rows.iter().filter(|row| row.metric == path);
        MetricData {
            metric: path.to_string(),
            unit: metric::unit(path).to_string(),
            better: metric::better(path).name().to_string(),
            variants: rows.map(|row| VariantMetricData::of(row, &comparison.arms[row.arm])).collect(),
        }
    }
}

impl VariantMetricData {
    fn of(row: &ComparisonRow, arm: &Arm) -> VariantMetricData {
        VariantMetricData {
            label: arm.label.clone(),
            mean: row.mean,
            mean_interval: row.interval.map(ends),
            values: arm.values(&row.metric),
            judgement: row.verdict.map(Judgement::of),
            difference: row.difference.as_ref().map(DifferenceData::of),
            estimate: row.difference.as_ref().and_then(|difference| PairedData::of(&difference.certainty)),
        }
    }

    /// Returns the verdict; the baseline has none.
    pub fn verdict(&self) -> Option<VerdictData> {
        self.judgement.as_ref().map(|judgement| judgement.verdict)
    }

    /// Returns the estimate with an interval, where there is one.
    pub fn paired(&self) -> Option<&EstimateData> {
        match &self.estimate {
            Some(PairedData::Paired(paired)) => Some(paired),
            _ => None,
        }
    }
}

impl Judgement {
    fn of(verdict: verdict::Verdict) -> Judgement {
        let reason = match verdict {
            verdict::Verdict::NotComparable(reason) => Some(Reason::words(reason).to_string()),
            _ => None,
        };
        let verdict = match verdict {
            verdict::Verdict::Better => VerdictData::Better,
            verdict::Verdict::Worse => VerdictData::Worse,
            verdict::Verdict::Same => VerdictData::Same,
            verdict::Verdict::TooFewEvents => VerdictData::TooFewEvents,
            verdict::Verdict::NotShown => VerdictData::NoDifferenceShown,
            verdict::Verdict::NotComparable(_) => VerdictData::NotComparable,
        };
        Judgement { verdict, reason }
    }

    /// Returns the verdict in words, or the reason why there is none.
    pub fn words(&self) -> &str {
        match (&self.reason, self.verdict) {
            (Some(reason), _) => reason,
            (None, VerdictData::Better) => "better",
            (None, VerdictData::Worse) => "worse",
            (None, VerdictData::Same) => "the same",
            (None, VerdictData::TooFewEvents) => "too few events",
            (None, VerdictData::NoDifferenceShown) => "no difference shown",
            (None, VerdictData::NotComparable) => "not comparable",
        }
    }
}

impl VerdictData {
    /// Returns the name in files.
    pub fn name(self) -> &'static str {
        match self {
            VerdictData::Better => "better",
            VerdictData::Worse => "worse",
            VerdictData::Same => "same",
            VerdictData::TooFewEvents => "too-few-events",
            VerdictData::NoDifferenceShown => "no-difference-shown",
            VerdictData::NotComparable => "not-comparable",
        }
    }
}

impl DifferenceData {
    fn of(difference: &verdict::Difference) -> DifferenceData {
        let exact = difference.certainty == Certainty::Exact;
        DifferenceData { mean: difference.mean, relative: difference.relative, exact }
    }
}

impl PairedData {
    fn of(certainty: &Certainty) -> Option<PairedData> {
        match certainty {
            Certainty::Exact | Certainty::OnePair => None,
            Certainty::Sparse(variety) => Some(PairedData::Sparse(Sparse {
                pairs: variety.values,
                pairs_that_differ: variety.differing,
                pairs_that_would_tell: variety.needed(),
            })),
            Certainty::Paired(paired) => Some(PairedData::Paired(EstimateData {
                pairs: paired.replications,
                interval: ends(paired.interval),
                interval_alone: Some(ends(paired.alone)),
                median_interval: paired.median.map(ends),
                correlation: paired.correlation,
                normality: NormalityData::of(paired.normality),
            })),
        }
    }
}

fn ends(interval: Interval) -> Ends {
    (interval.low, interval.high)
}
