//! Schedule and statistics of the headroom samples.

use serde::{Deserialize, Serialize};

use crate::cloud::observe::outcome::{HeadroomUse, LimitedResource};
use plimsoll_base::metrics::forecast::LevelHistory;
use plimsoll_base::units::{Duration, Time};
use plimsoll_model::headroom::{Headroom, HeadroomConfig, LossDomain};

/// Schedule of the samples, and their statistics since the warm-up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HeadroomSampler {
    pub every: Duration,
    /// Loss that is measured too.
    pub survive: Option<LossDomain>,
    /// Time at which the next sample is due.
    pub next: Time,
    pub seen: HeadroomUse,
    /// Limited resources, with the past of the share in use, in the order of `headroom::levels`.
    pub levels: Vec<(LimitedResource, LevelHistory)>,
}

impl HeadroomSampler {
    /// Returns a schedule whose first sample is due at time zero.
    pub fn new(config: &HeadroomConfig) -> HeadroomSampler {
        let HeadroomConfig { every, survive, .. } = *config;
        HeadroomSampler { every, survive, next: Time::ZERO, seen: HeadroomUse::default(), levels: Vec::new() }
    }

    /// Returns the past of a resource.
    pub fn history_of(&mut self, resource: LimitedResource) -> &mut LevelHistory {
        let known = self.levels.iter().position(|(known, _)| *known == resource);
        let place = known.unwrap_or_else(|| {
            self.levels.push((resource, LevelHistory::default()));
            self.levels.len() - 1
        });
        &mut self.levels[place].1
    }

    /// Adds a sample to the statistics.
    pub fn note(&mut self, headroom: &Headroom) {
        let seen = &mut self.seen;
        if let Some(inflation) = &headroom.inflation {
            seen.instances.note(inflation.instances as f64);
            seen.ratio.note(inflation.ratio);
            seen.stranded_vcpu_ratio.note(inflation.stranded_vcpu_ratio);
            seen.stranded_memory_ratio.note(inflation.stranded_memory_ratio);
        }
        if let (Some(unusable), Some(fgd)) = (&headroom.unusable, &headroom.fgd) {
            seen.unusable.note(unusable);
            seen.fgd.note(fgd);
        }
        if let Some(hosts) = headroom.hosts_compacted {
            seen.hosts_compacted.note(hosts as f64);
        }
        if let Some(survival) = &headroom.survival {
            seen.loss_unplaced.note(survival.unplaced as f64);
            seen.loss_violations.note(survival.violations as f64);
        }
        seen.hosts_lower_bound.note(headroom.hosts_lower_bound as f64);
        for (kind, count) in &headroom.allocable {
            seen.allocable.entry(*kind).or_default().note(*count as f64);
        }
    }
}
