//! `[[autoscaling_groups]]` of a scenario, and the group with every name resolved.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

use super::alarm::MetricAlarm;
use super::load::{Load, LoadConfig};
use crate::pools;
use crate::workload::directory::Directory;
use crate::workload::launch_policy::{LaunchPolicy, OnRefusal};
use crate::workload::settings::Settings;
use plimsoll_base::engine::random::Seed;
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::units::{AccountId, Decimal, Duration, NS_PER_S, TypeId, ZoneId};

/// The most instances of a group.
const MAX_INSTANCES: u32 = 10_000_000;

/// Thousandths in one.
pub const PER_ONE: u64 = 1000;

/// `[[autoscaling_groups]]`: instances that are kept at a number, which policies change.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutoscalingGroupConfig {
    /// Name, shown in results.
    pub name: String,
    /// Least number of instances \[instances\]; default 0.
    #[serde(default)]
    pub min: u32,
    /// Greatest number of instances \[instances\].
    pub max: u32,
    /// Number of instances at the start \[instances\]; default `min`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<u32>,
    /// Zones over which it spreads evenly; default all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
    /// Instance types in order of priority: the next one is tried where no zone has room for the one before.
    pub types: Vec<String>,
    /// The account; default the name of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Time for which a new instance that runs is still warming up: the group does not scale in meanwhile, and steps do not
    /// count it; default 0s.
    #[serde(default)]
    pub warmup: Duration,
    /// Instance of the fullest zone that ends first when the group scales in.
    #[serde(default)]
    pub termination: TerminationPolicy,
    /// True if the group moves instances to zones that have fewer; default true.
    #[serde(default = "yes")]
    pub rebalance: bool,
    /// Load that the group serves; left out: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<LoadConfig>,
    /// Policies that change its size; left out: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<ScalingPolicyConfig>,
}

fn yes() -> bool {
    true
}

/// Instance that ends first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TerminationPolicy {
    /// The one launched first (EC2's `OldestInstance`).
    #[default]
    Oldest,
    /// The one launched last (EC2's `NewestInstance`).
    Newest,
}

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

/// Group with every name resolved.
#[derive(Clone, Debug)]
pub struct AutoscalingGroup {
    /// Name.
    pub name: String,
    /// Least, greatest and first number of instances \[instances\].
    pub sizes: GroupSizes,
    /// Account of its instances.
    pub account: AccountId,
    /// Type that is tried first.
    pub kind: TypeId,
    /// Zones that it spreads over, at least one.
    pub zones: Vec<ZoneId>,
    /// Time for which an instance warms up.
    pub warmup: Duration,
    /// Instance that ends first.
    pub termination: TerminationPolicy,
    /// True if it moves instances to zones that have fewer.
    pub rebalance: bool,
    /// Policy of its launches: each choice once, and again in the next minute.
    pub policy: LaunchPolicy,
    /// Load that it serves.
    pub load: Option<Load>,
    /// Policies that change its size.
    pub policies: Vec<ScalingPolicy>,
}

/// Numbers of instances of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GroupSizes {
    /// Least number \[instances\].
    pub min: u32,
    /// Greatest number \[instances\].
    pub max: u32,
    /// Number that the group is to have \[instances\].
    pub desired: u32,
}

impl AutoscalingGroupConfig {
    fn resolve(
        &self,
        key: &str,
        (seed, number): (Seed, u16),
        directory: &mut Directory,
    ) -> Result<AutoscalingGroup, Vec<Problem>> {
        let mut settings = Settings::at(key);
        if self.name.is_empty() || self.name.contains(['.', '|']) {
            settings.wrong("name", format!("`{}`", self.name), "a name, not empty and without `.` and `|`");
        }
        if self.max == 0 || self.max > MAX_INSTANCES {
            settings.wrong("max", self.max, "1 to 10,000,000 instances");
        }
        let is_range = self.min <= self.max;
        if !is_range {
            settings.wrong("min", self.min, &format!("at most `max`, {}", self.max));
        }
        let desired = self.desired.unwrap_or(self.min);
        if is_range && !(self.min..=self.max).contains(&desired) {
            settings.wrong("desired", desired, &format!("`min` to `max`, {} to {}", self.min, self.max));
        }
        let kinds = pools::types(&self.types, &mut settings, directory);
        let mut zones = pools::zones(&self.zones, &mut settings, directory);
        if self.zones.is_empty() {
            zones = (0..directory.zones().len() as u16).map(ZoneId).collect();
        }
        let account = directory.account(self.account.as_ref().unwrap_or(&self.name));
        let load = self.load.as_ref().map(|load| load.compile(&settings.path("load"), seed, number));
        let load = load.and_then(|load| settings.take(load));
        let policies = self.policies(&mut settings);
        settings.finish(|| AutoscalingGroup {
            name: self.name.clone(),
            sizes: GroupSizes { min: self.min, max: self.max, desired },
            account,
            kind: kinds[0],
            policy: LaunchPolicy {
                on_refusal: Some(OnRefusal::once(kinds[1..].to_vec(), zones.clone())),
                ..LaunchPolicy::default()
            },
            zones,
            warmup: self.warmup,
            termination: self.termination,
            rebalance: self.rebalance,
            load,
            policies,
        })
    }

    fn policies(&self, settings: &mut Settings) -> Vec<ScalingPolicy> {
        let mut policies = Vec::new();
        for (i, policy) in self.policies.iter().enumerate() {
            let field = |name: &str| format!("policies.{i}.{name}");
            let needs_load = !matches!(policy, ScalingPolicyConfig::Scheduled { .. });
            if needs_load && self.load.is_none() {
                let expected = "[autoscaling_groups.load] with it: utilisation is that of a load";
                settings.wrong(&field("kind"), "a policy by utilisation", expected);
            }
            policies.extend(policy.resolve(&field, settings));
        }
        policies
    }
}

impl ScalingPolicyConfig {
    fn resolve(&self, field: &dyn Fn(&str) -> String, settings: &mut Settings) -> Option<ScalingPolicy> {
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

/// Returns the groups of a scenario, or everything that is wrong with them.
pub fn resolve(
    configs: &[AutoscalingGroupConfig],
    seed: Seed,
    directory: &mut Directory,
) -> Result<Vec<AutoscalingGroup>, Vec<Problem>> {
    let (mut groups, mut problems, mut met) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (number, config) in (0..).zip(configs) {
        let key = format!("autoscaling_groups.{number}");
        match config.resolve(&key, (seed, number), directory) {
            Ok(group) => groups.push(group),
            Err(wrong) => problems.extend(wrong),
        }
        if !met.insert(config.name.as_str()) {
            let message = format!("found `{}` again, expected a name of its own", config.name);
            problems.push(Problem::new(Place::key(&format!("{key}.name")), message));
        }
    }
    if problems.is_empty() { Ok(groups) } else { Err(problems) }
}

impl LoadConfig {
    fn compile(&self, key: &str, seed: Seed, number: u16) -> Result<Load, Vec<Problem>> {
        Load::new(self, key, Path::new(""), seed, number)
    }
}
