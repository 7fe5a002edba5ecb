//! A bug is a panic: it says where it stopped and how to replay it.

use std::sync::Mutex;

use crate::report::figures::{grouped, seconds};
use crate::units::Time;

/// What was being done, for the words of a panic.
#[derive(Clone, Debug)]
pub struct Work {
    /// The command that does it again.
    pub replay: String,
    /// The seed of the run.
    pub seed: u64,
    /// Simulated time and events at the last sign of progress.
    pub reached: (Time, u64),
}

static WORK: Mutex<Option<Work>> = Mutex::new(None);

/// Notes what is being done, or that nothing is.
pub fn note(work: Option<Work>) {
    *lock() = work;
}

/// Notes how far it has come.
pub fn note_progress(now: Time, events: u64) {
    if let Some(work) = lock().as_mut() {
        work.reached = (now, events);
    }
}

/// The note is only text: what another thread left half done in a panic is still readable.
fn lock() -> std::sync::MutexGuard<'static, Option<Work>> {
    WORK.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Adds to every panic what was being done and how to replay it.
pub fn install_hook() {
    let standard = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        standard(panic);
        eprintln!("\nThis is a bug in plimsoll {}, not in your input.", env!("CARGO_PKG_VERSION"));
        if let Some(work) = lock().as_ref() {
            let (time, events) = (seconds(work.reached.0.0), grouped(work.reached.1));
            eprintln!("  seed:   {}\n  after:  {time} s simulated, {events} events", work.seed);
            eprintln!("  replay: {}", work.replay);
        }
        eprintln!("  Please report it with these lines and the scenario.");
    }));
}
