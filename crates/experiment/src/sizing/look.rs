//! Look at a setting: runs of one scenario, with more seeds while they do not decide its targets.

use super::curve::Estimate;
use super::target::{self, Target, TargetStatus};
use crate::comparison::may_be_certain;
use crate::estimate::estimated_bytes;
use crate::figures::Figures;
use crate::replicate::{ProgressListener, run_all};
use crate::statistics::bonferroni;
use crate::trace_cache::TraceCache;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_sim::scenario::Scenario;

/// Function from the memory of one run \[bytes\] to the number of runs that may be made at once.
pub type Fits<'a> = &'a dyn Fn(u64) -> usize;

/// Rule by which a scenario is run until its targets are decided.
#[derive(Clone, Copy)]
pub struct LookRule<'a> {
    /// Targets.
    pub targets: &'a [Target],
    /// Replications of the first evaluation, at least one.
    pub replications: usize,
    /// Most replications, where fewer do not decide.
    pub most_replications: usize,
    /// Confidence that all estimates hold together, from 0.5 to below 1.
    pub confidence: f64,
    /// Runs that may be made at once.
    pub fits: Fits<'a>,
    /// Traces of the runs.
    pub cache: &'a TraceCache,
    /// True if all replications are made where the runs are alike, since a few that are alike show little.
    pub exhaustive: bool,
    /// Listener to the runs.
    pub listener: &'a dyn ProgressListener,
}

/// Runs of a scenario and what they say of the targets.
#[derive(Clone, Debug)]
pub struct Look {
    /// Figures in the order of the seeds; at least one.
    pub figures: Vec<Figures>,
    /// True if the seed plays no part, so that one run stands for all.
    pub certain: bool,
    /// Estimate for each target.
    pub estimates: Vec<Estimate>,
}

/// Returns the problem of limits on replications that are the wrong way round.
pub fn check_replications(replications: usize, most_replications: usize) -> Option<Problem> {
    (most_replications < replications).then(|| {
        let message = format!("found {most_replications}, fewer than the {replications} of --replications");
        Problem::new(Place::key("--max-replications"), message)
    })
}

impl LookRule<'_> {
    /// Runs a scenario, with more seeds until the runs decide every target, or show that one fails, or there are no more.
    pub fn look(&self, scenario: &Scenario) -> Result<Look, InputError> {
        let at_most = (self.fits)(estimated_bytes(scenario)?);
        let mut figures = Vec::new();
        let certain = may_be_certain(scenario) && {
            self.extend(&mut figures, 2, scenario, at_most)?;
            Figures::are_alike(&figures[0], &figures[1])
        };
        if certain {
            figures.truncate(1);
        }
        for target in self.targets {
            refuse_certainty(target, certain)?;
        }
        let looks = self.looks();
        // Several evaluations of several targets are as many chances to be wrong.
        let confidence = bonferroni(self.confidence, looks.len() * self.targets.len().max(1));
        let mut estimates = Vec::new();
        for replications in looks {
            if !certain {
                self.extend(&mut figures, replications, scenario, at_most)?;
            }
            for target in self.targets {
                figures[0].find(&target.metric, &Place::key(target::OPTION))?;
            }
            let estimate = |target| Estimate::of(&figures, certain, target, confidence);
            estimates = self.targets.iter().map(estimate).collect();
            let are_open = self.exhaustive && estimates.iter().any(|estimate| estimate.alike);
            if certain || (are_decided(&estimates) && !are_open) {
                break;
            }
        }
        Ok(Look { figures, certain, estimates })
    }

    /// Returns the numbers of replications after which a scenario is evaluated, in ascending order.
    fn looks(&self) -> Vec<usize> {
        let mut looks = vec![self.replications];
        while let Some(last) = looks.last().copied().filter(|last| *last < self.most_replications) {
            looks.push((2 * last).min(self.most_replications));
        }
        looks
    }

    /// Runs a scenario until it has so many replications; the seeds are those from its own on.
    fn extend(
        &self,
        figures: &mut Vec<Figures>,
        replications: usize,
        scenario: &Scenario,
        at_most: usize,
    ) -> Result<(), InputError> {
        let there = figures.len();
        let of = |number: usize| {
            let mut scenario = scenario.clone();
            scenario.seed = scenario.seed.wrapping_add((there + number) as u64);
            Ok(scenario)
        };
        let missing = replications.saturating_sub(there);
        figures.extend(run_all(
            missing,
            at_most,
            of,
            |_, trial| Ok(trial.figures),
            self.cache,
            self.listener,
        )?);
        Ok(())
    }
}

/// Returns whether more runs would say nothing new: all targets are decided, or one is shown to fail.
fn are_decided(estimates: &[Estimate]) -> bool {
    let is = |status| move |estimate: &Estimate| estimate.status == status;
    estimates.iter().any(is(TargetStatus::Fails)) || !estimates.iter().any(is(TargetStatus::NotShown))
}

/// Refuses a target that only certainty meets, for a scenario with random draws.
fn refuse_certainty(target: &Target, certain: bool) -> Result<(), InputError> {
    if certain || !target.asks_for_certainty() {
        return Ok(());
    }
    let message =
        format!("no number of random runs shows `{target}`: the next one may be the first that misses");
    let help = "ask for a share that can be shown, such as 0.9999, or replay a trace, which is exact";
    Err(Problem::new(Place::key(target::OPTION), message).with_help(help).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replicate::NoListener;

    fn looks(replications: usize, most_replications: usize) -> Vec<usize> {
        let fits = |_| 1;
        let rule = LookRule {
            targets: &[],
            replications,
            most_replications,
            confidence: 0.95,
            fits: &fits,
            cache: &TraceCache::default(),
            exhaustive: false,
            listener: &NoListener,
        };
        rule.looks()
    }

    #[test]
    fn looks_double_up_to_the_most() {
        assert_eq!(looks(10, 10), [10]);
        assert_eq!(looks(10, 80), [10, 20, 40, 80]);
        assert_eq!(looks(3, 10), [3, 6, 10]);
    }

    #[test]
    fn one_target_that_fails_decides_and_one_that_is_open_does_not() {
        use TargetStatus::{Fails, Holds, NotShown};
        let decided = |statuses: &[TargetStatus]| {
            let estimate = |status: &TargetStatus| Estimate {
                mean: None,
                interval: None,
                status: *status,
                alike: false,
            };
            are_decided(&statuses.iter().map(estimate).collect::<Vec<_>>())
        };
        assert!(decided(&[]) && decided(&[Holds, Holds]) && decided(&[NotShown, Fails]));
        assert!(!decided(&[Holds, NotShown]));
    }
}
