//! `[[autoscaling_groups.policies]]`: rules by which a group changes its size.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PER_ONE;
use super::alarm::MetricAlarm;
use crate::workload::settings::Settings;
use plimsoll_base::units::{Decimal, Duration, NS_PER_S};

/// `[[autoscaling_groups.policies]]`: rule by which a group changes its size, once a minute.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ScalingPolicyConfig {
    /// To the number of instances at which utilisation is the target: out once it was above in 3 of 3 minutes, in once it was
    /// below nine tenths of it in 15 of 15.
    TargetTracking {
        /// Utilisation to keep, above 0, with at most three decimals.
        target: Decimal,
        /// True if it scales in too; default true.
        #[serde(default = "yes")]
        scale_in: bool,
    },
    /// By steps, once utilisation is on one side of a threshold.
    Step {
        /// Utilisation beyond which the alarm goes off, with at most three decimals.
        threshold: Decimal,
        /// Side of the threshold that breaches; default above.
        #[serde(default)]
        side: ThresholdSide,
        /// Minutes that breach, of the last `periods`; default 1.
        #[serde(default = "one")]
        datapoints: u32,
        /// Minutes that are looked at, up to 64; default 1.
        #[serde(default = "one")]
        periods: u32,
        /// Steps by the distance from the threshold.
        steps: Vec<ScalingStepConfig>,
    },
    /// At times.
    Scheduled {
        /// Time of the first action, from the beginning of the run on.
        at: Duration,
        /// Time from one action to the next; left out: there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every: Option<Duration>,
        /// Least number from then on \[instances\]; left out: as it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<u32>,
        /// Greatest number from then on \[instances\]; left out: as it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
        /// Number of instances \[instances\]; left out: as it is, within the limits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        desired: Option<u32>,
    },
    /// Ahead of the load, at least as many as a forecast from the group's own past asks for: for each hour the mean over the
    /// previous days, up to 14, of the greatest load of a minute in that hour.
    Predictive {
        /// Utilisation to keep, above 0, with at most three decimals.
        target: Decimal,
        /// Time before an hour at which the group has its size for it; default 5m.
        #[serde(default = "five_minutes")]
        ahead: Duration,
    },
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

fn five_minutes() -> Duration {
    Duration::from_seconds(300)
}

/// Side of a threshold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdSide {
    /// At or above it.
    #[default]
    Above,
    /// At or below it.
    Below,
}

/// Step of a policy.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalingStepConfig {
    /// Distance of the utilisation from the threshold from which on the step applies, up to the next step's; the first 0.
    pub from: Decimal,
    /// Change of the number of instances: to more with `side = "above"`, to fewer with `side = "below"` \[instances\].
    pub change: u32,
}

/// Policy with its numbers as integers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ScalingPolicy {
    /// See [`ScalingPolicyConfig::TargetTracking`]; the target in thousandths.
    TargetTracking {
        /// Utilisation to keep \[thousandths\].
        target_milli: u64,
        /// True if it scales in too.
        scale_in: bool,
    },
    /// See [`ScalingPolicyConfig::Step`].
    Step {
        /// Threshold \[thousandths\].
        threshold_milli: u64,
        /// Side that breaches.
        side: ThresholdSide,
        /// Alarm at its beginning.
        alarm: MetricAlarm,
        /// Distance \[thousandths\] from which on each change \[instances\] applies, in order.
        steps: Vec<(u64, u32)>,
    },
    /// See [`ScalingPolicyConfig::Scheduled`].
    Scheduled {
        /// Time of the first action.
        at: Duration,
        /// Time from one action to the next.
        every: Option<Duration>,
        /// Least number from then on.
        min: Option<u32>,
        /// Greatest number from then on.
        max: Option<u32>,
        /// Number of instances.
        desired: Option<u32>,
    },
    /// See [`ScalingPolicyConfig::Predictive`].
    Predictive {
        /// Utilisation to keep \[thousandths\].
        target_milli: u64,
        /// Minutes before an hour.
        ahead_minutes: u64,
    },
}

impl ScalingPolicyConfig {
    /// Returns the policy, or notes what is wrong with it. `field` is the path of one of its keys.
    pub fn resolve(&self, field: &dyn Fn(&str) -> String, settings: &mut Settings) -> Option<ScalingPolicy> {
        let mut positive = |name: &str, value: &Decimal| {
            let milli = value.resource(PER_ONE).ok().map(u64::from).filter(|milli| *milli > 0);
            if milli.is_none() {
                settings.wrong(
                    &field(name),
                    value.as_str(),
                    "a utilisation above 0, with at most three decimals",
                );
            }
            milli
        };
        match self {
            ScalingPolicyConfig::TargetTracking { target, scale_in } => {
                let target_milli = positive("target", target)?;
                Some(ScalingPolicy::TargetTracking { target_milli, scale_in: *scale_in })
            }
            ScalingPolicyConfig::Predictive { target, ahead } => {
                let target_milli = positive("target", target)?;
                Some(ScalingPolicy::Predictive { target_milli, ahead_minutes: ahead.0 / (60 * NS_PER_S) })
            }
            ScalingPolicyConfig::Step { threshold, side, datapoints, periods, steps } => {
                let threshold_milli = positive("threshold", threshold)?;
                if !(1..=MetricAlarm::MAX_PERIODS).contains(periods) {
                    settings.wrong(&field("periods"), periods, "1 to 64 minutes");
                    return None;
                }
                if !(1..=*periods).contains(datapoints) {
                    settings.wrong(&field("datapoints"), datapoints, &format!("1 to `periods`, {periods}"));
                    return None;
                }
                let froms = steps.iter().map(|step| step.from.resource(PER_ONE).ok().map(u64::from));
                let froms: Option<Vec<u64>> = froms.collect();
                let in_order =
                    |froms: &Vec<u64>| froms.first() == Some(&0) && froms.is_sorted_by(|a, b| a < b);
                let Some(froms) = froms.filter(in_order) else {
                    let expected = "steps whose `from` begins at 0 and rises, with at most three decimals";
                    settings.wrong(&field("steps"), "others", expected);
                    return None;
                };
                let steps = froms.into_iter().zip(steps.iter().map(|step| step.change)).collect();
                let alarm = MetricAlarm::new(*datapoints, *periods);
                Some(ScalingPolicy::Step { threshold_milli, side: *side, alarm, steps })
            }
            ScalingPolicyConfig::Scheduled { at, every, min, max, desired } => {
                if *every == Some(Duration::ZERO) {
                    settings.wrong(&field("every"), "0s", "some time between two actions");
                }
                if min.is_none() && max.is_none() && desired.is_none() {
                    settings.wrong(&field("desired"), "nothing to change", "`min`, `max` or `desired`");
                }
                if let (Some(least), Some(most)) = (min, max)
                    && least > most
                {
                    settings.wrong(&field("min"), least, &format!("at most `max`, {most}"));
                }
                Some(ScalingPolicy::Scheduled {
                    at: *at,
                    every: *every,
                    min: *min,
                    max: *max,
                    desired: *desired,
                })
            }
        }
    }
}
