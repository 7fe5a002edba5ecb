//! The page of one run: does it fit, what runs out first, and where the room is.

use maud::html;
use serde_json::Value;

use super::terminal;
use crate::page::chart;
use crate::page::figures::{Figure, figures};
use crate::page::provenance::{reproduce, scenario};
use crate::page::shell::{Content, document, prose};
use crate::page::table::{Cell, Table, table};
use crate::run::RunData;
use crate::text;
use plimsoll_base::failure;
use plimsoll_base::units::figures::{decimal, dollars, grouped, percent, span};
use plimsoll_base::units::{Duration, NS_PER_S};
use plimsoll_chart::axis::figure;
use plimsoll_chart::plot::Plot;
use plimsoll_experiment::metric;
use plimsoll_sim::summary::metrics::METRICS;

/// The page of a run with its charts.
pub fn page(run: &RunData, plots: &[Plot]) -> Vec<u8> {
    let warnings = run.at("warnings").and_then(Value::as_array);
    let body = html! {
        @for warning in warnings.into_iter().flatten().filter_map(Value::as_str) {
            p.warning { strong { "Warning: " } (prose(warning)) }
        }
        (figures(&key_figures(run)))
        section { h2 { "Charts" } @for plot in plots { (chart::chart(plot)) } }
        section {
            h2 { "Tables" }
            (table(&objectives(run)))
            (table(&causes(run)))
            (table(&operations(run)))
            (table(&subnets(run)))
            (table(&stages(run)))
            (table(&latencies(run)))
            (table(&bill(run)))
            details { summary { "Every figure" } (table(&all_figures(run))) }
        }
        section { h2 { "Scenario" } p.note { "As resolved: every default filled in." } (scenario(&run.manifest)) }
        section { h2 { "The same again" } (reproduce(&run.manifest)) }
    };
    let name = text(run, "scenario");
    let content = Content {
        kind: "run",
        question: question(run),
        answer: answer(run),
        body,
        data: chart::data(plots),
        name,
    };
    document(&content)
}

fn text(run: &RunData, path: &str) -> String {
    run.at(path).and_then(Value::as_str).unwrap_or_default().to_string()
}

fn count(run: &RunData, path: &str) -> u64 {
    run.at(path).and_then(Value::as_u64).unwrap_or(0)
}

fn ratio(run: &RunData, path: &str) -> String {
    percent(run.figure(path).unwrap_or(0.0))
}

/// A time \[s\] in words.
fn time(seconds: f64) -> String {
    span(Duration((seconds * NS_PER_S as f64).round() as u64))
}

/// Dollars, as they stand in the files, in whole cents.
fn usd(decimal_usd: &str) -> String {
    dollars((decimal_usd.parse::<f64>().unwrap_or(0.0) * 100.0).round() as i128)
}

fn question(run: &RunData) -> String {
    let counted = time(run.end_s() - run.figure("warmup_s").unwrap_or(0.0));
    if is_about_calls(run) {
        return format!("Are {} calls in {counted} carried out?", grouped(calls(run, "requested")));
    }
    format!(
        "Do {} instances in {counted} find room on {} hosts, placed by {}?",
        grouped(count(run, "launch.requested")),
        grouped(count(run, "fleet.hosts")),
        text::name(&text(run, "strategy")),
    )
}

/// Whether nobody asks for instances, but for other things.
fn is_about_calls(run: &RunData) -> bool {
    count(run, "launch.requested") == 0 && calls(run, "requested") > 0
}

/// Calls of all operations that were `requested` or `failed`.
fn calls(run: &RunData, which: &str) -> u64 {
    let operations = run.at("operations").and_then(Value::as_object);
    operations.into_iter().flatten().filter_map(|(_, tally)| tally[which].as_u64()).sum()
}

fn answer_about_calls(run: &RunData) -> String {
    let (requested, failed) = (calls(run, "requested"), calls(run, "failed"));
    if failed == 0 {
        return "Yes, all of them.".to_string();
    }
    let share = percent(failed as f64 / requested as f64);
    let service = grouped(count(run, "availability.failed"));
    format!("No: {} of them, {share}, were refused, {service} by a fault of the service.", grouped(failed))
}

fn answer(run: &RunData) -> String {
    if is_about_calls(run) {
        return answer_about_calls(run);
    }
    let (requested, failed) = (count(run, "launch.requested"), count(run, "launch.failed"));
    if requested == 0 {
        return "Nothing was asked for.".to_string();
    }
    if failed == 0 {
        let peak = ratio(run, "fleet.vcpu_used_ratio_peak");
        return format!("Yes, all of them; at the peak {peak} of the vCPU was in use.");
    }
    let firsts = run.at("first_failures").and_then(Value::as_array);
    let first = firsts.into_iter().flatten().find_map(|first| {
        let code = first["code"].as_str()?;
        let entry = failure::REGISTER.iter().find(|entry| entry.ec2_name == code)?;
        let what = terminal::scarce(entry.failure)?;
        Some((what, first["at_s"].as_f64()?))
    });
    let refused = format!(
        "No: {} of them, {}, were refused",
        grouped(failed),
        percent(failed as f64 / requested as f64)
    );
    match first {
        Some((what, at)) => format!("{refused}. Ran out first: {what}, after {}.", time(at)),
        None => format!("{refused}, though nothing ran out."),
    }
}

fn key_figures(run: &RunData) -> Vec<Figure> {
    let of =
        |part: &str, whole: &str| format!("{} of {}", grouped(count(run, part)), grouped(count(run, whole)));
    let peak = |path: &str| format!("{} at the peak", ratio(run, path));
    let (granted, failed, requested) = if is_about_calls(run) {
        let granted = Figure {
            name: "Calls",
            value: grouped(calls(run, "requested")),
            note: "of every operation".to_string(),
        };
        (granted, calls(run, "failed"), calls(run, "requested"))
    } else {
        let granted = Figure {
            name: "Launched",
            value: ratio(run, "launch.success_ratio"),
            note: of("launch.succeeded", "launch.requested"),
        };
        (granted, count(run, "launch.failed"), count(run, "launch.requested"))
    };
    let share = percent(failed as f64 / requested.max(1) as f64);
    let mut figures = vec![
        granted,
        Figure { name: "Refused", value: grouped(failed), note: format!("{share} of all") },
        Figure {
            name: "Hosts in use at most",
            value: grouped(count(run, "fleet.hosts_used_peak")),
            note: format!("of {}", grouped(count(run, "fleet.hosts"))),
        },
        Figure {
            name: "vCPU in use",
            value: ratio(run, "fleet.vcpu_used_ratio_mean"),
            note: peak("fleet.vcpu_used_ratio_peak"),
        },
        Figure {
            name: "Memory in use",
            value: ratio(run, "fleet.memory_used_ratio_mean"),
            note: peak("fleet.memory_used_ratio_peak"),
        },
    ];
    if run.figure("fleet.gpu").is_some_and(|gpu| gpu > 0.0) {
        figures.push(Figure {
            name: "GPU in use",
            value: ratio(run, "fleet.gpu_used_ratio_mean"),
            note: peak("fleet.gpu_used_ratio_peak"),
        });
    }
    figures.push(Figure {
        name: "Packing",
        value: ratio(run, "fleet.packing_density_vcpu_mean"),
        note: format!("vCPU of hosts in use; memory {}", ratio(run, "fleet.packing_density_memory_mean")),
    });
    figures.push(Figure {
        name: "Instances at most",
        value: grouped(count(run, "fleet.instances_running_peak")),
        note: format!("{} on average", decimal(run.figure("fleet.instances_running_mean").unwrap_or(0.0), 1)),
    });
    figures.push(Figure { name: "Bill", value: usd(&text(run, "billing.total")), note: String::new() });
    figures
}

fn causes(run: &RunData) -> Table {
    let rows = run.refusals.causes.iter().map(|cause| {
        vec![
            Cell::words(&cause.code),
            Cell::words(&cause.operation),
            Cell::words(&cause.zone),
            Cell::words(&cause.limit),
            Cell::count(cause.requests),
            Cell::count(cause.refused),
            Cell::Number(cause.first_s, time(cause.first_s)),
            Cell::words(&cause.first),
        ]
    });
    Table {
        title: "Refused, by cause",
        caption: "The limit is what decided; asked and left are those of the first request it turned away."
            .to_string(),
        header: Table::header([
            "error",
            "operation",
            "zone",
            "limit",
            "requests",
            "refused",
            "first after",
            "the first of them",
        ]),
        rows: rows.collect(),
    }
}

fn operations(run: &RunData) -> Table {
    let operations = run.at("operations").and_then(Value::as_object);
    let rows = operations.into_iter().flatten().map(|(name, tally)| {
        let count = |key: &str| Cell::count(tally[key].as_u64().unwrap_or(0));
        vec![Cell::words(name), count("requested"), count("succeeded"), count("failed")]
    });
    Table {
        title: "Operations",
        caption: String::new(),
        header: Table::header(["operation", "calls", "succeeded", "failed"]),
        rows: rows.collect(),
    }
}

fn subnets(run: &RunData) -> Table {
    let subnets = run.at("network.subnets").and_then(Value::as_array);
    let rows = subnets.into_iter().flatten().map(|subnet| {
        let (addresses, peak) =
            (subnet["addresses"].as_u64().unwrap_or(0), subnet["used_peak"].as_u64().unwrap_or(0));
        let share = peak as f64 / addresses.max(1) as f64;
        let exhausted = subnet["exhausted_at_s"].as_f64();
        vec![
            Cell::words(subnet["name"].as_str().unwrap_or_default()),
            Cell::count(addresses),
            Cell::number(subnet["used_mean"].as_f64().unwrap_or(0.0), 1),
            Cell::count(peak),
            Cell::Number(share, percent(share)),
            exhausted.map_or(Cell::Empty, |at| Cell::Number(at, time(at))),
        ]
    });
    Table {
        title: "Subnets",
        caption: String::new(),
        header: Table::header([
            "subnet",
            "addresses",
            "in use, mean",
            "in use, peak",
            "peak share",
            "ran out after",
        ]),
        rows: rows.collect(),
    }
}

fn objectives(run: &RunData) -> Table {
    let objectives = run.at("objectives").and_then(Value::as_array);
    let rows = objectives.into_iter().flatten().map(|objective| {
        let number = |key: &str| {
            let written = |value| Cell::Number(value, objective[key].to_string());
            objective[key].as_f64().map_or(Cell::Empty, written)
        };
        let verdict = if objective["met"] == true { "met" } else { "missed" };
        let metric = objective["metric"].as_str().unwrap_or_default();
        vec![
            Cell::words(metric),
            Cell::words(metric::unit(metric)),
            number("at_least"),
            number("at_most"),
            number("value"),
            Cell::words(verdict),
        ]
    });
    Table {
        title: "Objectives",
        caption: String::new(),
        header: Table::header(["metric", "unit", "at least", "at most", "found", "verdict"]),
        rows: rows.collect(),
    }
}

fn stages(run: &RunData) -> Table {
    let stages = run.at("stages").and_then(Value::as_object);
    let rows = stages.into_iter().flatten().map(|(name, use_of)| {
        let count = |key: &str| use_of[key].as_u64().map_or(Cell::Empty, Cell::count);
        let number =
            |key: &str| use_of[key].as_f64().map_or(Cell::Empty, |value| Cell::Number(value, figure(value)));
        let mut row = vec![Cell::words(name)];
        row.extend(["arrivals", "completed", "refused", "timed_out"].map(count));
        row.extend(["wait_s_mean", "service_s_mean", "queue_length_mean"].map(number));
        row.push(count("queue_length_peak"));
        let share =
            |key: &str| use_of[key].as_f64().map_or(Cell::Empty, |share| Cell::Number(share, percent(share)));
        row.extend(["occupied_ratio", "busy_ratio"].map(share));
        row
    });
    Table {
        title: "Stages of the control plane",
        caption: String::new(),
        header: Table::header([
            "stage",
            "arrivals",
            "completed",
            "refused",
            "timed out",
            "wait, mean (s)",
            "service, mean (s)",
            "waiting, mean",
            "waiting, peak",
            "occupied",
            "own work",
        ]),
        rows: rows.collect(),
    }
}

fn latencies(run: &RunData) -> Table {
    let latencies = run.at("latency_s").and_then(Value::as_object);
    let rows = latencies.into_iter().flatten().map(|(name, figures)| {
        let seconds = |key: &str| Cell::number(figures[key].as_f64().unwrap_or(0.0), 3);
        let mut row = vec![Cell::words(name), Cell::count(figures["count"].as_u64().unwrap_or(0))];
        row.extend(["mean", "p50", "p90", "p99", "p999", "max"].map(seconds));
        row
    });
    Table {
        title: "Latency",
        caption: "Seconds from a call to its effect.".to_string(),
        header: Table::header([
            "what",
            "count",
            "mean (s)",
            "p50 (s)",
            "p90 (s)",
            "p99 (s)",
            "p99.9 (s)",
            "greatest (s)",
        ]),
        rows: rows.collect(),
    }
}

fn bill(run: &RunData) -> Table {
    let mut bill: Vec<_> = run.bill.iter().map(|row| (row, row.usd.parse::<f64>().unwrap_or(0.0))).collect();
    bill.sort_by(|a, b| b.1.total_cmp(&a.1));
    let rows = bill.into_iter().map(|(row, value)| {
        vec![
            Cell::words(&row.account),
            Cell::words(&row.kind),
            Cell::words(&row.name),
            Cell::words(&row.purchase),
            Cell::words(&row.month),
            Cell::words(&row.quantity),
            Cell::Number(value, usd(&row.usd)),
        ]
    });
    Table {
        title: "Bill",
        caption: String::new(),
        header: Table::header(["account", "kind", "type", "purchase", "month", "quantity", "USD"]),
        rows: rows.collect(),
    }
}

/// Every figure that is a single value, with its meaning.
fn all_figures(run: &RunData) -> Table {
    let rows = METRICS.iter().filter_map(|metric| {
        let value = match run.at(metric.path)? {
            Value::Number(number) if number.is_u64() => Cell::count(number.as_u64()?),
            Value::Number(number) => {
                let value = number.as_f64()?;
                Cell::Number(value, figure(value))
            }
            Value::String(text) => Cell::words(text),
            _ => return None,
        };
        Some(vec![Cell::words(metric.path), value, Cell::words(metric.unit), Cell::words(metric.meaning)])
    });
    Table {
        title: "Figures",
        caption: "Those of summary.json that are one value.".to_string(),
        header: Table::header(["figure", "value", "unit", "meaning"]),
        rows: rows.collect(),
    }
}
