//! Page of a check: the verdict, and the figures that differ from the baseline.

use maud::html;

use super::data::{CheckData, CheckedData};
use crate::format::{amount, change, relative};
use crate::page::chart;
use crate::page::figures::{KeyFigure, figures};
use crate::page::shell::{Content, document};
use crate::page::table::table;
use crate::table::{ReportTable, TableCell};
use crate::text::name;
use plimsoll_base::units::figures::grouped;
use plimsoll_chart::plot::Plot;
use plimsoll_experiment::baseline::FigureStatus;

/// Returns the page of a check with its charts.
pub fn page(check: &CheckData, plots: &[Plot]) -> Vec<u8> {
    let body = html! {
        (figures(&key_figures(check)))
        @if !plots.is_empty() { (chart::section(plots)) }
        section {
            h2 { "Tables" }
            (table(&all(check)))
            @if !check.not_held.is_empty() {
                p.note { "Happened, and the baseline does not hold it: " (check.not_held.join(", ")) "." }
            }
        }
        section {
            h2 { "The same again" }
            p { "With the folder of the result and the file of the baseline:" }
            pre tabindex="0" { "plimsoll check RESULT --baseline FILE" }
            p.note { "If what differs is meant, --update makes it the baseline." }
        }
    };
    document(&Content {
        kind: "check",
        name: check.scenario.clone(),
        question: format!("Is {} as its baseline has it?", name(&check.scenario)),
        answer: answer(check),
        body,
        data: chart::data(plots),
    })
}

fn count(check: &CheckData, is: impl Fn(&CheckedData) -> bool) -> u64 {
    check.figures.iter().filter(|figure| is(figure)).count() as u64
}

fn answer(check: &CheckData) -> String {
    let (all, failing) = (grouped(check.figures.len() as u64), count(check, |figure| figure.fails));
    let different = count(check, |figure| figure.standing != FigureStatus::Same);
    match (different, failing) {
        (0, _) => format!("Yes: all {all} figures are those of the baseline."),
        (_, 0) => format!(
            "Yes: {} of {all} figures differ, none more than is allowed for the worse.",
            grouped(different)
        ),
        _ => format!("No: {} of {all} figures are worse or changed more than is allowed.", grouped(failing)),
    }
}

fn key_figures(check: &CheckData) -> Vec<KeyFigure> {
    let figure = |name, standing: FigureStatus, note: &str| KeyFigure {
        name,
        value: grouped(count(check, |figure| figure.standing == standing)),
        note: note.to_string(),
    };
    let yes = |yes: bool| if yes { "as it was" } else { "another" }.to_string();
    let mut figures = vec![
        KeyFigure { name: "Scenario", value: yes(check.same_scenario), note: String::new() },
        KeyFigure { name: "Digest", value: yes(check.same_digest), note: "of all that happened".to_string() },
        figure("Same", FigureStatus::Same, "to the last digit"),
        figure("Allowed", FigureStatus::Allowed, "differ within the tolerance"),
        figure("Better", FigureStatus::Better, ""),
        figure("Worse", FigureStatus::Worse, ""),
    ];
    figures.extend([
        figure("Changed", FigureStatus::Changed, "where no direction is good"),
        figure("Missing", FigureStatus::Missing, "in the result"),
    ]);
    figures
}

fn all(check: &CheckData) -> ReportTable {
    // Failures first, then other differences; the order of the register within each.
    let mut figures: Vec<&CheckedData> = check.figures.iter().collect();
    figures.sort_by_key(|figure| (!figure.fails, figure.standing == FigureStatus::Same));
    let rows = figures.into_iter().map(|figure| {
        let number = |value: Option<f64>, words: fn(f64, &str) -> String| {
            value.map_or(TableCell::Empty, |value| TableCell::Number(value, words(value, &figure.unit)))
        };
        vec![
            TableCell::text(&figure.metric),
            number(Some(figure.baseline), amount),
            number(figure.result, amount),
            number(figure.difference(), change),
            number(figure.relative(), |share, _| relative(share)),
            number(Some(figure.tolerance), amount),
            TableCell::text(&figure.better),
            TableCell::text(format!(
                "{}{}",
                figure.standing.name(),
                if figure.fails { ", fails" } else { "" }
            )),
        ]
    });
    ReportTable::new(
        "Figures",
        ["figure", "baseline", "result", "difference", "relative", "allowed", "good is", "is"],
        rows.collect(),
    )
}
