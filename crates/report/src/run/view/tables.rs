//! Tables of a run that terminal and page share; those that would be empty are left out.

use super::breakdown::FORECAST_LIMIT_S;
use super::reacting;
use super::words::moment;
use crate::format::amount;
use crate::run::measures::{LatencyFigures, MicroUsd};
use crate::run::summary::{AddressPoolFigures, HeadroomFigures, SpanFigures, StageFigures, Summary};
use crate::table::{ReportTable, TableCell};
use plimsoll_base::failure;
use plimsoll_base::units::figures::{decimal, dollars, grouped, percent};
use plimsoll_experiment::metric;
use plimsoll_model::operation::Operation;

/// Rows of a list that are shown before the rest is summed up.
const TOP: usize = 4;

/// Returns the tables of a run, in order: first what its question is about.
pub fn all(summary: &Summary) -> Vec<ReportTable> {
    let of_calls = [calls(summary), latencies(summary), control_plane(summary), stages(summary)];
    let of_launches = [launches(summary)];
    let (first, second) = match summary.has_control_plane() {
        true => (of_calls.to_vec(), of_launches.to_vec()),
        false => (of_launches.to_vec(), of_calls.to_vec()),
    };
    let rest = [
        reacting::groups(summary),
        reacting::jobs(summary),
        faults(summary),
        probes(summary),
        usage(summary),
        packing(summary),
        headroom(summary),
        exhaustion(summary),
        bill(summary),
        bill_by_kind(summary),
    ];
    let tables = [objectives(summary)].into_iter().chain(first).chain(second).chain(rest);
    tables.filter(|table| !table.rows.is_empty()).collect()
}

fn objectives(summary: &Summary) -> ReportTable {
    let rows = summary.objectives.iter().map(|objective| {
        let unit = metric::unit(&objective.metric);
        let suffix = if unit == "s" { " s" } else { "" };
        let least = objective.at_least.map(|least| format!("≥ {least}{suffix}"));
        let most = objective.at_most.map(|most| format!("≤ {most}{suffix}"));
        let wanted: Vec<String> = [least, most].into_iter().flatten().collect();
        let found = match objective.value {
            // Six digits as in the objective: near 1 every digit matters.
            Some(value) if unit == "0 to 1" => TableCell::number(value, 6),
            Some(value) => TableCell::Number(value, amount(value, unit)),
            None if metric::is_first_time(&objective.metric) => TableCell::text("never"),
            None => TableCell::text("none"),
        };
        let verdict = if objective.met { "met" } else { "missed" };
        vec![
            TableCell::text(&objective.metric),
            TableCell::text(wanted.join(", ")),
            found,
            TableCell::text(verdict),
        ]
    });
    ReportTable::new("Objectives", ["metric", "wanted", "found", "verdict"], rows.collect())
}

/// Returns the launches by their outcome; without rows where none was asked for.
fn launches(summary: &Summary) -> ReportTable {
    let launch = &summary.launch;
    // First times are those of the whole run.
    let first = if summary.warmup_s > 0.0 { "first after, with the warm-up" } else { "first after" };
    let header = ["outcome", "instances", "share", first];
    if launch.requested == 0 {
        return ReportTable::new("Launches", header, Vec::new());
    }
    let share = |count: u64| match launch.requested {
        0 => TableCell::Empty,
        requested => ratio(count as f64 / requested as f64),
    };
    let mut rows = vec![
        vec![
            TableCell::text("asked for"),
            TableCell::count(launch.requested),
            TableCell::Empty,
            TableCell::Empty,
        ],
        vec![
            TableCell::text("launched"),
            TableCell::count(launch.succeeded),
            share(launch.succeeded),
            TableCell::Empty,
        ],
    ];
    let mut failures: Vec<(&String, u64)> =
        launch.failed_by_code.iter().map(|(code, count)| (code, *count)).collect();
    failures
        .sort_by_key(|(code, _)| failure::REGISTER.iter().position(|entry| entry.ec2_name == code.as_str()));
    for (code, count) in failures {
        let first = summary.first_failures.iter().find(|first| first.code == *code).map(|first| first.at_s);
        rows.push(vec![
            TableCell::text(code),
            TableCell::count(count),
            share(count),
            TableCell::optional(first, |at_s| moment(summary, at_s)),
        ]);
    }
    ReportTable::new("Launches", header, rows)
}

/// Returns the calls of every operation but launch; without rows where there are no others but ends of lifetimes.
fn calls(summary: &Summary) -> ReportTable {
    let mut operations: Vec<_> =
        summary.operations.iter().filter(|(name, _)| *name != Operation::Launch.name()).collect();
    if operations.iter().all(|(name, tally)| *name == Operation::Terminate.name() && tally.failed == 0) {
        operations.clear();
    }
    operations.sort_by_key(|(name, _)| Operation::named(name).map(Operation::index));
    let rows = operations.into_iter().map(|(name, tally)| {
        let [calls, granted, refused] =
            [tally.requested, tally.succeeded, tally.failed].map(TableCell::count);
        vec![TableCell::text(name), calls, granted, refused]
    });
    ReportTable::new("Other calls", ["operation", "calls", "granted", "refused"], rows.collect())
}

fn control_plane(summary: &Summary) -> ReportTable {
    let plane = &summary.control_plane;
    let rows = [
        ("calls refused for good", plane.refused),
        ("attempts after the first", plane.retries),
        ("attempts that came too fast", plane.throttled),
        ("attempts shed by the gateway", plane.shed),
        ("attempts whose client waited no longer", plane.timed_out),
        ("calls whose client's retry quota was used up", plane.out_of_quota),
        ("work for clients who had given up", plane.orphaned),
        ("work that had been done already", plane.duplicates),
        ("stale answers of the cache", plane.cache.stale),
        ("stale reads of replicas", plane.database.stale_reads),
        ("instances that replicas did not have yet", plane.database.not_found_after_launch),
        ("messages delivered again", plane.queue.redelivered),
        ("dead letters", plane.queue.dead_letters),
        ("times that a breaker opened", plane.breaker.opened),
    ];
    counts("Control plane", rows.map(|(name, count)| (name, count.unwrap_or(0))))
}

/// Returns the percentiles of what took time, of a run with a control plane; what was instant is left out.
fn latencies(summary: &Summary) -> ReportTable {
    let mut shown: Vec<_> = summary.latency_s.iter().filter(|(_, latency)| latency.max > 0.0).collect();
    // An answer that comes with the effect is told once.
    let is_effect = |name: &str, answer: &LatencyFigures| {
        let effect = name.strip_prefix("api.").and_then(|operation| summary.latency_s.get(operation));
        effect.is_some_and(|effect| effect == answer)
    };
    shown.retain(|(name, latency)| !name.starts_with("stage.") && !is_effect(name, latency));
    if !summary.has_control_plane() {
        shown.clear();
    }
    let rows = shown.into_iter().map(|(name, latency)| {
        let seconds = [latency.p50, latency.p90, latency.p99, latency.p999, latency.max];
        let mut row = vec![TableCell::text(name), TableCell::count(latency.count)];
        row.extend(seconds.map(|seconds| TableCell::Number(seconds, amount(seconds, "s"))));
        row
    });
    let header = ["what", "count", "median", "p90", "p99", "p99.9", "longest"];
    ReportTable::new("Latency", header, rows.collect())
}

/// Returns the table of the counts that are not 0.
fn counts<const N: usize>(title: &'static str, counts: [(&'static str, u64); N]) -> ReportTable {
    let rows = counts.into_iter().filter(|(_, count)| *count > 0);
    let rows = rows.map(|(name, count)| vec![TableCell::text(name), TableCell::count(count)]);
    ReportTable::new(title, ["event", "count"], rows.collect())
}

/// Returns the stages in the order of a call's path.
pub fn in_path_order(summary: &Summary) -> Vec<(&str, &StageFigures)> {
    const PATH: [&str; 10] = [
        "gateway",
        "validation",
        "cache",
        "primary",
        "replica",
        "queue",
        "workers",
        "hypervisor",
        "storage",
        "images",
    ];
    let mut stages: Vec<(&str, &StageFigures)> =
        summary.stages.iter().map(|(name, stage)| (name.as_str(), stage)).collect();
    // A pool of connections comes before its database: `primary-pool`, `primary`, `replica-1-pool`, `replica-1`.
    stages.sort_by_key(|(name, _)| {
        let (node, is_pool) = name.strip_suffix("-pool").map_or((*name, false), |node| (node, true));
        let (part, number) = node.split_once('-').unwrap_or((node, ""));
        (PATH.iter().position(|known| *known == part), number.parse::<u64>().unwrap_or(0), !is_pool)
    });
    stages
}

/// Returns the stages of the control plane that took time or turned jobs away.
fn stages(summary: &Summary) -> ReportTable {
    let rows = in_path_order(summary).into_iter().filter_map(|(name, stage)| {
        let gone = stage.refused + stage.timed_out;
        let is_idle = stage.wait_s_total == 0.0 && stage.service_s_mean.unwrap_or(0.0) == 0.0;
        if is_idle && gone == 0 {
            return None;
        }
        let seconds = |mean| TableCell::optional(mean, |mean| format!("{} s", decimal(mean, 3)));
        let share = |ratio| TableCell::optional(ratio, percent);
        Some(vec![
            TableCell::text(name),
            TableCell::count(stage.arrivals),
            share(stage.occupied_ratio),
            share(stage.busy_ratio),
            seconds(stage.wait_s_mean),
            seconds(stage.service_s_mean),
            TableCell::count(stage.queue_length_peak.unwrap_or(0)),
            TableCell::count(gone),
        ])
    });
    let header = ["stage", "came", "occupied", "own work", "mean wait", "service", "longest queue", "gone"];
    ReportTable::new("Stages", header, rows.collect())
}

fn faults(summary: &Summary) -> ReportTable {
    let faults = &summary.faults;
    let rows = [
        ("hosts that failed", faults.host_failures),
        ("instances moved to another host without a break", faults.migrations),
        ("instances started again on another host", faults.recoveries),
        ("instances lost with their host", faults.instances_lost),
        ("instances the spot market took back", summary.spot_interruptions),
    ];
    counts("Not requested by users", rows)
}

fn probes(summary: &Summary) -> ReportTable {
    let probes = &summary.network.probes;
    let rows = [
        ("allowed by a rule", probes.allowed.saturating_sub(probes.by_flow)),
        ("allowed as part of a conversation", probes.by_flow),
        ("refused by security groups", probes.refused),
        ("without a route", probes.unreachable),
    ];
    counts("Probes", rows)
}

/// Returns the cell of a share, 0 to 1.
fn ratio(ratio: f64) -> TableCell {
    TableCell::Number(ratio, percent(ratio))
}

/// Returns the use of hosts, addresses and volumes; without rows where nothing ran.
fn usage(summary: &Summary) -> ReportTable {
    let (fleet, network) = (&summary.fleet, &summary.network);
    let units = |amount: f64, unit: &str| {
        TableCell::text(format!("{} {unit}", decimal(amount, if amount.fract() == 0.0 { 0 } else { 3 })))
    };
    let hosts = TableCell::text(format!("{} hosts", grouped(fleet.hosts)));
    let memory = TableCell::text(format!("{} GiB", decimal(fleet.memory_gib, 0)));
    let mut rows = vec![
        vec![
            TableCell::text("hosts"),
            TableCell::number(fleet.hosts_used_mean, 1),
            TableCell::count(fleet.hosts_used_peak),
            hosts,
        ],
        vec![
            TableCell::text("vCPU"),
            ratio(fleet.vcpu_used_ratio_mean),
            ratio(fleet.vcpu_used_ratio_peak),
            units(fleet.vcpu, "vCPU"),
        ],
        vec![
            TableCell::text("memory"),
            ratio(fleet.memory_used_ratio_mean),
            ratio(fleet.memory_used_ratio_peak),
            memory,
        ],
    ];
    if fleet.gpu > 0.0 {
        let (mean, peak) = (ratio(fleet.gpu_used_ratio_mean), ratio(fleet.gpu_used_ratio_peak));
        rows.push(vec![TableCell::text("GPU"), mean, peak, units(fleet.gpu, "GPU")]);
    }
    let (mean, peak) =
        (TableCell::number(fleet.instances_running_mean, 1), TableCell::count(fleet.instances_running_peak));
    rows.push(vec![TableCell::text("instances running"), mean, peak, TableCell::Empty]);
    // The fullest subnets suffice; the file has all.
    let mut subnets: Vec<&AddressPoolFigures> = network.subnets.iter().collect();
    subnets.sort_by(|a, b| b.peak_ratio().total_cmp(&a.peak_ratio()));
    rows.extend(
        subnets
            .iter()
            .take(TOP)
            .map(|pool| pool_row(summary, format!("addresses of subnet {}", pool.name), pool)),
    );
    if subnets.len() > TOP {
        let rest = format!("… and {} more subnets", subnets.len() - TOP);
        rows.push(vec![TableCell::text(rest), TableCell::Empty, TableCell::Empty, TableCell::Empty]);
    }
    if network.public.used_peak > 0 || network.public.addresses.is_some() {
        rows.push(pool_row(summary, "public addresses".to_string(), &network.public));
    }
    if network.elastic.allocated_peak > 0 {
        let (mean, peak) = (network.elastic.allocated_mean, network.elastic.allocated_peak);
        let limit = TableCell::text("no limit");
        rows.push(vec![
            TableCell::text("of these, elastic"),
            TableCell::number(mean, 1),
            TableCell::count(peak),
            limit,
        ]);
    }
    rows.extend(volumes(summary));
    // A row in which nothing was ever in use says nothing.
    rows.retain(|row| !matches!(row[2], TableCell::Number(peak, _) if peak == 0.0));
    ReportTable::new("In use", ["resource", "mean", "peak", "of"], rows)
}

/// Returns the rows of the volumes of each zone: space where there are any, IOPS and throughput where they have a limit.
fn volumes(summary: &Summary) -> Vec<Vec<TableCell>> {
    let mut rows = Vec::new();
    for backend in &summary.storage.backends {
        let peak = backend.capacity_used_peak_gib;
        if peak > 0 || backend.capacity_gib.is_some() {
            let of = limit(summary, backend.capacity_gib, "GiB", backend.capacity_exhausted_at_s);
            rows.push(level_row("volumes", &backend.zone, backend.capacity_used_mean_gib, peak, of));
        }
        if backend.iops.is_some() {
            let of = limit(summary, backend.iops, "IOPS", backend.iops_exhausted_at_s);
            rows.push(level_row(
                "volume IOPS",
                &backend.zone,
                backend.iops_used_mean,
                backend.iops_used_peak,
                of,
            ));
        }
        if backend.throughput_mibps.is_some() {
            let of = limit(summary, backend.throughput_mibps, "MiB/s", backend.throughput_exhausted_at_s);
            let (mean, peak) = (backend.throughput_used_mean_mibps, backend.throughput_used_peak_mibps);
            rows.push(level_row("volume throughput", &backend.zone, mean, peak, of));
        }
    }
    rows
}

fn level_row(what: &str, zone: &str, mean: f64, peak: u64, of: String) -> Vec<TableCell> {
    vec![
        TableCell::text(format!("{what} of zone {zone}")),
        TableCell::number(mean, 1),
        TableCell::count(peak),
        TableCell::text(of),
    ]
}

fn limit(summary: &Summary, limit: Option<u64>, unit: &str, exhausted_at_s: Option<f64>) -> String {
    let all = limit.map_or_else(|| format!("{unit}, no limit"), |all| format!("{} {unit}", grouped(all)));
    exhausted_at_s.map_or(all.clone(), |at_s| format!("{all}, first short at {}", moment(summary, at_s)))
}

fn pool_row(summary: &Summary, name: String, pool: &AddressPoolFigures) -> Vec<TableCell> {
    let of = match (pool.addresses, pool.exhausted_at_s) {
        (Some(all), Some(at_s)) => format!("{}, first full at {}", grouped(all), moment(summary, at_s)),
        (Some(all), None) => grouped(all),
        (None, _) => "no limit".to_string(),
    };
    vec![
        TableCell::text(name),
        TableCell::number(pool.used_mean, 1),
        TableCell::count(pool.used_peak),
        TableCell::text(of),
    ]
}

/// Returns how well the hosts were packed; without rows where none was in use.
fn packing(summary: &Summary) -> ReportTable {
    let fleet = &summary.fleet;
    let header = ["share", "vCPU", "memory"];
    if fleet.hosts_used_peak == 0 {
        return ReportTable::new("Packing", header, Vec::new());
    }
    let row = |name, vcpu, memory| vec![TableCell::text(name), ratio(vcpu), ratio(memory)];
    let (packed, stranded) = ("packed: of the hosts in use", "stranded: free beside too little");
    let rows = vec![
        row(packed, fleet.packing_density_vcpu_mean, fleet.packing_density_memory_mean),
        row(stranded, fleet.stranded_vcpu_ratio_mean, fleet.stranded_memory_ratio_mean),
    ];
    ReportTable::new("Packing", header, rows)
}

/// Row of [`headroom`]: name, values, and their format.
type HeadroomRow = (&'static str, fn(&HeadroomFigures) -> Option<SpanFigures>, fn(f64) -> String);

fn headroom(summary: &Summary) -> ReportTable {
    let count: fn(f64) -> String = |value| decimal(value, 0);
    let rows: [HeadroomRow; 11] = [
        ("more of the live mix, instances", |h| h.instances, count),
        ("vCPU left over then", |h| h.stranded_vcpu_ratio, percent),
        ("memory left over then", |h| h.stranded_memory_ratio, percent),
        ("vCPU that the mix cannot use", |h| h.unusable_vcpu_ratio, percent),
        ("memory that the mix cannot use", |h| h.unusable_memory_ratio, percent),
        ("GPU that the mix cannot use", |h| h.unusable_gpu_ratio, percent),
        ("vCPU where no instance fits (FGD)", |h| h.fgd_vcpu_ratio, percent),
        ("memory where no instance fits (FGD)", |h| h.fgd_memory_ratio, percent),
        ("GPU where no instance fits (FGD)", |h| h.fgd_gpu_ratio, percent),
        ("hosts that a repacking needs", |h| h.hosts_compacted, count),
        ("hosts that any packing needs", |h| h.hosts_lower_bound, count),
    ];
    let rows = rows.into_iter().filter_map(|(name, values, format)| {
        let SpanFigures { least, mean, last } = values(&summary.headroom)?;
        let [least, mean, last] = [least, mean, last].map(|value| TableCell::Number(value, format(value)));
        Some(vec![TableCell::text(name), least, mean, last])
    });
    ReportTable::new("Headroom", ["figure", "least", "mean", "at the end"], rows.collect())
}

/// Returns the forecasts of what runs out after the run if it goes on as it did, soonest first.
fn exhaustion(summary: &Summary) -> ReportTable {
    let ahead = summary.horizon_s..FORECAST_LIMIT_S;
    let mut growing: Vec<_> = summary.headroom.exhaustion.iter().collect();
    growing.retain(|found| found.at_s.is_some_and(|at_s| ahead.contains(&at_s)));
    growing.sort_by(|a, b| a.at_s.partial_cmp(&b.at_s).expect("a forecast is a number"));
    let after = |at_s: Option<f64>| match at_s {
        Some(at_s) => TableCell::Number(at_s, moment(summary, at_s)),
        None => TableCell::text("beyond"),
    };
    let rows = growing.into_iter().take(TOP).map(|found| {
        let times =
            [found.at_80_percent_s, found.at_90_percent_s, found.earliest_s, found.at_s, found.latest_s];
        let mut row = vec![TableCell::text(&found.what)];
        row.extend(times.map(after));
        let error = found.held_back_error_ratio;
        row.push(TableCell::Number(error, percent(error)));
        row
    });
    let header = ["resource", "80 % full", "90 % full", "full, earliest", "full", "full, latest", "error"];
    ReportTable::new("Runs out at this pace", header, rows.collect()).with_caption(
        "Full is the median of futures drawn from trend and season of the run, between the ends of the band that holds \
         80 % of them; the error is that of a forecast of the last quarter of the run from what was before it."
            .to_string(),
    )
}

fn usd(cents: i128) -> TableCell {
    TableCell::Number(cents as f64 / 100.0, dollars(cents))
}

/// Returns the bill in cents; without rows where nothing was billed. The total shown is the sum of the rows shown.
fn bill(summary: &Summary) -> ReportTable {
    let billing = &summary.billing;
    if billing.total.0 == 0 && billing.by_account.values().all(|sum| sum.0 == 0) {
        return ReportTable::new("Bill", ["account", "USD"], Vec::new());
    }
    let mut accounts: Vec<_> = billing.by_account.iter().map(|(account, sum)| (account, *sum)).collect();
    accounts.sort_by_key(|(_, sum)| std::cmp::Reverse(*sum));
    let top = accounts.iter().take(TOP);
    let mut sums: Vec<(String, i128)> =
        top.map(|(account, sum)| (format!("account {account}"), sum.cents())).collect();
    if let Some(rest) = accounts.get(TOP..).filter(|rest| !rest.is_empty()) {
        let sum = MicroUsd(rest.iter().map(|(_, sum)| sum.0).sum());
        sums.push((format!("{} other accounts", grouped(rest.len() as u64)), sum.cents()));
    }
    let total: i128 = sums.iter().map(|(_, cents)| cents).sum();
    sums.push(("total".to_string(), total));
    let mut rows: Vec<Vec<TableCell>> =
        sums.into_iter().map(|(name, cents)| vec![TableCell::text(name), usd(cents)]).collect();
    let mut note = |name: &str, count: usize, what: &str| {
        if count > 0 {
            rows.push(vec![
                TableCell::text(name),
                TableCell::text(format!("{} {what}", grouped(count as u64))),
            ]);
        }
    };
    note("priced by [billing.shape]", billing.priced_by_shape.len(), "types or shapes");
    note("dedicated, priced by a surcharge", billing.dedicated_by_surcharge.len(), "types");
    ReportTable::new("Bill", ["account", "USD"], rows)
}

/// Kinds of rows of the bill, in the order in which `billing.by_kind` lists them.
const BILLED: [&str; 9] = [
    "instance",
    "volume",
    "snapshot",
    "address",
    "host",
    "reservation",
    "commitment",
    "upfront",
    "dedicated-fee",
];

/// Returns the bill by kind; without rows where instances alone were billed.
fn bill_by_kind(summary: &Summary) -> ReportTable {
    let mut kinds: Vec<_> = summary.billing.by_kind.iter().filter(|(_, sum)| sum.0 != 0).collect();
    if kinds.iter().all(|(kind, _)| *kind == BILLED[0]) {
        kinds.clear();
    }
    kinds.sort_by_key(|(kind, _)| BILLED.iter().position(|known| known == kind));
    let rows = kinds.into_iter().map(|(kind, sum)| vec![TableCell::text(kind), usd(sum.cents())]);
    ReportTable::new("Billed for", ["kind", "USD"], rows.collect())
}
