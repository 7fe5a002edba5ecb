//! What a comparison shows a person, before it is a terminal's or a page's: tables of words, and sentences.

use crate::format::{amount, change, change_between, relative};
use plimsoll_base::quote::plain;
use plimsoll_base::units::Duration;
use plimsoll_base::units::figures::{coarse, grouped, percent};
use plimsoll_experiment::comparison::{Arm, Comparison, Row};
use plimsoll_experiment::metric;
use plimsoll_experiment::statistics::{Interval, TELLING, Variety};
use plimsoll_experiment::verdict::{Certainty, Paired, Reason, Verdict};
use plimsoll_sim::summary::metrics::Better;

/// A table of words. Every column but the first is of figures; the last may be of words.
#[derive(Clone)]
pub struct Sheet {
    /// Names of the columns.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

/// The mark of a verdict in a table that has no room for its words.
fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "▲",
        Verdict::Worse => "▼",
        Verdict::Same => "=",
        Verdict::TooFewEvents => "?",
        Verdict::NotShown => "≈",
        Verdict::NotComparable(_) => "·",
    }
}

/// What the marks mean.
pub const LEGEND: &str =
    "▲ better, ▼ worse, ≈ no difference shown, = the same, ? too few events, · not comparable";

/// A row for each variant, a column for each metric: its mean and the mark of its verdict.
pub fn overview(comparison: &Comparison) -> Sheet {
    let metrics = comparison.metrics();
    let mut header = vec!["variant".to_string()];
    header.extend(metrics.iter().map(|path| path.to_string()));
    let cell = |path: &str, number: usize| {
        let row = comparison.rows.iter().find(|row| row.metric == path && row.arm == number);
        let row = row.expect("every metric has a row for every variant");
        let mean = row.mean.map_or("none".to_string(), |mean| amount(mean, metric::unit(path)));
        // The baseline's figures stand above those with a mark.
        format!("{mean} {}", row.verdict.map_or(" ", mark))
    };
    let rows = (comparison.arms.iter().enumerate())
        .map(|(number, arm)| {
            let cells = metrics.iter().map(|path| cell(path, number));
            std::iter::once(name(arm, number)).chain(cells).collect()
        })
        .collect();
    Sheet { header, rows }
}

/// The label of a variant, or what stands for it where it is the baseline.
fn name(arm: &Arm, number: usize) -> String {
    let label = plain(&arm.label);
    if number == 0 { format!("{label} (baseline)") } else { label.into_owned() }
}

/// One metric in full: its title, and a row for each variant.
pub fn details(comparison: &Comparison) -> Vec<(String, Sheet)> {
    let correlated = comparison.rows.iter().any(|row| correlation(row).is_some());
    let mut header = vec!["variant", "mean", "difference", "relative", "interval"];
    header.extend(correlated.then_some("corr."));
    header.push("verdict");
    let sheet = |path: &str| {
        let of_metric = comparison.rows.iter().filter(|row| row.metric == path);
        let rows = of_metric.map(|row| detail(row, &comparison.arms[row.arm], correlated)).collect();
        Sheet { header: header.iter().map(|name| name.to_string()).collect(), rows }
    };
    comparison.metrics().into_iter().map(|path| (title(path), sheet(path))).collect()
}

/// A metric with its unit and direction.
fn title(path: &str) -> String {
    let unit = match metric::unit(path) {
        "" => String::new(),
        unit => format!(" [{unit}]"),
    };
    let direction = match metric::better(path) {
        Better::Higher => ", higher is better",
        Better::Lower => ", lower is better",
        Better::Neither => "",
    };
    format!("{path}{unit}{direction}")
}

fn detail(row: &Row, arm: &Arm, correlated: bool) -> Vec<String> {
    let unit = metric::unit(&row.metric);
    let mut cells = vec![name(arm, row.arm)];
    cells.push(row.mean.map_or("none".to_string(), |mean| amount(mean, unit)));
    match &row.difference {
        Some(difference) => {
            cells.push(change(difference.mean, unit));
            cells.push(difference.relative.map(relative).unwrap_or_default());
            cells.push(match &difference.certainty {
                Certainty::Exact => "exact".to_string(),
                Certainty::OnePair => String::new(),
                Certainty::Sparse(variety) => format!("{} of {} differ", variety.differing, variety.values),
                Certainty::Paired(Paired { interval, .. }) => {
                    change_between(interval.low, interval.high, unit)
                }
            });
        }
        None => cells.extend(std::iter::repeat_n(String::new(), 3)),
    }
    if correlated {
        cells.push(correlation(row).map(|correlation| format!("{correlation:.2}")).unwrap_or_default());
    }
    cells.push(row.verdict.map_or("", Verdict::words).to_string());
    cells
}

fn correlation(row: &Row) -> Option<f64> {
    match &row.difference.as_ref()?.certainty {
        Certainty::Paired(paired) => paired.correlation,
        _ => None,
    }
}

/// Launches over all replications, and the interval of their share; nothing where every figure is exact.
pub fn launches(comparison: &Comparison) -> Option<Sheet> {
    if comparison.arms.iter().all(|arm| arm.certain) {
        return None;
    }
    let confidence = comparison.confidence.alone;
    let interval = format!("{} interval (Student's t)", level(confidence));
    let header = ["all replications", "asked for", "launched", "share", &interval];
    let row = |(number, arm): (usize, &Arm)| {
        let (launched, asked_for) = arm.launches();
        let share = if asked_for == 0 { String::new() } else { percent(launched as f64 / asked_for as f64) };
        let interval = arm.success_interval(confidence);
        let interval = match interval {
            _ if arm.certain => "exact".to_string(),
            Some(Interval { low, high }) => format!("{:.3} to {:.3} %", 100.0 * low, 100.0 * high),
            None => "too few events".to_string(),
        };
        vec![name(arm, number), grouped(asked_for), grouped(launched), share, interval]
    };
    Some(Sheet {
        header: header.map(str::to_string).to_vec(),
        rows: comparison.arms.iter().enumerate().map(row).collect(),
    })
}

/// A confidence: `95 %`, `99.72 %`.
fn level(confidence: f64) -> String {
    format!("{} %", (confidence * 1e4).round() / 1e2)
}

/// Who is compared: scenario, variants and replications.
pub fn headline(comparison: &Comparison) -> String {
    let scenario = &comparison.arms[0].scenario;
    let replications = match comparison.replications() {
        1 => format!("one run each, seed {}", scenario.seed),
        n => format!(
            "{n} replications, seeds {} to {}",
            scenario.seed,
            scenario.seed.wrapping_add(n as u64 - 1)
        ),
    };
    format!("{}: {} variants, {replications}", scenario.name, comparison.arms.len())
}

/// What has to be known to read the tables: how sure they are, and what they cannot say.
pub fn notes(comparison: &Comparison) -> Vec<String> {
    let notes = [
        Some(demand(comparison)),
        intervals(comparison),
        precision(comparison),
        sparse(comparison),
        warmup(comparison),
        flattered(comparison),
    ];
    notes.into_iter().flatten().collect()
}

fn demand(comparison: &Comparison) -> String {
    let arms = &comparison.arms;
    let names = |certain: bool| {
        let those = arms.iter().filter(|arm| arm.certain == certain);
        those.map(|arm| format!("`{}`", plain(&arm.label).replace('`', "'"))).collect::<Vec<_>>()
    };
    let certain = names(true);
    let is_trace = arms.iter().all(|arm| arm.scenario.workload.is_certain());
    if certain.len() == arms.len() {
        return "The demand is a trace, which no seed changes, and nothing else is random: two seeds gave the same run \
                of every variant. So one run of each is exact for this demand; it says nothing of another."
            .to_string();
    }
    let trace = "The demand is a trace, which no seed changes: the intervals tell how much the draws of the runs \
                 themselves vary, and nothing of another demand.";
    match (certain.is_empty(), is_trace, comparison.replications()) {
        (_, _, 1) => "One replication says nothing of how much the figures vary: use --replications.".to_string(),
        (true, true, _) => trace.to_string(),
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
    let of = format!(
        "Intervals are of the mean difference to `{}`: Student's t over pairs of runs with a seed in common",
        comparison.arms[0].label
    );
    match comparison.family {
        0 => None,
        1 => Some(format!("{of}, {alone} confidence.")),
        family => Some(format!(
            "{of}. All {family} hold together with {alone} confidence (Bonferroni: each has {}).",
            level(comparison.confidence.each)
        )),
    }
}

fn precision(comparison: &Comparison) -> Option<String> {
    let replications = comparison.replications();
    comparison.precise.map(|reached| match reached {
        true => format!("The precision asked for is reached with {replications} replications."),
        false => format!(
            "The precision asked for is not reached with {replications} replications: \
             allow more with --max-replications."
        ),
    })
}

/// Sentence on how many replications would tell where too few events came.
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

/// The time after which the runs no longer drift, where it is more than the scenario leaves out.
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
            if warmup == Duration::ZERO { "nothing".to_string() } else { coarse(warmup) },
            coarse(Duration::from_seconds(advised.ceil() as u64)),
            arm.label
        )),
        Some(_) => None,
    }
}

/// Why hosts saved by refusing are no gain, where a verdict says so.
fn flattered(comparison: &Comparison) -> Option<String> {
    let by_work =
        |row: &Row| matches!(row.verdict, Some(Verdict::NotComparable(Reason::LessWork | Reason::MoreWork)));
    comparison.rows.iter().any(by_work).then(|| {
        "Less or more work done: every run is measured over the same window, so who launches less needs fewer hosts. \
         Where that may explain half of a difference there is no verdict."
            .to_string()
    })
}
