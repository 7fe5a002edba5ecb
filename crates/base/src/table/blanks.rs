//! Text whose cells stand apart by any number of blanks, made text with one tab between cells.

use std::io::{self, Read};

/// Bytes read at a time.
const BUFFER: usize = 1 << 16;

/// Reader of a text in which each run of blanks is one tab, and none begins or ends a line.
pub struct SingleTabs<R> {
    text: R,
    read: Vec<u8>,
    /// Converted bytes that were not taken yet.
    ready: Vec<u8>,
    taken: usize,
    /// A run of blanks was read, and what follows it was not.
    is_between: bool,
    begins_line: bool,
}

impl<R: Read> SingleTabs<R> {
    /// Returns the converted text.
    pub fn new(text: R) -> SingleTabs<R> {
        SingleTabs {
            text,
            read: vec![0; BUFFER],
            ready: Vec::with_capacity(BUFFER),
            taken: 0,
            is_between: false,
            begins_line: true,
        }
    }

    fn convert(&mut self, length: usize) {
        for &byte in &self.read[..length] {
            match byte {
                b' ' | b'\t' | b'\r' => self.is_between = true,
                b'\n' => {
                    self.ready.push(b'\n');
                    (self.is_between, self.begins_line) = (false, true);
                }
                _ => {
                    if self.is_between && !self.begins_line {
                        self.ready.push(b'\t');
                    }
                    self.ready.push(byte);
                    (self.is_between, self.begins_line) = (false, false);
                }
            }
        }
    }
}

impl<R: Read> Read for SingleTabs<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.ready.len() {
            (self.taken, _) = (0, self.ready.clear());
            match self.text.read(&mut self.read)? {
                0 => return Ok(0),
                length => self.convert(length),
            }
        }
        let length = buffer.len().min(self.ready.len() - self.taken);
        buffer[..length].copy_from_slice(&self.ready[self.taken..self.taken + length]);
        self.taken += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_blanks_are_single_tabs_however_the_text_is_cut() {
        let text = "  ; a  comment\r\n\t1   2\t \t3  \r\n\n 4 5 6";
        let mut whole = String::new();
        SingleTabs::new(text.as_bytes()).read_to_string(&mut whole).unwrap();
        assert_eq!(whole, ";\ta\tcomment\n1\t2\t3\n\n4\t5\t6");
        for cut in 0..text.len() {
            let mut in_parts = String::new();
            let (head, tail) = text.as_bytes().split_at(cut);
            SingleTabs::new(head.chain(tail)).read_to_string(&mut in_parts).unwrap();
            assert_eq!(in_parts, whole);
        }
    }
}
