//! Tables of a run by zone, by kind of hosts and by instance type.

use super::words::day;
use crate::run::summary::{PartFigures, Summary};
use crate::table::{ReportTable, TableCell};
use plimsoll_base::units::figures::{grouped, percent, readable};

/// Time beyond which nothing is forecast \\[s\\]: thirty years.
pub const FORECAST_LIMIT_S: f64 = 30.0 * 365.25 * 86_400.0;

/// Parts by which a run is broken down.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum BreakdownBy {
    /// By zone.
    Zone,
    /// By kind of hosts: the `sku` of their host group.
    Sku,
    /// By instance type.
    Type,
}

impl BreakdownBy {
    /// Every breakdown, in the order of a page.
    pub const ALL: [BreakdownBy; 3] = [BreakdownBy::Zone, BreakdownBy::Sku, BreakdownBy::Type];

    /// Returns the table; without rows where there is one zone or kind alone.
    pub fn table(self, summary: &Summary) -> ReportTable {
        match self {
            BreakdownBy::Zone => parts(summary, "By zone", "zone", &summary.by_zone),
            BreakdownBy::Sku => parts(summary, "By host group", "host group", &summary.by_sku),
            BreakdownBy::Type => types(summary),
        }
    }
}

fn parts(summary: &Summary, title: &'static str, what: &'static str, parts: &[PartFigures]) -> ReportTable {
    let has_gpu = parts.iter().any(|part| part.gpu > 0.0);
    let has_launches = parts.iter().any(|part| part.launched.is_some());
    let ahead = summary.horizon_s..FORECAST_LIMIT_S;
    let full_at = |part: &PartFigures| part.full_at_s.filter(|at_s| ahead.contains(at_s));
    let has_forecast = parts.iter().any(|part| full_at(part).is_some());
    let mut header = vec![what];
    if has_launches {
        header.extend(["launched", "refused"]);
    }
    header.extend(["hosts", "of", "vCPU", "peak", "memory", "peak"]);
    if has_gpu {
        header.extend(["GPU", "peak"]);
    }
    header.extend(["vCPU free", "GiB free"]);
    if has_forecast {
        header.push(if summary.calendar().is_some() { "full on" } else { "full after" });
    }
    let share = |ratio: f64| TableCell::Number(ratio, percent(ratio));
    let rows = parts.iter().map(|part| {
        let mut row = vec![TableCell::text(&part.name)];
        if has_launches {
            row.extend(
                [part.launched, part.refused].map(|count| count.map_or(TableCell::Empty, TableCell::count)),
            );
        }
        row.extend([TableCell::count(part.hosts_used_peak), TableCell::count(part.hosts)]);
        row.extend([part.vcpu_used_ratio_mean, part.vcpu_used_ratio_peak].map(share));
        row.extend([part.memory_used_ratio_mean, part.memory_used_ratio_peak].map(share));
        if has_gpu {
            row.extend([part.gpu_used_ratio_mean, part.gpu_used_ratio_peak].map(share));
        }
        let vcpu = part.vcpu * (1.0 - part.vcpu_used_ratio_peak);
        let memory = part.memory_gib * (1.0 - part.memory_used_ratio_peak);
        row.extend([vcpu, memory].map(|free| TableCell::Number(free, readable(free))));
        if has_forecast {
            row.push(TableCell::optional(full_at(part), |at_s| day(summary, at_s)));
        }
        row
    });
    ReportTable {
        title: title.into(),
        caption: "Hosts in use at most; vCPU and memory in use on average and at most; what was free at the peak; with \
                  [headroom], when the first of them is forecast to be full. Means and peaks are those of the samples \
                  (output.sample_every)."
            .to_string(),
        header: header.into_iter().map(Into::into).collect(),
        rows: rows.collect(),
    }
}

/// Returns the types, those with most refusals first, then those with most launches.
fn types(summary: &Summary) -> ReportTable {
    let mut types: Vec<_> = summary.by_type.iter().collect();
    types.sort_by_key(|of| (std::cmp::Reverse(of.refused), std::cmp::Reverse(of.launched)));
    let rows = types.into_iter().map(|of| {
        let asked = of.launched + of.refused;
        let refused = of.refused as f64 / asked.max(1) as f64;
        vec![
            TableCell::text(&of.name),
            TableCell::count(of.launched),
            TableCell::count(of.refused),
            TableCell::Number(refused, percent(refused)),
            TableCell::Number(of.running_mean, readable(of.running_mean)),
            TableCell::Number(of.running_peak as f64, grouped(of.running_peak)),
        ]
    });
    let header = ["type", "launched", "refused", "of all", "running, mean", "peak"];
    ReportTable::new("By type", header, rows.collect())
}
