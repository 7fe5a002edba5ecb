//! Futures that are drawn from a past: with a trend that the past might have had as well, and deviations as it had them.

use super::shape::{Deviation, Form, Growth, Season, Shape};
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
    pasts: Vec<(f64, Past<'a>)>,
    /// Times that the futures are as far from the fitted shapes as they are drawn.
    widening: f64,
}

impl<'a> Pasts<'a> {
    /// Returns a past with the season and the weights that do best on its last quarter; `None` where no form can be fitted.
    pub fn of(points: &'a [(f64, f64)]) -> Option<Pasts<'a>> {
        let (seen, held_back) = divided(points);
        let form = best_form(seen, held_back)?;
        let of = |growth: Growth| {
            let form = Form { growth, ..form };
            let weight = weight(form, seen, held_back);
            let shape = Shape::fit(form, points).filter(|_| weight > 0.0)?;
            Some((weight, Past::new(shape, points)))
        };
        // Damped growth has more to fit: it counts where it is clearly better alone.
        let growths = Growth::ALL
            .into_iter()
            .filter(|growth| *growth != Growth::Damped || form.growth == Growth::Damped);
        Some(Pasts { form, pasts: growths.filter_map(of).collect(), widening: 1.0 })
    }

    /// Returns the same with futures as many times as far from the fitted shapes as asked for by the season.
    pub fn widened_by(self, widening: impl FnOnce(Season) -> f64) -> Pasts<'a> {
        Pasts { widening: widening(self.form.season), ..self }
    }

    /// Draws a future of one of them.
    pub fn future(&self, random: &mut Stream) -> DrawnFuture {
        let all: f64 = self.pasts.iter().map(|(weight, _)| weight).sum();
        let mut left = random.unit() * all;
        let drawn = self.pasts.iter().find(|(weight, _)| {
            left -= weight;
            left <= 0.0
        });
        let (_, past) = drawn.or(self.pasts.last()).expect("the best form was fitted");
        past.future(self.widening, random)
    }

    /// Returns the levels of drawn futures at each of the next steps, lowest first.
    pub fn levels(&self, steps: usize, random: &mut Stream) -> Vec<Vec<f64>> {
        let futures: Vec<DrawnFuture> = (0..DRAWS).map(|_| self.future(random)).collect();
        let at = |step: usize| {
            let mut drawn: Vec<f64> = futures.iter().map(|future| future.level(step)).collect();
            drawn.sort_by(f64::total_cmp);
            drawn
        };
        (0..steps).map(at).collect()
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
    fn future(&self, widening: f64, random: &mut Stream) -> DrawnFuture {
        let times = self.points.iter().map(|(time, _)| *time);
        let drawn = self.shape.refitted(times.zip(self.draw(random)));
        let shape = self.shape.apart(&drawn, widening);
        let start_s = self.points[self.points.len() - 1].0 + self.step_s;
        let count = (REACH * self.points.len() as f64) as usize;
        let ahead = self.draw(random).take(self.points.len().min(count));
        let factor = |deviation: Deviation| libm::exp(widening * deviation.logarithm);
        let deviations = ahead.map(factor).collect();
        DrawnFuture { shape, start_s, step_s: self.step_s, count, deviations }
    }
}

/// A drawn future.
pub struct DrawnFuture {
    shape: Shape,
    start_s: f64,
    step_s: f64,
    /// Steps that it reaches ahead.
    count: usize,
    /// Factors by which the steps deviate, from the first again after the last.
    deviations: Vec<f64>,
}

impl DrawnFuture {
    fn level(&self, step: usize) -> f64 {
        let time = self.start_s + step as f64 * self.step_s;
        self.shape.level(time) * self.deviations[step % self.deviations.len()]
    }

    /// Returns the first times at which the level is at each of some marks, which ascend.
    pub fn reaches(&self, marks: &[f64; 3]) -> [Option<f64>; 3] {
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
