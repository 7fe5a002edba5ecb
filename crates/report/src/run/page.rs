//! Page of one run: whether the demand fits, the resource that runs out first, and the headroom.

use maud::html;
use serde_json::Value;

use super::RunData;
use super::summary::Summary;
use super::view::{self, RunView, in_path_order, time};
use crate::page::chart;
use crate::page::figures::{KeyFigure, figures};
use crate::page::provenance::sections;
use crate::page::shell::{Content, document, prose};
use crate::page::table::table;
use crate::table::{ReportTable, TableCell};
use plimsoll_base::units::figures::{decimal, dollars, grouped, percent};
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
        section { h2 { "Tables" } @for shown in &view.tables { (table(shown)) } }
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

fn key_figures(summary: &Summary) -> Vec<KeyFigure> {
    let (fleet, launch) = (&summary.fleet, &summary.launch);
    let shown = |name, value: String, note: String| KeyFigure { name, value, note };
    let peak = |ratio: f64| format!("{} at the peak", percent(ratio));
    let (granted, failed, requested) = if view::is_about_calls(summary) {
        let (requested, failed) = summary.calls();
        (shown("Calls", grouped(requested), "of every operation".to_string()), failed, requested)
    } else {
        let of = format!("{} of {}", grouped(launch.succeeded), grouped(launch.requested));
        let ratio =
            if launch.requested == 0 { 1.0 } else { launch.succeeded as f64 / launch.requested as f64 };
        (shown("Launched", percent(ratio), of), launch.failed, launch.requested)
    };
    let share = percent(failed as f64 / requested.max(1) as f64);
    let mut figures = vec![
        granted,
        shown("Refused", grouped(failed), format!("{share} of all")),
        shown("Hosts in use at most", grouped(fleet.hosts_used_peak), format!("of {}", grouped(fleet.hosts))),
        shown("vCPU in use", percent(fleet.vcpu_used_ratio_mean), peak(fleet.vcpu_used_ratio_peak)),
        shown("Memory in use", percent(fleet.memory_used_ratio_mean), peak(fleet.memory_used_ratio_peak)),
    ];
    if fleet.gpu > 0.0 {
        figures.push(shown(
            "GPU in use",
            percent(fleet.gpu_used_ratio_mean),
            peak(fleet.gpu_used_ratio_peak),
        ));
    }
    let memory = percent(fleet.packing_density_memory_mean);
    figures.extend([
        shown(
            "Packing",
            percent(fleet.packing_density_vcpu_mean),
            format!("vCPU of hosts in use; memory {memory}"),
        ),
        shown(
            "Instances at most",
            grouped(fleet.instances_running_peak),
            format!("{} on average", decimal(fleet.instances_running_mean, 1)),
        ),
        shown("Bill", dollars(summary.billing.total.cents()), String::new()),
    ]);
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
            TableCell::Number(cause.first_s, time(cause.first_s)),
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
            TableCell::optional(subnet.exhausted_at_s, time),
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
        row.extend(numbers.map(|value| TableCell::optional(value, rounded)));
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
    let rows = summary.latency_s.iter().map(|(name, latency)| {
        let mut row = vec![TableCell::text(name), TableCell::count(latency.count)];
        let percentiles = [latency.mean, latency.p50, latency.p90, latency.p99, latency.p999, latency.max];
        row.extend(percentiles.map(|seconds| TableCell::number(seconds, 3)));
        row
    });
    let header = ["what", "count", "mean (s)", "p50 (s)", "p90 (s)", "p99 (s)", "p99.9 (s)", "greatest (s)"];
    ReportTable::new("Latency", header, rows.collect()).with_caption("Seconds from a call to its effect.")
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
            TableCell::text(&row.quantity),
            TableCell::Number(usd, dollars((usd * 100.0).round() as i128)),
        ]
    });
    let header = ["account", "kind", "type", "purchase", "month", "quantity", "USD"];
    ReportTable::new("Rows of the bill", header, rows.collect())
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
