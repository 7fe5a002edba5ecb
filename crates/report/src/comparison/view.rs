//! A view of a comparison for terminal, page and Markdown: tables of words, and sentences.

use std::borrow::Cow;

use super::data::{
    ComparisonData, MetricData, NormalityData, PairedData, VariantData, VariantMetricData, VerdictData,
};
use crate::format::{amount, change, change_between, level, relative};
use crate::table::{ReportTable, TableCell};
use crate::text::name;
use plimsoll_base::quote::plain;
use plimsoll_base::units::figures::{grouped, percent};

/// Meaning of the marks in [`overview`].
pub const LEGEND: &str =
    "▲ better, ▼ worse, ≈ no difference shown, = the same, ? too few events, · not comparable";

/// Returns the mark of a verdict in a table that has no room for its words.
pub fn mark(verdict: VerdictData) -> &'static str {
    match verdict {
        VerdictData::Better => "▲",
        VerdictData::Worse => "▼",
        VerdictData::Same => "=",
        VerdictData::TooFewEvents => "?",
        VerdictData::NoDifferenceShown => "≈",
        VerdictData::NotComparable => "·",
    }
}

/// Returns the scenario, number of variants, replications and seeds.
pub fn headline(comparison: &ComparisonData) -> String {
    let replications = match comparison.replications {
        1 => format!("one run each, seed {}", comparison.seed),
        n => {
            let last = comparison.seed.wrapping_add(n as u64 - 1);
            format!("{n} replications, seeds {} to {last}", comparison.seed)
        }
    };
    format!("{}: {} variants, {replications}", comparison.scenario, comparison.variants.len())
}

/// Returns the question that the comparison answers.
pub fn question(comparison: &ComparisonData) -> String {
    match &comparison.variants[..] {
        [_, other] => format!("Is {} better than {}?", name(&other.label), name(&comparison.baseline)),
        _ => {
            let others = comparison.variants.len().saturating_sub(1);
            format!("Which of {others} variants is better than {}?", name(&comparison.baseline))
        }
    }
}

/// Returns the answer by the first metric that has a good direction and distinguishes any variants.
pub fn answer(comparison: &ComparisonData) -> String {
    let is = |entry: &VariantMetricData, verdict: VerdictData| entry.verdict() == Some(verdict);
    let decides = |metric: &&MetricData| {
        metric.variants.iter().any(|entry| is(entry, VerdictData::Better) || is(entry, VerdictData::Worse))
    };
    let Some(metric) = comparison.metrics.iter().find(decides) else {
        return "No difference was shown in any metric that has a good direction.".to_string();
    };
    let count = |verdict| metric.variants.iter().filter(|entry| is(entry, verdict)).count();
    let others = comparison.variants.len().saturating_sub(1);
    let (better, worse) = (count(VerdictData::Better), count(VerdictData::Worse));
    let metric_name = name(&metric.metric);
    let gain = |entry: &&VariantMetricData| {
        let difference = entry.difference.map_or(0.0, |difference| difference.mean);
        if metric.better == "lower" { -difference } else { difference }
    };
    let better_ones = metric.variants.iter().filter(|entry| is(entry, VerdictData::Better));
    let Some(best) = better_ones.max_by(|a, b| gain(a).total_cmp(&gain(b))) else {
        let rest = match others - worse {
            0 => String::new(),
            rest => format!("; of {rest} no difference was shown"),
        };
        return format!("None by {metric_name}: {worse} are worse{rest}.");
    };
    let all = match others {
        0 | 1 => String::new(),
        _ => format!(
            " {better} are better, {worse} worse, of {} no difference was shown.",
            others - better - worse
        ),
    };
    format!(
        "By {metric_name}, {}: {} ({}).{all}",
        name(&best.label),
        best.mean.map_or_else(String::new, |mean| amount(mean, &metric.unit)),
        change(best.difference.map_or(0.0, |difference| difference.mean), &metric.unit),
    )
}

/// Returns the table of a row for each variant and a column for each metric: its mean and the mark of its verdict.
pub fn overview(comparison: &ComparisonData) -> ReportTable {
    let mut header: Vec<Cow<'static, str>> = vec!["variant".into()];
    header.extend(comparison.metrics.iter().map(|metric| metric.metric.clone().into()));
    let cell = |metric: &MetricData, number: usize| {
        let entry = &metric.variants[number];
        // The baseline's figures stand above those with a mark.
        TableCell::Text(format!("{} {}", mean(entry, metric), entry.verdict().map_or(" ", mark)))
    };
    let rows = (comparison.variants.iter().enumerate())
        .map(|(number, variant)| {
            let cells = comparison.metrics.iter().map(|metric| cell(metric, number));
            std::iter::once(TableCell::text(label(&variant.label, number))).chain(cells).collect()
        })
        .collect();
    ReportTable { title: "Overview".into(), caption: String::new(), header, rows }
}

fn mean(entry: &VariantMetricData, metric: &MetricData) -> String {
    entry.mean.map_or("none".to_string(), |mean| amount(mean, &metric.unit))
}

/// Returns the label of a variant, with a word where it is the baseline.
fn label(label: &str, number: usize) -> String {
    let label = plain(label);
    if number == 0 { format!("{label} (baseline)") } else { label.into_owned() }
}

/// Returns the table of each metric: a row for each variant.
pub fn details(comparison: &ComparisonData) -> Vec<ReportTable> {
    let entries = || comparison.metrics.iter().flat_map(|metric| &metric.variants);
    let correlated = entries().any(|entry| correlation(entry).is_some());
    let mut header = vec!["variant", "mean", "difference", "relative", "interval"];
    header.extend(correlated.then_some("corr."));
    header.push("verdict");
    let table = |metric: &MetricData| {
        let rows = metric.variants.iter().enumerate();
        let rows = rows.map(|(number, entry)| detail(metric, entry, number, correlated));
        ReportTable {
            title: title(metric).into(),
            caption: String::new(),
            header: header.iter().map(|name| Cow::Borrowed(*name)).collect(),
            rows: rows.collect(),
        }
    };
    comparison.metrics.iter().map(table).collect()
}

/// Returns the path of a metric with its unit and direction.
fn title(metric: &MetricData) -> String {
    let unit = match metric.unit.as_str() {
        "" => String::new(),
        unit => format!(" [{unit}]"),
    };
    let direction = match metric.better.as_str() {
        "higher" => ", higher is better",
        "lower" => ", lower is better",
        _ => "",
    };
    format!("{}{unit}{direction}", metric.metric)
}

fn detail(metric: &MetricData, entry: &VariantMetricData, number: usize, correlated: bool) -> Vec<TableCell> {
    let unit = metric.unit.as_str();
    let difference = entry.difference;
    let mut cells = vec![label(&entry.label, number), mean(entry, metric)];
    cells.push(difference.map(|difference| change(difference.mean, unit)).unwrap_or_default());
    cells.push(difference.and_then(|difference| difference.relative).map(relative).unwrap_or_default());
    cells.push(match &entry.estimate {
        Some(PairedData::Paired(paired)) => {
            about(paired.normality) + &change_between(paired.interval.0, paired.interval.1, unit)
        }
        Some(PairedData::Sparse(sparse)) => {
            format!("{} of {} differ", sparse.pairs_that_differ, sparse.pairs)
        }
        None if difference.is_some_and(|difference| difference.exact) => "exact".to_string(),
        None => String::new(),
    });
    if correlated {
        cells.push(correlation(entry).map(|correlation| format!("{correlation:.2}")).unwrap_or_default());
    }
    cells.push(entry.judgement.as_ref().map_or("", |judgement| judgement.words()).to_string());
    cells.into_iter().map(TableCell::text).collect()
}

/// Returns the word before an interval of values that are not about normal, and which so holds less or more than it claims.
pub fn about(normality: NormalityData) -> String {
    match normality {
        NormalityData::Doubtful => "about ".to_string(),
        NormalityData::Plausible | NormalityData::Untold => String::new(),
    }
}

fn correlation(entry: &VariantMetricData) -> Option<f64> {
    entry.paired().and_then(|paired| paired.correlation)
}

/// Returns the table of launches over all replications, with the interval of their share; none where every figure is exact.
pub fn launches(comparison: &ComparisonData) -> Option<ReportTable> {
    if comparison.variants.iter().all(|variant| variant.exact) {
        return None;
    }
    let interval = format!("{} interval if normal", level(comparison.confidence));
    let names = ["all replications", "asked for", "launched", "share"].map(Cow::Borrowed);
    let header = names.into_iter().chain([Cow::Owned(interval)]).collect();
    let row = |(number, variant): (usize, &VariantData)| {
        let launches = &variant.launches;
        let share = match launches.requested {
            0 => String::new(),
            requested => percent(launches.succeeded as f64 / requested as f64),
        };
        let interval = match launches.interval {
            _ if variant.exact => "exact".to_string(),
            Some((low, high)) => {
                let about = about(launches.normality.unwrap_or_default());
                format!("{about}{:.3} to {:.3} %", 100.0 * low, 100.0 * high)
            }
            None => "too few events".to_string(),
        };
        let counts = [launches.requested, launches.succeeded].map(grouped);
        let [requested, succeeded] = counts;
        [label(&variant.label, number), requested, succeeded, share, interval].map(TableCell::text).to_vec()
    };
    let rows = comparison.variants.iter().enumerate().map(row).collect();
    Some(ReportTable { title: "Launches".into(), caption: String::new(), header, rows })
}
