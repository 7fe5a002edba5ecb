//! The page of a sizing: the answer, and the curve that led to it.

use maud::html;

use super::data::{PointData, SettingData};
use crate::format::amount;
use crate::page::chart;
use crate::page::figures::{KeyFigure, figures};
use crate::page::provenance::sections;
use crate::page::shell::{Content, document};
use crate::page::table::table;
use crate::sizing::SizingData;
use crate::table::{ReportTable, TableCell};
use plimsoll_base::units::figures::grouped;
use plimsoll_chart::plot::Plot;
use plimsoll_experiment::sizing::SettingValue;

/// Returns the page of a sizing with its charts.
pub fn page(sizing: &SizingData, plots: &[Plot]) -> Vec<u8> {
    let body = html! {
        (figures(&key_figures(sizing)))
        (chart::section(plots))
        section {
            h2 { "Tables" }
            @if sizing.settings.len() > 1 { (table(&settings(sizing))) }
            (table(&curve(sizing)))
            @for note in &sizing.notes { p.note { (note) } }
        }
        (sections(&sizing.manifest, "As resolved, before the setting is varied."))
    };
    document(&Content {
        kind: "sizing",
        name: sizing.scenario.clone(),
        question: sizing.question_in_words.clone(),
        answer: sizing.answer_in_words.clone(),
        body,
        data: chart::data(plots),
    })
}

fn key_figures(sizing: &SizingData) -> Vec<KeyFigure> {
    let figure = |name, value: String, note: String| KeyFigure { name, value, note };
    let answer = sizing.answer.map_or("none".to_string(), SettingValue::grouped);
    let name = if sizing.largest { "Largest that it takes" } else { "Smallest that will do" };
    let at_answer = sizing.points.iter().find(|point| Some(point.value) == sizing.answer);
    let mut shown = vec![
        figure(name, answer, sizing.setting.clone()),
        figure(
            "Values tried",
            grouped(sizing.points.len() as u64),
            if sizing.monotone { "monotone" } else { "not monotone" }.to_string(),
        ),
        figure(
            "Runs",
            grouped(sizing.points.iter().map(PointData::runs).sum::<u64>()),
            format!("seeds from {}", sizing.seed),
        ),
        figure(
            "Confidence",
            format!("{} %", 100.0 * sizing.confidence),
            "of each value, if normal".to_string(),
        ),
    ];
    if let Some(PointData { hosts: Some(hosts), hosts_lower_bound: Some(bound), .. }) = at_answer {
        let note = "fewest of any packing of what ran at the peak".to_string();
        shown.push(figure("Hosts", grouped(*hosts), "at the answer".to_string()));
        shown.push(figure("Lower bound", grouped(*bound), note));
    }
    shown
}

fn settings(sizing: &SizingData) -> ReportTable {
    let row = |setting: &SettingData| {
        let value = setting.value;
        vec![TableCell::text(&setting.path), TableCell::Number(value.as_f64(), value.grouped())]
    };
    ReportTable::new("At the answer", ["setting", "value"], sizing.settings.iter().map(row).collect())
}

fn curve(sizing: &SizingData) -> ReportTable {
    let unit = &sizing.target.unit;
    let number = |value: Option<f64>| {
        value.map_or(TableCell::Empty, |value| TableCell::Number(value, amount(value, unit)))
    };
    let count = |count: Option<u64>| count.map_or(TableCell::Empty, TableCell::count);
    let row = |point: &PointData| {
        vec![
            TableCell::Number(point.value.as_f64(), point.value.grouped()),
            TableCell::count(point.runs()),
            number(point.mean),
            number(point.interval.map(|(low, _)| low)),
            number(point.interval.map(|(_, high)| high)),
            count(point.runs_met),
            TableCell::text(point.target.name().replace('-', " ")),
            count(point.hosts),
            count(point.hosts_lower_bound),
        ]
    };
    ReportTable::new(
        "Values tried",
        [
            "value",
            "runs",
            "mean",
            "low",
            "high",
            "runs that meet it",
            "target",
            "hosts",
            "lower bound on hosts",
        ],
        sizing.points.iter().map(row).collect(),
    )
    .with_caption(format!("The metric is {}.", sizing.target.metric))
}
