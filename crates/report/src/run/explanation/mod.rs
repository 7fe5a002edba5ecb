//! `explain.json` and `explain.md`: the decisions that placed an instance, or refused a launch.

mod words;

use serde_json::{Map, Value, json};

use crate::ReportFile;
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{RESOURCES, Resources};
use plimsoll_model::placement::diagnosis::{FilterReason, Filtered, ScoredHost};
use plimsoll_model::placement::register;
use plimsoll_sim::cloud::explain::{Decision, Ending, Explanation, LaunchStep, StepOutcome, Subject};
use plimsoll_sim::summary::Run;

pub use words::page;

/// Name of the file for programs.
pub const FILE: &str = "explain.json";

/// Name of the file for people.
pub const PAGE: &str = "explain.md";

/// The schema of this version.
const SCHEMA: &str = "plimsoll/explain/1";

/// Returns the file for programs, with `--explain`.
pub fn files(run: &Run<'_>) -> Vec<ReportFile> {
    let bytes = value(run).into_iter().map(|value| {
        let mut bytes = serde_json::to_vec_pretty(&value).expect("it is plain data");
        bytes.push(b'\n');
        bytes
    });
    bytes.map(|bytes| ReportFile { name: FILE.to_string(), bytes }).collect()
}

/// Returns the file for people, with `--explain`.
pub fn pages(run: &Run<'_>) -> Vec<ReportFile> {
    let pages = run.outcome.explanation.iter().map(|explanation| page(run, explanation));
    pages.map(|page| ReportFile { name: PAGE.to_string(), bytes: page.into_bytes() }).collect()
}

/// Returns the rule of the run's strategy, as its register has it.
fn rule(run: &Run<'_>) -> &'static str {
    register::rule(&run.scenario.placement.strategy.name)
}

/// Returns the reasons that kept hosts out, the most frequent first.
fn kept_out(decision: &Decision) -> Vec<(FilterReason, Filtered)> {
    let all = decision.diagnosis.filtered.iter().map(|(barrier, kept_out)| (barrier, *kept_out));
    let mut some: Vec<_> = all.filter(|(_, kept_out)| kept_out.hosts > 0).collect();
    some.sort_by_key(|(barrier, kept_out)| (std::cmp::Reverse(kept_out.hosts), *barrier));
    some
}

/// Name of each resource with its unit, number of small units in that unit, and whether every request has some.
const NAMES: [(&str, f64, bool); RESOURCES] = [
    ("vcpu", 1000.0, true),
    ("memory_gib", 1024.0, true),
    ("gpu", 1000.0, false),
    ("local_storage_gib", 1024.0, false),
    ("network_gbps", 1000.0, false),
];

/// Returns the amounts by name; resources with none are left out, and `null` is no limit.
fn amounts(resources: &Resources) -> Value {
    let mut table = Map::new();
    for (i, (name, unit, always)) in NAMES.iter().enumerate() {
        match resources.0[i] {
            u32::MAX => _ = table.insert(name.to_string(), Value::Null),
            amount if amount > 0 || *always => {
                table.insert(name.to_string(), json!(f64::from(amount) / unit));
            }
            _ => {}
        }
    }
    Value::Object(table)
}

/// Returns the explanation of a run that was asked for one.
pub fn value(run: &Run<'_>) -> Option<Value> {
    run.outcome.explanation.as_ref().map(|explanation| value_of(run, explanation))
}

fn value_of(run: &Run<'_>, explanation: &Explanation) -> Value {
    let subject = match explanation.subject {
        Subject::Instance(id) => json!({ "instance": id.0 }),
        Subject::Launch(number) => json!({ "launch": number }),
    };
    let decisions: Vec<Value> =
        explanation.decisions.iter().map(|decision| decision_value(run, decision)).collect();
    json!({
        "schema": SCHEMA,
        "scenario": run.scenario.name,
        "seed": run.scenario.seed,
        "digest": format!("{:032x}", run.outcome.digest),
        "subject": subject,
        "strategy": run.scenario.placement.strategy.name,
        "rule": rule(run),
        "steps": explanation.steps.iter().map(|step| step_value(run, step)).collect::<Vec<_>>(),
        "decisions": decisions,
        "decisions_left_out": explanation.left_out,
    })
}

fn step_value(run: &Run<'_>, step: &LaunchStep) -> Value {
    let directory = &run.outcome.directory;
    let (outcome, reason) = match step.outcome {
        StepOutcome::Launched(_) => ("launched", None),
        StepOutcome::Waits(reason) => ("waits", Some(reason)),
        StepOutcome::NextChoice(reason) => ("next-choice", Some(reason)),
        StepOutcome::SentAgain(reason) => ("sent-again", Some(reason)),
        StepOutcome::NextAttempt(reason, _) => ("next-attempt", Some(reason)),
        StepOutcome::Refused(reason) => ("refused", Some(reason)),
    };
    let mut value = json!({
        "time_s": step.at.as_seconds(),
        "attempt": step.attempt,
        "type": directory.types.get(step.kind).name,
        "zone": step.zone.map(|zone| &directory.zones()[zone.index()]),
        "outcome": outcome,
        "error_code": reason.map(|reason| reason.failure.ec2_name()),
    });
    match step.outcome {
        StepOutcome::Launched(instances) => value["instances"] = json!(instances),
        StepOutcome::NextAttempt(_, at) => value["next_attempt_s"] = json!(at.as_seconds()),
        _ => {}
    }
    value
}

fn decision_value(run: &Run<'_>, decision: &Decision) -> Value {
    let directory = &run.outcome.directory;
    let Decision { at, occasion, number, kind, request, diagnosis, ending } = decision;
    let kept_out = kept_out(decision).into_iter().map(|(barrier, kept_out)| {
        json!({ "by": barrier.name(), "hosts": kept_out.hosts, "alone": kept_out.alone })
    });
    let mut value = json!({
        "time_s": at.as_seconds(),
        "occasion": occasion,
        "account": directory.accounts()[request.account.index()],
        "type": directory.types.get(*kind).name,
        "zone": directory.zones()[request.zone.index()],
        "asked": amounts(&request.amounts),
        "hosts": diagnosis.hosts,
        "hosts_fitting": diagnosis.fitting,
        "kept_out": kept_out.collect::<Vec<Value>>(),
        "winner": diagnosis.winner.as_ref().map(considered),
        "runner_up": diagnosis.runner_up.as_ref().map(considered),
        "ending": ending_value(ending),
    });
    if let Some(number) = number {
        value["asked_as"] = json!(number);
    }
    value
}

fn considered(host: &ScoredHost) -> Value {
    json!({
        "host": host.host.0,
        "rack": host.rack.0,
        "cost": host.cost.as_ref().map(ToString::to_string),
        "free": amounts(&host.free),
        "capacity": amounts(&host.capacity),
        "instances": host.instances,
        "opened": host.opened,
    })
}

fn ending_value(ending: &Ending) -> Value {
    match ending {
        Ending::Placed(host) => json!({ "is": "placed", "host": host.0 }),
        Ending::Claimed(host, reservation) => {
            json!({ "is": "claimed", "host": host.0, "capacity_reservation": reservation.0 })
        }
        Ending::Undone(host) => json!({ "is": "undone", "host": host.0 }),
        Ending::Refused(FailureReason { failure, limit }) => json!({
            "is": "refused",
            "error_code": failure.ec2_name(),
            "limit": limit.map(|limit| limit.kind.name()),
            "asked": limit.map(|limit| limit.asked),
            "left": limit.map(|limit| limit.left),
            "unit": limit.map(|limit| limit.kind.unit()),
        }),
    }
}
