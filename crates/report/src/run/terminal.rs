//! The summary a person reads when a run ends.

use std::fmt::Write as _;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width};

use crate::format::amount;
use crate::terminal::table;
use plimsoll_base::failure::Failure;
use plimsoll_base::quote::plain;
use plimsoll_base::units::figures::{coarse, compact, decimal, dollars, grouped, moment, percent, span};
use plimsoll_base::units::{Duration, NS_PER_S};
use plimsoll_experiment::objective::{self, Judged};
use plimsoll_experiment::{Figures, metric};
use plimsoll_model::billing::Kind;
use plimsoll_model::control_plane::plane::figures::StageUse;
use plimsoll_model::operation::Operation;
use plimsoll_sim::cloud::outcome::{BackendUse, LevelUse, PoolUse, Span, Tally};
use plimsoll_sim::summary::Run;
use plimsoll_sim::summary::warnings::warnings;

/// Rows of a list that are shown before the rest is summed up.
const TOP: usize = 4;

/// The first column of every table is as wide as the widest, so that they stand under each other; at most so.
const FIRST_COLUMN_MOST: u16 = 44;

/// What lies further ahead is no forecast \[s\]: thirty years.
const FAR_S: f64 = 30.0 * 365.25 * 86_400.0;

/// Micro-dollars in a cent.
const MICRO_USD_PER_CENT: i128 = 10_000;

/// The summary, at most `width` characters wide where words allow it.
pub fn text(run: &Run<'_>, width: u16) -> String {
    let figures = Figures::of(run);
    let judged = objective::judge(run.scenario, &figures);
    let tables = [
        objectives(&judged),
        Some(launches(run)),
        calls(run),
        control_plane(run),
        stages(run),
        disruptions(run),
        probes(run),
        Some(usage(run)),
        Some(packing(run)),
        headroom(run),
        exhaustion(run),
        Some(bill(run)),
        money(run),
    ];
    let mut tables: Vec<Table> = tables.into_iter().flatten().collect();
    let first_column = tables.iter().map(|table| table.column_max_content_widths()[0]).max().unwrap_or(0);
    let mut text = format!("{}\n", title(run));
    for table in &mut tables {
        let widths = table.column_max_content_widths();
        // Numbers are not broken for the sake of first columns of one width. Two for the padding, one for a line.
        let left = width.saturating_sub(widths[1..].iter().map(|width| width + 3).sum::<u16>() + 3);
        let first_column = first_column.min(FIRST_COLUMN_MOST).min(left.max(widths[0]));
        if let Some(column) = table.column_mut(0) {
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(first_column + 2)));
        }
        table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
        let _ = write!(text, "\n{}\n", table.trim_fmt());
    }
    for missing in judged.iter().filter_map(|judged| judged.missing.as_ref()) {
        let _ = write!(text, "\nobjective without a figure: {missing}\n");
    }
    let _ = write!(text, "\n{}\n", footer(run));
    text
}

/// What the run was to reach and what it did; left out where the scenario wants nothing.
fn objectives(judged: &[Judged<'_>]) -> Option<Table> {
    let mut table = table(["Objectives", "wanted", "found", "verdict"]);
    for Judged { objective, value, met, .. } in judged {
        let unit = metric::unit(&objective.metric);
        let suffix = if unit == "s" { " s" } else { "" };
        let least = objective.at_least.map(|least| format!("≥ {least}{suffix}"));
        let most = objective.at_most.map(|most| format!("≤ {most}{suffix}"));
        let wanted: Vec<String> = [least, most].into_iter().flatten().collect();
        let found = match value {
            // As it was wanted, and near 1 every digit matters.
            Some(value) if unit == "0 to 1" => format!("{value:.6}"),
            Some(value) => amount(*value, unit),
            None if metric::is_first_time(&objective.metric) => "never".to_string(),
            None => "none".to_string(),
        };
        table.add_row([
            objective.metric.as_str(),
            &wanted.join(", "),
            &found,
            if *met { "met" } else { "missed" },
        ]);
    }
    (!table.is_empty()).then_some(table)
}

fn title(run: &Run<'_>) -> String {
    let outcome = run.outcome;
    let warmup = match outcome.warmup_end.0 {
        0 => String::new(),
        warmup => format!(" (the first {} not counted)", span(Duration(warmup))),
    };
    let residents = &outcome.residents;
    let left_out = match residents.expected - residents.moved_in {
        0 => String::new(),
        some => format!(
            "\n{} of the {} instances of the steady state found no room or address at the start.",
            grouped(some),
            grouped(residents.expected),
        ),
    };
    format!(
        "{}: {} on {} hosts, {} simulated{warmup}, seed {}\n{}{left_out}",
        run.scenario.name,
        run.scenario.placement.strategy.name,
        grouped(outcome.fleet.hosts),
        moment(outcome.horizon),
        run.scenario.seed,
        ran_out(run),
    ) + &warnings(run).iter().map(|warning| format!("\nWarning: {warning}")).collect::<String>()
}

/// The answer where nobody asked for instances.
fn calls_carried_out(run: &Run<'_>) -> String {
    let tallies = || run.outcome.operations.iter().map(|(_, tally)| tally);
    let requested: u64 = tallies().map(|tally| tally.requested).sum();
    let failed: u64 = tallies().map(Tally::failed).sum();
    match (requested, failed) {
        (0, _) => "Nothing was asked for.".to_string(),
        (_, 0) => "Every call was carried out.".to_string(),
        _ => format!(
            "{} of {} calls were refused, {} by a fault of the service.",
            grouped(failed),
            grouped(requested),
            grouped(tallies().map(Tally::failed_by_service).sum::<u64>()),
        ),
    }
}

/// The answer to the first question: what ran out first, and when.
fn ran_out(run: &Run<'_>) -> String {
    let first = run.outcome.first_failures.iter().find_map(|first| Some((scarce(first.failure)?, first.at)));
    match first {
        Some((what, at)) => format!("Ran out first: {what}, after {}.", moment(at)),
        None if run.outcome.launch.requested == 0 => calls_carried_out(run),
        None if run.outcome.launch.failed() == 0 => {
            "Nothing ran out: every instance was launched.".to_string()
        }
        None => "Nothing ran out; requests were refused for other reasons.".to_string(),
    }
}

/// What a refusal for this reason says is used up, if anything.
pub fn scarce(failure: Failure) -> Option<&'static str> {
    match failure {
        Failure::InsufficientInstanceCapacity => Some("room on the hosts"),
        Failure::InsufficientFreeAddressesInSubnet => Some("private addresses"),
        Failure::InsufficientAddressCapacity => Some("public addresses"),
        Failure::InsufficientVolumeCapacity => Some("room for volumes"),
        Failure::VcpuLimitExceeded | Failure::InstanceLimitExceeded => Some("an account's quota"),
        _ => None,
    }
}

fn launches(run: &Run<'_>) -> Table {
    let launch = &run.outcome.launch;
    let share = |count: u64| match launch.requested {
        0 => String::new(),
        requested => percent(count as f64 / requested as f64),
    };
    let mut table = table(["Launches", "instances", "share", "first after"]);
    table.add_row(["asked for", &grouped(launch.requested), "", ""]);
    table.add_row(["launched", &grouped(launch.succeeded), &share(launch.succeeded), ""]);
    for (failure, count) in launch.failures() {
        table.add_row([failure.ec2_name(), &grouped(count), &share(count), &first_after(run, failure)]);
    }
    table
}

fn first_after(run: &Run<'_>, failure: Failure) -> String {
    let mut firsts = run.outcome.first_failures.iter();
    firsts.find(|first| first.failure == failure).map_or_else(String::new, |first| moment(first.at))
}

/// Every other operation; left out when there is nothing but launches and ends of lifetimes.
fn calls(run: &Run<'_>) -> Option<Table> {
    let plain = |(operation, tally): &(Operation, Tally)| {
        *operation == Operation::Launch || (*operation == Operation::Terminate && tally.failed() == 0)
    };
    if run.outcome.operations.iter().all(plain) {
        return None;
    }
    let mut table = table(["Other calls", "calls", "granted", "refused"]);
    for (operation, tally) in &run.outcome.operations {
        if *operation != Operation::Launch {
            let [calls, granted, refused] = [tally.requested, tally.succeeded, tally.failed()].map(grouped);
            table.add_row([operation.name(), &calls, &granted, &refused]);
        }
    }
    Some(table)
}

/// What came of the calls on their way; left out where no control plane is modelled, or it refused and repeated nothing.
fn control_plane(run: &Run<'_>) -> Option<Table> {
    let plane = run.outcome.control_plane.as_ref()?;
    let counts = &plane.counts;
    let rows = [
        ("calls refused for good", counts.refused),
        ("attempts after the first", counts.retries),
        ("attempts that came too fast", counts.throttled),
        ("attempts shed by the gateway", counts.shed),
        ("attempts whose client waited no longer", counts.timed_out),
        ("work for clients who had given up", counts.orphaned),
        ("work that had been done already", counts.duplicates),
        ("stale answers of the cache", plane.records.map_or(0, |records| records.stale)),
        ("stale reads of replicas", plane.reads.stale),
        ("instances that replicas did not have yet", plane.reads.not_yet),
        ("messages delivered again", plane.queue.redelivered),
        ("dead letters", plane.queue.dead_letters),
        ("times that a breaker opened", plane.breakers_opened),
    ];
    counted("Control plane", rows)
}

/// The stages of the control plane that took time or refused somebody.
fn stages(run: &Run<'_>) -> Option<Table> {
    let plane = run.outcome.control_plane.as_ref()?;
    let mut table =
        table(["Stages", "came", "occupied", "own work", "mean wait", "service", "longest queue", "gone"]);
    for StageUse { name, usage, .. } in &plane.stages {
        let gone = usage.refused + usage.timed_out;
        if usage.waited == 0 && usage.served == 0 && gone == 0 {
            continue;
        }
        let seconds =
            |mean: Option<f64>| mean.map_or_else(String::new, |mean| format!("{} s", decimal(mean, 3)));
        let share = |ratio: Option<f64>| ratio.map_or_else(String::new, percent);
        let (occupied, busy) = (share(usage.occupied_ratio()), share(usage.busy_ratio()));
        let (wait, service) = (seconds(usage.wait_s_mean()), seconds(usage.service_s_mean()));
        let [came, longest, gone] = [usage.arrivals, u64::from(usage.queue_peak), gone].map(grouped);
        table.add_row([&name.to_string(), &came, &occupied, &busy, &wait, &service, &longest, &gone]);
    }
    (!table.is_empty()).then_some(table)
}

/// What befell hosts and instances; left out when nothing did.
fn disruptions(run: &Run<'_>) -> Option<Table> {
    let disruptions = &run.outcome.disruptions;
    let rows = [
        ("hosts that failed", disruptions.host_failures),
        ("instances moved to another host without a break", disruptions.migrations),
        ("instances started again on another host", disruptions.recoveries),
        ("instances lost with their host", disruptions.instances_lost),
        ("instances the spot market took back", disruptions.spot_interruptions),
    ];
    counted("Unasked for", rows)
}

/// How probes ended; left out when there were none.
fn probes(run: &Run<'_>) -> Option<Table> {
    let decisions = &run.outcome.probes;
    let rows = [
        ("allowed by a rule", decisions.by_rule.values().sum()),
        ("allowed as part of a conversation", decisions.by_flow),
        ("refused by security groups", decisions.refused.values().sum()),
        ("without a route", decisions.unreachable),
    ];
    counted("Probes", rows)
}

/// A table of the counts that are not 0, if any.
fn counted<const N: usize>(title: &str, rows: [(&str, u64); N]) -> Option<Table> {
    let mut table = table([title, "count"]);
    for (name, count) in rows.into_iter().filter(|(_, count)| *count > 0) {
        table.add_row([name, &grouped(count)]);
    }
    (!table.is_empty()).then_some(table)
}

fn usage(run: &Run<'_>) -> Table {
    let (fleet, network) = (&run.outcome.fleet, &run.outcome.network);
    let mut table = table(["In use", "mean", "peak", "of"]);
    let hosts = format!("{} hosts", grouped(fleet.hosts));
    table.add_row(["hosts", &decimal(fleet.hosts_used_mean, 1), &grouped(fleet.hosts_used_peak), &hosts]);
    let thousandths =
        |milli: u64| decimal(milli as f64 / 1000.0, if milli.is_multiple_of(1000) { 0 } else { 3 });
    let memory = format!("{} GiB", decimal(fleet.memory_mib as f64 / 1024.0, 0));
    let rows = [
        (
            "vCPU",
            fleet.vcpu_used_ratio_mean,
            fleet.vcpu_used_ratio_peak,
            thousandths(fleet.vcpu_milli) + " vCPU",
        ),
        ("memory", fleet.memory_used_ratio_mean, fleet.memory_used_ratio_peak, memory),
        ("GPU", fleet.gpu_used_ratio_mean, fleet.gpu_used_ratio_peak, thousandths(fleet.gpu_milli) + " GPU"),
    ];
    for (name, mean, peak, of) in rows {
        if name != "GPU" || fleet.gpu_milli > 0 {
            table.add_row([name, &percent(mean), &percent(peak), &of]);
        }
    }
    let (mean, peak) = (decimal(fleet.instances_running_mean, 1), grouped(fleet.instances_running_peak));
    table.add_row(["instances running", &mean, &peak, ""]);
    // The fullest subnets tell; the file tells of all.
    let mut subnets: Vec<&(String, PoolUse)> = network.subnets.iter().collect();
    subnets.sort_by(|(_, a), (_, b)| b.peak_ratio().total_cmp(&a.peak_ratio()));
    for (name, pool) in subnets.iter().take(TOP) {
        table.add_row(pool_row(&format!("addresses of subnet {}", plain(name)), pool));
    }
    if subnets.len() > TOP {
        table.add_row([&format!("… and {} more subnets", subnets.len() - TOP), "", "", ""]);
    }
    if network.public.used_peak > 0 || network.public.addresses.is_some() {
        table.add_row(pool_row("public addresses", &network.public));
    }
    if network.elastic.allocated.used_peak > 0 {
        table.add_row(pool_row("of these, elastic", &network.elastic.allocated));
    }
    for (zone, backend) in &run.outcome.backends {
        add_backend(&mut table, zone, backend);
    }
    table
}

/// The volumes of a zone: its space when there are any, IOPS and throughput where they have a limit.
fn add_backend(table: &mut Table, zone: &str, backend: &BackendUse) {
    let levels = [
        ("volumes", "GiB", &backend.capacity_gib, backend.capacity_gib.used_peak > 0),
        ("volume IOPS", "IOPS", &backend.iops, false),
        ("volume throughput", "MiB/s", &backend.throughput_mibps, false),
    ];
    for (what, unit, level, even_without_limit) in levels {
        if level.limit.is_some() || even_without_limit {
            table.add_row(level_row(&format!("{what} of zone {}", plain(zone)), unit, level));
        }
    }
}

fn level_row(name: &str, unit: &str, level: &LevelUse) -> [String; 4] {
    let all =
        level.limit.map_or_else(|| format!("{unit}, no limit"), |all| format!("{} {unit}", grouped(all)));
    let of = match level.exhausted_at {
        Some(at) => format!("{all}, first short at {}", moment(at)),
        None => all,
    };
    [name.to_string(), decimal(level.used_mean, 1), grouped(level.used_peak), of]
}

fn pool_row(name: &str, pool: &PoolUse) -> [String; 4] {
    let of = match (pool.addresses, pool.exhausted_at) {
        (Some(all), Some(at)) => format!("{}, first full at {}", grouped(all), moment(at)),
        (Some(all), None) => grouped(all),
        (None, _) => "no limit".to_string(),
    };
    [name.to_string(), decimal(pool.used_mean, 1), grouped(pool.used_peak), of]
}

fn packing(run: &Run<'_>) -> Table {
    let fleet = &run.outcome.fleet;
    let mut table = table(["Packing", "vCPU", "memory"]);
    let (vcpu, memory) = (fleet.packing_density_vcpu_mean, fleet.packing_density_memory_mean);
    table.add_row(["packed: of the hosts in use", &percent(vcpu), &percent(memory)]);
    let (vcpu, memory) = (fleet.stranded_vcpu_ratio_mean, fleet.stranded_memory_ratio_mean);
    table.add_row(["stranded: free beside too little", &percent(vcpu), &percent(memory)]);
    table
}

/// A row of [`headroom`]: its name, its values, and how they are written.
type HeadroomRow<'a> = (&'static str, &'a Span, fn(f64) -> String);

/// What the looks at the headroom came to; left out where there were none.
fn headroom(run: &Run<'_>) -> Option<Table> {
    let headroom = run.outcome.headroom.as_ref()?;
    let mut table = table(["Headroom", "least", "mean", "at the end"]);
    let count: fn(f64) -> String = |value| decimal(value, 0);
    let rows: [HeadroomRow<'_>; 11] = [
        ("more of the live mix, instances", &headroom.instances, count),
        ("vCPU left over then", &headroom.stranded_vcpu_ratio, percent),
        ("memory left over then", &headroom.stranded_memory_ratio, percent),
        ("vCPU that the mix cannot use", &headroom.unusable.vcpu, percent),
        ("memory that the mix cannot use", &headroom.unusable.memory, percent),
        ("GPU that the mix cannot use", &headroom.unusable.gpu, percent),
        ("vCPU where no instance fits (FGD)", &headroom.fgd.vcpu, percent),
        ("memory where no instance fits (FGD)", &headroom.fgd.memory, percent),
        ("GPU where no instance fits (FGD)", &headroom.fgd.gpu, percent),
        ("hosts that a repacking needs", &headroom.hosts_compacted, count),
        ("hosts that any packing needs", &headroom.hosts_lower_bound, count),
    ];
    for (name, span, figure) in rows {
        if let Some(mean) = span.mean() {
            table.add_row([name, &figure(span.least), &figure(mean), &figure(span.last)]);
        }
    }
    Some(table)
}

/// What runs out if it goes on as it did, soonest first; left out where nothing does, or has done so already.
fn exhaustion(run: &Run<'_>) -> Option<Table> {
    let found = run.outcome.headroom.iter().flat_map(|headroom| &headroom.exhaustion);
    let ahead = run.outcome.horizon.as_seconds()..FAR_S;
    let mut growing: Vec<_> =
        found.filter(|(_, found)| found.at_s.is_some_and(|at_s| ahead.contains(&at_s))).collect();
    growing.sort_by(|(_, a), (_, b)| a.at_s.partial_cmp(&b.at_s).expect("a forecast is a number"));
    let mut table = table(["Runs out at this pace", "after", "earliest", "latest"]);
    let after = |at_s: Option<f64>| match at_s {
        Some(at_s) if at_s < FAR_S => coarse(Duration((at_s * NS_PER_S as f64) as u64)),
        _ => "not in 30 years".to_string(),
    };
    for (what, found) in growing.iter().take(TOP) {
        table.add_row([what.as_str(), &after(found.at_s), &after(found.earliest_s), &after(found.latest_s)]);
    }
    (!table.is_empty()).then_some(table)
}

/// The bill in cents. The total shown is the sum of the rows shown.
fn bill(run: &Run<'_>) -> Table {
    let outcome = run.outcome;
    let mut accounts: Vec<_> = outcome.bill.by_account.iter().collect();
    accounts.sort_by_key(|(account, sum)| (std::cmp::Reverse(*sum), *account));
    let mut rows: Vec<(String, i128)> = (accounts.iter().take(TOP))
        .map(|(account, sum)| {
            (format!("account {}", plain(&outcome.directory.accounts()[account.index()])), cents(**sum))
        })
        .collect();
    if let Some(rest) = accounts.get(TOP..).filter(|rest| !rest.is_empty()) {
        let sum = rest.iter().map(|(_, sum)| **sum).sum();
        rows.push((format!("{} other accounts", grouped(rest.len() as u64)), cents(sum)));
    }
    let mut table = table(["Bill", "USD"]);
    let total: i128 = rows.iter().map(|(_, sum)| sum).sum();
    for (name, sum) in rows {
        table.add_row([name, dollars(sum)]);
    }
    table.add_row(["total", &dollars(total)]);
    let by_shape = outcome.bill.priced_by_shape.len();
    if by_shape > 0 {
        table
            .add_row(["priced by [billing.shape]", &format!("{} types or shapes", grouped(by_shape as u64))]);
    }
    let by_surcharge = outcome.bill.dedicated_by_surcharge.len();
    if by_surcharge > 0 {
        let types = format!("{} types", grouped(by_surcharge as u64));
        table.add_row(["dedicated, priced by a surcharge", &types]);
    }
    table
}

/// The bill by what is billed; left out when that is instances only.
fn money(run: &Run<'_>) -> Option<Table> {
    let kinds = &run.outcome.bill.by_kind;
    if kinds.iter().all(|(kind, sum)| *kind == Kind::Instance || *sum == 0) {
        return None;
    }
    let mut table = table(["Billed for", "USD"]);
    for (kind, sum) in kinds.iter().filter(|(_, sum)| **sum != 0) {
        table.add_row([kind.name(), &dollars(cents(*sum))]);
    }
    Some(table)
}

fn cents(micro_usd: i128) -> i128 {
    (micro_usd + MICRO_USD_PER_CENT / 2).div_euclid(MICRO_USD_PER_CENT)
}

fn footer(run: &Run<'_>) -> String {
    let (outcome, execution) = (run.outcome, run.execution);
    let memory = execution
        .peak_memory_bytes
        .map_or_else(String::new, |bytes| format!(", {} MiB of memory at most", grouped(bytes >> 20)));
    format!(
        "{} events in {:.2} s: {} events/s, {} lifecycle events/s\ndigest {:032x}{memory}",
        grouped(outcome.events),
        execution.simulation_s,
        compact(execution.per_second(outcome.events)),
        compact(execution.per_second(outcome.lifecycle_events)),
        outcome.digest,
    )
}
