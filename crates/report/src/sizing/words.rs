//! Sentences of a sizing: question, answer, and how sure the answer is.

use crate::demand::{certain_demand, shown_without_a_miss};
use crate::format::{amount, change, level};
use crate::warned::Gathered;
use plimsoll_base::units::figures::grouped;
use plimsoll_experiment::metric;
use plimsoll_experiment::sizing::{CurvePoint, Seek, SettingValue, SizingResult, TargetStatus};
use plimsoll_experiment::statistics::DemandSampling;
use plimsoll_experiment::{Figures, Sizing};

/// Returns the question.
pub fn question(sizing: &Sizing) -> String {
    let plan = &sizing.plan;
    let size = match plan.seek {
        Seek::Smallest => "small",
        Seek::Largest => "large",
    };
    format!("How {size} may {} be, so that {}?", plan.name(), plan.target)
}

/// Returns the answer.
pub fn answer(sizing: &Sizing) -> String {
    let (path, target) = (sizing.plan.name(), &sizing.plan.target);
    let (extreme, last) = match sizing.plan.seek {
        Seek::Smallest => ("smallest", "least"),
        Seek::Largest => ("largest", "most"),
    };
    match sizing.result {
        SizingResult::Found(value) => {
            format!(
                "{path} = {} is the {extreme} found with which {target}{}{}.",
                value.grouped(),
                in_runs(sizing, value),
                beside_bound(sizing, value)
            )
        }
        SizingResult::HoldsAtLimit(value) => format!(
            "{target} holds with {path} = {} already, the {last} that was tried{}{}.",
            value.grouped(),
            in_runs(sizing, value),
            beside_bound(sizing, value)
        ),
        SizingResult::OutOfReach(limit) => match sizing.plan.seek {
            Seek::Smallest => {
                format!("{target} does not hold up to {path} = {}{}.", limit.grouped(), last_value(sizing))
            }
            Seek::Largest => {
                format!("{target} does not hold down to {path} = {}{}.", limit.grouped(), last_value(sizing))
            }
        },
        SizingResult::Still(most) => format!(
            "{target} cannot be had by {path}: up to {} it changes the metric no more{}.",
            most.grouped(),
            last_value(sizing)
        ),
    }
}

/// Returns in how many runs the target holds, where they are random: what holds on average need not hold in each.
fn in_runs(sizing: &Sizing, value: SettingValue) -> String {
    let Some(point) = sizing.curve.at(value).filter(|point| !point.certain) else { return String::new() };
    let (met, runs) = (point.runs_that_meet(&sizing.plan.target) as u64, point.runs() as u64);
    match met == runs {
        true => format!(", in each of {} runs", grouped(runs)),
        false => {
            format!(" on average; by themselves {} of {} runs meet it", grouped(met), grouped(runs))
        }
    }
}

/// Returns the fewest hosts of any packing, where the setting is one of hosts.
fn beside_bound(sizing: &Sizing, value: SettingValue) -> String {
    match sizing.curve.at(value).and_then(CurvePoint::hosts) {
        Some((hosts, bound)) if varies_hosts(sizing) => format!(
            "; of its {} hosts no packing of what ran at the peak could do with fewer than {}",
            grouped(hosts),
            grouped(bound)
        ),
        _ => String::new(),
    }
}

/// Returns the value of the metric at the value of the setting to which the search came.
fn last_value(sizing: &Sizing) -> String {
    let last = match sizing.plan.seek {
        Seek::Smallest => sizing.curve.points().last(),
        Seek::Largest => sizing.curve.points().first(),
    };
    let mean = last.and_then(|point| point.estimate.mean);
    let unit = metric::unit(&sizing.plan.target.metric);
    mean.map_or_else(String::new, |mean| format!("; there it is {}", amount(mean, unit)))
}

/// Returns whether the number of hosts follows the setting.
fn varies_hosts(sizing: &Sizing) -> bool {
    let hosts: Vec<_> =
        sizing.curve.points().iter().map(|point| point.hosts().map(|(hosts, _)| hosts)).collect();
    hosts.windows(2).any(|pair| pair[0] != pair[1])
}

/// Returns the notes on the curve: what the runs warned of, its confidence, whether it is monotone, its limits.
pub fn notes(sizing: &Sizing) -> Vec<String> {
    let runs = sizing.curve.points().iter().flat_map(|point| &point.figures);
    let warned = Gathered::of(runs.map(|figures| figures.warnings.as_slice())).sentences();
    let notes = [
        Some(sureness(sizing)),
        alike(sizing),
        Some(monotone(sizing)),
        undecided(sizing),
        bound(sizing),
        left_out(sizing),
    ];
    warned.into_iter().chain(notes.into_iter().flatten()).collect()
}

fn sureness(sizing: &Sizing) -> String {
    if sizing.curve.points().iter().all(|point| point.certain) {
        return format!(
            "{}, and nothing else is random: one run of each value is exact for this demand; it says nothing of another.",
            certain_demand(&sizing.scenario)
        );
    }
    let level = level(sizing.plan.confidence);
    let runs = sizing.curve.points().iter().map(|point| Figures::sampling(&point.figures));
    let ends = match runs.reduce(DemandSampling::with) {
        Some(DemandSampling::Resampled { blocks }) => format!(
            "from how much the runs differ, each of which draws anew from the trace's {} blocks and which more runs make no \
             shorter",
            grouped(blocks)
        ),
        _ => "Student's t over the runs".to_string(),
    };
    format!(
        "What is said of each value has {level} confidence if the runs are about normal: the ends of an interval are {ends}, for \
         the share of launches also Wilson's over all launches, whichever reaches further. Where hardly a run refuses \
         anything that is no more than a guess, because refusals come in bursts: make more runs. All values have the \
         same seeds, and so the same demand (common random numbers)."
    )
}

/// Returns a sentence on what an answer shows whose runs all have one value.
fn alike(sizing: &Sizing) -> Option<String> {
    let point = sizing.curve.at(sizing.result.answer()?)?;
    if !point.estimate.alike {
        return None;
    }
    let runs = point.runs();
    Some(format!(
        "At the answer all {} runs meet the target, with one value. {}",
        grouped(runs as u64),
        shown_without_a_miss(runs, sizing.plan.confidence)
    ))
}

fn monotone(sizing: &Sizing) -> String {
    let tried = sizing.curve.points().len();
    let unit = metric::unit(&sizing.plan.target.metric);
    match &sizing.reversals[..] {
        [] => format!(
            "The response was monotone: among the {tried} values tried, the metric was never shown to go the wrong way \
             from one to the next."
        ),
        [first, rest @ ..] => format!(
            "The response was not monotone: from {} to {} the metric changes by {}{}. A {} value than the answer may do as \
             well: run a sweep over the values between.",
            first.from.grouped(),
            first.to.grouped(),
            change(first.change, unit),
            match rest.len() {
                0 => String::new(),
                more => format!(", and so at {more} more places"),
            },
            match sizing.plan.seek {
                Seek::Smallest => "smaller",
                Seek::Largest => "larger",
            }
        ),
    }
}

/// Returns a sentence on the values on which the runs do not decide, if the answer could be one of them.
fn undecided(sizing: &Sizing) -> Option<String> {
    let points = sizing.curve.points();
    let open: Vec<&CurvePoint> =
        points.iter().filter(|point| point.estimate.status == TargetStatus::NotShown).collect();
    let (first, last) = (open.first()?, open.last()?);
    let without_value = open.iter().all(|point| point.estimate.mean.is_none());
    if without_value {
        return Some(format!(
            "From {} to {} the metric has no value, which counts as missing the target.",
            first.setting.grouped(),
            last.setting.grouped()
        ));
    }
    let values = match first.setting == last.setting {
        true => format!("At {}", first.setting.grouped()),
        false => {
            format!("At {} values from {} to {}", open.len(), first.setting.grouped(), last.setting.grouped())
        }
    };
    Some(format!(
        "{values} the runs cannot tell whether the target holds, which counts as missing it: allow more with \
         --max-replications, or let each run be longer."
    ))
}

/// Returns a sentence on the greatest value that the scenario takes, where the search came to it.
fn bound(sizing: &Sizing) -> Option<String> {
    let bound = sizing.bound.as_ref()?;
    let problem = bound.beyond.0.first()?;
    Some(format!("More than {} is none that the scenario takes: {}.", bound.most.grouped(), problem.message))
}

/// Returns a sentence on what the bound on hosts leaves out.
fn left_out(sizing: &Sizing) -> Option<String> {
    varies_hosts(sizing).then(|| {
        "The lower bound on hosts is of what ran, not of what was asked for: where much is refused it is low."
            .to_string()
    })
}
