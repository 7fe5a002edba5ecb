//! Futures that are drawn from a past: with a trend that the past might have had as well, and deviations as it had them.

use super::shape::{Clocks, Deviation, Form, Growth, PlaceInTime, Season, Shape};
use crate::engine::random::Stream;

/// Drawn futures.
pub const DRAWS: usize = 200;

/// Reach of a forecast, as a multiple of the past.
const REACH: f64 = 8.0;

/// Share of the error that a form with more to fit has to save.
const WORTH: f64 = 0.95;

/// Error \[ratio\] that rounding alone leaves: no form does better.
pub const EXACT: f64 = 1e-9;

/// Blocks of deviations in the past at the least.
const MIN_BLOCKS: usize = 8;

/// Ends of the band among the draws: 80 % lie between.
pub const BAND: [f64; 2] = [0.1, 0.9];

/// Points of a past, as time \[s\] and level.
pub type Points = [(f64, f64)];

/// Returns the points but for their last quarter, and that quarter.
pub fn divided(points: &Points) -> (&Points, &Points) {
    points.split_at(points.len() - points.len() / 4)
}

/// Forms that can be fitted to what is seen, each with the error of its forecast of the points held back.
fn errors(seen: &Points, held_back: &Points) -> Vec<(Form, f64)> {
    let (span, step) = (seen[seen.len() - 1].0 - seen[0].0, seen[1].0 - seen[0].0);
    let shown = Form::ALL.into_iter().filter(|form| form.season.is_shown(span, step));
    // A form that cannot be fitted to the whole past is no candidate.
    let is_above_zero = held_back.iter().all(|(_, level)| *level > 0.0);
    let fitting = shown.filter(|form| form.growth != Growth::Exponential || is_above_zero);
    fitting.filter_map(|form| Some((form, error(&Shape::fit(form, seen)?, held_back)))).collect()
}

/// Returns the form whose forecast of the points held back is best; one with more to fit has to be clearly better.
fn best_form(errors: &[(Form, f64)]) -> Option<Form> {
    let mut best: Option<(f64, Form)> = None;
    for (form, error) in errors {
        if best.is_none_or(|(least, _)| *error < WORTH * least && least > EXACT) {
            best = Some((*error, *form));
        }
    }
    best.map(|(_, form)| form)
}

/// Returns the weight of a form among the drawn futures: one over the square of its error on the points held back, as for
/// estimates with such errors. No weight where the form cannot be fitted.
fn weight(form: Form, errors: &[(Form, f64)]) -> f64 {
    let error = errors.iter().find(|(other, _)| *other == form).map(|(_, error)| error.max(EXACT));
    error.map_or(0.0, |error| 1.0 / (error * error))
}

/// Returns the mean deviation of points from a shape, by their mean level.
pub fn error(shape: &Shape, points: &[(f64, f64)]) -> f64 {
    let off: f64 = points.iter().map(|(time, level)| (shape.level(*time) - level).abs()).sum();
    let all: f64 = points.iter().map(|(_, level)| level).sum();
    if all > 0.0 { off / all } else { off }
}

/// A past as seen by each growth, which are drawn from by weight: a few weeks hardly tell them apart, and they part
/// further on.
pub struct Pasts<'a> {
    /// Form that does best, whose season all have.
    pub form: Form,
    /// Points of the past.
    pub points: &'a Points,
    pasts: Vec<(f64, Past)>,
}

impl<'a> Pasts<'a> {
    /// Returns a past with the season and the weights that do best on its last quarter; `None` where no form can be fitted.
    pub fn of(points: &'a [(f64, f64)]) -> Option<Pasts<'a>> {
        let (seen, held_back) = divided(points);
        let errors = errors(seen, held_back);
        let form = best_form(&errors)?;
        let of = |growth: Growth| {
            let form = Form { growth, ..form };
            let weight = weight(form, &errors);
            let shape = Shape::fit(form, points).filter(|_| weight > 0.0)?;
            Some((weight, Past::new(shape, points)))
        };
        // Damped growth has more to fit: it counts where it is clearly better alone.
        let growths = Growth::ALL
            .into_iter()
            .filter(|growth| *growth != Growth::Damped || form.growth == Growth::Damped);
        Some(Pasts { form, points, pasts: growths.filter_map(of).collect() })
    }

    /// Returns the same with futures as many times as far from the fitted shapes as asked for by the season.
    pub fn widened_by(mut self, widening: impl FnOnce(Season) -> f64) -> Pasts<'a> {
        let widening = widening(self.form.season);
        self.pasts.iter_mut().for_each(|(_, past)| past.widen(widening));
        self
    }

    /// Returns the shape that is fitted to the past with the best form; `None` where it cannot be.
    pub fn best(&self) -> Option<&Shape> {
        self.pasts.iter().map(|(_, past)| &past.shape).find(|shape| shape.form() == self.form)
    }

    /// Draws a future of one of them.
    pub fn future(&self, random: &mut Stream) -> DrawnFuture<'_> {
        let all: f64 = self.pasts.iter().map(|(weight, _)| weight).sum();
        let mut left = random.unit() * all;
        let drawn = self.pasts.iter().find(|(weight, _)| {
            left -= weight;
            left <= 0.0
        });
        let (_, past) = drawn.or(self.pasts.last()).expect("the best form was fitted");
        past.future(random)
    }

    /// Returns the levels of drawn futures at each of the next steps.
    pub fn levels(&self, steps: usize, random: &mut Stream) -> Vec<Vec<f64>> {
        let futures: Vec<DrawnFuture<'_>> = (0..DRAWS).map(|_| self.future(random)).collect();
        (0..steps).map(|step| futures.iter().map(|future| future.level(step)).collect()).collect()
    }
}

/// A past with the shape fitted to it, from which futures are drawn.
struct Past {
    shape: Shape,
    /// Clock of the trend at the points.
    clocks: Clocks,
    /// Trend of the shape at the points, on the scale on which it is a line.
    line: Vec<f64>,
    /// Deviations from the shape.
    deviations: Vec<Deviation>,
    /// Times that the futures are as far from the fitted shape as they are drawn.
    widening: f64,
    /// Factors of the deviations, so many times as far from 1 on the scale of logarithms.
    factors: Vec<f64>,
    /// Points of a block of deviations.
    block: usize,
    /// Time of the first step ahead \[s\].
    start_s: f64,
    step_s: f64,
    /// Places of the first steps ahead, as many as there are points.
    ahead: Vec<PlaceInTime>,
}

impl Past {
    fn new(shape: Shape, points: &Points) -> Past {
        let step_s = points[1].0 - points[0].0;
        let block = (points.len() / MIN_BLOCKS).max(1);
        // Fitting takes a part of the deviations with it: reckoned as that of two blocks, which the tests of the band bear out.
        let blocks = points.len() as f64 / block as f64;
        let inflate = (blocks / (blocks - 2.0)).sqrt();
        let of = |(time, level): &(f64, f64)| {
            let expected = shape.level(*time);
            Deviation::by(if expected > 0.0 { 1.0 + inflate * (level / expected - 1.0) } else { 1.0 })
        };
        let deviations: Vec<Deviation> = points.iter().map(of).collect();
        let (clocks, line) = shape.line(points.iter().map(|(time, _)| *time));
        let start_s = points[points.len() - 1].0 + step_s;
        let ahead = (0..points.len()).map(|step| shape.place(start_s + step as f64 * step_s)).collect();
        let factors = Vec::new();
        let mut past =
            Past { shape, clocks, line, deviations, widening: 1.0, factors, block, start_s, step_s, ahead };
        past.widen(1.0);
        past
    }

    /// Makes the futures so many times as far from the fitted shape as they are drawn.
    fn widen(&mut self, widening: f64) {
        self.widening = widening;
        let factor = |deviation: &Deviation| libm::exp(widening * deviation.logarithm);
        self.factors = self.deviations.iter().map(factor).collect();
    }

    /// Draws as many of some values as there are, in blocks as they followed each other.
    fn draw<T: Copy>(&self, values: &[T], random: &mut Stream) -> Vec<T> {
        let mut drawn = Vec::with_capacity(values.len());
        while drawn.len() < values.len() {
            let at = random.below((values.len() - self.block + 1) as u64) as usize;
            let count = self.block.min(values.len() - drawn.len());
            drawn.extend_from_slice(&values[at..at + count]);
        }
        drawn
    }

    /// Draws a future: a trend that the past might have had as well, and deviations ahead.
    fn future(&self, random: &mut Stream) -> DrawnFuture<'_> {
        let drawn = self.shape.refitted(&self.clocks, &self.line, &self.draw(&self.deviations, random));
        let shape = self.shape.apart(&drawn, self.widening);
        let deviations = self.draw(&self.factors, random);
        DrawnFuture { shape, past: self, deviations }
    }
}

/// A drawn future.
pub struct DrawnFuture<'a> {
    shape: Shape,
    past: &'a Past,
    /// Factors by which the steps deviate, from the first again after the last.
    deviations: Vec<f64>,
}

impl DrawnFuture<'_> {
    fn time_s(&self, step: usize) -> f64 {
        self.past.start_s + step as f64 * self.past.step_s
    }

    fn level(&self, step: usize) -> f64 {
        let kept = self.past.ahead.get(step).copied();
        let place = kept.unwrap_or_else(|| self.shape.place(self.time_s(step)));
        self.shape.level_at(place) * self.deviations[step % self.deviations.len()]
    }

    /// Returns the first times at which the level is at each of some marks, which ascend.
    pub fn reaches(&self, marks: &[f64; 3]) -> [Option<f64>; 3] {
        let mut times = [None; 3];
        let mut next = 0;
        let highest = self.deviations.iter().copied().fold(0.0, f64::max);
        let (start_s, step_s) = (self.past.start_s, self.past.step_s);
        let earliest = (self.shape.earliest(marks[0], highest, start_s) - start_s) / step_s;
        // Steps that it reaches ahead.
        let count = (REACH * self.past.line.len() as f64) as usize;
        // Saturates: what is never reached begins after the last step.
        for step in earliest as usize..count {
            let level = self.level(step);
            while next < marks.len() && level >= marks[next] {
                times[next] = Some(self.time_s(step));
                next += 1;
            }
            if next == marks.len() {
                break;
            }
        }
        times
    }
}
