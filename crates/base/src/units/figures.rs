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

/// Digits of a number that a person reads.
const DIGITS: i32 = 4;

/// Returns an amount and its unit as people have them: vCPU and GPU for their thousandths, GiB for MiB; others as they are.
pub fn customary(amount: f64, unit: &str) -> (f64, &str) {
    match unit {
        "milli-vCPU" => (amount / 1000.0, "vCPU"),
        "milli-GPU" => (amount / 1000.0, "GPU"),
        "MiB" => (amount / 1024.0, "GiB"),
        unit => (amount, unit),
    }
}

/// Returns a number with at most four digits that matter: `"1,234"`, `"96"`, `"0.01234"`. A whole number has all of them.
pub fn readable(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return decimal(number, 0);
    }
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return grouped(number as i64);
    }
    let scientific = format!("{number:.3e}");
    let magnitude: i32 = scientific.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
    let text = decimal(number, (DIGITS - 1 - magnitude).clamp(0, 9) as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// Returns a length of time as far as it matters: by the larger two of days, hours, minutes and seconds, rounded, or to four
/// digits where it is shorter than a minute: `"60 d 3 h"`, `"5 min"`, `"12.5 s"`, `"1.5 ms"`.
pub fn span(duration: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let Duration(ns) = duration;
    if ns < 60 * NS_PER_S {
        let below = [(NS_PER_S, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns")];
        let (size, unit) = below.into_iter().find(|(size, _)| ns >= *size).unwrap_or(below[0]);
        return format!("{} {unit}", readable(ns as f64 / size as f64));
    }
    let largest =
        |seconds: u64| UNITS.iter().position(|(size, _)| seconds >= *size).unwrap_or(UNITS.len() - 1);
    let first = largest(ns / NS_PER_S).min(UNITS.len() - 2);
    // Rounding may fill the larger unit.
    let smallest = UNITS[first + 1].0;
    let seconds = (ns + smallest * NS_PER_S / 2) / (smallest * NS_PER_S) * smallest;
    let first = largest(seconds).min(first);
    let [(large, large_unit), (small, small_unit)] = [UNITS[first], UNITS[first + 1]];
    match (seconds / large, seconds % large / small) {
        (count, 0) => format!("{} {large_unit}", grouped(count)),
        (count, rest) => format!("{} {large_unit} {rest} {small_unit}", grouped(count)),
    }
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
    }

    #[test]
    fn numbers_have_the_digits_that_matter() {
        for (number, text) in [
            (0.0, "0"),
            (96.0, "96"),
            (1_234_567.0, "1,234,567"),
            (1234.56, "1,235"),
            (15.066_6, "15.07"),
            (0.012_341, "0.01234"),
            (0.5, "0.5"),
            (-1.25, "-1.25"),
        ] {
            assert_eq!(readable(number), text);
        }
    }

    #[test]
    fn lengths_of_time_are_rounded_to_what_matters() {
        let second = NS_PER_S as f64;
        for (seconds, text) in [
            (0.0, "0 s"),
            (0.000_000_007, "7 ns"),
            (0.001_5, "1.5 ms"),
            (24.800_562_807, "24.8 s"),
            (59.999_999, "60 s"),
            (60.0, "1 min"),
            (89.6, "1 min 30 s"),
            (3599.9, "1 h"),
            (3723.0, "1 h 2 min"),
            (86_399.0, "1 d"),
            (204_600.0, "2 d 9 h"),
            (5_194_800.0, "60 d 3 h"),
            (106_000_000.0, "1,226 d 20 h"),
        ] {
            assert_eq!(span(Duration((seconds * second).round() as u64)), text);
        }
    }
}
