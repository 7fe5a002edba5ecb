//! Texts of figures: exact for machines, grouped and rounded for people.

use super::{Duration, NS_PER_S, Time};

/// Writes seconds as an exact decimal: `"90"`, `"0.25"`.
pub fn seconds(ns: u64) -> String {
    let (whole, fraction) = (ns / NS_PER_S, ns % NS_PER_S);
    if fraction == 0 {
        return whole.to_string();
    }
    format!("{whole}.{fraction:09}").trim_end_matches('0').to_string()
}

/// Returns a whole number in groups of three: `"1,234,567"`.
pub fn grouped(number: impl Into<i128>) -> String {
    let number: i128 = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// Returns a number with `places` decimals, in groups of three.
pub fn decimal(number: f64, places: usize) -> String {
    let text = format!("{number:.places$}");
    match text.split_once('.') {
        Some((whole, fraction)) => match whole.parse::<i128>() {
            // "-0.4" has a whole part of -0, which would lose its sign.
            Ok(whole_number) if whole_number != 0 => format!("{}.{fraction}", grouped(whole_number)),
            _ => text,
        },
        None => text.parse::<i128>().map(grouped).unwrap_or(text),
    }
}

/// Returns a ratio as a percentage with two decimals; what is not quite all or nothing never shows as such.
pub fn percent(ratio: f64) -> String {
    let text = format!("{:.2}", ratio * 100.0);
    match text.as_str() {
        "0.00" if ratio > 0.0 => "< 0.01 %".to_string(),
        "100.00" if ratio < 1.0 => "> 99.99 %".to_string(),
        "0.00" => "0 %".to_string(),
        "100.00" => "100 %".to_string(),
        _ => format!("{text} %"),
    }
}

/// Returns a large count for the eye: `"3.81 M"`.
pub fn compact(number: f64) -> String {
    let scales = [(1e9, " G"), (1e6, " M"), (1e3, " k")];
    match scales.into_iter().find(|(scale, _)| number >= *scale) {
        Some((scale, name)) => format!("{:.2}{name}", number / scale),
        None => format!("{number:.0}"),
    }
}

/// Writes cents as dollars: `"$1,234.50"`.
pub fn dollars(cents: i128) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let magnitude = cents.unsigned_abs();
    format!("{sign}${}.{:02}", grouped((magnitude / 100) as i128), magnitude % 100)
}

/// Returns a length of time to the second, or exactly when it is shorter than a minute: `"3d 4h 5m 6s"`.
pub fn span(duration: Duration) -> String {
    let minute = 60 * NS_PER_S;
    if duration.0 < minute {
        duration.to_string()
    } else {
        Duration(duration.0 / NS_PER_S * NS_PER_S).to_string()
    }
}

/// Returns a length of time by its two largest units: `"3d 4h"`.
pub fn coarse(duration: Duration) -> String {
    span(duration).split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// Returns a moment, as the time since the start of the scenario.
pub fn moment(time: Time) -> String {
    span(Duration(time.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_exact_or_readable() {
        assert_eq!(seconds(90 * NS_PER_S), "90");
        assert_eq!(seconds(250_000_000), "0.25");
        assert_eq!(seconds(1), "0.000000001");
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(123), "123");
        assert_eq!(grouped(-1_234_567), "-1,234,567");
        assert_eq!(decimal(1234.56, 1), "1,234.6");
        assert_eq!(decimal(-0.44, 1), "-0.4");
        assert_eq!(decimal(1234.5, 0), "1,234");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.000_001), "< 0.01 %");
        assert_eq!(percent(0.999_999), "> 99.99 %");
        assert_eq!(percent(0.5), "50.00 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(compact(3_810_000.0), "3.81 M");
        assert_eq!(dollars(123_450), "$1,234.50");
        assert_eq!(span(Duration(3_723 * NS_PER_S + 5)), "1h 2m 3s");
        assert_eq!(coarse(Duration(3_723 * NS_PER_S)), "1h 2m");
    }
}
