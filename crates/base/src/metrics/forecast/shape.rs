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
    /// Fits a form to points by least squares, trend and season in turn, with the damping that does best. `None` where a level of a growth by factors is
    /// not above zero.
    pub fn fit(form: Form, points: &[(f64, f64)]) -> Option<Shape> {
        let span = points[points.len() - 1].0 - points[0].0;
        let damped = |share: f64| Shape::fit_with(form, points, share * span);
        if form.growth == Growth::Damped {
            let fitted = DAMPINGS.iter().filter_map(|share| damped(*share));
            return fitted.min_by(|a, b| a.squares(points).total_cmp(&b.squares(points)));
        }
        Shape::fit_with(form, points, span)
    }

    /// Returns the sum of the squares by which points are off.
    fn squares(&self, points: &[(f64, f64)]) -> f64 {
        let off = |(time, level): &(f64, f64)| self.level(*time) - level;
        points.iter().map(off).map(|off| off * off).sum()
    }

    /// Fits a form with a stated damping.
    fn fit_with(form: Form, points: &[(f64, f64)], damping_s: f64) -> Option<Shape> {
        let parts = form.season.parts().1;
        let start_s = points[0].0;
        let mut shape =
            Shape { form, intercept: 0.0, slope: 0.0, start_s, damping_s, factors: vec![1.0; parts] };
        if form.growth == Growth::Exponential && points.iter().any(|(_, level)| *level <= 0.0) {
            return None;
        }
        shape.fit_trend(points);
        if form.season != Season::None {
            for _ in 0..ROUNDS {
                shape.fit_season(points);
                shape.fit_trend(points);
            }
        }
        Some(shape)
    }

    /// Fits the trend to the points without their season.
    fn fit_trend(&mut self, points: &[(f64, f64)]) {
        let plain = |(time, level): &(f64, f64)| {
            let level = level / self.factors[self.part(*time)];
            (
                self.clock(*time),
                if self.form.growth == Growth::Exponential { libm::log(level) } else { level },
            )
        };
        let plain: Vec<(f64, f64)> = points.iter().map(plain).collect();
        self.fit_line(&plain);
    }

    /// Fits the trend to points on the scale on which it is a line: the level without its season, or its logarithm.
    fn fit_line(&mut self, plain: &[(f64, f64)]) {
        let n = plain.len() as f64;
        let time = plain.iter().map(|(time, _)| time).sum::<f64>() / n;
        let level = plain.iter().map(|(_, level)| level).sum::<f64>() / n;
        let spread: f64 = plain.iter().map(|(t, _)| (t - time) * (t - time)).sum();
        self.slope = plain.iter().map(|(t, y)| (t - time) * (y - level)).sum::<f64>() / spread;
        self.intercept = level - self.slope * time;
    }

    /// Returns the shape with its trend fitted to levels that deviate from it at some times.
    pub fn refitted(&self, deviating: impl Iterator<Item = (f64, Deviation)>) -> Shape {
        let plain = |(time, deviation): (f64, Deviation)| {
            let time = self.clock(time);
            let line = self.intercept + self.slope * time;
            match self.form.growth {
                Growth::Linear | Growth::Damped => (time, line * deviation.factor),
                Growth::Exponential => (time, line + deviation.logarithm),
            }
        };
        let mut shape = self.clone();
        shape.fit_line(&deviating.map(plain).collect::<Vec<_>>());
        shape
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
    fn fit_season(&mut self, points: &[(f64, f64)]) {
        let mut sums = vec![(0.0, 0u32); self.factors.len()];
        for (time, level) in points {
            let trend = self.trend(*time);
            if trend > 0.0 {
                let sum = &mut sums[self.part(*time)];
                *sum = (sum.0 + level / trend, sum.1 + 1);
            }
        }
        let mean = |(sum, count): &(f64, u32)| if *count == 0 { 1.0 } else { sum / f64::from(*count) };
        let means: Vec<f64> = sums.iter().map(mean).collect();
        let overall = means.iter().sum::<f64>() / means.len() as f64;
        // A part in which nothing is ever in use would have no trend to divide by.
        self.factors = means.iter().map(|mean| (mean / overall).max(1e-3)).collect();
    }

    fn part(&self, time_s: f64) -> usize {
        let (length, parts) = self.form.season.parts();
        // Multiplied first: a time on a border is in the part that begins there.
        let part = time_s.rem_euclid(length) * parts as f64 / length;
        (part as usize).min(parts - 1)
    }

    fn trend(&self, time_s: f64) -> f64 {
        let line = self.intercept + self.slope * self.clock(time_s);
        match self.form.growth {
            Growth::Linear | Growth::Damped => line,
            Growth::Exponential => libm::exp(line),
        }
    }

    /// Returns the level at a time.
    pub fn level(&self, time_s: f64) -> f64 {
        (self.trend(time_s) * self.factors[self.part(time_s)]).max(0.0)
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
