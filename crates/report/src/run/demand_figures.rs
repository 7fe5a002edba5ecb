//! Figures of demand that reacts, as `summary.json` has them: Auto Scaling groups, and jobs.

use serde::Deserialize;

use super::measures::{LatencyFigures, MicroUsd};

/// An Auto Scaling group. A figure of load is `None` where the group has none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ScalingFigures {
    /// Mean of the instances in service.
    pub in_service_mean: f64,
    /// Most instances in service.
    pub in_service_peak: u64,
    /// Mean load by the capacity in service.
    pub utilisation_mean: Option<f64>,
    /// Share of the load that was not served.
    pub unserved_ratio: Option<f64>,
    /// Load that waits at the end \[units · s\].
    pub waiting_unit_s: f64,
    /// Instances that were refused.
    pub launches_refused: u64,
    /// Cost of its instances.
    pub cost_usd: MicroUsd,
    /// Cost of as many instances as the peak of the load takes, all the time.
    pub fixed_fleet_usd: Option<MicroUsd>,
}

/// Jobs of one name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct JobFigures {
    /// Number that arrived.
    pub arrived: u64,
    /// Share that started at once; `None` where none arrived.
    pub started_at_once_ratio: Option<f64>,
    /// Number that still wait at the end.
    pub waiting_at_end: u64,
    /// Times until they started \[s\].
    pub wait_s: LatencyFigures,
}
