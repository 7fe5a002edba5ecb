//! Forecast of a level: the time at which it meets its limit if it goes on as it did.
//!
//! Forms of the past ([`Form`]: a trend, times a season) are held against its last quarter, which they have not seen; the best
//! one is fitted to all of it. The future is drawn many times: with a trend fitted anew to a past whose deviations are
//! exchanged in blocks, and with such deviations ahead (Bühlmann 2002, "Bootstraps for time series", Statistical Science
//! 17(1)). What is drawn is spread as far as the forecast was off from earlier origins (`backtest`). The time is the median of
//! the draws, the band holds 80 % of them.

mod history;
mod shape;

mod futures;

mod backtest;

pub use history::LevelHistory;
pub use shape::{Form, Growth, Season};

use serde::{Deserialize, Serialize};

use backtest::{Backtest, in_band};
use futures::{BAND, DRAWS, Pasts, divided, error};

use crate::engine::random::{Purpose, Seed};

/// Least number of points for a forecast.
const MIN_POINTS: usize = 16;

/// Shares of the limit for which a time is given beside that of the limit itself.
pub const MARKS: [f64; 2] = [0.8, 0.9];

/// When a level reaches its limit if it goes on as it did \[s after the start\].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Exhaustion {
    /// Median of the drawn futures; `None`: not within eight times the past.
    pub at_s: Option<f64>,
    /// The earliest end of the 80 % band.
    pub earliest_s: Option<f64>,
    /// The latest end of the 80 % band; `None`: not within eight times the past.
    pub latest_s: Option<f64>,
    /// Medians for 80 % and 90 % of the limit.
    pub marks_s: [Option<f64>; MARKS.len()],
    /// Form of the past that did best.
    pub form: Form,
    /// Mean deviation of the forecast from the last quarter, which it had not seen, by the level there, as a share.
    pub held_back_error_ratio: f64,
    /// Share of the last quarter within the 80 % band of the forecast that had not seen it.
    pub held_back_in_band_ratio: f64,
}

/// Seed of the draws, which belong to no run: equal pasts have equal forecasts.
const SEED: Seed = Seed(0);

/// Returns the forecast of a level that may not exceed `limit`; `None` where the past is too short. `number` tells apart
/// the levels that are forecast side by side.
pub fn exhaustion(history: &LevelHistory, limit: f64, number: u64) -> Option<Exhaustion> {
    let points = history.points();
    if points.len() < MIN_POINTS {
        return None;
    }
    let mut random = SEED.stream(Purpose::Forecast, number);
    let (seen, held_back) = divided(&points);
    let before = Pasts::of(seen)?;
    let backtest = Backtest::of(&points, &before, &mut random);
    let before = before.widened_by(|season| backtest.widening_before(season));
    let pasts = Pasts::of(&points)?.widened_by(|season| backtest.widening(season));
    let marks = [MARKS[0], MARKS[1], 1.0].map(|share| share * limit);
    let mut times: [Vec<Option<f64>>; 3] = Default::default();
    for _ in 0..DRAWS {
        let reached = pasts.future(&mut random).reaches(&marks);
        times.iter_mut().zip(reached).for_each(|(times, time)| times.push(time));
    }
    let [eighty, ninety, full] = times.map(sorted);
    let [eighty_since, ninety_since, full_since] = marks.map(|mark| reached_since(&points, mark));
    Some(Exhaustion {
        at_s: full_since.or_else(|| quantile(&full, 0.5)),
        earliest_s: full_since.or_else(|| quantile(&full, BAND[0])),
        latest_s: full_since.or_else(|| quantile(&full, BAND[1])),
        marks_s: [
            eighty_since.or_else(|| quantile(&eighty, 0.5)),
            ninety_since.or_else(|| quantile(&ninety, 0.5)),
        ],
        form: pasts.form,
        held_back_error_ratio: error(before.best()?, held_back),
        held_back_in_band_ratio: in_band(&before, held_back, &mut random),
    })
}

/// Returns since when a level has been at a mark or above it; `None` where the past ends below it.
fn reached_since(points: &[(f64, f64)], mark: f64) -> Option<f64> {
    let first = points.iter().rposition(|(_, level)| *level < mark).map_or(0, |last_below| last_below + 1);
    points.get(first).map(|(time, _)| *time)
}

fn sorted(mut times: Vec<Option<f64>>) -> Vec<Option<f64>> {
    times.sort_by(|a, b| a.unwrap_or(f64::INFINITY).total_cmp(&b.unwrap_or(f64::INFINITY)));
    times
}

/// Returns the value below which a share of the sorted draws lies.
fn quantile(sorted: &[Option<f64>], share: f64) -> Option<f64> {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Stream;

    fn history(hours: u32, mut level: impl FnMut(f64) -> f64) -> LevelHistory {
        let mut history = LevelHistory::default();
        (0..hours).for_each(|hour| history.sample(f64::from(hour) * 3600.0, level(f64::from(hour))));
        history
    }

    #[test]
    fn a_straight_line_meets_its_limit_where_it_does() {
        let past = history(1000, |hour| 10.0 + 0.01 * hour);
        let found = exhaustion(&past, 100.0 / 5.0, 0).unwrap();
        assert_eq!(found.form, Form { growth: Growth::Linear, season: Season::None });
        for at in [found.at_s, found.earliest_s, found.latest_s] {
            assert!((at.unwrap() / 3600.0 - 1000.0).abs() <= 1.0, "{found:?}");
        }
        assert!(found.held_back_error_ratio < 1e-9, "{found:?}");
    }

    /// A level that is past a mark at the end has reached it when it last rose to it, not some time after the past.
    #[test]
    fn what_is_reached_already_has_the_time_at_which_it_was() {
        let past = history(1000, |hour| (0.2 * hour).min(100.0) - if hour == 450.0 { 20.0 } else { 0.0 });
        let found = exhaustion(&past, 100.0, 0).unwrap();
        let hours = [found.marks_s[0], found.marks_s[1], found.earliest_s, found.at_s, found.latest_s]
            .map(|at_s| (at_s.unwrap() / 3600.0).round());
        let within = |hour: f64, expected: f64| (hour - expected).abs() <= 8.0;
        for (hour, expected) in hours.into_iter().zip([451.0, 451.0, 500.0, 500.0, 500.0]) {
            assert!(within(hour, expected), "{hours:?}");
        }
    }

    #[test]
    fn what_does_not_grow_is_never_exhausted() {
        let falling = history(100, |hour| 50.0 - 0.1 * hour);
        let found = exhaustion(&falling, 100.0, 0).unwrap();
        assert_eq!((found.at_s, found.earliest_s, found.latest_s), (None, None, None));
        assert_eq!(exhaustion(&history(9, |hour| hour), 100.0, 0), None);
    }

    /// A level about its mean, whose deviations last: each hour keeps nine tenths of the last one's.
    fn noise(random: &mut Stream, last: &mut f64) -> f64 {
        let fresh = (0..12).map(|_| random.unit()).sum::<f64>() - 6.0;
        *last = 0.9 * *last + 0.436 * fresh;
        *last
    }

    /// Of growing levels with weeks and lasting noise the band holds the first time at the limit about 80 times in a
    /// hundred.
    #[test]
    fn the_band_holds_the_truth_as_often_as_it_says() {
        let (mut held, mut worlds) = (0, 0);
        for seed in 0..100 {
            let mut random = Seed(seed).stream(Purpose::Mix, 0);
            let mut last = 0.0;
            let mut level = |hour: f64| {
                let weekend = if hour.rem_euclid(168.0) >= 120.0 { 0.8 } else { 1.1 };
                let noise = noise(&mut random, &mut last);
                0.5 * libm::exp(0.01 * hour / 24.0) * weekend * (1.0 + 0.03 * noise)
            };
            let past = history(42 * 24, &mut level);
            let full = (42 * 24..200 * 24).find(|hour| level(f64::from(*hour)) >= 1.0);
            let full = f64::from(full.unwrap()) * 3600.0;
            let found = exhaustion(&past, 1.0, 0).unwrap();
            assert_eq!(found.form.season, Season::Week, "{found:?}");
            worlds += 1;
            let after = found.earliest_s.is_some_and(|at| at <= full);
            held += u32::from(after && found.latest_s.is_none_or(|at| at >= full));
        }

        assert!((70..=90).contains(&held), "{held} of {worlds}");
    }

    /// Levels of three kinds: one grows, with weeks and lasting noise; one fills from nothing, ever more slowly; one wanders, and
    /// its trend with it.
    fn drawn_level(seed: u64) -> (usize, impl FnMut(f64) -> f64) {
        let mut random = Seed(seed).stream(Purpose::Mix, 1);
        let kind = (seed % 3) as usize;
        let (mut last, mut way) = (0.0, 0.0);
        let damping_h = 24.0 * (5.0 + 20.0 * random.unit());
        let level = move |hour: f64| {
            let week = if hour.rem_euclid(168.0) >= 120.0 { 0.8 } else { 1.1 };
            let noise = noise(&mut random, &mut last);
            way += 0.001 + 0.01 * (random.unit() - 0.5);
            week * match kind {
                0 => 0.2 * libm::exp(0.005 * hour / 24.0) * (1.0 + 0.03 * noise),
                1 => 0.4 * (1.0 - libm::exp(-(hour + 6.0) / damping_h)) * (1.0 + 0.02 * noise),
                _ => 0.2 * libm::exp(way),
            }
        };
        (kind, level)
    }

    /// Of fifty drawn levels the last quarter is within the 80 % band of the forecast that has not seen it in 70 to 90 % of the time.
    #[test]
    fn the_last_quarter_is_in_the_band_as_often_as_it_says() {
        let mut shares: [Vec<f64>; 3] = Default::default();
        for seed in 0..50 {
            let (kind, level) = drawn_level(seed);
            let past = history(28 * 24 + 24 * (seed as u32 % 10) * 7, level);
            shares[kind].push(exhaustion(&past, 1e9, seed).unwrap().held_back_in_band_ratio);
        }
        let mean = |shares: &[f64]| shares.iter().sum::<f64>() / shares.len() as f64;
        let all = mean(&shares.concat());
        let told = shares.each_ref().map(|shares| mean(shares));
        assert!((0.7..=0.9).contains(&all), "{all}, {told:?}");
        assert!(told.iter().all(|share| (0.6..=0.95).contains(share)), "{told:?}");
    }

    /// A level that has come to nothing has no growth by factors, however well that did until then.
    #[test]
    fn a_level_with_zeros_has_a_forecast() {
        for (from, to) in
            (40..80).flat_map(|from| (from + 1..=100).map(move |to| (f64::from(from), f64::from(to))))
        {
            let level = |hour: f64| if (from..to).contains(&hour) { 0.0 } else { libm::exp(-hour / 8.0) };
            let found = exhaustion(&history(100, level), 1.0, 1);
            assert!(found.is_some(), "zeros from {from} to {to}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_forecast() {
        let past = history(500, |hour| 0.3 + 0.0005 * hour + 0.02 * (hour * 0.37).rem_euclid(1.0));
        let one = exhaustion(&past, 1.0, 1).unwrap();
        assert_eq!(one, exhaustion(&past, 1.0, 1).unwrap());
        assert!(one.marks_s[0] < one.marks_s[1] && one.marks_s[1] < one.at_s, "{one:?}");
    }
}
