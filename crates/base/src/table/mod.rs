//! A table of text cells, read row by row: delimited text, packed or not, or Parquet, by the file's extension, or a sheet of a
//! workbook.
//!
//! One reader serves traces, host files, price histories, foreign formats and samples. Parquet cells become text too, so that one
//! parser with one set of messages reads them all.

mod arrow_schema;
mod blanks;
pub mod clock;
mod delimited;
mod library;
mod parquet;
mod row_reader;
mod storage;
mod workbook;

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use crate::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use crate::input::{Place, Problem, did_you_mean};
use delimited::Delimited;
use parquet::ParquetRows;
use storage::Input;
use workbook::SheetRows;

pub use library::panic_is_caught;
pub use storage::{TableStorage, is_standard_input};
pub use workbook::{Workbook, is_workbook};

/// A table that is open, at one of its rows.
#[derive(Debug)]
pub struct Table {
    path: PathBuf,
    header: Vec<String>,
    rows: Rows,
    /// Columns in which a word such as `NULL` is no value.
    nullable: Vec<bool>,
    /// Columns that were taken for others than their names say, a sentence each.
    notes: Vec<String>,
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
    Sheet(Box<SheetRows>),
}

/// A place between two rows of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RowPosition {
    /// Rows before it, in Parquet and workbooks.
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
    /// Separator of cells.
    pub separator: Separator,
    /// Names of the columns of a text that begins without a header.
    pub columns: Option<&'static [&'static str]>,
}

/// Separator of the cells of a row.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Separator {
    /// The one of comma, semicolon, tab and bar which the header has most often.
    #[default]
    ByHeader,
    /// A byte.
    Byte(u8),
    /// Blanks, any number of them.
    Blanks,
}

/// Words that writers of tables leave where there is no value.
const NULL_WORDS: &[&[u8]] = &[
    b"NULL", b"null", b"Null", b"NA", b"N/A", b"n/a", b"<NA>", b"NaN", b"nan", b"NAN", b"None", b"NaT",
    b"\\N",
];

/// The dates a column may be declared to hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dates {
    /// None: text or plain numbers.
    None,
    /// Timestamps, read as seconds since 1970-01-01T00:00:00Z.
    Timestamps,
}

impl Table {
    /// Opens a file and reads its header; `-` is standard input, which is read once.
    pub fn open(path: &Path) -> Result<Table, Problem> {
        Table::open_as(path, Dialect::default())
    }

    /// Opens a file whose text, where it is text, is of a dialect, and reads its header.
    pub fn open_as(path: &Path, dialect: Dialect) -> Result<Table, Problem> {
        let Input { name, storage, source } = Input::open(path)?;
        let (header, rows) = match storage {
            TableStorage::Parquet => {
                let (header, rows) = ParquetRows::open(&name, source.into_file(&name)?)?;
                (header, Rows::Parquet(Box::new(rows)))
            }
            _ => {
                let (header, rows) = Delimited::open(&name, source, storage, dialect)?;
                (header, Rows::Delimited(Box::new(rows)))
            }
        };
        check_header(&name, 1, &header)?;
        let nullable = vec![false; header.len()];
        Ok(Table { path: name, header, rows, nullable, notes: Vec::new() })
    }

    /// Returns the table of a sheet.
    fn of_sheet(path: PathBuf, header: Vec<String>, rows: SheetRows) -> Result<Table, Problem> {
        check_header(&path, rows.header_line(), &header)?;
        let nullable = vec![false; header.len()];
        Ok(Table { path, header, rows: Rows::Sheet(Box::new(rows)), nullable, notes: Vec::new() })
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

    /// Gives a column another name: that by which its reader knows it.
    ///
    /// # Errors
    /// There is no such column, or another one has the name.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), Problem> {
        let Some(column) = self.column(from).or_else(|| self.column_like(from)) else {
            let found = format!("found no column `{from}`, expected it for `{to}`");
            let problem = Problem::new(self.header_place(), found);
            return Err(match did_you_mean(from, self.header.iter().map(String::as_str)) {
                Some(help) => problem.with_help(help),
                None => problem,
            });
        };
        if self.column(to).is_some_and(|other| other != column) {
            let found = format!("found a column `{to}` beside `{from}`, which is to stand for it");
            return Err(Problem::new(self.header_place().at_key(to), found));
        }
        self.header[column] = to.to_string();
        Ok(())
    }

    /// Takes columns whose names differ from known ones in case, blanks and signs only for those, and notes it.
    pub fn rename_alike<'a>(&mut self, known: impl IntoIterator<Item = &'a str>) {
        for name in known {
            if self.column(name).is_some() {
                continue;
            }
            if let Some(column) = self.column_like(name) {
                let note = format!("the column `{}` is taken for `{name}`", self.header[column]);
                self.notes.push(note);
                self.header[column] = name.to_string();
            }
        }
    }

    /// Returns the one column whose name is this one but for case, blanks and signs.
    pub fn column_like(&self, name: &str) -> Option<usize> {
        let plain = plain_name(name);
        let mut alike = self.header.iter().enumerate().filter(|(_, column)| plain_name(column) == plain);
        let (column, _) = alike.next()?;
        alike.next().is_none().then_some(column)
    }

    /// Takes words such as `NULL` and `NA` in these columns for no value.
    pub fn allow_null_words(&mut self, columns: impl IntoIterator<Item = usize>) {
        columns.into_iter().for_each(|column| self.nullable[column] = true);
    }

    /// Adds a note about the table.
    pub fn add_note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Returns what was taken for something else than it says, a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Goes to the next row; false after the last one.
    #[inline]
    pub fn advance(&mut self) -> Result<bool, Problem> {
        match &mut self.rows {
            Rows::Delimited(rows) => rows.advance(&self.path),
            Rows::Parquet(rows) => rows.advance(&self.path, &self.header),
            Rows::Sheet(rows) => Ok(rows.advance()),
        }
    }

    /// Returns the position of the row after this one.
    pub fn position(&self) -> RowPosition {
        match &self.rows {
            Rows::Delimited(rows) => rows.position(),
            Rows::Parquet(rows) => RowPosition { rows: rows.passed(), byte: 0, line: 0 },
            Rows::Sheet(rows) => RowPosition { rows: rows.passed(), byte: 0, line: 0 },
        }
    }

    /// Skips to a row of the table without parsing those before it.
    pub fn skip_to(&mut self, position: RowPosition) -> Result<(), Problem> {
        match &mut self.rows {
            Rows::Delimited(rows) => rows.skip_to(&self.path, position),
            Rows::Parquet(rows) => rows.skip_to(&self.path, &self.header, position.rows),
            Rows::Sheet(rows) => {
                rows.skip_to(position.rows);
                Ok(())
            }
        }
    }

    /// Returns a cell of this row as it is written; empty where there is no value.
    #[inline]
    pub fn cell(&self, column: usize) -> &[u8] {
        let cell = match &self.rows {
            Rows::Delimited(rows) => rows.cell(column),
            Rows::Parquet(rows) => rows.cell(column),
            Rows::Sheet(rows) => rows.cell(column),
        };
        if self.nullable[column] && is_null_word(cell) { &[] } else { cell }
    }

    /// Returns the meaning of the numbers of a column where it is declared to be dates.
    pub fn dates(&self, column: usize) -> Dates {
        match &self.rows {
            Rows::Delimited(_) | Rows::Sheet(_) => Dates::None,
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
        parse(text).map_err(|reason| {
            let problem = self.wrong(column, reason, expected);
            match is_with_decimal_comma(text) {
                true => problem.with_help("write decimals with a point"),
                false => problem,
            }
        })
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
            Rows::Sheet(rows) => rows.line(),
        };
        Place::file(&self.path).at_line(line)
    }

    /// Returns the place of the header.
    pub fn header_place(&self) -> Place {
        match &self.rows {
            Rows::Delimited(rows) if rows.has_header() => Place::file(&self.path).at_line(1),
            Rows::Sheet(rows) => Place::file(&self.path).at_line(rows.header_line()),
            Rows::Delimited(_) | Rows::Parquet(_) => Place::file(&self.path),
        }
    }
}

/// Returns true for a word that writers of tables leave where there is no value. Few cells begin like one.
#[inline]
fn is_null_word(cell: &[u8]) -> bool {
    matches!(cell, [b'N' | b'n' | b'<' | b'\\', ..]) && NULL_WORDS.contains(&cell)
}

/// Returns a name in small letters, its blanks and signs as single underscores: `Memory (GiB)` is `memory_gib`.
pub fn plain_name(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

/// Returns true for a number whose fraction stands behind a comma.
fn is_with_decimal_comma(text: &str) -> bool {
    text.split_once(',').is_some_and(|(whole, fraction)| {
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        digits(whole.trim_start_matches(['+', '-'])) && digits(fraction)
    })
}

fn check_header(path: &Path, line: u64, header: &[String]) -> Result<(), Problem> {
    let place = |name: &str| Place::file(path).at_line(line).at_key(name);
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
