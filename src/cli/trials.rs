//! Watch over the trials of an experiment: one bar for all, interrupts, and the position of each for the message of a panic.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;

use super::machine::Stopwatch;
use super::panic::{self, Work};
use super::progress_bar::{PATIENCE_S, STEPS, left, new_bar};
use super::{interrupt, journal};
use crate::experiment::ProgressListener;
use crate::input::InputError;
use crate::scenario::Scenario;
use crate::units::figures::grouped;
use crate::units::{Duration, Time};

/// Progress of the trials, shown as a bar.
pub struct TrialWatch {
    began: Stopwatch,
    /// True if a person is there to see a bar.
    shown: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    planned: usize,
    ended: usize,
    /// Running trials, by number: the share of its time that each has simulated, 0 to 1, where its end is known.
    running: BTreeMap<usize, (Option<Duration>, f64)>,
    bar: Option<ProgressBar>,
}

impl TrialWatch {
    /// Begins to watch.
    pub fn new(quiet: bool) -> TrialWatch {
        let shown = !quiet && std::io::stderr().is_terminal();
        TrialWatch { began: Stopwatch::start(), shown, state: Mutex::default() }
    }

    /// Removes the bar and returns the time that the trials took \[s\].
    pub fn finish(self) -> f64 {
        if let Some(bar) = &self.state().bar {
            bar.finish_and_clear();
        }
        self.began.seconds()
    }

    /// Locks the state, even after a panic of another thread: it holds only counts, which remain good enough.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show(&self, state: &mut State) {
        let seconds = self.began.seconds();
        if !self.shown || seconds < PATIENCE_S || state.planned == 0 {
            return;
        }
        let begun: f64 = state.running.values().map(|(_, share)| share).sum();
        let done = (state.ended as f64 + begun) / state.planned as f64;
        let bar = state.bar.get_or_insert_with(|| new_bar(true));
        let (ended, planned) = (grouped(state.ended as u64), grouped(state.planned as u64));
        bar.set_message(format!("{ended} of {planned} runs, {} left", left(done, seconds)));
        bar.set_position((done * STEPS as f64) as u64);
    }
}

impl ProgressListener for TrialWatch {
    fn planned(&self, trials: usize) {
        self.state().planned += trials;
    }

    fn began(&self, number: usize, scenario: &Scenario) {
        panic::note(Some(Work { replay: journal::command(), seed: scenario.seed }));
        self.state().running.insert(number, (scenario.duration, 0.0));
    }

    fn progressed(&self, number: usize, now: Time, _events: u64) -> Result<(), InputError> {
        let mut state = self.state();
        if let Some((Some(duration), share)) = state.running.get_mut(&number) {
            *share = now.0 as f64 / duration.0.max(1) as f64;
        }
        self.show(&mut state);
        interrupt::check()
    }

    fn panicked(&self, _number: usize, now: Time, events: u64) {
        panic::tell_where(now, events);
    }

    fn ended(&self, number: usize) {
        panic::note(None);
        let mut state = self.state();
        state.running.remove(&number);
        state.ended += 1;
        self.show(&mut state);
    }
}
