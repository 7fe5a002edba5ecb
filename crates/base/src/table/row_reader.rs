//! Rows of delimited text, one after the other.
//!
//! Nearly every row of a table is a line without a quote: it is split here. Whatever else there is, quotes, carriage returns, comments,
//! empty lines and a row that the buffer ends in, is left to the CSV library, which takes several times as long.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

use csv_core::{ReadRecordResult, Reader};

/// Bytes read from the text at a time.
const BUFFER: usize = 1 << 18;

/// Reader of the rows of a text, at one of them.
pub struct RowReader {
    text: BufReader<Box<dyn Read + Send>>,
    library: Reader,
    delimiter: u8,
    comment: Option<u8>,
    /// By byte: true of one that is part of a cell wherever it stands.
    is_plain: [bool; 256],
    /// The longest row that is read \[bytes\].
    row_most: u64,
    next: TextPosition,
    row_at: TextPosition,
    /// Text of the row: that of the cells, and what stands between them in a row that is split here.
    row: Vec<u8>,
    /// Cells in `row`.
    cells: Vec<Range<usize>>,
    /// Room for the ends of the cells that the library finds.
    ends: Vec<usize>,
    /// True if the row was split here: it is one line.
    is_split: bool,
}

/// Position in a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TextPosition {
    /// Bytes before it.
    pub byte: u64,
    /// Its line, from 1.
    pub line: u64,
}

impl RowReader {
    /// Returns the reader of a text with this byte between cells; lines that begin with `comment` are none. A row of more than
    /// `row_most` bytes is an error of kind [`io::ErrorKind::FileTooLarge`].
    pub fn new(
        text: impl Read + Send + 'static,
        delimiter: u8,
        comment: Option<u8>,
        row_most: u64,
    ) -> RowReader {
        let mut is_plain = [true; 256];
        for byte in [delimiter, b'\n', b'\r', b'"'] {
            is_plain[usize::from(byte)] = false;
        }
        let start = TextPosition { byte: 0, line: 1 };
        RowReader {
            text: BufReader::with_capacity(BUFFER, Box::new(text)),
            library: csv_core::ReaderBuilder::new().delimiter(delimiter).comment(comment).build(),
            delimiter,
            comment,
            is_plain,
            row_most,
            next: start,
            row_at: start,
            row: Vec::new(),
            cells: Vec::new(),
            ends: Vec::new(),
            is_split: false,
        }
    }

    /// Goes to the next row; false after the last one.
    #[inline]
    pub fn advance(&mut self) -> io::Result<bool> {
        self.row_at = self.next;
        self.is_split = self.split_line();
        Ok(self.is_split || self.read_by_library()?)
    }

    /// Takes the next line of the buffer if it is a row in which no byte has a meaning but those between its cells.
    #[inline]
    fn split_line(&mut self) -> bool {
        let text = self.text.buffer();
        // The library takes the first row: a byte order mark may stand before it.
        if self.next.byte == 0
            || matches!(text.first(), None | Some(b'\n'))
            || text.first() == self.comment.as_ref()
        {
            return false;
        }
        self.cells.clear();
        let mut from = 0;
        for (at, &byte) in text.iter().enumerate() {
            if self.is_plain[usize::from(byte)] {
                continue;
            }
            if byte != self.delimiter && byte != b'\n' {
                return false;
            }
            self.cells.push(from..at);
            from = at + 1;
            if byte == b'\n' {
                self.row.clear();
                self.row.extend_from_slice(&text[..at]);
                self.text.consume(from);
                self.next = TextPosition { byte: self.next.byte + from as u64, line: self.next.line + 1 };
                return true;
            }
        }
        false
    }

    /// Reads a row by the library.
    fn read_by_library(&mut self) -> io::Result<bool> {
        self.library.set_line(self.next.line);
        let (mut length, mut count) = (0, 0);
        loop {
            let text = self.text.fill_buf()?;
            let (result, taken, written, ended) =
                self.library.read_record(text, &mut self.row[length..], &mut self.ends[count..]);
            self.text.consume(taken);
            self.next = TextPosition { byte: self.next.byte + taken as u64, line: self.library.line() };
            (length, count) = (length + written, count + ended);
            match result {
                ReadRecordResult::InputEmpty if self.next.byte - self.row_at.byte > self.row_most => {
                    return Err(io::ErrorKind::FileTooLarge.into());
                }
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.row.resize(2 * length + 64, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * count + 16, 0),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(false),
            }
        }
        self.row.truncate(length);
        self.cells.clear();
        let mut from = 0;
        for &end in &self.ends[..count] {
            self.cells.push(from..end);
            from = end;
        }
        Ok(true)
    }

    /// Returns the number of cells of the row.
    #[inline]
    pub fn width(&self) -> usize {
        self.cells.len()
    }

    /// Returns a cell of the row.
    #[inline]
    pub fn cell(&self, column: usize) -> &[u8] {
        &self.row[self.cells[column].clone()]
    }

    /// Returns the cells of the row.
    pub fn cells(&self) -> impl Iterator<Item = &[u8]> {
        self.cells.iter().map(|cell| &self.row[cell.clone()])
    }

    /// Returns the text of the row: that of its cells, which may have what stood between them.
    #[inline]
    pub fn row(&self) -> &[u8] {
        &self.row
    }

    /// Returns true if a cell of the row holds a line break.
    #[inline]
    pub fn holds_line_break(&self) -> bool {
        !self.is_split && self.row.contains(&b'\n')
    }

    /// Returns the position at which the row was looked for, above comments and empty lines.
    #[inline]
    pub fn row_at(&self) -> TextPosition {
        self.row_at
    }

    /// Returns the position at which the next row is looked for.
    #[inline]
    pub fn next_at(&self) -> TextPosition {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed};

    /// Text that hands out a few bytes at a time, so that rows end anywhere in the buffer.
    struct InParts(Vec<u8>, usize);

    impl Read for InParts {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(buffer.len());
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0.drain(..length);
            Ok(length)
        }
    }

    #[test]
    fn rows_and_their_positions_are_those_of_the_library() {
        let mut random = Seed(5).stream(Purpose::Mix, 0);
        let parts = ["a", "bc", ",", ",", "\n", "\n", "\"", "\"\"", "\r\n", "#", " ", "7.5", "\u{e9}"];
        for round in 0..4_000 {
            let length = random.below(40);
            let drawn = (0..length).map(|_| parts[random.below(parts.len() as u64) as usize]);
            let text: String = ["", "\u{feff}"][round % 2]
                .chars()
                .map(String::from)
                .chain(drawn.map(String::from))
                .collect();
            let comment = [None, Some(b'#')][round / 2 % 2];
            let mut plain = csv::ReaderBuilder::new();
            let plain = plain.has_headers(false).flexible(true).comment(comment);
            let mut plain = plain.from_reader(text.as_bytes());
            // The library takes a part that is a byte order mark alone for the end of the text.
            let in_parts = InParts(text.clone().into_bytes(), 4 + random.below(20) as usize);
            let mut rows = RowReader::new(in_parts, b',', comment, 1 << 20);
            let mut record = csv::ByteRecord::new();
            loop {
                let is_row = plain.read_byte_record(&mut record).unwrap();
                assert_eq!(rows.advance().unwrap(), is_row, "{text:?}");
                let TextPosition { byte, line } = rows.next_at();
                assert_eq!((byte, line), (plain.position().byte(), plain.position().line()), "{text:?}");
                if !is_row {
                    break;
                }
                assert!(rows.cells().eq(&record), "{text:?}: {record:?}");
                assert_eq!(rows.row_at().line, record.position().unwrap().line());
                assert_eq!(rows.holds_line_break(), record.as_slice().contains(&b'\n'));
            }
        }
    }

    #[test]
    fn a_row_without_an_end_is_not_read_to_it() {
        let endless = io::repeat(b'x');
        let mut rows = RowReader::new("a,b\n1,\"2".as_bytes().chain(endless), b',', None, 1 << 19);
        assert!(rows.advance().unwrap());
        assert_eq!(rows.advance().unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
