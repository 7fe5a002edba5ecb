//! The files that an inventory becomes: hosts of each zone, what runs on them, a scenario.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use super::settle::{Settled, size};
use super::{InventoryHost, InventoryInstance};
use crate::workload::trace::cells::Cells;
use crate::workload::trace::columns::Column;
use crate::workload::trace::write::TraceWriter;
use plimsoll_base::disk::WholeFolder;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::{QUANTITIES, RESOURCES, Resources, Time, write_scaled};

/// Name of the only zone where an inventory names none.
const ZONE: &str = "zone-a";

/// Name of the trace in the folder.
const TRACE: &str = "trace.csv";

/// Writes the files into a folder of their own.
///
/// # Errors
/// The folder is there and holds something, or it cannot be written.
pub fn write(settled: &Settled, folder: &Path) -> Result<(), InputError> {
    if folder.read_dir().is_ok_and(|mut files| files.next().is_some()) || folder.is_file() {
        let found = "found something there, expected a new or an empty folder";
        return Err(Problem::new(Place::file(folder), found).with_help("name another folder by `-o`").into());
    }
    let problem = |error: io::Error| Problem::new(Place::file(folder), format!("cannot be written: {error}"));
    let files = WholeFolder::begin(folder).map_err(problem)?;
    let mut zones: BTreeMap<&str, Vec<&InventoryHost>> = BTreeMap::new();
    for host in &settled.hosts {
        zones.entry(zone(&host.zone)).or_default().push(host);
    }
    // A machine without a zone goes to any; there has to be one.
    for machine in settled.others.iter().filter(|of| !of.zone.is_empty() || settled.hosts.is_empty()) {
        zones.entry(zone(&machine.zone)).or_default();
    }
    for (i, (_, hosts)) in zones.iter().enumerate().filter(|(_, (_, hosts))| !hosts.is_empty()) {
        let mut file = files.create(&hosts_file(i)).map_err(problem)?;
        file.write_all(&host_rows(hosts)).map_err(problem)?;
    }
    let names_zones = zones.len() > 1;
    write_trace(settled, &files.path().join(TRACE), names_zones)?;
    let mut file = files.create("scenario.toml").map_err(problem)?;
    file.write_all(scenario(folder, &zones).as_bytes()).map_err(problem)?;
    drop(file);
    files.publish().map_err(problem)?;
    Ok(())
}

fn zone(name: &str) -> &str {
    if name.is_empty() { ZONE } else { name }
}

/// Returns the name of the host file of the zone of a number.
fn hosts_file(zone: usize) -> String {
    if zone == 0 { "hosts.csv".to_string() } else { format!("hosts-{}.csv", zone + 1) }
}

/// A column of text of a host file: its name, and its cell.
type TextColumn = (&'static str, fn(&InventoryHost) -> &str);

/// Returns a host file. It has the columns that some host needs.
fn host_rows(hosts: &[&InventoryHost]) -> Vec<u8> {
    let shown: Vec<usize> = (0..RESOURCES)
        .filter(|i| *i <= Resources::MEMORY || hosts.iter().any(|host| host.capacity.0[*i] > 0))
        .collect();
    let texts: [TextColumn; 3] =
        [("name", |host| &host.name), ("rack", |host| &host.rack), ("sku", |host| &host.sku)];
    let texts: Vec<_> =
        texts.into_iter().filter(|(_, of)| hosts.iter().any(|host| !of(host).is_empty())).collect();
    let mut rows = csv::Writer::from_writer(Vec::new());
    let names = texts.iter().map(|(name, _)| *name).chain(shown.iter().map(|i| QUANTITIES[*i].key));
    let mut write = |cells: Vec<Vec<u8>>| rows.write_record(cells).expect("writing to memory does not fail");
    write(names.map(|name| name.as_bytes().to_vec()).collect());
    for host in hosts {
        let amount = |i: &usize| {
            let mut text = Vec::new();
            write_scaled(&mut text, u64::from(host.capacity.0[*i]), QUANTITIES[*i].units_per_one);
            text
        };
        write(
            texts
                .iter()
                .map(|(_, of)| of(host).as_bytes().to_vec())
                .chain(shown.iter().map(amount))
                .collect(),
        );
    }
    rows.into_inner().expect("writing to memory does not fail")
}

fn write_trace(settled: &Settled, path: &Path, names_zones: bool) -> Result<(), InputError> {
    let machines = || settled.residents.iter().chain(&settled.others);
    let has_types = machines().all(|machine| !machine.kind.is_empty());
    let has = |of: fn(&InventoryInstance) -> bool| machines().any(of);
    let resource = |i: usize| machines().any(|machine| size(machine).is_some_and(|size| size.0[i] > 0));
    let columns: Vec<Column> = [
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
        (Column::Purchase, has(|machine| machine.is_spot)),
    ]
    .into_iter()
    .filter_map(|(column, is_shown)| is_shown.then_some(column))
    .collect();
    let mut writer = TraceWriter::create(path, &columns)?;
    for machine in machines() {
        let mut others = Vec::new();
        if !machine.host.is_empty() {
            others.push((Column::Host, machine.host.clone()));
        }
        if machine.is_spot {
            others.push((Column::Purchase, "spot".to_string()));
        }
        writer.write(&Cells {
            time: Time::ZERO,
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

/// Returns a scenario that begins with the inventory.
fn scenario(folder: &Path, zones: &BTreeMap<&str, Vec<&InventoryHost>>) -> String {
    let name = folder.file_name().map_or_else(|| "inventory".into(), |name| name.to_string_lossy());
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut text = format!(
        "# The fleet as it stands: hosts and what runs on them.\n\
         #   plimsoll run scenario.toml\n\
         name     = {}\nduration = \"1d\"\n",
        quoted(&name)
    );
    for (i, (zone, hosts)) in zones.iter().enumerate() {
        text += &format!("\n[[zones]]\nname = {}\n[[zones.hosts]]\n", quoted(zone));
        text += &match hosts.is_empty() {
            false => format!("file = {}\n", quoted(&hosts_file(i))),
            true => "elastic    = true   # the inventory names no hosts: as many of these as are needed\n\
                     vcpu       = 96\nmemory_gib = 384\n"
                .to_string(),
        };
    }
    text + "\n[headroom]             # how many more of each type fit\nevery = \"1d\"\nsurvive = \"host\"     # and beside the loss of any one host: survival.csv; \"rack\", \"zone\"\n\n[workload]\ntrace = \"trace.csv\"\n"
}
