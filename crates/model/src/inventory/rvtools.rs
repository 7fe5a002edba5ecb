//! `rvtools`: virtual machines and hosts of VMware vSphere, the sheets vInfo and vHost of RVTools (version 4.7, November 2026) as CSV.

use std::path::{Path, PathBuf};

use super::table::{ExportRow, refuse_workbook};
use super::{Absence, Inventory, InventoryHost, InventoryInstance, InventorySource};
use plimsoll_base::input::{InputError, Place, Problem};
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
            while table.advance()? {
                inventory.instances.push(machine(&ExportRow(&table))?);
            }
        } else if table.column("# Cores").is_some() {
            while table.advance()? {
                inventory.hosts.push(host(&ExportRow(&table))?);
            }
        } else {
            return Err(neither(path).into());
        }
    }
    Ok(inventory)
}

fn neither(path: &Path) -> Problem {
    let found = "found neither the column `VM` of vInfo nor `# Cores` of vHost, expected one of these sheets";
    Problem::new(Place::file(path), found).with_help(format!("make the files by `{}`", SOURCE.made_by))
}

fn machine(row: &ExportRow) -> Result<InventoryInstance, Problem> {
    let absence = match (row.text(&["Powerstate"])?.as_str(), row.text(&["Template"])?.as_str()) {
        (_, "True" | "true" | "TRUE") => Some(Absence::Template),
        ("poweredOn" | "", _) => None,
        _ => Some(Absence::PoweredOff),
    };
    Ok(InventoryInstance {
        name: row.text(&["VM"])?,
        host: row.text(&["Host"])?,
        shape: Resources::new(
            row.amount(&["CPUs"], 1000)?,
            row.amount(&["Memory", "Memory MiB", "Memory MB"], 1)?,
        ),
        zone: row.text(&["Cluster"])?,
        absence,
        ..InventoryInstance::default()
    })
}

fn host(row: &ExportRow) -> Result<InventoryHost, Problem> {
    Ok(InventoryHost {
        name: row.text(&["Host"])?,
        capacity: Resources::new(row.amount(&["# Cores"], 1000)?, row.amount(&["# Memory"], 1)?),
        zone: row.text(&["Cluster"])?,
        sku: row.text(&["Model"])?,
        is_closed: matches!(row.text(&["in Maintenance Mode"])?.as_str(), "True" | "true" | "TRUE"),
        ..InventoryHost::default()
    })
}
