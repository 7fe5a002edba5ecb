//! Result folder of a run, read back: the one source of charts and pages, so that a run and a later rendering of it show the
//! same.

use std::path::Path;

use serde_json::Value;

use super::billing::{self, BillLine};
use super::failures::{self, Refusals};
use super::host_groups::{self, GroupSeries};
use super::latency::{self, DurationDistribution};
use super::summary::Summary;
use super::{autoscaling, availability, control_plane, host_fill, subnets, timeseries};
use crate::load::{json, optional};
use crate::manifest;
use crate::series::{self, Series};
use plimsoll_base::input::InputError;
use plimsoll_base::units::Time;
use plimsoll_chart::axis::{Axis, Scale};

/// Contents of the result folder of a run.
#[derive(Debug, Default)]
pub struct RunData {
    /// `summary.json`.
    pub summary: Summary,
    /// `manifest.json`.
    pub manifest: Value,
    /// `timeseries.csv`.
    pub series: Series,
    /// `host_fill.csv`.
    pub fill: Series,
    /// `host_groups.csv`, by group.
    pub groups: Vec<GroupSeries>,
    /// `autoscaling.csv`, by Auto Scaling group.
    pub autoscaling: Vec<(String, Series)>,
    /// `subnets.csv`, by subnet.
    pub subnets: Vec<(String, Series)>,
    /// `control_plane.csv`, by stage: jobs `waiting`, `in_service` and `held` of so many `places` (0: no limit) at each
    /// moment; `arrivals`, `completed`, `refused` and `timed_out` counted up to it.
    pub stages: Vec<(String, Series)>,
    /// `availability.csv`: of each minute, by its beginning, the `calls` that were answered and how many `failed`.
    pub availability: Series,
    /// `failures.csv`, summed up.
    pub refusals: Refusals,
    /// `billing.csv`.
    pub bill: Vec<BillLine>,
    /// `latency/*.hlog`.
    pub latency: Vec<DurationDistribution>,
}

impl RunData {
    /// Reads the result in a folder. Every file but the summary and the manifest may be missing.
    pub fn open(folder: &Path) -> Result<RunData, InputError> {
        let summary = Summary::read(folder)?;
        let end_s = summary.horizon_s;
        let each = |name: &str| optional(folder.join(name));
        Ok(RunData {
            manifest: json(folder, manifest::FILE)?,
            series: each(timeseries::FILE)?.map_or(Ok(Series::default()), |file| Series::read(&file))?,
            fill: each(host_fill::FILE)?.map_or(Ok(Series::default()), |file| Series::read(&file))?,
            groups: each(host_groups::FILE)?.map_or(Ok(Vec::new()), |file| host_groups::read(&file))?,
            autoscaling: each(autoscaling::FILE)?
                .map_or(Ok(Vec::new()), |file| series::read_series_by("group", &file))?,
            subnets: each(subnets::FILE)?
                .map_or(Ok(Vec::new()), |file| series::read_series_by("subnet", &file))?,
            stages: each(control_plane::FILE)?
                .map_or(Ok(Vec::new()), |file| series::read_series_by("stage", &file))?,
            availability: each(availability::FILE)?
                .map_or(Ok(Series::default()), |file| Series::read(&file))?,
            refusals: each(failures::FILE)?
                .map_or(Ok(Refusals::default()), |file| Refusals::read(&file, end_s))?,
            bill: each(billing::FILE)?.map_or(Ok(Vec::new()), |file| billing::read(&file))?,
            latency: latency::read(&folder.join("latency"))?,
            summary,
        })
    }

    /// Returns the axis of simulated time, from the date of its start where the run has one.
    pub fn time_axis(&self) -> Axis {
        let axis = Axis::time(self.end_s());
        match (&axis.scale, self.summary.calendar()) {
            (Scale::Time(unit), Some(calendar)) => {
                let label = format!("{} since {}", unit.name(), calendar.shown(Time::ZERO));
                Axis { label, ..axis }
            }
            _ => axis,
        }
    }

    /// Returns the simulated time at the end \[s\].
    pub fn end_s(&self) -> f64 {
        self.summary.horizon_s
    }
}
