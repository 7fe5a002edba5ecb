//! The zero of a trace's times: seconds from the start of the run, or from a moment of the clock that wrote them.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::UNIX_EPOCH;

use super::columns::Column;
use super::seconds;
use plimsoll_base::input::Problem;
use plimsoll_base::table::{Dates, Table};
use plimsoll_base::units::{Duration, NS_PER_S, Time, parse_nearest_seconds, parse_seconds};

/// The ways of writing an origin, for messages.
const AN_ORIGIN: &str =
    "\"first\", \"epoch\", seconds, or a date and time of UTC such as \"2026-01-01T00:00:00Z\"";

/// Help where times are dates and no origin is stated.
const STATE_AN_ORIGIN: &str = "set `workload.trace_origin = \"first\"` to count from the first row, or name a date \
                               and time to count from; `plimsoll trace describe` takes `--trace-origin`";

/// `workload.trace_origin`: the moment of a trace's clock at which the run starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TraceOrigin {
    /// The time of the first row.
    First,
    /// The zero of the trace's clock: times are taken as they are, dates as Unix time.
    Epoch,
    /// A moment of the trace's clock, dates as Unix time.
    At(Time),
}

/// Unix time before which a moment is taken for seconds of some clock, not for a date \[s\]: the year 2000.
const FIRST_DATE_S: u64 = 946_684_800;

impl TraceOrigin {
    /// Returns the Unix time of an origin that is a date \[s\].
    pub fn date(self) -> Option<u64> {
        match self {
            TraceOrigin::At(Time(ns)) => Some(ns / NS_PER_S).filter(|seconds| *seconds >= FIRST_DATE_S),
            TraceOrigin::First | TraceOrigin::Epoch => None,
        }
    }
}

impl FromStr for TraceOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<TraceOrigin, String> {
        match text {
            "first" => Ok(TraceOrigin::First),
            "epoch" => Ok(TraceOrigin::Epoch),
            _ => match (parse_seconds(text), unix_time(text)) {
                (Ok(Duration(ns)), _) | (_, Some(Time(ns))) if ns < Time::NEVER.0 => {
                    Ok(TraceOrigin::At(Time(ns)))
                }
                _ => Err(format!("found `{text}`, expected {AN_ORIGIN}")),
            },
        }
    }
}

impl fmt::Display for TraceOrigin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TraceOrigin::First => out.write_str("first"),
            TraceOrigin::Epoch => out.write_str("epoch"),
            TraceOrigin::At(Time(ns)) => {
                let mut text = Vec::new();
                plimsoll_base::units::write_scaled(&mut text, *ns, NS_PER_S);
                out.write_str(&String::from_utf8_lossy(&text))
            }
        }
    }
}

impl<'de> Deserialize<'de> for TraceOrigin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TraceOrigin, D::Error> {
        struct Origin;
        impl Visitor<'_> for Origin {
            type Value = TraceOrigin;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(AN_ORIGIN)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<TraceOrigin, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: Error>(self, seconds: i64) -> Result<TraceOrigin, E> {
                seconds.to_string().parse().map_err(E::custom)
            }
            fn visit_u64<E: Error>(self, seconds: u64) -> Result<TraceOrigin, E> {
                seconds.to_string().parse().map_err(E::custom)
            }
            fn visit_f64<E: Error>(self, seconds: f64) -> Result<TraceOrigin, E> {
                seconds.to_string().parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Origin)
    }
}

impl Serialize for TraceOrigin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for TraceOrigin {
    fn schema_name() -> Cow<'static, str> {
        "TraceOrigin".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"], "examples": ["first", "epoch", "2026-01-01T00:00:00Z"] })
    }
}

/// Conversion of the times of a trace to times of the run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Clock {
    /// The moment that becomes the start of the run; `None` until the first row is read.
    zero: Option<Time>,
    /// The origin as stated; without one dates are a problem.
    origin: Option<TraceOrigin>,
}

impl Clock {
    /// Returns the clock of a table whose times stand in `columns`. Dates without an origin are a problem.
    pub fn new(table: &Table, columns: &[usize], origin: Option<TraceOrigin>) -> Result<Clock, Problem> {
        let dated = columns.iter().find(|column| table.dates(**column) == Dates::Timestamps);
        if let (Some(column), None) = (dated, origin) {
            let found = "found timestamps, expected seconds or a stated origin to count them from";
            return Err(Problem::new(table.header_place().at_key(&table.header()[*column]), found)
                .with_help(STATE_AN_ORIGIN));
        }
        let zero = match origin {
            None | Some(TraceOrigin::Epoch) => Some(Time::ZERO),
            Some(TraceOrigin::At(time)) => Some(time),
            Some(TraceOrigin::First) => None,
        };
        Ok(Clock { zero, origin })
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
        let time = self.moment(table, column)?;
        let Time(zero) = *self.zero.get_or_insert(time);
        Ok(Time(time.0.saturating_sub(zero)))
    }

    /// Returns the time in a cell by the clock of the trace.
    #[inline]
    fn moment(&self, table: &Table, column: usize) -> Result<Time, Problem> {
        seconds::time(table, column).or_else(|problem| self.read_date(table, column, problem))
    }

    /// Returns the problem of a time before `zero`.
    #[cold]
    fn explain_early(&self, table: &Table, column: usize, zero: Time) -> Problem {
        let zero = zero.as_seconds();
        if self.origin == Some(TraceOrigin::First) {
            let reason = format!("is before the first row ({zero} s)");
            return table
                .wrong(column, reason, "rows in time order")
                .with_help(format!("sort the file by `{}`", table.header()[column]));
        }
        table
            .wrong(column, format!("is before the origin of the trace ({zero} s)"), "that or later")
            .with_help(
                "state an earlier `workload.trace_origin`, leave the row out, or name the `host` of what is there already",
            )
    }

    /// Returns a date and time as Unix time, or why the cell is no time.
    #[cold]
    fn read_date(&self, table: &Table, column: usize, problem: Problem) -> Result<Time, Problem> {
        match unix_time(table.text(column)?) {
            Some(time) if self.origin.is_some() => Ok(time),
            Some(_) => Err(table
                .wrong(column, "is a date without an origin to count from", Column::Time.holds())
                .with_help(STATE_AN_ORIGIN)),
            None => Err(problem),
        }
    }
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
