//! Page of a sweep: figures by the settings that were varied.

use maud::{Markup, html};

use super::data::{AxisColumn, FigureColumn};
use super::points::{Spread, by_point};
use crate::format::amount;
use crate::page::chart;
use crate::page::figures::{KeyFigure, figures};
use crate::page::provenance::{reproduce, scenario};
use crate::page::shell::{Content, document, prose};
use crate::page::table::table;
use crate::sweep::SweepData;
use crate::table::{ReportTable, TableCell};
use crate::text::name;
use plimsoll_base::units::figures::grouped;
use plimsoll_chart::plot::Plot;
use plimsoll_experiment::sweep::plan::Input;

/// Returns the page of a sweep with its charts.
pub fn page(sweep: &SweepData, plots: &[Plot]) -> Vec<u8> {
    let body = html! {
        @for warning in sweep.warnings() { p.warning { (prose(&warning)) } }
        (figures(&key_figures(sweep)))
        (chart::section(plots))
        section { h2 { "Tables" } (table(&axes(sweep))) (table(&ranges(sweep))) (table(&points(sweep))) (table(&runs(sweep))) }
        @if sweep.manifest["scenario"].is_object() {
            section { h2 { "Scenario" } p.note { "As resolved, before any axis sets something." } (scenario(&sweep.manifest)) }
        }
        section { h2 { "The same again" } (again(sweep)) }
    };
    document(&Content {
        kind: "sweep",
        name: sweep.summary.name.clone(),
        question: question(sweep),
        answer: answer(sweep),
        body,
        data: chart::data(plots),
    })
}

fn question(sweep: &SweepData) -> String {
    let paths: Vec<String> = sweep.axes.iter().map(|axis| name(&axis.path)).collect();
    format!("How does {} follow {}?", name(&sweep.summary.scenario), paths.join(", "))
}

/// Figure that the answer is about where it differs: the one most often asked for.
const FIRST_QUESTION: &str = "launch.success_ratio";

/// Returns the settings at which that figure, or else the first that differs, is least and greatest.
fn answer(sweep: &SweepData) -> String {
    let asked_first = |figure: &&FigureColumn| figure.path == FIRST_QUESTION;
    let Some(figure) = sweep.varying().find(asked_first).or_else(|| sweep.varying().next()) else {
        return format!("Nothing differs among {} runs.", grouped(sweep.runs as u64));
    };
    let (least, greatest) = ends(figure);
    let at = |run: usize| {
        let values: Vec<String> = sweep
            .axes
            .iter()
            .map(|axis| format!("{} = {}", name(&axis.path), name(&axis.words[run])))
            .collect();
        values.join(", ")
    };
    let value = |run: usize| amount(figure.values[run], figure.unit);
    format!(
        "{} runs from {} ({}) to {} ({}).",
        name(&figure.path),
        value(least),
        at(least),
        value(greatest),
        at(greatest),
    )
}

/// Returns the runs with the least and the greatest value, the first of those that are alike.
fn ends(figure: &FigureColumn) -> (usize, usize) {
    let known = || (0..figure.values.len()).filter(|run| !figure.values[*run].is_nan());
    let least = known().reduce(|best, run| if figure.values[run] < figure.values[best] { run } else { best });
    let greatest =
        known().reduce(|best, run| if figure.values[run] > figure.values[best] { run } else { best });
    (least.unwrap_or(0), greatest.unwrap_or(0))
}

fn key_figures(sweep: &SweepData) -> Vec<KeyFigure> {
    let seeds = sweep.summary.seeds.len() as u64;
    let figure =
        |name, count: u64, note: &str| KeyFigure { name, value: grouped(count), note: note.to_string() };
    vec![
        figure("Runs", sweep.runs as u64, ""),
        figure("Axes", sweep.axes.len() as u64, "settings that were varied"),
        figure("Seeds", seeds, "of each point"),
        figure("Figures", sweep.figures.len() as u64, "of each run"),
        figure("Differ", sweep.varying().count() as u64, "figures, between runs"),
    ]
}

fn axes(sweep: &SweepData) -> ReportTable {
    let rows = sweep.axes.iter().map(|axis| {
        let mut values: Vec<&str> = Vec::new();
        for word in &axis.words {
            if !values.contains(&word.as_str()) {
                values.push(word);
            }
        }
        vec![
            TableCell::text(&axis.path),
            TableCell::count(values.len() as u64),
            TableCell::text(values.join(", ")),
        ]
    });
    ReportTable::new("Axes", ["setting", "values", "which"], rows.collect())
}

fn ranges(sweep: &SweepData) -> ReportTable {
    let rows = sweep.varying().map(|figure| {
        let (least, greatest) = ends(figure);
        let cell =
            |run: usize| TableCell::Number(figure.values[run], amount(figure.values[run], figure.unit));
        vec![TableCell::text(&figure.path), cell(least), cell(greatest), TableCell::text(figure.unit)]
    });
    ReportTable::new("Figures that differ", ["figure", "least", "greatest", "unit"], rows.collect())
}

/// Figures of the tables of points and runs.
const COLUMNS: usize = 6;

/// Returns the table of points: a row for each combination of values, and each figure over its seeds. No row is about
/// more than one setting of anything.
fn points(sweep: &SweepData) -> ReportTable {
    let figures: Vec<&FigureColumn> = sweep.varying().take(COLUMNS).collect();
    let key = |run: usize| sweep.axes.iter().map(|axis| format!("{}\n", axis.words[run])).collect();
    let rows = by_point(sweep.runs, key).into_iter().map(|runs| {
        let axis = sweep.axes.iter().map(|axis| setting(axis, runs[0]));
        let figure =
            figures.iter().map(|figure| match Spread::of(runs.iter().map(|run| figure.values[*run])) {
                Some(spread) => TableCell::Number(spread.mean, amount(spread.mean, figure.unit)),
                None => TableCell::Empty,
            });
        axis.chain([TableCell::count(runs.len() as u64)]).chain(figure).collect()
    });
    let paths = sweep.axes.iter().map(|axis| axis.path.clone());
    let header = paths.chain(["runs".to_string()]).chain(figures.iter().map(|figure| figure.path.clone()));
    ReportTable {
        title: "Points".into(),
        caption: "Mean over the seeds of a point. Each run is below.".to_string(),
        header: header.map(Into::into).collect(),
        rows: rows.collect(),
    }
}

fn setting(axis: &AxisColumn, run: usize) -> TableCell {
    match &axis.numbers {
        Some(numbers) => TableCell::Number(numbers[run], axis.words[run].clone()),
        None => TableCell::text(&axis.words[run]),
    }
}

fn runs(sweep: &SweepData) -> ReportTable {
    let figures: Vec<&FigureColumn> = sweep.varying().take(COLUMNS).collect();
    let rows = (0..sweep.runs).map(|run| {
        let axis = sweep.axes.iter().map(|axis| setting(axis, run));
        let figure = figures.iter().map(|figure| match figure.values[run] {
            value if value.is_nan() => TableCell::Empty,
            value => TableCell::Number(value, amount(value, figure.unit)),
        });
        axis.chain(figure).collect()
    });
    let paths = sweep.axes.iter().map(|axis| &axis.path).chain(figures.iter().map(|figure| &figure.path));
    let header = paths.map(|path| path.clone().into()).collect();
    ReportTable {
        title: "Runs".into(),
        caption: "All figures are in runs.csv.".to_string(),
        header,
        rows: rows.collect(),
    }
}

fn again(sweep: &SweepData) -> Markup {
    if sweep.manifest.is_object() {
        return reproduce(&sweep.manifest);
    }
    let summary = &sweep.summary;
    html! {
        p { "The sweep file of this name gives the same digest on every machine:" }
        dl.facts {
            div { dt { "version" } dd { (summary.version) } }
            div { dt { "digest" } dd { code { (summary.digest) } } }
            @for Input { file, sha256 } in summary.scenario_file.iter().chain(&summary.inputs) {
                div { dt { bdi { (file.display()) } ", SHA-256" } dd { code { (sha256) } } }
            }
            div { dt { "seeds" } dd { (summary.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")) } }
        }
    }
}
