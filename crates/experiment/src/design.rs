//! Design of a comparison: variants, replications, metrics, confidence.

use std::path::PathBuf;

use super::margin::Margin;
use super::metric;
use super::trial::Variant;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_sim::scenario::Scenario;

/// Metrics that are compared by default: refusals, use of the fleet, cost.
pub const DEFAULT_METRICS: [&str; 9] = [
    "launch.success_ratio",
    "launch.failed",
    "fleet.hosts_used_mean",
    "fleet.hosts_used_peak",
    "fleet.packing_density_vcpu_mean",
    "fleet.packing_density_memory_mean",
    "fleet.stranded_vcpu_ratio_mean",
    "fleet.stranded_memory_ratio_mean",
    "billing.total",
];

/// Default metric whose interval decides when there are enough replications.
pub const DEFAULT_PRECISION_METRIC: &str = "launch.success_ratio";

/// A comparison to make.
#[derive(Clone, Debug)]
pub struct Design {
    /// The scenario file.
    pub scenario: PathBuf,
    /// The variants, at least two, each with a label of its own. The first is the baseline. Their seeds, if any, are
    /// the first of the replications.
    pub variants: Vec<Variant>,
    /// Replications of each, at least one; the least where there is a precision to reach.
    pub replications: usize,
    /// Precision of the differences.
    pub precision: Option<Precision>,
    /// Metrics or tables of them to compare; none: [`DEFAULT_METRICS`].
    pub metrics: Vec<String>,
    /// Confidence that all intervals hold together, between 0 and 1.
    pub confidence: f64,
}

/// Precision at which no more replications are added.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Precision {
    /// The most half an interval may be.
    pub half_width: Margin,
    /// The most replications of each variant.
    pub most_replications: usize,
}

impl Design {
    /// Checks the design before anything runs.
    pub fn check(&self) -> Result<(), InputError> {
        let place = Place::key("--metrics");
        let mut problems: Vec<Problem> =
            self.metrics.iter().filter_map(|name| metric::check(name, &place).err()).collect();
        for (number, variant) in self.variants.iter().enumerate() {
            if self.variants[..number].iter().any(|earlier| earlier.label == variant.label) {
                let message =
                    format!("two variants are called `{}`, expected names of their own", variant.label);
                problems.push(Problem::new(Place::default(), message).with_help("give one another label"));
            }
        }
        if self.variants.len() < 2 {
            let problem = Problem::new(
                Place::key("--variant"),
                "found nothing to compare, expected two variants or more",
            );
            problems.push(problem.with_help(
                "name strategies (`--strategies first-fit,spread`) or settings \
                 (`--variant larger:zones.0.hosts.0.count=1050`)",
            ));
        }
        if problems.is_empty() { Ok(()) } else { Err(InputError(problems)) }
    }

    /// Reads the scenario of every variant; a problem of several is reported once.
    pub fn scenarios(&self) -> Result<Vec<Scenario>, InputError> {
        let mut problems: Vec<Problem> = Vec::new();
        let mut scenarios = Vec::new();
        for variant in &self.variants {
            match variant.read(&self.scenario) {
                Ok(scenario) => scenarios.push(scenario),
                Err(InputError(found)) => {
                    let new: Vec<Problem> =
                        found.into_iter().filter(|problem| !problems.contains(problem)).collect();
                    problems.extend(new);
                }
            }
        }
        if problems.is_empty() { Ok(scenarios) } else { Err(InputError(problems)) }
    }

    /// Returns the names of the metrics that are compared.
    pub fn metrics(&self) -> Vec<&str> {
        match self.metrics.is_empty() {
            true => DEFAULT_METRICS.to_vec(),
            false => self.metrics.iter().map(String::as_str).collect(),
        }
    }

    /// Returns the names of the metrics that are to be known precisely.
    pub fn precise_metrics(&self) -> Vec<&str> {
        if self.metrics.is_empty() { vec![DEFAULT_PRECISION_METRIC] } else { self.metrics() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_sim::scenario::Overrides;

    fn design(labels: &[&str], metrics: &[&str]) -> Design {
        let variant = |label: &&str| Variant { label: label.to_string(), overrides: Overrides::default() };
        Design {
            scenario: PathBuf::new(),
            variants: labels.iter().map(variant).collect(),
            replications: 1,
            precision: None,
            metrics: metrics.iter().map(|name| name.to_string()).collect(),
            confidence: 0.95,
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let told =
            design(&["a", "a"], &["launch.faild", "latency_s", "latency_s.launch.p99", "fleet"]).check();
        let told = told.unwrap_err().to_string();
        assert!(told.contains("did you mean `launch.failed`"), "{told}");
        assert!(told.contains("two variants are called `a`"), "{told}");
        assert!(!told.contains("latency_s") && !told.contains("`fleet`:"), "{told}");
        let told = design(&["a"], &["engine.wall_s"]).check().unwrap_err().to_string();
        assert!(told.contains("nothing to compare") && told.contains("`engine.wall_s`"), "{told}");
        assert_eq!(design(&["a", "b"], &[]).check(), Ok(()));
        assert_eq!(design(&["a", "b"], &[]).metrics(), DEFAULT_METRICS);
    }
}
