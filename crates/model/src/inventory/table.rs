//! `csv`: tables of a person's own, one of hosts and one of machines, known by their columns.

use std::path::{Path, PathBuf};

use super::{Absence, Inventory, InventoryHost, InventoryInstance, InventorySource};
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::table::{Table, is_workbook};
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
const VCPU: &[&str] = &["vcpu", "vcpus", "cpus", "cpu", "cpu_count", "num_cpu", "num_cpus", "cores"];
/// Of a machine: columns that leave no doubt, in contrast to one of CPUs beside one of cores.
const VCPU_FOR_SURE: &[&str] = &["vcpu", "vcpus"];
/// Of a host, where a column `CPU` beside one of cores counts sockets.
const VCPU_OF_HOST: &[&str] = &[
    "vcpu",
    "vcpus",
    "cores",
    "cpu_cores",
    "num_cores",
    "core_count",
    "cpus",
    "cpu",
    "cpu_count",
    "num_cpu",
    "num_cpus",
];
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
    check_columns(&table, names_machines)?;
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

/// Refuses a table without the columns that say how large its hosts or machines are.
fn check_columns(table: &Table, names_machines: bool) -> Result<(), Problem> {
    let row = ExportRow(table);
    let has = |names: &[&str]| row.column(names).is_some();
    let vcpu = if names_machines { VCPU } else { VCPU_OF_HOST };
    let missing = match (names_machines && has(TYPE), names_machines || has(NAME)) {
        (_, false) => Some("names: a column `instance` of machines, or `name` of hosts"),
        (true, true) => None,
        (false, true) if !row.has_memory() => Some("memory: a column `memory_gib` or `memory_mib`"),
        (false, true) if !has(vcpu) => Some("vCPUs: a column `vcpu`"),
        (false, true) => None,
    };
    let Some(missing) = missing else { return Ok(()) };
    let header = table.header().join(",");
    let problem = Problem::new(
        table.header_place(),
        format!("found the columns `{header}`, expected one that tells {missing}"),
    );
    let names = [
        ("names", if names_machines { INSTANCE } else { NAME }),
        ("vCPUs", vcpu),
        ("GiB", MEMORY_GIB),
        ("MiB", MEMORY_MIB),
    ];
    let known = names.map(|(what, names)| format!("{what}: {}", names.join(", "))).join("; ");
    Err(problem.with_help(format!("name them in one of these ways, case and signs aside: {known}")))
}

fn machine(row: &ExportRow) -> Result<InventoryInstance, Problem> {
    let (kind, absence) = (row.text(TYPE)?, row.absence(STATE)?);
    // What takes no room needs no size, and a type stands for the sizes that are not written.
    let is_sized = match (kind.is_empty(), absence) {
        (true, absence) => absence.is_none(),
        (false, _) => row.has_text(VCPU)? && (row.has_text(MEMORY_GIB)? || row.has_text(MEMORY_MIB)?),
    };
    if is_sized && kind.is_empty() && (row.column(VCPU).is_none() || !row.has_memory()) {
        let problem =
            Problem::new(row.0.row_place(), "found neither a type nor a size, expected one of them");
        return Err(problem.with_help("add the columns `vcpu` and `memory_gib`, or write the type"));
    }
    if is_sized {
        row.refuse_two_counts()?;
    }
    Ok(InventoryInstance {
        name: row.text(INSTANCE)?,
        host: row.text(HOST)?,
        kind,
        shape: if is_sized { row.shape(VCPU)? } else { Resources::ZERO },
        account: row.text(ACCOUNT)?,
        zone: row.text(ZONE)?,
        absence,
        ..InventoryInstance::default()
    })
}

fn host(row: &ExportRow) -> Result<InventoryHost, Problem> {
    Ok(InventoryHost {
        name: row.text(NAME)?,
        capacity: row.shape(VCPU_OF_HOST)?,
        zone: row.text(ZONE)?,
        rack: row.text(RACK)?,
        sku: row.text(SKU)?,
        ..InventoryHost::default()
    })
}

/// Refuses a workbook, of which nothing says which sheets are meant.
fn refuse_workbook(path: &Path) -> Result<(), Problem> {
    if !is_workbook(path) {
        return Ok(());
    }
    let problem = Problem::new(Place::file(path), "found a workbook, expected its sheets as CSV");
    Err(problem.with_help("save each sheet as \"CSV UTF-8\"; one of RVTools is read by `--from rvtools`"))
}

/// The cells of the current row of a table, by any of several names of their column.
pub struct ExportRow<'a>(pub &'a Table);

impl ExportRow<'_> {
    /// Returns the first of several columns that there is.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.0.column_like(name))
    }

    /// Returns the text of a cell; empty where there is no such column.
    pub fn text(&self, names: &[&str]) -> Result<String, Problem> {
        self.column(names).map_or(Ok(String::new()), |column| Ok(self.0.text(column)?.trim().to_string()))
    }

    fn has_memory(&self) -> bool {
        self.column(MEMORY_GIB).is_some() || self.column(MEMORY_MIB).is_some()
    }

    fn has_text(&self, names: &[&str]) -> Result<bool, Problem> {
        Ok(!self.text(names)?.is_empty())
    }

    /// Returns an amount in its small unit, `units_per_one` to one of the column's; `None` where there is no such column.
    ///
    /// # Errors
    /// Nothing, or no number with a point for its fraction: a comma may stand for a point or between thousands.
    pub fn amount(&self, names: &[&str], units_per_one: u64) -> Result<Option<u32>, Problem> {
        let read = |column: usize| {
            let expected =
                "a number of 0 or more, with a point before its fraction and no sign between thousands";
            self.0.parse(column, expected, |text| {
                parse_resource_rounded(text.trim(), units_per_one, Rounding::Up)
            })
        };
        self.column(names).map(read).transpose()
    }

    /// Returns a whole number of MiB; `None` where there is no such column. Commas between thousands are left out.
    ///
    /// # Errors
    /// Nothing, or no whole number; a point may stand between thousands.
    pub fn whole_mib(&self, names: &[&str]) -> Result<Option<u32>, Problem> {
        let read = |column: usize| {
            self.0.parse(column, "a whole number of MiB, if at all with commas between thousands", |text| {
                whole_number(text.trim()).ok_or("is no whole number")
            })
        };
        self.column(names).map(read).transpose()
    }

    /// Refuses the size of a machine that two columns tell differently: one may count sockets, or the cores of each.
    fn refuse_two_counts(&self) -> Result<(), Problem> {
        if self.column(VCPU_FOR_SURE).is_some() {
            return Ok(());
        }
        let mut told: Option<(usize, Option<u32>)> = None;
        for name in VCPU {
            let Some(column) = self.0.column_like(name) else { continue };
            let amount = self.amount(&[name], 1000)?;
            match told {
                None => told = Some((column, amount)),
                Some((first, of_first)) if of_first != amount => {
                    let shown = |column: usize| -> Result<String, Problem> {
                        Ok(format!("`{}` {}", self.0.header()[column], self.0.text(column)?.trim()))
                    };
                    let message = format!(
                        "found {} and {}, expected one number of vCPUs",
                        shown(first)?,
                        shown(column)?
                    );
                    return Err(Problem::new(self.0.row_place(), message)
                        .with_help("call the column that is meant `vcpu`"));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Returns the amounts of a host or machine. vCPUs are those of the first of some columns.
    fn shape(&self, vcpu: &[&str]) -> Result<Resources, Problem> {
        let amounts = [self.amount(vcpu, 1000)?, self.memory()?, self.gpus()?];
        let [vcpu, memory, gpu] = amounts.map(Option::unwrap_or_default);
        Ok(Resources([vcpu, memory, gpu, 0, 0]))
    }

    /// Returns the memory in MiB, of the column that has it; nothing in either is a mistake.
    fn memory(&self) -> Result<Option<u32>, Problem> {
        let is_in_mib = self.has_text(MEMORY_MIB)?;
        if is_in_mib && self.has_text(MEMORY_GIB)? {
            let message = "found its memory in GiB and in MiB, expected one of them";
            return Err(Problem::new(self.0.row_place(), message).with_help("leave one of the columns out"));
        }
        match is_in_mib || self.column(MEMORY_GIB).is_none() {
            true => self.whole_mib(MEMORY_MIB),
            false => self.amount(MEMORY_GIB, 1024),
        }
    }

    /// Returns the GPUs in thousandths; nothing stands for none.
    fn gpus(&self) -> Result<Option<u32>, Problem> {
        if self.has_text(GPU)? { self.amount(GPU, 1000) } else { Ok(None) }
    }

    /// Returns why a machine of a state takes no room; `None` for one that runs. Case and signs do not matter.
    ///
    /// # Errors
    /// A state that is not known: whether it takes room decides on every answer.
    pub fn absence(&self, names: &[&str]) -> Result<Option<Absence>, Problem> {
        let text = self.text(names)?;
        let Some(column) = self.column(names).filter(|_| !text.is_empty()) else { return Ok(None) };
        let state: String = text.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        match state.as_str() {
            "running" | "active" | "on" | "poweredon" | "pending" | "up" | "started" | "online" | "true"
            | "1" => Ok(None),
            "stopped" | "stopping" | "off" | "poweredoff" | "shutoff" | "shutdown" | "down" | "suspended"
            | "paused" | "saved" | "halted" | "shelved" | "shelvedoffloaded" | "hibernated"
            | "deallocated" | "inactive" | "offline" | "false" | "0" => Ok(Some(Absence::PoweredOff)),
            "terminated" | "shuttingdown" | "deleted" | "error" | "failed" | "succeeded" | "completed" => {
                Ok(Some(Absence::Ended))
            }
            _ => {
                let problem =
                    self.0.wrong(column, "is no state that is known", "such as `running` or `stopped`");
                Err(problem.with_help(
                    "write `running` for what takes room, `stopped` or `terminated` for what does not",
                ))
            }
        }
    }
}

/// Reads a whole number, in groups of three digits where there are commas; a fraction of zeros may follow, unless it could be a group.
fn whole_number(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() == 3 || fraction.chars().any(|digit| digit != '0') {
        return None;
    }
    let groups: Vec<&str> = whole.split(',').collect();
    let is_group = |group: &&str| group.len() == 3;
    let first_fits = groups.len() == 1 || (1..=3).contains(&groups[0].len());
    let is_digits =
        !whole.is_empty() && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()));
    if !first_fits || !is_digits || !groups[1..].iter().all(is_group) {
        return None;
    }
    groups.concat().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_read_in_one_way_or_not_at_all() {
        for (text, expected) in
            [("0", 0), ("8192", 8192), ("8,192", 8192), ("1,048,576", 1_048_576), ("512.0", 512), ("7.", 7)]
        {
            assert_eq!(whole_number(text), Some(expected), "{text}");
        }
        for text in [
            "",
            ",",
            "8.192",
            "8.000",
            "8,19",
            "8192,0",
            "1,2345",
            "8,5",
            "8 192",
            "-1",
            "1.5",
            "8.192,0",
            "4294967296",
        ] {
            assert_eq!(whole_number(text), None, "{text}");
        }
    }
}
