//! Text of a description for the terminal.

use std::fmt::Write as _;

use super::data::{DescriptionData, GroupData, HoldingData, LossData, TypeData, UseData, ZoneData};
use crate::format::amount;
use crate::table::{ReportTable, TableCell};
use crate::terminal::{numbers, wrapped};
use plimsoll_base::units::figures::{grouped, percent};

/// Most accounts, types and host groups that are shown; JSON has all.
const MOST_ROWS: usize = 12;

/// Returns the text of a description, at most `width` characters wide where words allow it.
pub fn text(data: &DescriptionData, width: u16) -> String {
    let width = usize::from(width);
    let mut text = format!("{}\n\n", wrapped(&headline(data), width));
    for table in [zones(data), groups(data), accounts(data), types(data), losses(data)] {
        if !table.rows.is_empty() {
            let _ = writeln!(text, "{}\n", numbers(&table).trim_fmt());
        }
        if !table.caption.is_empty() {
            let _ = writeln!(text, "{}\n", wrapped(&table.caption, width));
        }
    }
    for note in notes(data) {
        let _ = writeln!(text, "{}", wrapped(&note, width));
    }
    text
}

fn headline(data: &DescriptionData) -> String {
    let instances: u64 = data.accounts.iter().map(|account| account.instances).sum();
    format!(
        "{}: {} of {} hosts hold {} of {}. {}",
        data.scenario,
        grouped(data.fleet.hosts_used),
        grouped(data.fleet.hosts),
        counted(instances, "instance"),
        counted(data.accounts.len() as u64, "account"),
        verdicts(data)
    )
}

/// Returns a number of things: `1 account`, `2 accounts`.
fn counted(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Returns a sentence on each loss; of a single host that nothing survives it.
fn verdicts(data: &DescriptionData) -> String {
    if data.fleet.hosts == 1 {
        return "The only host cannot be lost: nothing survives it.".to_string();
    }
    data.losses.iter().map(verdict).collect::<Vec<_>>().join(" ")
}

/// Returns a sentence on what a loss would do.
fn verdict(loss: &LossData) -> String {
    match loss.violations {
        0 => format!("Any one {} may be lost: all its instances find room on the rest.", loss.domain),
        violations => format!(
            "{} of {} {}s cannot be lost; at the worst, {}, {} of {} instances find no room on the rest.",
            grouped(violations),
            grouped(loss.domains),
            loss.domain,
            loss.worst,
            grouped(loss.unplaced),
            grouped(loss.displaced),
        ),
    }
}

/// Returns the table of the zones, where there are several.
fn zones(data: &DescriptionData) -> ReportTable {
    let row = |zone: &ZoneData| {
        let usage = &zone.usage;
        let free = |all: f64, used: f64| TableCell::Number(all - used, amount(all - used, ""));
        vec![
            TableCell::text(&zone.zone),
            TableCell::count(usage.hosts),
            TableCell::count(usage.hosts_used),
            share(usage.vcpu_used, usage.vcpu),
            share(usage.memory_used_gib, usage.memory_gib),
            free(usage.vcpu, usage.vcpu_used),
            free(usage.memory_gib, usage.memory_used_gib),
        ]
    };
    let shown = if data.zones.len() > 1 { &data.zones[..] } else { &[] };
    let header = ["zone", "hosts", "with instances", "vCPU in use", "memory in use", "vCPU free", "GiB free"];
    let table = ReportTable::new("Zones", header, shown.iter().take(MOST_ROWS).map(row).collect());
    left_out(table, shown.len(), "zones")
}

fn share(used: f64, all: f64) -> TableCell {
    match all > 0.0 {
        true => TableCell::Number(used / all, percent(used / all)),
        false => TableCell::Empty,
    }
}

fn groups(data: &DescriptionData) -> ReportTable {
    let of = |name: String, usage: &UseData| {
        vec![
            TableCell::text(name),
            TableCell::count(usage.hosts),
            TableCell::count(usage.hosts_used),
            share(usage.vcpu_used, usage.vcpu),
            share(usage.memory_used_gib, usage.memory_gib),
            share(usage.gpu_used, usage.gpu),
        ]
    };
    let row = |group: &GroupData| of(format!("{} {}", group.zone, group.sku), &group.usage);
    let mut rows: Vec<_> = data.groups.iter().take(MOST_ROWS).map(row).collect();
    if data.groups.len() > 1 {
        rows.push(of("all".to_string(), &data.fleet));
    }
    let header = ["group", "hosts", "with instances", "vCPU in use", "memory in use", "GPU in use"];
    let table = ReportTable::new("Host groups", header, rows);
    let table = if data.fleet.gpu == 0.0 { without_column(table, 5) } else { table };
    left_out(table, data.groups.len(), "host groups")
}

fn accounts(data: &DescriptionData) -> ReportTable {
    let rows = data.accounts.iter().take(MOST_ROWS).map(holding).collect();
    let table = ReportTable::new("Accounts", ["account", "instances", "vCPU", "memory GiB", "hosts"], rows);
    left_out(table, data.accounts.len(), "accounts")
}

fn holding(held: &HoldingData) -> Vec<TableCell> {
    let number = |value: f64| TableCell::Number(value, amount(value, ""));
    vec![
        TableCell::text(&held.name),
        TableCell::count(held.instances),
        number(held.vcpu),
        number(held.memory_gib),
        TableCell::count(held.hosts),
    ]
}

fn types(data: &DescriptionData) -> ReportTable {
    let row = |of: &TypeData| {
        let nothing = if data.fleet.hosts <= 1 { "nothing is left" } else { "" };
        let after = of.fit_after_loss_of_host.map_or(TableCell::text(nothing), TableCell::count);
        holding(&of.holding).into_iter().chain([TableCell::count(of.fit), after]).collect()
    };
    let header = ["type", "instances", "vCPU", "memory GiB", "hosts", "still fit", "after loss of a host"];
    let table = ReportTable::new("Types", header, data.types.iter().take(MOST_ROWS).map(row).collect());
    left_out(table, data.types.len(), "types")
}

fn losses(data: &DescriptionData) -> ReportTable {
    let row = |loss: &LossData| {
        vec![
            TableCell::text(&loss.domain),
            TableCell::count(loss.domains),
            TableCell::count(loss.violations),
            TableCell::text(&loss.worst),
            TableCell::count(loss.displaced),
            TableCell::count(loss.unplaced),
            TableCell::Number(loss.spare_vcpu, amount(loss.spare_vcpu, "")),
            TableCell::Number(loss.spare_memory_gib, amount(loss.spare_memory_gib, "")),
            TableCell::text(loss.largest_type.clone().unwrap_or_else(|| "none".to_string())),
        ]
    };
    let header = [
        "loss of one",
        "of",
        "cannot be lost",
        "worst",
        "on it",
        "without room",
        "vCPU left",
        "GiB left",
        "largest left",
    ];
    ReportTable::new("Loss of one", header, data.losses.iter().map(row).collect())
}

fn without_column(table: ReportTable, at: usize) -> ReportTable {
    let mut table = table;
    table.header.remove(at);
    table.rows.iter_mut().for_each(|row| {
        row.remove(at);
    });
    table
}

/// Says how many rows of a table are not shown.
fn left_out(table: ReportTable, all: usize, what: &str) -> ReportTable {
    match all.saturating_sub(MOST_ROWS) {
        0 => table,
        more => table.with_caption(format!("{} more {what}: --json has all.", grouped(more as u64))),
    }
}

fn notes(data: &DescriptionData) -> Vec<String> {
    let mut notes = Vec::new();
    if data.vcpu_stranded > 0.0 || data.memory_stranded_gib > 0.0 {
        notes.push(format!(
            "Stranded: {} vCPU are free where memory is too short for the smallest type, {} GiB where vCPU is.",
            amount(data.vcpu_stranded, ""),
            amount(data.memory_stranded_gib, "")
        ));
    }
    if let Some(compacted) = data.hosts_compacted.filter(|_| data.fleet.hosts_used > 0) {
        notes.push(format!(
            "Repacked, what runs would need {}; no packing needs fewer than {}.",
            counted(compacted, "host"),
            grouped(data.hosts_lower_bound)
        ));
    }
    if data.refused > 0 {
        notes.push(format!(
            "Left out: {} of the first moment without room.",
            counted(data.refused, "instance")
        ));
    }
    notes
}
