//! The page of a comparison: which variant is better, by what, and how sure that is.

use maud::html;

use crate::comparison::ComparisonData;
use crate::comparison::load::{Entry, Metric};
use crate::format::{amount, change, change_between, relative};
use crate::page::chart;
use crate::page::figures::{Figure, figures};
use crate::page::provenance::{reproduce, scenario};
use crate::page::shell::{Content, document};
use crate::page::table::{Cell, Table, table};
use crate::text::name;
use plimsoll_base::units::figures::grouped;
use plimsoll_chart::plot::Plot;

/// The page of a comparison with its charts.
pub fn page(comparison: &ComparisonData, plots: &[Plot]) -> Vec<u8> {
    let body = html! {
        (figures(&key_figures(comparison)))
        section { h2 { "Charts" } @for plot in plots { (chart::chart(plot)) } }
        section {
            h2 { "Tables" }
            (table(&verdicts(comparison)))
            (table(&variants(comparison)))
            @for note in &comparison.notes { p.note { (note) } }
        }
        section { h2 { "Scenario" } p.note { "As resolved, before any variant sets something." } (scenario(&comparison.manifest)) }
        section { h2 { "The same again" } (reproduce(&comparison.manifest)) }
    };
    document(&Content {
        kind: "comparison",
        name: comparison.scenario.clone(),
        question: question(comparison),
        answer: answer(comparison),
        body,
        data: chart::data(plots),
    })
}

fn others(comparison: &ComparisonData) -> usize {
    comparison.variants.len().saturating_sub(1)
}

fn question(comparison: &ComparisonData) -> String {
    match &comparison.variants[..] {
        [_, other] => format!("Is {} better than {}?", name(&other.label), name(&comparison.baseline)),
        _ => {
            format!("Which of {} variants is better than {}?", others(comparison), name(&comparison.baseline))
        }
    }
}

/// By the first metric that has a good direction and tells any variants apart.
fn answer(comparison: &ComparisonData) -> String {
    let is = |entry: &Entry, verdict: &str| entry.verdict.as_deref() == Some(verdict);
    let decides =
        |metric: &&Metric| metric.variants.iter().any(|entry| is(entry, "better") || is(entry, "worse"));
    let Some(metric) = comparison.metrics.iter().find(decides) else {
        return "No difference was shown in any metric that has a good direction.".to_string();
    };
    let of = |verdict: &str| metric.variants.iter().filter(|entry| is(entry, verdict)).count();
    let better = of("better");
    let metric_name = name(&metric.metric);
    if better == 0 {
        let rest = others(comparison) - of("worse");
        let rest = if rest > 0 { format!("; of {rest} no difference was shown") } else { String::new() };
        return format!("None by {metric_name}: {} are worse{rest}.", of("worse"));
    }
    let gain = |entry: &&Entry| {
        let difference = entry.difference.unwrap_or(0.0);
        if metric.better == "lower" { -difference } else { difference }
    };
    let better_ones = metric.variants.iter().filter(|entry| is(entry, "better"));
    let best = better_ones.max_by(|a, b| gain(a).total_cmp(&gain(b)));
    let best = best.expect("some are better");
    format!(
        "By {metric_name}, {}: {} ({}).{}",
        name(&best.label),
        best.mean.map_or_else(String::new, |mean| amount(mean, &metric.unit)),
        change(best.difference.unwrap_or(0.0), &metric.unit),
        if others(comparison) > 1 {
            format!(
                " {better} are better, {} worse, of {} no difference was shown.",
                of("worse"),
                others(comparison) - better - of("worse")
            )
        } else {
            String::new()
        },
    )
}

fn key_figures(comparison: &ComparisonData) -> Vec<Figure> {
    let verdicts = comparison.metrics.iter().flat_map(|metric| &metric.variants);
    let count = |verdict: &str| {
        let alike = verdicts.clone().filter(|entry| entry.verdict.as_deref() == Some(verdict));
        grouped(alike.count() as u64)
    };
    let figure = |name, value: String, note: String| Figure { name, value, note };
    vec![
        figure(
            "Variants",
            grouped(comparison.variants.len() as u64),
            format!("beside {}", name(&comparison.baseline)),
        ),
        figure("Runs of each", grouped(comparison.replications), format!("seeds from {}", comparison.seed)),
        figure("Metrics", grouped(comparison.metrics.len() as u64), String::new()),
        figure(
            "Confidence",
            format!("{} %", 100.0 * comparison.confidence),
            "of all intervals together".to_string(),
        ),
        figure("Better", count("better"), "of all differences".to_string()),
        figure("Worse", count("worse"), "of all differences".to_string()),
    ]
}

fn verdicts(comparison: &ComparisonData) -> Table {
    let rows = comparison
        .metrics
        .iter()
        .flat_map(|metric| metric.variants.iter().map(move |entry| row(metric, entry)));
    Table {
        title: "Metrics",
        caption: "Differences are to the baseline, over pairs of runs with a seed in common.".to_string(),
        header: Table::header([
            "metric",
            "variant",
            "mean",
            "difference",
            "relative",
            "interval",
            "correlation",
            "verdict",
        ]),
        rows: rows.collect(),
    }
}

fn row(metric: &Metric, entry: &Entry) -> Vec<Cell> {
    let number = |value: Option<f64>, words: fn(f64, &str) -> String| {
        value.map_or(Cell::Empty, |value| Cell::Number(value, words(value, &metric.unit)))
    };
    let interval = entry.interval.map(|(low, high)| change_between(low, high, &metric.unit));
    let verdict =
        entry.verdict.as_deref().map_or("baseline".to_string(), |verdict| verdict.replace('-', " "));
    let reason = entry.reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
    vec![
        Cell::words(&metric.metric),
        Cell::words(&entry.label),
        number(entry.mean, amount),
        number(entry.difference, change),
        number(entry.relative_difference, |share, _| relative(share)),
        Cell::words(interval.unwrap_or_default()),
        entry.correlation.map_or(Cell::Empty, |correlation| Cell::number(correlation, 3)),
        Cell::words(verdict + &reason),
    ]
}

fn variants(comparison: &ComparisonData) -> Table {
    let rows = comparison.variants.iter().map(|variant| {
        vec![
            Cell::words(&variant.label),
            Cell::words(variant.set.join("  ")),
            Cell::count(variant.digests.len() as u64),
            Cell::words(if variant.exact { "all runs are alike" } else { "by the seeds" }),
            Cell::words(variant.digests.first().map_or("", String::as_str)),
        ]
    });
    Table {
        title: "Variants",
        caption: String::new(),
        header: Table::header(["variant", "sets", "runs", "varies", "digest of the first"]),
        rows: rows.collect(),
    }
}
