//! Ctrl-C, or the polite signal of a scheduler, ends every command within a second: most look for it and clean up after
//! themselves; what does not come to look is taken away and ended from here. A second signal does so at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::input::{InputError, Place, Problem};

static CAME: AtomicBool = AtomicBool::new(false);

/// Listens for interrupts from now on. Called before there are other threads, which inherit that they hear none.
#[cfg(unix)]
pub fn listen() {
    let signals = signals();
    // SAFETY: `signals` is a set that lives through the call, and no thread has begun.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const signals, std::ptr::null_mut()) };
    // Without a thread to spare, signals are as the system has them.
    if std::thread::Builder::new().name("signals".to_string()).spawn(wait).is_err() {
        // SAFETY: as above.
        unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const signals, std::ptr::null_mut()) };
    }
}

/// Elsewhere an interrupt ends the program at once.
#[cfg(not(unix))]
pub fn listen() {}

/// The signals that ask for an end.
#[cfg(unix)]
fn signals() -> libc::sigset_t {
    let mut signals = std::mem::MaybeUninit::uninit();
    // SAFETY: `sigemptyset` fills the set that `sigaddset` then adds to.
    unsafe {
        libc::sigemptyset(signals.as_mut_ptr());
        libc::sigaddset(signals.as_mut_ptr(), libc::SIGINT);
        libc::sigaddset(signals.as_mut_ptr(), libc::SIGTERM);
        signals.assume_init()
    }
}

/// Waits for a signal, gives the work a moment to end by itself, and then ends it.
#[cfg(unix)]
fn wait() {
    /// Time that the work may take to end in good order \[ns\].
    const PATIENCE_NS: i64 = 600_000_000;
    let signals = signals();
    let mut signal = 0;
    // SAFETY: the set and the number live through the call.
    if unsafe { libc::sigwait(&raw const signals, &raw mut signal) } != 0 {
        return;
    }
    CAME.store(true, Ordering::Relaxed);
    wait_again(&signals, PATIENCE_NS);
    crate::disk::abandon();
    super::output::tell("error: interrupted: what was not finished is taken away\n");
    std::process::exit(i32::from(super::EXIT_INPUT));
}

/// Waits for a second signal, or until some time is over.
#[cfg(target_os = "linux")]
fn wait_again(signals: &libc::sigset_t, ns: i64) {
    let patience = libc::timespec { tv_sec: 0, tv_nsec: ns };
    // SAFETY: the set and the time live through the call, which may be told of nothing.
    unsafe { libc::sigtimedwait(signals, std::ptr::null_mut(), &raw const patience) };
}

#[cfg(all(unix, not(target_os = "linux")))]
fn wait_again(_signals: &libc::sigset_t, ns: i64) {
    std::thread::sleep(std::time::Duration::from_nanos(ns.unsigned_abs()));
}

/// Returns whether an interrupt came.
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
