//! Writes the interval form: the same rows give the same bytes, every time and everywhere.

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::parquet_out::ParquetOut;
use crate::input::{InputError, Problem};
use crate::units::{NS_PER_S, QUANTITIES, Resources, Time};
use crate::workload::decimal::write_scaled;
use crate::workload::table::Storage;
use crate::workload::whole_file::{WholeFile, cannot_write};

/// A column of the interval form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Column {
    /// `start_s`.
    Start,
    /// `end_s`, empty for an instance that never ends.
    End,
    /// `instance`.
    Instance,
    /// `type`.
    Type,
    /// `vcpu`.
    Vcpu,
    /// `memory_gib`.
    Memory,
    /// `gpu`.
    Gpu,
    /// `account`.
    Account,
    /// `zone`.
    Zone,
    /// `subnet`.
    Subnet,
}

/// What the cells of a column are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cell<'a> {
    /// A time, or none.
    Time(Option<Time>),
    /// So many small units, and how many of them make one.
    Quantity(u32, u64),
    /// A name; empty for none.
    Name(&'a str),
}

impl Column {
    /// Its name in the header.
    pub fn name(self) -> &'static str {
        match self {
            Column::Start => "start_s",
            Column::End => "end_s",
            Column::Instance => "instance",
            Column::Type => "type",
            Column::Vcpu => "vcpu",
            Column::Memory => "memory_gib",
            Column::Gpu => "gpu",
            Column::Account => "account",
            Column::Zone => "zone",
            Column::Subnet => "subnet",
        }
    }

    /// The cell of an interval.
    pub fn of<'a>(self, interval: &Interval<'a>) -> Cell<'a> {
        let quantity =
            |resource: usize| Cell::Quantity(interval.shape.0[resource], QUANTITIES[resource].units_per_one);
        match self {
            Column::Start => Cell::Time(Some(interval.start)),
            Column::End => Cell::Time(interval.end),
            Column::Instance => Cell::Name(interval.instance),
            Column::Type => Cell::Name(interval.kind),
            Column::Vcpu => quantity(Resources::VCPU),
            Column::Memory => quantity(Resources::MEMORY),
            Column::Gpu => quantity(Resources::GPU),
            Column::Account => Cell::Name(interval.account),
            Column::Zone => Cell::Name(interval.zone),
            Column::Subnet => Cell::Name(interval.subnet),
        }
    }
}

/// One row. Names are empty where there is none.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Interval<'a> {
    /// When it starts.
    pub start: Time,
    /// When it ends; `None` for never.
    pub end: Option<Time>,
    /// Name of its type.
    pub kind: &'a str,
    /// Its shape, where the type has no name.
    pub shape: Resources,
    /// Its name.
    pub instance: &'a str,
    /// Whose it is.
    pub account: &'a str,
    /// The zone asked for.
    pub zone: &'a str,
    /// The subnet asked for.
    pub subnet: &'a str,
}

/// A trace being written. It appears when it is finished.
pub struct TraceWriter {
    path: PathBuf,
    columns: Vec<Column>,
    sink: Sink,
    latest: Time,
    rows: u64,
    cell: Vec<u8>,
}

enum Sink {
    Text(Box<csv::Writer<Text>>),
    Parquet(Box<ParquetOut>),
}

enum Text {
    Plain(WholeFile),
    Gzipped(GzEncoder<WholeFile>),
}

impl TraceWriter {
    /// Begins a trace of these columns at `path`, whose extension decides how it is stored.
    pub fn create(path: &Path, columns: &[Column]) -> Result<TraceWriter, InputError> {
        let storage = Storage::of(path)?;
        let file = WholeFile::create(path)?;
        let text = |text| Sink::Text(Box::new(csv::Writer::from_writer(text)));
        let sink = match storage {
            Storage::Csv => text(Text::Plain(file)),
            // The time of writing stays out of the header, or no two files would be the same.
            Storage::CsvGz => text(Text::Gzipped(GzBuilder::new().mtime(0).write(file, Compression::best()))),
            Storage::Parquet => {
                let out = ParquetOut::new(file, columns);
                Sink::Parquet(Box::new(out.map_err(|error| cannot_write(path, &error))?))
            }
        };
        let (path, columns) = (path.to_path_buf(), columns.to_vec());
        let mut writer = TraceWriter { path, columns, sink, latest: Time::ZERO, rows: 0, cell: Vec::new() };
        if let Sink::Text(out) = &mut writer.sink {
            let header = out.write_record(writer.columns.iter().map(|column| column.name()));
            header.map_err(|error| writer.problem(&error.into()))?;
        }
        Ok(writer)
    }

    /// Adds a row. Rows come in time order.
    pub fn write(&mut self, interval: &Interval) -> Result<(), InputError> {
        assert!(interval.start >= self.latest, "rows of a trace out of order: {interval:?}");
        assert!(
            interval.end.is_none_or(|end| end >= interval.start),
            "an end before its start: {interval:?}"
        );
        self.latest = interval.start;
        self.rows += 1;
        let written = match &mut self.sink {
            Sink::Text(out) => write_text(out, &self.columns, interval, &mut self.cell),
            Sink::Parquet(out) => out.write(&self.columns, interval),
        };
        written.map_err(|error| self.problem(&error).into())
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Puts the trace in its place.
    pub fn finish(self) -> Result<(), InputError> {
        let problem = |error: io::Error| cannot_write(&self.path, &error);
        let file = match self.sink {
            Sink::Text(out) => match out.into_inner().map_err(|error| problem(error.into_error()))? {
                Text::Plain(file) => file,
                Text::Gzipped(out) => out.finish().map_err(problem)?,
            },
            Sink::Parquet(out) => out.finish().map_err(problem)?,
        };
        Ok(file.finish()?)
    }

    fn problem(&self, error: &io::Error) -> Problem {
        cannot_write(&self.path, error)
    }
}

fn write_text(
    out: &mut csv::Writer<Text>,
    columns: &[Column],
    interval: &Interval,
    cell: &mut Vec<u8>,
) -> io::Result<()> {
    for column in columns {
        cell.clear();
        match column.of(interval) {
            Cell::Time(Some(time)) => write_scaled(cell, time.0, NS_PER_S),
            Cell::Time(None) => {}
            Cell::Quantity(value, units_per_one) => write_scaled(cell, u64::from(value), units_per_one),
            Cell::Name(name) => cell.extend_from_slice(name.as_bytes()),
        }
        out.write_field(&cell)?;
    }
    out.write_record(None::<&[u8]>)?;
    Ok(())
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Text::Plain(out) => out.write(bytes),
            Text::Gzipped(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Text::Plain(out) => out.flush(),
            Text::Gzipped(out) => out.flush(),
        }
    }
}
