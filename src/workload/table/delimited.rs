//! CSV and gzipped CSV, streamed.

use csv::ByteRecord;
use flate2::read::MultiGzDecoder;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use crate::input::{Place, Problem};

/// Bytes read from the file at a time.
const BUFFER: usize = 1 << 18;

/// The rows of a CSV file below its header.
pub struct Delimited {
    reader: csv::Reader<Box<dyn Read + Send>>,
    record: ByteRecord,
    gzipped: bool,
}

impl fmt::Debug for Delimited {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Delimited at line {}", self.line())
    }
}

impl Delimited {
    /// Reads the header.
    pub fn open(path: &Path, file: File, gzipped: bool) -> Result<(Vec<String>, Delimited), Problem> {
        let source: Box<dyn Read + Send> = match gzipped {
            true => Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, file))),
            false => Box::new(file),
        };
        let reader = csv::ReaderBuilder::new().has_headers(false).buffer_capacity(BUFFER).from_reader(source);
        let mut rows = Delimited { reader, record: ByteRecord::new(), gzipped };
        let place = Place::file(path).at_line(1);
        if !rows.advance(path)? {
            return Err(Problem::new(place, "found nothing, expected a header"));
        }
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
        self.record.position().map_or(1, csv::Position::line)
    }

    fn explain(&self, path: &Path, error: csv::Error) -> Problem {
        let place = Place::file(path);
        let line = error.position().map_or(self.reader.position().line(), csv::Position::line);
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
