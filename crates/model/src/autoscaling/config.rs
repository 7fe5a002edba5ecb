//! `[[autoscaling_groups]]` of a scenario, and the group with every name resolved.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

use super::PER_ONE;
use super::group_type::{self, GroupType, GroupTypeConfig};
use super::load::{Load, LoadConfig};
use super::maintenance::{InstanceMaintenanceConfig, MaintenanceLimits};
use super::mix::{AllocationStrategy, Mix};
use super::policy::{ScalingPolicy, ScalingPolicyConfig};
use super::sizes::GroupSizes;
use super::warm_pool::{WarmPool, WarmPoolConfig};
use crate::pools;
use crate::workload::directory::Directory;
use crate::workload::launch_policy::{LaunchPolicy, OnRefusal};
use crate::workload::settings::Settings;
use plimsoll_base::engine::random::Seed;
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::units::{AccountId, Decimal, Duration, TypeId, ZoneId};

/// The most instances of a group.
const MAX_INSTANCES: u32 = 10_000_000;

/// Default of a setting that is on unless it is turned off.
fn yes() -> bool {
    true
}

/// `[[autoscaling_groups]]`: instances that are kept at a number, which policies change.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutoscalingGroupConfig {
    /// Name, shown in results.
    pub name: String,
    /// Least number of instances \[instances by weight\]; default 0.
    #[serde(default)]
    pub min: u32,
    /// Greatest number of instances \[instances by weight\].
    pub max: u32,
    /// Number of instances at the start \[instances by weight\]; default `min`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<u32>,
    /// Zones over which it spreads evenly; default all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
    /// Instance types in order of priority: the next one is tried where no zone has room for the one before. Each is a name, or
    /// `{ name = "…", weight = 2 }` with the number by which an instance of it counts: then the sizes of the group are sums of weights, and
    /// an instance of weight 2 serves twice `units_per_instance`.
    pub types: Vec<GroupTypeConfig>,
    /// Type that is asked for first.
    #[serde(default, skip_serializing_if = "AllocationStrategy::is_prioritized")]
    pub allocation: AllocationStrategy,
    /// Instances that are on demand in any case, the first of the group \[instances by weight\]; default 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub on_demand_base: u32,
    /// Share of the instances above `on_demand_base` that are on the spot market, 0 to 1, with at most three decimals; default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spot_share: Option<Decimal>,
    /// The account; default the name of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Time for which a new instance that runs is still warming up: the group does not scale in meanwhile, and steps do not
    /// count it; default 0s.
    #[serde(default)]
    pub warmup: Duration,
    /// Time after a change by a step within which no step changes the number again; default 0s.
    #[serde(default, skip_serializing_if = "is_no_time")]
    pub cooldown: Duration,
    /// Instance of the fullest zone that ends first when the group scales in. Where some are on the spot market, one of the purchase
    /// option ends of which there are too many.
    #[serde(default)]
    pub termination: TerminationPolicy,
    /// Limits of its number while instances move to zones that have fewer; left out: up to a tenth more than it is to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<InstanceMaintenanceConfig>,
    /// True if a spot instance is replaced once the spot market recommends it (`billing.spot.recommendation_ahead`), and not only once it
    /// is interrupted; default false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub capacity_rebalance: bool,
    /// Instances that are prepared for it; left out: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_pool: Option<WarmPoolConfig>,
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

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_no_time(time: &Duration) -> bool {
    *time == Duration::ZERO
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
    /// The one that has run for the greatest part of an hour that has begun, so that an hour that is paid for is used (EC2's
    /// `ClosestToNextInstanceHour`).
    ClosestToNextHour,
    /// The oldest of the type that `allocation` would ask for last (EC2's `AllocationStrategy`).
    AllocationStrategy,
}

/// Group with every name resolved.
#[derive(Clone, Debug)]
pub struct AutoscalingGroup {
    /// Name.
    pub name: String,
    /// Least, greatest and first number of instances \[instances by weight\].
    pub sizes: GroupSizes,
    /// Account of its instances.
    pub account: AccountId,
    /// Types in order of priority, at least one.
    pub types: Vec<GroupType>,
    /// Purchase options and types of its instances.
    pub mix: Mix,
    /// Zones that it spreads over, at least one.
    pub zones: Vec<ZoneId>,
    /// Time for which an instance warms up.
    pub warmup: Duration,
    /// Time after a change by a step within which no step changes the number again.
    pub cooldown: Duration,
    /// Instance that ends first.
    pub termination: TerminationPolicy,
    /// True if it moves instances to zones that have fewer.
    pub rebalance: bool,
    /// Limits of its number meanwhile.
    pub maintenance: MaintenanceLimits,
    /// True if a spot instance is replaced once the spot market recommends it.
    pub capacity_rebalance: bool,
    /// Instances that are prepared for it.
    pub warm_pool: Option<WarmPool>,
    /// Policy of its launches: each choice once, and again in the next minute.
    pub policy: LaunchPolicy,
    /// Load that it serves.
    pub load: Option<Load>,
    /// Policies that change its size.
    pub policies: Vec<ScalingPolicy>,
}

impl AutoscalingGroup {
    /// Returns the number by which an instance of a type counts.
    pub fn weight_of(&self, kind: TypeId) -> u32 {
        self.types.iter().find(|of| of.kind == kind).expect("a group launches its own types").weight
    }

    /// Returns the greatest weight of a type.
    pub fn largest_weight(&self) -> u32 {
        self.types.iter().map(|of| of.weight).max().expect("a group has a type")
    }
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
        let types = group_type::resolve(&self.types, &mut settings, directory);
        let mut zones = pools::zones(&self.zones, &mut settings, directory);
        if self.zones.is_empty() {
            zones = (0..directory.zones().len() as u16).map(ZoneId).collect();
        }
        let account = directory.account(self.account.as_ref().unwrap_or(&self.name));
        let load = self.load.as_ref().map(|load| load.compile(&settings.path("load"), seed, number));
        let load = load.and_then(|load| settings.take(load));
        let policies = self.policies(&mut settings);
        let spot_share = self.spot_share_milli(&mut settings);
        if self.warm_pool.is_some() && spot_share > 0 {
            let expected = "no `spot_share` beside it: prepared instances are on demand";
            settings.wrong("warm_pool", "a warm pool", expected);
        }
        let weighted = types.iter().map(|of| (of.kind, of.weight)).collect();
        if self.capacity_rebalance && spot_share == 0 {
            settings.wrong(
                "capacity_rebalance",
                true,
                "a `spot_share` beside it: it is spot instances that are replaced",
            );
        }
        let maintenance = self.maintenance.as_ref().map(|limits| limits.resolve(&mut settings));
        let warm_pool = self.warm_pool.as_ref().map(|pool| pool.resolve(self.max, &mut settings));
        settings.finish(|| AutoscalingGroup {
            name: self.name.clone(),
            sizes: GroupSizes { min: self.min, max: self.max, desired },
            account,
            policy: LaunchPolicy {
                on_refusal: Some(OnRefusal::once(weighted, zones.clone())),
                ..LaunchPolicy::default()
            },
            types,
            mix: Mix {
                allocation: self.allocation,
                on_demand_base: self.on_demand_base,
                spot_share_milli: spot_share,
            },
            zones,
            warmup: self.warmup,
            cooldown: self.cooldown,
            termination: self.termination,
            rebalance: self.rebalance,
            maintenance: maintenance.unwrap_or_default(),
            capacity_rebalance: self.capacity_rebalance,
            warm_pool,
            load,
            policies,
        })
    }

    fn spot_share_milli(&self, settings: &mut Settings) -> u32 {
        let Some(share) = &self.spot_share else { return 0 };
        let milli = share.resource(PER_ONE).ok().filter(|milli| u64::from(*milli) <= PER_ONE);
        if milli.is_none() {
            settings.wrong("spot_share", share.as_str(), "0 to 1, with at most three decimals");
        }
        milli.unwrap_or(0)
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
