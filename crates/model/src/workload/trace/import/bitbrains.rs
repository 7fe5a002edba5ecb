//! `bitbrains`: virtual machines of Bitbrains, the folders of GWA-T-12 (Shen, van Beek and Iosup, CCGrid 2015;
//! <http://gwa.ewi.tudelft.nl/datasets/gwa-t-12-bitbrains>, read November 2026).

use std::path::{Path, PathBuf};

use super::layout::Layout;
use super::{ForeignInstance, Format, ImportTally, PublishedForm, for_each_row};
use crate::workload::trace::columns::Column;
use crate::workload::trace::write::TraceWriter;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::table::{Separator, Table};
use plimsoll_base::units::{NS_PER_S, Resources, Time};

/// The format.
///
/// A file is a virtual machine with a row each five minutes: it lives from its first row to five minutes after its last, with the
/// most cores and memory provisioned. How much of these it used is lost. Times are Unix milliseconds, or seconds where the
/// published files have these, counted from the earliest.
pub const FORMAT: Format = Format {
    name: "bitbrains",
    description: "folder of VMs of Bitbrains (GWA-T-12): a file each, from its first to its last row",
    licence: "see the Grid Workloads Archive; cite Shen, van Beek and Iosup, CCGrid 2015",
    source: PublishedForm::Folder {
        layout: Some(COLUMNS),
        is: |folder| files(folder).first().is_some_and(|file| has_columns(file)),
        write,
    },
    output: &[Column::Start, Column::End, Column::Instance, Column::Vcpu, Column::Memory],
    hosts: None,
};

const COLUMNS: Layout = Layout {
    separator: Separator::Byte(b';'),
    ..Layout::with_header(&[
        "Timestamp [ms]",
        "CPU cores",
        "CPU capacity provisioned [MHZ]",
        "CPU usage [MHZ]",
        "CPU usage [%]",
        "Memory capacity provisioned [KB]",
        "Memory usage [KB]",
        "Disk read throughput [KB/s]",
        "Disk write throughput [KB/s]",
        "Network received throughput [KB/s]",
        "Network transmitted throughput [KB/s]",
    ])
};

const TIME: usize = 0;
const CORES: usize = 1;
const MEMORY: usize = 5;

/// Time between two rows \[ns\].
const STEP: u64 = 300 * NS_PER_S;

/// The least Unix time in milliseconds that the archive has; its files have seconds in spite of their header.
const LEAST_MS: u64 = 100_000_000_000;

/// Returns the files of a folder, by number.
fn files(folder: &Path) -> Vec<PathBuf> {
    let files = folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
    let number = |path: &PathBuf| path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
    let is_csv = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "csv");
    let mut files: Vec<PathBuf> = files.filter(|path| is_csv(path) && number(path).is_some()).collect();
    files.sort_by_key(number);
    files
}

fn has_columns(file: &Path) -> bool {
    let table = Table::open_as(file, COLUMNS.dialect());
    table.is_ok_and(|table| COLUMNS.columns.iter().all(|name| table.column(name).is_some()))
}

fn write(folder: &Path, writer: &mut TraceWriter) -> Result<ImportTally, InputError> {
    let files = files(folder);
    if files.is_empty() {
        return Err(Problem::new(
            Place::file(folder),
            "found no files such as `1.csv`, expected one for each machine",
        )
        .into());
    }
    let (mut tally, mut machines) = (ImportTally::default(), Vec::new());
    for file in files {
        let mut machine: Option<ForeignInstance> = None;
        for_each_row(&file, COLUMNS, |row| {
            tally.rows_read += 1;
            let time = row.number(TIME)?;
            let time = Time(time * if time < LEAST_MS { NS_PER_S } else { NS_PER_S / 1000 });
            let shape = Resources::new(row.amount(CORES, 1000, 1)?, row.amount(MEMORY, 1, 1)?.div_ceil(1024));
            let machine =
                machine.get_or_insert_with(|| ForeignInstance { start: time, ..ForeignInstance::default() });
            machine.end = Some(Time(time.0 + STEP));
            for (most, now) in machine.shape.0.iter_mut().zip(shape.0) {
                *most = (*most).max(now);
            }
            Ok(())
        })?;
        if let Some(mut machine) = machine {
            machine.name =
                file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            machines.push(machine);
        }
    }
    let asked = machines.len();
    machines.retain(|machine| machine.shape != Resources::ZERO);
    let told = [
        ("tell of the use of a machine, which is one row", tally.rows_read - asked as u64),
        ("are of a machine without cores and memory", (asked - machines.len()) as u64),
    ];
    tally.left_out.extend(told.into_iter().filter(|(_, rows)| *rows > 0));
    tally.lost.insert("how much it used", machines.len() as u64);
    machines.sort_by_key(|machine| machine.start);
    let first = machines.first().map_or(Time::ZERO, |machine| machine.start);
    for machine in &machines {
        writer.write(&machine.cells(first))?;
    }
    Ok(tally)
}
