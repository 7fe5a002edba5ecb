//! `[autoscaling_groups.warm_pool]`: instances that are prepared for a group (EC2 Auto Scaling API reference, `PutWarmPool`, botocore
//! 1.44.8, seen 2026-11-30).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::pools::ReadyState;
use crate::workload::settings::Settings;

/// `[autoscaling_groups.warm_pool]`: instances that are launched, come up, and then wait in a state until the group scales out. There are
/// `prepared_max` less the desired number of them, and at least `size`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WarmPoolConfig {
    /// Least number of prepared instances \[instances\]; default 0.
    pub size: u32,
    /// Greatest number of instances in the group and the pool together \[instances\]; default the group's `max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prepared_max: Option<u32>,
    /// State in which they wait; default stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<ReadyState>,
    /// True if instances go back to the pool when the group scales in, as far as it wants some; default false.
    pub reuse_on_scale_in: bool,
}

/// Warm pool of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WarmPool {
    size: u32,
    prepared_max: u32,
    /// State in which its instances wait.
    pub state: ReadyState,
    /// True if instances go back to it when the group scales in.
    pub reuse_on_scale_in: bool,
}

impl WarmPoolConfig {
    /// Returns the pool of a group of at most so many instances, or notes what is wrong with it.
    pub fn resolve(&self, group_max: u32, settings: &mut Settings) -> WarmPool {
        let prepared_max = self.prepared_max.unwrap_or(group_max);
        for (field, value) in [("warm_pool.size", self.size), ("warm_pool.prepared_max", prepared_max)] {
            if value > WarmPool::MAX_INSTANCES {
                settings.wrong(field, value, "at most 10,000,000 instances");
            }
        }
        if self.size == 0 && prepared_max == 0 {
            settings.wrong("warm_pool.size", 0, "`size` or `prepared_max` above 0, or no warm pool");
        }
        WarmPool {
            size: self.size,
            prepared_max,
            state: self.state.unwrap_or(ReadyState::Stopped),
            reuse_on_scale_in: self.reuse_on_scale_in,
        }
    }
}

impl WarmPool {
    /// The most instances of a pool.
    const MAX_INSTANCES: u32 = 10_000_000;

    /// Returns the number of prepared instances beside a desired number \[instances\].
    pub fn wanted(&self, desired: u32) -> u32 {
        self.prepared_max.saturating_sub(desired).max(self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_as_the_group_lacks_and_at_least_its_size() {
        let pool = |size, prepared_max| {
            let config = WarmPoolConfig { size, prepared_max, ..WarmPoolConfig::default() };
            config.resolve(10, &mut Settings::at("autoscaling_groups.0"))
        };
        let wanted = |pool: WarmPool| [0, 4, 10].map(|desired| pool.wanted(desired));
        assert_eq!(wanted(pool(0, None)), [10, 6, 0]);
        assert_eq!(wanted(pool(0, Some(6))), [6, 2, 0]);
        assert_eq!(wanted(pool(3, Some(6))), [6, 3, 3]);
        // "Only when MaxGroupPreparedCapacity and MinSize are set to the same value does the warm pool have an absolute size."
        assert_eq!(wanted(pool(6, Some(6))), [6, 6, 6]);
    }
}
