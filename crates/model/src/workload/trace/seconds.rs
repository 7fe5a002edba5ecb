//! Times in the cells of a trace: seconds, to the nearest nanosecond.

use super::columns::Column;
use plimsoll_base::input::Problem;
use plimsoll_base::table::Table;
use plimsoll_base::units::{Duration, NS_PER_S, Time, Unreadable, parse_nearest_seconds};

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

/// Powers of ten, by the number of decimals that a time is short of nine.
const SHORT_OF_NINE: [u64; 10] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, NS_PER_S];

/// Reads usual digits, with at most ten before and nine after the point; anything else is left to the careful
/// reader, ten times slower.
#[inline]
fn plain_seconds(text: &[u8]) -> Option<u64> {
    let (whole, seconds) = leading_digits(text, 0);
    let (decimals, ns) = match text[whole..].split_first() {
        None => (0, seconds),
        Some((b'.', decimals)) => {
            let (length, ns) = leading_digits(decimals, seconds);
            if length < decimals.len() {
                return None;
            }
            (length, ns)
        }
        Some(_) => return None,
    };
    if whole > 10 || decimals > 9 || whole + decimals == 0 {
        None
    } else {
        Some(ns * SHORT_OF_NINE[9 - decimals])
    }
}

/// Returns how many digits a text begins with, and the number that they make behind the digits of `before`, which is right for up to
/// 19 in all.
#[inline]
fn leading_digits(text: &[u8], before: u64) -> (usize, u64) {
    let mut number = before;
    for (length, byte) in text.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return (length, number);
        }
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    (text.len(), number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_reading_of_seconds_equals_the_careful_one() {
        for text in [
            "0",
            "12",
            "12.5",
            "0.000000001",
            "007",
            "3.",
            ".5",
            "9999999999.999999999",
            "1234567890",
            "12345678901",
        ] {
            let Duration(careful) = parse_nearest_seconds(text).unwrap();
            assert!(plain_seconds(text.as_bytes()).is_none_or(|ns| ns == careful), "{text}");
        }
        assert_eq!(plain_seconds(b"12.5"), Some(12_500_000_000));
        assert_eq!(plain_seconds(b"9999999999.999999999"), Some(9_999_999_999_999_999_999));
        for text in ["", ".", "-1", "1e3", "1.2.3", " 1", "nan", "0.0000000001", "99999999999999999999"] {
            assert_eq!(plain_seconds(text.as_bytes()), None, "{text}");
        }
    }
}
