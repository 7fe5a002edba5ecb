//! A table of text cells, read row by row: CSV, gzipped CSV or Parquet, by the file's extension.
//!
//! One reader serves traces, host files, price histories, foreign formats and samples. Parquet cells become text too, so that one
//! parser with one set of messages reads them all.

mod arrow_schema;
mod delimited;
mod parquet;

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use crate::input::{Place, Problem};
use delimited::Delimited;
use parquet::ParquetRows;

pub use parquet::panic_is_caught;

/// A table that is open, at one of its rows.
#[derive(Debug)]
pub struct Table {
    path: PathBuf,
    header: Vec<String>,
    rows: Rows,
}

/// Its place in the file, which is the same file.
impl Persist for Table {
    fn save(&self, out: &mut Writer<'_>) {
        out.put(&self.position());
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        let position = from.get()?;
        Ok(self.skip_to(position)?)
    }
}

#[derive(Debug)]
enum Rows {
    Delimited(Box<Delimited>),
    Parquet(Box<ParquetRows>),
}

/// A place between two rows of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RowPosition {
    /// Rows before it, in Parquet.
    pub rows: u64,
    /// Bytes of text before it.
    pub byte: u64,
    /// Its line, from 1.
    pub line: u64,
}

/// The ways in which text may be laid out.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Dialect {
    /// First byte of the lines that are comments.
    pub comment: Option<u8>,
}

/// The dates a column may be declared to hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dates {
    /// None: text or plain numbers.
    None,
    /// Timestamps, read as seconds since 1970-01-01T00:00:00Z.
    Timestamps,
}

/// The ways a table may be stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TableStorage {
    /// Comma-separated text.
    Csv,
    /// The same, gzipped.
    CsvGz,
    /// Parquet.
    Parquet,
}

impl TableStorage {
    /// Returns the storage that the extension of a file names.
    pub fn of(path: &Path) -> Result<TableStorage, Problem> {
        let name =
            path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        let by_extension =
            [(".csv", TableStorage::Csv), (".gz", TableStorage::CsvGz), (".parquet", TableStorage::Parquet)];
        match by_extension.iter().find(|(extension, _)| name.ends_with(extension)) {
            Some((_, storage)) => Ok(*storage),
            None => Err(Problem::new(
                Place::file(path),
                "found an unknown extension, expected `.csv`, `.csv.gz` or `.parquet`",
            )),
        }
    }
}

impl Table {
    /// Opens a file and reads its header.
    pub fn open(path: &Path) -> Result<Table, Problem> {
        Table::open_as(path, Dialect::default())
    }

    /// Opens a file whose text, where it is text, is of a dialect, and reads its header.
    pub fn open_as(path: &Path, dialect: Dialect) -> Result<Table, Problem> {
        let storage = TableStorage::of(path)?;
        let file = open_file(path)?;
        let (header, rows) = match storage {
            TableStorage::Parquet => {
                let (header, rows) = ParquetRows::open(path, file)?;
                (header, Rows::Parquet(Box::new(rows)))
            }
            _ => {
                let (header, rows) = Delimited::open(path, file, storage == TableStorage::CsvGz, dialect)?;
                (header, Rows::Delimited(Box::new(rows)))
            }
        };
        check_header(path, &header)?;
        Ok(Table { path: path.to_path_buf(), header, rows })
    }

    /// Returns the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the names of the columns.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Returns the position of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    /// Goes to the next row; false after the last one.
    #[inline]
    pub fn advance(&mut self) -> Result<bool, Problem> {
        match &mut self.rows {
            Rows::Delimited(rows) => rows.advance(&self.path),
            Rows::Parquet(rows) => rows.advance(&self.path, &self.header),
        }
    }

    /// Returns the position of the row after this one.
    pub fn position(&self) -> RowPosition {
        match &self.rows {
            Rows::Delimited(rows) => rows.position(),
            Rows::Parquet(rows) => RowPosition { rows: rows.passed(), byte: 0, line: 0 },
        }
    }

    /// Skips to a row of the table without parsing those before it.
    pub fn skip_to(&mut self, position: RowPosition) -> Result<(), Problem> {
        match &mut self.rows {
            Rows::Delimited(rows) => rows.skip_to(&self.path, open_file(&self.path)?, position),
            Rows::Parquet(rows) => rows.skip_to(&self.path, &self.header, position.rows),
        }
    }

    /// Returns a cell of this row as it is written; empty where there is no value.
    #[inline]
    pub fn cell(&self, column: usize) -> &[u8] {
        match &self.rows {
            Rows::Delimited(rows) => rows.cell(column),
            Rows::Parquet(rows) => rows.cell(column),
        }
    }

    /// Returns the meaning of the numbers of a column where it is declared to be dates.
    pub fn dates(&self, column: usize) -> Dates {
        match &self.rows {
            Rows::Delimited(_) => Dates::None,
            Rows::Parquet(rows) => rows.dates(column),
        }
    }

    /// Returns a cell as text.
    pub fn text(&self, column: usize) -> Result<&str, Problem> {
        std::str::from_utf8(self.cell(column)).map_err(|_| self.wrong(column, "is not UTF-8", "text"))
    }

    /// Reads a cell by `parse`. `expected` describes a valid cell.
    pub fn parse<T, E: Display>(
        &self,
        column: usize,
        expected: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Problem> {
        let text = self.text(column)?;
        if text.is_empty() {
            return Err(Problem::new(self.place(column), format!("found nothing, expected {expected}")));
        }
        parse(text).map_err(|reason| self.wrong(column, reason, expected))
    }

    /// Returns the problem of a cell that has a value, but a wrong one.
    pub fn wrong(&self, column: usize, reason: impl Display, expected: &str) -> Problem {
        let found = String::from_utf8_lossy(self.cell(column));
        Problem::new(self.place(column), format!("found `{found}`, which {reason}; expected {expected}"))
    }

    /// Returns the place of a cell of this row.
    pub fn place(&self, column: usize) -> Place {
        self.row_place().at_key(&self.header[column])
    }

    /// Returns the place of this row: its line, or in Parquet the number of the row from 1.
    pub fn row_place(&self) -> Place {
        let line = match &self.rows {
            Rows::Delimited(rows) => rows.line(),
            Rows::Parquet(rows) => rows.number(),
        };
        Place::file(&self.path).at_line(line)
    }

    /// Returns the place of the header.
    pub fn header_place(&self) -> Place {
        match &self.rows {
            Rows::Delimited(_) => Place::file(&self.path).at_line(1),
            Rows::Parquet(_) => Place::file(&self.path),
        }
    }
}

fn open_file(path: &Path) -> Result<File, Problem> {
    let problem = |message: String| Problem::new(Place::file(path), message);
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(problem("found a folder, expected a file".to_string())),
        Ok(metadata) if metadata.is_file() && metadata.len() == 0 => {
            Err(problem("found an empty file, expected a header".to_string()))
        }
        _ => File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => problem("found no such file".to_string())
                .with_help("relative names are seen from the folder of the scenario, or the current one"),
            _ => problem(format!("cannot be opened: {error}")),
        }),
    }
}

fn check_header(path: &Path, header: &[String]) -> Result<(), Problem> {
    let place = |name: &str| Place::file(path).at_line(1).at_key(name);
    let mut earlier = BTreeSet::new();
    for (i, name) in header.iter().enumerate() {
        if name.is_empty() {
            let found = format!("found a column without a name (number {}), expected a header", i + 1);
            return Err(Problem::new(place(name), found));
        }
        if !earlier.insert(name) {
            return Err(Problem::new(place(name), "found the column twice, expected it once"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
