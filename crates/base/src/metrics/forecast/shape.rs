//! Shapes of a level over time: a trend, times a season.

use serde::{Deserialize, Serialize};

const DAY_S: f64 = 86_400.0;

/// Parts of a day or week that have a factor of their own: three hours of a week, one of a day.
const WEEK_PARTS: usize = 56;
const DAY_PARTS: usize = 24;

/// Rounds in which trend and season are fitted to each other.
const ROUNDS: usize = 4;

/// Dampings that are tried, as shares of the past.
const DAMPINGS: [f64; 4] = [0.125, 0.25, 0.5, 1.0];

/// Form of a trend.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Growth {
    /// As much more in every period.
    Linear,
    /// By the same factor in every period.
    Exponential,
    /// By less in every period, towards a level: the same factor of what is missing.
    Damped,
}

impl Growth {
    /// Every growth.
    pub const ALL: [Growth; 3] = [Growth::Linear, Growth::Exponential, Growth::Damped];
}

/// Period after which a level repeats itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Season {
    /// Nothing.
    None,
    /// A day.
    Day,
    /// A week.
    Week,
}

/// A form that a level may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Form {
    /// Form of the trend.
    pub growth: Growth,
    /// Its season.
    pub season: Season,
}

/// Deviation of a level from a shape.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Deviation {
    /// The level over that of the shape; above zero.
    pub factor: f64,
    /// Its logarithm.
    pub logarithm: f64,
}

impl Deviation {
    /// Returns the deviation by a factor. What is far below is as good as nothing.
    pub fn by(factor: f64) -> Deviation {
        let factor = factor.max(1e-3);
        Deviation { factor, logarithm: libm::log(factor) }
    }
}

/// Place of a time in a shape.
#[derive(Clone, Copy, Debug)]
pub struct PlaceInTime {
    /// Time as the trend counts it.
    clock: f64,
    /// Part of the season.
    part: usize,
}

/// Clock of a trend at some times, to which lines are fitted.
pub struct Clocks {
    mean: f64,
    /// Distance of each from the mean.
    off: Vec<f64>,
    /// Sum of the squares of these.
    spread: f64,
}

impl Clocks {
    fn of(clocks: &[f64]) -> Clocks {
        let mean = clocks.iter().sum::<f64>() / clocks.len() as f64;
        let off: Vec<f64> = clocks.iter().map(|clock| clock - mean).collect();
        let spread = off.iter().map(|off| off * off).sum();
        Clocks { mean, off, spread }
    }

    /// Returns the intercept and the slope of the line that is nearest to levels at these times, by least squares.
    fn line(&self, levels: &[f64]) -> (f64, f64) {
        let level = levels.iter().sum::<f64>() / levels.len() as f64;
        let slope = self.off.iter().zip(levels).map(|(off, y)| off * (y - level)).sum::<f64>() / self.spread;
        (level - slope * self.mean, slope)
    }
}

/// A form fitted to points.
#[derive(Clone, Debug)]
pub struct Shape {
    form: Form,
    /// Level, or its logarithm, where the clock of the trend is at zero.
    intercept: f64,
    /// Change of the level, or its logarithm, with the clock of the trend.
    slope: f64,
    /// First time of the past \[s\].
    start_s: f64,
    /// Time in which what is missing to the last level falls to 1/e \[s\]; of a damped trend alone.
    damping_s: f64,
    /// Factor of each part of the season; one part where there is none.
    factors: Vec<f64>,
}

impl Season {
    /// Returns its length \[s\] and the number of its parts.
    fn parts(self) -> (f64, usize) {
        match self {
            Season::None => (DAY_S, 1),
            Season::Day => (DAY_S, DAY_PARTS),
            Season::Week => (7.0 * DAY_S, WEEK_PARTS),
        }
    }

    /// Returns its part at a time.
    fn part(self, time_s: f64) -> usize {
        let (length, parts) = self.parts();
        if parts == 1 {
            return 0;
        }
        // Multiplied first: a time on a border is in the part that begins there.
        let part = time_s.rem_euclid(length) * parts as f64 / length;
        (part as usize).min(parts - 1)
    }

    /// Returns whether points over a span show it at least twice, each part of it with a point.
    pub fn is_shown(self, span_s: f64, step_s: f64) -> bool {
        let (length, parts) = self.parts();
        self == Season::None || (span_s >= 2.0 * length && step_s <= length / parts as f64)
    }
}

impl Form {
    /// Every form, the simplest first.
    pub const ALL: [Form; 9] = [
        Form { growth: Growth::Linear, season: Season::None },
        Form { growth: Growth::Exponential, season: Season::None },
        Form { growth: Growth::Damped, season: Season::None },
        Form { growth: Growth::Linear, season: Season::Day },
        Form { growth: Growth::Exponential, season: Season::Day },
        Form { growth: Growth::Damped, season: Season::Day },
        Form { growth: Growth::Linear, season: Season::Week },
        Form { growth: Growth::Exponential, season: Season::Week },
        Form { growth: Growth::Damped, season: Season::Week },
    ];
}

impl Shape {
    /// Fits a form to points by least squares, trend and season in turn, with the damping that does best. `None` where a level
    /// of a growth by factors is not above zero.
    pub fn fit(form: Form, points: &[(f64, f64)]) -> Option<Shape> {
        if form.growth == Growth::Exponential && points.iter().any(|(_, level)| *level <= 0.0) {
            return None;
        }
        let span = points[points.len() - 1].0 - points[0].0;
        let parts: Vec<usize> = points.iter().map(|(time, _)| form.season.part(*time)).collect();
        let dampings = if form.growth == Growth::Damped { DAMPINGS.as_slice() } else { &[1.0] };
        let fitted = dampings.iter().map(|share| Shape::fit_with(form, points, &parts, share * span));
        fitted.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(shape, _)| shape)
    }

    /// Fits a form with a stated damping to points in parts of its season; with the sum of the squares by which they are off.
    fn fit_with(form: Form, points: &[(f64, f64)], parts: &[usize], damping_s: f64) -> (Shape, f64) {
        let factors = vec![1.0; form.season.parts().1];
        let start_s = points[0].0;
        let mut shape = Shape { form, intercept: 0.0, slope: 0.0, start_s, damping_s, factors };
        let clocks: Vec<f64> = points.iter().map(|(time, _)| shape.clock(*time)).collect();
        let place = |(clock, part): (&f64, &usize)| PlaceInTime { clock: *clock, part: *part };
        let places = clocks.iter().zip(parts).map(place);
        let points: Vec<(PlaceInTime, f64)> = places.zip(points.iter().map(|(_, level)| *level)).collect();
        let clocks = Clocks::of(&clocks);
        shape.fit_trend(&clocks, &points);
        if form.season != Season::None {
            for _ in 0..ROUNDS {
                shape.fit_season(&points);
                shape.fit_trend(&clocks, &points);
            }
        }
        let off = |(place, level): &(PlaceInTime, f64)| shape.level_at(*place) - level;
        let squares = points.iter().map(off).map(|off| off * off).sum();
        (shape, squares)
    }

    /// Fits the trend to the points without their season.
    fn fit_trend(&mut self, clocks: &Clocks, points: &[(PlaceInTime, f64)]) {
        let plain = |(place, level): &(PlaceInTime, f64)| {
            let level = level / self.factors[place.part];
            if self.form.growth == Growth::Exponential { libm::log(level) } else { level }
        };
        let plain: Vec<f64> = points.iter().map(plain).collect();
        (self.intercept, self.slope) = clocks.line(&plain);
    }

    /// Returns the shape with its trend fitted to levels that deviate from its own, which are on the scale on which the trend
    /// is a line.
    pub fn refitted(&self, clocks: &Clocks, own: &[f64], deviations: &[Deviation]) -> Shape {
        let deviating = own.iter().zip(deviations).map(|(own, deviation)| match self.form.growth {
            Growth::Linear | Growth::Damped => own * deviation.factor,
            Growth::Exponential => own + deviation.logarithm,
        });
        let (intercept, slope) = clocks.line(&deviating.collect::<Vec<_>>());
        Shape { intercept, slope, ..self.clone() }
    }

    /// Returns the clock of the trend at some times, and the trend there on the scale on which it is a line.
    pub fn line(&self, times: impl Iterator<Item = f64>) -> (Clocks, Vec<f64>) {
        let clocks: Vec<f64> = times.map(|time| self.clock(time)).collect();
        let line = clocks.iter().map(|clock| self.intercept + self.slope * clock).collect();
        (Clocks::of(&clocks), line)
    }

    /// Returns the form that was fitted.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Returns another shape of the same form, so many times as far from this one.
    pub fn apart(&self, other: &Shape, times: f64) -> Shape {
        let apart = |own: f64, other: f64| own + times * (other - own);
        Shape {
            intercept: apart(self.intercept, other.intercept),
            slope: apart(self.slope, other.slope),
            ..self.clone()
        }
    }

    /// Returns the time as the trend counts it: in seconds, or of a damped one in parts of what it has still to rise.
    fn clock(&self, time_s: f64) -> f64 {
        match self.form.growth {
            Growth::Linear | Growth::Exponential => time_s,
            Growth::Damped => -libm::exp((self.start_s - time_s) / self.damping_s),
        }
    }

    /// Fits the factors of the season to the points without their trend; their mean is 1.
    fn fit_season(&mut self, points: &[(PlaceInTime, f64)]) {
        let mut sums = vec![(0.0, 0u32); self.factors.len()];
        for (place, level) in points {
            let trend = self.trend(place.clock);
            if trend > 0.0 {
                let sum = &mut sums[place.part];
                *sum = (sum.0 + level / trend, sum.1 + 1);
            }
        }
        let mean = |(sum, count): &(f64, u32)| if *count == 0 { 1.0 } else { sum / f64::from(*count) };
        let means: Vec<f64> = sums.iter().map(mean).collect();
        let overall = means.iter().sum::<f64>() / means.len() as f64;
        // A part in which nothing is ever in use would have no trend to divide by.
        self.factors = means.iter().map(|mean| (mean / overall).max(1e-3)).collect();
    }

    fn trend(&self, clock: f64) -> f64 {
        let line = self.intercept + self.slope * clock;
        match self.form.growth {
            Growth::Linear | Growth::Damped => line,
            Growth::Exponential => libm::exp(line),
        }
    }

    /// Returns the place of a time, which is that of every shape of the same form, start and damping.
    pub fn place(&self, time_s: f64) -> PlaceInTime {
        PlaceInTime { clock: self.clock(time_s), part: self.form.season.part(time_s) }
    }

    /// Returns the level at a place.
    pub fn level_at(&self, place: PlaceInTime) -> f64 {
        (self.trend(place.clock) * self.factors[place.part]).max(0.0)
    }

    /// Returns the level at a time.
    pub fn level(&self, time_s: f64) -> f64 {
        self.level_at(self.place(time_s))
    }

    /// Returns the earliest time from `start_s` on at which the level can be at `mark`, season and a deviation by `factor` being
    /// at their highest; infinity where the trend does not rise to it.
    pub fn earliest(&self, mark: f64, factor: f64, start_s: f64) -> f64 {
        let highest = self.factors.iter().copied().fold(0.0, f64::max) * factor;
        let line = match self.form.growth {
            Growth::Linear | Growth::Damped => mark / highest,
            Growth::Exponential => libm::log(mark / highest),
        };
        let now = self.clock(start_s);
        let clock = match line - (self.intercept + self.slope * now) {
            missing if missing <= 0.0 => return start_s,
            missing if self.slope > 0.0 => now + missing / self.slope,
            _ => return f64::INFINITY,
        };
        match self.form.growth {
            Growth::Linear | Growth::Exponential => clock,
            Growth::Damped if clock < 0.0 => self.start_s - self.damping_s * libm::log(-clock),
            Growth::Damped => f64::INFINITY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the hours of some weeks with a level of each.
    fn hours(weeks: u32, level: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        (0..weeks * 168).map(|hour| (f64::from(hour) * 3600.0, level(f64::from(hour)))).collect()
    }

    #[test]
    fn each_form_is_found_again_in_points_without_noise() {
        let weekend = |hour: f64| if hour.rem_euclid(168.0) >= 120.0 { 0.6 } else { 1.2 };
        let factor = |hour: f64| libm::exp(0.01 * hour / 24.0);
        let filling = |hour: f64| 0.1 + 0.2 * (1.0 - libm::exp(-hour / (0.25 * (6.0 * 168.0 - 1.0))));
        let cases: [(Form, Vec<(f64, f64)>); 4] = [
            (Form { growth: Growth::Damped, season: Season::None }, hours(6, filling)),
            (Form { growth: Growth::Linear, season: Season::None }, hours(6, |h| 0.1 + 0.0001 * h)),
            (Form { growth: Growth::Exponential, season: Season::None }, hours(6, |h| 0.2 * factor(h))),
            (
                Form { growth: Growth::Exponential, season: Season::Week },
                hours(6, |h| 0.2 * factor(h) * weekend(h)),
            ),
        ];
        for (form, points) in cases {
            let shape = Shape::fit(form, &points).unwrap();
            let later = hours(8, |_| 0.0);
            let truth = |hour: f64| match (form.growth, form.season) {
                (Growth::Damped, _) => filling(hour),
                (Growth::Linear, _) => 0.1 + 0.0001 * hour,
                (_, Season::None) => 0.2 * factor(hour),
                _ => 0.2 * factor(hour) * weekend(hour),
            };
            for (time, _) in later {
                let (found, expected) = (shape.level(time), truth(time / 3600.0));
                assert!((found / expected - 1.0).abs() < 0.01, "{form:?} at {time}: {found}, not {expected}");
            }
        }
    }

    #[test]
    fn a_season_is_shown_by_two_of_it() {
        assert!(Season::Week.is_shown(14.0 * DAY_S, 3600.0));
        assert!(!Season::Week.is_shown(13.0 * DAY_S, 3600.0));
        assert!(!Season::Week.is_shown(90.0 * DAY_S, DAY_S));
        assert!(Season::None.is_shown(0.0, DAY_S));
    }

    #[test]
    fn nothing_grows_by_factors_from_zero() {
        let points = hours(1, |hour| hour);
        assert!(Shape::fit(Form { growth: Growth::Exponential, season: Season::None }, &points).is_none());
    }
}
