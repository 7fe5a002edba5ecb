//! The past of a level, as a forecast needs it.

use serde::{Deserialize, Serialize};

/// Points kept at the most; when there are more, neighbours become one.
const MAX_POINTS: usize = 1024;

/// A level sampled at equal steps of time. Of the samples that make one point the highest counts: a peak is what
/// finds no room.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LevelHistory {
    points: Vec<Point>,
    /// Samples that make a point.
    size: u32,
}

/// Samples that stand for one.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Point {
    samples: u32,
    /// Time of the first sample \[s\].
    time_s: f64,
    /// Highest level.
    level: f64,
}

impl LevelHistory {
    /// Adds the level at a time, which is later than the times before.
    pub fn sample(&mut self, time_s: f64, level: f64) {
        self.size = self.size.max(1);
        if let Some(last) = self.points.last_mut()
            && last.samples < self.size
        {
            last.samples += 1;
            last.level = last.level.max(level);
            return;
        }
        if self.points.len() == MAX_POINTS {
            self.points = self.points.chunks(2).map(|pair| merged(pair[0], pair[1])).collect();
            self.size *= 2;
        }
        self.points.push(Point { samples: 1, time_s, level });
    }

    /// Returns the points that are whole, as time \[s\] and level.
    pub fn points(&self) -> Vec<(f64, f64)> {
        let whole = self.points.iter().filter(|point| point.samples == self.size);
        whole.map(|point| (point.time_s, point.level)).collect()
    }
}

fn merged(one: Point, other: Point) -> Point {
    Point { samples: one.samples + other.samples, time_s: one.time_s, level: one.level.max(other.level) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_past_is_kept_by_its_peaks() {
        let mut history = LevelHistory::default();
        (0..5000).for_each(|at| history.sample(f64::from(at), if at == 3001 { 9.0 } else { 1.0 }));
        let points = history.points();
        assert!((513..=MAX_POINTS).contains(&points.len()), "{}", points.len());
        let peaks: Vec<_> = points.iter().filter(|(_, level)| *level == 9.0).collect();
        assert_eq!(peaks, [&(3000.0, 9.0)]);
        let step = points[1].0 - points[0].0;
        assert!(points.windows(2).all(|pair| pair[1].0 - pair[0].0 == step));
    }
}
