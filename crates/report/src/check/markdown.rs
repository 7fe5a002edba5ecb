//! Check as Markdown, for the summary of a job or a pull request, and as annotations of GitHub Actions.

use std::fmt::Write as _;

use super::data::{CheckData, CheckedData};
use super::words;
use crate::format::{amount, change, relative};
use plimsoll_base::quote;
use plimsoll_experiment::baseline::FigureStatus;

/// Returns the check as Markdown: the verdict, and a table of the figures that differ, those that fail first.
pub fn page(check: &CheckData) -> String {
    let sign = if check.fails { "❌" } else { "✅" };
    let mut page = format!("### {sign} {}\n", quote::markdown(&words::verdict(check)));
    let different = words::different(check);
    if !different.is_empty() {
        page += "\n| figure | baseline | result | difference | relative | allowed | is |\n";
        page += "|---|---:|---:|---:|---:|---:|---|\n";
        different.iter().for_each(|checked| page += &row(checked));
    }
    for (number, note) in words::notes(check).iter().enumerate() {
        if number == 0 {
            page.push('\n');
        }
        let _ = writeln!(page, "- {}", quote::markdown(note));
    }
    page
}

fn row(checked: &CheckedData) -> String {
    let unit = checked.unit.as_str();
    let standing = checked.standing.name();
    let cells = [
        quote::markdown_code(&checked.metric),
        amount(checked.baseline, unit),
        checked.result.map_or("none".to_string(), |result| amount(result, unit)),
        checked.difference().map(|difference| change(difference, unit)).unwrap_or_default(),
        checked.relative().map(relative).unwrap_or_default(),
        if checked.tolerance == 0.0 { "nothing".to_string() } else { amount(checked.tolerance, unit) },
        if checked.fails { format!("**{standing}**") } else { standing.to_string() },
    ];
    format!("| {} |\n", cells.join(" | "))
}

/// Returns a line for each figure that fails, as GitHub Actions reads it (workflow commands, docs.github.com, November 2026).
pub fn annotations(check: &CheckData) -> String {
    let mut lines = String::new();
    for checked in check.figures.iter().filter(|checked| checked.fails) {
        let unit = checked.unit.as_str();
        let message = match (checked.result, checked.standing) {
            (Some(result), FigureStatus::Worse | FigureStatus::Changed) => format!(
                "{} is {} instead of {}",
                checked.metric,
                amount(result, unit),
                amount(checked.baseline, unit)
            ),
            _ => format!("{} is missing in the result", checked.metric),
        };
        let title = format!("{}: {}", check.scenario, checked.standing.name());
        let _ = writeln!(lines, "::error title={}::{}", property(&title), data(&message));
    }
    lines
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check() -> CheckData {
        let figure = |metric: &str, result: Option<f64>, standing: &str, fails: bool| {
            json!({
                "metric": metric, "unit": "hosts", "better": "lower", "baseline": 10.0, "result": result,
                "tolerance": 0.5, "standing": standing, "fails": fails,
            })
        };
        let told = json!({
            "scenario": "a|b: 50 %", "fails": true, "same_digest": false, "same_scenario": true, "not_held": [],
            "figures": [
                figure("fleet.hosts", Some(10.0), "same", false),
                figure("fleet.hosts_used_mean", Some(10.25), "allowed", false),
                figure("fleet.hosts_used_peak", Some(12.0), "worse", true),
                figure("fleet.gone", None, "missing", true),
            ],
        });
        serde_json::from_value(told).unwrap()
    }

    #[test]
    fn a_job_summary_has_failures_first() {
        let page = page(&check());
        let expected = "### ❌ a\\|b: 50 %: 3 of 4 figures differ from the baseline, 2 of them more than is allowed\n\n\
            | figure | baseline | result | difference | relative | allowed | is |\n|---|---:|---:|---:|---:|---:|---|\n\
            | `fleet.hosts_used_peak` | 10 | 12 | +2 | +20 % | 0.5000 | **worse** |\n\
            | `fleet.gone` | 10 | none |  |  | 0.5000 | **missing** |\n\
            | `fleet.hosts_used_mean` | 10 | 10.25 | +0.250 | +2.50 % | 0.5000 | allowed |\n";
        assert!(page.starts_with(expected), "{page}");
        assert!(page.contains("- The digest differs"), "{page}");
    }

    #[test]
    fn annotations_are_escaped_as_github_asks() {
        let expected = "::error title=a|b%3A 50 %25%3A worse::fleet.hosts_used_peak is 12 instead of 10\n\
            ::error title=a|b%3A 50 %25%3A missing::fleet.gone is missing in the result\n";
        assert_eq!(annotations(&check()), expected);
    }
}
