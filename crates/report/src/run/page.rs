//! Page of one run: whether the demand fits, the resource that runs out first, and the headroom.

use maud::html;
use serde_json::Value;

use super::RunData;
use super::billing::BillLine;
use super::summary::Summary;
use super::view::words::moment;
use super::view::{RunView, in_path_order};
use crate::format::amount;
use crate::page::chart;
use crate::page::figures::{KeyFigure, figures};
use crate::page::provenance::sections;
use crate::page::shell::{Content, document, prose};
use crate::page::table::table;
use crate::table::{ReportTable, TableCell};
use plimsoll_base::units::figures::{decimal, dollars, grouped, percent, readable};
use plimsoll_chart::axis::rounded;
use plimsoll_chart::plot::Plot;
use plimsoll_sim::summary::metrics::METRICS;

/// Returns the page of a run with its charts.
pub fn page(run: &RunData, plots: &[Plot]) -> Vec<u8> {
    let view = RunView::of(&run.summary);
    let details =
        [causes(run), subnets(&run.summary), stages(&run.summary), latencies(&run.summary), bill(run)];
    let body = html! {
        @for warning in &view.warnings { p.warning { strong { "Warning: " } (prose(warning)) } }
        @for remark in &view.remarks { p.note { (remark) } }
        (figures(&key_figures(&run.summary)))
        (chart::section(plots))
        section {
            h2 { "Tables" }
            @for shown in &view.tables { (table(shown)) }
            @for (_, shown) in &view.breakdowns { (table(shown)) }
        }
        section {
            h2 { "Details" }
            @for shown in &details { (table(shown)) }
            details { summary { "Every figure" } (table(&all_figures(&run.summary))) }
        }
        (sections(&run.manifest, "As resolved: every default filled in."))
    };
    document(&Content {
        kind: "run",
        name: view.name,
        question: view.question,
        answer: view.answer,
        body,
        data: chart::data(plots),
    })
}

fn shown(name: &'static str, value: String, note: String) -> KeyFigure {
    KeyFigure { name, value, note }
}

/// Returns the key figures: what the question is about first, then the use of the fleet, then money.
fn key_figures(summary: &Summary) -> Vec<KeyFigure> {
    let mut figures = Vec::new();
    if !summary.objectives.is_empty() {
        let met = summary.objectives.iter().filter(|objective| objective.met).count();
        let of = format!("of {}", grouped(summary.objectives.len() as u64));
        figures.push(shown("Objectives met", grouped(met as u64), of));
    }
    if summary.has_control_plane() || summary.is_about_calls() {
        figures.extend(of_calls(summary));
    }
    if summary.launch.requested > 0 {
        figures.extend(of_launches(summary));
    }
    figures.extend(of_fleet(summary));
    if summary.billing.total.0 != 0 {
        figures.push(shown("Bill", dollars(summary.billing.total.cents()), String::new()));
    }
    figures
}

fn of_calls(summary: &Summary) -> Vec<KeyFigure> {
    let (requested, refused) = summary.calls();
    let share = percent(refused as f64 / requested.max(1) as f64);
    let failed = summary.availability.failed;
    let mut figures = vec![
        shown("Calls", grouped(requested), "of every operation".to_string()),
        shown("Calls refused", grouped(refused), format!("{share} of all")),
    ];
    if requested > 0 {
        let available = percent(1.0 - failed as f64 / requested as f64);
        figures.push(shown("Availability", available, format!("{} failed by the service", grouped(failed))));
    }
    let launch = summary.latency_s.get("launch").filter(|latency| latency.max > 0.0);
    figures.extend(launch.map(|latency| {
        shown(
            "Launch, 99th percentile",
            amount(latency.p99, "s"),
            format!("median {}", amount(latency.p50, "s")),
        )
    }));
    figures
}

fn of_launches(summary: &Summary) -> Vec<KeyFigure> {
    let launch = &summary.launch;
    let share = |count: u64| percent(count as f64 / launch.requested as f64);
    let of = format!("{} of {}", grouped(launch.succeeded), grouped(launch.requested));
    vec![
        shown("Launched", share(launch.succeeded), of),
        shown("Refused", grouped(launch.failed), format!("{} of all", share(launch.failed))),
    ]
}

fn of_fleet(summary: &Summary) -> Vec<KeyFigure> {
    let fleet = &summary.fleet;
    if fleet.hosts_used_peak == 0 {
        return Vec::new();
    }
    let peak = |ratio: f64| format!("{} at the peak", percent(ratio));
    let hosts = match fleet.hosts_peak_at_s {
        Some(at) => shown("Hosts at most", grouped(fleet.hosts), format!("after {}", moment(summary, at))),
        None => shown(
            "Hosts in use at most",
            grouped(fleet.hosts_used_peak),
            format!("of {}", grouped(fleet.hosts)),
        ),
    };
    let mut figures = vec![
        hosts,
        shown("vCPU in use", percent(fleet.vcpu_used_ratio_mean), peak(fleet.vcpu_used_ratio_peak)),
        shown("Memory in use", percent(fleet.memory_used_ratio_mean), peak(fleet.memory_used_ratio_peak)),
    ];
    if fleet.gpu > 0.0 {
        let (mean, most) = (fleet.gpu_used_ratio_mean, fleet.gpu_used_ratio_peak);
        figures.push(shown("GPU in use", percent(mean), peak(most)));
    }
    let memory = format!("vCPU of hosts in use; memory {}", percent(fleet.packing_density_memory_mean));
    figures.push(shown("Packing", percent(fleet.packing_density_vcpu_mean), memory));
    let average = format!("{} on average", readable(fleet.instances_running_mean));
    figures.push(shown("Instances at most", grouped(fleet.instances_running_peak), average));
    figures
}

fn causes(run: &RunData) -> ReportTable {
    let rows = run.refusals.causes.iter().map(|cause| {
        vec![
            TableCell::text(&cause.code),
            TableCell::text(&cause.operation),
            TableCell::text(&cause.zone),
            TableCell::text(&cause.limit),
            TableCell::count(cause.requests),
            TableCell::count(cause.refused),
            TableCell::Number(cause.first_s, moment(&run.summary, cause.first_s)),
            TableCell::text(&cause.first),
        ]
    });
    let header =
        ["error", "operation", "zone", "limit", "requests", "refused", "first after", "the first of them"];
    ReportTable::new("Refused, by cause", header, rows.collect()).with_caption(
        "The limit is what decided; asked and left are those of the first request it turned away.",
    )
}

fn subnets(summary: &Summary) -> ReportTable {
    let rows = summary.network.subnets.iter().map(|subnet| {
        let share = subnet.peak_ratio();
        vec![
            TableCell::text(&subnet.name),
            TableCell::count(subnet.addresses.unwrap_or(0)),
            TableCell::number(subnet.used_mean, 1),
            TableCell::count(subnet.used_peak),
            TableCell::Number(share, percent(share)),
            TableCell::optional(subnet.exhausted_at_s, |at_s| moment(summary, at_s)),
        ]
    });
    let header = ["subnet", "addresses", "in use, mean", "in use, peak", "peak share", "ran out after"];
    ReportTable::new("Subnets", header, rows.collect())
}

fn stages(summary: &Summary) -> ReportTable {
    let rows = in_path_order(summary).into_iter().map(|(name, stage)| {
        let mut row = vec![TableCell::text(name)];
        row.extend([stage.arrivals, stage.completed, stage.refused, stage.timed_out].map(TableCell::count));
        let numbers = [stage.wait_s_mean, stage.service_s_mean, stage.queue_length_mean];
        row.extend(numbers.map(|value| TableCell::optional(value, readable)));
        row.push(stage.queue_length_peak.map_or(TableCell::Empty, TableCell::count));
        row.extend([stage.occupied_ratio, stage.busy_ratio].map(|share| TableCell::optional(share, percent)));
        row
    });
    let header = [
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
    ];
    ReportTable::new("Stages of the control plane", header, rows.collect())
}

fn latencies(summary: &Summary) -> ReportTable {
    let slow = summary.latency_s.iter().filter(|(_, latency)| latency.max > 0.0);
    let rows = slow.map(|(name, latency)| {
        let mut row = vec![TableCell::text(name), TableCell::count(latency.count)];
        let percentiles = [latency.mean, latency.p50, latency.p90, latency.p99, latency.p999, latency.max];
        row.extend(percentiles.map(|seconds| TableCell::Number(seconds, amount(seconds, "s"))));
        row
    });
    let header = ["what", "count", "mean", "median", "p90", "p99", "p99.9", "longest"];
    ReportTable::new("Latency of everything", header, rows.collect()).with_caption(
        "From a call to its effect; of `api`, to its answer; of `stage`, the wait for a server and its service.",
    )
}

fn bill(run: &RunData) -> ReportTable {
    let mut bill: Vec<_> = run.bill.iter().map(|row| (row, row.usd.parse::<f64>().unwrap_or(0.0))).collect();
    bill.sort_by(|a, b| b.1.total_cmp(&a.1));
    let rows = bill.into_iter().map(|(row, usd)| {
        vec![
            TableCell::text(&row.account),
            TableCell::text(&row.kind),
            TableCell::text(&row.name),
            TableCell::text(&row.purchase),
            TableCell::text(&row.month),
            quantity(row),
            TableCell::Number(usd, dollars((usd * 100.0).round() as i128)),
        ]
    });
    let header = ["account", "kind", "type", "purchase", "month", "quantity", "USD"];
    ReportTable::new("Rows of the bill", header, rows.collect())
}

/// Returns the quantity of a row of the bill in units that people use.
fn quantity(row: &BillLine) -> TableCell {
    let Ok(quantity) = row.quantity.parse::<f64>() else { return TableCell::text(&row.quantity) };
    let (amount, unit) = match row.unit.strip_suffix("-seconds") {
        Some(what) => (quantity / 3600.0, format!("{what}-hours")),
        None => (quantity, row.unit.clone()),
    };
    let places = if amount >= 1000.0 { 0 } else { 3 };
    TableCell::Number(quantity, format!("{} {unit}", decimal(amount, places)))
}

/// Returns every figure that is a single value, with its meaning.
fn all_figures(summary: &Summary) -> ReportTable {
    let rows = METRICS.iter().filter_map(|metric| {
        let value = match summary.figure(metric.path)? {
            Value::Number(number) if number.is_u64() => TableCell::count(number.as_u64()?),
            Value::Number(number) => TableCell::optional(number.as_f64(), rounded),
            Value::String(text) => TableCell::text(text),
            _ => return None,
        };
        Some(vec![
            TableCell::text(metric.path),
            value,
            TableCell::text(metric.unit),
            TableCell::text(metric.meaning),
        ])
    });
    let header = ["figure", "value", "unit", "meaning"];
    ReportTable::new("Figures", header, rows.collect())
        .with_caption("Those of summary.json that are one value.")
}
