//! Dates beside times: a writer that adds the column `time`, as ISO 8601 has it, behind the first column `time_s` of CSV.

use std::io::{self, Write};

use super::Out;
use crate::series::DATES;
use plimsoll_base::units::{Calendar, Duration, Time, parse_seconds};

/// Writer of a table whose first column is `time_s`.
pub struct DatedLines {
    out: Out,
    calendar: Calendar,
    /// First cell of the line as far as it has come; `None` behind it.
    first: Option<Vec<u8>>,
    /// True within a cell in quotes, where a line break ends no line.
    is_quoted: bool,
}

impl DatedLines {
    /// Returns the writer, before the header.
    pub fn new(out: Out, calendar: Calendar) -> DatedLines {
        DatedLines { out, calendar, first: Some(Vec::new()), is_quoted: false }
    }

    /// Returns the date of a first cell: the name of the column in the header.
    fn date(&self, cell: &[u8]) -> io::Result<String> {
        if cell == b"time_s" {
            return Ok(DATES.to_string());
        }
        let seconds = std::str::from_utf8(cell).ok().and_then(|cell| parse_seconds(cell).ok());
        let Duration(ns) = seconds.ok_or_else(|| io::Error::other("a row begins with its time"))?;
        Ok(self.calendar.date_time(Time(ns)))
    }
}

impl Write for DatedLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut dated = Vec::with_capacity(bytes.len() + bytes.len() / 4);
        for byte in bytes {
            dated.push(*byte);
            match (&mut self.first, byte) {
                (Some(_), b',') => {
                    let cell = self.first.take().unwrap_or_default();
                    dated.extend_from_slice(self.date(&cell)?.as_bytes());
                    dated.push(b',');
                }
                (Some(cell), byte) => cell.push(*byte),
                (None, b'"') => self.is_quoted = !self.is_quoted,
                (None, b'\n') if !self.is_quoted => self.first = Some(Vec::new()),
                (None, _) => {}
            }
        }
        self.out.write_all(&dated)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_date_stands_behind_each_time() {
        let text = "time_s,zone,n\n0,a,1\n3600.5,\"b\n\"\"c\"\",7\",2\n86400,c,3\n";
        let expected = "time_s,time,zone,n\n0,2026-03-01T08:00:00+01:00,a,1\n\
                        3600.5,2026-03-01T09:00:00.5+01:00,\"b\n\"\"c\"\",7\",2\n86400,2026-03-02T08:00:00+01:00,c,3\n";
        let calendar = Calendar::starting("2026-03-01T08:00:00+01:00").unwrap();
        // However the text comes in pieces.
        for length in [1, 3, 1000] {
            let shared = Shared::default();
            let mut out = DatedLines::new(Box::new(shared.clone()), calendar);
            text.as_bytes().chunks(length).for_each(|piece| out.write_all(piece).unwrap());
            assert_eq!(String::from_utf8(shared.0.lock().unwrap().clone()).unwrap(), expected);
        }
    }
}
