//! CSV and gzipped CSV, streamed.
//!
//! A quote that is never closed would turn the rest of a file into one cell without an error of the CSV library.
//! So the text is followed by a line that no file holds: where that line ends up inside a cell, a quote was open.

use csv::ByteRecord;
use flate2::read::MultiGzDecoder;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Dialect, RowPosition};
use crate::input::{Place, Problem};

/// Bytes read from the file at a time.
const BUFFER: usize = 1 << 18;

/// The longest row that is read \[bytes\]: a longer one is the rest of a file behind a quote that is never closed.
const ROW_MOST: u64 = 1 << 24;

/// The cell of the line that follows the text of every file: control characters around a name.
const END: &[u8] = b"\x02\x03plimsoll\x03\x02";

/// The same as a line of its own, whether or not the last line of the file is ended.
const END_LINE: &[u8] = b"\n\x02\x03plimsoll\x03\x02\n";

/// The rows of a CSV file below its header.
pub struct Delimited {
    reader: csv::Reader<Box<dyn Read + Send>>,
    /// Byte of the text up to which the reader may read ahead: the row it reads and [`ROW_MOST`].
    read_most: Arc<AtomicU64>,
    record: ByteRecord,
    /// Cells of the header.
    width: usize,
    dialect: Dialect,
    gzipped: bool,
    /// Bytes of the header.
    header_bytes: u64,
    /// Bytes and lines that were skipped unread.
    skipped_bytes: u64,
    skipped_lines: u64,
}

impl fmt::Debug for Delimited {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Delimited at line {}", self.line())
    }
}

impl Delimited {
    /// Reads the header.
    pub fn open(
        path: &Path,
        file: File,
        gzipped: bool,
        dialect: Dialect,
    ) -> Result<(Vec<String>, Delimited), Problem> {
        let read_most = Arc::new(AtomicU64::new(ROW_MOST));
        let reader = if gzipped {
            reader(unpacked(file), dialect, &read_most)
        } else {
            reader(file, dialect, &read_most)
        };
        let mut rows = Delimited {
            reader,
            read_most,
            record: ByteRecord::new(),
            width: 0,
            dialect,
            gzipped,
            header_bytes: 0,
            skipped_bytes: 0,
            skipped_lines: 0,
        };
        let place = Place::file(path).at_line(1);
        if !rows.read(path)? {
            return Err(Problem::new(place, "found nothing, expected a header"));
        }
        rows.width = rows.record.len();
        rows.header_bytes = rows.reader.position().byte();
        let header = std::str::from_utf8(rows.record.as_slice()).ok().map(|_| {
            rows.record.iter().map(|name| String::from_utf8_lossy(name).trim().to_string()).collect()
        });
        match header {
            Some(header) => Ok((header, rows)),
            None => {
                let problem =
                    Problem::new(place, "found bytes that are not text, expected a header in UTF-8");
                Err(problem
                    .with_help("the extension decides how a file is read: `.csv`, `.csv.gz`, `.parquet`"))
            }
        }
    }

    /// Returns the place of the next row.
    pub fn position(&self) -> RowPosition {
        let next = self.reader.position();
        RowPosition {
            rows: 0,
            byte: next.byte() + self.skipped_bytes,
            line: next.line() + self.skipped_lines,
        }
    }

    /// Skips to a position below the header. `file` is the same file, opened again: plain text is skipped,
    /// gzipped text is decompressed on the way.
    pub fn skip_to(&mut self, path: &Path, mut file: File, to: RowPosition) -> Result<(), Problem> {
        let (place, below) = (Place::file(path).at_line(to.line), self.header_bytes);
        // The header is given to the reader once more, so that places are counted as before.
        let mut header = Vec::new();
        self.read_most.store(ROW_MOST, Ordering::Relaxed);
        let opened = if self.gzipped {
            let mut text = unpacked(file);
            text.by_ref()
                .take(below)
                .read_to_end(&mut header)
                .and_then(|_| {
                    io::copy(&mut text.by_ref().take(to.byte.saturating_sub(below)), &mut io::sink())
                })
                .map(|_| reader(Cursor::new(header).chain(text), self.dialect, &self.read_most))
        } else {
            file.by_ref()
                .take(below)
                .read_to_end(&mut header)
                .and_then(|_| file.seek(SeekFrom::Start(to.byte)))
                .map(|_| reader(Cursor::new(header).chain(file), self.dialect, &self.read_most))
        };
        self.reader = opened.map_err(|error| explain_io(place, &error, self.gzipped))?;
        (self.skipped_bytes, self.skipped_lines) = (to.byte.saturating_sub(below), 0);
        self.advance(path)?;
        self.skipped_lines = to.line.saturating_sub(self.reader.position().line());
        Ok(())
    }

    /// Goes to the next row; false after the last one.
    #[inline]
    pub fn advance(&mut self, path: &Path) -> Result<bool, Problem> {
        if !self.read(path)? {
            return Ok(false);
        }
        if self.record.len() == self.width {
            return Ok(true);
        }
        let found = format!("found {} values", self.record.len());
        let expected = format!("expected {}, as many as the header has columns", self.width);
        Err(Problem::new(Place::file(path).at_line(self.line()), format!("{found}, {expected}")))
    }

    /// Reads a row of any length; false where the end of the file was read.
    #[inline]
    fn read(&mut self, path: &Path) -> Result<bool, Problem> {
        let line = self.reader.position().line();
        self.read_most.store(self.reader.position().byte() + ROW_MOST, Ordering::Relaxed);
        match self.reader.read_byte_record(&mut self.record) {
            Ok(read) if !read || self.record.as_slice() == END => Ok(false),
            Ok(_) if self.record.as_slice().contains(&b'\n') => Err(self.explain_line_break(path)),
            Ok(_) => Ok(true),
            Err(error) => Err(self.explain(path, line, error)),
        }
    }

    #[inline]
    pub fn cell(&self, column: usize) -> &[u8] {
        // `advance` has refused rows of another length than the header's.
        &self.record[column]
    }

    /// Returns the line of the current row, from 1.
    pub fn line(&self) -> u64 {
        self.record.position().map_or(1, csv::Position::line) + self.skipped_lines
    }

    /// Returns the problem of a row that holds a line break: no cell of a table of ours has one, and where a quote is
    /// open by mistake, it is the rows below that have become part of the cell.
    fn explain_line_break(&self, path: &Path) -> Problem {
        let place = Place::file(path).at_line(self.line());
        if self.record.as_slice().ends_with(END_LINE) {
            return unclosed(place);
        }
        Problem::new(place, "found a line break between quotes, expected a row on one line").with_help(
            "a quote opens in this row and closes in a later one: close it here, or write it twice",
        )
    }

    /// Returns the problem of a row that begins at `line` and could not be read.
    fn explain(&self, path: &Path, line: u64, error: csv::Error) -> Problem {
        let place = Place::file(path).at_line(line + self.skipped_lines);
        match error.into_kind() {
            csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => unclosed(place),
            csv::ErrorKind::Io(error) => explain_io(place, &error, self.gzipped),
            other => Problem::new(place, format!("cannot be read: {other:?}")),
        }
    }
}

/// Returns the problem of a quote without an end.
fn unclosed(place: Place) -> Problem {
    Problem::new(place, "found a quote that is never closed, expected its end in the same row")
        .with_help("close it; a quote that belongs to a name stands twice, between quotes")
}

/// Returns a reader of the rows of some text and of [`END_LINE`]. A row of any length is read: [`Delimited::advance`] checks.
fn reader(
    text: impl Read + Send + 'static,
    dialect: Dialect,
    read_most: &Arc<AtomicU64>,
) -> csv::Reader<Box<dyn Read + Send>> {
    let bounded = Bounded { text, read: 0, most: Arc::clone(read_most) };
    let text: Box<dyn Read + Send> = Box::new(bounded.chain(END_LINE));
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(dialect.comment)
        .buffer_capacity(BUFFER)
        .from_reader(text)
}

/// Text that is read no further than a bound that moves along: one endless row does not fill the memory.
struct Bounded<R> {
    text: R,
    read: u64,
    most: Arc<AtomicU64>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read > self.most.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.text.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}

fn unpacked(file: File) -> impl Read + Send {
    MultiGzDecoder::new(BufReader::with_capacity(BUFFER, file))
}

fn explain_io(place: Place, error: &io::Error, gzipped: bool) -> Problem {
    if !gzipped {
        return Problem::new(place, format!("cannot be read: {error}"));
    }
    let message = match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            "found the end of the file, expected more: it is truncated".to_string()
        }
        _ => format!("cannot be unpacked: {error}; expected gzip"),
    };
    Problem::new(place, message).with_help("fetch or write the file again; `gzip -t` checks it")
}
