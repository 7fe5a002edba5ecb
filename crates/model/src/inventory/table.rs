//! `csv`: tables of a person's own, one of hosts and one of machines, known by their columns.

use std::path::{Path, PathBuf};

use super::{Absence, Inventory, InventoryHost, InventoryInstance, InventorySource};
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::table::Table;
use plimsoll_base::units::{Resources, Rounding, parse_resource_rounded};

/// The source.
///
/// A table whose rows name a machine (`instance`, `vm` …) lists machines, one with a size and a name alone hosts. Names of columns
/// are taken whatever their case and signs.
pub const SOURCE: InventorySource = InventorySource {
    name: "csv",
    description: "tables of your own: hosts (name, vcpu, memory_gib, zone, rack) and instances (instance, host, type or vcpu, \
                  memory_gib)",
    made_by: "any export to CSV or Parquet",
    read,
};

/// Names that the columns have in exports, ours first.
const INSTANCE: &[&str] = &["instance", "instance_id", "vm", "vm_name", "server", "pod", "machine"];
const HOST: &[&str] = &["host", "hypervisor", "hypervisor_hostname", "node", "esx_host"];
const NAME: &[&str] = &["name", "host", "host_name", "hostname", "hypervisor_hostname", "node"];
const TYPE: &[&str] = &["type", "instance_type", "flavor", "flavor_name", "size"];
const VCPU: &[&str] = &["vcpu", "vcpus", "cpus", "cpu", "cores"];
const MEMORY_GIB: &[&str] = &["memory_gib", "memory_gb", "ram_gib", "ram_gb"];
const MEMORY_MIB: &[&str] = &["memory_mib", "memory_mb", "ram_mib", "ram_mb"];
const GPU: &[&str] = &["gpu", "gpus"];
const ZONE: &[&str] = &["zone", "availability_zone", "az", "cluster", "datacenter"];
const RACK: &[&str] = &["rack"];
const SKU: &[&str] = &["sku", "model"];
const ACCOUNT: &[&str] = &["account", "owner", "project", "tenant", "namespace"];
const STATE: &[&str] = &["state", "instance_state", "status", "power_state", "powerstate"];

fn read(paths: &[PathBuf]) -> Result<Inventory, InputError> {
    let mut inventory = Inventory::default();
    for path in paths {
        let listed = read_file(path)?;
        inventory.hosts.extend(listed.hosts);
        inventory.instances.extend(listed.instances);
    }
    Ok(inventory)
}

/// Reads a table of hosts or of machines.
pub fn read_file(path: &Path) -> Result<Inventory, InputError> {
    refuse_workbook(path)?;
    let mut table = Table::open(path)?;
    let mut inventory = Inventory::default();
    let names_machines = ExportRow(&table).column(INSTANCE).is_some();
    let has_size =
        [MEMORY_GIB, MEMORY_MIB, TYPE].iter().any(|names| ExportRow(&table).column(names).is_some());
    let missing = match (has_size, names_machines || ExportRow(&table).column(NAME).is_some()) {
        (true, true) => None,
        (false, _) => Some("found no size, expected a column `type`, or `vcpu` and `memory_gib`"),
        (true, false) => Some("found no names, expected a column `instance` of machines, or `name` of hosts"),
    };
    if let Some(message) = missing {
        return Err(Problem::new(table.header_place(), message).into());
    }
    while table.advance()? {
        let row = ExportRow(&table);
        if names_machines {
            inventory.instances.push(machine(&row)?);
        } else {
            inventory.hosts.push(host(&row)?);
        }
    }
    Ok(inventory)
}

fn machine(row: &ExportRow) -> Result<InventoryInstance, Problem> {
    let absence = match row.text(STATE)?.to_lowercase().as_str() {
        "" | "running" | "active" | "on" | "poweredon" | "pending" => None,
        "terminated" | "deleted" | "error" | "failed" | "succeeded" => Some(Absence::Ended),
        _ => Some(Absence::PoweredOff),
    };
    Ok(InventoryInstance {
        name: row.text(INSTANCE)?,
        host: row.text(HOST)?,
        kind: row.text(TYPE)?,
        shape: row.shape()?,
        account: row.text(ACCOUNT)?,
        zone: row.text(ZONE)?,
        absence,
        ..InventoryInstance::default()
    })
}

fn host(row: &ExportRow) -> Result<InventoryHost, Problem> {
    Ok(InventoryHost {
        name: row.text(NAME)?,
        capacity: row.shape()?,
        zone: row.text(ZONE)?,
        rack: row.text(RACK)?,
        sku: row.text(SKU)?,
        ..InventoryHost::default()
    })
}

/// Refuses a workbook, whose sheets are no tables of ours.
pub fn refuse_workbook(path: &Path) -> Result<(), Problem> {
    if path.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("xlsx")) {
        return Ok(());
    }
    let problem = Problem::new(Place::file(path), "found a workbook, expected its sheets as CSV");
    Err(problem.with_help("save each sheet as \"CSV UTF-8\"; RVTools exports them by ExportAll2csv"))
}

/// The cells of the current row of a table, by any of several names of their column.
pub struct ExportRow<'a>(pub &'a Table);

impl ExportRow<'_> {
    fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.0.column_like(name))
    }

    /// Returns the text of a cell; empty where there is no such column.
    pub fn text(&self, names: &[&str]) -> Result<String, Problem> {
        self.column(names).map_or(Ok(String::new()), |column| Ok(self.0.text(column)?.trim().to_string()))
    }

    /// Returns an amount in its small unit, `units_per_one` to one of the column's; 0 where there is none. Commas between
    /// thousands are left out.
    pub fn amount(&self, names: &[&str], units_per_one: u64) -> Result<u32, Problem> {
        let Some(column) = self.column(names) else { return Ok(0) };
        let text = self.0.text(column)?.trim().replace(',', "");
        if text.is_empty() {
            return Ok(0);
        }
        parse_resource_rounded(&text, units_per_one, Rounding::Up)
            .map_err(|reason| self.0.wrong(column, reason, "a number of 0 or more"))
    }

    fn shape(&self) -> Result<Resources, Problem> {
        let memory = self.amount(MEMORY_GIB, 1024)?.max(self.amount(MEMORY_MIB, 1)?);
        Ok(Resources([self.amount(VCPU, 1000)?, memory, self.amount(GPU, 1000)?, 0, 0]))
    }
}
