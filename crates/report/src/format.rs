//! A metric's value with its unit, as a person reads it.

use plimsoll_base::units::figures::{decimal, grouped, percent, span};
use plimsoll_base::units::{Duration, NS_PER_S};

/// Digits of a value that are shown.
const DIGITS: i32 = 4;

/// Digits of a difference that are shown.
const DIGITS_OF_CHANGE: i32 = 3;

/// Digits that are shown at most.
const MOST_DIGITS: i32 = 7;

/// Length of time from which on it is shown in minutes, hours and days \[s\].
const LONG_S: f64 = 600.0;

/// The unit of ratios in the register of metrics.
const RATIO: &str = "0 to 1";

/// Returns a value: `99.12 %`, `$360,703.26`, `0.25 s`, `870.5`. Units that count things are left to the name.
pub fn amount(value: f64, unit: &str) -> String {
    match unit {
        RATIO => percent(value),
        "USD" => signed(value, "-", |size| format!("${}", decimal(size, 2))),
        "s" if value >= LONG_S => span(Duration((value * NS_PER_S as f64).round() as u64)),
        "s" => format!("{} s", significant(value, DIGITS)),
        "host-s" => format!("{} host-h", significant((value / 3600.0 * 10.0).round() / 10.0, DIGITS)),
        _ => significant(value, DIGITS),
    }
}

/// Returns a difference of two values: `+0.7 pp` (percentage points), `-$12.00`, `+3`.
pub fn change(value: f64, unit: &str) -> String {
    change_to(value, unit, DIGITS_OF_CHANGE)
}

/// Returns the interval of a difference, `+1.20 to +3.41 pp`, with as many digits as tell its ends apart.
pub fn change_between(low: f64, high: f64, unit: &str) -> String {
    let ends = |digits| [low, high].map(|end| change_to(end, unit, digits));
    let apart = (DIGITS_OF_CHANGE..=MOST_DIGITS).map(ends).find(|[low, high]| low != high);
    let [low, high] = apart.unwrap_or_else(|| ends(DIGITS_OF_CHANGE));
    // The unit is said once, at the end.
    let seconds = |text: &str| text.ends_with(" s") && text.matches(' ').count() == 1;
    let low = match low.strip_suffix(" pp") {
        Some(points) => points,
        None if seconds(&low) && seconds(&high) => &low[..low.len() - 2],
        None => &low,
    };
    format!("{low} to {high}")
}

fn change_to(value: f64, unit: &str, digits: i32) -> String {
    let unsigned = |size: f64| match unit {
        RATIO => format!("{} pp", significant(100.0 * size, digits)),
        "USD" => format!("${}", decimal(size, 2)),
        "s" if size >= LONG_S => span(Duration((size * NS_PER_S as f64).round() as u64)),
        "s" => format!("{} s", significant(size, digits)),
        "host-s" => format!("{} host-h", significant(size / 3600.0, digits)),
        _ => significant(size, digits),
    };
    if value == 0.0 { "0".to_string() } else { signed(value, if value < 0.0 { "-" } else { "+" }, unsigned) }
}

/// Returns a relative difference in per cent: `+12.3 %`.
pub fn relative(share: f64) -> String {
    match share {
        0.0 => "0 %".to_string(),
        _ => format!(
            "{}{} %",
            if share < 0.0 { "-" } else { "+" },
            significant(100.0 * share.abs(), DIGITS_OF_CHANGE)
        ),
    }
}

/// Returns the confidence level: `95 %`, `99.72 %`.
pub fn level(confidence: f64) -> String {
    format!("{} %", (confidence * 1e4).round() / 1e2)
}

fn signed(value: f64, sign: &str, unsigned: impl Fn(f64) -> String) -> String {
    let sign = if sign == "-" && value >= 0.0 { "" } else { sign };
    format!("{sign}{}", unsigned(value.abs()))
}

/// Returns a whole number as it is, any other rounded to `digits` digits.
fn significant(value: f64, digits: i32) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return grouped(value as i64);
    }
    let magnitude = libm::floor(libm::log10(value.abs())) as i32;
    decimal(value, (digits - 1 - magnitude).clamp(0, 9) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_their_unit_and_the_digits_that_matter() {
        assert_eq!(amount(0.99124, "0 to 1"), "99.12 %");
        assert_eq!(amount(360_703.256, "USD"), "$360,703.26");
        assert_eq!(amount(-1.5, "USD"), "-$1.50");
        assert_eq!(amount(0.012_341, "s"), "0.01234 s");
        assert_eq!(amount(870.5321, "hosts"), "870.5");
        assert_eq!(amount(599.96, "s"), "600.0 s");
        assert_eq!(amount(257_176.0, "s"), "2 d 23 h");
        assert_eq!(amount(541_000_123.0, "host-s"), "150,278 host-h");
        assert_eq!(change(-136_270.0, "s"), "-1 d 14 h");
        assert_eq!(change_between(-136_270.0, 30.0, "s"), "-1 d 14 h to +30 s");
        assert_eq!(amount(410_276.0, "instances"), "410,276");
        assert_eq!(amount(18_214.03, "instances"), "18,214");
        assert_eq!(change(0.006_912, "0 to 1"), "+0.691 pp");
        assert_eq!(change(-0.5, "0 to 1"), "-50 pp");
        assert_eq!(change(-12.0, "USD"), "-$12.00");
        assert_eq!(change(0.0, "hosts"), "0");
        assert_eq!(change(-2836.0, "instances"), "-2,836");
        assert_eq!(change(129.46, "hosts"), "+129");
        assert_eq!(change_between(0.006_91, 0.006_92, "0 to 1"), "+0.691 to +0.692 pp");
        assert_eq!(change_between(124.851, 124.902, "hosts"), "+124.85 to +124.90");
        assert_eq!(change_between(-1.0, 2.5, "s"), "-1 to +2.50 s");
        assert_eq!(change_between(0.0, 0.0, "hosts"), "0 to 0");
        assert_eq!(relative(-0.2), "-20 %");
        assert_eq!(relative(0.001_234), "+0.123 %");
    }
}
