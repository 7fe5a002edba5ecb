//! `rvtools`: virtual machines and hosts of VMware vSphere, the sheets vInfo and vHost of RVTools (version 4.7, November 2026), as CSV
//! or in its workbook.

use std::path::{Path, PathBuf};

use super::table::ExportRow;
use super::{Absence, Inventory, InventoryHost, InventoryInstance, InventorySource};
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::table::{Table, Workbook, is_workbook};
use plimsoll_base::units::Resources;

/// The source.
///
/// A host sells a vCPU for each core, and all its memory; `--overcommit` sells more vCPUs. The zone is the cluster.
pub const SOURCE: InventorySource = InventorySource {
    name: "rvtools",
    description: "virtual machines and hosts of vSphere, as RVTools exports vInfo and vHost to a workbook or CSV",
    made_by: "RVTools.exe -passthroughAuth -s VCENTER -c ExportAll2xlsx -d FOLDER -f FILE.xlsx",
    read,
};

fn read(paths: &[PathBuf]) -> Result<Inventory, InputError> {
    let mut inventory = Inventory::default();
    for path in paths {
        let tables = if is_workbook(path) { sheets(path)? } else { vec![Table::open(path)?] };
        for table in tables {
            add(&mut inventory, table)?;
        }
    }
    Ok(inventory)
}

/// Adds the rows of a table to an inventory: machines or hosts, by its columns.
fn add(inventory: &mut Inventory, mut table: Table) -> Result<(), InputError> {
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
    Ok(())
}

/// Names that the sheets of machines and of hosts have had in workbooks of RVTools, newest first.
const SHEETS: [&[&str]; 2] = [&["vInfo", "tabvInfo"], &["vHost", "tabvHost"]];

/// Returns the sheets of machines and of hosts, of which a workbook has one at least.
fn sheets(path: &Path) -> Result<Vec<Table>, Problem> {
    let mut book = Workbook::open(path)?;
    let mut tables = Vec::new();
    for names in SHEETS {
        for name in names {
            if let Some(table) = book.table(name)? {
                tables.push(table);
                break;
            }
        }
    }
    if tables.is_empty() {
        let found = format!(
            "found the sheets `{}`, expected `vInfo` and `vHost` among them",
            book.sheets().join(",")
        );
        return Err(Problem::new(Place::file(path), found)
            .with_help(format!("make the file by `{}`", SOURCE.made_by)));
    }
    Ok(tables)
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
