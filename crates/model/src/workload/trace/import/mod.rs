//! Foreign traces, made canonical. [`FORMATS`] is the register: a new format is a file of its own and a line
//! there; the command line, the help and the conformance kit walk it.

mod alibaba_2018;
mod alibaba_gpu_2020;
mod alibaba_gpu_2025;
mod alibaba_spot_2026;
mod archive_job;
mod azure_v1;
mod azure_vmtable;
mod bitbrains;
mod borg;
mod google_2011;
mod google_2019;
mod guess;
mod gwf;
mod huawei_lt;
mod huawei_topology;
pub mod layout;
mod openb;
mod opendc;
mod philly;
mod swf;

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::cells::Cells;
use super::columns::Column;
use super::write::TraceWriter;
use layout::Layout;
use plimsoll_base::disk::{WholeFile, cannot_write};
use plimsoll_base::input::{InputError, Place, Problem, did_you_mean};
use plimsoll_base::table::{Dates, Table};
use plimsoll_base::units::figures::grouped;
use plimsoll_base::units::{QUANTITIES, Resources, Rounding, Time, parse_rounded};
use plimsoll_base::units::{write_scaled, write_whole};

/// Every format, by name.
pub static FORMATS: &[Format] = &[
    azure_v1::FORMAT,
    azure_vmtable::V1,
    azure_vmtable::V2,
    google_2011::FORMAT,
    google_2019::FORMAT,
    alibaba_2018::BATCH,
    alibaba_2018::CONTAINERS,
    alibaba_gpu_2020::FORMAT,
    openb::FORMAT,
    alibaba_gpu_2025::FORMAT,
    alibaba_spot_2026::FORMAT,
    philly::FORMAT,
    huawei_lt::FORMAT,
    huawei_topology::FORMAT,
    swf::FORMAT,
    gwf::FORMAT,
    bitbrains::FORMAT,
    opendc::FORMAT,
];

/// A foreign format of traces.
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// Description, one line.
    pub description: &'static str,
    /// Owner and licence, one line.
    pub licence: &'static str,
    /// Form in which it is published.
    pub source: PublishedForm,
    /// The columns its trace has in canonical form.
    pub output: &'static [Column],
    /// Format of its list of hosts, if it has one.
    pub hosts: Option<HostFormat>,
}

/// Form in which a format is published.
pub enum PublishedForm {
    /// A table with one instance a row, which becomes intervals.
    Table {
        /// Layout of its text.
        layout: Layout,
        /// Origin of its times.
        origin: Origin,
        /// Function that reads a row.
        record: fn(&Record) -> Result<Reading, Problem>,
    },
    /// A folder of files that belong together.
    Folder {
        /// Layout of its main files, where these are text.
        layout: Option<Layout>,
        /// Function that tells such a folder from others.
        is: fn(&Path) -> bool,
        /// Function that writes the trace.
        write: fn(&Path, &mut TraceWriter) -> Result<ImportTally, InputError>,
    },
}

/// A foreign list of hosts.
pub struct HostFormat {
    /// The columns of the host file it becomes.
    pub output: &'static [&'static str],
    /// Function that reads the list, in order.
    pub read: fn(&Path) -> Result<Vec<ForeignHost>, InputError>,
}

/// A host as a foreign list describes it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ForeignHost {
    /// Capacity.
    pub capacity: Resources,
    /// Number of its rack.
    pub rack: u32,
    /// Model of its GPUs; empty for none.
    pub gpu_model: String,
    /// Facts of its row that a host file cannot express.
    pub lost: Vec<&'static str>,
}

/// Report of an import of hosts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct HostsReport {
    /// The file written.
    pub output: PathBuf,
    /// Hosts written.
    pub hosts: u64,
    /// Hosts with a fact that was lost, by that fact.
    pub lost: BTreeMap<&'static str, u64>,
}

/// Origin of the times of a format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// From its zero.
    Zero,
    /// From the earliest start in the file.
    FirstStart,
}

/// Result of reading a row.
pub enum Reading {
    /// An instance.
    Instance(ForeignInstance),
    /// So many equal instances.
    Instances(ForeignInstance, u32),
    /// An instance, where no earlier row has its name.
    First(ForeignInstance),
    /// A row that the canonical form cannot express; counted and reported by this reason.
    LeftOut(&'static str),
}

/// An instance as a foreign row describes it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ForeignInstance {
    /// When it starts, from the origin of the file.
    pub start: Time,
    /// When it ends; `None` for never.
    pub end: Option<Time>,
    /// Amounts that it asks for.
    pub shape: Resources,
    /// Its name; empty for none.
    pub name: String,
    /// Account that it belongs to; empty for none.
    pub account: String,
    /// Its other cells that are not empty.
    pub others: Vec<(Column, String)>,
    /// Facts of its row that the canonical form cannot express.
    pub lost: Vec<&'static str>,
}

impl ForeignInstance {
    /// Returns so many equal instances, unless the canonical form cannot express one.
    fn into_readings(self, number: u32) -> Reading {
        match self.into_reading() {
            Reading::Instance(_) if number == 0 => Reading::LeftOut("ask for nothing"),
            Reading::Instance(instance) => Reading::Instances(instance, number),
            left_out => left_out,
        }
    }

    /// Returns the instance where no earlier row has its name.
    fn into_first_reading(self) -> Reading {
        match self.into_reading() {
            Reading::Instance(instance) => Reading::First(instance),
            left_out => left_out,
        }
    }

    /// Returns the cells of its row, times counted from `origin`.
    fn cells(&self, origin: Time) -> Cells<'_> {
        Cells {
            time: Time(self.start.0 - origin.0),
            end: self.end.map(|end| Time(end.0 - origin.0)),
            shape: Some(self.shape),
            instance: &self.name,
            account: &self.account,
            others: &self.others,
            ..Cells::default()
        }
    }

    /// Returns an instance, unless the canonical form cannot express it.
    fn into_reading(self) -> Reading {
        if self.end.is_some_and(|end| end < self.start) {
            Reading::LeftOut("end before they start")
        } else if self.shape == Resources::ZERO {
            Reading::LeftOut("ask for nothing")
        } else {
            Reading::Instance(self)
        }
    }
}

/// Counts of the rows of an import by what became of them.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ImportTally {
    /// Rows read.
    pub rows_read: u64,
    /// Rows written without a row of their own in the original: resources that its instances need first, and equal instances
    /// that are one row there.
    pub rows_added: u64,
    /// Rows left out, by reason.
    pub left_out: BTreeMap<&'static str, u64>,
    /// Rows written with a fact that the canonical form cannot express, by that fact.
    pub lost: BTreeMap<&'static str, u64>,
}

/// Report of an import.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ImportReport {
    /// The format read.
    pub format: &'static str,
    /// The file read.
    pub input: PathBuf,
    /// The file written.
    pub output: PathBuf,
    /// Rows read.
    pub rows_read: u64,
    /// Rows written.
    pub rows_written: u64,
    /// Of these, added: calls that make the resources to which the rows of the original refer, and equal instances that are one
    /// row there.
    pub rows_added: u64,
    /// Rows left out, by reason.
    pub left_out: BTreeMap<&'static str, u64>,
    /// Rows written with a fact that the canonical form cannot express, by that fact.
    pub lost: BTreeMap<&'static str, u64>,
    /// True if the rows had to be put in time order.
    pub sorted: bool,
    /// The import of the list of hosts beside the trace, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<HostsReport>,
}

impl Format {
    /// Returns the format of a name given by `--format`.
    pub fn named(name: &str) -> Result<&'static Format, Problem> {
        FORMATS.iter().find(|format| format.name == name).ok_or_else(|| {
            let place = Place::key("--format");
            let problem = Problem::new(place, format!("found `{name}`, expected a format of traces"));
            match did_you_mean(name, FORMATS.iter().map(|format| format.name)) {
                Some(help) => problem.with_help(help),
                None => problem,
            }
        })
    }

    /// Returns true if a header is this format's.
    pub fn reads(&self, header: &[String]) -> bool {
        let PublishedForm::Table { layout, .. } = &self.source else { return false };
        let is_there = |name: &&str| header.iter().any(|column| column == name);
        layout.has_header && layout.columns.len() == header.len() && layout.columns.iter().all(is_there)
    }

    /// Reads a trace of this format, a file or a folder, and writes it in canonical form.
    pub fn import(&self, input: &Path, output: &Path) -> Result<ImportReport, InputError> {
        let (tally, rows_written, sorted) = match self.source {
            PublishedForm::Table { layout, origin, record } => {
                let (instances, tally) = read_instances(input, layout, record)?;
                let sorted = !instances.is_sorted_by_key(|instance| instance.start);
                (tally, self.write(instances, origin, output)?, sorted)
            }
            PublishedForm::Folder { write, .. } => {
                let mut writer = TraceWriter::create(output, self.output)?;
                let tally = write(input, &mut writer)?;
                let rows = writer.rows();
                writer.finish()?;
                (tally, rows, false)
            }
        };
        let ImportTally { rows_read, rows_added, left_out, lost } = tally;
        let (input, output) = (input.to_path_buf(), output.to_path_buf());
        let format = self.name;
        Ok(ImportReport {
            format,
            input,
            output,
            rows_read,
            rows_written,
            rows_added,
            left_out,
            lost,
            sorted,
            hosts: None,
        })
    }

    fn write(
        &self,
        mut instances: Vec<ForeignInstance>,
        origin: Origin,
        output: &Path,
    ) -> Result<u64, InputError> {
        // Stable: rows of one time keep the order of the file.
        instances.sort_by_key(|instance| instance.start);
        let origin = match origin {
            Origin::Zero => Time::ZERO,
            Origin::FirstStart => instances.first().map_or(Time::ZERO, |first| first.start),
        };
        let mut writer = TraceWriter::create(output, self.output)?;
        for instance in &instances {
            writer.write(&instance.cells(origin))?;
        }
        let rows = writer.rows();
        writer.finish()?;
        Ok(rows)
    }

    /// Reads this format's list of hosts and writes it as a host file, in the same order.
    pub fn import_hosts(&self, input: &Path, output: &Path) -> Result<HostsReport, InputError> {
        let Some(format) = &self.hosts else {
            let found = format!("found a list of hosts, but the format `{}` has none", self.name);
            return Err(Problem::new(Place::key("--hosts"), found).into());
        };
        let hosts = (format.read)(input)?;
        let mut text = format.output.join(",").into_bytes();
        for host in &hosts {
            for (i, column) in format.output.iter().enumerate() {
                text.push(if i == 0 { b'\n' } else { b',' });
                match QUANTITIES.iter().position(|quantity| quantity.key == *column) {
                    Some(resource) => write_scaled(
                        &mut text,
                        u64::from(host.capacity.0[resource]),
                        QUANTITIES[resource].units_per_one,
                    ),
                    None if *column == "gpu_model" => text.extend_from_slice(host.gpu_model.as_bytes()),
                    None => write_whole(&mut text, u64::from(host.rack)),
                }
            }
        }
        text.push(b'\n');
        let mut file = WholeFile::create(output)?;
        file.write_all(&text).map_err(|error| cannot_write(output, &error))?;
        file.finish()?;
        let mut lost = BTreeMap::new();
        count_lost(&mut lost, hosts.iter().flat_map(|host| &host.lost));
        Ok(HostsReport { output: output.to_path_buf(), hosts: hosts.len() as u64, lost })
    }
}

fn read_instances(
    input: &Path,
    layout: Layout,
    record: fn(&Record) -> Result<Reading, Problem>,
) -> Result<(Vec<ForeignInstance>, ImportTally), InputError> {
    let (mut instances, mut tally) = (Vec::new(), ImportTally::default());
    let mut names = BTreeSet::new();
    for_each_row(input, layout, |row| {
        tally.rows_read += 1;
        match record(row)? {
            Reading::Instance(mut instance) => {
                count_lost(&mut tally.lost, &std::mem::take(&mut instance.lost));
                instances.push(instance);
            }
            Reading::First(mut instance) => {
                if names.insert(instance.name.clone()) {
                    count_lost(&mut tally.lost, &std::mem::take(&mut instance.lost));
                    instances.push(instance);
                } else {
                    *tally.left_out.entry("are of an instance of an earlier row").or_insert(0) += 1;
                }
            }
            Reading::Instances(mut instance, number) => {
                count_lost(&mut tally.lost, &std::mem::take(&mut instance.lost));
                tally.rows_added += u64::from(number.saturating_sub(1));
                instances.extend(std::iter::repeat_n(instance, number as usize));
            }
            Reading::LeftOut(reason) => *tally.left_out.entry(reason).or_insert(0) += 1,
        }
        Ok(())
    })?;
    Ok((instances, tally))
}

/// Counts rows by the facts that were lost of them.
fn count_lost<'a>(
    counts: &mut BTreeMap<&'static str, u64>,
    lost: impl IntoIterator<Item = &'a &'static str>,
) {
    for what in lost {
        *counts.entry(what).or_insert(0) += 1;
    }
}

/// Reads a file of this layout row by row.
fn for_each_row(
    input: &Path,
    layout: Layout,
    mut take: impl FnMut(&Record) -> Result<(), InputError>,
) -> Result<(), InputError> {
    let mut table = Table::open_as(input, layout.dialect())?;
    let cells = find_columns(&table, layout.columns)?;
    while table.advance()? {
        take(&Record { table: &table, cells: &cells })?;
    }
    Ok(())
}

/// Returns a file of a folder, plain or gzipped.
fn file_of(folder: &Path, stem: &str) -> PathBuf {
    let gzipped = folder.join(format!("{stem}.csv.gz"));
    if gzipped.exists() { gzipped } else { folder.join(format!("{stem}.csv")) }
}

/// Returns the positions of a format's columns. The file must have them all and no other.
fn find_columns(table: &Table, columns: &[&str]) -> Result<Vec<usize>, InputError> {
    let mut problems = Vec::new();
    if columns.iter().all(|name| table.column(name).is_none()) {
        let message =
            format!("found the columns `{}`, expected `{}`", table.header().join(","), columns.join(","));
        let help = "name another `--format` (`plimsoll list traces`), or leave it out: header and first rows show it";
        return Err(Problem::new(table.header_place(), message).with_help(help).into());
    }
    for name in table.header().iter().filter(|name| !columns.contains(&name.as_str())) {
        let expected = format!("found an unknown column, expected {}", columns.join(","));
        let mut problem = Problem::new(table.header_place().at_key(name), expected);
        problem.help = did_you_mean(name, columns.iter().copied());
        problems.push(problem);
    }
    for (_, name) in table.header().iter().enumerate().filter(|(i, _)| table.dates(*i) != Dates::None) {
        problems.push(Problem::new(table.header_place().at_key(name), "found timestamps, expected numbers"));
    }
    for name in columns.iter().filter(|name| table.column(name).is_none()) {
        problems.push(Problem::new(table.header_place().at_key(name), "found no such column, expected it"));
    }
    if !problems.is_empty() {
        return Err(InputError(problems));
    }
    Ok(columns.iter().filter_map(|name| table.column(name)).collect())
}

/// A row of a foreign file. Cells are named by their place in the format's `columns`.
pub struct Record<'a> {
    table: &'a Table,
    cells: &'a [usize],
}

impl Record<'_> {
    /// Returns the text of a cell.
    pub fn text(&self, cell: usize) -> Result<&str, Problem> {
        self.table.text(self.cells[cell])
    }

    /// Returns a time \[s, exact to the nanosecond\].
    pub fn time(&self, cell: usize) -> Result<Time, Problem> {
        plimsoll_base::table::clock::time(self.table, self.cells[cell])
    }

    /// Returns true if a cell says that its value is unknown: it is empty, not a number, or −1.
    pub fn is_unknown(&self, cell: usize) -> Result<bool, Problem> {
        Ok(matches!(self.text(cell)?.trim(), "" | "-1" | "-1.0" | "NaN" | "nan" | "NULL"))
    }

    /// Returns an amount of a resource, rounded up where it is finer than its unit, or 0 where it is unknown. It is counted
    /// in `count` times `units_per_one` units.
    pub fn amount(&self, cell: usize, units_per_one: u64, count: u32) -> Result<u32, Problem> {
        if self.is_unknown(cell)? {
            return Ok(0);
        }
        let (amount, _) = super::kinds::quantity(self.table, self.cells[cell], units_per_one, Rounding::Up)?;
        amount.checked_mul(count).ok_or_else(|| self.wrong(cell, "is too large", "less"))
    }

    /// Returns a whole number.
    pub fn number(&self, cell: usize) -> Result<u64, Problem> {
        self.table.parse(self.cells[cell], "a whole number", super::row::whole_number)
    }

    /// Returns a time \[µs\].
    pub fn micros(&self, cell: usize) -> Result<Time, Problem> {
        self.time_in(cell, 1000)
    }

    /// Returns a time \[ms\]; that of a date is in seconds.
    pub fn millis(&self, cell: usize) -> Result<Time, Problem> {
        if self.table.dates(self.cells[cell]) != Dates::None {
            self.time(cell)
        } else {
            self.time_in(cell, 1_000_000)
        }
    }

    fn time_in(&self, cell: usize, ns_per_unit: u64) -> Result<Time, Problem> {
        let whole = self.table.parse(self.cells[cell], "a time of 0 or more", |text| {
            parse_rounded(text, u128::from(ns_per_unit), Rounding::Nearest)
        })?;
        let ns = u64::try_from(whole).ok().filter(|ns| *ns < Time::NEVER.0);
        ns.map(Time).ok_or_else(|| self.wrong(cell, "is after the clock's 584 years", "less"))
    }

    /// Returns a share of a resource of which one is `whole` small units, rounded up; 0 where it is unknown.
    pub fn share(&self, cell: usize, whole: u64) -> Result<u32, Problem> {
        self.amount(cell, whole, 1)
    }

    /// Returns hundredths of a resource of which the whole is so many small units, rounded up; 0 where they are unknown.
    pub fn hundredths(&self, cell: usize, whole: u64) -> Result<u32, Problem> {
        if self.is_unknown(cell)? {
            return Ok(0);
        }
        let scaled = self.table.parse(self.cells[cell], "a share from 0 to 100", |text| {
            parse_rounded(text, u128::from(whole), Rounding::Up)
        })?;
        let units = u32::try_from(scaled.div_ceil(100)).ok().filter(|units| *units < u32::MAX);
        units.ok_or_else(|| self.wrong(cell, "is too large", "a share from 0 to 100"))
    }

    /// Returns the facts, of those in cells that a format has no column for, that this row states: each a cell and its name.
    pub fn stated(&self, facts: &[(usize, &'static str)]) -> Result<Vec<&'static str>, Problem> {
        let mut stated = Vec::new();
        for (cell, what) in facts {
            if !self.is_unknown(*cell)? {
                stated.push(*what);
            }
        }
        Ok(stated)
    }

    /// Returns a cell as that of a column of the trace, where it is not empty.
    pub fn cell_if_any(&self, column: Column, cell: usize) -> Result<Vec<(Column, String)>, Problem> {
        let is_stated = !self.is_unknown(cell)?;
        let text = self.text(cell)?.trim();
        Ok(is_stated.then(|| (column, text.to_string())).into_iter().collect())
    }

    /// Returns a time that may be missing: empty cells are none.
    pub fn time_if_any(&self, cell: usize) -> Result<Option<Time>, Problem> {
        if self.text(cell)?.is_empty() { Ok(None) } else { self.time(cell).map(Some) }
    }

    /// Returns a quantity of a resource in its small unit, `units_per_one` of which make one of the column's.
    pub fn quantity(&self, cell: usize, units_per_one: u64) -> Result<u32, Problem> {
        super::kinds::quantity(self.table, self.cells[cell], units_per_one, Rounding::Refused)
            .map(|(amount, _)| amount)
    }

    /// Adds a duration to a time.
    pub fn later(&self, start: Time, cell: usize) -> Result<Time, Problem> {
        let length = self.time(cell)?;
        match start.0.checked_add(length.0).filter(|ns| *ns < Time::NEVER.0) {
            Some(ns) => Ok(Time(ns)),
            None => Err(self.wrong(cell, "ends after the clock's 584 years", "less")),
        }
    }

    /// Returns the problem of a cell.
    pub fn wrong(&self, cell: usize, reason: &str, expected: &str) -> Problem {
        self.table.wrong(self.cells[cell], reason, expected)
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{}: {} rows read, {} written to {}",
            self.format,
            grouped(self.rows_read),
            grouped(self.rows_written),
            self.output.display()
        )?;
        if self.sorted {
            write!(out, "\n  put in time order")?;
        }
        if self.rows_added > 0 {
            let rows = grouped(self.rows_added);
            write!(
                out,
                "\n  added: {rows} rows for what others refer to, or for several instances in one row"
            )?;
        }
        for (reason, rows) in &self.left_out {
            write!(out, "\n  left out: {} {reason}", grouped(*rows))?;
        }
        write_lost(out, &self.lost)?;
        match &self.hosts {
            Some(hosts) => write!(out, "\n{hosts}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for HostsReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} hosts written to {}", grouped(self.hosts), self.output.display())?;
        write_lost(out, &self.lost)
    }
}

fn write_lost(out: &mut fmt::Formatter<'_>, lost: &BTreeMap<&'static str, u64>) -> fmt::Result {
    for (what, rows) in lost {
        write!(out, "\n  lost, as the form cannot express it: {what} ({} rows)", grouped(*rows))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
