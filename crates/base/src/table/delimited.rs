//! Delimited text, packed or not, streamed.
//!
//! A quote that is never closed would turn the rest of a file into one cell without an error of the CSV library.
//! So the text is followed by a line that no file holds: where that line ends up inside a cell, a quote was open.

use std::fmt;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use super::blanks::SingleTabs;
use super::row_reader::RowReader;
use super::storage::{self, Source, TableStorage};
use super::{Dialect, RowPosition, Separator};
use crate::input::{Place, Problem};

/// The longest row that is read \[bytes\]: a longer one is the rest of a file behind a quote that is never closed.
const ROW_MOST: u64 = 1 << 24;

/// The most of a text that is looked through for the line that shows its separator \[bytes\].
const HEADER_MOST: usize = 1 << 20;

/// Separators that a header may show, the most usual first.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The cell of the line that follows the text of every file: control characters around a name.
const END: &[u8] = b"\x02\x03plimsoll\x03\x02";

/// The same as a line of its own, whether or not the last line of the file is ended.
const END_LINE: &[u8] = b"\n\x02\x03plimsoll\x03\x02\n";

/// The same in a text whose lines end as those of Windows do.
const END_LINE_CRLF: &[u8] = b"\r\n\x02\x03plimsoll\x03\x02\r\n";

/// The rows of a CSV file below its header.
pub struct Delimited {
    reader: RowReader,
    /// Cells of the header.
    width: usize,
    dialect: Dialect,
    /// The byte between cells.
    delimiter: u8,
    /// True if lines end in carriage return and line feed.
    ends_in_crlf: bool,
    storage: TableStorage,
    /// Bytes of the header; 0 where there is none.
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
    /// Reads the header, or takes that of the dialect.
    pub fn open(
        path: &Path,
        source: Source,
        storage: TableStorage,
        dialect: Dialect,
    ) -> Result<(Vec<String>, Delimited), Problem> {
        let place = Place::file(path).at_line(1);
        let explained = |error: io::Error| explain_io(place.clone(), &error, storage);
        let mut text = text_of(source, storage, dialect).map_err(explained)?;
        let head = read_head(&mut text, dialect.comment).map_err(explained)?;
        if head.text.starts_with(&[0xff, 0xfe]) || head.text.starts_with(&[0xfe, 0xff]) {
            return Err(Problem::new(place, "found UTF-16, expected UTF-8")
                .with_help("save the file as \"CSV UTF-8\", or convert it: iconv -f UTF-16 -t UTF-8"));
        }
        let delimiter = match dialect.separator {
            Separator::ByHeader => head.separator(),
            Separator::Byte(byte) => byte,
            Separator::Blanks => b'\t',
        };
        let ends_in_crlf = head.ends_in_crlf();
        let text = Cursor::new(head.text).chain(text);
        let mut rows = Delimited {
            reader: reader(text, dialect, (delimiter, ends_in_crlf)),
            width: 0,
            dialect,
            delimiter,
            ends_in_crlf,
            storage,
            header_bytes: 0,
            skipped_bytes: 0,
            skipped_lines: 0,
        };
        if let Some(columns) = dialect.columns {
            rows.width = columns.len();
            return Ok((columns.iter().map(ToString::to_string).collect(), rows));
        }
        if !rows.read(path)? {
            return Err(Problem::new(place, "found nothing, expected a header"));
        }
        rows.width = rows.reader.width();
        rows.header_bytes = rows.reader.next_at().byte;
        let names: Result<Vec<&str>, _> = rows.reader.cells().map(std::str::from_utf8).collect();
        match names {
            Ok(names) => Ok((names.into_iter().map(|name| name.trim().to_string()).collect(), rows)),
            Err(_) => {
                let problem =
                    Problem::new(place, "found bytes that are not text, expected a header in UTF-8");
                let help =
                    "the extension decides how a file is read: `.csv`, `.csv.gz`, `.csv.zst`, `.parquet`";
                Err(problem.with_help(help))
            }
        }
    }

    /// Returns true if the text begins with a header.
    pub fn has_header(&self) -> bool {
        self.dialect.columns.is_none()
    }

    /// Returns the place of the next row.
    pub fn position(&self) -> RowPosition {
        let next = self.reader.next_at();
        RowPosition { rows: 0, byte: next.byte + self.skipped_bytes, line: next.line + self.skipped_lines }
    }

    /// Skips to a position below the header. The file is opened again: plain text is skipped, packed text is unpacked on the
    /// way.
    pub fn skip_to(&mut self, path: &Path, to: RowPosition) -> Result<(), Problem> {
        let (place, below) = (Place::file(path).at_line(to.line), self.header_bytes);
        let mut file = storage::open_file(path)?;
        // The header is given to the reader once more, so that places are counted as before.
        let mut header = Vec::new();
        let is_plain = self.storage == TableStorage::Csv && self.dialect.separator != Separator::Blanks;
        let opened = if is_plain {
            file.by_ref()
                .take(below)
                .read_to_end(&mut header)
                .and_then(|_| file.seek(SeekFrom::Start(to.byte)))
                .map(|_| self.again(Cursor::new(header).chain(file)))
        } else {
            text_of(Source::File(file), self.storage, self.dialect).and_then(|mut text| {
                text.by_ref().take(below).read_to_end(&mut header)?;
                io::copy(&mut text.by_ref().take(to.byte.saturating_sub(below)), &mut io::sink())?;
                Ok(self.again(Cursor::new(header).chain(text)))
            })
        };
        self.reader = opened.map_err(|error| explain_io(place, &error, self.storage))?;
        (self.skipped_bytes, self.skipped_lines) = (to.byte.saturating_sub(below), 0);
        if self.has_header() {
            self.advance(path)?;
        }
        self.skipped_lines = to.line.saturating_sub(self.reader.next_at().line);
        Ok(())
    }

    /// Returns a reader of the same dialect.
    fn again(&self, text: impl Read + Send + 'static) -> RowReader {
        reader(text, self.dialect, (self.delimiter, self.ends_in_crlf))
    }

    /// Goes to the next row; false after the last one.
    #[inline]
    pub fn advance(&mut self, path: &Path) -> Result<bool, Problem> {
        if !self.read(path)? {
            return Ok(false);
        }
        if self.reader.width() == self.width {
            return Ok(true);
        }
        let found = format!("found {} values", self.reader.width());
        let expected = match self.has_header() {
            true => format!("expected {}, as many as the header has columns", self.width),
            false => format!("expected the {} of the format, which has no header", self.width),
        };
        Err(Problem::new(Place::file(path).at_line(self.line()), format!("{found}, {expected}")))
    }

    /// Reads a row of any length; false where the end of the file was read.
    #[inline]
    fn read(&mut self, path: &Path) -> Result<bool, Problem> {
        match self.reader.advance() {
            Ok(read) if !read || self.reader.row() == END => Ok(false),
            Ok(_) if self.reader.holds_line_break() => Err(self.explain_line_break(path)),
            Ok(_) => Ok(true),
            Err(error) => Err(self.explain(path, &error)),
        }
    }

    #[inline]
    pub fn cell(&self, column: usize) -> &[u8] {
        // `advance` has refused rows of another length than the header's.
        self.reader.cell(column)
    }

    /// Returns the line of the current row, from 1: a row is one line. The library tells where it began to look for it, above
    /// comments and empty lines, and where it stands now: below its end, or before the line feed of its end.
    pub fn line(&self) -> u64 {
        let next = self.reader.next_at().line + self.skipped_lines;
        if self.ends_in_crlf { next } else { next.saturating_sub(1).max(1) }
    }

    /// Returns the problem of a row that holds a line break: no cell of a table of ours has one, and where a quote is
    /// open by mistake, it is the rows below that have become part of the cell.
    fn explain_line_break(&self, path: &Path) -> Problem {
        let line = self.reader.row_at().line + self.skipped_lines;
        let place = Place::file(path).at_line(line + u64::from(self.ends_in_crlf && line > 1));
        if [END_LINE, END_LINE_CRLF].iter().any(|end| self.reader.row().ends_with(end)) {
            return unclosed(place);
        }
        Problem::new(place, "found a line break between quotes, expected a row on one line").with_help(
            "a quote opens in this row and closes in a later one: close it here, or write it twice",
        )
    }

    /// Returns the problem of a row that could not be read.
    fn explain(&self, path: &Path, error: &io::Error) -> Problem {
        let place = Place::file(path).at_line(self.reader.row_at().line + self.skipped_lines);
        match error.kind() {
            io::ErrorKind::FileTooLarge => unclosed(place),
            _ => explain_io(place, error, self.storage),
        }
    }
}

/// Returns the problem of a quote without an end.
fn unclosed(place: Place) -> Problem {
    Problem::new(place, "found a quote that is never closed, expected its end in the same row")
        .with_help("close it; a quote that belongs to a name stands twice, between quotes")
}

/// Returns the text of a table, one tab between cells where any number of blanks stands there.
fn text_of(source: Source, storage: TableStorage, dialect: Dialect) -> io::Result<Box<dyn Read + Send>> {
    let text = storage.unpack(source)?;
    Ok(match dialect.separator {
        Separator::Blanks => Box::new(SingleTabs::new(text)),
        Separator::ByHeader | Separator::Byte(_) => text,
    })
}

/// Reads up to the end of the first line that is neither empty nor a comment.
fn read_head(text: &mut impl Read, comment: Option<u8>) -> io::Result<Head> {
    let mut head = Vec::new();
    let mut line = 0;
    let mut buffer = [0; 1 << 12];
    while head.len() < HEADER_MOST {
        let read = text.read(&mut buffer)?;
        head.extend_from_slice(&buffer[..read]);
        while let Some(length) = head[line..].iter().position(|byte| *byte == b'\n') {
            let first = head[line..line + length].iter().find(|byte| !byte.is_ascii_whitespace());
            if first.is_some_and(|first| Some(*first) != comment) {
                return Ok(Head { text: head, row: line });
            }
            line += length + 1;
        }
        if read == 0 {
            break;
        }
    }
    Ok(Head { text: head, row: line })
}

/// The beginning of a text, of which nothing is lost: the reader begins with it.
struct Head {
    text: Vec<u8>,
    /// Byte at which the first row begins.
    row: usize,
}

impl Head {
    /// Returns true if the first line that ends does so in carriage return and line feed.
    fn ends_in_crlf(&self) -> bool {
        let end = self.text.iter().position(|byte| *byte == b'\n');
        end.is_some_and(|end| end > 0 && self.text[end - 1] == b'\r')
    }

    /// Returns the separator that the first row has most often outside quotes; the comma where there is none.
    fn separator(&self) -> u8 {
        let mut counts = [0u32; SEPARATORS.len()];
        let mut is_quoted = false;
        for byte in self.text[self.row..].iter().take_while(|byte| **byte != b'\n') {
            match SEPARATORS.iter().position(|separator| separator == byte) {
                Some(i) if !is_quoted => counts[i] += 1,
                _ => is_quoted ^= *byte == b'"',
            }
        }
        let most = counts.iter().max().expect("there are separators");
        SEPARATORS[counts.iter().position(|count| count == most).expect("one has the most")]
    }
}

/// Returns a reader of the rows of some text and of [`END_LINE`]. A row of any length is read: [`Delimited::advance`] checks.
fn reader(
    text: impl Read + Send + 'static,
    dialect: Dialect,
    (delimiter, ends_in_crlf): (u8, bool),
) -> RowReader {
    let end = if ends_in_crlf { END_LINE_CRLF } else { END_LINE };
    RowReader::new(text.chain(end), delimiter, dialect.comment, ROW_MOST)
}

fn explain_io(place: Place, error: &io::Error, storage: TableStorage) -> Problem {
    let Some(packing) = storage.packing() else {
        return Problem::new(place, format!("cannot be read: {error}"));
    };
    let message = match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            "found the end of the file, expected more: it is truncated".to_string()
        }
        _ => format!("cannot be unpacked: {error}; expected {}", packing.name),
    };
    Problem::new(place, message)
        .with_help(format!("fetch or write the file again; {} checks it", packing.check))
}
