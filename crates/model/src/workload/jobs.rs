//! `[[workload.jobs]]` of a scenario: jobs that each take an instance of a pool, and the source that one becomes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

use super::distribution::{Distribution, Sampler};
use super::process::{ProcessConfig, Timetable};
use super::profile::{DemandLayer, Intensity, Thinning};
use super::settings::Settings;
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::input::Problem;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, Time};

/// Jobs that take an instance of a pool each: at once where one is ready, else the next that comes up.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobConfig {
    /// Name, shown in results; default `jobs-N`, N from 0 in file order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Name of the pool, one of `[[pools]]`.
    pub pool: String,
    /// Arrival process of the jobs.
    pub process: ProcessConfig,
    /// Time that a job needs its instance for.
    pub lifetime: Distribution,
}

/// Source of jobs.
#[derive(Debug)]
pub struct JobSource {
    /// Number in the scenario.
    pub number: u16,
    timetable: Timetable,
    lifetime: Sampler,
    lifetime_stream: Stream,
}

persist! { JobSource {
    nested: [timetable, lifetime_stream],
    derived: [number, lifetime],
} }

impl JobConfig {
    /// Returns its name, or the one that stands for it by its place in the list.
    pub fn name_or_number(&self, number: u16) -> String {
        self.name.clone().unwrap_or_else(|| format!("jobs-{number}"))
    }

    /// Returns the source, or everything that is wrong. `key` is the dotted path of the table.
    pub fn compile(
        &self,
        layer: DemandLayer,
        key: &str,
        seed: Seed,
        intensity: Option<&Intensity>,
        base_dir: &Path,
    ) -> Result<JobSource, Vec<Problem>> {
        let mut settings = Settings::at(key);
        let stream = |purpose| seed.stream(purpose, layer.entity());
        let process = self.process.compile(&settings.path("process"), stream(Purpose::JobArrival));
        let process = settings.take(process);
        let lifetime = self.lifetime.compile(&settings.path("lifetime"), base_dir);
        let lifetime = settings.take(lifetime);
        let (Some(process), Some(lifetime)) = (process, lifetime) else { return settings.give_up() };
        settings.finish(|| JobSource {
            number: layer.source,
            timetable: Timetable::new(
                process,
                intensity.map(|intensity| Thinning::new(intensity, layer, Purpose::JobThinning, seed)),
            ),
            lifetime,
            lifetime_stream: stream(Purpose::JobLifetime),
        })
    }
}

impl JobSource {
    /// Returns the time of the next job; [`Time::NEVER`] if there is none.
    pub fn at(&self) -> Time {
        self.timetable.at()
    }

    /// Takes the next job. Returns the time that it needs its instance for.
    pub fn take(&mut self) -> Duration {
        self.timetable.advance();
        self.lifetime.draw(&mut self.lifetime_stream)
    }
}
