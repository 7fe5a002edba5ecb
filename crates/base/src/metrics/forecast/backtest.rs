//! Backtest of a forecast: how far off it was when less of the past was known, and how wide its band has to be for that.
//!
//! A band drawn from deviations of the fit alone is too narrow where the trend changes, as any trend does (Makridakis, Hibon, Lusk
//! and Belhadjali 1987, "Confidence intervals: An empirical investigation of the series in the M-competition", International
//! Journal of Forecasting 3). So the forecast is made from several origins in the past, each time of the stretch that follows
//! and is a third as long, and the errors found are those of the band to come (Williams and Goodman 1971, "A simple method for the
//! construction of empirical confidence limits for economic forecasts", Journal of the American Statistical Association 66;
//! Tashman 2000 on rolling origins, International Journal of Forecasting 16). An error counts in widths of its own band at
//! that distance, so that errors near and far are comparable (Lei and others 2018, "Distribution-free predictive inference for
//! regression", Journal of the American Statistical Association 113, section 5.2).

use super::futures::{BAND, EXACT, Pasts, Points, divided};
use super::shape::Season;
use crate::engine::random::Stream;

/// Quarters of the past that the band is held to: each is the last one of what goes before the quarter after it.
const QUARTERS: usize = 4;

/// Least number of points from which a quarter is forecast.
const MIN_POINTS: usize = 16;

/// Most times that a band is widened: of more nothing is known of the future.
const MOST_WIDENING: f64 = 32.0;

/// Forecasts of the quarters of a past, the last one first, each from what goes before.
pub struct Backtest {
    quarters: Vec<Quarter>,
}

/// Quarter that was forecast from what goes before.
struct Quarter {
    /// Time that goes before \[s\].
    span_s: f64,
    /// Time between points \[s\].
    step_s: f64,
    /// Errors, in widths of the band.
    errors: Vec<f64>,
}

impl Backtest {
    /// Forecasts the quarters of a past, and one more that is the fourth of what goes before the last. `before` is what goes before
    /// the last.
    pub fn of(points: &Points, before: &Pasts<'_>, random: &mut Stream) -> Backtest {
        let mut quarters = Vec::new();
        let (mut seen, mut next) = divided(points);
        while quarters.len() <= QUARTERS && seen.len() >= MIN_POINTS {
            let quarter = match quarters.len() {
                0 => Some(Quarter::of(before, next, random)),
                _ => Pasts::of(seen).map(|pasts| Quarter::of(&pasts, next, random)),
            };
            let Some(quarter) = quarter else { break };
            quarters.push(quarter);
            (seen, next) = divided(seen);
        }
        Backtest { quarters }
    }

    /// Returns how many times as wide a band with a season has to be that begins after the whole past.
    pub fn widening(&self, season: Season) -> f64 {
        widening(&self.quarters, season)
    }

    /// Returns the same for a band that begins before the last quarter, and knows nothing of it.
    pub fn widening_before(&self, season: Season) -> f64 {
        widening(self.quarters.get(1..).unwrap_or_default(), season)
    }
}

impl Quarter {
    fn of(before: &Pasts<'_>, points: &Points, random: &mut Stream) -> Quarter {
        let seen = before.points;
        let (span_s, step_s) = (seen[seen.len() - 1].0 - seen[0].0, seen[1].0 - seen[0].0);
        Quarter { span_s, step_s, errors: errors_of(before, points, random) }
    }
}

/// Returns the widening with which the band would have held 80 % of the points of the last quarters together; 1 at the least. A
/// forecast that could not know the season yet says nothing of one that does.
fn widening(quarters: &[Quarter], season: Season) -> f64 {
    let quarters =
        quarters.iter().take(QUARTERS).filter(|quarter| season.is_shown(quarter.span_s, quarter.step_s));
    let mut all: Vec<f64> = quarters.flat_map(|quarter| quarter.errors.iter().copied()).collect();
    all.sort_by(f64::total_cmp);
    let held = (all.len().saturating_sub(1) as f64 * (BAND[1] - BAND[0])).round() as usize;
    all.get(held).map_or(1.0, |error| error.clamp(1.0, MOST_WIDENING))
}

/// Returns by how many times the half of the band on its side each point is off the middle.
fn errors_of(pasts: &Pasts<'_>, points: &[(f64, f64)], random: &mut Stream) -> Vec<f64> {
    let error = |(mut drawn, (_, level)): (Vec<f64>, &(f64, f64))| {
        let middle = end(&mut drawn, 0.5);
        let nearer = end(&mut drawn, BAND[usize::from(*level > middle)]);
        let (off, half) = ((level - middle).abs(), (nearer - middle).abs());
        // What rounding alone leaves is no error, however narrow the band.
        if off <= EXACT * middle.abs() { 0.0 } else { off / half.max(f64::MIN_POSITIVE) }
    };
    pasts.levels(points.len(), random).into_iter().zip(points).map(error).collect()
}

/// Returns the share of points within the band of drawn futures.
pub fn in_band(pasts: &Pasts<'_>, points: &[(f64, f64)], random: &mut Stream) -> f64 {
    let levels = pasts.levels(points.len(), random);
    let is_within = |(mut drawn, (_, level)): (Vec<f64>, &(f64, f64))| {
        (end(&mut drawn, BAND[0])..=end(&mut drawn, BAND[1])).contains(level)
    };
    let held = levels.into_iter().zip(points).map(is_within).filter(|within| *within).count();
    held as f64 / points.len() as f64
}

/// Returns the value below which a share of draws lies. Changes their order.
fn end(drawn: &mut [f64], share: f64) -> f64 {
    let at = ((drawn.len() - 1) as f64 * share).round() as usize;
    *drawn.select_nth_unstable_by(at, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_is_as_wide_as_four_fifths_of_the_errors_ask_and_never_narrower_than_drawn() {
        let quarter = |days: f64, errors: &[f64]| Quarter {
            span_s: days * 86_400.0,
            step_s: 3600.0,
            errors: errors.to_vec(),
        };
        let none = |quarters: &[Quarter]| widening(quarters, Season::None);
        assert_eq!(none(&[]), 1.0);
        assert_eq!(none(&[quarter(9.0, &[0.1, 0.2, 0.3])]), 1.0);
        let wide = [quarter(30.0, &[1.0, 2.0]), quarter(9.0, &[3.0, 4.0, 5.0, 6.0])];
        assert_eq!(none(&wide), 5.0);
        assert_eq!(none(&[quarter(9.0, &[1e9; 3])]), MOST_WIDENING);
        // What is seen for nine days shows no week.
        assert_eq!(widening(&wide, Season::Week), 2.0);
        let five = [[9.0; 4].as_slice(), &[2.0], &[2.0], &[2.0], &[2.0]].map(|errors| quarter(30.0, errors));
        let backtest = Backtest { quarters: five.into() };
        assert_eq!((backtest.widening(Season::None), backtest.widening_before(Season::None)), (9.0, 2.0));
    }
}
