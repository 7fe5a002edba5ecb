//! A result folder, read back: the one source of charts and pages, so that a run and a later look at it show the same.

pub mod check;
pub mod comparison;
pub(super) mod latency;
mod refusals;
pub mod sizing;
pub mod sweep;
mod table;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{control_plane, host_fill, manifest, subnets, summary, timeseries};
pub use check::CheckReading;
pub use comparison::ComparisonReading;
pub use latency::Distribution;
use plimsoll_base::input::{InputError, Place, Problem};
pub use refusals::{Cause, Refusals};
pub use sizing::SizingReading;
pub use sweep::SweepReading;
pub use table::{Bill, Series};

/// How many calls failed, minute by minute; there where a run tells.
const AVAILABILITY: &str = "availability.csv";

/// What a run has left.
#[derive(Debug, Default)]
pub struct RunReading {
    /// `summary.json`.
    pub summary: Value,
    /// `manifest.json`.
    pub manifest: Value,
    /// `timeseries.csv`.
    pub series: Series,
    /// `host_fill.csv`.
    pub fill: Series,
    /// `subnets.csv`, by subnet.
    pub subnets: Vec<(String, Series)>,
    /// `control_plane.csv`, by stage: jobs `waiting`, `in_service` and `held` of so many `places` (0: no limit) at each moment; `arrivals`, `completed`, `refused`
    /// and `timed_out` counted up to it.
    pub stages: Vec<(String, Series)>,
    /// `availability.csv`: of each minute, by its beginning, the `calls` that were answered and how many `failed`.
    pub availability: Series,
    /// `failures.csv`, summed up.
    pub refusals: Refusals,
    /// `billing.csv`.
    pub bill: Vec<Bill>,
    /// `latency/*.hlog`.
    pub latency: Vec<Distribution>,
}

impl RunReading {
    /// Reads the result in a folder. A file that is not there says nothing, but for the summary and the manifest.
    pub fn open(folder: &Path) -> Result<RunReading, InputError> {
        let summary = json(folder, summary::FILE)?;
        let end_s = summary["horizon_s"].as_f64().unwrap_or(0.0);
        let each = |name: &str| optional(folder.join(name));
        Ok(RunReading {
            manifest: json(folder, manifest::FILE)?,
            series: each(timeseries::FILE)?.map_or(Ok(Series::default()), |file| Series::read(&file))?,
            fill: each(host_fill::FILE)?.map_or(Ok(Series::default()), |file| Series::read(&file))?,
            subnets: each(subnets::FILE)?
                .map_or(Ok(Vec::new()), |file| table::read_series_by("subnet", &file))?,
            stages: each(control_plane::FILE)?
                .map_or(Ok(Vec::new()), |file| table::read_series_by("stage", &file))?,
            availability: each(AVAILABILITY)?.map_or(Ok(Series::default()), |file| Series::read(&file))?,
            refusals: each(super::failures::FILE)?
                .map_or(Ok(Refusals::default()), |file| Refusals::read(&file, end_s))?,
            bill: each("billing.csv")?.map_or(Ok(Vec::new()), |file| table::read_bill(&file))?,
            latency: latency::read(&folder.join("latency"))?,
            summary,
        })
    }

    /// A figure of the summary by its path, such as `fleet.hosts`.
    pub fn figure(&self, path: &str) -> Option<f64> {
        self.at(path)?.as_f64()
    }

    /// What the summary holds at a path.
    pub fn at(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(&self.summary, |value, step| value.get(step))
    }

    /// Simulated time at the end \[s\].
    pub fn end_s(&self) -> f64 {
        self.figure("horizon_s").unwrap_or(0.0)
    }
}

/// Reads a JSON file that a result must have.
pub fn json(folder: &Path, name: &str) -> Result<Value, InputError> {
    typed(folder, name)
}

/// The same, into what it must hold.
fn typed<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T, InputError> {
    let path = folder.join(name);
    let text = fs::read_to_string(&path).map_err(|error| {
        let problem = Problem::new(Place::file(&path), format!("cannot be read: {error}"));
        problem.with_help("name a result folder, such as results/runs/quickstart")
    })?;
    let parsed = serde_json::from_str(&text);
    parsed.map_err(|error| broken(&path, &format!("{error}")).into())
}

/// The path, if there is a file.
fn optional(path: PathBuf) -> Result<Option<PathBuf>, InputError> {
    match fs::metadata(&path) {
        Ok(_) => Ok(Some(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Problem::new(Place::file(&path), format!("cannot be read: {error}")).into()),
    }
}

/// The problem of a file that holds something else than plimsoll writes.
fn broken(path: &Path, found: &str) -> Problem {
    let problem = Problem::new(Place::file(path), format!("found what plimsoll did not write: {found}"));
    problem.with_help("make the result again with `plimsoll run`")
}
