//! `plimsoll run --live`: use of the fleet, refusals and speed of the simulation, drawn on the terminal
//! while the run goes on. The picture is a function of the observations of the run; only the time of drawing depends on the
//! clock.

use std::collections::VecDeque;
use std::io::{self, Write};

use super::machine::Stopwatch;
use super::output;
use super::progress_bar::left;
use crate::cloud::observe::{Observation, Refusal, Sample};
use crate::failure::Failure;
use crate::units::figures::{compact, decimal, grouped, percent, span};
use crate::units::{Duration, EnumMap, NS_PER_S, Time};

/// Time between two pictures \[s\]: short for the eye, and of no cost to the run.
const PICTURE_S: f64 = 0.1;

/// Samples that the lines over time show.
const PAST: usize = 40;

/// Characters of a bar.
const BAR: usize = 30;

/// Reasons for refusal that are shown, the most frequent ones.
const REASONS: usize = 5;

/// State of the run as the picture shows it.
#[derive(Clone, Debug, Default)]
pub struct LiveState {
    /// Scenario and strategy.
    pub title: String,
    /// Simulated time at the end, where it is known.
    pub duration: Option<Duration>,
    /// Simulated time reached.
    pub now: Time,
    /// Events so far.
    pub events: u64,
    /// Time it took so far \[s\].
    pub took_s: f64,
    /// The last samples, the newest at the end.
    samples: VecDeque<Sample>,
    /// Instances or calls refused after the warm-up.
    refused: EnumMap<Failure, u64>,
}

impl LiveState {
    /// Takes the samples and refusals of a run.
    pub fn observe(&mut self, observation: &Observation) {
        match observation {
            Observation::Sampled(sample) => self.sampled(sample),
            Observation::Refused(refusal) => self.refused(refusal),
            _ => {}
        }
    }

    fn sampled(&mut self, sample: &Sample) {
        if self.samples.len() == PAST {
            self.samples.pop_front();
        }
        self.samples.push_back(sample.clone());
    }

    fn refused(&mut self, refusal: &Refusal) {
        self.refused[refusal.reason.failure] += u64::from(refusal.count);
    }

    /// Returns the picture, no line longer than `width` characters.
    pub fn lines(&self, width: usize) -> Vec<String> {
        let mut lines = vec![self.title.clone(), self.progress()];
        if let Some(sample) = self.samples.back() {
            lines.push(String::new());
            lines.extend(self.fleet(sample));
            lines.push(self.launches(sample));
        }
        lines.extend(self.refusals());
        lines.into_iter().map(|line| line.chars().take(width).collect()).collect()
    }

    fn progress(&self) -> String {
        let rate = format!("{} events/s", compact(self.events as f64 / self.took_s.max(1e-3)));
        let at = span(self.now.since(Time::ZERO));
        match self.duration {
            Some(whole) => {
                let done = self.now.0 as f64 / whole.0.max(1) as f64;
                let left = left(done, self.took_s);
                format!("{} {at} of {}, {rate}, {left} left", bar(done), span(whole))
            }
            None => format!("{at}, {} events, {rate}", grouped(self.events)),
        }
    }

    /// Returns the lines on the use of the fleet, now and over the last samples.
    fn fleet(&self, sample: &Sample) -> Vec<String> {
        type Level = (&'static str, fn(&Sample) -> (u64, u64));
        const LEVELS: [Level; 4] = [
            ("hosts", |s| (s.hosts_used, s.hosts)),
            ("vCPU", |s| (s.vcpu_used_milli, s.vcpu_milli)),
            ("memory", |s| (s.memory_used_mib, s.memory_mib)),
            ("GPU", |s| (s.gpu_used_milli, s.gpu_milli)),
        ];
        let share = |(used, all): (u64, u64)| used as f64 / all.max(1) as f64;
        (LEVELS.iter().filter(|(name, level)| *name != "GPU" || level(sample).1 > 0))
            .map(|(name, level)| {
                let now = share(level(sample));
                let past: String = self.samples.iter().map(|sample| spark(share(level(sample)))).collect();
                format!("{name:<10} {} {:>9}  {past}", bar(now), percent(now))
            })
            .collect()
    }

    fn launches(&self, sample: &Sample) -> String {
        let hour = |sample: &Sample| sample.at.0 as f64 / (3600 * NS_PER_S) as f64;
        let first = self.samples.front().unwrap_or(sample);
        let hours = hour(sample) - hour(first);
        // The counts begin anew when the warm-up ends.
        let launched = sample.launches_succeeded.checked_sub(first.launches_succeeded);
        let rate = match launched.filter(|_| hours > 0.0) {
            Some(launched) => format!(", {} an hour", decimal(launched as f64 / hours, 1)),
            None => String::new(),
        };
        format!(
            "instances  {} running, {} stopped; {} of {} launched{rate}",
            grouped(sample.instances_running),
            grouped(sample.instances_stopped),
            grouped(sample.launches_succeeded),
            grouped(sample.launches_requested),
        )
    }

    fn refusals(&self) -> Vec<String> {
        let mut reasons: Vec<(Failure, u64)> =
            self.refused.iter().map(|(failure, count)| (failure, *count)).filter(|(_, n)| *n > 0).collect();
        reasons.sort_by_key(|(failure, count)| (std::cmp::Reverse(*count), *failure));
        let more = reasons.len().saturating_sub(REASONS);
        let shown = reasons.iter().take(REASONS);
        let mut lines: Vec<String> = shown
            .map(|(failure, count)| format!("refused    {:>12}  {}", grouped(*count), failure.ec2_name()))
            .collect();
        if more > 0 {
            lines.push(format!("           … and for {more} other reasons"));
        }
        lines
    }
}

/// Returns a share, 0 to 1, as a bar.
fn bar(share: f64) -> String {
    let full = (share.clamp(0.0, 1.0) * BAR as f64).round() as usize;
    format!("[{}{}]", "█".repeat(full), "·".repeat(BAR - full))
}

/// Returns a share, 0 to 1, as one character.
fn spark(share: f64) -> char {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    STEPS[((share.clamp(0.0, 1.0) * STEPS.len() as f64) as usize).min(STEPS.len() - 1)]
}

/// Writer of the pictures to standard error, each over the one before.
pub struct Live {
    /// State that is drawn.
    pub state: LiveState,
    began: Stopwatch,
    drawn_s: Option<f64>,
    lines: usize,
}

impl Live {
    /// Returns a writer that has drawn nothing yet.
    pub fn new(title: String, duration: Option<Duration>) -> Live {
        let state = LiveState { title, duration, ..LiveState::default() };
        Live { state, began: Stopwatch::start(), drawn_s: None, lines: 0 }
    }

    /// Draws the progress of the run, if the last picture is old enough.
    pub fn progressed(&mut self, now: Time, events: u64) {
        let took_s = self.began.seconds();
        if self.drawn_s.is_some_and(|drawn_s| took_s - drawn_s < PICTURE_S) {
            return;
        }
        self.drawn_s = Some(took_s);
        (self.state.now, self.state.events, self.state.took_s) = (now, events, took_s);
        // The last column is left free: some terminals begin a new line after it.
        let lines = self.state.lines(usize::from(output::error_width()).saturating_sub(1));
        let erased: String = lines.iter().map(|line| format!("{line}\x1b[K\n")).collect();
        self.put(&format!("{}{erased}\x1b[J", self.back()));
        self.lines = lines.len();
    }

    /// Erases the picture.
    pub fn clear(&mut self) {
        self.put(&format!("{}\x1b[J", self.back()));
        self.lines = 0;
    }

    /// Returns the control sequence that moves back to the beginning of the picture.
    fn back(&self) -> String {
        if self.lines == 0 { String::new() } else { format!("\x1b[{}A\r", self.lines) }
    }

    /// Writes to the terminal. Errors are ignored: a closed terminal is no reason to end the run.
    fn put(&self, text: &str) {
        let mut out = io::stderr().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Operation;
    use crate::units::AccountId;

    fn sample(hour: u64, hosts_used: u64, launched: u64) -> Sample {
        Sample {
            at: Time(hour * 3600 * NS_PER_S),
            hosts: 20,
            hosts_used,
            vcpu_milli: 1_280_000,
            vcpu_used_milli: 640_000,
            memory_mib: 4096,
            memory_used_mib: 4096,
            instances_running: 1234,
            launches_requested: launched + 7,
            launches_succeeded: launched,
            ..Sample::default()
        }
    }

    fn refusal(failure: Failure, count: u32) -> Refusal {
        let (operation, account) = (Operation::Launch, AccountId(0));
        Refusal {
            at: Time::ZERO,
            operation,
            account,
            kind: None,
            zone: None,
            reason: failure.into(),
            count,
            launch: None,
        }
    }

    #[test]
    fn a_state_is_drawn_like_this() {
        let duration = Some(Duration::from_seconds(2 * 86_400));
        let now = Time(86_400 * NS_PER_S);
        let mut state = LiveState {
            title: "small: best-fit".to_string(),
            duration,
            now,
            events: 3_000_000,
            took_s: 2.0,
            ..LiveState::default()
        };
        for (hour, hosts_used, launched) in [(22, 0, 1000), (23, 10, 1100), (24, 15, 1300)] {
            state.sampled(&sample(hour, hosts_used, launched));
        }
        state.refused(&refusal(Failure::InsufficientInstanceCapacity, 3));
        state.refused(&refusal(Failure::InsufficientFreeAddressesInSubnet, 4000));
        let expected = "\
small: best-fit
[███████████████···············] 1 d of 2 d, 1.50 M events/s, 2 s left

hosts      [███████████████████████·······]   75.00 %  ▁▅▇
vCPU       [███████████████···············]   50.00 %  ▅▅▅
memory     [██████████████████████████████]     100 %  ███
instances  1,234 running, 0 stopped; 1,300 of 1,307 launched, 150.0 an hour
refused           4,000  InsufficientFreeAddressesInSubnet
refused               3  InsufficientInstanceCapacity";
        assert_eq!(state.lines(100).join("\n"), expected);
        assert!(state.lines(20).iter().all(|line| line.chars().count() <= 20));
    }

    #[test]
    fn a_run_without_an_end_or_a_sample_is_drawn_too() {
        let state =
            LiveState { title: "trace".to_string(), events: 12_345, took_s: 1.0, ..LiveState::default() };
        assert_eq!(state.lines(100), ["trace", "0 s, 12,345 events, 12.35 k events/s"]);
    }

    #[test]
    fn only_so_much_of_the_past_and_so_many_reasons_are_kept() {
        let mut state = LiveState::default();
        (0..100).for_each(|hour| state.sampled(&sample(hour, 1, hour)));
        assert_eq!(state.samples.len(), PAST);
        for failure in <Failure as crate::units::Enum>::ALL.iter().take(8) {
            state.refused(&refusal(*failure, 1));
        }
        assert_eq!(state.lines(100).last().map(String::as_str), Some("           … and for 3 other reasons"));
    }
}
