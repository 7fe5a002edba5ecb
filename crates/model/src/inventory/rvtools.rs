//! `rvtools`: virtual machines and hosts of VMware vSphere, the sheets vInfo and vHost of RVTools (version 4.7, November 2026) as CSV.

use std::path::PathBuf;

use super::table::{ExportRow, refuse_workbook};
use super::{Absence, Inventory, InventoryHost, InventoryInstance, InventorySource};
use plimsoll_base::input::{InputError, Problem};
use plimsoll_base::table::Table;
use plimsoll_base::units::Resources;

/// The source.
///
/// A host sells a vCPU for each core, and all its memory; `--overcommit` sells more vCPUs. The zone is the cluster.
pub const SOURCE: InventorySource = InventorySource {
    name: "rvtools",
    description: "virtual machines and hosts of vSphere, as RVTools exports vInfo and vHost to CSV",
    made_by: "RVTools.exe -passthroughAuth -s VCENTER -c ExportAll2csv -d FOLDER",
    read,
};

fn read(paths: &[PathBuf]) -> Result<Inventory, InputError> {
    let mut inventory = Inventory::default();
    for path in paths {
        refuse_workbook(path)?;
        let mut table = Table::open(path)?;
        if table.column("VM").is_some() {
            expect(&table, "vInfo", &[CPUS, MEMORY])?;
            while table.advance()? {
                inventory.instances.push(machine(&ExportRow(&table))?);
            }
        } else if table.column("# Cores").is_some() {
            expect(&table, "vHost", &[HOST_MEMORY])?;
            while table.advance()? {
                inventory.hosts.push(host(&ExportRow(&table))?);
            }
        } else {
            return Err(neither(&table).into());
        }
    }
    Ok(inventory)
}

/// Names that columns of sizes have had in RVTools, newest first.
const CPUS: &[&str] = &["CPUs"];
const MEMORY: &[&str] = &["Memory", "Memory MiB", "Memory MB"];
const CORES: &[&str] = &["# Cores"];
const HOST_MEMORY: &[&str] = &["# Memory", "# Memory MiB", "# Memory MB"];

/// Refuses a sheet without the columns of sizes.
fn expect(table: &Table, sheet: &str, columns: &[&[&str]]) -> Result<(), Problem> {
    match columns.iter().find(|names| ExportRow(table).column(names).is_none()) {
        None => Ok(()),
        Some(names) => {
            let message = format!(
                "found the columns `{}`, expected `{}` among those of {sheet}",
                table.header().join(","),
                names[0]
            );
            Err(Problem::new(table.header_place(), message)
                .with_help(format!("make the files by `{}`", SOURCE.made_by)))
        }
    }
}

fn neither(table: &Table) -> Problem {
    let found = format!(
        "found the columns `{}`, expected vInfo with `VM` or vHost with `# Cores` among them",
        table.header().join(",")
    );
    Problem::new(table.header_place(), found).with_help(format!("make the files by `{}`", SOURCE.made_by))
}

fn machine(row: &ExportRow) -> Result<InventoryInstance, Problem> {
    let is_template = row.text(&["Template"])?.eq_ignore_ascii_case("true");
    let absence = if is_template { Some(Absence::Template) } else { row.absence(&["Powerstate"])? };
    Ok(InventoryInstance {
        name: row.text(&["VM"])?,
        host: row.text(&["Host"])?,
        // What takes no room needs no size.
        shape: if absence.is_none() { size(row, CPUS, MEMORY)? } else { Resources::ZERO },
        zone: row.text(&["Cluster"])?,
        absence,
        ..InventoryInstance::default()
    })
}

fn host(row: &ExportRow) -> Result<InventoryHost, Problem> {
    Ok(InventoryHost {
        name: row.text(&["Host"])?,
        capacity: size(row, CORES, HOST_MEMORY)?,
        zone: row.text(&["Cluster"])?,
        sku: row.text(&["Model"])?,
        is_closed: row.text(&["in Maintenance Mode"])?.eq_ignore_ascii_case("true"),
        ..InventoryHost::default()
    })
}

/// Returns the vCPUs and the memory of a row.
fn size(row: &ExportRow, vcpu: &[&str], memory: &[&str]) -> Result<Resources, Problem> {
    let [vcpu, memory] = [row.amount(vcpu, 1000)?, row.whole_mib(memory)?].map(Option::unwrap_or_default);
    Ok(Resources::new(vcpu, memory))
}
