//! How long everything takes.

use std::path::Path;

use super::path::Step;
use crate::control_plane::config::ControlPlaneConfig;
use crate::workload::distribution::{Distribution, Sampler};
use plimsoll_base::units::Duration;

/// The times of all services, and of what else takes some.
#[derive(Clone, Debug)]
pub(super) struct Times {
    gateway: Sampler,
    validation: Sampler,
    cache: Sampler,
    workers: Sampler,
    hypervisor: Sampler,
    storage: Sampler,
    read: Sampler,
    write: Sampler,
    /// What a read takes longer for each instance there is, where no index helps.
    pub scan_per_row: Duration,
    /// From a host's having all it needs to the instance's having booted.
    pub boot: Duration,
    /// What a job that could not write waits before it tries again.
    pub again: Duration,
}

impl Times {
    /// Those of a configuration that has been validated.
    pub fn new(config: &ControlPlaneConfig, boot: Duration) -> Times {
        let sampler = |distribution: &Distribution| {
            distribution.compile("", Path::new("")).expect("the configuration has been validated")
        };
        Times {
            gateway: sampler(&config.gateway.service),
            validation: sampler(&config.validation.service),
            cache: sampler(&config.cache.service),
            workers: sampler(&config.workers.service),
            hypervisor: sampler(&config.hypervisor.service),
            storage: sampler(&config.storage.service),
            read: sampler(&config.database.read),
            write: sampler(&config.database.write),
            scan_per_row: config.database.scan_per_row,
            boot,
            again: config.queue.redelivery_delay,
        }
    }

    /// Returns what the service of a step is drawn from.
    #[inline]
    pub fn of(&self, step: Step) -> &Sampler {
        match step {
            Step::Gateway => &self.gateway,
            Step::Validation => &self.validation,
            Step::CacheLookup => &self.cache,
            Step::Worker => &self.workers,
            Step::Hypervisor => &self.hypervisor,
            Step::Storage => &self.storage,
            Step::Read => &self.read,
            Step::Write => &self.write,
            step => unreachable!("{step:?} has no servers"),
        }
    }

    /// Returns whether the service of a step never takes any time.
    #[inline]
    pub fn takes_no_time(&self, step: Step) -> bool {
        self.of(step).takes_no_time() && (step != Step::Read || self.scan_per_row == Duration::ZERO)
    }
}
