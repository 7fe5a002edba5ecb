//! Times that everything takes.

use std::path::Path;

use super::path::Step;
use super::stages::STAGES;
use crate::control_plane::config::ControlPlaneConfig;
use crate::workload::distribution::{Distribution, Sampler};
use plimsoll_base::units::Duration;

/// Distributions of service times, and fixed times.
#[derive(Clone, Debug)]
pub(super) struct Times {
    /// Services of the stages other than the database, by [`StageId`](super::stages::StageId).
    stages: Vec<Sampler>,
    read: Sampler,
    write: Sampler,
    /// Additional time of a read for each instance, where no index helps.
    pub scan_per_row: Duration,
    /// Delay before a job that could not write tries again.
    pub again: Duration,
}

impl Times {
    /// Returns the times of a configuration that has been validated.
    pub fn new(config: &ControlPlaneConfig) -> Times {
        let sampler = |distribution: &Distribution| {
            distribution.compile("", Path::new("")).expect("the configuration has been validated")
        };
        Times {
            stages: STAGES.iter().map(|stage| sampler(&(stage.station)(config).service)).collect(),
            read: sampler(&config.database.read),
            write: sampler(&config.database.write),
            scan_per_row: config.database.scan_per_row,
            again: config.queue.redelivery_delay,
        }
    }

    /// Returns the distribution of the service time of a step.
    #[inline]
    pub fn of(&self, step: Step) -> &Sampler {
        match step {
            Step::Read => &self.read,
            Step::Write => &self.write,
            step => &self.stages[step.stage().index()],
        }
    }

    /// Returns true if the service of a step never takes any time.
    #[inline]
    pub fn takes_no_time(&self, step: Step) -> bool {
        self.of(step).takes_no_time() && (step != Step::Read || self.scan_per_row == Duration::ZERO)
    }
}
