//! `[autoscaling_groups.load]`: what a group is offered, minute by minute.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

use crate::workload::distribution::{Distribution, Sampler};
use crate::workload::settings::Settings;
use plimsoll_base::engine::random::{Purpose, Seed};
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::table::Table;
use plimsoll_base::table::clock::{Clock, ClockOrigin, OriginSetting};
use plimsoll_base::units::{Decimal, Duration, NS_PER_S, Time};

/// `[autoscaling_groups.load]`: a load in units of any kind, such as requests a second, that instances share evenly.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadConfig {
    /// Load that one instance serves \[units\], above 0, with at most three decimals.
    pub units_per_instance: Decimal,
    /// Load over time; it holds for a minute as it is at the beginning of the minute.
    pub offered: OfferedLoad,
    /// Standard deviation of the load of a minute ÷ its mean: log-normal, each minute by itself; default 0.
    #[serde(default)]
    pub noise: f64,
    /// True if load above the capacity waits and is served later, and is not lost; default false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub queue: bool,
    /// Time over which what waits is to be worked off: policies see it as a load over that time; default 5m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<Duration>,
}

/// Load over time.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum OfferedLoad {
    /// The same at all times.
    Constant {
        /// Load \[units\].
        units: f64,
    },
    /// Over the day as `1 + (peak_to_mean − 1) · cos`, with a period of 24 h.
    Diurnal {
        /// Load \[units\], averaged over the day.
        units: f64,
        /// Load at the peak ÷ mean load, 1 to 2.
        peak_to_mean: f64,
        /// Time of the peak after the start of each day; the scenario starts at midnight.
        peak_at: Duration,
    },
    /// From times on.
    Steps {
        /// Steps in the order of time; before the first there is no load.
        steps: Vec<LoadStep>,
    },
    /// As a file says.
    Trace {
        /// A table (CSV, `.gz` allowed, or Parquet) of columns `time_s` and `units`, in the order of time; a row holds until the
        /// next. Relative to the scenario file.
        file: PathBuf,
        /// Moment of the file's clock at which the run starts: `"first"` (the first row), `"epoch"` (the zero of its clock), seconds, or
        /// a date and time of UTC, for times that are dates or Unix times; of earlier rows the last one holds at the start. Without it
        /// times are seconds from the start of the run, and dates are refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<ClockOrigin>,
    },
}

/// Step of a load.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadStep {
    /// Time from which on it holds.
    pub at: Duration,
    /// Load \[units\].
    pub units: f64,
}

/// Load as integers.
#[derive(Clone, Debug)]
pub struct Load {
    /// Load that one instance serves \[milli-units\].
    pub milli_per_instance: u64,
    /// Time over which load that waits is to be worked off; `None` where what is above the capacity is lost.
    pub drain: Option<Duration>,
    course: LoadCourse,
    noise: Option<Sampler>,
    seed: Seed,
    group: u16,
    /// Time of the first row of a file; `None` where the load is of none, or of an empty one.
    pub first_row: Option<Time>,
}

#[derive(Clone, Debug)]
enum LoadCourse {
    Diurnal {
        milli: f64,
        swing: f64,
        peak_at: f64,
    },
    /// Times from which on each load \[milli-units\] holds.
    Steps(Vec<(Time, u64)>),
}

/// Greatest load \[units\]: its sum over centuries fits.
const MAX_UNITS: f64 = 1e12;

/// Time over which load that waits is to be worked off, by default. An assumption.
const DRAIN: Duration = Duration::from_seconds(300);

/// Draws set aside for a minute.
const DRAWS_PER_MINUTE: u64 = 8;

const NS_PER_DAY: f64 = 86_400.0 * NS_PER_S as f64;

impl Load {
    /// Returns the load of a group, or everything that is wrong with it.
    pub fn new(
        config: &LoadConfig,
        key: &str,
        base_dir: &Path,
        seed: Seed,
        group: u16,
    ) -> Result<Load, Vec<Problem>> {
        let mut settings = Settings::at(key);
        let per_instance = config.units_per_instance.resource(1000).ok().filter(|milli| *milli > 0);
        if per_instance.is_none() {
            let expected = "a load above 0, with at most three decimals";
            settings.wrong("units_per_instance", config.units_per_instance.as_str(), expected);
        }
        if !(config.noise.is_finite() && (0.0..=10.0).contains(&config.noise)) {
            settings.wrong("noise", config.noise, "0 to 10");
        }
        match config.drain {
            Some(_) if !config.queue => settings.wrong("drain", "a time", "`queue = true` beside it"),
            Some(drain) => settings.lasting("drain", drain),
            None => {}
        }
        let course = course(&config.offered, &mut settings, base_dir);
        let first_row = match (&config.offered, &course) {
            (OfferedLoad::Trace { .. }, Some(LoadCourse::Steps(steps))) => {
                steps.first().map(|(from, _)| *from)
            }
            _ => None,
        };
        let noise = (config.noise > 0.0).then(|| {
            let mean = 1e9;
            // mean ÷ median = √(1 + cv²) of a log-normal law.
            let median = mean / libm::sqrt(1.0 + config.noise * config.noise);
            let law =
                Distribution::Lognormal { median: Duration(median as u64), mean: Duration(mean as u64) };
            law.compile(key, base_dir).ok()
        });
        settings.finish(|| Load {
            milli_per_instance: per_instance.expect("it was checked").into(),
            drain: config.queue.then(|| config.drain.unwrap_or(DRAIN)),
            course: course.expect("it was checked"),
            noise: noise.flatten(),
            seed,
            group,
            first_row,
        })
    }

    /// Returns the load of a minute, by its number from the beginning of the run \[milli-units\].
    pub fn of_minute(&self, minute: u64) -> u64 {
        let at = Time(minute * 60 * NS_PER_S);
        let milli = match &self.course {
            LoadCourse::Diurnal { milli, swing, peak_at } => {
                let angle = 2.0 * std::f64::consts::PI * (at.0 as f64 - peak_at) / NS_PER_DAY;
                milli * (1.0 + swing * libm::cos(angle))
            }
            LoadCourse::Steps(steps) => {
                let next = steps.partition_point(|(from, _)| *from <= at);
                next.checked_sub(1).map_or(0, |step| steps[step].1) as f64
            }
        };
        let factor = self.noise.as_ref().map_or(1.0, |noise| {
            let stream = self.seed.stream(Purpose::Load, self.group.into());
            noise.draw(&mut stream.from_draw(minute * DRAWS_PER_MINUTE)).0 as f64 / 1e9
        });
        (milli * factor).round().max(0.0) as u64
    }
}

fn course(offered: &OfferedLoad, settings: &mut Settings, base_dir: &Path) -> Option<LoadCourse> {
    let mut milli = |field: &str, units: f64| {
        if units.is_finite() && (0.0..=MAX_UNITS).contains(&units) {
            return Some(units * 1000.0);
        }
        settings.wrong(&format!("offered.{field}"), units, "a load of 0 to 10¹² units");
        None
    };
    match offered {
        OfferedLoad::Constant { units } => {
            Some(LoadCourse::Steps(vec![(Time::ZERO, milli("units", *units)?.round() as u64)]))
        }
        OfferedLoad::Diurnal { units, peak_to_mean, peak_at } => {
            let milli = milli("units", *units)?;
            if !(1.0..=2.0).contains(peak_to_mean) {
                settings.wrong("offered.peak_to_mean", peak_to_mean, "1 to 2");
                return None;
            }
            Some(LoadCourse::Diurnal { milli, swing: peak_to_mean - 1.0, peak_at: peak_at.0 as f64 })
        }
        OfferedLoad::Steps { steps } => {
            if !steps.is_sorted_by(|a, b| a.at < b.at) {
                settings.wrong("offered.steps", "times in another order", "steps in the order of time");
                return None;
            }
            let step = |(i, step): (usize, &LoadStep)| {
                Some((
                    Time::ZERO.after(step.at),
                    milli(&format!("steps.{i}.units"), step.units)?.round() as u64,
                ))
            };
            Some(LoadCourse::Steps(steps.iter().enumerate().map(step).collect::<Option<_>>()?))
        }
        OfferedLoad::Trace { file, origin } => match read(&base_dir.join(file), *origin) {
            Ok(steps) => Some(LoadCourse::Steps(steps)),
            Err(problem) => {
                settings.add(problem);
                None
            }
        },
    }
}

/// Reads a file of times \[s\] and loads \[units\].
fn read(path: &Path, origin: Option<ClockOrigin>) -> Result<Vec<(Time, u64)>, Problem> {
    let mut table = Table::open(path)?;
    let column = |table: &Table, name: &str| {
        let message = format!("has no column `{name}`, expected `time_s` and `units`");
        table.column(name).ok_or_else(|| Problem::new(Place::file(path), message))
    };
    let (time, units) = (column(&table, "time_s")?, column(&table, "units")?);
    let setting = OriginSetting { origin, key: "autoscaling_groups.load.offered.origin", or_else: "" };
    let mut clock = Clock::new(&table, &[time], setting)?;
    let mut first = None;
    let (mut last, mut steps): (Option<Time>, Vec<(Time, u64)>) = Default::default();
    while table.advance()? {
        let moment = clock.moment(&table, time)?;
        first.get_or_insert(moment);
        let load = table.text(units)?.parse::<f64>().ok().filter(|units| (0.0..=MAX_UNITS).contains(units));
        let load = load.ok_or_else(|| table.wrong(units, "is no load", "a number of 0 or more"))?;
        if last.is_some_and(|last| last >= moment) {
            return Err(table.wrong(time, "comes after a later time", "rows in the order of time"));
        }
        last = Some(moment);
        steps.push((clock.or_start(moment), (load * 1000.0).round() as u64));
    }
    clock.check_reached(&table, time, (first, last))?;
    Ok(steps)
}
