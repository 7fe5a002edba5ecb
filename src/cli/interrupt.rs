//! Interrupts: Ctrl-C, or SIGTERM from a scheduler, ends every command within a second. Most commands check for it and
//! clean up after themselves; a command that does not check is ended from here, and its files are removed. A second signal
//! does so at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::input::{InputError, Place, Problem};

static CAME: AtomicBool = AtomicBool::new(false);

/// True for a command that an interrupt is the regular end of, and which takes its time for that.
static IS_REGULAR_END: AtomicBool = AtomicBool::new(false);

/// Makes an interrupt the regular end of the command. A second one still ends it at once.
#[cfg(feature = "serve")]
pub fn expect() {
    IS_REGULAR_END.store(true, Ordering::Relaxed);
}

/// Listens for interrupts from now on. Called before there are other threads, which inherit the blocked signals.
#[cfg(unix)]
pub fn listen() {
    let signals = signals();
    // SAFETY: `signals` is a set that outlives the call, and no thread has begun.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const signals, std::ptr::null_mut()) };
    // If no thread can be made, signals keep their default effect.
    if std::thread::Builder::new().name("signals".to_string()).spawn(wait).is_err() {
        // SAFETY: as above.
        unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const signals, std::ptr::null_mut()) };
    }
}

/// Does nothing: on other systems an interrupt ends the program at once.
#[cfg(not(unix))]
pub fn listen() {}

/// Returns the signals that ask for an end.
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
    // SAFETY: the set and the number outlive the call.
    if unsafe { libc::sigwait(&raw const signals, &raw mut signal) } != 0 {
        return;
    }
    CAME.store(true, Ordering::Relaxed);
    if IS_REGULAR_END.load(Ordering::Relaxed) {
        // SAFETY: as above.
        unsafe { libc::sigwait(&raw const signals, &raw mut signal) };
    } else {
        wait_again(&signals, PATIENCE_NS);
    }
    crate::disk::abandon();
    super::output::tell("error: interrupted: unfinished files are removed\n");
    std::process::exit(i32::from(super::EXIT_INPUT));
}

/// Waits for a second signal, or until some time is over.
#[cfg(target_os = "linux")]
fn wait_again(signals: &libc::sigset_t, ns: i64) {
    let patience = libc::timespec { tv_sec: 0, tv_nsec: ns };
    // SAFETY: the set and the time outlive the call; the pointer for details of the signal may be null.
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

/// Returns the error of an interrupted run, if an interrupt came.
pub fn check() -> Result<(), InputError> {
    if came() {
        let problem = Problem::new(Place::default(), "interrupted: nothing was written");
        return Err(problem.into());
    }
    Ok(())
}
