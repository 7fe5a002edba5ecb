//! Quantities as people write them (`"90s"`, `0.75` GiB, `0.0104` USD), read exactly or refused.
//!
//! A decimal is read digit by digit, never through binary floating point, so that 0.1 means one tenth.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

use super::{Duration, Money, NS_PER_S};

/// Why a decimal could not become a whole number of its smallest unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unreadable {
    /// Not a plain decimal number.
    NotANumber,
    /// Below zero.
    Negative,
    /// Not finite: `nan`, `inf`.
    NotFinite,
    /// Finer than the smallest unit.
    TooFine,
    /// Larger than the type holds.
    TooLarge,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Unreadable::NotANumber => "is not a number",
            Unreadable::Negative => "is negative",
            Unreadable::NotFinite => "is not finite",
            Unreadable::TooFine => "is finer than the smallest unit",
            Unreadable::TooLarge => "is too large",
        })
    }
}

/// Treatment of a decimal that is finer than the smallest unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rounding {
    /// Refusal.
    Refused,
    /// The nearest whole number of units instead, the greater one of two.
    Nearest,
    /// The next greater whole number of units instead.
    Up,
}

/// Digits of a mantissa that are read; what follows decides only the rounding.
const MOST_DIGITS: usize = 28;

/// Reads a decimal (`"12"`, `"0.75"`, `"1e3"`) as a whole number of units, `units_per_one` to the one.
///
/// `parse_scaled("0.75", 1024)` is 768: three quarters of a GiB in MiB.
pub fn parse_scaled(text: &str, units_per_one: u128) -> Result<u128, Unreadable> {
    parse_rounded(text, units_per_one, Rounding::Refused)
}

/// Reads a decimal as [`parse_scaled`] does, but for one that is finer than the unit.
pub fn parse_rounded(text: &str, units_per_one: u128, rounding: Rounding) -> Result<u128, Unreadable> {
    let text = text.trim();
    let lower = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    if lower == "nan" || lower == "inf" || lower == "infinity" {
        return Err(Unreadable::NotFinite);
    }
    let (digits, negative) = match text.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    };
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
            (mantissa, exponent.parse::<i32>().map_err(|_| Unreadable::NotANumber)?)
        }
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return Err(Unreadable::NotANumber);
    }
    let fraction = fraction.trim_end_matches('0');
    let significant = format!("{whole}{fraction}");
    let significant = significant.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(0);
    }
    if negative {
        return Err(Unreadable::Negative);
    }
    let exponent = i64::from(exponent) - fraction.len() as i64;
    // Digits that are left out are no zeros: the last one is none.
    let kept =
        if rounding == Rounding::Refused { significant.len() } else { significant.len().min(MOST_DIGITS) };
    let left_out = significant.len() - kept;
    let mantissa: u128 = significant[..kept].parse().map_err(|_| Unreadable::TooLarge)?;
    scale(mantissa, exponent + left_out as i64, units_per_one, rounding, left_out > 0)
}

/// Returns `mantissa · 10^exponent · units_per_one` as a whole number. `has_more` says that the mantissa goes on behind its
/// last digit.
fn scale(
    mantissa: u128,
    exponent: i64,
    units_per_one: u128,
    rounding: Rounding,
    has_more: bool,
) -> Result<u128, Unreadable> {
    let product = mantissa.checked_mul(units_per_one).ok_or(Unreadable::TooLarge)?;
    if exponent >= 0 {
        if has_more {
            return Err(Unreadable::TooLarge);
        }
        let exponent = u32::try_from(exponent).map_err(|_| Unreadable::TooLarge)?;
        let power = 10u128.checked_pow(exponent).ok_or(Unreadable::TooLarge)?;
        return product.checked_mul(power).ok_or(Unreadable::TooLarge);
    }
    let power = u32::try_from(-exponent).ok().and_then(|exponent| 10u128.checked_pow(exponent));
    // Without a power that fits, the number is less than half of a unit.
    let (quotient, rest, half) = match power {
        Some(power) => (product / power, product % power, power / 2),
        None => (0, product, u128::MAX),
    };
    match rounding {
        _ if rest == 0 && !has_more => Ok(quotient),
        Rounding::Refused => Err(Unreadable::TooFine),
        Rounding::Nearest => Ok(quotient + u128::from(rest >= half)),
        Rounding::Up => Ok(quotient + 1),
    }
}

/// Reads a whole number of small units below 2³² (milli-vCPU, MiB …).
pub fn parse_resource(text: &str, units_per_one: u64) -> Result<u32, Unreadable> {
    parse_resource_rounded(text, units_per_one, Rounding::Refused)
}

/// Reads the same, but for a number that is finer than the unit.
pub fn parse_resource_rounded(text: &str, units_per_one: u64, rounding: Rounding) -> Result<u32, Unreadable> {
    // The topmost value is kept for "no limit".
    match u32::try_from(parse_rounded(text, u128::from(units_per_one), rounding)?) {
        Ok(value) if value < u32::MAX => Ok(value),
        _ => Err(Unreadable::TooLarge),
    }
}

/// Reads seconds as a decimal, exact to the nanosecond.
pub fn parse_seconds(text: &str) -> Result<Duration, Unreadable> {
    let ns = parse_scaled(text, u128::from(NS_PER_S))?;
    u64::try_from(ns).map(Duration).map_err(|_| Unreadable::TooLarge)
}

/// Reads seconds as a decimal, to the nearest nanosecond: times that were computed in binary floating point have noise below it.
pub fn parse_nearest_seconds(text: &str) -> Result<Duration, Unreadable> {
    let ns = parse_rounded(text, u128::from(NS_PER_S), Rounding::Nearest)?;
    u64::try_from(ns).map(Duration).map_err(|_| Unreadable::TooLarge)
}

/// A decimal number of a scenario file: kept as its shortest exact text, so 0.1 stays one tenth.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decimal(String);

impl Decimal {
    /// Returns the number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Converts to a whole number of units, `units_per_one` to the one, below 2³².
    pub fn resource(&self, units_per_one: u64) -> Result<u32, Unreadable> {
        parse_resource(&self.0, units_per_one)
    }

    /// Converts money per hour to [`Money`] per second; needs at most twelve decimals.
    pub fn usd_per_hour(&self) -> Result<Money, Unreadable> {
        let pico_usd = parse_scaled(&self.0, 1_000_000_000_000)?;
        let pico_usd = i128::try_from(pico_usd).map_err(|_| Unreadable::TooLarge)?;
        pico_usd
            .checked_mul(Money::UNITS_PER_USD / 3600 / 1_000_000_000_000)
            .map(Money)
            .ok_or(Unreadable::TooLarge)
    }
}

impl From<&str> for Decimal {
    fn from(text: &str) -> Decimal {
        Decimal(text.to_string())
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Decimal;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a number")
            }
            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Decimal, E> {
                Ok(Decimal(value.to_string()))
            }
            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Decimal, E> {
                Ok(Decimal(value.to_string()))
            }
            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Decimal, E> {
                // The shortest text that reads back to the same bits is what the person wrote.
                let long = value.abs() >= 1e16;
                Ok(Decimal(if long { format!("{value:e}") } else { value.to_string() }))
            }
        }
        deserializer.deserialize_any(Number)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.0.parse::<u64>(), self.0.parse::<f64>()) {
            (Ok(whole), _) => serializer.serialize_u64(whole),
            (_, Ok(number)) => serializer.serialize_f64(number),
            _ => serializer.serialize_str(&self.0),
        }
    }
}

impl JsonSchema for Decimal {
    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0 })
    }
}

/// Text of what a duration is, for messages.
const A_DURATION: &str = "a duration with a unit such as \"90s\", \"15m\", \"6h\" or \"30d\"";

/// Reads a duration with a unit: `"90s"`, `"15m"`, `"1h 30m"`, `"30d"`, `"250ms"`, `"1.5h"`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let way_out = format!("expected {A_DURATION}");
    if text.trim() == "0" {
        return Ok(Duration::ZERO);
    }
    if let Some(duration) = parse_single_unit(text.trim()) {
        return duration.map_err(|reason| format!("`{text}` {reason}; {way_out}"));
    }
    let parsed = humantime::parse_duration(text).map_err(|_| format!("found `{text}`, {way_out}"))?;
    u64::try_from(parsed.as_nanos())
        .map(Duration)
        .map_err(|_| format!("`{text}` is too large: the clock holds 584 years"))
}

/// Reads `NUMBER UNIT` with a fraction allowed, which humantime does not read.
fn parse_single_unit(text: &str) -> Option<Result<Duration, Unreadable>> {
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = (text[..split].trim(), &text[split..]);
    let ns: u128 = match unit {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" | "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        "w" => 604_800_000_000_000,
        _ => return None,
    };
    Some(
        parse_scaled(number, ns)
            .and_then(|ns| u64::try_from(ns).map(Duration).map_err(|_| Unreadable::TooLarge)),
    )
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        if !deserializer.is_human_readable() {
            return u64::deserialize(deserializer).map(Duration);
        }
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Duration;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(A_DURATION)
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Duration, E> {
                parse_duration(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl fmt::Display for Duration {
    /// Returns the shortest exact text that [`parse_duration`] reads back: `"1h 30m"`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Duration::ZERO {
            return out.write_str("0s");
        }
        let units: [(u64, &str); 7] = [
            (86_400 * NS_PER_S, "d"),
            (3_600 * NS_PER_S, "h"),
            (60 * NS_PER_S, "m"),
            (NS_PER_S, "s"),
            (1_000_000, "ms"),
            (1_000, "us"),
            (1, "ns"),
        ];
        let mut rest = self.0;
        let mut parts = Vec::new();
        for (size, name) in units {
            if rest >= size {
                parts.push(format!("{}{name}", rest / size));
                rest %= size;
            }
        }
        out.write_str(&parts.join(" "))
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_u64(self.0);
        }
        serializer.collect_str(self)
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": ["90s", "15m", "6h", "30d"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_finer_than_the_unit_is_refused_or_rounded_as_told() {
        let read = |text, rounding| parse_rounded(text, 10, rounding);
        for (text, nearest, up) in [
            ("0.3", 3, 3),
            ("0.30000000000000004", 3, 4),
            ("0.29999999999999999999999999999999999999999999", 3, 3),
            ("0.35", 4, 4),
            ("0.34", 3, 4),
            ("1e-60", 0, 1),
            ("0.1000000000000000055511151231257827021181583404541015625", 1, 2),
        ] {
            assert_eq!(
                (read(text, Rounding::Nearest), read(text, Rounding::Up)),
                (Ok(nearest), Ok(up)),
                "{text}"
            );
        }
        assert_eq!(read("0.30000000000000004", Rounding::Refused), Err(Unreadable::TooFine));
        assert_eq!(read("123456789012345678901234567890.12", Rounding::Nearest), Err(Unreadable::TooLarge));
        assert_eq!(parse_nearest_seconds("12.500000000000002"), Ok(Duration(12_500_000_000)));
        assert_eq!(parse_resource_rounded("0.3333333333333333", 1000, Rounding::Up), Ok(334));
    }

    #[test]
    fn decimals_are_read_exactly_or_refused() {
        assert_eq!(parse_scaled("0.75", 1024), Ok(768));
        assert_eq!(parse_scaled("1e3", 1), Ok(1000));
        assert_eq!(parse_scaled(" 1.500 ", 2), Ok(3));
        assert_eq!(parse_scaled("-0", 1), Ok(0));
        assert_eq!(parse_scaled("0.1", 1024), Err(Unreadable::TooFine));
        assert_eq!(parse_scaled("-1", 1), Err(Unreadable::Negative));
        assert_eq!(parse_scaled("NaN", 1), Err(Unreadable::NotFinite));
        assert_eq!(parse_scaled("-inf", 1), Err(Unreadable::NotFinite));
        assert_eq!(parse_scaled("", 1), Err(Unreadable::NotANumber));
        assert_eq!(parse_scaled("1x", 1), Err(Unreadable::NotANumber));
        assert_eq!(parse_scaled("1e40", 1), Err(Unreadable::TooLarge));
        assert_eq!(parse_resource("4294967295", 1), Err(Unreadable::TooLarge));
    }

    #[test]
    fn durations_read_and_show_the_same() {
        for text in ["90s", "15m", "6h", "30d", "1h 30m", "250ms", "1.5h"] {
            let duration = parse_duration(text).unwrap();
            assert_eq!(parse_duration(&duration.to_string()), Ok(duration), "{text}");
        }
        assert_eq!(parse_duration("1.5h").unwrap().to_string(), "1h 30m");
        assert!(parse_duration("90").unwrap_err().contains("with a unit"));
        assert!(parse_duration("-1s").is_err());
    }

    #[test]
    fn a_price_is_exact_per_second() {
        let price = Decimal::from("0.0104").usd_per_hour().unwrap();
        assert_eq!(price.0 * 3600 * 10_000, 104 * Money::UNITS_PER_USD);
        assert_eq!(Decimal::from("0.0000000000001").usd_per_hour(), Err(Unreadable::TooFine));
    }
}
