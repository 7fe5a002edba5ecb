//! The scenario's own small tables: life of an instance, output.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::step_time::StepTime;
use plimsoll_base::input::Problem;
use plimsoll_base::units::Duration;

/// `[lifecycle]`: durations of the steps of an instance's life.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LifecycleConfig {
    /// Time from an accepted launch or start to `running`: a duration, or a distribution; default 0s.
    pub boot: StepTime,
    /// Time from an accepted stop to `stopped`, likewise; default 0s.
    pub stop: StepTime,
    /// Time from an accepted terminate to `terminated`, likewise; default 0s.
    pub terminate: StepTime,
    /// Answer to a start of a running instance and a stop of a stopped one; default `refuse`.
    #[serde(skip_serializing_if = "RepeatedCalls::is_refuse")]
    pub repeated_calls: RepeatedCalls,
}

/// Answer to a call that asks for the state that an instance is in or is entering.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RepeatedCalls {
    /// Refusal with `IncorrectInstanceState`: EC2's documentation does not promise that it passes.
    #[default]
    Refuse,
    /// Success without a change, as was seen of EC2.
    Pass,
}

impl LifecycleConfig {
    /// Returns everything that is wrong with its distributions.
    pub fn validate(&self) -> Vec<Problem> {
        let steps = [("boot", &self.boot), ("stop", &self.stop), ("terminate", &self.terminate)];
        let wrong = |(name, time): (&str, &StepTime)| match time {
            StepTime::Fixed(_) => None,
            StepTime::Drawn(law) => law.compile(&format!("lifecycle.{name}"), Path::new("")).err(),
        };
        steps.into_iter().filter_map(wrong).flatten().collect()
    }
}

impl RepeatedCalls {
    fn is_refuse(&self) -> bool {
        *self == RepeatedCalls::Refuse
    }
}

/// `[output]`: contents of the result folder.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OutputConfig {
    /// Time between two rows of `timeseries.csv`; default about a 500th of the duration, or 1h when the
    /// duration is the trace's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_every: Option<Duration>,
    /// True if it holds `tables/*.parquet` too, as with `plimsoll run --tables`; default false.
    pub tables: bool,
}

impl OutputConfig {
    /// Returns the sampling interval of a run over `duration`, which `None` leaves to the trace. Never zero.
    pub fn sampling_interval(&self, duration: Option<Duration>) -> Duration {
        match (self.sample_every, duration) {
            (Some(chosen), _) => chosen,
            (None, Some(duration)) => round_up(Duration(duration.0.div_ceil(ROWS))),
            (None, None) => Duration::from_seconds(3600),
        }
    }
}

/// Rows of a time series that draw a smooth line and still open anywhere.
const ROWS: u64 = 500;

/// Rounds an interval up to the next round length, at least one second.
fn round_up(interval: Duration) -> Duration {
    #[rustfmt::skip]
    const STEPS_S: [u64; 18] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    ];
    let steps = STEPS_S.into_iter().map(Duration::from_seconds);
    let day = Duration::from_seconds(86_400);
    steps
        .into_iter()
        .find(|step| *step >= interval)
        .unwrap_or(Duration(interval.0.div_ceil(day.0).saturating_mul(day.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sampling_interval_is_a_round_number() {
        let interval = |text: &str| {
            let duration = plimsoll_base::units::parse_duration(text).unwrap();
            OutputConfig::default().sampling_interval(Some(duration)).to_string()
        };
        assert_eq!(interval("10s"), "1s");
        assert_eq!(interval("1h"), "10s");
        assert_eq!(interval("30d"), "2h");
        assert_eq!(interval("2000d"), "4d");
        assert_eq!(OutputConfig::default().sampling_interval(None).to_string(), "1h");
    }
}
