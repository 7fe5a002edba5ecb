//! A metric's value with its unit, as a person reads it.

use crate::units::figures::{decimal, grouped, percent};

/// Digits of a value that are shown.
const DIGITS: i32 = 4;

/// Digits of a difference that are shown.
const DIGITS_OF_CHANGE: i32 = 3;

/// The unit of ratios in the register of metrics.
const RATIO: &str = "0 to 1";

/// A value: `99.12 %`, `$360,703.26`, `0.25 s`, `870.5`. Units that count things are left to the name.
pub fn amount(value: f64, unit: &str) -> String {
    match unit {
        RATIO => percent(value),
        "USD" => signed(value, "-", |size| format!("${}", decimal(size, 2))),
        "s" => format!("{} s", significant(value, DIGITS)),
        _ => significant(value, DIGITS),
    }
}

/// A difference of two values: `+0.7 pp` (percentage points), `-$12.00`, `+3`.
pub fn change(value: f64, unit: &str) -> String {
    let unsigned = |size: f64| match unit {
        RATIO => format!("{} pp", significant(100.0 * size, DIGITS_OF_CHANGE)),
        "USD" => format!("${}", decimal(size, 2)),
        "s" => format!("{} s", significant(size, DIGITS_OF_CHANGE)),
        _ => significant(size, DIGITS_OF_CHANGE),
    };
    if value == 0.0 { "0".to_string() } else { signed(value, if value < 0.0 { "-" } else { "+" }, unsigned) }
}

/// The same as a share, in per cent: `+12.3 %`.
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

fn signed(value: f64, sign: &str, unsigned: impl Fn(f64) -> String) -> String {
    let sign = if sign == "-" && value >= 0.0 { "" } else { sign };
    format!("{sign}{}", unsigned(value.abs()))
}

/// A whole number as it is, another to so many digits.
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
        assert_eq!(amount(0.012_345, "s"), "0.01234 s");
        assert_eq!(amount(870.5321, "hosts"), "870.5");
        assert_eq!(amount(410_276.0, "instances"), "410,276");
        assert_eq!(amount(18_214.03, "instances"), "18,214");
        assert_eq!(change(0.006_912, "0 to 1"), "+0.691 pp");
        assert_eq!(change(-0.5, "0 to 1"), "-50 pp");
        assert_eq!(change(-12.0, "USD"), "-$12.00");
        assert_eq!(change(0.0, "hosts"), "0");
        assert_eq!(change(-2836.0, "instances"), "-2,836");
        assert_eq!(change(129.46, "hosts"), "+129");
        assert_eq!(relative(-0.2), "-20 %");
        assert_eq!(relative(0.001_234), "+0.123 %");
    }
}
