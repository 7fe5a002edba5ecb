//! Watch over a run: a progress bar for people, the time it takes, and its position for the message of a panic.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::PathBuf;

use indicatif::ProgressBar;

use super::live::Live;
use super::machine::Stopwatch;
use super::progress_bar::{PATIENCE_S, STEPS, left, new_bar};
use super::{interrupt, panic};
use crate::cloud::observe::{Detail, Observation, Observer, RunState};
use crate::input::InputError;
use crate::report::StreamedReports;
use crate::units::figures::{compact, grouped, span};
use crate::units::{Duration, Time};
use crate::workload::directory::Directory;

/// Records a run and shows how far it is.
pub struct Watch<'a> {
    recorder: StreamedReports<'a>,
    /// Start of the simulation.
    began: Stopwatch,
    /// Time the simulation took \[s\], once it has ended.
    took_s: Option<f64>,
    /// Simulated time at the end, where it is known.
    duration: Option<Duration>,
    /// True if a person is there to see a bar.
    shown: bool,
    bar: Option<ProgressBar>,
    /// The picture that is drawn instead of the bar.
    live: Option<Live>,
}

impl<'a> Watch<'a> {
    /// Watches a run that ends at `duration`, or with its trace.
    pub fn new(recorder: StreamedReports<'a>, duration: Option<Duration>, quiet: bool) -> Watch<'a> {
        let shown = !quiet && std::io::stderr().is_terminal();
        Watch { recorder, began: Stopwatch::start(), took_s: None, duration, shown, bar: None, live: None }
    }

    /// Draws a whole picture instead of a bar, under a title; still only for a person.
    pub fn draw(&mut self, title: String) {
        if self.shown {
            self.live = Some(Live::new(title, self.duration));
        }
    }

    /// Removes the bar and closes the records; returns the time that the simulation took \[s\].
    pub fn finish(mut self) -> Result<f64, InputError> {
        if let Some(live) = &mut self.live {
            live.clear();
        }
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.recorder.finish()?;
        interrupt::check()?;
        Ok(self.took_s.unwrap_or_else(|| self.began.seconds()))
    }

    fn show(&mut self, now: Time, events: u64) {
        if let Some(live) = &mut self.live {
            return live.progressed(now, events);
        }
        let seconds = self.began.seconds();
        if !self.shown || seconds < PATIENCE_S {
            return;
        }
        let duration = self.duration;
        let bar = self.bar.get_or_insert_with(|| new_bar(duration.is_some()));
        let rate = format!("{} events/s", compact(events as f64 / seconds));
        let at = span(now.since(Time::ZERO));
        match duration {
            Some(whole) => {
                let done = now.0 as f64 / whole.0 as f64;
                let left = left(done, seconds);
                bar.set_message(format!("{at} of {}, {rate}, {left} left", span(whole)));
                bar.set_position((done * STEPS as f64) as u64);
            }
            None => bar.set_message(format!("{at}, {} events, {rate}", grouped(events))),
        }
    }
}

impl Observer for Watch<'_> {
    fn started(&mut self) {
        self.began = Stopwatch::start();
    }

    fn ended(&mut self) {
        self.took_s = Some(self.began.seconds());
    }

    fn panicked(&mut self, now: Time, events: u64) {
        panic::tell_where(now, events);
    }

    fn detail(&self) -> Detail {
        self.recorder.detail()
    }

    fn observe(&mut self, observation: &Observation, directory: &Directory) {
        if let Some(live) = &mut self.live {
            live.state.observe(observation);
        }
        self.recorder.observe(observation, directory);
    }

    fn checkpoint(&mut self, state: &RunState<'_>) -> Result<Option<PathBuf>, InputError> {
        self.recorder.checkpoint(state)
    }

    fn progressed(&mut self, now: Time, events: u64) -> ControlFlow<()> {
        self.show(now, events);
        if interrupt::came() { ControlFlow::Break(()) } else { self.recorder.progressed(now, events) }
    }
}
