//! `[autoscaling_groups.maintenance]`: limits of the number of a group while instances are replaced (EC2 Auto Scaling API reference,
//! `InstanceMaintenancePolicy`, botocore 1.44.8, seen 2026-11-30).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PER_ONE;
use super::sizes::GroupSizes;
use crate::workload::settings::Settings;
use plimsoll_base::units::Decimal;

/// `[autoscaling_groups.maintenance]`: limits of the number of a group while instances move to zones that have fewer. Where more than
/// the group is to have are allowed, new ones are launched before old ones end; else old ones end first.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstanceMaintenanceConfig {
    /// Least share of the desired number that is in service, 0 to 1, with at most three decimals.
    pub min_healthy: Decimal,
    /// Greatest share of the desired number that is in service or comes up, 1 to 2 and at most 1 more than `min_healthy`.
    pub max_healthy: Decimal,
}

/// Limits of a group while instances are replaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MaintenanceLimits {
    /// Limits of a group without a policy: a tenth beyond its greatest number, or one instance where that is more (Amazon EC2 Auto Scaling
    /// user guide, "Amazon EC2 Auto Scaling benefits", edition of 2023-06 on GitHub; rounded down, an assumption).
    #[default]
    Margin,
    /// Limits of a policy, as shares of the desired number \[thousandths\].
    Policy {
        /// Least share.
        min_milli: u64,
        /// Greatest share.
        max_milli: u64,
    },
}

impl InstanceMaintenanceConfig {
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
        MaintenanceLimits::Policy { min_milli, max_milli }
    }
}

impl MaintenanceLimits {
    /// Returns how many instances a group may have beyond the desired number.
    pub fn beyond(self, sizes: GroupSizes) -> u32 {
        match self {
            MaintenanceLimits::Margin => sizes.max - sizes.desired + (sizes.max / 10).max(1),
            MaintenanceLimits::Policy { max_milli, .. } => {
                (u64::from(sizes.desired) * (max_milli - PER_ONE) / PER_ONE) as u32
            }
        }
    }

    /// Returns how many instances may end before others are launched; 0 where these come first.
    pub fn ends_first(self, sizes: GroupSizes) -> u32 {
        match self {
            MaintenanceLimits::Policy { min_milli, max_milli: PER_ONE } => {
                let least = (u64::from(sizes.desired) * min_milli).div_ceil(PER_ONE);
                sizes.desired - least as u32
            }
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(min: &str, max: &str) -> Result<MaintenanceLimits, usize> {
        let mut settings = Settings::at("autoscaling_groups.0");
        let config = InstanceMaintenanceConfig { min_healthy: min.into(), max_healthy: max.into() };
        let limits = config.resolve(&mut settings);
        settings.finish(|| limits).map_err(|problems| problems.len())
    }

    #[test]
    fn a_group_goes_beyond_its_number_or_below_it() {
        let sizes = |desired, max| GroupSizes { min: 0, max, desired };
        let of = |min, max| limits(min, max).expect("they are allowed");
        let both = |limits: MaintenanceLimits, sizes| (limits.beyond(sizes), limits.ends_first(sizes));
        assert_eq!(both(of("1", "1.2"), sizes(15, 20)), (3, 0));
        assert_eq!(both(of("0.9", "1"), sizes(15, 20)), (0, 1));
        assert_eq!(both(of("0", "1"), sizes(15, 20)), (0, 15));
        // Up to the greatest number, and a tenth of it or one more.
        let margin = MaintenanceLimits::default();
        assert_eq!([1, 9, 19, 20, 100].map(|max| margin.beyond(sizes(max, max))), [1, 1, 1, 2, 10]);
        assert_eq!(both(margin, sizes(15, 40)), (29, 0));
    }

    #[test]
    fn limits_that_allow_nothing_or_too_much_are_refused() {
        for (min, max) in [("1.1", "1.2"), ("0.5", "0.9"), ("0.5", "2"), ("1", "1"), ("x", "1")] {
            assert!(limits(min, max).is_err(), "{min} {max}");
        }
    }
}
