//! Alarms as CloudWatch evaluates them: so many of the last data points, one a minute, are on the wrong side of a threshold
//! (CloudWatch user guide, "Using Amazon CloudWatch alarms": "M out of N").

use serde::{Deserialize, Serialize};

/// Alarm over data points of a minute each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MetricAlarm {
    /// Data points that breach before the alarm goes off.
    datapoints: u32,
    /// Data points that are looked at, up to 64.
    periods: u32,
    /// Data points that breached, the latest in the lowest bit.
    breaches: u64,
    /// Data points so far, up to `periods`.
    seen: u32,
}

impl MetricAlarm {
    /// The most data points that are looked at.
    pub const MAX_PERIODS: u32 = 64;

    /// Returns an alarm that goes off once `datapoints` of the last `periods` breach.
    pub fn new(datapoints: u32, periods: u32) -> MetricAlarm {
        MetricAlarm { datapoints, periods, breaches: 0, seen: 0 }
    }

    /// Takes in a data point. Returns whether the alarm is on.
    pub fn note(&mut self, breaches: bool) -> bool {
        let window =
            if self.periods == MetricAlarm::MAX_PERIODS { u64::MAX } else { (1 << self.periods) - 1 };
        self.breaches = (self.breaches << 1 | u64::from(breaches)) & window;
        self.seen = (self.seen + 1).min(self.periods);
        self.breaches.count_ones() >= self.datapoints
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};

    #[test]
    fn it_is_on_while_enough_of_the_last_points_breach() {
        let mut random = Seed(2).stream(Purpose::Mix, 0);
        for (datapoints, periods) in [(1, 1), (3, 3), (2, 5), (15, 15), (40, 64)] {
            let (mut alarm, mut points) = (MetricAlarm::new(datapoints, periods), Vec::new());
            for _ in 0..500 {
                let breaches = random.below(10) < 7;
                points.push(breaches);
                let last = points.iter().rev().take(periods as usize);
                let expected = last.filter(|breaches| **breaches).count() >= datapoints as usize;
                assert_eq!(alarm.note(breaches), expected);
            }
        }
    }
}
