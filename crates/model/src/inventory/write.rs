//! The files that an inventory becomes: hosts of each zone, what runs on them, a scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

use super::settle::{NO_ACCOUNT, Settled, size, size_of_type};
use super::{DedicatedTerms, InventoryHost, InventoryInstance};
use crate::fleet::hardware::Architecture;
use crate::workload::trace::cells::Cells;
use crate::workload::trace::columns::{Column, OPTIONS, PARTS};
use crate::workload::trace::write::TraceWriter;
use plimsoll_base::disk::WholeFolder;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::{QUANTITIES, RESOURCES, Resources, Time, write_scaled};

/// Name of the only zone where an inventory names none.
const ZONE: &str = "zone-a";

/// Name of the trace in the folder.
pub const TRACE: &str = "trace.csv";

/// Writes the files into a folder of their own, with a scenario that has nothing but them.
///
/// # Errors
/// The folder is there and holds something, or it cannot be written.
pub fn write(settled: &Settled, folder: &Path) -> Result<(), InputError> {
    let zones = listed_zones(settled);
    let files = InventoryFiles {
        settled,
        names_zones: zones.len() > 1,
        scenario: scenario(folder, &zones, !settled.others.is_empty()),
        host_files: zones.into_values().flat_map(BTreeMap::into_values).collect(),
    };
    files.write(folder)
}

/// Returns the zones with their hosts.
fn listed_zones(settled: &Settled) -> BTreeMap<&str, ListedGroups<'_>> {
    let mut zones: BTreeMap<&str, ListedGroups> = BTreeMap::new();
    for host in &settled.hosts {
        let of_zone = zones.entry(zone(&host.zone)).or_default();
        of_zone.entry(host.dedicated.as_ref()).or_default().push(host);
    }
    // A machine without a zone goes to any; there has to be one.
    for machine in settled.others.iter().filter(|of| !of.zone.is_empty() || settled.hosts.is_empty()) {
        zones.entry(zone(&machine.zone)).or_default();
    }
    zones
}

/// Returns the names of the zones for which [`write`](fn@write) assumes hosts, since the inventory names none for what is to run there.
pub fn zones_of_assumed_hosts(settled: &Settled) -> Vec<String> {
    let has_others = !settled.others.is_empty();
    let zones = listed_zones(settled).into_iter().filter(|(_, groups)| assumes_hosts(groups, has_others));
    zones.map(|(name, _)| name.to_string()).collect()
}

fn assumes_hosts(groups: &ListedGroups, has_others: bool) -> bool {
    groups.is_empty() || (has_others && !groups.contains_key(&None))
}

/// Hosts of a zone by host group: those that are not dedicated, then dedicated ones by their terms.
type ListedGroups<'a> = BTreeMap<Option<&'a DedicatedTerms>, Vec<&'a InventoryHost>>;

/// Files that an inventory becomes.
pub struct InventoryFiles<'a> {
    /// Inventory.
    pub settled: &'a Settled,
    /// Hosts of each host file, which [`hosts_file`] names; one without hosts is not written.
    pub host_files: Vec<Vec<&'a InventoryHost>>,
    /// True if the trace names the zones of machines without a host.
    pub names_zones: bool,
    /// Text of the scenario.
    pub scenario: String,
}

impl InventoryFiles<'_> {
    /// Writes them into a folder of their own.
    ///
    /// # Errors
    /// The folder is there and holds something, or it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), InputError> {
        if folder.read_dir().is_ok_and(|mut files| files.next().is_some()) || folder.is_file() {
            let found = "found something there, expected a new or an empty folder";
            return Err(Problem::new(Place::file(folder), found)
                .with_help("name another folder by `-o`")
                .into());
        }
        let problem =
            |error: io::Error| Problem::new(Place::file(folder), format!("cannot be written: {error}"));
        let files = WholeFolder::begin(folder).map_err(problem)?;
        for (i, hosts) in self.host_files.iter().enumerate().filter(|(_, hosts)| !hosts.is_empty()) {
            let mut file = files.create(&hosts_file(i)).map_err(problem)?;
            file.write_all(&host_rows(hosts)).map_err(problem)?;
        }
        if !self.settled.is_empty() {
            write_trace(self.settled, &files.path().join(TRACE), self.names_zones)?;
        }
        let mut file = files.create("scenario.toml").map_err(problem)?;
        file.write_all(self.scenario.as_bytes()).map_err(problem)?;
        drop(file);
        files.publish().map_err(problem)?;
        Ok(())
    }
}

fn zone(name: &str) -> &str {
    if name.is_empty() { ZONE } else { name }
}

/// Returns the name of the host file of a number, from 0.
pub fn hosts_file(number: usize) -> String {
    if number == 0 { "hosts.csv".to_string() } else { format!("hosts-{}.csv", number + 1) }
}

/// A column of text of a host file: its name, and its cell.
type TextColumn = (&'static str, fn(&InventoryHost) -> String);

/// Columns of text, in order.
const TEXTS: [TextColumn; 8] = [
    ("name", |host| host.name.clone()),
    ("rack", |host| host.rack.clone()),
    ("sku", |host| host.sku.clone()),
    ("families", |host| joined(&host.hardware.families)),
    ("types", |host| joined(&host.hardware.types)),
    ("architecture", |host| host.hardware.architecture.map_or("", Architecture::name).to_string()),
    ("numa_nodes", |host| if host.numa_nodes > 1 { host.numa_nodes.to_string() } else { String::new() }),
    ("gpu_model", |host| host.hardware.gpu_model.clone().unwrap_or_default()),
];

fn joined(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join("|")
}

/// Capacity that has no limit, as that of the network where nothing is said of it.
const NO_LIMIT: u32 = u32::MAX;

/// Returns whether a host has some of a resource, and a limit of it.
fn is_given(host: &InventoryHost, resource: usize) -> bool {
    !matches!(host.capacity.0[resource], 0 | NO_LIMIT)
}

/// Returns a host file. It has the columns that some host needs.
fn host_rows(hosts: &[&InventoryHost]) -> Vec<u8> {
    let shown: Vec<usize> = (0..RESOURCES)
        .filter(|i| *i <= Resources::MEMORY || hosts.iter().any(|host| is_given(host, *i)))
        .collect();
    let texts: Vec<_> =
        TEXTS.into_iter().filter(|(_, of)| hosts.iter().any(|host| !of(host).is_empty())).collect();
    let mut rows = csv::Writer::from_writer(Vec::new());
    let names = texts.iter().map(|(name, _)| *name).chain(shown.iter().map(|i| QUANTITIES[*i].key));
    let mut write = |cells: Vec<Vec<u8>>| rows.write_record(cells).expect("writing to memory does not fail");
    write(names.map(|name| name.as_bytes().to_vec()).collect());
    for host in hosts {
        let amount = |i: &usize| {
            let mut text = Vec::new();
            if host.capacity.0[*i] != NO_LIMIT {
                write_scaled(&mut text, u64::from(host.capacity.0[*i]), QUANTITIES[*i].units_per_one);
            }
            text
        };
        write(texts.iter().map(|(_, of)| of(host).into_bytes()).chain(shown.iter().map(amount)).collect());
    }
    rows.into_inner().expect("writing to memory does not fail")
}

fn write_trace(settled: &Settled, path: &Path, names_zones: bool) -> Result<(), InputError> {
    let machines = || settled.residents.iter().chain(&settled.others);
    // Sizes that are not those of the type are written instead of it.
    let has_types = machines().all(|machine| size(machine) == size_of_type(&machine.kind));
    let has = |of: fn(&InventoryInstance) -> bool| machines().any(of);
    let resource = |i: usize| machines().any(|machine| size(machine).is_some_and(|size| size.0[i] > 0));
    let options = OPTIONS.iter().chain(PARTS).copied().filter(|column| *column != Column::Host);
    let options = options.filter(|column| machines().any(|of| of.options.iter().any(|(at, _)| at == column)));
    let columns = [
        (Column::Start, true),
        (Column::End, true),
        (Column::Instance, true),
        (Column::Host, has(|machine| !machine.host.is_empty())),
        (Column::Account, has(|machine| !machine.account.is_empty())),
        (Column::Zone, names_zones && has(|machine| machine.host.is_empty() && !machine.zone.is_empty())),
        (Column::Type, has_types),
        (Column::Vcpu, !has_types),
        (Column::Memory, !has_types),
        (Column::Gpu, !has_types && resource(Resources::GPU)),
        (Column::LocalStorage, !has_types && resource(Resources::STORAGE)),
    ];
    let columns = columns.into_iter().filter_map(|(column, is_shown)| is_shown.then_some(column));
    let columns: Vec<Column> = columns.chain(options).collect();
    let mut writer = TraceWriter::create(path, &columns)?;
    for machine in machines() {
        let mut others = machine.options.clone();
        if !machine.host.is_empty() {
            others.push((Column::Host, machine.host.clone()));
        }
        writer.write(&Cells {
            time: Time::ZERO,
            end: machine.end,
            kind: if has_types { &machine.kind } else { "" },
            shape: size(machine).filter(|_| !has_types),
            instance: &machine.name,
            account: &machine.account,
            zone: if machine.host.is_empty() && names_zones { &machine.zone } else { "" },
            others: &others,
            ..Cells::default()
        })?;
    }
    writer.finish()
}

/// Hosts of a zone of which the inventory names none.
const ELASTIC: &str = "elastic    = true   # assumed, since the inventory names no hosts: as many of these as are needed\n\
                       vcpu       = 96     # state your own, or `count` in place of `elastic`\nmemory_gib = 384\n";

/// Reason by which zones with assumed hosts are told.
pub const ASSUMED_HOSTS: &str = "zones with assumed hosts, as many of 96 vCPU and 384 GiB as are needed, since the inventory lists \
                                 none: state your own under [[zones.hosts]] of scenario.toml";

/// Returns a scenario that begins with the inventory, some of whose machines may have no host.
fn scenario(folder: &Path, zones: &BTreeMap<&str, ListedGroups>, has_others: bool) -> String {
    let name = folder.file_name().map_or_else(|| "inventory".into(), |name| name.to_string_lossy());
    let mut text = format!(
        "# The fleet as it stands: hosts and what runs on them.\n\
         #   plimsoll run scenario.toml\n\
         name     = {}\nduration = \"1d\"\n",
        quoted(&name)
    );
    let (mut numbers, mut dedicated) = (0.., String::new());
    for (zone, groups) in zones {
        text += &format!("\n[[zones]]\nname = {}\n", quoted(zone));
        for (group, (terms, hosts)) in groups.iter().enumerate() {
            let number = numbers.next().expect("numbers go on");
            text += &format!("[[zones.hosts]]\nfile = {}\n", quoted(&hosts_file(number)));
            if let Some(terms) = terms {
                text += "tenancy = \"dedicated\"   # each host is of one account alone\n";
                dedicated += &allocated(zone, group, hosts.len(), terms);
            }
        }
        if assumes_hosts(groups, has_others) {
            text += &format!("[[zones.hosts]]\n{ELASTIC}");
        }
    }
    text + &dedicated
        + "\n[headroom]             # how many more of each type fit\nevery = \"1d\"\nsurvive = \"host\"     # and beside the loss of any one host: survival.csv; \"rack\", \"zone\"\n\n[workload]\ntrace = \"trace.csv\"\n"
}

/// Returns the table that allocates the dedicated hosts of a host group to their account.
fn allocated(zone: &str, group: usize, count: usize, terms: &DedicatedTerms) -> String {
    let account = if terms.account.is_empty() { NO_ACCOUNT } else { &terms.account };
    format!(
        "\n[[placement.dedicated_hosts]]\naccount = {}\nzone = {}\ngroup = {group}\ncount = {count}\n\
         auto_placement = {}\nhost_recovery = {}\n",
        quoted(account),
        quoted(zone),
        terms.auto_placement,
        terms.recovery,
    )
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
