//! Workbooks: the sheets of an `.xlsx` file, each as a table whose header is the first row that holds anything.
//!
//! Cells become text as their writer would export them: numbers in full, truth as `True` and `False`. A date or an error does not
//! become a number: a date is `date` with its number of days, one in the form of ISO 8601 its text, and an error its name.

use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use calamine::{DataRef, Reader, SheetType, Xlsx, XlsxError};

use super::Table;
use super::library::caught;
use super::storage::open_file;
use crate::input::{Place, Problem};

/// Most columns of a sheet that are read.
const MOST_COLUMNS: u32 = 1024;

/// First bytes of a compound file, which holds a workbook of Excel 97 to 2003, or an encrypted one.
const COMPOUND_FILE: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// A workbook that is open.
pub struct Workbook {
    path: PathBuf,
    book: Xlsx<BufReader<File>>,
}

/// Rows of a sheet, in memory.
pub(super) struct SheetRows {
    /// Rows that hold something.
    rows: Vec<SheetRow>,
    /// Number of rows that were passed, the current one included.
    passed: usize,
    /// Line of the header.
    header_line: u64,
}

/// Row of a sheet.
struct SheetRow {
    /// Line in the sheet, from 1.
    line: u64,
    /// Cells as text.
    cells: Vec<Vec<u8>>,
}

/// Returns true for the name of a file that holds a workbook.
pub fn is_workbook(path: &Path) -> bool {
    let is = |known: &&str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(known));
    ["xlsx", "xlsm", "xls", "xlsb", "ods"].iter().any(is)
}

impl Workbook {
    /// Opens a file.
    ///
    /// # Errors
    /// Another form of workbook than `.xlsx` and `.xlsm`, an encrypted one, or one that is damaged.
    pub fn open(path: &Path) -> Result<Workbook, Problem> {
        let file = open_file(path)?;
        if let Some(problem) = other_form(path) {
            return Err(problem);
        }
        let book = caught(|| Xlsx::new(BufReader::new(file))).unwrap_or_else(|| Err(contradiction()));
        match book {
            Ok(book) => Ok(Workbook { path: path.to_path_buf(), book }),
            Err(error) => Err(unreadable(path, &error)),
        }
    }

    /// Returns the names of the sheets that hold cells, in order.
    pub fn sheets(&self) -> Vec<String> {
        let sheets = self.book.sheets_metadata().iter();
        sheets.filter(|sheet| sheet.typ == SheetType::WorkSheet).map(|sheet| sheet.name.clone()).collect()
    }

    /// Returns the sheet of a name, whatever its case, as a table; `None` where there is none.
    ///
    /// # Errors
    /// A sheet without a header, or that is damaged.
    pub fn table(&mut self, sheet: &str) -> Result<Option<Table>, Problem> {
        let named = self.sheets().into_iter().find(|name| name.eq_ignore_ascii_case(sheet));
        let Some(sheet) = named else { return Ok(None) };
        let name = PathBuf::from(format!("{}[{sheet}]", self.path.display()));
        let rows = caught(|| self.rows(&sheet)).unwrap_or_else(|| Err(contradiction()));
        let rows = rows.map_err(|error| unreadable(&name, &error))?;
        sheet_table(name, rows).map(Some)
    }

    /// Reads the rows that hold something.
    fn rows(&mut self, sheet: &str) -> Result<Vec<SheetRow>, XlsxError> {
        let mut cells = self.book.worksheet_cells_reader(sheet)?;
        let mut rows: Vec<SheetRow> = Vec::new();
        while let Some(cell) = cells.next_cell()? {
            let text = text_of(cell.get_value());
            let (row, column) = cell.get_position();
            if text.is_empty() {
                continue;
            }
            if column >= MOST_COLUMNS {
                return Err(XlsxError::Unexpected("more than 1,024 columns"));
            }
            let (line, column) = (u64::from(row) + 1, column as usize);
            if rows.last().is_none_or(|last| last.line != line) {
                rows.push(SheetRow { line, cells: Vec::new() });
            }
            let cells = &mut rows.last_mut().expect("one was pushed").cells;
            cells.resize(cells.len().max(column + 1), Vec::new());
            cells[column] = text.into_bytes();
        }
        Ok(rows)
    }
}

/// Returns the table of some rows, of which the first is the header.
fn sheet_table(name: PathBuf, mut rows: Vec<SheetRow>) -> Result<Table, Problem> {
    if rows.is_empty() {
        return Err(Problem::new(Place::file(&name), "found an empty sheet, expected a header"));
    }
    let SheetRow { line: header_line, cells: header } = rows.remove(0);
    let header: Vec<String> =
        header.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_string()).collect();
    for SheetRow { line, cells } in &mut rows {
        if cells.len() > header.len() {
            let message =
                format!("found a value in column {}, expected {} columns", cells.len(), header.len());
            return Err(Problem::new(Place::file(&name).at_line(*line), message)
                .with_help("give each column a name in the first row"));
        }
        cells.resize(header.len(), Vec::new());
    }
    Table::of_sheet(name, header, SheetRows { rows, passed: 0, header_line })
}

/// Returns the problem of a file that is a workbook of another form, by its name or its first bytes.
fn other_form(path: &Path) -> Option<Problem> {
    let is_named = |extension: &str| path.extension().is_some_and(|own| own.eq_ignore_ascii_case(extension));
    let problem = |found: &str| Problem::new(Place::file(path), format!("found {found}, expected `.xlsx`"));
    if is_named("xlsx") || is_named("xlsm") {
        return is_compound_file(path).then(|| {
            problem("a workbook that is encrypted or of Excel 97 to 2003")
                .with_help("save it as an Excel workbook without a password, or its sheets as \"CSV UTF-8\"")
        });
    }
    Some(
        problem("another form of workbook")
            .with_help("save it as an Excel workbook (`.xlsx`), or its sheets as \"CSV UTF-8\""),
    )
}

fn is_compound_file(path: &Path) -> bool {
    let mut first = [0; COMPOUND_FILE.len()];
    let read = |mut file: File| std::io::Read::read_exact(&mut file, &mut first);
    File::open(path).and_then(read).is_ok() && first == COMPOUND_FILE
}

fn unreadable(place: &Path, error: &XlsxError) -> Problem {
    let problem = Problem::new(Place::file(place), format!("is no workbook that can be read: {error}"));
    problem.with_help("open it in a spreadsheet and save it again, or export it anew")
}

/// Returns the error of a file that makes the library panic.
fn contradiction() -> XlsxError {
    XlsxError::Unexpected("it contradicts itself")
}

/// Returns a cell as text; empty where there is no value.
fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => text.to_string(),
        DataRef::Bool(true) => "True".to_string(),
        DataRef::Bool(false) => "False".to_string(),
        DataRef::DateTime(date) => format!("date {}", date.as_f64()),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
    }
}

impl SheetRows {
    /// Goes to the next row; false after the last one.
    pub fn advance(&mut self) -> bool {
        self.passed = (self.passed + 1).min(self.rows.len() + 1);
        self.passed <= self.rows.len()
    }

    /// Skips to the row after so many.
    pub fn skip_to(&mut self, passed: u64) {
        self.passed = passed as usize;
    }

    /// Returns the number of rows up to the current one.
    pub fn passed(&self) -> u64 {
        self.passed as u64
    }

    /// Returns a cell of the current row.
    pub fn cell(&self, column: usize) -> &[u8] {
        &self.rows[self.passed - 1].cells[column]
    }

    /// Returns the line of the current row in its sheet.
    pub fn line(&self) -> u64 {
        self.passed.checked_sub(1).and_then(|row| self.rows.get(row)).map_or(self.header_line, |row| row.line)
    }

    /// Returns the line of the header.
    pub fn header_line(&self) -> u64 {
        self.header_line
    }
}

impl fmt::Debug for SheetRows {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SheetRows {{ passed: {}, of: {} }}", self.passed, self.rows.len())
    }
}
