//! Ctrl-C ends a run in good order: the unfinished result is taken away. A second one ends the program at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::input::{InputError, Place, Problem};

static CAME: AtomicBool = AtomicBool::new(false);

/// Notes interrupts from now on.
#[cfg(unix)]
pub fn listen() {
    extern "C" fn note(signal: libc::c_int) {
        CAME.store(true, Ordering::Relaxed);
        // SAFETY: `signal` is on POSIX's list of functions that a handler may call.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    let handler = note as extern "C" fn(libc::c_int);
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: the handler only stores to an atomic and resets itself.
        unsafe { libc::signal(signal, handler as libc::sighandler_t) };
    }
}

/// Elsewhere an interrupt ends the program at once.
#[cfg(not(unix))]
pub fn listen() {}

/// Whether an interrupt came.
pub fn came() -> bool {
    CAME.load(Ordering::Relaxed)
}

/// The error of a run that was interrupted.
pub fn check() -> Result<(), InputError> {
    if came() {
        let problem = Problem::new(Place::default(), "interrupted: nothing was written");
        return Err(problem.into());
    }
    Ok(())
}
