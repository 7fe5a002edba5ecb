//! Notes on the confidence of a comparison and its limits.

use crate::demand::certain_demand;
use crate::format::level;
use crate::warned::Gathered;
use plimsoll_base::quote::plain;
use plimsoll_base::units::Duration;
use plimsoll_base::units::figures::{grouped, span};
use plimsoll_experiment::comparison::{Comparison, ComparisonRow};
use plimsoll_experiment::statistics::{DemandSampling, Normality, SHAPED, TELLING, Variety};
use plimsoll_experiment::verdict::{Certainty, Reason, Verdict};
use plimsoll_model::workload::trace::resample::Replicate;
use plimsoll_sim::scenario::Scenario;

/// Returns the notes on the tables: what the runs warned of, their confidence and their limits.
pub fn notes(comparison: &Comparison) -> Vec<String> {
    let notes = [
        Some(demand(comparison)),
        intervals(comparison),
        normality(comparison),
        precision(comparison),
        sparse(comparison),
        warmup(comparison),
        flattered(comparison),
    ];
    let runs = comparison.arms.iter().flat_map(|arm| &arm.figures);
    let warned = Gathered::of(runs.map(|figures| figures.warnings.as_slice())).sentences();
    warned.into_iter().chain(notes.into_iter().flatten()).collect()
}

/// Returns the blocks of a trace that may be drawn anew: its days, else its accounts; `None` for a trace that is too short for that,
/// has instances on hosts, or is of operations.
fn draws_blocks(scenario: &Scenario) -> Option<Replicate> {
    scenario.workload.trace.as_ref()?;
    [Replicate::Days, Replicate::Accounts].into_iter().find(|replicate| {
        let mut drawn = scenario.clone();
        drawn.workload.replicate = Some(*replicate);
        // The first call is there when the trace has been read and divided.
        let first = drawn.demand().and_then(|(mut directory, mut demand)| demand.next(&mut directory));
        first.is_ok()
    })
}

fn demand(comparison: &Comparison) -> String {
    let arms = &comparison.arms;
    let names = |certain: bool| {
        let those = arms.iter().filter(|arm| arm.certain == certain);
        those.map(|arm| format!("`{}`", plain(&arm.label).replace('`', "'"))).collect::<Vec<_>>()
    };
    let certain = names(true);
    let is_certain = arms.iter().all(|arm| arm.scenario.has_certain_demand());
    if certain.len() == arms.len() {
        let exact = format!(
            "{}, and nothing else is random: two seeds gave the same run of every variant. So one run of each is exact for this \
             demand; it says nothing of another",
            certain_demand(&arms[0].scenario)
        );
        return match draws_blocks(&arms[0].scenario) {
            Some(replicate) => {
                format!("{exact}, such as `--set workload.replicate={}` draws from it.", replicate.name())
            }
            None => format!("{exact}."),
        };
    }
    let trace = format!(
        "{}: the intervals tell how much the draws of the runs themselves vary, and nothing of another demand.",
        certain_demand(&arms[0].scenario)
    );
    match (certain.is_empty(), is_certain, comparison.replications()) {
        (_, _, 1) => "One replication says nothing of how much the figures vary: use --replications.".to_string(),
        (true, true, _) => trace,
        (false, _, _) => {
            let uncertain = names(false);
            let those = match certain.len() <= uncertain.len() {
                true => certain.join(", "),
                false => format!("all but {}", uncertain.join(", ")),
            };
            format!("{trace} Two seeds gave the same run of {those}: one is exact.")
        }
        (true, false, _) => {
            "In each replication all variants have the same seed, and so the same demand (common random numbers)."
                .to_string()
        }
    }
}

fn intervals(comparison: &Comparison) -> Option<String> {
    let alone = level(comparison.confidence.alone);
    let baseline = &comparison.arms[0].label;
    let of = format!("Intervals are of the mean difference to `{baseline}`");
    let (of, sampled) = match record(comparison) {
        None => (format!("{of}: Student's t over pairs of runs with a seed in common"), String::new()),
        Some(record) => (
            format!("{of} over demand like the trace's"),
            format!(
                " Each run draws anew from its {record}; how much the runs differ tells how far the trace itself may be off. More \
                 replications make an interval steadier, but no shorter; a longer trace does."
            ),
        ),
    };
    match comparison.family {
        0 => None,
        1 => Some(format!("{of}, {alone} confidence.{sampled}")),
        family => Some(format!(
            "{of}. All {family} hold together with {alone} confidence (Bonferroni: each has {}).{sampled}",
            level(comparison.confidence.each)
        )),
    }
}

/// Returns the sentence on what intervals claim where differences may not be normal.
fn normality(comparison: &Comparison) -> Option<String> {
    let found = comparison.rows.iter().filter_map(|row| match &row.difference.as_ref()?.certainty {
        Certainty::Paired(paired) => Some(paired.normality),
        _ => None,
    });
    let shares = comparison.arms.iter().filter(|arm| !arm.certain).filter_map(|arm| {
        arm.success_interval(comparison.confidence.alone)?;
        arm.success_normality()
    });
    match found.chain(shares).max()? {
        Normality::Plausible => None,
        Normality::Untold => Some(format!(
            "Intervals suppose that differences between runs are about normal, which fewer than {SHAPED} pairs do not tell. Of \
             heavy tails they hold less than they say: {HEAVY}."
        )),
        Normality::Doubtful => Some(format!(
            "Where it says about, the values of the runs are not normal, some far off the others, and the interval does not hold \
             what it claims: {HEAVY}. See `median_interval`, or make more runs."
        )),
    }
}

/// Coverage of heavy tails, as measured in `docs/model/statistics.md`.
const HEAVY: &str = "where one variant has the tail of a Pareto distribution of shape 2.5, 95 % intervals of 3 to 20 pairs held the \
                     truth in 78 to 84 %";

/// Returns what the runs draw from, as in `14 days`; `None` where no trace is drawn anew.
fn record(comparison: &Comparison) -> Option<String> {
    comparison.arms.iter().find_map(|arm| match (arm.sampling(), arm.scenario.workload.replicate) {
        (DemandSampling::Resampled { blocks }, Some(replicate)) => {
            Some(format!("{} {}", grouped(blocks), replicate.name()))
        }
        _ => None,
    })
}

/// Returns a sentence on the precision that was asked for, if any was.
pub fn precision(comparison: &Comparison) -> Option<String> {
    let replications = comparison.replications();
    comparison.precise.map(|reached| match reached {
        true => format!("The precision asked for is reached with {replications} replications."),
        false => format!(
            "The precision asked for is not reached with {replications} replications: {}.",
            match record(comparison) {
                None => "allow more with --max-replications",
                Some(_) => "a longer trace would tell more",
            }
        ),
    })
}

/// Returns a sentence on the number of replications that would suffice where there are too few events.
fn sparse(comparison: &Comparison) -> Option<String> {
    let varieties = comparison.rows.iter().filter_map(|row| match &row.difference.as_ref()?.certainty {
        Certainty::Sparse(variety) => Some(variety),
        _ => None,
    });
    let (alike, differing): (Vec<&Variety>, Vec<&Variety>) =
        varieties.partition(|variety| variety.differing == 0);
    let needed = differing.iter().map(|variety| variety.needed()).max();
    match (needed, alike.is_empty()) {
        (None, true) => None,
        (None, false) => Some(
            "Too few events: where no pair of runs differs, more replications may still show a difference."
                .to_string(),
        ),
        (Some(needed), _) => Some(format!(
            "Too few events: where fewer than {TELLING} pairs of runs differ, an interval would claim more than it holds. If \
             more pairs differ as often, about {} replications would tell.",
            grouped(needed as u64)
        )),
    }
}

/// Returns the time after which the runs no longer drift, where it is more than the scenario leaves out.
fn warmup(comparison: &Comparison) -> Option<String> {
    let advice = comparison.arms.iter().filter_map(|arm| Some((arm, arm.settled_from_s()?)));
    let latest = advice.max_by(|(_, a), (_, b)| {
        let key = |advice: &Option<f64>| advice.unwrap_or(f64::INFINITY);
        key(a).total_cmp(&key(b))
    });
    let (arm, advice) = latest?;
    let warmup = arm.scenario.warmup;
    match advice {
        None => Some(format!(
            "Warm-up: hosts in use or instances running of `{}` drift through the first half of the time. Means depend \
             on the duration; a longer one may settle.",
            arm.label
        )),
        Some(advised) if advised > warmup.as_seconds() => Some(format!(
            "Warm-up: the scenario leaves out {}; hosts in use and instances running of `{2}` drift until {1}. Nothing was \
             left out because of it: set `warmup`.",
            if warmup == Duration::ZERO { "nothing".to_string() } else { span(warmup) },
            span(Duration::from_seconds(advised.ceil() as u64)),
            arm.label
        )),
        Some(_) => None,
    }
}

/// Returns the sentence on why hosts saved by refusing are no gain, where a verdict says so.
fn flattered(comparison: &Comparison) -> Option<String> {
    let by_work = |row: &ComparisonRow| {
        matches!(row.verdict, Some(Verdict::NotComparable(Reason::LessWork | Reason::MoreWork)))
    };
    comparison.rows.iter().any(by_work).then(|| {
        "Less or more work done: every run is measured over the same window, so who launches less needs fewer hosts. \
         Where that may explain half of a difference there is no verdict."
            .to_string()
    })
}
