//! Margins: a share of something, or a number in its unit.

use std::fmt;

/// Tolerance of a figure, or half-width of an interval.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Margin {
    /// Share of the figure that it is a margin of, 0 or more.
    Share(f64),
    /// Number in the unit of the metric, 0 or more.
    Absolute(f64),
}

impl Margin {
    /// No margin.
    pub const NONE: Margin = Margin::Absolute(0.0);

    /// Reads a tolerance. A share is 100 % at most: a greater one would let a figure that must not fall go below nothing.
    pub fn parse_tolerance(text: &str) -> Result<Margin, String> {
        let expected = "expected a share from 0% to 100%, such as 1%, or a number of 0 or more in the metric's unit, such as 50";
        match Margin::parse(text) {
            Ok(Margin::Share(share)) if share > 1.0 => Err(expected.to_string()),
            Ok(margin) => Ok(margin),
            Err(_) => Err(expected.to_string()),
        }
    }

    /// Reads `1%` or `0.5`.
    pub fn parse(text: &str) -> Result<Margin, String> {
        let (number, margin): (&str, fn(f64) -> Margin) = match text.trim().strip_suffix('%') {
            Some(percent) => (percent, |percent| Margin::Share(percent / 100.0)),
            None => (text, Margin::Absolute),
        };
        match number.trim().parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => Ok(margin(number)),
            _ => Err(
                "expected a share of 0% or more, such as 1%, or a number of 0 or more in the metric's unit"
                    .to_string(),
            ),
        }
    }

    /// Returns the margin of a figure, in the unit of the metric.
    pub fn beside(self, figure: f64) -> f64 {
        match self {
            Margin::Share(share) => share * figure.abs(),
            Margin::Absolute(most) => most,
        }
    }
}

impl fmt::Display for Margin {
    /// Writes the margin as [`Margin::parse`] reads it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Margin::Share(share) => write!(out, "{}%", share * 100.0),
            Margin::Absolute(most) => write!(out, "{most}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_is_a_share_or_a_number() {
        for (text, margin, beside) in [
            ("1%", Margin::Share(0.01), 2.0),
            ("0.5", Margin::Absolute(0.5), 0.5),
            ("0", Margin::NONE, 0.0),
            ("100%", Margin::Share(1.0), 200.0),
        ] {
            assert_eq!(Margin::parse(&format!(" {text} ")), Ok(margin));
            assert_eq!(margin.to_string(), text);
            assert_eq!(margin.beside(-200.0), beside);
        }
        for wrong in ["", "x%", "-1%", "-0.5", "nan", "inf%"] {
            assert!(Margin::parse(wrong).is_err(), "{wrong}");
            assert!(Margin::parse_tolerance(wrong).is_err(), "{wrong}");
        }
        for (text, is_tolerance) in
            [("0%", true), ("100%", true), ("100.1%", false), ("200%", false), ("200", true)]
        {
            assert!(Margin::parse(text).is_ok(), "{text}");
            assert_eq!(Margin::parse_tolerance(text).is_ok(), is_tolerance, "{text}");
        }
    }
}
