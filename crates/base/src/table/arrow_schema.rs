//! The Arrow schema that writers leave in a Parquet file: only it distinguishes a duration from a plain integer.
//!
//! Parquet has no type for durations. Arrow's writers store them as plain INT64 and keep their unit in the file's
//! metadata under `ARROW:schema`, a base64-encoded IPC message (Arrow columnar format 1.5, "Encapsulated message
//! format" and `Schema.fbs`). This reads the top-level fields of that message and nothing else.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The key of the metadata.
pub const KEY: &str = "ARROW:schema";

/// The tag of `Duration` in Arrow's union `Type`.
const DURATION: u8 = 18;

/// Places of the decimal of a second that one unit of a duration stands at, by Arrow's `TimeUnit`.
const PLACES: [u32; 4] = [0, 3, 6, 9];

/// The unit of Arrow's durations where none is written: milliseconds.
const DEFAULT_UNIT: u16 = 1;

/// Returns the top-level fields that are durations: their names, and the decimal places of a second of their unit.
/// Empty where the text is no such schema.
pub fn durations(text: &str) -> Vec<(String, u32)> {
    BASE64_STANDARD.decode(text.trim()).ok().and_then(|bytes| fields(&bytes)).unwrap_or_default()
}

fn fields(message: &[u8]) -> Option<Vec<(String, u32)>> {
    // A continuation marker and the length of the metadata come first, in messages of today.
    let start = if message.get(..4)? == [0xff; 4] { 8 } else { 4 };
    let root = Table::root(message.get(start..)?)?;
    let schema = root.table(2)?;
    let mut found = Vec::new();
    for field in schema.tables(1)? {
        if field.byte(2) == Some(DURATION) {
            let unit = field.table(3)?.u16(0).unwrap_or(DEFAULT_UNIT);
            found.push((field.text(0)?, *PLACES.get(usize::from(unit))?));
        }
    }
    Some(found)
}

/// A table of a FlatBuffer: `at` is where it stands in `bytes`. Fields are named by their number in the schema.
#[derive(Clone, Copy)]
struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Table<'a> {
    fn root(bytes: &'a [u8]) -> Option<Table<'a>> {
        Some(Table { bytes, at: u32_at(bytes, 0)? as usize })
    }

    /// Returns the place of a field; `None` where the field is left out.
    fn field(self, number: usize) -> Option<usize> {
        let vtable =
            usize::try_from(i64::try_from(self.at).ok()? - i64::from(i32_at(self.bytes, self.at)?)).ok()?;
        let entry = 4 + 2 * number;
        if entry + 2 > usize::from(u16_at(self.bytes, vtable)?) {
            return None;
        }
        match u16_at(self.bytes, vtable + entry)? {
            0 => None,
            offset => Some(self.at + usize::from(offset)),
        }
    }

    fn byte(self, number: usize) -> Option<u8> {
        self.bytes.get(self.field(number)?).copied()
    }

    fn u16(self, number: usize) -> Option<u16> {
        u16_at(self.bytes, self.field(number)?)
    }

    /// Returns the place that a field refers to.
    fn target(self, number: usize) -> Option<usize> {
        let field = self.field(number)?;
        Some(field + u32_at(self.bytes, field)? as usize)
    }

    fn table(self, number: usize) -> Option<Table<'a>> {
        Some(Table { bytes: self.bytes, at: self.target(number)? })
    }

    fn tables(self, number: usize) -> Option<impl Iterator<Item = Table<'a>>> {
        let list = self.target(number)?;
        let length = (u32_at(self.bytes, list)? as usize).min(self.bytes.len() / 4);
        Some((0..length).map_while(move |i| {
            let entry = list + 4 + 4 * i;
            Some(Table { bytes: self.bytes, at: entry + u32_at(self.bytes, entry)? as usize })
        }))
    }

    fn text(self, number: usize) -> Option<String> {
        let at = self.target(number)?;
        let length = u32_at(self.bytes, at)? as usize;
        String::from_utf8(self.bytes.get(at + 4..at + 4 + length)?.to_vec()).ok()
    }
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array_at(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array_at(bytes, at).map(u32::from_le_bytes)
}

fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    array_at(bytes, at).map(i32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The schema that pyarrow 26.0.1 writes for the columns `start_s: duration[ms]`, `end_s: duration[us]`,
    /// `type: string`.
    const WRITTEN: &str = "\
        /////9AAAAAQAAAAAAAKAAwABgAFAAgACgAAAAABBAAMAAAACAAIAAAABAAIAAAABAAAAAMAAAB0AAAAMAAAAAQAAA\
        Co////AAABBRAAAAAYAAAABAAAAAAAAAAEAAAAdHlwZQAAAACY////0P///wAAARIQAAAAHAAAAAQAAAAAAAAABQAA\
        AGVuZF9zAAYACAAGAAYAAAAAAAIAEAAUAAgABgAHAAwAAAAQABAAAAAAAAESEAAAABwAAAAEAAAAAAAAAAcAAABzdG\
        FydF9zAAQABAAEAAAA";

    #[test]
    fn durations_are_found_with_their_units() {
        assert_eq!(durations(WRITTEN), [("start_s".to_string(), 3), ("end_s".to_string(), 6)]);
    }

    #[test]
    fn damage_is_no_panic() {
        let bytes = BASE64_STANDARD.decode(WRITTEN).unwrap();
        for at in 0..bytes.len() {
            for damage in [0x01, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] ^= damage;
                durations(&BASE64_STANDARD.encode(&bytes));
                durations(&BASE64_STANDARD.encode(&bytes[..at]));
            }
        }
        assert!(durations("no base64!").is_empty());
    }
}
