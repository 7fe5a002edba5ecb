//! Messages of bugs, which are panics: the work in progress, the place where it stopped and the command that replays it.

use std::cell::RefCell;

use super::output;
use crate::engine::checkpoint;
use crate::table;
use crate::units::Time;
use crate::units::figures::{grouped, seconds};

/// Work in progress, for the message of a panic.
#[derive(Clone, Debug)]
pub struct Work {
    /// The command that does it again.
    pub replay: String,
    /// The seed of the run.
    pub seed: u64,
}

thread_local! {
    /// Work of this thread: trials of an experiment run on several at once.
    static WORK: RefCell<Option<Work>> = const { RefCell::new(None) };
}

/// Notes what this thread is doing, or that it does nothing.
pub fn note(what: Option<Work>) {
    WORK.set(what);
}

/// Adds to the message of every panic the work in progress and the command that replays it. Panics over a damaged file,
/// which become problems of the input, have no message.
pub fn install_hook() {
    let standard = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if table::panic_is_caught() || checkpoint::panic_is_caught() {
            return;
        }
        standard(panic);
        let version = env!("CARGO_PKG_VERSION");
        output::tell(&format!("\nThis is a bug in plimsoll {version}, not in your input.\n"));
        output::tell("Please report it with these lines and the scenario.\n");
        WORK.with_borrow(|work| {
            if let Some(Work { replay, seed }) = work {
                output::tell(&format!("  replay:  {replay}\n  seed:    {seed}\n"));
            }
        });
    }));
}

/// Prints the place in the simulation at which it stopped, after the message of the hook.
pub fn tell_where(now: Time, events: u64) {
    output::tell(&format!(
        "  stopped: at {} s simulated, in event {}\n",
        seconds(now.0),
        grouped(events + 1)
    ));
}
