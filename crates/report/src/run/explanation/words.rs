//! An explanation as a page of Markdown that reads on a terminal too.

use std::fmt::Write as _;

use super::{NAMES, kept_out, rule};
use plimsoll_base::failure::FailureReason;
use plimsoll_base::quote;
use plimsoll_base::units::figures::{grouped, moment};
use plimsoll_base::units::{RESOURCES, Resources};
use plimsoll_model::placement::diagnosis::ScoredHost;
use plimsoll_sim::cloud::explain::{
    Decision, Ending, Explanation, LaunchStep, Occasion, StepOutcome, Subject,
};
use plimsoll_sim::summary::Run;

/// Returns the page.
pub fn page(run: &Run<'_>, explanation: &Explanation) -> String {
    let subject = match explanation.subject {
        Subject::Instance(id) => format!("Instance {}", id.0),
        Subject::Launch(number) => format!("Launch {number}"),
    };
    let strategy = &run.scenario.placement.strategy.name;
    let mut page = format!("# {subject}, decision by decision\n\n`{strategy}` takes: {}.\n", rule(run));
    if !explanation.steps.is_empty() {
        let rows: Vec<[String; 5]> = explanation.steps.iter().map(|step| step_row(run, step)).collect();
        let header = ["after", "attempt", "type", "zone", "outcome"];
        let _ = write!(page, "\n## Requests\n\n{}", table(header, &rows));
    }
    for (number, decision) in explanation.decisions.iter().enumerate() {
        let _ = write!(page, "\n{}", section(run, number + 1, decision));
    }
    if explanation.left_out > 0 {
        let _ = write!(page, "\nLater decisions that are left out: {}\n", grouped(explanation.left_out));
    }
    page
}

fn step_row(run: &Run<'_>, step: &LaunchStep) -> [String; 5] {
    let directory = &run.outcome.directory;
    let code = |reason: FailureReason| reason.failure.ec2_name();
    let outcome = match step.outcome {
        StepOutcome::Launched(instances) => {
            format!("instances launched: {instances}")
        }
        StepOutcome::Waits(reason) => format!("{}: waits in line", code(reason)),
        StepOutcome::NextChoice(reason) => format!("{}: next choice", code(reason)),
        StepOutcome::SentAgain(reason) => format!("{}: sent again by the SDK", code(reason)),
        StepOutcome::NextAttempt(reason, at) => {
            format!("{}: next attempt after {}", code(reason), moment(at))
        }
        StepOutcome::Refused(reason) => format!("{}: refused for good", code(reason)),
    };
    let zone = step.zone.map(|zone| quote::markdown(&directory.zones()[zone.index()]));
    [
        moment(step.at),
        step.attempt.to_string(),
        quote::markdown(&directory.types.get(step.kind).name),
        zone.unwrap_or_else(|| "any".to_string()),
        outcome,
    ]
}

fn section(run: &Run<'_>, number: usize, decision: &Decision) -> String {
    let directory = &run.outcome.directory;
    let Decision { at, occasion, request, diagnosis, ending, .. } = decision;
    let occasion = match occasion {
        Occasion::Launch => "Launch",
        Occasion::Start => "Start",
        Occasion::Migration => "Migration",
        Occasion::Recovery => "Recovery",
    };
    let mut text = format!("## {number}. {occasion} after {}: {}\n\n", moment(*at), ended(ending));
    let _ = writeln!(
        text,
        "{} of account {} in zone {}: {}.",
        quote::markdown(&directory.types.get(decision.kind).name),
        quote::markdown(&directory.accounts()[request.account.index()]),
        quote::markdown(&directory.zones()[request.zone.index()]),
        amounts(&request.amounts),
    );
    let _ = writeln!(
        text,
        "Of {} hosts {} could take it as they stood.",
        grouped(diagnosis.hosts),
        grouped(diagnosis.fitting)
    );
    let rows: Vec<[String; 3]> = (kept_out(decision).into_iter())
        .map(|(barrier, kept)| [barrier.name().to_string(), grouped(kept.hosts), grouped(kept.alone)])
        .collect();
    if !rows.is_empty() {
        let _ = write!(text, "\n{}", table(["kept out by", "hosts", "by nothing else"], &rows));
    }
    let ranked = [("winner", &diagnosis.winner), ("runner-up", &diagnosis.runner_up)];
    let rows: Vec<[String; 6]> = (ranked.into_iter())
        .filter_map(|(name, host)| host.as_ref().map(|host| considered(name, host)))
        .collect();
    if !rows.is_empty() {
        let header = ["", "host", "rack", "cost", "free before", "instances before"];
        let _ = write!(text, "\n{}", table(header, &rows));
    }
    text
}

fn ended(ending: &Ending) -> String {
    match ending {
        Ending::Placed(host) => format!("on host {}", host.0),
        Ending::Claimed(host, reservation) => {
            format!("on host {}, in a slot of capacity reservation {}", host.0, reservation.0)
        }
        Ending::Undone(host) => {
            format!("on host {}, and given back: too few of the launch fitted", host.0)
        }
        Ending::Refused(reason) => {
            let limit = reason.limit.map(|limit| {
                let (asked, left) = (grouped(limit.asked), grouped(limit.left));
                format!(" ({}: asked {asked}, left {left} {})", limit.kind.name(), limit.kind.unit())
            });
            format!("refused, {}{}", reason.failure.ec2_name(), limit.unwrap_or_default())
        }
    }
}

fn considered(name: &str, host: &ScoredHost) -> [String; 6] {
    let opened = if host.opened { " (opened)" } else { "" };
    [
        name.to_string(),
        format!("{}{opened}", host.host.0),
        host.rack.0.to_string(),
        host.cost.as_ref().map_or_else(|| "none".to_string(), ToString::to_string),
        amounts(&host.free),
        grouped(host.instances),
    ]
}

/// Returns the amounts in words: `2 vCPU, 8 GiB`.
fn amounts(resources: &Resources) -> String {
    const WORDS: [&str; RESOURCES] = ["vCPU", "GiB", "GPU", "GiB local storage", "Gbit/s"];
    let some = (0..RESOURCES).filter(|i| resources.0[*i] != u32::MAX && (resources.0[*i] > 0 || NAMES[*i].2));
    let words = some.map(|i| format!("{} {}", f64::from(resources.0[i]) / NAMES[i].1, WORDS[i]));
    words.collect::<Vec<_>>().join(", ")
}

/// Returns a table with aligned columns.
fn table<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: &[String; N]| {
        let cells = (0..N).map(|i| match i {
            0 => format!("{:<1$}", cells[i], widths[i]),
            _ => format!("{:>1$}", cells[i], widths[i]),
        });
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let rule: [String; N] = std::array::from_fn(|i| match i {
        0 => "-".repeat(widths[i]),
        _ => format!("{}:", "-".repeat(widths[i].saturating_sub(1))),
    });
    let rows: String = rows.iter().map(line).collect();
    format!("{}{}{rows}", line(&header.map(String::from)), line(&rule))
}
