//! CSV and gzipped CSV, streamed.

use csv::ByteRecord;
use flate2::read::MultiGzDecoder;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use super::Position;
use crate::input::{Place, Problem};

/// Bytes read from the file at a time.
const BUFFER: usize = 1 << 18;

/// The rows of a CSV file below its header.
pub struct Delimited {
    reader: csv::Reader<Box<dyn Read + Send>>,
    record: ByteRecord,
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
    pub fn open(path: &Path, file: File, gzipped: bool) -> Result<(Vec<String>, Delimited), Problem> {
        let reader = if gzipped { reader(unpacked(file)) } else { reader(file) };
        let mut rows = Delimited {
            reader,
            record: ByteRecord::new(),
            gzipped,
            header_bytes: 0,
            skipped_bytes: 0,
            skipped_lines: 0,
        };
        let place = Place::file(path).at_line(1);
        if !rows.advance(path)? {
            return Err(Problem::new(place, "found nothing, expected a header"));
        }
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

    /// Where the next row stands.
    pub fn position(&self) -> Position {
        let next = self.reader.position();
        Position { rows: 0, byte: next.byte() + self.skipped_bytes, line: next.line() + self.skipped_lines }
    }

    /// Goes to a place below the header. `file` is the same file, opened again: text is gone past,
    /// what is gzipped is unpacked on the way.
    pub fn skip_to(&mut self, path: &Path, mut file: File, to: Position) -> Result<(), Problem> {
        let (place, below) = (Place::file(path).at_line(to.line), self.header_bytes);
        // The header is given to the reader once more: it says how many cells a row has.
        let mut header = Vec::new();
        let opened = if self.gzipped {
            let mut text = unpacked(file);
            text.by_ref()
                .take(below)
                .read_to_end(&mut header)
                .and_then(|_| {
                    io::copy(&mut text.by_ref().take(to.byte.saturating_sub(below)), &mut io::sink())
                })
                .map(|_| reader(Cursor::new(header).chain(text)))
        } else {
            file.by_ref()
                .take(below)
                .read_to_end(&mut header)
                .and_then(|_| file.seek(SeekFrom::Start(to.byte)))
                .map(|_| reader(Cursor::new(header).chain(file)))
        };
        self.reader = opened.map_err(|error| explain_io(place, &error, self.gzipped))?;
        (self.skipped_bytes, self.skipped_lines) = (to.byte.saturating_sub(below), 0);
        self.advance(path)?;
        self.skipped_lines = to.line.saturating_sub(self.reader.position().line());
        Ok(())
    }

    #[inline]
    pub fn advance(&mut self, path: &Path) -> Result<bool, Problem> {
        self.reader.read_byte_record(&mut self.record).map_err(|error| self.explain(path, error))
    }

    #[inline]
    pub fn cell(&self, column: usize) -> &[u8] {
        // The reader has refused rows of another length than the header's.
        &self.record[column]
    }

    /// Line of the current row, from 1.
    pub fn line(&self) -> u64 {
        self.record.position().map_or(1, csv::Position::line) + self.skipped_lines
    }

    fn explain(&self, path: &Path, error: csv::Error) -> Problem {
        let place = Place::file(path);
        let line = error.position().map_or(self.reader.position().line(), csv::Position::line);
        let line = line + self.skipped_lines;
        match error.into_kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => Problem::new(
                place.at_line(line),
                format!("found {len} values, expected {expected_len}, as many as the header has columns"),
            ),
            csv::ErrorKind::Io(error) => explain_io(place.at_line(line), &error, self.gzipped),
            other => Problem::new(place.at_line(line), format!("cannot be read: {other:?}")),
        }
    }
}

/// A reader of the rows of some text.
fn reader(text: impl Read + Send + 'static) -> csv::Reader<Box<dyn Read + Send>> {
    let text: Box<dyn Read + Send> = Box::new(text);
    csv::ReaderBuilder::new().has_headers(false).buffer_capacity(BUFFER).from_reader(text)
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
