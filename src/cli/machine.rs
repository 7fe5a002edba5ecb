//! Description of the machine for the manifest, and its clock.

use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::experiment::estimate;
use crate::input::InputError;
use crate::scenario::Scenario;
use crate::summary::run::Machine;

/// A clock that was started.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts one.
    #[allow(clippy::disallowed_methods, reason = "the command line reports how long things take")]
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// Returns the time since the start \[s\].
    pub fn seconds(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// Returns the present, RFC 3339 in UTC.
#[allow(clippy::disallowed_methods, reason = "the manifest records when a run was made")]
pub fn now() -> String {
    rfc3339(SystemTime::now())
}

/// Returns a time as RFC 3339; of a clock that is before 1970 or after 9999, the nearest time that can be written.
fn rfc3339(time: SystemTime) -> String {
    const LAST_S: u64 = 253_402_300_799;
    let last = UNIX_EPOCH + Duration::from_secs(LAST_S);
    humantime::format_rfc3339_seconds(time.clamp(UNIX_EPOCH, last)).to_string()
}

/// Returns the number of processors that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Describes this machine.
pub fn describe() -> Machine {
    Machine {
        os: std::env::consts::OS.to_string(),
        arch: std::env::consts::ARCH.to_string(),
        cpu: field("/proc/cpuinfo", "model name"),
        cores: cores(),
        memory_bytes: kib("/proc/meminfo", "MemTotal"),
    }
}

/// Returns the most memory that this process has held \[bytes\], where the system reports it.
pub fn peak_memory_bytes() -> Option<u64> {
    kib("/proc/self/status", "VmHWM")
}

/// Returns the number of tasks that fit into the free memory if each takes so much \[bytes\], at least one; as many as
/// there are where the system does not report it.
pub fn how_many_fit(bytes_each: u64) -> usize {
    /// Share of the free memory that may be used; the rest is left to other processes.
    const SHARE: f64 = 0.8;
    match free_bytes() {
        Some(free) => ((free as f64 * SHARE / bytes_each as f64) as usize).max(1),
        None => usize::MAX,
    }
}

/// Returns the memory that this process may still take \[bytes\]: what the machine has free, or less where the process or its
/// group has a limit. `None` where the system does not report it.
pub fn free_bytes() -> Option<u64> {
    let free = kib("/proc/meminfo", "MemAvailable")?;
    let free = free.saturating_add(kib("/proc/meminfo", "SwapFree").unwrap_or(0));
    [Some(free), own_limit(), group_limit()].into_iter().flatten().min()
}

/// Returns the rest of the limit on the address space of this process.
#[cfg(unix)]
fn own_limit() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the call writes one `rlimit`, and `limit` is one that outlives it.
    let answer = unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) };
    let is_limited = answer == 0 && limit.rlim_cur != libc::RLIM_INFINITY;
    is_limited.then(|| limit.rlim_cur.saturating_sub(kib("/proc/self/status", "VmSize").unwrap_or(0)))
}

#[cfg(not(unix))]
fn own_limit() -> Option<u64> {
    None
}

/// Returns the rest of the limits of the control groups that this process is in (cgroup v2).
fn group_limit() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let number =
        |folder: &Path, file: &str| fs::read_to_string(folder.join(file)).ok()?.trim().parse::<u64>().ok();
    let root = Path::new("/sys/fs/cgroup");
    let folder = root.join(group);
    let folders = folder.ancestors().take_while(|folder| folder.starts_with(root));
    let left = |folder: &Path| {
        let (most, current) = (number(folder, "memory.max")?, number(folder, "memory.current")?);
        // The system gives back the memory of its file cache.
        let kept = fs::read_to_string(folder.join("memory.stat")).ok().and_then(|stat| {
            stat.lines().find_map(|line| line.strip_prefix("inactive_file "))?.trim().parse::<u64>().ok()
        });
        Some(most.saturating_sub(current.saturating_sub(kept.unwrap_or(0))))
    };
    folders.filter_map(left).min()
}

/// Refuses a scenario that cannot run in the memory there is.
pub fn check_fits(scenario: &Scenario) -> Result<(), InputError> {
    free_bytes().map_or(Ok(()), |free| estimate::check_fits(scenario, free))
}

/// Returns the value of the first line `name: value` of a file of the system.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_string())
}

/// Returns such a value given as `name: 123 kB`, in bytes.
fn kib(file: &str, name: &str) -> Option<u64> {
    let value = field(file, name)?;
    value.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_wrong_by_centuries_is_no_reason_to_stop() {
        for (time, text) in [
            (UNIX_EPOCH - Duration::from_secs(2_208_988_800), "1970-01-01T00:00:00Z"),
            (UNIX_EPOCH + Duration::from_secs(86_400), "1970-01-02T00:00:00Z"),
            (UNIX_EPOCH + Duration::from_secs(1 << 50), "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(time), text);
        }
    }
}
