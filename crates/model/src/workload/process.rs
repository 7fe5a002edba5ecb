//! Arrival processes: the times of requests, and their number at a time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::day_rate::DayRate;
use super::profile::Thinning;
use super::settings::Settings;
use crate::draw::{AliasTable, exponential, geometric, to_duration};
use plimsoll_base::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use plimsoll_base::engine::random::Stream;
use plimsoll_base::input::Problem;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, NS_PER_DAY, NS_PER_S, Time};

const NS_PER_HOUR: f64 = 3600.0 * NS_PER_S as f64;

/// The most requests an hour: one a nanosecond, the resolution of the clock.
const MAX_PER_HOUR: f64 = NS_PER_HOUR;

/// Arrival process.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum ProcessConfig {
    /// Independently of each other.
    Poisson {
        /// Requests an hour.
        per_hour: f64,
    },
    /// At regular intervals, the first at the start.
    Constant {
        /// Time from one request to the next.
        every: Duration,
    },
    /// Poisson with a rate that follows the hour as `1 + (peak_to_mean − 1) · cos`, with a period of 24 h.
    Diurnal {
        /// Requests an hour, averaged over the day.
        per_hour: f64,
        /// Rate at the peak ÷ mean rate, 1 to 2 (at 2 the night is empty).
        peak_to_mean: f64,
        /// Time of the peak after the start of each day; the scenario starts at midnight.
        peak_at: Duration,
    },
    /// Poisson with a rate that changes at random (Markov-modulated): states follow each other in the order
    /// of the lists, cyclically, each for an exponential time. It starts in equilibrium: in a state
    /// drawn in proportion to its mean sojourn.
    Mmpp {
        /// Requests an hour in each state.
        per_hour: Vec<f64>,
        /// Mean time spent in each state.
        mean_sojourn: Vec<Duration>,
    },
    /// Batches arrive independently of each other, each a geometric number (1 or more) of requests
    /// of one account at one time.
    Batch {
        /// Batches an hour.
        per_hour: f64,
        /// Mean number of requests in a batch, 1 or more.
        mean_size: f64,
    },
}

impl ProcessConfig {
    /// Returns the process, drawing from `stream`, or everything that is wrong with the settings.
    pub fn compile(&self, key: &str, mut stream: Stream) -> Result<Process, Vec<Problem>> {
        let mut settings = Settings::at(key);
        let law = match self {
            ProcessConfig::Poisson { per_hour } => {
                rate(&mut settings, "per_hour", *per_hour);
                settings.finish(|| Law::Poisson { gap: gap(*per_hour) })
            }
            ProcessConfig::Constant { every } => {
                settings.lasting("every", *every);
                settings.finish(|| Law::Constant { every: *every })
            }
            ProcessConfig::Diurnal { per_hour, peak_to_mean, peak_at } => {
                rate(&mut settings, "per_hour", *per_hour);
                if !(1.0..=2.0).contains(peak_to_mean) {
                    settings.wrong("peak_to_mean", peak_to_mean, "a number from 1 to 2");
                }
                if peak_at.0 >= NS_PER_DAY {
                    settings.wrong("peak_at", peak_at, "a time of day, less than \"24h\"");
                }
                let rate = || DayRate::new(*peak_to_mean, *peak_at);
                settings.finish(|| Law::Diurnal { gap: gap(*per_hour), rate: rate() })
            }
            ProcessConfig::Mmpp { per_hour, mean_sojourn } => {
                check_states(&mut settings, per_hour, mean_sojourn);
                settings.finish(|| Law::Mmpp(Modulated::new(per_hour, mean_sojourn, &mut stream)))
            }
            ProcessConfig::Batch { per_hour, mean_size } => {
                rate(&mut settings, "per_hour", *per_hour);
                if !(1.0..=1e6).contains(mean_size) {
                    settings.wrong("mean_size", mean_size, "a number from 1 to 1,000,000");
                }
                settings.finish(|| Law::Batch { gap: gap(*per_hour), mean_size: *mean_size })
            }
        }?;
        Ok(Process { law, stream, last: None })
    }
}

fn rate(settings: &mut Settings, field: &str, per_hour: f64) {
    if !(per_hour > 0.0 && per_hour <= MAX_PER_HOUR) {
        settings.wrong(field, per_hour, "a rate above 0 and at most 3.6e12, one a nanosecond");
    }
}

fn check_states(settings: &mut Settings, per_hour: &[f64], mean_sojourn: &[Duration]) {
    settings.weights("per_hour", per_hour);
    if let Some(rate) = per_hour.iter().find(|rate| **rate > MAX_PER_HOUR) {
        settings.wrong("per_hour", rate, "at most 3.6e12, one a nanosecond");
    }
    if mean_sojourn.len() != per_hour.len() {
        let expected = format!("as many as `per_hour`: {}", per_hour.len());
        settings.wrong("mean_sojourn", format!("{} times", mean_sojourn.len()), &expected);
    }
    for (i, sojourn) in mean_sojourn.iter().enumerate() {
        // So that switching between silent states cannot take longer than the simulation itself.
        if sojourn.0 < NS_PER_S {
            settings.wrong(&format!("mean_sojourn.{i}"), sojourn, "at least \"1s\"");
        }
    }
}

/// Returns the mean time between requests \[ns\].
fn gap(per_hour: f64) -> f64 {
    NS_PER_HOUR / per_hour
}

/// An arrival process with its state.
#[derive(Clone, Debug)]
pub struct Process {
    law: Law,
    stream: Stream,
    /// Time of the last request, `None` before the first.
    last: Option<Time>,
}

persist! { Process {
    values: [last],
    nested: [law, stream],
} }

/// The laws; `gap` is the mean time between requests or batches \[ns\].
#[derive(Clone, Debug)]
enum Law {
    Poisson { gap: f64 },
    Constant { every: Duration },
    Diurnal { gap: f64, rate: DayRate },
    Mmpp(Modulated),
    Batch { gap: f64, mean_size: f64 },
}

impl Persist for Law {
    fn save(&self, out: &mut Writer<'_>) {
        if let Law::Mmpp(modulated) = self {
            modulated.save(out);
        }
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        match self {
            Law::Mmpp(modulated) => modulated.restore(from),
            _ => Ok(()),
        }
    }
}

impl Process {
    /// Returns the next time, and the number of requests then; [`Time::NEVER`] once the clock has run out.
    #[inline]
    pub fn next_time(&mut self) -> (Time, u32) {
        let stream = &mut self.stream;
        let now = self.last.unwrap_or(Time::ZERO);
        let (at, requests) = match &mut self.law {
            Law::Poisson { gap } => (now.after(to_duration(*gap * exponential(stream))), 1),
            Law::Constant { every } => (self.last.map_or(Time::ZERO, |last| last.after(*every)), 1),
            Law::Diurnal { gap, rate } => (diurnal(stream, now, *gap, rate), 1),
            Law::Mmpp(modulated) => (modulated.next(now, stream), 1),
            Law::Batch { gap, mean_size } => {
                let at = now.after(to_duration(*gap * exponential(stream)));
                (at, geometric(stream, *mean_size))
            }
        };
        self.last = Some(at);
        (at, requests)
    }

    /// Returns the long-run rate \[requests/ns\].
    pub fn mean_rate(&self) -> f64 {
        match &self.law {
            Law::Poisson { gap } | Law::Diurnal { gap, .. } => 1.0 / gap,
            Law::Constant { every } => 1.0 / every.0 as f64,
            Law::Mmpp(modulated) => modulated.mean_rate(),
            Law::Batch { gap, mean_size } => mean_size / gap,
        }
    }
}

/// The requests of a process one by one.
#[derive(Clone, Debug)]
pub struct Timetable {
    process: Process,
    /// Thinning to the intensity of the demand; none where that is 1.
    thinning: Option<Thinning>,
    /// Time of the next request.
    at: Time,
    /// Number left to take at that time, and whether none was taken yet.
    left: u32,
    is_fresh: bool,
}

persist! { Timetable {
    values: [at, left, is_fresh],
    nested: [process, thinning],
} }

impl Timetable {
    /// Returns the arrivals of a process that has not begun.
    pub fn new(process: Process, thinning: Option<Thinning>) -> Timetable {
        let mut timetable = Timetable { process, thinning, at: Time::ZERO, left: 0, is_fresh: true };
        timetable.find_next();
        timetable
    }

    /// Finds the next time at which requests are kept; those that come together are kept or left out together.
    #[inline]
    fn find_next(&mut self) {
        loop {
            (self.at, self.left) = self.process.next_time();
            let Some(thinning) = &mut self.thinning else { return };
            if self.at > thinning.horizon() {
                self.at = Time::NEVER;
            }
            if self.at == Time::NEVER || thinning.keeps(self.at) {
                return;
            }
        }
    }

    /// Returns the time of the next request; [`Time::NEVER`] if there is none.
    #[inline]
    pub fn at(&self) -> Time {
        self.at
    }

    /// Returns true if the next request is the first of those that come together.
    #[inline]
    pub fn begins_a_batch(&self) -> bool {
        self.is_fresh
    }

    /// Moves on to the request after the next one.
    #[inline]
    pub fn advance(&mut self) {
        self.is_fresh = self.left <= 1;
        if self.is_fresh {
            self.find_next();
        } else {
            self.left -= 1;
        }
    }

    /// Returns the long-run rate \[requests/ns\] at the intensity of the start.
    pub fn mean_rate(&self) -> f64 {
        self.process.mean_rate() * self.thinning.as_ref().map_or(1.0, Thinning::share_at_start)
    }
}

/// Draws by thinning (Lewis and Shedler 1979): candidates at the peak's rate, each kept with the share of the
/// peak's rate that its time of day has.
fn diurnal(stream: &mut Stream, mut now: Time, gap: f64, rate: &mut DayRate) -> Time {
    loop {
        now = now.after(to_duration(gap / rate.peak() * exponential(stream)));
        if rate.is_at_least(now, stream.unit() * rate.peak()) || now == Time::NEVER {
            return now;
        }
    }
}

/// A Poisson process whose rate follows a cycle of states.
#[derive(Clone, Debug)]
struct Modulated {
    /// Per state: mean time between requests, `None` for a silent one, and mean sojourn \[ns\].
    states: Vec<(Option<f64>, f64)>,
    state: usize,
    until: Time,
}

persist! { Modulated {
    values: [state, until],
    derived: [states],
} }

impl Modulated {
    fn new(per_hour: &[f64], mean_sojourn: &[Duration], stream: &mut Stream) -> Modulated {
        let sojourns: Vec<f64> = mean_sojourn.iter().map(|sojourn| sojourn.0 as f64).collect();
        let gaps = per_hour.iter().map(|&rate| (rate > 0.0).then(|| gap(rate)));
        let state = AliasTable::new(&sojourns).draw(stream);
        let until = Time::ZERO.after(to_duration(sojourns[state] * exponential(stream)));
        Modulated { states: gaps.zip(sojourns).collect(), state, until }
    }

    fn next(&mut self, mut now: Time, stream: &mut Stream) -> Time {
        loop {
            let at = match self.states[self.state].0 {
                Some(gap) => now.after(to_duration(gap * exponential(stream))),
                None => Time::NEVER,
            };
            if at < self.until || self.until == Time::NEVER {
                return at;
            }
            // The rest of the gap is memoryless: it is exponential again under the new rate.
            now = self.until;
            self.state = (self.state + 1) % self.states.len();
            self.until = now.after(to_duration(self.states[self.state].1 * exponential(stream)));
        }
    }

    fn mean_rate(&self) -> f64 {
        let requests: f64 =
            self.states.iter().map(|(gap, sojourn)| gap.map_or(0.0, |gap| sojourn / gap)).sum();
        requests / self.states.iter().map(|(_, sojourn)| sojourn).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};
    use plimsoll_base::units::parse_duration;

    fn process(toml: &str) -> Process {
        let config: ProcessConfig = toml::from_str(toml).unwrap();
        config.compile("process", Seed(3).stream(Purpose::Arrival, 0)).unwrap()
    }

    /// Returns the requests before `end`, by time.
    fn requests(process: &mut Process, end: &str) -> Vec<(Time, u32)> {
        let end = Time::ZERO.after(parse_duration(end).unwrap());
        std::iter::from_fn(|| Some(process.next_time()).filter(|(at, _)| *at < end)).collect()
    }

    fn problems(toml: &str) -> String {
        let config: ProcessConfig = toml::from_str(toml).unwrap();
        let problems = config.compile("p", Seed(3).stream(Purpose::Arrival, 0)).unwrap_err();
        problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_process_keeps_its_mean_rate() {
        for toml in [
            "kind = 'poisson'\nper_hour = 100",
            "kind = 'constant'\nevery = '36s'",
            "kind = 'diurnal'\nper_hour = 100\npeak_to_mean = 1.8\npeak_at = '14h'",
            "kind = 'mmpp'\nper_hour = [10, 460]\nmean_sojourn = ['40m', '10m']",
            "kind = 'batch'\nper_hour = 20\nmean_size = 5",
        ] {
            let mut process = process(toml);
            assert!((process.mean_rate() * NS_PER_HOUR - 100.0).abs() < 1e-9, "{toml}");
            let number: u32 = requests(&mut process, "400d").iter().map(|(_, number)| number).sum();
            assert!((f64::from(number) / 960_000.0 - 1.0).abs() < 0.015, "{toml}: {number}");
        }
    }

    #[test]
    fn gaps_of_poisson_are_exponential() {
        let mut process = process("kind = 'poisson'\nper_hour = 3600");
        let times = requests(&mut process, "30h");
        let mut gaps: Vec<f64> =
            times.windows(2).map(|pair| pair[1].0.since(pair[0].0).as_seconds()).collect();
        gaps.sort_by(f64::total_cmp);
        let n = gaps.len() as f64;
        let distance = gaps.iter().enumerate().map(|(i, gap)| {
            let expected = 1.0 - libm::exp(-gap);
            (expected - i as f64 / n).abs()
        });
        let distance = distance.fold(0.0, f64::max);
        assert!(distance < 1.63 / libm::sqrt(n), "Kolmogorov-Smirnov distance {distance}");
    }

    #[test]
    fn a_day_has_its_peak_where_it_was_asked_for() {
        let mut process = process("kind = 'diurnal'\nper_hour = 1000\npeak_to_mean = 2\npeak_at = '14h'");
        let mut by_hour = [0u32; 24];
        for (at, _) in requests(&mut process, "100d") {
            by_hour[(at.0 % NS_PER_DAY / (3600 * NS_PER_S)) as usize] += 1;
        }
        // From 13:30 to 14:30 the mean is 1 + sinc = 1.997; the night around 2:00 is empty.
        let peak = (by_hour[13] + by_hour[14]) as f64 / 200_000.0;
        assert!((peak - 1.98).abs() < 0.02, "{by_hour:?}");
        assert!(by_hour[1] + by_hour[2] < 5_000, "{by_hour:?}");
    }

    #[test]
    fn constant_begins_at_the_start() {
        let mut process = process("kind = 'constant'\nevery = '10s'");
        let times: Vec<u64> = (0..3).map(|_| process.next_time().0.0 / NS_PER_S).collect();
        assert_eq!(times, [0, 10, 20]);
    }

    #[test]
    fn the_clock_may_run_out() {
        for toml in [
            "kind = 'poisson'\nper_hour = 1e-9",
            "kind = 'constant'\nevery = '500y'",
            "kind = 'diurnal'\nper_hour = 1e-9\npeak_to_mean = 2\npeak_at = '0s'",
            "kind = 'mmpp'\nper_hour = [0, 1e-9]\nmean_sojourn = ['200y', '200y']",
        ] {
            let mut process = process(toml);
            for _ in 0..10 {
                process.next_time();
            }
            assert_eq!(process.next_time().0, Time::NEVER, "{toml}");
        }
    }

    #[test]
    fn impossible_settings_are_all_told() {
        assert_eq!(
            problems("kind = 'diurnal'\nper_hour = -1\npeak_to_mean = 3\npeak_at = '25h'"),
            "`p.per_hour`: found -1, expected a rate above 0 and at most 3.6e12, one a nanosecond\n\
             `p.peak_to_mean`: found 3, expected a number from 1 to 2\n\
             `p.peak_at`: found 1d 1h, expected a time of day, less than \"24h\""
        );
        assert_eq!(
            problems("kind = 'mmpp'\nper_hour = [0, 0]\nmean_sojourn = ['1ms']"),
            "`p.per_hour`: found weights that add up to 0, expected at least one above 0\n\
             `p.mean_sojourn`: found 1 times, expected as many as `per_hour`: 2\n\
             `p.mean_sojourn.0`: found 1ms, expected at least \"1s\""
        );
        assert!(problems("kind = 'poisson'\nper_hour = nan").contains("found NaN"));
        assert!(problems("kind = 'batch'\nper_hour = 1\nmean_size = 0.5").contains("`p.mean_size`"));
        assert!(problems("kind = 'constant'\nevery = '0s'").contains("more than no time"));
    }
}
