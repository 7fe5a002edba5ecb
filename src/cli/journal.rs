//! Journal of a command: its start, files and duration, for the manifest.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::machine::{self, Stopwatch};
use crate::input::{InputError, Place, Problem};
use crate::report::run::checkpoint::HashedFile;
use crate::scenario::Scenario;
use crate::summary::{Execution, shell_line};

/// The journal of a command, begun with it.
pub struct Journal {
    whole: Stopwatch,
    started: String,
    scenario_file: PathBuf,
    inputs: Vec<HashedFile>,
}

impl Journal {
    /// Begins the journal of a command on a scenario file, as it was named.
    pub fn begin(scenario_file: &Path) -> Journal {
        Journal {
            whole: Stopwatch::start(),
            started: machine::now(),
            scenario_file: scenario_file.to_path_buf(),
            inputs: Vec::new(),
        }
    }

    /// Notes the files that a scenario reads, with their hashes, each once.
    pub fn read(&mut self, scenario: &Scenario) -> Result<(), InputError> {
        for path in scenario.files() {
            self.note(&path)?;
        }
        Ok(())
    }

    /// Notes a file that the work depends on, with its hash, once.
    pub fn note(&mut self, path: &Path) -> Result<(), InputError> {
        if self.inputs.iter().all(|(known, _)| known != path) {
            self.inputs.push(hashed(path.to_path_buf())?);
        }
        Ok(())
    }

    /// Returns the files noted so far.
    pub fn inputs(&self) -> &[HashedFile] {
        &self.inputs
    }

    /// Closes the journal when only the manifest is still to be written: the simulation took so long \[s\] and could use so
    /// many threads.
    pub fn close(self, simulation_s: f64, threads: usize) -> Execution {
        Execution {
            scenario_file: self.scenario_file,
            command_line: command_line(),
            started: self.started,
            simulation_s,
            wall_s: self.whole.seconds(),
            threads,
            peak_memory_bytes: machine::peak_memory_bytes(),
            inputs: self.inputs,
            machine: machine::describe(),
        }
    }
}

/// Returns a file the scenario reads, with the SHA-256 of its content.
fn hashed(path: PathBuf) -> Result<HashedFile, InputError> {
    let hash = || {
        let mut hasher = Sha256::new();
        io::copy(&mut File::open(&path)?, &mut hasher)?;
        Ok::<_, io::Error>(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    };
    match hash() {
        Ok(hash) => Ok((path, hash)),
        Err(error) => Err(Problem::new(Place::file(&path), format!("cannot be read: {error}")).into()),
    }
}

/// Returns the command line, program first.
fn command_line() -> Vec<String> {
    std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// Returns the command that does the same work again.
pub fn command() -> String {
    shell_line(&command_line())
}

/// Returns the command that makes the same run again.
pub fn replay(seed: u64) -> String {
    let mut words = command_line();
    if !words.iter().any(|word| word.starts_with("--seed")) {
        words.extend(["--seed".to_string(), seed.to_string()]);
    }
    shell_line(&words)
}
