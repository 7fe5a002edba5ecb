//! Times in the cells of a table: seconds from the start of the run, or from a moment of the clock that wrote them.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::UNIX_EPOCH;

use super::{Dates, Table};
use crate::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use crate::input::{Place, Problem};
use crate::units::{Duration, NS_PER_S, Time, Unreadable, parse_nearest_seconds, parse_seconds};

/// The ways of writing an origin, for messages.
const AN_ORIGIN: &str =
    "\"first\", \"epoch\", seconds, or a date and time of UTC such as \"2026-01-01T00:00:00Z\"";

/// Contents of a cell with a time, for messages.
pub const SECONDS: &str = "seconds, 0 or more, to the nanosecond";

/// Moment of a file's clock at which the run starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockOrigin {
    /// The time of the first row.
    First,
    /// The zero of the file's clock: times are taken as they are, dates as Unix time.
    Epoch,
    /// A moment of the file's clock, dates as Unix time.
    At(Time),
}

/// Unix time before which a moment is taken for seconds of some clock, not for a date \[s\]: the year 2000.
const FIRST_DATE_S: u64 = 946_684_800;

impl ClockOrigin {
    /// Returns the Unix time of an origin that is a date \[s\].
    pub fn date(self) -> Option<u64> {
        match self {
            ClockOrigin::At(Time(ns)) => Some(ns / NS_PER_S).filter(|seconds| *seconds >= FIRST_DATE_S),
            ClockOrigin::First | ClockOrigin::Epoch => None,
        }
    }
}

impl FromStr for ClockOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<ClockOrigin, String> {
        match text {
            "first" => Ok(ClockOrigin::First),
            "epoch" => Ok(ClockOrigin::Epoch),
            _ => match (parse_seconds(text), unix_time(text)) {
                (Ok(Duration(ns)), _) | (_, Some(Time(ns))) if ns < Time::NEVER.0 => {
                    Ok(ClockOrigin::At(Time(ns)))
                }
                _ => Err(format!("found `{text}`, expected {AN_ORIGIN}")),
            },
        }
    }
}

impl fmt::Display for ClockOrigin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClockOrigin::First => out.write_str("first"),
            ClockOrigin::Epoch => out.write_str("epoch"),
            ClockOrigin::At(Time(ns)) => {
                let mut text = Vec::new();
                crate::units::write_scaled(&mut text, *ns, NS_PER_S);
                out.write_str(&String::from_utf8_lossy(&text))
            }
        }
    }
}

impl<'de> Deserialize<'de> for ClockOrigin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ClockOrigin, D::Error> {
        struct Origin;
        impl Visitor<'_> for Origin {
            type Value = ClockOrigin;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(AN_ORIGIN)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<ClockOrigin, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: Error>(self, seconds: i64) -> Result<ClockOrigin, E> {
                seconds.to_string().parse().map_err(E::custom)
            }
            fn visit_u64<E: Error>(self, seconds: u64) -> Result<ClockOrigin, E> {
                seconds.to_string().parse().map_err(E::custom)
            }
            fn visit_f64<E: Error>(self, seconds: f64) -> Result<ClockOrigin, E> {
                seconds.to_string().parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Origin)
    }
}

impl Serialize for ClockOrigin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for ClockOrigin {
    fn schema_name() -> Cow<'static, str> {
        "ClockOrigin".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"], "examples": ["first", "epoch", "2026-01-01T00:00:00Z"] })
    }
}

/// Setting that states the origin of a file's times.
#[derive(Clone, Copy, Debug)]
pub struct OriginSetting {
    /// Its value.
    pub origin: Option<ClockOrigin>,
    /// Its key in the scenario.
    pub key: &'static str,
    /// Other ways out of a problem with it, appended to the help; may be empty.
    pub or_else: &'static str,
}

/// Conversion of the times of a file to times of the run.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The moment that becomes the start of the run; `None` until the first row is read.
    zero: Option<Time>,
    /// The origin as stated; without one dates are a problem.
    setting: OriginSetting,
}

/// The zero, which the first row may have made.
impl Persist for Clock {
    fn save(&self, out: &mut Writer<'_>) {
        out.put(&self.zero);
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        self.zero = from.get()?;
        Ok(())
    }
}

impl Clock {
    /// Returns the clock of a table whose times stand in `columns`. Dates without an origin are a problem.
    pub fn new(table: &Table, columns: &[usize], setting: OriginSetting) -> Result<Clock, Problem> {
        let dated = columns.iter().find(|column| table.dates(**column) == Dates::Timestamps);
        if let (Some(column), None) = (dated, setting.origin) {
            let found = "found timestamps, expected seconds or a stated origin to count them from";
            return Err(Problem::new(table.header_place().at_key(&table.header()[*column]), found)
                .with_help(setting.help()));
        }
        let zero = match setting.origin {
            None | Some(ClockOrigin::Epoch) => Some(Time::ZERO),
            Some(ClockOrigin::At(time)) => Some(time),
            Some(ClockOrigin::First) => None,
        };
        Ok(Clock { zero, setting })
    }

    /// Returns the time in a cell, as a time of the run. The first one read may become the zero.
    #[inline]
    pub fn read(&mut self, table: &Table, column: usize) -> Result<Time, Problem> {
        let time = self.moment(table, column)?;
        let Time(zero) = *self.zero.get_or_insert(time);
        match time.0.checked_sub(zero) {
            Some(ns) => Ok(Time(ns)),
            None => Err(self.explain_early(table, column, Time(zero))),
        }
    }

    /// Returns the time in a cell, or the start of the run where it is earlier: a negative number, or a moment before the
    /// origin.
    pub fn read_or_start(&mut self, table: &Table, column: usize) -> Result<Time, Problem> {
        let is_negative = |text: &str| {
            text.trim().strip_prefix('-').is_some_and(|amount| parse_nearest_seconds(amount).is_ok())
        };
        if self.zero.is_some() && is_negative(table.text(column)?) {
            return Ok(Time::ZERO);
        }
        self.moment(table, column).map(|moment| self.or_start(moment))
    }

    /// Returns a moment of the file's clock as a time of the run, or the start of the run where it is earlier. The first one may become
    /// the zero.
    pub fn or_start(&mut self, moment: Time) -> Time {
        let Time(zero) = *self.zero.get_or_insert(moment);
        Time(moment.0.saturating_sub(zero))
    }

    /// Refuses a file of several times that are all before the origin: it would be its last row alone. `span` is its first and its last moment.
    pub fn check_reached(
        &self,
        table: &Table,
        column: usize,
        span: (Option<Time>, Option<Time>),
    ) -> Result<(), Problem> {
        let ((Some(first), Some(last)), Some(zero)) = (span, self.zero) else { return Ok(()) };
        if first == last || last >= zero {
            return Ok(());
        }
        let found = format!(
            "found {} s as the last time, which is before the origin of the file ({} s), expected some time after that",
            last.as_seconds(),
            zero.as_seconds()
        );
        let place = table.header_place().at_key(&table.header()[column]);
        Err(Problem::new(place, found).with_help(format!("state an earlier `{}`", self.setting.key)))
    }

    /// Returns the time in a cell by the clock of the file.
    #[inline]
    pub fn moment(&self, table: &Table, column: usize) -> Result<Time, Problem> {
        time(table, column).or_else(|problem| self.read_date(table, column, problem))
    }

    /// Returns the problem of a time before `zero`.
    #[cold]
    fn explain_early(&self, table: &Table, column: usize, zero: Time) -> Problem {
        let zero = zero.as_seconds();
        if self.setting.origin == Some(ClockOrigin::First) {
            let reason = format!("is before the first row ({zero} s)");
            return table.wrong(column, reason, "rows in time order, and no time before the first of them");
        }
        table
            .wrong(column, format!("is before the origin of the file ({zero} s)"), "that or later")
            .with_help(format!(
                "state an earlier `{}`, leave the row out, or name the `host` of what is there already",
                self.setting.key
            ))
    }

    /// Returns a date and time as Unix time, or why the cell is no time.
    #[cold]
    fn read_date(&self, table: &Table, column: usize, problem: Problem) -> Result<Time, Problem> {
        match unix_time(table.text(column)?) {
            Some(time) if self.setting.origin.is_some() => Ok(time),
            Some(_) => Err(table
                .wrong(column, "is a date without an origin to count from", SECONDS)
                .with_help(self.setting.help())),
            None => Err(problem),
        }
    }
}

impl OriginSetting {
    /// Returns the way out where times are dates and no origin is stated.
    fn help(&self) -> String {
        let OriginSetting { key, or_else, .. } = self;
        format!(
            "set `{key} = \"first\"` to count from the first row, or name a date and time to count from{or_else}"
        )
    }
}

/// Reads a time \[s, to the nearest nanosecond\].
#[inline]
pub fn time(table: &Table, column: usize) -> Result<Time, Problem> {
    match plain_seconds(table.cell(column)) {
        Some(ns) => Ok(Time(ns)),
        None => table.parse(column, SECONDS, |text| {
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

/// Returns the problem of what is stated at a key and first holds when the run is over: it would have no effect. Unix times are the usual
/// reason.
pub fn begins_too_late(key: &str, first: Option<Time>, duration: Option<Duration>) -> Option<Problem> {
    let (Time(first), Duration(end)) = (first?, duration?);
    (first >= end && end > 0).then(|| {
        let found = format!(
            "found {} s as its first time, expected one before the end of the run, after {} s",
            Time(first).as_seconds(),
            Duration(end).as_seconds()
        );
        Problem::new(Place::key(key), found).with_help(
            "if a file counts from another moment, state `origin = \"first\"` beside it, or a date and time",
        )
    })
}

/// Returns a date and time (RFC 3339, the `T` optional; of UTC where no offset is stated; or a date alone) as Unix time.
pub fn unix_time(text: &str) -> Option<Time> {
    let (moment, ahead_s) = without_offset(text.trim())?;
    let dated = humantime::parse_rfc3339_weak(moment)
        .or_else(|_| humantime::parse_rfc3339_weak(&format!("{moment} 00:00:00")))
        .ok()?;
    let ns = i128::try_from(dated.duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok()?;
    let ns = ns - i128::from(ahead_s) * i128::from(NS_PER_S);
    u64::try_from(ns).ok().filter(|ns| *ns < Time::NEVER.0).map(Time)
}

/// Splits an offset from UTC, `+02:00`, `+0200` or `+02`, off a date and time; returns it in seconds ahead of UTC.
fn without_offset(text: &str) -> Option<(&str, i64)> {
    // A date alone has signs of its own.
    let time = text.find(':').unwrap_or(text.len());
    let Some(sign) = text[time..].find(['+', '-']).map(|at| time + at) else { return Some((text, 0)) };
    let digits: String = text[sign + 1..].chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole = |part: &str| part.parse::<i64>().ok();
    let (hours, minutes) = match digits.len() {
        2 => (whole(&digits)?, 0),
        4 => (whole(&digits[..2])?, whole(&digits[2..])?),
        _ => return None,
    };
    let ahead_s = (hours * 60 + minutes) * 60;
    Some((text[..sign].trim_end(), if text[sign..].starts_with('-') { -ahead_s } else { ahead_s }))
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

    #[test]
    fn dates_are_read_with_any_offset_from_utc() {
        let noon = unix_time("2026-03-01T12:00:00Z");
        assert_eq!(noon, Some(Time(1_772_366_400 * NS_PER_S)));
        for text in [
            "2026-03-01 12:00:00",
            "2026-03-01T14:00:00+02:00",
            "2026-03-01 14:00:00+0200",
            "2026-03-01 12:00:00+00",
            "2026-03-01T06:30:00.000-05:30",
            "2026-03-01T12:00:00.000000+00:00",
        ] {
            assert_eq!(unix_time(text), noon, "{text}");
        }
        assert_eq!(unix_time("2026-03-01"), unix_time("2026-03-01T00:00:00Z"));
        for text in ["2026-03-01T14:00:00+2", "2026-03-01T14:00:00+xx:00", "12:00:00", "2026-13-01"] {
            assert_eq!(unix_time(text), None, "{text}");
        }
    }
}
