//! An axis: label, scale, range, and its ticks with their texts.

use plimsoll_base::units::Duration;
use plimsoll_base::units::figures::{decimal, span};

/// Axis of a chart.
#[derive(Clone, PartialEq, Debug)]
pub struct Axis {
    /// Quantity with its unit.
    pub label: String,
    /// Scale.
    pub scale: Scale,
    /// Least and greatest value.
    pub range: (f64, f64),
}

/// Scale of an axis.
#[derive(Clone, PartialEq, Debug)]
pub enum Scale {
    /// Linear.
    Linear,
    /// Linear in time \[s\], with ticks in a unit of time.
    Time(TimeUnit),
    /// Logarithmic.
    Log,
    /// Quantiles q by the logarithm of 1 − q: each nine takes as much room as the one before.
    Nines,
    /// Categories at 0, 1, 2 …, by name.
    Names(Vec<String>),
}

/// Unit of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimeUnit {
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Days of 24 hours.
    Days,
}

impl TimeUnit {
    /// Returns the unit in which a length of time \[s\] is a handy number.
    pub fn of(seconds: f64) -> TimeUnit {
        match seconds {
            ..=180.0 => TimeUnit::Seconds,
            ..=10_800.0 => TimeUnit::Minutes,
            ..=259_200.0 => TimeUnit::Hours,
            _ => TimeUnit::Days,
        }
    }

    /// Returns the length of the unit \[s\].
    pub fn seconds(self) -> f64 {
        match self {
            TimeUnit::Seconds => 1.0,
            TimeUnit::Minutes => 60.0,
            TimeUnit::Hours => 3600.0,
            TimeUnit::Days => 86_400.0,
        }
    }

    /// Returns the name, in the plural.
    pub fn name(self) -> &'static str {
        match self {
            TimeUnit::Seconds => "seconds",
            TimeUnit::Minutes => "minutes",
            TimeUnit::Hours => "hours",
            TimeUnit::Days => "days",
        }
    }
}

impl Axis {
    /// Returns an axis of simulated time from 0 to its end \[s\].
    pub fn time(end_s: f64) -> Axis {
        let unit = TimeUnit::of(end_s);
        Axis {
            label: format!("time since the start ({})", unit.name()),
            scale: Scale::Time(unit),
            range: (0.0, end_s.max(1.0)),
        }
    }

    /// Returns an axis from 0 to at least `most`.
    pub fn from_zero(label: impl Into<String>, most: f64) -> Axis {
        let most = if most.is_finite() && most > 0.0 { most } else { 1.0 };
        Axis { label: label.into(), scale: Scale::Linear, range: (0.0, nice_above(most)) }
    }

    /// Returns an axis around some values, with room at both ends.
    pub fn around(label: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Axis {
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let range = match most - least {
            room if room > 0.0 => (least - 0.05 * room, most + 0.05 * room),
            // One value, or none.
            room => {
                if room == 0.0 {
                    (least - 1.0, most + 1.0)
                } else {
                    (0.0, 1.0)
                }
            }
        };
        Axis { label: label.into(), scale: Scale::Linear, range }
    }

    /// Returns an axis of shares from 0 to 100 %.
    pub fn percent(label: impl Into<String>) -> Axis {
        Axis { label: format!("{} (%)", label.into()), scale: Scale::Linear, range: (0.0, 100.0) }
    }

    /// Returns an axis of names, one after the other.
    pub fn names(label: impl Into<String>, names: Vec<String>) -> Axis {
        let last = names.len().max(1) as f64 - 0.5;
        Axis { label: label.into(), scale: Scale::Names(names), range: (-0.5, last) }
    }

    /// Returns the position of a value, 0 to 1 within the range.
    pub fn position(&self, value: f64) -> f64 {
        let [value, from, to] = [value, self.range.0, self.range.1].map(|value| self.even(value));
        if to > from { (value - from) / (to - from) } else { 0.5 }
    }

    /// Transforms a value so that the scale is linear.
    fn even(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Log => libm::log10(value.max(f64::MIN_POSITIVE)),
            Scale::Nines => -libm::log10((1.0 - value).max(1e-9)),
            Scale::Linear | Scale::Time(_) | Scale::Names(_) => value,
        }
    }

    /// Returns ticks, about so many, each with its text.
    pub fn ticks(&self, about: usize) -> Vec<(f64, String)> {
        let (from, to) = self.range;
        match &self.scale {
            Scale::Linear => labelled(&round_steps(from, to, about), 1.0),
            Scale::Time(unit) => {
                let unit = unit.seconds();
                labelled(&round_steps(from / unit, to / unit, about), unit)
            }
            Scale::Log => {
                let decades: Vec<f64> = (-12..=15).map(|power| libm::pow(10.0, f64::from(power))).collect();
                let within: Vec<f64> = decades.into_iter().filter(|at| (from..=to).contains(at)).collect();
                within.into_iter().map(|at| (at, trimmed(at, 12))).collect()
            }
            Scale::Nines => {
                const TICKS: [(f64, &str); 7] = [
                    (0.0, "0 %"),
                    (0.9, "90 %"),
                    (0.99, "99 %"),
                    (0.999, "99.9 %"),
                    (0.9999, "99.99 %"),
                    (0.99999, "99.999 %"),
                    (0.999999, "99.9999 %"),
                ];
                let within = TICKS.iter().filter(|(at, _)| *at <= to);
                within.map(|(at, words)| (*at, (*words).to_string())).collect()
            }
            Scale::Names(names) => {
                names.iter().enumerate().map(|(i, name)| (i as f64, name.clone())).collect()
            }
        }
    }

    /// Writes a value, for a note or a tooltip.
    pub fn format(&self, value: f64) -> String {
        match &self.scale {
            Scale::Time(_) => span(Duration((value.max(0.0) * 1e9).round() as u64)),
            Scale::Nines => format!("{}th percentile", trimmed(value * 100.0, 6)),
            Scale::Names(names) => names.get(value.round() as usize).cloned().unwrap_or_default(),
            Scale::Linear | Scale::Log => rounded(value),
        }
    }
}

/// Returns the factor for values in the unit of a metric along an axis, and their unit there: shares are shown in percent.
pub fn scaled(unit: &str) -> (f64, &str) {
    if unit == "0 to 1" { (100.0, "%") } else { (1.0, unit) }
}

/// Returns ticks at these multiples of a unit, with their texts.
fn labelled(multiples: &[f64], unit: f64) -> Vec<(f64, String)> {
    let step = if let [first, second, ..] = multiples { second - first } else { 1.0 };
    let most = multiples.iter().fold(0.0_f64, |most, at| most.max(at.abs()));
    let (scale, suffix) = match most {
        1e9.. => (1e9, " G"),
        1e6.. => (1e6, " M"),
        1e4.. => (1e3, " k"),
        _ => (1.0, ""),
    };
    let places = (-libm::floor(libm::log10(step / scale) + 1e-9)).clamp(0.0, 9.0) as usize;
    let words = |at: f64| match at {
        0.0 => "0".to_string(),
        _ => format!("{}{suffix}", trimmed(at / scale, places)),
    };
    multiples.iter().map(|at| (at * unit, words(*at))).collect()
}

/// Returns the multiples within a range of 1, 2 or 5 times a power of ten, about so many: the step is the one nearest by
/// its ratio, so that there are at most √2 times as many plus one.
pub fn round_steps(from: f64, to: f64, about: usize) -> Vec<f64> {
    if to <= from {
        return vec![from];
    }
    let rough = (to - from) / about.max(1) as f64;
    let power = libm::pow(10.0, libm::floor(libm::log10(rough)));
    let step = match rough / power {
        // Geometric means of neighbours: √2, √10, √50.
        ..1.415 => power,
        ..3.163 => 2.0 * power,
        ..7.072 => 5.0 * power,
        _ => 10.0 * power,
    };
    let first = libm::ceil(from / step - 1e-9) as i64;
    let last = libm::floor(to / step + 1e-9) as i64;
    (first..=last).map(|i| i as f64 * step).collect()
}

/// Returns the least round number for the end of an axis that reaches `most`.
fn nice_above(most: f64) -> f64 {
    let power = libm::pow(10.0, libm::floor(libm::log10(most)));
    let steps = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.into_iter().map(|n| n * power).find(|end| *end >= most * 0.9999).unwrap_or(10.0 * power)
}

/// Writes a number with at most so many decimals, without trailing zeros, in groups of three digits.
fn trimmed(value: f64, places: usize) -> String {
    let text = decimal(value, places);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// Writes a number to about four digits.
pub fn rounded(value: f64) -> String {
    let places = match value.abs() {
        0.0 | 1000.0.. => 0,
        100.0.. => 1,
        1.0.. => 2,
        0.01.. => 4,
        _ => 6,
    };
    trimmed(value, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(axis: &Axis, about: usize) -> Vec<String> {
        axis.ticks(about).into_iter().map(|(_, words)| words).collect()
    }

    #[test]
    fn ticks_are_round_and_told_shortly() {
        assert_eq!(words(&Axis::from_zero("hosts", 950.0), 5), ["0", "200", "400", "600", "800", "1,000"]);
        assert_eq!(words(&Axis::from_zero("usd", 361_000.0), 4), ["0", "100 k", "200 k", "300 k", "400 k"]);
        assert_eq!(words(&Axis::from_zero("s", 0.004), 4), ["0", "0.001", "0.002", "0.003", "0.004"]);
        assert_eq!(words(&Axis::time(500_000.0), 6), ["0", "1", "2", "3", "4", "5"]);
        assert_eq!(words(&Axis::time(90.0), 4), ["0", "20", "40", "60", "80"]);
        assert_eq!(words(&Axis::time(534_150.0), 3), ["0", "2", "4", "6"]);
        assert_eq!(words(&Axis::from_zero("nothing", 0.0), 2), ["0", "0.5", "1"]);
        let log = Axis { label: "s".to_string(), scale: Scale::Log, range: (0.05, 200.0) };
        assert_eq!(words(&log, 4), ["0.1", "1", "10", "100"]);
    }

    #[test]
    fn each_nine_takes_as_much_room() {
        let axis = Axis { label: String::new(), scale: Scale::Nines, range: (0.0, 0.999) };
        for (value, place) in [(0.0, 0.0), (0.9, 1.0 / 3.0), (0.99, 2.0 / 3.0), (0.999, 1.0)] {
            assert!((axis.position(value) - place).abs() < 1e-9);
        }
        assert_eq!(words(&axis, 5), ["0 %", "90 %", "99 %", "99.9 %"]);
    }

    #[test]
    fn values_are_told_in_their_unit() {
        assert_eq!(Axis::time(1e6).format(176_400.0), "2 d 1 h");
        assert_eq!(rounded(1234.56), "1,235");
        assert_eq!(rounded(12.5), "12.5");
        assert_eq!(rounded(0.0), "0");
        assert_eq!(Axis::names("", vec!["a".to_string()]).format(0.2), "a");
    }
}
