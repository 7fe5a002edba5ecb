//! The calendar of a run: date and month of a simulated time (proleptic Gregorian). Months are those of UTC, as bills have
//! them; dates are shown at the offset from UTC that the start is written with.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::{Duration, NS_PER_DAY, NS_PER_S, Time};

/// Days from 0000-03-01, with which the count of days begins, to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;

/// A calendar month, counted from January of year 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Month(pub u32);

impl Month {
    /// Returns its length.
    pub fn length(self) -> Duration {
        let first = |Month(month): Month| days_of(month / 12, month % 12 + 1, 1);
        let days = first(Month(self.0 + 1)) - first(self);
        Duration(u64::try_from(days).expect("the next month comes later") * NS_PER_DAY)
    }
}

impl fmt::Display for Month {
    /// Writes the month as in ISO 8601: `2026-01`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}", self.0 / 12, self.0 % 12 + 1)
    }
}

/// The moment a run begins at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Calendar {
    /// Seconds from 1970-01-01 UTC.
    start_s: i64,
    /// Seconds that its clock is ahead of UTC.
    offset_s: i64,
}

const S_PER_DAY: i64 = 86_400;

impl Default for Calendar {
    /// Begins on 2026-01-01, a Thursday.
    fn default() -> Calendar {
        Calendar { start_s: days_of(2026, 1, 1) * S_PER_DAY, offset_s: 0 }
    }
}

impl Calendar {
    /// Returns the calendar of a run that begins at a date, midnight UTC, or at a date and time with its offset from UTC:
    /// `2026-01-31`, `2026-01-31T08:00:00Z`, `2026-01-31 08:00:00+01:00`. `None` when that is none from 1970 to 9999.
    pub fn starting(text: &str) -> Option<Calendar> {
        let (date, time) = match text.split_once(['T', ' ']) {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || day == 0 {
            return None;
        }
        let first_day = days_of(year, month, day);
        if date_of(first_day) != (year, month, day) {
            return None;
        }
        let Some(time) = time else { return Some(Calendar { start_s: first_day * S_PER_DAY, offset_s: 0 }) };
        let (time, offset_s) = offset(time)?;
        let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let of_day = i64::from(hour * 3600 + minute * 60 + second);
        let start_s = first_day * S_PER_DAY + of_day - offset_s;
        (start_s >= 0).then_some(Calendar { start_s, offset_s })
    }

    /// Returns the calendar of a run that begins at a Unix time, in UTC; `None` beyond the year 9999.
    pub fn starting_at(unix_s: u64) -> Option<Calendar> {
        let start_s =
            i64::try_from(unix_s).ok().filter(|start_s| *start_s < days_of(10_000, 1, 1) * S_PER_DAY)?;
        Some(Calendar { start_s, offset_s: 0 })
    }

    /// Returns the microseconds from 1970-01-01 to a time, rounded down.
    pub fn microseconds_since_1970(&self, time: Time) -> i64 {
        // 9999 and 584 years are 3·10¹⁷ of them.
        self.start_s * 1_000_000 + (time.0 / 1000) as i64
    }

    /// Returns a time as ISO 8601 has it, exact: `2026-01-31T08:00:00Z`, `2026-01-31T08:00:00.5+01:00`.
    pub fn date_time(&self, time: Time) -> String {
        let (date, of_day) = self.local(time);
        let zone = if self.offset_s == 0 { "Z".to_string() } else { self.zone() };
        let fraction = match time.0 % NS_PER_S {
            0 => String::new(),
            ns => format!(".{ns:09}").trim_end_matches('0').to_string(),
        };
        let [hour, minute, second] = [of_day / 3600, of_day / 60 % 60, of_day % 60];
        format!("{date}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}")
    }

    /// Returns a time to the minute, as people read it: `2026-01-31 08:00 UTC`.
    pub fn shown(&self, time: Time) -> String {
        let (date, of_day) = self.local(time);
        format!("{date} {:02}:{:02} {}", of_day / 3600, of_day / 60 % 60, self.zone())
    }

    /// Returns the offset of its clock: `UTC`, `+01:00`.
    pub fn zone(&self) -> String {
        if self.offset_s == 0 {
            return "UTC".to_string();
        }
        let sign = if self.offset_s < 0 { '-' } else { '+' };
        let minutes = self.offset_s.abs() / 60;
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// Returns the date on its clock, `2026-01-31`, and the seconds since midnight.
    fn local(&self, time: Time) -> (String, i64) {
        let seconds = self.start_s + self.offset_s + (time.0 / NS_PER_S) as i64;
        let (year, month, day) = date_of(seconds.div_euclid(S_PER_DAY));
        (format!("{year:04}-{month:02}-{day:02}"), seconds.rem_euclid(S_PER_DAY))
    }

    /// Returns the month a time lies in.
    #[inline]
    pub fn month_of(&self, time: Time) -> Month {
        let seconds = self.start_s + (time.0 / NS_PER_S) as i64;
        let (year, month, _) = date_of(seconds / S_PER_DAY);
        Month(year * 12 + month - 1)
    }

    /// Returns the begin of the month after that of `time`; [`Time::NEVER`] beyond the end of time.
    #[inline]
    pub fn next_month(&self, time: Time) -> Time {
        let Month(next) = Month(self.month_of(time).0 + 1);
        let seconds = days_of(next / 12, next % 12 + 1, 1) * S_PER_DAY - self.start_s;
        Time(u64::try_from(seconds).expect("the next month comes later").saturating_mul(NS_PER_S))
    }
}

/// Reads three numbers of so many digits between separators.
fn numbers(text: &str, separator: char, digits: [usize; 3]) -> Option<[u32; 3]> {
    let mut parts = text.split(separator);
    let mut found = [0; 3];
    for (number, digits) in found.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits)?;
        *number = part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten()?;
    }
    parts.next().is_none().then_some(found)
}

/// Splits a time of day from its offset from UTC \[s\]; `None` without one, or where it is a day or more.
fn offset(text: &str) -> Option<(&str, i64)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let at = text.rfind(['+', '-'])?;
    let (time, offset) = text.split_at(at);
    let [hours, minutes, _] = numbers(&format!("{}:00", &offset[1..]), ':', [2, 2, 2])?;
    let seconds = i64::from(hours * 3600 + minutes * 60);
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    (hours < 24 && minutes < 60).then_some((time, sign * seconds))
}

/// Returns the days from 1970-01-01 to a date. Years begin in March, so that the leap day is the last of one.
fn days_of(year: u32, month: u32, day: u32) -> i64 {
    let (year, month, day) = (i64::from(year), i64::from(month), i64::from(day));
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - DAYS_TO_1970
}

/// Returns the year, month and day so many days after 1970-01-01.
fn date_of(days: i64) -> (u32, u32, u32) {
    const DAYS_OF_400_YEARS: i64 = 146_097;
    let days = days + DAYS_TO_1970;
    let (cycle, day) = (days.div_euclid(DAYS_OF_400_YEARS), days.rem_euclid(DAYS_OF_400_YEARS));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    ((cycle * 400 + year) as u32, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares each day with the calendar rules in their usual form.
    #[test]
    fn four_hundred_years_day_by_day() {
        let lengths = |year: u32| {
            let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
            [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        };
        let mut days = 0;
        for year in 1970..=2400 {
            for (month, length) in (1..).zip(lengths(year)) {
                let of_calendar = Month(year * 12 + month - 1).length();
                assert_eq!(of_calendar, Duration::from_seconds(u64::from(length) * 86_400));
                for day in 1..=length {
                    assert_eq!(days_of(year, month, day), days);
                    assert_eq!(date_of(days), (year, month, day));
                    days += 1;
                }
            }
        }
    }

    #[test]
    fn months_of_a_run() {
        let calendar = Calendar::starting("2024-02-28").unwrap();
        let day = |day: u64| Time(day * NS_PER_DAY);
        assert_eq!(calendar.month_of(day(0)).to_string(), "2024-02");
        assert_eq!(calendar.next_month(Time::ZERO), day(2));
        assert_eq!(calendar.month_of(Time(day(2).0 - 1)).to_string(), "2024-02");
        assert_eq!(calendar.month_of(day(2)).to_string(), "2024-03");
        assert_eq!(calendar.next_month(day(2)), day(33));
        // `date -u -d 2024-02-29 +%s`
        assert_eq!(calendar.microseconds_since_1970(Time(day(1).0 + 1_999)), 1_709_164_800_000_001);
        assert!(Calendar::starting("9999-12-31").unwrap().microseconds_since_1970(Time::NEVER) > 0);
        assert_eq!(Calendar::default().month_of(day(31)).to_string(), "2026-02");
        for wrong in [
            "2026-01-31T08:00:00",
            "2026-01-31T24:00:00Z",
            "2026-01-31T08:00Z",
            "1970-01-01T00:00:00+01:00",
            "2023-02-29",
            "2024-13-01",
            "2024-00-01",
            "24-01-01",
            "2024-1-1",
            "2024-01-01-01",
            "x",
            "",
        ] {
            assert_eq!(Calendar::starting(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_start_may_have_a_time_and_an_offset() {
        let start = Calendar::starting("2026-03-01 00:30:00+01:00").unwrap();
        assert_eq!(start.month_of(Time::ZERO).to_string(), "2026-02");
        assert_eq!(start.next_month(Time::ZERO), Time(1800 * NS_PER_S));
        assert_eq!(start.shown(Time(86_400 * NS_PER_S)), "2026-03-02 00:30 +01:00");
        assert_eq!(start.date_time(Time(NS_PER_S + 250_000_000)), "2026-03-01T00:30:01.25+01:00");
        let west = Calendar::starting("2026-03-01T00:00:00-09:30").unwrap();
        assert_eq!(west.shown(Time::ZERO), "2026-03-01 00:00 -09:30");
        let day = Calendar::starting("2024-02-29").unwrap();
        assert_eq!(day.date_time(Time(86_399 * NS_PER_S)), "2024-02-29T23:59:59Z");
        // `date -u -d @1735689600`
        assert_eq!(Calendar::starting_at(1_735_689_600).unwrap().shown(Time::ZERO), "2025-01-01 00:00 UTC");
        assert_eq!(Calendar::starting_at(u64::MAX), None);
    }
}
