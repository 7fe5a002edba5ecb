//! Sentences of a sizing: question, answer, and how sure the answer is.

use crate::format::{amount, change};
use plimsoll_base::units::figures::grouped;
use plimsoll_experiment::Sizing;
use plimsoll_experiment::metric;
use plimsoll_experiment::sizing::{CurvePoint, SizingResult, TargetStatus};

/// Returns the question.
pub fn question(sizing: &Sizing) -> String {
    let plan = &sizing.plan;
    format!("How small may {} be, so that {}?", plan.path, plan.target)
}

/// Returns the answer.
pub fn answer(sizing: &Sizing) -> String {
    let (path, target) = (&sizing.plan.path, &sizing.plan.target);
    match sizing.result {
        SizingResult::Found(value) => {
            format!(
                "{path} = {} is the smallest found with which {target}{}.",
                grouped(value),
                beside_bound(sizing, value)
            )
        }
        SizingResult::HoldsAtLeast(value) => format!(
            "{target} holds with {path} = {} already, the least that was tried{}.",
            grouped(value),
            beside_bound(sizing, value)
        ),
        SizingResult::OutOfReach(most) => {
            format!("{target} does not hold up to {path} = {}{}.", grouped(most), best(sizing))
        }
        SizingResult::Still(most) => format!(
            "{target} cannot be had by {path}: up to {} it changes the metric no more{}.",
            grouped(most),
            best(sizing)
        ),
    }
}

/// Returns the fewest hosts of any packing, where the setting is one of hosts.
fn beside_bound(sizing: &Sizing, value: u64) -> String {
    match sizing.curve.at(value).and_then(CurvePoint::hosts) {
        Some((hosts, bound)) if varies_hosts(sizing) => format!(
            "; of its {} hosts no packing of what ran at the peak could do with fewer than {}",
            grouped(hosts),
            grouped(bound)
        ),
        _ => String::new(),
    }
}

/// Returns the value of the metric at the last value of the setting.
fn best(sizing: &Sizing) -> String {
    let last = sizing.curve.points().last();
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

/// Returns the notes on the curve: its confidence, whether it is monotone, its limits.
pub fn notes(sizing: &Sizing) -> Vec<String> {
    [Some(sureness(sizing)), Some(monotone(sizing)), undecided(sizing), left_out(sizing)]
        .into_iter()
        .flatten()
        .collect()
}

fn sureness(sizing: &Sizing) -> String {
    if sizing.curve.points().iter().all(|point| point.certain) {
        return "The demand is a trace, which no seed changes, and nothing else is random: one run of each value is \
                exact for this demand; it says nothing of another."
            .to_string();
    }
    let level = (sizing.plan.confidence * 1e4).round() / 1e2;
    format!(
        "What is said of each value has {level} % confidence: the ends of an interval are Student's t over the runs, for \
         the share of launches also Wilson's over all launches, whichever reaches further. Where hardly a run refuses \
         anything that is no more than a guess, because refusals come in bursts: make more runs. All values have the \
         same seeds, and so the same demand (common random numbers)."
    )
}

fn monotone(sizing: &Sizing) -> String {
    let tried = sizing.curve.points().len();
    let unit = metric::unit(&sizing.plan.target.metric);
    match &sizing.reversals[..] {
        [] => format!(
            "The response was monotone: among the {tried} values tried, more of the setting was never shown to lead \
             away from the target."
        ),
        [first, rest @ ..] => format!(
            "The response was not monotone: from {} to {} the metric changes by {}{}. A smaller value than the answer may \
             do as well: run a sweep over the values between.",
            grouped(first.from),
            grouped(first.to),
            change(first.change, unit),
            match rest.len() {
                0 => String::new(),
                more => format!(", and so at {more} more places"),
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
            grouped(first.setting),
            grouped(last.setting)
        ));
    }
    let values = match first.setting == last.setting {
        true => format!("At {}", grouped(first.setting)),
        false => {
            format!("At {} values from {} to {}", open.len(), grouped(first.setting), grouped(last.setting))
        }
    };
    Some(format!(
        "{values} the runs cannot tell whether the target holds, which counts as missing it: allow more with \
         --max-replications, or let each run be longer."
    ))
}

/// Returns a sentence on what the bound on hosts leaves out.
fn left_out(sizing: &Sizing) -> Option<String> {
    varies_hosts(sizing).then(|| {
        "The lower bound on hosts is of what ran, not of what was asked for: where much is refused it is low."
            .to_string()
    })
}
