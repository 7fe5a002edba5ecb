//! Forecast of a level: the time at which it meets its limit if it goes on as it did.
//!
//! Forms of the past ([`Form`]: a trend, times a season) are held against its last quarter, which they have not seen; the best
//! one is fitted to all of it. The future is drawn many times: with a trend fitted anew to a past whose deviations are
//! exchanged in blocks, and with such deviations ahead (Bühlmann 2002, "Bootstraps for time series", Statistical Science
//! 17(1)). The time is the median of the draws, the band holds 80 % of them.

mod history;
mod shape;

pub use history::LevelHistory;
pub use shape::{Form, Growth, Season};

use serde::{Deserialize, Serialize};
use shape::{Deviation, Shape};

use crate::engine::random::{Purpose, Seed, Stream};

/// Least number of points for a forecast.
const MIN_POINTS: usize = 16;

/// Drawn futures.
const DRAWS: usize = 200;

/// Reach of a forecast, as a multiple of the past.
const REACH: f64 = 8.0;

/// Share of the error that a form with more to fit has to save.
const WORTH: f64 = 0.95;

/// Error \[ratio\] that rounding alone leaves: no form does better.
const EXACT: f64 = 1e-9;

/// Blocks of deviations in the past at the least.
const MIN_BLOCKS: usize = 8;

/// Ends of the band among the draws: 80 % lie between.
const BAND: [f64; 2] = [0.1, 0.9];

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
    let seen = &points[..points.len() - points.len() / 4];
    let held_back = &points[seen.len()..];
    let form = best_form(seen, held_back)?;
    let mut random = SEED.stream(Purpose::Forecast, number);
    let weights = Growth::ALL.map(|growth| weight(Form { growth, ..form }, seen, held_back));
    let held_back_in_band_ratio = Pasts::new(form.season, weights, seen).in_band(held_back, &mut random);
    let pasts = Pasts::new(form.season, weights, &points);
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
        form,
        held_back_error_ratio: error(&Shape::fit(form, seen)?, held_back),
        held_back_in_band_ratio,
    })
}

/// Returns since when a level has been at a mark or above it; `None` where the past ends below it.
fn reached_since(points: &[(f64, f64)], mark: f64) -> Option<f64> {
    let first = points.iter().rposition(|(_, level)| *level < mark).map_or(0, |last_below| last_below + 1);
    points.get(first).map(|(time, _)| *time)
}

/// Returns the form whose forecast of the points held back is best; one with more to fit has to be clearly better.
fn best_form(seen: &[(f64, f64)], held_back: &[(f64, f64)]) -> Option<Form> {
    let (span, step) = (seen[seen.len() - 1].0 - seen[0].0, seen[1].0 - seen[0].0);
    let mut best: Option<(f64, Form)> = None;
    for form in Form::ALL.into_iter().filter(|form| form.season.is_shown(span, step)) {
        let Some(shape) = Shape::fit(form, seen) else { continue };
        let error = error(&shape, held_back);
        if best.is_none_or(|(least, _)| error < WORTH * least && least > EXACT) {
            best = Some((error, form));
        }
    }
    best.map(|(_, form)| form)
}

/// Returns the weight of a form among the drawn futures: one over the square of its error on the points held back, as for
/// estimates with such errors. No weight where the form cannot be fitted.
fn weight(form: Form, seen: &[(f64, f64)], held_back: &[(f64, f64)]) -> f64 {
    let error = Shape::fit(form, seen).map(|shape| error(&shape, held_back).max(EXACT));
    error.map_or(0.0, |error| 1.0 / (error * error))
}

/// Returns the mean deviation of points from a shape, by their mean level.
fn error(shape: &Shape, points: &[(f64, f64)]) -> f64 {
    let off: f64 = points.iter().map(|(time, level)| (shape.level(*time) - level).abs()).sum();
    let all: f64 = points.iter().map(|(_, level)| level).sum();
    if all > 0.0 { off / all } else { off }
}

fn sorted(mut times: Vec<Option<f64>>) -> Vec<Option<f64>> {
    times.sort_by(|a, b| a.unwrap_or(f64::INFINITY).total_cmp(&b.unwrap_or(f64::INFINITY)));
    times
}

/// Returns the value below which a share of the sorted draws lies.
fn quantile(sorted: &[Option<f64>], share: f64) -> Option<f64> {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

/// A past as seen by each growth, which are drawn from by weight: a few weeks hardly tell them apart, and they part
/// further on.
struct Pasts<'a> {
    pasts: Vec<(f64, Past<'a>)>,
}

impl<'a> Pasts<'a> {
    fn new(season: Season, weights: [f64; 2], points: &'a [(f64, f64)]) -> Pasts<'a> {
        let of = |(growth, weight): (Growth, f64)| {
            let shape = Shape::fit(Form { growth, season }, points).filter(|_| weight > 0.0)?;
            Some((weight, Past::new(shape, points)))
        };
        Pasts { pasts: Growth::ALL.into_iter().zip(weights).filter_map(of).collect() }
    }

    /// Draws a future of one of them.
    fn future(&self, random: &mut Stream) -> Future {
        let all: f64 = self.pasts.iter().map(|(weight, _)| weight).sum();
        let mut left = random.unit() * all;
        let drawn = self.pasts.iter().find(|(weight, _)| {
            left -= weight;
            left <= 0.0
        });
        let (_, past) = drawn.or(self.pasts.last()).expect("the best form was fitted");
        past.future(random)
    }

    /// Returns the share of points within the band of drawn futures.
    fn in_band(&self, points: &[(f64, f64)], random: &mut Stream) -> f64 {
        let futures: Vec<Future> = (0..DRAWS).map(|_| self.future(random)).collect();
        let within = |(number, (_, level)): (usize, &(f64, f64))| {
            let mut drawn: Vec<f64> = futures.iter().map(|future| future.level(number)).collect();
            drawn.sort_by(f64::total_cmp);
            let end = |share: f64| drawn[((drawn.len() - 1) as f64 * share).round() as usize];
            (end(BAND[0])..=end(BAND[1])).contains(level)
        };
        let held = points.iter().enumerate().filter(|point| within(*point)).count();
        held as f64 / points.len() as f64
    }
}

/// A past with the shape fitted to it, from which futures are drawn.
struct Past<'a> {
    shape: Shape,
    points: &'a [(f64, f64)],
    /// Deviations from the shape.
    deviations: Vec<Deviation>,
    /// Points of a block of deviations.
    block: usize,
    step_s: f64,
}

impl<'a> Past<'a> {
    fn new(shape: Shape, points: &'a [(f64, f64)]) -> Past<'a> {
        let step_s = points[1].0 - points[0].0;
        let block = (points.len() / MIN_BLOCKS).max(1);
        // Fitting takes a part of the deviations with it: reckoned as that of two blocks, which the tests of the band bear out.
        let blocks = points.len() as f64 / block as f64;
        let inflate = (blocks / (blocks - 2.0)).sqrt();
        let of = |(time, level): &(f64, f64)| {
            let expected = shape.level(*time);
            Deviation::by(if expected > 0.0 { 1.0 + inflate * (level / expected - 1.0) } else { 1.0 })
        };
        Past { deviations: points.iter().map(of).collect(), shape, points, block, step_s }
    }

    /// Draws deviations without end, in blocks as they followed each other.
    fn draw<'b>(&'b self, random: &'b mut Stream) -> impl Iterator<Item = Deviation> + 'b {
        let mut left = 0;
        let mut at = 0;
        std::iter::repeat_with(move || {
            if left == 0 {
                left = self.block;
                at = random.below((self.deviations.len() - self.block + 1) as u64) as usize;
            }
            left -= 1;
            at += 1;
            self.deviations[at - 1]
        })
    }

    /// Draws a future: a trend that the past might have had as well, and deviations ahead.
    fn future(&self, random: &mut Stream) -> Future {
        let times = self.points.iter().map(|(time, _)| *time);
        let shape = self.shape.refitted(times.zip(self.draw(random)));
        let start_s = self.points[self.points.len() - 1].0 + self.step_s;
        let count = (REACH * self.points.len() as f64) as usize;
        let ahead = self.draw(random).take(self.points.len().min(count));
        let deviations = ahead.map(|deviation| deviation.factor).collect();
        Future { shape, start_s, step_s: self.step_s, count, deviations }
    }
}

/// A drawn future.
struct Future {
    shape: Shape,
    start_s: f64,
    step_s: f64,
    /// Steps that it reaches ahead.
    count: usize,
    /// Factors by which the steps deviate, from the first again after the last.
    deviations: Vec<f64>,
}

impl Future {
    fn level(&self, step: usize) -> f64 {
        let time = self.start_s + step as f64 * self.step_s;
        self.shape.level(time) * self.deviations[step % self.deviations.len()]
    }

    /// Returns the first times at which the level is at each of some marks, which ascend.
    fn reaches(&self, marks: &[f64; 3]) -> [Option<f64>; 3] {
        let mut times = [None; 3];
        let mut next = 0;
        let highest = self.deviations.iter().copied().fold(0.0, f64::max);
        let earliest = (self.shape.earliest(marks[0], highest, self.start_s) - self.start_s) / self.step_s;
        // Saturates: what is never reached begins after the last step.
        for step in earliest as usize..self.count {
            let level = self.level(step);
            while next < marks.len() && level >= marks[next] {
                times[next] = Some(self.start_s + step as f64 * self.step_s);
                next += 1;
            }
            if next == marks.len() {
                break;
            }
        }
        times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn the_same_seed_gives_the_same_forecast() {
        let past = history(500, |hour| 0.3 + 0.0005 * hour + 0.02 * (hour * 0.37).rem_euclid(1.0));
        let one = exhaustion(&past, 1.0, 1).unwrap();
        assert_eq!(one, exhaustion(&past, 1.0, 1).unwrap());
        assert!(one.marks_s[0] < one.marks_s[1] && one.marks_s[1] < one.at_s, "{one:?}");
    }
}
