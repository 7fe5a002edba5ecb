//! Times in the cells of a trace: seconds, to the nearest nanosecond.

use super::columns::Column;
use plimsoll_base::input::Problem;
use plimsoll_base::table::Table;
use plimsoll_base::units::{Duration, Time, Unreadable, parse_nearest_seconds};

/// Reads a time \[s, to the nearest nanosecond\].
#[inline]
pub fn time(table: &Table, column: usize) -> Result<Time, Problem> {
    match plain_seconds(table.cell(column)) {
        Some(ns) => Ok(Time(ns)),
        None => table.parse(column, Column::Time.holds(), |text| {
            let Duration(ns) = parse_nearest_seconds(text)?;
            // The topmost value stands for "never".
            if ns == Time::NEVER.0 { Err(Unreadable::TooLarge) } else { Ok(Time(ns)) }
        }),
    }
}

/// Reads usual digits, with at most nine before and after the point; anything else is left to the careful
/// reader, ten times slower.
#[inline]
fn plain_seconds(text: &[u8]) -> Option<u64> {
    let mut ns = 0;
    let mut digits = 0;
    let mut places = None;
    for &byte in text {
        match (byte, places) {
            (b'0'..=b'9', _) => {
                ns = ns * 10 + u64::from(byte - b'0');
                digits += 1;
                places = places.map(|places: u32| places + 1);
            }
            (b'.', None) => places = Some(0),
            _ => return None,
        }
        if digits > 18 {
            return None;
        }
    }
    let missing = 9u32.checked_sub(places.unwrap_or(0))?;
    if digits == 0 { None } else { ns.checked_mul(10u64.pow(missing)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_reading_of_seconds_equals_the_careful_one() {
        for text in ["0", "12", "12.5", "0.000000001", "007", "3.", ".5", "999999999.999999999", "1234567890"]
        {
            let Duration(careful) = parse_nearest_seconds(text).unwrap();
            assert!(plain_seconds(text.as_bytes()).is_none_or(|ns| ns == careful), "{text}");
        }
        assert_eq!(plain_seconds(b"12.5"), Some(12_500_000_000));
        for text in ["", ".", "-1", "1e3", "1.2.3", " 1", "nan", "0.0000000001", "99999999999999999999"] {
            assert_eq!(plain_seconds(text.as_bytes()), None, "{text}");
        }
    }
}
