//! The page of a comparison: which variant is better, by what, and how sure that is.

use maud::html;

use super::data::{MetricData, VariantMetricData, VerdictData};
use super::{matrix, view};
use crate::comparison::ComparisonData;
use crate::format::{amount, change, change_between, relative};
use crate::page::chart;
use crate::page::figures::{KeyFigure, figures};
use crate::page::provenance::sections;
use crate::page::shell::{Content, document};
use crate::page::table::table;
use crate::table::{ReportTable, TableCell};
use crate::text::name;
use plimsoll_base::quote;
use plimsoll_base::units::figures::{decimal, grouped};
use plimsoll_chart::plot::Plot;

/// Most letters of the name of a variant in the table of metrics.
const LETTERS: usize = 60;

/// Returns the page of a comparison with its charts.
pub fn page(comparison: &ComparisonData, plots: &[Plot]) -> Vec<u8> {
    let body = html! {
        (figures(&key_figures(comparison)))
        section { h2 { "At a glance" } (table(&matrix::matrix(comparison))) }
        (chart::section(plots))
        section {
            h2 { "Tables" }
            (table(&verdicts(comparison)))
            (table(&variants(comparison)))
            @for note in &comparison.notes { p.note { (note) } }
        }
        (sections(&comparison.manifest, "As resolved, before any variant sets something."))
    };
    document(&Content {
        kind: "comparison",
        name: comparison.scenario.clone(),
        question: view::question(comparison),
        answer: view::answer(comparison),
        body,
        data: chart::data(plots),
    })
}

fn key_figures(comparison: &ComparisonData) -> Vec<KeyFigure> {
    let verdicts = comparison.metrics.iter().flat_map(|metric| &metric.variants);
    let count = |verdict: VerdictData| {
        let alike = verdicts.clone().filter(|entry| entry.verdict() == Some(verdict));
        grouped(alike.count() as u64)
    };
    let figure = |name, value: String, note: String| KeyFigure { name, value, note };
    vec![
        figure(
            "Variants",
            grouped(comparison.variants.len().saturating_sub(1) as u64),
            format!("beside {}", name(&comparison.baseline)),
        ),
        figure(
            "Runs of each",
            grouped(comparison.replications as u64),
            format!("seeds from {}", comparison.seed),
        ),
        figure("Metrics", grouped(comparison.metrics.len() as u64), String::new()),
        figure(
            "Confidence",
            format!("{} %", 100.0 * comparison.confidence),
            "of all intervals together, if normal".to_string(),
        ),
        figure("Better", count(VerdictData::Better), "of all differences".to_string()),
        figure("Worse", count(VerdictData::Worse), "of all differences".to_string()),
    ]
}

fn verdicts(comparison: &ComparisonData) -> ReportTable {
    let rows = comparison
        .metrics
        .iter()
        .flat_map(|metric| metric.variants.iter().map(move |entry| row(metric, entry)));
    ReportTable::new(
        "Metrics",
        ["metric", "variant", "verdict", "mean", "difference", "interval", "relative", "correlation"],
        rows.collect(),
    )
    .with_caption("Differences are to the baseline, over pairs of runs with a seed in common.")
}

fn row(metric: &MetricData, entry: &VariantMetricData) -> Vec<TableCell> {
    let unit = metric.unit.as_str();
    let difference = entry.difference;
    let paired = entry.paired();
    let interval = paired.map(|paired| {
        view::about(paired.normality) + &change_between(paired.interval.0, paired.interval.1, unit)
    });
    let verdict = entry.verdict().map_or("baseline".to_string(), |verdict| verdict.name().replace('-', " "));
    let reason = entry.judgement.as_ref().and_then(|judgement| judgement.reason.as_ref());
    let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    vec![
        TableCell::text(&metric.metric),
        TableCell::text(quote::shortened(&entry.label, LETTERS)),
        TableCell::text(verdict + &reason),
        TableCell::optional(entry.mean, |mean| amount(mean, unit)),
        TableCell::optional(difference.map(|difference| difference.mean), |by| change(by, unit)),
        TableCell::text(interval.unwrap_or_default()),
        TableCell::optional(difference.and_then(|difference| difference.relative), relative),
        TableCell::optional(paired.and_then(|paired| paired.correlation), |correlation| {
            decimal(correlation, 3)
        }),
    ]
}

fn variants(comparison: &ComparisonData) -> ReportTable {
    let rows = comparison.variants.iter().map(|variant| {
        vec![
            TableCell::text(&variant.label),
            TableCell::text(variant.set.join("  ")),
            TableCell::count(variant.digests.len() as u64),
            TableCell::text(if variant.exact { "all runs are alike" } else { "by the seeds" }),
            TableCell::text(variant.digests.first().map_or("", String::as_str)),
        ]
    });
    ReportTable::new("Variants", ["variant", "sets", "runs", "varies", "digest of the first"], rows.collect())
}
