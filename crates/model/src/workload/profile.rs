//! Intensity of the demand over time: a scale, growth, weeks, days and steps, multiplied.
//!
//! An intensity m(t) is divided into *layers*: layer j of a source repeats it with streams of its own and keeps each request with
//! the probability min(max(m(t) − j, 0), 1). So m(t) = 1 leaves the demand as it is, 0.4 thins it, and 2.4 adds a second
//! copy and thins a third. A Poisson process stays one, of the rate m(t) × its own: thinning and superposition (Lewis and
//! Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", 1979). More intensity adds requests and takes none
//! away, whatever the seed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::settings::Settings;
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::input::Problem;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, NS_PER_DAY, NS_PER_HOUR, Time};

/// Days in the months of `growth_per_month`.
const DAYS_PER_MONTH: f64 = 30.0;

/// Greatest number of layers: demand beyond a thousand times is a typing error.
const MOST_LAYERS: f64 = 1000.0;

/// `[workload.profile]`: factors of the demand over time, multiplied. Times count from the start of the run.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProfileConfig {
    /// Growth from one day to the next, compound: 0.01 is 1 % a day; below 0 demand shrinks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth_per_day: Option<f64>,
    /// The same in thirty days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth_per_month: Option<f64>,
    /// Factors of the seven days of a week, of which the first is the day that the run starts with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub weekly: Vec<f64>,
    /// Factors of the 24 hours of a day, from midnight, at which the run starts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub daily: Vec<f64>,
    /// Steps: holidays, launches of products, customers that come or go.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepConfig>,
}

/// A factor from one time to another.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepConfig {
    /// Time at which it begins.
    pub from: Duration,
    /// Time at which it ends; left out: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
    /// Factor, 0 or more.
    pub factor: f64,
}

/// Intensity of the demand over time.
#[derive(Clone, Debug)]
pub struct Intensity {
    scale: f64,
    /// Natural logarithm of the growth in a day.
    log_growth_per_day: f64,
    weekly: Vec<f64>,
    daily: Vec<f64>,
    steps: Vec<StepConfig>,
    /// End of the run, if known: there are no requests after it.
    horizon: Time,
    most: f64,
}

impl Intensity {
    /// Compiles the intensity of a workload; `None` where it is 1 at all times.
    ///
    /// # Errors
    /// Everything that is wrong with the settings, or an intensity of more than a thousand.
    pub fn compile(
        scale: f64,
        profile: &ProfileConfig,
        horizon: Option<Duration>,
    ) -> Result<Option<Intensity>, Vec<Problem>> {
        if scale == 1.0 && *profile == ProfileConfig::default() {
            return Ok(None);
        }
        let mut settings = Settings::at("workload");
        if !(scale.is_finite() && scale >= 0.0) {
            settings.wrong("scale", scale, "a number of 0 or more");
        }
        check(&mut settings, profile, horizon);
        let growth = profile.growth_per_day.map_or_else(
            || libm::log1p(profile.growth_per_month.unwrap_or(0.0)) / DAYS_PER_MONTH,
            libm::log1p,
        );
        let mut intensity = Intensity {
            scale,
            log_growth_per_day: growth,
            weekly: profile.weekly.clone(),
            daily: profile.daily.clone(),
            steps: profile.steps.clone(),
            horizon: horizon.map_or(Time::NEVER, |horizon| Time::ZERO.after(horizon)),
            most: 0.0,
        };
        intensity.most = intensity.bound();
        if intensity.most > MOST_LAYERS {
            let expected = "at most 1,000 times the demand as it is, over the whole run";
            settings.wrong("scale", format!("{:.0} times", intensity.most), expected);
        }
        settings.finish(|| Some(intensity))
    }

    /// Returns the intensity at a time.
    pub fn at(&self, time: Time) -> f64 {
        let hour = time.0 / NS_PER_HOUR;
        let mut intensity = self.scale;
        if let Some(factor) = self.daily.get((hour % 24) as usize) {
            intensity *= factor;
        }
        if let Some(factor) = self.weekly.get((hour / 24 % 7) as usize) {
            intensity *= factor;
        }
        for step in &self.steps {
            let lasts = step.until.is_none_or(|until| time.0 < until.0);
            if time.0 >= step.from.0 && lasts {
                intensity *= step.factor;
            }
        }
        if self.log_growth_per_day != 0.0 {
            let days = time.0 as f64 / NS_PER_DAY as f64;
            intensity *= libm::exp(self.log_growth_per_day * days);
        }
        intensity
    }

    /// Returns an upper bound of the intensity over the run.
    fn bound(&self) -> f64 {
        let most = |factors: &[f64]| factors.iter().copied().reduce(f64::max).unwrap_or(1.0);
        let steps: f64 = self.steps.iter().map(|step| step.factor.max(1.0)).product();
        let end = if self.horizon == Time::NEVER { Time::ZERO } else { self.horizon };
        let growth = libm::exp(self.log_growth_per_day.max(0.0) * (end.0 as f64 / NS_PER_DAY as f64));
        self.scale * most(&self.daily) * most(&self.weekly) * steps * growth
    }

    /// Returns the number of layers that sources need, 1 or more.
    pub fn layers(&self) -> u16 {
        self.most.ceil().max(1.0) as u16
    }

    /// Returns the end of the run, [`Time::NEVER`] where it is not known.
    pub fn horizon(&self) -> Time {
        self.horizon
    }

    /// Returns the probability that layer `layer` keeps a request at a time.
    pub fn share(&self, layer: u16, time: Time) -> f64 {
        (self.at(time) - f64::from(layer)).clamp(0.0, 1.0)
    }
}

fn check(settings: &mut Settings, profile: &ProfileConfig, horizon: Option<Duration>) {
    let growths =
        [("growth_per_day", profile.growth_per_day), ("growth_per_month", profile.growth_per_month)];
    for (key, growth) in growths {
        if growth.is_some_and(|growth| !(growth > -1.0 && growth <= 10.0)) {
            settings.wrong(
                &format!("profile.{key}"),
                growth.unwrap_or_default(),
                "more than -1 and at most 10",
            );
        }
    }
    let grows = growths.iter().filter(|(_, growth)| growth.is_some()).count();
    if grows == 2 {
        settings.wrong("profile.growth_per_month", "`growth_per_day` too", "one of the two");
    }
    if grows > 0 && horizon.is_none() {
        settings.wrong(
            "profile",
            "growth without an end",
            "a `duration` of the scenario, up to which demand grows",
        );
    }
    for (key, factors, count) in [("weekly", &profile.weekly, 7), ("daily", &profile.daily, 24)] {
        if !factors.is_empty() && factors.len() != count {
            settings.wrong(
                &format!("profile.{key}"),
                format!("{} factors", factors.len()),
                &format!("{count}"),
            );
        } else if !factors.is_empty() {
            settings.weights(&format!("profile.{key}"), factors);
        }
    }
    for (number, step) in profile.steps.iter().enumerate() {
        let key = format!("profile.steps.{number}");
        if !(step.factor.is_finite() && step.factor >= 0.0) {
            settings.wrong(&format!("{key}.factor"), step.factor, "a number of 0 or more");
        }
        if let Some(until) = step.until.filter(|until| *until <= step.from) {
            settings.wrong(&format!("{key}.until"), until, "a time after `from`");
        }
    }
}

/// A source of synthetic demand among its layers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DemandLayer {
    /// Number of the source in the scenario.
    pub source: u16,
    /// Number of the layer, from 0.
    pub layer: u16,
}

impl DemandLayer {
    /// Returns the entity that its random streams are keyed by: that of the source alone for layer 0.
    pub fn entity(self) -> u64 {
        u64::from(self.layer) << 16 | u64::from(self.source)
    }
}

/// Keeps requests of a layer with the probability that the intensity gives them.
#[derive(Clone, Debug)]
pub struct Thinning {
    intensity: Intensity,
    layer: u16,
    stream: Stream,
}

persist! { Thinning {
    nested: [stream],
    derived: [intensity, layer],
} }

impl Thinning {
    /// Returns the thinning of a source's layer. `purpose` distinguishes sources of different kinds.
    pub fn new(intensity: &Intensity, layer: DemandLayer, purpose: Purpose, seed: Seed) -> Thinning {
        let stream = seed.stream(purpose, layer.entity());
        Thinning { intensity: intensity.clone(), layer: layer.layer, stream }
    }

    /// Draws whether a request at a time is kept: one draw a request.
    pub fn keeps(&mut self, time: Time) -> bool {
        self.stream.unit() <= self.intensity.share(self.layer, time)
    }

    /// Returns the probability that a request at the start is kept.
    pub fn share_at_start(&self) -> f64 {
        self.intensity.share(self.layer, Time::ZERO)
    }

    /// Returns the end of the run: later requests need not be drawn.
    pub fn horizon(&self) -> Time {
        self.intensity.horizon()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = NS_PER_DAY;

    fn profile(toml: &str) -> ProfileConfig {
        toml::from_str(toml).unwrap()
    }

    fn intensity(scale: f64, toml: &str) -> Intensity {
        Intensity::compile(scale, &profile(toml), Some(Duration(100 * DAY))).unwrap().unwrap()
    }

    #[test]
    fn demand_as_it_is_has_no_intensity() {
        assert!(Intensity::compile(1.0, &ProfileConfig::default(), None).unwrap().is_none());
    }

    #[test]
    fn factors_are_multiplied() {
        let weekly =
            "weekly = [1, 1, 1, 1, 1, 0.5, 0.25]\nsteps = [{ from = '10d', until = '12d', factor = 3 }]\n";
        let days = |scale, toml: &str, day: f64| intensity(scale, toml).at(Time((day * DAY as f64) as u64));
        for (day, expected) in
            [(0.0, 2.0), (5.5, 1.0), (6.9, 0.5), (7.0, 2.0), (10.0, 6.0), (11.9, 6.0), (12.0, 1.0)]
        {
            assert_eq!(days(2.0, weekly, day), expected, "day {day}");
        }
        let growth = days(1.0, "growth_per_day = 0.01", 69.66);
        assert!((growth - 2.0).abs() < 1e-3, "doubles in 69.66 days: {growth}");
        let growth = days(1.0, "growth_per_month = 0.21", 60.0);
        assert!((growth - 1.21 * 1.21).abs() < 1e-12, "{growth}");
        let daily: Vec<String> = (0..24).map(|hour| hour.to_string()).collect();
        let daily = format!("daily = [{}]", daily.join(", "));
        assert_eq!((days(1.0, &daily, 0.0), days(1.0, &daily, 3.0 + 13.5 / 24.0)), (0.0, 13.0));
    }

    #[test]
    fn layers_add_up_to_the_intensity() {
        let intensity = intensity(2.5, "weekly = [1, 0.1, 0.5, 1, 1, 1, 1]");
        assert_eq!(intensity.layers(), 3);
        for day in 0..7 {
            let time = Time(day * DAY);
            let sum: f64 = (0..intensity.layers()).map(|layer| intensity.share(layer, time)).sum();
            assert!((sum - intensity.at(time)).abs() < 1e-12, "day {day}");
        }
    }

    #[test]
    fn everything_wrong_is_told() {
        let told = |scale, toml: &str| -> Vec<String> {
            let problems = Intensity::compile(scale, &profile(toml), None).unwrap_err();
            problems.iter().map(|problem| problem.to_string()).collect()
        };
        let all = told(
            -1.0,
            "growth_per_day = -1\ngrowth_per_month = 1\nweekly = [1]\n\
             steps = [{ from = '2d', until = '1d', factor = -2 }]",
        )
        .join("\n");
        for part in [
            "`workload.scale`: found -1",
            "`workload.profile.growth_per_day`: found -1",
            "`workload.profile.growth_per_month`: found `growth_per_day` too",
            "growth without an end",
            "`workload.profile.weekly`: found 1 factors, expected 7",
            "`workload.profile.steps.0.factor`: found -2",
            "`workload.profile.steps.0.until`: found 1d, expected a time after `from`",
        ] {
            assert!(all.contains(part), "{part} is missing in\n{all}");
        }
        assert!(told(2000.0, "")[0].contains("at most 1,000 times"));
    }
}
