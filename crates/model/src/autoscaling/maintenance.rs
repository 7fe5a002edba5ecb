//! `[autoscaling_groups.maintenance]`: limits of the number of a group while instances are replaced (EC2 Auto Scaling API reference,
//! `InstanceMaintenancePolicy`, botocore 1.44.8, seen 2026-11-30).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PER_ONE;
use crate::workload::settings::Settings;
use plimsoll_base::units::Decimal;

/// `[autoscaling_groups.maintenance]`: limits of the number of a group while instances move to zones that have fewer. Where more than
/// the group is to have are allowed, new ones are launched before old ones end; else old ones end first.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceConfig {
    /// Least share of the desired number that is in service, 0 to 1, with at most three decimals.
    pub min_healthy: Decimal,
    /// Greatest share of the desired number that is in service or comes up, 1 to 2 and at most 1 more than `min_healthy`.
    pub max_healthy: Decimal,
}

/// Limits of a group while instances are replaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MaintenanceLimits {
    /// Least share of the desired number \[thousandths\].
    min_milli: u64,
    /// Greatest share of it \[thousandths\].
    max_milli: u64,
    /// True if a share beyond the desired number that is no whole number is rounded up.
    rounds_up: bool,
}

/// Limits of a group without a policy: a tenth beyond its number (Auto Scaling developer guide, "Auto Scaling behavior", an older
/// edition).
impl Default for MaintenanceLimits {
    fn default() -> MaintenanceLimits {
        MaintenanceLimits { min_milli: 1000, max_milli: 1100, rounds_up: true }
    }
}

impl MaintenanceConfig {
    /// Returns the limits, or notes what is wrong with them.
    pub fn resolve(&self, settings: &mut Settings) -> MaintenanceLimits {
        let mut share = |field: &str, share: &Decimal, least: u64| {
            let milli = share.resource(PER_ONE).ok().map(u64::from);
            let milli = milli.filter(|milli| (least..=least + PER_ONE).contains(milli));
            if milli.is_none() {
                let (least, most) = (least / PER_ONE, least / PER_ONE + 1);
                let expected = format!("{least} to {most}, with at most three decimals");
                settings.wrong(&format!("maintenance.{field}"), share.as_str(), &expected);
            }
            milli
        };
        let min = share("min_healthy", &self.min_healthy, 0);
        let max = share("max_healthy", &self.max_healthy, PER_ONE);
        let (Some(min_milli), Some(max_milli)) = (min, max) else { return MaintenanceLimits::default() };
        if max_milli - min_milli > PER_ONE {
            let expected = "at most 1 more than `min_healthy`";
            settings.wrong("maintenance.max_healthy", self.max_healthy.as_str(), expected);
        }
        if max_milli == PER_ONE && min_milli == PER_ONE {
            let expected = "a range: with none between them nothing can be replaced";
            settings.wrong("maintenance.min_healthy", self.min_healthy.as_str(), expected);
        }
        MaintenanceLimits { min_milli, max_milli, rounds_up: false }
    }
}

impl MaintenanceLimits {
    /// Returns how many instances a group of so many may have beyond them.
    pub fn beyond(&self, desired: u32) -> u32 {
        let beyond = u64::from(desired) * (self.max_milli - PER_ONE);
        let whole = if self.rounds_up { beyond.div_ceil(PER_ONE) } else { beyond / PER_ONE };
        whole as u32
    }

    /// Returns how many instances may end before others are launched; 0 where these come first.
    pub fn ends_first(&self, desired: u32) -> u32 {
        if self.max_milli > PER_ONE {
            return 0;
        }
        let least = (u64::from(desired) * self.min_milli).div_ceil(PER_ONE);
        desired - least as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(min: &str, max: &str) -> Result<MaintenanceLimits, usize> {
        let mut settings = Settings::at("autoscaling_groups.0");
        let config = MaintenanceConfig { min_healthy: min.into(), max_healthy: max.into() };
        let limits = config.resolve(&mut settings);
        settings.finish(|| limits).map_err(|problems| problems.len())
    }

    #[test]
    fn a_group_goes_beyond_its_number_or_below_it() {
        let of = |min, max| limits(min, max).expect("they are allowed");
        assert_eq!((of("1", "1.2").beyond(15), of("1", "1.2").ends_first(15)), (3, 0));
        assert_eq!((of("0.9", "1").beyond(15), of("0.9", "1").ends_first(15)), (0, 1));
        assert_eq!(of("0", "1").ends_first(15), 15);
        let default = MaintenanceLimits::default();
        assert_eq!([0, 1, 10, 11].map(|desired| default.beyond(desired)), [0, 1, 1, 2]);
        assert_eq!(default.ends_first(100), 0);
    }

    #[test]
    fn limits_that_allow_nothing_or_too_much_are_refused() {
        for (min, max) in [("1.1", "1.2"), ("0.5", "0.9"), ("0.5", "2"), ("1", "1"), ("x", "1")] {
            assert!(limits(min, max).is_err(), "{min} {max}");
        }
    }
}
