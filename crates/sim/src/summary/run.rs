//! A finished run as the reports see it: the scenario, its outcome, and how it was carried out.

use std::path::{Path, PathBuf};

use crate::cloud::outcome::Outcome;
use crate::scenario::Scenario;

/// Everything that a report may show.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// Scenario.
    pub scenario: &'a Scenario,
    /// Outcome; the same on every machine.
    pub outcome: &'a Outcome,
    /// Execution; different each time.
    pub execution: &'a Execution,
}

/// Execution of a run: command, machine, times.
#[derive(Clone, Debug, Default)]
pub struct Execution {
    /// The scenario file as it was named.
    pub scenario_file: PathBuf,
    /// The command line, program first.
    pub command_line: Vec<String>,
    /// Start, RFC 3339 in UTC.
    pub started: String,
    /// Time the simulation took, without loading and writing \[s\].
    pub simulation_s: f64,
    /// Time from the start to the writing of the last report \[s\].
    pub wall_s: f64,
    /// Threads it could use.
    pub threads: usize,
    /// Most memory it held \[bytes\], where the system reports it.
    pub peak_memory_bytes: Option<u64>,
    /// SHA-256 of every file the scenario reads, in hexadecimal.
    pub inputs: Vec<(PathBuf, String)>,
    /// The machine.
    pub machine: Machine,
}

/// The machine a run was carried out on.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// Operating system.
    pub os: String,
    /// Processor architecture.
    pub arch: String,
    /// Processor model, where the system reports it.
    pub cpu: Option<String>,
    /// Processors it may use.
    pub cores: usize,
    /// Memory \[bytes\], where the system reports it.
    pub memory_bytes: Option<u64>,
}

impl Execution {
    /// Returns the command line as a shell reads it, the program by its name alone.
    pub fn command(&self) -> String {
        let mut words = self.command_line.clone();
        if let Some(program) = words.first_mut()
            && let Some(name) = Path::new(program).file_name()
        {
            *program = name.to_string_lossy().into_owned();
        }
        shell_line(&words)
    }

    /// Returns the events of the simulation per second of it.
    pub fn per_second(&self, events: u64) -> f64 {
        if self.simulation_s > 0.0 { events as f64 / self.simulation_s } else { 0.0 }
    }
}

/// Returns the words as a shell reads them.
pub fn shell_line(words: &[String]) -> String {
    let quoted = |word: &String| {
        let plain = word.chars().all(|c| c.is_alphanumeric() || "-_./=,:+".contains(c));
        if plain && !word.is_empty() { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) }
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}
