//! `[placement.prediction]`: what strategies that place by lifetimes are told about them, and how wrong it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::exits::ExitHour;
use crate::draw;
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::units::{Duration, Time};

/// `[placement.prediction]`: predictions of lifetimes, for the strategies `la-binary`, `nilas`, `lava` and `dvla`, and expressions of
/// `exit.left` and `request.left`. By default they are right. Each is made when the instance is launched, and is the same under every strategy.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PredictionConfig {
    /// Standard deviation of the natural logarithm of predicted ÷ actual lifetime, which is normal with mean 0; default 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub log_error: f64,
    /// Share of predictions, 0 to 1, that have nothing to do with the lifetime: log-uniform from a minute to 1000 hours;
    /// default 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub gross_share: f64,
    /// Lifetimes that a prediction may have, in ascending order: the least that is not below, else the last; default any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bins: Vec<Duration>,
    /// True if an instance that outlives its prediction is predicted anew: to end an hour later than first predicted, then two,
    /// four, eight hours later and so on. Default false: it counts as ending now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub repredicts: bool,
}

fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

/// Greatest spread: a factor of 20,000 at one standard deviation.
const MOST_LOG_ERROR: f64 = 10.0;

impl PredictionConfig {
    /// Returns every problem.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut expect = |holds: bool, key: &str, message: String| {
            if !holds {
                problems.push(Problem::new(Place::key(&format!("placement.prediction.{key}")), message));
            }
        };
        let found = self.log_error;
        let message = format!("found {found}, expected a number from 0 to {MOST_LOG_ERROR}");
        expect((0.0..=MOST_LOG_ERROR).contains(&found), "log_error", message);
        let found = self.gross_share;
        expect(
            (0.0..=1.0).contains(&found),
            "gross_share",
            format!("found {found}, expected a number from 0 to 1"),
        );
        let ascends = self.bins.windows(2).all(|pair| pair[0] < pair[1]);
        let message = "found bins out of order, expected each to be longer than the one before";
        expect(ascends, "bins", message.to_string());
        problems
    }
}

/// Predicts the ends of instances.
#[derive(Clone, Debug)]
pub struct Predictor {
    config: PredictionConfig,
    seed: Seed,
}

/// Least and greatest lifetime of a prediction that is grossly wrong \[s\].
const GROSS_S: (f64, f64) = (60.0, 3_600_000.0);

impl Predictor {
    /// Returns the predictor of a scenario.
    pub fn new(config: &PredictionConfig, seed: Seed) -> Predictor {
        Predictor { config: config.clone(), seed }
    }

    /// Returns the hour in which an instance is predicted to end that is launched now and ends then. `number` is its number in
    /// the demand, by which the prediction is drawn.
    pub fn exit(&self, now: Time, end: Time, number: u64) -> ExitHour {
        let actual = Duration(end.0.saturating_sub(now.0));
        ExitHour::of(now.after(self.lifetime(actual, number)))
    }

    fn lifetime(&self, actual: Duration, number: u64) -> Duration {
        let PredictionConfig { log_error, gross_share, bins, repredicts: _ } = &self.config;
        let mut lifetime = actual;
        if *log_error > 0.0 || *gross_share > 0.0 {
            let mut stream = self.seed.stream(Purpose::Prediction, number);
            let (is_gross, gross) = (stream.unit() <= *gross_share, gross(&mut stream));
            let factor = libm::exp(log_error * draw::normal(&mut stream));
            let seconds = if is_gross { gross } else { actual.0 as f64 / 1e9 * factor };
            // A cast saturates: 584 years are enough.
            lifetime = Duration((seconds * 1e9) as u64);
        }
        let bin = bins.iter().find(|bin| **bin >= lifetime).or(bins.last());
        bin.copied().unwrap_or(lifetime)
    }
}

fn gross(stream: &mut Stream) -> f64 {
    let (least, most) = GROSS_S;
    least * libm::exp(stream.unit() * libm::log(most / least))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000_000_000;

    fn lifetimes(config: PredictionConfig, count: u64) -> Vec<f64> {
        let predictor = Predictor::new(&config, Seed(3));
        let lifetime = |number| predictor.lifetime(Duration(10 * HOUR), number).0 as f64 / HOUR as f64;
        (0..count).map(lifetime).collect()
    }

    #[test]
    fn predictions_are_right_unless_they_are_said_to_be_wrong() {
        assert!(lifetimes(PredictionConfig::default(), 9).iter().all(|hours| *hours == 10.0));
        let predictor = Predictor::new(&PredictionConfig::default(), Seed(3));
        assert_eq!(predictor.exit(Time(HOUR / 2), Time(3 * HOUR), 1), ExitHour(3));
        assert_eq!(predictor.exit(Time(HOUR / 2), Time(3 * HOUR + 1), 1), ExitHour(4));
        assert_eq!(predictor.exit(Time(0), Time(u64::MAX), 1), ExitHour(5_124_096));
    }

    #[test]
    fn errors_have_the_spread_that_is_asked_for() {
        const COUNT: u64 = 20_000;
        let wrong = lifetimes(PredictionConfig { log_error: 0.5, ..Default::default() }, COUNT);
        let logs: Vec<f64> = wrong.iter().map(|hours| libm::log(hours / 10.0)).collect();
        let mean = logs.iter().sum::<f64>() / COUNT as f64;
        let spread =
            libm::sqrt(logs.iter().map(|log| (log - mean) * (log - mean)).sum::<f64>() / COUNT as f64);
        assert!(mean.abs() < 0.02 && (spread - 0.5).abs() < 0.02, "{mean} {spread}");
        let gross = lifetimes(PredictionConfig { gross_share: 0.25, ..Default::default() }, COUNT);
        let share = gross.iter().filter(|hours| (**hours - 10.0).abs() > 1e-9).count() as f64 / COUNT as f64;
        assert!((share - 0.25).abs() < 0.02, "{share}");
        assert!(gross.iter().all(|hours| (1.0 / 60.0 - 1e-9..1000.0).contains(hours)));
    }

    #[test]
    fn bins_take_the_next_longer() {
        let bins = [1, 12, 24].map(|hours| Duration(hours * HOUR)).to_vec();
        let predictor = Predictor::new(&PredictionConfig { bins, ..Default::default() }, Seed(3));
        let hours = |actual: u64| predictor.lifetime(Duration(actual * HOUR), 0).0 / HOUR;
        assert_eq!([0, 1, 2, 12, 13, 99].map(hours), [1, 1, 12, 12, 24, 24]);
    }

    #[test]
    fn impossible_settings_are_told() {
        let bins = [2, 1].map(|hours| Duration(hours * HOUR)).to_vec();
        let config = PredictionConfig { log_error: -1.0, gross_share: f64::NAN, bins, repredicts: true };
        let problems: Vec<String> = config.validate().iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems[0].contains("placement.prediction.log_error"), "{problems:?}");
        assert!(PredictionConfig::default().validate().is_empty());
    }
}
