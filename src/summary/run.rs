//! A finished run as the reports see it: the scenario, its outcome, and how it was carried out.

use std::path::{Path, PathBuf};

use crate::cloud::outcome::Outcome;
use crate::scenario::Scenario;

/// Everything a report may tell.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// What was asked.
    pub scenario: &'a Scenario,
    /// What came out; the same on every machine.
    pub outcome: &'a Outcome,
    /// How it was carried out; different each time.
    pub execution: &'a Execution,
}

/// How a run was carried out.
#[derive(Clone, Debug, Default)]
pub struct Execution {
    /// The scenario file as it was named.
    pub scenario_file: PathBuf,
    /// The command line, program first.
    pub command_line: Vec<String>,
    /// When it started, RFC 3339 in UTC.
    pub started: String,
    /// Time the simulation took, without loading and writing \[s\].
    pub simulation_s: f64,
    /// Time from the start to the writing of the last report \[s\].
    pub wall_s: f64,
    /// Threads it could use.
    pub threads: usize,
    /// Most memory it held \[bytes\], where the system tells.
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
    /// Processor model, where the system tells.
    pub cpu: Option<String>,
    /// Processors it may use.
    pub cores: usize,
    /// Memory \[bytes\], where the system tells.
    pub memory_bytes: Option<u64>,
}

impl Execution {
    /// The command line as a shell reads it, the program by its name alone.
    pub fn command(&self) -> String {
        let mut words = self.command_line.clone();
        if let Some(program) = words.first_mut()
            && let Some(name) = Path::new(program).file_name()
        {
            *program = name.to_string_lossy().into_owned();
        }
        shell_line(&words)
    }

    /// Events of the simulation per second of it.
    pub fn per_second(&self, events: u64) -> f64 {
        if self.simulation_s > 0.0 { events as f64 / self.simulation_s } else { 0.0 }
    }
}

/// Words as a shell reads them.
pub fn shell_line(words: &[String]) -> String {
    let quoted = |word: &String| {
        let plain = word.chars().all(|c| c.is_alphanumeric() || "-_./=,:+".contains(c));
        if plain && !word.is_empty() { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) }
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::billing::Bill;
    use crate::catalogue::{ShapePrice, TypeTable};
    use crate::cloud::outcome::{FirstFailure, FleetUse, Latency, NetworkUse, PoolUse, Residents, Tally};
    use crate::failure::Failure;
    use crate::metrics::Durations;
    use crate::operation::Operation;
    use crate::scenario::Overrides;
    use crate::units::Each;
    use crate::units::{Duration, Time, ZoneId};
    use crate::workload::directory::{Directory, SubnetName};
    use std::path::Path;

    /// Shows a small finished run to a test.
    pub fn with_run(show: impl FnOnce(&Run<'_>)) {
        let text = "name = 'small'\nduration = '1d'\n[[zones]]\nname = 'a'\n\
                    [[zones.hosts]]\ncount = 2\nvcpu = 4\nmemory_gib = 8\n\
                    [workload]\narrivals = [{ process = { kind = 'poisson', per_hour = 1 }, types = { 'm5.large' = 1 } }]";
        let scenario = Scenario::parse(Path::new("small.toml"), text, &Overrides::default()).unwrap();
        let execution = Execution { simulation_s: 0.5, threads: 1, ..Execution::default() };
        show(&Run { scenario: &scenario, outcome: &outcome(), execution: &execution });
    }

    fn outcome() -> Outcome {
        let types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
        let subnet = SubnetName { name: "web".to_string(), zone: ZoneId(0) };
        let directory = Directory::new(types, vec!["a".to_string()], vec![subnet]);
        let hour = 3600 * crate::units::NS_PER_S;
        let mut failed_by = Each::default();
        failed_by[Failure::InsufficientInstanceCapacity] = 1;
        let launch = Tally { requested: 3, succeeded: 2, failed_by };
        let mut durations = Durations::default();
        durations.record(Duration::ZERO);
        durations.record(Duration(2_500_000_000));
        let latency = Latency { name: "launch".to_string(), histogram: durations.histogram() };
        let capacity = Failure::InsufficientInstanceCapacity;
        Outcome {
            digest: 0xabc,
            horizon: Time(24 * hour),
            warmup_end: Time(hour),
            trace_start: None,
            operations: vec![(Operation::Launch, launch.clone())],
            unasked: Default::default(),
            answers: Vec::new(),
            described_instances: 0,
            described_pages: 0,
            launch,
            first_failures: vec![FirstFailure {
                failure: capacity,
                at: Time(hour),
                operation: Operation::Launch,
            }],
            residents: Residents::default(),
            fleet: FleetUse { hosts: 2, vcpu_milli: 8000, memory_mib: 16_384, ..FleetUse::default() },
            network: NetworkUse {
                subnets: vec![("web".to_string(), PoolUse { addresses: Some(251), ..PoolUse::default() })],
                ..NetworkUse::default()
            },
            probes: Default::default(),
            headroom: None,
            control_plane: None,
            backends: Vec::new(),
            bill: Bill::new(Vec::new(), &directory.types, |_| false),
            directory,
            latency: vec![latency],
            explanation: None,
            events: 1_000_000,
            lifecycle_events: 3,
        }
    }
}
