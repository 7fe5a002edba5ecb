//! What the manifest tells of the machine, and the clock on its wall.

use std::fs;
use std::num::NonZero;
use std::time::{Instant, SystemTime};

use crate::summary::run::Machine;

/// A clock that was started.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts one.
    #[allow(clippy::disallowed_methods, reason = "the command line tells how long things take")]
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// Time since the start \[s\].
    pub fn seconds(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// The present, RFC 3339 in UTC.
#[allow(clippy::disallowed_methods, reason = "the manifest tells when a run was made")]
pub fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// Processors this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// This machine.
pub fn describe() -> Machine {
    Machine {
        os: std::env::consts::OS.to_string(),
        arch: std::env::consts::ARCH.to_string(),
        cpu: field("/proc/cpuinfo", "model name"),
        cores: cores(),
        memory_bytes: kib("/proc/meminfo", "MemTotal"),
    }
}

/// Most memory this process has held \[bytes\], where the system tells.
pub fn peak_memory_bytes() -> Option<u64> {
    kib("/proc/self/status", "VmHWM")
}

/// How many pieces of work that each take so much memory \[bytes\] fit into what is free, at least one; as many as
/// there are where the system does not tell.
pub fn how_many_fit(bytes_each: u64) -> usize {
    /// The part of what is free that may be used: others want some too.
    const SHARE: f64 = 0.8;
    match kib("/proc/meminfo", "MemAvailable") {
        Some(free) => ((free as f64 * SHARE / bytes_each as f64) as usize).max(1),
        None => usize::MAX,
    }
}

/// The value of the first line `name: value` of a file of the system.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_string())
}

/// The same for `name: 123 kB`, in bytes.
fn kib(file: &str, name: &str) -> Option<u64> {
    let value = field(file, name)?;
    value.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}
