//! The page of a recommendation: the answer, and what was tried for it.

use maud::html;

use super::tables;
use crate::format::{amount, level};
use crate::page::chart;
use crate::page::figures::{KeyFigure, figures};
use crate::page::provenance::sections;
use crate::page::shell::{Content, document};
use crate::page::table::table;
use crate::recommendation::RecommendationData;
use plimsoll_base::units::figures::grouped;
use plimsoll_chart::plot::Plot;

/// Returns the page of a recommendation with its charts.
pub fn page(data: &RecommendationData, plots: &[Plot]) -> Vec<u8> {
    let body = html! {
        (figures(&key_figures(data)))
        (chart::section(plots))
        section {
            h2 { "Tables" }
            @if data.recommended.is_some() { (table(&tables::settings(data))) }
            @if data.futures.len() > 1 { (table(&tables::futures(data))) }
            (table(&tables::tried(data)))
            @for note in &data.notes { p.note { (note) } }
        }
        (sections(&data.manifest, "As resolved, before a setting is chosen."))
    };
    document(&Content {
        kind: "recommendation",
        name: data.scenario.clone(),
        question: data.question_in_words.clone(),
        answer: data.answer_in_words.clone(),
        body,
        data: chart::data(plots),
    })
}

fn key_figures(data: &RecommendationData) -> Vec<KeyFigure> {
    let figure = |name, value: String, note: String| KeyFigure { name, value, note };
    let optimum = data.least_regret.as_ref().or(data.optima.first());
    let name = if data.least_regret.is_some() { "Regret at most" } else { "Cost" };
    let cost = optimum.and_then(|optimum| optimum.cost);
    let value = cost.map_or("none".to_string(), |cost| amount(cost, &data.unit));
    let points = data.points.map_or("more than 2⁵³".to_string(), grouped);
    let of_points = match data.futures.len() {
        1 => format!("of {points}"),
        futures => format!("of {points} in each of {futures} futures"),
    };
    let proven = if optimum.is_some_and(|optimum| optimum.proven) { "proven" } else { "best found" };
    vec![
        figure(name, value, proven.to_string()),
        figure("Points tried", grouped(data.tried.len() as u64), of_points),
        figure("Runs", grouped(data.runs), format!("seeds from {}", data.seed)),
        figure("Confidence", level(data.confidence), "of each point, if normal".to_string()),
    ]
}
