//! The calendar of a run: year and month of a simulated time (proleptic Gregorian, UTC).

use serde::{Deserialize, Serialize};
use std::fmt;

use super::{Duration, NS_PER_S, Time};

/// Days from 0000-03-01, with which the count of days begins, to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;

const NS_PER_DAY: u64 = 86_400 * NS_PER_S;

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

/// The day a run begins on, at midnight UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Calendar {
    /// Days from 1970-01-01.
    first_day: i64,
}

impl Default for Calendar {
    /// Begins on 2026-01-01, a Thursday.
    fn default() -> Calendar {
        Calendar { first_day: days_of(2026, 1, 1) }
    }
}

impl Calendar {
    /// Returns the calendar of a run that begins on `date`, written `2026-01-31`; `None` when that is no date from
    /// 1970 to 9999.
    pub fn starting(date: &str) -> Option<Calendar> {
        let mut parts = date.split('-');
        let mut part = |digits: usize| {
            let text = parts.next().filter(|text| text.len() == digits)?;
            text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten()
        };
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        if parts.next().is_some() || !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || day == 0
        {
            return None;
        }
        let first_day = days_of(year, month, day);
        (date_of(first_day) == (year, month, day)).then_some(Calendar { first_day })
    }

    /// Returns the microseconds from 1970-01-01 to a time, rounded down.
    pub fn microseconds_since_1970(&self, time: Time) -> i64 {
        // 9999 and 584 years are 3·10¹⁷ of them.
        self.first_day * (NS_PER_DAY / 1000) as i64 + (time.0 / 1000) as i64
    }

    /// Returns the month a time lies in.
    #[inline]
    pub fn month_of(&self, time: Time) -> Month {
        let (year, month, _) = date_of(self.first_day + (time.0 / NS_PER_DAY) as i64);
        Month(year * 12 + month - 1)
    }

    /// Returns the begin of the month after that of `time`; [`Time::NEVER`] beyond the end of time.
    #[inline]
    pub fn next_month(&self, time: Time) -> Time {
        let Month(next) = Month(self.month_of(time).0 + 1);
        let days = days_of(next / 12, next % 12 + 1, 1) - self.first_day;
        Time(u64::try_from(days).expect("the next month comes later").saturating_mul(NS_PER_DAY))
    }
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
        for wrong in
            ["2023-02-29", "2024-13-01", "2024-00-01", "24-01-01", "2024-1-1", "2024-01-01-01", "x", ""]
        {
            assert_eq!(Calendar::starting(wrong), None, "{wrong}");
        }
    }
}
