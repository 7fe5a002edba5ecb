//! Writes traces of either form: the same rows give the same bytes, every time and everywhere.

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::cells::{CellContents, Cells};
use super::columns::Column;
use super::parquet_out::ParquetOut;
use plimsoll_base::disk::{WholeFile, cannot_write};
use plimsoll_base::input::{InputError, Problem};
use plimsoll_base::table::TableStorage;
use plimsoll_base::units::{NS_PER_S, Time, write_scaled};

/// Level of Zstandard: beyond it files of this kind shrink little and take long.
const ZSTANDARD_LEVEL: i32 = 12;

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
    Zstandard(zstd::Encoder<'static, WholeFile>),
}

impl TraceWriter {
    /// Begins a trace of these columns at `path`, whose extension decides how it is stored.
    pub fn create(path: &Path, columns: &[Column]) -> Result<TraceWriter, InputError> {
        let storage = TableStorage::of(path)?;
        let file = WholeFile::create(path)?;
        let text = |text| Sink::Text(Box::new(csv::Writer::from_writer(text)));
        let sink = match storage {
            TableStorage::Csv => text(Text::Plain(file)),
            // The time of writing stays out of the header, or no two files would be the same.
            TableStorage::CsvGz => {
                text(Text::Gzipped(GzBuilder::new().mtime(0).write(file, Compression::best())))
            }
            TableStorage::CsvZst => {
                let out = zstd::Encoder::new(file, ZSTANDARD_LEVEL);
                text(Text::Zstandard(out.map_err(|error| cannot_write(path, &error))?))
            }
            TableStorage::Parquet => {
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
    pub fn write(&mut self, cells: &Cells) -> Result<(), InputError> {
        assert!(cells.time >= self.latest, "rows of a trace out of order: {cells:?}");
        assert!(cells.end.is_none_or(|end| end >= cells.time), "an end before its start: {cells:?}");
        let lost = cells.others.iter().find(|(column, _)| !self.columns.contains(column));
        assert!(lost.is_none(), "a cell of no column: {lost:?}");
        self.latest = cells.time;
        self.rows += 1;
        let written = match &mut self.sink {
            Sink::Text(out) => write_text(out, &self.columns, cells, &mut self.cell),
            Sink::Parquet(out) => out.write(&self.columns, cells),
        };
        written.map_err(|error| self.problem(&error).into())
    }

    /// Returns the number of rows so far.
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
                Text::Zstandard(out) => out.finish().map_err(problem)?,
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
    cells: &Cells,
    cell: &mut Vec<u8>,
) -> io::Result<()> {
    for column in columns {
        cell.clear();
        match cells.of(*column) {
            CellContents::Time(Some(time)) => write_scaled(cell, time.0, NS_PER_S),
            CellContents::Time(None) | CellContents::Quantity(None, _) => {}
            CellContents::Quantity(Some(value), units_per_one) => {
                write_scaled(cell, u64::from(value), units_per_one)
            }
            CellContents::Text(text) => cell.extend_from_slice(text.as_bytes()),
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
            Text::Zstandard(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Text::Plain(out) => out.flush(),
            Text::Gzipped(out) => out.flush(),
            Text::Zstandard(out) => out.flush(),
        }
    }
}
